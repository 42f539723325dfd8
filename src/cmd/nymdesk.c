#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "cmd/check.h"
#include "cmd/ctl.h"
#include "cmd/receipt.h"
#include "cmd/report.h"
#include "cmd/tickets.h"
#include "postfix/filter.h"

#include "base/banned.h"

/* The command line. */
static gboolean as_json;
static gboolean keep_host;
static char *config_path;
static char *postfix_dir;
static char **receipt_keys;
static char *receipt_mail;
static char *report_since;
static char *report_page;
static char *report_queue;

/* --- status ------------------------------------------------------------ */

static const char *
hold_name(guint32 hold)
{
	switch ((enum proto_hold)hold) {
	case PROTO_HOLD_OPERATOR:
		return "operator";
	case PROTO_HOLD_BREAKER:
		return "breaker";
	case PROTO_HOLD_NONE:
		break;
	}
	return "none";
}

static void
status_json(const struct proto_ctl_status_is *s)
{
	g_autoptr(JsonBuilder) b = json_builder_new();

	json_builder_begin_object(b);
	ctl_add_num(b, "tickets_open", s->tickets_open);
	ctl_add_num(b, "tickets_closed", s->tickets_closed);
	ctl_add_num(b, "promises_open", s->promises_open);
	ctl_add_num(b, "promises_soon", s->promises_soon);
	ctl_add_num(b, "promises_late", s->promises_late);
	ctl_add_num(b, "promises_failed", s->promises_failed);
	ctl_add_time(b, "oldest_due", s->oldest_due);
	ctl_add_text(b, "post_hold", hold_name(s->post_hold));
	ctl_add_time(b, "post_since", s->post_since);
	ctl_add_num(b, "post_sent", s->post_sent);
	ctl_add_num(b, "guesses", s->guesses);
	json_builder_end_object(b);
	ctl_print(b);
}

static void
status_page(const struct proto_ctl_status_is *s)
{
	g_autofree char *oldest = ctl_time(s->oldest_due);
	g_autofree char *since = ctl_time(s->post_since);

	printf("tickets   open %" G_GINT64_FORMAT ", closed %" G_GINT64_FORMAT
	       "\n",
	    s->tickets_open, s->tickets_closed);
	printf("promises  open %" G_GINT64_FORMAT
	       ", due soon %" G_GINT64_FORMAT ", late %" G_GINT64_FORMAT
	       ", failed %" G_GINT64_FORMAT "\n",
	    s->promises_open, s->promises_soon, s->promises_late,
	    s->promises_failed);
	printf("oldest    due %s\n", oldest);
	printf("post      %" G_GINT64_FORMAT " mails to players this hour",
	    s->post_sent);
	if (s->post_hold != PROTO_HOLD_NONE)
		printf(", HELD by the %s since %s", hold_name(s->post_hold),
		    since);
	printf("\nguesses   %" G_GINT64_FORMAT
	       " addresses and numbers that do not hold this hour\n",
	    s->guesses);
}

static int
command_status(const struct ctl *ctl, GError **err)
{
	struct proto_ctl_status_is s = {0};
	const char nothing = 0;
	const struct ipc_call call = {.request_type = PROTO_CTL_STATUS,
	    .request = &nothing,
	    .answer_type = PROTO_CTL_STATUS_IS,
	    .answer = &s};

	if (!ctl_ask(ctl, &call, err))
		return EXIT_TROUBLE;
	if (as_json)
		status_json(&s);
	else
		status_page(&s);
	return s.promises_late > 0 || s.post_hold != PROTO_HOLD_NONE
	    ? EXIT_TROUBLE
	    : 0;
}

/* --- the post -------------------------------------------------------- */

static int
command_post(const struct ctl *ctl, const char *verb, GError **err)
{
	gboolean is_hold = strcmp(verb, "hold") == 0;
	struct proto_ctl_post request = {
	    .hold = is_hold ? PROTO_HOLD_OPERATOR : PROTO_HOLD_NONE};
	struct proto_ctl_post_is answer = {0};
	const struct ipc_call call = {.request_type = PROTO_CTL_POST,
	    .request = &request,
	    .answer_type = PROTO_CTL_POST_IS,
	    .answer = &answer};

	if (!ctl_ask(ctl, &call, err))
		return EXIT_TROUBLE;
	if (as_json) {
		g_autoptr(JsonBuilder) b = json_builder_new();

		json_builder_begin_object(b);
		ctl_add_text(b, "post_hold", hold_name(request.hold));
		ctl_add_text(b, "was", hold_name(answer.was));
		ctl_add_num(b, "waiting", answer.waiting);
		json_builder_end_object(b);
		ctl_print(b);
	} else if (is_hold) {
		printf("the post is held: no mail leaves for a player until "
		       "\"nymdesk post release\"; %" G_GINT64_FORMAT
		       " promises wait, answers stay with Postfix\n",
		    answer.waiting);
	} else {
		printf("the post is released; %" G_GINT64_FORMAT
		       " promises go out now\n",
		    answer.waiting);
	}
	return 0;
}

/* --- check ------------------------------------------------------------- */

static int
command_check(void)
{
	GArray *rows = check_all(config_path, postfix_dir);
	g_autoptr(JsonBuilder) b = as_json ? json_builder_new() : NULL;
	int code = 0;

	if (b != NULL)
		json_builder_begin_array(b);
	for (guint i = 0; i < rows->len; i++) {
		const struct check_row *row =
		    &g_array_index(rows, struct check_row, i);

		if (row->state == CHECK_FAIL)
			code = EXIT_TROUBLE;
		if (b == NULL) {
			printf("%-4s  %-13s  %s\n",
			    check_state_name(row->state), row->what,
			    row->detail);
			continue;
		}
		json_builder_begin_object(b);
		ctl_add_text(b, "check", row->what);
		ctl_add_text(b, "state", check_state_name(row->state));
		ctl_add_text(b, "detail", row->detail);
		json_builder_end_object(b);
	}
	if (b != NULL) {
		json_builder_end_array(b);
		ctl_print(b);
	}
	check_free(rows);
	return code;
}

