/* What a player asks for by his words or by the address he writes to, and who
 * gets the copy. */
#include "deliver.h"

#include "mail/canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

#define WISH(w, c)                                                             \
	"support+" w "-" TICKET_LOWER "-" c "000000000000@casino.test"
#define ASKED (PROTO_FLAG_ESCALATE | PROTO_FLAG_TRANSCRIPT | PROTO_FLAG_FORGET)
#define AUTO "Auto-Submitted: auto-replied\r\n"

/* --- what is asked for -------------------------------------------------- */

struct wish_row {
	const char *rcpt;
	const char *headers; /* besides To and Subject */
	const char *to;
	const char *text;
	guint32 flags;
	guint32 rating;
};

static void
row_send(const struct wish_row *row)
{
	g_autofree char *headers = g_strdup_printf(
	    "To: %s\r\nSubject: Re: x\r\n%s", row->to, row->headers);
	const struct letter letter = {.from = PLAYER,
	    .headers = headers,
	    .text = row->text,
	    .rcpts = {row->rcpt}};

	roles_reset();
	roles.verdict = PROTO_FOLLOW_UP;
	roles.number = (struct number){TICKET};
	assert_int_equal(letter_send(&letter), 1);
	assert_int_equal(roles.committed, 1);
}

static void
wishes_are_asked_for(void **state)
{
	static const struct wish_row rows[] = {
	    {WISH("e", "p"), "", "x@y.test", "x", PROTO_FLAG_ESCALATE, 0},
	    {"SUPPORT-E-" TICKET "-P000000000000@CASINO.TEST", "", "x@y.test",
		"x", PROTO_FLAG_ESCALATE, 0},
	    {"\"support=e-" TICKET_LOWER "-p000000000000\"@casino.test", "",
		"x@y.test", "x", PROTO_FLAG_ESCALATE, 0},
	    {WISH("1", "p"), "", "x@y.test", "", 0, 1},
	    {WISH("2", "p"), "", "x@y.test", "", 0, 2},
	    {WISH("3", "p"), "", "x@y.test", "", 0, 3},
	    {WISH("4", "p"), "", "x@y.test", "", 0, 4},
	    {WISH("5", "p"), "", "x@y.test", "", 0, 5},
	    /* An address that does not hold asks for nothing. */
	    {WISH("e", "0"), "", "x@y.test", "x", 0, 0},
	    {WISH("4", "0"), "", "x@y.test", "x", 0, 0},
	    {WISH("4", "0"), "", PLAYERS, "x", 0, 0},
	    /* What delivers by the mailbox's own name. */
	    {QUEUE, "", WISH("e", "p"), "x", PROTO_FLAG_ESCALATE, 0},
	    {QUEUE, "", WISH("5", "p"), "x", 0, 5},
	    {QUEUE, "", WISH("5", "0"), "x", 0, 0},
	    {PLAYERS, "", PLAYERS ", " WISH("3", "p"), "x", 0, 3},
	    {WISH("5", "p"), "", WISH("1", "p"), "x", 0, 5},
	    {PLAYERS, "", PLAYERS ", " WISH("e", "a"), "x", 0, 0},
	    {PLAYERS, "", PLAYERS, "x", 0, 0},
	    /* Words. */
	    {PLAYERS, "", PLAYERS, "Escalate!", PROTO_FLAG_ESCALATE, 0},
	    {QUEUE, "", QUEUE, "transcript", PROTO_FLAG_TRANSCRIPT, 0},
	    {WISH("2", "p"), "", PLAYERS, "Transcript please",
		PROTO_FLAG_TRANSCRIPT, 2},
	    {PLAYERS, "", PLAYERS, "forget me", PROTO_FLAG_FORGET, 0},
	    {PLAYERS, "", PLAYERS, "escalate?", 0, 0},
	    /* Machines ask for nothing. */
	    {WISH("e", "p"), AUTO, "x@y.test", "x", 0, 0},
	    {WISH("5", "p"), AUTO, "x@y.test", "x", 0, 0},
	    {PLAYERS, AUTO, PLAYERS, "escalate", 0, 0},
	    {PLAYERS, AUTO, PLAYERS, "transcript", 0, 0},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		row_send(&rows[i]);
		if ((roles.admit.flags & ASKED) != rows[i].flags ||
		    roles.admit.rating != rows[i].rating)
			fail_msg("row %zu: flags %x, rating %u", i,
			    roles.admit.flags, roles.admit.rating);
	}
}

