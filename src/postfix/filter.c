#include "postfix/filter.h"

#include <string.h>

#include "postfix/match.h"
#include "postfix/words.h"

#include "base/banned.h"

#define IDENT_MAX 64
#define PID_MAX 10
#define HOST_MAX 255
#define TIME_MAX 40

/* What stands in front of a message. */
struct head {
	struct piece time;
	struct piece host;
	struct piece ident;
	struct piece pid; /* empty if there was none */
};

/* The text up to the next blank, which is taken too. */
static struct piece
field_take(struct piece *text)
{
	const char *blank = memchr(text->at, ' ', text->len);
	gsize n = blank != NULL ? (gsize)(blank - text->at) : text->len;
	struct piece field = {text->at, n};

	*text = piece_skip(*text, n < text->len ? n + 1 : n);
	return field;
}

static gboolean
has_shape(struct piece text, const char *shape)
{
	if (text.len != strlen(shape))
		return FALSE;
	for (gsize i = 0; i < text.len; i++)
		if (shape[i] == '9' ? !g_ascii_isdigit(text.at[i])
				    : text.at[i] != shape[i])
			return FALSE;
	return TRUE;
}

/* "2026-11-22T05:57:02.123456+00:00" (RFC 3339), also "+0000" (journald). */
static gboolean
is_iso_time(struct piece text)
{
	static const char shape[] = "9999-99-99T99:99:99";
	struct piece zone;
	gsize n;

	if (text.len < strlen(shape) || text.len > TIME_MAX ||
	    !has_shape((struct piece){text.at, strlen(shape)}, shape))
		return FALSE;
	zone = piece_skip(text, strlen(shape));
	if (piece_has_prefix(zone, ".") || piece_has_prefix(zone, ",")) {
		n = piece_span(piece_skip(zone, 1), "0123456789");
		if (n == 0 || n > 9)
			return FALSE;
		zone = piece_skip(zone, n + 1);
	}
	return zone.len == 0 || has_shape(zone, "Z") ||
	    has_shape(zone, "+99:99") || has_shape(zone, "-99:99") ||
	    has_shape(zone, "+9999") || has_shape(zone, "-9999");
}

/* "Nov 22 05:57:02 ", the day perhaps padded with a blank, the seconds
 * perhaps with a fraction (journalctl -o short-precise). */
static gboolean
bsd_time_take(struct piece *text, struct piece *time)
{
	struct piece rest;
	gsize n = 15;

	if (text->len <= n || match_word(words_months, *text) == 0)
		return FALSE;
	rest = (struct piece){text->at + 3, 12};
	if (!has_shape(rest, " 99 99:99:99") &&
	    !has_shape(rest, "  9 99:99:99"))
		return FALSE;
	if (text->at[n] == '.')
		n += 1 + piece_span(piece_skip(*text, n + 1), "0123456789");
	if (n >= text->len || n > TIME_MAX || text->at[n] != ' ')
		return FALSE;
	*time = (struct piece){text->at, n};
	*text = piece_skip(*text, n + 1);
	return TRUE;
}

/* "postfix/smtpd", "postfix-out/nymdesk-out/cleanup". */
static gboolean
is_postfix(struct piece ident)
{
	return ident.len <= IDENT_MAX && piece_has_prefix(ident, "postfix") &&
	    piece_span(ident, "abcdefghijklmnopqrstuvwxyz0123456789-_/") ==
	    ident.len;
}

static gboolean
is_pid(struct piece pid)
{
	return pid.len > 0 && pid.len <= PID_MAX &&
	    piece_span(pid, "0123456789") == pid.len;
}

/* "postfix/smtpd[123]: " */
static gboolean
tag_take(struct piece *text, struct head *head)
{
	struct piece tag = field_take(text);
	const char *open;

	if (tag.len == 0 || tag.at[tag.len - 1] != ':')
		return FALSE;
	tag.len--;
	head->ident = tag;
	open = memchr(tag.at, '[', tag.len);
	if (open != NULL && tag.at[tag.len - 1] == ']') {
		head->ident.len = (gsize)(open - tag.at);
		head->pid = (struct piece){open + 1,
		    tag.len - head->ident.len - 2};
		if (!is_pid(head->pid))
			return FALSE;
	}
	return is_postfix(head->ident);
}

/* RFC 5424 6: "1 TIME HOST APP PROCID MSGID SD MSG", after the priority. */
static gboolean
modern_take(struct piece *text, struct head *head)
{
	head->host = field_take(text);
	head->ident = field_take(text);
	head->pid = field_take(text);
	(void)field_take(text);
	/* Structured data holds whatever a relay put in; only "-" is read. */
	if (!has_shape(field_take(text), "-") || !is_postfix(head->ident))
		return FALSE;
	if (piece_has_prefix(*text, "\xef\xbb\xbf"))
		*text = piece_skip(*text, 3);
	if (!is_pid(head->pid))
		head->pid.len = 0;
	return TRUE;
}

