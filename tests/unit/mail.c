/*
 * Whole mails to the model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mail/parse.h"
#include "mail/text.h"
#include "mail_case.h"

#include "base/banned.h"

int mail_answers_tests(void);
int mail_broken_tests(void);
int mail_canonical_tests(void);
int mail_facts_tests(void);
int mail_files_tests(void);
int mail_machine_tests(void);
int mail_out_tests(void);
int mail_quotes_tests(void);
int mail_report_tests(void);
int mail_short_tests(void);
int mail_signs_tests(void);
int mail_steer_tests(void);
int mail_steer_client_tests(void);
int mail_text_tests(void);
int mail_ways_tests(void);

#define PART TEXT_PART "\n"
#define SECONDS_MAX 10 /* for any one mail, sanitizers included */

struct mail *
mail_case(const char *raw, const char *sender)
{
	const struct mail_parse_options options = {.sender_addr = sender};
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));

	return mail_parse(bytes, &options);
}

static struct mail *
parse_from(const char *raw, gsize len, const char *sender)
{
	struct mail_parse_options options = {.authserv_id = "mx.us",
	    .sender_addr = sender};
	g_autoptr(GBytes) bytes = g_bytes_new(raw, len);

	return mail_parse(bytes, &options);
}

static struct mail *
parse(const char *raw)
{
	return parse_from(raw, strlen(raw), "env@c.example");
}

/* --- people --------------------------------------------------------- */

static void
author_is_first_mailbox(void **state)
{
	static const struct {
		const char *from;
		const char *addr; /* NULL: none */
		const char *name;
		guint others;	  /* besides the envelope sender */
	} rows[] = {
		{"From: a@b.example\r\n", "a@b.example", "", 0},
		{"From: \"Doe, John\" <a@b.example>\r\n", "a@b.example",
		    "Doe, John", 0},
		{"From: a@b.example (John)\r\n", "a@b.example", "John", 0},
		{"From: =?utf-8?B?SsO2cmc=?= <a@b.example>\r\n",
		    "a@b.example", "Jörg", 0},
		{"From: =?utf-8?Q?a=0D=0AX-Inj=3A_b?= <a@b.example>\r\n",
		    "a@b.example", "a X-Inj: b", 0},
		{"From: J\xf6rg <a@b.example>\r\n", "a@b.example", "Jörg", 0},
		{"From: a@b.example, c@d.example\r\n", "a@b.example", "", 1},
		{"From: a@b.example\r\nFrom: c@d.example\r\n", "a@b.example",
		    "", 1},
		{"From: friends: John <a@b.example>, c@d.example;\r\n",
		    "a@b.example", "John", 1},
		{"", "env@c.example", "", 0},
		{"From: John Doe <broken@@x>\r\n", "env@c.example",
		    "John Doe", 0},
		{"From: nobody\r\n", "env@c.example", "", 0},
		{"From:\r\n", "env@c.example", "", 0},
		{"From: x\r\nSender: S <s@b.example>\r\n"
		 "Reply-To: r@b.example, R <r@b.example>\r\n"
		 "Return-Path: <p@b.example>\r\n", "env@c.example", "", 3},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *raw = g_strconcat(rows[i].from, "\r\nx\r\n",
		    NULL);
		g_autoptr(mail_auto) mail = parse(raw);
		g_autofree char *addr = addr_to_wire(mail->from_addr);
		guint envelope = strcmp(addr, "env@c.example") != 0;

		assert_string_equal(addr, rows[i].addr);
		assert_string_equal(mail->from_name, rows[i].name);
		assert_int_equal(mail->other_addrs->len,
		    rows[i].others + envelope);
	}
}

static void
author_may_be_unknown(void **state)
{
	static const char raw[] = "Subject: x\r\n\r\ny\r\n";
	g_autoptr(mail_auto) null = parse_from(raw, strlen(raw), "");
	g_autoptr(mail_auto) none = parse_from(raw, strlen(raw), NULL);

	(void)state;
	assert_null(null->from_addr);
	assert_int_equal(null->machine, MAIL_GENERATED);
	assert_null(none->from_addr);
	assert_int_equal(none->machine, MAIL_PERSON);
}

