#ifndef ND_TICKET_ROUTE_H
#define ND_TICKET_ROUTE_H

/*
 * Which ticket a mail of the player's side belongs to. Pure.
 *
 * A row's right to a ticket rests on what names it: a capability address is
 * possession; our Message-ID, a trait that it shares with another mail of
 * the ticket, and a number in the subject count only together with the
 * ticket's own contact; a number alone gives no right.
 */
#include <glib.h>

#include "ticket/number.h"

enum route_via { /* in falling order of weight */
	ROUTE_CAPABILITY = 1,
	ROUTE_MESSAGE_ID,
	ROUTE_CLUE, /* his own mail's Message-ID or thread */
	ROUTE_SUBJECT,
	ROUTE_WORDS, /* the words of the ticket's first mail: names nothing,
		      * but while it is young, it is the same request */
};

/* One way in which the mail names a ticket; its keyed part, if any, holds. */
struct route_candidate {
	enum route_via via;
	struct number number;
	gboolean is_found;	  /* there is such a ticket */
	gboolean is_same_contact; /* the mail is shown to be its player's */
	gboolean is_closed;
	gint64 closed;	 /* s */
	gint64 reopen_s; /* of the ticket's queue */
	gint64 opened;	 /* s */
	gint64 repeat_s; /* ROUTE_WORDS: how long it is young; 0 for never */
};

struct route_mail {
	gboolean is_known;   /* its fingerprint is already recorded */
	struct number known; /* with this ticket */
	const struct route_candidate *candidates; /* borrowed */
	gsize n;
};

enum route_verdict {
	ROUTE_NEW,
	ROUTE_FOLLOW_UP,
	ROUTE_DUPLICATE,
};

struct route {
	enum route_verdict verdict;
	struct number number;	/* unset for ROUTE_NEW */
	struct number mentions; /* ROUTE_NEW: ticket named without right */
	guint32 flags;		/* TICKET_FLAG_OTHER_ADDR, _MENTIONS, _REPEAT */
	gboolean reopens;	/* the ticket is closed, but not for long */
};

struct route route_player(const struct route_mail *mail, gint64 now);

#endif
