#include "ticket/kpi.h"

#include "base/banned.h"

#define HOUR_S ((gint64)3600)
#define DAY_S (24 * HOUR_S)

/* Half a shift, a day, a weekend, a week. */
static const gint64 age_ends[KPI_AGES] = {
    4 * HOUR_S, DAY_S, 3 * DAY_S, 7 * DAY_S, 0};

static void
row_init(struct kpi_row *row, const char *name)
{
	*row = (struct kpi_row){.name = g_strdup(name)};
	for (guint i = 0; i < KPI_PROMISES; i++) {
		row->promise[i].taken =
		    g_array_new(FALSE, FALSE, sizeof(gint64));
		row->promise[i].median_s = KPI_NONE;
		row->promise[i].p90_s = KPI_NONE;
	}
}

static void
row_clear(struct kpi_row *row)
{
	for (guint i = 0; i < KPI_PROMISES; i++)
		g_array_unref(row->promise[i].taken);
	g_free(row->name);
}

static void
row_free(gpointer data)
{
	row_clear(data);
	g_free(data);
}

struct kpi_report *
kpi_new(gint64 from, gint64 now)
{
	struct kpi_report *report = g_new0(struct kpi_report, 1);

	report->from = from;
	report->now = now;
	row_init(&report->all, NULL);
	/* Keys are the names in the rows. */
	for (guint i = 0; i < KPI_BYS; i++)
		report->rows[i] = g_hash_table_new(g_str_hash, g_str_equal);
	return report;
}

void
kpi_free(struct kpi_report *report)
{
	if (report == NULL)
		return;
	for (guint i = 0; i < KPI_BYS; i++) {
		if (report->rows[i] != NULL) {
			GHashTableIter iter;
			gpointer row;

			g_hash_table_iter_init(&iter, report->rows[i]);
			while (g_hash_table_iter_next(&iter, NULL, &row))
				row_free(row);
			g_hash_table_unref(report->rows[i]);
		}
		if (report->by[i] != NULL)
			g_ptr_array_unref(report->by[i]);
	}
	row_clear(&report->all);
	g_free(report);
}

static void
add_promise(
    struct kpi_share *share, gint64 opened, gint64 done, gint64 due, gint64 now)
{
	gint64 taken = MAX(done - opened, 0);

	if (due == 0)
		return;
	if (done != 0)
		g_array_append_val(share->taken, taken);
	if ((done != 0 ? done : now) > due)
		share->late++;
	else if (done != 0)
		share->in_time++;
	else
		share->running++;
}

static gboolean
is_late(const struct kpi_ticket *ticket, gint64 now)
{
	for (guint i = 0; i < KPI_PROMISES; i++) {
		gint64 done = ticket->promise[i].done;
		gint64 due = ticket->promise[i].due;

		if (due != 0 && (done != 0 ? done : now) > due)
			return TRUE;
	}
	return FALSE;
}

static void
add_open(struct kpi_row *row, const struct kpi_ticket *ticket, gint64 now)
{
	gint64 age = MAX(now - ticket->opened, 0);
	guint i = 0;

	while (i < KPI_AGES - 1 && age > age_ends[i])
		i++;
	row->open++;
	row->open_by_age[i]++;
	row->open_late += is_late(ticket, now) ? 1 : 0;
	row->oldest_s = MAX(row->oldest_s, age);
}

static void
add_closed(struct kpi_row *row, const struct kpi_ticket *ticket, gint64 now)
{
	row->closed++;
	row->judged++;
	if (ticket->level <= 1 && !ticket->reopened_within_48h) {
		row->first_level++;
		if (now - ticket->closed < KPI_RETURN_S)
			row->may_return++;
	}
	if (ticket->satisfaction >= 1 && ticket->satisfaction <= KPI_RATINGS)
		row->rated[ticket->satisfaction]++;
}

static void
row_add(struct kpi_row *row, const struct kpi_ticket *ticket,
    const struct kpi_report *report)
{
	gboolean is_new = ticket->opened >= report->from;
	gint64 now = report->now;

	if (is_new) {
		row->opened++;
		for (guint i = 0; i < KPI_PROMISES; i++)
			add_promise(&row->promise[i], ticket->opened,
			    ticket->promise[i].done, ticket->promise[i].due,
			    now);
	}
	if (ticket->closed == 0) {
		add_open(row, ticket, now);
		/* Else a ticket that came back would make the share better
		 * for as long as it is open. */
		if (ticket->reopened_within_48h && is_new)
			row->judged++;
	} else if (ticket->closed >= report->from) {
		add_closed(row, ticket, now);
	}
}

static struct kpi_row *
row_get(GHashTable *rows, const char *name)
{
	struct kpi_row *row;

	if (name == NULL)
		name = "";
	row = g_hash_table_lookup(rows, name);
	if (row == NULL) {
		row = g_new(struct kpi_row, 1);
		row_init(row, name);
		g_hash_table_insert(rows, row->name, row);
	}
	return row;
}