static void
facts_are_read(void **state)
{
	g_autoptr(mail_auto) mail = parse(
	    "Authentication-Results: mx.us; dkim=pass header.d=b.example\r\n"
	    "From: A <a@b.example>\r\n"
	    "Sender: Bea <bea@b.example>\r\n"
	    "To: x@y.example, g: p@y.example, q@y.example;\r\n"
	    "Cc: z@y.example\r\n"
	    "Bcc: b@y.example\r\n"
	    "Resent-To: c@y.example\r\n"
	    "Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\n"
	    " =?utf-8?Q?=0D=0A_mehr?=\r\n"
	    "Message-ID: <one@b.example>\r\n"
	    "In-Reply-To: Your mail <two@c.example>\r\n"
	    "References: <r1@c.example> <r2@c.\r\n example> <two@c.example>"
	    " <bad\xff@x> <r1@c.example>\r\n"
	    "\r\nHello.\r\n");

	(void)state;
	assert_false(mail->is_placeholder);
	assert_int_equal(mail->auth, MAIL_AUTH_PASS);
	assert_int_equal(mail->machine, MAIL_PERSON);
	assert_int_equal(mail->recipients, 6);
	assert_string_equal(((const struct addr *)g_ptr_array_index(
				mail->rcpt_addrs, 0))->local, "x");
	assert_string_equal(mail->subject, "Grüße mehr");
	assert_string_equal(mail->message_id, "one@b.example");
	assert_int_equal(mail->references->len, 3);
	assert_string_equal(mail->references->pdata[0], "two@c.example");
	assert_string_equal(mail->references->pdata[1], "r1@c.example");
	assert_string_equal(mail->references->pdata[2], "r2@c.example");
	assert_int_equal(mail->other_names->len, 1);
	assert_string_equal(mail->other_names->pdata[0], "Bea");
	assert_string_equal(mail->text, "Hello.\n");
}

