/*
 * One suite for all engines of the store: what store/store.h promises. What
 * only the database file can show follows at the end.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <sqlite3.h>

#include "base/error.h"
#include "store/store.h"

#define NOW 1700000000
#define LIMIT 100

struct fixture {
	char *dir;  /* own; NULL for the memory store */
	char *path; /* own */
	struct store *store;
};

/* --- making rows ------------------------------------------------------------
 */

static struct store_key
key(guint8 n)
{
	struct store_key out;

	memset(out.b, n, sizeof(out.b));
	return out;
}

static struct number
number(const char *text)
{
	struct number out = {""};

	(void)g_strlcpy(out.s, text, sizeof(out.s));
	return out;
}

static struct store_ticket
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
		.answered = NOW + 4},
	    .contact = key(7),
	    .epoch = 5,
	    .copy_id = "abc@casino.example",
	};

	return out;
}

static struct store_promise
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

/* --- steps that must work ----------------------------------------------------
 */

static void
begin(struct store *s)
{
	assert_true(store_begin(s, NULL));
}

static void
commit(struct store *s)
{
	assert_true(store_commit(s, NULL));
}

static void
put_contact(struct store *s, guint8 id, gint64 epoch, const char *pseudonym)
{
	struct store_contact row = {
	    .id = key(id), .epoch = epoch, .seen = 3600};

	(void)g_strlcpy(row.pseudonym, pseudonym, sizeof(row.pseudonym));
	assert_true(store_contact_put(s, &row, NULL));
}

static void
add_ticket(struct store *s, const char *text)
{
	struct store_ticket row = ticket(text);

	assert_true(store_ticket_add(s, &row, NULL));
}

static void
put_promise(struct store *s, struct store_promise row)
{
	assert_true(store_promise_put(s, &row, NULL));
}

static enum store_result
find_contact(struct store *s, guint8 id)
{
	struct store_key at = key(id);
	struct store_contact row;

	return store_contact_get(s, &at, &row, NULL);
}

static enum store_result
find_message(struct store *s, guint8 id)
{
	struct store_key at = key(id);
	struct store_message row;

	return store_message_get(s, &at, &row, NULL);
}

static enum store_result
find_ticket(struct store *s, const char *text, struct store_ticket *row)
{
	struct number at = number(text);

	return store_ticket_get(s, &at, row, NULL);
}

static guint
count_promises(struct store *s, enum store_promises which, gint64 arg,
    struct store_promise *first)
{
	struct store_query query = {which, arg, LIMIT};
	g_autoptr(GArray) list = NULL;

	list = g_array_new(FALSE, FALSE, sizeof(struct store_promise));
	assert_true(store_promise_list(s, &query, list, NULL));
	if (first != NULL && list->len > 0)
		*first = g_array_index(list, struct store_promise, 0);
	return list->len;
}

/* --- the suite
 * ----------------------------------------------------------------- */

static void
test_contact(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_contact row = {.id = key(1), .epoch = 5, .seen = 3600};
	struct store_contact got;
	struct store_key nobody = {{0}}, one = key(1), two = key(2);
	GError *err = NULL;

	begin(s);
	assert_int_equal(find_contact(s, 1), STORE_MISSING);
	put_contact(s, 1, 4, "amber-otter-41");
	(void)g_strlcpy(row.pseudonym, "amber-otter-41", PSEUDONYM_SIZE);
	assert_true(store_contact_put(s, &row, NULL)); /* again, newer */
	assert_int_equal(store_contact_get(s, &one, &got, NULL), STORE_FOUND);
	assert_memory_equal(&got.id, &one, sizeof(one));
	assert_int_equal(got.epoch, 5);
	assert_int_equal(got.seen, 3600);
	assert_string_equal(got.pseudonym, "amber-otter-41");

	/* A name is one contact's; having none is no name. */
	row.id = two;
	assert_false(store_contact_put(s, &row, &err));
	assert_true(error_is(err, ERROR_CONFLICT));
	g_clear_error(&err);
	put_contact(s, 2, 5, "");
	put_contact(s, 3, 5, "");
	assert_int_equal(store_pseudonym_find(s, "amber-otter-41", &one, NULL),
	    STORE_MISSING);
	assert_int_equal(
	    store_pseudonym_find(s, "amber-otter-41", &two, NULL), STORE_FOUND);
	assert_int_equal(
	    store_pseudonym_find(s, "amber-otter-41", &nobody, NULL),
	    STORE_FOUND);
	assert_int_equal(store_pseudonym_find(s, "brave-lynx-10", &two, NULL),
	    STORE_MISSING);
	commit(s);
}

