#include "cmd/supervise.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib-unix.h>
#include <systemd/sd-daemon.h>

#include "base/error.h"
#include "base/log.h"
#include "base/role.h"
#include "base/sandbox.h"
#include "cmd/directories.h"
#include "cmd/keeper.h"
#include "cmd/listen.h"
#include "proto/ipc.h"

#include "base/banned.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
#define HAZARD_SIZE 4096 /* octets: one page, intake/hazard.h */
#define STABLE_US (60 * G_USEC_PER_SEC)
#define HAND_OVER "hand-over"
#define STOP_MS 30000 /* then SIGKILL */

/* Sockets between roles: server, client. */
static const struct {
	enum role server;
	enum role client;
} pairs[] = {
    {ROLE_VAULT, ROLE_LMTP},
    {ROLE_VAULT, ROLE_POST},
    {ROLE_DESK, ROLE_LMTP},
    {ROLE_DESK, ROLE_POST},
    {ROLE_DESK, ROLE_CTL},
    {ROLE_POST, ROLE_LMTP},
    {ROLE_IMAGE, ROLE_LMTP},
    {ROLE_LMTP, ROLE_MILTER},
    {ROLE_LMTP, ROLE_SMTP},
};

#define IS(role) (1u << (role))

/* Stopped in this order, all of a stage together; started in reverse: who asks
 * goes before those who answer. */
static const guint stages[] = {
    IS(ROLE_MILTER) | IS(ROLE_SMTP) | IS(ROLE_SOCKETMAP), IS(ROLE_LMTP),
    IS(ROLE_POST), IS(ROLE_IMAGE), IS(ROLE_DESK), IS(ROLE_VAULT)};

struct child {
	struct supervisor *supervisor; /* borrowed: owns this */
	enum role role;
	guint slot;
	const char *kind;   /* literal: of a post; else NULL */
	GPid pid;	    /* 0: not running */
	gint64 started_us;
	guint backoff_ms;
	guint restart; /* source id of the pending start */
	struct keeper *keeper; /* own; posts only */
};

struct supervisor {
	char *path;	    /* own */
	char *program_dir;  /* own */
	struct config *config; /* own */
	int configs[ROLE_END]; /* memfds */
	int sockets[G_N_ELEMENTS(pairs)];
	struct listeners *listeners; /* own */
	int hazard; /* page of the workers, intake/hazard.h */
	int receipt_key; /* file for the vault's public key */
	int lock;
	GPtrArray *children; /* own struct child */
	GMainLoop *loop;
	gboolean is_stopping;
	gboolean is_reloading;
	gboolean has_failed; /* a reload that could not be undone */
	guint stop_stage; /* index into stages */
	guint stop_timer;
};

static void child_start(struct child *child);
static void stop_advance(struct supervisor *sv);

/* --- configurations and sockets -------------------------------------- */

static gboolean
configs_make(struct supervisor *sv, GError **err)
{
	for (guint i = 0; i < ROLE_END; i++) {
		enum role role = (enum role)i;
		g_autofree char *text = NULL;
		int fd;

		if (role == ROLE_SUPERVISOR || role == ROLE_CTL)
			continue;
		text = config_for_role(sv->path, role, err);
		if (text == NULL)
			return FALSE;
		fd = ipc_body_new(text, strlen(text), err);
		if (fd < 0)
			return FALSE;
		if (sv->configs[role] >= 0)
			close(sv->configs[role]);
		sv->configs[role] = fd;
	}
	return TRUE;
}

