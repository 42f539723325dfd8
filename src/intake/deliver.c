#include "intake/deliver.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/case.h"
#include "intake/image.h"
#include "intake/place.h"
#include "mail/parse.h"
#include "mail/scrub.h"
#include "ticket/label.h"
#include "ticket/number.h"

#include "base/banned.h"

#define CALL_MS 30000
#define CLAIM_REFERENCES_MAX 5 /* leaves room for address and subject */
#define CLAIM_NUMBERS_MAX 3
#define REFERENCES_MAX 800     /* octets, as the envelope's table says */
#define SUBJECT_MAX 512
#define MSGID_MAX 250

struct deliver {
	const struct config *config; /* borrowed */
	const struct rules *rules;   /* borrowed */
	struct hazard *hazard;	     /* borrowed */
	struct peers peers;
};

struct deliver *
deliver_new(const struct config *config, const struct rules *rules,
    struct hazard *hazard)
{
	struct deliver *d = g_new0(struct deliver, 1);
	/* The post may need its own time with Postfix first. */
	guint post_ms = CALL_MS + 3 * 1000 * (guint)config->post_timeout_s;

	d->config = config;
	d->rules = rules;
	d->hazard = hazard;
	d->peers.vault =
	    ipc_client_new(config->run_dir, ROLE_VAULT, ROLE_LMTP, CALL_MS);
	d->peers.desk =
	    ipc_client_new(config->run_dir, ROLE_DESK, ROLE_LMTP, CALL_MS);
	d->peers.post =
	    ipc_client_new(config->run_dir, ROLE_POST, ROLE_LMTP, post_ms);
	d->peers.image = ipc_client_new(config->run_dir, ROLE_IMAGE,
	    ROLE_LMTP, IMAGE_CALL_MS);
	return d;
}

void
deliver_free(struct deliver *d)
{
	if (d == NULL)
		return;
	ipc_client_free(d->peers.vault);
	ipc_client_free(d->peers.desk);
	ipc_client_free(d->peers.post);
	ipc_client_free(d->peers.image);
	g_free(d);
}

gboolean
deliver_knows(const char *local, const char *domain, gpointer user_data)
{
	const struct deliver *d = user_data;

	return place_find(d->config, local, domain, NULL) != NULL;
}

/* --- what the mail says about tickets -------------------------------- */

static void
claim_add(GArray *claims, enum proto_via via, const struct label *label)
{
	struct proto_claim claim = {.via = via,
	    .number = label->number,
	    .token = label->token,
	    .mac = label->mac};

	if (claims->len < PROTO_CLAIMS_MAX)
		g_array_append_val(claims, claim);
}