static void
test_pseudonym_of_ticket(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_ticket row = ticket("AAAAAAAA");
	struct store_key nobody = {{0}}, owner = key(7), other = key(8);

	begin(s);
	assert_true(store_ticket_add(s, &row, NULL));
	assert_int_equal(store_pseudonym_find(s, row.t.pseudonym, &owner, NULL),
	    STORE_MISSING);
	assert_int_equal(store_pseudonym_find(s, row.t.pseudonym, &other, NULL),
	    STORE_FOUND);
	row.contact = nobody;
	assert_true(store_ticket_update(s, &row, NULL));
	assert_int_equal(
	    store_pseudonym_find(s, row.t.pseudonym, &nobody, NULL),
	    STORE_FOUND);
	commit(s);
}

static void
test_contact_move(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_key from = key(7), to = key(9), last = key(10);
	struct store_contact got;
	struct store_ticket row;

	begin(s);
	put_contact(s, 7, 5, "amber-otter-41");
	add_ticket(s, "AAAAAAAA");
	add_ticket(s, "BBBBBBBB");
	assert_true(store_contact_move(s, &from, &to, 6, NULL));
	assert_int_equal(find_contact(s, 7), STORE_MISSING);
	assert_int_equal(store_contact_get(s, &to, &got, NULL), STORE_FOUND);
	assert_string_equal(got.pseudonym, "amber-otter-41");
	assert_int_equal(got.epoch, 6);
	assert_int_equal(find_ticket(s, "BBBBBBBB", &row), STORE_FOUND);
	assert_memory_equal(&row.contact, &to, sizeof(to));
	assert_int_equal(row.epoch, 6);

	/* Onto a row that is there: that one stays as it is. */
	put_contact(s, 10, 7, "brave-lynx-10");
	assert_true(store_contact_move(s, &to, &last, 7, NULL));
	assert_int_equal(find_contact(s, 9), STORE_MISSING);
	assert_int_equal(store_contact_get(s, &last, &got, NULL), STORE_FOUND);
	assert_string_equal(got.pseudonym, "brave-lynx-10");
	assert_int_equal(find_ticket(s, "AAAAAAAA", &row), STORE_FOUND);
	assert_memory_equal(&row.contact, &last, sizeof(last));
	commit(s);
}

static void
test_ticket(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_ticket row = ticket("AAAAAAAA"), got;
	GError *err = NULL;

	begin(s);
	assert_int_equal(find_ticket(s, "AAAAAAAA", &got), STORE_MISSING);
	assert_true(store_ticket_add(s, &row, NULL));
	assert_int_equal(find_ticket(s, "AAAAAAAA", &got), STORE_FOUND);
	assert_memory_equal(&got, &row, sizeof(row));
	assert_false(store_ticket_add(s, &row, &err));
	assert_true(error_is(err, ERROR_CONFLICT));
	g_clear_error(&err);

	row.t.state = TICKET_CLOSED;
	row.t.closed = NOW + 9;
	row.t.level = 2;
	row.t.flags = G_MAXUINT32;
	row.contact = (struct store_key){{0}};
	memset(row.copy_id, 0, sizeof(row.copy_id));
	assert_true(store_ticket_update(s, &row, NULL));
	assert_int_equal(find_ticket(s, "AAAAAAAA", &got), STORE_FOUND);
	assert_memory_equal(&got, &row, sizeof(row));
	commit(s);
}

