#include "vault/vault.h"

#include <string.h>

#include <sodium.h>

#include "base/error.h"
#include "proto/codec.h"
#include "ticket/number.h"
#include "vault/bucket.h"
#include "vault/labels.h"
#include "vault/mac.h"

#include "base/banned.h"

#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES
/* Every envelope is padded to this, so its length says nothing. */
#define PADDED_LEN 2048

G_STATIC_ASSERT(PROTO_ENVELOPE_MAX < PADDED_LEN);
G_STATIC_ASSERT(NONCE_LEN + PADDED_LEN + TAG_LEN == VAULT_SEALED_LEN);
G_STATIC_ASSERT(RECEIPT_DIGEST_LEN == PROTO_KEY_LEN);
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

const guint8 *
vault_receipt_key(const struct vault *vault)
{
	return signing_key(keys_signing(vault->keys));
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

/* --- ids ------------------------------------------------------------- */

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

	mac_begin(&mac, key, "number");
	mac_add(&mac, digest->b, sizeof digest->b);
	mac_add_num(&mac, i);
	return number_from_bits(mac_end_bits(&mac));
}

/* What a mail answers to is the Message-ID of another one. */
static struct proto_key
clue_key(const guint8 *key, const struct proto_clue_text *clue)
{
	guint32 kind =
	    clue->kind == PROTO_CLUE_REFERENCE ? PROTO_CLUE_ID : clue->kind;
	struct mac mac;

	mac_begin(&mac, key, "clue");
	mac_add_num(&mac, kind);
	mac_add_text(&mac, clue->text);
	return mac_end_key(&mac);
}

/* --- answers -------------------------------------------------------- */

/* No list is an empty list. */
static guint
list_len(const GArray *list)
{
	return list == NULL ? 0 : list->len;
}

static GArray *
identity_epochs(
    const struct vault *vault, const struct proto_vault_identify *request)
{
	GArray *epochs =
	    g_array_new(FALSE, FALSE, sizeof(struct proto_epoch_ids));

	for (guint e = 0; e < keys_live(vault->keys); e++) {
		struct proto_epoch_ids ids = {
		    .epoch = keys_epoch(vault->keys, e),
		    .contact =
			contact_id(keys_subkey(vault->keys, e, KEYS_CONTACT),
			    request->sender_addr),
		    .fingerprint =
			fingerprint(keys_subkey(vault->keys, e, KEYS_MESSAGE),
			    &request->digest)};

		g_array_append_val(epochs, ids);
	}
	return epochs;
}

static GArray *
identity_proofs(
    const struct vault *vault, const struct proto_vault_identify *request)
{
	GArray *proofs = g_array_new(FALSE, FALSE, sizeof(struct proto_proof));

	for (guint i = 0; i < list_len(request->claims); i++) {
		struct proto_proof proof =
		    labels_prove(vault->keys, request->queue,
			&g_array_index(request->claims, struct proto_claim, i));

		g_array_append_val(proofs, proof);
	}
	return proofs;
}

static void
label_add(const struct vault *vault,
    const struct proto_vault_identify *request, const struct number *number,
    GArray *labels)
{
	const struct labels_mail copy = {
	    .queue = request->queue, .key = &request->digest};
	struct label_set set = {.number = *number};

	labels_make_capabilities(vault->keys, request->queue, &set);
	labels_make_ids(vault->keys, &copy, &set);
	g_array_append_val(labels, set);
}

/* Of the numbers that a new ticket may get, and of those that the mail or its
 * proofs name. */
static GArray *
identity_labels(const struct vault *vault,
    const struct proto_vault_identify *request, const GArray *proofs)
{
	const guint8 *key = keys_subkey(vault->keys, 0, KEYS_TICKET);
	GArray *labels = g_array_new(FALSE, FALSE, sizeof(struct label_set));

	for (guint32 i = 0; i < PROTO_NUMBERS; i++) {
		struct number number = derived_number(key, &request->digest, i);

		label_add(vault, request, &number, labels);
	}
	for (guint i = 0; i < proofs->len; i++) {
		const struct number *number =
		    &g_array_index(proofs, struct proto_proof, i).number;

		if (!number_is_set(number))
			number = &g_array_index(
			    request->claims, struct proto_claim, i)
				      .number;
		if (number_is_set(number))
			label_add(vault, request, number, labels);
	}
	return labels;
}

