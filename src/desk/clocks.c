/*
 * The clocks of a ticket: which run, what stops them, and what follows when
 * one runs out. How far one has run is ticket/sla.h's.
 */
#include "base/error.h"
#include "base/log.h"
#include "desk/desk.h"
#include "desk/internal.h"

#include "base/banned.h"

#define BREACH 100   /* the stage */
#define DUE_AT_ONCE 200

/* --- what is promised --- */

static const struct config_category *
category_of(const struct desk *desk, const char *category, guint32 flags)
{
	const struct config_category *vip = NULL;

	if ((flags & TICKET_FLAG_VIP) != 0)
		vip = config_category_by_name(desk->config, "vip");
	return vip != NULL ? vip
			   : config_category_by_name(desk->config, category);
}

struct policy
desk_policy(const struct desk *desk, const struct config_queue *queue,
    const struct ticket *ticket, guint32 flags)
{
	struct sla_policy sla = sla_policy_make(
	    queue, category_of(desk, ticket->category, flags));

	return (struct policy){
	    .ack_s = sla.ack_s,
	    .first_reply_s = sla.first_reply_s,
	    .decision_s = sla.decision_s,
	    .reopen_s = queue->reopen_s,
	};
}

/* Of a queue that is gone from the configuration, what the first one
 * promises: no ticket goes without clocks. */
static struct sla_policy
policy_of(const struct desk *desk, const struct ticket *t)
{
	const struct config_queue *queue =
	    config_queue_by_name(desk->config, t->queue);

	if (queue == NULL)
		queue = g_ptr_array_index(desk->config->queues, 0);
	return sla_policy_make(queue, category_of(desk, t->category, t->flags));
}

/* --- one clock --- */

/* The ticket shows what its clocks say; of one that stands, since waiting, what
 * was left then. */
static void
show(struct ticket *t, const struct sla_clock *clock, gint64 now)
{
	switch (clock->kind) {
	case SLA_ACK:
		t->ack_due = sla_due(clock, now);
		break;
	case SLA_FIRST_REPLY:
		t->first_reply_due = sla_due(clock, now);
		break;
	case SLA_DECISION:
		t->waiting = clock->paused_at;
		t->decision_due =
		    sla_due(clock, t->waiting != 0 ? t->waiting : now);
		break;
	case SLA_ESCALATE:
		break;
	}
}

gboolean
clocks_restart(struct desk *desk, struct store_ticket *ticket,
    enum sla_kind kind, gint64 at, GError **err)
{
	struct sla_policy policy = policy_of(desk, &ticket->t);
	struct store_clock row = {
	    ticket->t.number, sla_start(kind, &policy, at)};

	if (row.clock.length_s == 0)
		return TRUE;
	show(&ticket->t, &row.clock, at);
	return store_clock_put(desk->store, &row, err);
}

/* STORE_FOUND for one that is not settled. */
static enum store_result
find_open(struct desk *desk, const struct store_ticket *ticket,
    enum sla_kind kind, struct store_clock *out, GError **err)
{
	enum store_result found = store_clock_get(
	    desk->store, &ticket->t.number, kind, out, err);

	return found == STORE_FOUND && out->clock.settled != 0 ? STORE_MISSING
							       : found;
}

gboolean
clocks_restart_open(struct desk *desk, struct store_ticket *ticket,
    enum sla_kind kind, gint64 at, GError **err)
{
	struct store_clock row;

	switch (find_open(desk, ticket, kind, &row, err)) {
	case STORE_FOUND:
		return clocks_restart(desk, ticket, kind, at, err);
	case STORE_MISSING:
		return TRUE;
	case STORE_ERROR:
		break;
	}
	return FALSE;
}

gboolean
clocks_start(
    struct desk *desk, struct store_ticket *ticket, gint64 at, GError **err)
{
	struct store_clock ack;
	enum store_result found;

	found = store_clock_get(
	    desk->store, &ticket->t.number, SLA_ACK, &ack, err);
	if (found == STORE_ERROR ||
	    (found == STORE_MISSING && ticket->t.ack_due != 0 &&
		!clocks_restart(desk, ticket, SLA_ACK, at, err)))
		return FALSE;
	ticket->t.waiting = 0;
	return clocks_restart(desk, ticket, SLA_FIRST_REPLY, at, err) &&
	       clocks_restart(desk, ticket, SLA_DECISION, at, err) &&
	       clocks_restart(desk, ticket, SLA_ESCALATE, at, err);
}

