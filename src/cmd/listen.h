#ifndef ND_CMD_LISTEN_H
#define ND_CMD_LISTEN_H

/*
 * The sockets on which Postfix speaks with us, kept by the supervisor so that
 * Postfix waits while a role is away: [lmtp], [smtp] and [socketmap] listen.
 * (The milter's library binds its own.)
 *
 * Each is "unix:PATH", "inet:ADDRESS:PORT", or "" for none. An inet address
 * must be of the loopback range: none of these protocols has authentication
 * (RFC 2033 5). A unix socket gets mode 0660 and the group postfix where that
 * exists and may be given, else mode 0666.
 */
#include <glib.h>

#include "base/config.h"

struct listeners;

struct listeners *listeners_new(void);
void listeners_free(struct listeners *listeners); /* NULL is a no-op */

/* Opens what this configuration has and the one before had not; those in use
 * stay as they are until listeners_apply(). With wait, waits some seconds for
 * the sessions of a predecessor to end. After a failure, whose error names the
 * group, nothing has changed. */
gboolean listeners_prepare(struct listeners *listeners,
    const struct config *config, gboolean wait, GError **err);

/* What was prepared is in use, what is no longer wanted is closed. */
void listeners_apply(struct listeners *listeners);

/* The descriptor of this role, which stays ours; -1 if it has none. */
int listeners_fd(const struct listeners *listeners, enum role role);

#endif
