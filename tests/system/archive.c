/*
 * What tests/system/archive.py runs: an archive, driven by lines of words
 * from the standard input, each answered by one line.
 *
 *	archive-try URL PASSWORD_FILE TLS CA_FILE TIMEOUT_MS
 *	append ID DATE FLAGS FILE	"ok", or "temp TEXT", or "perm TEXT"
 *	mark ID FLAGS			the same
 *	thread ID DIRECTORY		"ok COUNT" or "part COUNT": mails in the
 *					directory as 0, 1, ...
 *	close				"ok"
 */
#include "outbound/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#include "base/banned.h"

static void
answer(gboolean ok, const GError *err)
{
	if (ok)
		(void)puts("ok");
	else
		(void)printf("%s %s\n",
		    error_is(err, ERROR_TEMP) ? "temp" : "perm", err->message);
}

static void
try_append(struct archive *archive, char *const *words)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(GBytes) content = NULL;
	char *text = NULL;
	gsize len = 0;
	gboolean ok;

	if (!g_file_get_contents(words[4], &text, &len, NULL))
		exit(2);
	content = g_bytes_new_take(text, len);
	ok = archive_append(archive, &(struct archive_mail){
	    .content = content,
	    .message_id = words[1],
	    .date = g_ascii_strtoll(words[2], NULL, 10),
	    .flags = (guint)g_ascii_strtoull(words[3], NULL, 10)}, &err);
	answer(ok, err);
}

static void
try_thread(struct archive *archive, char *const *words)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(GPtrArray) mails = NULL;
	gboolean is_whole;

	mails = archive_thread(archive, words[1], &is_whole, &err);
	if (mails == NULL) {
		answer(FALSE, err);
		return;
	}
	for (guint i = 0; i < mails->len; i++) {
		g_autofree char *path = g_strdup_printf("%s/%u", words[2], i);
		gsize len;
		const char *text = g_bytes_get_data(mails->pdata[i], &len);

		if (!g_file_set_contents(path, text, (gssize)len, NULL))
			exit(2);
	}
	(void)printf("%s %u\n", is_whole ? "ok" : "part", mails->len);
}

static void
try_line(struct archive *archive, char *const *words)
{
	g_autoptr(GError) err = NULL;
	guint len = g_strv_length((char **)words);
	gboolean ok;

	if (len == 5 && strcmp(words[0], "append") == 0)
		try_append(archive, words);
	else if (len == 3 && strcmp(words[0], "mark") == 0) {
		ok = archive_mark(archive, words[1],
		    (guint)g_ascii_strtoull(words[2], NULL, 10), &err);
		answer(ok, err);
	} else if (len == 3 && strcmp(words[0], "thread") == 0)
		try_thread(archive, words);
	else if (len == 1 && strcmp(words[0], "close") == 0) {
		archive_close(archive);
		answer(TRUE, NULL);
	} else
		exit(2);
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) err = NULL;
	struct archive_options options;
	struct archive *archive;
	char line[4096];

	if (argc != 6)
		return 2;
	options = (struct archive_options){
		.url = argv[1],
		.password_file = argv[2],
		.tls = argv[3],
		.tls_ca_file = argv[4],
		.timeout_ms = (guint)g_ascii_strtoull(argv[5], NULL, 10),
	};
	archive = archive_new(&options, &err);
	if (archive == NULL) {
		answer(FALSE, err);
		return 1;
	}
	while (fgets(line, sizeof line, stdin) != NULL) {
		g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", -1);

		try_line(archive, words);
	}
	archive_free(archive);
	return 0;
}
