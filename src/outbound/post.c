#include "outbound/post.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "mail/compose.h"
#include "outbound/filing.h"
#include "template/answer.h"

#include "base/banned.h"

#define CALL_MS 30000
#define RETRY_US (200 * 1000)

struct post *
post_new(const struct config *config, struct slot *slot, guint slot_number,
    volatile const int *stop)
{
	struct post *post = g_new0(struct post, 1);
	const struct config_queue *first =
	    g_ptr_array_index(config->queues, 0);
	const struct smtp_options options = {
	    .server = config->post_server,
	    .hello_name = first->domain,
	    .tls = config->post_tls,
	    .tls_name = config->post_tls_name,
	    .user = config->post_user,
	    .password_file = config->post_password_file,
	    .timeout_ms = (guint)config->post_timeout_s * 1000};

	post->config = config;
	post->slot = slot;
	post->slot_number = slot_number;
	post->stop = stop;
	post->desk = ipc_client_new(config->run_dir, ROLE_DESK, ROLE_POST,
	    CALL_MS);
	post->vault = ipc_client_new(config->run_dir, ROLE_VAULT, ROLE_POST,
	    CALL_MS);
	post->smtp = smtp_new(&options);
	return post;
}

void
post_free(struct post *post)
{
	if (post == NULL)
		return;
	smtp_free(post->smtp);
	spool_free(post->spool);
	ipc_client_free(post->desk);
	ipc_client_free(post->vault);
	slot_close(post->slot);
	notices_free(post->notices);
	answers_free(post->answers);
	g_free(post);
}

gboolean
post_work(struct post *post, GArray *settled, guint want, guint wait_ms,
    struct proto_desk_jobs *jobs)
{
	struct proto_desk_work work = {.slot = post->slot_number,
	    .want = want,
	    .wait_ms = wait_ms,
	    .kinds = post->kinds,
	    .settled = settled};

	for (;;) {
		g_autoptr(GError) error = NULL;

		if (ipc_call(post->desk, PROTO_DESK_WORK, &work, -1,
			PROTO_DESK_JOBS, jobs, &error)) {
			slot_release(post->slot);
			return TRUE;
		}
		log_warn("post.desk", LOG_ERR(error));
		if (*post->stop)
			return FALSE;
		g_usleep(RETRY_US);
	}
}

gboolean
post_recover(struct post *post)
{
	struct proto_desk_work work = {.slot = post->slot_number,
	    .resume = TRUE};
	struct proto_desk_jobs jobs = {0};
	GArray *settled;
	gboolean ok = TRUE;

	while (!ipc_call(post->desk, PROTO_DESK_WORK, &work, -1,
	    PROTO_DESK_JOBS, &jobs, NULL)) {
		if (*post->stop)
			return FALSE;
		g_usleep(RETRY_US);
	}
	settled = slot_recover(post->slot, jobs.jobs,
	    (guint)post->config->post_timeout_s * 1000);
	proto_clear(PROTO_DESK_JOBS, &jobs);
	for (guint i = 0; i < settled->len; i++) {
		const struct proto_settle *s =
		    &g_array_index(settled, struct proto_settle, i);

		filing_release(post, &s->job, (enum proto_outcome)s->outcome);
	}
	if (settled->len > 0) {
		log_info("post.recovered", LOG_NUM("jobs", settled->len));
		ok = post_work(post, settled, 0, 0, &jobs);
		proto_clear(PROTO_DESK_JOBS, &jobs);
	}
	for (guint i = 0; i < settled->len; i++)
		g_free(g_array_index(settled, struct proto_settle, i).status);
	g_array_unref(settled);
	return ok;
}

gboolean
post_get_label(struct post *post, const struct proto_job *job,
    enum proto_job_kind kind, struct label_set *label, GError **err)
{
	const struct proto_vault_label request = {.queue = job->queue,
	    .job = job->name.key,
	    .kind = kind,
	    .number = job->number};
	struct proto_vault_labelled answer = {0};

