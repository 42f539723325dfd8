#ifndef ND_REPORT_WORDS_H
#define ND_REPORT_WORDS_H

/*
 * How a report says numbers, times and names, the same on the page and in
 * the text. What returns char * is the caller's. Not escaped for HTML.
 */
#include "ticket/kpi.h"

#define REPORT_NOTHING "\xe2\x80\x93" /* of a number that there is not */

/* "1,204" */
char *report_count(guint n);
/* "45 s", "1 h 20 min", "2 days 3 h": the two largest units, rounded down.
 * Negative: REPORT_NOTHING. */
char *report_span(gint64 s);
/* "2026-11-22 10:00", UTC */
char *report_date(gint64 at);
/* "94 %", rounded down. */
char *report_percent(guint part, guint whole);
/* "3.4", rounded down. */
char *report_rating(const struct kpi_row *row);
/* UTF-8 without control characters and marks that turn text around. */
char *report_name(const char *name);

/* "Acknowledged in time", and its short form for the head of a column. */
const char *report_promise(enum kpi_promise promise);
const char *report_promise_short(enum kpi_promise promise);
/* "By queue" */
const char *report_by(enum kpi_by by);
/* Of a row of report->by[by]: "German", "Level 2, seniors", "not known". */
char *report_row(enum kpi_by by, const struct kpi_row *row);
/* "4 h to 24 h" */
const char *report_age(guint age);

/* "19 tickets came in, 15 were closed, 5 are open now." */
char *report_sum(const struct kpi_report *report);
/* "17 of 18, 1 late, 1 still running" */
char *report_share(const struct kpi_share *share);
/* "11 of 16. The goal of 90 % needs 4 more." */
char *report_goal(const struct kpi_row *row);
/* "1 of these was closed less than 48 h ago and may come back.", or NULL. */
char *report_may_return(const struct kpi_row *row);
/* "The oldest waits for 3 days. 2 of them have a broken promise." */
char *report_backlog(const struct kpi_row *row);

#endif
