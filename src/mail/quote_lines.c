#include "mail/quote_lines.h"

#include <string.h>

#include "mail/quote.h"
#include "mail/text.h"

#include "base/banned.h"

#define ATTR_LINES 3	   /* a wrapped attribution has at most so many */
#define BLOCK_LINES 20	   /* lines looked at for a copied header block */
#define HEADER_WORD_MAX 48 /* octets before the colon of a header line */

static void
line_measure(struct quote_line *line)
{
	const char *p = line->text;
	const char *end = line->text + line->len;

	while (p < end) {
		const char *q = p;

		while (q < end && (*q == ' ' || *q == '\t'))
			q++;
		if (q == end || *q != '>' || (line->depth == 0 && q > p + 1))
			break;
		line->depth++;
		p = q + 1;
	}
	if (line->depth > 0 && p < end && *p == ' ')
		p++;
	while (end > p && g_ascii_isspace(end[-1]))
		end--;
	line->words = p;
	line->words_len = (gsize)(end - p);
}

/* Once for each line, so that looking for blocks stays linear. */
static void
line_classify(struct quote_line *line)
{
	gsize max = MIN(line->words_len, HEADER_WORD_MAX);
	g_autofree char *folded = NULL;

	if (max == 0 ||
	    (memchr(line->words, ':', max) == NULL &&
		g_strstr_len(line->words, (gssize)max, "：") == NULL))
		return;
	folded = quote_fold(line->words, max);
	line->header = quote_header(folded);
}

struct quote_lines
quote_lines_of(const char *text)
{
	GArray *all = g_array_new(FALSE, TRUE, sizeof(struct quote_line));
	struct quote_lines lines;

	while (*text != '\0') {
		struct quote_line line = {
		    .text = text, .len = strcspn(text, "\n")};

		line_measure(&line);
		line_classify(&line);
		g_array_append_val(all, line);
		text += line.len;
		if (*text == '\n')
			text++;
		if (all->len > QUOTE_LINES_MAX)
			break;
	}
	lines.n = all->len;
	lines.v = (struct quote_line *)(gpointer)g_array_free(all, FALSE);
	return lines;
}

gboolean
quote_line_is_blank(const struct quote_line *line)
{
	return line->words_len == 0 && line->depth == 0;
}

gboolean
quote_line_ends_part(const struct quote_line *line)
{
	return line->len == 1 && line->text[0] == TEXT_PART[0];
}

gboolean
quote_line_is_text(const struct quote_line *line)
{
	return line->words_len > 0 && line->depth == 0;
}

/* Lines [a, b) as one, folded. */
static char *
fold_lines(const struct quote_lines *lines, gsize a, gsize b)
{
	g_autoptr(GString) joined = g_string_new(NULL);

	for (gsize i = a; i < b; i++) {
		g_string_append_len(
		    joined, lines->v[i].words, (gssize)lines->v[i].words_len);
		g_string_append_c(joined, ' ');
	}
	if (joined->len > QUOTE_FOLD_MAX)
		return g_strdup("");
	return quote_fold(joined->str, joined->len);
}

static gboolean
ends_in_colon(const struct quote_line *line)
{
	static const char wide[] = "："; /* U+FF1A */
	gsize n = line->words_len;

	if (n > 0 && line->words[n - 1] == ':')
		return TRUE;
	return n >= 3 && memcmp(line->words + n - 3, wide, 3) == 0;
}

/* A sentence end inside means that the lines above are somebody's words. */
static gboolean
may_wrap_after(const struct quote_line *line, guint depth)
{
	if (line->depth != depth || line->words_len == 0)
		return FALSE;
	return strchr(".!?", line->words[line->words_len - 1]) == NULL;
}

/* An attribution that begins with the address has its name on the line
 * above. */
static gsize
with_name_above(const struct quote_lines *lines, gsize first, gsize low)
{
	const struct quote_line *line = &lines->v[first];

	if (line->words[0] == '<' && first > low &&
	    may_wrap_after(&lines->v[first - 1], line->depth))
		return first - 1;
	return first;
}

enum quote_attribution
quote_attribution_at(
    const struct quote_lines *lines, gsize last, gsize low, gsize *first)
{
	enum quote_attribution weak = QUOTE_ATTR_NONE;
	guint depth = lines->v[last].depth;

	if (!ends_in_colon(&lines->v[last]))
		return QUOTE_ATTR_NONE;
	*first = last;
	for (gsize k = 0; k < ATTR_LINES && last >= low + k; k++) {
		g_autofree char *folded = NULL;
		enum quote_attribution got;

		if (k > 0 && !may_wrap_after(&lines->v[last - k], depth))
			break;
		folded = fold_lines(lines, last - k, last + 1);
		got = quote_attribution(folded);
		if (got >= QUOTE_ATTR_SURE) {
			*first = with_name_above(lines, last - k, low);
			return got;
		}
		if (k == 0)
			weak = got;
	}
	return weak;
}

