#include "rules/part.h"

#include <string.h>

#include "base/error.h"
#include "rules/pattern.h"

#include "base/banned.h"

#define PART_NAME_MAX 32

struct parts {
	GHashTable *texts; /* own: name, expanded text */
};

struct parts *
parts_new(void)
{
	struct parts *parts = g_new0(struct parts, 1);

	parts->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
	    g_free);
	return parts;
}

void
parts_free(struct parts *parts)
{
	if (parts == NULL)
		return;
	g_hash_table_unref(parts->texts);
	g_free(parts);
}

gboolean
part_name_is_valid(const char *name)
{
	gsize len = strlen(name);

	if (len > PART_NAME_MAX || !g_ascii_islower(name[0]))
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_islower(name[i]) && !g_ascii_isdigit(name[i]) &&
		    name[i] != '-')
			return FALSE;
	return TRUE;
}

gboolean
parts_add(struct parts *parts, const char *name, const char *text)
{
	if (g_hash_table_contains(parts->texts, name))
		return FALSE;
	g_hash_table_insert(parts->texts, g_strdup(name), g_strdup(text));
	return TRUE;
}

static const char *
part_find(const struct parts *parts, const char *name, GError **err)
{
	const char *text;

	if (!part_name_is_valid(name)) {
		error_fail(err, ERROR_PERM,
		    "wrong: \"{{\" needs the name of a part and \"}}\" behind "
		    "it; the brace itself is \"\\{\"");
		return NULL;
	}
	text = g_hash_table_lookup(parts->texts, name);
	if (text == NULL)
		g_set_error(err, ND_ERROR, ERROR_PERM,
		    "wrong: no [part %s] stands before it", name);
	return text;
}

char *
parts_expand(const struct parts *parts, const char *text, GError **err)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (;;) {
		const char *open = strstr(text, "{{");
		const char *close = open != NULL ? strstr(open, "}}") : NULL;
		g_autofree char *name = NULL;
		const char *part;

		if (open == NULL)
			break;
		g_string_append_len(out, text, open - text);
		open += strlen("{{");
		name = g_strndup(open, close != NULL ? (gsize)(close - open)
						     : 0);
		part = part_find(parts, name, err);
		if (part == NULL)
			return NULL;
		g_string_append_printf(out, "(?:%s)", part);
		/* Before the next one, or a few lines could make up all
		 * memory. */
		if (out->len > PATTERN_LEN_MAX)
			break;
		text = close + strlen("}}");
	}
	g_string_append(out, text);
	if (out->len > PATTERN_LEN_MAX) {
		error_fail_num(err, ERROR_PERM,
		    "longer than the allowed number of octets",
		    PATTERN_LEN_MAX);
		return NULL;
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}
