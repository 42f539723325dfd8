#ifndef ND_INTAKE_COMMAND_H
#define ND_INTAKE_COMMAND_H

/*
 * The arguments of MAIL and RCPT (RFC 5321 4.1.2, 4.1.1.11; RFC 1870, 6152,
 * 6531) as values. Pure.
 *
 * A parser returns NULL for success or the reply that refuses the command;
 * on refusal *out holds nothing to free. A source route is dropped. Of the
 * parameters only those that the session announces are known: ORCPT, NOTIFY,
 * ENVID, RET (RFC 3461) and AUTH (RFC 4954) name the player's history and must
 * not come in. Postfix passes them on to a proxy as its client gave them,
 * announced or not: with is_passed_on they are skipped unread.
 */
#include <glib.h>

#include "base/addr.h"
#include "intake/reply.h"

struct command_mail {
	char *addr;   /* own; as written, without brackets; "" for <> */
	guint64 size; /* declared, 0 if not */
	gboolean body8bit;
	gboolean smtputf8;
};

/* args: what follows "MAIL ". The address is well-formed enough to be kept
 * and shown to addr_parse(), which may still refuse it: sender addresses
 * with an overlong local part exist, and their mail counts too. */
const struct smtp_reply *command_parse_mail(
    const char *args, gboolean is_passed_on, struct command_mail *out);

/* args: what follows "RCPT ". Caller frees *addr. */
const struct smtp_reply *command_parse_rcpt(const char *args,
    gboolean is_passed_on, gboolean smtputf8, struct addr **addr);

#endif
