#ifndef ND_CMD_TICKETS_H
#define ND_CMD_TICKETS_H

/*
 * "nymdesk list", "show", "forget" and "vip". Each prints its answer, and
 * returns the status to exit with: EXIT_USAGE for wrong use, EXIT_TROUBLE if
 * the desk does not answer or knows no such ticket or player; *err says why.
 */
#include "cmd/ctl.h"

int tickets_list(const struct ctl *ctl, GError **err);
int tickets_show(const struct ctl *ctl, const char *number, GError **err);
int tickets_forget(const struct ctl *ctl, const char *number, GError **err);
/* agent: a name, or "-" for none. */
int tickets_vip(const struct ctl *ctl, const char *pseudonym,
    const char *agent, GError **err);

#endif
