/*
 * The guard for agents' texts: labelled answers in ten languages, numbers,
 * keyed addresses, addresses of agents and marks of notes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "mail/guard.h"
#include "ticket/label.h"

#include "base/banned.h"

#ifdef ND_SANITIZED
#define CPU_SECONDS_MAX 20
#else
#define CPU_SECONDS_MAX 2
#endif

#define LONG_TEXT (1024 * 1024)

/* Of all texts, in percent; a language alone may have one miss more. */
#define FOUND_MIN 95
#define PASSED_MIN 99

static struct rules *shipped;

static int
setup(void **state)
{
	g_autoptr(GError) err = NULL;

	(void)state;
	shipped = rules_load(ND_SRCDIR "/filters", &err);
	if (shipped == NULL)
		print_error("%s\n", err->message);
	return shipped == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	rules_free(shipped);
	return 0;
}

static enum guard_kind
kind_of(const char *text, const struct guard_context *context)
{
	const struct guard_reason *reason = guard_check(text, context,
	    shipped);

	return reason != NULL ? reason->kind : 0;
}

/* --- labelled texts --------------------------------------------------------- */

struct score {
	guint asks;
	guint found;
	guint ordinary;
	guint passed;
};

/* Takes a line "ask TEXT" or "pass TEXT", in which "\n" ends a line. */
static void
line_score(const char *line, const char *lang, struct score *score)
{
	static const struct guard_context context;
	gboolean is_ask = g_str_has_prefix(line, "ask ");
	g_autofree char *text = NULL;
	gboolean is_refused;

	assert_true(is_ask || g_str_has_prefix(line, "pass "));
	text = g_strcompress(strchr(line, ' ') + 1);
	is_refused = guard_check(text, &context, shipped) != NULL;
	*(is_ask ? &score->asks : &score->ordinary) += 1;
	if (is_ask && is_refused)
		score->found++;
	if (!is_ask && !is_refused)
		score->passed++;
	if (is_ask != is_refused)
		print_message("%s: %s: %s\n", lang,
		    is_ask ? "missed" : "stopped", line);
}

static void
file_score(const char *lang, const char *set, struct score *score)
{
	g_autofree char *path = g_strdup_printf("%s/tests/unit/guard_%s%s.txt",
	    ND_SRCDIR, lang, set);
	g_autofree char *content = NULL;
	g_auto(GStrv) lines = NULL;

	assert_true(g_file_get_contents(path, &content, NULL, NULL));
	lines = g_strsplit(g_strchomp(content), "\n", -1);
	for (gsize i = 0; lines[i] != NULL; i++)
		line_score(lines[i], lang, score);
}

static const char *const languages[] = {"en", "de", "fr", "el", "es", "it",
    "pt", "ru", "tr", "pl"};

static void
set_score(const char *set, struct score *all)
{
	for (gsize i = 0; i < G_N_ELEMENTS(languages); i++) {
		struct score score = {0};

		file_score(languages[i], set, &score);
		print_message("%s%s: %u of %u requests found, %u of %u "
		    "ordinary answers passed\n", languages[i], set,
		    score.found, score.asks, score.passed, score.ordinary);
		assert_true(score.asks > 0 && score.ordinary > 0);
		all->asks += score.asks;
		all->found += score.found;
		all->ordinary += score.ordinary;
		all->passed += score.passed;
	}
	print_message("all%s: %u of %u, %u of %u\n", set, all->found,
	    all->asks, all->passed, all->ordinary);
}

static void
test_labelled(void **state)
{
	struct score all = {0};

	(void)state;
	set_score("", &all);
	assert_true(all.asks >= 15 * G_N_ELEMENTS(languages));
	assert_true(all.ordinary >= 15 * G_N_ELEMENTS(languages));
	assert_true(all.found * 100 >= all.asks * FOUND_MIN);
	assert_true(all.passed * 100 >= all.ordinary * PASSED_MIN);
}
/* NEXT */

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_labelled),
	};

	return cmocka_run_group_tests_name("guard", tests, setup, teardown);
}
