#ifndef ND_RULES_ALIKE_H
#define ND_RULES_ALIKE_H

/*
 * What makes words of different scripts alike: letters that look the same,
 * and letters that are written for each other. Both are coarse on purpose:
 * they compare own names with words of another script only, where chance
 * seldom makes two words equal. Texts are folded without marks
 * (rules/fold.h). Pure.
 */
#include <glib.h>

/* Appends the word with each letter replaced by one that stands for all that
 * look like it in either case (Latin h and n, Cyrillic en, Greek eta). */
void alike_look(const char *word, gsize len, GString *out);

/* Appends the word in Latin letters, sounds that are written in many ways
 * (sh, sch, sz; y, j, i) in one of them. */
void alike_sound(const char *word, gsize len, GString *out);

/* TRUE for letters of Greek and Cyrillic. */
gboolean alike_is_foreign(gunichar c);

#endif
