#include "base/error.h"
#include "base/log.h"
#include "desk/desk.h"
#include "desk/internal.h"

#include "base/banned.h"

#define HOUR_S 3600

/* Commands under judgement. */
struct steering {
	struct desk *desk;		      /* borrowed */
	const struct proto_desk_steer *steer; /* borrowed */
	gint64 now;
	struct store_ticket ticket;
	struct store_message message;
	gboolean is_done;      /* asked before, and done then */
	gboolean is_text_sent; /* the text in the same mail */
};

static gboolean
wants(const struct steering *s, enum proto_verb verb)
{
	return (s->steer->verbs & verb) != 0;
}

/* --- which mail, which ticket --- */

static gboolean
check_message(struct steering *s, GError **err)
{
	switch (s->message.state) {
	case STORE_MESSAGE_SENDING:
	case STORE_MESSAGE_SENDING_MORE:
		return error_fail(err, ERROR_TEMP,
		    "this answer is being sent; how that ends is not known");
	case STORE_MESSAGE_SENT_MORE:
		s->is_text_sent = TRUE;
		return TRUE;
	case STORE_MESSAGE_TAKEN:
	case STORE_MESSAGE_SENT:
		break;
	}
	s->is_done = TRUE;
	return TRUE;
}

/* A retry may come after the epoch has changed, so every live one counts. */
static gboolean
find_message(struct steering *s, GError **err)
{
	const GArray *epochs = s->steer->epochs;

	if (epochs == NULL || epochs->len == 0)
		return error_fail(err, ERROR_DENIED, "bad request: no epochs");
	for (guint i = 0; i < epochs->len; i++) {
		struct store_key id =
		    desk_key(&g_array_index(epochs, struct proto_epoch_ids, i)
				  .fingerprint);

		switch (
		    store_message_get(s->desk->store, &id, &s->message, err)) {
		case STORE_ERROR:
			return FALSE;
		case STORE_FOUND:
			return check_message(s, err);
		case STORE_MISSING:
			break;
		}
	}
	s->message = (struct store_message){
	    .fingerprint = desk_key(
		&g_array_index(epochs, struct proto_epoch_ids, 0).fingerprint),
	    .epoch = g_array_index(epochs, struct proto_epoch_ids, 0).epoch,
	};
	return TRUE;
}

static gboolean
find_ticket(struct steering *s, GError **err)
{
	switch (store_ticket_get(
	    s->desk->store, &s->steer->number, &s->ticket, err)) {
	case STORE_FOUND:
		return TRUE;
	case STORE_MISSING:
		return error_fail(
		    err, ERROR_PERM, "there is no ticket of this number");
	case STORE_ERROR:
		break;
	}
	return FALSE;
}

/* --- judging --- */

/* From a peer that reads mails: what it says goes into the database. */
static gboolean
check_words(const struct steering *s, GError **err)
{
	const struct proto_desk_steer *steer = s->steer;
	gboolean has_close = steer->close != PROTO_CLOSE_NONE;

	if (!desk_is_agent_name(steer->agent) ||
	    !desk_is_token(steer->category) || !desk_is_token(steer->lang))
		return error_fail(
		    err, ERROR_DENIED, "bad request: no such word");
	if (has_close != wants(s, PROTO_VERB_CLOSE) ||
	    steer->close > PROTO_CLOSE_DUPLICATE ||
	    (wants(s, PROTO_VERB_CATEGORY) && steer->category[0] == '\0') ||
	    (wants(s, PROTO_VERB_LANG) && steer->lang[0] == '\0'))
		return error_fail(err, ERROR_DENIED,
		    "bad request: a command without its word");
	return TRUE;
}

static gboolean
judge_open(const struct steering *s, GError **err)
{
	static const guint32 of_open = PROTO_VERB_CLOSE | PROTO_VERB_WAIT |
				       PROTO_VERB_ESCALATE | PROTO_VERB_TAKE |
				       PROTO_VERB_QUEUE;

	if (s->ticket.t.state == TICKET_OPEN ||
	    (s->steer->verbs & of_open) == 0)
		return TRUE;
	if (wants(s, PROTO_VERB_CLOSE))
		return error_fail(
		    err, ERROR_PERM, "the ticket is closed already");
	return error_fail(err, ERROR_PERM,
	    "the ticket is closed: /wait, /escalate, /take and /queue need an "
	    "open one");
}

static gboolean
judge_duplicate(const struct steering *s, GError **err)
{
	const struct number *other = &s->steer->duplicate;
	struct store_ticket row;

	if (s->steer->close != PROTO_CLOSE_DUPLICATE)
		return TRUE;
	if (number_equal(other, &s->ticket.t.number))
		return error_fail(err, ERROR_PERM,
		    "a ticket cannot be the duplicate of itself: write the "
		    "number of the other one");
	if (!number_is_set(other))
		return error_fail(err, ERROR_DENIED,
		    "bad request: a command without its word");
	switch (store_ticket_get(s->desk->store, other, &row, err)) {
	case STORE_FOUND:
		return TRUE;
	case STORE_MISSING:
		return error_fail(err, ERROR_PERM,
		    "there is no ticket of the number behind /close "
		    "duplicate");
	case STORE_ERROR:
		break;
	}
	return FALSE;
}

