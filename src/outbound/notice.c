#include "outbound/notice.h"

#include <string.h>

#include "base/error.h"
#include "template/template.h"

#include "base/banned.h"

#define LAST_RESORT "en"

struct notices {
	GHashTable *acks; /* own; language (char) to struct template */
};

/* All that ack.txt may use. */
static const char *const ack_names[] = {"number", "category", "first_reply",
	"decision", "deposit_or_withdrawal", "faq", "forget", "escalate",
	"forget_now", NULL};

static void
ack_free(gpointer data)
{
	template_free(data);
}

/* "de", "pt-BR" */
static gboolean
is_language(const char *name)
{
	gsize len = strlen(name);

	return len >= 2 && len <= 8 && g_ascii_isalpha(name[0]) &&
	    strspn(name, "-" G_CSET_a_2_z G_CSET_A_2_Z) == len;
}

static struct template *
ack_load(const char *path, GError **err)
{
	g_autofree char *text = NULL;
	gsize len;
	struct template *ack;

	if (!g_file_get_contents(path, &text, &len, err))
		return NULL;
	ack = template_parse(text, len, ack_names, err);
	if (ack != NULL && template_header(ack, "Subject") == NULL) {
		template_free(ack);
		error_fail(err, ERROR_PERM, "template: no Subject");
		return NULL;
	}
	return ack;
}

static gboolean
load_language(struct notices *notices, const char *dir, const char *lang,
    GError **err)
{
	g_autofree char *path = g_build_filename(dir, lang, "ack.txt", NULL);
	struct template *ack;

	if (!is_language(lang) || !g_file_test(path, G_FILE_TEST_EXISTS))
		return TRUE;
	ack = ack_load(path, err);
	if (ack == NULL) {
		g_prefix_error(err, "%s/ack.txt: ", lang);
		return FALSE;
	}
	(void)g_hash_table_insert(notices->acks, g_strdup(lang), ack);
	return TRUE;
}

struct notices *
notices_load(const char *template_dir, GError **err)
{
	GDir *dir = g_dir_open(template_dir, 0, err);
	struct notices *notices;
	const char *name;
	gboolean ok = TRUE;

	if (dir == NULL)
		return NULL;
	notices = g_new(struct notices, 1);
	notices->acks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
	    ack_free);
	while (ok && (name = g_dir_read_name(dir)) != NULL)
		ok = load_language(notices, template_dir, name, err);
	g_dir_close(dir);
	if (ok && !g_hash_table_contains(notices->acks, LAST_RESORT))
		ok = error_fail(err, ERROR_PERM,
		    "templates: en/ack.txt is missing");
	if (ok)
		return notices;
	notices_free(notices);
	return NULL;
}

void
notices_free(struct notices *notices)
{
	if (notices == NULL)
		return;
	g_hash_table_unref(notices->acks);
	g_free(notices);
}

/* The language itself, else without its region. */
static const struct template *
find_language(const struct notices *notices, const char *lang)
{
	const struct template *ack;
	g_autofree char *base = NULL;

	if (lang == NULL || lang[0] == '\0')
		return NULL;
	ack = g_hash_table_lookup(notices->acks, lang);
	if (ack != NULL)
		return ack;
	base = g_strndup(lang, strcspn(lang, "-_"));
	return g_hash_table_lookup(notices->acks, base);
}

static const struct template *
find_ack(const struct notices *notices, const struct notice_ack_args *args)
{
	const struct template *ack = find_language(notices, args->lang);

	if (ack == NULL)
		ack = find_language(notices, args->fallback_lang);
	if (ack == NULL)
		ack = find_language(notices, LAST_RESORT);
	return ack;
}

/* A time that reads the same in every language; NULL if it is not set.
 * Caller frees. */
static char *
format_time(gint64 time, const char *format)
{
	g_autoptr(GDateTime) utc = time > 0
	    ? g_date_time_new_from_unix_utc(time)
	    : NULL;

	return utc != NULL ? g_date_time_format(utc, format) : NULL;
}

/* What the template calls the category; NULL if it has no word for it. */
static const char *
localized_category(const struct template *ack, const char *category)
{
	g_autofree char *name = NULL;

	if (category == NULL || category[0] == '\0')
		return NULL;
	name = g_strconcat("Category-", category, NULL);
	return template_header(ack, name);
}

static gboolean
is_about_payment(const char *category)
{
	return g_strcmp0(category, "deposit") == 0 ||
	    g_strcmp0(category, "withdrawal") == 0;
}

gboolean
notice_ack(const struct notices *notices, const struct notice_ack_args *args,
    char **subject, char **text)
{
	const struct template *ack = find_ack(notices, args);
	g_autofree char *first_reply = format_time(args->first_reply_due,
	    "%Y-%m-%d %H:%M UTC");
	g_autofree char *decision = format_time(args->decision_due,
	    "%Y-%m-%d %H:%M UTC");
	g_autofree char *forget = format_time(args->forget, "%Y-%m-%d");
	const char *category = ack != NULL
	    ? localized_category(ack, args->category)
	    : NULL;
	const struct template_value values[] = {
		{.name = "number", .value = args->number},
		{.name = "first_reply", .value = first_reply},
		{.name = "decision", .value = decision},
		{.name = "forget", .value = forget},
		{.name = "forget_now", .value = "1"},
		{.name = "faq", .value = args->faq},
		{.name = "deposit_or_withdrawal",
		    .value = is_about_payment(args->category) ? "1" : NULL},
		{.name = "category", .value = category},
		{.name = NULL},
	};

	if (ack == NULL)
		return FALSE;
	*subject = template_expand_header(ack, "Subject", values);
	*text = template_expand(ack, values);
	return TRUE;
}
