/*
 * The engine: what stands outside of masks, time, blocks, limits, and what a
 * rule file may say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "rules/rules.h"
#include "rules_tests.h"

#include "base/banned.h"

/* A directory with one rule file. Caller frees. */
static char *
dir_make(const char *content)
{
	char *dir = g_dir_make_tmp("nymdesk-rules-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "test.conf", NULL);

	assert_non_null(dir);
	assert_true(g_file_set_contents(path, content, -1, NULL));
	return dir;
}

static void
dir_remove(char *dir)
{
	g_autofree char *path = g_build_filename(dir, "test.conf", NULL);

	(void)g_unlink(path);
	(void)g_rmdir(dir);
	g_free(dir);
}

struct rules *
test_rules_from(const char *content, GError **err)
{
	char *dir = dir_make(content);
	struct rules *rules = rules_load(dir, err);

	dir_remove(dir);
	return rules;
}

/* All that stands between the placeholders of out stands in text, octet for
 * octet and in this order. */
static void
outside_is_equal(const char *text, const char *out)
{
	static const char *const marks[] = {"[address]", "[phone]", "[iban]",
	    "[card]", "[name]", "[birth-date]", "[id]", "[street]",
	    "[handle]", "[ip]"};
	const char *from = text;
	g_autoptr(GString) parts = g_string_new(out);
	g_auto(GStrv) pieces = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++)
		(void)g_string_replace(parts, marks[i], "\x01", 0);
	pieces = g_strsplit(parts->str, "\x01", -1);
	for (gsize i = 0; pieces[i] != NULL; i++) {
		const char *at = strstr(from, pieces[i]);

		assert_non_null(at);
		if (i == 0)
			assert_ptr_equal(at, text);
		from = at + strlen(pieces[i]);
	}
	assert_true(g_str_has_suffix(text, pieces[g_strv_length(pieces) - 1]));
}

void
test_outside(void **state)
{
	static const char *const parts[] = {" ", "\n", "\n\n", "a", "hans",
	    "Müller", "@", ".", "example.org", "+49 170 1234567", "tel ", "ß",
	    "\xe2\x80\x8b", "\xc2\xad", "\xcc\x88", "\xf0\x9f\x98\x80", "ﬁ",
	    "(at)", "(dot)", "4111 1111 1111 1111", "٣", "ς", "王", "\xff",
	    "\xe2\x82", "DE89 3704 0044 0532 0130 00", "250 USDT", "\r\n",
	    "K7F3-9Q2Y", "\t", "0x", "order ", "\xef\xb7\xba"};
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	struct rules_literals *literals = rules_literals_new();
	guint masked = 0;

	(void)state;
	rules_literals_add_name(literals, "Hans Müller", "[name]");
	rules_literals_add_addr(literals, "hans@example.org", "[address]");
	for (guint i = 0; i < 2000; i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_autofree char *out = NULL;
		gint n = g_rand_int_range(rand, 1, i % 100 == 0 ? 9000 : 60);

		while (n-- > 0)
			g_string_append(text, parts[g_rand_int_range(rand, 0,
			    G_N_ELEMENTS(parts))]);
		out = rules_redact(shipped, literals, text->str, &masked);
		outside_is_equal(text->str, out);
		assert_null(strstr(out, "hans@example.org"));
	}
	print_message("%u spans masked\n", masked);
	assert_true(masked > 1000);
	rules_literals_free(literals);
}

/* Texts that make naive patterns, normalisers and tables slow. */
void
test_time(void **state)
{
	static const char *const units[] = {"a", "a.", "a@", "1", "1 ", "+1 ",
	    "tel ", "tel 12345 ", "\xcc\x81\xcc\xa3", "(", "(at) ",
	    "a at b dot ", "hans ", "order ", "1.111.", "usd ", "\n",
	    "\xef\xb7\xba",
	    "\"a", "born ", "born a", "passport ", "passport a1", "1.1.",
	    "1.1.1.1.", "a:", "2a::", "rue a ", "rue abc ", "1 a ", "1 abc, ",
	    "via abc ", "abcstrasse ", "abc mah. ", "abc ", "telegram ",
	    "telegram @", "discord a", "skype: a.", "t.me/", "1-1-", "(030) ",
	    "01/01/", "αβγδ 1, ", "1 abc 1999 ", "no 1",
	    "de89 3704 0044 0532 0130 01 "};
	struct rules_literals *literals = rules_literals_new();

	(void)state;
	rules_literals_add_name(literals, "Hans Hans Müller", "[name]");
	rules_literals_add_addr(literals, "a.a.a.a@hans.example", "[address]");
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		g_autoptr(GString) text = g_string_sized_new(MEBI);
		g_autofree char *out = NULL;
		clock_t start = clock();

		while (text->len < MEBI)
			g_string_append(text, units[i]);
		out = rules_redact(shipped, literals, text->str, NULL);
		if (clock() - start > CPU_SECONDS_MAX * CLOCKS_PER_SEC)
			fail_msg("too slow on 1 MiB of \"%s\"", units[i]);
	}
	rules_literals_free(literals);
}

