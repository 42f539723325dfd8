#include "base/log.h"
#include "cmd/role_main.h"
#include "intake/socketmap_server.h"

#include "base/banned.h"

int
main(void)
{
	struct role_start start;
	struct socketmap_server *server;
	gboolean ok = TRUE;

	role_start(ROLE_SOCKETMAP, &start);
	server = socketmap_server_new(start.config, role_fd("listen"));
	while (ok && !role_stop)
		ok = socketmap_server_poll(server, 1000);
	socketmap_server_free(server);
	config_free(start.config);
	return ok ? 0 : 1;
}
