#include "intake/control.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/agent.h"
#include "intake/report.h"
#include "mail/ask.h"
#include "report/gather.h"
#include "report/table.h"

#include "base/banned.h"

#define PAGE 100
#define LIST_MAX 1000 /* tickets in one mail */
#define STATS_S ((gint64)30 * 24 * 3600)

gboolean
control_is(const struct mail_case *c)
{
	return agent_is_member(c);
}

/* --- list ------------------------------------------------------------------ */

static void
ticket_clear(gpointer data)
{
	struct proto_ctl_ticket *t = data;

	g_free(t->queue);
	g_free(t->state);
	g_free(t->lang);
	g_free(t->category);
	g_free(t->pseudonym);
	g_free(t->agent);
}

/* Adds the tickets of one page, and *after becomes the last of them; unset: it
 * was the last page. */
static gboolean
page_add(const struct mail_case *c, GArray *tickets, struct number *after,
    GError **err)
{
	const struct proto_ctl_list request = {.after = *after,
	    .limit = PAGE,
	    .queue = c->queue->name,
	    .is_open = TRUE};
	struct proto_ctl_list_is page = {0};
	struct number last = {{0}};

	if (!ipc_call(c->peers->desk, PROTO_CTL_LIST, &request, -1,
		PROTO_CTL_LIST_IS, &page, err))
		return FALSE;
	if (page.tickets->len > 0)
		last = g_array_index(page.tickets, struct proto_ctl_ticket,
		    page.tickets->len - 1).number;
	/* Pages that lead back would never end. */
	if (number_is_set(&last) && strcmp(last.s, after->s) <= 0)
		last = (struct number){{0}};
	else
		for (guint i = 0; i < page.tickets->len; i++) {
			struct proto_ctl_ticket *t = &g_array_index(
			    page.tickets, struct proto_ctl_ticket, i);

			g_array_append_val(tickets, *t);
			*t = (struct proto_ctl_ticket){0};
		}
	*after = last;
	proto_clear(PROTO_CTL_LIST_IS, &page);
	return TRUE;
}

static gboolean
list_add(const struct mail_case *c, GString *out, GError **err)
{
	g_autoptr(GArray) tickets =
	    g_array_new(FALSE, TRUE, sizeof(struct proto_ctl_ticket));
	struct number after = {{0}};
	g_autofree char *text = NULL;

	g_array_set_clear_func(tickets, ticket_clear);
	do {
		if (!page_add(c, tickets, &after, err))
			return FALSE;
	} while (number_is_set(&after) && tickets->len < LIST_MAX);
	text = report_list_text(tickets, c->config, c->now);
	g_string_append(out, text);
	if (number_is_set(&after))
		g_string_append_printf(out,
		    "\nThere are more than these %u tickets.\n",
		    tickets->len);
	return TRUE;
}

/* --- show, stats ------------------------------------------------------------ */

/* A ticket of another queue is none here. */
static gboolean
show_add(const struct mail_case *c, const struct number *number,
    GString *out, GError **err)
{
	const struct proto_ctl_show request = {.number = *number};
	struct proto_ctl_show_is answer = {0};
	char shown[NUMBER_TEXT_SIZE];

	if (!ipc_call(c->peers->desk, PROTO_CTL_SHOW, &request, -1,
		PROTO_CTL_SHOW_IS, &answer, err))
		return FALSE;
	if (answer.is_found &&
	    strcmp(answer.ticket.queue, c->queue->name) == 0) {
		g_autofree char *text =
		    report_show_text(&answer.ticket, c->now);

		g_string_append(out, text);
	} else {
		g_string_append_printf(out,
		    "There is no ticket %s in this queue.\n",
		    number_show(number, shown));
	}
	proto_clear(PROTO_CTL_SHOW_IS, &answer);
	return TRUE;
}

static gboolean
stats_add(const struct mail_case *c, GString *out, GError **err)
{
	const struct gather what = {.queue = c->queue->name,
	    .from = c->now - STATS_S,
	    .now = c->now};
	g_autoptr(kpi_report_auto) report =
	    report_gather(c->peers->desk, &what, err);
	g_autofree char *text = NULL;

	if (report == NULL)
		return FALSE;
	text = report_stats_text(report);
	g_string_append(out, text);
	return TRUE;
}

static gboolean
answer_add(const struct mail_case *c, const struct ask *ask, GString *out,
    GError **err)
{
	if (out->len > 0)
		g_string_append_c(out, '\n');
	switch (ask->what) {
	case ASK_LIST:
		return list_add(c, out, err);
	case ASK_SHOW:
		return show_add(c, &ask->number, out, err);
	case ASK_STATS:
		return stats_add(c, out, err);
	case ASK_HELP:
		g_string_append(out, ask_help());
		return TRUE;
	}
	g_assert_not_reached();
}

/* --- one mail ---------------------------------------------------------------- */

static gboolean
text_show(const struct mail_case *c, const char *text, GError **err)
{
	g_autofree char *subject =
	    g_strconcat("Tickets of ", c->queue->name, NULL);

	return agent_show(c, c->queue->control, subject, text, err);
}

static GArray *
asks_read(const struct mail_case *c, GError **err)
{
	const struct scrub_agent self = {.role_name = c->queue->role,
	    .own_addrs = c->queue->members,
	    .queue_domain = c->queue->domain};
	g_autofree char *text = NULL;
	GArray *asks;

	(void)hazard_enter(c->hazard, c->message);
	text = scrub_agent_request(c->mail, &self);
	asks = ask_parse(c->mail->subject, text, err);
	hazard_leave(c->hazard);
	return asks;
}

/* A machine of his that shows no sign of one would be told for ever. */
static gboolean
misread_tell(const struct mail_case *c, const GError *why, GError **err)
{
	g_autofree char *text = g_strdup_printf(
	    "Nothing was answered.\n\nWhy: %s.\n\n%s", why->message,
	    ask_help());

	return agent_may_be_told(c, err) && text_show(c, text, err);
}

static gboolean
asks_answer(const struct mail_case *c, const GArray *asks, GError **err)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint i = 0; i < asks->len; i++)
		if (!answer_add(c, &g_array_index(asks, struct ask, i), out,
			err))
			return FALSE;
	if (!text_show(c, out->str, err))
		return FALSE;
	log_info("agent.asked", LOG_NUM("requests", asks->len),
	    LOG_QUEUE(c->queue));
	return TRUE;
}

gboolean
control_deliver(const struct mail_case *c, GError **err)
{
	g_autoptr(GArray) asks = NULL;
	g_autoptr(GError) why = NULL;

	if (agent_is_machine(c) || report_is(c->mail)) {
		log_info("agent.machine", LOG_QUEUE(c->queue));
		return TRUE;
	}
	if (c->queue->proof && c->mail->auth != MAIL_AUTH_PASS)
		return agent_may_be_told(c, err) &&
		    agent_tell(c,
			&(struct agent_word){
			    .why = "it was not proven that the mail is yours "
				   "(no pass in Authentication-Results)",
			    .what_to_do = ""},
			err);
	asks = asks_read(c, &why);
	return asks != NULL ? asks_answer(c, asks, err)
			    : misread_tell(c, why, err);
}
