#include "outbound/dialog.h"

#include <string.h>

#include <libetpan/libetpan.h>

#include "base/error.h"
#include "outbound/stream.h"

#include "base/banned.h"

/* Exported by the library since long, but declared in no installed header;
 * configure proves them. The library's own EHLO, MAIL and RCPT can neither
 * name the host, nor carry SMTPUTF8 and BODY, nor be pipelined. */
int mailsmtp_send_command(mailsmtp *session, const char *command);
int mailsmtp_read_response(mailsmtp *session);

struct dialog {
	mailsmtp *session;  /* own */
	mailstream *stream; /* own */
	struct wire *wire;  /* own */
	guint timeout_ms;
	guint offers;
};

static void
dialog_attach(struct dialog *dialog)
{
	dialog->stream = stream_new(dialog->wire);
	dialog->session = mailsmtp_new(0, NULL);
	if (dialog->session == NULL)
		g_error("out of memory");
	dialog->session->stream = dialog->stream;
}

/* --- commands and replies ------------------------------------------- */

static gboolean
fail_lost(const struct dialog *dialog, GError **err)
{
	if (wire_is_late(dialog->wire))
		return error_fail(err, ERROR_TEMP,
		    "the mail server did not answer in time");
	return error_fail(err, ERROR_TEMP,
	    "lost the connection to the mail server");
}

gboolean
dialog_command(struct dialog *dialog, const char *lines, GError **err)
{
	wire_begin_step(dialog->wire, dialog->timeout_ms);
	if (mailsmtp_send_command(dialog->session, lines) == -1 ||
	    wire_is_broken(dialog->wire))
		return fail_lost(dialog, err);
	return TRUE;
}

/* Length of a run of 1 to max digits at p, or 0. */
static gsize
digits_len(const char *p, gsize max)
{
	gsize n = 0;

	while (n <= max && g_ascii_isdigit(p[n]))
		n++;
	return n <= max ? n : 0;
}

/* RFC 2034 4: "class.subject.detail" in front of the reply's text, of the
 * same class as the code. */
static void
parse_status(const char *text, guint code, char status[SMTP_STATUS_SIZE])
{
	gsize len = 1;

	status[0] = '\0';
	if ((guint)(text[0] - '0') != code / 100)
		return;
	for (int part = 0; part < 2; part++) {
		gsize n = text[len] == '.' ? digits_len(text + len + 1, 3) : 0;

		if (n == 0)
			return;
		len += 1 + n;
	}
	if (text[len] == '\0' || g_ascii_isspace(text[len])) {
		memcpy(status, text, len);
		status[len] = '\0';
	}
}

gboolean
dialog_reply(struct dialog *dialog, struct smtp_result *reply, GError **err)
{
	int code = mailsmtp_read_response(dialog->session);

	/* The code of a broken session can be a stale one. */
	if (wire_is_broken(dialog->wire))
		return fail_lost(dialog, err);
	if (code < 200 || code > 599)
		return error_fail(err, ERROR_TEMP,
		    "the mail server's reply is no SMTP reply");
	reply->code = (guint)code;
	parse_status(dialog->session->response, reply->code, reply->status);
	return TRUE;
}

/* A command whose reply must be of this hundred. */
static gboolean
dialog_expect(struct dialog *dialog, const char *line, guint hundred,
    struct smtp_result *reply, GError **err)
{
	return dialog_command(dialog, line, err) &&
	    dialog_reply(dialog, reply, err) &&
	    (reply->code / 100 == hundred ||
	     error_fail_num(err, ERROR_TEMP,
	     "the mail server refused the session, code", reply->code));
}

gboolean
dialog_body(struct dialog *dialog, GBytes *content, GError **err)
{
	gsize len;
	const char *text = g_bytes_get_data(content, &len);

	/* The library ends the body with CRLF dot CRLF of its own; the
	 * content's last CRLF would become an empty line. */
	if (len >= 2 && memcmp(text + len - 2, "\r\n", 2) == 0)
		len -= 2;
	wire_begin_step(dialog->wire, dialog->timeout_ms);
	if (mailstream_send_data(dialog->stream, text, len, 0, NULL) == -1 ||
	    wire_is_broken(dialog->wire))
		return fail_lost(dialog, err);
	wire_begin_step(dialog->wire, dialog->timeout_ms);
	return TRUE;
}

