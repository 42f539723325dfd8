/* Which mails of agents become an answer, and who is told of the others. */
#include "deliver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

/* --- agents ---------------------------------------------------------------- */

struct agent_row {
	const char *what;
	const char *from;
	const char *to; /* header */
	const char *cc; /* header, NULL for none */
	const char *subject;
	const char *rcpts[RCPTS_MAX + 1];
	guint32 ticket_flags;
	guint answers;
	const char *words; /* of the one notice, NULL: none is sent */
	const char *told;  /* NULL: the agent who wrote */
};

#define RE "Re: [K7F3-9Q2Y] Hello"

static const struct agent_row agent_rows[] = {
    {"a plain reply", ANNA, AGENTS, NULL, RE, {AGENTS}, 0, 1, NULL, NULL},
    {"reply to all", ANNA, AGENTS, QUEUE, RE, {AGENTS, QUEUE}, 0, 1, NULL,
	NULL},
    {"the queue first", ANNA, QUEUE ", " AGENTS, NULL, RE, {QUEUE, AGENTS}, 0,
	1, NULL, NULL},
    {"to all, the queue's copy only", ANNA, AGENTS, QUEUE, RE, {QUEUE}, 0, 1,
	NULL, NULL},
    {"another queue", ANNA, AGENTS, VIP, RE, {AGENTS, VIP}, 0, 1, NULL, NULL},
    {"another queue first", ANNA, AGENTS, VIP, RE, {VIP, AGENTS}, 0, 1, NULL,
	NULL},
    {"the queue by Bcc", ANNA, AGENTS, NULL, RE, {QUEUE, AGENTS}, 0, 1, NULL,
	NULL},
    {"bent on its way", ANNA, "SUPPORT-" TICKET_LOWER "-" MAC_A "@casino.test",
	NULL, RE, {"support-" TICKET_LOWER "-" MAC_A "@casino.test"}, 0, 1,
	NULL, NULL},
    {"a colleague in Cc", ANNA, AGENTS, "ben@agents.test", RE, {AGENTS}, 0, 0,
	"further recipients", NULL},
    {"a stranger and the queue", ANNA, AGENTS, "x@out.test, " QUEUE, RE,
	{AGENTS, QUEUE}, 0, 0, "further recipients", NULL},
    {"what is no address in Cc", ANNA, AGENTS, "Notar <x>", RE, {AGENTS}, 0,
	0, "further recipients", NULL},
    {"the ticket by Bcc", ANNA, "x@out.test", NULL, RE, {AGENTS}, 0, 0,
	"somebody else", NULL},
    {"two tickets", ANNA, AGENTS ", " AGENTS_OTHER, NULL, RE,
	{AGENTS, AGENTS_OTHER}, 0, 0, "another ticket", NULL},
    {"another ticket in Cc", ANNA, AGENTS, AGENTS_OTHER, RE, {AGENTS}, 0, 0,
	"also addressed to another ticket", NULL},
    {"another ticket's number", ANNA, AGENTS, NULL, "Re: [07BF-6HAN] x",
	{AGENTS}, 0, 0, "the number of another ticket", NULL},
    {"undeliverable", ANNA, AGENTS, NULL, RE, {AGENTS},
	PROTO_FLAG_UNDELIVERABLE, 0, "until the player writes again", NULL},
    {"delayed", ANNA, AGENTS, NULL, RE, {AGENTS}, PROTO_FLAG_DELAYED, 1, NULL,
	NULL},
    {"undeliverable, to all", ANNA, AGENTS, QUEUE, RE, {QUEUE, AGENTS},
	PROTO_FLAG_UNDELIVERABLE, 0, "refused our last mail", NULL},
    {"not enrolled", "eve@agents.test", AGENTS, NULL, RE, {AGENTS}, 0, 0,
	"not enrolled", "team@agents.test"},
    {"enrolled elsewhere", ZOE, AGENTS, NULL, RE, {AGENTS}, 0, 0,
	"not enrolled", "team@agents.test"},
    {"a wrong address", ANNA, AGENTS_WRONG, QUEUE, RE, {AGENTS_WRONG, QUEUE},
	0, 0, "enrolled as an agent's", NULL},
    {"to the copy's sender", ANNA, BACK("a"), NULL, RE, {BACK("a")}, 0, 0,
	"enrolled as an agent's", NULL},
    {"a stranger there", "eve@agents.test", BACK("a"), NULL, RE, {BACK("a")},
	0, 0, "not enrolled", "team@agents.test"},
    {"to the queue alone", ANNA, QUEUE, NULL, RE, {QUEUE}, 0, 0,
	"enrolled as an agent's", NULL},
};

