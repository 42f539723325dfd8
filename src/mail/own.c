#include "mail/own.h"

#include "rules/common.h"

#include <string.h>

#include "base/banned.h"

#define LOCAL_WORD_MIN 4 /* letters of a local part's word that is a name */
#define NAME_WORD_MIN 2	 /* letters of a word in a display name */

/* Calls add for each run of letters in text. */
static void
words_add(GHashTable *set, const char *text, glong min)
{
	g_autofree char *plain = g_utf8_normalize(text, -1, G_NORMALIZE_NFKC);
	const char *p = plain;

	if (p == NULL)
		return;
	while (*p != '\0') {
		const char *q = p;

		while (*q != '\0' && (g_unichar_isalpha(g_utf8_get_char(q)) ||
					 g_unichar_ismark(g_utf8_get_char(q))))
			q = g_utf8_next_char(q);
		if (q == p) {
			p = g_utf8_next_char(p);
			continue;
		}
		if (g_utf8_strlen(p, q - p) >= min)
			g_hash_table_add(set, g_utf8_casefold(p, q - p));
		p = q;
	}
}

static GHashTable *
words_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void
local_words_add(GHashTable *set, const struct addr *addr)
{
	g_autoptr(GHashTable) words = words_new();
	GHashTableIter iter;
	gpointer word;

	words_add(words, addr->local, LOCAL_WORD_MIN);
	g_hash_table_iter_init(&iter, words);
	while (g_hash_table_iter_next(&iter, &word, NULL))
		if (!word_is_topic(word))
			g_hash_table_add(set, g_strdup(word));
}

GHashTable *
own_name_words(const struct mail *mail)
{
	GHashTable *set = words_new();

	if (mail->from_name != NULL)
		words_add(set, mail->from_name, NAME_WORD_MIN);
	for (guint i = 0;
	     mail->other_names != NULL && i < mail->other_names->len; i++)
		words_add(set, g_ptr_array_index(mail->other_names, i),
		    NAME_WORD_MIN);
	if (mail->from_addr != NULL)
		local_words_add(set, mail->from_addr);
	return set;
}

static void
literals_add_addr(struct rules_literals *own, const struct addr *addr,
    const char *placeholder)
{
	g_autofree char *wire = addr_to_wire(addr);

	rules_literals_add_addr(own, wire, placeholder);
}

/* His domain names him where nobody else has a mailbox. */
static void
literals_add_domains(struct rules_literals *own, const struct mail *mail)
{
	if (mail->from_addr != NULL)
		rules_literals_add_domain(
		    own, mail->from_addr->domain, "[address]");
	for (guint i = 0;
	     mail->other_addrs != NULL && i < mail->other_addrs->len; i++) {
		const struct addr *addr =
		    g_ptr_array_index(mail->other_addrs, i);

		rules_literals_add_domain(own, addr->domain, "[address]");
	}
}

static void
literals_add_addrs(struct rules_literals *own, const struct mail *mail,
    const char *placeholder)
{
	if (mail->from_addr != NULL)
		literals_add_addr(own, mail->from_addr, placeholder);
	for (guint i = 0;
	     mail->other_addrs != NULL && i < mail->other_addrs->len; i++)
		literals_add_addr(
		    own, g_ptr_array_index(mail->other_addrs, i), placeholder);
}

/* "AnnaMaria" as "Anna Maria"; NULL if the name has no such word. */
static char *
name_unglued(const char *name)
{
	GString *out = g_string_new(NULL);
	gunichar last = 0;
	gboolean is_glued = FALSE;

	for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_islower(last) && g_unichar_isupper(c)) {
			is_glued = TRUE;
			g_string_append_c(out, ' ');
		}
		g_string_append_unichar(out, c);
		last = c;
	}
	return g_string_free(out, !is_glued);
}

static void
player_add_name(struct rules_literals *own, const char *name)
{
	g_autofree char *unglued = name_unglued(name);

	rules_literals_add_name(own, name, "[name]");
	if (unglued != NULL)
		rules_literals_add_name(own, unglued, "[name]");
}

/* Names first: of two placeholders for one word the first stays, and the
 * words of an address are mostly the name. */
struct rules_literals *
own_literals_of_player(
    const struct mail *mail, const struct quote_split *split)
{
	struct rules_literals *own = rules_literals_new();

	if (mail->from_name != NULL && mail->from_name[0] != '\0')
		player_add_name(own, mail->from_name);
	for (guint i = 0;
	     mail->other_names != NULL && i < mail->other_names->len; i++)
		player_add_name(own, g_ptr_array_index(mail->other_names, i));
	own_add_signature(own, split->signature);
	own_add_ending(own, split->fresh);
	own_add_credits(own, mail, split->credits);
	literals_add_addrs(own, mail, "[address]");
	literals_add_domains(own, mail);
	return own;
}

/* The whole name as a text; of its words only those that the role does not
 * have, or "Anna, Casino Support" would hit every "support". */
static void
agent_add_name(struct rules_literals *own, const char *name,
    const char *role_name, GHashTable *role_words)
{
	g_autoptr(GHashTable) words = words_new();
	GHashTableIter iter;
	gpointer word;

	if (name == NULL || name[0] == '\0')
		return;
	words_add(words, name, 3);
	g_hash_table_iter_init(&iter, words);
	while (g_hash_table_iter_next(&iter, &word, NULL)) {
		if (g_hash_table_contains(role_words, word))
			g_hash_table_iter_remove(&iter);
		else
			rules_literals_add_name(own, word, role_name);
	}
	if (g_hash_table_size(words) > 0)
		rules_literals_add_text(own, name, role_name);
}

struct rules_literals *
own_literals_of_agent(
    const struct mail *mail, char *const *own_addrs, const char *role_name)
{
	struct rules_literals *own = rules_literals_new();
	g_autoptr(GHashTable) role_words = words_new();

	words_add(role_words, role_name, 1);
	literals_add_addrs(own, mail, role_name);
	/* As texts: a queue's local part is a word like "withdrawals", which
	 * stands in every answer. */
	for (; own_addrs != NULL && *own_addrs != NULL; own_addrs++)
		rules_literals_add_text(own, *own_addrs, role_name);
	agent_add_name(own, mail->from_name, role_name, role_words);
	for (guint i = 0;
	     mail->other_names != NULL && i < mail->other_names->len; i++)
		agent_add_name(own, g_ptr_array_index(mail->other_names, i),
		    role_name, role_words);
	return own;
}

static gboolean
is_initial(GHashTable *words, const char *letter)
{
	GHashTableIter iter;
	gpointer word;

	g_hash_table_iter_init(&iter, words);
	while (g_hash_table_iter_next(&iter, &word, NULL))
		if (g_str_has_prefix(word, letter))
			return TRUE;
	return FALSE;
}

gboolean
own_is_sign_off(GHashTable *words, const char *line, gsize len)
{
	g_autofree char *text = g_strndup(line, len);
	g_autoptr(GHashTable) here = words_new();
	GHashTableIter iter;
	gpointer word;
	guint hits = 0;

	if (len > 100 || strpbrk(text, "0123456789@?") != NULL)
		return FALSE;
	words_add(here, text, 1);
	g_hash_table_iter_init(&iter, here);
	while (g_hash_table_iter_next(&iter, &word, NULL)) {
		if (g_hash_table_contains(words, word))
			hits++;
		else if (g_utf8_strlen(word, -1) > 1 ||
			 !is_initial(words, word))
			return FALSE;
	}
	return hits > 0;
}
