#include "rules/automaton.h"

#include "base/banned.h"

struct state {
	guint32 child;	 /* first of a list; 0: none */
	guint32 sibling; /* next in that list */
	guint32 suffix;	 /* the longest proper suffix that is a state */
	guint32 hit;	 /* this state or its longest suffix with a value */
	guint32 depth;
	guint8 octet;
	gpointer value; /* own */
};

struct automaton {
	GArray *states;	   /* own struct state; [0] is the first */
	guint32 root[256]; /* children of the first state */
	GDestroyNotify value_free;
	gboolean is_built;
};

static struct state *
state_at(const struct automaton *automaton, guint32 i)
{
	return &g_array_index(automaton->states, struct state, i);
}

struct automaton *
automaton_new(GDestroyNotify value_free)
{
	struct automaton *automaton = g_new0(struct automaton, 1);

	automaton->states = g_array_new(FALSE, TRUE, sizeof(struct state));
	g_array_set_size(automaton->states, 1);
	automaton->value_free = value_free;
	return automaton;
}

void
automaton_free(struct automaton *automaton)
{
	if (automaton == NULL)
		return;
	for (guint i = 0; i < automaton->states->len; i++)
		if (state_at(automaton, i)->value != NULL)
			automaton->value_free(state_at(automaton, i)->value);
	g_array_unref(automaton->states);
	g_free(automaton);
}

gboolean
automaton_is_empty(const struct automaton *automaton)
{
	return automaton->states->len == 1;
}

static guint32
child_find(const struct automaton *automaton, guint32 state, guint8 octet)
{
	guint32 child;

	if (state == 0)
		return automaton->root[octet];
	child = state_at(automaton, state)->child;
	while (child != 0 && state_at(automaton, child)->octet != octet)
		child = state_at(automaton, child)->sibling;
	return child;
}

static guint32
child_add(struct automaton *automaton, guint32 parent, guint8 octet)
{
	guint32 child = automaton->states->len;
	struct state *state;

	g_array_set_size(automaton->states, child + 1);
	state = state_at(automaton, child);
	state->octet = octet;
	state->depth = state_at(automaton, parent)->depth + 1;
	state->sibling = state_at(automaton, parent)->child;
	state_at(automaton, parent)->child = child;
	if (parent == 0)
		automaton->root[octet] = child;
	return child;
}

gpointer *
automaton_slot(struct automaton *automaton, const char *key, gsize len)
{
	guint32 at = 0;

	g_assert(len > 0);
	automaton->is_built = FALSE;
	for (gsize i = 0; i < len; i++) {
		guint32 child = child_find(automaton, at, (guint8)key[i]);

		at = child != 0 ? child
				: child_add(automaton, at, (guint8)key[i]);
	}
	return &state_at(automaton, at)->value;
}

static void
child_link(struct automaton *automaton, guint32 parent, guint32 child)
{
	struct state *state = state_at(automaton, child);

	state->suffix = parent == 0
	    ? 0
	    : automaton_step(automaton, state_at(automaton, parent)->suffix,
		  state->octet);
	state->hit = state->value != NULL
	    ? child
	    : state_at(automaton, state->suffix)->hit;
}

/* Breadth first: suffixes are shorter. */
void
automaton_build(struct automaton *automaton)
{
	g_autoptr(GArray) todo = NULL;
	guint32 first = 0;

	if (automaton->is_built)
		return;
	todo = g_array_sized_new(FALSE, FALSE, sizeof first,
	    automaton->states->len);
	g_array_append_val(todo, first);
	for (guint i = 0; i < todo->len; i++) {
		guint32 parent = g_array_index(todo, guint32, i);
		guint32 child = state_at(automaton, parent)->child;

		for (; child != 0; child = state_at(automaton, child)->sibling) {
			child_link(automaton, parent, child);
			g_array_append_val(todo, child);
		}
	}
	automaton->is_built = TRUE;
}

guint32
automaton_step(const struct automaton *automaton, guint32 state, guint8 octet)
{
	while (state != 0) {
		guint32 child = child_find(automaton, state, octet);

		if (child != 0)
			return child;
		state = state_at(automaton, state)->suffix;
	}
	return automaton->root[octet];
}

guint32
automaton_hit(const struct automaton *automaton, guint32 state)
{
	return state_at(automaton, state)->hit;
}

guint32
automaton_hit_shorter(const struct automaton *automaton, guint32 hit)
{
	return automaton_hit(automaton, state_at(automaton, hit)->suffix);
}

gpointer
automaton_value(const struct automaton *automaton, guint32 hit)
{
	return state_at(automaton, hit)->value;
}

gsize
automaton_length(const struct automaton *automaton, guint32 hit)
{
	return state_at(automaton, hit)->depth;
}