static void
test_ticket_list(void **state)
{
	static const struct {
		const char *after;
		guint limit;
		const char *got;
	} cases[] = {
	    {"", 10, "A,B,C,"},
	    {"", 2, "A,B,"},
	    {"AAAAAAAA", 2, "B,C,"},
	    {"AAAAAAAB", 10, "B,C,"},
	    {"CCCCCCCC", 10, ""},
	    {"", 0, ""},
	};
	struct store *s = ((struct fixture *)*state)->store;

	begin(s);
	add_ticket(s, "CCCCCCCC");
	add_ticket(s, "AAAAAAAA");
	add_ticket(s, "BBBBBBBB");
	commit(s);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) got = g_string_new(NULL);
		g_autoptr(GArray) list = NULL;
		struct number after = number(cases[i].after);

		list = g_array_new(FALSE, FALSE, sizeof(struct store_ticket));
		assert_true(
		    store_ticket_list(s, &after, cases[i].limit, list, NULL));
		for (guint k = 0; k < list->len; k++)
			g_string_append_printf(got, "%c,",
			    g_array_index(list, struct store_ticket, k)
				.t.number.s[0]);
		assert_string_equal(got->str, cases[i].got);
	}
}

static void
put_envelope(struct store *s, const char *text, gint64 epoch, GBytes *sealed)
{
	struct store_envelope row = {number(text), epoch, key(7), sealed};

	assert_true(store_envelope_put(s, &row, NULL));
}

static void
test_envelope(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	g_autoptr(GBytes) first = g_bytes_new("one\0two", 7);
	g_autoptr(GBytes) second = g_bytes_new("three", 5);
	struct number at = number("AAAAAAAA");
	struct store_key contact = key(7);
	struct store_envelope got;

	begin(s);
	add_ticket(s, "AAAAAAAA");
	assert_int_equal(store_envelope_get(s, &at, &got, NULL), STORE_MISSING);
	put_envelope(s, "AAAAAAAA", 5, first);
	assert_int_equal(store_envelope_get(s, &at, &got, NULL), STORE_FOUND);
	assert_true(g_bytes_equal(got.sealed, first));
	assert_int_equal(got.epoch, 5);
	assert_memory_equal(&got.contact, &contact, sizeof(contact));
	assert_string_equal(got.ticket.s, "AAAAAAAA");
	g_bytes_unref(got.sealed);
	put_envelope(s, "AAAAAAAA", 6, second);
	assert_int_equal(store_envelope_get(s, &at, &got, NULL), STORE_FOUND);
	assert_true(g_bytes_equal(got.sealed, second));
	assert_int_equal(got.epoch, 6);
	g_bytes_unref(got.sealed);
	commit(s);
}

static void
test_message(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_message row = {
	    .fingerprint = key(1), .epoch = 5, .state = STORE_MESSAGE_SENDING};
	struct store_message got;

	begin(s);
	add_ticket(s, "AAAAAAAA");
	assert_int_equal(find_message(s, 1), STORE_MISSING);
	assert_true(store_message_put(s, &row, NULL)); /* of no ticket */
	assert_int_equal(
	    store_message_get(s, &row.fingerprint, &got, NULL), STORE_FOUND);
	assert_false(number_is_set(&got.ticket));
	assert_int_equal(got.state, STORE_MESSAGE_SENDING);
	row.ticket = number("AAAAAAAA");
	row.state = STORE_MESSAGE_SENT;
	assert_true(store_message_put(s, &row, NULL));
	assert_int_equal(
	    store_message_get(s, &row.fingerprint, &got, NULL), STORE_FOUND);
	assert_memory_equal(&got.fingerprint, &row.fingerprint, STORE_KEY_LEN);
	assert_string_equal(got.ticket.s, "AAAAAAAA");
	assert_int_equal(got.state, STORE_MESSAGE_SENT);
	assert_int_equal(got.epoch, 5);
	assert_true(store_message_delete(s, &row.fingerprint, NULL));
	assert_true(store_message_delete(s, &row.fingerprint, NULL));
	assert_int_equal(find_message(s, 1), STORE_MISSING);
	commit(s);
}

static void
test_promise(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_promise row = promise(1, STORE_PROMISE_CLAIMED), got;
	struct store_name other = {key(1), 2};

	row.slot = 4;
	row.attempts = 6;
	row.alarm_at = NOW + 7;
	row.alarmed = 1;
	begin(s);
	add_ticket(s, "AAAAAAAA");
	assert_int_equal(
	    store_promise_get(s, &row.name, &got, NULL), STORE_MISSING);
	put_promise(s, row);
	assert_int_equal(
	    store_promise_get(s, &row.name, &got, NULL), STORE_FOUND);
	assert_memory_equal(&got, &row, sizeof(row));
	assert_int_equal(store_promise_get(s, &other, &got, NULL),
	    STORE_MISSING); /* the kind is part of the name */
	row.state = STORE_PROMISE_SETTLED;
	row.alarm_at = 0;
	row.next_try = NOW + 99;
	put_promise(s, row);
	assert_int_equal(
	    store_promise_get(s, &row.name, &got, NULL), STORE_FOUND);
	assert_memory_equal(&got, &row, sizeof(row));
	assert_true(store_promise_delete(s, &row.name, NULL));
	assert_int_equal(
	    store_promise_get(s, &row.name, &got, NULL), STORE_MISSING);
	commit(s);
}

