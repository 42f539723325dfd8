#include "mail/quote_join.h"

#include <string.h>

#include "base/banned.h"

gboolean
quote_has_text(const struct quote_lines *lines, gsize a, gsize b)
{
	for (gsize i = a; i < b; i++)
		if (quote_line_is_text(&lines->v[i]) &&
		    lines->v[i].part == QUOTE_PART_FRESH)
			return TRUE;
	return FALSE;
}

static void
line_append(GString *out, const struct quote_line *line)
{
	if (out->len == 0 && quote_line_is_blank(line))
		return;
	/* One empty line stands for the end of a part. */
	if (quote_line_ends_part(line) && g_str_has_suffix(out->str, "\n\n"))
		return;
	if (!quote_line_ends_part(line))
		g_string_append_len(out, line->text, (gssize)line->len);
	g_string_append_c(out, '\n');
}

static char *
join_end(GString *out)
{
	while (out->len > 0 && g_ascii_isspace(out->str[out->len - 1]))
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

static char *
join_new(const struct quote_lines *lines, gsize low, gsize high)
{
	GString *out = g_string_new(NULL);

	for (gsize i = low; i < high; i++)
		if (lines->v[i].part == QUOTE_PART_FRESH)
			line_append(out, &lines->v[i]);
	return join_end(out);
}

/* If nothing is new: what a client wrote by itself is never anybody's new
 * words, also when it is all there is. */
static char *
join_all(const struct quote_lines *lines)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < lines->n; i++)
		if (lines->v[i].part != QUOTE_PART_CLIENT)
			line_append(out, &lines->v[i]);
	return join_end(out);
}

static char *
join_tail(const struct quote_lines *lines, gboolean has_fresh)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < lines->n; i++)
		if (lines->v[i].part == QUOTE_PART_CLIENT ||
		    (has_fresh && lines->v[i].part != QUOTE_PART_FRESH))
			line_append(out, &lines->v[i]);
	return join_end(out);
}

static char *
join_signature(const struct quote_lines *lines)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < lines->n; i++)
		if (lines->v[i].part == QUOTE_PART_SIG &&
		    lines->v[i].depth == 0)
			line_append(out, &lines->v[i]);
	return join_end(out);
}

/* A signature inside quoted text ends where the depth changes. */
static gsize
quoted_signature_end(const struct quote_lines *lines, gsize i)
{
	guint depth = lines->v[i].depth;
	gsize j = i + 1;

	while (j < lines->n && j < i + QUOTE_SIG_LINES &&
	       lines->v[j].part == QUOTE_PART_QUOTE &&
	       lines->v[j].depth == depth &&
	       !quote_line_is_separator(&lines->v[j]) &&
	       quote_block_end(lines, j, lines->n) == j)
		j++;
	return j;
}

/* Marks what names people inside quoted text: it is of older mails and in
 * every client's own shape. */
static void
quoted_drop_names(struct quote_lines *lines)
{
	gsize low = 0;

	for (gsize i = 0; i < lines->n; i++) {
		gsize first = i;
		gsize end;

		if (lines->v[i].part != QUOTE_PART_QUOTE) {
			low = i + 1;
			continue;
		}
		if (quote_line_is_delimiter(&lines->v[i]))
			end = quoted_signature_end(lines, i);
		else
			end = quote_block_end(lines, i, lines->n);
		if (end > i) {
			quote_mark(lines, i, end, QUOTE_PART_SIG);
			low = end;
			i = end - 1;
		} else if (quote_line_is_separator(&lines->v[i]) ||
			   quote_line_is_rule(&lines->v[i]) ||
			   quote_line_is_client(&lines->v[i])) {
			lines->v[i].part = QUOTE_PART_SIG;
			low = i + 1;
		} else if (quote_attribution_at(lines, i, low, &first) !=
			   QUOTE_ATTR_NONE) {
			quote_mark(lines, first, i + 1, QUOTE_PART_ATTR);
			low = i + 1;
		}
	}
}

static char *
join_quoted(const struct quote_lines *lines)
{
	GString *out = g_string_new(NULL);
	gboolean blank = FALSE;

	for (gsize i = 0; i < lines->n; i++) {
		const struct quote_line *line = &lines->v[i];

		if (line->part != QUOTE_PART_QUOTE)
			continue;
		if (line->words_len == 0) {
			blank = out->len > 0;
			continue;
		}
		if (blank)
			g_string_append(out, ">\n");
		blank = FALSE;
		for (guint d = 1; d < MIN(line->depth, 9); d++)
			g_string_append_c(out, '>');
		g_string_append(out, "> ");
		g_string_append_len(out, line->words, (gssize)line->words_len);
		g_string_append_c(out, '\n');
	}
	return g_strchomp(g_string_free(out, FALSE));
}

/* An attribution of two lines is given in one. */
static char *
join_credits(const struct quote_lines *lines)
{
	const guint people = QUOTE_HEADER_FROM | QUOTE_HEADER_TO;
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < lines->n; i++) {
		const struct quote_line *line = &lines->v[i];
		gboolean is_attr = line->part == QUOTE_PART_ATTR;
		gboolean goes_on = is_attr && i + 1 < lines->n &&
				   lines->v[i + 1].part == QUOTE_PART_ATTR;

		if (!is_attr && (line->part == QUOTE_PART_FRESH ||
				    ((guint)line->header & people) == 0))
			continue;
		g_string_append_len(out, line->words, (gssize)line->words_len);
		g_string_append_c(out, goes_on ? ' ' : '\n');
	}
	return join_end(out);
}

/* Each where it stood; of what is cut, above. */
void
quote_join(struct quote_lines *lines, const struct quote_answer *answer,
    struct quote_split *out)
{
	gsize n = lines->n;

	out->has_fresh = quote_has_text(lines, 0, n);
	out->fresh =
	    out->has_fresh ? join_new(lines, 0, answer->head) : join_all(lines);
	out->between = join_new(lines, answer->kept, answer->kept_end);
	out->below = join_new(lines, answer->below, n);
	out->tail = join_tail(lines, out->has_fresh);
	out->signature = join_signature(lines);
	quoted_drop_names(lines);
	out->credits = join_credits(lines);
	out->quoted = join_quoted(lines);
}
