/*
 * The commands of scenarios that look and wait; desk_scenario.c says what
 * they mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "desk/control.h"
#include "desk_scenario.h"

#define SLOT_ANSWERS 90

/* --- time and posts --- */

void
do_wait(struct play *p)
{
	p->world.now += play_duration(p);
	while (desk_tick(p->world.desk, p->world.now) == 0)
		;
}

/* FALSE for "lost": nobody reports. */
static gboolean
outcome(struct play *p, enum proto_outcome *out)
{
	const char *name = play_word(p);

	if (strcmp(name, "lost") == 0)
		return FALSE;
	if (strcmp(name, "sent") == 0)
		*out = PROTO_SENT;
	else if (strcmp(name, "deferred") == 0)
		*out = PROTO_DEFERRED;
	else if (strcmp(name, "failed") == 0)
		*out = PROTO_FAILED;
	else
		play_stop(p, "no such outcome");
	return TRUE;
}

static void
settle(struct play *p, guint32 slot, const struct proto_job_name *job)
{
	enum proto_outcome how;

	if (outcome(p, &how))
		play_expect(
		    p, world_settle(&p->world, slot, job, how), "not settled");
}

/* The one job of the answer to work, or NULL if there is none. */
static void
ask(struct play *p, const struct proto_desk_work *work, struct told *about)
{
	struct proto_desk_work resume = {.slot = work->slot, .resume = TRUE};
	struct proto_desk_jobs jobs = {0};
	gboolean has_work =
	    desk_has_work(p->world.desk, work->kinds, p->world.now);
	gboolean holds;
	const struct proto_job *job;

	play_expect(
	    p, world_work(&p->world, &resume, &jobs, NULL), "no answer");
	holds = jobs.jobs->len > 0;
	world_jobs_clear(&jobs);
	play_expect(p, world_work(&p->world, work, &jobs, NULL), "no answer");
	play_expect(p,
	    holds || has_work == (jobs.jobs->len > 0) || work->resume,
	    "desk_has_work() says otherwise");
	play_expect(p, jobs.jobs->len == (about != NULL ? 1 : 0),
	    "another number of jobs");
	if (about != NULL) {
		job = &g_array_index(jobs.jobs, struct proto_job, 0);
		play_expect(p, number_equal(&job->number, &about->fate.number),
		    "a job of another ticket");
		about->job = job->name;
	}
	world_jobs_clear(&jobs);
}

void
do_post(struct play *p)
{
	struct proto_desk_work work = {
	    .slot = play_number(p), .want = 2, .kinds = WORLD_NOTICES};
	enum proto_job_kind kind = PROTO_JOB_ACK;
	struct proto_desk_jobs jobs = {0};
	struct told *about = NULL;

	if (play_next_is(p, "settle")) {
		about = play_told(p);
		settle(p, work.slot, &about->job);
		return;
	}
	if (play_next_is(p, "nothing")) {
		if (play_next_is(p, "escalated"))
			work.kinds = 1u << PROTO_JOB_ESCALATED;
		ask(p, &work, NULL);
		return;
	}
	if (play_next_is(p, "gone")) {
		play_expect(p,
		    desk_has_work(p->world.desk, work.kinds, p->world.now),
		    "there is no job");
		work.want = 1;
		play_expect(p,
		    world_work(&p->world, &work, &jobs, NULL) &&
			jobs.jobs->len == 0,
		    "it would be sent");
		world_jobs_clear(&jobs);
		return;
	}
	if (play_next_is(p, "encrypted"))
		kind = PROTO_JOB_ENCRYPTED;
	else if (play_next_is(p, "escalated")) {
		kind = PROTO_JOB_ESCALATED;
		work.kinds = 1u << kind;
	}
	else
		play_expect(p, play_next_is(p, "ack"), "post S ack of T");
	play_expect(p, play_next_is(p, "of"), "post S ack of T");
	about = play_told(p);
	ask(p, &work, about);
	play_expect(p, about->job.kind == kind, "another kind of job");
	settle(p, work.slot, &about->job);
}

void
do_resume(struct play *p)
{
	struct proto_desk_work work = {.slot = play_number(p), .resume = TRUE};

	ask(p, &work, play_next_is(p, "nothing") ? NULL : play_told(p));
}

void
do_answer(struct play *p)
{
	const char *name = play_word(p);
	struct proto_desk_jobs jobs = {0};
	g_autoptr(GError) err = NULL;
	struct proto_job_name job;
	const struct told *about;
	gboolean is_busy, is_taken, is_gone;
	guint count;

	play_expect(p, play_next_is(p, "on"), "answer A on T");
	about = play_told(p);
	is_busy = play_next_is(p, "busy");
	is_taken = world_take(&p->world, SLOT_ANSWERS + (is_busy ? 1 : 0), name,
	    &about->fate.number, &jobs, &err);
	if (is_busy) {
		play_expect(
		    p, !is_taken && error_is(err, ERROR_TEMP), "not refused");
		return;
	}
	is_gone = play_next_is(p, "gone");
	play_expect(p, is_taken == !is_gone, "not taken, or taken");
	if (is_gone) {
		play_expect(p, error_is(err, ERROR_PERM), "another refusal");
		return;
	}
	count = jobs.jobs->len;
	job = (struct proto_job_name){
	    world_fingerprint(&p->world, name), PROTO_JOB_ANSWER};
	world_jobs_clear(&jobs);
	if (play_next_is(p, "already"))
		play_expect(p, count == 0, "it would be sent again");
	else {
		play_expect(p, count == 1, "it would not be sent");
		settle(p, SLOT_ANSWERS, &job);
	}
}

/* --- looking --- */

static const char *
yes(gboolean is_so)
{
	return is_so ? "yes" : "no";
}

