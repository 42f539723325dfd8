#include "intake/case.h"

#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "ticket/label.h"

#include "base/banned.h"

const struct label_set *
case_labels(const struct mail_case *c, const struct number *number)
{
	for (guint i = 0; i < c->id.labels->len; i++) {
		const struct label_set *set =
		    &g_array_index(c->id.labels, struct label_set, i);

		if (number_equal(&set->number, number))
			return set;
	}
	return NULL;
}

static guint32
flags_of(const struct mail *mail)
{
	guint32 flags = 0;

	if (mail->machine != MAIL_PERSON)
		flags |= PROTO_FLAG_MACHINE;
	if (mail->auth == MAIL_AUTH_FAIL)
		flags |= PROTO_FLAG_UNPROVEN;
	if (mail->is_placeholder)
		flags |= PROTO_FLAG_PLACEHOLDER;
	if (mail->from_addr == NULL)
		flags |= PROTO_FLAG_NO_RETURN;
	if (mail->is_encrypted)
		flags |= PROTO_FLAG_ENCRYPTED;
	return flags;
}

void
case_admit_fill(const struct mail_case *c, enum proto_side side,
    struct proto_desk_admit *admit)
{
	*admit = (struct proto_desk_admit){.queue = c->queue->name,
	    .side = side,
	    .flags = flags_of(c->mail),
	    .received = c->now,
	    .epochs = c->id.epochs,
	    .claims =
		g_array_new(FALSE, TRUE, sizeof(struct proto_claim)),
	    .numbers = g_array_new(FALSE, TRUE, sizeof(struct number))};
	for (guint i = 0; i < c->claims->len; i++) {
		const struct proto_claim *claim =
		    &g_array_index(c->claims, struct proto_claim, i);
		const struct proto_proof *proof =
		    &g_array_index(c->id.proofs, struct proto_proof, i);
		struct proto_claim bare = {.via = claim->via,
		    .number = claim->number};

		if (proof->is_valid || claim->via == PROTO_VIA_SUBJECT)
			g_array_append_val(admit->claims, bare);
	}
	for (guint i = 0; i < PROTO_NUMBERS && i < c->id.labels->len; i++)
		g_array_append_val(admit->numbers,
		    g_array_index(c->id.labels, struct label_set, i).number);
}

void
case_admit_clear(struct proto_desk_admit *admit)
{
	g_clear_pointer(&admit->claims, g_array_unref);
	g_clear_pointer(&admit->numbers, g_array_unref);
}

static gboolean
results_accept(const struct mail_case *c, const GArray *results, GError **err)
{
	guint accepted = 0;

	for (guint i = 0; i < results->len; i++) {
		guint code =
		    g_array_index(results, struct proto_result, i).code;

		if (code / 100 == 2)
			accepted++;
		else
			log_error("agent.refused",
			    LOG_QUEUE(c->queue),
			    LOG_NUM("recipient", i), LOG_NUM("code", code));
	}
	/* A 5xx here is about our own agents' addresses: a fault of ours. */
	return accepted > 0 ||
	    error_fail(err, ERROR_TEMP, "the MTA took no recipient");
}

gboolean
case_hand_over(const struct mail_case *c, const struct label_set *labels,
    const char *const *rcpt_addrs, GBytes *content, GError **err)
{
	g_autofree char *sender = labels != NULL
	    ? label_envelope_sender(labels, c->queue->local, c->queue->domain)
	    : g_strdup("");
	g_autoptr(GPtrArray) rcpts = g_ptr_array_new();
	struct proto_post_hand_over request = {.kind = PROTO_MAIL_WHOLE,
	    .sender_addr = sender,
	    .rcpt_addrs = rcpts};
	struct proto_post_result result = {0};
	gsize len;
	gconstpointer data = g_bytes_get_data(content, &len);
	int body = ipc_body_new(data, len, err);
	gboolean ok;

	if (body < 0)
		return FALSE;
	for (; *rcpt_addrs != NULL; rcpt_addrs++)
		g_ptr_array_add(rcpts, (char *)*rcpt_addrs);
	ok = ipc_call(c->peers->post, PROTO_POST_HAND_OVER, &request, body,
	    PROTO_POST_RESULT, &result, err);
	close(body);
	/* Whichever post is idle takes the next one. */
	ipc_client_drop(c->peers->post);
	if (!ok)
		return FALSE;
	ok = results_accept(c, result.results, err);
	proto_clear(PROTO_POST_RESULT, &result);
	return ok;
}
