#ifndef ND_INTAKE_SOCKETMAP_SERVER_H
#define ND_INTAKE_SOCKETMAP_SERVER_H

/*
 * Serves many connections of Postfix, each of which asks again and again, in
 * one thread that never blocks on one of them.
 *
 * A connection that does not read its answers is not read from. If there are
 * more than can be, the one that was silent longest is closed: Postfix asks
 * again on a new one. The buffer is wiped of a question once that is answered.
 *
 * Never: logs or keeps anything of a question.
 */
#include <glib.h>

#include "base/config.h"

#define SOCKETMAP_CONNECTIONS_MAX 1000

struct socketmap_server;

/* listen_fd, non-blocking and listening, and config are borrowed. */
struct socketmap_server *socketmap_server_new(
    const struct config *config, int listen_fd);
void socketmap_server_free(struct socketmap_server *server);

/* Waits up to timeout_ms (-1: for ever) and serves who has something to say;
 * returns after a signal as well. FALSE, after logging why, if nobody can
 * connect any more. */
gboolean socketmap_server_poll(struct socketmap_server *server, int timeout_ms);

/* Connections that are open. */
guint socketmap_server_count(const struct socketmap_server *server);

#endif