/* Two open, two claimed by different slots, one each of the others. */
static void
fill_promises(struct store *s)
{
	struct store_promise claimed = promise(3, STORE_PROMISE_CLAIMED);

	begin(s);
	add_ticket(s, "AAAAAAAA");
	put_promise(s, promise(2, STORE_PROMISE_OPEN));
	put_promise(s, promise(1, STORE_PROMISE_OPEN));
	claimed.slot = 8;
	claimed.alarm_at = NOW + 3;
	claimed.alarmed = 1;
	put_promise(s, claimed);
	claimed.name.key = key(4);
	claimed.slot = 9;
	claimed.alarm_at = NOW + 2;
	put_promise(s, claimed);
	put_promise(s, promise(5, STORE_PROMISE_SETTLED));
	put_promise(s, promise(6, STORE_PROMISE_FAILED));
	commit(s);
}

static void
test_promise_lists(void **state)
{
	static const struct {
		enum store_promises which;
		gint64 arg;
		guint count;
		guint8 first;
	} cases[] = {
	    {STORE_PROMISES_TO_TRY, NOW, 0, 0},
	    {STORE_PROMISES_TO_TRY, NOW + 1, 1, 1},
	    {STORE_PROMISES_TO_TRY, NOW + 99, 2, 1},
	    {STORE_PROMISES_OF_SLOT, 8, 1, 3},
	    {STORE_PROMISES_OF_SLOT, 9, 1, 4},
	    {STORE_PROMISES_OF_SLOT, 0, 0, 0},
	    {STORE_PROMISES_TO_ALARM, NOW + 1, 0, 0},
	    {STORE_PROMISES_TO_ALARM, NOW + 2, 1, 4},
	    {STORE_PROMISES_TO_ALARM, NOW + 3, 2, 0},
	};
	struct store *s = ((struct fixture *)*state)->store;
	struct store_query query = {STORE_PROMISES_TO_TRY, NOW + 99, 1};
	struct store_next next = {1, 1};
	g_autoptr(GArray) list = NULL;

	assert_true(store_promise_next(s, &next, NULL));
	assert_int_equal(next.try_at, 0);
	assert_int_equal(next.alarm_at, 0);
	fill_promises(s);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct store_promise first;
		struct store_key expected = key(cases[i].first);

		assert_int_equal(
		    count_promises(s, cases[i].which, cases[i].arg, &first),
		    cases[i].count);
		if (cases[i].first != 0)
			assert_memory_equal(
			    &first.name.key, &expected, STORE_KEY_LEN);
	}
	list = g_array_new(FALSE, FALSE, sizeof(struct store_promise));
	assert_true(store_promise_list(s, &query, list, NULL));
	assert_int_equal(list->len, 1);
	assert_true(store_promise_next(s, &next, NULL));
	assert_int_equal(next.try_at, NOW + 1);
	assert_int_equal(next.alarm_at, NOW + 2);
}

static void
test_count(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_ticket closed = ticket("BBBBBBBB");
	struct store_counts got = {.promises_late = 99};

	assert_true(store_count(s, NOW, &got, NULL));
	assert_int_equal(got.tickets_open, 0);
	assert_int_equal(got.promises_late, 0);
	assert_int_equal(got.oldest_due, 0);
	fill_promises(s);
	begin(s);
	closed.t.state = TICKET_CLOSED;
	assert_true(store_ticket_add(s, &closed, NULL));
	commit(s);
	assert_true(store_count(s, NOW + 2, &got, NULL));
	assert_int_equal(got.tickets_open, 1);
	assert_int_equal(got.tickets_closed, 1);
	assert_int_equal(got.promises_open, 4);
	assert_int_equal(got.promises_late, 1); /* not the one due now */
	assert_int_equal(got.promises_soon, 2);
	assert_int_equal(got.oldest_due, NOW + 1);
	assert_int_equal(got.promises_failed, 1);
	assert_true(store_count(s, NOW + 99, &got, NULL));
	assert_int_equal(got.promises_late, 4);
	assert_int_equal(got.promises_soon, 0);
}

