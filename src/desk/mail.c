#include "desk/desk.h"

#include "base/error.h"
#include "desk/internal.h"
#include "ticket/decide.h"
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
G_STATIC_ASSERT((guint32)ROUTE_CAPABILITY == (guint32)PROTO_VIA_CAPABILITY);
G_STATIC_ASSERT((guint32)ROUTE_MESSAGE_ID == (guint32)PROTO_VIA_MESSAGE_ID);
G_STATIC_ASSERT((guint32)ROUTE_SUBJECT == (guint32)PROTO_VIA_SUBJECT);

#define HOUR_S 3600

/* A mail under decision: what was asked, and what comes of it. */
struct decision {
	struct desk *desk;		     /* borrowed */
	const struct proto_desk_admit *mail; /* borrowed */
	const struct config_queue *queue;    /* borrowed; of the mail */
	gint64 at;			     /* s; receipt */

	enum proto_verdict verdict;
	guint32 flags;
	struct number mentions;
	gboolean is_same_contact;
	struct store_ticket ticket; /* as it will be; empty if none */
	struct effects effects;
};

static const struct proto_epoch_ids *
epoch_at(const struct decision *d, guint i)
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
		struct store_key id = desk_key(&epoch_at(d, i)->contact);

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
		struct store_key id = desk_key(&epoch_at(d, i)->fingerprint);
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
	if (found != STORE_FOUND)
		return found == STORE_MISSING;
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
		    d, &epoch_at(d, 0)->fingerprint, &nobody, out, err);
	for (guint i = 0; i < d->mail->epochs->len; i++) {
		enum store_result found;

		id = desk_key(&epoch_at(d, i)->contact);
		found = store_contact_get(d->desk->store, &id, &contact, err);
		if (found == STORE_ERROR)
			return FALSE;
		if (found == STORE_FOUND && contact.pseudonym[0] != '\0') {
			(void)g_strlcpy(out, contact.pseudonym, PSEUDONYM_SIZE);
			return TRUE;
		}
	}
	id = desk_key(&epoch_at(d, 0)->contact);
	return free_pseudonym(d, &epoch_at(d, 0)->contact, &id, out, err);
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

static gboolean
decide_player(struct decision *d, GError **err)
{
	struct route found;

	if (!route(d, &found, err))
		return FALSE;
	d->flags |= found.flags;
	d->mentions = found.mentions;
	if (found.verdict == ROUTE_FOLLOW_UP)
		return decide_follow_up(d, &found, err);
	return decide_new(d, err);
}

static gboolean
decide(struct desk *desk, const struct proto_desk_admit *mail, gint64 now,
    struct decision *d, GError **err)
{
	struct store_message message;

	*d = (struct decision){.desk = desk, .mail = mail};
	if (mail->epochs == NULL || mail->epochs->len == 0)
		return error_fail(err, ERROR_DENIED, "bad request: no epochs");
	d->queue = desk_queue(desk, mail->queue, err);
	if (d->queue == NULL)
		return FALSE;
	/* What only the desk can know is not taken from anybody. */
	d->flags = mail->flags &
		   ~(guint32)(PROTO_FLAG_OTHER_ADDR | PROTO_FLAG_MENTIONS);
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