static void
message_ids_are_safe(void **state)
{
	static const struct {
		const char *value;
		const char *want;
	} rows[] = {
		{"<a@b>", "a@b"},
		{"a@b", "a@b"},
		{" <a@b> (comment) ", "a@b"},
		{"<a @ b>", "a@b"},
		{"<a@b", ""},
		{"<>", ""},
		{"word", ""},
		{"<a\x01@b>", ""},
		{"<a\xff@b>", ""},
		{"<<a@b>>", "a@b"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *raw = g_strconcat("Message-ID: ",
		    rows[i].value, "\r\n\r\nx", NULL);
		g_autoptr(mail_auto) mail = parse(raw);

		assert_string_equal(mail->message_id, rows[i].want);
	}
}

/* --- texts ---------------------------------------------------------- */

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define ALTERNATIVE "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
#define PLAIN "--b\r\nContent-Type: text/plain\r\n\r\n"
#define HTML "--b\r\nContent-Type: text/html\r\n\r\n"

struct text_row {
	const char *raw;
	const char *text;
	guint files;
};

static void
texts_are_taken(void **state)
{
	static const struct text_row rows[] = {
		{"\r\na\r\n", "a\n", 0},
		{"A: b\r\n", "", 0},
		{"Content-Type: text/html\r\n\r\n<p>a</p>", "a\n", 0},
		{"Content-Type: text/plain; charset=iso-8859-7\r\n"
		 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		 "=CA=E1=\r\n=EB=E7\r\n", "Καλη\n", 0},
		{"Content-Type: text/plain; charset=\r\n\r\ngr\xfc\xdf\r\n",
		    "grüß\n", 0},
		{"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n"
		 "jo@ex \r\nample.com\r\n", "jo@example.com\n", 0},
		{"Content-Type: text/html\r\n\r\n<meta charset=\"koi8-r\">"
		 "\xf0\xd2", "Пр\n", 0},
		{MIXED PLAIN "a\r\n" PLAIN "b\r\n" HTML "<i>c</i>\r\n--b--",
		    "a\n" PART "b\n" PART "c\n", 0},
		{ALTERNATIVE PLAIN "a\r\n" HTML "h\r\n--b--", "a\n", 0},
		{ALTERNATIVE HTML "h\r\n" PLAIN "a\r\n--b--", "a\n", 0},
		{ALTERNATIVE PLAIN " \r\n" HTML "h\r\n--b--", "h\n", 0},
		{ALTERNATIVE HTML "h\r\n" HTML "i\r\n--b--", "h\n", 0},
		{ALTERNATIVE PLAIN "a\r\n--b\r\nContent-Type: "
		 "multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: "
		 "text/html\r\n\r\nh\r\n--c\r\nContent-Type: image/png\r\n"
		 "\r\n\x89PNG\r\n\x1a\n\r\n--c--\r\n--b--", "a\n", 1},
		{MIXED PLAIN "a\r\n--b\r\nContent-Disposition: attachment\r\n"
		 "\r\nfile\r\n--b--", "a\n", 1},
		{MIXED PLAIN "a\r\n--b\r\nContent-Type: text/plain; "
		 "name=x.txt\r\n\r\nfile\r\n--b--", "a\n", 1},
		{"Content-Type: text/plain; name=x.txt\r\n\r\na\r\n", "a\n",
		    0},
		{MIXED PLAIN "a\r\n--b\r\nContent-Type: message/rfc822\r\n"
		 "\r\nFrom: secret@x\r\nSubject: S\r\n\r\nin\r\n\r\nner\r\n"
		 "--b--", "a\n" PART "> S\n>\n> in\n>\n> ner\n", 0},
		{"Content-Type: multipart/signed; boundary=b\r\n\r\n" PLAIN
		 "a\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\n"
		 "-----BEGIN PGP SIGNATURE-----\r\n--b--", "a\n", 0},
		{MIXED PLAIN "a\r\n--b\r\nContent-Type: multipart/mixed; "
		 "boundary=c\r\n\r\nlost\r\n--b--", "a\n" PART TEXT_CUT "\n",
		    0},
		{"Content-Type: message/partial; id=x\r\n\r\nhalf\r\n", "",
		    1},
		{"Content-Type: multipart/mixed; boundary=b\r\n\r\nprologue"
		 "\r\n" PLAIN "a\r\n--b--\r\nepilogue\r\n", "a\n", 0},
		{"Content-Transfer-Encoding: base64\r\n\r\nYQBiG1sN", "ab[\n",
		    0},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(mail_auto) mail = parse(rows[i].raw);

		if (strcmp(mail->text, rows[i].text) != 0 ||
		    mail->files->len != rows[i].files)
			fail_msg("row %zu: \"%s\", %u files", i, mail->text,
			    mail->files->len);
		assert_false(mail->is_placeholder);
	}
}

static void
files_are_typed_by_content(void **state)
{
	static const struct {
		const char *headers;
		const char *body;
		const char *type;
		const char *text;
		gboolean is_inline;
	} rows[] = {
		{"Content-Type: text/plain", "\x89PNG\r\n\x1a\n", "image/png",
		    NULL, FALSE},
		{"Content-Type: text/plain", "a\r\nb", "text/plain", "a\nb\n",
		    FALSE},
		{"Content-Type: text/plain; charset=iso-8859-1", "\xfc",
		    "text/plain", "ü\n", FALSE},
		{"Content-Type: text/plain; charset=iso-8859-1", "<html>\xfc",
		    "text/html", NULL, FALSE},
		{"Content-Type: text/csv", "a;b", "text/csv", "a;b\n", FALSE},
		{"Content-Type: text/x-log", "a", "text/plain", "a\n", FALSE},
		{"Content-Type: text/html", "<p>a", "text/html", NULL, FALSE},
		{"Content-Type: text/calendar", "x", "text/calendar", NULL,
		    FALSE},
		{"Content-Type: text/plain", "BEGIN:VCARD", "text/vcard",
		    NULL, FALSE},
		{"Content-Type: text/directory", "x", "text/vcard", NULL,
		    FALSE},
		{"Content-Type: image/jpeg", "a text", "text/plain", "a text\n",
		    FALSE},
		{"Content-Type: image/jpeg", "gr\xfc\xdf",
		    "application/octet-stream", NULL, FALSE},
		{"Content-Type: application/ics", "x", "text/calendar", NULL,
		    FALSE},
		{"Content-Type: message/delivery-status", "Action: failed",
		    "message/delivery-status", NULL, FALSE},
		{"Content-Type: message/disposition-notification", "Final: x",
		    "message/rfc822", NULL, FALSE},
		{"Content-Type: message/external-body; access-type=url", "x",
		    "message/external-body", NULL, FALSE},
		{"Content-Type: application/ms-tnef", "x",
		    "application/ms-tnef", NULL, FALSE},
		{"Content-Type: application/ms-tnef", "%PDF-1.4",
		    "application/pdf", NULL, FALSE},
		{"Content-Type: application/octet-stream",
		    "Received: from x\r\nFrom: y", "message/rfc822", NULL,
		    FALSE},
		{"Content-Type: text/plain", "", "text/plain", "", FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *raw = g_strconcat(MIXED "--b\r\n",
		    rows[i].headers, "\r\nContent-Disposition: attachment; "
		    "filename=\"secret.exe\"\r\n\r\n", rows[i].body,
		    "\r\n--b--\r\n", NULL);
		g_autoptr(mail_auto) mail = parse(raw);
		const struct mail_file *file;

		assert_int_equal(mail->files->len, 1);
		file = mail->files->pdata[0];
		assert_string_equal(file->type, rows[i].type);
		assert_int_equal(file->size, strlen(rows[i].body));
		if (rows[i].text == NULL)
			assert_null(file->text);
		else
			assert_string_equal(file->text, rows[i].text);
		assert_int_equal(file->is_inline, rows[i].is_inline);
	}
}

static void
related_files_are_inline(void **state)
{
	g_autoptr(mail_auto) mail = parse(
	    "Content-Type: multipart/related; boundary=b\r\n\r\n" HTML
	    "<img src=cid:x>a\r\n--b\r\nContent-Type: image/gif\r\n\r\n"
	    "GIF89a\r\n--b--");

	(void)state;
	assert_string_equal(mail->text, "a\n");
	assert_int_equal(mail->files->len, 1);
	assert_true(((struct mail_file *)mail->files->pdata[0])->is_inline);
}

static void
nul_is_stripped(void **state)
{
	static const char raw[] =
	    "Subject: a\0b\r\nFrom: a@b.example\r\n\r\nx\0y\r\n";
	g_autoptr(mail_auto) mail = parse_from(raw, sizeof(raw) - 1, NULL);

	(void)state;
	assert_false(mail->is_placeholder);
	assert_string_equal(mail->subject, "ab");
	assert_string_equal(mail->text, "xy\n");
	assert_non_null(mail->from_addr);
}

/* --- digest --------------------------------------------------------- */

#define HEAD "From: A <a@b.example>\r\nMessage-ID: <1@b>\r\nDate: d\r\n"      \
	     "Subject: long\r\n subject\r\n"

static void
digest_knows_a_retry(void **state)
{
	static const struct {
		const char *raw;
		gboolean is_same;
	} rows[] = {
		{HEAD "\r\ngr\xc3\xbc\xc3\x9f\r\n", TRUE},
		{"Received: from x\r\nReturn-Path: <q@r.example>\r\n"
		 "Delivered-To: x\r\nX-Spam: y\r\n" HEAD
		 "\r\ngr\xc3\xbc\xc3\x9f\r\n", TRUE},
		{HEAD "Content-Type: text/plain; charset=utf-8\r\n"
		 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		 "gr=C3=BC=\r\n=C3=9F\r\n", TRUE},
		{HEAD "Content-Transfer-Encoding: base64\r\n\r\n"
		 "Z3LDvMOfDQo=\r\n", TRUE},
		{"From: <A@B.EXAMPLE>\nMessage-ID: <1@b>\nDate: d\n"
		 "Subject: long subject\n\ngr\xc3\xbc\xc3\x9f\n", TRUE},
		{HEAD "\r\ngr\xc3\xbc\xc3\x9f!\r\n", FALSE},
		{"From: c@b.example\r\nMessage-ID: <1@b>\r\nDate: d\r\n"
		 "Subject: long subject\r\n\r\ngr\xc3\xbc\xc3\x9f\r\n", FALSE},
		{"From: a@b.example\r\nMessage-ID: <2@b>\r\nDate: d\r\n"
		 "Subject: long subject\r\n\r\ngr\xc3\xbc\xc3\x9f\r\n", FALSE},
		{"From: a@b.example\r\nMessage-ID: <1@b>\r\nDate: e\r\n"
		 "Subject: long subject\r\n\r\ngr\xc3\xbc\xc3\x9f\r\n", FALSE},
		{"From: a@b.example\r\nMessage-ID: <1@b>\r\nDate: d\r\n"
		 "Subject: longsubject\r\n\r\ngr\xc3\xbc\xc3\x9f\r\n", FALSE},
	};
	g_autoptr(mail_auto) first = parse(rows[0].raw);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(mail_auto) mail = parse(rows[i].raw);
		gboolean is_same = memcmp(mail->digest, first->digest,
		    MAIL_DIGEST_LEN) == 0;

		if (is_same != rows[i].is_same)
			fail_msg("row %zu", i);
	}
}

static void
digest_knows_the_files(void **state)
{
	static const char *const bodies[] = {"\xff\xd8\xff\x01",
	    "\xff\xd8\xff\x02", "\xff\xd8\xff\x01\x01", "text", "texts"};
	guint8 digests[G_N_ELEMENTS(bodies)][MAIL_DIGEST_LEN];

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(bodies); i++) {
		g_autofree char *raw = g_strconcat(HEAD MIXED "--b\r\n"
		    "Content-Type: text/x\r\nContent-Disposition: attachment"
		    "\r\n\r\n", bodies[i], "\r\n--b--", NULL);
		g_autoptr(mail_auto) mail = parse(raw);

		memcpy(digests[i], mail->digest, MAIL_DIGEST_LEN);
		for (gsize k = 0; k < i; k++)
			assert_memory_not_equal(digests[i], digests[k],
			    MAIL_DIGEST_LEN);
	}
}

