/* What is refused while its sender is on the line, and that LMTP takes it. */
#include "deliver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

#define CONTROL "desk@casino.test"
#define OPEN "open@casino.test"
#define VIP_WRONG "vip+" TICKET_LOWER "-" MAC_0 "@lounge.test"
#define RESULT(what) "Authentication-Results: mx.casino.test; " what "\r\n"
#define HOP "Received: from x.test by mx.casino.test; now\r\n"
#define FAR_HOP "Received: from y.test by x.test; now\r\n"

static const enum proto_way on_line[] = {PROTO_WAY_MILTER, PROTO_WAY_SMTP};

struct row {
	const char *what;
	const char *from;
	const char *headers;
	const char *sender; /* NULL: from */
	const char *rcpts[RCPTS_MAX + 1];
	gboolean is_forged;
};

#define TO(x) "To: " x "\r\n"

static const struct row rows[] = {
    {"no ticket", ANNA, TO(QUEUE), NULL, {QUEUE}, TRUE},
    {"the right address", ANNA, TO(AGENTS), NULL, {AGENTS}, TRUE},
    {"a wrong address", ANNA, TO(AGENTS_WRONG), NULL, {AGENTS_WRONG}, TRUE},
    {"a player's address", ANNA, TO(PLAYERS), NULL, {PLAYERS}, TRUE},
    {"any extension", ANNA, TO(QUEUE), NULL, {"support+x@casino.test"}, TRUE},
    {"a copy's sender", ANNA, TO(BACK("a")), NULL, {BACK("a")}, TRUE},
    {"the control address", ANNA, TO(CONTROL), NULL, {CONTROL}, TRUE},
    {"another spelling", "Anna <ANNA@Agents.TEST>", TO(QUEUE), ANNA, {QUEUE},
	TRUE},
    {"somebody else's envelope", ANNA, TO(QUEUE), "x@out.test", {QUEUE}, TRUE},
    {"shown forged", ANNA, RESULT("spf=fail") HOP TO(QUEUE), NULL, {QUEUE},
	TRUE},
    {"another's proof", ANNA,
	"Authentication-Results: mx.x.test; auth=pass "
	"smtp.auth=anna@agents.test\r\n" HOP TO(QUEUE),
	NULL, {QUEUE}, TRUE},
    {"proof of another", ANNA,
	RESULT("auth=pass smtp.auth=" PLAYER) HOP TO(QUEUE), NULL, {QUEUE},
	TRUE},
    {"proven", ANNA, ANNA_PROOF HOP TO(AGENTS), NULL, {AGENTS}, FALSE},
    {"proven by a signature", ANNA,
	RESULT("dkim=pass header.d=agents.test") HOP TO(AGENTS), NULL, {AGENTS},
	FALSE},
    {"a player", PLAYER, TO(QUEUE), NULL, {QUEUE}, FALSE},
    {"his agent's envelope", PLAYER, TO(QUEUE), ANNA, {QUEUE}, FALSE},
    /* A member is one of his own queues only; the mail says which. */
    {"of another queue", ZOE, TO(QUEUE), NULL, {QUEUE}, FALSE},
    {"of one of them", ZOE, TO(QUEUE), NULL, {QUEUE, VIP}, TRUE},
    {"of the ticket's", ZOE, TO(VIP_WRONG), NULL, {QUEUE}, TRUE},
    {"of another ticket's", ANNA, TO(VIP_WRONG), NULL, {VIP}, FALSE},
    {"where nobody has to", ANNA, TO(OPEN), NULL, {OPEN}, FALSE},
    {"where one has to", ANNA, TO(OPEN), NULL, {OPEN, QUEUE}, TRUE},
    /* Machines of his: these must not get lost, or come back. */
    {"out of office", ANNA, "Auto-Submitted: auto-replied\r\n" TO(BACK("a")),
	NULL, {BACK("a")}, FALSE},
    {"without a sign", ANNA, "Subject: Out of Office: x\r\n" TO(BACK("a")),
	NULL, {BACK("a")}, FALSE},
    {"the null sender", ANNA, TO(BACK("a")), "", {BACK("a")}, FALSE},
};

static enum proto_mail_outcome
row_send(const struct row *row, enum proto_way way, const char *more)
{
	g_autofree char *headers =
	    g_strconcat(row->headers, "Message-ID: <1@x.test>\r\n", more, NULL);
	struct letter letter = {.from = row->from,
	    .headers = headers,
	    .text = "It is on its way.",
	    .sender = row->sender,
	    .way = way};

	for (guint i = 0; row->rcpts[i] != NULL; i++)
		letter.rcpts[i] = row->rcpts[i];
	roles_reset();
	if (strcmp(row->rcpts[0], AGENTS) == 0) {
		roles.verdict = PROTO_REPLY;
		roles.number = (struct number){TICKET};
	}
	return letter_outcome(&letter);
}

