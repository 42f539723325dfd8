#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/case.h"
#include "intake/claims.h"
#include "intake/tell.h"
#include "mail/scrub.h"
#include "mail/vacation.h"

#include "base/banned.h"

static const char not_enrolled[] =
    "the sender is not enrolled as an agent of this queue";

static gboolean
addr_is_listed(const struct addr *addr, char **list)
{
	g_autofree char *wanted = addr_to_normal(addr);

	for (; *list != NULL; list++) {
		g_autoptr(addr_auto) member = addr_parse(*list, -1, NULL);
		g_autofree char *normal =
		    member == NULL ? NULL : addr_to_normal(member);

		if (g_strcmp0(normal, wanted) == 0)
			return TRUE;
	}
	return FALSE;
}

gboolean
agent_is_member(const struct mail_case *c)
{
	return c->mail->from_addr != NULL &&
	    addr_is_listed(c->mail->from_addr, c->queue->members);
}

/* --- what the mail is --------------------------------------------------- */

gboolean
agent_is_machine(const struct mail_case *c)
{
	return c->mail->machine != MAIL_PERSON ||
	    vacation_words(c->mail->subject, c->mail->text);
}

/* --- telling an agent ---------------------------------------------------- */

/* To the agent if he is one of ours, else to all agents of the queue. */
static gboolean
notice_send(const struct mail_case *c, const struct number *number,
    const char *why, const char *what_to_do, GError **err)
{
	g_autofree char *own_addr =
	    agent_is_member(c) ? addr_to_wire(c->mail->from_addr) : NULL;
	const char *const own_list[] = {own_addr, NULL};

	return tell_send(c,
	    &(struct tell_word){.number = number,
		.rcpts = own_addr != NULL
		    ? own_list
		    : (const char *const *)c->queue->agents,
		.reply_to = own_addr != NULL ? c->mail->message_id : "",
		.why = why,
		.what_to_do = what_to_do},
	    err);
}

/* A machine of his that shows no sign of one answers what he is told, and
 * its answer comes to the queue: only so many an hour. */
static gboolean
may_be_told(const struct mail_case *c, GError **err)
{
	const struct proto_desk_tell request = {
	    .contact = g_array_index(c->id.epochs, struct proto_epoch_ids, 0)
			   .contact};
	char nothing;

	return ipc_call(c->peers->desk, PROTO_DESK_TELL, &request, -1,
	    PROTO_DESK_TELL_ON, &nothing, err);
}

gboolean
agent_deliver_stray(const struct mail_case *c, GError **err)
{
	if (!may_be_told(c, err))
		return FALSE;
	return notice_send(c, NULL,
	    "your address is enrolled as an agent's, and this mail was not "
	    "sent to the address of a ticket, or to one that has expired",
	    "Answer a ticket from its own mail; to open one as a player, "
	    "write from another address.",
	    err);
}

/* The queue's agents but him who is away, unless there is nobody else. */
static GPtrArray *
agents_present(const struct mail_case *c)
{
	GPtrArray *list = g_ptr_array_new();

	for (char **a = c->queue->agents; *a != NULL; a++) {
		char *one[] = {*a, NULL};

		if (c->mail->from_addr == NULL ||
		    !addr_is_listed(c->mail->from_addr, one))
			g_ptr_array_add(list, *a);
	}
	if (list->len == 0)
		for (char **a = c->queue->agents; *a != NULL; a++)
			g_ptr_array_add(list, *a);
	g_ptr_array_add(list, NULL);
	return list;
}

static gboolean
machine_deliver(const struct mail_case *c, GError **err)
{
	const struct proto_proof *bounce = case_proof(c, PROTO_VIA_BOUNCE);
	const struct number *number = case_agent_ticket(c);
	g_autoptr(GPtrArray) rcpts = agents_present(c);

	log_info("agent.machine", LOG_QUEUE(c->queue));
	if (number == NULL && bounce != NULL)
		number = &bounce->number;
	return tell_send(c,
	    &(struct tell_word){.number = number,
		.rcpts = (const char *const *)rcpts->pdata,
		.reply_to = "",
		.why = "it is an automatic reply of an agent, such as out of "
		       "office",
		.what_to_do = "Somebody who is there should look after the "
			      "ticket. If a person wrote it, send it again "
			      "without the words of an automatic reply."},
	    err);
}

/* --- an answer ------------------------------------------------------------ */

/* Completed from an address book, an old address looks like any other. */
static gboolean
names_other_ticket(const struct mail_case *c, const struct number *ticket)
{
	for (guint i = 0; i < c->claims->len; i++) {
		const struct proto_claim *claim =
		    &g_array_index(c->claims, struct proto_claim, i);

		if (claim->via == PROTO_VIA_SUBJECT)
			return !number_equal(&claim->number, ticket);
	}
	return FALSE;
}

/* NULL if the mail may be an answer, else why it is not one. */
static const char *
refusal(const struct mail_case *c, const struct number *ticket)
{
	struct claims_rcpts to = claims_rcpts(c->config, c->mail, ticket);

	if (!agent_is_member(c))
		return not_enrolled;
	if (c->queue->proof && c->mail->auth != MAIL_AUTH_PASS)
		return "it was not proven that the mail is yours "
		       "(no pass in Authentication-Results)";
	/* It came here by Bcc, and is none of the player's. */
	if (to.ticket == 0)
		return "the mail is addressed to somebody else";
	if (to.people > 0)
		return "the mail has further recipients";
	if (to.others > 0)
		return "the mail is also addressed to another ticket";
	if (names_other_ticket(c, ticket))
		return "the subject has the number of another ticket than "
		       "the address";
	if (c->mail->is_placeholder)
		return "the mail could not be read";
	if (c->mail->is_encrypted)
		return "the mail is encrypted";
	return NULL;
}

