/*
 * Reports on other mails: what became of them, with which code, and which
 * mail it was. Shapes as programs write them, with invented names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mail/ids.h"
#include "mail_case.h"

#include "base/banned.h"

int mail_report_tests(void);

#define ID "k7f39q2y.a.b@casino.example"
#define RETURNED                                                             \
	"--b\nContent-Type: message/rfc822\n\n"                               \
	"Return-Path: <support+b-1.2@casino.example>\n"                       \
	"Received: from x\nMessage-ID: <" ID ">\nSubject: y\n\nHello.\n"
#define TOP                                                                  \
	"From: MAILER-DAEMON@mx.example\nSubject: x\nMIME-Version: 1.0\n"     \
	"Content-Type: multipart/report; report-type=delivery-status;\n"      \
	" boundary=b\n\n--b\nContent-Type: text/plain\n\nSorry.\n\n"
#define STATUS "--b\nContent-Type: message/delivery-status\n\n"
#define MTA "Reporting-MTA: dns; mx.example\n\n"
#define END "--b--\n"

struct row {
	const char *raw;
	enum mail_action action;
	const char *status;
};

static void
check(const struct row *rows, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		g_autoptr(mail_auto) mail = mail_case(rows[i].raw, "");
		gboolean is_report = rows[i].status != NULL;

		if (mail->machine != (is_report ? MAIL_DSN : MAIL_GENERATED))
			fail_msg("row %zu: machine %d", i,
			    (int)mail->machine);
		if (mail->action != rows[i].action)
			fail_msg("row %zu: action %d", i, (int)mail->action);
		if (strcmp(mail->status, is_report ? rows[i].status : "") != 0)
			fail_msg("row %zu: status %s", i, mail->status);
	}
}

static void
delivery_status_is_read(void **state)
{
	static const struct row rows[] = {
		{TOP STATUS MTA "Final-Recipient: rfc822; x@y.example\n"
		 "Action: failed\nStatus: 5.1.1\n"
		 "Diagnostic-Code: smtp; 550 5.7.1 no\n" RETURNED END,
		    MAIL_ACTION_FAILED, "5.1.1"},
		{TOP STATUS MTA "action: (x) DELAYED (y)\n"
		 "STATUS: (z) 4.4.1 (no answer)\n" END,
		    MAIL_ACTION_DELAYED, "4.4.1"},
		{TOP STATUS MTA "Action: delivered\nStatus: 2.1.5\n" END,
		    MAIL_ACTION_DONE, "2.1.5"},
		{TOP STATUS MTA "Action: relayed\nStatus: 2.0.0\n" END,
		    MAIL_ACTION_DONE, "2.0.0"},
		{TOP STATUS MTA "Action: expanded\n" END, MAIL_ACTION_DONE,
		    ""},
		/* Of several recipients the worst counts. */
		{TOP STATUS MTA "Action: delivered\nStatus: 2.0.0\n\n"
		 "Action: failed\nStatus: 5.2.2\n\n"
		 "Action: delayed\nStatus: 4.0.0\n\n"
		 "Action: failed\nStatus: 5.1.1\n" END,
		    MAIL_ACTION_FAILED, "5.2.2"},
		{TOP STATUS MTA "Action: relayed\n\nAction: delayed\n\n"
		 "Action: delayed\nStatus: 4.2.2\n" END,
		    MAIL_ACTION_DELAYED, "4.2.2"},
		{TOP STATUS MTA "Action: delayed\nStatus: 4.1.1\n\n" STATUS
		 MTA "Action: failed\nStatus: 5.1.1\n" END,
		    MAIL_ACTION_FAILED, "5.1.1"},
		/* A status that is none, is missing, or says nothing. */
		{TOP STATUS MTA "Action: failed\nStatus: 5.1\n"
		 "Diagnostic-Code: smtp; 550 5.1.10 <x@y.example>: no\n" END,
		    MAIL_ACTION_FAILED, "5.1.10"},
		{TOP STATUS MTA "Action: failed\nStatus: 5.0.0\n"
		 "Diagnostic-Code: smtp;550-5.7.26 no\n" END,
		    MAIL_ACTION_FAILED, "5.0.0"},
		{TOP STATUS MTA "Action: failed\nStatus: 5.0.0\n"
		 "Diagnostic-Code: smtp; 550 #5.7.26 no\n" END,
		    MAIL_ACTION_FAILED, "5.7.26"},
		{TOP STATUS MTA "Action: failed\n"
		 "Diagnostic-Code: smtp; 450 4.4.7 too long\n" END,
		    MAIL_ACTION_FAILED, "4.4.7"},
		{TOP STATUS MTA "Action: failed\n"
		 "Diagnostic-Code: smtp; 550 from 5.1.1.3 v4.5.6 no\n" END,
		    MAIL_ACTION_FAILED, ""},
		{TOP STATUS MTA "Action: failed\nStatus: 3.1.1\n" END,
		    MAIL_ACTION_FAILED, ""},
		{TOP STATUS MTA "Action: failed\nStatus: 5.01.1\n" END,
		    MAIL_ACTION_FAILED, ""},
		{TOP STATUS MTA "Action: failed\nStatus: 5.1.1234\n" END,
		    MAIL_ACTION_FAILED, ""},
		{TOP STATUS MTA "Action: failed\nStatus: 5.123.999x\n" END,
		    MAIL_ACTION_FAILED, ""},
		{TOP STATUS MTA "Action: failed\nStatus: 5.123.999\n" END,
		    MAIL_ACTION_FAILED, "5.123.999"},
		/* No action. */
		{TOP STATUS MTA "Status: 5.1.1\n" END, MAIL_ACTION_FAILED,
		    "5.1.1"},
		{TOP STATUS MTA "Status: 4.1.1\n" END, MAIL_ACTION_DELAYED,
		    "4.1.1"},
		{TOP STATUS MTA "Diagnostic-Code: smtp; 550 5.1.1 no\n" END,
		    MAIL_ACTION_FAILED, "5.1.1"},
		/* Groups in one, and none. */
		{TOP STATUS "Reporting-MTA: dns; x\nAction: failed\n"
		 "Status: 5.1.1\n" END, MAIL_ACTION_FAILED, "5.1.1"},
		{TOP STATUS MTA "Action: odd\n" END, MAIL_ACTION_NONE, NULL},
		{TOP STATUS END, MAIL_ACTION_NONE, NULL},
		{TOP END, MAIL_ACTION_NONE, NULL},
		/* Other types, encoded, on top, behind a broken boundary. */
		{TOP "--b\nContent-Type: message/global-delivery-status\n"
		 "Content-Transfer-Encoding: base64\n\n"
		 "QWN0aW9uOiBmYWlsZWQKU3RhdHVzOiA1LjEuMQo=\n" END,
		    MAIL_ACTION_FAILED, "5.1.1"},
		{"From: x@y.example\nContent-Type: message/delivery-status\n\n"
		 MTA "Action: failed\nStatus: 4.2.2\n",
		    MAIL_ACTION_FAILED, "4.2.2"},
		{"From: postmaster@y.example\n"
		 "Subject: Undeliverable: x\n"
		 "Content-Type: multipart/report; boundary=z\n\nSorry.\n",
		    MAIL_ACTION_FAILED, ""},
		/* A part of another kind does not count. */
		{TOP STATUS MTA "Action: delayed\nStatus: 4.1.1\n"
		 "--b\nContent-Type: message/feedback-report\n\n"
		 "Action: failed\nStatus: 5.1.1\n" END,
		    MAIL_ACTION_DELAYED, "4.1.1"},
		/* What the returned mail encloses is not about it. */
		{TOP STATUS MTA "Action: delayed\nStatus: 4.1.1\n\n"
		 "--b\nContent-Type: message/rfc822\n\nSubject: x\n"
		 "Content-Type: multipart/mixed; boundary=c\n\n"
		 "--c\nContent-Type: message/delivery-status\n\n"
		 "Action: failed\nStatus: 5.1.1\n--c--\n" END,
		    MAIL_ACTION_DELAYED, "4.1.1"},
	};

	(void)state;
	check(rows, G_N_ELEMENTS(rows));
}

