/* The loop of the SMTP proxy, as its clients see it. */
#include "front.h"
#include "proxy_child.h"

#include "intake/proxy.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/banned.h"

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

		client_say(fd, mail);
		client_hears(fd, out);
	}
	client_say(fd, "QUIT\r\n");
	client_hears_then_end(fd, "221 2.0.0 Bye\r\n");
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
		client_say(fds[i], END);
	for (guint i = 0; i < CLIENTS; i++)
		client_hears(fds[i], ACCEPTED);
	for (guint i = 0; i < CLIENTS; i++) {
		client_say(fds[i], "QUIT\r\n");
		client_hears_then_end(fds[i], "221 2.0.0 Bye\r\n");
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
		client_hears(held[i], ACCEPTED);
	for (guint i = 0; i < G_N_ELEMENTS(slow); i++) {
		client_say(slow[i], "er" END);
		client_hears(slow[i], ACCEPTED);
		close(slow[i]);
	}
	child_stop(&child, 50 + G_N_ELEMENTS(slow));
	for (guint i = 0; i < G_N_ELEMENTS(held); i++)
		client_hears_then_end(held[i], STOPPING);
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
	assert_false(client_readable(third, PAUSE_MS));
	client_say(first, "QUIT\r\n");
	client_hears_then_end(first, "221 2.0.0 Bye\r\n");
	client_hears(third, GREETING);
	child_stop(&child, 0);
	client_hears_then_end(second, STOPPING);
	client_hears_then_end(third, STOPPING);
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
	client_say_much(big, 600000);
	child_settles(&child);
	small = child_client(&child, START, START_OUT);
	client_say_much(small, 390000);
	child_settles(&child);
	/* There is room for 10,000 more: the big one goes, and 610,000 are
	 * free. */
	client_say_much(small, 100000);
	child_settles(&child);
	late = child_client(&child, START, START_OUT);
	client_say_much(late, 500000);
	client_say_much(big, 300000);
	client_say(late, END);
	client_hears(late, ACCEPTED);
	client_say(small, END);
	client_hears(small, ACCEPTED);
	client_say(big, END "NOOP\r\n");
	client_hears(big, MEMORY "250 2.0.0 Ok\r\n");
	/* All is free again. */
	client_say(big, MAIL);
	client_hears(big, MAIL_OUT);
	client_say_much(big, 900000);
	client_say(big, END);
	client_hears(big, ACCEPTED);
	child_stop(&child, 3);
	client_hears_then_end(big, STOPPING);
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
	client_say_much(held, 999000);
	client_say(held, END);
	child_begins(&child);
	other = child_client(&child, "EHLO x\r\n" MAIL, START_OUT);
	client_say_much(other, 2000);
	client_say(other, END);
	client_hears(other, MEMORY);
	client_say(other, MAIL "small" END);
	client_hears(other, MAIL_OUT ACCEPTED);
	child_release(&child);
	client_hears(held, ACCEPTED);
	client_say(other, MAIL);
	client_hears(other, MAIL_OUT);
	client_say_much(other, 2000);
	client_say(other, END);
	client_hears(other, ACCEPTED);
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
	client_hears_end(fd);
	fd = child_client(&child, START "half a mess", START_OUT TIMEOUT);
	client_hears_end(fd);
	/* Not while it is our turn. */
	fd = child_client(&child, START "hold" END, START_OUT);
	child_begins(&child);
	assert_false(client_readable(fd, 2 * PAUSE_MS));
	child_release(&child);
	client_hears_then_end(fd, ACCEPTED TIMEOUT);
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
	while (sent == 1 && !client_readable(fd, 5));
	client_hears(fd, TIMEOUT);
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
	client_hears(held, ACCEPTED);
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
	client_hears_then_end(idle, STOPPING);
	client_hears_then_end(waits, STOPPING);
	late = child_connect(&child);
	assert_false(client_readable(late, PAUSE_MS));
	child_release(&child);
	client_hears_then_end(held, ACCEPTED STOPPING);
	client_say(half, " and half" END "NOOP\r\n");
	client_hears_then_end(half, ACCEPTED STOPPING);
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

static enum proto_mail_outcome
deliver_never(const struct session_envelope *envelope, GBytes *message,
    gpointer user_data)
{
	(void)envelope;
	(void)message;
	(void)user_data;
	fail();
	return PROTO_MAIL_DEFERRED;
}

static void
test_bad_listener(void **state)
{
	volatile sig_atomic_t stop = 0;
	struct proxy_options options = {
	    .listen_fd = -1,
	    .limits.protocol = SESSION_SMTP,
	    .threads = 1,
	    .stop = &stop,
	};
	int saved = dup(STDERR_FILENO);
	int fds[2];
	gboolean ok;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	ok = proxy_run(&options, deliver_never, NULL);
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
