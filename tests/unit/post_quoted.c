/*
 * Mails of ours that come back in a reply: nothing of a notice is an order, no
 * capability of the player gets to agents, nothing of a word to agents gets to
 * the player.
 */
#include "post.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "mail/compose.h"
#include "mail/keyed.h"
#include "mail/parse.h"
#include "mail/scrub.h"
#include "outbound/notice.h"
#include "proto/messages.h"

#include "base/banned.h"

#define MAC "0123456789abc"
#define ADDR(mark) "support+" mark "k7f39q2y-" MAC "@casino.example"
#define DIGEST "Zm9yIHRoZSB0ZXN0IG9mIHF1b3RlZCByZWNlaXB0cyE"
#define SIGNATURE                                                              \
	"c2lnbmVkIHdpdGggbm9ib2R5J3Mga2V5LCBmb3IgdGhlIHRlc3Qgb2YgcXVvdGVkIHJl" \
	"Y2VpcHRzIQAAAAAAAA"
#define NEW_WORDS "Die zweite Wallet war es."

static struct rules *rules;
static struct notices *notices;

static const char *const langs[] = {"en", "de", "fr", "el", "es", "it", "pt",
    "ru", "tr", "pl"};

static int
setup(void **state)
{
	(void)state;
	mail_init();
	rules = rules_load(ND_SRCDIR "/filters", NULL);
	notices = notices_load(ND_SRCDIR "/templates", NULL);
	return rules == NULL || notices == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	rules_free(rules);
	notices_free(notices);
	return 0;
}

/* Caller frees. */
static char *
notice_text(enum notice_kind kind, const char *lang)
{
	const struct notice_args args = {.kind = kind,
	    .lang = lang,
	    .fallback_lang = "en",
	    .number = "K7F3-9Q2Y",
	    .category = "withdrawal",
	    .first_reply_due = 1795321800,
	    .decision_due = 1795401000,
	    .forget = 1798761600,
	    .reopen = 1796531400,
	    .level = 2,
	    .close = PROTO_CLOSE_SOLVED,
	    .receipt = "nymdesk-receipt: v1 K7F3-9Q2Y 2026-11-22T02:30:00Z "
		       DIGEST " " SIGNATURE,
	    .escalate = ADDR("e-"),
	    .rate = {ADDR("1-"), ADDR("2-"), ADDR("3-"), ADDR("4-"),
		ADDR("5-")}};
	g_autofree char *subject = NULL;
	char *text;

	assert_true(notice_write(notices, &args, &subject, &text));
	return text;
}

/* Every line behind prefix, and none longer than columns where there is a
 * blank to break at. Caller frees. */
static char *
quote(const char *text, const char *prefix, gsize columns)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *out = g_string_new(NULL);

	for (char **l = lines; *l != NULL; l++) {
		g_auto(GStrv) words = g_strsplit(*l, " ", -1);
		glong used = 0;

		g_string_append(out, prefix);
		for (char **w = words; *w != NULL; w++) {
			glong len = g_utf8_strlen(*w, -1);

			if (used > 0 && used + 1 + len > (glong)columns) {
				g_string_append_printf(out, "\n%s", prefix);
				used = 0;
			} else if (used > 0) {
				g_string_append_c(out, ' ');
			}
			g_string_append(out, *w);
			used += len + 1;
		}
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

/* A client that marks nothing makes them the player's words. */
static void
no_line_is_a_command(void **state)
{
	(void)state;
	for (guint kind = 0; kind < NOTICE_FOOTER; kind++)
		for (gsize i = 0; i < G_N_ELEMENTS(langs); i++) {
			g_autofree char *text = notice_text(kind, langs[i]);
			g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

			for (char **l = lines; *l != NULL; l++)
				if (rules_command(rules, *l) != NULL)
					fail_msg("%s: %s", langs[i], *l);
		}
}

/* What stands in quotation marks in the footer. Caller frees. */
static char *
word_of_footer(const char *lang)
{
	static const char *const marks[][2] = {
	    {"\"", "\""}, {"«", "»"}, {"„", "”"}};
	const struct notice_args args = {.lang = lang,
	    .fallback_lang = "en",
	    .number = "K7F3-9Q2Y",
	    .escalate = ADDR("e-")};
	g_autofree char *text = notice_add_footer(notices, &args, "");

	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
		const char *from = strstr(text, marks[i][0]);
		const char *to;

		if (from == NULL)
			continue;
		from += strlen(marks[i][0]);
		to = strstr(from, marks[i][1]);
		if (to != NULL)
			return g_strndup(from, (gsize)(to - from));
	}
	fail_msg("%s: no word in quotation marks", lang);
	return NULL;
}

