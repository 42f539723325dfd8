/*
 * The numbers of a report, held against a table that was written by hand from
 * the twenty lines of kpi_fixture.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "kpi_fixture.h"
#include "ticket/kpi.h"

#include "base/banned.h"

#define MIN_S 60
#define DAY_S 86400

int ticket_kpi_tests(void);

struct expected {
	const char *name;
	guint opened, closed, open;
	guint ack_in, ack_late, reply_in, reply_late, decision_in,
	    decision_late;
	guint first_level, judged, rated, stars;
};

/* clang-format off */
static const struct expected all = /*   in cl op  ack    reply  decision level rated */
	{NULL,                          19, 15, 5, 17, 1, 14, 3, 11, 5, 11, 16, 13, 45};
static const struct expected queues[] = {
	{"support",                     13, 10, 3, 11, 1, 10, 1,  8, 2,  7, 10,  9, 33},
	{"payments",                     6,  5, 2,  6, 0,  4, 2,  3, 3,  4,  6,  4, 12},
};
static const struct expected levels[] = {
	{"1",                           15, 12, 4, 14, 1, 13, 1, 10, 3, 11, 13, 10, 40},
	{"2",                            3,  2, 1,  2, 0,  1, 1,  1, 1,  0,  2,  2,  4},
	{"3",                            1,  1, 0,  1, 0,  0, 1,  0, 1,  0,  1,  1,  1},
};
static const struct expected agents[] = {
	{"anna",                         7,  6, 1,  6, 1,  7, 0,  6, 0,  5,  6,  5, 22},
	{"cleo",                         5,  5, 1,  5, 0,  4, 1,  3, 2,  4,  6,  4, 12},
	{"ben",                          4,  4, 0,  4, 0,  3, 1,  2, 2,  2,  4,  4, 11},
	{"",                             3,  0, 3,  2, 0,  0, 1,  0, 1,  0,  0,  0,  0},
};
static const struct expected categories[] = {
	{"withdrawal",                   5,  4, 1,  5, 0,  2, 3,  1, 4,  2,  4,  4,  9},
	{"deposit",                      4,  5, 0,  4, 0,  4, 0,  4, 0,  5,  5,  4, 15},
	{"bonus",                        2,  2, 0,  1, 1,  2, 0,  2, 0,  2,  2,  2,  9},
	{"login",                        2,  2, 0,  2, 0,  2, 0,  2, 0,  1,  2,  1,  5},
	{"technical",                    2,  2, 0,  2, 0,  2, 0,  2, 0,  1,  2,  2,  7},
	{"complaint",                    1,  0, 1,  0, 0,  0, 0,  0, 0,  0,  0,  0,  0},
	{"kyc",                          1,  0, 1,  1, 0,  1, 0,  0, 1,  0,  1,  0,  0},
	{"mirror",                       1,  0, 1,  1, 0,  1, 0,  0, 0,  0,  0,  0,  0},
	{"other",                        1,  0, 1,  1, 0,  0, 0,  0, 0,  0,  0,  0,  0},
};
static const struct expected langs[] = {
	{"en",                           6,  5, 2,  6, 0,  5, 0,  3, 2,  5,  6,  5, 16},
	{"de",                           3,  3, 0,  3, 0,  3, 0,  3, 0,  3,  3,  3, 15},
	{"es",                           2,  2, 0,  1, 1,  2, 0,  2, 0,  2,  2,  2,  9},
	{"ru",                           2,  2, 0,  2, 0,  0, 2,  0, 2,  0,  2,  2,  2},
	{"tr",                           2,  2, 0,  2, 0,  2, 0,  2, 0,  1,  2,  0,  0},
	{"fr",                           1,  0, 1,  1, 0,  0, 1,  0, 1,  0,  0,  0,  0},
	{"it",                           1,  0, 1,  0, 0,  0, 0,  0, 0,  0,  0,  0,  0},
	{"pl",                           1,  1, 0,  1, 0,  1, 0,  1, 0,  0,  1,  1,  3},
	{"pt",                           1,  0, 1,  1, 0,  1, 0,  0, 0,  0,  0,  0,  0},
};
/* clang-format on */

