#include "rules/literals.h"

#include <string.h>

#include "rules/automaton.h"
#include "rules/fold.h"
#include "rules/span.h"
#include "rules/stream.h"

#include "base/banned.h"

#define KEY_MAX 512	 /* octets */
#define WORDS_MAX 128	 /* words in one literal */
#define REDUCED_MIN 4	 /* octets; shorter keys would hit common words */
#define TEXT_WORDS 8	 /* looked up of a text; the rest is compared */
#define EXACT_MAX 256	 /* texts with one key; each is compared */
#define SPLIT_LETTERS 5	 /* a shorter word counts only as a whole one */
#define ENDING_LETTERS 3 /* letters that an ending may have */
#define SPACED_MIN 3	 /* single letters in a row that make up a word */

/* Further flags of an entry. */
enum {
	ENTRY_SHORT = 16, /* common without an umlaut: the text must have one */
	ENTRY_FOREIGN = 32, /* has letters of Greek or Cyrillic */
	ENTRY_HEX = 64, /* chance makes it of the digits of a hash */
};

struct entry {
	const char *as; /* borrowed: chunk */
	guint words;	/* most words that may make it up */
	guint letters;
	guint flags;
	/* Only this shadow text, starting lead octets before the first word;
	 * NULL: any separators will do. */
	const char *exact; /* borrowed: chunk */
	gsize lead;
	struct entry *next; /* own; same key */
};

enum {
	KEYS_PLAIN, /* for FOLD_PLAIN and FOLD_REDUCED */
	KEYS_LOOK,
	KEYS_SOUND,
	KEYS_COUNT,
};

/* A spelling whose keys of other scripts are not made yet. */
struct late {
	const char *text; /* borrowed: chunk */
	struct entry like;
};

struct rules_literals {
	struct automaton *keys[KEYS_COUNT]; /* own: struct entry */
	GArray *late; /* own struct late: most texts do not ask for them */
	GStringChunk *chunk;
	gboolean has_foreign;
};

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

	for (guint i = 0; i < KEYS_COUNT; i++)
		literals->keys[i] = automaton_new(entry_free);
	literals->late = g_array_new(FALSE, FALSE, sizeof(struct late));
	literals->chunk = g_string_chunk_new(1024);
	return literals;
}

void
rules_literals_free(struct rules_literals *literals)
{
	if (literals == NULL)
		return;
	for (guint i = 0; i < KEYS_COUNT; i++)
		automaton_free(literals->keys[i]);
	g_array_unref(literals->late);
	g_string_chunk_free(literals->chunk);
	g_free(literals);
}

gboolean
literals_are_empty(const struct rules_literals *literals)
{
	return automaton_is_empty(literals->keys[KEYS_PLAIN]);
}

/* Enters one key. What is allowed for one literal with this key is allowed
 * for all of them. */
static struct entry *
key_add(const struct rules_literals *literals, guint kind, const GString *key,
    const struct entry *like)
{
	const guint limits = ENTRY_SHORT | LITERAL_STEM;
	struct entry **slot;

	if (key->len == 0 || key->len > KEY_MAX)
		return NULL;
	slot = (struct entry **)automaton_slot(literals->keys[kind], key->str,
	    key->len);
	if (*slot == NULL) {
		*slot = g_new0(struct entry, 1);
		**slot = *like;
		(*slot)->letters = letters_count(key->str, key->len);
		if ((*slot)->letters < SPLIT_LETTERS &&
		    strspn(key->str, "0123456789abcdef") == key->len)
			(*slot)->flags |= ENTRY_HEX;
		(*slot)->as = g_string_chunk_insert_const(literals->chunk,
		    like->as);
	} else {
		(*slot)->words = MAX((*slot)->words, like->words);
		(*slot)->flags = (((*slot)->flags | like->flags) & ~limits) |
		    ((*slot)->flags & like->flags & limits);
		(*slot)->exact = NULL;
	}
	(*slot)->words = MIN((*slot)->words, WORDS_MAX);
	return *slot;
}

/* TRUE if the text has letters of Greek or Cyrillic. */
static gboolean
folded_add(const struct rules_literals *literals, const struct shadow *text,
    enum fold_kind kind, struct entry like)
{
	static const guint keys[FOLD_KINDS] = {KEYS_PLAIN, KEYS_PLAIN,
	    KEYS_LOOK, KEYS_SOUND};
	struct stream stream;
	gboolean has_foreign;

