#ifndef ND_DESK_JOBS_H
#define ND_DESK_JOBS_H

/*
 * Jobs in the hands of posts: shared by jobs.c, which gives and settles them,
 * and take.c, in which a post brings its own.
 */
#include "desk/desk.h"

/* What it takes to write about a ticket. */
struct way {
	struct store_ticket ticket;
	struct store_envelope envelope; /* sealed is empty towards agents */
};

/* STORE_MISSING if there is no way to whom the mail is for, or it would come
 * back. On STORE_FOUND the caller owns envelope.sealed. */
enum store_result jobs_find_open_way(struct desk *desk,
    const struct store_promise *promise, struct way *out, GError **err);

/* Takes what the way owns, also if it fails. */
gboolean jobs_append(struct desk *desk, const struct store_promise *promise,
    const struct way *take_way, gint64 now, struct proto_desk_jobs *answer,
    GError **err);
void jobs_clear(struct proto_desk_jobs *answer);

/* The promises that a slot has claimed; new, or NULL. */
GArray *jobs_held_by(struct desk *desk, guint32 slot, GError **err);

/* Ends a claimed promise, or gives it back, and tells the ticket. */
gboolean jobs_settle(struct desk *desk, struct store_promise *promise,
    enum proto_outcome outcome, gint64 now, GError **err);

#endif
