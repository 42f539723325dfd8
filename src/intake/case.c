#include "intake/case.h"

#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "ticket/label.h"

#include "base/banned.h"

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
	    .is_on_line = (guint32)c->is_on_line,
	    .epochs = c->id.epochs,
	    .clues = c->id.clues,
	    .guesses = MIN(c->guesses + case_guesses(c), PROTO_CLAIMS_MAX),
	    .claims = case_claims(c, side),
	    .numbers = g_array_new(FALSE, TRUE, sizeof(struct number))};
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

gboolean
case_admit(const struct mail_case *c, const struct proto_desk_admit *admit,
    struct proto_desk_admitted *admitted, GError **err)
{
	return ipc_call(c->peers->desk, PROTO_DESK_ADMIT, admit, -1,
	    PROTO_DESK_ADMITTED, admitted, err);
}

/* What the desk keeps of a copy's Message-ID: enough to make it again with
 * the ticket's number, and no Message-ID by itself. */
static char *
copy_id_make(const struct label_set *labels)
{
	return g_strconcat(labels->message.s, ".", labels->message_mac.s,
	    NULL);
}

gboolean
case_commit(const struct mail_case *c, const struct proto_desk_admit *admit,
    const struct proto_desk_admitted *admitted,
    const struct label_set *labels, GError **err)
{
	g_autofree char *id =
	    labels == NULL ? g_strdup("") : copy_id_make(labels);
	struct proto_desk_commit request = {.admit = *admit,
	    .verdict = admitted->verdict,
	    .number = admitted->number,
	    .pseudonym = admitted->pseudonym,
	    .copy_id = id};
	char nothing;

	/* A report comes from a daemon, to which nobody ever writes. */
	if (admit->report == PROTO_REPORT_NONE)
		request.sealed = c->id.sealed;
	return ipc_call(c->peers->desk, PROTO_DESK_COMMIT, &request, -1,
	    PROTO_DESK_COMMITTED, &nothing, err);
}

void
case_let_go(const struct mail_case *c)
{
	ipc_client_drop(c->peers->desk);
}

/* --- hand-over -------------------------------------------------------- */

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
case_hand_over(const struct mail_case *c, const struct case_mail *mail,
    GError **err)
{
	g_autofree char *sender = mail->labels != NULL
	    ? label_envelope_sender(mail->labels, c->queue->local,
		  c->queue->domain)
	    : g_strdup("");
	g_autoptr(GPtrArray) rcpts = g_ptr_array_new();
	struct proto_post_hand_over request = {.kind = PROTO_MAIL_WHOLE,
	    .sender_addr = sender,
	    .rcpt_addrs = rcpts,
	    .queue = (char *)mail->archive};
	struct proto_post_result result = {0};
	gsize len;
	gconstpointer data = g_bytes_get_data(mail->content, &len);
	int body = ipc_body_new(data, len, err);
	gboolean ok;

	if (body < 0)
		return FALSE;
	for (const char *const *r = mail->rcpt_addrs; *r != NULL; r++)
		g_ptr_array_add(rcpts, (char *)*r);
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
