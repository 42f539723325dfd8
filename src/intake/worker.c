#include "intake/worker.h"

#include <poll.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/envelope.h"
#include "proto/ipc.h"

#include "base/banned.h"

struct turn {			     /* one connection */
	const struct worker *worker; /* borrowed */
	struct server *server;	     /* borrowed */
	int sock;		     /* borrowed */
	gint64 until_ms;	     /* when the next mail must be there */
	guint mails;
};

/* The later ones keep more of a mail. */
static const guint8 ranks[PROTO_MAIL_OUTCOME_END] = {
    [PROTO_MAIL_TAKEN] = 1,
    [PROTO_MAIL_BAD_SHAPE] = 2,
    [PROTO_MAIL_FORGED] = 3,
    [PROTO_MAIL_TOO_MANY] = 4,
    [PROTO_MAIL_DEFERRED] = 5,
};

enum proto_mail_outcome
worker_outcome(const enum proto_mail_outcome *outcomes, guint count)
{
	enum proto_mail_outcome worst = PROTO_MAIL_TAKEN;

	g_assert(count > 0);
	for (guint i = 0; i < count; i++) {
		g_assert((guint)outcomes[i] < PROTO_MAIL_OUTCOME_END &&
			 ranks[outcomes[i]] > 0);
		if (ranks[outcomes[i]] > ranks[worst])
			worst = outcomes[i];
	}
	return worst;
}

static gint64
now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

/* --- what a front sends ------------------------------------------------- */

static gboolean
rcpts_fill(const struct worker *worker, const GPtrArray *rcpt_addrs,
    GPtrArray *rcpts, GError **err)
{
	for (guint i = 0; i < rcpt_addrs->len; i++) {
		g_autoptr(addr_auto) addr =
		    addr_parse(rcpt_addrs->pdata[i], -1, err);

		if (addr == NULL)
			return FALSE;
		if (worker->check(addr->local, addr->domain,
			worker->user_data) != PLACE_OURS)
			return error_fail(err, ERROR_TEMP,
			    "a front takes mail for an address that is not "
			    "ours (any more)");
		envelope_rcpts_add(rcpts, g_steal_pointer(&addr));
	}
	return TRUE;
}

static gboolean
envelope_fill(const struct worker *worker, const struct proto_intake_mail *mail,
    struct session_envelope *envelope, GError **err)
{
	const enum proto_way way =
	    worker->front == ROLE_MILTER ? PROTO_WAY_MILTER : PROTO_WAY_SMTP;

	if (mail->way != way || mail->rcpt_addrs->len == 0 ||
	    !envelope_addr_fits(mail->sender_addr))
		return error_fail(err, ERROR_DENIED, "bad envelope");
	envelope->sender_addr = g_strdup(mail->sender_addr);
	envelope->smtputf8 = mail->is_smtputf8 != 0;
	envelope->way = way;
	envelope->rcpts = envelope_rcpts_new();
	return rcpts_fill(worker, mail->rcpt_addrs, envelope->rcpts, err);
}

/* fd: -1 if none came. */
static GBytes *
body_take(const struct worker *worker, int fd, GError **err)
{
	g_autoptr(GBytes) body = NULL;

	if (fd < 0) {
		error_fail(err, ERROR_DENIED, "no mail came with its envelope");
		return NULL;
	}
	body = ipc_body_map(fd, err);
	if (body == NULL)
		return NULL;
	if (g_bytes_get_size(body) > worker->size_max) {
		error_fail_num(err, ERROR_DENIED,
		    "a front took a mail that is too large, of",
		    g_bytes_get_size(body));
		return NULL;
	}
	if (g_bytes_get_size(body) == 0)
		return g_bytes_new_static("", 0);
	return g_steal_pointer(&body);
}

/* --- one mail ----------------------------------------------------------- */

/* A front that gave up has told its sender to come again. */
static gboolean
front_is_gone(const struct turn *turn)
{
	struct pollfd pfd = {.fd = turn->sock, .events = POLLRDHUP};

	return poll(&pfd, 1, 0) != 0;
}

static enum proto_mail_outcome
mail_deliver(const struct worker *worker,
    const struct session_envelope *envelope, GBytes *message)
{
	guint count = envelope->rcpts->len;
	g_autofree enum proto_mail_outcome *outcomes =
	    g_new(enum proto_mail_outcome, count);

	for (guint i = 0; i < count; i++)
		outcomes[i] = PROTO_MAIL_DEFERRED;
	worker->deliver(envelope, message, outcomes, worker->user_data);
	return worker_outcome(outcomes, count);
}

static void
turn_mail(struct turn *turn, struct ipc_peer *peer, GBytes *frame, int fd)
{
	const struct worker *worker = turn->worker;
	struct proto_intake_mail mail = {0};
	struct session_envelope envelope = {0};
	struct proto_intake_done done = {0};
	g_autoptr(GBytes) message = NULL;
	g_autoptr(GError) error = NULL;

	if (proto_decode(frame, PROTO_INTAKE_MAIL, &mail, &error) &&
	    envelope_fill(worker, &mail, &envelope, &error))
		message = body_take(worker, fd, &error);
	if (message == NULL) {
		log_warn("intake.front-refused", LOG_ROLE(worker->front),
		    LOG_ERR(error));
		ipc_answer_error(peer, error);
	} else {
		done.outcome = mail_deliver(worker, &envelope, message);
		ipc_answer(peer, PROTO_INTAKE_DONE, &done);
	}
	proto_clear(PROTO_INTAKE_MAIL, &mail);
	g_free(envelope.sender_addr);
	g_clear_pointer(&envelope.rcpts, g_ptr_array_unref);
	turn->mails++;
	server_count(turn->server);
	turn->until_ms = now_ms() + worker->wait_ms;
}

static void
on_request(struct ipc_peer *peer, enum role role, GBytes *frame, int fd,
    gpointer user_data)
{
	const char nothing = 0;
	struct turn *turn = user_data;

	(void)role;
	if (proto_frame_type(frame) == PROTO_INTAKE_READY)
		ipc_answer(peer, PROTO_INTAKE_GO, &nothing);
	else if (!front_is_gone(turn))
		turn_mail(turn, peer, frame, fd);
	if (fd >= 0)
		close(fd);
}

/* --- a connection ------------------------------------------------------- */

/* What a stop finds in the socket is in hand already; more than one mail of a
 * connection is not. */
static void
turn_end(const struct turn *turn, struct ipc_server *ipc)
{
	if (turn->mails == 0)
		(void)ipc_server_poll(ipc, 0);
}

void
worker_serve(struct server *server, int sock, gpointer user_data)
{
	const struct worker *worker = user_data;
	struct turn turn = {.worker = worker,
	    .server = server,
	    .sock = sock,
	    .until_ms = now_ms() + worker->wait_ms};
	struct ipc_server *ipc =
	    ipc_server_new(ROLE_LMTP, on_request, NULL, &turn);
	gint64 left;

	(void)ipc_server_adopt(ipc, sock, worker->front, worker->uid);
	while (ipc_server_peers(ipc, worker->front) > 0) {
		left = turn.until_ms - now_ms();
		if (server_is_done(server)) {
			turn_end(&turn, ipc);
			break;
		}
		if (left <= 0) {
			log_warn(
			    "intake.front-silent", LOG_ROLE(worker->front));
			break;
		}
		(void)ipc_server_poll_masked(
		    ipc, (int)left, server_wait_mask(server));
	}
	ipc_server_free(ipc);
}
