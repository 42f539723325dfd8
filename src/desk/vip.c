/*
 * Players who belong to one agent.
 */
#include "base/error.h"
#include "base/log.h"
#include "desk/desk.h"
#include "desk/internal.h"

#include "base/banned.h"

#define TICKETS_MAX 10000 /* open ones of one player */

static gboolean
mark_ticket(struct desk *desk, struct store_ticket *ticket, const char *agent,
    GError **err)
{
	if (agent[0] != '\0') {
		ticket->t.flags |= TICKET_FLAG_VIP;
		(void)g_strlcpy(ticket->t.agent, agent, TICKET_TOKEN_SIZE);
	} else {
		/* Who had it knows it best. */
		ticket->t.flags &= ~(guint32)TICKET_FLAG_VIP;
	}
	return store_ticket_update(desk->store, ticket, err);
}

static gboolean
mark_tickets(struct desk *desk, const struct store_contact *contact,
    guint32 *count, GError **err)
{
	g_autoptr(GArray) open = NULL;

	open = g_array_new(FALSE, FALSE, sizeof(struct store_ticket));
	if (!store_tickets_open_of(
		desk->store, &contact->id, TICKETS_MAX, open, err))
		return FALSE;
	*count = 0;
	for (guint i = 0; i < open->len; i++) {
		struct store_ticket *ticket =
		    &g_array_index(open, struct store_ticket, i);

		/* Shown forged, it is not his. */
		if ((ticket->t.flags & TICKET_FLAG_UNPROVEN) != 0)
			continue;
		if (!mark_ticket(desk, ticket, contact->agent, err))
			return FALSE;
		(*count)++;
	}
	return TRUE;
}

static gboolean
vip_saved(struct desk *desk, const struct proto_ctl_vip *vip,
    struct proto_ctl_vip_is *answer, GError **err)
{
	struct store_contact contact;

	if (!desk_is_agent_name(vip->agent))
		return error_fail(err, ERROR_PERM,
		    "an agent's name has letters a to z, digits, \".\", "
		    "\"_\" and \"-\", and is no address");
	switch (
	    store_contact_named(desk->store, vip->pseudonym, &contact, err)) {
	case STORE_ERROR:
		return FALSE;
	case STORE_MISSING:
		return TRUE;
	case STORE_FOUND:
		break;
	}
	(void)g_strlcpy(contact.agent, vip->agent, TICKET_TOKEN_SIZE);
	answer->is_found = TRUE;
	return store_contact_put(desk->store, &contact, err) &&
	       mark_tickets(desk, &contact, &answer->tickets, err);
}

gboolean
desk_vip(struct desk *desk, const struct proto_ctl_vip *vip,
    struct proto_ctl_vip_is *answer, GError **err)
{
	*answer = (struct proto_ctl_vip_is){0};
	if (!store_save(desk->store, err))
		return FALSE;
	if (vip_saved(desk, vip, answer, err) &&
	    store_release(desk->store, err)) {
		log_info("player.vip", LOG_NUM("found", answer->is_found),
		    LOG_NUM("tickets", answer->tickets));
		return TRUE;
	}
	store_revert(desk->store);
	return FALSE;
}
