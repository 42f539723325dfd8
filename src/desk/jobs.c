/*
 * Work for posts: what it takes to send a mail, what became of it.
 */
#include "desk/desk.h"

#include "base/error.h"
#include "base/log.h"
#include "desk/internal.h"
#include "desk/jobs.h"
#include "ticket/decide.h"

#include <string.h>

#include "base/banned.h"

void
jobs_clear(struct proto_desk_jobs *answer)
{
	for (guint i = 0; i < answer->jobs->len; i++) {
		struct proto_job *job =
		    &g_array_index(answer->jobs, struct proto_job, i);

		g_free(job->queue);
		g_free(job->lang);
		g_free(job->category);
		g_free(job->pseudonym);
		g_free(job->agent);
		g_free(job->copy_id);
		g_bytes_unref(job->sealed);
	}
	g_clear_pointer(&answer->jobs, g_array_unref);
}

static struct store_name
name_of(const struct proto_job_name *job)
{
	return (struct store_name){desk_key(&job->key), job->kind};
}

static struct proto_key
proto_key_of(const struct store_key *key)
{
	struct proto_key out;

	memcpy(out.b, key->b, sizeof(out.b));
	return out;
}

/* STORE_MISSING if there is no envelope any more, because its epoch is dead;
 * of a mail to agents, if its ticket is forgotten. */
static enum store_result
find_way(struct desk *desk, const struct store_promise *promise,
    struct way *out, GError **err)
{
	enum store_result found;

	*out = (struct way){0};
	found =
	    store_ticket_get(desk->store, &promise->ticket, &out->ticket, err);
	if (found != STORE_FOUND)
		return found;
	if (!jobs_is_to_agents(promise->name.kind))
		return store_envelope_get(
		    desk->store, &promise->ticket, &out->envelope, err);
	if (store_ticket_is_forgotten(&out->ticket))
		return STORE_MISSING;
	out->envelope.sealed = g_bytes_new_static("", 0);
	return STORE_FOUND;
}

enum store_result
jobs_find_open_way(struct desk *desk, const struct store_promise *promise,
    struct way *out, GError **err)
{
	enum store_result found = find_way(desk, promise, out, err);

	if (found != STORE_FOUND || jobs_is_to_agents(promise->name.kind) ||
	    (out->ticket.t.flags & TICKET_FLAG_UNDELIVERABLE) == 0)
		return found;
	g_bytes_unref(out->envelope.sealed);
	return STORE_MISSING;
}

/* What it says of clocks and levels. */
static gboolean
fill_arg(struct desk *desk, const struct store_promise *promise, gint64 now,
    struct proto_job *job, GError **err)
{
	struct jobs_arg arg = jobs_arg_unpack(promise->arg);
	struct store_clock row;
	enum store_result found = STORE_MISSING;

	job->clock = arg.clock;
	job->stage = arg.stage;
	job->reasons = arg.reasons;
	job->level = arg.level;
	job->close = arg.close;
	if (arg.clock != 0)
		found = store_clock_get(desk->store, &promise->ticket,
		    (enum sla_kind)arg.clock, &row, err);
	if (found == STORE_FOUND)
		job->clock_due = sla_due(&row.clock, now);
	return found != STORE_ERROR;
}

/* Only while it is awaited. */
static gboolean
fill_first_reply(struct desk *desk, const struct ticket *t, gint64 now,
    struct proto_job *job, GError **err)
{
	struct store_clock row;

	switch (store_clock_get(
	    desk->store, &t->number, SLA_FIRST_REPLY, &row, err)) {
	case STORE_FOUND:
		if (row.clock.settled == 0)
			job->first_reply_due = sla_due(&row.clock, now);
		return TRUE;
	case STORE_MISSING: /* who is forgotten has no clocks */
		if (t->answered == 0)
			job->first_reply_due = t->first_reply_due;
		return TRUE;
	case STORE_ERROR:
		break;
	}
	return FALSE;
}

