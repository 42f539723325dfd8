/*
 * Facts of a mail without GMime: header scan, pre-scan, authentication results
 * and language.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mail/authres.h"
#include "mail/headers.h"
#include "mail/language.h"
#include "mail/prescan.h"

#include "base/banned.h"

int mail_facts_tests(void);

/* --- headers -------------------------------------------------------- */

static void
headers_are_read(void **state)
{
	static const char raw[] =
	    " stray\r\nSubject: a\r\n\tb\r\n c \r\nno header\r\n lost\r\n"
	    "From : x@y\r\nX:\r\nsubject: two\r\n\r\nBody: z\r\n";
	g_autoptr(headers_auto) headers = headers_scan(raw, strlen(raw), 999);
	g_autoptr(headers_auto) cut = headers_scan(raw, strlen(raw), 2);
	g_autofree char *open = g_strdup("(\\");

	(void)state;
	assert_string_equal(headers_get(headers, "subject", 0), "a b c");
	assert_string_equal(headers_get(headers, "subject", 1), "two");
	assert_string_equal(headers_get(headers, "from", 0), "x@y");
	assert_string_equal(headers_get(headers, "x", 0), "");
	assert_null(headers_get(headers, "body", 0));
	assert_string_equal(raw + headers->body, "Body: z\r\n");
	assert_string_equal(headers_get(cut, "subject", 0), "a");
	assert_string_equal(headers_skip_cfws(" (a (b) \\) c) d"), "d");
	assert_string_equal(headers_skip_cfws(open), "");
}

struct prescan_row {
	const char *head;
	const char *unit;
	guint count;
	const char *tail;
	enum prescan_result want;
};

static void
prescan_refuses_bombs(void **state)
{
	static const struct prescan_row rows[] = {
		{"Subject: a\r\n\r\n", "b\r\n", 5, "", PRESCAN_OK},
		{"", "", 0, "", PRESCAN_EMPTY},
		{"Cc: ", "a:", 45000, "\r\n", PRESCAN_HEADER_TOO_LONG},
		{"Cc: ", "a:", 2500, "\r\n", PRESCAN_TOO_MANY_COLONS},
		{"Cc: ", "a:", 300, "\r\n", PRESCAN_TOO_MANY_COLONS},
		{"Cc: ", "g:x@y;", 300, "\r\n", PRESCAN_OK},
		{"Cc: ", "g:\r\n ", 300, "\r\n", PRESCAN_TOO_MANY_COLONS},
		{"\r\n--b\r\nCc : ", "a:", 300, "\r\n",
		    PRESCAN_TOO_MANY_COLONS},
		{"A: b\r\n\r\n\r\nTo: ", "a:", 300, "\r\n",
		    PRESCAN_TOO_MANY_COLONS},
		{"Content-Type: a/b", "; a=b", 300, "\r\n\r\nx",
		    PRESCAN_TOO_MANY_SEMICOLONS},
		{"Content-Type: a/b", ";\r\n a=b", 300, "\r\n\r\nx",
		    PRESCAN_TOO_MANY_SEMICOLONS},
		{"Content-Type: a/b; ", "n", 61, "=x\r\n",
		    PRESCAN_PARAM_TOO_LONG},
		{"Content-Type: a/b;\r\n ", "n", 61, "*=x\r\n",
		    PRESCAN_PARAM_TOO_LONG},
		{"Content-Type: a/b; name=\"x; ", "n", 99, ".pdf\"\r\n\r\n",
		    PRESCAN_OK},
		{"A: b\r\n\r\n", "--\r\n", 10001, "",
		    PRESCAN_TOO_MANY_BOUNDARIES},
		{"A: b\r\n\r\n--x\r\n", "A: b\r\n", 20001, "",
		    PRESCAN_TOO_MANY_HEADERS},
		{"Content-Type: Message/RFC822\r\n\r\n", "A: b\r\n", 20001, "",
		    PRESCAN_TOO_MANY_HEADERS},
		{"Content-Type: multipart/digest\r\n\r\n--b\r\n\r\n",
		    "A: b\r\n", 20001, "", PRESCAN_TOO_MANY_HEADERS},
		{"", "A: b\r\n", 50000, "", PRESCAN_TOO_MANY_HEADERS},
		{"", "Aaaaaaaaaaaaaaaaaaaaaaaaaaaa: b\r\n", 9000, "",
		    PRESCAN_TOP_TOO_LONG},
		/* A log or a style sheet in a body is no header. */
		{"A: b\r\n\r\n", "12:30:01 x;y;z\r\n", 30000, "", PRESCAN_OK},
		{"A: b\r\n\r\np{a:", "b;\r\n ", 3000, "", PRESCAN_OK},
		{"A: b\r\n\r\nx:", "\r\n yyyyyyyyy", 9000, "", PRESCAN_OK},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) raw = g_string_new(rows[i].head);

		for (guint k = 0; k < rows[i].count; k++)
			g_string_append(raw, rows[i].unit);
		g_string_append(raw, rows[i].tail);
		if (prescan_check(raw->str, raw->len) != rows[i].want)
			fail_msg("row %zu", i);
	}
	assert_int_equal(prescan_check("A: b\0c\n", 7), PRESCAN_NUL);
}

