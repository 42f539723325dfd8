#include "desk/decision.h"

#include "desk/internal.h"

#include "base/banned.h"

/* Claims, and traits of the contact's own mails: those of one kind mostly
 * lead to one ticket. */
#define CANDIDATES_MAX (PROTO_CLAIMS_MAX + 2 * PROTO_CLUES_MAX)
G_STATIC_ASSERT(PROTO_EPOCHS_MAX <= 64); /* decision.contact_rows */

struct search {
	struct decision *d;
	enum route_via via;
	struct route_candidate list[CANDIDATES_MAX];
	gsize n;
};

const struct proto_epoch_ids *
decision_epoch(const struct decision *d, guint i)
{
	return &g_array_index(d->mail->epochs, struct proto_epoch_ids, i);
}

const struct proto_claim *
decision_claim(const struct decision *d, guint i)
{
	const GArray *claims = d->mail->claims;

	if (claims == NULL || i >= MIN(claims->len, PROTO_CLAIMS_MAX))
		return NULL;
	return &g_array_index(claims, struct proto_claim, i);
}

enum store_result
decision_find_claimed(const struct decision *d, enum proto_via via,
    struct store_ticket *out, GError **err)
{
	const struct proto_claim *claim;

	for (guint i = 0; (claim = decision_claim(d, i)) != NULL; i++) {
		enum store_result found;

		if (claim->via != via || !number_is_set(&claim->number))
			continue;
		found =
		    store_ticket_get(d->desk->store, &claim->number, out, err);
		if (found != STORE_MISSING)
			return found;
	}
	return STORE_MISSING;
}

/* --- contacts --- */

gboolean
decision_is_identified(const struct decision *d)
{
	return (d->flags & (PROTO_FLAG_UNPROVEN | PROTO_FLAG_NO_RETURN)) == 0;
}

gboolean
decision_is_contact_of(
    const struct decision *d, const struct store_ticket *ticket)
{
	if (!decision_is_identified(d) || !store_key_is_set(&ticket->contact))
		return FALSE;
	for (guint i = 0; i < d->mail->epochs->len; i++) {
		struct store_key id = desk_key(&decision_epoch(d, i)->contact);

		if (store_key_equal(&id, &ticket->contact))
			return TRUE;
	}
	return FALSE;
}

gboolean
decision_find_contact(struct decision *d, GError **err)
{
	if (d->is_contact_sought)
		return TRUE;
	for (guint i = 0; i < d->mail->epochs->len; i++) {
		struct store_key id = desk_key(&decision_epoch(d, i)->contact);
		struct store_contact row;

		switch (store_contact_get(d->desk->store, &id, &row, err)) {
		case STORE_ERROR:
			return FALSE;
		case STORE_FOUND:
			if (d->contact_rows == 0)
				d->contact = row;
			d->contact_rows |= (guint64)1 << i;
			break;
		case STORE_MISSING:
			break;
		}
	}
	d->is_contact_sought = TRUE;
	return TRUE;
}

gboolean
decision_trait(const struct decision *d, const struct proto_clue *clue,
    struct store_trait *out)
{
	out->epoch = clue->epoch;
	for (guint i = 0; i < d->mail->epochs->len; i++) {
		const struct proto_epoch_ids *ids = decision_epoch(d, i);

		if (ids->epoch != clue->epoch)
			continue;
		for (guint k = 0; k < STORE_KEY_LEN; k++)
			out->key.b[k] =
			    (guint8)(clue->key.b[k] ^ ids->contact.b[k]);
		return TRUE;
	}
	return FALSE;
}

/* --- candidates --- */

struct policy
decision_policy(const struct decision *d, const struct ticket *ticket)
{
	const struct config_queue *queue;

	queue = config_queue_by_name(d->desk->config, ticket->queue);
	return desk_policy(d->desk, queue != NULL ? queue : d->queue, ticket,
	    ticket->flags | d->flags);
}

static gboolean
is_listed(const struct search *s, const struct number *number)
{
	for (gsize i = 0; i < s->n; i++)
		if (s->list[i].via == s->via &&
		    number_equal(&s->list[i].number, number))
			return TRUE;
	return FALSE;
}

