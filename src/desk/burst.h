#ifndef ND_DESK_BURST_H
#define ND_DESK_BURST_H

/*
 * How many mails of each contact were taken within ack_window. In memory only:
 * rows that tell when each mail of a contact came would be worth more to who
 * steals them than the limit is to us. So a desk that starts anew counts from
 * zero, and of more than BURST_MAILS_MAX mails it forgets the oldest.
 *
 * Mails shown forged are counted apart from those that may be the contact's:
 * they have a limit, but do not use up his. Mails without an address to answer
 * to are nobody's; agents' mails and reports are not counted, but a player's
 * limit holds for what he writes to agents' addresses.
 */
#include "desk/decision.h"

#define BURST_MAILS_MAX 131072 /* more than mail_burst can be */

struct burst;

struct burst *burst_new(void);
void burst_free(struct burst *burst);

/* This mail was taken. */
void burst_add(struct burst *burst, const struct decision *d, gint64 now);

/* TRUE if this mail is one more than mail_burst allows. */
gboolean burst_is_over(
    struct burst *burst, const struct decision *d, gint64 now);

#endif