static gboolean
sockets_make(struct supervisor *sv, GError **err)
{
	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
		uid_t uid;
		gid_t gid;

		if (!sandbox_role_ids(pairs[i].client, &uid, &gid, err))
			return FALSE;
		sv->sockets[i] = ipc_listen(sv->config->run_dir,
		    pairs[i].server, pairs[i].client, uid, err);
		if (sv->sockets[i] < 0)
			return FALSE;
	}
	sv->hazard = memfd_create("hazard", MFD_CLOEXEC);
	if (sv->hazard < 0 || ftruncate(sv->hazard, HAZARD_SIZE) != 0)
		return error_fail_errno(err, ERROR_TEMP,
		    "cannot make a memory file");
	if (!listeners_prepare(sv->listeners, sv->config, TRUE, err))
		return FALSE;
	listeners_apply(sv->listeners);
	return TRUE;
}

/* --- one child -------------------------------------------------------- */

struct passed { /* descriptors for a child, by name */
	GString *names;
	GArray *source;
	GArray *target;
};

static void
passed_add(struct passed *passed, const char *name, int fd)
{
	int target = 3 + (int)passed->source->len;

	g_array_append_val(passed->source, fd);
	g_array_append_val(passed->target, target);
	g_string_append_printf(passed->names, "%s%s",
	    passed->names->len > 0 ? " " : "", name);
}

/* Of the posts only those that hand over are asked. */
static gboolean
is_server(const struct child *child)
{
	return child->kind == NULL || strcmp(child->kind, HAND_OVER) == 0;
}

static void
passed_add_sockets(struct passed *passed, const struct child *child)
{
	const struct supervisor *sv = child->supervisor;
	int listener = listeners_fd(sv->listeners, child->role);

	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autofree char *name = g_strdup_printf("%s.%s",
		    role_name(pairs[i].server), role_name(pairs[i].client));

		if (pairs[i].server == child->role && is_server(child))
			passed_add(passed, name, sv->sockets[i]);
	}
	if (child->role == ROLE_VAULT)
		passed_add(passed, "receipt-key", sv->receipt_key);
	if (child->role == ROLE_LMTP)
		passed_add(passed, "hazard", sv->hazard);
	if (listener >= 0)
		passed_add(passed, "listen", listener);
}

static char **
environment_make(const struct child *child, const char *names)
{
	char **env = g_get_environ();
	g_autofree char *slot = g_strdup_printf("%u", child->slot);
	g_autofree char *self = g_strdup_printf("%d", (int)getpid());

	env = g_environ_setenv(env, "NYMDESK_FDS", names, TRUE);
	env = g_environ_setenv(env, "NYMDESK_SLOT", slot, TRUE);
	env = g_environ_setenv(env, "NYMDESK_SUPERVISOR", self, TRUE);
	env = g_environ_setenv(env, "TZ", "UTC", TRUE);
	env = g_environ_setenv(env, "LC_ALL", "C.UTF-8", TRUE);
	env = g_environ_unsetenv(env, "NOTIFY_SOCKET");
	return env;
}

static gboolean
on_restart(gpointer data)
{
	struct child *child = data;

	child->restart = 0;
	child_start(child);
	return G_SOURCE_REMOVE;
}

static void
child_restart_later(struct child *child, gboolean is_planned)
{
	if (g_get_monotonic_time() - child->started_us > STABLE_US)
		child->backoff_ms = BACKOFF_MIN_MS;
	child->restart = g_timeout_add(is_planned ? 0 : child->backoff_ms,
	    on_restart, child);
	if (!is_planned)
		child->backoff_ms =
		    MIN(child->backoff_ms * 2, (guint)BACKOFF_MAX_MS);
}

static void
on_child_exit(GPid pid, gint status, gpointer data)
{
	struct child *child = data;
	struct supervisor *sv = child->supervisor;
	gboolean is_planned = g_spawn_check_wait_status(status, NULL);

	g_spawn_close_pid(pid);
	child->pid = 0;
	keeper_hang_up(child->keeper);
	if (sv->is_stopping) {
		stop_advance(sv);
		return;
	}
	if (!is_planned)
		log_warn("role.died", LOG_ROLE(child->role),
		    LOG_NUM("slot", child->slot), LOG_NUM("status", status));
	child_restart_later(child, is_planned);
}

