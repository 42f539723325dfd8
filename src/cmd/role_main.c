#include "cmd/role_main.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sandbox.h"

#include "base/banned.h"

#define FIRST_FD 3
#define GRACE_S 120

volatile sig_atomic_t role_stop;

static void
on_term(int sig)
{
	(void)sig;
	role_stop = 1;
}

static void
on_usr1(int sig)
{
	(void)sig;
	log_raise_level();
}

/* No SA_RESTART: a blocked wait must see role_stop. */
static void
signals_set(void)
{
	struct sigaction action = {.sa_handler = on_term};

	(void)sigaction(SIGTERM, &action, NULL);
	action.sa_handler = on_usr1;
	action.sa_flags = SA_RESTART;
	(void)sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
	/* Ctrl-C goes to the whole group; the supervisor stops us in order. */
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
}

int
role_fd(const char *name)
{
	const char *list = getenv("NYMDESK_FDS");
	g_auto(GStrv) names = g_strsplit(list != NULL ? list : "", " ", -1);

	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0) {
			(void)fcntl(FIRST_FD + i, F_SETFD, FD_CLOEXEC);
			return FIRST_FD + i;
		}
	return -1;
}

static enum log_level
level_parse(const char *name)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum log_level)i;
	return LOG_LEVEL_INFO;
}

static gboolean
start_enter(enum role role, struct role_start *start, GError **err)
{
	const char *slot = getenv("NYMDESK_SLOT");
	const char *supervisor = getenv("NYMDESK_SUPERVISOR");
	uid_t uid;
	gid_t gid;
	int fd = role_fd("config");

	if (fd < 0)
		return error_fail(err, ERROR_PERM,
		    "roles are started by nymdeskd, not by hand");
	start->config = config_load_fd(fd, err);
	if (start->config == NULL)
		return FALSE;
	close(fd);
	log_init(role, level_parse(start->config->log_level));
	start->slot = slot != NULL
	    ? (guint)g_ascii_strtoull(slot, NULL, 10)
	    : 0;
	for (guint r = 0; r < ROLE_END; r++)
		if (!sandbox_role_ids((enum role)r, &start->uids[r], &gid,
			err))
			return FALSE;
	if (!sandbox_role_ids(role, &uid, &gid, err) ||
	    !sandbox_enter(role, uid, gid, err))
		return FALSE;
	/* After the change of user, which clears it: when the supervisor
	 * dies, finish what is in hand and go. It may be dead already. */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (supervisor == NULL ||
	    (gint64)getppid() != g_ascii_strtoll(supervisor, NULL, 10))
		role_stop = 1;
	return TRUE;
}

void
role_start(enum role role, struct role_start *start)
{
	g_autoptr(GError) error = NULL;

	sandbox_no_dump();
	log_init(role, LOG_LEVEL_INFO);
	signals_set();
	memset(start, 0, sizeof(*start));
	if (!start_enter(role, start, &error)) {
		log_error("role.start", LOG_ERR(error));
		exit(1);
	}
}

gboolean
role_may_stop(const struct ipc_server *server, gint64 *asked_s)
{
	gint64 now = g_get_monotonic_time() / G_USEC_PER_SEC;

	if (!role_stop)
		return FALSE;
	if (*asked_s == 0)
		*asked_s = now;
	return now - *asked_s > GRACE_S ||
	    ipc_server_peers(server, ROLE_LMTP) +
		ipc_server_peers(server, ROLE_POST) == 0;
}
