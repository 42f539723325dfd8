#ifndef ND_MAIL_QUOTE_ANSWER_H
#define ND_MAIL_QUOTE_ANSWER_H

/*
 * What is new of an agent's answer below the head (header block, separator or
 * attribution) of a client that does not mark old lines. Private to quote.c.
 *
 * The end line of the copy tells (mail/endline.h). If its code fits the lines
 * from some line on, those are old; what stands between them and the head is
 * new, and so is what stands below. If it does not fit, or is gone, somebody
 * wrote in between or the client changed the text: all lines stay, but heads
 * and end lines. The head of a mail that an agent wrote, and what stands
 * below it up to the head of the copy, is old in any case.
 *
 * Linear time.
 */
#include "mail/quote.h"
#include "mail/quote_lines.h"

/* Lines; each is that of the end of all if there is no such part. */
struct quote_answer {
	gsize head;
	gsize kept; /* words of the agent and old ones */
	gsize kept_end;
	gsize below; /* new words below all old ones */
};

/* Marks the lines from out->head on. head: the first one, or that of the end
 * of all. */
void quote_answer_find(struct quote_lines *lines, gsize head,
    const struct quote_team *team, struct quote_answer *out);

#endif
