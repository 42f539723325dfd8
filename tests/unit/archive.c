#include "archive_tests.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "outbound/archive.h"
#include "outbound_fake.h"

#include "base/banned.h"

/*
 * The archive against a server that does what no good one does. What a good
 * one does is seen in tests/system/archive.py.
 */
#define QUICK_MS 300
#define PATIENT_MS 4000
#define SECRET "ex\"am\\ple word"
#define MAIL                                                                   \
	"Message-ID: <a@desk.test>\r\nSubject: zebra\r\n\r\n"                  \
	"a1 LOGOUT\r\nquagga {3}\r\n"

#define GREET {NULL, "* OK [ALERT] zebra\r\n"}
#define ABLE {"1 CAPABILITY\r\n", "* CAPABILITY IMAP4rev1\r\n1 OK x\r\n"}
#define LOGIN_LINE "2 LOGIN \"u v\" \"ex\\\"am\\\\ple word\"\r\n"
#define LOGIN {LOGIN_LINE, "2 OK x\r\n"}
#define EXAMINE                                                                \
	{"3 EXAMINE A\r\n", "* FLAGS (\\Seen)\r\n* 1 EXISTS\r\n"           \
	 "3 OK [READ-ONLY] x\r\n"}
#define SEARCH_LINE                                                            \
	"4 UID SEARCH HEADER Message-ID \"<a@desk.test>\"\r\n"
#define SEARCH {SEARCH_LINE, "* SEARCH\r\n4 OK x\r\n"}
#define CLOSE {"5 CLOSE\r\n", "5 OK x\r\n"}
#define APPEND_LINE                                                            \
	"6 APPEND A (\\Seen) \"21-Sep-2026 14:13:20 +0000\" {"
#define APPEND {APPEND_LINE, "+ go\r\n"}
#define TAKEN {FAKE_LITERAL, "6 OK [APPENDUID 1 2] x\r\n"}
#define OPEN GREET, ABLE, LOGIN
#define READY OPEN, EXAMINE, SEARCH, CLOSE

#define LOST "archive: lost the connection to the server"
#define LATE "archive: the server did not answer in time"
#define NONE "archive: the server's answer is none of IMAP"
#define BAD "archive: the server did not understand a command"

static void
assert_ok(const GError *err)
{
	if (err != NULL)
		fail_msg("%s", err->message);
}

struct desk {
	struct fake *fake;
	struct archive *archive;
	char *password_file;
	char *url;
};

static void
desk_start(struct desk *desk, const struct fake_step *script, const char *tls,
    guint timeout_ms)
{
	g_autoptr(GError) err = NULL;
	gboolean is_imaps = g_strcmp0(tls, "imaps") == 0;
	struct archive_options options = {.tls = is_imaps ? NULL : tls,
	    .tls_name = "mail.test",
	    .timeout_ms = timeout_ms};
	int fd = g_file_open_tmp("nd-archive-XXXXXX", &desk->password_file,
	    NULL);

	assert_true(fd >= 0);
	(void)close(fd);
	assert_true(g_file_set_contents(desk->password_file, SECRET "\n", -1,
	    NULL));
	desk->fake = fake_start_inet(script);
	desk->url = g_strdup_printf("%s://u%%20v@127.0.0.1:%u/A",
	    is_imaps ? "imaps" : "imap", fake_port(desk->fake));
	options.url = desk->url;
	options.password_file = desk->password_file;
	options.tls_ca_file = fake_cert_file(desk->fake);
	desk->archive = archive_new(&options, &err);
	assert_ok(err);
}

/* After this the fake can be asked what it got. */
static void
desk_stop(struct desk *desk)
{
	archive_free(desk->archive);
	fake_finish(desk->fake);
}

static void
desk_end(struct desk *desk)
{
	fake_free(desk->fake);
	(void)g_unlink(desk->password_file);
	g_free(desk->password_file);
	g_free(desk->url);
}

