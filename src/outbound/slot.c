#include "outbound/slot.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "outbound/smtp.h"

#include "base/banned.h"

#define PAGE_SIZE 4096
#define KEEPER_MS 5000

enum state {
	STATE_NONE,
	STATE_HELD,
	STATE_SENDING,
	STATE_SENT, /* and the outcome is known */
};

struct entry {
	volatile guint32 state;
	volatile guint32 outcome;
	struct proto_job_name job;
};

struct page {
	struct entry entries[PROTO_JOBS_MAX];
};

G_STATIC_ASSERT(sizeof(struct page) <= PAGE_SIZE);

struct slot {
	struct page *page; /* mapped, shared */
	int keeper;
	int doubt;   /* -1 if none */
	guint64 kept; /* inode of the connection the supervisor has */
};

struct slot *
slot_open(int page, int keeper, int doubt, GError **err)
{
	struct slot *slot;
	void *at = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
	    page, 0);

	if (at == MAP_FAILED) {
		error_fail_errno(err, ERROR_TEMP, "cannot map the slot page");
		return NULL;
	}
	close(page);
	slot = g_new0(struct slot, 1);
	slot->page = at;
	slot->keeper = keeper;
	slot->doubt = doubt;
	return slot;
}

void
slot_close(struct slot *slot)
{
	if (slot == NULL)
		return;
	munmap(slot->page, PAGE_SIZE);
	close(slot->keeper);
	if (slot->doubt >= 0)
		close(slot->doubt);
	g_free(slot);
}

static struct entry *
entry_find(const struct slot *slot, const struct proto_job_name *job)
{
	for (guint i = 0; i < PROTO_JOBS_MAX; i++) {
		struct entry *e = &slot->page->entries[i];

		if (e->state != STATE_NONE && e->job.kind == job->kind &&
		    memcmp(&e->job.key, &job->key, sizeof(job->key)) == 0)
			return e;
	}
	return NULL;
}

static enum proto_outcome
doubt_resolve(struct slot *slot, guint timeout_ms)
{
	enum smtp_fate fate = SMTP_FATE_UNKNOWN;

	if (slot->doubt >= 0)
		fate = smtp_read_fate(slot->doubt, timeout_ms);
	log_warn("post.doubt", LOG_NUM("fate", fate));
	return fate == SMTP_FATE_QUEUED ? PROTO_SENT : PROTO_DEFERRED;
}

static void
entry_sent(struct entry *e, enum proto_outcome outcome)
{
	e->outcome = outcome;
	__atomic_store_n(&e->state, STATE_SENT, __ATOMIC_SEQ_CST);
}

GArray *
slot_recover(struct slot *slot, const GArray *held, guint timeout_ms)
{
	GArray *settled = g_array_new(FALSE, TRUE,
	    sizeof(struct proto_settle));

	for (guint i = 0; i < held->len; i++) {
		const struct proto_job *job =
		    &g_array_index(held, struct proto_job, i);
		struct entry *e = entry_find(slot, &job->name);
		struct proto_settle settle = {.job = job->name,
		    .outcome = PROTO_DEFERRED,
		    .status = g_strdup("")};

		if (e != NULL && e->state == STATE_SENT)
			settle.outcome = e->outcome;
		else if (e != NULL && e->state == STATE_SENDING) {
			settle.outcome = doubt_resolve(slot, timeout_ms);
			/* For a successor of ours: the reply is read now. */
			entry_sent(e, settle.outcome);
		}
		g_array_append_val(settled, settle);
	}
	if (slot->doubt >= 0)
		close(slot->doubt);
	slot->doubt = -1;
	return settled;
}

void
slot_hold(struct slot *slot, const struct proto_job_name *jobs, guint len)
{
	g_assert(len <= PROTO_JOBS_MAX);
	for (guint i = 0; i < PROTO_JOBS_MAX; i++) {
		struct entry *e = &slot->page->entries[i];

		e->state = STATE_NONE;
		if (i < len) {
			e->job = jobs[i];
			e->outcome = PROTO_DEFERRED;
			__atomic_store_n(&e->state, STATE_HELD,
			    __ATOMIC_SEQ_CST);
		}
	}
}

/* Gives the supervisor a copy of the connection and waits until it has it. */
static gboolean
keeper_give(struct slot *slot, int smtp_fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	char byte = 'k';
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	struct pollfd answer = {.fd = slot->keeper, .events = POLLIN};

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &smtp_fd, sizeof(int));
	if (sendmsg(slot->keeper, &msg, MSG_NOSIGNAL) != 1)
		return FALSE;
	while (poll(&answer, 1, KEEPER_MS) < 0 && errno == EINTR)
		continue;
	return recv(slot->keeper, &byte, 1, MSG_DONTWAIT) == 1;
}

void
slot_sending(struct slot *slot, guint index, int smtp_fd)
{
	struct stat st;

	g_assert(index < PROTO_JOBS_MAX);
	/* A socket's inode tells a new connection from one on the same
	 * descriptor number. */
	if (smtp_fd >= 0 && fstat(smtp_fd, &st) == 0 &&
	    (guint64)st.st_ino != slot->kept) {
		if (keeper_give(slot, smtp_fd))
			slot->kept = (guint64)st.st_ino;
		else
			log_warn("post.keeper", LOG_NUM("errno", errno));
	}
	__atomic_store_n(&slot->page->entries[index].state, STATE_SENDING,
	    __ATOMIC_SEQ_CST);
}

void
slot_sent(struct slot *slot, guint index, enum proto_outcome outcome)
{
	g_assert(index < PROTO_JOBS_MAX);
	entry_sent(&slot->page->entries[index], outcome);
}

void
slot_release(struct slot *slot)
{
	slot_hold(slot, NULL, 0);
}
