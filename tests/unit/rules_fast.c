/*
 * The short cuts for plain text give what the general way gives: random
 * texts go both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/fold.h"
#include "rules/shadow.h"
#include "rules_tests.h"

#include "base/banned.h"

#define ROUNDS 300
#define PIECES 60

/* Text of random pieces; only the first plain of them are ASCII. */
static GString *
text_make(GRand *rand, gboolean is_ascii)
{
	static const char *const pieces[] = {"a", "Z", " ", "\n", "7", "Hans",
	    "(at)", "[ dot ]", "(a)", "{", "<", "@", ".", "-", "+49 170 ",
	    "1234567", " EUR ", "250,00", "tx 4711", "12:30", "2026-11-22",
	    "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111",
	    "K7F3-9Q2X", "hans@players.test", " at gmail.com", "deposit",
	    "\x01", "\t", "ä", "É", "e\xcc\x81", "ß", "ς", "ﬁ", "７",
	    "“", "–", "漢", "\xc2\xad", "\xff", "\xc3"};
	const gint32 plain = 29;
	gint32 n = g_rand_int_range(rand, 0, PIECES);
	GString *text = g_string_new(NULL);

	while (n-- > 0)
		g_string_append(text, pieces[g_rand_int_range(rand, 0,
		    is_ascii ? plain : (gint32)G_N_ELEMENTS(pieces))]);
	return text;
}

/* Puts a character that the shadow leaves out behind every octet of ASCII,
 * so that none of it is a plain run. back leads from an offset in the result
 * to one in text. */
static GString *
text_break(const GString *text, GArray *back)
{
	static const char joiner[] = "\xe2\x80\x8b";
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < text->len; i++) {
		g_string_append_c(out, text->str[i]);
		if ((guchar)text->str[i] < 0x80)
			g_string_append(out, joiner);
		g_array_set_size(back, (guint)out->len + 1);
		g_array_index(back, gsize, out->len) = i + 1;
		if ((guchar)text->str[i] < 0x80)
			g_array_index(back, gsize, out->len - 3) = i + 1;
	}
	return out;
}

void
test_shadow_plain(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);

	(void)state;
	for (guint i = 0; i < ROUNDS; i++) {
		GString *text = text_make(rand, i % 2 == 0);
		g_autoptr(GArray) back = g_array_new(FALSE, TRUE,
		    sizeof(gsize));
		GString *broken;
		g_autoptr(shadow_auto) fast = shadow_new(text->str, text->len);
		g_autoptr(shadow_auto) slow = NULL;

		g_array_set_size(back, 1);
		broken = text_break(text, back);
		slow = shadow_new(broken->str, broken->len);
		assert_string_equal(fast->text, slow->text);
		for (gsize j = 0; j <= fast->len; j++)
			assert_int_equal(fast->map[j],
			    g_array_index(back, gsize, slow->map[j]));
		g_string_free(text, TRUE);
		g_string_free(broken, TRUE);
	}
}

/* One letter that is none of ASCII sends the whole text the general way. */
void
test_ascii(void **state)
{
	static const char tail[] = "\n\n\xc3\xa4";
	g_autoptr(GRand) rand = g_rand_new_with_seed(2);
	guint hits = 0;

	(void)state;
	for (guint i = 0; i < ROUNDS; i++) {
		g_autoptr(GString) text = text_make(rand, TRUE);
		g_autofree char *fast = NULL;
		g_autofree char *slow = NULL;
		const char *category;

		fast = rules_redact(shipped, NULL, text->str, &hits);
		category = rules_category(shipped, text->str);
		g_string_append(text, tail);
		slow = rules_redact(shipped, NULL, text->str, NULL);
		assert_true(g_str_has_suffix(slow, tail));
		slow[strlen(slow) - strlen(tail)] = '\0';
		assert_string_equal(fast, slow);
		assert_string_equal(category != NULL ? category : "",
		    rules_category(shipped, text->str) != NULL
			? rules_category(shipped, text->str)
			: "");
	}
	assert_true(hits > ROUNDS);
}

/* The shipped rules without the keys that say where they are tried. */
static struct rules *
rules_everywhere(void)
{
	static const char *const files[] = {"keep", "mask"};
	g_autoptr(GString) content = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = g_strdup_printf("%s/filters/%s.conf",
		    ND_SRCDIR, files[i]);
		g_autofree char *text = NULL;
		g_auto(GStrv) lines = NULL;

		assert_true(g_file_get_contents(path, &text, NULL, NULL));
		lines = g_strsplit(text, "\n", -1);
		for (gsize j = 0; lines[j] != NULL; j++)
			if (!g_str_has_prefix(lines[j], "words = ") &&
			    !g_str_has_prefix(lines[j], "starts = ") &&
			    !g_str_has_prefix(lines[j], "digit = ") &&
			    !g_str_has_prefix(lines[j], "run = "))
				g_string_append_printf(content, "%s\n",
				    lines[j]);
	}
	return test_rules_from(content->str, NULL);
}

/* Rules find the same wherever they are tried, also in what is decoded. */
void
test_places(void **state)
{
	struct rules *all = rules_everywhere();
	g_autoptr(GRand) rand = g_rand_new_with_seed(6);
	guint hits = 0;

	(void)state;
	assert_non_null(all);
	for (guint i = 0; i < 4 * ROUNDS; i++) {
		GString *text = text_make(rand, i % 2 == 0);
		GString *more = text_make(rand, FALSE);
		g_autofree char *fast = NULL;
		g_autofree char *slow = NULL;

		g_string_append_printf(text, "%s\n%s", i % 3 == 0
			? " hans&#64;players.test %34"
			: "", more->str);
		fast = rules_redact(shipped, NULL, text->str, &hits);
		slow = rules_redact(all, NULL, text->str, NULL);
		assert_string_equal(fast, slow);
		g_string_free(text, TRUE);
		g_string_free(more, TRUE);
	}
	assert_true(hits > ROUNDS);
	rules_free(all);
}

/* A word folds as its characters do one by one. */
void
test_fold_plain(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(4);

	(void)state;
	for (gunichar c = 1; c < 0x80; c++)
		assert_true(is_word_char(c) == g_unichar_isalnum(c));
	for (guint i = 0; i < ROUNDS; i++) {
		GString *text = text_make(rand, FALSE);
		g_autoptr(shadow_auto) word = shadow_new(text->str, text->len);
		g_autoptr(GString) fast = g_string_new(NULL);
		g_autoptr(GString) slow = g_string_new(NULL);

		word_fold(word->text, word->len, i % 2 == 0, fast);
		for (const char *p = word->text; *p != '\0';
		     p = g_utf8_next_char(p))
			word_fold(p, (gsize)(g_utf8_next_char(p) - p),
			    i % 2 == 0, slow);
		assert_string_equal(fast->str, slow->str);
		g_string_free(text, TRUE);
	}
}
