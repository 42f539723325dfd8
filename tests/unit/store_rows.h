#ifndef ND_TESTS_STORE_ROWS_H
#define ND_TESTS_STORE_ROWS_H

/*
 * Rows and steps for the tests of the store. Each step asserts that it
 * works. Static, as two test files use different ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "store/store.h"

#define NOW 1700000000
#define LIMIT 100

struct fixture {
	char *dir;  /* own; NULL for the memory store */
	char *path; /* own */
	struct store *store;
};

/* --- making rows --- */

static G_GNUC_UNUSED struct store_key
key(guint8 n)
{
	struct store_key out;

	memset(out.b, n, sizeof(out.b));
	return out;
}

static G_GNUC_UNUSED struct number
number(const char *text)
{
	struct number out = {""};

	(void)g_strlcpy(out.s, text, sizeof(out.s));
	return out;
}

static G_GNUC_UNUSED struct store_ticket
ticket(const char *text)
{
	struct store_ticket out = {
	    .t = {.number = number(text),
		.queue = "support",
		.lang = "de",
		.category = "withdrawal",
		.pseudonym = "amber-otter-41",
		.state = TICKET_OPEN,
		.level = 1,
		.flags = TICKET_FLAG_MENTIONS,
		.messages = 3,
		.opened = NOW,
		.first_reply_due = NOW + 1,
		.decision_due = NOW + 2,
		.acknowledged = NOW + 3,
		.answered = NOW + 4,
		.ack_due = NOW + 5,
		.decided = NOW + 6,
		.waiting = NOW + 7,
		.close = 2,
		.closed_level = 3,
		.is_returned = 1,
		.rating = 4,
		.agent = "alice"},
	    .contact = key(7),
	    .epoch = 5,
	    .copy_id = "abc@casino.example",
	};

	return out;
}

static G_GNUC_UNUSED struct store_promise
promise(guint8 n, enum store_promise_state state)
{
	struct store_promise out = {
	    .name = {key(n), 1},
	    .ticket = number("AAAAAAAA"),
	    .state = state,
	    .due = NOW + n,
	    .next_try = NOW + n,
	};

	return out;
}

/* Field by field: structs have holes. */
static G_GNUC_UNUSED void
check_ticket(const struct store_ticket *got, const struct store_ticket *row)
{
	const struct ticket *a = &got->t, *b = &row->t;

	assert_string_equal(a->number.s, b->number.s);
	assert_string_equal(a->queue, b->queue);
	assert_string_equal(a->lang, b->lang);
	assert_string_equal(a->category, b->category);
	assert_string_equal(a->pseudonym, b->pseudonym);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->level, b->level);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->messages, b->messages);
	assert_int_equal(a->opened, b->opened);
	assert_int_equal(a->first_reply_due, b->first_reply_due);
	assert_int_equal(a->decision_due, b->decision_due);
	assert_int_equal(a->acknowledged, b->acknowledged);
	assert_int_equal(a->answered, b->answered);
	assert_int_equal(a->closed, b->closed);
	assert_int_equal(a->ack_due, b->ack_due);
	assert_int_equal(a->decided, b->decided);
	assert_int_equal(a->waiting, b->waiting);
	assert_int_equal(a->close, b->close);
	assert_int_equal(a->closed_level, b->closed_level);
	assert_int_equal(a->is_returned, b->is_returned);
	assert_int_equal(a->rating, b->rating);
	assert_string_equal(a->agent, b->agent);
	assert_true(store_key_equal(&got->contact, &row->contact));
	assert_int_equal(got->epoch, row->epoch);
	assert_string_equal(got->copy_id, row->copy_id);
}

/* --- steps that must work --- */

static G_GNUC_UNUSED void
begin(struct store *s)
{
	assert_true(store_begin(s, NULL));
}

static G_GNUC_UNUSED void
commit(struct store *s)
{
	assert_true(store_commit(s, NULL));
}