/* They came from programs before 1996, or from such as never heard of it. */
static void
plain_texts_are_read(void **state)
{
#define DAEMON "From: MAILER-DAEMON@mx.example\n"
	static const struct row rows[] = {
		{DAEMON "Subject: failure notice\n\n"
		 "Hi. This is the qmail-send program at mx.example.\n"
		 "I'm afraid I wasn't able to deliver your message.\n\n"
		 "<x@y.example>:\nSorry, no mailbox. (#5.1.1)\n\n"
		 "--- Below this line is a copy of the message.\n\n"
		 "Message-ID: <" ID ">\n\n5.9.9\n",
		    MAIL_ACTION_FAILED, "5.1.1"},
		{"From: x@y.example\nSubject: ?\n\n"
		 "Hi. This is the qmail-send program at mx.example.\n",
		    MAIL_ACTION_FAILED, ""},
		{DAEMON "Subject: Mail delivery failed: returning message to "
		 "sender\n\nThis message was created automatically by mail "
		 "delivery software.\n\nA message that you sent could not be "
		 "delivered.\n  x@y.example\n    550 5.7.1 Relaying denied\n\n"
		 "------ This is a copy of the message ------\n\n5.9.9\n",
		    MAIL_ACTION_FAILED, "5.7.1"},
		{DAEMON "Subject: Warning: message 1aBcDe-0 delayed 24 hours\n"
		 "\nThis message was created automatically by mail delivery "
		 "software.\nA message has not yet been delivered.\n",
		    MAIL_ACTION_DELAYED, ""},
		{DAEMON "Subject: ?\n\nThis message was created automatically "
		 "by mail delivery software.\n\nThe message has not yet been "
		 "delivered to x@y.example: 451 4.3.0 later\n",
		    MAIL_ACTION_DELAYED, "4.3.0"},
		{DAEMON "Subject: Returned mail: User unknown\n\n"
		 "The original message was received at Thu, 1 Oct 2026\n\n"
		 "   ----- The following addresses had permanent fatal errors "
		 "-----\n<x@y.example>\n\n   ----- Transcript of session "
		 "follows -----\n550 <x@y.example>... User unknown\n",
		    MAIL_ACTION_FAILED, ""},
		{DAEMON "Subject: Warning: could not send message for past 4 "
		 "hours\n\n**  THIS IS A WARNING MESSAGE ONLY  **\n",
		    MAIL_ACTION_DELAYED, ""},
		{"From: x@y.example\nSubject: x\n\nThis is the mail system at "
		 "host mx.example.\n\n<x@y.example>: host mx said: 552 5.2.2 "
		 "full\n", MAIL_ACTION_FAILED, "5.2.2"},
		{"From: postmaster@y.example\nSubject: Undeliverable: x\n\n"
		 "Your message did not reach some or all of the intended "
		 "recipients.\n", MAIL_ACTION_FAILED, ""},
		{"From: postmaster@y.example\nSubject: DELIVERY FAILURE: User "
		 "x not listed\n\nYour message\n\n  Subject: x\n\nwas not "
		 "delivered to:\n\n  x@y.example\n", MAIL_ACTION_FAILED, ""},
		{DAEMON "Subject: Message status - undeliverable\n"
		 "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n"
		 "The message that you sent was undeliverable to the "
		 "following:\n\tx@y.example (user not found)\n--b--\n",
		    MAIL_ACTION_FAILED, ""},
		{DAEMON "Subject: Delivery Status Notification (Delay)\n\nx\n",
		    MAIL_ACTION_DELAYED, ""},
		{DAEMON "Subject: x\n\nyour host said: 550 no such user\n",
		    MAIL_ACTION_FAILED, ""},
		{DAEMON "Subject: x\n\n554 5.7.1 go away\n",
		    MAIL_ACTION_FAILED, "5.7.1"},
		/* Nothing of that. */
		{DAEMON "Subject: x\n\nThe disk is full at 95 %.\n",
		    MAIL_ACTION_NONE, NULL},
		{DAEMON "Subject: x\n\nHello.\n\n> 554 5.7.1 go away\n",
		    MAIL_ACTION_NONE, NULL},
		{"From: x@y.example\nSubject: I am away\n\n"
		 "Your bank said: 550 EUR, code 5.1.1\n",
		    MAIL_ACTION_NONE, NULL},
	};

	(void)state;
	check(rows, G_N_ELEMENTS(rows));
}