/* Agents read what was granted, not what was asked for. */
static void
granted_wishes_are_remarked(void **state)
{
	static const struct {
		guint32 granted;
		const char *rcpt;
		const char *remark; /* NULL: none */
	} rows[] = {
	    {PROTO_FLAG_ESCALATE, WISH("e", "p"),
		"[the player asks for the next level] I wait."},
	    {PROTO_FLAG_RATED, WISH("4", "p"), "[rated 4 of 5] I wait."},
	    {PROTO_FLAG_TRANSCRIPT, PLAYERS,
		"[the player asks for a transcript] I wait."},
	    {0, WISH("4", "p"), NULL},
	};
	gsize n = G_N_ELEMENTS(rows);

	(void)state;
	for (gsize i = 0; i < n; i++) {
		const struct letter letter = {.from = PLAYER,
		    .headers = "To: " PLAYERS "\r\nSubject: x\r\n",
		    .text = "I wait.",
		    .rcpts = {rows[i].rcpt}};

		roles_reset();
		roles.verdict = PROTO_FOLLOW_UP;
		roles.number = (struct number){TICKET};
		roles.flags = rows[i].granted;
		assert_int_equal(letter_send(&letter), 1);
		assert_int_equal(last_mail_says(rows[i].remark != NULL
				     ? rows[i].remark
				     : "[rated"),
		    rows[i].remark != NULL);
	}
}

/* --- who gets the copy -------------------------------------------------- */

struct copy_row {
	const char *queue; /* of the ticket */
	guint32 level;
	guint32 flags; /* of the ticket */
	const char *agent;
	const char *rcpts;
	const char *from; /* address for answers */
	const char *x;	  /* of X-Nymdesk */
};

static const struct copy_row copy_rows[] = {
    {"support", 1, 0, "", "team@agents.test", "agentsupport0@casino.test",
	"level=1; category=-; priority=3; lang=-; due=-; flags=-"},
    {"support", 2, 0, "", "Ben.Low@agents.test cleo@agents.test",
	"agentsupport0@casino.test", "level=2;"},
    {"support", 3, 0, "", "dan@agents.test", "agentsupport0@casino.test",
	"level=3;"},
    {"support", 2, 0, "cleo", "Ben.Low@agents.test cleo@agents.test",
	"agentsupport0@casino.test", "agent=cleo; flags=-"},
    {"support", 2, PROTO_FLAG_VIP, "cleo", "cleo@agents.test",
	"agentsupport0@casino.test", "agent=cleo; flags=vip"},
    {"support", 2, PROTO_FLAG_VIP, "ben.low", "Ben.Low@agents.test",
	"agentsupport0@casino.test", "agent=ben.low; flags=vip"},
    {"support", 2, PROTO_FLAG_VIP, "dan",
	"Ben.Low@agents.test cleo@agents.test", "agentsupport0@casino.test",
	"agent=dan; flags=vip"},
    {"support", 2, PROTO_FLAG_VIP, "",
	"Ben.Low@agents.test cleo@agents.test", "agentsupport0@casino.test",
	"flags=vip"},
    {"vip", 1, 0, "", "club@agents.test", "agentvip00000@lounge.test",
	"queue=vip; level=1"},
    {"vip", 3, 0, "", "club@agents.test", "agentvip00000@lounge.test",
	"queue=vip; level=3"},
    {"gone", 1, 0, "", "team@agents.test", "agentsupport0@casino.test",
	"queue=support; level=1"},
};

static void
copies_go_to_the_level(void **state)
{
	const struct letter letter = {.from = PLAYER,
	    .headers = "To: " PLAYERS "\r\nSubject: x\r\n",
	    .text = "42",
	    .rcpts = {PLAYERS}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(copy_rows); i++) {
		const struct copy_row *row = &copy_rows[i];

		roles_reset();
		roles.verdict = PROTO_FOLLOW_UP;
		roles.number = (struct number){TICKET};
		roles.ticket_queue = row->queue;
		roles.level = row->level;
		roles.ticket_flags = row->flags;
		roles.agent = row->agent;
		assert_int_equal(letter_send(&letter), 1);
		assert_int_equal(roles.mails->len, 1);
		assert_string_equal(roles.rcpts->pdata[0], row->rcpts);
		if (!last_mail_says(row->from) || !last_mail_says(row->x))
			fail_msg("row %zu: %s", i, last_mail());
		assert_string_equal(roles.archive,
		    i == 8 || i == 9 ? "vip" : "support");
		assert_non_null(strstr(roles.sender,
		    i == 8 || i == 9 ? "vip" : "support"));
		/* What is committed is what was admitted. */
		assert_string_equal(roles.admit.queue, "support");
	}
}

/* --- queues of categories ----------------------------------------------- */

static const char withdrawal[] =
    "I asked for a withdrawal of my winnings three days ago and it is "
    "still pending.";

static const char withdrawal_headers[] =
    "To: " QUEUE "\r\nSubject: Withdrawal\r\n"
    "Message-ID: <7@players.test>\r\n";

