#ifndef ND_RULES_LITERALS_H
#define ND_RULES_LITERALS_H

/*
 * The search side of struct rules_literals (rules/rules.h holds the rest).
 *
 * A literal is a sequence of words, kept as keys: its letters and digits in
 * each folding of rules/stream.h. One pass over each folding of a text finds
 * all keys, whatever stands between the letters; then it is looked at where
 * the words of the text begin and what parts them. Linear in the text,
 * whatever the number of literals.
 */
#include "rules/rules.h"
#include "rules/shadow.h"

enum literal_flag {
	LITERAL_ADDR = 1,  /* a whole address: signs may be said in words */
	LITERAL_BENDS = 2, /* up to three letters may follow: an ending */
	LITERAL_STEM = 4,  /* at least one letter must follow */
};

struct literal {
	const char *as;
	guint extra; /* so many words more than it has may make it up */
	guint flags; /* enum literal_flag */
};

/* Enters a text of shadow form in all its spellings, with any separators
 * between its words. The first placeholder for a key stays. */
void literals_add_spellings(struct rules_literals *literals, const char *text,
    const struct literal *literal);

gboolean literals_are_empty(const struct rules_literals *literals);

/* Adds to spans (of struct span, offsets in shadow, sorted) where literals
 * stand. Neighbours with one placeholder become one span, so that a name of
 * three words looks like a name of one. */
void literals_find(const struct rules_literals *literals,
    const struct shadow *shadow, GArray *spans);

#endif
