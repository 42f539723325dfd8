/* One mail as the events of the milter protocol tell it. */
#include "intake.h"

#include "intake/milter_mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

#define SIZE_LIMIT 200
#define HEADER_LIMIT 100
#define LINE_LIMIT 60
#define RCPT_LIMIT 2

#define OURS "<help@desk.example>"
#define TICKET "<help+k7f39q2y-0000000000000@DESK.example>"
#define OTHER "<somebody@else.example>"
#define FIFTY "0123456789" "0123456789" "0123456789" "0123456789" "0123456789"

enum what { STOP, MAIL, RCPT, HEADER, END_HEADER, BODY, END, RESET };

struct event {
	enum what what;
	const char *a; /* address, name or text */
	const char *b; /* a parameter, transport or value */
};

struct story {
	const char *name;
	struct event events[12];
	const char *said; /* to RCPT and at the end, words divided by " | " */
};

#define M(addr, parameter) {MAIL, addr, parameter}
#define MAIL_OK M("<p@player.example>", NULL)
#define R(addr) {RCPT, addr, "smtp"}
#define H(name, value) {HEADER, name, value}
#define E {END_HEADER, NULL, NULL}
#define B(text) {BODY, text, NULL}
#define X {END, NULL, NULL}

#define ALONE "452 4.5.3"
#define TOO_BIG "552 5.3.4"
#define NO_USER "550 5.1.1"
#define BARE "550 5.6.0"
#define TOO_MANY "452 4.5.3"
#define BAD_TEXT "554 5.6.0"

