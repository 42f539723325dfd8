/*
 * Random mails with random facts, reports, closings, forgetting and time, on
 * both engines of the store at once: they must agree in every answer, no
 * mail is told of twice, nobody is told who must not be, and no mail gets into
 * a ticket without a right to it. The seed of a history that fails is in its
 * message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "desk/internal.h"
#include "desk_world.h"

int desk_facts_tests(void);

#define MAILS 60
#define STEPS 300
#define TWINS 2 /* memory and SQLite */

static const char *const contacts[] = {"anna", "bert", "cleo"};
static const char *const texts[] = {"x1", "x2", "x3", "x4"};

struct sent { /* one mail that was taken */
	struct world_mail mail;
	struct world_fate fate;
	struct proto_key fingerprint;
	guint notices;
};

struct history {
	guint seed;
	GRand *rand;
	struct world worlds[TWINS];
	char *names[MAILS];
	struct sent mails[MAILS];
	guint n;
	/* or it shows nothing */
	guint notices, quiet, followups, bounces, raised;
};

static guint
pick(struct history *h, guint below)
{
	return (guint)g_rand_int_range(h->rand, 0, (gint32)below);
}

static void
check(const struct history *h, gboolean is_met, const char *what)
{
	if (!is_met)
		fail_msg("seed %u: %s", h->seed, what);
}

/* --- mails --- */

static void
add_claim(struct history *h, struct world_mail *mail, enum proto_via via)
{
	if (h->n > 0)
		world_claim(mail, via, &h->mails[pick(h, h->n)].fate.number);
}

static void
add_facts(struct history *h, struct world_mail *mail)
{
	static const guint32 flags[] = {PROTO_FLAG_MACHINE, PROTO_FLAG_UNPROVEN,
	    PROTO_FLAG_NO_RETURN, PROTO_FLAG_ENCRYPTED};
	static const enum proto_via vias[] = {PROTO_VIA_CAPABILITY,
	    PROTO_VIA_MESSAGE_ID, PROTO_VIA_SUBJECT, PROTO_VIA_SUBJECT,
	    PROTO_VIA_BOUNCE};
	static const enum proto_clue_kind kinds[] = {
	    PROTO_CLUE_THREAD, PROTO_CLUE_WORDS, PROTO_CLUE_REFERENCE};

	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
		if (pick(h, 8) == 0)
			mail->flags |= flags[i];
	for (gsize i = 0; i < G_N_ELEMENTS(vias); i++)
		if (pick(h, 10) == 0)
			add_claim(h, mail, vias[i]);
	world_clue(mail, PROTO_CLUE_ID,
	    pick(h, 6) == 0 ? texts[pick(h, 4)] : mail->name);
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (pick(h, 6) == 0)
			world_clue(mail, kinds[i],
			    h->n > 0 && pick(h, 2) == 0
				? h->names[pick(h, h->n)]
				: texts[pick(h, 4)]);
}

static void
make_report(struct history *h, struct world_mail *mail)
{
	static const enum proto_via vias[] = {
	    PROTO_VIA_BOUNCE, PROTO_VIA_CAPABILITY, PROTO_VIA_MESSAGE_ID};

	mail->from = "daemon";
	mail->flags = PROTO_FLAG_MACHINE | PROTO_FLAG_NO_RETURN;
	mail->report = 1 + pick(h, PROTO_REPORT_OTHER);
	mail->job = pick(h, PROTO_JOB_END);
	add_claim(h, mail, vias[pick(h, 3)]);
}

static gboolean
names_by(const struct world_mail *mail, enum proto_via via,
    const struct number *number)
{
	for (guint i = 0; i < mail->claims; i++)
		if (mail->claim[i].via == via &&
		    number_equal(&mail->claim[i].number, number))
			return TRUE;
	return FALSE;
}

/* Who opened the ticket, and was shown to be. */
static const struct sent *
opener_of(struct history *h, const struct number *number)
{
	for (guint i = 0; i < h->n; i++)
		if (h->mails[i].fate.verdict == PROTO_NEW &&
		    number_equal(&h->mails[i].fate.number, number))
			return &h->mails[i];
	check(h, FALSE, "a follow-up of nothing");
	return NULL;
}

