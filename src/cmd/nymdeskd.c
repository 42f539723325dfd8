#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "cmd/supervise.h"

#include "base/banned.h"

int
main(int argc, char **argv)
{
	g_autofree char *path = NULL;
	g_autofree char *program_dir = NULL;
	gboolean sample = FALSE;
	const GOptionEntry entries[] = {
	    {"config", 'c', 0, G_OPTION_ARG_FILENAME, &path,
		"Configuration file (" ND_SYSCONFDIR "/nymdesk.conf)", "FILE"},
	    {"programs", 'b', 0, G_OPTION_ARG_FILENAME, &program_dir,
		"Directory of the roles (" ND_LIBEXECDIR ")", "DIR"},
	    {"sample", 0, 0, G_OPTION_ARG_NONE, &sample,
		"Print a configuration file with every key and its default",
		NULL},
	    {0}};
	g_autoptr(GOptionContext) options =
	    g_option_context_new("- supervise the roles of nymdesk");
	g_autoptr(GError) error = NULL;
	struct supervisor *supervisor;

	sandbox_no_dump();
	(void)umask(022);
	log_init(ROLE_SUPERVISOR, LOG_LEVEL_INFO);
	g_option_context_add_main_entries(options, entries, NULL);
	if (!g_option_context_parse(options, &argc, &argv, &error)) {
		fprintf(stderr, "nymdeskd: %s\n", error->message);
		return 64;
	}
	if (sample) {
		g_autoptr(GString) text = g_string_new(NULL);

		config_print_sample(text);
		fputs(text->str, stdout);
		return 0;
	}
	supervisor = supervisor_new(
	    path != NULL ? path : ND_SYSCONFDIR "/nymdesk.conf",
	    program_dir != NULL ? program_dir : ND_LIBEXECDIR, &error);
	if (supervisor == NULL || !supervisor_run(supervisor, &error)) {
		fprintf(stderr, "nymdeskd: %s\n", error->message);
		supervisor_free(supervisor);
		return 1;
	}
	supervisor_free(supervisor);
	return 0;
}