/* What players are told to write is heard. */
static void
the_footers_word_is_heard(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(langs); i++) {
		g_autofree char *word = word_of_footer(langs[i]);
		g_autofree char *line = g_strdup_printf("\"%s\".", word);

		if (g_strcmp0(rules_command(rules, word), "escalate") != 0 ||
		    g_strcmp0(rules_command(rules, line), "escalate") != 0)
			fail_msg("%s: not heard: %s", langs[i], word);
	}
}

/* --- a player answers -------------------------------------------------------- */

/* What stands around the new words and the old ones; %s is the old ones. */
static const struct {
	const char *name;
	const char *above; /* of the old words; they follow the new ones */
	const char *prefix;
	gsize columns;
} shapes[] = {
    {"marked", "Am 22.11.26 um 05:30 schrieb Casino Support:", "> ", 1000},
    {"marked, broken", "On Sun, Nov 22, 2026, Casino Support wrote:", "> ", 50},
    {"marked without blank", "On Sunday Casino Support wrote:", ">", 1000},
    {"original message", "-----Original Message-----\nFrom: Casino Support "
	"<" ADDR("") ">\nSent: Sunday\nTo: Max\nSubject: x\n", "", 1000},
    {"unmarked", "", "", 1000},
    {"unmarked, indented", "", "    ", 1000},
    {"unmarked, broken", "", "", 30},
};

static char *
player_reply(const char *notice, gsize shape)
{
	g_autofree char *old =
	    quote(notice, shapes[shape].prefix, shapes[shape].columns);

	return g_strdup_printf("From: Max Muster <max@player.example>\r\n"
			       "To: <" ADDR("") ">\r\n"
			       "Subject: Re: [K7F3-9Q2Y] x\r\n"
			       "Message-ID: <m2@player.example>\r\n"
			       "MIME-Version: 1.0\r\n"
			       "Content-Type: text/plain; charset=utf-8\r\n"
			       "Content-Transfer-Encoding: 8bit\r\n\r\n" NEW_WORDS
			       "\n\n%s\n%s",
	    shapes[shape].above, old);
}

static struct mail *
mail_of(const char *raw)
{
	const struct mail_parse_options options = {.sender_addr = ""};
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));

	return mail_parse(bytes, &options);
}

static void
check_player(const char *notice, gsize shape, const char *lang)
{
	g_autofree char *raw = player_reply(notice, shape);
	struct mail *mail = mail_of(raw);
	g_auto(scrubbed_auto) scrubbed = {0};
	g_autofree char *all = NULL;

	scrub_player_mail(mail, rules, &scrubbed);
	all = g_strjoin("\n", scrubbed.subject, scrubbed.text, scrubbed.tail,
	    NULL);
	if (!g_str_has_prefix(scrubbed.text, NEW_WORDS))
		fail_msg("%s, %s: %s", lang, shapes[shape].name,
		    scrubbed.text);
	if (keyed_is_left(all, MAC) || keyed_is_left(all, DIGEST) || strstr(all, "casino.example") != NULL)
		fail_msg("%s, %s: %s", lang, shapes[shape].name, all);
	/* The address is masked, and the words around it are not. */
	assert_non_null(strstr(all, "[address]"));
	assert_non_null(strstr(all, "K7F3-9Q2Y"));
	mail_free(mail);
}

