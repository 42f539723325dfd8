#ifndef ND_INTAKE_FILES_H
#define ND_INTAKE_FILES_H

/*
 * What the agents get of the attachments of a mail that are no text.
 *
 * Images go through nymdesk-image(8), and what comes back of it is attached;
 * other files are attached if the queue passes them. Everything else stays
 * withheld, with a fate that the agent copy tells; so does everything of a mail
 * that is not shown to be its sender's and names a ticket of another. Asks another role: not to
 * be called while a hazard is entered, nor for a mail that makes no copy.
 */
#include "intake/case.h"
#include "mail/scrub.h"

#define FILES_IMAGES_MAX 20 /* of one mail; the rest is withheld */
/* Octets attached in all: this, or as long as the mail was that came, so that
 * an MTA that took the mail takes its copy, too. */
#define FILES_OCTETS_MIN (4 * 1024 * 1024)

/* flags: as the desk admitted c's mail, of which body was made. FALSE: an image
 * could not be looked at, and the mail has to come again. */
gboolean files_release(const struct mail_case *c, guint32 flags,
    struct scrubbed *body, GError **err);

#endif
