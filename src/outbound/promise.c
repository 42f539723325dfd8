#include "outbound/promise.h"

#include "base/log.h"
#include "outbound/word.h"
#include "template/answer.h"

#include "base/banned.h"

#define WANT 4 /* jobs at a time: leaves some for the other posts */
#define WAIT_MS 1000 /* a stop is not noticed earlier */

static enum notice_kind
notice_kind(guint32 job)
{
	switch ((enum proto_job_kind)job) {
	case PROTO_JOB_ENCRYPTED:
		return NOTICE_ENCRYPTED;
	case PROTO_JOB_ESCALATED:
		return NOTICE_ESCALATED;
	case PROTO_JOB_CLOSED:
		return NOTICE_CLOSED;
	case PROTO_JOB_TRANSCRIPT:
		return NOTICE_TRANSCRIPT;
	case PROTO_JOB_ACK:
	case PROTO_JOB_ANSWER:
	case PROTO_JOB_STAGE:
	case PROTO_JOB_HANDED:
	case PROTO_JOB_WEEKLY:
	case PROTO_JOB_END:
	default:
		return NOTICE_ACK;
	}
}

/* The link by which we are reached now, for whoever asks for it: the one that
 * agents send, as long as it is good. */
static const char *
mirror_for(const struct post *post, const struct proto_job *job,
    const struct config_queue *queue, gint64 now)
{
	const struct answer_args args = {.name = "mirror",
	    .lang = job->lang,
	    .fallback_lang = queue->language,
	    .now = now};

	if (post->answers == NULL || g_strcmp0(job->category, "mirror") != 0)
		return NULL;
	return answer_default(post->answers, &args, "link");
}

/* When he is told of a new level only what is still to come is a promise. */
static gint64
promised_at(const struct proto_job *job, gint64 due, gint64 now)
{
	return job->name.kind == PROTO_JOB_ESCALATED && due <= now ? 0 : due;
}

enum proto_outcome
promise_send_notice(struct post *post, const struct proto_job *job,
    guint index, const char *thread, struct smtp_result *result)
{
	const struct config_queue *queue =
	    config_queue_by_name(post->config, job->queue);
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	char shown[NUMBER_TEXT_SIZE];
	struct notice_args args = {.kind = notice_kind(job->name.kind),
	    .lang = job->lang,
	    .number = number_show(&job->number, shown),
	    .category = job->category,
	    .first_reply_due = promised_at(job, job->first_reply_due, now),
	    .decision_due = promised_at(job, job->decision_due, now),
	    .forget = job->forget,
	    .level = job->level,
	    .close = job->close,
	    .thread = thread};
	const struct post_mail mail = {
	    .job = job, .index = index, .notice = &args};

	if (queue == NULL) {
		log_error("post.no-queue", LOG_TICKET(&job->number));
		return PROTO_DEFERRED;
	}
	args.fallback_lang = queue->language;
	args.faq = config_faq(post->config, queue, job->category);
	args.mirror = mirror_for(post, job, queue, now);
	if (job->name.kind == PROTO_JOB_CLOSED && queue->reopen_s > 0)
		args.reopen = now + queue->reopen_s;
	return post_send_to_player(post, &mail, result);
}

/* Without an archive nobody here knows the thread. */
static enum proto_outcome
job_do(struct post *post, const struct proto_job *job, guint index,
    struct smtp_result *result)
{
	switch ((enum proto_job_kind)job->name.kind) {
	case PROTO_JOB_STAGE:
		return word_send_stage(post, job, result);
	case PROTO_JOB_HANDED:
		return word_send_handed(post, job, FALSE, result);
	case PROTO_JOB_WEEKLY:
		return word_send_weekly(post, job, result);
	case PROTO_JOB_ACK:
	case PROTO_JOB_ANSWER:
	case PROTO_JOB_ENCRYPTED:
	case PROTO_JOB_ESCALATED:
	case PROTO_JOB_CLOSED:
	case PROTO_JOB_TRANSCRIPT:
	case PROTO_JOB_END:
	default:
		return promise_send_notice(post, job, index, NULL, result);
	}
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

		settle.outcome = job_do(post, job, i, &result);
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
promise_run(struct post *post, guint32 kinds)
{
	g_autoptr(GArray) settled = g_array_new(FALSE, TRUE,
	    sizeof(struct proto_settle));
	struct proto_desk_jobs jobs = {0};

	post->kinds = kinds;
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
