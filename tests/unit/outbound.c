#include "outbound_fake.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "outbound/smtp.h"

#include "base/banned.h"

#define FULL                                                                   \
	"250-fake at your service\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n" \
	"250-8bitmime\r\n250-AUTH LOGIN PLAIN\r\n250-STARTTLS\r\n"            \
	"250 SMTPUTF8\r\n"
#define GREET {NULL, "220 fake ESMTP\r\n"}
#define HELLO GREET, {"EHLO desk.test\r\n", FULL}
#define HELLO_BARE GREET, {"EHLO desk.test\r\n", "250 fake\r\n"}
/* An envelope for two recipients, with these replies. */
#define ENVELOPE(mail, a, b, data)                                            \
	{"MAIL FROM:<s@desk.test>", mail}, {"RCPT TO:<a@x.test>\r\n", a},     \
	{"RCPT TO:<b@y.test>\r\n", b}, {"DATA\r\n", data}
#define OK_ENVELOPE                                                           \
	ENVELOPE("250 2.1.0 ok\r\n", "250 2.1.5 ok\r\n", "250 2.1.5 ok\r\n",  \
	    "354 go\r\n")
#define OK_MAIL OK_ENVELOPE, {FAKE_BODY, "250 2.0.0 queued\r\n"}
#define QUICK_MS 150
#define PATIENT_MS 20000

static const char content[] = "Subject: x\r\n\r\nHello\r\n.\r\n..dots\r\n.end\r\n";
static const char content_sent[] =
    "Subject: x\r\n\r\nHello\r\n..\r\n...dots\r\n..end\r\n.\r\n";

/* A client with one mail for two recipients. */
struct desk {
	struct smtp_options options;
	struct smtp *smtp;
	struct smtp_mail mail;
	GArray *results;
	guint bodies; /* calls of before_body */
	gboolean hang_up; /* in before_body */
	gboolean deposit; /* in before_body */
	int fd;		  /* what was deposited */
};

static void
before_body(gpointer data)
{
	struct desk *desk = data;

	desk->bodies++;
	if (desk->deposit)
		desk->fd = dup(smtp_fd(desk->smtp));
	if (desk->hang_up)
		assert_int_equal(shutdown(smtp_fd(desk->smtp), SHUT_RDWR), 0);
}

static void
desk_init(struct desk *desk, const char *server, guint timeout_ms)
{
	*desk = (struct desk){.options = {.server = server,
	    .hello_name = "desk.test", .timeout_ms = timeout_ms}, .fd = -1};
	desk->results = g_array_new(FALSE, FALSE, sizeof(struct smtp_result));
	desk->mail = (struct smtp_mail){.sender_addr = "s@desk.test",
	    .rcpt_addrs = g_ptr_array_new(),
	    .content = g_bytes_new_static(content, strlen(content)),
	    .before_body = before_body, .user_data = desk};
	g_ptr_array_add(desk->mail.rcpt_addrs, (gpointer)"a@x.test");
	g_ptr_array_add(desk->mail.rcpt_addrs, (gpointer)"b@y.test");
}

static gboolean
desk_send(struct desk *desk, GError **err)
{
	if (desk->smtp == NULL)
		desk->smtp = smtp_new(&desk->options);
	return smtp_send(desk->smtp, &desk->mail, desk->results, err);
}

static void
desk_done(struct desk *desk)
{
	smtp_free(desk->smtp);
	desk->smtp = NULL;
	g_array_unref(desk->results);
	g_ptr_array_unref(desk->mail.rcpt_addrs);
	g_bytes_unref(desk->mail.content);
}

/* "250 2.0.0, 550 5.1.1"; caller frees. */
static char *
show_results(const GArray *results)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < results->len; i++) {
		const struct smtp_result *r = &g_array_index(results,
		    struct smtp_result, i);

		g_string_append_printf(out, "%s%u%s%s", i > 0 ? ", " : "",
		    r->code, r->status[0] != '\0' ? " " : "", r->status);
	}
	return g_string_free(out, FALSE);
}

/* --- one mail, every answer ----------------------------------------- */

struct row {
	const char *name;
	struct fake_step script[14];
	const char *results; /* of smtp_send() that is TRUE, else NULL */
	guint bodies;
	gboolean is_quick; /* expects to run into the deadline */
	gboolean is_kept;  /* the connection can be used again */
};

