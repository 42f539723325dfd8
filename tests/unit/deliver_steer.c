/* Commands of agents: what is sent, what is told to whom, what the desk is
 * asked, and what of it is done again. */
#include "deliver.h"

#include "mail/steer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/banned.h"

#define RE "Re: [K7F3-9Q2Y] Hello"

static guint
reply_send(const char *subject, const char *text)
{
	g_autofree char *headers = g_strdup_printf(ANNA_PROOF
	    "To: " AGENTS "\r\nSubject: %s\r\n"
	    "Message-ID: <1@agents.test>\r\n", subject);
	const struct letter letter = {.from = "Anna Sommer <" ANNA ">",
	    .headers = headers,
	    .text = text,
	    .sender = ANNA,
	    .rcpts = {AGENTS}};

	return letter_send(&letter);
}

static char *
proven(const char *from)
{
	return g_strdup_printf("Authentication-Results: mx.casino.test; "
	    "auth=pass smtp.auth=%s\r\nTo: " AGENTS "\r\nSubject: " RE
	    "\r\n", from);
}

static void
ticket_reset(void)
{
	roles_reset();
	roles.verdict = PROTO_REPLY;
	roles.number = (struct number){TICKET};
}

static void
expect(const char *what, gboolean holds)
{
	if (!holds)
		fail_msg("%s: %u answers (%s), %u mails, %u steers: %s", what,
		    roles.answers, roles.answer, roles.mails->len,
		    roles.steers, last_mail());
}

/* --- what is done ----------------------------------------------------------- */

#define C(v) PROTO_VERB_##v

struct done_row {
	const char *text;
	guint32 verbs;
	guint32 close;
	const char *words;  /* queue, category, lang, agent */
	const char *answer; /* words of it, NULL: none is sent */
	const char *note;   /* the same */
	const char *rcpts;  /* of the note */
};

#define NOBODY ",,,anna"
#define TEAM "team@agents.test"
#define HIGHER TEAM " Ben.Low@agents.test cleo@agents.test"

static const struct done_row done_rows[] = {
    {"/close solved\r\n\r\nIt is paid.", C(CLOSE), PROTO_CLOSE_SOLVED, NOBODY,
	"It is paid.", NULL, NULL},
    {"/close solved", C(CLOSE), PROTO_CLOSE_SOLVED, NOBODY, NULL, NULL, NULL},
    {"/close refused two accounts\r\n\r\nWe cannot pay this.", C(CLOSE),
	PROTO_CLOSE_REFUSED, NOBODY, "We cannot pay this.",
	"Refused: two accounts", TEAM},
    {"/close duplicate 07BF-6HAN", C(CLOSE), PROTO_CLOSE_DUPLICATE, NOBODY,
	NULL, NULL, NULL},
    {"/wait\r\n\r\nWhich network?", C(WAIT), 0, NOBODY, "Which network?", NULL,
	NULL},
    {"/note he seems to lie", 0, 0, NOBODY, NULL, "he seems to lie", TEAM},
    {"/note\r\nhe seems\r\n\r\nto lie", 0, 0, NOBODY, NULL,
	"he seems to lie", TEAM},
    {"/escalate", C(ESCALATE), 0, NOBODY, NULL, NULL, NULL},
    {"/escalate too much for me\r\n\r\nA colleague looks.", C(ESCALATE), 0,
	NOBODY, "A colleague looks.", "next level: too much for me", HIGHER},
    {"/escalate\r\n/note he is angry", C(ESCALATE), 0, NOBODY, NULL,
	"he is angry", HIGHER},
    {"/take", C(TAKE), 0, NOBODY, NULL, NULL, NULL},
    {"/queue VIP", C(QUEUE), 0, "vip,,,anna", NULL, NULL, NULL},
    {"/category bonus\r\n/lang de", C(CATEGORY) | C(LANG), 0,
	",bonus,de,anna", NULL, NULL, NULL},
    {"/category other", C(CATEGORY), 0, ",other,,anna", NULL, NULL, NULL},
    {"/forget\r\n\r\nGoodbye.", C(FORGET), 0, NOBODY, "Goodbye.", NULL, NULL},
    {"/kyc above the threshold\r\n\r\nPlease send us a copy of your passport.",
	0, 0, NOBODY, "copy of your passport", "asked for: above the threshold",
	TEAM},
    {"/send deposit-missing network=TRC20\r\n/take", C(TAKE), 0, NOBODY,
	"TRC20", NULL, NULL},
    {"/send withdrawal-limits limit=\"3000 EUR\"\r\n/lang de", C(LANG), 0,
	",,de,anna", "Auszahlung", NULL, NULL},
    {"/send deposit-missing\r\n/note as always\r\n/close refused x", C(CLOSE),
	PROTO_CLOSE_REFUSED, NOBODY, "transaction", "as always", TEAM},
};

