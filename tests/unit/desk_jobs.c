/*
 * Jobs to agents beside those to players, what a job is told of its ticket, and
 * answers with commands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "desk/internal.h"
#include "desk_world.h"

int desk_jobs_tests(void);

#define TO_PLAYERS                                                             \
	(WORLD_NOTICES | 1u << PROTO_JOB_ESCALATED | 1u << PROTO_JOB_CLOSED |  \
	    1u << PROTO_JOB_TRANSCRIPT)
#define TO_AGENTS (1u << PROTO_JOB_STAGE | 1u << PROTO_JOB_HANDED)

static struct proto_desk_jobs
claim(struct world *w, guint32 kinds)
{
	struct proto_desk_work work = {
	    .slot = 1, .want = PROTO_JOBS_MAX, .kinds = kinds};
	struct proto_desk_jobs jobs = {0};

	assert_true(world_work(w, &work, &jobs, NULL));
	return jobs;
}

static guint
claim_and_settle(struct world *w, guint32 kinds, enum proto_outcome outcome)
{
	struct proto_desk_jobs jobs = claim(w, kinds);
	guint n = jobs.jobs->len;

	for (guint i = 0; i < n; i++)
		assert_true(world_settle(w, 1,
		    &g_array_index(jobs.jobs, struct proto_job, i).name,
		    outcome));
	world_jobs_clear(&jobs);
	return n;
}

static const struct proto_job *
job_at(const struct proto_desk_jobs *jobs, guint i)
{
	assert_true(i < jobs->jobs->len);
	return &g_array_index(jobs->jobs, struct proto_job, i);
}

static struct number
open_ticket(struct world *w, const char *name)
{
	struct world_mail mail = world_mail(name, name);

	return world_receive(w, &mail).number;
}

static void
promise(struct world *w, const struct number *number,
    const struct jobs_new *new)
{
	struct store_ticket row = world_ticket(w, number);

	assert_true(desk_begin(w->desk, w->now, NULL));
	assert_true(jobs_promise(w->desk, &row, new, w->now, NULL));
	assert_true(desk_commit_turn(w->desk, NULL));
}

static void
raise_ticket(struct world *w, const struct number *number, guint32 reasons)
{
	struct store_ticket row;
	gboolean is_raised;

	assert_true(desk_begin(w->desk, w->now, NULL));
	row = world_ticket(w, number);
	assert_true(clocks_raise(
	    w->desk, &row, reasons, w->now, &is_raised, NULL));
	assert_true(is_raised);
	assert_true(store_ticket_update(w->store, &row, NULL));
	assert_true(desk_commit_turn(w->desk, NULL));
}

static void
set_hold(struct world *w, enum proto_hold hold)
{
	struct proto_ctl_post request = {.hold = hold};
	struct proto_ctl_post_is answer = {0};

	assert_true(desk_begin(w->desk, w->now, NULL));
	assert_true(desk_post(w->desk, &request, w->now, &answer, NULL));
	assert_true(desk_commit_turn(w->desk, NULL));
}

/* --- what a job says --- */

static void
arg_keeps_every_value(void **state)
{
	static const guint32 stages[] = {0, 50, 80, 100};

	(void)state;
	for (guint32 i = 0; i < 5 * 4 * 8 * 4 * 4; i++) {
		struct jobs_arg arg = {.clock = i % 5,
		    .stage = stages[i / 5 % 4],
		    .reasons = i / 20 % 8,
		    .level = i / 160 % 4,
		    .close = i / 640 % 4};
		struct jobs_arg again = jobs_arg_unpack(jobs_arg_pack(&arg));

		assert_memory_equal(&arg, &again, sizeof(arg));
	}
}

static void
a_stage_needs_no_envelope(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	struct store_ticket row = world_ticket(w, &number);
	const struct proto_job *job;
	struct proto_desk_jobs jobs;

	w->now += 3600;
	jobs = claim(w, TO_AGENTS);
	assert_int_equal(jobs.jobs->len, 1);
	job = job_at(&jobs, 0);
	assert_int_equal(job->name.kind, PROTO_JOB_STAGE);
	assert_true(number_equal(&job->number, &number));
	assert_string_equal(job->queue, "support");
	assert_string_equal(job->category, "withdrawal");
	assert_string_equal(job->pseudonym, row.t.pseudonym);
	assert_string_equal(job->agent, "");
	assert_int_equal(job->clock, SLA_FIRST_REPLY);
	assert_int_equal(job->stage, 50);
	assert_int_equal(job->clock_due, WORLD_START + 7200);
	assert_int_equal(job->first_reply_due, WORLD_START + 7200);
	assert_int_equal(job->decision_due, WORLD_START + 86400);
	assert_int_equal(job->level, 1);
	assert_int_equal(job->reasons, 0);
	assert_int_equal(g_bytes_get_size(job->sealed), 0);
	assert_int_equal(job->due, w->now + 3600);
	world_jobs_clear(&jobs);
}

