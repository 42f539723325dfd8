/*
 * Who signs: a player's signature and name wherever they stand, an agent's in
 * what goes to the player, the keyed address in every writing, and automatic
 * replies by their words.
 */
#include "mail/quote.h"
#include "mail/scrub.h"
#include "mail/sign.h"
#include "mail/vacation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "mail_case.h"

#include "base/banned.h"

int mail_signs_tests(void);

#define MAC "0t34w6789abcz"
#define NUMBER "k7f39q2y"
#define CAP "support+" NUMBER "-" MAC "@casino.example"

static struct mail *
mail_make(const char *name, const char *addr, const char *subject,
    const char *text)
{
	struct mail *mail = g_new0(struct mail, 1);

	mail->from_addr = addr_parse(addr, -1, NULL);
	mail->from_name = g_strdup(name);
	mail->other_addrs = g_ptr_array_new();
	mail->other_names = g_ptr_array_new();
	mail->references = g_ptr_array_new();
	mail->files = g_ptr_array_new();
	mail->subject = g_strdup(subject);
	mail->message_id = g_strdup("");
	mail->text = g_strdup(text);
	return mail;
}

static int
rules_setup(void **state)
{
	*state = rules_load(ND_SRCDIR "/filters", NULL);
	return *state == NULL;
}

static int
rules_teardown(void **state)
{
	rules_free(*state);
	return 0;
}

/* The text, and what of it was folded, as agents see them. */
static char *
player_text(const struct rules *rules, const char *name, const char *text)
{
	g_autoptr(mail_auto) mail =
	    mail_make(name, "x9@post.example", "Frage", text);
	g_auto(scrubbed_auto) out = {0};

	scrub_player_mail(mail, rules, &out);
	return g_strconcat(out.text, "\n", out.tail, NULL);
}

static char *
agent_text(const struct rules *rules, const char *subject, const char *text,
    GError **err)
{
	static char *own_addrs[] = {(char *)"team@casino.example",
	    (char *)"support@casino.example", NULL};
	const struct scrub_agent self = {.role_name = "Casino Support",
	    .own_addrs = own_addrs,
	    .queue_domain = "casino.example",
	    .mac = MAC};
	g_autoptr(mail_auto) mail = mail_make("Ottilie Brandt",
	    "ottilie.brandt@agents.example", subject, text);
	g_autofree char *words = NULL;

	words = scrub_agent_words(mail, &self, err);
	return words == NULL
	    ? NULL
	    : scrub_agent_text(words, mail, rules, &self, err);
}

static guint
expect_gone(const char *text, const char *const *words)
{
	g_autofree char *low = g_utf8_strdown(text, -1);

	for (; *words != NULL; words++) {
		g_autofree char *word = g_utf8_strdown(*words, -1);

		if (strstr(low, word) != NULL) {
			print_error("%s is left in {%s}\n", *words, text);
			return 1;
		}
	}
	return 0;
}

/* --- players -------------------------------------------------------------- */

/* Bodies of signatures; each stands below each delimiter. */
static const char *const cards[] = {
    "Ottokar Zwirnstein",
    "Ottokar Zwirnstein\nZwirnstein Handels GmbH\nTel. 030 5550142",
    "Ottokar J. Zwirnstein\nwww.zwirnstein.example",
    "Ottokar Zwirnstein\nottokar@zwirnstein.example\n+49 30 5550142",
    "Ottokar Zwirnstein | Zwirnstein & Co. KG | www.zwirnstein.example",
    "Zwirnstein, Ottokar\nMobil: +49 171 5550142",
    "Ottokar Zwirnstein\nVertrieb\nZwirnstein Ltd.\n+44 20 5550 1420",
    "Ottokar Zwirnstein\nZwirnsteinweg 14\n69469 Weinheim",
    "Ottokar ZWIRNSTEIN\nZwirnstein SARL\n01 55 50 14 20",
    "Ottokar Zwirnstein\nZwirnstein S.r.l.\nhttps://zwirnstein.example/it",
};

