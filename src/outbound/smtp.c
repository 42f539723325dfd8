#include "outbound/smtp.h"

#include <string.h>

#include "base/addr.h"
#include "base/error.h"
#include "outbound/dialog.h"
#include "outbound/wire.h"

#include "base/banned.h"

#define CODE_SHUTTING_DOWN 421 /* RFC 5321 3.8: may answer any command */
#define CODE_START_INPUT 354

struct smtp {
	struct smtp_options options; /* texts are own */
	struct wire_trust *trust;    /* own */
	struct dialog *dialog;	     /* own; NULL if not connected */
};

/* One attempt to send one mail. */
struct transaction {
	struct dialog *dialog;
	const struct smtp_mail *mail;
	GArray *results;
	gboolean is_utf8;
	gboolean body_began;
	guint timeout_ms;
	struct smtp_result mail_reply;
	struct smtp_result data_reply; /* code 0: DATA was not sent */
};

struct smtp *
smtp_new(const struct smtp_options *options)
{
	struct smtp *smtp = g_new0(struct smtp, 1);
	struct smtp_options *own = &smtp->options;

	*own = *options;
	own->server = g_strdup(options->server);
	own->hello_name = g_strdup(options->hello_name);
	own->tls = g_strdup(options->tls);
	own->tls_name = g_strdup(options->tls_name);
	own->tls_ca_file = g_strdup(options->tls_ca_file);
	own->user = g_strdup(options->user);
	own->password_file = g_strdup(options->password_file);
	smtp->trust = wire_trust_new(g_strcmp0(own->tls, "require") == 0,
	    own->tls_ca_file);
	return smtp;
}

static void
smtp_drop(struct smtp *smtp)
{
	dialog_free(smtp->dialog);
	smtp->dialog = NULL;
}

void
smtp_free(struct smtp *smtp)
{
	struct smtp_options *own;

	if (smtp == NULL)
		return;
	own = &smtp->options;
	smtp_drop(smtp);
	wire_trust_free(smtp->trust);
	g_free((char *)own->server);
	g_free((char *)own->hello_name);
	g_free((char *)own->tls);
	g_free((char *)own->tls_name);
	g_free((char *)own->tls_ca_file);
	g_free((char *)own->user);
	g_free((char *)own->password_file);
	g_free(smtp);
}

int
smtp_fd(const struct smtp *smtp)
{
	return smtp->dialog != NULL ? wire_fd(dialog_wire(smtp->dialog)) : -1;
}

gboolean
smtp_is_tls(const struct smtp *smtp)
{
	return smtp->dialog != NULL && wire_is_tls(dialog_wire(smtp->dialog));
}

/* --- results -------------------------------------------------------- */

static struct smtp_result *
result_at(struct transaction *t, guint i)
{
	return &g_array_index(t->results, struct smtp_result, i);
}

/* For every recipient that has no result yet. */
static void
results_settle(struct transaction *t, const struct smtp_result *reply)
{
	for (guint i = 0; i < t->results->len; i++)
		if (result_at(t, i)->code == 0)
			*result_at(t, i) = *reply;
}

static gboolean
results_any_open(struct transaction *t)
{
	for (guint i = 0; i < t->results->len; i++)
		if (result_at(t, i)->code == 0)
			return TRUE;
	return FALSE;
}

static void
results_clear(GArray *results, guint len)
{
	g_array_set_size(results, len);
	if (len > 0)
		memset(results->data, 0, len * sizeof(struct smtp_result));
}

/* --- what is refused without asking --------------------------------- */

static gboolean
addr_check(const char *addr, gboolean *is_utf8)
{
	g_autoptr(addr_auto) parsed = addr_parse(addr, -1, NULL);

	if (parsed != NULL && addr_is_utf8(parsed))
		*is_utf8 = TRUE;
	return parsed != NULL;
}

static void
transaction_check(struct transaction *t)
{
	static const struct smtp_result bad_rcpt = {553, "5.1.3"};
	static const struct smtp_result bad_sender = {553, "5.1.7"};
	static const struct smtp_result no_utf8 = {553, "5.6.7"};
	const char *sender = t->mail->sender_addr;

	if (sender[0] != '\0' && !addr_check(sender, &t->is_utf8)) {
		results_settle(t, &bad_sender);
		return;
	}
	for (guint i = 0; i < t->results->len; i++)
		if (!addr_check(t->mail->rcpt_addrs->pdata[i], &t->is_utf8))
			*result_at(t, i) = bad_rcpt;
	if (t->is_utf8 && (dialog_offers(t->dialog) & DIALOG_SMTPUTF8) == 0)
		results_settle(t, &no_utf8);
}

