#ifndef ND_OUTBOUND_ARCHIVE_H
#define ND_OUTBOUND_ARCHIVE_H

/*
 * A queue's archive: an IMAP mailbox (RFC 3501) to which its mails are
 * appended, and from which the thread of a ticket is read.
 *
 * Calls block, each step for at most timeout_ms. For one thread; one
 * connection, which is kept. Message-IDs go without angle brackets.
 *
 * Every fault of the server or of the way to it, also one of the settings for
 * it, is ERROR_TEMP: the caller keeps the mail and tries again. ERROR_PERM
 * means that an argument can never do. Nothing of a mail and nothing a server
 * says is ever put into an error or logged; nothing in the mailbox is ever
 * removed.
 *
 * The server is the operator's own: what an answer may bring is limited, but
 * libetpan's parser recurses as deep as an answer nests its lists.
 */
#include <glib.h>

struct archive_options {
	/* "imap://USER@HOST[:PORT]/MAILBOX" (RFC 5092), where USER and
	 * MAILBOX are UTF-8, percent-encoded as need be, with the server's
	 * own separator; imaps is TLS from the first octet. Never with a
	 * password. */
	const char *url;
	const char *password_file; /* its first line; read at each login */
	/* For imap "none", "may" or "require" as smtp_options has it, NULL
	 * for none; imaps verifies unless this is "may". */
	const char *tls;
	const char *tls_name;	 /* in the certificate; default: HOST */
	const char *tls_ca_file; /* PEM; NULL or "": the system's store */
	guint timeout_ms;
};

enum archive_flag { /* bits; RFC 3501 2.3.2 */
	ARCHIVE_SEEN = 1 << 0,
	ARCHIVE_ANSWERED = 1 << 1,
	ARCHIVE_FLAGGED = 1 << 2,
};

struct archive_mail {
	GBytes *content;	/* header and body, CRLF line ends, no NUL */
	const char *message_id; /* as in its header */
	gint64 date;		/* by which the thread is ordered */
	guint flags;		/* of enum archive_flag */
};

struct archive;

/* Copies the options. Connects to nothing; reads the trust store, and loads
 * what a mailbox name outside ASCII needs. NULL: ERROR_PERM. */
struct archive *archive_new(const struct archive_options *options,
    GError **err);
/* Closes without a word. NULL is fine. */
void archive_free(struct archive *archive);
/* Says LOGOUT, does not wait for the answer, and closes. The next call
 * connects anew. */
void archive_close(struct archive *archive);

/* TRUE: the mailbox holds the mail. One with this Message-ID that is there
 * already is left as it is, so a call that failed can be repeated although
 * nobody knows how far it came. A mailbox that does not exist is made. */
gboolean archive_append(struct archive *archive,
    const struct archive_mail *mail, GError **err);
/* Adds flags to the mail with this Message-ID. TRUE also if there is none:
 * people may delete what is in their mailbox. */
gboolean archive_mark(struct archive *archive, const char *message_id,
    guint flags, GError **err);

/* The mails (GBytes, as they are in the mailbox) that have root_id as their
 * Message-ID, in References or in In-Reply-To: by date, each Message-ID once;
 * none if the mailbox has none. If they are more than 1000, or larger than
 * 64 MiB together, the newest that fit, and *is_whole is FALSE. The caller
 * owns the result. */
GPtrArray *archive_thread(struct archive *archive, const char *root_id,
    gboolean *is_whole, GError **err);

#endif