static gboolean
judge_queue(const struct steering *s, GError **err)
{
	if (!wants(s, PROTO_VERB_QUEUE))
		return TRUE;
	if (config_queue_by_name(s->desk->config, s->steer->queue) == NULL)
		return error_fail(
		    err, ERROR_PERM, "there is no queue of this name");
	if (g_strcmp0(s->steer->queue, s->ticket.t.queue) == 0)
		return error_fail(
		    err, ERROR_PERM, "the ticket is in that queue already");
	if (wants(s, PROTO_VERB_ESCALATE))
		return error_fail(err, ERROR_PERM,
		    "/escalate and /queue do not go together: the ticket "
		    "begins at the first level of its new queue");
	return TRUE;
}

static gboolean
judge_level(const struct steering *s, GError **err)
{
	if (!wants(s, PROTO_VERB_ESCALATE))
		return TRUE;
	if (store_ticket_is_forgotten(&s->ticket))
		return error_fail(err, ERROR_PERM,
		    "the player is forgotten: the ticket can be closed, but "
		    "not given to the next level");
	if (wants(s, PROTO_VERB_CLOSE))
		return error_fail(
		    err, ERROR_PERM, "/close and /escalate do not go together");
	if (s->ticket.t.level < SLA_LEVEL_LAST)
		return TRUE;
	return error_fail(
	    err, ERROR_PERM, "the ticket is at the highest level already");
}

static gboolean
judge_wait(const struct steering *s, GError **err)
{
	if (!wants(s, PROTO_VERB_WAIT))
		return TRUE;
	if (wants(s, PROTO_VERB_CLOSE))
		return error_fail(
		    err, ERROR_PERM, "/close and /wait do not go together");
	if (store_ticket_is_forgotten(&s->ticket))
		return error_fail(err, ERROR_PERM,
		    "the player is forgotten and cannot write to this ticket "
		    "any more: there is nobody to wait for");
	return TRUE;
}

static gboolean
judge(const struct steering *s, GError **err)
{
	return check_words(s, err) && judge_open(s, err) &&
	       judge_duplicate(s, err) && judge_queue(s, err) &&
	       judge_level(s, err) && judge_wait(s, err);
}

/* --- doing --- */

/* The new category may be a complex one; a clock that is there runs on. */
static gboolean
start_escalate(struct steering *s, GError **err)
{
	struct store_clock clock;

	switch (store_clock_get(
	    s->desk->store, &s->ticket.t.number, SLA_ESCALATE, &clock, err)) {
	case STORE_MISSING:
		return clocks_restart(
		    s->desk, &s->ticket, SLA_ESCALATE, s->now, err);
	case STORE_FOUND:
		return TRUE;
	case STORE_ERROR:
		break;
	}
	return FALSE;
}

static gboolean
do_category(struct steering *s, GError **err)
{
	if (!wants(s, PROTO_VERB_CATEGORY))
		return TRUE;
	(void)g_strlcpy(
	    s->ticket.t.category, s->steer->category, TICKET_TOKEN_SIZE);
	return s->ticket.t.state != TICKET_OPEN ||
	       store_ticket_is_forgotten(&s->ticket) || start_escalate(s, err);
}

static gboolean
do_queue(struct steering *s, GError **err)
{
	struct jobs_new job = {.kind = PROTO_JOB_HANDED};

	if (!wants(s, PROTO_VERB_QUEUE))
		return TRUE;
	(void)g_strlcpy(s->ticket.t.queue, s->steer->queue, TICKET_TOKEN_SIZE);
	s->ticket.t.level = SLA_LEVEL_FIRST;
	/* Nothing is left to do in that queue, or nobody to do it for. */
	if (wants(s, PROTO_VERB_CLOSE) || wants(s, PROTO_VERB_FORGET) ||
	    store_ticket_is_forgotten(&s->ticket))
		return TRUE;
	/* Who has it now is to look at it anew. */
	return clocks_restart_open(
		   s->desk, &s->ticket, SLA_FIRST_REPLY, s->now, err) &&
	       jobs_promise(s->desk, &s->ticket, &job, s->now, err);
}

static gboolean
do_escalate(struct steering *s, GError **err)
{
	gboolean is_raised;

	return !wants(s, PROTO_VERB_ESCALATE) ||
	       clocks_raise(
		   s->desk, &s->ticket, SLA_BY_AGENT, s->now, &is_raised, err);
}

