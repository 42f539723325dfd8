/*
 * Checksums and the shadow: known public vectors, and each single wrong
 * character.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "rules/checks.h"
#include "rules/fold.h"
#include "rules/keccak.h"
#include "rules/shadow.h"
#include "rules_tests.h"

#include "base/banned.h"

static const struct vector {
	check_fn *check;
	gboolean good;
	const char *text;
} vectors[] = {
    /* Test numbers that card networks publish. */
    {check_luhn, TRUE, "4111111111111111"},
    {check_luhn, TRUE, "4111 1111 1111 1111"},
    {check_luhn, TRUE, "5555-5555-5555-4444"},
    {check_luhn, TRUE, "378282246310005"},
    {check_luhn, TRUE, "6011111111111117"},
    {check_luhn, TRUE, "30569309025904"},
    {check_luhn, TRUE, "3530111333300000"},
    {check_luhn, TRUE, "2223003122003222"},
    {check_luhn, FALSE, "4111111111111112"},
    {check_luhn, FALSE, "41111111111111111"},
    {check_luhn, FALSE, "1234567812345670"}, /* no issuer */
    {check_luhn, FALSE, "79927398713"},
    {check_luhn, FALSE, "411111111111111a"},
    {check_luhn, FALSE, ""},
    /* Examples of the registry of ISO 13616. */
    {check_iban, TRUE, "DE89370400440532013000"},
    {check_iban, TRUE, "gb82 west 1234 5698 7654 32"},
    {check_iban, TRUE, "GR1601101250000000012300695"},
    {check_iban, TRUE, "FR1420041010050500013M02606"},
    {check_iban, TRUE, "NO9386011117947"},
    {check_iban, TRUE, "MT84MALT011000012345MTLCAST001S"},
    {check_iban, FALSE, "DE8937040044053201300"},
    {check_iban, FALSE, "DE5137040044053201300"}, /* only the length is wrong */
    {check_iban, FALSE, "DE893704004405320130000"},
    {check_iban, FALSE, "XX89370400440532013000"},
    {check_iban, FALSE, "DE"},
    {check_iban, FALSE, "DE89 3704_0044"},
    {check_base58check, TRUE, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"},
    {check_base58check, TRUE, "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"},
    {check_base58check, TRUE, "1111111111111111111114oLvT2"},
    {check_base58check, TRUE, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"},
    {check_base58check, TRUE, "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"},
    {check_base58check, FALSE, "1a1zp1ep5qgefi2dmptftl5slmv7divfna"},
    {check_base58check, FALSE, "0A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"},
    {check_base58check, FALSE, "1"},
    {check_base58, TRUE, "So11111111111111111111111111111111111111112"},
    {check_base58, TRUE, "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"},
    {check_base58, FALSE, "11111111111111111111111111111111"},
    {check_base58, FALSE, "Donaudampfschifffahrtsgesellschaftskapitaen"},
    {check_base58, FALSE, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"},
    /* BIP 173 and BIP 350. */
    {check_bech32, TRUE, "A12UEL5L"},
    {check_bech32, TRUE, "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"},
    {check_bech32, TRUE, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e"
			 "72q4k9hcz7vqzk5jj0"},
    {check_bech32, TRUE, "A1LQFN3A"},
    {check_bech32, FALSE, "A1G7SGD8"},
    {check_bech32, FALSE, "A12uEL5L"},
    {check_bech32, FALSE, "1nwldj5"},
    {check_bech32, FALSE, "li1dgmt3"},
    {check_bech32, FALSE, "de1lg7wt\xff"},
    {check_bech32, FALSE, ""},
    /* EIP-55. */
    {check_monero, TRUE,
	"44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98"
	"uNbr2VBBEt7f2wfn3RVGQBEP3A"},
    {check_monero, TRUE,
	"888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc"
	"9dhwMVgN5S9cQUiyoogDavup3H"},
    {check_monero, FALSE,
	"44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98"
	"uNbr2VBBEt7f2wfn3RVGQBEP3"},
    {check_eip55, TRUE, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
    {check_eip55, TRUE, "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"},
    {check_eip55, TRUE, "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"},
    {check_eip55, TRUE, "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"},
    {check_eip55, TRUE, "0x52908400098527886E0F7030069857D2E4169EE7"},
    {check_eip55, TRUE, "0xde709f2102306220921060314715629080e2fb77"},
    {check_eip55, FALSE, "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
    {check_eip55, FALSE, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe"},
    {check_eip55, FALSE, "1x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
    {check_eip55, FALSE, "0x5gAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
};

void
test_vectors(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++) {
		const struct vector *v = &vectors[i];

		if (v->check(v->text, strlen(v->text)) != v->good)
			fail_msg("%s: expected %d", v->text, v->good);
	}
}

/* Replaces c by another character of its kind. */
static char
char_wrong(char c)
{
	if (g_ascii_isdigit(c))
		return c == '9' ? '2' : (char)(c + 1);
	if (c == 'z' || c == 'Z')
		return (char)(c - 1);
	return (char)(c + 1);
}

/* EIP-55 is not asked: what a wrong digit does to it is up to chance. */
void
test_one_wrong_character(void **state)
{
	guint tried = 0;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++) {
		const struct vector *v = &vectors[i];
		gsize len = strlen(v->text);

		if (!v->good || v->check == check_eip55 ||
		    v->check == check_base58)
			continue;
		for (gsize j = 0; j < len; j++) {
			g_autofree char *text = g_strdup(v->text);

			if (!g_ascii_isalnum(text[j]))
				continue;
			text[j] = char_wrong(text[j]);
			if (v->check(text, len))
				fail_msg("%s passes for %s", text, v->text);
			tried++;
		}
	}
	print_message("%u wrong characters\n", tried);
	assert_true(tried > 500);
}

/* A wrong case is what EIP-55 is there to catch. */
void
test_eip55_case(void **state)
{
	static const char good[] =
	    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

	(void)state;
	for (gsize i = 2; i < sizeof good - 1; i++) {
		char text[sizeof good];

		memcpy(text, good, sizeof good);
		if (!g_ascii_isalpha(text[i]))
			continue;
		text[i] = (char)(text[i] ^ 0x20);
		assert_false(check_eip55(text, sizeof good - 1));
	}
}

void
test_long_input(void **state)
{
	char text[1000];

	(void)state;
	memset(text, '1', sizeof text);
	for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++)
		for (gsize len = 0; len < sizeof text; len += 7)
			(void)vectors[i].check(text, len);
	memset(text, 0xff, sizeof text);
	for (gsize i = 0; i < G_N_ELEMENTS(vectors); i++)
		assert_false(vectors[i].check(text, sizeof text));
}

void
test_check_names(void **state)
{
	g_auto(GStrv) names = g_strsplit(check_names(), ", ", -1);
	check_fn *check = check_luhn;

	(void)state;
	assert_int_equal(g_strv_length(names), 8);
	for (gsize i = 0; names[i] != NULL; i++)
		assert_true(check_by_name(names[i], &check));
	assert_false(check_by_name("crc", &check));
	assert_true(check_by_name("none", &check));
	assert_null(check);
}

/* The rule [sol] needs a digit, its pattern does not. */
void
test_needs_digit(void **state)
{
	static const char from[] = "AbCdEfGhJkLmNpQrStUvWxYz";
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);

	(void)state;
	for (guint round = 0; round < 20000; round++) {
		char text[96];
		gsize len = (gsize)g_rand_int_range(rand, 0, sizeof text);

		for (gsize i = 0; i < len; i++)
			text[i] = from[g_rand_int_range(rand, 0,
			    (gint32)strlen(from))];
		assert_false(check_base58(text, len));
	}
}

void
test_keccak(void **state)
{
	static const struct {
		guint repeat; /* of "a"; 0: the text */
		const char *text;
		const char *hash;
	} cases[] = {
	    {0, "", "c5d2460186f7233c927e7db2dcc703c0"
		    "e500b653ca82273b7bfad8045d85a470"},
	    {0, "abc", "4e03657aea45a94fc7d47ba826c8d667"
		       "c0d1e6e33a64a036ec44f58fa12d6c45"},
	    {135, NULL, "34367dc248bbd832f4e3e69dfaac2f92"
			"638bd0bbd18f2912ba4ef454919cf446"},
	    {136, NULL, "a6c4d403279fe3e0af03729caada8374"
			"b5ca54d8065329a3ebcaeb4b60aa386e"},
	    {300, NULL, "5b7e0e47a96f32a88b4f14ca17798279"
			"0807c40e1a105742ba0fc1babe1ef826"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = cases[i].text != NULL
		    ? g_strdup(cases[i].text)
		    : g_strnfill(cases[i].repeat, 'a');
		guint8 hash[KECCAK_LEN];
		GString *hex = g_string_new(NULL);

		keccak_256((const guint8 *)text, strlen(text), hash);
		for (gsize j = 0; j < sizeof hash; j++)
			g_string_append_printf(hex, "%02x", hash[j]);
		assert_string_equal(hex->str, cases[i].hash);
		g_string_free(hex, TRUE);
	}
}

void
test_shadow(void **state)
{
	static const struct {
		const char *text;
		const char *shadow;
	} cases[] = {
	    {"", ""},
	    {"Abc 12", "abc 12"},
	    {"MÜLLER Straße", "müller strasse"},
	    {"Mu\xcc\x88ller", "müller"}, /* u and a combining mark */
	    {"ΠΑΠΑΔΌΠΟΥΛΟΣ ς", "παπαδόπουλοσ σ"},
	    {"a\xe2\x80\x8b"
	     "b\xc2\xad"
	     "c\xe2\x80\xae"
	     "d\xef\xbb\xbf", "abcd"},
	    {"ａ＠Ｂ．ｃ", "a@b.c"},
	    {"٠١٢ ०१२ ０１２", "012 012 012"},
	    {"1\xc2\xa0"
	     "2\xe2\x80\x91"
	     "3\xe2\x88\x92"
	     "4\xe2\x80\x99"
	     "5", "1 2-3-4'5"},
	    {"a。b", "a.b"},
	    {"hans (at) web [dot] de", "hans@web.de"},
	    {"hans(a)web{Punkt}de", "hans@web.de"},
	    {"hans < AT > web (.) de", "hans@web.de"},
	    {"(a) first (b) second", "(a) first (b) second"},
	    {"see (a) below", "see (a) below"},
	    {"(at) a", "(at) a"},
	    {"a (at", "a (at"},
	    {"\xff"
	     "a\xc3", "\xef\xbf\xbd"
		      "a\xef\xbf\xbd"},
	    {"ﬁn", "fin"},
	    {"\xef\xb7\xba", "\xef\xb7\xba"}, /* would be 33 octets */
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(shadow_auto) shadow = shadow_new(cases[i].text,
		    strlen(cases[i].text));

		assert_string_equal(shadow->text, cases[i].shadow);
		assert_int_equal(shadow->len, strlen(shadow->text));
		assert_int_equal(shadow->map[shadow->len],
		    strlen(cases[i].text));
		for (gsize j = 0; j < shadow->len; j++)
			assert_true(shadow->map[j] <= shadow->map[j + 1]);
	}
}

void
test_shadow_map(void **state)
{
	static const char text[] = "x Stra\xc3\x9f"
				   "e\xe2\x80\x8b (at) b";
	g_autoptr(shadow_auto) shadow = shadow_new(text, strlen(text));
	g_autofree char *cased = shadow_cased(text, strlen(text));

	(void)state;
	assert_string_equal(shadow->text, "x strasse@b");
	/* "s" of "ss" is all of the sharp s. */
	assert_int_equal(shadow_map_start(shadow, 6), 6);
	assert_int_equal(shadow_map_end(shadow, 7), 8);
	assert_int_equal(shadow_map_end(shadow, 8), 8);
	/* The sign is the whole bracket with its blanks. */
	assert_int_equal(shadow_map_start(shadow, 9), 12);
	assert_int_equal(shadow_map_end(shadow, 10), 18);
	assert_string_equal(cased, "x Straße (at) b");
}

void
test_words(void **state)
{
	static const char text[] = "anna-b, 王小\xc3\xa9";
	static const char *const words[] = {"anna", "b", "王", "小", "é"};
	struct word word;
	gsize pos = 0;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		assert_true(word_next(text, strlen(text), &pos, &word));
		assert_memory_equal(text + word.start, words[i],
		    strlen(words[i]));
		assert_int_equal(word.end - word.start, strlen(words[i]));
	}
	assert_false(word_next(text, strlen(text), &pos, &word));
}

/* Ordering the marks on one character is quadratic in GLib. */
void
test_shadow_time(void **state)
{
	g_autoptr(GString) text = g_string_sized_new(MEBI);
	clock_t start = clock();

	(void)state;
	while (text->len < MEBI)
		g_string_append(text, "\xcc\x81\xcc\xa3");
	shadow_free(shadow_new(text->str, text->len));
	assert_true(clock() - start < CPU_SECONDS_MAX * CLOCKS_PER_SEC);
}
