#include "vault/vault.h"

#include <string.h>

#include <sodium.h>

#include "base/error.h"
#include "ticket/label.h"
#include "ticket/number.h"
#include "vault/bucket.h"

#include "base/banned.h"

#define MAC_LEN crypto_auth_hmacsha256_BYTES
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES
/* Every envelope is padded to this, so its length says nothing. */
#define PADDED_LEN 2048

G_STATIC_ASSERT(PROTO_ENVELOPE_MAX < PADDED_LEN);
G_STATIC_ASSERT(NONCE_LEN + PADDED_LEN + TAG_LEN == VAULT_SEALED_LEN);
G_STATIC_ASSERT(MAC_LEN == PROTO_KEY_LEN);
G_STATIC_ASSERT(crypto_auth_hmacsha256_KEYBYTES == KEYS_SUBKEY_LEN);
G_STATIC_ASSERT(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == KEYS_SUBKEY_LEN);

struct vault {
	struct keys *keys; /* own */
	struct bucket bucket;
	struct vault_counters counters;
	guint8 *plain; /* own; locked, PADDED_LEN, zero between calls */
};

struct vault *
vault_new(struct keys *take_keys, const struct vault_policy *policy)
{
	struct vault *vault = g_new0(struct vault, 1);

	vault->keys = take_keys;
	bucket_init(&vault->bucket, policy->open_rate, policy->open_burst);
	vault->plain = sodium_malloc(PADDED_LEN);
	if (vault->plain == NULL)
		g_error("out of memory");
	return vault;
}

void
vault_free(struct vault *vault)
{
	if (vault == NULL)
		return;
	keys_free(vault->keys);
	sodium_free(vault->plain);
	g_free(vault);
}

const struct vault_counters *
vault_counters(const struct vault *vault)
{
	return &vault->counters;
}

guint
vault_live(const struct vault *vault)
{
	return keys_live(vault->keys);
}

gboolean
vault_tick(struct vault *vault, gint64 now, GError **err)
{
	return keys_tick(vault->keys, now, err);
}

/* A mail must wait for what only an operator can repair. */
static gboolean
tick_or_wait(struct vault *vault, gint64 now, GError **err)
{
	g_autoptr(GError) failure = NULL;

	if (vault_tick(vault, now, &failure))
		return TRUE;
	failure->code = ERROR_TEMP;
	g_propagate_error(err, g_steal_pointer(&failure));
	return FALSE;
}

/* --- keyed hashes --------------------------------------------------- */

/* One HMAC in the making. Every field goes in behind its length and the
 * first one names the purpose, so no two inputs look alike. */
struct mac {
	crypto_auth_hmacsha256_state state;
	guint8 out[MAC_LEN];
};

static void
mac_add(struct mac *mac, gconstpointer data, gsize len)
{
	guint64 le = GUINT64_TO_LE((guint64)len);

	(void)crypto_auth_hmacsha256_update(
	    &mac->state, (const guint8 *)&le, sizeof le);
	(void)crypto_auth_hmacsha256_update(&mac->state, data, len);
}

static void
mac_add_text(struct mac *mac, const char *text)
{
	mac_add(mac, text, strlen(text));
}

static void
mac_add_num(struct mac *mac, guint32 num)
{
	guint32 le = GUINT32_TO_LE(num);

	mac_add(mac, &le, sizeof le);
}

static void
mac_begin(struct mac *mac, const guint8 *key, const char *purpose)
{
	(void)crypto_auth_hmacsha256_init(&mac->state, key, KEYS_SUBKEY_LEN);
	mac_add_text(mac, purpose);
}

static struct proto_key
mac_end_key(struct mac *mac)
{
	struct proto_key key;

	(void)crypto_auth_hmacsha256_final(&mac->state, key.b);
	sodium_memzero(mac, sizeof *mac);
	return key;
}

static struct label_mac
mac_end_label(struct mac *mac)
{
	struct label_mac label;

	(void)crypto_auth_hmacsha256_final(&mac->state, mac->out);
	label = label_mac_from_bytes(mac->out);
	sodium_memzero(mac, sizeof *mac);
	return label;
}

static struct proto_key
contact_id(const guint8 *key, const char *sender_addr)
{
	struct mac mac;

	mac_begin(&mac, key, "contact");
	mac_add_text(&mac, sender_addr);
	return mac_end_key(&mac);
}

