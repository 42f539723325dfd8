/*
 * Tables of tickets as agents and operators get them: what is urgent comes
 * first, nothing is wider than a line of a mail, and no name is an order to a
 * terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kpi_fixture.h"
#include "report/columns.h"
#include "report/table.h"
#include "report_tests.h"

#include "base/banned.h"

#define NOW FIXTURE_NOW /* 2026-11-22 10:00 UTC */
#define H 3600

/* clang-format off */
static const struct proto_ctl_ticket tickets[] = {
/* Due last of those that somebody waits for. */
{.number = {"K7F39Q2Y"}, .queue = (char *)"support", .state = (char *)"open",
 .lang = (char *)"de", .category = (char *)"withdrawal",
 .pseudonym = (char *)"amber-otter-41", .level = 1, .messages = 2,
 .opened = NOW - 6 * H, .first_reply_due = NOW - 4 * H,
 .decision_due = NOW + 18 * H,
 .first_reply_s = 2 * H, .decision_s = 24 * H, .acknowledged = NOW - 6 * H + 60,
 .answered = NOW - 5 * H, .agent = (char *)"anna"},
/* A promise is broken; its clock began anew on level 2. */
{.number = {"B2222222"}, .queue = (char *)"support", .state = (char *)"open",
 .lang = (char *)"en", .category = (char *)"deposit",
 .pseudonym = (char *)"brisk-heron-07", .level = 2, .messages = 1,
 .opened = NOW - 5 * H, .first_reply_due = NOW - H,
 .decision_due = NOW + 21 * H,
 .first_reply_s = 2 * H, .decision_s = 24 * H, .agent = (char *)""},
/* Waits for its player. */
{.number = {"A1111111"}, .queue = (char *)"support", .state = (char *)"open",
 .lang = (char *)"en", .category = (char *)"kyc",
 .pseudonym = (char *)"calm-fox-11", .level = 1, .messages = 3,
 .opened = NOW - 30 * H, .first_reply_due = NOW - 28 * H,
 .decision_due = NOW + H,
 .first_reply_s = 2 * H, .decision_s = 24 * H, .answered = NOW - 29 * H, .waiting = NOW - 20 * H,
 .agent = (char *)"ben"},
/* Closed and rated, the player forgotten. */
{.number = {"C3333333"}, .queue = (char *)"support", .state = (char *)"closed",
 .lang = (char *)"", .category = (char *)"", .pseudonym = (char *)"",
 .level = 3, .flags = PROTO_FLAG_RATED | PROTO_FLAG_ESCALATE, .messages = 9,
 .opened = NOW - 90 * H, .first_reply_due = NOW - 88 * H,
 .decision_due = NOW - 66 * H,
 .first_reply_s = 2 * H, .decision_s = 24 * H, .answered = NOW - 89 * H,
 .closed = NOW - 48 * H, .rating = 4, .agent = (char *)"cleo"},
/* Another queue, half of the time is over. */
{.number = {"D4444444"}, .queue = (char *)"payments", .state = (char *)"open",
 .lang = (char *)"en", .category = (char *)"deposit",
 .pseudonym = (char *)"dry-owl-2", .level = 1, .messages = 1,
 .opened = NOW - H, .first_reply_due = NOW + H,
 .decision_due = NOW + 23 * H,
 .first_reply_s = 2 * H, .decision_s = 24 * H, .agent = (char *)""},
};
/* clang-format on */

void
fits_a_mail(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	assert_true(g_utf8_validate(text, -1, NULL));
	for (char **line = lines; *line != NULL; line++) {
		if (columns_of(*line) > 72)
			fail_msg("too wide: %s", *line);
		if (g_str_has_suffix(*line, " "))
			fail_msg("ends in a blank: %s", *line);
	}
}

static void
columns_are_those_of_a_terminal(void **state)
{
	static const struct {
		const char *text;
		guint columns;
		const char *cut; /* to five */
	} cases[] = {{"", 0, "     |"}, {"abc", 3, "abc  |"},
	    {"abcde", 5, "abcde|"}, {"abcdef", 6, "abcd~|"},
	    {"\xc3\xa9t\xc3\xa9", 3, "\xc3\xa9t\xc3\xa9  |"},
	    /* A mark that stands above the letter before it. */
	    {"e\xcc\x81", 1, "e\xcc\x81    |"},
	    {"\xe6\x97\xa5\xe6\x9c\xac", 4, "\xe6\x97\xa5\xe6\x9c\xac |"},
	    {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 6,
		"\xe6\x97\xa5\xe6\x9c\xac~|"}};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		assert_int_equal(columns_of(cases[i].text), cases[i].columns);
		columns_put_left(out, cases[i].text, 5);
		g_string_append_c(out, '|');
		assert_string_equal(out->str, cases[i].cut);
	}
}

