#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "template/template.h"

#include "base/banned.h"

int template_answer_tests(void);

static const char *const names[] = {"a", "b", "number", NULL};

static struct template *
parse(const char *text, GError **err)
{
	return template_parse(text, strlen(text), names, err);
}

static void
test_errors(void **state)
{
	static const struct {
		const char *text;
		guint line;
		const char *word; /* of the error */
	} table[] = {
		{"", 1, "empty line"},
		{"Subject: x", 2, "empty line"},
		{"Subject: x\n", 2, "empty line"},
		{"no header\n\n", 1, "Name: value"},
		{": x\n\n", 1, "Name: value"},
		{"A: 1\n B: 2\n\n", 2, "Name: value"},
		{"A: 1\nB: 2\na: 3\n\n", 3, "twice"},
		{"A: {{c}}\n\n", 1, "unknown"},
		{"A: 1\nB: {{#a}}x\n\n", 2, "without an end"},
		{"A: 1\n\n{{c}}", 3, "unknown"},
		{"A: 1\n\nx\ny {{ a }}\n", 4, "unknown"},
		{"A: 1\n\n{{}}", 3, "unknown"},
		{"A: 1\n\n{{#}}", 3, "unknown"},
		{"A: 1\n\n{{!a}}", 3, "unknown"},
		{"A: 1\n\n{{{a}}}", 3, "unknown"},
		{"A: 1\n\n{{aa}}", 3, "unknown"},
		{"A: 1\r\n\r\nx\r\n{{c}}\r\n", 4, "unknown"},
		{"A: 1\n\nx\n{{a\n}}", 4, "without }}"},
		{"A: 1\n\nx\n\n{{", 5, "without }}"},
		{"A: 1\n\n{{#a}}\n\n{{#b}}x{{/b}}{{/a}}", 5, "inside"},
		{"A: 1\n\n{{#a}}\nx\n{{/b}}", 5, "not open"},
		{"A: 1\n\n{{/a}}", 3, "not open"},
		{"A: 1\n\n{{#a}}x{{/a}}\n{{/a}}", 4, "not open"},
		{"A: 1\n\nx\n{{#a}}{{/a}}\n{{#b}}\n\n{{a}}\n", 5,
		    "without an end"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *end = g_strdup_printf("line: %u",
		    table[i].line);

		assert_null(parse(table[i].text, &err));
		assert_true(error_is(err, ERROR_PERM));
		if (strstr(err->message, table[i].word) == NULL ||
		    !g_str_has_suffix(err->message, end))
			fail_msg("row %zu: %s", i, err->message);
	}
	assert_null(template_parse("A: \xff\n\n", 8, names, NULL));
	assert_null(template_parse("A: \0\n\n", 6, names, NULL));
}

static void
test_expand(void **state)
{
	static const struct {
		const char *text;
		const char *a;
		const char *b;
		gboolean is_text; /* of a */
		const char *want;
	} table[] = {
		{"", "x", NULL, FALSE, ""},
		{"plain } } { {a} text\n", "x", NULL, FALSE,
		    "plain } } { {a} text\n"},
		{"{{a}}{{a}}{{b}}", "x", "y", FALSE, "xxy"},
		{"-{{a}}-{{number}}-", NULL, NULL, FALSE, "---"},
		{"one\r\ntwo\r\n", NULL, NULL, FALSE, "one\ntwo\n"},
		/* Sections. */
		{"1{{#a}}2{{/a}}3", "x", NULL, FALSE, "123"},
		{"1{{#a}}2{{/a}}3", "", NULL, FALSE, "13"},
		{"1{{#a}}2{{/a}}3", NULL, NULL, FALSE, "13"},
		{"1{{#a}}{{b}}{{/a}}3", "", "y", FALSE, "13"},
		{"1{{#a}}{{b}}{{/a}}3", "x", "y", FALSE, "1y3"},
		{"1\n{{#a}}\n2\n{{/a}}\n3\n", "x", NULL, FALSE, "1\n2\n3\n"},
		{"1\n{{#a}}\n2\n{{/a}}\n3\n", "", NULL, FALSE, "1\n3\n"},
		{"{{#a}}\n2\n{{/a}}\n", "x", NULL, FALSE, "2\n"},
		{"1 {{#a}}\n2{{/a}}\n3\n", "x", NULL, FALSE, "1 \n2\n3\n"},
		{"{{#a}}{{/a}}\n{{#b}}\n{{/b}}\n", "", "y", FALSE, "\n"},
		/* No two empty lines where nothing is shown. */
		{"1\n\n{{#a}}\n2\n{{/a}}\n\n3\n", "", NULL, FALSE,
		    "1\n\n3\n"},
		{"1\n\n{{#a}}\n2\n{{/a}}\n\n3\n", "x", NULL, FALSE,
		    "1\n\n2\n\n3\n"},
		{"1\n\n{{#a}}\n2\n{{/a}}\n{{#b}}\n3\n{{/b}}\n\n\n4\n", "",
		    NULL, FALSE, "1\n\n\n4\n"},
		{"{{#a}}\n1\n\n{{/a}}\n\n2\n", "x", NULL, FALSE,
		    "1\n\n\n2\n"},
		{"1\n\n{{#a}}\n2\n{{/a}}\n{{b}}\n\n3\n", "", "y", FALSE,
		    "1\n\ny\n\n3\n"},
		/* Values are no templates and break no line. */
		{"{{a}}", "{{b}}", "y", FALSE, "{{b}}"},
		{"{{a}}{{b}}", "{{", "b}}", FALSE, "{{b}}"},
		{"{{a}}|", "1\r\n2\n3\r4\t5\0336\1777", NULL, FALSE,
		    "1  2 3 4 5 6 7|"},
		{"{{a}}|", "1\xc2\x85" "2\xe2\x80\xa8" "3\xe2\x80\xa9" "4",
		    NULL, FALSE, "1 2 3 4|"},
		{"{{a}}|", "1\xff" "2", NULL, FALSE, "1\xef\xbf\xbd" "2|"},
		{"{{a}}|", "1\r\n2\n3\r4\t5\0336", NULL, TRUE,
		    "1\n2\n3 4\t5 6|"},
		{"{{a}}|", "\xce\xb1", NULL, FALSE, "\xce\xb1|"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		const struct template_value values[] = {
			{"a", table[i].a, table[i].is_text},
			{"b", table[i].b, FALSE},
			{NULL, NULL, FALSE},
		};
		g_autofree char *text = g_strconcat("A: 1\n\n", table[i].text,
		    NULL);
		struct template *template = parse(text, NULL);
		g_autofree char *got = NULL;

		assert_non_null(template);
		got = template_expand(template, values);
		if (strcmp(got, table[i].want) != 0)
			fail_msg("row %zu: \"%s\"", i, got);
		template_free(template);
	}
}

static void
test_headers(void **state)
{
	const struct template_value evil[] = {
		{"a", "x\r\nBcc: victim@a.test\r\n\r\nbody", TRUE},
		{"number", "K7F3-9Q2Y", FALSE},
		{NULL, NULL, FALSE},
	};
	struct template *template = parse("Subject:  [{{number}}] {{a}} \n"
	    "Category-b: Wort: eins\nEmpty:\n\ntext", NULL);
	g_autofree char *subject = NULL;
	g_autofree char *empty = NULL;
	g_autofree char *text = NULL;

	(void)state;
	assert_non_null(template);
	assert_string_equal(template_header(template, "SUBJECT"),
	    "[{{number}}] {{a}}");
	assert_string_equal(template_header(template, "category-B"),
	    "Wort: eins");
	assert_null(template_header(template, "Category"));
	assert_null(template_expand_header(template, "Bcc", evil));
	subject = template_expand_header(template, "subject", evil);
	assert_string_equal(subject,
	    "[K7F3-9Q2Y] x  Bcc: victim@a.test    body");
	empty = template_expand_header(template, "Empty", evil);
	assert_string_equal(empty, "");
	text = template_expand(template, evil);
	assert_string_equal(text, "text");
	template_free(template);
	template_free(NULL);
}

/* Every prefix and every template with one octet changed is read or refused,
 * and what is read can be expanded. */
static void
test_broken_input(void **state)
{
	static const char whole[] = "Subject: [{{number}}] {{#a}}x{{/a}}\n"
	    "B: 1\n\nHi {{a}},\n{{#b}}\nline {{b}}\n{{/b}}\nend\n";
	const struct template_value values[] = {{"a", "1", FALSE},
	    {NULL, NULL, FALSE}};
	char text[sizeof whole];

	(void)state;
	for (gsize len = 0; len < sizeof whole; len++)
		template_free(template_parse(whole, len, names, NULL));
	for (gsize i = 0; i < sizeof whole - 1; i++) {
		static const char octets[] = "{}#/\n\r:a\377";

		for (gsize k = 0; k < sizeof octets; k++) {
			struct template *template;

			memcpy(text, whole, sizeof whole);
			text[i] = octets[k];
			template = template_parse(text, sizeof whole - 1,
			    names, NULL);
			if (template != NULL)
				g_free(template_expand(template, values));
			template_free(template);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_broken_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) +
	    template_answer_tests();
}
