/*
 * What mail clients add to an answer, in the languages of the product: the
 * attributions and header blocks of twelve locales in every layout, client
 * lines, and texts that look like those and must stay.
 */
#include "mail/quote.h"
#include "mail/quote_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

int mail_quotes_tests(void);

#define NAME "Ottokar Zwirnstein"
#define COMMA_NAME "Zwirnstein, Ottokar"
#define ADDR "support+k7f39q2y-0123456789abc@casino.example"
#define FRESH "Die erste Zeile, bitte sehr.\n\nUnd noch eine."
#define WRAP 72

/* N is the name, A the address. */
static const char *const attributions[][7] = {
    {"On Sun, Nov 22, 2026 at 5:30 AM N <A> wrote:",
	"On Nov 22, 2026, at 5:30 AM, N <A> wrote:",
	"On 11/22/26 5:30 AM, N wrote:",
	"On November 22, 2026 5:30:00 AM EST, N <A> wrote:",
	"On Sunday, November 22, 2026, 05:30:00 AM EST, N <A> wrote:",
	"On Sunday, November 22nd, 2026 at 5:30 AM, N <A> wrote:", NULL},
    {"On Sun, 22 Nov 2026 at 05:30, N <A> wrote:",
	"On 22 Nov 2026, at 05:30, N <A> wrote:",
	"On 22/11/2026 05:30, N wrote:",
	"On 22 November 2026 05:30:00 GMT, N <A> wrote:",
	"On Sunday, 22 November 2026 at 05:30:00 GMT, N <A> wrote:",
	"On Sun, Nov 22, 2026 at 05:30:00AM +0000, N wrote:", NULL},
    {"Am So., 22. Nov. 2026 um 05:30 Uhr schrieb N <A>:",
	"Am 22.11.2026 um 05:30 schrieb N <A>:",
	"Am 22.11.26 um 05:30 schrieb N:",
	"Am 22. November 2026 05:30:00 MEZ schrieb N <A>:",
	"Am Sonntag, 22. November 2026 um 05:30:00 MEZ hat N <A> Folgendes "
	"geschrieben:",
	"N <A> schrieb am So., 22. Nov. 2026, 05:30:", NULL},
    {"Le dim. 22 nov. 2026 à 05:30, N <A> a écrit :",
	"Le 22 nov. 2026 à 05:30, N <A> a écrit :",
	"Le 22/11/2026 à 05:30, N a écrit :",
	"Le 22 novembre 2026 05:30:00 GMT+01:00, N <A> a écrit :",
	"Le dimanche 22 novembre 2026 à 05:30:00 UTC+1, N <A> a écrit :",
	"Le dimanche 22 novembre 2026, N <A> a écrit :", NULL},
    {"Στις Κυρ 22 Νοε 2026 στις 5:30 π.μ., ο χρήστης N <A> έγραψε:",
	"Στις 22 Νοε 2026, στις 5:30 π.μ., ο/η N <A> έγραψε:",
	"Στις 22/11/2026 5:30 π.μ., ο/η N έγραψε:",
	"Στις 22 Νοεμβρίου 2026 5:30:00 π.μ. EET, ο/η N <A> έγραψε:",
	"Την Κυριακή 22 Νοεμβρίου 2026 στις 05:30:00 π.μ. EET, ο χρήστης N "
	"<A> έγραψε:",
	"Ο/Η N <A> έγραψε στις 22/11/2026 05:30:", NULL},
    {"El dom, 22 nov 2026 a las 5:30, N (<A>) escribió:",
	"El 22 nov 2026, a las 5:30, N <A> escribió:",
	"El 22/11/2026 a las 5:30, N escribió:",
	"El 22 de noviembre de 2026 5:30:00 CET, N <A> escribió:",
	"El domingo, 22 de noviembre de 2026, 05:30:00 CET, N <A> escribió:",
	"El dom., 22 nov. 2026 5:30, N <A> escribió:", NULL},
    {"Il giorno dom 22 nov 2026 alle ore 05:30 N <A> ha scritto:",
	"Il giorno 22 nov 2026, alle ore 05:30, N <A> ha scritto:",
	"Il 22/11/2026 05:30, N ha scritto:",
	"Il 22 novembre 2026 05:30:00 CET, N <A> ha scritto:",
	"Il domenica 22 novembre 2026 alle ore 05:30:00 CET, N <A> ha "
	"scritto:",
	"Il Dom 22 Nov 2026, 05:30 N <A> ha scritto:", NULL},
    {"Em dom., 22 de nov. de 2026 às 05:30, N <A> escreveu:",
	"Em 22 de nov. de 2026, à(s) 05:30, N <A> escreveu:",
	"Em 22/11/2026 05:30, N escreveu:",
	"Em 22 de novembro de 2026 05:30:00 BRT, N <A> escreveu:",
	"Em domingo, 22 de novembro de 2026 05:30:00 BRT, N <A> escreveu:",
	"Em dom, 22 de nov de 2026 05:30, N <A> escreveu:", NULL},
    {"N <A> escreveu (domingo, 22/11/2026 à(s) 05:30):",
	"No dia 22/11/2026, às 05:30, N <A> escreveu:",
	"Às 05:30 de 22/11/2026, N escreveu:",
	"A 22 de novembro de 2026 05:30:00 WET, N <A> escreveu:",
	"No domingo, 22 de novembro de 2026, às 05:30:00 WET, N <A> escreveu:",
	"Em 22-11-2026 05:30, N escreveu:", NULL},
    {"вс, 22 нояб. 2026 г. в 05:30, N <A>:",
	"22 нояб. 2026 г., в 05:30, N <A> написал(а):",
	"22.11.2026 5:30, N пишет:",
	"22 ноября 2026 г. 5:30:00 GMT+03:00, N <A> пишет:",
	"Воскресенье, 22 ноября 2026, 5:30 +03:00 от N <A>:",
	"22.11.2026, 05:30, \"N\" <A>:", NULL},
    {"N <A>, 22 Kas 2026 Paz, 05:30 tarihinde şunu yazdı:",
	"N <A> şunları yazdı (22 Kas 2026 05:30):",
	"22.11.2026 05:30 tarihinde N yazdı:",
	"22 Kasım 2026 05:30:00 GMT+03:00 tarihinde N <A> yazdı:",
	"22 Kasım 2026 Pazar 05:30:00 GMT+3 tarihinde, N <A> şunu yazdı:",
	"22 Kas 2026 tarihinde, saat 05:30 itibarıyla, N <A> şunları yazdı:",
	NULL},
    {"niedz., 22 lis 2026 o 05:30 N <A> napisał(a):",
	"Wiadomość napisana przez N <A> w dniu 22 lis 2026, o godz. 05:30:",
	"W dniu 22.11.2026 o 05:30, N pisze:",
	"Dnia 22 listopada 2026 05:30:00 CET, N <A> napisał/a:",
	"W dniu niedziela, 22 listopada 2026 05:30:00 CET użytkownik N <A> "
	"napisał:",
	"Użytkownik N <A> napisał w dniu 22 lis 2026 05:30:", NULL},
};

