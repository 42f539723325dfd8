#ifndef ND_RULES_FOLD_H
#define ND_RULES_FOLD_H

/*
 * Words of a shadow text and their spelling-tolerant keys: without marks
 * (Müller = Muller), with special letters spelled out (ø = o, æ = ae), and
 * in two further forms for German and Nordic spellings. Pure.
 */
#include <glib.h>

struct word {
	gsize start;
	gsize end;
};

/* The next run of letters, digits and marks in text from *pos on; a CJK
 * character is a word of its own. FALSE if there is none. */
gboolean word_next(const char *text, gsize len, gsize *pos, struct word *word);

/* Appends the key of a word. If spelled, umlauts become two letters
 * (müller -> mueller). */
void word_fold(const char *text, gsize len, gboolean spelled, GString *out);

/* Appends the key with ae, oe, ue as a, o, u (mueller -> muller) and aa as a
 * (haakon -> hakon). */
void key_reduce_append(const char *key, gsize len, GString *out);

/* FALSE if no word of a text of ASCII has anything of that. */
gboolean fold_reduces(const char *text, gsize len);

/* Letters in a UTF-8 text, digits not counted. */
guint letters_count(const char *text, gsize len);

gboolean is_word_char(gunichar c);

/* TRUE for scripts that are written without spaces between words. */
gboolean is_ideograph(gunichar c);

#endif
