#include <string.h>

#include "base/error.h"
#include "base/log.h"
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

/* What an earlier mail of ours met, and what this one did not change. */
#define STANDING ((guint32)(PROTO_FLAG_UNDELIVERABLE | PROTO_FLAG_DELAYED))

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
	    .lang = body->lang,
	    .level = admitted->level,
	    .due = admitted->due,
	    .flags = flags,
	    .body = body,
	    .is_placeholder = c->mail->is_placeholder,
	    .is_encrypted = c->mail->is_encrypted,
	    .is_told = (admitted->flags & UNTOLD) == 0};

	return compose_agent_copy(&copy);
}

static gboolean
copy_hand_over(const struct mail_case *c, const struct scrubbed *body,
    const struct proto_desk_admitted *admitted,
    const struct label_set *labels, GError **err)
{
	g_autoptr(GBytes) copy = copy_compose(c, body, admitted, labels);

	if (copy == NULL)
		return error_fail(err, ERROR_TEMP, "cannot compose the copy");
	return case_hand_over(c,
	    &(struct case_mail){.labels = labels,
		.rcpt_addrs = (const char *const *)c->queue->agents,
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
	case PROTO_NEW:
	case PROTO_FOLLOW_UP:
		break;
	default:
		return error_fail_num(err, ERROR_TEMP, "unexpected verdict",
		    admitted->verdict);
	}
	labels = case_labels(c, &admitted->number, err);
	if (labels == NULL)
		return FALSE;
	body->text = wish_note(admitted->flags, body->text);
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

gboolean
player_deliver(struct mail_case *c, GError **err)
{
	struct proto_desk_admit admit;
	struct proto_desk_admitted admitted = {0};
	struct scrubbed body = {0};
	const char *category;
	guint32 wishes;
	gboolean ok;

	/* Its parsing went well; rules may still fail over the text. */
	(void)hazard_enter(c->hazard, c->message);
	scrub_player_mail(c->mail, c->rules, &body);
	category = rules_category(c->rules, body.subject);
	if (category == NULL)
		category = rules_category(c->rules, body.text);
	wishes = wish_flags(c->rules, c->mail->subject, body.text);
	hazard_leave(c->hazard);
	if (body.tally.limits > 0)
		log_warn("rules.limit",
		    LOG_NUM("paragraphs", body.tally.limits));
	case_admit_fill(c, PROTO_SIDE_PLAYER, &admit);
	admit.category = (char *)category;
	admit.lang = body.lang;
	admit.flags |= wishes;
	if (sender_is_us(c))
		admit.flags |= PROTO_FLAG_MACHINE;
	ok = case_admit(c, &admit, &admitted, err);
	if (ok && !admitted_deliver(c, &body, &admit, &admitted, err)) {
		case_let_go(c);
		ok = FALSE;
	}
	proto_clear(PROTO_DESK_ADMITTED, &admitted);
	case_admit_clear(&admit);
	scrubbed_clear(&body);
	return ok;
}
