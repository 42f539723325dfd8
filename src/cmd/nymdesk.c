#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-glib/json-glib.h>

#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "cmd/check.h"
#include "cmd/receipt.h"
#include "postfix/filter.h"
#include "proto/ipc.h"
#include "ticket/flag.h"
#include "ticket/number.h"

#include "base/banned.h"

#define CALL_MS 10000
#define PAGE 100
#define EXIT_USAGE 64
#define EXIT_TROUBLE 1

static gboolean as_json;
static gboolean keep_host;
static char *config_path;
static char *postfix_dir;
static char **receipt_keys;
static char *receipt_mail;

/* --- output ------------------------------------------------------------ */

static void
json_print(JsonBuilder *builder)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = NULL;

	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	text = json_generator_to_data(generator, NULL);
	puts(text);
}

static void
json_add_text(JsonBuilder *b, const char *name, const char *value)
{
	json_builder_set_member_name(b, name);
	json_builder_add_string_value(b, value);
}

static void
json_add_num(JsonBuilder *b, const char *name, gint64 value)
{
	json_builder_set_member_name(b, name);
	json_builder_add_int_value(b, value);
}

static char *
time_show(gint64 at)
{
	g_autoptr(GDateTime) time = NULL;

	if (at == 0)
		return g_strdup("-");
	time = g_date_time_new_from_unix_utc(at);
	return time == NULL ? g_strdup("-")
			    : g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
}

/* Times in JSON are RFC 3339 texts, null if unset. */
static void
json_add_time(JsonBuilder *b, const char *name, gint64 at)
{
	g_autofree char *text = time_show(at);

	json_builder_set_member_name(b, name);
	if (at == 0)
		json_builder_add_null_value(b);
	else
		json_builder_add_string_value(b, text);
}

static const char *
player_show(const char *pseudonym)
{
	return pseudonym[0] == '\0' ? "(forgotten)" : pseudonym;
}

static const char *
or_dash(const char *text)
{
	return text == NULL || text[0] == '\0' ? "-" : text;
}

static void
json_add_words(JsonBuilder *b, const char *name, const char *words)
{
	g_auto(GStrv) list = g_strsplit(words, ",", -1);

	json_builder_set_member_name(b, name);
	json_builder_begin_array(b);
	for (char **word = list; *word != NULL; word++)
		json_builder_add_string_value(b, *word);
	json_builder_end_array(b);
}

/* --- asking the desk --------------------------------------------------- */

static gboolean
desk_ask(enum proto_type type, gconstpointer request,
    enum proto_type answer_type, gpointer answer, GError **err)
{
	g_autoptr(config_auto) config = config_load_file(config_path, err);
	struct ipc_client *desk;
	gboolean ok;

	if (config == NULL)
		return FALSE;
	desk = ipc_client_new(config->run_dir, ROLE_DESK, ROLE_CTL, CALL_MS);
	ok = ipc_call(desk, type, request, -1, answer_type, answer, err);
	ipc_client_free(desk);
	return ok;
}

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
	json_add_num(b, "tickets_open", s->tickets_open);
	json_add_num(b, "tickets_closed", s->tickets_closed);
	json_add_num(b, "promises_open", s->promises_open);
	json_add_num(b, "promises_soon", s->promises_soon);
	json_add_num(b, "promises_late", s->promises_late);
	json_add_num(b, "promises_failed", s->promises_failed);
	json_add_time(b, "oldest_due", s->oldest_due);
	json_add_text(b, "post_hold", hold_name(s->post_hold));
	json_add_time(b, "post_since", s->post_since);
	json_add_num(b, "post_sent", s->post_sent);
	json_add_num(b, "guesses", s->guesses);
	json_builder_end_object(b);
	json_print(b);
}

