/*
 * What a person may be called: the literals made of an address and of a
 * display name (rules/rules.h).
 */
#include "rules/literals.h"

#include <string.h>

#include "rules/fold.h"

#include "base/banned.h"

#define NAME_LETTERS 3	/* shorter words of a name are not masked alone */
#define LOCAL_LETTERS 4 /* the same for local parts */
#define LOCAL_DIGITS 6	/* a local part like a customer number */
#define LOCAL_JOINED 8	/* long enough to be found in pieces */

static gboolean
is_listed(const char *word, const char *const *list)
{
	return g_strv_contains(list, word);
}

/* Words that stand in names but also in every other sentence. */
static gboolean
word_is_common(const char *word)
{
	static const char *const common[] = {"and", "dal", "das", "del",
	    "dem", "den", "der", "des", "die", "dos", "frau", "für", "herr",
	    "les", "madame", "miss", "mme", "monsieur", "mrs", "prof", "the",
	    "und", "van", "ver", "vom", "von", "zum", "zur", "κος", "κυρία",
	    "κύριος", "του", "της", NULL};

	return is_listed(word, common);
}

/* Local parts that name a function, not a person. */
static gboolean
local_is_role(const char *local)
{
	static const char *const roles[] = {"admin", "billing", "contact",
	    "email", "finance", "hello", "help", "info", "kontakt", "kyc",
	    "mail", "mailer-daemon", "mailbox", "no-reply", "noreply",
	    "office", "post", "postmaster", "privacy", "sales", "security",
	    "service", "support", "team", "webmaster", NULL};

	return is_listed(local, roles);
}

static gboolean
local_is_telling(const char *local)
{
	gsize len = strlen(local);
	guint digits = 0;

	if (local_is_role(local))
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (g_ascii_isdigit(local[i]))
			digits++;
	return letters_count(local, len) >= LOCAL_LETTERS ||
	    letters_count(local, len) + digits >= LOCAL_DIGITS;
}

/* Words that players put into mailbox names and that agents have to read. */
static gboolean
word_is_topic(const char *word)
{
	static const char *const topics[] = {"bet", "bets", "bitcoin", "bonus",
	    "btc", "casino", "coin", "coins", "crypto", "eth", "game", "gamer",
	    "games", "gaming", "lucky", "mail", "money", "play", "player",
	    "poker", "slot", "slots", "spam", "user", "usdt", "vip", "web",
	    "win", "winner", NULL};

	return is_listed(word, topics) || local_is_role(word) ||
	    word_is_common(word);
}

/* A local part of several words is taken for a name: hans.mueller85. */
static void
local_words_add(struct rules_literals *literals, const char *local,
    const char *as)
{
	g_auto(GStrv) parts = g_strsplit_set(local, "._-+0123456789", -1);

	for (gsize i = 0; parts[i] != NULL; i++)
		if (letters_count(parts[i], strlen(parts[i])) >=
		    NAME_LETTERS && !word_is_topic(parts[i]))
			literals_add_spellings(literals, parts[i], 0, as);
}

static void
local_add(struct rules_literals *literals, const char *local, const char *as)
{
	guint extra = strlen(local) >= LOCAL_JOINED ? 2 : 0;

	if (local_is_telling(local)) {
		literals_add_spellings(literals, local, extra, as);
		local_words_add(literals, local, as);
	}
}

/* The address as it is written with signs and with words. Some people put
 * dots where the mailbox has none, hence the extra words. */
static void
address_add(struct rules_literals *literals, const char *local,
    const char *domain, const char *as)
{
	static const char *const said[][2] = {{"@", "."}, {" at ", "."},
	    {" at ", " dot "}, {" at ", " punkt "}, {" at ", " point "},
	    {" chez ", " point "}, {" arroba ", " punto "}};

	for (gsize i = 0; i < G_N_ELEMENTS(said); i++) {
		g_auto(GStrv) labels = g_strsplit(domain, ".", -1);
		g_autofree char *tail = g_strjoinv(said[i][1], labels);
		g_autofree char *whole = g_strconcat(local, said[i][0], tail,
		    NULL);

		literals_add_spellings(literals, whole, 4, as);
	}
}

