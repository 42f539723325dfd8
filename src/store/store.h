#ifndef ND_STORE_STORE_H
#define ND_STORE_STORE_H

/*
 * What the desk remembers: contacts, tickets, messages, clues, promises, and
 * what the post may do.
 *
 * One writer, one thread. Rows are plain values; a lookup fills in a copy.
 * Nothing readable about a player may be given to it: keyed ids, our own
 * numbers and pseudonyms, tokens of ours, times, and sealed envelopes of one
 * size. Every write needs a transaction. A fault of the engine is
 * ERROR_TEMP, a row that is in the way ERROR_CONFLICT; after a fault the
 * engine may have given up the whole transaction: then every call up to
 * store_rollback() fails.
 */
#include <glib.h>

#include "ticket/decide.h"
#include "ticket/sla.h"

#define STORE_KEY_LEN 32
#define STORE_COPY_ID_SIZE 321 /* our Message-ID without brackets, and NUL */

struct store; /* opaque */

struct store_key {
	guint8 b[STORE_KEY_LEN]; /* all zero: none */
};

struct store_contact {
	struct store_key id;
	gint64 epoch;			/* of id */
	char pseudonym[PSEUDONYM_SIZE]; /* "" if his tickets have their own */
	gint64 seen;			/* s, rounded down to the hour */
	char agent[TICKET_TOKEN_SIZE];	/* whose player he is, or "" */
};

struct store_ticket {
	struct ticket t;
	struct store_key contact; /* none: no address, or forgotten */
	gint64 epoch;		  /* of contact; without one, of the mail */
	char copy_id[STORE_COPY_ID_SIZE];
};

struct store_envelope {
	struct number ticket;
	gint64 epoch;		  /* sealed under it */
	struct store_key contact; /* and for this contact */
	GBytes *sealed;		  /* own */
};

enum store_message_state {
	STORE_MESSAGE_TAKEN = 1, /* of the player's side; committed */
	STORE_MESSAGE_SENDING,	 /* agent's answer in the hands of a post */
	STORE_MESSAGE_SENT,	 /* agent's answer; the MTA has it */
	STORE_MESSAGE_SENDING_MORE, /* the same two, and the commands in the */
	STORE_MESSAGE_SENT_MORE,    /* mail are yet to be done */
};

struct store_message {
	struct store_key fingerprint;
	gint64 epoch;	      /* of fingerprint */
	struct number ticket; /* unset: a bounce, or forgotten by this mail */
	enum store_message_state state;
};

/* How a mail says to which ticket others of its player belong. The same in two
 * epochs is two traits. */
struct store_trait {
	gint64 epoch; /* of key */
	struct store_key key;
};

struct store_clue {
	struct store_trait trait;
	guint32 kind;
	struct number ticket;
};

struct store_post {
	gint64 hour;  /* s / 3600, to which sent belongs */
	gint64 sent;  /* mails to players */
	guint32 hold; /* 0: none */
	gint64 since; /* s; of the hold */
};

enum store_promise_state {
	STORE_PROMISE_OPEN = 1,
	STORE_PROMISE_CLAIMED,
	STORE_PROMISE_SETTLED,
	STORE_PROMISE_FAILED,
};

struct store_name {
	struct store_key key;
	guint32 kind;
};

struct store_promise {
	struct store_name name;
	struct number ticket;
	enum store_promise_state state;
	guint32 slot;	  /* of the claim */
	gint64 due;	  /* s */
	gint64 next_try;  /* s */
	guint32 attempts; /* claims so far */
	gint64 alarm_at;  /* s, 0: no alarm is left to give */
	guint32 alarmed;  /* alarms given */
	guint32 arg;	  /* the desk's own, of a mail to agents */
};

/* A clock of a ticket; at most one of a kind. */
struct store_clock {
	struct number ticket;
	struct sla_clock clock;
};

/* The report of a week, for the head of a queue. */
struct store_weekly {
	char queue[TICKET_TOKEN_SIZE];
	gint64 sent;	 /* s: the end of the newest week whose report was */
	gint64 next_try; /* s */
	guint32 slot;	 /* one more than that of the post which has it in hand
			  * until next_try; 0: none */
};

