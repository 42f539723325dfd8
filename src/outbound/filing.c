#include "outbound/filing.h"

#include "base/log.h"
#include "mail/archived.h"

#include "base/banned.h"

/* NULL if there is none, or the queue has no archive. */
static const struct config_queue *
queue_with_archive(const struct post *post, const char *name)
{
	const struct config_queue *queue =
	    config_queue_by_name(post->config, name);

	return queue != NULL && config_queue_has_archive(queue) ? queue
								  : NULL;
}

/* Opened when it is needed: the directory may come later than we. */
static struct spool *
spool_of(struct post *post, GError **err)
{
	if (post->spool == NULL)
		post->spool = spool_new(post->config->spool_dir,
		    SPOOL_OCTETS_MAX, err);
	return post->spool;
}

static void
alarm_give(const struct config_queue *queue, const GError *error)
{
	log_error("archive.missed", LOG_QUEUE(queue), LOG_ERR(error));
}

void
filing_put(struct post *post, const char *name, GBytes *content)
{
	const struct config_queue *queue = queue_with_archive(post, name);
	const struct spool_mail mail = {.queue = name, .content = content};
	g_autoptr(GError) error = NULL;

	if (queue == NULL)
		return;
	if (spool_of(post, &error) == NULL ||
	    !spool_put(post->spool, &mail, &error))
		alarm_give(queue, error);
}

/* Where a reply to the answer goes, as to any mail that tells agents of the
 * ticket. Without it the archive has the answer all the same. Caller frees. */
static char *
agent_address(struct post *post, const struct config_queue *queue,
    const struct proto_job *job)
{
	struct label_set label = {0};
	g_autoptr(GError) error = NULL;

	if (post_get_label(post, job, PROTO_JOB_HANDED, &label, &error))
		return label_agent_address(
		    &label, queue->local, queue->domain);
	log_warn("post.label", LOG_TICKET(&job->number), LOG_ERR(error));
	return g_strdup("");
}

static GBytes *
answer_compose(struct post *post, const struct config_queue *queue,
    const struct filing_answer *answer, const struct label_set *label)
{
	const struct number *number = &answer->job->number;
	char shown[NUMBER_TEXT_SIZE];
	g_autofree char *copy = answer->job->copy_id[0] != '\0'
	    ? g_ascii_strdown(number->s, -1)
	    : NULL;
	g_autofree char *copy_id = copy != NULL
	    ? g_strdup_printf("%s.%s@%s", copy, answer->job->copy_id,
		  queue->domain)
	    : g_strdup("");
	g_autofree char *id = label_message_id(label, queue->domain);
	g_autofree char *root = label_root_id(number, queue->domain);
	g_autofree char *agent = agent_address(post, queue, answer->job);
	const struct archived_answer whole = {.role_name = queue->role,
	    .queue_address = queue->address,
	    .agent_address = agent,
	    .pseudonym = answer->job->pseudonym,
	    .number = number_show(number, shown),
	    .message_id = id,
	    .root_id = root,
	    .copy_id = copy_id,
	    .date = g_get_real_time() / G_USEC_PER_SEC,
	    .queue = queue->name,
	    .agent = answer->agent,
	    .text = answer->text};

	return archived_compose_answer(&whole);
}

void
filing_hold(struct post *post, const struct filing_answer *answer,
    const struct label_set *label)
{
	const struct config_queue *queue =
	    queue_with_archive(post, answer->job->queue);
	struct spool_mail mail = {.queue = answer->job->queue};
	g_autoptr(GBytes) content = NULL;
	g_autoptr(GError) error = NULL;

	if (queue == NULL)
		return;
	mail.content = content = answer_compose(post, queue, answer, label);
	if (content == NULL || spool_of(post, &error) == NULL ||
	    !spool_hold(post->spool, &answer->job->name.key, &mail, &error))
		alarm_give(queue, error);
}

void
filing_release(struct post *post, const struct proto_job_name *job,
    enum proto_outcome outcome)
{
	g_autoptr(GError) error = NULL;

	if (job->kind != PROTO_JOB_ANSWER ||
	    !config_has_archive(post->config))
		return;
	if (spool_of(post, &error) == NULL ||
	    !spool_release(post->spool, &job->key, outcome == PROTO_SENT,
		&error))
		log_error("archive.missed", LOG_ERR(error));
}
