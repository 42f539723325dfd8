#include "cmd/report_json.h"

#include <json-glib/json-glib.h>

#include "report/words.h"

#include "base/banned.h"

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
