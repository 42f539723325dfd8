#include "desk/desk.h"

#include "base/error.h"
#include "desk/decision.h"
#include "desk/internal.h"
#include "ticket/pseudonym.h"
#include "ticket/route.h"

#include "base/banned.h"

/* The decision core knows no messages, so it has its own names for these. */
G_STATIC_ASSERT((guint32)TICKET_FLAG_MACHINE == (guint32)PROTO_FLAG_MACHINE);
G_STATIC_ASSERT((guint32)TICKET_FLAG_UNPROVEN == (guint32)PROTO_FLAG_UNPROVEN);
G_STATIC_ASSERT(
    (guint32)TICKET_FLAG_OTHER_ADDR == (guint32)PROTO_FLAG_OTHER_ADDR);
G_STATIC_ASSERT((guint32)TICKET_FLAG_MENTIONS == (guint32)PROTO_FLAG_MENTIONS);
G_STATIC_ASSERT(
    (guint32)TICKET_FLAG_PLACEHOLDER == (guint32)PROTO_FLAG_PLACEHOLDER);
G_STATIC_ASSERT(
    (guint32)TICKET_FLAG_NO_RETURN == (guint32)PROTO_FLAG_NO_RETURN);
G_STATIC_ASSERT(
    (guint32)TICKET_FLAG_ENCRYPTED == (guint32)PROTO_FLAG_ENCRYPTED);
G_STATIC_ASSERT((guint32)TICKET_FLAG_FORGET == (guint32)PROTO_FLAG_FORGET);
G_STATIC_ASSERT((guint32)TICKET_FLAG_UNDELIVERABLE ==
		(guint32)PROTO_FLAG_UNDELIVERABLE);
G_STATIC_ASSERT((guint32)TICKET_FLAG_DELAYED == (guint32)PROTO_FLAG_DELAYED);
G_STATIC_ASSERT((guint32)TICKET_FLAG_BURST == (guint32)PROTO_FLAG_BURST);
G_STATIC_ASSERT((guint32)TICKET_FLAG_REPEAT == (guint32)PROTO_FLAG_REPEAT);
G_STATIC_ASSERT((guint32)ROUTE_CAPABILITY == (guint32)PROTO_VIA_CAPABILITY);
G_STATIC_ASSERT((guint32)ROUTE_MESSAGE_ID == (guint32)PROTO_VIA_MESSAGE_ID);
G_STATIC_ASSERT((guint32)ROUTE_SUBJECT == (guint32)PROTO_VIA_SUBJECT);

const struct proto_epoch_ids *
decision_epoch(const struct decision *d, guint i)
{
	return &g_array_index(d->mail->epochs, struct proto_epoch_ids, i);
}

static guint
claims_count(const struct decision *d)
{
	return d->mail->claims == NULL
		   ? 0
		   : MIN(d->mail->claims->len, PROTO_CLAIMS_MAX);
}

static const struct proto_claim *
claim_at(const struct decision *d, guint i)
{
	return &g_array_index(d->mail->claims, struct proto_claim, i);
}

/* A sender that is shown forged, or none at all, identifies nobody: all mails
 * without a sender share one contact id. */
static gboolean
is_identified(const struct decision *d)
{
	return (d->flags & (PROTO_FLAG_UNPROVEN | PROTO_FLAG_NO_RETURN)) == 0;
}

static gboolean
is_contact_of(const struct decision *d, const struct store_ticket *ticket)
{
	if (!is_identified(d) || !store_key_is_set(&ticket->contact))
		return FALSE;
	for (guint i = 0; i < d->mail->epochs->len; i++) {
		struct store_key id = desk_key(&decision_epoch(d, i)->contact);

		if (store_key_equal(&id, &ticket->contact))
			return TRUE;
	}
	return FALSE;
}

/* --- known mails, bounces, agents --- */

