#include "report/gather.h"

#include <string.h>

#include "base/error.h"
#include "proto/messages.h"

#include "base/banned.h"

#define PAGE 100

static void
ticket_add(struct kpi_report *report, const struct proto_ctl_kpi *t)
{
	const struct kpi_ticket ticket = {
	    .queue = t->queue,
	    .category = t->category,
	    .lang = t->lang,
	    .agent = t->agent,
	    .level = t->level,
	    .opened = t->opened,
	    .promise = {[KPI_ACK] = {t->ack_done, t->ack_due},
		[KPI_FIRST_REPLY] = {t->first_reply_done, t->first_reply_due},
		[KPI_DECISION] = {t->decision_done, t->decision_due}},
	    .closed = t->closed,
	    .reopened_within_48h = t->is_returned != 0,
	    .satisfaction = t->rating,
	};

	kpi_add(report, &ticket);
}

static void
page_add(struct kpi_report *report, const struct gather *what,
    const struct proto_ctl_numbers_are *page)
{
	for (guint i = 0; i < page->tickets->len; i++) {
		const struct proto_ctl_kpi *t =
		    &g_array_index(page->tickets, struct proto_ctl_kpi, i);

		if (what->queue == NULL || strcmp(t->queue, what->queue) == 0)
			ticket_add(report, t);
	}
}

/* *after becomes the last number of the page, unset at the end. */
static gboolean
page_ask(struct ipc_client *desk, struct number *after,
    struct proto_ctl_numbers_are *page, GError **err)
{
	const struct proto_ctl_numbers request = {
	    .after = *after, .limit = PAGE};
	const struct number none = {{0}};
	const struct number *last;

	if (!ipc_call(desk, PROTO_CTL_NUMBERS, &request, -1,
		PROTO_CTL_NUMBERS_ARE, page, err))
		return FALSE;
	last = page->tickets->len == 0
		   ? &none
		   : &g_array_index(page->tickets, struct proto_ctl_kpi,
			 page->tickets->len - 1)
			  .number;
	/* Pages that lead back would never end. */
	if (last != &none && strcmp(last->s, after->s) <= 0)
		return error_fail(err, ERROR_PERM,
		    "the desk's tickets are not in the order of their numbers");
	*after = *last;
	return TRUE;
}

struct kpi_report *
report_gather(struct ipc_client *desk, const struct gather *what, GError **err)
{
	g_autoptr(kpi_report_auto) report = kpi_new(what->from, what->now);
	struct number after = {{0}};
	gboolean ok;

	do {
		struct proto_ctl_numbers_are page = {0};

		ok = page_ask(desk, &after, &page, err);
		if (ok)
			page_add(report, what, &page);
		proto_clear(PROTO_CTL_NUMBERS_ARE, &page);
	} while (ok && number_is_set(&after));
	if (!ok)
		return NULL;
	kpi_finish(report);
	return g_steal_pointer(&report);
}
