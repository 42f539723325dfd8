#ifndef ND_MAIL_ENDLINE_H
#define ND_MAIL_ENDLINE_H

/*
 * The line that ends every copy: "[end of mail 7k3f9]".
 *
 * Clients that do not mark old lines give the copy back as it was, with the
 * agent's words above, between or below. The code is a hash of what stands
 * above the line, without key: it tells nothing that the copy does not tell,
 * and whether somebody wrote in between. Counted are letters, digits and
 * signs beyond ASCII, in one case; not counted is what clients change: blanks,
 * line breaks, quote marks and other punctuation, and where a link leads. A
 * link counts as one, also when its target is given again behind it.
 *
 * Texts are valid UTF-8. Linear time; pure.
 */
#include <glib.h>

/* The line for a text, without line end. Caller frees. */
char *endline_make(const char *text);

/* The text with each such line, also a broken, wrapped or damaged one, on a
 * line of its own. Caller frees. */
char *endline_part(const char *text);

/* The text without them. Caller frees. */
char *endline_drop(const char *text);

/* TRUE if a line of endline_part(), without quote marks, is one, also if it is
 * indented. */
gboolean endline_is(const char *line, gsize len);

/* What stands above, taken line by line from the last one up, as then every
 * line may be the first. Begins with ENDLINE_SUM_INIT. */
struct endline_sum {
	guint64 hash;
};

#define ENDLINE_SUM_INIT                                                       \
	{                                                                      \
		G_GUINT64_CONSTANT(0xcbf29ce484222325)                         \
	}

void endline_sum_add(struct endline_sum *sum, const char *line, gsize len);

/* TRUE if the code of an end line is that of the sum. */
gboolean endline_fits(
    const struct endline_sum *sum, const char *line, gsize len);

#endif
