/*
 * Canned answers: which are read and which refused, by whose words they are
 * written, their fields and their last day; and those that are shipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <glib/gstdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "template/answer.h"

#include "base/banned.h"

int template_answer_tests(void);

#define DAY G_GINT64_CONSTANT(1798675200) /* 2026-12-31 00:00:00 UTC */

static void
remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *inner = g_build_filename(path, name, NULL);

		remove_tree(inner);
	}
	(void)g_remove(path);
}

static int
dir_setup(void **state)
{
	*state = g_dir_make_tmp("nymdesk-answers-XXXXXX", NULL);
	return *state == NULL;
}

static int
dir_teardown(void **state)
{
	remove_tree(*state);
	g_free(*state);
	return 0;
}

static void
put(const char *dir, const char *path, const char *text)
{
	g_autofree char *file = g_build_filename(dir, path, NULL);
	g_autofree char *parent = g_path_get_dirname(file);

	assert_int_equal(g_mkdir_with_parents(parent, 0700), 0);
	assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void
bad_files_are_told(void **state)
{
	static const struct {
		const char *path;
		const char *text;
		const char *want;
	} table[] = {
	    {"en/answers/a.txt", "\nx", "en/answers/a.txt: no Title"},
	    {"en/answers/a.txt", "Title: x\n", "line: 2"},
	    {"en/answers/a.txt", "Title: x\n\n{{zebra}}", "line: 3"},
	    {"en/answers/a.txt", "Title: x\nNeeds: zebra\n\n", "Needs or"},
	    {"en/answers/a.txt", "Title: x\nTakes: link number\n\n",
		"Needs or"},
	    {"en/answers/a.txt", "Title: x\nExpires: 2026-13-01\n\n",
		"Expires"},
	    {"en/answers/a.txt", "Title: x\nExpires: 2026-02-30\n\n",
		"Expires"},
	    {"en/answers/a.txt", "Title: x\nExpires: 31.12.2026\n\n",
		"Expires"},
	    {"en/answers/a.txt", "Title: x\nExpires:\n\n", "Expires"},
	    {"de/answers/b.txt", "Title: x\n\n",
		"de/answers/b.txt: there is no such answer in English"},
	};
	const char *dir = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *file =
		    g_build_filename(dir, table[i].path, NULL);
		g_autoptr(GError) err = NULL;

		put(dir, table[i].path, table[i].text);
		assert_null(answers_load(dir, &err));
		if (strstr(err->message, table[i].want) == NULL)
			fail_msg("row %zu: %s", i, err->message);
		(void)g_remove(file);
	}
	assert_null(answers_load("/nonexistent", NULL));
}

static void
no_answers_are_no_fault(void **state)
{
	struct answers *answers;
	const struct answer_args args = {.name = "a"};
	g_autoptr(GError) err = NULL;

	put(*state, "en/ack.txt", "x");
	put(*state, "en/answers/README", "x");
	put(*state, "en/answers/a.txt~", "x");
	put(*state, "en/answers/A.txt", "x");
	answers = answers_load(*state, NULL);
	assert_non_null(answers);
	assert_null(answers_names(answers)[0]);
	assert_null(answer_write(answers, &args, &err));
	assert_true(error_is(err, ERROR_DENIED));
	answers_free(answers);
	answers_free(NULL);
}

static struct answers *
load_some(const char *dir)
{
	struct answers *answers;

	put(dir, "en/answers/mirror.txt",
	    "Title: t\nNeeds: link\nTakes: days\nExpires: 2026-12-31\n"
	    "Default-link: https://a.example\n\n"
	    "en {{number}} {{role}} {{link}}{{#days}} {{days}}{{/days}}");
	put(dir, "de/answers/mirror.txt", "Title: t\n\nde {{link}}");
	put(dir, "pt-BR/answers/mirror.txt",
	    "Title: t\nExpires: 2027-01-01\nDefault-link: br\n\nbr {{link}}");
	put(dir, "en/answers/limits.txt",
	    "Title: t\nNeeds: limit\n\nen {{limit}}");
	put(dir, "en/answers/empty.txt",
	    "Title: t\nNeeds: limit\nDefault-limit:\n\nen {{limit}}");
	answers = answers_load(dir, NULL);
	assert_non_null(answers);
	assert_string_equal(answers_names(answers)[0], "empty");
	assert_string_equal(answers_names(answers)[1], "limits");
	assert_string_equal(answers_names(answers)[2], "mirror");
	assert_null(answers_names(answers)[3]);
	return answers;
}