/* --- envelope ------------------------------------------------------- */

static gboolean
bytes_are_ascii(GBytes *bytes)
{
	gsize len;
	const guint8 *p = g_bytes_get_data(bytes, &len);
	guint8 all = 0;

	for (gsize i = 0; i < len; i++)
		all |= p[i];
	return all < 0x80;
}

static void
append_mail(GString *out, const struct transaction *t)
{
	guint offers = dialog_offers(t->dialog);

	g_string_append_printf(out, "MAIL FROM:<%s>", t->mail->sender_addr);
	if ((offers & DIALOG_SIZE) != 0)
		g_string_append_printf(out, " SIZE=%" G_GSIZE_FORMAT,
		    g_bytes_get_size(t->mail->content));
	if ((offers & DIALOG_8BITMIME) != 0 &&
	    !bytes_are_ascii(t->mail->content))
		g_string_append(out, " BODY=8BITMIME");
	if (t->is_utf8)
		g_string_append(out, " SMTPUTF8");
	g_string_append(out, "\r\n");
}

static void
append_rcpt(GString *out, const struct transaction *t, guint i)
{
	g_string_append_printf(out, "RCPT TO:<%s>\r\n",
	    (const char *)t->mail->rcpt_addrs->pdata[i]);
}

/* A reply to an envelope command. Any other class than these means that
 * question and answer no longer belong together. */
static gboolean
read_reply(struct transaction *t, guint yes, struct smtp_result *reply,
    GError **err)
{
	if (!dialog_reply(t->dialog, reply, err))
		return FALSE;
	if (reply->code == CODE_SHUTTING_DOWN)
		return error_fail(err, ERROR_TEMP,
		    "the mail server ended the session");
	if (reply->code / 100 != yes && reply->code / 100 != 4 &&
	    reply->code / 100 != 5)
		return error_fail_num(err, ERROR_TEMP,
		    "the mail server's reply does not fit the command, code",
		    reply->code);
	return TRUE;
}

/* The reply to RCPT; a recipient that was accepted stays open. */
static gboolean
read_rcpt_reply(struct transaction *t, guint i, GError **err)
{
	struct smtp_result reply;

	if (!read_reply(t, 2, &reply, err))
		return FALSE;
	if (t->mail_reply.code / 100 == 2 && reply.code / 100 != 2)
		*result_at(t, i) = reply;
	return TRUE;
}

static gboolean
envelope_pipelined(struct transaction *t, GError **err)
{
	g_autoptr(GString) lines = g_string_sized_new(1024);
	g_autoptr(GArray) asked = g_array_new(FALSE, FALSE, sizeof(guint));

	append_mail(lines, t);
	for (guint i = 0; i < t->results->len; i++) {
		if (result_at(t, i)->code != 0)
			continue;
		append_rcpt(lines, t, i);
		g_array_append_val(asked, i);
	}
	g_string_append(lines, "DATA\r\n");
	if (!dialog_command(t->dialog, lines->str, err) ||
	    !read_reply(t, 2, &t->mail_reply, err))
		return FALSE;
	for (guint n = 0; n < asked->len; n++)
		if (!read_rcpt_reply(t, g_array_index(asked, guint, n), err))
			return FALSE;
	return read_reply(t, 3, &t->data_reply, err);
}

static gboolean
envelope_stepwise(struct transaction *t, GError **err)
{
	g_autoptr(GString) line = g_string_sized_new(512);

	append_mail(line, t);
	if (!dialog_command(t->dialog, line->str, err) ||
	    !read_reply(t, 2, &t->mail_reply, err))
		return FALSE;
	if (t->mail_reply.code / 100 != 2)
		return TRUE;
	for (guint i = 0; i < t->results->len; i++) {
		if (result_at(t, i)->code != 0)
			continue;
		g_string_truncate(line, 0);
		append_rcpt(line, t, i);
		if (!dialog_command(t->dialog, line->str, err) ||
		    !read_rcpt_reply(t, i, err))
			return FALSE;
	}
	if (!results_any_open(t))
		return TRUE;
	return dialog_command(t->dialog, "DATA\r\n", err) &&
	    read_reply(t, 3, &t->data_reply, err);
}

static gboolean
send_envelope(struct transaction *t, GError **err)
{
	gboolean ok = (dialog_offers(t->dialog) & DIALOG_PIPELINING) != 0
	    ? envelope_pipelined(t, err)
	    : envelope_stepwise(t, err);

	if (!ok)
		return FALSE;
	if (t->data_reply.code / 100 == 3 &&
	    t->data_reply.code != CODE_START_INPUT)
		return error_fail_num(err, ERROR_TEMP,
		    "the mail server's reply to DATA has the code",
		    t->data_reply.code);
	return TRUE;
}

