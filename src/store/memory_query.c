#include "store/memory.h"

#include <string.h>

#include "base/banned.h"

/* --- tickets --- */

gboolean
memory_tickets_since(struct store *store, const struct store_since *since,
    guint *count, GError **err)
{
	GHashTableIter iter;
	gpointer row;

	(void)err;
	*count = 0;
	g_hash_table_iter_init(&iter, memory_rows(store, STORE_TICKET));
	while (*count < since->limit &&
	       g_hash_table_iter_next(&iter, NULL, &row)) {
		const struct store_ticket *ticket = row;

		if (store_key_equal(&ticket->contact, &since->contact) &&
		    ticket->t.opened >= since->opened &&
		    (ticket->t.flags & TICKET_FLAG_UNPROVEN) == 0)
			(*count)++;
	}
	return TRUE;
}

static gint
by_opened(gconstpointer a, gconstpointer b)
{
	const struct store_ticket *x = a, *y = b;

	return (x->t.opened > y->t.opened) - (x->t.opened < y->t.opened);
}

gboolean
memory_tickets_open_of(struct store *store, const struct store_key *contact,
    guint limit, GArray *out, GError **err)
{
	g_autoptr(GList) rows = NULL;

	(void)err;
	rows = g_hash_table_get_values(memory_rows(store, STORE_TICKET));
	rows = g_list_sort(rows, by_opened);
	for (GList *l = rows; l != NULL && limit > 0; l = l->next) {
		const struct store_ticket *ticket = l->data;

		if (ticket->t.state != TICKET_OPEN ||
		    !store_key_equal(&ticket->contact, contact))
			continue;
		g_array_append_vals(out, ticket, 1);
		limit--;
	}
	return TRUE;
}

gboolean
memory_tickets_open_in(struct store *store, const struct store_open *open,
    GArray *out, GError **err)
{
	g_autoptr(GArray) all = NULL;
	guint left = open->limit;

	all = g_array_new(FALSE, FALSE, sizeof(struct store_ticket));
	if (!store_ticket_list(store, &open->after, G_MAXUINT, all, err))
		return FALSE;
	for (guint i = 0; i < all->len && left > 0; i++) {
		const struct store_ticket *ticket =
		    &g_array_index(all, struct store_ticket, i);

		if (ticket->t.state != TICKET_OPEN ||
		    strcmp(ticket->t.queue, open->queue) != 0)
			continue;
		g_array_append_vals(out, ticket, 1);
		left--;
	}
	return TRUE;
}

enum store_result
memory_contact_named(struct store *store, const char *pseudonym,
    struct store_contact *out, GError **err)
{
	GHashTableIter iter;
	gpointer row;

	(void)err;
	if (pseudonym[0] == '\0') /* that is having none */
		return STORE_MISSING;
	g_hash_table_iter_init(&iter, memory_rows(store, STORE_CONTACT));
	while (g_hash_table_iter_next(&iter, NULL, &row)) {
		const struct store_contact *contact = row;

		if (strcmp(contact->pseudonym, pseudonym) != 0)
			continue;
		*out = *contact;
		return STORE_FOUND;
	}
	return STORE_MISSING;
}

/* --- clocks --- */

static gint
by_kind(gconstpointer a, gconstpointer b)
{
	const struct store_clock *x = a, *y = b;

	return (x->clock.kind > y->clock.kind) -
	       (x->clock.kind < y->clock.kind);
}

static gint
by_next(gconstpointer a, gconstpointer b)
{
	const struct store_clock *x = a, *y = b;
	gint64 first = sla_next(&x->clock), second = sla_next(&y->clock);

	if (first != second)
		return first < second ? -1 : 1;
	if (!number_equal(&x->ticket, &y->ticket))
		return strcmp(x->ticket.s, y->ticket.s);
	return by_kind(a, b);
}

gboolean
memory_clock_list(
    struct store *store, const struct number *ticket, GArray *out, GError **err)
{
	g_autoptr(GList) rows = NULL;

	(void)err;
	rows = g_hash_table_get_values(memory_rows(store, STORE_CLOCK));
	rows = g_list_sort(rows, by_kind);
	for (GList *l = rows; l != NULL; l = l->next) {
		const struct store_clock *clock = l->data;

		if (number_equal(&clock->ticket, ticket))
			g_array_append_vals(out, clock, 1);
	}
	return TRUE;
}

gboolean
memory_clocks_due(
    struct store *store, gint64 now, guint limit, GArray *out, GError **err)
{
	g_autoptr(GList) rows = NULL;