static void
each_command_is_done(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(done_rows); i++) {
		const struct done_row *row = &done_rows[i];

		ticket_reset();
		expect(row->text, reply_send(RE, row->text) == 1);
		expect(row->text, roles.steers == 1 &&
		    roles.dry_steers == (row->verbs != 0) &&
		    roles.steer.verbs == row->verbs &&
		    roles.steer.close == row->close && !roles.steer.is_dry);
		assert_string_equal(roles.steer_words, row->words);
		expect(row->text, roles.answers == (row->answer != NULL));
		if (row->answer != NULL)
			expect(row->text, roles.answer_has_more &&
			    strstr(roles.answer, row->answer) != NULL &&
			    strstr(roles.answer, "/") == NULL);
		expect(row->text, roles.mails->len == (row->note != NULL));
		if (row->note == NULL)
			continue;
		expect(row->text, last_mail_says(row->note));
		assert_string_equal(roles.rcpts->pdata[0], row->rcpts);
		if (row->answer != NULL)
			expect(row->text,
			    strstr(roles.answer, row->note) == NULL);
	}
	assert_true(number_equal(
	    &roles.steer.number, &(struct number){TICKET}));
}

/* The guard stops none of our own answers, whatever the language. */
static void
canned_answers_may_go_out(void **state)
{
	static const char *const sends[] = {"account-locked", "bonus-rules",
	    "deposit-missing", "kyc-needed link=https://casino.test/verify",
	    "withdrawal-limits limit=3000"};

	(void)state;
	for (const char *const *lang = steer_langs(); *lang != NULL; lang++)
		for (gsize i = 0; i < G_N_ELEMENTS(sends); i++) {
			g_autofree char *text = g_strdup_printf(
			    "/send %s\r\n/lang %s", sends[i], *lang);

			ticket_reset();
			expect(text, reply_send(RE, text) == 1 &&
			    roles.answers == 1);
		}
}

static void
a_duplicate_is_named(void **state)
{
	(void)state;
	ticket_reset();
	assert_int_equal(reply_send(RE, "/close duplicate 07bf6han"), 1);
	assert_string_equal(roles.steer.duplicate.s, "07BF6HAN");
}

/* Without commands an answer is what it was: the settled job is all. */
static void
a_plain_answer_needs_no_steer(void **state)
{
	static const char *const texts[] = {
	    "It is paid.", "/send deposit-missing"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		ticket_reset();
		assert_int_equal(reply_send(RE, texts[i]), 1);
		assert_int_equal(roles.answers, 1);
		assert_string_equal(roles.answer_agent, "anna");
		assert_false(roles.answer_has_more);
		assert_int_equal(roles.steers + roles.dry_steers, 0);
		assert_int_equal(roles.mails->len, 0);
	}
}

/* --- notes ------------------------------------------------------------------ */

