#ifndef ND_INTAKE_REPLY_H
#define ND_INTAKE_REPLY_H

/*
 * What becomes of a whole mail, as SMTP replies (RFC 5321 4.2, RFC 2034,
 * RFC 3463). What is wrong with a client's words or with the size of a mail
 * is for the session to say.
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

#endif
