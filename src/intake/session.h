#ifndef ND_INTAKE_SESSION_H
#define ND_INTAKE_SESSION_H

/*
 * The server side of one session: LMTP (RFC 2033 on RFC 5321, RFC 2920), or
 * SMTP (RFC 5321) as Postfix speaks it with its smtpd_proxy_filter.
 *
 * Pure: octets in, octets out; no I/O, no clock, no way to fail. The result
 * does not depend on how the input is cut into pieces. Memory is bounded by
 * the limits: one command line, one envelope, one message, one batch of
 * replies. Every reply is made of constants, so nothing a client sends is
 * ever sent back, and an address of ours that exists is told from one that
 * does not by nothing but the caller's check.
 *
 * Use: feed input while session_want() says SESSION_INPUT; write out and
 * empty session_output() before blocking. At SESSION_MESSAGE take the
 * message, give the verdicts, resume: one for each recipient by LMTP, one for
 * all by SMTP. Nothing is consumed in between. At SESSION_CLOSE write what is
 * left and close.
 */
#include <glib.h>

#include "base/addr.h"
#include "intake/place.h"
#include "intake/reply.h"
#include "proto/messages.h"

/* session_feed() takes no more input while this much output waits. */
#define SESSION_OUTPUT_MARK 4096

/* What the programs ask for. */
#define SESSION_LINE_MAX 2048
#define SESSION_ERRORS_MAX 20

enum session_protocol {
	SESSION_LMTP,
	SESSION_SMTP,
};

struct session_limits {
	gsize size_max;	      /* octets of a message; announced with SIZE */
	guint rcpt_max;	      /* accepted recipients of a message */
	gsize line_max;	      /* octets of a command with CRLF */
	gsize text_line_max;  /* octets of a line of a message */
	gsize header_max;     /* octets of a header block */
	guint errors_max;     /* bad commands between two messages */
	const char *hostname; /* borrowed: as long as the session */
	enum session_protocol protocol;
};

enum session_want {
	SESSION_INPUT,
	SESSION_MESSAGE,
	SESSION_CLOSE,
};

struct session_rcpt {
	char *wire;	   /* own; as addr_to_wire() gives it */
	struct addr *addr; /* own */
};

struct session_envelope {
	/* own; "" for the null sender. Without brackets or route, no control
	 * character, ASCII or (smtputf8) valid UTF-8, at most ADDR_MAX octets;
	 * addr_parse() may still refuse it. */
	char *sender_addr;
	GPtrArray *rcpts; /* own struct session_rcpt; accepted ones in order,
			   * duplicates too (RFC 2033 4.2) */
	gboolean smtputf8;
	gboolean body8bit;
	enum proto_way way;
};

/* Is this one of our addresses? local is unquoted, domain as written. Must
 * say the same of a right and of a wrong capability (RCPT is no oracle). */
typedef enum place (*session_rcpt_check)(
    const char *local, const char *domain, gpointer user_data);

struct session;

/* The greeting waits in session_output(). limits is copied. */
struct session *session_new(const struct session_limits *limits,
    session_rcpt_check check, gpointer user_data);
void session_free(struct session *session);
typedef struct session session_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(session_auto, session_free)

/* Returns how many octets were taken: all, unless the caller is needed first
 * (a message, the end, or SESSION_OUTPUT_MARK octets of output to write). */
gsize session_feed(struct session *session, const guint8 *data, gsize len);
enum session_want session_want(const struct session *session);

/* Replies that wait to be written. Owned by the session; the caller
 * truncates it by what it wrote. */
GString *session_output(struct session *session);

/* At SESSION_MESSAGE only. The envelope lives until session_resume(); the
 * message is given away once, dots unstuffed, and the caller unrefs it. */
const struct session_envelope *session_envelope(const struct session *session);
GBytes *session_message(struct session *session);

/* The reply for recipient index, by SMTP for index 0 and so for all; without
 * one it is a 451. reply is copied, its strings must be static. */
void session_verdict(
    struct session *session, guint index, const struct smtp_reply *reply);
/* Ends SESSION_MESSAGE: the replies go out in the order of the recipients. */
void session_resume(struct session *session);

/* From now on the next command is answered with 421 4.3.2 and the end; a
 * message that is being read or judged is finished first. */
void session_retire(struct session *session);

/* Ends the session here with this reply; a message being read is dropped. */
void session_abort(struct session *session, const struct smtp_reply *reply);

/* TRUE between the 354 and the end of the message. */
gboolean session_is_in_data(const struct session *session);

/* Octets of a message that are kept until session_message() or its end. */
gsize session_text_len(const struct session *session);
/* Between the 354 and session_message() or the end of the message: frees what
 * came of it and keeps nothing of what comes. At its end it is answered 452
 * 4.3.1, unless it is refused for good; that ends SESSION_MESSAGE. */
void session_drop_text(struct session *session);

#endif
