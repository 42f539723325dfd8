#ifndef ND_INTAKE_CONTROL_H
#define ND_INTAKE_CONTROL_H

/*
 * Mails to a queue's control address: what a member asks there is answered to
 * him alone, by tables of tickets and numbers of this queue. Nothing of it
 * changes anything.
 *
 * Whoever else writes there writes to the queue: he must not learn that there
 * is such an address, and his mail must not be lost.
 */
#include "intake/case.h"

/* TRUE if the sender of a mail to c->queue's control address is a member, so
 * that it is for control_deliver(). */
gboolean control_is(const struct mail_case *c);

/* A machine's mail ends here; without proof he is told that. FALSE: nobody was
 * answered; the mail has to come again. */
gboolean control_deliver(const struct mail_case *c, GError **err);

#endif
