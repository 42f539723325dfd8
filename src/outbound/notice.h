#ifndef ND_OUTBOUND_NOTICE_H
#define ND_OUTBOUND_NOTICE_H

/*
 * The notices we write ourselves, rendered from templates/<lang>/. They hold
 * words of the template, numbers, times and links of ours; nothing of a mail.
 * Immutable after loading.
 */
#include <glib.h>

struct notices;

/* Loads <dir>/<lang>/ack.txt for every language there is; "en" must be. The
 * error names language and line. */
struct notices *notices_load(const char *template_dir, GError **err);
void notices_free(struct notices *notices);

struct notice_ack_args {
	const char *lang;	   /* "de", "" if in doubt */
	const char *fallback_lang; /* the queue's */
	const char *number;	   /* as shown, "K7F3-9Q2Y" */
	const char *category;	   /* "withdrawal", "" if none */
	const char *faq;	   /* link, "" if none */
	gint64 first_reply_due;	   /* s since 1970; 0: left out */
	gint64 decision_due;
	gint64 forget;		   /* when the contact's keys die */
};

/* The acknowledgement of a new ticket, in lang, else fallback_lang, else
 * English. *subject is one line; *text is UTF-8 with LF line ends. The caller
 * frees both. Always TRUE for what notices_load() gave. */
gboolean notice_ack(const struct notices *notices,
    const struct notice_ack_args *args, char **subject, char **text);

#endif