/* People write about such mails, and forward them. */
static void
people_write_no_reports(void **state)
{
	static const char *const raw[] = {
	    "From: x@y.example\nSubject: Undeliverable: what is this?\n\n"
	    "This is the mail system at host mx.example.\n550 5.1.1 no\n",
	    "From: x@y.example\nSubject: Fwd: failure notice\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nWhy?\n\n"
	    "--b\nContent-Type: message/rfc822\n\n" TOP STATUS MTA
	    "Action: failed\nStatus: 5.1.1\n" RETURNED END,
	    "From: x@y.example\nSubject: x\n"
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nWhy?\n\n"
	    STATUS MTA "Action: failed\nStatus: 5.1.1\n" RETURNED END,
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(raw); i++) {
		g_autoptr(mail_auto) mail = mail_case(raw[i], "x@y.example");

		if (mail->machine != MAIL_PERSON ||
		    mail->action != MAIL_ACTION_NONE ||
		    mail->status[0] != '\0' || mail->references->len != 0)
			fail_msg("row %zu", i);
	}
}

static void
other_reports_are_told_apart(void **state)
{
	static const struct {
		const char *type; /* of the part for machines */
		enum mail_machine want;
	} rows[] = {
		{"message/disposition-notification", MAIL_MDN},
		{"Message/Global-Disposition-Notification", MAIL_MDN},
		{"message/feedback-report", MAIL_ARF},
		{"text/plain", MAIL_GENERATED},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *raw = g_strdup_printf(
		    "From: x@y.example\nSubject: Undeliverable\n"
		    "Content-Type: multipart/report; boundary=b\n\n"
		    "--b\n\nHello.\n\n--b\nContent-Type: %s\n\n"
		    "Original-Message-ID: <1@casino.example>\n"
		    "Disposition: manual-action/MDN-sent-manually; displayed\n"
		    "Feedback-Type: abuse\nAction: failed\n\n" RETURNED END,
		    rows[i].type);
		g_autoptr(mail_auto) mail = mail_case(raw, "x@y.example");

		if (rows[i].want == MAIL_GENERATED) {
			assert_int_equal(mail->machine, MAIL_DSN);
			assert_int_equal(mail->references->len, 1);
			continue;
		}
		assert_int_equal(mail->machine, rows[i].want);
		assert_int_equal(mail->action, MAIL_ACTION_NONE);
		assert_string_equal(mail->status, "");
		assert_string_equal(mail->references->pdata[0],
		    "1@casino.example");
		assert_string_equal(mail->references->pdata[1], ID);
	}
}

