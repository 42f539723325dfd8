#include "mail/keyed.h"

#include <string.h>

#include "ticket/label.h"
#include "ticket/number.h"

#include "base/banned.h"

#define LOCAL_MAX 128 /* octets of a local part that is looked at */

#define EXTENSION_CHARS (NUMBER_LEN + 1 + LABEL_MAC_LEN)

static gboolean
is_base32(char c)
{
	/* Crockford's letters; I, L, O are read for 1, 1, 0. */
	return g_ascii_isalnum(c) && c != 'u' && c != 'U';
}

static gsize
base32_run(const char *p, const char *end)
{
	gsize n = 0;

	while (p + n < end && is_base32(p[n]))
		n++;
	return n;
}

static gsize
form_length(const char *p, const char *const *forms)
{
	for (; *forms != NULL; forms++)
		if (g_ascii_strncasecmp(p, *forms, strlen(*forms)) == 0)
			return strlen(*forms);
	return 0;
}

/* Octets of a way to write a delimiter at p, or 0. */
static gsize
delimiter_length(const char *p)
{
	static const char *const forms[] = {"-", ".", "%2d", "=2d", "&#45;",
	    "&#x2d;", "&hyphen;", "&dash;", "\u2010", "\u2011", "\u2013",
	    "\u2212", NULL};

	return form_length(p, forms);
}

/* TRUE if [p, end) has number-mac, token.mac or number.root in it: runs of
 * exactly their lengths, which no public local part of a queue has. */
static gboolean
has_keyed_part(const char *p, const char *end)
{
	while (p < end) {
		gsize run = base32_run(p, end);
		gsize gap = delimiter_length(p + run);

		/* The "2B" of a hidden plus sign is not part of a run. */
		if (*p == '%' && end - p > 3) {
			p += 3;
			continue;
		}

		if (gap > 0 && (run == NUMBER_LEN || run == LABEL_MAC_LEN) &&
		    base32_run(p + run + gap, end) == LABEL_MAC_LEN)
			return TRUE;
		if (run == NUMBER_LEN && end - p >= NUMBER_LEN + 5 &&
		    g_ascii_strncasecmp(p + run, ".root", 5) == 0)
			return TRUE;
		p += MAX(run, 1);
	}
	return FALSE;
}

/* "k7f39q2y-0123456789abc" without any address around it. */
static gboolean
is_bare_extension(const char *p, const char *end)
{
	struct number number;

	return base32_run(p, end) == NUMBER_LEN && p + NUMBER_LEN < end &&
	       p[NUMBER_LEN] == '-' &&
	       base32_run(p + NUMBER_LEN + 1, end) == LABEL_MAC_LEN &&
	       number_parse(p, NUMBER_LEN, &number);
}

/* Octets of a way to write an at-sign at p, or 0. */
static gsize
at_sign_length(const char *p)
{
	static const char *const forms[] = {"@", "%40", "=40", "&#64;",
	    "&#x40;", "&commat;", "＠", "(at)", "[at]", "{at}", "<at>", " at ",
	    " (at) ", " [at] ", " @ ", "\n@", " &#64; ", NULL};

	if (strchr("@%&([{<= \n\xef", *p) == NULL || *p == '\0')
		return 0;
	return form_length(p, forms);
}

static gboolean
is_local_char(char c)
{
	return g_ascii_isalnum(c) || strchr("+-._%=&#;\"", c) != NULL;
}

/* What stands around an address and makes no sense without it. */
static void
drop_opening(GString *out)
{
	static const char mailto[] = "mailto:";
	gsize n = sizeof mailto - 1;

	if (out->len >= n &&
	    g_ascii_strncasecmp(out->str + out->len - n, mailto, n) == 0)
		g_string_truncate(out, out->len - n);
	if (out->len > 0 && out->str[out->len - 1] == '<')
		g_string_truncate(out, out->len - 1);
}

/* If a keyed address of the domain has its at-sign at p, takes its local part
 * off out and returns the octets to skip from p; else 0. */
static gsize
keyed_address_at(GString *out, const char *p, const char *domain)
{
	gsize at = at_sign_length(p);
	gsize dlen = strlen(domain);
	gsize start = out->len;

	if (at == 0 || dlen == 0 ||
	    g_ascii_strncasecmp(p + at, domain, dlen) != 0)
		return 0;
	while (start > 0 && out->len - start < LOCAL_MAX &&
	       (is_local_char(out->str[start - 1]) ||
		   (guchar)out->str[start - 1] >= 0x80))
		start--;
	if (!has_keyed_part(out->str + start, out->str + out->len))
		return 0;
	g_string_truncate(out, start);
	drop_opening(out);
	at += dlen;
	return at + (p[at] == '>' ? 1 : 0);
}

static char *
without_keyed(const char *text, const char *domain)
{
	const char *end = text + strlen(text);
	GString *out = g_string_sized_new((gsize)(end - text));

	for (const char *p = text; p < end;) {
		gsize skip = keyed_address_at(out, p, domain);

		if (skip > 0)
			p += skip;
		else
			g_string_append_c(out, *p++);
	}
	return g_string_free(out, FALSE);
}

/* After whole addresses are gone: an extension that a line break or a client
 * parted from its domain. */
static char *
without_extensions(const char *text)
{
	const char *end = text + strlen(text);
	GString *out = g_string_sized_new((gsize)(end - text));

	for (const char *p = text; p < end;) {
		gboolean inside = p > text && is_base32(p[-1]);

		if (!inside && is_bare_extension(p, end))
			p += EXTENSION_CHARS;
		else
			g_string_append_c(out, *p++);
	}
	return g_string_free(out, FALSE);
}

/* Whoever wrapped, quoted or cut the address: its secret goes, with what
 * hangs on it. */
static char *
without_mac(const char *text, const char *mac)
{
	GString *out = g_string_new(NULL);
	gsize len = mac != NULL ? strlen(mac) : 0;

	while (*text != '\0') {
		if (len == 0 || g_ascii_strncasecmp(text, mac, len) != 0) {
			g_string_append_c(out, *text++);
			continue;
		}
		for (gsize n = 0; n < LOCAL_MAX && out->len > 0 &&
		     is_local_char(out->str[out->len - 1]); n++)
			g_string_truncate(out, out->len - 1);
		text += len;
	}
	return g_string_free(out, FALSE);
}

char *
keyed_drop(const char *text, const char *domain, const char *mac)
{
	g_autofree char *addrless = without_keyed(text, domain);
	g_autofree char *bare = without_extensions(addrless);

	return without_mac(bare, mac);
}

gboolean
keyed_is_left(const char *text, const char *mac)
{
	g_autoptr(GString) bare = g_string_new(NULL);
	g_autofree char *wanted = NULL;

	if (mac == NULL || *mac == '\0')
		return FALSE;
	for (; *text != '\0'; text++)
		if (g_ascii_isalnum(*text))
			g_string_append_c(bare, g_ascii_tolower(*text));
	wanted = g_ascii_strdown(mac, -1);
	return strstr(bare->str, wanted) != NULL;
}
