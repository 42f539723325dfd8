#include "report/table.h"

#include <string.h>

#include "report/columns.h"
#include "report/words.h"
#include "ticket/flag.h"

#include "base/banned.h"

#define NAME_COLUMNS 15
/* Of a list. What is left of a line is for pseudonym, category and agent. */
#define NUMBER_COLUMNS 10
#define LEVEL_COLUMNS 2
#define STATE_COLUMNS 7
#define DUE_COLUMNS 11
#define SPENT_COLUMNS 6
#define NAMES_COLUMNS                                                          \
	(COLUMNS_MAIL - NUMBER_COLUMNS - LEVEL_COLUMNS - STATE_COLUMNS -       \
	    DUE_COLUMNS - SPENT_COLUMNS - 3)
#define PSEUDONYM_COLUMNS 20
#define CATEGORY_COLUMNS 6 /* at least, if an agent's name is long */
#define SPENT_MAX 999	   /* % */

#define QUEUE_COLUMNS 50
#define FORGOTTEN "(forgotten)"
#define LEGEND                                                                 \
	"\nL: level. new: no reply yet, due is the first reply; open: due is " \
	"the\ndecision; waits: for the player. over: how much of the time "    \
	"until then\nis over; above 100 % it is late.\n"

/* What a ticket waits for; the most urgent first. */
enum wait {
	WAIT_REPLY, /* the first */
	WAIT_DECISION,
	WAIT_PLAYER,
	WAIT_NOTHING, /* it is closed */
};

static const char *const wait_words[] = {
    [WAIT_REPLY] = "new",
    [WAIT_DECISION] = "open",
    [WAIT_PLAYER] = "waits",
    [WAIT_NOTHING] = "closed",
};

/* --- what is said of a ticket ------------------------------------------- */

static enum wait
wait_of(const struct proto_ctl_ticket *t)
{
	if (t->closed != 0)
		return WAIT_NOTHING;
	/* Nothing stops the clock of a first reply. */
	if (t->answered == 0 && t->first_reply_due != 0)
		return WAIT_REPLY;
	return t->waiting != 0 ? WAIT_PLAYER : WAIT_DECISION;
}

static gint64
due_of(const struct proto_ctl_ticket *t)
{
	switch (wait_of(t)) {
	case WAIT_REPLY:
		return t->first_reply_due;
	case WAIT_DECISION:
		return t->decision_due;
	case WAIT_PLAYER:
	case WAIT_NOTHING:
		break;
	}
	return 0;
}

/* How much of the time until it is due is over: "67 %". */
static char *
spent_show(const struct proto_ctl_ticket *t, gint64 now)
{
	gint64 due = due_of(t);
	gint64 whole =
	    wait_of(t) == WAIT_REPLY ? t->first_reply_s : t->decision_s;
	gint64 part = MAX(whole - (due - now), 0);

	/* A forgotten ticket has dues, but no clocks. */
	if (due == 0 || whole <= 0)
		return g_strdup(REPORT_NOTHING);
	return g_strdup_printf(
	    "%d %%", (int)MIN(part * 100 / whole, SPENT_MAX));
}

static char *
text_or(const char *text, const char *none)
{
	return text == NULL || text[0] == '\0' ? g_strdup(none)
					       : report_name(text);
}

/* "2026-11-22 14:00 UTC, in 3 h 20 min", "..., 2 h ago" */
static char *
time_show(gint64 at, gint64 now)
{
	g_autofree char *date = report_date(at);
	g_autofree char *span = report_span(ABS(at - now));

	return at > now ? g_strdup_printf("%s UTC, in %s", date, span)
			: g_strdup_printf("%s UTC, %s ago", date, span);
}

/* --- a list ------------------------------------------------------------- */

static int
order(gint64 a, gint64 b)
{
	return (a > b) - (a < b);
}

static gint64
priority_of(const struct proto_ctl_ticket *t, const struct config *config)
{
	return config_priority(
	    config, t->category, (t->flags & PROTO_FLAG_VIP) != 0);
}

