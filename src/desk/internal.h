#ifndef ND_DESK_INTERNAL_H
#define ND_DESK_INTERNAL_H

/*
 * Shared by the files of this directory only.
 */
#include "desk/desk.h"

struct desk {
	struct store *store;	     /* borrowed */
	const struct config *config; /* borrowed */
	gint64 first_live;	     /* epochs before it are purged */
	gboolean must_tidy;	     /* after this turn: something was forgotten */
	gint64 guess_hour;	     /* hours since 1970 */
	gint64 guesses;		     /* in that hour */
	GHashTable *told;	     /* own struct proto_key to how often */
	gint64 told_hour;
};

struct store_key desk_key(const struct proto_key *key);

/* Of the queue, or NULL and ERROR_TEMP: roles with different
 * configurations agree again after their restart. */
const struct config_queue *desk_queue(
    const struct desk *desk, const char *name, GError **err);
struct policy desk_policy(const struct config_queue *queue);

/* store_forget() in this turn; after it, what is gone is gone from the disk. */
enum store_result desk_forget_player(struct desk *desk,
    const struct number *number, guint *tickets, GError **err);

/* The hold of the post. _sent: one more mail to a player has left, which may
 * be one too many. */
gboolean desk_post_is_held(
    struct desk *desk, gboolean *is_held, GError **err);
gboolean desk_post_sent(struct desk *desk, gint64 now, GError **err);

/* n addresses or numbers of ours that did not hold: alarms at guess_rate. */
void desk_guessed(struct desk *desk, guint n, gint64 now);

/* Name of a kind of job for logs. */
const char *desk_kind_name(guint32 kind);
/* A log field: LOG_KIND(kind). Needs base/log.h. */
#define LOG_KIND(k)                                                            \
	((struct log_field){.key = "kind",                                     \
	    .word = desk_kind_name((guint32)((k) | 0))})

gint64 desk_epoch_of(const struct desk *desk, gint64 time);
/* When the keys of the epoch die. */
gint64 desk_epoch_dies(const struct desk *desk, gint64 epoch);

#endif