	if (!ipc_call(post->vault, PROTO_VAULT_LABEL, &request, -1,
		PROTO_VAULT_LABELLED, &answer, err))
		return FALSE;
	*label = answer.label;
	proto_clear(PROTO_VAULT_LABELLED, &answer);
	return TRUE;
}

/* The ticket's way back, while it is open. */
struct way {
	struct proto_envelope envelope;
	struct label_set label;
	char *receipt; /* own; "" if there is none */
};

static void
way_clear(struct way *way)
{
	proto_envelope_clear(&way->envelope);
	g_clear_pointer(&way->receipt, g_free);
}

static gboolean
way_open(struct post *post, const struct proto_job *job, struct way *way,
    GError **err)
{
	struct proto_vault_open open = {.queue = job->queue,
	    .epoch = job->epoch,
	    .contact = job->contact,
	    .job = job->name.key,
	    .kind = job->name.kind,
	    .number = job->number,
	    .sealed = job->sealed};
	struct proto_vault_opened opened = {0};
	gboolean ok;

	if (!ipc_call(post->vault, PROTO_VAULT_OPEN, &open, -1,
		PROTO_VAULT_OPENED, &opened, err))
		return FALSE;
	way->label = opened.label;
	way->receipt = g_steal_pointer(&opened.receipt);
	ok = proto_envelope_decode(opened.envelope, &way->envelope, err);
	proto_clear(PROTO_VAULT_OPENED, &opened);
	return ok;
}

struct in_flight {
	struct post *post;
	guint index;
};

static void
on_before_body(gpointer data)
{
	struct in_flight *flight = data;

	slot_sending(flight->post->slot, flight->index,
	    smtp_is_tls(flight->post->smtp) ? -1
					    : smtp_fd(flight->post->smtp));
}

/* Noted while the reply still waits in the socket: whenever this process is
 * killed, either the page or the socket tells. */
static void
on_fate(enum smtp_fate fate, gpointer data)
{
	struct in_flight *flight = data;

	if (fate == SMTP_FATE_QUEUED)
		slot_sent(flight->post->slot, flight->index, PROTO_SENT);
}

/* The root first and the parent last, RFC 5322 3.6.4: a client hangs a mail
 * below the last one, and below the first all that names no parent meets. */
static char *
references_join(const struct proto_envelope *envelope, const char *root)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "<%s> %s", root, envelope->references);
	if (envelope->message_id[0] != '\0')
		g_string_append_printf(out, " <%s>", envelope->message_id);
	return g_string_free(out, FALSE);
}

/* What he reads. */
struct words {
	char *subject; /* own */
	char *text;    /* own */
};

static void
words_clear(struct words *words)
{
	g_free(words->subject);
	g_free(words->text);
}

static void
answer_words(const struct post *post, const struct post_mail *mail,
    const struct notice_args *args, const struct way *way,
    struct words *words)
{
	words->subject = g_strdup_printf(
	    "Re: [%s] %s", args->number, way->envelope.subject);
	words->text = notice_add_footer(post->notices, args, mail->text);
}

/* Completes the values by what only the opened way says. */
static gboolean
words_write(const struct post *post, const struct config_queue *queue,
    const struct post_mail *mail, const struct way *way, struct words *words)
{
	char shown[NUMBER_TEXT_SIZE];
	struct notice_args args = {.lang = mail->job->lang,
	    .fallback_lang = queue->language};
	char *rate[NOTICE_RATINGS];
	g_autofree char *escalate = label_wish_address(&way->label,
	    LABEL_WISH_ESCALATE, queue->local, queue->domain);
	gboolean ok = TRUE;

	if (mail->notice != NULL)
		args = *mail->notice;
	args.number = number_show(&mail->job->number, shown);
	args.escalate = escalate;
	args.receipt = way->receipt;
	for (guint i = 0; i < NOTICE_RATINGS; i++)
		args.rate[i] = rate[i] = label_wish_address(&way->label,
		    LABEL_WISH_RATE_1 + i, queue->local, queue->domain);
	if (mail->notice != NULL)
		ok = notice_write(
		    post->notices, &args, &words->subject, &words->text);
	else
		answer_words(post, mail, &args, way, words);
	for (guint i = 0; i < NOTICE_RATINGS; i++)
		g_free(rate[i]);
	return ok;
}

