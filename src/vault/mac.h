#ifndef ND_VAULT_MAC_H
#define ND_VAULT_MAC_H

/*
 * One keyed hash in the making: HMAC-SHA-256 (RFC 2104). Every field goes in
 * behind its length and the first one names the purpose, so no two inputs look
 * alike. Whoever begins one must end it: that wipes it.
 */
#include <glib.h>
#include <sodium.h>

#include "proto/messages.h"
#include "ticket/label.h"

struct mac {
	crypto_auth_hmacsha256_state state;
};

/* key: KEYS_SUBKEY_LEN octets. */
void mac_begin(struct mac *mac, const guint8 *key, const char *purpose);
void mac_add(struct mac *mac, gconstpointer data, gsize len);
void mac_add_text(struct mac *mac, const char *text);
void mac_add_num(struct mac *mac, guint32 num);

struct proto_key mac_end_key(struct mac *mac);
/* The first 65 bits, as text. */
struct label_mac mac_end_label(struct mac *mac);
/* The first 64 bits, as a number. */
guint64 mac_end_bits(struct mac *mac);

#endif
