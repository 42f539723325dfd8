#include "proto/ipc.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "proto/permit.h"

#include "base/banned.h"

#define BACKLOG 512

/* --- frames --------------------------------------------------------- */

static gboolean
address_fill(struct sockaddr_un *sun, const char *run_dir, enum role server,
    enum role client)
{
	int n;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	n = g_snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/%s.%s",
	    run_dir, role_name(server), role_name(client));
	return n > 0 && (gsize)n < sizeof(sun->sun_path);
}

static gboolean
frame_send(int sock, GBytes *frame, int fd, int flags)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	gsize len;
	struct iovec iov = {
	    .iov_base = (void *)g_bytes_get_data(frame, &len)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

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
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL | flags);
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)len;
}

/* The descriptors beside a frame: keeps the first, closes all others. */
static int
frame_take_fd(struct msghdr *msg)
{
	int kept = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	     c = CMSG_NXTHDR(msg, c)) {
		gsize len;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		len = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (gsize i = 0; i < len; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(int));
			if (kept < 0)
				kept = fd;
			else
				close(fd);
		}
	}
	return kept;
}

/* NULL with errno 0: the other side has closed. */
static GBytes *
frame_receive(int sock, int *fd, int flags)
{
	union {
		char buf[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	/* Not on the stack: a thread of a library may have a small one. */
	g_autofree guint8 *buf = g_malloc(PROTO_FRAME_MAX);
	struct iovec iov = {.iov_base = buf, .iov_len = PROTO_FRAME_MAX};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = sizeof(control.buf)};
	GBytes *frame = NULL;
	ssize_t n;

	*fd = -1;
	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | flags);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return NULL;
	*fd = frame_take_fd(&msg);
	if (n > 0 && (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		frame = g_bytes_new(buf, (gsize)n);
	else if (*fd >= 0)
		close(*fd);
	if (frame == NULL)
		*fd = -1;
	/* An address may have passed through. */
	explicit_bzero(buf, (gsize)n);
	errno = 0;
	return frame;
}

/* --- client --------------------------------------------------------- */

struct ipc_client {
	char *run_dir; /* own */
	enum role server;
	enum role self;
	guint timeout_ms;
	int sock; /* -1: not connected */
};

struct ipc_client *
ipc_client_new(const char *run_dir, enum role server, enum role self,
    guint timeout_ms)
{
	struct ipc_client *client = g_new0(struct ipc_client, 1);

	client->run_dir = g_strdup(run_dir);
	client->server = server;
	client->self = self;
	client->timeout_ms = timeout_ms;
	client->sock = -1;
	return client;
}

void
ipc_client_free(struct ipc_client *client)
{
	if (client == NULL)
		return;
	ipc_client_drop(client);
	g_free(client->run_dir);
	g_free(client);
}

void
ipc_client_drop(struct ipc_client *client)
{
	if (client->sock >= 0)
		close(client->sock);
	client->sock = -1;
}

static gboolean
client_connect(struct ipc_client *client, GError **err)
{
	struct timeval timeout = {
	    .tv_sec = client->timeout_ms / 1000,
	    .tv_usec = (client->timeout_ms % 1000) * 1000L};
	struct sockaddr_un sun;
	int sock;

	if (!address_fill(&sun, client->run_dir, client->server, client->self))
		return error_fail(err, ERROR_PERM, "run_dir is too long");
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return error_fail_errno(err, ERROR_TEMP,
		    "cannot make a socket");
	/* The send timeout also bounds connect() on a full backlog. */
	if (setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &timeout,
		sizeof(timeout)) != 0 ||
	    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &timeout,
		sizeof(timeout)) != 0 ||
	    connect(sock, (struct sockaddr *)&sun, sizeof(sun)) != 0) {
		error_fail_errno(err,
		    errno == EACCES ? ERROR_DENIED : ERROR_TEMP,
		    "cannot connect to a role (is nymdeskd running?)");
		close(sock);
		return FALSE;
	}
	client->sock = sock;
	return TRUE;
}

/* A server that restarted has closed the old connection: the frame was not
 * taken then, so that sending it again on a new one is safe. */
static gboolean
client_send(struct ipc_client *client, GBytes *frame, int fd, GError **err)
{
	if (client->sock >= 0) {
		if (frame_send(client->sock, frame, fd, 0))
			return TRUE;
		ipc_client_drop(client);
	}
	if (!client_connect(client, err))
		return FALSE;
	if (frame_send(client->sock, frame, fd, 0))
		return TRUE;
	error_fail_errno(err, ERROR_TEMP, "cannot ask a role");
	ipc_client_drop(client);
	return FALSE;
}

static GBytes *
client_receive(struct ipc_client *client, int *fd, GError **err)
{
	GBytes *reply = frame_receive(client->sock, fd, 0);

	if (reply != NULL)
		return reply;
	if (errno == 0)
		error_fail(err, ERROR_TEMP, "a role hung up");
	else
		error_fail_errno(err, ERROR_TEMP, "no answer from a role");
	ipc_client_drop(client);
	return NULL;
}

