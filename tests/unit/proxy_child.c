#include "proxy_child.h"

#include "intake/proxy.h"

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/banned.h"

#define PATIENCE_MS 20000
#define SIZE_MAX_MAIL 1000000

struct child_side {
	int delivered_fd;
	int hold_fd;
};

static volatile sig_atomic_t stop_flag;

static enum place
check_any(const char *local, const char *domain, gpointer user_data)
{
	(void)local;
	(void)domain;
	(void)user_data;
	return PLACE_OURS;
}

static enum proto_mail_outcome
deliver_note(const struct session_envelope *envelope, GBytes *message,
    gpointer user_data)
{
	const struct child_side *side = user_data;
	gsize len;
	const char *text = g_bytes_get_data(message, &len);
	char octet = 'm';

	g_assert(envelope->way == PROTO_WAY_SMTP);
	g_assert(envelope->rcpts->len == 2);
	if (write(side->delivered_fd, &octet, 1) != 1)
		_exit(3);
	if (len >= 4 && memcmp(text, "hold", 4) == 0 &&
	    read(side->hold_fd, &octet, 1) != 1)
		_exit(4);
	if (len > 0 && text[0] > '0' && text[0] < '0' + PROTO_MAIL_OUTCOME_END)
		return (enum proto_mail_outcome)(text[0] - '0');
	return PROTO_MAIL_TAKEN;
}

/* ThreadSanitizer opens some of its own, whenever it likes. */
#ifdef __SANITIZE_THREAD__
static guint
count_fds(void)
{
	return 0;
}
#else
static guint
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	guint count = 0;

	g_assert(dir != NULL);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}
#endif

/* In the child. An ordinary exit, so that leaks are looked for. */
static void
child_run(
    const struct child *child, const struct how *how, struct child_side *side)
{
	struct proxy_options options = {
	    .listen_fd = child->listen_fd,
	    .limits = {SIZE_MAX_MAIL, 10, 2048, 65536, 262144, 20, "mx.example",
		SESSION_SMTP},
	    .check = check_any,
	    .idle_ms = how->idle_ms != 0 ? how->idle_ms : PATIENCE_MS,
	    .sessions = how->sessions != 0 ? how->sessions : 2 * CLIENTS,
	    .memory_max =
		how->memory_max != 0 ? how->memory_max : 10 * SIZE_MAX_MAIL,
	    .threads = how->threads != 0 ? how->threads : 3,
	    .stop = &stop_flag,
	};
	guint fds = count_fds();
	gboolean ok;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stop_flag = how->is_stopped;
	ok = proxy_run(&options, deliver_note, side);
	exit(!ok ? 2 : count_fds() != fds ? 5 : 0);
}

static int
child_listen(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	/* Without a name the kernel chooses an abstract one. */
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&addr, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(fd, 2 * CLIENTS), 0);
	return fd;
}

void
child_start(struct child *child, struct how how)
{
	sigset_t term;
	int delivered[2];
	int held[2];

	child->listen_fd = child_listen();
	assert_int_equal(pipe(delivered), 0);
	assert_int_equal(pipe(held), 0);
	/* What comes before the child is ready waits for it. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0) {
		struct child_side side = {delivered[1], held[0]};

		close(delivered[0]);
		close(held[1]);
		child_run(child, &how, &side);
	}
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	close(delivered[1]);
	close(held[0]);
	child->delivered_fd = delivered[0];
	child->hold_fd = held[1];
}

int
child_connect(struct child *child)
{
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(
	    getsockname(child->listen_fd, (struct sockaddr *)&addr, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, len), 0);
	return fd;
}

gboolean
client_readable(int fd, int timeout_ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, timeout_ms) == 1;
}

void
client_say(int fd, const char *text)
{
	gsize len = strlen(text);

	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), (gssize)len);
}

/* Lines of letters, so many octets; the first is empty. */
void
client_say_much(int fd, gsize len)
{
	g_autoptr(GString) text = g_string_new("\r\n");
	gsize at = 0;

	while (text->len < len)
		g_string_append(text, (text->len + 2) % 64 == 0 ? "\r\n" : "a");
	while (at < text->len) {
		ssize_t n =
		    send(fd, text->str + at, text->len - at, MSG_NOSIGNAL);

		assert_true(n > 0);
		at += (gsize)n;
	}
}

/* Reads exactly what is expected. */
void
client_hears(int fd, const char *expected)
{
	gsize want = strlen(expected);
	g_autofree char *got = g_malloc0(want + 1);
	gsize len = 0;

	while (len < want) {
		ssize_t n;

		if (!client_readable(fd, PATIENCE_MS))
			fail_msg("waited in vain; had: %s", got);
		n = recv(fd, got + len, want - len, 0);
		if (n <= 0)
			fail_msg("closed early; had: %s", got);
		len += (gsize)n;
	}
	assert_string_equal(got, expected);
}

void
client_hears_end(int fd)
{
	char octet;

	assert_true(client_readable(fd, PATIENCE_MS));
	assert_true(recv(fd, &octet, 1, 0) <= 0);
	close(fd);
}

void
client_hears_then_end(int fd, const char *expected)
{
	client_hears(fd, expected);
	client_hears_end(fd);
}

int
child_client(struct child *child, const char *text, const char *expected)
{
	int fd = child_connect(child);

	client_say(fd, text);
	client_hears(fd, expected);
	return fd;
}

void
child_begins(struct child *child)
{
	char octet;

	assert_true(client_readable(child->delivered_fd, PATIENCE_MS));
	assert_int_equal(read(child->delivered_fd, &octet, 1), 1);
}

void
child_release(struct child *child)
{
	assert_int_equal(write(child->hold_fd, "x", 1), 1);
}

/* Waits for the child's end: it must be a clean one, after this many messages
 * that child_begins() has not seen. */
void
child_ends(struct child *child, guint messages)
{
	int status;
	char octet;
	guint count = 0;

	for (;;) {
		/* The pipe ends with the child. */
		if (!client_readable(child->delivered_fd, PATIENCE_MS)) {
			kill(child->pid, SIGKILL);
			break;
		}
		if (read(child->delivered_fd, &octet, 1) != 1)
			break;
		count++;
	}
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(count, messages);
	close(child->delivered_fd);
	close(child->hold_fd);
	close(child->listen_fd);
}

void
child_stop(struct child *child, guint messages)
{
	kill(child->pid, SIGTERM);
	child_ends(child, messages);
}
