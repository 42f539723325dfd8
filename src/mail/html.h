#ifndef ND_MAIL_HTML_H
#define ND_MAIL_HTML_H

/*
 * The visible text of an HTML body.
 *
 * Left out: scripts, styles, titles, comments, images and their alt text,
 * elements hidden by attribute or inline style, and all attributes but the
 * target of an http(s) link, shown as "text <url>" where it differs from the
 * text. Block elements begin lines, list items "- ", quotes "> ", table
 * cells are separated by a space.
 *
 * Linear time and memory: the tokenizer follows HTML 5 (WHATWG 13.2.5) and
 * is ours, because libxml2's is quadratic in the attributes of a tag (14 s
 * for 512 kB) and stops at depth 256, which would drop what follows.
 * libxml2 gives the entities. Nothing is ever loaded.
 */
#include <glib.h>

#define HTML_DEPTH_MAX 256	     /* deeper elements have no effect */
#define HTML_TEXT_MAX (1024 * 1024)  /* octets; a longer text is cut */

/* html is UTF-8 (repaired if it is not). Result as of text_clean(), never
 * NULL; caller frees. */
char *html_to_text(const char *html, gsize len);

#endif