/* A retry may come after the epoch has changed, so every live one counts. */
static enum store_result
find_known(const struct decision *d, struct store_message *out, GError **err)
{
	for (guint i = 0; i < d->mail->epochs->len; i++) {
		struct store_key id =
		    desk_key(&decision_epoch(d, i)->fingerprint);
		enum store_result found;

		found = store_message_get(d->desk->store, &id, out, err);
		if (found != STORE_MISSING)
			return found;
	}
	return STORE_MISSING;
}

/* Row 6. */
static gboolean
decide_known(
    struct decision *d, const struct store_message *message, GError **err)
{
	if (message->state == STORE_MESSAGE_SENDING)
		return error_fail(err, ERROR_TEMP,
		    "this answer is being sent; how that ends is not known");
	d->verdict = PROTO_DUPLICATE;
	return !number_is_set(&message->ticket) ||
	       store_ticket_get(d->desk->store, &message->ticket, &d->ticket,
		   err) != STORE_ERROR;
}

static const struct proto_claim *
find_claim(const struct decision *d, enum proto_via via)
{
	for (guint i = 0; i < claims_count(d); i++)
		if (claim_at(d, i)->via == via)
			return claim_at(d, i);
	return NULL;
}

static gboolean
decide_agent(struct decision *d, GError **err)
{
	const struct proto_claim *claim = find_claim(d, PROTO_VIA_CAPABILITY);
	enum store_result found = STORE_MISSING;

	if (claim != NULL)
		found = store_ticket_get(
		    d->desk->store, &claim->number, &d->ticket, err);
	d->verdict = found == STORE_FOUND ? PROTO_REPLY : PROTO_UNKNOWN;
	return found != STORE_ERROR;
}

/* --- players --- */

static gboolean
look_up_claim(const struct decision *d, const struct proto_claim *claim,
    struct route_candidate *out, GError **err)
{
	const struct config_queue *queue;
	struct store_ticket ticket;
	enum store_result found;

	*out = (struct route_candidate){
	    .via = (enum route_via)claim->via,
	    .number = claim->number,
	};
	found = store_ticket_get(d->desk->store, &claim->number, &ticket, err);
	/* To who was forgotten, and to agents, the old ticket is no more: the
	 * new one must not be tied to it. */
	if (found != STORE_FOUND || store_ticket_is_forgotten(&ticket))
		return found != STORE_ERROR;
	/* The ticket's own queue may be gone from the configuration. */
	queue = config_queue_by_name(d->desk->config, ticket.t.queue);
	out->is_found = TRUE;
	out->is_same_contact = is_contact_of(d, &ticket);
	out->is_closed = ticket.t.state == TICKET_CLOSED;
	out->closed = ticket.t.closed;
	out->reopen_s = (queue != NULL ? queue : d->queue)->reopen_s;
	return TRUE;
}

static gboolean
route(const struct decision *d, struct route *out, GError **err)
{
	struct route_candidate list[PROTO_CLAIMS_MAX];
	struct route_mail mail = {.candidates = list};

	for (guint i = 0; i < claims_count(d); i++) {
		const struct proto_claim *claim = claim_at(d, i);

		if (claim->via < PROTO_VIA_CAPABILITY ||
		    claim->via > PROTO_VIA_SUBJECT ||
		    !number_is_set(&claim->number))
			continue;
		if (!look_up_claim(d, claim, &list[mail.n], err))
			return FALSE;
		mail.n++;
	}
	*out = route_player(&mail, d->at);
	return TRUE;
}

static gboolean
free_pseudonym(const struct decision *d, const struct proto_key *key,
    const struct store_key *owner, char out[PSEUDONYM_SIZE], GError **err)
{
	for (guint i = 0; i < PSEUDONYM_ATTEMPTS; i++) {
		pseudonym_from_key(key->b, i, out);
		switch (store_pseudonym_find(d->desk->store, out, owner, err)) {
		case STORE_MISSING:
			return TRUE;
		case STORE_ERROR:
			return FALSE;
		case STORE_FOUND:
			break;
		}
	}
	return error_fail(err, ERROR_TEMP, "no pseudonym is free");
}