/* Which promises: arg is what the comment says. */
enum store_promises {
	STORE_PROMISES_TO_TRY,	 /* open, next_try <= arg; first that first */
	STORE_PROMISES_OF_SLOT,	 /* claimed by slot arg */
	STORE_PROMISES_TO_ALARM, /* open or claimed, 0 < alarm_at <= arg */
};

struct store_query {
	enum store_promises which;
	gint64 arg;
	guint limit;
	guint32 kinds; /* of _TO_TRY: bits 1 << kind; 0 for all */
};

struct store_next {
	gint64 try_at;	 /* s, earliest next_try of open ones, 0 if none */
	gint64 alarm_at; /* s, earliest alarm, 0 if none */
	gint64 clock_at; /* s, earliest stage of a clock, 0 if none */
};

struct store_counts {
	gint64 tickets_open;
	gint64 tickets_closed;
	gint64 promises_open; /* open or claimed, as the next three */
	gint64 promises_late;
	gint64 promises_soon; /* alarmed, not late */
	gint64 oldest_due;    /* s, 0 if none */
	gint64 promises_failed;
};

/* Which tickets of a contact count against his limit. */
struct store_since {
	struct store_key contact;
	gint64 opened; /* s; then or later */
	guint limit;   /* no need to count further */
};

/* Which open tickets of a queue: those behind a number. */
struct store_open {
	const char *queue; /* borrowed */
	struct number after;
	guint limit;
};

enum store_result {
	STORE_ERROR,   /* err is set */
	STORE_MISSING, /* no such row; *out is untouched */
	STORE_FOUND,
};

/* Opens or makes the database file, mode 0600. ERROR_PERM if it is not ours
 * or of a newer version. */
struct store *store_open_sqlite(const char *path, GError **err);
struct store *store_open_memory(void);
void store_close(struct store *store); /* NULL is a no-op */

gboolean store_begin(struct store *store, GError **err);
/* After a failure the transaction is gone. */
gboolean store_commit(struct store *store, GError **err);
void store_rollback(struct store *store);

/* One savepoint inside a transaction; they do not nest. */
gboolean store_save(struct store *store, GError **err);
gboolean store_release(struct store *store, GError **err);
void store_revert(struct store *store);

enum store_result store_contact_get(struct store *store,
    const struct store_key *id, struct store_contact *out, GError **err);
gboolean store_contact_put(
    struct store *store, const struct store_contact *contact, GError **err);
/* The row and tickets of from become those of to; a row to wins, but if it
 * names no agent, it gets that of from. */
gboolean store_contact_move(struct store *store, const struct store_key *from,
    const struct store_key *to, gint64 epoch, GError **err);
/* STORE_FOUND if a contact other than id, or its tickets, bears it. */
enum store_result store_pseudonym_find(struct store *store,
    const char *pseudonym, const struct store_key *id, GError **err);

enum store_result store_ticket_get(struct store *store,
    const struct number *number, struct store_ticket *out, GError **err);
/* ERROR_CONFLICT if the number is taken. */
gboolean store_ticket_add(
    struct store *store, const struct store_ticket *ticket, GError **err);
gboolean store_ticket_update(
    struct store *store, const struct store_ticket *ticket, GError **err);
/* Appends up to limit struct store_ticket behind a number to out. */
gboolean store_ticket_list(struct store *store, const struct number *after,
    guint limit, GArray *out, GError **err);
/* The same, and reads no others. */
gboolean store_tickets_open_in(struct store *store,
    const struct store_open *open, GArray *out, GError **err);

/* Not those whose sender was shown forged: they are not his. */
gboolean store_tickets_since(struct store *store,
    const struct store_since *since, guint *count, GError **err);

/* On STORE_FOUND the caller owns out->sealed. */
enum store_result store_envelope_get(struct store *store,
    const struct number *ticket, struct store_envelope *out, GError **err);
