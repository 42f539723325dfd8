#include "rules/words.h"

#include <string.h>

#include "rules/automaton.h"
#include "rules/load.h"

#include "base/banned.h"

struct words {
	struct automaton *keys; /* own: GArray of guint, the rules */
	guint8 *always; /* own: for each rule, 1 if it names no words */
	guint n;
};

static void
numbers_free(gpointer data)
{
	g_array_unref(data);
}

static void
word_add(struct words *words, const char *word, guint rule)
{
	GArray **slot = (GArray **)automaton_slot(words->keys, word,
	    strlen(word));

	if (*slot == NULL)
		*slot = g_array_new(FALSE, FALSE, sizeof rule);
	g_array_append_val(*slot, rule);
}

struct words *
words_new(const GPtrArray *rules)
{
	struct words *words = g_new0(struct words, 1);

	words->keys = automaton_new(numbers_free);
	words->n = rules->len;
	words->always = g_new0(guint8, rules->len + 1);
	for (guint i = 0; i < rules->len; i++) {
		const struct rule *rule = g_ptr_array_index(rules, i);

		words->always[i] = rule->words == NULL;
		for (guint j = 0; !words->always[i] &&
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
	g_free(words);
}

guint8 *
words_look(const struct words *words, const struct shadow *shadow)
{
	guint8 *tried = g_memdup2(words->always, words->n + 1);
	guint32 state = 0;

	for (gsize i = 0; i < shadow->len; i++) {
		guint32 hit;

		state = automaton_step(words->keys, state,
		    (guint8)shadow->text[i]);
		for (hit = automaton_hit(words->keys, state); hit != 0;
		     hit = automaton_hit_shorter(words->keys, hit)) {
			const GArray *rules = automaton_value(words->keys,
			    hit);

			for (guint j = 0; j < rules->len; j++)
				tried[g_array_index(rules, guint, j)] = 1;
		}
	}
	return tried;
}
