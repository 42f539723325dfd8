#include "outbound_desk.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"

#include "base/banned.h"

/* --- what is sent --------------------------------------------------- */

static void
test_parameters(void **state)
{
	static const struct {
		const char *sender;
		const char *content;
		const char *mail;
	} table[] = {
		{"", "A: b\r\n\r\n",
		    "MAIL FROM:<> SIZE=8\r\n"},
		{"s@x.test", "A: b\r\n\r\n\xc3\xa4\r\n",
		    "MAIL FROM:<s@x.test> SIZE=12 BODY=8BITMIME\r\n"},
		{"\xc3\xa4@x.test", "A: b\r\n\r\n",
		    "MAIL FROM:<\xc3\xa4@x.test> SIZE=8 SMTPUTF8\r\n"},
		{"\"a b\"@x.test", "A: b\r\n\r\n",
		    "MAIL FROM:<\"a b\"@x.test> SIZE=8\r\n"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		const struct fake_step script[] = {HELLO,
		    {table[i].mail, "250 ok\r\n"}, {"RCPT", "250 ok\r\n"},
		    {"RCPT", "250 ok\r\n"}, {"DATA\r\n", "354 go\r\n"},
		    {FAKE_BODY, "250 ok\r\n"}, {NULL, NULL}};
		struct fake *fake = fake_start(script);
		struct desk desk;

		desk_init(&desk, fake_server(fake), PATIENT_MS);
		g_bytes_unref(desk.mail.content);
		desk.mail.content = g_bytes_new_static(table[i].content,
		    strlen(table[i].content));
		desk.mail.sender_addr = table[i].sender;
		assert_true(desk_send(&desk, NULL));
		desk_done(&desk);
		fake_finish(fake);
		fake_free(fake);
	}
}

/* Octet for octet: dots are stuffed, nothing is added, whatever stands at
 * the end. */
static void
test_body(void **state)
{
	g_autofree char *line = g_strnfill(998, '.');
	g_autoptr(GString) big = g_string_new("A: b\r\n\r\n");
	g_autoptr(GString) big_sent = g_string_new("A: b\r\n\r\n");
	const char *table[][2] = {
		{desk_content, desk_content_sent},
		{"A: b\r\n\r\nno line end", "A: b\r\n\r\nno line end\r\n.\r\n"},
		{"A: b\r\n\r\n\r\n\r\n", "A: b\r\n\r\n\r\n\r\n.\r\n"},
		{"A: b\r\n\r\n.", "A: b\r\n\r\n..\r\n.\r\n"},
		{".\r\n\r\n", "..\r\n\r\n.\r\n"},
		{"A: b\r\n\r\n.\rx\n.\r\n", "A: b\r\n\r\n..\r\nx\r\n..\r\n.\r\n"},
		{NULL, NULL},
	};

	(void)state;
	for (guint i = 0; i < 300; i++) {
		g_string_append_printf(big, "%s\r\n", line);
		g_string_append_printf(big_sent, ".%s\r\n", line);
	}
	g_string_append(big_sent, ".\r\n");
	table[6][0] = big->str;
	table[6][1] = big_sent->str;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		static const struct fake_step script[] = {HELLO, OK_MAIL,
		    {NULL, NULL}};
		struct fake *fake = fake_start(script);
		struct desk desk;

		desk_init(&desk, fake_server(fake), PATIENT_MS);
		g_bytes_unref(desk.mail.content);
		desk.mail.content = g_bytes_new_static(table[i][0],
		    strlen(table[i][0]));
		assert_true(desk_send(&desk, NULL));
		desk_done(&desk);
		fake_finish(fake);
		assert_string_equal(fake_body(fake), table[i][1]);
		fake_free(fake);
	}
}