static void
players_capabilities_stay_his(void **state)
{
	(void)state;
	for (guint kind = 0; kind < NOTICE_FOOTER; kind++)
		for (gsize i = 0; i < G_N_ELEMENTS(langs); i++) {
			g_autofree char *text = notice_text(kind, langs[i]);

			for (gsize k = 0; k < G_N_ELEMENTS(shapes); k++)
				check_player(text, k, langs[i]);
		}
}

/* --- an agent answers ------------------------------------------------------------ */

static const char word_text[] =
    "This ticket comes to you.\n\nTicket:          K7F3-9Q2Y\n"
    "Player:          amber-otter-41\n\nWhat to do: answer the player in "
    "the ticket's thread, or reply to this\nmail; what you write goes to "
    "the player.\n\n/take             the ticket is yours\n";

/* Header and text apart, as the agent's client has them. */
static char *
word_body(void)
{
	g_autoptr(GBytes) mail = compose_agent_word(
	    &(struct compose_word){.role_name = "Casino Support",
		.queue_address = "support@casino.example",
		.reply_address = ADDR(""),
		.subject = "[K7F3-9Q2Y] This ticket comes to level 2",
		.message_id = "k7f39q2y.1123456789abc.2123456789abc@"
			      "casino.example",
		.root_id = "k7f39q2y.root@casino.example",
		.date = 1795321800,
		.text = word_text});
	gsize len;
	const char *data;
	g_autofree char *whole = NULL;
	GString *body;

	assert_non_null(mail);
	data = g_bytes_get_data(mail, &len);
	whole = g_strndup(data, len);
	body = g_string_new(strstr(whole, "\r\n\r\n") + 4);
	(void)g_string_replace(body, "\r\n", "\n", 0);
	return g_string_free(body, FALSE);
}

/* Also from a client that marks nothing. */
static void
words_to_agents_stay_theirs(void **state)
{
	static const char *const prefixes[] = {"> ", "", "    "};
	static const char *const above[] = {
	    "Am 22.11.26 um 05:30 schrieb Casino Support:\n",
	    ("-----Original Message-----\nFrom: Casino Support "
	     "<support@casino.example>\nSent: Sunday\nTo: Ben\nSubject: x\n\n"),
	    ""};
	g_autofree char *body = word_body();
	char *own[] = {(char *)"ben@agents.example",
	    (char *)"support@casino.example", NULL};
	const struct scrub_agent self = {.role_name = "Casino Support",
	    .own_addrs = own,
	    .queue_domain = "casino.example",
	    .mac = MAC};

	(void)state;
	for (gsize i = 0; i < 9; i++) {
		g_autofree char *old = quote(body, prefixes[i / 3], 1000);
		g_autofree char *raw = g_strdup_printf(
		    "From: ben@agents.example\r\nTo: <" ADDR("") ">\r\n"
		    "Subject: Re: [K7F3-9Q2Y] x\r\n\r\n" NEW_WORDS "\n\n%s%s",
		    above[i % 3], old);
		struct mail *mail = mail_of(raw);
		g_autoptr(GError) err = NULL;
		g_autofree char *words = scrub_agent_words(mail, &self, &err);
		g_autofree char *text = words == NULL
		    ? NULL
		    : scrub_agent_text(words, mail, rules, &self, &err);

		if (text == NULL)
			fail_msg("%zu: %s", i, err->message);
		assert_string_equal(text, NEW_WORDS);
		mail_free(mail);
	}
}

int
post_quoted_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_line_is_a_command),
	    cmocka_unit_test(the_footers_word_is_heard),
	    cmocka_unit_test(players_capabilities_stay_his),
	    cmocka_unit_test(words_to_agents_stay_theirs),
	};

	return cmocka_run_group_tests_name("quoted", tests, setup, teardown);
}
