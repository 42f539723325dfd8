/* The templates that are shipped say the same in every language. */
#include "outbound_notice.h"

#include <string.h>

#include "template/template.h"

#include "base/banned.h"

static const char *const fields[] = {"number", "category", "first_reply",
    "decision", "deposit_or_withdrawal", "faq", "forget", "escalate",
    "forget_now", "receipt", "mirror", "senior", "head", "late", "solved",
    "refused", "reopen", "rate1", "rate2", "rate3", "rate4", "rate5",
    "thread", "no_thread", NULL};

static const char *const samples[] = {"K7F3-9Q2Y", "VIP",
    "2026-11-22 04:30 UTC", "2026-11-23 02:30 UTC", "1",
    "https://casino.example/faq/withdrawal", "2027-01-01", ADDR("e-"), "1",
    RECEIPT, "https://mirror.example/", "1", "1", "1", "1", "1",
    "2026-12-06 04:30 UTC", ADDR("1-"), ADDR("2-"), ADDR("3-"), ADDR("4-"),
    ADDR("5-"), "one", "1"};

G_STATIC_ASSERT(G_N_ELEMENTS(fields) == G_N_ELEMENTS(samples) + 1);

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
	(void)state;
	for (gsize k = 0; k < NOTICE_FILES; k++) {
		g_autofree char *en = shipped_text("en", notice_files[k]);
		g_autofree char *want = tags_of(en);

		for (gsize i = 0; i < NOTICE_LANGS; i++) {
			g_autofree char *text =
			    shipped_text(notice_langs[i], notice_files[k]);
			g_autofree char *tags = tags_of(text);

			if (strcmp(tags, want) != 0)
				fail_msg("%s/%s: %s", notice_langs[i], notice_files[k],
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
	for (gsize i = 0; i < NOTICE_LANGS; i++) {
		g_autofree char *text = shipped_text(notice_langs[i], "ack.txt");
		struct template *template = template_parse(text, strlen(text),
		    fields, NULL);

		assert_non_null(template);
		for (gsize k = 0; categories[k] != NULL; k++) {
			g_autofree char *name = g_strconcat("Category-",
			    categories[k], NULL);
			const char *word = template_header(template, name);

			if (word == NULL || word[0] == '\0')
				fail_msg("%s: %s", notice_langs[i], name);
		}
		assert_int_equal(headers_count(text),
		    1 + g_strv_length(categories));
		template_free(template);
	}
}

/* Has the text a section of this name? What has none is always set. */
static gboolean
may_be_unset(const char *text, const char *field)
{
	g_autofree char *tag = g_strdup_printf("{{#%s}}", field);

	return strstr(text, tag) != NULL;
}

/* Whatever is set and what is not, nothing is left over. */
static void
check_subset(const struct template *template, const char *file,
    const guint *unset, guint set)
{
	struct template_value values[G_N_ELEMENTS(fields)] = {0};
	g_autofree char *subject = NULL;
	g_autofree char *text = NULL;

	for (gsize i = 0; fields[i] != NULL; i++) {
		values[i].name = fields[i];
		values[i].value = (unset[i] & set) == unset[i] ? samples[i]
							       : NULL;
	}
	subject = template_expand_header(template, "Subject", values);
	text = template_expand(template, values);
	if (strstr(text, "\n\n\n") != NULL || strstr(text, ": \n") != NULL)
		fail_msg("%s with %x: %s", file, set, text);
	notice_check_shape(subject != NULL ? subject : "[K7F3-9Q2Y] ", text);
}

static void
check_subsets(const char *lang, const char *file)
{
	g_autofree char *text = shipped_text(lang, file);
	struct template *template =
	    template_parse(text, strlen(text), fields, NULL);
	guint unset[G_N_ELEMENTS(fields)] = {0};
	guint n = 0;

	assert_non_null(template);
	for (gsize i = 0; fields[i] != NULL; i++)
		if (may_be_unset(text, fields[i]))
			unset[i] = 1U << n++;
	assert_true(n < 12);
	for (guint set = 0; set < 1U << n; set++)
		check_subset(template, lang, unset, set);
	template_free(template);
}

void
test_notice_subsets(void **state)
{
	(void)state;
	for (gsize i = 0; i < NOTICE_LANGS; i++)
		for (gsize k = 0; k < NOTICE_FILES; k++)
			check_subsets(notice_langs[i], notice_files[k]);
}