static void
a_new_ticket_goes_to_the_queue_of_its_category(void **state)
{
	const struct letter letter = {.from = PLAYER,
	    .headers = withdrawal_headers,
	    .text = withdrawal,
	    .rcpts = {QUEUE}};
	g_autofree char *first = NULL;

	(void)state;
	roles_reset();
	roles.desk_is_down = TRUE;
	assert_int_equal(letter_send(&letter), 0);
	assert_string_equal(roles.admit.category, "withdrawal");
	assert_string_equal(roles.admit.queue, "vip");
	assert_string_equal(roles.rcpts->pdata[0], "club@agents.test");
	assert_string_equal(roles.archive, "vip");
	assert_true(last_mail_says("agentvip00000@lounge.test"));
	assert_true(last_mail_says("queue=vip;"));
	first = g_strdup(last_mail());
	/* The same again does the same again. */
	roles.desk_is_down = FALSE;
	assert_int_equal(letter_send(&letter), 1);
	assert_int_equal(roles.mails->len, 2);
	assert_int_equal(roles.committed, 1);
	assert_true(roles.had_envelope);
	assert_string_equal(roles.admit.queue, "vip");
	assert_string_equal(
	    strstr(last_mail(), "Message-ID"), strstr(first, "Message-ID"));
	/* And it is known by then. */
	assert_int_equal(letter_send(&letter), 1);
	assert_int_equal(roles.mails->len, 2);
}

/* What belongs to a ticket goes where the ticket is. What the mail has proven
 * in its own queue still holds. */
static void
a_follow_up_stays_with_its_ticket(void **state)
{
	static const char *const queues[] = {"support", "vip"};
	const struct letter letter = {.from = PLAYER,
	    .headers = withdrawal_headers,
	    .text = withdrawal,
	    .rcpts = {PLAYERS}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(queues); i++) {
		roles_reset();
		roles.verdict = PROTO_FOLLOW_UP;
		roles.number = (struct number){TICKET};
		roles.ticket_queue = queues[i];
		assert_int_equal(letter_send(&letter), 1);
		assert_int_equal(roles.claims->len, 1);
		assert_int_equal(roles.admit.guesses, 0);
		assert_string_equal(roles.archive, queues[i]);
		assert_string_equal(roles.rcpts->pdata[0],
		    i == 0 ? "team@agents.test" : "club@agents.test");
		assert_true(last_mail_says(i == 0
			? "agentsupport0@casino.test"
			: "agentvip00000@lounge.test"));
	}
}

static void
other_categories_stay(void **state)
{
	const struct letter letter = {.from = PLAYER,
	    .headers = "To: " QUEUE "\r\nSubject: Bonus\r\n",
	    .text = "My free spins of the bonus are missing.",
	    .rcpts = {QUEUE}};

	(void)state;
	roles_reset();
	assert_int_equal(letter_send(&letter), 1);
	assert_string_equal(roles.admit.category, "bonus");
	assert_string_equal(roles.admit.queue, "support");
	assert_int_equal(roles.identified, 1);
}

/* --- receipts ----------------------------------------------------------- */

/* What a receipt will say is sealed: when the mail came, and its digest. */
static void
the_envelope_says_what_came(void **state)
{
	static const char *const heads[] = {
	    "To: " QUEUE "\r\nSubject: x\r\nMessage-ID: <7@players.test>\r\n",
	    "To: " QUEUE "\r\nSubject: x\r\n", withdrawal_headers};
	static const struct proto_key none;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(heads); i++) {
		const struct letter letter = {.from = PLAYER,
		    .headers = heads[i],
		    .text = withdrawal,
		    .rcpts = {QUEUE}};
		g_autofree char *raw = g_strconcat("From: " PLAYER "\r\n",
		    heads[i], "\r\n", withdrawal, "\r\n", NULL);
		gint64 before = g_get_real_time() / G_USEC_PER_SEC;
		struct proto_key digest;

		assert_int_equal(
		    canonical_digest(raw, strlen(raw), digest.b), i != 1);
		roles_reset();
		assert_int_equal(letter_send(&letter), 1);
		assert_memory_equal(&roles.envelope.digest, &digest,
		    sizeof(digest));
		assert_int_equal(memcmp(&digest, &none, sizeof(none)) == 0,
		    i == 1);
		assert_in_range(roles.envelope.received, before, before + 60);
		assert_int_equal(
		    roles.envelope.received, roles.admit.received);
	}
}

int
test_deliver_wishes(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wishes_are_asked_for),
	    cmocka_unit_test(granted_wishes_are_remarked),
	    cmocka_unit_test(copies_go_to_the_level),
	    cmocka_unit_test(a_new_ticket_goes_to_the_queue_of_its_category),
	    cmocka_unit_test(a_follow_up_stays_with_its_ticket),
	    cmocka_unit_test(other_categories_stay),
	    cmocka_unit_test(the_envelope_says_what_came),
	};

	return cmocka_run_group_tests_name("wishes", tests, NULL, NULL);
}
