#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/role_main.h"
#include "image/child.h"
#include "intake/image.h"
#include "proto/ipc.h"

#include "base/banned.h"

#define CPU_S 10
#define WALL_MS 15000

static gboolean
cleaned_answer(struct ipc_peer *peer, const struct image_cleaned *cleaned,
    GError **err)
{
	const struct proto_image_cleaned answer = {
	    .type = (char *)cleaned->type,
	    .width = cleaned->width,
	    .height = cleaned->height};
	gsize len;
	const void *data = g_bytes_get_data(cleaned->octets, &len);
	int fd = ipc_body_new(data, len, err);

	if (fd < 0)
		return FALSE;
	ipc_answer_body(peer, PROTO_IMAGE_CLEANED, &answer, fd);
	close(fd);
	return TRUE;
}

static void
on_request(struct ipc_peer *peer, enum role role, GBytes *frame, int fd,
    gpointer user_data)
{
	const struct image_child *options = user_data;
	struct image_cleaned cleaned = {0};
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) octets = ipc_body_map(fd, &error);

	(void)role;
	(void)frame;
	if (fd >= 0)
		close(fd);
	if (octets == NULL ||
	    !image_child_run(options, octets, &cleaned, &error) ||
	    !cleaned_answer(peer, &cleaned, &error)) {
		log_warn("image.refused", LOG_ERR(error));
		ipc_answer_error(peer, error);
	} else {
		log_debug("image.cleaned", LOG_NUM("width", cleaned.width),
		    LOG_NUM("height", cleaned.height));
	}
	image_cleaned_clear(&cleaned);
}

int
main(void)
{
	struct role_start start;
	struct image_child options = {
	    .limits = {.octets_max = IMAGE_OCTETS_MAX},
	    .wall_ms = WALL_MS,
	    .cpu_s = CPU_S};
	struct ipc_server *server;

	role_start(ROLE_IMAGE, &start);
	options.limits.pixels_max = (guint64)start.config->image_pixels_max;
	server = ipc_server_new(ROLE_IMAGE, on_request, NULL, &options);
	ipc_server_listen(server, role_fd("image.lmtp"), ROLE_LMTP,
	    start.uids[ROLE_LMTP]);
	while (!role_stop)
		(void)ipc_server_poll(server, 1000);
	ipc_server_free(server);
	config_free(start.config);
	return 0;
}
