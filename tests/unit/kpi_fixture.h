#ifndef ND_TEST_KPI_FIXTURE_H
#define ND_TEST_KPI_FIXTURE_H

/*
 * Tickets to report on: a small desk whose numbers were computed by hand, and
 * what a page must bear.
 */
#include "ticket/kpi.h"

#define FIXTURE_NOW 1795341600 /* 2026-11-22 10:00 UTC */
#define FIXTURE_FROM (FIXTURE_NOW - 30 * 86400)

/* Twenty tickets of two queues; the caller frees the finished report. */
struct kpi_report *fixture_twenty(void);
/* No ticket at all. */
struct kpi_report *fixture_empty(void);
/* 200,000 tickets, 300 agents, 40 queues, names of any length and shape. */
struct kpi_report *fixture_huge(void);

#endif
