#include "outbound/archivist.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "mail/archived.h"
#include "mail/headers.h"
#include "outbound/thread.h"
#include "outbound/transcript.h"

#include "base/banned.h"

#define WAIT_MS 1000 /* a stop, or a mail in the spool, is not seen earlier */
#define NOBODYS_ID "none@nymdesk.invalid"
#define STEP_MS 10000 /* a server that lets us wait longer is none */
#define BATCH 20      /* mails of one queue before the next has its turn */
#define BATCH_US G_USEC_PER_SEC
#define LIST_MAX 100000
#define REFUSED_MAX 3	  /* times, while others were taken: it is the mail */
#define LATE_S 3600	  /* a mail that waits so long is an alarm */
#define TIDY_S 3600

struct trial {
	guint count;
	guint refused; /* although the archive had taken another just before */
};

void
archivist_init(struct archivist *archivist, struct post *post)
{
	memset(archivist, 0, sizeof(*archivist));
	archivist->post = post;
	archivist->archives = archives_new(post->config, STEP_MS);
	archivist->trials =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	archivist->worked =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	archivist->passed_on =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
archivist_done(struct archivist *archivist)
{
	archives_free(archivist->archives);
	g_hash_table_unref(archivist->trials);
	g_hash_table_unref(archivist->worked);
	g_hash_table_unref(archivist->passed_on);
}

/* --- one mail --------------------------------------------------------- */

static char *
id_of(GBytes *content)
{
	gsize len;
	const char *raw = g_bytes_get_data(content, &len);
	g_autoptr(headers_auto) headers = headers_scan(raw, len, 1024);
	const char *id = headers_get(headers, "message-id", 0);

	return id != NULL && strlen(id) > 2 ? g_strndup(id + 1, strlen(id) - 2)
					    : g_strdup("");
}

static gboolean
content_append(struct archive *archive, GBytes *content, gint64 put,
    GError **err)
{
	g_autoptr(archived_auto) ours = archived_read(content);
	g_autofree char *id = id_of(content);
	struct archive_mail mail = {.content = content,
	    .message_id = id,
	    .date = put};

	if (ours != NULL && ours->kind == ARCHIVED_COPY &&
	    (ours->level > 1 || archived_has_flag(ours, "vip")))
		mail.flags |= ARCHIVE_FLAGGED;
	if (!archive_append(archive, &mail, err))
		return FALSE;
	if (ours == NULL || ours->kind != ARCHIVED_ANSWER ||
	    ours->in_reply_to[0] == '\0')
		return TRUE;
	/* A failure here is one of the whole: an append can be repeated. */
	return archive_mark(archive, ours->in_reply_to, ARCHIVE_ANSWERED, err);
}

static void
trial_end(struct archivist *a, const struct spool_entry *entry)
{
	g_hash_table_remove(a->trials, entry->name);
}

static void
entry_set_aside(struct archivist *a, const struct spool_entry *entry)
{
	const struct config_queue *queue =
	    config_queue_by_name(a->post->config, entry->queue);
	g_autoptr(GError) error = NULL;

	trial_end(a, entry);
	if (!spool_set_aside(a->post->spool, entry, &error))
		log_error("archive.spool", LOG_ERR(error));
	else if (queue != NULL)
		log_error("archive.bad-mail", LOG_QUEUE(queue));
	else
		log_error("archive.bad-mail", LOG_WORD("queue", "unknown"));
}

/* TRUE if the server works, and so it is this mail that it did not take, or
 * none at all. */
static gboolean
is_well(struct archive *archive)
{
	gboolean is_whole;
	g_autoptr(GPtrArray) none =
	    archive_thread(archive, NOBODYS_ID, &is_whole, NULL);

	return none != NULL;
}

/* While the server is ill the order stays, as an answer must come behind the
 * copy that it answers. */
static void
entry_refused(struct archivist *a, struct archive *archive,
    const struct spool_entry *entry, const GError *error)
{
	struct trial *trial;

	log_warn("archive.append",
	    LOG_QUEUE(config_queue_by_name(a->post->config, entry->queue)),
	    LOG_ERR(error));
	if (!error_is(error, ERROR_PERM) && !is_well(archive))
		return;
	trial = g_hash_table_lookup(a->trials, entry->name);
	if (trial == NULL) {
		trial = g_new0(struct trial, 1);
		g_hash_table_insert(a->trials, g_strdup(entry->name), trial);
	}
	trial->count++;
	if (g_hash_table_remove(a->worked, entry->queue))
		trial->refused++;
	if (trial->refused >= REFUSED_MAX || error_is(error, ERROR_PERM))
		entry_set_aside(a, entry);
}

static gboolean
trial_begin_anew(gpointer name, gpointer data, gpointer user_data)
{
	struct trial *trial = data;

	(void)name;
	(void)user_data;
	trial->count = trial->refused;
	return trial->count == 0;
}

static void
trials_begin_anew(struct archivist *a)
{
	(void)g_hash_table_foreach_remove(a->trials, trial_begin_anew, NULL);
}

/* TRUE: the archive has it, and the spool no more. */
static gboolean
entry_append(struct archivist *a, struct archive *archive,
    const struct spool_entry *entry)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) content = spool_read(a->post->spool, entry, &error);

	if (content != NULL &&
	    content_append(archive, content, entry->put, &error)) {
		trial_end(a, entry);
		/* As when all begins: the oldest first. */
		if (!g_hash_table_contains(a->worked, entry->queue))
			trials_begin_anew(a);
		(void)g_hash_table_add(a->worked, g_strdup(entry->queue));
		if (spool_remove(a->post->spool, entry, &error))
			return TRUE;
		log_error("archive.spool", LOG_ERR(error));
		return FALSE;
	}
	entry_refused(a, archive, entry, error);
	return FALSE;
}