static void
check_right(struct history *h, const struct sent *s)
{
	const struct number *number = &s->fate.number;
	gboolean is_known =
	    (s->mail.flags & (PROTO_FLAG_UNPROVEN | PROTO_FLAG_NO_RETURN)) == 0;

	if (names_by(&s->mail, PROTO_VIA_CAPABILITY, number) ||
	    names_by(&s->mail, PROTO_VIA_BOUNCE, number))
		return;
	check(h, is_known, "who is nobody has a right");
	check(h, strcmp(opener_of(h, number)->mail.from, s->mail.from) == 0,
	    "a stranger has a right");
}

static void
note(struct history *h, const struct sent *s)
{
	h->followups += s->fate.verdict == PROTO_FOLLOW_UP ? 1 : 0;
	h->bounces += s->fate.verdict == PROTO_BOUNCE ? 1 : 0;
	h->quiet +=
	    (s->fate.flags & (PROTO_FLAG_BURST | PROTO_FLAG_REPEAT)) != 0 ? 1
									  : 0;
	if (s->fate.verdict == PROTO_FOLLOW_UP)
		check_right(h, s);
}

static void
check_equal(
    struct history *h, const struct world_fate *a, const struct world_fate *b)
{
	check(h, a->verdict == b->verdict, "another verdict");
	check(h, number_equal(&a->number, &b->number), "another number");
	check(h, number_equal(&a->mentions, &b->mentions), "other mentions");
	check(h, a->flags == b->flags, "other flags");
	check(h, a->ticket_flags == b->ticket_flags, "other ticket flags");
	check(h, a->due == b->due, "another due time");
	check(h, strcmp(a->pseudonym, b->pseudonym) == 0, "another name");
}

static void
step_mail(struct history *h)
{
	struct sent *s = &h->mails[h->n];
	struct world_fate twin;

	if (h->n == MAILS)
		return;
	*s = (struct sent){
	    .mail = world_mail(h->names[h->n], contacts[pick(h, 3)])};
	if (pick(h, 5) == 0)
		make_report(h, &s->mail);
	else
		add_facts(h, &s->mail);
	s->fingerprint = world_fingerprint(&h->worlds[0], s->mail.name);
	s->fate = world_receive(&h->worlds[0], &s->mail);
	twin = world_receive(&h->worlds[1], &s->mail);
	check_equal(h, &s->fate, &twin);
	h->n++;
	note(h, s);
}

static void
step_again(struct history *h)
{
	const struct sent *s;

	if (h->n == 0)
		return;
	s = &h->mails[pick(h, h->n)];
	for (guint i = 0; i < TWINS; i++)
		check(h,
		    world_receive(&h->worlds[i], &s->mail).verdict ==
			PROTO_DUPLICATE,
		    "known, but no duplicate");
}

/* --- posts --- */

static void
check_notice(
    struct history *h, const struct world *w, const struct proto_job *job)
{
	static const guint32 never = PROTO_FLAG_MACHINE | PROTO_FLAG_UNPROVEN |
				     PROTO_FLAG_NO_RETURN | PROTO_FLAG_BURST |
				     PROTO_FLAG_REPEAT;
	struct store_ticket row = world_ticket(w, &job->number);

	if (jobs_is_to_agents(job->name.kind)) {
		check(h, row.t.pseudonym[0] != '\0', "told of the forgotten");
		return;
	}
	check(h, (row.t.flags & PROTO_FLAG_UNDELIVERABLE) == 0,
	    "a notice to where it comes back from");
	if (job->name.kind == PROTO_JOB_ESCALATED) {
		check(h, job->level > 1 && job->level <= row.t.level,
		    "told of a level it never had");
		h->raised++;
		return;
	}
	for (guint i = 0; i < h->n; i++) {
		struct sent *s = &h->mails[i];

		if (memcmp(&s->fingerprint, &job->name.key,
			sizeof(s->fingerprint)) != 0)
			continue;
		check(h, (s->fate.flags & never) == 0, "told who must not be");
		check(h,
		    job->name.kind == PROTO_JOB_ENCRYPTED ||
			s->fate.verdict == PROTO_NEW,
		    "a follow-up acknowledged");
		return;
	}
	check(h, FALSE, "a job that nobody asked for");
}

static void
count_notice(struct history *h, const struct proto_job_name *name)
{
	for (guint i = 0; i < h->n; i++)
		if (memcmp(&h->mails[i].fingerprint, &name->key,
			sizeof(name->key)) == 0) {
			h->mails[i].notices++;
			check(h, h->mails[i].notices == 1, "told twice");
		}
	h->notices++;
}

static gint
by_key(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct proto_job_name));
}