static void
status_page(const struct proto_ctl_status_is *s)
{
	g_autofree char *oldest = time_show(s->oldest_due);
	g_autofree char *since = time_show(s->post_since);

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
command_status(GError **err)
{
	struct proto_ctl_status_is s = {0};
	char nothing = 0;

	if (!desk_ask(PROTO_CTL_STATUS, &nothing, PROTO_CTL_STATUS_IS, &s,
		err))
		return EXIT_TROUBLE;
	if (as_json)
		status_json(&s);
	else
		status_page(&s);
	return s.promises_late > 0 || s.post_hold != PROTO_HOLD_NONE
	    ? EXIT_TROUBLE
	    : 0;
}

/* --- tickets ----------------------------------------------------------- */

static void
ticket_json(JsonBuilder *b, const struct proto_ctl_ticket *t)
{
	g_autofree char *flags = ticket_flags_show(t->flags);
	char shown[NUMBER_TEXT_SIZE];

	json_builder_begin_object(b);
	json_add_text(b, "number", number_show(&t->number, shown));
	json_add_text(b, "state", t->state);
	json_add_text(b, "queue", t->queue);
	json_add_text(b, "player", t->pseudonym);
	json_add_text(b, "category", t->category);
	json_add_text(b, "lang", t->lang);
	json_add_num(b, "level", t->level);
	json_add_words(b, "flags", flags);
	json_add_num(b, "messages", t->messages);
	json_add_time(b, "opened", t->opened);
	json_add_time(b, "acknowledged", t->acknowledged);
	json_add_time(b, "answered", t->answered);
	json_add_time(b, "first_reply_due", t->first_reply_due);
	json_add_time(b, "decision_due", t->decision_due);
	json_builder_end_object(b);
}

static void
ticket_line(const struct proto_ctl_ticket *t)
{
	char shown[NUMBER_TEXT_SIZE];
	g_autofree char *opened = time_show(t->opened);

	printf("%-9s  %-6s  %-10s  %-12s  %-2s  %3u  %s  %s\n",
	    number_show(&t->number, shown), t->state, t->queue,
	    or_dash(t->category), or_dash(t->lang), t->messages, opened,
	    player_show(t->pseudonym));
}

static void
ticket_page(const struct proto_ctl_ticket *t)
{
	g_autofree char *flags = ticket_flags_show(t->flags);
	char shown[NUMBER_TEXT_SIZE];
	const struct {
		const char *name;
		gint64 at;
	} times[] = {{"opened", t->opened}, {"acknowledged", t->acknowledged},
	    {"answered", t->answered}, {"reply due", t->first_reply_due},
	    {"decision due", t->decision_due}};

	printf("%-13s %s\n", "ticket", number_show(&t->number, shown));
	printf("%-13s %s\n", "state", t->state);
	printf("%-13s %s, level %u\n", "queue", t->queue, t->level);
	printf("%-13s %s\n", "player", player_show(t->pseudonym));
	printf("%-13s %s\n", "category", or_dash(t->category));
	printf("%-13s %s\n", "language", or_dash(t->lang));
	printf("%-13s %u\n", "messages", t->messages);
	printf("%-13s %s\n", "flags", or_dash(flags));
	for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
		g_autofree char *text = time_show(times[i].at);

		printf("%-13s %s\n", times[i].name, text);
	}
}

/* Prints one page of tickets; *after becomes its last number. */
static gboolean
list_page(JsonBuilder *b, struct number *after, guint *len, GError **err)
{
	struct proto_ctl_list request = {.after = *after, .limit = PAGE};
	struct proto_ctl_list_is page = {0};

	if (!desk_ask(PROTO_CTL_LIST, &request, PROTO_CTL_LIST_IS, &page, err))
		return FALSE;
	*len = page.tickets->len;
	for (guint i = 0; i < page.tickets->len; i++) {
		const struct proto_ctl_ticket *t = &g_array_index(page.tickets,
		    struct proto_ctl_ticket, i);

		if (b != NULL)
			ticket_json(b, t);
		else
			ticket_line(t);
		*after = t->number;
	}
	proto_clear(PROTO_CTL_LIST_IS, &page);
	return TRUE;
}

static int
command_list(GError **err)
{
	g_autoptr(JsonBuilder) b = as_json ? json_builder_new() : NULL;
	struct number after = {{0}};
	guint len = PAGE;

	if (b != NULL)
		json_builder_begin_array(b);
	while (len == PAGE)
		if (!list_page(b, &after, &len, err))
			return EXIT_TROUBLE;
	if (b != NULL) {
		json_builder_end_array(b);
		json_print(b);
	}
	return 0;
}

static gboolean
number_read(const char *text, struct number *out, GError **err)
{
	return number_parse(text, strlen(text), out) ||
	    error_fail(err, ERROR_PERM,
		"not a ticket number: 8 characters such as K7F3-9Q2Y, "
		"of which the last must fit");
}

static int
command_show(const char *text, GError **err)
{
	struct proto_ctl_show request = {0};
	struct proto_ctl_show_is answer = {0};

	if (!number_read(text, &request.number, err))
		return EXIT_USAGE;
	if (!desk_ask(PROTO_CTL_SHOW, &request, PROTO_CTL_SHOW_IS, &answer,
		err))
		return EXIT_TROUBLE;
	if (!answer.is_found) {
		error_fail(err, ERROR_PERM, "no such ticket");
		proto_clear(PROTO_CTL_SHOW_IS, &answer);
		return EXIT_TROUBLE;
	}
	if (as_json) {
		g_autoptr(JsonBuilder) b = json_builder_new();

		ticket_json(b, &answer.ticket);
		json_print(b);
	} else {
		ticket_page(&answer.ticket);
	}
	proto_clear(PROTO_CTL_SHOW_IS, &answer);
	return 0;
}

