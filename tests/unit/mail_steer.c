/*
 * Commands of agents and requests to the control address: what each may be,
 * what is refused and in which line, and that no word of the agent's gets
 * into an error.
 */
#include "mail/ask.h"
#include "mail/steer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/error.h"
#include "mail_steer.h"

#include "base/banned.h"

#define SECONDS_MAX 20 /* CPU time for all 70 texts, sanitizers included */

static const char *const queues[] = {"support", "Bonus", "vip_eu", NULL};
static const char *const categories[] = {"deposit", "withdrawal", NULL};
static const char *const answers[] = {
    "mirror", "withdrawal-limits", "deposit-missing", NULL};
static const char *const fields[] = {"days", "limit", "link", NULL};

const struct steer_names steer_test_names = {
    queues, categories, answers, fields};

static const char *const verbs[STEER_END] = {"close", "wait", "note",
    "escalate", "take", "queue", "category", "lang", "send", "forget", "kyc",
    "help"};

static void
show_command(GString *out, const struct steer_command *command)
{
	static const char *const ends[] = {
	    "", " solved", " refused", " duplicate"};
	char shown[NUMBER_TEXT_SIZE];

	g_string_append_printf(out, "%s%s", verbs[command->verb],
	    ends[command->close]);
	if (command->name != NULL)
		g_string_append_printf(out, " %s", command->name);
	if (number_is_set(&command->number))
		g_string_append_printf(
		    out, " %s", number_show(&command->number, shown));
	for (guint i = 0; command->fields != NULL && i < command->fields->len;
	     i++) {
		const struct steer_field *field =
		    &g_array_index(command->fields, struct steer_field, i);

		g_string_append_printf(
		    out, " %s={%s}", field->name, field->value);
	}
	if (command->reason[0] != '\0')
		g_string_append_printf(out, " (%s)", command->reason);
	g_string_append_c(out, ';');
}

char *
steer_test_show(const char *text)
{
	g_auto(steer_auto) steer = {0};
	g_autoptr(GError) err = NULL;
	GString *out = g_string_new(NULL);

	if (!steer_parse(text, &steer_test_names, &steer, &err)) {
		assert_true(error_is(err, ERROR_PERM));
		assert_null(steer.commands);
		assert_null(steer.text);
		g_string_append(out, err->message);
		return g_string_free(out, FALSE);
	}
	for (guint i = 0; i < steer.commands->len; i++)
		show_command(out,
		    &g_array_index(steer.commands, struct steer_command, i));
	g_string_append_printf(out, "|%s|", steer.text);
	return g_string_free(out, FALSE);
}

