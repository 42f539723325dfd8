/* Bounces, receipts and complaints. */
#include "deliver.h"

#include "intake/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

/* --- reports -------------------------------------------------------------- */

#define MDN_HEADERS                                                            \
	"Subject: Read: x\r\nMIME-Version: 1.0\r\n"                            \
	"Content-Type: multipart/report; "                                     \
	"report-type=disposition-notification; boundary=b\r\n"
#define MDN                                                                    \
	"--b\r\nContent-Type: message/disposition-notification\r\n\r\n"        \
	"Final-Recipient: rfc822; max@players.test\r\n"                        \
	"Disposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n"
#define ARF_HEADERS                                                            \
	"Subject: complaint\r\nMIME-Version: 1.0\r\n"                          \
	"Content-Type: multipart/report; report-type=feedback-report; "        \
	"boundary=b\r\n"
#define ARF                                                                    \
	"--b\r\nContent-Type: message/feedback-report\r\n\r\n"                 \
	"Feedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n--b--\r\n"

static const struct {
	const char *rcpt;
	const char *headers;
	const char *text;
	guint32 found; /* flags the desk adds */
	guint32 report;
	guint32 side;
	guint32 job;
	const char *words; /* NULL: nobody is told */
} report_rows[] = {
    {BACK("p"), DSN_HEADERS, DSN("failed", "5.1.1"),
	PROTO_FLAG_UNDELIVERABLE, PROTO_REPORT_FAILED, PROTO_SIDE_PLAYER,
	PROTO_JOB_ANSWER,
	"The answer of [K7F3-9Q2Y] did not reach the player. Why: the player's "
	"mail system refused our mail (5.1.1)."},
    {BACK("k"), DSN_HEADERS, DSN("failed", "5.1.1"),
	PROTO_FLAG_UNDELIVERABLE, PROTO_REPORT_FAILED, PROTO_SIDE_PLAYER,
	PROTO_JOB_ACK, "The acknowledgement of [K7F3-9Q2Y]"},
    {QUEUE, DSN_HEADERS, DSN("failed", "5.1.1"), PROTO_FLAG_UNDELIVERABLE,
	PROTO_REPORT_FAILED, PROTO_SIDE_NONE, 0,
	"A mail to the player of [K7F3-9Q2Y]"},
    {QUEUE, DSN_HEADERS, DSN("failed", "5.1.1"), 0, PROTO_REPORT_FAILED,
	PROTO_SIDE_NONE, 0, NULL},
    {BACK("p"), DSN_HEADERS, DSN("delayed", "4.4.1"), PROTO_FLAG_DELAYED,
	PROTO_REPORT_DELAYED, PROTO_SIDE_PLAYER, PROTO_JOB_ANSWER, NULL},
    {BACK("p"), DSN_HEADERS, DSN("delivered", "2.0.0"), 0, PROTO_REPORT_OTHER,
	PROTO_SIDE_PLAYER, PROTO_JOB_ANSWER, NULL},
    {BACK("a"), DSN_HEADERS, DSN("failed", "5.1.1"), 0, PROTO_REPORT_FAILED,
	PROTO_SIDE_AGENT, 0, NULL},
    {PLAYERS, MDN_HEADERS, MDN, 0, PROTO_REPORT_OTHER, PROTO_SIDE_PLAYER, 0,
	NULL},
    {AGENTS, MDN_HEADERS, MDN, 0, PROTO_REPORT_OTHER, PROTO_SIDE_AGENT, 0,
	NULL},
    {QUEUE, ARF_HEADERS, ARF, 0, PROTO_REPORT_OTHER, PROTO_SIDE_NONE, 0,
	NULL},
};

static void
report_send(gsize i)
{
	const struct letter letter = {.from = "mailer-daemon@players.test",
	    .headers = report_rows[i].headers,
	    .text = report_rows[i].text,
	    .sender = "",
	    .rcpts = {report_rows[i].rcpt}};

	assert_int_equal(letter_send(&letter), 1);
}