/* Complaints go first. */
static struct config_category complaint = {
    .name = (char *)"complaint", .priority = 1};
static struct config config;

static int
config_make(void **state)
{
	(void)state;
	config.categories = g_ptr_array_new();
	g_ptr_array_add(config.categories, &complaint);
	return 0;
}

static int
config_unmake(void **state)
{
	(void)state;
	g_ptr_array_unref(config.categories);
	return 0;
}

static char *
list_of(const struct proto_ctl_ticket *first, guint n)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(*first));

	g_array_append_vals(list, first, n);
	return report_list_text(list, &config, NOW);
}

static void
list_is_by_urgency(void **state)
{
	static const char text[] =
	    "Queue payments: 1 ticket\n\n"
	    "Number    Player         L Category   State  Due, UTC     over "
	    "Agent\n"
	    "D444-4444 dry-owl-2      1 deposit    new    11-22 11:00  50 % "
	    "\xe2\x80\x93\n"
	    "\nQueue support: 4 tickets\n\n"
	    "Number    Player         L Category   State  Due, UTC     over "
	    "Agent\n"
	    "B222-2222 brisk-heron-07 2 deposit    new    11-22 09:00 150 % "
	    "\xe2\x80\x93\n"
	    "K7F3-9Q2Y amber-otter-41 1 withdrawal open   11-23 04:00  25 % "
	    "anna\n"
	    "A111-1111 calm-fox-11    1 kyc        waits  \xe2\x80\x93        "
	    "       \xe2\x80\x93 ben\n"
	    "C333-3333 (forgotten)    3 \xe2\x80\x93          closed \xe2\x80"
	    "\x93               \xe2\x80\x93 cleo\n"
	    "\nL: level. ";
	struct proto_ctl_ticket turned[G_N_ELEMENTS(tickets)];
	g_autofree char *list = list_of(tickets, G_N_ELEMENTS(tickets));
	g_autofree char *again = NULL;

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(tickets); i++)
		turned[i] = tickets[G_N_ELEMENTS(tickets) - 1 - i];
	again = list_of(turned, G_N_ELEMENTS(turned));
	list[MIN(strlen(list), strlen(text))] = '\0';
	assert_string_equal(list, text);
	again[MIN(strlen(again), strlen(text))] = '\0';
	assert_string_equal(again, text);
}

static void
priority_goes_before_time(void **state)
{
	static const struct {
		const char *category;
		guint32 flags;
		gboolean is_first;
	} cases[] = {{"complaint", 0, TRUE}, {"deposit", 0, FALSE},
	    {"deposit", PROTO_FLAG_VIP, FALSE}};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct proto_ctl_ticket two[2] = {tickets[4], tickets[4]};
		g_autofree char *list = NULL;

		two[0].number = (struct number){"Z9999999"};
		two[0].first_reply_due += 600;
		two[0].category = (char *)cases[i].category;
		two[0].flags = cases[i].flags;
		list = list_of(two, 2);
		assert_true((strstr(list, "Z999-9999") <
				strstr(list, "D444-4444")) ==
		    cases[i].is_first);
	}
}

static void
spent_time_is_known_or_not_said(void **state)
{
	static const struct {
		gint64 due;
		gint64 length;
		const char *text;
	} cases[] = {{2 * H, 2 * H, "   0 % "}, {H, 2 * H, "  50 % "},
	    {1, 2 * H, "  99 % "}, {0, 2 * H, " 100 % "},
	    {-1, 2 * H, " 100 % "}, {-2 * H, 2 * H, " 200 % "},
	    {-1000 * H, 2 * H, " 999 % "}, {3 * H, 2 * H, "   0 % "},
	    /* Who is forgotten has no clocks. */
	    {H, 0, "     \xe2\x80\x93 "}};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct proto_ctl_ticket t = tickets[4];
		g_autofree char *list = NULL;

		t.first_reply_due = NOW + cases[i].due;
		t.first_reply_s = cases[i].length;
		list = list_of(&t, 1);
		if (strstr(list, cases[i].text) == NULL)
			fail_msg("not \"%s\": %s", cases[i].text, list);
	}
}

static void
list_of_nothing_says_so(void **state)
{
	g_autofree char *list = list_of(tickets, 0);

	(void)state;
	assert_string_equal(list, "There is no ticket.\n");
}

static void
ties_go_by_number(void **state)
{
	struct proto_ctl_ticket two[] = {tickets[1], tickets[1]};
	static const char *const texts[] = {"9999", "B222", NULL};
	static const char *const turned[] = {"B222", "Z999", NULL};
	g_autofree char *a = NULL;
	g_autofree char *b = NULL;

	(void)state;
	memcpy(two[0].number.s, "99999999", NUMBER_LEN);
	a = list_of(two, 2);
	in_order(a, texts);
	memcpy(two[0].number.s, "Z9999999", NUMBER_LEN);
	b = list_of(two, 2);
	in_order(b, turned);
}

