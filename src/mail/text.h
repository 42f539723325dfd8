#ifndef ND_MAIL_TEXT_H
#define ND_MAIL_TEXT_H

/*
 * The one shape of text that leaves src/mail: valid UTF-8, LF line ends, no
 * control character but TAB. Inputs are valid UTF-8 without NUL
 * (mail/charset.h). Linear time; results are the caller's to free. Pure.
 */
#include <glib.h>

#define TEXT_MAX (1024 * 1024) /* octets of text of one mail or file */
#define TEXT_CUT "[text cut here]"
/* A line of its own between the texts of two parts. No text_clean() lets it
 * through, so that none can come out of a mail. */
#define TEXT_PART "\f"

/* One line: line ends and white space become one space each, other control
 * characters vanish, the ends are trimmed, the rest is cut at max octets. */
char *text_line(const char *text, gsize max);

/* Many lines: any line end becomes LF, control characters vanish, trailing
 * blanks are cut, at most two blank lines follow each other, the first line
 * is not blank, and a text that is not empty ends with one LF. Longer than
 * max octets: it ends with the line TEXT_CUT. */
char *text_clean(const char *text, gsize max);

/* The same for texts with TEXT_PART lines between them, which stay. */
char *text_clean_parts(const char *text, gsize max);

/* Undoes format=flowed (RFC 3676): joins flowed lines of one quote depth and
 * takes the space stuffing away. is_delsp as in its section 4.1. */
char *text_unflow(const char *text, gboolean is_delsp);

/* Each line behind "> ". */
char *text_quote(const char *text);

#endif
