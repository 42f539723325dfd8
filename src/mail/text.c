#include "mail/text.h"

#include <string.h>

#include "base/banned.h"

#define BLANK_LINES_MAX 2
#define QUOTE_DEPTH_MAX 20

static gboolean
is_line_end(gunichar c)
{
	return c == '\n' || c == '\r' || c == '\v' || c == '\f' ||
	    c == 0x85 || c == 0x2028 || c == 0x2029;
}

static gboolean
is_control(gunichar c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

char *
text_line(const char *text, gsize max)
{
	GString *out = g_string_new(NULL);
	gboolean space = FALSE;

	for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c == ' ' || c == '\t' || is_line_end(c)) {
			space = out->len > 0;
			continue;
		}
		if (is_control(c))
			continue;
		if (out->len + 8 > max)
			break;
		if (space)
			g_string_append_c(out, ' ');
		space = FALSE;
		g_string_append_unichar(out, c);
	}
	return g_string_free(out, FALSE);
}

struct cleaner {
	GString *out;
	guint blank;	  /* line ends not yet written */
	gsize trailing;	  /* blanks at the end of the line so far */
};

/* The blank of "-- " belongs to it, also in quoted text (RFC 3676 4.3): without
 * it the line could be anybody's. */
static gboolean
ends_with_delimiter(const struct cleaner *cleaner)
{
	const GString *out = cleaner->out;
	gsize at = out->len;

	if (cleaner->trailing != 1 || at < 3 ||
	    memcmp(out->str + at - 3, "-- ", 3) != 0)
		return FALSE;
	for (at -= 3; at > 0 && strchr("> ", out->str[at - 1]) != NULL; at--)
		;
	return at == 0 || out->str[at - 1] == '\n';
}

static void
clean_char(struct cleaner *cleaner, gunichar c)
{
	GString *out = cleaner->out;

	if (is_line_end(c)) {
		if (!ends_with_delimiter(cleaner))
			g_string_truncate(out, out->len - cleaner->trailing);
		cleaner->trailing = 0;
		if (out->len > 0)
			cleaner->blank++;
		return;
	}
	if (is_control(c) && c != '\t')
		return;
	if (cleaner->blank > 0 && c != ' ' && c != '\t') {
		guint n = MIN(cleaner->blank, BLANK_LINES_MAX + 1);
		gsize at = out->len - cleaner->trailing;

		for (; n > 0; n--)
			g_string_insert_c(out, (gssize)at, '\n');
		cleaner->blank = 0;
	}
	cleaner->trailing = c == ' ' || c == '\t' ? cleaner->trailing + 1 : 0;
	g_string_append_unichar(out, c);
}

/* Octets of the character at p if clean_char() would take it as it is, else
 * 0: no control character or line end, which begin with 0xc2 and 0xe2. */
static gsize
plain_size(const char *p)
{
	guchar c = (guchar)*p;

	if (c < 0x80)
		return c >= ' ' && c != 0x7f;
	return c != 0xc2 && c != 0xe2 ? (gsize)g_utf8_skip[c] : 0;
}

/* Takes the run of plain characters at p, up to its last that is no blank,
 * and as many as a text of max octets has room for. Returns its end. */
static const char *
clean_run(struct cleaner *cleaner, const char *p, gsize max)
{
	GString *out = cleaner->out;
	gsize room = max > out->len ? max - out->len : 0;
	gsize end = 0;
	gsize size;

	if (cleaner->blank > 0 || *p == ' ')
		return p;
	for (gsize n = 0; n < room && (size = plain_size(p + n)) > 0;) {
		if (p[n] != ' ')
			end = n + size;
		n += size;
	}
	g_string_append_len(out, p, (gssize)end);
	if (end > 0)
		cleaner->trailing = 0;
	return p + end;
}