static void
a_level_is_told_to_both(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	const struct proto_job *job;
	struct proto_desk_jobs jobs;

	assert_int_equal(claim_and_settle(w, WORLD_NOTICES, PROTO_SENT), 1);
	w->now += 60;
	raise_ticket(w, &number, SLA_BY_AGENT | SLA_BY_PLAYER);
	jobs = claim(w, 1u << PROTO_JOB_HANDED);
	job = job_at(&jobs, 0);
	assert_int_equal(job->reasons, SLA_BY_AGENT | SLA_BY_PLAYER);
	assert_int_equal(job->level, 2);
	assert_int_equal(g_bytes_get_size(job->sealed), 0);
	world_jobs_clear(&jobs);
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_SENT), 1);
	jobs = claim(w, TO_PLAYERS);
	job = job_at(&jobs, 0);
	assert_int_equal(job->name.kind, PROTO_JOB_ESCALATED);
	assert_int_equal(job->level, 2);
	assert_true(g_bytes_get_size(job->sealed) > 0);
	assert_int_equal(job->first_reply_due, w->now + 7200);
	assert_int_equal(job->decision_due, WORLD_START + 86400);
	world_jobs_clear(&jobs);
}

static void
set_state(struct world *w, const struct number *number, enum ticket_state state)
{
	struct store_ticket row = world_ticket(w, number);

	row.t.state = state;
	assert_true(store_begin(w->store, NULL));
	assert_true(store_ticket_update(w->store, &row, NULL));
	assert_true(store_commit(w->store, NULL));
}

/* In a hold a mail may wait until it is no longer true. */
static void
a_player_is_told_no_past(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	const struct jobs_new closed = {
	    .kind = PROTO_JOB_CLOSED, .arg.close = PROTO_CLOSE_SOLVED};

	assert_int_equal(claim_and_settle(w, WORLD_NOTICES, PROTO_SENT), 1);
	raise_ticket(w, &number, SLA_BY_PLAYER);
	set_state(w, &number, TICKET_CLOSED);
	assert_int_equal(claim_and_settle(w, TO_PLAYERS, PROTO_SENT), 0);
	promise(w, &number, &closed);
	set_state(w, &number, TICKET_OPEN);
	assert_int_equal(claim_and_settle(w, TO_PLAYERS, PROTO_SENT), 0);
	assert_false(desk_has_work(w->desk, TO_PLAYERS, w->now));
	/* And nothing has failed: this is another closing. */
	set_state(w, &number, TICKET_CLOSED);
	promise(w, &number, &closed);
	assert_int_equal(claim_and_settle(w, TO_PLAYERS, PROTO_SENT), 1);
}

/* --- who gets which --- */

static void
kinds_are_kept_apart(void **state)
{
	struct world *w = *state;

	(void)open_ticket(w, "m1");
	assert_true(desk_has_work(w->desk, TO_PLAYERS, w->now));
	assert_false(desk_has_work(w->desk, TO_AGENTS, w->now));
	w->now += 3600;
	while (desk_tick(w->desk, w->now) == 0)
		;
	assert_true(desk_has_work(w->desk, TO_AGENTS, w->now));
	assert_false(desk_has_work(w->desk, 1u << PROTO_JOB_HANDED, w->now));
	assert_int_equal(
	    claim_and_settle(w, 1u << PROTO_JOB_HANDED, PROTO_SENT), 0);
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_SENT), 1);
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_SENT), 0);
	assert_int_equal(claim_and_settle(w, 0, PROTO_SENT), 1);
}

