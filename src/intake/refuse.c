#include "intake/refuse.h"

#include "base/log.h"
#include "intake/claims.h"
#include "intake/place.h"
#include "intake/report.h"

#include "base/banned.h"

/* A member of the queue has to prove himself, and this one did not. */
static gboolean
is_forged_in(const struct mail_case *blank, const struct config_queue *queue)
{
	struct mail_case c = *blank;

	c.queue = queue;
	return queue != NULL && queue->proof && agent_is_member(&c);
}

static const struct config_queue *
rcpt_queue(const struct config *config, const struct addr *addr)
{
	const struct config_queue *queue =
	    place_control(config, addr->local, addr->domain);

	return queue != NULL
		   ? queue
		   : place_find(config, addr->local, addr->domain, NULL);
}

static gboolean
is_forged(
    const struct mail_case *blank, const struct session_envelope *envelope)
{
	const struct config *config = blank->config;

	if (blank->mail->auth == MAIL_AUTH_PASS || report_is(blank->mail) ||
	    agent_is_machine(blank))
		return FALSE;
	if (is_forged_in(blank, claims_queue(config, blank->mail)))
		return TRUE;
	for (guint i = 0; i < envelope->rcpts->len; i++) {
		const struct session_rcpt *rcpt =
		    g_ptr_array_index(envelope->rcpts, i);

		if (is_forged_in(blank, rcpt_queue(config, rcpt->addr)))
			return TRUE;
	}
	return FALSE;
}

enum proto_mail_outcome
refuse_mail(
    const struct mail_case *blank, const struct session_envelope *envelope)
{
	if (envelope->way == PROTO_WAY_LMTP)
		return PROTO_MAIL_TAKEN;
	/* By LMTP it becomes a ticket that nobody can read. One that only
	 * killed a worker still does: that may be our fault. */
	if (blank->mail->has_bad_shape) {
		log_info("mail.shape", LOG_NUM("way", envelope->way));
		return PROTO_MAIL_BAD_SHAPE;
	}
	if (is_forged(blank, envelope)) {
		log_info("mail.forged", LOG_NUM("way", envelope->way));
		return PROTO_MAIL_FORGED;
	}
	return PROTO_MAIL_TAKEN;
}
