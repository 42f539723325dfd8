#ifndef ND_INTAKE_WORKER_H
#define ND_INTAKE_WORKER_H

/*
 * A worker's side of a front's connection: a mail that came in by another way
 * than LMTP is delivered as if it had come by it.
 *
 * Nothing that a front says is believed beyond its role: who has another uid
 * is not heard; the way is that of the listener; a mail is taken whole, sealed
 * and not larger than size_max; recipients are checked once more. What is not
 * as it should be is logged and refused, and the mail stays with the sender.
 *
 * All recipients of a mail get one outcome, that which keeps most: DEFERRED of
 * one lets all come again (who had the mail has it by its fingerprint), and
 * what is refused for one is not said to be taken.
 *
 * A connection ends with the front, at wait_ms without a new mail (READY does
 * not prolong it), after a frame that is none of ours, and as server.h says. A
 * front that is gone has nothing delivered: its sender was told so already.
 */
#include <sys/types.h>

#include <glib.h>

#include "base/role.h"
#include "intake/server.h"

#define WORKER_WAIT_MS 60000

struct worker {
	enum role front; /* ROLE_MILTER or ROLE_SMTP */
	uid_t uid;	 /* of its processes */
	gint64 wait_ms;
	gsize size_max;
	session_rcpt_check check;
	server_deliver deliver;
	gpointer user_data; /* borrowed: of check and deliver */
};

/* A server_serve; user_data is a struct worker. */
void worker_serve(struct server *server, int sock, gpointer user_data);

/* Of count outcomes, at least one, that which all get. */
enum proto_mail_outcome worker_outcome(
    const enum proto_mail_outcome *outcomes, guint count);

#endif