static const struct {
	const struct expected *rows;
	guint n;
} tables[KPI_BYS] = {
    [KPI_BY_QUEUE] = {queues, G_N_ELEMENTS(queues)},
    [KPI_BY_LEVEL] = {levels, G_N_ELEMENTS(levels)},
    [KPI_BY_AGENT] = {agents, G_N_ELEMENTS(agents)},
    [KPI_BY_CATEGORY] = {categories, G_N_ELEMENTS(categories)},
    [KPI_BY_LANG] = {langs, G_N_ELEMENTS(langs)},
};

static void
row_is(const struct kpi_row *row, const struct expected *want)
{
	const struct kpi_share *p = row->promise;
	guint stars = 0;

	for (guint i = 1; i <= KPI_RATINGS; i++)
		stars += i * row->rated[i];
	assert_int_equal(g_strcmp0(row->name, want->name), 0);
	assert_int_equal(row->opened, want->opened);
	assert_int_equal(row->closed, want->closed);
	assert_int_equal(row->open, want->open);
	assert_int_equal(p[KPI_ACK].in_time, want->ack_in);
	assert_int_equal(p[KPI_ACK].late, want->ack_late);
	assert_int_equal(p[KPI_FIRST_REPLY].in_time, want->reply_in);
	assert_int_equal(p[KPI_FIRST_REPLY].late, want->reply_late);
	assert_int_equal(p[KPI_DECISION].in_time, want->decision_in);
	assert_int_equal(p[KPI_DECISION].late, want->decision_late);
	for (guint i = 0; i < KPI_PROMISES; i++)
		assert_int_equal(
		    p[i].in_time + p[i].late + p[i].running, want->opened);
	assert_int_equal(row->first_level, want->first_level);
	assert_int_equal(row->judged, want->judged);
	assert_int_equal(kpi_rating_count(row), want->rated);
	assert_int_equal(stars, want->stars);
}

static void
kpi_is_the_table(void **state)
{
	g_autoptr(kpi_report_auto) report = fixture_twenty();

	(void)state;
	row_is(&report->all, &all);
	for (guint by = 0; by < KPI_BYS; by++) {
		assert_int_equal(report->by[by]->len, tables[by].n);
		for (guint i = 0; i < tables[by].n; i++)
			row_is(report->by[by]->pdata[i], &tables[by].rows[i]);
	}
}

static void
times_are(const struct kpi_row *row, const gint64 minutes[KPI_PROMISES][2])
{
	for (guint i = 0; i < KPI_PROMISES; i++) {
		assert_int_equal(
		    row->promise[i].median_s, minutes[i][0] * MIN_S);
		assert_int_equal(row->promise[i].p90_s, minutes[i][1] * MIN_S);
	}
}

static void
kpi_ranks_times(void **state)
{
	static const gint64 whole[][2] = {{1, 60}, {45, 121}, {600, 2880}};
	static const gint64 support[][2] = {{1, 3}, {45, 120}, {400, 1441}};
	static const gint64 payments[][2] = {{1, 60}, {50, 200}, {700, 4000}};
	g_autoptr(kpi_report_auto) report = fixture_twenty();

	(void)state;
	times_are(&report->all, whole);
	times_are(report->by[KPI_BY_QUEUE]->pdata[0], support);
	times_are(report->by[KPI_BY_QUEUE]->pdata[1], payments);
}

static void
kpi_counts_the_backlog(void **state)
{
	static const guint ages[KPI_AGES] = {2, 1, 2, 0, 0};
	g_autoptr(kpi_report_auto) report = fixture_twenty();

	(void)state;
	assert_memory_equal(report->all.open_by_age, ages, sizeof(ages));
	assert_int_equal(report->all.oldest_s, 3 * DAY_S);
	assert_int_equal(report->all.open_late, 2);
	assert_int_equal(report->all.may_return, 1);
	assert_int_equal(kpi_goal_lacks(&report->all), 4);
	assert_int_equal(kpi_rating_tenths(&report->all), 34);
}

/* --- edges ----------------------------------------------------------- */

#define NOW ((gint64)1000 * DAY_S)
#define FROM (NOW - 30 * DAY_S)

