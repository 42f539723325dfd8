#include "intake/milter.h"

#include <libmilter/mfapi.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/front.h"

#include "base/banned.h"

/* Postfix keeps a connection as long as its client's session, in which it waits
 * 300 s for a command. */
#define IDLE_S 600

/* Header values as they came; and nobody's name, address or greeting, as
 * who sent a mail is not for us to know. */
#define NEEDED                                                                 \
	(SMFIP_HDR_LEADSPC | SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOUNKNOWN)

/* One connection: libmilter's private pointer. */
struct conn {
	struct milter_mail *mail; /* own */
	struct front *front;	  /* own; NULL before the end of the header */
	gboolean can_skip;	  /* the MTA understands SMFIS_SKIP */
	gboolean is_in_hand;
};

static const struct smtp_reply reply_retired = {
    451, "4.3.2", "Closing, come again"};

static const struct milter_settings *settings; /* borrowed */
static gint mails_in_hand;
static gint is_retired;

void
milter_retire(void)
{
	g_atomic_int_set(&is_retired, TRUE);
}

guint
milter_in_hand(void)
{
	return (guint)g_atomic_int_get(&mails_in_hand);
}

/* Counts first and looks then, so that who retires and then counts misses no
 * mail. */
static gboolean
conn_take_in_hand(struct conn *conn)
{
	g_atomic_int_inc(&mails_in_hand);
	conn->is_in_hand = TRUE;
	return !g_atomic_int_get(&is_retired);
}

static void
conn_reset(struct conn *conn)
{
	milter_mail_reset(conn->mail);
	g_clear_pointer(&conn->front, front_free);
	if (conn->is_in_hand)
		(void)g_atomic_int_add(&mails_in_hand, -1);
	conn->is_in_hand = FALSE;
}

static struct conn *
conn_of(SMFICTX *ctx)
{
	struct conn *conn = smfi_getpriv(ctx);

	if (conn == NULL) {
		conn = g_new0(struct conn, 1);
		conn->mail = milter_mail_new(&settings->limits);
		if (smfi_setpriv(ctx, conn) != MI_SUCCESS)
			g_error("libmilter lost a connection");
	}
	return conn;
}

static sfsistat
say(SMFICTX *ctx, const struct smtp_reply *reply)
{
	char code[] = "000";

	g_assert(reply->code >= 400 && reply->code <= 599);
	code[0] = (char)('0' + reply->code / 100);
	code[1] = (char)('0' + reply->code / 10 % 10);
	code[2] = (char)('0' + reply->code % 10);
	/* The MTA says something of its own if libmilter does not like ours. */
	(void)smfi_setreply(
	    ctx, code, (char *)reply->status, (char *)reply->text);
	return reply->code >= 500 ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* The last word on a mail; libmilter calls nothing more for it. */
static sfsistat
say_finally(SMFICTX *ctx, struct conn *conn, const struct smtp_reply *reply)
{
	conn_reset(conn);
	return say(ctx, reply);
}

static sfsistat
say_fault(SMFICTX *ctx, struct conn *conn)
{
	const struct smtp_reply reply = reply_of(PROTO_MAIL_DEFERRED);

	return say_finally(ctx, conn, &reply);
}

/* --- callbacks, in the order of a mail ----------------------------------- */

static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long unused_in1, unsigned long unused_in2,
    unsigned long *our_actions, unsigned long *our_steps,
    unsigned long *unused_out1, unsigned long *unused_out2)
{
	(void)unused_in1, (void)unused_in2;
	if ((steps & NEEDED) != NEEDED) {
		log_error(
		    "milter.mta-too-old", LOG_NUM("steps", (gint64)steps));
		return SMFIS_REJECT;
	}
	/* Only so that Postfix says it whatever its configuration is. */
	*our_actions = actions & SMFIF_SETSYMLIST;
	if (*our_actions != 0 && smfi_setsymlist(ctx, SMFIM_ENVRCPT,
				     (char *)"{rcpt_mailer}") != MI_SUCCESS)
		return SMFIS_REJECT;
	*our_steps = NEEDED | SMFIP_NR_HDR | (steps & SMFIP_SKIP);
	*unused_out1 = *unused_out2 = 0;
	conn_of(ctx)->can_skip = (steps & SMFIP_SKIP) != 0;
	return SMFIS_CONTINUE;
}

static sfsistat
on_mail(SMFICTX *ctx, char **argv)
{
	struct conn *conn = conn_of(ctx);

	conn_reset(conn);
	milter_mail_from(conn->mail, (const char *const *)argv);
	return SMFIS_CONTINUE;
}

static sfsistat
on_rcpt(SMFICTX *ctx, char **argv)
{
	const struct smtp_reply *refusal =
	    milter_mail_rcpt(conn_of(ctx)->mail, (const char *const *)argv,
		smfi_getsymval(ctx, (char *)"{rcpt_mailer}"));

	return refusal != NULL ? say(ctx, refusal) : SMFIS_CONTINUE;
}

