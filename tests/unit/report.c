/*
 * The report as page, JSON and text: what a reader sees of the twenty tickets,
 * of none, and of very many with names that are no names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>
#include <json-glib/json-glib.h>

#include "cmd/report_json.h"
#include "report/page.h"
#include "report/table.h"
#include "report/words.h"
#include "kpi_fixture.h"
#include "report_tests.h"

#include "base/banned.h"

#define PAGE_MAX (2 << 20)

/* --- words ------------------------------------------------------------- */

static void
spans_are_said_plainly(void **state)
{
	static const struct {
		gint64 s;
		const char *text;
	} cases[] = {{KPI_NONE, REPORT_NOTHING}, {0, "0 s"}, {59, "59 s"},
	    {60, "1 min"}, {65, "1 min 5 s"}, {3599, "59 min 59 s"},
	    {3600, "1 h"}, {3659, "1 h"}, {4800, "1 h 20 min"},
	    {86399, "23 h 59 min"}, {86400, "1 day"}, {89999, "1 day"},
	    {90000, "1 day 1 h"}, {183600, "2 days 3 h"},
	    {G_GINT64_CONSTANT(86400) * 4000, "4000 days"}};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = report_span(cases[i].s);

		assert_string_equal(text, cases[i].text);
	}
}

static void
counts_have_commas(void **state)
{
	static const struct {
		guint n;
		const char *text;
	} cases[] = {{0, "0"}, {999, "999"}, {1000, "1,000"},
	    {999999, "999,999"}, {1000000, "1,000,000"},
	    {G_MAXUINT32, "4,294,967,295"}};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = report_count(cases[i].n);

		assert_string_equal(text, cases[i].text);
	}
}

static void
names_are_cleaned(void **state)
{
	static const struct {
		const char *name;
		const char *text;
	} cases[] = {{"support", "support"},
	    {"two\nlines\t\x1b[2J", "two\xef\xbf\xbdlines\xef\xbf\xbd\xef\xbf"
				    "\xbd[2J"},
	    {"a\xe2\x80\xae"
	     "b",
		"a\xef\xbf\xbd"
		"b"}, /* U+202E */
	    {"a\xc2\x85"
	     "b",
		"a\xef\xbf\xbd"
		"b"}, /* U+0085 */
	    {"\xff", "\xef\xbf\xbd"}, {"\xce\xb1", "\xce\xb1"}};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = report_name(cases[i].name);

		assert_string_equal(text, cases[i].text);
	}
}

/* --- the page ---------------------------------------------------------- */

void
in_order(const char *page, const char *const *texts)
{
	for (guint i = 0; texts[i] != NULL; i++) {
		page = strstr(page, texts[i]);
		if (page == NULL)
			fail_msg("not found here: %s", texts[i]);
		page += strlen(texts[i]);
	}
}

static void
page_says_first_what_is_asked_first(void **state)
{
	static const char *const texts[] = {"<title>Support report: all queues",
	    "2026-10-23 10:00 to 2026-11-22 10:00 UTC",
	    "19 tickets came in, 15 were closed, 5 are open now.",
	    "Acknowledged in time", "94 %", "17 of 18, 1 late, 1 still running",
	    "<dd>1 min</dd>", "<dd>1 h</dd>", "First reply in time", "82 %",
	    "<dd>45 min</dd>", "<dd>2 h 1 min</dd>", "Decision in time", "68 %",
	    "<dd>10 h</dd>", "<dd>2 days</dd>", "Closed at first level", "68 %",
	    "11 of 16. The goal of 90 % needs 4 more.",
	    "1 of these was closed less than 48 h ago", "Open now, by age",
	    "The oldest waits for 3 days. 2 of them have", "By queue", "support",
	    "payments", "By level", "Level 1, agents", "By agent", "anna",
	    "nobody yet", "By category", "withdrawal", "By language", "English",
	    "What players thought", "3.4", "Answers: 13", "</html>", NULL};
	g_autoptr(kpi_report_auto) report = fixture_twenty();
	g_autofree char *page = report_html(report, "all queues");

	(void)state;
	in_order(page, texts);
}

