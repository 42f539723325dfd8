/*
 * The report of a week: from Monday 06:00 UTC on, once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "desk_acts.h"

int desk_weekly_tests(void);

/* Tuesday, 14 November 2023, is WORLD_START. */
#define MONDAY 1700438400 /* 20 November, 00:00 UTC */
#define SIX (6 * 3600)
#define WEEK (7 * 86400)
#define KINDS (1u << PROTO_JOB_WEEKLY)

static guint
ask(struct world *w, guint32 slot, guint32 kinds, struct proto_job_name *name)
{
	struct proto_desk_work work = {
	    .slot = slot, .want = 8, .kinds = kinds};
	struct proto_desk_jobs jobs = {0};
	guint n;

	assert_true(world_work(w, &work, &jobs, NULL));
	n = jobs.jobs->len;
	for (guint i = 0; i < n; i++) {
		const struct proto_job *job =
		    &g_array_index(jobs.jobs, struct proto_job, i);

		assert_int_equal(job->name.kind, PROTO_JOB_WEEKLY);
		assert_string_equal(job->queue, "support");
		assert_false(number_is_set(&job->number));
		assert_int_equal(job->clock_due - job->opened, WEEK);
		assert_int_equal((job->clock_due - MONDAY) % WEEK, 0);
		assert_true(job->clock_due + SIX <= w->now);
		assert_true(w->now - job->clock_due < SIX + WEEK);
		*name = job->name;
	}
	world_jobs_clear(&jobs);
	return n;
}

static guint
held(struct world *w, guint32 slot)
{
	struct proto_desk_work work = {.slot = slot, .resume = TRUE};
	struct proto_desk_jobs jobs = {0};
	guint n;

	assert_true(world_work(w, &work, &jobs, NULL));
	n = jobs.jobs->len;
	world_jobs_clear(&jobs);
	return n;
}

static int
open_weekly(void **state)
{
	int failed = world_open(state);
	struct world *w = *state;
	struct proto_job_name name;

	w->queues[0].weekly = TRUE;
	/* Of the weeks before, nobody asked. */
	assert_int_equal(ask(w, 0, KINDS, &name), 0);
	return failed;
}

static void
each_week_has_one(void **state)
{
	struct world *w = *state;
	struct proto_job_name name, next;

	w->now = MONDAY + SIX - 1;
	assert_false(desk_has_work(w->desk, KINDS, w->now));
	assert_int_equal(ask(w, 0, KINDS, &name), 0);
	w->now = MONDAY + SIX;
	assert_true(desk_has_work(w->desk, KINDS, w->now));
	assert_false(
	    desk_has_work(w->desk, 1u << PROTO_JOB_STAGE, w->now));
	assert_int_equal(ask(w, 0, 1u << PROTO_JOB_STAGE, &name), 0);
	assert_int_equal(ask(w, 0, KINDS, &name), 1);
	/* In the hands of slot 0: not anybody else's. */
	assert_false(desk_has_work(w->desk, KINDS, w->now));
	assert_int_equal(ask(w, 1, KINDS, &next), 0);
	assert_true(world_settle(w, 1, &name, PROTO_FAILED));
	assert_int_equal(held(w, 0), 1);
	assert_true(world_settle(w, 0, &name, PROTO_SENT));
	assert_int_equal(held(w, 0), 0);
	w->now += 3 * 86400;
	assert_int_equal(ask(w, 0, 0, &name), 0);
	w->now = MONDAY + WEEK + SIX - 1;
	assert_int_equal(ask(w, 0, 0, &next), 0);
	w->now = MONDAY + WEEK + SIX;
	assert_int_equal(ask(w, 0, 0, &next), 1);
	assert_memory_not_equal(&name.key, &next.key, sizeof(name.key));
}

static void
what_is_deferred_comes_again(void **state)
{
	struct world *w = *state;
	struct proto_job_name name;

	w->now = MONDAY + SIX;
	assert_int_equal(ask(w, 0, KINDS, &name), 1);
	assert_true(world_settle(w, 0, &name, PROTO_DEFERRED));
	assert_int_equal(held(w, 0), 0);
	assert_int_equal(ask(w, 1, KINDS, &name), 0);
	w->now += 600;
	assert_int_equal(ask(w, 1, KINDS, &name), 1);
	assert_true(world_settle(w, 1, &name, PROTO_SENT));
	w->now += 600;
	assert_int_equal(ask(w, 1, KINDS, &name), 0);
}

/* The post died: whoever has its slot knows, and after a time anybody has. */
static void
what_a_dead_post_held_is_sent(void **state)
{
	struct world *w = *state;
	struct proto_job_name name, late;

	w->now = MONDAY + SIX;
	assert_int_equal(ask(w, 0, KINDS, &name), 1);
	world_restart(w, w->store);
	assert_int_equal(held(w, 0), 1);
	assert_int_equal(ask(w, 0, KINDS, &late), 1);
	assert_memory_equal(&name.key, &late.key, sizeof(name.key));
	w->now += 899;
	assert_int_equal(ask(w, 1, KINDS, &late), 0);
	w->now += 1;
	assert_int_equal(ask(w, 1, KINDS, &late), 1);
	assert_memory_equal(&name.key, &late.key, sizeof(name.key));
	assert_int_equal(held(w, 0), 0);
	assert_true(world_settle(w, 1, &late, PROTO_SENT));
	assert_false(desk_has_work(w->desk, KINDS, w->now));
}

/* The hold is for players; and a report is no mail to one. */
static void
no_hold_stops_it(void **state)
{
	struct world *w = *state;
	struct proto_ctl_post hold = {.hold = PROTO_HOLD_OPERATOR};
	struct proto_ctl_status_is status = {0};
	struct proto_ctl_post_is is;
	struct proto_job_name name;

	w->now = MONDAY + SIX;
	assert_true(desk_begin(w->desk, w->now, NULL));
	assert_true(desk_post(w->desk, &hold, w->now, &is, NULL));
	assert_true(desk_commit_turn(w->desk, NULL));
	assert_true(desk_has_work(w->desk, KINDS, w->now));
	assert_int_equal(ask(w, 0, KINDS, &name), 1);
	assert_true(world_settle(w, 0, &name, PROTO_SENT));
	assert_true(desk_status(w->desk, w->now, &status, NULL));
	assert_int_equal(status.post_sent, 0);
}

/* Three weeks without power: one report, of the last one. */
static void
only_the_newest_week_is_told(void **state)
{
	struct world *w = *state;
	struct proto_job_name name;

	w->now = MONDAY + 3 * WEEK + 5 * 86400;
	assert_int_equal(ask(w, 0, KINDS, &name), 1);
	assert_true(world_settle(w, 0, &name, PROTO_FAILED));
	assert_int_equal(ask(w, 0, KINDS, &name), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_weekly, world_close)

int
desk_weekly_tests(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_week_has_one),
	    TEST(what_is_deferred_comes_again),
	    TEST(what_a_dead_post_held_is_sent),
	    TEST(no_hold_stops_it),
	    TEST(only_the_newest_week_is_told),
	};

	return cmocka_run_group_tests_name("weekly", tests, NULL, NULL);
}
