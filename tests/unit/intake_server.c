/* The worker: a forked child serves an abstract socket, the test is its
 * client. What the child delivered comes back through a pipe. */
#include "intake.h"

#include "intake/server.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/banned.h"

#define PATIENCE_MS 10000

#define GREETING "220 mx.example LMTP\r\n"
#define MAIL "MAIL FROM:<>\r\nRCPT TO:<a@desk.example>\r\nDATA\r\n"
#define MAIL_OUT                                                               \
	"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CRLF>.<CRLF>\r\n"
#define LHLO_OUT                                                               \
	"250-mx.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n"                 \
	"250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 1000000\r\n"
#define ACCEPTED "250 2.0.0 Accepted\r\n"
#define STOPPING "421 4.3.2 Shutting down, come again\r\n"
#define TIMEOUT "421 4.4.2 Timeout, closing\r\n"

struct worker {
	pid_t pid;
	int listen_fd;
	int delivered_fd; /* one octet for each message */
	int hold_fd;	  /* the worker's deliver() waits for one octet */
	int client_fd;
};

struct worker_side {
	int delivered_fd;
	int hold_fd; /* -1: do not wait */
};

static volatile sig_atomic_t stop_flag;

static void
on_term(int sig)
{
	(void)sig;
	stop_flag = 1;
}

static enum place
check_any(const char *local, const char *domain, gpointer user_data)
{
	(void)local;
	(void)domain;
	(void)user_data;
	return PLACE_OURS;
}

static void
deliver_note(const struct session_envelope *envelope, GBytes *message,
    enum proto_mail_outcome *outcomes, gpointer user_data)
{
	const struct worker_side *side = user_data;
	char octet = 'm';

	if (write(side->delivered_fd, &octet, 1) != 1)
		_exit(3);
	if (side->hold_fd >= 0 && read(side->hold_fd, &octet, 1) != 1)
		_exit(4);
	g_assert(g_bytes_get_data(message, NULL) != NULL);
	for (guint i = 0; i < envelope->rcpts->len; i++)
		outcomes[i] = PROTO_MAIL_TAKEN;
}

static int
worker_listen(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	/* Without a name the kernel chooses an abstract one. */
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&addr, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static void
worker_start(
    struct worker *worker, gint64 idle_ms, guint recycle, gboolean hold)
{
	const struct sigaction action = {.sa_handler = on_term};
	int delivered[2];
	int held[2];

	worker->listen_fd = worker_listen();
	worker->client_fd = -1;
	assert_int_equal(pipe(delivered), 0);
	assert_int_equal(pipe(held), 0);
	worker->pid = fork();
	assert_true(worker->pid >= 0);
	if (worker->pid == 0) {
		struct worker_side side = {delivered[1], hold ? held[0] : -1};
		struct server_options options = {
		    .listen_fd = worker->listen_fd,
		    .limits = {1000000, 10, 2048, 65536, 262144, 20,
			"mx.example", SESSION_LMTP},
		    .check = check_any,
		    .idle_ms = idle_ms,
		    .recycle = recycle,
		    .stop = &stop_flag,
		};

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigaction(SIGTERM, &action, NULL);
		close(delivered[0]);
		_exit(server_run(&options, deliver_note, &side) ? 0 : 2);
	}
	close(delivered[1]);
	close(held[0]);
	worker->delivered_fd = delivered[0];
	worker->hold_fd = held[1];
}

static void
worker_connect(struct worker *worker)
{
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);

	if (worker->client_fd >= 0)
		close(worker->client_fd);
	assert_int_equal(
	    getsockname(worker->listen_fd, (struct sockaddr *)&addr, &len), 0);
	worker->client_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    connect(worker->client_fd, (struct sockaddr *)&addr, len), 0);
}

static void
worker_say(struct worker *worker, const char *text)
{
	gsize len = strlen(text);

	assert_int_equal(
	    send(worker->client_fd, text, len, MSG_NOSIGNAL), (gssize)len);
}

static gboolean
readable(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, PATIENCE_MS) == 1;
}

/* Reads exactly what is expected. */
static void
worker_hears(struct worker *worker, const char *expected)
{
	gsize want = strlen(expected);
	g_autofree char *got = g_malloc0(want + 1);
	gsize len = 0;

	while (len < want) {
		ssize_t n;

		if (!readable(worker->client_fd))
			fail_msg("waited in vain; had: %s", got);
		n = recv(worker->client_fd, got + len, want - len, 0);
		if (n <= 0)
			fail_msg("closed early; had: %s", got);
		len += (gsize)n;
	}
	assert_string_equal(got, expected);
}

