#ifndef ND_TESTS_MAIL_CASE_H
#define ND_TESTS_MAIL_CASE_H

/*
 * A mail of a test's tables, parsed as the front end does it. In mail.c.
 */
#include "mail/model.h"

/* sender: of the envelope, "" for the null one, NULL if not known. The caller
 * frees the result. */
struct mail *mail_case(const char *raw, const char *sender);

#endif