gboolean
jobs_append(struct desk *desk, const struct store_promise *promise,
    const struct way *take_way, gint64 now, struct proto_desk_jobs *answer,
    GError **err)
{
	const struct ticket *t = &take_way->ticket.t;
	struct proto_job job = {
	    .name.key = proto_key_of(&promise->name.key),
	    .name.kind = promise->name.kind,
	    .number = promise->ticket,
	    .queue = g_strdup(t->queue),
	    .lang = g_strdup(t->lang),
	    .category = g_strdup(t->category),
	    .opened = t->opened,
	    .due = promise->due,
	    .forget = desk_epoch_dies(desk, take_way->ticket.epoch),
	    .attempts = promise->attempts,
	    .epoch = take_way->envelope.epoch,
	    .contact = proto_key_of(&take_way->envelope.contact),
	    .sealed = take_way->envelope.sealed,
	    .decision_due = t->decision_due,
	    .flags = t->flags,
	    .pseudonym = g_strdup(t->pseudonym),
	    .agent = g_strdup(t->agent),
	    .copy_id = g_strdup(take_way->ticket.copy_id),
	};
	gboolean is_filled = fill_arg(desk, promise, now, &job, err) &&
			     fill_first_reply(desk, t, now, &job, err);

	/* It goes the way of the others either way. */
	g_array_append_val(answer->jobs, job);
	return is_filled;
}

/* --- settling --- */

static gboolean
settle_clocks(struct desk *desk, struct store_ticket *ticket,
    enum event_kind kind, gint64 now, GError **err)
{
	static const guint answered = 1u << SLA_ACK | 1u << SLA_FIRST_REPLY |
				      1u << SLA_ESCALATE;

	if (kind == EVENT_ACK_SENT)
		return clocks_settle(
		    desk, ticket, 1u << SLA_ACK, now, FALSE, err);
	return kind != EVENT_ANSWER_SENT ||
	       clocks_settle(desk, ticket, answered, now, TRUE, err);
}

static void
say_failed(const struct store_promise *promise)
{
	log_error("promise.failed", LOG_TICKET(&promise->ticket),
	    LOG_KIND(promise->name.kind),
	    LOG_NUM("attempts", promise->attempts));
}

/* Tells the ticket what happened to it. */
static gboolean
tell_ticket(struct desk *desk, const struct store_promise *promise,
    enum event_kind kind, gint64 now, GError **err)
{
	struct event event = {.kind = kind};
	static const struct policy policy; /* no clock starts here */
	struct store_ticket ticket;
	struct effects effects;
	enum store_result found;

	found = store_ticket_get(desk->store, &promise->ticket, &ticket, err);
	if (found != STORE_FOUND)
		return found == STORE_MISSING;
	effects = ticket_decide(&ticket.t, &event, &policy, now);
	ticket_apply(&ticket.t, &effects, now);
	if (effects_find(&effects, EFFECT_ALARM) != NULL)
		say_failed(promise);
	return settle_clocks(desk, &ticket, kind, now, err) &&
	       store_ticket_update(desk->store, &ticket, err);
}

/* What agents are told of a ticket changes nothing about it. */
static gboolean
tell_end(struct desk *desk, const struct store_promise *promise,
    enum proto_outcome outcome, gint64 now, GError **err)
{
	if (!jobs_is_to_agents(promise->name.kind))
		return tell_ticket(desk, promise,
		    outcome == PROTO_SENT ? EVENT_ACK_SENT : EVENT_ACK_FAILED,
		    now, err);
	if (outcome == PROTO_FAILED)
		say_failed(promise);
	return TRUE;
}

static gboolean
end_promise(struct desk *desk, struct store_promise *promise,
    enum store_promise_state state, GError **err)
{
	promise->state = state;
	promise->alarm_at = 0;
	return store_promise_put(desk->store, promise, err);
}

static gboolean
settle_notice(struct desk *desk, struct store_promise *promise,
    enum proto_outcome outcome, gint64 now, GError **err)
{
	switch (outcome) {
	case PROTO_SENT:
		return end_promise(desk, promise, STORE_PROMISE_SETTLED, err) &&
		       tell_end(desk, promise, outcome, now, err);
	case PROTO_FAILED:
		return end_promise(desk, promise, STORE_PROMISE_FAILED, err) &&
		       tell_end(desk, promise, outcome, now, err);
	case PROTO_DEFERRED:
		promise->state = STORE_PROMISE_OPEN;
		promise->slot = 0;
		promise->next_try = ticket_retry_at(promise->attempts, now);
		return store_promise_put(desk->store, promise, err);
	}
	return error_fail(err, ERROR_DENIED, "bad request: no such outcome");
}

