/*
 * What an agent wrote above, between and below old lines that his client does
 * not mark, by the copy's last line.
 */
#include "base/error.h"
#include "mail/endline.h"
#include "mail/parse.h"
#include "mail/quote.h"
#include "mail/scrub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

int mail_answers_tests(void);

#define CAP "support+k7f39q2y-0123456789abc@casino.example"
#define HEAD(from, to)                                                         \
	"Von: " from "\nGesendet: Sonntag, 22. November 2026 05:30\nAn: " to   \
	"\nBetreff: AW: [K7F3-9Q2Y] Frage\n\n"
#define COPY_HEAD HEAD("amber-otter-41 <" CAP ">", "support@casino.example")
#define OWN_HEAD HEAD("Ottilie Brandt <ottilie@casino.example>", "<" CAP ">")
#define TEAM_HEAD                                                              \
	HEAD("Kollege <Team@casino.example>", "<ottilie@casino.example>")
#define ASK "Wo ist mein Geld? Ich warte.\n"
#define LINK "Siehe https://pay.example/tx/1?[query] und www.pay.example, ja.\n"
#define MORE "Siehe https://pay.example/tx/1, ja.\n"
#define OLD "\n[quoted text]\n> Wir prüfen das.\n"
#define SAFE "https://eur01.safelinks.example/?url=https%3A%2F%2Fpay&data=5"

/* $C is the copy with its last line, $E that line alone, $M that of a copy
 * with MORE. */
static char *
expand(const char *text)
{
	g_autofree char *end = endline_make(ASK LINK OLD);
	g_autofree char *more = endline_make(ASK MORE OLD);
	GString *all = g_string_new(text);

	g_string_replace(all, "$C", ASK LINK OLD "\n$E\n", 0);
	g_string_replace(all, "$E", end, 0);
	g_string_replace(all, "$M", more, 0);
	return g_string_free(all, FALSE);
}

/* NULL if nothing is to be sent. */
static char *
answer(const char *text)
{
	static char *own_addrs[] = {(char *)"team@casino.example",
	    (char *)"support@casino.example", NULL};
	static const struct mail_parse_options options = {.sender_addr = NULL};
	const struct scrub_agent self = {
	    "Casino Support", own_addrs, "casino.example", "0123456789abc"};
	struct rules *rules = rules_load(ND_SRCDIR "/filters", NULL);
	char *raw = g_strconcat(
	    "From: Ottilie Brandt <ottilie@casino.example>\n"
	    "Subject: AW: [K7F3-9Q2Y] Frage\nMIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=utf-8\n\n", text, NULL);
	g_autoptr(GBytes) octets = g_bytes_new_take(raw, strlen(raw));
	g_autoptr(mail_auto) mail = mail_parse(octets, &options);
	g_autoptr(GError) err = NULL;
	g_autofree char *words = scrub_agent_words(mail, &self, &err);
	char *out = words == NULL
	    ? NULL
	    : scrub_agent_text(words, mail, rules, &self, &err);

	assert_true(out != NULL || error_is(err, ERROR_DENIED));
	rules_free(rules);
	return out;
}

static void
check_all(const char *const (*cases)[2], gsize n)
{
	for (gsize i = 0; i < n; i++) {
		g_autofree char *text = expand(cases[i][0]);
		g_autofree char *got = answer(text);

		if (cases[i][1] == NULL)
			assert_null(got);
		else
			assert_string_equal(got, cases[i][1]);
	}
}

