#include "mail/ids.h"

#include <string.h>

#include "mail/model.h"

#include "base/banned.h"

#define ID_MAX 900 /* octets; a header line holds no more */
#define THREAD_MAX 8192 /* octets of a Thread-Index; each reply adds seven */

/* MAIL_THREAD_LEN octets in base64, with and without what fills the last
 * group of four letters. */
#define THREAD_LETTERS ((MAIL_THREAD_LEN + 2) / 3 * 4)
#define THREAD_LETTERS_MIN ((MAIL_THREAD_LEN * 8 + 5) / 6)

/* What stands between the brackets, without folding white space; NULL if it
 * could not be written into a header again. */
static char *
id_take(const char *p, gsize len)
{
	g_autoptr(GString) id = g_string_new(NULL);

	for (gsize i = 0; i < len; i++)
		if (p[i] != ' ' && p[i] != '\t')
			g_string_append_c(id, p[i]);
	for (gsize i = 0; i < id->len; i++)
		if ((guchar)id->str[i] < ' ' || id->str[i] == 0x7f)
			return NULL;
	if (id->len == 0 || id->len > ID_MAX ||
	    !g_utf8_validate(id->str, (gssize)id->len, NULL))
		return NULL;
	return g_strndup(id->str, id->len);
}

/* The ids of a value in order. A value without brackets is one id if it is
 * one word with an "@". */
static void
value_read(GPtrArray *out, const char *value)
{
	const char *p = value;
	gsize bare = strcspn(value, "<> \t");

	if (value[bare] == '\0' && strchr(value, '@') != NULL) {
		char *id = id_take(value, bare);

		if (id != NULL)
			g_ptr_array_add(out, id);
		return;
	}
	while ((p = strchr(p, '<')) != NULL) {
		const char *end = p + 1 + strcspn(p + 1, "<>");
		char *id = *end == '>'
		    ? id_take(p + 1, (gsize)(end - p - 1))
		    : NULL;

		if (id != NULL)
			g_ptr_array_add(out, id);
		p = end;
	}
}

static GPtrArray *
header_read(const struct headers *headers, const char *name)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	const char *value;

	for (guint n = 0; (value = headers_get(headers, name, n)) != NULL; n++)
		value_read(ids, value);
	return ids;
}

static void
add_new(GPtrArray *out, const char *id, guint max)
{
	if (out->len < max &&
	    !g_ptr_array_find_with_equal_func(out, id, g_str_equal, NULL))
		g_ptr_array_add(out, g_strdup(id));
}

void
ids_add(GPtrArray *out, const struct headers *headers, const char *name,
    guint max)
{
	g_autoptr(GPtrArray) ids = header_read(headers, name);

	for (guint i = 0; i < ids->len; i++)
		add_new(out, ids->pdata[i], max);
}

void
ids_read_references(GPtrArray *out, const struct headers *headers)
{
	g_autoptr(GPtrArray) thread = header_read(headers, "references");

	ids_add(out, headers, "in-reply-to", IDS_REFERENCES_MAX);
	for (guint i = thread->len; i > 0; i--)
		add_new(out, thread->pdata[i - 1], IDS_REFERENCES_MAX);
}

char *
ids_first(const struct headers *headers, const char *name)
{
	g_autoptr(GPtrArray) ids = header_read(headers, name);

	return g_strdup(ids->len > 0 ? ids->pdata[0] : "");
}

/* The base64 text without its folding; NULL if it is none. */
static char *
base64_take(const char *value)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	g_autoptr(GString) text = g_string_new(NULL);
	gsize len;

	for (; *value != '\0' && text->len <= THREAD_MAX; value++)
		if (*value != ' ' && *value != '\t')
			g_string_append_c(text, *value);
	len = strspn(text->str, letters);
	if (text->len > THREAD_MAX ||
	    strspn(text->str + len, "=") != text->len - len)
		return NULL;
	return g_strndup(text->str, len);
}

char *
ids_thread(const struct headers *headers)
{
	const char *value = headers_get(headers, "thread-index", 0);
	g_autofree char *text = value != NULL ? base64_take(value) : NULL;
	g_autofree guchar *octets = NULL;
	char root[THREAD_LETTERS + 1];
	gsize len = 0;

	if (text == NULL || strlen(text) < THREAD_LETTERS_MIN)
		return g_strdup("");
	g_strlcpy(root, text, sizeof(root));
	while (strlen(root) < THREAD_LETTERS)
		g_strlcat(root, "=", sizeof(root));
	octets = g_base64_decode(root, &len);
	g_assert(len >= MAIL_THREAD_LEN);
	return g_base64_encode(octets, MAIL_THREAD_LEN);
}