static struct kpi_report *
report_of(const struct kpi_ticket *ticket)
{
	struct kpi_report *report = kpi_new(FROM, NOW);

	kpi_add(report, ticket);
	kpi_finish(report);
	return report;
}

static void
kpi_judges_to_the_second(void **state)
{
	static const struct {
		gint64 done, due;
		guint in_time, late, running;
	} cases[] = {
	    {NOW - 10, NOW - 10, 1, 0, 0},
	    {NOW - 9, NOW - 10, 0, 1, 0},
	    {0, NOW, 0, 0, 1},
	    {0, NOW - 1, 0, 1, 0},
	    {NOW - 10, 0, 0, 0, 0},
	    {0, 0, 0, 0, 0},
	};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct kpi_ticket ticket = {.opened = NOW - 100,
		    .promise[KPI_DECISION] = {cases[i].done, cases[i].due}};
		g_autoptr(kpi_report_auto) report = report_of(&ticket);
		struct kpi_share *share = &report->all.promise[KPI_DECISION];

		assert_int_equal(share->in_time, cases[i].in_time);
		assert_int_equal(share->late, cases[i].late);
		assert_int_equal(share->running, cases[i].running);
		assert_int_equal(report->all.open_late, cases[i].late);
	}
}

static void
kpi_sorts_ages(void **state)
{
	static const struct {
		gint64 age;
		guint bucket;
	} cases[] = {
	    {0, 0}, {4 * 3600, 0}, {4 * 3600 + 1, 1}, {DAY_S, 1}, {DAY_S + 1, 2},
	    {3 * DAY_S, 2}, {3 * DAY_S + 1, 3}, {7 * DAY_S, 3},
	    {7 * DAY_S + 1, 4}, {900 * DAY_S, 4}, /* older than the report */
	};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct kpi_ticket ticket = {.opened = NOW - cases[i].age};
		g_autoptr(kpi_report_auto) report = report_of(&ticket);

		assert_int_equal(report->all.open, 1);
		assert_int_equal(report->all.open_by_age[cases[i].bucket], 1);
		assert_int_equal(report->all.oldest_s, MAX(cases[i].age, 0));
	}
}

static void
kpi_judges_the_first_level(void **state)
{
	static const struct {
		guint32 level;
		gint64 opened, closed;
		gboolean reopened;
		guint first_level, judged, may_return;
	} cases[] = {
	    {1, NOW - 5 * DAY_S, NOW - 2 * DAY_S, FALSE, 1, 1, 0},
	    {1, NOW - 5 * DAY_S, NOW - 2 * DAY_S + 1, FALSE, 1, 1, 1},
	    {1, NOW - 5 * DAY_S, NOW - 2 * DAY_S, TRUE, 0, 1, 0},
	    {1, NOW - 5 * DAY_S, 0, TRUE, 0, 1, 0},
	    {1, NOW - 5 * DAY_S, 0, FALSE, 0, 0, 0},
	    {2, NOW - 5 * DAY_S, NOW - 2 * DAY_S, FALSE, 0, 1, 0},
	    {1, FROM - 1, FROM, FALSE, 1, 1, 0},
	    {1, FROM - 2, FROM - 1, FALSE, 0, 0, 0},
	    {1, FROM - 1, 0, TRUE, 0, 0, 0},
	};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct kpi_ticket ticket = {.level = cases[i].level,
		    .opened = cases[i].opened,
		    .closed = cases[i].closed,
		    .reopened_within_48h = cases[i].reopened};
		g_autoptr(kpi_report_auto) report = report_of(&ticket);

		assert_int_equal(report->all.first_level, cases[i].first_level);
		assert_int_equal(report->all.judged, cases[i].judged);
		assert_int_equal(report->all.may_return, cases[i].may_return);
	}
}

static void
kpi_leaves_out_what_is_over(void **state)
{
	struct kpi_ticket ticket = {
	    .queue = "gone", .opened = FROM - 2, .closed = FROM - 1};
	g_autoptr(kpi_report_auto) report = report_of(&ticket);
	g_autoptr(kpi_report_auto) unfinished = kpi_new(FROM, NOW);

	(void)state;
	assert_int_equal(report->by[KPI_BY_QUEUE]->len, 0);
	/* Freed as it is: no leak of its rows. */
	ticket.closed = 0;
	kpi_add(unfinished, &ticket);
	kpi_free(NULL);
}

