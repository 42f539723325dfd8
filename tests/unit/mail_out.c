/* What goes out: quote_split() and the scrubbers. */
#include "mail/quote.h"
#include "mail/scrub.h"
#include "mail_case.h"
#include "ticket/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

#include "base/banned.h"

int mail_compose_tests(void);
int mail_out_tests(void);

#define CAP "support+k7f39q2y-0123456789abc@casino.example"

struct quote_case {
	const char *name;
	const char *text;
	const char *fresh;
	const char *quoted;
};

static const struct quote_case quote_cases[] = {
    {"mutt, quote above",
	"On Sun, Nov 22, 2026 at 04:30:00AM +0000, Casino Support wrote:\n"
	"> Which wallet?\n> Regards\n\nThe second one.\n\n-- \nMax\n",
	"The second one.", "> Which wallet?\n> Regards"},
    {"mutt, inline",
	"On Sun, Nov 22, 2026 at 04:30:00AM +0000, Casino Support wrote:\n"
	"> Which wallet?\n\nThe second one.\n\n> Which amount?\n\n500.\n"
	"\n> Regards\n",
	"> Which wallet?\n\nThe second one.\n\n> Which amount?\n\n500.",
	"> Regards"},
    {"Thunderbird, below",
	"Am 22.11.26 um 05:30 schrieb Casino Support:\n> Hallo\n>\n> Text\n"
	"\nDanke, das war es.\n",
	"Danke, das war es.", "> Hallo\n>\n> Text"},
    {"Thunderbird, above",
	"Danke.\n\nAm 22.11.26 um 05:30 schrieb Casino Support:\n"
	"> Hallo\n> > alt\n",
	"Danke.", "> Hallo\n>> alt"},
    {"Outlook, English",
	"Here it is.\n\nFrom: Casino Support <" CAP ">\n"
	"Sent: Sunday, November 22, 2026 5:30 AM\nTo: Max <m@x.example>\n"
	"Subject: [K7F3-9Q2Y] Withdrawal\n\nWhich wallet?\n",
	"Here it is.", "> Which wallet?"},
    {"Outlook, German with rule",
	"Anbei.\n\n________________________________\n"
	"Von: Casino Support\nGesendet: Sonntag, 22. November 2026 05:30\n"
	"An: Max\nBetreff: Auszahlung\n\nWelche Wallet?\n",
	"Anbei.", "> Welche Wallet?"},
    {"Outlook, Greek, bold",
	"Ορίστε.\n\n*Από:* Casino\n*Στάλθηκε:* Κυριακή\n*Προς:* Μαξ\n"
	"*Θέμα:* Ανάληψη\n\nΠοιο;\n",
	"Ορίστε.", "> Ποιο;"},
    {"old Outlook",
	"Yes.\n\n-----Ursprüngliche Nachricht-----\nVon: Casino\n\nAlt\n",
	"Yes.", "> Von: Casino\n>\n> Alt"},
    {"Apple Mail, signature line",
	"Hello\n\nSent from my iPhone\n\n"
	"> On 22 Nov 2026, at 05:30, Casino Support <" CAP "> wrote:\n"
	"> \n> Hi there!\n",
	"Hello", "> Hi there!"},
    {"Gmail, wrapped attribution",
	"Hello\n\nOn Sun, Nov 22, 2026 at 5:30 AM Casino Support <\n" CAP
	"> wrote:\n\n> Hi\n",
	"Hello", "> Hi"},
    {"Gmail, HTML without marks",
	"Hello\n\nOn Sun, Nov 22, 2026 at 5:30 AM Casino Support <" CAP
	"> wrote:\nHi\nthere\n",
	"Hello", "> Hi\n> there"},
    {"Gmail, Russian, no verb",
	"Да\n\nвс, 22 нояб. 2026 г. в 05:30, Casino <" CAP ">:\n\n> Нет\n",
	"Да", "> Нет"},
    {"Gmail, Turkish",
	"Evet\n\nCasino Support <" CAP ">, 22 Kas 2026 Paz, 05:30\n"
	"tarihinde şunu yazdı:\n\n> Hayır\n",
	"Evet", "> Hayır"},
    {"Gmail, Greek, wrapped three times",
	"Ναι\n\nΣτις Κυρ 22 Νοε 2026 στις 5:30\nπ.μ., ο χρήστης Casino <" CAP
	">\nέγραψε:\n\n> Όχι\n",
	"Ναι", "> Όχι"},
    {"French, no-break space",
	"Oui\n\nLe dim. 22 nov. 2026 à 05:30, Casino a écrit\u00a0:\n> Non",
	"Oui", "> Non"},
    {"Spanish", "Sí\n\nEl 22/11/2026 a las 5:30, Casino escribió:\n> No", "Sí",
	"> No"},
    {"Italian", "Si\n\nIl 22/11/2026 05:30, Casino ha scritto:\n> No", "Si",
	"> No"},
    {"Portuguese", "Sim\n\nEm 22/11/2026 05:30, Casino escreveu:\n> Nao", "Sim",
	"> Nao"},
    {"Polish", "Tak\n\nW dniu 22.11.2026 o 05:30, Casino pisze:\n> Nie", "Tak",
	"> Nie"},
    {"K-9, below and client line",
	"Am 22. November 2026 05:30:00 MEZ schrieb Casino <" CAP ">:\n"
	">Frage\n>mehr\n\nAntwort\n-- \nDiese Nachricht wurde von meinem "
	"Android-Gerät mit K-9 Mail gesendet.\n",
	"Antwort", "> Frage\n> mehr"},
    {"signature between answer and quote",
	"Hello\n\n-- \nMax M.\nSent with Sparrow\n\n\n"
	"On Tuesday, 22 Nov 2026 at 4:55 PM, xxx wrote:\n\n> Old\n> \n"
	"> On Apr 3, 2012, at 4:19 PM, bob wrote:\n> \n> > Hi\n",
	"Hello", "> Old\n>\n>> Hi"},
    {"signature after the quote", "A\n\n> Q\n\n-- \nMax\nRoma\n", "A", "> Q"},
    {"quoted signature", "A\n\n> Q\n> -- \n> Anna, Casino\n", "A", "> Q"},
    {"narration is not an attribution",
	"On Monday I paid.\nThen your colleague in the chat wrote:\n"
	"> wait\nI waited.\n",
	"On Monday I paid.\nThen your colleague in the chat wrote:\n"
	"> wait\nI waited.",
	""},
    {"a transfer is not a header block",
	"It went wrong.\nFrom: my wallet\nTo: your wallet\nDate: today\n"
	"Amount: 5\n",
	"It went wrong.\nFrom: my wallet\nTo: your wallet\nDate: today\n"
	"Amount: 5",
	""},
    {"a dash line before sentences",
	"Hi\n--\nMy money is missing.\nPlease help.\n",
	"Hi\n--\nMy money is missing.\nPlease help.", ""},
    {"a hash under dashes",
	"Tx\n--\n4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77a\n",
	"Tx\n--\n4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77a", ""},
    {"sent from a wallet",
	"Sent from my phone wallet 0x52908400098527886E0F7030069857D2E4\n",
	"Sent from my phone wallet 0x52908400098527886E0F7030069857D2E4", ""},
    {"a limit is no quote",
	">100 EUR we check.\n\nOn Sun, 22 Nov 2026 5:30, Max wrote:\n> Q\n",
	">100 EUR we check.", "> Q"},
    {"a limit below a quote",
	"On Sun, 22 Nov 2026 5:30, Max wrote:\n> Q\n\nNo:\n>100 EUR\n",
	"No:\n>100 EUR", "> Q"},
    {"a limit beside another mark",
	"> Q\n>100 EUR we check.\n> R\n\nSo it is.\n\n> S\n",
	"> Q\n>100 EUR we check.\n> R\n\nSo it is.", "> S"},
    {"a quoted limit",
	"No.\n\nOn Sun, 22 Nov 2026 5:30, Max wrote:\n>100 EUR are gone\n",
	"No.", "> 100 EUR are gone"},
    {"a quoted limit among others",
	"No.\n\n>I see\n>\n>100 EUR are gone\n", "No.",
	"> I see\n>\n> 100 EUR are gone"},
    {"a line of a mailbox", "So:\n>From now on it is open.\n",
	"So:\n>From now on it is open.", ""},
    {"words around a quote",
	"Hello,\n\nOn Sun, 22 Nov 2026 5:30, Max wrote:\n> Q\n\nYes.\n",
	"Hello,\n\n\nYes.", "> Q"},
    {"words around a quote, name and address",
	"Hello,\n\nMax <max@x.example> wrote:\n\n> Q\n\nYes.\n",
	"Hello,\n\n\nYes.", "> Q"},
    {"a header block above marks",
	"-----Original Message-----\nFrom: Max\nSent: 5:30\nTo: us\n"
	"Subject: x\n\n> Q\n> R\n\nYes.\n",
	"Yes.", "> Q\n> R"},
    {"a header block above marks, inline",
	"From: Max\nSent: 5:30\nTo: us\nSubject: x\n\n> Q\n\nYes.\n\n"
	"> R\n\nNo.\n\n> S\n",
	"> Q\n\nYes.\n\n> R\n\nNo.", "> S"},
    {"a marked attribution, inline",
	"> On 22 Nov 2026, at 05:30, Max <m@x.example> wrote:\n> \n> Q\n\n"
	"Yes.\n\n> R\n\nNo.\n\n> S\n",
	"> Q\n\nYes.\n\n> R\n\nNo.", "> S"},
    {"a marked header block, inline",
	"> -----Original Message-----\n> From: Max\n> Sent: 5:30\n> To: us\n"
	"> Subject: x\n>\n> Q\n\nYes.\n\n> R\n\nNo.\n\n> S\n",
	"> Q\n\nYes.\n\n> R\n\nNo.", "> S"},
    {"quoted words that quote stay",
	"> Your man wrote:\n> later\n\nYes.\n\n> R\n\nNo.\n",
	"> Your man wrote:\n> later\n\nYes.\n\n> R\n\nNo.", ""},
    {"words that tell of a mail, above a later quote",
	"On 22 Nov 2026 at 5:30, Max wrote:\n> Q\n\nYes.\nOn 3 May I wrote:\n"
	"> R\n\nNo.\n",
	"> Q\n\nYes.\nOn 3 May I wrote:\n> R\n\nNo.", ""},
    {"nothing to part", "One\n\nTwo\n", "One\n\nTwo", ""},
    {"empty", "", "", ""},
};