/* A new contact's name comes from the mail, not from the contact: who was
 * forgotten and writes again must not get his old name. */
static gboolean
choose_pseudonym(
    const struct decision *d, char out[PSEUDONYM_SIZE], GError **err)
{
	static const struct store_key nobody;
	struct store_contact contact;
	struct store_key id;

	if (d->queue->per_ticket_pseudonym ||
	    (d->flags & PROTO_FLAG_NO_RETURN) != 0)
		return free_pseudonym(
		    d, &decision_epoch(d, 0)->fingerprint, &nobody, out, err);
	for (guint i = 0; i < d->mail->epochs->len; i++) {
		enum store_result found;

		id = desk_key(&decision_epoch(d, i)->contact);
		found = store_contact_get(d->desk->store, &id, &contact, err);
		if (found == STORE_ERROR)
			return FALSE;
		if (found == STORE_FOUND && contact.pseudonym[0] != '\0') {
			(void)g_strlcpy(out, contact.pseudonym, PSEUDONYM_SIZE);
			return TRUE;
		}
	}
	id = desk_key(&decision_epoch(d, 0)->contact);
	return free_pseudonym(
	    d, &decision_epoch(d, 0)->fingerprint, &id, out, err);
}

static gboolean
choose_number(const struct decision *d, struct number *out, GError **err)
{
	const GArray *numbers = d->mail->numbers;
	struct store_ticket other;

	for (guint i = 0; numbers != NULL && i < numbers->len; i++) {
		*out = g_array_index(numbers, struct number, i);
		if (!number_is_set(out))
			continue;
		switch (store_ticket_get(d->desk->store, out, &other, err)) {
		case STORE_MISSING:
			return TRUE;
		case STORE_ERROR:
			return FALSE;
		case STORE_FOUND:
			break;
		}
	}
	return error_fail(
	    err, ERROR_TEMP, "all numbers derived for a new ticket are taken");
}

static gboolean
copy_token(char out[TICKET_TOKEN_SIZE], const char *token, GError **err)
{
	if (token == NULL)
		token = "";
	if (g_strlcpy(out, token, TICKET_TOKEN_SIZE) < TICKET_TOKEN_SIZE)
		return TRUE;
	return error_fail(err, ERROR_DENIED, "bad request: a token too long");
}

static gboolean
decide_new(struct decision *d, GError **err)
{
	struct event event = {EVENT_OPENED, d->flags, FALSE};
	struct policy policy = desk_policy(d->queue);
	struct ticket *t = &d->ticket.t;

	d->verdict = PROTO_NEW;
	t->level = 1; /* the queue's agents */
	if (!copy_token(t->queue, d->queue->name, err) ||
	    !copy_token(t->lang, d->mail->lang, err) ||
	    !copy_token(t->category, d->mail->category, err) ||
	    !choose_number(d, &t->number, err) ||
	    !choose_pseudonym(d, t->pseudonym, err))
		return FALSE;
	d->effects = ticket_decide(t, &event, &policy, d->at);
	ticket_apply(t, &d->effects, d->at);
	return TRUE;
}

static gboolean
decide_follow_up(struct decision *d, const struct route *found, GError **err)
{
	struct event event = {EVENT_PLAYER_MAIL, d->flags, found->reopens};
	const struct config_queue *queue;
	struct policy policy;

	d->verdict = PROTO_FOLLOW_UP;
	if (store_ticket_get(d->desk->store, &found->number, &d->ticket, err) !=
	    STORE_FOUND)
		return FALSE;
	d->is_same_contact = is_contact_of(d, &d->ticket);
	queue = config_queue_by_name(d->desk->config, d->ticket.t.queue);
	policy = desk_policy(queue != NULL ? queue : d->queue);
	d->effects = ticket_decide(&d->ticket.t, &event, &policy, d->at);
	ticket_apply(&d->ticket.t, &d->effects, d->at);
	return TRUE;
}

