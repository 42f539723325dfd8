#include "cmd/listen.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gio/gio.h>

#include "base/error.h"

#include "base/banned.h"

#define BACKLOG 256
#define WAIT_MS 20000
#define STEP_MS 100

struct listener {
	char *where; /* own; "" or NULL for none */
	int fd;	     /* -1: none */
};

struct listeners {
	struct listener used[ROLE_END];
	struct listener next[ROLE_END]; /* where NULL: as it is */
};

/* --- one socket -------------------------------------------------------- */

static gboolean
unix_share(const char *path)
{
	const struct group *group = getgrnam("postfix");

	if (group != NULL && chown(path, (uid_t)-1, group->gr_gid) == 0)
		return chmod(path, 0660) == 0;
	return chmod(path, 0666) == 0;
}

static GSocketAddress *
inet_parse(const char *where, GError **err)
{
	const char *colon = strrchr(where, ':');
	guint64 port;
	g_autofree char *host = NULL;
	g_autoptr(GSocketAddress) address = NULL;

	if (!g_str_has_prefix(where, "inet:") || colon == where + 4 ||
	    !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port,
		NULL)) {
		error_fail(err, ERROR_PERM,
		    "neither unix:/PATH nor inet:ADDRESS:PORT");
		return NULL;
	}
	host = g_strndup(where + 5, (gsize)(colon - where - 5));
	address = g_inet_socket_address_new_from_string(host, (guint)port);
	if (address == NULL ||
	    !g_inet_address_get_is_loopback(g_inet_socket_address_get_address(
		G_INET_SOCKET_ADDRESS(address)))) {
		error_fail(err, ERROR_PERM, "not a loopback address");
		return NULL;
	}
	return g_steal_pointer(&address);
}

static GSocketAddress *
address_parse(const char *where, GError **err)
{
	if (g_str_has_prefix(where, "unix:/") &&
	    strlen(where) - 5 < sizeof(((struct sockaddr_un *)0)->sun_path))
		return g_unix_socket_address_new(where + 5);
	return inet_parse(where, err);
}

static gboolean
address_bind(int fd, const struct sockaddr_storage *native, gssize len,
    int wait_ms)
{
	for (int waited = 0;
	     bind(fd, (const struct sockaddr *)native, (socklen_t)len) != 0;
	     waited += STEP_MS) {
		if (errno != EADDRINUSE || waited >= wait_ms)
			return FALSE;
		g_usleep(STEP_MS * 1000);
	}
	return listen(fd, BACKLOG) == 0;
}

static int
listen_open(const char *where, int wait_ms, GError **err)
{
	g_autoptr(GSocketAddress) address = address_parse(where, err);
	struct sockaddr_storage native;
	gssize len;
	int fd;
	int on = 1;

	if (address == NULL)
		return -1;
	len = g_socket_address_get_native_size(address);
	if (!g_socket_address_to_native(address, &native, sizeof(native), err))
		return -1;
	fd = socket(native.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd < 0) {
		error_fail_errno(err, ERROR_TEMP, "cannot make a socket");
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (native.ss_family == AF_UNIX)
		(void)unlink(where + 5);
	if (address_bind(fd, &native, len, wait_ms) &&
	    (native.ss_family != AF_UNIX || unix_share(where + 5)))
		return fd;
	if (errno == ENOENT)
		error_fail(err, ERROR_PERM,
		    "its directory is missing; make it first");
	else
		error_fail_errno(err, ERROR_TEMP,
		    "cannot bind (is another nymdeskd running?)");
	close(fd);
	return -1;
}

static void
listener_clear(struct listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
	g_clear_pointer(&listener->where, g_free);
}

/* --- all of them ------------------------------------------------------- */

/* What a configuration wants for this role; NULL if it never listens. */
static const char *
wanted(const struct config *config, enum role role)
{
	switch (role) {
	case ROLE_LMTP:
		return config->lmtp_listen;
	case ROLE_SMTP:
		return config->smtp_listen;
	case ROLE_SOCKETMAP:
		return config->socketmap_listen;
	default:
		return NULL;
	}
}

/* A second one would take a unix socket's name away from the first. */
static gboolean
all_differ(const struct config *config, GError **err)
{
	for (guint a = 0; a < ROLE_END; a++)
		for (guint b = 0; b < a; b++) {
			const char *one = wanted(config, (enum role)a);
			const char *two = wanted(config, (enum role)b);

			if (one == NULL || two == NULL || one[0] == '\0' ||
			    strcmp(one, two) != 0)
				continue;
			g_set_error(err, ND_ERROR, ERROR_PERM,
			    "[%s] listen: the same as that of [%s]",
			    role_name((enum role)a), role_name((enum role)b));
			return FALSE;
		}
	return TRUE;
}

static gboolean
listener_prepare(struct listeners *listeners, enum role role,
    const char *where, int wait_ms, GError **err)
{
	struct listener *next = &listeners->next[role];

	if (g_strcmp0(where, next->where) == 0)
		return TRUE;
	listener_clear(next);
	if (g_strcmp0(where, listeners->used[role].where) == 0)
		return TRUE;
	if (where[0] != '\0' || role == ROLE_LMTP) {
		next->fd = listen_open(where, wait_ms, err);
		if (next->fd < 0) {
			g_prefix_error(err, "[%s] listen: ", role_name(role));
			return FALSE;
		}
	}
	next->where = g_strdup(where);
	return TRUE;
}

static void
next_clear(struct listeners *listeners)
{
	for (guint r = 0; r < ROLE_END; r++)
		listener_clear(&listeners->next[r]);
}

struct listeners *
listeners_new(void)
{
	struct listeners *listeners = g_new0(struct listeners, 1);

	for (guint r = 0; r < ROLE_END; r++)
		listeners->used[r].fd = listeners->next[r].fd = -1;
	return listeners;
}

void
listeners_free(struct listeners *listeners)
{
	if (listeners == NULL)
		return;
	next_clear(listeners);
	for (guint r = 0; r < ROLE_END; r++)
		listener_clear(&listeners->used[r]);
	g_free(listeners);
}

gboolean
listeners_prepare(struct listeners *listeners, const struct config *config,
    gboolean wait, GError **err)
{
	if (!all_differ(config, err))
		return FALSE;
	for (guint r = 0; r < ROLE_END; r++) {
		const char *where = wanted(config, (enum role)r);

		if (where == NULL ||
		    listener_prepare(listeners, (enum role)r, where,
			wait ? WAIT_MS : 0, err))
			continue;
		next_clear(listeners);
		return FALSE;
	}
	return TRUE;
}

void
listeners_apply(struct listeners *listeners)
{
	for (guint r = 0; r < ROLE_END; r++) {
		if (listeners->next[r].where == NULL)
			continue;
		listener_clear(&listeners->used[r]);
		listeners->used[r] = listeners->next[r];
		listeners->next[r] = (struct listener){NULL, -1};
	}
}

int
listeners_fd(const struct listeners *listeners, enum role role)
{
	return listeners->used[role].fd;
}
