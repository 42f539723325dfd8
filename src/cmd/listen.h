#ifndef ND_CMD_LISTEN_H
#define ND_CMD_LISTEN_H

/*
 * The front end's listening socket.
 */
#include <glib.h>

/* where: "unix:PATH" or "inet:ADDRESS:PORT". An inet address must be of the
 * loopback range: LMTP has no authentication (RFC 2033 5). A unix socket gets
 * mode 0660 and the group postfix where that exists and may be given, else
 * mode 0666. Waits some seconds for the sessions of a predecessor to end.
 * -1 on failure. */
int listen_open(const char *where, GError **err);

#endif
