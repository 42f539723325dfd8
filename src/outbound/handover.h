#ifndef ND_OUTBOUND_HANDOVER_H
#define ND_OUTBOUND_HANDOVER_H

/*
 * The post that hands over: whole mails for agents as they come from a front
 * end, and an agent's answer to the player, which it claims, composes and
 * settles like any other job so that it is sent once.
 */
#include "outbound/post.h"

/* content: the memfd beside the request. Fills answer (the caller clears it).
 * FALSE if nothing was sent and the request may be repeated. */
gboolean handover_serve(struct post *post,
    const struct proto_post_hand_over *request, GBytes *content,
    struct proto_post_result *answer, GError **err);

#endif
