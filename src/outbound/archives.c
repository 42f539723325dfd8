#include "outbound/archives.h"

#include "base/log.h"

#include "base/banned.h"

/* Work that took no longer than this lets nobody wait. */
#define QUICK_US (G_USEC_PER_SEC / 2)

struct one {
	struct archive *archive; /* own; NULL: it can never do */
	gint64 begun_us;
	gint64 rests_until_us;
	gint64 rest_s; /* of the next failure */
};

struct archives {
	GHashTable *ones; /* own; queue (char, borrowed) to struct one */
};

static void
one_free(gpointer data)
{
	struct one *one = data;

	archive_free(one->archive);
	g_free(one);
}

static struct one *
one_new(const struct config_queue *queue, guint timeout_ms)
{
	const struct archive_options options = {.url = queue->archive,
	    .password_file = queue->archive_password_file,
	    .tls = queue->archive_tls,
	    .timeout_ms = timeout_ms};
	struct one *one = g_new0(struct one, 1);
	g_autoptr(GError) error = NULL;

	one->rest_s = ARCHIVES_REST_MIN_S;
	one->archive = archive_new(&options, &error);
	if (one->archive == NULL)
		log_error("archive.settings", LOG_QUEUE(queue),
		    LOG_ERR(error));
	return one;
}

struct archives *
archives_new(const struct config *config, guint timeout_ms)
{
	struct archives *archives = g_new0(struct archives, 1);

	archives->ones =
	    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, one_free);
	for (guint i = 0; i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);

		if (config_queue_has_archive(queue))
			g_hash_table_insert(archives->ones, queue->name,
			    one_new(queue, timeout_ms));
	}
	return archives;
}

void
archives_free(struct archives *archives)
{
	if (archives == NULL)
		return;
	g_hash_table_unref(archives->ones);
	g_free(archives);
}

gboolean
archives_has(const struct archives *archives, const char *queue)
{
	return g_hash_table_contains(archives->ones, queue);
}

struct archive *
archives_begin(struct archives *archives, const char *queue, gint64 now_us)
{
	struct one *one = g_hash_table_lookup(archives->ones, queue);

	if (one == NULL || one->archive == NULL ||
	    now_us < one->rests_until_us)
		return NULL;
	one->begun_us = now_us;
	return one->archive;
}

void
archives_done(struct archives *archives, const char *queue, gboolean ok,
    gint64 now_us)
{
	struct one *one = g_hash_table_lookup(archives->ones, queue);
	gint64 took = now_us - one->begun_us;

	if (ok) {
		one->rest_s = ARCHIVES_REST_MIN_S;
		if (took > QUICK_US)
			one->rests_until_us = now_us + took;
		return;
	}
	archive_close(one->archive);
	one->rests_until_us = now_us + one->rest_s * G_USEC_PER_SEC;
	one->rest_s = MIN(one->rest_s * 2, ARCHIVES_REST_MAX_S);
}
