#include "outbound/word.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "mail/compose.h"
#include "report/gather.h"
#include "report/page.h"
#include "ticket/sla.h"

#include "base/banned.h"

/* A word that is written, and to whom. */
struct word {
	const struct config_queue *queue;
	const char *const *rcpts; /* borrowed; NULL-ended */
	char *subject;		  /* own */
	char *text;		  /* own */
};

static void
word_clear(struct word *word)
{
	g_clear_pointer(&word->subject, g_free);
	g_clear_pointer(&word->text, g_free);
}

static gint64
now_s(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

/* --- sending ----------------------------------------------------------- */

/* One list of agents hears a word once: whom the MTA takes it for has it, and
 * the others are no reason to send it again. */
static enum proto_outcome
outcome_of(const GArray *results, struct smtp_result *result)
{
	gboolean is_temp = results->len == 0;

	for (guint i = 0; i < results->len; i++) {
		const struct smtp_result *r =
		    &g_array_index(results, struct smtp_result, i);

		if (i == 0 || r->code / 100 == 2)
			*result = *r;
		if (r->code / 100 == 2)
			return PROTO_SENT;
		is_temp |= r->code / 100 != 5;
	}
	return is_temp ? PROTO_DEFERRED : PROTO_FAILED;
}

static enum proto_outcome
content_send(struct post *post, const char *const *rcpts, GBytes *content,
    struct smtp_result *result)
{
	g_autoptr(GPtrArray) rcpt_addrs = g_ptr_array_new();
	g_autoptr(GArray) results = g_array_new(FALSE, TRUE,
	    sizeof(struct smtp_result));
	const struct smtp_mail mail = {.sender_addr = "",
	    .rcpt_addrs = rcpt_addrs,
	    .content = content};
	g_autoptr(GError) error = NULL;

	for (; *rcpts != NULL; rcpts++)
		g_ptr_array_add(rcpt_addrs, (gpointer)*rcpts);
	if (!smtp_send(post->smtp, &mail, results, &error))
		log_warn("post.smtp", LOG_ERR(error));
	return outcome_of(results, result);
}

/* About a ticket: in its thread, and a reply is an answer. */
static enum proto_outcome
ticket_word_send(struct post *post, const struct proto_job *job,
    const struct word *word, struct smtp_result *result)
{
	const struct config_queue *queue = word->queue;
	struct label_set label = {0};
	g_autoptr(GError) error = NULL;
	g_autofree char *reply = NULL;
	g_autofree char *id = NULL;
	g_autofree char *root = label_root_id(&job->number, queue->domain);
	g_autoptr(GBytes) content = NULL;

	if (!post_get_label(post, job, job->name.kind, &label, &error)) {
		log_warn("post.label", LOG_TICKET(&job->number),
		    LOG_ERR(error));
		return PROTO_DEFERRED;
	}
	reply = label_agent_address(&label, queue->local, queue->domain);
	id = label_message_id(&label, queue->domain);
	content = compose_agent_word(
	    &(struct compose_word){.role_name = queue->role,
		.queue_address = queue->address,
		.reply_address = reply,
		.subject = word->subject,
		.message_id = id,
		.root_id = root,
		.date = now_s(),
		.text = word->text});
	if (content == NULL) {
		log_error("post.compose", LOG_TICKET(&job->number));
		return PROTO_DEFERRED;
	}
	return content_send(post, word->rcpts, content, result);
}

/* Queue and level of a job; FALSE if the configuration has it no more. */
static gboolean
word_begin(struct post *post, const struct proto_job *job, struct word *word,
    struct smtp_result *result)
{
	memset(result, 0, sizeof(*result));
	memset(word, 0, sizeof(*word));
	word->queue = config_queue_by_name(post->config, job->queue);
	if (word->queue == NULL) {
		log_error("post.no-queue", LOG_TICKET(&job->number));
		return FALSE;
	}
	word->rcpts = config_queue_level(word->queue,
	    CLAMP(job->level, SLA_LEVEL_FIRST, SLA_LEVEL_LAST));
	return TRUE;
}

/* --- words ------------------------------------------------------------- */

/* "2026-11-22 14:00 UTC". Caller frees. */
static char *
time_show(gint64 time)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time);

	return utc != NULL ? g_date_time_format(utc, "%Y-%m-%d %H:%M UTC")
			   : g_strdup("-");
}

