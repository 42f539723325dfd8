/*
 * Numbers and pseudonyms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "ticket/number.h"
#include "ticket/pseudonym.h"

#include "base/banned.h"

#define ALPHABET "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#define BITS_MASK ((G_GUINT64_CONSTANT(1) << 35) - 1)
#define ROUNDS 400

int ticket_decide_tests(void);
int ticket_kpi_tests(void);
int ticket_label_tests(void);
int ticket_sla_tests(void);

static guint64
random_bits(GRand *rand)
{
	return ((guint64)g_rand_int(rand) << 32 | g_rand_int(rand)) & BITS_MASK;
}

static gboolean
holds(const char *text)
{
	struct number number;

	return number_parse(text, strlen(text), &number);
}

/* --- number --------------------------------------------------------- */

static void
number_is_its_bits(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);

	(void)state;
	for (guint i = 0; i < ROUNDS; i++) {
		guint64 bits = i == 0	? 0
			       : i == 1 ? BITS_MASK
					: random_bits(rand);
		struct number number = number_from_bits(bits);
		struct number high =
		    number_from_bits(bits | G_GUINT64_CONSTANT(1) << 35);
		guint64 back = 0;

		for (guint k = 0; k < NUMBER_LEN - 1; k++)
			back =
			    back << 5 |
			    (guint64)(strchr(ALPHABET, number.s[k]) - ALPHABET);
		assert_true(back == bits);
		assert_true(number_to_bits(&number) == bits);
		assert_int_equal(strlen(number.s), NUMBER_LEN);
		assert_true(holds(number.s));
		assert_true(number_equal(&number, &high));
	}
}

static void
number_catches_every_substitution(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(2);

	(void)state;
	for (guint i = 0; i < ROUNDS; i++) {
		struct number number = number_from_bits(random_bits(rand));

		for (guint k = 0; k < NUMBER_LEN; k++) {
			struct number wrong = number;

			for (const char *c = ALPHABET; *c != '\0'; c++) {
				wrong.s[k] = *c;
				assert_true(
				    holds(wrong.s) == (*c == number.s[k]));
			}
		}
	}
}

static void
number_catches_every_swap(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(3);
	guint swaps = 0;

	(void)state;
	for (guint i = 0; i < ROUNDS; i++) {
		struct number number = number_from_bits(random_bits(rand));

		for (guint a = 0; a < NUMBER_LEN; a++) {
			for (guint b = a + 1; b < NUMBER_LEN; b++) {
				struct number wrong = number;

				if (number.s[a] == number.s[b])
					continue;
				wrong.s[a] = number.s[b];
				wrong.s[b] = number.s[a];
				assert_false(holds(wrong.s));
				swaps++;
			}
		}
	}
	assert_true(swaps > ROUNDS * 20);
}

static void
number_reads_tolerantly(void **state)
{
	static const struct {
		const char *text;
		gboolean ok;
	} rows[] = {
	    {"4000000T", TRUE},
	    {"4000-000T", TRUE},
	    {"4000-000t", TRUE},
	    {"4OoO-O0Ot", TRUE},
	    {"4000\xe2\x80\x91"
	     "000T",
		TRUE}, /* U+2011 */
	    {"4000\xe2\x80\x93"
	     "000T",
		TRUE}, /* en dash */
	    {"4000\xe2\x80\x94"
	     "000T",
		TRUE}, /* em dash */
	    {"4000\xe2\x88\x92"
	     "000T",
		TRUE}, /* minus */
	    {"4000\xef\xbc\x8d"
	     "000T",
		TRUE}, /* full width */
	    {"4000\xc2\xa0"
	     "000T",
		TRUE}, /* no-break space */
	    {" 4000 - 000T ", TRUE},
	    {"4 0 0 0 0 0 0 T", TRUE},
	    {"4000-000V", FALSE},
	    {"4000-000", FALSE},
	    {"4000-000T0", FALSE},
	    {"4000_000T", FALSE},
	    {"4000.000T", FALSE},
	    {"U000-000T", FALSE},
	    {"4000-000T\n", FALSE},
	    {"4000-000\xc3", FALSE},
	    {"\xff\xff\xff\xff\xff\xff\xff\xff", FALSE},
	    {"", FALSE},
	    {"-", FALSE},
	};
	struct number a;
	struct number b;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (holds(rows[i].text) != rows[i].ok)
			fail_msg("row %zu", i);
	}
	assert_false(number_parse("4000\0"
				  "000T",
	    9, &a));
	/* I and L are 1. */
	a = number_from_bits(G_GUINT64_CONSTANT(0x0842108421) & BITS_MASK);
	b = a;
	for (guint i = 0; i < NUMBER_LEN; i++)
		if (b.s[i] == '1')
			b.s[i] = i % 2 == 0 ? 'I' : 'l';
	assert_true(strchr(b.s, 'I') != NULL && strchr(b.s, 'l') != NULL);
	assert_true(number_parse(b.s, NUMBER_LEN, &b));
	assert_true(number_equal(&a, &b));
}

