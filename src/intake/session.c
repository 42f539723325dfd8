#include "intake/session.h"

#include <string.h>

#include "intake/command.h"
#include "intake/envelope.h"
#include "intake/message.h"

#include "base/banned.h"

struct session {
	struct session_limits limits;
	session_rcpt_check check;
	gpointer user_data; /* borrowed: check's */

	enum session_want want;
	GString *output; /* own */

	GString *line;	/* own; the command read so far, at most line_max */
	gsize line_len; /* its true length */

	gboolean greeted;
	gboolean retired;
	guint errors; /* since the last message */

	gboolean in_transaction;
	gboolean in_data;
	struct session_envelope envelope;
	struct message_reader reader;
	GArray *verdicts; /* own struct smtp_reply, one a recipient */
};

static const struct smtp_reply reply_ok = {250, "2.0.0", "Ok"};
static const struct smtp_reply reply_sender_ok = {250, "2.1.0", "Ok"};
static const struct smtp_reply reply_rcpt_ok = {250, "2.1.5", "Ok"};
static const struct smtp_reply reply_bye = {221, "2.0.0", "Bye"};
static const struct smtp_reply reply_help_lmtp = {214, "2.0.0", "See RFC 2033"};
static const struct smtp_reply reply_help_smtp = {214, "2.0.0", "See RFC 5321"};
static const struct smtp_reply reply_vrfy = {252, "2.0.0", "Send mail and see"};
static const struct smtp_reply reply_go_ahead = {
    354, NULL, "End data with <CRLF>.<CRLF>"};

static const struct smtp_reply reply_unknown = {
    500, "5.5.1", "Command not known"};
static const struct smtp_reply reply_bad_line = {
    500, "5.5.2", "Line not understood"};
static const struct smtp_reply reply_long_line = {
    500, "5.5.2", "Line too long"};
static const struct smtp_reply reply_argument = {
    501, "5.5.4", "Syntax error in argument"};
static const struct smtp_reply reply_order = {
    503, "5.5.1", "Bad sequence of commands"};
static const struct smtp_reply reply_no_rcpt = {
    503, "5.5.1", "No valid recipients"};
static const struct smtp_reply reply_errors = {421, "4.7.0", "Too many errors"};
static const struct smtp_reply reply_retired = {
    421, "4.3.2", "Closing, come again"};

/* Somebody else's mail came to us by a mistake of the operator: it waits at
 * its sender until that is mended. */
static const struct smtp_reply reply_wrong_route = {451, "4.3.5",
    "Only nymdesk's addresses are taken here, check smtpd_proxy_filter"};

/* What differs between the protocols. */
static const struct {
	const char *name; /* in the greeting */
	enum proto_way way;
	gboolean is_answered_each; /* a reply for each recipient */
} protocols[] = {
    [SESSION_LMTP] = {"LMTP", PROTO_WAY_LMTP, TRUE}, /* RFC 2033 4.2 */
    [SESSION_SMTP] = {"ESMTP", PROTO_WAY_SMTP, FALSE},
};

static void
session_reset(struct session *session)
{
	struct session_envelope *envelope = &session->envelope;

	g_clear_pointer(&envelope->sender_addr, g_free);
	g_ptr_array_set_size(envelope->rcpts, 0);
	envelope->smtputf8 = FALSE;
	envelope->body8bit = FALSE;
	message_reader_done(&session->reader);
	g_array_set_size(session->verdicts, 0);
	session->in_transaction = FALSE;
	session->in_data = FALSE;
}

struct session *
session_new(const struct session_limits *limits, session_rcpt_check check,
    gpointer user_data)
{
	struct session *session = g_new0(struct session, 1);

	g_assert((guint)limits->protocol < G_N_ELEMENTS(protocols));
	/* A GByteArray, doubling, must never pass its own limit. */
	g_assert(limits->size_max <= G_MAXUINT / 4);
	session->limits = *limits;
	session->check = check;
	session->user_data = user_data;
	session->output = g_string_sized_new(512);
	session->line = g_string_sized_new(128);
	session->envelope.rcpts = envelope_rcpts_new();
	session->envelope.way = protocols[limits->protocol].way;
	session->verdicts =
	    g_array_new(FALSE, FALSE, sizeof(struct smtp_reply));
	g_string_append_printf(session->output, "220 %s %s\r\n",
	    limits->hostname, protocols[limits->protocol].name);
	return session;
}

