#include "store/store.h"

#include "base/error.h"
#include "store/engine.h"

#include <string.h>

#include "base/banned.h"

/*
 * The store of the tests: hash tables, and a journal of what each change
 * replaced. Taking a transaction or a request back is playing the journal
 * backwards.
 */

static const struct {
	gsize size;
	gsize key_len;
} shapes[STORE_TABLE_END] = {
    [STORE_CONTACT] = {sizeof(struct store_contact), STORE_KEY_LEN},
    [STORE_TICKET] = {sizeof(struct store_ticket), sizeof(struct number)},
    [STORE_ENVELOPE] = {sizeof(struct store_envelope), sizeof(struct number)},
    [STORE_MESSAGE] = {sizeof(struct store_message), STORE_KEY_LEN},
    [STORE_PROMISE] = {sizeof(struct store_promise), sizeof(struct store_name)},
};

struct undo {
	enum store_table table;
	GBytes *key;
	gpointer row; /* own; what was there, or NULL */
};

struct memory {
	struct store base;
	GHashTable *tables[STORE_TABLE_END]; /* own GBytes key to own row */
	GArray *journal;		     /* struct undo */
	guint save; /* length of the journal at the save */
};

static struct memory *
memory_of(struct store *store)
{
	return (struct memory *)(void *)store;
}

/* --- rows --- */

static void
free_row(enum store_table table, gpointer row)
{
	if (row != NULL && table == STORE_ENVELOPE)
		g_bytes_unref(((struct store_envelope *)row)->sealed);
	g_free(row);
}

static void
copy_row(enum store_table table, gconstpointer row, gpointer out)
{
	memcpy(out, row, shapes[table].size);
	if (table == STORE_ENVELOPE)
		(void)g_bytes_ref(((struct store_envelope *)out)->sealed);
}

/* Copies the row with this key to out. */
static enum store_result
look(struct store *store, enum store_table table, gconstpointer key,
    gpointer out, GError **err)
{
	GHashTable *rows = memory_of(store)->tables[table];
	g_autoptr(GBytes) at = NULL;
	gconstpointer row;

	(void)err;
	at = g_bytes_new_static(key, shapes[table].key_len);
	row = g_hash_table_lookup(rows, at);
	if (row == NULL)
		return STORE_MISSING;
	copy_row(table, row, out);
	return STORE_FOUND;
}

/* Puts take_row (NULL: nothing) under key; returns what was there. */
static gpointer
swap(struct memory *m, enum store_table table, GBytes *key, gpointer take_row)
{
	gpointer old = NULL;
	gpointer old_key = NULL;

	if (g_hash_table_steal_extended(m->tables[table], key, &old_key, &old))
		g_bytes_unref(old_key);
	if (take_row != NULL)
		(void)g_hash_table_insert(
		    m->tables[table], g_bytes_ref(key), take_row);
	return old;
}

static void
set(struct store *store, enum store_table table, gconstpointer key,
    gconstpointer row)
{
	struct memory *m = memory_of(store);
	struct undo undo = {.table = table};
	gpointer copy = NULL;

	if (row != NULL) {
		copy = g_malloc(shapes[table].size);
		copy_row(table, row, copy);
	}
	undo.key = g_bytes_new(key, shapes[table].key_len);
	undo.row = swap(m, table, undo.key, copy);
	g_array_append_val(m->journal, undo);
}

/* --- transactions --- */

static void
undo_clear(gpointer data)
{
	struct undo *undo = data;

	g_bytes_unref(undo->key);
	free_row(undo->table, undo->row);
}

static void
play_back(struct memory *m, guint to)
{
	while (m->journal->len > to) {
		struct undo *undo = &g_array_index(
		    m->journal, struct undo, m->journal->len - 1);
		gpointer row = g_steal_pointer(&undo->row);

		free_row(undo->table, swap(m, undo->table, undo->key, row));
		g_array_set_size(m->journal, m->journal->len - 1);
	}
}

