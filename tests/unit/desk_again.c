/*
 * That an agent's mail which comes again does nothing again, whatever died;
 * players who come back, and players who belong to an agent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "desk_acts.h"

int desk_again_tests(void);

static char kim[] = "kim", lee[] = "lee", vip[] = "vip",
	    complaint[] = "complaint", fr[] = "fr",
	    spied[] = "kim@casino.example";

/* --- once --- */

static void
judging_changes_nothing(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {.is_dry = TRUE,
	    .verbs = 0x7f & ~(guint32)(PROTO_VERB_ESCALATE | PROTO_VERB_WAIT),
	    .close = PROTO_CLOSE_SOLVED,
	    .queue = vip,
	    .category = complaint,
	    .lang = fr,
	    .agent = kim};
	struct store_ticket before, after;

	in.number = acts_open(w, "m1");
	before = world_ticket(w, &in.number);
	acts_do(w, "a1", &in);
	in.verbs = PROTO_VERB_ESCALATE | PROTO_VERB_WAIT | PROTO_VERB_FORGET;
	in.close = PROTO_CLOSE_NONE;
	acts_do(w, "a1", &in);
	after = world_ticket(w, &in.number);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_HANDED), 0);
	assert_int_equal(acts_clock(w, &in.number, SLA_DECISION).paused_at, 0);
	in.is_dry = FALSE; /* and the mail is not known by it */
	in.verbs = PROTO_VERB_ESCALATE;
	acts_do(w, "a1", &in);
	assert_int_equal(world_ticket(w, &in.number).t.level, 2);
}

static void
known_mails_do_nothing(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {.verbs = PROTO_VERB_CLOSE,
	    .close = PROTO_CLOSE_SOLVED,
	    .agent = kim};
	struct world_mail more = world_mail("m2", "m1");
	struct world_mail again = world_mail("a1", "agent");

	in.number = acts_open(w, "m1");
	acts_do(w, "a1", &in);
	world_claim(&more, PROTO_VIA_CAPABILITY, &in.number);
	(void)world_receive(w, &more); /* opens it again */
	w->now += WORLD_EPOCH_S;       /* and another epoch is the newest */
	acts_do(w, "a1", &in);
	assert_int_equal(world_ticket(w, &in.number).t.state, TICKET_OPEN);
	again.side = PROTO_SIDE_AGENT;
	world_claim(&again, PROTO_VIA_CAPABILITY, &in.number);
	assert_int_equal(world_receive(w, &again).verdict, PROTO_DUPLICATE);
}

/* The text of the mail has gone, and then the worker dies, or the desk. */
static void
commands_follow_their_text(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {.verbs = PROTO_VERB_CLOSE,
	    .close = PROTO_CLOSE_SOLVED,
	    .agent = kim};
	struct world_mail mail = world_mail("a1", "agent");
	struct proto_desk_admitted is = {0};
	g_autoptr(GError) err = NULL, busy = NULL;

	in.number = acts_open(w, "m1");
	mail.side = PROTO_SIDE_AGENT;
	world_claim(&mail, PROTO_VIA_CAPABILITY, &in.number);
	/* In the hands of a post: nobody knows. */
	assert_true(acts_answer(w, "a1", &in.number, 0, NULL));
	assert_false(acts_steer(w, "a1", &in, NULL, &err));
	assert_true(error_is(err, ERROR_TEMP));
	assert_false(world_admit(w, &mail, &is, &busy));
	assert_true(error_is(busy, ERROR_TEMP));
	assert_int_equal(world_ticket(w, &in.number).t.state, TICKET_OPEN);
	/* It was sent. */
	assert_true(world_settle(w, 70,
	    &(struct proto_job_name){
		world_fingerprint(w, "a1"), PROTO_JOB_ANSWER},
	    PROTO_SENT));
	world_restart(w, w->store);
	assert_true(world_admit(w, &mail, &is, NULL));
	assert_int_equal(is.verdict, PROTO_REPLY);
	world_admitted_clear(&is);
	/* Its text is not sent again, then its commands are done. */
	in.is_dry = TRUE;
	acts_do(w, "a1", &in);
	assert_true(acts_answer(w, "a1", &in.number, PROTO_FAILED, NULL));
	in.is_dry = FALSE;
	acts_do(w, "a1", &in);
	assert_int_equal(world_ticket(w, &in.number).t.state, TICKET_CLOSED);
	assert_int_equal(world_ticket(w, &in.number).t.answered, w->now);
	acts_do(w, "a1", &in);
	assert_int_equal(world_receive(w, &mail).verdict, PROTO_DUPLICATE);
}

