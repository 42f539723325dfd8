#ifndef ND_MAIL_MACHINE_H
#define ND_MAIL_MACHINE_H

/*
 * Whether a person wrote a mail, from its headers (RFC 3834 and kin). In
 * doubt it is a person: a mail wrongly held for a machine's is never
 * acknowledged. Pure.
 */
#include "base/addr.h"
#include "mail/headers.h"
#include "mail/model.h"

/* sender_addr: envelope sender, "" for the null one, NULL if not known.
 * from: author, or NULL. */
enum mail_machine machine_classify(const struct headers *headers,
    const char *sender_addr, const struct addr *from);

#endif