static const struct row rows[] = {
	{"all well", {HELLO, OK_MAIL}, "250 2.0.0, 250 2.0.0", 1, 0, 1},
	{"no pipelining", {HELLO_BARE, OK_MAIL}, "250 2.0.0, 250 2.0.0", 1,
	    0, 1},
	{"multi-line replies", {{NULL, "220-hello\r\n220-dear\r\n220 you\r\n"},
	    {"EHLO", FULL}, ENVELOPE("250-2.1.0 a\r\n250 2.1.0 b\r\n",
	    "250-\r\n250 ok\r\n", "250 ok\r\n", "354-go\r\n354 on\r\n"),
	    {FAKE_BODY, "250-2.0.0 queued\r\n250 2.0.0 as it is\r\n"}},
	    "250 2.0.0, 250 2.0.0", 1, 0, 1},
	{"HELO only", {GREET, {"EHLO", "502 5.5.1 what\r\n"},
	    {"HELO desk.test\r\n", "250 hi\r\n"}, OK_MAIL},
	    "250 2.0.0, 250 2.0.0", 1, 0, 1},
	/* Greeting and EHLO. */
	{"greeting 421", {{NULL, "421 4.3.2 later\r\n"}}, NULL, 0, 0, 0},
	{"greeting 554", {{NULL, "554 no\r\n"}}, NULL, 0, 0, 0},
	{"greeting nonsense", {{NULL, "hello there\r\n"}}, NULL, 0, 0, 0},
	{"greeting closed", {{NULL, FAKE_CLOSE}}, NULL, 0, 0, 0},
	{"greeting half", {{NULL, "220"}, {NULL, FAKE_CLOSE}}, NULL, 0, 0, 0},
	{"greeting silent", {{NULL, FAKE_HANG}}, NULL, 0, 1, 0},
	{"greeting huge", {{NULL, FAKE_HUGE}}, NULL, 0, 0, 0},
	{"EHLO 421", {GREET, {"EHLO", "421 4.3.2 later\r\n"}}, NULL, 0, 0, 0},
	{"EHLO and HELO refused", {GREET, {"EHLO", "550 no\r\n"},
	    {"HELO", "550 no\r\n"}}, NULL, 0, 0, 0},
	{"EHLO closed", {GREET, {"EHLO", FAKE_CLOSE}}, NULL, 0, 0, 0},
	{"EHLO endless", {GREET, {"EHLO", FAKE_ENDLESS}}, NULL, 0, 0, 0},
	/* MAIL. */
	{"MAIL 451", {HELLO, ENVELOPE("451 4.3.0 later\r\n", "503 5.5.1 x\r\n",
	    "503 5.5.1 x\r\n", "503 5.5.1 x\r\n"), {"RSET", "250 ok\r\n"}},
	    "451 4.3.0, 451 4.3.0", 0, 0, 1},
	{"MAIL 552 in steps", {HELLO_BARE,
	    {"MAIL FROM:<s@desk.test>\r\n", "552 5.3.4 big\r\n"},
	    {"RSET", "250 ok\r\n"}}, "552 5.3.4, 552 5.3.4", 0, 0, 1},
	{"MAIL 421", {HELLO, {"MAIL", "421 4.7.0 bye\r\n"},
	    {NULL, FAKE_CLOSE}}, NULL, 0, 0, 0},
	{"MAIL closed", {HELLO, {"MAIL", FAKE_CLOSE}}, NULL, 0, 0, 0},
	{"MAIL silent", {HELLO, {"MAIL", FAKE_HANG}}, NULL, 0, 1, 0},
	{"MAIL out of step", {HELLO, {"MAIL", "354 go\r\n"}}, NULL, 0, 0, 0},
	{"MAIL nonsense", {HELLO, {"MAIL", "2500 ok\r\n"}}, NULL, 0, 0, 0},
	{"MAIL refused, DATA taken", {HELLO, ENVELOPE("550 no\r\n",
	    "250 ok\r\n", "250 ok\r\n", "354 go\r\n"),
	    {".\r\n", "554 5.5.1 nobody\r\n"}, {"RSET", "250 ok\r\n"}},
	    "550, 550", 0, 0, 1},
	/* RCPT. */
	{"second refused", {HELLO, ENVELOPE("250 ok\r\n", "250 ok\r\n",
	    "550 5.1.1 who\r\n", "354 go\r\n"), {FAKE_BODY, "250 ok\r\n"}},
	    "250, 550 5.1.1", 1, 0, 1},
	{"first deferred, in steps", {HELLO_BARE, ENVELOPE("250 ok\r\n",
	    "450-4.2.1 full\r\n450 4.2.1 really\r\n", "251 2.1.5 moved\r\n",
	    "354 go\r\n"), {FAKE_BODY, "250 2.6.0 ok\r\n"}},
	    "450 4.2.1, 250 2.6.0", 1, 0, 1},
	{"all refused", {HELLO, ENVELOPE("250 ok\r\n", "550 5.1.1 no\r\n",
	    "450 4.1.1 no\r\n", "554 5.5.1 nobody\r\n"),
	    {"RSET", "250 ok\r\n"}}, "550 5.1.1, 450 4.1.1", 0, 0, 1},
	{"all refused, in steps", {HELLO_BARE,
	    {"MAIL", "250 ok\r\n"}, {"RCPT", "550 5.1.1 no\r\n"},
	    {"RCPT", "450 4.1.1 no\r\n"}, {"RSET", "250 ok\r\n"}},
	    "550 5.1.1, 450 4.1.1", 0, 0, 1},
	{"all refused, DATA taken", {HELLO, ENVELOPE("250 ok\r\n",
	    "550 5.1.1 no\r\n", "450 4.1.1 no\r\n", "354 go\r\n"),
	    {".\r\n", "250 2.0.0 well\r\n"}, {"RSET", "250 ok\r\n"}},
	    "550 5.1.1, 450 4.1.1", 0, 0, 1},
	{"all refused, closed at RSET", {HELLO, ENVELOPE("250 ok\r\n",
	    "550 5.1.1 no\r\n", "450 4.1.1 no\r\n", "554 5.5.1 no\r\n"),
	    {"RSET", FAKE_CLOSE}}, "550 5.1.1, 450 4.1.1", 0, 0, 0},
	{"RCPT 421", {HELLO, {"MAIL", "250 ok\r\n"}, {"RCPT", "250 ok\r\n"},
	    {"RCPT", "421 bye\r\n"}, {NULL, FAKE_CLOSE}}, NULL, 0, 0, 0},
	{"RCPT closed", {HELLO, {"MAIL", "250 ok\r\n"}, {"RCPT", "250 ok\r\n"},
	    {"RCPT", FAKE_CLOSE}}, NULL, 0, 0, 0},
	{"RCPT half", {HELLO, {"MAIL", "250 ok\r\n"}, {"RCPT", "250 ok\r\n"},
	    {"RCPT", "250 2.1.5 ok"}, {NULL, FAKE_CLOSE}}, NULL, 0, 0, 0},
	/* DATA. */
	{"DATA 451", {HELLO, ENVELOPE("250 ok\r\n", "250 ok\r\n",
	    "550 5.1.1 no\r\n", "451 4.3.0 later\r\n"),
	    {"RSET", "250 ok\r\n"}}, "451 4.3.0, 550 5.1.1", 0, 0, 1},
	{"DATA 554 in steps", {HELLO_BARE, ENVELOPE("250 ok\r\n",
	    "250 ok\r\n", "250 ok\r\n", "554 5.7.1 no\r\n"),
	    {"RSET", "250 ok\r\n"}}, "554 5.7.1, 554 5.7.1", 0, 0, 1},
	{"DATA 250", {HELLO, ENVELOPE("250 ok\r\n", "250 ok\r\n",
	    "250 ok\r\n", "250 ok\r\n")}, NULL, 0, 0, 0},
	{"DATA 334", {HELLO, ENVELOPE("250 ok\r\n", "250 ok\r\n",
	    "250 ok\r\n", "334 eh\r\n")}, NULL, 0, 0, 0},
	{"DATA closed", {HELLO, ENVELOPE("250 ok\r\n", "250 ok\r\n",
	    "250 ok\r\n", FAKE_CLOSE)}, NULL, 0, 0, 0},
	{"DATA silent", {HELLO, ENVELOPE("250 ok\r\n", "250 ok\r\n",
	    "250 ok\r\n", FAKE_HANG)}, NULL, 0, 1, 0},
	/* The body and its reply. */
	{"closed behind 354", {HELLO, OK_ENVELOPE, {NULL, FAKE_CLOSE}}, NULL,
	    1, 0, 0},
	{"closed behind the body", {HELLO, OK_ENVELOPE,
	    {FAKE_BODY, FAKE_CLOSE}}, NULL, 1, 0, 0},
	{"250 without line end", {HELLO, OK_ENVELOPE, {FAKE_BODY, "250"},
	    {NULL, FAKE_CLOSE}}, NULL, 1, 0, 0},
	{"250 text without line end", {HELLO, OK_ENVELOPE,
	    {FAKE_BODY, "250 2.0.0 ok"}, {NULL, FAKE_CLOSE}}, NULL, 1, 0, 0},
	{"250- and the end", {HELLO, OK_ENVELOPE,
	    {FAKE_BODY, "250-2.0.0 ok\r\n"}, {NULL, FAKE_CLOSE}}, NULL, 1, 0,
	    0},
	{"final 451", {HELLO, OK_ENVELOPE, {FAKE_BODY, "451 4.3.1 disk\r\n"}},
	    "451 4.3.1, 451 4.3.1", 1, 0, 1},
	{"final 554 for one, RCPT 550 for the other", {HELLO,
	    ENVELOPE("250 ok\r\n", "550 5.1.1 a\r\n", "250 ok\r\n",
	    "354 go\r\n"), {FAKE_BODY, "554 5.6.0 b\r\n"}},
	    "550 5.1.1, 554 5.6.0", 1, 0, 1},
	{"final 421", {HELLO, OK_ENVELOPE, {FAKE_BODY, "421 4.3.2 off\r\n"}},
	    "421 4.3.2, 421 4.3.2", 1, 0, 0},
	{"final 354", {HELLO, OK_ENVELOPE, {FAKE_BODY, "354 go\r\n"}}, NULL,
	    1, 0, 0},
	{"final nonsense", {HELLO, OK_ENVELOPE, {FAKE_BODY, "fine\r\n"}},
	    NULL, 1, 0, 0},
	{"final silent", {HELLO, OK_ENVELOPE, {FAKE_BODY, FAKE_HANG}}, NULL,
	    1, 1, 0},
	{"final huge", {HELLO, OK_ENVELOPE, {FAKE_BODY, FAKE_HUGE}}, NULL, 1,
	    0, 0},
	/* Enhanced codes. */
	{"other class", {HELLO, OK_ENVELOPE, {FAKE_BODY, "250 5.0.0 x\r\n"}},
	    "250, 250", 1, 0, 1},
	{"three digits", {HELLO, OK_ENVELOPE,
	    {FAKE_BODY, "550 5.123.456 x\r\n"}}, "550 5.123.456, "
	    "550 5.123.456", 1, 0, 1},
	{"four digits", {HELLO, OK_ENVELOPE, {FAKE_BODY, "550 5.1.4567 x\r\n"}},
	    "550, 550", 1, 0, 1},
	{"two parts", {HELLO, OK_ENVELOPE, {FAKE_BODY, "550 5.1 x\r\n"}},
	    "550, 550", 1, 0, 1},
	{"no space", {HELLO, OK_ENVELOPE, {FAKE_BODY, "550 5.1.1x\r\n"}},
	    "550, 550", 1, 0, 1},
	{"status alone", {HELLO, OK_ENVELOPE, {FAKE_BODY, "550 5.1.1\r\n"}},
	    "550 5.1.1, 550 5.1.1", 1, 0, 1},
	{"no text", {HELLO, OK_ENVELOPE, {FAKE_BODY, "250\r\n"}}, "250, 250",
	    1, 0, 1},
};

