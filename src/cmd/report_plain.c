/* The report as JSON and as text. */
#include "cmd/report_page.h"

#include <json-glib/json-glib.h>

#include "cmd/report_words.h"

#include "base/banned.h"

#define NAME_COLUMNS 21
#define TITLE_COLUMNS 60

/* --- JSON -------------------------------------------------------------- */

static void
add_num(JsonBuilder *b, const char *name, gint64 value)
{
	json_builder_set_member_name(b, name);
	if (value == KPI_NONE)
		json_builder_add_null_value(b);
	else
		json_builder_add_int_value(b, value);
}

static void
add_text(JsonBuilder *b, const char *name, const char *value)
{
	json_builder_set_member_name(b, name);
	json_builder_add_string_value(b, value);
}

static void
add_time(JsonBuilder *b, const char *name, gint64 at)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at);
	g_autofree char *text =
	    time == NULL ? NULL
			 : g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");

	json_builder_set_member_name(b, name);
	if (text == NULL)
		json_builder_add_null_value(b);
	else
		json_builder_add_string_value(b, text);
}

static void
add_share(JsonBuilder *b, const char *name, const struct kpi_share *share)
{
	json_builder_set_member_name(b, name);
	json_builder_begin_object(b);
	add_num(b, "in_time", share->in_time);
	add_num(b, "late", share->late);
	add_num(b, "running", share->running);
	add_num(b, "percent",
	    kpi_percent(share->in_time, share->in_time + share->late));
	add_num(b, "median_s", share->median_s);
	add_num(b, "p90_s", share->p90_s);
	json_builder_end_object(b);
}

static void
add_backlog(JsonBuilder *b, const struct kpi_row *row)
{
	json_builder_set_member_name(b, "open_by_age");
	json_builder_begin_array(b);
	for (guint i = 0; i < KPI_AGES; i++) {
		gint64 end = kpi_age_end(i);

		json_builder_begin_object(b);
		add_num(b, "up_to_s", end == 0 ? KPI_NONE : end);
		add_num(b, "tickets", row->open_by_age[i]);
		json_builder_end_object(b);
	}
	json_builder_end_array(b);
	add_num(b, "open_late", row->open_late);
	add_num(b, "oldest_s", row->open == 0 ? KPI_NONE : row->oldest_s);
}

static void
add_first_level(JsonBuilder *b, const struct kpi_row *row)
{
	json_builder_set_member_name(b, "first_level");
	json_builder_begin_object(b);
	add_num(b, "closed", row->first_level);
	add_num(b, "of", row->judged);
	add_num(b, "percent", kpi_percent(row->first_level, row->judged));
	add_num(b, "may_return", row->may_return);
	json_builder_end_object(b);
}

static void
add_ratings(JsonBuilder *b, const struct kpi_row *row)
{
	json_builder_set_member_name(b, "satisfaction");
	json_builder_begin_object(b);
	for (guint i = 1; i <= KPI_RATINGS; i++) {
		char name[] = {(char)('0' + i), '\0'};

		add_num(b, name, row->rated[i]);
	}
	add_num(b, "mean_tenths", kpi_rating_tenths(row));
	json_builder_end_object(b);
}

static void
add_row(JsonBuilder *b, const struct kpi_row *row)
{
	static const char *const names[KPI_PROMISES] = {
	    "acknowledged", "first_reply", "decision"};

	json_builder_begin_object(b);
	if (row->name != NULL) {
		g_autofree char *name = report_name(row->name);

		add_text(b, "name", name);
	}
	add_num(b, "opened", row->opened);
	add_num(b, "closed", row->closed);
	add_num(b, "open", row->open);
	for (guint i = 0; i < KPI_PROMISES; i++)
		add_share(b, names[i], &row->promise[i]);
	add_first_level(b, row);
	add_backlog(b, row);
	add_ratings(b, row);
	json_builder_end_object(b);
}

char *
report_json(const struct kpi_report *report, const char *about)
{
	static const char *const names[KPI_BYS] = {
	    "by_queue", "by_level", "by_agent", "by_category", "by_language"};
	g_autoptr(JsonBuilder) b = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *scope = report_name(about);

	json_builder_begin_object(b);
	add_text(b, "about", scope);
	add_time(b, "from", report->from);
	add_time(b, "to", report->now);
	add_num(b, "first_level_goal_percent", KPI_GOAL);
	json_builder_set_member_name(b, "all");
	add_row(b, &report->all);
	for (guint by = 0; by < KPI_BYS; by++) {
		json_builder_set_member_name(b, names[by]);
		json_builder_begin_array(b);
		for (guint i = 0; i < report->by[by]->len; i++)
			add_row(b, report->by[by]->pdata[i]);
		json_builder_end_array(b);
	}
	json_builder_end_object(b);
	root = json_builder_get_root(b);
	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	return json_generator_to_data(generator, NULL);
}