static gboolean
desk_append(struct desk *desk, GError **err)
{
	g_autoptr(GBytes) content = g_bytes_new_static(MAIL, strlen(MAIL));

	return archive_append(desk->archive, &(struct archive_mail){
	    .content = content, .message_id = "a@desk.test",
	    .date = 1790000000, .flags = ARCHIVE_SEEN}, err);
}

/* --- append --------------------------------------------------------- */

struct row {
	const char *name;
	struct fake_step script[16];
	const char *error; /* NULL: it must succeed */
	gboolean is_quick;
	gboolean is_unsent; /* no literal was sent */
};

static const struct row rows[] = {
	{"all well", {READY, APPEND, TAKEN}, NULL, 0, 0},
	{"let in unasked", {{NULL, "* PREAUTH x\r\n"}, ABLE,
	    {"2 EXAMINE", "2 OK x\r\n"}, {"3 UID SEARCH", "3 OK x\r\n"},
	    {"4 CLOSE", "4 OK x\r\n"}, {"5 APPEND", "+ go\r\n"},
	    {FAKE_LITERAL, "5 OK x\r\n"}}, NULL, 0, 0},
	{"no capabilities", {GREET, {"1 CAPABILITY", "1 OK x\r\n"}, LOGIN,
	    EXAMINE, SEARCH, CLOSE, APPEND, TAKEN}, NULL, 0, 0},
	{"no mailbox yet", {OPEN, {"3 EXAMINE", "3 NO [NONEXISTENT] x\r\n"},
	    {"4 CREATE A\r\n", "4 OK x\r\n"}, {"5 EXAMINE", "5 OK x\r\n"},
	    {"6 UID SEARCH", "* SEARCH\r\n6 OK x\r\n"},
	    {"7 CLOSE", "7 OK x\r\n"}, {"8 APPEND", "+ go\r\n"},
	    {FAKE_LITERAL, "8 OK x\r\n"}}, NULL, 0, 0},
	{"found by words only", {OPEN, EXAMINE, {SEARCH_LINE,
	    "* SEARCH 7\r\n4 OK x\r\n"},
	    {"5 UID FETCH 7 (UID INTERNALDATE RFC822.SIZE BODY.PEEK["
	    "HEADER.FIELDS (Message-ID References In-Reply-To)])",
	    "* 1 FETCH (UID 7 RFC822.SIZE 9 BODY[HEADER.FIELDS (Message-ID "
	    "References In-Reply-To)] {65}\r\n"
	    "Message-ID: <xa@desk.test>\r\nReferences: <y@d>\r\n "
	    "<a@desk.test>\r\n\r\n)\r\n5 OK x\r\n"},
	    {"6 CLOSE", "6 OK x\r\n"}, {"7 APPEND", "+ go\r\n"},
	    {FAKE_LITERAL, "7 OK x\r\n"}}, NULL, 0, 0},
	{"there already", {OPEN, EXAMINE, {SEARCH_LINE,
	    "* SEARCH 7\r\n4 OK x\r\n"},
	    {"5 UID FETCH", "* 1 FETCH (UID 7 RFC822.SIZE 9 BODY["
	    "HEADER.FIELDS (Message-ID References In-Reply-To)] {31}\r\n"
	    "message-id:\r\n <a@desk.test>\r\n\r\n)\r\n5 OK x\r\n"}}, NULL, 0,
	    1},
	/* Greeting. */
	{"greeting BYE", {{NULL, "* BYE zebra\r\n"}},
	    "archive: the server refused the connection", 0, 1},
	{"greeting of SMTP", {{NULL, "220 zebra\r\n"}}, NONE, 0, 1},
	{"greeting empty", {{NULL, "\r\n"}}, NONE, 0, 1},
	{"greeting closed", {{NULL, FAKE_CLOSE}}, LOST, 0, 1},
	{"greeting half", {{NULL, "* OK ze"}, {NULL, FAKE_CLOSE}}, LOST, 0, 1},
	{"greeting silent", {{NULL, FAKE_HANG}}, LATE, 1, 1},
	{"greeting huge", {{NULL, FAKE_HUGE}}, LOST, 0, 1},
	{"greeting endless", {{NULL, FAKE_ENDLESS}}, NONE, 0, 1},
	/* Login. */
	{"capabilities refused", {GREET, {"1 CAPABILITY", "1 NO zebra\r\n"}},
	    "archive: the server refused to tell what it can do", 0, 1},
	{"no login here", {GREET, {"1 CAPABILITY",
	    "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n1 OK x\r\n"}},
	    "archive: the server takes no password here", 0, 1},
	{"login NO", {GREET, ABLE, {LOGIN_LINE,
	    "2 NO [AUTHENTICATIONFAILED] zebra\r\n"}},
	    "archive: the server refused user or password", 0, 1},
	{"login BAD", {GREET, ABLE, {LOGIN_LINE, "2 BAD zebra\r\n"}}, BAD, 0,
	    1},
	{"login BYE", {GREET, ABLE, {LOGIN_LINE, "* BYE zebra\r\n"},
	    {NULL, FAKE_CLOSE}}, LOST, 0, 1},
	{"login closed", {GREET, ABLE, {LOGIN_LINE, FAKE_CLOSE}}, LOST, 0, 1},
	{"login silent", {GREET, ABLE, {LOGIN_LINE, FAKE_HANG}}, LATE, 1, 1},
	{"login of another", {GREET, ABLE, {LOGIN_LINE, "7 OK x\r\n"}}, BAD, 0,
	    1},
	/* Mailbox. */
	{"mailbox refused", {OPEN, {"3 EXAMINE", "3 NO zebra\r\n"},
	    {"4 CREATE", "4 NO [ALREADYEXISTS] zebra\r\n"}},
	    "archive: the server refused to make the mailbox", 0, 1},
	{"mailbox refused again", {OPEN, {"3 EXAMINE", "3 NO zebra\r\n"},
	    {"4 CREATE", "4 OK x\r\n"}, {"5 EXAMINE", "5 NO zebra\r\n"}},
	    "archive: the server refused the mailbox", 0, 1},
	{"mailbox nonsense", {OPEN, {"3 EXAMINE", "* zebra (\r\n3 O\r\n"}},
	    NONE, 0, 1},
	{"search NO", {OPEN, EXAMINE, {SEARCH_LINE, "4 NO zebra\r\n"}},
	    "archive: the server refused a search", 0, 1},
	{"search cut", {OPEN, EXAMINE, {SEARCH_LINE, "* SEARCH 1 2"},
	    {NULL, FAKE_CLOSE}}, LOST, 0, 1},
	{"search endless", {OPEN, EXAMINE, {SEARCH_LINE, FAKE_HUGE}}, LOST, 0,
	    1},
	{"look refused", {OPEN, EXAMINE, {SEARCH_LINE,
	    "* SEARCH 7\r\n4 OK x\r\n"}, {"5 UID FETCH", "5 NO zebra\r\n"}},
	    "archive: the server refused to show a mail", 0, 1},
	{"look endless literal", {OPEN, EXAMINE, {SEARCH_LINE,
	    "* SEARCH 7\r\n4 OK x\r\n"}, {"5 UID FETCH",
	    "* 1 FETCH (UID 7 BODY[] {4000000000}\r\n"}, {NULL, FAKE_CLOSE}},
	    LOST, 0, 1},
	{"close NO", {OPEN, EXAMINE, SEARCH, {"5 CLOSE", "5 NO zebra\r\n"}},
	    "archive: the server refused to close the mailbox", 0, 1},
	/* The mail. */
	{"literal refused, no mailbox", {READY,
	    {APPEND_LINE, "6 NO [TRYCREATE] zebra\r\n"}},
	    "archive: the server refused a mail", 0, 1},
	{"literal refused, too big", {READY,
	    {APPEND_LINE, "6 NO [TOOBIG] zebra\r\n"}},
	    "archive: the server refused a mail", 0, 1},
	{"literal BAD", {READY, {APPEND_LINE, "6 BAD zebra\r\n"}}, BAD, 0, 1},
	{"literal taken for done", {READY, {APPEND_LINE, "6 OK x\r\n"}},
	    "archive: the server refused a mail", 0, 1},
	{"literal BYE", {READY, {APPEND_LINE, "* BYE zebra\r\n"},
	    {NULL, FAKE_CLOSE}}, LOST, 0, 1},
	{"literal silent", {READY, {APPEND_LINE, FAKE_HANG}}, LATE, 1, 1},
	{"mail over quota", {READY, APPEND,
	    {FAKE_LITERAL, "6 NO [OVERQUOTA] zebra\r\n"}},
	    "archive: the server refused a mail", 0, 0},
	{"mail BAD", {READY, APPEND, {FAKE_LITERAL, "6 BAD zebra\r\n"}}, BAD,
	    0, 0},
	{"mail cut", {READY, {APPEND_LINE, "+ go\r\n"}, {NULL, FAKE_CLOSE}},
	    LOST, 0, 1},
	{"mail closed", {READY, APPEND, {FAKE_LITERAL, FAKE_CLOSE}}, LOST, 0,
	    0},
	{"mail half an answer", {READY, APPEND, {FAKE_LITERAL, "6 OK"},
	    {NULL, FAKE_CLOSE}}, LOST, 0, 0},
	{"mail silent", {READY, APPEND, {FAKE_LITERAL, FAKE_HANG}}, LATE, 1,
	    0},
	{"mail nonsense", {READY, APPEND, {FAKE_LITERAL, "zebra\r\n"},
	    {NULL, FAKE_CLOSE}}, NONE, 0, 0},
};

