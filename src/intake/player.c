#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/agent_name.h"
#include "intake/case.h"
#include "intake/files.h"
#include "intake/place.h"
#include "intake/wish.h"
#include "mail/compose.h"
#include "mail/scrub.h"
#include "ticket/flag.h"
#include "ticket/label.h"

#include "base/banned.h"

/* Any of these, and the desk promises no notice: ticket_decide(). */
#define UNTOLD                                                                 \
	((guint32)(PROTO_FLAG_MACHINE | PROTO_FLAG_UNPROVEN |                  \
	    PROTO_FLAG_OTHER_ADDR | PROTO_FLAG_NO_RETURN | PROTO_FLAG_BURST))

/* What an earlier mail of ours met, and what this one did not change; and whose
 * ticket it is. */
#define STANDING                                                               \
	((guint32)(PROTO_FLAG_UNDELIVERABLE | PROTO_FLAG_DELAYED |             \
	    PROTO_FLAG_VIP))

/* What no machine may ask for: nobody would have asked. */
#define ASKED ((guint32)(PROTO_FLAG_ESCALATE | PROTO_FLAG_TRANSCRIPT))

/* A mail of our own that came back is never answered. */
static gboolean
sender_is_us(const struct mail_case *c)
{
	return c->mail->from_addr != NULL &&
	    place_find(c->config, c->mail->from_addr->local,
		c->mail->from_addr->domain, NULL) != NULL;
}

static char *
flags_show(const struct proto_desk_admitted *admitted)
{
	guint32 flags = admitted->flags | (admitted->ticket_flags & STANDING);
	g_autofree char *names =
	    ticket_flags_show(flags & ~(guint32)PROTO_FLAG_MENTIONS);
	GString *out = g_string_new(names);
	char shown[NUMBER_TEXT_SIZE];

	if (number_is_set(&admitted->mentions))
		g_string_append_printf(out, "%smentions-%s",
		    out->len > 0 ? "," : "",
		    number_show(&admitted->mentions, shown));
	return g_string_free(out, FALSE);
}

static char *
copy_id_expand(const struct mail_case *c,
    const struct proto_desk_admitted *admitted)
{
	g_autofree char *number = g_ascii_strdown(admitted->number.s, -1);

	if (admitted->copy_id[0] == '\0')
		return g_strdup("");
	return g_strdup_printf("%s.%s@%s", number, admitted->copy_id,
	    c->queue->domain);
}

static GBytes *
copy_compose(const struct mail_case *c, const struct scrubbed *body,
    const struct proto_desk_admitted *admitted,
    const struct label_set *labels)
{
	char shown[NUMBER_TEXT_SIZE];
	g_autofree char *agent = label_agent_address(labels, c->queue->local,
	    c->queue->domain);
	g_autofree char *id = label_message_id(labels, c->queue->domain);
	g_autofree char *root = label_root_id(&admitted->number,
	    c->queue->domain);
	g_autofree char *previous = copy_id_expand(c, admitted);
	g_autofree char *flags = flags_show(admitted);
	const struct compose_copy copy = {
	    .queue_address = c->queue->address,
	    .agent_address = agent,
	    .pseudonym = admitted->pseudonym,
	    .number = number_show(&admitted->number, shown),
	    .message_id = id,
	    .root_id = root,
	    .previous_id = previous,
	    .date = c->now,
	    .queue = c->queue->name,
	    .category = admitted->category,
	    .priority = (guint)config_priority(c->config, admitted->category,
		((admitted->flags | admitted->ticket_flags) &
		    PROTO_FLAG_VIP) != 0),
	    .lang = body->lang,
	    .level = admitted->level,
	    .due = admitted->due,
	    .agent = admitted->agent,
	    .flags = flags,
	    .body = body,
	    .is_placeholder = c->mail->is_placeholder,
	    .is_encrypted = c->mail->is_encrypted,
	    .is_told = (admitted->flags & UNTOLD) == 0};

	return compose_agent_copy(&copy);
}

static gboolean
is_agent(const char *member_addr, const char *name)
{
	g_autoptr(addr_auto) addr = addr_parse(member_addr, -1, NULL);
	char own[AGENT_NAME_SIZE];

	return addr != NULL && g_strcmp0(agent_name(addr, own), name) == 0;
}

/* The agents of the ticket's level; of a VIP the one who has him, if he is one
 * of those. Its texts are borrowed. */
static GPtrArray *
copy_rcpts(const struct mail_case *c,
    const struct proto_desk_admitted *admitted)
{
	const char *const *all = config_queue_level(c->queue, admitted->level);
	guint32 flags = admitted->flags | admitted->ticket_flags;
	GPtrArray *own = g_ptr_array_new();

	for (gsize i = 0; all[i] != NULL; i++)
		if ((flags & PROTO_FLAG_VIP) != 0 &&
		    is_agent(all[i], admitted->agent))
			g_ptr_array_add(own, (gpointer)all[i]);
	if (own->len == 0)
		for (gsize i = 0; all[i] != NULL; i++)
			g_ptr_array_add(own, (gpointer)all[i]);
	g_ptr_array_add(own, NULL);
	return own;
}

