#include "outbound/smtp.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/banned.h"

/* A server that says more than this without a final reply has none. */
#define FATE_READ_MAX (256 * 1024)

/* Where in a reply line the reader stands. */
struct fate_line {
	char head[4]; /* code and what follows it */
	guint len;
};

/* Takes one octet; a fate as soon as a final reply is complete. */
static enum smtp_fate
fate_feed(struct fate_line *line, char c)
{
	guint code = 0;
	gboolean is_reply;

	if (c != '\n') {
		if (line->len < sizeof line->head)
			line->head[line->len++] = c;
		return SMTP_FATE_UNKNOWN;
	}
	is_reply = line->len == 4 &&
	    (line->head[3] == ' ' || line->head[3] == '\r');
	for (guint i = 0; is_reply && i < 3; i++) {
		is_reply = g_ascii_isdigit(line->head[i]);
		code = code * 10 + (guint)(line->head[i] - '0');
	}
	line->len = 0;
	/* 221 and 421 tell of the session, not of the mail. */
	if (!is_reply || code == 221 || code == 421)
		return SMTP_FATE_UNKNOWN;
	if (code / 100 == 2)
		return SMTP_FATE_QUEUED;
	return code / 100 == 4 || code / 100 == 5 ? SMTP_FATE_REFUSED
						  : SMTP_FATE_UNKNOWN;
}

/* Waits for something to read until the deadline. */
static gboolean
fate_wait(int fd, gint64 deadline_us)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		gint64 left_us = deadline_us - g_get_monotonic_time();
		int n;

		if (left_us <= 0)
			return FALSE;
		n = poll(&p, 1, (int)MIN(left_us / 1000 + 1, 60000));
		if (n > 0)
			return TRUE;
		if (n < 0 && errno != EINTR)
			return FALSE;
	}
}

enum smtp_fate
smtp_read_fate(int fd, guint timeout_ms)
{
	gint64 deadline_us = g_get_monotonic_time() +
	    (gint64)timeout_ms * 1000;
	struct fate_line line = {.len = 0};
	gsize total = 0;

	/* A server that waits for the rest of a body learns that there is
	 * none; one that has it all still answers. */
	(void)shutdown(fd, SHUT_WR);
	while (total < FATE_READ_MAX && fate_wait(fd, deadline_us)) {
		char buf[512];
		gssize n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		total += (gsize)n;
		for (gssize i = 0; i < n; i++) {
			enum smtp_fate fate = fate_feed(&line, buf[i]);

			if (fate != SMTP_FATE_UNKNOWN)
				return fate;
		}
	}
	return SMTP_FATE_UNKNOWN;
}

enum smtp_fate
smtp_peek_fate(int fd, guint timeout_ms)
{
	struct fate_line line = {.len = 0};
	enum smtp_fate fate = SMTP_FATE_UNKNOWN;
	char buf[512];
	gssize n;

	if (!fate_wait(fd, g_get_monotonic_time() + (gint64)timeout_ms * 1000))
		return fate;
	n = recv(fd, buf, sizeof buf, MSG_DONTWAIT | MSG_PEEK);
	for (gssize i = 0; i < n && fate == SMTP_FATE_UNKNOWN; i++)
		fate = fate_feed(&line, buf[i]);
	return fate;
}
