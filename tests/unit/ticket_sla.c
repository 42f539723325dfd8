/*
 * The clocks of ticket/sla.h: each rule and edge by table, named by the rule.
 * ticket_sla_model.c compares random sequences with another way to reckon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ticket/sla.h"

#include "ticket_sla_model.h"

#include "base/banned.h"

int ticket_sla_tests(void);

#define T0 1700000000 /* every clock starts here */
#define HOUR 3600
#define DAY 86400

static const struct sla_policy policy = {
    .ack_s = HOUR,
    .first_reply_s = 2 * HOUR,
    .decision_s = DAY,
    .escalate_s = HOUR,
};

/* --- stages --- */

static const struct {
	const char *rule;
	enum sla_kind kind;
	gint64 length_s;
	gint64 after; /* s since the start */
	guint32 stage;
} stage_rows[] = {
    {"nothing at the start", SLA_ACK, HOUR, 0, 0},
    {"nothing a second before half", SLA_ACK, HOUR, 1799, 0},
    {"50 at half", SLA_ACK, HOUR, 1800, 50},
    {"50 a second before 80 %", SLA_ACK, HOUR, 2879, 50},
    {"80 at 80 %", SLA_ACK, HOUR, 2880, 80},
    {"ack: 60:00 is in time", SLA_ACK, HOUR, 3600, 80},
    {"ack: 60:01 is a breach", SLA_ACK, HOUR, 3601, 100},
    {"a breach stays one", SLA_ACK, HOUR, 400 * DAY, 100},
    {"first_reply: 2:00:00 is in time", SLA_FIRST_REPLY, 2 * HOUR, 7200, 80},
    {"first_reply: 2:00:01 is not", SLA_FIRST_REPLY, 2 * HOUR, 7201, 100},
    {"decision: 24 h are in time", SLA_DECISION, DAY, DAY, 80},
    {"decision: a second more is not", SLA_DECISION, DAY, DAY + 1, 100},
    {"escalate: 1 h is in time", SLA_ESCALATE, HOUR, 3600, 80},
    {"escalate: a second more is not", SLA_ESCALATE, HOUR, 3601, 100},
    {"half of an odd length is not early", SLA_ACK, 101, 50, 0},
    {"nor late", SLA_ACK, 101, 51, 50},
    {"80 % of 101 s are not 80 s", SLA_ACK, 101, 80, 50},
    {"but 81", SLA_ACK, 101, 81, 80},
    {"one second: at once 80", SLA_ACK, 1, 1, 80},
    {"one second: then 100", SLA_ACK, 1, 2, 100},
    {"one second: not before", SLA_ACK, 1, 0, 0},
    {"the longest there is", SLA_DECISION, 365 * DAY, 365 * DAY, 80},
    {"and a second", SLA_DECISION, 365 * DAY, 365 * DAY + 1, 100},
    {"time before the start", SLA_ACK, HOUR, -7200, 0},
    {"nothing promised, nothing said", SLA_ESCALATE, 0, 400 * DAY, 0},
};

static void
stages_are_reached(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(stage_rows); i++) {
		struct sla_clock clock = {.kind = stage_rows[i].kind,
		    .start = T0,
		    .length_s = stage_rows[i].length_s};
		gint64 now = T0 + stage_rows[i].after;

		if (sla_stage(&clock, now) != stage_rows[i].stage)
			fail_msg("%s: %u", stage_rows[i].rule,
			    sla_stage(&clock, now));
		if (sla_catch_up(&clock, now) != stage_rows[i].stage ||
		    clock.said != stage_rows[i].stage)
			fail_msg("%s: said %u", stage_rows[i].rule, clock.said);
	}
}

/* Weekends, nights and the end of summer time are time like any other. */
static void
clocks_run_day_and_night(void **state)
{
	static const gint64 starts[] = {1, T0,
	    1767225599,		    /* a new year's eve */
	    1774745999, 1792889999, /* before summer time starts, and ends */
	    G_GINT64_CONSTANT(2147483646), /* across 2038 */
	    G_GINT64_CONSTANT(4102444800)};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(starts); i++) {
		struct sla_clock clock = sla_start(SLA_ACK, &policy, starts[i]);

		assert_true(clock.start == starts[i]);
		assert_true(sla_due(&clock, starts[i]) == starts[i] + HOUR);
		assert_int_equal(sla_stage(&clock, starts[i] + HOUR), 80);
		assert_int_equal(sla_stage(&clock, starts[i] + HOUR + 1), 100);
	}
}

/* --- sequences --- */

