#ifndef ND_RULES_WORDS_H
#define ND_RULES_WORDS_H

/*
 * Which rules can match in a text at all: of those that name words, one of
 * the words must stand in it, as whatever part of another. One pass over the
 * text for all rules, so that the pattern of a rule for streets costs nothing
 * where no street is spoken of.
 */
#include <glib.h>

#include "rules/shadow.h"

struct words;

/* Of struct rule, whose words are looked at; the list must not change. */
struct words *words_new(const GPtrArray *rules);
void words_free(struct words *words);

/* One octet for each rule: 1 if it has to be tried. Caller frees. */
guint8 *words_look(const struct words *words, const struct shadow *shadow);

#endif
