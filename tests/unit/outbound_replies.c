#include "outbound_desk.h"

#include "base/error.h"

#include "base/banned.h"

/* One mail for two recipients, and everything a server can say to it. */
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

void
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
		got = desk_show_results(&desk);
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
