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

static gboolean
unix_share(const char *path)
{
	const struct group *group = getgrnam("postfix");

	if (group != NULL && chown(path, (uid_t)-1, group->gr_gid) == 0)
		return chmod(path, 0660) == 0;
	return chmod(path, 0666) == 0;
}

static GSocketAddress *
address_parse(const char *where, GError **err)
{
	const char *colon;
	guint64 port;
	g_autofree char *host = NULL;
	g_autoptr(GSocketAddress) address = NULL;

	if (g_str_has_prefix(where, "unix:/") &&
	    strlen(where) - 5 < sizeof(((struct sockaddr_un *)0)->sun_path))
		return g_unix_socket_address_new(where + 5);
	colon = strrchr(where, ':');
	if (!g_str_has_prefix(where, "inet:") || colon == where + 4 ||
	    !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port,
		NULL)) {
		error_fail(err, ERROR_PERM,
		    "[lmtp] listen: neither unix:/PATH nor inet:ADDRESS:PORT");
		return NULL;
	}
	host = g_strndup(where + 5, (gsize)(colon - where - 5));
	address = g_inet_socket_address_new_from_string(host, (guint)port);
	if (address == NULL ||
	    !g_inet_address_get_is_loopback(g_inet_socket_address_get_address(
		G_INET_SOCKET_ADDRESS(address)))) {
		error_fail(err, ERROR_PERM,
		    "[lmtp] listen: not a loopback address");
		return NULL;
	}
	return g_steal_pointer(&address);
}

int
listen_open(const char *where, GError **err)
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
	for (int waited = 0;
	     bind(fd, (struct sockaddr *)&native, (socklen_t)len) != 0;
	     waited += STEP_MS) {
		if (errno != EADDRINUSE || waited >= WAIT_MS)
			goto fail;
		g_usleep(STEP_MS * 1000);
	}
	if (listen(fd, BACKLOG) == 0 &&
	    (native.ss_family != AF_UNIX || unix_share(where + 5)))
		return fd;
fail:
	error_fail_errno(err, ERROR_TEMP,
	    "[lmtp] listen: cannot bind (is another nymdeskd running?)");
	close(fd);
	return -1;
}