static void
row_judge(const struct row *row, gboolean ok, const GError *err)
{
	if (ok != (row->error == NULL))
		fail_msg("%s: %s", row->name, ok ? "ok" : err->message);
	if (ok)
		return;
	if (strcmp(err->message, row->error) != 0 ||
	    !error_is(err, ERROR_TEMP))
		fail_msg("%s: \"%s\"", row->name, err->message);
	if (strstr(err->message, "zebra") != NULL)
		fail_msg("%s: a server's words in an error", row->name);
}

static void
test_append(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		struct desk desk;
		gboolean ok;

		desk_start(&desk, rows[i].script, "none",
		    rows[i].is_quick ? QUICK_MS : PATIENT_MS);
		ok = desk_append(&desk, &err);
		archive_close(desk.archive);
		desk_stop(&desk);
		row_judge(&rows[i], ok, err);
		if (strcmp(fake_body(desk.fake),
		    rows[i].is_unsent ? "" : MAIL) != 0)
			fail_msg("%s: the server got \"%s\"", rows[i].name,
			    fake_body(desk.fake));
		desk_end(&desk);
	}
}

/* --- a connection that is kept -------------------------------------- */

#define AGAIN(n, m, k, l)                                                      \
	{n " EXAMINE", n " OK x\r\n"}, {m " UID SEARCH", m " OK x\r\n"},     \
	    {k " CLOSE", k " OK x\r\n"}, {l " APPEND", "+ go\r\n"}