static void
old_words_go_where_the_copy_is_whole(void **state)
{
	static const char *const cases[][2] = {
	    {COPY_HEAD "$C\nJa.\n", "Ja."},
	    {"Ja.\n\n" COPY_HEAD "$C", "Ja."},
	    {"Ja.\n\n" COPY_HEAD "$C\nUnd nein.\n", "Ja.\n\nUnd nein."},
	    {COPY_HEAD "$C", NULL},
	    /* Each ends by itself. */
	    {"Ja.\n\nMit freundlichen Grüßen\nOttilie Brandt\nDurchwahl 17\n\n"
	     COPY_HEAD "$C\nNein.\n\n-- \nOttilie\n",
		"Ja.\n\nMit freundlichen Grüßen\n\nNein."},
	    /* Between head and old lines; may be a server's, too. */
	    {COPY_HEAD "Vorab: ja.\n\n$C", "Vorab: ja."},
	    /* Without a head, or with one that no table has. */
	    {"Ja.\n\n$C\nNein.\n", "Ja.\n\nNein."},
	    {"Ja.\n\nam Sonntag amber <" CAP "> napisał:\n\n$C", "Ja."},
	    /* What clients and servers do to lines and links. */
	    {"Ja.\n\n" COPY_HEAD "Wo ist\nmein Geld?\n\n Ich  warte. Siehe\n"
	     "https://pay.example/tx/1? <" SAFE ">[query] und\n"
	     "www.pay.example<http://www.pay.example/>, ja.\n[quoted text]\n"
	     "Wir prüfen\ndas.\n\n$E\n", "Ja."},
	    {"Ja.\n\n" COPY_HEAD ASK "Siehe " SAFE "[query] und "
	     "www.pay.example, ja." OLD "$E\n", "Ja."},
	    /* Mails of agents above the copy are old, too. */
	    {"Neu.\n\n" OWN_HEAD "Alte Antwort.\n\n" COPY_HEAD "$C", "Neu."},
	    {"Neu.\n\n" TEAM_HEAD "Unter uns: ja.\n\n" COPY_HEAD "$C", "Neu."},
	    {"Neu.\n\n" OWN_HEAD "Alte Antwort.\n\n$C", "Neu."},
	    {"Neu.\n\n" OWN_HEAD "Alte Antwort.\n", "Neu."},
	};

	(void)state;
	check_all(cases, G_N_ELEMENTS(cases));
}

static void
all_is_kept_where_it_is_not(void **state)
{
	static const char *const cases[][2] = {
	    {COPY_HEAD ASK "Kommt.\n" MORE OLD "\n$M\n",
		ASK "Kommt.\n" MORE "\n[quoted text]\n> Wir prüfen das."},
	    {"Ja.\n\n" COPY_HEAD ASK "Kommt.\n\n$M\nNein.\n",
		"Ja.\n\n" ASK "Kommt.\n\nNein."},
	    /* No word, but no less new. */
	    {COPY_HEAD ASK "👍\n" MORE OLD "\n$M\n",
		ASK "👍\n" MORE "\n[quoted text]\n> Wir prüfen das."},
	    {COPY_HEAD ASK "<https://help.example/a>\n" MORE OLD "\n$M\n",
		ASK "<https://help.example/a>\n" MORE
		    "\n[quoted text]\n> Wir prüfen das."},
	    /* Trimmed. */
	    {"Ja.\n\n" COPY_HEAD ASK "Kommt.\n", "Ja.\n\n" ASK "Kommt."},
	    {COPY_HEAD ASK "\nKommt.\n", ASK "\nKommt."},
	    /* What looks like a signature is the player's, or new. */
	    {COPY_HEAD ASK "-- \nKommt.\nBald\n\n$M\n",
		ASK "-- \nKommt.\nBald"},
	    {COPY_HEAD "Danke.\nOttilie Brandt\nKommt bald\n\n$M\n",
		"Danke.\nKommt bald"},
	    /* Heads and what agents wrote to each other go. */
	    {"Neu.\n\n" TEAM_HEAD "Unter uns: ja.\n\n" COPY_HEAD ASK
	     "Kommt.\n\n$M\n", "Neu.\n\n" ASK "Kommt."},
	    {"Neu.\n\n" COPY_HEAD ASK HEAD("x <x@bank.example>", "y")
	     "Kommt.\n", "Neu.\n\n" ASK "\nKommt."},
	    {"Neu.\n\n" HEAD("Otter", "Team") "Kommt.\n", "Neu.\n\nKommt."},
	};

	(void)state;
	check_all(cases, G_N_ELEMENTS(cases));
}

