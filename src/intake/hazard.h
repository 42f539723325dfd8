#ifndef ND_INTAKE_HAZARD_H
#define ND_INTAKE_HAZARD_H

/*
 * Which mails killed a worker.
 *
 * Parsing hostile mail may crash a worker or take it too long. The mail then
 * stays with the client and comes again, to kill the next one. A page that
 * all workers share and that outlives them remembers what each has in hand: a
 * worker that starts finds there what its predecessor died of. A mail that
 * killed twice is not parsed a third time. The page holds a hash of the
 * octets and counts, nothing of a mail; it is gone with the supervisor.
 */
#include <glib.h>

#define HAZARD_KILLS_MAX 2
#define HAZARD_WORKERS_MAX 256
/* A mail that takes longer kills its worker. */
#define HAZARD_TIME_S 60

struct hazard;

/* page: memfd of at least one page, which is taken; slot: the worker's
 * number. Notes what a predecessor in this slot had in hand. */
struct hazard *hazard_open(int page, guint slot, GError **err);
void hazard_close(struct hazard *hazard); /* NULL is a no-op */

/* Before a dangerous step on a mail; hazard_leave() after it. FALSE: it
 * killed too often, leave the step out. A hazard of NULL permits all. */
gboolean hazard_enter(struct hazard *hazard, GBytes *message);
void hazard_leave(struct hazard *hazard);

#endif