static gint
compare_tickets(gconstpointer a, gconstpointer b, gpointer config)
{
	const struct proto_ctl_ticket *x =
	    *(const struct proto_ctl_ticket *const *)a;
	const struct proto_ctl_ticket *y =
	    *(const struct proto_ctl_ticket *const *)b;
	gint64 due_x = due_of(x);
	gint64 due_y = due_of(y);
	int by = strcmp(x->queue, y->queue);

	if (by == 0)
		by = order(MAX(wait_of(x), WAIT_DECISION),
		    MAX(wait_of(y), WAIT_DECISION));
	if (by == 0 && x->closed == 0 && y->closed == 0)
		by = order(priority_of(x, config), priority_of(y, config));
	if (by == 0)
		by = order(due_x == 0, due_y == 0);
	if (by == 0)
		by = order(due_x, due_y);
	if (by == 0)
		by = order(y->closed, x->closed);
	if (by == 0)
		by = order(x->waiting, y->waiting);
	return by != 0 ? by : strcmp(x->number.s, y->number.s);
}

/* Widths of the columns that hold names. */
struct widths {
	guint pseudonym;
	guint category;
	guint agent;
};

static struct widths
widths_of(const GPtrArray *tickets)
{
	struct widths w = {8, 8, 5}; /* as their heads */

	for (guint i = 0; i < tickets->len; i++) {
		const struct proto_ctl_ticket *t = tickets->pdata[i];

		w.pseudonym = MAX(w.pseudonym, columns_of(t->pseudonym));
		w.category = MAX(w.category, columns_of(t->category));
		w.agent = MAX(w.agent, columns_of(t->agent));
	}
	/* A forgotten player has a longer word than the head. */
	w.pseudonym = CLAMP(w.pseudonym, 11, PSEUDONYM_COLUMNS);
	if (w.category + w.agent > NAMES_COLUMNS - w.pseudonym) {
		guint rest = NAMES_COLUMNS - w.pseudonym;

		w.category = CLAMP(
		    rest - MIN(w.agent, rest), CATEGORY_COLUMNS, w.category);
		w.agent = MIN(w.agent, rest - w.category);
	}
	return w;
}

static void
put_cell(GString *out, const char *text, const char *none, guint width)
{
	g_autofree char *shown = text_or(text, none);

	columns_put_left(out, shown, width);
}

static void
list_head(GString *out, const struct widths *w)
{
	columns_put_left(out, "Number", NUMBER_COLUMNS);
	columns_put_left(out, "Player", w->pseudonym + 1);
	columns_put_left(out, "L", LEVEL_COLUMNS);
	columns_put_left(out, "Category", w->category + 1);
	columns_put_left(out, "State", STATE_COLUMNS);
	columns_put_left(out, "Due, UTC", DUE_COLUMNS);
	columns_put_right(out, g_strdup("over"), SPENT_COLUMNS);
	g_string_append(out, " Agent\n");
}