static const struct story stories[] = {
    {"a mail", {MAIL_OK, R(OURS), H("Subject", " a"), E, B("b\r\n"), X},
	"ok | p@player.example>help@desk.example:Subject: a\r\n\r\nb\r\n"},
    {"no sender", {M("<>", NULL), R(OURS), E, X},
	"ok | >help@desk.example:\r\n"},
    {"no brackets", {M("p@player.example", NULL), R("help@desk.example"), E, X},
	"ok | p@player.example>help@desk.example:\r\n"},
    {"nothing said", {M(NULL, NULL), R(OURS), E, X},
	"ok | >help@desk.example:\r\n"},
    {"two of ours, one capability",
	{MAIL_OK, R(OURS), R(TICKET), E, X},
	"ok | ok | p@player.example>help@desk.example,"
	"help+k7f39q2y-0000000000000@DESK.example:\r\n"},
    {"others after ours", {MAIL_OK, R(OURS), R(OTHER), R(OURS)},
	"ok | " ALONE " | ok"},
    {"ours after others", {MAIL_OK, R(OTHER), R(OURS), R(OTHER)},
	"ok | " ALONE " | ok"},
    {"an unknown address of ours",
	{MAIL_OK, {RCPT, "<nobody@desk.example>", "nymdesk"}, R(OURS)},
	NO_USER " | ok"},
    {"an address that is none, for us",
	{MAIL_OK, {RCPT, "<no@body@@>", "nymdesk"}}, NO_USER},
    {"an address that is none, for others", {MAIL_OK, R("<no@body@@>")}, "ok"},
    {"Postfix does not say which transport",
	{MAIL_OK, {RCPT, "<nobody@desk.example>", NULL}}, "ok"},
    {"too many", {MAIL_OK, R(OURS), R(OURS), R(OURS)}, "ok | ok | " TOO_MANY},
    {"recipients without MAIL", {R(OURS)}, "503 5.5.1"},
    {"a recipient below the header",
	{MAIL_OK, R(OURS), H("A", " b"), R(OURS)}, "ok | 503 5.5.1"},

    {"declared size, for us", {M("<p@x.example>", "SIZE=201"), R(OURS)},
	TOO_BIG},
    {"declared size, for others", {M("<p@x.example>", "SIZE=201"), R(OTHER)},
	"ok"},
    {"declared size, not over", {M("<p@x.example>", "SIZE=200"), R(OURS)},
	"ok"},
    {"declared size beyond all numbers",
	{M("<p@x.example>", "SIZE=99999999999999999999"), R(OURS)}, TOO_BIG},
    {"no size at all", {M("<p@x.example>", "SIZE=ten"), R(OURS)}, "501 5.5.4"},
    {"what only Postfix has to know", {M("<p@x.example>", "RET=HDRS"), R(OURS),
	E, X}, "ok | p@x.example>help@desk.example:\r\n"},
    {"UTF-8, announced", {M("<j\303\266rg@x.example>", "SMTPUTF8"), R(OURS), E,
	X}, "ok | j\303\266rg@x.example>help@desk.example:\r\n"},
    {"UTF-8, not announced", {M("<j\303\266rg@x.example>", NULL), R(OURS)},
	"553 5.6.7"},
    {"a sender that is no address, for us", {M("<p@>", NULL), R(OURS)},
	"501 5.1.7"},
    {"a sender that is no address, for others", {M("<p@>", NULL), R(OTHER)},
	"ok"},

    {"folded fields", {MAIL_OK, R(OURS), H("To", " a,\n b,\n\tc"),
	H("X", "y\r\n z"), H("Y", ""), E, X},
	"ok | p@player.example>help@desk.example:"
	"To: a,\r\n b,\r\n\tc\r\nX:y\r\n z\r\nY:\r\n\r\n"},
    {"dots are text", {MAIL_OK, R(OURS), E, B(".\r\n..\r\n.a\r\n"), X},
	"ok | p@player.example>help@desk.example:\r\n.\r\n..\r\n.a\r\n"},
    {"a body in pieces", {MAIL_OK, R(OURS), E, B("a\r"), B("\nb"), B("\r\n"),
	X}, "ok | p@player.example>help@desk.example:\r\na\r\nb\r\n"},
    {"a last line without an end", {MAIL_OK, R(OURS), E, B("a"), X},
	"ok | p@player.example>help@desk.example:\r\na\r\n"},

    {"bare LF in the body", {MAIL_OK, R(OURS), E, B("a\nb\r\n"), X},
	"ok | " BARE},
    {"bare CR in the body", {MAIL_OK, R(OURS), E, B("a\rb\r\n"), X},
	"ok | " BARE},
    {"bare CR at the end", {MAIL_OK, R(OURS), E, B("a\r"), X}, "ok | " BARE},
    {"bare CR in a field", {MAIL_OK, R(OURS), H("A", " b\rc"), E, X},
	"ok | " BARE},
    {"CR CR LF in a field", {MAIL_OK, R(OURS), H("A", " b\r\r\n c"), E, X},
	"ok | " BARE},
    {"a field in a field", {MAIL_OK, R(OURS), H("A", " b\nC: d"), E, X},
	"ok | " BARE},
    {"the end of the header in a field",
	{MAIL_OK, R(OURS), H("A", " b\r\n\r\n c"), E, X}, "ok | " BARE},
    {"LF at the end of a field", {MAIL_OK, R(OURS), H("A", " b\n"), E, X},
	"ok | " BARE},
    {"a field in a name", {MAIL_OK, R(OURS), H("A: b\r\nC", " d"), E, X},
	"ok | " BARE},
    {"too long a header", {MAIL_OK, R(OURS), H("A", FIFTY), H("B", FIFTY), E,
	B("a\r\n"), X}, "ok | " BAD_TEXT},
    {"too long a line", {MAIL_OK, R(OURS), E, B(FIFTY FIFTY "\r\n"), X},
	"ok | " BAD_TEXT},
    {"too long a mail", {MAIL_OK, R(OURS), E, B(FIFTY "\r\n"),
	B(FIFTY "\r\n"), B(FIFTY "\r\n"), B(FIFTY "\r\n"), X},
	"ok | " TOO_BIG},

    {"text without recipients", {MAIL_OK, H("A", " b"), E, B("c"), X},
	"nothing"},
    {"text of others", {MAIL_OK, R(OTHER), H("A", " b"), E, B("c"), X},
	"ok | nothing"},
    {"no end of the header", {MAIL_OK, R(OURS), H("A", " b"), B("c"), X},
	"ok | nothing"},
    {"the end twice", {MAIL_OK, R(OURS), E, X, X, B("c"), E, X},
	"ok | p@player.example>help@desk.example:\r\n | nothing | nothing"},
    {"the header again below the body",
	{MAIL_OK, R(OURS), E, B("a\r\n"), H("A", " b"), E, X},
	"ok | p@player.example>help@desk.example:\r\na\r\n"},
    {"a second mail has nothing of the first",
	{M("<a@x.example>", "SIZE=201"), R(OTHER), MAIL_OK, R(OURS), E,
	    B("a\n"), X, M("<>", NULL), R(OURS), E, X},
	"ok | ok | " BARE " | ok | >help@desk.example:\r\n"},
    {"after a reset there is no mail", {MAIL_OK, R(OURS), H("A", " b"),
	{RESET, NULL, NULL}, E, X, R(OURS)}, "ok | nothing | 503 5.5.1"},
};

