#ifndef ND_INTAKE_MILTER_H
#define ND_INTAKE_MILTER_H

/*
 * Postfix's milter protocol, spoken by libmilter.
 *
 * A mail of ours is taken over: it is read, and a worker of nymdesk-lmtp
 * delivers it (intake/front.h) while the sender waits. If it was taken, Postfix
 * is told to discard what it has. Nothing is ever changed in a mail, and of one
 * for others nothing but its recipients is looked at.
 *
 * Every fault of ours is a temporary one to the sender, and an MTA that cannot
 * say what we need is refused at once: no mail of ours passes by.
 *
 * libmilter is one for a process, and so is this. Its threads share nothing of
 * ours but the settings and two counters; what belongs to a connection hangs on
 * that connection, whose callbacks run on different threads, one after the
 * other.
 */
#include <glib.h>

#include "intake/milter_mail.h"

/* Octets of one packet. libmilter breaks off at 65535 without a word to
 * the sender, who would try for days; Postfix allows header fields that are
 * longer than that, and ours may. */
#define MILTER_PACKET_MAX (2 * 1024 * 1024)

struct milter_settings {
	const char *listen;  /* "unix:/path" */
	const char *run_dir; /* where the workers' sockets are */
	struct milter_limits limits;
};

/* Binds the socket, in place of one that was left there, with the mode that
 * the umask leaves. settings is borrowed for good. */
gboolean milter_open(const struct milter_settings *settings, GError **err);

/* Serves. Returns only when libmilter gives up, which is a failure. */
void milter_serve(void);

/* From now on no mail is begun: its sender is told to come again. */
void milter_retire(void);

/* Mails that a worker has, or is kept free for. The last replies may not be
 * written yet when there is none. */
guint milter_in_hand(void);

#endif
