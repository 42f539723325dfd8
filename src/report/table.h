#ifndef ND_REPORT_TABLE_H
#define ND_REPORT_TABLE_H

/*
 * What an agent or operator is shown of tickets: text of at most COLUMNS_MAIL
 * columns, for a mail or a terminal. Each returns UTF-8 that is the caller's,
 * and cannot fail; names are cleaned as in report/page.h. No answer holds an
 * address, a subject or a text: the desk has none. Pure: times in s since
 * 1970, shown in UTC.
 */
#include <glib.h>

#include "base/config.h"
#include "proto/messages.h"
#include "ticket/kpi.h"

/* tickets: struct proto_ctl_ticket, borrowed. A table for each queue, in the
 * order of their names; the most urgent ticket first: by the priority of its
 * category, then which is due first; then those that wait for their player,
 * then closed ones, the last closed first. */
char *report_list_text(
    const GArray *tickets, const struct config *config, gint64 now);
/* One ticket, a line for each thing that is known. */
char *report_show_text(const struct proto_ctl_ticket *ticket, gint64 now);
/* The numbers of a finished report in short: report_text() without its
 * tables. */
char *report_stats_text(const struct kpi_report *report);

#endif
