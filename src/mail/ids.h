#ifndef ND_MAIL_IDS_H
#define ND_MAIL_IDS_H

/*
 * By what a mail names itself and others: Message-IDs (RFC 5322 3.6.4) and
 * the Thread-Index of Exchange and Outlook.
 *
 * Tolerant: ids may be folded, stand without brackets, or between other
 * words. What could not be written into a header again is left out. Results
 * are the caller's. Pure.
 */
#include <glib.h>

#include "mail/headers.h"

#define IDS_REFERENCES_MAX 100
#define IDS_RETURNED_MAX 4 /* more, of the mail that a report is about */

/* Adds the ids of all headers of a name, unless known, while out holds less
 * than max. */
void ids_add(GPtrArray *out, const struct headers *headers, const char *name,
    guint max);

/* In-Reply-To, then References from last to first. */
void ids_read_references(GPtrArray *out, const struct headers *headers);

/* "" if there is none. */
char *ids_first(const struct headers *headers, const char *name);

/* The root of Thread-Index as base64 of MAIL_THREAD_LEN octets, "" if there is
 * none: what follows the root names the place in the thread. */
char *ids_thread(const struct headers *headers);

#endif