/* Steps of a table, each at a time after the start. */
enum step_kind {
	STEP_END,
	STEP_TELL,  /* expect: what sla_catch_up() says */
	STEP_STAGE, /* expect: sla_stage() */
	STEP_DUE,   /* expect: sla_due(), after the start */
	STEP_NEXT,  /* expect: sla_next(), after the start; NEVER */
	STEP_PAUSE,
	STEP_RESUME,
	STEP_PERSON, /* expect: whether it settled */
	STEP_MACHINE,
};

#define NEVER -T0 /* so that sla_next() has to be 0 */
#define STEPS_MAX 12

static const struct {
	const char *rule;
	enum sla_kind kind;
	struct {
		enum step_kind kind;
		gint64 after;
		gint64 expect;
	} steps[STEPS_MAX];
} sequences[] = {
    {"each stage is told once", SLA_ACK,
	{{STEP_TELL, 1799, 0}, {STEP_TELL, 1800, 50}, {STEP_TELL, 1801, 0},
	    {STEP_TELL, 2880, 80}, {STEP_TELL, 3600, 0}, {STEP_TELL, 3601, 100},
	    {STEP_TELL, 3602, 0}, {STEP_TELL, 90 * DAY, 0}}},
    {"next is the stage that was not told", SLA_ACK,
	{{STEP_NEXT, 0, 1800}, {STEP_TELL, 1800, 50}, {STEP_NEXT, 1800, 2880},
	    {STEP_TELL, 2880, 80}, {STEP_NEXT, 2880, 3601},
	    {STEP_TELL, 3601, 100}, {STEP_NEXT, 3601, NEVER}}},
    {"next may lie in the past", SLA_ACK,
	{{STEP_STAGE, 3000, 80}, {STEP_NEXT, 3000, 1800}}},
    {"a restart after days says breach, and once", SLA_DECISION,
	{{STEP_TELL, 5 * DAY, 100}, {STEP_TELL, 5 * DAY, 0},
	    {STEP_NEXT, 5 * DAY, NEVER}}},
    {"a restart between warnings says the higher", SLA_DECISION,
	{{STEP_TELL, 20 * HOUR, 80}, {STEP_NEXT, 0, DAY + 1}}},
    {"a restart does not repeat what was told", SLA_DECISION,
	{{STEP_TELL, 12 * HOUR, 50}, {STEP_TELL, 13 * HOUR, 0},
	    {STEP_TELL, 3 * DAY, 100}}},
    {"time that goes back tells nothing twice", SLA_ACK,
	{{STEP_TELL, 2880, 80}, {STEP_TELL, 100, 0}, {STEP_TELL, 1800, 0},
	    {STEP_TELL, 2880, 0}, {STEP_NEXT, 100, 3601},
	    {STEP_TELL, 3601, 100}, {STEP_TELL, 0, 0}, {STEP_TELL, 3601, 0}}},

    {"an automatic mail settles ack", SLA_ACK,
	{{STEP_MACHINE, 60, TRUE}, {STEP_TELL, DAY, 0}, {STEP_NEXT, DAY, NEVER},
	    {STEP_STAGE, DAY, 0}}},
    {"a person settles ack", SLA_ACK,
	{{STEP_PERSON, 60, TRUE}, {STEP_TELL, DAY, 0}}},
    {"an automatic mail is no first reply", SLA_FIRST_REPLY,
	{{STEP_MACHINE, 60, FALSE}, {STEP_TELL, HOUR, 50},
	    {STEP_MACHINE, HOUR, FALSE}, {STEP_TELL, 7201, 100}}},
    {"a person's is", SLA_FIRST_REPLY,
	{{STEP_MACHINE, 60, FALSE}, {STEP_PERSON, 70, TRUE},
	    {STEP_TELL, DAY, 0}}},
    {"an automatic mail is no decision", SLA_DECISION,
	{{STEP_MACHINE, 60, FALSE}, {STEP_TELL, DAY + 1, 100}}},
    {"nor does it take up a complex case", SLA_ESCALATE,
	{{STEP_MACHINE, 60, FALSE}, {STEP_TELL, HOUR + 1, 100}}},
    {"a person takes it up", SLA_ESCALATE,
	{{STEP_PERSON, HOUR, TRUE}, {STEP_TELL, HOUR + 1, 0}}},
    {"settled once", SLA_FIRST_REPLY,
	{{STEP_PERSON, 60, TRUE}, {STEP_PERSON, 9000, FALSE},
	    {STEP_STAGE, 9000, 0}}},
    {"settled in the last second: in time", SLA_FIRST_REPLY,
	{{STEP_PERSON, 7200, TRUE}, {STEP_STAGE, DAY, 80},
	    {STEP_TELL, DAY, 0}}},
    {"settled a second later: late, for ever", SLA_FIRST_REPLY,
	{{STEP_PERSON, 7201, TRUE}, {STEP_STAGE, DAY, 100},
	    {STEP_STAGE, 0, 100}, {STEP_TELL, DAY, 0}}},
    {"a breach told before the answer stays told", SLA_FIRST_REPLY,
	{{STEP_TELL, 7201, 100}, {STEP_PERSON, 7201, TRUE},
	    {STEP_NEXT, 7201, NEVER}}},
    {"settled before its start: at it", SLA_ACK,
	{{STEP_PERSON, -100, TRUE}, {STEP_STAGE, DAY, 0}}},

    {"waiting for the player pauses decision", SLA_DECISION,
	{{STEP_PAUSE, HOUR, 0}, {STEP_NEXT, HOUR, NEVER},
	    {STEP_TELL, 9 * DAY, 0}, {STEP_DUE, 3 * HOUR, DAY + 2 * HOUR},
	    {STEP_RESUME, 3 * HOUR, 0}, {STEP_DUE, 9 * DAY, DAY + 2 * HOUR},
	    {STEP_NEXT, 3 * HOUR, 14 * HOUR}, {STEP_STAGE, DAY + 2 * HOUR, 80},
	    {STEP_STAGE, DAY + 2 * HOUR + 1, 100}}},
    {"but not ack", SLA_ACK,
	{{STEP_PAUSE, 60, 0}, {STEP_DUE, 120, HOUR}, {STEP_NEXT, 120, 1800},
	    {STEP_RESUME, 1000, 0}, {STEP_TELL, HOUR + 1, 100}}},
    {"nor first_reply", SLA_FIRST_REPLY,
	{{STEP_PAUSE, 60, 0}, {STEP_DUE, 120, 2 * HOUR}, {STEP_RESUME, 1000, 0},
	    {STEP_TELL, 7201, 100}}},
    {"nor escalate", SLA_ESCALATE,
	{{STEP_PAUSE, 60, 0}, {STEP_DUE, 120, HOUR}, {STEP_RESUME, 1000, 0},
	    {STEP_TELL, 3601, 100}}},
    {"pauses add up", SLA_DECISION,
	{{STEP_PAUSE, 100, 0}, {STEP_RESUME, 200, 0}, {STEP_PAUSE, 300, 0},
	    {STEP_RESUME, 1300, 0}, {STEP_DUE, 1300, DAY + 1100}}},
    {"a second pause changes nothing", SLA_DECISION,
	{{STEP_PAUSE, 100, 0}, {STEP_PAUSE, 150, 0}, {STEP_RESUME, 200, 0},
	    {STEP_DUE, 200, DAY + 100}}},
    {"nor does resuming what runs", SLA_DECISION,
	{{STEP_RESUME, 100, 0}, {STEP_DUE, 100, DAY}, {STEP_PAUSE, 200, 0},
	    {STEP_RESUME, 300, 0}, {STEP_RESUME, 900, 0},
	    {STEP_DUE, 900, DAY + 100}}},
    {"a pause within one second is none", SLA_DECISION,
	{{STEP_PAUSE, 100, 0}, {STEP_RESUME, 100, 0}, {STEP_DUE, 100, DAY}}},
    {"a pause in the last second is in time", SLA_DECISION,
	{{STEP_PAUSE, DAY, 0}, {STEP_STAGE, 9 * DAY, 80},
	    {STEP_TELL, 9 * DAY, 80}, {STEP_NEXT, 9 * DAY, NEVER},
	    {STEP_RESUME, 9 * DAY, 0}, {STEP_TELL, 9 * DAY, 0},
	    {STEP_TELL, 9 * DAY + 1, 100}}},
    {"a pause does not heal a breach", SLA_DECISION,
	{{STEP_PAUSE, DAY + 1, 0}, {STEP_NEXT, DAY + 1, 12 * HOUR},
	    {STEP_TELL, 2 * DAY, 100}, {STEP_NEXT, 2 * DAY, NEVER},
	    {STEP_RESUME, 2 * DAY, 0}, {STEP_STAGE, 2 * DAY, 100},
	    {STEP_TELL, 3 * DAY, 0}}},
    {"reached before the pause is told in it", SLA_DECISION,
	{{STEP_PAUSE, 13 * HOUR, 0}, {STEP_NEXT, 13 * HOUR, 12 * HOUR},
	    {STEP_TELL, 5 * DAY, 50}, {STEP_NEXT, 5 * DAY, NEVER}}},
    {"a pause and a decision end together", SLA_DECISION,
	{{STEP_PAUSE, HOUR, 0}, {STEP_PERSON, 5 * DAY, TRUE},
	    {STEP_STAGE, 9 * DAY, 0}, {STEP_DUE, 9 * DAY, 6 * DAY - HOUR},
	    {STEP_NEXT, 9 * DAY, NEVER}}},
    {"what is settled does not pause", SLA_DECISION,
	{{STEP_PERSON, HOUR, TRUE}, {STEP_PAUSE, 2 * HOUR, 0},
	    {STEP_DUE, 3 * HOUR, DAY}, {STEP_RESUME, 4 * HOUR, 0},
	    {STEP_DUE, 5 * HOUR, DAY}}},
    {"an automatic mail does not end a pause", SLA_DECISION,
	{{STEP_PAUSE, HOUR, 0}, {STEP_MACHINE, 2 * HOUR, FALSE},
	    {STEP_DUE, 3 * HOUR, DAY + 2 * HOUR}}},
    {"a pause across a restart", SLA_DECISION,
	{{STEP_TELL, 12 * HOUR, 50}, {STEP_PAUSE, 13 * HOUR, 0},
	    {STEP_TELL, 30 * DAY, 0}, {STEP_RESUME, 30 * DAY, 0},
	    {STEP_TELL, 30 * DAY + 6 * HOUR, 0},
	    {STEP_TELL, 30 * DAY + 11 * HOUR + 1, 100}}},
    {"time that went back in a pause adds nothing", SLA_DECISION,
	{{STEP_PAUSE, 1000, 0}, {STEP_DUE, 500, DAY}, {STEP_RESUME, 500, 0},
	    {STEP_DUE, 500, DAY}}},
    {"a pause before the start gives no time away", SLA_DECISION,
	{{STEP_PAUSE, -1000, 0}, {STEP_RESUME, 100, 0},
	    {STEP_DUE, 100, DAY + 100}}},
    {"a pause before the end of the last gives none", SLA_DECISION,
	{{STEP_PAUSE, 10, 0}, {STEP_RESUME, 60, 0}, {STEP_PAUSE, 20, 0},
	    {STEP_RESUME, 70, 0}, {STEP_DUE, 70, DAY + 70}}},
};

