#include "rules/words.h"

#include <string.h>

#include "rules/automaton.h"
#include "rules/load.h"

#include "base/banned.h"

#define SET_BITS 64

/* The rules that name one word. */
struct key {
	guint64 *words; /* own: a set */
	GArray *starts; /* own guint; NULL: none */
};

/* What the rules need in a line, but for words. */
struct need {
	guint rule;
	guint run;
	gboolean digit;
};

struct words {
	struct automaton *keys; /* own: struct key */
	guint64 *always;	/* own: the rules that name no words */
	GArray *needs;		/* own struct need */
	guint64 *begun;		/* own: the rules that name starts */
	guint size;		/* guint64 in a set of rules */
	guint n;		/* rules */
};

struct words_places {
	const struct words *words; /* borrowed */
	GArray *ends;	 /* own gsize: where the lines with one set end */
	GArray *tried;	 /* own guint64: their sets */
	GArray **starts; /* own gsize: of each rule that names some */
};

static void
set_add(guint64 *set, guint rule)
{
	set[rule / SET_BITS] |= (guint64)1 << rule % SET_BITS;
}

static gboolean
set_has(const guint64 *set, guint rule)
{
	return (set[rule / SET_BITS] >> rule % SET_BITS & 1) != 0;
}

static void
key_free(gpointer data)
{
	struct key *key = data;

	g_free(key->words);
	if (key->starts != NULL)
		g_array_unref(key->starts);
	g_free(key);
}

static struct key *
key_at(struct words *words, const char *word)
{
	struct key **slot = (struct key **)automaton_slot(words->keys, word,
	    strlen(word));

	if (*slot == NULL) {
		*slot = g_new0(struct key, 1);
		(*slot)->words = g_new0(guint64, words->size);
	}
	return *slot;
}

static void
starts_add(struct words *words, char *const *starts, guint rule)
{
	for (; *starts != NULL; starts++) {
		struct key *key;

		if ((*starts)[0] == '\0')
			continue;
		key = key_at(words, *starts);
		if (key->starts == NULL)
			key->starts = g_array_new(FALSE, FALSE, sizeof rule);
		g_array_append_val(key->starts, rule);
	}
}

static void
rule_add(struct words *words, const struct rule *rule, guint i)
{
	const struct need need = {i, rule->run, rule->needs_digit};

	if (need.run > 0 || need.digit)
		g_array_append_val(words->needs, need);
	if (rule->starts != NULL) {
		set_add(words->begun, i);
		starts_add(words, rule->starts, i);
	}
	if (rule->words == NULL)
		set_add(words->always, i);
	for (gsize j = 0; rule->words != NULL && rule->words[j] != NULL; j++)
		if (rule->words[j][0] != '\0')
			set_add(key_at(words, rule->words[j])->words, i);
}

struct words *
words_new(const GPtrArray *rules)
{
	struct words *words = g_new0(struct words, 1);

	words->keys = automaton_new(key_free);
	words->n = rules->len;
	words->size = rules->len / SET_BITS + 1;
	words->always = g_new0(guint64, words->size);
	words->begun = g_new0(guint64, words->size);
	words->needs = g_array_new(FALSE, FALSE, sizeof(struct need));
	for (guint i = 0; i < rules->len; i++)
		rule_add(words, g_ptr_array_index(rules, i), i);
	automaton_build(words->keys);
	return words;
}

void
words_free(struct words *words)
{
	automaton_free(words->keys);
	g_free(words->always);
	g_free(words->begun);
	g_array_unref(words->needs);
	g_free(words);
}

void
words_places_free(struct words_places *places)
{
	if (places == NULL)
		return;
	for (guint i = 0; i < places->words->n; i++)
		if (places->starts[i] != NULL)
			g_array_unref(places->starts[i]);
	g_free(places->starts);
	g_array_unref(places->ends);
	g_array_unref(places->tried);
	g_free(places);
}

/* A word that begins at at. */
static void
starts_take(struct words_places *places, const struct shadow *shadow,
    const GArray *rules, gsize at)
{
	if (at > 0 && g_ascii_isalnum(shadow->text[at - 1]))
		return;
	for (guint i = 0; i < rules->len; i++) {
		GArray **starts =
		    &places->starts[g_array_index(rules, guint, i)];

		if (*starts == NULL)
			*starts = g_array_new(FALSE, FALSE, sizeof at);
		g_array_append_val(*starts, at);
	}
}

/* Adds to set the rules whose words stand in the line at [from, to). */
static void
line_read(struct words_places *places, const struct shadow *shadow,
    gsize from, gsize to, guint64 *set)
{
	const struct words *words = places->words;
	guint32 state = 0;

	for (gsize i = from; i < to; i++) {
		guint32 hit;

		state = automaton_step(words->keys, state,
		    (guint8)shadow->text[i]);
		for (hit = automaton_hit(words->keys, state); hit != 0;
		     hit = automaton_hit_shorter(words->keys, hit)) {
			const struct key *key = automaton_value(words->keys,
			    hit);

			for (guint j = 0; j < words->size; j++)
				set[j] |= key->words[j];
			if (key->starts != NULL)
				starts_take(places, shadow, key->starts,
				    i + 1 - automaton_length(words->keys, hit));
		}
	}
}

