#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#include "base/error.h"
#include "postfix/filter.h"
#include "postfix/words.h"
#include "postfix_tests.h"

#include "base/banned.h"

#define HEAD "Nov 22 05:57:02 mx postfix/smtpd[123]: "
#define KEPT "Nov 22 05:57:02 - postfix/smtpd[123]: "
#define ROUNDS 20000

static char *
filtered(const char *line, gssize len)
{
	const struct postfix_filter filter = {FALSE};
	GString *out = g_string_new(NULL);

	postfix_filter_line(&filter, line,
	    len < 0 ? strlen(line) : (gsize)len, out);
	return g_string_free(out, FALSE);
}

/* The lines of the table, "< in" and "> out" by turns. */
static char **
table_read(void)
{
	g_autofree char *text = NULL;

	assert_true(g_file_get_contents(
	    ND_SRCDIR "/tests/unit/postfix_lines.txt", &text, NULL, NULL));
	return g_strsplit(text, "\n", -1);
}

void
a_line_keeps_what_postfix_counted(void **state)
{
	g_auto(GStrv) lines = table_read();
	guint rows = 0;

	(void)state;
	for (guint i = 1; lines[i] != NULL && lines[i][0] == '<'; i += 2) {
		g_autofree char *line = g_strconcat(HEAD, lines[i] + 2, NULL);
		g_autofree char *want =
		    g_strconcat(KEPT, lines[i + 1] + 2, NULL);
		g_autofree char *got = filtered(line, -1);

		assert_string_equal(got, want);
		rows++;
	}
	assert_true(rows >= 150);
}

void
a_head_is_read_in_every_form(void **state)
{
	static const struct {
		const char *line;
		const char *want;
	} rows[] = {
	    {"Nov  2 05:57:02 mx postfix/qmgr[9]: A0B1C2D3: removed",
		"Nov  2 05:57:02 - postfix/qmgr[9]: A0B1C2D3: removed"},
	    {"Nov 22 05:57:02.123456 mx postfix/qmgr[9]: A0B1C2D3: removed",
		"Nov 22 05:57:02.123456 - postfix/qmgr[9]: "
		"A0B1C2D3: removed"},
	    {"2026-11-22T05:57:02.123456+01:00 mx postfix/qmgr[9]: "
	     "A0B1C2D3: removed",
		"2026-11-22T05:57:02.123456+01:00 - postfix/qmgr[9]: "
		"A0B1C2D3: removed"},
	    {"2026-11-22T05:57:02+0000 mx postfix/qmgr[9]: A0B1C2D3: removed",
		"2026-11-22T05:57:02+0000 - postfix/qmgr[9]: "
		"A0B1C2D3: removed"},
	    {"2026-11-22T05:57:02Z mx postfix-out/nymdesk/lmtp[9]: A0B1C2D3: "
	     "removed",
		"2026-11-22T05:57:02Z - postfix-out/nymdesk/lmtp[9]: "
		"A0B1C2D3: removed"},
	    {"<22>Nov 22 05:57:02 mx postfix/qmgr[9]: A0B1C2D3: removed",
		"Nov 22 05:57:02 - postfix/qmgr[9]: A0B1C2D3: removed"},
	    {"<22>1 2026-11-22T05:57:02Z mx postfix/qmgr 9 - - "
	     "A0B1C2D3: removed",
		"2026-11-22T05:57:02Z - postfix/qmgr[9]: A0B1C2D3: removed"},
	    {"<22>1 2026-11-22T05:57:02Z mx postfix/qmgr - - - "
	     "\xef\xbb\xbf" "A0B1C2D3: removed",
		"2026-11-22T05:57:02Z - postfix/qmgr: A0B1C2D3: removed"},
	    {"<22>1 2026-11-22T05:57:02Z mx postfix/qmgr 9 - [x@1 a=\"b\"] "
	     "A0B1C2D3: removed",
		"2026-11-22T05:57:02Z <text>"},
	    {"Nov 22 05:57:02 mx dovecot: imap(hans@player.test): Login",
		"Nov 22 05:57:02 <text>"},
	    {"Nov 22 05:57:02 mx postfix/hans@player.test[9]: removed",
		"Nov 22 05:57:02 <text>"},
	    {"Nov 22 05:57:02 mx postfix/qmgr[hans]: removed",
		"Nov 22 05:57:02 <text>"},
	    {"Nov 22 05:57:02 mx postfix/qmgr[9] removed",
		"Nov 22 05:57:02 <text>"},
	    {"Nov 22 hans mx postfix/qmgr[9]: removed", "<text>"},
	    {"2026-11-22T05:57:02Hans mx postfix/qmgr[9]: removed", "<text>"},
	    {"<22>1 hans mx postfix/qmgr 9 - - removed", "<text>"},
	    {"-- Journal begins at Sun --", "<text>"},
	};
	const struct postfix_filter keep = {.keep_host = TRUE};
	g_autoptr(GString) out = g_string_new(NULL);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = filtered(rows[i].line, -1);

		assert_string_equal(got, rows[i].want);
	}
	postfix_filter_line(&keep, rows[0].line, strlen(rows[0].line), out);
	assert_string_equal(out->str, rows[0].line);
}

