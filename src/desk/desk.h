#ifndef ND_DESK_DESK_H
#define ND_DESK_DESK_H

/*
 * The desk: which ticket a mail belongs to, what was promised, who keeps it.
 *
 * One function for each request of proto/messages.h, without sockets and
 * without a clock: now is the time in seconds. Requests that change
 * something run inside a turn; all requests of a turn become durable
 * together, so no answer may leave before desk_commit_turn() succeeded, and
 * if it fails every request of the turn has failed with its error. A
 * request that fails by itself leaves no trace in the turn. Lists in answers
 * are new; the caller frees them with proto_clear().
 *
 * The desk never sees an address and cannot open an envelope.
 */
#include <glib.h>

#include "base/config.h"
#include "proto/messages.h"
#include "store/store.h"

struct desk;

/* Borrows both until desk_free(). */
struct desk *desk_new(struct store *store, const struct config *config);
void desk_free(struct desk *desk);

/* A turn begins with what clocks have reached by now: a breach is said even
 * if the answer comes in the same turn (log_error "clock.breach"). */
gboolean desk_begin(struct desk *desk, gint64 now, GError **err);
/* The turn is over either way. */
gboolean desk_commit_turn(struct desk *desk, GError **err);

/* What would become of this mail. Changes nothing; may run outside a turn.
 * PROTO_FLAG_FORGET is in the answer only if it is granted: by the ticket's
 * capability address, from its own contact.
 * PROTO_LATER if its sender is on the line, and mail_burst mails of him were
 * committed within ack_window; a known mail is PROTO_DUPLICATE all the same.
 * ERROR_TEMP if the mail is an agent's answer that is being sent, or its
 * numbers are taken. */
gboolean desk_admit(struct desk *desk, const struct proto_desk_admit *mail,
    gint64 now, struct proto_desk_admitted *answer, GError **err);

/* Takes a mail of the player's side whose copy the MTA has, or a report: that
 * changes what the ticket shows (log_warn "mail.bounced", log_error
 * "copy.bounced" of an agents' copy), and counts as no message.
 * ERROR_CONFLICT if it would be admitted differently by now: admit it anew.
 * Success without change if it is known. With PROTO_FLAG_FORGET granted, its
 * player is forgotten by the same turn. */
gboolean desk_commit(struct desk *desk, const struct proto_desk_commit *commit,
    gint64 now, GError **err);

/* Claims the sending of an agent's answer for a slot. An empty list: it was
 * sent before. ERROR_TEMP while another slot has it; ERROR_PERM if
 * the ticket or its return envelope is gone, or mail to him came back. */
gboolean desk_take(struct desk *desk, const struct proto_desk_take *take,
    gint64 now, struct proto_desk_jobs *answer, GError **err);

/* Settles jobs of a slot, then lists what it holds or claims more. Settling
 * what the slot does not hold changes nothing, so a request may be repeated.
 * A job whose player cannot be reached any more ends as failed.
 * Lists at most PROTO_JOBS_MAX jobs. */
gboolean desk_work(struct desk *desk, const struct proto_desk_work *work,
    gint64 now, struct proto_desk_jobs *answer, GError **err);

/* Forgets the player of a ticket: his contact, his envelopes, what tells his
 * mails apart. What is counted stays. */
gboolean desk_forget(struct desk *desk, const struct proto_ctl_forget *forget,
    struct proto_ctl_forget_is *answer, GError **err);

/* Does an agent's commands, all or none; once for each mail, however often it
 * comes. is_dry: only says whether they could be done. ERROR_PERM, with a text
 * that he may be shown: they cannot, and nothing was done. ERROR_TEMP while the
 * text in the same mail is in the hands of a post. With PROTO_VERB_FORGET the
 * player is forgotten by the same turn. Caller frees answer->queue. */
gboolean desk_steer(struct desk *desk, const struct proto_desk_steer *steer,
    gint64 now, struct proto_desk_steered *answer, GError **err);

/* Gives the player of this name, and his open tickets, to an agent; "" takes
 * him back, and the tickets stay with who has them. */
gboolean desk_vip(struct desk *desk, const struct proto_ctl_vip *vip,
    struct proto_ctl_vip_is *answer, GError **err);

/* Holds the post or releases it; part of a turn. Held: desk_work() gives jobs
 * to agents only, desk_take() is ERROR_TEMP, and nothing is lost. */
gboolean desk_post(struct desk *desk, const struct proto_ctl_post *request,
    gint64 now, struct proto_ctl_post_is *answer, GError **err);

/* May an agent be told that his mail came to no ticket? Outside a turn.
 * ERROR_TEMP if he was ack_burst times in this hour: his mail waits, so that a
 * machine that answers such words cannot go on. */
gboolean desk_tell(struct desk *desk, const struct proto_desk_tell *tell,
    gint64 now, GError **err);

/* Fills in what the desk itself knows: the post and the guesses. */
gboolean desk_status(struct desk *desk, gint64 now,
    struct proto_ctl_status_is *answer, GError **err);

/* TRUE if desk_work() would find a job of these kinds (bits 1 << kind, 0 for
 * all) to claim. */
gboolean desk_has_work(struct desk *desk, guint32 kinds, gint64 now);

/* Outside a turn: gives the alarms that are due (log_error "promise.soon",
 * "promise.late"), lets clocks say what they have reached (log_warn
 * "clock.stage", log_error "clock.breach"), and forgets what belongs to dead
 * epochs. Returns the milliseconds after which something may have to be done. */
int desk_tick(struct desk *desk, gint64 now);

#endif
