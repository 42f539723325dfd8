#include "desk/control.h"

#include "desk/internal.h"

#include "base/banned.h"

/* Tickets that surely fit into one frame. */
#define LIST_MAX 100
G_STATIC_ASSERT(
    LIST_MAX *(4 * TICKET_TOKEN_SIZE + PSEUDONYM_SIZE + 220) < PROTO_FRAME_MAX);

static const char *
state_name(enum ticket_state state)
{
	switch (state) {
	case TICKET_OPEN:
		return "open";
	case TICKET_CLOSED:
		return "closed";
	}
	return "other";
}

static struct proto_ctl_ticket
ticket_view(const struct ticket *t)
{
	return (struct proto_ctl_ticket){
	    .number = t->number,
	    .queue = g_strdup(t->queue),
	    .state = g_strdup(state_name(t->state)),
	    .lang = g_strdup(t->lang),
	    .category = g_strdup(t->category),
	    .pseudonym = g_strdup(t->pseudonym),
	    .level = t->level,
	    .flags = t->flags,
	    .messages = t->messages,
	    .opened = t->opened,
	    .first_reply_due = t->first_reply_due,
	    .decision_due = t->decision_due,
	    .acknowledged = t->acknowledged,
	    .answered = t->answered,
	    .closed = t->closed,
	    .waiting = t->waiting,
	    .rating = t->rating,
	    .agent = g_strdup(t->agent),
	};
}

/* How long the clocks of a ticket are. */
static gboolean
add_lengths(struct store *store, struct proto_ctl_ticket *view, GError **err)
{
	struct clocks_pair clocks;

	if (!clocks_find(store, &view->number, &clocks, err))
		return FALSE;
	view->first_reply_s = clocks.first_reply.length_s;
	view->decision_s = clocks.decision.length_s;
	return TRUE;
}

gboolean
control_status(struct store *store, gint64 now,
    struct proto_ctl_status_is *answer, GError **err)
{
	struct store_counts counts = {0};

	if (!store_count(store, now, &counts, err))
		return FALSE;
	*answer = (struct proto_ctl_status_is){
	    .tickets_open = counts.tickets_open,
	    .tickets_closed = counts.tickets_closed,
	    .promises_open = counts.promises_open,
	    .promises_late = counts.promises_late,
	    .promises_soon = counts.promises_soon,
	    .promises_failed = counts.promises_failed,
	    .oldest_due = counts.oldest_due,
	};
	return TRUE;
}

static gboolean
is_asked_for(const struct proto_ctl_list *list, const struct ticket *t)
{
	if (list->is_open && t->state != TICKET_OPEN)
		return FALSE;
	return list->queue == NULL || list->queue[0] == '\0' ||
	       g_strcmp0(list->queue, t->queue) == 0;
}

/* Fills *rows with tickets behind *after, which moves on. What is asked for by
 * mail, the open ones of a queue, reads no others: closed ones grow in number
 * for as long as there is a desk, which waits for this. */
static gboolean
read_page(struct store *store, const struct proto_ctl_list *list,
    struct number *after, GArray *rows, GError **err)
{
	struct store_open open = {list->queue, *after, LIST_MAX};
	gboolean is_read;

	g_array_set_size(rows, 0);
	is_read = list->is_open && list->queue != NULL && list->queue[0] != '\0'
		      ? store_tickets_open_in(store, &open, rows, err)
		      : store_ticket_list(store, after, LIST_MAX, rows, err);
	if (!is_read)
		return FALSE;
	if (rows->len > 0)
		*after = g_array_index(rows, struct store_ticket, rows->len - 1)
			     .t.number;
	return TRUE;
}

gboolean
control_list(struct store *store, const struct proto_ctl_list *list,
    struct proto_ctl_list_is *answer, GError **err)
{
	g_autoptr(GArray) rows = NULL;
	struct number after = list->after;
	guint limit = MIN(list->limit, LIST_MAX);

	rows = g_array_new(FALSE, FALSE, sizeof(struct store_ticket));
	answer->tickets =
	    g_array_new(FALSE, TRUE, sizeof(struct proto_ctl_ticket));
	do {
		if (!read_page(store, list, &after, rows, err))
			return FALSE;
		for (guint i = 0; i < rows->len && answer->tickets->len < limit;
		     i++) {
			const struct ticket *t =
			    &g_array_index(rows, struct store_ticket, i).t;
			struct proto_ctl_ticket view;

			if (!is_asked_for(list, t))
				continue;
			view = ticket_view(t);
			g_array_append_val(answer->tickets, view);
			if (!add_lengths(store,
				&g_array_index(answer->tickets,
				    struct proto_ctl_ticket,
				    answer->tickets->len - 1),
				err))
				return FALSE;
		}
	} while (rows->len > 0 && answer->tickets->len < limit);
	return TRUE;
}

gboolean
control_show(struct store *store, const struct proto_ctl_show *show,
    struct proto_ctl_show_is *answer, GError **err)
{
	struct store_ticket row = {0};
	enum store_result found;

	found = store_ticket_get(store, &show->number, &row, err);
	if (found == STORE_ERROR)
		return FALSE;
	answer->is_found = found == STORE_FOUND;
	answer->ticket = ticket_view(&row.t);
	if (found == STORE_MISSING) { /* every text is there, but empty */
		g_free(answer->ticket.state);
		answer->ticket.state = g_strdup("");
	}
	return add_lengths(store, &answer->ticket, err);
}