static void
test_quote_table(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(quote_cases); i++) {
		const struct quote_case *c = &quote_cases[i];
		g_auto(quote_split_auto) split = {0};

		quote_split(c->text, &split);
		if (strcmp(split.fresh, c->fresh) != 0 ||
		    strcmp(split.quoted, c->quoted) != 0)
			fail_msg("%s: fresh {%s} quoted {%s}", c->name,
			    split.fresh, split.quoted);
	}
}

static void
test_quote_nothing_fresh(void **state)
{
	static const char *const texts[] = {"> Q\n> R\n",
	    "On 22 Nov 2026 at 5:30, Casino wrote:\n> Q\n", "-- \nMax\n",
	    "From: a\nSent: b\nTo: c\nSubject: d\n\ntext\n"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_auto(quote_split_auto) split = {0};
		g_autofree char *all = g_strchomp(g_strdup(texts[i]));

		quote_split(texts[i], &split);
		assert_false(split.has_fresh);
		assert_string_equal(split.fresh, all);
		assert_string_equal(split.tail, "");
	}
}

/* Whatever the shape: every line is in fresh or tail, none twice. */
static void
test_quote_keeps_every_line(void **state)
{
	static const char *const pool[] = {"word", "> quoted", ">> deeper", "",
	    "-- ", "--", "Bob wrote:", "From: a", "Subject: b", "Sent: 5:30",
	    "On 22 Nov 2026 5:30, a@b.example wrote:",
	    "-----Original Message-----", "_________________"};
	GRand *rand = g_rand_new_with_seed(7);

	(void)state;
	for (guint round = 0; round < 3000; round++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_auto(quote_split_auto) split = {0};
		gsize n = 0;
		gsize m = 0;

		for (gint i = g_rand_int_range(rand, 0, 14); i >= 0; i--)
			g_string_append_printf(text, "%s\n",
			    pool[g_rand_int_range(
				rand, 0, (gint32)G_N_ELEMENTS(pool))]);
		quote_split(text->str, &split);
		for (const char *p = text->str; *p != '\0'; p++)
			n += !g_ascii_isspace(*p);
		for (const char *p = split.fresh; *p != '\0'; p++)
			m += !g_ascii_isspace(*p);
		for (const char *p = split.tail; *p != '\0'; p++)
			m += !g_ascii_isspace(*p);
		assert_int_equal(n, m);
	}
	g_rand_free(rand);
}