void
session_free(struct session *session)
{
	if (session == NULL)
		return;
	session_reset(session);
	g_ptr_array_unref(session->envelope.rcpts);
	g_array_unref(session->verdicts);
	g_string_free(session->line, TRUE);
	g_string_free(session->output, TRUE);
	g_free(session);
}

static void
session_reply(struct session *session, const struct smtp_reply *reply)
{
	g_string_append_printf(session->output, "%u %s%s%s\r\n", reply->code,
	    reply->status != NULL ? reply->status : "",
	    reply->status != NULL ? " " : "", reply->text);
}

static void
session_end(struct session *session, const struct smtp_reply *reply)
{
	session_reply(session, reply);
	session_reset(session);
	session->want = SESSION_CLOSE;
}

/* A command that a client of ours never sends. 503 and refused addresses do
 * not count: a pipelining client meets them in batches (RFC 2920 3.1). */
static void
session_error(struct session *session, const struct smtp_reply *reply)
{
	session->errors++;
	if (session->errors >= session->limits.errors_max)
		session_end(session, &reply_errors);
	else
		session_reply(session, reply);
}

static gboolean
session_greet(struct session *session, const char *args)
{
	if (*args == '\0') {
		session_error(session, &reply_argument);
		return FALSE;
	}
	session_reset(session);
	session->greeted = TRUE;
	return TRUE;
}

/* LHLO and EHLO: RFC 2033 4.1, RFC 5321 4.1.1.1. DSN, XFORWARD and CHUNKING
 * are left out on purpose: their parameters carry names of the sender's side
 * that we do not want to know. */
static void
command_ehlo(struct session *session, const char *args)
{
	if (!session_greet(session, args))
		return;
	g_string_append_printf(session->output,
	    "250-%s\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250 SIZE %" G_GSIZE_FORMAT "\r\n",
	    session->limits.hostname, session->limits.size_max);
}

static void
command_helo(struct session *session, const char *args)
{
	if (session_greet(session, args))
		g_string_append_printf(
		    session->output, "250 %s\r\n", session->limits.hostname);
}

static void
command_mail(struct session *session, const char *args)
{
	struct command_mail mail;
	const struct smtp_reply *refusal;

	if (!session->greeted || session->in_transaction) {
		session_reply(session, &reply_order);
		return;
	}
	refusal = command_parse_mail(
	    args, session->limits.protocol == SESSION_SMTP, &mail);
	if (refusal != NULL) {
		session_error(session, refusal);
		return;
	}
	if (mail.size > session->limits.size_max) {
		g_free(mail.addr);
		session_reply(session, &reply_size);
		return;
	}
	session->envelope.sender_addr = mail.addr;
	session->envelope.smtputf8 = mail.smtputf8;
	session->envelope.body8bit = mail.body8bit;
	session->in_transaction = TRUE;
	session_reply(session, &reply_sender_ok);
}

/* LMTP is spoken by a transport, which no mail of others can take but by
 * naming us; through a proxy goes all that its service gets. */
static const struct smtp_reply *
session_check_rcpt(const struct session *session, const struct addr *addr)
{
	enum place place =
	    session->check(addr->local, addr->domain, session->user_data);

	if (place == PLACE_OURS)
		return NULL;
	if (place == PLACE_OTHERS && session->limits.protocol == SESSION_SMTP)
		return &reply_wrong_route;
	return &reply_no_user;
}

static void
command_rcpt(struct session *session, const char *args)
{
	g_autoptr(addr_auto) addr = NULL;
	const struct smtp_reply *refusal;

	if (!session->in_transaction) {
		session_reply(session, &reply_order);
		return;
	}
	refusal =
	    command_parse_rcpt(args, session->limits.protocol == SESSION_SMTP,
		session->envelope.smtputf8, &addr);
	if (refusal != NULL) {
		session_error(session, refusal);
		return;
	}
	if (session->envelope.rcpts->len >= session->limits.rcpt_max)
		refusal = &reply_rcpt_max;
	else
		refusal = session_check_rcpt(session, addr);
	if (refusal == NULL)
		envelope_rcpts_add(
		    session->envelope.rcpts, g_steal_pointer(&addr));
	session_reply(session, refusal != NULL ? refusal : &reply_rcpt_ok);
}

