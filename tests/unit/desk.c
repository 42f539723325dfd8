/*
 * The desk's requests one by one, in the corners that a scenario
 * (tests/unit/desk_scenario.c) cannot say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "desk_world.h"
#include "ticket/pseudonym.h"

int desk_clocks_tests(void);
int desk_jobs_tests(void);
int desk_limits_tests(void);
int desk_scenario_tests(void);
int desk_property_tests(void);
int desk_acts_tests(void);
int desk_facts_tests(void);

static guint
count_tickets(struct world *w)
{
	struct store_counts counts = {0};

	assert_true(store_count(w->store, w->now, &counts, NULL));
	return (guint)(counts.tickets_open + counts.tickets_closed);
}

static struct proto_desk_jobs
claim(struct world *w, guint32 slot, guint32 want)
{
	struct proto_desk_work work = {.slot = slot, .want = want};
	struct proto_desk_jobs jobs = {0};

	assert_true(world_work(w, &work, &jobs, NULL));
	return jobs;
}

static const struct proto_job *
job_at(const struct proto_desk_jobs *jobs, guint i)
{
	return &g_array_index(jobs->jobs, struct proto_job, i);
}

/* --- admit and commit --- */

/* Looking changes nothing. */
static void
test_admit_reads(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct proto_desk_admitted first = {0}, second = {0};

	assert_true(world_admit(w, &mail, &first, NULL));
	assert_true(world_admit(w, &mail, &second, NULL));
	assert_int_equal(first.verdict, PROTO_NEW);
	assert_true(number_equal(&first.number, &second.number));
	assert_string_equal(first.pseudonym, second.pseudonym);
	assert_string_equal(first.category, "withdrawal");
	assert_string_equal(first.copy_id, "");
	assert_int_equal(first.opened, w->now);
	assert_int_equal(first.due, w->now + 7200);
	assert_int_equal(count_tickets(w), 0);
	world_admitted_clear(&first);
	world_admitted_clear(&second);
}

static void
test_copy_id(void **state)
{
	struct world *w = *state;
	struct world_mail m1 = world_mail("m1", "anna");
	struct world_mail m2 = world_mail("m2", "anna");
	struct world_fate fate = world_receive(w, &m1);
	struct proto_desk_admitted answer = {0};

	world_claim(&m2, PROTO_VIA_CAPABILITY, &fate.number);
	assert_true(world_admit(w, &m2, &answer, NULL));
	assert_string_equal(answer.copy_id, "m1@casino.example");
	world_admitted_clear(&answer);
	(void)world_receive(w, &m2);
	assert_string_equal(
	    world_ticket(w, &fate.number).copy_id, "m2@casino.example");
}

static void
test_agent_admit(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct world_mail reply = world_mail("r1", "agent");
	struct world_fate fate = world_receive(w, &mail);
	struct number none = number_from_bits(12345);
	struct proto_desk_admitted answer = {0};
	struct proto_desk_jobs jobs = {0};
	g_autoptr(GError) err = NULL;

	reply.side = PROTO_SIDE_AGENT;
	world_claim(&reply, PROTO_VIA_CAPABILITY, &none);
	assert_int_equal(world_receive(w, &reply).verdict, PROTO_UNKNOWN);
	reply.claim[0].number = fate.number;
	assert_true(world_admit(w, &reply, &answer, NULL));
	assert_int_equal(answer.verdict, PROTO_REPLY);
	assert_true(number_equal(&answer.number, &fate.number));
	/* It is the post that takes an answer, never the worker. */
	assert_false(world_commit(w, &reply, &answer, &err));
	assert_true(error_is(err, ERROR_DENIED));
	world_admitted_clear(&answer);

	assert_true(world_take(w, 3, "r1", &fate.number, &jobs, NULL));
	g_clear_error(&err);
	assert_false(world_admit(w, &reply, &answer, &err)); /* in doubt */
	assert_true(error_is(err, ERROR_TEMP));
	assert_true(world_settle(w, 3, &job_at(&jobs, 0)->name, PROTO_SENT));
	assert_int_equal(world_receive(w, &reply).verdict, PROTO_DUPLICATE);
	/* A retry when the epoch has changed is still a retry. */
	w->now += WORLD_EPOCH_S;
	assert_int_equal(world_receive(w, &reply).verdict, PROTO_DUPLICATE);
	world_jobs_clear(&jobs);
}

