#include "report/page.h"

#include "report/style.h"
#include "report/words.h"

#include "base/banned.h"

#define ROWS_SHOWN 12 /* of a table; the others are folded away */
#define BAR 1000      /* units of a bar's width */
#define MARK 8	      /* width of the mark of a goal */

/* --- pieces ------------------------------------------------------------ */

static void
put_text(GString *out, const char *text)
{
	g_autofree char *escaped = g_markup_escape_text(text, -1);

	g_string_append(out, escaped);
}

/* Between two pieces of markup; takes text, which may be NULL. */
static void
put(GString *out, const char *before, char *text, const char *after)
{
	if (text != NULL) {
		g_string_append(out, before);
		put_text(out, text);
		g_string_append(out, after);
	}
	g_free(text);
}

static guint
scaled(guint part, guint whole)
{
	if (whole == 0 || part == 0)
		return 0;
	/* One of many thousands is still to be seen. */
	return MAX((guint)((guint64)MIN(part, whole) * BAR / whole), 4);
}

static void
put_rect(GString *out, const char *kind, guint x, guint width)
{
	if (width > 0)
		g_string_append_printf(out,
		    "<rect class=\"%s\" x=\"%u\" width=\"%u\" height=\"1\"/>",
		    kind, x, width);
}

/* Text beside a bar says what it shows, so a reader's voice skips it. */
static void
bar_begin(GString *out)
{
	g_string_append_printf(out,
	    "<svg viewBox=\"0 0 %d 1\" preserveAspectRatio=\"none\" "
	    "aria-hidden=\"true\">",
	    BAR);
	put_rect(out, "r", 0, BAR);
}

static void
bar_end(GString *out)
{
	g_string_append(out, "</svg>");
}

static void
put_bar(GString *out, const char *kind, guint part, guint whole)
{
	bar_begin(out);
	put_rect(out, kind, 0, scaled(part, whole));
	bar_end(out);
}

static void
put_share_bar(GString *out, const struct kpi_share *share)
{
	guint whole = share->in_time + share->late + share->running;
	guint late = scaled(share->late, whole);
	guint running = scaled(share->running, whole);
	guint in_time = scaled(share->in_time, whole);

	bar_begin(out);
	if (whole > 0) {
		in_time = MIN(in_time, BAR - MIN(late + running, BAR));
		put_rect(out, "g", 0, in_time);
		put_rect(out, "l", in_time,
		    share->running == 0 ? BAR - in_time : late);
		put_rect(out, "w", in_time + late,
		    share->running == 0 ? 0 : BAR - in_time - late);
	}
	bar_end(out);
}

static void
put_goal_bar(GString *out, const struct kpi_row *row)
{
	bar_begin(out);
	put_rect(out, "g", 0, scaled(row->first_level, row->judged));
	put_rect(out, "m", KPI_GOAL * BAR / 100 - MARK / 2, MARK);
	bar_end(out);
}

/* --- what is asked first ------------------------------------------------ */

static void
put_card_head(GString *out, const char *title, char *number)
{
	g_string_append(
	    out, "<article class=\"card\"><div class=\"head\"><h3>");
	put_text(out, title);
	put(out, "</h3><p class=\"big\">", number, "</p></div>");
}

static void
put_promise_card(GString *out, const struct kpi_row *all, enum kpi_promise i)
{
	const struct kpi_share *share = &all->promise[i];

	put_card_head(out, report_promise(i),
	    report_percent(share->in_time, share->in_time + share->late));
	put_share_bar(out, share);
	put(out, "<p class=\"dim\">", report_share(share), "</p>");
	if (share->taken->len > 0) {
		put(out, "<dl><dt>Half took at most</dt><dd>",
		    report_span(share->median_s), "</dd>");
		put(out, "<dt>9 in 10 took at most</dt><dd>",
		    report_span(share->p90_s), "</dd></dl>");
	}
	g_string_append(out, "</article>\n");
}

static void
put_first_level_card(GString *out, const struct kpi_row *all)
{
	put_card_head(out, "Closed at first level",
	    report_percent(all->first_level, all->judged));
	put_goal_bar(out, all);
	put(out, "<p class=\"dim\">", report_goal(all), "</p>");
	put(out, "<p class=\"dim\">", report_may_return(all), "</p>");
	g_string_append(out, "</article>\n");
}

