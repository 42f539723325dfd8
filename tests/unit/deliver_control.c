/* The control address: who is answered there, and with what. */
#include "deliver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

#define CONTROL "desk@casino.test"

static guint
ask(const char *from, const char *headers, const char *subject,
    const char *text)
{
	g_autofree char *all = g_strdup_printf(
	    "%sTo: " CONTROL "\r\nSubject: %s\r\nMessage-ID: <7@agents.test>"
	    "\r\n", headers, subject);
	const struct letter letter = {.from = from,
	    .headers = all,
	    .text = text,
	    .rcpts = {"Desk@CASINO.test"}};

	return letter_send(&letter);
}

static void
members_are_answered(void **state)
{
	static const struct {
		const char *subject;
		const char *text;
		const char *words[3];
	} rows[] = {
	    {"list", "", {"0000-0001", "0000-0003"}},
	    {"x", "list\r\n\r\nAnna", {"0000-0001", "0000-0002"}},
	    {"show [K7F3-9Q2Y]", "", {"K7F3-9Q2Y", "amber-otter-41"}},
	    {"show 07BF-6HAN", "", {"no ticket 07BF-6HAN in this queue"}},
	    {"stats", "", {"1 ticket came in"}},
	    {"help", "", {"show K7F3-9Q2Y"}},
	    {"x", "list\r\nshow k7f3 9q2y", {"0000-0003", "K7F3-9Q2Y"}},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		roles_reset();
		roles.tickets = 3;
		assert_int_equal(ask(ANNA, ANNA_PROOF, rows[i].subject,
		    rows[i].text), 1);
		assert_int_equal(roles.mails->len, 1);
		assert_string_equal(roles.rcpts->pdata[0], ANNA);
		assert_string_equal(roles.sender, "");
		assert_string_equal(roles.archive, "");
		assert_int_equal(roles.admitted + roles.tells, 0);
		for (gsize w = 0; rows[i].words[w] != NULL; w++)
			if (!last_mail_says(rows[i].words[w]))
				fail_msg("%s: %s", rows[i].words[w],
				    last_mail());
		assert_true(last_mail_says("From: Casino <" CONTROL ">"));
		assert_true(last_mail_says("In-Reply-To: <7@agents.test>"));
	}
}

static void
a_ticket_of_another_queue_is_none(void **state)
{
	(void)state;
	roles_reset();
	roles.ticket_queue = "vip";
	assert_int_equal(ask(ANNA, ANNA_PROOF, "show K7F3-9Q2Y", ""), 1);
	assert_true(last_mail_says("no ticket K7F3-9Q2Y in this queue"));
	assert_false(last_mail_says("amber"));
}

static void
long_lists_have_pages_and_an_end(void **state)
{
	static const struct {
		guint tickets;
		guint pages;
		gboolean is_cut;
	} rows[] = {{0, 1, FALSE}, {100, 2, FALSE}, {101, 3, FALSE},
	    {2000, 10, TRUE}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		roles_reset();
		roles.tickets = rows[i].tickets;
		assert_int_equal(ask(ANNA, ANNA_PROOF, "list", ""), 1);
		assert_int_equal(roles.lists, rows[i].pages);
		assert_int_equal(last_mail_says("more than these 1000"),
		    rows[i].is_cut);
	}
}

static void
what_is_not_understood_is_told_at_times(void **state)
{
	(void)state;
	roles_reset();
	assert_int_equal(ask(ANNA, ANNA_PROOF, "x", "delete xyzzy"), 1);
	assert_int_equal(roles.tells, 1);
	assert_string_equal(roles.rcpts->pdata[0], ANNA);
	assert_true(last_mail_says("line: 1"));
	assert_true(last_mail_says("Nothing of it changes a ticket"));
	assert_false(last_mail_says("xyzzy"));
	roles_reset();
	roles.told_too_often = TRUE;
	assert_int_equal(ask(ANNA, ANNA_PROOF, "x", "delete xyzzy"), 0);
	assert_int_equal(roles.mails->len, 0);
}

static void
without_proof_nothing_is_shown(void **state)
{
	(void)state;
	roles_reset();
	roles.tickets = 3;
	assert_int_equal(ask(ANNA, "", "list", ""), 1);
	assert_int_equal(roles.lists, 0);
	assert_int_equal(roles.tells, 1);
	assert_true(last_mail_says("not proven"));
	assert_false(last_mail_says("0000-0001"));
}

static void
machines_of_members_are_not_answered(void **state)
{
	(void)state;
	roles_reset();
	assert_int_equal(ask(ANNA, ANNA_PROOF
	    "Auto-Submitted: auto-replied\r\n", "list", ""), 1);
	assert_int_equal(roles.mails->len + roles.admitted, 0);
}

/* What else the mail names does not matter. */
static void
a_ticket_in_cc_changes_nothing(void **state)
{
	(void)state;
	roles_reset();
	roles.tickets = 3;
	assert_int_equal(ask(ANNA, ANNA_PROOF "Cc: vip+" TICKET_LOWER "-" MAC_A
	    "@lounge.test\r\n", "list", ""), 1);
	assert_int_equal(roles.lists, 2);
	assert_true(last_mail_says("Tickets of support"));
	assert_string_equal(roles.rcpts->pdata[0], ANNA);
}

/* Exactly what a mail to the queue gets. */
static void
to_others_it_is_the_queue(void **state)
{
	static const char *const from[] = {PLAYER, ZOE};
	static const char *const headers[] = {
	    "", "Auto-Submitted: auto-replied\r\n"};

	(void)state;
	for (gsize i = 0; i < 4; i++) {
		roles_reset();
		roles.tickets = 3;
		assert_int_equal(
		    ask(from[i / 2], headers[i % 2], "list", "list"), 1);
		assert_int_equal(roles.lists, 0);
		assert_int_equal(roles.committed, 1);
		assert_string_equal(roles.queue, "support");
		assert_string_equal(
		    roles.rcpts->pdata[0], "team@agents.test");
	}
}

int
test_deliver_control(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(members_are_answered),
	    cmocka_unit_test(a_ticket_of_another_queue_is_none),
	    cmocka_unit_test(long_lists_have_pages_and_an_end),
	    cmocka_unit_test(what_is_not_understood_is_told_at_times),
	    cmocka_unit_test(without_proof_nothing_is_shown),
	    cmocka_unit_test(machines_of_members_are_not_answered),
	    cmocka_unit_test(a_ticket_in_cc_changes_nothing),
	    cmocka_unit_test(to_others_it_is_the_queue),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
