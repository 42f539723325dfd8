#ifndef ND_OUTBOUND_NOTICE_H
#define ND_OUTBOUND_NOTICE_H

/*
 * The notices we write ourselves, rendered from templates/<lang>/. They hold
 * words of the template, numbers, times, links and addresses of ours; nothing of
 * a mail, but for the thread in a transcript. Immutable after loading.
 */
#include <glib.h>

struct notices;

/* Each has a file of its own in a language's directory. */
enum notice_kind {
	NOTICE_ACK,	  /* ack.txt: acknowledges a new ticket */
	NOTICE_ENCRYPTED, /* encrypted.txt: how to send what we cannot read */
	NOTICE_ESCALATED, /* escalated.txt: his ticket is a level up */
	NOTICE_CLOSED,	  /* closed.txt: it is closed; how content is he? */
	NOTICE_TRANSCRIPT, /* transcript.txt: its whole thread */
	NOTICE_FOOTER,	  /* footer.txt: ends every mail to a player */
	NOTICE_END
};

/* Loads <dir>/<lang>/... for every language there is; "en" must have all. The
 * error names language, file and line. */
struct notices *notices_load(const char *template_dir, GError **err);
void notices_free(struct notices *notices);

#define NOTICE_RATINGS 5

/* A text that is NULL, "" or a time that is 0 is left out. */
struct notice_args {
	enum notice_kind kind;
	const char *lang;	   /* "de", "" if in doubt */
	const char *fallback_lang; /* the queue's */
	const char *number;	   /* as shown, "K7F3-9Q2Y" */
	const char *category;	   /* "withdrawal", "" if none */
	const char *faq;	   /* link, "" if none */
	gint64 first_reply_due;	   /* s since 1970 */
	gint64 decision_due;
	gint64 forget;	       /* when the contact's keys die */
	gint64 reopen;	       /* until then an answer reopens the ticket */
	guint32 level;	       /* of the ticket */
	guint32 close;	       /* enum proto_close */
	const char *mirror;    /* the link by which we are reached now */
	const char *receipt;   /* the line */
	const char *thread;    /* the transcript: several lines */
	const char *escalate;  /* address for it; set in the footer, too */
	const char *rate[NOTICE_RATINGS]; /* address for 1, 2, ... */
};

/* In lang, else fallback_lang, else English, and below it the footer.
 * *subject is one line; *text is UTF-8 with LF line ends. The caller frees
 * both. Always TRUE for what notices_load() gave. */
gboolean notice_write(const struct notices *notices,
    const struct notice_args *args, char **subject, char **text);

/* The text, of which all ends in the footer. Needs languages, number and
 * escalate. Caller frees. */
char *notice_add_footer(const struct notices *notices,
    const struct notice_args *args, const char *text);

#endif
