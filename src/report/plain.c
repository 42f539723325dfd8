/* The report as text, whole and in short. */
#include "report/columns.h"
#include "report/page.h"
#include "report/table.h"
#include "report/words.h"

#include "base/banned.h"

#define PROMISE_COLUMNS 16
#define NAME_COLUMNS 20
#define TITLE_COLUMNS 56

static void
text_promises(GString *out, const struct kpi_row *all)
{
	columns_put_left(out, "Promises kept", PROMISE_COLUMNS);
	g_string_append(out, " share  in time    late running"
			     " half within 9 in 10 in\n");
	for (guint i = 0; i < KPI_PROMISES; i++) {
		const struct kpi_share *share = &all->promise[i];

		columns_put_left(out, report_promise_short(i), PROMISE_COLUMNS);
		columns_put_right(out,
		    report_percent(
			share->in_time, share->in_time + share->late),
		    6);
		columns_put_right(out, report_count(share->in_time), 9);
		columns_put_right(out, report_count(share->late), 8);
		columns_put_right(out, report_count(share->running), 8);
		columns_put_right(out, report_span(share->median_s), 12);
		columns_put_right(out, report_span(share->p90_s), 12);
		g_string_append_c(out, '\n');
	}
}

static void
text_first_level(GString *out, const struct kpi_row *all)
{
	g_autofree char *goal = report_goal(all);
	g_autofree char *more = report_may_return(all);

	columns_put_left(out, "First level", PROMISE_COLUMNS);
	columns_put_right(
	    out, report_percent(all->first_level, all->judged), 6);
	g_string_append_printf(out, "  %s\n", goal);
	if (more != NULL)
		g_string_append_printf(out, "%s\n", more);
}

static void
text_backlog(GString *out, const struct kpi_row *all)
{
	g_autofree char *backlog = report_backlog(all);

	g_string_append_printf(out, "\nOpen now\n%s\n", backlog);
	for (guint i = 0; all->open > 0 && i < KPI_AGES; i++) {
		columns_put_left(out, report_age(i), NAME_COLUMNS);
		columns_put_right(out, report_count(all->open_by_age[i]), 6);
		g_string_append_c(out, '\n');
	}
}

static void
text_row(GString *out, enum kpi_by by, const struct kpi_row *row)
{
	g_autofree char *name = report_row(by, row);

	columns_put_left(out, name, NAME_COLUMNS);
	columns_put_right(out, report_count(row->opened), 8);
	columns_put_right(out, report_count(row->open), 8);
	for (guint i = 0; i < KPI_PROMISES; i++) {
		const struct kpi_share *share = &row->promise[i];

		columns_put_right(out,
		    report_percent(
			share->in_time, share->in_time + share->late),
		    i == KPI_DECISION ? 9 : 6);
	}
	columns_put_right(
	    out, report_percent(row->first_level, row->judged), 8);
	columns_put_right(out, report_rating(row), 7);
	g_string_append_c(out, '\n');
}

static void
text_ratings(GString *out, const struct kpi_row *all)
{
	g_autofree char *mean = report_rating(all);
	g_autofree char *n = report_count(kpi_rating_count(all));

	if (kpi_rating_count(all) == 0) {
		g_string_append(out, "\nSatisfaction: nobody has answered.\n");
		return;
	}
	g_string_append_printf(out, "\nSatisfaction %s of %d, answers: %s\n",
	    mean, KPI_RATINGS, n);
	for (guint i = KPI_RATINGS; i >= 1; i--) {
		char label[] = {(char)('0' + i), '\0'};

		columns_put_left(out, label, NAME_COLUMNS);
		columns_put_right(out, report_count(all->rated[i]), 6);
		g_string_append_c(out, '\n');
	}
}

static void
text_summary(GString *out, const struct kpi_report *report)
{
	g_autofree char *from = report_date(report->from);
	g_autofree char *now = report_date(report->now);
	g_autofree char *sum = report_sum(report);

	g_string_append_printf(out, "%s to %s UTC\n%s\n\n", from, now, sum);
	text_promises(out, &report->all);
	text_first_level(out, &report->all);
	text_backlog(out, &report->all);
}

char *
report_stats_text(const struct kpi_report *report)
{
	GString *out = g_string_new(NULL);

	text_summary(out, report);
	text_ratings(out, &report->all);
	return g_string_free(out, FALSE);
}

char *
report_text(const struct kpi_report *report, const char *about)
{
	GString *out = g_string_new("Support report: ");
	g_autofree char *scope = report_name(about);

	columns_put_left(out, scope, MIN(columns_of(scope), TITLE_COLUMNS));
	g_string_append_c(out, '\n');
	text_summary(out, report);
	for (guint by = 0; by < KPI_BYS; by++) {
		if (report->by[by]->len == 0)
			continue;
		g_string_append_c(out, '\n');
		columns_put_left(out, report_by(by), NAME_COLUMNS);
		g_string_append(out, " came in    open ackn. reply decision"
				     " level 1 rating\n");
		for (guint i = 0; i < report->by[by]->len; i++)
			text_row(out, by, report->by[by]->pdata[i]);
	}
	text_ratings(out, &report->all);
	g_string_append(out,
	    "\nShares in time of acknowledgements, first replies and "
	    "decisions; closed\nat first level, and not back within 48 h; "
	    "ratings from 1 to 5. All are\nrounded down.\n");
	return g_string_free(out, FALSE);
}