static GArray *
identity_clues(
    const struct vault *vault, const struct proto_vault_identify *request)
{
	GArray *clues = g_array_new(FALSE, FALSE, sizeof(struct proto_clue));

	for (guint e = 0; e < keys_live(vault->keys); e++) {
		const guint8 *key = keys_subkey(vault->keys, e, KEYS_MESSAGE);

		for (guint i = 0; i < list_len(request->clues); i++) {
			const struct proto_clue_text *text = &g_array_index(
			    request->clues, struct proto_clue_text, i);
			struct proto_clue clue = {.kind = text->kind,
			    .epoch = keys_epoch(vault->keys, e),
			    .key = clue_key(key, text)};

			g_array_append_val(clues, clue);
		}
	}
	return clues;
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

/* --- receipts --------------------------------------------------------- */

/* What a notice about a new ticket has a receipt for; answers have none. */
static gboolean
job_has_receipt(guint32 kind)
{
	return kind == PROTO_JOB_ACK || kind == PROTO_JOB_ENCRYPTED;
}

/* NULL if the envelope has no digest, or a time that cannot be. */
static char *
receipt_make(
    const struct vault *vault, GBytes *content, const struct number *number,
    gint64 now)
{
	struct proto_envelope envelope = {0};
	struct receipt receipt = {.number = *number};
	char line[RECEIPT_TEXT_SIZE];
	gboolean ok = proto_envelope_decode(content, &envelope, NULL) &&
	    !sodium_is_zero(envelope.digest.b, PROTO_KEY_LEN) &&
	    envelope.received > 0 &&
	    envelope.received <= now + KEYS_CLOCK_SLACK_S;

	receipt.received = envelope.received;
	memcpy(receipt.digest, envelope.digest.b, RECEIPT_DIGEST_LEN);
	ok = ok && signing_sign(keys_signing(vault->keys), &receipt);
	proto_envelope_clear(&envelope);
	return ok ? g_strdup(receipt_show(&receipt, line)) : NULL;
}

/* --- the calls -------------------------------------------------- */

gboolean
vault_identify(struct vault *vault, const struct proto_vault_identify *request,
    gint64 now, struct proto_vault_identity *answer, GError **err)
{
	gsize envelope_len =
	    request->envelope == NULL ? 0 : g_bytes_get_size(request->envelope);

	if (envelope_len > PROTO_ENVELOPE_MAX ||
	    list_len(request->claims) > PROTO_CLAIMS_MAX ||
	    list_len(request->clues) > PROTO_CLUES_MAX)
		return error_fail(err, ERROR_PERM,
		    "envelope or list of claims or clues is too large");
	if (!tick_or_wait(vault, now, err))
		return FALSE;
	answer->epochs = identity_epochs(vault, request);
	answer->proofs = identity_proofs(vault, request);
	answer->labels = identity_labels(vault, request, answer->proofs);
	answer->clues = identity_clues(vault, request);
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
	struct labels_mail mail = {.queue = request->queue,
	    .key = &request->job,
	    .kind = request->kind};
	struct label_set label = {.number = request->number};
	GBytes *envelope;

	if (!number_is_set(&request->number) || request->kind == 0 ||
	    request->kind >= PROTO_JOB_END ||
	    labels_side(request->kind) != PROTO_SIDE_PLAYER)
		return error_fail(
		    err, ERROR_PERM, "no ticket or no kind of job");
	if (!tick_or_wait(vault, now, err))
		return FALSE;
	if (!bucket_take(&vault->bucket, now)) {
		vault->counters.refused++;
		return error_fail(
		    err, ERROR_TEMP, "too many envelopes were opened lately");
	}
	if (!keys_find(vault->keys, request->epoch, &mail.epoch))
		return error_fail(err, ERROR_PERM, "the key is gone");
	envelope = envelope_open(vault, request, mail.epoch);
	if (envelope == NULL)
		return error_fail(
		    err, ERROR_PERM, "the envelope does not open");
	vault->counters.opened++;
	labels_make_capabilities(vault->keys, request->queue, &label);
	label.agent = (struct label_mac){{0}};
	labels_make_ids(vault->keys, &mail, &label);
	answer->envelope = envelope;
	answer->label = label;
	if (job_has_receipt(request->kind))
		answer->receipt =
		    receipt_make(vault, envelope, &request->number, now);
	return TRUE;
}

gboolean
vault_label(struct vault *vault, const struct proto_vault_label *request,
    gint64 now, struct proto_vault_labelled *answer, GError **err)
{
	const struct labels_mail mail = {.queue = request->queue,
	    .key = &request->job,
	    .kind = request->kind};
	struct label_set label = {.number = request->number};

	/* Kind 0 is a copy, whose labels come with its identity. */
	if (!number_is_set(&request->number) || request->kind == 0 ||
	    labels_side(request->kind) != PROTO_SIDE_AGENT)
		return error_fail(
		    err, ERROR_PERM, "no ticket or no mail to agents");
	if (!tick_or_wait(vault, now, err))
		return FALSE;
	labels_make_capabilities(vault->keys, request->queue, &label);
	label.player = (struct label_mac){{0}};
	labels_make_ids(vault->keys, &mail, &label);
	answer->label = label;
	return TRUE;
}
