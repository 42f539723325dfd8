/*
 * What is left when a player is forgotten or his epoch is dead: for both
 * engines what can be asked for, and for the file its octets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "store_rows.h"

int store_forget_tests(void);

/* Of ticket() only what is counted, on times of the hour. */
static void
check_forgotten(const struct store_ticket *got)
{
	struct store_ticket want = ticket(got->t.number.s);
	gint64 step = NOW % 3600;

	assert_true(step > 0); /* or it shows nothing */
	assert_true(store_ticket_is_forgotten(got));
	want.contact = (struct store_key){{0}};
	want.epoch = got->epoch;
	want.copy_id[0] = want.t.pseudonym[0] = '\0';
	want.t.opened -= step;
	want.t.first_reply_due -= step;
	want.t.decision_due -= step;
	want.t.acknowledged -= step;
	want.t.answered -= step;
	want.t.ack_due -= step;
	want.t.decided -= step;
	want.t.waiting -= step;
	check_ticket(got, &want);
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
	row.epoch = 6;
	assert_true(store_ticket_update(s, &row, NULL));
	put_envelope(s, "AAAAAAAA", 5, sealed);
	put_envelope(s, "BBBBBBBB", 6, sealed);
	for (guint8 i = 1; i <= 3; i++) {
		struct store_message m = {
		    key(i), i == 3 ? 6 : 5, a, STORE_MESSAGE_TAKEN};

		assert_true(store_message_put(s, &m, NULL));
		put_promise(s, promise(i, STORE_PROMISE_SETTLED));
		put_clue(s, i, m.epoch, "AAAAAAAA");
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
	assert_int_equal(find_clue(s, 1, 5), STORE_MISSING);
	assert_int_equal(find_clue(s, 2, 5), STORE_MISSING);
	assert_int_equal(find_clue(s, 3, 6), STORE_FOUND);
	got = promise(2, STORE_PROMISE_SETTLED);
	assert_int_equal(
	    store_promise_get(s, &got.name, &got, NULL), STORE_MISSING);
	/* Of a live message, but of a ticket that is dead. */
	got = promise(3, STORE_PROMISE_SETTLED);
	assert_int_equal(
	    store_promise_get(s, &got.name, &got, NULL), STORE_MISSING);
	assert_int_equal(
	    store_envelope_get(s, &a, &envelope, NULL), STORE_MISSING);
	assert_int_equal(
	    store_envelope_get(s, &b, &envelope, NULL), STORE_FOUND);
	g_bytes_unref(envelope.sealed);
	assert_int_equal(find_ticket(s, "AAAAAAAA", &row), STORE_FOUND);
	check_forgotten(&row);
	assert_int_equal(find_ticket(s, "BBBBBBBB", &row), STORE_FOUND);
	assert_true(store_key_is_set(&row.contact));
	assert_false(store_ticket_is_forgotten(&row));
}

/* A ticket that has no contact lives as long as its epoch. */
static void
test_purge_without_contact(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_ticket row = ticket("AAAAAAAA");

	row.contact = (struct store_key){{0}};
	begin(s);
	assert_true(store_ticket_add(s, &row, NULL));
	commit(s);
	(void)purge_all(s, 5, LIMIT);
	assert_int_equal(find_ticket(s, "AAAAAAAA", &row), STORE_FOUND);
	assert_false(store_ticket_is_forgotten(&row));
	assert_int_equal(purge_all(s, 6, LIMIT), 2);
	assert_int_equal(find_ticket(s, "AAAAAAAA", &row), STORE_FOUND);
	check_forgotten(&row);
}

/* Three tickets of key(7), one of key(8), all with an envelope and a message
 * under a settled promise. */
static void
put_players(struct store *s)
{
	static const char *const numbers[] = {
	    "AAAAAAAA", "BBBBBBBB", "CCCCCCCC", "DDDDDDDD"};
	g_autoptr(GBytes) sealed = g_bytes_new("x", 1);

	put_contact(s, 7, 5, "amber-otter-41");
	put_contact(s, 8, 5, "brave-lynx-10");
	for (guint8 i = 0; i < G_N_ELEMENTS(numbers); i++) {
		struct store_ticket row = ticket(numbers[i]);
		struct store_message m = {
		    key(i), 5, row.t.number, STORE_MESSAGE_TAKEN};
		struct store_promise p = promise(i, STORE_PROMISE_OPEN);

		row.contact = key(i == 3 ? 8 : 7);
		p.ticket = row.t.number;
		p.alarm_at = NOW;
		m.fingerprint = p.name.key = key((guint8)(i + 1));
		assert_true(store_ticket_add(s, &row, NULL));
		put_envelope(s, numbers[i], 5, sealed);
		assert_true(store_message_put(s, &m, NULL));
		put_promise(s, p);
		put_clue(s, (guint8)(i + 1), 5, numbers[i]);
	}
}

static void
test_forget(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct number b = number("BBBBBBBB"), none = number("ZZZZZZZZ");
	struct store_counts before, after;
	struct store_envelope envelope;
	struct store_ticket row;
	guint n = 9;

	begin(s);
	put_players(s);
	assert_true(store_count(s, NOW, &before, NULL));
	assert_int_equal(store_forget(s, &none, &n, NULL), STORE_MISSING);
	assert_int_equal(n, 0);
	assert_int_equal(store_forget(s, &b, &n, NULL), STORE_FOUND);
	assert_int_equal(n, 3);
	assert_int_equal(store_forget(s, &b, &n, NULL), STORE_FOUND);
	assert_int_equal(n, 0); /* he was forgotten before */
	commit(s);
	assert_int_equal(find_contact(s, 7), STORE_MISSING);
	for (guint8 i = 0; i < 3; i++) {
		const char *const numbers[] = {
		    "AAAAAAAA", "BBBBBBBB", "CCCCCCCC"};
		struct number at = number(numbers[i]);

		assert_int_equal(
		    find_ticket(s, numbers[i], &row), STORE_FOUND);
		check_forgotten(&row);
		assert_int_equal(store_envelope_get(s, &at, &envelope, NULL),
		    STORE_MISSING);
		assert_int_equal(
		    find_message(s, (guint8)(i + 1)), STORE_MISSING);
		assert_int_equal(
		    find_clue(s, (guint8)(i + 1), 5), STORE_MISSING);
	}
	/* No alarm is left for what nobody can keep. */
	assert_int_equal(
	    count_promises(s, STORE_PROMISES_TO_ALARM, NOW, NULL), 1);
	assert_int_equal(
	    count_promises(s, STORE_PROMISES_TO_TRY, G_MAXINT64, NULL), 1);
	assert_true(store_count(s, NOW, &after, NULL));
	assert_int_equal(after.tickets_open, before.tickets_open);
	assert_int_equal(after.tickets_closed, before.tickets_closed);

	assert_int_equal(find_contact(s, 8), STORE_FOUND);
	assert_int_equal(find_message(s, 4), STORE_FOUND);
	assert_int_equal(find_clue(s, 4, 5), STORE_FOUND);
	assert_int_equal(find_ticket(s, "DDDDDDDD", &row), STORE_FOUND);
	assert_false(store_ticket_is_forgotten(&row));
	/* The name is free again. */
	assert_int_equal(store_pseudonym_find(
			     s, "amber-otter-41", &row.contact, NULL),
	    STORE_MISSING);
}

/* A contact with more tickets than one step takes. */
static void
test_forget_many(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct number first = number("AAAAA000");
	struct store_ticket row;
	guint n = 0;

	begin(s);
	put_contact(s, 7, 5, "amber-otter-41");
	for (guint i = 0; i < 250; i++) {
		char text[NUMBER_TEXT_SIZE];

		(void)g_snprintf(text, sizeof(text), "AAAAA%03u", i);
		add_ticket(s, text);
	}
	assert_int_equal(store_forget(s, &first, &n, NULL), STORE_FOUND);
	assert_int_equal(n, 250);
	assert_int_equal(find_ticket(s, "AAAAA249", &row), STORE_FOUND);
	check_forgotten(&row);
	commit(s);
}

/* Without an address there is nobody to find other tickets of. */
static void
test_forget_without_contact(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_ticket row = ticket("AAAAAAAA");
	struct number a = row.t.number;
	guint n = 0;

	begin(s);
	row.contact = (struct store_key){{0}};
	assert_true(store_ticket_add(s, &row, NULL));
	row.t.number = number("BBBBBBBB");
	(void)g_strlcpy(row.t.pseudonym, "brave-lynx-10", PSEUDONYM_SIZE);
	assert_true(store_ticket_add(s, &row, NULL));
	assert_int_equal(store_forget(s, &a, &n, NULL), STORE_FOUND);
	assert_int_equal(n, 1);
	assert_int_equal(find_ticket(s, "AAAAAAAA", &row), STORE_FOUND);
	check_forgotten(&row);
	assert_int_equal(find_ticket(s, "BBBBBBBB", &row), STORE_FOUND);
	assert_false(store_ticket_is_forgotten(&row));
	commit(s);
}

/* What was not reached yet stays not reached. */
static void
test_forget_times(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct store_ticket row = ticket("AAAAAAAA");
	struct number a = row.t.number;
	guint n = 0;

	row.t.answered = 0;
	row.t.closed = row.t.opened + 86399;
	begin(s);
	assert_true(store_ticket_add(s, &row, NULL));
	assert_int_equal(store_forget(s, &a, &n, NULL), STORE_FOUND);
	commit(s);
	assert_int_equal(find_ticket(s, "AAAAAAAA", &row), STORE_FOUND);
	assert_int_equal(row.t.opened, NOW - NOW % 3600);
	assert_int_equal(row.t.answered, 0);
	assert_int_equal(row.t.closed - row.t.opened, 86399);
}

/* --- the octets of the file --- */

static void
fill(GBytes **sealed, const char *text)
{
	/* Longer than a page, as overflow pages are freed, too. */
	g_autofree char *long_text = g_strnfill(9000, text[0]);

	memcpy(long_text + 8000, text, strlen(text));
	*sealed = g_bytes_new(long_text, 9000);
}

/* Rows of key(0xA7) among those of others, in many pages. */
static void
put_crowd(struct store *s, GBytes *sealed)
{
	g_autoptr(GBytes) other = g_bytes_new("y", 1);

	for (guint i = 0; i < 400; i++) {
		char text[NUMBER_TEXT_SIZE];
		gboolean is_his = i % 40 == 0;
		struct store_ticket row;
		struct store_message m = {.epoch = 5};
		struct store_promise p = {.due = NOW, .alarm_at = NOW};
		struct store_clue c = {.trait.epoch = 5, .kind = 1};

		(void)g_snprintf(text, sizeof(text), "AAAAA%03u", i);
		row = ticket(text);
		row.contact = key(is_his ? 0xA7 : 8);
		(void)g_strlcpy(row.t.pseudonym,
		    is_his ? "tawny-stoat-77" : "brave-lynx-10",
		    PSEUDONYM_SIZE);
		(void)g_strlcpy(row.copy_id, is_his ? "hiscopyid" : "othercopy",
		    STORE_COPY_ID_SIZE);
		m.fingerprint = key(is_his ? 0xB7 : 9);
		m.fingerprint.b[0] = (guint8)i;
		m.fingerprint.b[1] = (guint8)(i / 256);
		m.ticket = p.ticket = row.t.number;
		m.state = STORE_MESSAGE_TAKEN;
		p.name = (struct store_name){m.fingerprint, 1};
		p.state = STORE_PROMISE_SETTLED;
		assert_true(store_ticket_add(s, &row, NULL));
		put_envelope(s, text, 5, is_his ? sealed : other);
		assert_true(store_message_put(s, &m, NULL));
		put_promise(s, p);
		c.trait.key = key(is_his ? 0xC7 : 10);
		memcpy(c.trait.key.b, m.fingerprint.b, 2);
		c.ticket = row.t.number;
		assert_true(store_clue_put(s, &c, NULL));
	}
}

/* How many of the octets of a forgotten player one of the files has. */
static guint
count_traces(const struct fixture *f)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	static const char *const texts[] = {
	    "sealed-for-him", "tawny-stoat-77", "hiscopyid"};
	struct store_key id = key(0xA7), print = key(0xB7), clue = key(0xC7);
	guint found = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);
		g_autofree char *data = NULL;
		gsize len = 0;

		assert_true(g_file_get_contents(path, &data, &len, NULL));
		for (gsize j = 0; j < G_N_ELEMENTS(texts); j++)
			found += memmem(data, len, texts[j],
				     strlen(texts[j])) != NULL;
		found += memmem(data, len, id.b, 8) != NULL;
		found += memmem(data, len, print.b, 8) != NULL;
		found += memmem(data, len, clue.b, 8) != NULL;
	}
	return found;
}