static void
test_replies(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		struct fake *fake = fake_start(row->script);
		g_autoptr(GError) err = NULL;
		g_autofree char *got = NULL;
		struct desk desk;
		gboolean ok;

		desk_init(&desk, fake_server(fake),
		    row->is_quick ? QUICK_MS : PATIENT_MS);
		ok = desk_send(&desk, &err);
		got = show_results(desk.results);
		print_message("%s: %s %s\n", row->name, got,
		    ok ? "" : err->message);
		assert_string_equal(got,
		    row->results != NULL ? row->results : "0, 0");
		assert_int_equal(ok, row->results != NULL);
		assert_true(ok || error_is(err, ERROR_TEMP));
		assert_int_equal(desk.bodies, row->bodies);
		assert_int_equal(smtp_fd(desk.smtp) >= 0, row->is_kept);
		assert_false(smtp_is_tls(desk.smtp));
		desk_done(&desk);
		fake_finish(fake);
		assert_int_equal(fake_connections(fake), 1);
		fake_free(fake);
	}
}

/* --- what is sent --------------------------------------------------- */

static void
test_parameters(void **state)
{
	static const struct {
		const char *sender;
		const char *content;
		const char *mail;
	} table[] = {
		{"", "A: b\r\n\r\n",
		    "MAIL FROM:<> SIZE=8\r\n"},
		{"s@x.test", "A: b\r\n\r\n\xc3\xa4\r\n",
		    "MAIL FROM:<s@x.test> SIZE=12 BODY=8BITMIME\r\n"},
		{"\xc3\xa4@x.test", "A: b\r\n\r\n",
		    "MAIL FROM:<\xc3\xa4@x.test> SIZE=8 SMTPUTF8\r\n"},
		{"\"a b\"@x.test", "A: b\r\n\r\n",
		    "MAIL FROM:<\"a b\"@x.test> SIZE=8\r\n"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		const struct fake_step script[] = {HELLO,
		    {table[i].mail, "250 ok\r\n"}, {"RCPT", "250 ok\r\n"},
		    {"RCPT", "250 ok\r\n"}, {"DATA\r\n", "354 go\r\n"},
		    {FAKE_BODY, "250 ok\r\n"}, {"QUIT\r\n", "221 bye\r\n"},
		    {NULL, NULL}};
		struct fake *fake = fake_start(script);
		struct desk desk;

		desk_init(&desk, fake_server(fake), PATIENT_MS);
		g_bytes_unref(desk.mail.content);
		desk.mail.content = g_bytes_new_static(table[i].content,
		    strlen(table[i].content));
		desk.mail.sender_addr = table[i].sender;
		assert_true(desk_send(&desk, NULL));
		smtp_quit(desk.smtp);
		assert_int_equal(smtp_fd(desk.smtp), -1);
		smtp_quit(desk.smtp);
		desk_done(&desk);
		fake_finish(fake);
		fake_free(fake);
	}
}

/* Octet for octet: dots are stuffed, nothing is added, whatever stands at
 * the end. */
static void
test_body(void **state)
{
	g_autofree char *line = g_strnfill(998, '.');
	g_autoptr(GString) big = g_string_new("A: b\r\n\r\n");
	g_autoptr(GString) big_sent = g_string_new("A: b\r\n\r\n");
	const char *table[][2] = {
		{content, content_sent},
		{"A: b\r\n\r\nno line end", "A: b\r\n\r\nno line end\r\n.\r\n"},
		{"A: b\r\n\r\n\r\n\r\n", "A: b\r\n\r\n\r\n\r\n.\r\n"},
		{"A: b\r\n\r\n.", "A: b\r\n\r\n..\r\n.\r\n"},
		{".\r\n\r\n", "..\r\n\r\n.\r\n"},
		{"A: b\r\n\r\n.\rx\n.\r\n", "A: b\r\n\r\n..\r\nx\r\n..\r\n.\r\n"},
		{NULL, NULL},
	};

	(void)state;
	for (guint i = 0; i < 300; i++) {
		g_string_append_printf(big, "%s\r\n", line);
		g_string_append_printf(big_sent, ".%s\r\n", line);
	}
	g_string_append(big_sent, ".\r\n");
	table[6][0] = big->str;
	table[6][1] = big_sent->str;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		static const struct fake_step script[] = {HELLO, OK_MAIL,
		    {NULL, NULL}};
		struct fake *fake = fake_start(script);
		struct desk desk;

		desk_init(&desk, fake_server(fake), PATIENT_MS);
		g_bytes_unref(desk.mail.content);
		desk.mail.content = g_bytes_new_static(table[i][0],
		    strlen(table[i][0]));
		assert_true(desk_send(&desk, NULL));
		desk_done(&desk);
		fake_finish(fake);
		assert_string_equal(fake_body(fake), table[i][1]);
		fake_free(fake);
	}
}

