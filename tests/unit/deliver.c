/* What becomes of one mail in a worker: whom it is for, who is told, what
 * is kept. The other roles are stand-ins. */
#include "deliver.h"

#include "intake/deliver.h"
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
	"senior=Ben.Low@agents.test;cleo@agents.test\nhead=dan@agents.test\n" \
	"control=desk@casino.test\n"                                           \
	"[queue vip]\naddress=vip@lounge.test\nrole=Lounge\n"                  \
	"agents=club@agents.test\nmembers=zoe@agents.test\n"                   \
	"[queue open]\naddress=open@casino.test\nrole=Open\n"                 \
	"agents=team@agents.test\nmembers=anna@agents.test\nproof=false\n"     \
	"[category withdrawal]\nqueue=vip\n"

struct config *config;
static struct rules *rules;
static struct answers *answers;

static void
setup(void)
{
	g_autoptr(GError) error = NULL;
	char *path;
	int fd = g_file_open_tmp("nd-deliver-XXXXXX", &path, NULL);

	g_assert(fd >= 0);
	close(fd);
	g_assert(g_file_set_contents(path, CONFIG, -1, NULL));
	config = config_load_file(path, &error);
	(void)g_unlink(path);
	g_free(path);
	g_assert_no_error(error);
	rules = rules_load(ND_SRCDIR "/filters", NULL);
	g_assert(rules != NULL);
	answers = answers_load(ND_SRCDIR "/templates", NULL);
	g_assert(answers != NULL);
	mail_init();
}

static void
teardown(void)
{
	roles_clear();
	rules_free(rules);
	answers_free(answers);
	config_free(config);
}

/* --- sending one mail ----------------------------------------------------- */

static void
rcpt_free(gpointer data)
{
	struct session_rcpt *rcpt = data;

	addr_free(rcpt->addr);
	g_free(rcpt);
}

static guint
letter_deliver(const struct letter *l, enum proto_mail_outcome *outcomes)
{
	struct deliver *deliver = deliver_new(config, rules, answers, NULL);
	g_autofree char *sender =
	    g_strdup(l->sender != NULL ? l->sender : l->from);
	g_autofree char *raw = g_strconcat("From: ", l->from, "\r\n",
	    l->headers, "\r\n", l->text, "\r\n", NULL);
	g_autoptr(GBytes) message = g_bytes_new(raw, strlen(raw));
	struct session_envelope envelope = {.sender_addr = sender,
	    .way = l->way,
	    .rcpts = g_ptr_array_new_with_free_func(rcpt_free)};
	guint count;

	for (gsize i = 0; l->rcpts[i] != NULL; i++) {
		struct session_rcpt *rcpt = g_new0(struct session_rcpt, 1);

		rcpt->addr = addr_parse(l->rcpts[i], -1, NULL);
		assert_non_null(rcpt->addr);
		assert_int_equal(deliver_knows(rcpt->addr->local,
				     rcpt->addr->domain, deliver),
		    PLACE_OURS);
		g_ptr_array_add(envelope.rcpts, rcpt);
	}
	deliver_mail(&envelope, message, outcomes, deliver);
	count = envelope.rcpts->len;
	g_ptr_array_unref(envelope.rcpts);
	deliver_free(deliver);
	return count;
}

guint
letter_send(const struct letter *letter)
{
	enum proto_mail_outcome outcomes[RCPTS_MAX];
	guint count = letter_deliver(letter, outcomes);
	guint accepted = 0;

	for (guint i = 0; i < count; i++)
		accepted += outcomes[i] == PROTO_MAIL_TAKEN;
	return accepted;
}

enum proto_mail_outcome
letter_outcome(const struct letter *letter)
{
	enum proto_mail_outcome outcomes[RCPTS_MAX];
	guint count = letter_deliver(letter, outcomes);

	for (guint i = 1; i < count; i++)
		assert_int_equal(outcomes[i], outcomes[0]);
	return outcomes[0];
}

const char *
last_mail(void)
{
	return roles.mails->len > 0
	    ? roles.mails->pdata[roles.mails->len - 1]
	    : "";
}

gboolean
last_mail_says(const char *words)
{
	g_autofree char *flat = g_strdup(last_mail());

	g_strdelimit(flat, "\r\n", ' ');
	for (char *p = flat; (p = strstr(p, "  ")) != NULL;)
		memmove(p, p + 1, strlen(p));
	return strstr(flat, words) != NULL;
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(our_own_mail_ends_here),
	    cmocka_unit_test(a_failed_mail_is_let_go),
	    cmocka_unit_test(a_ticket_without_a_claim_gets_labels),
	    cmocka_unit_test(flags_are_shown),
	    cmocka_unit_test(agents_know_who_was_not_told),
	};
	int failed;

	setup();
	failed = cmocka_run_group_tests_name("players", tests, NULL, NULL);
	failed += test_deliver_agents();
	failed += test_deliver_claims();
	failed += test_deliver_control();
	failed += test_deliver_refuse();
	failed += test_deliver_reports();
	failed += test_deliver_steer();
	failed += test_deliver_wishes();
	teardown();
	return failed;
}