	if (!decide(desk, mail, now, &d, err))
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

/* --- commit --- */

/* What the contact left under older epochs moves to the newest, where it
 * outlives them: an active player keeps his pseudonym. */
static gboolean
move_contact(
    const struct decision *d, const struct store_key *newest, GError **err)
{
	for (guint i = 1; i < d->mail->epochs->len; i++) {
		struct store_key id = desk_key(&epoch_at(d, i)->contact);
		struct store_contact contact;
		enum store_result found;

		found = store_contact_get(d->desk->store, &id, &contact, err);
		if (found == STORE_ERROR)
			return FALSE;
		if (found == STORE_FOUND &&
		    !store_contact_move(d->desk->store, &id, newest,
			epoch_at(d, 0)->epoch, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean
keep_contact(struct decision *d, GError **err)
{
	struct store_key id = desk_key(&epoch_at(d, 0)->contact);
	struct store_contact contact = {.id = id};
	enum store_result found;

	if (!move_contact(d, &id, err))
		return FALSE;
	found = store_contact_get(d->desk->store, &id, &contact, err);
	if (found == STORE_ERROR)
		return FALSE;
	if (d->verdict == PROTO_NEW && contact.pseudonym[0] == '\0' &&
	    !d->queue->per_ticket_pseudonym)
		(void)g_strlcpy(
		    contact.pseudonym, d->ticket.t.pseudonym, PSEUDONYM_SIZE);
	contact.epoch = epoch_at(d, 0)->epoch;
	/* By the hour: a finer time would tell mails apart for years. */
	contact.seen = d->at - d->at % HOUR_S;
	d->ticket.contact = id;
	d->ticket.epoch = contact.epoch;
	return store_contact_put(d->desk->store, &contact, err);
}

static gboolean
keep_envelope(const struct decision *d, GBytes *sealed, GError **err)
{
	struct store_envelope envelope = {
	    .ticket = d->ticket.t.number,
	    .epoch = epoch_at(d, 0)->epoch,
	    .contact = desk_key(&epoch_at(d, 0)->contact),
	    .sealed = sealed,
	};

	return store_envelope_put(d->desk->store, &envelope, err);
}

static gboolean
keep_message(const struct decision *d, GError **err)
{
	struct store_message message = {
	    .fingerprint = desk_key(&epoch_at(d, 0)->fingerprint),
	    .epoch = epoch_at(d, 0)->epoch,
	    .ticket = d->ticket.t.number,
	    .state = STORE_MESSAGE_TAKEN,
	};

	return store_message_put(d->desk->store, &message, err);
}

/* The notices that the effects ask for. */
static gboolean
promise_notices(const struct decision *d, GError **err)
{
	static const struct {
		enum effect_kind effect;
		enum proto_job_kind job;
	} notices[] = {
	    {EFFECT_QUEUE_ACK, PROTO_JOB_ACK},
	    {EFFECT_QUEUE_ENCRYPTED, PROTO_JOB_ENCRYPTED},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(notices); i++) {
		const struct effect *effect =
		    effects_find(&d->effects, notices[i].effect);
		gint64 due = effect != NULL ? effect->value : 0;
		struct store_promise promise = {
		    .name.key = desk_key(&epoch_at(d, 0)->fingerprint),
		    .name.kind = notices[i].job,
		    .ticket = d->ticket.t.number,
		    .state = STORE_PROMISE_OPEN,
		    .due = due,
		    .next_try = d->at,
		    .alarm_at = ticket_alarm_at(d->at, due),
		};

		if (effect != NULL &&
		    !store_promise_put(d->desk->store, &promise, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean
take_new(struct decision *d, GBytes *sealed, GError **err)
{
	if ((d->flags & PROTO_FLAG_NO_RETURN) == 0 && !keep_contact(d, err))
		return FALSE;
	if (!store_ticket_add(d->desk->store, &d->ticket, err) ||
	    !keep_message(d, err))
		return FALSE;
	if (sealed == NULL) /* nobody to acknowledge to */
		return TRUE;
	return keep_envelope(d, sealed, err) && promise_notices(d, err);
}

static gboolean
take_follow_up(struct decision *d, GBytes *sealed, GError **err)
{
	if (d->is_same_contact && !keep_contact(d, err))
		return FALSE;
	if (!store_ticket_update(d->desk->store, &d->ticket, err) ||
	    !keep_message(d, err))
		return FALSE;
	/* Row 2: from another address the envelope stays the old one, or a
	 * stranger with the capability would get the answers. */
	if (!d->is_same_contact || sealed == NULL)
		return TRUE;
	return keep_envelope(d, sealed, err) && promise_notices(d, err);
}

static gboolean
take_mail(
    struct decision *d, const struct proto_desk_commit *commit, GError **err)
{
	gboolean is_sealed =
	    commit->sealed != NULL && g_bytes_get_size(commit->sealed) > 0;
	GBytes *sealed = is_sealed ? commit->sealed : NULL;

	if (commit->copy_id != NULL && commit->copy_id[0] != '\0' &&
	    g_strlcpy(d->ticket.copy_id, commit->copy_id, STORE_COPY_ID_SIZE) >=
		STORE_COPY_ID_SIZE)
		return error_fail(
		    err, ERROR_DENIED, "bad request: a Message-ID too long");
	switch (d->verdict) {
	case PROTO_NEW:
		return take_new(d, sealed, err);
	case PROTO_FOLLOW_UP:
		return take_follow_up(d, sealed, err);
	case PROTO_BOUNCE:
		return keep_message(d, err);
	case PROTO_DUPLICATE:
		return TRUE; /* committed before; its answer was lost */
	case PROTO_REPLY:
	case PROTO_UNKNOWN:
		break;
	}
	return error_fail(
	    err, ERROR_DENIED, "bad request: not to be committed");
}

static gboolean
commit_saved(struct desk *desk, const struct proto_desk_commit *commit,
    gint64 now, GError **err)
{
	struct decision d;

	if (!decide(desk, &commit->admit, now, &d, err))
		return FALSE;
	if (d.verdict != PROTO_DUPLICATE &&
	    (d.verdict != commit->verdict ||
		!number_equal(&d.ticket.t.number, &commit->number) ||
		g_strcmp0(d.ticket.t.pseudonym, commit->pseudonym) != 0))
		return error_fail(err, ERROR_CONFLICT,
		    "the ticket has changed since the mail was admitted");
	return take_mail(&d, commit, err);
}

gboolean
desk_commit(struct desk *desk, const struct proto_desk_commit *commit,
    gint64 now, GError **err)
{
	if (!store_save(desk->store, err))
		return FALSE;
	if (commit_saved(desk, commit, now, err) &&
	    store_release(desk->store, err))
		return TRUE;
	store_revert(desk->store);
	return FALSE;
}