/* From stands first in a letter, so that results are above Received. */
static void
members_have_to_prove_themselves(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		for (gsize w = 0; w < G_N_ELEMENTS(on_line); w++) {
			enum proto_mail_outcome outcome =
			    row_send(&rows[i], on_line[w], "");

			if (outcome != (rows[i].is_forged ? PROTO_MAIL_FORGED
							  : PROTO_MAIL_TAKEN))
				fail_msg("%s: %d", rows[i].what, outcome);
			/* Nobody is asked about a capability, nobody told. */
			if (!rows[i].is_forged)
				continue;
			assert_int_equal(roles.identified, 0);
			assert_int_equal(roles.admitted, 0);
			assert_int_equal(roles.tells, 0);
			assert_int_equal(roles.mails->len, 0);
		}
}

static void
by_lmtp_they_are_told_by_mail(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (row_send(&rows[i], PROTO_WAY_LMTP, "") != PROTO_MAIL_TAKEN)
			fail_msg("%s", rows[i].what);
		assert_true(roles.identified > 0);
		assert_false(roles.admit.is_on_line);
	}
}

static void
reports_from_a_member_are_taken(void **state)
{
	const struct letter letter = {.from = ANNA,
	    .headers = DSN_HEADERS,
	    .text = DSN("failed", "5.1.1"),
	    .rcpts = {BACK("p")},
	    .way = PROTO_WAY_MILTER};

	(void)state;
	roles_reset();
	roles.verdict = PROTO_BOUNCE;
	assert_int_equal(letter_outcome(&letter), PROTO_MAIL_TAKEN);
	assert_int_equal(roles.committed, 1);
}

/* Of what comes by the proxy no header check has deleted anything. */
static void
proofs_count_by_their_place(void **state)
{
	static const struct {
		const char *headers;
		enum proto_mail_outcome smtp;
	} cases[] = {
	    {ANNA_PROOF HOP, PROTO_MAIL_TAKEN},
	    {ANNA_PROOF HOP FAR_HOP, PROTO_MAIL_TAKEN},
	    {HOP ANNA_PROOF, PROTO_MAIL_FORGED},
	    {HOP ANNA_PROOF FAR_HOP, PROTO_MAIL_FORGED},
	    {ANNA_PROOF, PROTO_MAIL_FORGED},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct row row = {.from = ANNA,
		    .headers = cases[i].headers,
		    .rcpts = {AGENTS}};

		assert_int_equal(
		    row_send(&row, PROTO_WAY_SMTP, ""), cases[i].smtp);
		assert_int_equal(
		    row_send(&row, PROTO_WAY_MILTER, ""), PROTO_MAIL_TAKEN);
		assert_int_equal(
		    row_send(&row, PROTO_WAY_LMTP, ""), PROTO_MAIL_TAKEN);
	}
}

/* Whoever it is from and wherever it goes. */
static void
what_has_no_readable_shape_is_refused(void **state)
{
	static const struct row cases[] = {
	    {"a player", PLAYER, TO(QUEUE), NULL, {QUEUE, VIP}, FALSE},
	    {"a right address", PLAYER, TO(PLAYERS), NULL, {PLAYERS}, FALSE},
	    {"a machine", PLAYER, TO(QUEUE), "", {QUEUE}, FALSE},
	    {"an agent", ANNA, ANNA_PROOF HOP TO(AGENTS), NULL, {AGENTS},
		FALSE},
	};
	g_autoptr(GString) more = g_string_new(NULL);

	(void)state;
	for (guint i = 0; i < 20001; i++)
		g_string_append(more, "A: b\r\n");
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		for (gsize w = 0; w < G_N_ELEMENTS(on_line); w++) {
			assert_int_equal(
			    row_send(&cases[i], on_line[w], more->str),
			    PROTO_MAIL_BAD_SHAPE);
			assert_int_equal(roles.identified, 0);
		}
		assert_int_equal(row_send(&cases[i], PROTO_WAY_LMTP, more->str),
		    PROTO_MAIL_TAKEN);
		assert_true(roles.identified > 0);
	}
}

static void
who_sends_too_much_comes_later(void **state)
{
	struct letter letter = {.from = PLAYER,
	    .headers = TO(QUEUE) "Message-ID: <1@x.test>\r\n",
	    .text = "Where is it?",
	    .rcpts = {QUEUE}};

	(void)state;
	for (gsize w = 0; w < G_N_ELEMENTS(on_line); w++) {
		letter.way = on_line[w];
		roles_reset();
		roles.verdict = PROTO_LATER;
		assert_int_equal(letter_outcome(&letter), PROTO_MAIL_TOO_MANY);
		assert_true(roles.admit.is_on_line);
		assert_int_equal(roles.committed + roles.mails->len, 0);
		roles_reset();
		roles.verdict = PROTO_DUPLICATE;
		assert_int_equal(letter_outcome(&letter), PROTO_MAIL_TAKEN);
	}
}

int
test_deliver_refuse(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(members_have_to_prove_themselves),
	    cmocka_unit_test(by_lmtp_they_are_told_by_mail),
	    cmocka_unit_test(reports_from_a_member_are_taken),
	    cmocka_unit_test(proofs_count_by_their_place),
	    cmocka_unit_test(what_has_no_readable_shape_is_refused),
	    cmocka_unit_test(who_sends_too_much_comes_later),
	};

	return cmocka_run_group_tests_name("refuse", tests, NULL, NULL);
}
