/*
 * Named parts of patterns: what they stand for, across the files of a
 * directory, and what may not be said with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "rules/rules.h"
#include "rules_tests.h"

#include "base/banned.h"

#define A "[part a]\npattern = x|y\naction = part\n"
#define MASK "action = mask\nas = m\n"

void
test_parts(void **state)
{
	static const struct {
		const char *content;
		const char *text;
		const char *expect;
	} cases[] = {
	    /* A group of its own: the bar does not reach out of it. */
	    {A "[r]\npattern = 1{{a}}2\n" MASK, "1x2 1y2 1x y2",
		"[m] [m] 1x y2"},
	    {A "[r]\npattern = {{a}}{3}\n" MASK, "xyx xy", "[m] xy"},
	    {A "[part b]\npattern = {{a}}z{{a}}\naction = part\n"
	       "[r]\npattern = -{{b}}\n" MASK, "-xzy xzy", "[m] xzy"},
	    /* Numbers of groups around it stay what they are. */
	    {A "[r]\npattern = (.){{a}}\\1\n" MASK, "axa axb", "[m] axb"},
	    {A "[r]\npattern = \\{\\{a}} {a}\n" MASK, "{{a}} {a} x",
		"[m] x"},
	    {A "[r]\npattern = q\n" MASK, "x q", "x [m]"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) err = NULL;
		struct rules *rules = test_rules_from(cases[i].content, &err);
		g_autofree char *out = NULL;

		if (rules == NULL)
			fail_msg("%s: %s", cases[i].content, err->message);
		out = rules_redact(rules, NULL, cases[i].text, NULL);
		assert_string_equal(out, cases[i].expect);
		rules_free(rules);
	}
}

/* Ten parts, each ten of the one before. */
static char *
pile_make(void)
{
	GString *text = g_string_new("[part p0]\npattern = x\n"
				     "action = part\n");

	for (guint i = 1; i < 10; i++) {
		g_string_append_printf(text, "[part p%u]\npattern = ", i);
		for (guint j = 0; j < 10; j++)
			g_string_append_printf(text, "{{p%u}}", i - 1);
		g_string_append(text, "\naction = part\n");
	}
	return g_string_free(text, FALSE);
}

void
test_part_errors(void **state)
{
	g_autofree char *pile = pile_make();
	const struct {
		const char *content;
		const char *expect; /* both must be in the message */
		const char *expect2;
	} cases[] = {
	    {"[r]\npattern = {{a}}\n" MASK, "[r]: pattern", "no [part a]"},
	    /* Only what stands before it: nothing can go round. */
	    {"[r]\npattern = {{a}}\n" MASK A, "[r]: pattern", "no [part a]"},
	    {"[part a]\npattern = {{a}}\naction = part\n", "[part a]",
		"no [part a]"},
	    {"[part a]\npattern = {{b}}\naction = part\n"
	     "[part b]\npattern = {{a}}\naction = part\n", "[part a]",
		"no [part b]"},
	    {A "[r]\npattern = {{a\n" MASK, "[r]", "the name of a part"},
	    {A "[r]\npattern = {{A b}}\n" MASK, "[r]", "the name of a part"},
	    {A "[r]\npattern = {{}}\n" MASK, "[r]", "the name of a part"},
	    {A A, "test.conf", "twice"},
	    {"[a]\npattern = x\naction = part\n", "[a]", "[part NAME]"},
	    {"[part A]\npattern = x\naction = part\n", "[part A]",
		"[part NAME]"},
	    {"[part a]\npattern = (x)\naction = part\n", "[part a]",
		"numbers"},
	    {"[part a]\npattern = (x\naction = part\n", "[part a]", "octet"},
	    {"[part a]\npattern = x\naction = part\nas = m\n", "[part a]",
		"action part"},
	    {"[part a]\npattern = x\naction = part\ncheck = luhn\n",
		"[part a]", "action part"},
	    {"[part a]\npattern = x\naction = part\nvalid = m\n", "[part a]",
		"valid"},
	    {"[part a]\naction = part\n", "[part a]", "missing"},
	    {pile, "[part p", "8192"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) err = NULL;
		struct rules *rules = test_rules_from(cases[i].content, &err);

		if (rules != NULL)
			fail_msg("accepted: %s", cases[i].content);
		assert_true(error_is(err, ERROR_PERM));
		if (strstr(err->message, cases[i].expect) == NULL ||
		    strstr(err->message, cases[i].expect2) == NULL)
			fail_msg("%s", err->message);
	}
}

static char *
file_write(const char *dir, const char *name, const char *content)
{
	char *path = g_build_filename(dir, name, NULL);

	assert_true(g_file_set_contents(path, content, -1, NULL));
	return path;
}

/* Files of a directory share their parts, in the order of their names. */
void
test_part_files(void **state)
{
	g_autoptr(GError) err = NULL;
	g_autofree char *dir = g_dir_make_tmp("nymdesk-parts-XXXXXX", NULL);
	g_autofree char *first = file_write(dir, "a.conf", A);
	g_autofree char *second = file_write(dir, "b.conf",
	    "[r]\npattern = {{a}}\n" MASK);
	g_autofree char *out = NULL;
	g_autofree char *third = NULL;
	struct rules *rules = rules_load(dir, &err);

	(void)state;
	assert_null(err);
	out = rules_redact(rules, NULL, "x a", NULL);
	assert_string_equal(out, "[m] a");
	rules_free(rules);
	third = file_write(dir, "c.conf", A);
	assert_null(rules_load(dir, &err));
	assert_non_null(strstr(err->message, "c.conf: [part a]"));
	(void)g_unlink(first);
	(void)g_unlink(second);
	(void)g_unlink(third);
	(void)g_rmdir(dir);
}