/* --- authentication results ----------------------------------------- */

static const struct mail_parse_options of_ours = {.authserv_id = "mx.us"};
static const struct mail_parse_options of_nobody = {.authserv_id = ""};

static void
authentication_is_judged(void **state)
{
	static const struct {
		const char *value; /* behind "mx.us" unless it begins "=" */
		const char *from;
		enum mail_auth want;
	} rows[] = {
		{"; none", "a@b.com", MAIL_AUTH_NONE},
		{" 1; dkim=pass header.d=b.com", "a@b.com", MAIL_AUTH_PASS},
		{"; dkim=pass header.d=B.COM", "a@m.b.com", MAIL_AUTH_PASS},
		{"; dkim=pass header.d=m.b.com", "a@b.com", MAIL_AUTH_PASS},
		{"; dkim=pass header.i=@b.com", "a@b.com", MAIL_AUTH_PASS},
		{"; dkim=pass header.d=evilb.com", "a@b.com", MAIL_AUTH_NONE},
		{"; dkim=pass header.d=com", "a@b.com", MAIL_AUTH_NONE},
		{"; dkim=pass header.d=c.com; dkim=fail", "a@b.com",
		    MAIL_AUTH_FAIL},
		{"; dkim=pass (good; spf=pass smtp.mailfrom=b.com) header.d=x",
		    "a@b.com", MAIL_AUTH_NONE},
		{"; dkim=pass reason=\"a; dmarc=pass\" header.d=x.com",
		    "a@b.com", MAIL_AUTH_NONE},
		{"; dkim=pass header.b=aGVsbG8=\n header.d=b.com", "a@b.com",
		    MAIL_AUTH_PASS},
		{"; spf=pass smtp.mailfrom=x@b.com", "a@b.com",
		    MAIL_AUTH_PASS},
		{"; spf=pass smtp.mailfrom=\"x y\"@b.com", "a@b.com",
		    MAIL_AUTH_NONE},
		{"; spf=pass smtp.mailfrom=c.com", "a@b.com", MAIL_AUTH_NONE},
		{"; spf=pass smtp.helo=b.com", "a@b.com", MAIL_AUTH_NONE},
		{"; spf=softfail smtp.mailfrom=b.com; dkim=none", "a@b.com",
		    MAIL_AUTH_FAIL},
		{"; spf=fail; dkim=pass header.d=b.com", "a@b.com",
		    MAIL_AUTH_PASS},
		{"; spf=neutral; dkim=temperror", "a@b.com", MAIL_AUTH_NONE},
		{"; dmarc=pass header.from=b.com", "a@b.com", MAIL_AUTH_PASS},
		{"; dmarc=pass header.from=c.com", "a@b.com", MAIL_AUTH_NONE},
		{"; dmarc=pass (p=none)", "a@b.com", MAIL_AUTH_PASS},
		{"; DMARC / (x) 1 = PASS", "a@b.com", MAIL_AUTH_PASS},
		{"; dmarc / = pass", "a@b.com", MAIL_AUTH_PASS},
		{"; dmarc pass", "a@b.com", MAIL_AUTH_NONE},
		{"; dmarc/1=PASS", "a@b.com", MAIL_AUTH_PASS},
		{"; auth=pass smtp.auth=a", "a@b.com", MAIL_AUTH_PASS},
		{"; auth=pass (plain) smtp.auth=A@B.com smtp.mailfrom=x@y.z",
		    "a@b.com", MAIL_AUTH_PASS},
		{"; auth=pass smtp.auth=\"a@b.com\"", "A@B.COM",
		    MAIL_AUTH_PASS},
		{"; auth=pass smtp.auth=x", "a@b.com", MAIL_AUTH_NONE},
		{"; auth=pass smtp.auth=x@b.com", "a@b.com", MAIL_AUTH_NONE},
		{"; auth=pass smtp.auth=a@m.b.com", "a@b.com",
		    MAIL_AUTH_NONE},
		{"; auth=pass smtp.auth=\"a\"@c.com", "a@b.com",
		    MAIL_AUTH_NONE},
		{"; auth=pass smtp.auth=a\"b\"", "a@b.com", MAIL_AUTH_NONE},
		{"; auth=pass smtp.auth=a=b", "a@b.com", MAIL_AUTH_NONE},
		{"; auth=pass", "a@b.com", MAIL_AUTH_NONE},
		{"; auth=pass smtp.auth=\"\"", "a@b.com", MAIL_AUTH_NONE},
		{"; auth=pass smtp.mailfrom=a@b.com", "a@b.com",
		    MAIL_AUTH_NONE},
		{"; auth=pass smtp.auth=x smtp.auth=a", "a@b.com",
		    MAIL_AUTH_NONE},
		{"; auth=pass; spf=none smtp.auth=a", "a@b.com",
		    MAIL_AUTH_NONE},
		{"; auth=pass smtp.auth=a", NULL, MAIL_AUTH_NONE},
		{"; auth=fail smtp.auth=a", "a@b.com", MAIL_AUTH_NONE},
		{"; auth=fail", "a@b.com", MAIL_AUTH_NONE},
		{"; iprev=fail; x-own=pass", "a@b.com", MAIL_AUTH_NONE},
		{"=mx.evil; dmarc=pass", "a@b.com", MAIL_AUTH_NONE},
		{"=(c) MX.us ; dmarc=pass", "a@b.com", MAIL_AUTH_PASS},
		{"=mx.us(c); dmarc=pass", "a@b.com", MAIL_AUTH_PASS},
		/* Not what header_checks look for, so not deleted by them. */
		{"=\"mx.us\"; dmarc=pass", "a@b.com", MAIL_AUTH_NONE},
		{"=\"m\\x.us\"; dmarc=pass", "a@b.com", MAIL_AUTH_NONE},
		{"=(mx.us) mx.evil; dmarc=pass", "a@b.com", MAIL_AUTH_NONE},
		{"=mx.us.evil; dmarc=pass", "a@b.com", MAIL_AUTH_NONE},
		{"; =pass; ; garbage; dmarc=pass", "a@b.com", MAIL_AUTH_PASS},
		{"; dkim=pass header.d=b.com", NULL, MAIL_AUTH_NONE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gboolean is_own = rows[i].value[0] != '=';
		g_autofree char *raw = g_strconcat(
		    "Authentication-Results: ", is_own ? "mx.us" : "",
		    rows[i].value + !is_own, "\n", NULL);
		g_autoptr(headers_auto) headers = headers_scan(raw,
		    strlen(raw), 999);
		g_autoptr(addr_auto) from = rows[i].from != NULL
		    ? addr_parse(rows[i].from, -1, NULL)
		    : NULL;

		if (authres_evaluate(headers, &of_ours, from, TRUE) !=
		    rows[i].want)
			fail_msg("row %zu", i);
		assert_int_equal(
		    authres_evaluate(headers, &of_nobody, from, TRUE),
		    MAIL_AUTH_NONE);
	}
}

static void
dmarc_of_several_authors_must_name_one(void **state)
{
	static const char raw[] =
	    "Authentication-Results: mx.us; dmarc=pass\n";
	g_autoptr(headers_auto) headers = headers_scan(raw, strlen(raw), 999);
	g_autoptr(addr_auto) from = addr_parse("a@b.com", -1, NULL);

	(void)state;
	assert_int_equal(authres_evaluate(headers, &of_ours, from, FALSE),
	    MAIL_AUTH_NONE);
}

/* Of a mail that no header check has seen. The sender writes what he likes, but
 * all of it is below our own Received. */
static void
only_what_stands_above_received_counts(void **state)
{
#define OWN "Authentication-Results: mx.us; dmarc=pass header.from=b.com\n"
#define BAD "Authentication-Results: mx.us; spf=fail\n"
#define HOP "Received: from x by y; now\n"
	static const struct {
		const char *raw;
		enum mail_auth all;
		enum mail_auth above;
	} rows[] = {
		{OWN HOP "From: a@b.com\n", MAIL_AUTH_PASS, MAIL_AUTH_PASS},
		{OWN BAD HOP "From: a@b.com\n", MAIL_AUTH_PASS,
		    MAIL_AUTH_PASS},
		{BAD HOP OWN "From: a@b.com\n", MAIL_AUTH_PASS,
		    MAIL_AUTH_FAIL},
		{"X-Else: x\n" OWN "received : from x\n", MAIL_AUTH_PASS,
		    MAIL_AUTH_PASS},
		/* Forged: below, between two hops, folded into a field above,
		 * behind a Received that is folded, in capitals. */
		{HOP OWN, MAIL_AUTH_PASS, MAIL_AUTH_NONE},
		{HOP OWN HOP, MAIL_AUTH_PASS, MAIL_AUTH_NONE},
		{"X-Else: x\n " OWN HOP, MAIL_AUTH_NONE, MAIL_AUTH_NONE},
		{"Received:\n from x\n by y\n" OWN HOP, MAIL_AUTH_PASS,
		    MAIL_AUTH_NONE},
		{"RECEIVED: x\nAUTHENTICATION-RESULTS: mx.us; dmarc=pass\n",
		    MAIL_AUTH_PASS, MAIL_AUTH_NONE},
		{"Received:\n" OWN HOP, MAIL_AUTH_PASS, MAIL_AUTH_NONE},
		/* A word that only begins so is no Received. */
		{OWN "Received-SPF: fail\n" HOP, MAIL_AUTH_PASS,
		    MAIL_AUTH_PASS},
		/* Whose is it, if we wrote no Received? */
		{OWN "From: a@b.com\n", MAIL_AUTH_PASS, MAIL_AUTH_NONE},
		{OWN "Received-SPF: pass\nX-Received: x\n", MAIL_AUTH_PASS,
		    MAIL_AUTH_NONE},
		{OWN "\n" HOP, MAIL_AUTH_PASS, MAIL_AUTH_NONE},
		{"\n" OWN HOP, MAIL_AUTH_NONE, MAIL_AUTH_NONE},
		{HOP, MAIL_AUTH_NONE, MAIL_AUTH_NONE},
		{"", MAIL_AUTH_NONE, MAIL_AUTH_NONE},
	};
	static const struct mail_parse_options above = {
		.authserv_id = "mx.us",
		.results = MAIL_RESULTS_ABOVE_RECEIVED,
	};
	g_autoptr(addr_auto) from = addr_parse("a@b.com", -1, NULL);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(headers_auto) headers = headers_scan(rows[i].raw,
		    strlen(rows[i].raw), 999);

		if (authres_evaluate(headers, &of_ours, from, TRUE) !=
			rows[i].all ||
		    authres_evaluate(headers, &above, from, TRUE) !=
			rows[i].above)
			fail_msg("row %zu", i);
	}
#undef OWN
#undef BAD
#undef HOP
}

