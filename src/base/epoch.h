#ifndef ND_BASE_EPOCH_H
#define ND_BASE_EPOCH_H

/*
 * Arithmetic of epochs. Epoch n lasts from n * epoch_s to (n + 1) * epoch_s,
 * in seconds since 1970; its keys die retention_s after its end. The vault
 * lives by these dates and the desk promises them, so both use these
 * functions. Pure; results beyond what a gint64 holds are G_MAXINT64.
 * epoch_s must be positive, retention_s not negative.
 */
#include <glib.h>

/* Number of the epoch a time lies in. */
gint64 epoch_of_time(gint64 time_s, gint64 epoch_s);

/* First second of the epoch, and the first second after it. */
gint64 epoch_start(gint64 epoch, gint64 epoch_s);
gint64 epoch_end(gint64 epoch, gint64 epoch_s);

/* From this second on the epoch's keys must not exist. */
gint64 epoch_death(gint64 epoch, gint64 epoch_s, gint64 retention_s);

/* How many epochs can be alive at one time, at most. */
gint64 epoch_live_max(gint64 epoch_s, gint64 retention_s);

#endif
