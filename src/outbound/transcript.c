#include "outbound/transcript.h"

#include <string.h>

#include "mail/endline.h"
#include "mail/keyed.h"
#include "outbound/promise.h"

#include "base/banned.h"

#define QUOTED "\n[quoted text]\n" /* mail/compose.c */
#define REMARK_MAX 400		   /* octets */
#define CUT "[...]\n\n"

/* --- what of a mail he gets ------------------------------------------ */

static gboolean
is_for_player(const struct archived *facts)
{
	if (facts->kind == ARCHIVED_NOTE)
		return FALSE;
	return facts->kind == ARCHIVED_ANSWER ||
	    (!archived_has_flag(facts, "unproven") &&
		!archived_has_flag(facts, "other-address") &&
		!archived_has_flag(facts, "machine"));
}

/* Behind "[...]" paragraphs at the top, which are ours. */
static const char *
skip_remarks(const char *text)
{
	while (*text == '[') {
		const char *end = g_strstr_len(text, REMARK_MAX, "]\n");
		const char *gap = g_strstr_len(text, REMARK_MAX, "\n\n");

		if (end == NULL || (gap != NULL && gap < end))
			break;
		text = end + 2;
		text += strspn(text, "\n");
	}
	return text;
}

static char *
copy_text(const char *text)
{
	g_autofree char *own = endline_drop(text);
	char *quoted = strstr(own, QUOTED);

	if (quoted != NULL)
		*quoted = '\0';
	return g_strdup(skip_remarks(own));
}

/* NULL if nothing is left. */
static char *
text_of(const struct config *config, const struct archived *facts)
{
	const struct config_queue *queue =
	    config_queue_by_name(config, facts->queue);
	g_autofree char *text = facts->kind == ARCHIVED_COPY
	    ? copy_text(facts->text)
	    : g_strdup(facts->text);
	char *clean = keyed_drop(text, queue->domain, NULL);

	g_strstrip(clean);
	if (clean[0] == '\0')
		g_clear_pointer(&clean, g_free);
	return clean;
}

/* --- the whole --------------------------------------------------------- */

static void
append_quoted(GString *out, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i] != NULL; i++)
		g_string_append_printf(out, lines[i][0] != '\0' ? "> %s\n"
								: ">%s\n",
		    lines[i]);
}

/* In no language: the time, our role above an answer, quote marks before what
 * he wrote. */
static char *
mail_write(const struct config *config, const struct archived *facts)
{
	const struct config_queue *queue =
	    config_queue_by_name(config, facts->queue);
	g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(facts->date);
	g_autofree char *time = at != NULL
	    ? g_date_time_format(at, "%Y-%m-%d %H:%M UTC")
	    : g_strdup("");
	g_autofree char *text = text_of(config, facts);
	GString *out = g_string_new(NULL);

	if (text == NULL)
		return g_string_free(out, FALSE);
	if (facts->kind == ARCHIVED_ANSWER)
		g_string_append_printf(out, "%s, %s:\n\n%s\n", time,
		    queue->role, text);
	else {
		g_string_append_printf(out, "%s:\n\n", time);
		append_quoted(out, text);
	}
	g_string_append_c(out, '\n');
	return g_string_free(out, FALSE);
}

char *
transcript_write(const struct config *config, const GPtrArray *mails)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
	GString *out = g_string_new(NULL);
	gsize len = 0;
	guint i;

	for (i = mails->len; i > 0; i--) {
		const struct thread_mail *mail = mails->pdata[i - 1];
		char *part;

		if (!is_for_player(mail->facts))
			continue;
		part = mail_write(config, mail->facts);
		len += strlen(part);
		g_ptr_array_add(parts, part);
		if (len > TRANSCRIPT_OCTETS_MAX)
			break;
	}
	if (i > 0) {
		g_ptr_array_set_size(parts, (gint)parts->len - 1);
		g_string_append(out, CUT);
	}
	for (guint n = parts->len; n > 0; n--)
		g_string_append(out, parts->pdata[n - 1]);
	g_strchomp(out->str);
	return g_string_free(out, FALSE);
}

enum proto_outcome
transcript_send(struct archivist *a, const struct proto_job *job,
    struct smtp_result *result)
{
	g_autoptr(GPtrArray) mails = NULL;
	enum thread_found found = thread_find(a, job, &mails);
	g_autofree char *text = NULL;

	if (found == THREAD_LATER && job->attempts < TRANSCRIPT_TRIES)
		return PROTO_DEFERRED;
	if (found == THREAD_FOUND)
		text = transcript_write(a->post->config, mails);
	if (text != NULL && text[0] == '\0')
		g_clear_pointer(&text, g_free);
	return promise_send_notice(a->post, job, 0, text, result);
}
