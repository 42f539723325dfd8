#include "vault/mac.h"

#include <string.h>

#include "vault/keys.h"

#include "base/banned.h"

G_STATIC_ASSERT(crypto_auth_hmacsha256_BYTES == PROTO_KEY_LEN);
G_STATIC_ASSERT(crypto_auth_hmacsha256_KEYBYTES == KEYS_SUBKEY_LEN);

void
mac_begin(struct mac *mac, const guint8 *key, const char *purpose)
{
	(void)crypto_auth_hmacsha256_init(&mac->state, key, KEYS_SUBKEY_LEN);
	mac_add_text(mac, purpose);
}

void
mac_add(struct mac *mac, gconstpointer data, gsize len)
{
	guint64 le = GUINT64_TO_LE((guint64)len);

	(void)crypto_auth_hmacsha256_update(
	    &mac->state, (const guint8 *)&le, sizeof le);
	(void)crypto_auth_hmacsha256_update(&mac->state, data, len);
}

void
mac_add_text(struct mac *mac, const char *text)
{
	mac_add(mac, text, strlen(text));
}

void
mac_add_num(struct mac *mac, guint32 num)
{
	guint32 le = GUINT32_TO_LE(num);

	mac_add(mac, &le, sizeof le);
}

struct proto_key
mac_end_key(struct mac *mac)
{
	struct proto_key key;

	(void)crypto_auth_hmacsha256_final(&mac->state, key.b);
	sodium_memzero(mac, sizeof *mac);
	return key;
}

struct label_mac
mac_end_label(struct mac *mac)
{
	struct proto_key key = mac_end_key(mac);
	struct label_mac label = label_mac_from_bytes(key.b);

	sodium_memzero(&key, sizeof key);
	return label;
}

guint64
mac_end_bits(struct mac *mac)
{
	struct proto_key key = mac_end_key(mac);
	guint64 bits;

	memcpy(&bits, key.b, sizeof bits);
	sodium_memzero(&key, sizeof key);
	return GUINT64_FROM_LE(bits);
}
