#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/agent.h"
#include "mail/compose_note.h"
#include "mail/guard.h"

#include "base/banned.h"

/* --- the text ------------------------------------------------------------- */

static char *
canned_text(const struct agent_mail *m, const struct steer_command *send,
    GError **err)
{
	const struct steer_command *lang = steer_find(&m->steer, STEER_LANG);
	struct answer_field fields[STEER_FIELDS_MAX + 1] = {{0}};
	char shown[NUMBER_TEXT_SIZE];
	const struct answer_args args = {.name = send->name,
	    .lang = lang != NULL ? lang->name : m->admitted->lang,
	    .fallback_lang = m->queue->language,
	    .number = number_show(&m->admitted->number, shown),
	    .role = m->queue->role,
	    .fields = fields,
	    .now = m->c->now};

	for (guint i = 0; i < send->fields->len && i < STEER_FIELDS_MAX;
	     i++) {
		const struct steer_field *field =
		    &g_array_index(send->fields, struct steer_field, i);

		fields[i] = (struct answer_field){field->name, field->value};
	}
	return answer_write(m->c->answers, &args, err);
}

/* What he wants the player to read, as he wrote it. */
static char *
words_for_player(const struct agent_mail *m, GError **err)
{
	const struct steer_command *send = steer_find(&m->steer, STEER_SEND);

	if (send != NULL)
		return canned_text(m, send, err);
	if (steer_find(&m->steer, STEER_NOTE) != NULL)
		return g_strdup("");
	return g_strdup(m->steer.text);
}

/* Looks at the words before anything in them is masked. */
static gboolean
words_pass(const struct agent_mail *m, const char *words,
    struct agent_refusal *no)
{
	g_autoptr(GPtrArray) addrs = g_ptr_array_new();
	struct guard_context context = {.number = &m->admitted->number,
	    .domain = m->c->queue->domain,
	    .has_kyc = steer_find(&m->steer, STEER_KYC) != NULL};
	const struct guard_reason *reason;

	for (guint i = 0; i + 1 < m->own_addrs->len; i++) {
		char *addr = m->own_addrs->pdata[i];

		if (g_ascii_strcasecmp(addr, m->c->queue->address) != 0 &&
		    g_ascii_strcasecmp(addr, m->queue->address) != 0)
			g_ptr_array_add(addrs, addr);
	}
	g_ptr_array_add(addrs, NULL);
	context.agent_addrs = (const char *const *)addrs->pdata;
	reason = guard_check(words, &context, m->c->rules);
	if (reason == NULL)
		return TRUE;
	no->why = reason->why;
	no->what_to_do = reason->override;
	return FALSE;
}

/* What stands against any words to the player in this mail. */
static gboolean
way_is_open(const struct agent_mail *m, struct agent_refusal *no)
{
	if (compose_note_is_answered(m->c->mail->subject)) {
		no->why = "it answers an internal note";
		no->what_to_do = "begin with the line /note to answer your "
				 "colleague; to answer the player, answer a "
				 "mail of his.";
		return FALSE;
	}
	if (m->admitted->ticket_flags & PROTO_FLAG_UNDELIVERABLE) {
		no->why = "the player's mail system refused our last mail";
		no->what_to_do = "Nothing is sent in this ticket until the "
				 "player writes again.";
		return FALSE;
	}
	return TRUE;
}

/* The notice of a refusal leaves it to our last answer to say why. To whom no
 * notice is sent nobody has to say it. */
static gboolean
silence_is_fine(const struct agent_mail *m, struct agent_refusal *no)
{
	const struct steer_command *end = steer_find(&m->steer, STEER_CLOSE);

	if (end == NULL || end->close != STEER_REFUSED ||
	    (m->admitted->ticket_flags & PROTO_FLAG_UNDELIVERABLE) != 0)
		return TRUE;
	no->why = "/close refused needs words to the player";
	no->what_to_do = "Say to the player below an empty line what we do "
			 "not grant and why, or send a canned answer with "
			 "/send.";
	return FALSE;
}

gboolean
answer_make(struct agent_mail *m, struct agent_refusal *no)
{
	g_autofree char *words = words_for_player(m, &no->error);

	if (words == NULL)
		return FALSE;
	if (words[0] == '\0' && m->steer.commands->len > 0)
		return silence_is_fine(m, no);
	if (!way_is_open(m, no) || !words_pass(m, words, no))
		return FALSE;
	m->text = scrub_agent_text(
	    words, m->c->mail, m->c->rules, &m->self, &no->error);
	return m->text != NULL;
}

/* --- sending -------------------------------------------------------------- */

static gboolean
hand_over(const struct agent_mail *m, guint *code, GError **err)
{
	const struct mail_case *c = m->c;
	struct proto_post_hand_over request = {.kind = PROTO_MAIL_ANSWER,
	    .job = {.kind = PROTO_JOB_ANSWER},
	    .number = m->admitted->number,
	    .agent = (char *)m->name,
	    .has_more = agent_has_more(m) ? 1 : 0,
	    .queue = m->queue->name};
	struct proto_post_result result = {0};
	int body = ipc_body_new(m->text, strlen(m->text), err);
	gboolean ok;

	if (body < 0)
		return FALSE;
	request.job.key =
	    g_array_index(c->id.epochs, struct proto_epoch_ids, 0)
		.fingerprint;
	ok = ipc_call(c->peers->post, PROTO_POST_HAND_OVER, &request, body,
	    PROTO_POST_RESULT, &result, err);
	close(body);
	ipc_client_drop(c->peers->post);
	if (ok && result.results->len == 1)
		*code =
		    g_array_index(result.results, struct proto_result, 0).code;
	proto_clear(PROTO_POST_RESULT, &result);
	return ok;
}

gboolean
answer_send(const struct agent_mail *m, gboolean *is_sent, GError **err)
{
	guint code = 0;
	GError *error = NULL;

	*is_sent = FALSE;
	if (!hand_over(m, &code, &error) && !error_is(error, ERROR_PERM)) {
		g_propagate_error(err, error);
		return FALSE;
	}
	if (error != NULL) {
		g_error_free(error);
		return agent_mail_tell(m,
		    "the player's return address is forgotten",
		    "Nobody can open it any more; the player has to write "
		    "again.",
		    err);
	}
	if (code / 100 != 2)
		return agent_mail_tell(m,
		    "the player's mail system does not take the answer",
		    "The ticket stays open; the player has to write again "
		    "from an address that works.",
		    err);
	*is_sent = TRUE;
	log_info("ticket.answer", LOG_TICKET(&m->admitted->number),
	    LOG_QUEUE(m->queue));
	return TRUE;
}