gboolean
ipc_call_body(struct ipc_client *client, const struct ipc_call *call,
    int *body, GError **err)
{
	g_autoptr(GBytes) frame =
	    proto_encode(call->request_type, call->request, err);
	g_autoptr(GBytes) reply = NULL;
	gboolean ok;

	*body = -1;
	if (frame == NULL || !client_send(client, frame, call->fd, err))
		return FALSE;
	reply = client_receive(client, body, err);
	if (reply == NULL)
		return FALSE;
	if (proto_frame_type(reply) == PROTO_ERROR) {
		ok = proto_decode_error(reply, err);
	} else {
		ok = proto_decode(reply, call->answer_type, call->answer, err);
		if (!ok)
			ipc_client_drop(client);
	}
	if (!ok && *body >= 0) {
		close(*body);
		*body = -1;
	}
	return ok;
}

gboolean
ipc_call(struct ipc_client *client, enum proto_type request_type,
    gconstpointer request, int fd, enum proto_type answer_type,
    gpointer answer, GError **err)
{
	const struct ipc_call call = {request_type, request, fd, answer_type,
	    answer};
	int body;
	gboolean ok = ipc_call_body(client, &call, &body, err);

	if (body >= 0)
		close(body);
	return ok;
}

/* --- server --------------------------------------------------------- */

struct listener {
	int fd;
	enum role client;
	uid_t uid;
};

struct ipc_peer {
	struct ipc_server *server; /* borrowed: owns this peer */
	int sock;
	enum role role;
	gboolean is_waiting; /* a request is unanswered */
	gboolean is_gone;
};

struct ipc_server {
	enum role self;
	ipc_handler handler;
	ipc_hangup hangup;
	gpointer user_data;
	GArray *listeners; /* own struct listener */
	GPtrArray *peers;  /* own struct ipc_peer */
	GArray *polled;	   /* struct pollfd, reused */
};

static void
peer_free(gpointer data)
{
	struct ipc_peer *peer = data;

	close(peer->sock);
	g_free(peer);
}

struct ipc_server *
ipc_server_new(enum role self, ipc_handler handler, ipc_hangup hangup,
    gpointer user_data)
{
	struct ipc_server *server = g_new0(struct ipc_server, 1);

	server->self = self;
	server->handler = handler;
	server->hangup = hangup;
	server->user_data = user_data;
	server->listeners =
	    g_array_new(FALSE, FALSE, sizeof(struct listener));
	server->peers = g_ptr_array_new_with_free_func(peer_free);
	server->polled = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
	return server;
}

void
ipc_server_free(struct ipc_server *server)
{
	if (server == NULL)
		return;
	for (guint i = 0; i < server->listeners->len; i++)
		close(g_array_index(server->listeners, struct listener, i).fd);
	g_array_unref(server->listeners);
	g_ptr_array_unref(server->peers);
	g_array_unref(server->polled);
	g_free(server);
}

void
ipc_server_listen(struct ipc_server *server, int fd, enum role client,
    uid_t client_uid)
{
	struct listener listener = {fd, client, client_uid};

	g_array_append_val(server->listeners, listener);
}

gboolean
ipc_server_adopt(struct ipc_server *server, int sock, enum role client,
    uid_t client_uid)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t len = sizeof(cred);
	struct ipc_peer *peer;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 ||
	    cred.uid != client_uid) {
		log_warn("ipc.refused", LOG_ROLE(client),
		    LOG_NUM("uid", cred.uid));
		close(sock);
		return FALSE;
	}
	peer = g_new0(struct ipc_peer, 1);
	peer->server = server;
	peer->sock = sock;
	peer->role = client;
	g_ptr_array_add(server->peers, peer);
	return TRUE;
}

static void
listener_accept(struct ipc_server *server, const struct listener *listener)
{
	/* cppcheck-suppress nullPointer ; accept(2): no address wanted */
	int sock = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);

	if (sock >= 0)
		(void)ipc_server_adopt(server, sock, listener->client,
		    listener->uid);
}

static gboolean
peer_serve(struct ipc_peer *peer)
{
	struct ipc_server *server = peer->server;
	g_autoptr(GBytes) frame = NULL;
	enum proto_type type;
	int fd;

	frame = frame_receive(peer->sock, &fd, MSG_DONTWAIT);
	if (frame == NULL) {
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			peer->is_gone = TRUE;
		return FALSE;
	}
	type = proto_frame_type(frame);
	if (type == 0 || peer->is_waiting) {
		/* Not our protocol: nothing more is believed. */
		log_warn("ipc.bad-frame", LOG_ROLE(peer->role));
		peer->is_gone = TRUE;
	} else if (!proto_permitted(peer->role, server->self, type)) {
		g_autoptr(GError) error = NULL;

		log_warn("ipc.not-permitted", LOG_ROLE(peer->role),
		    LOG_NUM("type", type));
		error_fail(&error, ERROR_DENIED,
		    "this role may not ask that");
		peer->is_waiting = TRUE;
		ipc_answer_error(peer, error);
	} else {
		peer->is_waiting = TRUE;
		server->handler(peer, peer->role, frame, fd,
		    server->user_data);
		return TRUE;
	}
	if (fd >= 0)
		close(fd);
	return FALSE;
}

