/*
 * What a person may be called: the literals made of a display name
 * (rules/rules.h).
 */
#include "rules/literals.h"

#include <string.h>

#include "rules/bend.h"
#include "rules/common.h"
#include "rules/fold.h"

#include "base/banned.h"

#define NAME_LETTERS 3 /* shorter words of a name are not masked alone */
#define BENT_LETTERS 5 /* longer words take endings of other languages */
#define ORDER_WORDS 5  /* names of more words are not turned round */

/* A name that is being taken. */
struct name {
	struct rules_literals *literals; /* borrowed */
	const char *as;
};

static void
form_take(gpointer data, const char *form)
{
	const struct name *name = data;
	const struct literal one = {.as = name->as};

	literals_add_spellings(name->literals, form, &one);
}

/* Names that end in a vowel or in a Greek ending change it: Kowalska,
 * Kowalskiej; Παπαδόπουλος, Παπαδοπούλων. */
static void
stem_add(struct rules_literals *literals, const char *key, const char *as)
{
	const struct literal bent = {.as = as,
	    .flags = LITERAL_BENDS | LITERAL_STEM};
	gsize len = bend_stem(key);
	g_autofree char *stem = g_strndup(key, len);

	if (key[len] != '\0' && letters_count(stem, len) >= BENT_LETTERS)
		literals_add_spellings(literals, stem, &bent);
}

static void
name_word_add(struct rules_literals *literals, const char *word,
    const char *as)
{
	guint letters = letters_count(word, strlen(word));
	const struct literal name = {.as = as,
	    .flags = letters >= BENT_LETTERS ? LITERAL_BENDS : 0};
	g_autoptr(GString) key = g_string_new(NULL);
	struct name taken = {literals, as};

	if (letters < NAME_LETTERS || word_is_common(word))
		return;
	literals_add_spellings(literals, word, &name);
	word_fold(word, strlen(word), FALSE, key);
	if (letters >= BENT_LETTERS)
		stem_add(literals, key->str, as);
	bend_name(key->str, letters, form_take, &taken);
	if (letters > NAME_LETTERS && (guchar)key->str[0] < 0x80) {
		g_string_append_c(key, 's');
		form_take(&taken, key->str);
	}
}

/* A whole name may be shorter than its words have to be only where a
 * character is a word. */
static gboolean
name_is_telling(const char *text, gsize len)
{
	guint letters = letters_count(text, len);

	if (letters >= NAME_LETTERS)
		return !word_is_common(text);
	return letters == 2 && is_ideograph(g_utf8_get_char(text));
}

/* The last word first, "Li, Jo", and the first one by its letter, "J. Li". */
static void
orders_add(struct rules_literals *literals, const char *text,
    const struct word *words, guint n, const char *as)
{
	const struct literal name = {.as = as};
	const char *last = text + words[n - 1].start;
	gsize last_len = words[n - 1].end - words[n - 1].start;
	gsize head_len = words[n - 1].start - words[0].start;
	g_autofree char *turned = g_strdup_printf("%.*s %.*s", (int)last_len,
	    last, (int)head_len, text + words[0].start);
	g_autofree char *short_name = g_strdup_printf("%.*s %.*s",
	    (int)g_utf8_skip[(guchar)text[words[0].start]],
	    text + words[0].start, (int)last_len, last);

	literals_add_spellings(literals, turned, &name);
	if (letters_count(last, last_len) >= NAME_LETTERS)
		literals_add_spellings(literals, short_name, &name);
}

static void
name_add(struct rules_literals *literals, const char *text, const char *as)
{
	const struct literal name = {.as = as};
	gsize len = strlen(text);
	struct word words[ORDER_WORDS];
	struct word word;
	gsize pos = 0;
	guint n = 0;

	if (name_is_telling(text, len))
		literals_add_spellings(literals, text, &name);
	while (word_next(text, len, &pos, &word)) {
		g_autofree char *one = g_strndup(text + word.start,
		    word.end - word.start);

		name_word_add(literals, one, as);
		if (n < ORDER_WORDS)
			words[n] = word;
		n++;
	}
	if (n > 1 && n <= ORDER_WORDS && len < 256 &&
	    letters_count(text, len) >= NAME_LETTERS &&
	    !is_ideograph(g_utf8_get_char(text + words[0].start)))
		orders_add(literals, text, words, n, as);
}

void
rules_literals_add_name(struct rules_literals *literals, const char *name,
    const char *placeholder)
{
	g_autoptr(shadow_auto) shadow = shadow_new(name, strlen(name));
	g_auto(GStrv) parts = g_strsplit_set(shadow->text, " \t\r\n", -1);
	g_autoptr(GString) rest = g_string_new(NULL);

	/* Mailers put the address where a name is missing; its domain's words
	 * must not be masked everywhere. */
	for (gsize i = 0; parts[i] != NULL; i++) {
		if (strchr(parts[i], '@') != NULL)
			rules_literals_add_addr(literals, parts[i],
			    placeholder);
		else if (parts[i][0] != '\0')
			g_string_append_printf(rest, "%s%s",
			    rest->len > 0 ? " " : "", parts[i]);
	}
	name_add(literals, rest->str, placeholder);
}