static void
refused_text_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct number number = acts_open(w, "m1");
	struct world_mail mail = world_mail("a1", "agent");
	struct proto_desk_admitted is = {0};

	mail.side = PROTO_SIDE_AGENT;
	world_claim(&mail, PROTO_VIA_CAPABILITY, &number);
	assert_true(acts_answer(w, "a1", &number, PROTO_FAILED, NULL));
	assert_true(world_admit(w, &mail, &is, NULL));
	assert_int_equal(is.verdict, PROTO_REPLY);
	world_admitted_clear(&is);
	assert_true(acts_answer(w, "a1", &number, PROTO_SENT, NULL));
}

/* Somebody else was faster: he must not think that nothing was sent. */
static void
sent_text_is_not_denied(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {.verbs = PROTO_VERB_CLOSE,
	    .close = PROTO_CLOSE_SOLVED,
	    .agent = kim};
	g_autoptr(GError) err = NULL;

	in.number = acts_open(w, "m1");
	assert_true(acts_answer(w, "a1", &in.number, PROTO_SENT, NULL));
	acts_do(w, "a2", &in);
	in.agent = lee;
	assert_false(acts_steer(w, "a1", &in, NULL, &err));
	assert_true(error_is(err, ERROR_PERM));
	assert_non_null(strstr(err->message, "your text was sent"));
	assert_string_equal(world_ticket(w, &in.number).t.agent, "kim");
}

/* --- coming back --- */

static void
check_return(struct world *w, const char *name, gint64 after, guint expected)
{
	struct proto_desk_steer in = {.verbs = PROTO_VERB_CLOSE,
	    .close = PROTO_CLOSE_SOLVED,
	    .agent = kim};
	g_autofree char *again = g_strconcat(name, "-again", NULL);
	g_autofree char *closing = g_strconcat(name, "-close", NULL);
	g_autofree char *second = g_strconcat(name, "-close2", NULL);
	struct world_mail mail = world_mail(again, name);
	struct store_ticket row;

	in.number = acts_open(w, name);
	acts_do(w, closing, &in);
	w->now += after;
	world_claim(&mail, PROTO_VIA_CAPABILITY, &in.number);
	(void)world_receive(w, &mail);
	row = world_ticket(w, &in.number);
	assert_int_equal(row.t.state, TICKET_OPEN);
	assert_int_equal(row.t.is_returned, expected);
	assert_int_equal(row.t.decided, 0);
	assert_int_equal(row.t.answered, 0);
	assert_int_equal(row.t.decision_due, w->now + 86400);
	acts_do(w, second, &in);
	row = world_ticket(w, &in.number);
	assert_int_equal(row.t.is_returned, expected);
	assert_int_equal(row.t.decided, w->now);
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_CLOSED), 2);
}

static void
who_is_back_soon_was_not_helped(void **state)
{
	check_return(*state, "soon", 48 * 3600 - 1, 1);
	check_return(*state, "late", 48 * 3600, 0);
}

/* --- VIP --- */

