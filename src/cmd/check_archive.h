#ifndef ND_CMD_CHECK_ARCHIVE_H
#define ND_CMD_CHECK_ARCHIVE_H

/*
 * What nymdesk check says of queues' archives: settings and files, without
 * connecting anywhere.
 */
#include <glib.h>

#include "base/config.h"

/* Adds rows (struct check_row); none if no queue names an archive. */
void check_archives(GArray *rows, const struct config *config);

#endif
