#include "postfix/filter.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#include "base/banned.h"

#define BLOCK 16384

/* The line that is being read, and what was made of those before it. */
struct stream {
	const struct postfix_filter *filter;
	GString *line;
	GString *out;
};

static void
line_end(struct stream *s)
{
	if (s->line->len > 0 && s->line->str[s->line->len - 1] == '\r')
		g_string_truncate(s->line, s->line->len - 1);
	postfix_filter_line(s->filter, s->line->str, s->line->len, s->out);
	g_string_append_c(s->out, '\n');
	g_string_truncate(s->line, 0);
}

static void
block_take(struct stream *s, const char *block, gsize len)
{
	while (len > 0) {
		const char *end = memchr(block, '\n', len);
		gsize n = end != NULL ? (gsize)(end - block) : len;

		g_string_append_len(s->line, block,
		    (gssize)MIN(n, POSTFIX_LINE_MAX - s->line->len));
		if (end == NULL)
			return;
		line_end(s);
		block += n + 1;
		len -= n + 1;
	}
}

/* FALSE if nobody reads any more; otherwise all is written or lost. */
static gboolean
out_write(struct stream *s, int fd)
{
	gsize done = 0;

	while (done < s->out->len) {
		ssize_t n =
		    write(fd, s->out->str + done, s->out->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EPIPE)
			return FALSE;
		if (n <= 0)
			break;
		done += (gsize)n;
	}
	g_string_truncate(s->out, 0);
	return TRUE;
}

static gboolean
stream_run(struct stream *s, int in, int out, GError **err)
{
	char block[BLOCK];

	for (;;) {
		ssize_t n = read(in, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_fail_errno(err, ERROR_TEMP,
			    "cannot read the log");
		if (n > 0)
			block_take(s, block, (gsize)n);
		else if (s->line->len > 0)
			line_end(s);
		if (!out_write(s, out))
			return error_fail(err, ERROR_PERM,
			    "nobody reads the filtered log any more");
		if (n == 0)
			return TRUE;
	}
}

gboolean
postfix_filter_run(const struct postfix_filter *filter, int in, int out,
    GError **err)
{
	struct stream s = {.filter = filter,
	    .line = g_string_sized_new(BLOCK),
	    .out = g_string_sized_new(BLOCK)};
	gboolean ok = stream_run(&s, in, out, err);

	g_string_free(s.line, TRUE);
	g_string_free(s.out, TRUE);
	return ok;
}
