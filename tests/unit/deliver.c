/* What becomes of one mail in a front end: whom it is for, who is told, what
 * is kept. The other roles are stand-ins. */
#include "deliver_roles.h"

#include "base/config.h"
#include "intake/claims.h"
#include "intake/deliver.h"
#include "intake/report.h"
#include "mail/parse.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/banned.h"

#define CONFIG                                                                 \
	"[nymdesk]\nauthserv_id=mx.casino.test\n"                              \
	"[queue support]\naddress=support@casino.test\nrole=Casino\n"          \
	"agents=team@agents.test\nmembers=anna@agents.test\n"                  \
	"[queue vip]\naddress=vip@lounge.test\nrole=Lounge\n"                  \
	"agents=club@agents.test\nmembers=zoe@agents.test\n"

#define OTHER_LOWER "07bf6han"
#define MAC_A "a000000000000"
#define MAC_P "p000000000000"
#define MAC_0 "0000000000000"
#define TOKEN "t000000000000"

#define QUEUE "support@casino.test"
#define VIP "vip@lounge.test"
#define AGENTS "support+" TICKET_LOWER "-" MAC_A "@casino.test"
#define AGENTS_OTHER "support+" OTHER_LOWER "-" MAC_A "@casino.test"
#define AGENTS_WRONG "support+" TICKET_LOWER "-" MAC_0 "@casino.test"
#define PLAYERS "support+" TICKET_LOWER "-" MAC_P "@casino.test"
#define BACK(c) "support+b-00000000." c "000000000000@casino.test"
#define OWN_ID(mac) TICKET_LOWER "." TOKEN "." mac "@casino.test"

#define ANNA "anna@agents.test"
#define ZOE "zoe@agents.test"
#define PLAYER "max@players.test"

static const char anna_proof[] = "Authentication-Results: mx.casino.test; "
				 "auth=pass smtp.auth=anna@agents.test\r\n";

static struct config *config;
static struct rules *rules;

static int
setup(void **state)
{
	char *path;
	int fd = g_file_open_tmp("nd-deliver-XXXXXX", &path, NULL);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_true(g_file_set_contents(path, CONFIG, -1, NULL));
	config = config_load_file(path, NULL);
	(void)g_unlink(path);
	g_free(path);
	assert_non_null(config);
	rules = rules_load(ND_SRCDIR "/filters", NULL);
	assert_non_null(rules);
	mail_init();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	roles_clear();
	rules_free(rules);
	config_free(config);
	return 0;
}

/* --- sending one mail ----------------------------------------------------- */

#define RCPTS_MAX 3

struct letter {
	const char *from;
	const char *headers; /* the rest, each ended by CRLF */
	const char *text;
	const char *sender;  /* NULL: from */
	const char *rcpts[RCPTS_MAX + 1];
};

static void
rcpt_free(gpointer data)
{
	struct session_rcpt *rcpt = data;

	addr_free(rcpt->addr);
	g_free(rcpt);
}

/* Returns how many recipients were accepted. */
static guint
letter_send(const struct letter *l)
{
	struct deliver *deliver = deliver_new(config, rules, NULL);
	g_autofree char *sender =
	    g_strdup(l->sender != NULL ? l->sender : l->from);
	g_autofree char *raw = g_strconcat("From: ", l->from, "\r\n",
	    l->headers, "\r\n", l->text, "\r\n", NULL);
	g_autoptr(GBytes) message = g_bytes_new(raw, strlen(raw));
	struct session_envelope envelope = {.sender_addr = sender,
	    .rcpts = g_ptr_array_new_with_free_func(rcpt_free)};
	struct smtp_reply replies[RCPTS_MAX];
	guint accepted = 0;

	for (gsize i = 0; l->rcpts[i] != NULL; i++) {
		struct session_rcpt *rcpt = g_new0(struct session_rcpt, 1);

		rcpt->addr = addr_parse(l->rcpts[i], -1, NULL);
		assert_non_null(rcpt->addr);
		assert_true(deliver_knows(
		    rcpt->addr->local, rcpt->addr->domain, deliver));
		g_ptr_array_add(envelope.rcpts, rcpt);
	}
	deliver_mail(&envelope, message, replies, deliver);
	for (guint i = 0; i < envelope.rcpts->len; i++)
		accepted += replies[i].code == 250;
	g_ptr_array_unref(envelope.rcpts);
	deliver_free(deliver);
	return accepted;
}