static void
append_row(GString *out, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		g_string_append_printf(out, "%-17s%s\n", name, value);
}

static void
append_time(GString *out, const char *name, gint64 time)
{
	g_autofree char *shown = time > 0 ? time_show(time) : NULL;

	append_row(out, name, shown);
}

static const char *
level_name(guint32 level)
{
	if (level <= SLA_LEVEL_FIRST)
		return "1 (agents)";
	return level < SLA_LEVEL_LAST ? "2 (senior)" : "3 (head)";
}

static void
append_facts(GString *out, const struct proto_job *job)
{
	char shown[NUMBER_TEXT_SIZE];

	append_row(out, "Ticket:", number_show(&job->number, shown));
	append_row(out, "Player:", job->pseudonym);
	append_row(out, "VIP:",
	    (job->flags & PROTO_FLAG_VIP) != 0 ? "yes" : NULL);
	append_row(out, "Queue:", job->queue);
	append_row(out, "Category:", job->category);
	append_row(out, "Language:", job->lang);
	append_row(out, "Level:", level_name(job->level));
	append_row(out, "Agent:", job->agent);
	append_time(out, "Came in:", job->opened);
	append_time(out, "First reply due:", job->first_reply_due);
	append_time(out, "Decision due:", job->decision_due);
}

/* What can be done with a reply. */
static void
append_commands(GString *out, const struct proto_job *job)
{
	g_string_append(out,
	    "\nWhat to do: answer the player in the ticket's thread, or reply "
	    "to this\nmail; what you write goes to the player. Commands stand "
	    "on the first\nlines of a reply, and an empty line ends them:\n\n"
	    "/take             the ticket is yours\n");
	if (job->level < SLA_LEVEL_LAST)
		g_string_append(out,
		    "/escalate REASON  it goes to the next level now\n");
	g_string_append(out,
	    "/wait             we wait for the player: the decision's clock "
	    "stands\n"
	    "/close solved     it is done\n"
	    "/help             all commands, by mail to you\n");
}

/* --- a clock runs out -------------------------------------------------- */

/* What has to be done in time. */
static const char *
clock_name(guint32 clock)
{
	switch ((enum sla_kind)clock) {
	case SLA_ACK:
		return "Acknowledgement";
	case SLA_FIRST_REPLY:
		return "First reply";
	case SLA_DECISION:
		return "Decision";
	case SLA_ESCALATE:
	default:
		return "Taking it up";
	}
}

static void
append_stage(GString *out, const struct proto_job *job, const char *due)
{
	if (job->stage >= 100)
		g_string_append_printf(out,
		    "%s was due at %s\nand is late.\n",
		    clock_name(job->clock), due);
	else
		g_string_append_printf(out,
		    "%s is due at %s;\n%u %% of the time is over.%s\n",
		    clock_name(job->clock), due, job->stage,
		    sla_reason(job->clock, 100) != 0 &&
			    job->level < SLA_LEVEL_LAST
			? " Later than that, the ticket\ngoes to the next "
			  "level."
			: "");
	g_string_append_c(out, '\n');
}

enum proto_outcome
word_send_stage(struct post *post, const struct proto_job *job,
    struct smtp_result *result)
{
	struct word word;
	char shown[NUMBER_TEXT_SIZE];
	g_autofree char *due = time_show(job->clock_due);
	GString *text;
	enum proto_outcome outcome;

	if (!word_begin(post, job, &word, result))
		return PROTO_DEFERRED;
	number_show(&job->number, shown);
	word.subject = job->stage >= 100
	    ? g_strdup_printf("[%s] %s was due %s", shown,
		  clock_name(job->clock), due)
	    : g_strdup_printf("[%s] %s due %s, %u %% of the time is over",
		  shown, clock_name(job->clock), due, job->stage);
	text = g_string_new(NULL);
	append_stage(text, job, due);
	append_facts(text, job);
	append_commands(text, job);
	word.text = g_string_free(text, FALSE);
	outcome = ticket_word_send(post, job, &word, result);
	word_clear(&word);
	return outcome;
}

/* --- a ticket comes ---------------------------------------------------- */

