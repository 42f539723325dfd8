#include "intake/server.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/accept.h"

#include "base/banned.h"

struct server {
	const struct server_options *options;
	server_deliver deliver;
	gpointer user_data;
	int epoll_fd;
	sigset_t wait_mask; /* the caller's, with SIGTERM let in */
	sigset_t work_mask; /* the caller's, with SIGTERM blocked */
	sigset_t caller_mask;
	gint64 stop_ms; /* when *stop was first seen, 0 before */
	guint messages;
	guint8 *buffer; /* own; ACCEPT_BUFFER */
};

struct connection {
	struct server *server;
	int fd;
	struct session *session; /* own */
	gint64 message_by_ms;	 /* when the message in hand must be complete */
};

enum wait_result {
	WAIT_READY,
	WAIT_TIMEOUT,
	WAIT_SIGNAL,
	WAIT_FAILED,
};

static gint64
now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

/* A wait that finds its descriptor ready at once lets no signal in, so a busy
 * worker must open the door itself. */
static gboolean
server_is_stopping(struct server *server)
{
	if (*server->options->stop == 0) {
		pthread_sigmask(SIG_SETMASK, &server->wait_mask, NULL);
		pthread_sigmask(SIG_SETMASK, &server->work_mask, NULL);
	}
	if (*server->options->stop == 0)
		return FALSE;
	if (server->stop_ms == 0)
		server->stop_ms = now_ms();
	return TRUE;
}

gboolean
server_is_done(struct server *server)
{
	guint recycle = server->options->recycle;

	return (recycle != 0 && server->messages >= recycle) ||
	       server_is_stopping(server);
}

const sigset_t *
server_wait_mask(const struct server *server)
{
	return &server->wait_mask;
}

void
server_count(struct server *server)
{
	server->messages++;
}

static enum wait_result
connection_wait(struct connection *conn, short events, gint64 until_ms)
{
	struct pollfd pfd = {.fd = conn->fd, .events = events};
	gint64 left = until_ms - now_ms();
	struct timespec timeout;
	int ready;

	if (left <= 0)
		return WAIT_TIMEOUT;
	timeout.tv_sec = (time_t)(left / 1000);
	timeout.tv_nsec = (long)(left % 1000) * 1000000;
	ready = ppoll(&pfd, 1, &timeout, &conn->server->wait_mask);
	if (ready > 0)
		return WAIT_READY;
	if (ready == 0)
		return WAIT_TIMEOUT;
	return errno == EINTR ? WAIT_SIGNAL : WAIT_FAILED;
}

/* No wait outlasts the grace that a stop leaves. */
static gint64
connection_cap(struct connection *conn, gint64 until_ms)
{
	if (server_is_stopping(conn->server))
		return MIN(until_ms, conn->server->stop_ms + ACCEPT_GRACE_MS);
	return until_ms;
}