static const char *
last_mail(void)
{
	return roles.mails->len > 0
	    ? roles.mails->pdata[roles.mails->len - 1]
	    : "";
}

/* As a reader sees it: the notices are ASCII, folded at blanks. */
static gboolean
last_mail_says(const char *words)
{
	g_autofree char *flat = g_strdup(last_mail());

	g_strdelimit(flat, "\r\n", ' ');
	for (char *p = flat; (p = strstr(p, "  ")) != NULL;)
		memmove(p, p + 1, strlen(p));
	return strstr(flat, words) != NULL;
}

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

		agent_row_send(row, anna_proof);
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

/* --- reports -------------------------------------------------------------- */

#define DSN(action, status)                                                    \
	"--b\r\nContent-Type: text/plain\r\n\r\nThe mail to "                 \
	"max.muster@players.test failed: user unknown\r\n"                     \
	"--b\r\nContent-Type: message/delivery-status\r\n\r\n"                 \
	"Reporting-MTA: dns; mx.players.test\r\n\r\n"                          \
	"Final-Recipient: rfc822; max.muster@players.test\r\n"                 \
	"Action: " action "\r\nStatus: " status "\r\n"                         \
	"Diagnostic-Code: smtp; 550 5.1.1 <max.muster@players.test>\r\n"       \
	"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"                     \
	"Message-ID: <" OWN_ID("v000000000000") ">\r\nSubject: x\r\n--b--\r\n"
#define DSN_HEADERS                                                            \
	"Subject: Undelivered Mail\r\nMessage-ID: <dsn@players.test>\r\n"      \
	"MIME-Version: 1.0\r\nContent-Type: multipart/report; "                \
	"report-type=delivery-status; boundary=b\r\n"
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

/* --- players -------------------------------------------------------------- */

static const char first_headers[] = "To: " QUEUE "\r\nSubject: Bonus\r\n"
				    "Message-ID: <1@players.test>\r\n";

/* Ours, but changed; and what only looks like ours. */
static void
our_own_mail_ends_here(void **state)
{
	static const struct {
		const char *id;
		gboolean is_ours;
	} rows[] = {{OWN_ID("v000000000000"), TRUE}, {OWN_ID(MAC_0), FALSE},
	    {"1@players.test", FALSE}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *headers = g_strdup_printf("To: " VIP "\r\n"
		    "Subject: x\r\nMessage-ID: <%s>\r\n", rows[i].id);
		const struct letter letter = {.from = QUEUE,
		    .headers = headers,
		    .text = "Hello.",
		    .rcpts = {VIP}};

		roles_reset();
		assert_int_equal(letter_send(&letter), 1);
		assert_int_equal(roles.committed, rows[i].is_ours ? 0 : 1);
		if (!rows[i].is_ours)
			assert_true(
			    roles.admit.flags & PROTO_FLAG_MACHINE);
	}
}

/* A mail between admit and commit is nobody else's until its worker lets go. */
static void
a_failed_mail_is_let_go(void **state)
{
	static const struct {
		gboolean desk_is_down;
		gboolean post_is_down;
		guint32 post_code;
	} rows[] = {{TRUE, FALSE, 250}, {FALSE, TRUE, 250},
	    {FALSE, FALSE, 451}, {FALSE, FALSE, 550}};
	const struct letter player = {.from = PLAYER,
	    .headers = first_headers,
	    .text = "Where is it?",
	    .rcpts = {QUEUE}};
	const struct letter report = {.from = "mailer-daemon@players.test",
	    .headers = DSN_HEADERS,
	    .text = DSN("failed", "5.1.1"),
	    .sender = "",
	    .rcpts = {BACK("p")}};

	(void)state;
	for (gsize i = 0; i < 2 * G_N_ELEMENTS(rows); i++) {
		roles_reset();
		roles.desk_is_down = rows[i / 2].desk_is_down;
		roles.post_is_down = rows[i / 2].post_is_down;
		roles.post_code = rows[i / 2].post_code;
		if (i % 2 != 0) {
			roles.verdict = PROTO_BOUNCE;
			roles.flags = PROTO_FLAG_UNDELIVERABLE;
			roles.number = (struct number){TICKET};
		}
		assert_int_equal(
		    letter_send(i % 2 != 0 ? &report : &player), 0);
		assert_int_equal(roles.committed, 0);
		assert_int_equal(roles.let_go, 1);
	}
	roles_reset();
	assert_int_equal(letter_send(&player), 1);
	assert_int_equal(roles.committed, 1);
	assert_true(roles.had_envelope);
	assert_int_equal(roles.let_go, 0);
}