static const struct kept {
	const char *name;
	struct fake_step script[24];
	const char *error; /* of the second mail */
	guint connections;
} kept[] = {
	{"goes on", {READY, APPEND, TAKEN, AGAIN("7", "8", "9", "10"),
	    {FAKE_LITERAL, "10 OK x\r\n"}}, NULL, 1},
	{"has ended, told", {READY, APPEND, TAKEN, {NULL, "* BYE idle\r\n"},
	    {NULL, FAKE_NEXT}, READY, APPEND, TAKEN}, NULL, 2},
	{"ends while we ask", {READY, APPEND, TAKEN, {"7 EXAMINE", FAKE_NEXT},
	    READY, APPEND, TAKEN}, NULL, 2},
	{"ends behind the mail", {READY, APPEND, TAKEN,
	    AGAIN("7", "8", "9", "10"), {FAKE_LITERAL, FAKE_NEXT},
	    OPEN, EXAMINE, {SEARCH_LINE, "* SEARCH 7\r\n4 OK x\r\n"},
	    {"5 UID FETCH", "* 1 FETCH (UID 7 BODY[HEADER.FIELDS (Message-ID "
	    "References In-Reply-To)] {29}\r\nMessage-ID: <a@desk.test>\r\n"
	    "\r\n)\r\n5 OK x\r\n"}}, NULL, 2},
	{"ends twice", {READY, APPEND, TAKEN, {"7 EXAMINE", FAKE_NEXT},
	    {NULL, FAKE_CLOSE}}, LOST, 2},
	{"falls silent", {READY, APPEND, TAKEN, {"7 EXAMINE", FAKE_HANG}},
	    LATE, 1},
	{"refuses", {READY, APPEND, TAKEN, {"7 EXAMINE", "7 NO x\r\n"},
	    {"8 CREATE", "8 NO x\r\n"}},
	    "archive: the server refused to make the mailbox", 1},
};

