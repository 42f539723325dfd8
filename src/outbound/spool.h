#ifndef ND_OUTBOUND_SPOOL_H
#define ND_OUTBOUND_SPOOL_H

/*
 * Mails on their way to the archive: a directory with one file each, put by
 * posts that hand over, taken by the archivist.
 *
 * A file's content is the octets that were sent, and its name our own words:
 * when, a number by chance, the queue. It is there whole or not at all, also
 * after a loss of power (temporary file, fsync, rename, fsync of the
 * directory). Any process may die in any call; one that comes later tidies
 * up. Nothing in it is ever sent to anybody.
 *
 * Every failure is ERROR_TEMP and says nothing of a mail. No failure here may
 * stop a mail that is on its way to a person: callers raise an alarm and go
 * on.
 */
#include <glib.h>

#include "proto/messages.h"

#define SPOOL_OCTETS_MAX (G_GUINT64_CONSTANT(1) << 30)
#define SPOOL_NAME_MAX 200

struct spool_mail {
	const char *queue; /* a-z, 0-9 and -, as the configuration has it */
	GBytes *content;
};

struct spool_entry {
	char *name;  /* own */
	char *queue; /* own */
	gint64 put;  /* s since 1970 */
};

struct spool;

/* dir must be there. Files beyond octets_max together are refused. */
struct spool *spool_new(const char *dir, guint64 octets_max, GError **err);
void spool_free(struct spool *spool); /* NULL is fine */

gboolean spool_put(struct spool *spool, const struct spool_mail *mail,
    GError **err);

/* The same for a mail that is about to be sent: it is not in the list before
 * spool_release(TRUE), and spool_release(FALSE) drops it. Both may be done by
 * a successor, and again. One that nobody releases goes within a day. */
gboolean spool_hold(struct spool *spool, const struct proto_key *job,
    const struct spool_mail *mail, GError **err);
gboolean spool_release(struct spool *spool, const struct proto_key *job,
    gboolean is_sent, GError **err);

/* What is there (struct spool_entry) of a queue (NULL: of all), oldest first,
 * at most max. The caller owns it; NULL: failure. */
GPtrArray *spool_list(struct spool *spool, const char *queue, guint max,
    GError **err);
GBytes *spool_read(struct spool *spool, const struct spool_entry *entry,
    GError **err);
gboolean spool_remove(struct spool *spool, const struct spool_entry *entry,
    GError **err);
/* To the directory "bad" in it, for an operator. */
gboolean spool_set_aside(struct spool *spool, const struct spool_entry *entry,
    GError **err);
/* Removes what was never finished. */
void spool_tidy(struct spool *spool);

#endif
