/* What a player's mail asks for, by the shipped rules. */
#include "intake.h"

#include "intake/wish.h"
#include "mail/quote.h"
#include "proto/messages.h"
#include "rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

#define ACK                                                                    \
	"Hello,\n\nIf you want that to happen now, reply to this mail with "  \
	"nothing but the\nwords \"forget me\".\n\nforget me\n"

static void
test_wishes(void **state)
{
	static const struct {
		const char *subject;
		const char *text; /* as received */
		gboolean is_asked;
	} cases[] = {
	    {"Re: [K7F3-9Q2Y] Hello", "forget me\n", TRUE},
	    {"Re: x", "\n \r\n  Forget me!  \r\n\r\nGreetings\r\nX\r\n", TRUE},
	    {"Re: x", "Vergessen Sie mich\n\n> forget you?\n", TRUE},
	    {"forget me", "", TRUE},
	    {"  Forget me. ", "Hello\n", TRUE},
	    /* It is the subject of the thread, not of today. */
	    {"Re: forget me", "No, wait!\n", FALSE},
	    {"Re: [K7F3-9Q2Y] forget me", "No, wait!\n", FALSE},
	    {"Re: x", "Hello,\nforget me\n", FALSE},
	    {"Re: x", "forget me and pay\n", FALSE},
	    {"Re: x", "> forget me\n", FALSE},
	    {"Re: x", "> forget me\n\nWhat is that?\n", FALSE},
	    {"Re: x", "Thanks\n\nOn Monday Casino wrote:\n> forget me\n",
		FALSE},
	    {"Fwd: x", "---------- Forwarded message ---------\nforget me\n",
		FALSE},
	    {"Re: x", ACK, FALSE}, /* nothing marks it as quoted */
	    {"", "", FALSE},
	    {NULL, "", FALSE},
	};
	struct rules *rules = rules_load(ND_SRCDIR "/filters", NULL);

	(void)state;
	assert_non_null(rules);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(quote_split_auto) split = {0};

		quote_split(cases[i].text, &split);
		if (wish_flags(rules, cases[i].subject, split.fresh) !=
		    (cases[i].is_asked ? PROTO_FLAG_FORGET : 0))
			fail_msg("case %zu", i);
	}
	rules_free(rules);
}

/* A long line costs nothing. */
static void
test_long_line(void **state)
{
	struct rules *rules = rules_load(ND_SRCDIR "/filters", NULL);
	g_autofree char *text = g_strnfill(1 << 20, '!');

	(void)state;
	assert_int_equal(wish_flags(rules, text, text), 0);
	rules_free(rules);
}

static void
test_note(void **state)
{
	g_autofree char *noted = wish_note(PROTO_FLAG_FORGET, g_strdup("x"));
	g_autofree char *plain = wish_note(
	    ~(guint32)PROTO_FLAG_FORGET, g_strdup("x"));

	(void)state;
	assert_true(g_str_has_prefix(noted, "[the player asked to be "));
	assert_true(g_str_has_suffix(noted, "]\n\nx"));
	assert_string_equal(plain, "x");
}

int
test_intake_wish(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wishes),
	    cmocka_unit_test(test_long_line),
	    cmocka_unit_test(test_note),
	};

	return cmocka_run_group_tests_name("wish", tests, NULL, NULL);
}
