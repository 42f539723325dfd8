#ifndef ND_RULES_WORDS_H
#define ND_RULES_WORDS_H

/*
 * In which lines of a text rules can match at all: of those that name words,
 * one of the words must stand in the line, as whatever part of another; of
 * those that need a digit, one of ASCII. One pass over the text for all
 * rules, so that the pattern of a rule for streets costs nothing where no
 * street is spoken of.
 */
#include <glib.h>

#include "rules/shadow.h"

struct words;

/* Of struct rule, whose words are looked at; the list must not change. */
struct words *words_new(const GPtrArray *rules);
void words_free(struct words *words);

/* What was found in one text. */
struct words_lines;

/* If plain is given, shadow is what decoding made of it, and no rule is tried
 * in a line that is the same in both. */
struct words_lines *words_look(const struct words *words,
    const struct shadow *shadow, const struct shadow *plain);
void words_lines_free(struct words_lines *lines);

/* Lines in a row in which a rule is tried; {0} before the first. */
struct words_window {
	gsize from;
	gsize to;
	guint next;
};

/* The next of them for rule number rule, or FALSE. */
gboolean words_window_next(const struct words_lines *lines, guint rule,
    struct words_window *window);

#endif
