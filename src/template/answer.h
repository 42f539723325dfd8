#ifndef ND_TEMPLATE_ANSWER_H
#define ND_TEMPLATE_ANSWER_H

/*
 * Canned answers, templates/<lang>/answers/<name>.txt, which an agent sends
 * with /send: nymdesk-templates(5).
 *
 * Headers: Title (required), Needs and Takes (names of fields that have to be
 * given, and that may be), Expires (the last day in UTC on which the answer is
 * sent) and Default-<field>. They hold for a translation, too, that has no
 * such header of its own: so a link or a day is changed in one file, the
 * English one. Every answer exists in English. Immutable after loading.
 */
#include <glib.h>

#define ANSWER_VALUE_MAX 300 /* octets of a field's value */

struct answers;

/* The error names language, file and what is wrong. No directory "answers"
 * at all: there are no answers. */
struct answers *answers_load(const char *template_dir, GError **err);
void answers_free(struct answers *answers);

/* Sorted, NULL-ended; borrowed. */
const char *const *answers_names(const struct answers *answers);
/* All fields that an agent may give, NULL-ended: a literal. "number" is none
 * of them, it is always the ticket's. */
const char *const *answers_fields(void);

struct answer_field {
	const char *name;
	const char *value;
};

struct answer_args {
	const char *name;
	const char *lang;	   /* the player's, "" if in doubt */
	const char *fallback_lang; /* the queue's */
	const char *number;	   /* as shown */
	const char *role;	   /* who signs, "Casino Support" */
	const struct answer_field *fields; /* ends with a name of NULL */
	gint64 now;		   /* s since 1970 */
};

/* The text in lang, else without its region, else in fallback_lang, else in
 * English; a value breaks no line. Not redacted, not guarded: an agent's
 * values are in it. NULL and ERROR_DENIED, with a text that may be shown to
 * the agent: no such answer, expired, a field that it needs is missing, one
 * that it has not was given, or a value is too long. The text names fields of
 * the template, never a value. Caller frees. */
char *answer_write(const struct answers *answers,
    const struct answer_args *args, GError **err);

/* What the answer says in field if an agent gives nothing, in the language as
 * answer_write(); NULL if there is no such answer or default, or if the answer
 * has expired. args: name, languages and now. Borrowed. */
const char *answer_default(const struct answers *answers,
    const struct answer_args *args, const char *field);

#endif