static void
a_note_is_a_mail_of_the_thread(void **state)
{
	(void)state;
	ticket_reset();
	roles.level = 2;
	assert_int_equal(reply_send(RE, "/note he seems to lie"), 1);
	assert_string_equal(
	    roles.rcpts->pdata[0], "Ben.Low@agents.test cleo@agents.test");
	assert_string_equal(roles.sender, "");
	assert_string_equal(roles.archive, "support");
	assert_true(last_mail_says(
	    "Subject: [K7F3-9Q2Y] [internal note] of anna"));
	assert_true(last_mail_says("Auto-Submitted: auto-generated"));
	assert_true(last_mail_says(
	    "X-Nymdesk: queue=support; level=2; kind=note; agent=anna"));
	assert_true(last_mail_says(
	    "References: <" TICKET_LOWER ".root@casino.test>"));
	assert_true(last_mail_says("Reply-To: support+" TICKET_LOWER "-"));
	assert_true(last_mail_says("[end of mail "));
	assert_false(last_mail_says(ANNA));
	assert_false(last_mail_says("Sommer"));
}

/* The author has what he wrote; alone on his list, he gets it all the same. */
static void
a_note_goes_to_the_others(void **state)
{
	static const struct {
		const char *from;
		guint32 level;
		const char *rcpts;
	} rows[] = {{"Ben.Low@agents.test", 2, "cleo@agents.test"},
	    {"dan@agents.test", 3, "dan@agents.test"}};
	char **members = ((struct config_queue *)g_ptr_array_index(
	    config->queues, 0))->members;
	char *anna = members[0];

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *headers = proven(rows[i].from);
		const struct letter letter = {.from = rows[i].from,
		    .headers = headers,
		    .text = "/note mine",
		    .rcpts = {AGENTS}};

		ticket_reset();
		roles.level = rows[i].level;
		members[0] = (char *)rows[i].from;
		assert_int_equal(letter_send(&letter), 1);
		members[0] = anna;
		assert_int_equal(roles.mails->len, 1);
		assert_true(last_mail_says("mine"));
		assert_string_equal(roles.rcpts->pdata[0], rows[i].rcpts);
	}
}

/* Else words for a colleague would reach the player. */
static void
an_answer_to_a_note_goes_nowhere(void **state)
{
	static const char subject[] =
	    "Re: [K7F3-9Q2Y] [internal note] of ben";

	(void)state;
	ticket_reset();
	assert_int_equal(reply_send(subject, "I think so, too."), 1);
	assert_int_equal(roles.answers, 0);
	assert_true(last_mail_says("answers an internal note"));
	assert_string_equal(roles.rcpts->pdata[0], ANNA);
	ticket_reset();
	assert_int_equal(reply_send(subject, "/note I think so, too."), 1);
	assert_int_equal(roles.answers, 0);
	assert_true(last_mail_says("I think so, too."));
	assert_string_equal(roles.rcpts->pdata[0], TEAM);
}

/* --- what is refused ---------------------------------------------------------- */

static const struct {
	const char *text;
	const char *why;
	const char *todo;
} refused_rows[] = {
    {"/cloze\r\n\r\nxyzzy", "there is no such command", "line: 1"},
    {"/close\r\n\r\nxyzzy", "/close", "line: 1"},
    {"/close refused\r\n\r\nxyzzy", "reason", "line: 1"},
    {"/close refused xyzzy", "words to the player", "empty line"},
    {"/close refused xyzzy\r\n\r\nKind regards\r\nAnna", "words to", "grant"},
    {"/close refused xyzzy\r\n/note plugh", "words to the", "/send"},
    {"/take\r\n/queue xyzzy", "queue", "line: 2"},
    {"/category xyzzy", "categor", "line: 1"},
    {"/lang xy", "/lang", "line: 1"},
    {"/send xyzzy", "answer", "line: 1"},
    {"/send withdrawal-limits", "limit", ""},
    {"/send mirror", "expired", ""},
    {"/take\r\nxyzzy plugh", "blank line", "line: 2"},
    {"xyzzy\r\n\r\n/close solved", "above the text", "line: 3"},
    {"/close solved\r\n/wait", "do not go together", "line: 2"},
    {"/take\r\n\r\nPlease send a copy of your passport, xyzzy.",
	"asks the player for documents", "/kyc REASON"},
    {"Please send a copy of your passport, xyzzy.",
	"asks the player for documents", "/kyc REASON"},
    {"/take\r\n\r\nAsk xyzzy@players.test, see 07BF-6HAN.",
	"number of another ticket", "take it out"},
    {"Write to Ben.Low@agents.test, xyzzy.", "address of an agent", "take it out"},
    {"/send withdrawal-limits limit=\"see 07BF-6HAN xyzzy\"",
	"number of another ticket", "take it out"},
    {"[internal] xyzzy", "internal note", "/note"},
    {"/take\r\n\r\nHello [internal: xyzzy]", "internal note", "/note"},
};

