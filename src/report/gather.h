#ifndef ND_REPORT_GATHER_H
#define ND_REPORT_GATHER_H

/*
 * Asks the desk for the numbers of all tickets, a page at a time, and makes a
 * report of them. The client's role must be permitted PROTO_CTL_NUMBERS.
 */
#include "proto/ipc.h"
#include "ticket/kpi.h"

struct gather {
	const char *queue; /* borrowed; only its tickets. NULL: of all */
	gint64 from;	   /* as in kpi_new() */
	gint64 now;
};

/* Finished; the caller frees. NULL if the desk does not answer, or not with
 * what was asked; each page may take the client's whole timeout. A ticket that
 * changes meanwhile is counted as it was or as it is. */
struct kpi_report *report_gather(
    struct ipc_client *desk, const struct gather *what, GError **err);

#endif
