#ifndef ND_TICKET_DECIDE_H
#define ND_TICKET_DECIDE_H

/*
 * What an event means for a ticket: values in, a list of effects out.
 *
 * ticket_decide() keeps nothing, asks nothing and cannot fail. The caller
 * applies the effects in one transaction: ticket_apply() does those that
 * change the ticket itself; EFFECT_QUEUE_... and EFFECT_ALARM are his. All
 * times are seconds since 1970 by the gateway's own clock, never by a
 * header of a mail.
 */
#include <glib.h>

#include "ticket/flag.h"
#include "ticket/number.h"
#include "ticket/pseudonym.h"

#define TICKET_TOKEN_SIZE 65 /* queue, language, category; with the NUL */

enum ticket_state {
	TICKET_OPEN = 1,
	TICKET_CLOSED,
};

struct ticket {
	struct number number;
	char queue[TICKET_TOKEN_SIZE];
	char lang[TICKET_TOKEN_SIZE];
	char category[TICKET_TOKEN_SIZE];
	char pseudonym[PSEUDONYM_SIZE];
	enum ticket_state state;
	guint32 level;
	guint32 flags;
	guint32 messages;
	gint64 opened;
	gint64 first_reply_due;
	gint64 decision_due;
	gint64 acknowledged; /* s, 0 if not yet */
	gint64 answered;     /* s, 0 if not yet */
	gint64 closed;	     /* s, 0 if open */
	gint64 ack_due;	     /* s, 0 if no notice was promised */
	gint64 decided;	     /* s, 0 if not yet; a person's closing is it */
	gint64 waiting;	     /* s: since when for the player; 0 */
	guint32 close;	     /* of the last closing: enum proto_close */
	guint32 closed_level; /* at that */
	guint32 is_returned; /* reopened within 48 h of a closing */
	guint32 rating;	     /* 1 to 5, 0 if not said */
	char agent[TICKET_TOKEN_SIZE]; /* whose it is, "" if nobody's */
};

/* Durations of the queue. */
struct policy {
	gint64 ack_s;
	gint64 first_reply_s;
	gint64 decision_s;
	gint64 reopen_s;
};

enum event_kind {
	EVENT_OPENED,	   /* the first mail; the ticket has no times yet */
	EVENT_PLAYER_MAIL, /* another mail of the player's side */
	EVENT_ACK_SENT,	  /* or another notice that names the ticket */
	EVENT_ACK_FAILED, /* the MTA refused the notice for good */
	EVENT_ANSWER_SENT,
	EVENT_BOUNCED,	/* a mail to the player will not arrive */
	EVENT_DELAYED,	/* one may arrive later */
	EVENT_COPY_BOUNCED, /* an agents' copy will not arrive */
	EVENT_CLOSED, /* by a person: his word is a reply and a decision */
	EVENT_RATED,  /* the player says how content he was */
	EVENT_END
};

struct event {
	enum event_kind kind;
	guint32 flags;	  /* enum ticket_flag, of the mail */
	gboolean reopens; /* EVENT_PLAYER_MAIL: struct route says so;
			   * EVENT_BOUNCED: it is closed, but not for long */
	gboolean is_own;  /* EVENT_PLAYER_MAIL: from the ticket's contact */
	guint32 value;	  /* EVENT_CLOSED: enum proto_close; EVENT_RATED: 1 to
			   * 5 */
};

enum effect_kind {
	EFFECT_SET_STATE,
	EFFECT_SET_FIRST_REPLY_DUE,
	EFFECT_SET_DECISION_DUE,
	EFFECT_SET_OPENED,
	EFFECT_SET_ACKNOWLEDGED,
	EFFECT_SET_ANSWERED,
	EFFECT_SET_ACK_DUE,
	EFFECT_RESUME, /* the wait is over; value: when the decision is due */
	EFFECT_SET_DECIDED,
	EFFECT_SET_CLOSE, /* and at which level that is */
	EFFECT_SET_RETURNED,
	EFFECT_SET_RATING,
	EFFECT_ADD_FLAGS,
	EFFECT_CLEAR_FLAGS,
	EFFECT_COUNT_MESSAGE,
	EFFECT_QUEUE_ACK, /* value: when it is due */
	EFFECT_QUEUE_ENCRYPTED, /* the same: tell him how to send it */
	EFFECT_ALARM,	  /* an operator must look at this ticket */
};

struct effect {
	enum effect_kind kind;
	gint64 value;
};

#define EFFECTS_MAX 12
struct effects {
	guint n;
	struct effect list[EFFECTS_MAX];
};

/* May a mail with these flags be answered by a notice? */
gboolean ticket_may_tell(guint32 flags);

struct effects ticket_decide(const struct ticket *ticket,
    const struct event *event, const struct policy *policy, gint64 now);

void ticket_apply(
    struct ticket *ticket, const struct effects *effects, gint64 now);

/* The effect of this kind, or NULL. */
const struct effect *effects_find(
    const struct effects *effects, enum effect_kind kind);

/* What players and agents are promised next: the first reply, and after it
 * the decision. */
gint64 ticket_due(const struct ticket *ticket);

/* When a promise made at from must be looked at by an operator: a quarter of
 * its time is left. */
gint64 ticket_alarm_at(gint64 from, gint64 due);

/* When to try again after attempts (1, 2, ...) tries: 10 s doubling, at most
 * 10 minutes. */
gint64 ticket_retry_at(guint attempts, gint64 now);

#endif
