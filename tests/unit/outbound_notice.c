#include "outbound_notice.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "outbound/notice.h"
#include "proto/messages.h"
#include "template/template.h"

#include "base/banned.h"

#define LINE_MAX_COLUMNS 72
#define TEXT_MAX 4096
const char *const notice_langs[NOTICE_LANGS] = {"en", "de", "fr", "el", "es", "it",
    "pt", "ru", "tr", "pl"};

const char *const notice_files[NOTICE_FILES] = {"ack.txt", "encrypted.txt",
    "escalated.txt", "closed.txt", "transcript.txt", "footer.txt"};

static const struct notice_args whole = {
	.lang = "en",
	.fallback_lang = "en",
	.number = "K7F3-9Q2Y",
	.category = "withdrawal",
	.faq = "https://casino.example/faq/withdrawal",
	.first_reply_due = 1795321800, /* 2026-11-22 04:30 UTC */
	.decision_due = 1795401000,    /* 2026-11-23 02:30 UTC */
	.forget = 1798761600,	       /* 2027-01-01 */
	.reopen = 1796531400,	       /* 2026-12-06 04:30 UTC */
	.level = 2,
	.close = PROTO_CLOSE_SOLVED,
	.receipt = RECEIPT,
	.escalate = ADDR("e-"),
	.rate = {ADDR("1-"), ADDR("2-"), ADDR("3-"), ADDR("4-"), ADDR("5-")},
};

static struct notices *
load_shipped(void)
{
	g_autoptr(GError) err = NULL;
	struct notices *notices = notices_load(ND_SRCDIR "/templates", &err);

	if (notices == NULL)
		fail_msg("%s", err->message);
	return notices;
}

void
notice_check_shape(const char *subject, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	assert_true(g_str_has_prefix(subject, "[K7F3-9Q2Y] "));
	assert_null(strpbrk(subject, "\r\n{}"));
	assert_null(strstr(text, "{{"));
	assert_null(strstr(text, "\n\n\n"));
	assert_true(g_str_has_suffix(text, "\n"));
	assert_true(strlen(text) < TEXT_MAX);
	for (gsize i = 0; lines[i] != NULL; i++) {
		if (strcmp(lines[i], RECEIPT) != 0 &&
		    g_utf8_strlen(lines[i], -1) > LINE_MAX_COLUMNS)
			fail_msg("too long: %s", lines[i]);
		assert_false(g_str_has_suffix(lines[i], " "));
	}
}

/* What a notice must hold, whatever the language; the first NULL ends it. */
static const struct {
	const char *name;
	struct notice_args set;	 /* besides what whole has: what is not 0 */
	const char *wants[8];
	const char *never[6];
} cases[] = {
    {"acknowledgement", {.kind = NOTICE_ACK},
	{"2026-11-22 04:30 UTC", "2026-11-23 02:30 UTC", "2027-01-01",
	    "\nhttps://casino.example/faq/withdrawal\n", "eed",
	    "\n" RECEIPT "\n"},
	{"https://mirror.example", "+5-"}},
    {"acknowledgement with a mirror",
	{.kind = NOTICE_ACK,
	    .category = "mirror",
	    .mirror = "https://mirror.example/"},
	{"\nhttps://mirror.example/\n"}, {"hash"}},
    {"encrypted", {.kind = NOTICE_ENCRYPTED},
	{"PGP", "S/MIME", "2026-11-22 04:30 UTC", "2026-11-23 02:30 UTC",
	    "\n" RECEIPT "\n"},
	{NULL}},
    {"level 2", {.kind = NOTICE_ESCALATED, .level = 2},
	{"2026-11-22 04:30 UTC", "2026-11-23 02:30 UTC", "2"},
	{"https:", "nymdesk-receipt"}},
    {"level 3", {.kind = NOTICE_ESCALATED, .level = 3},
	{"2026-11-22 04:30 UTC", "2026-11-23 02:30 UTC", "3"}, {NULL}},
    {"level 2, late",
	{.kind = NOTICE_ESCALATED,
	    .level = 2,
	    .first_reply_due = -1,
	    .decision_due = -1},
	{"2"}, {"UTC"}},
    {"solved", {.kind = NOTICE_CLOSED},
	{"\n5 ", ": " ADDR("5-") "\n4 ", ": " ADDR("4-") "\n3 ",
	    ": " ADDR("3-") "\n2 ", ": " ADDR("2-") "\n1 ",
	    ": " ADDR("1-") "\n", "2026-12-06 04:30 UTC"},
	{"mailto", "http"}},
    {"refused", {.kind = NOTICE_CLOSED, .close = PROTO_CLOSE_REFUSED},
	{": " ADDR("5-") "\n", ": " ADDR("1-") "\n"}, {NULL}},
    {"transcript",
	{.kind = NOTICE_TRANSCRIPT, .thread = "one\n\n{{number}}\ntwo"},
	{"\n\none\n\n{{number}}\ntwo\n\n"}, {NULL}},
    {"no transcript", {.kind = NOTICE_TRANSCRIPT}, {NULL}, {"\none\n"}},
};

