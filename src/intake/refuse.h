#ifndef ND_INTAKE_REFUSE_H
#define ND_INTAKE_REFUSE_H

/*
 * What is said of a whole mail while its sender is on the line, before any of
 * its recipients is looked at: later it would be a mail to a sender who may be
 * forged. By LMTP nothing is refused.
 *
 * Neither the vault nor the desk is asked, so that the answer is the same for
 * right and wrong addresses of tickets, and for none. What it does tell is that
 * the address in From is a member's: docs/limits.md.
 *
 * What a machine sent is never refused for its sender: a report or automatic
 * answer from a member's mailbox comes unproven, and would be lost or come back
 * as another one. It can do nothing in a member's name.
 */
#include "intake/case.h"
#include "intake/session.h"

/* blank: a case without queue. PROTO_MAIL_TAKEN: nothing is against it, go on.
 * Pure but for a line in the log. */
enum proto_mail_outcome refuse_mail(
    const struct mail_case *blank, const struct session_envelope *envelope);

#endif