static gboolean
child_spawn(struct child *child, struct passed *passed, GError **err)
{
	struct supervisor *sv = child->supervisor;
	g_autofree char *program = g_build_filename(sv->program_dir,
	    role_program(child->role), NULL);
	const char *argv[] = {program, child->kind, NULL};
	g_auto(GStrv) env = environment_make(child, passed->names->str);

	return g_spawn_async_with_pipes_and_fds("/", argv,
	    (const char *const *)env,
	    G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
	    NULL, -1, -1, -1, (const gint *)(gpointer)passed->source->data,
	    (const gint *)(gpointer)passed->target->data, passed->source->len,
	    &child->pid, NULL, NULL, NULL, err);
}

static void
child_start(struct child *child)
{
	struct supervisor *sv = child->supervisor;
	struct passed passed = {g_string_new(NULL),
	    g_array_new(FALSE, FALSE, sizeof(int)),
	    g_array_new(FALSE, FALSE, sizeof(int))};
	g_autoptr(GError) error = NULL;
	int theirs = -1;
	gboolean ok = TRUE;

	passed_add(&passed, "config", sv->configs[child->role]);
	passed_add_sockets(&passed, child);
	if (child->role == ROLE_POST) {
		ok = keeper_connect(child->keeper, &theirs, &error);
		passed_add(&passed, "page", keeper_page(child->keeper));
		passed_add(&passed, "keeper", theirs);
		if (keeper_kept(child->keeper) >= 0)
			passed_add(&passed, "doubt",
			    keeper_kept(child->keeper));
	}
	child->started_us = g_get_monotonic_time();
	if (ok && child_spawn(child, &passed, &error)) {
		(void)g_child_watch_add(child->pid, on_child_exit, child);
	} else {
		log_error("role.start", LOG_ROLE(child->role),
		    LOG_ERR(error));
		keeper_hang_up(child->keeper);
		child_restart_later(child, FALSE);
	}
	if (theirs >= 0)
		close(theirs);
	g_string_free(passed.names, TRUE);
	g_array_unref(passed.source);
	g_array_unref(passed.target);
}

static void
child_free(gpointer data)
{
	struct child *child = data;

	if (child->restart != 0)
		g_source_remove(child->restart);
	keeper_free(child->keeper);
	g_free(child);
}

static void
children_add(struct supervisor *sv, enum role role, guint slot,
    const char *kind)
{
	struct child *child = g_new0(struct child, 1);

	child->supervisor = sv;
	child->role = role;
	child->slot = slot;
	child->kind = kind;
	child->backoff_ms = BACKOFF_MIN_MS;
	if (role == ROLE_POST)
		child->keeper = keeper_new();
	g_ptr_array_add(sv->children, child);
}

static void
children_make(struct supervisor *sv)
{
	const struct config *config = sv->config;
	gboolean has_archive = config_has_archive(config);
	guint posts = (guint)(config->post_hand_over + config->post_notice) +
	    (has_archive ? 1 : 0);
	guint slot = 0;

	children_add(sv, ROLE_VAULT, 0, NULL);
	/* It gives back what slots hold that no post has any more. */
	children_add(sv, ROLE_DESK, posts, NULL);
	for (gint64 i = 0; i < config->image_processes; i++)
		children_add(sv, ROLE_IMAGE, (guint)i, NULL);
	for (gint64 i = 0; i < config->post_hand_over; i++)
		children_add(sv, ROLE_POST, slot++, HAND_OVER);
	for (gint64 i = 0; i < config->post_notice; i++)
		children_add(sv, ROLE_POST, slot++, "notice");
	if (has_archive)
		children_add(sv, ROLE_POST, slot++, "archive");
	for (gint64 i = 0; i < config->lmtp_workers; i++)
		children_add(sv, ROLE_LMTP, (guint)i, NULL);
	if (config->smtp_listen[0] != '\0')
		children_add(sv, ROLE_SMTP, 0, NULL);
	if (config->milter_listen[0] != '\0')
		children_add(sv, ROLE_MILTER, 0, NULL);
	if (config->socketmap_listen[0] != '\0')
		children_add(sv, ROLE_SOCKETMAP, 0, NULL);
}

