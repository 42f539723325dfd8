/*
 * Rules as operators and agents see them: what is masked, what is kept, what
 * a rule file may say. rules_engine.c and rules_checks.c hold the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/rules.h"
#include "rules_tests.h"

#include "base/banned.h"

struct rules *shipped;

static int
setup(void **state)
{
	g_autoptr(GError) err = NULL;

	(void)state;
	shipped = rules_load(ND_SRCDIR "/filters", &err);
	if (shipped == NULL)
		print_error("%s\n", err->message);
	return shipped == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	rules_free(shipped);
	return 0;
}

#define RECEIPT "nymdesk-receipt: v1 K7F3-9Q2Y 2026-11-21T10:00:00Z"
#define DIGEST "YxhI-I90fIvOpGz8xCgqu2rTzSgPpY5m1XjQ0WcEkbA"
#define SIGNATURE                                                              \
	"q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83-"                         \
	"_83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJqA"

static const struct redaction {
	const char *text;
	const char *expect; /* NULL: unchanged */
} redactions[] = {
    /* Addresses. */
    {"Write to Jo.Doe+x@Example.ORG.", "Write to [address]."},
    {"<mailto:jo@example.org>", "<[address]>"},
    {"a@bücher.example b@xn--bcher-kva.example", "[address] [address]"},
    {"jürgen@example.org, παύλος@παράδειγμα.gr", "[address], [address]"},
    {"ｊｏ＠ｅｘａｍｐｌｅ．ｏｒｇ ok", "[address] ok"},
    {"j\xc2\xado\xe2\x80\x8b@exam\xe2\x80\x8dple.org!", "[address]!"},
    {"jo (at) example (dot) org", "[address]"},
    {"jo [ät] example [punkt] de", "[address]"},
    {"jo(a)example.org", "[address]"},
    {"jo at example dot org", "[address]"},
    {"jo at gmail.com", "[address]"},
    {"jo @ example.org", "[address]"},
    {"\"jo doe\"@example.org", "[address]"},
    {"jo@[192.0.2.1] jo@localhost", "[address] [address]"},
    {"jo@example。org", "[address]"},
    {"Look at example.com for 5 games", NULL},
    /* Receipts. */
    {RECEIPT " " DIGEST " " SIGNATURE, "[receipt]"},
    {"> " RECEIPT "\n> " DIGEST "\n> " SIGNATURE "\n> x",
	"> [receipt]\n> x"},
    {"> > nymdesk-receipt:\n> > v1\n> > K7F3-9Q2Y\n> > "
     "2026-11-21T10:00:00Z\n> > " DIGEST " " SIGNATURE " and more",
	"> > [receipt] and more"},
    {"Look: " RECEIPT " " DIGEST " YWJjZGVm=\nZ2hp", "Look: [receipt]"},
    {"What is a nymdesk-receipt: in it?", NULL},
    {"nymdesk-receipt: v1 is what it says", NULL},
    {"@casino is our handle", NULL},
    /* An address is masked whole even where a part looks like an amount, a
     * date, a hash or a wallet. */
    {"jo.12.05.1980@example.org", "[address]"},
    {"250USDT@example.org 250 USDT", "[address] 250 USDT"},
    {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa@example.org", "[address]"},
    /* Telephone numbers. */
    {"Tel.: 0170 / 1234567", "Tel.: [phone]"},
    {"Meine Handynummer ist 01701234567!", "Meine Handynummer ist [phone]!"},
    {"+49 (0)170 1234567, +49-170-1234567", "[phone], [phone]"},
    {"0049 170 1234567", "[phone]"},
    {"my phone number: (555) 123-4567", "my phone number: [phone]"},
    {"mobile 07700 900123", "mobile [phone]"},
    {"mon téléphone est le 06 12 34 56 78.", "mon téléphone est le [phone]."},
    {"tél. 0612345678", "tél. [phone]"},
    {"joignable au 06.12.34.56.78", "joignable au [phone]"},
    {"τηλ. 210 1234567, κινητό: 6912345678", "τηλ. [phone], κινητό: [phone]"},
    {"ΤΗΛΕΦΩΝΟ 2101234567", "ΤΗΛΕΦΩΝΟ [phone]"},
    {"+٤٩ ١٧٠ ١٢٣٤٥٦٧", "[phone]"},
    {"wa.me/491701234567", "wa.me/[phone]"},
    /* Not telephone numbers. */
    {"Bestellnummer 0012345678 vom 01.02.2024", NULL},
    {"order #12345678, order no. 004912345678", NULL},
    {"Hotel 12345678, 1234567890", NULL},
    {"profit +1500000 USDT, +1.500.000,00 €", NULL},
    {"Handy am 12.05.2024 gewechselt", NULL},
    {"I used my mobile on 2024-05-01 12:30", NULL},
    {"call me about 100000,56 € or EUR 100,000.56", NULL},
    {"um 12:00 1234567", NULL},
    {"phone K7F3-9Q2Y and [1234-5678]", NULL},
    {"phone 1234-5678", "phone [phone]"},
    {"mobile 9fc76417374aa880d4449a1f7f31ec597f00b1f6f3dd2d66f4c9c6c445836d8b",
	NULL},
    {"phone 1234567890123456789012345678901234567890123456789012345678901234",
	NULL},
    /* Accounts and cards. */
    {"IBAN: DE89 3704 0044 0532 0130 00 bei der Bank",
	"IBAN: [iban] bei der Bank"},
    {"auf de89370400440532013000.", "auf [iban]."},
    {"GR16 0110 1250 0000 0001 2300 695 ναι", "[iban] ναι"},
    {"FR14-2004-1010-0505-0001-3M02-606", "[iban]"},
    {"DE88370400440532013000 DE8837040044053201", NULL},
    {"IBAN DE88 3704 0044 0532 0130 00", "IBAN [iban]"},
    {"card 4111 1111 1111 1111, 4111-1111-1111-1111",
	"card [card], [card]"},
    {"378282246310005 or 3782 822463 10005", "[card] or [card]"},
    {"4111 1111 1111 1112, 1234567812345670", NULL},
    {"order 4111111111111111", "order [card]"},
    {"4111 1111 1111 1111 50 EUR", "[card] 50 EUR"},
    /* Addresses and telephone numbers of further countries. */
    {"f.sedov собака kontora точка example", "[address]"},
    {"fserra chiocciola studio punto example", "[address]"},
    {"laura@stary [kropka] example", "[address]"},
    {"jo.old (a) mail.example", "[address]"},
    {"(a) example.org", NULL},
    {"0351 4482 913, 089/4412 9931, 030-4418 2273",
	"[phone], [phone], [phone]"},
    {"612 34 48 90; 601 448 291; 338 448 2913", "[phone]; [phone]; [phone]"},
    {"(11) 94482-9130 (030) 1234567", "[phone] [phone]"},
    {"8 (495) 448-29-13, 89164482913", "[phone], [phone]"},
    {"тел. 4482913; mój numer 603 44 82 91", "тел. [phone]; mój numer [phone]"},
    {"Tel. +357 99 448291. 800,00 €", "Tel. [phone]. 800,00 €"},
    {"750 000 000 points, 448 291 370 VND", NULL},
    {"SMS code 448291, lottery 04 11 19 23 38 42", NULL},
    /* Dates of birth: the word goes with them. */
    {"geb. 12.05.1985 in Bonn", "[birth-date] in Bonn"},
    {"My date of birth is 14/02/1988.", "My [birth-date]."},
    {"dob: July 4, 1979, DOB 11.11.92", "[birth-date], [birth-date]"},
    {"née le 1er mars 1992", "[birth-date]"},
    {"γεννήθηκα στις 14/03/1990", "[birth-date]"},
    {"nací el 3 de marzo de 1992", "[birth-date]"},
    {"nato il 01.10.1984; nascida em 28-02-1993",
	"[birth-date]; [birth-date]"},
    {"Родился 1 октября 1984 г. в Омске", "[birth-date] в Омске"},
    {"28-02-1993 doğumluyum", "[birth-date]"},
    {"urodziłem się 9 sierpnia 1979", "[birth-date]"},
    {"Birthday bonus of 05.06.2024", NULL},
    {"Am 12.05.1985 war nichts", NULL},
    /* Documents. */
    {"Ausweis-Nr. L01X00T471, passport number 533401822",
	"Ausweis-Nr. [id], passport number [id]"},
    {"DNI 48291537G, NIE X4829153Z", "DNI [id], NIE [id]"},
    {"C.F. DLCCHR90C54H501W", "C.F. [id]"},
    {"паспорт 46 04 № 721934, ИНН 448291370312",
	"паспорт [id], ИНН [id]"},
    {"PESEL 90031448291, TC kimlik no 44829137018",
	"PESEL [id], TC kimlik no [id]"},
    {"Ausweis am 12.05.2024 hochgeladen, passport on 2024-05-12", NULL},
    {"Pass auf, seit 3 Tagen 500 Euro!", NULL},
    {"od 14 dni 448291", NULL},
    /* Streets. */
    {"Lindenstraße 14, 80331 München!", "[street]!"},
    {"221 Baker Street, London NW1 6XE", "[street]"},
    {"12 rue de la République, 69002 Lyon", "[street]"},
    {"abito in via Mazzini 27, Bologna.", "abito in [street]."},
    {"Calle Mayor 25, 28013 Madrid", "[street]"},
    {"ул. Ленина, д. 22, кв. 15, Москва.", "[street]."},
    {"ul. Długa 15 m. 4, 31-008 Kraków", "[street]"},
    {"Bağdat Cad. 101/5", "[street]"},
    {"Λεωφόρος Κηφισίας 101, 15124 Μαρούσι", "[street]"},
    {"Rua das Flores 22, 4050-262 Porto", "[street]"},
    {"via PayPal 3 days ago, via Skrill 50 EUR", NULL},
    {"in corso da 5 giorni, a lo largo de 3 meses", NULL},
    {"20 free spins on the road, Tabellenplatz 3, wagering 35x", NULL},
    {"Level 12, 10000 points", NULL},
    /* Handles. */
    {"t.me/jo_doe, vk.com/jo.99", "t.me/[handle], vk.com/[handle]"},
    {"telegram c'est @jo_doe", "telegram c'est [handle]"},
    {"Discord jo#4471, skype: live:jo.d", "Discord [handle], skype: [handle]"},
    {"insta jo.doe_21.", "insta [handle]."},
    {"Discord: nothing works, skype call", NULL},
    /* Hosts. */
    {"IP 84.113.22.197, 2a02:8108:1440:2f00::1d", "IP [ip], [ip]"},
    {"version 10.0.19.1 at 12:30:45, a::b", NULL},
    /* What is kept, in running text. */
    {"Ich habe am 03.05.2024 um 14:30 Uhr 1.234,56 € und 0,5 BTC auf "
     "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 eingezahlt.", NULL},
    {"USD 1,234.56 from 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", NULL},
    {"J'ai envoyé 250 USDT à TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t hier.", NULL},
    {"Έστειλα 0.5 ETH στο 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", NULL},
    {"tx 0x9fc76417374aa880d4449a1f7f31ec597f00b1f6f3dd2d66f4c9c6c445836d8b",
	NULL},
    {"rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh "
     "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", NULL},
    {"Ticket [K7F3-9Q2Y], k7f3-9q2y", NULL},
    {"", NULL},
    {"[", NULL},
};

static void
redaction_check(const struct rules_literals *literals, const char *text,
    const char *expect)
{
	guint masked = 7;
	g_autofree char *out = rules_redact(shipped, literals, text, &masked);

	assert_string_equal(out, expect != NULL ? expect : text);
	assert_int_equal(masked == 7, expect == NULL);
}

static void
test_redactions(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(redactions); i++)
		redaction_check(NULL, redactions[i].text,
		    redactions[i].expect);
}

