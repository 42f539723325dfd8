/*
 * Clocks, whose player a contact is, and the weekly report, on both engines;
 * and which kinds of promises are asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store_rows.h"

int store_clock_tests(void);

static void
put_clock(struct store *s, const char *text, struct sla_clock clock)
{
	struct store_clock row = {.ticket = number(text), .clock = clock};

	assert_true(store_clock_put(s, &row, NULL));
}

static enum store_result
find_clock(struct store *s, const char *text, enum sla_kind kind,
    struct store_clock *out)
{
	struct number at = number(text);

	return store_clock_get(s, &at, kind, out, NULL);
}

static void
check_clock(const struct store_clock *got, const struct sla_clock *want)
{
	assert_int_equal(got->clock.kind, want->kind);
	assert_int_equal(got->clock.start, want->start);
	assert_int_equal(got->clock.length_s, want->length_s);
	assert_int_equal(got->clock.paused_at, want->paused_at);
	assert_int_equal(got->clock.paused_s, want->paused_s);
	assert_int_equal(got->clock.settled, want->settled);
	assert_int_equal(got->clock.said, want->said);
}

/* "A2 B4 ": first letter of the ticket and kind of each. */
static char *
list_text(const GArray *list)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++) {
		const struct store_clock *c =
		    &g_array_index(list, struct store_clock, i);

		g_string_append_printf(
		    out, "%c%d ", c->ticket.s[0], (int)c->clock.kind);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
check_due(struct store *s, gint64 now, guint limit, const char *want)
{
	g_autoptr(GArray) list = NULL;
	g_autofree char *got = NULL;

	list = g_array_new(FALSE, FALSE, sizeof(struct store_clock));
	assert_true(store_clocks_due(s, now, limit, list, NULL));
	got = list_text(list);
	assert_string_equal(got, want);
}

static void
check_listed(struct store *s, const char *text, const char *want)
{
	struct number at = number(text);
	g_autoptr(GArray) list = NULL;
	g_autofree char *got = NULL;

	list = g_array_new(FALSE, FALSE, sizeof(struct store_clock));
	assert_true(store_clock_list(s, &at, list, NULL));
	got = list_text(list);
	assert_string_equal(got, want);
}

static gint64
next_clock(struct store *s)
{
	struct store_next next = {0};

	assert_true(store_promise_next(s, 0, &next, NULL));
	return next.clock_at;
}

static void
test_clock(void **state)
{
	static const struct sla_clock rows[] = {
	    {SLA_DECISION, NOW, 1000, NOW + 9, 8, 0, 50},
	    {SLA_DECISION, NOW + 1, 2000, 0, 17, NOW + 20, 80}, /* instead */
	    {SLA_ACK, NOW + 2, 3000, 0, 0, 0, 0},
	    {SLA_ESCALATE, NOW + 3, 4000, 0, 0, 0, 100},
	};
	struct store *s = ((struct fixture *)*state)->store;
	struct store_clock got;

	begin(s);
	add_ticket(s, "AAAAAAAA");
	add_ticket(s, "BBBBBBBB");
	assert_int_equal(
	    find_clock(s, "AAAAAAAA", SLA_DECISION, &got), STORE_MISSING);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		put_clock(s, "AAAAAAAA", rows[i]);
		assert_int_equal(
		    find_clock(s, "AAAAAAAA", rows[i].kind, &got), STORE_FOUND);
		assert_string_equal(got.ticket.s, "AAAAAAAA");
		check_clock(&got, &rows[i]);
	}
	commit(s);
	/* Of this ticket, one of a kind. */
	check_listed(s, "AAAAAAAA", "A1 A3 A4 ");
	check_listed(s, "BBBBBBBB", "");
	assert_int_equal(
	    find_clock(s, "AAAAAAAA", SLA_FIRST_REPLY, &got), STORE_MISSING);
	assert_int_equal(
	    find_clock(s, "BBBBBBBB", SLA_ACK, &got), STORE_MISSING);

	begin(s);
	put_clock(s, "AAAAAAAA", rows[0]);
	put_clock(s, "BBBBBBBB", rows[2]);
	store_rollback(s);
	assert_int_equal(
	    find_clock(s, "AAAAAAAA", SLA_DECISION, &got), STORE_FOUND);
	check_clock(&got, &rows[1]);
	check_listed(s, "BBBBBBBB", "");
}

