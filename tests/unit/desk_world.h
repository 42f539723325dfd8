#ifndef ND_TESTS_DESK_WORLD_H
#define ND_TESTS_DESK_WORLD_H

/*
 * What stands around a desk in its tests: a clock that only moves when told,
 * a vault whose keyed ids are plain digests of names, and calls that make,
 * send and free requests as the other roles would.
 */
#include <glib.h>

#include "desk/desk.h"

#define WORLD_START 1700000000
#define WORLD_EPOCH_S (7 * 86400)
#define WORLD_RETENTION_S (35 * 86400)
/* Jobs that a mail's fingerprint names. */
#define WORLD_NOTICES (1u << PROTO_JOB_ACK | 1u << PROTO_JOB_ENCRYPTED)

struct world {
	struct config config;
	struct config_queue queues[2]; /* "support", "vip": per ticket */
	/* "complaint" is complex; "login" and "vip" have times of their own */
	struct config_category categories[3];
	struct store *store;	       /* own */
	struct desk *desk;	       /* own */
	gint64 now;
};

struct world_mail {
	const char *name; /* of the mail; its fingerprint comes from it */
	const char *from; /* name of the contact */
	const char *queue;
	const char *category;
	guint32 flags;
	guint32 side;
	guint claims;
	struct proto_claim claim[PROTO_CLAIMS_MAX];
	guint clues;
	struct world_clue {
		enum proto_clue_kind kind;
		const char *text;
	} clue[PROTO_CLUES_MAX];
	enum proto_report report;
	guint32 job;
	guint32 rating;
	gboolean is_on_line; /* PROTO_LATER: it is not committed */
};

/* Takes the store. */
void world_init(struct world *w, struct store *take_store);
void world_done(struct world *w);
/* For tests of something else: no clock of a person reaches a stage. */
void world_slow_clocks(struct world *w);
/* As if the desk had died and the database was opened again. */
void world_restart(struct world *w, struct store *take_store);

/* Set-up and teardown of a test: *state is a world with a store in memory. */
int world_open(void **state);
int world_close(void **state);

struct world_mail world_mail(const char *name, const char *from);
void world_claim(
    struct world_mail *mail, enum proto_via via, const struct number *number);

void world_clue(
    struct world_mail *mail, enum proto_clue_kind kind, const char *text);

struct proto_desk_admit world_admit_make(
    const struct world *w, const struct world_mail *mail);
void world_admit_clear(struct proto_desk_admit *admit);
void world_admitted_clear(struct proto_desk_admitted *answer);
void world_jobs_clear(struct proto_desk_jobs *jobs);

/* Under the newest epoch. */
struct proto_key world_fingerprint(const struct world *w, const char *name);

/* One request in a turn of its own; desk_admit() without one. */
gboolean world_admit(struct world *w, const struct world_mail *mail,
    struct proto_desk_admitted *answer, GError **err);
/* The commit that follows this answer. */
gboolean world_commit(struct world *w, const struct world_mail *mail,
    const struct proto_desk_admitted *answer, GError **err);
/* The same inside a turn that is already begun. */
gboolean world_commit_in_turn(struct world *w, const struct world_mail *mail,
    const struct proto_desk_admitted *answer, GError **err);
gboolean world_take(struct world *w, guint32 slot, const char *name,
    const struct number *number, struct proto_desk_jobs *jobs, GError **err);
gboolean world_work(struct world *w, const struct proto_desk_work *work,
    struct proto_desk_jobs *jobs, GError **err);
gboolean world_settle(struct world *w, guint32 slot,
    const struct proto_job_name *job, enum proto_outcome outcome);

/* Admits and commits a mail; *out is what it became. Asserts that both
 * work. */
struct world_fate {
	enum proto_verdict verdict;
	struct number number;
	struct number mentions;
	guint32 flags;
	guint32 ticket_flags;
	gint64 due;
	char pseudonym[PSEUDONYM_SIZE];
};
struct world_fate world_receive(struct world *w, const struct world_mail *mail);
/* The same by two ways at one moment: both are admitted before either is
 * committed. */
struct world_fate world_receive_twice(
    struct world *w, const struct world_mail *mail);

struct store_ticket world_ticket(
    const struct world *w, const struct number *number);

#endif
