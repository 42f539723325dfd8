#include "outbound/notice.h"

#include <string.h>

#include "base/error.h"
#include "template/template.h"

#include "base/banned.h"

#define LAST_RESORT "en"

struct notices {
	GHashTable *kinds[NOTICE_END]; /* own; language (char) to struct
					* template */
};

static const char *const files[NOTICE_END] = {
    [NOTICE_ACK] = "ack.txt",
    [NOTICE_ENCRYPTED] = "encrypted.txt",
};

/* All that a template may use. */
static const char *const names[] = {"number", "category", "first_reply",
	"decision", "deposit_or_withdrawal", "faq", "forget", "escalate",
	"forget_now", NULL};

static void
free_template(gpointer data)
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
load_template(const char *path, GError **err)
{
	g_autofree char *text = NULL;
	gsize len;
	struct template *template;

	if (!g_file_get_contents(path, &text, &len, err))
		return NULL;
	template = template_parse(text, len, names, err);
	if (template != NULL && template_header(template, "Subject") == NULL) {
		template_free(template);
		error_fail(err, ERROR_PERM, "template: no Subject");
		return NULL;
	}
	return template;
}

static gboolean
load_notice(GHashTable *kind, const char *dir, const char *lang,
    const char *file, GError **err)
{
	g_autofree char *path = g_build_filename(dir, lang, file, NULL);
	struct template *template;

	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return TRUE;
	template = load_template(path, err);
	if (template == NULL) {
		g_prefix_error(err, "%s/%s: ", lang, file);
		return FALSE;
	}
	(void)g_hash_table_insert(kind, g_strdup(lang), template);
	return TRUE;
}

static gboolean
load_language(struct notices *notices, const char *dir, const char *lang,
    GError **err)
{
	for (guint i = 0; is_language(lang) && i < NOTICE_END; i++)
		if (!load_notice(notices->kinds[i], dir, lang, files[i], err))
			return FALSE;
	return TRUE;
}

static gboolean
has_last_resort(const struct notices *notices, GError **err)
{
	for (guint i = 0; i < NOTICE_END; i++)
		if (!g_hash_table_contains(notices->kinds[i], LAST_RESORT)) {
			error_fail(err, ERROR_PERM, " is missing");
			g_prefix_error(err, "templates: %s/%s", LAST_RESORT,
			    files[i]);
			return FALSE;
		}
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
	for (guint i = 0; i < NOTICE_END; i++)
		notices->kinds[i] = g_hash_table_new_full(g_str_hash,
		    g_str_equal, g_free, free_template);
	while (ok && (name = g_dir_read_name(dir)) != NULL)
		ok = load_language(notices, template_dir, name, err);
	g_dir_close(dir);
	if (ok && has_last_resort(notices, err))
		return notices;
	notices_free(notices);
	return NULL;
}

void
notices_free(struct notices *notices)
{
	if (notices == NULL)
		return;
	for (guint i = 0; i < NOTICE_END; i++)
		g_hash_table_unref(notices->kinds[i]);
	g_free(notices);
}

/* The language itself, else without its region. */
static const struct template *
find_language(GHashTable *kind, const char *lang)
{
	const struct template *found;
	g_autofree char *base = NULL;

	if (lang == NULL || lang[0] == '\0')
		return NULL;
	found = g_hash_table_lookup(kind, lang);
	if (found != NULL)
		return found;
	base = g_strndup(lang, strcspn(lang, "-_"));
	return g_hash_table_lookup(kind, base);
}

static const struct template *
find_template(const struct notices *notices, const struct notice_args *args)
{
	GHashTable *kind = notices->kinds[args->kind];
	const struct template *found = find_language(kind, args->lang);

	if (found == NULL)
		found = find_language(kind, args->fallback_lang);
	if (found == NULL)
		found = find_language(kind, LAST_RESORT);
	return found;
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
localized_category(const struct template *template, const char *category)
{
	g_autofree char *name = NULL;

	if (category == NULL || category[0] == '\0')
		return NULL;
	name = g_strconcat("Category-", category, NULL);
	return template_header(template, name);
}

static gboolean
is_about_payment(const char *category)
{
	return g_strcmp0(category, "deposit") == 0 ||
	    g_strcmp0(category, "withdrawal") == 0;
}

gboolean
notice_write(const struct notices *notices, const struct notice_args *args,
    char **subject, char **text)
{
	const struct template *template = find_template(notices, args);
	g_autofree char *first_reply = format_time(args->first_reply_due,
	    "%Y-%m-%d %H:%M UTC");
	g_autofree char *decision = format_time(args->decision_due,
	    "%Y-%m-%d %H:%M UTC");
	g_autofree char *forget = format_time(args->forget, "%Y-%m-%d");
	const char *category = template != NULL
	    ? localized_category(template, args->category)
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

	if (template == NULL)
		return FALSE;
	*subject = template_expand_header(template, "Subject", values);
	*text = template_expand(template, values);
	return TRUE;
}