/* FALSE: the words below may also be a player's; they stay, masked. */
static const struct {
	const char *text;
	gboolean is_cut;
} delimiters[] = {
    {"-- \n", TRUE},
    {"--\n", FALSE},
    {"Mit freundlichen Grüßen\n", FALSE},
    {"Best regards,\n\n", FALSE},
    {"Cordialement,\n", FALSE},
    {"Saludos cordiales\n", FALSE},
    {"С уважением,\n", FALSE},
    {"Με εκτίμηση,\n", FALSE},
    {"Saygılarımla\n", FALSE},
    {"Z poważaniem,\n", FALSE},
};

#define QUESTION "Wo bleibt meine Auszahlung? Ich warte seit drei Tagen.\n"
#define BEFORE QUESTION "Das Konto heißt Zwirnstein, Vorname Ottokar.\n\n"

static void
signatures_of_players_are_masked(void **state)
{
	static const char *const words[] = {"Zwirnstein", "Ottokar", "5550142",
	    "5550 1420", "Weinheim?", NULL};
	guint failed = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(cards); i++)
		for (gsize k = 0; k < G_N_ELEMENTS(delimiters); k++) {
			g_autofree char *text = g_strconcat(BEFORE,
			    delimiters[k].text, cards[i], "\n", NULL);
			g_autofree char *got = player_text(*state, "", text);

			failed += expect_gone(got, words);
			assert_true(g_str_has_prefix(got, QUESTION));
			if (strstr(got, "Das Konto heißt [name]") == NULL)
				failed++;
			if (delimiters[k].is_cut)
				assert_null(strstr(got, "Vertrieb"));
		}
	assert_int_equal(failed, 0);
}

/* The headers give the name; the mail ends with it in some way. */
static void
closings_of_players_are_masked(void **state)
{
	static const char *const ends[] = {"Best regards, Ottokar",
	    "Best regards,\nOttokar", "MfG\nOttokar", "mfg ottokar",
	    "LG Ottokar", "Gruß, Zwirnstein", "Viele Grüße\n\nO. Zwirnstein",
	    "Cordialement\nOttokar ZWIRNSTEIN", "Merci\nOttokar",
	    "Saludos, Ottokar", "Grazie, Ottokar", "Obrigado\nOttokar",
	    "Pozdrawiam\nOttokar", "Saygılar, Ottokar", "Спасибо, Ottokar",
	    "Ευχαριστώ\nOttokar Zwirnstein", "--\nOttokar", "-Ottokar",
	    "Ottokar\n\nSent from my iPhone", "*Ottokar Zwirnstein*",
	    "Yours,\nMr. Zwirnstein", "Gruß\nOttokar Z."};
	static const char *const words[] = {"Ottokar", "Zwirnstein", "iPhone",
	    NULL};
	guint failed = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *text =
		    g_strconcat(QUESTION "\n", ends[i], "\n", NULL);
		g_autofree char *got =
		    player_text(*state, "Ottokar Zwirnstein", text);

		failed += expect_gone(got, words);
		assert_true(g_str_has_prefix(got, QUESTION));
	}
	assert_int_equal(failed, 0);
}

/* Nothing of an ordinary ending is taken for a name. */
static void
words_of_players_stay(void **state)
{
	static const char *const texts[] = {
	    "Where is my bonus?\nThanks\nBonus Player",
	    "Ich warte auf die Auszahlung.\nDanke\nWarte auf Antwort.",
	    "The manager of the account said so.\n-- \nMy account is blocked!",
	    "Support and casino and team.\n\nBest regards\nSupport Team",
	    "My bank says no.\nThanks,\nand my bank is always right.",
	    "PS works.\n\nBest regards\nP.S. Transaction is 0x1234, hurry",
	    "I play slots.\n--\nplease answer soon, it is about slots",
	    "On 22 Nov 2026 at 05:30 I deposited 500 EUR.\nThanks in advance",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *got = player_text(*state, "", texts[i]);

		assert_null(strstr(got, "[name]"));
		assert_null(strstr(got, "[address]"));
		assert_memory_equal(got, texts[i], strcspn(texts[i], "\n"));
	}
}