static enum place
test_check(const char *local, const char *domain, gpointer user_data)
{
	assert_ptr_equal(user_data, stories);
	if (g_ascii_strcasecmp(domain, "desk.example") != 0)
		return PLACE_OTHERS;
	return g_str_has_prefix(local, "help") ? PLACE_OURS : PLACE_UNKNOWN;
}

static const struct milter_limits limits = {
    .text = {.size_max = SIZE_LIMIT,
	.header_max = HEADER_LIMIT,
	.line_max = LINE_LIMIT},
    .rcpt_max = RCPT_LIMIT,
    .transport = "nymdesk",
    .check = test_check,
    .user_data = (gpointer)stories,
};

static void
say(GString *said, const char *words)
{
	g_string_append_printf(said, "%s%s", said->len > 0 ? " | " : "", words);
}

static void
say_reply(GString *said, const struct smtp_reply *reply)
{
	g_autofree char *words = NULL;

	if (reply == NULL) {
		say(said, "ok");
		return;
	}
	/* libmilter, like Sendmail, reads what follows a "%". */
	assert_null(strpbrk(reply->text, "%\r\n"));
	words = g_strdup_printf("%u %s", reply->code, reply->status);
	say(said, words);
}

static void
say_end(GString *said, struct milter_mail *mail)
{
	g_autoptr(GBytes) text = milter_mail_end(mail);
	const struct session_envelope *envelope = milter_mail_envelope(mail);
	gsize len;
	const char *data;

	if (milter_mail_fault(mail) != NULL) {
		assert_null(text);
		say_reply(said, milter_mail_fault(mail));
		return;
	}
	if (text == NULL) {
		say(said, "nothing");
		return;
	}
	say(said, envelope->sender_addr);
	for (guint i = 0; i < envelope->rcpts->len; i++) {
		const struct session_rcpt *rcpt = envelope->rcpts->pdata[i];

		g_string_append_printf(
		    said, "%c%s", i == 0 ? '>' : ',', rcpt->wire);
	}
	assert_int_equal(envelope->way, PROTO_WAY_MILTER);
	data = g_bytes_get_data(text, &len);
	g_string_append_c(said, ':');
	g_string_append_len(said, data, (gssize)len);
}

static void
play(struct milter_mail *mail, const struct event *event, GString *said)
{
	const char *const argv[] = {event->a, event->b, NULL};
	const char *const address[] = {event->a, NULL};

	switch (event->what) {
	case MAIL:
		milter_mail_from(mail, argv);
		break;
	case RCPT:
		say_reply(said, milter_mail_rcpt(mail, address, event->b));
		break;
	case HEADER:
		milter_mail_header(mail, event->a, event->b);
		break;
	case END_HEADER:
		milter_mail_end_header(mail);
		break;
	case BODY:
		milter_mail_body(
		    mail, (const guint8 *)event->a, strlen(event->a));
		break;
	case END:
		say_end(said, mail);
		break;
	case RESET:
		milter_mail_reset(mail);
		break;
	case STOP:
		break;
	}
}

static void
test_stories(void **state)
{
	guint failed = 0;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(stories); i++) {
		const struct story *story = &stories[i];
		g_autoptr(milter_mail_auto) mail = milter_mail_new(&limits);
		g_autoptr(GString) said = g_string_new(NULL);

		for (const struct event *event = story->events;
		     event->what != STOP; event++)
			play(mail, event, said);
		if (strcmp(said->str, story->said) == 0)
			continue;
		print_error("%s: %s\n", story->name, said->str);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* Of others nothing is kept, so that nothing of it can get out. */
static void
test_others_take_no_memory(void **state)
{
	g_autoptr(milter_mail_auto) mail = milter_mail_new(&limits);
	const char *const argv[] = {OTHER, NULL};

	(void)state;
	milter_mail_from(mail, argv);
	for (int i = 0; i < 10000; i++)
		assert_null(milter_mail_rcpt(mail, argv, "smtp"));
	assert_int_equal(milter_mail_kind(mail), MILTER_OTHERS);
	assert_int_equal(milter_mail_envelope(mail)->rcpts->len, 0);
	milter_mail_header(mail, "Subject", " something");
	milter_mail_end_header(mail);
	assert_null(milter_mail_fault(mail));
	assert_null(milter_mail_end(mail));
}

int
test_intake_milter(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stories),
	    cmocka_unit_test(test_others_take_no_memory),
	};

	return cmocka_run_group_tests_name("milter", tests, NULL, NULL);
}