struct header_words {
	const char *from, *sent, *to, *subject; /* Outlook */
	const char *from2, *date, *to2;		/* Samsung, Thunderbird, GMX */
	const char *separator;
};

static const struct header_words blocks[] = {
    {"From", "Sent", "To", "Subject", "From", "Date", "To",
	"-----Original Message-----"},
    {"From", "Sent", "To", "Subject", "From", "Date", "To",
	"-------- Original message --------"},
    {"Von", "Gesendet", "An", "Betreff", "Von", "Datum", "An",
	"-------- Ursprüngliche Nachricht --------"},
    {"De", "Envoyé", "À", "Objet", "De", "Date", "Pour",
	"-------- Message d’origine --------"},
    {"Από", "Στάλθηκε", "Προς", "Θέμα", "Από", "Ημερομηνία", "Προς",
	"-------- Αρχικό μήνυμα --------"},
    {"De", "Enviado el", "Para", "Asunto", "De", "Fecha", "Para",
	"-------- Mensaje original --------"},
    {"Da", "Inviato", "A", "Oggetto", "Da", "Data", "A",
	"-------- Messaggio originale --------"},
    {"De", "Enviada em", "Para", "Assunto", "De", "Data", "Para",
	"-------- Mensagem original --------"},
    {"De", "Enviado", "Para", "Assunto", "De", "Data", "Para",
	"-----Mensagem original-----"},
    {"От", "Отправлено", "Кому", "Тема", "От кого", "Дата", "Кому",
	"-------- Исходное сообщение --------"},
    {"Kimden", "Gönderildi", "Kime", "Konu", "Gönderen", "Tarih", "Alıcı",
	"-------- Orijinal mesaj --------"},
    {"Od", "Wysłano", "Do", "Temat", "Od", "Data", "Do",
	"-------- Oryginalna wiadomość --------"},
};