/* As it was at that time. */
static struct kpi_ticket
ticket_at(const struct kpi_ticket *ticket, gint64 now)
{
	struct kpi_ticket then = *ticket;

	if (then.closed > now) {
		then.closed = 0;
		then.satisfaction = 0;
	}
	for (guint i = 0; i < KPI_PROMISES; i++)
		if (then.promise[i].done > now)
			then.promise[i].done = 0;
	return then;
}

void
kpi_add(struct kpi_report *report, const struct kpi_ticket *ticket)
{
	static const char *const levels[KPI_LEVELS] = {"1", "2", "3"};
	const char *names[KPI_BYS] = {
	    [KPI_BY_QUEUE] = ticket->queue,
	    [KPI_BY_LEVEL] = levels[CLAMP(ticket->level, 1, KPI_LEVELS) - 1],
	    [KPI_BY_AGENT] = ticket->agent,
	    [KPI_BY_CATEGORY] = ticket->category,
	    [KPI_BY_LANG] = ticket->lang,
	};

	struct kpi_ticket then = ticket_at(ticket, report->now);

	/* One that has nothing to do with this time makes no row. */
	if (ticket->opened > report->now ||
	    (ticket->opened < report->from && ticket->closed != 0 &&
		ticket->closed < report->from))
		return;
	row_add(&report->all, &then, report);
	for (guint i = 0; i < KPI_BYS; i++)
		row_add(row_get(report->rows[i], names[i]), &then, report);
}

static gint
compare_times(gconstpointer a, gconstpointer b)
{
	gint64 x = *(const gint64 *)a;
	gint64 y = *(const gint64 *)b;

	return (x > y) - (x < y);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	const struct kpi_row *x = *(struct kpi_row *const *)a;
	const struct kpi_row *y = *(struct kpi_row *const *)b;

	return g_strcmp0(x->name, y->name);
}

static gint
compare_rows(gconstpointer a, gconstpointer b)
{
	const struct kpi_row *x = *(struct kpi_row *const *)a;
	const struct kpi_row *y = *(struct kpi_row *const *)b;

	if ((x->name[0] == '\0') != (y->name[0] == '\0'))
		return x->name[0] == '\0' ? 1 : -1;
	if (x->opened != y->opened)
		return x->opened < y->opened ? 1 : -1;
	return compare_names(a, b);
}

static void
row_finish(gpointer data, gpointer unused)
{
	struct kpi_row *row = data;

	(void)unused;
	for (guint i = 0; i < KPI_PROMISES; i++) {
		struct kpi_share *share = &row->promise[i];

		g_array_sort(share->taken, compare_times);
		share->median_s = kpi_rank(share->taken, 50);
		share->p90_s = kpi_rank(share->taken, 90);
	}
}

void
kpi_finish(struct kpi_report *report)
{
	row_finish(&report->all, NULL);
	for (guint i = 0; i < KPI_BYS; i++) {
		GHashTableIter iter;
		gpointer row;

		report->by[i] = g_ptr_array_new_with_free_func(row_free);
		g_hash_table_iter_init(&iter, report->rows[i]);
		while (g_hash_table_iter_next(&iter, NULL, &row))
			g_ptr_array_add(report->by[i], row);
		g_clear_pointer(&report->rows[i], g_hash_table_unref);
		g_ptr_array_sort(report->by[i],
		    i == KPI_BY_LEVEL ? compare_names : compare_rows);
		g_ptr_array_foreach(report->by[i], row_finish, NULL);
	}
}

gint64
kpi_rank(const GArray *sorted, guint percent)
{
	guint64 rank = ((guint64)sorted->len * percent + 99) / 100;

	if (sorted->len == 0)
		return KPI_NONE;
	rank = CLAMP(rank, 1, sorted->len);
	return ((const gint64 *)(const void *)sorted->data)[rank - 1];
}

int
kpi_percent(guint part, guint whole)
{
	if (whole == 0)
		return KPI_NONE;
	return (int)((guint64)MIN(part, whole) * 100 / whole);
}

guint
kpi_goal_lacks(const struct kpi_row *row)
{
	guint needed = (guint)(((guint64)row->judged * KPI_GOAL + 99) / 100);

	return row->first_level >= needed ? 0 : needed - row->first_level;
}

guint
kpi_rating_count(const struct kpi_row *row)
{
	guint n = 0;

	for (guint i = 1; i <= KPI_RATINGS; i++)
		n += row->rated[i];
	return n;
}

int
kpi_rating_tenths(const struct kpi_row *row)
{
	guint64 sum = 0;
	guint n = kpi_rating_count(row);

	for (guint i = 1; i <= KPI_RATINGS; i++)
		sum += (guint64)i * row->rated[i];
	return n == 0 ? KPI_NONE : (int)(sum * 10 / n);
}

gint64
kpi_age_end(guint age)
{
	g_assert(age < KPI_AGES);
	return age_ends[age];
}