static void
test_rollback(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_ticket row;

	begin(s);
	add_ticket(s, "AAAAAAAA");
	put_contact(s, 1, 5, "amber-otter-41");
	commit(s);
	begin(s);
	row = ticket("AAAAAAAA");
	row.t.level = 9;
	assert_true(store_ticket_update(s, &row, NULL));
	add_ticket(s, "BBBBBBBB");
	put_contact(s, 1, 6, "brave-lynx-10");
	store_rollback(s);
	assert_int_equal(find_ticket(s, "BBBBBBBB", &row), STORE_MISSING);
	assert_int_equal(find_ticket(s, "AAAAAAAA", &row), STORE_FOUND);
	assert_int_equal(row.t.level, 1);
}

/* A request that fails leaves those before and after it alone. */
static void
test_save(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_ticket row;

	begin(s);
	assert_true(store_save(s, NULL));
	add_ticket(s, "AAAAAAAA");
	assert_true(store_release(s, NULL));
	assert_true(store_save(s, NULL));
	add_ticket(s, "BBBBBBBB");
	row = ticket("AAAAAAAA");
	row.t.level = 9;
	assert_true(store_ticket_update(s, &row, NULL));
	store_revert(s);
	assert_true(store_save(s, NULL));
	add_ticket(s, "CCCCCCCC");
	assert_true(store_release(s, NULL));
	commit(s);
	assert_int_equal(find_ticket(s, "AAAAAAAA", &row), STORE_FOUND);
	assert_int_equal(row.t.level, 1);
	assert_int_equal(find_ticket(s, "BBBBBBBB", &row), STORE_MISSING);
	assert_int_equal(find_ticket(s, "CCCCCCCC", &row), STORE_FOUND);
}

static guint
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

static void
test_purge(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	g_autoptr(GBytes) sealed = g_bytes_new("x", 1);
	struct number a = number("AAAAAAAA"), b = number("BBBBBBBB");
	struct store_envelope envelope;
	struct store_ticket row;
	struct store_promise got;

	begin(s);
	put_contact(s, 7, 5, "amber-otter-41");
	put_contact(s, 8, 6, "brave-lynx-10");
	add_ticket(s, "AAAAAAAA");
	add_ticket(s, "BBBBBBBB");
	row = ticket("BBBBBBBB");
	row.contact = key(8);
	assert_true(store_ticket_update(s, &row, NULL));
	put_envelope(s, "AAAAAAAA", 5, sealed);
	put_envelope(s, "BBBBBBBB", 6, sealed);
	for (guint8 i = 1; i <= 3; i++) {
		struct store_message m = {
		    key(i), i == 3 ? 6 : 5, a, STORE_MESSAGE_TAKEN};

		assert_true(store_message_put(s, &m, NULL));
		put_promise(s, promise(i, STORE_PROMISE_SETTLED));
	}
	commit(s);
	assert_int_equal(purge_all(s, 5, LIMIT), 1); /* nothing is dead yet */
	assert_int_equal(find_contact(s, 7), STORE_FOUND);
	assert_int_equal(purge_all(s, 6, 1), 3); /* two messages, one a call */

	assert_int_equal(find_contact(s, 7), STORE_MISSING);
	assert_int_equal(find_contact(s, 8), STORE_FOUND);
	assert_int_equal(find_message(s, 1), STORE_MISSING);
	assert_int_equal(find_message(s, 2), STORE_MISSING);
	assert_int_equal(find_message(s, 3), STORE_FOUND);
	got = promise(2, STORE_PROMISE_SETTLED);
	assert_int_equal(
	    store_promise_get(s, &got.name, &got, NULL), STORE_MISSING);
	got = promise(3, STORE_PROMISE_SETTLED);
	assert_int_equal(
	    store_promise_get(s, &got.name, &got, NULL), STORE_FOUND);
	assert_int_equal(
	    store_envelope_get(s, &a, &envelope, NULL), STORE_MISSING);
	assert_int_equal(
	    store_envelope_get(s, &b, &envelope, NULL), STORE_FOUND);
	g_bytes_unref(envelope.sealed);
	assert_int_equal(find_ticket(s, "AAAAAAAA", &row), STORE_FOUND);
	assert_false(store_key_is_set(&row.contact));
	assert_int_equal(find_ticket(s, "BBBBBBBB", &row), STORE_FOUND);
	assert_true(store_key_is_set(&row.contact));
}

