/*
 * What a mail says of its author besides its headers: his signature, and the
 * lines in which a client quoted him (mail/own.h).
 */
#include "mail/own.h"

#include "mail/sign.h"
#include "rules/common.h"

#include <string.h>

#include "base/banned.h"

#define WORD_MIN 3 /* letters of a name that is masked elsewhere */
#define LINE_MAX_LEN 120
#define LINES_MAX 60	/* of signature and credits that are looked at */
#define PHONE_DIGITS 7
#define STREET_MIN 8 /* octets */

/* What stands in names of companies and in signatures, and in ordinary
 * sentences as well. Folded. */
static const char *const ordinary[] = {"account", "alle", "all", "again",
    "anyway", "and", "bank", "bonus", "business", "casino", "company",
    "consulting", "customer", "dear", "digital", "email", "euch", "europe",
    "everyone", "fax", "fon", "games", "gaming", "global", "group", "gruppe",
    "guys", "handel", "handy", "holding", "home", "home office", "ihnen",
    "international", "internet", "kunde", "mail", "management", "manager",
    "marketing", "media", "mobil", "mobile", "office", "online", "partner",
    "phone", "player", "please", "poker", "projekt", "sales", "schon",
    "service", "services", "shop", "software", "solutions", "spieler",
    "studio", "support", "systems", "team", "tel", "telefon", "the", "trade",
    "trading", "und", "user", "vertrieb", "vip", "von", "web", "work",
    "world", "you", "your", NULL};

static const char *const legal_forms[] = {"gmbh", "mbh", "ag", "kg", "ohg",
    "gbr", "ug", "e.k.", "e.u.", "ltd", "ltd.", "limited", "inc", "inc.",
    "llc", "llp", "plc", "corp", "corp.", "co", "co.", "s.a.", "sa", "sarl",
    "s.a.r.l.", "sas", "eurl", "s.r.l.", "srl", "spa", "s.p.a.", "s.l.", "sl",
    "s.l.u.", "lda", "lda.", "ltda", "ltda.", "unipessoal", "bv", "b.v.",
    "nv", "ооо", "оао", "зао", "пао", "ип", "a.ş.", "aş", "şti.", "şti",
    "ltd.şti.", "sp.", "z", "o.o.", "zoo", "s.k.", "s.c.", "α.ε.", "αε",
    "ε.π.ε.", "επε", "ο.ε.", "ι.κ.ε.", "ικε", "a.e.", NULL};

static char *
word_fold_plain(const char *word)
{
	g_autofree char *folded = g_utf8_casefold(word, -1);
	gsize len;

	g_strdelimit(folded, ",;|()<>\"", ' ');
	g_strstrip(folded);
	len = strlen(folded);
	if (len > 0 && folded[len - 1] == ':')
		folded[len - 1] = '\0';
	return g_steal_pointer(&folded);
}

static gboolean
is_legal_form(const char *word)
{
	g_autofree char *folded = word_fold_plain(word);

	return g_strv_contains(legal_forms, folded);
}

static gboolean
is_ordinary(const char *word)
{
	g_autofree char *folded = word_fold_plain(word);
	gsize len = strlen(folded);

	if (len > 0 && folded[len - 1] == '.')
		folded[len - 1] = '\0';
	return g_strv_contains(ordinary, folded) ||
	    word_is_topic(folded) || g_utf8_strlen(folded, -1) < WORD_MIN;
}

/* Whole and in words, but for those that would make holes in sentences. */
static void
name_add(struct rules_literals *own, const char *name)
{
	g_auto(GStrv) words = g_strsplit_set(name, " \t,;|()\"", -1);
	g_autoptr(GString) rest = g_string_new(NULL);

	for (gsize i = 0; words[i] != NULL; i++)
		if (words[i][0] != '\0' && !is_legal_form(words[i]) &&
		    !is_ordinary(words[i]))
			g_string_append_printf(rest, "%s%s",
			    rest->len > 0 ? " " : "", words[i]);
	if (rest->len > 0)
		rules_literals_add_name(own, rest->str, "[name]");
}

