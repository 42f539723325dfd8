/*
 * What agents' commands do, and what they are refused for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "desk_acts.h"

int desk_steer_tests(void);

static char kim[] = "kim", lee[] = "lee", vip[] = "vip", support[] = "support",
	    nowhere[] = "nowhere", complaint[] = "complaint", fr[] = "fr",
	    spied[] = "kim@casino.example", shouted[] = "Kim";

/* --- refusals --- */

enum which { OPEN, CLOSED, HIGHEST, FORGOTTEN, UNKNOWN, WHICH_END };

static void
make_tickets(struct world *w, struct number out[WHICH_END])
{
	struct proto_ctl_forget forget;
	struct proto_ctl_forget_is is;
	struct store_ticket row;

	out[OPEN] = acts_open(w, "open");
	out[CLOSED] = acts_open(w, "closed");
	out[HIGHEST] = acts_open(w, "highest");
	out[FORGOTTEN] = acts_open(w, "forgotten");
	out[UNKNOWN] = number_from_bits(12345);
	row = world_ticket(w, &out[CLOSED]);
	row.t.state = TICKET_CLOSED;
	row.t.closed = w->now;
	acts_put(w, &row);
	row = world_ticket(w, &out[HIGHEST]);
	row.t.level = SLA_LEVEL_LAST;
	acts_put(w, &row);
	forget.number = out[FORGOTTEN];
	assert_true(desk_begin(w->desk, w->now, NULL));
	assert_true(desk_forget(w->desk, &forget, &is, NULL));
	assert_true(desk_commit_turn(w->desk, NULL));
}

static const struct {
	enum which which;
	struct proto_desk_steer steer;
	enum which other; /* of close duplicate */
	enum error_kind kind;
	const char *says;
} refusals[] = {
    {CLOSED, {.verbs = PROTO_VERB_CLOSE, .close = PROTO_CLOSE_SOLVED}, 0,
	ERROR_PERM, "closed already"},
    {CLOSED, {.verbs = PROTO_VERB_WAIT}, 0, ERROR_PERM, "is closed"},
    {CLOSED, {.verbs = PROTO_VERB_ESCALATE}, 0, ERROR_PERM, "is closed"},
    {CLOSED, {.verbs = PROTO_VERB_TAKE}, 0, ERROR_PERM, "is closed"},
    {CLOSED, {.verbs = PROTO_VERB_QUEUE, .queue = vip}, 0, ERROR_PERM,
	"is closed"},
    {HIGHEST, {.verbs = PROTO_VERB_ESCALATE}, 0, ERROR_PERM, "highest level"},
    {FORGOTTEN, {.verbs = PROTO_VERB_WAIT}, 0, ERROR_PERM, "nobody to wait"},
    {FORGOTTEN, {.verbs = PROTO_VERB_ESCALATE}, 0, ERROR_PERM, "forgotten"},
    {UNKNOWN, {.verbs = PROTO_VERB_TAKE}, 0, ERROR_PERM, "no ticket"},
    {OPEN, {.verbs = PROTO_VERB_CLOSE, .close = PROTO_CLOSE_DUPLICATE}, OPEN,
	ERROR_PERM, "itself"},
    {OPEN, {.verbs = PROTO_VERB_CLOSE, .close = PROTO_CLOSE_DUPLICATE}, UNKNOWN,
	ERROR_PERM, "/close duplicate"},
    {OPEN, {.verbs = PROTO_VERB_QUEUE, .queue = nowhere}, 0, ERROR_PERM,
	"no queue"},
    {OPEN, {.verbs = PROTO_VERB_QUEUE, .queue = support}, 0, ERROR_PERM,
	"in that queue already"},
    {OPEN, {.verbs = PROTO_VERB_QUEUE | PROTO_VERB_ESCALATE, .queue = vip}, 0,
	ERROR_PERM, "do not go together"},
    {OPEN,
	{.verbs = PROTO_VERB_CLOSE | PROTO_VERB_WAIT,
	    .close = PROTO_CLOSE_SOLVED},
	0, ERROR_PERM, "do not go together"},
    {OPEN,
	{.verbs = PROTO_VERB_CLOSE | PROTO_VERB_ESCALATE,
	    .close = PROTO_CLOSE_SOLVED},
	0, ERROR_PERM, "do not go together"},
    /* One that cannot be done stops the others. */
    {OPEN,
	{.verbs = PROTO_VERB_TAKE | PROTO_VERB_LANG | PROTO_VERB_QUEUE,
	    .lang = fr,
	    .queue = nowhere},
	0, ERROR_PERM, "no queue"},
    /* What no worker of ours asks. */
    {OPEN, {.verbs = PROTO_VERB_CLOSE}, 0, ERROR_DENIED, "without its word"},
    {OPEN, {.verbs = PROTO_VERB_TAKE, .close = PROTO_CLOSE_SOLVED}, 0,
	ERROR_DENIED, "without its word"},
    {OPEN, {.verbs = PROTO_VERB_CATEGORY}, 0, ERROR_DENIED, "without its"},
    {OPEN, {.verbs = PROTO_VERB_LANG}, 0, ERROR_DENIED, "without its word"},
    {OPEN, {.verbs = PROTO_VERB_TAKE, .agent = spied}, 0, ERROR_DENIED,
	"no such word"},
    {OPEN, {.verbs = PROTO_VERB_TAKE, .agent = shouted}, 0, ERROR_DENIED,
	"no such word"},
    {OPEN, {.verbs = PROTO_VERB_CATEGORY, .category = spied}, 0, ERROR_DENIED,
	"no such word"},
};

