#ifndef ND_OUTBOUND_WORD_H
#define ND_OUTBOUND_WORD_H

/*
 * Mails to agents that nobody wrote: a clock of a ticket runs out, a ticket
 * comes to them, the head's numbers of the week. English, like all that
 * agents read.
 *
 * They name no player and need no envelope, and hold nothing of a mail. They
 * come from the queue's address; a reply to one that is about a ticket goes to
 * the ticket's agent-side capability and is an answer like any other. Their
 * envelope sender is the null one: nobody has to be told that one came back.
 *
 * No place in the slot is used: a post that is killed between Postfix's reply
 * and the desk's makes its successor send such a mail again, under the same
 * Message-ID.
 *
 * Each says what became of the job; *result is the MTA's reply. PROTO_FAILED
 * only if the MTA refused all recipients for good.
 */
#include "outbound/post.h"

/* PROTO_JOB_STAGE, to the list of the ticket's level. */
enum proto_outcome word_send_stage(struct post *post,
    const struct proto_job *job, struct smtp_result *result);

/* PROTO_JOB_HANDED, to the list of the ticket's level. has_thread: its mails
 * were sent to those who did not have them; else they are told where they
 * are. */
enum proto_outcome word_send_handed(struct post *post,
    const struct proto_job *job, gboolean has_thread,
    struct smtp_result *result);

/* PROTO_JOB_WEEKLY, to the queue's head; what has none is done. */
enum proto_outcome word_send_weekly(struct post *post,
    const struct proto_job *job, struct smtp_result *result);

#endif
