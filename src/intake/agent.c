#include "intake/agent.h"

#include "base/error.h"
#include "base/log.h"
#include "intake/claims.h"
#include "intake/names.h"
#include "intake/tell.h"
#include "mail/compose.h"
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

/* Of the queue whose address the mail names, or of that which has the ticket
 * now: their copies have the addresses of both. */
static gboolean
is_member_of(const struct mail_case *c, const struct config_queue *home)
{
	return agent_is_member(c) ||
	    (home != NULL && c->mail->from_addr != NULL &&
		addr_is_listed(c->mail->from_addr, home->members));
}

gboolean
agent_tell(const struct mail_case *c, const struct agent_word *word,
    GError **err)
{
	g_autofree char *own_addr = is_member_of(c, word->queue)
	    ? addr_to_wire(c->mail->from_addr)
	    : NULL;
	const char *const own_list[] = {own_addr, NULL};

	return tell_send(c,
	    &(struct tell_word){.number = word->number,
		.rcpts = own_addr != NULL
		    ? own_list
		    : (const char *const *)c->queue->agents,
		.reply_to = own_addr != NULL ? c->mail->message_id : "",
		.is_partly = word->is_partly,
		.why = word->why,
		.what_to_do = word->what_to_do},
	    err);
}

gboolean
agent_show(const struct mail_case *c, const char *from_addr,
    const char *subject, const char *text, GError **err)
{
	const struct label_set *labels =
	    &g_array_index(c->id.labels, struct label_set, 0);
	g_autofree char *own_addr = addr_to_wire(c->mail->from_addr);
	g_autofree char *id = label_message_id(labels, c->queue->domain);
	const struct compose_player mail = {.role_name = c->queue->role,
	    .player_address = from_addr,
	    .rcpt_addr = own_addr,
	    .subject = subject,
	    .message_id = id,
	    .in_reply_to = c->mail->message_id,
	    .references = c->mail->message_id,
	    .date = c->now,
	    .is_auto = TRUE,
	    .text = text};
	g_autoptr(GBytes) content = compose_player_mail(&mail);

	if (content == NULL)
		return error_fail(err, ERROR_TEMP,
		    "cannot compose an answer to an agent");
	return case_hand_over(c,
	    &(struct case_mail){
		.rcpt_addrs = (const char *const[]){own_addr, NULL},
		.content = content,
		.archive = ""},
	    err);
}

/* A machine of his that shows no sign of one answers what he is told, and
 * its answer comes to the queue: only so many an hour. */