static struct notice_args
case_args(gsize i, const char *lang)
{
	struct notice_args args = whole;
	const struct notice_args *set = &cases[i].set;

	args.kind = set->kind;
	args.lang = lang;
	args.category = set->category != NULL ? set->category : args.category;
	args.level = set->level != 0 ? set->level : args.level;
	args.close = set->close != 0 ? set->close : args.close;
	args.mirror = set->mirror;
	args.thread = set->thread;
	if (set->first_reply_due < 0)
		args.first_reply_due = 0;
	if (set->decision_due < 0)
		args.decision_due = 0;
	return args;
}

/* The footer is there, once, and ends all. */
static void
check_footer(const char *name, const char *lang, const char *text)
{
	const char *at = strstr(text, ADDR("e-"));

	if (at == NULL || strcmp(at, ADDR("e-") "\n") != 0 || at[-1] != '\n')
		fail_msg("%s, %s: %s", name, lang, text);
}

static void
check_case(const struct notices *notices, gsize i, const char *lang,
    GHashTable *seen)
{
	struct notice_args args = case_args(i, lang);
	g_autofree char *subject = NULL;
	char *text = NULL;

	assert_true(notice_write(notices, &args, &subject, &text));
	if (args.thread == NULL)
		notice_check_shape(subject, text);
	check_footer(cases[i].name, lang, text);
	assert_non_null(strstr(text, "K7F3-9Q2Y"));
	for (gsize k = 0; cases[i].wants[k] != NULL; k++)
		if (strstr(text, cases[i].wants[k]) == NULL)
			fail_msg("%s, %s: no \"%s\" in %s", cases[i].name,
			    lang, cases[i].wants[k], text);
	for (gsize k = 0; cases[i].never[k] != NULL; k++)
		if (strstr(text, cases[i].never[k]) != NULL)
			fail_msg("%s, %s: \"%s\" in %s", cases[i].name, lang,
			    cases[i].never[k], text);
	if (g_getenv("ND_SHOW") != NULL)
		(void)printf("=== %s, %s: %s\n%s", cases[i].name, lang,
		    subject, text);
	/* No two are the same: none is in the wrong language or of the wrong
	 * kind. */
	assert_true(g_hash_table_add(seen, text));
}

/* ND_SHOW=1 prints them all. */
void
test_notice_cases(void **state)
{
	struct notices *notices = load_shipped();
	g_autoptr(GHashTable) seen = g_hash_table_new_full(
	    g_str_hash, g_str_equal, g_free, NULL);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		for (gsize k = 0; k < NOTICE_LANGS; k++)
			check_case(notices, i, notice_langs[k], seen);
	notices_free(notices);
}

/* What cannot be opened again is not said to open. */
void
test_notice_never_reopens(void **state)
{
	static const char *const again[NOTICE_LANGS] = {"opens the ticket",
	    "wieder geöffnet", "rouvert", "ανοίγει ξανά",
	    "vuelve a abrirse", "si riapre", "volta a\nabrir",
	    "снова\nоткроется", "yeniden açılır",
	    "otwarte ponownie"};
	struct notices *notices = load_shipped();

	(void)state;
	for (gsize i = 0; i < NOTICE_LANGS; i++)
		for (guint never = 0; never < 2; never++) {
			struct notice_args args = whole;
			g_autofree char *subject = NULL;
			g_autofree char *text = NULL;

			args.kind = NOTICE_CLOSED;
			args.lang = notice_langs[i];
			args.reopen = never != 0 ? 0 : args.reopen;
			assert_true(
			    notice_write(notices, &args, &subject, &text));
			notice_check_shape(subject, text);
			if ((strstr(text, again[i]) == NULL) != (never != 0))
				fail_msg("%s: %s", notice_langs[i], text);
		}
	notices_free(notices);
}

