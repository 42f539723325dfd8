#include "mail/compose.h"

#include <string.h>

#include "mail/endline.h"
#include "mail/kind.h"
#include "mail/writer.h"

#include "base/banned.h"

#define TOKEN_MAX 200	/* octets of one X-Nymdesk value */
#define BOUNDARY_MAX 66 /* RFC 2046 5.1.1 allows 70 with ours in front */
#define SUBJECT_NONE "(no subject)"

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static GBytes *
finish(GString *out)
{
	return g_string_free_to_bytes(out);
}

static GBytes *
refuse(GString *out)
{
	g_string_free(out, TRUE);
	return NULL;
}

/* A value inside X-Nymdesk: no blank and no semicolon, "-" for nothing. */
static char *
token_of(const char *value)
{
	g_autofree char *clean = writer_clean(value, TOKEN_MAX);
	GString *out = g_string_new(NULL);

	for (const char *p = clean; *p != '\0'; p++) {
		if (g_ascii_isalnum(*p) || strchr(".,:_+-/", *p) != NULL)
			g_string_append_c(out, *p);
		else if (out->len == 0 || out->str[out->len - 1] != '_')
			g_string_append_c(out, '_');
	}
	if (out->len == 0)
		g_string_append_c(out, '-');
	return g_string_free(out, FALSE);
}

static void
append_x_word(GString *out, const char *name, const char *value, char end)
{
	g_autofree char *token = token_of(value);
	g_autofree char *word = g_strdup_printf("%s=%s%c", name, token, end);

	writer_word(out, g_strchomp(word));
}

static void
append_x_nymdesk(GString *out, const struct compose_copy *copy)
{
	g_autofree char *level = g_strdup_printf("%u", copy->level);
	g_autofree char *priority = g_strdup_printf("%u", copy->priority);
	g_autofree char *due = copy->due > 0 ? writer_time(copy->due) : NULL;

	g_string_append(out, "X-Nymdesk:");
	append_x_word(out, "queue", copy->queue, ';');
	append_x_word(out, "level", level, ';');
	append_x_word(out, "category", copy->category, ';');
	append_x_word(out, "priority", priority, ';');
	append_x_word(out, "lang", copy->lang, ';');
	append_x_word(out, "due", due, ';');
	if (or_empty(copy->agent)[0] != '\0')
		append_x_word(out, "agent", copy->agent, ';');
	append_x_word(out, "flags", copy->flags, ' ');
	g_string_append(out, "\r\n");
}

/* "=_" cannot occur in quoted-printable, and writer_part() chooses that for
 * every text in which a line could be taken for this boundary. */
static char *
boundary_of(const char *message_id)
{
	GString *out = g_string_new("=_");

	for (const char *p = message_id; *p != '\0' && *p != '@'; p++)
		if (out->len < BOUNDARY_MAX &&
		    (g_ascii_isalnum(*p) || *p == '.' || *p == '-'))
			g_string_append_c(out, *p);
	return g_string_free(out, FALSE);
}

static gboolean
copy_headers(GString *out, const struct compose_copy *copy)
{
	const char *text = copy->body != NULL ? copy->body->subject : NULL;
	g_autofree char *clean = writer_clean(text, WRITER_VALUE_MAX);
	g_autofree char *subject = g_strdup_printf("[%s] %s",
	    or_empty(copy->number), clean[0] != '\0' ? clean : SUBJECT_NONE);
	const char *previous = or_empty(copy->previous_id);
	g_autofree char *refs =
	    g_strconcat(or_empty(copy->root_id), " ", previous, NULL);

	if (!writer_mailbox(
		out, "From", copy->pseudonym, copy->agent_address) ||
	    !writer_mailbox(out, "To", "", copy->queue_address) ||
	    !writer_mailbox(out, "Reply-To", "", copy->agent_address))
		return FALSE;
	writer_text(out, "Subject", subject);
	writer_date(out, copy->date);
	if (!writer_ids(out, "Message-ID", copy->message_id, 1) ||
	    (!writer_ids(out, "In-Reply-To", previous, 1) &&
		!writer_ids(out, "In-Reply-To", copy->root_id, 1)) ||
	    !writer_ids(out, "References", refs, WRITER_IDS_MAX))
		return FALSE;
	append_x_nymdesk(out, copy);
	g_string_append(out, "MIME-Version: 1.0\r\n");
	return TRUE;
}

/* The next power of two: a size to the octet tells files apart. */
static char *
size_of(gsize size)
{
	gsize kib = 1;

	while (kib < size / 1024 + (size % 1024 != 0))
		kib *= 2;
	return kib < 1024 ? g_strdup_printf("%zu KiB", kib)
			  : g_strdup_printf("%zu MiB", kib / 1024);
}

