#ifndef ND_STORE_ENGINE_H
#define ND_STORE_ENGINE_H

/*
 * What an engine of the store implements; store/store.h says what each call
 * promises. Only engines and store.c include this.
 *
 * store.c checks the order of transaction calls, so an engine need not: a
 * write comes only inside a transaction, save only once at a time.
 */
#include <glib.h>

#include "store/store.h"

enum store_step {
	STORE_BEGIN,
	STORE_COMMIT,
	STORE_ROLLBACK,
	STORE_SAVE,
	STORE_RELEASE,
	STORE_REVERT,
	STORE_STEP_END
};

/* A row is the struct of store/store.h; a key is what that begins with, if
 * nothing else is said. */
enum store_table {
	STORE_CONTACT,	/* struct store_key */
	STORE_TICKET,	/* struct number */
	STORE_ENVELOPE, /* struct number */
	STORE_MESSAGE,	/* struct store_key */
	STORE_PROMISE,	/* struct store_name */
	STORE_CLUE,	/* struct store_trait */
	STORE_POST,	/* nothing: there is one row */
	STORE_CLOCK,	/* struct store_clock: its ticket and kind */
	STORE_WEEKLY,	/* char *: the queue */
	STORE_TABLE_END
};

/* Which tickets. */
struct store_whose {
	const struct store_key *contact; /* his; NULL: */
	gint64 first_live; /* those not forgotten, of epochs before it */
	guint limit;
};

struct store_ops {
	void (*close)(struct store *);
	void (*idle)(struct store *); /* NULL: nothing to tidy */
	gboolean (*step)(struct store *, enum store_step, GError **);

	enum store_result (*get)(struct store *, enum store_table,
	    gconstpointer key, gpointer row, GError **);
	/* Adds the row or replaces it; a ticket is there already. */
	gboolean (*put)(
	    struct store *, enum store_table, gconstpointer row, GError **);
	/* Of contacts, envelopes, messages and promises. */
	gboolean (*remove)(
	    struct store *, enum store_table, gconstpointer key, GError **);

	gboolean (*ticket_add)(
	    struct store *, const struct store_ticket *, GError **);
	gboolean (*ticket_list)(
	    struct store *, const struct number *, guint, GArray *, GError **);
	/* Appends struct number to out. */
	gboolean (*ticket_numbers)(struct store *, const struct store_whose *,
	    GArray *out, GError **);
	gboolean (*tickets_since)(struct store *, const struct store_since *,
	    guint *count, GError **);
	/* All promises of the ticket, and its clocks. */
	gboolean (*dues_remove)(
	    struct store *, const struct number *ticket, GError **);
	/* All messages of the ticket, and its clues. */
	gboolean (*traces_remove)(
	    struct store *, const struct number *ticket, GError **);
	gboolean (*contact_move)(struct store *, const struct store_key *from,
	    const struct store_key *to, gint64 epoch, GError **);
	enum store_result (*pseudonym_find)(
	    struct store *, const char *, const struct store_key *, GError **);
	gboolean (*promise_list)(
	    struct store *, const struct store_query *, GArray *, GError **);
	gboolean (*promise_next)(
	    struct store *, guint32 kinds, struct store_next *, GError **);

	enum store_result (*contact_named)(struct store *,
	    const char *pseudonym, struct store_contact *, GError **);
	gboolean (*tickets_open_of)(struct store *, const struct store_key *,
	    guint limit, GArray *, GError **);
	gboolean (*tickets_open_in)(
	    struct store *, const struct store_open *, GArray *, GError **);
	gboolean (*clock_list)(
	    struct store *, const struct number *, GArray *, GError **);
	gboolean (*clocks_due)(
	    struct store *, gint64 now, guint limit, GArray *, GError **);

	gboolean (*count)(
	    struct store *, gint64 now, struct store_counts *, GError **);
	/* Of envelopes, messages, promises, clues and contacts. */
	gboolean (*purge)(struct store *, gint64 first_live, guint limit,
	    guint *removed, GError **);
};

/* First member of an engine's own struct. */
struct store {
	const struct store_ops *ops;
	gboolean in_transaction;
	gboolean in_save;
	gboolean is_broken; /* must not be committed */
};

#endif
