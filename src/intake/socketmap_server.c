#include "intake/socketmap_server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/socketmap.h"

#include "base/banned.h"

#define PAUSE_MS 100 /* when there are no descriptors left */

struct connection {
	int sock;
	gboolean is_over; /* close it, once what waits is written */
	gboolean is_gone;
	gint64 heard_us;
	gsize len;
	guint8 data[SOCKETMAP_REQUEST_MAX];
	const char *answer; /* static; what of it is not written yet, or NULL */
};

struct socketmap_server {
	const struct config *config; /* borrowed */
	int listener;		     /* borrowed */
	GPtrArray *connections;	     /* own struct connection */
	GArray *polled;		     /* struct pollfd */
};

static void
connection_free(gpointer data)
{
	struct connection *conn = data;

	close(conn->sock);
	explicit_bzero(conn->data, sizeof(conn->data));
	g_free(conn);
}

/* --- one connection ---------------------------------------------------- */

static gboolean
is_later(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static void
connection_write(struct connection *conn)
{
	gsize len;
	ssize_t n;

	g_assert(conn->answer != NULL);
	len = strlen(conn->answer);
	n = send(conn->sock, conn->answer, len, MSG_NOSIGNAL);

	if (n < 0) {
		conn->is_gone = !is_later();
		return;
	}
	conn->answer = (gsize)n < len ? conn->answer + n : NULL;
	conn->is_gone = conn->answer == NULL && conn->is_over;
}

/* One after the other, so that no answers pile up. */
static void
connection_answer(const struct config *config, struct connection *conn)
{
	while (!conn->is_gone && conn->answer == NULL && conn->len > 0) {
		gsize taken;
		enum socketmap_result result = socketmap_answer(
		    config, conn->data, conn->len, &taken, &conn->answer);

		if (result == SOCKETMAP_MORE)
			return;
		conn->is_over |= result == SOCKETMAP_BROKEN;
		conn->len -= taken;
		memmove(conn->data, conn->data + taken, conn->len);
		explicit_bzero(conn->data + conn->len, taken);
		connection_write(conn);
	}
}

static void
connection_read(struct connection *conn)
{
	ssize_t n = recv(conn->sock, conn->data + conn->len,
	    sizeof(conn->data) - conn->len, 0);

	if (n > 0) {
		conn->len += (gsize)n;
		conn->heard_us = g_get_monotonic_time();
	} else if (n == 0 || !is_later()) {
		conn->is_gone = TRUE;
	}
}

static void
connection_serve(
    const struct config *config, struct connection *conn, short got)
{
	if (conn->answer != NULL && (got & POLLOUT) != 0)
		connection_write(conn);
	else if (conn->answer == NULL && (got & POLLIN) != 0)
		connection_read(conn);
	else if ((got & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		conn->is_gone = TRUE;
	connection_answer(config, conn);
}

/* --- all of them ------------------------------------------------------- */

struct socketmap_server *
socketmap_server_new(const struct config *config, int listen_fd)
{
	struct socketmap_server *server = g_new0(struct socketmap_server, 1);

	server->config = config;
	server->listener = listen_fd;
	server->connections = g_ptr_array_new_with_free_func(connection_free);
	server->polled = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
	return server;
}

void
socketmap_server_free(struct socketmap_server *server)
{
	g_ptr_array_unref(server->connections);
	g_array_unref(server->polled);
	g_free(server);
}

guint
socketmap_server_count(const struct socketmap_server *server)
{
	return server->connections->len;
}

static void
silent_close(struct socketmap_server *server)
{
	guint oldest = 0;

	for (guint i = 1; i < server->connections->len; i++) {
		const struct connection *a =
		    g_ptr_array_index(server->connections, oldest);
		const struct connection *b =
		    g_ptr_array_index(server->connections, i);

		if (b->heard_us < a->heard_us)
			oldest = i;
	}
	g_ptr_array_remove_index_fast(server->connections, oldest);
}

static gboolean
connection_accept(struct socketmap_server *server)
{
	const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	/* cppcheck-suppress nullPointer ; accept(2): no address wanted */
	int sock = accept4(server->listener, NULL, NULL, flags);
	struct connection *conn;

	if (sock >= 0) {
		if (server->connections->len >= SOCKETMAP_CONNECTIONS_MAX)
			silent_close(server);
		conn = g_new0(struct connection, 1);
		conn->sock = sock;
		conn->heard_us = g_get_monotonic_time();
		g_ptr_array_add(server->connections, conn);
		return TRUE;
	}
	if (is_later() || errno == ECONNABORTED)
		return TRUE;
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
	    errno == ENOBUFS) {
		g_usleep(PAUSE_MS * 1000);
		return TRUE;
	}
	log_error("socketmap.accept", LOG_NUM("errno", errno));
	return FALSE;
}

static void
polled_add(struct socketmap_server *server, int fd, short events)
{
	struct pollfd one = {.fd = fd, .events = events};

	g_array_append_val(server->polled, one);
}

gboolean
socketmap_server_poll(struct socketmap_server *server, int timeout_ms)
{
	GPtrArray *all = server->connections;
	const struct pollfd *p;

	g_array_set_size(server->polled, 0);
	for (guint i = 0; i < all->len; i++) {
		const struct connection *conn = g_ptr_array_index(all, i);

		polled_add(server, conn->sock,
		    conn->answer != NULL ? POLLOUT : POLLIN);
	}
	polled_add(server, server->listener, POLLIN);
	p = (const struct pollfd *)(gpointer)server->polled->data;
	if (poll((struct pollfd *)(gpointer)server->polled->data,
		server->polled->len, timeout_ms) <= 0)
		return TRUE;
	/* From the end: the last takes the place of one that is removed. */
	for (guint i = all->len; i-- > 0;) {
		struct connection *conn = g_ptr_array_index(all, i);

		connection_serve(server->config, conn, p[i].revents);
		if (conn->is_gone)
			g_ptr_array_remove_index_fast(all, i);
	}
	return p[server->polled->len - 1].revents == 0 ||
	       connection_accept(server);
}
