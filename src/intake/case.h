#ifndef ND_INTAKE_CASE_H
#define ND_INTAKE_CASE_H

/*
 * One mail for one of its recipients, on its way through vault, desk and
 * post. Shared by the player's and the agent's side of deliver.c.
 */
#include <glib.h>

#include "base/config.h"
#include "intake/hazard.h"
#include "mail/model.h"
#include "proto/ipc.h"
#include "proto/messages.h"
#include "rules/rules.h"

/* The clients of one worker. */
struct peers {
	struct ipc_client *vault; /* own */
	struct ipc_client *desk;  /* own */
	struct ipc_client *post;  /* own */
	struct ipc_client *image; /* own */
};

struct mail_case {
	const struct peers *peers;	  /* borrowed, as are the next six */
	struct hazard *hazard;
	GBytes *message;		  /* as received */
	const struct config *config;
	const struct rules *rules;
	const struct config_queue *queue;
	const struct mail *mail;
	gint64 now;			  /* s: receipt by the gateway */
	GArray *claims;			  /* own struct proto_claim */
	struct proto_vault_identity id;	  /* own; proto_clear() */
};

/* Labels the vault made for this number, NULL if it made none. Borrowed. */
const struct label_set *case_labels(const struct mail_case *c,
    const struct number *number);

/* The desk's question for this side. The lists are borrowed from c, but for
 * claims and numbers: case_admit_clear(). */
void case_admit_fill(const struct mail_case *c, enum proto_side side,
    struct proto_desk_admit *admit);
void case_admit_clear(struct proto_desk_admit *admit);

/* Hands a whole mail over. labels make the envelope sender; NULL for the null
 * one. TRUE if at least one recipient was accepted. */
gboolean case_hand_over(const struct mail_case *c,
    const struct label_set *labels, const char *const *rcpt_addrs,
    GBytes *content, GError **err);

/* The two sides. FALSE: nothing was committed; the mail stays with the
 * client. */
gboolean player_deliver(struct mail_case *c, GError **err);
gboolean agent_deliver(struct mail_case *c, GError **err);

/* TRUE if the mail's From is one of the queue's members. */
gboolean agent_is_member(const struct mail_case *c);
/* TRUE if no person wrote it, by its headers or by the words of an automatic
 * reply. For mails of members and to the agents' side. */
gboolean agent_is_machine(const struct mail_case *c);
/* An automatic reply of an agent, to an address of a ticket: it goes no
 * further, and the queue's other agents are told. */
gboolean agent_deliver_machine(struct mail_case *c, GError **err);
/* A member wrote to the queue itself: he is told to use a ticket's address. */
gboolean agent_deliver_stray(struct mail_case *c, GError **err);

#endif