static void
kpi_ranks_are_nearest(void **state)
{
	static const struct {
		guint n; /* of 1, 2, ..., n */
		guint percent;
		gint64 rank;
	} cases[] = {{0, 50, KPI_NONE}, {1, 50, 1}, {1, 90, 1}, {2, 50, 1},
	    {3, 50, 2}, {4, 50, 2}, {9, 90, 9}, {10, 90, 9}, {11, 90, 10},
	    {20, 90, 18}, {20, 0, 1}, {20, 100, 20}};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GArray) array =
		    g_array_new(FALSE, FALSE, sizeof(gint64));

		for (gint64 k = 1; k <= cases[i].n; k++)
			g_array_append_val(array, k);
		assert_int_equal(
		    kpi_rank(array, cases[i].percent), cases[i].rank);
	}
}

static void
kpi_percents_flatter_nobody(void **state)
{
	struct kpi_row row = {.judged = 1000, .first_level = 899};

	(void)state;
	assert_int_equal(kpi_percent(0, 0), KPI_NONE);
	assert_int_equal(kpi_percent(2, 3), 66);
	assert_int_equal(kpi_percent(899, 1000), 89);
	assert_int_equal(kpi_percent(999, 1000), 99);
	assert_int_equal(kpi_percent(3, 3), 100);
	assert_int_equal(kpi_percent(G_MAXUINT, G_MAXUINT), 100);
	assert_int_equal(kpi_goal_lacks(&row), 1);
	row.first_level = 900;
	assert_int_equal(kpi_goal_lacks(&row), 0);
	row = (struct kpi_row){.rated = {[4] = 1, [5] = 1, [1] = 1}};
	assert_int_equal(kpi_rating_tenths(&row), 33);
	row = (struct kpi_row){0};
	assert_int_equal(kpi_rating_tenths(&row), KPI_NONE);
}

static void
what_comes_later_is_not_there(void **state)
{
	const struct kpi_ticket closed_later = {.queue = "support",
	    .level = 1,
	    .opened = FIXTURE_NOW - 100,
	    .promise[KPI_FIRST_REPLY] = {FIXTURE_NOW + 1, FIXTURE_NOW - 1},
	    .promise[KPI_DECISION] = {FIXTURE_NOW + 5, FIXTURE_NOW + 9},
	    .closed = FIXTURE_NOW + 5,
	    .satisfaction = 5};
	const struct kpi_ticket opened_later = {
	    .queue = "support", .level = 1, .opened = FIXTURE_NOW + 1};
	g_autoptr(kpi_report_auto) report =
	    kpi_new(FIXTURE_NOW - DAY_S, FIXTURE_NOW);

	(void)state;
	kpi_add(report, &closed_later);
	kpi_add(report, &opened_later);
	kpi_finish(report);
	assert_int_equal(report->all.opened, 1);
	assert_int_equal(report->all.closed, 0);
	assert_int_equal(report->all.open, 1);
	assert_int_equal(report->all.promise[KPI_FIRST_REPLY].late, 1);
	assert_int_equal(report->all.promise[KPI_DECISION].running, 1);
	assert_int_equal(kpi_rating_count(&report->all), 0);
}

int
ticket_kpi_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_comes_later_is_not_there),
	    cmocka_unit_test(kpi_is_the_table),
	    cmocka_unit_test(kpi_ranks_times),
	    cmocka_unit_test(kpi_counts_the_backlog),
	    cmocka_unit_test(kpi_judges_to_the_second),
	    cmocka_unit_test(kpi_sorts_ages),
	    cmocka_unit_test(kpi_judges_the_first_level),
	    cmocka_unit_test(kpi_leaves_out_what_is_over),
	    cmocka_unit_test(kpi_ranks_are_nearest),
	    cmocka_unit_test(kpi_percents_flatter_nobody),
	};

	return cmocka_run_group_tests_name("kpi", tests, NULL, NULL);
}