/* --- body ----------------------------------------------------------- */

static void
tell_fate(const struct transaction *t)
{
	struct wire *wire = dialog_wire(t->dialog);
	enum smtp_fate fate;

	if (t->mail->on_fate == NULL || wire_is_tls(wire))
		return;
	fate = smtp_peek_fate(wire_fd(wire), t->timeout_ms);
	if (fate != SMTP_FATE_UNKNOWN)
		t->mail->on_fate(fate, t->mail->user_data);
}

static gboolean
send_body(struct transaction *t, GError **err)
{
	struct smtp_result reply;

	t->body_began = TRUE;
	if (t->mail->before_body != NULL)
		t->mail->before_body(t->mail->user_data);
	if (!dialog_body(t->dialog, t->mail->content, err))
		return FALSE;
	tell_fate(t);
	if (!dialog_reply(t->dialog, &reply, err))
		return FALSE;
	if (reply.code / 100 == 3)
		return error_fail_num(err, ERROR_TEMP,
		    "the mail server's reply to a mail has the code",
		    reply.code);
	results_settle(t, &reply);
	return TRUE;
}

/* Ends a transaction without a mail. FALSE: the session is of no use. */
static gboolean
transaction_abort(struct transaction *t)
{
	struct smtp_result reply;

	/* RFC 2920 3.1: a server that says 354 with no recipient wants its
	 * dot before it listens again. */
	if (t->data_reply.code == CODE_START_INPUT &&
	    (!dialog_command(t->dialog, ".\r\n", NULL) ||
	     !dialog_reply(t->dialog, &reply, NULL)))
		return FALSE;
	return dialog_command(t->dialog, "RSET\r\n", NULL) &&
	    dialog_reply(t->dialog, &reply, NULL) && reply.code / 100 == 2;
}

/* TRUE: all results have codes. *is_usable: the session can go on. */
static gboolean
transaction_run(struct transaction *t, gboolean *is_usable, GError **err)
{
	*is_usable = TRUE;
	transaction_check(t);
	if (!results_any_open(t))
		return TRUE;
	if (!send_envelope(t, err))
		return FALSE;
	if (t->mail_reply.code / 100 != 2)
		results_settle(t, &t->mail_reply);
	else if (t->data_reply.code / 100 > 3)
		results_settle(t, &t->data_reply);
	if (!results_any_open(t)) {
		*is_usable = transaction_abort(t);
		return TRUE;
	}
	if (!send_body(t, err))
		return FALSE;
	for (guint i = 0; i < t->results->len; i++)
		if (result_at(t, i)->code == CODE_SHUTTING_DOWN)
			*is_usable = FALSE;
	return TRUE;
}

/* --- sending -------------------------------------------------------- */

/* One attempt on the present or a new connection. *again: it failed in a way
 * that a kept connection may and that cannot have sent anything. */
static gboolean
smtp_attempt(struct smtp *smtp, const struct smtp_mail *mail,
    GArray *results, gboolean *again, GError **err)
{
	struct transaction t = {.mail = mail,
	    .results = results,
	    .timeout_ms = smtp->options.timeout_ms};
	gboolean is_kept;
	gboolean is_usable;
	gboolean ok;

	if (smtp->dialog != NULL && !dialog_is_quiet(smtp->dialog))
		smtp_drop(smtp);
	is_kept = smtp->dialog != NULL;
	if (!is_kept)
		smtp->dialog = dialog_open(&smtp->options, smtp->trust, err);
	*again = FALSE;
	if (smtp->dialog == NULL)
		return FALSE;
	t.dialog = smtp->dialog;
	ok = transaction_run(&t, &is_usable, err);
	*again = is_kept && !t.body_began &&
	    !wire_is_late(dialog_wire(t.dialog));
	if (!ok || !is_usable)
		smtp_drop(smtp);
	return ok;
}

gboolean
smtp_send(struct smtp *smtp, const struct smtp_mail *mail, GArray *results,
    GError **err)
{
	g_autoptr(GError) error = NULL;
	gboolean again;

	results_clear(results, mail->rcpt_addrs->len);
	if (smtp_attempt(smtp, mail, results, &again, &error))
		return TRUE;
	results_clear(results, mail->rcpt_addrs->len);
	if (again) {
		g_clear_error(&error);
		if (smtp_attempt(smtp, mail, results, &again, &error))
			return TRUE;
		results_clear(results, mail->rcpt_addrs->len);
	}
	g_propagate_error(err, g_steal_pointer(&error));
	return FALSE;
}
