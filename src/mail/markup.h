#ifndef ND_MAIL_MARKUP_H
#define ND_MAIL_MARKUP_H

/*
 * HTML reduced to the plain form that libxml2 reads in linear time and as
 * a browser does.
 *
 * libxml2 2.9 is quadratic in the attributes of a tag (14 s for 512 kB) and
 * finds other ends of odd tags and comments than HTML 5 (WHATWG 13.2.5).
 * So tags are written anew with those attributes only that decide what is
 * visible or quoted, comments and declarations vanish, and references become
 * numbers, as libxml2 knows those of HTML 4 only.
 *
 * Inputs are valid UTF-8 that ends with NUL. Linear time. Pure.
 */
#include <glib.h>

#define MARKUP_NAME_MAX 32
#define MARKUP_VALUE_MAX 4096 /* octets; a longer attribute is left out */

struct markup_tag {
	char name[MARKUP_NAME_MAX]; /* lower case, cut; "" if it was none */
	gboolean is_end;
};

/* Appends the text at p; returns the "<" of the markup behind it, or the
 * end. */
const char *markup_read_text(const char *p, GString *out);

/* Appends the tag at p, which is "<" as markup_read_text() found it, or
 * nothing for a comment, a declaration or a tag that does not end. Returns
 * what follows. */
const char *markup_read_tag(const char *p, GString *out,
    struct markup_tag *tag);

/* Behind the end tag of an element that holds no markup, such as a script;
 * without one all the rest is its content. */
const char *markup_skip_raw(const char *p, const char *name);

#endif