static gboolean
do_take(struct steering *s, GError **err)
{
	if (!wants(s, PROTO_VERB_TAKE))
		return TRUE;
	(void)g_strlcpy(s->ticket.t.agent, s->steer->agent, TICKET_TOKEN_SIZE);
	return clocks_settle(
	    s->desk, &s->ticket, 1u << SLA_ESCALATE, s->now, TRUE, err);
}

static gboolean
do_wait(struct steering *s, GError **err)
{
	return !wants(s, PROTO_VERB_WAIT) ||
	       clocks_pause(s->desk, &s->ticket, s->now, err);
}

/* He is asked how content he was. Not of a duplicate, which goes on. */
static gboolean
ask_content(struct steering *s, GError **err)
{
	struct jobs_new job = {
	    .kind = PROTO_JOB_CLOSED, .arg.close = s->steer->close};

	if (s->steer->close == PROTO_CLOSE_DUPLICATE ||
	    wants(s, PROTO_VERB_FORGET) || !jobs_may_tell(&s->ticket))
		return TRUE;
	return jobs_promise(s->desk, &s->ticket, &job, s->now, err);
}

/* Of a forgotten ticket no time is kept that is finer than its others. */
static gint64
close_time(const struct steering *s)
{
	if (!store_ticket_is_forgotten(&s->ticket))
		return s->now;
	return MAX(s->now - s->now % HOUR_S, s->ticket.t.opened);
}

static gboolean
do_close(struct steering *s, GError **err)
{
	static const struct policy policy; /* no clock starts here */
	struct event event = {.kind = EVENT_CLOSED, .value = s->steer->close};
	struct ticket *t = &s->ticket.t;
	struct effects effects;
	gint64 at = close_time(s);

	if (!wants(s, PROTO_VERB_CLOSE))
		return TRUE;
	if (!clocks_settle(s->desk, &s->ticket, CLOCKS_ALL, at, TRUE, err))
		return FALSE;
	effects = ticket_decide(t, &event, &policy, at);
	ticket_apply(t, &effects, at);
	(void)g_strlcpy(t->agent, s->steer->agent, TICKET_TOKEN_SIZE);
	return ask_content(s, err);
}

static void
do_lang(struct steering *s)
{
	if (wants(s, PROTO_VERB_LANG))
		(void)g_strlcpy(
		    s->ticket.t.lang, s->steer->lang, TICKET_TOKEN_SIZE);
}

/* Whose mail it was is known as long as its ticket; of a forgotten ticket
 * nothing says that. */
static gboolean
keep_message(struct steering *s, GError **err)
{
	guint tickets;

	if (wants(s, PROTO_VERB_FORGET) &&
	    desk_forget_player(s->desk, &s->steer->number, &tickets, err) ==
		STORE_ERROR)
		return FALSE;
	s->message.state =
	    s->is_text_sent ? STORE_MESSAGE_SENT : STORE_MESSAGE_TAKEN;
	s->message.ticket = s->steer->number;
	if (wants(s, PROTO_VERB_FORGET))
		s->message.ticket = (struct number){""};
	return store_message_put(s->desk->store, &s->message, err);
}

static gboolean
do_all(struct steering *s, GError **err)
{
	do_lang(s);
	return do_category(s, err) && do_take(s, err) && do_queue(s, err) &&
	       do_escalate(s, err) && do_wait(s, err) && do_close(s, err) &&
	       store_ticket_update(s->desk->store, &s->ticket, err) &&
	       keep_message(s, err);
}

/* --- the request --- */

/* He must not think that his text has not been sent, either. */
static gboolean
judge_again(const struct steering *s, GError **err)
{
	g_autoptr(GError) why = NULL;

	if (!s->is_text_sent || judge(s, &why))
		return s->is_text_sent || judge(s, err);
	if (!error_is(why, ERROR_PERM)) {
		g_propagate_error(err, g_steal_pointer(&why));
		return FALSE;
	}
	return error_fail(err, ERROR_PERM,
	    "your text was sent to the player, but the ticket has changed "
	    "meanwhile and the commands above it could not be done: look at "
	    "the ticket, and send the commands alone");
}

static gboolean
steer_saved(struct steering *s, struct proto_desk_steered *answer, GError **err)
{
	if (!find_message(s, err) || !find_ticket(s, err))
		return FALSE;
	if (!s->is_done &&
	    (!judge_again(s, err) || (!s->steer->is_dry && !do_all(s, err))))
		return FALSE;
	answer->level = s->ticket.t.level;
	answer->queue = g_strdup(s->ticket.t.queue);
	return TRUE;
}

gboolean
desk_steer(struct desk *desk, const struct proto_desk_steer *steer, gint64 now,
    struct proto_desk_steered *answer, GError **err)
{
	struct steering s = {.desk = desk, .steer = steer, .now = now};

	if (!store_save(desk->store, err))
		return FALSE;
	if (steer_saved(&s, answer, err) && store_release(desk->store, err))
		return TRUE;
	store_revert(desk->store);
	g_clear_pointer(&answer->queue, g_free);
	return FALSE;
}