static void
polled_add(struct ipc_server *server, int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	g_array_append_val(server->polled, p);
}

static void
server_bury(struct ipc_server *server)
{
	for (guint i = server->peers->len; i-- > 0;) {
		struct ipc_peer *peer = g_ptr_array_index(server->peers, i);

		if (!peer->is_gone)
			continue;
		if (server->hangup != NULL)
			server->hangup(peer, server->user_data);
		g_ptr_array_remove_index_fast(server->peers, i);
	}
}

guint
ipc_server_poll(struct ipc_server *server, int timeout_ms)
{
	return ipc_server_poll_masked(server, timeout_ms, NULL);
}

guint
ipc_server_poll_masked(struct ipc_server *server, int timeout_ms,
    const sigset_t *mask)
{
	const struct timespec timeout = {.tv_sec = timeout_ms / 1000,
	    .tv_nsec = (timeout_ms % 1000) * 1000000L};
	guint nlisteners = server->listeners->len;
	guint npeers = server->peers->len;
	guint handled = 0;
	struct pollfd *p;

	g_array_set_size(server->polled, 0);
	for (guint i = 0; i < nlisteners; i++)
		polled_add(server,
		    g_array_index(server->listeners, struct listener, i).fd,
		    POLLIN);
	for (guint i = 0; i < npeers; i++) {
		struct ipc_peer *peer = g_ptr_array_index(server->peers, i);

		polled_add(server, peer->sock,
		    peer->is_waiting ? POLLRDHUP : POLLIN | POLLRDHUP);
	}
	p = (struct pollfd *)(gpointer)server->polled->data;
	if (ppoll(p, server->polled->len, timeout_ms < 0 ? NULL : &timeout,
		mask) <= 0)
		return 0;
	for (guint i = 0; i < npeers; i++) {
		struct ipc_peer *peer = g_ptr_array_index(server->peers, i);
		short got = p[nlisteners + i].revents;

		if (got & POLLIN)
			handled += peer_serve(peer) ? 1 : 0;
		else if (got & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL))
			peer->is_gone = TRUE;
	}
	for (guint i = 0; i < nlisteners; i++)
		if (p[i].revents & POLLIN)
			listener_accept(server,
			    &g_array_index(server->listeners, struct listener,
				i));
	server_bury(server);
	return handled;
}

guint
ipc_server_peers(const struct ipc_server *server, enum role client)
{
	guint n = 0;

	for (guint i = 0; i < server->peers->len; i++) {
		const struct ipc_peer *peer =
		    g_ptr_array_index(server->peers, i);

		n += peer->role == client ? 1 : 0;
	}
	return n;
}

static void
peer_send(struct ipc_peer *peer, GBytes *frame, int fd)
{
	g_assert(peer->is_waiting);
	peer->is_waiting = FALSE;
	/* One answer to one request always fits the socket's buffer; a peer
	 * for which it does not has broken the protocol. */
	if (!frame_send(peer->sock, frame, fd, MSG_DONTWAIT))
		peer->is_gone = TRUE;
}

void
ipc_answer_body(struct ipc_peer *peer, enum proto_type type,
    gconstpointer message, int fd)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) frame = proto_encode(type, message, &error);

	if (frame == NULL)
		ipc_answer_error(peer, error);
	else
		peer_send(peer, frame, fd);
}

void
ipc_answer(struct ipc_peer *peer, enum proto_type type, gconstpointer message)
{
	ipc_answer_body(peer, type, message, -1);
}

void
ipc_answer_error(struct ipc_peer *peer, const GError *error)
{
	g_autoptr(GBytes) frame = proto_encode_error(error);

	peer_send(peer, frame, -1);
}

int
ipc_listen(const char *run_dir, enum role server, enum role client, uid_t uid,
    GError **err)
{
	struct sockaddr_un sun;
	int fd;

	if (!address_fill(&sun, run_dir, server, client)) {
		error_fail(err, ERROR_PERM, "run_dir is too long");
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		error_fail_errno(err, ERROR_TEMP, "cannot make a socket");
		return -1;
	}
	(void)unlink(sun.sun_path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0 ||
	    chmod(sun.sun_path, 0600) != 0 ||
	    (geteuid() == 0 && chown(sun.sun_path, uid, (gid_t)-1) != 0) ||
	    listen(fd, BACKLOG) != 0) {
		error_fail_errno(err, ERROR_TEMP,
		    "cannot bind a socket in run_dir");
		close(fd);
		return -1;
	}
	return fd;
}
