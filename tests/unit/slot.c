#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "outbound/slot.h"

#include "base/banned.h"

#define PAGE 4096
#define TIMEOUT_MS 5000

/* The supervisor's side of a post: takes what it is handed and says so. */
struct keeper {
	int page;
	int ours;
	int theirs;
	int kept;
};

static gpointer
keeper_run(gpointer data)
{
	struct keeper *k = data;
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf)};

	if (recvmsg(k->ours, &msg, 0) != 1)
		return NULL;
	memcpy(&k->kept, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	(void)!write(k->ours, "k", 1);
	return NULL;
}

static void
keeper_open(struct keeper *k)
{
	int pair[2];

	k->page = memfd_create("slot", MFD_CLOEXEC);
	assert_true(ftruncate(k->page, PAGE) == 0);
	assert_true(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	k->ours = pair[0];
	k->theirs = pair[1];
	k->kept = -1;
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

/* A post with three jobs that is killed while it sends the second; what the
 * MTA then says decides. */
static guint32
killed_while(const char *mta_says)
{
	struct keeper k;
	struct slot *first;
	struct slot *second;
	g_autoptr(GArray) jobs = jobs_make(3);
	struct proto_job_name names[3];
	GThread *thread;
	GArray *settled;
	guint32 outcome;
	int smtp[2];

	for (guint i = 0; i < 3; i++)
		names[i] = g_array_index(jobs, struct proto_job, i).name;
	keeper_open(&k);
	assert_true(socketpair(AF_UNIX, SOCK_STREAM, 0, smtp) == 0);
	first = slot_open(dup(k.page), k.theirs, -1, NULL);
	assert_non_null(first);
	slot_hold(first, names, 3);
	thread = g_thread_new("keeper", keeper_run, &k);
	slot_sending(first, 0, smtp[0]);
	g_thread_join(thread);
	assert_true(k.kept >= 0);
	slot_sent(first, 0, PROTO_SENT);
	slot_sending(first, 1, smtp[0]);
	/* Now the post dies: its own descriptors go, the kept one stays. */
	slot_close(first);
	close(smtp[0]);
	if (mta_says != NULL)
		assert_true(write(smtp[1], mta_says, strlen(mta_says)) > 0);
	close(smtp[1]);
	second = slot_open(dup(k.page), dup(k.ours), k.kept, NULL);
	settled = slot_recover(second, jobs, TIMEOUT_MS);
	assert_int_equal(settled->len, 3);
	assert_int_equal(outcome_at(settled, 0), PROTO_SENT);
	assert_int_equal(outcome_at(settled, 2), PROTO_DEFERRED);
	outcome = outcome_at(settled, 1);
	settled_free(settled);
	/* Killed again before the desk knew: the next one says the same. */
	slot_close(second);
	second = slot_open(dup(k.page), dup(k.ours), -1, NULL);
	settled = slot_recover(second, jobs, TIMEOUT_MS);
	assert_int_equal(outcome_at(settled, 1), outcome);
	settled_free(settled);
	slot_release(second);
	settled = slot_recover(second, jobs, TIMEOUT_MS);
	assert_int_equal(outcome_at(settled, 0), PROTO_DEFERRED);
	settled_free(settled);
	slot_close(second);
	close(k.page);
	close(k.ours);
	return outcome;
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

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_int_equal(killed_while(rows[i].mta_says),
		    rows[i].outcome);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_killed_post_is_not_in_doubt),
	};

	log_init("test-slot", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("slot", tests, NULL, NULL);
}