static void
test_kept(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
		g_autoptr(GError) err = NULL;
		struct desk desk;

		desk_start(&desk, kept[i].script, NULL,
		    kept[i].error != NULL ? QUICK_MS : PATIENT_MS);
		assert_true(desk_append(&desk, NULL));
		/* What the server says unasked has come by then. */
		g_usleep(20000);
		if (desk_append(&desk, &err) != (kept[i].error == NULL))
			fail_msg("%s: %s", kept[i].name,
			    err != NULL ? err->message : "ok");
		if (err != NULL)
			assert_string_equal(err->message, kept[i].error);
		desk_stop(&desk);
		assert_int_equal(fake_connections(desk.fake),
		    kept[i].connections);
		desk_end(&desk);
	}
}

/* --- TLS ------------------------------------------------------------ */

#define OFFER                                                                  \
	{"1 CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n"   \
	 "1 OK x\r\n"}
#define INSIDE                                                                 \
	{"3 CAPABILITY", "* CAPABILITY IMAP4rev1\r\n3 OK x\r\n"},            \
	{"4 LOGIN", "4 OK x\r\n"}, {"5 EXAMINE", "5 NO x\r\n"},              \
	{"6 CREATE", "6 NO x\r\n"}
#define INSIDE_ERROR "archive: the server refused to make the mailbox"

static const struct tls {
	const char *name;
	const char *tls;
	struct fake_step script[12];
	const char *error;
} tls[] = {
	{"STARTTLS", "require", {GREET, OFFER,
	    {"2 STARTTLS\r\n", "2 OK go\r\n"}, {NULL, FAKE_SECRET}, INSIDE},
	    INSIDE_ERROR},
	{"STARTTLS if offered", "may", {GREET, OFFER,
	    {"2 STARTTLS\r\n", "2 OK go\r\n"}, {NULL, FAKE_SECRET}, INSIDE},
	    INSIDE_ERROR},
	{"none offered", "may", {GREET, ABLE, LOGIN, {"3 EXAMINE",
	    "3 NO x\r\n"}, {"4 CREATE", "4 NO x\r\n"}}, INSIDE_ERROR},
	{"none offered, but required", "require", {GREET, ABLE},
	    "archive: TLS is required, but the server offers none"},
	{"let in before TLS", "require", {{NULL, "* PREAUTH x\r\n"}, OFFER},
	    "archive: TLS is required, but the server offers none"},
	{"STARTTLS refused", "require", {GREET, OFFER,
	    {"2 STARTTLS", "2 NO x\r\n"}},
	    "archive: the server refused TLS"},
	{"words before TLS", "require", {GREET, OFFER,
	    {"2 STARTTLS", "2 OK x\r\n* OK injected\r\n"}},
	    "archive: the server refused TLS"},
	{"imaps", "imaps", {{NULL, FAKE_SECRET}, GREET, ABLE, LOGIN,
	    {"3 EXAMINE", "3 NO x\r\n"}, {"4 CREATE", "4 NO x\r\n"}},
	    INSIDE_ERROR},
};