/* The value of this key, as `nymdesk show` gives it; NULL if there is no such
 * key. */
static char *
value_of(const struct proto_ctl_ticket *t, const char *key)
{
	const struct {
		const char *key;
		gboolean is_so;
	} facts[] = {
	    {"acknowledged", t->acknowledged != 0},
	    {"answered", t->answered != 0},
	    {"forgotten", t->pseudonym[0] == '\0'},
	    {"undeliverable", (t->flags & PROTO_FLAG_UNDELIVERABLE) != 0},
	    {"delayed", (t->flags & PROTO_FLAG_DELAYED) != 0},
	    {"burst", (t->flags & PROTO_FLAG_BURST) != 0},
	    {"repeat", (t->flags & PROTO_FLAG_REPEAT) != 0},
	    {"vip", (t->flags & PROTO_FLAG_VIP) != 0},
	    {"waiting", t->waiting != 0},
	};

	if (strcmp(key, "state") == 0)
		return g_strdup(t->state);
	if (strcmp(key, "messages") == 0)
		return g_strdup_printf("%u", t->messages);
	if (strcmp(key, "level") == 0)
		return g_strdup_printf("%u", t->level);
	if (strcmp(key, "rating") == 0)
		return g_strdup_printf("%u", t->rating);
	if (strcmp(key, "queue") == 0)
		return g_strdup(t->queue);
	if (strcmp(key, "agent") == 0)
		return g_strdup(t->agent[0] != '\0' ? t->agent : "-");
	for (gsize i = 0; i < G_N_ELEMENTS(facts); i++)
		if (strcmp(key, facts[i].key) == 0)
			return g_strdup(yes(facts[i].is_so));
	return NULL;
}

void
do_ticket(struct play *p)
{
	struct proto_ctl_show show = {play_told(p)->fate.number};
	struct proto_ctl_show_is is = {0};
	const char *key = play_word(p), *expected = play_word(p);
	g_autofree char *got = NULL;

	play_expect(p,
	    control_show(p->world.store, &show, &is, NULL) && is.is_found,
	    "no such ticket");
	got = value_of(&is.ticket, key);
	g_free(is.ticket.queue);
	g_free(is.ticket.state);
	g_free(is.ticket.lang);
	g_free(is.ticket.category);
	g_free(is.ticket.pseudonym);
	g_free(is.ticket.agent);
	play_expect(p, g_strcmp0(got, expected) == 0, "the ticket differs");
}

static GBytes *
sealed_of(struct play *p, const struct number *number)
{
	struct store_envelope envelope = {0};

	if (store_envelope_get(p->world.store, number, &envelope, NULL) !=
	    STORE_FOUND)
		return g_bytes_new(NULL, 0);
	return envelope.sealed;
}

void
do_remember(struct play *p)
{
	struct told *about = play_told(p);

	about->ticket = world_ticket(&p->world, &about->fate.number);
	g_clear_pointer(&about->sealed, g_bytes_unref);
	about->sealed = sealed_of(p, &about->fate.number);
}

void
do_unchanged(struct play *p)
{
	const struct told *about = play_told(p);
	struct store_ticket now = world_ticket(&p->world, &about->fate.number);
	g_autoptr(GBytes) sealed = sealed_of(p, &about->fate.number);

	play_expect(p, about->sealed != NULL, "it was not remembered");
	play_expect(p, memcmp(&now, &about->ticket, sizeof(now)) == 0,
	    "the ticket has changed");
	play_expect(p, g_bytes_equal(sealed, about->sealed),
	    "the envelope has changed");
}

void
do_to(struct play *p)
{
	struct store_envelope envelope;
	const struct told *about = play_told(p);
	gboolean is_nobody = play_next_is(p, "-");
	g_autofree char *expected =
	    is_nobody ? NULL : g_strdup_printf("to %s", play_word(p));
	g_autoptr(GBytes) content = NULL;

	if (is_nobody) {
		play_expect(p,
		    store_envelope_get(p->world.store, &about->fate.number,
			&envelope, NULL) == STORE_MISSING,
		    "there is an envelope");
		return;
	}
	content = g_bytes_new(expected, strlen(expected));
	play_expect(p,
	    store_envelope_get(p->world.store, &about->fate.number, &envelope,
		NULL) == STORE_FOUND,
	    "no envelope");
	if (!g_bytes_equal(content, envelope.sealed))
		play_stop(p, "the envelope reaches somebody else");
	g_bytes_unref(envelope.sealed);
}

void
do_forget(struct play *p)
{
	struct proto_ctl_forget forget = {play_told(p)->fate.number};
	struct proto_ctl_forget_is is = {0};
	guint expected = play_number(p);

	play_expect(p,
	    desk_begin(p->world.desk, p->world.now, NULL) &&
		desk_forget(p->world.desk, &forget, &is, NULL) &&
		desk_commit_turn(p->world.desk, NULL) && is.is_found,
	    "cannot forget");
	play_expect(p, is.tickets == expected && is.is_known == (expected > 0),
	    "another number of tickets");
}

void
do_count(struct play *p)
{
	struct proto_ctl_status_is is = {0};
	const char *key = play_word(p);
	gint64 expected = play_number(p), got = -1;

	play_expect(p, control_status(p->world.store, p->world.now, &is, NULL),
	    "no status");
	if (strcmp(key, "tickets") == 0)
		got = is.tickets_open + is.tickets_closed;
	else if (strcmp(key, "open") == 0)
		got = is.promises_open;
	else if (strcmp(key, "late") == 0)
		got = is.promises_late;
	else if (strcmp(key, "soon") == 0)
		got = is.promises_soon;
	else if (strcmp(key, "failed") == 0)
		got = is.promises_failed;
	play_expect(p, got == expected, "another count");
}
