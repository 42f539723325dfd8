#include "desk/desk.h"

#include "base/epoch.h"
#include "base/error.h"
#include "base/log.h"
#include "desk/burst.h"
#include "desk/internal.h"

#include <string.h>

#include "base/banned.h"

#define TICK_MAX_MS 60000
#define TICK_AGAIN_MS 10000 /* after a fault */
#define ALARMS_PER_TICK 100
#define PURGED_PER_TICK 500
#define AGENT_NAME_MAX 32

G_STATIC_ASSERT(STORE_KEY_LEN == PROTO_KEY_LEN);
G_STATIC_ASSERT(PSEUDONYM_KEY_LEN == PROTO_KEY_LEN);

struct desk *
desk_new(struct store *store, const struct config *config)
{
	struct desk *desk = g_new0(struct desk, 1);

	g_assert(config->epoch_s > 0);
	desk->store = store;
	desk->config = config;
	desk->first_live = G_MININT64;
	desk->burst = burst_new();
	desk->told = g_hash_table_new_full(
	    proto_key_hash, proto_key_equal, g_free, NULL);
	/* A number is its text. */
	desk->raised =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return desk;
}

void
desk_free(struct desk *desk)
{
	g_hash_table_unref(desk->told);
	g_hash_table_unref(desk->raised);
	burst_free(desk->burst);
	g_free(desk);
}

gboolean
desk_begin(struct desk *desk, gint64 now, GError **err)
{
	g_hash_table_remove_all(desk->raised);
	if (!store_begin(desk->store, err))
		return FALSE;
	if (clocks_catch_up(desk, now, err))
		return TRUE;
	store_rollback(desk->store);
	return FALSE;
}

gboolean
desk_commit_turn(struct desk *desk, GError **err)
{
	if (!store_commit(desk->store, err))
		return FALSE;
	if (desk->must_tidy)
		store_idle(desk->store);
	desk->must_tidy = FALSE;
	return TRUE;
}

/* --- shared --- */

struct store_key
desk_key(const struct proto_key *key)
{
	struct store_key out;

	memcpy(out.b, key->b, sizeof(out.b));
	return out;
}

struct store_key
desk_key_of(const char *text)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	struct store_key out;
	gsize len = sizeof(out.b);

	g_checksum_update(sum, (const guchar *)text, -1);
	g_checksum_get_digest(sum, out.b, &len);
	g_assert(len == sizeof(out.b));
	return out;
}

gboolean
desk_is_agent_name(const char *name)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789._-";

	return strlen(name) <= AGENT_NAME_MAX &&
	       name[strspn(name, allowed)] == '\0';
}

gboolean
desk_is_token(const char *token)
{
	return strlen(token) < TICKET_TOKEN_SIZE &&
	       strchr(token, '@') == NULL;
}

const struct config_queue *
desk_queue(const struct desk *desk, const char *name, GError **err)
{
	const struct config_queue *queue;

	queue = config_queue_by_name(desk->config, name);
	if (queue == NULL)
		error_fail(err, ERROR_TEMP,
		    "a mail for a queue the desk does not know");
	return queue;
}

const char *
desk_kind_name(guint32 kind)
{
	switch (kind) {
	case PROTO_JOB_ACK:
		return "ack";
	case PROTO_JOB_ANSWER:
		return "answer";
	case PROTO_JOB_ENCRYPTED:
		return "encrypted";
	case PROTO_JOB_ESCALATED:
		return "escalated";
	case PROTO_JOB_CLOSED:
		return "closed";
	case PROTO_JOB_TRANSCRIPT:
		return "transcript";
	case PROTO_JOB_STAGE:
		return "stage";
	case PROTO_JOB_HANDED:
		return "handed";
	case PROTO_JOB_WEEKLY:
		return "weekly";
	default:
		return "other";
	}
}

const char *
desk_clock_name(guint32 kind)
{
	switch (kind) {
	case SLA_ACK:
		return "ack";
	case SLA_FIRST_REPLY:
		return "first_reply";
	case SLA_DECISION:
		return "decision";
	case SLA_ESCALATE:
		return "escalate";
	default:
		return "other";
	}
}

gint64
desk_epoch_of(const struct desk *desk, gint64 time)
{
	return epoch_of_time(time, desk->config->epoch_s);
}