static void
commands_are_read(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} table[] = {
	    /* No command: all is text. */
	    {"", "||"},
	    {"Hello,\n\nit is paid.\n", "|Hello,\n\nit is paid.\n|"},
	    {"> /close solved\nHello\n", "|> /close solved\nHello\n|"},
	    {"24/day is the limit\n", "|24/day is the limit\n|"},
	    {"3 /day\n", "|3 /day\n|"},
	    {"/ 5\n", "|/ 5\n|"},
	    {"and/or\n", "|and/or\n|"},
	    {"See below:\n/usr/share/x\n", "|See below:\n/usr/share/x\n|"},
	    /* Each command. */
	    {"/close solved", "close solved;||"},
	    {"/close refused two accounts\n",
		"close refused (two accounts);||"},
	    {"/close refused: two accounts\n",
		"close refused (two accounts);||"},
	    {"/close refused - two accounts\n",
		"close refused (two accounts);||"},
	    {"/close refused\xe2\x80\x94two\n", "close refused (two);||"},
	    {"/close duplicate 4000-000T\n", "close duplicate 4000-000T;||"},
	    {"/close duplicate [4000000t].\n", "close duplicate 4000-000T;||"},
	    {"/close duplicate #4000\xe2\x80\x93" "000T\n",
		"close duplicate 4000-000T;||"},
	    {"/wait\n\nPlease send us the hash.\n",
		"wait;|Please send us the hash.|"},
	    {"/note\n\nCalled him.\n", "note;|Called him.|"},
	    {"/note called him\n", "note (called him);||"},
	    {"/note called him\ntwice\n", "note (called him);|twice|"},
	    {"/note\nAnna\n", "note;|Anna|"},
	    {"/escalate\n", "escalate;||"},
	    {"/escalate he is a lawyer\n", "escalate (he is a lawyer);||"},
	    {"/take", "take;||"},
	    {"/queue bonus\n", "queue Bonus;||"},
	    {"/queue VIP-EU\n", "queue vip_eu;||"},
	    {"/category withdrawal\n", "category withdrawal;||"},
	    {"/lang PL\n", "lang pl;||"},
	    {"/send mirror\n", "send mirror;||"},
	    {"/send withdrawal-limits limit=3000 days=7\n",
		"send withdrawal-limits limit={3000} days={7};||"},
	    {"/send withdrawal-limits limit = 3 000 EUR days= 7\n",
		"send withdrawal-limits limit={3 000 EUR} days={7};||"},
	    {"/send withdrawal-limits limit=\"a b=c\" days=7\n",
		"send withdrawal-limits limit={a b=c} days={7};||"},
	    {"/send mirror link=https://a.example/?x=1&y=2\n",
		"send mirror link={https://a.example/?x=1&y=2};||"},
	    {"/send mirror link=<https://a.example/>\n",
		"send mirror link={https://a.example/};||"},
	    {"/send mirror link=a.example <https://a.example/> days=2\n",
		"send mirror link={https://a.example/} days={2};||"},
	    {"/send mirror\n/note\n\nfor us\n", "send mirror;note;|for us|"},
	    {"/forget\n", "forget;||"},
	    {"/kyc court order\n\nPlease send it.\n",
		"kyc (court order);|Please send it.|"},
	    {"/help\n", "help;||"},
	    {"/take\n/queue bonus\n/lang de\n\nHallo\n\nwelt\n",
		"take;queue Bonus;lang de;|Hallo\n\nwelt|"},
	    {"/take\n\n\n/wait\n\nHello\n", "take;wait;|Hello|"},
	    {"/note one\n\n/take\ntwo\n", "note (one);take;|two|"},
	    /* Case and ends. */
	    {"/CLOSE Solved.\n", "close solved;||"},
	    {"/Close: solved!\n", "close solved;||"},
	    {"/wait.\n", "wait;||"},
	    {"\n\n> old\n\n/wait\n", "wait;||"},
	    /* What programs make of it. */
	    {"\xc2\xa0/close\xc2\xa0solved\xc2\xa0\n", "close solved;||"},
	    {"\xef\xbb\xbf/close\xe2\x80\x8b solved\n", "close solved;||"},
	    {"\xe2\x81\x84" "close solved\n", "close solved;||"},
	    {"\xe2\x88\x95" "close solved\n", "close solved;||"},
	    {"\xef\xbc\x8f" "close solved\n", "close solved;||"},
	    {"\\close solved\n", "close solved;||"},
	    {"/ close solved\n", "close solved;||"},
	    {"- /close solved\n", "close solved;||"},
	    {"* /close solved\n", "close solved;||"},
	    {"*/close solved*\n", "close solved;||"},
	    {"*/close* _solved_\n", "close solved;||"},
	    {"*/close solved\n", "close solved;||"},
	    {"\xe2\x80\xa2 /close solved\n", "close solved;||"},
	    {"\xc2\xb7         /close solved\n", "close solved;||"},
	    {"o   /take\n", "take;||"},
	    {"1. /take\n2) /wait\n", "take;wait;||"},
	    {"\xe2\x80\x9c/close solved\xe2\x80\x9d\n", "close solved;||"},
	    {"/send withdrawal\xe2\x80\x93limits limit=1\n",
		"send withdrawal-limits limit={1};||"},
	    {"/send withdrawal\xe2\x80\x91limits limit=1\n",
		"send withdrawal-limits limit={1};||"},
	    {"/send withdrawal\xe2\x80\x94limits limit=1\n",
		"send withdrawal-limits limit={1};||"},
	    {"/send with\xc2\xad" "drawal-limits "
	     "limit=\xe2\x80\x9e" "1 2\xe2\x80\x9c\n",
		"send withdrawal-limits limit={1 2};||"},
	    /* Wrapped at 76 columns. */
	    {"/close refused the player opened a second account in June and "
	     "asked for the\nsame bonus again\n\nDear player\n",
		"close refused (the player opened a second account in June "
		"and asked for the same bonus again);|Dear player|"},
	    /* A signature right below, or all that is left. */
	    {"/close solved\n-- \nAnna Berg\nCasino\n", "close solved;||"},
	    {"/close solved\n--\nAnna Berg\n", "close solved;||"},
	    {"/close solved\nBest regards\nAnna\n", "close solved;||"},
	    {"/close solved\nBest regards, Anna\n", "close solved;||"},
	    {"/close solved\nSent from my iPhone\n", "close solved;||"},
	    {"/close solved\n\nMit freundlichen Gr\xc3\xbc\xc3\x9f" "en\n"
	     "Anna Berg\n",
		"close solved;||"},
	    {"/send mirror\n\nKind regards\nAnna\n", "send mirror;||"},
	    {"/close solved\n\nErledigt\n", "close solved;|Erledigt|"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *got = steer_test_show(table[i].text);

		if (strcmp(got, table[i].want) != 0)
			fail_msg("row %zu \"%s\": %s", i, table[i].text, got);
	}
}

