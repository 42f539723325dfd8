/*
 * How a person's mailbox may be written: the literals made of an address
 * (rules/rules.h).
 */
#include "rules/literals.h"

#include <string.h>

#include "rules/common.h"
#include "rules/fold.h"

#include "base/banned.h"

#define WORD_LETTERS 3 /* shorter words of a local part are not masked alone */
#define LOCAL_DIGITS 6 /* a local part like a customer number */
#define LOCAL_JOINED 8 /* long enough to be found in pieces */

static gboolean
local_is_telling(const char *local)
{
	gsize len = strlen(local);
	guint digits = 0;

	if (word_is_topic(local))
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (g_ascii_isdigit(local[i]))
			digits++;
	return letters_count(local, len) >= WORD_LETTERS ||
	    letters_count(local, len) + digits >= LOCAL_DIGITS;
}

/* A local part of several words is taken for a name: hans.mueller85. */
static void
local_words_add(struct rules_literals *literals, const char *local,
    const char *as)
{
	g_auto(GStrv) parts = g_strsplit_set(local, "._-+0123456789", -1);

	for (gsize i = 0; parts[i] != NULL; i++) {
		guint letters = letters_count(parts[i], strlen(parts[i]));
		const struct literal word = {.as = as,
		    .flags = letters >= 5 ? LITERAL_BENDS : 0};

		if (letters >= WORD_LETTERS && !word_is_topic(parts[i]))
			literals_add_spellings(literals, parts[i], &word);
	}
}

static void
local_add(struct rules_literals *literals, const char *local, const char *as)
{
	const struct literal whole = {.as = as,
	    .extra = strlen(local) >= LOCAL_JOINED ? 2 : 0};

	if (local_is_telling(local)) {
		literals_add_spellings(literals, local, &whole);
		local_words_add(literals, local, as);
	}
}

/* Some people put dots where the mailbox has none, up to one a letter. */
static void
address_add(struct rules_literals *literals, const char *local,
    const char *domain, const char *as)
{
	const struct literal addr = {.as = as,
	    .extra = (guint)MIN(strlen(local), 64) + 4,
	    .flags = LITERAL_ADDR};
	g_autofree char *whole = g_strconcat(local, "@", domain, NULL);

	literals_add_spellings(literals, whole, &addr);
}

static void
domains_add(struct rules_literals *literals, const char *local,
    const char *domain, const char *as)
{
	const char *const *aliases = domain_aliases(domain);
	g_autofree char *ascii = g_hostname_to_ascii(domain);
	g_autofree char *readable = g_hostname_to_unicode(domain);

	address_add(literals, local, domain, as);
	if (ascii != NULL && strcmp(ascii, domain) != 0)
		address_add(literals, local, ascii, as);
	if (readable != NULL && strcmp(readable, domain) != 0)
		address_add(literals, local, readable, as);
	for (; aliases != NULL && *aliases != NULL; aliases++)
		if (strcmp(*aliases, domain) != 0)
			address_add(literals, local, *aliases, as);
}

void
rules_literals_add_addr(struct rules_literals *literals, const char *addr,
    const char *placeholder)
{
	g_autoptr(shadow_auto) shadow = shadow_new(addr, strlen(addr));
	const char *text = shadow->text;
	char *at = strrchr(shadow->text, '@');
	char *plus;

	if (at == NULL || at == text) {
		rules_literals_add_text(literals, addr, placeholder);
		return;
	}
	*at = '\0';
	if (strrchr(text, '<') != NULL)
		text = strrchr(text, '<') + 1;
	text += strspn(text, " \"");
	if (g_str_has_prefix(text, "mailto:"))
		text += strlen("mailto:");
	at[1 + strcspn(at + 1, "> ")] = '\0';
	domains_add(literals, text, at + 1, placeholder);
	local_add(literals, text, placeholder);
	plus = strchr(text, '+');
	if (plus == NULL || plus == text)
		return;
	*plus = '\0';
	domains_add(literals, text, at + 1, placeholder);
	local_add(literals, text, placeholder);
}

void
rules_literals_add_domain(struct rules_literals *literals, const char *domain,
    const char *placeholder)
{
	g_autoptr(shadow_auto) shadow = shadow_new(domain, strlen(domain));
	g_autofree char *ascii = g_hostname_to_ascii(shadow->text);
	g_autofree char *readable = g_hostname_to_unicode(shadow->text);

	/* One label is a word, and "localhost" nobody's. */
	if (strchr(shadow->text, '.') == NULL || shadow->text[0] == '[')
		return;
	for (const char *part = shadow->text; part != NULL;
	     part = strchr(part, '.')) {
		part += part[0] == '.' ? 1 : 0;
		if (domain_is_public(part))
			return;
	}
	rules_literals_add_text(literals, shadow->text, placeholder);
	if (ascii != NULL)
		rules_literals_add_text(literals, ascii, placeholder);
	if (readable != NULL)
		rules_literals_add_text(literals, readable, placeholder);
}