static void
close_ticket(struct world *w, const struct number *number)
{
	struct store_ticket row = world_ticket(w, number);

	row.t.state = TICKET_CLOSED;
	row.t.closed = w->now - 15 * 86400;
	assert_true(store_begin(w->store, NULL));
	assert_true(store_ticket_update(w->store, &row, NULL));
	assert_true(store_commit(w->store, NULL));
}

/* What has changed since the copy was made is seen, and nothing is left of
 * the request, though the rest of its turn stands. */
static void
test_conflict(void **state)
{
	struct world *w = *state;
	struct world_mail m1 = world_mail("m1", "anna");
	struct world_mail m2 = world_mail("m2", "anna");
	struct world_mail m3 = world_mail("m3", "bert");
	struct world_fate fate = world_receive(w, &m1);
	struct proto_desk_admitted old = {0}, other = {0};
	g_autoptr(GError) err = NULL;

	world_claim(&m2, PROTO_VIA_CAPABILITY, &fate.number);
	assert_true(world_admit(w, &m2, &old, NULL));
	assert_int_equal(old.verdict, PROTO_FOLLOW_UP);
	assert_true(world_admit(w, &m3, &other, NULL));
	close_ticket(w, &fate.number);

	assert_true(desk_begin(w->desk, w->now, NULL));
	assert_true(world_commit_in_turn(w, &m3, &other, NULL));
	assert_false(world_commit_in_turn(w, &m2, &old, &err));
	assert_true(error_is(err, ERROR_CONFLICT));
	assert_true(desk_commit_turn(w->desk, NULL));
	assert_int_equal(count_tickets(w), 2);
	assert_int_equal(world_ticket(w, &fate.number).t.messages, 1);
	assert_int_equal(world_receive(w, &m2).verdict, PROTO_NEW);
	world_admitted_clear(&old);
	world_admitted_clear(&other);
}

/* Two first mails of one player on their way at a time: each ticket has the
 * name of its copy, the player's next one that of the first. */
static void
test_two_first_mails(void **state)
{
	struct world *w = *state;
	struct world_mail mails[] = {world_mail("m1", "anna"),
	    world_mail("m2", "anna"), world_mail("m3", "anna")};
	struct proto_desk_admitted answers[3] = {{0}};
	g_autoptr(GError) err = NULL;

	for (guint i = 0; i < 2; i++)
		assert_true(world_admit(w, &mails[i], &answers[i], NULL));
	assert_string_not_equal(answers[0].pseudonym, answers[1].pseudonym);
	assert_true(world_commit(w, &mails[0], &answers[0], NULL));
	assert_true(world_commit(w, &mails[1], &answers[1], NULL));
	for (guint i = 0; i < 2; i++)
		assert_string_equal(
		    world_ticket(w, &answers[i].number).t.pseudonym,
		    answers[i].pseudonym);
	assert_true(world_admit(w, &mails[2], &answers[2], NULL));
	assert_string_equal(answers[2].pseudonym, answers[0].pseudonym);
	/* A name that no key has made is nobody's. */
	g_free(answers[2].pseudonym);
	answers[2].pseudonym = g_strdup("calm-otter-10");
	assert_false(world_commit(w, &mails[2], &answers[2], &err));
	assert_true(error_is(err, ERROR_CONFLICT));
	for (guint i = 0; i < 3; i++)
		world_admitted_clear(&answers[i]);
}

/* A turn that is taken back, as when its commit fails. */
static void
test_turn_rollback(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct proto_desk_admitted answer = {0};

	assert_true(world_admit(w, &mail, &answer, NULL));
	assert_true(desk_begin(w->desk, w->now, NULL));
	assert_true(world_commit_in_turn(w, &mail, &answer, NULL));
	store_rollback(w->store);
	assert_int_equal(count_tickets(w), 0);
	assert_true(world_commit(w, &mail, &answer, NULL));
	assert_true(world_commit(w, &mail, &answer, NULL)); /* a retry */
	assert_int_equal(count_tickets(w), 1);
	world_admitted_clear(&answer);
}

/* Two mails that derive the same numbers. */
static void
test_number_taken(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct proto_desk_admit admit = world_admit_make(w, &mail);
	struct proto_desk_admitted answer = {0};
	struct store_ticket row = {.t = {.state = TICKET_OPEN}};
	g_autoptr(GError) err = NULL;

	for (guint i = 0; i < PROTO_NUMBERS; i++) {
		assert_true(desk_admit(w->desk, &admit, w->now, &answer, NULL));
		row.t.number = g_array_index(admit.numbers, struct number, i);
		assert_true(number_equal(&answer.number, &row.t.number));
		assert_true(store_begin(w->store, NULL));
		assert_true(store_ticket_add(w->store, &row, NULL));
		assert_true(store_commit(w->store, NULL));
		/* The copy in the MTA bears a number that is not its own. */
		assert_false(world_commit(w, &mail, &answer, &err));
		assert_true(error_is(
		    err, i + 1 < PROTO_NUMBERS ? ERROR_CONFLICT : ERROR_TEMP));
		g_clear_error(&err);
		world_admitted_clear(&answer);
	}
	assert_false(desk_admit(w->desk, &admit, w->now, &answer, &err));
	assert_true(error_is(err, ERROR_TEMP));
	world_admit_clear(&admit);
}

