#include "ticket/sla.h"

#include "base/banned.h"

static const guint32 stages[] = {50, 80, 100};

/* The first whole second of running at which the stage is reached. Divided
 * before it is multiplied, so that no length overflows. */
static gint64
stage_after(const struct sla_clock *clock, guint32 stage)
{
	switch (stage) {
	case 50:
		return clock->length_s - clock->length_s / 2;
	case 80:
		return clock->length_s - clock->length_s / 5;
	default:
		return clock->length_s + 1;
	}
}

/* When it has run for so long, if no further pause comes. */
static gint64
time_of(const struct sla_clock *clock, gint64 run_s)
{
	return clock->start + clock->paused_s + run_s;
}

/* The time at which the clock stands: that of its end or of its pause. */
static gint64
hand(const struct sla_clock *clock, gint64 now)
{
	if (clock->settled != 0)
		return clock->settled;
	return clock->paused_at != 0 ? clock->paused_at : now;
}

static gboolean
can_pause(const struct sla_clock *clock)
{
	return clock->kind == SLA_DECISION && clock->settled == 0;
}

static void
pause_end(struct sla_clock *clock, gint64 at)
{
	if (clock->paused_at == 0)
		return;
	clock->paused_s += MAX(at - clock->paused_at, 0);
	clock->paused_at = 0;
}

struct sla_policy
sla_policy_make(
    const struct config_queue *queue, const struct config_category *category)
{
	struct sla_policy policy = {
	    .ack_s = queue->ack_s,
	    .first_reply_s = queue->first_reply_s,
	    .decision_s = queue->decision_s,
	};

	if (category == NULL)
		return policy;
	if (category->first_reply_s != 0)
		policy.first_reply_s = category->first_reply_s;
	if (category->decision_s != 0)
		policy.decision_s = category->decision_s;
	if (category->complex)
		policy.escalate_s = queue->escalate_s;
	return policy;
}

struct sla_clock
sla_start(enum sla_kind kind, const struct sla_policy *policy, gint64 at)
{
	const gint64 lengths[] = {
	    [SLA_ACK] = policy->ack_s,
	    [SLA_FIRST_REPLY] = policy->first_reply_s,
	    [SLA_DECISION] = policy->decision_s,
	    [SLA_ESCALATE] = policy->escalate_s,
	};

	g_assert(kind >= SLA_ACK && kind <= SLA_ESCALATE && at > 0);
	return (struct sla_clock){
	    .kind = kind, .start = at, .length_s = lengths[kind]};
}

gint64
sla_due(const struct sla_clock *clock, gint64 now)
{
	gint64 due = time_of(clock, clock->length_s);

	if (clock->length_s == 0)
		return 0;
	return clock->paused_at == 0 ? due
				     : due + MAX(now - clock->paused_at, 0);
}

gint64
sla_due_at_first(
    const struct sla_clock *first_reply, const struct sla_clock *decision)
{
	gint64 later = MAX(first_reply->start - decision->start, 0);

	/* It never stands, so that it does not matter when one asks. */
	return sla_due(first_reply, first_reply->start) - later;
}

guint32
sla_stage(const struct sla_clock *clock, gint64 now)
{
	guint32 stage = 0;

	if (clock->length_s == 0)
		return 0;
	for (gsize i = 0; i < G_N_ELEMENTS(stages); i++)
		if (hand(clock, now) >=
		    time_of(clock, stage_after(clock, stages[i])))
			stage = stages[i];
	return stage;
}

gint64
sla_next(const struct sla_clock *clock)
{
	gint64 at;

	if (clock->length_s == 0 || clock->settled != 0)
		return 0;
	for (gsize i = 0; i < G_N_ELEMENTS(stages); i++) {
		if (stages[i] <= clock->said)
			continue;
		at = time_of(clock, stage_after(clock, stages[i]));
		/* Reached before the pause is reached. */
		return clock->paused_at == 0 || at <= clock->paused_at ? at : 0;
	}
	return 0;
}

void
sla_pause(struct sla_clock *clock, gint64 at)
{
	if (!can_pause(clock) || clock->paused_at != 0)
		return;
	/* If time went back, it has run for nothing, but never for less. */
	clock->paused_at = MAX(at, time_of(clock, 0));
}

void
sla_resume(struct sla_clock *clock, gint64 at)
{
	if (can_pause(clock))
		pause_end(clock, at);
}

gboolean
sla_settle(struct sla_clock *clock, gint64 at, gboolean by_person)
{
	if (clock->settled != 0 || (!by_person && clock->kind != SLA_ACK))
		return FALSE;
	pause_end(clock, at);
	clock->settled = MAX(at, clock->start);
	return TRUE;
}

guint32
sla_catch_up(struct sla_clock *clock, gint64 now)
{
	guint32 stage = sla_stage(clock, now);

	if (clock->settled != 0 || stage <= clock->said)
		return 0;
	clock->said = stage;
	return stage;
}

/* --- levels --- */

guint32
sla_level_up(guint32 level, guint32 reasons)
{
	level = CLAMP(level, SLA_LEVEL_FIRST, SLA_LEVEL_LAST);
	return reasons != 0 && level < SLA_LEVEL_LAST ? level + 1 : level;
}

guint32
sla_reason(enum sla_kind kind, guint32 stage)
{
	return kind != SLA_ACK && stage == 100 ? SLA_BY_BREACH : 0;
}