	stream_init(&stream);
	stream_split(&stream, text);
	stream_fill(&stream, text, kind);
	has_foreign = stream.has_foreign;
	if (stream.pieces->len > 0) {
		const struct piece *last = &g_array_index(stream.pieces,
		    struct piece, stream.pieces->len - 1);

		like.words += last->words;
		if (kind == FOLD_REDUCED && stream.symbols->len < REDUCED_MIN)
			like.flags |= ENTRY_SHORT;
		if (has_foreign)
			like.flags |= ENTRY_FOREIGN;
		(void)key_add(literals, keys[kind], stream.symbols, &like);
	}
	stream_done(&stream);
	return has_foreign;
}

/* Makes the keys of other scripts. */
static void
late_add(const struct rules_literals *literals)
{
	for (guint i = 0; i < literals->late->len; i++) {
		const struct late *late = &g_array_index(literals->late,
		    struct late, i);
		const struct shadow shadow = {.text = (char *)late->text,
		    .len = strlen(late->text),
		    .is_ascii = g_str_is_ascii(late->text)};

		(void)folded_add(literals, &shadow, FOLD_LOOK, late->like);
		(void)folded_add(literals, &shadow, FOLD_SOUND, late->like);
	}
	g_array_set_size(literals->late, 0);
}

void
literals_add_spellings(struct rules_literals *literals, const char *text,
    const struct literal *literal)
{
	struct late late = {.like = {.as = literal->as,
	    .words = literal->extra,
	    .flags = literal->flags}};
	const struct shadow shadow = {.text = (char *)text,
	    .len = strlen(text),
	    .is_ascii = g_str_is_ascii(text)};
	g_autoptr(GString) spelled = NULL;

	if (shadow.len > 4 * KEY_MAX)
		return;
	if (folded_add(literals, &shadow, FOLD_PLAIN, late.like))
		literals->has_foreign = TRUE;
	/* Else it would be the plain one again. */
	if (fold_reduces(shadow.text, shadow.len))
		(void)folded_add(literals, &shadow, FOLD_REDUCED, late.like);
	late.text = g_string_chunk_insert(literals->chunk, text);
	late.like.as = g_string_chunk_insert_const(literals->chunk,
	    literal->as);
	g_array_append_val(literals->late, late);
	if (shadow.is_ascii)
		return;
	spelled = g_string_new(NULL);
	word_fold(text, shadow.len, TRUE, spelled);
	(void)folded_add(literals,
	    &(struct shadow){.text = spelled->str, .len = spelled->len},
	    FOLD_PLAIN, late.like);
}

/* Makes room for one more text under key. NULL if key has too many, or stands
 * for all texts that hold its words. */
static struct entry *
text_entry_add(struct rules_literals *literals, const GString *key,
    guint words, const char *as)
{
	const struct entry like = {.as = as, .words = words};
	struct entry *same;
	struct entry *entry;
	guint chain = 0;

	if (key->len == 0 || key->len > KEY_MAX)
		return NULL;
	same = *automaton_slot(literals->keys[KEYS_PLAIN], key->str, key->len);
	if (same == NULL)
		return key_add(literals, KEYS_PLAIN, key, &like);
	for (entry = same; entry != NULL; entry = entry->next, chain++)
		if (entry->exact == NULL || chain == EXACT_MAX)
			return NULL;
	entry = g_new0(struct entry, 1);
	*entry = like;
	entry->as = g_string_chunk_insert_const(literals->chunk, as);
	entry->next = same->next;
	same->next = entry;
	return entry;
}

/* The first words of text that a search will see as neighbours, as one key.
 * Returns their number. */