/* --- the database file
 * ---------------------------------------------------------- */

static struct store *
reopen(struct fixture *f)
{
	store_close(f->store);
	f->store = store_open_sqlite(f->path, NULL);
	assert_non_null(f->store);
	return f->store;
}

static void
test_file_mode(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	struct fixture *f = *state;

	begin(f->store);
	add_ticket(f->store, "AAAAAAAA");
	commit(f->store);
	for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);
		GStatBuf st;

		assert_int_equal(g_stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	/* One that was made too open is closed up. */
	assert_int_equal(g_chmod(f->path, 0644), 0);
	(void)reopen(f);
	{
		GStatBuf st;

		assert_int_equal(g_stat(f->path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
}

static void
test_reopen(void **state)
{
	struct fixture *f = *state;
	struct store_ticket row;

	begin(f->store);
	add_ticket(f->store, "AAAAAAAA");
	commit(f->store);
	begin(f->store);
	add_ticket(f->store, "BBBBBBBB"); /* closed before it is committed */
	(void)reopen(f);
	assert_int_equal(find_ticket(f->store, "AAAAAAAA", &row), STORE_FOUND);
	assert_int_equal(
	    find_ticket(f->store, "BBBBBBBB", &row), STORE_MISSING);
}

static gboolean
file_has(const char *path, const char *token)
{
	g_autofree char *data = NULL;
	gsize len;

	if (!g_file_get_contents(path, &data, &len, NULL))
		return FALSE;
	return memmem(data, len, token, strlen(token)) != NULL;
}

/* What is deleted must be gone from the file and its log. */
static void
test_deleted_is_gone(void **state)
{
	static const char token[] = "sealed-token-of-this-test";
	struct fixture *f = *state;
	g_autofree char *wal = g_strconcat(f->path, "-wal", NULL);
	g_autoptr(GBytes) sealed = g_bytes_new(token, sizeof(token));
	GStatBuf st;

	begin(f->store);
	add_ticket(f->store, "AAAAAAAA");
	put_envelope(f->store, "AAAAAAAA", 5, sealed);
	commit(f->store);
	assert_true(file_has(wal, token)); /* or the test is blind */
	store_idle(f->store);
	assert_true(file_has(f->path, token));
	assert_int_equal(g_stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
	(void)purge_all(f->store, 6, LIMIT);
	store_idle(f->store);
	assert_false(file_has(f->path, token));
	assert_false(file_has(wal, token));
}

static void
alter(const char *path, const char *text)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_refused_files(void **state)
{
	static const char *const cases[] = {
	    "PRAGMA user_version = 2",
	    "PRAGMA application_id = 7",
	};
	struct fixture *f = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		GError *err = NULL;

		g_clear_pointer(&f->store, store_close);
		alter(f->path, cases[i]);
		assert_null(store_open_sqlite(f->path, &err));
		assert_true(error_is(err, ERROR_PERM));
		g_clear_error(&err);
		alter(f->path, "PRAGMA user_version = 1;"
			       "PRAGMA application_id = 1853451620");
		(void)reopen(f);
	}
}

static void
test_not_a_database(void **state)
{
	struct fixture *f = *state;
	GError *err = NULL;

	g_clear_pointer(&f->store, store_close);
	assert_true(g_file_set_contents(f->path,
	    "this is a text that no database begins with, and long enough", -1,
	    NULL));
	assert_null(store_open_sqlite(f->path, &err));
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
	assert_null(store_open_sqlite("/nonexistent/dir/desk.db", &err));
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
}

static void
test_busy(void **state)
{
	struct fixture *f = *state;
	GError *err = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_false(store_begin(f->store, &err));
	assert_true(error_is(err, ERROR_TEMP));
	assert_false(store_in_transaction(f->store));
	g_clear_error(&err);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	begin(f->store);
	commit(f->store);
}

/* Files can grow no more; SIGXFSZ is ignored for the whole program. */
static void
limit_files(rlim_t max)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = MIN(max, limit.rlim_max);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A turn that cannot be written fails as a whole, and once there is room
 * again the store works without a restart. */
static void
test_full_at_commit(void **state)
{
	struct fixture *f = *state;
	struct store_ticket row;
	GError *err = NULL;
	gboolean is_done;

	begin(f->store);
	add_ticket(f->store, "AAAAAAAA");
	limit_files(4096);
	is_done = store_commit(f->store, &err);
	limit_files(RLIM_INFINITY);
	assert_false(is_done);
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
	assert_false(store_in_transaction(f->store));
	assert_int_equal(
	    find_ticket(f->store, "AAAAAAAA", &row), STORE_MISSING);
	begin(f->store);
	add_ticket(f->store, "BBBBBBBB");
	commit(f->store);
	(void)reopen(f);
	assert_int_equal(
	    find_ticket(f->store, "AAAAAAAA", &row), STORE_MISSING);
	assert_int_equal(find_ticket(f->store, "BBBBBBBB", &row), STORE_FOUND);
}

/* The fault comes in the middle, and SQLite rolls back all that came before
 * it: nothing after it may be committed by itself. */
static void
test_full_in_turn(void **state)
{
	struct fixture *f = *state;
	g_autofree guint8 *blob = g_malloc0(8 << 20);
	g_autoptr(GBytes) sealed = g_bytes_new(blob, 8 << 20);
	struct store_envelope row = {number("AAAAAAAA"), 5, key(7), sealed};
	struct store_ticket later = ticket("BBBBBBBB"), got;
	GError *err = NULL;
	gboolean is_put, is_added, is_done;

	begin(f->store);
	add_ticket(f->store, "AAAAAAAA");
	limit_files(4096);
	is_put = store_save(f->store, NULL) &&
		 store_envelope_put(f->store, &row, &err);
	store_revert(f->store);
	is_added = store_ticket_add(f->store, &later, NULL);
	limit_files(RLIM_INFINITY);
	is_done = store_commit(f->store, NULL);
	assert_false(is_put);
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
	assert_false(is_done);
	assert_false(is_added);
	assert_int_equal(
	    find_ticket(f->store, "AAAAAAAA", &got), STORE_MISSING);
	assert_int_equal(
	    find_ticket(f->store, "BBBBBBBB", &got), STORE_MISSING);
	begin(f->store);
	add_ticket(f->store, "CCCCCCCC");
	commit(f->store);
}

/* --- running
 * ------------------------------------------------------------------- */

static int
open_memory(void **state)
{
	struct fixture *f = g_new0(struct fixture, 1);

	f->store = store_open_memory();
	*state = f;
	return 0;
}

static int
open_sqlite(void **state)
{
	struct fixture *f = g_new0(struct fixture, 1);

	f->dir = g_dir_make_tmp("nymdesk-store-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "desk.db", NULL);
	f->store = store_open_sqlite(f->path, NULL);
	*state = f;
	return f->store == NULL;
}

static int
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
#define SUITE(on)                                                              \
	on(test_contact), on(test_pseudonym_of_ticket), on(test_contact_move), \
	    on(test_ticket), on(test_ticket_list), on(test_envelope),          \
	    on(test_message), on(test_promise), on(test_promise_lists),        \
	    on(test_count), on(test_rollback), on(test_save), on(test_purge)

int
main(void)
{
	const struct CMUnitTest memory[] = {SUITE(ON_MEMORY)};
	const struct CMUnitTest sqlite[] = {SUITE(ON_SQLITE)};
	const struct CMUnitTest file[] = {
	    ON_SQLITE(test_file_mode),
	    ON_SQLITE(test_reopen),
	    ON_SQLITE(test_deleted_is_gone),
	    ON_SQLITE(test_refused_files),
	    ON_SQLITE(test_not_a_database),
	    ON_SQLITE(test_busy),
	    ON_SQLITE(test_full_at_commit),
	    ON_SQLITE(test_full_in_turn),
	};
	int failed;

	(void)signal(SIGXFSZ, SIG_IGN);
	failed = cmocka_run_group_tests_name("memory", memory, NULL, NULL);
	failed += cmocka_run_group_tests_name("sqlite", sqlite, NULL, NULL);
	failed += cmocka_run_group_tests_name("file", file, NULL, NULL);
	return failed;
}
