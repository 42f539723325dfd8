#include "vault/labels.h"

#include <sodium.h>

#include "vault/mac.h"

#include "base/banned.h"

/* Of a number and a kind of job, packed for an envelope sender. */
#define JOB_BITS (LABEL_MASKED_BITS - NUMBER_BITS)
#define JOB_MASK ((G_GUINT64_CONSTANT(1) << JOB_BITS) - 1)

G_STATIC_ASSERT(PROTO_JOB_END <= 1 << JOB_BITS);

/* --- making ----------------------------------------------------------- */

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
message_token(const guint8 *key, const struct labels_mail *mail,
    const struct number *number)
{
	struct mac mac;

	mac_begin(&mac, key,
	    mail->kind == 0 ? "copy message-id" : "job message-id");
	mac_add(&mac, mail->key->b, sizeof mail->key->b);
	mac_add_num(&mac, mail->kind);
	mac_add_text(&mac, number->s);
	return mac_end_label(&mac);
}

static struct label_mac
bounce_siv(const guint8 *key, const char *queue, const struct number *number,
    guint32 job)
{
	struct mac mac;

	mac_begin(&mac, key, "bounce siv");
	mac_add_text(&mac, queue);
	mac_add_text(&mac, number->s);
	mac_add_num(&mac, job);
	return mac_end_label(&mac);
}

static guint64
bounce_mask(const guint8 *key, const struct label_mac *siv)
{
	struct mac mac;

	mac_begin(&mac, key, "bounce mask");
	mac_add_text(&mac, siv->s);
	return mac_end_bits(&mac);
}

enum proto_side
labels_side(guint32 kind)
{
	return kind == 0 || kind == PROTO_JOB_STAGE ||
		       kind == PROTO_JOB_HANDED || kind == PROTO_JOB_WEEKLY
		   ? PROTO_SIDE_AGENT
		   : PROTO_SIDE_PLAYER;
}

void
labels_make_capabilities(
    const struct keys *keys, const char *queue, struct label_set *set)
{
	const guint8 *key = keys_subkey(keys, 0, KEYS_CAPABILITY);

	set->agent = capability(key, PROTO_SIDE_AGENT, queue, &set->number);
	set->player = capability(key, PROTO_SIDE_PLAYER, queue, &set->number);
}

void
labels_make_ids(const struct keys *keys, const struct labels_mail *mail,
    struct label_set *set)
{
	const guint8 *key = keys_subkey(keys, mail->epoch, KEYS_CAPABILITY);
	guint64 bits = number_to_bits(&set->number) << JOB_BITS | mail->kind;

	set->message = message_token(
	    keys_subkey(keys, mail->epoch, KEYS_MESSAGE), mail, &set->number);
	set->message_mac = message_mac(key, &set->number, &set->message);
	set->bounce_mac =
	    bounce_siv(key, mail->queue, &set->number, mail->kind);
	set->bounce = label_masked_from_bits(
	    bits ^ bounce_mask(key, &set->bounce_mac));
}

/* --- proving ------------------------------------------------------------ */

/* In constant time, with the NUL, so that a claim of another length fails. */
static guint32
mac_equal(const struct label_mac *claimed, const struct label_mac *own)
{
	return sodium_memcmp(claimed->s, own->s, sizeof own->s) == 0;
}

static struct proto_proof
capability_prove(
    const guint8 *key, const char *queue, const struct proto_claim *claim)
{
	struct label_mac player =
	    capability(key, PROTO_SIDE_PLAYER, queue, &claim->number);
	struct label_mac agent =
	    capability(key, PROTO_SIDE_AGENT, queue, &claim->number);
	guint32 is_player = mac_equal(&claim->mac, &player);
	guint32 is_agent = mac_equal(&claim->mac, &agent);

	return (struct proto_proof){.is_valid = is_player | is_agent,
	    .side = is_player != 0  ? PROTO_SIDE_PLAYER
		    : is_agent != 0 ? PROTO_SIDE_AGENT
				    : PROTO_SIDE_NONE};
}

static struct proto_proof
message_prove(const guint8 *key, const struct proto_claim *claim)
{
	struct label_mac own =
	    message_mac(key, &claim->number, &claim->token);

	return (struct proto_proof){.is_valid = mac_equal(&claim->mac, &own)};
}

/* Whatever is unmasked is worth something only if the IV comes out again. */
static struct proto_proof
bounce_prove(
    const guint8 *key, const char *queue, const struct proto_claim *claim)
{
	const struct proto_proof nothing = {0};
	struct proto_proof proof = {.is_valid = TRUE};
	struct label_mac own;
	guint64 bits;

	if (!label_masked_to_bits(&claim->token, &bits))
		return nothing;
	bits ^= bounce_mask(key, &claim->mac);
	proof.number = number_from_bits(bits >> JOB_BITS);
	proof.job = (guint32)(bits & JOB_MASK);
	proof.side = labels_side(proof.job);
	own = bounce_siv(key, queue, &proof.number, proof.job);
	return mac_equal(&claim->mac, &own) != 0 && proof.job < PROTO_JOB_END
		   ? proof
		   : nothing;
}

/* One claim under one epoch. */
static struct proto_proof
claim_prove(
    const guint8 *key, const char *queue, const struct proto_claim *claim)
{
	switch ((enum proto_via)claim->via) {
	case PROTO_VIA_CAPABILITY:
		return capability_prove(key, queue, claim);
	case PROTO_VIA_MESSAGE_ID:
	case PROTO_VIA_SELF:
		return message_prove(key, claim);
	case PROTO_VIA_BOUNCE:
		return bounce_prove(key, queue, claim);
	case PROTO_VIA_SUBJECT:
	default:
		return (struct proto_proof){0};
	}
}

struct proto_proof
labels_prove(const struct keys *keys, const char *queue,
    const struct proto_claim *claim)
{
	struct proto_proof proof = {0};

	for (guint e = 0; e < keys_live(keys); e++) {
		struct proto_proof one = claim_prove(
		    keys_subkey(keys, e, KEYS_CAPABILITY), queue, claim);

		if (one.is_valid != 0)
			proof = one;
	}
	return proof;
}
