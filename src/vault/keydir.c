#include "vault/keydir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#include "base/banned.h"

#define NAME_SIZE 64
#define NUM_SIZE 32
#define EPOCH_PREFIX "epoch-"
#define TEMP_SUFFIX ".tmp"

struct keydir {
	int fd;
};

/* An open file that closes itself. */
static void
fd_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
#define fd_auto __attribute__((cleanup(fd_close))) int

static gboolean
directory_check(int fd, GError **err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_fail_errno(
		    err, ERROR_TEMP, "cannot examine the key directory");
	if (st.st_uid != geteuid())
		return error_fail_num(err, ERROR_DENIED,
		    "the key directory belongs to another user: chown it to "
		    "the vault's; its owner is uid",
		    st.st_uid);
	if ((st.st_mode & 077) != 0)
		return error_fail(err, ERROR_DENIED,
		    "the key directory is open to group or others: chmod it "
		    "to 0700");
	/* The lock goes with the process, however that ends. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return error_fail_errno(err, ERROR_DENIED,
		    "cannot lock the key directory: another vault has it");
	return TRUE;
}

struct keydir *
keydir_open(const char *path, GError **err)
{
	fd_auto fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct keydir *dir;

	if (fd < 0) {
		error_fail_errno(
		    err, ERROR_TEMP, "cannot open the key directory");
		return NULL;
	}
	if (!directory_check(fd, err))
		return NULL;
	dir = g_new(struct keydir, 1);
	dir->fd = fd;
	fd = -1;
	return dir;
}

void
keydir_free(struct keydir *dir)
{
	if (dir == NULL)
		return;
	(void)close(dir->fd);
	g_free(dir);
}

/* --- names ---------------------------------------------------------- */

static void
epoch_name(gint64 epoch, char name[NAME_SIZE])
{
	g_snprintf(name, NAME_SIZE, EPOCH_PREFIX "%" G_GINT64_FORMAT, epoch);
}

static gboolean
epoch_from_name(const char *name, gint64 *epoch)
{
	char canonical[NAME_SIZE];

	if (!g_str_has_prefix(name, EPOCH_PREFIX) ||
	    !g_ascii_string_to_signed(
		name + strlen(EPOCH_PREFIX), 10, 0, G_MAXINT64, epoch, NULL))
		return FALSE;
	epoch_name(*epoch, canonical);
	return strcmp(name, canonical) == 0;
}

static gboolean
name_is_leftover(const char *name)
{
	return g_str_has_suffix(name, TEMP_SUFFIX) &&
	       (g_str_has_prefix(name, EPOCH_PREFIX) ||
		   strcmp(name, KEYDIR_CLOCK TEMP_SUFFIX) == 0 ||
		   strcmp(name, KEYDIR_POLICY TEMP_SUFFIX) == 0 ||
		   strcmp(name, KEYDIR_RECEIPT TEMP_SUFFIX) == 0);
}

/* --- reading -------------------------------------------------------- */

/* -1 with errno ENOENT and no *err if there is no such file. */
static int
file_open(
    const struct keydir *dir, const char *name, struct stat *st, GError **err)
{
	fd_auto fd = openat(
	    dir->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int opened = fd;

	if (fd < 0) {
		if (errno != ENOENT)
			error_fail_errno(err, ERROR_TEMP,
			    "cannot open a file in the key directory");
		return -1;
	}
	if (fstat(fd, st) != 0) {
		error_fail_errno(err, ERROR_TEMP,
		    "cannot examine a file in the key directory");
		return -1;
	}
	if (!S_ISREG(st->st_mode) || st->st_uid != geteuid() ||
	    (st->st_mode & 077) != 0) {
		error_fail(err, ERROR_DENIED,
		    "a file in the key directory is none of ours: it must be "
		    "a plain file of the vault's user, closed to all others");
		return -1;
	}
	fd = -1;
	return opened;
}

static gboolean
read_all(int fd, guint8 *data, gsize len)
{
	while (len > 0) {
		ssize_t n = read(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		data += n;
		len -= (gsize)n;
	}
	return TRUE;
}

gboolean
keydir_read_num(
    struct keydir *dir, const char *name, gint64 *value, GError **err)
{
	g_autoptr(GError) failure = NULL;
	struct stat st;
	fd_auto fd = file_open(dir, name, &st, &failure);
	char text[NUM_SIZE] = {0};

	*value = -1;
	if (failure != NULL) {
		g_propagate_error(err, g_steal_pointer(&failure));
		return FALSE;
	}
	if (fd < 0)
		return TRUE;
	if (st.st_size < 1 || st.st_size >= NUM_SIZE ||
	    !read_all(fd, (guint8 *)text, (gsize)st.st_size) ||
	    !g_ascii_string_to_signed(
		g_strchomp(text), 10, 0, G_MAXINT64, value, NULL))
		return error_fail(err, ERROR_PERM,
		    "clock or policy in the key directory is damaged: it "
		    "must hold one number of seconds");
	return TRUE;
}

gboolean
keydir_read_epoch(
    struct keydir *dir, gint64 epoch, guint8 *image, gsize len, GError **err)
{
	g_autoptr(GError) failure = NULL;
	char name[NAME_SIZE];
	struct stat st;
	fd_auto fd = -1;

	epoch_name(epoch, name);
	fd = file_open(dir, name, &st, &failure);
	if (failure != NULL) {
		g_propagate_error(err, g_steal_pointer(&failure));
		return FALSE;
	}
	if (fd < 0 || st.st_size != (off_t)len || !read_all(fd, image, len))
		return error_fail_num(err, ERROR_PERM,
		    "an epoch file is damaged: restore it, or remove it to "
		    "forget what it opened; number",
		    epoch);
	return TRUE;
}

gboolean
keydir_read_receipt(
    struct keydir *dir, guint8 *image, gsize len, GError **err)
{
	struct stat st;
	fd_auto fd = file_open(dir, KEYDIR_RECEIPT, &st, err);

	if (fd < 0)
		return FALSE;
	return (st.st_size == (off_t)len && read_all(fd, image, len)) ||
	    error_fail(err, ERROR_PERM,
		"\"receipt\" in the key directory is damaged: restore it, or "
		"remove it to sign with another key from now on");
}

/* --- destroying ----------------------------------------------------- */

static gboolean
write_all(int fd, const guint8 *data, gsize len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		data += n;
		len -= (gsize)n;
	}
	return TRUE;
}

static gboolean
write_zeros(int fd, off_t len)
{
	static const guint8 zeros[512];

	for (off_t done = 0; done < len; done += (off_t)sizeof zeros) {
		off_t left = MIN(len - done, (off_t)sizeof zeros);

		if (!write_all(fd, zeros, (gsize)left))
			return FALSE;
	}
	return TRUE;
}

static gboolean
file_destroy(const struct keydir *dir, const char *name, GError **err)
{
	g_autoptr(GError) failure = NULL;
	struct stat st;
	fd_auto fd = file_open(dir, name, &st, &failure);
	fd_auto out = -1;

	if (failure != NULL) {
		g_propagate_error(err, g_steal_pointer(&failure));
		return FALSE;
	}
	if (fd < 0)
		return TRUE;
	/* Nobody may write an epoch file while it lives. */
	if (fchmod(fd, 0600) == 0)
		out = openat(dir->fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0 || !write_zeros(out, st.st_size) || fsync(out) != 0)
		return error_fail_errno(err, ERROR_TEMP,
		    "cannot overwrite a file in the key directory");
	if (unlinkat(dir->fd, name, 0) != 0 || fsync(dir->fd) != 0)
		return error_fail_errno(err, ERROR_TEMP,
		    "cannot remove a file from the key directory");
	return TRUE;
}

gboolean
keydir_destroy_epoch(struct keydir *dir, gint64 epoch, GError **err)
{
	char name[NAME_SIZE];

	epoch_name(epoch, name);
	return file_destroy(dir, name, err);
}

/* --- writing -------------------------------------------------------- */

static gboolean
temp_write(
    const struct keydir *dir, const char *temp, const guint8 *data, gsize len)
{
	fd_auto fd = openat(dir->fd, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);

	/* The umask may have taken bits away, never added any. */
	return fd >= 0 && fchmod(fd, 0400) == 0 && write_all(fd, data, len) &&
	       fsync(fd) == 0;
}

static gboolean
file_write(const struct keydir *dir, const char *name, const guint8 *data,
    gsize len, GError **err)
{
	char temp[NAME_SIZE];

	g_snprintf(temp, sizeof temp, "%s" TEMP_SUFFIX, name);
	if (!file_destroy(dir, temp, err))
		return FALSE;
	if (temp_write(dir, temp, data, len) &&
	    renameat(dir->fd, temp, dir->fd, name) == 0 && fsync(dir->fd) == 0)
		return TRUE;
	error_fail_errno(
	    err, ERROR_TEMP, "cannot write a file in the key directory");
	(void)file_destroy(dir, temp, NULL);
	return FALSE;
}

gboolean
keydir_write_num(
    struct keydir *dir, const char *name, gint64 value, GError **err)
{
	char text[NUM_SIZE];

	g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT "\n", value);
	return file_write(dir, name, (const guint8 *)text, strlen(text), err);
}

gboolean
keydir_write_epoch(struct keydir *dir, gint64 epoch, const guint8 *image,
    gsize len, GError **err)
{
	char name[NAME_SIZE];

	epoch_name(epoch, name);
	return file_write(dir, name, image, len, err);
}

gboolean
keydir_write_receipt(
    struct keydir *dir, const guint8 *image, gsize len, GError **err)
{
	return file_write(dir, KEYDIR_RECEIPT, image, len, err);
}

/* --- scanning ------------------------------------------------------- */

static gint
newest_first(gconstpointer a, gconstpointer b)
{
	gint64 x = *(const gint64 *)a;
	gint64 y = *(const gint64 *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* Reads all names first: the directory changes while leftovers go. */
static GPtrArray *
names_read(const struct keydir *dir, GError **err)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int saved;

	if (listing == NULL) {
		error_fail_errno(
		    err, ERROR_TEMP, "cannot list the key directory");
		if (fd >= 0)
			(void)close(fd);
		return NULL;
	}
	errno = 0;
	while ((entry = readdir(listing)) != NULL)
		g_ptr_array_add(names, g_strdup(entry->d_name));
	saved = errno;
	(void)closedir(listing);
	errno = saved;
	if (saved != 0) {
		error_fail_errno(
		    err, ERROR_TEMP, "cannot list the key directory");
		return NULL;
	}
	return g_steal_pointer(&names);
}

gboolean
keydir_scan(struct keydir *dir, GArray *epochs, GError **err)
{
	g_autoptr(GPtrArray) names = names_read(dir, err);

	if (names == NULL)
		return FALSE;
	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		gint64 epoch;

		if (epoch_from_name(name, &epoch))
			g_array_append_val(epochs, epoch);
		else if (name_is_leftover(name) &&
			 !file_destroy(dir, name, err))
			return FALSE;
	}
	g_array_sort(epochs, newest_first);
	return TRUE;
}
