/*
 * The filter of Postfix's log: no octet beyond ASCII, no control and no "@"
 * gets through.
 */
#include <string.h>

#include <glib.h>

#include "reach.h"

#include "postfix/filter.h"

#include "base/banned.h"

#define INPUT_MAX 8192

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
check(const char *line, gsize len)
{
	const struct postfix_filter filter = {FALSE};
	g_autoptr(GString) out = g_string_new(NULL);

	postfix_filter_line(&filter, line, len, out);
	for (gsize i = 0; i < out->len; i++)
		g_assert(g_ascii_isprint(out->str[i]) && out->str[i] != '@');
	if (!g_str_has_suffix(out->str, "<text>"))
		REACHED();
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static const char head[] = "Nov 22 05:57:02 mx postfix/x[1]: ";
	g_autoptr(GString) line = NULL;

	if (len > INPUT_MAX)
		return 0;
	REACH_INIT("logfilter");
	check((const char *)data, len);
	line = g_string_new(head);
	g_string_append_len(line, (const char *)data, (gssize)len);
	check(line->str, line->len);
	return 0;
}
