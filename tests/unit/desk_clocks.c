/*
 * Random lives of one ticket against a model of its clocks, its levels and what
 * the agents are told. The model has no formula for a time to come: it counts
 * the seconds of each clock, one by one, and looks at each turn how many there
 * are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "desk/internal.h"
#include "desk_world.h"

int desk_clocks_tests(void);

#define SEQUENCES 10000
#define EVENTS 16
#define GAP_MAX 70
#define SLOT_AGENTS 50
#define KINDS (SLA_ESCALATE + 1)

enum happening {
	LOOK, /* the desk's timer */
	ACK,
	ANSWER,
	MACHINE_MAIL,
	STRANGER_MAIL,
	PLAYER_MAIL,
	HOLD,
	TAKE_UP,
	RAISE_AGENT,
	RAISE_PLAYER,
	CLOSE,
	HAPPENINGS
};

struct model_clock {
	gboolean is_there;
	gboolean is_over;
	gint64 length;
	gint64 used;
	guint32 told;
};

struct model {
	struct model_clock clock[KINDS];
	gboolean waits;
	gboolean is_closed;
	gboolean is_raised; /* in this turn: once is enough */
	guint32 level;
	guint told[KINDS][101]; /* to the agents, not yet compared */
	guint handed[8];	/* by reasons */
	guint escalated;
};

struct life {
	guint sequence;
	guint event;
	GRand *rand;
	int stderr_fd;
	struct world world;
	struct number number;
	gboolean is_complex;
	guint names;
	struct model model;
	guint raised, breached, waited, returned; /* or it shows nothing */
};

static const gint64 lengths[KINDS] = {[SLA_ACK] = 100,
    [SLA_FIRST_REPLY] = 190,
    [SLA_DECISION] = 420,
    [SLA_ESCALATE] = 130};

/* Thousands of breaches would be thousands of lines. */
static int
mute(void)
{
	int old = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	(void)dup2(null, STDERR_FILENO);
	close(null);
	return old;
}

static void
unmute(int old)
{
	(void)dup2(old, STDERR_FILENO);
	close(old);
}

static void
same(const struct life *l, const char *what, gint64 is, gint64 expect)
{
	if (is == expect)
		return;
	unmute(l->stderr_fd);
	fail_msg("sequence %u, event %u: %s is %" G_GINT64_FORMAT
		 ", the model says %" G_GINT64_FORMAT,
	    l->sequence, l->event, what, is, expect);
}

static void
must(const struct life *l, gboolean is_done)
{
	same(l, "done", is_done, TRUE);
}

/* --- the model --- */

static void
model_start(struct model *m, enum sla_kind kind)
{
	m->clock[kind] =
	    (struct model_clock){.is_there = TRUE, .length = lengths[kind]};
}

static void
model_open(struct life *l)
{
	model_start(&l->model, SLA_FIRST_REPLY);
	model_start(&l->model, SLA_DECISION);
	if (l->is_complex)
		model_start(&l->model, SLA_ESCALATE);
	l->model.is_closed = FALSE;
	l->model.waits = FALSE;
}

static void
model_second(struct model *m)
{
	for (guint kind = SLA_ACK; kind < KINDS; kind++)
		if (m->clock[kind].is_there && !m->clock[kind].is_over &&
		    !(kind == SLA_DECISION && m->waits))
			m->clock[kind].used++;
}

static guint32
model_stage(const struct model_clock *c)
{
	if (c->used > c->length)
		return 100;
	if (c->used * 10 >= c->length * 8)
		return 80;
	return c->used * 2 >= c->length ? 50 : 0;
}

static void
model_raise(struct life *l, guint32 reasons)
{
	struct model *m = &l->model;

	if (m->level == 3 || m->is_closed || m->is_raised)
		return;
	m->is_raised = TRUE;
	m->level++;
	m->handed[reasons]++;
	m->escalated++;
	l->raised++;
	if (!m->clock[SLA_FIRST_REPLY].is_over ||
	    (m->clock[SLA_DECISION].is_there &&
		!m->clock[SLA_DECISION].is_over &&
		model_stage(&m->clock[SLA_DECISION]) == 100))
		model_start(m, SLA_FIRST_REPLY);
	if (l->is_complex)
		model_start(m, SLA_ESCALATE);
}

/* What each turn begins with. */
static void
model_look(struct life *l)
{
	struct model *m = &l->model;
	gboolean is_breach = FALSE;

	m->is_raised = FALSE;
	for (guint kind = SLA_ACK; kind < KINDS; kind++) {
		struct model_clock *c = &m->clock[kind];
		guint32 stage = model_stage(c);

		if (!c->is_there || c->is_over || stage <= c->told)
			continue;
		c->told = stage;
		l->breached += stage == 100 ? 1 : 0;
		if (kind == SLA_ACK)
			continue;
		if (stage == 100 && m->level < 3)
			is_breach = TRUE;
		else
			m->told[kind][stage]++;
	}
	if (is_breach)
		model_raise(l, SLA_BY_BREACH);
}