#define LONG "zebra zebra zebra zebra zebra zebra zebra zebra zebra zebra "

static void
faults_are_told(void **state)
{
	static const struct {
		const char *text;
		guint line;
		const char *word; /* of the error */
	} table[] = {
	    {"/zebra\n", 1, "no such command"},
	    {"/clsoe solved\n", 1, "no such command"},
	    {"/close-solved\n", 1, "no such command"},
	    {"/usr/share/zebra\n", 1, "no such command"},
	    {"\n\n/take\n/zebra\n", 4, "no such command"},
	    {"/take\n\n/zebra\n", 3, "no such command"},
	    {"/close\n", 1, "one of"},
	    {"/close zebra\n", 1, "one of"},
	    {"/close solved zebra\n", 1, "one of"},
	    {"/close refused\n", 1, "needs a reason"},
	    {"/close refused ...\n\nzebra", 1, "needs a reason"},
	    {"/close refused -\n", 1, "needs a reason"},
	    {"/close duplicate\n", 1, "K7F3-9Q2Y"},
	    {"/close duplicate 4000-0000\n", 1, "K7F3-9Q2Y"},
	    {"/close duplicate zebra\n", 1, "K7F3-9Q2Y"},
	    {"/close duplicate 4000-000T zebra\n", 1, "K7F3-9Q2Y"},
	    {"/wait zebra\n", 1, "nothing behind"},
	    {"/take\n/forget zebra\n", 2, "nothing behind"},
	    {"/queue\n", 1, "name of a queue"},
	    {"/queue zebra\n", 1, "name of a queue"},
	    {"/queue support bonus\n", 1, "name of a queue"},
	    {"/category zebra\n", 1, "name of a category"},
	    {"/lang xx\n", 1, "en de fr"},
	    {"/lang\n", 1, "en de fr"},
	    {"/send\n", 1, "name of an answer"},
	    {"/send zebra\n", 1, "name of an answer"},
	    {"/send withdrawal limits\n", 1, "name of an answer"},
	    {"/send mirror zebra\n", 1, "only fields"},
	    {"/send mirror zebra=1\n", 1, "only fields"},
	    {"/send mirror link=1 zebra=1\n", 1, "only fields"},
	    {"/send mirror link=1 link=2\n", 1, "only fields"},
	    {"/send mirror link=\n", 1, "no value"},
	    {"/send mirror link=\"\" days=1\n", 1, "no value"},
	    {"/send mirror link=" LONG LONG LONG LONG LONG LONG "\n", 1,
		"too long"},
	    {"/send mirror\n\nzebra\n", 1, "whole answer"},
	    {"/kyc\n", 1, "needs a reason"},
	    {"/kyc --\n", 1, "needs a reason"},
	    {"/escalate " LONG LONG LONG LONG LONG LONG LONG LONG LONG "\n", 1,
		"too long"},
	    {"/wait " LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG
	     LONG LONG LONG LONG LONG LONG "\n", 1, "too long"},
	    {"/note\n", 1, "needs words"},
	    {"/note\n\nBest regards\nAnna\n", 1, "needs words"},
	    {"/take\n/take\n", 2, "once"},
	    {"/close solved\n/close refused zebra\n", 2, "once"},
	    {"/close solved\n/wait\n", 2, "do not go together"},
	    {"/escalate\n/close solved\n", 2, "do not go together"},
	    {"/forget\n/wait\n", 2, "do not go together"},
	    {"/take\n/help\n", 2, "alone"},
	    {"/close solved\nzebra zebra.\n", 2, "blank line"},
	    {"/close solved\nDear zebra,\n\nit is done.\n", 2, "blank line"},
	    {"Dear zebra,\n\nno.\n/close refused zebra\n", 4, "above"},
	    {"/take\n\nDear zebra\n- /close solved\n", 4, "above"},
	    {"/note\n\nzebra\n/close solved\n", 4, "above"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *got = steer_test_show(table[i].text);
		g_autofree char *end =
		    g_strdup_printf("line: %u", table[i].line);

		if (strstr(got, table[i].word) == NULL ||
		    !g_str_has_suffix(got, end) ||
		    strstr(got, "zebra") != NULL)
			fail_msg("row %zu \"%s\": %s", i, table[i].text, got);
	}
}

/* A long line without a blank line below is not a wrapped one. */
static void
text_does_not_become_a_reason(void **state)
{
	g_autofree char *of_long = steer_test_show("/close refused " LONG LONG
	    "\nDear player\n");
	g_autofree char *of_short =
	    steer_test_show("/close refused no\nDear player\n");

	(void)state;
	assert_non_null(strstr(of_long, "blank line"));
	assert_non_null(strstr(of_short, "blank line"));
}

static void
note_may_be_long(void **state)
{
	g_autoptr(GString) text = g_string_new("/note ");
	g_autofree char *got = NULL;

	(void)state;
	for (guint i = 0; i < 200; i++)
		g_string_append(text, LONG);
	got = steer_test_show(text->str);
	assert_int_equal(strlen(got), text->len - 1 + strlen(" ();||") - 2);
}

/* Texts of a mebibyte made of one piece. */
static void
hostile_texts_take_linear_time(void **state)
{
	static const char *const pieces[] = {"/", "\n", "/note ", "/x\n",
	    "word\n", "\xc2\xa0", "/take\n\n", "Best regards\n", "-- \n",
	    "/send mirror link=\"", " link=", "* ", "> \n", "a/b=\n\n"};
	static const char *const heads[] = {
	    "", "/take\n", "/take\n\n", "/send mirror ", "/note "};
	clock_t start = clock();

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(pieces) * G_N_ELEMENTS(heads);
	     i++) {
		const char *piece = pieces[i / G_N_ELEMENTS(heads)];
		g_autoptr(GString) text =
		    g_string_new(heads[i % G_N_ELEMENTS(heads)]);

		while (text->len < 1024 * 1024)
			g_string_append(text, piece);
		g_free(steer_test_show(text->str));
	}
	assert_true(clock() - start < SECONDS_MAX * CLOCKS_PER_SEC);
}

