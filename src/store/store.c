#include "store/store.h"

#include "base/error.h"
#include "store/engine.h"

#include <string.h>

#include "base/banned.h"

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	if (store->in_transaction)
		store_rollback(store);
	store->ops->close(store);
}

gboolean
store_begin(struct store *store, GError **err)
{
	g_assert(!store->in_transaction);
	store->is_broken = FALSE;
	store->in_transaction = store->ops->step(store, STORE_BEGIN, err);
	return store->in_transaction;
}

gboolean
store_commit(struct store *store, GError **err)
{
	g_assert(store->in_transaction && !store->in_save);
	if (store->is_broken) {
		store_rollback(store);
		return error_fail(err, ERROR_TEMP,
		    "database transaction was given up after a fault");
	}
	if (!store->ops->step(store, STORE_COMMIT, err)) {
		store_rollback(store);
		return FALSE;
	}
	store->in_transaction = FALSE;
	return TRUE;
}

void
store_rollback(struct store *store)
{
	g_assert(store->in_transaction);
	(void)store->ops->step(store, STORE_ROLLBACK, NULL);
	store->in_transaction = FALSE;
	store->in_save = FALSE;
}

gboolean
store_save(struct store *store, GError **err)
{
	g_assert(store->in_transaction && !store->in_save);
	store->in_save = store->ops->step(store, STORE_SAVE, err);
	return store->in_save;
}

gboolean
store_release(struct store *store, GError **err)
{
	g_assert(store->in_save);
	if (!store->ops->step(store, STORE_RELEASE, err))
		return FALSE;
	store->in_save = FALSE;
	return TRUE;
}

void
store_revert(struct store *store)
{
	g_assert(store->in_save);
	/* What cannot be taken back must not be committed. */
	if (!store->ops->step(store, STORE_REVERT, NULL))
		store->is_broken = TRUE;
	store->in_save = FALSE;
}

enum store_result
store_contact_get(struct store *store, const struct store_key *id,
    struct store_contact *out, GError **err)
{
	return store->ops->get(store, STORE_CONTACT, id, out, err);
}

gboolean
store_contact_put(
    struct store *store, const struct store_contact *contact, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->put(store, STORE_CONTACT, contact, err);
}

gboolean
store_contact_move(struct store *store, const struct store_key *from,
    const struct store_key *to, gint64 epoch, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->contact_move(store, from, to, epoch, err);
}

enum store_result
store_pseudonym_find(struct store *store, const char *pseudonym,
    const struct store_key *id, GError **err)
{
	return store->ops->pseudonym_find(store, pseudonym, id, err);
}

enum store_result
store_ticket_get(struct store *store, const struct number *number,
    struct store_ticket *out, GError **err)
{
	return store->ops->get(store, STORE_TICKET, number, out, err);
}

gboolean
store_ticket_add(
    struct store *store, const struct store_ticket *ticket, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->ticket_add(store, ticket, err);
}

gboolean
store_ticket_update(
    struct store *store, const struct store_ticket *ticket, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->put(store, STORE_TICKET, ticket, err);
}

gboolean
store_ticket_list(struct store *store, const struct number *after, guint limit,
    GArray *out, GError **err)
{
	return store->ops->ticket_list(store, after, limit, out, err);
}

gboolean
store_tickets_open_in(struct store *store, const struct store_open *open,
    GArray *out, GError **err)
{
	return store->ops->tickets_open_in(store, open, out, err);
}

gboolean
store_tickets_since(struct store *store, const struct store_since *since,
    guint *count, GError **err)
{
	return store->ops->tickets_since(store, since, count, err);
}

enum store_result
store_envelope_get(struct store *store, const struct number *ticket,
    struct store_envelope *out, GError **err)
{
	return store->ops->get(store, STORE_ENVELOPE, ticket, out, err);
}

gboolean
store_envelope_put(
    struct store *store, const struct store_envelope *envelope, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->put(store, STORE_ENVELOPE, envelope, err);
}

enum store_result
store_message_get(struct store *store, const struct store_key *fingerprint,
    struct store_message *out, GError **err)
{
	return store->ops->get(store, STORE_MESSAGE, fingerprint, out, err);
}

