#ifndef ND_POSTFIX_WORDS_H
#define ND_POSTFIX_WORDS_H

/*
 * The words of Postfix 3.4 to 3.10 that may stay in a log. All lists end
 * with NULL. No word of a person belongs here: a text that a mail, a client
 * or a server chose must not be able to look like more than these.
 */
#include <glib.h>

enum word_kind {
	WORD_NUMBER, /* counted by Postfix */
	WORD_ADDR,
	WORD_HOST,
	WORD_RELAY, /* host with its port, or a delivery agent's name */
	WORD_ID,
	WORD_QUEUE_ID,
	WORD_PROTO,
	WORD_STATUS, /* takes the rest of the line */
	WORD_TEXT,
};

struct word_key {
	const char *name; /* NULL ends the list */
	enum word_kind kind;
};

extern const struct word_key words_keys[];
extern const char *const words_formats[];  /* whole messages */
extern const char *const words_statuses[]; /* what follows status=word */
extern const char *const words_actions[];  /* "reject", "milter-reject" */
extern const char *const words_severities[];
extern const char *const words_reasons[];
extern const char *const words_delivery[]; /* status=... */
extern const char *const words_relays[];
extern const char *const words_protos[];
extern const char *const words_smtp[];
extern const char *const words_errno[];
extern const char *const words_phases[];
extern const char *const words_tls[];
extern const char *const words_months[];

#endif
