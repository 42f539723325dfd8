/*
 * Commands as mail programs send them: whole mails, parsed, parted from what
 * they answer to, and read.
 */
#include "mail_steer.h"

#include "mail/endline.h"
#include "mail/parse.h"
#include "mail/quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

#define FROM                                                                   \
	"From: Anna Berg <anna@agents.example>\nTo: support@casino.example\n"  \
	"Subject: Re: [4000-000T] Money\nMessage-ID: <1@agents.example>\n"
#define PLAIN FROM "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8"
#define HTML                                                                   \
	FROM "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
#define ASK "Where is my money?\n"
#define QUOTED                                                                 \
	"On Sun, Nov 22, 2026 at 05:30:00AM +0000, amber-otter-41 wrote:\n"    \
	"> Where is my money?\n> /close solved\n"
#define P(text) "<p class=MsoNormal>" text "<o:p></o:p></p>"
#define SYMBOL                                                                 \
	"<span style='font-family:Symbol'>\xc2\xb7<span style='font:7.0pt "    \
	"\"Times New Roman\"'>&nbsp;&nbsp;&nbsp;&nbsp;&nbsp; </span></span>"
#define MSO(text)                                                              \
	HTML "<html><body lang=EN-US><div class=WordSection1>" text            \
	     "<div style='border:none;border-top:solid #E1E1E1 1.0pt'>"        \
	     "<p class=MsoNormal><b>From:</b> amber-otter-41 "                 \
	     "&lt;support@casino.example&gt;<br><b>Sent:</b> Sunday, 22 "      \
	     "November 2026 05:30<br><b>To:</b> anna@agents.example<br>"       \
	     "<b>Subject:</b> [4000-000T] Money</p></div>"                     \
	     "<p class=MsoNormal>Where is my money?</p>"                       \
	     "<p class=MsoNormal>$E</p></div></body></html>\n"

