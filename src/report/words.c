#include "report/words.h"

#include <string.h>

#include "base/banned.h"

#define REPLACEMENT 0xFFFD

/* --- numbers and times ------------------------------------------------- */

char *
report_count(guint n)
{
	GString *text = g_string_new(NULL);

	g_string_printf(text, "%u", n);
	for (gssize at = (gssize)text->len - 3; at > 0; at -= 3)
		g_string_insert_c(text, at, ',');
	return g_string_free(text, FALSE);
}

char *
report_span(gint64 s)
{
	static const struct {
		gint64 s;
		const char *one;
		const char *many;
	} units[] = {{86400, "day", "days"}, {3600, "h", "h"},
	    {60, "min", "min"}, {1, "s", "s"}};
	GString *text = g_string_new(NULL);
	guint i = 0;
	gint64 n;

	if (s < 0) {
		g_string_append(text, REPORT_NOTHING);
		return g_string_free(text, FALSE);
	}
	while (i < G_N_ELEMENTS(units) - 1 && s < units[i].s)
		i++;
	n = s / units[i].s;
	g_string_append_printf(text, "%" G_GINT64_FORMAT " %s", n,
	    n == 1 ? units[i].one : units[i].many);
	if (i == G_N_ELEMENTS(units) - 1)
		return g_string_free(text, FALSE);
	n = s % units[i].s / units[i + 1].s;
	if (n != 0)
		g_string_append_printf(
		    text, " %" G_GINT64_FORMAT " %s", n, units[i + 1].many);
	return g_string_free(text, FALSE);
}

char *
report_date(gint64 at)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at);

	return time == NULL ? g_strdup(REPORT_NOTHING)
			    : g_date_time_format(time, "%Y-%m-%d %H:%M");
}

char *
report_percent(guint part, guint whole)
{
	int percent = kpi_percent(part, whole);

	return percent == KPI_NONE ? g_strdup(REPORT_NOTHING)
				   : g_strdup_printf("%d %%", percent);
}

char *
report_rating(const struct kpi_row *row)
{
	int tenths = kpi_rating_tenths(row);

	return tenths == KPI_NONE
		   ? g_strdup(REPORT_NOTHING)
		   : g_strdup_printf("%d.%d", tenths / 10, tenths % 10);
}

/* --- names ------------------------------------------------------------- */

static gboolean
is_safe(gunichar c)
{
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT: /* with all that turn text around */
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_UNASSIGNED:
	case G_UNICODE_PRIVATE_USE:
		return FALSE;
	default:
		return TRUE;
	}
}

char *
report_name(const char *name)
{
	g_autofree char *valid = g_utf8_make_valid(name, -1);
	GString *out = g_string_new(NULL);

	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		g_string_append_unichar(out, is_safe(c) ? c : REPLACEMENT);
	}
	return g_string_free(out, FALSE);
}

const char *
report_promise(enum kpi_promise promise)
{
	static const char *const names[KPI_PROMISES] = {
	    [KPI_ACK] = "Acknowledged in time",
	    [KPI_FIRST_REPLY] = "First reply in time",
	    [KPI_DECISION] = "Decision in time",
	};

	return names[promise];
}

const char *
report_promise_short(enum kpi_promise promise)
{
	static const char *const names[KPI_PROMISES] = {
	    [KPI_ACK] = "Acknowledged",
	    [KPI_FIRST_REPLY] = "First reply",
	    [KPI_DECISION] = "Decision",
	};

	return names[promise];
}

const char *
report_by(enum kpi_by by)
{
	static const char *const names[KPI_BYS] = {
	    [KPI_BY_QUEUE] = "By queue",
	    [KPI_BY_LEVEL] = "By level",
	    [KPI_BY_AGENT] = "By agent",
	    [KPI_BY_CATEGORY] = "By category",
	    [KPI_BY_LANG] = "By language",
	};

	return names[by];
}

