/*
 * The numbers of tickets, against values worked out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "desk/control.h"
#include "desk_acts.h"
#include "ticket/kpi.h"

int desk_numbers_tests(void);

#define T0 WORLD_START
#define HOUR 3600

static char kim[] = "kim", vip[] = "vip";

static void
clear_page(struct proto_ctl_numbers_are *page)
{
	for (guint i = 0; i < page->tickets->len; i++) {
		struct proto_ctl_kpi *k =
		    &g_array_index(page->tickets, struct proto_ctl_kpi, i);

		g_free(k->queue);
		g_free(k->category);
		g_free(k->lang);
		g_free(k->agent);
	}
	g_array_unref(page->tickets);
}

/* Its texts are not to be looked at. */
static struct proto_ctl_kpi
numbers_of(struct world *w, const struct number *number)
{
	struct proto_ctl_numbers ask = {.limit = 100};
	struct proto_ctl_numbers_are page = {0};
	struct proto_ctl_kpi out = {0};

	assert_true(control_numbers(w->store, &ask, w->now, &page, NULL));
	for (guint i = 0; i < page.tickets->len; i++) {
		const struct proto_ctl_kpi *k =
		    &g_array_index(page.tickets, struct proto_ctl_kpi, i);

		if (number_equal(&k->number, number))
			out = *k;
	}
	clear_page(&page);
	return out;
}

static void
steer(struct world *w, const char *mail, const struct number *number,
    guint32 verbs)
{
	struct proto_desk_steer in = {.number = *number,
	    .verbs = verbs,
	    .close = (verbs & PROTO_VERB_CLOSE) != 0 ? PROTO_CLOSE_SOLVED
						     : PROTO_CLOSE_NONE,
	    .queue = (verbs & PROTO_VERB_QUEUE) != 0 ? vip : NULL,
	    .agent = kim};

	assert_true(acts_steer(w, mail, &in, NULL, NULL));
}

/* The times of world_init(): acknowledged in 1 h, first reply in 2 h, decision
 * in 24 h. */
static void
a_ticket_of_one_day(void **state)
{
	struct world *w = *state;
	struct world_mail first = world_mail("m1", "anna");
	struct world_mail more = world_mail("m2", "anna");
	struct number number = world_receive(w, &first).number;
	struct proto_ctl_kpi k = numbers_of(w, &number);

	assert_int_equal(k.opened, T0);
	assert_int_equal(k.ack_due, T0 + HOUR);
	assert_int_equal(k.first_reply_due, T0 + 2 * HOUR);
	assert_int_equal(k.decision_due, T0 + 24 * HOUR);
	assert_int_equal(k.ack_done + k.first_reply_done + k.decision_done, 0);
	assert_int_equal(k.level, 1);
	w->now = T0 + HOUR; /* an answer acknowledges */
	assert_true(acts_answer(w, "a1", &number, PROTO_SENT, NULL));
	steer(w, "a1", &number, PROTO_VERB_WAIT);
	w->now = T0 + 3 * HOUR; /* 21 h of the decision are left */
	k = numbers_of(w, &number);
	assert_int_equal(k.ack_done, T0 + HOUR);
	assert_int_equal(k.first_reply_done, T0 + HOUR);
	assert_int_equal(k.decision_due, T0 + 26 * HOUR);
	w->now = T0 + 5 * HOUR; /* the wait is over: 4 h of it */
	world_claim(&more, PROTO_VIA_CAPABILITY, &number);
	(void)world_receive(w, &more);
	w->now = T0 + 28 * HOUR;
	steer(w, "a2", &number, PROTO_VERB_CLOSE);
	w->now = T0 + 40 * HOUR;
	k = numbers_of(w, &number);
	assert_int_equal(k.decision_due, T0 + 28 * HOUR);
	assert_int_equal(k.decision_done, T0 + 28 * HOUR);
	assert_int_equal(k.closed, T0 + 28 * HOUR);
	assert_int_equal(k.level, 1);
	assert_int_equal(k.is_returned, 0);
	assert_int_equal(k.rating, 0);
}

