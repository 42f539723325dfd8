/*
 * What bounds the harm of a loop or a wrong template: the hold of the post,
 * by an operator or by too many mails in an hour; how often an agent is told
 * that his mail came to no ticket; and the count of addresses and numbers that
 * somebody tries.
 */
#include "base/error.h"
#include "base/log.h"
#include "desk/desk.h"
#include "desk/internal.h"

#include "base/banned.h"

#define HOUR_S 3600

/* The row, with the count of this hour. */
static gboolean
post_get(struct desk *desk, gint64 now, struct store_post *out, GError **err)
{
	if (!store_post_get(desk->store, out, err))
		return FALSE;
	if (out->hour != now / HOUR_S) {
		out->hour = now / HOUR_S;
		out->sent = 0;
	}
	return TRUE;
}

gboolean
desk_post_is_held(struct desk *desk, gboolean *is_held, GError **err)
{
	struct store_post post;

	if (!store_post_get(desk->store, &post, err))
		return FALSE;
	*is_held = post.hold != PROTO_HOLD_NONE;
	return TRUE;
}

gboolean
desk_post_sent(struct desk *desk, gint64 now, GError **err)
{
	struct store_post post;

	if (!post_get(desk, now, &post, err))
		return FALSE;
	post.sent++;
	if (post.sent > desk->config->post_rate &&
	    post.hold == PROTO_HOLD_NONE) {
		post.hold = PROTO_HOLD_BREAKER;
		post.since = now;
		log_error("post.held", LOG_NUM("sent", post.sent));
	}
	return store_post_put(desk->store, &post, err);
}

gboolean
desk_post(struct desk *desk, const struct proto_ctl_post *request, gint64 now,
    struct proto_ctl_post_is *answer, GError **err)
{
	struct store_counts counts = {0};
	struct store_post post;

	if (!post_get(desk, now, &post, err) ||
	    !store_count(desk->store, now, &counts, err))
		return FALSE;
	answer->was = post.hold;
	answer->waiting = counts.promises_open;
	post.hold = request->hold;
	post.since = post.hold == PROTO_HOLD_NONE ? 0 : now;
	if (post.hold == PROTO_HOLD_NONE)
		post.sent = 0; /* a full hour's worth again */
	log_warn("post.hold", LOG_NUM("hold", post.hold),
	    LOG_NUM("waiting", answer->waiting));
	return store_post_put(desk->store, &post, err);
}

gboolean
desk_status(struct desk *desk, gint64 now, struct proto_ctl_status_is *answer,
    GError **err)
{
	struct store_post post;

	if (!post_get(desk, now, &post, err))
		return FALSE;
	answer->post_hold = post.hold;
	answer->post_since = post.since;
	answer->post_sent = post.sent;
	answer->guesses =
	    desk->guess_hour == now / HOUR_S ? desk->guesses : 0;
	return TRUE;
}

gboolean
desk_tell(struct desk *desk, const struct proto_desk_tell *tell, gint64 now,
    GError **err)
{
	guint told;

	if (desk->told_hour != now / HOUR_S) {
		desk->told_hour = now / HOUR_S;
		g_hash_table_remove_all(desk->told);
	}
	told = GPOINTER_TO_UINT(
	    g_hash_table_lookup(desk->told, &tell->contact));
	if (told >= desk->config->ack_burst)
		return error_fail(err, ERROR_TEMP,
		    "one agent was told of too many stray mails in this hour");
	(void)g_hash_table_insert(desk->told,
	    g_memdup2(&tell->contact, sizeof(tell->contact)),
	    GUINT_TO_POINTER(told + 1));
	return TRUE;
}

void
desk_guessed(struct desk *desk, guint n, gint64 now)
{
	gint64 before;

	if (desk->guess_hour != now / HOUR_S) {
		desk->guess_hour = now / HOUR_S;
		desk->guesses = 0;
	}
	before = desk->guesses;
	desk->guesses += n;
	if (before < desk->config->guess_rate &&
	    desk->guesses >= desk->config->guess_rate)
		log_error("address.guessed",
		    LOG_NUM("guesses", desk->guesses));
}