void
odd_lines_say_nothing(void **state)
{
	static const struct {
		const char *line;
		gsize len;
		const char *want;
	} rows[] = {
	    {"", 0, "<text>"},
	    {" ", 1, "<text>"},
	    {"\0\0\0", 3, "<text>"},
	    {"<", 1, "<text>"},
	    {"<22>1 ", 6, "<text>"},
	    {HEAD, sizeof(HEAD) - 1, KEPT "<text>"},
	    {HEAD "a\0b=\0", sizeof(HEAD) + 4, KEPT "<text>"},
	    {HEAD "from=\xff\xfe\0, size=1\0", sizeof(HEAD) + 16,
		KEPT "from=<addr>, size=<text>"},
	    {HEAD "from=<\"hans", sizeof(HEAD) + 10, KEPT "from=<addr>"},
	    {HEAD "from=<\\", sizeof(HEAD) + 6, KEPT "from=<addr>"},
	    {HEAD "host a said: 550\0hans", sizeof(HEAD) + 20, KEPT "<text>"},
	    {HEAD "status=sent (", sizeof(HEAD) + 12,
		KEPT "status=sent <text>"},
	    {HEAD "status=sent ()", sizeof(HEAD) + 13,
		KEPT "status=sent <text>"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got =
		    filtered(rows[i].line, (gssize)rows[i].len);

		assert_string_equal(got, rows[i].want);
	}
}

/* --- a property -------------------------------------------------------- */

/* The words of a format, without its holes. */
static void
words_take(GHashTable *set, const char *text)
{
	g_autoptr(GString) plain = g_string_new(text);
	g_auto(GStrv) words = NULL;

	for (gsize i = 0; i + 1 < plain->len; i++)
		if (plain->str[i] == '%') {
			plain->str[i] = ' ';
			plain->str[i + 1] = ' ';
		}
	words = g_strsplit_set(plain->str, " ,;:()[]=<>", -1);
	for (char **w = words; *w != NULL; w++)
		(void)g_hash_table_add(set, g_strdup(*w));
}

static GHashTable *
vocabulary(void)
{
	static const char *const *const lists[] = {words_formats,
	    words_statuses, words_actions, words_severities, words_reasons,
	    words_delivery, words_relays, words_protos, words_smtp,
	    words_errno, words_phases, words_tls, words_months};
	GHashTable *set =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
		for (gsize j = 0; lists[i][j] != NULL; j++)
			words_take(set, lists[i][j]);
	for (gsize i = 0; words_keys[i].name != NULL; i++)
		words_take(set, words_keys[i].name);
	words_take(set, "addr host id text NOQUEUE queue active "
			"header body mime-header nested-header");
	return set;
}

/* A number, a time, or a queue id. */
static gboolean
is_value(const char *token)
{
	gsize len = strlen(token);

	return strspn(token, "0123456789./%-") == len ||
	    g_str_has_suffix(token, "/60s") ||
	    (len >= 6 && len <= 32 &&
		strspn(token, "0123456789ABCDEF") == len) ||
	    (len >= 12 && len <= 32 && strchr(token, 'z') != NULL &&
		strpbrk(token, "aeiouAEIOU") == NULL &&
		g_str_is_ascii(token));
}

static void
check_tokens(GHashTable *set, const char *line)
{
	g_auto(GStrv) tokens = NULL;

	assert_true(g_str_has_prefix(line, KEPT));
	tokens = g_strsplit_set(line + strlen(KEPT), " ,;:()[]=<>", -1);
	for (char **t = tokens; *t != NULL; t++)
		if (!g_hash_table_contains(set, *t) && !is_value(*t))
			fail_msg("\"%s\" in \"%s\"", *t, line);
}

/* A line of the table, with things of a person put in anywhere. */
static GString *
line_disturb(GRand *rand, char **lines, guint n)
{
	static const char *const odd[] = {"hans", "Hans Geld", "<hans@player>",
	    ": ", "; ", ", ", "=", "\"", "\\", "<", ">", " (", "said: ", "%",
	    "\xff", "from=<", "to=hans", "192.0.2.7", "[2001:db8::7]:25",
	    "+4930123456789", "550 hans", "size=hans", "status=sent (hans"};
	guint row = (guint)g_rand_int_range(rand, 0, (gint32)n);
	GString *line = g_string_new(lines[1 + 2 * row] + 2);
	guint changes = (guint)g_rand_int_range(rand, 0, 4);

	if (g_rand_boolean(rand))
		g_string_erase(line,
		    (gssize)g_rand_int_range(rand, 0, (gint32)line->len - 3),
		    3);
	while (changes-- > 0)
		g_string_insert(line,
		    (gssize)g_rand_int_range(rand, 0, (gint32)line->len + 1),
		    odd[g_rand_int_range(rand, 0,
			(gint32)G_N_ELEMENTS(odd))]);
	return line;
}

void
every_word_is_from_the_list(void **state)
{
	g_autoptr(GHashTable) set = vocabulary();
	g_auto(GStrv) lines = table_read();
	g_autoptr(GRand) rand = g_rand_new_with_seed(20261122);

	(void)state;
	for (guint i = 0; i < ROUNDS; i++) {
		g_autoptr(GString) line =
		    line_disturb(rand, lines, g_strv_length(lines) / 2 - 1);
		g_autofree char *got = NULL;

		g_string_prepend(line, HEAD);
		got = filtered(line->str, (gssize)line->len);
		check_tokens(set, got);
		assert_null(strcasestr(got, "hans"));
		assert_null(strstr(got, "layer"));
		assert_null(strstr(got, "192.0.2"));
		assert_null(strstr(got, "db8"));
		assert_null(strstr(got, "4930123456789"));
	}
}

/* --- streams ----------------------------------------------------------- */

/* Runs text through the filter and returns what came out. */
static char *
stream_pass(const char *text, gsize len)
{
	const struct postfix_filter filter = {FALSE};
	g_autofree char *in = NULL;
	g_autofree char *out = NULL;
	char *got = NULL;
	int from = g_file_open_tmp("nymdesk-XXXXXX", &in, NULL);
	int to = g_file_open_tmp("nymdesk-XXXXXX", &out, NULL);

	assert_true(from >= 0 && to >= 0);
	assert_true(write(from, text, len) == (ssize_t)len);
	assert_true(lseek(from, 0, SEEK_SET) == 0);
	assert_true(postfix_filter_run(&filter, from, to, NULL));
	assert_true(g_file_get_contents(out, &got, NULL, NULL));
	close(from);
	close(to);
	unlink(in);
	unlink(out);
	return got;
}

void
the_stream_ends_well(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
	    {"", ""},
	    {HEAD "removed", KEPT "removed\n"},
	    {HEAD "removed\r\n" HEAD "removed\n",
		KEPT "removed\n" KEPT "removed\n"},
	    {"\n\n", "<text>\n<text>\n"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got =
		    stream_pass(rows[i].text, strlen(rows[i].text));

		assert_string_equal(got, rows[i].want);
	}
}

void
the_stream_cuts_long_lines(void **state)
{
	g_autoptr(GString) text = g_string_new(HEAD "from=<");
	g_autofree char *got = NULL;

	(void)state;
	while (text->len < 5 * POSTFIX_LINE_MAX)
		g_string_append(text, "hans, size=1");
	g_string_append(text, "\n" HEAD "removed\n");
	got = stream_pass(text->str, text->len);
	assert_string_equal(got, KEPT "from=<addr>\n" KEPT "removed\n");
}

void
the_stream_ends_with_its_reader(void **state)
{
	const struct postfix_filter filter = {FALSE};
	g_autoptr(GError) error = NULL;
	int in[2];
	int out[2];

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	assert_true(pipe(in) == 0 && pipe(out) == 0);
	assert_true(write(in[1], "a\n", 2) == 2);
	close(out[0]);
	assert_false(postfix_filter_run(&filter, in[0], out[1], &error));
	assert_true(error_is(error, ERROR_PERM));
	close(in[0]);
	close(in[1]);
	close(out[1]);
}
