#ifndef ND_OUTBOUND_SLOT_H
#define ND_OUTBOUND_SLOT_H

/*
 * What a post would leave in doubt if it were killed now.
 *
 * SMTP cannot tell whether a mail was taken when the reply to the final dot
 * is not read (RFC 5321 4.5.3.2.6, RFC 1047). A post therefore writes into a
 * page it shares with the supervisor which jobs it holds and which of them is
 * being sent, and gives the supervisor a copy of its connection. When it is
 * killed, the successor in the same slot reads the reply from that copy.
 * Holds fingerprints and reply codes only.
 *
 * Not possible over TLS, nor when supervisor and post die at the same moment:
 * then a job in doubt is sent again under the same Message-ID.
 */
#include <glib.h>

#include "proto/messages.h"

struct slot;

/* page: memfd of one page; keeper: socket to the supervisor; doubt: the
 * predecessor's connection or -1. Takes all three. */
struct slot *slot_open(int page, int keeper, int doubt, GError **err);
void slot_close(struct slot *slot);

/* What became of the jobs of the predecessor: one struct proto_settle for
 * every job in held (array of struct proto_job), in order; jobs that were not
 * sent are deferred. Waits for an MTA that still owes its reply. The caller
 * frees the array; status texts are empty literals' copies. */
GArray *slot_recover(struct slot *slot, const GArray *held, guint timeout_ms);

/* The jobs now in hand, none of them sent. At most PROTO_JOBS_MAX. */
void slot_hold(struct slot *slot, const struct proto_job_name *jobs,
    guint len);
/* Its body is about to be sent over this connection to the MTA (-1: one that
 * no other process could read). */
void slot_sending(struct slot *slot, guint index, int smtp_fd);
/* The MTA has answered. */
void slot_sent(struct slot *slot, guint index, enum proto_outcome outcome);
/* The desk knows the outcomes. */
void slot_release(struct slot *slot);

#endif
