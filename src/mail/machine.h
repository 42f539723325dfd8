#ifndef ND_MAIL_MACHINE_H
#define ND_MAIL_MACHINE_H

/*
 * Whether a person wrote a mail, and if not, what kind of machine: by headers
 * (RFC 3834 and what programs set instead), by sender and by subjects and
 * texts of exact shapes. In doubt it is a person: a mail wrongly held for a
 * machine's is never acknowledged. What each class leads to stands in
 * docs/machine-mail.md. Linear time. Pure.
 */
#include "mail/headers.h"
#include "mail/model.h"
#include "mail/report.h"

/* Sets machine, action and status, and adds what a report is about to
 * references. The rest of mail is set but for the digests; sender_addr is the
 * envelope sender, "" for the null one, NULL if not known. */
void machine_read(struct mail *mail, const struct headers *headers,
    const char *sender_addr, const struct report_parts *parts);

#endif