static const char *
known_name(enum kpi_by by, const char *name)
{
	static const struct {
		enum kpi_by by;
		const char *name;
		const char *shown;
	} known[] = {
	    {KPI_BY_LEVEL, "1", "Level 1, agents"},
	    {KPI_BY_LEVEL, "2", "Level 2, seniors"},
	    {KPI_BY_LEVEL, "3", "Level 3, head"},
	    {KPI_BY_AGENT, "", "nobody yet"},
	    {KPI_BY_LANG, "en", "English"},
	    {KPI_BY_LANG, "de", "German"},
	    {KPI_BY_LANG, "fr", "French"},
	    {KPI_BY_LANG, "el", "Greek"},
	    {KPI_BY_LANG, "es", "Spanish"},
	    {KPI_BY_LANG, "it", "Italian"},
	    {KPI_BY_LANG, "pt", "Portuguese"},
	    {KPI_BY_LANG, "ru", "Russian"},
	    {KPI_BY_LANG, "tr", "Turkish"},
	    {KPI_BY_LANG, "pl", "Polish"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (known[i].by == by && strcmp(known[i].name, name) == 0)
			return known[i].shown;
	return name[0] == '\0' ? "not known" : NULL;
}

char *
report_row(enum kpi_by by, const struct kpi_row *row)
{
	const char *known = known_name(by, row->name);

	return known != NULL ? g_strdup(known) : report_name(row->name);
}

const char *
report_age(guint age)
{
	static const char *const names[KPI_AGES] = {"up to 4 h", "4 h to 24 h",
	    "1 to 3 days", "3 to 7 days", "over 7 days"};

	g_assert(age < KPI_AGES);
	return names[age];
}

/* --- sentences --------------------------------------------------------- */

char *
report_sum(const struct kpi_report *report)
{
	const struct kpi_row *all = &report->all;
	g_autofree char *opened = report_count(all->opened);
	g_autofree char *closed = report_count(all->closed);
	g_autofree char *open = report_count(all->open);

	if (all->opened + all->closed + all->open == 0)
		return g_strdup("No tickets came in, and none is open.");
	return g_strdup_printf("%s ticket%s came in, %s %s closed, %s %s open "
			       "now.",
	    opened, all->opened == 1 ? "" : "s", closed,
	    all->closed == 1 ? "was" : "were", open,
	    all->open == 1 ? "is" : "are");
}

char *
report_share(const struct kpi_share *share)
{
	g_autofree char *in_time = report_count(share->in_time);
	g_autofree char *judged = report_count(share->in_time + share->late);
	g_autofree char *late = report_count(share->late);
	g_autofree char *running = report_count(share->running);

	if (share->in_time + share->late + share->running == 0)
		return g_strdup("Nothing was promised.");
	if (share->running == 0)
		return g_strdup_printf(
		    "%s of %s, %s late", in_time, judged, late);
	return g_strdup_printf("%s of %s, %s late, %s still running", in_time,
	    judged, late, running);
}

char *
report_goal(const struct kpi_row *row)
{
	g_autofree char *part = report_count(row->first_level);
	g_autofree char *whole = report_count(row->judged);
	g_autofree char *lacks = report_count(kpi_goal_lacks(row));

	if (row->judged == 0)
		return g_strdup_printf(
		    "Nothing was closed. The goal is %d %%.", KPI_GOAL);
	if (kpi_goal_lacks(row) == 0)
		return g_strdup_printf(
		    "%s of %s. The goal of %d %% is reached.", part, whole,
		    KPI_GOAL);
	return g_strdup_printf("%s of %s. The goal of %d %% needs %s more.",
	    part, whole, KPI_GOAL, lacks);
}

char *
report_may_return(const struct kpi_row *row)
{
	g_autofree char *n = report_count(row->may_return);

	if (row->may_return == 0)
		return NULL;
	return g_strdup_printf(
	    "%s of these %s closed less than 48 h ago and may come back.", n,
	    row->may_return == 1 ? "was" : "were");
}

char *
report_backlog(const struct kpi_row *row)
{
	g_autofree char *oldest = report_span(row->oldest_s);
	g_autofree char *late = report_count(row->open_late);

	if (row->open == 0)
		return g_strdup("Nothing is open.");
	if (row->open_late == 0)
		return g_strdup_printf(
		    "The oldest waits for %s. No promise is broken.", oldest);
	return g_strdup_printf(
	    "The oldest waits for %s. %s of them %s a broken promise.", oldest,
	    late, row->open_late == 1 ? "has" : "have");
}
