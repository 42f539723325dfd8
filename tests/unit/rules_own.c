/*
 * A sender's own name and address in the spellings, scripts and encodings
 * that hide them from a plain search; what has to survive that; the notes on
 * wallet addresses; and what all of it costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rules/rules.h"
#include "rules_tests.h"

#include "base/banned.h"

static struct rules_literals *
own_new(const char *name, const char *addr)
{
	struct rules_literals *literals = rules_literals_new();

	if (name != NULL)
		rules_literals_add_name(literals, name, "[name]");
	if (addr != NULL)
		rules_literals_add_addr(literals, addr, "[address]");
	return literals;
}

/* FALSE, and says so, if text becomes anything else. */
static gboolean
own_check(const char *name, const char *addr, const char *text,
    const char *expect)
{
	struct rules_literals *literals = own_new(name, addr);
	g_autofree char *out = rules_redact(shipped, literals, text, NULL);
	gboolean ok = strcmp(out, expect) == 0;

	if (!ok)
		print_error("%s\n\tis    %s\n\tnot   %s\n", text, out,
		    expect);
	rules_literals_free(literals);
	return ok;
}

#define JO "jo.doe@example.org"

/* Every one of these becomes nothing but its expected text. */
static const struct hidden {
	const char *name;
	const char *addr;
	const char *text;
	const char *expect;
} hiddens[] = {
    /* Characters written as something else, also twice. */
    {NULL, JO, "jo.doe&#64;example.org!", "[address]!"},
    {NULL, JO, "jo.doe&#x40;example&#46;org!", "[address]!"},
    {NULL, JO, "jo.doe&amp;#64;example.org!", "[address]!"},
    {NULL, JO, "jo.doe&commat;example&period;org!", "[address]!"},
    {NULL, JO, "&#106;&#111;.doe@example.org!", "[address]!"},
    {NULL, JO, "jo.doe%40example.org!", "[address]!"},
    {NULL, JO, "jo.doe%2540example%252Eorg!", "[address]!"},
    {NULL, JO, "%6a%6f%2e%64%6f%65%40%65%78%61%6d%70%6c%65%2e%6f%72%67!",
	"[address]!"},
    {NULL, JO, "jo.doe=40example.org!", "[address]!"},
    {NULL, JO, "jo.doe=3D40example.org!", "[address]!"},
    {NULL, JO, "jo.doe=40exam=\nple.org!", "[address]!"},
    {NULL, JO, "jo.doe\\u0040example.org!", "[address]!"},
    {NULL, JO, "jo.doe\\x40example\\x2eorg!", "[address]!"},
    {NULL, JO, "jo.doe\\u{40}example.org!", "[address]!"},
    {NULL, JO, "jo<b>.do</b>e@exam<wbr>ple.org!", "[address]!"},
    {NULL, JO, "jo.d&shy;oe@exam&ZeroWidthSpace;ple.org!", "[address]!"},
    {"Jürgen", NULL, "J&uuml;rgen; J&#252;rgen; J%C3%BCrgen; J%FCrgen",
	"[name]; [name]; [name]; [name]"},
    {"Jürgen", NULL, "J=C3=BCrgen; J=FCrgen; J\\u00fcrgen; Ju&#x308;rgen",
	"[name]; [name]; [name]; [name]"},
    {"Jürgen", NULL, "\\ud835\\udc09\\u00fcrgen;", "[name];"},
    {"Γιώργος", NULL, "%CE%93%CE%B9%CF%8E%CF%81%CE%B3%CE%BF%CF%82;",
	"[name];"},
    /* Line breaks. */
    {NULL, JO, "jo.doe@exam\nple.org!", "[address]!"},
    {NULL, JO, "jo.doe@ \nexample.org!", "[address]!"},
    {NULL, JO, "> jo.doe@exa\n> mple.org!", "> [address]!"},
    {NULL, JO, ">> jo.\n>> doe@example\n>> .org!", ">> [address]!"},
    {"Jo Schneider", NULL, "Schnei-\nder; Schnei\nder; > Schnei-\n> der",
	"[name]; [name]; > [name]"},
    {"Jo Doe", NULL, "Do-\ne; Jo\nDoe", "[name]; [name]"},
    /* Letter by letter, and with signs. */
    {NULL, JO, "j o . d o e @ e x a m p l e . o r g !", "[address] !"},
    {NULL, JO, "j-o-.-d-o-e-@-e-x-a-m-p-l-e-.-o-r-g!", "[address]!"},
    {NULL, JO, "j.o.d.o.e@example.org; jodoe@example.org",
	"[address]; [address]"},
    {"John Doe", NULL, "john_doe; john-doe; JohnDoe; john . doe; Doe, John",
	"[name]; [name]; [name]; [name]; [name]"},
    {"John Doe", NULL, "J o h n; d.o.e; J. Doe; jdoe; john85; x7doe",
	"[name]; [name]; [name]; [name]; [name]; x7[name]"},
    {"Jo Li", NULL, "Li, Jo; JoLi; li jo; jo", "[name]; [name]; [name]; jo"},
    {"John Doe", NULL, "j·o·h·n; j•o•h•n", "[name]; [name]"},
    /* Letters that look alike: Cyrillic o, e, J; Greek O, N; the reverse. */
    {"John Doe", NULL, "J\xd0\xbehn; D\xd0\xbe\xd0\xb5; \xd0\x88ohn",
	"[name]; [name]; [name]"},
    {"John Doe", NULL, "J\xce\x9fH\xce\x9d; j\xce\xbfhn", "[name]; [name]"},
    {NULL, JO, "jo.d\xd0\xbe\xd0\xb5@example.org!", "[address]!"},
    {"Иванов", NULL, "Ив\x61н\x6fв; Ива\x48\x6fв", "[name]; [name]"},
    {"John", NULL, "ｊｏｈｎ; 𝒥𝑜𝒽𝓃; ⓙⓞⓗⓝ; ᴊᴏʜɴ; 🅹🅾🅷🅽; Ĵöḧń",
	"[name]; [name]; [name]; [name]; [name]; [name]"},
    {"John", NULL, "Jo\xcc\xb6h\xcc\xb6n; J\xe2\x80\x8bo\xe2\x81\xa0hn",
	"[name]; [name]"},
    /* Spellings of one letter, and other scripts. */
    {"Jürgen Groß", NULL, "juergen; jurgen; GROSS; gross",
	"[name]; [name]; [name]; [name]"},
    {"Loew", NULL, "Löw; loew; low", "[name]; [name]; low"},
    {"Håkon Sørensen", NULL, "Haakon; Hakon; Soerensen; SORENSEN",
	"[name]; [name]; [name]; [name]"},
    {"Haakon", NULL, "Håkon; Hakon", "[name]; [name]"},
    {"Παπαδόπουλος", NULL, "Papadopoulos; ΠΑΠΑΔΟΠΟΥΛΟΣ; Παπαδοπούλου",
	"[name]; [name]; [name]"},
    {"Papadopoulos", NULL, "Παπαδόπουλος; παπαδοπουλου", "[name]; [name]"},
    {"Ευτυχία Χατζή", NULL, "Eftychia; Hatzi; Chatzi",
	"[name]; [name]; [name]"},
    {"Ivanov", NULL, "Иванов; ИВАНОВУ; Иванова", "[name]; [name]; [name]"},
    {"Сергей Щербаков", NULL, "Sergei; Sergey; Sergej; Shcherbakov",
	"[name]; [name]; [name]; [name]"},
    {"Yulia Solovyova", NULL, "Юлия; Соловьёва; Соловьева",
	"[name]; [name]; [name]"},
    {"Işıl Yıldırım", NULL, "isil; IŞIL; Yildirim; YILDIRIM",
	"[name]; [name]; [name]; [name]"},
    {"Müller", NULL, "Müllers; Muellers; Müllerin; Müller's",
	"[name]; [name]; [name]; [name]'s"},
    {"Jan Kowalski", NULL, "Kowalskiego; Kowalskiemu; Kowalskim",
	"[name]; [name]; [name]"},
    {"Rita Romano", NULL, "Romanos; Roman", "[name]; Roman"},
    {"Anna Kowalska", NULL, "Kowalskiej; Kowalską", "[name]; [name]"},
    /* Other ways to write the address. */
    {NULL, JO, "jo.doe at example dot org!", "[address]!"},
    {NULL, JO, "jo dot doe at example dot org!", "[address]!"},
    {NULL, JO, "jo.doe ät example Punkt org!", "[address]!"},
    {NULL, JO, "jo.doe chez example point org!", "[address]!"},
    {NULL, JO, "jo.doe arroba example punto org!", "[address]!"},
    {NULL, JO, "jo.doe arroba example ponto org!", "[address]!"},
    {NULL, JO, "jo.doe chiocciola example punto org!", "[address]!"},
    {NULL, JO, "jo.doe παπάκι example τελεία org!", "[address]!"},
    {NULL, JO, "jo.doe собака example точка org!", "[address]!"},
    {NULL, JO, "jo.doe et example nokta org!", "[address]!"},
    {NULL, JO, "jo.doe kuyruklu a example nokta org!", "[address]!"},
    {NULL, JO, "jo.doe małpa example kropka org!", "[address]!"},
    {NULL, "j.d@gmail.com", "jd at googlemail dot com!", "[address]!"},
    {NULL, "j.d@proton.me", "j.d at pm dot me; j.d protonmail com",
	"[address]; [address]"},
    {NULL, "j.d@hotmail.com", "j.d outlook com; j.d live com",
	"[address]; [address]"},
    {NULL, "j.d@yandex.ru", "j.d ya ru!", "[address]!"},
    {NULL, "j.d@bücher.example", "j.d xn--bcher-kva example!",
	"[address]!"},
    {NULL, "john.doe.1985@example.org", "doe; john; john.doe; johndoe1985",
	"[address]; [address]; [address]; [address]"},
    {NULL, "ivanov@example.org", "Иванов;", "[address];"},
    /* Encoded runs: base 64, for URLs, of UTF-16, in lines, in a path, with
     * percent, twice; hexadecimal octets. */
    {NULL, JO, "x am8uZG9lQGV4YW1wbGUub3Jn x", "x [encoded] x"},
    {NULL, JO, "am8uZG9lQGV4\nYW1wbGUub3Jn x", "[encoded] x"},
    {NULL, JO, "> am8uZG9lQGV4\n> YW1wbGUub3Jn x", "> [encoded] x"},
    {NULL, JO, "cGxlYXNlIHdyaXRlIHRvIGpvLmRvZUBleGFtcGxlLm9yZw== x",
	"[encoded] x"},
    {NULL, JO, "agBvAC4AZABvAGUAQABlAHgAYQBtAHAAbABlAC4AbwByAGcA",
	"[encoded]"},
    {NULL, JO, "AGoAbwAuAGQAbwBlAEAAZQB4AGEAbQBwAGwAZQAuAG8AcgBn",
	"[encoded]"},
    {NULL, JO, "YW04dVpHOWxRR1Y0WVcxd2JHVXViM0pu", "[encoded]"},
    {NULL, JO, "https://a.example/r/am8uZG9lQGV4YW1wbGUub3Jn",
	"https://a.[encoded]"},
    {NULL, JO, "6a6f2e646f65406578616d706c652e6f7267.", "[encoded]."},
    {NULL, JO, "6A 6F 2E 64 6F 65 40 65 78 61 6D 70 6C 65 2E 6F 72 67.",
	"[encoded]."},
    {NULL, JO, "0x6a6f2e646f65406578616d706c652e6f7267.", "[encoded]."},
    {"Jürgen", NULL, "ich bin SsO8cmdlbiB2b24gaGllcg==", "ich bin [encoded]"},
    {"John", NULL, "AEoAbwBoAG4=", "[encoded]"},
    {NULL, NULL, "cGV0ZXJAb3RoZXIuZXhhbXBsZQ==", "[encoded]"},
    /* Addresses of others at the end of a line. */
    {NULL, NULL, "peter@\nother.example!", "[address]!"},
    {NULL, NULL, "> peter\n> @other.example!", "> [address]!"},
    {NULL, NULL, "peter@other.\nexample!", "[address]!"},
    {NULL, NULL, "peter&#64;other.example!", "[address]!"},
    {NULL, NULL, "card &#52;111 1111 1111 1111!", "card [card]!"},
    /* Own words win in links and hashes too. */
    {"John Doe", NULL, "https://a.example/john-doe/x",
	"https://a.example/[name]/x"},
    /* Links lose what follows the path, and what stands before the host. */
    {NULL, NULL, "https://a.example/tx/0xabc?u=tok#frag, ok",
	"https://a.example/tx/0xabc[query], ok"},
    {NULL, NULL, "www.a.example/tx#frag.", "www.a.example/tx[query]."},
    {NULL, NULL, "ftp://user:pw@a/x", "ftp://[login]/x"},
    {NULL, NULL, "https://tok@a.example/x", "https://[address]/x"},
};

