#ifndef ND_VAULT_LABELS_H
#define ND_VAULT_LABELS_H

/*
 * The keyed parts of labels (ticket/label.h): making them and proving claims.
 *
 * Capability: HMAC over side, queue and number, of which 65 bits are kept.
 * Message-ID: the same over number and a token, which itself is an HMAC over
 * what the mail derives from.
 *
 * Envelope sender: a synthetic IV as in RFC 5297, over queue, number and kind
 * of job, is the second part; number and kind, masked with a keystream that
 * the IV gives, are the first. So nothing is stored: the vault unmasks, makes
 * the IV again, and has proof and number in one. One number and kind have one
 * address in an epoch; two have nothing in common that can be seen without the
 * key. A forger has to hit 65 bits, whatever he has seen.
 *
 * A proof compares in constant time, and looks under every live epoch even if
 * an earlier one held.
 */
#include <glib.h>

#include "proto/messages.h"
#include "vault/keys.h"

/* The mail whose ids are made. */
struct labels_mail {
	const char *queue;
	const struct proto_key *key; /* what it derives from: digest or job */
	guint32 kind; /* enum proto_job_kind, 0 for an agents' copy */
	guint epoch;  /* index of a live one */
};

/* Whose a mail of this kind is: enum proto_side. */
enum proto_side labels_side(guint32 kind);

/* Both take the number of set, which must be set. Capabilities are of the
 * newest epoch. */
void labels_make_capabilities(
    const struct keys *keys, const char *queue, struct label_set *set);
void labels_make_ids(const struct keys *keys, const struct labels_mail *mail,
    struct label_set *set);

/* What holds of a claim that came to this queue; zeroed if nothing does. A
 * claim by PROTO_VIA_SUBJECT never does. */
struct proto_proof labels_prove(const struct keys *keys, const char *queue,
    const struct proto_claim *claim);

#endif