static const struct own {
	const char *name;
	const char *addr;
	const char *text;
	const char *expect;
} owns[] = {
    {"Hans Müller", NULL, "Gruß, Hans Müller", "Gruß, [name]"},
    {"Hans Müller", NULL, "MÜLLER Muller mueller; MU\xcc\x88LLER",
	"[name]; [name]"},
    {"Hans Mueller", NULL, "Müller; muller", "[name]; [name]"},
    {"Hans Muller", NULL, "Müller; Mueller", "[name]; [name]"},
    {"Jörg Groß", NULL, "joerg GROSS; Jorg; groß", "[name]; [name]; [name]"},
    {"Søren Ærø", NULL, "Soren; Aero", "[name]; [name]"},
    {"Hans Müller", NULL, "Hansestadt, Hansen, Schultze", NULL},
    {"Hans Müller", NULL, "Müllers Konto, Peters Konto",
	"[name] Konto, Peters Konto"},
    {"Hans Müller", NULL, "Hans\xe2\x80\x8bMüller HansMüller",
	"[name]"},
    {"Hans Müller", NULL, "H\xc2\xad"
			  "ans ΗΑΝΣ", "[name] ΗΑΝΣ"},
    {"Müller, Hans", NULL, "Hans Müller (Müller)", "[name] ([name])"},
    {"Ursula von der Leyen", NULL, "der Name von Ursula von der Leyen",
	"der Name von [name]"},
    {"Élodie Lefèvre", NULL, "ELODIE, lefevre", "[name]"},
    {"Γιώργος Παπαδόπουλος", NULL,
	"ΓΙΩΡΓΟΣ; του Παπαδόπουλου; παπαδοπουλοσ",
	"[name]; του [name]; [name]"},
    {"İbrahim Yıldız", NULL, "ibrahim; yildiz; YILDIZ; IBRAHIM",
	"[name]; [name]; [name]; [name]"},
    {"王小明", NULL, "我是王小明你好", "我是[name]你好"},
    {"Jo Li", NULL, "jo is here, Jo Li", "jo is here, [name]"},
    {"O'Brien", NULL, "Mr O\xe2\x80\x99"
		      "Brien and brien", "Mr [name] and [name]"},
    {"hans@example.org", NULL, "example org hans",
	"example org [name]"},
    /* Addresses in any spelling. */
    {NULL, "hans.mueller@example.org",
	"HANS.MUELLER@EXAMPLE.ORG; hans.mueller at example.org",
	"[address]; [address]"},
    {NULL, "hans.mueller@example.org",
	"hans mueller; hans_mueller, hansmueller; Mueller",
	"[address]; [address]; [address]"},
    {NULL, "hans.mueller@example.org", "hans mueller example org",
	"[address]"},
    {NULL, "hans.mueller@example.org", "hans at example",
	"[address] at example"},
    {NULL, "hans+casino@example.org",
	"hans+other@example.org; hans+casino; hans; casino",
	"[address]; [address]; [address]; casino"},
    {NULL, "hansmueller@gmail.com", "hans.mueller@googlemail.com; hans mueller",
	"[address]; [address]"},
    {NULL, "bob@example.org", "bob; Bob@Example.org; bo",
	"[address]; [address]; bo"},
    {NULL, "support@example.org", "support; support@example.org",
	"support; [address]"},
    {NULL, "j@bücher.example", "j at xn--bcher-kva.example",
	"[address]"},
    {NULL, "491701234567@qq.example", "id 491701234567", "id [address]"},
    {NULL, "Anna <anna.schmidt@example.org>", "ANNA SCHMIDT", "[address]"},
    /* Own literals win over kept spans, as placeholder and as text. */
    {NULL, "K7F3-9Q2Y@example.org", "ticket K7F3-9Q2Y", "ticket [address]"},
    {"Anna Schmidt", "anna.schmidt@example.org",
	"anna.schmidt@example.org Anna Schmidt", "[address] [name]"},
    {"Anna Schmidt", NULL, "anna.schmidt@other.example", "[address]"},
    {NULL, "kai|77/b$c@example.org", "<kai|77/b$c@example.org> or x|y",
	"<[address]> or x|y"},
};