static char *
filled(const char *shape, const char *name)
{
	GString *out = g_string_new(NULL);

	for (const char *p = shape; *p != '\0'; p++) {
		gboolean alone = (p == shape || !g_ascii_isalnum(p[-1])) &&
		    !g_ascii_isalnum(p[1]) && (guchar)p[1] < 0x80 &&
		    (p == shape || (guchar)p[-1] < 0x80);

		if (alone && *p == 'N')
			g_string_append(out, name);
		else if (alone && *p == 'A' && p > shape && p[-1] == '<')
			g_string_append(out, ADDR);
		else
			g_string_append_c(out, *p);
	}
	return g_string_free(out, FALSE);
}

/* As clients fold a line: at the last blank before the edge. */
static char *
wrapped(const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	GString *out = g_string_new(NULL);
	gsize width = 0;

	for (gsize i = 0; words[i] != NULL; i++) {
		gsize n = (gsize)g_utf8_strlen(words[i], -1);

		if (i > 0 && width + 1 + n > WRAP)
			width = 0;
		else if (i > 0)
			width++;
		if (i > 0)
			g_string_append_c(out, width == 0 ? '\n' : ' ');
		g_string_append(out, words[i]);
		width += n;
	}
	return g_string_free(out, FALSE);
}

static guint
expect_parted(const char *text)
{
	g_auto(quote_split_auto) split = {0};

	quote_split(text, &split);
	if (strcmp(split.fresh, FRESH) == 0 &&
	    strcmp(split.quoted, "> alt\n> neu") == 0)
		return 0;
	print_error("in {%s}\nfresh {%s} quoted {%s}\n", text, split.fresh,
	    split.quoted);
	return 1;
}

static guint
expect_layouts(const char *shape)
{
	static const char *const layouts[] = {FRESH "\n\n%s\n> alt\n> neu\n",
	    FRESH "\n\n%s\n\n> alt\n> neu\n", FRESH "\n%s\n>alt\n>neu\n",
	    "%s\n> alt\n> neu\n\n" FRESH "\n"};
	g_autofree char *line = filled(shape, NAME);
	g_autofree char *comma = filled(shape, COMMA_NAME);
	g_autofree char *folded = wrapped(line);
	const char *const lines[] = {line, comma, folded};
	guint failed = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
		for (gsize k = 0; k < G_N_ELEMENTS(layouts); k++) {
			g_auto(GStrv) parts = g_strsplit(layouts[k], "%s", 2);
			g_autofree char *text = g_strjoinv(lines[i], parts);

			failed += expect_parted(text);
		}
	/* Without marks only what nobody types is taken for one. */
	if (strstr(line, "05:30") != NULL && strchr(line, '@') != NULL) {
		g_autofree char *text =
		    g_strconcat(FRESH "\n\n", folded, "\n\nalt\nneu\n", NULL);

		failed += expect_parted(text);
	}
	return failed;
}