char *
text_clean(const char *text, gsize max)
{
	struct cleaner cleaner = {.out = g_string_new(NULL)};
	GString *out = cleaner.out;
	const char *p = text;

	while (*(p = clean_run(&cleaner, p, max)) != '\0' &&
	    out->len < max) {
		gunichar c = g_utf8_get_char(p);

		/* CR LF is one line end. */
		if (c != '\r' || p[1] != '\n')
			clean_char(&cleaner, c);
		p = g_utf8_next_char(p);
	}
	g_string_truncate(out, out->len - cleaner.trailing);
	if (out->len > 0)
		g_string_append_c(out, '\n');
	if (*p != '\0')
		g_string_append(out, TEXT_CUT "\n");
	return g_string_free(out, FALSE);
}

char *
text_clean_parts(const char *text, gsize max)
{
	g_auto(GStrv) parts = g_strsplit(text, TEXT_PART, -1);
	GString *out = g_string_new(NULL);

	for (gsize i = 0; parts[i] != NULL; i++) {
		g_autofree char *part = text_clean(parts[i],
		    max > out->len ? max - out->len : 0);

		if (part[0] != '\0' && out->len > 0)
			g_string_append(out, TEXT_PART "\n");
		g_string_append(out, part);
		if (g_str_has_suffix(part, TEXT_CUT "\n"))
			break;
	}
	return g_string_free(out, FALSE);
}

struct flow {
	GString *out;
	gboolean is_open; /* the last line was flowed */
	guint depth;
};

/* Cuts the quote marks off a line and counts them (RFC 3676 4.5). */
static const char *
quote_depth(const char *line, const char *end, guint *depth)
{
	*depth = 0;
	while (line < end && *line == '>') {
		line++;
		(*depth)++;
	}
	if (line < end && *line == ' ')
		line++;
	return line;
}

/* A line that begins with ">" and is no quote is stuffed (RFC 3676 4.4):
 * behind two blanks nobody takes it for one. */
static gboolean
is_stuffed_mark(const char *line, const char *end)
{
	return end - line >= 2 && line[0] == ' ' && line[1] == '>';
}

static void
flow_line(struct flow *flow, const char *line, const char *end,
    gboolean is_delsp)
{
	guint depth;
	const char *p = quote_depth(line, end, &depth);
	gboolean is_signature = end - p == 3 && memcmp(p, "-- ", 3) == 0;
	gboolean is_flowed = end > p && end[-1] == ' ' && !is_signature;

	if (flow->is_open && (depth != flow->depth || is_signature)) {
		g_string_append_c(flow->out, '\n');
		flow->is_open = FALSE;
	}
	if (!flow->is_open && depth > 0) {
		for (guint i = 0; i < MIN(depth, QUOTE_DEPTH_MAX); i++)
			g_string_append_c(flow->out, '>');
		g_string_append_c(flow->out, ' ');
	}
	if (!flow->is_open && is_stuffed_mark(line, end))
		g_string_append(flow->out, "  ");
	g_string_append_len(flow->out, p,
	    end - p - (is_flowed && is_delsp ? 1 : 0));
	if (!is_flowed)
		g_string_append_c(flow->out, '\n');
	flow->is_open = is_flowed;
	flow->depth = depth;
}

char *
text_unflow(const char *text, gboolean is_delsp)
{
	struct flow flow = {.out = g_string_new(NULL)};

	while (*text != '\0') {
		gsize n = strcspn(text, "\n");
		gsize len = n > 0 && text[n - 1] == '\r' ? n - 1 : n;

		flow_line(&flow, text, text + len, is_delsp);
		text += n + (text[n] == '\n');
	}
	return g_string_free(flow.out, FALSE);
}

char *
text_quote(const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text != '\0') {
		gsize n = strcspn(text, "\n");

		g_string_append(out, n > 0 ? "> " : ">");
		g_string_append_len(out, text, (gssize)n);
		g_string_append_c(out, '\n');
		text += n + (text[n] == '\n');
	}
	return g_string_free(out, FALSE);
}
