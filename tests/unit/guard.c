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
#include <glib/gstdio.h>

#include "mail/guard.h"
#include "ticket/label.h"

#include "base/banned.h"

#ifdef ND_SANITIZED
#define CPU_SECONDS_MAX 20
#else
#define CPU_SECONDS_MAX 2
#endif

#define LONG_TEXT (256 * 1024)

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

/* Texts that were written when the rules were there. */
static void
test_held_out(void **state)
{
	struct score all = {0};

	(void)state;
	set_score("-held-out", &all);
	assert_true(all.found * 100 >= all.asks * FOUND_MIN);
	assert_true(all.passed * 100 >= all.ordinary * FOUND_MIN);
}

/* The keys that make a rule cheap hide nothing of these texts. */
static void
test_keys(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("nymdesk-guard-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "guard.conf", NULL);
	g_autofree char *content = NULL;
	g_auto(GStrv) lines = NULL;
	g_autoptr(GString) bare = g_string_new(NULL);
	struct rules *keyed = shipped;
	struct score with = {0};
	struct score without = {0};

	(void)state;
	assert_true(g_file_get_contents(ND_SRCDIR "/filters/guard.conf",
	    &content, NULL, NULL));
	lines = g_strsplit(content, "\n", -1);
	for (gsize i = 0; lines[i] != NULL; i++)
		if (!g_str_has_prefix(lines[i], "words = "))
			g_string_append_printf(bare, "%s\n", lines[i]);
	assert_true(g_file_set_contents(path, bare->str, -1, NULL));
	set_score("", &with);
	shipped = rules_load(dir, NULL);
	assert_non_null(shipped);
	set_score("", &without);
	rules_free(shipped);
	shipped = keyed;
	assert_int_equal(g_remove(path), 0);
	assert_int_equal(g_rmdir(dir), 0);
	assert_memory_equal(&with, &without, sizeof with);
}

/* --- what is no rule -------------------------------------------------------- */

static const char *const agents[] = {"Anna.Berg@team.test",
    "olga@b\u00fccher.example", NULL};

static const struct found {
	const char *text; /* of which %s is a number of eight characters, %d
			   * one with its dash */
	enum guard_kind own;   /* what is found if the number is the ticket's */
	enum guard_kind other; /* and if it is another one's */
} finds[] = {
    {"see %d please", 0, GUARD_NUMBER},
    {"see [%s]", 0, GUARD_NUMBER},
    {"your other ticket, %d.", 0, GUARD_NUMBER},
    {"%s", 0, 0},
    {"\u2060%d\u200b", 0, GUARD_NUMBER},
    {"write to support+%s-0123456789abc@desk.test", 0, GUARD_CAPABILITY},
    {"<mailto:support%%2B%s-0123456789ABC%%40desk.test>", 0,
	GUARD_CAPABILITY},
    {"support+%s-0123456789abc.", 0, GUARD_CAPABILITY},
    {"<%s.0123456789abc.0123456789abc@desk.test>", 0, GUARD_CAPABILITY},
    {"<%s.root@desk.test>", 0, GUARD_CAPABILITY},
    {"<%s.root@else.test>", 0, 0},
    {"support+b-01234567.0123456789abc@desk.test", GUARD_CAPABILITY,
	GUARD_CAPABILITY},
    {"ask anna.berg@team.test", GUARD_ADDR, GUARD_ADDR},
    {"ask ANNA.BERG (at) team.test, or not", GUARD_ADDR, GUARD_ADDR},
    {"<mailto:anna.berg%%40team.test>", GUARD_ADDR, GUARD_ADDR},
    {"ask anna.berg+desk@team.test.", GUARD_ADDR, GUARD_ADDR},
    {"olga@xn--bcher-kva.example", GUARD_ADDR, GUARD_ADDR},
    {"joanna.berg@team.test, anna.berg@team.test.example", 0, 0},
    {"support@desk.test", 0, 0},
    {"ask Anna Berg of team.test", 0, 0},
    {"Hello,\n/note he is angry", GUARD_NOTE, GUARD_NOTE},
    {"Hello,\n - /NOTE he is angry", GUARD_NOTE, GUARD_NOTE},
    {"Hello [Internal] he is angry", GUARD_NOTE, GUARD_NOTE},
    {"[internal note: angry]", GUARD_NOTE, GUARD_NOTE},
    {"Hello,\n\nInterne Notiz: sauer", GUARD_NOTE, GUARD_NOTE},
    {"Hello,\n* Служебная заметка: злой", GUARD_NOTE, GUARD_NOTE},
    {"see https://casino.test/notes and a/note", 0, 0},
    {"/notes and [internally] are words", 0, 0},
    {"I took an internal note of it.", 0, 0},
    {"[checksum ok]", 0, 0},
    {"", 0, 0},
};

/* Caller frees. */
static char *
text_with(const char *text, const struct number *number)
{
	char shown[NUMBER_TEXT_SIZE];
	GString *out = g_string_new(text);

	g_string_replace(out, "%s", number->s, 0);
	g_string_replace(out, "%d", number_show(number, shown), 0);
	g_string_replace(out, "%%", "%", 0);
	return g_string_free(out, FALSE);
}

static void
test_finds(void **state)
{
	const struct number own = number_from_bits(0x123456789);
	const struct number other = number_from_bits(0x7edcba987);
	const struct guard_context context = {.number = &own,
	    .domain = "desk.test",
	    .agent_addrs = agents};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(finds); i++) {
		g_autofree char *mine = text_with(finds[i].text, &own);
		g_autofree char *his = text_with(finds[i].text, &other);

		if (kind_of(mine, &context) != finds[i].own ||
		    kind_of(his, &context) != finds[i].other)
			fail_msg("%s: %d, %d", finds[i].text,
			    (int)kind_of(mine, &context),
			    (int)kind_of(his, &context));
	}
}