/* --- hostile mails -------------------------------------------------- */

static struct mail *
parse_timed(const char *raw, gsize len)
{
	gint64 start = cpu_time();
	struct mail *mail = parse_from(raw, len, "env@c.example");

	assert_true(cpu_time() - start <
	    SECONDS_MAX * (gint64)G_USEC_PER_SEC);
	return mail;
}

static void
bombs_are_bounded(void **state)
{
	static const struct {
		const char *head;
		const char *unit;
		guint count;
		gboolean is_placeholder;
	} rows[] = {
		{"From: a@b.example\r\nSubject: S\r\nCc: ", "a:", 45000, TRUE},
		{"From: a@b.example\r\nSubject: S\r\nCc: ", "g:;", 10000,
		    TRUE},
		{"From: a@b.example\r\nSubject: S\r\nCc: ", "a@b.c,", 10000,
		    FALSE},
		{"From: a@b.example\r\nSubject: S\r\nFrom: ", "(", 60000,
		    FALSE},
		{"From: a@b.example\r\nSubject: S\r\nContent-Type: a/b", ";a",
		    20000, TRUE},
		{"From: a@b.example\r\nSubject: S\r\n", "A: b\r\n", 1000000,
		    TRUE},
		{"From: a@b.example\r\nSubject: S\r\n" MIXED, "--b\r\n\r\n",
		    1000000, TRUE},
		{"From: a@b.example\r\nSubject: S\r\n" MIXED, "--b\r\n\r\nx\r\n",
		    9000, FALSE},
		{"From: a@b.example\r\nSubject: S\r\nReferences: ", "<a@b> ",
		    10000, FALSE},
		{"From: a@b.example\r\nSubject: S\r\nX: ", "=?utf-8?q?a?= ",
		    4000, FALSE},
		{"From: a@b.example\r\nSubject: S\r\n\r\n", " ", 5000000,
		    FALSE},
		{"From: a@b.example\r\nSubject: S\r\n\r\n", "a ", 5000000,
		    FALSE},
		{"From: a@b.example\r\nSubject: S\r\nContent-Type: text/plain;"
		 " format=flowed\r\n\r\n", "> \r\n", 2000000, FALSE},
		{"From: a@b.example\r\nSubject: S\r\nContent-Type: text/html"
		 "\r\n\r\n", "<p a=b ", 700000, FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GString) raw = g_string_new(rows[i].head);
		g_autoptr(mail_auto) mail = NULL;

		for (guint k = 0; k < rows[i].count; k++)
			g_string_append(raw, rows[i].unit);
		g_string_append(raw, "\r\n\r\nend\r\n");
		mail = parse_timed(raw->str, raw->len);
		if (mail->is_placeholder != rows[i].is_placeholder ||
		    mail->has_bad_shape != rows[i].is_placeholder)
			fail_msg("row %zu", i);
		assert_string_equal(mail->subject, "S");
		assert_string_equal(mail->from_addr->local, "a");
		assert_true(strlen(mail->text) < TEXT_MAX + 100);
		assert_true(mail->files->len <= 200);
	}
}