static void
page_needs_nothing_else(void **state)
{
	static const char *const never[] = {"<script",
	    "javascript:", "http:", "https:", "//", "url(", "@import",
	    " src=", "<link", "<iframe", " on", "<img", NULL};
	g_autoptr(kpi_report_auto) report = fixture_twenty();
	g_autofree char *page = report_html(report, "all queues");

	(void)state;
	for (guint i = 0; never[i] != NULL; i++) {
		/* " on" followed by a word and "=": a handler. */
		if (strcmp(never[i], " on") == 0)
			assert_false(
			    g_regex_match_simple("\\son[a-z]+=", page, 0, 0));
		else if (strstr(page, never[i]) != NULL)
			fail_msg("in the page: %s", never[i]);
	}
	assert_non_null(strstr(page, "default-src 'none'"));
	assert_non_null(strstr(page, "width=device-width"));
}

static void
page_escapes_names(void **state)
{
	g_autoptr(kpi_report_auto) report = kpi_new(FIXTURE_FROM, FIXTURE_NOW);
	struct kpi_ticket ticket = {.queue = "<i>\"&'",
	    .category = "<i>\"&'",
	    .lang = "<i>\"&'",
	    .agent = "<i>\"&'",
	    .opened = FIXTURE_NOW};
	g_autofree char *page = NULL;

	(void)state;
	kpi_add(report, &ticket);
	kpi_finish(report);
	page = report_html(report, "</title><i>");
	assert_null(strstr(page, "<i>"));
	assert_non_null(strstr(page, "<bdi>&lt;i&gt;&quot;&amp;&apos;</bdi>"));
}

static void
empty_reports_say_so(void **state)
{
	static const char *const texts[] = {
	    "No tickets came in, and none is open.", "Acknowledged in time",
	    REPORT_NOTHING, "Nothing was promised.", "First reply in time",
	    REPORT_NOTHING, "Decision in time", REPORT_NOTHING,
	    "Closed at first level", REPORT_NOTHING, "Nothing was closed.",
	    "Nothing is open.", "Nobody has answered.", NULL};
	static const char *const lines[] = {"No tickets came in",
	    "Nothing is open.", "nobody has answered", NULL};
	g_autoptr(kpi_report_auto) report = fixture_empty();
	g_autofree char *page = report_html(report, "all queues");
	g_autofree char *text = report_text(report, "all queues");
	g_autofree char *json = report_json(report, "all queues");

	(void)state;
	in_order(page, texts);
	in_order(text, lines);
	assert_null(strstr(page, "By queue"));
	assert_null(strstr(page, "nan"));
	assert_null(strstr(page, ">-1"));
	assert_null(strstr(text, " -1"));
	assert_null(strstr(json, ": -1"));
}

static void
huge_reports_fold(void **state)
{
	g_autoptr(kpi_report_auto) report = fixture_huge();
	g_autofree char *page = report_html(report, "all queues");

	(void)state;
	assert_true(g_utf8_validate(page, -1, NULL));
	assert_true(strlen(page) < PAGE_MAX);
	assert_non_null(strstr(page, "200,000 tickets came in"));
	/* 12 of 40 queues and of 300 agents are shown. */
	assert_non_null(strstr(page, "<summary>28 more</summary>"));
	assert_non_null(strstr(page, "<summary>288 more</summary>"));
	assert_null(strstr(page, "<script"));
}

/* --- text and JSON ----------------------------------------------------- */

