#ifndef ND_MAIL_LANGUAGE_WORDS_H
#define ND_MAIL_LANGUAGE_WORDS_H

/*
 * Small words that no sentence of a language can do without, of our languages
 * in Latin script: they tell two sentences apart, which are often too few
 * letters for a fingerprint. Accents do not count, as many people leave them
 * out. Takes linear time; looks at a limited number of words.
 */
#include <glib.h>

struct language_words;

struct language_words *language_words_new(void);
void language_words_free(struct language_words *words);

/* The language of which text has clearly the most of these words, else "".
 * text is UTF-8. A literal. */
const char *language_words_guess(
    const struct language_words *words, const char *text);

#endif