static void
test_tls(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(tls); i++) {
		g_autoptr(GError) err = NULL;
		struct desk desk;

		desk_start(&desk, tls[i].script, tls[i].tls, PATIENT_MS);
		assert_false(desk_append(&desk, &err));
		if (strcmp(err->message, tls[i].error) != 0)
			fail_msg("%s: %s", tls[i].name, err->message);
		desk_stop(&desk);
		desk_end(&desk);
	}
}

/* A certificate that nobody vouches for, or for another name: no password. */
static void
test_tls_stranger(void **state)
{
	static const struct fake_step script[] = {{NULL, FAKE_SECRET}, {0}};

	(void)state;
	for (int is_name = 0; is_name < 2; is_name++) {
		g_autoptr(GError) err = NULL;
		struct fake *fake = fake_start_inet(script);
		g_autofree char *url = g_strdup_printf(
		    "imaps://u@127.0.0.1:%u/A", fake_port(fake));
		struct archive_options options = {.url = url,
		    .password_file = "/nonexistent",
		    .tls_name = is_name ? "other.test" : "mail.test",
		    .tls_ca_file = is_name ? fake_cert_file(fake) : NULL,
		    .timeout_ms = PATIENT_MS};
		struct archive *archive = archive_new(&options, NULL);
		gboolean is_whole;

		assert_null(archive_thread(archive, "a@desk.test", &is_whole,
		    &err));
		assert_string_equal(err->message,
		    "archive: the mail server's certificate does not verify");
		archive_free(archive);
		fake_finish(fake);
		fake_free(fake);
	}
}

/* --- thread --------------------------------------------------------- */

#define FIELDS(id, refs, size)                                                 \
	"BODY[HEADER.FIELDS (Message-ID References In-Reply-To)] {" size       \
	"}\r\nMessage-ID: <" id ">\r\nReferences: " refs "\r\n\r\n)\r\n"
#define FIND_LINE                                                              \
	"4 UID SEARCH OR HEADER Message-ID \"<r@d>\" OR HEADER "               \
	"References \"<r@d>\" HEADER In-Reply-To \"<r@d>\"\r\n"
#define ONE(n, uid, text)                                                      \
	{n " UID FETCH " uid " (UID INTERNALDATE RFC822.SIZE BODY.PEEK[])",    \
	 "* 1 FETCH (UID " uid " RFC822.SIZE 6 BODY[] {6}\r\n" text "\r\n)"    \
	 "\r\n" n " OK x\r\n"}

static char *
thread_show(GPtrArray *mails, gboolean is_whole)
{
	GString *text = g_string_new(is_whole ? "whole" : "part");

	for (guint i = 0; i < mails->len; i++) {
		gsize len;
		const char *p = g_bytes_get_data(mails->pdata[i], &len);

		g_string_append_printf(text, " %.4s", len == 6 ? p : "?");
	}
	return g_string_free(text, FALSE);
}

static void
judge_thread(const struct fake_step *script, const char *wanted)
{
	g_autoptr(GError) err = NULL;
	struct desk desk;
	gboolean is_whole;
	g_autoptr(GPtrArray) mails = NULL;
	g_autofree char *shown = NULL;

	desk_start(&desk, script, "none", PATIENT_MS);
	mails = archive_thread(desk.archive, "r@d", &is_whole, &err);
	desk_stop(&desk);
	assert_ok(err);
	shown = thread_show(mails, is_whole);
	assert_string_equal(shown, wanted);
	desk_end(&desk);
}

