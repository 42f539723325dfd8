/*
 * The model stands before the clock on the wall: each second it looks whether
 * it counts, adds one to the seconds used, and notes when a share is reached.
 * It has no formula for a time to come: to tell one, a copy of it runs on.
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

#define SEQUENCES 10000
#define EVENTS 24
#define T0 1700000000
#define LENGTH_MAX 240
#define GAP_MAX 60

enum happening {
	LOOK, /* the desk's timer: tell what is due */
	PAUSE,
	RESUME,
	MACHINE,
	PERSON,
	HAPPENINGS
};

struct model {
	gboolean is_decision;
	gboolean is_ack;
	gint64 length;
	gint64 now;
	gint64 used;
	gboolean waits; /* for the player */
	gboolean is_over;
	gint64 reached[3]; /* when 50, 80, 100 were; 0: not yet */
	gboolean told[3];
	gint64 last_second; /* frozen when it is over */
};

static const guint32 names[] = {50, 80, 100};

/* --- the model --- */

static gboolean
share_is_reached(const struct model *m, guint share)
{
	return names[share] == 100 ? m->used > m->length
				   : m->used * 100 >= m->length * names[share];
}

static void
second_pass(struct model *m)
{
	m->now++;
	if (m->waits || m->is_over)
		return;
	m->used++;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (m->reached[i] == 0 && share_is_reached(m, i))
			m->reached[i] = m->now;
}

static gint64
model_due(const struct model *m)
{
	struct model ahead = *m;

	if (m->is_over)
		return m->last_second;
	if (m->reached[2] != 0) {
		/* Late by what was used beyond; what waits does not count. */
		return m->now - (m->used - m->length);
	}
	ahead.waits = FALSE;
	while (ahead.reached[2] == 0)
		second_pass(&ahead);
	return ahead.reached[2] - 1;
}

static guint32
model_stage(const struct model *m)
{
	guint32 stage = 0;

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (m->reached[i] != 0)
			stage = names[i];
	return stage;
}

/* Told is told with all below. */
static guint32
model_tell(struct model *m)
{
	guint32 news = 0;

	if (m->is_over)
		return 0;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (m->reached[i] != 0 && !m->told[i]) {
			m->told[i] = TRUE;
			news = names[i];
		}
	return news;
}

/* The moment at which somebody has to look again; 0: none. While it waits
 * only what has been reached is left to tell. */
static gint64
model_next(const struct model *m)
{
	struct model ahead = *m;
	guint share = 0;

	while (share < G_N_ELEMENTS(names) && m->told[share])
		share++;
	if (m->is_over || share == G_N_ELEMENTS(names))
		return 0;
	while (ahead.reached[share] == 0 && !m->waits)
		second_pass(&ahead);
	return ahead.reached[share];
}

static gboolean
model_end(struct model *m, gboolean by_person)
{
	if (m->is_over || (!by_person && !m->is_ack))
		return FALSE;
	m->last_second = model_due(m);
	m->is_over = TRUE;
	return TRUE;
}

/* --- side by side --- */

struct pair {
	struct sla_clock clock;
	struct model model;
	guint sequence;
	guint event;
};

static void
same(const struct pair *p, const char *what, gint64 is, gint64 expect)
{
	if (is != expect)
		fail_msg("sequence %u, event %u: %s is %" G_GINT64_FORMAT
			 ", the model says %" G_GINT64_FORMAT,
		    p->sequence, p->event, what, is, expect);
}

static void
pair_compare(const struct pair *p)
{
	const struct model *m = &p->model;
	gint64 is = sla_next(&p->clock);
	gint64 expect = model_next(m);

	same(p, "stage", sla_stage(&p->clock, m->now), model_stage(m));
	same(p, "due", sla_due(&p->clock, m->now), model_due(m));
	/* Of what is past the clock need not know the second. */
	if (is > 0 && is <= m->now && expect > 0)
		is = MIN(expect, m->now);
	same(p, "next", is, expect);
}