static void
help_names_everything(void **state)
{
	g_autofree char *help = steer_help(&steer_test_names);
	g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
	const char *const *const lists[] = {
	    queues, categories, answers, fields, steer_langs()};

	(void)state;
	for (guint i = 0; i < STEER_END; i++) {
		g_autofree char *start =
		    g_strdup_printf("\n/%s ", verbs[i]);

		assert_non_null(strstr(help, start));
	}
	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
		for (const char *const *n = lists[i]; *n != NULL; n++) {
			g_autofree char *word =
			    g_strdup_printf(" %s", *n);

			assert_non_null(strstr(help, word));
		}
	for (char **line = lines; *line != NULL; line++)
		assert_true(g_utf8_strlen(*line, -1) <= 72);
}

static char *
show_asks(const char *subject, const char *text)
{
	static const char *const words[] = {"list", "show", "stats", "help"};
	g_autoptr(GError) err = NULL;
	g_autoptr(GArray) asks = ask_parse(subject, text, &err);
	GString *out = g_string_new(NULL);

	if (asks == NULL)
		return g_strdup(err->message);
	for (guint i = 0; i < asks->len; i++) {
		const struct ask *ask = &g_array_index(asks, struct ask, i);

		g_string_append_printf(out, "%s %s;", words[ask->what],
		    ask->number.s);
	}
	return g_string_free(out, FALSE);
}

