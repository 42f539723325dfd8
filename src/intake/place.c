#include "intake/place.h"

#include <string.h>

#include "base/banned.h"

/* How a local part belongs to a queue, in rising order. */
enum fit {
	FIT_NOT,
	FIT_TAGGED,  /* "+" and what is no label */
	FIT_LABELED,
	FIT_WHOLE,   /* no extension */
};

/* Octets of what stands for "+" at text, 0 for none; *is_plus if nothing else
 * can be meant. */
static gsize
delimiter_length(const char *text, gboolean *is_plus)
{
	static const char encoded[] = "%2B";
	gsize len = sizeof encoded - 1;

	*is_plus = TRUE;
	if (text[0] == '+')
		return 1;
	if (g_ascii_strncasecmp(text, encoded, len) == 0)
		return len;
	*is_plus = FALSE;
	return text[0] == '-' || text[0] == '=' ? 1 : 0;
}

static enum fit
local_fits(const char *local, const char *base, struct label *label)
{
	gsize len = strlen(base);
	gboolean is_plus;
	gsize gap;

	*label = (struct label){.kind = LABEL_NONE};
	if (g_ascii_strncasecmp(local, base, len) != 0)
		return FIT_NOT;
	if (local[len] == '\0')
		return FIT_WHOLE;
	gap = delimiter_length(local + len, &is_plus);
	if (gap == 0)
		return FIT_NOT;
	local += len + gap;
	*label = label_parse_extension(local, strlen(local));
	if (label->kind != LABEL_NONE)
		return FIT_LABELED;
	return is_plus ? FIT_TAGGED : FIT_NOT;
}

const struct config_queue *
place_find(const struct config *config, const char *local, const char *domain,
    struct label *label)
{
	g_autofree char *ascii = g_hostname_to_ascii(domain);
	const struct config_queue *best = NULL;
	enum fit best_fit = FIT_NOT;
	struct label found = {.kind = LABEL_NONE};

	for (guint i = 0; ascii != NULL && i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);
		struct label one;
		enum fit fit;

		if (g_ascii_strcasecmp(ascii, queue->domain) != 0)
			continue;
		fit = local_fits(local, queue->local, &one);
		if (fit > best_fit ||
		    (fit == best_fit && best != NULL &&
			strlen(queue->local) > strlen(best->local))) {
			best = queue;
			best_fit = fit;
			found = one;
		}
	}
	if (label != NULL)
		*label = found;
	return best;
}

const struct config_queue *
place_control(const struct config *config, const char *local,
    const char *domain)
{
	g_autofree char *ascii = g_hostname_to_ascii(domain);
	const struct addr addr = {(char *)local, (char *)domain};
	g_autofree char *normal =
	    ascii != NULL ? addr_to_normal(&addr) : NULL;

	for (guint i = 0; normal != NULL && i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);

		if (g_strcmp0(normal, queue->control) == 0)
			return queue;
	}
	return NULL;
}

static gboolean
domain_is_ours(const struct config *config, const char *domain)
{
	g_autofree char *ascii = g_hostname_to_ascii(domain);

	for (guint i = 0; ascii != NULL && i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);
		const char *at = queue->control != NULL
		    ? strrchr(queue->control, '@')
		    : NULL;

		if (g_ascii_strcasecmp(ascii, queue->domain) == 0 ||
		    (at != NULL && g_ascii_strcasecmp(ascii, at + 1) == 0))
			return TRUE;
	}
	return FALSE;
}

enum place
place_judge(
    const struct config *config, const char *local, const char *domain)
{
	if (place_find(config, local, domain, NULL) != NULL ||
	    place_control(config, local, domain) != NULL)
		return PLACE_OURS;
	return domain_is_ours(config, domain) ? PLACE_UNKNOWN : PLACE_OTHERS;
}

enum place
place_check(const char *local, const char *domain, gpointer user_data)
{
	return place_judge(user_data, local, domain);
}