gboolean
store_message_put(
    struct store *store, const struct store_message *message, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->put(store, STORE_MESSAGE, message, err);
}

gboolean
store_message_delete(
    struct store *store, const struct store_key *fingerprint, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->remove(store, STORE_MESSAGE, fingerprint, err);
}

enum store_result
store_clue_get(struct store *store, const struct store_trait *trait,
    struct store_clue *out, GError **err)
{
	return store->ops->get(store, STORE_CLUE, trait, out, err);
}

gboolean
store_clue_put(struct store *store, const struct store_clue *clue, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->put(store, STORE_CLUE, clue, err);
}

gboolean
store_post_get(struct store *store, struct store_post *out, GError **err)
{
	*out = (struct store_post){0};
	return store->ops->get(store, STORE_POST, NULL, out, err) !=
	       STORE_ERROR;
}

gboolean
store_post_put(struct store *store, const struct store_post *post, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->put(store, STORE_POST, post, err);
}

enum store_result
store_promise_get(struct store *store, const struct store_name *name,
    struct store_promise *out, GError **err)
{
	return store->ops->get(store, STORE_PROMISE, name, out, err);
}

gboolean
store_promise_put(
    struct store *store, const struct store_promise *promise, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->put(store, STORE_PROMISE, promise, err);
}

gboolean
store_promise_delete(
    struct store *store, const struct store_name *name, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->remove(store, STORE_PROMISE, name, err);
}

gboolean
store_promise_list(struct store *store, const struct store_query *query,
    GArray *out, GError **err)
{
	return store->ops->promise_list(store, query, out, err);
}

gboolean
store_promise_next(
    struct store *store, guint32 kinds, struct store_next *out, GError **err)
{
	return store->ops->promise_next(store, kinds, out, err);
}

enum store_result
store_contact_named(struct store *store, const char *pseudonym,
    struct store_contact *out, GError **err)
{
	return store->ops->contact_named(store, pseudonym, out, err);
}

gboolean
store_tickets_open_of(struct store *store, const struct store_key *contact,
    guint limit, GArray *out, GError **err)
{
	return store->ops->tickets_open_of(store, contact, limit, out, err);
}

enum store_result
store_clock_get(struct store *store, const struct number *ticket,
    enum sla_kind kind, struct store_clock *out, GError **err)
{
	struct store_clock key = {.ticket = *ticket, .clock.kind = kind};

	return store->ops->get(store, STORE_CLOCK, &key, out, err);
}

gboolean
store_clock_put(
    struct store *store, const struct store_clock *clock, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->put(store, STORE_CLOCK, clock, err);
}

gboolean
store_clock_list(
    struct store *store, const struct number *ticket, GArray *out, GError **err)
{
	return store->ops->clock_list(store, ticket, out, err);
}

gboolean
store_clocks_due(
    struct store *store, gint64 now, guint limit, GArray *out, GError **err)
{
	return store->ops->clocks_due(store, now, limit, out, err);
}

enum store_result
store_weekly_get(struct store *store, const char *queue,
    struct store_weekly *out, GError **err)
{
	return store->ops->get(store, STORE_WEEKLY, queue, out, err);
}

gboolean
store_weekly_put(
    struct store *store, const struct store_weekly *weekly, GError **err)
{
	g_assert(store->in_transaction);
	return store->ops->put(store, STORE_WEEKLY, weekly, err);
}

gboolean
store_count(
    struct store *store, gint64 now, struct store_counts *out, GError **err)
{
	return store->ops->count(store, now, out, err);
}

void
store_idle(struct store *store)
{
	g_assert(!store->in_transaction);
	if (store->ops->idle != NULL)
		store->ops->idle(store);
}

gboolean
store_key_is_set(const struct store_key *key)
{
	static const struct store_key none;

	return !store_key_equal(key, &none);
}

gboolean
store_key_equal(const struct store_key *a, const struct store_key *b)
{
	return memcmp(a->b, b->b, STORE_KEY_LEN) == 0;
}
