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
 * libxml2's HTML parser calls back per element and text; no tree is built,
 * so its limit of depth does not bite. It reads what mail/markup.h leaves.
 * Linear time and memory. Nothing is ever loaded, nothing printed.
 */
#include <glib.h>

#define HTML_DEPTH_MAX 256	     /* deeper elements have no effect */
#define HTML_TEXT_MAX (1024 * 1024)  /* octets; a longer text is cut */

/* Once per process, before any thread. */
void html_init(void);

/* html is UTF-8 (repaired if it is not). Result as of text_clean(), never
 * NULL; caller frees. */
char *html_to_text(const char *html, gsize len);

/* The charset that a document names inside, NULL if none; caller frees. */
char *html_charset(const char *bytes, gsize len);

/* Some say nothing of the type, or it was lost on the way. */
gboolean html_begins(const char *text);

#endif
