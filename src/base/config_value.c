/*
 * Values of nymdesk.conf: text to number, time, choice or list.
 */
#include <string.h>

#include "base/addr.h"
#include "base/config_rows.h"
#include "base/error.h"

#include "base/banned.h"

#define DAY 86400

gboolean
config_fail_key(GError **err, const char *group, const struct config_row *row,
    const char *what)
{
	g_set_error(err, ND_ERROR, ERROR_PERM, "[%s] %s: %s. %s", group,
	    row->key, what, row->help);
	return FALSE;
}

gboolean
config_time_parse(const char *text, gint64 *out)
{
	static const struct {
		char unit;
		gint64 s;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY},
	    {'w', 7 * DAY}};
	char *end;
	gint64 n = g_ascii_strtoll(text, &end, 10);

	if (end == text || n < 0 || n > G_MAXINT32 || *end == '\0' ||
	    end[1] != '\0')
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
		if (units[i].unit == *end) {
			*out = n * units[i].s;
			return TRUE;
		}
	return FALSE;
}

static gboolean
number_in_range(const char *text, const struct config_row *row, gint64 *out)
{
	return g_ascii_string_to_signed(text, 10, row->min, row->max, out,
	    NULL);
}

static gboolean
choice_is_known(const char *text, const struct config_row *row)
{
	g_autofree char *list =
	    g_strndup(row->help, (gsize)(strchr(row->help, ':') - row->help));
	g_auto(GStrv) choices = g_strsplit(list, "|", -1);

	return g_strv_contains((const char *const *)choices, text);
}

static char **
list_parse(const char *text)
{
	g_auto(GStrv) raw = g_strsplit(text, ";", -1);
	g_autoptr(GStrvBuilder) out = g_strv_builder_new();

	for (char **p = raw; *p != NULL; p++)
		if (*g_strstrip(*p) != '\0')
			g_strv_builder_add(out, *p);
	return g_strv_builder_end(out);
}

static gboolean
list_set(const char *group, const struct config_row *row, const char *text,
    char ***out, GError **err)
{
	guint len;

	*out = list_parse(text);
	len = g_strv_length(*out);
	if (len < row->min || len > row->max)
		return config_fail_key(err, group, row, "wrong number of addresses");
	for (char **p = *out; *p != NULL; p++) {
		g_autoptr(addr_auto) addr = addr_parse(*p, -1, NULL);

		if (addr == NULL)
			return config_fail_key(err, group, row,
			    "holds something that is no address");
	}
	return TRUE;
}

gboolean
config_value_set(const char *group, const struct config_row *row,
    const char *text, gpointer at, GError **err)
{
	switch (row->type) {
	case VALUE_CHOICE:
		if (!choice_is_known(text, row))
			return config_fail_key(err, group, row, "unknown choice");
		*(char **)at = g_strdup(text);
		return TRUE;
	case VALUE_TEXT:
		*(char **)at = g_strdup(text);
		return TRUE;
	case VALUE_NUMBER:
		if (!number_in_range(text, row, at))
			return config_fail_key(err, group, row,
			    "not a number in range");
		return TRUE;
	case VALUE_TIME:
		if (!config_time_parse(text, at) || *(gint64 *)at < row->min ||
		    *(gint64 *)at > row->max)
			return config_fail_key(err, group, row,
			    "not a time in range such as 30s, 5m, 1h or 7d");
		return TRUE;
	case VALUE_BOOL:
		*(gboolean *)at = strcmp(text, "true") == 0;
		if (!*(gboolean *)at && strcmp(text, "false") != 0)
			return config_fail_key(err, group, row,
			    "neither true nor false");
		return TRUE;
	case VALUE_LIST:
		return list_set(group, row, text, at, err);
	}
	g_assert_not_reached();
}

void
config_value_clear(const struct config_row *row, gpointer at)
{
	if (row->type == VALUE_TEXT || row->type == VALUE_CHOICE)
		g_clear_pointer((char **)at, g_free);
	if (row->type == VALUE_LIST)
		g_clear_pointer((char ***)at, g_strfreev);
}