static void
test_bad_addresses(void **state)
{
	static const struct {
		const char *sender;
		const char *a;
		const char *b;
		const char *results;
	} table[] = {
		{"s@x>\r\nRCPT TO:<v@x.test", "a@x.test", "b@y.test",
		    "553 5.1.7, 553 5.1.7"},
		{"", "a@x>\r\nRCPT TO:<v@x.test", "b y@y.test",
		    "553 5.1.3, 553 5.1.3"},
		{"", "", "b\n@y.test", "553 5.1.3, 553 5.1.3"},
		{"", "\xc3\xa4@x.test", "b@y.test", "553 5.6.7, 553 5.6.7"},
		{"\xc3\xa4@x.test", "nobody", "b@y.test",
		    "553 5.1.3, 553 5.6.7"},
	};
	static const struct fake_step script[] = {HELLO_BARE, {NULL, NULL}};
	static const struct fake_step one_good[] = {HELLO,
	    {"MAIL FROM:<s@desk.test>", "250 ok\r\n"},
	    {"RCPT TO:<b@y.test>\r\n", "250 ok\r\n"},
	    {"DATA\r\n", "354 go\r\n"}, {FAKE_BODY, "250 2.0.0 ok\r\n"},
	    {NULL, NULL}};
	g_autofree char *got = NULL;
	struct fake *fake;
	struct desk desk;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *show = NULL;

		fake = fake_start(script);
		desk_init(&desk, fake_server(fake), PATIENT_MS);
		desk.mail.sender_addr = table[i].sender;
		desk.mail.rcpt_addrs->pdata[0] = (gpointer)table[i].a;
		desk.mail.rcpt_addrs->pdata[1] = (gpointer)table[i].b;
		assert_true(desk_send(&desk, NULL));
		show = show_results(desk.results);
		assert_string_equal(show, table[i].results);
		desk_done(&desk);
		fake_finish(fake);
		fake_free(fake);
	}
	fake = fake_start(one_good);
	desk_init(&desk, fake_server(fake), PATIENT_MS);
	desk.mail.rcpt_addrs->pdata[0] = (gpointer)"<a@x.test>";
	assert_true(desk_send(&desk, NULL));
	got = show_results(desk.results);
	assert_string_equal(got, "553 5.1.3, 250 2.0.0");
	desk_done(&desk);
	fake_finish(fake);
	fake_free(fake);
}

