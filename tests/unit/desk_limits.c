/*
 * What bounds the harm of loops: the hold of the post, the count of guesses and
 * of mails, and that a mail is in one worker's hands at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "desk/burst.h"
#include "desk/in_hand.h"
#include "desk/internal.h"
#include "desk_world.h"

int desk_limits_tests(void);

#define RATE 3
#define BURST 2

static int
open_limited(void **state)
{
	int failed = world_open(state);
	struct world *w = *state;

	world_slow_clocks(w);
	w->config.post_rate = RATE;
	w->config.guess_rate = 5;
	w->config.ack_burst = BURST;
	return failed;
}

static void
open_tickets(struct world *w, guint n, const char *prefix)
{
	for (guint i = 0; i < n; i++) {
		g_autofree char *name = g_strdup_printf("%s%u", prefix, i);
		struct world_mail mail = world_mail(name, name);

		(void)world_receive(w, &mail);
	}
}

/* Claims one job in slot 1 and sends it; FALSE if there is none. */
static gboolean
send_one(struct world *w)
{
	struct proto_desk_work work = {.slot = 1, .want = 1};
	struct proto_desk_jobs jobs = {0};
	struct proto_job_name name;
	gboolean is_there;

	assert_true(world_work(w, &work, &jobs, NULL));
	is_there = jobs.jobs->len == 1;
	if (is_there)
		name = g_array_index(jobs.jobs, struct proto_job, 0).name;
	world_jobs_clear(&jobs);
	if (is_there)
		assert_true(world_settle(w, 1, &name, PROTO_SENT));
	return is_there;
}

static guint
send_all(struct world *w)
{
	guint n = 0;

	while (send_one(w))
		n++;
	return n;
}

static struct proto_ctl_post_is
set_hold(struct world *w, enum proto_hold hold)
{
	struct proto_ctl_post request = {.hold = hold};
	struct proto_ctl_post_is answer = {0};

	assert_true(desk_begin(w->desk, w->now, NULL));
	assert_true(desk_post(w->desk, &request, w->now, &answer, NULL));
	assert_true(desk_commit_turn(w->desk, NULL));
	return answer;
}

static struct proto_ctl_status_is
status(struct world *w)
{
	struct proto_ctl_status_is answer = {0};

	assert_true(desk_status(w->desk, w->now, &answer, NULL));
	return answer;
}

static void
a_storm_holds_the_post_and_loses_nothing(void **state)
{
	struct world *w = *state;
	struct proto_ctl_post_is was;

	open_tickets(w, 3 * RATE, "m");
	assert_int_equal(send_all(w), RATE + 1);
	assert_int_equal(status(w).post_hold, PROTO_HOLD_BREAKER);
	assert_int_equal(status(w).post_since, w->now);
	assert_false(desk_has_work(w->desk, 0, w->now));
	/* Time alone does not release it. */
	w->now += 2 * 3600;
	assert_int_equal(send_all(w), 0);
	was = set_hold(w, PROTO_HOLD_NONE);
	assert_int_equal(was.was, PROTO_HOLD_BREAKER);
	assert_int_equal(was.waiting, 3 * RATE - (RATE + 1));
	assert_true(desk_has_work(w->desk, 0, w->now));
	assert_int_equal(send_all(w), RATE + 1);
	(void)set_hold(w, PROTO_HOLD_NONE);
	assert_int_equal(send_all(w), RATE - 2);
	assert_int_equal(status(w).post_hold, PROTO_HOLD_NONE);
}

static void
each_hour_counts_by_itself(void **state)
{
	struct world *w = *state;

	for (guint i = 0; i < 5; i++) {
		g_autofree char *name = g_strdup_printf("h%u-", i);

		open_tickets(w, RATE, name);
		assert_int_equal(send_all(w), RATE);
		assert_int_equal(status(w).post_sent, RATE);
		w->now += 3600;
		assert_int_equal(status(w).post_sent, 0);
	}
	assert_int_equal(status(w).post_hold, PROTO_HOLD_NONE);
}