static void
test_pseudonym_taken(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct proto_desk_admit admit = world_admit_make(w, &mail);
	struct proto_key id =
	    g_array_index(admit.epochs, struct proto_epoch_ids, 0)
		.fingerprint;
	struct store_contact other = {.epoch = WORLD_START / WORLD_EPOCH_S};
	char second[PSEUDONYM_SIZE];

	memset(other.id.b, 9, sizeof(other.id.b));
	pseudonym_from_key(id.b, 0, other.pseudonym);
	pseudonym_from_key(id.b, 1, second);
	assert_true(store_begin(w->store, NULL));
	assert_true(store_contact_put(w->store, &other, NULL));
	assert_true(store_commit(w->store, NULL));
	assert_string_equal(world_receive(w, &mail).pseudonym, second);
	world_admit_clear(&admit);
}

static void
test_bad_requests(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct proto_desk_admit admit = world_admit_make(w, &mail);
	struct proto_desk_admitted answer = {0};
	GError *err = NULL;

	g_free(admit.queue);
	admit.queue = g_strdup("unknown");
	assert_false(desk_admit(w->desk, &admit, w->now, &answer, &err));
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
	g_free(admit.queue);
	admit.queue = g_strdup("support");
	g_free(admit.category);
	admit.category = g_strnfill(TICKET_TOKEN_SIZE, 'x');
	assert_false(desk_admit(w->desk, &admit, w->now, &answer, &err));
	assert_true(error_is(err, ERROR_DENIED));
	g_clear_error(&err);
	g_array_set_size(admit.epochs, 0);
	assert_false(desk_admit(w->desk, &admit, w->now, &answer, &err));
	assert_true(error_is(err, ERROR_DENIED));
	g_clear_error(&err);
	world_admit_clear(&admit);
}

/* The gateway's receipt counts, but no clock of another role from the
 * future. */
static void
test_received(void **state)
{
	static const struct {
		gint64 received;
		gint64 opened;
	} cases[] = {
	    {WORLD_START - 30, WORLD_START - 30},
	    {WORLD_START, WORLD_START},
	    {WORLD_START + 86400, WORLD_START},
	    {0, WORLD_START},
	    {-5, WORLD_START},
	};
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct proto_desk_admit admit = world_admit_make(w, &mail);

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct proto_desk_admitted answer = {0};

		admit.received = cases[i].received;
		assert_true(desk_admit(w->desk, &admit, w->now, &answer, NULL));
		assert_int_equal(answer.opened, cases[i].opened);
		assert_int_equal(answer.due, cases[i].opened + 7200);
		world_admitted_clear(&answer);
	}
	world_admit_clear(&admit);
}

/* --- jobs --- */

static void
test_ack_job(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct world_fate fate = world_receive(w, &mail);
	struct proto_key fingerprint = world_fingerprint(w, "m1");
	struct proto_desk_jobs jobs;
	const struct proto_job *job;

	w->now += 5;
	jobs = claim(w, 1, 4);
	assert_int_equal(jobs.jobs->len, 1);
	job = job_at(&jobs, 0);
	assert_memory_equal(&job->name.key, &fingerprint, PROTO_KEY_LEN);
	assert_int_equal(job->name.kind, PROTO_JOB_ACK);
	assert_true(number_equal(&job->number, &fate.number));
	assert_string_equal(job->queue, "support");
	assert_string_equal(job->lang, "de");
	assert_string_equal(job->category, "withdrawal");
	assert_int_equal(job->opened, WORLD_START);
	assert_int_equal(job->due, WORLD_START + 3600);
	assert_int_equal(job->attempts, 1);
	assert_int_equal(job->epoch, WORLD_START / WORLD_EPOCH_S);
	assert_int_equal(
	    job->forget, (WORLD_START / WORLD_EPOCH_S + 1) * WORLD_EPOCH_S +
			     WORLD_RETENTION_S);
	assert_int_equal(g_bytes_get_size(job->sealed), strlen("to anna"));
	world_jobs_clear(&jobs);
}

