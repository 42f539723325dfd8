#ifndef ND_VAULT_SIGNING_H
#define ND_VAULT_SIGNING_H

/*
 * The key that signs receipts, and its file.
 *
 * It is one for all epochs: a receipt must hold when all of them are dead. So
 * nothing that could tell of a player may ever derive from it. Its file,
 * "receipt" in the key directory, has a random seed and a check; if there is
 * none, one is made. Whoever removes it gets another key at the next start;
 * receipts that were signed before hold under the public key of then.
 */
#include <glib.h>

#include "vault/keydir.h"
#include "vault/receipt.h"

struct signing;

/* Kinds of errors are those of keys_open(). */
struct signing *signing_open(struct keydir *dir, GError **err);
void signing_free(struct signing *signing);
typedef struct signing signing_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(signing_auto, signing_free)

/* RECEIPT_KEY_LEN octets, borrowed. */
const guint8 *signing_key(const struct signing *signing);

/* receipt_sign(). */
gboolean signing_sign(const struct signing *signing, struct receipt *receipt);

#endif