static void
text_is_a_table(void **state)
{
	static const char *const lines[] = {
	    "Support report: all queues\n"
	    "2026-10-23 10:00 to 2026-11-22 10:00 UTC\n"
	    "19 tickets came in, 15 were closed, 5 are open now.\n\n",
	    "Acknowledged      94 %       17       1       1       1 min"
	    "         1 h\n",
	    "First reply       82 %       14       3       2      45 min"
	    "   2 h 1 min\n",
	    "Decision          68 %       11       5       3        10 h"
	    "      2 days\n",
	    "First level       68 %  11 of 16. The goal of 90 % needs 4 "
	    "more.\n",
	    "up to 4 h                2\n", "\nBy queue ",
	    "\nsupport                   13       3  91 %  90 %     80 %"
	    "    70 %    3.6\n",
	    "payments                   6       2 100 %  66 %     50 %"
	    "    66 %    3.0\n",
	    "\nSatisfaction 3.4 of 5, answers: 13\n", NULL};
	g_autoptr(kpi_report_auto) report = fixture_twenty();
	g_autofree char *text = report_text(report, "all queues");

	(void)state;
	in_order(text, lines);
}

static void
text_fits_its_width(void **state)
{
	struct kpi_report *reports[] = {
	    fixture_twenty(), fixture_empty(), fixture_huge()};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(reports); i++) {
		g_autofree char *text = report_text(reports[i],
		    "a name that is longer than a line has room for, and that "
		    "nobody in his right mind would give to a queue of his");
		g_autofree char *stats = report_stats_text(reports[i]);

		fits_a_mail(text);
		fits_a_mail(stats);
		kpi_free(reports[i]);
	}
}

static gint64
number_at(JsonNode *root, const char *path)
{
	g_autoptr(JsonNode) found = json_path_query(path, root, NULL);
	JsonArray *values = json_node_get_array(found);

	assert_int_equal(json_array_get_length(values), 1);
	if (json_array_get_null_element(values, 0))
		return KPI_NONE;
	return json_array_get_int_element(values, 0);
}

static void
json_has_the_numbers(void **state)
{
	static const struct {
		const char *path;
		gint64 value;
	} cases[] = {{"$.all.opened", 19}, {"$.all.acknowledged.percent", 94},
	    {"$.all.first_reply.median_s", 45 * 60},
	    {"$.all.decision.p90_s", 2880 * 60}, {"$.all.decision.late", 5},
	    {"$.all.decision.running", 3}, {"$.all.first_level.closed", 11},
	    {"$.all.first_level.of", 16}, {"$.first_level_goal_percent", 90},
	    {"$.all.first_level.may_return", 1},
	    {"$.all.open_by_age[0].tickets", 2},
	    {"$.all.open_by_age[4].up_to_s", KPI_NONE}, {"$.all.open_late", 2},
	    {"$.all.oldest_s", 3 * 86400}, {"$.all.satisfaction.5", 4},
	    {"$.all.satisfaction.mean_tenths", 34},
	    {"$.by_queue[1].decision.late", 3}, {"$.by_level[2].opened", 1},
	    {"$.by_agent[3].first_level.percent", KPI_NONE},
	    {"$.by_category[0].opened", 5}, {"$.by_language[0].opened", 6}};
	g_autoptr(kpi_report_auto) report = fixture_twenty();
	g_autofree char *json = report_json(report, "all queues");
	g_autoptr(JsonNode) root = json_from_string(json, NULL);

	(void)state;
	assert_non_null(root);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_int_equal(
		    number_at(root, cases[i].path), cases[i].value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spans_are_said_plainly),
	    cmocka_unit_test(counts_have_commas),
	    cmocka_unit_test(names_are_cleaned),
	    cmocka_unit_test(page_says_first_what_is_asked_first),
	    cmocka_unit_test(page_needs_nothing_else),
	    cmocka_unit_test(page_escapes_names),
	    cmocka_unit_test(empty_reports_say_so),
	    cmocka_unit_test(huge_reports_fold),
	    cmocka_unit_test(text_is_a_table),
	    cmocka_unit_test(text_fits_its_width),
	    cmocka_unit_test(json_has_the_numbers),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL) +
	    table_tests();
}
