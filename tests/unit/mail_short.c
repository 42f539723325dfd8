/*
 * Short mails of players, short_mails.txt: their language and category after
 * parse and scrub, with the rules that are shipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mail/language.h"
#include "mail/parse.h"
#include "mail/scrub.h"

#include "base/banned.h"

#define MAILS_MIN 20 /* of each language, of each category */
#define PERCENT 95
#define PERCENT_EACH 90

int mail_short_tests(void);

static const char *const languages[] = {"en", "de", "fr", "el", "es", "it",
    "pt", "ru", "tr", "pl"};
static const char *const categories[] = {"mirror", "deposit", "withdrawal",
    "bonus", "technical", "login", "kyc", "complaint", "vip", "-"};

#define LANGUAGES G_N_ELEMENTS(languages)
#define CATEGORIES G_N_ELEMENTS(categories)

struct count {
	guint n;
	guint right;
	guint doubt;
};

/* One line of the file. All borrowed from it. */
struct labelled {
	const char *lang;
	const char *category;
	const char *text;
};

static struct rules *rules;

static int
setup(void **state)
{
	g_autoptr(GError) err = NULL;

	(void)state;
	rules = rules_load(ND_SRCDIR "/filters", &err);
	return rules != NULL && language_init(ND_SRCDIR
	    "/templates/textcat.conf", ND_TEXTCAT_DATA, &err) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	language_done();
	rules_free(rules);
	return 0;
}

static GPtrArray *
mails_read(char **content)
{
	GPtrArray *mails = g_ptr_array_new_with_free_func(g_free);

	assert_true(g_file_get_contents(ND_SRCDIR
	    "/tests/unit/short_mails.txt", content, NULL, NULL));
	for (char *rest = *content, *line;
	     (line = strsep(&rest, "\n")) != NULL;) {
		struct labelled *mail;

		if (line[0] == '#' || line[0] == '\0')
			continue;
		mail = g_new0(struct labelled, 1);
		mail->lang = strsep(&line, " ");
		mail->category = strsep(&line, " ");
		mail->text = line;
		assert_non_null(line);
		g_ptr_array_add(mails, mail);
	}
	return mails;
}

/* As intake/player.c gets them. The caller frees *category. */
static void
mail_scrub(const char *text, struct scrubbed *body, const char **category)
{
	struct mail_parse_options options = {.sender_addr = "p@b.example"};
	g_autofree char *raw = g_strconcat(
	    "From: p@b.example\r\nSubject: ...\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\n",
	    text, "\r\n", NULL);
	g_autoptr(GBytes) bytes = g_bytes_new(raw, strlen(raw));
	g_autoptr(mail_auto) mail = mail_parse(bytes, &options);

	scrub_player_mail(mail, rules, body);
	*category = rules_category(rules, body->text);
	if (*category == NULL)
		*category = "-";
}

static gsize
index_of(const char *const *names, gsize n, const char *name)
{
	for (gsize i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	fail_msg("neither language nor category: %s", name);
	return 0;
}

static void
tally(struct count *count, const char *found, const char *none,
    const char *want, const struct labelled *mail)
{
	count->n++;
	count->right += strcmp(found, want) == 0;
	count->doubt += strcmp(found, want) != 0 && strcmp(found, none) == 0;
	if (strcmp(found, want) != 0)
		print_message("%s for %s: %s\n", found[0] != '\0'
		    ? found : "doubt", want, mail->text);
}

/* Of all, and of each name. */
static void
judge(const struct count *counts, const char *const *names, gsize n)
{
	struct count all = {0};

	print_message("%-11s %5s %5s %5s %5s\n", "", "mails", "right",
	    "wrong", "doubt");
	for (gsize i = 0; i <= n; i++) {
		const struct count *c = i < n ? &counts[i] : &all;

		print_message("%-11s %5u %5u %5u %5u\n",
		    i < n ? names[i] : "all", c->n, c->right,
		    c->n - c->right - c->doubt, c->doubt);
		all.n += i < n ? c->n : 0;
		all.right += i < n ? c->right : 0;
		all.doubt += i < n ? c->doubt : 0;
	}
	for (gsize i = 0; i < n; i++) {
		assert_true(counts[i].n >= MAILS_MIN);
		assert_true(counts[i].right * 100 >=
		    counts[i].n * PERCENT_EACH);
	}
	assert_true(all.right * 100 >= all.n * PERCENT);
}

static void
two_sentences_are_enough(void **state)
{
	struct count by_lang[LANGUAGES] = {0};
	struct count by_category[CATEGORIES] = {0};
	struct count by_both[LANGUAGES][CATEGORIES] = {0};
	g_autofree char *content = NULL;
	g_autoptr(GPtrArray) mails = mails_read(&content);

	(void)state;
	for (guint i = 0; i < mails->len; i++) {
		const struct labelled *mail = mails->pdata[i];
		gsize l = index_of(languages, LANGUAGES, mail->lang);
		gsize c = index_of(categories, CATEGORIES, mail->category);
		g_auto(scrubbed_auto) body = {0};
		const char *category;

		mail_scrub(mail->text, &body, &category);
		tally(&by_lang[l], body.lang, "", mail->lang, mail);
		tally(&by_category[c], category, "-", mail->category, mail);
		by_both[l][c].n++;
		by_both[l][c].right += strcmp(category, mail->category) == 0;
	}
	judge(by_lang, languages, LANGUAGES);
	judge(by_category, categories, CATEGORIES);
	/* No language is left out of a category. */
	for (gsize l = 0; l < LANGUAGES; l++)
		for (gsize c = 0; c < CATEGORIES; c++)
			if (by_both[l][c].right * 2 <= by_both[l][c].n)
				fail_msg("%s %s", languages[l], categories[c]);
}

int
mail_short_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_sentences_are_enough),
	};

	return cmocka_run_group_tests_name("mail_short", tests, setup,
	    teardown);
}
