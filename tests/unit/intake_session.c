/* The session machine: scripts of octets in and octets out. Every script is
 * fed whole, octet by octet, and cut at random; the result must be one. What
 * both protocols agree on is written as LMTP, and played as SMTP too. */
#include "intake.h"
#include "session_scripts.h"

#include "intake/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

#define RANDOM_CUTS 20

#define LIMITS(spoken)                                                         \
	{                                                                      \
		.size_max = 200, .rcpt_max = 3, .line_max = 120,               \
		.text_line_max = 60, .header_max = 100, .errors_max = 4,       \
		.hostname = "mx.example", .protocol = (spoken),                \
	}
static const struct session_limits test_limits = LIMITS(SESSION_LMTP);
static const struct session_limits smtp_limits = LIMITS(SESSION_SMTP);

static enum place
test_check(const char *local, const char *domain, gpointer user_data)
{
	assert_ptr_equal(user_data, &test_limits);
	if (strcmp(domain, "desk.example") != 0)
		return PLACE_OTHERS;
	return strcmp(local, "nobody") == 0 ? PLACE_UNKNOWN : PLACE_OURS;
}

static void
test_judge(struct session *session, GString *got)
{
	const struct session_envelope *envelope = session_envelope(session);
	g_autoptr(GBytes) message = session_message(session);
	const struct smtp_reply denied = {550, "5.7.1", "Not permitted"};
	const struct smtp_reply accepted = reply_of(PROTO_MAIL_TAKEN);
	gboolean is_lmtp = envelope->way == PROTO_WAY_LMTP;
	gsize len;
	const char *data = g_bytes_get_data(message, &len);

	g_string_append(got, envelope->sender_addr);
	for (guint i = 0; i < envelope->rcpts->len; i++) {
		const struct session_rcpt *rcpt = envelope->rcpts->pdata[i];

		g_string_append_c(got, i == 0 ? '>' : ',');
		g_string_append(got, rcpt->wire);
		if (i > 0 && !is_lmtp)
			continue;
		if (strcmp(rcpt->addr->local, "deny") == 0)
			session_verdict(session, i, &denied);
		else if (strcmp(rcpt->addr->local, "help") == 0 ||
			 strcmp(rcpt->addr->local, "he lp") == 0 ||
			 strcmp(rcpt->addr->local, "j\xc3\xb6rg") == 0)
			session_verdict(session, i, &accepted);
	}
	g_string_append_c(got, ':');
	g_string_append_len(got, data, (gssize)len);
	g_string_append_c(got, ';');
}

/* Feeds in pieces of at most piece octets, random ones if rand is given. */
static void
test_play(const struct script *script, gsize piece, GRand *rand, GString *out,
    GString *got)
{
	g_autoptr(session_auto) session = session_new(
	    script->played == PLAYED_SMTP ? &smtp_limits : &test_limits,
	    test_check, (gpointer)&test_limits);
	gsize at = 0;

	g_string_truncate(out, 0);
	g_string_truncate(got, 0);
	do {
		gsize len = MIN(piece, script->in_len - at);

		if (rand != NULL && len > 1)
			len = (gsize)g_rand_int_range(rand, 1, (gint32)len + 1);
		at +=
		    session_feed(session, (const guint8 *)script->in + at, len);
		if (session_want(session) == SESSION_MESSAGE) {
			assert_int_equal(
			    session_feed(session, (const guint8 *)"x", 1), 0);
			test_judge(session, got);
			session_resume(session);
		}
		g_string_append(out, session_output(session)->str);
		g_string_truncate(session_output(session), 0);
	} while (at < script->in_len && session_want(session) == SESSION_INPUT);
}

static void
test_script_once(const struct script *script, gsize piece, GRand *rand)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) got = g_string_new(NULL);

	test_play(script, piece, rand, out, got);
	if (strcmp(out->str, script->out) != 0)
		print_error("script \"%s\"\n", script->name);
	assert_string_equal(out->str, script->out);
	if (got->len != script->got_len ||
	    memcmp(got->str, script->got, got->len) != 0)
		fail_msg("script \"%s\": got %s", script->name, got->str);
}

static void
test_script(const struct script *script)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(20);

	test_script_once(script, G_MAXINT32 / 2, NULL);
	test_script_once(script, 1, NULL);
	for (int i = 0; i < RANDOM_CUTS; i++)
		test_script_once(script, script->in_len / 2 + 1, rand);
}

