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

/* A rule with words is tried where one of them stands, in the shadow's
 * spelling. */
void
test_rule_words(void **state)
{
	g_autoptr(GError) err = NULL;
	struct rules *rules = test_rules_from("[r]\npattern = x\\d\n"
	    "action = mask\nas = m\nwords = Weg allee\n", &err);
	g_autofree char *none = NULL;
	g_autofree char *one = NULL;

	(void)state;
	assert_null(err);
	none = rules_redact(rules, NULL, "x1 we g", NULL);
	assert_string_equal(none, "x1 we g");
	one = rules_redact(rules, NULL, "x1 UMWEGE x", NULL);
	assert_string_equal(one, "[m] UMWEGE x");
	rules_free(rules);
	assert_null(test_rules_from("[r]\npattern = x\naction = category\n"
	    "as = m\nwords = a\n", &err));
	assert_non_null(strstr(err->message, "words has no meaning"));
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