/* ">100 EUR", ">= 5", and what mailboxes do to "From ". */
static gboolean
may_compare(const struct quote_line *line)
{
	const char *p = line->text + 1;
	gunichar c;

	if (line->depth != 1 || line->text[0] != '>' || line->len < 2)
		return FALSE;
	c = g_utf8_get_char(p);
	return g_unichar_isdigit(c) || c == '=' ||
	    g_unichar_type(c) == G_UNICODE_CURRENCY_SYMBOL ||
	    strncmp(p, "From ", 5) == 0;
}

/* "> ", as most clients have it, is another mark than ">". */
static gboolean
is_marked_alike(const struct quote_line *line)
{
	return line->depth > 0 && (line->len < 2 || line->text[1] != ' ');
}

gsize
quote_comparison_end(const struct quote_lines *lines, gsize i)
{
	gsize end = i;

	/* First, so that a long row is walked once only. */
	if (i > 0 && is_marked_alike(&lines->v[i - 1]))
		return i;
	while (end < lines->n && may_compare(&lines->v[end]))
		end++;
	return end < lines->n && is_marked_alike(&lines->v[end]) ? i : end;
}

void
quote_line_unmark(struct quote_line *line)
{
	line->words_len += (gsize)(line->words - line->text);
	line->words = line->text;
	line->depth = 0;
}

gsize
quote_block_end(const struct quote_lines *lines, gsize i, gsize high)
{
	guint depth = lines->v[i].depth;
	guint kinds = 0;
	gsize end = i;

	for (gsize j = i; j < high && j < i + BLOCK_LINES; j++) {
		const struct quote_line *line = &lines->v[j];

		if (line->depth != depth || line->words_len == 0 ||
		    (j == i && line->header == QUOTE_HEADER_NONE))
			break;
		if (line->header != QUOTE_HEADER_NONE)
			end = j + 1;
		kinds |= (guint)line->header;
	}
	/* A copied header always has these; a transfer that somebody
	 * describes ("From: ... To: ... Date: ...") has no subject. */
	if ((kinds & QUOTE_HEADER_FROM) && (kinds & QUOTE_HEADER_SUBJECT) &&
	    (kinds & (QUOTE_HEADER_DATE | QUOTE_HEADER_TO)))
		return end;
	return i;
}

/* Dashes on both sides, or a colon at the end. */
static gboolean
may_separate(const struct quote_line *line)
{
	return line->words_len >= 8 && line->words_len <= QUOTE_FOLD_MAX &&
	    (line->words[0] == '-' || line->words[line->words_len - 1] == ':');
}

gboolean
quote_line_is_separator(const struct quote_line *line)
{
	g_autofree char *folded = NULL;

	if (!may_separate(line))
		return FALSE;
	folded = quote_fold(line->words, line->words_len);
	return quote_is_separator(folded);
}

gboolean
quote_line_is_forward(const struct quote_line *line)
{
	g_autofree char *folded = NULL;

	if (!may_separate(line))
		return FALSE;
	folded = quote_fold(line->words, line->words_len);
	return quote_is_forward(folded);
}

gboolean
quote_line_is_rule(const struct quote_line *line)
{
	if (line->words_len < 8)
		return FALSE;
	for (gsize i = 0; i < line->words_len; i++)
		if (line->words[i] != '_' && line->words[i] != '-')
			return FALSE;
	return TRUE;
}

gboolean
quote_line_is_delimiter(const struct quote_line *line)
{
	static const char dash[] = "—"; /* what some phones make of "--" */

	return (line->words_len == 2 && memcmp(line->words, "--", 2) == 0) ||
	       (line->words_len == 3 && memcmp(line->words, dash, 3) == 0);
}

gboolean
quote_line_is_client(const struct quote_line *line)
{
	g_autofree char *folded = NULL;

	if (line->words_len == 0 || line->words_len > QUOTE_FOLD_MAX)
		return FALSE;
	folded = quote_fold(line->words, line->words_len);
	return quote_is_client_line(folded);
}

gsize
quote_head_end(const struct quote_lines *lines, gsize i)
{
	gsize end = i + (gsize)quote_line_is_separator(&lines->v[i]);

	return end < lines->n ? quote_block_end(lines, end, lines->n) : end;
}

void
quote_mark(
    struct quote_lines *lines, gsize a, gsize b, enum quote_part part)
{
	for (gsize i = a; i < b; i++)
		lines->v[i].part = part;
}
