#include "intake/milter_mail.h"

#include <string.h>

#include "intake/command.h"
#include "intake/envelope.h"

#include "base/banned.h"

struct milter_mail {
	const struct milter_limits *limits; /* borrowed */
	struct session_envelope envelope;
	const struct smtp_reply *refusal; /* of MAIL; static, NULL if none */
	enum milter_kind kind;
	gboolean has_sender; /* MAIL came */
	gboolean in_text;
	gboolean in_body;
	struct message_reader reader;
};

static const struct smtp_reply reply_alone = {
    452, "4.5.3", "Send to this address and to the others in turn"};
static const struct smtp_reply reply_no_sender = {
    503, "5.5.1", "Bad sequence of commands"};

struct milter_mail *
milter_mail_new(const struct milter_limits *limits)
{
	struct milter_mail *mail = g_new0(struct milter_mail, 1);

	/* A GByteArray, doubling, must never pass its own limit. */
	g_assert(limits->text.size_max <= G_MAXUINT / 4);
	mail->limits = limits;
	mail->envelope.rcpts = envelope_rcpts_new();
	mail->envelope.way = PROTO_WAY_MILTER;
	return mail;
}

void
milter_mail_reset(struct milter_mail *mail)
{
	g_clear_pointer(&mail->envelope.sender_addr, g_free);
	g_ptr_array_set_size(mail->envelope.rcpts, 0);
	mail->envelope.smtputf8 = FALSE;
	mail->envelope.body8bit = FALSE;
	message_reader_done(&mail->reader);
	mail->refusal = NULL;
	mail->kind = MILTER_NOBODY;
	mail->has_sender = FALSE;
	mail->in_text = FALSE;
	mail->in_body = FALSE;
}

void
milter_mail_free(struct milter_mail *mail)
{
	if (mail == NULL)
		return;
	milter_mail_reset(mail);
	g_ptr_array_unref(mail->envelope.rcpts);
	g_free(mail);
}

/* --- envelope ------------------------------------------------------------ */

static gboolean
parameter_matters(const char *text)
{
	return g_ascii_strncasecmp(text, "SIZE=", 5) == 0 ||
	       g_ascii_strncasecmp(text, "BODY=", 5) == 0 ||
	       g_ascii_strcasecmp(text, "SMTPUTF8") == 0;
}

/* The arguments as they stood in the command: command_parse_mail() has the
 * one reading of them. */
static char *
arguments_join(const char *keyword, const char *const *argv)
{
	gboolean has_brackets = argv[0] != NULL && argv[0][0] == '<';
	GString *line = g_string_new(keyword);

	g_string_append(line, has_brackets ? "" : "<");
	g_string_append(line, argv[0] != NULL ? argv[0] : "");
	g_string_append(line, has_brackets ? "" : ">");
	for (guint i = 1; argv[0] != NULL && argv[i] != NULL; i++)
		if (parameter_matters(argv[i]))
			g_string_append_printf(line, " %s", argv[i]);
	return g_string_free(line, FALSE);
}

void
milter_mail_from(struct milter_mail *mail, const char *const *argv)
{
	g_autofree char *args = arguments_join("FROM:", argv);
	struct command_mail said;

	milter_mail_reset(mail);
	mail->has_sender = TRUE;
	mail->refusal = command_parse_mail(args, FALSE, &said);
	if (mail->refusal != NULL)
		return;
	mail->envelope.sender_addr = said.addr;
	mail->envelope.smtputf8 = said.smtputf8;
	mail->envelope.body8bit = said.body8bit;
	if (said.size > mail->limits->text.size_max)
		mail->refusal = &reply_size;
}

/* The address if it is one of ours. One that cannot be parsed is none, and
 * neither is one outside ASCII if MAIL did not announce such: it is for Postfix
 * to refuse. */
static struct addr *
rcpt_find(struct milter_mail *mail, const char *const *argv)
{
	const char *const alone[] = {argv[0], NULL};
	g_autofree char *args = arguments_join("TO:", alone);
	g_autoptr(addr_auto) addr = NULL;

	if (command_parse_rcpt(args, FALSE, mail->envelope.smtputf8, &addr) !=
		NULL ||
	    mail->limits->check(addr->local, addr->domain,
		mail->limits->user_data) != PLACE_OURS)
		return NULL;
	return g_steal_pointer(&addr);
}