static void
requests_are_read(void **state)
{
	static const struct {
		const char *subject;
		const char *text;
		const char *want; /* ends in ":": an error with this end */
	} table[] = {
	    {"", "list\n", "list ;"},
	    {"x", "/List.\n", "list ;"},
	    {"list", "", "list ;"},
	    {"STATS", "-- \nAnna\n", "stats ;"},
	    {"help", "Anna Berg\nCasino\n", "help ;"},
	    {"Re: list", "show 4000-000T\n", "show 4000000T;"},
	    {"list", "show [4000000t]\n\nlist\n", "show 4000000T;"},
	    {"show 4000\xe2\x80\x93" "000T", "", "show 4000000T;"},
	    {"", "list\nstats\nshow 4000-000T\nKind regards\nAnna\n",
		"list ;stats ;show 4000000T;"},
	    {"", "\n> old\n- stats\n", "line: 3"},
	    {"", "\xe2\x80\xa2 /stats\n", "stats ;"},
	    {"", "help!\n", "help ;"},
	    {"", "", "line: 1"},
	    {"zebra", "zebra\n", "line: 1"},
	    {"", "list\nzebra\n", "line: 2"},
	    {"", "list zebra\n", "line: 1"},
	    {"", "show\n", "line: 1"},
	    {"", "show 4000-0000\n", "line: 1"},
	    {"list", "stats\nzebra 1.\n", "line: 2"},
	    {"", "list\nlist\nlist\nlist\nlist\nlist\nlist\nlist\nlist\n",
		"line: 9"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *got =
		    show_asks(table[i].subject, table[i].text);

		if (!g_str_has_suffix(got, table[i].want) ||
		    (table[i].want[0] != 'l' && strstr(got, "zebra") != NULL))
			fail_msg("row %zu: %s", i, got);
	}
	assert_non_null(strstr(ask_help(), "\nshow "));
}

int
mail_steer_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_read),
		cmocka_unit_test(faults_are_told),
		cmocka_unit_test(text_does_not_become_a_reason),
		cmocka_unit_test(note_may_be_long),
		cmocka_unit_test(hostile_texts_take_linear_time),
		cmocka_unit_test(help_names_everything),
		cmocka_unit_test(requests_are_read),
	};

	return cmocka_run_group_tests_name("steer", tests, NULL, NULL);
}
