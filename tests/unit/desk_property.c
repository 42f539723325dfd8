/*
 * Random histories: mails that arrive several times at once, posts that
 * succeed, fail, die and resume, turns that are taken back, desks that die.
 * Whatever happens, one message makes one ticket and one acknowledgement.
 * The seed of a history that fails is in its message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "desk_world.h"

int desk_property_tests(void);

#define MAILS 12
#define SESSIONS 6
#define SLOTS 4
#define STEPS 400

struct session { /* a worker with one mail in its hands */
	gboolean is_busy;
	guint mail;
	struct proto_desk_admitted answer;
};

struct slot {
	GArray *held; /* struct proto_job_name: claimed, not settled */
};

struct history {
	guint seed;
	GRand *rand;
	struct world world;
	char *path; /* own; NULL on the memory store */
	char *names[MAILS];
	struct session sessions[SESSIONS];
	struct slot slots[SLOTS];
	gboolean is_taken[MAILS]; /* a worker was told so */
	guint acks[MAILS];	  /* reported as sent, and durable */
	guint answers[MAILS];
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

static struct world_mail
mail_of(const struct history *h, guint i)
{
	static const char *const contacts[] = {"anna", "bert", "cleo"};

	return world_mail(h->names[i], contacts[i % 3]);
}

static guint
mail_of_key(const struct history *h, const struct proto_key *key)
{
	for (guint i = 0; i < MAILS; i++) {
		struct proto_key own =
		    world_fingerprint(&h->world, h->names[i]);

		if (memcmp(own.b, key->b, sizeof(own.b)) == 0)
			return i;
	}
	check(h, FALSE, "a job that nobody asked for");
	return 0;
}

/* --- workers --- */

static void
drop_mail(struct session *s)
{
	world_admitted_clear(&s->answer);
	s->is_busy = FALSE;
}

static void
step_admit(struct history *h, struct session *s)
{
	struct world_mail mail;

	s->mail = pick(h, MAILS);
	mail = mail_of(h, s->mail);
	check(h, world_admit(&h->world, &mail, &s->answer, NULL), "admit");
	s->is_busy = TRUE;
	if (s->answer.verdict == PROTO_DUPLICATE) {
		check(h, h->is_taken[s->mail], "a duplicate of nothing");
		drop_mail(s);
	}
}

/* Several commits in one turn, which may be taken back as a whole. */
static void
step_commit_turn(struct history *h)
{
	gboolean is_ok[SESSIONS] = {FALSE};
	gboolean is_kept = pick(h, 5) != 0;
	g_autoptr(GError) err = NULL;

	check(h, desk_begin(h->world.desk, h->world.now, NULL), "begin");
	for (guint i = 0; i < SESSIONS; i++) {
		struct session *s = &h->sessions[i];
		struct world_mail mail = mail_of(h, s->mail);

		if (!s->is_busy || pick(h, 2) == 0)
			continue;
		is_ok[i] =
		    world_commit_in_turn(&h->world, &mail, &s->answer, &err);
		check(h, is_ok[i] || error_is(err, ERROR_CONFLICT), "commit");
		g_clear_error(&err);
	}
	if (!is_kept) {
		store_rollback(h->world.store);
		return; /* all of them are told 4xx and will come again */
	}
	check(h, desk_commit_turn(h->world.desk, NULL), "commit turn");
	for (guint i = 0; i < SESSIONS; i++)
		if (is_ok[i]) {
			h->is_taken[h->sessions[i].mail] = TRUE;
			drop_mail(&h->sessions[i]);
		}
}

/* --- posts --- */

static void
check_held_by_one(struct history *h, const struct proto_job_name *name)
{
	for (guint i = 0; i < SLOTS; i++)
		for (guint k = 0; k < h->slots[i].held->len; k++)
			check(h,
			    memcmp(&g_array_index(h->slots[i].held,
				       struct proto_job_name, k),
				name, sizeof(*name)) != 0,
			    "a job claimed twice");
}

static void
step_claim(struct history *h, guint32 slot)
{
	struct proto_desk_work work = {.slot = slot, .want = 1 + pick(h, 4)};
	struct proto_desk_jobs jobs = {0};
	GArray *held = h->slots[slot].held;
	g_autoptr(GArray) claimed = g_array_new(FALSE, FALSE,
	    sizeof(struct proto_job_name));

	check(h, world_work(&h->world, &work, &jobs, NULL), "work");
	/* As if the answer that gave it the jobs had been lost. */
	if (held->len > 0)
		check(h, jobs.jobs->len == MIN(held->len, PROTO_JOBS_MAX),
		    "jobs are lost with an answer");
	for (guint i = 0; held->len == 0 && i < jobs.jobs->len; i++) {
		struct proto_job_name name =
		    g_array_index(jobs.jobs, struct proto_job, i).name;

		check_held_by_one(h, &name);
		g_array_append_val(claimed, name);
	}
	g_array_append_vals(held, claimed->data, claimed->len);
	world_jobs_clear(&jobs);
}

static void
note_sent(struct history *h, const struct proto_job_name *name)
{
	guint mail = mail_of_key(h, &name->key);

	if (name->kind == PROTO_JOB_ACK)
		h->acks[mail]++;
	else
		h->answers[mail]++;
}

static void
step_settle(struct history *h, guint32 slot)
{
	GArray *held = h->slots[slot].held;
	enum proto_outcome outcome =
	    pick(h, 3) == 0 ? PROTO_DEFERRED : PROTO_SENT;
	struct proto_job_name name;
	guint i;

	if (held->len == 0)
		return;
	i = pick(h, held->len);
	name = g_array_index(held, struct proto_job_name, i);
	/* Another slot's word on it counts nothing. */
	check(h, world_settle(&h->world, (slot + 1) % SLOTS, &name, outcome),
	    "settle by another");
	check(h, world_settle(&h->world, slot, &name, outcome), "settle");
	if (pick(h, 3) == 0)
		check(h, world_settle(&h->world, slot, &name, outcome),
		    "settle again");
	if (outcome == PROTO_SENT)
		note_sent(h, &name);
	g_array_remove_index(held, i);
}

/* The process died: what its slot holds is what it had claimed. */
static void
step_resume(struct history *h, guint32 slot)
{
	struct proto_desk_work work = {.slot = slot, .resume = TRUE};
	struct proto_desk_jobs jobs = {0};
	GArray *held = h->slots[slot].held;

	check(h, world_work(&h->world, &work, &jobs, NULL), "resume");
	check(h, jobs.jobs->len == MIN(held->len, PROTO_JOBS_MAX),
	    "a slot holds something else");
	world_jobs_clear(&jobs);
}

static void
step_answer(struct history *h, guint32 slot)
{
	guint i = pick(h, MAILS);
	struct world_mail mail = mail_of(h, i);
	g_autofree char *name = g_strconcat(h->names[i], "", NULL);
	struct proto_desk_admitted seen = {0};
	struct proto_desk_jobs jobs = {0};
	g_autoptr(GError) err = NULL;
	struct proto_job_name job;

	check(h, world_admit(&h->world, &mail, &seen, NULL), "admit");
	if (seen.verdict == PROTO_DUPLICATE) {
		/* "a" before the name: the agent's mail about this ticket. */
		name[0] = 'a';
		if (world_take(&h->world, SLOTS + slot, name, &seen.number,
			&jobs, &err)) {
			check(h, jobs.jobs->len == (h->answers[i] == 0),
			    "an answer sent twice, or never");
			if (jobs.jobs->len > 0) {
				job = g_array_index(
				    jobs.jobs, struct proto_job, 0)
					  .name;
				check(h,
				    world_settle(&h->world, SLOTS + slot,
					&job, PROTO_SENT),
				    "settle answer");
				h->answers[i]++;
			}
			world_jobs_clear(&jobs);
		}
	}
	world_admitted_clear(&seen);
}

/* --- the desk dies --- */

static void
step_restart(struct history *h)
{
	struct store *store = h->world.store;

	if (h->path != NULL) {
		if (pick(h, 2) == 0) /* in the middle of a turn */
			check(h,
			    desk_begin(h->world.desk, h->world.now, NULL),
			    "begin");
		store_close(store);
		store = store_open_sqlite(h->path, NULL);
		check(h, store != NULL, "reopen");
	}
	world_restart(&h->world, store);
}

/* --- what must hold --- */

static guint
count_tickets(struct history *h, guint *acknowledged)
{
	g_autoptr(GArray) list = NULL;
	struct number after = {""};

	list = g_array_new(FALSE, FALSE, sizeof(struct store_ticket));
	check(h, store_ticket_list(h->world.store, &after, 1000, list, NULL),
	    "list");
	*acknowledged = 0;
	for (guint i = 0; i < list->len; i++) {
		const struct store_ticket *row =
		    &g_array_index(list, struct store_ticket, i);

		check(h, row->t.messages == 1, "a message counted twice");
		*acknowledged += row->t.acknowledged != 0 ? 1 : 0;
	}
	return list->len;
}

static void
check_all(struct history *h)
{
	struct store_counts counts = {0};
	guint taken = 0, acks = 0, acknowledged;

	for (guint i = 0; i < MAILS; i++) {
		taken += h->is_taken[i] ? 1 : 0;
		acks += h->acks[i];
		check(h, h->acks[i] <= 1, "acknowledged twice");
	}
	check(h, count_tickets(h, &acknowledged) == taken,
	    "tickets and messages differ");
	check(h, acknowledged == acks, "acknowledgements differ");
	check(h, store_count(h->world.store, h->world.now, &counts, NULL),
	    "count");
	check(h, counts.tickets_open == taken, "counted tickets differ");
	check(h, counts.promises_open == taken - acks,
	    "a promise is lost, or one too many");
}

static void
step(struct history *h)
{
	guint32 slot = pick(h, SLOTS);
	struct session *s = &h->sessions[pick(h, SESSIONS)];

	switch (pick(h, 10)) {
	case 0:
	case 1:
	case 2:
		if (!s->is_busy)
			step_admit(h, s);
		break;
	case 3:
		step_commit_turn(h);
		break;
	case 4:
		step_claim(h, slot);
		break;
	case 5:
	case 6:
		step_settle(h, slot);
		break;
	case 7:
		step_resume(h, slot);
		break;
	case 8:
		step_answer(h, slot);
		break;
	default:
		if (pick(h, 8) == 0)
			step_restart(h);
		else
			h->world.now += pick(h, 120);
		break;
	}
}

/* In the end everybody comes again, and everything is done. */
static void
finish(struct history *h)
{
	for (guint i = 0; i < SESSIONS; i++)
		if (h->sessions[i].is_busy)
			drop_mail(&h->sessions[i]);
	for (guint i = 0; i < MAILS; i++) {
		struct world_mail mail = mail_of(h, i);

		(void)world_receive(&h->world, &mail);
		h->is_taken[i] = TRUE;
	}
	for (guint round = 0; round < 100; round++) {
		for (guint32 slot = 0; slot < SLOTS; slot++) {
			step_claim(h, slot);
			step_settle(h, slot);
		}
		h->world.now += 600;
	}
	check_all(h);
	for (guint i = 0; i < MAILS; i++)
		check(h, h->acks[i] == 1, "never acknowledged");
}

static void
live(guint seed, struct store *store, const char *path)
{
	struct history h = {.seed = seed, .path = g_strdup(path)};

	h.rand = g_rand_new_with_seed(seed);
	world_init(&h.world, store);
	world_slow_clocks(&h.world);
	/* One epoch, so that a fingerprint names a mail. */
	h.world.now -= h.world.now % WORLD_EPOCH_S;
	for (guint i = 0; i < MAILS; i++)
		h.names[i] = g_strdup_printf("m%u", i);
	for (guint i = 0; i < SLOTS; i++)
		h.slots[i].held =
		    g_array_new(FALSE, FALSE, sizeof(struct proto_job_name));
	for (guint i = 0; i < STEPS; i++) {
		step(&h);
		check_all(&h);
	}
	finish(&h);
	for (guint i = 0; i < SLOTS; i++)
		g_array_unref(h.slots[i].held);
	for (guint i = 0; i < MAILS; i++)
		g_free(h.names[i]);
	world_done(&h.world);
	g_rand_free(h.rand);
	g_free(h.path);
}

static void
test_memory(void **state)
{
	(void)state;
	for (guint seed = 1; seed <= 40; seed++)
		live(seed, store_open_memory(), NULL);
}

static void
test_sqlite(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	g_autofree char *dir = g_dir_make_tmp("nymdesk-desk-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "desk.db", NULL);

	(void)state;
	for (guint seed = 101; seed <= 106; seed++) {
		struct store *store = store_open_sqlite(path, NULL);

		assert_non_null(store);
		live(seed, store, path);
		for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
			g_autofree char *file =
			    g_strconcat(path, suffixes[i], NULL);

			(void)g_unlink(file);
		}
	}
	(void)g_rmdir(dir);
}

int
desk_property_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_sqlite),
	};

	return cmocka_run_group_tests_name("histories", tests, NULL, NULL);
}