static void
check_refusal(struct world *w, guint i, const struct number *numbers)
{
	struct proto_desk_steer in = refusals[i].steer;
	struct store_ticket before = {0}, after = {0};

	in.number = numbers[refusals[i].which];
	if (in.close == PROTO_CLOSE_DUPLICATE)
		in.duplicate = numbers[refusals[i].other];
	if (refusals[i].which != UNKNOWN)
		before = world_ticket(w, &in.number);
	for (in.is_dry = 0; in.is_dry < 2; in.is_dry++) {
		g_autoptr(GError) err = NULL;

		if (acts_steer(w, "a1", &in, NULL, &err))
			fail_msg("row %u is not refused", i);
		if (!error_is(err, refusals[i].kind) ||
		    strstr(err->message, refusals[i].says) == NULL)
			fail_msg("row %u: %s", i, err->message);
	}
	if (refusals[i].which != UNKNOWN)
		after = world_ticket(w, &in.number);
	if (memcmp(&before, &after, sizeof(before)) != 0)
		fail_msg("row %u: the ticket has changed", i);
}

static void
refused_commands_do_nothing(void **state)
{
	struct world *w = *state;
	struct number numbers[WHICH_END];
	struct proto_desk_steer take = {.verbs = PROTO_VERB_TAKE, .agent = kim};

	make_tickets(w, numbers);
	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++)
		check_refusal(w, i, numbers);
	/* The mail is still unknown: once corrected, it works. */
	take.number = numbers[OPEN];
	acts_do(w, "a1", &take);
	assert_string_equal(world_ticket(w, &take.number).t.agent, "kim");
}

static void
forgotten_tickets_take_some(void **state)
{
	struct world *w = *state;
	struct number numbers[WHICH_END];
	struct proto_desk_steer in = {.agent = kim};
	struct store_ticket row;

	make_tickets(w, numbers);
	in.number = numbers[FORGOTTEN];
	in.verbs = PROTO_VERB_TAKE | PROTO_VERB_QUEUE | PROTO_VERB_CATEGORY;
	in.queue = vip;
	in.category = complaint;
	acts_do(w, "a1", &in);
	in.verbs = PROTO_VERB_CLOSE;
	in.close = PROTO_CLOSE_SOLVED;
	acts_do(w, "a2", &in);
	row = world_ticket(w, &in.number);
	assert_string_equal(row.t.queue, "vip");
	assert_string_equal(row.t.category, "complaint");
	assert_int_equal(row.t.state, TICKET_CLOSED);
	/* By the hour, as its other times. */
	assert_int_not_equal(w->now % 3600, 0);
	assert_int_equal(row.t.closed, w->now - w->now % 3600);
	assert_int_equal(row.t.decided, row.t.closed);
	assert_int_equal(row.t.answered, row.t.closed);
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_CLOSED), 0);
	assert_int_equal(acts_clock(w, &in.number, SLA_ESCALATE).kind, 0);
}

/* --- what they do --- */

static void
close_settles_all(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {.verbs = PROTO_VERB_CLOSE,
	    .close = PROTO_CLOSE_REFUSED,
	    .agent = kim};
	struct store_ticket row;

	in.number = acts_open(w, "m1");
	w->now += 600;
	acts_do(w, "a1", &in);
	row = world_ticket(w, &in.number);
	assert_int_equal(row.t.state, TICKET_CLOSED);
	assert_int_equal(row.t.closed, w->now);
	assert_int_equal(row.t.close, PROTO_CLOSE_REFUSED);
	assert_int_equal(row.t.closed_level, 1);
	assert_int_equal(row.t.answered, w->now);
	assert_int_equal(row.t.decided, w->now);
	assert_string_equal(row.t.agent, "kim");
	for (guint kind = SLA_ACK; kind <= SLA_DECISION; kind++)
		assert_int_equal(
		    acts_clock(w, &in.number, (enum sla_kind)kind).settled,
		    w->now);
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_CLOSED), 1);
}

