#include "rules/rules.h"

#include <string.h>

#include "base/error.h"
#include "rules/load.h"
#include "rules/words.h"

#include "base/banned.h"

static gint
name_compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The *.conf of dir, sorted. NULL on error. */
static GPtrArray *
names_read(const char *dir, GError **err)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) handle = g_dir_open(dir, 0, &why);
	const char *name;

	if (handle == NULL) {
		g_set_error(err, ND_ERROR, ERROR_PERM, "filters: %s",
		    why->message);
		return NULL;
	}
	while ((name = g_dir_read_name(handle)) != NULL)
		if (name[0] != '.' && g_str_has_suffix(name, ".conf"))
			g_ptr_array_add(names, g_strdup(name));
	/* Without rules every address would go out as it is. */
	if (names->len == 0) {
		g_set_error(err, ND_ERROR, ERROR_PERM,
		    "filters: no *.conf in %s", dir);
		return NULL;
	}
	g_ptr_array_sort(names, name_compare);
	return g_steal_pointer(&names);
}

struct rules *
rules_load(const char *dir, GError **err)
{
	g_autoptr(GPtrArray) names = names_read(dir, err);
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(rule_free);
	g_autoptr(parts_auto) parts = parts_new();
	struct rule_list into = {list, parts};
	struct rules *rules;

	if (names == NULL)
		return NULL;
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_build_filename(dir,
		    g_ptr_array_index(names, i), NULL);

		if (!rules_load_file(&into, path, err))
			return NULL;
	}
	rules = g_new0(struct rules, 1);
	rules->list = g_steal_pointer(&list);
	rules->words = words_new(rules->list);
	return rules;
}

char **
rules_categories(const struct rules *rules)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (guint i = 0; i < rules->list->len; i++) {
		const struct rule *rule = g_ptr_array_index(rules->list, i);

		if (rule->action == RULE_CATEGORY &&
		    !g_ptr_array_find_with_equal_func(
			names, rule->as, g_str_equal, NULL))
			g_ptr_array_add(names, rule->as);
	}
	g_ptr_array_add(names, NULL);
	return g_strdupv((char **)names->pdata);
}

void
rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	words_free(rules->words);
	g_ptr_array_unref(rules->list);
	g_free(rules);
}
