#include "mail/scrub.h"

#include <string.h>

#include "base/error.h"
#include "mail/keyed.h"
#include "mail/own.h"
#include "mail/quote.h"
#include "mail/sign.h"

#include "base/banned.h"

#define PREFIX_MAX 24 /* octets of a subject's prefix */

static gboolean
is_local_char(char c)
{
	return g_ascii_isalnum(c) || strchr("+-._%=&#;\"", c) != NULL;
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

/* --- what is not for the player ----------------------------------------- */

/* The first new words; what the agent answers to may stand above them. */
static const char *
first_words(const char *text)
{
	for (;;) {
		text += strspn(text, " \t\n");
		if (*text != '>')
			return text;
		text += strcspn(text, "\n");
	}
}

static gboolean
begins_with(const char *text, const char *mark)
{
	gsize len = strlen(mark);

	return g_ascii_strncasecmp(text, mark, len) == 0 &&
	    !g_ascii_isalnum(text[len]);
}

/* "/note" is a command of the text; nobody looks for one in a subject. */
static gboolean
is_marked_note(const struct mail *mail, const char *first)
{
	const char *subject = mail->subject + strspn(mail->subject, " ");

	return begins_with(first, "[internal]") ||
	    begins_with(subject, "[internal]") ||
	    begins_with(subject, "/note");
}

/* The copy's subject has no prefix: whatever stands before it was added by
 * whoever sent the mail on. */
static gboolean
subject_is_forward(const char *subject)
{
	static const char *const words[] = {"fwd", "fw", "wg", "wtr", "tr",
	    "rv", "enc", "i", "πρθ", "πρ", "προωθ", "пересл", "перенапр", "fs",
	    "ilt", "i̇lt", "pd", "przek", "vb", "vl", "doorst", "转发", "轉寄",
	    NULL};

	for (;;) {
		gsize len;
		g_autofree char *word = NULL;

		subject += strspn(subject, " ");
		len = strcspn(subject, ":[( ");
		if (len == 0 || len > PREFIX_MAX)
			return FALSE;
		word = g_utf8_casefold(subject, (gssize)len);
		subject += len;
		subject += strcspn(subject, ":");
		if (*subject != ':')
			return FALSE;
		if (g_strv_contains(words, word))
			return TRUE;
		subject++;
	}
}

/* --- the agent's name ---------------------------------------------------- */

/* Cuts what stands below a closing, or from a line with the agent's name on,
 * if all of it looks like a signature. The role may sign. */
static void
cut_signature(char *text, GHashTable *names, const char *role_name)
{
	struct sign_off ending;

	if (sign_find(text, &ending)) {
		gsize len = strlen(role_name);
		gboolean is_role = ending.end - ending.name == len &&
		    strncmp(text + ending.name, role_name, len) == 0;

		text[is_role ? ending.end : ending.name] = '\0';
		return;
	}
	for (char *line = text; *line != '\0';) {
		gsize len = strcspn(line, "\n");

		if (own_is_sign_off(names, line, len) &&
		    sign_is_block(line + len)) {
			*line = '\0';
			return;
		}
		line += len + (line[len] == '\n');
	}
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

static GPtrArray *
team_addrs(const struct mail *mail, const struct scrub_agent *self)
{
	GPtrArray *addrs = g_ptr_array_new_with_free_func(g_free);

	for (char **a = self->own_addrs; a != NULL && *a != NULL; a++)
		g_ptr_array_add(addrs, g_strdup(*a));
	if (mail->from_addr != NULL)
		g_ptr_array_add(addrs, addr_to_wire(mail->from_addr));
	g_ptr_array_add(addrs, NULL);
	return addrs;
}

/* --- the whole ------------------------------------------------------------ */

static const char *
first_words_of(const struct quote_split *split)
{
	const char *const texts[] = {
	    split->fresh, split->between, split->below};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		const char *first = first_words(texts[i]);

		if (*first != '\0')
			return first;
	}
	return "";
}

static gboolean
check_kind(const struct mail *mail, const struct quote_split *split,
    GError **err)
{
	const char *first = first_words_of(split);

	if (split->is_forward || mail->has_message ||
	    subject_is_forward(mail->subject))
		return error_fail(err, ERROR_DENIED,
		    "it is a forwarded mail or holds one; only answers are "
		    "sent");
	if (!split->has_fresh || mail->is_placeholder)
		return error_fail(err, ERROR_DENIED,
		    "there is no new text in the mail; write the answer above "
		    "the quoted text");
	if (is_marked_note(mail, first))
		return error_fail(err, ERROR_DENIED,
		    "it is marked as an internal note; notes stay with you, or "
		    "go to your colleagues if they begin with the line /note");
	return TRUE;
}

static char *
redact(const char *text, const struct mail *mail, const struct rules *rules,
    const struct scrub_agent *self)
{
	struct rules_literals *own =
	    own_literals_of_agent(mail, self->own_addrs, self->role_name);
	char *result;

	/* In spellings that only the rules can read, such as entities. */
	if (self->mac != NULL)
		rules_literals_add_text(own, self->mac, self->role_name);
	result = rules_redact(rules, own, text, NULL);
	rules_literals_free(own);
	return g_strstrip(result);
}

/* Without what stands at the end of somebody's words. */
static char *
unsigned_words(
    const char *text, GHashTable *names, const struct scrub_agent *self)
{
	g_autofree char *unclaimed = sign_drop_disclaimers(text);

	cut_signature(g_strchomp(unclaimed), names, self->role_name);
	return without_sign_off(unclaimed, names);
}

/* What stands between old lines is not known to end anywhere. */
static char *
new_words(const struct quote_split *split, GHashTable *names,
    const struct scrub_agent *self)
{
	g_autofree char *above = unsigned_words(split->fresh, names, self);
	g_autofree char *between = without_sign_off(split->between, names);
	g_autofree char *below = unsigned_words(split->below, names, self);
	const char *const texts[] = {above, between, below};
	GString *all = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (all->len > 0 && texts[i][0] != '\0')
			g_string_append(all, "\n\n");
		g_string_append(all, texts[i]);
	}
	return g_string_free(all, FALSE);
}