static void
the_line_never_goes_out(void **state)
{
	static const char *const cases[][2] = {
	    {"Ja.\n[end of mail 12345]\nNein.\n", "Ja.\nNein."},
	    {"Ja.\n[END  of\nMail\n 12 345 ]\nNein.\n", "Ja.\nNein."},
	    {"Ja. [end of mail 12345] Nein.\n", "Ja. \n Nein."},
	    {"Ja.\n[end of mail 12345\nNein.\n", "Ja.\nNein."},
	    {"Ja.\n[end of mail]\nNein.\n", "Ja.\nNein."},
	    {"Ja.\n[\xc2\xa0" "end of mail ?\xc3\xa4]\nNein.\n", "Ja.\nNein."},
	    {"Ja.\n[end of mailing list [1]\n",
		"Ja.\n[end of mailing list [1]"},
	    {"> Wo?\nJa.\n> [end of mail 12345]\nNein.\n",
		"> Wo?\nJa.\nNein."},
	    {"> Wo?\nJa.\n> Wann? [end of\n> mail 12345]\nNein.\n",
		"> Wo?\nJa.\n> Wann? \nNein."},
	    {"Ja.\n\nOn 22 Nov 2026, at 05:30, amber <" CAP "> wrote:\n"
	     "> Wo?\n> [end of mail 12345]\nNein.\n", "Ja.\n\nNein."},
	    {COPY_HEAD ASK "\n[end of mail 00000]\n", "Wo ist mein Geld? "
	     "Ich warte."},
	};

	(void)state;
	check_all(cases, G_N_ELEMENTS(cases));
}

static void
nor_out_of_a_long_mail(void **state)
{
	GString *text = g_string_new("Ja.\n[end of mail 12345]\n");
	g_auto(quote_split_auto) split = {0};

	(void)state;
	for (guint i = 0; i <= QUOTE_LINES_MAX; i++)
		g_string_append(text, "x\n");
	quote_split_answer(
	    text->str, &(struct quote_team){.mac = NULL}, &split);
	assert_true(g_str_has_prefix(split.fresh, "Ja.\n"));
	assert_null(strstr(split.fresh, "end of"));
	g_string_free(text, TRUE);
}

/* A player may write one into his mail. */
static void
the_last_line_counts(void **state)
{
	g_autofree char *inner = endline_make(ASK);
	g_autofree char *copy = g_strconcat(ASK, inner, "\n", LINK, NULL);
	g_autofree char *end = endline_make(copy);
	g_autofree char *all = g_strconcat(
	    "Ja.\n\n" COPY_HEAD, copy, "\n", end, "\nNein.\n", NULL);
	g_autofree char *got = answer(all);

	(void)state;
	assert_string_equal(got, "Ja.\n\nNein.");
}

static void
a_player_is_not_concerned(void **state)
{
	g_autofree char *text =
	    expand("Ja.\n[end of mail 12345]\n\n" COPY_HEAD "$C\nNein.\n");
	g_auto(quote_split_auto) split = {0};

	(void)state;
	quote_split(text, &split);
	assert_string_equal(split.fresh, "Ja.\n[end of mail 12345]");
	assert_string_equal(split.between, "");
	assert_string_equal(split.below, "");
}

static void
code_is_of_the_words(void **state)
{
	static const char *const same[] = {"Wo ist mein Geld?\nIch warte.",
	    " wo ist\nmein geld\n\n> Ich >> warte", "WO IST MEIN GELDICHWARTE"};
	static const char *const other[] = {"", "Wo ist mein Geld? Ich warte 1",
	    "Ich warte. Wo ist mein Geld?", "Wo ist mein Geld? Ich warte €"};
	g_autofree char *want = endline_make(same[0]);

	(void)state;
	assert_int_equal(strlen(want), strlen("[end of mail 7k3f9]"));
	for (gsize i = 1; i < G_N_ELEMENTS(same); i++) {
		g_autofree char *got = endline_make(same[i]);

		assert_string_equal(got, want);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(other); i++) {
		g_autofree char *got = endline_make(other[i]);

		assert_string_not_equal(got, want);
	}
}

int
mail_answers_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(old_words_go_where_the_copy_is_whole),
	    cmocka_unit_test(all_is_kept_where_it_is_not),
	    cmocka_unit_test(the_line_never_goes_out),
	    cmocka_unit_test(nor_out_of_a_long_mail),
	    cmocka_unit_test(the_last_line_counts),
	    cmocka_unit_test(a_player_is_not_concerned),
	    cmocka_unit_test(code_is_of_the_words),
	};

	return cmocka_run_group_tests_name("mail_answers", tests, NULL, NULL);
}
