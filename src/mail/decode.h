#ifndef ND_MAIL_DECODE_H
#define ND_MAIL_DECODE_H

/*
 * Header values to plain values: encoded words (RFC 2047), raw 8-bit text
 * and address lists (RFC 5322 3.4), by GMime. Values must be bounded by the
 * pre-scan or cut short (DECODE_SHORT): GMime recurses into groups.
 */
#include <glib.h>

#include "base/addr.h"

#define DECODE_SHORT 998	/* octets of a value the pre-scan has not seen */
#define DECODE_MAILBOXES 10000	/* of one list; the rest is not looked at */

struct mailbox {
	struct addr *addr; /* own; NULL if the address is not usable */
	char *name;	   /* own; one line, "" if none */
};

/* Once per process, after g_mime_init(). */
void decode_init(void);

/* One line of at most max octets; caller frees. */
char *decode_text(const char *value, gsize max);

/* The same for a text that is decoded already. */
char *decode_plain(const char *text, gsize max);

/* All mailboxes, those of groups in their place: own struct mailbox. Never
 * NULL; caller unrefs. */
GPtrArray *decode_mailboxes(const char *value);

#endif