/* Unless it was sent, nothing of it remains: the agent's mail is answered
 * with a failure, and comes again as if for the first time. */
static gboolean
settle_answer(struct desk *desk, struct store_promise *promise,
    enum proto_outcome outcome, gint64 now, GError **err)
{
	struct store_message message;
	enum store_result found;

	if (outcome != PROTO_SENT)
		return store_promise_delete(desk->store, &promise->name, err) &&
		       store_message_delete(
			   desk->store, &promise->name.key, err);
	found =
	    store_message_get(desk->store, &promise->name.key, &message, err);
	if (found == STORE_ERROR)
		return FALSE;
	message.state = message.state == STORE_MESSAGE_SENDING_MORE
			    ? STORE_MESSAGE_SENT_MORE
			    : STORE_MESSAGE_SENT;
	if (found == STORE_FOUND &&
	    !store_message_put(desk->store, &message, err))
		return FALSE;
	return end_promise(desk, promise, STORE_PROMISE_SETTLED, err) &&
	       tell_ticket(desk, promise, EVENT_ANSWER_SENT, now, err);
}

gboolean
jobs_settle(struct desk *desk, struct store_promise *promise,
    enum proto_outcome outcome, gint64 now, GError **err)
{
	if (outcome == PROTO_SENT && !jobs_is_to_agents(promise->name.kind) &&
	    !desk_post_sent(desk, now, err))
		return FALSE;
	if (promise->name.kind == PROTO_JOB_ANSWER)
		return settle_answer(desk, promise, outcome, now, err);
	return settle_notice(desk, promise, outcome, now, err);
}

static gboolean
settle(struct desk *desk, guint32 slot, const struct proto_settle *settle,
    gint64 now, GError **err)
{
	struct store_name name = name_of(&settle->job);
	enum proto_outcome outcome = (enum proto_outcome)settle->outcome;
	struct store_promise promise;
	enum store_result found;

	if (name.kind == PROTO_JOB_WEEKLY)
		return weekly_settle(desk, slot, settle, now, err);
	found = store_promise_get(desk->store, &name, &promise, err);
	if (found == STORE_ERROR)
		return FALSE;
	/* A post repeats what it is not sure we heard. */
	if (found == STORE_MISSING || promise.slot != slot ||
	    promise.state != STORE_PROMISE_CLAIMED)
		return TRUE;
	return jobs_settle(desk, &promise, outcome, now, err);
}

/* --- claiming --- */

/* What it tells the player has come to be untrue while it waited, as in a
 * hold: a new deadline of what is closed, a closing of what he has reopened. */
static gboolean
is_moot(guint32 kind, const struct ticket *t)
{
	gboolean is_open = t->state == TICKET_OPEN;

	return (kind == PROTO_JOB_ESCALATED && !is_open) ||
	       (kind == PROTO_JOB_CLOSED && is_open);
}

static gboolean
claim(struct desk *desk, struct store_promise *promise, gint64 now,
    struct proto_desk_jobs *answer, GError **err)
{
	struct way way;

	promise->attempts++;
	promise->state = STORE_PROMISE_CLAIMED;
	switch (jobs_find_open_way(desk, promise, &way, err)) {
	case STORE_FOUND:
		if (!is_moot(promise->name.kind, &way.ticket.t))
			return jobs_append(
				   desk, promise, &way, now, answer, err) &&
			       store_promise_put(desk->store, promise, err);
		g_bytes_unref(way.envelope.sealed);
		return end_promise(desk, promise, STORE_PROMISE_SETTLED, err);
	case STORE_MISSING:
		return end_promise(desk, promise, STORE_PROMISE_FAILED, err) &&
		       tell_end(desk, promise, PROTO_FAILED, now, err);
	case STORE_ERROR:
		break;
	}
	return FALSE;
}

/* A hold is for mails to players. *is_none: it stops all of these. */
static gboolean
kinds_to_claim(
    struct desk *desk, guint32 *kinds, gboolean *is_none, GError **err)
{
	gboolean is_held = FALSE;

	if (!desk_post_is_held(desk, &is_held, err))
		return FALSE;
	if (is_held)
		*kinds = jobs_kinds_in_hold(*kinds);
	*is_none = is_held && *kinds == 0;
	return TRUE;
}

