#ifndef ND_POSTFIX_FILTER_H
#define ND_POSTFIX_FILTER_H

/*
 * Postfix's log without anybody in it: an allow-list.
 *
 * A line is matched against Postfix's own message formats (words.c). What is
 * written is made of the words of those formats, of numbers Postfix counted,
 * of queue ids, reply codes, delivery statuses, and of placeholders: <addr>,
 * <host>, <id>, <text>. A text that no format fits is <text>, whatever it
 * says, so that a message of a newer Postfix costs knowledge and not privacy.
 *
 * Understood in front of a message: RFC 3164 times, ISO 8601 times (rsyslog,
 * journalctl -o short-iso) and RFC 5424 lines. Programs whose name does not
 * begin with "postfix" are <text>.
 *
 * Hostile input: linear in the length of a line for each format; no
 * allocation that grows with more than one line.
 */
#include <glib.h>

/* Longer lines are cut here. */
#define POSTFIX_LINE_MAX 65536

struct postfix_filter {
	gboolean keep_host; /* write the log's host name; else "-" */
};

/* Appends the line, without line ends, that may be kept instead of line. */
void postfix_filter_line(const struct postfix_filter *filter, const char *line,
    gsize len, GString *out);

/* Filters all lines of in to out until in ends, each as soon as it is
 * there. A line that cannot be written for another reason than a closed out
 * is lost: the log must not stop the mail. FALSE if reading fails or nobody
 * reads out any more. */
gboolean postfix_filter_run(const struct postfix_filter *filter, int in,
    int out, GError **err);

#endif