static void
open_crowd(struct fixture *f)
{
	g_autoptr(GBytes) sealed = NULL;

	fill(&sealed, "sealed-for-him");
	begin(f->store);
	put_contact(f->store, 0xA7, 5, "tawny-stoat-77");
	put_contact(f->store, 8, 6, "brave-lynx-10");
	put_crowd(f->store, sealed);
	commit(f->store);
	assert_int_equal(count_traces(f), 6); /* in the log, all of them */
	store_idle(f->store);
	assert_int_equal(count_traces(f), 6); /* in the database */
}

static void
test_forgotten_is_gone(void **state)
{
	struct fixture *f = *state;
	struct number his = number("AAAAA000");
	guint n = 0;

	open_crowd(f);
	begin(f->store);
	assert_int_equal(store_forget(f->store, &his, &n, NULL), STORE_FOUND);
	commit(f->store);
	assert_int_equal(n, 10);
	assert_true(count_traces(f) > 0); /* or store_idle() is for nothing */
	store_idle(f->store);
	assert_int_equal(count_traces(f), 0);
}

static void
test_dead_is_gone(void **state)
{
	struct fixture *f = *state;

	open_crowd(f);
	(void)purge_all(f->store, 6, LIMIT);
	store_idle(f->store);
	assert_int_equal(count_traces(f), 0);
}

#define SUITE(on)                                                              \
	on(test_purge), on(test_purge_without_contact), on(test_forget),       \
	    on(test_forget_many), on(test_forget_without_contact),             \
	    on(test_forget_times)

int
store_forget_tests(void)
{
	const struct CMUnitTest memory[] = {SUITE(ON_MEMORY)};
	const struct CMUnitTest sqlite[] = {SUITE(ON_SQLITE),
	    ON_SQLITE(test_forgotten_is_gone), ON_SQLITE(test_dead_is_gone)};

	return cmocka_run_group_tests_name(
		   "memory forgets", memory, NULL, NULL) +
	       cmocka_run_group_tests_name(
		   "sqlite forgets", sqlite, NULL, NULL);
}