static void
model_end(struct model *m, enum sla_kind kind)
{
	m->clock[kind].is_over = TRUE;
}

static void
model_do(struct life *l, enum happening what)
{
	struct model *m = &l->model;

	model_look(l);
	switch (what) {
	case ACK:
		model_end(m, SLA_ACK);
		break;
	case ANSWER:
		model_end(m, SLA_ACK);
		model_end(m, SLA_FIRST_REPLY);
		model_end(m, SLA_ESCALATE);
		break;
	case STRANGER_MAIL: /* with the capability, but not who is waited for */
	case PLAYER_MAIL:
		l->returned += m->is_closed ? 1 : 0;
		if (m->is_closed)
			model_open(l);
		if (what == PLAYER_MAIL)
			m->waits = FALSE;
		break;
	case HOLD:
		l->waited++;
		m->waits = TRUE;
		break;
	case TAKE_UP:
		model_end(m, SLA_ESCALATE);
		break;
	case RAISE_AGENT:
		model_raise(l, SLA_BY_AGENT);
		break;
	case RAISE_PLAYER:
		model_raise(l, SLA_BY_PLAYER);
		break;
	case CLOSE:
		for (guint kind = SLA_ACK; kind < KINDS; kind++)
			model_end(m, (enum sla_kind)kind);
		m->is_closed = TRUE;
		m->waits = FALSE;
		m->escalated = 0; /* untrue before it is sent */
		break;
	case LOOK:
	case MACHINE_MAIL:
	case HAPPENINGS:
		break;
	}
}

/* --- the desk --- */

static void
receive(struct life *l, const char *from, guint32 flags)
{
	g_autofree char *name = g_strdup_printf("m%u", l->names++);
	struct world_mail mail = world_mail(name, from);

	mail.flags = flags;
	world_claim(&mail, PROTO_VIA_CAPABILITY, &l->number);
	(void)world_receive(&l->world, &mail);
}

static void
answer(struct life *l)
{
	g_autofree char *name = g_strdup_printf("a%u", l->names++);
	struct proto_job_name job = {
	    world_fingerprint(&l->world, name), PROTO_JOB_ANSWER};
	struct proto_desk_jobs jobs = {0};

	must(l,
	    world_take(&l->world, 1, name, &l->number, &jobs, NULL));
	world_jobs_clear(&jobs);
	must(l, world_settle(&l->world, 1, &job, PROTO_SENT));
}

/* By the calls that an agent's commands are made of. */
static void
steer(struct life *l, enum happening what)
{
	struct desk *desk = l->world.desk;
	gint64 now = l->world.now;
	struct store_ticket row;
	gboolean is_raised;

	must(l, desk_begin(desk, now, NULL));
	row = world_ticket(&l->world, &l->number);
	if (what == HOLD)
		must(l, clocks_pause(desk, &row, now, NULL));
	else if (what == TAKE_UP)
		must(l, clocks_settle(
		    desk, &row, 1u << SLA_ESCALATE, now, TRUE, NULL));
	else if (what != CLOSE)
		must(l, clocks_raise(desk, &row,
		    what == RAISE_AGENT ? SLA_BY_AGENT : SLA_BY_PLAYER, now,
		    &is_raised, NULL));
	else {
		row.t.state = TICKET_CLOSED;
		row.t.closed = now;
		must(l, clocks_settle(
		    desk, &row, CLOCKS_ALL, now, TRUE, NULL));
	}
	must(l, store_ticket_update(l->world.store, &row, NULL));
	must(l, desk_commit_turn(desk, NULL));
}

/* Claims all of these kinds, and sends them. */
static guint
send_all(struct life *l, guint32 kinds)
{
	struct proto_desk_work work = {
	    .slot = SLOT_AGENTS, .want = PROTO_JOBS_MAX, .kinds = kinds};
	struct proto_desk_jobs jobs = {0};
	guint n;

	must(l, world_work(&l->world, &work, &jobs, NULL));
	n = jobs.jobs->len;
	for (guint i = 0; i < n; i++) {
		const struct proto_job *job =
		    &g_array_index(jobs.jobs, struct proto_job, i);

		if (job->name.kind == PROTO_JOB_STAGE)
			l->model.told[job->clock][job->stage]--;
		else if (job->name.kind == PROTO_JOB_HANDED)
			l->model.handed[job->reasons]--;
		must(l, world_settle(
		    &l->world, SLOT_AGENTS, &job->name, PROTO_SENT));
	}
	world_jobs_clear(&jobs);
	return n;
}

