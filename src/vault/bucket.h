#ifndef ND_VAULT_BUCKET_H
#define ND_VAULT_BUCKET_H

/*
 * A token bucket in whole tokens and whole seconds: burst tokens at first,
 * rate more each second, never more than burst. A clock that goes back
 * gives nothing and takes nothing. Pure.
 */
#include <glib.h>

struct bucket {
	gint64 rate;
	gint64 burst;
	gint64 tokens;
	gint64 last; /* second of the last refill */
};

/* Negative values count as 0. */
void bucket_init(struct bucket *bucket, gint64 rate, gint64 burst);

/* TRUE if there was a token to take. */
gboolean bucket_take(struct bucket *bucket, gint64 now);

#endif
