#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/case.h"
#include "intake/place.h"
#include "mail/compose.h"
#include "mail/scrub.h"
#include "mail/vacation.h"
#include "ticket/label.h"

#include "base/banned.h"

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

/* --- what the mail is ------------------------------------------------------ */

gboolean
agent_is_machine(const struct mail_case *c)
{
	return c->mail->machine != MAIL_PERSON ||
	    vacation_words(c->mail->subject, c->mail->text);
}

static const struct proto_claim *
claim_find(const struct mail_case *c, enum proto_via via)
{
	for (guint i = 0; i < c->claims->len; i++) {
		const struct proto_claim *claim =
		    &g_array_index(c->claims, struct proto_claim, i);

		if (claim->via == via)
			return claim;
	}
	return NULL;
}

/* --- telling an agent ---------------------------------------------------- */

struct word {
	const struct number *number; /* NULL if none is known */
	const char *const *rcpts;    /* NULL-ended */
	const char *reply_to;	     /* Message-ID, "" if to nobody's mail */
	const char *why;
	const char *what_to_do;
};

/* With the null sender: nobody's machine answers it, and nobody is told if it
 * cannot be delivered (RFC 3834 3.1). */
static gboolean
word_send(const struct mail_case *c, const struct word *word, GError **err)
{
	const struct label_set *labels = word->number != NULL
	    ? case_labels(c, word->number)
	    : &g_array_index(c->id.labels, struct label_set, 0);
	char shown[NUMBER_TEXT_SIZE] = "";
	g_autofree char *id = NULL;
	g_autofree char *root = NULL;
	g_autoptr(GBytes) content = NULL;
	struct compose_notice notice = {.role_name = c->queue->role,
	    .queue_address = c->queue->address,
	    .agent_addr = word->rcpts[0],
	    .in_reply_to = word->reply_to,
	    .date = c->now,
	    .why = word->why,
	    .what_to_do = word->what_to_do};

	if (labels == NULL)
		return error_fail(err, ERROR_TEMP, "no labels for a notice");
	id = label_message_id(labels, c->queue->domain);
	notice.message_id = id;
	if (word->number != NULL) {
		root = label_root_id(word->number, c->queue->domain);
		notice.number = number_show(word->number, shown);
		notice.root_id = root;
	}
	content = compose_agent_notice(&notice);
	if (content == NULL)
		return error_fail(err, ERROR_TEMP,
		    "cannot compose a notice");
	log_info("agent.told", LOG_QUEUE(c->queue));
	return case_hand_over(c, NULL, word->rcpts, content, err);
}

/* To the agent if he is one of ours, else to all agents of the queue. */
static gboolean
notice_send(const struct mail_case *c, const struct number *number,
    const char *why, const char *what_to_do, GError **err)
{
	g_autofree char *own_addr =
	    agent_is_member(c) ? addr_to_wire(c->mail->from_addr) : NULL;
	const char *const own_list[] = {own_addr, NULL};

	return word_send(c,
	    &(struct word){.number = number,
		.rcpts = own_addr != NULL
		    ? own_list
		    : (const char *const *)c->queue->agents,
		.reply_to = own_addr != NULL ? c->mail->message_id : "",
		.why = why,
		.what_to_do = what_to_do},
	    err);
}

gboolean
agent_deliver_stray(struct mail_case *c, GError **err)
{
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

gboolean
agent_deliver_machine(struct mail_case *c, GError **err)
{
	const struct proto_claim *claim =
	    claim_find(c, PROTO_VIA_CAPABILITY);
	g_autoptr(GPtrArray) rcpts = agents_present(c);

	log_info("agent.machine", LOG_QUEUE(c->queue));
	if (claim == NULL)
		claim = claim_find(c, PROTO_VIA_SUBJECT);
	return word_send(c,
	    &(struct word){.number = claim != NULL ? &claim->number : NULL,
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

/* TRUE if To: names the ticket's address; a mail to somebody else that came
 * here by Bcc is none of the player's. */
static gboolean
is_to_ticket(const struct mail_case *c)
{
	const struct proto_claim *claim =
	    claim_find(c, PROTO_VIA_CAPABILITY);
	const struct addr *to = c->mail->rcpt_addrs->len > 0
	    ? g_ptr_array_index(c->mail->rcpt_addrs, 0)
	    : NULL;
	struct label label;

	if (to == NULL || claim == NULL ||
	    place_find(c->config, to->local, to->domain, &label) != c->queue)
		return FALSE;
	return label.kind == LABEL_CAPABILITY &&
	    number_equal(&label.number, &claim->number);
}

/* Completed from an address book, an old address looks like any other. */
static gboolean
names_other_ticket(const struct mail_case *c)
{
	const struct proto_claim *to = claim_find(c, PROTO_VIA_CAPABILITY);
	const struct proto_claim *said = claim_find(c, PROTO_VIA_SUBJECT);

	return to != NULL && said != NULL &&
	    !number_equal(&to->number, &said->number);
}

/* NULL if the mail may be an answer, else why it is not one. */
static const char *
refusal(const struct mail_case *c)
{
	if (!agent_is_member(c))
		return "the sender is not enrolled as an agent of this queue";
	if (c->queue->proof && c->mail->auth != MAIL_AUTH_PASS)
		return "it was not proven that the mail is yours "
		       "(no pass in Authentication-Results)";
	if (c->mail->recipients > 1)
		return "the mail has further recipients";
	if (!is_to_ticket(c))
		return "the mail is addressed to somebody else";
	if (names_other_ticket(c))
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
	const struct proto_claim *claim =
	    claim_find(c, PROTO_VIA_CAPABILITY);
	struct scrub_agent self = {.role_name = c->queue->role,
	    .queue_domain = c->queue->domain,
	    .mac = claim != NULL ? claim->mac.s : NULL};
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
reply_deliver(const struct mail_case *c, const struct number *number,
    GError **err)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	const char *why = refusal(c);

	if (why != NULL)
		return notice_send(c, number, why, "", err);
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
		return reply_deliver(c, &admitted->number, err);
	case PROTO_UNKNOWN:
		return notice_send(c, NULL,
		    "there is no such ticket any more", "", err);
	default:
		return error_fail_num(err, ERROR_TEMP, "unexpected verdict",
		    admitted->verdict);
	}
}

gboolean
agent_deliver(struct mail_case *c, GError **err)
{
	struct proto_desk_admit admit;
	struct proto_desk_admitted admitted = {0};
	gboolean ok;

	/* Out-of-office and receipts never reach the player (RFC 3834 2). */
	if (agent_is_machine(c))
		return agent_deliver_machine(c, err);
	case_admit_fill(c, PROTO_SIDE_AGENT, &admit);
	ok = ipc_call(c->peers->desk, PROTO_DESK_ADMIT, &admit, -1,
		 PROTO_DESK_ADMITTED, &admitted, err) &&
	    admitted_deliver(c, &admitted, err);
	proto_clear(PROTO_DESK_ADMITTED, &admitted);
	case_admit_clear(&admit);
	return ok;
}