/* What is written to standard error from now on, until log_end(). */
static int log_saved = -1;
static int log_fd = -1;

static void
log_begin(void)
{
	log_fd = memfd_create("log", MFD_CLOEXEC);
	log_saved = dup(STDERR_FILENO);
	assert_true(log_fd >= 0 && log_saved >= 0);
	assert_true(dup2(log_fd, STDERR_FILENO) >= 0);
}

static void
log_end(char *out, gsize size)
{
	gssize len = pread(log_fd, out, size - 1, 0);

	assert_true(len > 0);
	out[len] = '\0';
	assert_true(dup2(log_saved, STDERR_FILENO) >= 0);
	close(log_saved);
	close(log_fd);
}

/* Nor what was done, nor why it was not. */
static void
the_log_has_no_words(void **state)
{
	char log[4096];

	(void)state;
	log_begin();
	for (gsize i = 0; i < G_N_ELEMENTS(refused_rows); i++) {
		ticket_reset();
		(void)reply_send(RE, refused_rows[i].text);
	}
	ticket_reset();
	roles.desk_is_down = TRUE;
	(void)reply_send(RE, "/close refused xyzzy\r\n\r\nxyzzy.");
	roles.desk_is_down = FALSE;
	(void)reply_send(RE, "/close refused xyzzy\r\n\r\nxyzzy.");
	log_end(log, sizeof(log));
	assert_non_null(strstr(log, "agent.told"));
	assert_non_null(strstr(log, "intake.deferred"));
	assert_non_null(strstr(log, "ticket.steer"));
	assert_null(strstr(log, "xyzzy"));
	assert_null(strstr(log, "anna"));
}

static void
what_is_refused_does_nothing_and_is_told(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(refused_rows); i++) {
		const char *text = refused_rows[i].text;

		ticket_reset();
		expect(text, reply_send(RE, text) == 1);
		expect(text, roles.answers == 0 && roles.steers == 0 &&
		    roles.dry_steers == 0 && roles.mails->len == 1);
		expect(text, last_mail_says(refused_rows[i].why) &&
		    last_mail_says(refused_rows[i].todo));
		assert_string_equal(roles.rcpts->pdata[0], ANNA);
		assert_string_equal(roles.archive, "");
		expect(text, !last_mail_says("xyzzy"));
	}
}

static void
the_desk_may_refuse(void **state)
{
	(void)state;
	ticket_reset();
	roles.steer_dry = "the ticket is closed already";
	assert_int_equal(
	    reply_send(RE, "/close refused x\r\n\r\nIt is paid."), 1);
	assert_int_equal(roles.answers + roles.steers, 0);
	assert_int_equal(roles.mails->len, 1);
	assert_true(last_mail_says("closed already"));
	assert_true(last_mail_says("nothing was done"));
	assert_string_equal(roles.rcpts->pdata[0], ANNA);
}

