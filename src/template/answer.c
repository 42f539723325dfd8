#include "template/answer.h"

#include <string.h>

#include "base/error.h"
#include "template/file.h"
#include "template/template.h"

#include "base/banned.h"

#define LAST_RESORT "en"
#define DIRECTORY "answers/"
#define SUFFIX ".txt"
#define NAME_MAX_LEN 40

/* Every field, with what else the macro f needs. */
#define FIELDS(f, x)                                                           \
	f("amount", x) f("currency", x) f("date", x) f("days", x) f("faq", x)  \
	    f("hash", x) f("limit", x) f("link", x) f("network", x)            \
		f("time", x)
#define FIELD_NAME(name, x) name,

/* What a template may use: two of ours, and what an agent gives. */
static const char *const fields[] = {FIELDS(FIELD_NAME, ) NULL};
static const char *const names[] = {"number", "role", FIELDS(FIELD_NAME, )
    NULL};

struct answers {
	GHashTable *langs; /* own; language to table of name to template */
	GPtrArray *names;  /* own char; NULL-ended when loaded */
};

const char *const *
answers_fields(void)
{
	return fields;
}

const char *const *
answers_names(const struct answers *answers)
{
	return (const char *const *)answers->names->pdata;
}

void
answers_free(struct answers *answers)
{
	if (answers == NULL)
		return;
	g_hash_table_unref(answers->langs);
	g_ptr_array_unref(answers->names);
	g_free(answers);
}

static const struct template *
find_exact(const struct answers *answers, const char *lang, const char *name)
{
	GHashTable *table = g_hash_table_lookup(answers->langs, lang);

	return table != NULL ? g_hash_table_lookup(table, name) : NULL;
}

/* A header of the template, else of the English one. */
static const char *
find_header(const struct answers *answers, const struct template *template,
    const char *name, const char *header)
{
	const char *value = template_header(template, header);

	return value != NULL
	    ? value
	    : template_header(find_exact(answers, LAST_RESORT, name), header);
}

static const char *
default_value(const struct answers *answers, const struct template *template,
    const char *name, const char *field)
{
	g_autofree char *header = g_strconcat("Default-", field, NULL);

	return find_header(answers, template, name, header);
}

/* --- loading -------------------------------------------------------------- */

/* The name of the answer, NULL if the file is none: an editor's backup. Caller
 * frees. */
static char *
answer_name(const char *file)
{
	gsize len = strspn(file, "-0123456789" G_CSET_a_2_z);

	if (len == 0 || len > NAME_MAX_LEN || file[0] == '-' ||
	    strcmp(file + len, SUFFIX) != 0)
		return NULL;
	return g_strndup(file, len);
}

/* "2026-12-31": the second after that day; 0 if it is no date. */
static gint64
parse_expires(const char *text)
{
	g_autofree char *time = g_strconcat(text, "T00:00:00Z", NULL);
	g_autoptr(GDateTime) day = NULL;

	if (strlen(text) == strlen("2026-12-31") && text[4] == '-')
		day = g_date_time_new_from_iso8601(time, NULL);
	return day != NULL ? g_date_time_to_unix(day) + 24 * 60 * 60 : 0;
}

static gboolean
is_field_list(const char *list)
{
	g_auto(GStrv) words = NULL;

	if (list == NULL)
		return TRUE;
	words = g_strsplit(list, " ", -1);
	for (char **w = words; *w != NULL; w++)
		if (**w != '\0' && !g_strv_contains(fields, *w))
			return FALSE;
	return TRUE;
}

static gboolean
check_headers(const struct template *template, GError **err)
{
	const char *expires = template_header(template, "Expires");

	if (template_header(template, "Title") == NULL)
		return error_fail(err, ERROR_PERM, "no Title");
	if (!is_field_list(template_header(template, "Needs")) ||
	    !is_field_list(template_header(template, "Takes")))
		return error_fail(err, ERROR_PERM,
		    "Needs or Takes names a field that does not exist");
	if (expires != NULL && parse_expires(expires) == 0)
		return error_fail(err, ERROR_PERM,
		    "Expires is no day such as 2026-12-31");
	return TRUE;
}