/* Ours, by place and type: the sender's is not known here. */
static char *
file_name(const struct scrubbed_file *file, guint number)
{
	return g_strdup_printf("attachment-%u.%s", number,
	    file->text != NULL ? "txt" : kind_of(file->type)->ext);
}

static gboolean
is_attached(const struct scrubbed_file *file)
{
	return file->text != NULL || file->octets != NULL;
}

/* One visible line a file, so that nothing vanishes without a word. */
static void
append_file_lines(GString *text, const GPtrArray *files)
{
	static const char *const fates[] = {
	    [SCRUBBED_WITHHELD] = "withheld, as it may name its author; answer "
				  "to ask for it\n as text or picture",
	    [SCRUBBED_REFUSED] = "withheld, as it could not be decoded safely; "
				 "answer to ask for it anew",
	    [SCRUBBED_TOO_LARGE] = "withheld, as it is too large; "
				   "answer to ask for less",
	    [SCRUBBED_UNPROVEN] = "withheld, as it is not shown who sent it, "
				  "and the mail names\n a ticket of another",
	    [SCRUBBED_REDACTED] = "attached as text with personal data masked",
	    [SCRUBBED_CLEANED] = "attached, encoded anew from its pixels",
	    [SCRUBBED_PASSED] = "attached unread, as it came; "
				"it may name its author",
	};

	if (files == NULL || files->len == 0)
		return;
	g_string_append_c(text, '\n');
	for (guint i = 0; i < files->len; i++) {
		const struct scrubbed_file *f = g_ptr_array_index(files, i);
		g_autofree char *size = size_of(f->size);

		g_string_append_printf(text,
		    "[attachment-%u: %s, at most %s:\n %s]\n", i + 1, f->what,
		    size, fates[f->fate]);
	}
}

static const char *
copy_remark(const struct compose_copy *copy)
{
	const struct scrubbed *body = copy->body;

	if (copy->is_placeholder)
		return "[This mail could not be read safely; "
		       "its content is withheld.\n"
		       "Answer to ask the player for the same as plain "
		       "text.]\n";
	if (copy->is_encrypted && copy->is_told)
		return "[The player's mail is encrypted and was not passed on; "
		       "he is told\nhow to send it.]\n";
	if (copy->is_encrypted)
		return "[The mail is encrypted and was not passed on. Nobody "
		       "was told; answer to\nask for the same without "
		       "encryption.]\n";
	if (body == NULL || body->text == NULL || body->text[0] == '\0')
		return "[The mail has no text.]\n";
	return "";
}

static char *
with_end(const char *text)
{
	g_autofree char *whole = writer_canonical(text);
	g_autofree char *end = endline_make(whole);

	return g_strconcat(whole, "\n", end, "\n", NULL);
}

static char *
copy_text(const struct compose_copy *copy)
{
	const struct scrubbed *body = copy->body;
	GString *text = g_string_new(NULL);
	g_autofree char *whole = NULL;

	g_string_append(text, copy_remark(copy));
	if (body != NULL) {
		if (body->text != NULL && body->text[0] != '\0')
			g_string_append_printf(text, "%s\n", body->text);
		append_file_lines(text, body->files);
		if (body->files_left_out > 0)
			g_string_append_printf(text,
			    "[%u more attachments, withheld]\n",
			    body->files_left_out);
		if (body->tail != NULL && body->tail[0] != '\0')
			g_string_append_printf(
			    text, "\n[quoted text]\n%s\n", body->tail);
	}
	whole = g_string_free(text, FALSE);
	return with_end(whole);
}

static gboolean
has_attached_file(const struct scrubbed *body)
{
	if (body == NULL || body->files == NULL)
		return FALSE;
	for (guint i = 0; i < body->files->len; i++) {
		const struct scrubbed_file *f =
		    g_ptr_array_index(body->files, i);

		if (is_attached(f))
			return TRUE;
	}
	return FALSE;
}

static void
append_file_part(GString *out, const struct scrubbed_file *file, guint number)
{
	g_autofree char *name = file_name(file, number);
	g_autofree char *disposition = g_strdup_printf(
	    "Content-Disposition: attachment; filename=\"%s\"\r\n", name);
	g_autofree char *text = NULL;

	if (file->text == NULL) {
		writer_octets(out, file->octets, kind_of(file->type)->type,
		    disposition);
		return;
	}
	text = writer_canonical(file->text);
	writer_part(out, text, disposition);
}

static void
append_multipart(
    GString *out, const struct compose_copy *copy, const char *text)
{
	g_autofree char *boundary = boundary_of(copy->message_id);
	const GPtrArray *files = copy->body->files;

	g_string_append_printf(out,
	    "Content-Type: multipart/mixed;\r\n"
	    " boundary=\"%s\"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	    "--%s\r\n",
	    boundary, boundary);
	writer_part(out, text, "");
	for (guint i = 0; i < files->len; i++) {
		const struct scrubbed_file *f = g_ptr_array_index(files, i);

		if (!is_attached(f))
			continue;
		g_string_append_printf(out, "\r\n--%s\r\n", boundary);
		append_file_part(out, f, i + 1);
	}
	g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
}

