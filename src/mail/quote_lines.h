#ifndef ND_MAIL_QUOTE_LINES_H
#define ND_MAIL_QUOTE_LINES_H

/*
 * The lines of a text as quote_split() sees them, and what can be said of a
 * line or of a few in a row. Private to quote.c; lines borrow from the text.
 * Every question is answered in time that does not grow with the text.
 */
#include <glib.h>

#include "mail/quote_words.h"

#define QUOTE_SIG_LINES 40 /* after "-- ", which only signatures have */

enum quote_part {
	QUOTE_PART_FRESH,
	QUOTE_PART_QUOTE,
	QUOTE_PART_ATTR,
	QUOTE_PART_SIG,
	QUOTE_PART_CLIENT,
};

struct quote_line {
	const char *text; /* borrowed; as it was */
	gsize len;
	const char *words; /* borrowed; after the quote marks */
	gsize words_len;   /* without blanks at the end */
	guint depth;	   /* quote marks */
	enum quote_part part;
	enum quote_header header;
};

struct quote_lines {
	struct quote_line *v; /* own */
	gsize n;
};

/* At most QUOTE_LINES_MAX + 1 lines; the caller frees v. */
struct quote_lines quote_lines_of(const char *text);

/* Neither quote marks nor words; words without quote marks. */
gboolean quote_line_is_blank(const struct quote_line *line);
gboolean quote_line_ends_part(const struct quote_line *line);
gboolean quote_line_is_text(const struct quote_line *line);
gboolean quote_line_is_separator(const struct quote_line *line);
gboolean quote_line_is_forward(const struct quote_line *line);
/* "__________" */
gboolean quote_line_is_rule(const struct quote_line *line);
/* "--" */
gboolean quote_line_is_delimiter(const struct quote_line *line);
gboolean quote_line_is_client(const struct quote_line *line);

/* Looks for an attribution that ends in line last and starts at low or
 * after; *first is its start. */
enum quote_attribution quote_attribution_at(
    const struct quote_lines *lines, gsize last, gsize low, gsize *first);

/* The end of the lines from i on that begin like a quote but may well be
 * words (">100 EUR"), as nothing around them is quoted alike; or i. */
gsize quote_comparison_end(const struct quote_lines *lines, gsize i);

/* What looked like quote marks are words. */
void quote_line_unmark(struct quote_line *line);

/* The end of the header block that starts in line i, or i. */
gsize quote_block_end(const struct quote_lines *lines, gsize i, gsize high);
/* The end of a separator, a header block, or both; or i. */
gsize quote_head_end(const struct quote_lines *lines, gsize i);

void quote_mark(
    struct quote_lines *lines, gsize a, gsize b, enum quote_part part);

#endif
