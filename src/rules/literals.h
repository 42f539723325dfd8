#ifndef ND_RULES_LITERALS_H
#define ND_RULES_LITERALS_H

/*
 * The search side of struct rules_literals (rules/rules.h holds the rest).
 *
 * A literal is a sequence of words, kept as one key: its letters and digits,
 * folded, without marks and separators. The text is cut into words once, and
 * at each word the keys of it and of its followers are looked up in one hash
 * table: linear in the text, whatever the number of literals.
 */
#include "rules/rules.h"
#include "rules/shadow.h"

/* Enters one key, made of at most so many words. The first placeholder for a
 * key stays. */
void literals_add_key(struct rules_literals *literals, const char *key,
    guint words, const char *as);

/* Enters a text of shadow form in all its spellings, with any separators
 * between its words and up to extra separators more. */
void literals_add_spellings(struct rules_literals *literals, const char *text,
    guint extra, const char *as);

/* Adds to spans (of struct span, offsets in shadow) where literals stand,
 * the longest at each place. Neighbours with one placeholder become one
 * span, so that a name of three words looks like a name of one. */
void literals_find(const struct rules_literals *literals,
    const struct shadow *shadow, GArray *spans);

#endif
