#ifndef ND_VAULT_RECEIPT_H
#define ND_VAULT_RECEIPT_H

/*
 * Receipts: one line that says that a mail came, when, and under which number,
 * signed with Ed25519 (RFC 8032).
 *
 *   nymdesk-receipt: v1 K7F3-9Q2Y 2026-11-22T10:00:00Z <digest> <signature>
 *
 * What is signed is the line itself up to the digest, without the blank behind
 * it. Digest (mail/canonical.h) and signature are base64url without padding
 * (RFC 4648 5). A line has RECEIPT_TEXT_SIZE - 1 octets, all of them ASCII.
 *
 * It is read from whatever a mail client makes of it: broken anywhere, behind
 * marks of a quote, in quoted-printable. No more is forgiven: whatever the
 * letters say is what the signature has to fit. Pure but for libsodium; keys
 * are the caller's.
 */
#include <glib.h>

#include "ticket/number.h"

#define RECEIPT_SEED_LEN 32
#define RECEIPT_KEY_LEN 32	  /* the public one */
#define RECEIPT_SECRET_LEN 64	  /* as libsodium has it: seed, public key */
#define RECEIPT_DIGEST_LEN 32
#define RECEIPT_SIGNATURE_LEN 64
#define RECEIPT_TEXT_SIZE 182 /* with NUL */
#define RECEIPT_KEY_TEXT_SIZE 68 /* with NUL */

struct receipt {
	struct number number;
	gint64 received; /* s since 1970, in the years 1970 to 9999 */
	guint8 digest[RECEIPT_DIGEST_LEN];
	guint8 signature[RECEIPT_SIGNATURE_LEN];
};

/* FALSE if number or received is none that a line can have. */
gboolean receipt_sign(
    struct receipt *receipt, const guint8 secret[RECEIPT_SECRET_LEN]);
gboolean receipt_verify(
    const struct receipt *receipt, const guint8 key[RECEIPT_KEY_LEN]);

/* Of a signed one. */
const char *receipt_show(
    const struct receipt *receipt, char out[RECEIPT_TEXT_SIZE]);

/* The first receipt in a text of any length; nothing is verified. ERROR_PERM
 * says what is wrong with it, or that there is none. */
gboolean receipt_find(
    const char *text, gsize len, struct receipt *out, GError **err);

/* "nymdesk-receipt-key: v1 <key>"; read also without what stands before the
 * key. */
const char *receipt_key_show(
    const guint8 key[RECEIPT_KEY_LEN], char out[RECEIPT_KEY_TEXT_SIZE]);
gboolean receipt_key_parse(
    const char *text, guint8 key[RECEIPT_KEY_LEN], GError **err);

#endif
