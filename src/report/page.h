#ifndef ND_REPORT_PAGE_H
#define ND_REPORT_PAGE_H

/*
 * A report as a page and as a table of text.
 *
 * Each takes a finished report and what it is about ("all queues", or the name
 * of one), and returns UTF-8 that is the caller's. Cannot fail. Names are
 * cleaned and escaped: nothing of them is read as markup, as an order to a
 * terminal or as a line of its own.
 *
 * The page is one file: no script, no request, and a policy in it that
 * forbids both; charts are inline SVG. It follows the reader's light or dark
 * mode, and fits 320 pixels of width and paper. What a head of support asks
 * first comes first.
 */
#include "ticket/kpi.h"

char *report_html(const struct kpi_report *report, const char *about);
/* At most 72 columns, however many tickets: for a mail or a terminal. */
char *report_text(const struct kpi_report *report, const char *about);

#endif
