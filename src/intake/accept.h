#ifndef ND_INTAKE_ACCEPT_H
#define ND_INTAKE_ACCEPT_H

/*
 * How a connection of Postfix is accepted and closed, and the times it gets:
 * what the blocking server and the proxy's loop have in common.
 */
#include <glib.h>

#define ACCEPT_BUFFER 65536	/* octets read at a time */
#define ACCEPT_MESSAGE_IDLES 10 /* a whole message may take so many idle_ms */
#define ACCEPT_GRACE_MS 5000	/* for a message to be complete after a stop */
#define ACCEPT_PAUSE_MS 100	/* after ACCEPT_LATER */

enum accept_result {
	ACCEPT_ONE,
	ACCEPT_NONE,  /* taken by another process, or the client went away */
	ACCEPT_LATER, /* no descriptors or memory; logged */
	ACCEPT_NEVER, /* the listener is none; logged */
};

/* Makes a listener non-blocking, for all processes that share it. */
gboolean accept_prepare(int listen_fd, GError **err);

/* At ACCEPT_ONE *fd is the caller's. Replies are sent at once over TCP, too. */
enum accept_result accept_one(int listen_fd, int *fd);

/* Takes fd. Input that nobody read would turn the close into a reset, which
 * may overtake our last reply: some is read into buffer (ACCEPT_BUFFER octets)
 * first. */
void accept_close(int fd, guint8 *buffer);

#endif
