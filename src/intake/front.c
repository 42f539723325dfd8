#include "intake/front.h"

#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/envelope.h"
#include "proto/ipc.h"

#include "base/banned.h"

struct front {
	struct ipc_client *client; /* own */
};

struct front *
front_new(const char *run_dir, enum role self)
{
	struct front *front = g_new0(struct front, 1);

	front->client = ipc_client_new(run_dir, ROLE_LMTP, self, FRONT_CALL_MS);
	return front;
}

void
front_free(struct front *front)
{
	if (front == NULL)
		return;
	ipc_client_free(front->client);
	g_free(front);
}

gboolean
front_ready(struct front *front, GError **err)
{
	const char nothing = 0;
	char answer = 0;

	return ipc_call(front->client, PROTO_INTAKE_READY, &nothing, -1,
	    PROTO_INTAKE_GO, &answer, err);
}

/* The codec ends a process that asks for more than its tables have room for. */
static gboolean
envelope_fits(const struct session_envelope *envelope)
{
	if (envelope->way == PROTO_WAY_LMTP || envelope->rcpts->len == 0 ||
	    envelope->rcpts->len > FRONT_RCPTS_MAX ||
	    !envelope_addr_fits(envelope->sender_addr))
		return FALSE;
	for (guint i = 0; i < envelope->rcpts->len; i++) {
		const struct session_rcpt *rcpt = envelope->rcpts->pdata[i];

		if (!envelope_addr_fits(rcpt->wire))
			return FALSE;
	}
	return TRUE;
}

static gboolean
front_ask(struct front *front, const struct session_envelope *envelope,
    int body, struct proto_intake_done *done, GError **err)
{
	g_autoptr(GPtrArray) rcpt_addrs =
	    g_ptr_array_sized_new(envelope->rcpts->len);
	const struct proto_intake_mail mail = {.way = envelope->way,
	    .sender_addr = envelope->sender_addr,
	    .rcpt_addrs = rcpt_addrs,
	    .is_smtputf8 = envelope->smtputf8 ? 1 : 0};

	for (guint i = 0; i < envelope->rcpts->len; i++) {
		const struct session_rcpt *rcpt = envelope->rcpts->pdata[i];

		g_ptr_array_add(rcpt_addrs, rcpt->wire);
	}
	if (!ipc_call(front->client, PROTO_INTAKE_MAIL, &mail, body,
		PROTO_INTAKE_DONE, done, err))
		return FALSE;
	return done->outcome != 0 ||
	       error_fail(err, ERROR_TEMP, "a worker answered nothing");
}

enum proto_mail_outcome
front_deliver(struct front *front, const struct session_envelope *envelope,
    GBytes *message)
{
	struct proto_intake_done done = {0};
	g_autoptr(GError) error = NULL;
	gsize len;
	const void *data = g_bytes_get_data(message, &len);
	int body = -1;

	if (!envelope_fits(envelope))
		error_fail(&error, ERROR_PERM,
		    "an envelope is too large for a worker");
	else
		body = ipc_body_new(data, len, &error);
	if (body < 0 || !front_ask(front, envelope, body, &done, &error)) {
		log_warn("front.deferred", LOG_ERR(error));
		done.outcome = PROTO_MAIL_DEFERRED;
	}
	if (body >= 0)
		close(body);
	/* The worker is free for others. */
	ipc_client_drop(front->client);
	return (enum proto_mail_outcome)done.outcome;
}
