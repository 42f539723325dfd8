#ifndef ND_CMD_REPORT_H
#define ND_CMD_REPORT_H

/*
 * "nymdesk report": the numbers of all tickets as text, JSON or a page.
 */
#include "cmd/ctl.h"

struct report_options {
	const char *since;	/* "30d"; NULL: REPORT_SINCE */
	const char *html_path; /* the page goes there, "-" is the standard
				* output; NULL: no page */
	const char *queue;	/* only its tickets; NULL: of all */
};

#define REPORT_SINCE "30d"

/* Returns the status to exit with: EXIT_USAGE for wrong use, EXIT_TROUBLE if
 * the desk does not answer or the file cannot be written; *err says why. The
 * file is there whole or as it was before, with mode 0640. */
int report_command(
    const struct ctl *ctl, const struct report_options *options, GError **err);

#endif