static char *
words_of(const struct mail *mail, const struct scrub_agent *self,
    struct quote_split *split)
{
	g_autofree char *bare = scrub_armor(mail->text);
	g_autoptr(GHashTable) names = own_name_words(mail);
	g_autoptr(GPtrArray) addrs = team_addrs(mail, self);
	const struct quote_team team = {
	    self->mac, (char *const *)addrs->pdata};

	quote_split_answer(bare, &team, split);
	return new_words(split, names, self);
}

char *
scrub_agent_words(
    const struct mail *mail, const struct scrub_agent *self, GError **err)
{
	g_auto(quote_split_auto) split = {0};
	g_autofree char *words = words_of(mail, self, &split);

	if (!check_kind(mail, &split, err))
		return NULL;
	return g_steal_pointer(&words);
}

char *
scrub_agent_request(const struct mail *mail, const struct scrub_agent *self)
{
	g_auto(quote_split_auto) split = {0};
	g_autofree char *words = words_of(mail, self, &split);

	return split.has_fresh ? g_steal_pointer(&words) : g_strdup("");
}

char *
scrub_agent_text(const char *words, const struct mail *mail,
    const struct rules *rules, const struct scrub_agent *self, GError **err)
{
	g_autofree char *keyless =
	    keyed_drop(words, self->queue_domain, self->mac);
	g_autofree char *nameless = without_own_addrs(keyless, mail, self);
	g_autofree char *result = redact(nameless, mail, rules, self);

	if (result[0] == '\0')
		error_fail(err, ERROR_DENIED,
		    "there is no new text in the mail; write the answer above "
		    "the quoted text");
	else if (keyed_is_left(result, self->mac))
		error_fail(err, ERROR_DENIED,
		    "the text holds the address of the ticket for agents; "
		    "take it out");
	else
		return g_steal_pointer(&result);
	return NULL;
}
