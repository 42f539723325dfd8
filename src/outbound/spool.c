#include "outbound/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#include "base/banned.h"

#define BAD "bad"
#define NEW_END ".new"
#define HELD_END ".held"
#define NEW_S 3600	   /* a post finishes a file within this time */
#define HELD_S 86400	   /* and a mail, or its successor does */
#define MEASURE_US (10 * G_USEC_PER_SEC)
#define CONTENT_MAX (G_GUINT64_CONSTANT(1) << 30)

struct spool {
	int dir;
	guint64 octets_max;
	guint64 octets; /* as counted at measured_us, and what we put since */
	gint64 measured_us;
};

struct spool *
spool_new(const char *dir, guint64 octets_max, GError **err)
{
	struct spool *spool = g_new0(struct spool, 1);

	spool->octets_max = octets_max;
	spool->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool->dir >= 0)
		return spool;
	error_fail_errno(err, ERROR_TEMP, "spool: cannot open the directory");
	g_free(spool);
	return NULL;
}

void
spool_free(struct spool *spool)
{
	if (spool == NULL)
		return;
	close(spool->dir);
	g_free(spool);
}

/* --- names ----------------------------------------------------------- */

/* "0006541a2b3c4d5e-1f2e3d4c.support": the hexadecimal microsecond in front
 * makes the order of names that of time. */
static char *
name_make(const struct spool_mail *mail)
{
	return g_strdup_printf("%016" G_GINT64_MODIFIER "x-%08x.%s",
	    (guint64)g_get_real_time(), g_random_int(), mail->queue);
}

static gboolean
is_queue_name(const char *name)
{
	return name[0] != '\0' &&
	    strspn(name, G_CSET_a_2_z G_CSET_DIGITS "-") == strlen(name);
}

/* NULL if it is no name of ours. */
static struct spool_entry *
name_parse(const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, ".", -1);
	struct spool_entry *entry;
	guint64 put;
	g_autofree char *time = g_strndup(name, 16);

	if (g_strv_length(parts) != 2 || strlen(name) > SPOOL_NAME_MAX ||
	    strlen(parts[0]) != 25 || parts[0][16] != '-' ||
	    !is_queue_name(parts[1]) ||
	    !g_ascii_string_to_unsigned(time, 16, 0, G_MAXINT64, &put, NULL))
		return NULL;
	entry = g_new0(struct spool_entry, 1);
	entry->name = g_strdup(name);
	entry->queue = g_strdup(parts[1]);
	entry->put = (gint64)put / G_USEC_PER_SEC;
	return entry;
}

static void
entry_free(gpointer data)
{
	struct spool_entry *entry = data;

	g_free(entry->name);
	g_free(entry->queue);
	g_free(entry);
}

/* ".<key>.held" */
static char *
held_end(const struct proto_key *job)
{
	GString *end = g_string_new(".");

	for (guint i = 0; i < PROTO_KEY_LEN; i++)
		g_string_append_printf(end, "%02x", job->b[i]);
	g_string_append(end, HELD_END);
	return g_string_free(end, FALSE);
}

/* --- looking through the directory ----------------------------------- */

typedef void (*visitor)(struct spool *spool, const char *name, gpointer data);

