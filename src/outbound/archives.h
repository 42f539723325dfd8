#ifndef ND_OUTBOUND_ARCHIVES_H
#define ND_OUTBOUND_ARCHIVES_H

/*
 * The archives of all queues: one connection each, and how long to leave each
 * alone.
 *
 * After a failure an archive rests for 2 s, then for twice as long up to 10
 * minutes, and after work that took long for as long as that took: whatever a
 * server does, the others get their turn. Times are those of
 * g_get_monotonic_time().
 */
#include <glib.h>

#include "base/config.h"
#include "outbound/archive.h"

#define ARCHIVES_REST_MIN_S 2
#define ARCHIVES_REST_MAX_S 600

struct archives;

/* Borrows config. Connects to nothing. An archive whose settings can never do
 * is logged as an error, and always rests. */
struct archives *archives_new(const struct config *config, guint timeout_ms);
void archives_free(struct archives *archives); /* NULL is fine */

/* TRUE if the queue names an archive. */
gboolean archives_has(const struct archives *archives, const char *queue);

/* The queue's archive, borrowed, if it does not rest; else NULL. What is then
 * done with it ends in archives_done(). */
struct archive *archives_begin(struct archives *archives, const char *queue,
    gint64 now_us);
void archives_done(struct archives *archives, const char *queue, gboolean ok,
    gint64 now_us);

#endif
