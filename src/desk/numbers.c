#include "desk/control.h"
#include "desk/internal.h"
#include "ticket/kpi.h"

#include "base/banned.h"

#define NUMBERS_MAX 100
G_STATIC_ASSERT(NUMBERS_MAX *(4 * TICKET_TOKEN_SIZE + NUMBER_TEXT_SIZE + 160) <
		PROTO_FRAME_MAX);

static gint64
first_reply_due(const struct ticket *t, const struct clocks_pair *clocks)
{
	if (clocks->first_reply.kind == 0 || clocks->decision.kind == 0)
		return t->first_reply_due;
	return sla_due_at_first(&clocks->first_reply, &clocks->decision);
}

static gint64
decision_due(
    const struct ticket *t, const struct clocks_pair *clocks, gint64 now)
{
	if (clocks->decision.kind == 0)
		return t->decision_due;
	return sla_due(&clocks->decision, now);
}

/* An answer acknowledges, too. */
static gint64
ack_done(const struct ticket *t)
{
	if (t->acknowledged == 0 || t->answered == 0)
		return MAX(t->acknowledged, t->answered);
	return MIN(t->acknowledged, t->answered);
}

static struct proto_ctl_kpi
kpi_view(const struct ticket *t, const struct clocks_pair *clocks, gint64 now)
{
	gboolean is_closed = t->state == TICKET_CLOSED;

	return (struct proto_ctl_kpi){
	    .number = t->number,
	    .queue = g_strdup(t->queue),
	    .category = g_strdup(t->category),
	    .lang = g_strdup(t->lang),
	    .agent = g_strdup(t->agent),
	    .level =
		is_closed && t->closed_level != 0 ? t->closed_level : t->level,
	    .opened = t->opened,
	    .ack_done = ack_done(t),
	    .ack_due = t->ack_due,
	    .first_reply_done = t->answered,
	    .first_reply_due = first_reply_due(t, clocks),
	    .decision_done = t->decided,
	    .decision_due = decision_due(t, clocks, now),
	    .closed = t->closed,
	    .is_returned = t->is_returned,
	    .rating = t->rating,
	};
}

gboolean
control_numbers(struct store *store, const struct proto_ctl_numbers *numbers,
    gint64 now, struct proto_ctl_numbers_are *answer, GError **err)
{
	g_autoptr(GArray) rows = NULL;

	rows = g_array_new(FALSE, FALSE, sizeof(struct store_ticket));
	answer->tickets =
	    g_array_new(FALSE, TRUE, sizeof(struct proto_ctl_kpi));
	if (!store_ticket_list(store, &numbers->after,
		MIN(numbers->limit, NUMBERS_MAX), rows, err))
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		const struct ticket *t =
		    &g_array_index(rows, struct store_ticket, i).t;
		struct proto_ctl_kpi view;
		struct clocks_pair clocks;

		if (!clocks_find(store, &t->number, &clocks, err))
			return FALSE;
		view = kpi_view(t, &clocks, now);
		g_array_append_val(answer->tickets, view);
	}
	return TRUE;
}