/* Greeting, name and how it is greeted: no more than this may differ. */
static void
test_script_as_smtp(const struct script *script)
{
	g_autoptr(GString) out = g_string_new(script->out);
	g_autofree char *in = g_memdup2(script->in, script->in_len + 1);
	struct script same = *script;

	g_string_replace(out, GREETING, SMTP_GREETING, 1);
	g_string_replace(out, "RFC 2033", "RFC 5321", 0);
	for (gsize i = 0; i + 4 < script->in_len; i++)
		if (memcmp(in + i, "LHLO", 4) == 0)
			in[i] = 'E';
		else if (memcmp(in + i, "lhlo", 4) == 0)
			in[i] = 'e';
	same.played = PLAYED_SMTP;
	same.in = in;
	same.out = out->str;
	test_script(&same);
}

static void
test_scripts(void **state)
{
	guint both = 0;

	(void)state;
	for (gsize i = 0; i < session_scripts_len; i++) {
		test_script(&session_scripts[i]);
		if (session_scripts[i].played == PLAYED_BOTH) {
			test_script_as_smtp(&session_scripts[i]);
			both++;
		}
	}
	assert_true(both > 40);
}

/* What would end the message for a careless reader. What follows it is a
 * second mail then; here it must stay text of the first. */
static const struct {
	const char *octets;
	gsize len;
	gboolean is_text; /* no bare CR or LF in it: accepted as it is */
} smuggled[] = {
#define SMUGGLED(octets, is_text)                                              \
	{                                                                      \
		(octets), sizeof(octets) - 1, (is_text)                        \
	}
    SMUGGLED("\n.\n", FALSE),
    SMUGGLED("\n.\r\n", FALSE),
    SMUGGLED("\r\n.\n", FALSE),
    SMUGGLED("\r.\r", FALSE),
    SMUGGLED("\r.\r\n", FALSE),
    SMUGGLED("\r\n.\r", FALSE),
    SMUGGLED("\n.\r", FALSE),
    SMUGGLED("\r.\n", FALSE),
    SMUGGLED("\n\n.\n\n", FALSE),
    SMUGGLED("\n\n.\r\n", FALSE),
    SMUGGLED("\r\r.\r\r", FALSE),
    SMUGGLED("\r\r.\r\n", FALSE),
    SMUGGLED("\n\r.\n\r", FALSE),
    SMUGGLED("\n\r.\r\n", FALSE),
    SMUGGLED("\r\n.\r\r\n", FALSE),
    SMUGGLED("\r\n\n.\r\n", FALSE),
    SMUGGLED("\r\n.\n\r\n", FALSE),
    SMUGGLED("\r\n.\r\0\n", FALSE),
    SMUGGLED("\r\0\n.\r\n", FALSE),
    SMUGGLED("\n.\0\n", FALSE),
    SMUGGLED("\n\0.\r\n", FALSE),
    SMUGGLED("\0\r\n\0.\r\n", TRUE),
    SMUGGLED("\r\n.\0\r\n", TRUE),
    SMUGGLED("\r\n. \r\n", TRUE),
#undef SMUGGLED
};

static void
test_smuggling(void **state)
{
	static const char second[] =
	    "MAIL FROM:<evil@x.test>\r\n" RCPT "DATA\r\nevil\r\n.\r\nNOOP\r\n";

	(void)state;
	assert_int_equal(G_N_ELEMENTS(smuggled), 24);
	for (gsize i = 0; i < G_N_ELEMENTS(smuggled); i++) {
		g_autoptr(GString) in = g_string_new(START "a: b\r\n\r\ntext");
		g_autoptr(GString) out = g_string_new(NULL);
		g_autoptr(GString) got = g_string_new(NULL);
		struct script script = {0};

		g_string_append_len(
		    in, smuggled[i].octets, (gssize)smuggled[i].len);
		g_string_append_len(in, second, sizeof(second) - 1);
		script.in = in->str;
		script.in_len = in->len;
		for (gsize piece = 1; piece < 8; piece++) {
			test_play(&script, piece == 7 ? in->len : piece, NULL,
			    out, got);
			assert_string_equal(out->str,
			    smuggled[i].is_text ? START_OUT ACCEPTED OK
						: START_OUT BARE OK);
			if (!smuggled[i].is_text)
				assert_int_equal(got->len, 0);
		}
		script.out = smuggled[i].is_text ? START_OUT ACCEPTED OK
						 : START_OUT BARE OK;
		script.got = got->str;
		script.got_len = got->len;
		test_script_as_smtp(&script);
	}
}