static void
test_quote_is_linear(void **state)
{
	static const char *const units[] = {"From: x\n", "--\n", "@a:\n",
	    "> q\nx wrote:\n", ">1\n", ">1\n> 2\n", "-- \n> -- \n", "a wrote 5:30 @:\n"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_auto(quote_split_auto) split = {0};
		gint64 start = cpu_time();

		for (guint n = 0; n < QUOTE_LINES_MAX / 2 - 1; n++)
			g_string_append(text, units[i]);
		quote_split(text->str, &split);
		assert_true(
		    cpu_time() - start < 5 * G_USEC_PER_SEC);
	}
}

static void
test_subject_base(void **state)
{
	static const char *const cases[][2] = {
	    {"Re: [%s] Withdrawal", "Withdrawal"},
	    {"AW: WG: Re[2]: [%s] AW: Auszahlung", "Auszahlung"},
	    {"Fwd: FW: TR : Retrait", "Retrait"},
	    {"ΑΠ: ΠΡΘ: Ανάληψη", "Ανάληψη"},
	    {"απ: SV: VS: Antw: Odp: Ynt: RV: RIF: x", "x"},
	    {"Отв: Пересл: Вывод", "Вывод"},
	    {"回复： 转发: 提现", "提现"},
	    {"Re:Re:Re:x", "x"},
	    {"[urgent] Re: y", "[urgent] Re: y"},
	    {"Regarding: z", "Regarding: z"},
	    {"[ABCD-EFGH-12] x", "[ABCD-EFGH-12] x"},
	    {"a [%s] b", "a b"},
	    {"  a \t b ", "a b"},
	    {"Re:", ""},
	    {"", ""},
	};
	struct number number = number_from_bits(0x2a5f3c71dULL);
	char shown[NUMBER_TEXT_SIZE];

	(void)state;
	number_show(&number, shown);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(GStrv) parts = g_strsplit(cases[i][0], "%s", 2);
		g_autofree char *in = g_strjoinv(shown, parts);
		g_autofree char *base = scrub_subject_base(in);

		assert_string_equal(base, cases[i][1]);
	}
}