gboolean
clocks_settle(struct desk *desk, struct store_ticket *ticket, guint kinds,
    gint64 at, gboolean by_person, GError **err)
{
	for (guint kind = SLA_ACK; kind <= SLA_ESCALATE; kind++) {
		struct store_clock row;
		enum store_result found;

		if ((kinds >> kind & 1) == 0)
			continue;
		found =
		    find_open(desk, ticket, (enum sla_kind)kind, &row, err);
		if (found == STORE_ERROR)
			return FALSE;
		if (found == STORE_MISSING ||
		    !sla_settle(&row.clock, at, by_person))
			continue;
		show(&ticket->t, &row.clock, at);
		if (!store_clock_put(desk->store, &row, err))
			return FALSE;
	}
	return TRUE;
}

gboolean
clocks_find(struct store *store, const struct number *number,
    struct clocks_pair *out, GError **err)
{
	g_autoptr(GArray) rows = NULL;

	*out = (struct clocks_pair){0};
	rows = g_array_new(FALSE, FALSE, sizeof(struct store_clock));
	if (!store_clock_list(store, number, rows, err))
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		const struct sla_clock *clock =
		    &g_array_index(rows, struct store_clock, i).clock;

		if (clock->kind == SLA_FIRST_REPLY)
			out->first_reply = *clock;
		else if (clock->kind == SLA_DECISION)
			out->decision = *clock;
	}
	return TRUE;
}

static gboolean
change_decision(struct desk *desk, struct store_ticket *ticket,
    void (*change)(struct sla_clock *, gint64), gint64 at, GError **err)
{
	struct store_clock row;
	enum store_result found =
	    find_open(desk, ticket, SLA_DECISION, &row, err);

	if (found != STORE_FOUND)
		return found == STORE_MISSING;
	change(&row.clock, at);
	show(&ticket->t, &row.clock, at);
	return store_clock_put(desk->store, &row, err);
}

gboolean
clocks_pause(
    struct desk *desk, struct store_ticket *ticket, gint64 at, GError **err)
{
	return change_decision(desk, ticket, sla_pause, at, err);
}

gboolean
clocks_resume(
    struct desk *desk, struct store_ticket *ticket, gint64 at, GError **err)
{
	return change_decision(desk, ticket, sla_resume, at, err);
}

/* --- levels --- */

/* It may have come undone with the request that did it: then its level is
 * another. */
static gboolean
was_raised(const struct desk *desk, const struct ticket *t)
{
	gconstpointer level = g_hash_table_lookup(desk->raised, &t->number);

	return level != NULL && GPOINTER_TO_UINT(level) == t->level;
}

/* Who has it now is to look at it anew. A decision is promised once; when its
 * time is over, a reply is what can still be promised. */
static gboolean
promise_reply(
    struct desk *desk, struct store_ticket *ticket, gint64 now, GError **err)
{
	struct store_clock decision;

	switch (find_open(desk, ticket, SLA_DECISION, &decision, err)) {
	case STORE_FOUND:
		if (sla_stage(&decision.clock, now) == BREACH)
			return clocks_restart(
			    desk, ticket, SLA_FIRST_REPLY, now, err);
		break;
	case STORE_MISSING:
		break;
	case STORE_ERROR:
		return FALSE;
	}
	return clocks_restart_open(desk, ticket, SLA_FIRST_REPLY, now, err);
}

gboolean
clocks_raise(struct desk *desk, struct store_ticket *ticket, guint32 reasons,
    gint64 now, gboolean *is_raised, GError **err)
{
	struct jobs_new handed = {
	    .kind = PROTO_JOB_HANDED, .arg.reasons = reasons};
	struct jobs_new told = {
	    .kind = PROTO_JOB_ESCALATED, .arg.reasons = reasons};
	guint32 level = sla_level_up(ticket->t.level, reasons);

	*is_raised = level != ticket->t.level &&
		     ticket->t.state == TICKET_OPEN &&
		     !store_ticket_is_forgotten(ticket) &&
		     !was_raised(desk, &ticket->t);
	if (!*is_raised)
		return TRUE;
	ticket->t.level = level;
	(void)g_hash_table_insert(desk->raised,
	    g_memdup2(&ticket->t.number, sizeof(ticket->t.number)),
	    GUINT_TO_POINTER(level));
	log_info("ticket.raised", LOG_TICKET(&ticket->t.number),
	    LOG_NUM("level", level), LOG_NUM("reasons", reasons));
	return promise_reply(desk, ticket, now, err) &&
	       clocks_restart(desk, ticket, SLA_ESCALATE, now, err) &&
	       jobs_promise(desk, ticket, &handed, now, err) &&
	       (!jobs_may_tell(ticket) ||
		   jobs_promise(desk, ticket, &told, now, err));
}