/* --- which mail it is about ----------------------------------------------- */

static void
returned_mails_are_named(void **state)
{
#define FAILED STATUS MTA "Action: failed\nStatus: 5.1.1\n\n"
	static const char *const raw[] = {
	    TOP FAILED RETURNED END,
	    TOP FAILED RETURNED "--b\nContent-Type: message/rfc822\n\n"
	    "Message-ID: <2@y.example>\n\nx\n" END,
	    TOP FAILED "--b\nContent-Type: text/rfc822-headers\n\n"
	    "Subject: x\nMessage-Id:\n <" ID ">\n\n" END,
	    TOP FAILED "--b\nContent-Type: message/global-headers\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "Message-ID: <k7f39q2y.a.=\nb@casino.example>\n\n" END,
	    TOP STATUS "X-Original-Message-ID: <" ID ">\n\n"
	    "Action: failed\n" END,
	    DAEMON "Subject: failure notice\n\nHi. This is the x.\n\n"
	    "--- Below this line is a copy of the message.\n\n"
	    "Return-Path: <x@y.example>\nReceived: x\n"
	    "Message-ID: <" ID ">\n\nHello.\n",
	    DAEMON "Subject: Mail delivery failed\n\nx\n\n"
	    "------ This is a copy of your message, including all the headers."
	    " ------\nReceived: x\nMessage-ID:\n\t<" ID ">\n",
	    DAEMON "Subject: Undeliverable Mail\n\nx\n\n"
	    "Original message follows.\n\nMessage-ID: " ID "\n",
	    /* Not understood, but named. */
	    TOP STATUS RETURNED END,
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(raw); i++) {
		g_autoptr(mail_auto) mail = mail_case(raw[i], "");

		if (i + 1 < G_N_ELEMENTS(raw)) {
			assert_int_equal(mail->machine, MAIL_DSN);
			assert_int_equal(mail->action, MAIL_ACTION_FAILED);
		}
		if (mail->references->len != 1 ||
		    strcmp(mail->references->pdata[0], ID) != 0)
			fail_msg("row %zu: %u", i, mail->references->len);
	}
}