/* A hold is for mails to players, and their count is of such mails. */
static void
a_hold_stops_no_agents(void **state)
{
	struct world *w = *state;
	struct proto_ctl_status_is status = {0};

	(void)open_ticket(w, "m1");
	w->now += 3600;
	set_hold(w, PROTO_HOLD_OPERATOR);
	assert_true(desk_has_work(w->desk, 0, w->now));
	assert_true(desk_has_work(w->desk, TO_AGENTS, w->now));
	assert_false(desk_has_work(w->desk, TO_PLAYERS, w->now));
	assert_int_equal(claim_and_settle(w, TO_PLAYERS, PROTO_SENT), 0);
	assert_int_equal(claim_and_settle(w, 0, PROTO_SENT), 1);
	assert_false(desk_has_work(w->desk, 0, w->now));
	assert_true(desk_status(w->desk, w->now, &status, NULL));
	assert_int_equal(status.post_sent, 0);
	set_hold(w, PROTO_HOLD_NONE);
	assert_int_equal(claim_and_settle(w, 0, PROTO_SENT), 1);
	assert_true(desk_status(w->desk, w->now, &status, NULL));
	assert_int_equal(status.post_sent, 1);
}

/* An operator hears of it; the ticket is as before. */
static void
what_agents_do_not_get_changes_nothing(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	struct store_ticket before, after;
	struct store_counts counts = {0};

	w->now += 3600;
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_DEFERRED), 1);
	before = world_ticket(w, &number);
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_FAILED), 0);
	w->now += 10;
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_FAILED), 1);
	after = world_ticket(w, &number);
	assert_memory_equal(&before, &after, sizeof(after));
	assert_int_equal(after.t.acknowledged, 0);
	assert_true(store_count(w->store, w->now, &counts, NULL));
	assert_int_equal(counts.promises_failed, 1);
}

/* To where mail comes back from, the level is told to agents only. */
static void
an_unreachable_player_has_agents(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	struct world_mail report = world_mail("d1", "daemon");

	assert_int_equal(claim_and_settle(w, WORLD_NOTICES, PROTO_SENT), 1);
	raise_ticket(w, &number, SLA_BY_AGENT);
	report.report = PROTO_REPORT_FAILED;
	report.job = PROTO_JOB_ACK;
	world_claim(&report, PROTO_VIA_BOUNCE, &number);
	(void)world_receive(w, &report);
	assert_int_equal(claim_and_settle(w, TO_PLAYERS, PROTO_SENT), 0);
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_SENT), 1);
}

/* A report on a mail to agents says nothing about the player. */
static void
a_bounced_stage_is_no_bounce_of_the_player(void **state)
{
	static const guint32 kinds[] = {PROTO_JOB_STAGE, PROTO_JOB_HANDED};
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *name = g_strdup_printf("d%zu", i);
		struct world_mail report = world_mail(name, "daemon");

		report.report = PROTO_REPORT_FAILED;
		report.job = kinds[i];
		world_claim(&report, PROTO_VIA_BOUNCE, &number);
		(void)world_receive(w, &report);
		assert_int_equal(world_ticket(w, &number).t.flags, 0);
	}
}

/* --- names --- */

static guint
open_jobs(struct world *w)
{
	struct store_counts counts = {0};

	assert_true(store_count(w->store, w->now, &counts, NULL));
	return (guint)counts.promises_open;
}

static void
one_name_one_mail(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	struct jobs_new new = {.kind = PROTO_JOB_HANDED};
	struct jobs_new other = {
	    .kind = PROTO_JOB_HANDED, .arg.reasons = SLA_BY_AGENT};
	struct proto_desk_jobs jobs;

	assert_int_equal(claim_and_settle(w, WORLD_NOTICES, PROTO_SENT), 1);
	promise(w, &number, &new);
	promise(w, &number, &new);
	assert_int_equal(open_jobs(w), 1);
	promise(w, &number, &other);
	assert_int_equal(open_jobs(w), 2);
	/* In the hands of a post: the next one is another mail. */
	jobs = claim(w, TO_AGENTS);
	assert_int_equal(jobs.jobs->len, 2);
	promise(w, &number, &new);
	assert_int_equal(open_jobs(w), 3);
	world_jobs_clear(&jobs);
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_SENT), 2);
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_SENT), 1);
	/* Over: the same thing may come up again. */
	promise(w, &number, &new);
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_SENT), 1);
}

