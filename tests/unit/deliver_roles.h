#ifndef ND_TESTS_UNIT_DELIVER_ROLES_H
#define ND_TESTS_UNIT_DELIVER_ROLES_H

/*
 * A vault, a desk and a post for test-deliver, in the place of proto/ipc.c.
 *
 * The vault believes what the first character of a mac says: "p" is a mail or
 * address of the player's side, "a" of the agents' side, "k" an envelope
 * sender of an acknowledgement, "v" a Message-ID; all else is wrong. An
 * envelope sender is of BOUNCED. In the labels it makes the queue's name can
 * be read: agents' side "agentvip00000". The desk answers what the test laid
 * down and remembers what it was asked; a mail that was committed or answered is
 * known.
 */
#include <glib.h>

#include "proto/messages.h"

#define TICKET "K7F39Q2Y"
#define TICKET_LOWER "k7f39q2y"
#define BOUNCED TICKET

struct roles {
	/* Laid down by the test. */
	guint32 verdict;
	guint32 flags;	      /* added to those of the mail */
	guint32 ticket_flags;
	guint32 level;
	const char *ticket_queue; /* NULL: the one that was asked for */
	const char *agent;	  /* whose the ticket is */
	struct number number;
	gboolean desk_is_down; /* at commit */
	gboolean post_is_down;
	gboolean told_too_often; /* desk: no more words to this agent */
	guint32 post_code;
	gboolean is_forgotten; /* the player: no answer reaches him */
	const char *steer_dry; /* literal: why commands cannot be done, NULL if
				* they can */
	const char *steer_late; /* the same, when they are to be done */
	guint tickets; /* that the desk lists, of the queue asked for */

	/* What they saw. */
	guint identified;
	GArray *clue_kinds;  /* own guint32; of the last mail */
	char queue[65];	     /* that the vault was asked for last */
	struct proto_envelope envelope; /* the last that was sealed; texts are
					 * NULL */
	guint admitted;
	struct proto_desk_admit admit; /* the last; lists are NULL */
	GArray *claims;		       /* own struct proto_claim; its claims */
	guint committed;
	gboolean had_envelope; /* the last commit */
	guint let_go;	       /* connections to the desk that were dropped */
	guint answers;
	char *answer;    /* own; the last */
	char answer_agent[33];
	gboolean answer_has_more;
	guint lists; /* pages of tickets */
	guint dry_steers;
	guint steers;
	struct proto_desk_steer steer; /* the last; its lists and texts are
					* NULL */
	char steer_words[100]; /* queue, category, lang and agent of it */
	guint tells; /* times the desk was asked whether to tell */
	GPtrArray *mails; /* own char; whole mails handed over */
	GPtrArray *rcpts; /* own char; the recipients of each, by blanks */
	char sender[255];  /* envelope sender of the last */
	char archive[65];  /* queue whose archive keeps the last */
};

extern struct roles roles;

/* All quiet: a new ticket, everybody works. */
void roles_reset(void);
void roles_clear(void);

#endif