/* Takes all there is; whether it is sent follows from its name. */
static GArray *
take_all(struct history *h, struct world *w)
{
	GArray *sent = g_array_new(FALSE, TRUE, sizeof(struct proto_job_name));
	struct proto_desk_work work = {.slot = 1, .want = PROTO_JOBS_MAX};
	struct proto_desk_jobs jobs = {0};
	guint n;

	do {
		check(h, world_work(w, &work, &jobs, NULL), "work");
		n = jobs.jobs->len;
		for (guint i = 0; i < n; i++) {
			const struct proto_job *job =
			    &g_array_index(jobs.jobs, struct proto_job, i);
			gboolean is_sent =
			    job->name.key.b[0] % 4 != 0 || job->attempts > 1;

			check_notice(h, w, job);
			check(h,
			    world_settle(w, 1, &job->name,
				is_sent ? PROTO_SENT : PROTO_DEFERRED),
			    "settle");
			if (is_sent)
				g_array_append_val(sent, job->name);
		}
		world_jobs_clear(&jobs);
	} while (n > 0 || desk_has_work(w->desk, 0, w->now));
	g_array_sort(sent, by_key);
	return sent;
}

static void
step_post(struct history *h)
{
	g_autoptr(GArray) a = take_all(h, &h->worlds[0]);
	g_autoptr(GArray) b = take_all(h, &h->worlds[1]);

	check(h,
	    a->len == b->len &&
		(a->len == 0 ||
		    memcmp(a->data, b->data,
			a->len * sizeof(struct proto_job_name)) == 0),
	    "other jobs");
	for (guint i = 0; i < a->len; i++)
		count_notice(h, &g_array_index(a, struct proto_job_name, i));
}

static void
step_answer(struct history *h)
{
	g_autofree char *name = g_strdup_printf("r%u", pick(h, 1000000));
	struct number number;
	gboolean is_taken[TWINS];

	if (h->n == 0)
		return;
	number = h->mails[pick(h, h->n)].fate.number;
	if (!number_is_set(&number))
		return;
	for (guint i = 0; i < TWINS; i++) {
		struct world *w = &h->worlds[i];
		struct proto_desk_jobs jobs = {0};
		g_autoptr(GError) err = NULL;

		is_taken[i] = world_take(w, 2, name, &number, &jobs, &err);
		if (!is_taken[i]) {
			check(h, error_is(err, ERROR_PERM), "take");
			continue;
		}
		check(h,
		    (world_ticket(w, &number).t.flags &
			PROTO_FLAG_UNDELIVERABLE) == 0,
		    "an answer to where it comes back from");
		check(h,
		    world_settle(w, 2,
			&g_array_index(jobs.jobs, struct proto_job, 0).name,
			PROTO_SENT),
		    "settle answer");
		world_jobs_clear(&jobs);
	}
	check(h, is_taken[0] == is_taken[1], "one takes, one does not");
}

/* --- what happens beside mail --- */

static void
step_close(struct history *h)
{
	struct number number;

	if (h->n == 0)
		return;
	number = h->mails[pick(h, h->n)].fate.number;
	for (guint i = 0; i < TWINS && number_is_set(&number); i++) {
		struct world *w = &h->worlds[i];
		struct store_ticket row = world_ticket(w, &number);

		row.t.state = TICKET_CLOSED;
		row.t.closed = w->now;
		check(h,
		    store_begin(w->store, NULL) &&
			store_ticket_update(w->store, &row, NULL) &&
			store_commit(w->store, NULL),
		    "close");
	}
}

static void
step_forget(struct history *h)
{
	struct proto_ctl_forget_is is[TWINS];
	struct proto_ctl_forget forget;

	if (h->n == 0 || pick(h, 4) != 0)
		return;
	forget.number = h->mails[pick(h, h->n)].fate.number;
	for (guint i = 0; i < TWINS; i++) {
		struct desk *desk = h->worlds[i].desk;

		check(h,
		    desk_begin(desk, h->worlds[i].now, NULL) &&
			desk_forget(desk, &forget, &is[i], NULL) &&
			desk_commit_turn(desk, NULL),
		    "forget");
	}
	check(h, is[0].tickets == is[1].tickets, "other tickets forgotten");
	/* His mails may come as new ones now, and be told of again. */
	for (guint i = 0; is[0].tickets > 0 && i < h->n; i++)
		h->mails[i].notices = 0;
}

