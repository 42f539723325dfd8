#ifndef ND_INTAKE_REPLY_H
#define ND_INTAKE_REPLY_H

/*
 * What becomes of a whole mail or of a recipient, as SMTP replies (RFC 5321
 * 4.2, RFC 2034, RFC 3463), the same by each way in. What is wrong with a
 * client's commands is for the session to say.
 *
 * A reply is three constants: it travels verbatim into the client's log,
 * its deferred queue and the bounces it makes, so nothing of a mail or of
 * an error's text may ever get into one. Replies are plain values; their
 * strings are static and never freed. Nothing here can fail.
 */
#include <glib.h>

#include "proto/messages.h"

struct smtp_reply {
	guint code;	    /* 250 */
	const char *status; /* static; "2.0.0", NULL for 220 and 354 */
	const char *text;   /* static; one line */
};

/* To whom was silent for too long, and to all when we stop. */
extern const struct smtp_reply reply_idle;
extern const struct smtp_reply reply_stopping;

/* PROTO_MAIL_TAKEN is 250; PROTO_MAIL_DEFERRED is what went wrong behind the session,
 * whatever its kind: the client keeps the mail. */
struct smtp_reply reply_of(enum proto_mail_outcome outcome);

/* What is wrong with the text of a mail: bits of enum message_fault
 * (intake/message.h). NULL if nothing is; static. */
const struct smtp_reply *reply_of_faults(guint faults);

extern const struct smtp_reply reply_no_user;  /* no address of ours */
extern const struct smtp_reply reply_rcpt_max; /* one recipient too many */
extern const struct smtp_reply reply_size;     /* a mail over size_max */

#endif
