#ifndef ND_MAIL_STEER_H
#define ND_MAIL_STEER_H

/*
 * What an agent wants done, from the first lines of his new words:
 * nymdesk-agents(7). A blank line ends the commands, unless another stands
 * below it, as paragraphs of HTML do; the words that follow are for the
 * player, or for the colleagues after /note.
 *
 * All or nothing: if one line cannot be understood, the whole mail is to do
 * nothing and to send nothing. The error is ERROR_PERM, a literal that says
 * what is allowed and ends in the number of the line: fit to be shown to the
 * agent, and without any of his words. Tolerant of how mail programs change
 * what was typed (mail/steer_line.h), never of what was meant: names and
 * numbers have to fit. A line further down that is a command of ours is an
 * error, too, so that no command with its reason ever goes to a player.
 *
 * Reasons, values and text are an agent's free words, not redacted and not
 * guarded: they must not get into a log, an error or the database. Pure and
 * linear; texts are valid UTF-8 with LF line ends.
 */
#include <glib.h>

#include "ticket/number.h"

#define STEER_LINE_MAX 1000 /* octets of a line with a command, but /note */
#define STEER_REASON_MAX 500 /* octets */
#define STEER_VALUE_MAX 300  /* octets of a field's value */
#define STEER_FIELDS_MAX 8

enum steer_verb {
	STEER_CLOSE,
	STEER_WAIT,
	STEER_NOTE,
	STEER_ESCALATE,
	STEER_TAKE,
	STEER_QUEUE,
	STEER_CATEGORY,
	STEER_LANG,
	STEER_SEND,
	STEER_FORGET,
	STEER_KYC,
	STEER_HELP,
	STEER_END
};

enum steer_close {
	STEER_SOLVED = 1,
	STEER_REFUSED,	 /* reason is set */
	STEER_DUPLICATE, /* number is set */
};

struct steer_field {
	const char *name; /* borrowed from steer_names.fields */
	char *value;	  /* own; one line */
};

struct steer_command {
	enum steer_verb verb;
	guint line;	       /* of the text, from 1 */
	enum steer_close close; /* of /close, else 0 */
	struct number number;
	const char *name; /* borrowed from steer_names: queue, category,
			   * language or answer; else NULL */
	char *reason;	  /* own; of /close refused, /escalate, /kyc; of
			   * /note the words behind it, of any length; "" if
			   * none */
	GArray *fields;	  /* own struct steer_field; of /send, else NULL */
};

/* What exists, each NULL-ended; a name that is not listed is an error. Case and
 * dashes do not matter. Must outlive the commands. */
struct steer_names {
	const char *const *queues;
	const char *const *categories;
	const char *const *answers;
	const char *const *fields; /* of answers, template/answer.h */
};

struct steer {
	GArray *commands; /* own struct steer_command, as they stand; each
			   * verb at most once */
	char *text; /* own; without the commands; "" if nothing is left but a
		     * closing or a signature. With /note for colleagues only,
		     * below its reason; with /send and no /note always "" */
};

/* text: the agent's new words; lines with his name are best taken out before
 * (a name right below a command is no signature that could be known here).
 * Without a command all of it is out->text. A line of a program that wraps at
 * 72 to 80 columns goes on in the next. FALSE: *out is empty, but may be
 * cleared. */
gboolean steer_parse(const char *text, const struct steer_names *names,
    struct steer *out, GError **err);
void steer_clear(struct steer *steer);
typedef struct steer steer_auto;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(steer_auto, steer_clear)

/* The command, or NULL. */
const struct steer_command *steer_find(const struct steer *steer,
    enum steer_verb verb);

/* The languages of /lang, NULL-ended. */
const char *const *steer_langs(void);

/* What /help is answered with: every command, and the names there are. Plain
 * text of at most 72 columns, but for longer names. Caller frees. */
char *steer_help(const struct steer_names *names);

#endif