static void
command_data(struct session *session, const char *args)
{
	const struct message_limits limits = {
	    .size_max = session->limits.size_max,
	    .header_max = session->limits.header_max,
	    .line_max = session->limits.text_line_max,
	};

	if (*args != '\0') {
		session_error(session, &reply_argument);
	} else if (!session->in_transaction) {
		session_reply(session, &reply_order);
	} else if (session->envelope.rcpts->len == 0) {
		/* RFC 2033 4.2: DATA must fail then. */
		session_reply(session, &reply_no_rcpt);
	} else {
		message_reader_init(&session->reader, &limits, TRUE);
		session->in_data = TRUE;
		session_reply(session, &reply_go_ahead);
	}
}

static void
command_rset(struct session *session, const char *args)
{
	if (*args != '\0') {
		session_error(session, &reply_argument);
		return;
	}
	session_reset(session);
	session_reply(session, &reply_ok);
}

static void
command_quit(struct session *session, const char *args)
{
	if (*args != '\0')
		session_error(session, &reply_argument);
	else
		session_end(session, &reply_bye);
}

#define IN(protocol) (1u << (protocol))
#define IN_BOTH (IN(SESSION_LMTP) | IN(SESSION_SMTP))

struct command {
	const char *verb;
	guint protocols; /* that know it */
	void (*run)(struct session *session, const char *args);
	const struct smtp_reply *reply; /* if there is nothing to run */
};

static const struct command commands[] = {
    {"MAIL", IN_BOTH, command_mail, NULL},
    {"RCPT", IN_BOTH, command_rcpt, NULL},
    {"DATA", IN_BOTH, command_data, NULL},
    {"RSET", IN_BOTH, command_rset, NULL},
    {"QUIT", IN_BOTH, command_quit, NULL},
    {"LHLO", IN(SESSION_LMTP), command_ehlo, NULL},
    {"EHLO", IN(SESSION_SMTP), command_ehlo, NULL}, /* RFC 2033 4.1 */
    {"HELO", IN(SESSION_SMTP), command_helo, NULL},
    {"NOOP", IN_BOTH, NULL, &reply_ok},
    {"HELP", IN(SESSION_LMTP), NULL, &reply_help_lmtp},
    {"HELP", IN(SESSION_SMTP), NULL, &reply_help_smtp},
    /* RFC 5321 7.3: the same answer for every name. */
    {"VRFY", IN_BOTH, NULL, &reply_vrfy},
    {"EXPN", IN_BOTH, NULL, &reply_vrfy},
};

static const struct command *
command_find(enum session_protocol protocol, const char *verb, gsize len)
{
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
		if (len == strlen(commands[i].verb) &&
		    (commands[i].protocols & IN(protocol)) != 0 &&
		    g_ascii_strncasecmp(verb, commands[i].verb, len) == 0)
			return &commands[i];
	return NULL;
}

static void
session_run_command(struct session *session, const char *line)
{
	gsize len = strcspn(line, " ");
	const struct command *command =
	    command_find(session->limits.protocol, line, len);

	if (session->retired &&
	    (command == NULL || command->run != command_quit))
		session_end(session, &reply_retired);
	else if (command == NULL)
		session_error(session, &reply_unknown);
	else if (command->run == NULL)
		session_reply(session, command->reply);
	else
		command->run(session, line + len + strspn(line + len, " "));
}

static gboolean
line_has_control(const GString *line)
{
	for (gsize i = 0; i < line->len; i++)
		if ((guchar)line->str[i] < 0x20 || line->str[i] == 0x7f)
			return TRUE;
	return FALSE;
}

/* A line is complete, with its LF. A lone LF ends it too, so that what
 * follows is not taken for a part of it, but it is refused: RFC 5321 2.3.8.
 */
static void
session_take_line(struct session *session)
{
	GString *line = session->line;
	gsize true_len = session->line_len;

	session->line_len = 0;
	if (true_len > session->limits.line_max) {
		session_error(session, &reply_long_line);
	} else if (line->len < 2 || line->str[line->len - 2] != '\r') {
		session_error(session, &reply_bad_line);
	} else {
		g_string_truncate(line, line->len - 2);
		/* RFC 5321 4.1.1: trailing white space is tolerated. */
		while (line->len > 0 && line->str[line->len - 1] == ' ')
			g_string_truncate(line, line->len - 1);
		if (line_has_control(line))
			session_error(session, &reply_bad_line);
		else
			session_run_command(session, line->str);
	}
	g_string_truncate(line, 0);
}

