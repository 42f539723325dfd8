#ifndef ND_INTAKE_FRONT_H
#define ND_INTAKE_FRONT_H

/*
 * How a front (nymdesk-milter, nymdesk-smtp) has a mail delivered: by a worker
 * of nymdesk-lmtp, which parses it, one mail at a time. A front itself never
 * looks into a mail.
 *
 * A front is one connection to one worker, for one mail. Nothing is shared
 * between two of them, so each thread may have its own.
 */
#include <glib.h>

#include "base/role.h"
#include "intake/session.h"

/* Longer than a worker may take, shorter than Postfix waits for a milter (300
 * s) or, as docs/postfix.md sets it, for a proxy. */
#define FRONT_CALL_MS 240000

struct front;

/* No connection is made yet. run_dir is copied. */
struct front *front_new(const char *run_dir, enum role self);
void front_free(struct front *front); /* NULL is a no-op */

/* Waits until a worker is there for this mail alone, so that its caller need
 * not take in what nobody can work on yet. Optional. The worker waits a minute
 * for what comes then. */
gboolean front_ready(struct front *front, GError **err);

/* The outcome for all recipients. envelope->way must not be PROTO_WAY_LMTP.
 * Whatever fails is logged and PROTO_MAIL_DEFERRED. */
enum proto_mail_outcome front_deliver(struct front *front,
    const struct session_envelope *envelope, GBytes *message);

#endif