gboolean store_envelope_put(
    struct store *store, const struct store_envelope *envelope, GError **err);

enum store_result store_message_get(struct store *store,
    const struct store_key *fingerprint, struct store_message *out,
    GError **err);
gboolean store_message_put(
    struct store *store, const struct store_message *message, GError **err);
gboolean store_message_delete(
    struct store *store, const struct store_key *fingerprint, GError **err);

enum store_result store_clue_get(struct store *store,
    const struct store_trait *trait, struct store_clue *out, GError **err);
/* The last ticket that a trait is put for has it. */
gboolean store_clue_put(
    struct store *store, const struct store_clue *clue, GError **err);

/* Zeroed if nothing was put yet. */
gboolean store_post_get(
    struct store *store, struct store_post *out, GError **err);
gboolean store_post_put(
    struct store *store, const struct store_post *post, GError **err);

enum store_result store_promise_get(struct store *store,
    const struct store_name *name, struct store_promise *out, GError **err);
gboolean store_promise_put(
    struct store *store, const struct store_promise *promise, GError **err);
gboolean store_promise_delete(
    struct store *store, const struct store_name *name, GError **err);
/* Appends struct store_promise to out. */
gboolean store_promise_list(struct store *store,
    const struct store_query *query, GArray *out, GError **err);
/* kinds as in struct store_query, for try_at. */
gboolean store_promise_next(struct store *store, guint32 kinds,
    struct store_next *out, GError **err);

/* STORE_FOUND if there is a contact of this name, STORE_MISSING also if only
 * a ticket bears it. */
enum store_result store_contact_named(struct store *store,
    const char *pseudonym, struct store_contact *out, GError **err);
/* Appends up to limit struct store_ticket of a contact, open ones only, the
 * oldest first. */
gboolean store_tickets_open_of(struct store *store,
    const struct store_key *contact, guint limit, GArray *out, GError **err);

enum store_result store_clock_get(struct store *store,
    const struct number *ticket, enum sla_kind kind, struct store_clock *out,
    GError **err);
gboolean store_clock_put(
    struct store *store, const struct store_clock *clock, GError **err);
/* Appends struct store_clock of all kinds. */
gboolean store_clock_list(struct store *store, const struct number *ticket,
    GArray *out, GError **err);
/* Those whose sla_next() is due at now, first that first; at the same time by
 * ticket and kind. */
gboolean store_clocks_due(struct store *store, gint64 now, guint limit,
    GArray *out, GError **err);

enum store_result store_weekly_get(struct store *store, const char *queue,
    struct store_weekly *out, GError **err);
gboolean store_weekly_put(
    struct store *store, const struct store_weekly *weekly, GError **err);

gboolean store_count(
    struct store *store, gint64 now, struct store_counts *out, GError **err);

/* Forgets the player of this ticket now: his contact, and of each of his
 * tickets the envelope, the messages, all promises, clues and clocks, and all
 * of the row but what is counted: the contact, pseudonym and Message-ID go, and
 * the times are moved back by one step to the hour in which it was opened.
 * *tickets: how many; 0 if he was forgotten before. Without a contact, this
 * ticket alone. store_idle() after the commit takes it from the disk as well.
 */
enum store_result store_forget(struct store *store, const struct number *ticket,
    guint *tickets, GError **err);
gboolean store_ticket_is_forgotten(const struct store_ticket *ticket);

/* Forgets what belongs to epochs before first_live: envelopes, messages and
 * their promises, clues, contacts; of tickets all promises and clocks, and what
 * store_forget() takes of the row. At most limit rows of each, and limit
 * tickets. *removed: how many; call again until it is 0. */
gboolean store_purge(struct store *store, gint64 first_live, guint limit,
    guint *removed, GError **err);

/* For quiet moments, outside a transaction: moves the log into the database
 * and empties it, so that what was deleted is gone from the disk. */
void store_idle(struct store *store);

gboolean store_key_is_set(const struct store_key *key);
gboolean store_key_equal(const struct store_key *a, const struct store_key *b);

#endif