static void
an_operator_holds_answers_too(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m", "anna");
	struct world_fate fate = world_receive(w, &mail);
	struct proto_desk_jobs jobs = {0};
	g_autoptr(GError) error = NULL;

	assert_int_equal(set_hold(w, PROTO_HOLD_OPERATOR).waiting, 1);
	assert_int_equal(send_all(w), 0);
	assert_false(world_take(w, 2, "a", &fate.number, &jobs, &error));
	assert_true(error_is(error, ERROR_TEMP));
	(void)set_hold(w, PROTO_HOLD_NONE);
	assert_int_equal(send_all(w), 1);
	assert_true(world_take(w, 2, "a", &fate.number, &jobs, NULL));
	assert_int_equal(jobs.jobs->len, 1);
	world_jobs_clear(&jobs);
}

static void
guesses_are_counted_by_the_hour(void **state)
{
	struct world *w = *state;

	desk_guessed(w->desk, 2, w->now);
	desk_guessed(w->desk, 2, w->now);
	assert_int_equal(status(w).guesses, 4);
	w->now += 3600;
	assert_int_equal(status(w).guesses, 0);
	desk_guessed(w->desk, 1, w->now);
	assert_int_equal(status(w).guesses, 1);
}

static void
an_agent_is_told_so_often(void **state)
{
	struct world *w = *state;
	const struct proto_desk_tell anna = {{{1}}}, ben = {{{2}}};
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < 2; i++) {
		for (guint k = 0; k < BURST; k++)
			assert_true(desk_tell(w->desk, &anna, w->now, NULL));
		assert_false(desk_tell(w->desk, &anna, w->now, NULL));
		assert_true(desk_tell(w->desk, &ben, w->now, NULL));
		w->now += 3600;
	}
	for (guint k = 0; k < BURST; k++)
		assert_true(desk_tell(w->desk, &anna, w->now, NULL));
	assert_false(desk_tell(w->desk, &anna, w->now, &error));
	assert_true(error_is(error, ERROR_TEMP));
}

/* The verdict on one more mail of this sender, which is not taken. */
static enum proto_verdict
judge(struct world *w, const char *from)
{
	struct world_mail mail = world_mail("one more", from);
	struct proto_desk_admitted answer = {0};
	enum proto_verdict verdict;

	mail.is_on_line = TRUE;
	assert_true(world_admit(w, &mail, &answer, NULL));
	verdict = answer.verdict;
	world_admitted_clear(&answer);
	return verdict;
}

static void
receive(struct world *w, const char *name, const char *from)
{
	struct world_mail mail = world_mail(name, from);

	(void)world_receive(w, &mail);
}

static void
so_many_mails_in_a_window(void **state)
{
	struct world *w = *state;

	w->config.mail_burst = BURST;
	receive(w, "a1", "anna");
	w->now += 1800;
	assert_int_equal(judge(w, "anna"), PROTO_NEW);
	receive(w, "a2", "anna");
	assert_int_equal(judge(w, "anna"), PROTO_LATER);
	assert_int_equal(judge(w, "bert"), PROTO_NEW);
	w->now += 1800; /* the first is as old as the window */
	assert_int_equal(judge(w, "anna"), PROTO_LATER);
	w->now += 1;
	assert_int_equal(judge(w, "anna"), PROTO_NEW);
	receive(w, "a3", "anna");
	assert_int_equal(judge(w, "anna"), PROTO_LATER);
	w->now += 1800;
	assert_int_equal(judge(w, "anna"), PROTO_NEW);
}

static void
a_window_may_have_two_epochs(void **state)
{
	struct world *w = *state;

	w->config.mail_burst = BURST;
	w->now = (w->now / WORLD_EPOCH_S + 1) * WORLD_EPOCH_S - 2;
	receive(w, "a1", "anna");
	w->now += 1;
	receive(w, "b1", "bert");
	w->now += 1;
	assert_int_equal(judge(w, "anna"), PROTO_NEW);
	receive(w, "a2", "anna");
	assert_int_equal(judge(w, "anna"), PROTO_LATER);
	assert_int_equal(judge(w, "bert"), PROTO_NEW);
}