static struct proto_key
fingerprint(const guint8 *key, const struct proto_key *digest)
{
	struct mac mac;

	mac_begin(&mac, key, "fingerprint");
	mac_add(&mac, digest->b, sizeof digest->b);
	return mac_end_key(&mac);
}

static struct number
derived_number(const guint8 *key, const struct proto_key *digest, guint32 i)
{
	struct mac mac;
	struct proto_key bytes;
	guint64 bits;

	mac_begin(&mac, key, "number");
	mac_add(&mac, digest->b, sizeof digest->b);
	mac_add_num(&mac, i);
	bytes = mac_end_key(&mac);
	memcpy(&bits, bytes.b, sizeof bits);
	return number_from_bits(GUINT64_FROM_LE(bits));
}

static struct label_mac
capability(const guint8 *key, enum proto_side side, const char *queue,
    const struct number *number)
{
	struct mac mac;

	mac_begin(&mac, key, "capability");
	mac_add_num(&mac, side);
	mac_add_text(&mac, queue);
	mac_add_text(&mac, number->s);
	return mac_end_label(&mac);
}

static struct label_mac
message_mac(const guint8 *key, const struct number *number,
    const struct label_mac *token)
{
	struct mac mac;

	mac_begin(&mac, key, "message-id");
	mac_add_text(&mac, number->s);
	mac_add_text(&mac, token->s);
	return mac_end_label(&mac);
}

static struct label_mac
bounce_mac(const guint8 *key, const struct label_mac *token)
{
	struct mac mac;

	mac_begin(&mac, key, "bounce");
	mac_add_text(&mac, token->s);
	return mac_end_label(&mac);
}

static guint
claims_len(const struct proto_vault_identify *request)
{
	return request->claims == NULL ? 0 : request->claims->len;
}

/* --- labels --------------------------------------------------------- */

/* What tokens derive from: a mail that came in, or a job to send one. */
struct token_seed {
	const char *message; /* purposes */
	const char *bounce;
	const struct proto_key *key; /* of the mail or the job */
	guint32 kind;		     /* of the job */
};

static struct label_mac
token(const guint8 *key, const char *purpose, const struct token_seed *seed,
    const struct number *number)
{
	struct mac mac;

	mac_begin(&mac, key, purpose);
	mac_add(&mac, seed->key->b, sizeof seed->key->b);
	mac_add_num(&mac, seed->kind);
	mac_add_text(&mac, number->s);
	return mac_end_label(&mac);
}

/* The ids of one mail, under one epoch. */
static void
label_ids(const struct keys *keys, guint epoch, const struct token_seed *seed,
    struct label_set *set)
{
	const guint8 *message = keys_subkey(keys, epoch, KEYS_MESSAGE);
	const guint8 *mac = keys_subkey(keys, epoch, KEYS_CAPABILITY);

	set->message = token(message, seed->message, seed, &set->number);
	set->message_mac = message_mac(mac, &set->number, &set->message);
	set->bounce = token(message, seed->bounce, seed, &set->number);
	set->bounce_mac = bounce_mac(mac, &set->bounce);
}

static void
identity_add_label(const struct vault *vault,
    const struct proto_vault_identify *request, const struct number *number,
    GArray *labels)
{
	const struct token_seed seed = {.message = "copy message-id",
	    .bounce = "copy sender",
	    .key = &request->digest};
	const guint8 *key = keys_subkey(vault->keys, 0, KEYS_CAPABILITY);
	struct label_set set = {.number = *number};

	set.agent = capability(key, PROTO_SIDE_AGENT, request->queue, number);
	set.player = capability(key, PROTO_SIDE_PLAYER, request->queue, number);
	label_ids(vault->keys, 0, &seed, &set);
	g_array_append_val(labels, set);
}

static void
identity_add_labels(const struct vault *vault,
    const struct proto_vault_identify *request, GArray *labels)
{
	const guint8 *key = keys_subkey(vault->keys, 0, KEYS_TICKET);

	for (guint32 i = 0; i < PROTO_NUMBERS; i++) {
		struct number number = derived_number(key, &request->digest, i);

		identity_add_label(vault, request, &number, labels);
	}
	for (guint i = 0; i < claims_len(request); i++) {
		const struct proto_claim *claim =
		    &g_array_index(request->claims, struct proto_claim, i);

		if (number_is_set(&claim->number))
			identity_add_label(
			    vault, request, &claim->number, labels);
	}
}

