#include "mail/headers.h"

#include <string.h>

#include "base/banned.h"

static void
header_free(gpointer data)
{
	struct header *header = data;

	g_free(header->name);
	g_free(header->value);
	g_free(header);
}

/* Appends a line without what a value must not hold. */
static void
append_clean(GString *value, const char *line, gsize len, gsize max)
{
	for (gsize i = 0; i < len && value->len < max; i++) {
		char c = line[i];

		if (c == '\t')
			c = ' ';
		if (c != '\0' && c != '\r' && c != '\n')
			g_string_append_c(value, c);
	}
}

/* Length of a field name (RFC 5322 2.2: printable, no colon), or 0. */
static gsize
name_len(const char *line, gsize len, gsize *value)
{
	gsize n = 0;
	gsize k;

	while (n < len && line[n] > ' ' && line[n] < 0x7f && line[n] != ':')
		n++;
	k = n;
	while (k < len && (line[k] == ' ' || line[k] == '\t'))
		k++;
	if (n == 0 || k == len || line[k] != ':')
		return 0;
	*value = k + 1;
	return n;
}

static void
header_end(struct headers *headers, struct header *header, GString *value)
{
	if (header == NULL)
		return;
	header->value = g_strndup(value->str, value->len);
	g_strstrip(header->value);
	g_ptr_array_add(headers->list, header);
}

static struct header *
header_begin(const char *line, gsize len, GString *value, gsize max)
{
	struct header *header;
	gsize at;
	gsize n = name_len(line, len, &at);

	if (n == 0)
		return NULL;
	header = g_new0(struct header, 1);
	header->name = g_ascii_strdown(line, (gssize)n);
	g_string_truncate(value, 0);
	append_clean(value, line + at, len - at, max);
	return header;
}

struct headers *
headers_scan(const char *raw, gsize len, gsize value_max)
{
	struct headers *headers = g_new0(struct headers, 1);
	g_autoptr(GString) value = g_string_new(NULL);
	struct header *header = NULL;
	gsize at = 0;

	headers->list = g_ptr_array_new_with_free_func(header_free);
	while (at < len && at < HEADERS_BYTES &&
	    headers->list->len < HEADERS_MAX) {
		const char *line = raw + at;
		const char *nl = memchr(line, '\n', len - at);
		gsize n = nl != NULL ? (gsize)(nl - line) : len - at;

		at += n + (nl != NULL);
		if (n == 0 || (n == 1 && line[0] == '\r'))
			break;
		if (line[0] == ' ' || line[0] == '\t') {
			if (header != NULL)
				append_clean(value, line, n, value_max);
			continue;
		}
		header_end(headers, header, value);
		header = header_begin(line, n, value, value_max);
	}
	header_end(headers, header, value);
	headers->body = at;
	return headers;
}

void
headers_free(struct headers *headers)
{
	if (headers == NULL)
		return;
	g_ptr_array_unref(headers->list);
	g_free(headers);
}

const char *
headers_get(const struct headers *headers, const char *name, guint n)
{
	for (guint i = 0; i < headers->list->len; i++) {
		const struct header *header = headers->list->pdata[i];

		if (strcmp(header->name, name) == 0 && n-- == 0)
			return header->value;
	}
	return NULL;
}

const char *
headers_skip_cfws(const char *p)
{
	guint depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')' && depth > 0)
			depth--;
		else if (*p == '\\' && depth > 0 && p[1] != '\0')
			p++;
		else if (depth == 0 && *p != ' ' && *p != '\t')
			break;
	}
	return p;
}

char *
headers_first_word(const char *value)
{
	const char *p = headers_skip_cfws(value);

	return g_ascii_strdown(p, (gssize)strcspn(p, " \t;(,/\""));
}