static void
parts_are_limited_visibly(void **state)
{
	g_autoptr(GString) raw = g_string_new(MIXED);
	g_autoptr(mail_auto) mail = NULL;

	(void)state;
	for (guint i = 0; i < 300; i++)
		g_string_append(raw, "--b\r\nContent-Type: image/gif\r\n\r\n"
		    "GIF89a\r\n");
	mail = parse_timed(raw->str, raw->len);
	assert_int_equal(mail->files->len, 200);
	assert_string_equal(mail->text, TEXT_CUT "\n");
}

static void
deep_nesting_is_cut_visibly(void **state)
{
	static const char *const types[] = {"message/rfc822",
	    "multipart/mixed"};

	(void)state;
	for (gsize t = 0; t < G_N_ELEMENTS(types); t++) {
		g_autoptr(GString) raw = g_string_new("From: a@b.example\r\n");
		g_autoptr(mail_auto) mail = NULL;

		for (guint i = 0; i < 3000; i++) {
			if (t == 1 && i > 0)
				g_string_append_printf(raw, "--b%u\r\n",
				    i - 1);
			g_string_append_printf(raw,
			    "Content-Type: %s; boundary=b%u\r\n\r\n",
			    types[t], i);
		}
		g_string_append(raw, "\r\ndeep\r\n");
		mail = parse_timed(raw->str, raw->len);
		assert_null(strstr(mail->text, "deep"));
		assert_non_null(strstr(mail->text, TEXT_CUT));
	}
}