static gboolean
is_company(const char *line)
{
	g_auto(GStrv) words = g_strsplit_set(line, " \t,;|()", -1);
	gsize named = 0;
	gboolean is_legal = FALSE;

	for (gsize i = 0; words[i] != NULL; i++) {
		gunichar c = g_utf8_get_char(words[i]);

		/* "AG" and "Co", but not the "co" or "z" of a sentence. */
		if (i > 0 && g_unichar_isupper(c) && is_legal_form(words[i]))
			is_legal = TRUE;
		else if (strcmp(words[i], "o.o.") == 0 ||
		    strcmp(words[i], "mbH") == 0)
			is_legal = TRUE;
		else if (g_unichar_isupper(c))
			named++;
	}
	return is_legal && named > 0;
}

static guint
digits_count(const char *text)
{
	guint n = 0;

	for (; *text != '\0'; text++)
		n += g_ascii_isdigit(*text);
	return n;
}

/* "www.zwirnstein.example", "https://zwirnstein.example/team" */
static void
site_add(struct rules_literals *own, const char *word)
{
	const char *host = word;
	gsize len;
	gsize dot;
	g_autofree char *bare = NULL;

	if (g_str_has_prefix(host, "http"))
		host = strstr(host, "://") != NULL ? strstr(host, "://") + 3
						   : host;
	if (g_ascii_strncasecmp(host, "www.", 4) == 0)
		host += 4;
	len = strcspn(host, "/?#:>)],;");
	bare = g_strndup(host, len);
	g_strchomp(bare);
	dot = strcspn(bare, ".");
	if (dot < WORD_MIN || bare[dot] == '\0' ||
	    !g_ascii_isalpha(bare[strlen(bare) - 1]) ||
	    g_utf8_strlen(bare + dot, -1) < 3)
		return;
	rules_literals_add_text(own, bare, "[address]");
	bare[dot] = '\0';
	name_add(own, bare);
}

static void
words_add_special(struct rules_literals *own, const char *line)
{
	g_auto(GStrv) words = g_strsplit_set(line, " \t<>|()[],;", -1);

	for (gsize i = 0; words[i] != NULL; i++) {
		const char *word = words[i];

		if (strchr(word, '@') > word && strchr(word, '.') != NULL)
			rules_literals_add_addr(own, word, "[address]");
		else if (g_ascii_strncasecmp(word, "www.", 4) == 0 ||
		    g_str_has_prefix(word, "http://") ||
		    g_str_has_prefix(word, "https://"))
			site_add(own, word);
	}
}

static void
phone_add(struct rules_literals *own, const char *line)
{
	const char *start = line + strcspn(line, "+0123456789(");
	g_autofree char *number = g_strdup(start);

	number[strspn(number, "+0123456789()/-. ")] = '\0';
	g_strchomp(number);
	if (digits_count(number) >= PHONE_DIGITS)
		rules_literals_add_text(own, number, "[phone]");
}

static void
signature_line_add(struct rules_literals *own, const char *line, gboolean first)
{
	gsize len = strlen(line);

	if (len > LINE_MAX_LEN)
		return;
	words_add_special(own, line);
	if (is_company(line) || (first && sign_is_name(line, len)))
		name_add(own, line);
	else if (digits_count(line) >= PHONE_DIGITS)
		phone_add(own, line);
	else if (digits_count(line) > 0 && len >= STREET_MIN &&
	    strchr(line, ' ') != NULL)
		rules_literals_add_text(own, line, "[address]");
}