static void
children_start(struct supervisor *sv)
{
	for (guint i = 0; i < sv->children->len; i++)
		child_start(g_ptr_array_index(sv->children, i));
}

/* --- stopping ---------------------------------------------------------- */

/* How many of these roles (IS() of each) run; with sig not 0, signals them. */
static guint
children_signal(struct supervisor *sv, guint roles, int sig)
{
	guint running = 0;

	for (guint i = 0; i < sv->children->len; i++) {
		struct child *child = g_ptr_array_index(sv->children, i);

		if ((roles & IS(child->role)) == 0 || child->pid == 0)
			continue;
		running++;
		if (sig == SIGKILL)
			log_error("role.stop-timeout", LOG_ROLE(child->role));
		if (sig != 0)
			(void)kill(child->pid, sig);
	}
	return running;
}

static gboolean
on_stop_timeout(gpointer data)
{
	struct supervisor *sv = data;

	sv->stop_timer = 0;
	if (sv->stop_stage < G_N_ELEMENTS(stages))
		(void)children_signal(sv, stages[sv->stop_stage], SIGKILL);
	return G_SOURCE_REMOVE;
}

static void
stop_begin_stage(struct supervisor *sv)
{
	(void)children_signal(sv, stages[sv->stop_stage], SIGTERM);
	if (sv->stop_timer != 0)
		g_source_remove(sv->stop_timer);
	sv->stop_timer = g_timeout_add(STOP_MS, on_stop_timeout, sv);
}

static gboolean supervisor_reload(struct supervisor *sv, GError **err);

static void
stop_finish(struct supervisor *sv)
{
	g_autoptr(GError) error = NULL;

	if (sv->stop_timer != 0)
		g_source_remove(sv->stop_timer);
	sv->stop_timer = 0;
	if (!sv->is_reloading) {
		g_main_loop_quit(sv->loop);
		return;
	}
	sv->is_stopping = sv->is_reloading = FALSE;
	if (!supervisor_reload(sv, &error)) {
		log_error("reload", LOG_ERR(error));
		sv->has_failed = TRUE;
		g_main_loop_quit(sv->loop);
	}
}

/* The next stage begins when nobody of this one is left. */
static void
stop_advance(struct supervisor *sv)
{
	while (sv->stop_stage < G_N_ELEMENTS(stages)) {
		if (children_signal(sv, stages[sv->stop_stage], 0) > 0)
			return;
		sv->stop_stage++;
		if (sv->stop_stage < G_N_ELEMENTS(stages))
			stop_begin_stage(sv);
	}
	stop_finish(sv);
}

static void
stop_begin(struct supervisor *sv)
{
	sv->is_stopping = TRUE;
	sv->stop_stage = 0;
	for (guint i = 0; i < sv->children->len; i++) {
		struct child *child = g_ptr_array_index(sv->children, i);

		if (child->restart != 0)
			g_source_remove(child->restart);
		child->restart = 0;
	}
	stop_begin_stage(sv);
	stop_advance(sv);
}

static gboolean
on_term(gpointer data)
{
	struct supervisor *sv = data;

	log_info("stop", LOG_NUM("pid", getpid()));
	(void)sd_notify(0, "STOPPING=1");
	sv->is_reloading = FALSE;
	if (!sv->is_stopping)
		stop_begin(sv);
	return G_SOURCE_CONTINUE;
}

static gboolean
on_usr1(gpointer data)
{
	struct supervisor *sv = data;

	log_raise_level();
	(void)children_signal(sv, ~0u, SIGUSR1);
	return G_SOURCE_CONTINUE;
}

