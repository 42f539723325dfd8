#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "cmd/keeper.h"
#include "outbound/slot.h"

#include "base/banned.h"

#define TIMEOUT_MS 5000

/* The supervisor's main loop. */
static gpointer
loop_run(gpointer data)
{
	g_main_loop_run(data);
	return NULL;
}

/* A post at the other end of keeper, with the connection its predecessor
 * left. */
static struct slot *
post_start(struct keeper *keeper)
{
	int kept = keeper_kept(keeper);
	int theirs;
	struct slot *slot;

	assert_true(keeper_connect(keeper, &theirs, NULL));
	slot = slot_open(dup(keeper_page(keeper)), theirs,
	    kept >= 0 ? dup(kept) : -1, NULL);
	assert_non_null(slot);
	return slot;
}

struct burial {
	struct keeper *keeper;
	gint is_done;
};

static gboolean
bury(gpointer data)
{
	struct burial *burial = data;

	keeper_hang_up(burial->keeper);
	g_atomic_int_set(&burial->is_done, TRUE);
	return G_SOURCE_REMOVE;
}

/* Its descriptors go, and the supervisor hears of it in its main loop. */
static void
post_die(struct keeper *keeper, struct slot *slot)
{
	struct burial burial = {keeper, FALSE};

	slot_close(slot);
	(void)g_idle_add(bury, &burial);
	while (!g_atomic_int_get(&burial.is_done))
		g_usleep(100);
}

static GArray *
jobs_make(guint len)
{
	GArray *jobs = g_array_new(FALSE, TRUE, sizeof(struct proto_job));

	for (guint i = 0; i < len; i++) {
		struct proto_job job = {.name.kind = PROTO_JOB_ACK};

		job.name.key.b[0] = (guint8)(i + 1);
		g_array_append_val(jobs, job);
	}
	return jobs;
}

static void
settled_free(GArray *settled)
{
	for (guint i = 0; i < settled->len; i++)
		g_free(g_array_index(settled, struct proto_settle, i).status);
	g_array_unref(settled);
}

static guint32
outcome_at(GArray *settled, guint i)
{
	return g_array_index(settled, struct proto_settle, i).outcome;
}

static void
expect_outcomes(GArray *settled, guint32 second)
{
	assert_int_equal(settled->len, 3);
	assert_int_equal(outcome_at(settled, 0), PROTO_SENT);
	assert_int_equal(outcome_at(settled, 1), second);
	assert_int_equal(outcome_at(settled, 2), PROTO_DEFERRED);
	settled_free(settled);
}

/* A post with three jobs that is killed while it sends the second; what the
 * MTA then says decides. */
static void
kill_while(struct keeper *keeper, const char *mta_says, guint32 outcome)
{
	g_autoptr(GArray) jobs = jobs_make(3);
	struct proto_job_name names[3];
	struct slot *slot = post_start(keeper);
	int smtp[2];

	for (guint i = 0; i < 3; i++)
		names[i] = g_array_index(jobs, struct proto_job, i).name;
	assert_true(socketpair(AF_UNIX, SOCK_STREAM, 0, smtp) == 0);
	slot_hold(slot, names, 3);
	slot_sending(slot, 0, smtp[0]);
	slot_sent(slot, 0, PROTO_SENT);
	slot_sending(slot, 1, smtp[0]);
	close(smtp[0]);
	post_die(keeper, slot);
	if (mta_says != NULL)
		assert_true(write(smtp[1], mta_says, strlen(mta_says)) > 0);
	close(smtp[1]);
	slot = post_start(keeper);
	expect_outcomes(slot_recover(slot, jobs, TIMEOUT_MS), outcome);
	/* Killed again before the desk knew: the next one says the same. */
	post_die(keeper, slot);
	slot = post_start(keeper);
	expect_outcomes(slot_recover(slot, jobs, TIMEOUT_MS), outcome);
	slot_release(slot);
	post_die(keeper, slot);
}

static void
a_killed_post_is_not_in_doubt(void **state)
{
	static const struct {
		const char *mta_says;
		guint32 outcome;
	} rows[] = {
	    {"250 2.0.0 Ok: queued as ABC\r\n", PROTO_SENT},
	    {"250-2.0.0 Ok\r\n250 2.0.0 queued\r\n", PROTO_SENT},
	    {"451 4.3.0 later\r\n", PROTO_DEFERRED},
	    {"550 5.7.1 no\r\n", PROTO_DEFERRED},
	    {"250 2.0.0 Ok: que", PROTO_DEFERRED},
	    {"421 4.3.2 going down\r\n", PROTO_DEFERRED},
	    {NULL, PROTO_DEFERRED},
	};

	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	GThread *thread = g_thread_new("supervisor", loop_run, loop);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct keeper *keeper = keeper_new();

		kill_while(keeper, rows[i].mta_says, rows[i].outcome);
		keeper_free(keeper);
	}
	g_main_loop_quit(loop);
	g_thread_join(thread);
	g_main_loop_unref(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_killed_post_is_not_in_doubt),
	};

	log_init(ROLE_POST, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("slot", tests, NULL, NULL);
}