GBytes *
compose_agent_copy(const struct compose_copy *copy)
{
	GString *out = g_string_new(NULL);
	g_autofree char *text = copy_text(copy);

	if (!copy_headers(out, copy))
		return refuse(out);
	if (has_attached_file(copy->body))
		append_multipart(out, copy, text);
	else
		writer_part(out, text, "");
	return finish(out);
}

/* reply_address: "" for none. auto_submitted: NULL for none. */
static GBytes *
plain_mail(const struct compose_player *mail, const char *reply_address,
    const char *auto_submitted)
{
	GString *out = g_string_new(NULL);
	g_autofree char *subject =
	    writer_clean(mail->subject, WRITER_VALUE_MAX);
	g_autofree char *text = writer_canonical(mail->text);

	if (!writer_mailbox(
		out, "From", mail->role_name, mail->player_address) ||
	    !writer_mailbox(out, "To", "", mail->rcpt_addr) ||
	    (reply_address[0] != '\0' &&
		!writer_mailbox(out, "Reply-To", "", reply_address)))
		return refuse(out);
	writer_text(
	    out, "Subject", subject[0] != '\0' ? subject : SUBJECT_NONE);
	writer_date(out, mail->date);
	if (!writer_ids(out, "Message-ID", mail->message_id, 1))
		return refuse(out);
	(void)writer_ids(out, "In-Reply-To", mail->in_reply_to, 1);
	(void)writer_ids(out, "References", mail->references, WRITER_IDS_MAX);
	if (auto_submitted != NULL)
		g_string_append_printf(
		    out, "Auto-Submitted: %s\r\n", auto_submitted);
	g_string_append(out, "MIME-Version: 1.0\r\n");
	writer_part(out, text, "");
	return finish(out);
}

GBytes *
compose_player_mail(const struct compose_player *mail)
{
	/* RFC 3834 5.1: made in answer to a message. */
	return plain_mail(mail, "", mail->is_auto ? "auto-replied" : NULL);
}

/* What happened, in one line. */
static char *
notice_first_line(const struct compose_notice *notice, const char *label)
{
	if (notice->what != NULL)
		return g_strdup_printf(
		    "%s of %s did not reach the player.", notice->what, label);
	if (notice->is_partly)
		return g_strdup_printf("Not all of your mail to %s was sent "
				       "and done.", label);
	if (label[0] == '[')
		return g_strdup_printf("Your answer to %s was not sent to the "
				       "player, and nothing was done.", label);
	return g_strdup("Your mail was not sent to the player.");
}

GBytes *
compose_agent_notice(const struct compose_notice *notice)
{
	gboolean known = notice->number != NULL && notice->number[0] != '\0';
	g_autofree char *label = known ? g_strdup_printf("[%s]", notice->number)
				       : g_strdup("your mail");
	g_autofree char *subject = g_strdup_printf("%s: %s",
	    notice->what != NULL   ? "Undelivered"
		: notice->is_partly ? "Not all done"
				    : "Not sent",
	    label);
	g_autofree char *first = notice_first_line(notice, label);
	g_autofree char *why = writer_clean(notice->why, WRITER_VALUE_MAX);
	g_autofree char *todo =
	    writer_clean(notice->what_to_do, WRITER_VALUE_MAX);
	g_autofree char *refs = g_strconcat(or_empty(notice->root_id), " ",
	    or_empty(notice->in_reply_to), NULL);
	g_autofree char *text = g_strdup_printf(
	    "%s\n\nWhy: %s.\n\nWhat to do: %s\n", first, why,
	    todo[0] != '\0'
		? todo
		: "correct this and answer the mail of the ticket again.");

	return plain_mail(
	    &(struct compose_player){
		.role_name = notice->role_name,
		.player_address = notice->queue_address,
		.rcpt_addr = notice->agent_addr,
		.subject = subject,
		.message_id = notice->message_id,
		.in_reply_to = notice->in_reply_to,
		.references = refs,
		.date = notice->date,
		.text = text,
	    },
	    "", "auto-generated");
}

GBytes *
compose_agent_word(const struct compose_word *word)
{
	g_autofree char *text = with_end(word->text);

	return plain_mail(
	    &(struct compose_player){
		.role_name = word->role_name,
		.player_address = word->queue_address,
		.rcpt_addr = word->queue_address,
		.subject = word->subject,
		.message_id = word->message_id,
		.in_reply_to = word->root_id,
		.references = word->root_id,
		.date = word->date,
		.text = text,
	    },
	    or_empty(word->reply_address), "auto-generated");
}
