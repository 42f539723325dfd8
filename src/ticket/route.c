#include "ticket/route.h"

#include "ticket/decide.h"

#include "base/banned.h"

/* Rows 1 to 4: may this mail enter the ticket? */
static gboolean
has_right(const struct route_candidate *c)
{
	return c->is_found &&
	       (c->via == ROUTE_CAPABILITY || c->is_same_contact);
}

static gboolean
is_alive(const struct route_candidate *c, gint64 now)
{
	if (c->via == ROUTE_WORDS)
		return !c->is_closed && c->repeat_s > 0 &&
		       now - c->opened <= c->repeat_s;
	return !c->is_closed || now - c->closed <= c->reopen_s;
}

static const struct route_candidate *
find_holding(const struct route_mail *mail, gint64 now)
{
	for (int via = ROUTE_CAPABILITY; via <= ROUTE_WORDS; via++)
		for (gsize i = 0; i < mail->n; i++) {
			const struct route_candidate *c = &mail->candidates[i];

			if ((int)c->via == via && has_right(c) &&
			    is_alive(c, now))
				return c;
		}
	return NULL;
}

static const struct route_candidate *
find_mentioned(const struct route_mail *mail)
{
	for (int via = ROUTE_CAPABILITY; via <= ROUTE_SUBJECT; via++)
		for (gsize i = 0; i < mail->n; i++)
			if ((int)mail->candidates[i].via == via &&
			    mail->candidates[i].is_found)
				return &mail->candidates[i];
	return NULL;
}

struct route
route_player(const struct route_mail *mail, gint64 now)
{
	struct route out = {.verdict = ROUTE_NEW};
	const struct route_candidate *c;

	if (mail->is_known) { /* row 6 */
		out.verdict = ROUTE_DUPLICATE;
		out.number = mail->known;
		return out;
	}
	c = find_holding(mail, now);
	if (c != NULL) { /* rows 1 to 4, or the same request again */
		out.verdict = ROUTE_FOLLOW_UP;
		out.number = c->number;
		out.reopens = c->is_closed;
		if (!c->is_same_contact)
			out.flags = TICKET_FLAG_OTHER_ADDR;
		if (c->via == ROUTE_WORDS)
			out.flags |= TICKET_FLAG_REPEAT;
		return out;
	}
	c = find_mentioned(mail);
	if (c != NULL) { /* row 5, or closed for too long */
		out.mentions = c->number;
		out.flags = TICKET_FLAG_MENTIONS;
	}
	return out; /* row 7 */
}