/* Writes all replies that wait; FALSE if the client does not take them. */
static gboolean
connection_flush(struct connection *conn)
{
	GString *output = session_output(conn->session);
	gint64 until_ms = now_ms() + conn->server->options->idle_ms;
	enum wait_result waited;

	while (output->len > 0) {
		ssize_t n = send(conn->fd, output->str, output->len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			g_string_erase(output, 0, n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return FALSE;
		waited = connection_wait(
		    conn, POLLOUT, connection_cap(conn, until_ms));
		if (waited == WAIT_TIMEOUT || waited == WAIT_FAILED)
			return FALSE;
	}
	return TRUE;
}

static gboolean
connection_message(struct connection *conn)
{
	struct server *server = conn->server;
	const struct session_envelope *envelope =
	    session_envelope(conn->session);
	guint count = envelope->rcpts->len;
	g_autofree enum proto_mail_outcome *outcomes = NULL;
	g_autoptr(GBytes) message = NULL;

	/* Replies to an earlier message must not wait for this one. */
	if (!connection_flush(conn))
		return FALSE;
	outcomes = g_new(enum proto_mail_outcome, count);
	for (guint i = 0; i < count; i++)
		outcomes[i] = PROTO_MAIL_DEFERRED;
	message = session_message(conn->session);
	server->deliver(envelope, message, outcomes, server->user_data);
	for (guint i = 0; i < count; i++) {
		const struct smtp_reply reply = reply_of(outcomes[i]);

		session_verdict(conn->session, i, &reply);
	}
	session_resume(conn->session);

	server_count(server);
	if (server->options->recycle != 0 &&
	    server->messages >= server->options->recycle)
		session_retire(conn->session);
	return TRUE;
}

static void
connection_start_message(struct connection *conn)
{
	conn->message_by_ms =
	    now_ms() + ACCEPT_MESSAGE_IDLES * conn->server->options->idle_ms;
}

/* Feeds what was read; FALSE if the connection is dead. */
static gboolean
connection_feed(struct connection *conn, gsize len)
{
	struct session *session = conn->session;
	const guint8 *buffer = conn->server->buffer;
	gsize used = 0;

	while (used < len && session_want(session) == SESSION_INPUT) {
		used += session_feed(session, buffer + used, len - used);
		if (session_want(session) == SESSION_MESSAGE) {
			if (!connection_message(conn))
				return FALSE;
			connection_start_message(conn);
			if (server_is_stopping(conn->server))
				break;
		}
		if (session_output(session)->len >= SESSION_OUTPUT_MARK &&
		    !connection_flush(conn))
			return FALSE;
	}
	return TRUE;
}

/* Waits for octets. 0: none came, because the client is gone or because the
 * session was ended for its silence or for a stop. */
static gsize
connection_read(struct connection *conn)
{
	gint64 idle_by_ms = now_ms() + conn->server->options->idle_ms;
	gint64 until_ms = MIN(idle_by_ms, conn->message_by_ms);
	enum wait_result waited;
	ssize_t n;

	for (;;) {
		if (server_is_stopping(conn->server) &&
		    !session_is_in_data(conn->session)) {
			session_abort(conn->session, &reply_stopping);
			return 0;
		}
		waited = connection_wait(
		    conn, POLLIN, connection_cap(conn, until_ms));
		if (waited == WAIT_SIGNAL)
			continue;
		if (waited == WAIT_TIMEOUT)
			session_abort(conn->session, conn->server->stop_ms != 0
							 ? &reply_stopping
							 : &reply_idle);
		if (waited != WAIT_READY)
			return 0;
		n = recv(
		    conn->fd, conn->server->buffer, ACCEPT_BUFFER, MSG_DONTWAIT);
		if (n >= 0)
			return (gsize)n;
		if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
			return 0;
	}
}

static void
connection_serve(struct connection *conn)
{
	gsize len;

	if (!connection_flush(conn))
		return;
	connection_start_message(conn);
	while (session_want(conn->session) == SESSION_INPUT) {
		len = connection_read(conn);
		if (len == 0 || !connection_feed(conn, len))
			break;
		if (!connection_flush(conn))
			return;
	}
	(void)connection_flush(conn);
}

static void
server_serve_session(struct server *server, int take_fd)
{
	const struct server_options *options = server->options;
	struct connection conn = {
	    .server = server,
	    .fd = take_fd,
	    .session = session_new(
		&options->limits, options->check, server->user_data),
	};

	connection_serve(&conn);
	accept_close(take_fd, server->buffer);
	session_free(conn.session);
}

/* other: NULL for Postfix's listener. FALSE if accepting makes no more sense. */
static gboolean
server_accept(struct server *server, const struct server_listener *other)
{
	int fd;

	switch (accept_one(
	    other != NULL ? other->fd : server->options->listen_fd, &fd)) {
	case ACCEPT_ONE:
		if (other != NULL)
			other->serve(server, fd, other->user_data);
		else
			server_serve_session(server, fd);
		return TRUE;
	case ACCEPT_NONE:
		return TRUE;
	case ACCEPT_LATER:
		(void)ppoll(NULL, 0,
		    &(struct timespec){.tv_nsec = ACCEPT_PAUSE_MS * 1000000L},
		    &server->wait_mask);
		return TRUE;
	case ACCEPT_NEVER:
		break;
	}
	return FALSE;
}

static gboolean
server_loop(struct server *server)
{
	struct epoll_event event;
	g_autoptr(GError) err = NULL;
	int ready;

	while (!server_is_done(server)) {
		ready = epoll_pwait(
		    server->epoll_fd, &event, 1, -1, &server->wait_mask);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready < 0) {
			error_fail_errno(
			    &err, ERROR_TEMP, "wait for a connection");
			log_error("intake.accept", LOG_ERR(err));
			return FALSE;
		}
		if (!server_accept(server, event.data.ptr))
			return FALSE;
	}
	return TRUE;
}

/* Of all workers that wait on a listener the kernel wakes one
 * (EPOLLEXCLUSIVE); should another be faster, accept() must not block. */
static gboolean
server_watch(struct server *server, int fd, const struct server_listener *other,
    GError **err)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE,
	    .data.ptr = (gpointer)other};

	if (!accept_prepare(fd, err))
		return FALSE;
	if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return error_fail_errno(err, ERROR_TEMP, "watch the listener");
	return TRUE;
}

/* Asked for one event at a time, epoll goes round the listeners that are
 * ready: epoll_wait(2). */
static gboolean
server_open(struct server *server, GError **err)
{
	const struct server_options *options = server->options;

	g_assert(options->nothers <= SERVER_OTHERS_MAX);
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0)
		return error_fail_errno(err, ERROR_TEMP, "watch the listener");
	for (guint i = 0; i < options->nothers; i++)
		if (!server_watch(server, options->others[i].fd,
			&options->others[i], err))
			return FALSE;
	return server_watch(server, options->listen_fd, NULL, err);
}

static void
server_mask_signals(struct server *server)
{
	pthread_sigmask(SIG_SETMASK, NULL, &server->caller_mask);
	server->wait_mask = server->caller_mask;
	sigdelset(&server->wait_mask, SIGTERM);
	server->work_mask = server->caller_mask;
	sigaddset(&server->work_mask, SIGTERM);
	pthread_sigmask(SIG_SETMASK, &server->work_mask, NULL);
}

gboolean
server_run(const struct server_options *options, server_deliver deliver,
    gpointer user_data)
{
	struct server server = {
	    .options = options,
	    .deliver = deliver,
	    .user_data = user_data,
	    .epoll_fd = -1,
	};
	g_autoptr(GError) err = NULL;
	gboolean ok;

	server_mask_signals(&server);
	ok = server_open(&server, &err);
	if (ok) {
		server.buffer = g_malloc(ACCEPT_BUFFER);
		ok = server_loop(&server);
		g_free(server.buffer);
	} else {
		log_error("intake.listen", LOG_ERR(err));
	}
	if (server.epoll_fd >= 0)
		close(server.epoll_fd);
	pthread_sigmask(SIG_SETMASK, &server.caller_mask, NULL);
	return ok;
}
