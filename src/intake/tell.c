#include "intake/tell.h"

#include "base/error.h"
#include "base/log.h"
#include "mail/compose.h"
#include "ticket/label.h"

#include "base/banned.h"

static GBytes *
word_compose(const struct mail_case *c, const struct tell_word *word,
    const struct label_set *labels)
{
	char shown[NUMBER_TEXT_SIZE] = "";
	g_autofree char *id = label_message_id(labels, c->queue->domain);
	g_autofree char *root = NULL;
	struct compose_notice notice = {.role_name = c->queue->role,
	    .queue_address = c->queue->address,
	    .agent_addr = word->rcpts[0],
	    .message_id = id,
	    .in_reply_to = word->reply_to,
	    .date = c->now,
	    .what = word->what,
	    .is_partly = word->is_partly,
	    .why = word->why,
	    .what_to_do = word->what_to_do};

	if (word->number != NULL) {
		root = label_root_id(word->number, c->queue->domain);
		notice.number = number_show(word->number, shown);
		notice.root_id = root;
	}
	return compose_agent_notice(&notice);
}

gboolean
tell_send(const struct mail_case *c, const struct tell_word *word,
    GError **err)
{
	/* Not of the ticket: a note of the same mail has a Message-ID of it. */
	const struct label_set *labels =
	    &g_array_index(c->id.labels, struct label_set, 0);
	g_autoptr(GBytes) content = NULL;

	if (*c->is_told)
		return TRUE;
	content = word_compose(c, word, labels);
	if (content == NULL)
		return error_fail(err, ERROR_TEMP,
		    "cannot compose a notice");
	if (!case_hand_over(c,
		&(struct case_mail){.rcpt_addrs = word->rcpts,
		    .content = content,
		    .archive = ""},
		err))
		return FALSE;
	*c->is_told = TRUE;
	log_info("agent.told", LOG_QUEUE(c->queue));
	return TRUE;
}