void
test_hidden(void **state)
{
	gint failed = 0;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(hiddens); i++)
		failed += !own_check(hiddens[i].name, hiddens[i].addr,
		    hiddens[i].text, hiddens[i].expect);
	assert_int_equal(failed, 0);
}

void
test_survives(void **state)
{
	static const char *const texts[] = {
	    "100%40 EUR, 100%40EUR, 2+2=40 EUR, 2+2=40EUR, a=40.50, 50%50",
	    "5 < 6 & 7 > 3; &c. &nothing; \\user \\x \\u12; a <b> c",
	    "9fc76417374aa880d4449a1f7f31ec597f00b1f6f3dd2d66f4c9c6c445836d8b",
	    ("https://a.example/tx/0x9fc76417374aa880d4449a1f7f31ec597f00b1f6f3d"
	     "d2d66f4c9c6c445836d8b ok?"),
	    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
	    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
	    "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi4",
	    "TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcms=",
	    "48656c6c6f20776f726c642c20686f772061726520796f75",
	    "I did it. The\nnext line at 12:30 dot the i point by point",
	    "Wann ist das Ende der Woche? Annahme, Johannes, Doerte, Lina",
	    "see https://a.example/? or https://a.example/x.",
	    "up to 3@\n", "и он сказал что нет", "to be or not\nto be done"};

	gint failed = 0;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		failed += !own_check("Ann Jo Doe", "j.xu@home.example", texts[i],
		    texts[i]);
	assert_int_equal(failed, 0);
}

