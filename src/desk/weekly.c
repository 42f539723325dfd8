/*
 * The report of a week, for the head of a queue: a job without a ticket, once
 * for each week, from Monday 06:00 UTC on. Weeks end on Monday 00:00 UTC.
 */
#include "base/error.h"
#include "base/log.h"
#include "desk/desk.h"
#include "desk/internal.h"

#include <string.h>

#include "base/banned.h"

#define DAY_S ((gint64)86400)
#define WEEK_S (7 * DAY_S)
#define MONDAY_S (4 * DAY_S) /* the first one since 1970 */
#define AT_S (6 * 3600)
#define IN_HAND_S 900 /* then another post may have it */
#define RETRY_S 600

/* The end of the newest week whose report may go out. */
static gint64
week_end(gint64 now)
{
	gint64 weeks = (now - MONDAY_S - AT_S) / WEEK_S;

	return MONDAY_S + weeks * WEEK_S;
}

static struct store_key
key_of(const struct store_weekly *row, gint64 end)
{
	g_autofree char *text = g_strdup_printf(
	    "nymdesk weekly %s %" G_GINT64_FORMAT, row->queue, end);

	return desk_key_of(text);
}

static const struct config_queue *
queue_at(const struct desk *desk, guint i)
{
	const struct config_queue *queue =
	    g_ptr_array_index(desk->config->queues, i);

	return queue->weekly ? queue : NULL;
}

/* A queue that asks for reports for the first time gets none of the time
 * before; *is_new: its row is yet to be kept. */
static gboolean
find_row(struct desk *desk, const struct config_queue *queue, gint64 now,
    struct store_weekly *out, gboolean *is_new, GError **err)
{
	enum store_result found =
	    store_weekly_get(desk->store, queue->name, out, err);

	*is_new = found == STORE_MISSING;
	if (*is_new) {
		*out = (struct store_weekly){.sent = week_end(now)};
		(void)g_strlcpy(out->queue, queue->name, TICKET_TOKEN_SIZE);
	}
	return found != STORE_ERROR;
}

static gboolean
is_due(const struct store_weekly *row, gint64 now)
{
	return row->sent < week_end(now) && row->next_try <= now;
}

static void
append_job(const struct store_weekly *row, gint64 now,
    struct proto_desk_jobs *answer)
{
	gint64 end = week_end(now);
	struct store_key key = key_of(row, end);
	struct proto_job job = {
	    .name.kind = PROTO_JOB_WEEKLY,
	    .queue = g_strdup(row->queue),
	    .lang = g_strdup(""),
	    .category = g_strdup(""),
	    .opened = end - WEEK_S,
	    .due = end + DAY_S,
	    .clock_due = end,
	    .attempts = 1,
	    .sealed = g_bytes_new(NULL, 0),
	    .pseudonym = g_strdup(""),
	    .agent = g_strdup(""),
	};

	memcpy(job.name.key.b, key.b, sizeof(key.b));
	g_array_append_val(answer->jobs, job);
}

gboolean
weekly_has_work(struct desk *desk, guint32 kinds, gint64 now)
{
	if (!weekly_is_asked(kinds))
		return FALSE;
	for (guint i = 0; i < desk->config->queues->len; i++) {
		const struct config_queue *queue = queue_at(desk, i);
		struct store_weekly row;
		gboolean is_new;

		if (queue != NULL &&
		    find_row(desk, queue, now, &row, &is_new, NULL) &&
		    (is_new || is_due(&row, now)))
			return TRUE;
	}
	return FALSE;
}

gboolean
weekly_is_asked(guint32 kinds)
{
	return kinds == 0 || (kinds >> PROTO_JOB_WEEKLY & 1) != 0;
}

gboolean
weekly_claim(struct desk *desk, const struct proto_desk_work *work, gint64 now,
    struct proto_desk_jobs *answer, GError **err)
{
	guint want = MIN(work->want, PROTO_JOBS_MAX);

	if (!weekly_is_asked(work->kinds))
		return TRUE;
	for (guint i = 0; i < desk->config->queues->len; i++) {
		const struct config_queue *queue = queue_at(desk, i);
		struct store_weekly row;
		gboolean is_new, must_send;

		if (queue == NULL)
			continue;
		if (!find_row(desk, queue, now, &row, &is_new, err))
			return FALSE;
		must_send = is_due(&row, now) && answer->jobs->len < want;
		if (must_send) {
			row.slot = work->slot + 1;
			row.next_try = now + IN_HAND_S;
			append_job(&row, now, answer);
		}
		if ((must_send || is_new) &&
		    !store_weekly_put(desk->store, &row, err))
			return FALSE;
	}
	return TRUE;
}

gboolean
weekly_list_held(struct desk *desk, guint32 slot, gint64 now,
    struct proto_desk_jobs *answer, GError **err)
{
	for (guint i = 0; i < desk->config->queues->len; i++) {
		const struct config_queue *queue = queue_at(desk, i);
		struct store_weekly row;
		gboolean is_new;

		if (queue == NULL)
			continue;
		if (!find_row(desk, queue, now, &row, &is_new, err))
			return FALSE;
		if (row.slot == slot + 1 &&
		    row.sent < week_end(now) &&
		    answer->jobs->len < PROTO_JOBS_MAX)
			append_job(&row, now, answer);
	}
	return TRUE;
}

static gboolean
settle_row(struct desk *desk, struct store_weekly *row,
    enum proto_outcome outcome, gint64 now, GError **err)
{
	row->slot = 0;
	switch (outcome) {
	case PROTO_DEFERRED:
		row->next_try = now + RETRY_S;
		return store_weekly_put(desk->store, row, err);
	case PROTO_FAILED:
		/* The same mail would be refused again. */
		log_error("weekly.failed",
		    LOG_QUEUE(config_queue_by_name(
			desk->config, row->queue)));
		break;
	case PROTO_SENT:
		break;
	}
	row->sent = week_end(now);
	row->next_try = 0;
	return store_weekly_put(desk->store, row, err);
}

gboolean
weekly_settle(struct desk *desk, guint32 slot,
    const struct proto_settle *settle, gint64 now, GError **err)
{
	struct store_key key = desk_key(&settle->job.key);

	for (guint i = 0; i < desk->config->queues->len; i++) {
		const struct config_queue *queue = queue_at(desk, i);
		struct store_weekly row;
		struct store_key own;
		gboolean is_new;

		if (queue == NULL)
			continue;
		if (!find_row(desk, queue, now, &row, &is_new, err))
			return FALSE;
		own = key_of(&row, week_end(now));
		if (row.slot == slot + 1 &&
		    store_key_equal(&own, &key))
			return settle_row(desk, &row,
			    (enum proto_outcome)settle->outcome, now, err);
	}
	return TRUE;
}