/* "Forget me" is granted to who has the ticket's capability address and is
 * its player; from anybody else it is a mail like any other. */
static enum store_result
find_to_forget(const struct decision *d, struct route *out, GError **err)
{
	static const guint32 never =
	    PROTO_FLAG_MACHINE | PROTO_FLAG_PLACEHOLDER | PROTO_FLAG_ENCRYPTED;
	struct store_ticket ticket;
	enum store_result found;

	if ((d->mail->flags & PROTO_FLAG_FORGET) == 0 ||
	    (d->flags & never) != 0)
		return STORE_MISSING;
	for (guint i = 0; i < claims_count(d); i++) {
		if (claim_at(d, i)->via != PROTO_VIA_CAPABILITY)
			continue;
		*out = (struct route){.verdict = ROUTE_FOLLOW_UP,
		    .number = claim_at(d, i)->number};
		found = store_ticket_get(
		    d->desk->store, &out->number, &ticket, err);
		if (found == STORE_ERROR ||
		    (found == STORE_FOUND && is_contact_of(d, &ticket)))
			return found;
	}
	return STORE_MISSING;
}

static gboolean
decide_player(struct decision *d, GError **err)
{
	struct route found;

	switch (find_to_forget(d, &found, err)) {
	case STORE_ERROR:
		return FALSE;
	case STORE_FOUND:
		d->flags |= PROTO_FLAG_FORGET;
		return decide_follow_up(d, &found, err);
	case STORE_MISSING:
		break;
	}
	if (!route(d, &found, err))
		return FALSE;
	d->flags |= found.flags;
	d->mentions = found.mentions;
	if (found.verdict == ROUTE_FOLLOW_UP)
		return decide_follow_up(d, &found, err);
	return decide_new(d, err);
}

gboolean
decision_make(struct desk *desk, const struct proto_desk_admit *mail,
    gint64 now, struct decision *d, GError **err)
{
	struct store_message message;

	*d = (struct decision){.desk = desk, .mail = mail};
	if (mail->epochs == NULL || mail->epochs->len == 0)
		return error_fail(err, ERROR_DENIED, "bad request: no epochs");
	d->queue = desk_queue(desk, mail->queue, err);
	if (d->queue == NULL)
		return FALSE;
	/* What only the desk can know is not taken from anybody. */
	d->flags =
	    mail->flags & ~(guint32)(PROTO_FLAG_OTHER_ADDR |
				     PROTO_FLAG_MENTIONS | PROTO_FLAG_FORGET);
	d->at = mail->received > 0 ? MIN(mail->received, now) : now;
	switch (find_known(d, &message, err)) {
	case STORE_ERROR:
		return FALSE;
	case STORE_FOUND:
		return decide_known(d, &message, err);
	case STORE_MISSING:
		break;
	}
	if (find_claim(d, PROTO_VIA_BOUNCE) != NULL) {
		d->verdict = PROTO_BOUNCE;
		return TRUE;
	}
	if (mail->side == PROTO_SIDE_AGENT)
		return decide_agent(d, err);
	return decide_player(d, err);
}

gboolean
desk_admit(struct desk *desk, const struct proto_desk_admit *mail, gint64 now,
    struct proto_desk_admitted *answer, GError **err)
{
	const struct ticket *t;
	struct decision d;

	if (!decision_make(desk, mail, now, &d, err))
		return FALSE;
	t = &d.ticket.t;
	*answer = (struct proto_desk_admitted){
	    .verdict = d.verdict,
	    .number = t->number,
	    .mentions = d.mentions,
	    .flags = d.flags,
	    .level = t->level,
	    .opened = t->opened,
	    .due = ticket_due(t),
	    .pseudonym = g_strdup(t->pseudonym),
	    .category = g_strdup(t->category),
	    .copy_id = g_strdup(d.ticket.copy_id),
	};
	return TRUE;
}
