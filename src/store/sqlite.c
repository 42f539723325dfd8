#include "store/store.h"

#include "base/error.h"
#include "base/log.h"
#include "store/schema.h"
#include "store/sqlite_read.h"
#include "store/sqlite_run.h"

#include <sqlite3.h>

#include "base/banned.h"

static struct sqlite *
sqlite_of(struct store *store)
{
	return (struct sqlite *)(void *)store;
}

static gboolean
sqlite_step(struct store *store, enum store_step which, GError **err)
{
	struct sqlite *s = sqlite_of(store);

	if (which == STORE_ROLLBACK && sqlite_is_lost(s))
		return TRUE;
	if (!sqlite_run(s, err, (enum statement)which, ""))
		return FALSE;
	if (which == STORE_COMMIT)
		s->is_dirty = TRUE;
	return TRUE;
}

/* --- rows --- */

static enum store_result
sqlite_get(struct store *store, enum store_table table, gconstpointer key,
    gpointer row, GError **err)
{
	static const struct {
		enum statement id;
		void (*read)(sqlite3_stmt *, gpointer);
	} how[STORE_TABLE_END] = {
	    [STORE_CONTACT] = {SQL_CONTACT_GET, sqlite_read_contact},
	    [STORE_TICKET] = {SQL_TICKET_GET, sqlite_read_ticket},
	    [STORE_ENVELOPE] = {SQL_ENVELOPE_GET, sqlite_read_envelope},
	    [STORE_MESSAGE] = {SQL_MESSAGE_GET, sqlite_read_message},
	    [STORE_PROMISE] = {SQL_PROMISE_GET, sqlite_read_promise},
	    [STORE_CLUE] = {SQL_CLUE_GET, sqlite_read_clue},
	    [STORE_POST] = {SQL_POST_GET, sqlite_read_post},
	    [STORE_CLOCK] = {SQL_CLOCK_GET, sqlite_read_clock},
	    [STORE_WEEKLY] = {SQL_WEEKLY_GET, sqlite_read_weekly},
	};
	struct sqlite *s = sqlite_of(store);
	const struct store_name *name = key;
	const struct store_trait *trait = key;
	const struct store_clock *clock = key;
	enum statement id = how[table].id;
	enum store_result found;
	sqlite3_stmt *at;

	if (table == STORE_TICKET || table == STORE_ENVELOPE)
		found = sqlite_query(s, &at, err, id, "n", key);
	else if (table == STORE_PROMISE)
		found = sqlite_query(
		    s, &at, err, id, "ki", &name->key, (gint64)name->kind);
	else if (table == STORE_CLUE)
		found = sqlite_query(
		    s, &at, err, id, "ik", trait->epoch, &trait->key);
	else if (table == STORE_CLOCK)
		found = sqlite_query(s, &at, err, id, "ni", &clock->ticket,
		    (gint64)clock->clock.kind);
	else if (table == STORE_WEEKLY)
		found = sqlite_query(s, &at, err, id, "t", key);
	else if (table == STORE_POST)
		found = sqlite_query(s, &at, err, id, "");
	else
		found = sqlite_query(s, &at, err, id, "k", key);
	if (found == STORE_FOUND) {
		how[table].read(at, row);
		sqlite_done(at);
	}
	return found;
}

static gboolean
ticket_write(struct sqlite *s, const struct store_ticket *k, enum statement id,
    GError **err)
{
	const struct ticket *t = &k->t;

	return sqlite_run(s, err, id, "Kitiittitiiiiiiitiiiiiiitn", &k->contact,
	    k->epoch, t->queue, (gint64)t->state, (gint64)t->level, t->lang,
	    t->category, (gint64)t->flags, t->pseudonym, t->opened,
	    t->first_reply_due, t->decision_due, t->acknowledged, t->answered,
	    t->closed, (gint64)t->messages, k->copy_id, t->ack_due, t->decided,
	    t->waiting, (gint64)t->close, (gint64)t->closed_level,
	    (gint64)t->is_returned, (gint64)t->rating, t->agent, &t->number);
}