/* Refused, no turn could begin in which one of them ends. */
static void
enough_mails_are_enough(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	const struct jobs_new stage = {.kind = PROTO_JOB_STAGE,
	    .arg.clock = SLA_DECISION,
	    .arg.stage = 50};
	struct proto_desk_work work = {
	    .want = PROTO_JOBS_MAX, .kinds = TO_AGENTS};
	guint claimed = 0;

	for (guint i = 0; i < 20; i++) {
		struct proto_desk_jobs jobs = {0};

		promise(w, &number, &stage);
		work.slot = i;
		assert_true(world_work(w, &work, &jobs, NULL));
		claimed += jobs.jobs->len;
		world_jobs_clear(&jobs);
	}
	assert_int_equal(claimed, 8);
}

static void
a_key_of_the_callers_is_once(void **state)
{
	static const struct store_key key = {{7}};
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	struct jobs_new new = {.kind = PROTO_JOB_TRANSCRIPT,
	    .key = &key,
	    .due = WORLD_START + 99};
	struct proto_desk_jobs jobs;

	promise(w, &number, &new);
	promise(w, &number, &new);
	jobs = claim(w, 1u << PROTO_JOB_TRANSCRIPT);
	assert_memory_equal(
	    job_at(&jobs, 0)->name.key.b, key.b, sizeof(key.b));
	assert_int_equal(job_at(&jobs, 0)->due, WORLD_START + 99);
	world_jobs_clear(&jobs);
	assert_int_equal(
	    claim_and_settle(w, 1u << PROTO_JOB_TRANSCRIPT, PROTO_SENT), 1);
	promise(w, &number, &new);
	assert_false(
	    desk_has_work(w->desk, 1u << PROTO_JOB_TRANSCRIPT, w->now));
}

/* --- turns --- */

/* What was said in a turn that was taken back is said again. */
static void
a_lost_turn_says_it_again(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");

	w->now += 7201;
	assert_true(desk_begin(w->desk, w->now, NULL));
	assert_int_equal(world_ticket(w, &number).t.level, 2);
	store_rollback(w->store);
	assert_int_equal(world_ticket(w, &number).t.level, 1);
	assert_int_equal(claim_and_settle(w, TO_AGENTS, PROTO_SENT), 1);
	assert_int_equal(world_ticket(w, &number).t.level, 2);
}

static void
a_tick_wakes_for_a_stage(void **state)
{
	struct world *w = *state;

	(void)open_ticket(w, "m1");
	assert_int_equal(claim_and_settle(w, WORLD_NOTICES, PROTO_SENT), 1);
	(void)desk_tick(w->desk, w->now);
	w->now += 3600 - 20;
	assert_int_equal(desk_tick(w->desk, w->now), 20000);
	assert_false(desk_has_work(w->desk, TO_AGENTS, w->now));
	w->now += 20;
	(void)desk_tick(w->desk, w->now);
	assert_true(desk_has_work(w->desk, TO_AGENTS, w->now));
}

