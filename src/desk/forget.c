#include "desk/desk.h"

#include "base/log.h"
#include "desk/internal.h"

#include "base/banned.h"

enum store_result
desk_forget_player(struct desk *desk, const struct number *number,
    guint *tickets, GError **err)
{
	enum store_result found;

	found = store_forget(desk->store, number, tickets, err);
	if (found != STORE_FOUND || *tickets == 0)
		return found;
	/* Deleted means gone from the log file as well. */
	desk->must_tidy = TRUE;
	log_info("player.forgotten", LOG_TICKET(number),
	    LOG_NUM("tickets", *tickets));
	return STORE_FOUND;
}

gboolean
desk_forget(struct desk *desk, const struct proto_ctl_forget *forget,
    struct proto_ctl_forget_is *answer, GError **err)
{
	enum store_result found;
	guint tickets = 0;

	if (!store_save(desk->store, err))
		return FALSE;
	found = desk_forget_player(desk, &forget->number, &tickets, err);
	if (found == STORE_ERROR || !store_release(desk->store, err)) {
		store_revert(desk->store);
		return FALSE;
	}
	*answer = (struct proto_ctl_forget_is){
	    .is_found = found == STORE_FOUND,
	    .is_known = tickets > 0,
	    .tickets = tickets,
	};
	return TRUE;
}