static void
test_claims_are_bounded(void **state)
{
	static const struct {
		guint32 want;
		guint got;
	} cases[] = {{0, 0}, {3, 3}, {99, PROTO_JOBS_MAX}, {99, 1}, {99, 0}};
	struct world *w = *state;

	for (guint i = 0; i < 12; i++) {
		g_autofree char *name = g_strdup_printf("m%u", i);
		struct world_mail mail = world_mail(name, name);

		(void)world_receive(w, &mail);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct proto_desk_jobs jobs = claim(w, (guint32)i + 1, cases[i].want);

		assert_int_equal(jobs.jobs->len, cases[i].got);
		world_jobs_clear(&jobs);
	}
}

static void
test_take_refused(void **state)
{
	static char queue[] = "support";
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct world_mail senderless = world_mail("m2", "nobody");
	struct number none = number_from_bits(12345), number;
	struct proto_desk_take take = {.job.kind = PROTO_JOB_ACK,
	    .number = world_receive(w, &mail).number,
	    .queue = queue};
	struct proto_desk_jobs jobs = {0};
	GError *err = NULL;

	senderless.flags = PROTO_FLAG_NO_RETURN;
	number = world_receive(w, &senderless).number;
	assert_false(world_take(w, 1, "r1", &none, &jobs, &err));
	assert_true(error_is(err, ERROR_PERM));
	g_clear_error(&err);
	assert_false(world_take(w, 1, "r1", &number, &jobs, &err));
	assert_true(error_is(err, ERROR_PERM));
	g_clear_error(&err);
	assert_true(desk_begin(w->desk, w->now, NULL));
	assert_false(desk_take(w->desk, &take, w->now, &jobs, &err));
	assert_true(error_is(err, ERROR_DENIED));
	g_clear_error(&err);
	store_rollback(w->store);
	assert_null(jobs.jobs);
}

/* A request that fails in its middle takes back what it had done. */
static void
test_work_is_whole(void **state)
{
	static char status[] = "2.0.0";
	struct world *w = *state;
	struct world_mail m1 = world_mail("m1", "anna");
	struct world_mail m2 = world_mail("m2", "bert");
	struct proto_desk_work work = {.slot = 1, .want = 2};
	struct proto_desk_jobs jobs = {0}, none = {0};
	struct store_counts counts;
	GError *err = NULL;

	(void)world_receive(w, &m1);
	(void)world_receive(w, &m2);
	assert_true(world_work(w, &work, &jobs, NULL));
	work.settled = g_array_new(FALSE, TRUE, sizeof(struct proto_settle));
	for (guint i = 0; i < 2; i++) {
		struct proto_settle settle = {
		    job_at(&jobs, i)->name, i == 0 ? PROTO_SENT : 77, status};

		g_array_append_val(work.settled, settle);
	}
	assert_false(world_work(w, &work, &none, &err));
	assert_true(error_is(err, ERROR_DENIED));
	g_clear_error(&err);
	assert_null(none.jobs);
	assert_true(store_count(w->store, w->now, &counts, NULL));
	assert_int_equal(counts.promises_open, 2);
	g_array_unref(work.settled);
	world_jobs_clear(&jobs);
}

/* Nobody can be reached whose keys are dead: that is no endless retry. */
static void
test_claim_without_envelope(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct store_promise promise = {.name.kind = PROTO_JOB_ACK,
	    .state = STORE_PROMISE_OPEN,
	    .due = w->now,
	    .next_try = w->now};
	struct proto_desk_jobs jobs;
	struct store_counts counts;

	mail.flags = PROTO_FLAG_NO_RETURN;
	promise.ticket = world_receive(w, &mail).number;
	assert_true(store_begin(w->store, NULL));
	assert_true(store_promise_put(w->store, &promise, NULL));
	assert_true(store_commit(w->store, NULL));
	jobs = claim(w, 1, 4);
	assert_int_equal(jobs.jobs->len, 0);
	world_jobs_clear(&jobs);
	assert_false(desk_has_work(w->desk, 0, w->now));
	assert_true(store_count(w->store, w->now, &counts, NULL));
	assert_int_equal(counts.promises_failed, 1);
}

/* --- time --- */

