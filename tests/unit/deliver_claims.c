/* What a mail says about tickets, and what of it goes on. */
#include "deliver.h"

#include "intake/claims.h"
#include "mail/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

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

/* The number of a ticket's clues must not tell a client from another. */
static void
every_mail_leaves_three_clues(void **state)
{
	static const char *const bare[] = {
	    "From: " PLAYER "\r\nSubject: x\r\n\r\n\r\n",
	    "From: " PLAYER "\r\nSubject: y\r\n\r\n\r\n"};
	static const guint32 kinds[] = {
	    PROTO_CLUE_ID, PROTO_CLUE_THREAD, PROTO_CLUE_WORDS};
	const struct mail_parse_options options = {.sender_addr = PLAYER};
	g_autofree char *before = g_strdup("");

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(bare); i++) {
		g_autoptr(GBytes) message =
		    g_bytes_new_static(bare[i], strlen(bare[i]));
		g_autoptr(mail_auto) mail = mail_parse(message, &options);
		g_autoptr(GArray) clues = clues_collect(config, mail);

		assert_int_equal(clues->len, G_N_ELEMENTS(kinds));
		for (guint k = 0; k < clues->len; k++) {
			const struct proto_clue_text *clue = &g_array_index(
			    clues, struct proto_clue_text, k);

			assert_int_equal(clue->kind, kinds[k]);
			assert_string_not_equal(clue->text, before);
		}
		g_free(before);
		before = g_strdup(
		    g_array_index(clues, struct proto_clue_text, 0).text);
	}
}

int
test_deliver_claims(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(claims_come_in_order_and_are_bounded),
	    cmocka_unit_test(guesses_are_counted),
	    cmocka_unit_test(a_capability_is_possession_wherever_it_stands),
	    cmocka_unit_test(clues_are_bounded),
	    cmocka_unit_test(every_mail_leaves_three_clues),
	};

	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