#define FOUND_MAX 3

static void
number_is_found_in_subjects(void **state)
{
	static const struct {
		const char *subject;
		const char *numbers; /* with a blank between two */
	} rows[] = {
	    {"Re: [4000-000T] withdrawal", "4000000T"},
	    {"Re: [ 4000 000t ]", "4000000T"},
	    {"AW: [4000\xe2\x80\x91"
	     "000T]",
		"4000000T"},
	    {"[spam] [4000-000T]", "4000000T"},
	    {"[[4000-000T]]", "4000000T"},
	    {"[4000-000V] [4000-000T]", "4000000T"},
	    {"[4000-000V] 4000-000T", "4000000T"},
	    {"[4000-000T] [8000-000H]", "4000000T 8000000H"},
	    {"8000-000H [4000-000T]", "4000000T 8000000H"},
	    {"[4000-000T] Re: 4000-000t [4000 000T]", "4000000T"},
	    {"[4000-000T, 8000-000H]", "4000000T 8000000H"},
	    {"4000-000T 8000-000H C000-000B", "4000000T 8000000H C000000B"},
	    {"C000-000B [8000-000H] 4000-000T [G000-0007]",
		"8000000H G0000007 C000000B"},
	    /* What two encoded-words leave, or a fold. */
	    {"[4000- 000T]", "4000000T"},
	    {"[4000 -000T]", "4000000T"},
	    {"[40 00-00 0T]", "4000000T"},
	    {"4000- 000T", "4000000T"},
	    {"4000 -000T", "4000000T"},
	    {"4000-\t000T", "4000000T"},
	    {"4000\xc2\xad"
	     "000T",
		"4000000T"},
	    {"4OOO-oooT", "4000000T"},
	    {"4000 - 000T", ""},
	    {"4000-  000T", ""},
	    {"4000  -000T", ""},
	    {"40 00-000T", ""},
	    {"my number is 4000-000T.", "4000000T"},
	    {"4000\xe2\x80\x93"
	     "000t",
		"4000000T"},
	    {"(4000-000T)", "4000000T"},
	    {"\xff"
	     "4000-000T\xff",
		"4000000T"},
	    {"4000-000V, 4000-000T", "4000000T"},
	    {"4000000T", ""},
	    {"4000 000T", ""},
	    {"4000-000T-1", ""},
	    {"1-4000-000T", ""},
	    {"x4000-000T", ""},
	    {"4000-000Tx", ""},
	    {"4000-000T_", ""},
	    {"\xc3\xa9"
	     "4000-000T",
		""},
	    {"4000--000T", ""},
	    {"400-0000T", ""},
	    {"[4000-000V]", ""},
	    {"[4000-000T", "4000000T"},
	    {"[", ""},
	    {"]4[", ""},
	    {"", ""},
	};
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct number out[FOUND_MAX] = {{{0}}};
		guint n =
		    number_find_all(rows[i].subject, out, G_N_ELEMENTS(out));
		g_autoptr(GString) found = g_string_new(NULL);

		for (guint k = 0; k < n; k++)
			g_string_append_printf(
			    found, "%s%s", k > 0 ? " " : "", out[k].s);
		if (strcmp(found->str, rows[i].numbers) != 0)
			fail_msg("row %zu: %s", i, found->str);
	}
	assert_int_equal(number_find_all("[4000-000T]", NULL, 0), 0);
}

static void
number_search_is_linear(void **state)
{
	static const char *const parts[] = {
	    "[", "]", "[4000-000", "4000-", "[ - - ", "\xe2\x80\x91", "\xff"};
	struct number number;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autoptr(GString) subject = g_string_new(NULL);
		gint64 start = g_get_monotonic_time();

		while (subject->len < 1000000)
			g_string_append(subject, parts[i]);
		assert_int_equal(
		    number_find_all(subject->str, &number, 1), 0);
		assert_true(
		    g_get_monotonic_time() - start < 5 * G_TIME_SPAN_SECOND);
	}
}