/* A long text is cut into blocks; nothing may slip through the seams. */
void
test_blocks(void **state)
{
	(void)state;
	for (gsize pad = 16 * 1024 - 40; pad < 16 * 1024 + 40; pad++) {
		g_autofree char *words = g_malloc(pad + 1);
		g_autofree char *text = NULL;
		g_autofree char *out = NULL;

		memset(words, 'x', pad);
		words[pad] = '\0';
		for (gsize i = 7; i < pad; i += 8)
			words[i] = ' ';
		text = g_strconcat(words, " DE89 3704 0044 0532 0130 00 ",
		    words, ",jo.doe@example.org,", words, NULL);
		out = rules_redact(shipped, NULL, text, NULL);
		assert_non_null(strstr(out, " [iban] "));
		assert_non_null(strstr(out, ",[address],"));
		assert_null(strstr(out, "3704"));
		assert_null(strstr(out, "doe"));
	}
}

/* Where there is no place to cut, characters stay whole. */
void
test_block_characters(void **state)
{
	struct rules *rules = test_rules_from("[broken]\npattern = \\x{fffd}\n"
	    "action = mask\nas = x\n", NULL);

	(void)state;
	assert_non_null(rules);
	for (gsize shift = 0; shift < 3; shift++) {
		g_autoptr(GString) text = g_string_new("abc");
		g_autofree char *out = NULL;

		g_string_truncate(text, shift);
		while (text->len < 40 * 1024)
			g_string_append(text, "€");
		out = rules_redact(rules, NULL, text->str, NULL);
		assert_string_equal(out, text->str);
	}
	rules_free(rules);
}

void
test_limit_time(void **state)
{
	struct rules *rules = test_rules_from("[slow]\npattern = (a|aa)+$\n"
	    "action = mask\nas = x\n", NULL);
	g_autofree char *run = g_strnfill(60, 'a');
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *out = NULL;
	clock_t start = clock();

	(void)state;
	assert_non_null(rules);
	for (guint i = 0; i < 400; i++)
		g_string_append_printf(text, "%s!\n\n", run);
	out = rules_redact(rules, NULL, text->str, NULL);
	assert_true(clock() - start < CPU_SECONDS_MAX * CLOCKS_PER_SEC);
	assert_int_equal(strlen(out), 400 * strlen("[x]\n\n"));
	rules_free(rules);
}

void
test_limit(void **state)
{
	struct rules *rules = test_rules_from("[slow]\npattern = (a|aa)+$\n"
	    "action = mask\nas = x\n[b]\npattern = b+\naction = mask\n"
	    "as = y\n", NULL);
	g_autofree char *run = g_strnfill(60, 'a');
	g_autofree char *text = g_strdup_printf(
	    "hello b\n \n%s!\nsame\n\n\nbye", run);
	guint masked = 0;
	g_autofree char *out = rules_redact(rules, NULL, text, &masked);

	(void)state;
	assert_non_null(rules);
	/* The paragraph of the run is gone, the others are as ever. */
	assert_string_equal(out, "hello [y]\n \n[x]\n\n\n[y]ye");
	assert_int_equal(masked, 3);
	rules_free(rules);
}

void
test_merge(void **state)
{
	struct rules *rules = test_rules_from("[a]\npattern = abc\n"
	    "action = mask\nas = short\n[b]\npattern = cdefg\n"
	    "action = mask\nas = long\n"
	    "[k]\npattern = xabcx\naction = keep\n"
	    "[k2]\npattern = yab\naction = keep\n"
	    "[empty]\npattern = z*\naction = mask\nas = z\n", NULL);
	g_autofree char *out = rules_redact(rules, NULL,
	    "abcdefg abc xabcx yabc azza", NULL);

	(void)state;
	assert_string_equal(out, "[long] [short] xabcx y[short] a[z]a");
	rules_free(rules);
}

#define GOOD "pattern = x\naction = mask\nas = y\n"

