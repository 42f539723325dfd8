#include "rules/literals.h"

#include <string.h>

#include "rules/fold.h"
#include "rules/span.h"

#include "base/banned.h"

#define WORDS_MAX 24	 /* words in one literal */
#define KEY_MAX 512	 /* octets */
#define REDUCED_MIN 4	 /* octets; shorter keys would hit common words */
#define TEXT_WORDS 8	 /* looked up of a text; the rest is compared */
#define EXACT_MAX 256	 /* texts with one key; each is compared */
#define GAP_MAX 3	 /* characters between the words of a literal */

struct entry {
	const char *as; /* borrowed: chunk */
	guint words;	/* most words that may make it up */
	/* Only this shadow text, starting lead octets before the first word;
	 * NULL: any separators will do. */
	const char *exact; /* borrowed: chunk */
	gsize lead;
	struct entry *next; /* own; same key */
};

struct rules_literals {
	/* A tree: senders choose the keys and could make a hash collide. */
	GTree *keys; /* own: key -> own struct entry */
	GStringChunk *chunk;
	guint words_max;
	gsize key_max;
	guint8 first[256]; /* is there a key that starts with this octet */
};

static gint
key_compare(gconstpointer a, gconstpointer b, gpointer unused)
{
	(void)unused;
	return strcmp(a, b);
}

static void
entry_free(gpointer data)
{
	struct entry *entry = data;

	while (entry != NULL) {
		struct entry *next = entry->next;

		g_free(entry);
		entry = next;
	}
}

struct rules_literals *
rules_literals_new(void)
{
	struct rules_literals *literals = g_new0(struct rules_literals, 1);

	literals->keys = g_tree_new_full(key_compare, NULL, g_free, entry_free);
	literals->chunk = g_string_chunk_new(1024);
	return literals;
}

void
rules_literals_free(struct rules_literals *literals)
{
	if (literals == NULL)
		return;
	g_tree_unref(literals->keys);
	g_string_chunk_free(literals->chunk);
	g_free(literals);
}

void
literals_add_key(struct rules_literals *literals, const char *key, guint words,
    const char *as)
{
	gsize len = strlen(key);
	struct entry *entry;

	if (len == 0 || len > KEY_MAX)
		return;
	words = MIN(words, WORDS_MAX);
	literals->words_max = MAX(literals->words_max, words);
	literals->key_max = MAX(literals->key_max, len);
	literals->first[(guchar)key[0]] = 1;
	entry = g_tree_lookup(literals->keys, key);
	if (entry != NULL) {
		entry->words = MAX(entry->words, words);
		entry->exact = NULL;
		return;
	}
	entry = g_new0(struct entry, 1);
	entry->words = words;
	entry->as = g_string_chunk_insert_const(literals->chunk, as);
	g_tree_insert(literals->keys, g_strdup(key), entry);
}

/* The first words of a text, at most max, as one key. */
static GString *
words_key(const char *text, guint max, gboolean spelled, guint *words)
{
	GString *key = g_string_new(NULL);
	gsize len = strlen(text);
	struct word word;
	gsize pos = 0;

	*words = 0;
	while (*words < max && word_next(text, len, &pos, &word)) {
		word_fold(text + word.start, word.end - word.start, spelled,
		    key);
		(*words)++;
	}
	return key;
}

void
literals_add_spellings(struct rules_literals *literals, const char *text,
    guint extra, const char *as)
{
	g_autoptr(GString) reduced = g_string_new(NULL);

	for (int spelled = 0; spelled < 2; spelled++) {
		guint words;
		g_autoptr(GString) key = words_key(text, G_MAXUINT, spelled,
		    &words);

		literals_add_key(literals, key->str, words + extra, as);
		if (key_reduce(key->str, key->len, reduced) &&
		    reduced->len >= REDUCED_MIN)
			literals_add_key(literals, reduced->str,
			    words + extra, as);
	}
}

/* Blanks, and all but letters and digits that a local part has without quotes
 * (RFC 5322 3.2.3). */
static const char gap_chars[] = " \t.,@!#$%&'*+-/=?^_`{|}~";

