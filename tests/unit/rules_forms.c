/*
 * Names of the player in the forms that sentences give them, and what names
 * somebody without being an address: links, schemes, folders, handles,
 * passports.
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

static void
redact_check(const char *name, const char *text, const char *expect)
{
	struct rules_literals *literals = rules_literals_new();
	g_autofree char *out = NULL;

	rules_literals_add_name(literals, name, "[name]");
	out = rules_redact(shipped, literals, text, NULL);
	if (strcmp(out, expect) != 0)
		fail_msg("%s: %s\n\tis  %s\n\tnot %s", name, text, out, expect);
	rules_literals_free(literals);
}

void
test_forms(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *expect;
	} cases[] = {
	    {"Иван Петров", "от Ивана Петрова; Ивану", "от [name]; [name]"},
	    {"Андрей Лев", "Андрею Льву; Андреем", "[name]; [name]"},
	    {"Павел Игорь", "Павла; Игорем и Игоря", "[name]; [name] и [name]"},
	    {"Илья", "Илье и Илью", "[name] и [name]"},
	    {"Анна", "Анны; Анне; Анной", "[name]; [name]; [name]"},
	    {"Jan Kowalski", "Jana Kowalskiego; Janowi", "[name]; [name]"},
	    {"Marek Dudek", "Markowi Dudkowi", "[name]"},
	    {"Paweł", "Pawła; Pawle", "[name]; [name]"},
	    {"Lia Pawlak", "Lii Pawlak", "[name]"},
	    {"Łukasz", "Łukasza; Łukaszem", "[name]; [name]"},
	    {"Robert", "o Robercie", "o [name]"},
	    {"Agnieszka", "Agnieszce", "[name]"},
	    {"Γιώργος", "του Γιώργου", "του [name]"},
	    /* Other words stay. */
	    {"Jan", "January, janitor, jar", "January, janitor, jar"},
	    {"Ana Lia", "any man", "any man"},
	    {"Марк", "марки и рынок", "марки и рынок"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		redact_check(cases[i].name, cases[i].text, cases[i].expect);
}