static gint64
step_take(struct sla_clock *clock, enum step_kind kind, gint64 now)
{
	switch (kind) {
	case STEP_TELL:
		return sla_catch_up(clock, now);
	case STEP_STAGE:
		return sla_stage(clock, now);
	case STEP_DUE:
		return sla_due(clock, now) - T0;
	case STEP_NEXT:
		return sla_next(clock) - T0;
	case STEP_PAUSE:
		sla_pause(clock, now);
		return 0;
	case STEP_RESUME:
		sla_resume(clock, now);
		return 0;
	case STEP_PERSON:
		return sla_settle(clock, now, TRUE);
	case STEP_MACHINE:
		return sla_settle(clock, now, FALSE);
	case STEP_END:
		break;
	}
	g_assert_not_reached();
}

static void
sequences_hold(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(sequences); i++) {
		struct sla_clock clock =
		    sla_start(sequences[i].kind, &policy, T0);

		for (gsize k = 0; k < STEPS_MAX; k++) {
			gint64 got;

			if (sequences[i].steps[k].kind == STEP_END)
				break;
			got = step_take(&clock, sequences[i].steps[k].kind,
			    T0 + sequences[i].steps[k].after);
			if (got != sequences[i].steps[k].expect)
				fail_msg("%s: step %d: %" G_GINT64_FORMAT,
				    sequences[i].rule, (int)k + 1, got);
		}
	}
}