static gboolean
ticket_add(struct store *store, const struct store_ticket *k, GError **err)
{
	return ticket_write(sqlite_of(store), k, SQL_TICKET_ADD, err);
}

static gboolean
promise_put(struct sqlite *s, const struct store_promise *p, GError **err)
{
	return sqlite_run(s, err, SQL_PROMISE_PUT, "kiniiiiiiii", &p->name.key,
	    (gint64)p->name.kind, &p->ticket, (gint64)p->state, (gint64)p->slot,
	    p->due, p->next_try, (gint64)p->attempts, p->alarm_at,
	    (gint64)p->alarmed, (gint64)p->arg);
}

static gboolean
clue_put(struct sqlite *s, const struct store_clue *c, GError **err)
{
	return sqlite_run(s, err, SQL_CLUE_PUT, "ikin", c->trait.epoch,
	    &c->trait.key, (gint64)c->kind, &c->ticket);
}

static gboolean
post_put(struct sqlite *s, const struct store_post *p, GError **err)
{
	return sqlite_run(s, err, SQL_POST_PUT, "iiii", p->hour, p->sent,
	    (gint64)p->hold, p->since);
}

static gboolean
clock_put(struct sqlite *s, const struct store_clock *row, GError **err)
{
	const struct sla_clock *c = &row->clock;

	return sqlite_run(s, err, SQL_CLOCK_PUT, "niiiiiiii", &row->ticket,
	    (gint64)c->kind, c->start, c->length_s, c->paused_at, c->paused_s,
	    c->settled, (gint64)c->said, sla_next(c));
}

static gboolean
weekly_put(struct sqlite *s, const struct store_weekly *w, GError **err)
{
	return sqlite_run(s, err, SQL_WEEKLY_PUT, "tiii", w->queue, w->sent,
	    w->next_try, (gint64)w->slot);
}

static gboolean
sqlite_put(struct store *store, enum store_table table, gconstpointer row,
    GError **err)
{
	struct sqlite *s = sqlite_of(store);
	const struct store_contact *c = row;
	const struct store_envelope *e = row;
	const struct store_message *m = row;

	switch (table) {
	case STORE_CONTACT:
		return sqlite_run(s, err, SQL_CONTACT_PUT, "kitit", &c->id,
		    c->epoch, c->pseudonym, c->seen, c->agent);
	case STORE_TICKET:
		return ticket_write(s, row, SQL_TICKET_UPDATE, err);
	case STORE_ENVELOPE:
		return sqlite_run(s, err, SQL_ENVELOPE_PUT, "nikb", &e->ticket,
		    e->epoch, &e->contact, e->sealed);
	case STORE_MESSAGE:
		return sqlite_run(s, err, SQL_MESSAGE_PUT, "kini",
		    &m->fingerprint, m->epoch, &m->ticket, (gint64)m->state);
	case STORE_PROMISE:
		return promise_put(s, row, err);
	case STORE_CLUE:
		return clue_put(s, row, err);
	case STORE_POST:
		return post_put(s, row, err);
	case STORE_CLOCK:
		return clock_put(s, row, err);
	case STORE_WEEKLY:
		return weekly_put(s, row, err);
	case STORE_TABLE_END:
		break;
	}
	g_assert_not_reached();
}

static gboolean
sqlite_remove(struct store *store, enum store_table table, gconstpointer key,
    GError **err)
{
	struct sqlite *s = sqlite_of(store);
	const struct store_name *name = key;

	switch (table) {
	case STORE_CONTACT:
		return sqlite_run(s, err, SQL_CONTACT_DELETE, "k", key);
	case STORE_ENVELOPE:
		return sqlite_run(s, err, SQL_ENVELOPE_DELETE, "n", key);
	case STORE_MESSAGE:
		return sqlite_run(s, err, SQL_MESSAGE_DELETE, "k", key);
	case STORE_PROMISE:
		return sqlite_run(s, err, SQL_PROMISE_DELETE, "ki", &name->key,
		    (gint64)name->kind);
	case STORE_TICKET:
	case STORE_CLUE:
	case STORE_POST:
	case STORE_CLOCK:
	case STORE_WEEKLY:
	case STORE_TABLE_END:
		break;
	}
	g_assert_not_reached();
}

