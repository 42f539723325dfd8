#ifndef ND_TICKET_SLA_H
#define ND_TICKET_SLA_H

/*
 * The clocks of a ticket: one for each promise to a player, with a start, a
 * length, pauses and an end. Values in, values out: nothing here reads the
 * time, keeps anything or can fail, and there is no room for the Date of a
 * mail. Every time is in seconds since 1970, greater than 0, and that at
 * which the gateway received a mail or did something; clocks run day and
 * night.
 *
 * A clock says each stage once: 50 and 80 when so many percent of its length
 * have run, 100 when more than all of it has (a breach). Exactly the length
 * is in time. A clock whose length is 0 is a promise nobody made; it never
 * says anything. Time that goes back makes no stage said twice.
 *
 * The caller keeps the clock between two calls, as it is. At each turn he
 * calls sla_catch_up() before he handles what came in, so that a breach
 * is said even if the answer comes in the same turn.
 */
#include <glib.h>

#include "base/config.h"

enum sla_kind {
	SLA_ACK = 1,
	SLA_FIRST_REPLY,
	SLA_DECISION,
	SLA_ESCALATE, /* complex categories: until a person takes it up */
};

struct sla_clock {
	enum sla_kind kind;
	gint64 start;
	gint64 length_s;
	gint64 paused_at; /* 0: it runs */
	gint64 paused_s;  /* sum of the pauses that have ended */
	gint64 settled;	  /* 0: open; never before start */
	guint32 said;	  /* the highest stage already told: 0, 50, 80, 100 */
};

/* What is promised; 0 for what is not. */
struct sla_policy {
	gint64 ack_s;
	gint64 first_reply_s;
	gint64 decision_s;
	gint64 escalate_s;
};

/* The queue's times, and those that the category has instead. category may
 * be NULL. What this role's view of the configuration lacks is 0. */
struct sla_policy sla_policy_make(
    const struct config_queue *queue, const struct config_category *category);

struct sla_clock sla_start(
    enum sla_kind kind, const struct sla_policy *policy, gint64 at);

/* The last second that is in time; of a clock that is paused, if it ran on
 * from now. 0 for a length of 0. */
gint64 sla_due(const struct sla_clock *clock, gint64 now);

/* The same of a first reply as its player was promised it: that clock begins
 * anew on each level and in another queue, the decision's only with the
 * ticket. */
gint64 sla_due_at_first(
    const struct sla_clock *first_reply, const struct sla_clock *decision);

/* 0, 50, 80, 100: how far it has run at now, or had when it was settled. */
guint32 sla_stage(const struct sla_clock *clock, gint64 now);

/* When the next stage that was not said is reached. A past time: it has been,
 * then or before. 0: never, or not while the pause lasts. */
gint64 sla_next(const struct sla_clock *clock);

/* Waiting for the player. All but an open SLA_DECISION ignore both; so are a
 * second pause and a resume of what runs. */
void sla_pause(struct sla_clock *clock, gint64 at);
void sla_resume(struct sla_clock *clock, gint64 at);

/* What was promised has happened. by_person is FALSE for every mail that
 * nobody wrote; such a mail settles SLA_ACK only. Says whether this call
 * settled it: the first one that may does, and it ends a pause. */
gboolean sla_settle(struct sla_clock *clock, gint64 at, gboolean by_person);

/* The highest stage reached and not yet said, or 0; now it is said, and so
 * are those below. A clock that is settled says nothing more. */
guint32 sla_catch_up(struct sla_clock *clock, gint64 now);

/* --- levels --- */

#define SLA_LEVEL_FIRST 1 /* agents; 2 are seniors */
#define SLA_LEVEL_LAST 3  /* the head */

enum sla_reason {
	SLA_BY_BREACH = 1 << 0,
	SLA_BY_AGENT = 1 << 1, /* /escalate */
	SLA_BY_PLAYER = 1 << 2,
};

/* The level of a ticket for which all these reasons (enum sla_reason) came up
 * in one turn: one up, however many they are. A level of 0 is as the first. */
guint32 sla_level_up(guint32 level, guint32 reasons);

/* Does this stage of such a clock move a ticket up? SLA_BY_BREACH or 0. A late
 * acknowledgement is a machine's fault: it is no reason, but an alarm. */
guint32 sla_reason(enum sla_kind kind, guint32 stage);

#endif
