#ifndef ND_INTAKE_SERVER_H
#define ND_INTAKE_SERVER_H

/*
 * One prefork worker of the mail intake: accepts on shared listeners and
 * serves one connection at a time, blocking. One listener is Postfix's; those
 * who serve the connections of others are bound by the same rules.
 *
 * Promises: a message is handed over whole or not at all, once; the replies
 * are what the callback gave; a client that went away before its message was
 * complete, or before earlier replies could be written, hands over nothing.
 * Every wait has an end: idle_ms for the next octets and for writing, ten
 * times that for a whole message.
 *
 * Signals: SIGTERM is blocked while the worker runs and let in only where it
 * waits, so a callback is never interrupted by it. The caller installs a
 * handler that sets *stop. Then the message in hand is finished (one that is
 * still coming in has ACCEPT_GRACE_MS to be complete), 421 is sent and
 * server_run() returns.
 *
 * Listeners that are ready are served by turns: none has to wait until another
 * has nothing to do.
 *
 * Never: reads or writes a file, looks at a message, logs anything of it.
 */
#include <signal.h>

#include <glib.h>

#include "intake/session.h"

struct server; /* a run in progress */

/* Serves one connection to its end, or until server_is_done(); takes sock,
 * which blocks. It waits with server_wait_mask() only and not for ever. */
typedef void (*server_serve)(struct server *server, int sock,
    gpointer user_data);

struct server_listener {
	int fd; /* as listen_fd below */
	server_serve serve;
	gpointer user_data; /* borrowed */
};

#define SERVER_OTHERS_MAX 2

struct server_options {
	int listen_fd; /* borrowed; listening, AF_UNIX or AF_INET(6); made
			* non-blocking, for all processes that share it */
	struct server_listener others[SERVER_OTHERS_MAX];
	guint nothers;
	struct session_limits limits;
	session_rcpt_check check; /* gets the user_data of server_run() */
	gint64 idle_ms;
	guint recycle; /* messages after which to return, 0 for never */
	volatile sig_atomic_t *stop; /* borrowed; set by the signal handler */
};

/* Gives outcomes, one for each recipient and preset to PROTO_MAIL_DEFERRED,
 * their final values. All arguments are borrowed for the time of the call. */
typedef void (*server_deliver)(const struct session_envelope *envelope,
    GBytes *message, enum proto_mail_outcome *outcomes, gpointer user_data);

/* Returns TRUE when asked to stop or after recycle messages (the session is
 * then ended at its next command): the process may exit and be replaced.
 * FALSE, after logging why, if it cannot accept connections any more. */
gboolean server_run(const struct server_options *options,
    server_deliver deliver, gpointer user_data);

/* For server_serve. The mask for ppoll(), which lets SIGTERM in. */
const sigset_t *server_wait_mask(const struct server *server);
/* Has it to end, for a stop or because recycle is reached? */
gboolean server_is_done(struct server *server);
/* One more message is done. */
void server_count(struct server *server);

#endif
