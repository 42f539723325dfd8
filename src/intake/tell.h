#ifndef ND_INTAKE_TELL_H
#define ND_INTAKE_TELL_H

/*
 * Words to agents: a mail that nobody wrote, about a mail that came in. At
 * most one for each mail that came, however many of our addresses it named.
 *
 * It goes out with the null sender: nobody's machine answers it, and nobody
 * is told if it cannot be delivered (RFC 3834 3.1). It is made of literals and
 * of a ticket's number; nothing of the mail that came is in it.
 */
#include "intake/case.h"

struct tell_word {
	const struct number *number; /* NULL if none is known */
	const char *const *rcpts;    /* NULL-ended */
	const char *reply_to;	     /* Message-ID, "" if to nobody's mail */
	const char *what;	     /* of ours that came back, NULL if the
				      * mail is an agent's that was not sent */
	gboolean is_partly;	     /* some of an agent's mail was sent */
	const char *why;
	const char *what_to_do;
};

/* FALSE: nobody was told; the mail has to come again. */
gboolean tell_send(const struct mail_case *c, const struct tell_word *word,
    GError **err);

#endif
