/* The loop of the SMTP proxy: a forked child serves an abstract socket, the
 * test is its clients. What the child delivered comes back through a pipe. */
#include "front.h"

#include "intake/proxy.h"

#include <dirent.h>
#include <errno.h>
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

#define PAUSE_MS 100 /* in which nothing must happen */
#define CLIENTS 100
#define SIZE_MAX_MAIL 1000000

#define GREETING "220 mx.example ESMTP\r\n"
#define EHLO_OUT                                                               \
	"250-mx.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n"                 \
	"250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 1000000\r\n"
#define MAIL                                                                   \
	"mail FROM:<>\r\nrcpt TO:<a@desk.example>\r\n"                         \
	"rcpt TO:<b@desk.example>\r\ndata\r\n"
#define MAIL_OUT                                                               \
	"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n"                     \
	"354 End data with <CRLF>.<CRLF>\r\n"
#define START "EHLO x\r\n" MAIL
#define START_OUT GREETING EHLO_OUT MAIL_OUT
#define END "\r\n.\r\n"
#define ACCEPTED "250 2.0.0 Accepted\r\n"
#define MEMORY "452 4.3.1 Too many mails at once, try later\r\n"
#define STOPPING "421 4.3.2 Shutting down, come again\r\n"
#define TIMEOUT "421 4.4.2 Timeout, closing\r\n"

struct child {
	pid_t pid;
	int listen_fd;
	int delivered_fd; /* one octet for each message */
	int hold_fd;	  /* a message that begins with "hold" needs an octet */
};

struct child_side {
	int delivered_fd;
	int hold_fd;
};

/* idle_ms, sessions, memory_max, threads; 0 for what does not matter. */
struct how {
	gint64 idle_ms;
	guint sessions;
	gsize memory_max;
	guint threads;
	gboolean is_stopped;
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

static void
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

static int
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

static gboolean
readable(int fd, int timeout_ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, timeout_ms) == 1;
}

static void
say(int fd, const char *text)
{
	gsize len = strlen(text);

	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), (gssize)len);
}

/* Lines of letters, so many octets; the first is empty. */
static void
say_much(int fd, gsize len)
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
static void
hears(int fd, const char *expected)
{
	gsize want = strlen(expected);
	g_autofree char *got = g_malloc0(want + 1);
	gsize len = 0;

	while (len < want) {
		ssize_t n;

		if (!readable(fd, PATIENCE_MS))
			fail_msg("waited in vain; had: %s", got);
		n = recv(fd, got + len, want - len, 0);
		if (n <= 0)
			fail_msg("closed early; had: %s", got);
		len += (gsize)n;
	}
	assert_string_equal(got, expected);
}

static void
hears_end(int fd)
{
	char octet;

	assert_true(readable(fd, PATIENCE_MS));
	assert_true(recv(fd, &octet, 1, 0) <= 0);
	close(fd);
}

static void
hears_then_end(int fd, const char *expected)
{
	hears(fd, expected);
	hears_end(fd);
}

static int
child_client(struct child *child, const char *text, const char *expected)
{
	int fd = child_connect(child);

	say(fd, text);
	hears(fd, expected);
	return fd;
}

static void
child_begins(struct child *child)
{
	char octet;

	assert_true(readable(child->delivered_fd, PATIENCE_MS));
	assert_int_equal(read(child->delivered_fd, &octet, 1), 1);
}

static void
child_release(struct child *child)
{
	assert_int_equal(write(child->hold_fd, "x", 1), 1);
}

/* Waits for the child's end: it must be a clean one, after this many messages
 * that child_begins() has not seen. */
