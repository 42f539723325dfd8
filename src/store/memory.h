#ifndef ND_STORE_MEMORY_H
#define ND_STORE_MEMORY_H

/*
 * What the memory engine is made of: memory.c keeps rows and takes changes
 * back, memory_query.c looks at many of them. Shared by these two only.
 */
#include "store/engine.h"

/* The rows of a table by their keys; borrowed, changed only by
 * memory_set(). */
GHashTable *memory_rows(struct store *store, enum store_table table);

/* Puts a copy of the row there, or removes what is there (NULL). */
void memory_set(struct store *store, enum store_table table, gconstpointer key,
    gconstpointer row);

/* store/engine.h */
gboolean memory_tickets_since(struct store *store,
    const struct store_since *since, guint *count, GError **err);
gboolean memory_promise_list(struct store *store,
    const struct store_query *query, GArray *out, GError **err);
gboolean memory_promise_next(struct store *store, guint32 kinds,
    struct store_next *out, GError **err);
enum store_result memory_contact_named(struct store *store,
    const char *pseudonym, struct store_contact *out, GError **err);
gboolean memory_tickets_open_of(struct store *store,
    const struct store_key *contact, guint limit, GArray *out, GError **err);
gboolean memory_tickets_open_in(struct store *store,
    const struct store_open *open, GArray *out, GError **err);
gboolean memory_clock_list(struct store *store, const struct number *ticket,
    GArray *out, GError **err);
gboolean memory_clocks_due(struct store *store, gint64 now, guint limit,
    GArray *out, GError **err);
gboolean memory_dues_remove(
    struct store *store, const struct number *ticket, GError **err);
gboolean memory_traces_remove(
    struct store *store, const struct number *ticket, GError **err);
gboolean memory_count(
    struct store *store, gint64 now, struct store_counts *out, GError **err);
gboolean memory_purge(struct store *store, gint64 first_live, guint limit,
    guint *removed, GError **err);

#endif
