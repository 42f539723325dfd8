#include "rules/words.h"

#include <string.h>

#include "rules/automaton.h"
#include "rules/load.h"

#include "base/banned.h"

#define SET_BITS 64

struct words {
	struct automaton *keys; /* own: guint64 *, the rules that name it */
	guint64 *always;	/* own: the rules that name no words */
	guint64 *digit;		/* own: the rules that need a digit */
	guint size;		/* guint64 in a set of rules */
};

struct words_lines {
	guint size;    /* guint64 in a set of rules */
	GArray *ends;  /* own gsize: where the lines with one set end */
	GArray *tried; /* own guint64: their sets */
};

static void
set_add(guint64 *set, guint rule)
{
	set[rule / SET_BITS] |= (guint64)1 << rule % SET_BITS;
}

static void
word_add(struct words *words, const char *word, guint rule)
{
	guint64 **slot = (guint64 **)automaton_slot(words->keys, word,
	    strlen(word));

	if (*slot == NULL)
		*slot = g_new0(guint64, words->size);
	set_add(*slot, rule);
}

struct words *
words_new(const GPtrArray *rules)
{
	struct words *words = g_new0(struct words, 1);

	words->keys = automaton_new(g_free);
	words->size = rules->len / SET_BITS + 1;
	words->always = g_new0(guint64, words->size);
	words->digit = g_new0(guint64, words->size);
	for (guint i = 0; i < rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(rules, i);

		if (rule->words == NULL)
			set_add(words->always, i);
		if (rule->needs_digit)
			set_add(words->digit, i);
		for (guint j = 0; rule->words != NULL &&
		     rule->words[j] != NULL; j++)
			if (rule->words[j][0] != '\0')
				word_add(words, rule->words[j], i);
	}
	automaton_build(words->keys);
	return words;
}

void
words_free(struct words *words)
{
	automaton_free(words->keys);
	g_free(words->always);
	g_free(words->digit);
	g_free(words);
}

void
words_lines_free(struct words_lines *lines)
{
	if (lines == NULL)
		return;
	g_array_unref(lines->ends);
	g_array_unref(lines->tried);
	g_free(lines);
}

/* Puts into set which rules are tried in the line. */
static void
line_look(const struct words *words, const char *line, gsize len, guint64 *set)
{
	gboolean has_digit = FALSE;
	guint32 state = 0;

	memcpy(set, words->always, words->size * sizeof *set);
	for (gsize i = 0; i < len; i++) {
		guint32 hit;

		has_digit |= g_ascii_isdigit(line[i]);
		state = automaton_step(words->keys, state, (guint8)line[i]);
		for (hit = automaton_hit(words->keys, state); hit != 0;
		     hit = automaton_hit_shorter(words->keys, hit)) {
			const guint64 *more = automaton_value(words->keys,
			    hit);

			for (guint j = 0; j < words->size; j++)
				set[j] |= more[j];
		}
	}
	for (guint j = 0; j < words->size && !has_digit; j++)
		set[j] &= ~words->digit[j];
}

/* TRUE if the line at [from, to) is a line of plain, too, and comes from the
 * same place. Lines are asked for in their order; *at is where plain was
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
	    memcmp(plain->map + *at, shadow->map + from,
		len * sizeof *plain->map) == 0 &&
	    (*at == 0 || plain->text[*at - 1] == '\n') &&
	    (shadow->text[to - 1] == '\n' || *at + len == plain->len);
}

/* Adds a line; lines in a row that are alike become one. */
static void
line_add(struct words_lines *lines, gsize end, const guint64 *set)
{
	guint n = lines->ends->len;
	const guint64 *last = (const guint64 *)(void *)lines->tried->data +
	    (n > 0 ? n - 1 : 0) * lines->size;

	if (n > 0 && memcmp(last, set, lines->size * sizeof *set) == 0) {
		g_array_index(lines->ends, gsize, n - 1) = end;
		return;
	}
	g_array_append_val(lines->ends, end);
	g_array_append_vals(lines->tried, set, lines->size);
}

struct words_lines *
words_look(const struct words *words, const struct shadow *shadow,
    const struct shadow *plain)
{
	struct words_lines *lines = g_new0(struct words_lines, 1);
	g_autofree guint64 *set = g_new0(guint64, words->size);
	gsize at = 0;
	gsize to;

	lines->size = words->size;
	lines->ends = g_array_new(FALSE, FALSE, sizeof(gsize));
	lines->tried = g_array_new(FALSE, FALSE, sizeof(guint64));
	for (gsize from = 0; from < shadow->len; from = to) {
		const char *end = memchr(shadow->text + from, '\n',
		    shadow->len - from);

		to = end != NULL ? (gsize)(end + 1 - shadow->text)
				 : shadow->len;
		if (plain != NULL &&
		    line_is_plain(shadow, from, to, plain, &at))
			memset(set, 0, words->size * sizeof *set);
		else
			line_look(words, shadow->text + from, to - from, set);
		line_add(lines, to, set);
	}
	return lines;
}

static gboolean
is_tried(const struct words_lines *lines, guint i, guint rule)
{
	guint64 set = g_array_index(lines->tried, guint64,
	    i * lines->size + rule / SET_BITS);

	return (set >> rule % SET_BITS & 1) != 0;
}

gboolean
words_window_next(const struct words_lines *lines, guint rule,
    struct words_window *window)
{
	guint n = lines->ends->len;
	guint i = window->next;

	while (i < n && !is_tried(lines, i, rule))
		i++;
	if (i == n)
		return FALSE;
	window->from = i > 0 ? g_array_index(lines->ends, gsize, i - 1) : 0;
	while (i < n && is_tried(lines, i, rule))
		i++;
	window->to = g_array_index(lines->ends, gsize, i - 1);
	window->next = i;
	return TRUE;
}