static void
test_bad_addresses(void **state)
{
	static const struct {
		const char *sender;
		const char *a;
		const char *b;
		const char *results;
	} table[] = {
		{"s@x>\r\nRCPT TO:<v@x.test", "a@x.test", "b@y.test",
		    "553 5.1.7, 553 5.1.7"},
		{"", "a@x>\r\nRCPT TO:<v@x.test", "b y@y.test",
		    "553 5.1.3, 553 5.1.3"},
		{"", "", "b\n@y.test", "553 5.1.3, 553 5.1.3"},
		{"", "\xc3\xa4@x.test", "b@y.test", "553 5.6.7, 553 5.6.7"},
		{"\xc3\xa4@x.test", "nobody", "b@y.test",
		    "553 5.1.3, 553 5.6.7"},
	};
	static const struct fake_step script[] = {HELLO_BARE, {NULL, NULL}};
	static const struct fake_step one_good[] = {HELLO,
	    {"MAIL FROM:<s@desk.test>", "250 ok\r\n"},
	    {"RCPT TO:<b@y.test>\r\n", "250 ok\r\n"},
	    {"DATA\r\n", "354 go\r\n"}, {FAKE_BODY, "250 2.0.0 ok\r\n"},
	    {NULL, NULL}};
	g_autofree char *got = NULL;
	struct fake *fake;
	struct desk desk;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *show = NULL;

		fake = fake_start(script);
		desk_init(&desk, fake_server(fake), PATIENT_MS);
		desk.mail.sender_addr = table[i].sender;
		desk.mail.rcpt_addrs->pdata[0] = (gpointer)table[i].a;
		desk.mail.rcpt_addrs->pdata[1] = (gpointer)table[i].b;
		assert_true(desk_send(&desk, NULL));
		show = desk_show_results(&desk);
		assert_string_equal(show, table[i].results);
		desk_done(&desk);
		fake_finish(fake);
		fake_free(fake);
	}
	fake = fake_start(one_good);
	desk_init(&desk, fake_server(fake), PATIENT_MS);
	desk.mail.rcpt_addrs->pdata[0] = (gpointer)"<a@x.test>";
	assert_true(desk_send(&desk, NULL));
	got = desk_show_results(&desk);
	assert_string_equal(got, "553 5.1.3, 250 2.0.0");
	desk_done(&desk);
	fake_finish(fake);
	fake_free(fake);
}

static void
test_many_recipients(void **state)
{
	GArray *script = g_array_new(TRUE, TRUE, sizeof(struct fake_step));
	const struct fake_step head[] = {HELLO, {"MAIL", "250 ok\r\n"}};
	const struct fake_step rcpt[] = {{"RCPT", "250 2.1.5 ok\r\n"},
	    {"RCPT", "550 5.1.1 no\r\n"}};
	const struct fake_step tail[] = {{"DATA\r\n", "354 go\r\n"},
	    {FAKE_BODY, "250 2.0.0 ok\r\n"}};
	g_autofree char *local = g_strnfill(64, 'l');
	g_autofree char *addr = g_strconcat(local, "@x.test", NULL);
	struct fake *fake;
	struct desk desk;

	(void)state;
	g_array_append_vals(script, head, G_N_ELEMENTS(head));
	for (guint i = 0; i < 1000; i++)
		g_array_append_vals(script, rcpt, 2);
	g_array_append_vals(script, tail, 2);
	fake = fake_start((const struct fake_step *)(void *)script->data);
	desk_init(&desk, fake_server(fake), PATIENT_MS);
	g_ptr_array_set_size(desk.mail.rcpt_addrs, 0);
	for (guint i = 0; i < 2000; i++)
		g_ptr_array_add(desk.mail.rcpt_addrs, addr);
	assert_true(desk_send(&desk, NULL));
	for (guint i = 0; i < 2000; i++)
		assert_int_equal(g_array_index(desk.results,
		    struct smtp_result, i).code, i % 2 == 0 ? 250 : 550);
	desk_done(&desk);
	fake_finish(fake);
	fake_free(fake);
	g_array_unref(script);
}

/* --- kept connections ----------------------------------------------- */

static void
wait_for_noise(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, PATIENT_MS), 1);
}