/* TRUE if the two offsets are so close that a literal may span them. */
static gboolean
gap_is_small(const char *text, gsize from, gsize to)
{
	guint n = 0;

	for (; from < to; from += (gsize)g_utf8_skip[(guchar)text[from]])
		if (++n > GAP_MAX || strchr(gap_chars, text[from]) == NULL)
			return FALSE;
	return TRUE;
}

/* Makes room for one more text under key. NULL if key has too many, or stands
 * for all texts that hold its words. */
static struct entry *
text_entry_add(struct rules_literals *literals, const char *key, guint words,
    const char *as)
{
	struct entry *same = g_tree_lookup(literals->keys, key);
	struct entry *entry;
	guint chain = 0;

	if (same == NULL) {
		literals_add_key(literals, key, words, as);
		return g_tree_lookup(literals->keys, key);
	}
	for (entry = same; entry != NULL; entry = entry->next, chain++)
		if (entry->exact == NULL || chain == EXACT_MAX)
			return NULL;
	entry = g_new0(struct entry, 1);
	entry->words = words;
	entry->as = g_string_chunk_insert_const(literals->chunk, as);
	entry->next = same->next;
	same->next = entry;
	return entry;
}

/* The number of words at the start of text that a search will see as
 * neighbours. */
static guint
words_close(const char *text)
{
	gsize len = strlen(text);
	struct word word = {0, 0};
	gsize pos = 0;
	gsize end = 0;
	guint n = 0;

	while (n < TEXT_WORDS && word_next(text, len, &pos, &word)) {
		if (n > 0 && !gap_is_small(text, end, word.start))
			break;
		end = word.end;
		n++;
	}
	return n;
}

void
rules_literals_add_text(struct rules_literals *literals, const char *text,
    const char *placeholder)
{
	g_autoptr(shadow_auto) shadow = shadow_new(text, strlen(text));
	const char *exact = g_strstrip(shadow->text);
	struct word first;
	gsize pos = 0;
	guint words;
	g_autoptr(GString) key = words_key(exact, words_close(exact), FALSE,
	    &words);
	struct entry *entry;

	if (!word_next(exact, strlen(exact), &pos, &first))
		return;
	entry = text_entry_add(literals, key->str, words, placeholder);
	if (entry == NULL) {
		literals_add_spellings(literals, exact, 0, placeholder);
		return;
	}
	entry->exact = g_string_chunk_insert(literals->chunk, exact);
	entry->lead = first.start;
}

/* State of one pass over a shadow. */
struct search {
	const struct rules_literals *literals;
	const struct shadow *shadow;
	GArray *words; /* struct word */
	GString *key;
	GString *spelled;
	GString *reduced;
};

/* Looks key up. *longer is set if a literal starts with key. */
static const struct entry *
key_lookup(GTree *keys, const GString *key, guint words, gboolean *longer)
{
	GTreeNode *node = g_tree_lower_bound(keys, key->str);
	const struct entry *entry;

	if (node == NULL || !g_str_has_prefix(g_tree_node_key(node), key->str))
		return NULL;
	*longer = TRUE;
	entry = g_tree_node_value(node);
	if (strcmp(g_tree_node_key(node), key->str) != 0 ||
	    entry->words < words)
		return NULL;
	return entry;
}

static const struct entry *
entry_lookup(struct search *search, guint words, gboolean *longer)
{
	GTree *keys = search->literals->keys;
	const struct entry *entry = key_lookup(keys, search->key, words,
	    longer);
	const struct entry *other = NULL;

	if (!g_string_equal(search->key, search->spelled))
		other = key_lookup(keys, search->spelled, words, longer);
	entry = entry != NULL ? entry : other;
	other = NULL;
	if (key_reduce(search->key->str, search->key->len, search->reduced))
		other = key_lookup(keys, search->reduced, words, longer);
	if (entry == NULL && search->reduced->len >= REDUCED_MIN)
		entry = other;
	return entry;
}