static gboolean
load_file(GHashTable *table, const struct template_file *file, GError **err)
{
	g_autofree char *name = answer_name(file->name + strlen(DIRECTORY));
	struct template *template;

	if (name == NULL)
		return TRUE;
	template = template_file_load(file, names, err);
	if (template == NULL || !check_headers(template, err)) {
		template_free(template);
		template_file_blame(file, err);
		return FALSE;
	}
	(void)g_hash_table_insert(table, g_steal_pointer(&name), template);
	return TRUE;
}

static void
free_template(gpointer data)
{
	template_free(data);
}

static gboolean
load_files(GHashTable *table, GDir *dir, struct template_file file,
    GError **err)
{
	const char *found;

	while ((found = g_dir_read_name(dir)) != NULL) {
		g_autofree char *name = g_strconcat(DIRECTORY, found, NULL);

		file.name = name;
		if (!load_file(table, &file, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean
load_language(struct answers *answers, const char *template_dir,
    const char *lang, GError **err)
{
	g_autofree char *path =
	    g_build_filename(template_dir, lang, DIRECTORY, NULL);
	g_autoptr(GDir) dir = NULL;
	GHashTable *table;

	if (!template_is_language(lang) ||
	    !g_file_test(path, G_FILE_TEST_IS_DIR))
		return TRUE;
	dir = g_dir_open(path, 0, err);
	if (dir == NULL)
		return FALSE;
	table = g_hash_table_new_full(
	    g_str_hash, g_str_equal, g_free, free_template);
	(void)g_hash_table_insert(answers->langs, g_strdup(lang), table);
	return load_files(table, dir,
	    (struct template_file){.dir = template_dir, .lang = lang}, err);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* TRUE if English has all names of the table. */
static gboolean
check_language(const struct answers *answers, const char *lang,
    GHashTable *table, GError **err)
{
	GHashTableIter iter;
	gpointer name;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		if (find_exact(answers, LAST_RESORT, name) == NULL) {
			g_autofree char *file =
			    g_strconcat(DIRECTORY, name, SUFFIX, NULL);

			error_fail(err, ERROR_PERM,
			    "there is no such answer in English");
			template_file_blame(
			    &(struct template_file){.lang = lang, .name = file},
			    err);
			return FALSE;
		}
	return TRUE;
}

static gboolean
check_all(const struct answers *answers, GError **err)
{
	GHashTableIter iter;
	gpointer lang;
	gpointer table;

	g_hash_table_iter_init(&iter, answers->langs);
	while (g_hash_table_iter_next(&iter, &lang, &table))
		if (!check_language(answers, lang, table, err))
			return FALSE;
	return TRUE;
}

static void
list_names(struct answers *answers)
{
	GHashTable *english =
	    g_hash_table_lookup(answers->langs, LAST_RESORT);
	GHashTableIter iter;
	gpointer name;

	if (english != NULL) {
		g_hash_table_iter_init(&iter, english);
		while (g_hash_table_iter_next(&iter, &name, NULL))
			g_ptr_array_add(answers->names, g_strdup(name));
	}
	g_ptr_array_sort(answers->names, compare_names);
	g_ptr_array_add(answers->names, NULL);
}

struct answers *
answers_load(const char *template_dir, GError **err)
{
	g_autoptr(GDir) dir = g_dir_open(template_dir, 0, err);
	struct answers *answers;
	const char *name;
	gboolean ok = TRUE;

	if (dir == NULL)
		return NULL;
	answers = g_new(struct answers, 1);
	answers->names = g_ptr_array_new_with_free_func(g_free);
	answers->langs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
	    (GDestroyNotify)g_hash_table_unref);
	while (ok && (name = g_dir_read_name(dir)) != NULL)
		ok = load_language(answers, template_dir, name, err);
	if (ok && check_all(answers, err)) {
		list_names(answers);
		return answers;
	}
	answers_free(answers);
	return NULL;
}

/* --- writing -------------------------------------------------------------- */

/* The language itself, else without its region. */
static const struct template *
find_language(
    const struct answers *answers, const char *lang, const char *name)
{
	const struct template *found;
	g_autofree char *base = NULL;

	if (lang == NULL || lang[0] == '\0')
		return NULL;
	found = find_exact(answers, lang, name);
	if (found != NULL)
		return found;
	base = g_strndup(lang, strcspn(lang, "-_"));
	return find_exact(answers, base, name);
}

static const struct template *
find_template(const struct answers *answers, const struct answer_args *args)
{
	const struct template *found =
	    find_language(answers, args->lang, args->name);

	if (found == NULL)
		found =
		    find_language(answers, args->fallback_lang, args->name);
	if (found == NULL)
		found = find_exact(answers, LAST_RESORT, args->name);
	return found;
}

static gboolean
lists(const char *list, const char *field)
{
	g_auto(GStrv) words = NULL;

	if (list == NULL)
		return FALSE;
	words = g_strsplit(list, " ", -1);
	return g_strv_contains((const char *const *)words, field);
}

static const char *
given_value(const struct answer_args *args, const char *field)
{
	const struct answer_field *f = args->fields;

	for (; f != NULL && f->name != NULL; f++)
		if (strcmp(f->name, field) == 0 && f->value != NULL &&
		    f->value[0] != '\0')
			return f->value;
	return NULL;
}

static gboolean
check_expires(const struct answers *answers, const struct template *template,
    const struct answer_args *args, GError **err)
{
	const char *expires =
	    find_header(answers, template, args->name, "Expires");

	if (expires != NULL && args->now >= parse_expires(expires))
		return error_fail(err, ERROR_DENIED,
		    "the answer has expired; whoever keeps the templates has "
		    "to renew it");
	return TRUE;
}

/* Errors are literals, so each field has its own. */
#define FIELD_FAIL(name, why)                                                  \
	if (strcmp(field, name) == 0)                                          \
		return error_fail(err, ERROR_DENIED, name why);

static gboolean
fail_unknown(const char *field, GError **err)
{
	FIELDS(FIELD_FAIL, ": the answer has no such field")
	g_assert_not_reached();
}

static gboolean
fail_long(const char *field, GError **err)
{
	FIELDS(FIELD_FAIL, ": the field's value is too long")
	g_assert_not_reached();
}

static gboolean
fail_missing(const char *field, GError **err)
{
	FIELDS(FIELD_FAIL, ": the answer needs this field")
	g_assert_not_reached();
}

/* One field of ours: its value into *value, which stays NULL if there is
 * none. */
static gboolean
take_value(const struct answers *answers, const struct template *template,
    const struct answer_args *args, struct template_value *value, GError **err)
{
	const char *field = value->name;
	const char *given = given_value(args, field);
	gboolean needs =
	    lists(find_header(answers, template, args->name, "Needs"), field);

	if (given != NULL && !needs &&
	    !lists(find_header(answers, template, args->name, "Takes"), field))
		return fail_unknown(field, err);
	if (given != NULL && strlen(given) > ANSWER_VALUE_MAX)
		return fail_long(field, err);
	value->value = given != NULL
	    ? given
	    : default_value(answers, template, args->name, field);
	if (needs && (value->value == NULL || value->value[0] == '\0'))
		return fail_missing(field, err);
	return TRUE;
}

char *
answer_write(const struct answers *answers, const struct answer_args *args,
    GError **err)
{
	const struct template *template = find_template(answers, args);
	struct template_value values[G_N_ELEMENTS(names)] = {
	    {.name = "number", .value = args->number},
	    {.name = "role", .value = args->role}};

	if (template == NULL) {
		error_fail(err, ERROR_DENIED, "there is no such answer");
		return NULL;
	}
	if (!check_expires(answers, template, args, err))
		return NULL;
	for (guint i = 0; fields[i] != NULL; i++) {
		struct template_value *value = &values[i + 2];

		value->name = fields[i];
		if (!take_value(answers, template, args, value, err))
			return NULL;
	}
	return template_expand(template, values);
}

const char *
answer_default(const struct answers *answers, const struct answer_args *args,
    const char *field)
{
	const struct template *template = find_template(answers, args);

	if (template == NULL ||
	    !check_expires(answers, template, args, NULL))
		return NULL;
	return default_value(answers, template, args->name, field);
}