/* --- more than one row --- */

static gboolean
contact_move(struct store *store, const struct store_key *from,
    const struct store_key *to, gint64 epoch, GError **err)
{
	struct sqlite *s = sqlite_of(store);

	return sqlite_run(s, err, SQL_CONTACT_AGENT, "kk", from, to) &&
	       sqlite_run(s, err, SQL_CONTACT_COPY, "kki", from, to, epoch) &&
	       sqlite_run(s, err, SQL_CONTACT_DELETE, "k", from) &&
	       sqlite_run(s, err, SQL_CONTACT_TICKETS, "kki", from, to, epoch);
}

static enum store_result
pseudonym_find(struct store *store, const char *pseudonym,
    const struct store_key *id, GError **err)
{
	sqlite3_stmt *row;
	enum store_result found;

	found = sqlite_query(sqlite_of(store), &row, err, SQL_PSEUDONYM_FIND,
	    "tk", pseudonym, id);
	if (found == STORE_FOUND)
		sqlite_done(row);
	return found;
}

static enum store_result
contact_named(struct store *store, const char *pseudonym,
    struct store_contact *out, GError **err)
{
	sqlite3_stmt *row;
	enum store_result found;

	found = sqlite_query(
	    sqlite_of(store), &row, err, SQL_CONTACT_NAMED, "t", pseudonym);
	if (found == STORE_FOUND) {
		sqlite_read_contact(row, out);
		sqlite_done(row);
	}
	return found;
}

static gboolean
ticket_list(struct store *store, const struct number *after, guint limit,
    GArray *out, GError **err)
{
	return sqlite_list(sqlite_of(store),
	    (struct sqlite_into){sqlite_read_ticket, out}, err, SQL_TICKET_LIST,
	    "ni", after, (gint64)limit);
}

static gboolean
tickets_open_of(struct store *store, const struct store_key *contact,
    guint limit, GArray *out, GError **err)
{
	return sqlite_list(sqlite_of(store),
	    (struct sqlite_into){sqlite_read_ticket, out}, err,
	    SQL_TICKETS_OPEN_OF, "ki", contact, (gint64)limit);
}

static gboolean
tickets_open_in(struct store *store, const struct store_open *open, GArray *out,
    GError **err)
{
	return sqlite_list(sqlite_of(store),
	    (struct sqlite_into){sqlite_read_ticket, out}, err,
	    SQL_TICKETS_OPEN_IN, "tni", open->queue, &open->after,
	    (gint64)open->limit);
}

static gboolean
ticket_numbers(struct store *store, const struct store_whose *whose,
    GArray *out, GError **err)
{
	struct sqlite_into into = {sqlite_read_number, out};
	struct sqlite *s = sqlite_of(store);
	gint64 limit = whose->limit;

	if (whose->contact != NULL)
		return sqlite_list(s, into, err, SQL_TICKETS_OF, "ki",
		    whose->contact, limit);
	return sqlite_list(
	    s, into, err, SQL_TICKETS_DEAD, "ii", whose->first_live, limit);
}

static gboolean
tickets_since(struct store *store, const struct store_since *since,
    guint *count, GError **err)
{
	sqlite3_stmt *row;

	if (sqlite_query(sqlite_of(store), &row, err, SQL_TICKETS_SINCE, "kii",
		&since->contact, since->opened,
		(gint64)since->limit) != STORE_FOUND)
		return FALSE;
	*count = (guint)sqlite3_column_int64(row, 0);
	sqlite_done(row);
	return TRUE;
}

static gboolean
dues_remove(struct store *store, const struct number *ticket, GError **err)
{
	struct sqlite *s = sqlite_of(store);

	return sqlite_run(s, err, SQL_PROMISES_DELETE, "n", ticket) &&
	       sqlite_run(s, err, SQL_CLOCKS_DELETE, "n", ticket);
}

