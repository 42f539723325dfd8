#ifndef ND_RULES_WORDS_H
#define ND_RULES_WORDS_H

/*
 * Where in a text rules can match at all. In its line must stand what the
 * rule needs: one of its words, as whatever part of another; a digit; a run
 * of letters and digits. A rule that names its starts is tried only where one
 * of them begins a word. One pass over the text for all rules, so that the
 * pattern of a rule for streets costs nothing where no street is spoken of.
 */
#include <glib.h>

#include "rules/shadow.h"

struct words;

/* Of struct rule; the list must not change. */
struct words *words_new(const GPtrArray *rules);
void words_free(struct words *words);

/* What was found in one text. */
struct words_places;

/* If plain is given, shadow is what decoding made of it, and no rule is tried
 * in a line that is the same in both. */
struct words_places *words_look(const struct words *words,
    const struct shadow *shadow, const struct shadow *plain);
void words_places_free(struct words_places *places);

/* Where matches of a rule may begin; {0} before the first. */
struct words_window {
	gsize from;
	gsize to;
	guint line;
	guint start;
};

/* The next of them for rule number rule, behind the one before; FALSE if
 * there is none. */
gboolean words_window_next(const struct words_places *places, guint rule,
    struct words_window *window);

#endif
