#ifndef ND_OUTBOUND_FILING_H
#define ND_OUTBOUND_FILING_H

/*
 * How a mail that was handed over gets into the spool, if its queue has an
 * archive. Nothing here can fail a mail: what the archive will miss is an
 * error in the log, for an operator.
 */
#include "outbound/post.h"

/* A whole mail that was sent. queue: "" for none. */
void filing_put(struct post *post, const char *queue, GBytes *content);

/* An agent's answer that is about to be sent under these labels: composed as
 * mail/archived.h says and held in the spool. */
struct filing_answer {
	const struct proto_job *job;
	const char *agent; /* agent_name() of who wrote it */
	const char *text;
};
void filing_hold(struct post *post, const struct filing_answer *answer,
    const struct label_set *label);
/* What became of it; also for the jobs of a predecessor, and for those that
 * are none of an answer. */
void filing_release(struct post *post, const struct proto_job_name *job,
    enum proto_outcome outcome);

#endif