/* The first reply was before, and stays then. */
static void
close_keeps_the_first_reply(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {.verbs = PROTO_VERB_CLOSE,
	    .close = PROTO_CLOSE_SOLVED,
	    .agent = kim};
	gint64 answered;

	in.number = acts_open(w, "m1");
	w->now += 600;
	answered = w->now;
	assert_true(acts_answer(w, "a1", &in.number, PROTO_SENT, NULL));
	w->now += 600;
	acts_do(w, "a1", &in);
	assert_int_equal(world_ticket(w, &in.number).t.answered, answered);
	assert_int_equal(world_ticket(w, &in.number).t.decided, w->now);
}

static void
duplicates_are_not_asked(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {.verbs = PROTO_VERB_CLOSE,
	    .close = PROTO_CLOSE_DUPLICATE,
	    .agent = kim};

	in.number = acts_open(w, "m1");
	in.duplicate = acts_open(w, "m2");
	acts_do(w, "a1", &in);
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_CLOSED), 0);
	assert_int_equal(
	    world_ticket(w, &in.number).t.close, PROTO_CLOSE_DUPLICATE);
	assert_int_equal(world_ticket(w, &in.duplicate).t.state, TICKET_OPEN);
}

static void
machines_are_not_asked(void **state)
{
	struct world *w = *state;
	struct world_mail m = world_mail("m1", "anna");
	struct proto_desk_steer in = {.verbs = PROTO_VERB_CLOSE,
	    .close = PROTO_CLOSE_SOLVED,
	    .agent = kim};

	m.flags = PROTO_FLAG_MACHINE;
	in.number = world_receive(w, &m).number;
	acts_do(w, "a1", &in);
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_CLOSED), 0);
}

static void
queue_begins_anew(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {
	    .verbs = PROTO_VERB_QUEUE, .queue = vip, .agent = kim};
	struct proto_desk_steered is = {0};
	struct store_ticket before, row;

	w->queues[1].first_reply_s = 1800;
	in.number = acts_open(w, "m1");
	before = world_ticket(w, &in.number);
	before.t.level = 2;
	acts_put(w, &before);
	w->now += 600;
	assert_true(acts_steer(w, "a1", &in, &is, NULL));
	assert_int_equal(is.level, 1);
	assert_string_equal(is.queue, "vip");
	g_free(is.queue);
	row = world_ticket(w, &in.number);
	assert_string_equal(row.t.queue, "vip");
	assert_int_equal(row.t.level, 1);
	assert_string_equal(row.t.category, before.t.category);
	assert_int_equal(row.t.first_reply_due, w->now + 1800);
	assert_int_equal(row.t.decision_due, before.t.decision_due);
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_HANDED), 1);
}

/* What was answered is not promised again. */
static void
queue_leaves_what_is_answered(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {
	    .verbs = PROTO_VERB_QUEUE, .queue = vip, .agent = kim};
	gint64 due;

	in.number = acts_open(w, "m1");
	assert_true(acts_answer(w, "a1", &in.number, PROTO_SENT, NULL));
	due = world_ticket(w, &in.number).t.first_reply_due;
	w->now += 600;
	acts_do(w, "a1", &in);
	assert_int_equal(world_ticket(w, &in.number).t.first_reply_due, due);
	assert_int_not_equal(
	    acts_clock(w, &in.number, SLA_FIRST_REPLY).settled, 0);
}

static void
category_and_language_change(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {
	    .verbs = PROTO_VERB_CATEGORY | PROTO_VERB_LANG,
	    .category = complaint,
	    .lang = fr,
	    .agent = kim};
	struct store_ticket row;

	in.number = acts_open(w, "m1");
	assert_int_equal(acts_clock(w, &in.number, SLA_ESCALATE).kind, 0);
	w->now += 60;
	acts_do(w, "a1", &in);
	row = world_ticket(w, &in.number);
	assert_string_equal(row.t.category, "complaint");
	assert_string_equal(row.t.lang, "fr");
	assert_int_equal(acts_clock(w, &in.number, SLA_ESCALATE).start, w->now);
	w->now += 60; /* a clock that is there runs on */
	acts_do(w, "a2", &in);
	assert_int_equal(
	    acts_clock(w, &in.number, SLA_ESCALATE).start, w->now - 60);
	w->now += 60;
	in.verbs = PROTO_VERB_TAKE;
	acts_do(w, "a3", &in);
	assert_int_equal(acts_clock(w, &in.number, SLA_ESCALATE).settled, w->now);
}