static void
append_reasons(GString *out, guint32 reasons)
{
	static const struct {
		guint32 reason;
		const char *words;
	} table[] = {
	    {SLA_BY_BREACH, "a promise to the player was not kept"},
	    {SLA_BY_AGENT, "an agent asked for it"},
	    {SLA_BY_PLAYER, "the player asked for it"},
	};
	const char *name = "Why:";

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if ((reasons & table[i].reason) != 0) {
			append_row(out, name, table[i].words);
			name = "";
		}
	if (reasons == 0)
		append_row(out, name, "an agent moved it to this queue");
}

static void
append_thread(GString *out, const struct proto_job *job, gboolean has_thread)
{
	char shown[NUMBER_TEXT_SIZE];

	if (has_thread)
		g_string_append(out,
		    "\nIts mails so far were sent to those of you who did not "
		    "have them, before\nthis one.\n");
	else if (job->reasons == 0)
		g_string_append_printf(out,
		    "\nIts mails so far are in the mailboxes of the agents who "
		    "had it, under\n[%s] in the subject: ask them for what you "
		    "need.\n",
		    number_show(&job->number, shown));
	else
		g_string_append_printf(out,
		    "\nIts mails so far are in the mailboxes of the agents of "
		    "queue %s,\nunder [%s] in the subject: ask them for what "
		    "you need.\n",
		    job->queue, number_show(&job->number, shown));
}

enum proto_outcome
word_send_handed(struct post *post, const struct proto_job *job,
    gboolean has_thread, struct smtp_result *result)
{
	struct word word;
	char shown[NUMBER_TEXT_SIZE];
	GString *text;
	enum proto_outcome outcome;

	if (!word_begin(post, job, &word, result))
		return PROTO_DEFERRED;
	number_show(&job->number, shown);
	word.subject = job->reasons == 0
	    ? g_strdup_printf("[%s] This ticket comes to queue %s", shown,
		  job->queue)
	    : g_strdup_printf("[%s] This ticket comes to level %s", shown,
		  level_name(job->level));
	text = g_string_new("This ticket comes to you.\n\n");
	append_facts(text, job);
	append_reasons(text, job->reasons);
	append_thread(text, job, has_thread);
	append_commands(text, job);
	word.text = g_string_free(text, FALSE);
	outcome = ticket_word_send(post, job, &word, result);
	word_clear(&word);
	return outcome;
}

/* --- numbers of the week ----------------------------------------------- */

/* About no ticket: the desk's key of the job is the same for each attempt. */
static char *
weekly_id(const struct proto_job *job, const char *domain)
{
	struct label_mac mac = label_mac_from_bytes(job->name.key.b);

	return g_strdup_printf("weekly.%s@%s", mac.s, domain);
}

/* NULL if the desk does not answer. Caller frees. */
static char *
weekly_text(
    struct post *post, const struct proto_job *job, gint64 from, gint64 to)
{
	const struct gather what = {
	    .queue = job->queue, .from = from, .now = to};
	g_autoptr(GError) error = NULL;
	g_autoptr(kpi_report_auto) report =
	    report_gather(post->desk, &what, &error);

	if (report == NULL) {
		log_warn("post.numbers", LOG_ERR(error));
		return NULL;
	}
	return report_text(report, job->queue);
}

enum proto_outcome
word_send_weekly(struct post *post, const struct proto_job *job,
    struct smtp_result *result)
{
	struct word word;
	gint64 now = now_s();
	/* Of the week. */
	gint64 to = MIN(job->clock_due, now);
	gint64 from = MIN(job->opened, to);
	g_autofree char *date = time_show(from);
	g_autofree char *id = NULL;
	g_autoptr(GBytes) content = NULL;

	if (!word_begin(post, job, &word, result))
		return PROTO_DEFERRED;
	if (word.queue->head[0] == NULL)
		return PROTO_SENT;
	word.text = weekly_text(post, job, from, to);
	if (word.text == NULL)
		return PROTO_DEFERRED;
	word.subject = g_strdup_printf(
	    "Support report of queue %s, week from %.10s", job->queue, date);
	id = weekly_id(job, word.queue->domain);
	content = compose_agent_word(
	    &(struct compose_word){.role_name = word.queue->role,
		.queue_address = word.queue->address,
		.subject = word.subject,
		.message_id = id,
		.date = now,
		.text = word.text});
	word_clear(&word);
	if (content == NULL) {
		log_error("post.compose", LOG_NUM("kind", job->name.kind));
		return PROTO_DEFERRED;
	}
	return content_send(post, (const char *const *)word.queue->head,
	    content, result);
}