/* --- proofs --------------------------------------------------------- */

/* In constant time, with the NUL, so that a claim of another length fails. */
static guint32
mac_equal(const struct label_mac *claimed, const struct label_mac *own)
{
	return sodium_memcmp(claimed->s, own->s, sizeof own->s) == 0;
}

static enum proto_side
capability_side(
    const guint8 *key, const char *queue, const struct proto_claim *claim)
{
	struct label_mac player =
	    capability(key, PROTO_SIDE_PLAYER, queue, &claim->number);
	struct label_mac agent =
	    capability(key, PROTO_SIDE_AGENT, queue, &claim->number);
	guint32 is_player = mac_equal(&claim->mac, &player);
	guint32 is_agent = mac_equal(&claim->mac, &agent);

	return is_player != 0  ? PROTO_SIDE_PLAYER
	       : is_agent != 0 ? PROTO_SIDE_AGENT
			       : PROTO_SIDE_NONE;
}

/* One claim under one epoch. */
static struct proto_proof
claim_prove(
    const guint8 *key, const char *queue, const struct proto_claim *claim)
{
	struct proto_proof proof = {0};
	struct label_mac own;

	switch ((enum proto_via)claim->via) {
	case PROTO_VIA_CAPABILITY:
		proof.side = capability_side(key, queue, claim);
		proof.is_valid = proof.side != PROTO_SIDE_NONE;
		break;
	case PROTO_VIA_MESSAGE_ID:
		own = message_mac(key, &claim->number, &claim->token);
		proof.is_valid = mac_equal(&claim->mac, &own);
		break;
	case PROTO_VIA_BOUNCE:
		own = bounce_mac(key, &claim->token);
		proof.is_valid = mac_equal(&claim->mac, &own);
		break;
	case PROTO_VIA_SUBJECT:
	default:
		break;
	}
	return proof;
}

static void
identity_add_proofs(const struct vault *vault,
    const struct proto_vault_identify *request, GArray *proofs)
{
	for (guint i = 0; i < claims_len(request); i++) {
		const struct proto_claim *claim =
		    &g_array_index(request->claims, struct proto_claim, i);
		struct proto_proof proof = {0};

		for (guint e = 0; e < keys_live(vault->keys); e++) {
			struct proto_proof one = claim_prove(
			    keys_subkey(vault->keys, e, KEYS_CAPABILITY),
			    request->queue, claim);

			proof.is_valid |= one.is_valid;
			proof.side |= one.side;
		}
		g_array_append_val(proofs, proof);
	}
}

/* --- envelopes ------------------------------------------------------ */

/* Associated data: the same bytes never open for another contact or epoch. */
struct binding {
	gint64 epoch; /* little-endian */
	struct proto_key contact;
};

G_STATIC_ASSERT(sizeof(struct binding) == 8 + PROTO_KEY_LEN);

static GBytes *
envelope_seal(
    struct vault *vault, GBytes *envelope, const struct proto_epoch_ids *ids)
{
	const struct binding binding = {GINT64_TO_LE(ids->epoch), ids->contact};
	gsize len;
	const guint8 *content = g_bytes_get_data(envelope, &len);
	guint8 *sealed = g_malloc(VAULT_SEALED_LEN);
	gsize padded;
	int failed;

	memcpy(vault->plain, content, len);
	failed = sodium_pad(&padded, vault->plain, len, PADDED_LEN, PADDED_LEN);
	g_assert(failed == 0 && padded == PADDED_LEN);
	randombytes_buf(sealed, NONCE_LEN);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_LEN,
	    NULL, vault->plain, PADDED_LEN, (const guint8 *)&binding,
	    sizeof binding, NULL, sealed,
	    keys_subkey(vault->keys, 0, KEYS_SEAL));
	sodium_memzero(vault->plain, PADDED_LEN);
	return g_bytes_new_take(sealed, VAULT_SEALED_LEN);
}

struct secret_copy {
	gsize len;
	guint8 data[];
};

static void
secret_copy_free(gpointer user_data)
{
	struct secret_copy *copy = user_data;

	sodium_memzero(copy->data, copy->len);
	g_free(copy);
}