static void
attributions_are_known(void **state)
{
	guint failed = 0;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(attributions); i++)
		for (gsize k = 0; attributions[i][k] != NULL; k++)
			failed += expect_layouts(attributions[i][k]);
	assert_int_equal(failed, 0);
}

/* %F, %D, %T, %S: from, date, to, subject in the words of Outlook; %f, %d, %t
 * of other clients; %X the separator. */
static const char *
block_word(char key, const struct header_words *w)
{
	const struct {
		char key;
		const char *word;
	} words[] = {{'F', w->from}, {'D', w->sent}, {'T', w->to},
	    {'S', w->subject}, {'f', w->from2}, {'d', w->date}, {'t', w->to2},
	    {'X', w->separator}, {'N', NAME}, {'A', ADDR}};

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (words[i].key == key)
			return words[i].word;
	return "";
}

static char *
block_filled(const char *shape, const struct header_words *w)
{
	GString *out = g_string_new(FRESH "\n\n");

	for (; *shape != '\0'; shape++)
		if (*shape == '%')
			g_string_append(out, block_word(*++shape, w));
		else
			g_string_append_c(out, *shape);
	return g_string_free(out, FALSE);
}

static void
header_blocks_are_known(void **state)
{
	static const char *const shapes[] = {
	    "%F: %N <%A>\n%D: 22.11.2026 05:30\n%T: x@y.example\n%S: abc\n\n"
	    "alt\nneu\n",
	    "*%F:* %N <%A>\n*%D:* 22.11.2026 05:30\n*%T:* %N\n*%S:* abc\n\n"
	    "alt\nneu\n",
	    "________________________________\n%F: %N\n%D: 22.11.2026\n"
	    "%T: %N\n%S: abc\n\nalt\nneu\n",
	    "________________________________\n%F: %N <%A>\n"
	    "%D: 22.11.2026 05:30\n%T: %N\nCc: %N\n%S: abc\n\nalt\nneu\n",
	    "%F : %N <%A>\n%D : 22.11.2026 05:30\n%T : %N\n%S : abc\n\n"
	    "alt\nneu\n",
	    "%X\n%F: %N [mailto:%A]\n%D: 22.11.2026 05:30\n%T: %N\n"
	    "%S: abc\n\nalt\nneu\n",
	    "%X\n%f: %N <%A>\n%d: 22.11.26 05:30 (GMT+01:00)\n%t: %N\n"
	    "%S: abc\n\nalt\nneu\n",
	    "%X\n%S: abc\n%d: 22.11.26 05:30\n%f: %N <%A>\n%t: %N\n\n"
	    "alt\nneu\n",
	    "%D: 22.11.2026 um 05:30 Uhr\n%F: \"%N\" <%A>\n%T: %N\n"
	    "%S: abc\nalt\nneu\n",
	    "> %F: %N <%A>\n> %D: 22.11.2026 05:30\n> %T: %N\n> %S: abc\n"
	    ">\n> alt\n> neu\n",
	};
	guint failed = 0;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(blocks); i++)
		for (gsize k = 0; k < G_N_ELEMENTS(shapes); k++) {
			g_autofree char *text =
			    block_filled(shapes[k], &blocks[i]);

			failed += expect_parted(text);
		}
	assert_int_equal(failed, 0);
}

