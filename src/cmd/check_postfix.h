#ifndef ND_CMD_CHECK_POSTFIX_H
#define ND_CMD_CHECK_POSTFIX_H

/*
 * The part of "nymdesk check" that reads Postfix's settings: runs postconf(1)
 * and looks at the machine below. Changes nothing.
 */
#include <glib.h>

#include "base/config.h"

/* Appends rows (cmd/check.h). dir: Postfix's configuration directory, NULL
 * for the default one. */
void check_postfix_settings(GArray *rows, const struct config *config,
    const char *dir);

#endif
