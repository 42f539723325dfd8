#include "outbound_desk.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

/* "inet:127.0.0.1:N" with a port that was free just now. Caller frees. */
static char *
free_inet_server(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof sin;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	(void)close(fd);
	return g_strdup_printf("inet:127.0.0.1:%d", ntohs(sin.sin_port));
}

static GPid
start_sink(const char *program, const char *server)
{
	/* Root must name a user; the option is refused to all others. */
	const char *argv_root[] = {program, "-u", "root", server, "8", NULL};
	const char *argv[] = {program, server, "8", NULL};
	GPid pid;

	assert_true(g_spawn_async(NULL, (char **)(geteuid() == 0 ? argv_root
	    : argv), NULL, G_SPAWN_DO_NOT_REAP_CHILD |
	    G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &pid, NULL));
	return pid;
}

static void
try_sink(const char *program, const char *server, GBytes *big)
{
	GPid pid = start_sink(program, server);
	struct desk desk;
	gboolean ok = FALSE;

	desk_init(&desk, server, PATIENT_MS);
	for (guint i = 0; !ok && i < 1000; i++) {
		ok = desk_send(&desk, NULL);
		if (!ok)
			g_usleep(10000);
	}
	assert_true(ok);
	for (guint i = 0; i < 200; i++)
		assert_true(desk_send(&desk, NULL));
	g_bytes_unref(desk.mail.content);
	desk.mail.content = g_bytes_ref(big);
	assert_true(desk_send(&desk, NULL));
	/* A server that died between two mails. */
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(desk_send(&desk, NULL));
	assert_int_equal(desk.bodies, 202);
	desk_done(&desk);
}

/* A real server, over UNIX socket and TCP. */
void
test_sink(void **state)
{
	static const char program[] = "/usr/sbin/smtp-sink";
	g_autofree char *dir = NULL;
	g_autofree char *path = NULL;
	g_autofree char *local = NULL;
	g_autofree char *inet = NULL;
	g_autoptr(GBytes) big = NULL;
	char *text;

	(void)state;
	if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE))
		skip();
	dir = g_dir_make_tmp("nd-sink-XXXXXX", NULL);
	path = g_build_filename(dir, "s", NULL);
	local = g_strconcat("unix:", path, NULL);
	inet = free_inet_server();
	text = g_strnfill(25 << 20, 'x');
	for (gsize i = 0; i + 70 < 25 << 20; i += 70)
		memcpy(text + i, "\r\n.", 3);
	big = g_bytes_new_take(text, 25 << 20);
	try_sink(program, local, big);
	try_sink(program, inet, big);
	(void)g_unlink(path);
	assert_int_equal(g_rmdir(dir), 0);
}
