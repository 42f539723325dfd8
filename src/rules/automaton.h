#ifndef ND_RULES_AUTOMATON_H
#define ND_RULES_AUTOMATON_H

/*
 * Finds all of many keys in one pass over a text (Aho and Corasick, 1975).
 * Time is linear in keys and text, whoever chose them: a step looks at no
 * more children of a state than there are octets.
 *
 * Keys are added first, then the automaton is built, then it is only read.
 */
#include <glib.h>

struct automaton;

struct automaton *automaton_new(GDestroyNotify value_free);
void automaton_free(struct automaton *automaton);

/* Where the value of a key (not empty) is kept; NULL in it if the key is new.
 * Valid until the next call. */
gpointer *automaton_slot(struct automaton *automaton, const char *key,
    gsize len);
gboolean automaton_is_empty(const struct automaton *automaton);

/* Does nothing if no key was added since. */
void automaton_build(struct automaton *automaton);

/* The state after one more octet; 0 is the first state. */
guint32 automaton_step(const struct automaton *automaton, guint32 state,
    guint8 octet);

/* The longest key that ends in state, then each shorter one; 0: none. */
guint32 automaton_hit(const struct automaton *automaton, guint32 state);
guint32 automaton_hit_shorter(const struct automaton *automaton, guint32 hit);
gpointer automaton_value(const struct automaton *automaton, guint32 hit);
gsize automaton_length(const struct automaton *automaton, guint32 hit);

#endif