/* TRUE if text is now the message of a line of Postfix. head->time is set
 * even if it is not, should there be one. */
static gboolean
head_take(struct piece *text, struct head *head)
{
	struct piece rest = *text;
	struct piece time;
	gboolean is_modern = FALSE;
	gsize n;

	if (piece_has_prefix(rest, "<")) {
		n = piece_span(piece_skip(rest, 1), "0123456789");
		if (n == 0 || n > 3 || rest.len < n + 2 ||
		    rest.at[n + 1] != '>')
			return FALSE;
		rest = piece_skip(rest, n + 2);
		is_modern = piece_has_prefix(rest, "1 ");
		if (is_modern)
			rest = piece_skip(rest, 2);
	}
	if (!bsd_time_take(&rest, &head->time)) {
		time = field_take(&rest);
		if (!is_iso_time(time))
			return FALSE;
		head->time = time;
	}
	*text = rest;
	if (is_modern)
		return modern_take(text, head);
	head->host = field_take(text);
	return tag_take(text, head);
}

/* --- message ----------------------------------------------------------- */

/* "reject: RCPT from host[192.0.2.1]: 550 5.1.1 <a@b>: ...; from=<> ..." */
static gboolean
action_put(struct piece text, GString *out)
{
	static const char *const formats[] = {
	    ": header %x; %k", ": header %x",
	    ": body %x; %k", ": body %x",
	    ": mime-header %x; %k", ": nested-header %x; %k",
	    ": %w from %h: %r; %k", ": %w from %h: %r",
	    ": %w from %h; %k", ": %w: %r; %k", NULL};
	gsize n = match_word(words_actions, text);
	gsize len = out->len;

	if (n == 0)
		return FALSE;
	g_string_append_len(out, text.at, (gssize)n);
	if (match_any(formats, piece_skip(text, n), out))
		return TRUE;
	g_string_truncate(out, len);
	return FALSE;
}

/* A list of attributes begins with a key that is known. */
static gboolean
attributes_put(struct piece text, GString *out)
{
	static const char *const formats[] = {"%k", NULL};

	for (const struct word_key *key = words_keys; key->name != NULL; key++)
		if (piece_has_prefix(text, key->name) &&
		    text.len > strlen(key->name) &&
		    text.at[strlen(key->name)] == '=')
			return match_any(formats, text, out);
	return FALSE;
}

/* "NOQUEUE: ", "4XyZ...: " */
static void
queue_id_take(struct piece *text, GString *out)
{
	gsize n = match_queue_id(*text);

	if (n == 0 && piece_has_prefix(*text, "NOQUEUE"))
		n = strlen("NOQUEUE");
	if (n == 0 || !piece_has_prefix(piece_skip(*text, n), ": "))
		return;
	g_string_append_len(out, text->at, (gssize)n + 2);
	*text = piece_skip(*text, n + 2);
}

static void
message_put(struct piece text, GString *out)
{
	gsize n;

	queue_id_take(&text, out);
	if (action_put(text, out))
		return;
	n = match_word(words_severities, text);
	g_string_append_len(out, text.at, (gssize)n);
	text = piece_skip(text, n);
	if (n > 0)
		queue_id_take(&text, out);
	if (!attributes_put(text, out) &&
	    !match_any(words_formats, text, out))
		g_string_append(out, "<text>");
}

static gboolean
host_is_plain(struct piece host)
{
	for (gsize i = 0; i < host.len; i++)
		if (!g_ascii_isalnum(host.at[i]) &&
		    !char_is_in(host.at[i], "-._"))
			return FALSE;
	return host.len > 0 && host.len <= HOST_MAX;
}

void
postfix_filter_line(const struct postfix_filter *filter, const char *line,
    gsize len, GString *out)
{
	struct piece text = {line, MIN(len, POSTFIX_LINE_MAX)};
	struct head head = {0};
	gboolean is_ours = head_take(&text, &head);

	if (head.time.len > 0) {
		g_string_append_len(out, head.time.at, (gssize)head.time.len);
		g_string_append_c(out, ' ');
	}
	if (!is_ours) {
		g_string_append(out, "<text>");
		return;
	}
	if (filter->keep_host && host_is_plain(head.host))
		g_string_append_len(out, head.host.at, (gssize)head.host.len);
	else
		g_string_append_c(out, '-');
	g_string_append_c(out, ' ');
	g_string_append_len(out, head.ident.at, (gssize)head.ident.len);
	if (head.pid.len > 0)
		g_string_append_printf(out, "[%.*s]", (int)head.pid.len,
		    head.pid.at);
	g_string_append(out, ": ");
	message_put(text, out);
}
