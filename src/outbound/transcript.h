#ifndef ND_OUTBOUND_TRANSCRIPT_H
#define ND_OUTBOUND_TRANSCRIPT_H

/*
 * The whole thread of a ticket as text, for its player.
 *
 * In it stand his own mails as agents saw them and our answers, by time. Left
 * out are notes, mails that were not shown to be his, what he quoted, our
 * remarks above a copy, end lines, names of agents, and addresses and ids that
 * prove a ticket.
 */
#include "outbound/thread.h"

#define TRANSCRIPT_OCTETS_MAX (256 * 1024) /* of the newest mails */
#define TRANSCRIPT_TRIES 12 /* of a job: about an hour */

/* mails: struct thread_mail, by time. "" if nothing is left. The caller
 * frees. */
char *transcript_write(const struct config *config, const GPtrArray *mails);

/* PROTO_JOB_TRANSCRIPT. If there is no archive, or it does not answer for too
 * long, the mail says that there is no transcript. */
enum proto_outcome transcript_send(struct archivist *archivist,
    const struct proto_job *job, struct smtp_result *result);

#endif
