#include "mail/quote_answer.h"

#include <string.h>

#include "mail/endline.h"

#include "base/banned.h"

#define HEADS_MAX 32 /* that are looked at */

struct head {
	gsize start;
	gsize end;
};

enum author {
	AUTHOR_UNKNOWN,
	AUTHOR_COPY,
	AUTHOR_TEAM,
};

static gboolean
has_addr(const struct quote_line *line)
{
	return memchr(line->text, '@', line->len) != NULL;
}

/* The head that begins in line i or ends there. */
static gboolean
head_at(const struct quote_lines *lines, gsize i, gsize low, struct head *out)
{
	if (!quote_line_is_text(&lines->v[i]))
		return FALSE;
	out->start = i;
	out->end = quote_head_end(lines, i);
	if (out->end > i) {
		if (i > low && quote_line_is_rule(&lines->v[i - 1]))
			out->start--;
		return TRUE;
	}
	if (!has_addr(&lines->v[i]) && !(i > low && has_addr(&lines->v[i - 1])))
		return FALSE;
	out->end = i + 1;
	return quote_attribution_at(lines, i, low, &out->start) ==
	       QUOTE_ATTR_DATED;
}

/* The next head that ends at high or before; *i moves behind it. */
static gboolean
head_next(
    const struct quote_lines *lines, gsize *i, gsize high, struct head *out)
{
	for (gsize low = *i; *i < high; (*i)++) {
		if (!head_at(lines, *i, low, out) || out->end > high)
			continue;
		*i = out->end;
		return TRUE;
	}
	return FALSE;
}

/* In small letters. To: of an agent's mail names the copy's address, too. */
static char *
author_lines(const struct quote_lines *lines, const struct head *head)
{
	GString *all = g_string_new(NULL);
	GString *from = g_string_new(NULL);
	gboolean is_from = FALSE;

	for (gsize i = head->start; i < head->end; i++) {
		const struct quote_line *line = &lines->v[i];

		if (line->header != QUOTE_HEADER_NONE)
			is_from = line->header == QUOTE_HEADER_FROM;
		g_string_append_len(
		    is_from ? from : all, line->words, (gssize)line->words_len);
	}
	if (from->len > 0)
		g_string_assign(all, from->str);
	g_string_free(from, TRUE);
	return g_string_free(g_string_ascii_down(all), FALSE);
}

static enum author
author_of(const struct quote_lines *lines, const struct head *head,
    const struct quote_team *team)
{
	g_autofree char *text = author_lines(lines, head);

	if (team->mac != NULL && strstr(text, team->mac) != NULL)
		return AUTHOR_COPY;
	for (char *const *a = team->addrs; a != NULL && *a != NULL; a++) {
		g_autofree char *addr = g_ascii_strdown(*a, -1);

		if (addr[0] != '\0' && strstr(text, addr) != NULL)
			return AUTHOR_TEAM;
	}
	return AUTHOR_UNKNOWN;
}

/* The line behind the head of the copy between low and high: its own, else the
 * first that no agent's mail has; high if there is none. */
static gsize
copy_start(const struct quote_lines *lines, gsize low, gsize high,
    const struct quote_team *team)
{
	gsize found = high;
	struct head head;

	for (guint n = 0; n < HEADS_MAX && head_next(lines, &low, high, &head);
	     n++) {
		enum author author = author_of(lines, &head, team);

		if (author == AUTHOR_COPY)
			return head.end;
		if (author == AUTHOR_UNKNOWN && found == high)
			found = head.end;
	}
	return found;
}

/* The line behind the last head between low and high; high if it is the head
 * of an agent's mail. */
static gsize
last_start(const struct quote_lines *lines, gsize low, gsize high,
    const struct quote_team *team)
{
	struct head last = {.end = high};
	struct head head;

	while (head_next(lines, &low, high, &head))
		last = head;
	return author_of(lines, &last, team) == AUTHOR_TEAM ? high : last.end;
}

/* The last end line from low on, or the end of all. */
static gsize
last_end(const struct quote_lines *lines, gsize low)
{
	for (gsize i = lines->n; i-- > low;)
		if (lines->v[i].depth == 0 &&
		    endline_is(lines->v[i].words, lines->v[i].words_len))
			return i;
	return lines->n;
}

/* The first of the lines that the end line in line end was made for, or end
 * + 1. The nearest is taken, so that the fewest are cut. */
static gsize
old_start(const struct quote_lines *lines, gsize low, gsize end)
{
	const struct quote_line *last = &lines->v[end];
	struct endline_sum sum = ENDLINE_SUM_INIT;

	for (gsize i = end;; i--) {
		if (endline_fits(&sum, last->words, last->words_len))
			return i;
		if (i == low)
			return end + 1;
		endline_sum_add(
		    &sum, lines->v[i - 1].text, lines->v[i - 1].len);
	}
}

/* Without a head that we know: the copy is whole, or all stays. */
static void
find_headless(struct quote_lines *lines, struct quote_answer *out)
{
	gsize end = last_end(lines, 0);
	gsize start;
	gsize last;

	if (end == lines->n)
		return;
	start = old_start(lines, 0, end);
	if (start > end)
		return;
	for (last = start;
	     last > 0 && quote_line_is_blank(&lines->v[last - 1]);)
		last--;
	if (last == 0 || quote_attribution_at(lines, last - 1, 0, &out->head) <
			     QUOTE_ATTR_NAMED)
		out->head = start;
	out->below = end + 1;
}

static void
find_kept(const struct quote_lines *lines, const struct quote_team *team,
    struct quote_answer *out)
{
	gsize end = last_end(lines, out->head);
	gsize start = end;

	if (end < lines->n) {
		out->below = end + 1;
		start = old_start(lines, out->head, end);
	}
	out->kept_end = start > end ? end : start;
	if (end < lines->n && start <= end)
		out->kept = last_start(lines, out->head, start, team);
	else
		out->kept = copy_start(lines, out->head, end, team);
}

/* Whatever stands around it, the player does not get it. */
static void
drop_ends(struct quote_lines *lines)
{
	for (gsize i = 0; i < lines->n; i++) {
		struct quote_line *line = &lines->v[i];

		if (!endline_is(line->words, line->words_len))
			continue;
		line->words_len = 0;
		line->part = QUOTE_PART_CLIENT;
	}
}

void
quote_answer_find(struct quote_lines *lines, gsize head,
    const struct quote_team *team, struct quote_answer *out)
{
	gsize n = lines->n;
	struct head inner;

	*out = (struct quote_answer){head, n, n, n};
	if (head == n)
		find_headless(lines, out);
	else
		find_kept(lines, team, out);
	quote_mark(lines, out->head, n, QUOTE_PART_QUOTE);
	quote_mark(lines, out->kept, out->kept_end, QUOTE_PART_FRESH);
	quote_mark(lines, out->below, n, QUOTE_PART_FRESH);
	for (gsize i = out->kept; head_next(lines, &i, out->kept_end, &inner);)
		quote_mark(lines, inner.start, inner.end, QUOTE_PART_ATTR);
	drop_ends(lines);
}
