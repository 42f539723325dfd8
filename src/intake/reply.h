#ifndef ND_INTAKE_REPLY_H
#define ND_INTAKE_REPLY_H

/*
 * The one place where error kinds become SMTP replies (RFC 5321 4.2,
 * RFC 2034, RFC 3463).
 *
 * A reply is three constants: it travels verbatim into the client's log,
 * its deferred queue and the bounces it makes, so nothing of a mail or of
 * an error's text may ever get into one. Replies are plain values; their
 * strings are static and never freed. Nothing here can fail.
 */
#include <glib.h>

struct smtp_reply {
	guint code;	    /* 250 */
	const char *status; /* static; "2.0.0", NULL for 220 and 354 */
	const char *text;   /* static; one line */
};

/* The mail is ours now: the MTA has the agent copy, the ticket is
 * committed. */
struct smtp_reply reply_accepted(void);

/* ERROR_TEMP and ERROR_CONFLICT: 451; ERROR_DENIED: 550; ERROR_PERM: 554.
 * Everything else, NULL too, is a fault of ours: 451, so that the client
 * keeps the mail. */
struct smtp_reply reply_from_error(const GError *err);

#endif
