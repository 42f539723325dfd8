#ifndef ND_MAIL_CHARSET_H
#define ND_MAIL_CHARSET_H

/*
 * Any octets to valid UTF-8 without NUL; what cannot be converted becomes
 * U+FFFD, never nothing. Only charsets of a fixed list reach iconv, so that
 * no exotic converter is loaded on a sender's wish. A label that is wrong,
 * unknown or missing is no error: octets that are valid UTF-8 are UTF-8, all
 * others are read as windows-1252, as mail readers do.
 */
#include <glib.h>

/* Loads the converters of the list, which need files: once, before the
 * process loses its file system. */
void charset_init(void);

/* label may be NULL. Never NULL; caller frees. */
char *charset_to_utf8(const char *label, const char *bytes, gsize len);

#endif
