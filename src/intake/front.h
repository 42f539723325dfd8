#ifndef ND_INTAKE_FRONT_H
#define ND_INTAKE_FRONT_H

/*
 * How a front (nymdesk-milter, nymdesk-smtp) has a mail delivered: by a worker
 * of nymdesk-lmtp, which parses it, one mail at a time. A front itself never
 * looks into a mail.
 *
 * A struct front is at most one connection to one worker, for one mail; the
 * next mail makes a new one. Nothing is shared between two of them, so each
 * thread may have its own, and one may be used by a thread after another.
 *
 * Nothing is tried twice: what became of a mail whose worker died is not known
 * here, and a sender who comes again finds what was done.
 */
#include <glib.h>

#include "base/role.h"
#include "intake/session.h"

/* Longer than a worker may take, shorter than Postfix waits for a milter (300
 * s) or, as docs/postfix.md sets it, for a proxy. */
#define FRONT_CALL_MS 240000

/* Recipients of a mail: a front takes no more, however many the configuration
 * permits. */
#define FRONT_RCPTS_MAX PROTO_INTAKE_RCPTS_MAX

struct front;

/* No connection is made yet. run_dir is copied. */
struct front *front_new(const char *run_dir, enum role self);
void front_free(struct front *front); /* NULL is a no-op */

/* Waits until a worker is there for this mail alone, so that its caller need
 * not take in what nobody can work on yet. Optional, and it keeps the worker
 * from others: who has waited for it should have the mail soon. The worker
 * waits a minute; then front_deliver() finds another. */
gboolean front_ready(struct front *front, GError **err);

/* The outcome for all recipients, after at most twice FRONT_CALL_MS. envelope
 * is as session.h describes it, of at most FRONT_RCPTS_MAX recipients, whose
 * addr is not looked at; its way must not be PROTO_WAY_LMTP. Whatever fails is
 * logged and PROTO_MAIL_DEFERRED. */
enum proto_mail_outcome front_deliver(struct front *front,
    const struct session_envelope *envelope, GBytes *message);

#endif