static void
test_owns(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(owns); i++) {
		struct rules_literals *literals = rules_literals_new();

		if (owns[i].name != NULL)
			rules_literals_add_name(literals, owns[i].name,
			    "[name]");
		if (owns[i].addr != NULL)
			rules_literals_add_addr(literals, owns[i].addr,
			    "[address]");
		redaction_check(literals, owns[i].text, owns[i].expect);
		rules_literals_free(literals);
	}
}

static void
test_texts(void **state)
{
	struct rules_literals *literals = rules_literals_new();

	(void)state;
	rules_literals_add_text(literals, "A-17/b", "[room]");
	rules_literals_add_text(literals, "A-17 b", "[flat]");
	rules_literals_add_text(literals, "(Grüne Gasse", "[street]");
	rules_literals_add_text(literals,
	    "one two three four five six seven eight nine tenth", "[ten]");
	rules_literals_add_text(literals, "...", "[dots]");
	rules_literals_add_text(literals, "", "[empty]");
	redaction_check(literals, "a-17/B; A-17 B; A 17 b",
	    "[room]; [flat]; A 17 b");
	redaction_check(literals, "die (GRÜNE GASSE; grüne gasse",
	    "die [street]; grüne gasse");
	redaction_check(literals,
	    "One two three four five six seven eight nine tenth.", "[ten].");
	redaction_check(literals,
	    "one two three four five six seven eight nine tenths ...", NULL);
	/* Many texts of one key: in the end any separators do. */
	for (guint i = 0; i < 300; i++) {
		g_autofree char *text = g_strdup_printf("x%*sy", (int)i, "");

		rules_literals_add_text(literals, text, "[x]");
	}
	redaction_check(literals, "x.y", "[x]");
	rules_literals_free(literals);
}

