#include "base/addr.h"

#include <string.h>

#include "base/error.h"

#include "base/banned.h"

#define DOMAIN_MAX 255

static gboolean
byte_is_forbidden(guchar c)
{
	return c < 0x20 || c == 0x7f || c == '<' || c == '>';
}

static gboolean
local_is_dot_atom(const char *local)
{
	static const char special[] = "()<>[]:;@\\,\" ";
	gsize len = strlen(local);

	if (len == 0 || local[0] == '.' || local[len - 1] == '.' ||
	    strstr(local, "..") != NULL)
		return FALSE;
	return strcspn(local, special) == len;
}

/* Undoes the quoting of a quoted-string local part. */
static char *
local_unquote(const char *text, gsize len)
{
	GString *out = g_string_sized_new(len);

	for (gsize i = 1; i + 1 < len; i++) {
		if (text[i] == '\\' && i + 2 < len)
			i++;
		else if (text[i] == '"' || text[i] == '\\') {
			g_string_free(out, TRUE);
			return NULL;
		}
		g_string_append_c(out, text[i]);
	}
	return g_string_free(out, FALSE);
}

static gboolean
domain_is_valid(const char *domain)
{
	static const char forbidden[] = " \"(),:;@\\[]";
	gsize len = strlen(domain);
	g_autofree char *ascii = NULL;

	if (len == 0 || len > DOMAIN_MAX)
		return FALSE;
	if (domain[0] == '[')
		return len > 2 && domain[len - 1] == ']' &&
		    strcspn(domain + 1, "[]\\ ") == len - 2;
	if (strcspn(domain, forbidden) != len || domain[0] == '.' ||
	    domain[len - 1] == '.' || strstr(domain, "..") != NULL)
		return FALSE;
	ascii = g_hostname_to_ascii(domain);
	return ascii != NULL;
}

struct addr *
addr_parse(const char *text, gssize len, GError **err)
{
	gsize n = len < 0 ? strlen(text) : (gsize)len;
	const char *at = NULL;
	g_autofree char *local = NULL;
	g_autofree char *domain = NULL;
	struct addr *addr;

	if (n == 0 || n > ADDR_MAX || !g_utf8_validate_len(text, n, NULL))
		goto bad;
	for (gsize i = 0; i < n; i++) {
		if (byte_is_forbidden((guchar)text[i]))
			goto bad;
		if (text[i] == '@')
			at = text + i;
	}
	if (at == NULL || at == text || (gsize)(at - text) > ADDR_LOCAL_MAX)
		goto bad;
	if (text[0] == '"') {
		gsize llen = (gsize)(at - text);

		if (llen < 3 || at[-1] != '"')
			goto bad;
		local = local_unquote(text, llen);
		if (local == NULL)
			goto bad;
	} else {
		local = g_strndup(text, (gsize)(at - text));
		if (!local_is_dot_atom(local))
			goto bad;
	}
	domain = g_strndup(at + 1, n - (gsize)(at + 1 - text));
	if (!domain_is_valid(domain))
		goto bad;
	addr = g_new(struct addr, 1);
	addr->local = g_steal_pointer(&local);
	addr->domain = g_steal_pointer(&domain);
	return addr;
bad:
	error_fail(err, ERROR_PERM, "not a mailbox address");
	return NULL;
}

struct addr *
addr_copy(const struct addr *addr)
{
	struct addr *copy = g_new(struct addr, 1);

	copy->local = g_strdup(addr->local);
	copy->domain = g_strdup(addr->domain);
	return copy;
}

void
addr_free(struct addr *addr)
{
	if (addr == NULL)
		return;
	g_free(addr->local);
	g_free(addr->domain);
	g_free(addr);
}

char *
addr_to_wire(const struct addr *addr)
{
	GString *out;

	if (local_is_dot_atom(addr->local))
		return g_strconcat(addr->local, "@", addr->domain, NULL);
	out = g_string_new("\"");
	for (const char *p = addr->local; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *p);
	}
	g_string_append_printf(out, "\"@%s", addr->domain);
	return g_string_free(out, FALSE);
}

char *
addr_to_normal(const struct addr *addr)
{
	g_autofree char *nfc = g_utf8_normalize(addr->local, -1,
	    G_NORMALIZE_NFC);
	g_autofree char *folded = g_utf8_casefold(nfc, -1);
	g_autofree char *local = g_utf8_normalize(folded, -1, G_NORMALIZE_NFC);
	g_autofree char *ascii = addr->domain[0] == '['
	    ? g_strdup(addr->domain)
	    : g_hostname_to_ascii(addr->domain);
	g_autofree char *domain = g_ascii_strdown(ascii, -1);

	return g_strconcat(local, "@", domain, NULL);
}

gboolean
addr_is_utf8(const struct addr *addr)
{
	return !g_str_is_ascii(addr->local) || !g_str_is_ascii(addr->domain);
}
