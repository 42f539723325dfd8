#ifndef ND_RULES_BEND_H
#define ND_RULES_BEND_H

/*
 * The forms that a name takes in sentences: Greek, Polish and Russian change
 * its end, and some a vowel before it (Marek, Markowi; Андрей, Андрею;
 * Γιώργος, Γιώργου). Pure.
 */
#include <glib.h>

/* What is done with one form of a name. */
typedef void bend_fn(gpointer data, const char *form);

/* Calls take for each form of a name but the name itself. key is the word in
 * folded letters without marks, as word_fold() makes it; letters is their
 * number, three or more. A form that is a common word of one of the languages
 * is left out. */
void bend_name(const char *key, guint letters, bend_fn *take, gpointer data);

/* The octets of key before an ending of these languages; its length if it has
 * none. */
gsize bend_stem(const char *key);

#endif
