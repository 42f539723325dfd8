/* The session machine: scripts of octets in and octets out. Every script is
 * fed whole, octet by octet, and cut at random; the result must be one. What
 * both protocols agree on is written as LMTP, and played as SMTP too. */
#include "intake.h"

#include "intake/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

#define RANDOM_CUTS 20

#define GREETING "220 mx.example LMTP\r\n"
#define LHLO "LHLO client\r\n"
#define LHLO_OUT                                                               \
	"250-mx.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n"                 \
	"250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 200\r\n"
#define MAIL "MAIL FROM:<p@player.example>\r\n"
#define RCPT "RCPT TO:<help@desk.example>\r\n"
#define START LHLO MAIL RCPT "DATA\r\n"
#define OK "250 2.0.0 Ok\r\n"
#define MAIL_OK "250 2.1.0 Ok\r\n"
#define RCPT_OK "250 2.1.5 Ok\r\n"
#define GO "354 End data with <CRLF>.<CRLF>\r\n"
#define HELLO_OUT GREETING LHLO_OUT
#define START_OUT HELLO_OUT MAIL_OK RCPT_OK GO
#define ACCEPTED "250 2.0.0 Accepted\r\n"
#define TEMPORARY "451 4.3.0 Temporary fault, try later\r\n"
#define BYE "221 2.0.0 Bye\r\n"
#define UNKNOWN "500 5.5.1 Command not known\r\n"
#define BAD_LINE "500 5.5.2 Line not understood\r\n"
#define LONG_LINE "500 5.5.2 Line too long\r\n"
#define ARGUMENT "501 5.5.4 Syntax error in argument\r\n"
#define PARAMETER "555 5.5.4 Parameter not known\r\n"
#define BAD_SENDER "501 5.1.7 Bad sender address syntax\r\n"
#define BAD_RCPT "501 5.1.3 Bad recipient address syntax\r\n"
#define BAD_UTF8 "553 5.6.7 Non-ASCII address not permitted\r\n"
#define ORDER "503 5.5.1 Bad sequence of commands\r\n"
#define NO_RCPT "503 5.5.1 No valid recipients\r\n"
#define NO_USER "550 5.1.1 No such address here\r\n"
#define WRONG_ROUTE                                                            \
	"451 4.3.5 Only nymdesk's addresses are taken here, check "            \
	"smtpd_proxy_filter\r\n"
#define MEMORY "452 4.3.1 Too many mails at once, try later\r\n"
#define RCPT_MAX "452 4.5.3 Too many recipients\r\n"
#define TOO_BIG "552 5.3.4 Message too big\r\n"
#define BARE "550 5.6.0 Bare CR or LF in message\r\n"
#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

/* SMTP. */
#define SMTP_GREETING "220 mx.example ESMTP\r\n"
#define EHLO "EHLO client\r\n"
#define EHLO_OUT SMTP_GREETING LHLO_OUT
#define EHLO_START EHLO MAIL RCPT "DATA\r\n"
#define EHLO_START_OUT EHLO_OUT MAIL_OK RCPT_OK GO

enum played {
	PLAYED_BOTH,
	PLAYED_LMTP,
	PLAYED_SMTP,
};

struct script {
	enum played played;
	const char *name;
	const char *in;
	gsize in_len;
	const char *out;
	const char *got; /* "sender>rcpt,rcpt:message;" for each message */
	gsize got_len;
};
#define PLAYED(played, name, in, out, got)                                     \
	{                                                                      \
		(played), (name), "" in, sizeof(in) - 1, (out), "" got,        \
		    sizeof(got) - 1                                            \
	}
#define SCRIPT(name, in, out, got) PLAYED(PLAYED_BOTH, name, in, out, got)
#define LMTP(name, in, out, got) PLAYED(PLAYED_LMTP, name, in, out, got)
#define SMTP(name, in, out, got) PLAYED(PLAYED_SMTP, name, in, out, got)

#define LIMITS(spoken)                                                         \
	{                                                                      \
		.size_max = 200, .rcpt_max = 3, .line_max = 120,               \
		.text_line_max = 60, .header_max = 100, .errors_max = 4,       \
		.hostname = "mx.example", .protocol = (spoken),                \
	}
static const struct session_limits test_limits = LIMITS(SESSION_LMTP);
static const struct session_limits smtp_limits = LIMITS(SESSION_SMTP);