static void
nothing_promised_is_silent(void **state)
{
	static const struct sla_policy none = {0};

	(void)state;
	for (guint kind = SLA_ACK; kind <= SLA_ESCALATE; kind++) {
		struct sla_clock clock = sla_start(kind, &none, T0);

		assert_true(sla_due(&clock, T0 + DAY) == 0);
		assert_true(sla_next(&clock) == 0);
		sla_pause(&clock, T0 + 10);
		assert_true(sla_due(&clock, T0 + DAY) == 0);
		assert_true(sla_next(&clock) == 0);
		assert_int_equal(sla_catch_up(&clock, T0 + 9 * DAY), 0);
	}
}

/* --- policies --- */

static const struct {
	const char *rule;
	struct config_category category;
	struct sla_policy policy;
} policies[] = {
    {"a category that says nothing has the queue's", {.priority = 3},
	{10, 20, 30, 0}},
    {"its own first reply", {.first_reply_s = 5}, {10, 5, 30, 0}},
    {"its own decision", {.decision_s = 6}, {10, 20, 6, 0}},
    {"both", {.first_reply_s = 50, .decision_s = 60}, {10, 50, 60, 0}},
    {"complex: escalates", {.complex = TRUE}, {10, 20, 30, 40}},
};

static void
policy_is(const char *rule, const struct sla_policy *is,
    const struct sla_policy *expect)
{
	if (is->ack_s != expect->ack_s ||
	    is->first_reply_s != expect->first_reply_s ||
	    is->decision_s != expect->decision_s ||
	    is->escalate_s != expect->escalate_s)
		fail_msg("%s", rule);
}

