#include "desk/decision.h"

#include "desk/internal.h"

#include "base/banned.h"

struct subject { /* of the report */
	enum proto_via via; /* how the ticket was found */
	struct store_ticket ticket;
};

/* Whoever knows a Message-ID of ours can make up a report that quotes it, so
 * one that is shown forged is not heard by that. */
static enum store_result
find_subject(const struct decision *d, struct subject *out, GError **err)
{
	static const enum proto_via vias[] = {
	    PROTO_VIA_BOUNCE, PROTO_VIA_CAPABILITY, PROTO_VIA_MESSAGE_ID};
	gboolean is_forged = (d->flags & PROTO_FLAG_UNPROVEN) != 0;

	for (gsize i = 0; i < G_N_ELEMENTS(vias); i++) {
		enum store_result found;

		if (is_forged && vias[i] == PROTO_VIA_MESSAGE_ID)
			continue;
		found = decision_find_claimed(d, vias[i], &out->ticket, err);
		if (found == STORE_ERROR)
			return found;
		out->via = vias[i];
		if (found == STORE_FOUND &&
		    !store_ticket_is_forgotten(&out->ticket))
			return found;
	}
	return STORE_MISSING;
}

/* Only an envelope sender says which mail it was; what comes by the player's
 * side otherwise is about a mail to him. */
static gboolean
is_about_copy(const struct decision *d, enum proto_via via)
{
	return d->mail->side == PROTO_SIDE_AGENT ||
	       (via == PROTO_VIA_BOUNCE &&
		   (d->mail->job == 0 || jobs_is_to_agents(d->mail->job)));
}

/* EVENT_END: it is only noted. */
static enum event_kind
event_of(const struct decision *d, enum proto_via via)
{
	gboolean is_copy = is_about_copy(d, via);

	switch ((enum proto_report)d->mail->report) {
	case PROTO_REPORT_FAILED:
		return is_copy ? EVENT_COPY_BOUNCED : EVENT_BOUNCED;
	case PROTO_REPORT_DELAYED:
		return is_copy ? EVENT_END : EVENT_DELAYED;
	case PROTO_REPORT_OTHER:
	case PROTO_REPORT_NONE:
		break;
	}
	return EVENT_END;
}

static gboolean
is_closed_lately(const struct ticket *t, const struct policy *policy, gint64 at)
{
	return t->state == TICKET_CLOSED && at - t->closed <= policy->reopen_s;
}

gboolean
decision_report(struct decision *d, GError **err)
{
	struct subject subject = {0};
	struct ticket *t = &d->ticket.t;
	struct policy policy;
	struct event event = {0};
	enum store_result found = find_subject(d, &subject, err);

	d->verdict = PROTO_BOUNCE;
	if (found != STORE_FOUND)
		return found == STORE_MISSING;
	d->ticket = subject.ticket;
	event.kind = event_of(d, subject.via);
	if (event.kind == EVENT_END)
		return TRUE;
	policy = decision_policy(d, t);
	event.reopens = is_closed_lately(t, &policy, d->at);
	d->effects = ticket_decide(t, &event, &policy, d->at);
	ticket_apply(t, &d->effects, d->at);
	if (event.kind == EVENT_BOUNCED)
		d->flags |= PROTO_FLAG_UNDELIVERABLE;
	else if (event.kind == EVENT_DELAYED)
		d->flags |= PROTO_FLAG_DELAYED;
	return TRUE;
}
