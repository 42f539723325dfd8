/*
 * An agent's answer in the hands of a post, from the moment it is taken.
 */
#include "base/error.h"
#include "desk/desk.h"
#include "desk/internal.h"
#include "desk/jobs.h"

#include "base/banned.h"

/* How long an agent's answer may stay in the hands of a post before an
 * operator is told: its fate is unknown as long as it does. */
#define ANSWER_S 300

/* *is_sent: there is nothing left to do. */
static gboolean
check_untaken(struct desk *desk, const struct store_key *key, gboolean *is_sent,
    GError **err)
{
	struct store_message message;
	enum store_result found;

	found = store_message_get(desk->store, key, &message, err);
	if (found != STORE_FOUND)
		return found == STORE_MISSING;
	*is_sent = message.state != STORE_MESSAGE_SENDING &&
		   message.state != STORE_MESSAGE_SENDING_MORE;
	return *is_sent ||
	       error_fail(err, ERROR_TEMP,
		   "this answer is being sent; how that ends is not known");
}

/* A post takes an answer only when it holds none: what it still holds was
 * taken in an answer that got lost with a former desk, and was not begun. */
static gboolean
release_held(struct desk *desk, guint32 slot, gint64 now, GError **err)
{
	g_autoptr(GArray) list = jobs_held_by(desk, slot, err);

	if (list == NULL)
		return FALSE;
	for (guint i = 0; i < list->len; i++)
		if (!jobs_settle(desk,
			&g_array_index(list, struct store_promise, i),
			PROTO_DEFERRED, now, err))
			return FALSE;
	return TRUE;
}

/* *is_sent: there is nothing left to do. */
static gboolean
may_take(struct desk *desk, const struct proto_desk_take *take, gint64 now,
    gboolean *is_sent, GError **err)
{
	struct store_key key = desk_key(&take->job.key);
	gboolean is_held = FALSE;

	if (take->job.kind != PROTO_JOB_ANSWER)
		return error_fail(
		    err, ERROR_DENIED, "bad request: only answers are taken");
	if (!desk_post_is_held(desk, &is_held, err))
		return FALSE;
	if (is_held)
		return error_fail(err, ERROR_TEMP, "the post is held");
	return release_held(desk, take->slot, now, err) &&
	       desk_queue(desk, take->queue, err) != NULL &&
	       check_untaken(desk, &key, is_sent, err);
}

/* Who answers what is nobody's has it from then on. */
static gboolean
keep_owner(struct desk *desk, struct store_ticket *ticket, const char *agent,
    GError **err)
{
	if (ticket->t.agent[0] != '\0' || agent == NULL || agent[0] == '\0')
		return TRUE;
	if (!desk_is_agent_name(agent))
		return error_fail(
		    err, ERROR_DENIED, "bad request: no such word");
	(void)g_strlcpy(ticket->t.agent, agent, TICKET_TOKEN_SIZE);
	return store_ticket_update(desk->store, ticket, err);
}

static gboolean
take_by(struct desk *desk, const struct store_promise *promise,
    const struct proto_desk_take *take, gint64 now,
    struct proto_desk_jobs *answer, GError **err)
{
	struct proto_job *job;
	struct way way;

	switch (jobs_find_open_way(desk, promise, &way, err)) {
	case STORE_ERROR:
		return FALSE;
	case STORE_MISSING:
		return error_fail(err, ERROR_PERM,
		    "the ticket is unknown, its way back to the player is "
		    "forgotten, or mail to him came back");
	case STORE_FOUND:
		break;
	}
	if (!jobs_append(desk, promise, &way, now, answer, err))
		return FALSE;
	job = &g_array_index(answer->jobs, struct proto_job, 0);
	g_free(job->queue);
	job->queue = g_strdup(take->queue);
	return keep_owner(desk, &way.ticket, take->agent, err);
}

static gboolean
take_saved(struct desk *desk, const struct proto_desk_take *take, gint64 now,
    struct proto_desk_jobs *answer, GError **err)
{
	struct store_promise promise = {
	    .name = {desk_key(&take->job.key), take->job.kind},
	    .ticket = take->number,
	    .state = STORE_PROMISE_CLAIMED,
	    .slot = take->slot,
	    .due = now + ANSWER_S,
	    .next_try = now,
	    .attempts = 1,
	    .alarm_at = now + ANSWER_S + 1,
	};
	struct store_message message = {
	    .fingerprint = promise.name.key,
	    .epoch = desk_epoch_of(desk, now),
	    .ticket = take->number,
	    .state = take->has_more ? STORE_MESSAGE_SENDING_MORE
				    : STORE_MESSAGE_SENDING,
	};
	gboolean is_sent = FALSE;

	if (!may_take(desk, take, now, &is_sent, err))
		return FALSE;
	return is_sent ||
	       (take_by(desk, &promise, take, now, answer, err) &&
		   store_message_put(desk->store, &message, err) &&
		   store_promise_put(desk->store, &promise, err));
}

gboolean
desk_take(struct desk *desk, const struct proto_desk_take *take, gint64 now,
    struct proto_desk_jobs *answer, GError **err)
{
	if (!store_save(desk->store, err))
		return FALSE;
	answer->jobs = g_array_new(FALSE, TRUE, sizeof(struct proto_job));
	if (take_saved(desk, take, now, answer, err) &&
	    store_release(desk->store, err))
		return TRUE;
	store_revert(desk->store);
	jobs_clear(answer);
	return FALSE;
}