static void
client_lines_are_known(void **state)
{
	static const char *const lines[] = {"Sent from my iPhone",
	    "Sent from my iPad", "Sent from my Samsung Galaxy smartphone.",
	    "Sent from my Galaxy", "Sent from Outlook for iOS",
	    "Sent from Outlook for Android<https://aka.example/x>",
	    "Get Outlook for iOS<https://aka.example/o0ukef>",
	    "Get Outlook for Android", "Sent from Yahoo Mail on Android",
	    "Sent from Yahoo Mail for iPhone", "Sent from Mail for Windows",
	    "Sent from Mail for Windows 10", "Sent with Proton Mail secure "
	    "email.", "Sent from Proton Mail for iOS", "Sent via BlackBerry",
	    "Sent from my Android device with K-9 Mail. Please excuse my "
	    "brevity.", "Sent from my Huawei phone", "Sent from myMail for iOS",
	    "Sent from my Mi phone", "Sent from my OPPO phone",
	    "Von meinem iPhone gesendet", "Von meinem iPad gesendet",
	    "Gesendet von Outlook für Android", "Outlook für iOS beziehen",
	    "Holen Sie sich Outlook für Android",
	    "Von meinem Samsung Galaxy Smartphone gesendet.",
	    "Gesendet von Yahoo Mail auf Android",
	    "Gesendet mit der GMX Mail App", "Gesendet mit der WEB.DE Mail App",
	    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail "
	    "gesendet.", "Gesendet von Mail für Windows",
	    "Gesendet mit Proton Mail", "Von meinem Huawei-Mobiltelefon gesendet",
	    "Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail "
	    "gesendet.", "Envoyé de mon iPhone", "Envoyé de mon iPad",
	    "Envoyé depuis mon smartphone Samsung Galaxy.",
	    "Envoyé depuis Yahoo Mail pour iPhone",
	    "Télécharger Outlook pour iOS", "Obtenir Outlook pour Android",
	    "Envoyé à partir de Outlook pour Android",
	    "Envoyé à partir de Courrier pour Windows",
	    "Envoyé avec Proton Mail", "Envoyé depuis mon appareil Android avec "
	    "K-9 Mail. Veuillez excuser ma brièveté.",
	    "Στάλθηκε από το iPhone μου", "Εστάλη από το iPhone μου",
	    "Στάλθηκε από το iPad μου", "Στάλθηκε από το Outlook για Android",
	    "Λήψη του Outlook για iOS", "Αποκτήστε το Outlook για Android",
	    "Στάλθηκε από το Ταχυδρομείο Yahoo σε Android",
	    "Απεστάλη από το Samsung Galaxy smartphone μου.",
	    "Στάλθηκε από τη συσκευή μου Android με το K-9 Mail.",
	    "Enviado desde mi iPhone", "Enviado desde mi iPad",
	    "Enviado desde Outlook para Android",
	    "Obtener Outlook para iOS", "Obtenga Outlook para Android",
	    "Enviado desde mi Samsung Galaxy", "Enviado desde Yahoo Mail para "
	    "Android", "Enviado desde Correo para Windows",
	    "Enviado con Proton Mail", "Enviado desde mi dispositivo Android "
	    "con K-9 Mail. Por favor, disculpa mi brevedad.",
	    "Inviato da iPhone", "Inviato dal mio iPad", "Inviato dal mio "
	    "Galaxy", "Inviato da Outlook per Android", "Ottieni Outlook per "
	    "iOS", "Scarica Outlook per Android", "Inviato da Yahoo Mail su "
	    "Android", "Inviato da Posta per Windows", "Inviato con Proton Mail",
	    "Inviato dal mio dispositivo Android con K-9 Mail. Perdonate la "
	    "brevità.", "Inviato da Libero Mail per Android",
	    "Enviado do meu iPhone", "Enviado do meu iPad", "Enviado a partir do "
	    "meu iPhone", "Enviado do Outlook para Android", "Obter o Outlook "
	    "para iOS", "Obter Outlook para Android", "Baixar o Outlook para "
	    "iOS", "Enviado do Yahoo Mail no Android", "Enviado do meu Samsung "
	    "Galaxy", "Enviado do Email para Windows", "Enviado com Proton Mail",
	    "Enviado do meu dispositivo Android com K-9 Mail.",
	    "Отправлено с iPhone", "Отправлено с iPad", "Отправлено с моего "
	    "iPhone", "Отправлено из Outlook для Android", "Скачать Outlook для "
	    "iOS", "Получить Outlook для Android", "Отправлено из мобильной "
	    "Яндекс Почты", "Отправлено из Почты Mail.ru для Android",
	    "Отправлено с моего Samsung Galaxy", "Отправлено с помощью Proton "
	    "Mail", "Отправлено из приложения Почта Mail.ru",
	    "Простите за краткость, создано в K-9 Mail.",
	    "iPhone'umdan gönderildi", "iPad'imden gönderildi",
	    "iPhone’umdan gönderildi", "Outlook'u Android için edinin",
	    "iOS için Outlook'u edinin", "Android için Outlook’u edinin",
	    "Samsung Galaxy akıllı telefonumdan gönderildi.",
	    "Android'de Yahoo Postadan gönderildi", "Windows için Posta ile "
	    "gönderildi", "Proton Mail ile gönderildi.",
	    "K-9 Mail ile Android cihazımdan gönderildi.",
	    "Wysłane z iPhone'a", "Wysłane z mojego iPhone'a",
	    "Wysłano z iPhone’a", "Wysłane z iPada", "Pobierz program Outlook "
	    "dla systemu iOS", "Pobierz aplikację Outlook dla systemu Android",
	    "Wysłano z programu Outlook dla systemu Android",
	    "Wysłane z telefonu Samsung Galaxy", "Wysłane z aplikacji Poczta dla "
	    "systemu Windows", "Wysłano za pomocą Proton Mail", "Wysłane z Yahoo "
	    "Mail w systemie Android", "Wysłane z urządzenia Android za pomocą "
	    "K-9 Mail. Wybacz zwięzłość."};
	guint failed = 0;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *text =
		    g_strconcat(FRESH "\n\n", lines[i], "\n", NULL);
		g_auto(quote_split_auto) split = {0};

		quote_split(text, &split);
		if (strcmp(split.fresh, FRESH) != 0) {
			print_error("not known: %s\n", lines[i]);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

/* Words of a player that look like a client's: not one may be cut. */
static void
new_words_are_never_cut(void **state)
{
	static const char *const texts[] = {
	    "On 22 Nov 2026 I wrote:\nplease pay.\nYou did not.",
	    "Am 22.11.2026 um 05:30 schrieb mir Ihr Kollege:\nAlles gut.",
	    "Le 22 nov. votre collègue m'a écrit :\ntout va bien.",
	    "Sent from my wallet to yours at 5:30.",
	    "Sent 500 EUR from my phone app today.",
	    "I got it.\n\nFrom: 500 EUR\nTo: 0 EUR",
	    "From: BTC\nTo: EUR\nDate: yesterday\nthat is my order",
	    "Von: meinem Konto\nAn: euch\nDatum: gestern\nBetrag: 500",
	    "De: ma carte\nÀ: vous\nDate: hier",
	    "Gesendet von meiner Bank am Montag.",
	    "Enviado desde mi banco el lunes.",
	    "Inviato dalla banca lunedì, importo 500.",
	    "Отправлено с карты Сбербанка в понедельник.",
	    "Wysłane z konta w poniedziałek.",
	    "Outlook does not show your mail, please send again.",
	    "Ich habe das mit meinem iPhone gesendet, es kam nichts an.",
	    "Bankadan pazartesi günü gönderildi",
	    "I wait\n--\nstill nothing.",
	    "A\n----------\nB\n----------\nC",
	    "My questions:\n1. Where is it?\n2. Who wrote:\n\"later\"?",
	    "Best regards for nothing.\nMy money is still missing.",
	    "Automatic payment failed: see the screenshot.",
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *text = g_strconcat(texts[i], "\n", NULL);
		g_auto(quote_split_auto) split = {0};

		quote_split(text, &split);
		assert_string_equal(split.fresh, texts[i]);
		assert_string_equal(split.tail, "");
	}
}

int
mail_quotes_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(attributions_are_known),
	    cmocka_unit_test(header_blocks_are_known),
	    cmocka_unit_test(client_lines_are_known),
	    cmocka_unit_test(new_words_are_never_cut),
	};

	return cmocka_run_group_tests_name("mail quotes", tests, NULL, NULL);
}