/* What is too large, and all that is older, stays where it is. */
static void
test_thread_large(void **state)
{
	static const struct fake_step script[] = {OPEN, EXAMINE, {FIND_LINE,
	    "* SEARCH 6 7 8\r\n4 OK x\r\n"}, {"5 UID FETCH 6,7,8 (",
	    "* 1 FETCH (UID 6 RFC822.SIZE 6 " FIELDS("b@d", "<r@d>", "40")
	    "* 2 FETCH (UID 7 RFC822.SIZE 4000000000 "
	    FIELDS("e@d", "<r@d>", "40")
	    "* 3 FETCH (UID 8 RFC822.SIZE 6 " FIELDS("f@d", "<r@d>", "40")
	    "* 7 FETCH (FLAGS (\\Seen))\r\n5 OK x\r\n"},
	    ONE("6", "8", "last"), {0}};

	(void)state;
	judge_thread(script, "part last");
}

/* By date, one of each, none of another thread, none that has gone. */
static void
test_thread_order(void **state)
{
	static const struct fake_step script[] = {OPEN, EXAMINE, {FIND_LINE,
	    "* SEARCH 9 7 8\r\n* SEARCH 10 6\r\n4 OK x\r\n"},
	    {"5 UID FETCH 6,7,8,9,10 (",
	    "* 1 FETCH (UID 6 INTERNALDATE \"21-Sep-2026 14:13:20 +0200\" "
	    "RFC822.SIZE 6 " FIELDS("b@d", "<r@d>", "40")
	    "* 2 FETCH (UID 7 INTERNALDATE \"21-Sep-2026 12:13:19 +0000\" "
	    "RFC822.SIZE 6 " FIELDS("r@d", "<q@d>", "40")
	    "* 3 FETCH (UID 8 INTERNALDATE \"21-Sep-2026 12:13:21 +0000\" "
	    "RFC822.SIZE 6 " FIELDS("b@d", "<r@d>", "40")
	    "* 4 FETCH (UID 9 INTERNALDATE \"21-Sep-2026 12:13:18 +0000\" "
	    "RFC822.SIZE 6 " FIELDS("c@d", "<rr@d>", "41")
	    "* 5 FETCH (UID 10 INTERNALDATE \"21-Sep-2026 12:13:22 +0000\" "
	    "RFC822.SIZE 6 " FIELDS("e@d", "<r@d>", "40")
	    "5 OK x\r\n"}, ONE("6", "7", "root"), ONE("7", "6", "next"),
	    {"8 UID FETCH 10", "8 OK x\r\n"}, {0}};

	(void)state;
	judge_thread(script, "whole root next");
}

static void
test_mark(void **state)
{
	static const struct fake_step script[] = {OPEN,
	    {"3 SELECT A\r\n", "3 OK [READ-WRITE] x\r\n"},
	    {SEARCH_LINE, "* SEARCH 7\r\n4 OK x\r\n"}, {"5 UID FETCH",
	    "* 1 FETCH (UID 7 " FIELDS("a@desk.test", "<r@d>", "48")
	    "5 OK x\r\n"},
	    {"6 UID STORE 7 +FLAGS.SILENT (\\Answered)\r\n", "6 OK x\r\n"},
	    {"7 SELECT", "7 NO x\r\n"}, {0}};
	g_autoptr(GError) err = NULL;
	struct desk desk;

	(void)state;
	desk_start(&desk, script, "none", PATIENT_MS);
	assert_true(archive_mark(desk.archive, "a@desk.test",
	    ARCHIVE_ANSWERED, &err));
	assert_ok(err);
	assert_false(archive_mark(desk.archive, "a@desk.test",
	    ARCHIVE_ANSWERED, &err));
	assert_string_equal(err->message,
	    "archive: the server refused the mailbox");
	desk_stop(&desk);
	desk_end(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_tls_stranger),
		cmocka_unit_test(test_thread_large),
		cmocka_unit_test(test_thread_order),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