static void
placeholder_keeps_the_facts(void **state)
{
	g_autoptr(GString) raw = g_string_new(
	    "From: =?utf-8?Q?J=C3=B6rg?= <a@b.example>\r\n"
	    "Message-ID: <1@b>\r\nSubject: =?utf-8?Q?=C3=BC?=\r\n"
	    "Auto-Submitted: auto-replied\r\nIn-Reply-To: <2@c>\r\n\r\n");
	g_autoptr(mail_auto) mail = NULL;
	g_autoptr(mail_auto) again = NULL;
	g_autoptr(mail_auto) empty = parse_from("", 0, "env@c.example");
	g_autoptr(mail_auto) unbound = parse("From: a@b.example\r\n"
	    "Content-Type: multipart/mixed\r\n\r\nno boundary\r\n");

	(void)state;
	for (guint i = 0; i < 20000; i++)
		g_string_append(raw, "--\r\n");
	mail = parse_from(raw->str, raw->len, NULL);
	g_string_append(raw, "more\r\n");
	again = parse_from(raw->str, raw->len, NULL);
	assert_true(mail->is_placeholder);
	assert_string_equal(mail->text, "");
	assert_int_equal(mail->files->len, 0);
	assert_string_equal(mail->from_name, "Jörg");
	assert_string_equal(mail->subject, "ü");
	assert_string_equal(mail->message_id, "1@b");
	assert_string_equal(mail->references->pdata[0], "2@c");
	assert_int_equal(mail->machine, MAIL_REPLIED);
	assert_memory_not_equal(mail->digest, again->digest, MAIL_DIGEST_LEN);
	assert_true(mail->has_bad_shape);
	assert_true(empty->is_placeholder);
	assert_false(empty->has_bad_shape);
	assert_string_equal(empty->from_addr->local, "env");
	assert_true(unbound->is_placeholder);
	assert_false(unbound->has_bad_shape);
	assert_string_equal(unbound->text, "");
}