static void
pair_do(struct pair *p, enum happening what)
{
	struct model *m = &p->model;

	switch (what) {
	case LOOK:
		same(p, "told", sla_catch_up(&p->clock, m->now), model_tell(m));
		break;
	case PAUSE:
		sla_pause(&p->clock, m->now);
		m->waits = m->waits || (m->is_decision && !m->is_over);
		break;
	case RESUME:
		sla_resume(&p->clock, m->now);
		m->waits = FALSE;
		break;
	case MACHINE:
	case PERSON:
		same(p, "settled",
		    sla_settle(&p->clock, m->now, what == PERSON),
		    model_end(m, what == PERSON));
		break;
	case HAPPENINGS:
		g_assert_not_reached();
	}
}

static struct pair
pair_new(GRand *rand, guint sequence)
{
	enum sla_kind kind =
	    (enum sla_kind)g_rand_int_range(rand, SLA_ACK, SLA_ESCALATE + 1);
	gint64 length = g_rand_int_range(rand, 1, LENGTH_MAX + 1);
	struct sla_policy policy = {length, length, length, length};
	struct pair p = {.sequence = sequence};

	p.clock = sla_start(kind, &policy, T0);
	p.model.is_decision = kind == SLA_DECISION;
	p.model.is_ack = kind == SLA_ACK;
	p.model.length = length;
	p.model.now = T0;
	return p;
}

/* Persons end most sequences at once if they are as likely as the rest. */
static enum happening
happening_pick(GRand *rand)
{
	enum happening what =
	    (enum happening)g_rand_int_range(rand, 0, HAPPENINGS);

	return what == PERSON && g_rand_int_range(rand, 0, 4) != 0 ? LOOK
								   : what;
}

void
sla_agrees_with_the_model(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(29);
	guint breaches = 0;
	guint paused = 0;

	(void)state;
	for (guint i = 0; i < SEQUENCES; i++) {
		struct pair p = pair_new(rand, i);

		for (p.event = 0; p.event < EVENTS; p.event++) {
			/* Half of the events share their second. */
			gint64 gap = g_rand_boolean(rand)
					 ? 0
					 : g_rand_int_range(rand, 0, GAP_MAX);

			while (gap-- > 0)
				second_pass(&p.model);
			pair_compare(&p);
			pair_do(&p, happening_pick(rand));
			pair_compare(&p);
		}
		breaches += model_stage(&p.model) == 100;
		paused += p.clock.paused_s != 0;
	}
	/* Else it compared little. */
	assert_true(breaches > SEQUENCES / 10);
	assert_true(breaches < SEQUENCES - SEQUENCES / 10);
	assert_true(paused > SEQUENCES / 10);
}

/* --- time that jumps --- */

static void
jump_check(struct pair *p, gint64 now, guint32 *said)
{
	gint64 due = sla_due(&p->clock, now);
	guint32 told = sla_catch_up(&p->clock, now);

	if (told != 0 && told <= *said)
		fail_msg("sequence %u: %u is told after %u", p->sequence, told,
		    *said);
	*said = MAX(*said, told);
	same(p, "said", p->clock.said, *said);
	assert_true(due >= p->clock.start + p->clock.length_s);
	assert_true(p->clock.paused_s >= 0);
	assert_true(
	    p->clock.settled == 0 || p->clock.settled >= p->clock.start);
	/* Nobody waits for what has been said. */
	if (p->clock.said == 100 || p->clock.settled != 0)
		assert_true(sla_next(&p->clock) == 0);
	else if (p->clock.paused_at == 0)
		assert_true(sla_next(&p->clock) > 0);
}

void
sla_bears_time_that_jumps(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(30);

	(void)state;
	for (guint i = 0; i < SEQUENCES; i++) {
		struct pair p = pair_new(rand, i);
		guint32 said = 0;

		for (guint k = 0; k < EVENTS; k++) {
			gint64 now = T0 + g_rand_int_range(rand, -LENGTH_MAX,
					      2 * LENGTH_MAX);
			enum happening what = happening_pick(rand);

			if (what == PAUSE)
				sla_pause(&p.clock, now);
			else if (what == RESUME)
				sla_resume(&p.clock, now);
			else if (what != LOOK)
				(void)sla_settle(&p.clock, now, what == PERSON);
			jump_check(&p, now, &said);
		}
	}
}
