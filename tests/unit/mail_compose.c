/* What goes out: the composers, read back with GMime. */
#include "mail/compose.h"
#include "mail/endline.h"
#include "mail/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gmime/gmime.h>

#include "base/banned.h"

int mail_compose_tests(void);

#define DATE G_GINT64_CONSTANT(1795321800) /* 2026-11-22 04:30:00 UTC */
#define CAP "support+k7f39q2y-0123456789abc@casino.example"

static const struct test_copy_headers {
	const char *names[12];
} copy_headers = {{"From", "To", "Reply-To", "Subject", "Date", "Message-ID",
    "In-Reply-To", "References", "X-Nymdesk", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding"}};

/* CRLF only, lines that no relay folds, no start that one would change. */
static void
check_lines(GBytes *mail)
{
	gsize len;
	const char *data = g_bytes_get_data(mail, &len);
	g_autofree char *text = g_strndup(data, len);
	g_auto(GStrv) lines = NULL;

	assert_int_equal(strlen(text), len);
	assert_true(g_str_has_suffix(text, "\r\n"));
	lines = g_strsplit(text, "\r\n", -1);
	for (char **l = lines; *l != NULL; l++) {
		assert_null(strpbrk(*l, "\r\n"));
		assert_true(strlen(*l) <= 78);
		assert_true((*l)[0] != '.');
		assert_false(g_str_has_prefix(*l, "From "));
		assert_false(g_str_has_suffix(*l, " "));
	}
}

static GMimeMessage *
parse_back(GBytes *mail)
{
	gsize len;
	const char *data = g_bytes_get_data(mail, &len);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(data, len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *msg = g_mime_parser_construct_message(parser, NULL);

	check_lines(mail);
	assert_non_null(msg);
	g_object_unref(parser);
	g_object_unref(stream);
	return msg;
}

/* Names of all header lines up to the empty line, in order, by commas. */
static char *
header_names(GBytes *mail)
{
	gsize len;
	const char *data = g_bytes_get_data(mail, &len);
	g_autofree char *text = g_strndup(data, len);
	g_auto(GStrv) lines = NULL;
	GString *out = g_string_new(NULL);

	*strstr(text, "\r\n\r\n") = '\0';
	lines = g_strsplit(text, "\r\n", -1);
	for (char **l = lines; *l != NULL; l++)
		if ((*l)[0] != ' ')
			g_string_append_printf(
			    out, "%.*s,", (int)strcspn(*l, ":"), *l);
	return g_string_free(out, FALSE);
}

static char *
copy_names(void)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(copy_headers.names); i++)
		g_string_append_printf(out, "%s,", copy_headers.names[i]);
	return g_string_free(out, FALSE);
}

static char *
part_text(GMimeObject *part)
{
	GMimeDataWrapper *data = g_mime_part_get_content(GMIME_PART(part));
	GMimeStream *mem = g_mime_stream_mem_new();
	GByteArray *bytes;
	GString *out = g_string_new(NULL);

	g_mime_data_wrapper_write_to_stream(data, mem);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
	for (guint i = 0; i < bytes->len; i++)
		if (bytes->data[i] != '\r')
			g_string_append_c(out, (char)bytes->data[i]);
	g_object_unref(mem);
	return g_string_free(out, FALSE);
}

static struct compose_copy
copy_make(const struct scrubbed *body)
{
	return (struct compose_copy){
	    .queue_address = "support@casino.example",
	    .agent_address = CAP,
	    .pseudonym = "amber-otter-41",
	    .number = "K7F3-9Q2Y",
	    .message_id = "k7f39q2y.0123456789abc.0123456789abc@casino.example",
	    .root_id = "k7f39q2y.root@casino.example",
	    .previous_id = "",
	    .date = DATE,
	    .queue = "support",
	    .category = "withdrawal",
	    .priority = 2,
	    .lang = "de",
	    .level = 1,
	    .due = DATE,
	    .flags = "",
	    .body = body,
	};
}

static void
test_copy_exact(void **state)
{
	const struct scrubbed body = {
	    (char *)"Frage", (char *)"Hallo\n\nWelt", (char *)"> alt", NULL, 0,
	    {0}, ""};
	const struct compose_copy copy = copy_make(&body);
	g_autoptr(GBytes) mail = compose_agent_copy(&copy);
	static const char want[] =
	    "From: amber-otter-41 <" CAP ">\r\n"
	    "To: support@casino.example\r\n"
	    "Reply-To: " CAP "\r\n"
	    "Subject: [K7F3-9Q2Y] Frage\r\n"
	    "Date: Sun, 22 Nov 2026 04:30:00 +0000\r\n"
	    "Message-ID: <k7f39q2y.0123456789abc.0123456789abc"
	    "@casino.example>\r\n"
	    "In-Reply-To: <k7f39q2y.root@casino.example>\r\n"
	    "References: <k7f39q2y.root@casino.example>\r\n"
	    "X-Nymdesk: queue=support; level=1; category=withdrawal; "
	    "priority=2; lang=de;\r\n due=2026-11-22T04:30:00Z; flags=-\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n"
	    "Hallo\r\n\r\nWelt\r\n\r\n[quoted text]\r\n> alt\r\n\r\n";
	g_autofree char *end =
	    endline_make("Hallo\n\nWelt\n\n[quoted text]\n> alt\n");
	g_autofree char *whole = g_strconcat(want, end, "\r\n", NULL);
	gsize len;
	const char *got = g_bytes_get_data(mail, &len);
	g_autofree char *text = g_strndup(got, len);

	(void)state;
	assert_string_equal(text, whole);
}

static GBytes *
octets_make(gsize len)
{
	guint8 *data = g_malloc(len);

	for (gsize i = 0; i < len; i++)
		data[i] = (guint8)(i * 7);
	return g_bytes_new_take(data, len);
}

/* Any length comes back as it was, in lines of 76. */
static void
test_octets_round_trip(void **state)
{
	static const char head[] = "Content-Type: image/png\r\nD: x\r\n"
				   "Content-Transfer-Encoding: base64\r\n\r\n";

	(void)state;
	for (gsize len = 0; len < 300; len++) {
		g_autoptr(GBytes) octets = octets_make(len);
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree guchar *back = NULL;
		g_auto(GStrv) lines = NULL;
		gsize got;

		writer_octets(out, octets, "image/png", "D: x\r\n");
		assert_true(g_str_has_prefix(out->str, head));
		assert_int_equal(out->len, strlen(out->str));
		lines = g_strsplit(out->str + sizeof head - 1, "\r\n", -1);
		for (guint i = 0; i + 2 < g_strv_length(lines); i++)
			assert_int_equal(strlen(lines[i]), 76);
		back = g_base64_decode(out->str + sizeof head - 1, &got);
		assert_int_equal(got, len);
		assert_memory_equal(back, g_bytes_get_data(octets, NULL), len);
	}
}

static void
check_part(GMimeMultipart *parts, int at, const char *type, const char *name)
{
	GMimeObject *part = g_mime_multipart_get_part(parts, at);
	g_autofree char *got = g_mime_content_type_get_mime_type(
	    g_mime_object_get_content_type(part));

	assert_string_equal(got, type);
	assert_string_equal(
	    g_mime_part_get_filename(GMIME_PART(part)), name);
	assert_int_equal(
	    g_mime_header_list_get_count(g_mime_object_get_header_list(part)),
	    3);
}

static void
test_copy_files(void **state)
{
	GPtrArray *files = g_ptr_array_new();
	g_autoptr(GBytes) octets = octets_make(1000);
	struct scrubbed_file jpeg = {.what = "a JPEG image",
	    .type = (char *)"image/jpeg",
	    .size = 186000};
	struct scrubbed_file text = {.fate = SCRUBBED_REDACTED,
	    .what = "a text",
	    .type = (char *)"text/plain",
	    .text = (char *)"--=_k7f39q2y.0123456789abc.0123456789abc\nend",
	    .size = 20};
	struct scrubbed_file pdf = {.fate = SCRUBBED_PASSED,
	    .what = "a PDF document",
	    .type = (char *)"application/pdf",
	    .octets = octets,
	    .size = 1000};
	struct scrubbed_file evil = {.fate = SCRUBBED_CLEANED,
	    .what = "a PNG image",
	    .type = (char *)"image/png\r\nX-Evil: y",
	    .octets = octets,
	    .size = 1048577};
	const struct scrubbed body = {
	    (char *)"Ä", (char *)"hi", (char *)"", files, 2, {0}, ""};
	struct compose_copy copy = copy_make(&body);
	g_autofree char *names = NULL;
	g_autofree char *want = copy_names();
	g_autofree char *first = NULL;
	g_autofree char *second = NULL;
	GMimeMessage *msg;
	GMimeMultipart *parts;

	(void)state;
	g_ptr_array_add(files, &jpeg);
	g_ptr_array_add(files, &text);
	g_ptr_array_add(files, &pdf);
	g_ptr_array_add(files, &evil);
	copy.is_placeholder = TRUE;
	copy.previous_id = "a@b";
	g_autoptr(GBytes) mail = compose_agent_copy(&copy);
	names = header_names(mail);
	assert_string_equal(names, want);
	msg = parse_back(mail);
	parts = GMIME_MULTIPART(g_mime_message_get_mime_part(msg));
	assert_int_equal(g_mime_multipart_get_count(parts), 4);
	check_part(parts, 1, "text/plain", "attachment-2.txt");
	check_part(parts, 2, "application/pdf", "attachment-3.pdf");
	check_part(parts, 3, "application/octet-stream", "attachment-4.bin");
	first = part_text(g_mime_multipart_get_part(parts, 0));
	second = part_text(g_mime_multipart_get_part(parts, 1));
	assert_non_null(strstr(first, "could not be read"));
	assert_non_null(strstr(first, "[attachment-1: a JPEG image, at most "
				      "256 KiB:\n withheld, as it may name"));
	assert_non_null(strstr(first, "[attachment-2: a text, at most 1 KiB:\n"
				      " attached as text with personal data "
				      "masked]"));
	assert_non_null(strstr(first, "[attachment-3: a PDF document, at most "
				      "1 KiB:\n attached unread"));
	assert_non_null(strstr(first, "[attachment-4: a PNG image, at most "
				      "2 MiB:\n attached, encoded anew"));
	assert_non_null(strstr(first, "[2 more attachments, withheld]"));
	assert_true(g_str_has_prefix(second, text.text));
	assert_string_equal(
	    g_mime_object_get_header(GMIME_OBJECT(msg), "In-Reply-To"),
	    "<a@b>");
	g_object_unref(msg);
	g_ptr_array_unref(files);
}

static void
test_copy_encrypted(void **state)
{
	const struct scrubbed body = {(char *)"x", (char *)"", NULL, NULL, 0, {0},
	    ""};
	struct compose_copy copy = copy_make(&body);
	g_autoptr(GBytes) told = NULL;
	g_autoptr(GBytes) untold = NULL;

	(void)state;
	copy.is_encrypted = copy.is_told = TRUE;
	told = compose_agent_copy(&copy);
	copy.is_told = FALSE;
	untold = compose_agent_copy(&copy);
	assert_non_null(g_strstr_len(g_bytes_get_data(told, NULL),
	    (gssize)g_bytes_get_size(told), "he is told\r\nhow to send it"));
	assert_non_null(g_strstr_len(g_bytes_get_data(untold, NULL),
	    (gssize)g_bytes_get_size(untold), "Nobody was told"));
}

static struct compose_player
player_make(const char *text)
{
	return (struct compose_player){
	    .role_name = "Casino Support",
	    .player_address = CAP,
	    .rcpt_addr = "max@post.example",
	    .subject = "Re: [K7F3-9Q2Y] Frage",
	    .message_id = "k7f39q2y.a.b@casino.example",
	    .in_reply_to = "orig@post.example",
	    .references = "<r1@x> r2@x\tbad (r3)@x <orig@post.example>",
	    .date = DATE,
	    .text = text,
	};
}

static void
test_player_headers(void **state)
{
	struct compose_player player = player_make("x");
	g_autoptr(GBytes) mail = compose_player_mail(&player);
	g_autofree char *names = header_names(mail);
	GMimeMessage *msg = parse_back(mail);
	g_autofree char *auto_names = NULL;

	(void)state;
	assert_string_equal(names,
	    "From,To,Subject,Date,Message-ID,"
	    "In-Reply-To,References,MIME-Version,Content-Type,"
	    "Content-Transfer-Encoding,");
	assert_string_equal(
	    g_mime_object_get_header(GMIME_OBJECT(msg), "References"),
	    "<r1@x> <r2@x> <orig@post.example>");
	g_object_unref(msg);
	player.is_auto = TRUE;
	player.in_reply_to = "";
	player.references = "no id here";
	g_autoptr(GBytes) notice = compose_player_mail(&player);
	auto_names = header_names(notice);
	assert_string_equal(auto_names,
	    "From,To,Subject,Date,Message-ID,"
	    "Auto-Submitted,MIME-Version,Content-Type,"
	    "Content-Transfer-Encoding,");
	player.rcpt_addr = "max@post.example\r\nBcc: e@x";
	assert_null(compose_player_mail(&player));
	player.rcpt_addr = "max@post.example";
	player.message_id = "a@b\r\nBcc: c@d.example";
	g_autoptr(GBytes) split = compose_player_mail(&player);
	assert_null(g_strstr_len(g_bytes_get_data(split, NULL), -1, "Bcc"));
}

static void
test_player_many_references(void **state)
{
	struct compose_player player = player_make("x");
	g_autoptr(GString) refs = g_string_new(NULL);
	g_autoptr(GString) want = g_string_new("<r0@x>");
	GMimeMessage *msg;

	(void)state;
	for (guint i = 0; i < 60; i++)
		g_string_append_printf(refs, "r%u@x ", i);
	for (guint i = 41; i < 60; i++)
		g_string_append_printf(want, " <r%u@x>", i);
	player.references = refs->str;
	g_autoptr(GBytes) mail = compose_player_mail(&player);
	msg = parse_back(mail);
	assert_string_equal(
	    g_mime_object_get_header(GMIME_OBJECT(msg), "References"),
	    want->str);
	g_object_unref(msg);
}

static void
test_ids(void **state)
{
	static const char *const bad[] = {"", " ", "a", "@b", "a@", "<>",
	    "a\x01@b", "a\x7f@b", "a(c)@b", "a\"@b", "a\\@b", "a,b@c", "a;b@c",
	    "ä@b"};
	g_autofree char *x = g_strnfill(WRITER_ID_MAX, 'x');
	g_autofree char *too_long = g_strconcat(x, "@b", NULL);
	g_autoptr(GString) out = g_string_new(NULL);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_false(writer_ids(out, "X", bad[i], 1));
	assert_false(writer_ids(out, "X", too_long, 1));
	assert_false(writer_ids(out, "X", NULL, 1));
	assert_string_equal(out->str, "");
	assert_true(writer_ids(
	    out, "X", "<a.b=c+d@[1.2]><a.b=c+d@[1.2]> a.b=c+d@[1.2]", 9));
	assert_string_equal(out->str, "X: <a.b=c+d@[1.2]>\r\n");
}

static void
test_player_utf8_addr(void **state)
{
	struct compose_player player = player_make("x");

	(void)state;
	player.rcpt_addr = "μαξ@παράδειγμα.example";
	g_autoptr(GBytes) mail = compose_player_mail(&player);
	assert_non_null(g_strstr_len(g_bytes_get_data(mail, NULL),
	    (gssize)g_bytes_get_size(mail), "To: μαξ@παράδειγμα.example\r\n"));
}

/* Texts come back as they were, in lines that any relay leaves alone. */
static void
test_text_round_trip(void **state)
{
	static const char *const units[] = {"plain ", "ä", "=", ".", "\n",
	    "From ", "--", " ", "\t", "--=_k7f39q2y", "👍", "\n.\n", "x y ",
	    "Ελλάδα ", "\n\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	GRand *rand = g_rand_new_with_seed(11);

	(void)state;
	for (guint round = 0; round < 1000; round++) {
		g_autoptr(GString) text = g_string_new(NULL);
		struct compose_player player = player_make("");
		g_autofree char *got = NULL;
		GMimeMessage *msg;

		for (gint i = g_rand_int_range(rand, 0, 40); i >= 0; i--)
			g_string_append(
			    text, units[g_rand_int_range(
				      rand, 0, (gint32)G_N_ELEMENTS(units))]);
		player.text = text->str;
		g_autoptr(GBytes) mail = compose_player_mail(&player);
		msg = parse_back(mail);
		got = part_text(g_mime_message_get_mime_part(msg));
		g_strchomp(text->str);
		while (g_str_has_suffix(got, "\n"))
			got[strlen(got) - 1] = '\0';
		assert_true(g_str_has_prefix(got, text->str));
		assert_true(strspn(got + strlen(text->str), " \t\n") ==
			    strlen(got) - strlen(text->str));
		g_object_unref(msg);
	}
	g_rand_free(rand);
}

static void
test_subject_round_trip(void **state)
{
	static const char *const subjects[] = {
	    "Ανάληψη από το καζίνο, "
	    "δεύτερη φορά, παρακαλώ απαντήστε γρήγορα επειδή περιμένω",
	    "plain words that are long enough to need at least one fold "
	    "somewhere in the middle of this line",
	    "=?utf-8?Q?a?= b", "[K7F3-9Q2Y] Grüße und mehr",
	    "提现 提现 提现 提现 提现 提现 提现 提现",
	    "wooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo"
	    "ooooooooooooooooooooooooooooooooooooooooooooooooooooooord x"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++) {
		struct compose_player player = player_make("x");
		GMimeMessage *msg;

		player.subject = subjects[i];
		g_autoptr(GBytes) mail = compose_player_mail(&player);
		msg = parse_back(mail);
		assert_string_equal(
		    g_mime_message_get_subject(msg), subjects[i]);
		g_object_unref(msg);
	}
}

/* Every value, every trick: the header set stays what it is. */
static void
test_injection(void **state)
{
	static const char *const tricks[] = {"\r\nBcc: e@x", "\nBcc: e@x",
	    "\rBcc: e@x", "\r\n\r\nbody", "a\r\n b\r\nX: y",
	    "=?utf-8?Q?a=0D=0ABcc:_e?=",
	    "\xe2\x80\xa8"
	    "Bcc: e@x",
	    "\xc2\x85"
	    "Bcc: e@x",
	    "a\x0b"
	    "Bcc: b",
	    "\xff\xfe\r\nB: c", "\"<e@x>\r\nBcc: x", "a\\\"\r\n\\",
	    "x; boundary=\"a\"\r\nX: y", "\x1b[2J\r\nX: y",
	    "--=_k7f39q2y\r\nX: y", ",;:<>()[]@\r\n",
	    "\xe2\x80\xae"
	    "txt\r\nX: y",
	    ":\r\n:", " \r\n \r\n", "%s%n"};
	g_autofree char *want = copy_names();

	(void)state;
	for (gsize i = 0; i < 2 * G_N_ELEMENTS(tricks); i++) {
		g_autofree char *value = g_strconcat(i % 2 ? "word " : "",
		    tricks[i / 2], i % 2 ? " tail é" : "", NULL);
		const struct scrubbed body = {value, value, value, NULL, 0,
		    {0}, ""};
		struct compose_copy copy = copy_make(&body);
		g_autofree char *names = NULL;

		copy.pseudonym = copy.number = copy.queue = value;
		copy.category = copy.lang = copy.flags = value;
		copy.previous_id = value;
		g_autoptr(GBytes) mail = compose_agent_copy(&copy);
		assert_non_null(mail);
		names = header_names(mail);
		assert_string_equal(names, want);
		g_object_unref(parse_back(mail));
	}
}

static void
test_notice(void **state)
{
	const struct compose_notice notice = {
	    .role_name = "Casino Support",
	    .queue_address = "support@casino.example",
	    .agent_addr = "ottilie@casino.example",
	    .number = "K7F3-9Q2Y",
	    .message_id = "k7f39q2y.a.b@casino.example",
	    .in_reply_to = "x@y",
	    .root_id = "k7f39q2y.root@casino.example",
	    .date = DATE,
	    .why = "the first line looks like a command; nothing was sent",
	};
	g_autoptr(GBytes) mail = compose_agent_notice(&notice);
	g_autofree char *names = header_names(mail);
	GMimeMessage *msg = parse_back(mail);
	g_autofree char *text = part_text(g_mime_message_get_mime_part(msg));

	(void)state;
	assert_string_equal(names,
	    "From,To,Subject,Date,Message-ID,"
	    "In-Reply-To,References,Auto-Submitted,MIME-Version,Content-Type,"
	    "Content-Transfer-Encoding,");
	assert_string_equal(
	    g_mime_message_get_subject(msg), "Not sent: [K7F3-9Q2Y]");
	assert_string_equal(
	    g_mime_object_get_header(GMIME_OBJECT(msg), "Auto-Submitted"),
	    "auto-generated");
	assert_non_null(strstr(text, "Why: the first line"));
	assert_non_null(strstr(text, "What to do: "));
	g_object_unref(msg);
}

static void
test_notice_first_line(void **state)
{
	static const struct {
		const char *number;
		const char *what; /* "": some of an agent's mail was sent */
		const char *subject;
		const char *line;
	} rows[] = {
	    {"K7F3-9Q2Y", NULL, "Not sent: [K7F3-9Q2Y]",
		"Your answer to [K7F3-9Q2Y] was not sent to the player, and "
		"nothing was done.\n"},
	    {"K7F3-9Q2Y", "", "Not all done: [K7F3-9Q2Y]",
		"Not all of your mail to [K7F3-9Q2Y] was sent and done.\n"},
	    {"", NULL, "Not sent: your mail",
		"Your mail was not sent to the player.\n"},
	    {"K7F3-9Q2Y", "The answer", "Undelivered: [K7F3-9Q2Y]",
		"The answer of [K7F3-9Q2Y] did not reach the player.\n"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gboolean is_partly = g_strcmp0(rows[i].what, "") == 0;
		const struct compose_notice notice = {
		    .role_name = "Casino Support",
		    .queue_address = "support@casino.example",
		    .agent_addr = "ottilie@casino.example",
		    .number = rows[i].number,
		    .message_id = "k7f39q2y.a.b@casino.example",
		    .date = DATE,
		    .what = is_partly ? NULL : rows[i].what,
		    .is_partly = is_partly,
		    .why = "x",
		};
		g_autoptr(GBytes) mail = compose_agent_notice(&notice);
		GMimeMessage *msg = parse_back(mail);
		g_autofree char *text =
		    part_text(g_mime_message_get_mime_part(msg));

		assert_string_equal(
		    g_mime_message_get_subject(msg), rows[i].subject);
		assert_true(g_str_has_prefix(text, rows[i].line));
		g_object_unref(msg);
	}
}

/* Quoted-printable octet by octet (RFC 2045 6.7), with our two escapes at the
 * start of a line more. */
static void
qp_append_slowly(GString *out, const char *line, gsize len)
{
	gsize col = 0;

	for (gsize i = 0; i < len; i++)
		for (;;) {
			guchar c = (guchar)line[i];
			gboolean odd = c == '=' || c >= 0x7f ||
			    ((c == ' ' || c == '\t') && i + 1 == len) ||
			    (c < 0x20 && c != '\t') ||
			    (col == 0 && (c == '.' ||
				strncmp(line + i, "From ", 5) == 0));

			if (col + (odd ? 3 : 1) > 75) {
				g_string_append(out, "=\r\n");
				col = 0;
				continue;
			}
			g_string_append_printf(out, odd ? "=%02X" : "%c", c);
			col += odd ? 3 : 1;
			break;
		}
}

static void
test_quoted_printable(void **state)
{
	static const char *const pieces[] = {"a", "word", ".", "From ", "=",
	    " ", "\t", "ä", "漢", "0123456789012345678901234567890123456789"};
	g_autoptr(GRand) rand = g_rand_new_with_seed(6);

	(void)state;
	for (guint round = 0; round < 2000; round++) {
		g_autoptr(GString) line = g_string_new(NULL);
		g_autoptr(GString) fast = g_string_new(NULL);
		g_autoptr(GString) slow = g_string_new("=C3=A4\r\n");
		g_autofree char *text = NULL;

		for (gint n = g_rand_int_range(rand, 0, 40); n > 0; n--)
			g_string_append(line, pieces[g_rand_int_range(rand, 0,
			    G_N_ELEMENTS(pieces))]);
		text = g_strconcat("ä\n", line->str, "\n", NULL);
		writer_part(fast, text, "");
		qp_append_slowly(slow, line->str, line->len);
		g_string_append(slow, "\r\n");
		assert_string_equal(strstr(fast->str, "\r\n\r\n") + 4,
		    slow->str);
	}
}

int
mail_compose_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_copy_exact),
	    cmocka_unit_test(test_copy_files),
	    cmocka_unit_test(test_copy_encrypted),
	    cmocka_unit_test(test_octets_round_trip),
	    cmocka_unit_test(test_player_headers),
	    cmocka_unit_test(test_player_many_references),
	    cmocka_unit_test(test_ids),
	    cmocka_unit_test(test_player_utf8_addr),
	    cmocka_unit_test(test_quoted_printable),
	    cmocka_unit_test(test_text_round_trip),
	    cmocka_unit_test(test_subject_round_trip),
	    cmocka_unit_test(test_injection),
	    cmocka_unit_test(test_notice),
	    cmocka_unit_test(test_notice_first_line),
	};
	int failed;

	g_mime_init();
	failed = cmocka_run_group_tests_name("mail_compose", tests, NULL, NULL);
	g_mime_shutdown();
	return failed;
}