static const struct keep {
	const char *text;
	gboolean kept;
} keeps[] = {
    {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", TRUE},
    {"1A1zP1eP5QG\xe2\x80\x8b"
     "efi2DMPTfTL5SLmv7DivfNa", TRUE},
    {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", FALSE},
    {"1a1zp1ep5qgefi2dmptftl5slmv7divfna", FALSE},
    {"3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", TRUE},
    {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", TRUE},
    {"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", TRUE},
    {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", FALSE},
    {"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
		TRUE},
    {"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", TRUE},
    {"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u", FALSE},
    {"LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9", TRUE},
    {"DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L", TRUE},
    {"rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", TRUE},
    {"rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTi", FALSE},
    {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", TRUE},
    {"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", TRUE},
    {"0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", FALSE},
    {"TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", TRUE},
    {"Donaudampfschifffahrtsgesellschaftskapitaen", FALSE},
    {"9fc76417374aa880d4449a1f7f31ec597f00b1f6f3dd2d66f4c9c6c445836d8b",
		TRUE},
    {"0x9FC76417374AA880D4449A1F7F31EC597F00B1F6F3DD2D66F4C9C6C445836D"
     "8B", TRUE},
    {"1.234,56€", TRUE},
    {"-1,234.56USD", TRUE},
    {"€1'234.50", TRUE},
    {"0.00000001BTC", TRUE},
    {"USDT250", TRUE},
    {"0170EUR", FALSE},
    {"250", FALSE},
    {"12.05.2024", TRUE},
    {"2024-05-12T14:30:00Z", TRUE},
    {"05/31/24", TRUE},
    {"32.05.2024", FALSE},
    {"06.12.34.56.78", FALSE},
    {"14:30", TRUE},
    {"K7F3-9Q2Y", TRUE},
    {"[K7F3-9Q2Y]", TRUE},
    {"12.05.2024@x.example", FALSE},
    {"K7F3-9Q2Y@x.example", FALSE},
    {"14:30@x.example", FALSE},
    {"250EUR@x.example", FALSE},
    {"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t@x.example", FALSE},
};

/* Each keep rule as shipped, against a rule that masks all there is. */
static void
test_keeps(void **state)
{
	g_autofree char *keep = NULL;
	g_autofree char *all = NULL;
	struct rules *rules;

	(void)state;
	assert_true(g_file_get_contents(ND_SRCDIR "/filters/keep.conf", &keep,
	    NULL, NULL));
	all = g_strconcat(keep, "\n[all]\npattern = \\S+\naction = mask\n"
	    "as = x\n", NULL);
	rules = test_rules_from(all, NULL);
	assert_non_null(rules);
	for (gsize i = 0; i < G_N_ELEMENTS(keeps); i++) {
		g_autofree char *out = rules_redact(rules, NULL,
		    keeps[i].text, NULL);

		assert_string_equal(out, keeps[i].kept ? keeps[i].text
						       : "[x]");
	}
	rules_free(rules);
}

/* Two players must look the same, whatever the length of name and address. */
static void
test_pair(void **state)
{
	static const char *const people[][2] = {
	    {"Al Dee", "al.d@x.example"},
	    {"Maximiliane von Hohenstein-Wolkenberg",
		"maximiliane.von.hohenstein@mail.wolkenberg.example"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(people); i++) {
		struct rules_literals *literals = rules_literals_new();
		g_autofree char *text = g_strdup_printf(
		    "Hi, my 250 USDT are missing. Mail me at %s.\n\n%s\n",
		    people[i][1], people[i][0]);

		rules_literals_add_name(literals, people[i][0], "[name]");
		rules_literals_add_addr(literals, people[i][1], "[address]");
		redaction_check(literals, text,
		    "Hi, my 250 USDT are missing. Mail me at [address].\n\n"
		    "[name]\n");
		rules_literals_free(literals);
	}
}

static void
test_categories(void **state)
{
	static const struct {
		const char *text;
		const char *category;
	} cases[] = {
	    {"My withdrawal after the deposit is late", "withdrawal"},
	    {"Meine Auszahlung fehlt", "withdrawal"},
	    {"Où est mon retrait ?", "withdrawal"},
	    {"Η ΑΝΑΛΗΨΗ μου", "withdrawal"},
	    {"Einzahlung fehlt", "deposit"},
	    {"Mon dépôt", "deposit"},
	    {"η κατάθεση", "deposit"},
	    {"Ausweis hochladen", "kyc"},
	    {"I forgot my password", "login"},
	    {"Passwort vergessen", "login"},
	    {"mot de passe oublié", "login"},
	    {"Wo ist mein Bonus", "bonus"},
	    {"Is there a mirror link?", "mirror"},
	    {"VIP-Status", "vip"},
	    {"Ich möchte mich beschweren", "complaint"},
	    {"The app crashed", "technical"},
	    {"Das Spiel lädt nicht", "technical"},
	    {"Hello there", NULL},
	    {"", NULL},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *found = rules_category(shipped, cases[i].text);

		if (g_strcmp0(found, cases[i].category) != 0)
			fail_msg("%s: %s", cases[i].text, found);
	}
}

/* An irreversible thing must be asked for in just these words. */
static void
test_commands(void **state)
{
	static const char *const asked[] = {"forget me", "Forget me.",
	    "  \"FORGET ME\"!", "Please, forget me", "forget me now",
	    "Vergessen Sie mich", "Bitte vergesst mich!", "vergiss mich",
	    "Vergiß mich", "Oubliez-moi", "oublie moi, s'il vous plaît",
	    "« oubliez-moi »", "διαγράψτε με", "ΔΙΑΓΡΑΨΤΕ ΜΕ", "Ξεχάστε με",
	    "ξεχαστε με", "Olvídenme", "olvidame",
	    "por favor, olvídense de mí", "Dimenticatemi",
	    "mi dimentichi per favore", "Esqueçam-me", "esquecam-me",
	    "Me esqueça", "Забудьте меня", "ЗАБУДЬ МЕНЯ!",
	    "забудьте обо мне, пожалуйста", "Beni unutun", "BENİ UNUTUN",
	    "BENI UNUT", "lütfen beni unut", "Zapomnijcie o mnie",
	    "proszę o mnie zapomnieć"};
	static const char *const others[] = {"", "vergessen", "Vergessen!",
	    "forgotten", "I forgot my password", "don't forget me",
	    "forget me not", "forget me and pay me", "Did you forget me?",
	    "> forget me", " >>forget me", "please forget", "forget",
	    "delete my data",
	    "reply with the words \"forget me\"", "Re: forget me",
	    "Fwd: forget me", "AW: vergessen Sie mich",
	    "Vergessen Sie mich nicht", "N'oubliez-moi pas",
	    "не забудьте меня", "beni unutma", "nie zapomnij o mnie",
	    "non dimenticatemi", "no me olvides", "unforget me"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(asked); i++)
		if (g_strcmp0(rules_command(shipped, asked[i]), "forget") != 0)
			fail_msg("not heard: %s", asked[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
		if (rules_command(shipped, others[i]) != NULL)
			fail_msg("not asked: %s", others[i]);
}

/* What stands in quotation marks in the template's section. Caller frees. */
static char *
words_of_ack(const char *lang)
{
	static const char *const marks[][2] = {{"\"", "\""}, {"«", "»"},
	    {"„", "“"}, {"„", "”"}, {"“", "”"}};
	g_autofree char *path = g_build_filename(ND_SRCDIR, "templates", lang,
	    "ack.txt", NULL);
	g_autofree char *text = NULL;
	const char *section, *end;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	section = strstr(text, "{{#forget_now}}");
	if (section == NULL)
		fail_msg("%s: no section forget_now", lang);
	end = strstr(section, "{{/forget_now}}");
	assert_non_null(end);
	for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
		const char *from = strstr(section, marks[i][0]);
		const char *to;

		if (from == NULL || from > end)
			continue;
		from += strlen(marks[i][0]);
		to = strstr(from, marks[i][1]);
		if (to != NULL && to < end)
			return g_strndup(from, (gsize)(to - from));
	}
	fail_msg("%s: no words in quotation marks", lang);
	return NULL;
}

/* What players are told to write is heard. */
static void
test_commands_of_templates(void **state)
{
	g_autofree char *path = g_build_filename(ND_SRCDIR, "templates", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *lang;
	guint count = 0;

	(void)state;
	assert_non_null(dir);
	while ((lang = g_dir_read_name(dir)) != NULL) {
		g_autofree char *words = words_of_ack(lang);

		if (words == NULL)
			continue;
		count++;
		if (g_strcmp0(rules_command(shipped, words), "forget") != 0)
			fail_msg("%s: not heard: %s", lang, words);
	}
	assert_int_equal(count, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_one_wrong_character),
	    cmocka_unit_test(test_eip55_case),
	    cmocka_unit_test(test_long_input),
	    cmocka_unit_test(test_check_names),
	    cmocka_unit_test(test_needs_digit),
	    cmocka_unit_test(test_keccak),
	    cmocka_unit_test(test_shadow),
	    cmocka_unit_test(test_shadow_map),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_shadow_time),
	    cmocka_unit_test(test_redactions),
	    cmocka_unit_test(test_owns),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_keeps),
	    cmocka_unit_test(test_pair),
	    cmocka_unit_test(test_categories),
	    cmocka_unit_test(test_commands),
	    cmocka_unit_test(test_commands_of_templates),
	    cmocka_unit_test(test_outside),
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_blocks),
	    cmocka_unit_test(test_block_characters),
	    cmocka_unit_test(test_limit),
	    cmocka_unit_test(test_limit_time),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_load_errors),
	    cmocka_unit_test(test_load),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_refuse),
	    cmocka_unit_test(test_part_errors),
	    cmocka_unit_test(test_part_files),
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_named_things),
	    cmocka_unit_test(test_rule_words),
	    cmocka_unit_test(test_many_words),
	    cmocka_unit_test(test_own_domain),
	    cmocka_unit_test(test_shadow_plain),
	    cmocka_unit_test(test_fold_plain),
	    cmocka_unit_test(test_ascii),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_hidden),
	    cmocka_unit_test(test_survives),
	    cmocka_unit_test(test_domain),
	    cmocka_unit_test(test_notes),
	    cmocka_unit_test(test_tally),
	    cmocka_unit_test(test_literal_time),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
