/*
 * The numbers of a desk, page by page. It is a desk of this file's own: what
 * is called an ipc_client here is a list of tickets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "kpi_fixture.h"
#include "report/gather.h"
#include "report_tests.h"

#include "base/banned.h"

#define NOW FIXTURE_NOW
#define CALLS_MAX 50
#define NEVER G_MAXUINT

struct ipc_client {
	guint tickets;
	guint page;	   /* tickets in one answer at most */
	guint fails_at;	   /* call */
	gboolean is_stuck; /* always the first page */
	guint calls;
};

static struct proto_ctl_kpi
ticket_at(guint i)
{
	struct proto_ctl_kpi t = {
	    .queue = g_strdup(i % 2 == 0 ? "support" : "payments"),
	    .category = g_strdup("deposit"),
	    .lang = g_strdup("de"),
	    .agent = g_strdup("anna"),
	    .level = 2,
	    .opened = NOW - 7200,
	    .ack_done = NOW - 7100,
	    .ack_due = NOW - 3600,
	    .first_reply_done = NOW - 1800,
	    .first_reply_due = NOW - 3600,
	    .decision_done = 0,
	    .decision_due = NOW + 3600,
	    .closed = 0};

	(void)g_snprintf(t.number.s, sizeof(t.number.s), "A%07u", i);
	/* One that was closed at level 1, and rated; and one that came back. */
	if (i == 0) {
		t.level = 1;
		t.closed = NOW - 60;
		t.decision_done = NOW - 60;
		t.rating = 4;
	} else if (i == 1) {
		t.is_returned = TRUE;
	}
	return t;
}

gboolean
ipc_call(struct ipc_client *client, enum proto_type request_type,
    gconstpointer request, int fd, enum proto_type answer_type, gpointer answer,
    GError **err)
{
	const struct proto_ctl_numbers *asked = request;
	struct proto_ctl_numbers_are *page = answer;
	guint i = 0;

	assert_int_equal(request_type, PROTO_CTL_NUMBERS);
	assert_int_equal(answer_type, PROTO_CTL_NUMBERS_ARE);
	assert_int_equal(fd, -1);
	assert_in_range(asked->limit, 1, 100);
	assert_true(++client->calls < CALLS_MAX);
	if (client->calls == client->fails_at)
		return error_fail(err, ERROR_TEMP, "the desk is away");
	page->tickets = g_array_new(FALSE, FALSE, sizeof(struct proto_ctl_kpi));
	for (; i < client->tickets && page->tickets->len < client->page; i++) {
		struct proto_ctl_kpi t = ticket_at(i);

		if (client->is_stuck || strcmp(t.number.s, asked->after.s) > 0)
			g_array_append_val(page->tickets, t);
		else {
			g_free(t.queue);
			g_free(t.category);
			g_free(t.lang);
			g_free(t.agent);
		}
	}
	return TRUE;
}

static const struct gather all = {.from = NOW - 86400, .now = NOW};

static void
pages_are_put_together(void **state)
{
	static const struct {
		guint tickets;
		guint page;
		guint calls;
	} cases[] = {
	    {0, 100, 1}, {1, 100, 2}, {100, 100, 2}, {101, 100, 3}, {7, 2, 5}};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct ipc_client desk = {.tickets = cases[i].tickets,
		    .page = cases[i].page,
		    .fails_at = NEVER};
		g_autoptr(kpi_report_auto) report =
		    report_gather(&desk, &all, NULL);

		assert_non_null(report);
		assert_int_equal(report->all.opened, cases[i].tickets);
		assert_int_equal(desk.calls, cases[i].calls);
	}
}

static void
every_number_finds_its_place(void **state)
{
	struct ipc_client desk = {.tickets = 3, .page = 2, .fails_at = NEVER};
	g_autoptr(kpi_report_auto) report = report_gather(&desk, &all, NULL);
	const struct kpi_row *row = &report->all;

	(void)state;
	assert_int_equal(row->opened, 3);
	assert_int_equal(row->open, 2);
	assert_int_equal(row->closed, 1);
	assert_int_equal(row->promise[KPI_ACK].in_time, 3);
	assert_int_equal(row->promise[KPI_FIRST_REPLY].late, 3);
	assert_int_equal(row->promise[KPI_DECISION].in_time, 1);
	assert_int_equal(row->promise[KPI_DECISION].running, 2);
	assert_int_equal(row->promise[KPI_ACK].median_s, 100);
	assert_int_equal(row->first_level, 1);
	/* Also the one that came back. */
	assert_int_equal(row->judged, 2);
	assert_int_equal(row->rated[4], 1);
	assert_int_equal(report->by[KPI_BY_LEVEL]->len, 2);
	assert_int_equal(report->by[KPI_BY_QUEUE]->len, 2);
	for (guint by = 0; by < KPI_BYS; by++) {
		static const char *const names[KPI_BYS] = {
		    "support", "1", "anna", "deposit", "de"};
		const struct kpi_row *first = report->by[by]->pdata[0];

		assert_string_equal(first->name, names[by]);
	}
}

static void
a_queue_is_alone(void **state)
{
	struct ipc_client desk = {.tickets = 7, .page = 3, .fails_at = NEVER};
	const struct gather what = {
	    .queue = "payments", .from = NOW - 86400, .now = NOW};
	g_autoptr(kpi_report_auto) report = report_gather(&desk, &what, NULL);

	(void)state;
	assert_int_equal(report->all.opened, 3);
	assert_int_equal(report->by[KPI_BY_QUEUE]->len, 1);
}

static void
a_desk_that_goes_away_makes_no_report(void **state)
{
	(void)state;
	for (guint at = 1; at < 4; at++) {
		struct ipc_client desk = {
		    .tickets = 4, .page = 2, .fails_at = at};
		g_autoptr(GError) error = NULL;

		assert_null(report_gather(&desk, &all, &error));
		assert_true(error_is(error, ERROR_TEMP));
		assert_int_equal(desk.calls, at);
	}
}

static void
pages_that_lead_back_end_it(void **state)
{
	struct ipc_client desk = {
	    .tickets = 4, .page = 2, .fails_at = NEVER, .is_stuck = TRUE};
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_null(report_gather(&desk, &all, &error));
	assert_true(error_is(error, ERROR_PERM));
}

int
gather_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pages_are_put_together),
	    cmocka_unit_test(every_number_finds_its_place),
	    cmocka_unit_test(a_queue_is_alone),
	    cmocka_unit_test(a_desk_that_goes_away_makes_no_report),
	    cmocka_unit_test(pages_that_lead_back_end_it),
	};

	return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}