#define LONG100                                                                \
	"zebra zebra zebra zebra zebra zebra zebra zebra zebra zebra zebra "   \
	"zebra zebra zebra zebra zebra zeb"

static void
answers_are_written(void **state)
{
	static const struct {
		const char *name;
		const char *lang;
		const char *fallback;
		struct answer_field field;
		gint64 now;
		const char *want; /* begins with "!": the error has this */
	} table[] = {
	    {"mirror", "en", "en", {"days", "3"}, 1,
		"en 4000-000T Support https://a.example 3"},
	    {"mirror", "en", "en", {"link", "x"}, 1, "en 4000-000T Support x"},
	    /* Headers of the English file hold for a translation. */
	    {"mirror", "de", "en", {NULL, NULL}, 1, "de https://a.example"},
	    {"mirror", "de-AT", "en", {NULL, NULL}, 1, "de https://a.example"},
	    {"mirror", "pt-BR", "en", {NULL, NULL}, 1, "br br"},
	    /* Fallback: the queue's language, then English. */
	    {"mirror", "tr", "de", {NULL, NULL}, 1, "de https://a.example"},
	    {"mirror", "", "de", {NULL, NULL}, 1, "de https://a.example"},
	    {"mirror", NULL, NULL, {NULL, NULL}, 1,
		"en 4000-000T Support https://a.example"},
	    {"limits", "de", "de", {"limit", "5"}, 1, "en 5"},
	    {"limits", "tr", "pl", {"limit", "5\r\nBcc: x"}, 1,
		"en 5  Bcc: x"},
	    {"limits", "en", "en", {"limit", "{{number}}"}, 1,
		"en {{number}}"},
	    /* The last second of the day, and the next one. */
	    {"mirror", "de", "en", {NULL, NULL}, DAY + 86399,
		"de https://a.example"},
	    {"mirror", "de", "en", {NULL, NULL}, DAY + 86400, "!expired"},
	    {"mirror", "en", "en", {NULL, NULL}, DAY + 86400, "!expired"},
	    {"mirror", "pt-BR", "en", {NULL, NULL}, DAY + 86400, "br br"},
	    {"mirror", "pt-BR", "en", {NULL, NULL}, DAY + 2 * 86400,
		"!expired"},
	    /* Fields. */
	    {"limits", "en", "en", {NULL, NULL}, 1, "!limit: the answer needs"},
	    {"limits", "en", "en", {"limit", ""}, 1,
		"!limit: the answer needs"},
	    {"empty", "en", "en", {NULL, NULL}, 1, "!limit: the answer needs"},
	    {"limits", "en", "en", {"days", "zebra"}, 1,
		"!days: the answer has no such"},
	    {"mirror", "en", "en", {"link", LONG100 LONG100 LONG100 LONG100}, 1,
		"!link: the field's value is too long"},
	    {"zebra", "en", "en", {NULL, NULL}, 1, "!no such answer"},
	};
	struct answers *answers = load_some(*state);

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		const struct answer_field fields[] = {
		    table[i].field, {NULL, NULL}};
		const struct answer_args args = {.name = table[i].name,
		    .lang = table[i].lang,
		    .fallback_lang = table[i].fallback,
		    .number = "4000-000T",
		    .role = "Support",
		    .fields = fields,
		    .now = table[i].now};
		g_autoptr(GError) err = NULL;
		g_autofree char *got = answer_write(answers, &args, &err);

		if (table[i].want[0] != '!') {
			if (g_strcmp0(got, table[i].want) != 0)
				fail_msg("row %zu: %s", i, got);
		} else if (got != NULL || !error_is(err, ERROR_DENIED) ||
		    strstr(err->message, table[i].want + 1) == NULL ||
		    strstr(err->message, "zebra") != NULL) {
			fail_msg("row %zu: %s", i,
			    got != NULL ? got : err->message);
		}
	}
	answers_free(answers);
}