/* Each clock is due when sla_next() says, and in that order. */
static void
test_clocks_due(void **state)
{
	static const struct {
		const char *number;
		struct sla_clock clock;
	} rows[] = {
	    {"AAAAAAAA", {SLA_FIRST_REPLY, NOW, 100, 0, 0, 0, 0}},   /* 50 */
	    {"BBBBBBBB", {SLA_DECISION, NOW, 100, 0, 7, 0, 50}},     /* 87 */
	    {"CCCCCCCC", {SLA_DECISION, NOW, 50, 0, 0, 0, 0}},	     /* 25 */
	    {"CCCCCCCC", {SLA_ESCALATE, NOW, 100, 0, 0, 0, 80}},     /* 101 */
	    {"DDDDDDDD", {SLA_DECISION, NOW, 10, NOW + 1, 0, 0, 0}}, /* - */
	    {"DDDDDDDD", {SLA_ACK, NOW, 10, 0, 0, NOW + 1, 0}},	     /* - */
	    {"DDDDDDDD", {SLA_ESCALATE, NOW, 10, 0, 0, 0, 100}},     /* - */
	    {"DDDDDDDD", {SLA_FIRST_REPLY, NOW, 0, 0, 0, 0, 0}},     /* - */
	};
	static const struct {
		gint64 now;
		guint limit;
		const char *due;
	} cases[] = {
	    {NOW, 9, ""},
	    {NOW + 24, 9, ""},
	    {NOW + 25, 9, "C3 "},
	    {NOW + 50, 9, "C3 A2 "},
	    {NOW + 100, 9, "C3 A2 B3 "},
	    {NOW + 9999, 9, "C3 A2 B3 C4 "},
	    {NOW + 9999, 2, "C3 A2 "},
	    {NOW + 9999, 0, ""},
	};
	struct store *s = ((struct fixture *)*state)->store;
	struct sla_clock first = rows[2].clock;

	assert_int_equal(next_clock(s), 0);
	begin(s);
	add_ticket(s, "AAAAAAAA");
	add_ticket(s, "BBBBBBBB");
	add_ticket(s, "CCCCCCCC");
	add_ticket(s, "DDDDDDDD");
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		put_clock(s, rows[i].number, rows[i].clock);
	commit(s);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		check_due(s, cases[i].now, cases[i].limit, cases[i].due);
	assert_int_equal(next_clock(s), NOW + 25);

	/* What was said is no longer due, and what is settled never. */
	begin(s);
	assert_int_equal(sla_catch_up(&first, NOW + 25), 50);
	put_clock(s, "CCCCCCCC", first);
	commit(s);
	check_due(s, NOW + 39, 9, "");
	check_due(s, NOW + 40, 9, "C3 ");
	assert_int_equal(next_clock(s), NOW + 40);
	begin(s);
	assert_true(sla_settle(&first, NOW + 30, TRUE));
	put_clock(s, "CCCCCCCC", first);
	commit(s);
	check_due(s, NOW + 9999, 9, "A2 B3 C4 ");
	assert_int_equal(next_clock(s), NOW + 50);
}