static void
test_kept(void **state)
{
	static const struct {
		const char *name;
		struct fake_step script[24];
		gboolean ok; /* of the second mail */
		guint bodies;
		guint connections;
		gboolean is_quick;
		gboolean is_noisy; /* the server speaks between the mails */
	} table[] = {
		{"used again", {HELLO, OK_MAIL, OK_MAIL}, TRUE, 2, 1, FALSE, FALSE},
		{"closed between", {HELLO, OK_MAIL, {NULL, FAKE_WAIT},
		    {NULL, FAKE_NEXT}, HELLO, OK_MAIL}, TRUE, 2, 2, FALSE, TRUE},
		{"farewell between", {HELLO, OK_MAIL, {NULL, FAKE_WAIT},
		    {NULL, "421 4.4.2 idle\r\n"}, {NULL, FAKE_NEXT}, HELLO,
		    OK_MAIL}, TRUE, 2, 2, FALSE, TRUE},
		/* Taken for the reply to MAIL it would refuse the mail. */
		{"chatter with the reply", {HELLO_BARE, OK_ENVELOPE,
		    {FAKE_BODY, "250 ok\r\n550 5.0.0 more\r\n"},
		    {NULL, FAKE_HANG}, {NULL, FAKE_NEXT}, HELLO_BARE, OK_MAIL}, TRUE, 2, 2,
		    FALSE, FALSE},
		{"chatter behind the reply", {HELLO_BARE, OK_MAIL,
		    {NULL, FAKE_WAIT}, {NULL, "550 5.0.0 more\r\n"},
		    {NULL, FAKE_HANG}, {NULL, FAKE_NEXT}, HELLO_BARE, OK_MAIL}, TRUE, 2, 2, FALSE, TRUE},
		{"closed at MAIL", {HELLO, OK_MAIL, {"MAIL", FAKE_NEXT},
		    HELLO, OK_MAIL}, TRUE, 2, 2, FALSE, FALSE},
		{"421 at MAIL", {HELLO, OK_MAIL, {"MAIL", "421 4.7.0 no\r\n"},
		    {NULL, FAKE_NEXT}, HELLO, OK_MAIL}, TRUE, 2, 2, FALSE, FALSE},
		{"421 at DATA", {HELLO, OK_MAIL, ENVELOPE("250 ok\r\n",
		    "250 ok\r\n", "250 ok\r\n", "421 4.7.0 no\r\n"),
		    {NULL, FAKE_NEXT}, HELLO, OK_MAIL}, TRUE, 2, 2, FALSE, FALSE},
		{"closed twice", {HELLO, OK_MAIL, {"MAIL", FAKE_NEXT}, HELLO,
		    {"MAIL", FAKE_CLOSE}}, FALSE, 1, 2, FALSE, FALSE},
		{"late", {HELLO, OK_MAIL, {"MAIL", FAKE_HANG}}, FALSE, 1, 1,
		    TRUE, FALSE},
		{"closed behind 354", {HELLO, OK_MAIL, OK_ENVELOPE,
		    {NULL, FAKE_CLOSE}}, FALSE, 2, 1, FALSE, FALSE},
		{"closed behind the body", {HELLO, OK_MAIL, OK_ENVELOPE,
		    {FAKE_BODY, FAKE_CLOSE}}, FALSE, 2, 1, FALSE, FALSE},
		{"used after a refusal", {HELLO, ENVELOPE("250 ok\r\n",
		    "250 ok\r\n", "250 ok\r\n", "450 4.3.0 no\r\n"),
		    {"RSET", "250 ok\r\n"}, OK_MAIL}, TRUE, 1, 1, FALSE, FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct fake *fake = fake_start(table[i].script);
		g_autofree char *got = NULL;
		struct desk desk;

		print_message("%s\n", table[i].name);
		desk_init(&desk, fake_server(fake),
		    table[i].is_quick ? QUICK_MS : PATIENT_MS);
		assert_true(desk_send(&desk, NULL));
		assert_true(smtp_fd(desk.smtp) >= 0);
		if (table[i].is_noisy) {
			fake_go(fake);
			wait_for_noise(smtp_fd(desk.smtp));
		}
		assert_int_equal(desk_send(&desk, NULL), table[i].ok);
		got = desk_show_results(&desk);
		assert_string_equal(got, table[i].ok ? "250 2.0.0, 250 2.0.0"
						     : "0, 0");
		assert_int_equal(desk.bodies, table[i].bodies);
		desk_done(&desk);
		fake_finish(fake);
		assert_int_equal(fake_connections(fake),
		    table[i].connections);
		fake_free(fake);
	}
}

/* When before_body() is called the server is waiting and has nothing yet. */
static void
test_before_body(void **state)
{
	static const struct fake_step script[] = {HELLO, OK_ENVELOPE,
	    {NULL, NULL}};
	struct fake *fake = fake_start(script);
	g_autoptr(GError) err = NULL;
	struct desk desk;

	(void)state;
	desk_init(&desk, fake_server(fake), PATIENT_MS);
	desk.hang_up = TRUE;
	assert_false(desk_send(&desk, &err));
	assert_true(error_is(err, ERROR_TEMP));
	assert_int_equal(desk.bodies, 1);
	assert_int_equal(smtp_fd(desk.smtp), -1);
	desk_done(&desk);
	fake_finish(fake);
	assert_string_equal(fake_body(fake), "");
	fake_free(fake);
}

/* --- TLS and AUTH --------------------------------------------------- */

#define TLS_HELLO HELLO, {"STARTTLS\r\n", FAKE_TLS}, {"EHLO", FULL}

static void
test_tls(void **state)
{
	static const struct {
		const char *name;
		struct fake_step script[20];
		const char *tls;
		const char *tls_name;
		gboolean is_trusted; /* the CA file is the server's own */
		const char *error;   /* NULL: both mails are sent */
		gboolean is_tls;
	} table[] = {
		{"none", {HELLO, OK_MAIL, OK_MAIL}, "none", NULL, FALSE,
		    NULL, FALSE},
		{"may", {TLS_HELLO, OK_MAIL, OK_MAIL}, "may", NULL, FALSE,
		    NULL, TRUE},
		{"may, not offered", {HELLO_BARE, OK_MAIL, OK_MAIL}, "may",
		    NULL, FALSE, NULL, FALSE},
		{"may, refused", {HELLO, {"STARTTLS", "454 4.7.0 no\r\n"}},
		    "may", NULL, FALSE, "refused the session", FALSE},
		{"require", {TLS_HELLO, OK_MAIL, OK_MAIL}, "require",
		    "mail.test", TRUE, NULL, TRUE},
		{"require, other name", {HELLO, {"STARTTLS\r\n", FAKE_TLS}},
		    "require", "mail.example", TRUE, "does not verify",
		    FALSE},
		{"require, not trusted", {HELLO, {"STARTTLS\r\n", FAKE_TLS}},
		    "require", "mail.test", FALSE, "does not verify", FALSE},
		{"require, not offered", {HELLO_BARE}, "require", "mail.test",
		    TRUE, "offers none", FALSE},
		{"require, no name", {HELLO, {"STARTTLS\r\n", "220 go\r\n"}},
		    "require", NULL, TRUE, "no name", FALSE},
		{"injected", {HELLO, {"STARTTLS\r\n",
		    "220 go\r\n250 mine\r\n"}}, "may", NULL, FALSE,
		    "between", FALSE},
		{"no TLS behind 220", {HELLO, {"STARTTLS\r\n", "220 go\r\n"},
		    {NULL, FAKE_CLOSE}}, "may", NULL, FALSE, "handshake",
		    FALSE},
		{"unknown word", {HELLO}, "maybe", NULL, FALSE,
		    "none, may or require", FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct fake *fake = fake_start(table[i].script);
		g_autoptr(GError) err = NULL;
		struct desk desk;
		gboolean ok;

		desk_init(&desk, fake_server(fake), PATIENT_MS);
		desk.options.tls = table[i].tls;
		desk.options.tls_name = table[i].tls_name;
		if (table[i].is_trusted &&
		    g_file_test(fake_cert_file(fake), G_FILE_TEST_EXISTS))
			desk.options.tls_ca_file = fake_cert_file(fake);
		ok = desk_send(&desk, &err) && desk_send(&desk, &err);
		print_message("%s: %s\n", table[i].name,
		    ok ? "sent" : err->message);
		assert_int_equal(ok, table[i].error == NULL);
		assert_true(ok || strstr(err->message, table[i].error));
		assert_int_equal(smtp_is_tls(desk.smtp), table[i].is_tls);
		desk_done(&desk);
		fake_finish(fake);
		assert_int_equal(fake_connections(fake), 1);
		if (ok)
			assert_string_equal(fake_body(fake), desk_content_sent);
		fake_free(fake);
	}
}

static void
test_unusable_store(void **state)
{
	static const struct fake_step script[] = {HELLO,
	    {"STARTTLS\r\n", "220 go\r\n"}, {NULL, NULL}};
	struct fake *fake = fake_start(script);
	g_autoptr(GError) err = NULL;
	struct desk desk;

	(void)state;
	desk_init(&desk, fake_server(fake), PATIENT_MS);
	desk.options.tls = "require";
	desk.options.tls_name = "mail.test";
	desk.options.tls_ca_file = "/nonexistent";
	assert_false(desk_send(&desk, &err));
	assert_true(error_is(err, ERROR_PERM));
	desk_done(&desk);
	fake_finish(fake);
	fake_free(fake);
}

static void
test_auth(void **state)
{
	static const struct {
		struct fake_step script[12];
		const char *password; /* the file's content */
		const char *error;
	} table[] = {
		{{HELLO, {"AUTH PLAIN AHVzZXIAcGFzcw==\r\n",
		    "235 2.7.0 ok\r\n"}, OK_MAIL}, "pass\n", NULL},
		{{HELLO, {"AUTH PLAIN AHVzZXIAcGFzcw==\r\n",
		    "235 2.7.0 ok\r\n"}, OK_MAIL}, "pass", NULL},
		{{TLS_HELLO, {"AUTH PLAIN AHVzZXIAcGFzcw==\r\n",
		    "235 2.7.0 ok\r\n"}, OK_MAIL}, "pass\r\nmore\n", NULL},
		{{HELLO, {"AUTH PLAIN", "535 5.7.8 no\r\n"}}, "x\n",
		    "refused user"},
		{{HELLO, {"AUTH PLAIN", "334 \r\n"}}, "x\n", "refused user"},
		{{HELLO, {"AUTH PLAIN", FAKE_CLOSE}}, "x\n", "lost"},
		{{HELLO_BARE}, "x\n", "offers no AUTH"},
		{{HELLO}, "", "password file"},
		{{HELLO}, NULL, "password file"},
	};
	g_autofree char *dir = g_dir_make_tmp("nd-auth-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "password", NULL);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct fake *fake = fake_start(table[i].script);
		g_autoptr(GError) err = NULL;
		struct desk desk;
		gboolean ok;

		(void)g_unlink(path);
		if (table[i].password != NULL)
			assert_true(g_file_set_contents(path,
			    table[i].password, -1, NULL));
		desk_init(&desk, fake_server(fake), PATIENT_MS);
		desk.options.user = "user";
		desk.options.password_file = path;
		desk.options.tls = i == 2 ? "may" : "none";
		ok = desk_send(&desk, &err);
		print_message("row %zu: %s\n", i, ok ? "sent" : err->message);
		assert_int_equal(ok, table[i].error == NULL);
		assert_true(ok || strstr(err->message, table[i].error));
		assert_true(ok || error_is(err, ERROR_TEMP));
		desk_done(&desk);
		fake_finish(fake);
		fake_free(fake);
	}
	(void)g_unlink(path);
	assert_int_equal(g_rmdir(dir), 0);
}

/* --- servers that are none ------------------------------------------ */

static void
test_bad_server(void **state)
{
	static const struct {
		const char *server;
		enum error_kind kind;
	} table[] = {
		{"", ERROR_PERM},
		{"127.0.0.1:25", ERROR_PERM},
		{"inet:", ERROR_PERM},
		{"inet::25", ERROR_PERM},
		{"inet:127.0.0.1:", ERROR_PERM},
		{"inet:127.0.0.1", ERROR_PERM},
		{"unix:", ERROR_PERM},
		{"unix:relative", ERROR_PERM},
		{"unix:/nonexistent/socket", ERROR_TEMP},
		{"inet:127.0.0.1:1", ERROR_TEMP},
		{"inet:[::1]:1", ERROR_TEMP},
		{"inet:127.0.0.1:no-such-service", ERROR_TEMP},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *got = NULL;
		struct desk desk;

		desk_init(&desk, table[i].server, PATIENT_MS);
		assert_false(desk_send(&desk, &err));
		if (!error_is(err, table[i].kind))
			fail_msg("\"%s\": %s", table[i].server, err->message);
		got = desk_show_results(&desk);
		assert_string_equal(got, "0, 0");
		assert_int_equal(smtp_fd(desk.smtp), -1);
		desk_done(&desk);
	}
	smtp_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_bad_addresses),
		cmocka_unit_test(test_many_recipients),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_before_body),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_unusable_store),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_bad_server),
		cmocka_unit_test(test_sink),
		cmocka_unit_test(test_fate),
		cmocka_unit_test(test_fate_endless),
		cmocka_unit_test(test_fate_of_successor),
		cmocka_unit_test(test_notice_cases),
		cmocka_unit_test(test_notice_footer),
		cmocka_unit_test(test_notice_never_reopens),
		cmocka_unit_test(test_notice_whole),
		cmocka_unit_test(test_notice_bare),
		cmocka_unit_test(test_notice_encrypted),
		cmocka_unit_test(test_notice_language),
		cmocka_unit_test(test_notice_load),
		cmocka_unit_test(test_notice_alike),
		cmocka_unit_test(test_notice_categories),
		cmocka_unit_test(test_notice_subsets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