static void
vips_belong_to_an_agent(void **state)
{
	struct world *w = *state;
	struct world_mail first = world_mail("m1", "anna");
	struct world_mail second = world_mail("m2", "anna");
	struct world_mail forged = world_mail("m3", "anna");
	struct world_mail third = world_mail("m4", "anna");
	struct world_fate fate = world_receive(w, &first), later;
	struct proto_ctl_vip_is is = {0};
	struct store_ticket row;

	assert_true(acts_vip(w, "no-such-1", "kim", &is, NULL));
	assert_false(is.is_found);
	assert_true(acts_vip(w, fate.pseudonym, "kim", &is, NULL));
	assert_true(is.is_found);
	assert_int_equal(is.tickets, 1);
	row = world_ticket(w, &fate.number);
	assert_true((row.t.flags & TICKET_FLAG_VIP) != 0);
	assert_string_equal(row.t.agent, "kim");
	/* In a week, under another epoch, he still is one. */
	w->now += WORLD_EPOCH_S;
	later = world_receive(w, &second);
	assert_int_equal(later.verdict, PROTO_NEW);
	assert_true((later.flags & PROTO_FLAG_VIP) != 0);
	assert_true((later.ticket_flags & PROTO_FLAG_VIP) != 0);
	assert_string_equal(world_ticket(w, &later.number).t.agent, "kim");
	assert_int_equal(later.due, w->now + 900); /* [category vip] */
	forged.flags = PROTO_FLAG_UNPROVEN;
	later = world_receive(w, &forged);
	assert_int_equal(later.flags & PROTO_FLAG_VIP, 0);
	assert_true(acts_vip(w, fate.pseudonym, "", &is, NULL));
	assert_int_equal(is.tickets, 2);
	row = world_ticket(w, &fate.number);
	assert_int_equal(row.t.flags & TICKET_FLAG_VIP, 0);
	assert_string_equal(row.t.agent, "kim");
	later = world_receive(w, &third);
	assert_int_equal(later.flags & PROTO_FLAG_VIP, 0);
	assert_string_equal(world_ticket(w, &later.number).t.agent, "");
}

static void
no_address_becomes_an_agent(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct world_fate fate = world_receive(w, &mail);
	struct proto_ctl_vip_is is = {0};
	g_autoptr(GError) err = NULL;

	assert_false(acts_vip(w, fate.pseudonym, spied, &is, &err));
	assert_true(error_is(err, ERROR_PERM));
	assert_string_equal(world_ticket(w, &fate.number).t.agent, "");
}

/* The row of a ticket of an older version does not say when its notice was due,
 * but that it was sent. */
static void
older_tickets_are_told(void **state)
{
	static const struct {
		const char *mail;
		gint64 acknowledged;
		guint told;
	} cases[] = {{"m1", 0, 0}, {"m2", WORLD_START, 1}};
	struct world *w = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct proto_desk_steer in = {.agent = kim};
		g_autofree char *answer = g_strconcat("a", cases[i].mail, NULL);
		struct store_ticket row;

		in.number = acts_open(w, cases[i].mail);
		in.verbs = PROTO_VERB_ESCALATE;
		row = world_ticket(w, &in.number);
		row.t.ack_due = 0;
		row.t.acknowledged = cases[i].acknowledged;
		assert_true(store_begin(w->store, NULL));
		assert_true(store_ticket_update(w->store, &row, NULL));
		assert_true(store_commit(w->store, NULL));
		acts_do(w, answer, &in);
		assert_int_equal(
		    acts_promised(w, &in.number, PROTO_JOB_ESCALATED),
		    cases[i].told);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int
desk_again_tests(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(judging_changes_nothing),
	    TEST(known_mails_do_nothing),
	    TEST(commands_follow_their_text),
	    TEST(refused_text_leaves_nothing),
	    TEST(sent_text_is_not_denied),
	    TEST(who_is_back_soon_was_not_helped),
	    TEST(vips_belong_to_an_agent),
	    TEST(no_address_becomes_an_agent),
	    TEST(older_tickets_are_told),
	};

	return cmocka_run_group_tests_name("again", tests, NULL, NULL);
}