static void
step_wait(struct history *h)
{
	static const gint64 times[] = {5, 60, 1200, 7200, 86400, 3 * 86400};
	/* Every other history is a short one, with bursts. */
	guint n = h->seed % 2 == 0 ? 2 : G_N_ELEMENTS(times);
	gint64 time = times[pick(h, n)];

	for (guint i = 0; i < TWINS; i++) {
		struct world *w = &h->worlds[i];

		w->now += time;
		while (desk_tick(w->desk, w->now) == 0)
			;
	}
}

static void
check_counts(struct history *h)
{
	struct store_counts a = {0}, b = {0};

	check(h,
	    store_count(h->worlds[0].store, h->worlds[0].now, &a, NULL) &&
		store_count(h->worlds[1].store, h->worlds[1].now, &b, NULL),
	    "count");
	check(h, memcmp(&a, &b, sizeof(a)) == 0, "other counts");
}

static void
live(struct history *h, const char *path)
{
	static void (*const steps[])(struct history *) = {step_mail, step_mail,
	    step_mail, step_mail, step_post, step_post, step_wait, step_answer,
	    step_close};

	h->rand = g_rand_new_with_seed(h->seed);
	world_init(&h->worlds[0], store_open_memory());
	world_init(&h->worlds[1], store_open_sqlite(path, NULL));
	for (guint i = 0; i < MAILS; i++)
		h->names[i] = g_strdup_printf("m%u", i);
	for (guint i = 0; i < STEPS && h->n < MAILS; i++) {
		steps[pick(h, G_N_ELEMENTS(steps))](h);
		if (pick(h, 20) == 0)
			step_again(h);
		check_counts(h);
	}
	/* Who is forgotten leaves nothing that a history could be told by. */
	step_forget(h);
	check_counts(h);
	step_post(h);
	for (guint i = 0; i < TWINS; i++)
		world_done(&h->worlds[i]);
	for (guint i = 0; i < MAILS; i++)
		g_free(h->names[i]);
	g_rand_free(h->rand);
}

static void
test_twins(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	g_autofree char *dir = g_dir_make_tmp("nymdesk-facts-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "desk.db", NULL);
	guint notices = 0, quiet = 0, followups = 0, bounces = 0, raised = 0;

	(void)state;
	for (guint seed = 1; seed <= 20; seed++) {
		g_autofree struct history *h = g_new0(struct history, 1);

		h->seed = seed;
		live(h, path);
		notices += h->notices;
		quiet += h->quiet;
		raised += h->raised;
		followups += h->followups;
		bounces += h->bounces;
		for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
			g_autofree char *file =
			    g_strconcat(path, suffixes[i], NULL);

			(void)g_unlink(file);
		}
	}
	(void)g_rmdir(dir);
	print_message("%u notices, %u quiet, %u follow-ups, %u reports, "
		      "%u raised\n",
	    notices, quiet, followups, bounces, raised);
	assert_true(raised > 20);
	assert_true(notices > 100);
	assert_true(quiet > 20);
	assert_true(followups > 100);
	assert_true(bounces > 100);
}

/* A report has no name of its own, so none is asked for; but it is about the
 * ticket that was told. */
static void
test_commit_of_report(void **state)
{
	struct world w;
	struct world_mail first = world_mail("m1", "anna");
	struct world_mail report = world_mail("d1", "daemon");
	struct number number;
	struct proto_desk_admitted answer = {0};
	g_autoptr(GError) err = NULL;

	(void)state;
	world_init(&w, store_open_memory());
	number = world_receive(&w, &first).number;
	report.report = PROTO_REPORT_FAILED;
	report.job = PROTO_JOB_ACK;
	world_claim(&report, PROTO_VIA_BOUNCE, &number);
	assert_true(world_admit(&w, &report, &answer, NULL));
	assert_true(number_equal(&answer.number, &number));
	assert_int_equal(answer.ticket_flags, PROTO_FLAG_UNDELIVERABLE);
	assert_int_equal(world_ticket(&w, &number).t.flags, 0);
	answer.pseudonym[0] = '\0';
	answer.number = number_from_bits(12345);
	assert_false(world_commit(&w, &report, &answer, &err));
	assert_true(error_is(err, ERROR_CONFLICT));
	answer.number = number;
	assert_true(world_commit(&w, &report, &answer, NULL));
	assert_int_equal(
	    world_ticket(&w, &number).t.flags, PROTO_FLAG_UNDELIVERABLE);
	world_admitted_clear(&answer);
	world_done(&w);
}

int
desk_facts_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_commit_of_report),
	    cmocka_unit_test(test_twins),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
