#ifndef ND_MAIL_KEYED_H
#define ND_MAIL_KEYED_H

/*
 * Keyed addresses and Message-IDs in a text (ticket/label.h). They prove a
 * ticket, so those of one side must never get to the other, whatever a client
 * or a person made of them: another case of letters, "(at)", mailto:,
 * percent, entities. Linear; pure.
 */
#include <glib.h>

/* text without keyed addresses and ids of the domain, without bare "number-
 * mac", and without mac wherever it stands. mac: 13 characters or NULL.
 * Caller frees. */
char *keyed_drop(const char *text, const char *domain, const char *mac);

/* TRUE if mac can still be read, with whatever blanks and signs between its
 * characters. FALSE for a mac of NULL. */
gboolean keyed_is_left(const char *text, const char *mac);

#endif
