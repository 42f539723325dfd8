#ifndef ND_REPORT_COLUMNS_H
#define ND_REPORT_COLUMNS_H

/*
 * Tables of text: what stands in a column of so many places, with wide and
 * combining characters counted as a terminal shows them. Texts are UTF-8
 * without control characters (report_name()). Cannot fail.
 */
#include <glib.h>

/* No line of a table for a mail is longer, so that quoting it breaks none. */
#define COLUMNS_MAIL 72

guint columns_of(const char *text);
/* Left, filled with blanks; cut to its place and ended with "~". */
void columns_put_left(GString *out, const char *text, guint width);
/* Right, behind at least one blank, never cut. Takes text. */
void columns_put_right(GString *out, char *text, guint width);

#endif
