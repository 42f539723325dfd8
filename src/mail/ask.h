#ifndef ND_MAIL_ASK_H
#define ND_MAIL_ASK_H

/*
 * What a mail to a queue's control address asks for: list, show NUMBER,
 * stats, help; a line each, until a blank line. With no such line in the text
 * the subject may be one. Nothing of it changes anything, so that reading is
 * more tolerant than that of commands: a slash is no fault, and a text that
 * is only a signature is none. Pure, linear; texts as in mail/steer.h.
 */
#include <glib.h>

#include "ticket/number.h"

#define ASK_MAX 8

enum ask_what {
	ASK_LIST,
	ASK_SHOW, /* number is set */
	ASK_STATS,
	ASK_HELP,
};

struct ask {
	enum ask_what what;
	struct number number;
};

/* Array of struct ask, not empty. NULL and ERROR_PERM, a literal and a line's
 * number, if something cannot be understood; then nothing is to be answered
 * but that. */
GArray *ask_parse(const char *subject, const char *text, GError **err);

/* What help is answered with. A literal. */
const char *ask_help(void);

#endif