static const struct smtp_reply *
rcpt_of_others(struct milter_mail *mail, const char *transport)
{
	/* Postfix would bring it to us, and then we would not want it. */
	if (g_strcmp0(transport, mail->limits->transport) == 0)
		return &reply_no_user;
	if (mail->kind == MILTER_OURS)
		return &reply_alone;
	mail->kind = MILTER_OTHERS;
	return NULL;
}

const struct smtp_reply *
milter_mail_rcpt(
    struct milter_mail *mail, const char *const *argv, const char *transport)
{
	g_autoptr(addr_auto) addr = NULL;

	if (!mail->has_sender || mail->in_text)
		return &reply_no_sender;
	addr = rcpt_find(mail, argv);
	if (addr == NULL)
		return rcpt_of_others(mail, transport);
	if (mail->kind == MILTER_OTHERS)
		return &reply_alone;
	if (mail->refusal != NULL)
		return mail->refusal;
	if (mail->envelope.rcpts->len >= mail->limits->rcpt_max)
		return &reply_rcpt_max;
	envelope_rcpts_add(mail->envelope.rcpts, g_steal_pointer(&addr));
	mail->kind = MILTER_OURS;
	return NULL;
}

enum milter_kind
milter_mail_kind(const struct milter_mail *mail)
{
	return mail->kind;
}

const struct session_envelope *
milter_mail_envelope(const struct milter_mail *mail)
{
	return &mail->envelope;
}

/* --- text ---------------------------------------------------------------- */

static gboolean
text_begin(struct milter_mail *mail)
{
	if (mail->kind != MILTER_OURS)
		return FALSE;
	if (!mail->in_text)
		message_reader_init(&mail->reader, &mail->limits->text, FALSE);
	mail->in_text = TRUE;
	return TRUE;
}

static void
text_feed(struct milter_mail *mail, const char *text, gsize len)
{
	(void)message_reader_feed(&mail->reader, (const guint8 *)text, len);
}

/* A line of a field ends by LF here, but by CRLF in the mail. One that would
 * not continue its field would be a second one, or the end of the header
 * block: what the MTA took for one line must not become two. */
static void
text_feed_value(struct milter_mail *mail, const char *value)
{
	const char *lf;

	for (; (lf = strchr(value, '\n')) != NULL; value = lf + 1) {
		gboolean is_folded = lf[1] == ' ' || lf[1] == '\t';
		gsize len = (gsize)(lf - value);

		if (len > 0 && value[len - 1] == '\r')
			len--;
		text_feed(mail, value, len);
		if (is_folded)
			text_feed(mail, "\r\n", 2);
		else
			text_feed(mail, "\n", 1); /* MESSAGE_BARE */
	}
	text_feed(mail, value, strlen(value));
}

void
milter_mail_header(
    struct milter_mail *mail, const char *name, const char *value)
{
	if (!text_begin(mail) || mail->in_body)
		return;
	if (strpbrk(name, "\r\n") != NULL)
		text_feed(mail, "\n", 1); /* MESSAGE_BARE */
	text_feed(mail, name, strlen(name));
	text_feed(mail, ":", 1);
	text_feed_value(mail, value);
	text_feed(mail, "\r\n", 2);
}

void
milter_mail_end_header(struct milter_mail *mail)
{
	if (!text_begin(mail) || mail->in_body)
		return;
	text_feed(mail, "\r\n", 2);
	mail->in_body = TRUE;
}

void
milter_mail_body(struct milter_mail *mail, const guint8 *data, gsize len)
{
	if (mail->in_body)
		(void)message_reader_feed(&mail->reader, data, len);
}

const struct smtp_reply *
milter_mail_fault(const struct milter_mail *mail)
{
	return mail->in_text ? reply_of_faults(mail->reader.faults) : NULL;
}

GBytes *
milter_mail_end(struct milter_mail *mail)
{
	if (!mail->in_body || mail->reader.state == MESSAGE_DONE)
		return NULL;
	message_reader_end(&mail->reader);
	return message_reader_take(&mail->reader);
}
