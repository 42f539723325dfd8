#ifndef ND_MAIL_SNIFF_H
#define ND_MAIL_SNIFF_H

/*
 * The media type of an attachment, by its content alone: a declared type or
 * a file name is a sender's word. Pure; looks at a bounded prefix, except
 * that text is checked whole.
 */
#include <glib.h>

/* "image/jpeg", ..., "text/plain" for UTF-8 without control characters,
 * else "application/octet-stream". A literal. What is done with which type:
 * mail/kind.h. */
const char *sniff_type(const guint8 *data, gsize len);

/* TRUE if the octets can be text in some 8-bit charset or UTF-16. */
gboolean sniff_is_text(const guint8 *data, gsize len);

#endif
