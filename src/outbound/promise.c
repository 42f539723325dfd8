#include "outbound/promise.h"

#include "base/log.h"

#include "base/banned.h"

#define WANT 4 /* jobs at a time: leaves some for the other posts */
#define WAIT_MS 1000 /* a stop is not noticed earlier */

static const char *
faq_for(const struct config_queue *queue, const char *category)
{
	const char *link = g_hash_table_lookup(queue->faqs, category);

	return link != NULL ? link : queue->faq;
}

static enum notice_kind
notice_kind(guint32 job)
{
	return job == PROTO_JOB_ENCRYPTED ? NOTICE_ENCRYPTED : NOTICE_ACK;
}

static enum proto_outcome
notice_send(struct post *post, const struct proto_job *job, guint index,
    struct smtp_result *result)
{
	const struct config_queue *queue =
	    config_queue_by_name(post->config, job->queue);
	char shown[NUMBER_TEXT_SIZE];
	g_autofree char *subject = NULL;
	g_autofree char *text = NULL;
	struct notice_args args = {.kind = notice_kind(job->name.kind),
	    .lang = job->lang,
	    .number = number_show(&job->number, shown),
	    .category = job->category,
	    .forget = job->forget};
	struct post_mail mail = {.job = job, .index = index};

	if (queue == NULL) {
		log_error("post.no-queue", LOG_TICKET(&job->number));
		return PROTO_DEFERRED;
	}
	args.fallback_lang = queue->language;
	args.faq = faq_for(queue, job->category);
	args.first_reply_due = job->opened + queue->first_reply_s;
	args.decision_due = job->opened + queue->decision_s;
	if (!notice_write(post->notices, &args, &subject, &text))
		return PROTO_DEFERRED;
	mail.notice_subject = subject;
	mail.text = text;
	return post_send_to_player(post, &mail, result);
}

static void
jobs_do(struct post *post, const struct proto_desk_jobs *jobs,
    GArray *settled)
{
	struct proto_job_name names[PROTO_JOBS_MAX];

	for (guint i = 0; i < jobs->jobs->len; i++)
		names[i] =
		    g_array_index(jobs->jobs, struct proto_job, i).name;
	slot_hold(post->slot, names, jobs->jobs->len);
	for (guint i = 0; i < jobs->jobs->len; i++) {
		const struct proto_job *job =
		    &g_array_index(jobs->jobs, struct proto_job, i);
		struct smtp_result result = {0};
		struct proto_settle settle = {.job = job->name};

		settle.outcome = notice_send(post, job, i, &result);
		settle.status = g_strdup(result.status);
		g_array_append_val(settled, settle);
		log_info("post.notice", LOG_TICKET(&job->number),
		    LOG_NUM("kind", job->name.kind),
		    LOG_NUM("outcome", settle.outcome),
		    LOG_NUM("code", result.code));
	}
}

static void
settle_free(gpointer data)
{
	g_free(((struct proto_settle *)data)->status);
}

void
promise_run(struct post *post)
{
	g_autoptr(GArray) settled = g_array_new(FALSE, TRUE,
	    sizeof(struct proto_settle));
	struct proto_desk_jobs jobs = {0};

	g_array_set_clear_func(settled, settle_free);
	if (!post_recover(post))
		return;
	/* After SIGTERM: one more round that settles and asks for nothing. */
	while (!*post->stop || settled->len > 0) {
		if (!post_work(post, settled, *post->stop ? 0 : WANT, WAIT_MS,
			&jobs))
			return;
		g_array_set_size(settled, 0);
		jobs_do(post, &jobs, settled);
		proto_clear(PROTO_DESK_JOBS, &jobs);
	}
}