/* --- the spool --------------------------------------------------------- */

static guint
tried(const struct archivist *a, const struct spool_entry *entry)
{
	const struct trial *trial =
	    g_hash_table_lookup(a->trials, entry->name);

	return trial != NULL ? trial->count : 0;
}

/* The oldest of those that were tried least: nothing waits behind a mail that
 * the archive refuses. */
static const struct spool_entry *
entry_choose(const struct archivist *a, GPtrArray *entries)
{
	const struct spool_entry *best = NULL;

	for (guint i = 0; i < entries->len; i++)
		if (best == NULL ||
		    tried(a, entries->pdata[i]) < tried(a, best))
			best = entries->pdata[i];
	return best;
}

/* TRUE if something was appended. */
static gboolean
queue_append(struct archivist *a, const char *queue, GPtrArray *entries)
{
	gint64 begun_us = g_get_monotonic_time();
	struct archive *archive =
	    archives_begin(a->archives, queue, begun_us);
	gboolean ok = archive != NULL;
	guint n;

	for (n = 0; ok && n < BATCH && entries->len > 0 && !*a->post->stop &&
	     g_get_monotonic_time() - begun_us < BATCH_US;
	     n++) {
		const struct spool_entry *entry = entry_choose(a, entries);

		ok = entry_append(a, archive, entry);
		(void)g_ptr_array_remove(entries, (gpointer)entry);
	}
	if (archive != NULL)
		archives_done(a->archives, queue, ok, g_get_monotonic_time());
	return ok && n > 0;
}

static void
late_alarm(struct archivist *a, const struct config_queue *queue,
    const GPtrArray *entries)
{
	const struct spool_entry *oldest = entries->pdata[0];
	gint64 waits_s = g_get_real_time() / G_USEC_PER_SEC - oldest->put;
	gint64 now_s = g_get_monotonic_time() / G_USEC_PER_SEC;

	if (waits_s < LATE_S ||
	    (a->alarmed_s != 0 && now_s - a->alarmed_s < LATE_S))
		return;
	a->alarmed_s = now_s;
	log_error("archive.late", LOG_QUEUE(queue),
	    LOG_NUM("mails", entries->len), LOG_NUM("seconds", waits_s));
}

/* Mails of a queue that has no archive any more. */
static void
strays_set_aside(struct archivist *a)
{
	g_autoptr(GPtrArray) all =
	    spool_list(a->post->spool, NULL, LIST_MAX, NULL);

	for (guint i = 0; all != NULL && i < all->len; i++) {
		const struct spool_entry *entry = all->pdata[i];

		if (!archives_has(a->archives, entry->queue))
			entry_set_aside(a, entry);
	}
}