void
test_named_things(void **state)
{
	static const struct {
		const char *text;
		const char *expect;
	} cases[] = {
	    {"https://a.test/b;jsessionid=qzx?b=c", "https://a.test/b[query]"},
	    {"https://a.test/b&u=qzx.", "https://a.test/b[query]."},
	    {"a.test/b?u=qzx", "a.test/b[query]"},
	    {"a.test/b?[query] https://a.test/b[query]",
		"a.test/b?[query] https://a.test/b[query]"},
	    {"a.test/b?[query]&u=qzx", "a.test/b[query]"},
	    {"see https://a.test/b; and", "see https://a.test/b; and"},
	    {"https://a.test/#/tx/4f", "https://a.test/#/tx/4f"},
	    {"https://a.test/#/tx/4f?u=q1", "https://a.test/#/tx/4f[query]"},
	    {"https://a.test/b%3Fu%3Dqzx", "https://a.test/b[query]"},
	    {"skype:qzx?call", "skype:[handle]"},
	    {"tg://resolve?domain=qzx", "tg:[handle]"},
	    {"geo:48.2,16.3", "geo:[street]"},
	    {"line:42 signal:11", "line:42 signal:11"},
	    {"file:///Users" "/qzx/a.txt", "file:///Users" "/[login]/a.txt"},
	    {"C:\\Users\\Max Q\\a.txt", "C:\\Users\\[login]\\a.txt"},
	    {"/home" "/qzx/a.txt", "/home" "/[login]/a.txt"},
	    {"https://a.test/home" "/slots", "https://a.test/home" "/slots"},
	    {"tg @qzxab", "tg [handle]"},
	    {"телега: @qzxab", "телега: [handle]"},
	    {"Τέλεγκραμ @qzxab", "Τέλεγκραμ [handle]"},
	    {"电报 @qzxab", "电报 [handle]"},
	    {"ask @qzx_99", "ask [handle]"},
	    {"Home @Away, Home @ 2.10", "Home @Away, Home @ 2.10"},
	    {"Passaporto n. L91700000001.", "Passaporto n. [id]."},
	    {"Passaporte n.º L91700000001", "Passaporte n.º [id]"},
	    {"Αριθμός διαβατηρίου L91700000001.",
		"Αριθμός διαβατηρίου [id]."},
	    {"Paszport nr L91700000001", "Paszport nr [id]"},
	    {"Паспорт № L91700000001", "Паспорт № [id]"},
	    {"qzx\xef\xbf\xbd\xef\xbf\xbdother.test", "[address]"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		redact_check("Nobody Else", cases[i].text, cases[i].expect);
}

/* A rule is tried in the lines where one of its words stands, in the shadow's
 * spelling, and what else it needs. */
void
test_rule_words(void **state)
{
	static const struct {
		const char *keys;
		const char *text;
		const char *expect;
	} cases[] = {
	    {"words = Weg allee", "x1 we g", "x1 we g"},
	    {"words = Weg allee", "x1 UMWEGE x", "[m] UMWEGE x"},
	    {"words = Weg allee", "x1\nallee x2\nx3\nweg",
		"x1\nallee [m]\nx3\nweg"},
	    {"words = a b", "a x1\nb x2\nx3\n\nx4 a",
		"a [m]\nb [m]\nx3\n\n[m] a"},
	    {"digit = yes", "xx\nxx7", "xx\n[m]7"},
	    {"run = 4", "xx abc\nxx abcd\nxx ab-cd\nxx äbcd",
		"xx abc\n[m] abcd\nxx ab-cd\nxx äbcd"},
	    {"digit = yes\nrun = 3", "xx 1\nxx abc\nxx ab1",
		"xx 1\nxx abc\n[m] ab1"},
	    {"words = a\ndigit = yes", "xx a\nxx 1\nxx 1a",
		"xx a\nxx 1\n[m] 1a"},
	    /* Only where one begins a word. */
	    {"starts = x1 xx", "x1 ax1 x2 x3 -xx äx1 0xx",
		"[m] ax1 x2 x3 -[m] ä[m] 0xx"},
	    /* One inside of the other, which ends behind it. */
	    {"starts = x1-x2-x3 x2", "x1-x2-x3", "[m]-[m]-x3"},
	    {"starts = x1-x2 x1", "x1-x2-x3 x1", "[m]-x2-x3 [m]"},
	    {"starts = x1\nwords = a", "x1\nx1 a\nx1", "x1\n[m] a\nx1"},
	    {"starts = x1\nrun = 3", "x1\nx1 abc", "x1\n[m] abc"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *content = g_strdup_printf("[r]\npattern = "
		    "x[\\dx]\naction = mask\nas = m\n%s\n",
		    cases[i].keys);
		struct rules *rules = test_rules_from(content, NULL);
		g_autofree char *out = NULL;

		assert_non_null(rules);
		out = rules_redact(rules, NULL, cases[i].text, NULL);
		assert_string_equal(out, cases[i].expect);
		rules_free(rules);
	}
}

/* More rules than there are bits in a number, each with its words. */
void
test_many_words(void **state)
{
	g_autoptr(GString) content = g_string_new(NULL);
	struct rules *rules;
	g_autofree char *out = NULL;

	(void)state;
	for (guint i = 0; i < 200; i++)
		g_string_append_printf(content, "[r%u]\npattern = x%u(?!\\d)\n"
		    "action = mask\nas = m%u\n%s = x%u\n", i, i, i,
		    i % 2 == 0 ? "words" : "starts", i);
	rules = test_rules_from(content->str, NULL);
	assert_non_null(rules);
	out = rules_redact(rules, NULL, "x0 x63\nx64 x65\n\nx129 x198 x199",
	    NULL);
	assert_string_equal(out, "[m0] [m63]\n[m64] [m65]\n\n"
				 "[m129] [m198] [m199]");
	rules_free(rules);
}

/* The domain of the player's own mailbox, below it as well. */
void
test_own_domain(void **state)
{
	struct rules_literals *literals = rules_literals_new();
	g_autofree char *out = NULL;

	(void)state;
	rules_literals_add_domain(literals, "mueller-bau.test", "[address]");
	rules_literals_add_domain(literals, "gmail.com", "[address]");
	rules_literals_add_domain(literals, "YAHOO.CO.UK", "[address]");
	rules_literals_add_domain(literals, "web.de", "[address]");
	rules_literals_add_domain(literals, "de.yahoo.com", "[address]");
	out = rules_redact(shipped, literals, "mail.mueller-bau.test, "
	    "www.Mueller-Bau.test/x gmail.com yahoo.co.uk web.de de.yahoo.com",
	    NULL);
	assert_string_equal(out, "mail.[address], www.[address]/x "
				 "gmail.com yahoo.co.uk web.de de.yahoo.com");
	rules_literals_free(literals);
}