static void
number_shows(void **state)
{
	struct number number = {{0}};
	char text[NUMBER_TEXT_SIZE];

	(void)state;
	assert_false(number_is_set(&number));
	assert_string_equal(number_show(&number, text), "");
	number = number_from_bits(G_GUINT64_CONSTANT(4) << 30);
	assert_true(number_is_set(&number));
	assert_string_equal(number_show(&number, text), "4000-000T");
}

/* --- pseudonym ------------------------------------------------------ */

/* All words of a list, by walking one octet of the key. */
static GHashTable *
words_at(guint offset, guint field)
{
	GHashTable *words =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < 256; i++) {
		guint8 key[PSEUDONYM_KEY_LEN] = {0};
		char out[PSEUDONYM_SIZE];
		g_auto(GStrv) parts = NULL;

		key[offset] = (guint8)i;
		pseudonym_from_key(key, 0, out);
		parts = g_strsplit(out, "-", -1);
		assert_int_equal(g_strv_length(parts), 3);
		g_hash_table_add(words, g_strdup(parts[field]));
	}
	return words;
}

static void
pseudonym_words_are_plain(void **state)
{
	g_autoptr(GHashTable) first = words_at(0, 0);
	g_autoptr(GHashTable) second = words_at(1, 1);
	GHashTable *const lists[] = {first, second};
	GHashTableIter iter;
	gpointer word;

	(void)state;
	for (guint i = 0; i < 2; i++) {
		assert_int_equal(g_hash_table_size(lists[i]), 128);
		g_hash_table_iter_init(&iter, lists[i]);
		while (g_hash_table_iter_next(&iter, &word, NULL)) {
			gsize len = strlen(word);

			assert_true(len >= 3 && len <= 8);
			assert_int_equal(
			    strspn(word, "abcdefghijklmnopqrstuvwxyz"), len);
			assert_false(g_hash_table_contains(lists[1 - i], word));
		}
	}
	assert_true(g_hash_table_contains(first, "amber"));
	assert_true(g_hash_table_contains(second, "otter"));
}

static void
pseudonym_numbers_have_two_digits(void **state)
{
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	(void)state;
	for (guint i = 0; i < 65536; i++) {
		guint8 key[PSEUDONYM_KEY_LEN] = {
		    0, 0, (guint8)(i >> 8), (guint8)i};
		char out[PSEUDONYM_SIZE];
		const char *digits;

		pseudonym_from_key(key, 0, out);
		digits = strrchr(out, '-') + 1;
		assert_int_equal(strlen(digits), 2);
		assert_true(digits[0] >= '1' && digits[0] <= '9');
		g_hash_table_add(seen, g_strdup(digits));
	}
	assert_int_equal(g_hash_table_size(seen), 90);
}

static void
pseudonym_attempts_differ(void **state)
{
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	guint8 key[PSEUDONYM_KEY_LEN];
	char out[PSEUDONYM_SIZE];
	char again[PSEUDONYM_SIZE];

	(void)state;
	for (guint i = 0; i < sizeof key; i++)
		key[i] = (guint8)(i * 7);
	for (guint i = 0; i < PSEUDONYM_ATTEMPTS; i++) {
		pseudonym_from_key(key, i, out);
		pseudonym_from_key(key, i, again);
		assert_string_equal(out, again);
		g_hash_table_add(seen, g_strdup(out));
	}
	assert_int_equal(g_hash_table_size(seen), PSEUDONYM_ATTEMPTS);
	pseudonym_from_key(key, PSEUDONYM_ATTEMPTS, again);
	pseudonym_from_key(key, 0, out);
	assert_string_equal(out, again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(number_is_its_bits),
	    cmocka_unit_test(number_catches_every_substitution),
	    cmocka_unit_test(number_catches_every_swap),
	    cmocka_unit_test(number_reads_tolerantly),
	    cmocka_unit_test(number_is_found_in_subjects),
	    cmocka_unit_test(number_search_is_linear),
	    cmocka_unit_test(number_shows),
	    cmocka_unit_test(pseudonym_words_are_plain),
	    cmocka_unit_test(pseudonym_numbers_have_two_digits),
	    cmocka_unit_test(pseudonym_attempts_differ),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	failed += ticket_kpi_tests();
	failed += ticket_label_tests();
	failed += ticket_sla_tests();
	return failed + ticket_decide_tests() == 0 ? 0 : 1;
}
