#include "outbound/archive.h"

#include <string.h>

#include "base/error.h"
#include "outbound/imap.h"
#include "outbound/mailbox.h"

#include "base/banned.h"

#define ID_MAX 512	     /* octets of a Message-ID; RFC 5322 2.1.1 */
#define THREAD_OCTETS (64 * 1024 * 1024)

struct archive {
	struct archive_options options; /* texts are own */
	struct imap_place place;
	struct wire_trust *trust; /* own */
	struct imap *imap;	  /* own; NULL if not connected */
};

/* --- opening and closing -------------------------------------------- */

static gboolean
is_tls_word(const char *tls)
{
	return tls == NULL || strcmp(tls, "none") == 0 ||
	    strcmp(tls, "may") == 0 || strcmp(tls, "require") == 0;
}

struct archive *
archive_new(const struct archive_options *options, GError **err)
{
	struct imap_place place = {0};
	struct archive *archive;
	struct archive_options *own;
	gboolean verify;

	if (!is_tls_word(options->tls)) {
		error_fail(err, ERROR_PERM,
		    "archive: TLS must be none, may or require");
		return NULL;
	}
	if (!imap_place_parse(options->url, &place, err))
		return NULL;
	archive = g_new0(struct archive, 1);
	own = &archive->options;
	*own = *options;
	own->url = NULL;
	own->password_file = g_strdup(options->password_file);
	own->tls = g_strdup(options->tls);
	own->tls_name = g_strdup(options->tls_name);
	own->tls_ca_file = g_strdup(options->tls_ca_file);
	archive->place = place;
	verify = place.is_imaps ? g_strcmp0(own->tls, "may") != 0
				: g_strcmp0(own->tls, "require") == 0;
	archive->trust = wire_trust_new(verify, own->tls_ca_file);
	return archive;
}

static void
archive_drop(struct archive *archive)
{
	imap_free(archive->imap);
	archive->imap = NULL;
}

void
archive_free(struct archive *archive)
{
	struct archive_options *own;

	if (archive == NULL)
		return;
	own = &archive->options;
	archive_drop(archive);
	wire_trust_free(archive->trust);
	imap_place_clear(&archive->place);
	g_free((char *)own->password_file);
	g_free((char *)own->tls);
	g_free((char *)own->tls_name);
	g_free((char *)own->tls_ca_file);
	g_free(archive);
}

void
archive_close(struct archive *archive)
{
	imap_quit(archive->imap);
	archive->imap = NULL;
}

/* --- one attempt ---------------------------------------------------- */

/* What is to be done on a connection: TRUE, or FALSE with err set. */
typedef gboolean (*archive_work)(struct archive *archive, gpointer data,
    GError **err);

static gboolean
archive_attempt(struct archive *archive, archive_work work, gpointer data,
    gboolean *again, GError **err)
{
	gboolean is_kept;
	gboolean ok;

	if (archive->imap != NULL && !imap_is_quiet(archive->imap))
		archive_drop(archive);
	is_kept = archive->imap != NULL;
	if (!is_kept)
		archive->imap = imap_open(&archive->place, &archive->options,
		    archive->trust, err);
	*again = FALSE;
	if (archive->imap == NULL) {
		/* Settings can be repaired: it is not about what was asked. */
		(*err)->code = ERROR_TEMP;
		return FALSE;
	}
	ok = work(archive, data, err);
	*again = !ok && is_kept && imap_is_lost(archive->imap);
	if (!ok)
		archive_drop(archive);
	return ok;
}

/* A server ends a connection that was idle for long, and may do so while we
 * ask. All work here can be done twice. */
static gboolean
archive_do(struct archive *archive, archive_work work, gpointer data,
    GError **err)
{
	g_autoptr(GError) error = NULL;
	gboolean again;

	if (archive_attempt(archive, work, data, &again, &error))
		return TRUE;
	if (again) {
		g_clear_error(&error);
		if (archive_attempt(archive, work, data, &again, &error))
			return TRUE;
	}
	g_propagate_error(err, g_steal_pointer(&error));
	return FALSE;
}

/* --- append --------------------------------------------------------- */

/* Octets that need no quoting anywhere in IMAP and cannot end an id. */
static gboolean
is_message_id(const char *id)
{
	gsize len = 0;

	for (; id[len] != '\0'; len++)
		if (!g_ascii_isgraph(id[len]) || len == ID_MAX ||
		    strchr("<>\"\\(){}%*", id[len]) != NULL)
			return FALSE;
	return len > 0;
}

