#ifndef ND_DESK_DECISION_H
#define ND_DESK_DECISION_H

/*
 * What becomes of one mail: decided in mail.c, taken in commit.c. Shared by
 * these two only.
 */
#include "desk/desk.h"
#include "ticket/decide.h"

/* A mail under decision: what was asked, and what comes of it. */
struct decision {
	struct desk *desk;		     /* borrowed */
	const struct proto_desk_admit *mail; /* borrowed */
	const struct config_queue *queue;    /* borrowed; of the mail */
	gint64 at;			     /* s; receipt */

	enum proto_verdict verdict;
	guint32 flags;
	struct number mentions;
	gboolean is_same_contact;
	struct store_ticket ticket; /* as it will be; empty if none */
	struct effects effects;
};

/* Reads only. The decision borrows desk and mail, and owns nothing. */
gboolean decision_make(struct desk *desk, const struct proto_desk_admit *mail,
    gint64 now, struct decision *d, GError **err);

/* Ids under the i-th epoch, 0 being the newest. */
const struct proto_epoch_ids *decision_epoch(const struct decision *d, guint i);

#endif