static void
desk_do(struct life *l, enum happening what)
{
	switch (what) {
	case LOOK:
		(void)desk_tick(l->world.desk, l->world.now);
		break;
	case ACK:
		(void)send_all(l, 1u << PROTO_JOB_ACK);
		break;
	case ANSWER:
		answer(l);
		break;
	case MACHINE_MAIL:
		receive(l, "anna", PROTO_FLAG_MACHINE);
		break;
	case STRANGER_MAIL:
		receive(l, "bert", 0);
		break;
	case PLAYER_MAIL:
		receive(l, "anna", 0);
		break;
	case HOLD:
	case TAKE_UP:
	case RAISE_AGENT:
	case RAISE_PLAYER:
	case CLOSE:
		steer(l, what);
		break;
	case HAPPENINGS:
		g_assert_not_reached();
	}
}

/* --- side by side --- */

static void
compare_clock(struct life *l, enum sla_kind kind)
{
	const struct model_clock *m = &l->model.clock[kind];
	struct store_clock row = {0};
	gboolean is_there = store_clock_get(l->world.store, &l->number, kind,
				&row, NULL) == STORE_FOUND;

	same(l, desk_clock_name(kind), is_there, m->is_there);
	if (!is_there)
		return;
	same(l, "end", row.clock.settled != 0, m->is_over);
	same(l, "stage said", row.clock.said, m->told);
	if (!m->is_over)
		same(l, "due", sla_due(&row.clock, l->world.now),
		    l->world.now + m->length - m->used);
}

static void
compare(struct life *l)
{
	struct store_ticket row = world_ticket(&l->world, &l->number);
	struct model *m = &l->model;

	(void)send_all(l, 1u << PROTO_JOB_STAGE | 1u << PROTO_JOB_HANDED);
	same(l, "notices of a new level",
	    send_all(l, 1u << PROTO_JOB_ESCALATED), m->escalated);
	if (m->escalated > 0) /* it names the ticket, too */
		model_end(m, SLA_ACK);
	m->escalated = 0;
	for (guint i = 0; i < G_N_ELEMENTS(m->handed); i++)
		same(l, "handed missing", m->handed[i], 0);
	for (guint kind = SLA_ACK; kind < KINDS; kind++) {
		for (guint stage = 0; stage <= 100; stage++)
			same(l, "a stage missing", m->told[kind][stage], 0);
		compare_clock(l, (enum sla_kind)kind);
	}
	same(l, "level", row.t.level, m->level);
	same(l, "closed", row.t.state == TICKET_CLOSED, m->is_closed);
	same(l, "waiting", row.t.waiting != 0, m->waits);
}

/* Half of the events share their second; an end is rare. */
static enum happening
pass(struct life *l)
{
	gint64 gap = g_rand_boolean(l->rand)
			 ? 0
			 : g_rand_int_range(l->rand, 0, GAP_MAX);
	enum happening what =
	    (enum happening)g_rand_int_range(l->rand, 0, HAPPENINGS);

	l->world.now += gap;
	while (gap-- > 0)
		model_second(&l->model);
	if ((what == CLOSE || what == RAISE_AGENT || what == RAISE_PLAYER ||
		what == ANSWER) &&
	    g_rand_int_range(l->rand, 0, 3) != 0)
		what = LOOK;
	if (what == HOLD && l->model.is_closed)
		what = LOOK;
	return what;
}

static void
init_world(struct life *l)
{
	struct world_mail first = world_mail("first", "anna");

	world_init(&l->world, store_open_memory());
	l->world.queues[0].ack_s = lengths[SLA_ACK];
	l->world.queues[0].first_reply_s = lengths[SLA_FIRST_REPLY];
	l->world.queues[0].decision_s = lengths[SLA_DECISION];
	l->world.queues[0].escalate_s = lengths[SLA_ESCALATE];
	l->is_complex = g_rand_boolean(l->rand);
	if (l->is_complex)
		first.category = "complaint";
	l->number = world_receive(&l->world, &first).number;
	l->model = (struct model){.level = 1};
	model_start(&l->model, SLA_ACK);
	model_open(l);
}

static void
lives_agree_with_the_model(void **state)
{
	struct life l = {.rand = g_rand_new_with_seed(31),
	    .stderr_fd = mute()};

	(void)state;
	for (l.sequence = 0; l.sequence < SEQUENCES; l.sequence++) {
		init_world(&l);
		for (l.event = 0; l.event < EVENTS; l.event++) {
			enum happening what = pass(&l);

			desk_do(&l, what);
			model_do(&l, what);
			compare(&l);
		}
		world_done(&l.world);
	}
	g_rand_free(l.rand);
	unmute(l.stderr_fd);
	print_message("%u raised, %u breaches, %u waits, %u reopened\n",
	    l.raised, l.breached, l.waited, l.returned);
	assert_true(l.raised > SEQUENCES / 4);
	assert_true(l.breached > SEQUENCES / 4);
	assert_true(l.waited > SEQUENCES / 4);
	assert_true(l.returned > SEQUENCES / 20);
}

int
desk_clocks_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lives_agree_with_the_model),
	};

	return cmocka_run_group_tests_name("lives", tests, NULL, NULL);
}
