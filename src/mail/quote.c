#include "mail/quote.h"

#include <string.h>

#include "mail/endline.h"
#include "mail/quote_answer.h"
#include "mail/quote_join.h"
#include "mail/quote_lines.h"
#include "mail/text.h"

#include "base/banned.h"

#define ATTR_GAP 2	  /* empty lines between it and the quote */
#define SIG_LINES_BARE 6  /* after "--" or "____", which people also type: */
#define SIG_WIDTH_BARE 60 /* characters of a line, and no whole sentences */
#define SIG_RUN_BARE 25	  /* no hash or wallet address after "--" */
#define CUT_ROUNDS 4

/* What a client wrote above the old text. */
static void
mark_head(struct quote_lines *lines, gsize a, gsize b)
{
	for (gsize i = a; i < b; i++)
		if (lines->v[i].part == QUOTE_PART_FRESH)
			lines->v[i].part = QUOTE_PART_ATTR;
}

static gboolean
next_is_quote(const struct quote_lines *lines, gsize i, gsize high)
{
	gsize gap = 0;

	while (
	    i < high && quote_line_is_blank(&lines->v[i]) && gap++ < ATTR_GAP)
		i++;
	return i < high && lines->v[i].depth > 0;
}

static gboolean
starts_forward(const struct quote_lines *lines, gsize i)
{
	if (quote_line_is_rule(&lines->v[i]) && i + 1 < lines->n)
		i++;
	return quote_line_is_forward(&lines->v[i]);
}

/* Clients that do not mark quoted lines write a header block, a separator or
 * a full attribution above it: all from there on is quoted. If what follows
 * has marks after all, those tell what is. */
static gsize
find_unmarked(struct quote_lines *lines)
{
	for (gsize i = 0; i < lines->n; i++) {
		const struct quote_line *line = &lines->v[i];
		gsize from = i;
		gsize end;

		if (!quote_line_is_text(line))
			continue;
		end = quote_head_end(lines, i);
		if (end > i) {
			if (i > 0 && quote_line_is_rule(&lines->v[i - 1]))
				from--;
			if (next_is_quote(lines, end, lines->n) &&
			    !starts_forward(lines, from)) {
				quote_mark(lines, from, end, QUOTE_PART_QUOTE);
				i = end - 1;
				continue;
			}
		} else if (memchr(line->text, '@', line->len) == NULL &&
			   !(i > 0 && memchr(lines->v[i - 1].text, '@',
					  lines->v[i - 1].len) != NULL)) {
			continue;
		} else if (quote_attribution_at(lines, i, 0, &from) !=
			       QUOTE_ATTR_DATED ||
			   next_is_quote(lines, i + 1, lines->n)) {
			continue;
		} else {
			quote_mark(lines, from, i + 1, QUOTE_PART_ATTR);
			quote_mark(lines, i + 1, lines->n, QUOTE_PART_QUOTE);
			return from;
		}
		quote_mark(lines, from, lines->n, QUOTE_PART_QUOTE);
		return from;
	}
	return lines->n;
}

/* Signature lines are short, say nothing that ends like a sentence, and hold
 * no hash or wallet address. */
static gboolean
is_signature_like(const struct quote_line *line)
{
	gsize run = 0;

	if (line->words_len == 0)
		return TRUE;
	if (g_utf8_strlen(line->words, (gssize)line->words_len) >
		SIG_WIDTH_BARE ||
	    strchr(".!?", line->words[line->words_len - 1]) != NULL)
		return FALSE;
	for (gsize i = 0; i < line->words_len; i++) {
		run = g_ascii_isalnum(line->words[i]) ? run + 1 : 0;
		if (run >= SIG_RUN_BARE)
			return FALSE;
	}
	return TRUE;
}

/* RFC 3676 4.3: the blank belongs to the delimiter. */
static gboolean
is_exact_delimiter(const struct quote_line *line)
{
	const char *end = line->text + line->len;

	return quote_line_is_delimiter(line) && end > line->words &&
	       line->words[0] == '-' && end[-1] == ' ';
}

/* "________" above a signature. */
static gboolean
is_underlined(const struct quote_line *line)
{
	return quote_line_is_rule(line) && line->words[0] == '_';
}