void
own_add_signature(struct rules_literals *own, const char *text)
{
	g_auto(GStrv) lines = g_strsplit_set(text, "\n|", LINES_MAX);
	gboolean first = TRUE;

	for (gsize i = 0; lines[i] != NULL; i++) {
		const char *line = g_strstrip(lines[i]);
		struct sign_off ending;

		if (line[strspn(line, "-–—_* ")] == '\0' ||
		    sign_is_closing(line, strlen(line)))
			continue;
		if (first && sign_find(line, &ending))
			line += ending.name;
		signature_line_add(own, line, first);
		first = FALSE;
	}
}

void
own_add_ending(struct rules_literals *own, const char *fresh)
{
	struct sign_off ending;
	g_autofree char *name = NULL;

	if (!sign_find(fresh, &ending))
		return;
	name = g_strndup(fresh + ending.name, ending.end - ending.name);
	own_add_signature(own, name);
	if (fresh[ending.end] != '\0') {
		g_auto(GStrv) lines =
		    g_strsplit_set(fresh + ending.end, "\n|", LINES_MAX);

		for (gsize i = 0; lines[i] != NULL; i++)
			signature_line_add(own, g_strstrip(lines[i]), FALSE);
	}
}

/* "Ottokar Zwirnstein" of "... 5:30 schrieb Ottokar Zwirnstein <": the
 * capitalised words right before the address. */
static void
name_before_add(struct rules_literals *own, const char *line, const char *addr)
{
	g_autofree char *head = g_strndup(line, (gsize)(addr - line));
	g_auto(GStrv) words = NULL;
	g_autoptr(GString) name = g_string_new(NULL);
	guint n;

	g_strdelimit(head, "<([\"'", ' ');
	g_strchomp(head);
	if (g_str_has_suffix(head, "mailto:"))
		*strrchr(head, 'm') = '\0';
	words = g_strsplit_set(g_strchomp(head), " \t", -1);
	n = g_strv_length(words);
	for (guint i = n; i > 0 && i + 4 > n; i--) {
		const char *word = words[i - 1];

		if (!sign_is_name(word, strlen(word)) ||
		    strchr(word, ':') != NULL)
			break;
		g_string_prepend_c(name, ' ');
		g_string_prepend(name, word);
	}
	name_add(own, name->str);
}

static gboolean
is_own_addr(const struct mail *mail, const char *text)
{
	g_autoptr(addr_auto) addr = addr_parse(text, -1, NULL);
	g_autofree char *normal = addr != NULL ? addr_to_normal(addr) : NULL;
	g_autofree char *from = mail->from_addr != NULL
	    ? addr_to_normal(mail->from_addr) : NULL;

	if (normal == NULL)
		return FALSE;
	if (g_strcmp0(normal, from) == 0)
		return TRUE;
	for (guint i = 0;
	     mail->other_addrs != NULL && i < mail->other_addrs->len; i++) {
		g_autofree char *other =
		    addr_to_normal(g_ptr_array_index(mail->other_addrs, i));

		if (strcmp(normal, other) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Only what names the author himself: the other one is the queue. */
static void
credit_add(struct rules_literals *own, const struct mail *mail,
    const char *line)
{
	const char *at = line;

	while ((at = strchr(at, '@')) != NULL) {
		const char *start = at;
		gsize n = strcspn(at, " \t<>()[]\",;");
		g_autofree char *addr = NULL;

		while (start > line && strchr(" \t<>()[]\",;:", start[-1]) == NULL)
			start--;
		addr = g_strndup(start, (gsize)(at - start) + n);
		g_strdelimit(addr, ":", '\0');
		if (is_own_addr(mail, addr))
			name_before_add(own, line, start);
		at++;
	}
}

void
own_add_credits(struct rules_literals *own, const struct mail *mail,
    const char *credits)
{
	g_auto(GStrv) lines = g_strsplit(credits, "\n", LINES_MAX);

	for (gsize i = 0; lines[i] != NULL && i + 1 < LINES_MAX; i++)
		if (strlen(lines[i]) <= 4 * LINE_MAX_LEN)
			credit_add(own, mail, lines[i]);
}