gint64
desk_epoch_dies(const struct desk *desk, gint64 epoch)
{
	return epoch_death(
	    epoch, desk->config->epoch_s, desk->config->retention_s);
}

/* --- time --- */

/* Says it once when time gets short and once when it is over. */
static gboolean
give_alarm(
    struct desk *desk, struct store_promise *promise, gint64 now, GError **err)
{
	gboolean is_late = now > promise->due;

	if (is_late)
		log_error("promise.late",
		    LOG_TICKET(&promise->ticket),
		    LOG_KIND(promise->name.kind),
		    LOG_NUM("due", promise->due));
	else
		log_error("promise.soon",
		    LOG_TICKET(&promise->ticket),
		    LOG_KIND(promise->name.kind),
		    LOG_NUM("due", promise->due));
	promise->alarmed++;
	promise->alarm_at = is_late ? 0 : promise->due + 1;
	return store_promise_put(desk->store, promise, err);
}

static gboolean
give_alarms(struct desk *desk, gint64 now, GError **err)
{
	struct store_query query = {
	    STORE_PROMISES_TO_ALARM, now, ALARMS_PER_TICK, 0};
	g_autoptr(GArray) list = NULL;

	list = g_array_new(FALSE, FALSE, sizeof(struct store_promise));
	if (!store_promise_list(desk->store, &query, list, err))
		return FALSE;
	for (guint i = 0; i < list->len; i++)
		if (!give_alarm(desk,
			&g_array_index(list, struct store_promise, i), now,
			err))
			return FALSE;
	return TRUE;
}

static gint64
first_live_epoch(const struct desk *desk, gint64 now)
{
	return desk_epoch_of(desk, now - desk->config->retention_s);
}

/* *is_done: nothing of dead epochs is left. */
static gboolean
purge(struct desk *desk, gint64 first_live, gboolean *is_done, GError **err)
{
	guint removed = 0;

	if (!store_purge(
		desk->store, first_live, PURGED_PER_TICK, &removed, err))
		return FALSE;
	*is_done = removed == 0;
	return TRUE;
}

static gboolean
tick_in_turn(struct desk *desk, gint64 now, GError **err)
{
	gint64 first_live = first_live_epoch(desk, now);
	gboolean is_done = FALSE;

	if (!desk_begin(desk, now, err))
		return FALSE;
	if (!give_alarms(desk, now, err) ||
	    (first_live > desk->first_live &&
		!purge(desk, first_live, &is_done, err))) {
		store_rollback(desk->store);
		return FALSE;
	}
	if (!desk_commit_turn(desk, err))
		return FALSE;
	if (is_done) {
		/* Forgotten means gone from the log file as well. */
		store_idle(desk->store);
		desk->first_live = first_live;
	}
	return TRUE;
}

static int
ms_until(const struct desk *desk, const struct store_next *next, gint64 now)
{
	gint64 at = desk_epoch_dies(desk, desk->first_live);

	if (next->alarm_at != 0)
		at = MIN(at, next->alarm_at);
	if (next->clock_at != 0)
		at = MIN(at, next->clock_at);
	/* What may be tried already waits for a post, not for a time. */
	if (next->try_at > now)
		at = MIN(at, next->try_at);
	return (int)(CLAMP(at - now, 0, TICK_MAX_MS / 1000) * 1000);
}

static gboolean
is_due(gint64 at, gint64 now)
{
	return at != 0 && at <= now;
}

int
desk_tick(struct desk *desk, gint64 now)
{
	g_autoptr(GError) err = NULL;
	struct store_next next = {0};

	if (!store_promise_next(desk->store, 0, &next, &err))
		goto failed;
	if (first_live_epoch(desk, now) > desk->first_live ||
	    is_due(next.alarm_at, now) || is_due(next.clock_at, now)) {
		if (!tick_in_turn(desk, now, &err) ||
		    !store_promise_next(desk->store, 0, &next, &err))
			goto failed;
		if (first_live_epoch(desk, now) > desk->first_live)
			return 0;
	}
	return ms_until(desk, &next, now);
failed:
	log_error("desk.tick", LOG_ERR(err));
	return TICK_AGAIN_MS;
}
