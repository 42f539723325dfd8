/*
 * What a player asks for beside his words: to be forgotten, to have the next
 * level, to have the whole thread, and to say how content he was. From anybody
 * but the ticket's own contact it is a mail like any other.
 */
#include "desk/decision.h"

#include "desk/internal.h"
#include "ticket/kpi.h"

#include "base/banned.h"

#define TRANSCRIPT_S 3600 /* a ticket has one in so long a time */

/* The ticket of whose capability address and contact this mail is; what is in
 * *out without STORE_FOUND may be somebody else's. */
static enum store_result
find_own(const struct decision *d, struct store_ticket *out, GError **err)
{
	const struct proto_claim *claim;

	for (guint i = 0; (claim = decision_claim(d, i)) != NULL; i++) {
		enum store_result found;

		if (claim->via != PROTO_VIA_CAPABILITY)
			continue;
		found =
		    store_ticket_get(d->desk->store, &claim->number, out, err);
		if (found == STORE_ERROR ||
		    (found == STORE_FOUND && decision_is_contact_of(d, out)))
			return found;
	}
	return STORE_MISSING;
}

enum store_result
decision_find_to_forget(
    const struct decision *d, struct number *out, GError **err)
{
	static const guint32 never =
	    PROTO_FLAG_MACHINE | PROTO_FLAG_PLACEHOLDER | PROTO_FLAG_ENCRYPTED;
	struct store_ticket ticket;
	enum store_result found;

	if ((d->mail->flags & PROTO_FLAG_FORGET) == 0 ||
	    (d->flags & never) != 0)
		return STORE_MISSING;
	found = find_own(d, &ticket, err);
	if (found == STORE_FOUND)
		*out = ticket.t.number;
	return found;
}

/* --- how content he was --- */

enum store_result
decision_find_to_rate(struct decision *d, GError **err)
{
	struct store_ticket ticket;
	enum store_result found;

	if (d->mail->rating == 0 || d->mail->rating > KPI_RATINGS ||
	    (d->flags & PROTO_FLAG_MACHINE) != 0)
		return STORE_MISSING;
	found = find_own(d, &ticket, err);
	if (found == STORE_FOUND)
		d->ticket = ticket;
	return found;
}

void
decision_rate(struct decision *d)
{
	static const struct policy policy; /* no clock starts here */
	struct event event = {.kind = EVENT_RATED, .value = d->mail->rating};

	d->verdict = PROTO_FOLLOW_UP;
	d->is_same_contact = TRUE;
	d->flags |= PROTO_FLAG_RATED;
	event.flags = d->flags;
	d->effects = ticket_decide(&d->ticket.t, &event, &policy, d->at);
	ticket_apply(&d->ticket.t, &d->effects, d->at);
}

/* --- the thread --- */

/* A name for each hour: a mail that asks again within it is asked for the same
 * thing. */
static struct store_name
transcript_name(const struct decision *d, gint64 hour)
{
	g_autofree char *text =
	    g_strdup_printf("nymdesk transcript %s %" G_GINT64_FORMAT,
		d->ticket.t.number.s, hour);

	return (struct store_name){desk_key_of(text), PROTO_JOB_TRANSCRIPT};
}

/* *out: the newest one was promised too short a time ago. */
static gboolean
has_transcript(const struct decision *d, gboolean *out, GError **err)
{
	gint64 hour = d->at / TRANSCRIPT_S;

	*out = FALSE;
	for (gint64 h = hour - 1; h <= hour; h++) {
		struct store_name name = transcript_name(d, h);
		struct store_promise promise;
		enum store_result found =
		    store_promise_get(d->desk->store, &name, &promise, err);

		if (found == STORE_ERROR)
			return FALSE;
		if (found == STORE_FOUND && promise.due > d->at)
			*out = TRUE;
	}
	return TRUE;
}

static gboolean
promise_transcript(const struct decision *d, GError **err)
{
	struct store_name name = transcript_name(d, d->at / TRANSCRIPT_S);
	struct jobs_new job = {.kind = PROTO_JOB_TRANSCRIPT,
	    .key = &name.key,
	    .due = d->at + TRANSCRIPT_S};

	return jobs_promise(d->desk, &d->ticket, &job, d->at, err);
}

/* --- both --- */

gboolean
decision_grant_wishes(struct decision *d, gboolean reopens, GError **err)
{
	guint32 asked =
	    d->mail->flags & (PROTO_FLAG_ESCALATE | PROTO_FLAG_TRANSCRIPT);
	gboolean has_one;

	if (!d->is_same_contact || (d->flags & PROTO_FLAG_MACHINE) != 0)
		return TRUE;
	if (d->ticket.t.state != TICKET_OPEN && !reopens)
		asked &= ~(guint32)PROTO_FLAG_ESCALATE;
	if ((asked & PROTO_FLAG_TRANSCRIPT) != 0) {
		if (!has_transcript(d, &has_one, err))
			return FALSE;
		if (has_one || !ticket_may_tell(d->flags))
			asked &= ~(guint32)PROTO_FLAG_TRANSCRIPT;
	}
	d->flags |= asked;
	return TRUE;
}

gboolean
decision_do_wishes(struct decision *d, GError **err)
{
	gboolean is_raised;

	if ((d->flags & PROTO_FLAG_ESCALATE) != 0 &&
	    !clocks_raise(
		d->desk, &d->ticket, SLA_BY_PLAYER, d->at, &is_raised, err))
		return FALSE;
	return (d->flags & PROTO_FLAG_TRANSCRIPT) == 0 ||
	       promise_transcript(d, err);
}
