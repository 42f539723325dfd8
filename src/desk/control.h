#ifndef ND_DESK_CONTROL_H
#define ND_DESK_CONTROL_H

/*
 * Answers to the command line. Read from the store, changing nothing; they
 * may run outside a turn. There is no address to show. The caller frees
 * answers with proto_clear().
 */
#include <glib.h>

#include "proto/messages.h"
#include "store/store.h"

gboolean control_status(struct store *store, gint64 now,
    struct proto_ctl_status_is *answer, GError **err);

/* One page of tickets in the order of their numbers; shorter than asked
 * for if an answer could not hold it. Empty: that was the last page. Reads past
 * all that are not asked for. */
gboolean control_list(struct store *store, const struct proto_ctl_list *list,
    struct proto_ctl_list_is *answer, GError **err);

/* The same as numbers for a report (ticket/kpi.h), of all tickets. A promise
 * that was made to a player stays what it was: a clock that began anew for
 * another level or queue moves no due time. */
gboolean control_numbers(struct store *store,
    const struct proto_ctl_numbers *numbers, gint64 now,
    struct proto_ctl_numbers_are *answer, GError **err);

gboolean control_show(struct store *store, const struct proto_ctl_show *show,
    struct proto_ctl_show_is *answer, GError **err);

#endif