static void
own_references_come_first(void **state)
{
	g_autoptr(GString) raw = g_string_new("References:");
	g_autoptr(mail_auto) mail = NULL;

	(void)state;
	for (guint i = 0; i < 2 * IDS_REFERENCES_MAX; i++)
		g_string_append_printf(raw, "\n <%u@y.example>", i);
	g_string_append(raw, "\n" TOP FAILED RETURNED END);
	mail = mail_case(raw->str, "");
	assert_int_equal(mail->action, MAIL_ACTION_FAILED);
	assert_int_equal(mail->references->len, IDS_REFERENCES_MAX + 1);
	assert_string_equal(mail->references->pdata[0], "199@y.example");
	assert_string_equal(mail->references->pdata[IDS_REFERENCES_MAX], ID);
}

static void
a_bounce_of_a_bounce_ends(void **state)
{
	static const char *const headers[] = {
	    "Content-Type: multipart/report; report-type=delivery-status",
	    "Content-Type: multipart/report; boundary=c",
	    "Content-Type: message/disposition-notification",
	    "Return-Path: <>", "Return-path: (x) <>\nMessage-ID: <1@x>"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(headers); i++) {
		g_autofree char *returned = g_strdup_printf(TOP FAILED
		    "--b\nContent-Type: text/rfc822-headers\n\n%s\n\n" END,
		    headers[i]);
		g_autofree char *plain = g_strdup_printf(DAEMON
		    "Subject: failure notice\n\n554 5.1.1 x\n\n"
		    "Message-ID: <1@x>\n%s\n\n", headers[i]);
		g_autoptr(mail_auto) a = mail_case(returned, "");
		g_autoptr(mail_auto) b = mail_case(plain, "");

		assert_int_equal(a->machine, MAIL_DSN);
		assert_int_equal(a->action, MAIL_ACTION_NONE);
		assert_string_equal(a->status, "");
		assert_int_equal(b->machine, MAIL_DSN);
		assert_int_equal(b->action, MAIL_ACTION_NONE);
	}
}

/* --- hostile -------------------------------------------------------------- */

static void
reports_take_linear_time(void **state)
{
	static const char *const units[] = {"\n", "Action: failed\n\n",
	    "Status: 5.", "5.1.1.", "5.5.5.5.5.5.5.5", "Message-ID: <",
	    "Message-ID: <1@x>\n", "(", "Action: (((((((\n\n", "A: b\n",
	    "--b\nContent-Type: message/delivery-status\n\nAction: failed\n",
	    "--b\nContent-Type: message/rfc822\n\n", "said: 55", "550 "};
	static const char *const tops[] = {TOP STATUS, DAEMON "\n",
	    TOP "--b\nContent-Type: message/rfc822\n\n"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
		for (gsize k = 0; k < G_N_ELEMENTS(tops); k++) {
			g_autoptr(GString) raw = g_string_new(tops[k]);
			g_autoptr(mail_auto) mail = NULL;
			gint64 start = cpu_time();

			while (raw->len < 400000)
				g_string_append(raw, units[i]);
			mail = mail_case(raw->str, "");
			assert_int_not_equal(mail->machine, MAIL_PERSON);
			assert_true(mail->references->len <=
			    IDS_REFERENCES_MAX + IDS_RETURNED_MAX);
			if (cpu_time() - start >
			    5 * G_USEC_PER_SEC)
				fail_msg("unit %zu of %zu", i, k);
		}
}

int
mail_report_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(delivery_status_is_read),
		cmocka_unit_test(plain_texts_are_read),
		cmocka_unit_test(people_write_no_reports),
		cmocka_unit_test(other_reports_are_told_apart),
		cmocka_unit_test(returned_mails_are_named),
		cmocka_unit_test(own_references_come_first),
		cmocka_unit_test(a_bounce_of_a_bounce_ends),
		cmocka_unit_test(reports_take_linear_time),
	};

	return cmocka_run_group_tests_name("mail report", tests, NULL, NULL);
}