	(void)err;
	rows = g_hash_table_get_values(memory_rows(store, STORE_CLOCK));
	rows = g_list_sort(rows, by_next);
	for (GList *l = rows; l != NULL && limit > 0; l = l->next) {
		const struct store_clock *clock = l->data;
		gint64 next = sla_next(&clock->clock);

		if (next == 0 || next > now)
			continue;
		g_array_append_vals(out, clock, 1);
		limit--;
	}
	return TRUE;
}

static void
clocks_remove(struct store *store, const struct number *ticket)
{
	g_autoptr(GList) rows = NULL;

	rows = g_hash_table_get_values(memory_rows(store, STORE_CLOCK));
	for (GList *l = rows; l != NULL; l = l->next) {
		struct store_clock clock = *(struct store_clock *)l->data;

		if (number_equal(&clock.ticket, ticket))
			memory_set(store, STORE_CLOCK, &clock, NULL);
	}
}

/* --- messages, promises and clues --- */

static gboolean
is_live(const struct store_promise *p)
{
	return p->state == STORE_PROMISE_OPEN ||
	       p->state == STORE_PROMISE_CLAIMED;
}

static gboolean
is_of_kinds(const struct store_promise *p, guint32 kinds)
{
	return kinds == 0 || (kinds & (G_GUINT64_CONSTANT(1) << p->name.kind));
}

static gboolean
is_asked_for(const struct store_promise *p, const struct store_query *query)
{
	switch (query->which) {
	case STORE_PROMISES_TO_TRY:
		return p->state == STORE_PROMISE_OPEN &&
		       p->next_try <= query->arg &&
		       is_of_kinds(p, query->kinds);
	case STORE_PROMISES_OF_SLOT:
		return p->state == STORE_PROMISE_CLAIMED &&
		       p->slot == query->arg;
	case STORE_PROMISES_TO_ALARM:
		return p->alarm_at != 0 && p->alarm_at <= query->arg;
	}
	return FALSE;
}

static gint
by_next_try(gconstpointer a, gconstpointer b)
{
	const struct store_promise *x = a, *y = b;

	return (x->next_try > y->next_try) - (x->next_try < y->next_try);
}

gboolean
memory_promise_list(struct store *store, const struct store_query *query,
    GArray *out, GError **err)
{
	g_autoptr(GList) rows = NULL;
	guint left = query->limit;

	(void)err;
	rows = g_hash_table_get_values(memory_rows(store, STORE_PROMISE));
	rows = g_list_sort(rows, by_next_try);
	for (GList *l = rows; l != NULL && left > 0; l = l->next)
		if (is_asked_for(l->data, query)) {
			g_array_append_vals(out, l->data, 1);
			left--;
		}
	return TRUE;
}

