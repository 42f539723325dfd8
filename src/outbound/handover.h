#ifndef ND_OUTBOUND_HANDOVER_H
#define ND_OUTBOUND_HANDOVER_H

/*
 * The post that hands over: whole mails for agents as they come from a front
 * end, and an agent's answer to the player, which it claims, composes and
 * settles like any other job so that it is sent once. What was sent goes into
 * the spool of the queue's archive, if it has one.
 *
 * A post that is killed leaves nothing out of the archive: a whole mail that
 * nobody answered comes again, with the same Message-ID; an answer's copy is
 * held in the spool before it is sent, and the successor releases or drops it
 * as the job ends.
 */
#include "outbound/post.h"

/* content: the memfd beside the request. Fills answer (the caller clears it).
 * FALSE if nothing was sent and the request may be repeated. */
gboolean handover_serve(struct post *post,
    const struct proto_post_hand_over *request, GBytes *content,
    struct proto_post_result *answer, GError **err);

#endif