static GBytes *
player_mail_compose(const struct post *post, const struct config_queue *queue,
    const struct post_mail *mail, const struct way *way)
{
	const struct proto_envelope *envelope = &way->envelope;
	g_autofree char *from = label_player_address(
	    &way->label, queue->local, queue->domain);
	g_autofree char *id = label_message_id(&way->label, queue->domain);
	g_autofree char *root = label_root_id(&mail->job->number,
	    queue->domain);
	g_autofree char *references = references_join(envelope, root);
	struct words words = {0};
	struct compose_player player = {.role_name = queue->role,
	    .player_address = from,
	    .rcpt_addr = envelope->player_addr,
	    .message_id = id,
	    .in_reply_to = envelope->message_id,
	    .references = references,
	    .date = g_get_real_time() / G_USEC_PER_SEC,
	    .is_auto = mail->notice != NULL};
	GBytes *content = NULL;

	if (words_write(post, queue, mail, way, &words)) {
		player.subject = words.subject;
		player.text = words.text;
		content = compose_player_mail(&player);
	}
	words_clear(&words);
	return content;
}

static enum proto_outcome
outcome_of(const struct smtp_result *result)
{
	if (result->code / 100 == 2)
		return PROTO_SENT;
	return result->code / 100 == 5 ? PROTO_FAILED : PROTO_DEFERRED;
}

static enum proto_outcome
player_mail_send(struct post *post, const struct config_queue *queue,
    const struct post_mail *mail, const struct way *way,
    struct smtp_result *result)
{
	g_autoptr(GBytes) content =
	    player_mail_compose(post, queue, mail, way);
	g_autofree char *sender = label_envelope_sender(
	    &way->label, queue->local, queue->domain);
	g_autoptr(GPtrArray) rcpts = g_ptr_array_new();
	g_autoptr(GArray) results = g_array_new(FALSE, TRUE,
	    sizeof(struct smtp_result));
	struct in_flight flight = {post, mail->index};
	const struct smtp_mail whole = {.sender_addr = sender,
	    .rcpt_addrs = rcpts,
	    .content = content,
	    .before_body = on_before_body,
	    .on_fate = on_fate,
	    .user_data = &flight};
	g_autoptr(GError) error = NULL;

	if (content == NULL) {
		log_error("post.compose", LOG_TICKET(&mail->job->number));
		return PROTO_DEFERRED;
	}
	if (mail->on_labelled != NULL)
		mail->on_labelled(&way->label, mail->user_data);
	g_ptr_array_add(rcpts, way->envelope.player_addr);
	if (!smtp_send(post->smtp, &whole, results, &error))
		log_warn("post.smtp", LOG_ERR(error));
	if (results->len == 1)
		*result = g_array_index(results, struct smtp_result, 0);
	return outcome_of(result);
}

enum proto_outcome
post_send_to_player(struct post *post, const struct post_mail *mail,
    struct smtp_result *result)
{
	const struct config_queue *queue =
	    config_queue_by_name(post->config, mail->job->queue);
	struct way way = {0};
	g_autoptr(GError) error = NULL;
	enum proto_outcome outcome;

	memset(result, 0, sizeof(*result));
	if (queue == NULL) {
		log_error("post.no-queue",
		    LOG_TICKET(&mail->job->number));
		return PROTO_DEFERRED;
	}
	if (!way_open(post, mail->job, &way, &error)) {
		way_clear(&way);
		log_warn("post.open",
		    LOG_TICKET(&mail->job->number), LOG_ERR(error));
		/* The key is gone: nobody can send this mail any more. */
		return error_is(error, ERROR_PERM) ? PROTO_FAILED
						   : PROTO_DEFERRED;
	}
	outcome = player_mail_send(post, queue, mail, &way, result);
	slot_sent(post->slot, mail->index, outcome);
	way_clear(&way);
	return outcome;
}