static void
policies_come_from_queue_and_category(void **state)
{
	static const struct config_queue queue = {.ack_s = 10,
	    .first_reply_s = 20,
	    .decision_s = 30,
	    .escalate_s = 40};
	static const struct sla_policy plain = {10, 20, 30, 0};
	struct sla_policy is = sla_policy_make(&queue, NULL);

	(void)state;
	policy_is("no category", &is, &plain);
	for (gsize i = 0; i < G_N_ELEMENTS(policies); i++) {
		is = sla_policy_make(&queue, &policies[i].category);
		policy_is(policies[i].rule, &is, &policies[i].policy);
	}
	is = policies[4].policy;
	assert_true(sla_start(SLA_ACK, &is, T0).length_s == 10);
	assert_true(sla_start(SLA_FIRST_REPLY, &is, T0).length_s == 20);
	assert_true(sla_start(SLA_DECISION, &is, T0).length_s == 30);
	assert_true(sla_start(SLA_ESCALATE, &is, T0).length_s == 40);
}

/* --- levels --- */

#define ALL (SLA_BY_BREACH | SLA_BY_AGENT | SLA_BY_PLAYER)

static const struct {
	const char *rule;
	guint32 level;
	guint32 reasons;
	guint32 up;
} levels[] = {
    {"without a reason a ticket stays", 1, 0, 1},
    {"as on the others", 2, 0, 2},
    {"a breach", 1, SLA_BY_BREACH, 2},
    {"an agent", 1, SLA_BY_AGENT, 2},
    {"the player", 1, SLA_BY_PLAYER, 2},
    {"all at once are one step", 1, ALL, 2},
    {"two are, too", 2, SLA_BY_BREACH | SLA_BY_PLAYER, 3},
    {"from seniors to the head", 2, SLA_BY_AGENT, 3},
    {"the head is the last", 3, ALL, 3},
    {"and stays", 3, 0, 3},
    {"a ticket from before levels", 0, 0, 1},
    {"goes up as one of level 1", 0, SLA_BY_PLAYER, 2},
    {"no level above the last", 9, ALL, 3},
};

static void
levels_go_up_one_by_one(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(levels); i++)
		if (sla_level_up(levels[i].level, levels[i].reasons) !=
		    levels[i].up)
			fail_msg("%s", levels[i].rule);
}

static void
breaches_of_human_promises_are_reasons(void **state)
{
	(void)state;
	for (guint32 stage = 0; stage <= 80; stage++)
		for (guint kind = SLA_ACK; kind <= SLA_ESCALATE; kind++)
			assert_int_equal(sla_reason(kind, stage), 0);
	assert_int_equal(sla_reason(SLA_ACK, 100), 0);
	assert_int_equal(sla_reason(SLA_FIRST_REPLY, 100), SLA_BY_BREACH);
	assert_int_equal(sla_reason(SLA_DECISION, 100), SLA_BY_BREACH);
	assert_int_equal(sla_reason(SLA_ESCALATE, 100), SLA_BY_BREACH);
}

int
ticket_sla_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stages_are_reached),
	    cmocka_unit_test(clocks_run_day_and_night),
	    cmocka_unit_test(sequences_hold),
	    cmocka_unit_test(nothing_promised_is_silent),
	    cmocka_unit_test(policies_come_from_queue_and_category),
	    cmocka_unit_test(levels_go_up_one_by_one),
	    cmocka_unit_test(breaches_of_human_promises_are_reasons),
	    cmocka_unit_test(sla_agrees_with_the_model),
	    cmocka_unit_test(sla_bears_time_that_jumps),
	};

	return cmocka_run_group_tests_name("ticket sla", tests, NULL, NULL);
}
