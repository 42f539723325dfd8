#include "outbound/thread.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "outbound/word.h"
#include "ticket/label.h"

#include "base/banned.h"

/* --- finding ------------------------------------------------------------ */

static void
mail_free(gpointer data)
{
	struct thread_mail *mail = data;

	archived_free(mail->facts);
	g_bytes_unref(mail->content);
	g_free(mail);
}

static gboolean
is_of_ticket(const struct config *config, const struct archived *facts,
    const struct number *number)
{
	const struct config_queue *queue =
	    config_queue_by_name(config, facts->queue);
	g_autofree char *root = NULL;
	struct label label;

	if (queue == NULL)
		return FALSE;
	label = label_parse_message_id(facts->message_id, queue->domain);
	root = label_root_id(number, queue->domain);
	return label.kind == LABEL_MESSAGE &&
	    number_equal(&label.number, number) &&
	    archived_follows(facts, root);
}

static gboolean
is_there(const GPtrArray *mails, const char *message_id)
{
	for (guint i = 0; i < mails->len; i++) {
		const struct thread_mail *mail = mails->pdata[i];

		if (strcmp(mail->facts->message_id, message_id) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Adds those of the ticket that are not there yet. */
static void
mails_add(const struct config *config, GPtrArray *mails,
    const GPtrArray *contents, const struct number *number)
{
	for (guint i = 0; i < contents->len; i++) {
		g_autoptr(archived_auto) facts =
		    archived_read(contents->pdata[i]);
		struct thread_mail *mail;

		if (facts == NULL || !is_of_ticket(config, facts, number) ||
		    is_there(mails, facts->message_id))
			continue;
		mail = g_new0(struct thread_mail, 1);
		mail->facts = g_steal_pointer(&facts);
		mail->content = g_bytes_ref(contents->pdata[i]);
		g_ptr_array_add(mails, mail);
	}
}

static gint
compare_mails(gconstpointer a, gconstpointer b)
{
	const struct thread_mail *x = *(const struct thread_mail *const *)a;
	const struct thread_mail *y = *(const struct thread_mail *const *)b;

	/* The sort is stable: equal ones stay as the archive had them. */
	if (x->facts->date == y->facts->date)
		return 0;
	return x->facts->date < y->facts->date ? -1 : 1;
}

/* What one archive has of the ticket, or NULL. */
static GPtrArray *
contents_of(struct archivist *a, const struct config_queue *queue,
    const struct number *number)
{
	struct archive *archive = archives_begin(a->archives, queue->name,
	    g_get_monotonic_time());
	g_autofree char *root = label_root_id(number, queue->domain);
	g_autoptr(GError) error = NULL;
	GPtrArray *contents;
	gboolean is_whole;

	if (archive == NULL)
		return NULL;
	contents = archive_thread(archive, root, &is_whole, &error);
	archives_done(a->archives, queue->name, contents != NULL,
	    g_get_monotonic_time());
	if (contents == NULL)
		log_warn("archive.thread", LOG_TICKET(number),
		    LOG_QUEUE(queue), LOG_ERR(error));
	else if (!is_whole)
		log_warn("archive.thread-cut", LOG_TICKET(number),
		    LOG_QUEUE(queue));
	return contents;
}

/* So that the new queue's archive has the thread from its beginning. */
static void
mails_take_along(struct archivist *a, const struct proto_job *job,
    const GPtrArray *mails, guint first)
{
	g_autoptr(GError) error = NULL;

	for (guint i = first; error == NULL && i < mails->len; i++) {
		const struct thread_mail *mail = mails->pdata[i];
		const struct spool_mail copy = {.queue = job->queue,
		    .content = mail->content};

		(void)spool_put(a->post->spool, &copy, &error);
	}
	if (error != NULL)
		log_error("archive.missed", LOG_TICKET(&job->number),
		    LOG_ERR(error));
}

static gboolean
others_add(struct archivist *a, const struct proto_job *job, GPtrArray *mails)
{
	const GPtrArray *queues = a->post->config->queues;
	guint own = mails->len;

	for (guint i = 0; i < queues->len; i++) {
		const struct config_queue *queue = queues->pdata[i];
		g_autoptr(GPtrArray) contents = NULL;

		if (strcmp(queue->name, job->queue) == 0 ||
		    !archives_has(a->archives, queue->name))
			continue;
		contents = contents_of(a, queue, &job->number);
		if (contents == NULL)
			return FALSE;
		mails_add(a->post->config, mails, contents, &job->number);
	}
	if (archives_has(a->archives, job->queue) && a->post->spool != NULL)
		mails_take_along(a, job, mails, own);
	return TRUE;
}

enum thread_found
thread_find(struct archivist *a, const struct proto_job *job,
    GPtrArray **mails)
{
	const struct config_queue *queue =
	    config_queue_by_name(a->post->config, job->queue);
	gboolean is_moved =
	    job->name.kind == PROTO_JOB_HANDED && job->reasons == 0;
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(mail_free);
	g_autoptr(GPtrArray) contents = NULL;

	if (queue == NULL ||
	    (!archives_has(a->archives, job->queue) && !is_moved))
		return THREAD_NO_ARCHIVE;
	if (archives_has(a->archives, job->queue)) {
		contents = contents_of(a, queue, &job->number);
		if (contents == NULL)
			return THREAD_LATER;
		mails_add(a->post->config, found, contents, &job->number);
	}
	if (is_moved && !others_add(a, job, found))
		return THREAD_LATER;
	g_ptr_array_sort(found, compare_mails);
	*mails = g_steal_pointer(&found);
	return THREAD_FOUND;
}

/* --- sending ------------------------------------------------------------ */

/* Those who got a copy or a note when it was made. An answer went to the
 * player alone; and of a VIP's copy only his agent has one, whose address is
 * not known here. */
static const char *const *
had_it(const struct config *config, const struct archived *facts)
{
	static const char *const nobody[] = {NULL};
	const struct config_queue *queue =
	    config_queue_by_name(config, facts->queue);

	if (queue == NULL || facts->kind == ARCHIVED_ANSWER ||
	    archived_has_flag(facts, "vip"))
		return nobody;
	return config_queue_level(queue, MAX(facts->level, 1));
}

static gboolean
is_listed(const char *const *list, const char *addr)
{
	for (; *list != NULL; list++)
		if (g_ascii_strcasecmp(*list, addr) == 0)
			return TRUE;
	return FALSE;
}

static GPtrArray *
rcpts_of(const struct config *config, const struct proto_job *job,
    const struct archived *facts)
{
	const struct config_queue *queue =
	    config_queue_by_name(config, job->queue);
	const char *const *level = config_queue_level(queue, job->level);
	const char *const *had = had_it(config, facts);
	GPtrArray *rcpts = g_ptr_array_new();

	for (; *level != NULL; level++)
		if (!is_listed(had, *level))
			g_ptr_array_add(rcpts, (gpointer)*level);
	return rcpts;
}

/* FALSE if it should be tried again. */
static gboolean
mail_pass_on(struct post *post, const struct thread_mail *mail,
    GPtrArray *rcpts)
{
	const struct smtp_mail whole = {.sender_addr = "",
	    .rcpt_addrs = rcpts,
	    .content = mail->content};
	g_autoptr(GArray) results = g_array_new(FALSE, TRUE,
	    sizeof(struct smtp_result));
	g_autoptr(GError) error = NULL;

	if (!smtp_send(post->smtp, &whole, results, &error)) {
		log_warn("post.smtp", LOG_ERR(error));
		return FALSE;
	}
	for (guint i = 0; i < results->len; i++)
		if (g_array_index(results, struct smtp_result, i).code / 100 ==
		    4)
			return FALSE;
	return TRUE;
}

/* What this process has passed on already, when a job has to be done again. */
static char *
mark_of(const struct proto_job *job, const struct thread_mail *mail)
{
	g_autofree char *key =
	    g_base64_encode(job->name.key.b, sizeof(job->name.key.b));

	return g_strconcat(key, " ", mail->facts->message_id, NULL);
}

static gboolean
mails_pass_on(struct archivist *a, const struct proto_job *job,
    const GPtrArray *mails)
{
	guint first = mails->len > THREAD_MAILS_MAX
	    ? mails->len - THREAD_MAILS_MAX
	    : 0;

	for (guint i = first; i < mails->len; i++) {
		const struct thread_mail *mail = mails->pdata[i];
		g_autoptr(GPtrArray) rcpts =
		    rcpts_of(a->post->config, job, mail->facts);
		g_autofree char *mark = mark_of(job, mail);

		if (rcpts->len == 0 ||
		    g_hash_table_contains(a->passed_on, mark))
			continue;
		if (!mail_pass_on(a->post, mail, rcpts))
			return FALSE;
		(void)g_hash_table_add(a->passed_on, g_steal_pointer(&mark));
	}
	return TRUE;
}

static gboolean
is_of_job(gpointer mark, gpointer value, gpointer data)
{
	(void)value;
	return g_str_has_prefix(mark, data);
}

static void
marks_drop(struct archivist *a, const struct proto_job *job)
{
	g_autofree char *key =
	    g_base64_encode(job->name.key.b, sizeof(job->name.key.b));

	(void)g_hash_table_foreach_remove(a->passed_on, is_of_job, key);
}

enum proto_outcome
thread_send_handed(struct archivist *a, const struct proto_job *job,
    struct smtp_result *result)
{
	g_autoptr(GPtrArray) mails = NULL;
	enum thread_found found = thread_find(a, job, &mails);
	gboolean has_thread = found == THREAD_FOUND && mails->len > 0;
	enum proto_outcome outcome;

	if (found == THREAD_LATER && job->attempts < THREAD_TRIES)
		return PROTO_DEFERRED;
	if (has_thread && !mails_pass_on(a, job, mails)) {
		if (job->attempts < THREAD_TRIES)
			return PROTO_DEFERRED;
		has_thread = FALSE;
	}
	outcome = word_send_handed(a->post, job, has_thread, result);
	if (outcome != PROTO_DEFERRED)
		marks_drop(a, job);
	return outcome;
}