/* Each answer in its own words in all ten languages, with every field and
 * with only those that it needs. */
static void
check_shipped(
    const struct answers *answers, const char *name, const char *lang)
{
	static const struct answer_field all[] = {{"limit", "3000 EUR"},
	    {"days", "7"}, {"link", "https://casino.example/faq"},
	    {"network", "TRC-20"}, {"date", "2026-12-01"}, {NULL, NULL}};
	static const char *const takes[][6] = {
	    {"account-locked", "link", "date"},
	    {"bonus-rules", "link"}, {"deposit-missing", "network"},
	    {"kyc-needed", "link"}, {"mirror", "link"},
	    {"withdrawal-limits", "limit", "days", "link"}};
	struct answer_field given[G_N_ELEMENTS(all)] = {{NULL, NULL}};
	const struct answer_args args = {.name = name,
	    .lang = lang,
	    .number = "4000-000T",
	    .role = "Casino Support",
	    .fields = given,
	    .now = 1};
	g_autoptr(GError) err = NULL;
	g_autofree char *text = NULL;
	guint n = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(takes); i++)
		for (gsize k = 0; strcmp(takes[i][0], name) == 0 &&
		     all[k].name != NULL;
		     k++)
			if (g_strv_contains(takes[i] + 1, all[k].name))
				given[n++] = all[k];
	text = answer_write(answers, &args, &err);
	if (text == NULL)
		fail_msg("%s %s: %s", lang, name, err->message);
	assert_true(g_str_has_suffix(text, "\nCasino Support\n"));
	for (guint i = 0; i < n; i++)
		if (strstr(text, given[i].value) == NULL)
			fail_msg("%s %s: no %s", lang, name, given[i].name);
	if (strstr(text, "{{") != NULL || strstr(text, "\n\n\n") != NULL ||
	    strlen(text) > 2048)
		fail_msg("%s %s: %s", lang, name, text);
}

static void
shipped_answers_are_whole(void **state)
{
	static const char *const langs[] = {"en", "de", "fr", "el", "es", "it",
	    "pt", "ru", "tr", "pl"};
	static const char *const wanted[] = {"account-locked", "bonus-rules",
	    "deposit-missing", "kyc-needed", "mirror", "withdrawal-limits"};
	g_autoptr(GError) err = NULL;
	struct answers *answers =
	    answers_load(ND_SRCDIR "/templates", &err);
	const char *const *names;
	guint n = 0;

	(void)state;
	if (answers == NULL)
		fail_msg("%s", err->message);
	names = answers_names(answers);
	for (; names[n] != NULL; n++) {
		assert_true(n < G_N_ELEMENTS(wanted));
		assert_string_equal(names[n], wanted[n]);
		for (gsize k = 0; k < G_N_ELEMENTS(langs); k++) {
			g_autofree char *path = g_strdup_printf(
			    ND_SRCDIR "/templates/%s/answers/%s.txt", langs[k],
			    names[n]);

			/* Or another language's words would be checked. */
			assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
			check_shipped(answers, names[n], langs[k]);
		}
	}
	assert_int_equal(n, G_N_ELEMENTS(wanted));
	answers_free(answers);
}

/* Nobody gets an invented link because a file was left as it came. */
static void
shipped_mirror_has_expired(void **state)
{
	struct answers *answers = answers_load(ND_SRCDIR "/templates", NULL);
	const struct answer_args args = {
	    .name = "mirror", .lang = "tr", .now = DAY};
	g_autoptr(GError) err = NULL;

	(void)state;
	assert_null(answer_write(answers, &args, &err));
	assert_non_null(strstr(err->message, "expired"));
	answers_free(answers);
}

int
template_answer_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    bad_files_are_told, dir_setup, dir_teardown),
		cmocka_unit_test_setup_teardown(
		    no_answers_are_no_fault, dir_setup, dir_teardown),
		cmocka_unit_test_setup_teardown(
		    answers_are_written, dir_setup, dir_teardown),
		cmocka_unit_test(shipped_answers_are_whole),
		cmocka_unit_test(shipped_mirror_has_expired),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
