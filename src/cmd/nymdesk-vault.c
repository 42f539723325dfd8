#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/role_main.h"
#include "proto/ipc.h"
#include "vault/receipt.h"
#include "vault/keys.h"
#include "vault/vault.h"

#include "base/banned.h"

#define TICK_S 60

static gint64
now_s(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

static void
identify(struct vault *vault, struct ipc_peer *peer, GBytes *frame)
{
	struct proto_vault_identify request = {0};
	struct proto_vault_identity answer = {0};
	g_autoptr(GError) error = NULL;

	if (proto_decode(frame, PROTO_VAULT_IDENTIFY, &request, &error) &&
	    vault_identify(vault, &request, now_s(), &answer, &error))
		ipc_answer(peer, PROTO_VAULT_IDENTITY, &answer);
	else
		ipc_answer_error(peer, error);
	proto_clear(PROTO_VAULT_IDENTIFY, &request);
	proto_clear(PROTO_VAULT_IDENTITY, &answer);
}

static void
open_envelope(struct vault *vault, struct ipc_peer *peer, GBytes *frame)
{
	struct proto_vault_open request = {0};
	struct proto_vault_opened answer = {0};
	g_autoptr(GError) error = NULL;
	guint64 refused = vault_counters(vault)->refused;

	if (proto_decode(frame, PROTO_VAULT_OPEN, &request, &error) &&
	    vault_open(vault, &request, now_s(), &answer, &error))
		ipc_answer(peer, PROTO_VAULT_OPENED, &answer);
	else
		ipc_answer_error(peer, error);
	if (vault_counters(vault)->refused != refused)
		log_error("vault.open-limit",
		    LOG_NUM("opened", vault_counters(vault)->opened),
		    LOG_NUM("refused", vault_counters(vault)->refused));
	proto_clear(PROTO_VAULT_OPEN, &request);
	proto_clear(PROTO_VAULT_OPENED, &answer);
}

static void
label(struct vault *vault, struct ipc_peer *peer, GBytes *frame)
{
	struct proto_vault_label request = {0};
	struct proto_vault_labelled answer = {0};
	g_autoptr(GError) error = NULL;

	if (proto_decode(frame, PROTO_VAULT_LABEL, &request, &error) &&
	    vault_label(vault, &request, now_s(), &answer, &error))
		ipc_answer(peer, PROTO_VAULT_LABELLED, &answer);
	else
		ipc_answer_error(peer, error);
	proto_clear(PROTO_VAULT_LABEL, &request);
	proto_clear(PROTO_VAULT_LABELLED, &answer);
}

static void
on_request(struct ipc_peer *peer, enum role role, GBytes *frame, int fd,
    gpointer user_data)
{
	(void)role;
	if (fd >= 0)
		close(fd);
	switch (proto_frame_type(frame)) {
	case PROTO_VAULT_IDENTIFY:
		identify(user_data, peer, frame);
		break;
	case PROTO_VAULT_LABEL:
		label(user_data, peer, frame);
		break;
	default:
		open_envelope(user_data, peer, frame);
	}
}

static void
serve(struct vault *vault, const struct role_start *start)
{
	struct ipc_server *server =
	    ipc_server_new(ROLE_VAULT, on_request, NULL, vault);
	gint64 ticked = now_s();
	gint64 asked = 0;

	ipc_server_listen(server, role_fd("vault.lmtp"), ROLE_LMTP,
	    start->uids[ROLE_LMTP]);
	ipc_server_listen(server, role_fd("vault.post"), ROLE_POST,
	    start->uids[ROLE_POST]);
	while (!role_may_stop(server, &asked)) {
		g_autoptr(GError) error = NULL;

		(void)ipc_server_poll(server, role_stop ? 50 : 1000);
		/* A clock set back must not stop the ticks, either. */
		if (ABS(now_s() - ticked) < TICK_S)
			continue;
		ticked = now_s();
		if (!vault_tick(vault, ticked, &error))
			log_error("vault.tick", LOG_ERR(error));
	}
	ipc_server_free(server);
}

/* Leaves the public key of receipts in the file that the supervisor opened for
 * it. Mails do not wait for one who wants to read it. */
static void
key_publish(const struct vault *vault, int fd)
{
	char text[RECEIPT_KEY_TEXT_SIZE];
	g_autofree char *line = g_strconcat(
	    receipt_key_show(vault_receipt_key(vault), text), "\n", NULL);
	gsize len = strlen(line);

	if (fd < 0 || pwrite(fd, line, len, 0) != (ssize_t)len ||
	    ftruncate(fd, (off_t)len) != 0)
		log_error("vault.receipt_key", LOG_NUM("errno", errno));
	if (fd >= 0)
		close(fd);
}

int
main(void)
{
	struct role_start start;
	g_autoptr(GError) error = NULL;
	struct keys *keys;
	struct vault *vault;

	role_start(ROLE_VAULT, &start);
	keys = keys_open(start.config->key_dir,
	    &(struct keys_policy){.epoch_s = start.config->epoch_s,
		.retention_s = start.config->retention_s},
	    now_s(), &error);
	if (keys == NULL) {
		log_error("vault.start", LOG_ERR(error));
		return 1;
	}
	vault = vault_new(keys,
	    &(struct vault_policy){.open_rate = start.config->open_rate,
		.open_burst = start.config->open_burst});
	key_publish(vault, role_fd("receipt-key"));
	log_info("vault.ready", LOG_NUM("epochs", vault_live(vault)));
	serve(vault, &start);
	vault_free(vault);
	config_free(start.config);
	return 0;
}