static gint64
earlier(gint64 a, gint64 b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static gint64
next_clock(struct store *store)
{
	GHashTableIter iter;
	gpointer row;
	gint64 next = 0;

	g_hash_table_iter_init(&iter, memory_rows(store, STORE_CLOCK));
	while (g_hash_table_iter_next(&iter, NULL, &row))
		next = earlier(
		    next, sla_next(&((const struct store_clock *)row)->clock));
	return next;
}

gboolean
memory_promise_next(
    struct store *store, guint32 kinds, struct store_next *out, GError **err)
{
	GHashTableIter iter;
	gpointer row;

	(void)err;
	*out = (struct store_next){.clock_at = next_clock(store)};
	g_hash_table_iter_init(&iter, memory_rows(store, STORE_PROMISE));
	while (g_hash_table_iter_next(&iter, NULL, &row)) {
		const struct store_promise *p = row;

		if (p->state == STORE_PROMISE_OPEN && is_of_kinds(p, kinds))
			out->try_at = earlier(out->try_at, p->next_try);
		out->alarm_at = earlier(out->alarm_at, p->alarm_at);
	}
	return TRUE;
}

/* --- counts and purge --- */

static void
count_promises(struct store *store, gint64 now, struct store_counts *out)
{
	GHashTableIter iter;
	gpointer row;

	g_hash_table_iter_init(&iter, memory_rows(store, STORE_PROMISE));
	while (g_hash_table_iter_next(&iter, NULL, &row)) {
		const struct store_promise *p = row;

		if (p->state == STORE_PROMISE_FAILED)
			out->promises_failed++;
		if (!is_live(p))
			continue;
		out->promises_open++;
		out->oldest_due = earlier(out->oldest_due, p->due);
		if (p->due < now)
			out->promises_late++;
		else if (p->alarmed > 0)
			out->promises_soon++;
	}
}

gboolean
memory_count(
    struct store *store, gint64 now, struct store_counts *out, GError **err)
{
	GHashTableIter iter;
	gpointer row;

	(void)err;
	*out = (struct store_counts){0};
	g_hash_table_iter_init(&iter, memory_rows(store, STORE_TICKET));
	while (g_hash_table_iter_next(&iter, NULL, &row)) {
		const struct store_ticket *ticket = row;

		if (ticket->t.state == TICKET_CLOSED)
			out->tickets_closed++;
		else
			out->tickets_open++;
	}
	count_promises(store, now, out);
	return TRUE;
}

gboolean
memory_dues_remove(
    struct store *store, const struct number *ticket, GError **err)
{
	g_autoptr(GList) rows = NULL;

	(void)err;
	rows = g_hash_table_get_values(memory_rows(store, STORE_PROMISE));
	for (GList *l = rows; l != NULL; l = l->next) {
		struct store_promise promise = *(struct store_promise *)l->data;

		if (number_equal(&promise.ticket, ticket))
			memory_set(store, STORE_PROMISE, &promise.name, NULL);
	}
	clocks_remove(store, ticket);
	return TRUE;
}

static guint
purge_message(struct store *store, const struct store_message *row)
{
	struct store_message message = *row;
	g_autoptr(GList) rows = NULL;
	guint removed = 1;

	rows = g_hash_table_get_values(memory_rows(store, STORE_PROMISE));
	for (GList *l = rows; l != NULL; l = l->next) {
		struct store_promise promise = *(struct store_promise *)l->data;

		if (!store_key_equal(&promise.name.key, &message.fingerprint))
			continue;
		memory_set(store, STORE_PROMISE, &promise.name, NULL);
		removed++;
	}
	memory_set(store, STORE_MESSAGE, &message.fingerprint, NULL);
	return removed;
}

static void
clues_remove(struct store *store, const struct number *ticket)
{
	g_autoptr(GList) rows = NULL;

	rows = g_hash_table_get_values(memory_rows(store, STORE_CLUE));
	for (GList *l = rows; l != NULL; l = l->next) {
		struct store_clue clue = *(struct store_clue *)l->data;

		if (number_equal(&clue.ticket, ticket))
			memory_set(store, STORE_CLUE, &clue.trait, NULL);
	}
}

gboolean
memory_traces_remove(
    struct store *store, const struct number *ticket, GError **err)
{
	g_autoptr(GList) rows = NULL;

	(void)err;
	rows = g_hash_table_get_values(memory_rows(store, STORE_MESSAGE));
	for (GList *l = rows; l != NULL; l = l->next) {
		struct store_message message = *(struct store_message *)l->data;

		if (number_equal(&message.ticket, ticket))
			memory_set(
			    store, STORE_MESSAGE, &message.fingerprint, NULL);
	}
	clues_remove(store, ticket);
	return TRUE;
}

static gint64
epoch_of(enum store_table table, gconstpointer row)
{
	switch (table) {
	case STORE_CONTACT:
		return ((const struct store_contact *)row)->epoch;
	case STORE_MESSAGE:
		return ((const struct store_message *)row)->epoch;
	case STORE_ENVELOPE:
		return ((const struct store_envelope *)row)->epoch;
	case STORE_CLUE:
		return ((const struct store_clue *)row)->trait.epoch;
	case STORE_TICKET:
	case STORE_PROMISE:
	case STORE_POST:
	case STORE_CLOCK:
	case STORE_WEEKLY:
	case STORE_TABLE_END:
		break;
	}
	g_assert_not_reached();
}

static guint
purge_row(struct store *store, enum store_table table, gconstpointer row,
    gint64 first_live)
{
	union {
		struct store_key key;
		struct number number;
		struct store_trait trait;
	} name = {0};

	if (epoch_of(table, row) >= first_live)
		return 0;
	if (table == STORE_MESSAGE)
		return purge_message(store, row);
	/* Out of the row, which memory_set() frees. */
	if (table == STORE_CLUE)
		name.trait = ((const struct store_clue *)row)->trait;
	else if (table == STORE_ENVELOPE)
		name.number = ((const struct store_envelope *)row)->ticket;
	else
		name.key = ((const struct store_contact *)row)->id;
	memory_set(store, table, &name, NULL);
	return 1;
}

gboolean
memory_purge(struct store *store, gint64 first_live, guint limit,
    guint *removed, GError **err)
{
	static const enum store_table tables[] = {
	    STORE_CONTACT, STORE_MESSAGE, STORE_ENVELOPE, STORE_CLUE};

	(void)err;
	*removed = 0;
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
		enum store_table table = tables[i];
		g_autoptr(GList) rows = NULL;
		guint left = limit;

		rows = g_hash_table_get_values(memory_rows(store, table));
		for (GList *l = rows; l != NULL && left > 0; l = l->next) {
			guint gone =
			    purge_row(store, table, l->data, first_live);

			*removed += gone;
			left -= gone > 0 ? 1 : 0;
		}
	}
	return TRUE;
}