static void
test_many_recipients(void **state)
{
	GArray *script = g_array_new(TRUE, TRUE, sizeof(struct fake_step));
	const struct fake_step head[] = {HELLO, {"MAIL", "250 ok\r\n"}};
	const struct fake_step rcpt[] = {{"RCPT", "250 2.1.5 ok\r\n"},
	    {"RCPT", "550 5.1.1 no\r\n"}};
	const struct fake_step tail[] = {{"DATA\r\n", "354 go\r\n"},
	    {FAKE_BODY, "250 2.0.0 ok\r\n"}};
	g_autofree char *local = g_strnfill(64, 'l');
	g_autofree char *addr = g_strconcat(local, "@x.test", NULL);
	struct fake *fake;
	struct desk desk;

	(void)state;
	g_array_append_vals(script, head, G_N_ELEMENTS(head));
	for (guint i = 0; i < 1000; i++)
		g_array_append_vals(script, rcpt, 2);
	g_array_append_vals(script, tail, 2);
	fake = fake_start((const struct fake_step *)(void *)script->data);
	desk_init(&desk, fake_server(fake), PATIENT_MS);
	g_ptr_array_set_size(desk.mail.rcpt_addrs, 0);
	for (guint i = 0; i < 2000; i++)
		g_ptr_array_add(desk.mail.rcpt_addrs, addr);
	assert_true(desk_send(&desk, NULL));
	for (guint i = 0; i < 2000; i++)
		assert_int_equal(g_array_index(desk.results,
		    struct smtp_result, i).code, i % 2 == 0 ? 250 : 550);
	desk_done(&desk);
	fake_finish(fake);
	fake_free(fake);
	g_array_unref(script);
}

/* --- kept connections ----------------------------------------------- */

