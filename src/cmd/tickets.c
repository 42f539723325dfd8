#include "cmd/tickets.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "report/table.h"
#include "ticket/flag.h"

#include "base/banned.h"

#define PAGE 100
#define NAME_LEN_MAX 64

#define NOW_S (g_get_real_time() / G_USEC_PER_SEC)

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
add_words(JsonBuilder *b, const char *name, const char *words)
{
	g_auto(GStrv) list = g_strsplit(words, ",", -1);

	json_builder_set_member_name(b, name);
	json_builder_begin_array(b);
	for (char **word = list; *word != NULL; word++)
		json_builder_add_string_value(b, *word);
	json_builder_end_array(b);
}

static void
ticket_json(JsonBuilder *b, const struct proto_ctl_ticket *t)
{
	g_autofree char *flags = ticket_flags_show(t->flags);
	char shown[NUMBER_TEXT_SIZE];

	json_builder_begin_object(b);
	ctl_add_text(b, "number", number_show(&t->number, shown));
	ctl_add_text(b, "state", t->state);
	ctl_add_text(b, "queue", t->queue);
	ctl_add_text(b, "player", t->pseudonym);
	ctl_add_text(b, "agent", t->agent);
	ctl_add_text(b, "category", t->category);
	ctl_add_text(b, "lang", t->lang);
	ctl_add_num(b, "level", t->level);
	add_words(b, "flags", flags);
	ctl_add_num(b, "messages", t->messages);
	ctl_add_time(b, "opened", t->opened);
	ctl_add_time(b, "acknowledged", t->acknowledged);
	ctl_add_time(b, "answered", t->answered);
	ctl_add_time(b, "waiting", t->waiting);
	ctl_add_time(b, "closed", t->closed);
	ctl_add_time(b, "first_reply_due", t->first_reply_due);
	ctl_add_time(b, "decision_due", t->decision_due);
	json_builder_set_member_name(b, "rating");
	if (t->rating == 0)
		json_builder_add_null_value(b);
	else
		json_builder_add_int_value(b, t->rating);
	json_builder_end_object(b);
}

/* --- list --------------------------------------------------------------- */

static void
ticket_line(const struct proto_ctl_ticket *t)
{
	char shown[NUMBER_TEXT_SIZE];
	g_autofree char *opened = ctl_time(t->opened);

	printf("%-9s  %-6s  %-10s  %u  %-12s  %-2s  %3u  %s  %-10s  %s\n",
	    number_show(&t->number, shown), t->state, t->queue, t->level,
	    or_dash(t->category), or_dash(t->lang), t->messages, opened,
	    or_dash(t->agent), player_show(t->pseudonym));
}

/* Prints one page of tickets; *after becomes its last number. */
static gboolean
list_page(const struct ctl *ctl, JsonBuilder *b,
    struct proto_ctl_list *request, guint *len, GError **err)
{
	struct proto_ctl_list_is page = {0};
	const struct ipc_call call = {.request_type = PROTO_CTL_LIST,
	    .request = request,
	    .answer_type = PROTO_CTL_LIST_IS,
	    .answer = &page};

	if (!ctl_ask(ctl, &call, err))
		return FALSE;
	*len = page.tickets->len;
	for (guint i = 0; i < page.tickets->len; i++) {
		const struct proto_ctl_ticket *t = &g_array_index(page.tickets,
		    struct proto_ctl_ticket, i);

		if (b != NULL)
			ticket_json(b, t);
		else
			ticket_line(t);
		request->after = t->number;
	}
	proto_clear(PROTO_CTL_LIST_IS, &page);
	return TRUE;
}

int
tickets_list(const struct ctl *ctl, GError **err)
{
	g_autoptr(JsonBuilder) b = ctl->as_json ? json_builder_new() : NULL;
	struct proto_ctl_list request = {.limit = PAGE, .queue = (char *)""};
	guint len = PAGE;

	if (b != NULL)
		json_builder_begin_array(b);
	while (len == PAGE)
		if (!list_page(ctl, b, &request, &len, err))
			return EXIT_TROUBLE;
	if (b != NULL) {
		json_builder_end_array(b);
		ctl_print(b);
	}
	return 0;
}

/* --- show --------------------------------------------------------------- */

static gboolean
number_read(const char *text, struct number *out, GError **err)
{
	return number_parse(text, strlen(text), out) ||
	    error_fail(err, ERROR_PERM,
		"not a ticket number: 8 characters such as K7F3-9Q2Y, "
		"of which the last must fit");
}

static void
ticket_print(const struct ctl *ctl, const struct proto_ctl_ticket *ticket)
{
	if (ctl->as_json) {
		g_autoptr(JsonBuilder) b = json_builder_new();

		ticket_json(b, ticket);
		ctl_print(b);
	} else {
		g_autofree char *text = report_show_text(ticket, NOW_S);

		fputs(text, stdout);
	}
}

