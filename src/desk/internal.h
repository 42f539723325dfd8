#ifndef ND_DESK_INTERNAL_H
#define ND_DESK_INTERNAL_H

/*
 * Shared by the files of this directory only.
 */
#include "desk/desk.h"

struct desk {
	struct store *store;	     /* borrowed */
	const struct config *config; /* borrowed */
	gint64 first_live;	     /* epochs before it are purged */
	gboolean must_tidy;	     /* after this turn: something was forgotten */
	gint64 guess_hour;	     /* hours since 1970 */
	gint64 guesses;		     /* in that hour */
	GHashTable *told;	     /* own struct proto_key to how often */
	gint64 told_hour;
	struct burst *burst;	     /* own */
	GHashTable *raised; /* own struct number to the level it has been
			     * given in this turn */
};

struct store_key desk_key(const struct proto_key *key);
/* The name of something of ours: it tells nothing of what is in the text but to
 * who guesses that. */
struct store_key desk_key_of(const char *text);

/* Words from another role that go into the database: what an agent is called,
 * or ""; a category or language. No address is one. */
gboolean desk_is_agent_name(const char *name);
gboolean desk_is_token(const char *token);

/* Of the queue, or NULL and ERROR_TEMP: roles with different
 * configurations agree again after their restart. */
const struct config_queue *desk_queue(
    const struct desk *desk, const char *name, GError **err);
/* What is promised to a mail of this category in this queue: flags are those
 * of the ticket, and [category vip] is of PROTO_FLAG_VIP. */
struct policy desk_policy(const struct desk *desk,
    const struct config_queue *queue, const struct ticket *ticket,
    guint32 flags);

/* store_forget() in this turn; after it, what is gone is gone from the disk. */
enum store_result desk_forget_player(struct desk *desk,
    const struct number *number, guint *tickets, GError **err);

/* The hold of the post. _sent: one more mail to a player has left, which may
 * be one too many. */
gboolean desk_post_is_held(
    struct desk *desk, gboolean *is_held, GError **err);
gboolean desk_post_sent(struct desk *desk, gint64 now, GError **err);

/* --- clocks of a ticket (clocks.c) ---
 *
 * All of these keep the clocks in the store and change the ticket's row in
 * memory: its due times, level and waiting follow. None writes that row, so
 * the caller does store_ticket_update() (or _add()) once, behind them.
 */

#define CLOCKS_ALL                                                             \
	(1u << SLA_ACK | 1u << SLA_FIRST_REPLY | 1u << SLA_DECISION |          \
	    1u << SLA_ESCALATE)

/* Of a ticket that opens or reopens: first reply and decision run from at, and
 * what a complex category has; SLA_ACK if ack_due is set and no such clock is
 * there yet. */
gboolean clocks_start(struct desk *desk, struct store_ticket *ticket, gint64 at,
    GError **err);
/* The same clock from at on, unless it is settled or not there. */
gboolean clocks_restart_open(struct desk *desk, struct store_ticket *ticket,
    enum sla_kind kind, gint64 at, GError **err);
/* One clock from at, with the length that queue and category have now; none if
 * they promise nothing. */
gboolean clocks_restart(struct desk *desk, struct store_ticket *ticket,
    enum sla_kind kind, gint64 at, GError **err);
/* What a report looks at; a forgotten ticket has neither. */
struct clocks_pair {
	struct sla_clock first_reply; /* kind 0: not there, as the other */
	struct sla_clock decision;
};
gboolean clocks_find(struct store *store, const struct number *number,
    struct clocks_pair *out, GError **err);
/* kinds: bits 1 << enum sla_kind. Those that are settled, are not there, or may
 * not be settled by a machine stay as they are. */
gboolean clocks_settle(struct desk *desk, struct store_ticket *ticket,
    guint kinds, gint64 at, gboolean by_person, GError **err);
/* Waiting for the player, from at on and no longer. */
gboolean clocks_pause(struct desk *desk, struct store_ticket *ticket, gint64 at,
    GError **err);
