#ifndef ND_OUTBOUND_PROMISE_H
#define ND_OUTBOUND_PROMISE_H

/*
 * The post that keeps promises: claims due jobs at the desk, writes and sends
 * notices to players and words to agents, settles.
 */
#include "outbound/post.h"

/* Claims jobs of these kinds (bits 1 << enum proto_job_kind) until the post's
 * stop flag is set; what is claimed is finished. */
void promise_run(struct post *post, guint32 kinds);

/* All kinds that a post without an archive claims. */
#define PROMISE_KINDS                                                          \
	(((1u << PROTO_JOB_END) - 2) & ~(1u << PROTO_JOB_ANSWER))

/* The notice of a job to a player, which the slot holds as number index.
 * thread: for PROTO_JOB_TRANSCRIPT the whole thread as text, NULL if there is
 * no archive; else NULL. */
enum proto_outcome promise_send_notice(struct post *post,
    const struct proto_job *job, guint index, const char *thread,
    struct smtp_result *result);

#endif
