#ifndef ND_MAIL_GUARD_H
#define ND_MAIL_GUARD_H

/*
 * The guard: what keeps an agent's text from going out to a player.
 *
 * A text is kept back if it asks for documents or identity where nobody may
 * (rules with action "refuse"), holds the mark of an internal note, names
 * another ticket's number or a keyed address that is not this ticket's, or
 * an agent's own address. It looks at the agent's new words before anything
 * in them is masked or replaced, since what is masked can no longer be seen.
 *
 * It helps people who do not mean harm: scrub_agent_text() hides names and
 * proofs also from what the guard cannot read. Never changes the text, never
 * puts it into what it returns. Linear in the text; pure.
 */
#include <glib.h>

#include "rules/rules.h"
#include "ticket/number.h"

enum guard_kind {
	GUARD_DOCUMENTS = 1,
	GUARD_IDENTITY,
	GUARD_NOTE,
	GUARD_RULE, /* a rule of the operator's */
	GUARD_NUMBER,
	GUARD_CAPABILITY,
	GUARD_ADDR,
};

/* Literals that may be shown to the agent. */
struct guard_reason {
	enum guard_kind kind;
	const char *why;
	const char *override; /* what lets the text through */
};

struct guard_context {
	const struct number *number; /* borrowed; of the ticket */
	const char *domain; /* borrowed: A-label of the queue, or NULL */
	const char *const *agent_addrs; /* borrowed; NULL-ended, or NULL. Not
					 * those of queues: players know
					 * them */
	gboolean is_above_threshold; /* the payout is known to be so high that
				      * documents may be asked for */
	gboolean has_kyc; /* the agent gave "/kyc REASON" */
};

/* Why text (UTF-8) must not be sent; NULL: it may. Borrowed, for ever. */
const struct guard_reason *guard_check(const char *text,
    const struct guard_context *context, const struct rules *rules);

#endif