gboolean clocks_resume(struct desk *desk, struct store_ticket *ticket,
    gint64 at, GError **err);
/* One level up for all of these reasons (enum sla_reason): its agents are told,
 * and the player if he may be. *is_raised: FALSE if it is closed or forgotten,
 * went up in this turn, or there is no level above; then nothing was done. */
gboolean clocks_raise(struct desk *desk, struct store_ticket *ticket,
    guint32 reasons, gint64 now, gboolean *is_raised, GError **err);
/* Says what clocks have reached, in a turn and before its requests. Writes the
 * rows of tickets that it raises. */
gboolean clocks_catch_up(struct desk *desk, gint64 now, GError **err);

/* --- jobs that no mail's fingerprint names (jobs_new.c) --- */

/* What a job is about; kept in its promise. level is filled in by
 * jobs_promise(). */
struct jobs_arg {
	guint32 clock;	 /* enum sla_kind */
	guint32 stage;	 /* 0, 50, 80, 100 */
	guint32 reasons; /* enum sla_reason */
	guint32 level;
	guint32 close;	 /* enum proto_close */
};

struct jobs_new {
	enum proto_job_kind kind;
	const struct store_key *key; /* borrowed; NULL: made from the ticket,
				      * kind and arg */
	struct jobs_arg arg;
	gint64 due; /* s; 0: after the queue's time for notices */
};

guint32 jobs_arg_pack(const struct jobs_arg *arg);
struct jobs_arg jobs_arg_unpack(guint32 packed);

/* Promises a mail about the ticket as it is now. One of the same name that is
 * over is promised anew; with a key of the caller's it is not. */
gboolean jobs_promise(struct desk *desk, const struct store_ticket *ticket,
    const struct jobs_new *new, gint64 now, GError **err);

/* To agents, so that it needs no envelope, and no hold stops it. */
gboolean jobs_is_to_agents(guint32 kind);
/* Of these kinds (0: all) those that no hold stops; 0 if there are none. */
guint32 jobs_kinds_in_hold(guint32 kinds);
/* May the player be sent a notice that he has not asked for? Who was promised
 * one for his first mail, and can be reached: what a machine adds to his ticket
 * later is not held against him. */
gboolean jobs_may_tell(const struct store_ticket *ticket);

/* --- the report of a week (weekly.c) --- */

/* Beside the promises: what of desk_work() is about PROTO_JOB_WEEKLY. Queue
 * and the week, from opened to clock_due, are in the job; its number is unset.
 * _settle: nothing if the slot has it no more. */
gboolean weekly_is_asked(guint32 kinds);
gboolean weekly_has_work(struct desk *desk, guint32 kinds, gint64 now);
gboolean weekly_claim(struct desk *desk, const struct proto_desk_work *work,
    gint64 now, struct proto_desk_jobs *answer, GError **err);
gboolean weekly_list_held(struct desk *desk, guint32 slot, gint64 now,
    struct proto_desk_jobs *answer, GError **err);
gboolean weekly_settle(struct desk *desk, guint32 slot,
    const struct proto_settle *settle, gint64 now, GError **err);

/* n addresses or numbers of ours that did not hold: alarms at guess_rate. */
void desk_guessed(struct desk *desk, guint n, gint64 now);

/* Name of a kind of job for logs. */
const char *desk_kind_name(guint32 kind);
/* A log field: LOG_KIND(kind). Needs base/log.h. */
#define LOG_KIND(k)                                                            \
	((struct log_field){.key = "kind",                                     \
	    .word = desk_kind_name((guint32)((k) | 0))})

/* The same for a clock: LOG_CLOCK(kind). */
const char *desk_clock_name(guint32 kind);
#define LOG_CLOCK(k)                                                           \
	((struct log_field){.key = "clock",                                    \
	    .word = desk_clock_name((guint32)((k) | 0))})

gint64 desk_epoch_of(const struct desk *desk, gint64 time);
/* When the keys of the epoch die. */
gint64 desk_epoch_dies(const struct desk *desk, gint64 epoch);

#endif