static const struct {
	const char *name;
	const char *mail;
	const char *want;
} clients[] = {
    {"mutt",
	PLAIN "; format=flowed\nUser-Agent: Mutt/2.2\n\n/close refused he "
	      "opened a second account in June and asked for the \nsame bonus "
	      "again\n\nDear player,\n\nno.\n\n-- \nAnna\n\n" QUOTED,
	"close refused (he opened a second account in June and asked for the "
	"same bonus again);|Dear player,\n\nno.|"},
    {"mutt, answer below the quote", PLAIN "\n\n" QUOTED "\n/take\n",
	"take;||"},
    {"mutt, quote above", PLAIN "\n\n> Where is my money?\n\n/take\n/wait\n\n"
				"Which hash?\n",
	"take;wait;|Which hash?|"},
    {"Outlook, HTML",
	MSO(P("/send withdrawal-limits limit=3000&nbsp;EUR days=7")
		P("&nbsp;") P("Best regards") P("Anna Berg")),
	"send withdrawal-limits limit={3000 EUR} days={7};||"},
    {"Outlook, autocorrect: bullets, capitals, dashes, full stop",
	MSO("<p class=MsoListParagraph>" SYMBOL "/Take.</p>"
	    "<p class=MsoListParagraph>" SYMBOL
	    "/Send withdrawal\xe2\x80\x93limits limit=\xe2\x80\x9c"
	    "3000\xe2\x80\x9d</p>"),
	"take;send withdrawal-limits limit={3000};||"},
    {"Outlook, a list and a link made of an address",
	MSO("<ul><li>/take</li><li>/send mirror link=<a "
	    "href=\"https://a.example/\">https://a.example</a></li></ul>"),
	"take;send mirror link={https://a.example};||"},
    {"Outlook, plain and wrapped",
	PLAIN "\nX-Mailer: Microsoft Outlook 16.0\n\n/escalate the player "
	      "says that he has been waiting for his payout since\nlast "
	      "week\n\n-----Original Message-----\nFrom: amber-otter-41\n"
	      "Sent: Sunday\nTo: anna\nSubject: Money\n\n" ASK "\n$E\n",
	"escalate (the player says that he has been waiting for his payout "
	"since last week);||"},
    {"Gmail, HTML",
	HTML "<div dir=\"ltr\">/close\xc2\xa0solved<div><br></div><div>Dear "
	     "player,</div><div><br></div><div>it is paid.</div></div><br>"
	     "<div class=\"gmail_quote\"><div dir=\"ltr\" "
	     "class=\"gmail_attr\">On Sun, Nov 22, 2026 at 5:30 AM "
	     "amber-otter-41 &lt;support@casino.example&gt; wrote:<br></div>"
	     "<blockquote class=\"gmail_quote\">Where is it?</blockquote>"
	     "</div>\n",
	"close solved;|Dear player,\n\nit is paid.|"},
    {"Gmail, plain of bold text",
	PLAIN "\n\n*/close solved*\n\nIt is paid.\n\nOn Sun, Nov 22, 2026 at "
	      "5:30 AM amber-otter-41 <\nsupport@casino.example> wrote:\n\n"
	      "> Where is it?\n>\n",
	"close solved;|It is paid.|"},
    {"Apple Mail, smart dashes and quotes",
	HTML "<html><body><div>/close duplicate 4000\xe2\x80\x94"
	     "000T</div><div>/note he wrote \xe2\x80\x9ctwice\xe2\x80\x9d"
	     "</div><br><div><blockquote type=\"cite\"><div>On 22. Nov 2026, "
	     "at 05:30, amber-otter-41 &lt;support@casino.example&gt; "
	     "wrote:</div><div>Where?</div></blockquote></div></body></html>\n",
	"close duplicate 4000-000T;note (he wrote \xe2\x80\x9ctwice"
	"\xe2\x80\x9d);||"},
    {"iPhone, capital and its line right below",
	PLAIN "\n\n/Close solved\nSent from my iPhone\n\n> On 22. Nov 2026, at "
	      "05:30, amber-otter-41 <support@casino.example> wrote:\n> \n> "
	      "Where?\n",
	"close solved;||"},
    {"K-9, a blank after the slash, its signature",
	PLAIN "\n\n/ close solved\n-- \nSent from my Android device with K-9 "
	      "Mail. Please excuse my brevity.\n",
	"close solved;||"},
    {"K-9, HTML with a direction mark",
	HTML "<html><body>\xe2\x80\x8e/wait<br><br>Which hash?<br><br><div "
	     "class=\"gmail_quote\">Am 22. November 2026 05:30:00 UTC schrieb "
	     "amber-otter-41 &lt;support@casino.example&gt;:<blockquote "
	     "class=\"gmail_quote\">Wo?</blockquote></div></body></html>\n",
	"wait;|Which hash?|"},
};

/* As the intake does: all new words, wherever they stand. $E is the copy's
 * last line. */
static char *
new_words(const char *text)
{
	g_autofree char *end = endline_make(ASK);
	g_autoptr(GString) raw = g_string_new(text);
	static const struct mail_parse_options options = {.sender_addr = NULL};
	static char *const addrs[] = {(char *)"anna@agents.example", NULL};
	const struct quote_team team = {NULL, addrs};
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(mail_auto) mail = NULL;
	g_auto(quote_split_auto) split = {0};

	g_string_replace(raw, "$E", end, 0);
	bytes = g_bytes_new(raw->str, raw->len);
	mail = mail_parse(bytes, &options);
	quote_split_answer(mail->text, &team, &split);
	assert_true(split.has_fresh);
	return g_strconcat(split.fresh, "\n\n", split.between, "\n\n",
	    split.below, NULL);
}

static void
commands_survive_mail_programs(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(clients); i++) {
		g_autofree char *words = new_words(clients[i].mail);
		g_autofree char *got = steer_test_show(words);

		if (strcmp(got, clients[i].want) != 0)
			fail_msg("%s: %s\nof:\n%s", clients[i].name, got,
			    words);
	}
}

int
mail_steer_client_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_survive_mail_programs),
	};

	return cmocka_run_group_tests_name(
	    "steer, mail programs", tests, NULL, NULL);
}