int
tickets_show(const struct ctl *ctl, const char *number, GError **err)
{
	struct proto_ctl_show request = {0};
	struct proto_ctl_show_is answer = {0};
	const struct ipc_call call = {.request_type = PROTO_CTL_SHOW,
	    .request = &request,
	    .answer_type = PROTO_CTL_SHOW_IS,
	    .answer = &answer};
	gboolean is_found;

	if (!number_read(number, &request.number, err))
		return EXIT_USAGE;
	if (!ctl_ask(ctl, &call, err))
		return EXIT_TROUBLE;
	is_found = answer.is_found != 0;
	if (is_found)
		ticket_print(ctl, &answer.ticket);
	proto_clear(PROTO_CTL_SHOW_IS, &answer);
	if (is_found)
		return 0;
	error_fail(err, ERROR_PERM, "no such ticket");
	return EXIT_TROUBLE;
}

/* --- forget ------------------------------------------------------------- */

static void
forgotten_print(const struct ctl *ctl, const struct number *number,
    const struct proto_ctl_forget_is *answer)
{
	char shown[NUMBER_TEXT_SIZE];

	(void)number_show(number, shown);
	if (ctl->as_json) {
		g_autoptr(JsonBuilder) b = json_builder_new();

		json_builder_begin_object(b);
		ctl_add_text(b, "number", shown);
		ctl_add_num(b, "tickets_forgotten", answer->tickets);
		json_builder_end_object(b);
		ctl_print(b);
	} else if (!answer->is_known) {
		printf("%s: the player was forgotten before\n", shown);
	} else {
		printf("%s: the player is forgotten, with %u %s; answers can "
		       "no longer reach him\n"
		       "The agents' mailboxes keep the copies they have.\n",
		    shown, answer->tickets,
		    answer->tickets == 1 ? "ticket" : "tickets");
	}
}

int
tickets_forget(const struct ctl *ctl, const char *number, GError **err)
{
	struct proto_ctl_forget request = {0};
	struct proto_ctl_forget_is answer = {0};
	const struct ipc_call call = {.request_type = PROTO_CTL_FORGET,
	    .request = &request,
	    .answer_type = PROTO_CTL_FORGET_IS,
	    .answer = &answer};

	if (!number_read(number, &request.number, err))
		return EXIT_USAGE;
	if (!ctl_ask(ctl, &call, err))
		return EXIT_TROUBLE;
	if (!answer.is_found) {
		error_fail(err, ERROR_PERM, "no such ticket");
		return EXIT_TROUBLE;
	}
	forgotten_print(ctl, &request.number, &answer);
	return 0;
}

/* --- vip ---------------------------------------------------------------- */

static void
vip_print(const struct ctl *ctl, const struct proto_ctl_vip *vip,
    const struct proto_ctl_vip_is *answer)
{
	if (ctl->as_json) {
		g_autoptr(JsonBuilder) b = json_builder_new();

		json_builder_begin_object(b);
		ctl_add_text(b, "player", vip->pseudonym);
		ctl_add_text(b, "agent", vip->agent);
		ctl_add_num(b, "tickets", answer->tickets);
		json_builder_end_object(b);
		ctl_print(b);
	} else if (vip->agent[0] == '\0') {
		printf("%s is a player as any other now\n", vip->pseudonym);
	} else {
		printf("%s belongs to %s now; open tickets: %u\n",
		    vip->pseudonym, vip->agent, answer->tickets);
	}
}

/* Texts of the command line that cannot be names are not asked for. */
static gboolean
is_name(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) && strchr("._-", *p) == NULL)
			return FALSE;
	return text[0] != '\0' && strlen(text) <= NAME_LEN_MAX;
}

int
tickets_vip(const struct ctl *ctl, const char *pseudonym, const char *agent,
    GError **err)
{
	g_autofree char *player = g_ascii_strdown(pseudonym, -1);
	g_autofree char *name =
	    g_ascii_strdown(strcmp(agent, "-") == 0 ? "" : agent, -1);
	const struct proto_ctl_vip request = {
	    .pseudonym = player, .agent = name};
	struct proto_ctl_vip_is answer = {0};
	const struct ipc_call call = {.request_type = PROTO_CTL_VIP,
	    .request = &request,
	    .answer_type = PROTO_CTL_VIP_IS,
	    .answer = &answer};

	if (!is_name(player)) {
		error_fail(err, ERROR_PERM,
		    "not a player's name, such as amber-otter-41");
		return EXIT_USAGE;
	}
	if (name[0] != '\0' && !is_name(name)) {
		error_fail(err, ERROR_PERM,
		    "not an agent's name: what stands before the @ of his "
		    "address, or - for nobody");
		return EXIT_USAGE;
	}
	if (!ctl_ask(ctl, &call, err))
		return EXIT_TROUBLE;
	if (!answer.is_found) {
		error_fail(err, ERROR_PERM, "no such player");
		return EXIT_TROUBLE;
	}
	vip_print(ctl, &request, &answer);
	return 0;
}
