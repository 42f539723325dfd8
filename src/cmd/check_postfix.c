#include "cmd/check_postfix.h"

#include <string.h>

#include <gio/gio.h>

#include "cmd/check.h"
#include "postfix/machine.h"
#include "postfix/settings.h"

#include "base/banned.h"

/* Where postconf is when PATH does not say so. */
#define PATHS "/usr/sbin:/usr/local/sbin:/sbin"

static char *
postconf_find(void)
{
	char *found = g_find_program_in_path("postconf");
	g_auto(GStrv) dirs = g_strsplit(PATHS, ":", -1);

	for (char **dir = dirs; found == NULL && *dir != NULL; dir++) {
		g_autofree char *path =
		    g_build_filename(*dir, "postconf", NULL);

		if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
			found = g_steal_pointer(&path);
	}
	return found;
}

/* What postconf prints, or NULL. */
static char *
postconf_run(const char *program, const char *dir, const char *what)
{
	const char *argv[] = {program, what, "-c", dir, NULL};
	g_autoptr(GSubprocess) child = NULL;
	char *text = NULL;

	if (dir == NULL)
		argv[2] = NULL;
	child = g_subprocess_newv(argv,
	    G_SUBPROCESS_FLAGS_STDOUT_PIPE |
		G_SUBPROCESS_FLAGS_STDERR_SILENCE,
	    NULL);
	if (child == NULL ||
	    !g_subprocess_communicate_utf8(child, NULL, NULL, &text, NULL,
		NULL))
		return NULL;
	if (!g_subprocess_get_successful(child))
		g_clear_pointer(&text, g_free);
	return text;
}

/* The value of one setting in postconf's output. Caller frees. */
static char *
value_find(const char *main, const char *name)
{
	g_autofree char *start = g_strconcat("\n", name, " = ", NULL);
	const char *at = strstr(main, start);

	if (at == NULL)
		return NULL;
	at += strlen(start);
	return g_strndup(at, strcspn(at, "\n"));
}

static char *
file_read(const char *path)
{
	char *text = NULL;

	(void)g_file_get_contents(path, &text, NULL, NULL);
	return text;
}

/* /proc/PID/limits of the master that runs on this queue, or NULL. */
static char *
master_limits(const char *queue)
{
	g_autofree char *path =
	    g_build_filename(queue, "pid", "master.pid", NULL);
	g_autofree char *pid = file_read(path);
	g_autofree char *limits = NULL;

	if (pid == NULL)
		return NULL;
	limits = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/limits",
	    g_ascii_strtoll(g_strstrip(pid), NULL, 10));
	return file_read(limits);
}

static void
machine_judge(const char *main, GArray *findings)
{
	g_autofree char *queue = value_find(main, "queue_directory");
	g_autofree char *swaps = file_read("/proc/swaps");
	g_autofree char *core = file_read("/proc/sys/kernel/core_pattern");
	g_autofree char *limits = queue != NULL ? master_limits(queue) : NULL;
	const struct postfix_machine machine = {
	    .queue = queue != NULL ? volume_of_path(queue) : VOLUME_UNKNOWN,
	    .swaps = swaps,
	    .swap_volume = volume_of_device,
	    .core_pattern = core,
	    .limits = limits};

	postfix_machine_judge(&machine, findings);
}

static void
rows_add(GArray *rows, GArray *findings)
{
	for (guint i = 0; i < findings->len; i++) {
		const struct postfix_finding *finding =
		    &g_array_index(findings, struct postfix_finding, i);

		check_row_add(rows, finding->what,
		    finding->severity == POSTFIX_REFUSE ? CHECK_FAIL
							: CHECK_WARN,
		    finding->detail);
	}
	if (findings->len == 0)
		check_row_add(rows, "settings", CHECK_OK,
		    "Postfix keeps no more than it must");
}

void
check_postfix_settings(GArray *rows, const struct config *config,
    const char *dir)
{
	g_autofree char *program = postconf_find();
	g_autofree char *main = NULL;
	g_autofree char *overrides = NULL;
	g_autofree char *services = NULL;
	const char *port = strrchr(config->post_server, ':');
	struct postfix_settings settings;
	GArray *findings;

	if (program == NULL) {
		check_row_add(rows, "settings", CHECK_WARN,
		    "there is no postconf here: look at Postfix's settings "
		    "on its own host");
		return;
	}
	main = postconf_run(program, dir, "-x");
	overrides = postconf_run(program, dir, "-Px");
	services = postconf_run(program, dir, "-M");
	if (main == NULL || overrides == NULL || services == NULL) {
		check_row_add(rows, "settings", CHECK_FAIL,
		    "postconf cannot read Postfix's settings; is --postfix "
		    "right?");
		return;
	}
	settings = (struct postfix_settings){.main = main,
	    .overrides = overrides,
	    .services = services,
	    .out_port = g_str_has_prefix(config->post_server, "inet:")
		? port + 1
		: NULL,
	    .milter = config->milter_listen,
	    .proxy = config->smtp_listen,
	    .transport = config->milter_transport,
	    .workers = (gint64)config->lmtp_workers,
	    .socketmap = config->socketmap_listen};
	findings = postfix_settings_judge(&settings);
	machine_judge(main, findings);
	rows_add(rows, findings);
	postfix_findings_free(findings);
}