/* How a client quoted the player himself, and nobody else. */
static void
credits_name_the_player(void **state)
{
	static const char *const cases[][2] = {
	    {"Am 22.11.26 um 05:30 schrieb Kunigunde Zwirn <x9@post.example>:\n"
	     "> alt\n", "Kunigunde"},
	    {"From: Kunigunde Zwirn <x9@post.example>\nSent: Sunday 5:30\n"
	     "To: Royal Nugget\nSubject: a\n\nalt\n", "Kunigunde"},
	    {"Von: Royal Nugget <support@casino.example>\nGesendet: Sonntag\n"
	     "An: Kunigunde Zwirn <X9@post.example>\nBetreff: a\n\nalt\n",
		"Kunigunde"},
	    {"On Sun, Nov 22, 2026 at 5:30 AM Kunigunde Zwirn\n"
	     "<x9@post.example> wrote:\n\n> alt\n", "Kunigunde"},
	    {"От: Кунигунда Цвирн [mailto:x9@post.example]\n"
	     "Отправлено: 22.11.2026\nКому: Casino\nТема: a\n\nalt\n",
		"Кунигунда"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = g_strconcat("Hier ", cases[i][1],
		    ", wo ist Royal Nugget?\n\n", cases[i][0], NULL);
		g_autofree char *got = player_text(*state, "", text);

		assert_true(g_str_has_prefix(
		    got, "Hier [name], wo ist Royal Nugget?"));
		assert_non_null(strstr(got, "> alt"));
	}
}

/* Only a forwarded mail: its words without the people in its headers. */
static void
forwards_of_players_show_no_headers(void **state)
{
	static const char *const texts[] = {
	    "---------- Forwarded message ---------\nFrom: Zed Attrib "
	    "<zed@x.example>\nDate: Sun\nSubject: a\nTo: Kunz\n\nthe words\n",
	    "Begin forwarded message:\n\n> From: Zed Attrib <zed@x.example>\n"
	    "> Subject: a\n> To: Kunz\n>\n> the words\n",
	    "On 22 Nov 2026 at 05:30, Zed Attrib <zed@x.example> wrote:\n"
	    "> the words\n",
	};
	static const char *const words[] = {"Zed", "Attrib", "Kunz", NULL};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *got = player_text(*state, "", texts[i]);

		assert_int_equal(expect_gone(got, words), 0);
		assert_non_null(strstr(got, "the words"));
	}
}

/* --- agents --------------------------------------------------------------- */

#define ANSWER "Die Auszahlung ist unterwegs.\nSie kommt morgen an."

static void
signatures_of_agents_are_cut(void **state)
{
	static const char *const names[] = {"Ottilie Brandt", "Ottilie",
	    "O. Brandt", "Brandt", "OTTILIE BRANDT"};
	static const char *const shapes[] = {
	    "-- \n%s\nSenior Agent\nNordlicht GmbH",
	    "--\n%s\nTel. +49 30 5550142",
	    "%s\nTeamleitung Auszahlung\nNordlicht GmbH\n+49 30 5550142",
	    "Mit freundlichen Grüßen\n%s\nNordlicht GmbH\nwww.nordlicht.example",
	    "Best regards, %s",
	    "Kind regards,\n\n%s\n\nNordlicht Ltd.\nMobile: +44 20 5550 1420",
	    "LG\n%s\n\nVon meinem iPhone gesendet",
	    ("%s\n\nThis e-mail and its attachments are confidential and\n"
	     "intended for Nordlicht only. Please notify the sender."),
	};
	static const char *const gone[] = {"Ottilie", "Brandt", "Nordlicht",
	    "5550", "iPhone", "confidential", "Agent", "Teamleitung", NULL};
	guint failed = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		for (gsize k = 0; k < G_N_ELEMENTS(shapes); k++) {
			g_auto(GStrv) parts = g_strsplit(shapes[k], "%s", 2);
			g_autofree char *sig = g_strjoinv(names[i], parts);
			g_autofree char *text =
			    g_strconcat(ANSWER "\n\n", sig, "\n", NULL);
			g_autofree char *got =
			    agent_text(*state, "Re: a", text, NULL);

			assert_non_null(got);
			assert_true(g_str_has_prefix(got, ANSWER));
			failed += expect_gone(got, gone);
		}
	assert_int_equal(failed, 0);
}

