#ifndef ND_INTAKE_DELIVER_H
#define ND_INTAKE_DELIVER_H

/*
 * The life of one mail in a worker: parse, identify, decide, compose,
 * hand over, commit; only then may the worker answer 250.
 *
 * Nothing is lost: every error leaves the mail with the client. Nothing is
 * doubled: ticket number, fingerprint and the agent copy's Message-ID derive
 * from the mail, so the same mail again finds what it did before. A worker
 * keeps nothing of a mail after the call.
 */
#include <glib.h>

#include "base/config.h"
#include "intake/hazard.h"
#include "intake/server.h"
#include "rules/rules.h"
#include "template/answer.h"

struct deliver;

/* Borrows all for its life; hazard and answers may be NULL. */
struct deliver *deliver_new(const struct config *config,
    const struct rules *rules, const struct answers *answers,
    struct hazard *hazard);
void deliver_free(struct deliver *deliver);

/* A session_rcpt_check: is it an address of one of our queues? user_data is
 * the struct deliver. The same for right and wrong capabilities. */
enum place deliver_knows(const char *local, const char *domain,
    gpointer user_data);

/* A server_deliver; user_data is the struct deliver. */
void deliver_mail(const struct session_envelope *envelope, GBytes *message,
    enum proto_mail_outcome *outcomes, gpointer user_data);

#endif
