/*
 * Whole mails in which something stands where it does not belong: names in
 * odd places of the header, encodings that nobody declared, signatures in the
 * middle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mail/language.h"
#include "mail/scrub.h"
#include "mail_case.h"

#include "base/banned.h"

int mail_broken_tests(void);

static gboolean
is_named(const struct mail *mail, const char *name)
{
	return strcmp(mail->from_name, name) == 0 ||
	    g_ptr_array_find_with_equal_func(mail->other_names, name,
		g_str_equal, NULL);
}

static gboolean
has_addr(const struct mail *mail, const char *addr)
{
	for (guint i = 0; i < mail->other_addrs->len; i++) {
		g_autofree char *wire =
		    addr_to_wire(mail->other_addrs->pdata[i]);

		if (strcmp(wire, addr) == 0)
			return TRUE;
	}
	return FALSE;
}

static void
names_are_learnt(void **state)
{
	static const struct {
		const char *header;
		const char *name; /* or */
		const char *addr;
	} rows[] = {
	    {"From: \"m@b.example\" (Max Zwirn) <m@b.example>", "Max Zwirn",
		NULL},
	    {"From: m@b.example (a (Max Zwirn) b)", "Max Zwirn", NULL},
	    {"From: \"m@b.example\" (=?utf-8?B?TWF4?=) <m@b.example>", "Max",
		NULL},
	    {"From: \"m@b.example\" (=?utf-8?Q?Ma?==?utf-8?Q?x?=) <m@b.example>",
		"Max", NULL},
	    {"From: \"Max Zwirn (m(a)b.example)\" <m@b.example>", "Max Zwirn",
		NULL},
	    {"From: team: Ida Lux <i@l.example>, m@b.example;", "Ida Lux",
		NULL},
	    {"From: =?utf-8?B?TWF4IA==?= =?utf-8?B?WndpcsO8?=\r\n"
	     " =?utf-8?B?biBK?= <m@b.example>", "Max Zwirün J", NULL},
	    {"From: =?utf-8?B?w6TDiA==?= =?utf-8?B?4g==?= =?utf-8?B?gqw=?= "
	     "<m@b.example>", "äÈ€", NULL},
	    {"From: \xcc\xe0\xea\xf1 <m@b.example>", "Макс", NULL},
	    {"From: m@b.example\r\nSender: Ida Lux <i@l.example>", "Ida Lux",
		"i@l.example"},
	    {"From: m@b.example\r\nReply-To: Ida Lux <i@l.example>",
		"Ida Lux", "i@l.example"},
	    {"From: m@b.example\r\nResent-From: Ida <i@l.example>", "Ida",
		"i@l.example"},
	    {"From: m@b.example\r\nErrors-To: Ida <i@l.example>", "Ida",
		"i@l.example"},
	    {"From: m@b.example\r\nX-Original-From: Ida <i@l.example>", "Ida",
		"i@l.example"},
	    {"From: m@b.example\r\nDisposition-Notification-To: "
	     "<i@l.example>", NULL, "i@l.example"},
	    {"From: m@b.example\r\nAutocrypt: addr=i@l.example; keydata=YQ==",
		NULL, "i@l.example"},
	    {"From: m@b.example (or i@l.example)", NULL, "i@l.example"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *raw =
		    g_strconcat(rows[i].header, "\r\n\r\nx\r\n", NULL);
		g_autoptr(mail_auto) mail = mail_case(raw, NULL);

		if ((rows[i].name != NULL && !is_named(mail, rows[i].name)) ||
		    (rows[i].addr != NULL && !has_addr(mail, rows[i].addr)))
			fail_msg("row %zu: {%s}", i, rows[i].header);
	}
}

static void
names_are_bounded(void **state)
{
	g_autoptr(GString) raw = g_string_new("From: ");

	(void)state;
	for (guint i = 0; i < 2000; i++)
		g_string_append_printf(raw, "N%uxy <a%u@b.example>,\r\n ", i,
		    i);
	g_string_append(raw, "z@b.example\r\n\r\nx\r\n");
	g_autoptr(mail_auto) mail = mail_case(raw->str, NULL);

	assert_in_range(mail->other_names->len, 50, 100);
	assert_in_range(mail->other_addrs->len, 50, 100);
}

#define HEAD "From: Max Zwirn <m@zwirn-werke.example>\r\nSubject: s\r\n"
#define MIXED HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define PLAIN "--b\r\nContent-Type: text/plain\r\n\r\n"
#define LINE64 "UXp4eXphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ekFCQ0RFRkdISUpLTE1OT1BR"
#define HASH64 "a48350f55ab2cd4afb444ef44bcc8158cfc5107f5a663f35b390b9c73f424395"