/* The own number beside another one hides nothing. */
static void
test_two_numbers(void **state)
{
	const struct number own = number_from_bits(0x123456789);
	const struct number other = number_from_bits(0x7edcba987);
	const struct guard_context context = {.number = &own};
	char a[NUMBER_TEXT_SIZE];
	char b[NUMBER_TEXT_SIZE];
	g_autofree char *text = g_strdup_printf("%s %s %s",
	    number_show(&own, a), a, number_show(&other, b));

	(void)state;
	assert_int_equal(kind_of(text, &context), GUARD_NUMBER);
	text[strlen(a) * 2 + 1] = '\0';
	assert_int_equal(kind_of(text, &context), 0);
}

static void
test_override(void **state)
{
	static const char *const texts[] = {"Please send us your passport.",
	    "Please verify your identity."};
	static const enum guard_kind kinds[] = {GUARD_DOCUMENTS,
	    GUARD_IDENTITY};
	const struct guard_context none = {.number = NULL};
	const struct guard_context kyc = {.has_kyc = TRUE};
	const struct guard_context high = {.is_above_threshold = TRUE};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *noted = g_strconcat(texts[i],
		    "\n[internal] angry", NULL);

		assert_int_equal(kind_of(texts[i], &none), kinds[i]);
		assert_int_equal(kind_of(texts[i], &kyc), 0);
		assert_int_equal(kind_of(texts[i], &high), 0);
		assert_int_equal(kind_of(noted, &kyc), GUARD_NOTE);
	}
	assert_int_equal(kind_of("Note to self: angry", &kyc), GUARD_NOTE);
}

/* Every reason says why, and what to do. */
static void
test_reasons(void **state)
{
	static const struct guard_context context;
	const struct guard_reason *reason = guard_check(
	    "Please send us your passport.", &context, shipped);

	(void)state;
	assert_non_null(reason);
	assert_non_null(strstr(reason->why, "documents"));
	assert_non_null(strstr(reason->override, "/kyc REASON"));
}

/* Seconds of a text of LONG_TEXT octets that is piece again and again. */
static double
seconds_of(const char *piece, gboolean *is_refused)
{
	const struct guard_context context = {.domain = "desk.test",
	    .agent_addrs = agents};
	g_autoptr(GString) text = g_string_new(NULL);
	clock_t start;

	while (text->len < LONG_TEXT)
		g_string_append(text, piece);
	start = clock();
	*is_refused = guard_check(text->str, &context, shipped) != NULL;
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void
test_time(void **state)
{
	static const struct {
		const char *piece;
		gboolean is_refused;
	} rows[] = {{"@", FALSE}, {"a@", FALSE}, {"a.b-", FALSE}, {"/", FALSE},
	    {"[", FALSE}, {"not ", FALSE}, {"send ", FALSE}, {"- - ", FALSE},
	    {"please send us ", FALSE}, {"if you do not ", FALSE},
	    {"not passport ", FALSE}, {"no documents sent ", FALSE},
	    {"the documents of the id ", FALSE}, {"k7f3-9q2y-", FALSE},
	    {"не пришлите паспорт ", FALSE},
	    {"The withdrawal was sent this morning. Have fun!\n", FALSE},
	    {"We received your documents, thank you.\n\n", FALSE},
	    {"passport ", TRUE}, {"send passport no ", TRUE}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gboolean is_refused;
		double seconds = seconds_of(rows[i].piece, &is_refused);

		print_message("%.2f s: %s\n", seconds, rows[i].piece);
		assert_true(seconds < CPU_SECONDS_MAX);
		assert_true(is_refused == rows[i].is_refused);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_labelled),
	    cmocka_unit_test(test_held_out),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_finds),
	    cmocka_unit_test(test_two_numbers),
	    cmocka_unit_test(test_override),
	    cmocka_unit_test(test_reasons),
	    cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests_name("guard", tests, setup, teardown);
}