static const struct script scripts[] = {
    SCRIPT("greeting", "", GREETING, ""),
    SCRIPT("LHLO", LHLO, HELLO_OUT, ""),
    SCRIPT("case and spaces", "lhlo  x \r\nnoop\r\nNoOp any thing\r\n",
	HELLO_OUT OK OK, ""),
    SCRIPT("LHLO needs a name", "LHLO\r\n", GREETING ARGUMENT, ""),
    LMTP("HELO and EHLO are no LMTP", "HELO x\r\nEHLO x\r\n",
	GREETING UNKNOWN UNKNOWN, ""),
    SMTP("LHLO is no SMTP", "LHLO x\r\n" MAIL, SMTP_GREETING UNKNOWN ORDER, ""),
    SMTP("HELO", "HELO\r\nHELO x\r\n" MAIL RCPT "HELO x\r\nDATA\r\n" EHLO,
	SMTP_GREETING ARGUMENT "250 mx.example\r\n" MAIL_OK RCPT_OK
			       "250 mx.example\r\n" ORDER LHLO_OUT,
	""),
    SCRIPT("MAIL before LHLO", MAIL, GREETING ORDER, ""),
    SCRIPT("one mail", START "S: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
	START_OUT ACCEPTED BYE,
	"p@player.example>help@desk.example:"
	"S: x\r\n\r\nhi\r\n;"),
    SCRIPT("empty mail", START ".\r\n", START_OUT ACCEPTED,
	"p@player.example>help@desk.example:;"),
    SCRIPT("null sender", LHLO "MAIL FROM:<>\r\n" RCPT "DATA\r\n.\r\n",
	START_OUT ACCEPTED, ">help@desk.example:;"),
    SCRIPT("dots", START "..\r\n..a\r\n.b\r\na.\r\n...\r\n.\r\n",
	START_OUT ACCEPTED,
	"p@player.example>help@desk.example:"
	".\r\n.a\r\nb\r\na.\r\n..\r\n;"),
    SCRIPT("NUL and 8 bit in text", START "a\0b\xff\xfe\r\n.\r\n",
	START_OUT ACCEPTED,
	"p@player.example>help@desk.example:a\0b\xff\xfe\r\n;"),
    SMTP("what Postfix says to a proxy",
	"EHLO mx.example\r\nmail FROM:<p@player.example> SIZE=10 "
	"BODY=8BITMIME SMTPUTF8\r\nrcpt TO:<help@desk.example>\r\ndata\r\n"
	"hi\r\n.\r\nRSET\r\nquit\r\n",
	EHLO_START_OUT ACCEPTED OK BYE,
	"p@player.example>help@desk.example:hi\r\n;"),
    SMTP("one reply for all recipients",
	EHLO MAIL "RCPT TO:<deny@desk.example>\r\n" RCPT RCPT
		  "DATA\r\n.\r\nNOOP\r\n",
	EHLO_OUT MAIL_OK RCPT_OK RCPT_OK RCPT_OK GO
	"550 5.7.1 Not permitted\r\n" OK,
	"p@player.example>deny@desk.example,help@desk.example,"
	"help@desk.example:;"),
    SMTP("no verdict is a temporary fault for all",
	EHLO MAIL "RCPT TO:<unset@desk.example>\r\n" RCPT
		  "DATA\r\n.\r\nNOOP\r\n",
	EHLO_OUT MAIL_OK RCPT_OK RCPT_OK GO TEMPORARY OK,
	"p@player.example>unset@desk.example,help@desk.example:;"),
    SMTP("one refusal for all recipients",
	EHLO MAIL RCPT RCPT "DATA\r\nx\ny\r\n.\r\nNOOP\r\n",
	EHLO_OUT MAIL_OK RCPT_OK RCPT_OK GO BARE OK, ""),
    SMTP("mails of others wait, they do not bounce",
	EHLO MAIL "RCPT TO:<nobody@desk.example>\r\nRCPT TO:<a@x.test>\r\n"
		  "DATA\r\n",
	EHLO_OUT MAIL_OK NO_USER WRONG_ROUTE NO_RCPT, ""),
    LMTP("a transport that names us is our own",
	LHLO MAIL "RCPT TO:<nobody@desk.example>\r\nRCPT TO:<a@x.test>\r\n",
	HELLO_OUT MAIL_OK NO_USER NO_USER, ""),
    LMTP("one reply a recipient, in order, duplicates too",
	LHLO MAIL "RCPT TO:<deny@desk.example>\r\nRCPT TO:<nobody@x.test>\r\n"
		  "RCPT TO:<temp@desk.example>\r\n"
		  "RCPT TO:<deny@desk.example>\r\nDATA\r\n.\r\nNOOP\r\n",
	HELLO_OUT MAIL_OK RCPT_OK NO_USER RCPT_OK RCPT_OK GO
	"550 5.7.1 Not permitted\r\n" TEMPORARY
	"550 5.7.1 Not permitted\r\n" OK,
	"p@player.example>deny@desk.example,temp@desk.example,"
	"deny@desk.example:;"),
    SCRIPT("no verdict is a temporary fault",
	LHLO MAIL "RCPT TO:<unset@desk.example>\r\nDATA\r\n.\r\n",
	START_OUT TEMPORARY, "p@player.example>unset@desk.example:;"),
    SCRIPT("two mails, RSET between",
	START "a\r\n.\r\nRSET\r\n" MAIL RCPT "DATA\r\nb\r\n.\r\n",
	START_OUT ACCEPTED OK MAIL_OK RCPT_OK GO ACCEPTED,
	"p@player.example>help@desk.example:a\r\n;"
	"p@player.example>help@desk.example:b\r\n;"),
    SCRIPT("transaction ends with the mail", START ".\r\n" RCPT "DATA\r\n",
	START_OUT ACCEPTED ORDER ORDER, "p@player.example>help@desk.example:;"),
    SCRIPT("DATA without a valid recipient",
	LHLO MAIL "RCPT TO:<nobody@desk.example>\r\nDATA\r\n",
	HELLO_OUT MAIL_OK NO_USER NO_RCPT, ""),
    SCRIPT("order", LHLO RCPT "DATA\r\n" MAIL MAIL,
	HELLO_OUT ORDER ORDER MAIL_OK ORDER, ""),
    SCRIPT("RSET forgets", LHLO MAIL RCPT "RSET\r\nDATA\r\n",
	HELLO_OUT MAIL_OK RCPT_OK OK ORDER, ""),
    SCRIPT("LHLO forgets", LHLO MAIL RCPT LHLO "DATA\r\n",
	HELLO_OUT MAIL_OK RCPT_OK LHLO_OUT ORDER, ""),
    SCRIPT("VRFY and EXPN tell nothing", "VRFY help\r\nVRFY nobody\r\nEXPN\r\n",
	GREETING "252 2.0.0 Send mail and see\r\n"
		 "252 2.0.0 Send mail and see\r\n"
		 "252 2.0.0 Send mail and see\r\n",
	""),
    SCRIPT("HELP", "HELP me\r\n", GREETING "214 2.0.0 See RFC 2033\r\n", ""),
    SCRIPT("parameters",
	LHLO "MAIL FROM:<p@x.test> SIZE=200 BODY=8BITMIME SMTPUTF8\r\nRSET\r\n"
	     "mail from:<p@x.test> size=0 body=7bit\r\nRSET\r\n"
	     "MAIL FROM:<p@x.test> SIZE=201\r\n"
	     "MAIL FROM:<p@x.test> SIZE=99999999999999999999\r\n",
	HELLO_OUT MAIL_OK OK MAIL_OK OK TOO_BIG TOO_BIG, ""),
    SCRIPT("bad parameter values",
	LHLO "MAIL FROM:<p@x.test> SIZE=\r\nMAIL FROM:<p@x.test> SIZE=-1\r\n"
	     "MAIL FROM:<p@x.test> BODY=BINARYMIME\r\n",
	HELLO_OUT ARGUMENT ARGUMENT ARGUMENT, ""),
    SMTP("what Postfix passes on is skipped, not known",
	EHLO "MAIL FROM:<p@player.example> RET=HDRS ENVID=x+3Dy AUTH=<>\r\n"
	     "RCPT TO:<help@desk.example> NOTIFY=SUCCESS,FAILURE "
	     "ORCPT=rfc822;a@b.test\r\n"
	     "RCPT TO:<help@desk.example> SIZE=1\r\nRSET\r\n"
	     "MAIL FROM:<p@player.example> RET\r\n"
	     "MAIL FROM:<p@player.example> NOTIFY=NEVER\r\n",
	EHLO_OUT MAIL_OK RCPT_OK PARAMETER OK PARAMETER PARAMETER, ""),
    LMTP("DSN parameters are not known",
	LHLO "MAIL FROM:<p@x.test> RET=HDRS\r\nMAIL FROM:<p@x.test> ENVID=x\r\n"
	     "MAIL FROM:<p@x.test>\r\nRCPT TO:<help@desk.example> "
	     "ORCPT=rfc822;a@b.test\r\n",
	HELLO_OUT PARAMETER PARAMETER MAIL_OK PARAMETER, ""),
    SCRIPT("source routes and quoting",
	LHLO "MAIL FROM:<@a.test,@[IPv6:::1]:p@x.test>\r\n"
	     "RCPT TO:<@a.test:help@desk.example>\r\n"
	     "RCPT TO:<\"a \\\"b>\"@desk.example>\r\nDATA\r\n.\r\n" MAIL
	     "RCPT TO:<\"help\"@desk.example>\r\nDATA\r\n.\r\n",
	HELLO_OUT MAIL_OK RCPT_OK BAD_RCPT GO ACCEPTED MAIL_OK RCPT_OK GO
	    ACCEPTED,
	"p@x.test>help@desk.example:;p@player.example>help@desk.example:;"),
    SCRIPT("quoted local part",
	LHLO MAIL "RCPT TO:<\"he lp\"@desk.example>\r\nDATA\r\n.\r\n",
	START_OUT ACCEPTED, "p@player.example>\"he lp\"@desk.example:;"),
    SCRIPT("an overlong sender is no reason to lose a mail",
	LHLO "MAIL FROM:<" FIFTY TEN TEN "@x.test>\r\n", HELLO_OUT MAIL_OK, ""),
    SCRIPT("bad senders, first",
	LHLO "MAIL FROM: <p@x.test>\r\nMAIL FROM:p@x.test\r\nMAIL "
	     "FROM:<p@x.test\r\n",
	HELLO_OUT BAD_SENDER BAD_SENDER BAD_SENDER, ""),
    SCRIPT("bad senders, second",
	LHLO
	"MAIL FROM:<p>\r\nMAIL FROM:<@x.test:>\r\nMAIL FROM:<p q@x.test>\r\n",
	HELLO_OUT BAD_SENDER BAD_SENDER BAD_SENDER, ""),
    SCRIPT("bad senders, third",
	LHLO "MAIL FROM:<p@x.test>SIZE=1\r\nMAIL FROM:<\"p@x.test>\r\nMAIL\r\n",
	HELLO_OUT BAD_SENDER BAD_SENDER BAD_SENDER, ""),
    SCRIPT("bad recipients",
	LHLO MAIL
	"RCPT TO:<>\r\nRCPT TO:<postmaster>\r\nRCPT FROM:<a@b.test>\r\n",
	HELLO_OUT MAIL_OK BAD_RCPT BAD_RCPT BAD_RCPT, ""),
    SCRIPT("SMTPUTF8",
	LHLO "MAIL FROM:<j\xc3\xb6rg@x.test> SMTPUTF8\r\n"
	     "RCPT TO:<j\xc3\xb6rg@desk.example>\r\nDATA\r\n.\r\n",
	START_OUT ACCEPTED, "j\xc3\xb6rg@x.test>j\xc3\xb6rg@desk.example:;"),
    SCRIPT("8 bit without SMTPUTF8",
	LHLO "MAIL FROM:<j\xc3\xb6rg@x.test>\r\n" MAIL
	     "RCPT TO:<j\xc3\xb6rg@desk.example>\r\n",
	HELLO_OUT BAD_UTF8 MAIL_OK BAD_UTF8, ""),
    SCRIPT("SMTPUTF8 that is none",
	LHLO "MAIL FROM:<j\xf6rg@x.test> SMTPUTF8\r\n"
	     "MAIL FROM:<> SMTPUTF8\r\nRCPT TO:<j\xf6rg@desk.example>\r\n",
	HELLO_OUT BAD_UTF8 MAIL_OK BAD_UTF8, ""),
    SCRIPT("arguments where none belong",
	"QUIT now\r\nRSET x\r\nDATA x\r\nQUIT\r\n",
	GREETING ARGUMENT ARGUMENT ARGUMENT BYE, ""),
    SCRIPT("commands end in CRLF", "NOOP\nNOOP\r\nNOOP\rNOOP\r\n\n",
	GREETING BAD_LINE OK BAD_LINE BAD_LINE, ""),
    SCRIPT("control characters", "NOOP\0\r\nNOOP \x7f\r\nNOOP\t\r\n",
	GREETING BAD_LINE BAD_LINE BAD_LINE, ""),
    SCRIPT("empty line", "\r\n", GREETING UNKNOWN, ""),
    SCRIPT("longest line", "NOOP " FIFTY FIFTY TEN "012\r\n", GREETING OK, ""),
    SCRIPT("longer than the longest line",
	"NOOP " FIFTY FIFTY TEN "0123\r\nNOOP\r\n", GREETING LONG_LINE OK, ""),
    SCRIPT("far too long line",
	"NOOP " FIFTY FIFTY FIFTY FIFTY FIFTY "\r\nNOOP\r\n",
	GREETING LONG_LINE OK, ""),
    SCRIPT("recipients", LHLO MAIL RCPT RCPT RCPT RCPT "RCPT TO:<>\r\n",
	HELLO_OUT MAIL_OK RCPT_OK RCPT_OK RCPT_OK RCPT_MAX BAD_RCPT, ""),
    SCRIPT("too many errors", "A\r\nB\r\nC\r\nD\r\nNOOP\r\n",
	GREETING UNKNOWN UNKNOWN UNKNOWN "421 4.7.0 Too many errors\r\n", ""),
    SCRIPT("a mail pardons errors", "A\r\nB\r\nC\r\n" START ".\r\nA\r\n",
	GREETING UNKNOWN UNKNOWN UNKNOWN LHLO_OUT MAIL_OK RCPT_OK GO ACCEPTED
	    UNKNOWN,
	"p@player.example>help@desk.example:;"),
    SCRIPT("refusals of a pipelined batch are no errors",
	LHLO RCPT RCPT RCPT RCPT RCPT "DATA\r\n" RCPT "NOOP\r\n",
	HELLO_OUT ORDER ORDER ORDER ORDER ORDER ORDER ORDER OK, ""),
    SCRIPT("biggest message",
	START "\r\n" FIFTY "\r\n" FIFTY "\r\n" FIFTY "\r\n" TEN TEN TEN TEN
	      "\r\n.\r\n",
	START_OUT ACCEPTED,
	"p@player.example>help@desk.example:\r\n" FIFTY "\r\n" FIFTY
	"\r\n" FIFTY "\r\n" TEN TEN TEN TEN "\r\n;"),
    LMTP("too big, for each recipient",
	LHLO MAIL RCPT RCPT "DATA\r\n\r\n" FIFTY "\r\n" FIFTY "\r\n" FIFTY
			    "\r\n" TEN TEN TEN TEN "1\r\n.\r\nNOOP\r\n",
	HELLO_OUT MAIL_OK RCPT_OK RCPT_OK GO TOO_BIG TOO_BIG OK, ""),
    SCRIPT("too long header",
	START FIFTY "\r\n" TEN TEN TEN TEN "0123456\r\n\r\n"
		    ".\r\n",
	START_OUT "554 5.6.0 Message header too long\r\n", ""),
    SCRIPT("longest header",
	START FIFTY "\r\n" TEN TEN TEN TEN "012345\r\n\r\n"
		    ".\r\n",
	START_OUT ACCEPTED,
	"p@player.example>help@desk.example:" FIFTY "\r\n" TEN TEN TEN TEN
	"012345\r\n\r\n;"),
    SCRIPT("longest text line", START FIFTY TEN "\r\n.\r\n", START_OUT ACCEPTED,
	"p@player.example>help@desk.example:" FIFTY TEN "\r\n;"),
    SCRIPT("too long text line", START FIFTY TEN "1\r\n.\r\nNOOP\r\n",
	START_OUT "554 5.6.0 Line too long in message\r\n" OK, ""),
    SCRIPT("nothing after QUIT", "QUIT\r\nNOOP\r\n", GREETING BYE, ""),
};

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
	for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
		test_script(&scripts[i]);
		if (scripts[i].played == PLAYED_BOTH) {
			test_script_as_smtp(&scripts[i]);
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
