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
#include "rules/pattern.h"

enum rule_action {
	RULE_KEEP,
	RULE_MASK,
	RULE_CATEGORY,
	RULE_COMMAND,
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
};

struct rules {
	GPtrArray *list; /* own: struct rule */
};

void rule_free(gpointer rule);

/* Adds the rules of one file to list (owns its struct rule). */
gboolean rules_load_file(GPtrArray *list, const char *path, GError **err);

#endif