static gboolean
copy_hand_over(const struct mail_case *c, const struct scrubbed *body,
    const struct proto_desk_admitted *admitted,
    const struct label_set *labels, GError **err)
{
	g_autoptr(GBytes) copy = copy_compose(c, body, admitted, labels);
	g_autoptr(GPtrArray) rcpts = copy_rcpts(c, admitted);

	if (copy == NULL)
		return error_fail(err, ERROR_TEMP, "cannot compose the copy");
	return case_hand_over(c,
	    &(struct case_mail){.labels = labels,
		.rcpt_addrs = (const char *const *)rcpts->pdata,
		.content = copy,
		.archive = c->queue->name},
	    err);
}

static gboolean
admitted_deliver(struct mail_case *c, struct scrubbed *body,
    const struct proto_desk_admit *admit,
    const struct proto_desk_admitted *admitted, GError **err)
{
	const struct label_set *labels;

	switch (admitted->verdict) {
	case PROTO_DUPLICATE:
		log_info("mail.again", LOG_QUEUE(c->queue));
		return TRUE;
	case PROTO_LATER:
		log_info("mail.later", LOG_QUEUE(c->queue));
		c->outcome = PROTO_MAIL_TOO_MANY;
		return TRUE;
	case PROTO_NEW:
	case PROTO_FOLLOW_UP:
		break;
	default:
		return error_fail_num(err, ERROR_TEMP, "unexpected verdict",
		    admitted->verdict);
	}
	/* Its agents get the copy, wherever the player wrote to. */
	if (!case_move(c, admitted->queue, err))
		return FALSE;
	labels = case_labels(c, &admitted->number, err);
	if (labels == NULL)
		return FALSE;
	body->text = wish_remark(admitted->flags, admit->rating, body->text);
	if (!files_release(c, admitted->flags, body, err) ||
	    !copy_hand_over(c, body, admitted, labels, err) ||
	    !case_commit(c, admit, admitted, labels, err))
		return FALSE;
	log_info("ticket.mail", LOG_TICKET(&admitted->number),
	    LOG_NUM("verdict", admitted->verdict),
	    LOG_QUEUE(c->queue),
	    LOG_NUM("flags", admitted->flags));
	return TRUE;
}

/* What rules find in a mail. */
struct reading {
	struct scrubbed body; /* own */
	const char *category; /* borrowed of the rules, NULL for none */
	guint32 words;	      /* what he asks for: enum proto_mail_flag */
};

static void
mail_read(const struct mail_case *c, struct reading *out)
{
	struct scrubbed *body = &out->body;

	/* Its parsing went well; rules may still fail over the text. */
	(void)hazard_enter(c->hazard, c->message);
	scrub_player_mail(c->mail, c->rules, body);
	out->category = rules_category(c->rules, body->subject);
	if (out->category == NULL)
		out->category = rules_category(c->rules, body->text);
	out->words = wish_flags(c->rules, c->mail->subject, body->text);
	hazard_leave(c->hazard);
	if (body->tally.limits > 0)
		log_warn("rules.limit",
		    LOG_NUM("paragraphs", body->tally.limits));
}

static void
admit_fill(const struct mail_case *c, const struct reading *reading,
    struct proto_desk_admit *admit)
{
	enum label_wish wish = case_wish(c);

	case_admit_fill(c, PROTO_SIDE_PLAYER, admit);
	admit->category = (char *)reading->category;
	admit->lang = (char *)reading->body.lang;
	admit->flags |= reading->words;
	if (wish == LABEL_WISH_ESCALATE)
		admit->flags |= PROTO_FLAG_ESCALATE;
	else
		admit->rating = wish;
	if (sender_is_us(c))
		admit->flags |= PROTO_FLAG_MACHINE;
	if ((admit->flags & PROTO_FLAG_MACHINE) != 0) {
		admit->flags &= ~ASKED;
		admit->rating = 0;
	}
}

/* A new ticket of a category that has a queue of its own belongs there. Which
 * ticket the mail belongs to, if it is none, does not depend on it. */
static gboolean
category_move(struct mail_case *c, const char *name, GError **err)
{
	const struct config_category *category = config_category_by_name(
	    c->config, name != NULL ? name : "");

	return category == NULL || case_move(c, category->queue, err);
}

static gboolean
read_deliver(struct mail_case *c, struct reading *reading, GError **err)
{
	struct proto_desk_admit admit;
	struct proto_desk_admitted admitted = {0};
	gboolean ok;

	if (!category_move(c, reading->category, err))
		return FALSE;
	admit_fill(c, reading, &admit);
	ok = case_admit(c, &admit, &admitted, err);
	if (ok &&
	    !admitted_deliver(c, &reading->body, &admit, &admitted, err)) {
		case_let_go(c);
		ok = FALSE;
	}
	proto_clear(PROTO_DESK_ADMITTED, &admitted);
	case_admit_clear(&admit);
	return ok;
}

gboolean
player_deliver(struct mail_case *c, GError **err)
{
	struct reading reading = {0};
	gboolean ok;

	mail_read(c, &reading);
	ok = read_deliver(c, &reading, err);
	scrubbed_clear(&reading.body);
	return ok;
}
