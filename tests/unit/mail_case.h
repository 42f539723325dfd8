#ifndef ND_TESTS_MAIL_CASE_H
#define ND_TESTS_MAIL_CASE_H

/*
 * A mail of a test's tables, parsed as the worker does it. In mail.c.
 */
#include <time.h>

#include "mail/model.h"

/* Microseconds of CPU so far: what else the machine does does not count. */
static inline gint64
cpu_time(void)
{
	return (gint64)clock() * G_USEC_PER_SEC / CLOCKS_PER_SEC;
}

/* sender: of the envelope, "" for the null one, NULL if not known. The caller
 * frees the result. */
struct mail *mail_case(const char *raw, const char *sender);

#endif
