#ifndef ND_OUTBOUND_NOTICE_H
#define ND_OUTBOUND_NOTICE_H

/*
 * The notices we write ourselves, rendered from templates/<lang>/. They hold
 * words of the template, numbers, times and links of ours; nothing of a mail.
 * Immutable after loading.
 */
#include <glib.h>

struct notices;

/* Each has a file of its own in a language's directory. */
enum notice_kind {
	NOTICE_ACK,	  /* ack.txt: acknowledges a new ticket */
	NOTICE_ENCRYPTED, /* encrypted.txt: how to send what we cannot read */
	NOTICE_END
};

/* Loads <dir>/<lang>/... for every language there is; "en" must have all. The
 * error names language, file and line. */
struct notices *notices_load(const char *template_dir, GError **err);
void notices_free(struct notices *notices);

struct notice_args {
	enum notice_kind kind;
	const char *lang;	   /* "de", "" if in doubt */
	const char *fallback_lang; /* the queue's */
	const char *number;	   /* as shown, "K7F3-9Q2Y" */
	const char *category;	   /* "withdrawal", "" if none */
	const char *faq;	   /* link, "" if none */
	gint64 first_reply_due;	   /* s since 1970; 0: left out */
	gint64 decision_due;
	gint64 forget;		   /* when the contact's keys die */
};

/* In lang, else fallback_lang, else English. *subject is one line; *text is
 * UTF-8 with LF line ends. The caller frees both. Always TRUE for what
 * notices_load() gave. */
gboolean notice_write(const struct notices *notices,
    const struct notice_args *args, char **subject, char **text);

#endif
