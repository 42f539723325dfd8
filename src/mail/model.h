#ifndef ND_MAIL_MODEL_H
#define ND_MAIL_MODEL_H

/*
 * What is known of one received mail after parsing: plain values, all
 * texts valid UTF-8 with LF line ends and without NUL, CR or other control
 * characters but TAB and TEXT_PART. Owns everything it points to; no GMime object gets
 * out of src/mail. Lives in memory only and dies with mail_free().
 */
#include <glib.h>

#include "base/addr.h"

#define MAIL_DIGEST_LEN 32
#define MAIL_RCPTS_MAX 32

enum mail_machine {	/* RFC 3834 and kin: why no person wrote it */
	MAIL_PERSON,
	MAIL_REPLIED,	/* a responder's answer: auto-replied, vacation shapes */
	MAIL_GENERATED,	/* auto-generated, noreply and daemon mailboxes, null
			 * sender without anything else */
	MAIL_CHALLENGE,	/* asks its reader to confirm that he is a person */
	MAIL_BULK,	/* List-*, Precedence bulk/list/junk, Feedback-ID */
	MAIL_DSN,	/* RFC 3464 and the shapes of before: a mail came back,
			 * is late, or has arrived */
	MAIL_MDN,	/* RFC 8098: was displayed, or deleted */
	MAIL_ARF,	/* RFC 5965: somebody complained */
};

/* What a DSN says (RFC 3464 2.3.3). */
enum mail_action {
	MAIL_ACTION_NONE, /* no DSN, or about a mail that is a DSN itself */
	MAIL_ACTION_FAILED,
	MAIL_ACTION_DELAYED,
	MAIL_ACTION_DONE, /* delivered, relayed, expanded */
};

#define MAIL_STATUS_SIZE 12 /* RFC 3463 "5.123.456" and NUL */
#define MAIL_THREAD_LEN 22 /* octets of a Thread-Index before its replies */

enum mail_auth { /* RFC 8601, of our own authserv-id only */
	MAIL_AUTH_NONE, /* no result of ours */
	MAIL_AUTH_FAIL, /* spf, dkim and dmarc results exist, none passes */
	MAIL_AUTH_PASS, /* one passes and is aligned with From, or From
			 * logged in */
};

/* Anything that is not body text. Never its file name. */
struct mail_file {
	char *type;   /* own; sniffed media type in lower case, "image/jpeg" */
	char *text;   /* own; content of a text type as UTF-8, else NULL */
	GBytes *octets; /* own; content of what may be passed on but is no
			 * text (mail/kind.h), or NULL: beyond PARTS_OCTETS */
	gsize size;   /* octets after transfer decoding */
	gboolean is_inline; /* inline or inside multipart/related */
};

struct mail {
	struct addr *from_addr;	  /* own; NULL if there is no usable one */
	char *from_name;	  /* own; "" if none */
	GPtrArray *other_addrs;	  /* own struct addr: Sender, Reply-To, ... */
	GPtrArray *other_names;	  /* own char: their display names */
	guint recipients;	  /* mailboxes in To, Cc and Bcc together */
	GPtrArray *rcpt_addrs;	  /* own struct addr: the first of them, at most
				   * MAIL_RCPTS_MAX */

	char *subject;		  /* own; decoded, one line, "" if none */
	char *message_id;	  /* own; without brackets, "" if none */
	GPtrArray *references;	  /* own char: In-Reply-To, then References
				   * from last to first, no brackets; of a
				   * report, then the Message-IDs of the mail it
				   * is about */
	char *thread;		  /* own; root of Thread-Index as base64 of
				   * MAIL_THREAD_LEN octets, "" if none */
	char *text;		  /* own; all body text, HTML rendered, the
				   * parts parted by TEXT_PART (mail/text.h) */
	GPtrArray *files;	  /* own struct mail_file */
	gboolean has_message;	  /* another mail is attached */
	gboolean is_encrypted;	  /* PGP or S/MIME: text is what stands around
				   * it, if anything */
	gboolean is_placeholder;  /* refused by the pre-scan or unparsable:
				   * text is "" and only the facts hold */
	gboolean has_bad_shape;	  /* a placeholder, and why: what a reader of
				   * mail needs is beyond the limits */

	enum mail_machine machine;
	enum mail_action action;	  /* of a DSN */
	char status[MAIL_STATUS_SIZE];	  /* of a DSN; "" if it says none */
	enum mail_auth auth;
	guint8 digest[MAIL_DIGEST_LEN]; /* SHA-256 over what makes this mail
				   * this mail: From, Message-ID, text */
	guint8 words[MAIL_DIGEST_LEN]; /* the same over From, subject and text
				   * alone; all zero if there is no text */
};

void mail_file_free(struct mail_file *file);
void mail_free(struct mail *mail);
typedef struct mail mail_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(mail_auto, mail_free)

#endif
