#include "desk/desk.h"

#include "base/error.h"
#include "base/log.h"
#include "desk/burst.h"
#include "desk/decision.h"
#include "desk/internal.h"

#include "base/banned.h"

#define HOUR_S 3600

/* What the contact left under older epochs moves to the newest, where it
 * outlives them: an active player keeps his pseudonym. */
static gboolean
move_contact(
    const struct decision *d, const struct store_key *newest, GError **err)
{
	for (guint i = 1; i < d->mail->epochs->len; i++) {
		struct store_key id = desk_key(&decision_epoch(d, i)->contact);

		if ((d->contact_rows >> i & 1) != 0 &&
		    !store_contact_move(d->desk->store, &id, newest,
			decision_epoch(d, 0)->epoch, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean
keep_contact(struct decision *d, GError **err)
{
	struct store_key id = desk_key(&decision_epoch(d, 0)->contact);
	struct store_contact *contact = &d->contact;

	if (!decision_find_contact(d, err) || !move_contact(d, &id, err))
		return FALSE;
	contact->id = id;
	if (d->verdict == PROTO_NEW && contact->pseudonym[0] == '\0' &&
	    !d->queue->per_ticket_pseudonym)
		(void)g_strlcpy(
		    contact->pseudonym, d->ticket.t.pseudonym, PSEUDONYM_SIZE);
	contact->epoch = decision_epoch(d, 0)->epoch;
	/* By the hour: a finer time would tell mails apart for years. */
	contact->seen = d->at - d->at % HOUR_S;
	d->ticket.contact = id;
	d->ticket.epoch = contact->epoch;
	return store_contact_put(d->desk->store, contact, err);
}

/* By what others of his mails find this ticket. Only under the newest epoch:
 * it outlives the others. */
static gboolean
keep_clues(const struct decision *d, GError **err)
{
	gint64 epoch = decision_epoch(d, 0)->epoch;
	const GArray *clues = d->mail->clues;

	if (!decision_is_identified(d))
		return TRUE;
	for (guint i = 0; clues != NULL && i < clues->len; i++) {
		const struct proto_clue *clue =
		    &g_array_index(clues, struct proto_clue, i);
		struct store_clue row = {
		    .kind = clue->kind, .ticket = d->ticket.t.number};

		if (clue->epoch != epoch ||
		    clue->kind == PROTO_CLUE_REFERENCE ||
		    (clue->kind == PROTO_CLUE_WORDS && d->verdict != PROTO_NEW))
			continue;
		if (decision_trait(d, clue, &row.trait) &&
		    !store_clue_put(d->desk->store, &row, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean
keep_envelope(const struct decision *d, GBytes *sealed, GError **err)
{
	struct store_envelope envelope = {
	    .ticket = d->ticket.t.number,
	    .epoch = decision_epoch(d, 0)->epoch,
	    .contact = desk_key(&decision_epoch(d, 0)->contact),
	    .sealed = sealed,
	};

	return store_envelope_put(d->desk->store, &envelope, err);
}

static gboolean
keep_message(const struct decision *d, GError **err)
{
	struct store_message message = {
	    .fingerprint = desk_key(&decision_epoch(d, 0)->fingerprint),
	    .epoch = decision_epoch(d, 0)->epoch,
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
		    .name.key = desk_key(&decision_epoch(d, 0)->fingerprint),
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

/* The clocks of a ticket whose row is there. */
static gboolean
move_clocks(struct decision *d, GError **err)
{
	if (effects_find(&d->effects, EFFECT_SET_STATE) != NULL)
		return clocks_start(d->desk, &d->ticket, d->at, err);
	return effects_find(&d->effects, EFFECT_RESUME) == NULL ||
	       clocks_resume(d->desk, &d->ticket, d->at, err);
}

static gboolean
take_new(struct decision *d, GBytes *sealed, GError **err)
{
	if ((d->flags & PROTO_FLAG_NO_RETURN) == 0 && !keep_contact(d, err))
		return FALSE;
	d->ticket.epoch = decision_epoch(d, 0)->epoch;
	if (sealed == NULL) /* nobody to acknowledge to */
		d->ticket.t.ack_due = 0;
	if (!store_ticket_add(d->desk->store, &d->ticket, err) ||
	    !move_clocks(d, err) || !keep_message(d, err) ||
	    !keep_clues(d, err))
		return FALSE;
	if (sealed == NULL)
		return TRUE;
	return keep_envelope(d, sealed, err) && promise_notices(d, err);
}

/* The mail stays known, so that a retry finds it, but it belongs to nobody. */
static gboolean
take_forgetting(struct decision *d, GError **err)
{
	guint tickets;

	if (!store_ticket_update(d->desk->store, &d->ticket, err) ||
	    desk_forget_player(d->desk, &d->ticket.t.number, &tickets, err) !=
		STORE_FOUND)
		return FALSE;
	d->ticket.t.number = (struct number){""};
	return keep_message(d, err);
}

static gboolean
take_follow_up(struct decision *d, GBytes *sealed, GError **err)
{
	if ((d->flags & PROTO_FLAG_FORGET) != 0)
		return take_forgetting(d, err);
	if (d->is_same_contact && !keep_contact(d, err))
		return FALSE;
	if (!move_clocks(d, err) || !decision_do_wishes(d, err) ||
	    !store_ticket_update(d->desk->store, &d->ticket, err) ||
	    !keep_message(d, err))
		return FALSE;
	/* Row 2: from another address the envelope stays the old one, or a
	 * stranger with the capability would get the answers. */
	if (!d->is_same_contact)
		return TRUE;
	if (!keep_clues(d, err))
		return FALSE;
	return sealed == NULL ||
	       (keep_envelope(d, sealed, err) && promise_notices(d, err));
}

static gboolean
take_report(struct decision *d, GError **err)
{
	const struct number *number = &d->ticket.t.number;

	if (!keep_message(d, err))
		return FALSE;
	if (d->effects.n == 0) /* only noted */
		return TRUE;
	if (effects_find(&d->effects, EFFECT_ALARM) != NULL) {
		log_error("copy.bounced", LOG_TICKET(number));
		return TRUE; /* the ticket has no part in it */
	}
	if ((d->flags & PROTO_FLAG_UNDELIVERABLE) != 0)
		log_warn(
		    "mail.bounced", LOG_TICKET(number), LOG_KIND(d->mail->job));
	else
		log_info(
		    "mail.delayed", LOG_TICKET(number), LOG_KIND(d->mail->job));
	return move_clocks(d, err) &&
	       store_ticket_update(d->desk->store, &d->ticket, err);
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
		return take_report(d, err);
	case PROTO_DUPLICATE:
		return TRUE; /* committed before; its answer was lost */
	case PROTO_REPLY:
	case PROTO_UNKNOWN:
	case PROTO_LATER:
		break;
	}
	return error_fail(
	    err, ERROR_DENIED, "bad request: not to be committed");
}

static gboolean
is_name_of_mail(const struct decision *d, const char *name)
{
	for (guint i = 0; i < PSEUDONYM_ATTEMPTS; i++) {
		char own[PSEUDONYM_SIZE];

		pseudonym_from_key(
		    decision_epoch(d, 0)->fingerprint.b, i, own);
		if (g_strcmp0(own, name) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Two first mails of one player may be on their way at a time. The contact
 * has the name of the first that is committed; the ticket of the other keeps
 * the name that its copy already bears. */
static gboolean
check_name(struct decision *d, const char *name, GError **err)
{
	struct store_key id = desk_key(&decision_epoch(d, 0)->contact);

	if (d->verdict == PROTO_BOUNCE ||
	    g_strcmp0(d->ticket.t.pseudonym, name) == 0)
		return TRUE;
	if (d->verdict != PROTO_NEW || !is_name_of_mail(d, name))
		return error_fail(err, ERROR_CONFLICT,
		    "the ticket's name has changed since the mail was "
		    "admitted");
	switch (store_pseudonym_find(d->desk->store, name, &id, err)) {
	case STORE_MISSING:
		(void)g_strlcpy(d->ticket.t.pseudonym, name, PSEUDONYM_SIZE);
		return TRUE;
	case STORE_FOUND:
		return error_fail(
		    err, ERROR_CONFLICT, "the ticket's name was taken");
	case STORE_ERROR:
		break;
	}
	return FALSE;
}

static gboolean
commit_saved(struct desk *desk, const struct proto_desk_commit *commit,
    gint64 now, GError **err)
{
	struct decision d;

	if (!decision_make(desk, &commit->admit, now, &d, err))
		return FALSE;
	if (d.verdict == PROTO_DUPLICATE)
		return take_mail(&d, commit, err);
	if (d.verdict != commit->verdict ||
	    !number_equal(&d.ticket.t.number, &commit->number))
		return error_fail(err, ERROR_CONFLICT,
		    "the ticket has changed since the mail was admitted");
	if (!check_name(&d, commit->pseudonym, err) ||
	    !take_mail(&d, commit, err))
		return FALSE;
	burst_add(desk->burst, &d, now);
	return TRUE;
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