static guint
text_key(const char *text, GString *key)
{
	gsize len = strlen(text);
	struct word word = {0, 0};
	gsize pos = 0;
	gsize end = 0;
	guint n = 0;

	while (n < TEXT_WORDS && word_next(text, len, &pos, &word)) {
		if (n > 0 && !stream_gap_is_small(text, end, word.start))
			break;
		word_fold(text + word.start, word.end - word.start, FALSE,
		    key);
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
	const struct literal any = {.as = placeholder};
	g_autoptr(GString) key = g_string_new(NULL);
	struct word first;
	gsize pos = 0;
	guint words = text_key(exact, key);
	struct entry *entry;

	if (!word_next(exact, strlen(exact), &pos, &first))
		return;
	entry = text_entry_add(literals, key, words, placeholder);
	if (entry == NULL) {
		literals_add_spellings(literals, exact, &any);
		return;
	}
	entry->exact = g_string_chunk_insert(literals->chunk, exact);
	entry->lead = first.start;
}

/* State of one pass over a shadow. */
struct search {
	const struct rules_literals *literals;
	const struct shadow *shadow;
	struct stream stream;
	enum fold_kind kind;
	guint flags; /* that an entry needs */
	GArray *found; /* struct span */
};

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

/* Pieces of a stream that a key was found in. */
struct stretch {
	const struct piece *first;
	const struct piece *last;
};

static guint32
symbols_left(const struct search *search, const struct piece *piece, gsize end)
{
	const GArray *pieces = search->stream.pieces;
	const struct piece *next = piece + 1;
	gsize limit = next == &g_array_index(pieces, struct piece, pieces->len)
	    ? search->stream.symbols->len
	    : next->at;
	guint32 n = 0;

	for (; end < limit && n <= ENDING_LETTERS; n++)
		end += (gsize)g_utf8_skip[
		    (guchar)search->stream.symbols->str[end]];
	return n;
}

/* TRUE if the key begins and ends with words, or where letters meet digits,
 * or is followed by an ending. */
static gboolean
stretch_is_whole(const struct search *search, const struct entry *entry,
    const struct stretch *stretch, gsize end)
{
	const GArray *pieces = search->stream.pieces;
	const struct piece *next = stretch->last + 1;
	gboolean ends = next == &g_array_index(pieces, struct piece,
				    pieces->len) || next->is_word;
	guint32 left = symbols_left(search, stretch->last, end);

	if ((entry->flags & ENTRY_HEX) != 0)
		return left == 0 && ends && stretch->first->is_word;
	if (left == 0)
		return (entry->flags & LITERAL_STEM) == 0;
	return (entry->flags & LITERAL_BENDS) != 0 && left <= ENDING_LETTERS &&
	    !g_ascii_isdigit(search->shadow->text[stretch->last->start]);
}

/* TRUE if the words are as many as the entry may have. A line break may be
 * anywhere in a longer one, or after a hyphen; and letter by letter anything
 * is spelled. */
static gboolean
stretch_is_close(const struct search *search, const struct entry *entry,
    const struct stretch *stretch)
{
	gboolean is_split = entry->letters >= SPLIT_LETTERS ||
	    search->shadow->text[stretch->first->end] == '-';
	guint32 words = stretch->last->words - stretch->first->words + 1;
	guint32 lines = stretch->last->lines - stretch->first->lines;
	guint32 singles = stretch->last->singles - stretch->first->singles;

	if (stretch->last->blocked != stretch->first->blocked)
		return FALSE;
	if (words <= entry->words)
		return TRUE;
	if (lines > 0 && is_split && words <= entry->words + lines)
		return TRUE;
	return words >= SPACED_MIN && singles + 1 >= words;
}

/* A key of another folding counts only if the scripts differ. */
static gboolean
stretch_differs(const struct search *search, const struct entry *entry,
    const struct stretch *stretch)
{
	guint32 foreign = stretch->last->foreign - stretch->first->foreign;
	guint32 latin = stretch->last->latin - stretch->first->latin;
	const struct piece *before = stretch->first - 1;
	gboolean is_first = stretch->first ==
	    &g_array_index(search->stream.pieces, struct piece, 0);

	foreign += stretch->first->foreign - (is_first ? 0 : before->foreign);
	latin += stretch->first->latin - (is_first ? 0 : before->latin);
	if (search->kind == FOLD_REDUCED)
		return TRUE;
	return (entry->flags & ENTRY_FOREIGN) != 0 ? latin > 0 : foreign > 0;
}

static gboolean
span_has_mark(const struct search *search, const struct span *span)
{
	for (gsize i = span->start; i < span->end; i++)
		if ((guchar)search->shadow->text[i] >= 0x80)
			return TRUE;
	return FALSE;
}

/* The end of a piece with the number that stands right behind it: hans1985. */
static gsize
number_end(const struct search *search, const struct piece *piece)
{
	const GArray *pieces = search->stream.pieces;
	const struct piece *next = piece + 1;

	if (next == &g_array_index(pieces, struct piece, pieces->len) ||
	    next->is_word ||
	    !g_ascii_isdigit(search->shadow->text[next->start]))
		return piece->end;
	return next->end;
}

/* Judges a key that was found at [start, end) of the stream. */
static gboolean
entry_holds(const struct search *search, const struct entry *entry,
    gsize start, gsize end, struct span *span)
{
	const GArray *owners = search->stream.owners;
	const GArray *pieces = search->stream.pieces;
	struct stretch stretch = {
	    .first = &g_array_index(pieces, struct piece,
		g_array_index(owners, guint32, start)),
	    .last = &g_array_index(pieces, struct piece,
		g_array_index(owners, guint32, end - 1))};

	if (stretch.first->at != start ||
	    (entry->flags & search->flags) != search->flags ||
	    !stretch_is_close(search, entry, &stretch) ||
	    !stretch_is_whole(search, entry, &stretch, end))
		return FALSE;
	if (search->kind != FOLD_PLAIN &&
	    (entry->exact != NULL || !stretch_differs(search, entry, &stretch)))
		return FALSE;
	*span = (struct span){stretch.first->start,
	    number_end(search, stretch.last), NULL};
	if ((entry->flags & ENTRY_SHORT) != 0 && !span_has_mark(search, span))
		return FALSE;
	return entry_fits(search, entry, span);
}

static void
stream_search(struct search *search, const struct automaton *keys)
{
	const GString *symbols = search->stream.symbols;
	guint32 state = 0;

	for (gsize i = 0; i < symbols->len; i++) {
		guint32 hit;

		state = automaton_step(keys, state, (guint8)symbols->str[i]);
		for (hit = automaton_hit(keys, state); hit != 0;
		     hit = automaton_hit_shorter(keys, hit)) {
			struct span span;

			if (!entry_holds(search, automaton_value(keys, hit),
				i + 1 - automaton_length(keys, hit), i + 1,
				&span))
				continue;
			/* Shorter ones that end here lie inside. */
			g_array_append_val(search->found, span);
			break;
		}
	}
}

static void
fold_search(struct search *search, enum fold_kind kind, guint keys)
{
	struct automaton *automaton = search->literals->keys[keys];

	automaton_build(automaton);
	search->kind = kind;
	stream_fill(&search->stream, search->shadow, kind);
	stream_search(search, automaton);
}

static void
all_search(struct search *search)
{
	const struct rules_literals *literals = search->literals;

	stream_split(&search->stream, search->shadow);
	fold_search(search, FOLD_PLAIN, KEYS_PLAIN);
	if (search->stream.has_said) {
		stream_drop_said(&search->stream);
		search->flags = LITERAL_ADDR;
		stream_search(search, literals->keys[KEYS_PLAIN]);
		search->flags = 0;
	}
	if (fold_reduces(search->shadow->text, search->shadow->len))
		fold_search(search, FOLD_REDUCED, KEYS_PLAIN);
	if (search->stream.has_foreign || literals->has_foreign) {
		late_add(literals);
		fold_search(search, FOLD_LOOK, KEYS_LOOK);
		fold_search(search, FOLD_SOUND, KEYS_SOUND);
	}
}

static void
found_join(const struct search *search, GArray *spans)
{
	span_list_merge(search->found);
	for (guint i = 0; i < search->found->len; i++) {
		const struct span *span = &g_array_index(search->found,
		    struct span, i);
		struct span *last = spans->len > 0
		    ? &g_array_index(spans, struct span, spans->len - 1)
		    : NULL;

		if (last != NULL && last->as == span->as &&
		    stream_gap_is_small(search->shadow->text, last->end,
			span->start))
			last->end = span->end;
		else
			g_array_append_val(spans, *span);
	}
}

void
literals_find(const struct rules_literals *literals,
    const struct shadow *shadow, GArray *spans)
{
	struct search search = {.literals = literals, .shadow = shadow};

	if (literals_are_empty(literals))
		return;
	search.found = span_list_new();
	stream_init(&search.stream);
	all_search(&search);
	found_join(&search, spans);
	stream_done(&search.stream);
	g_array_unref(search.found);
}