static gboolean
traces_remove(struct store *store, const struct number *ticket, GError **err)
{
	struct sqlite *s = sqlite_of(store);

	return sqlite_run(s, err, SQL_MESSAGES_DELETE, "n", ticket) &&
	       sqlite_run(s, err, SQL_CLUES_DELETE, "n", ticket);
}

static gint
by_next_try(gconstpointer a, gconstpointer b)
{
	const struct store_promise *x = a, *y = b;

	return (x->next_try > y->next_try) - (x->next_try < y->next_try);
}

/* The first of each kind, and of those the first. */
static gboolean
promises_of_kinds(struct sqlite *s, const struct store_query *query_,
    GArray *out, GError **err)
{
	g_autoptr(GArray) found = NULL;
	struct sqlite_into into;

	found = g_array_new(FALSE, FALSE, sizeof(struct store_promise));
	into = (struct sqlite_into){sqlite_read_promise, found};
	for (gint64 kind = 0; kind < 32; kind++)
		if ((query_->kinds >> kind & 1) != 0 &&
		    !sqlite_list(s, into, err, SQL_PROMISES_OF_KIND, "iii",
			kind, query_->arg, (gint64)query_->limit))
			return FALSE;
	g_array_sort(found, by_next_try);
	if (found->len > 0)
		g_array_append_vals(
		    out, found->data, MIN(found->len, query_->limit));
	return TRUE;
}

static gboolean
promise_list(struct store *store, const struct store_query *query_, GArray *out,
    GError **err)
{
	static const enum statement ids[] = {
	    [STORE_PROMISES_TO_TRY] = SQL_PROMISES_TO_TRY,
	    [STORE_PROMISES_OF_SLOT] = SQL_PROMISES_OF_SLOT,
	    [STORE_PROMISES_TO_ALARM] = SQL_PROMISES_TO_ALARM,
	};
	struct sqlite *s = sqlite_of(store);

	if (query_->which == STORE_PROMISES_TO_TRY && query_->kinds != 0)
		return promises_of_kinds(s, query_, out, err);
	return sqlite_list(s, (struct sqlite_into){sqlite_read_promise, out},
	    err, ids[query_->which], "ii", query_->arg,
	    (gint64)query_->limit);
}

static gboolean
try_next_of(struct sqlite *s, guint32 kinds, gint64 *out, GError **err)
{
	*out = 0;
	for (gint64 kind = 0; kind < 32; kind++) {
		sqlite3_stmt *row;
		gint64 at;

		if ((kinds >> kind & 1) == 0)
			continue;
		if (sqlite_query(s, &row, err, SQL_PROMISE_NEXT_OF, "i",
			kind) != STORE_FOUND)
			return FALSE;
		at = sqlite3_column_int64(row, 0);
		sqlite_done(row);
		if (at != 0 && (*out == 0 || at < *out))
			*out = at;
	}
	return TRUE;
}

static gboolean
promise_next(
    struct store *store, guint32 kinds, struct store_next *out, GError **err)
{
	struct sqlite *s = sqlite_of(store);
	sqlite3_stmt *row;

	if (sqlite_query(s, &row, err, SQL_PROMISE_NEXT, "") != STORE_FOUND)
		return FALSE;
	out->try_at = sqlite3_column_int64(row, 0);
	out->alarm_at = sqlite3_column_int64(row, 1);
	out->clock_at = sqlite3_column_int64(row, 2);
	sqlite_done(row);
	return kinds == 0 || try_next_of(s, kinds, &out->try_at, err);
}

static gboolean
clock_list(
    struct store *store, const struct number *ticket, GArray *out, GError **err)
{
	return sqlite_list(sqlite_of(store),
	    (struct sqlite_into){sqlite_read_clock, out}, err, SQL_CLOCK_LIST,
	    "n", ticket);
}

static gboolean
clocks_due(
    struct store *store, gint64 now, guint limit, GArray *out, GError **err)
{
	return sqlite_list(sqlite_of(store),
	    (struct sqlite_into){sqlite_read_clock, out}, err, SQL_CLOCKS_DUE,
	    "ii", now, (gint64)limit);
}