static void
test_armor(void **state)
{
	static const char *const cases[][2] = {
	    {"a\n-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n"
	     "-----END PGP PUBLIC KEY BLOCK-----\nb\n",
		"a\nb\n"},
	    {"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nwords\n"
	     "-----BEGIN PGP SIGNATURE-----\nx\n"
	     "-----END PGP SIGNATURE-----\n",
		"words\n"},
	    {"a\n-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
		"a\n[encoded block removed]\n"},
	    {"a\n=ybegin line=128 size=3 name=max.txt\n=ypart\nx\n"
	     "=yend size=3\nb\n",
		"a\n[encoded block removed]\nb\n"},
	    {"a\n> -----BEGIN PGP MESSAGE-----\n> x\nb\n",
		"a\n[encoded block removed]\n"},
	    {"begin 644 max.txt\n#0V%T\n`\nend\nb\n",
		"[encoded block removed]\nb\n"},
	    {"begin 100 free spins\nnow\n", "begin 100 free spins\nnow\n"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *out = scrub_armor(cases[i][0]);

		assert_string_equal(out, cases[i][1]);
	}
}

static struct mail *
mail_make(
    const char *name, const char *addr, const char *subject, const char *text)
{
	struct mail *mail = g_new0(struct mail, 1);

	mail->from_addr = addr_parse(addr, -1, NULL);
	mail->from_name = g_strdup(name);
	mail->other_addrs =
	    g_ptr_array_new_with_free_func((GDestroyNotify)addr_free);
	mail->other_names = g_ptr_array_new_with_free_func(g_free);
	mail->subject = g_strdup(subject);
	mail->message_id = g_strdup("");
	mail->references = g_ptr_array_new_with_free_func(g_free);
	mail->text = g_strdup(text);
	mail->files = g_ptr_array_new();
	return mail;
}

/* mail_free() belongs to the parser; these mails are not its. */
static void
mail_drop(struct mail *mail)
{
	for (guint i = 0; i < mail->files->len; i++) {
		mail_file_free(g_ptr_array_index(mail->files, i));
	}
	g_ptr_array_unref(mail->files);
	g_ptr_array_unref(mail->other_addrs);
	g_ptr_array_unref(mail->other_names);
	g_ptr_array_unref(mail->references);
	addr_free(mail->from_addr);
	g_free(mail->from_name);
	g_free(mail->subject);
	g_free(mail->message_id);
	g_free(mail->text);
	g_free(mail);
}

static void
add_file(struct mail *mail, const char *type, const char *text, gsize size)
{
	struct mail_file *file = g_new0(struct mail_file, 1);

	file->type = g_strdup(type);
	file->text = g_strdup(text);
	file->size = size;
	g_ptr_array_add(mail->files, file);
}

static struct rules *
rules_some(void)
{
	struct rules *rules = rules_load(ND_SRCDIR "/filters", NULL);

	assert_non_null(rules);
	return rules;
}

static void
test_scrub_player(void **state)
{
	struct rules *rules = rules_some();
	struct mail *mail = mail_make("Anneliese Quartz",
	    "anneliese.quartz@post.example", "AW: Frage von Anneliese",
	    "Guten Tag, hier Quartz (anneliese.quartz@post.example).\n"
	    "Wo bleibt die Auszahlung?\n\nGruß\nAnneliese\n-- \n"
	    "Quartz GmbH\nSecretstreet 5\n\n"
	    "Am 22.11.26 um 05:30 schrieb Zed Attrib:\n"
	    "> Hallo Anneliese Quartz,\n> wohin?\n");
	g_auto(scrubbed_auto) out = {0};

	(void)state;
	g_ptr_array_add(
	    mail->other_addrs, addr_parse("second@other.example", -1, NULL));
	add_file(mail, "text/plain", "Anneliese and second@other.example", 40);
	add_file(mail, "image/jpeg", NULL, 186000);
	add_file(mail, "text/plain", "x\nBEGIN:VCARD\nFN:A\n", 20);
	add_file(mail, "text/calendar", "ORGANIZER:A", 11);
	scrub_player_mail(mail, rules, &out);
	assert_string_equal(out.subject, "Frage von [name]");
	assert_non_null(strstr(out.text, "Wo bleibt die Auszahlung?"));
	assert_non_null(strstr(out.text, "[address]"));
	assert_null(strstr(out.text, "Anneliese"));
	assert_null(strstr(out.text, "Quartz"));
	assert_null(strstr(out.text, "Secretstreet"));
	assert_null(strstr(out.tail, "Quartz"));
	assert_null(strstr(out.tail, "Attrib"));
	assert_true(g_str_has_prefix(out.tail, "> Hallo [name]"));
	assert_true(g_str_has_suffix(out.tail, "\n> wohin?"));
	assert_int_equal(out.files->len, 4);
	for (guint i = 0; i < out.files->len; i++) {
		const struct scrubbed_file *file =
		    g_ptr_array_index(out.files, i);

		assert_int_equal(file->text != NULL, i == 0);
		assert_null(file->octets);
		assert_int_equal(file->fate,
		    i == 0 ? SCRUBBED_REDACTED : SCRUBBED_WITHHELD);
		if (i == 0)
			assert_string_equal(file->text, "[name] and [address]");
		if (i == 1)
			assert_string_equal(file->what, "a JPEG image");
	}
	mail_drop(mail);
	rules_free(rules);
}

static char *
agent_reply(const char *text, GError **err)
{
	static char *own_addrs[] = {(char *)"team@casino.example",
	    (char *)"support@casino.example", NULL};
	const struct scrub_agent self = {
	    "Casino Support", own_addrs, "casino.example", "0123456789abc"};
	struct rules *rules = rules_some();
	struct mail *mail = mail_make(
	    "Ottilie Brandt", "ottilie@casino.example", "Re: x", text);
	g_autofree char *words = scrub_agent_words(mail, &self, err);
	char *out = words == NULL
	    ? NULL
	    : scrub_agent_text(words, mail, rules, &self, err);

	mail_drop(mail);
	rules_free(rules);
	return out;
}

static void
test_scrub_agent(void **state)
{
	static const char *const cases[][2] = {
	    {"It is on its way.\n\nBest regards\nOttilie\n",
		"It is on its way.\n\nBest regards"},
	    {"Done.\n\nOttilie Brandt\n\nVon meinem iPhone gesendet\n",
		"Done."},
	    {"Done.\nO. Brandt\n-- \nOttilie Brandt\nSenior Agent\n", "Done."},
	    {"This is Brandt from here.\n",
		"This is Casino Support from here."},
	    {"Hi [name], we mailed [address].\n",
		"Hi [name], we mailed [address]."},
	    {"Done.\n\nOn 22 Nov 2026, at 05:30, amber-otter-41 <" CAP
	     "> wrote:\n\n> Where is it?\n",
		"Done."},
	    {"Ask Ottilie@casino.example, <team@casino.example>.\n",
		"Ask Casino Support, <Casino Support>."},
	    {"xteam@casino.example2\n", NULL},
	    {"Write to <" CAP "> now.\n", "Write to  now."},
	    {"a <mailto:SUPPORT+K7F39Q2Y-0123456789ABC@CASINO.EXAMPLE> b\n",
		"a  b"},
	    {"a support%2Bk7f39q2y-0123456789abc%40casino.example b\n", "a  b"},
	    {"a support+k7f39q2y%2D0123456789abc@casino.example b\n", "a  b"},
	    {"a support-k7f39q2y-0123456789abc@casino.example b\n", "a  b"},
	    {"a support+b-k7f39q2y.0123456789abc@casino.example b\n",
		"a  b"},
	    {"On 22 Nov 2026, at 05:30, amber-otter-41 <" CAP "> wrote:\n"
	     "> One?\nYes.\n> Two?\nNo.\n",
		"> One?\nYes.\n> Two?\nNo."},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *out = agent_reply(cases[i][0], &err);

		assert_null(err);
		if (cases[i][1] == NULL)
			assert_null(strstr(out, "Casino Support"));
		else
			assert_string_equal(out, cases[i][1]);
	}
}

static void
test_scrub_agent_bare_extension(void **state)
{
	struct number number = number_from_bits(0x2a5f3c71dULL);
	g_autofree char *low = g_ascii_strdown(number.s, -1);
	g_autofree char *text = g_strdup_printf(
	    "a support+%s-0123456789abc\n@casino.example b\n", low);
	g_autofree char *out = agent_reply(text, NULL);

	(void)state;
	assert_null(strstr(out, "0123456789abc"));
}

static void
test_scrub_agent_denied(void **state)
{
	static const char *const texts[] = {"", "\n\n", "-- \nOttilie\n",
	    "> only\n> quoted\n", "Ottilie\n",
	    "Sent from my iPhone\n", "> Q\n\n[internal]\nx\n"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *out = agent_reply(texts[i], &err);

		assert_null(out);
		assert_true(error_is(err, ERROR_DENIED));
	}
}

int
mail_out_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quote_table),
	    cmocka_unit_test(test_quote_nothing_fresh),
	    cmocka_unit_test(test_quote_keeps_every_line),
	    cmocka_unit_test(test_quote_is_linear),
	    cmocka_unit_test(test_subject_base),
	    cmocka_unit_test(test_armor),
	    cmocka_unit_test(test_scrub_player),
	    cmocka_unit_test(test_scrub_agent),
	    cmocka_unit_test(test_scrub_agent_bare_extension),
	    cmocka_unit_test(test_scrub_agent_denied),
	};

	return cmocka_run_group_tests_name("mail_out", tests, NULL, NULL) +
	       mail_compose_tests();
}