void
test_load_errors(void **state)
{
	static const struct {
		const char *content;
		const char *expect; /* all of it must be in the message */
		const char *expect2;
	} cases[] = {
	    {"[r]\npattern = (x\naction = keep\n", "test.conf: [r]: pattern",
		"octet 2"},
	    {"[r]\npattern = \\C\naction = keep\n", "[r]: pattern", "\\C"},
	    {"[r]\npattern = x\naction = reject\n", "action \"reject\"",
		"keep, mask, category, command"},
	    {"[r]\npattern = x\n", "action is missing",
		"keep, mask, category, command"},
	    {"[r]\npattern = x\naction = command\n", "as is missing",
		"category, command and refuse"},
	    {"[r]\npattern = x\naction = command\ncheck = luhn\nas = a\n",
		"check has no meaning", "action command"},
	    {"[r]\npattern = x\naction = category\nas = m\nwords = a\n",
		"words, starts, digit and run have no meaning", "category"},
	    {"[r]\npattern = x\naction = command\nas = m\nrun = 3\n",
		"words, starts, digit and run have no meaning", "command"},
	    {"[r]\npattern = x\naction = keep\ndigit = no\n", "digit",
		"must be yes"},
	    {"[r]\npattern = x\naction = keep\nrun = 0\n", "run",
		"from 1 to 1000"},
	    {"[r]\npattern = x\naction = keep\nrun = 1001\n", "run",
		"from 1 to 1000"},
	    {"[r]\naction = keep\n", "[r]", "pattern is missing"},
	    {"[r]\npattern =\naction = keep\n", "[r]", "pattern is missing"},
	    {"[r]\n" GOOD "check = crc\n", "check \"crc\"", "luhn"},
	    {"[r]\n" GOOD "colour = red\n", "key \"colour\"", "pattern, check"},
	    {"[r]\npattern = x\naction = mask\n", "[r]", "as is missing"},
	    {"[r]\npattern = x\naction = category\n", "[r]", "as is missing"},
	    {"[r]\npattern = x\naction = mask\nas = A b\n", "[r]", "a-z"},
	    {"[r]\npattern = x\naction = keep\nas = y\n", "[r]", "no meaning"},
	    {"[r]\npattern = x\naction = category\nas = y\ncheck = luhn\n",
		"[r]", "no meaning"},
	    {"[r]\npattern = x\naction = refuse\n", "as is missing",
		"refuse"},
	    {"[r]\npattern = x\naction = refuse\nas = y\ncheck = luhn\n",
		"check has no meaning", "action refuse"},
	    {"[r]\n" GOOD "[r]\n" GOOD, "test.conf", "group is given twice"},
	    {"[r]\n" GOOD "as = z\n", "[r]", "key \"as\" is given twice"},
	    {"[r]\n" GOOD "as[de] = z\n", "test.conf", "language"},
	    {"[r]\n" GOOD "as\n", "test.conf", "as"},
	    {"x = y\n", "test.conf", "group"},
	    {"[r]\n# \xff\n" GOOD, "test.conf", "UTF-8"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *content = g_strconcat("[first]\n" GOOD,
		    cases[i].content, NULL);
		struct rules *rules = test_rules_from(
		    i + 2 < G_N_ELEMENTS(cases) ? content : cases[i].content,
		    &err);

		if (rules != NULL)
			fail_msg("accepted: %s", content);
		assert_true(error_is(err, ERROR_PERM));
		if (strstr(err->message, cases[i].expect) == NULL ||
		    strstr(err->message, cases[i].expect2) == NULL)
			fail_msg("%s", err->message);
	}
}

void
test_load(void **state)
{
	g_autoptr(GError) err = NULL;
	char *dir = dir_make("# only this\n\n[a;b]\n"
			     "pattern = a;b\\d\naction = mask\nas = x\n");
	g_autofree char *missing = g_build_filename(dir, "none", NULL);
	g_autofree char *path = g_build_filename(dir, "test.conf", NULL);
	struct rules *rules = rules_load(dir, &err);
	g_autofree char *out = rules_redact(rules, NULL, "A;B7 a;bd", NULL);

	(void)state;
	assert_null(err);
	assert_string_equal(out, "[x] a;bd");
	rules_free(rules);
	assert_null(rules_load(missing, &err));
	assert_non_null(err);
	g_clear_error(&err);
	/* Running without any rule would leak. */
	(void)g_unlink(path);
	assert_null(rules_load(dir, &err));
	assert_non_null(strstr(err->message, "*.conf"));
	dir_remove(dir);
	rules_free(NULL);
	rules_literals_free(NULL);
}

/* Rules that refuse see the whole text, but for what lies behind a block. */
void
test_refuse(void **state)
{
	static const struct {
		const char *text;
		const char *expect;
		const char *others; /* without rules "a" */
	} cases[] = {
	    {"give\nID", "a", NULL},
	    {"never give id", NULL, NULL},
	    {"never give id, give id", "a", NULL},
	    {"give x", NULL, NULL},
	    {"secret give id", "a", "b"},
	    {"", NULL, NULL},
	};
	static const char *const but[] = {"a", NULL};
	struct rules *rules = test_rules_from("[a]\n"
	    "pattern = never give(*SKIP)(*F)|give\\sid\naction = refuse\n"
	    "as = a\nwords = id\n[b]\npattern = secret\naction = refuse\n"
	    "as = b\n[slow]\npattern = (y|yy)+$\naction = refuse\n"
	    "as = slow\n", NULL);
	g_autofree char *lines = g_strnfill(100 * 1024, '\n');
	g_autofree char *late = g_strconcat(lines, "secret", NULL);
	g_autofree char *run = g_strnfill(60, 'y');
	g_autofree char *slow = g_strconcat(run, "!", NULL);

	(void)state;
	assert_non_null(rules);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *all = rules_refuse(rules, cases[i].text, NULL);
		const char *others = rules_refuse(rules, cases[i].text, but);

		if (g_strcmp0(all, cases[i].expect) != 0 ||
		    g_strcmp0(others, cases[i].others) != 0)
			fail_msg("%s: %s", cases[i].text, all);
	}
	assert_string_equal(rules_refuse(rules, late, NULL), "b");
	/* Nothing is known where a limit is reached. */
	assert_string_equal(rules_refuse(rules, slow, NULL), "slow");
	assert_null(rules_category(rules, "secret"));
	rules_free(rules);
}
