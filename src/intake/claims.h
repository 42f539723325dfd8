#ifndef ND_INTAKE_CLAIMS_H
#define ND_INTAKE_CLAIMS_H

/*
 * What a mail says about tickets, before anybody has proven a word of it:
 * claims are labels and numbers of ours, clues are traits by which another
 * mail of the same contact finds its ticket. Pure; the lists are bounded by
 * PROTO_CLAIMS_MAX and PROTO_CLUES_MAX, whatever the mail holds.
 */
#include <glib.h>

#include "base/config.h"
#include "mail/model.h"
#include "ticket/label.h"

/* struct proto_claim, without doubles, in falling order of weight: rcpt (the
 * label of the address the mail came to), labelled addresses of the queue
 * that the header names, the mail's own Message-ID, what it answers to, and
 * numbers of its subject. Message-IDs count under the domain of any queue.
 * Caller unrefs. */
GArray *claims_collect(const struct config *config, const struct mail *mail,
    const struct config_queue *queue, const struct label *rcpt);

/* The address of the ticket that has a wish: rcpt, else the first such
 * address of the queue that the header names. LABEL_NONE if there is none. */
struct label claims_wish(const struct config *config, const struct mail *mail,
    const struct config_queue *queue, const struct label *rcpt);

/* struct proto_clue_text; each owns its text. Always one of each kind that is
 * kept, made up if the mail has none of it. Message-IDs of ours are none:
 * they are claims. Caller unrefs. */
GArray *clues_collect(const struct config *config, const struct mail *mail);

/* The queue of the first address with a capability's form in the header, NULL
 * if there is none: a reply to all comes to its other recipients, too. */
const struct config_queue *claims_queue(
    const struct config *config, const struct mail *mail);

/* Who the header names as recipients, seen from one ticket. */
struct claims_rcpts {
	guint ticket; /* addresses of the ticket */
	guint others; /* addresses of other tickets */
	guint people; /* that are no address of ours, or not legible */
};

struct claims_rcpts claims_rcpts(const struct config *config,
    const struct mail *mail, const struct number *number);

#endif