/* A short name that no header has; postscripts and the role stay. */
static void
words_of_agents_stay(void **state)
{
	static const char *const cases[][2] = {
	    {"Gut.\n\nLG\nOtti\n", "Gut.\n\nLG"},
	    {"Gut.\n\nBest regards,\nCasino Support\n",
		"Gut.\n\nBest regards,\nCasino Support"},
	    {"Gut.\n\nGruß\nOttilie\n\nP.S. Bitte warten\n",
		"Gut.\n\nGruß\n\nP.S. Bitte warten"},
	    {"Hier ist Ottilie. Bitte warten.\n",
		"Hier ist Casino Support. Bitte warten."},
	    {"Danke\nwir prüfen das noch heute\n",
		"Danke\nwir prüfen das noch heute"},
	    {"Danke\nWir prüfen das und melden uns.\n",
		"Danke\nWir prüfen das und melden uns."},
	    {"Liste:\nBitcoin\nEther\n", "Liste:\nBitcoin\nEther"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got =
		    agent_text(*state, "Re: a", cases[i][0], NULL);

		assert_string_equal(got, cases[i][1]);
	}
}

static void
capability_is_in_no_form(void **state)
{
	static const char *const forms[] = {CAP,
	    "SUPPORT+K7F39Q2Y-0T34W6789ABCZ@CASINO.EXAMPLE",
	    "<mailto:" CAP ">", "support+" NUMBER "-" MAC "(at)casino.example",
	    "support+" NUMBER "-" MAC " at casino dot example",
	    "support%2B" NUMBER "%2D" MAC "%40casino.example",
	    "support&#43;" NUMBER "&#45;" MAC "&#64;casino.example",
	    "support+" NUMBER "-" MAC "\n@casino.example",
	    "support+k7f3\n9q2y-" MAC "@casino.example",
	    "support+" NUMBER "-" MAC " [at] casino [dot] example",
	    "On 22 Nov 2026 at 05:30 amber-otter-41 <" CAP "> wrote",
	    "https://mail.example/?to=support%2B" NUMBER "-" MAC
	    "%40casino.example&x=1",
	    "support=2B" NUMBER "=2D" MAC "=40casino.example",
	    "\"support+" NUMBER "\xe2\x80\x91" MAC "\"@casino.example",
	    NUMBER "." MAC "." MAC "@casino.example",
	    NUMBER ".root@casino.example", MAC, NUMBER "-" MAC};

	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_autofree char *text = g_strconcat(
		    "Bitte schreiben Sie an ", forms[i], " jetzt.\n", NULL);
		g_autofree char *got = agent_text(*state, "Re: a", text, NULL);
		g_autofree char *low = NULL;

		assert_non_null(got);
		low = g_ascii_strdown(got, -1);
		if (strstr(low, MAC) != NULL || strstr(low, ".root") != NULL)
			fail_msg("%s: {%s}", forms[i], got);
		assert_true(g_str_has_prefix(got, "Bitte schreiben Sie"));
		assert_true(g_str_has_suffix(got, "jetzt."));
	}
}

/* What no rule makes whole again is refused, and the agent told. */
static void
broken_capability_is_refused(void **state)
{
	static const char *const forms[] = {"0t34w6\n789abcz", "0t34 w678 9abcz",
	    "0T34-W6789-ABCZ", "0.t.3.4.w.6.7.8.9.a.b.c.z"};

	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *text =
		    g_strconcat("An k7f39q2y ", forms[i], "\n", NULL);
		g_autofree char *got = agent_text(*state, "Re: a", text, &err);

		assert_null(got);
		assert_true(error_is(err, ERROR_DENIED));
		assert_non_null(strstr(err->message, "address of the ticket"));
	}
}