/* However many there are, none is left for a later turn. */
static void
all_breaches_in_one_turn(void **state)
{
	struct world *w = *state;
	struct number numbers[450];

	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		g_autofree char *name = g_strdup_printf("m%u", i);

		numbers[i] = open_ticket(w, name);
	}
	w->now += 7201;
	assert_true(desk_begin(w->desk, w->now, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
		assert_int_equal(world_ticket(w, &numbers[i]).t.level, 2);
	assert_true(desk_commit_turn(w->desk, NULL));
}

/* --- an answer with commands --- */

static gboolean
take(struct world *w, const char *name, const struct number *number,
    const char *agent, guint32 has_more, guint *jobs, GError **err)
{
	static char queue[] = "vip";
	struct proto_desk_take request = {.slot = 9,
	    .job = {world_fingerprint(w, name), PROTO_JOB_ANSWER},
	    .number = *number,
	    .queue = queue,
	    .agent = (char *)agent,
	    .has_more = has_more};
	struct proto_desk_jobs answer = {0};
	gboolean is_taken;

	assert_true(desk_begin(w->desk, w->now, NULL));
	is_taken = desk_take(w->desk, &request, w->now, &answer, err);
	assert_true(desk_commit_turn(w->desk, NULL));
	if (!is_taken)
		return FALSE;
	*jobs = answer.jobs->len;
	if (*jobs > 0)
		assert_string_equal(job_at(&answer, 0)->queue, "vip");
	world_jobs_clear(&answer);
	return TRUE;
}

static enum store_message_state
state_of(struct world *w, const char *name)
{
	struct proto_key key = world_fingerprint(w, name);
	struct store_key id = desk_key(&key);
	struct store_message row;

	assert_int_equal(
	    store_message_get(w->store, &id, &row, NULL), STORE_FOUND);
	return row.state;
}

static void
an_answer_with_more_is_not_done(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	struct proto_job_name job = {
	    world_fingerprint(w, "a1"), PROTO_JOB_ANSWER};
	guint jobs = 0;

	assert_true(take(w, "a1", &number, "otto", TRUE, &jobs, NULL));
	assert_int_equal(jobs, 1);
	assert_int_equal(state_of(w, "a1"), STORE_MESSAGE_SENDING_MORE);
	assert_true(world_settle(w, 9, &job, PROTO_SENT));
	assert_int_equal(state_of(w, "a1"), STORE_MESSAGE_SENT_MORE);
	assert_true(take(w, "a1", &number, "otto", TRUE, &jobs, NULL));
	assert_int_equal(jobs, 0); /* not sent again */
	assert_true(take(w, "a2", &number, "otto", FALSE, &jobs, NULL));
	assert_int_equal(state_of(w, "a2"), STORE_MESSAGE_SENDING);
}

static void
nobody_else_takes_what_is_being_sent(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	struct proto_desk_take other = {.slot = 8,
	    .job = {world_fingerprint(w, "a1"), PROTO_JOB_ANSWER},
	    .number = number,
	    .has_more = TRUE};
	struct proto_desk_jobs answer = {0};
	static char queue[] = "support";
	g_autoptr(GError) err = NULL;
	guint jobs = 0;

	other.queue = queue;
	assert_true(take(w, "a1", &number, "otto", TRUE, &jobs, NULL));
	assert_true(desk_begin(w->desk, w->now, NULL));
	assert_false(desk_take(w->desk, &other, w->now, &answer, &err));
	assert_true(error_is(err, ERROR_TEMP));
	assert_true(desk_commit_turn(w->desk, NULL));
}

static void
who_answers_has_the_ticket(void **state)
{
	struct world *w = *state;
	struct number number = open_ticket(w, "m1");
	g_autofree char *longer = g_strnfill(TICKET_TOKEN_SIZE, 'x');
	const char *no_names[] = {longer, "otto@casino.example", "Otto"};
	guint jobs = 0;

	assert_true(take(w, "a1", &number, NULL, FALSE, &jobs, NULL));
	assert_string_equal(world_ticket(w, &number).t.agent, "");
	for (gsize i = 0; i < G_N_ELEMENTS(no_names); i++) {
		g_autoptr(GError) err = NULL;

		assert_false(
		    take(w, "a2", &number, no_names[i], FALSE, &jobs, &err));
		assert_true(error_is(err, ERROR_DENIED));
		assert_string_equal(world_ticket(w, &number).t.agent, "");
	}
	assert_true(take(w, "a3", &number, "otto", FALSE, &jobs, NULL));
	assert_string_equal(world_ticket(w, &number).t.agent, "otto");
	assert_true(take(w, "a4", &number, "paula", FALSE, &jobs, NULL));
	assert_string_equal(world_ticket(w, &number).t.agent, "otto");
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_open, world_close)

int
desk_jobs_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arg_keeps_every_value),
	    IN_WORLD(a_stage_needs_no_envelope),
	    IN_WORLD(a_level_is_told_to_both),
	    IN_WORLD(a_player_is_told_no_past),
	    IN_WORLD(kinds_are_kept_apart),
	    IN_WORLD(a_hold_stops_no_agents),
	    IN_WORLD(what_agents_do_not_get_changes_nothing),
	    IN_WORLD(an_unreachable_player_has_agents),
	    IN_WORLD(a_bounced_stage_is_no_bounce_of_the_player),
	    IN_WORLD(one_name_one_mail),
	    IN_WORLD(enough_mails_are_enough),
	    IN_WORLD(a_key_of_the_callers_is_once),
	    IN_WORLD(a_lost_turn_says_it_again),
	    IN_WORLD(a_tick_wakes_for_a_stage),
	    IN_WORLD(all_breaches_in_one_turn),
	    IN_WORLD(an_answer_with_more_is_not_done),
	    IN_WORLD(nobody_else_takes_what_is_being_sent),
	    IN_WORLD(who_answers_has_the_ticket),
	};

	return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
