/*
 * Questions to a configuration that is loaded.
 */
#include <string.h>

#include "base/config.h"

#include "base/banned.h"

#define NO_CATEGORY "other"

const struct config_queue *
config_queue_by_name(const struct config *config, const char *name)
{
	for (guint i = 0; i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);

		if (strcmp(queue->name, name) == 0)
			return queue;
	}
	return NULL;
}

static const char *
category_name(const char *name)
{
	return name[0] != '\0' ? name : NO_CATEGORY;
}

const struct config_category *
config_category_by_name(const struct config *config, const char *name)
{
	name = category_name(name);
	for (guint i = 0; i < config->categories->len; i++) {
		const struct config_category *category =
		    g_ptr_array_index(config->categories, i);

		if (strcmp(category->name, name) == 0)
			return category;
	}
	return NULL;
}

const char *const *
config_queue_level(const struct config_queue *queue, guint level)
{
	if (level >= 3 && queue->head != NULL && queue->head[0] != NULL)
		return (const char *const *)queue->head;
	if (level >= 2 && queue->senior != NULL && queue->senior[0] != NULL)
		return (const char *const *)queue->senior;
	return (const char *const *)queue->agents;
}

gboolean
config_queue_has_archive(const struct config_queue *queue)
{
	return queue->archive != NULL && queue->archive[0] != '\0';
}

gboolean
config_has_archive(const struct config *config)
{
	for (guint i = 0; i < config->queues->len; i++)
		if (config_queue_has_archive(config->queues->pdata[i]))
			return TRUE;
	return FALSE;
}

static gint64
priority_of(const struct config *config, const char *category)
{
	const struct config_category *own =
	    config_category_by_name(config, category);

	return own != NULL && own->priority != 0 ? own->priority
						 : CONFIG_PRIORITY_USUAL;
}

gint64
config_priority(
    const struct config *config, const char *category, gboolean is_vip)
{
	gint64 own = priority_of(config, category);

	return is_vip ? MIN(own, priority_of(config, "vip")) : own;
}

const char *
config_faq(const struct config *config, const struct config_queue *queue,
    const char *category)
{
	const struct config_category *own =
	    config_category_by_name(config, category);
	const char *link =
	    g_hash_table_lookup(queue->faqs, category_name(category));

	if (link == NULL && own != NULL && own->faq != NULL &&
	    own->faq[0] != '\0')
		link = own->faq;
	if (link == NULL)
		link = queue->faq;
	return link != NULL ? link : "";
}
