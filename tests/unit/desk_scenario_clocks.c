/*
 * The commands of scenarios about clocks and levels; desk_scenario.c says
 * what they mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "desk/internal.h"
#include "desk_scenario.h"

#define SLOT_AGENTS 50
#define KINDS_AGENTS (1u << PROTO_JOB_STAGE | 1u << PROTO_JOB_HANDED)

static const struct {
	const char *word;
	guint32 reason;
} reasons[] = {
    {"breach", SLA_BY_BREACH},
    {"agent", SLA_BY_AGENT},
    {"player", SLA_BY_PLAYER},
};

/* --- what is done --- */

/* A change of the ticket's row in a turn. */
struct change {
	struct play *play;
	struct store_ticket row;
	guint32 reasons;
	gboolean is_raised;
};

static void
do_change(struct change *c, gboolean (*change)(struct change *))
{
	struct play *p = c->play;
	struct number number = play_told(p)->fate.number;

	play_expect(p, desk_begin(p->world.desk, p->world.now, NULL), "begin");
	c->row = world_ticket(&p->world, &number);
	play_expect(p,
	    change(c) && store_ticket_update(p->world.store, &c->row, NULL) &&
		desk_commit_turn(p->world.desk, NULL),
	    "cannot be done");
}

static gboolean
change_close(struct change *c)
{
	c->row.t.state = TICKET_CLOSED;
	c->row.t.closed = c->play->world.now;
	return clocks_settle(c->play->world.desk, &c->row, CLOCKS_ALL,
	    c->play->world.now, TRUE, NULL);
}

void
do_close(struct play *p)
{
	do_change(&(struct change){.play = p}, change_close);
}

static gboolean
change_hold(struct change *c)
{
	return clocks_pause(
	    c->play->world.desk, &c->row, c->play->world.now, NULL);
}

void
do_hold(struct play *p)
{
	do_change(&(struct change){.play = p}, change_hold);
}

static gboolean
change_taken(struct change *c)
{
	return clocks_settle(c->play->world.desk, &c->row, 1u << SLA_ESCALATE,
	    c->play->world.now, TRUE, NULL);
}

void
do_taken(struct play *p)
{
	do_change(&(struct change){.play = p}, change_taken);
}

static gboolean
change_vip(struct change *c)
{
	c->row.t.flags |= TICKET_FLAG_VIP;
	return TRUE;
}

void
do_vip(struct play *p)
{
	do_change(&(struct change){.play = p}, change_vip);
}

static gboolean
change_raise(struct change *c)
{
	struct play *p = c->play;

	for (gsize i = 0; i < G_N_ELEMENTS(reasons);)
		if (play_next_is(p, reasons[i].word)) {
			c->reasons |= reasons[i].reason;
			i = 0;
		} else
			i++;
	return clocks_raise(p->world.desk, &c->row, c->reasons, p->world.now,
	    &c->is_raised, NULL);
}

void
do_raise(struct play *p)
{
	struct change c = {.play = p};

	do_change(&c, change_raise);
	play_expect(p, c.is_raised == !play_next_is(p, "no"),
	    "raised, or not raised");
}

/* No tick: the next turn has to catch up. */
void
do_down(struct play *p)
{
	p->world.now += play_duration(p);
	world_restart(&p->world, p->world.store);
}

/* --- what is told --- */

static char *
name_of(const struct proto_job *job)
{
	g_autoptr(GString) out = NULL;

	if (job->name.kind == PROTO_JOB_STAGE)
		return g_strdup_printf(
		    "%s:%u", desk_clock_name(job->clock), job->stage);
	out = g_string_new(NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(reasons); i++)
		if ((job->reasons & reasons[i].reason) != 0)
			g_string_append_printf(out, "%c%s",
			    out->len == 0 ? ':' : '+', reasons[i].word);
	return g_strdup_printf("handed%s", out->str);
}

static gint
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
join_sorted(GPtrArray *words)
{
	g_ptr_array_sort(words, by_text);
	g_ptr_array_add(words, NULL);
	return g_strjoinv(" ", (char **)words->pdata);
}

