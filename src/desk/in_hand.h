#ifndef ND_DESK_IN_HAND_H
#define ND_DESK_IN_HAND_H

/*
 * Which mails are on their way between admission and commit, and in whose
 * hands: the same mail by two ways at the same moment must not become two
 * copies. In memory only, since the hands end with the desk's connections.
 * A worker holds one mail at a time.
 */
#include "proto/messages.h"

struct in_hand;

struct in_hand *in_hand_new(void);
void in_hand_free(struct in_hand *hands);

/* The worker lets go of what it had and takes this mail. FALSE and ERROR_TEMP
 * if another worker has it. worker is any pointer that is its own. */
gboolean in_hand_take(struct in_hand *hands, gconstpointer worker,
    const struct proto_key *mail, GError **err);

/* The mail was committed, or the worker is gone. Nothing if it has none. */
void in_hand_drop(struct in_hand *hands, gconstpointer worker);

#endif