#define LONG_NAME                                                              \
	"a-name-that-is-as-long-as-a-name-may-be-and-that-has-no-blank-xx"

static void
long_and_wild_names_fit(void **state)
{
	static const char *const names[] = {LONG_NAME,
	    "\x1b[2J\n\xe2\x80\xae"
	    "x",
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
	    "\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		for (guint mask = 1; mask < 16; mask++) {
			struct proto_ctl_ticket t = tickets[1];
			char *name = (char *)names[i];
			g_autofree char *list = NULL;
			g_autofree char *show = NULL;

			t.flags = G_MAXUINT16;
			t.rating = 5;
			t.messages = G_MAXUINT32;
			t.opened = 1;
			t.queue = mask & 1 ? name : t.queue;
			t.category = mask & 2 ? name : t.category;
			t.pseudonym = mask & 4 ? name : t.pseudonym;
			t.agent = mask & 8 ? name : t.agent;
			list = list_of(&t, 1);
			show = report_show_text(&t, NOW);
			fits_a_mail(list);
			assert_null(strchr(list, '\x1b'));
			assert_null(strchr(show, '\x1b'));
			assert_null(strstr(show, "\xe2\x80\xae"));
		}
}

/* A name of usual length is never cut. */
static void
usual_names_stay_whole(void **state)
{
	struct proto_ctl_ticket t = tickets[0];
	g_autofree char *list = NULL;

	(void)state;
	t.pseudonym = (char *)"scarlet-anteater-41";
	t.agent = (char *)"m.weber";
	list = list_of(&t, 1);
	fits_a_mail(list);
	assert_non_null(strstr(list, "scarlet-anteater-41 1 "));
	assert_non_null(strstr(list, " m.weber\n"));
}

static void
show_says_what_is_known(void **state)
{
	static const char *const running =
	    "ticket         K7F3-9Q2Y\n"
	    "state          open\n"
	    "level          1\n"
	    "queue          support\n"
	    "player         amber-otter-41\n"
	    "agent          anna\n"
	    "category       withdrawal\n"
	    "language       de\n"
	    "messages       2\n"
	    "opened         2026-11-22 04:00 UTC, 6 h ago\n"
	    "acknowledged   2026-11-22 04:01 UTC, 5 h 59 min ago\n"
	    "answered       2026-11-22 05:00 UTC, 5 h ago\n"
	    "decision due   2026-11-23 04:00 UTC, in 18 h\n"
	    "time over      25 %\n";
	static const char *const closed[] = {"state          closed\n",
	    "player         (forgotten)\n", "answered ",
	    "closed         2026-11-20 10:00 UTC, 2 days ago\n",
	    "rating         4 of 5\n", "flags          escalate\n",
	    "               rated\n", NULL};
	static const char *const waits[] = {"state          waits\n",
	    "waits since    2026-11-21 14:00 UTC, 20 h ago\n", NULL};
	g_autofree char *a = report_show_text(&tickets[0], NOW);
	g_autofree char *b = report_show_text(&tickets[3], NOW);
	g_autofree char *c = report_show_text(&tickets[2], NOW);

	(void)state;
	assert_string_equal(a, running);
	in_order(b, closed);
	assert_null(strstr(b, "due"));
	assert_null(strstr(b, "time over"));
	in_order(c, waits);
	assert_null(strstr(c, "time over"));
}

static void
stats_are_short(void **state)
{
	static const char *const texts[] = {
	    "2026-10-23 10:00 to 2026-11-22 10:00 UTC\n", "19 tickets came in",
	    "Acknowledged ", "94 %", "First reply", "82 %", "First level",
	    "68 %  11 of 16.", "Open now", "Satisfaction 3.4 of 5", NULL};
	g_autoptr(kpi_report_auto) report = fixture_twenty();
	g_autofree char *text = report_stats_text(report);

	(void)state;
	in_order(text, texts);
	fits_a_mail(text);
	assert_null(strstr(text, "By "));
}

int
table_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(columns_are_those_of_a_terminal),
	    cmocka_unit_test(list_is_by_urgency),
	    cmocka_unit_test(priority_goes_before_time),
	    cmocka_unit_test(spent_time_is_known_or_not_said),
	    cmocka_unit_test(list_of_nothing_says_so),
	    cmocka_unit_test(ties_go_by_number),
	    cmocka_unit_test(long_and_wild_names_fit),
	    cmocka_unit_test(usual_names_stay_whole),
	    cmocka_unit_test(show_says_what_is_known),
	    cmocka_unit_test(stats_are_short),
	};

	return cmocka_run_group_tests_name("tables", tests, config_make, config_unmake);
}