/* All jobs to agents, which are sent. */
static char *
take_said(struct play *p, const struct number *number)
{
	struct proto_desk_work work = {.slot = SLOT_AGENTS,
	    .want = PROTO_JOBS_MAX,
	    .kinds = KINDS_AGENTS};
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
	struct proto_desk_jobs jobs = {0};

	play_expect(p, world_work(&p->world, &work, &jobs, NULL), "no answer");
	for (guint i = 0; i < jobs.jobs->len; i++) {
		const struct proto_job *job =
		    &g_array_index(jobs.jobs, struct proto_job, i);

		play_expect(p,
		    number != NULL && number_equal(&job->number, number),
		    "told of another ticket");
		g_ptr_array_add(words, name_of(job));
		play_expect(p,
		    world_settle(
			&p->world, SLOT_AGENTS, &job->name, PROTO_SENT),
		    "not settled");
	}
	world_jobs_clear(&jobs);
	return join_sorted(words);
}

void
do_said(struct play *p)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
	const struct number *number = NULL;
	g_autofree char *expected = NULL;
	g_autofree char *got = NULL;

	if (!play_next_is(p, "nothing")) {
		play_expect(p, play_next_is(p, "of"), "said of T");
		number = &play_told(p)->fate.number;
	}
	while (p->words[p->at] != NULL)
		g_ptr_array_add(words, g_strdup(play_word(p)));
	expected = join_sorted(words);
	got = take_said(p, number);
	if (strcmp(expected, got) != 0)
		fail_msg("%s:%u: the agents are told \"%s\"", p->file, p->line,
		    got);
}

/* --- clocks --- */

static enum sla_kind
read_kind(struct play *p)
{
	const char *word = play_word(p);

	for (guint kind = SLA_ACK; kind <= SLA_ESCALATE; kind++)
		if (strcmp(word, desk_clock_name(kind)) == 0)
			return (enum sla_kind)kind;
	play_stop(p, "no such clock");
}

/* The ticket's row says the same as the clock. */
static void
check_row(struct play *p, const struct store_clock *row)
{
	gint64 paused_at = row->clock.paused_at;
	gint64 due = sla_due(
	    &row->clock, paused_at != 0 ? paused_at : p->world.now);
	struct ticket t = world_ticket(&p->world, &row->ticket).t;
	const gint64 shown[] = {[SLA_ACK] = t.ack_due,
	    [SLA_FIRST_REPLY] = t.first_reply_due,
	    [SLA_DECISION] = t.decision_due,
	    [SLA_ESCALATE] = due};

	play_expect(p, shown[row->clock.kind] == due,
	    "the ticket shows another time");
	if (row->clock.kind == SLA_DECISION)
		play_expect(p, t.waiting == paused_at,
		    "the ticket waits, or does not");
}

void
do_clock(struct play *p)
{
	const struct number *number = &play_told(p)->fate.number;
	enum sla_kind kind = read_kind(p);
	struct store_clock row = {0};
	gboolean is_there = store_clock_get(p->world.store, number, kind, &row,
				NULL) == STORE_FOUND;
	gint64 due = is_there ? sla_due(&row.clock, p->world.now) : 0;

	if (play_next_is(p, "none")) {
		play_expect(p, !is_there, "there is such a clock");
		return;
	}
	play_expect(p, is_there, "there is no such clock");
	check_row(p, &row);
	if (play_next_is(p, "open"))
		play_expect(p, row.clock.settled == 0, "it is settled");
	else if (play_next_is(p, "settled"))
		play_expect(p, row.clock.settled != 0, "it is not settled");
	else if (play_next_is(p, "paused"))
		play_expect(p, row.clock.paused_at != 0, "it is not paused");
	else if (play_next_is(p, "said"))
		play_expect(
		    p, row.clock.said == play_number(p), "another stage");
	else if (play_next_is(p, "due"))
		play_expect(p, due == p->world.now + play_duration(p),
		    "due at another time");
	else if (play_next_is(p, "late"))
		play_expect(p, due == p->world.now - play_duration(p),
		    "due at another time");
	else
		play_stop(p, "no such word about a clock");
}