/* --- foreign mails -------------------------------------------------- */

static void
parse_folder(const char *path, guint *count)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		g_autofree char *raw = NULL;
		g_autoptr(mail_auto) mail = NULL;
		gsize len;

		if (g_file_test(file, G_FILE_TEST_IS_DIR)) {
			parse_folder(file, count);
			continue;
		}
		if (!g_file_get_contents(file, &raw, &len, NULL))
			continue;
		mail = parse_timed(raw, len);
		assert_true(g_utf8_validate(mail->text, -1, NULL));
		(*count)++;
	}
}

static void
foreign_mails_are_survived(void **state)
{
	const char *path = g_getenv("ND_CORPUS");
	guint count = 0;

	(void)state;
	if (path == NULL || !g_file_test(path, G_FILE_TEST_IS_DIR)) {
		print_message("skipped: ND_CORPUS names no folder of mails\n");
		skip();
	}
	parse_folder(path, &count);
	print_message("%u foreign mails parsed\n", count);
	assert_true(count > 0);
}

static int
mail_in_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(author_is_first_mailbox),
		cmocka_unit_test(author_may_be_unknown),
		cmocka_unit_test(facts_are_read),
		cmocka_unit_test(message_ids_are_safe),
		cmocka_unit_test(texts_are_taken),
		cmocka_unit_test(files_are_typed_by_content),
		cmocka_unit_test(related_files_are_inline),
		cmocka_unit_test(nul_is_stripped),
		cmocka_unit_test(digest_knows_a_retry),
		cmocka_unit_test(digest_knows_the_files),
		cmocka_unit_test(bombs_are_bounded),
		cmocka_unit_test(parts_are_limited_visibly),
		cmocka_unit_test(deep_nesting_is_cut_visibly),
		cmocka_unit_test(placeholder_keeps_the_facts),
		cmocka_unit_test(foreign_mails_are_survived),
	};

	return cmocka_run_group_tests_name("mail in", tests, NULL, NULL);
}

int
main(void)
{
	int failed;

	mail_init();
	failed = mail_text_tests();
	failed += mail_broken_tests();
	failed += mail_canonical_tests();
	failed += mail_facts_tests();
	failed += mail_files_tests();
	failed += mail_in_tests();
	failed += mail_machine_tests();
	failed += mail_out_tests();
	failed += mail_answers_tests();
	failed += mail_quotes_tests();
	failed += mail_report_tests();
	failed += mail_short_tests();
	failed += mail_signs_tests();
	failed += mail_steer_tests();
	failed += mail_steer_client_tests();
	failed += mail_ways_tests();
	return failed;
}