static void
put_bar_row(
    GString *out, const char *name, const char *kind, guint part, guint most)
{
	g_string_append(out, "<tr><th scope=\"row\">");
	put_text(out, name);
	g_string_append(out, "</th><td>");
	put_bar(out, kind, part, most);
	put(out, "</td><td>", report_count(part), "</td></tr>\n");
}

static guint
most_of(const guint *values, guint n)
{
	guint most = 0;

	for (guint i = 0; i < n; i++)
		most = MAX(most, values[i]);
	return most;
}

static void
put_backlog(GString *out, const struct kpi_row *all)
{
	guint most = most_of(all->open_by_age, KPI_AGES);

	g_string_append(out, "<h2>Open now, by age</h2>\n"
			     "<div class=\"card some\">"
			     "<div class=\"head\"><h3>Open tickets</h3>");
	put(out, "<p class=\"big\">", report_count(all->open), "</p></div>");
	put(out, "<p class=\"dim\">", report_backlog(all), "</p>");
	if (all->open > 0) {
		g_string_append(out, "<table class=\"bars\">");
		for (guint i = 0; i < KPI_AGES; i++)
			put_bar_row(
			    out, report_age(i), "g", all->open_by_age[i], most);
		g_string_append(out, "</table>");
	}
	g_string_append(out, "</div>\n");
}

static void
put_ratings(GString *out, const struct kpi_row *all)
{
	static const char *const names[KPI_RATINGS + 1] = {
	    "", "1, very bad", "2, bad", "3, fair", "4, good", "5, very good"};
	guint n = kpi_rating_count(all);

	g_string_append(out, "<h2>What players thought of it</h2>\n"
			     "<div class=\"card some\"><div class=\"head\">"
			     "<h3>Mean of 1 to 5</h3>");
	put(out, "<p class=\"big\">", report_rating(all), "</p></div>");
	if (n == 0) {
		g_string_append(
		    out, "<p class=\"dim\">Nobody has answered.</p>");
	} else {
		put(out, "<p class=\"dim\">Answers: ", report_count(n), "</p>");
		g_string_append(out, "<table class=\"bars\">");
		for (guint i = KPI_RATINGS; i >= 1; i--)
			put_bar_row(out, names[i], "g", all->rated[i],
			    most_of(all->rated + 1, KPI_RATINGS));
		g_string_append(out, "</table>");
	}
	g_string_append(out, "</div>\n");
}

/* --- tables ------------------------------------------------------------- */

static void
put_share_cell(GString *out, const struct kpi_row *row, enum kpi_promise i)
{
	const struct kpi_share *share = &row->promise[i];

	g_string_append_printf(
	    out, "<td data-is=\"%s\">", report_promise_short(i));
	put(out, "<span>",
	    report_percent(share->in_time, share->in_time + share->late),
	    "</span>");
	if (share->in_time + share->late + share->running > 0)
		put_share_bar(out, share);
	if (i != KPI_ACK && share->taken->len > 0) {
		put(out, "<small>half: ", report_span(share->median_s),
		    "</small>");
		put(out, "<small>9 in 10: ", report_span(share->p90_s),
		    "</small>");
	}
	g_string_append(out, "</td>");
}

static void
put_row(GString *out, enum kpi_by by, const struct kpi_row *row)
{
	put(out, "<tr><th scope=\"row\"><bdi>", report_row(by, row),
	    "</bdi></th>");
	put(out, "<td data-is=\"Came in\"><span>", report_count(row->opened),
	    "</span></td>");
	put(out, "<td data-is=\"Open now\"><span>", report_count(row->open),
	    "</span></td>");
	for (guint i = 0; i < KPI_PROMISES; i++)
		put_share_cell(out, row, i);
	put(out, "<td data-is=\"First level\"><span>",
	    report_percent(row->first_level, row->judged), "</span>");
	if (row->judged > 0)
		put_goal_bar(out, row);
	g_string_append(out, "</td>");
	put(out, "<td data-is=\"Rating\"><span>", report_rating(row),
	    "</span></td></tr>\n");
}

