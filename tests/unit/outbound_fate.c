#include "outbound_desk.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/banned.h"

void
test_fate(void **state)
{
	static const struct {
		const char *says;
		gboolean is_closed;
		enum smtp_fate fate;
	} table[] = {
		{"250 2.0.0 queued\r\n", FALSE, SMTP_FATE_QUEUED},
		{"250 2.0.0 queued\r\n", TRUE, SMTP_FATE_QUEUED},
		{"250\r\n", TRUE, SMTP_FATE_QUEUED},
		{"250 ok\n", TRUE, SMTP_FATE_QUEUED},
		{"250-2.0.0 as\r\n250 2.0.0 queued\r\n", TRUE,
		    SMTP_FATE_QUEUED},
		{"250 ok\r\n221 bye\r\n", TRUE, SMTP_FATE_QUEUED},
		{"451 4.3.0 later\r\n", FALSE, SMTP_FATE_REFUSED},
		{"554-5.7.1 no\r\n554 5.7.1 never\r\n250 x\r\n", TRUE,
		    SMTP_FATE_REFUSED},
		{"", TRUE, SMTP_FATE_UNKNOWN},
		{"", FALSE, SMTP_FATE_UNKNOWN},
		{"250", TRUE, SMTP_FATE_UNKNOWN},
		{"250 2.0.0 queued", TRUE, SMTP_FATE_UNKNOWN},
		{"250 2.0.0 queued", FALSE, SMTP_FATE_UNKNOWN},
		{"250-2.0.0 queued\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"221 2.0.0 bye\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"421 4.4.2 timeout\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"421 4.4.2 timeout\r\n250 ok\r\n", TRUE, SMTP_FATE_QUEUED},
		{"354 go\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"354 go\r\n550 no\r\n", TRUE, SMTP_FATE_REFUSED},
		{"2500 ok\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"25 ok\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{" 250 ok\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"nonsense\r\n\r\n250 ok\r\n", TRUE, SMTP_FATE_QUEUED},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		char buf[8];
		int fd[2];
		enum smtp_fate fate;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		assert_int_equal(send(fd[1], table[i].says,
		    strlen(table[i].says), 0), strlen(table[i].says));
		if (table[i].is_closed)
			assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
		/* Looking at it takes nothing away. */
		assert_int_equal(smtp_peek_fate(fd[0], 50), table[i].fate);
		fate = smtp_read_fate(fd[0], 50);
		if (fate != table[i].fate)
			fail_msg("row %zu: %d", i, (int)fate);
		/* The server has been told that there is no more. */
		assert_int_equal(recv(fd[1], buf, sizeof buf, MSG_DONTWAIT),
		    0);
		(void)close(fd[0]);
		(void)close(fd[1]);
	}
	assert_int_equal(smtp_read_fate(-1, 50), SMTP_FATE_UNKNOWN);
}

static gpointer
talk_without_end(gpointer data)
{
	int fd = GPOINTER_TO_INT(data);

	while (send(fd, "250-x\r\n", 7, MSG_NOSIGNAL) > 0)
		;
	return NULL;
}

void
test_fate_endless(void **state)
{
	gint64 begin_us = g_get_monotonic_time();
	GThread *thread;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	thread = g_thread_new("talk", talk_without_end,
	    GINT_TO_POINTER(fd[1]));
	assert_int_equal(smtp_read_fate(fd[0], PATIENT_MS),
	    SMTP_FATE_UNKNOWN);
	/* It was the amount that ended it, not the deadline. */
	assert_true(g_get_monotonic_time() - begin_us < PATIENT_MS * 500);
	(void)close(fd[0]);
	(void)g_thread_join(thread);
	(void)close(fd[1]);
}

/* Somebody who was given the socket before the body began learns the fate
 * that the sender did not live to see. */
void
test_fate_of_successor(void **state)
{
	static const struct {
		struct fake_step script[12];
		enum smtp_fate fate;
	} table[] = {
		{{HELLO, OK_ENVELOPE, {FAKE_BODY, FAKE_WAIT},
		    {NULL, "250 2.0.0 queued\r\n"}}, SMTP_FATE_QUEUED},
		{{HELLO, OK_ENVELOPE, {FAKE_BODY, FAKE_WAIT},
		    {NULL, "451 4.3.0 no\r\n"}}, SMTP_FATE_REFUSED},
		{{HELLO, OK_ENVELOPE, {FAKE_BODY, FAKE_WAIT},
		    {NULL, FAKE_CLOSE}}, SMTP_FATE_UNKNOWN},
		{{HELLO, OK_MAIL, {NULL, FAKE_WAIT}}, SMTP_FATE_UNKNOWN},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct fake *fake = fake_start(table[i].script);
		struct desk desk;

		desk_init(&desk, fake_server(fake), QUICK_MS);
		desk.deposit = TRUE;
		(void)desk_send(&desk, NULL);
		assert_true(desk.fd >= 0);
		desk_done(&desk);
		fake_go(fake);
		assert_int_equal(smtp_read_fate(desk.fd, PATIENT_MS),
		    table[i].fate);
		(void)close(desk.fd);
		fake_finish(fake);
		fake_free(fake);
	}
}