static void
test_contact_named(void **state)
{
	static const struct {
		const char *name;
		guint8 id; /* 0: none */
		const char *agent;
	} cases[] = {
	    {"amber-otter-41", 1, "alice"}, {"brave-lynx-10", 2, ""},
	    {"tawny-stoat-77", 0, ""},		 /* of a ticket only */
	    {"amber-otter", 0, ""}, {"", 0, ""}, /* having no name is no name */
	};
	struct store *s = ((struct fixture *)*state)->store;
	struct store_contact vip = {key(1), 5, "amber-otter-41", 0, "alice"};
	struct store_ticket row = ticket("AAAAAAAA");

	(void)g_strlcpy(row.t.pseudonym, "tawny-stoat-77", PSEUDONYM_SIZE);
	begin(s);
	assert_true(store_contact_put(s, &vip, NULL));
	put_contact(s, 2, 5, "brave-lynx-10");
	put_contact(s, 3, 5, "");
	assert_true(store_ticket_add(s, &row, NULL));
	commit(s);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct store_contact got = {.epoch = 99};
		struct store_key want = key(cases[i].id);

		assert_int_equal(
		    store_contact_named(s, cases[i].name, &got, NULL),
		    cases[i].id == 0 ? STORE_MISSING : STORE_FOUND);
		if (cases[i].id == 0) {
			assert_int_equal(got.epoch, 99);
			continue;
		}
		assert_true(store_key_equal(&got.id, &want));
		assert_string_equal(got.agent, cases[i].agent);
		assert_string_equal(got.pseudonym, cases[i].name);
	}
}

/* A new epoch must not take a player from his agent. */
static void
test_agent_moves(void **state)
{
	static const struct {
		const char *from;
		const char *to; /* NULL: no such row */
		const char *then;
	} cases[] = {
	    {"alice", NULL, "alice"},
	    {"", NULL, ""},
	    {"alice", "", "alice"},
	    {"alice", "bob", "bob"},
	    {"", "bob", "bob"},
	};
	struct store *s = ((struct fixture *)*state)->store;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct store_contact row = {
		    .id = key((guint8)(10 + 2 * i)), .epoch = 5};
		struct store_key from = row.id;
		struct store_key to = key((guint8)(11 + 2 * i));

		begin(s);
		(void)g_strlcpy(row.agent, cases[i].from, TICKET_TOKEN_SIZE);
		assert_true(store_contact_put(s, &row, NULL));
		row.id = to;
		row.epoch = 6;
		if (cases[i].to != NULL) {
			(void)g_strlcpy(
			    row.agent, cases[i].to, TICKET_TOKEN_SIZE);
			assert_true(store_contact_put(s, &row, NULL));
		}
		assert_true(store_contact_move(s, &from, &to, 6, NULL));
		assert_int_equal(
		    store_contact_get(s, &to, &row, NULL), STORE_FOUND);
		assert_string_equal(row.agent, cases[i].then);
		assert_int_equal(
		    store_contact_get(s, &from, &row, NULL), STORE_MISSING);
		commit(s);
	}
}

/* The first one of each number. */
static char *
letters_of(const GArray *tickets)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < tickets->len; i++)
		g_string_append_c(
		    out, g_array_index(tickets, struct store_ticket, i)
			     .t.number.s[0]);
	return g_string_free(out, FALSE);
}

static void
test_tickets_open_of(void **state)
{
	static const struct {
		const char *number;
		guint8 contact;
		enum ticket_state state;
		gint64 opened;
	} rows[] = {
	    {"AAAAAAAA", 7, TICKET_OPEN, NOW + 3},
	    {"BBBBBBBB", 7, TICKET_CLOSED, NOW + 1},
	    {"CCCCCCCC", 7, TICKET_OPEN, NOW + 2},
	    {"DDDDDDDD", 8, TICKET_OPEN, NOW},
	};
	static const struct {
		guint8 contact;
		guint limit;
		const char *got;
	} cases[] = {
	    {7, 9, "CA"}, {7, 1, "C"}, {7, 0, ""}, {8, 9, "D"}, {9, 9, ""}};
	struct store *s = ((struct fixture *)*state)->store;

	begin(s);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct store_ticket row = ticket(rows[i].number);

		row.contact = key(rows[i].contact);
		row.t.state = rows[i].state;
		row.t.opened = rows[i].opened;
		assert_true(store_ticket_add(s, &row, NULL));
	}
	commit(s);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct store_key contact = key(cases[i].contact);
		g_autofree char *got = NULL;
		g_autoptr(GArray) list = NULL;

		list = g_array_new(FALSE, FALSE, sizeof(struct store_ticket));
		assert_true(store_tickets_open_of(
		    s, &contact, cases[i].limit, list, NULL));
		got = letters_of(list);
		assert_string_equal(got, cases[i].got);
	}
}