/* --- opening -------------------------------------------------------- */

static guint
offer_of_line(const char *line)
{
	static const struct {
		const char *keyword;
		guint offer;
	} table[] = {
		{"PIPELINING", DIALOG_PIPELINING},
		{"8BITMIME", DIALOG_8BITMIME},
		{"SMTPUTF8", DIALOG_SMTPUTF8},
		{"SIZE", DIALOG_SIZE},
		{"STARTTLS", DIALOG_STARTTLS},
	};
	g_auto(GStrv) words = g_strsplit_set(line, " =\r", -1);

	if (words[0] == NULL)
		return 0;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if (g_ascii_strcasecmp(words[0], table[i].keyword) == 0)
			return table[i].offer;
	if (g_ascii_strcasecmp(words[0], "AUTH") != 0)
		return 0;
	for (gsize i = 1; words[i] != NULL; i++)
		if (g_ascii_strcasecmp(words[i], "PLAIN") == 0)
			return DIALOG_AUTH_PLAIN;
	return 0;
}

/* EHLO, or HELO for a server that knows nothing newer (RFC 5321 3.2). */
static gboolean
dialog_hello(struct dialog *dialog, const struct smtp_options *options,
    GError **err)
{
	const char *name = options->hello_name;
	g_autofree char *ehlo = NULL;
	g_autofree char *helo = NULL;
	g_auto(GStrv) lines = NULL;
	struct smtp_result reply = {0};

	if (name == NULL || name[0] == '\0')
		name = "localhost";
	for (const char *p = name; *p != '\0'; p++)
		if (!g_ascii_isgraph(*p))
			return error_fail(err, ERROR_PERM,
			    "the name for EHLO is none");
	ehlo = g_strdup_printf("EHLO %s\r\n", name);
	helo = g_strdup_printf("HELO %s\r\n", name);
	dialog->offers = 0;
	if (!dialog_command(dialog, ehlo, err) ||
	    !dialog_reply(dialog, &reply, err))
		return FALSE;
	if (reply.code / 100 == 5)
		return dialog_expect(dialog, helo, 2, &reply, err);
	if (reply.code != 250)
		return error_fail_num(err, ERROR_TEMP,
		    "the mail server refused EHLO, code", reply.code);
	lines = g_strsplit(dialog->session->response, "\n", -1);
	for (gsize i = 1; lines[0] != NULL && lines[i] != NULL; i++)
		dialog->offers |= offer_of_line(lines[i]);
	return TRUE;
}

/* The host of "inet:HOST:PORT" when no name is configured. Caller frees. */
static char *
tls_name(const struct smtp_options *options)
{
	const char *host = options->server + strlen("inet:");
	const char *colon = strrchr(options->server, ':');

	if (options->tls_name != NULL && options->tls_name[0] != '\0')
		return g_strdup(options->tls_name);
	if (!g_str_has_prefix(options->server, "inet:") || colon <= host)
		return NULL;
	if (host[0] == '[' && colon[-1] == ']')
		return g_strndup(host + 1, (gsize)(colon - host - 2));
	return g_strndup(host, (gsize)(colon - host));
}

static gboolean
dialog_secure(struct dialog *dialog, const struct smtp_options *options,
    const struct wire_trust *trust, GError **err)
{
	gboolean must = g_strcmp0(options->tls, "require") == 0;
	g_autofree char *name = tls_name(options);
	struct smtp_result reply = {0};

	if (!must && g_strcmp0(options->tls, "may") != 0) {
		if (options->tls == NULL || strcmp(options->tls, "none") == 0)
			return TRUE;
		return error_fail(err, ERROR_PERM,
		    "TLS must be none, may or require");
	}
	if ((dialog->offers & DIALOG_STARTTLS) == 0)
		return !must || error_fail(err, ERROR_TEMP,
		    "TLS is required, but the mail server offers none");
	if (!dialog_expect(dialog, "STARTTLS\r\n", 2, &reply, err))
		return FALSE;
	/* What came in clear behind the reply was put there by somebody who
	 * wants it taken for encrypted. */
	if (dialog->stream->read_buffer_len != 0)
		return error_fail(err, ERROR_TEMP,
		    "the mail server spoke between STARTTLS and TLS");
	return wire_start_tls(dialog->wire, trust, name, err) &&
	    dialog_hello(dialog, options, err);
}

