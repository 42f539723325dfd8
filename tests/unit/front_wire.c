#include "front_wire.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/ipc.h"

#include "base/banned.h"

int
wire_open(const struct office *office, const char *listener)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	g_snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", office->dir,
	    listener);
	assert_int_equal(
	    connect(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return sock;
}

int
wire_lmtp(const struct office *office)
{
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(
	    getsockname(office->lmtp, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(connect(sock, (struct sockaddr *)&addr, len), 0);
	return sock;
}

void
wire_send(int sock, GBytes *frame, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	gsize len;
	struct iovec iov = {
	    .iov_base = (gpointer)g_bytes_get_data(frame, &len)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	iov.iov_len = len;
	if (fd >= 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	assert_int_equal(sendmsg(sock, &msg, MSG_NOSIGNAL), (gssize)len);
}

void
wire_ready(int sock)
{
	const char nothing = 0;
	g_autoptr(GBytes) frame =
	    proto_encode(PROTO_INTAKE_READY, &nothing, NULL);

	wire_send(sock, frame, -1);
	assert_int_equal(wire_hears(sock), PROTO_INTAKE_GO);
}

void
wire_mail(int sock, const char *words)
{
	g_autoptr(GPtrArray) rcpt_addrs = g_ptr_array_new();
	const struct proto_intake_mail mail = {.way = PROTO_WAY_MILTER,
	    .sender_addr = (char *)"",
	    .rcpt_addrs = rcpt_addrs};
	g_autoptr(GBytes) frame = NULL;
	int body = ipc_body_new(words, strlen(words), NULL);

	g_ptr_array_add(rcpt_addrs, (gpointer)"help@desk.example");
	frame = proto_encode(PROTO_INTAKE_MAIL, &mail, NULL);
	wire_send(sock, frame, body);
	close(body);
}

static GBytes *
wire_frame(int sock)
{
	struct pollfd pfd = {.fd = sock, .events = POLLIN};
	guint8 buf[4096];
	ssize_t n;

	if (poll(&pfd, 1, PATIENCE_MS) != 1)
		fail_msg("no worker says anything");
	n = recv(sock, buf, sizeof(buf), 0);
	return g_bytes_new(buf, n > 0 ? (gsize)n : 0);
}

enum proto_type
wire_hears(int sock)
{
	g_autoptr(GBytes) frame = wire_frame(sock);

	return proto_frame_type(frame);
}

enum proto_mail_outcome
wire_outcome(int sock)
{
	g_autoptr(GBytes) frame = wire_frame(sock);
	struct proto_intake_done done = {0};

	if (!proto_decode(frame, PROTO_INTAKE_DONE, &done, NULL))
		return (enum proto_mail_outcome)0;
	return (enum proto_mail_outcome)done.outcome;
}
