#ifndef ND_CMD_REPORT_JSON_H
#define ND_CMD_REPORT_JSON_H

/*
 * A report as JSON, RFC 8259: takes a finished report and what it is about
 * ("all queues", or the name of one), and returns UTF-8 that is the caller's.
 * Cannot fail. Times are RFC 3339 texts, lengths whole seconds, and what there
 * is not is "null".
 */
#include "ticket/kpi.h"

char *report_json(const struct kpi_report *report, const char *about);

#endif
