#include "outbound/archive.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "outbound/imap.h"

#include "base/banned.h"

#define ID_MAX 512	     /* octets of a Message-ID; RFC 5322 2.1.1 */
#define THREAD_MAX 1000	     /* mails */
#define THREAD_OCTETS (64 * 1024 * 1024)
#define FOUND_OCTETS 16384   /* what tells of one mail, its References */
#define MAIL_OVERHEAD 4096   /* an answer's own words around a mail */

struct archive {
	struct archive_options options; /* texts are own */
	struct imap_place place;
	struct wire_trust *trust; /* own */
	struct imap *imap;	  /* own; NULL if not connected */
};

/* One mail in the mailbox, as a FETCH tells of it. */
struct found {
	guint32 uid;
	gint64 date;
	gsize size;
	char *fields;	   /* own: Message-ID, References, In-Reply-To */
	char *content;	   /* own; NULL if not asked for */
	gsize content_len;
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

/* --- what the mailbox is asked -------------------------------------- */

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

static gpointer
must(gpointer made)
{
	if (made == NULL)
		g_error("out of memory");
	return made;
}

/* The library frees such texts with free(). */
static char *
text_for_library(const char *text)
{
	return must(strdup(text));
}

static struct mailimap_search_key *
key_header(const char *name, const char *value)
{
	return must(mailimap_search_key_new_header(text_for_library(name),
	    text_for_library(value)));
}

static struct mailimap_search_key *
key_thread(const char *value)
{
	return must(mailimap_search_key_new_or(
	    key_header("Message-ID", value),
	    must(mailimap_search_key_new_or(key_header("References", value),
	    key_header("In-Reply-To", value)))));
}

static gint
compare_numbers(gconstpointer a, gconstpointer b)
{
	guint32 x = *(const guint32 *)a;
	guint32 y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

/* The UIDs that fit the key, ascending. Frees the key. */
static GArray *
mailbox_search(struct imap *imap, struct mailimap_search_key *key,
    GError **err)
{
	clist *list = NULL;
	GArray *uids;
	int r = mailimap_uid_search(imap_begin(imap, 0), NULL, key, &list);

	mailimap_search_key_free(key);
	if (!imap_check(imap, r, "archive: the server refused a search", err)) {
		if (list != NULL)
			mailimap_search_result_free(list);
		return NULL;
	}
	uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	for (clistiter *i = list != NULL ? clist_begin(list) : NULL; i != NULL;
	     i = clist_next(i))
		g_array_append_vals(uids, clist_content(i), 1);
	if (list != NULL)
		mailimap_search_result_free(list);
	g_array_sort(uids, compare_numbers);
	return uids;
}

static struct mailimap_fetch_att *
att_fields(void)
{
	static const char *const names[] = {"Message-ID", "References",
	    "In-Reply-To"};
	clist *list = must(clist_new());

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (clist_append(list, text_for_library(names[i])) < 0)
			g_error("out of memory");
	return must(mailimap_fetch_att_new_body_peek_section(
	    must(mailimap_section_new_header_fields(
	    must(mailimap_header_list_new(list))))));
}

static struct mailimap_fetch_type *
fetch_type_new(gboolean with_content)
{
	struct mailimap_fetch_type *type =
	    must(mailimap_fetch_type_new_fetch_att_list_empty());
	struct mailimap_fetch_att *atts[] = {
		mailimap_fetch_att_new_uid(),
		mailimap_fetch_att_new_internaldate(),
		mailimap_fetch_att_new_rfc822_size(),
		with_content ? mailimap_fetch_att_new_body_peek_section(
				   must(mailimap_section_new(NULL)))
			     : att_fields(),
	};

	for (gsize i = 0; i < G_N_ELEMENTS(atts); i++)
		if (atts[i] == NULL ||
		    mailimap_fetch_type_new_fetch_att_list_add(type,
		    atts[i]) != MAILIMAP_NO_ERROR)
			g_error("out of memory");
	return type;
}

/* --- what the server tells of a mail -------------------------------- */

static void
found_free(gpointer data)
{
	struct found *found = data;

	g_free(found->fields);
	g_free(found->content);
	g_free(found);
}

static gint64
date_to_unix(const struct mailimap_date_time *d)
{
	g_autoptr(GDateTime) at = g_date_time_new_utc(d->dt_year, d->dt_month,
	    d->dt_day, d->dt_hour, d->dt_min, d->dt_sec);
	gint64 zone_s = (d->dt_zone / 100 * 60 + d->dt_zone % 100) * 60;

	return at != NULL ? g_date_time_to_unix(at) - zone_s : 0;
}

static void
found_take_section(struct found *found,
    const struct mailimap_msg_att_body_section *section)
{
	const struct mailimap_section_spec *spec =
	    section->sec_section != NULL ? section->sec_section->sec_spec
					 : NULL;
	char **text = spec == NULL ? &found->content : &found->fields;

	if (section->sec_body_part == NULL || *text != NULL)
		return;
	if (spec == NULL)
		found->content_len = section->sec_length;
	*text = g_malloc(section->sec_length + 1);
	memcpy(*text, section->sec_body_part, section->sec_length);
	(*text)[section->sec_length] = '\0';
}

static void
found_take(struct found *found, const struct mailimap_msg_att_item *item)
{
	const struct mailimap_msg_att_static *s = item->att_data.att_static;

	if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC || s == NULL)
		return;
	switch (s->att_type) {
	case MAILIMAP_MSG_ATT_UID:
		found->uid = s->att_data.att_uid;
		break;
	case MAILIMAP_MSG_ATT_RFC822_SIZE:
		found->size = s->att_data.att_rfc822_size;
		break;
	case MAILIMAP_MSG_ATT_INTERNALDATE:
		if (s->att_data.att_internal_date != NULL)
			found->date =
			    date_to_unix(s->att_data.att_internal_date);
		break;
	case MAILIMAP_MSG_ATT_BODY_SECTION:
		if (s->att_data.att_body_section != NULL)
			found_take_section(found, s->att_data.att_body_section);
		break;
	default:
		break;
	}
}

static struct found *
found_new(const struct mailimap_msg_att *att)
{
	struct found *found = g_new0(struct found, 1);

	for (clistiter *i = clist_begin(att->att_list); i != NULL;
	     i = clist_next(i))
		found_take(found, clist_content(i));
	return found;
}

/* Asks for these mails, at most THREAD_MAX; what has gone in the meantime is
 * missing in the result. */
static GPtrArray *
mailbox_fetch(struct imap *imap, const guint32 *uids, guint len,
    gsize octets, gboolean with_content, GError **err)
{
	struct mailimap_set *set = must(mailimap_set_new_empty());
	struct mailimap_fetch_type *type = fetch_type_new(with_content);
	clist *list = NULL;
	GPtrArray *all = NULL;
	int r;

	for (guint i = 0; i < len; i++)
		if (mailimap_set_add_single(set, uids[i]) != MAILIMAP_NO_ERROR)
			g_error("out of memory");
	r = mailimap_uid_fetch(imap_begin(imap, octets), set, type, &list);
	mailimap_fetch_type_free(type);
	mailimap_set_free(set);
	if (imap_check(imap, r, "archive: the server refused to show a mail",
	    err)) {
		all = g_ptr_array_new_with_free_func(found_free);
		for (clistiter *i = list != NULL ? clist_begin(list) : NULL;
		     i != NULL; i = clist_next(i))
			g_ptr_array_add(all, found_new(clist_content(i)));
	}
	if (list != NULL)
		mailimap_fetch_list_free(list);
	return all;
}

/* --- Message-IDs ---------------------------------------------------- */

/* The value of a field in a block of fields, up to the end of its line and of
 * those that continue it. NULL if there is none; caller frees. */
static char *
field_value(const char *fields, const char *name)
{
	gsize name_len = strlen(name);
	const char *line = fields;
	const char *end;

	while (g_ascii_strncasecmp(line, name, name_len) != 0 ||
	    line[name_len] != ':') {
		line = strchr(line, '\n');
		if (line == NULL)
			return NULL;
		line++;
	}
	line += name_len + 1;
	end = line;
	do
		end = strchrnul(end + (end != line), '\n');
	while (*end != '\0' && (end[1] == ' ' || end[1] == '\t'));
	return g_strndup(line, (gsize)(end - line));
}

/* Servers may find more than they were asked for, by words instead of the
 * whole: what counts is what stands in the mail. bracketed is "<ID>". */
static gboolean
found_has(const struct found *found, const char *name, const char *bracketed)
{
	g_autofree char *value = found->fields != NULL
	    ? field_value(found->fields, name)
	    : NULL;

	return value != NULL && strstr(value, bracketed) != NULL;
}

/* The mails among uids whose fields name the id, the newest THREAD_MAX. */
static GPtrArray *
mailbox_tell(struct imap *imap, const GArray *uids, gboolean with_thread,
    const char *bracketed, GError **err)
{
	guint len = MIN(uids->len, THREAD_MAX);
	GPtrArray *all;

	if (len == 0)
		return g_ptr_array_new_with_free_func(found_free);
	all = mailbox_fetch(imap,
	    &g_array_index(uids, guint32, uids->len - len), len,
	    (gsize)len * FOUND_OCTETS, FALSE, err);
	for (guint i = all != NULL ? all->len : 0; i-- > 0;) {
		const struct found *found = all->pdata[i];

		if (!found_has(found, "Message-ID", bracketed) &&
		    (!with_thread ||
		    (!found_has(found, "References", bracketed) &&
		    !found_has(found, "In-Reply-To", bracketed))))
			g_ptr_array_remove_index(all, i);
	}
	return all;
}

/* The mails with this Message-ID. NULL: fault. */
static GPtrArray *
mailbox_by_id(struct imap *imap, const char *message_id, GError **err)
{
	g_autofree char *bracketed = g_strdup_printf("<%s>", message_id);
	g_autoptr(GArray) uids =
	    mailbox_search(imap, key_header("Message-ID", bracketed), err);

	if (uids == NULL)
		return NULL;
	return mailbox_tell(imap, uids, FALSE, bracketed, err);
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
	if (archive->imap == NULL)
		return FALSE;
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

/* Opens the mailbox to look what is in it now; makes it if it is not there.
 * EXAMINE changes no flag, not even \Recent. */
static gboolean
mailbox_open(struct archive *archive, GError **err)
{
	struct imap *imap = archive->imap;
	const char *name = archive->place.mailbox;
	int r = mailimap_examine(imap_begin(imap, 0), name);

	if (r == MAILIMAP_ERROR_EXAMINE) {
		r = mailimap_create(imap_begin(imap, 0), name);
		if (!imap_check(imap, r,
		    "archive: the server refused to make the mailbox", err))
			return FALSE;
		r = mailimap_examine(imap_begin(imap, 0), name);
	}
	return imap_check(imap, r, "archive: the server refused the mailbox",
	    err);
}

static struct mailimap_flag_list *
flags_new(guint flags)
{
	struct mailimap_flag_list *list = must(mailimap_flag_list_new_empty());
	static const struct {
		enum archive_flag flag;
		struct mailimap_flag *(*make)(void);
	} table[] = {
		{ARCHIVE_SEEN, mailimap_flag_new_seen},
		{ARCHIVE_ANSWERED, mailimap_flag_new_answered},
		{ARCHIVE_FLAGGED, mailimap_flag_new_flagged},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if ((flags & table[i].flag) != 0 &&
		    mailimap_flag_list_add(list, must(table[i].make())) !=
		    MAILIMAP_NO_ERROR)
			g_error("out of memory");
	return list;
}

static gboolean
mailbox_append(struct archive *archive, const struct archive_mail *mail,
    GError **err)
{
	g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(mail->date);
	struct imap *imap = archive->imap;
	struct mailimap_flag_list *flags;
	struct mailimap_date_time date;
	gsize len;
	const char *text = g_bytes_get_data(mail->content, &len);
	int r;

	if (at == NULL)
		return error_fail(err, ERROR_PERM,
		    "archive: the mail's date is none");
	date = (struct mailimap_date_time){
	    .dt_day = g_date_time_get_day_of_month(at),
	    .dt_month = g_date_time_get_month(at),
	    .dt_year = g_date_time_get_year(at),
	    .dt_hour = g_date_time_get_hour(at),
	    .dt_min = g_date_time_get_minute(at),
	    .dt_sec = g_date_time_get_second(at)};
	flags = flags_new(mail->flags);
	r = mailimap_append(imap_begin(imap, 0), archive->place.mailbox, flags,
	    &date, text, len);
	mailimap_flag_list_free(flags);
	return imap_check(imap, r, "archive: the server refused a mail", err);
}

static gboolean
work_append(struct archive *archive, gpointer data, GError **err)
{
	const struct archive_mail *mail = data;
	g_autoptr(GPtrArray) there = NULL;
	int r;

	if (!mailbox_open(archive, err))
		return FALSE;
	there = mailbox_by_id(archive->imap, mail->message_id, err);
	if (there == NULL)
		return FALSE;
	if (there->len > 0)
		return TRUE;
	/* In an open mailbox news of it may come before the go-ahead for the
	 * mail, which the library does not expect. CLOSE removes nothing
	 * after EXAMINE (RFC 3501 6.4.2). */
	r = mailimap_close(imap_begin(archive->imap, 0));
	return imap_check(archive->imap, r,
	    "archive: the server refused to close the mailbox", err) &&
	    mailbox_append(archive, mail, err);
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
mailbox_store(struct imap *imap, guint32 uid, guint flags, GError **err)
{
	struct mailimap_set *set = must(mailimap_set_new_single(uid));
	struct mailimap_store_att_flags *store =
	    must(mailimap_store_att_flags_new_add_flags_silent(
	    flags_new(flags)));
	int r = mailimap_uid_store(imap_begin(imap, 0), set, store);

	mailimap_store_att_flags_free(store);
	mailimap_set_free(set);
	return imap_check(imap, r, "archive: the server refused a flag", err);
}

static gboolean
work_mark(struct archive *archive, gpointer data, GError **err)
{
	const struct mark *mark = data;
	g_autoptr(GPtrArray) there = NULL;
	int r = mailimap_select(imap_begin(archive->imap, 0),
	    archive->place.mailbox);

	if (!imap_check(archive->imap, r,
	    "archive: the server refused the mailbox", err))
		return FALSE;
	there = mailbox_by_id(archive->imap, mark->message_id, err);
	for (guint i = 0; there != NULL && i < there->len; i++) {
		const struct found *found = there->pdata[i];

		if (!mailbox_store(archive->imap, found->uid, mark->flags, err))
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
	const struct found *x = *(const struct found *const *)a;
	const struct found *y = *(const struct found *const *)b;

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
		const struct found *found = all->pdata[i];
		char *id = field_value(found->fields, "Message-ID");

		if (id == NULL || g_hash_table_add(seen, g_strstrip(id)))
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
		const struct found *found = all->pdata[first - 1];

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
thread_read(struct imap *imap, const struct found *found,
    struct thread *thread, GError **err)
{
	g_autoptr(GPtrArray) got = mailbox_fetch(imap, &found->uid, 1,
	    found->size + MAIL_OVERHEAD, TRUE, err);

	if (got == NULL)
		return FALSE;
	for (guint i = 0; i < got->len; i++) {
		struct found *one = got->pdata[i];

		if (one->uid != found->uid || one->content == NULL)
			continue;
		g_ptr_array_add(thread->mails,
		    g_bytes_new_take(g_steal_pointer(&one->content),
		    one->content_len));
		return TRUE;
	}
	return TRUE; /* somebody has removed it just now */
}

static gboolean
work_thread(struct archive *archive, gpointer data, GError **err)
{
	struct thread *thread = data;
	g_autofree char *bracketed = g_strdup_printf("<%s>", thread->root_id);
	g_autoptr(GArray) uids = NULL;
	g_autoptr(GPtrArray) all = NULL;
	int r = mailimap_examine(imap_begin(archive->imap, 0),
	    archive->place.mailbox);

	g_ptr_array_set_size(thread->mails, 0);
	if (!imap_check(archive->imap, r,
	    "archive: the server refused the mailbox", err))
		return FALSE;
	uids = mailbox_search(archive->imap, key_thread(bracketed), err);
	if (uids != NULL)
		all = mailbox_tell(archive->imap, uids, TRUE, bracketed, err);
	if (all == NULL)
		return FALSE;
	g_ptr_array_sort(all, compare_found);
	drop_doubles(all);
	thread->is_whole = uids->len <= THREAD_MAX;
	if (!drop_old(all))
		thread->is_whole = FALSE;
	for (guint i = 0; i < all->len; i++)
		if (!thread_read(archive->imap, all->pdata[i], thread, err))
			return FALSE;
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