static void
test_tick(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct proto_desk_jobs jobs;

	assert_int_equal(desk_tick(w->desk, w->now), 60000); /* at most */
	(void)world_receive(w, &mail);
	w->now += 2700 - 20;
	assert_int_equal(desk_tick(w->desk, w->now), 20000); /* an alarm */
	jobs = claim(w, 1, 1);
	assert_true(
	    world_settle(w, 1, &job_at(&jobs, 0)->name, PROTO_DEFERRED));
	world_jobs_clear(&jobs);
	assert_false(desk_has_work(w->desk, 0, w->now));
	assert_int_equal(desk_tick(w->desk, w->now), 10000); /* a new try */
	w->now += 10;
	assert_true(desk_has_work(w->desk, 0, w->now));
	assert_int_equal(desk_tick(w->desk, w->now), 10000);
	w->now += 10;
	assert_int_equal(desk_tick(w->desk, w->now), 60000); /* given, once */
}

/* A promise that is kept is not alarmed, one first seen when it is due is
 * not late yet. */
static void
test_alarm_edges(void **state)
{
	struct world *w = *state;
	struct world_mail kept = world_mail("m1", "anna");
	struct world_mail due = world_mail("m2", "bert");
	struct store_next next = {0};
	struct proto_desk_jobs jobs;

	world_slow_clocks(w);
	(void)world_receive(w, &kept);
	jobs = claim(w, 1, 1);
	assert_true(world_settle(w, 1, &job_at(&jobs, 0)->name, PROTO_SENT));
	world_jobs_clear(&jobs);
	assert_true(store_promise_next(w->store, 0, &next, NULL));
	assert_int_equal(next.alarm_at, 0);
	(void)world_receive(w, &due);
	w->now += 3600;
	(void)desk_tick(w->desk, w->now);
	assert_true(store_promise_next(w->store, 0, &next, NULL));
	assert_int_equal(next.alarm_at, WORLD_START + 3601);
	w->now += 1;
	(void)desk_tick(w->desk, w->now);
	assert_true(store_promise_next(w->store, 0, &next, NULL));
	assert_int_equal(next.alarm_at, 0);
}

/* After the last key is dead, nothing of a contact is left. */
static void
test_forgetting(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct world_fate fate = world_receive(w, &mail);
	struct proto_desk_admit admit = world_admit_make(w, &mail);
	struct store_key id;
	struct store_contact contact;
	struct store_envelope envelope;
	struct store_ticket row;
	gint64 dies = (WORLD_START / WORLD_EPOCH_S + 1) * WORLD_EPOCH_S +
		      WORLD_RETENTION_S;

	memcpy(id.b,
	    g_array_index(admit.epochs, struct proto_epoch_ids, 0).contact.b,
	    sizeof(id.b));
	world_admit_clear(&admit);
	(void)desk_tick(w->desk, dies - 1);
	assert_int_equal(
	    store_contact_get(w->store, &id, &contact, NULL), STORE_FOUND);
	while (desk_tick(w->desk, dies) == 0)
		;
	assert_int_equal(
	    store_contact_get(w->store, &id, &contact, NULL), STORE_MISSING);
	assert_int_equal(
	    store_envelope_get(w->store, &fate.number, &envelope, NULL),
	    STORE_MISSING);
	row = world_ticket(w, &fate.number);
	assert_false(store_key_is_set(&row.contact));
}

#define IN_WORLD(test)                                                         \
	cmocka_unit_test_setup_teardown(test, world_open, world_close)

int
main(void)
{
	static int (*const others[])(void) = {desk_acts_tests, desk_jobs_tests,
	    desk_limits_tests, desk_scenario_tests, desk_property_tests,
	    desk_facts_tests, desk_clocks_tests};
	const struct CMUnitTest tests[] = {
	    IN_WORLD(test_admit_reads),
	    IN_WORLD(test_copy_id),
	    IN_WORLD(test_agent_admit),
	    IN_WORLD(test_conflict),
	    IN_WORLD(test_two_first_mails),
	    IN_WORLD(test_turn_rollback),
	    IN_WORLD(test_number_taken),
	    IN_WORLD(test_pseudonym_taken),
	    IN_WORLD(test_bad_requests),
	    IN_WORLD(test_received),
	    IN_WORLD(test_ack_job),
	    IN_WORLD(test_claims_are_bounded),
	    IN_WORLD(test_take_refused),
	    IN_WORLD(test_work_is_whole),
	    IN_WORLD(test_claim_without_envelope),
	    IN_WORLD(test_tick),
	    IN_WORLD(test_alarm_edges),
	    IN_WORLD(test_forgetting),
	};
	int failed = cmocka_run_group_tests_name("desk", tests, NULL, NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
		failed += others[i]();
	return failed;
}
