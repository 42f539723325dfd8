#include "intake/case.h"

#include <string.h>

#include "base/error.h"
#include "intake/claims.h"
#include "mail/scrub.h"

#include "base/banned.h"

#define REFERENCES_MAX 800 /* octets, as the envelope's table says */
#define SUBJECT_MAX 512
#define MSGID_MAX 250

/* --- the return envelope ---------------------------------------------- */

/* Cut at a character, not inside one. */
static char *
text_cut(const char *text, gsize max)
{
	gsize len = strlen(text);

	if (len <= max)
		return g_strdup(text);
	while (max > 0 && ((guchar)text[max] & 0xc0) == 0x80)
		max--;
	return g_strndup(text, max);
}

/* The newest references that fit, oldest first as RFC 5322 3.6.4 wants. */
static char *
references_join(const GPtrArray *references)
{
	g_autoptr(GString) out = g_string_new(NULL);

	/* Index 0 is the In-Reply-To; References follow from last to first. */
	for (guint i = 0; i < references->len; i++) {
		const char *id = g_ptr_array_index(references, i);
		g_autofree char *item = g_strdup_printf("<%s>", id);

		if (out->len + strlen(item) + 1 > REFERENCES_MAX)
			break;
		if (strstr(out->str, item) != NULL)
			continue;
		if (out->len > 0)
			g_string_prepend_c(out, ' ');
		g_string_prepend(out, item);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static GBytes *
envelope_make(const struct mail_case *c)
{
	const struct mail *mail = c->mail;
	g_autofree char *wire = NULL;
	g_autofree char *base = NULL;
	g_autofree char *subject = NULL;
	g_autofree char *references = NULL;
	struct proto_envelope envelope = {
	    .received = c->now, .digest = c->canonical};

	if (mail->from_addr == NULL)
		return g_bytes_new(NULL, 0);
	wire = addr_to_wire(mail->from_addr);
	if (strlen(wire) > ADDR_MAX)
		return g_bytes_new(NULL, 0);
	base = scrub_subject_base(mail->subject);
	subject = text_cut(base, SUBJECT_MAX);
	references = references_join(mail->references);
	envelope.player_addr = wire;
	envelope.subject = subject;
	envelope.message_id =
	    strlen(mail->message_id) <= MSGID_MAX ? mail->message_id : NULL;
	envelope.references = references;
	return proto_envelope_encode(&envelope);
}

/* --- asking the vault --------------------------------------------------- */

static gboolean
vault_ask(const struct mail_case *c, const struct proto_vault_identify *ask,
    struct proto_vault_identity *id, GError **err)
{
	struct proto_vault_identify whole = *ask;
	g_autofree char *sender_addr = c->mail->from_addr == NULL
	    ? g_strdup("")
	    : addr_to_normal(c->mail->from_addr);

	whole.queue = c->queue->name;
	whole.sender_addr = sender_addr;
	memcpy(whole.digest.b, c->mail->digest, sizeof(whole.digest.b));
	if (!ipc_call(c->peers->vault, PROTO_VAULT_IDENTIFY, &whole, -1,
		PROTO_VAULT_IDENTITY, id, err))
		return FALSE;
	if (id->epochs->len > 0 && id->proofs->len == whole.claims->len &&
	    id->labels->len >= PROTO_NUMBERS)
		return TRUE;
	proto_clear(PROTO_VAULT_IDENTITY, id);
	return error_fail(err, ERROR_TEMP, "the vault's answer has gaps");
}

gboolean
case_identify(struct mail_case *c, const struct label *rcpt, GError **err)
{
	g_autoptr(GBytes) envelope = envelope_make(c);
	g_autoptr(GArray) clues = clues_collect(c->config, c->mail);
	struct proto_vault_identify ask = {.envelope = envelope,
	    .clues = clues};

	c->claims = claims_collect(c->config, c->mail, c->queue, rcpt);
	c->wish = claims_wish(c->config, c->mail, c->queue, rcpt);
	ask.claims = c->claims;
	return vault_ask(c, &ask, &c->id, err);
}

void
case_forget(struct mail_case *c)
{
	g_clear_pointer(&c->claims, g_array_unref);
	proto_clear(PROTO_VAULT_IDENTITY, &c->id);
}

gboolean
case_move(struct mail_case *c, const char *queue, GError **err)
{
	const struct config_queue *to =
	    queue != NULL ? config_queue_by_name(c->config, queue) : NULL;
	g_autoptr(GArray) claims =
	    g_array_new(FALSE, TRUE, sizeof(struct proto_claim));
	const struct proto_vault_identify ask = {.claims = claims};
	struct proto_vault_identity id = {0};

	if (to == NULL || to == c->queue)
		return TRUE;
	c->queue = to;
	if (!vault_ask(c, &ask, &id, err))
		return FALSE;
	g_array_unref(c->id.labels);
	c->id.labels = g_steal_pointer(&id.labels);
	proto_clear(PROTO_VAULT_IDENTITY, &id);
	return TRUE;
}

static const struct label_set *
labels_find(const struct mail_case *c, const struct number *number)
{
	for (guint i = 0; i < c->id.labels->len; i++) {
		const struct label_set *set =
		    &g_array_index(c->id.labels, struct label_set, i);

		if (number_equal(&set->number, number))
			return set;
	}
	return NULL;
}

/* A ticket that was found by a clue is none of the claims. */
static gboolean
labels_make(const struct mail_case *c, const struct number *number,
    GError **err)
{
	const struct proto_claim claim = {
	    .via = PROTO_VIA_SUBJECT, .number = *number};
	g_autoptr(GArray) claims =
	    g_array_new(FALSE, TRUE, sizeof(struct proto_claim));
	struct proto_vault_identify ask = {.claims = claims};
	struct proto_vault_identity id = {0};

	g_array_append_val(claims, claim);
	if (!vault_ask(c, &ask, &id, err))
		return FALSE;
	g_array_append_vals(
	    c->id.labels, id.labels->data, id.labels->len);
	proto_clear(PROTO_VAULT_IDENTITY, &id);
	return TRUE;
}

const struct label_set *
case_labels(const struct mail_case *c, const struct number *number,
    GError **err)
{
	const struct label_set *set = labels_find(c, number);

	if (set != NULL)
		return set;
	if (!labels_make(c, number, err))
		return NULL;
	set = labels_find(c, number);
	if (set == NULL)
		(void)error_fail(err, ERROR_TEMP, "a number without labels");
	return set;
}

/* --- what holds --------------------------------------------------------- */

static const struct proto_claim *
claim_at(const struct mail_case *c, guint i)
{
	return &g_array_index(c->claims, struct proto_claim, i);
}

static const struct proto_proof *
proof_at(const struct mail_case *c, guint i)
{
	return &g_array_index(c->id.proofs, struct proto_proof, i);
}

const struct proto_proof *
case_proof(const struct mail_case *c, enum proto_via via)
{
	for (guint i = 0; i < c->claims->len; i++)
		if (claim_at(c, i)->via == via && proof_at(c, i)->is_valid)
			return proof_at(c, i);
	return NULL;
}

enum proto_side
case_side(const struct mail_case *c)
{
	for (guint i = 0; i < c->claims->len; i++) {
		const struct proto_proof *proof = proof_at(c, i);

		if (proof->is_valid && proof->side != PROTO_SIDE_NONE)
			return (enum proto_side)proof->side;
	}
	return PROTO_SIDE_NONE;
}

guint
case_guesses(const struct mail_case *c)
{
	guint n = 0;

	for (guint i = 0; i < c->claims->len; i++)
		if (claim_at(c, i)->via != PROTO_VIA_SUBJECT &&
		    !proof_at(c, i)->is_valid)
			n++;
	return n;
}

enum label_wish
case_wish(const struct mail_case *c)
{
	for (guint i = 0; i < c->claims->len; i++) {
		const struct proto_claim *claim = claim_at(c, i);

		if (claim->via == PROTO_VIA_CAPABILITY &&
		    proof_at(c, i)->is_valid &&
		    proof_at(c, i)->side == PROTO_SIDE_PLAYER &&
		    number_equal(&claim->number, &c->wish.number) &&
		    strcmp(claim->mac.s, c->wish.mac.s) == 0)
			return c->wish.wish;
	}
	return LABEL_WISH_NONE;
}

static const struct proto_claim *
agent_claim(const struct mail_case *c)
{
	for (guint i = 0; i < c->claims->len; i++)
		if (claim_at(c, i)->via == PROTO_VIA_CAPABILITY &&
		    proof_at(c, i)->is_valid &&
		    proof_at(c, i)->side == PROTO_SIDE_AGENT)
			return claim_at(c, i);
	return NULL;
}

const struct number *
case_agent_ticket(const struct mail_case *c)
{
	const struct proto_claim *claim = agent_claim(c);

	return claim != NULL ? &claim->number : NULL;
}

const char *
case_agent_mac(const struct mail_case *c)
{
	const struct proto_claim *claim = agent_claim(c);

	return claim != NULL ? claim->mac.s : NULL;
}

/* Without its keyed parts. An address of the other side is none of this
 * one's business. */
static void
claim_pass(const struct mail_case *c, guint i, enum proto_side side,
    GArray *out)
{
	const struct proto_claim *claim = claim_at(c, i);
	const struct proto_proof *proof = proof_at(c, i);
	struct proto_claim bare = {.via = claim->via, .number = claim->number};

	if (claim->via == PROTO_VIA_BOUNCE)
		bare.number = proof->number;
	if (claim->via == PROTO_VIA_SUBJECT ||
	    (proof->is_valid && claim->via != PROTO_VIA_SELF &&
		(proof->side == PROTO_SIDE_NONE || proof->side == side)))
		g_array_append_val(out, bare);
}

GArray *
case_claims(const struct mail_case *c, enum proto_side side)
{
	GArray *out = g_array_new(FALSE, TRUE, sizeof(struct proto_claim));

	for (guint i = 0; i < c->claims->len; i++)
		claim_pass(c, i, side, out);
	return out;
}
