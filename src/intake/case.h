#ifndef ND_INTAKE_CASE_H
#define ND_INTAKE_CASE_H

/*
 * One mail for one of its recipients, on its way through vault, desk and
 * post. Shared by the player's side, the agent's side and reports.
 */
#include <glib.h>

#include "base/config.h"
#include "intake/hazard.h"
#include "mail/model.h"
#include "proto/ipc.h"
#include "proto/messages.h"
#include "rules/rules.h"
#include "template/answer.h"
#include "ticket/label.h"

struct names; /* intake/names.h */

/* The clients of one worker. */
struct peers {
	struct ipc_client *vault; /* own */
	struct ipc_client *desk;  /* own */
	struct ipc_client *post;  /* own */
	struct ipc_client *image; /* own */
};

struct mail_case {
	const struct peers *peers;	  /* borrowed, as are the next eight */
	struct hazard *hazard;
	GBytes *message;		  /* as received */
	struct proto_key canonical;	  /* of it, mail/canonical.h */
	const struct config *config;
	const struct rules *rules;
	const struct answers *answers;
	const struct names *names;
	const struct config_queue *queue;
	const struct mail *mail;
	gboolean *is_told;		  /* borrowed; agents had a word */
	gboolean is_on_line;		  /* its sender can be told to come
					   * again later */
	enum proto_mail_outcome outcome;  /* if delivering it did not fail */
	gint64 now;			  /* s: receipt by the gateway */
	GArray *claims;			  /* own struct proto_claim */
	struct label wish;		  /* of an address, not yet proven */
	struct proto_vault_identity id;	  /* own; proto_clear() */
	guint guesses;			  /* of an identity given up */
};

/* Asks the vault who c's mail is from and what of it holds, for c->queue.
 * Fills claims and id, which case_forget() frees. */
gboolean case_identify(struct mail_case *c, const struct label *rcpt,
    GError **err);
void case_forget(struct mail_case *c);

/* From now on the mail is for the queue of this name: labels are made for it.
 * What holds of the mail still does. Nothing happens if there is no such queue
 * (any more), or it is c's. */
gboolean case_move(struct mail_case *c, const char *queue, GError **err);

/* What the ticket's address for the player asks for, if it holds. */
enum label_wish case_wish(const struct mail_case *c);
/* The first claim of this way whose proof holds, or NULL. */
const struct proto_proof *case_proof(const struct mail_case *c,
    enum proto_via via);
/* The side of the first address of a ticket that holds. */
enum proto_side case_side(const struct mail_case *c);
/* Keyed claims of ours that do not hold. */
guint case_guesses(const struct mail_case *c);

/* The ticket whose address for agents the mail proves, and that address's
 * keyed part; NULL if there is none. Borrowed. */
const struct number *case_agent_ticket(const struct mail_case *c);
const char *case_agent_mac(const struct mail_case *c);

/* The claims that may count for this side, without their keyed parts. Caller
 * unrefs. */
GArray *case_claims(const struct mail_case *c, enum proto_side side);

/* Labels for this number; the vault is asked if they are not known yet. NULL
 * if that fails. Borrowed; valid until the next call. */
const struct label_set *case_labels(const struct mail_case *c,
    const struct number *number, GError **err);

/* The desk's question for this side, with the claims that belong to it. The
 * lists are borrowed from c, but for claims and numbers: case_admit_clear().
 */
void case_admit_fill(const struct mail_case *c, enum proto_side side,
    struct proto_desk_admit *admit);
void case_admit_clear(struct proto_desk_admit *admit);

/* Admit and commit of the desk. Between them it keeps the mail from everybody
 * else, so who fails there lets go. */
gboolean case_admit(const struct mail_case *c,
    const struct proto_desk_admit *admit,
    struct proto_desk_admitted *admitted, GError **err);
/* labels: of the copy handed over, NULL if there is none. */
gboolean case_commit(const struct mail_case *c,
    const struct proto_desk_admit *admit,
    const struct proto_desk_admitted *admitted,
    const struct label_set *labels, GError **err);
void case_let_go(const struct mail_case *c);

/* A whole mail of ours, to agents; all borrowed. */
struct case_mail {
	const struct label_set *labels; /* make the envelope sender; NULL for
					 * the null one */
	const char *const *rcpt_addrs;	/* NULL-ended */
	GBytes *content;
	const char *archive; /* name of the queue whose archive keeps it, "" if
			      * none does */
};

/* TRUE if at least one recipient was accepted. */
gboolean case_hand_over(const struct mail_case *c,
    const struct case_mail *mail, GError **err);

/* The two sides. FALSE: nothing was committed; the mail stays with the
 * client. */
gboolean player_deliver(struct mail_case *c, GError **err);
gboolean agent_deliver(struct mail_case *c, GError **err);

/* TRUE if the mail's From is one of the queue's members. */
gboolean agent_is_member(const struct mail_case *c);
/* TRUE if no person wrote it, by its headers or by the words of an automatic
 * reply. For mails of members and to the agents' side. */
gboolean agent_is_machine(const struct mail_case *c);
/* A member wrote to the queue itself: he is told to use a ticket's address. */
gboolean agent_deliver_stray(const struct mail_case *c, GError **err);

#endif
