#ifndef ND_MAIL_ENTITY_H
#define ND_MAIL_ENTITY_H

/*
 * HTML character references (WHATWG 13.2.5.72). Pure.
 */
#include <glib.h>

/* p points to "&". Returns the character and sets *len to the octets read,
 * or returns 0 if this is no reference: the "&" stands for itself. */
gunichar entity_read(const char *p, const char *end, gsize *len);

/* Appends the text with all references decoded. */
void entity_decode(GString *out, const char *p, const char *end);

#endif