/* --- what has run out --- */

/* What came up in this turn: own struct number to its enum sla_reason bits. */
static void
note_reason(GHashTable *reasons, const struct number *number, guint32 reason)
{
	guint known =
	    GPOINTER_TO_UINT(g_hash_table_lookup(reasons, number));

	(void)g_hash_table_insert(reasons, g_memdup2(number, sizeof(*number)),
	    GUINT_TO_POINTER(known | reason));
}

static gboolean
tell_agents(struct desk *desk, const struct store_ticket *ticket,
    enum sla_kind kind, guint32 stage, gint64 now, GError **err)
{
	struct jobs_new new = {
	    .kind = PROTO_JOB_STAGE, .arg.clock = kind, .arg.stage = stage};

	return jobs_promise(desk, ticket, &new, now, err);
}

/* A breach is told by the ticket's going up; where it cannot, it is told as
 * the stages before it are. */
static gboolean
say_stage(struct desk *desk, const struct store_clock *row, guint32 stage,
    GHashTable *reasons, gint64 now, GError **err)
{
	guint32 reason = sla_reason(row->clock.kind, stage);
	struct store_ticket ticket;
	enum store_result found;

	found = store_ticket_get(desk->store, &row->ticket, &ticket, err);
	if (found != STORE_FOUND)
		return found == STORE_MISSING;
	if (ticket.t.state != TICKET_OPEN || store_ticket_is_forgotten(&ticket))
		return TRUE;
	if (stage == BREACH)
		log_error("clock.breach", LOG_TICKET(&row->ticket),
		    LOG_CLOCK(row->clock.kind),
		    LOG_NUM("level", ticket.t.level),
		    LOG_NUM("due", sla_due(&row->clock, now)));
	else
		log_warn("clock.stage", LOG_TICKET(&row->ticket),
		    LOG_CLOCK(row->clock.kind), LOG_NUM("stage", stage));
	if (row->clock.kind == SLA_ACK)
		return TRUE;
	if (reason != 0 && ticket.t.level < SLA_LEVEL_LAST) {
		note_reason(reasons, &row->ticket, reason);
		return TRUE;
	}
	return tell_agents(desk, &ticket, row->clock.kind, stage, now, err);
}

/* *count: how many were due, and are no more. */
static gboolean
catch_up_some(struct desk *desk, GHashTable *reasons, gint64 now, guint *count,
    GError **err)
{
	g_autoptr(GArray) due = NULL;

	due = g_array_new(FALSE, FALSE, sizeof(struct store_clock));
	if (!store_clocks_due(desk->store, now, DUE_AT_ONCE, due, err))
		return FALSE;
	for (guint i = 0; i < due->len; i++) {
		struct store_clock *row =
		    &g_array_index(due, struct store_clock, i);
		guint32 stage = sla_catch_up(&row->clock, now);

		if (!store_clock_put(desk->store, row, err) ||
		    (stage != 0 &&
			!say_stage(desk, row, stage, reasons, now, err)))
			return FALSE;
	}
	*count = due->len;
	return TRUE;
}

static gboolean
raise_one(struct desk *desk, const struct number *number, guint32 reasons,
    gint64 now, GError **err)
{
	struct store_ticket ticket;
	gboolean is_raised;

	return store_ticket_get(desk->store, number, &ticket, err) ==
		   STORE_FOUND &&
	       clocks_raise(desk, &ticket, reasons, now, &is_raised, err) &&
	       store_ticket_update(desk->store, &ticket, err);
}

gboolean
clocks_catch_up(struct desk *desk, gint64 now, GError **err)
{
	/* A number is its text. */
	g_autoptr(GHashTable) all =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gpointer number, reasons;
	GHashTableIter iter;
	guint count = 0;

	/* None is left for a later turn: the answer that would settle it may
	 * be in this one. */
	do {
		if (!catch_up_some(desk, all, now, &count, err))
			return FALSE;
	} while (count == DUE_AT_ONCE);
	g_hash_table_iter_init(&iter, all);
	while (g_hash_table_iter_next(&iter, &number, &reasons))
		if (!raise_one(desk, number, GPOINTER_TO_UINT(reasons), now,
			err))
			return FALSE;
	return TRUE;
}