/* Back over a day, and forth again. */
static void
a_clock_set_back_keeps_nobody_out(void **state)
{
	struct world *w = *state;

	w->config.mail_burst = BURST;
	receive(w, "a1", "anna");
	receive(w, "a2", "anna");
	assert_int_equal(judge(w, "anna"), PROTO_LATER);
	w->now -= 86400;
	assert_int_equal(judge(w, "anna"), PROTO_NEW);
	receive(w, "a3", "anna");
	receive(w, "a4", "anna");
	assert_int_equal(judge(w, "anna"), PROTO_LATER);
	w->now += 86400;
	assert_int_equal(judge(w, "anna"), PROTO_NEW);
}

/* Other senders' mails push out the oldest. */
static void
counted_mails_are_bounded(void **state)
{
	struct world *w = *state;
	struct burst *burst = burst_new();
	struct proto_epoch_ids ids = {0};
	GArray *epochs = g_array_new(FALSE, FALSE, sizeof(ids));
	struct proto_desk_admit admit = {.epochs = epochs};
	struct decision d = {
	    .desk = w->desk, .mail = &admit, .verdict = PROTO_NEW};

	w->config.mail_burst = 1;
	g_array_append_val(epochs, ids);
	for (guint32 i = 0; i < BURST_MAILS_MAX + 2; i++) {
		memcpy(
		    g_array_index(epochs, struct proto_epoch_ids, 0).contact.b,
		    &i, sizeof(i));
		burst_add(burst, &d, w->now);
	}
	for (guint32 i = 0; i < BURST_MAILS_MAX + 2; i++) {
		memcpy(
		    g_array_index(epochs, struct proto_epoch_ids, 0).contact.b,
		    &i, sizeof(i));
		assert_int_equal(burst_is_over(burst, &d, w->now), i >= 2);
	}
	assert_false(burst_is_over(burst, &d, w->now + 3601));
	g_array_unref(epochs);
	burst_free(burst);
}

static void
one_worker_has_a_mail(void **state)
{
	struct in_hand *hands = in_hand_new();
	struct proto_key a = {{1}}, b = {{2}};
	g_autoptr(GError) error = NULL;
	char one, two;

	(void)state;
	assert_true(in_hand_take(hands, &one, &a, NULL));
	assert_false(in_hand_take(hands, &two, &a, &error));
	assert_true(error_is(error, ERROR_TEMP));
	assert_true(in_hand_take(hands, &two, &b, NULL));
	/* Its own again, as after a conflict. */
	assert_true(in_hand_take(hands, &one, &a, NULL));
	/* Whoever takes another lets go. */
	in_hand_drop(hands, &two);
	assert_true(in_hand_take(hands, &one, &b, NULL));
	assert_true(in_hand_take(hands, &two, &a, NULL));
	in_hand_drop(hands, &two);
	in_hand_drop(hands, &two);
	assert_true(in_hand_take(hands, &one, &a, NULL));
	assert_true(in_hand_take(hands, &two, &b, NULL));
	in_hand_free(hands);
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, open_limited, world_close)

int
desk_limits_tests(void)
{
	const struct CMUnitTest tests[] = {
	    IN_WORLD(a_storm_holds_the_post_and_loses_nothing),
	    IN_WORLD(each_hour_counts_by_itself),
	    IN_WORLD(an_operator_holds_answers_too),
	    IN_WORLD(guesses_are_counted_by_the_hour),
	    IN_WORLD(an_agent_is_told_so_often),
	    IN_WORLD(so_many_mails_in_a_window),
	    IN_WORLD(a_window_may_have_two_epochs),
	    IN_WORLD(a_clock_set_back_keeps_nobody_out),
	    IN_WORLD(counted_mails_are_bounded),
	    cmocka_unit_test(one_worker_has_a_mail),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
