#include "store/store.h"

#include "store/engine.h"

#include <string.h>

#include "base/banned.h"

#define HOUR_S 3600
#define TICKETS_A_STEP 100

gboolean
store_ticket_is_forgotten(const struct store_ticket *ticket)
{
	return ticket->t.pseudonym[0] == '\0';
}

/* Exact times would tell mails apart for as long as the row lives. All move by
 * the same step, so that what was counted from them stays what it was. */
static void
clear_times(struct ticket *t)
{
	gint64 *const times[] = {&t->opened, &t->first_reply_due,
	    &t->decision_due, &t->acknowledged, &t->answered, &t->closed,
	    &t->ack_due, &t->decided, &t->waiting};
	gint64 step = t->opened % HOUR_S;

	for (gsize i = 0; i < G_N_ELEMENTS(times); i++)
		if (*times[i] != 0)
			*times[i] -= step;
}

/* What was promised first is what is counted, and the clocks, which go, say
 * it. */
static gboolean
keep_promised(struct store *store, struct ticket *t, GError **err)
{
	struct store_clock first_reply, decision;
	enum store_result found;

	found = store_clock_get(
	    store, &t->number, SLA_FIRST_REPLY, &first_reply, err);
	if (found == STORE_FOUND)
		found = store_clock_get(
		    store, &t->number, SLA_DECISION, &decision, err);
	if (found == STORE_FOUND)
		t->first_reply_due =
		    sla_due_at_first(&first_reply.clock, &decision.clock);
	return found != STORE_ERROR;
}

/* Leaves of the ticket what is counted. */
static gboolean
clear_ticket(struct store *store, const struct number *number, GError **err)
{
	struct store_ticket row;
	enum store_result found;

	found = store_ticket_get(store, number, &row, err);
	if (found != STORE_FOUND)
		return found == STORE_MISSING;
	if (!keep_promised(store, &row.t, err))
		return FALSE;
	clear_times(&row.t);
	memset(row.t.pseudonym, 0, sizeof(row.t.pseudonym));
	memset(row.copy_id, 0, sizeof(row.copy_id));
	row.contact = (struct store_key){0};
	return store->ops->dues_remove(store, number, err) &&
	       store_ticket_update(store, &row, err);
}

static gboolean
forget_ticket(struct store *store, const struct number *number, GError **err)
{
	return store->ops->remove(store, STORE_ENVELOPE, number, err) &&
	       store->ops->traces_remove(store, number, err) &&
	       clear_ticket(store, number, err);
}

static gboolean
forget_all(struct store *store, const struct store_key *contact, guint *tickets,
    GError **err)
{
	struct store_whose whose = {
	    .contact = contact, .limit = TICKETS_A_STEP};
	g_autoptr(GArray) numbers = NULL;

	numbers = g_array_new(FALSE, FALSE, sizeof(struct number));
	do {
		g_array_set_size(numbers, 0);
		if (!store->ops->ticket_numbers(store, &whose, numbers, err))
			return FALSE;
		for (guint i = 0; i < numbers->len; i++)
			if (!forget_ticket(store,
				&g_array_index(numbers, struct number, i), err))
				return FALSE;
		*tickets += numbers->len;
	} while (numbers->len > 0);
	return store->ops->remove(store, STORE_CONTACT, contact, err);
}

enum store_result
store_forget(struct store *store, const struct number *ticket, guint *tickets,
    GError **err)
{
	struct store_ticket row;
	enum store_result found;

	g_assert(store->in_transaction);
	*tickets = 0;
	found = store_ticket_get(store, ticket, &row, err);
	if (found != STORE_FOUND || store_ticket_is_forgotten(&row))
		return found;
	if (store_key_is_set(&row.contact))
		return forget_all(store, &row.contact, tickets, err)
			   ? STORE_FOUND
			   : STORE_ERROR;
	*tickets = 1;
	return forget_ticket(store, ticket, err) ? STORE_FOUND : STORE_ERROR;
}

gboolean
store_purge(struct store *store, gint64 first_live, guint limit, guint *removed,
    GError **err)
{
	struct store_whose whose = {.first_live = first_live, .limit = limit};
	g_autoptr(GArray) numbers = NULL;

	g_assert(store->in_transaction);
	numbers = g_array_new(FALSE, FALSE, sizeof(struct number));
	if (!store->ops->ticket_numbers(store, &whose, numbers, err))
		return FALSE;
	for (guint i = 0; i < numbers->len; i++)
		if (!clear_ticket(
			store, &g_array_index(numbers, struct number, i), err))
			return FALSE;
	if (!store->ops->purge(store, first_live, limit, removed, err))
		return FALSE;
	*removed += numbers->len;
	return TRUE;
}
