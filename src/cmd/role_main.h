#ifndef ND_CMD_ROLE_MAIN_H
#define ND_CMD_ROLE_MAIN_H

/*
 * The start that all roles share: no dumps, the configuration and sockets
 * the supervisor passed, the cage, the signals.
 *
 * The supervisor names the descriptors it passes, from 3 on, in NYMDESK_FDS
 * ("config desk.lmtp desk.post"), in NYMDESK_SLOT a post's slot, or to the desk
 * how many there are, and its own process in NYMDESK_SUPERVISOR. Of what kind
 * a post is says its argument: "hand-over", "notice" or "archive".
 */
#include <signal.h>
#include <sys/types.h>

#include <glib.h>

#include "base/config.h"
#include "base/role.h"
#include "proto/ipc.h"

struct role_start {
	struct config *config; /* own */
	uid_t uids[ROLE_END];  /* of the other roles, for SO_PEERCRED */
	guint slot;
};

/* Set by SIGTERM; loops end when it is. */
extern volatile sig_atomic_t role_stop;

/* Everything up to and including the cage. Ends the process with a clear
 * line on stderr if anything fails. */
void role_start(enum role role, struct role_start *start);

/* The passed descriptor of this name, or -1. It is close-on-exec. */
int role_fd(const char *name);

/* For desk and vault, after SIGTERM: TRUE once nobody is left whose mails have
 * to be finished first, or after two minutes. *asked_s must be 0 at first. */
gboolean role_may_stop(const struct ipc_server *server, gint64 *asked_s);

#endif