/* The most careless ending of all has a bare CR before a true end. */
static void
test_bare_cr_before_end(void **state)
{
	const struct script script = LMTP("CR CR LF",
	    LHLO MAIL RCPT RCPT "DATA\r\ntext\r\r\n.\r\nNOOP\r\n",
	    HELLO_OUT MAIL_OK RCPT_OK RCPT_OK GO BARE BARE OK, "");

	(void)state;
	test_script(&script);
}

static void
test_retire(void **state)
{
	static const char first[] = START "te";
	static const char rest[] = "xt\r\n.\r\n";
	g_autoptr(session_auto) session =
	    session_new(&test_limits, test_check, (gpointer)&test_limits);
	g_autoptr(GString) got = g_string_new(NULL);

	(void)state;
	session_feed(session, (const guint8 *)first, strlen(first));
	assert_true(session_is_in_data(session));
	session_retire(session);
	session_feed(session, (const guint8 *)rest, strlen(rest));
	assert_int_equal(session_want(session), SESSION_MESSAGE);
	assert_false(session_is_in_data(session));
	test_judge(session, got);
	session_resume(session);
	assert_int_equal(session_want(session), SESSION_INPUT);
	session_feed(session, (const guint8 *)MAIL, strlen(MAIL));
	assert_int_equal(session_want(session), SESSION_CLOSE);
	assert_string_equal(session_output(session)->str,
	    START_OUT ACCEPTED "421 4.3.2 Closing, come again\r\n");
}

static void
test_retired_quit(void **state)
{
	g_autoptr(session_auto) session =
	    session_new(&test_limits, test_check, (gpointer)&test_limits);

	(void)state;
	session_retire(session);
	session_feed(session, (const guint8 *)"QUIT\r\n", 6);
	assert_string_equal(session_output(session)->str, GREETING BYE);
}

static void
test_abort(void **state)
{
	static const struct smtp_reply idle = {421, "4.4.2", "Idle"};
	g_autoptr(session_auto) session =
	    session_new(&test_limits, test_check, (gpointer)&test_limits);

	(void)state;
	session_feed(session, (const guint8 *)START "text", strlen(START) + 4);
	session_abort(session, &idle);
	session_abort(session, &idle);
	assert_int_equal(session_want(session), SESSION_CLOSE);
	assert_string_equal(
	    session_output(session)->str, START_OUT "421 4.4.2 Idle\r\n");
}

/* The text goes at once; what else is wrong with it is still found. */
static void
test_drop_text(void **state)
{
	static const struct {
		const char *rest;
		const char *out;
	} rows[] = {
	    {"xt\r\n.\r\nNOOP\r\n", MEMORY OK},
	    {"x\nt\r\n.\r\nNOOP\r\n", BARE OK},
	    {FIFTY TEN "\r\n.\r\nNOOP\r\n",
		"554 5.6.0 Line too long in message\r\n" OK},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(session_auto) session = session_new(
		    &smtp_limits, test_check, (gpointer)&test_limits);

		session_feed(session, (const guint8 *)EHLO_START "te",
		    strlen(EHLO_START "te"));
		assert_int_equal(session_text_len(session), 2);
		session_drop_text(session);
		assert_int_equal(session_text_len(session), 0);
		session_feed(session, (const guint8 *)rows[i].rest,
		    strlen(rows[i].rest));
		assert_true(g_str_has_prefix(
		    session_output(session)->str, EHLO_START_OUT));
		assert_string_equal(
		    session_output(session)->str + strlen(EHLO_START_OUT),
		    rows[i].out);
	}
}

/* A client that only writes must not make replies pile up. */
static void
test_output_is_bounded(void **state)
{
	g_autoptr(session_auto) session =
	    session_new(&test_limits, test_check, (gpointer)&test_limits);
	g_autoptr(GString) in = g_string_new(NULL);
	gsize used;

	(void)state;
	for (int i = 0; i < 10000; i++)
		g_string_append(in, "LHLO x\r\n");
	used = session_feed(session, (const guint8 *)in->str, in->len);
	assert_true(used < in->len);
	assert_true(session_output(session)->len <
		    SESSION_OUTPUT_MARK + strlen(LHLO_OUT));
	assert_int_equal(session_feed(session, (const guint8 *)in->str, 8), 0);
}

int
test_intake_session(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scripts),
	    cmocka_unit_test(test_smuggling),
	    cmocka_unit_test(test_bare_cr_before_end),
	    cmocka_unit_test(test_retire),
	    cmocka_unit_test(test_retired_quit),
	    cmocka_unit_test(test_abort),
	    cmocka_unit_test(test_drop_text),
	    cmocka_unit_test(test_output_is_bounded),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
