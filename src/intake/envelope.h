#ifndef ND_INTAKE_ENVELOPE_H
#define ND_INTAKE_ENVELOPE_H

/*
 * What who fills a struct session_envelope needs: the session, the fronts and
 * the workers.
 */
#include <glib.h>

#include "base/addr.h"
#include "intake/session.h"

/* For envelope->rcpts: owns what is added. Caller unrefs. */
GPtrArray *envelope_rcpts_new(void);
/* Takes take_addr; wire is made of it. */
void envelope_rcpts_add(GPtrArray *rcpts, struct addr *take_addr);

/* Is this what sender_addr and wire of an envelope may hold? Not whether it is
 * a whole address. */
gboolean envelope_addr_fits(const char *addr);

#endif
