#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/role_main.h"
#include "outbound/archivist.h"
#include "outbound/handover.h"
#include "outbound/promise.h"
#include "proto/ipc.h"
#include "template/answer.h"

#include "base/banned.h"

static void
hand_over_answer(struct post *post, struct ipc_peer *peer, GBytes *frame,
    int body)
{
	struct proto_post_hand_over request = {0};
	struct proto_post_result answer = {0};
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) content = ipc_body_map(body, &error);

	if (content != NULL &&
	    proto_decode(frame, PROTO_POST_HAND_OVER, &request, &error) &&
	    handover_serve(post, &request, content, &answer, &error)) {
		ipc_answer(peer, PROTO_POST_RESULT, &answer);
	} else {
		log_warn("post.hand-over", LOG_ERR(error));
		ipc_answer_error(peer, error);
	}
	proto_clear(PROTO_POST_HAND_OVER, &request);
	proto_clear(PROTO_POST_RESULT, &answer);
}

static void
on_request(struct ipc_peer *peer, enum role role, GBytes *frame, int fd,
    gpointer user_data)
{
	(void)role;
	hand_over_answer(user_data, peer, frame, fd);
	if (fd >= 0)
		close(fd);
}

static void
hand_over_run(struct post *post, int listener, uid_t client)
{
	struct ipc_server *server;

	if (!post_recover(post))
		return;
	server = ipc_server_new(ROLE_POST, on_request, NULL, post);
	ipc_server_listen(server, listener, ROLE_LMTP, client);
	while (!*post->stop)
		(void)ipc_server_poll(server, 1000);
	ipc_server_free(server);
}

/* A post that hands over needs them, too: an answer ends in a footer. */
static gboolean
templates_load(struct post *post, const char *dir, GError **err)
{
	post->notices = notices_load(dir, err);
	if (post->notices != NULL)
		post->answers = answers_load(dir, err);
	return post->answers != NULL;
}

/* What the archivist does, if there is one, the others leave to it. */
static guint32
notice_kinds(const struct config *config)
{
	return config_has_archive(config) ? PROMISE_KINDS & ~ARCHIVIST_KINDS
					   : PROMISE_KINDS;
}

int
main(int argc, char **argv)
{
	struct role_start start;
	g_autoptr(GError) error = NULL;
	struct slot *slot;
	struct post *post;
	int listener;

	role_start(ROLE_POST, &start);
	slot = slot_open(role_fd("page"), role_fd("keeper"), role_fd("doubt"),
	    &error);
	if (slot == NULL) {
		log_error("post.start", LOG_ERR(error));
		return 1;
	}
	post = post_new(start.config, slot, start.slot, &role_stop);
	if (!templates_load(post, start.config->template_dir, &error)) {
		log_error("post.templates", LOG_ERR(error));
		return 1;
	}
	listener = role_fd("post.lmtp");
	if (listener >= 0)
		hand_over_run(post, listener, start.uids[ROLE_LMTP]);
	else if (argc > 1 && strcmp(argv[1], "archive") == 0)
		archivist_run(post);
	else
		promise_run(post, notice_kinds(start.config));
	post_free(post);
	config_free(start.config);
	return 0;
}
