#include "archive_tests.h"

#include "base/error.h"
#include "outbound/archive.h"

#include "base/banned.h"

void
test_urls(void **state)
{
	static const struct {
		const char *url;
		gboolean ok;
	} table[] = {
		{"imap://u@mail.test/A", TRUE},
		{"imaps://u%40desk.test@[::1]:1993/A.B%20c", TRUE},
		{"imap://u@mail.test/Gr%C3%BC%C3%9Fe", TRUE},
		{"", FALSE},
		{"imap:", FALSE},
		{"imap://mail.test/A", FALSE},
		{"imap://@mail.test/A", FALSE},
		{"imap://u@/A", FALSE},
		{"imap://u@mail.test", FALSE},
		{"imap://u@mail.test/", FALSE},
		{"imap://u:p@mail.test/A", FALSE},
		{"imap://u@mail.test/A?b", FALSE},
		{"imap://u@mail.test/A#b", FALSE},
		{"imap://u@mail.test/A%0D%0Ax", FALSE},
		{"imap://u%0D%0Ax@mail.test/A", FALSE},
		{"imap://u@mail.test/A%00", FALSE},
		{"imap://u@mail.test/%FF", FALSE},
		{"imap://u@mail.test:0x/A", FALSE},
		{"http://u@mail.test/A", FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		struct archive *archive = archive_new(
		    &(struct archive_options){.url = table[i].url}, &err);

		if ((archive != NULL) != table[i].ok)
			fail_msg("\"%s\"", table[i].url);
		if (archive == NULL)
			assert_true(error_is(err, ERROR_PERM));
		archive_free(archive);
	}
	assert_null(archive_new(&(struct archive_options){
	    .url = table[0].url, .tls = "yes"}, NULL));
}

void
test_arguments(void **state)
{
	static const char *const ids[] = {"", "a b", "a@b>", "a\r\n", "a\"b",
	    "a\\b", "\303\274@b"};
	struct archive *archive = archive_new(&(struct archive_options){
	    .url = "imap://u@127.0.0.1:1/A", .timeout_ms = 300}, NULL);
	g_autoptr(GBytes) good = g_bytes_new_static("A: b\r\n", 6);
	g_autoptr(GBytes) with_nul = g_bytes_new_static("A: \0\r\n", 6);
	struct archive_mail mail = {.content = good};
	g_autoptr(GError) err = NULL;
	gboolean is_whole;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
		mail.message_id = ids[i];
		assert_false(archive_append(archive, &mail, &err));
		assert_true(error_is(err, ERROR_PERM));
		g_clear_error(&err);
		assert_null(archive_thread(archive, ids[i], &is_whole, &err));
		assert_true(error_is(err, ERROR_PERM));
		g_clear_error(&err);
		assert_false(archive_mark(archive, ids[i], 1, &err));
		assert_true(error_is(err, ERROR_PERM));
		g_clear_error(&err);
	}
	mail.message_id = "a@b";
	assert_false(archive_append(archive, &mail, &err));
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
	mail.content = with_nul;
	assert_false(archive_append(archive, &mail, &err));
	assert_true(error_is(err, ERROR_PERM));
	archive_free(archive);
}
