#include "intake/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

#include "base/banned.h"

#define DRAIN_READS 16

gboolean
accept_prepare(int listen_fd, GError **err)
{
	int flags = fcntl(listen_fd, F_GETFL);

	if (flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return error_fail_errno(err, ERROR_PERM, "set up the listener");
	return TRUE;
}

/* What errno says of a failed accept(). */
static enum accept_result
accept_failed(void)
{
	g_autoptr(GError) err = NULL;

	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		error_fail_errno(&err, ERROR_TEMP, "accept a connection");
		log_warn("intake.accept", LOG_ERR(err));
		return ACCEPT_LATER;
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
	case EOPNOTSUPP:
		error_fail_errno(&err, ERROR_PERM, "accept a connection");
		log_error("intake.accept", LOG_ERR(err));
		return ACCEPT_NEVER;
	default:
		return ACCEPT_NONE;
	}
}

enum accept_result
accept_one(int listen_fd, int *fd)
{
	struct sockaddr_storage peer = {0};
	socklen_t len = sizeof(peer);
	int on = 1;

	*fd = accept4(listen_fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
	if (*fd < 0)
		return accept_failed();
	/* Replies are written whole: Nagle could only delay them. */
	if (peer.ss_family == AF_INET || peer.ss_family == AF_INET6)
		(void)setsockopt(
		    *fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return ACCEPT_ONE;
}

void
accept_close(int fd, guint8 *buffer)
{
	for (int i = 0; i < DRAIN_READS; i++)
		if (recv(fd, buffer, ACCEPT_BUFFER, MSG_DONTWAIT) <= 0)
			break;
	close(fd);
}
