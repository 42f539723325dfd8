#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/agent.h"
#include "mail/compose_note.h"
#include "ticket/label.h"

#include "base/banned.h"

#define LEVEL_MAX 3

/* --- the text ------------------------------------------------------------- */

static void
reason_add(GString *out, const struct steer *steer, enum steer_verb verb,
    const char *title)
{
	const struct steer_command *command = steer_find(steer, verb);

	if (command != NULL && command->reason[0] != '\0')
		g_string_append_printf(
		    out, "%s: %s\n", title, command->reason);
}

void
note_make(struct agent_mail *m)
{
	const struct steer_command *note = steer_find(&m->steer, STEER_NOTE);
	g_autoptr(GString) out = g_string_new(NULL);

	reason_add(out, &m->steer, STEER_CLOSE, "Refused");
	reason_add(out, &m->steer, STEER_ESCALATE, "To the next level");
	reason_add(out, &m->steer, STEER_KYC, "Documents may be asked for");
	if (note != NULL) {
		if (out->len > 0)
			g_string_append_c(out, '\n');
		g_string_append(out, note->reason);
		if (note->reason[0] != '\0' && m->steer.text[0] != '\0')
			g_string_append(out, "\n\n");
		g_string_append(out, m->steer.text);
	}
	if (out->len > 0)
		m->note = g_string_free(g_steal_pointer(&out), FALSE);
}

/* --- the colleagues -------------------------------------------------------- */

static gboolean
addr_is_same(const struct addr *addr, const char *text)
{
	g_autoptr(addr_auto) other = addr_parse(text, -1, NULL);
	g_autofree char *a = NULL;
	g_autofree char *b = NULL;

	if (addr == NULL || other == NULL)
		return FALSE;
	a = addr_to_normal(addr);
	b = addr_to_normal(other);
	return strcmp(a, b) == 0;
}

static void
colleagues_add(GPtrArray *rcpts, const char *const *list,
    const struct addr *but_addr)
{
	for (; *list != NULL; list++)
		if (!addr_is_same(but_addr, *list) &&
		    !g_ptr_array_find_with_equal_func(
			rcpts, *list, g_str_equal, NULL))
			g_ptr_array_add(rcpts, (char *)*list);
}

/* Who writes to nobody but himself keeps his note in his own mailbox. */
static GPtrArray *
colleagues(const struct agent_mail *m)
{
	GPtrArray *rcpts = g_ptr_array_new();
	guint level = m->admitted->level;
	const char *const *own = config_queue_level(m->queue, level);

	colleagues_add(rcpts, own, m->c->mail->from_addr);
	if (steer_find(&m->steer, STEER_ESCALATE) != NULL &&
	    level < LEVEL_MAX)
		colleagues_add(rcpts, config_queue_level(m->queue, level + 1),
		    m->c->mail->from_addr);
	if (rcpts->len == 0)
		colleagues_add(rcpts, own, NULL);
	return rcpts;
}

/* --- sending -------------------------------------------------------------- */

static GBytes *
note_compose(const struct agent_mail *m, const struct label_set *labels)
{
	const struct mail_case *c = m->c;
	char shown[NUMBER_TEXT_SIZE];
	g_autofree char *agent = label_agent_address(
	    labels, c->queue->local, c->queue->domain);
	g_autofree char *id = label_message_id(labels, c->queue->domain);
	g_autofree char *root =
	    label_root_id(&m->admitted->number, c->queue->domain);
	const struct compose_note note = {.role_name = c->queue->role,
	    .queue_address = c->queue->address,
	    .agent_address = agent,
	    .number = number_show(&m->admitted->number, shown),
	    .message_id = id,
	    .root_id = root,
	    .date = c->now,
	    .queue = m->queue->name,
	    .level = m->admitted->level,
	    .agent = m->name,
	    .text = m->note};

	return compose_agent_note(&note);
}

/* Two lists may be longer than one mail's recipients; the archive gets it
 * once. */
static gboolean
note_hand_over(const struct agent_mail *m, const GPtrArray *rcpts,
    GBytes *content, GError **err)
{
	for (guint from = 0; from < rcpts->len; from += PROTO_RCPTS_MAX) {
		const char *part[PROTO_RCPTS_MAX + 1] = {NULL};

		for (guint i = 0;
		     i < PROTO_RCPTS_MAX && from + i < rcpts->len; i++)
			part[i] = rcpts->pdata[from + i];
		if (!case_hand_over(m->c,
			&(struct case_mail){.rcpt_addrs = part,
			    .content = content,
			    .archive = from == 0 ? m->queue->name : ""},
			err))
			return FALSE;
	}
	return TRUE;
}

gboolean
note_send(const struct agent_mail *m, GError **err)
{
	const struct label_set *labels =
	    case_labels(m->c, &m->admitted->number, err);
	g_autoptr(GPtrArray) rcpts = NULL;
	g_autoptr(GBytes) content = NULL;

	if (labels == NULL)
		return FALSE;
	content = note_compose(m, labels);
	if (content == NULL)
		return error_fail(err, ERROR_TEMP, "cannot compose a note");
	rcpts = colleagues(m);
	if (!note_hand_over(m, rcpts, content, err))
		return FALSE;
	log_info("ticket.note", LOG_TICKET(&m->admitted->number),
	    LOG_QUEUE(m->queue));
	return TRUE;
}