static gboolean
memory_step(struct store *store, enum store_step which, GError **err)
{
	struct memory *m = memory_of(store);

	(void)err;
	switch (which) {
	case STORE_COMMIT:
		g_array_set_size(m->journal, 0);
		break;
	case STORE_ROLLBACK:
		play_back(m, 0);
		break;
	case STORE_SAVE:
		m->save = m->journal->len;
		break;
	case STORE_REVERT:
		play_back(m, m->save);
		break;
	case STORE_BEGIN:
	case STORE_RELEASE:
	case STORE_STEP_END:
		break;
	}
	return TRUE;
}

static void
free_table(enum store_table table, GHashTable *rows)
{
	GHashTableIter iter;
	gpointer key, row;

	g_hash_table_iter_init(&iter, rows);
	while (g_hash_table_iter_next(&iter, &key, &row)) {
		g_bytes_unref(key);
		free_row(table, row);
	}
	g_hash_table_unref(rows);
}

static void
memory_close(struct store *store)
{
	struct memory *m = memory_of(store);

	for (int i = 0; i < STORE_TABLE_END; i++)
		free_table((enum store_table)i, m->tables[i]);
	g_array_unref(m->journal);
	g_free(m);
}

/* --- contacts --- */

static gboolean
is_borne_by_other(
    struct store *store, const char *pseudonym, const struct store_key *id)
{
	GHashTableIter iter;
	gpointer row;

	g_hash_table_iter_init(&iter, memory_of(store)->tables[STORE_CONTACT]);
	while (g_hash_table_iter_next(&iter, NULL, &row)) {
		const struct store_contact *c = row;

		if (strcmp(c->pseudonym, pseudonym) == 0 &&
		    !store_key_equal(&c->id, id))
			return TRUE;
	}
	return FALSE;
}

/* Changes the contact of all tickets of from. */
static void
move_tickets(struct store *store, const struct store_key *from,
    const struct store_key *to, gint64 epoch)
{
	g_autoptr(GList) rows = NULL;

	rows = g_hash_table_get_values(memory_of(store)->tables[STORE_TICKET]);
	for (GList *l = rows; l != NULL; l = l->next) {
		struct store_ticket ticket = *(struct store_ticket *)l->data;

		if (!store_key_equal(&ticket.contact, from))
			continue;
		ticket.contact = *to;
		ticket.epoch = epoch;
		set(store, STORE_TICKET, &ticket, &ticket);
	}
}

static gboolean
contact_move(struct store *store, const struct store_key *from,
    const struct store_key *to, gint64 epoch, GError **err)
{
	struct store_contact row, other;

	(void)err;
	if (look(store, STORE_CONTACT, from, &row, NULL) == STORE_FOUND) {
		set(store, STORE_CONTACT, from, NULL);
		row.id = *to;
		row.epoch = epoch;
		if (look(store, STORE_CONTACT, to, &other, NULL) ==
		    STORE_MISSING)
			set(store, STORE_CONTACT, &row, &row);
	}
	move_tickets(store, from, to, epoch);
	return TRUE;
}

static enum store_result
pseudonym_find(struct store *store, const char *pseudonym,
    const struct store_key *id, GError **err)
{
	GHashTableIter iter;
	gpointer row;

	(void)err;
	if (is_borne_by_other(store, pseudonym, id))
		return STORE_FOUND;
	g_hash_table_iter_init(&iter, memory_of(store)->tables[STORE_TICKET]);
	while (g_hash_table_iter_next(&iter, NULL, &row)) {
		const struct store_ticket *ticket = row;

		if (strcmp(ticket->t.pseudonym, pseudonym) == 0 &&
		    (!store_key_is_set(&ticket->contact) ||
			!store_key_equal(&ticket->contact, id)))
			return STORE_FOUND;
	}
	return STORE_MISSING;
}

/* --- tickets and envelopes --- */

static gboolean
ticket_add(struct store *store, const struct store_ticket *ticket, GError **err)
{
	struct store_ticket other;

	if (look(store, STORE_TICKET, &ticket->t.number, &other, NULL) ==
	    STORE_FOUND)
		return error_fail(err, ERROR_CONFLICT, "the number is taken");
	set(store, STORE_TICKET, ticket, ticket);
	return TRUE;
}