static G_GNUC_UNUSED void
put_contact(struct store *s, guint8 id, gint64 epoch, const char *pseudonym)
{
	struct store_contact row = {
	    .id = key(id), .epoch = epoch, .seen = 3600};

	(void)g_strlcpy(row.pseudonym, pseudonym, sizeof(row.pseudonym));
	assert_true(store_contact_put(s, &row, NULL));
}

static G_GNUC_UNUSED void
add_ticket(struct store *s, const char *text)
{
	struct store_ticket row = ticket(text);

	assert_true(store_ticket_add(s, &row, NULL));
}

static G_GNUC_UNUSED void
put_promise(struct store *s, struct store_promise row)
{
	assert_true(store_promise_put(s, &row, NULL));
}

static G_GNUC_UNUSED void
put_envelope(struct store *s, const char *text, gint64 epoch, GBytes *sealed)
{
	struct store_envelope row = {number(text), epoch, key(7), sealed};

	assert_true(store_envelope_put(s, &row, NULL));
}

static G_GNUC_UNUSED void
put_clue(struct store *s, guint8 n, gint64 epoch, const char *text)
{
	struct store_clue row = {{epoch, key(n)}, 1, number(text)};

	assert_true(store_clue_put(s, &row, NULL));
}

static G_GNUC_UNUSED enum store_result
find_clue(struct store *s, guint8 n, gint64 epoch)
{
	struct store_trait at = {epoch, key(n)};
	struct store_clue row;

	return store_clue_get(s, &at, &row, NULL);
}

static G_GNUC_UNUSED enum store_result
find_contact(struct store *s, guint8 id)
{
	struct store_key at = key(id);
	struct store_contact row;

	return store_contact_get(s, &at, &row, NULL);
}

static G_GNUC_UNUSED enum store_result
find_message(struct store *s, guint8 id)
{
	struct store_key at = key(id);
	struct store_message row;

	return store_message_get(s, &at, &row, NULL);
}

static G_GNUC_UNUSED enum store_result
find_ticket(struct store *s, const char *text, struct store_ticket *row)
{
	struct number at = number(text);

	return store_ticket_get(s, &at, row, NULL);
}

static G_GNUC_UNUSED guint
count_promises(struct store *s, enum store_promises which, gint64 arg,
    struct store_promise *first)
{
	struct store_query query = {which, arg, LIMIT, 0};
	g_autoptr(GArray) list = NULL;

	list = g_array_new(FALSE, FALSE, sizeof(struct store_promise));
	assert_true(store_promise_list(s, &query, list, NULL));
	if (first != NULL && list->len > 0)
		*first = g_array_index(list, struct store_promise, 0);
	return list->len;
}

static G_GNUC_UNUSED guint
purge_all(struct store *s, gint64 first_live, guint limit)
{
	guint removed, calls = 0;

	do {
		begin(s);
		assert_true(store_purge(s, first_live, limit, &removed, NULL));
		commit(s);
		calls++;
		assert_true(calls < LIMIT);
	} while (removed > 0);
	return calls;
}

static G_GNUC_UNUSED int
open_memory(void **state)
{
	struct fixture *f = g_new0(struct fixture, 1);

	f->store = store_open_memory();
	*state = f;
	return 0;
}

static G_GNUC_UNUSED int
open_sqlite(void **state)
{
	struct fixture *f = g_new0(struct fixture, 1);

	f->dir = g_dir_make_tmp("nymdesk-store-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "desk.db", NULL);
	f->store = store_open_sqlite(f->path, NULL);
	*state = f;
	return f->store == NULL;
}

static G_GNUC_UNUSED int
close_store(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	struct fixture *f = *state;

	store_close(f->store);
	for (gsize i = 0; f->dir != NULL && i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);

		(void)g_unlink(path);
	}
	if (f->dir != NULL)
		(void)g_rmdir(f->dir);
	g_free(f->dir);
	g_free(f->path);
	g_free(f);
	return 0;
}

#define ON_MEMORY(test)                                                        \
	cmocka_unit_test_setup_teardown(test, open_memory, close_store)
#define ON_SQLITE(test)                                                        \
	cmocka_unit_test_setup_teardown(test, open_sqlite, close_store)

#endif
