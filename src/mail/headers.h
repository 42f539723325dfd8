#ifndef ND_MAIL_HEADERS_H
#define ND_MAIL_HEADERS_H

/*
 * The header part at the top of a mail (RFC 5322 2.2), as name and value.
 *
 * One view of the headers for all facts, whether GMime may parse the mail or
 * not. Values are unfolded, trimmed, without NUL, CR and LF, but not decoded:
 * any other octet may be in them. Lines that are no headers are skipped.
 * Bounded: at most HEADERS_MAX headers of HEADERS_BYTES together; the rest
 * is not looked at.
 */
#include <glib.h>

#define HEADERS_MAX 2000
#define HEADERS_BYTES 262144

struct header {
	char *name;  /* own; lower case */
	char *value; /* own */
};

struct headers {
	GPtrArray *list; /* own struct header, in order */
	gsize body;	 /* offset of what follows the blank line */
};

/* Values are cut at value_max octets. Never fails. */
struct headers *headers_scan(const char *raw, gsize len, gsize value_max);
void headers_free(struct headers *headers);
typedef struct headers headers_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(headers_auto, headers_free)

/* The value of the n-th header of this name (lower case), or NULL.
 * Borrowed. */
const char *headers_get(const struct headers *headers, const char *name,
    guint n);

/* Steps over comments and white space (RFC 5322 3.2.2 CFWS). */
const char *headers_skip_cfws(const char *p);

/* The first word of a structured value in lower case, behind comments, without
 * its parameters; caller frees. */
char *headers_first_word(const char *value);

#endif