/* RFC 4616: the words go to the wire directly, past buffers that nobody
 * would wipe. */
static gboolean
send_auth_plain(struct dialog *dialog, const char *user,
    const char *password, gsize password_len)
{
	gsize user_len = strlen(user);
	gsize len = 2 + user_len + password_len;
	guchar *plain = g_malloc0(len);
	char *code;
	gboolean ok;

	memcpy(plain + 1, user, user_len);
	memcpy(plain + 2 + user_len, password, password_len);
	code = g_base64_encode(plain, len);
	wire_begin_step(dialog->wire, dialog->timeout_ms);
	ok = wire_write(dialog->wire, "AUTH PLAIN ", 11) > 0 &&
	    wire_write(dialog->wire, code, strlen(code)) > 0 &&
	    wire_write(dialog->wire, "\r\n", 2) > 0;
	explicit_bzero(plain, len);
	explicit_bzero(code, strlen(code));
	g_free(plain);
	g_free(code);
	return ok;
}

static gboolean
dialog_authenticate(struct dialog *dialog,
    const struct smtp_options *options, GError **err)
{
	char password[STREAM_PASSWORD_SIZE];
	struct smtp_result reply = {0};
	gssize len;
	gboolean ok;

	if (options->user == NULL || options->user[0] == '\0')
		return TRUE;
	if (!wire_is_tls(dialog->wire) && !wire_is_local(dialog->wire))
		return error_fail(err, ERROR_PERM,
		    "a password goes over TLS or to this machine only");
	if ((dialog->offers & DIALOG_AUTH_PLAIN) == 0)
		return error_fail(err, ERROR_TEMP,
		    "the mail server offers no AUTH PLAIN");
	len = options->password_file == NULL
	    ? -1
	    : stream_read_password(options->password_file, password);
	if (len < 0) {
		explicit_bzero(password, sizeof password);
		return error_fail(err, ERROR_TEMP,
		    "cannot read the password file for the mail server");
	}
	ok = send_auth_plain(dialog, options->user, password, (gsize)len);
	explicit_bzero(password, sizeof password);
	if (!ok)
		return fail_lost(dialog, err);
	return dialog_reply(dialog, &reply, err) &&
	    (reply.code == 235 || error_fail_num(err, ERROR_TEMP,
	    "the mail server refused user or password, code", reply.code));
}

/* mailsmtp_connect() would free the stream whenever it fails. */
static gboolean
dialog_greet(struct dialog *dialog, GError **err)
{
	struct smtp_result reply = {0};

	return dialog_reply(dialog, &reply, err) &&
	    (reply.code == 220 || error_fail_num(err, ERROR_TEMP,
	    "the mail server refused the connection, code", reply.code));
}

struct dialog *
dialog_open(const struct smtp_options *options,
    const struct wire_trust *trust, GError **err)
{
	struct wire *wire = wire_open(options->server, options->timeout_ms,
	    err);
	struct dialog *dialog;

	if (wire == NULL)
		return NULL;
	dialog = g_new0(struct dialog, 1);
	dialog->wire = wire;
	dialog->timeout_ms = options->timeout_ms;
	dialog_attach(dialog);
	if (dialog_greet(dialog, err) && dialog_hello(dialog, options, err) &&
	    dialog_secure(dialog, options, trust, err) &&
	    dialog_authenticate(dialog, options, err))
		return dialog;
	dialog_free(dialog);
	return NULL;
}

void
dialog_free(struct dialog *dialog)
{
	if (dialog == NULL)
		return;
	/* With a stream mailsmtp_free() would talk to the server. */
	dialog->session->stream = NULL;
	mailsmtp_free(dialog->session);
	(void)mailstream_close(dialog->stream);
	wire_free(dialog->wire);
	g_free(dialog);
}

guint
dialog_offers(const struct dialog *dialog)
{
	return dialog->offers;
}

struct wire *
dialog_wire(struct dialog *dialog)
{
	return dialog->wire;
}

gboolean
dialog_is_quiet(struct dialog *dialog)
{
	return dialog->stream->read_buffer_len == 0 &&
	    wire_is_quiet(dialog->wire);
}