/* What nobody can get is no reason to keep a command from being done. */
static void
no_way_to_the_player(void **state)
{
	static const struct {
		const char *text;
		guint32 ticket_flags;
		gboolean is_forgotten;
		guint32 post_code;
		const char *why; /* NULL: it is done */
	} rows[] = {
	    {"/close solved\r\n\r\nHello.", PROTO_FLAG_UNDELIVERABLE, FALSE,
		250, "refused our last mail"},
	    {"/close solved", PROTO_FLAG_UNDELIVERABLE, FALSE, 250, NULL},
	    {"/close solved\r\n\r\nHello.", 0, TRUE, 250,
		"address is forgotten"},
	    {"/close solved", 0, TRUE, 250, NULL},
	    {"/close refused x\r\n\r\nHello.", 0, FALSE, 550,
		"does not take the answer"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		ticket_reset();
		roles.ticket_flags = rows[i].ticket_flags;
		roles.is_forgotten = rows[i].is_forgotten;
		roles.post_code = rows[i].post_code;
		if (rows[i].post_code != 250) { /* nor is the agent reached */
			assert_int_equal(reply_send(RE, rows[i].text), 0);
			assert_int_equal(roles.steers, 0);
			continue;
		}
		assert_int_equal(reply_send(RE, rows[i].text), 1);
		expect(rows[i].text,
		    roles.steers == (rows[i].why == NULL) &&
			roles.mails->len == (rows[i].why != NULL));
		if (rows[i].why != NULL)
			assert_true(last_mail_says(rows[i].why));
	}
	ticket_reset(); /* who gets no notice needs no words, either */
	roles.ticket_flags = PROTO_FLAG_UNDELIVERABLE;
	assert_true(reply_send(RE, "/close refused x") == 1 &&
	    roles.steers == 1 && last_mail_says("Refused: x"));
}

/* Between the desk's two words somebody else closed it. */
static void
what_could_not_be_done_any_more_is_told(void **state)
{
	static const char *const texts[] = {"/wait", "/wait\r\n\r\nWhere?"};

	(void)state;
	for (guint i = 0; i < 2; i++) {
		ticket_reset();
		roles.steer_late = "the ticket is closed already";
		assert_int_equal(reply_send(RE, texts[i]), 1);
		expect(texts[i], roles.answers == i && roles.mails->len == 1 &&
		    last_mail_says("closed already") &&
		    last_mail_says("nothing was done") == (i == 0) &&
		    last_mail_says("these commands") == (i != 0));
	}
}

/* --- again ---------------------------------------------------------------------- */

static void
a_mail_that_comes_again_is_done_once(void **state)
{
	static const char text[] =
	    "/close refused two accounts\r\n\r\nWe cannot pay this.";
	g_autofree char *first = NULL;

	(void)state;
	ticket_reset();
	roles.desk_is_down = TRUE;
	assert_int_equal(reply_send(RE, text), 0);
	assert_int_equal(roles.answers, 1);
	first = g_strdup(last_mail());
	roles.desk_is_down = FALSE;
	assert_int_equal(reply_send(RE, text), 1);
	assert_int_equal(roles.answers, 1);
	assert_int_equal(roles.steers, 2);
	/* The note went out twice as one mail. */
	assert_int_equal(roles.mails->len, 2);
	assert_non_null(strstr(first, "Message-ID: <"));
	assert_int_equal(strncmp(strstr(first, "Message-ID: <"),
	    strstr(last_mail(), "Message-ID: <"), 50), 0);
	assert_int_equal(reply_send(RE, text), 1);
	assert_int_equal(roles.answers, 1);
	assert_int_equal(roles.steers, 2);
	assert_int_equal(roles.mails->len, 2);
}

static void
a_post_that_is_down_does_nothing(void **state)
{
	(void)state;
	ticket_reset();
	roles.post_is_down = TRUE;
	assert_int_equal(reply_send(RE, "/take\r\n/note x"), 0);
	assert_int_equal(roles.steers, 0);
}

/* --- help, attachments ------------------------------------------------------------ */

static void
help_is_for_who_asks(void **state)
{
	static const char *const words[] = {"/close solved", "support vip",
	    "withdrawal", "deposit-missing", "limit", "Nothing was done"};

	(void)state;
	ticket_reset();
	assert_int_equal(reply_send(RE, "/help"), 1);
	assert_int_equal(roles.answers + roles.steers, 0);
	assert_int_equal(roles.mails->len, 1);
	assert_string_equal(roles.rcpts->pdata[0], ANNA);
	assert_string_equal(roles.archive, "");
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		expect(words[i], last_mail_says(words[i]));
}

static void
attachments_stay_and_it_is_told(void **state)
{
	static const struct {
		const char *text;
		guint mails;
	} rows[] = {{"It is paid.", 1}, {"/note x", 2}, {"/take", 0}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strdup_printf("--b\r\n"
		    "Content-Type: text/plain\r\n\r\n%s\r\n--b\r\n"
		    "Content-Type: application/pdf; name=plugh.pdf\r\n"
		    "Content-Disposition: attachment\r\n\r\nxyzzy\r\n--b--",
		    rows[i].text);
		const struct letter letter = {.from = ANNA,
		    .headers = ANNA_PROOF "To: " AGENTS "\r\nSubject: " RE
			"\r\nMIME-Version: 1.0\r\nContent-Type: "
			"multipart/mixed; boundary=b\r\n",
		    .text = text,
		    .rcpts = {AGENTS}};

		ticket_reset();
		assert_int_equal(letter_send(&letter), 1);
		expect(rows[i].text, roles.mails->len == rows[i].mails);
		if (rows[i].mails > 0)
			assert_true(last_mail_says("not your attachments"));
		assert_false(last_mail_says("plugh"));
	}
}

/* --- queues ------------------------------------------------------------------------- */

/* A ticket that came from another queue has old copies with its addresses: the
 * agents of both may answer, and only they. */
static void
agents_of_the_tickets_queue_may_answer(void **state)
{
	static const struct {
		const char *from;
		const char *ticket_queue;
		guint answers;
	} rows[] = {{ANNA, "support", 1}, {ANNA, "vip", 1}, {ANNA, "gone", 1},
	    {ZOE, "vip", 1}, {ZOE, "support", 0}, {PLAYER, "vip", 0}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *headers = proven(rows[i].from);
		const struct letter letter = {.from = rows[i].from,
		    .headers = headers,
		    .text = "It is paid.",
		    .rcpts = {AGENTS}};

		ticket_reset();
		roles.ticket_queue = rows[i].ticket_queue;
		assert_int_equal(letter_send(&letter), 1);
		expect(rows[i].from, roles.answers == rows[i].answers);
	}
}

int
test_deliver_steer(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_command_is_done),
	    cmocka_unit_test(canned_answers_may_go_out),
	    cmocka_unit_test(a_duplicate_is_named),
	    cmocka_unit_test(a_plain_answer_needs_no_steer),
	    cmocka_unit_test(a_note_is_a_mail_of_the_thread),
	    cmocka_unit_test(a_note_goes_to_the_others),
	    cmocka_unit_test(an_answer_to_a_note_goes_nowhere),
	    cmocka_unit_test(what_is_refused_does_nothing_and_is_told),
	    cmocka_unit_test(the_log_has_no_words),
	    cmocka_unit_test(the_desk_may_refuse),
	    cmocka_unit_test(no_way_to_the_player),
	    cmocka_unit_test(what_could_not_be_done_any_more_is_told),
	    cmocka_unit_test(a_mail_that_comes_again_is_done_once),
	    cmocka_unit_test(a_post_that_is_down_does_nothing),
	    cmocka_unit_test(help_is_for_who_asks),
	    cmocka_unit_test(attachments_stay_and_it_is_told),
	    cmocka_unit_test(agents_of_the_tickets_queue_may_answer),
	};

	return cmocka_run_group_tests_name("steer", tests, NULL, NULL);
}