/* An answer ends as a notice does, whatever it ends with. */
void
test_notice_footer(void **state)
{
	static const char *const texts[] = {"", "Hello", "Hello\n"};
	struct notices *notices = load_shipped();

	(void)state;
	for (gsize i = 0; i < NOTICE_LANGS; i++)
		for (gsize k = 0; k < G_N_ELEMENTS(texts); k++) {
			const struct notice_args args = {.lang = notice_langs[i],
			    .fallback_lang = "en",
			    .number = "K7F3-9Q2Y",
			    .escalate = ADDR("e-")};
			g_autofree char *all =
			    notice_add_footer(notices, &args, texts[k]);
			g_autofree char *start = g_strconcat(texts[k],
			    g_str_has_suffix(texts[k], "\n") ? "" : "\n",
			    "\n", NULL);

			check_footer("answer", notice_langs[i], all);
			assert_true(g_str_has_prefix(all, start));
			assert_true(all[strlen(start)] != '\n');
			assert_non_null(strstr(all, "K7F3-9Q2Y"));
		}
	notices_free(notices);
}

void
test_notice_whole(void **state)
{
	struct notices *notices = load_shipped();

	(void)state;
	for (gsize i = 0; i < NOTICE_LANGS; i++) {
		struct notice_args args = whole;
		g_autofree char *subject = NULL;
		g_autofree char *text = NULL;

		args.lang = notice_langs[i];
		assert_true(notice_write(notices, &args, &subject, &text));
		notice_check_shape(subject, text);
		assert_non_null(strstr(text, "K7F3-9Q2Y"));
		assert_non_null(strstr(text, "2026-11-22 04:30 UTC"));
		assert_non_null(strstr(text, "2026-11-23 02:30 UTC"));
		assert_non_null(strstr(text, "2027-01-01"));
		assert_non_null(strstr(text, "\n" "https://casino.example/"
		    "faq/withdrawal\n"));
		assert_true(strcasestr(text, "hash") != NULL);
		assert_true(strcasestr(text, "seed") != NULL);
	}
	notices_free(notices);
}

/* In all languages that mails are told apart by, and in none twice. */
void
test_notice_encrypted(void **state)
{
	struct notices *notices = load_shipped();
	g_autoptr(GHashTable) subjects = g_hash_table_new_full(g_str_hash,
	    g_str_equal, g_free, NULL);

	(void)state;
	for (gsize i = 0; i < NOTICE_LANGS; i++) {
		struct notice_args args = whole;
		char *subject = NULL;
		g_autofree char *text = NULL;

		args.kind = NOTICE_ENCRYPTED;
		args.lang = notice_langs[i];
		assert_true(notice_write(notices, &args, &subject, &text));
		notice_check_shape(subject, text);
		assert_non_null(strstr(text, "K7F3-9Q2Y"));
		assert_non_null(strstr(text, "PGP"));
		assert_non_null(strstr(text, "S/MIME"));
		assert_non_null(strstr(text, "2026-11-22 04:30 UTC"));
		assert_non_null(strstr(text, "2026-11-23 02:30 UTC"));
		assert_true(g_hash_table_add(subjects, subject));
	}
	notices_free(notices);
}

void
test_notice_bare(void **state)
{
	static const char *const categories[] = {NULL, "", "no-such", "bonus"};
	struct notices *notices = load_shipped();

	(void)state;
	for (gsize i = 0; i < NOTICE_LANGS; i++)
		for (gsize k = 0; k < G_N_ELEMENTS(categories); k++) {
			struct notice_args args = whole;
			g_autofree char *subject = NULL;
			g_autofree char *text = NULL;

			args.lang = notice_langs[i];
			args.category = categories[k];
			args.faq = k % 2 == 0 ? NULL : "";
			args.forget = 0;
			args.receipt = NULL;
			assert_true(notice_write(notices, &args, &subject,
			    &text));
			notice_check_shape(subject, text);
			assert_null(strcasestr(text, "hash"));
			assert_null(strstr(text, "https:"));
			assert_null(strstr(text, "no-such"));
			assert_null(strstr(text, "2027"));
		}
	notices_free(notices);
}

void
test_notice_language(void **state)
{
	static const struct {
		const char *lang;
		const char *fallback;
		const char *word; /* its name for a withdrawal */
	} table[] = {
		{"de", "en", "Auszahlung"},
		{"fr", "en", "Retrait"},
		{"el", "en", "Ανάληψη"},
		{"es", "en", "Retiro"},
		{"it", "en", "Prelievo"},
		{"pt", "en", "Levantamento"},
		{"ru", "en", "Вывод средств"},
		{"tr", "en", "Para çekme"},
		{"pl", "en", "Wypłata"},
		{"en", "de", "Withdrawal"},
		{"", "de", "Auszahlung"},
		{NULL, "fr", "Retrait"},
		{"xx", "el", "Ανάληψη"},
		{"xx", "yy", "Withdrawal"},
		{"", NULL, "Withdrawal"},
		{"", "pt", "Levantamento"},
		{"pt-BR", "en", "Levantamento"},
		{"de-AT", "en", "Auszahlung"},
		{"../de", "en", "Withdrawal"},
	};
	struct notices *notices = load_shipped();

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		struct notice_args args = whole;
		g_autofree char *subject = NULL;
		g_autofree char *text = NULL;

		args.lang = table[i].lang;
		args.fallback_lang = table[i].fallback;
		assert_true(notice_write(notices, &args, &subject, &text));
		if (strstr(text, table[i].word) == NULL)
			fail_msg("row %zu: %s", i, text);
	}
	notices_free(notices);
}

