#ifndef ND_MAIL_COMPOSE_H
#define ND_MAIL_COMPOSE_H

/*
 * Builds the mails that go out, whole and from values only; nothing of a
 * received mail is ever copied as octets.
 *
 * The header sets are fixed: the same names in the same order for every mail
 * of a kind (design: "What goes out"), however the values look. Lines end in
 * CRLF, the text is UTF-8 in 7bit or quoted-printable, all else base64,
 * boundaries come from our own Message-ID. Equal values give equal octets, so
 * a repeated hand-over repeats the mail.
 *
 * All fields are borrowed for the time of the call; a text that is NULL
 * counts as "". A result is NULL if an address or our own Message-ID is not
 * well formed (which is our bug, not the sender's); anything else that could
 * do harm is cleaned. The caller owns the result. Addresses in UTF-8 are
 * written as they are (RFC 6532); whether the hand-over needs SMTPUTF8 is for
 * the caller to see from the addresses. No call needs GMime.
 */
#include <glib.h>

#include "mail/scrub.h"

struct compose_copy {
	const char *queue_address;
	const char *agent_address; /* capability of the agent side */
	const char *pseudonym;
	const char *number; /* "K7F3-9Q2Y" */
	const char *message_id;
	const char *root_id;
	const char *previous_id; /* "" if none */
	gint64 date;
	const char *queue;
	const char *category; /* "" if none */
	guint priority;	      /* 1 is the most urgent */
	const char *lang;     /* "" if in doubt */
	guint level;
	gint64 due;	   /* 0 if none */
	const char *agent; /* whose the ticket is; "" if nobody's */
	const char *flags; /* parted by commas, "" if none */
	const struct scrubbed *body;
	gboolean is_placeholder; /* the mail could not be read */
	gboolean is_encrypted;	 /* its text is held back */
	gboolean is_told;	 /* the player gets a notice of that */
};

/* The agent copy. Header fields: From To Reply-To Subject Date Message-ID
 * In-Reply-To References X-Nymdesk MIME-Version Content-Type
 * Content-Transfer-Encoding. */
GBytes *compose_agent_copy(const struct compose_copy *copy);

struct compose_player {
	const char *role_name;
	const char *player_address; /* capability of the player side: From */
	const char *rcpt_addr;
	const char *subject; /* complete, with number */
	const char *message_id;
	const char *in_reply_to; /* "" if none */
	const char *references;	 /* ids parted by blanks, "" if none */
	gint64 date;
	gboolean is_auto; /* a notice, RFC 3834 5 */
	const char *text;
};

/* A mail to the player. Header fields: From To Subject Date Message-ID
 * [In-Reply-To] [References] [Auto-Submitted] MIME-Version Content-Type
 * Content-Transfer-Encoding. */
GBytes *compose_player_mail(const struct compose_player *mail);

struct compose_notice {
	const char *role_name;
	const char *queue_address; /* From */
	const char *agent_addr;	   /* To */
	const char *number;	   /* "" if none is known */
	const char *message_id;
	const char *in_reply_to; /* the agent's mail, "" if none */
	const char *root_id;	 /* "" if no number is known */
	gint64 date;
	const char *what;	/* "The answer": a mail of ours that came back;
				 * NULL: the agent's, which was not sent */
	gboolean is_partly;	/* some of the agent's mail was */
	const char *why;	/* one sentence, without full stop */
	const char *what_to_do; /* "" for the usual advice */
};

/* Tells an agent that his answer was not sent, or that a mail to the player
 * came back. Same header fields as a mail
 * to the player, with Auto-Submitted: auto-generated always. Nothing of the
 * agent's text is in it. */
GBytes *compose_agent_notice(const struct compose_notice *notice);

struct compose_word {
	const char *role_name;
	const char *queue_address; /* From and To, as no agent has to know who
				    * else gets it */
	const char *reply_address; /* capability of the agent side; "" if it is
				    * about no ticket */
	const char *subject;
	const char *message_id;
	const char *root_id; /* "" if it is about no ticket */
	gint64 date;
	const char *text;
};

/* Tells agents something about a ticket. Same header fields as a notice, and
 * [Reply-To] behind To; the text ends with an end line, as that of a copy,
 * because a reply is an answer to the player. */
GBytes *compose_agent_word(const struct compose_word *word);

#endif