static void
reports_are_noted_and_told(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(report_rows); i++) {
		roles_reset();
		roles.verdict = PROTO_BOUNCE;
		roles.number = (struct number){TICKET};
		roles.flags = report_rows[i].found;
		report_send(i);
		if (roles.admit.report != report_rows[i].report ||
		    roles.admit.side != report_rows[i].side ||
		    roles.admit.job != report_rows[i].job)
			fail_msg("row %zu: report %u side %u job %u", i,
			    roles.admit.report, roles.admit.side,
			    roles.admit.job);
		assert_int_equal(roles.committed, 1);
		assert_false(roles.had_envelope);
		if (roles.mails->len != (report_rows[i].words != NULL))
			fail_msg("row %zu: %s", i, last_mail());
		if (report_rows[i].words == NULL)
			continue;
		if (!last_mail_says(report_rows[i].words))
			fail_msg("row %zu: %s", i, last_mail());
		assert_true(last_mail_says("nothing more is sent"));
		assert_null(strstr(last_mail(), "uster"));
		assert_null(strstr(last_mail(), "unknown"));
		assert_null(strstr(last_mail(), "players.test"));
		assert_string_equal(roles.rcpts->pdata[0],
		    "team@agents.test");
		/* The same again. */
		report_send(i);
		assert_int_equal(roles.mails->len, 1);
		assert_int_equal(roles.committed, 1);
	}
}

/* What goes to the desk of a bounce: the ticket, and nothing keyed. */
static void
a_bounce_names_its_ticket(void **state)
{
	const struct proto_claim *claim;

	(void)state;
	roles_reset();
	roles.verdict = PROTO_BOUNCE;
	report_send(0);
	assert_int_equal(roles.claims->len, 2);
	claim = &g_array_index(roles.claims, struct proto_claim, 0);
	assert_int_equal(claim->via, PROTO_VIA_BOUNCE);
	assert_string_equal(claim->number.s, BOUNCED);
	assert_string_equal(claim->mac.s, "");
	claim = &g_array_index(roles.claims, struct proto_claim, 1);
	assert_int_equal(claim->via, PROTO_VIA_MESSAGE_ID);
	assert_string_equal(claim->number.s, TICKET);
}

/* Who has the ticket now, not whom it came to. */
static void
its_level_is_told(void **state)
{
	static const struct {
		const char *queue;
		guint32 level;
		const char *rcpts;
	} rows[] = {{"support", 1, "team@agents.test"},
	    {"support", 2, "Ben.Low@agents.test cleo@agents.test"},
	    {"support", 3, "dan@agents.test"},
	    {"vip", 3, "club@agents.test"}, {"gone", 1, "team@agents.test"}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		roles_reset();
		roles.verdict = PROTO_BOUNCE;
		roles.number = (struct number){TICKET};
		roles.flags = PROTO_FLAG_UNDELIVERABLE;
		roles.level = rows[i].level;
		roles.ticket_queue = rows[i].queue;
		report_send(0);
		assert_int_equal(roles.committed, 1);
		assert_string_equal(roles.admit.queue, "support");
		assert_string_equal(roles.rcpts->pdata[0], rows[i].rcpts);
		assert_string_equal(roles.archive, "");
		assert_int_equal(
		    last_mail_says("From: Lounge"), i == 3);
	}
}

static void
status_codes_are_made_anew(void **state)
{
	static const char *const rows[][2] = {{"5.1.1", " (5.1.1)"},
	    {"4.123.456", " (4.123.456)"}, {"2.0.0", " (2.0.0)"},
	    {"5.01.001", " (5.1.1)"}, {"", ""}, {"5", ""}, {"5.1", ""},
	    {"5.1.", ""}, {"5.1.1.", ""}, {"5.1.1.1", ""}, {"3.1.1", ""},
	    {"5.1234.1", ""}, {"5.1.1x", ""}, {"a.b.c", ""}, {"5..1", ""},
	    {" 5.1.1", ""}, {"-5.1.1", ""}};
	char shown[REPORT_STATUS_SIZE];

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_string_equal(
		    report_status(rows[i][0], shown), rows[i][1]);
}

int
test_deliver_reports(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reports_are_noted_and_told),
	    cmocka_unit_test(a_bounce_names_its_ticket),
	    cmocka_unit_test(its_level_is_told),
	    cmocka_unit_test(status_codes_are_made_anew),
	};

	return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
