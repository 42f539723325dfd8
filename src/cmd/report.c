#include "cmd/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "cmd/report_json.h"
#include "report/gather.h"
#include "report/page.h"

#include "base/banned.h"

#define FILE_MODE 0640
#define SINCE_MAX ((gint64)3660 * 86400) /* s; nothing is as old */

/* --- the file ----------------------------------------------------------- */

static gboolean
write_all(int fd, const char *text, GError **err)
{
	gsize left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_fail_errno(
			    err, ERROR_TEMP, "cannot write the page");
		text += n;
		left -= (gsize)n;
	}
	return TRUE;
}

/* A device or a link would be replaced, not written to. */
static gboolean
path_is_free(const char *path, GError **err)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return S_ISREG(st.st_mode) ||
		    error_fail(err, ERROR_PERM,
			"the page's file is something else already; - writes "
			"to the standard output");
	return errno == ENOENT ||
	    error_fail_errno(err, ERROR_PERM, "cannot look at the page's file");
}

/* Puts the page in a new file beside path, and moves it there. */
static gboolean
file_write(const char *path, const char *page, GError **err)
{
	g_autofree char *beside = g_strconcat(path, ".XXXXXX", NULL);
	gboolean ok;
	int fd;

	if (!path_is_free(path, err))
		return FALSE;
	fd = g_mkstemp_full(beside, O_WRONLY | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return error_fail_errno(
		    err, ERROR_PERM, "cannot make the page's file");
	ok = write_all(fd, page, err);
	/* Whatever the umask is. */
	if (ok && (fchmod(fd, FILE_MODE) < 0 || fsync(fd) < 0))
		ok = error_fail_errno(
		    err, ERROR_TEMP, "cannot keep the page's file");
	(void)close(fd);
	if (ok && rename(beside, path) < 0)
		ok = error_fail_errno(
		    err, ERROR_TEMP, "cannot move the page to its place");
	if (!ok)
		(void)unlink(beside);
	return ok;
}

/* --- the command -------------------------------------------------------- */

static struct kpi_report *
numbers_gather(
    const struct ctl *ctl, const struct gather *what, GError **err)
{
	g_autoptr(config_auto) config = config_load_file(ctl->config_path, err);
	struct kpi_report *report;
	struct ipc_client *desk;

	if (config == NULL)
		return NULL;
	if (what->queue != NULL &&
	    config_queue_by_name(config, what->queue) == NULL) {
		error_fail(err, ERROR_PERM,
		    "no queue of this name in the configuration");
		return NULL;
	}
	desk = ctl_desk(config);
	report = report_gather(desk, what, err);
	ipc_client_free(desk);
	return report;
}

static gboolean
since_read(const char *text, gint64 *out, GError **err)
{
	return (config_time_parse(text, out) && *out > 0 &&
		   *out <= SINCE_MAX) ||
	    error_fail(err, ERROR_PERM,
		"--since: a number of m, h, d or w, such as 30d, up to ten "
		"years");
}

static gboolean
report_print(const struct ctl *ctl, const struct report_options *options,
    const struct kpi_report *report, GError **err)
{
	const char *about =
	    options->queue == NULL ? "all queues" : options->queue;
	const char *path = options->html_path;
	g_autofree char *text = path != NULL ? report_html(report, about)
				: ctl->as_json ? report_json(report, about)
					       : report_text(report, about);

	if (path != NULL && strcmp(path, "-") != 0)
		return file_write(path, text, err);
	return (fputs(text, stdout) >= 0 &&
		   (!ctl->as_json || putchar('\n') >= 0) &&
		   fflush(stdout) == 0) ||
	    error_fail_errno(err, ERROR_TEMP, "cannot write the report");
}

int
report_command(
    const struct ctl *ctl, const struct report_options *options, GError **err)
{
	g_autoptr(kpi_report_auto) report = NULL;
	struct gather what = {.queue = options->queue,
	    .now = g_get_real_time() / G_USEC_PER_SEC};
	gint64 since;

	if (ctl->as_json && options->html_path != NULL) {
		error_fail(err, ERROR_PERM, "--json and --html: one of them");
		return EXIT_USAGE;
	}
	if (!since_read(options->since == NULL ? REPORT_SINCE : options->since,
		&since, err))
		return EXIT_USAGE;
	what.from = what.now - since;
	report = numbers_gather(ctl, &what, err);
	if (report == NULL || !report_print(ctl, options, report, err))
		return EXIT_TROUBLE;
	return 0;
}