static void
wait_stops_the_decision(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {.verbs = PROTO_VERB_WAIT, .agent = kim};
	struct world_mail more = world_mail("m2", "m1");
	gint64 due;

	in.number = acts_open(w, "m1");
	due = world_ticket(w, &in.number).t.decision_due;
	w->now += 600;
	acts_do(w, "a1", &in);
	assert_int_equal(world_ticket(w, &in.number).t.waiting, w->now);
	w->now += 3600;
	world_claim(&more, PROTO_VIA_CAPABILITY, &in.number);
	(void)world_receive(w, &more);
	assert_int_equal(world_ticket(w, &in.number).t.waiting, 0);
	assert_int_equal(
	    world_ticket(w, &in.number).t.decision_due, due + 3600);
}

static void
escalate_hands_it_on(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {
	    .verbs = PROTO_VERB_ESCALATE, .agent = kim};

	in.number = acts_open(w, "m1");
	acts_do(w, "a1", &in);
	acts_do(w, "a1", &in); /* the same mail once more */
	assert_int_equal(world_ticket(w, &in.number).t.level, 2);
	acts_do(w, "a2", &in);
	assert_int_equal(world_ticket(w, &in.number).t.level, 3);
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_HANDED), 2);
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_ESCALATED), 2);
	assert_false(acts_steer(w, "a3", &in, NULL, NULL));
}

/* A breach and the player in one turn: one level, told once. */
static void
one_turn_is_one_level(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {
	    .verbs = PROTO_VERB_ESCALATE, .agent = kim};
	struct world_mail more = world_mail("m2", "m1");
	struct proto_desk_admitted is = {0};

	in.number = acts_open(w, "m1");
	world_claim(&more, PROTO_VIA_CAPABILITY, &in.number);
	more.flags = PROTO_FLAG_ESCALATE;
	assert_true(world_admit(w, &more, &is, NULL));
	w->now += 7201;
	assert_true(world_commit(w, &more, &is, NULL));
	world_admitted_clear(&is);
	assert_int_equal(world_ticket(w, &in.number).t.level, 2);
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_HANDED), 1);
	acts_do(w, "a1", &in); /* the next turn is another matter */
	assert_int_equal(world_ticket(w, &in.number).t.level, 3);
}

static void
forget_is_last(void **state)
{
	struct world *w = *state;
	struct proto_desk_steer in = {
	    .verbs = PROTO_VERB_FORGET | PROTO_VERB_CLOSE | PROTO_VERB_TAKE,
	    .close = PROTO_CLOSE_SOLVED,
	    .agent = lee};
	struct world_mail again = world_mail("a1", "agent");
	struct store_envelope envelope;
	struct store_message message;
	struct proto_key name = world_fingerprint(w, "a1");
	struct store_key key;
	struct store_ticket row;

	memcpy(key.b, name.b, sizeof(key.b));
	in.number = acts_open(w, "m1");
	assert_true(acts_answer(w, "a1", &in.number, PROTO_SENT, NULL));
	acts_do(w, "a1", &in);
	row = world_ticket(w, &in.number);
	assert_true(store_ticket_is_forgotten(&row));
	assert_int_equal(row.t.state, TICKET_CLOSED);
	assert_string_equal(row.t.agent, "lee");
	assert_int_equal(acts_promised(w, &in.number, PROTO_JOB_CLOSED), 0);
	assert_int_equal(
	    store_envelope_get(w->store, &in.number, &envelope, NULL),
	    STORE_MISSING);
	/* Its mail is known all the same, and belongs to nobody. */
	assert_int_equal(
	    store_message_get(w->store, &key, &message, NULL), STORE_FOUND);
	assert_false(number_is_set(&message.ticket));
	acts_do(w, "a1", &in);
	again.side = PROTO_SIDE_AGENT;
	world_claim(&again, PROTO_VIA_CAPABILITY, &in.number);
	assert_int_equal(world_receive(w, &again).verdict, PROTO_DUPLICATE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int
desk_steer_tests(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(refused_commands_do_nothing),
	    TEST(forgotten_tickets_take_some),
	    TEST(close_settles_all),
	    TEST(close_keeps_the_first_reply),
	    TEST(duplicates_are_not_asked),
	    TEST(machines_are_not_asked),
	    TEST(queue_begins_anew),
	    TEST(queue_leaves_what_is_answered),
	    TEST(category_and_language_change),
	    TEST(wait_stops_the_decision),
	    TEST(escalate_hands_it_on),
	    TEST(one_turn_is_one_level),
	    TEST(forget_is_last),
	};

	return cmocka_run_group_tests_name("steer", tests, NULL, NULL);
}