static void
worker_hangs_up(struct worker *worker)
{
	char octet;

	assert_true(readable(worker->client_fd));
	assert_true(recv(worker->client_fd, &octet, 1, 0) <= 0);
}

/* Waits for the worker's end: it must be a clean one, after this many
 * messages. */
static void
worker_ends(struct worker *worker, guint messages)
{
	int status;
	char octet;
	guint count = 0;

	if (worker->client_fd >= 0)
		close(worker->client_fd);
	for (;;) {
		/* The pipe ends with the worker. */
		if (!readable(worker->delivered_fd)) {
			kill(worker->pid, SIGKILL);
			break;
		}
		if (read(worker->delivered_fd, &octet, 1) != 1)
			break;
		count++;
	}
	assert_int_equal(waitpid(worker->pid, &status, 0), worker->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(count, messages);
	close(worker->delivered_fd);
	close(worker->hold_fd);
	close(worker->listen_fd);
}

static void
test_pipelined(void **state)
{
	struct worker worker;

	(void)state;
	worker_start(&worker, PATIENCE_MS, 0, FALSE);
	worker_connect(&worker);
	worker_say(&worker,
	    "LHLO x\r\n" MAIL "one\r\n.\r\n" MAIL "two\r\n.\r\nQUIT\r\n");
	worker_hears(&worker,
	    GREETING LHLO_OUT MAIL_OUT ACCEPTED MAIL_OUT ACCEPTED
	    "221 2.0.0 Bye\r\n");
	worker_hangs_up(&worker);
	kill(worker.pid, SIGTERM);
	worker_ends(&worker, 2);
}

static void
test_idle(void **state)
{
	struct worker worker;

	(void)state;
	worker_start(&worker, 50, 0, FALSE);
	worker_connect(&worker);
	worker_hears(&worker, GREETING TIMEOUT);
	worker_hangs_up(&worker);
	worker_connect(&worker);
	worker_say(&worker, "LHLO x\r\n" MAIL "half a mess");
	worker_hears(&worker, GREETING LHLO_OUT MAIL_OUT TIMEOUT);
	worker_hangs_up(&worker);
	kill(worker.pid, SIGTERM);
	worker_ends(&worker, 0);
}

/* An octet now and then keeps no worker for ever. */
static void
test_slow_message(void **state)
{
	struct worker worker;
	ssize_t sent;

	(void)state;
	worker_start(&worker, 50, 0, FALSE);
	worker_connect(&worker);
	worker_say(&worker, "LHLO x\r\n" MAIL);
	worker_hears(&worker, GREETING LHLO_OUT MAIL_OUT);
	do {
		struct pollfd pfd = {.fd = worker.client_fd, .events = POLLIN};

		sent = send(worker.client_fd, "x", 1, MSG_NOSIGNAL);
		if (poll(&pfd, 1, 5) == 1)
			break;
	} while (sent == 1);
	worker_hears(&worker, TIMEOUT);
	kill(worker.pid, SIGTERM);
	worker_ends(&worker, 0);
}

static void
test_recycle(void **state)
{
	struct worker worker;

	(void)state;
	worker_start(&worker, PATIENCE_MS, 2, FALSE);
	worker_connect(&worker);
	worker_say(&worker, "LHLO x\r\n" MAIL ".\r\n" MAIL ".\r\n");
	worker_hears(
	    &worker, GREETING LHLO_OUT MAIL_OUT ACCEPTED MAIL_OUT ACCEPTED);
	worker_say(&worker, "RSET\r\n" MAIL);
	worker_hears(&worker, "421 4.3.2 Closing, come again\r\n");
	worker_hangs_up(&worker);
	worker_ends(&worker, 2);
}

static void
test_term_without_client(void **state)
{
	struct worker worker;

	(void)state;
	worker_start(&worker, PATIENCE_MS, 0, FALSE);
	/* A whole session first, so that the handler is surely there. */
	worker_connect(&worker);
	worker_say(&worker, "QUIT\r\n");
	worker_hears(&worker, GREETING "221 2.0.0 Bye\r\n");
	worker_hangs_up(&worker);
	kill(worker.pid, SIGTERM);
	worker_ends(&worker, 0);
}

static void
test_term_between_commands(void **state)
{
	struct worker worker;

	(void)state;
	worker_start(&worker, PATIENCE_MS, 0, FALSE);
	worker_connect(&worker);
	worker_say(&worker, "LHLO x\r\n");
	worker_hears(&worker, GREETING LHLO_OUT);
	kill(worker.pid, SIGTERM);
	worker_hears(&worker, STOPPING);
	worker_hangs_up(&worker);
	worker_ends(&worker, 0);
}

static void
test_term_in_data(void **state)
{
	struct worker worker;

	(void)state;
	worker_start(&worker, PATIENCE_MS, 0, FALSE);
	worker_connect(&worker);
	worker_say(&worker, "LHLO x\r\n" MAIL "first half");
	worker_hears(&worker, GREETING LHLO_OUT MAIL_OUT);
	kill(worker.pid, SIGTERM);
	worker_say(&worker, " second half\r\n.\r\n");
	worker_hears(&worker, ACCEPTED STOPPING);
	worker_hangs_up(&worker);
	worker_ends(&worker, 1);
}

static void
test_term_in_deliver(void **state)
{
	struct worker worker;
	char octet;

	(void)state;
	worker_start(&worker, PATIENCE_MS, 0, TRUE);
	worker_connect(&worker);
	worker_say(&worker, "LHLO x\r\n" MAIL ".\r\n" MAIL ".\r\n");
	worker_hears(&worker, GREETING LHLO_OUT MAIL_OUT);
	assert_int_equal(read(worker.delivered_fd, &octet, 1), 1);
	kill(worker.pid, SIGTERM);
	assert_int_equal(write(worker.hold_fd, "x", 1), 1);
	worker_hears(&worker, ACCEPTED STOPPING);
	worker_hangs_up(&worker);
	worker_ends(&worker, 0);
}

static void
test_client_leaves_in_data(void **state)
{
	struct worker worker;

	(void)state;
	worker_start(&worker, PATIENCE_MS, 0, FALSE);
	worker_connect(&worker);
	worker_say(&worker, "LHLO x\r\n" MAIL "half\r\n.");
	worker_hears(&worker, GREETING LHLO_OUT MAIL_OUT);
	worker_connect(&worker);
	worker_say(&worker, "LHLO x\r\n" MAIL "whole\r\n.\r\n");
	worker_hears(&worker, GREETING LHLO_OUT MAIL_OUT ACCEPTED);
	kill(worker.pid, SIGTERM);
	worker_hears(&worker, STOPPING);
	worker_ends(&worker, 1);
}

/* A client that never reads must not hold the worker. */
static void
test_client_does_not_read(void **state)
{
	struct worker worker;
	g_autofree char *noops = g_malloc0(6 * 1000 + 1);
	ssize_t n;

	(void)state;
	for (gsize i = 0; i < 1000; i++)
		memcpy(noops + 6 * i, "NOOP\r\n", 6);
	worker_start(&worker, 50, 0, FALSE);
	worker_connect(&worker);
	do
		n = send(worker.client_fd, noops, 6000, MSG_NOSIGNAL);
	while (n > 0);
	assert_true(errno == EPIPE || errno == ECONNRESET);
	worker_connect(&worker);
	worker_hears(&worker, GREETING);
	kill(worker.pid, SIGTERM);
	worker_ends(&worker, 0);
}

static void
test_bad_listener(void **state)
{
	struct server_options options = {
	    .listen_fd = -1,
	    .stop = &stop_flag,
	};
	int saved = dup(STDERR_FILENO);
	int fds[2];
	gboolean ok;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	ok = server_run(&options, deliver_note, NULL);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[0]);
	close(fds[1]);
	assert_false(ok);
}

int
test_intake_server(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pipelined),
	    cmocka_unit_test(test_idle),
	    cmocka_unit_test(test_slow_message),
	    cmocka_unit_test(test_recycle),
	    cmocka_unit_test(test_term_without_client),
	    cmocka_unit_test(test_term_between_commands),
	    cmocka_unit_test(test_term_in_data),
	    cmocka_unit_test(test_term_in_deliver),
	    cmocka_unit_test(test_client_leaves_in_data),
	    cmocka_unit_test(test_client_does_not_read),
	    cmocka_unit_test(test_bad_listener),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