/* A ticket that a clue found has labels, though no claim named it. */
static void
a_ticket_without_a_claim_gets_labels(void **state)
{
	const struct letter letter = {.from = PLAYER,
	    .headers = first_headers,
	    .text = "Where is it?",
	    .rcpts = {QUEUE}};

	(void)state;
	roles_reset();
	roles.verdict = PROTO_FOLLOW_UP;
	roles.number = (struct number){TICKET};
	assert_int_equal(letter_send(&letter), 1);
	assert_int_equal(roles.identified, 2);
	assert_int_equal(roles.committed, 1);
	assert_true(last_mail_says("[K7F3-9Q2Y]"));
}

static void
flags_are_shown(void **state)
{
	static const struct {
		guint32 flags;
		guint32 ticket_flags;
		const char *shown;
	} rows[] = {{0, 0, "flags=- "},
	    {PROTO_FLAG_BURST, PROTO_FLAG_BURST, "flags=burst "},
	    {PROTO_FLAG_REPEAT, 0, "flags=repeat "},
	    {0, PROTO_FLAG_UNDELIVERABLE, "flags=undeliverable "},
	    {0, PROTO_FLAG_DELAYED | PROTO_FLAG_MACHINE, "flags=delayed "}};
	const struct letter letter = {.from = PLAYER,
	    .headers = first_headers,
	    .text = "Where is it?",
	    .rcpts = {QUEUE}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		roles_reset();
		roles.flags = rows[i].flags;
		roles.ticket_flags = rows[i].ticket_flags;
		assert_int_equal(letter_send(&letter), 1);
		if (!last_mail_says(rows[i].shown))
			fail_msg("%s: %s", rows[i].shown, last_mail());
	}
}

/* Who is held back by the burst is not told how to send it, and the agents
 * must not believe so. */
static void
agents_know_who_was_not_told(void **state)
{
	static const guint32 flags[] = {0, PROTO_FLAG_BURST};
	const struct letter letter = {.from = PLAYER,
	    .headers = "To: " QUEUE "\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
		       "Content-Type: multipart/encrypted; boundary=b; "
		       "protocol=\"application/pgp-encrypted\"\r\n",
	    .text = "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\n"
		    "Version: 1\r\n--b\r\nContent-Type: application/"
		    "octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n"
		    "--b--",
	    .rcpts = {QUEUE}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++) {
		roles_reset();
		roles.flags = flags[i];
		assert_int_equal(letter_send(&letter), 1);
		assert_int_equal(
		    last_mail_says("he is told how to send it"), i == 0);
		assert_int_equal(last_mail_says("Nobody was told"), i != 0);
	}
}

/* --- claims and clues ------------------------------------------------------ */

/* "C" address of a ticket, "B" envelope sender, "S" its own Message-ID, "M" a
 * reference, "#" a number in the subject, each with the start of its mac. */
static char *
claims_show(const GArray *claims)
{
	static const char letters[] = {[PROTO_VIA_CAPABILITY] = 'C',
	    [PROTO_VIA_MESSAGE_ID] = 'M',
	    [PROTO_VIA_SUBJECT] = '#',
	    [PROTO_VIA_BOUNCE] = 'B',
	    [PROTO_VIA_SELF] = 'S'};
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < claims->len; i++) {
		const struct proto_claim *claim =
		    &g_array_index(claims, struct proto_claim, i);

		g_string_append_c(out, letters[claim->via]);
		if (claim->mac.s[0] != '\0')
			g_string_append_c(out, claim->mac.s[0]);
	}
	return g_string_free(out, FALSE);
}

#define REF(c) "<" TICKET_LOWER "." TOKEN "." c "000000000000@casino.test> "
#define CAP(c) "support+" TICKET_LOWER "-" c "000000000000@casino.test"