static GBytes *
secret_bytes(const guint8 *data, gsize len)
{
	struct secret_copy *copy = g_malloc(sizeof *copy + len);

	copy->len = len;
	memcpy(copy->data, data, len);
	return g_bytes_new_with_free_func(
	    copy->data, len, secret_copy_free, copy);
}

/* NULL if the bytes are not what was sealed for this contact and epoch. */
static GBytes *
envelope_open(
    struct vault *vault, const struct proto_vault_open *request, guint epoch)
{
	const struct binding binding = {
	    GINT64_TO_LE(request->epoch), request->contact};
	gsize len = 0;
	const guint8 *sealed = request->sealed == NULL
				   ? NULL
				   : g_bytes_get_data(request->sealed, &len);
	GBytes *envelope = NULL;
	gsize unpadded;

	if (len != VAULT_SEALED_LEN)
		return NULL;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(vault->plain, NULL, NULL,
		sealed + NONCE_LEN, PADDED_LEN + TAG_LEN,
		(const guint8 *)&binding, sizeof binding, sealed,
		keys_subkey(vault->keys, epoch, KEYS_SEAL)) == 0 &&
	    sodium_unpad(&unpadded, vault->plain, PADDED_LEN, PADDED_LEN) == 0)
		envelope = secret_bytes(vault->plain, unpadded);
	sodium_memzero(vault->plain, PADDED_LEN);
	return envelope;
}

/* --- the two calls -------------------------------------------------- */

gboolean
vault_identify(struct vault *vault, const struct proto_vault_identify *request,
    gint64 now, struct proto_vault_identity *answer, GError **err)
{
	gsize envelope_len =
	    request->envelope == NULL ? 0 : g_bytes_get_size(request->envelope);

	if (envelope_len > PROTO_ENVELOPE_MAX ||
	    claims_len(request) > PROTO_CLAIMS_MAX)
		return error_fail(
		    err, ERROR_PERM, "envelope or list of claims is too large");
	if (!tick_or_wait(vault, now, err))
		return FALSE;
	answer->epochs =
	    g_array_new(FALSE, FALSE, sizeof(struct proto_epoch_ids));
	answer->proofs = g_array_new(FALSE, FALSE, sizeof(struct proto_proof));
	answer->labels = g_array_new(FALSE, FALSE, sizeof(struct label_set));
	for (guint e = 0; e < keys_live(vault->keys); e++) {
		struct proto_epoch_ids ids = {
		    .epoch = keys_epoch(vault->keys, e),
		    .contact =
			contact_id(keys_subkey(vault->keys, e, KEYS_CONTACT),
			    request->sender_addr),
		    .fingerprint =
			fingerprint(keys_subkey(vault->keys, e, KEYS_MESSAGE),
			    &request->digest)};

		g_array_append_val(answer->epochs, ids);
	}
	identity_add_proofs(vault, request, answer->proofs);
	identity_add_labels(vault, request, answer->labels);
	answer->sealed = envelope_len == 0
			     ? g_bytes_new(NULL, 0)
			     : envelope_seal(vault, request->envelope,
				   &g_array_index(answer->epochs,
				       struct proto_epoch_ids, 0));
	return TRUE;
}

gboolean
vault_open(struct vault *vault, const struct proto_vault_open *request,
    gint64 now, struct proto_vault_opened *answer, GError **err)
{
	const struct token_seed seed = {.message = "job message-id",
	    .bounce = "job sender",
	    .key = &request->job,
	    .kind = request->kind};
	struct label_set label = {.number = request->number};
	guint epoch;
	GBytes *envelope;

	if (!tick_or_wait(vault, now, err))
		return FALSE;
	if (!bucket_take(&vault->bucket, now)) {
		vault->counters.refused++;
		return error_fail(
		    err, ERROR_TEMP, "too many envelopes were opened lately");
	}
	if (!keys_find(vault->keys, request->epoch, &epoch))
		return error_fail(err, ERROR_PERM, "the key is gone");
	envelope = envelope_open(vault, request, epoch);
	if (envelope == NULL)
		return error_fail(
		    err, ERROR_PERM, "the envelope does not open");
	vault->counters.opened++;
	label.player = capability(keys_subkey(vault->keys, 0, KEYS_CAPABILITY),
	    PROTO_SIDE_PLAYER, request->queue, &request->number);
	label_ids(vault->keys, epoch, &seed, &label);
	answer->envelope = envelope;
	answer->label = label;
	return TRUE;
}