static void
child_ends(struct child *child, guint messages)
{
	int status;
	char octet;
	guint count = 0;

	for (;;) {
		/* The pipe ends with the child. */
		if (!readable(child->delivered_fd, PATIENCE_MS)) {
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

static void
child_stop(struct child *child, guint messages)
{
	kill(child->pid, SIGTERM);
	child_ends(child, messages);
}

static void
test_outcomes(void **state)
{
	struct child child;
	int fd;

	(void)state;
	child_start(&child, (struct how){0});
	fd = child_client(&child, "EHLO x\r\n", GREETING EHLO_OUT);
	for (guint i = 1; i < PROTO_MAIL_OUTCOME_END; i++) {
		const struct smtp_reply reply =
		    reply_of((enum proto_mail_outcome)i);
		g_autofree char *mail = g_strdup_printf(MAIL "%u" END, i);
		g_autofree char *out = g_strdup_printf(MAIL_OUT "%u %s %s\r\n",
		    reply.code, reply.status, reply.text);

		say(fd, mail);
		hears(fd, out);
	}
	say(fd, "QUIT\r\n");
	hears_then_end(fd, "221 2.0.0 Bye\r\n");
	child_stop(&child, PROTO_MAIL_OUTCOME_END - 1);
}

/* All in one write, more of them than a thread takes at a time. */
static void
test_pipelined(void **state)
{
	g_autoptr(GString) in = g_string_new("EHLO x\r\n");
	g_autoptr(GString) out = g_string_new(GREETING EHLO_OUT);
	struct child child;
	int fd;

	(void)state;
	for (int i = 0; i < 50; i++) {
		g_string_append(in, MAIL "text" END "RSET\r\n");
		g_string_append(out, MAIL_OUT ACCEPTED "250 2.0.0 Ok\r\n");
	}
	child_start(&child, (struct how){0});
	fd = child_client(&child, in->str, out->str);
	close(fd);
	child_stop(&child, 50);
}

/* As many sessions as clients, all of them with half a mail: each can end its
 * own at any time. */
static void
test_many(void **state)
{
	struct child child;
	int fds[CLIENTS];

	(void)state;
	child_start(&child, (struct how){0});
	for (guint i = 0; i < CLIENTS; i++)
		fds[i] = child_client(&child, START "half", START_OUT);
	for (guint i = CLIENTS; i-- > 0;)
		say(fds[i], END);
	for (guint i = 0; i < CLIENTS; i++)
		hears(fds[i], ACCEPTED);
	for (guint i = 0; i < CLIENTS; i++) {
		say(fds[i], "QUIT\r\n");
		hears_then_end(fds[i], "221 2.0.0 Bye\r\n");
	}
	child_stop(&child, CLIENTS);
}

/* Neither senders who are slow nor mails that take long hold up the others, as
 * long as one thread is left. */
static void
test_slow_and_fast(void **state)
{
	struct child child;
	int slow[10];
	int held[2];

	(void)state;
	child_start(&child, (struct how){.threads = 3});
	for (guint i = 0; i < G_N_ELEMENTS(slow); i++)
		slow[i] = child_client(&child, START "slow", START_OUT);
	for (guint i = 0; i < G_N_ELEMENTS(held); i++) {
		held[i] = child_client(&child, START "hold" END, START_OUT);
		child_begins(&child);
	}
	for (guint i = 0; i < 50; i++)
		close(
		    child_client(&child, START "fast" END, START_OUT ACCEPTED));
	for (guint i = 0; i < G_N_ELEMENTS(held); i++)
		child_release(&child);
	for (guint i = 0; i < G_N_ELEMENTS(held); i++)
		hears(held[i], ACCEPTED);
	for (guint i = 0; i < G_N_ELEMENTS(slow); i++) {
		say(slow[i], "er" END);
		hears(slow[i], ACCEPTED);
		close(slow[i]);
	}
	child_stop(&child, 50 + G_N_ELEMENTS(slow));
	for (guint i = 0; i < G_N_ELEMENTS(held); i++)
		hears_then_end(held[i], STOPPING);
}

static void
test_sessions(void **state)
{
	struct child child;
	int first;
	int second;
	int third;

	(void)state;
	child_start(&child, (struct how){.sessions = 2});
	first = child_client(&child, "NOOP\r\n", GREETING "250 2.0.0 Ok\r\n");
	second = child_client(&child, "", GREETING);
	third = child_connect(&child);
	assert_false(readable(third, PAUSE_MS));
	say(first, "QUIT\r\n");
	hears_then_end(first, "221 2.0.0 Bye\r\n");
	hears(third, GREETING);
	child_stop(&child, 0);
	hears_then_end(second, STOPPING);
	hears_then_end(third, STOPPING);
}

/* A mail's text has arrived when the loop has answered somebody who came
 * after it. */
static void
child_settles(struct child *child)
{
	for (int i = 0; i < 20; i++)
		close(child_client(
		    child, "NOOP\r\n", GREETING "250 2.0.0 Ok\r\n"));
}

static void
test_memory_of_many(void **state)
{
	struct child child;
	int big;
	int small;
	int late;

	(void)state;
	child_start(&child, (struct how){.memory_max = 1000000});
	big = child_client(&child, START, START_OUT);
	say_much(big, 600000);
	child_settles(&child);
	small = child_client(&child, START, START_OUT);
	say_much(small, 390000);
	child_settles(&child);
	/* There is room for 10,000 more: the big one goes, and 610,000 are
	 * free. */
	say_much(small, 100000);
	child_settles(&child);
	late = child_client(&child, START, START_OUT);
	say_much(late, 500000);
	say_much(big, 300000);
	say(late, END);
	hears(late, ACCEPTED);
	say(small, END);
	hears(small, ACCEPTED);
	say(big, END "NOOP\r\n");
	hears(big, MEMORY "250 2.0.0 Ok\r\n");
	/* All is free again. */
	say(big, MAIL);
	hears(big, MAIL_OUT);
	say_much(big, 900000);
	say(big, END);
	hears(big, ACCEPTED);
	child_stop(&child, 3);
	hears_then_end(big, STOPPING);
	close(small);
	close(late);
}

/* What is in hand takes room, and cannot be dropped any more. */
static void
test_memory_in_hand(void **state)
{
	struct child child;
	int held;
	int other;

	(void)state;
	child_start(&child, (struct how){.memory_max = 1000000});
	held = child_client(&child, START "hold\r\n", START_OUT);
	say_much(held, 999000);
	say(held, END);
	child_begins(&child);
	other = child_client(&child, "EHLO x\r\n" MAIL, START_OUT);
	say_much(other, 2000);
	say(other, END);
	hears(other, MEMORY);
	say(other, MAIL "small" END);
	hears(other, MAIL_OUT ACCEPTED);
	child_release(&child);
	hears(held, ACCEPTED);
	say(other, MAIL);
	hears(other, MAIL_OUT);
	say_much(other, 2000);
	say(other, END);
	hears(other, ACCEPTED);
	child_stop(&child, 2);
	close(held);
	close(other);
}

/* A mail that comes whole in one read, and does not fit. */
static void
test_memory_at_once(void **state)
{
	struct child child;
	int fd;

	(void)state;
	child_start(&child, (struct how){.memory_max = 20});
	fd = child_client(&child,
	    START "0123456789012345678" END MAIL "0123" END,
	    START_OUT MEMORY MAIL_OUT ACCEPTED);
	close(fd);
	child_stop(&child, 1);
}

static void
test_idle(void **state)
{
	struct child child;
	int fd;

	(void)state;
	child_start(&child, (struct how){.idle_ms = 50});
	fd = child_client(&child, "", GREETING TIMEOUT);
	hears_end(fd);
	fd = child_client(&child, START "half a mess", START_OUT TIMEOUT);
	hears_end(fd);
	/* Not while it is our turn. */
	fd = child_client(&child, START "hold" END, START_OUT);
	child_begins(&child);
	assert_false(readable(fd, 2 * PAUSE_MS));
	child_release(&child);
	hears_then_end(fd, ACCEPTED TIMEOUT);
	child_stop(&child, 0);
}

/* How long a session lasts in which an octet comes now and then. */
static gint64
child_trickle(struct child *child)
{
	int fd = child_client(child, START, START_OUT);
	gint64 since_us = g_get_monotonic_time();
	ssize_t sent;

	do
		sent = send(fd, "x", 1, MSG_NOSIGNAL);
	while (sent == 1 && !readable(fd, 5));
	hears(fd, TIMEOUT);
	close(fd);
	return (g_get_monotonic_time() - since_us) / 1000;
}

/* It is not for ever. */
static void
test_slow_message(void **state)
{
	struct child child;
	gint64 lasted_ms;

	(void)state;
	child_start(&child, (struct how){.idle_ms = 60});
	/* Less, if this machine had more to do than to send octets. */
	do
		lasted_ms = child_trickle(&child);
	while (lasted_ms < 590);
	assert_in_range(lasted_ms, 590, 1200);
	child_stop(&child, 0);
}

/* A client that never reads must not be fed for ever. */
static void
test_client_does_not_read(void **state)
{
	struct child child;
	g_autofree char *noops = g_malloc0(6 * 1000 + 1);
	ssize_t n;
	int fd;

	(void)state;
	for (gsize i = 0; i < 1000; i++)
		memcpy(noops + 6 * i, "NOOP\r\n", 6);
	child_start(&child, (struct how){.idle_ms = 50});
	fd = child_connect(&child);
	do
		n = send(fd, noops, 6000, MSG_NOSIGNAL);
	while (n > 0);
	assert_true(errno == EPIPE || errno == ECONNRESET);
	close(fd);
	close(child_client(&child, START "text" END, START_OUT ACCEPTED));
	child_stop(&child, 1);
}

static void
test_client_gone(void **state)
{
	struct child child;
	int held;
	int gone;

	(void)state;
	child_start(&child, (struct how){.threads = 1});
	/* In a command, in a message, and while it is delivered. */
	close(child_client(&child, "NOO", GREETING));
	close(child_client(&child, START "half\r\n.", START_OUT));
	gone = child_client(&child, START "hold" END, START_OUT);
	child_begins(&child);
	close(gone);
	child_release(&child);
	/* And while it waits for the only thread: nothing is delivered. */
	held = child_client(&child, START "hold" END, START_OUT);
	child_begins(&child);
	gone = child_client(&child, START "nobody" END, START_OUT);
	child_settles(&child);
	close(gone);
	child_release(&child);
	hears(held, ACCEPTED);
	close(held);
	close(child_client(&child, START "text" END, START_OUT ACCEPTED));
	child_stop(&child, 1);
}

static void
test_stop(void **state)
{
	struct child child;
	int idle;
	int half;
	int held;
	int waits;
	int late;

	(void)state;
	child_start(&child, (struct how){.threads = 1});
	idle = child_client(&child, "EHLO x\r\n", GREETING EHLO_OUT);
	half = child_client(&child, START "half", START_OUT);
	held = child_client(&child, START "hold" END MAIL, START_OUT);
	child_begins(&child);
	waits = child_client(&child, START "waits" END, START_OUT);
	child_settles(&child);
	kill(child.pid, SIGTERM);
	hears_then_end(idle, STOPPING);
	hears_then_end(waits, STOPPING);
	late = child_connect(&child);
	assert_false(readable(late, PAUSE_MS));
	child_release(&child);
	hears_then_end(held, ACCEPTED STOPPING);
	say(half, " and half" END "NOOP\r\n");
	hears_then_end(half, ACCEPTED STOPPING);
	child_ends(&child, 1);
	close(late);
}

static void
test_stopped_before(void **state)
{
	struct child child;

	(void)state;
	child_start(&child, (struct how){.is_stopped = TRUE});
	child_ends(&child, 0);
}

static void
test_bad_listener(void **state)
{
	struct proxy_options options = {
	    .listen_fd = -1,
	    .limits.protocol = SESSION_SMTP,
	    .threads = 1,
	    .stop = &stop_flag,
	};
	int saved = dup(STDERR_FILENO);
	int fds[2];
	gboolean ok;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	ok = proxy_run(&options, deliver_note, NULL);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[0]);
	close(fds[1]);
	assert_false(ok);
}

int
test_front_proxy(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_outcomes),
	    cmocka_unit_test(test_pipelined),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_slow_and_fast),
	    cmocka_unit_test(test_sessions),
	    cmocka_unit_test(test_memory_of_many),
	    cmocka_unit_test(test_memory_in_hand),
	    cmocka_unit_test(test_memory_at_once),
	    cmocka_unit_test(test_idle),
	    cmocka_unit_test(test_slow_message),
	    cmocka_unit_test(test_client_does_not_read),
	    cmocka_unit_test(test_client_gone),
	    cmocka_unit_test(test_stop),
	    cmocka_unit_test(test_stopped_before),
	    cmocka_unit_test(test_bad_listener),
	};

	return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
