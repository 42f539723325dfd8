#ifndef ND_TESTS_DESK_ACTS_H
#define ND_TESTS_DESK_ACTS_H

/*
 * What agents and operators do at the desk of a world: each call is one request
 * in a turn of its own.
 */
#include "desk_world.h"

/* An agent's commands, for the mail of this name; epochs are filled in. Texts
 * that are NULL become "". *answer may be NULL. */
gboolean acts_steer(struct world *w, const char *mail,
    const struct proto_desk_steer *steer, struct proto_desk_steered *answer,
    GError **err);

/* The same, which must go well. */
void acts_do(
    struct world *w, const char *mail, const struct proto_desk_steer *steer);

/* The text of the same mail, with commands to come: a post takes it, and it is
 * sent (or not: PROTO_FAILED; 0: nobody knows). */
gboolean acts_answer(struct world *w, const char *mail,
    const struct number *number, enum proto_outcome outcome, GError **err);

gboolean acts_vip(struct world *w, const char *pseudonym, const char *agent,
    struct proto_ctl_vip_is *answer, GError **err);

/* The ticket that a first mail of this name, of a player of the same name,
 * opens; a row as it is given; a clock, zeroed if it is not there. */
struct number acts_open(struct world *w, const char *mail);
void acts_put(struct world *w, const struct store_ticket *row);
struct sla_clock acts_clock(
    struct world *w, const struct number *number, enum sla_kind kind);

/* Mails of this kind about the ticket that wait for a post. */
guint acts_promised(
    const struct world *w, const struct number *number, guint32 kind);

#endif