static gboolean
add_candidate(struct search *s, const struct number *number, GError **err)
{
	const struct decision *d = s->d;
	struct route_candidate *out = &s->list[s->n];
	struct store_ticket ticket;
	enum store_result found;

	if (s->n == CANDIDATES_MAX || !number_is_set(number) ||
	    is_listed(s, number))
		return TRUE;
	*out = (struct route_candidate){.via = s->via, .number = *number};
	s->n++;
	found = store_ticket_get(d->desk->store, number, &ticket, err);
	/* To who was forgotten, and to agents, the old ticket is no more: the
	 * new one must not be tied to it. */
	if (found != STORE_FOUND || store_ticket_is_forgotten(&ticket))
		return found != STORE_ERROR;
	out->is_found = TRUE;
	out->is_same_contact = decision_is_contact_of(d, &ticket);
	out->is_closed = ticket.t.state == TICKET_CLOSED;
	out->closed = ticket.t.closed;
	out->reopen_s = decision_policy(d, &ticket.t).reopen_s;
	out->opened = ticket.t.opened;
	out->repeat_s = d->desk->config->repeat_s;
	return TRUE;
}

static gboolean
add_claims(struct search *s, enum proto_via via, GError **err)
{
	const struct proto_claim *claim;

	for (guint i = 0; (claim = decision_claim(s->d, i)) != NULL; i++)
		if (claim->via == via && !add_candidate(s, &claim->number, err))
			return FALSE;
	return TRUE;
}

/* Possession: an address of the ticket's, whether it was made to answer to or
 * for what comes back. Some clients answer to that. */
static gboolean
add_capabilities(struct search *s, GError **err)
{
	return add_claims(s, PROTO_VIA_CAPABILITY, err) &&
	       add_claims(s, PROTO_VIA_BOUNCE, err);
}

static gboolean
add_message_ids(struct search *s, GError **err)
{
	return add_claims(s, PROTO_VIA_MESSAGE_ID, err);
}

/* Who is not known has left no traits. */
static gboolean
has_clues(struct decision *d, gboolean *out, GError **err)
{
	*out = FALSE;
	if (d->mail->clues == NULL || !decision_is_identified(d))
		return TRUE;
	if (!decision_find_contact(d, err))
		return FALSE;
	*out = d->contact_rows != 0;
	return TRUE;
}

static gboolean
add_by_clues(struct search *s, GError **err)
{
	const struct decision *d = s->d;
	gboolean is_words = s->via == ROUTE_WORDS, has_any;

	if (!has_clues(s->d, &has_any, err))
		return FALSE;
	for (guint i = 0; has_any && i < d->mail->clues->len; i++) {
		const struct proto_clue *clue =
		    &g_array_index(d->mail->clues, struct proto_clue, i);
		struct store_trait trait;
		struct store_clue row;
		enum store_result found;

		if ((clue->kind == PROTO_CLUE_WORDS) != is_words ||
		    !decision_trait(d, clue, &trait))
			continue;
		found = store_clue_get(d->desk->store, &trait, &row, err);
		if (found == STORE_ERROR ||
		    (found == STORE_FOUND &&
			!add_candidate(s, &row.ticket, err)))
			return FALSE;
	}
	return TRUE;
}

static gboolean
add_subjects(struct search *s, GError **err)
{
	gsize first = s->n;

	if (!add_claims(s, PROTO_VIA_SUBJECT, err))
		return FALSE;
	for (gsize i = first; i < s->n; i++)
		if (!s->list[i].is_same_contact)
			s->d->guesses++;
	return TRUE;
}

gboolean
decision_route(struct decision *d, struct route *out, GError **err)
{
	static const struct {
		enum route_via via;
		gboolean (*add)(struct search *, GError **);
	} ways[] = {
	    /* in falling order of weight */
	    {ROUTE_CAPABILITY, add_capabilities},
	    {ROUTE_MESSAGE_ID, add_message_ids},
	    {ROUTE_CLUE, add_by_clues},
	    {ROUTE_SUBJECT, add_subjects},
	    {ROUTE_WORDS, add_by_clues},
	};
	struct search s = {.d = d};
	struct route_mail mail = {.candidates = s.list};

	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
		s.via = ways[i].via;
		if (!ways[i].add(&s, err))
			return FALSE;
		mail.n = s.n;
		*out = route_player(&mail, d->at);
		if (out->verdict == ROUTE_FOLLOW_UP)
			break; /* weaker ways cannot lead elsewhere */
	}
	return TRUE;
}