static gsize
session_feed_command(struct session *session, const guint8 *data, gsize len)
{
	const guint8 *lf = memchr(data, '\n', len);
	gsize used = lf != NULL ? (gsize)(lf - data) + 1 : len;
	gsize room = session->limits.line_max - session->line->len;

	session->line_len += used;
	g_string_append_len(
	    session->line, (const char *)data, (gssize)MIN(used, room));
	if (lf != NULL)
		session_take_line(session);
	return used;
}

/* How many replies end a message. */
static guint
session_answers(const struct session *session)
{
	return protocols[session->limits.protocol].is_answered_each
		   ? session->envelope.rcpts->len
		   : 1;
}

/* The same reply for every recipient, without asking the caller. */
static void
session_refuse_message(struct session *session, const struct smtp_reply *reply)
{
	guint answers = session_answers(session);

	for (guint i = 0; i < answers; i++)
		session_reply(session, reply);
	session_reset(session);
	session->want = SESSION_INPUT;
}

static void
session_end_data(struct session *session)
{
	const struct smtp_reply temporary = reply_of(PROTO_MAIL_DEFERRED);
	const struct smtp_reply *refusal =
	    reply_of_faults(session->reader.faults);
	guint answers = session_answers(session);

	session->in_data = FALSE;
	session->errors = 0;
	if (refusal != NULL) {
		session_refuse_message(session, refusal);
		return;
	}
	for (guint i = 0; i < answers; i++)
		g_array_append_val(session->verdicts, temporary);
	session->want = SESSION_MESSAGE;
}

static gsize
session_feed_data(struct session *session, const guint8 *data, gsize len)
{
	gsize used = message_reader_feed(&session->reader, data, len);

	if (session->reader.state == MESSAGE_DONE)
		session_end_data(session);
	return used;
}

gsize
session_feed(struct session *session, const guint8 *data, gsize len)
{
	gsize used = 0;

	while (used < len && session->want == SESSION_INPUT &&
	       session->output->len < SESSION_OUTPUT_MARK) {
		if (session->in_data)
			used +=
			    session_feed_data(session, data + used, len - used);
		else
			used += session_feed_command(
			    session, data + used, len - used);
	}
	return used;
}

enum session_want
session_want(const struct session *session)
{
	return session->want;
}

GString *
session_output(struct session *session)
{
	return session->output;
}

const struct session_envelope *
session_envelope(const struct session *session)
{
	return &session->envelope;
}

GBytes *
session_message(struct session *session)
{
	g_assert(session->want == SESSION_MESSAGE);
	return message_reader_take(&session->reader);
}

void
session_verdict(
    struct session *session, guint index, const struct smtp_reply *reply)
{
	g_assert(session->want == SESSION_MESSAGE);
	g_assert(index < session->verdicts->len);
	g_assert(reply->code >= 200 && reply->code <= 599);
	g_array_index(session->verdicts, struct smtp_reply, index) = *reply;
}

void
session_resume(struct session *session)
{
	g_assert(session->want == SESSION_MESSAGE);
	for (guint i = 0; i < session->verdicts->len; i++)
		session_reply(session,
		    &g_array_index(session->verdicts, struct smtp_reply, i));
	session_reset(session);
	session->want = SESSION_INPUT;
}

void
session_retire(struct session *session)
{
	session->retired = TRUE;
}

void
session_abort(struct session *session, const struct smtp_reply *reply)
{
	if (session->want != SESSION_CLOSE)
		session_end(session, reply);
}

gboolean
session_is_in_data(const struct session *session)
{
	return session->in_data;
}

gsize
session_text_len(const struct session *session)
{
	return message_reader_kept(&session->reader);
}

void
session_drop_text(struct session *session)
{
	g_assert(session->in_data || session->want == SESSION_MESSAGE);
	message_reader_fault(&session->reader, MESSAGE_MEMORY);
	if (session->want == SESSION_MESSAGE)
		session_refuse_message(
		    session, reply_of_faults(session->reader.faults));
}
