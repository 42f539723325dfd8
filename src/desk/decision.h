#ifndef ND_DESK_DECISION_H
#define ND_DESK_DECISION_H

/*
 * What becomes of one mail: looked for in find.c, decided in mail.c (reports
 * in report.c), taken in commit.c. Shared by these only.
 */
#include "desk/desk.h"
#include "ticket/decide.h"
#include "ticket/route.h"

/* A mail under decision: what was asked, and what comes of it. */
struct decision {
	struct desk *desk;		     /* borrowed */
	const struct proto_desk_admit *mail; /* borrowed */
	const struct config_queue *queue;    /* borrowed; of the mail */
	gint64 at;			     /* s; receipt */

	enum proto_verdict verdict;
	guint32 flags;
	guint guesses; /* what it tried of ours that does not hold */
	struct number mentions;
	gboolean is_same_contact;
	struct store_ticket ticket; /* as it will be; empty if none */
	struct effects effects;

	/* decision_find_contact() */
	gboolean is_contact_sought;
	guint64 contact_rows; /* bit i: there is a row under the i-th epoch */
	struct store_contact contact; /* the newest of them */
};

/* Reads only. The decision borrows desk and mail, and owns nothing. */
gboolean decision_make(struct desk *desk, const struct proto_desk_admit *mail,
    gint64 now, struct decision *d, GError **err);

/* Ids under the i-th epoch, 0 being the newest. */
const struct proto_epoch_ids *decision_epoch(const struct decision *d, guint i);

/* The i-th claim, or NULL behind the last. */
const struct proto_claim *decision_claim(const struct decision *d, guint i);

/* The first claim of this kind whose ticket is there. */
enum store_result decision_find_claimed(const struct decision *d,
    enum proto_via via, struct store_ticket *out, GError **err);

/* A sender that is shown forged, or none at all, identifies nobody: all mails
 * without a sender share one contact id. */
gboolean decision_is_identified(const struct decision *d);
gboolean decision_is_contact_of(
    const struct decision *d, const struct store_ticket *ticket);

/* Fills in what the store knows of the mail's contact; once. */
gboolean decision_find_contact(struct decision *d, GError **err);

/* What the clue is in the store: it is the contact's alone, so that the same
 * Message-ID from somebody else is another trait. FALSE if the mail has no
 * contact id under the clue's epoch. */
gboolean decision_trait(const struct decision *d, const struct proto_clue *clue,
    struct store_trait *out);

/* Which ticket a mail of the player's side belongs to. Looks no further than
 * it has to. */
gboolean decision_route(struct decision *d, struct route *out, GError **err);

/* A report on a mail of ours: verdict, ticket and effects. */
gboolean decision_report(struct decision *d, GError **err);

/* wish.c. "Forget me" is granted to who has the ticket's capability address and
 * is its player; the same for a rating, of which the ticket is d->ticket then. */
enum store_result decision_find_to_forget(
    const struct decision *d, struct number *out, GError **err);
enum store_result decision_find_to_rate(struct decision *d, GError **err);
void decision_rate(struct decision *d);

/* wish.c. Of a follow-up: adds to its flags what is granted of what it asks
 * for, before it is decided; does that, before the ticket's row is written. */
gboolean decision_grant_wishes(
    struct decision *d, gboolean reopens, GError **err);
gboolean decision_do_wishes(struct decision *d, GError **err);

/* The policy of the ticket's own queue; that may be gone from the
 * configuration, then of the mail's. */
struct policy decision_policy(
    const struct decision *d, const struct ticket *ticket);

#endif