static void
notes_and_forwards_are_denied(void **state)
{
	static const struct {
		const char *subject;
		const char *text;
		const char *why;
	} rows[] = {
	    {"/note [K7F3-9Q2Y] a", "er lügt\n", "note"},
	    {"Re: [K7F3-9Q2Y] a", "\n [INTERNAL] er lügt\n", "note"},
	    {"Re: [K7F3-9Q2Y] a", "> Wo?\n\n[internal]\ner lügt\n", "note"},
	    {"[internal] [K7F3-9Q2Y] a", "er lügt\n", "note"},
	    {"Fwd: [K7F3-9Q2Y] a", "x\n", "forwarded"},
	    {"WG: [K7F3-9Q2Y] a", "x\n", "forwarded"},
	    {"RE: TR : [K7F3-9Q2Y] a", "x\n", "forwarded"},
	    {"ΠΡΘ: [K7F3-9Q2Y] a", "x\n", "forwarded"},
	    {"İLT: [K7F3-9Q2Y] a", "x\n", "forwarded"},
	    {"Пересл: [K7F3-9Q2Y] a", "x\n", "forwarded"},
	    {"ENC: [K7F3-9Q2Y] a", "x\n", "forwarded"},
	    {"RV: [K7F3-9Q2Y] a", "x\n", "forwarded"},
	    {"I: [K7F3-9Q2Y] a", "x\n", "forwarded"},
	    {"PD: [K7F3-9Q2Y] a", "x\n", "forwarded"},
	    {"Re: [K7F3-9Q2Y] a", "x\n\n-------- Przekazana wiadomość --------\n"
	     "Temat: b\n\ny\n", "forwarded"},
	    {"Re: [K7F3-9Q2Y] a", "---------- Forwarded message ---------\n"
	     "From: x\n\ny\n", "forwarded"},
	    {"Re: [K7F3-9Q2Y] a", "Início da mensagem reencaminhada:\n\n> De: x\n"
	     "> y\n", "forwarded"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *got =
		    agent_text(*state, rows[i].subject, rows[i].text, &err);

		if (got != NULL)
			fail_msg("row %zu: {%s}", i, got);
		assert_true(error_is(err, ERROR_DENIED));
		if (strstr(err->message, rows[i].why) == NULL)
			fail_msg("row %zu: %s", i, err->message);
	}
}

static void
answers_are_no_forwards(void **state)
{
	static const char *const subjects[] = {"Re: [K7F3-9Q2Y] TR: a", "",
	    "AW: [K7F3-9Q2Y] WG: a", "[K7F3-9Q2Y] Fwd: a", "Re: Order: 5",
	    "RE: RE: [K7F3-9Q2Y] a", "R: [K7F3-9Q2Y] a", "Internal error",
	    "Transfer: done"};

	for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++) {
		g_autofree char *got = agent_text(*state, subjects[i],
		    "Erledigt, siehe weitergeleitete Nachricht.\n", NULL);

		assert_non_null(got);
	}
}

/* --- automatic replies ---------------------------------------------------- */

