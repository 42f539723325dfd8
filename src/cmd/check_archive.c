#include "cmd/check_archive.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "cmd/check.h"

#include "base/banned.h"

struct finding {
	enum check_state state;
	const char *what; /* literal */
};

/* FALSE only if that can be known: another user's rights are not tried. */
static gboolean
post_may_read(const struct stat *st)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (!sandbox_role_ids(ROLE_POST, &uid, &gid, NULL))
		return TRUE;
	if (st->st_uid == uid)
		return (st->st_mode & S_IRUSR) != 0;
	if (st->st_gid == gid)
		return (st->st_mode & S_IRGRP) != 0;
	return (st->st_mode & S_IROTH) != 0;
}

static struct finding
password_judge(const char *path)
{
	struct stat st;

	if (path == NULL || path[0] == '\0')
		return (struct finding){CHECK_WARN,
		    "has no archive_password_file: nobody can log in there"};
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return (struct finding){CHECK_FAIL,
		    "has no password in its archive_password_file"};
	if (!post_may_read(&st))
		return (struct finding){CHECK_FAIL,
		    "nymdesk-post cannot read archive_password_file"};
	if ((st.st_mode & S_IROTH) != 0)
		return (struct finding){CHECK_WARN,
		    "everybody may read archive_password_file"};
	return (struct finding){CHECK_OK, "has a password"};
}

static gboolean
is_loopback(const char *url)
{
	const char *at = strrchr(url, '@');

	return at != NULL &&
	    (g_str_has_prefix(at, "@127.") || g_str_has_prefix(at, "@[::1]") ||
		g_str_has_prefix(at, "@localhost:") ||
		g_str_has_prefix(at, "@localhost/"));
}

static struct finding
queue_judge(const struct config_queue *queue)
{
	struct finding password = password_judge(queue->archive_password_file);
	gboolean is_proven = g_strcmp0(queue->archive_tls, "require") == 0;

	if (password.state == CHECK_OK && !is_proven &&
	    !is_loopback(queue->archive))
		return (struct finding){CHECK_WARN,
		    "archive_tls is not \"require\": who is on the way reads "
		    "every mail and the password"};
	return password;
}

static void
spool_check(GArray *rows, const struct config *config)
{
	struct stat st;
	uid_t uid;
	gid_t gid;

	if (stat(config->spool_dir, &st) != 0)
		check_row_add(rows, "spool_dir", CHECK_FAIL,
		    "does not exist; nymdeskd makes it when it starts");
	else if ((st.st_mode & 077) != 0)
		check_row_add(rows, "spool_dir", CHECK_FAIL,
		    "others may read it: chmod 700");
	else if (sandbox_role_ids(ROLE_POST, &uid, &gid, NULL) &&
	    st.st_uid != uid)
		check_row_add(rows, "spool_dir", CHECK_FAIL,
		    "belongs to the wrong user: chown it to nymdesk-post");
	else
		check_row_add(rows, "spool_dir", CHECK_OK,
		    "private to its role");
}

/* What an operator has to look after himself. */
static void
bad_check(GArray *rows, const struct config *config)
{
	g_autofree char *bad =
	    g_build_filename(config->spool_dir, "bad", NULL);
	GDir *dir = g_dir_open(bad, 0, NULL);

	if (dir == NULL)
		return;
	if (g_dir_read_name(dir) != NULL)
		check_row_add(rows, "spool_dir", CHECK_WARN,
		    "there are mails in \"bad\" that no archive has taken");
	g_dir_close(dir);
}

void
check_archives(GArray *rows, const struct config *config)
{
	if (!config_has_archive(config))
		return;
	spool_check(rows, config);
	bad_check(rows, config);
	for (guint i = 0; i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);
		struct finding found;
		g_autofree char *detail = NULL;

		if (!config_queue_has_archive(queue))
			continue;
		found = queue_judge(queue);
		detail = g_strdup_printf("queue %s: %s", queue->name,
		    found.what);
		check_row_add(rows, "archive", found.state, detail);
	}
}