/* --- text -------------------------------------------------------------- */

static guint
columns(const char *text)
{
	guint n = 0;

	for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		n += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
	}
	return n;
}

static void
put_blanks(GString *out, guint n)
{
	while (n-- > 0)
		g_string_append_c(out, ' ');
}

/* Left, cut to its place. */
static void
put_left(GString *out, const char *text, guint width)
{
	guint n = columns(text);
	guint used = 0;

	if (n <= width) {
		g_string_append(out, text);
		put_blanks(out, width - n);
		return;
	}
	for (const char *p = text;; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		n = g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
		if (used + n >= width)
			break;
		used += n;
		g_string_append_unichar(out, c);
	}
	g_string_append_c(out, '~');
	put_blanks(out, width - used - 1);
}

/* Takes text. */
static void
put_right(GString *out, char *text, guint width)
{
	guint n = columns(text);

	put_blanks(out, n < width ? width - n : 1);
	g_string_append(out, text);
	g_free(text);
}

static void
text_promises(GString *out, const struct kpi_row *all)
{
	put_left(out, "Promises kept", NAME_COLUMNS);
	g_string_append(out, " share  in time    late running"
			     "  half within  9 in 10 in\n");
	for (guint i = 0; i < KPI_PROMISES; i++) {
		const struct kpi_share *share = &all->promise[i];

		put_left(out, report_promise(i), NAME_COLUMNS);
		put_right(out,
		    report_percent(
			share->in_time, share->in_time + share->late),
		    6);
		put_right(out, report_count(share->in_time), 9);
		put_right(out, report_count(share->late), 8);
		put_right(out, report_count(share->running), 8);
		put_right(out, report_span(share->median_s), 13);
		put_right(out, report_span(share->p90_s), 13);
		g_string_append_c(out, '\n');
	}
}

static void
text_first_level(GString *out, const struct kpi_row *all)
{
	g_autofree char *goal = report_goal(all);
	g_autofree char *more = report_may_return(all);

	put_left(out, "Closed at first level", NAME_COLUMNS);
	put_right(out, report_percent(all->first_level, all->judged), 6);
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
		put_left(out, report_age(i), NAME_COLUMNS);
		put_right(out, report_count(all->open_by_age[i]), 6);
		g_string_append_c(out, '\n');
	}
}

static void
text_row(GString *out, enum kpi_by by, const struct kpi_row *row)
{
	g_autofree char *name = report_row(by, row);

	put_left(out, name, NAME_COLUMNS);
	put_right(out, report_count(row->opened), 8);
	put_right(out, report_count(row->open), 8);
	for (guint i = 0; i < KPI_PROMISES; i++) {
		const struct kpi_share *share = &row->promise[i];

		put_right(out,
		    report_percent(
			share->in_time, share->in_time + share->late),
		    i == KPI_DECISION ? 10 : 7);
	}
	put_right(out, report_percent(row->first_level, row->judged), 10);
	put_right(out, report_rating(row), 7);
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

		put_left(out, label, NAME_COLUMNS);
		put_right(out, report_count(all->rated[i]), 6);
		g_string_append_c(out, '\n');
	}
}

char *
report_text(const struct kpi_report *report, const char *about)
{
	GString *out = g_string_new("Support report: ");
	g_autofree char *scope = report_name(about);
	g_autofree char *from = report_date(report->from);
	g_autofree char *now = report_date(report->now);
	g_autofree char *sum = report_sum(report);

	put_left(out, scope, MIN(columns(scope), TITLE_COLUMNS));
	g_string_append_printf(out, "\n%s to %s UTC\n%s\n\n", from, now, sum);
	text_promises(out, &report->all);
	text_first_level(out, &report->all);
	text_backlog(out, &report->all);
	for (guint by = 0; by < KPI_BYS; by++) {
		if (report->by[by]->len == 0)
			continue;
		g_string_append_c(out, '\n');
		put_left(out, report_by(by), NAME_COLUMNS);
		g_string_append(out, " came in    open  ackn.  reply  decision"
				     " 1st level rating\n");
		for (guint i = 0; i < report->by[by]->len; i++)
			text_row(out, by, report->by[by]->pdata[i]);
	}
	text_ratings(out, &report->all);
	g_string_append(out,
	    "\nShares in time of acknowledgements, first replies "
	    "and decisions; closed at\nfirst level, and not "
	    "back within 48 h; ratings from 1 to 5. All are "
	    "rounded\ndown.\n");
	return g_string_free(out, FALSE);
}