static void
spool_look_after(struct archivist *a)
{
	gint64 now_s = g_get_monotonic_time() / G_USEC_PER_SEC;

	if (a->tidied_s != 0 && now_s - a->tidied_s < TIDY_S)
		return;
	a->tidied_s = now_s;
	spool_tidy(a->post->spool);
	strays_set_aside(a);
}

static gboolean
spool_is_open(struct archivist *a)
{
	struct post *post = a->post;
	g_autoptr(GError) error = NULL;

	if (post->spool == NULL)
		post->spool = spool_new(post->config->spool_dir,
		    SPOOL_OCTETS_MAX, &error);
	if (error != NULL)
		log_error("archive.spool", LOG_ERR(error));
	return post->spool != NULL;
}

gboolean
archivist_append(struct archivist *a)
{
	const GPtrArray *queues = a->post->config->queues;
	gboolean is_busy = FALSE;

	if (!spool_is_open(a))
		return FALSE;
	spool_look_after(a);
	for (guint i = 0; i < queues->len && !*a->post->stop; i++) {
		const struct config_queue *queue = queues->pdata[i];
		g_autoptr(GPtrArray) entries = NULL;

		if (!archives_has(a->archives, queue->name))
			continue;
		entries =
		    spool_list(a->post->spool, queue->name, LIST_MAX, NULL);
		if (entries == NULL || entries->len == 0)
			continue;
		late_alarm(a, queue, entries);
		if (queue_append(a, queue->name, entries))
			is_busy = TRUE;
	}
	return is_busy;
}

/* --- jobs ---------------------------------------------------------------- */

static enum proto_outcome
job_do(struct archivist *a, const struct proto_job *job,
    struct smtp_result *result)
{
	switch (job->name.kind) {
	case PROTO_JOB_HANDED:
		return thread_send_handed(a, job, result);
	case PROTO_JOB_TRANSCRIPT:
		return transcript_send(a, job, result);
	default:
		return PROTO_DEFERRED; /* of another post */
	}
}

static void
settle_free(gpointer data)
{
	g_free(((struct proto_settle *)data)->status);
}

static void
jobs_do(struct archivist *a, const struct proto_desk_jobs *jobs,
    GArray *settled)
{
	g_array_set_size(settled, 0);
	for (guint i = 0; i < jobs->jobs->len; i++) {
		const struct proto_job *job =
		    &g_array_index(jobs->jobs, struct proto_job, i);
		struct smtp_result result = {0};
		struct proto_settle settle = {.job = job->name};

		slot_hold(a->post->slot, &job->name, 1);
		settle.outcome = job_do(a, job, &result);
		settle.status = g_strdup(result.status);
		g_array_append_val(settled, settle);
		log_info("post.archivist", LOG_TICKET(&job->number),
		    LOG_NUM("kind", job->name.kind),
		    LOG_NUM("outcome", settle.outcome),
		    LOG_NUM("code", result.code));
	}
}

void
archivist_run(struct post *post)
{
	g_autoptr(GArray) settled = g_array_new(FALSE, TRUE,
	    sizeof(struct proto_settle));
	struct proto_desk_jobs jobs = {0};
	struct archivist archivist;

	g_array_set_clear_func(settled, settle_free);
	post->kinds = ARCHIVIST_KINDS;
	archivist_init(&archivist, post);
	if (!post_recover(post))
		goto out;
	/* After SIGTERM: one more round that settles and asks for nothing. */
	while (!*post->stop || settled->len > 0) {
		gboolean is_busy = !*post->stop &&
		    archivist_append(&archivist);

		/* One at a time: the next may need another archive. */
		if (!post_work(post, settled, *post->stop ? 0 : 1,
			is_busy ? 0 : WAIT_MS, &jobs))
			goto out;
		jobs_do(&archivist, &jobs, settled);
		proto_clear(PROTO_DESK_JOBS, &jobs);
	}
out:
	archivist_done(&archivist);
}