static gboolean
claim_open(struct desk *desk, const struct proto_desk_work *work, gint64 now,
    struct proto_desk_jobs *answer, GError **err)
{
	struct store_query query = {STORE_PROMISES_TO_TRY, now,
	    MIN(work->want, PROTO_JOBS_MAX), work->kinds};
	g_autoptr(GArray) list = NULL;
	gboolean is_none = FALSE;

	if (!kinds_to_claim(desk, &query.kinds, &is_none, err))
		return FALSE;
	if (query.limit == 0 || is_none)
		return TRUE;
	list = g_array_new(FALSE, FALSE, sizeof(struct store_promise));
	if (!store_promise_list(desk->store, &query, list, err))
		return FALSE;
	for (guint i = 0; i < list->len; i++) {
		struct store_promise *promise =
		    &g_array_index(list, struct store_promise, i);

		promise->slot = work->slot;
		if (!claim(desk, promise, now, answer, err))
			return FALSE;
	}
	return TRUE;
}

gboolean
desk_has_work(struct desk *desk, guint32 kinds, gint64 now)
{
	struct store_next next = {0};
	gboolean is_none = FALSE;

	/* A fault shows in the request that the waiting post repeats. */
	if (weekly_has_work(desk, kinds, now))
		return TRUE;
	return kinds_to_claim(desk, &kinds, &is_none, NULL) && !is_none &&
	       store_promise_next(desk->store, kinds, &next, NULL) &&
	       next.try_at != 0 && next.try_at <= now;
}

GArray *
jobs_held_by(struct desk *desk, guint32 slot, GError **err)
{
	struct store_query query = {
	    STORE_PROMISES_OF_SLOT, slot, PROTO_JOBS_MAX, 0};
	g_autoptr(GArray) list = NULL;

	list = g_array_new(FALSE, FALSE, sizeof(struct store_promise));
	if (!store_promise_list(desk->store, &query, list, err))
		return NULL;
	return g_steal_pointer(&list);
}

/* Jobs the slot holds. Those that nobody can send any more end here. */
static gboolean
list_held(struct desk *desk, guint32 slot, gint64 now,
    struct proto_desk_jobs *answer, GError **err)
{
	g_autoptr(GArray) list = jobs_held_by(desk, slot, err);

	if (list == NULL)
		return FALSE;
	for (guint i = 0; i < list->len; i++) {
		struct store_promise *promise =
		    &g_array_index(list, struct store_promise, i);
		struct way way;

		switch (find_way(desk, promise, &way, err)) {
		case STORE_FOUND:
			if (!jobs_append(
				desk, promise, &way, now, answer, err))
				return FALSE;
			break;
		case STORE_MISSING:
			if (!jobs_settle(
				desk, promise, PROTO_FAILED, now, err))
				return FALSE;
			break;
		case STORE_ERROR:
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean
work_saved(struct desk *desk, const struct proto_desk_work *work, gint64 now,
    struct proto_desk_jobs *answer, GError **err)
{
	guint n = work->settled == NULL ? 0 : work->settled->len;

	for (guint i = 0; i < n; i++)
		if (!settle(desk, work->slot,
			&g_array_index(work->settled, struct proto_settle, i),
			now, err))
			return FALSE;
	if (!work->resume && work->want == 0)
		return TRUE;
	/* A post asks for more only when it has done all it knows of. What it
	 * still holds was claimed for it in an answer that got lost with a
	 * former desk: it was not begun. */
	if (!list_held(desk, work->slot, now, answer, err) ||
	    !weekly_list_held(desk, work->slot, now, answer, err))
		return FALSE;
	if (work->resume || answer->jobs->len > 0)
		return TRUE;
	return claim_open(desk, work, now, answer, err) &&
	       weekly_claim(desk, work, now, answer, err);
}

gboolean
desk_work(struct desk *desk, const struct proto_desk_work *work, gint64 now,
    struct proto_desk_jobs *answer, GError **err)
{
	if (!store_save(desk->store, err))
		return FALSE;
	answer->jobs = g_array_new(FALSE, TRUE, sizeof(struct proto_job));
	if (work_saved(desk, work, now, answer, err) &&
	    store_release(desk->store, err))
		return TRUE;
	store_revert(desk->store);
	jobs_clear(answer);
	return FALSE;
}
