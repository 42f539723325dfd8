/*
 * Commands of agents and requests to the control address.
 * The first octet picks; an even one lays the rest of the input over a
 * good text, so that the deep branches are met early. What is read is checked
 * for what the callers rely on.
 */
#include <string.h>

#include <glib.h>

#include "disturb.h"
#include "reach.h"

#include "base/error.h"
#include "mail/ask.h"
#include "mail/steer.h"

#include "base/banned.h"

#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static const char *const queues[] = {"support", "vip_eu", NULL};
static const char *const categories[] = {"deposit", "withdrawal", NULL};
static const char *const answers[] = {"mirror", "withdrawal-limits", NULL};
static const char *const fields[] = {"days", "limit", "link", NULL};

static const struct steer_names names = {queues, categories, answers, fields};

/* An error of ours holds nothing of the text: ASCII, and of a few shapes. */
static void
check_error(const GError *err)
{
	const char *end;

	g_assert(error_is(err, ERROR_PERM));
	g_assert(g_str_is_ascii(err->message));
	end = strrchr(err->message, ':');
	g_assert(end != NULL && end[1] == ' ' && end[2] != '\0' &&
	    strspn(end + 2, "0123456789") == strlen(end + 2));
}

static gboolean
is_one_line(const char *text)
{
	return g_utf8_validate(text, -1, NULL) &&
	    strpbrk(text, "\r\n\t") == NULL;
}

static void
check_command(const struct steer_command *command, guint *seen)
{
	g_assert(command->verb < STEER_END);
	g_assert((*seen & 1U << command->verb) == 0);
	*seen |= 1U << command->verb;
	g_assert(is_one_line(command->reason));
	g_assert(command->verb == STEER_NOTE ||
	    strlen(command->reason) <= STEER_REASON_MAX);
	g_assert((command->close != 0) == (command->verb == STEER_CLOSE));
	g_assert(command->close != STEER_REFUSED ||
	    command->reason[0] != '\0');
	g_assert((command->close == STEER_DUPLICATE) ==
	    number_is_set(&command->number));
	g_assert(command->verb != STEER_KYC || command->reason[0] != '\0');
	g_assert((command->fields != NULL) == (command->verb == STEER_SEND));
	for (guint i = 0; command->fields != NULL && i < command->fields->len;
	     i++) {
		const struct steer_field *field =
		    &g_array_index(command->fields, struct steer_field, i);

		g_assert(is_one_line(field->value));
		g_assert(field->value[0] != '\0');
		g_assert(strlen(field->value) <= STEER_VALUE_MAX);
	}
}

static void
check_steer(const char *text)
{
	g_auto(steer_auto) steer = {0};
	g_auto(steer_auto) again = {0};
	g_autoptr(GError) err = NULL;
	guint seen = 0;

	if (!steer_parse(text, &names, &steer, &err)) {
		check_error(err);
		return;
	}
	g_assert(g_utf8_validate(steer.text, -1, NULL));
	for (guint i = 0; i < steer.commands->len; i++) {
		REACHED();
		check_command(
		    &g_array_index(steer.commands, struct steer_command, i),
		    &seen);
	}
	if (steer.commands->len == 0)
		g_assert(strcmp(steer.text, text) == 0);
	/* No command is left in what is sent. */
	g_assert(steer_parse(steer.text, &names, &again, NULL) == FALSE ||
	    again.commands->len == 0);
}

static void
check_ask(const char *subject, const char *text)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(GArray) asks = ask_parse(subject, text, &err);

	if (asks == NULL) {
		check_error(err);
		return;
	}
	REACHED();
	g_assert(asks->len > 0 && asks->len <= ASK_MAX);
	for (guint i = 0; i < asks->len; i++) {
		const struct ask *ask = &g_array_index(asks, struct ask, i);

		g_assert((ask->what == ASK_SHOW) ==
		    number_is_set(&ask->number));
	}
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static const char *const good[] = {
	    "/close refused two accounts\n/take\n/lang de\n\nDear player\n",
	    "- /close duplicate 4000-000T\n- /note seen\n\nmore\n",
	    "/send withdrawal-limits limit=\"3 EUR\" days = 7 link=<http://x>",
	    "/queue vip-eu\n/category deposit\n/escalate now\n-- \nAnna\n",
	    "/kyc order\n/wait\nBest regards, Anna\n", "/help\n",
	    "list\nshow [4000-000T]\nstats\n\nhelp\n"};
	g_autofree char *raw = NULL;
	g_autofree char *text = NULL;
	guint pick;

	if (len == 0 || len > INPUT_MAX)
		return 0;
	REACH_INIT("steer");
	pick = data[0] / 2 % G_N_ELEMENTS(good);
	if ((data[0] & 1) == 0)
		raw = disturb(good[pick], data + 1, len - 1);
	else
		raw = g_strndup((const char *)data + 1, len - 1);
	text = g_utf8_make_valid(raw, -1);
	if (pick == G_N_ELEMENTS(good) - 1)
		check_ask(text, text);
	else
		check_steer(text);
	return 0;
}