static void
list_line(GString *out, const struct proto_ctl_ticket *t,
    const struct widths *w, gint64 now)
{
	gint64 due = due_of(t);
	g_autofree char *date = due == 0 ? NULL : report_date(due);
	g_autofree char *level = g_strdup_printf("%u", t->level);
	char shown[NUMBER_TEXT_SIZE];

	columns_put_left(out, number_show(&t->number, shown), NUMBER_COLUMNS);
	put_cell(out, t->pseudonym, FORGOTTEN, w->pseudonym);
	g_string_append_c(out, ' ');
	columns_put_left(out, level, LEVEL_COLUMNS);
	put_cell(out, t->category, REPORT_NOTHING, w->category);
	g_string_append_c(out, ' ');
	columns_put_left(out, wait_words[wait_of(t)], STATE_COLUMNS);
	/* The year is known. */
	columns_put_left(out,
	    date == NULL ? REPORT_NOTHING : date + strlen("2026-"),
	    DUE_COLUMNS);
	columns_put_right(out, spent_show(t, now), SPENT_COLUMNS);
	g_string_append_c(out, ' ');
	put_cell(out, t->agent, REPORT_NOTHING, w->agent);
	while (out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	g_string_append_c(out, '\n');
}

/* The tickets of one queue, from the one at first on. Returns where the next
 * queue's begin. */
static guint
put_queue(GString *out, const GPtrArray *sorted, guint first, gint64 now)
{
	const struct proto_ctl_ticket *of = sorted->pdata[first];
	const struct widths w = widths_of(sorted);
	g_autofree char *name = report_name(of->queue);
	g_autofree char *n = NULL;
	guint end = first + 1;

	while (
	    end < sorted->len &&
	    strcmp(((const struct proto_ctl_ticket *)sorted->pdata[end])->queue,
		of->queue) == 0)
		end++;
	n = report_count(end - first);
	g_string_append(out, first == 0 ? "Queue " : "\nQueue ");
	columns_put_left(out, name, MIN(columns_of(name), QUEUE_COLUMNS));
	g_string_append_printf(
	    out, ": %s ticket%s\n\n", n, end - first == 1 ? "" : "s");
	list_head(out, &w);
	for (guint i = first; i < end; i++)
		list_line(out, sorted->pdata[i], &w, now);
	return end;
}

char *
report_list_text(
    const GArray *tickets, const struct config *config, gint64 now)
{
	GString *out = g_string_new(NULL);
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();

	for (guint i = 0; i < tickets->len; i++)
		g_ptr_array_add(sorted,
		    &g_array_index(tickets, struct proto_ctl_ticket, i));
	g_ptr_array_sort_with_data(
	    sorted, compare_tickets, (gpointer)config);
	for (guint i = 0; i < sorted->len;)
		i = put_queue(out, sorted, i, now);
	g_string_append(
	    out, sorted->len == 0 ? "There is no ticket.\n" : LEGEND);
	return g_string_free(out, FALSE);
}

/* --- one ticket --------------------------------------------------------- */

/* Takes text. */
static void
put_line(GString *out, const char *name, char *text)
{
	columns_put_left(out, name, NAME_COLUMNS);
	g_string_append_printf(out, "%s\n", text);
	g_free(text);
}

static void
put_time(GString *out, const char *name, gint64 at, gint64 now)
{
	if (at != 0)
		put_line(out, name, time_show(at, now));
}

/* One under another: all of them would not fit a line. */
static void
put_flags(GString *out, guint32 flags)
{
	g_autofree char *text = ticket_flags_show(flags);
	g_auto(GStrv) words = g_strsplit(text, ",", -1);

	for (guint i = 0; words[i] != NULL; i++)
		put_line(out, i == 0 ? "flags" : "", g_strdup(words[i]));
}

static void
put_times(GString *out, const struct proto_ctl_ticket *t, gint64 now)
{
	const struct {
		const char *name;
		gint64 at;
	} times[] = {{"opened", t->opened}, {"acknowledged", t->acknowledged},
	    {"reply due", t->answered == 0 ? t->first_reply_due : 0},
	    {"answered", t->answered}, {"waits since", t->waiting},
	    {"decision due", t->closed == 0 ? t->decision_due : 0},
	    {"closed", t->closed}};

	for (guint i = 0; i < G_N_ELEMENTS(times); i++)
		put_time(out, times[i].name, times[i].at, now);
	if (due_of(t) != 0)
		put_line(out, "time over", spent_show(t, now));
}

char *
report_show_text(const struct proto_ctl_ticket *t, gint64 now)
{
	GString *out = g_string_new(NULL);
	char shown[NUMBER_TEXT_SIZE];
	const struct {
		const char *name;
		const char *text;
		const char *none;
	} texts[] = {{"queue", t->queue, REPORT_NOTHING},
	    {"player", t->pseudonym, FORGOTTEN},
	    {"agent", t->agent, REPORT_NOTHING},
	    {"category", t->category, REPORT_NOTHING},
	    {"language", t->lang, REPORT_NOTHING}};

	put_line(out, "ticket", g_strdup(number_show(&t->number, shown)));
	put_line(out, "state", g_strdup(wait_words[wait_of(t)]));
	put_line(out, "level", g_strdup_printf("%u", t->level));
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		put_line(
		    out, texts[i].name, text_or(texts[i].text, texts[i].none));
	put_line(out, "messages", g_strdup_printf("%u", t->messages));
	put_times(out, t, now);
	if (t->rating != 0)
		put_line(out, "rating",
		    g_strdup_printf("%u of %d", t->rating, KPI_RATINGS));
	put_flags(out, t->flags);
	return g_string_free(out, FALSE);
}
