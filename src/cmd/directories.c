#include "cmd/directories.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/sandbox.h"
#include "cmd/receipt.h"

#include "base/banned.h"

static gboolean
directory_make(const char *path, enum role owner, mode_t mode, GError **err)
{
	uid_t uid;
	gid_t gid;

	if (!sandbox_role_ids(owner, &uid, &gid, err))
		return FALSE;
	if (g_mkdir_with_parents(path, (int)mode) != 0) {
		error_fail_errno(err, ERROR_PERM, "cannot make a directory");
		g_prefix_error(err, "%s: ", path);
		return FALSE;
	}
	if (geteuid() == 0 && owner != ROLE_SUPERVISOR &&
	    (chown(path, uid, gid) != 0 || chmod(path, mode) != 0)) {
		error_fail_errno(err, ERROR_PERM, "cannot own a directory");
		g_prefix_error(err, "%s: ", path);
		return FALSE;
	}
	return TRUE;
}

/* Through a descriptor: whoever owns a directory above could put a link in
 * the place of this one. Not with the set-group-ID bit, by which the socket
 * would get the group: systemd's RestrictSUIDSGID= denies it. So the socket is
 * open to all, and who may enter here is what counts. */
static gboolean
milter_directory_own(int dir, gboolean is_new, GError **err)
{
	const struct group *group = getgrnam("postfix");
	struct stat st;
	uid_t uid;
	gid_t gid;

	if (!sandbox_role_ids(ROLE_MILTER, &uid, &gid, err))
		return FALSE;
	if (fstat(dir, &st) != 0)
		return error_fail_errno(err, ERROR_PERM, "cannot look at it");
	if (st.st_uid != (is_new ? geteuid() : uid))
		return error_fail(err, ERROR_PERM,
		    "belongs to somebody else; name one that is not there yet");
	if (geteuid() == 0 && group != NULL)
		gid = group->gr_gid;
	if ((geteuid() == 0 && fchown(dir, uid, gid) != 0) ||
	    fchmod(dir, geteuid() == 0 && group != NULL ? 0750 : 0755) != 0)
		return error_fail_errno(err, ERROR_PERM, "cannot own it");
	return TRUE;
}

static gboolean
milter_directory_open(const char *path, GError **err)
{
	g_autofree char *above = g_path_get_dirname(path);
	gboolean is_new;
	gboolean ok;
	int dir;

	if (g_mkdir_with_parents(above, 0755) != 0)
		return error_fail_errno(err, ERROR_PERM,
		    "cannot make the directory above");
	is_new = mkdir(path, 0700) == 0;
	if (!is_new && errno != EEXIST)
		return error_fail_errno(err, ERROR_PERM, "cannot make it");
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return error_fail_errno(err, ERROR_PERM, "cannot open it");
	ok = milter_directory_own(dir, is_new, err);
	close(dir);
	return ok;
}

static gboolean
milter_directory_make(const char *listen, GError **err)
{
	g_autofree char *path = NULL;

	if (listen[0] == '\0')
		return TRUE;
	if (!g_str_has_prefix(listen, "unix:/") ||
	    strlen(listen) - 5 >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return error_fail(err, ERROR_PERM,
		    "[milter] listen: not unix:/PATH");
	path = g_path_get_dirname(listen + 5);
	if (milter_directory_open(path, err))
		return TRUE;
	g_prefix_error(err, "[milter] listen: %s: ", path);
	return FALSE;
}

gboolean
directories_make(const struct config *config, GError **err)
{
	return directory_make(config->run_dir, ROLE_SUPERVISOR, 0755, err) &&
	    directory_make(config->state_dir, ROLE_DESK, 0700, err) &&
	    directory_make(config->key_dir, ROLE_VAULT, 0700, err) &&
	    (!config_has_archive(config) ||
		directory_make(config->spool_dir, ROLE_POST, 0700, err)) &&
	    milter_directory_make(config->milter_listen, err);
}

gboolean
directories_lock(const struct config *config, int *lock, GError **err)
{
	g_autofree char *path =
	    g_build_filename(config->run_dir, "nymdeskd.pid", NULL);
	char pid[16];
	int len;

	*lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (*lock < 0 || lockf(*lock, F_TLOCK, 0) != 0) {
		error_fail_errno(err, ERROR_PERM,
		    "is nymdeskd running already?");
		g_prefix_error(err, "%s: ", path);
		return FALSE;
	}
	len = g_snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(*lock, 0) != 0 || pwrite(*lock, pid, (gsize)len, 0) != len)
		return error_fail_errno(err, ERROR_PERM,
		    "cannot write the pid file");
	return TRUE;
}

gboolean
directories_receipt_key(const struct config *config, int *fd, GError **err)
{
	g_autofree char *path =
	    g_build_filename(config->run_dir, RECEIPT_KEY_FILE, NULL);

	*fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	/* The umask may have taken bits away. */
	if (*fd >= 0 && fchmod(*fd, 0644) == 0)
		return TRUE;
	error_fail_errno(err, ERROR_PERM,
	    "cannot open the file for the key of receipts");
	g_prefix_error(err, "%s: ", path);
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return FALSE;
}
