#ifndef ND_VAULT_VAULT_H
#define ND_VAULT_VAULT_H

/*
 * What the keys are for: who wrote (contact ids), which mail it is
 * (fingerprints), which of our addresses and Message-IDs are ours (labels and
 * proofs), and the sealed return envelopes. No socket, no file of its own.
 *
 * Everything in an answer but the sealed bytes follows from the keys and the
 * request alone, so a mail that is tried again gets the same number, the
 * same Message-ID and the same addresses. The ids of a mail to a player
 * (Message-ID, envelope sender) come from the epoch of its envelope and so
 * stay the same as long as that can be opened; his capability address comes
 * from the newest epoch, because he may answer late.
 *
 * An envelope sender says to this vault of which ticket and job its mail was,
 * without a row anywhere, and nothing to anybody else: synthetic IV, masked
 * number (vault/labels.h). Whoever has no key passes a wrong one for right,
 * as any keyed part, with a chance of 2^-65 for each live epoch and try. It
 * dies with its epoch, and is good for the queue it was made for only, as a
 * capability; a Message-ID is good for every queue.
 *
 * Mails without a sender share one contact id per epoch, that of the empty
 * address; it is no proof of being the same person.
 *
 * A notice about a new ticket comes with a receipt (vault/receipt.h) if the
 * worker put the mail's digest into the envelope. That is all the vault reads
 * of an envelope's content; only what was sealed gets a signature. The number is
 * the post's word.
 *
 * All calls do the work of vault_tick() first: no dead key is ever used. A
 * failure there is ERROR_TEMP whatever its own kind, so that mail waits.
 * Answers must be zeroed structs; on success they own their content, which
 * the caller clears (proto/codec.h); on failure they stay zeroed. A request
 * must be one that proto/codec.h would decode.
 *
 * No key, and no text of a mail, gets into an answer's error.
 */
#include <glib.h>

#include "proto/messages.h"
#include "vault/keys.h"

/* Octets of every sealed envelope, whatever is in it. */
#define VAULT_SEALED_LEN 2088

struct vault_policy {
	gint64 open_rate;  /* envelopes a second, sustained */
	gint64 open_burst; /* envelopes at once */
};

struct vault_counters {
	guint64 opened;	 /* envelopes */
	guint64 refused; /* for being too many at a time */
};

struct vault;

struct vault *vault_new(
    struct keys *take_keys, const struct vault_policy *policy);
void vault_free(struct vault *vault);
typedef struct vault vault_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(vault_auto, vault_free)

/* keys_tick(). To be called about once a minute also when there is no mail:
 * keys must die on time. */
gboolean vault_tick(struct vault *vault, gint64 now, GError **err);

/* ERROR_PERM if the envelope or a list is too large; a list may be NULL. */
gboolean vault_identify(struct vault *vault,
    const struct proto_vault_identify *request, gint64 now,
    struct proto_vault_identity *answer, GError **err);

/* ERROR_TEMP if too many were opened lately, ERROR_PERM if the epoch is dead,
 * the bytes are not what was sealed for this contact and epoch, or the
 * request names no ticket or no kind of job that is to a player. The
 * plaintext in the answer is wiped when its last reference goes. */
gboolean vault_open(struct vault *vault, const struct proto_vault_open *request,
    gint64 now, struct proto_vault_opened *answer, GError **err);

/* The labels of a mail of ours to agents: their side's capability and the ids,
 * which follow from queue, job, kind and number as long as an epoch lasts.
 * ERROR_PERM if the request names no ticket, or a kind of job that is not to
 * agents. */
gboolean vault_label(struct vault *vault,
    const struct proto_vault_label *request, gint64 now,
    struct proto_vault_labelled *answer, GError **err);

/* The public key of receipts: RECEIPT_KEY_LEN octets, borrowed. */
const guint8 *vault_receipt_key(const struct vault *vault);

const struct vault_counters *vault_counters(const struct vault *vault);
/* Live epochs, for status lines. */
guint vault_live(const struct vault *vault);

#endif
