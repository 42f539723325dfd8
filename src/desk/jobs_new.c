/*
 * Promises of mails about a ticket: their names, and what is kept of what
 * they are to say.
 */
#include "desk/desk.h"
#include "desk/internal.h"

#include <string.h>

#include "base/banned.h"

/* How many mails of one name may be on their way at a time. */
#define ROUNDS_MAX 8

#define TO_AGENTS                                                              \
	(1u << PROTO_JOB_STAGE | 1u << PROTO_JOB_HANDED |                      \
	    1u << PROTO_JOB_WEEKLY)

gboolean
jobs_is_to_agents(guint32 kind)
{
	return kind < PROTO_JOB_END && (TO_AGENTS >> kind & 1) != 0;
}

guint32
jobs_kinds_in_hold(guint32 kinds)
{
	return kinds == 0 ? TO_AGENTS : kinds & TO_AGENTS;
}

gboolean
jobs_may_tell(const struct store_ticket *ticket)
{
	/* Of an older version's ticket only the second is known. */
	return (ticket->t.ack_due != 0 || ticket->t.acknowledged != 0) &&
	       (ticket->t.flags & TICKET_FLAG_UNDELIVERABLE) == 0 &&
	       !store_ticket_is_forgotten(ticket);
}

/* --- what it says --- */

/* From the lowest bit: clock 3, stage 7, reasons 3, level 3, close 3. */
guint32
jobs_arg_pack(const struct jobs_arg *arg)
{
	g_assert(arg->clock < 8 && arg->stage < 128 && arg->reasons < 8 &&
		 arg->level < 8 && arg->close < 8);
	return arg->clock | arg->stage << 3 | arg->reasons << 10 |
	       arg->level << 13 | arg->close << 16;
}

struct jobs_arg
jobs_arg_unpack(guint32 packed)
{
	return (struct jobs_arg){
	    .clock = packed & 7,
	    .stage = packed >> 3 & 127,
	    .reasons = packed >> 10 & 7,
	    .level = packed >> 13 & 7,
	    .close = packed >> 16 & 7,
	};
}

/* --- its name --- */

struct subject {
	const struct number *number;
	gint64 opening; /* s: when the ticket opened, or reopened last */
	guint32 kind;
	guint32 arg;
};

static struct store_key
key_of(const struct subject *of, guint round)
{
	g_autofree char *text =
	    g_strdup_printf("nymdesk job %s %u %u %" G_GINT64_FORMAT " %u",
		of->number->s, of->kind, of->arg, of->opening, round);

	return desk_key_of(text);
}

/* Each opening starts a decision anew. */
static gboolean
find_opening(struct desk *desk, const struct store_ticket *ticket, gint64 *out,
    GError **err)
{
	struct store_clock row;
	enum store_result found = store_clock_get(
	    desk->store, &ticket->t.number, SLA_DECISION, &row, err);

	*out = found == STORE_FOUND ? row.clock.start : ticket->t.opened;
	return found != STORE_ERROR;
}

/* The first name of which no mail is in the hands of a post: what becomes of
 * that must still find its promise. STORE_MISSING if all are: it is being said
 * often enough, and no turn may fail for it: posts could settle in none. */
static enum store_result
find_name(struct desk *desk, const struct store_ticket *ticket,
    struct store_promise *promise, GError **err)
{
	struct subject subject = {.number = &ticket->t.number,
	    .kind = promise->name.kind,
	    .arg = promise->arg};
	struct store_promise old;

	if (!find_opening(desk, ticket, &subject.opening, err))
		return STORE_ERROR;
	for (guint round = 0; round < ROUNDS_MAX; round++) {
		promise->name.key = key_of(&subject, round);
		switch (store_promise_get(
		    desk->store, &promise->name, &old, err)) {
		case STORE_ERROR:
			return STORE_ERROR;
		case STORE_MISSING:
			return STORE_FOUND;
		case STORE_FOUND:
			if (old.state != STORE_PROMISE_CLAIMED)
				return STORE_FOUND;
			break;
		}
	}
	return STORE_MISSING;
}

static gint64
notice_s(const struct desk *desk, const struct store_ticket *ticket)
{
	const struct config_queue *queue =
	    config_queue_by_name(desk->config, ticket->t.queue);

	if (queue == NULL)
		queue = g_ptr_array_index(desk->config->queues, 0);
	return queue->ack_s;
}

gboolean
jobs_promise(struct desk *desk, const struct store_ticket *ticket,
    const struct jobs_new *new, gint64 now, GError **err)
{
	struct jobs_arg arg = new->arg;
	struct store_promise old, promise = {
	    .name.kind = new->kind,
	    .ticket = ticket->t.number,
	    .state = STORE_PROMISE_OPEN,
	    .due = new->due != 0 ? new->due : now + notice_s(desk, ticket),
	    .next_try = now,
	};
	enum store_result found;
	gboolean must_put;

	arg.level = ticket->t.level;
	promise.arg = jobs_arg_pack(&arg);
	promise.alarm_at = ticket_alarm_at(now, promise.due);
	if (new->key == NULL) {
		found = find_name(desk, ticket, &promise, err);
		must_put = found == STORE_FOUND;
	} else {
		promise.name.key = *new->key;
		found =
		    store_promise_get(desk->store, &promise.name, &old, err);
		must_put = found == STORE_MISSING;
	}
	return must_put ? store_promise_put(desk->store, &promise, err)
			: found != STORE_ERROR;
}
