#include "outbound/notice.h"

#include <string.h>

#include "base/error.h"
#include "proto/messages.h"
#include "template/file.h"
#include "template/template.h"

#include "base/banned.h"

#define LAST_RESORT "en"
#define TIME_FORMAT "%Y-%m-%d %H:%M UTC"

struct notices {
	GHashTable *kinds[NOTICE_END]; /* own; language (char) to struct
					* template */
};

/* Names that every template may use. */
#define COMMON_NAMES "number", "category", "first_reply", "decision",          \
    "deposit_or_withdrawal", "faq", "forget", "escalate", "forget_now"

static const char *const new_names[] = {COMMON_NAMES, "receipt", "mirror",
    NULL};
static const char *const escalated_names[] = {COMMON_NAMES, "senior", "head",
    "late", NULL};
static const char *const closed_names[] = {COMMON_NAMES, "solved", "refused",
    "reopen", "rate1", "rate2", "rate3", "rate4", "rate5", NULL};
static const char *const transcript_names[] = {COMMON_NAMES, "thread",
    "no_thread", NULL};
static const char *const footer_names[] = {"number", "escalate", NULL};

/* Without these it would not be what its name says. */
static const char *const needs_ratings[] = {"rate1", "rate2", "rate3", "rate4",
    "rate5", NULL};
static const char *const needs_thread[] = {"thread", NULL};
static const char *const needs_escalate[] = {"escalate", NULL};
static const char *const needs_nothing[] = {NULL};

static const struct {
	const char *file;
	const char *const *names; /* all that it may use */
	const char *const *needs; /* all that it must use */
	gboolean has_subject;
} kinds[NOTICE_END] = {
    [NOTICE_ACK] = {"ack.txt", new_names, needs_nothing, TRUE},
    [NOTICE_ENCRYPTED] = {"encrypted.txt", new_names, needs_nothing, TRUE},
    [NOTICE_ESCALATED] = {"escalated.txt", escalated_names, needs_nothing,
	TRUE},
    [NOTICE_CLOSED] = {"closed.txt", closed_names, needs_ratings, TRUE},
    [NOTICE_TRANSCRIPT] = {"transcript.txt", transcript_names, needs_thread,
	TRUE},
    [NOTICE_FOOTER] = {"footer.txt", footer_names, needs_escalate, FALSE},
};

static void
free_template(gpointer data)
{
	template_free(data);
}

static gboolean
check_template(
    const struct template *template, enum notice_kind kind, GError **err)
{
	if (kinds[kind].has_subject &&
	    template_header(template, "Subject") == NULL)
		return error_fail(err, ERROR_PERM, "template: no Subject");
	return template_file_needs(template, kinds[kind].needs, err);
}

static gboolean
load_notice(struct notices *notices, enum notice_kind kind, const char *dir,
    const char *lang, GError **err)
{
	const struct template_file file = {dir, lang, kinds[kind].file};
	g_autofree char *path = g_build_filename(dir, lang, file.name, NULL);
	struct template *template;

	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return TRUE;
	template = template_file_load(&file, kinds[kind].names, err);
	if (template == NULL || !check_template(template, kind, err)) {
		template_free(template);
		template_file_blame(&file, err);
		return FALSE;
	}
	(void)g_hash_table_insert(
	    notices->kinds[kind], g_strdup(lang), template);
	return TRUE;
}

static gboolean
load_language(struct notices *notices, const char *dir, const char *lang,
    GError **err)
{
	for (guint i = 0; template_is_language(lang) && i < NOTICE_END; i++)
		if (!load_notice(notices, i, dir, lang, err))
			return FALSE;
	return TRUE;
}

static gboolean
has_last_resort(const struct notices *notices, GError **err)
{
	for (guint i = 0; i < NOTICE_END; i++)
		if (!g_hash_table_contains(notices->kinds[i], LAST_RESORT)) {
			error_fail(err, ERROR_PERM, "the file is missing");
			template_file_blame(
			    &(struct template_file){.lang = LAST_RESORT,
				.name = kinds[i].file},
			    err);
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
find_template(const struct notices *notices, enum notice_kind kind,
    const struct notice_args *args)
{
	GHashTable *langs = notices->kinds[kind];
	const struct template *found = find_language(langs, args->lang);

	if (found == NULL)
		found = find_language(langs, args->fallback_lang);
	if (found == NULL)
		found = find_language(langs, LAST_RESORT);
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

static const char *
set_if(gboolean is_so)
{
	return is_so ? "1" : NULL;
}

char *
notice_add_footer(const struct notices *notices,
    const struct notice_args *args, const char *text)
{
	const struct template *footer =
	    find_template(notices, NOTICE_FOOTER, args);
	const struct template_value values[] = {
		{.name = "number", .value = args->number},
		{.name = "escalate", .value = args->escalate},
		{.name = NULL},
	};
	g_autofree char *below = footer != NULL
	    ? template_expand(footer, values)
	    : g_strdup("");

	return g_strconcat(text, g_str_has_suffix(text, "\n") ? "" : "\n",
	    "\n", below, NULL);
}

gboolean
notice_write(const struct notices *notices, const struct notice_args *args,
    char **subject, char **text)
{
	const struct template *template =
	    find_template(notices, args->kind, args);
	g_autofree char *first_reply =
	    format_time(args->first_reply_due, TIME_FORMAT);
	g_autofree char *decision =
	    format_time(args->decision_due, TIME_FORMAT);
	g_autofree char *forget = format_time(args->forget, "%Y-%m-%d");
	g_autofree char *reopen = format_time(args->reopen, TIME_FORMAT);
	const char *category = template != NULL
	    ? localized_category(template, args->category)
	    : NULL;
	const struct template_value values[] = {
		{.name = "number", .value = args->number},
		{.name = "first_reply", .value = first_reply},
		{.name = "decision", .value = decision},
		{.name = "late",
		    .value = set_if(first_reply == NULL && decision == NULL)},
		{.name = "forget", .value = forget},
		{.name = "forget_now", .value = "1"},
		{.name = "faq", .value = args->faq},
		{.name = "deposit_or_withdrawal",
		    .value = set_if(is_about_payment(args->category))},
		{.name = "category", .value = category},
		{.name = "receipt", .value = args->receipt},
		{.name = "mirror", .value = args->mirror},
		{.name = "escalate", .value = args->escalate},
		{.name = "senior", .value = set_if(args->level == 2)},
		{.name = "head", .value = set_if(args->level >= 3)},
		{.name = "solved",
		    .value = set_if(args->close == PROTO_CLOSE_SOLVED)},
		{.name = "refused",
		    .value = set_if(args->close == PROTO_CLOSE_REFUSED)},
		{.name = "reopen", .value = reopen},
		{.name = "rate1", .value = args->rate[0]},
		{.name = "rate2", .value = args->rate[1]},
		{.name = "rate3", .value = args->rate[2]},
		{.name = "rate4", .value = args->rate[3]},
		{.name = "rate5", .value = args->rate[4]},
		{.name = "thread", .value = args->thread, .is_text = TRUE},
		{.name = "no_thread",
		    .value = set_if(args->thread == NULL ||
			args->thread[0] == '\0')},
		{.name = NULL},
	};
	g_autofree char *above = NULL;

	if (template == NULL)
		return FALSE;
	*subject = template_expand_header(template, "Subject", values);
	above = template_expand(template, values);
	*text = notice_add_footer(notices, args, above);
	return TRUE;
}