static void
test_tickets_open_in(void **state)
{
	static const struct {
		const char *number;
		const char *queue;
		enum ticket_state state;
	} rows[] = {
	    {"DDDDDDDD", "support", TICKET_OPEN},
	    {"AAAAAAAA", "support", TICKET_OPEN},
	    {"BBBBBBBB", "support", TICKET_CLOSED},
	    {"CCCCCCCC", "support-vip", TICKET_OPEN},
	    {"EEEEEEEE", "support", TICKET_OPEN},
	};
	static const struct {
		struct store_open open;
		const char *got;
	} cases[] = {
	    {{"support", {""}, 9}, "ADE"},
	    {{"support", {""}, 2}, "AD"},
	    {{"support", {"AAAAAAAA"}, 1}, "D"},
	    {{"support", {"AAAAAAAB"}, 9}, "DE"},
	    {{"support", {"EEEEEEEE"}, 9}, ""},
	    {{"support", {""}, 0}, ""},
	    {{"support-vip", {""}, 9}, "C"},
	    {{"nowhere", {""}, 9}, ""},
	};
	struct store *s = ((struct fixture *)*state)->store;

	begin(s);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct store_ticket row = ticket(rows[i].number);

		(void)g_strlcpy(row.t.queue, rows[i].queue, TICKET_TOKEN_SIZE);
		row.t.state = rows[i].state;
		assert_true(store_ticket_add(s, &row, NULL));
	}
	commit(s);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = NULL;
		g_autoptr(GArray) list = NULL;

		list = g_array_new(FALSE, FALSE, sizeof(struct store_ticket));
		assert_true(
		    store_tickets_open_in(s, &cases[i].open, list, NULL));
		got = letters_of(list);
		assert_string_equal(got, cases[i].got);
	}
}

static void
test_weekly(void **state)
{
	static const struct store_weekly rows[] = {
	    {"support", NOW, NOW + 5, 3},
	    {"support", NOW + 9, 0, 0}, /* instead */
	    {"support-vip", NOW + 1, NOW + 6, 4},
	};
	struct store *s = ((struct fixture *)*state)->store;
	struct store_weekly got;

	begin(s);
	assert_int_equal(
	    store_weekly_get(s, "support", &got, NULL), STORE_MISSING);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct store_weekly row = rows[i];

		/* What stands behind the name is no part of it. */
		row.queue[TICKET_TOKEN_SIZE - 1] = (char)('a' + i);
		assert_true(store_weekly_put(s, &row, NULL));
		assert_int_equal(store_weekly_get(s, rows[i].queue, &got, NULL),
		    STORE_FOUND);
		assert_string_equal(got.queue, rows[i].queue);
		assert_int_equal(got.sent, rows[i].sent);
		assert_int_equal(got.next_try, rows[i].next_try);
		assert_int_equal(got.slot, rows[i].slot);
	}
	commit(s);
	assert_int_equal(
	    store_weekly_get(s, "support", &got, NULL), STORE_FOUND);
	assert_int_equal(got.sent, NOW + 9);
}

/* Kinds 1 to 3 are open and wait; one of kind 4 is claimed. */
static void
test_kinds(void **state)
{
	static const struct {
		guint32 kinds;
		guint limit;
		const char *got;
		gint64 next;
	} cases[] = {
	    {0, 9, "123", NOW + 1},
	    {1 << 1, 9, "1", NOW + 1},
	    {1 << 2 | 1 << 3, 9, "23", NOW + 2},
	    {1 << 2 | 1 << 3, 1, "2", NOW + 2}, /* others do not count */
	    {1 << 3, 9, "3", NOW + 3},
	    {1 << 4, 9, "", 0},
	    {1 << 5 | 1U << 31, 9, "", 0},
	};
	struct store *s = ((struct fixture *)*state)->store;

	begin(s);
	add_ticket(s, "AAAAAAAA");
	for (guint8 i = 1; i <= 4; i++) {
		struct store_promise row = promise(
		    i, i == 4 ? STORE_PROMISE_CLAIMED : STORE_PROMISE_OPEN);

		row.name.kind = i;
		row.alarm_at = NOW + 50 + i;
		put_promise(s, row);
	}
	commit(s);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct store_query query = {STORE_PROMISES_TO_TRY, NOW + 9,
		    cases[i].limit, cases[i].kinds};
		g_autoptr(GString) got = g_string_new(NULL);
		g_autoptr(GArray) list = NULL;
		struct store_next next;

		list = g_array_new(FALSE, FALSE, sizeof(struct store_promise));
		assert_true(store_promise_list(s, &query, list, NULL));
		for (guint k = 0; k < list->len; k++)
			g_string_append_printf(got, "%u",
			    g_array_index(list, struct store_promise, k)
				.name.kind);
		assert_string_equal(got->str, cases[i].got);
		assert_true(store_promise_next(s, cases[i].kinds, &next, NULL));
		assert_int_equal(next.try_at, cases[i].next);
		assert_int_equal(next.alarm_at, NOW + 51); /* of any */
	}
}