/* Check first: a bad file changes nothing. */
static gboolean
on_hup(gpointer data)
{
	struct supervisor *sv = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(config_auto) config = config_load_file(sv->path, &error);

	if (sv->is_stopping)
		return G_SOURCE_CONTINUE;
	if (config == NULL || !directories_make(config, &error) ||
	    !listeners_prepare(sv->listeners, config, FALSE, &error)) {
		log_error("reload", LOG_ERR(error));
		return G_SOURCE_CONTINUE;
	}
	if (strcmp(config->run_dir, sv->config->run_dir) != 0)
		log_warn("reload.needs-restart", LOG_WORD("what", "run_dir"));
	log_info("reload", LOG_NUM("pid", getpid()));
	sv->is_reloading = TRUE;
	stop_begin(sv);
	return G_SOURCE_CONTINUE;
}

static gboolean
supervisor_reload(struct supervisor *sv, GError **err)
{
	struct config *config = config_load_file(sv->path, err);

	if (config == NULL)
		return FALSE;
	config_free(sv->config);
	sv->config = config;
	/* on_hup() has prepared this, if the file is still the same. */
	if (!configs_make(sv, err) || !directories_make(config, err) ||
	    !listeners_prepare(sv->listeners, config, FALSE, err))
		return FALSE;
	listeners_apply(sv->listeners);
	g_ptr_array_set_size(sv->children, 0);
	children_make(sv);
	children_start(sv);
	return TRUE;
}

/* --- the whole ---------------------------------------------------------- */

struct supervisor *
supervisor_new(const char *path, const char *program_dir, GError **err)
{
	struct supervisor *sv = g_new0(struct supervisor, 1);

	sv->path = g_canonicalize_filename(path, NULL);
	sv->program_dir = g_canonicalize_filename(program_dir, NULL);
	sv->children = g_ptr_array_new_with_free_func(child_free);
	sv->listeners = listeners_new();
	sv->lock = sv->hazard = sv->receipt_key = -1;
	for (guint i = 0; i < ROLE_END; i++)
		sv->configs[i] = -1;
	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
		sv->sockets[i] = -1;
	sv->config = config_load_file(path, err);
	if (sv->config != NULL && directories_make(sv->config, err) &&
	    directories_lock(sv->config, &sv->lock, err) &&
	    directories_receipt_key(sv->config, &sv->receipt_key, err) &&
	    configs_make(sv, err) && sockets_make(sv, err)) {
		children_make(sv);
		return sv;
	}
	supervisor_free(sv);
	return NULL;
}

static void
fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
supervisor_free(struct supervisor *sv)
{
	if (sv == NULL)
		return;
	g_ptr_array_unref(sv->children);
	for (guint i = 0; i < ROLE_END; i++)
		fd_close(sv->configs[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
		fd_close(sv->sockets[i]);
	listeners_free(sv->listeners);
	fd_close(sv->hazard);
	fd_close(sv->receipt_key);
	fd_close(sv->lock);
	g_clear_pointer(&sv->loop, g_main_loop_unref);
	config_free(sv->config);
	g_free(sv->path);
	g_free(sv->program_dir);
	g_free(sv);
}

gboolean
supervisor_run(struct supervisor *sv, GError **err)
{
	sv->loop = g_main_loop_new(NULL, FALSE);
	(void)g_unix_signal_add(SIGTERM, on_term, sv);
	(void)g_unix_signal_add(SIGINT, on_term, sv);
	(void)g_unix_signal_add(SIGHUP, on_hup, sv);
	(void)g_unix_signal_add(SIGUSR1, on_usr1, sv);
	children_start(sv);
	if (geteuid() != 0)
		log_warn("one-user", LOG_NUM("uid", geteuid()));
	log_info("ready", LOG_NUM("pid", getpid()),
	    LOG_NUM("roles", sv->children->len));
	(void)sd_notify(0, "READY=1");
	g_main_loop_run(sv->loop);
	if (sv->has_failed)
		return error_fail(err, ERROR_PERM,
		    "stopped: the configuration could not be loaded again");
	return TRUE;
}