static gboolean
memory_put(struct store *store, enum store_table table, gconstpointer row,
    GError **err)
{
	const struct store_contact *contact = row;

	if (table == STORE_CONTACT && contact->pseudonym[0] != '\0' &&
	    is_borne_by_other(store, contact->pseudonym, &contact->id))
		return error_fail(err, ERROR_CONFLICT,
		    "another contact bears this pseudonym");
	set(store, table, row, row);
	return TRUE;
}

static gboolean
memory_remove(struct store *store, enum store_table table, gconstpointer key,
    GError **err)
{
	(void)err;
	set(store, table, key, NULL);
	return TRUE;
}

static gint
by_number(gconstpointer a, gconstpointer b)
{
	const struct store_ticket *x = a, *y = b;

	return strcmp(x->t.number.s, y->t.number.s);
}

static gboolean
ticket_list(struct store *store, const struct number *after, guint limit,
    GArray *out, GError **err)
{
	g_autoptr(GList) rows = NULL;

	(void)err;
	rows = g_hash_table_get_values(memory_of(store)->tables[STORE_TICKET]);
	rows = g_list_sort(rows, by_number);
	for (GList *l = rows; l != NULL && limit > 0; l = l->next) {
		const struct store_ticket *ticket = l->data;

		if (strcmp(ticket->t.number.s, after->s) <= 0)
			continue;
		g_array_append_vals(out, ticket, 1);
		limit--;
	}
	return TRUE;
}

static gboolean
is_whose(const struct store_ticket *ticket, const struct store_whose *whose)
{
	if (whose->contact != NULL)
		return store_key_equal(&ticket->contact, whose->contact);
	return ticket->epoch < whose->first_live &&
	       !store_ticket_is_forgotten(ticket);
}

static gboolean
ticket_numbers(struct store *store, const struct store_whose *whose,
    GArray *out, GError **err)
{
	GHashTableIter iter;
	gpointer row;
	guint left = whose->limit;

	(void)err;
	g_hash_table_iter_init(&iter, memory_of(store)->tables[STORE_TICKET]);
	while (left > 0 && g_hash_table_iter_next(&iter, NULL, &row)) {
		const struct store_ticket *ticket = row;

		if (!is_whose(ticket, whose))
			continue;
		g_array_append_val(out, ticket->t.number);
		left--;
	}
	return TRUE;
}

/* --- messages and promises --- */

static gboolean
is_live(const struct store_promise *p)
{
	return p->state == STORE_PROMISE_OPEN ||
	       p->state == STORE_PROMISE_CLAIMED;
}