static gboolean
work_append(struct archive *archive, gpointer data, GError **err)
{
	const struct archive_mail *mail = data;
	g_autoptr(GPtrArray) there = NULL;

	if (!mailbox_open(archive->imap, archive->place.mailbox, err))
		return FALSE;
	there = mailbox_by_id(archive->imap, mail->message_id, err);
	if (there == NULL)
		return FALSE;
	if (there->len > 0)
		return TRUE;
	return mailbox_append(archive->imap, archive->place.mailbox, mail, err);
}

gboolean
archive_append(struct archive *archive, const struct archive_mail *mail,
    GError **err)
{
	gsize len;
	const char *text = g_bytes_get_data(mail->content, &len);

	/* RFC 3501 4.3: a literal has no NUL. */
	if (!is_message_id(mail->message_id) || len == 0 ||
	    len > THREAD_OCTETS || memchr(text, '\0', len) != NULL)
		return error_fail(err, ERROR_PERM,
		    "archive: not a mail that a mailbox can hold");
	return archive_do(archive, work_append, (gpointer)mail, err);
}

/* --- mark ----------------------------------------------------------- */

struct mark {
	const char *message_id;
	guint flags;
};

static gboolean
work_mark(struct archive *archive, gpointer data, GError **err)
{
	const struct mark *mark = data;
	g_autoptr(GPtrArray) there = NULL;

	if (!mailbox_select(archive->imap, archive->place.mailbox, err))
		return FALSE;
	there = mailbox_by_id(archive->imap, mark->message_id, err);
	for (guint i = 0; there != NULL && i < there->len; i++) {
		const struct mailbox_mail *found = there->pdata[i];

		if (!mailbox_flag(archive->imap, found->uid, mark->flags,
		    err))
			return FALSE;
	}
	return there != NULL;
}

gboolean
archive_mark(struct archive *archive, const char *message_id, guint flags,
    GError **err)
{
	struct mark mark = {message_id, flags};

	if (!is_message_id(message_id))
		return error_fail(err, ERROR_PERM,
		    "archive: not a Message-ID");
	return archive_do(archive, work_mark, &mark, err);
}

/* --- thread --------------------------------------------------------- */

struct thread {
	const char *root_id;
	GPtrArray *mails; /* own, of GBytes */
	gboolean is_whole;
};

static gint
compare_found(gconstpointer a, gconstpointer b)
{
	const struct mailbox_mail *x = *(const struct mailbox_mail *const *)a;
	const struct mailbox_mail *y = *(const struct mailbox_mail *const *)b;

	if (x->date != y->date)
		return x->date < y->date ? -1 : 1;
	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static void
drop_doubles(GPtrArray *all)
{
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < all->len;) {
		const struct mailbox_mail *found = all->pdata[i];
		char *id = mailbox_mail_id(found);

		if (id == NULL || g_hash_table_add(seen, id))
			i++;
		else
			g_ptr_array_remove_index(all, i);
	}
}

/* The last ones that fit; TRUE if that is all. */
static gboolean
drop_old(GPtrArray *all)
{
	gsize sum = 0;
	guint first = all->len;

	while (first > 0) {
		const struct mailbox_mail *found = all->pdata[first - 1];

		if (found->size > THREAD_OCTETS - sum)
			break;
		sum += found->size;
		first--;
	}
	if (first > 0)
		g_ptr_array_remove_range(all, 0, first);
	return first == 0;
}

static gboolean
work_thread(struct archive *archive, gpointer data, GError **err)
{
	struct thread *thread = data;
	g_autoptr(GPtrArray) all = NULL;

	g_ptr_array_set_size(thread->mails, 0);
	if (mailbox_examine(archive->imap, archive->place.mailbox, err))
		all = mailbox_by_root(archive->imap, thread->root_id,
		    &thread->is_whole, err);
	if (all == NULL)
		return FALSE;
	g_ptr_array_sort(all, compare_found);
	drop_doubles(all);
	if (!drop_old(all))
		thread->is_whole = FALSE;
	for (guint i = 0; i < all->len; i++) {
		GBytes *content = NULL;

		if (!mailbox_read(archive->imap, all->pdata[i], &content, err))
			return FALSE;
		if (content != NULL)
			g_ptr_array_add(thread->mails, content);
	}
	return TRUE;
}

GPtrArray *
archive_thread(struct archive *archive, const char *root_id,
    gboolean *is_whole, GError **err)
{
	struct thread thread = {root_id, NULL, TRUE};

	if (!is_message_id(root_id)) {
		error_fail(err, ERROR_PERM, "archive: not a Message-ID");
		return NULL;
	}
	thread.mails =
	    g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	if (!archive_do(archive, work_thread, &thread, err))
		g_clear_pointer(&thread.mails, g_ptr_array_unref);
	*is_whole = thread.is_whole;
	return thread.mails;
}