static gboolean
count(struct store *store, gint64 now, struct store_counts *out, GError **err)
{
	sqlite3_stmt *row;

	if (sqlite_query(sqlite_of(store), &row, err, SQL_COUNT, "i", now) !=
	    STORE_FOUND)
		return FALSE;
	out->tickets_closed = sqlite3_column_int64(row, 1);
	out->tickets_open = sqlite3_column_int64(row, 0) - out->tickets_closed;
	out->promises_open = sqlite3_column_int64(row, 2);
	out->promises_late = sqlite3_column_int64(row, 3);
	out->promises_soon = sqlite3_column_int64(row, 4);
	out->oldest_due = sqlite3_column_int64(row, 5);
	out->promises_failed = sqlite3_column_int64(row, 6);
	sqlite_done(row);
	return TRUE;
}

static gboolean
purge(struct store *store, gint64 first_live, guint limit, guint *removed,
    GError **err)
{
	/* A row that finds others goes after them. */
	static const enum statement ids[] = {
	    SQL_PURGE_ENVELOPES,
	    SQL_PURGE_PROMISES,
	    SQL_PURGE_MESSAGES,
	    SQL_PURGE_CLUES,
	    SQL_PURGE_CONTACTS,
	};
	struct sqlite *s = sqlite_of(store);

	*removed = 0;
	for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
		if (!sqlite_run(
			s, err, ids[i], "ii", first_live, (gint64)limit))
			return FALSE;
		*removed += (guint)sqlite3_changes(s->db);
	}
	return TRUE;
}

/* --- opening and closing --- */

static void
sqlite_idle(struct store *store)
{
	struct sqlite *s = sqlite_of(store);
	int rc;

	if (!s->is_dirty)
		return;
	rc = sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc == SQLITE_OK)
		s->is_dirty = FALSE;
	else
		log_warn("store.checkpoint", LOG_NUM("code", rc));
}

static void
sqlite_close(struct store *store)
{
	struct sqlite *s = sqlite_of(store);

	sqlite_idle(store);
	for (int i = 0; i < SQL_END; i++)
		(void)sqlite3_finalize(s->prepared[i]);
	if (sqlite3_close(s->db) != SQLITE_OK)
		log_warn("store.close", LOG_NUM("code", -1));
	g_free(s);
}

static gboolean
prepare(struct sqlite *s, GError **err)
{
	int rc;

	for (int i = 0; i < SQL_END; i++) {
		rc = sqlite3_prepare_v3(s->db, schema_sql[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &s->prepared[i], NULL);
		if (rc != SQLITE_OK)
			return schema_fail(rc, err);
	}
	return TRUE;
}

static const struct store_ops sqlite_ops = {
    .close = sqlite_close,
    .idle = sqlite_idle,
    .step = sqlite_step,
    .get = sqlite_get,
    .put = sqlite_put,
    .remove = sqlite_remove,
    .ticket_add = ticket_add,
    .ticket_list = ticket_list,
    .ticket_numbers = ticket_numbers,
    .tickets_since = tickets_since,
    .dues_remove = dues_remove,
    .traces_remove = traces_remove,
    .contact_move = contact_move,
    .contact_named = contact_named,
    .tickets_open_of = tickets_open_of,
    .tickets_open_in = tickets_open_in,
    .clock_list = clock_list,
    .clocks_due = clocks_due,
    .pseudonym_find = pseudonym_find,
    .promise_list = promise_list,
    .promise_next = promise_next,
    .count = count,
    .purge = purge,
};

struct store *
store_open_sqlite(const char *path, GError **err)
{
	struct sqlite *s;
	sqlite3 *db = schema_open(path, err);

	if (db == NULL)
		return NULL;
	s = g_new0(struct sqlite, 1);
	s->base.ops = &sqlite_ops;
	s->db = db;
	if (prepare(s, err)) {
		s->is_dirty = TRUE; /* a crash may have left a log */
		return &s->base;
	}
	sqlite_close(&s->base);
	return NULL;
}