void
test_domain(void **state)
{
	struct rules_literals *literals = rules_literals_new();
	g_autofree char *out = NULL;

	(void)state;
	rules_literals_add_domain(literals, "Bücher.example", "[domain]");
	rules_literals_add_domain(literals, "gmail.com", "[domain]");
	rules_literals_add_domain(literals, "localhost", "[domain]");
	out = rules_redact(shipped, literals, "www.bücher.example; "
	    "http://XN--BCHER-KVA.example/a; bücher example; gmail.com; "
	    "localhost", NULL);
	assert_string_equal(out, "www.[domain]; http://[domain]/a; "
	    "bücher example; gmail.com; localhost");
	rules_literals_free(literals);
}

/* One digit or letter changed makes the second of each pair. */
void
test_notes(void **state)
{
#define OK " [checksum ok]"
#define WRONG " [checksum wrong]"
	static const struct {
		const char *text;
		const char *expect;
	} cases[] = {
	    {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa.",
		"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa" OK "."},
	    {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb.",
		"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb" WRONG "."},
	    {"3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
		"3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy" OK},
	    {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 a",
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4" OK " a"},
	    {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5 a",
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5" WRONG " a"},
	    {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed" OK},
	    {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD" WRONG},
	    {"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
		"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"},
	    {"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t rHb9CJAWyB4rj91VRWn96DkukG4b"
	     "wdtyTh",
		"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t" OK " rHb9CJAWyB4rj91VRW"
		"n96DkukG4bwdtyTh" OK},
	    {"44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSs"
	     "aBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
		"44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7Sq"
		"SsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A" OK},
	    {"44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSs"
	     "aBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3B",
		"44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7Sq"
		"SsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3B" WRONG},
	    /* Neither a wallet nor meant as one; masked; part of an address. */
	    {"donaudampfschifffahrtsgesell", "donaudampfschifffahrtsgesell"},
	    {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa@x.example", "[address]"},
	    {"4111 1111 1111 1111", "[card]"},
	    {"4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi4",
		"4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi4"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct rules_tally tally = {0, 0};
		g_autofree char *out = rules_redact_noted(shipped, NULL,
		    cases[i].text, &tally);
		g_autofree char *bare = rules_redact(shipped, NULL,
		    cases[i].text, NULL);

		assert_string_equal(out, cases[i].expect);
		assert_null(strstr(bare, "checksum"));
	}
}

void
test_tally(void **state)
{
	struct rules *rules = test_rules_from("[slow]\npattern = (a|aa)+$\n"
	    "action = mask\nas = x\n", NULL);
	g_autofree char *run = g_strnfill(60, 'a');
	g_autofree char *text = g_strdup_printf("hi\n\n%s!\n\nb\n\n%s!\n", run,
	    run);
	struct rules_tally tally = {1, 1};
	g_autofree char *out = rules_redact_noted(rules, NULL, text, &tally);

	(void)state;
	assert_string_equal(out, "hi\n\n[x]\n\nb\n\n[x]\n");
	assert_int_equal(tally.masked, 3);
	assert_int_equal(tally.limits, 3);
	rules_free(rules);
}

/* Names and texts that are made to be slow together. */
void
test_literal_time(void **state)
{
	static const char *const units[] = {"a", "a ", "a\n", "aaaa ", "\xd0\xb0 ",
	    "a at ", "&amp;", "%2525", "VVVV", "VVVV\n", "61 ", "6161",
	    "a@\n", "<b>", "<", "=\n", "aaab ", "@a.\n"};
	g_autoptr(GString) name = g_string_new(NULL);
	struct rules_literals *literals;

	(void)state;
	for (guint i = 3; i < 120; i++) {
		g_autofree char *run = g_strnfill(i, 'a');

		g_string_append_printf(name, "%s %sb ", run, run);
	}
	literals = own_new(name->str, "a.a.a.a.a.a@a.a.a.example");
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		g_autoptr(GString) text = g_string_sized_new(MEBI);
		g_autofree char *out = NULL;
		clock_t start = clock();

		while (text->len < MEBI)
			g_string_append(text, units[i]);
		out = rules_redact(shipped, literals, text->str, NULL);
		if (clock() - start > CPU_SECONDS_MAX * CLOCKS_PER_SEC)
			fail_msg("too slow on 1 MiB of \"%s\": %ld ms",
			    units[i], (long)((clock() - start) /
				(CLOCKS_PER_SEC / 1000)));
	}
	rules_literals_free(literals);
}