/* --- language ------------------------------------------------------- */

static void
language_is_guessed(void **state)
{
	static const struct {
		const char *in;
		const char *want;
	} rows[] = {
		{"Hello, I asked for my withdrawal yesterday and it has not "
		 "arrived yet. Could you please check what is wrong?", "en"},
		{"Guten Tag, ich habe gestern eine Auszahlung beantragt und "
		 "sie ist noch nicht angekommen. Was ist da los?", "de"},
		{"Bonjour, j'ai demandé un retrait hier et il n'est toujours "
		 "pas arrivé. Pouvez-vous vérifier ce qui se passe ?", "fr"},
		{"Hola, ayer pedí una retirada y todavía no ha llegado. "
		 "¿Pueden comprobar qué está pasando con mi cuenta?", "es"},
		{"Buongiorno, ieri ho chiesto un prelievo e non è ancora "
		 "arrivato. Potete controllare che cosa è successo?", "it"},
		{"Olá, ontem pedi um levantamento e ainda não chegou. "
		 "Podem verificar o que está a acontecer com a conta?", "pt"},
		{"Merhaba, dün para çekme talebinde bulundum ve hâlâ "
		 "gelmedi. Lütfen sorunun ne olduğunu kontrol edin.", "tr"},
		{"Dzień dobry, wczoraj zleciłem wypłatę i jeszcze nie "
		 "dotarła. Proszę sprawdzić, co się stało z kontem.", "pl"},
		{"Καλημέρα, πού είναι;", "el"},
		{"Где мои деньги?", "ru"},
		{"Де мої гроші? Вже їх чекаю", ""},
		{"Hei, pyysin kotiutusta maanantaina ja se odottaa yhä. "
		 "Milloin saan rahani?", ""},
		{"Son mesajim size ulasti mi? O zamandan beri sizden hic "
		 "haber almadim.", "tr"},
		{"Aguardo resposta que por favor me esclareçam rapidamente", "pt"},
		{"ok thanks", ""},
		{"", ""},
		{"https://example.com/the/quick/brown/fox/jumps/over 0xdeadbe"
		 " john@example.com", ""},
		{"Guten Tag, ich habe gestern eine Auszahlung beantragt und "
		 "sie ist noch nicht da.\n> Hello, your request was received "
		 "and we will look at it as soon as we can, thank you for "
		 "your patience\n> and have a nice day, the whole team\n"
		 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0"
		 " https://explorer.example/tx/9f86d081884c", "de"},
	};
	GError *err = NULL;

	(void)state;
	assert_string_equal(language_guess(rows[0].in), "");
	assert_string_equal(language_guess(rows[8].in), "el");
	assert_false(language_init("/nonexistent", "/nonexistent", &err));
	assert_non_null(err);
	g_clear_error(&err);
	assert_true(language_init(ND_SRCDIR "/templates/textcat.conf",
	    ND_TEXTCAT_DATA, &err));
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_string_equal(language_guess(rows[i].in), rows[i].want);
	language_done();
}

int
mail_facts_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_read),
		cmocka_unit_test(prescan_refuses_bombs),
		cmocka_unit_test(authentication_is_judged),
		cmocka_unit_test(dmarc_of_several_authors_must_name_one),
		cmocka_unit_test(only_what_stands_above_received_counts),
		cmocka_unit_test(language_is_guessed),
	};

	return cmocka_run_group_tests_name("mail facts", tests, NULL, NULL);
}
