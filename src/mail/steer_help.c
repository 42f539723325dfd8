#include "mail/steer.h"

#include <string.h>

#include "base/banned.h"

#define WIDTH 72
#define INDENT "    "

static const char head[] =
    "Begin your answer to a ticket's mail with one or more of these, each on\n"
    "a line of its own. A blank line ends them. What stands below it goes to\n"
    "the player; without commands all of your answer does. If one line cannot\n"
    "be understood, nothing is done and nothing is sent, and you are told.\n"
    "\n"
    "/close solved            the matter is settled\n"
    "/close refused REASON    we do not grant it; the reason is for your\n"
    "                         colleagues, and words to the player have to\n"
    "                         stand below\n"
    "/close duplicate NUMBER  the same matter as in ticket NUMBER\n"
    "/wait                    we wait for the player; the decision's clock\n"
    "                         stands still until he writes\n"
    "/note WORDS              for colleagues only: nothing of this mail's\n"
    "                         own words goes to the player\n"
    "/escalate REASON         to the next level; the reason may be left out\n"
    "/take                    this ticket is yours\n"
    "/queue NAME              moves the ticket to another queue\n"
    "/category NAME           corrects what it is about\n"
    "/lang CODE               corrects the player's language\n"
    "/send ANSWER field=value sends a canned answer in his language; values\n"
    "                         of several words in \"quotes\"\n"
    "/kyc REASON              allows this mail to ask for documents\n"
    "/forget                  destroys the player's address; he cannot be\n"
    "                         answered any more\n"
    "/help                    this text\n";

static void
append_list(GString *out, const char *title, const char *const *names)
{
	gsize column = 0; /* 0: no line was begun */

	g_string_append_printf(out, "\n%s:", title);
	for (; *names != NULL; names++) {
		gsize len = strlen(*names);

		if (column == 0 || column + 1 + len > WIDTH) {
			g_string_append(out, "\n" INDENT);
			column = strlen(INDENT);
		} else {
			g_string_append_c(out, ' ');
			column++;
		}
		g_string_append(out, *names);
		column += len;
	}
	g_string_append_c(out, '\n');
}

char *
steer_help(const struct steer_names *names)
{
	GString *out = g_string_new(head);

	append_list(out, "Queues", names->queues);
	append_list(out, "Categories", names->categories);
	append_list(out, "Languages", steer_langs());
	append_list(out, "Answers", names->answers);
	append_list(out, "Fields of answers", names->fields);
	return g_string_free(out, FALSE);
}