static gboolean
names_visit(struct spool *spool, visitor visit, gpointer data, GError **err)
{
	int fd = openat(spool->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *found;

	if (dir == NULL) {
		error_fail_errno(err, ERROR_TEMP,
		    "spool: cannot read the directory");
		if (fd >= 0)
			close(fd);
		return FALSE;
	}
	while ((found = readdir(dir)) != NULL)
		if (found->d_name[0] != '.')
			visit(spool, found->d_name, data);
	(void)closedir(dir);
	return TRUE;
}

static void
visit_measure(struct spool *spool, const char *name, gpointer data)
{
	guint64 *octets = data;
	struct stat st;

	if (fstatat(spool->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode))
		*octets += (guint64)st.st_size;
}

/* Others put and take as well: what we know is soon old. */
static gboolean
has_room(struct spool *spool, guint64 len, GError **err)
{
	gint64 now = g_get_monotonic_time();
	guint64 octets = 0;

	if (spool->measured_us == 0 || now - spool->measured_us > MEASURE_US ||
	    spool->octets + len > spool->octets_max) {
		if (!names_visit(spool, visit_measure, &octets, err))
			return FALSE;
		spool->octets = octets;
		spool->measured_us = now;
	}
	if (spool->octets + len <= spool->octets_max)
		return TRUE;
	return error_fail(err, ERROR_TEMP,
	    "spool: full, as the archive takes nothing");
}

/* --- putting --------------------------------------------------------- */

static gboolean
octets_write(int fd, GBytes *content)
{
	gsize len;
	const char *p = g_bytes_get_data(content, &len);

	while (len > 0) {
		gssize n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		p += n;
		len -= (gsize)n;
	}
	return fsync(fd) == 0;
}

/* Nothing is left of the temporary file after a failure. */
static gboolean
file_make(struct spool *spool, const char *name, GBytes *content, GError **err)
{
	g_autofree char *temp = g_strconcat(name, NEW_END, NULL);
	int fd = openat(spool->dir, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	gboolean ok;

	if (fd < 0)
		return error_fail_errno(err, ERROR_TEMP,
		    "spool: cannot make a file");
	ok = octets_write(fd, content);
	ok = close(fd) == 0 && ok;
	ok = ok && renameat(spool->dir, temp, spool->dir, name) == 0;
	ok = ok && fsync(spool->dir) == 0;
	if (ok) {
		spool->octets += g_bytes_get_size(content);
		return TRUE;
	}
	error_fail_errno(err, ERROR_TEMP, "spool: cannot write a file");
	(void)unlinkat(spool->dir, temp, 0);
	return FALSE;
}

static gboolean
mail_make(struct spool *spool, const struct spool_mail *mail, const char *end,
    GError **err)
{
	g_autofree char *name = name_make(mail);
	g_autofree char *whole = g_strconcat(name, end, NULL);

	if (!is_queue_name(mail->queue))
		return error_fail(err, ERROR_TEMP, "spool: no name of a queue");
	return has_room(spool, g_bytes_get_size(mail->content), err) &&
	    file_make(spool, whole, mail->content, err);
}

gboolean
spool_put(struct spool *spool, const struct spool_mail *mail, GError **err)
{
	return mail_make(spool, mail, "", err);
}

gboolean
spool_hold(struct spool *spool, const struct proto_key *job,
    const struct spool_mail *mail, GError **err)
{
	g_autofree char *end = held_end(job);

	return mail_make(spool, mail, end, err);
}

struct release {
	const char *end; /* borrowed */
	GPtrArray *names; /* own, of char */
};

static void
visit_held(struct spool *spool, const char *name, gpointer data)
{
	struct release *release = data;

	(void)spool;
	if (g_str_has_suffix(name, release->end))
		g_ptr_array_add(release->names, g_strdup(name));
}

gboolean
spool_release(struct spool *spool, const struct proto_key *job,
    gboolean is_sent, GError **err)
{
	g_autofree char *end = held_end(job);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	struct release release = {end, names};
	gboolean ok = names_visit(spool, visit_held, &release, err);

	for (guint i = 0; ok && i < names->len; i++) {
		const char *held = names->pdata[i];
		g_autofree char *name =
		    g_strndup(held, strlen(held) - strlen(end));

		/* Two of one job: an attempt before was cut short. */
		ok = is_sent && i == 0
		    ? renameat(spool->dir, held, spool->dir, name) == 0
		    : unlinkat(spool->dir, held, 0) == 0;
		ok = ok && fsync(spool->dir) == 0;
		if (!ok)
			error_fail_errno(err, ERROR_TEMP,
			    "spool: cannot release a file");
	}
	return ok;
}

/* --- taking ---------------------------------------------------------- */

struct list {
	const char *queue; /* borrowed */
	GPtrArray *all;	   /* borrowed, of struct spool_entry */
};

static void
visit_list(struct spool *spool, const char *name, gpointer data)
{
	const struct list *list = data;
	struct spool_entry *entry = name_parse(name);

	(void)spool;
	if (entry == NULL)
		return;
	if (list->queue == NULL || strcmp(list->queue, entry->queue) == 0)
		g_ptr_array_add(list->all, entry);
	else
		entry_free(entry);
}

static gint
compare_entries(gconstpointer a, gconstpointer b)
{
	const struct spool_entry *x = *(const struct spool_entry *const *)a;
	const struct spool_entry *y = *(const struct spool_entry *const *)b;

	return strcmp(x->name, y->name);
}

GPtrArray *
spool_list(struct spool *spool, const char *queue, guint max, GError **err)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(entry_free);
	struct list list = {queue, all};

	if (!names_visit(spool, visit_list, &list, err))
		return NULL;
	g_ptr_array_sort(all, compare_entries);
	if (all->len > max)
		g_ptr_array_remove_range(all, max, all->len - max);
	return g_steal_pointer(&all);
}

static gboolean
octets_read(int fd, char *p, gsize len)
{
	while (len > 0) {
		gssize n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		p += n;
		len -= (gsize)n;
	}
	return TRUE;
}

GBytes *
spool_read(struct spool *spool, const struct spool_entry *entry, GError **err)
{
	int fd = openat(spool->dir, entry->name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	g_autofree char *text = NULL;
	struct stat st;
	gboolean ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (guint64)st.st_size <= CONTENT_MAX;

	if (ok) {
		text = g_malloc((gsize)st.st_size + 1);
		ok = octets_read(fd, text, (gsize)st.st_size);
	}
	if (!ok)
		error_fail_errno(err, ERROR_TEMP, "spool: cannot read a file");
	if (fd >= 0)
		close(fd);
	return ok ? g_bytes_new_take(g_steal_pointer(&text),
			(gsize)st.st_size)
		  : NULL;
}

gboolean
spool_remove(struct spool *spool, const struct spool_entry *entry,
    GError **err)
{
	/* A mail that comes back after a loss of power is appended once. */
	return unlinkat(spool->dir, entry->name, 0) == 0 ||
	    error_fail_errno(err, ERROR_TEMP, "spool: cannot remove a file");
}

gboolean
spool_set_aside(struct spool *spool, const struct spool_entry *entry,
    GError **err)
{
	g_autofree char *name = g_strconcat(BAD "/", entry->name, NULL);

	if (mkdirat(spool->dir, BAD, 0700) != 0 && errno != EEXIST)
		return error_fail_errno(err, ERROR_TEMP,
		    "spool: cannot make the directory for bad files");
	return renameat(spool->dir, entry->name, spool->dir, name) == 0 ||
	    error_fail_errno(err, ERROR_TEMP,
		"spool: cannot set a file aside");
}

static void
visit_tidy(struct spool *spool, const char *name, gpointer data)
{
	gint64 life = g_str_has_suffix(name, NEW_END)	 ? NEW_S
	    : g_str_has_suffix(name, HELD_END) ? HELD_S
					       : 0;
	struct stat st;

	(void)data;
	if (life > 0 &&
	    fstatat(spool->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    g_get_real_time() / G_USEC_PER_SEC - st.st_mtime > life)
		(void)unlinkat(spool->dir, name, 0);
}

void
spool_tidy(struct spool *spool)
{
	(void)names_visit(spool, visit_tidy, NULL, NULL);
}