static sfsistat
on_data(SMFICTX *ctx)
{
	struct conn *conn = conn_of(ctx);

	switch (milter_mail_kind(conn->mail)) {
	case MILTER_OURS:
		return SMFIS_CONTINUE;
	case MILTER_OTHERS:
		conn_reset(conn);
		return SMFIS_ACCEPT;
	case MILTER_NOBODY:
		break;
	}
	return say_fault(ctx, conn);
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
	milter_mail_header(conn_of(ctx)->mail, name, value);
	return SMFIS_NOREPLY; /* SMFIP_NR_HDR; on_eom() says what is wrong */
}

static sfsistat
on_end_of_header(SMFICTX *ctx)
{
	struct conn *conn = conn_of(ctx);
	g_autoptr(GError) error = NULL;

	milter_mail_end_header(conn->mail);
	if (milter_mail_fault(conn->mail) != NULL)
		return SMFIS_CONTINUE;
	if (!conn_take_in_hand(conn))
		return say_finally(ctx, conn, &reply_retired);
	conn->front = front_new(settings->run_dir, ROLE_MILTER);
	if (front_ready(conn->front, &error))
		return SMFIS_CONTINUE;
	log_warn("milter.no-worker", LOG_ERR(error));
	return say_fault(ctx, conn);
}

static sfsistat
on_body(SMFICTX *ctx, unsigned char *data, size_t len)
{
	struct conn *conn = conn_of(ctx);

	milter_mail_body(conn->mail, data, len);
	return milter_mail_fault(conn->mail) != NULL && conn->can_skip
		   ? SMFIS_SKIP
		   : SMFIS_CONTINUE;
}

static sfsistat
on_end_of_mail(SMFICTX *ctx)
{
	struct conn *conn = conn_of(ctx);
	g_autoptr(GBytes) message = milter_mail_end(conn->mail);
	const struct smtp_reply *fault = milter_mail_fault(conn->mail);
	enum proto_mail_outcome outcome;
	struct smtp_reply reply;

	if (fault != NULL)
		return say_finally(ctx, conn, fault);
	if (message == NULL || conn->front == NULL)
		return say_fault(ctx, conn);
	outcome = front_deliver(
	    conn->front, milter_mail_envelope(conn->mail), message);
	if (outcome == PROTO_MAIL_TAKEN) {
		conn_reset(conn);
		return SMFIS_DISCARD;
	}
	reply = reply_of(outcome);
	return say_finally(ctx, conn, &reply);
}

static sfsistat
on_abort(SMFICTX *ctx)
{
	conn_reset(conn_of(ctx));
	return SMFIS_CONTINUE;
}

static sfsistat
on_close(SMFICTX *ctx)
{
	struct conn *conn = smfi_getpriv(ctx);

	if (conn == NULL)
		return SMFIS_CONTINUE;
	(void)smfi_setpriv(ctx, NULL);
	conn_reset(conn);
	milter_mail_free(conn->mail);
	g_free(conn);
	return SMFIS_CONTINUE;
}

/* --- the process --------------------------------------------------------- */

gboolean
milter_open(const struct milter_settings *borrow_settings, GError **err)
{
	const struct smfiDesc callbacks = {
	    .xxfi_name = (char *)"nymdesk-milter",
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = SMFIF_NONE,
	    .xxfi_negotiate = on_negotiate,
	    .xxfi_envfrom = on_mail,
	    .xxfi_envrcpt = on_rcpt,
	    .xxfi_data = on_data,
	    .xxfi_header = on_header,
	    .xxfi_eoh = on_end_of_header,
	    .xxfi_body = on_body,
	    .xxfi_eom = on_end_of_mail,
	    .xxfi_abort = on_abort,
	    .xxfi_close = on_close,
	};

	settings = borrow_settings;
	if (!g_str_has_prefix(settings->listen, "unix:/"))
		return error_fail(err, ERROR_PERM,
		    "[milter] listen must be unix:PATH: by TCP each mail "
		    "would wait for its acknowledgements");
	(void)smfi_setmaxdatasize(MILTER_PACKET_MAX);
	if (smfi_setconn((char *)settings->listen) != MI_SUCCESS ||
	    smfi_settimeout(IDLE_S) != MI_SUCCESS ||
	    smfi_register(callbacks) != MI_SUCCESS ||
	    smfi_opensocket(TRUE) != MI_SUCCESS)
		return error_fail(err, ERROR_PERM,
		    "cannot make the socket of [milter] listen; is its "
		    "directory there and ours?");
	return TRUE;
}

void
milter_serve(void)
{
	(void)smfi_main();
}
