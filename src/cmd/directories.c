#include "cmd/directories.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
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

gboolean
directories_make(const struct config *config, GError **err)
{
	return directory_make(config->run_dir, ROLE_SUPERVISOR, 0755, err) &&
	    directory_make(config->state_dir, ROLE_DESK, 0700, err) &&
	    directory_make(config->key_dir, ROLE_VAULT, 0700, err) &&
	    (!config_has_archive(config) ||
		directory_make(config->spool_dir, ROLE_POST, 0700, err));
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