/* Takes the rules from set that need what the line does not have. */
static void
line_judge(const struct words *words, const char *line, gsize len,
    guint64 *set)
{
	gboolean has_digit = FALSE;
	gsize run = 0;
	gsize longest = 0;

	for (gsize i = 0; i < len; i++) {
		has_digit |= g_ascii_isdigit(line[i]);
		run = g_ascii_isalnum(line[i]) ? run + 1 : 0;
		longest = MAX(longest, run);
	}
	for (guint i = 0; i < words->needs->len; i++) {
		const struct need *need = &g_array_index(words->needs,
		    struct need, i);

		if (need->run > longest || (need->digit && !has_digit))
			set[need->rule / SET_BITS] &=
			    ~((guint64)1 << need->rule % SET_BITS);
	}
}

/* TRUE if the line at [from, to) is a line of plain, too, and begins at the
 * same place of the text. Lines are asked for in their order; *at is where plain was
 * left. */
static gboolean
line_is_plain(const struct shadow *shadow, gsize from, gsize to,
    const struct shadow *plain, gsize *at)
{
	gsize len = to - from;

	while (*at < plain->len && plain->map[*at] < shadow->map[from])
		(*at)++;
	return plain->len - *at >= len &&
	    memcmp(plain->text + *at, shadow->text + from, len) == 0 &&
	    (*at == 0 || plain->text[*at - 1] == '\n') &&
	    (shadow->text[to - 1] == '\n' || *at + len == plain->len);
}

/* Adds a line; lines in a row that are alike become one. */
static void
line_add(struct words_places *places, gsize end, const guint64 *set)
{
	guint size = places->words->size;
	guint n = places->ends->len;

	if (n > 0 && memcmp(&g_array_index(places->tried, guint64,
			 (n - 1) * size), set, size * sizeof *set) == 0) {
		g_array_index(places->ends, gsize, n - 1) = end;
		return;
	}
	g_array_append_val(places->ends, end);
	g_array_append_vals(places->tried, set, size);
}

static void
lines_look(struct words_places *places, const struct shadow *shadow,
    const struct shadow *plain)
{
	const struct words *words = places->words;
	g_autofree guint64 *set = g_new0(guint64, words->size);
	gsize at = 0;
	gsize to;

	for (gsize from = 0; from < shadow->len; from = to) {
		const char *end = memchr(shadow->text + from, '\n',
		    shadow->len - from);

		to = end != NULL ? (gsize)(end + 1 - shadow->text)
				 : shadow->len;
		if (plain != NULL &&
		    line_is_plain(shadow, from, to, plain, &at)) {
			memset(set, 0, words->size * sizeof *set);
		} else {
			memcpy(set, words->always, words->size * sizeof *set);
			line_read(places, shadow, from, to, set);
			line_judge(words, shadow->text + from, to - from, set);
		}
		line_add(places, to, set);
	}
}

static gint
offset_compare(gconstpointer a, gconstpointer b)
{
	const gsize *x = a;
	const gsize *y = b;

	return *x < *y ? -1 : *x > *y;
}

struct words_places *
words_look(const struct words *words, const struct shadow *shadow,
    const struct shadow *plain)
{
	struct words_places *places = g_new0(struct words_places, 1);

	places->words = words;
	places->ends = g_array_new(FALSE, FALSE, sizeof(gsize));
	places->tried = g_array_new(FALSE, FALSE, sizeof(guint64));
	places->starts = g_new0(GArray *, words->n + 1);
	lines_look(places, shadow, plain);
	/* A long word ends behind a short one in it, and was found later. */
	for (guint i = 0; i < words->n; i++)
		if (places->starts[i] != NULL)
			g_array_sort(places->starts[i], offset_compare);
	return places;
}

static gboolean
is_tried(const struct words_places *places, guint line, guint rule)
{
	return set_has(&g_array_index(places->tried, guint64,
			   line * places->words->size), rule);
}

static gboolean
start_next(const struct words_places *places, guint rule,
    struct words_window *window)
{
	const GArray *starts = places->starts[rule];

	while (starts != NULL && window->start < starts->len) {
		gsize at = g_array_index(starts, gsize, window->start++);

		while (g_array_index(places->ends, gsize, window->line) <= at)
			window->line++;
		if (at < window->to || !is_tried(places, window->line, rule))
			continue;
		window->from = at;
		window->to = at + 1;
		return TRUE;
	}
	return FALSE;
}

static gboolean
lines_next(const struct words_places *places, guint rule,
    struct words_window *window)
{
	guint n = places->ends->len;
	guint i = window->line;

	while (i < n && !is_tried(places, i, rule))
		i++;
	window->line = i;
	if (i == n)
		return FALSE;
	window->from = i > 0 ? g_array_index(places->ends, gsize, i - 1) : 0;
	while (i < n && is_tried(places, i, rule))
		i++;
	window->to = g_array_index(places->ends, gsize, i - 1);
	window->line = i;
	return TRUE;
}

gboolean
words_window_next(const struct words_places *places, guint rule,
    struct words_window *window)
{
	return set_has(places->words->begun, rule)
	    ? start_next(places, rule, window)
	    : lines_next(places, rule, window);
}
