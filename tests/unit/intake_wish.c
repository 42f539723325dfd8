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

/* --- lines of ten languages --------------------------------------------- */

#define CYRILLIC_BREVE 0x306 /* nobody leaves it out */
#define LINES_MIN 20 /* of each language, that ask and that do not */

static const char *const languages[] = {"en", "de", "fr", "el", "es", "it",
    "pt", "ru", "tr", "pl"};

struct line_count {
	guint asks;
	guint others;
	guint wrong;
};

static guint32
flag_of(char mark)
{
	switch (mark) {
	case 'e':
		return PROTO_FLAG_ESCALATE;
	case 't':
		return PROTO_FLAG_TRANSCRIPT;
	case '-':
		return 0;
	default:
		fail_msg("bad mark %c", mark);
	}
	return 0;
}

static char *
without_marks(const char *apart)
{
	GString *out = g_string_new(NULL);

	for (const char *p = apart; *p != '\0'; p = g_utf8_next_char(p))
		if (!g_unichar_ismark(g_utf8_get_char(p)) ||
		    g_utf8_get_char(p) == CYRILLIC_BREVE)
			g_string_append_unichar(out, g_utf8_get_char(p));
	return g_string_free(out, FALSE);
}

/* "en e text" */
static void
line_check(
    const struct rules *rules, const char *line, struct line_count *count)
{
	guint32 want = flag_of(line[3]);
	g_autofree char *upper = g_utf8_strup(line + 5, -1);
	g_autofree char *apart =
	    g_utf8_normalize(line + 5, -1, G_NORMALIZE_NFD);
	g_autofree char *bare = without_marks(apart);
	const char *const spellings[] = {line + 5, upper, apart, bare};

	if (want != 0)
		count->asks++;
	else
		count->others++;
	for (gsize i = 0; i < G_N_ELEMENTS(spellings); i++) {
		guint32 got = wish_flags(rules, NULL, spellings[i]);

		if (got == want)
			continue;
		print_message("%s: %x\n", spellings[i], got);
		count->wrong++;
	}
}

/* As they are, in capitals, with accents written apart, and without any. */
static void
test_lines(void **state)
{
	struct rules *rules = rules_load(ND_SRCDIR "/filters", NULL);
	g_autofree char *content = NULL;
	g_auto(GStrv) lines = NULL;
	guint wrong = 0;

	(void)state;
	assert_non_null(rules);
	assert_true(g_file_get_contents(
	    ND_SRCDIR "/tests/unit/wish_lines.txt", &content, NULL, NULL));
	lines = g_strsplit(content, "\n", -1);
	for (gsize i = 0; i < G_N_ELEMENTS(languages); i++) {
		struct line_count count = {0};

		for (char **line = lines; *line != NULL; line++)
			if (strncmp(*line, languages[i], 2) == 0 &&
			    (*line)[2] == ' ')
				line_check(rules, *line, &count);
		if (count.asks < LINES_MIN || count.others < LINES_MIN)
			fail_msg("%s: %u lines ask, %u do not", languages[i],
			    count.asks, count.others);
		wrong += count.wrong;
	}
	assert_int_equal(wrong, 0);
	rules_free(rules);
}

/* Below a salutation, but what cannot be undone. */
static void
test_salutations(void **state)
{
	static const struct {
		const char *text;
		guint32 flags;
	} cases[] = {
	    {"Dear support team,\n\nescalate\n\nMax", PROTO_FLAG_ESCALATE},
	    {"Hallo zusammen!\r\nEskalation bitte\r\n", PROTO_FLAG_ESCALATE},
	    {"Hello,\ntranscript please", PROTO_FLAG_TRANSCRIPT},
	    {"Hello,\nforget me", 0},
	    {"Hello,\n> escalate", 0},
	    {"Hello,\nwhere is it?\nescalate", 0},
	    {"Is it true that one can write\nescalate", 0},
	    {"Thank you for the words that you have sent me yesterday evening,"
	     "\nescalate", 0},
	    {",\nescalate", 0},
	};
	struct rules *rules = rules_load(ND_SRCDIR "/filters", NULL);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		if (wish_flags(rules, "Re: x", cases[i].text) !=
		    cases[i].flags)
			fail_msg("case %zu", i);
	assert_int_equal(wish_flags(rules, "Eskalation", "Hallo,\nx"),
	    PROTO_FLAG_ESCALATE);
	assert_int_equal(wish_flags(rules, "Re: Eskalation", "x"), 0);
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
	g_autofree char *noted = wish_remark(PROTO_FLAG_FORGET, 0, g_strdup("x"));
	g_autofree char *plain = wish_remark(
	    ~(guint32)(PROTO_FLAG_FORGET | PROTO_FLAG_ESCALATE |
		PROTO_FLAG_TRANSCRIPT | PROTO_FLAG_RATED),
	    5, g_strdup("x"));
	g_autofree char *next =
	    wish_remark(PROTO_FLAG_ESCALATE, 0, g_strdup("x"));
	g_autofree char *both = wish_remark(
	    PROTO_FLAG_TRANSCRIPT | PROTO_FLAG_RATED, 4, g_strdup("x"));

	(void)state;
	assert_true(g_str_has_prefix(noted, "[the player asked to be "));
	assert_true(g_str_has_suffix(noted, "]\n\nx"));
	assert_string_equal(plain, "x");
	assert_string_equal(
	    next, "[the player asks for the next level]\n\nx");
	assert_string_equal(both,
	    "[the player asks for a transcript]\n[rated 4 of 5]\n\nx");
}

int
test_intake_wish(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wishes),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_salutations),
	    cmocka_unit_test(test_long_line),
	    cmocka_unit_test(test_note),
	};

	return cmocka_run_group_tests_name("wish", tests, NULL, NULL);
}
