#include "mail/scrub.h"

#include <string.h>

#include "base/error.h"
#include "mail/own.h"
#include "mail/quote.h"
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

/* Octets of a way to write a delimiter at p, or 0. */
static gsize
delimiter_length(const char *p)
{
	if (*p == '-' || *p == '.')
		return 1;
	return g_ascii_strncasecmp(p, "%2d", 3) == 0 ? 3 : 0;
}

/* TRUE if [p, end) has number-mac or token.mac in it (ticket/label.h): runs
 * of exactly their lengths, which no public local part of a queue has. */
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
	static const char *const forms[] = {
	    "@", "%40", "&#64;", "&#x40;", "＠", "(at)", "[at]", NULL};

	if (strchr("@%&([\xef", *p) == NULL)
		return 0;
	for (const char *const *f = forms; *f != NULL; f++)
		if (g_ascii_strncasecmp(p, *f, strlen(*f)) == 0)
			return strlen(*f);
	return 0;
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
	       is_local_char(out->str[start - 1]))
		start--;
	if (!has_keyed_part(out->str + start, out->str + out->len))
		return 0;
	g_string_truncate(out, start);
	drop_opening(out);
	at += dlen;
	return at + (p[at] == '>' ? 1 : 0);
}

/* Keyed addresses prove a ticket, so they must never get to the other side,
 * whatever the client made of them. */
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

static gboolean
addr_ends_at(const char *p)
{
	if (*p == '.')
		return !g_ascii_isalnum(p[1]);
	return !g_ascii_isalnum(*p) && *p != '-' && (guchar)*p < 0x80;
}

/* The rules would make "[address]" of these, which tells a player nothing. */
static char *
with_role_for(const char *text, const char *addr, const char *role_name)
{
	gsize len = strlen(addr);
	GString *out = g_string_new(NULL);

	for (const char *p = text; *p != '\0';) {
		gboolean inside = p > text && is_local_char(p[-1]);

		if (len > 0 && !inside &&
		    g_ascii_strncasecmp(p, addr, len) == 0 &&
		    addr_ends_at(p + len)) {
			g_string_append(out, role_name);
			p += len;
		} else {
			g_string_append_c(out, *p++);
		}
	}
	return g_string_free(out, FALSE);
}

static char *
without_own_addrs(
    const char *text, const struct mail *mail, const struct scrub_agent *self)
{
	char *now = g_strdup(text);

	for (char **a = self->own_addrs; a != NULL && *a != NULL; a++) {
		g_autofree char *old = now;

		now = with_role_for(old, *a, self->role_name);
	}
	if (mail->from_addr != NULL) {
		g_autofree char *old = now;
		g_autofree char *wire = addr_to_wire(mail->from_addr);

		now = with_role_for(old, wire, self->role_name);
	}
	return now;
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

static gboolean
looks_like_command(const char *text)
{
	text += strspn(text, " \t\n");
	return text[0] == '/' && g_ascii_isalpha(text[1]);
}

/* Drops lines that are only the agent's name, and outer empty lines. */
static char *
without_sign_off(const char *text, GHashTable *names)
{
	GString *out = g_string_new(NULL);

	while (*text != '\0') {
		gsize len = strcspn(text, "\n");

		if (!own_is_sign_off(names, text, len)) {
			g_string_append_len(out, text, (gssize)len);
			g_string_append_c(out, '\n');
		}
		text += len + (text[len] == '\n');
	}
	return g_strstrip(g_string_free(out, FALSE));
}

static char *
deny(GError **err, gboolean is_command)
{
	if (is_command)
		error_fail(err, ERROR_DENIED,
		    "the first line looks like a "
		    "command; nothing was sent");
	else
		error_fail(err, ERROR_DENIED,
		    "there is no new text in the "
		    "mail; write the answer above the quoted text");
	return NULL;
}

char *
scrub_agent_reply(const struct mail *mail, const struct rules *rules,
    const struct scrub_agent *self, GError **err)
{
	g_autofree char *bare = scrub_armor(mail->text);
	g_auto(quote_split_auto) split = {0};
	g_autoptr(GHashTable) names = own_name_words(mail);
	struct rules_literals *own;
	g_autofree char *signed_off = NULL;
	g_autofree char *keyless = NULL;
	g_autofree char *unkeyed = NULL;
	g_autofree char *nameless = NULL;
	g_autofree char *result = NULL;

	quote_split(bare, &split);
	if (!split.has_fresh || mail->is_placeholder)
		return deny(err, FALSE);
	if (looks_like_command(split.fresh))
		return deny(err, TRUE);
	signed_off = without_sign_off(split.fresh, names);
	keyless = without_keyed(signed_off, self->queue_domain);
	unkeyed = without_extensions(keyless);
	nameless = without_own_addrs(unkeyed, mail, self);
	own = own_literals_of_agent(mail, self->own_addrs, self->role_name);
	result = rules_redact(rules, own, nameless, NULL);
	rules_literals_free(own);
	g_strstrip(result);
	if (result[0] == '\0')
		return deny(err, FALSE);
	return g_steal_pointer(&result);
}