static gboolean
answer_hand_over(const struct mail_case *c, const struct number *number,
    const char *text, guint *code, GError **err)
{
	struct proto_post_hand_over request = {.kind = PROTO_MAIL_ANSWER,
	    .job = {.kind = PROTO_JOB_ANSWER},
	    .number = *number,
	    .queue = c->queue->name};
	struct proto_post_result result = {0};
	int body = ipc_body_new(text, strlen(text), err);
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

static gboolean
answer_has_files(const struct mail *mail)
{
	for (guint i = 0; i < mail->files->len; i++) {
		const struct mail_file *file =
		    g_ptr_array_index(mail->files, i);

		if (!file->is_inline)
			return TRUE;
	}
	return FALSE;
}

static gboolean
answer_deliver(const struct mail_case *c, const struct number *number,
    const char *text, GError **err)
{
	guint code = 0;
	GError *error = NULL;

	if (!answer_hand_over(c, number, text, &code, &error) &&
	    !error_is(error, ERROR_PERM)) {
		g_propagate_error(err, error);
		return FALSE;
	}
	if (error != NULL) {
		g_error_free(error);
		return notice_send(c, number,
		    "the player's return address is forgotten",
		    "Nobody can open it any more; the player has to write "
		    "again.",
		    err);
	}
	if (code / 100 != 2)
		return notice_send(c, number,
		    "the player's mail system does not take the answer",
		    "The ticket stays open; the player has to write again "
		    "from an address that works.",
		    err);
	log_info("ticket.answer", LOG_TICKET(number),
	    LOG_QUEUE(c->queue));
	if (answer_has_files(c->mail))
		return notice_send(c, number,
		    "your text was sent, but not your attachments: players "
		    "get text only",
		    "Put what matters into the text, or a link to it.", err);
	return TRUE;
}

static char *
answer_text(const struct mail_case *c, GError **err)
{
	g_autoptr(GPtrArray) own = g_ptr_array_new();
	struct scrub_agent self = {.role_name = c->queue->role,
	    .queue_domain = c->queue->domain,
	    .mac = case_agent_mac(c)};
	char *text;

	for (char **p = c->queue->members; *p != NULL; p++)
		g_ptr_array_add(own, *p);
	for (char **p = c->queue->agents; *p != NULL; p++)
		g_ptr_array_add(own, *p);
	g_ptr_array_add(own, c->queue->address);
	g_ptr_array_add(own, NULL);
	self.own_addrs = (char **)own->pdata;
	(void)hazard_enter(c->hazard, c->message);
	text = scrub_agent_reply(c->mail, c->rules, &self, err);
	hazard_leave(c->hazard);
	return text;
}

static gboolean
reply_deliver(const struct mail_case *c,
    const struct proto_desk_admitted *admitted, GError **err)
{
	const struct number *number = &admitted->number;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	const char *why = refusal(c, number);

	if (why != NULL)
		return notice_send(c, number, why, "", err);
	if (admitted->ticket_flags & PROTO_FLAG_UNDELIVERABLE)
		return notice_send(c, number,
		    "the player's mail system refused our last mail",
		    "Nothing is sent in this ticket until the player writes "
		    "again.",
		    err);
	text = answer_text(c, &error);
	if (text == NULL)
		return notice_send(c, number, error->message, "", err);
	return answer_deliver(c, number, text, err);
}

static gboolean
admitted_deliver(const struct mail_case *c,
    const struct proto_desk_admitted *admitted, GError **err)
{
	switch (admitted->verdict) {
	case PROTO_DUPLICATE:
		return TRUE;
	case PROTO_REPLY:
		return reply_deliver(c, admitted, err);
	case PROTO_UNKNOWN:
		return notice_send(c, NULL,
		    "there is no such ticket any more", "", err);
	default:
		return error_fail_num(err, ERROR_TEMP, "unexpected verdict",
		    admitted->verdict);
	}
}

/* A person's mail to the envelope sender of a copy, where only machines write
 * to. */
static gboolean
return_deliver(const struct mail_case *c, GError **err)
{
	if (agent_is_member(c))
		return agent_deliver_stray(c, err);
	return notice_send(c, NULL, not_enrolled, "", err);
}

gboolean
agent_deliver(struct mail_case *c, GError **err)
{
	struct proto_desk_admit admit;
	struct proto_desk_admitted admitted = {0};
	gboolean ok;

	/* Out-of-office and receipts never reach the player (RFC 3834 2). */
	if (agent_is_machine(c))
		return machine_deliver(c, err);
	if (case_agent_ticket(c) == NULL)
		return return_deliver(c, err);
	case_admit_fill(c, PROTO_SIDE_AGENT, &admit);
	ok = case_admit(c, &admit, &admitted, err) &&
	    admitted_deliver(c, &admitted, err);
	proto_clear(PROTO_DESK_ADMITTED, &admitted);
	case_admit_clear(&admit);
	return ok;
}
