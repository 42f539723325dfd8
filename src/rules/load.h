#ifndef ND_RULES_LOAD_H
#define ND_RULES_LOAD_H

/*
 * Rule files (nymdesk-rules(5)): GKeyFiles, one group a rule. A file is taken
 * whole or refused: unknown keys, actions and checks, groups or keys given
 * twice, and patterns that do not compile are errors that name the file, the
 * group and what is allowed.
 */
#include <glib.h>

#include "rules/checks.h"
#include "rules/part.h"
#include "rules/pattern.h"

enum rule_action {
	RULE_KEEP,
	RULE_MASK,
	RULE_CATEGORY,
	RULE_COMMAND,
	RULE_REFUSE,
	RULE_PART, /* of patterns; never among the rules */
};

struct rule {
	enum rule_action action;
	struct pattern *pattern; /* own */
	check_fn *check;	 /* NULL: every match counts */
	char *as; /* own: "[phone]", "withdrawal", "forget"; NULL for RULE_KEEP */
	/* Of RULE_KEEP: what is put in brackets after a match whose check
	 * passes, or fails; NULL: nothing. */
	char *valid;   /* own */
	char *invalid; /* own */
	/* Of RULE_KEEP and RULE_MASK: one of these stands in the line of a
	 * match; NULL: perhaps none does. Of RULE_REFUSE these and what follows
	 * stand in a line of the text. */
	char **words; /* own */
	char **starts; /* own: a match begins with one of these, as the start
			* of a word; NULL: perhaps with none */
	gboolean needs_digit; /* a digit of ASCII stands in its line */
	guint run; /* and so many letters and digits of ASCII in a row */
};

struct rules {
	GPtrArray *list; /* own: struct rule */
	struct words *words; /* own */
};

void rule_free(gpointer rule);
typedef struct rule rule_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rule_auto, rule_free)

/* What the files of a directory become, one after the other. */
struct rule_list {
	GPtrArray *list;     /* borrowed; owns its struct rule */
	struct parts *parts; /* borrowed */
};

/* Adds the rules and parts of one file. */
gboolean rules_load_file(struct rule_list *into, const char *path,
    GError **err);

#endif