/* What agents get to read of it. */
static void
texts_are_repaired(void **state)
{
	static const struct {
		const char *raw;
		const char *text;
	} rows[] = {
	    {HEAD "\r\nhello\r\n", "hello"},
	    /* Signatures and quotes end with their part. */
	    {MIXED PLAIN "hello\r\n\r\n-- \r\nWerk Nord\r\n" PLAIN
		   "second\r\n--b--\r\n", "hello\n\nsecond"},
	    {MIXED PLAIN "hello\r\n\r\n> alt\r\n" PLAIN "second\r\n--b--\r\n",
		"hello\n\nsecond"},
	    {HEAD "\r\nhello\r\n\r\n__________\r\nWerk Nord\r\n", "hello"},
	    {HEAD "Content-Type: text/html\r\n\r\n<p>hello<br>\r\n-- <br>"
		  "Werk Nord<br>a<p>b<p>c<p>d<p>e<p>f<p>g</p>\r\n", "hello"},
	    /* Encodings are what the text shows. */
	    {HEAD "Content-Transfer-Encoding: quoted-printable; x=y\r\n\r\n"
		  "h=C3=A4\r\n", "hä"},
	    {HEAD "Content-Transfer-Encoding: 8bit\r\n"
		  "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n",
		"hello"},
	    {HEAD "\r\nh=C3=A4l=C3=B6 =\r\nx\r\n", "hälö x"},
	    {HEAD "\r\nx=c3 y=d4 z=e5\r\n", "x=c3 y=d4 z=e5"},
	    {HEAD "Content-Type: text/plain; charset=utf-8\r\n\r\n"
		  "ask m\xc1\x80zwirn-werke.example m\xe0\x81\x80q\r\n",
		"ask [address] [address]"},
	    /* Blocks that no reader reads. */
	    {HEAD "\r\na\r\n" LINE64 "\r\n" LINE64 "\r\nUXp4\r\nb c\r\n",
		"a\n[encoded block removed]\nb c"},
	    {HEAD "\r\n" HASH64 "\r\n" HASH64 "\r\n", HASH64 "\n" HASH64},
	    {HEAD "\r\na\r\n--bb\r\nContent-Type: text/plain\r\n"
		  "X-Part: Max\r\n\r\nb\r\n", "a\n[encoded block removed]\nb"},
	    {HEAD "\r\na\r\n--bb\r\nContent-Type: text/html\r\n\r\n"
		  "<b title=x>b</b>\r\n", "a\n[encoded block removed]"},
	    {MIXED PLAIN "a\r\nContent-ID: x\r\nContent-Type: image/png\r\n"
		   "\r\nx\r\n" PLAIN "second\r\n--b--\r\n",
		"a\n[encoded block removed]\n\nsecond"},
	    {HEAD "\r\n<html><title>x</title><p>a<b title=y>b</b></html>\r\n",
		"ab"},
	    {HEAD "\r\nit says\r\n<html><p>a</html>\r\n",
		"it says\n<html><p>a</html>"},
	    /* Own domain, glued names. */
	    {HEAD "\r\nsee zwirn-werke.example\r\n", "see [address]"},
	    {"From: AnnaMaria <x@b.example>\r\n\r\nI am Anna\r\n",
		"I am [name]"},
	};
	g_autoptr(GError) error = NULL;
	struct rules *rules = rules_load(ND_SRCDIR "/filters", &error);

	(void)state;
	assert_non_null(rules);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(mail_auto) mail = mail_case(rows[i].raw, NULL);
		g_auto(scrubbed_auto) body = {0};
		g_autofree char *text = NULL;

		scrub_player_mail(mail, rules, &body);
		text = g_strchomp(g_strdup(body.text));
		if (strcmp(text, rows[i].text) != 0)
			fail_msg("row %zu: {%s}", i, text);
	}
	rules_free(rules);
}

/* The name's script and the signature say nothing of the language. */
static void
language_is_of_the_words(void **state)
{
	static const char raw[] =
	    "From: =?utf-8?B?zqDOsc+AzrHOtM65zrHOvM6xzr3PhM+Mz4DOv8+FzrvOv8+C?="
	    " <m@b.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
	    "Hello, my deposit is missing since Tuesday.\r\n\r\n"
	    "Παπαδιαμαντόπουλος Παπαδιαμαντόπουλος Παπαδιαμαντόπουλος\r\n"
	    "-- \r\nΠαπαδιαμαντόπουλος ΑΕ, Ερμού, Αθήνα, Ελλάδα, τηλέφωνο\r\n";
	g_autoptr(GError) error = NULL;
	struct rules *rules = rules_load(ND_SRCDIR "/filters", &error);
	g_autoptr(mail_auto) mail = mail_case(raw, NULL);
	g_auto(scrubbed_auto) body = {0};

	(void)state;
	assert_non_null(rules);
	assert_true(language_init(ND_SRCDIR "/templates/textcat.conf",
	    ND_TEXTCAT_DATA "/", &error));
	scrub_player_mail(mail, rules, &body);
	assert_string_equal(body.lang, "en");
	language_done();
	rules_free(rules);
}

static void
attached_texts_lose_their_signature(void **state)
{
	static const char raw[] = MIXED PLAIN
	    "hello\r\n--b\r\nContent-Disposition: attachment\r\n\r\n"
	    "log 1\r\n-- \r\nWerk Nord\r\n--b--\r\n";
	g_autoptr(GError) error = NULL;
	struct rules *rules = rules_load(ND_SRCDIR "/filters", &error);
	g_autoptr(mail_auto) mail = mail_case(raw, NULL);
	g_auto(scrubbed_auto) body = {0};
	const struct scrubbed_file *file;

	(void)state;
	assert_non_null(rules);
	scrub_player_mail(mail, rules, &body);
	assert_int_equal(body.files->len, 1);
	file = body.files->pdata[0];
	assert_string_equal(file->text, "log 1\n");
	rules_free(rules);
}

int
mail_broken_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_learnt),
	    cmocka_unit_test(names_are_bounded),
	    cmocka_unit_test(texts_are_repaired),
	    cmocka_unit_test(language_is_of_the_words),
	    cmocka_unit_test(attached_texts_lose_their_signature),
	};

	return cmocka_run_group_tests_name("mail broken", tests, NULL, NULL);
}
