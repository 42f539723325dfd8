#include "store/store.h"

#include "base/error.h"
#include "store/memory.h"

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
    [STORE_CLUE] = {sizeof(struct store_clue), sizeof(struct store_trait)},
    [STORE_POST] = {sizeof(struct store_post), 0},   /* there is one */
    [STORE_CLOCK] = {sizeof(struct store_clock), 0}, /* key_bytes() */
    [STORE_WEEKLY] = {sizeof(struct store_weekly), 0},
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

/* A clock has a hole in its key, and behind a queue's name may be anything. */
static GBytes *
key_bytes(enum store_table table, gconstpointer key)
{
	const struct store_clock *clock = key;
	struct number name[2] = {0};

	/* There is one post. */
	g_assert(key != NULL || table == STORE_POST);
	if (table == STORE_WEEKLY)
		return g_bytes_new(key, strlen(key));
	if (table != STORE_CLOCK)
		return g_bytes_new(key, shapes[table].key_len);
	name[0] = clock->ticket;
	name[1].s[0] = (char)clock->clock.kind;
	return g_bytes_new(name, sizeof(name));
}

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
	at = key_bytes(table, key);
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

GHashTable *
memory_rows(struct store *store, enum store_table table)
{
	return memory_of(store)->tables[table];
}

void
memory_set(struct store *store, enum store_table table, gconstpointer key,
    gconstpointer row)
{
	struct memory *m = memory_of(store);
	struct undo undo = {.table = table};
	gpointer copy = NULL;

	if (row != NULL) {
		copy = g_malloc(shapes[table].size);
		copy_row(table, row, copy);
	}
	undo.key = key_bytes(table, key);
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
		memory_set(store, STORE_TICKET, &ticket, &ticket);
	}
}

static gboolean
contact_move(struct store *store, const struct store_key *from,
    const struct store_key *to, gint64 epoch, GError **err)
{
	struct store_contact row, other;

	(void)err;
	if (look(store, STORE_CONTACT, from, &row, NULL) == STORE_FOUND) {
		memory_set(store, STORE_CONTACT, from, NULL);
		row.id = *to;
		row.epoch = epoch;
		if (look(store, STORE_CONTACT, to, &other, NULL) ==
		    STORE_MISSING)
			memory_set(store, STORE_CONTACT, &row, &row);
		else if (other.agent[0] == '\0') {
			memcpy(other.agent, row.agent, sizeof(other.agent));
			memory_set(store, STORE_CONTACT, &other, &other);
		}
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
	memory_set(store, STORE_TICKET, ticket, ticket);
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
	memory_set(store, table, row, row);
	return TRUE;
}

static gboolean
memory_remove(struct store *store, enum store_table table, gconstpointer key,
    GError **err)
{
	(void)err;
	memory_set(store, table, key, NULL);
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

static const struct store_ops memory_ops = {
    .close = memory_close,
    .step = memory_step,
    .get = look,
    .put = memory_put,
    .remove = memory_remove,
    .ticket_add = ticket_add,
    .ticket_list = ticket_list,
    .ticket_numbers = ticket_numbers,
    .tickets_since = memory_tickets_since,
    .dues_remove = memory_dues_remove,
    .traces_remove = memory_traces_remove,
    .contact_move = contact_move,
    .contact_named = memory_contact_named,
    .tickets_open_of = memory_tickets_open_of,
    .tickets_open_in = memory_tickets_open_in,
    .clock_list = memory_clock_list,
    .clocks_due = memory_clocks_due,
    .pseudonym_find = pseudonym_find,
    .promise_list = memory_promise_list,
    .promise_next = memory_promise_next,
    .count = memory_count,
    .purge = memory_purge,
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