/* TRUE if at is not in the middle of a word. */
static gboolean
is_word_end(const struct shadow *shadow, gsize at)
{
	const char *before = g_utf8_prev_char(shadow->text + at);

	return at == shadow->len ||
	    !is_word_char(g_utf8_get_char(before)) ||
	    !is_word_char(g_utf8_get_char(shadow->text + at));
}

/* Corrects the span if entry wants an exact text. */
static gboolean
entry_fits(const struct search *search, const struct entry *entry,
    struct span *span)
{
	const struct shadow *shadow = search->shadow;

	for (; entry != NULL; entry = entry->next) {
		gsize len;

		span->as = entry->as;
		if (entry->exact == NULL)
			return TRUE;
		len = strlen(entry->exact);
		if (entry->lead > span->start ||
		    len > shadow->len - (span->start - entry->lead) ||
		    memcmp(shadow->text + span->start - entry->lead,
			entry->exact, len) != 0 ||
		    !is_word_end(shadow, span->start - entry->lead + len))
			continue;
		span->start -= entry->lead;
		span->end = span->start + len;
		return TRUE;
	}
	return FALSE;
}

/* Finds the longest literal that starts with word i. Returns the number of
 * words in it, 0 if there is none. */
static guint
literal_at(struct search *search, guint i, struct span *found)
{
	const struct rules_literals *literals = search->literals;
	const char *text = search->shadow->text;
	const struct word *first = &g_array_index(search->words, struct word,
	    i);
	guint best = 0;
	guchar initial = (guchar)text[first->start];

	/* ASCII is its own key, and most words are like no literal. */
	if (initial < 0x80 && !literals->first[initial])
		return 0;
	g_string_truncate(search->key, 0);
	g_string_truncate(search->spelled, 0);
	for (guint n = 0; n < literals->words_max && i + n < search->words->len;
	     n++) {
		const struct word *word = first + n;
		struct span span = {first->start, word->end, NULL};
		const struct entry *entry;
		gboolean longer = FALSE;
		gsize len = word->end - word->start;

		if (len > 4 * literals->key_max ||
		    (n > 0 && !gap_is_small(text, word[-1].end, word->start)))
			break;
		word_fold(text + word->start, len, FALSE, search->key);
		word_fold(text + word->start, len, TRUE, search->spelled);
		if (n == 0 && search->key->len > 0 &&
		    !literals->first[(guchar)search->key->str[0]])
			break;
		entry = entry_lookup(search, n + 1, &longer);
		if (entry != NULL && entry_fits(search, entry, &span)) {
			*found = span;
			best = n + 1;
		}
		if (!longer)
			break;
	}
	return best;
}

static void
found_add(const struct search *search, const struct span *found, GArray *spans)
{
	struct span *last = spans->len > 0
	    ? &g_array_index(spans, struct span, spans->len - 1)
	    : NULL;

	if (last != NULL && last->as == found->as &&
	    last->end <= found->start &&
	    gap_is_small(search->shadow->text, last->end, found->start))
		last->end = found->end;
	else
		g_array_append_val(spans, *found);
}

static void
words_split(const struct shadow *shadow, GArray *words)
{
	struct word word;
	gsize pos = 0;

	while (word_next(shadow->text, shadow->len, &pos, &word))
		g_array_append_val(words, word);
}

void
literals_find(const struct rules_literals *literals,
    const struct shadow *shadow, GArray *spans)
{
	struct search search = {.literals = literals, .shadow = shadow};

	if (literals->words_max == 0)
		return;
	search.words = g_array_new(FALSE, FALSE, sizeof(struct word));
	search.key = g_string_new(NULL);
	search.spelled = g_string_new(NULL);
	search.reduced = g_string_new(NULL);
	words_split(shadow, search.words);
	for (guint i = 0; i < search.words->len;) {
		struct span found = {0, 0, NULL};
		guint n = literal_at(&search, i, &found);

		if (n > 0)
			found_add(&search, &found, spans);
		i += MAX(n, 1);
	}
	g_array_unref(search.words);
	g_string_free(search.key, TRUE);
	g_string_free(search.spelled, TRUE);
	g_string_free(search.reduced, TRUE);
}
