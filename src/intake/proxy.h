#ifndef ND_INTAKE_PROXY_H
#define ND_INTAKE_PROXY_H

/*
 * The SMTP server for Postfix's smtpd_proxy_filter: many sessions at once in
 * one loop, because behind each of them a sender is still on the line, who may
 * be slow. What takes its time, the delivery of a mail, is done by a few
 * threads; the loop itself never waits for anybody.
 *
 * Promises: a message is handed over whole or not at all, once; a client that
 * went away before its message's turn came hands over nothing, and one that
 * goes later disturbs nobody. Every wait for a client has an end: idle_ms for
 * the next octets and for writing, ten times that for a whole message.
 *
 * Memory: the texts of all messages, from their first octet until they are
 * answered, are together not more than memory_max octets. What comes beyond
 * costs the biggest of those that are still coming in its place: its memory is
 * freed at once, and at its end it is answered 452. So a few senders of much
 * cannot keep out the many of little. A text that grows occupies up to twice
 * its size, and its copy on the way to a worker the same again: threads at
 * most of those.
 *
 * SIGTERM is blocked in all threads and taken by the loop. Then no session is
 * accepted any more, messages that no thread has begun with get 421 as do
 * sessions between two messages, those that come in have ACCEPT_GRACE_MS to be
 * complete, and those that are being delivered are waited for and answered.
 *
 * Never: reads or writes a file, looks at a message, logs anything of it.
 */
#include <signal.h>

#include <glib.h>

#include "intake/session.h"

struct proxy_options {
	int listen_fd; /* borrowed; listening; made non-blocking */
	struct session_limits limits; /* protocol: SESSION_SMTP */
	session_rcpt_check check;     /* gets the user_data of proxy_run() */
	gint64 idle_ms;
	guint sessions;	  /* at a time; further ones wait for the listener */
	gsize memory_max; /* octets of all messages */
	guint threads;	  /* that deliver */
	volatile sig_atomic_t *stop; /* borrowed; set by a SIGTERM before */
};

/* Says what became of a message, for all its recipients. Called by threads,
 * several at a time. The arguments are borrowed for the time of the call. */
typedef enum proto_mail_outcome (*proxy_deliver)(
    const struct session_envelope *envelope, GBytes *message,
    gpointer user_data);

/* Returns TRUE when asked to stop. FALSE, after logging why, if it cannot
 * accept connections any more. */
gboolean proxy_run(const struct proxy_options *options, proxy_deliver deliver,
    gpointer user_data);

#endif