/* --- logfilter --------------------------------------------------------- */

static int
command_logfilter(GError **err)
{
	const struct postfix_filter filter = {.keep_host = keep_host};

	/* Whoever stops Postfix stops the writer; its last lines count. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	return postfix_filter_run(&filter, STDIN_FILENO, STDOUT_FILENO, err)
	    ? 0
	    : EXIT_TROUBLE;
}

static int
command_receipt(char **args, GError **err)
{
	const struct receipt_options options = {.config_path = config_path,
	    .keys = (const char *const *)receipt_keys,
	    .mail_path = receipt_mail,
	    .as_json = as_json};

	return receipt_command(args, &options, err);
}

static int
command_report(const struct ctl *ctl, GError **err)
{
	const struct report_options options = {.since = report_since,
	    .html_path = report_page,
	    .queue = report_queue};

	return report_command(ctl, &options, err);
}

/* Of one ticket or player. */
static int
command_one(const struct ctl *ctl, int argc, char **argv, GError **err)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 3 && strcmp(verb, "show") == 0)
		return tickets_show(ctl, argv[2], err);
	if (argc == 3 && strcmp(verb, "forget") == 0)
		return tickets_forget(ctl, argv[2], err);
	if (argc == 4 && strcmp(verb, "vip") == 0)
		return tickets_vip(ctl, argv[2], argv[3], err);
	error_fail(err, ERROR_PERM,
	    "usage: nymdesk [-c FILE] [--json] status | list | show NUMBER | "
	    "forget NUMBER | vip PSEUDONYM AGENT|- | report | "
	    "post hold|release | receipt key|verify | check | logfilter");
	return EXIT_USAGE;
}

static int
command_run(const struct ctl *ctl, int argc, char **argv, GError **err)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 2 && strcmp(verb, "status") == 0)
		return command_status(ctl, err);
	if (argc == 2 && strcmp(verb, "list") == 0)
		return tickets_list(ctl, err);
	if (argc == 2 && strcmp(verb, "report") == 0)
		return command_report(ctl, err);
	if (argc == 3 && strcmp(verb, "post") == 0 &&
	    (strcmp(argv[2], "hold") == 0 || strcmp(argv[2], "release") == 0))
		return command_post(ctl, argv[2], err);
	if (argc == 2 && strcmp(verb, "check") == 0)
		return command_check();
	if (argc == 2 && strcmp(verb, "logfilter") == 0)
		return command_logfilter(err);
	if (strcmp(verb, "receipt") == 0)
		return command_receipt(argv + 2, err);
	return command_one(ctl, argc, argv, err);
}

int
main(int argc, char **argv)
{
	const GOptionEntry entries[] = {
	    {"config", 'c', 0, G_OPTION_ARG_FILENAME, &config_path,
		"Configuration file (" ND_SYSCONFDIR "/nymdesk.conf)", "FILE"},
	    {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Answer in JSON",
		NULL},
	    {"postfix", 0, 0, G_OPTION_ARG_FILENAME, &postfix_dir,
		"check: Postfix's configuration directory", "DIR"},
	    {"keep-host", 0, 0, G_OPTION_ARG_NONE, &keep_host,
		"logfilter: write the host name of the log", NULL},
	    {"key", 0, 0, G_OPTION_ARG_STRING_ARRAY, &receipt_keys,
		"receipt verify: a public key; may be repeated", "KEY"},
	    {"mail", 0, 0, G_OPTION_ARG_FILENAME, &receipt_mail,
		"receipt verify: the mail that was sent", "FILE"},
	    {"since", 0, 0, G_OPTION_ARG_STRING, &report_since,
		"report: the time before now (" REPORT_SINCE ")", "TIME"},
	    {"html", 0, 0, G_OPTION_ARG_FILENAME, &report_page,
		"report: write a page there", "FILE"},
	    {"queue", 0, 0, G_OPTION_ARG_STRING, &report_queue,
		"report: of this queue only", "NAME"},
	    {0}};
	g_autoptr(GOptionContext) options =
	    g_option_context_new("status | list | show NUMBER | "
				 "forget NUMBER | vip PSEUDONYM AGENT|- | "
				 "report | post hold|release | "
				 "receipt key|verify | check | logfilter");
	g_autoptr(GError) error = NULL;
	struct ctl ctl;
	int code;

	sandbox_no_dump();
	log_init(ROLE_CTL, LOG_LEVEL_WARN);
	g_option_context_set_summary(options,
	    "Looks at a running nymdesk, reports on it, has it forget a player "
	    "at once, or holds its mails to players. "
	    "No answer ever holds an address.");
	g_option_context_add_main_entries(options, entries, NULL);
	if (!g_option_context_parse(options, &argc, &argv, &error)) {
		fprintf(stderr, "nymdesk: %s\n", error->message);
		return EXIT_USAGE;
	}
	if (config_path == NULL)
		config_path = g_strdup(ND_SYSCONFDIR "/nymdesk.conf");
	ctl = (struct ctl){.config_path = config_path, .as_json = as_json};
	code = command_run(&ctl, argc, argv, &error);
	if (error != NULL)
		fprintf(stderr, "nymdesk: %s\n", error->message);
	g_free(config_path);
	g_free(postfix_dir);
	g_strfreev(receipt_keys);
	g_free(receipt_mail);
	g_free(report_since);
	g_free(report_page);
	g_free(report_queue);
	return code;
}
