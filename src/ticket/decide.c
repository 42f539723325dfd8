#include "ticket/decide.h"

#include "ticket/kpi.h"

#include "base/banned.h"

#define RETRY_FIRST_S 10
#define RETRY_MAX_S 600

struct context {
	const struct ticket *ticket;
	const struct event *event;
	const struct policy *policy;
	gint64 now;
};

static void
add(struct effects *effects, enum effect_kind kind, gint64 value)
{
	g_assert(effects->n < EFFECTS_MAX);
	effects->list[effects->n++] = (struct effect){kind, value};
}

static void
start_clocks(const struct context *c, struct effects *out)
{
	add(out, EFFECT_SET_STATE, TICKET_OPEN);
	add(out, EFFECT_SET_FIRST_REPLY_DUE, c->now + c->policy->first_reply_s);
	add(out, EFFECT_SET_DECISION_DUE, c->now + c->policy->decision_s);
}

/* What was answered and decided before is not what he waits for now. */
static void
restart(const struct context *c, struct effects *out)
{
	start_clocks(c, out);
	add(out, EFFECT_SET_ANSWERED, 0);
	add(out, EFFECT_SET_DECIDED, 0);
}

/* RFC 3834 2: no automatic response to an automatic mail, nor to an address
 * that is shown forged, which would make us the source of backscatter. And
 * none to what may be a loop that does not show it. */
gboolean
ticket_may_tell(guint32 flags)
{
	static const guint32 never =
	    TICKET_FLAG_MACHINE | TICKET_FLAG_UNPROVEN | TICKET_FLAG_NO_RETURN |
	    TICKET_FLAG_BURST | TICKET_FLAG_REPEAT;

	return (flags & never) == 0;
}

static void
on_opened(const struct context *c, struct effects *out)
{
	add(out, EFFECT_SET_OPENED, c->now);
	start_clocks(c, out);
	add(out, EFFECT_ADD_FLAGS, c->event->flags);
	add(out, EFFECT_COUNT_MESSAGE, 1);
	if (!ticket_may_tell(c->event->flags))
		return;
	add(out, EFFECT_SET_ACK_DUE, c->now + c->policy->ack_s);
	/* That notice acknowledges, too. */
	add(out,
	    (c->event->flags & TICKET_FLAG_ENCRYPTED) != 0
		? EFFECT_QUEUE_ENCRYPTED
		: EFFECT_QUEUE_ACK,
	    c->now + c->policy->ack_s);
}

static void
on_player_mail(const struct context *c, struct effects *out)
{
	guint32 flags = c->event->flags;

	add(out, EFFECT_ADD_FLAGS, flags);
	add(out, EFFECT_COUNT_MESSAGE, 1);
	/* He is there, so what came back may pass now. */
	if (c->event->is_own && (flags & TICKET_FLAG_MACHINE) == 0)
		add(out, EFFECT_CLEAR_FLAGS,
		    TICKET_FLAG_UNDELIVERABLE | TICKET_FLAG_DELAYED);
	/* From another address: the notice would reach whoever opened the
	 * ticket, and not who encrypts. */
	if ((flags & TICKET_FLAG_ENCRYPTED) != 0 && ticket_may_tell(flags) &&
	    (flags & TICKET_FLAG_OTHER_ADDR) == 0)
		add(out, EFFECT_QUEUE_ENCRYPTED, c->now + c->policy->ack_s);
	if ((flags & TICKET_FLAG_MACHINE) != 0)
		return;
	if (c->event->is_own && c->ticket->waiting != 0)
		add(out, EFFECT_RESUME,
		    c->ticket->decision_due +
			MAX(c->now - c->ticket->waiting, 0));
	if (!c->event->reopens)
		return;
	/* The player waits anew, so he is promised anew. */
	restart(c, out);
	if (c->now - c->ticket->closed < KPI_RETURN_S)
		add(out, EFFECT_SET_RETURNED, TRUE);
}

static void
on_ack_sent(const struct context *c, struct effects *out)
{
	if (c->ticket->acknowledged == 0)
		add(out, EFFECT_SET_ACKNOWLEDGED, c->now);
}

static void
on_ack_failed(const struct context *c, struct effects *out)
{
	add(out, EFFECT_ALARM, c->now);
}

/* Only words of a person settle what was promised of a person. */
static void
on_answer_sent(const struct context *c, struct effects *out)
{
	if ((c->event->flags & TICKET_FLAG_MACHINE) == 0 &&
	    c->ticket->answered == 0)
		add(out, EFFECT_SET_ANSWERED, c->now);
}

/* What was told or answered did not reach him, so the ticket is not done with.
 * It comes back once; who closes it knowing that is not asked again. */
static void
on_bounced(const struct context *c, struct effects *out)
{
	add(out, EFFECT_ADD_FLAGS, TICKET_FLAG_UNDELIVERABLE);
	if (!c->event->reopens ||
	    (c->ticket->flags & TICKET_FLAG_UNDELIVERABLE) != 0)
		return;
	restart(c, out);
}

static void
on_delayed(const struct context *c, struct effects *out)
{
	(void)c;
	add(out, EFFECT_ADD_FLAGS, TICKET_FLAG_DELAYED);
}

