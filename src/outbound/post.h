#ifndef ND_OUTBOUND_POST_H
#define ND_OUTBOUND_POST_H

/*
 * What one post process works with, and the one way a mail gets to a player:
 * claim a job at the desk, have the vault open its envelope, compose, send,
 * settle. An opened address lives on the stack of that way only.
 */
#include <glib.h>

#include "base/config.h"
#include "outbound/notice.h"
#include "outbound/slot.h"
#include "outbound/smtp.h"
#include "outbound/spool.h"
#include "proto/ipc.h"
#include "proto/messages.h"

struct post {
	const struct config *config; /* borrowed */
	struct notices *notices;     /* own; set by whoever made the post */
	struct answers *answers;     /* own; as notices */
	guint32 kinds;		     /* that post_work() claims: bits
				      * 1 << enum proto_job_kind */
	struct spool *spool;	     /* own; NULL until it is needed */
	struct slot *slot;	     /* own */
	guint slot_number;
	struct ipc_client *desk; /* own */
	struct ipc_client *vault; /* own */
	struct smtp *smtp;	 /* own */
	volatile const int *stop; /* borrowed: set by SIGTERM */
};

/* Takes slot. */
struct post *post_new(const struct config *config, struct slot *slot,
    guint slot_number, volatile const int *stop);
void post_free(struct post *post);

/* Settles what a predecessor in this slot left. Blocks until the desk is
 * there or stop is set: then FALSE. */
gboolean post_recover(struct post *post);

/* A mail to the player of a job, which the slot holds as number index. */
struct post_mail {
	const struct proto_job *job;
	guint index;
	const struct notice_args *notice; /* without what only the vault knows;
					   * NULL: an answer in his thread */
	const char *text; /* of an answer, UTF-8 */
	/* Called with the labels of the mail before it is sent; may be NULL. */
	void (*on_labelled)(const struct label_set *label, gpointer user_data);
	gpointer user_data;
};

/* What became of it; never fails otherwise. *result is the MTA's reply. The
 * mail ends with the footer of its language. */
enum proto_outcome post_send_to_player(struct post *post,
    const struct post_mail *mail, struct smtp_result *result);

/* What a mail to agents about the job's ticket, of a kind that is for agents,
 * is labelled with: ids of its own, and their capability. */
gboolean post_get_label(struct post *post, const struct proto_job *job,
    enum proto_job_kind kind, struct label_set *label, GError **err);

/* Tells the desk the outcomes and asks for up to want jobs; waits at most
 * wait_ms for one. jobs must be zeroed or cleared. Outcomes are told again
 * and again until the desk has them; FALSE only if stop is set. */
gboolean post_work(struct post *post, GArray *settled, guint want,
    guint wait_ms, struct proto_desk_jobs *jobs);

#endif