/* Loads a directory of one language in which each notice is the shortest that
 * can be, but for one, which is text, or missing if that is NULL. */
static struct notices *
load_one(const char *lang, const char *file, const char *text, GError **err)
{
	static const char *const shortest[] = {"Subject: x\n\ny\n",
	    "Subject: x\n\ny\n", "Subject: x\n\ny\n",
	    "Subject: x\n\n{{rate1}}{{rate2}}{{rate3}}{{rate4}}{{rate5}}",
	    "Subject: x\n\n{{thread}}", "\n{{escalate}}"};
	g_autofree char *dir = g_dir_make_tmp("nd-notice-XXXXXX", NULL);
	g_autofree char *sub = g_build_filename(dir, lang, NULL);
	struct notices *notices;

	assert_int_equal(g_mkdir(sub, 0700), 0);
	for (gsize i = 0; i < NOTICE_FILES; i++) {
		gboolean is_it = strcmp(notice_files[i], file) == 0;
		g_autofree char *path = g_build_filename(sub, notice_files[i], NULL);

		if (!is_it || text != NULL)
			assert_true(g_file_set_contents(path,
			    is_it ? text : shortest[i], -1, NULL));
	}
	notices = notices_load(dir, err);
	for (gsize i = 0; i < NOTICE_FILES; i++) {
		g_autofree char *path = g_build_filename(sub, notice_files[i], NULL);

		(void)g_unlink(path);
	}
	assert_int_equal(g_rmdir(sub), 0);
	assert_int_equal(g_rmdir(dir), 0);
	return notices;
}

void
test_notice_load(void **state)
{
	static const struct {
		const char *lang;
		const char *file;
		const char *text;
		const char *word;
	} table[] = {
		{"en", "ack.txt", "Subject: x\n\n{{nmber}}\n",
		    "en/ack.txt: template: "},
		{"en", "ack.txt", "Subject: x\n\n\n{{nmber}}\n", "line: 4"},
		{"en", "ack.txt", "X: x\n\ny\n", "no Subject"},
		{"de", "ack.txt", "Subject: x\n\ny\n",
		    "en/ack.txt: the file is missing"},
		{"en", "encrypted.txt", NULL, "en/encrypted.txt: the file is missing"},
		{"en", "escalated.txt", NULL, "en/escalated.txt: the file is missing"},
		{"en", "closed.txt", NULL, "en/closed.txt: the file is missing"},
		{"en", "transcript.txt", NULL, "en/transcript.txt: the file is missing"},
		{"en", "footer.txt", NULL, "en/footer.txt: the file is missing"},
		{"en", "footer.txt", "\nx", "{{escalate}} is missing"},
		{"en", "footer.txt", "\n{{escalate}}{{faq}}", "unknown name"},
		{"en", "transcript.txt", "Subject: x\n\n{{no_thread}}",
		    "{{thread}} is missing"},
		{"en", "closed.txt",
		    "Subject: x\n\n{{rate1}}{{rate2}}{{rate3}}{{rate5}}",
		    "{{rate4}} is missing"},
		{"en", "closed.txt",
		    "Subject: {{rate4}}\n\n{{rate1}}{{rate2}}{{rate3}}{{rate5}}",
		    "{{rate4}} is missing"},
		{"en", "ack.txt", "Subject: x\n\n{{thread}}", "unknown name"},
		{"en", "ack.txt", "Subject: x\n\n{{rate1}}", "unknown name"},
		{"en", "escalated.txt", "Subject: x\n\n{{receipt}}",
		    "unknown name"},
	};
	struct notices *notices;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;

		assert_null(load_one(table[i].lang, table[i].file,
		    table[i].text, &err));
		if (strstr(err->message, table[i].word) == NULL)
			fail_msg("row %zu: %s", i, err->message);
	}
	notices = load_one("en", "ack.txt", "Subject: x\n\ny\n", NULL);
	assert_non_null(notices);
	notices_free(notices);
	notices_free(NULL);
	assert_null(notices_load("/nonexistent", NULL));
}