static gboolean
is_asked_for(const struct store_promise *p, const struct store_query *query)
{
	switch (query->which) {
	case STORE_PROMISES_TO_TRY:
		return p->state == STORE_PROMISE_OPEN &&
		       p->next_try <= query->arg;
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

static gboolean
promise_list(struct store *store, const struct store_query *query, GArray *out,
    GError **err)
{
	g_autoptr(GList) rows = NULL;
	guint left = query->limit;

	(void)err;
	rows = g_hash_table_get_values(memory_of(store)->tables[STORE_PROMISE]);
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

static gboolean
promise_next(struct store *store, struct store_next *out, GError **err)
{
	GHashTableIter iter;
	gpointer row;

	(void)err;
	*out = (struct store_next){0};
	g_hash_table_iter_init(&iter, memory_of(store)->tables[STORE_PROMISE]);
	while (g_hash_table_iter_next(&iter, NULL, &row)) {
		const struct store_promise *p = row;

		if (p->state == STORE_PROMISE_OPEN)
			out->try_at = earlier(out->try_at, p->next_try);
		out->alarm_at = earlier(out->alarm_at, p->alarm_at);
	}
	return TRUE;
}

/* --- counts and purge --- */

static void
count_promises(struct memory *m, gint64 now, struct store_counts *out)
{
	GHashTableIter iter;
	gpointer row;

	g_hash_table_iter_init(&iter, m->tables[STORE_PROMISE]);
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

static gboolean
count(struct store *store, gint64 now, struct store_counts *out, GError **err)
{
	struct memory *m = memory_of(store);
	GHashTableIter iter;
	gpointer row;

	(void)err;
	*out = (struct store_counts){0};
	g_hash_table_iter_init(&iter, m->tables[STORE_TICKET]);
	while (g_hash_table_iter_next(&iter, NULL, &row)) {
		const struct store_ticket *ticket = row;

		if (ticket->t.state == TICKET_CLOSED)
			out->tickets_closed++;
		else
			out->tickets_open++;
	}
	count_promises(m, now, out);
	return TRUE;
}

static guint
purge_message(struct store *store, const struct store_message *row)
{
	struct store_message message = *row;
	g_autoptr(GList) rows = NULL;
	guint removed = 1;

	rows = g_hash_table_get_values(memory_of(store)->tables[STORE_PROMISE]);
	for (GList *l = rows; l != NULL; l = l->next) {
		struct store_promise promise = *(struct store_promise *)l->data;

		if (!store_key_equal(&promise.name.key, &message.fingerprint))
			continue;
		set(store, STORE_PROMISE, &promise.name, NULL);
		removed++;
	}
	set(store, STORE_MESSAGE, &message.fingerprint, NULL);
	return removed;
}

static gboolean
messages_remove(struct store *store, const struct number *ticket, GError **err)
{
	g_autoptr(GList) rows = NULL;

	(void)err;
	rows = g_hash_table_get_values(memory_of(store)->tables[STORE_MESSAGE]);
	for (GList *l = rows; l != NULL; l = l->next) {
		const struct store_message *message = l->data;

		if (number_equal(&message->ticket, ticket))
			(void)purge_message(store, message);
	}
	return TRUE;
}

static guint
purge_row(struct store *store, enum store_table table, gconstpointer row,
    gint64 first_live)
{
	const struct store_contact *contact = row;
	const struct store_message *message = row;
	const struct store_envelope *envelope = row;
	g_autoptr(GBytes) key = g_bytes_new(row, shapes[table].key_len);

	if (table == STORE_MESSAGE)
		return message->epoch < first_live
			   ? purge_message(store, message)
			   : 0;
	if ((table == STORE_CONTACT ? contact->epoch : envelope->epoch) >=
	    first_live)
		return 0;
	set(store, table, g_bytes_get_data(key, NULL), NULL);
	return 1;
}

static gboolean
purge(struct store *store, gint64 first_live, guint limit, guint *removed,
    GError **err)
{
	static const enum store_table tables[] = {
	    STORE_CONTACT, STORE_MESSAGE, STORE_ENVELOPE};

	(void)err;
	*removed = 0;
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
		enum store_table table = tables[i];
		g_autoptr(GList) rows = NULL;
		guint left = limit;

		rows = g_hash_table_get_values(memory_of(store)->tables[table]);
		for (GList *l = rows; l != NULL && left > 0; l = l->next) {
			guint gone =
			    purge_row(store, table, l->data, first_live);

			*removed += gone;
			left -= gone > 0 ? 1 : 0;
		}
	}
	return TRUE;
}

static const struct store_ops memory_ops = {
    .close = memory_close,
    .step = memory_step,
    .get = look,
    .put = memory_put,
    .remove = memory_remove,
    .ticket_add = ticket_add,
    .ticket_list = ticket_list,
    .ticket_numbers = ticket_numbers,
    .messages_remove = messages_remove,
    .contact_move = contact_move,
    .pseudonym_find = pseudonym_find,
    .promise_list = promise_list,
    .promise_next = promise_next,
    .count = count,
    .purge = purge,
};

struct store *
store_open_memory(void)
{
	struct memory *m = g_new0(struct memory, 1);

	m->base.ops = &memory_ops;
	for (int i = 0; i < STORE_TABLE_END; i++)
		m->tables[i] = g_hash_table_new(g_bytes_hash, g_bytes_equal);
	m->journal = g_array_new(FALSE, FALSE, sizeof(struct undo));
	g_array_set_clear_func(m->journal, undo_clear);
	return &m->base;
}