static void
agent_row_send(const struct agent_row *row, const char *proof)
{
	g_autofree char *cc = row->cc != NULL
	    ? g_strdup_printf("Cc: %s\r\n", row->cc)
	    : g_strdup("");
	g_autofree char *headers = g_strdup_printf("%sTo: %s\r\n%s"
	    "Subject: %s\r\nMessage-ID: <1@agents.test>\r\n", proof, row->to,
	    cc, row->subject);
	struct letter letter = {.from = row->from,
	    .headers = headers,
	    .text = "It is on its way."};
	guint n = 0;

	for (; row->rcpts[n] != NULL; n++)
		letter.rcpts[n] = row->rcpts[n];
	roles_reset();
	roles.verdict = PROTO_REPLY;
	roles.ticket_flags = row->ticket_flags;
	roles.number = (struct number){TICKET};
	if (letter_send(&letter) != n)
		fail_msg("%s: not accepted", row->what);
}

static void
agents_answer_or_are_told(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(agent_rows); i++) {
		const struct agent_row *row = &agent_rows[i];
		const char *told = row->told != NULL ? row->told : row->from;

		agent_row_send(row, ANNA_PROOF);
		if (roles.answers != row->answers ||
		    roles.mails->len != (row->words != NULL))
			fail_msg("%s: %u answers, %u mails: %s", row->what,
			    roles.answers, roles.mails->len, last_mail());
		if (row->words == NULL)
			continue;
		if (!last_mail_says(row->words))
			fail_msg("%s: %s", row->what, last_mail());
		assert_string_equal(roles.rcpts->pdata[0], told);
		assert_int_equal(roles.committed, 0);
	}
}

/* Whatever else is right, without proof nothing leaves. */
static void
agents_need_proof(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(agent_rows); i++) {
		agent_row_send(&agent_rows[i], "");
		assert_int_equal(roles.answers, 0);
		assert_int_equal(roles.mails->len, 1);
	}
}

static void
automatic_replies_of_agents_go_no_further(void **state)
{
	static const char *const rcpts[] = {AGENTS, BACK("a")};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rcpts); i++) {
		const struct letter letter = {.from = ANNA,
		    .headers = "Auto-Submitted: auto-replied\r\nSubject: x\r\n",
		    .text = "Away.",
		    .rcpts = {rcpts[i], QUEUE}};

		roles_reset();
		roles.verdict = PROTO_REPLY;
		assert_int_equal(letter_send(&letter), 2);
		assert_int_equal(roles.answers, 0);
		assert_int_equal(roles.mails->len, 1);
		assert_true(last_mail_says("[K7F3-9Q2Y]"));
		assert_true(last_mail_says("automatic reply"));
	}
}

/* Else a machine of his that answers such words would get the next ones. */
static void
an_agent_told_too_often_waits(void **state)
{
	const struct letter letter = {.from = ANNA,
	    .headers = "Subject: x\r\n",
	    .text = "Whose is this?",
	    .rcpts = {QUEUE}};

	(void)state;
	roles_reset();
	assert_int_equal(letter_send(&letter), 1);
	assert_int_equal(roles.tells, 1);
	assert_int_equal(roles.mails->len, 1);
	roles_reset();
	roles.told_too_often = TRUE;
	assert_int_equal(letter_send(&letter), 0);
	assert_int_equal(roles.mails->len, 0);
}

int
test_deliver_agents(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agents_answer_or_are_told),
	    cmocka_unit_test(agents_need_proof),
	    cmocka_unit_test(automatic_replies_of_agents_go_no_further),
	    cmocka_unit_test(an_agent_told_too_often_waits),
	};

	return cmocka_run_group_tests_name("agents", tests, NULL, NULL);
}
