#ifndef ND_OUTBOUND_SMTP_H
#define ND_OUTBOUND_SMTP_H

/*
 * Hands mails to an SMTP server over one connection that is kept open
 * (RFC 5321, pipelined by RFC 2920).
 *
 * Calls block, each step for at most timeout_ms. For one thread. Whether a
 * mail was taken is told by codes, for each recipient its own; an error
 * means that no answer came, and is ERROR_TEMP unless the options can never
 * work. The text of a reply is never kept, logged or put into an error.
 *
 * A mail is never sent twice once the first octet of its body may have left,
 * and never partly: a session that fell out of step is dropped.
 */
#include <glib.h>

#define SMTP_STATUS_SIZE 12 /* "5.999.999" and NUL */

struct smtp_options {
	const char *server;	/* "inet:127.0.0.1:10026" or "unix:/path" */
	const char *hello_name; /* for EHLO; NULL or "" for "localhost" */
	/* "none"; "may": encrypt if offered, without proof of who it is;
	 * "require": encrypt, and the certificate must verify. NULL: none. */
	const char *tls;
	const char *tls_name;	   /* in the certificate; default: host */
	const char *tls_ca_file;   /* PEM; NULL or "": the system's store */
	const char *user;	   /* AUTH PLAIN; NULL or "" for none */
	const char *password_file; /* read at each connect */
	guint timeout_ms;
};

enum smtp_fate {
	SMTP_FATE_UNKNOWN, /* no final reply came */
	SMTP_FATE_QUEUED,  /* 2xx */
	SMTP_FATE_REFUSED, /* 4xx or 5xx */
};

struct smtp_mail {
	const char *sender_addr; /* "" for the null sender */
	GPtrArray *rcpt_addrs;	 /* char, as addr_to_wire() gives them */
	GBytes *content;	 /* header and body, CRLF line ends */
	/* Called once, after the server's 354 and before the first octet of
	 * the content is written: from here on the mail may have been taken
	 * whatever happens. May be NULL. */
	void (*before_body)(gpointer user_data);
	/* Called when the final reply has come and before it is read, so that
	 * there is no moment at which nobody could know it: not read, it waits
	 * in the socket for a successor. Not over TLS. May be NULL. */
	void (*on_fate)(enum smtp_fate fate, gpointer user_data);
	gpointer user_data;
};

struct smtp_result {
	guint code;		       /* reply code, 0 if none came */
	char status[SMTP_STATUS_SIZE]; /* RFC 3463, "" if none */
};

struct smtp;

/* Copies the options. Connects to nothing; the system's trust store is read
 * here if tls is "require". */
struct smtp *smtp_new(const struct smtp_options *options);
/* Closes without a word. */
void smtp_free(struct smtp *smtp);

/* Sends one mail and sets results (of struct smtp_result) to one entry for
 * each recipient, in order. TRUE: every entry has a code; refused recipients
 * have the reply to their RCPT, the others the final reply. FALSE: no final
 * reply; all codes are 0.
 *
 * Connects when needed. If a kept connection turns out closed, or answers
 * 421, before the body began, the mail is tried once more on a new one.
 *
 * Codes of our own, for what is not sent at all: 553 5.1.3 and 5.1.7 for an
 * address that is none, 553 5.6.7 for a mail that needs SMTPUTF8 (RFC 6531)
 * when the server has none. */
gboolean smtp_send(struct smtp *smtp, const struct smtp_mail *mail,
    GArray *results, GError **err);

/* The connection's socket, -1 if there is none. It stays smtp's. */
int smtp_fd(const struct smtp *smtp);
/* TRUE if the connection is encrypted: nobody else can read its replies. */
gboolean smtp_is_tls(const struct smtp *smtp);

/* What became of a mail whose sender died after before_body(): ends our
 * direction of its socket and reads the final reply, up to the end of the
 * stream or timeout_ms. 221 and 421 are no fate. Not for encrypted
 * connections. fd stays the caller's, and is of no more use. */
enum smtp_fate smtp_read_fate(int fd, guint timeout_ms);
/* The final reply that waits to be read, left where it is. Waits up to
 * timeout_ms for its first octet; SMTP_FATE_UNKNOWN also if it comes in
 * pieces. */
enum smtp_fate smtp_peek_fate(int fd, guint timeout_ms);

#endif