/* Late at the first level; the seniors' own two hours do not make it good. */
static void
a_breach_stays_one(void **state)
{
	struct world *w = *state;
	struct world_mail first = world_mail("m1", "anna");
	struct number number = world_receive(w, &first).number;
	struct proto_ctl_kpi k;

	w->now = T0 + 2 * HOUR + 1;
	(void)desk_tick(w->desk, w->now);
	assert_int_equal(world_ticket(w, &number).t.level, 2);
	w->now = T0 + 3 * HOUR;
	assert_true(acts_answer(w, "a1", &number, PROTO_SENT, NULL));
	k = numbers_of(w, &number);
	assert_int_equal(k.first_reply_due, T0 + 2 * HOUR);
	assert_int_equal(k.first_reply_done, T0 + 3 * HOUR);
	steer(w, "a2", &number, PROTO_VERB_CLOSE);
	assert_int_equal(numbers_of(w, &number).level, 2);
}

/* Nor does another queue. */
static void
a_move_makes_nothing_good(void **state)
{
	struct world *w = *state;
	struct world_mail first = world_mail("m1", "anna");
	struct number number = world_receive(w, &first).number;

	w->now = T0 + HOUR;
	steer(w, "a1", &number, PROTO_VERB_QUEUE);
	assert_int_equal(
	    world_ticket(w, &number).t.first_reply_due, T0 + 3 * HOUR);
	assert_int_equal(numbers_of(w, &number).first_reply_due, T0 + 2 * HOUR);
}

/* What is closed at a level stays closed there, and the rating is the last. */
static void
returns_and_ratings_count(void **state)
{
	struct world *w = *state;
	struct world_mail first = world_mail("m1", "anna");
	struct world_mail rating = world_mail("m2", "anna");
	struct world_mail again = world_mail("m3", "anna");
	struct number number = world_receive(w, &first).number;
	struct store_ticket row;
	struct proto_ctl_kpi k;

	steer(w, "a1", &number, PROTO_VERB_ESCALATE);
	steer(w, "a2", &number, PROTO_VERB_CLOSE);
	row = world_ticket(w, &number);
	row.t.level = 3; /* whatever it has later */
	acts_put(w, &row);
	world_claim(&rating, PROTO_VIA_CAPABILITY, &number);
	rating.rating = 2;
	(void)world_receive(w, &rating);
	k = numbers_of(w, &number);
	assert_int_equal(k.level, 2);
	assert_int_equal(k.rating, 2);
	assert_int_equal(k.is_returned, 0);
	w->now += HOUR;
	world_claim(&again, PROTO_VIA_CAPABILITY, &number);
	(void)world_receive(w, &again);
	k = numbers_of(w, &number);
	assert_int_equal(k.closed, 0);
	assert_int_equal(k.is_returned, 1);
	assert_int_equal(k.first_reply_done, 0);
	assert_int_equal(k.first_reply_due, w->now + 2 * HOUR);
}

static void
forgotten_tickets_count(void **state)
{
	struct world *w = *state;
	struct world_mail first = world_mail("m1", "anna");
	struct number number = world_receive(w, &first).number;
	gint64 step = T0 % HOUR;
	struct proto_ctl_kpi k;

	w->now += HOUR;
	steer(w, "a1", &number, PROTO_VERB_CLOSE | PROTO_VERB_FORGET);
	k = numbers_of(w, &number);
	assert_int_equal(k.opened, T0 - step);
	assert_int_equal(k.first_reply_due, T0 + 2 * HOUR - step);
	assert_int_equal(k.decision_done, T0 + HOUR - step);
	assert_int_equal(k.ack_due, T0 + HOUR - step);
}

/* Nor does being forgotten, which takes the clocks away. */
static void
forgetting_makes_nothing_good(void **state)
{
	struct world *w = *state;
	struct world_mail first = world_mail("m1", "anna");
	struct number number = world_receive(w, &first).number;
	gint64 step = T0 % HOUR;
	struct proto_ctl_kpi k;

	w->now = T0 + 2 * HOUR + 1;
	(void)desk_tick(w->desk, w->now);
	w->now = T0 + 3 * HOUR;
	steer(w, "a1", &number, PROTO_VERB_CLOSE | PROTO_VERB_FORGET);
	k = numbers_of(w, &number);
	assert_int_equal(k.first_reply_due, T0 + 2 * HOUR - step);
	assert_int_equal(k.first_reply_done, T0 + 3 * HOUR - step);
}