gboolean
agent_may_be_told(const struct mail_case *c, GError **err)
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
	return agent_may_be_told(c, err) &&
	    agent_tell(c,
		&(struct agent_word){
		    .why = "your address is enrolled as an agent's, and this "
			   "mail was not sent to the address of a ticket, or "
			   "to one that has expired",
		    .what_to_do = "Answer a ticket from its own mail; to open "
				  "one as a player, write from another "
				  "address."},
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

/* --- whether it may be an answer --------------------------------------------- */

static const struct config_queue *
ticket_queue(const struct mail_case *c,
    const struct proto_desk_admitted *admitted)
{
	const struct config_queue *queue = admitted->queue != NULL
	    ? config_queue_by_name(c->config, admitted->queue)
	    : NULL;

	return queue != NULL ? queue : c->queue;
}

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
refusal(const struct mail_case *c, const struct config_queue *home,
    const struct number *ticket)
{
	struct claims_rcpts to = claims_rcpts(c->config, c->mail, ticket);

	if (!is_member_of(c, home))
		return not_enrolled;
	if ((c->queue->proof || home->proof) &&
	    c->mail->auth != MAIL_AUTH_PASS)
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

/* --- an answer, commands, a note -------------------------------------------- */

static void
own_addrs_add(GPtrArray *own, const struct config_queue *queue)
{
	char **const lists[] = {
	    queue->members, queue->agents, queue->senior, queue->head};

	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
		for (char **p = lists[i]; p != NULL && *p != NULL; p++)
			g_ptr_array_add(own, *p);
	g_ptr_array_add(own, queue->address);
}

void
agent_mail_init(struct agent_mail *m, const struct mail_case *c,
    const struct proto_desk_admitted *admitted)
{
	*m = (struct agent_mail){.c = c,
	    .admitted = admitted,
	    .queue = ticket_queue(c, admitted),
	    .own_addrs = g_ptr_array_new()};
	(void)agent_name(c->mail->from_addr, m->name);
	own_addrs_add(m->own_addrs, c->queue);
	if (m->queue != c->queue)
		own_addrs_add(m->own_addrs, m->queue);
	g_ptr_array_add(m->own_addrs, NULL);
	m->self = (struct scrub_agent){.role_name = m->queue->role,
	    .own_addrs = (char **)m->own_addrs->pdata,
	    .queue_domain = c->queue->domain,
	    .mac = case_agent_mac(c)};
}

void
agent_mail_clear(struct agent_mail *m)
{
	g_clear_pointer(&m->own_addrs, g_ptr_array_unref);
	g_clear_pointer(&m->text, g_free);
	g_clear_pointer(&m->note, g_free);
	steer_clear(&m->steer);
}

gboolean
agent_mail_tell(const struct agent_mail *m, const char *why,
    const char *what_to_do, GError **err)
{
	return agent_tell(m->c,
	    &(struct agent_word){.number = &m->admitted->number,
		.queue = m->queue,
		.why = why,
		.what_to_do = what_to_do},
	    err);
}

static gboolean
has_files(const struct mail *mail)
{
	for (guint i = 0; i < mail->files->len; i++) {
		const struct mail_file *file =
		    g_ptr_array_index(mail->files, i);

		if (!file->is_inline)
			return TRUE;
	}
	return FALSE;
}

/* What was sent is sent; the agent hears what was not. */
static gboolean
rest_tell(const struct agent_mail *m, const GError *undone, GError **err)
{
	gboolean has_words = m->text != NULL || m->note != NULL;
	struct agent_word word = {.number = &m->admitted->number,
	    .queue = m->queue,
	    .is_partly = has_words};

	if (undone != NULL) {
		word.why = undone->message;
		word.what_to_do = has_words ? "Answer the ticket again with "
		    "these commands alone; your words have gone out." : "";
	} else if (has_words && has_files(m->c->mail)) {
		word.why = "your text was sent, but not your attachments: "
			   "players and colleagues get text only";
		word.what_to_do =
		    "Put what matters into the text, or a link to it.";
	} else {
		return TRUE;
	}
	return agent_tell(m->c, &word, err);
}

/* The part of which the desk keeps that it was done. */
static gboolean
rest_do(const struct agent_mail *m, GError **err)
{
	g_autoptr(GError) undone = NULL;

	if (m->note != NULL && !note_send(m, err))
		return FALSE;
	if (agent_has_more(m) && !agent_steer(m, FALSE, &undone) &&
	    !error_is(undone, ERROR_PERM)) {
		g_propagate_error(err, g_steal_pointer(&undone));
		return FALSE;
	}
	return rest_tell(m, undone, err);
}

static gboolean
mail_do(const struct agent_mail *m, GError **err)
{
	g_autoptr(GError) error = NULL;
	gboolean is_sent = TRUE;

	if (!agent_steer(m, TRUE, &error)) {
		if (error_is(error, ERROR_PERM))
			return agent_mail_tell(m, error->message, "", err);
		g_propagate_error(err, g_steal_pointer(&error));
		return FALSE;
	}
	if (m->text != NULL && !answer_send(m, &is_sent, err))
		return FALSE;
	return !is_sent || rest_do(m, err);
}

static gboolean
help_show(const struct agent_mail *m, GError **err)
{
	g_autofree char *help = steer_help(names_for_steer(m->c->names));
	char shown[NUMBER_TEXT_SIZE];
	g_autofree char *subject = g_strdup_printf("Commands: [%s]",
	    number_show(&m->admitted->number, shown));
	g_autofree char *text = g_strconcat("Nothing was done, and nothing "
		"was sent to the player.\n\n", help, NULL);

	return agent_show(
	    m->c, m->c->queue->address, subject, text, err);
}

static gboolean
reply_deliver(const struct mail_case *c,
    const struct proto_desk_admitted *admitted, GError **err)
{
	const struct config_queue *home = ticket_queue(c, admitted);
	g_auto(agent_mail_auto) m = {0};
	struct agent_refusal no = {0};
	const char *why = refusal(c, home, &admitted->number);
	gboolean ok;

	if (why != NULL)
		return agent_tell(c,
		    &(struct agent_word){.number = &admitted->number,
			.queue = home,
			.why = why,
			.what_to_do = ""},
		    err);
	agent_mail_init(&m, c, admitted);
	if (!agent_read(&m, &no)) {
		ok = agent_mail_tell(&m, no.why, no.what_to_do, err);
		g_clear_error(&no.error);
		return ok;
	}
	if (steer_find(&m.steer, STEER_HELP) != NULL)
		return help_show(&m, err);
	return mail_do(&m, err);
}

static gboolean
admitted_deliver(struct mail_case *c,
    const struct proto_desk_admitted *admitted, GError **err)
{
	switch (admitted->verdict) {
	case PROTO_LATER:
		log_info("mail.later", LOG_QUEUE(c->queue));
		c->outcome = PROTO_MAIL_TOO_MANY;
		return TRUE;
	case PROTO_DUPLICATE:
		return TRUE;
	case PROTO_REPLY:
		return reply_deliver(c, admitted, err);
	case PROTO_UNKNOWN:
		return agent_tell(c,
		    &(struct agent_word){
			.why = "there is no such ticket any more",
			.what_to_do = ""},
		    err);
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
	return agent_tell(c,
	    &(struct agent_word){.why = not_enrolled, .what_to_do = ""}, err);
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
	/* What a member wrote as a player keeps no answer of his back. */
	if (agent_is_member(c))
		admit.is_on_line = 0;
	ok = case_admit(c, &admit, &admitted, err) &&
	    admitted_deliver(c, &admitted, err);
	proto_clear(PROTO_DESK_ADMITTED, &admitted);
	case_admit_clear(&admit);
	return ok;
}