static void
automatic_subjects_are_known(void **state)
{
	static const char *const yes[] = {"Automatic reply: [K7F3-9Q2Y] Payout",
	    "Auto: Payout", "AutoReply: x", "Auto-Reply: x", "[Auto-Reply] x",
	    "Out of Office: x", "Out of Office AutoReply: x", "Out of office",
	    "Automatic Reply", "OOO: x", "Abwesenheitsnotiz: x",
	    "Automatische Antwort: x", "Abwesend: x", "AUTOMATISCHE ANTWORT: x",
	    "Réponse automatique : x", "Réponse automatique: x",
	    "Message d'absence : x", "Absence du bureau: x",
	    "Αυτόματη απάντηση: x", "Αυτόματη Απάντηση: x", "Εκτός γραφείου: x",
	    "Respuesta automática: x", "Respuesta automatica: x",
	    "Fuera de la oficina: x", "Risposta automatica: x", "Fuori sede: x",
	    "Resposta automática: x", "Fora do escritório: x", "Автоответ: x",
	    "Автоматический ответ: x", "Otomatik yanıt: x", "Ofis dışında: x",
	    "Automatyczna odpowiedź: x", "Odpowiedź automatyczna: x",
	    "Poza biurem - x"};
	static const char *const no[] = {"Automatic payment failed",
	    "Auto insurance", "Automatische Antwort auf meine Frage ist dumm",
	    "Re: your automatic reply", "Out of money", "", "Absence of bonus",
	    "Vacation bonus", "Автоответчик сломан"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(yes); i++)
		if (!vacation_subject(yes[i], TRUE))
			fail_msg("not known: %s", yes[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(no); i++)
		if (vacation_subject(no[i], TRUE))
			fail_msg("taken for one: %s", no[i]);
}

static void
automatic_words_are_known(void **state)
{
	static const char *const yes[] = {
	    "Hello,\n\nI am currently out of the office.",
	    "I'm on vacation until Monday.", "I will be out of the office today",
	    "This is an automated reply.", "Ich bin bis Montag nicht im Büro.",
	    "Guten Tag,\n\nderzeit bin ich im Urlaub.",
	    "Ich bin zurzeit außer Haus.",
	    "Diese Nachricht wurde automatisch erzeugt.",
	    "Bonjour,\n\nJe suis absente jusqu'au 5.", "Je suis en congés.",
	    "Είμαι εκτός γραφείου έως Δευτέρα.", "Απουσιάζω έως τις 5.",
	    "Estoy fuera de la oficina hasta el lunes.",
	    "Me encuentro de vacaciones.", "Sono fuori ufficio fino a lunedì.",
	    "Sarò assente dal 5.", "Estou fora do escritório até segunda.",
	    "Estou de férias.", "Я в отпуске до понедельника.",
	    "Меня нет в офисе.", "Pazartesiye kadar ofis dışındayım.",
	    "Şu an izindeyim.", "Jestem poza biurem do poniedziałku.",
	    "Przebywam na urlopie."};
	static const char *const no[] = {
	    "Ihre Auszahlung ist heute unterwegs.",
	    "The office of the bank is closed today.",
	    "Der Kollege ist im Urlaub, ich kümmere mich.",
	    "You said that you were away; please try again.",
	    "Le paiement est en cours.", "La respuesta automática era errónea.",
	    "Wypłata jest w drodze.", "a\n\nb\nc\nd\ne\nf\ng\nI am on vacation",
	    "> I am on vacation"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(yes); i++)
		if (!vacation_words("Re: x", yes[i]))
			fail_msg("not known: %s", yes[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(no); i++)
		if (vacation_words("Re: x", no[i]))
			fail_msg("taken for one: %s", no[i]);
}

/* None of these may cost more than its length. */
static void
endings_are_linear(void **state)
{
	static const char *const units[] = {"MfG\n", "Ottilie\n", "Best regards, A\n",
	    "Best regards\n\n", "-- \nAnna\n", "\n", "A ", "@a.b ", "A@b.c\n",
	    "On 5:30 A B <x9@post.example> wrote:\n> q\n", "k7f39q2y-",
	    "this e-mail\n\n", "a\n> From: x9@post.example\n"};

	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		g_autoptr(GString) text = g_string_new("x\n");
		g_autofree char *seen = NULL;
		g_autofree char *sent = NULL;
		gint64 start = cpu_time();

		while (text->len < 100000)
			g_string_append(text, units[i]);
		seen = player_text(*state, "Anna Ort", text->str);
		sent = agent_text(*state, "Re: a", text->str, NULL);
		assert_true(cpu_time() - start <
		    10 * G_USEC_PER_SEC);
	}
}

int
mail_signs_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signatures_of_players_are_masked),
	    cmocka_unit_test(closings_of_players_are_masked),
	    cmocka_unit_test(words_of_players_stay),
	    cmocka_unit_test(credits_name_the_player),
	    cmocka_unit_test(forwards_of_players_show_no_headers),
	    cmocka_unit_test(signatures_of_agents_are_cut),
	    cmocka_unit_test(words_of_agents_stay),
	    cmocka_unit_test(capability_is_in_no_form),
	    cmocka_unit_test(broken_capability_is_refused),
	    cmocka_unit_test(notes_and_forwards_are_denied),
	    cmocka_unit_test(answers_are_no_forwards),
	    cmocka_unit_test(automatic_subjects_are_known),
	    cmocka_unit_test(automatic_words_are_known),
	    cmocka_unit_test(endings_are_linear),
	};

	return cmocka_run_group_tests_name(
	    "mail signs", tests, rules_setup, rules_teardown);
}