static void
domains_add(struct rules_literals *literals, const char *local,
    const char *domain, const char *as)
{
	g_autofree char *ascii = g_hostname_to_ascii(domain);
	g_autofree char *readable = g_hostname_to_unicode(domain);

	address_add(literals, local, domain, as);
	if (ascii != NULL && strcmp(ascii, domain) != 0)
		address_add(literals, local, ascii, as);
	if (readable != NULL && strcmp(readable, domain) != 0)
		address_add(literals, local, readable, as);
	if (strcmp(domain, "gmail.com") == 0)
		address_add(literals, local, "googlemail.com", as);
	if (strcmp(domain, "googlemail.com") == 0)
		address_add(literals, local, "gmail.com", as);
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

/* Names take endings: Peters, Παπαδόπουλου. */
static void
endings_add(struct rules_literals *literals, const char *word, const char *as)
{
	static const char *const greek[] = {"ου", "ο", "ε", NULL};
	g_autofree char *genitive = g_strconcat(word, "s", NULL);
	g_autoptr(GString) key = g_string_new(NULL);

	word_fold(word, strlen(word), FALSE, key);
	if ((guchar)key->str[0] < 0x80) {
		literals_add_spellings(literals, genitive, 0, as);
		return;
	}
	if (g_str_has_suffix(key->str, "α") ||
	    g_str_has_suffix(key->str, "η")) {
		g_string_append(key, "σ");
		literals_add_key(literals, key->str, 1, as);
		return;
	}
	if (g_str_has_suffix(key->str, "ησ") ||
	    g_str_has_suffix(key->str, "ασ")) {
		g_string_truncate(key, key->len - strlen("σ"));
		literals_add_key(literals, key->str, 1, as);
		return;
	}
	if (!g_str_has_suffix(key->str, "οσ"))
		return;
	g_string_truncate(key, key->len - strlen("οσ"));
	for (gsize i = 0; greek[i] != NULL; i++) {
		g_autofree char *form = g_strconcat(key->str, greek[i], NULL);

		literals_add_key(literals, form, 1, as);
	}
}

static void
name_word_add(struct rules_literals *literals, const char *word,
    const char *as)
{
	guint letters = letters_count(word, strlen(word));

	if (letters < NAME_LETTERS || word_is_common(word))
		return;
	literals_add_spellings(literals, word, 0, as);
	if (letters > NAME_LETTERS)
		endings_add(literals, word, as);
}

/* A whole name may be shorter than its words have to be only where a
 * character is a word. */
static gboolean
name_is_telling(const char *text, gsize len)
{
	guint letters = letters_count(text, len);

	if (letters >= NAME_LETTERS)
		return !word_is_common(text);
	return letters == 2 && is_ideograph(g_utf8_get_char(text));
}

static void
name_add(struct rules_literals *literals, const char *text, const char *as)
{
	gsize len = strlen(text);
	struct word word;
	gsize pos = 0;

	if (name_is_telling(text, len))
		literals_add_spellings(literals, text, 0, as);
	while (word_next(text, len, &pos, &word)) {
		g_autofree char *one = g_strndup(text + word.start,
		    word.end - word.start);

		name_word_add(literals, one, as);
	}
}

void
rules_literals_add_name(struct rules_literals *literals, const char *name,
    const char *placeholder)
{
	g_autoptr(shadow_auto) shadow = shadow_new(name, strlen(name));
	g_auto(GStrv) parts = g_strsplit_set(shadow->text, " \t\r\n", -1);
	g_autoptr(GString) rest = g_string_new(NULL);

	/* Mailers put the address where a name is missing; its domain's words
	 * must not be masked everywhere. */
	for (gsize i = 0; parts[i] != NULL; i++) {
		if (strchr(parts[i], '@') != NULL)
			rules_literals_add_addr(literals, parts[i],
			    placeholder);
		else if (parts[i][0] != '\0')
			g_string_append_printf(rest, "%s%s",
			    rest->len > 0 ? " " : "", parts[i]);
	}
	name_add(literals, rest->str, placeholder);
}