static GArray *
claims_collect(const struct mail *mail, const struct config_queue *queue,
    const struct label *rcpt_label)
{
	GArray *claims = g_array_new(FALSE, TRUE, sizeof(struct proto_claim));
	struct number numbers[CLAIM_NUMBERS_MAX];
	guint n = number_find_all(mail->subject, numbers, CLAIM_NUMBERS_MAX);
	struct label label;

	if (rcpt_label->kind == LABEL_CAPABILITY)
		claim_add(claims, PROTO_VIA_CAPABILITY, rcpt_label);
	else if (rcpt_label->kind == LABEL_BOUNCE)
		claim_add(claims, PROTO_VIA_BOUNCE, rcpt_label);
	for (guint i = 0;
	     i < mail->references->len && claims->len < CLAIM_REFERENCES_MAX;
	     i++) {
		label = label_parse_message_id(
		    g_ptr_array_index(mail->references, i), queue->domain);
		if (label.kind == LABEL_MESSAGE)
			claim_add(claims, PROTO_VIA_MESSAGE_ID, &label);
	}
	for (guint i = 0; i < n; i++) {
		label = (struct label){.number = numbers[i]};
		claim_add(claims, PROTO_VIA_SUBJECT, &label);
	}
	return claims;
}

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
envelope_make(const struct mail *mail)
{
	g_autofree char *wire = NULL;
	g_autofree char *base = NULL;
	g_autofree char *subject = NULL;
	g_autofree char *references = NULL;
	struct proto_envelope envelope = {0};

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

static gboolean
case_identify(struct mail_case *c, GError **err)
{
	g_autoptr(GBytes) envelope = envelope_make(c->mail);
	g_autofree char *sender_addr = c->mail->from_addr == NULL
	    ? g_strdup("")
	    : addr_to_normal(c->mail->from_addr);
	struct proto_vault_identify identify = {.queue = c->queue->name,
	    .sender_addr = sender_addr,
	    .envelope = envelope,
	    .claims = c->claims};

	memcpy(identify.digest.b, c->mail->digest, sizeof(identify.digest.b));
	return ipc_call(c->peers->vault, PROTO_VAULT_IDENTIFY, &identify, -1,
	    PROTO_VAULT_IDENTITY, &c->id, err);
}

/* --- one recipient ------------------------------------------------------ */

/* The side of the capability it was sent to, if that holds. */
static guint32
case_side(const struct mail_case *c)
{
	for (guint i = 0; i < c->id.proofs->len; i++) {
		const struct proto_proof *proof =
		    &g_array_index(c->id.proofs, struct proto_proof, i);

		/* An envelope sender is where machines answer to. */
		if (proof->is_valid && proof->side != PROTO_SIDE_NONE &&
		    g_array_index(c->claims, struct proto_claim, i).via ==
			PROTO_VIA_CAPABILITY)
			return proof->side;
	}
	return PROTO_SIDE_NONE;
}

/* It came to the envelope sender of a mail of ours, where responders answer
 * to (RFC 3834 4). */
static gboolean
case_is_return(const struct mail_case *c)
{
	for (guint i = 0; i < c->id.proofs->len; i++)
		if (g_array_index(c->claims, struct proto_claim, i).via ==
			PROTO_VIA_BOUNCE &&
		    g_array_index(c->id.proofs, struct proto_proof, i).is_valid)
			return TRUE;
	return FALSE;
}

/* A member's mail that is not to the address of a ticket. He must not become
 * a player with a ticket of his own. What a machine of his answers to the
 * queue's address may be an answer to a notice: told, it would answer again. */
static gboolean
member_deliver(struct mail_case *c, GError **err)
{
	if (!agent_is_machine(c))
		return agent_deliver_stray(c, err);
	if (case_is_return(c))
		return agent_deliver_machine(c, err);
	log_info("agent.machine", LOG_QUEUE(c->queue));
	return TRUE;
}

static gboolean
case_deliver(struct mail_case *c, GError **err)
{
	if (!case_identify(c, err))
		return FALSE;
	if (case_side(c) == PROTO_SIDE_AGENT)
		return agent_deliver(c, err);
	if (case_side(c) == PROTO_SIDE_NONE && agent_is_member(c))
		return member_deliver(c, err);
	return player_deliver(c, err);
}

static gboolean
rcpt_deliver(const struct deliver *d, GBytes *message, const struct mail *mail,
    const struct addr *rcpt_addr, GError **err)
{
	struct mail_case c = {.peers = &d->peers,
	    .hazard = d->hazard,
	    .message = message,
	    .config = d->config,
	    .rules = d->rules,
	    .mail = mail,
	    .now = g_get_real_time() / G_USEC_PER_SEC};
	struct label label;
	gboolean ok;

	c.queue = place_find(d->config, rcpt_addr->local, rcpt_addr->domain,
	    &label);
	if (c.queue == NULL)
		return error_fail(err, ERROR_TEMP, "no such queue any more");
	c.claims = claims_collect(mail, c.queue, &label);
	ok = case_deliver(&c, err);
	g_array_unref(c.claims);
	proto_clear(PROTO_VAULT_IDENTITY, &c.id);
	return ok;
}

void
deliver_mail(const struct session_envelope *envelope, GBytes *message,
    struct smtp_reply *replies, gpointer user_data)
{
	const struct deliver *d = user_data;
	const struct mail_parse_options options = {
	    .authserv_id = d->config->authserv_id,
	    .sender_addr = envelope->sender_addr,
	    .is_unsafe = !hazard_enter(d->hazard, message)};
	g_autoptr(mail_auto) mail = mail_parse(message, &options);

	hazard_leave(d->hazard);
	for (guint i = 0; i < envelope->rcpts->len; i++) {
		const struct session_rcpt *rcpt =
		    g_ptr_array_index(envelope->rcpts, i);
		g_autoptr(GError) error = NULL;

		if (rcpt_deliver(d, message, mail, rcpt->addr, &error)) {
			replies[i] = reply_accepted();
			continue;
		}
		replies[i] = reply_deferred();
		log_warn("intake.deferred", LOG_ERR(error));
	}
}
