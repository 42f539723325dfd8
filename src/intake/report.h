#ifndef ND_INTAKE_REPORT_H
#define ND_INTAKE_REPORT_H

/*
 * A machine's word on a mail of ours: a delivery status (RFC 3464), a read
 * receipt (RFC 8098), a complaint (RFC 5965). It becomes no ticket and no copy,
 * is never answered, and nothing of its text gets in; of a failed mail to a
 * player the queue's agents get a word with the status code.
 */
#include "intake/case.h"

/* TRUE if the mail is one. */
gboolean report_is(const struct mail *mail);

/* FALSE: nothing was noted; the mail stays with the client. */
gboolean report_deliver(struct mail_case *c, GError **err);

/* " (5.1.1)" made anew from the numbers of a status code (RFC 3463 2), "" if
 * it has not that form. Returns out. */
#define REPORT_STATUS_SIZE (MAIL_STATUS_SIZE + 3)
const char *report_status(const char *status, char out[REPORT_STATUS_SIZE]);

#endif
