#include "desk/desk.h"

#include "base/error.h"
#include "desk/burst.h"
#include "desk/decision.h"
#include "desk/internal.h"
#include "ticket/pseudonym.h"

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
G_STATIC_ASSERT((guint32)TICKET_FLAG_ESCALATE == (guint32)PROTO_FLAG_ESCALATE);
G_STATIC_ASSERT(
    (guint32)TICKET_FLAG_TRANSCRIPT == (guint32)PROTO_FLAG_TRANSCRIPT);
G_STATIC_ASSERT((guint32)TICKET_FLAG_VIP == (guint32)PROTO_FLAG_VIP);
G_STATIC_ASSERT((guint32)TICKET_FLAG_RATED == (guint32)PROTO_FLAG_RATED);

/* --- known mails, agents --- */

/* A retry may come after the epoch has changed, so every live one counts. Of a
 * mail whose commands are yet to be done not all is known. */
static enum store_result
find_known(const struct decision *d, struct store_message *out, GError **err)
{
	for (guint i = 0; i < d->mail->epochs->len; i++) {
		struct store_key id =
		    desk_key(&decision_epoch(d, i)->fingerprint);
		enum store_result found;

		found = store_message_get(d->desk->store, &id, out, err);
		if (found == STORE_FOUND &&
		    out->state == STORE_MESSAGE_SENT_MORE)
			return STORE_MISSING;
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
	if (message->state == STORE_MESSAGE_SENDING ||
	    message->state == STORE_MESSAGE_SENDING_MORE)
		return error_fail(err, ERROR_TEMP,
		    "this answer is being sent; how that ends is not known");
	d->verdict = PROTO_DUPLICATE;
	return !number_is_set(&message->ticket) ||
	       store_ticket_get(d->desk->store, &message->ticket, &d->ticket,
		   err) != STORE_ERROR;
}

static gboolean
decide_agent(struct decision *d, GError **err)
{
	enum store_result found;

	found = decision_find_claimed(d, PROTO_VIA_CAPABILITY, &d->ticket, err);
	if (found == STORE_MISSING) /* some clients answer to that */
		found =
		    decision_find_claimed(d, PROTO_VIA_BOUNCE, &d->ticket, err);
	d->verdict = found == STORE_FOUND ? PROTO_REPLY : PROTO_UNKNOWN;
	return found != STORE_ERROR;
}

/* --- players --- */

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
choose_pseudonym(struct decision *d, char out[PSEUDONYM_SIZE], GError **err)
{
	static const struct store_key nobody;
	const struct proto_epoch_ids *ids = decision_epoch(d, 0);
	struct store_key id = desk_key(&ids->contact);

	if (d->queue->per_ticket_pseudonym ||
	    (d->flags & PROTO_FLAG_NO_RETURN) != 0)
		return free_pseudonym(d, &ids->fingerprint, &nobody, out, err);
	if (!decision_find_contact(d, err))
		return FALSE;
	if (d->contact.pseudonym[0] == '\0')
		return free_pseudonym(d, &ids->fingerprint, &id, out, err);
	(void)g_strlcpy(out, d->contact.pseudonym, PSEUDONYM_SIZE);
	return TRUE;
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

/* A person opens no more tickets than that; a machine that does not say that
 * it is one may, for as long as it is answered. */
static gboolean
check_burst(struct decision *d, GError **err)
{
	const struct config *config = d->desk->config;
	struct store_since since = {
	    .opened = d->at - config->ack_window_s,
	    .limit = (guint)config->ack_burst,
	};
	guint count;

	if (!ticket_may_tell(d->flags))
		return TRUE;
	if (!decision_find_contact(d, err))
		return FALSE;
	if (d->contact_rows == 0)
		return TRUE;
	since.contact = d->contact.id;
	if (!store_tickets_since(d->desk->store, &since, &count, err))
		return FALSE;
	if (count >= since.limit)
		d->flags |= PROTO_FLAG_BURST;
	return TRUE;
}

/* A ticket of a player who belongs to an agent is that agent's. */
static gboolean
check_vip(struct decision *d, GError **err)
{
	if (!decision_is_identified(d))
		return TRUE;
	if (!decision_find_contact(d, err))
		return FALSE;
	if (d->contact_rows == 0 || d->contact.agent[0] == '\0')
		return TRUE;
	d->flags |= PROTO_FLAG_VIP;
	(void)g_strlcpy(
	    d->ticket.t.agent, d->contact.agent, TICKET_TOKEN_SIZE);
	return TRUE;
}

/* While it was closed, its player may have got an agent or lost him, and whose
 * it is says who closed it. */
static gboolean
check_vip_again(struct decision *d, GError **err)
{
	if (!d->is_same_contact)
		return TRUE;
	d->ticket.t.flags &= ~(guint32)TICKET_FLAG_VIP;
	return check_vip(d, err);
}

static gboolean
decide_new(struct decision *d, GError **err)
{
	struct event event = {.kind = EVENT_OPENED};
	struct ticket *t = &d->ticket.t;
	struct policy policy;

	d->verdict = PROTO_NEW;
	t->level = 1; /* the queue's agents */
	if (!copy_token(t->queue, d->queue->name, err) ||
	    !copy_token(t->lang, d->mail->lang, err) ||
	    !copy_token(t->category, d->mail->category, err) ||
	    !choose_number(d, &t->number, err) ||
	    !choose_pseudonym(d, t->pseudonym, err) || !check_burst(d, err) ||
	    !check_vip(d, err))
		return FALSE;
	event.flags = d->flags;
	policy = desk_policy(d->desk, d->queue, t, d->flags);
	d->effects = ticket_decide(t, &event, &policy, d->at);
	ticket_apply(t, &d->effects, d->at);
	return TRUE;
}

static gboolean
decide_follow_up(struct decision *d, const struct route *found, GError **err)
{
	struct event event = {
	    .kind = EVENT_PLAYER_MAIL, .reopens = found->reopens};
	struct policy policy;

	d->verdict = PROTO_FOLLOW_UP;
	if (store_ticket_get(d->desk->store, &found->number, &d->ticket, err) !=
	    STORE_FOUND)
		return FALSE;
	d->is_same_contact = decision_is_contact_of(d, &d->ticket);
	if ((found->reopens && !check_vip_again(d, err)) ||
	    !decision_grant_wishes(d, found->reopens, err))
		return FALSE;
	event.flags = d->flags;
	event.is_own = d->is_same_contact;
	policy = decision_policy(d, &d->ticket.t);
	d->effects = ticket_decide(&d->ticket.t, &event, &policy, d->at);
	ticket_apply(&d->ticket.t, &d->effects, d->at);
	return TRUE;
}

static gboolean
decide_player(struct decision *d, GError **err)
{
	struct route found = {.verdict = ROUTE_FOLLOW_UP};

	switch (decision_find_to_forget(d, &found.number, err)) {
	case STORE_ERROR:
		return FALSE;
	case STORE_FOUND:
		d->flags |= PROTO_FLAG_FORGET;
		return decide_follow_up(d, &found, err);
	case STORE_MISSING:
		break;
	}
	switch (decision_find_to_rate(d, err)) {
	case STORE_ERROR:
		return FALSE;
	case STORE_FOUND:
		decision_rate(d);
		return TRUE;
	case STORE_MISSING:
		break;
	}
	if (!decision_route(d, &found, err))
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
	static const guint32 ours =
	    PROTO_FLAG_OTHER_ADDR | PROTO_FLAG_MENTIONS | PROTO_FLAG_FORGET |
	    PROTO_FLAG_UNDELIVERABLE | PROTO_FLAG_DELAYED | PROTO_FLAG_BURST |
	    PROTO_FLAG_REPEAT | PROTO_FLAG_ESCALATE | PROTO_FLAG_TRANSCRIPT |
	    PROTO_FLAG_VIP | PROTO_FLAG_RATED;
	struct store_message message;

	*d = (struct decision){.desk = desk, .mail = mail};
	d->guesses = mail->guesses;
	if (mail->epochs == NULL || mail->epochs->len == 0)
		return error_fail(err, ERROR_DENIED, "bad request: no epochs");
	d->queue = desk_queue(desk, mail->queue, err);
	if (d->queue == NULL)
		return FALSE;
	/* What only the desk can know is not taken from anybody. */
	d->flags = mail->flags & ~ours;
	d->at = mail->received > 0 ? MIN(mail->received, now) : now;
	switch (find_known(d, &message, err)) {
	case STORE_ERROR:
		return FALSE;
	case STORE_FOUND:
		return decide_known(d, &message, err);
	case STORE_MISSING:
		break;
	}
	if (mail->report != PROTO_REPORT_NONE)
		return decision_report(d, err);
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
	desk_guessed(desk, d.guesses, now);
	/* A commit does not ask this again: its copy has left. */
	if (mail->is_on_line && burst_is_over(desk->burst, &d, now)) {
		*answer =
		    (struct proto_desk_admitted){.verdict = PROTO_LATER};
		return TRUE;
	}
	t = &d.ticket.t;
	*answer = (struct proto_desk_admitted){
	    .verdict = d.verdict,
	    .number = t->number,
	    .mentions = d.mentions,
	    .flags = d.flags,
	    .ticket_flags = t->flags,
	    .level = t->level,
	    .opened = t->opened,
	    .due = ticket_due(t),
	    .pseudonym = g_strdup(t->pseudonym),
	    .category = g_strdup(t->category),
	    .copy_id = g_strdup(d.ticket.copy_id),
	    .queue = g_strdup(t->queue),
	    .lang = g_strdup(t->lang),
	    .agent = g_strdup(t->agent),
	};
	return TRUE;
}