static void
forgotten_print(const struct number *number,
    const struct proto_ctl_forget_is *answer)
{
	char shown[NUMBER_TEXT_SIZE];

	if (!answer->is_known) {
		printf("%s: the player was forgotten before\n",
		    number_show(number, shown));
		return;
	}
	printf("%s: the player is forgotten, with %u %s; answers can no "
	       "longer reach him\n"
	       "The agents' mailboxes keep the copies they have.\n",
	    number_show(number, shown), answer->tickets,
	    answer->tickets == 1 ? "ticket" : "tickets");
}

static int
command_forget(const char *text, GError **err)
{
	struct proto_ctl_forget request = {0};
	struct proto_ctl_forget_is answer = {0};
	char shown[NUMBER_TEXT_SIZE];

	if (!number_read(text, &request.number, err))
		return EXIT_USAGE;
	if (!desk_ask(PROTO_CTL_FORGET, &request, PROTO_CTL_FORGET_IS,
		&answer, err))
		return EXIT_TROUBLE;
	if (!answer.is_found) {
		error_fail(err, ERROR_PERM, "no such ticket");
		return EXIT_TROUBLE;
	}
	if (as_json) {
		g_autoptr(JsonBuilder) b = json_builder_new();

		json_builder_begin_object(b);
		json_add_text(b, "number", number_show(&request.number, shown));
		json_add_num(b, "tickets_forgotten", answer.tickets);
		json_builder_end_object(b);
		json_print(b);
	} else {
		forgotten_print(&request.number, &answer);
	}
	return 0;
}

/* --- the post -------------------------------------------------------- */

static int
command_post(const char *verb, GError **err)
{
	gboolean is_hold = strcmp(verb, "hold") == 0;
	struct proto_ctl_post request = {
	    .hold = is_hold ? PROTO_HOLD_OPERATOR : PROTO_HOLD_NONE};
	struct proto_ctl_post_is answer = {0};

	if (!desk_ask(PROTO_CTL_POST, &request, PROTO_CTL_POST_IS, &answer,
		err))
		return EXIT_TROUBLE;
	if (as_json) {
		g_autoptr(JsonBuilder) b = json_builder_new();

		json_builder_begin_object(b);
		json_add_text(b, "post_hold", hold_name(request.hold));
		json_add_text(b, "was", hold_name(answer.was));
		json_add_num(b, "waiting", answer.waiting);
		json_builder_end_object(b);
		json_print(b);
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
		json_add_text(b, "check", row->what);
		json_add_text(b, "state", check_state_name(row->state));
		json_add_text(b, "detail", row->detail);
		json_builder_end_object(b);
	}
	if (b != NULL) {
		json_builder_end_array(b);
		json_print(b);
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
command_run(int argc, char **argv, GError **err)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 2 && strcmp(verb, "status") == 0)
		return command_status(err);
	if (argc == 2 && strcmp(verb, "list") == 0)
		return command_list(err);
	if (argc == 3 && strcmp(verb, "show") == 0)
		return command_show(argv[2], err);
	if (argc == 3 && strcmp(verb, "forget") == 0)
		return command_forget(argv[2], err);
	if (argc == 3 && strcmp(verb, "post") == 0 &&
	    (strcmp(argv[2], "hold") == 0 || strcmp(argv[2], "release") == 0))
		return command_post(argv[2], err);
	if (argc == 2 && strcmp(verb, "check") == 0)
		return command_check();
	if (argc == 2 && strcmp(verb, "logfilter") == 0)
		return command_logfilter(err);
	if (strcmp(verb, "receipt") == 0)
		return command_receipt(argv + 2, err);
	error_fail(err, ERROR_PERM,
	    "usage: nymdesk [-c FILE] [--json] status | list | show NUMBER | "
	    "forget NUMBER | post hold|release | receipt key|verify | check | "
	    "logfilter");
	return EXIT_USAGE;
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
	    {0}};
	g_autoptr(GOptionContext) options =
	    g_option_context_new("status | list | show NUMBER | "
				 "forget NUMBER | post hold|release | "
				 "receipt key|verify | check | logfilter");
	g_autoptr(GError) error = NULL;
	int code;

	sandbox_no_dump();
	log_init(ROLE_CTL, LOG_LEVEL_WARN);
	g_option_context_set_summary(options,
	    "Looks at a running nymdesk, has it forget a player at once, or "
	    "holds its mails to players. "
	    "No answer ever holds an address.");
	g_option_context_add_main_entries(options, entries, NULL);
	if (!g_option_context_parse(options, &argc, &argv, &error)) {
		fprintf(stderr, "nymdesk: %s\n", error->message);
		return EXIT_USAGE;
	}
	if (config_path == NULL)
		config_path = g_strdup(ND_SYSCONFDIR "/nymdesk.conf");
	code = command_run(argc, argv, &error);
	if (error != NULL)
		fprintf(stderr, "nymdesk: %s\n", error->message);
	g_free(config_path);
	g_free(postfix_dir);
	g_strfreev(receipt_keys);
	g_free(receipt_mail);
	return code;
}