static void
claims_come_in_order_and_are_bounded(void **state)
{
	static const struct {
		const char *rcpt;
		const char *headers;
		const char *shown;
	} rows[] = {
	    {QUEUE, "To: " QUEUE "\r\nSubject: Hello\r\n", ""},
	    {CAP("1"), "To: " QUEUE ", " CAP("2") "\r\nSubject: [K7F3-9Q2Y]\r\n",
		"C1C2#"},
	    {CAP("1"), "To: " CAP("1") "\r\nCc: " CAP("1") "\r\n", "C1"},
	    {BACK("1"), "To: " BACK("1") "\r\nCc: " BACK("2") "\r\n", "B1B2"},
	    {QUEUE, "To: vip+" TICKET_LOWER "-" MAC_P "@lounge.test\r\n", ""},
	    {QUEUE, "Message-ID: " REF("1") "\r\nIn-Reply-To: " REF("2") "\r\n",
		"S1M2"},
	    /* Of another queue, and of nobody we know. */
	    {QUEUE, "In-Reply-To: <" TICKET_LOWER "." TOKEN "." MAC_P
		    "@lounge.test>\r\n", "Mp"},
	    {QUEUE, "In-Reply-To: <" TICKET_LOWER "." TOKEN "." MAC_P
		    "@other.test>\r\n", ""},
	    {QUEUE, "References: <" TICKET_LOWER ".root@casino.test>\r\n", ""},
	    {CAP("0"), "To: " CAP("1") ", " CAP("2") ", " CAP("3") ", " CAP("4")
		"\r\nMessage-ID: " REF("1") "\r\nReferences: " REF("1") REF("2")
		REF("3") REF("4") REF("5") REF("6")
		"\r\nSubject: [K7F3-9Q2Y] [07BF-6HAN] [03NQ-K8N1] "
		"[0B16-SSZ8]\r\n",
		"C0C1C2C3S1M6M5M4M3###"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct letter letter = {.from = PLAYER,
		    .headers = rows[i].headers,
		    .text = "x",
		    .rcpts = {rows[i].rcpt}};
		g_autofree char *raw = g_strconcat("From: " PLAYER "\r\n",
		    rows[i].headers, "\r\nx\r\n", NULL);
		g_autoptr(GBytes) message = g_bytes_new(raw, strlen(raw));
		const struct mail_parse_options options = {
		    .sender_addr = PLAYER};
		g_autoptr(mail_auto) mail = mail_parse(message, &options);
		const char *at = strchr(rows[i].rcpt, '@');
		const char *plus = strchr(rows[i].rcpt, '+');
		struct label label = {0};
		g_autoptr(GArray) claims = NULL;
		g_autofree char *shown = NULL;

		if (plus != NULL)
			label = label_parse_extension(
			    plus + 1, (gsize)(at - plus - 1));
		claims = claims_collect(config, mail,
		    config_queue_by_name(config, "support"), &label);
		shown = claims_show(claims);
		if (strcmp(shown, rows[i].shown) != 0)
			fail_msg("row %zu: %s", i, shown);
		/* And so they reach the vault. */
		roles_reset();
		assert_int_equal(letter_send(&letter), 1);
	}
}

/* What is wrong is counted; what is right, or gives no right, is not. */
static void
guesses_are_counted(void **state)
{
	static const struct {
		const char *rcpt;
		const char *headers;
		guint guesses;
	} rows[] = {
	    {QUEUE, "Subject: [K7F3-9Q2Y]\r\n", 0},
	    {CAP("p"), "Message-ID: <1@players.test>\r\n", 0},
	    {CAP("0"), "Message-ID: <1@players.test>\r\n", 1},
	    {CAP("0"), "Message-ID: " REF("0") "\r\nReferences: " REF("0")
		REF("v") REF("1") "\r\n", 4},
	    {BACK("0"), "Subject: x\r\n", 1},
	    /* In the header, of a queue that it did not come to. */
	    {VIP, "To: " CAP("0") "\r\n", 1},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct letter letter = {.from = PLAYER,
		    .headers = rows[i].headers,
		    .text = "x",
		    .rcpts = {rows[i].rcpt}};

		roles_reset();
		assert_int_equal(letter_send(&letter), 1);
		if (roles.admit.guesses != rows[i].guesses)
			fail_msg("row %zu: %u", i, roles.admit.guesses);
	}
}

/* A reply to all that reached another queue first is the ticket's. */
static void
a_capability_is_possession_wherever_it_stands(void **state)
{
	static const struct {
		const char *rcpt;
		const char *to;
		const char *queue;
		const char *claims;
	} rows[] = {{QUEUE, PLAYERS ", " QUEUE, "support", "C"},
	    {VIP, PLAYERS ", " VIP, "support", "C"},
	    {VIP, AGENTS_WRONG ", " VIP, "vip", ""},
	    {"vip+x@lounge.test", PLAYERS, "support", "C"},
	    {BACK("p"), QUEUE, "support", "B"},
	    /* What does not hold goes no further. */
	    {CAP("0"), QUEUE "\r\nIn-Reply-To: " REF("0"), "support", ""},
	    {BACK("0"), QUEUE, "support", ""},
	    /* An address of the other side is none of this one's. */
	    {PLAYERS, AGENTS_OTHER, "support", "C"}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *headers =
		    g_strdup_printf("To: %s\r\n", rows[i].to);
		const struct letter letter = {.from = PLAYER,
		    .headers = headers,
		    .text = "x",
		    .rcpts = {rows[i].rcpt}};
		g_autofree char *shown = NULL;

		roles_reset();
		assert_int_equal(letter_send(&letter), 1);
		shown = claims_show(roles.claims);
		if (strcmp(roles.queue, rows[i].queue) != 0 ||
		    strcmp(shown, rows[i].claims) != 0)
			fail_msg("row %zu: %s %s", i, roles.queue, shown);
		assert_int_equal(roles.admit.side, PROTO_SIDE_PLAYER);
	}
}

static void
clues_are_bounded(void **state)
{
	static const guint32 all[] = {PROTO_CLUE_ID, PROTO_CLUE_THREAD,
	    PROTO_CLUE_WORDS, PROTO_CLUE_REFERENCE, PROTO_CLUE_REFERENCE,
	    PROTO_CLUE_REFERENCE, PROTO_CLUE_REFERENCE, PROTO_CLUE_REFERENCE};
	static const char raw[] = "From: " PLAYER "\r\nSubject: x\r\n"
	    "Message-ID: <0@p.test>\r\n"
	    "Thread-Index: AdMb6WqAbc0Bc2+dT/2Y0qT7x5u2kw==\r\n"
	    "References: <1@p.test> <2@p.test> <3@p.test> <4@p.test> "
	    "<5@p.test> <6@p.test> " REF("v") "<7@p.test>\r\n\r\nx\r\n";
	g_autoptr(GBytes) message = g_bytes_new_static(raw, strlen(raw));
	const struct mail_parse_options options = {.sender_addr = PLAYER};
	g_autoptr(mail_auto) mail = mail_parse(message, &options);
	g_autoptr(GArray) clues = clues_collect(config, mail);
	static const char *const ids[] = {"7@p.test", "6@p.test", "5@p.test",
	    "4@p.test", "1@p.test"};

	(void)state;
	assert_int_equal(clues->len, PROTO_CLUES_MAX);
	for (guint i = 0; i < clues->len; i++) {
		const struct proto_clue_text *clue =
		    &g_array_index(clues, struct proto_clue_text, i);

		assert_int_equal(clue->kind, all[i]);
		if (i >= 3)
			assert_string_equal(clue->text, ids[i - 3]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agents_answer_or_are_told),
	    cmocka_unit_test(agents_need_proof),
	    cmocka_unit_test(automatic_replies_of_agents_go_no_further),
	    cmocka_unit_test(reports_are_noted_and_told),
	    cmocka_unit_test(a_bounce_names_its_ticket),
	    cmocka_unit_test(status_codes_are_made_anew),
	    cmocka_unit_test(our_own_mail_ends_here),
	    cmocka_unit_test(a_failed_mail_is_let_go),
	    cmocka_unit_test(a_ticket_without_a_claim_gets_labels),
	    cmocka_unit_test(flags_are_shown),
	    cmocka_unit_test(agents_know_who_was_not_told),
	    cmocka_unit_test(claims_come_in_order_and_are_bounded),
	    cmocka_unit_test(guesses_are_counted),
	    cmocka_unit_test(a_capability_is_possession_wherever_it_stands),
	    cmocka_unit_test(clues_are_bounded),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
