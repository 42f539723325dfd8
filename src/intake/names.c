#include "intake/names.h"

#include "base/banned.h"

#define NO_CATEGORY "other"

struct names {
	GPtrArray *queues;     /* own; borrowed char, as the next two */
	GPtrArray *categories; /* sorted */
	char **of_rules;       /* own */
	struct steer_names view;
};

static void
name_add(GPtrArray *list, char *name)
{
	if (!g_ptr_array_find_with_equal_func(list, name, g_str_equal, NULL))
		g_ptr_array_add(list, name);
}

static int
name_compare(gconstpointer a, gconstpointer b)
{
	return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

static void
categories_add(struct names *names, const struct config *config)
{
	for (char **name = names->of_rules; *name != NULL; name++)
		name_add(names->categories, *name);
	for (guint i = 0; i < config->categories->len; i++) {
		const struct config_category *own =
		    g_ptr_array_index(config->categories, i);

		name_add(names->categories, own->name);
	}
	name_add(names->categories, (char *)NO_CATEGORY);
	g_ptr_array_sort(names->categories, name_compare);
}

struct names *
names_new(const struct config *config, const struct rules *rules,
    const struct answers *answers)
{
	static const char *const none[] = {NULL};
	struct names *names = g_new0(struct names, 1);

	names->queues = g_ptr_array_new();
	names->categories = g_ptr_array_new();
	names->of_rules = rules_categories(rules);
	for (guint i = 0; i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);

		g_ptr_array_add(names->queues, queue->name);
	}
	categories_add(names, config);
	g_ptr_array_add(names->queues, NULL);
	g_ptr_array_add(names->categories, NULL);
	names->view = (struct steer_names){
	    .queues = (const char *const *)names->queues->pdata,
	    .categories = (const char *const *)names->categories->pdata,
	    .answers = answers != NULL ? answers_names(answers) : none,
	    .fields = answers_fields()};
	return names;
}

void
names_free(struct names *names)
{
	if (names == NULL)
		return;
	g_ptr_array_unref(names->queues);
	g_ptr_array_unref(names->categories);
	g_strfreev(names->of_rules);
	g_free(names);
}

const struct steer_names *
names_for_steer(const struct names *names)
{
	return &names->view;
}
