/*
 * One suite for all engines of the store: what store/store.h promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "store_rows.h"

int store_file_tests(void);
int store_forget_tests(void);

static void
check_promise(const struct store_promise *got, const struct store_promise *row)
{
	assert_true(store_key_equal(&got->name.key, &row->name.key));
	assert_int_equal(got->name.kind, row->name.kind);
	assert_string_equal(got->ticket.s, row->ticket.s);
	assert_int_equal(got->state, row->state);
	assert_int_equal(got->slot, row->slot);
	assert_int_equal(got->due, row->due);
	assert_int_equal(got->next_try, row->next_try);
	assert_int_equal(got->attempts, row->attempts);
	assert_int_equal(got->alarm_at, row->alarm_at);
	assert_int_equal(got->alarmed, row->alarmed);
	assert_int_equal(got->arg, row->arg);
}

static void
test_contact(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_contact row = {
	    .id = key(1), .epoch = 5, .seen = 3600, .agent = "alice"};
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
	assert_string_equal(got.agent, "alice");

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
	check_ticket(&got, &row);
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
	check_ticket(&got, &row);
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
test_clue(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_clue row = {{5, key(1)}, 2, number("AAAAAAAA")}, got;
	struct store_trait other = {6, key(1)};

	begin(s);
	add_ticket(s, "AAAAAAAA");
	add_ticket(s, "BBBBBBBB");
	assert_int_equal(
	    store_clue_get(s, &row.trait, &got, NULL), STORE_MISSING);
	assert_true(store_clue_put(s, &row, NULL));
	assert_int_equal(
	    store_clue_get(s, &row.trait, &got, NULL), STORE_FOUND);
	assert_memory_equal(&got.trait, &row.trait, sizeof(row.trait));
	assert_int_equal(got.kind, 2);
	assert_string_equal(got.ticket.s, "AAAAAAAA");
	assert_int_equal(store_clue_get(s, &other, &got, NULL), STORE_MISSING);
	row.ticket = number("BBBBBBBB");
	assert_true(store_clue_put(s, &row, NULL)); /* the last has it */
	assert_int_equal(
	    store_clue_get(s, &row.trait, &got, NULL), STORE_FOUND);
	assert_string_equal(got.ticket.s, "BBBBBBBB");
	row.kind = 3;
	assert_true(store_clue_put(s, &row, NULL));
	assert_int_equal(
	    store_clue_get(s, &row.trait, &got, NULL), STORE_FOUND);
	assert_string_equal(got.ticket.s, "BBBBBBBB");
	assert_int_equal(got.kind, 3);
	commit(s);
}

static void
test_post(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_post row = {472222, 17, 2, NOW}, got = {1, 1, 1, 1};

	assert_true(store_post_get(s, &got, NULL));
	assert_memory_equal(&got, &((struct store_post){0}), sizeof(got));
	for (guint i = 0; i < 2; i++) {
		begin(s);
		assert_true(store_post_put(s, &row, NULL));
		commit(s);
		assert_true(store_post_get(s, &got, NULL));
		assert_int_equal(got.hour, row.hour);
		assert_int_equal(got.sent, row.sent);
		assert_int_equal(got.hold, row.hold);
		assert_int_equal(got.since, row.since);
		row = (struct store_post){472223, 0, 0, 0};
	}
	begin(s);
	got.sent = 99;
	assert_true(store_post_put(s, &got, NULL));
	store_rollback(s);
	assert_true(store_post_get(s, &got, NULL));
	assert_int_equal(got.sent, 0);
}

static void
test_tickets_since(void **state)
{
	static const struct {
		guint8 contact;
		gint64 opened;
		guint limit;
		guint count;
	} cases[] = {
	    {7, NOW, 9, 2}, /* not the forged one */
	    {7, NOW + 1, 9, 1},
	    {7, NOW + 2, 9, 0},
	    {7, 0, 9, 3},
	    {7, 0, 2, 2},
	    {7, 0, 0, 0},
	    {8, 0, 9, 1},
	    {9, 0, 9, 0},
	};
	static const struct {
		const char *number;
		guint8 contact;
		gint64 opened;
		guint32 flags;
	} rows[] = {
	    {"AAAAAAAA", 7, NOW - 1, 0},
	    {"BBBBBBBB", 7, NOW, TICKET_FLAG_MACHINE | TICKET_FLAG_MENTIONS},
	    {"CCCCCCCC", 7, NOW + 1, 0},
	    {"DDDDDDDD", 7, NOW + 1, TICKET_FLAG_UNPROVEN},
	    {"EEEEEEEE", 8, NOW + 1, 0},
	};
	struct store *s = ((struct fixture *)*state)->store;

	begin(s);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct store_ticket row = ticket(rows[i].number);

		row.contact = key(rows[i].contact);
		row.t.opened = rows[i].opened;
		row.t.flags = rows[i].flags;
		assert_true(store_ticket_add(s, &row, NULL));
	}
	commit(s);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct store_since since = {
		    key(cases[i].contact), cases[i].opened, cases[i].limit};
		guint count = 99;

		assert_true(store_tickets_since(s, &since, &count, NULL));
		assert_int_equal(count, cases[i].count);
	}
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
	row.arg = G_MAXUINT32;
	begin(s);
	add_ticket(s, "AAAAAAAA");
	assert_int_equal(
	    store_promise_get(s, &row.name, &got, NULL), STORE_MISSING);
	put_promise(s, row);
	assert_int_equal(
	    store_promise_get(s, &row.name, &got, NULL), STORE_FOUND);
	check_promise(&got, &row);
	assert_int_equal(store_promise_get(s, &other, &got, NULL),
	    STORE_MISSING); /* the kind is part of the name */
	row.state = STORE_PROMISE_SETTLED;
	row.alarm_at = 0;
	row.next_try = NOW + 99;
	row.arg = 3;
	put_promise(s, row);
	assert_int_equal(
	    store_promise_get(s, &row.name, &got, NULL), STORE_FOUND);
	check_promise(&got, &row);
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
	struct store_query query = {STORE_PROMISES_TO_TRY, NOW + 99, 1, 0};
	struct store_next next = {1, 1, 0};
	g_autoptr(GArray) list = NULL;

	assert_true(store_promise_next(s, 0, &next, NULL));
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
	assert_true(store_promise_next(s, 0, &next, NULL));
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

#define SUITE(on)                                                              \
	on(test_contact), on(test_pseudonym_of_ticket), on(test_contact_move), \
	    on(test_ticket), on(test_ticket_list), on(test_envelope),          \
	    on(test_message), on(test_promise), on(test_promise_lists),        \
	    on(test_count), on(test_rollback), on(test_save), on(test_clue),   \
	    on(test_post), on(test_tickets_since)

int
main(void)
{
	const struct CMUnitTest memory[] = {SUITE(ON_MEMORY)};
	const struct CMUnitTest sqlite[] = {SUITE(ON_SQLITE)};
	int failed;

	failed = cmocka_run_group_tests_name("memory", memory, NULL, NULL);
	failed += cmocka_run_group_tests_name("sqlite", sqlite, NULL, NULL);
	failed += store_forget_tests();
	failed += store_file_tests();
	return failed;
}