/* The start of a signature that ends at high, or high. */
static gsize
find_signature(const struct quote_lines *lines, gsize low, gsize high)
{
	guint count = 0;
	gboolean alike = TRUE;

	for (gsize i = high; i-- > low;) {
		const struct quote_line *line = &lines->v[i];

		if (line->depth > 0 || count > QUOTE_SIG_LINES)
			break;
		if (is_exact_delimiter(line))
			return i;
		if ((quote_line_is_delimiter(line) || is_underlined(line)) &&
		    count <= SIG_LINES_BARE && alike)
			return i;
		count += line->words_len > 0;
		alike = alike && is_signature_like(line);
	}
	return high;
}

/* Cuts signatures and client lines from the end of [low, high). */
static gsize
cut_signatures(struct quote_lines *lines, gsize low, gsize high)
{
	for (guint round = 0; round < CUT_ROUNDS; round++) {
		gsize end = high;
		gsize sig = find_signature(lines, low, high);

		quote_mark(lines, sig, high, QUOTE_PART_SIG);
		end = sig;
		while (end > low && quote_line_is_blank(&lines->v[end - 1]))
			end--;
		if (end > low && lines->v[end - 1].depth == 0 &&
		    quote_line_is_client(&lines->v[end - 1])) {
			end--;
			quote_mark(lines, end, end + 1, QUOTE_PART_CLIENT);
		} else if (sig == high) {
			return high;
		}
		high = end;
	}
	return high;
}

/* The attribution or header block above line i, if there is one; else i. */
static gsize
find_attribution(const struct quote_lines *lines, gsize low, gsize i,
    enum quote_attribution *sort)
{
	gsize last = i;
	gsize first;

	*sort = QUOTE_ATTR_NONE;
	while (last > low && i - last < ATTR_GAP &&
	       quote_line_is_blank(&lines->v[last - 1]))
		last--;
	if (last == low || lines->v[last - 1].depth > 0)
		return i;
	first = last;
	while (first > low && lines->v[first - 1].depth == 0 &&
	       lines->v[first - 1].part == QUOTE_PART_QUOTE)
		first--;
	if (first < last)
		*sort = QUOTE_ATTR_DATED;
	else
		*sort = quote_attribution_at(lines, last - 1, low, &first);
	/* What the client wrote may stand in the quote already. */
	if (*sort < QUOTE_ATTR_NAMED &&
	    lines->v[i].part != QUOTE_PART_FRESH)
		*sort = QUOTE_ATTR_NONE;
	return *sort != QUOTE_ATTR_NONE ? first : i;
}

/* Cuts the quoted block that ends at high, with its attribution. */
static gsize
cut_trailing(struct quote_lines *lines, gsize low, gsize high)
{
	gsize end = high;
	gsize start;
	gsize attr;
	enum quote_attribution sort;

	while (end > low && quote_line_is_blank(&lines->v[end - 1]))
		end--;
	start = end;
	for (gsize i = end; i-- > low;) {
		if (lines->v[i].depth > 0)
			start = i;
		else if (!quote_line_is_blank(&lines->v[i]))
			break;
	}
	if (start == end)
		return high;
	attr = find_attribution(lines, low, start, &sort);
	mark_head(lines, attr, start);
	quote_mark(lines, start, end, QUOTE_PART_QUOTE);
	return attr;
}

/* A quote above the answer is cut if it is the only one in [low, high) and
 * nothing stands before it but its attribution, or words and what nobody
 * types. */
static void
cut_leading(struct quote_lines *lines, gsize low, gsize high)
{
	gsize start = low;
	gsize end;
	gsize attr;
	enum quote_attribution sort;

	while (start < high && lines->v[start].depth == 0)
		start++;
	if (start == high)
		return;
	end = start;
	for (gsize i = start; i < high && !quote_line_is_text(&lines->v[i]);
	     i++)
		if (lines->v[i].depth > 0)
			end = i + 1;
	for (gsize i = end; i < high; i++)
		if (lines->v[i].depth > 0)
			return;
	attr = find_attribution(lines, low, start, &sort);
	if (quote_has_text(lines, low, attr) && sort < QUOTE_ATTR_NAMED &&
	    lines->v[start].part == QUOTE_PART_FRESH)
		return;
	mark_head(lines, attr, start);
	quote_mark(lines, start, end, QUOTE_PART_QUOTE);
}

/* Between inline answers the quotes stay, but not whose they are. */
static void
cut_attributions(struct quote_lines *lines, gsize low, gsize high)
{
	gboolean is_below = FALSE; /* new words */

	for (gsize i = low + 1; i < high; i++) {
		enum quote_attribution sort;
		gsize attr;

		if (lines->v[i].depth == 0 || lines->v[i - 1].depth > 0)
			continue;
		attr = find_attribution(lines, low, i, &sort);
		is_below = is_below || quote_has_text(lines, low, attr);
		low = attr;
		/* A client writes one; an author may tell of many. */
		if (sort >= QUOTE_ATTR_NAMED || !is_below)
			mark_head(lines, attr, i);
	}
}