/* Two tickets of one player and one of another, each with two clocks and a
 * promise to agents, which no message has the name of. */
static void
put_cases(struct store *s)
{
	static const char *const numbers[] = {
	    "AAAAAAAA", "BBBBBBBB", "CCCCCCCC"};

	begin(s);
	for (guint8 i = 0; i < G_N_ELEMENTS(numbers); i++) {
		struct store_ticket row = ticket(numbers[i]);
		struct store_promise p =
		    promise((guint8)(100 + i), STORE_PROMISE_OPEN);

		row.contact = key(i == 2 ? 8 : 7);
		row.epoch = i == 2 ? 6 : 5;
		p.ticket = row.t.number;
		assert_true(store_ticket_add(s, &row, NULL));
		put_clock(s, numbers[i],
		    (struct sla_clock){
			.kind = SLA_ACK, .start = NOW + i, .length_s = 10});
		put_clock(s, numbers[i],
		    (struct sla_clock){.kind = SLA_DECISION,
			.start = NOW + i,
			.length_s = 10});
		put_promise(s, p);
	}
	put_contact(s, 7, 5, "amber-otter-41");
	put_contact(s, 8, 6, "brave-lynx-10");
	commit(s);
}

static void
check_only_last(struct store *s)
{
	struct store_promise left = {0};

	check_listed(s, "AAAAAAAA", "");
	check_listed(s, "BBBBBBBB", "");
	check_listed(s, "CCCCCCCC", "C1 C3 ");
	check_due(s, G_MAXINT64, LIMIT, "C1 C3 ");
	assert_int_equal(
	    count_promises(s, STORE_PROMISES_TO_TRY, G_MAXINT64, &left), 1);
	assert_string_equal(left.ticket.s, "CCCCCCCC");
}

static void
test_forget_dues(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;
	struct number a = number("AAAAAAAA");
	guint n = 0;

	put_cases(s);
	begin(s);
	assert_int_equal(store_forget(s, &a, &n, NULL), STORE_FOUND);
	assert_int_equal(n, 2);
	commit(s);
	check_only_last(s);
}

static void
test_purge_dues(void **state)
{
	struct store *s = ((struct fixture *)*state)->store;

	put_cases(s);
	(void)purge_all(s, 5, LIMIT);
	check_listed(s, "AAAAAAAA", "A1 A3 ");
	(void)purge_all(s, 6, 1);
	check_only_last(s);
}

#define SUITE(on)                                                              \
	on(test_clock), on(test_clocks_due), on(test_contact_named),           \
	    on(test_agent_moves), on(test_tickets_open_of),                    \
	    on(test_tickets_open_in), on(test_weekly),                         \
	    on(test_kinds), on(test_forget_dues), on(test_purge_dues)

int
store_clock_tests(void)
{
	const struct CMUnitTest memory[] = {SUITE(ON_MEMORY)};
	const struct CMUnitTest sqlite[] = {SUITE(ON_SQLITE)};

	return cmocka_run_group_tests_name(
		   "memory clocks", memory, NULL, NULL) +
	       cmocka_run_group_tests_name("sqlite clocks", sqlite, NULL, NULL);
}
