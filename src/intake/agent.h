#ifndef ND_INTAKE_AGENT_H
#define ND_INTAKE_AGENT_H

/*
 * One mail of an agent to a ticket, on its way: agent.c says whether it may be
 * one, steer.c reads its words and has its commands done, answer.c sends the
 * player's part and note.c that of the colleagues.
 *
 * Nothing is done and nothing sent before all of it was understood, looked at
 * by the guard, and judged by the desk. Each step may be done again, by a
 * worker to which the same mail comes again, without being done twice. What the
 * agent wrote gets into the mails that go out, and nowhere else.
 */
#include "intake/agent_name.h"
#include "intake/case.h"
#include "mail/scrub.h"
#include "mail/steer.h"

struct agent_mail {
	const struct mail_case *c;		    /* borrowed */
	const struct proto_desk_admitted *admitted; /* borrowed */
	const struct config_queue *queue; /* borrowed: which has the ticket */
	char name[AGENT_NAME_SIZE];	  /* of the agent */
	struct scrub_agent self;
	GPtrArray *own_addrs;		  /* own; of self */
	struct steer steer;		  /* own */
	char *text; /* own; to the player, NULL if there is none */
	char *note; /* own; to the colleagues, NULL if there is none */
};

void agent_mail_init(struct agent_mail *m, const struct mail_case *c,
    const struct proto_desk_admitted *admitted);
void agent_mail_clear(struct agent_mail *m);
typedef struct agent_mail agent_mail_auto;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(agent_mail_auto, agent_mail_clear)

/* --- agent.c --- */

struct agent_word {
	const struct number *number; /* NULL if none is known */
	const struct config_queue *queue; /* which has the ticket, or NULL */
	gboolean is_partly; /* something of the mail was done or sent */
	const char *why;
	const char *what_to_do; /* "" for the usual advice */
};

/* To the agent if he is one of ours, else to all agents of the queue. */
gboolean agent_tell(const struct mail_case *c, const struct agent_word *word,
    GError **err);
/* The same about his ticket, of which nothing was done. */
gboolean agent_mail_tell(const struct agent_mail *m, const char *why,
    const char *what_to_do, GError **err);
/* A text for him alone: what he asked for. */
gboolean agent_show(const struct mail_case *c, const char *from_addr,
    const char *subject, const char *text, GError **err);
/* ERROR_TEMP if this sender had too many words that he did not ask for. */
gboolean agent_may_be_told(const struct mail_case *c, GError **err);

/* --- steer.c --- */

/* Why a mail is to do nothing; all of it may be shown to the agent. */
struct agent_refusal {
	GError *error;		/* own; NULL if why is a literal */
	const char *why;	/* of error, or a literal */
	const char *what_to_do; /* a literal; "" for the usual advice */
};

/* Fills steer, text and note; FALSE: *no says why not. No other role is
 * asked. */
gboolean agent_read(struct agent_mail *m, struct agent_refusal *no);
/* TRUE if the mail is known to the desk only after agent_steer(). */
gboolean agent_has_more(const struct agent_mail *m);
/* Has the commands judged, or done. ERROR_PERM: they cannot be, with a text
 * for the agent. */
gboolean agent_steer(const struct agent_mail *m, gboolean is_dry,
    GError **err);

/* --- answer.c --- */

/* Fills text; FALSE: *no has an error or a literal. */
gboolean answer_make(struct agent_mail *m, struct agent_refusal *no);
/* Sends text. *is_sent is FALSE if it cannot be; then the agent was told. */
gboolean answer_send(const struct agent_mail *m, gboolean *is_sent,
    GError **err);

/* --- note.c --- */

/* Fills note: his words for colleagues, and the reasons of his commands. */
void note_make(struct agent_mail *m);
/* Sends note to those of the ticket's level, with /escalate also to those of
 * the next, but not to him who wrote it. */
gboolean note_send(const struct agent_mail *m, GError **err);

#endif