static void
test_kept(void **state)
{
	static const struct {
		const char *name;
		struct fake_step script[24];
		gboolean ok; /* of the second mail */
		guint bodies;
		guint connections;
		gboolean is_quick;
	} table[] = {
		{"used again", {HELLO, OK_MAIL, OK_MAIL}, TRUE, 2, 1, FALSE},
		{"closed between", {HELLO, OK_MAIL, {NULL, FAKE_NEXT}, HELLO,
		    OK_MAIL}, TRUE, 2, 2, FALSE},
		{"farewell between", {HELLO, OK_MAIL,
		    {NULL, "421 4.4.2 idle\r\n"}, {NULL, FAKE_NEXT}, HELLO,
		    OK_MAIL}, TRUE, 2, 2, FALSE},
		{"chatter behind the reply", {HELLO, OK_ENVELOPE,
		    {FAKE_BODY, "250 ok\r\n250 more\r\n"}, {NULL, FAKE_NEXT},
		    HELLO, OK_MAIL}, TRUE, 2, 2, FALSE},
		{"closed at MAIL", {HELLO, OK_MAIL, {"MAIL", FAKE_NEXT},
		    HELLO, OK_MAIL}, TRUE, 2, 2, FALSE},
		{"421 at MAIL", {HELLO, OK_MAIL, {"MAIL", "421 4.7.0 no\r\n"},
		    {NULL, FAKE_NEXT}, HELLO, OK_MAIL}, TRUE, 2, 2, FALSE},
		{"421 at DATA", {HELLO, OK_MAIL, ENVELOPE("250 ok\r\n",
		    "250 ok\r\n", "250 ok\r\n", "421 4.7.0 no\r\n"),
		    {NULL, FAKE_NEXT}, HELLO, OK_MAIL}, TRUE, 2, 2, FALSE},
		{"closed twice", {HELLO, OK_MAIL, {"MAIL", FAKE_NEXT}, HELLO,
		    {"MAIL", FAKE_CLOSE}}, FALSE, 1, 2, FALSE},
		{"late", {HELLO, OK_MAIL, {"MAIL", FAKE_HANG}}, FALSE, 1, 1,
		    TRUE},
		{"closed behind 354", {HELLO, OK_MAIL, OK_ENVELOPE,
		    {NULL, FAKE_CLOSE}}, FALSE, 2, 1, FALSE},
		{"closed behind the body", {HELLO, OK_MAIL, OK_ENVELOPE,
		    {FAKE_BODY, FAKE_CLOSE}}, FALSE, 2, 1, FALSE},
		{"used after a refusal", {HELLO, ENVELOPE("250 ok\r\n",
		    "250 ok\r\n", "250 ok\r\n", "450 4.3.0 no\r\n"),
		    {"RSET", "250 ok\r\n"}, OK_MAIL}, TRUE, 1, 1, FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct fake *fake = fake_start(table[i].script);
		g_autofree char *got = NULL;
		struct desk desk;

		print_message("%s\n", table[i].name);
		desk_init(&desk, fake_server(fake),
		    table[i].is_quick ? QUICK_MS : PATIENT_MS);
		assert_true(desk_send(&desk, NULL));
		assert_true(smtp_fd(desk.smtp) >= 0);
		assert_int_equal(desk_send(&desk, NULL), table[i].ok);
		got = show_results(desk.results);
		assert_string_equal(got, table[i].ok ? "250 2.0.0, 250 2.0.0"
						     : "0, 0");
		assert_int_equal(desk.bodies, table[i].bodies);
		desk_done(&desk);
		fake_finish(fake);
		assert_int_equal(fake_connections(fake),
		    table[i].connections);
		fake_free(fake);
	}
}

/* When before_body() is called the server is waiting and has nothing yet. */
static void
test_before_body(void **state)
{
	static const struct fake_step script[] = {HELLO, OK_ENVELOPE,
	    {NULL, NULL}};
	struct fake *fake = fake_start(script);
	g_autoptr(GError) err = NULL;
	struct desk desk;

	(void)state;
	desk_init(&desk, fake_server(fake), PATIENT_MS);
	desk.hang_up = TRUE;
	assert_false(desk_send(&desk, &err));
	assert_true(error_is(err, ERROR_TEMP));
	assert_int_equal(desk.bodies, 1);
	assert_int_equal(smtp_fd(desk.smtp), -1);
	desk_done(&desk);
	fake_finish(fake);
	assert_string_equal(fake_body(fake), "");
	fake_free(fake);
}

/* --- TLS and AUTH --------------------------------------------------- */

#define TLS_HELLO HELLO, {"STARTTLS\r\n", FAKE_TLS}, {"EHLO", FULL}

static void
test_tls(void **state)
{
	static const struct {
		const char *name;
		struct fake_step script[20];
		const char *tls;
		const char *tls_name;
		gboolean is_trusted; /* the CA file is the server's own */
		const char *error;   /* NULL: both mails are sent */
		gboolean is_tls;
	} table[] = {
		{"none", {HELLO, OK_MAIL, OK_MAIL}, "none", NULL, FALSE,
		    NULL, FALSE},
		{"may", {TLS_HELLO, OK_MAIL, OK_MAIL}, "may", NULL, FALSE,
		    NULL, TRUE},
		{"may, not offered", {HELLO_BARE, OK_MAIL, OK_MAIL}, "may",
		    NULL, FALSE, NULL, FALSE},
		{"may, refused", {HELLO, {"STARTTLS", "454 4.7.0 no\r\n"}},
		    "may", NULL, FALSE, "refused the session", FALSE},
		{"require", {TLS_HELLO, OK_MAIL, OK_MAIL}, "require",
		    "mail.test", TRUE, NULL, TRUE},
		{"require, other name", {HELLO, {"STARTTLS\r\n", FAKE_TLS}},
		    "require", "mail.example", TRUE, "does not verify",
		    FALSE},
		{"require, not trusted", {HELLO, {"STARTTLS\r\n", FAKE_TLS}},
		    "require", "mail.test", FALSE, "does not verify", FALSE},
		{"require, not offered", {HELLO_BARE}, "require", "mail.test",
		    TRUE, "offers none", FALSE},
		{"require, no name", {HELLO, {"STARTTLS\r\n", "220 go\r\n"}},
		    "require", NULL, TRUE, "no name", FALSE},
		{"injected", {HELLO, {"STARTTLS\r\n",
		    "220 go\r\n250 mine\r\n"}}, "may", NULL, FALSE,
		    "between", FALSE},
		{"no TLS behind 220", {HELLO, {"STARTTLS\r\n", "220 go\r\n"},
		    {NULL, FAKE_CLOSE}}, "may", NULL, FALSE, "handshake",
		    FALSE},
		{"unknown word", {HELLO}, "maybe", NULL, FALSE,
		    "none, may or require", FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct fake *fake = fake_start(table[i].script);
		g_autoptr(GError) err = NULL;
		struct desk desk;
		gboolean ok;

		desk_init(&desk, fake_server(fake), PATIENT_MS);
		desk.options.tls = table[i].tls;
		desk.options.tls_name = table[i].tls_name;
		if (table[i].is_trusted &&
		    g_file_test(fake_cert_file(fake), G_FILE_TEST_EXISTS))
			desk.options.tls_ca_file = fake_cert_file(fake);
		ok = desk_send(&desk, &err) && desk_send(&desk, &err);
		print_message("%s: %s\n", table[i].name,
		    ok ? "sent" : err->message);
		assert_int_equal(ok, table[i].error == NULL);
		assert_true(ok || strstr(err->message, table[i].error));
		assert_int_equal(smtp_is_tls(desk.smtp), table[i].is_tls);
		desk_done(&desk);
		fake_finish(fake);
		assert_int_equal(fake_connections(fake), 1);
		if (ok)
			assert_string_equal(fake_body(fake), content_sent);
		fake_free(fake);
	}
}

static void
test_unusable_store(void **state)
{
	static const struct fake_step script[] = {HELLO,
	    {"STARTTLS\r\n", "220 go\r\n"}, {NULL, NULL}};
	struct fake *fake = fake_start(script);
	g_autoptr(GError) err = NULL;
	struct desk desk;

	(void)state;
	desk_init(&desk, fake_server(fake), PATIENT_MS);
	desk.options.tls = "require";
	desk.options.tls_name = "mail.test";
	desk.options.tls_ca_file = "/nonexistent";
	assert_false(desk_send(&desk, &err));
	assert_true(error_is(err, ERROR_PERM));
	desk_done(&desk);
	fake_finish(fake);
	fake_free(fake);
}

static void
test_auth(void **state)
{
	static const struct {
		struct fake_step script[12];
		const char *password; /* the file's content */
		const char *error;
	} table[] = {
		{{HELLO, {"AUTH PLAIN AHVzZXIAcGFzcw==\r\n",
		    "235 2.7.0 ok\r\n"}, OK_MAIL}, "pass\n", NULL},
		{{HELLO, {"AUTH PLAIN AHVzZXIAcGFzcw==\r\n",
		    "235 2.7.0 ok\r\n"}, OK_MAIL}, "pass", NULL},
		{{TLS_HELLO, {"AUTH PLAIN AHVzZXIAcGFzcw==\r\n",
		    "235 2.7.0 ok\r\n"}, OK_MAIL}, "pass\r\nmore\n", NULL},
		{{HELLO, {"AUTH PLAIN", "535 5.7.8 no\r\n"}}, "x\n",
		    "refused user"},
		{{HELLO, {"AUTH PLAIN", "334 \r\n"}}, "x\n", "refused user"},
		{{HELLO, {"AUTH PLAIN", FAKE_CLOSE}}, "x\n", "lost"},
		{{HELLO_BARE}, "x\n", "offers no AUTH"},
		{{HELLO}, "", "password file"},
		{{HELLO}, NULL, "password file"},
	};
	g_autofree char *dir = g_dir_make_tmp("nd-auth-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "password", NULL);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct fake *fake = fake_start(table[i].script);
		g_autoptr(GError) err = NULL;
		struct desk desk;
		gboolean ok;

		(void)g_unlink(path);
		if (table[i].password != NULL)
			assert_true(g_file_set_contents(path,
			    table[i].password, -1, NULL));
		desk_init(&desk, fake_server(fake), PATIENT_MS);
		desk.options.user = "user";
		desk.options.password_file = path;
		desk.options.tls = i == 2 ? "may" : "none";
		ok = desk_send(&desk, &err);
		print_message("row %zu: %s\n", i, ok ? "sent" : err->message);
		assert_int_equal(ok, table[i].error == NULL);
		assert_true(ok || strstr(err->message, table[i].error));
		assert_true(ok || error_is(err, ERROR_TEMP));
		desk_done(&desk);
		fake_finish(fake);
		fake_free(fake);
	}
	(void)g_unlink(path);
	assert_int_equal(g_rmdir(dir), 0);
}

/* --- servers that are none ------------------------------------------ */

static void
test_bad_server(void **state)
{
	static const struct {
		const char *server;
		enum error_kind kind;
	} table[] = {
		{"", ERROR_PERM},
		{"127.0.0.1:25", ERROR_PERM},
		{"inet:", ERROR_PERM},
		{"inet::25", ERROR_PERM},
		{"inet:127.0.0.1:", ERROR_PERM},
		{"inet:127.0.0.1", ERROR_PERM},
		{"unix:", ERROR_PERM},
		{"unix:relative", ERROR_PERM},
		{"unix:/nonexistent/socket", ERROR_TEMP},
		{"inet:127.0.0.1:1", ERROR_TEMP},
		{"inet:[::1]:1", ERROR_TEMP},
		{"inet:127.0.0.1:no-such-service", ERROR_TEMP},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *got = NULL;
		struct desk desk;

		desk_init(&desk, table[i].server, PATIENT_MS);
		assert_false(desk_send(&desk, &err));
		if (!error_is(err, table[i].kind))
			fail_msg("\"%s\": %s", table[i].server, err->message);
		got = show_results(desk.results);
		assert_string_equal(got, "0, 0");
		assert_int_equal(smtp_fd(desk.smtp), -1);
		desk_done(&desk);
	}
	smtp_free(NULL);
}

/* A real server: smtp-sink of Postfix, over UNIX socket and TCP. */
static void
test_sink(void **state)
{
	static const char *const program = "/usr/sbin/smtp-sink";
	g_autofree char *dir = g_dir_make_tmp("nd-sink-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "s", NULL);
	g_autofree char *server = g_strconcat("unix:", path, NULL);
	g_autofree char *big = g_strnfill(25 << 20, 'x');
	/* Root must name a user; the option is refused to all others. */
	const char *argv_root[] = {program, "-u", "root", server, "8", NULL};
	const char *argv[] = {program, server, "8", NULL};
	struct desk desk;
	GPid pid;
	gboolean ok = FALSE;

	(void)state;
	if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
		(void)g_rmdir(dir);
		skip();
	}
	for (gsize i = 0; i + 70 < 25 << 20; i += 70)
		memcpy(big + i, "\r\n.", 3);
	assert_true(g_spawn_async(NULL, (char **)(geteuid() == 0 ? argv_root
	    : argv), NULL,
	    G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
	    NULL, &pid, NULL));
	desk_init(&desk, server, PATIENT_MS);
	for (guint i = 0; !ok && i < 1000; i++) {
		ok = desk_send(&desk, NULL);
		if (!ok)
			g_usleep(10000);
	}
	assert_true(ok);
	for (guint i = 0; i < 200; i++)
		assert_true(desk_send(&desk, NULL));
	g_bytes_unref(desk.mail.content);
	desk.mail.content = g_bytes_new_static(big, 25 << 20);
	assert_true(desk_send(&desk, NULL));
	smtp_quit(desk.smtp);
	assert_true(desk_send(&desk, NULL));
	/* A server that died between two mails. */
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(desk_send(&desk, NULL));
	assert_int_equal(desk.bodies, 203);
	desk_done(&desk);
	(void)g_unlink(path);
	(void)g_rmdir(dir);
}

/* --- the fate of a mail --------------------------------------------- */

static void
test_fate(void **state)
{
	static const struct {
		const char *says;
		gboolean is_closed;
		enum smtp_fate fate;
	} table[] = {
		{"250 2.0.0 queued\r\n", FALSE, SMTP_FATE_QUEUED},
		{"250 2.0.0 queued\r\n", TRUE, SMTP_FATE_QUEUED},
		{"250\r\n", TRUE, SMTP_FATE_QUEUED},
		{"250 ok\n", TRUE, SMTP_FATE_QUEUED},
		{"250-2.0.0 as\r\n250 2.0.0 queued\r\n", TRUE,
		    SMTP_FATE_QUEUED},
		{"250 ok\r\n221 bye\r\n", TRUE, SMTP_FATE_QUEUED},
		{"451 4.3.0 later\r\n", FALSE, SMTP_FATE_REFUSED},
		{"554-5.7.1 no\r\n554 5.7.1 never\r\n250 x\r\n", TRUE,
		    SMTP_FATE_REFUSED},
		{"", TRUE, SMTP_FATE_UNKNOWN},
		{"", FALSE, SMTP_FATE_UNKNOWN},
		{"250", TRUE, SMTP_FATE_UNKNOWN},
		{"250 2.0.0 queued", TRUE, SMTP_FATE_UNKNOWN},
		{"250 2.0.0 queued", FALSE, SMTP_FATE_UNKNOWN},
		{"250-2.0.0 queued\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"221 2.0.0 bye\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"421 4.4.2 timeout\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"421 4.4.2 timeout\r\n250 ok\r\n", TRUE, SMTP_FATE_QUEUED},
		{"354 go\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"354 go\r\n550 no\r\n", TRUE, SMTP_FATE_REFUSED},
		{"2500 ok\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"25 ok\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{" 250 ok\r\n", TRUE, SMTP_FATE_UNKNOWN},
		{"nonsense\r\n\r\n250 ok\r\n", TRUE, SMTP_FATE_QUEUED},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		char buf[8];
		int fd[2];
		enum smtp_fate fate;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		assert_int_equal(send(fd[1], table[i].says,
		    strlen(table[i].says), 0), strlen(table[i].says));
		if (table[i].is_closed)
			assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
		fate = smtp_read_fate(fd[0], 50);
		if (fate != table[i].fate)
			fail_msg("row %zu: %d", i, (int)fate);
		/* The server has been told that there is no more. */
		assert_int_equal(recv(fd[1], buf, sizeof buf, MSG_DONTWAIT),
		    0);
		(void)close(fd[0]);
		(void)close(fd[1]);
	}
	assert_int_equal(smtp_read_fate(-1, 50), SMTP_FATE_UNKNOWN);
}

static gpointer
talk_without_end(gpointer data)
{
	int fd = GPOINTER_TO_INT(data);

	while (send(fd, "250-x\r\n", 7, MSG_NOSIGNAL) > 0)
		;
	return NULL;
}

static void
test_fate_endless(void **state)
{
	GThread *thread;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	thread = g_thread_new("talk", talk_without_end,
	    GINT_TO_POINTER(fd[1]));
	assert_int_equal(smtp_read_fate(fd[0], PATIENT_MS),
	    SMTP_FATE_UNKNOWN);
	(void)close(fd[0]);
	(void)g_thread_join(thread);
	(void)close(fd[1]);
}

/* Somebody who was given the socket before the body began learns the fate
 * that the sender did not live to see. */
static void
test_fate_of_successor(void **state)
{
	static const struct {
		struct fake_step script[12];
		enum smtp_fate fate;
	} table[] = {
		{{HELLO, OK_ENVELOPE, {FAKE_BODY, FAKE_WAIT},
		    {NULL, "250 2.0.0 queued\r\n"}}, SMTP_FATE_QUEUED},
		{{HELLO, OK_ENVELOPE, {FAKE_BODY, FAKE_WAIT},
		    {NULL, "451 4.3.0 no\r\n"}}, SMTP_FATE_REFUSED},
		{{HELLO, OK_ENVELOPE, {FAKE_BODY, FAKE_WAIT},
		    {NULL, FAKE_CLOSE}}, SMTP_FATE_UNKNOWN},
		{{HELLO, OK_MAIL, {NULL, FAKE_WAIT}}, SMTP_FATE_UNKNOWN},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct fake *fake = fake_start(table[i].script);
		struct desk desk;

		desk_init(&desk, fake_server(fake), QUICK_MS);
		desk.deposit = TRUE;
		(void)desk_send(&desk, NULL);
		assert_true(desk.fd >= 0);
		desk_done(&desk);
		fake_go(fake);
		assert_int_equal(smtp_read_fate(desk.fd, PATIENT_MS),
		    table[i].fate);
		(void)close(desk.fd);
		fake_finish(fake);
		fake_free(fake);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_many_recipients),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_before_body),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_unusable_store),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_bad_server),
		cmocka_unit_test(test_sink),
		cmocka_unit_test(test_fate),
		cmocka_unit_test(test_fate_endless),
		cmocka_unit_test(test_fate_of_successor),
		cmocka_unit_test(test_notice_whole),
		cmocka_unit_test(test_notice_bare),
		cmocka_unit_test(test_notice_language),
		cmocka_unit_test(test_notice_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
