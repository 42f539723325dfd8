#include "outbound_desk.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "outbound/notice.h"
#include "template/template.h"

#include "base/banned.h"

#define LINE_MAX_COLUMNS 72
#define TEXT_MAX 2048

static const struct notice_args whole = {
	.lang = "en",
	.fallback_lang = "en",
	.number = "K7F3-9Q2Y",
	.category = "withdrawal",
	.faq = "https://casino.example/faq/withdrawal",
	.first_reply_due = 1795321800, /* 2026-11-22 04:30 UTC */
	.decision_due = 1795401000,    /* 2026-11-23 02:30 UTC */
	.forget = 1798761600,	       /* 2027-01-01 */
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

static void
check_shape(const char *subject, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	assert_true(g_str_has_prefix(subject, "[K7F3-9Q2Y] "));
	assert_null(strpbrk(subject, "\r\n{}"));
	assert_null(strstr(text, "{{"));
	assert_null(strstr(text, "\n\n\n"));
	assert_true(g_str_has_suffix(text, "\n"));
	assert_true(strlen(text) < TEXT_MAX);
	for (gsize i = 0; lines[i] != NULL; i++) {
		assert_true(g_utf8_strlen(lines[i], -1) <= LINE_MAX_COLUMNS);
		assert_false(g_str_has_suffix(lines[i], " "));
	}
}

static const char *const langs[] = {"en", "de", "fr", "el", "es", "it",
    "pt", "ru", "tr", "pl"};

void
test_notice_whole(void **state)
{
	struct notices *notices = load_shipped();

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(langs); i++) {
		struct notice_args args = whole;
		g_autofree char *subject = NULL;
		g_autofree char *text = NULL;

		args.lang = langs[i];
		assert_true(notice_write(notices, &args, &subject, &text));
		check_shape(subject, text);
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
	for (gsize i = 0; i < G_N_ELEMENTS(langs); i++) {
		struct notice_args args = whole;
		char *subject = NULL;
		g_autofree char *text = NULL;

		args.kind = NOTICE_ENCRYPTED;
		args.lang = langs[i];
		assert_true(notice_write(notices, &args, &subject, &text));
		check_shape(subject, text);
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
	for (gsize i = 0; i < G_N_ELEMENTS(langs); i++)
		for (gsize k = 0; k < G_N_ELEMENTS(categories); k++) {
			struct notice_args args = whole;
			g_autofree char *subject = NULL;
			g_autofree char *text = NULL;

			args.lang = langs[i];
			args.category = categories[k];
			args.faq = k % 2 == 0 ? NULL : "";
			args.forget = 0;
			assert_true(notice_write(notices, &args, &subject,
			    &text));
			check_shape(subject, text);
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

/* --- the languages say the same -------------------------------------- */

static const char *const fields[] = {"number", "category", "first_reply",
    "decision", "deposit_or_withdrawal", "faq", "forget", "escalate",
    "forget_now", NULL};

static const char *const samples[] = {"K7F3-9Q2Y", "VIP",
    "2026-11-22 04:30 UTC", "2026-11-23 02:30 UTC", "1",
    "https://casino.example/faq/withdrawal", "2027-01-01", "1", "1"};

static char *
shipped_text(const char *lang, const char *file)
{
	g_autofree char *path = g_build_filename(ND_SRCDIR, "templates", lang,
	    file, NULL);
	char *text;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		fail_msg("no %s/%s", lang, file);
	return text;
}

/* Fields and sections of a template in their order. */
static char *
tags_of(const char *text)
{
	GString *tags = g_string_new(NULL);

	for (const char *tag = strstr(text, "{{"); tag != NULL;
	     tag = strstr(tag + 2, "{{"))
		g_string_append_len(tags, tag,
		    (gssize)strcspn(tag, "}"));
	return g_string_free(tags, FALSE);
}

/* The categories that rules can give a mail, once each. */
static char **
categories_of_rules(void)
{
	GKeyFile *file = g_key_file_new();
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	g_auto(GStrv) groups = NULL;

	assert_true(g_key_file_load_from_file(file, ND_SRCDIR
	    "/filters/category.conf", G_KEY_FILE_NONE, NULL));
	groups = g_key_file_get_groups(file, NULL);
	for (gsize i = 0; groups[i] != NULL; i++) {
		g_autofree char *as = g_key_file_get_value(file, groups[i],
		    "as", NULL);

		if (as != NULL)
			g_strv_builder_add(names, as);
	}
	g_key_file_free(file);
	return g_strv_builder_end(names);
}

static guint
headers_count(const char *text)
{
	guint lines = 0;

	for (; text[0] != '\n'; text = strchr(text, '\n') + 1)
		lines++;
	return lines;
}

void
test_notice_alike(void **state)
{
	static const char *const files[] = {"ack.txt", "encrypted.txt"};

	(void)state;
	for (gsize k = 0; k < G_N_ELEMENTS(files); k++) {
		g_autofree char *en = shipped_text("en", files[k]);
		g_autofree char *want = tags_of(en);

		for (gsize i = 0; i < G_N_ELEMENTS(langs); i++) {
			g_autofree char *text =
			    shipped_text(langs[i], files[k]);
			g_autofree char *tags = tags_of(text);

			if (strcmp(tags, want) != 0)
				fail_msg("%s/%s: %s", langs[i], files[k],
				    tags);
			assert_int_equal(headers_count(text),
			    headers_count(en));
		}
	}
}

/* Each category of the rules has a name, and no name is for nothing. */
void
test_notice_categories(void **state)
{
	g_auto(GStrv) categories = categories_of_rules();

	(void)state;
	assert_true(g_strv_length(categories) > 1);
	for (gsize i = 0; i < G_N_ELEMENTS(langs); i++) {
		g_autofree char *text = shipped_text(langs[i], "ack.txt");
		struct template *template = template_parse(text, strlen(text),
		    fields, NULL);

		assert_non_null(template);
		for (gsize k = 0; categories[k] != NULL; k++) {
			g_autofree char *name = g_strconcat("Category-",
			    categories[k], NULL);
			const char *word = template_header(template, name);

			if (word == NULL || word[0] == '\0')
				fail_msg("%s: %s", langs[i], name);
		}
		assert_int_equal(headers_count(text),
		    1 + g_strv_length(categories));
		template_free(template);
	}
}

/* Whatever is set and what is not, nothing is left over. */
static void
check_subset(const struct template *template, const char *file, guint set)
{
	struct template_value values[G_N_ELEMENTS(fields)] = {0};
	g_autofree char *subject = NULL;
	g_autofree char *text = NULL;

	for (gsize i = 0; fields[i] != NULL; i++) {
		values[i].name = fields[i];
		/* There always is a number. */
		values[i].value = i == 0 || (set & 1U << i) != 0 ? samples[i]
								 : NULL;
	}
	subject = template_expand_header(template, "Subject", values);
	text = template_expand(template, values);
	if (strstr(text, "\n\n\n") != NULL || strstr(text, ": \n") != NULL)
		fail_msg("%s with %x: %s", file, set, text);
	check_shape(subject, text);
}

void
test_notice_subsets(void **state)
{
	static const char *const files[] = {"ack.txt", "encrypted.txt"};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(langs) * 2; i++) {
		const char *file = files[i % 2];
		g_autofree char *text = shipped_text(langs[i / 2], file);
		struct template *template = template_parse(text, strlen(text),
		    fields, NULL);

		assert_non_null(template);
		for (guint set = 0; set < 1U << (G_N_ELEMENTS(fields) - 1);
		     set++)
			check_subset(template, langs[i / 2], set);
		template_free(template);
	}
}

/* Writes one template and loads the directory. */
static struct notices *
load_one(const char *lang, const char *text, GError **err)
{
	g_autofree char *dir = g_dir_make_tmp("nd-notice-XXXXXX", NULL);
	g_autofree char *sub = g_build_filename(dir, lang, NULL);
	g_autofree char *path = g_build_filename(sub, "ack.txt", NULL);
	g_autofree char *other =
	    g_build_filename(sub, "encrypted.txt", NULL);
	struct notices *notices;

	assert_int_equal(g_mkdir(sub, 0700), 0);
	assert_true(g_file_set_contents(path, text, -1, NULL));
	if (strstr(text, "alone") == NULL)
		assert_true(g_file_set_contents(other, "Subject: x\n\ny\n",
		    -1, NULL));
	notices = notices_load(dir, err);
	(void)g_unlink(other);
	assert_int_equal(g_unlink(path), 0);
	assert_int_equal(g_rmdir(sub), 0);
	assert_int_equal(g_rmdir(dir), 0);
	return notices;
}

void
test_notice_load(void **state)
{
	static const struct {
		const char *lang;
		const char *text;
		const char *word;
	} table[] = {
		{"en", "Subject: x\n\n{{nmber}}\n", "en/ack.txt: template: "},
		{"en", "Subject: x\n\n\n{{nmber}}\n", "line: 4"},
		{"en", "X: x\n\ny\n", "no Subject"},
		{"de", "Subject: x\n\ny\n", "en/ack.txt is missing"},
		{"en", "Subject: x\n\nalone\n",
		    "en/encrypted.txt is missing"},
	};
	struct notices *notices;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;

		assert_null(load_one(table[i].lang, table[i].text, &err));
		if (strstr(err->message, table[i].word) == NULL)
			fail_msg("row %zu: %s", i, err->message);
	}
	notices = load_one("en", "Subject: x\n\ny\n", NULL);
	assert_non_null(notices);
	notices_free(notices);
	notices_free(NULL);
	assert_null(notices_load("/nonexistent", NULL));
}
