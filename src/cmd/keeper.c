#include "cmd/keeper.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/error.h"

#include "base/banned.h"

#define PAGE_SIZE 4096

struct keeper {
	int page;   /* memfd, -1 before the first post */
	int sock;   /* our end, -1 if no post is connected */
	guint watch;
	int kept;   /* the connection, -1 if none */
};

struct keeper *
keeper_new(void)
{
	struct keeper *keeper = g_new0(struct keeper, 1);

	keeper->page = keeper->sock = keeper->kept = -1;
	return keeper;
}

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
keeper_free(struct keeper *keeper)
{
	if (keeper == NULL)
		return;
	keeper_hang_up(keeper);
	fd_close(&keeper->kept);
	fd_close(&keeper->page);
	g_free(keeper);
}

/* Takes one connection. FALSE if there is none to take. */
static gboolean
keeper_take(struct keeper *keeper)
{
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
	const struct cmsghdr *cmsg;

	if (recvmsg(keeper->sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) <= 0)
		return FALSE;
	fd_close(&keeper->kept);
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg != NULL && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(&keeper->kept, CMSG_DATA(cmsg), sizeof(int));
	/* The post waits for this before it sends a mail. */
	(void)!send(keeper->sock, "k", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	return TRUE;
}

static gboolean
on_readable(gint fd, GIOCondition condition, gpointer data)
{
	struct keeper *keeper = data;

	(void)fd;
	if (keeper_take(keeper) || (condition & G_IO_HUP) == 0)
		return G_SOURCE_CONTINUE;
	keeper->watch = 0;
	return G_SOURCE_REMOVE;
}

gboolean
keeper_connect(struct keeper *keeper, int *theirs, GError **err)
{
	int pair[2];

	if (keeper->page < 0) {
		keeper->page = memfd_create("slot", MFD_CLOEXEC);
		if (keeper->page < 0 || ftruncate(keeper->page, PAGE_SIZE) != 0)
			return error_fail_errno(err, ERROR_TEMP,
			    "cannot make a slot page");
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return error_fail_errno(err, ERROR_TEMP,
		    "cannot make a socket pair");
	keeper->sock = pair[0];
	*theirs = pair[1];
	keeper->watch = g_unix_fd_add(keeper->sock, G_IO_IN | G_IO_HUP,
	    on_readable, keeper);
	return TRUE;
}

void
keeper_hang_up(struct keeper *keeper)
{
	if (keeper == NULL)
		return;
	if (keeper->watch != 0)
		g_source_remove(keeper->watch);
	keeper->watch = 0;
	while (keeper->sock >= 0 && keeper_take(keeper))
		continue;
	fd_close(&keeper->sock);
}

int
keeper_page(const struct keeper *keeper)
{
	return keeper->page;
}

int
keeper_kept(const struct keeper *keeper)
{
	return keeper->kept;
}