/* Some clients mark what they wrote above the old text like that. */
static void
cut_marked_heads(struct quote_lines *lines, gsize low, gsize high)
{
	for (gsize i = low; i < high; i++) {
		gsize first = i;
		gsize end;

		if (lines->v[i].depth == 0) {
			low = i + 1;
			continue;
		}
		end = quote_head_end(lines, i);
		if (end > i) {
			quote_mark(lines, i, end, QUOTE_PART_QUOTE);
		} else if (quote_attribution_at(lines, i, low, &first) >=
			   QUOTE_ATTR_NAMED) {
			quote_mark(lines, first, ++end, QUOTE_PART_ATTR);
		} else {
			continue;
		}
		for (low = end; end < high && lines->v[end].depth > 0 &&
		     lines->v[end].words_len == 0; end++)
			lines->v[end].part = QUOTE_PART_QUOTE;
		i = end - 1;
	}
}

/* Without an attribution such lines are words. */
static void
unmark_comparisons(struct quote_lines *lines)
{
	for (gsize i = 0; i < lines->n; i++) {
		gsize end = quote_comparison_end(lines, i);
		enum quote_attribution sort;

		if (end == i || find_attribution(lines, 0, i, &sort) < i)
			continue;
		for (; i < end; i++)
			quote_line_unmark(&lines->v[i]);
	}
}

static void
cut_part(struct quote_lines *lines, gsize low, gsize high)
{
	cut_marked_heads(lines, low, high);
	high = cut_signatures(lines, low, high);
	high = cut_trailing(lines, low, high);
	high = cut_signatures(lines, low, high);
	cut_leading(lines, low, high);
	cut_attributions(lines, low, high);
}

/* Each text of [low, high) by itself: what follows in another part of the
 * mail does not make new words of a signature. */
static void
cut_parts(struct quote_lines *lines, gsize low, gsize high)
{
	for (gsize i = low; i < high; i++) {
		if (!quote_line_ends_part(&lines->v[i]))
			continue;
		cut_part(lines, low, i);
		low = i + 1;
	}
	cut_part(lines, low, high);
}

static void
split_whole(const char *text, gboolean is_answer, struct quote_split *out)
{
	char *fresh = is_answer ? endline_drop(text) : g_strdup(text);

	*out = (struct quote_split){
	    .fresh = g_strdelimit(fresh, TEXT_PART, ' '),
	    .between = g_strdup(""), .below = g_strdup(""),
	    .tail = g_strdup(""), .quoted = g_strdup(""),
	    .signature = g_strdup(""), .credits = g_strdup(""),
	    .has_fresh = TRUE};
}

/* team is NULL for a player's mail. */
static void
split(
    const char *text, const struct quote_team *team, struct quote_split *out)
{
	struct quote_lines lines = quote_lines_of(text);
	struct quote_answer answer;
	gsize head;

	if (lines.n > QUOTE_LINES_MAX) {
		g_free(lines.v);
		split_whole(text, team != NULL, out);
		return;
	}
	unmark_comparisons(&lines);
	head = find_unmarked(&lines);
	out->is_forward = head < lines.n && starts_forward(&lines, head);
	answer = (struct quote_answer){head, lines.n, lines.n, lines.n};
	if (team != NULL)
		quote_answer_find(&lines, head, team, &answer);
	cut_parts(&lines, 0, answer.head);
	cut_parts(&lines, answer.below, lines.n);
	quote_join(&lines, &answer, out);
	g_free(lines.v);
}

void
quote_split(const char *text, struct quote_split *out)
{
	split(text, NULL, out);
}

void
quote_split_answer(
    const char *text, const struct quote_team *team, struct quote_split *out)
{
	g_autofree char *parted = endline_part(text);

	split(parted, team, out);
}

void
quote_split_clear(struct quote_split *split)
{
	g_clear_pointer(&split->fresh, g_free);
	g_clear_pointer(&split->between, g_free);
	g_clear_pointer(&split->below, g_free);
	g_clear_pointer(&split->tail, g_free);
	g_clear_pointer(&split->quoted, g_free);
	g_clear_pointer(&split->signature, g_free);
	g_clear_pointer(&split->credits, g_free);
}