static void
pages_hold_each_once(void **state)
{
	struct world *w = *state;
	struct proto_ctl_numbers ask = {.limit = 2};
	guint seen = 0, got;

	for (guint i = 0; i < 5; i++) {
		g_autofree char *name = g_strdup_printf("m%u", i);
		struct world_mail mail = world_mail(name, name);

		(void)world_receive(w, &mail);
	}
	do {
		struct proto_ctl_numbers_are page = {0};

		assert_true(
		    control_numbers(w->store, &ask, w->now, &page, NULL));
		got = page.tickets->len;
		assert_true(got <= 2);
		for (guint i = 0; i < got; i++) {
			const struct proto_ctl_kpi *k = &g_array_index(
			    page.tickets, struct proto_ctl_kpi, i);

			assert_true(strcmp(k->number.s, ask.after.s) > 0);
			assert_string_equal(k->queue, "support");
			assert_string_equal(k->category, "withdrawal");
			assert_string_equal(k->lang, "de");
			ask.after = k->number;
		}
		clear_page(&page);
		seen += got;
	} while (got > 0);
	assert_int_equal(seen, 5);
}

/* --- lists --- */

static guint
count_listed(struct world *w, const char *queue, gboolean is_open)
{
	g_autofree char *name = g_strdup(queue);
	struct proto_ctl_list list = {
	    .limit = 2, .queue = name, .is_open = is_open ? 1 : 0};
	guint seen = 0, got;

	do {
		struct proto_ctl_list_is page = {0};

		assert_true(control_list(w->store, &list, &page, NULL));
		got = page.tickets->len;
		assert_true(got <= 2);
		for (guint i = 0; i < got; i++) {
			struct proto_ctl_ticket *t = &g_array_index(
			    page.tickets, struct proto_ctl_ticket, i);

			list.after = t->number;
			g_free(t->queue);
			g_free(t->state);
			g_free(t->lang);
			g_free(t->category);
			g_free(t->pseudonym);
			g_free(t->agent);
		}
		g_array_unref(page.tickets);
		seen += got;
	} while (got > 0);
	return seen;
}

/* 250 tickets, more than the desk reads at once; of them 50 in the other queue,
 * 10 of those closed. */
static void
lists_are_of_what_is_asked(void **state)
{
	struct world *w = *state;

	for (guint i = 0; i < 250; i++) {
		g_autofree char *name = g_strdup_printf("m%u", i);
		g_autofree char *closing = g_strdup_printf("a%u", i);
		struct world_mail mail = world_mail(name, name);
		struct number number;

		if (i % 5 == 0)
			mail.queue = "vip";
		number = world_receive(w, &mail).number;
		if (i % 25 == 0)
			steer(w, closing, &number, PROTO_VERB_CLOSE);
	}
	assert_int_equal(count_listed(w, "", FALSE), 250);
	assert_int_equal(count_listed(w, "", TRUE), 240);
	assert_int_equal(count_listed(w, "vip", FALSE), 50);
	assert_int_equal(count_listed(w, "vip", TRUE), 40);
	assert_int_equal(count_listed(w, "support", TRUE), 200);
	assert_int_equal(count_listed(w, "nowhere", FALSE), 0);
}

/* The last of 150, which the desk reads in two pages. */
static void
a_page_without_any_is_not_the_last(void **state)
{
	struct world *w = *state;
	struct store_ticket row;
	struct number last = {""};

	for (guint i = 0; i < 150; i++) {
		g_autofree char *name = g_strdup_printf("m%u", i);
		struct world_mail mail = world_mail(name, name);
		struct number number = world_receive(w, &mail).number;

		if (strcmp(number.s, last.s) > 0)
			last = number;
	}
	row = world_ticket(w, &last);
	(void)g_strlcpy(row.t.queue, "vip", TICKET_TOKEN_SIZE);
	acts_put(w, &row);
	assert_int_equal(count_listed(w, "vip", TRUE), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int
desk_numbers_tests(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_ticket_of_one_day),
	    TEST(a_breach_stays_one),
	    TEST(a_move_makes_nothing_good),
	    TEST(returns_and_ratings_count),
	    TEST(forgotten_tickets_count),
	    TEST(forgetting_makes_nothing_good),
	    TEST(pages_hold_each_once),
	    TEST(lists_are_of_what_is_asked),
	    TEST(a_page_without_any_is_not_the_last),
	};

	return cmocka_run_group_tests_name("numbers", tests, NULL, NULL);
}