static void
put_rows(
    GString *out, enum kpi_by by, const GPtrArray *rows, guint from, guint end)
{
	g_string_append(out,
	    "<table><thead><tr><th scope=\"col\">Name</th>"
	    "<th scope=\"col\" class=\"c\">Came in</th>"
	    "<th scope=\"col\" class=\"c\">Open now</th>"
	    "<th scope=\"col\" class=\"s\">Acknowledged in time</th>"
	    "<th scope=\"col\">First reply in time</th>"
	    "<th scope=\"col\">Decision in time</th>"
	    "<th scope=\"col\" class=\"s\">Closed at first level</th>"
	    "<th scope=\"col\" class=\"c\">Rating</th>"
	    "</tr></thead><tbody>\n");
	for (guint i = from; i < end; i++)
		put_row(out, by, rows->pdata[i]);
	g_string_append(out, "</tbody></table>\n");
}

static void
put_table(GString *out, const struct kpi_report *report, enum kpi_by by)
{
	const GPtrArray *rows = report->by[by];
	/* To fold away one or two rows would save nothing. */
	guint shown = rows->len > ROWS_SHOWN + 2 ? ROWS_SHOWN : rows->len;

	if (rows->len == 0)
		return;
	g_string_append_printf(
	    out, "<h2>%s</h2>\n<div class=\"by\">", report_by(by));
	put_rows(out, by, rows, 0, shown);
	if (shown < rows->len) {
		put(out, "<details><summary>", report_count(rows->len - shown),
		    " more</summary>");
		put_rows(out, by, rows, shown, rows->len);
		g_string_append(out, "</details>");
	}
	g_string_append(out, "</div>\n");
}

/* --- the page ----------------------------------------------------------- */

static void
put_begin(GString *out, const struct kpi_report *report, const char *about)
{
	g_autofree char *from = report_date(report->from);
	g_autofree char *now = report_date(report->now);

	g_string_append(out,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
	    "charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
	    "form-action 'none'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\">\n<meta name=\"referrer\" "
	    "content=\"no-referrer\">\n");
	put(out, "<title>Support report: ", report_name(about), "</title>\n");
	g_string_append_printf(
	    out, "<style>\n%s</style></head>\n", report_style);
	put(out, "<body><main><header><h1>Support report: <bdi>",
	    report_name(about), "</bdi></h1>");
	g_string_append_printf(
	    out, "<p class=\"dim\">%s to %s UTC</p>", from, now);
	put(out, "<p class=\"sum\">", report_sum(report), "</p></header>\n");
}

static void
put_end(GString *out)
{
	g_string_append_printf(out,
	    "<h2>How this is counted</h2>\n<ul class=\"dim\">"
	    "<li>Promises and times: tickets that came in in this time. In "
	    "time is whatever was done not later than promised, to the "
	    "second. What is not done and not yet due counts as neither in "
	    "time nor late.</li>"
	    "<li>Times run from the arrival of the first mail, day and "
	    "night, also while the player is waited for.</li>"
	    "<li>&ldquo;Half&rdquo; is the median, &ldquo;9 in 10&rdquo; the "
	    "90th percentile: the shortest time within which at least so "
	    "many were done.</li>"
	    "<li>First level and rating: tickets that were closed in this "
	    "time. Who came back within 48 hours was not helped at first "
	    "level. The goal is %d %%, the mark on the bar.</li>"
	    "<li>Blue is in time, orange late, grey still running.</li>"
	    "<li>Shares and ratings are rounded down.</li></ul>\n"
	    "</main></body></html>\n",
	    KPI_GOAL);
}

char *
report_html(const struct kpi_report *report, const char *about)
{
	GString *out = g_string_new(NULL);

	put_begin(out, report, about);
	g_string_append(out, "<div class=\"cards\">\n");
	for (guint i = 0; i < KPI_PROMISES; i++)
		put_promise_card(out, &report->all, i);
	put_first_level_card(out, &report->all);
	g_string_append(out, "</div>\n");
	put_backlog(out, &report->all);
	for (guint by = 0; by < KPI_BYS; by++)
		put_table(out, report, by);
	put_ratings(out, &report->all);
	put_end(out);
	return g_string_free(out, FALSE);
}