static void
on_copy_bounced(const struct context *c, struct effects *out)
{
	add(out, EFFECT_ALARM, c->now);
}

static void
on_closed(const struct context *c, struct effects *out)
{
	add(out, EFFECT_SET_STATE, TICKET_CLOSED);
	add(out, EFFECT_SET_CLOSE, c->event->value);
	if (c->ticket->answered == 0)
		add(out, EFFECT_SET_ANSWERED, c->now);
	if (c->ticket->decided == 0)
		add(out, EFFECT_SET_DECIDED, c->now);
}

/* He asks for nothing, so a closed ticket stays closed. */
static void
on_rated(const struct context *c, struct effects *out)
{
	add(out, EFFECT_ADD_FLAGS, c->event->flags);
	add(out, EFFECT_COUNT_MESSAGE, 1);
	add(out, EFFECT_SET_RATING, c->event->value);
}

struct effects
ticket_decide(const struct ticket *ticket, const struct event *event,
    const struct policy *policy, gint64 now)
{
	static void (*const rules[EVENT_END])(
	    const struct context *, struct effects *) = {
	    [EVENT_OPENED] = on_opened,
	    [EVENT_PLAYER_MAIL] = on_player_mail,
	    [EVENT_ACK_SENT] = on_ack_sent,
	    [EVENT_ACK_FAILED] = on_ack_failed,
	    [EVENT_ANSWER_SENT] = on_answer_sent,
	    [EVENT_BOUNCED] = on_bounced,
	    [EVENT_DELAYED] = on_delayed,
	    [EVENT_COPY_BOUNCED] = on_copy_bounced,
	    [EVENT_CLOSED] = on_closed,
	    [EVENT_RATED] = on_rated,
	};
	struct context c = {ticket, event, policy, now};
	struct effects out = {0};

	g_assert(event->kind < EVENT_END);
	rules[event->kind](&c, &out);
	return out;
}

static void
apply_state(struct ticket *ticket, enum ticket_state state, gint64 now)
{
	ticket->state = state;
	ticket->closed = state == TICKET_CLOSED ? now : 0;
	if (state == TICKET_CLOSED)
		ticket->waiting = 0;
}

static void
apply_one(struct ticket *ticket, const struct effect *effect, gint64 now)
{
	switch (effect->kind) {
	case EFFECT_SET_STATE:
		apply_state(ticket, (enum ticket_state)effect->value, now);
		break;
	case EFFECT_SET_FIRST_REPLY_DUE:
		ticket->first_reply_due = effect->value;
		break;
	case EFFECT_SET_DECISION_DUE:
		ticket->decision_due = effect->value;
		break;
	case EFFECT_SET_OPENED:
		ticket->opened = effect->value;
		break;
	case EFFECT_SET_ACKNOWLEDGED:
		ticket->acknowledged = effect->value;
		break;
	case EFFECT_SET_ANSWERED:
		ticket->answered = effect->value;
		break;
	case EFFECT_SET_ACK_DUE:
		ticket->ack_due = effect->value;
		break;
	case EFFECT_RESUME:
		ticket->decision_due = effect->value;
		ticket->waiting = 0;
		break;
	case EFFECT_SET_DECIDED:
		ticket->decided = effect->value;
		break;
	case EFFECT_SET_CLOSE:
		ticket->close = (guint32)effect->value;
		ticket->closed_level = ticket->level;
		break;
	case EFFECT_SET_RETURNED:
		ticket->is_returned = TRUE;
		break;
	case EFFECT_SET_RATING:
		ticket->rating = (guint32)effect->value;
		break;
	case EFFECT_ADD_FLAGS:
		ticket->flags |= (guint32)effect->value;
		break;
	case EFFECT_CLEAR_FLAGS:
		ticket->flags &= ~(guint32)effect->value;
		break;
	case EFFECT_COUNT_MESSAGE:
		ticket->messages += (guint32)effect->value;
		break;
	case EFFECT_QUEUE_ACK:
	case EFFECT_QUEUE_ENCRYPTED:
	case EFFECT_ALARM:
		break;
	}
}

void
ticket_apply(struct ticket *ticket, const struct effects *effects, gint64 now)
{
	for (guint i = 0; i < effects->n; i++)
		apply_one(ticket, &effects->list[i], now);
}

const struct effect *
effects_find(const struct effects *effects, enum effect_kind kind)
{
	for (guint i = 0; i < effects->n; i++)
		if (effects->list[i].kind == kind)
			return &effects->list[i];
	return NULL;
}

gint64
ticket_due(const struct ticket *ticket)
{
	return ticket->answered != 0 ? ticket->decision_due
				     : ticket->first_reply_due;
}

gint64
ticket_alarm_at(gint64 from, gint64 due)
{
	return due - (due - from) / 4;
}

gint64
ticket_retry_at(guint attempts, gint64 now)
{
	gint64 wait_s = RETRY_FIRST_S;

	while (attempts > 1 && wait_s < RETRY_MAX_S) {
		wait_s *= 2;
		attempts--;
	}
	return now + MIN(wait_s, RETRY_MAX_S);
}
