#include "mail/compose_note.h"

#include <string.h>

#include "mail/endline.h"
#include "mail/writer.h"

#include "base/banned.h"

#define MARK "[internal note]"

static void
append_x_nymdesk(GString *out, const struct compose_note *note)
{
	g_autofree char *queue = g_strdup_printf("queue=%s;", note->queue);
	g_autofree char *level = g_strdup_printf("level=%u;", note->level);
	g_autofree char *agent = g_strdup_printf("agent=%s", note->agent);

	g_string_append(out, "X-Nymdesk:");
	writer_word(out, queue);
	writer_word(out, level);
	writer_word(out, "kind=note;");
	writer_word(out, agent);
	g_string_append(out, "\r\n");
}

static gboolean
append_headers(GString *out, const struct compose_note *note)
{
	g_autofree char *subject = g_strdup_printf(
	    "[%s] " MARK " of %s", note->number, note->agent);

	if (!writer_mailbox(
		out, "From", note->role_name, note->queue_address) ||
	    !writer_mailbox(out, "To", "", note->queue_address) ||
	    !writer_mailbox(out, "Reply-To", "", note->agent_address))
		return FALSE;
	writer_text(out, "Subject", subject);
	writer_date(out, note->date);
	if (!writer_ids(out, "Message-ID", note->message_id, 1) ||
	    !writer_ids(out, "In-Reply-To", note->root_id, 1) ||
	    !writer_ids(out, "References", note->root_id, 1))
		return FALSE;
	g_string_append(out, "Auto-Submitted: auto-generated\r\n");
	append_x_nymdesk(out, note);
	g_string_append(out, "MIME-Version: 1.0\r\n");
	return TRUE;
}

static char *
note_text(const struct compose_note *note)
{
	g_autofree char *text = g_strdup_printf(
	    "[note of %s for colleagues: the player does not get it;\n"
	    "to answer it, begin with the line /note]\n\n%s\n",
	    note->agent, note->text);
	g_autofree char *whole = writer_canonical(text);
	g_autofree char *end = endline_make(whole);

	return g_strconcat(whole, "\n", end, "\n", NULL);
}

GBytes *
compose_agent_note(const struct compose_note *note)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *text = note_text(note);

	if (!append_headers(out, note))
		return NULL;
	writer_part(out, text, "");
	return g_string_free_to_bytes(g_steal_pointer(&out));
}

gboolean
compose_note_is_answered(const char *subject)
{
	g_autofree char *low = g_ascii_strdown(subject, -1);

	return strstr(low, MARK) != NULL;
}
