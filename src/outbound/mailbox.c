#include "outbound/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#include "base/banned.h"

#define FOUND_OCTETS 16384 /* what tells of one mail, its References */
#define MAIL_OVERHEAD 4096 /* an answer's own words around a mail */

/* --- what the mailbox is asked -------------------------------------- */

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
mailbox_mail_free(gpointer data)
{
	struct mailbox_mail *found = data;

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
found_take_section(struct mailbox_mail *found,
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
found_take(struct mailbox_mail *found, const struct mailimap_msg_att_item *item)
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

static struct mailbox_mail *
found_new(const struct mailimap_msg_att *att)
{
	struct mailbox_mail *found = g_new0(struct mailbox_mail, 1);

	for (clistiter *i = clist_begin(att->att_list); i != NULL;
	     i = clist_next(i))
		found_take(found, clist_content(i));
	return found;
}

/* Asks for these mails, at most MAILBOX_MAX; what has gone in the meantime is
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
		all = g_ptr_array_new_with_free_func(mailbox_mail_free);
		for (clistiter *i = list != NULL ? clist_begin(list) : NULL;
		     i != NULL; i = clist_next(i))
			g_ptr_array_add(all, found_new(clist_content(i)));
	}
	/* Unlike a search's, a list that comes with a failure is freed
	 * already. */
	if (r == MAILIMAP_NO_ERROR && list != NULL)
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

char *
mailbox_mail_id(const struct mailbox_mail *found)
{
	char *id = found->fields != NULL
	    ? field_value(found->fields, "Message-ID")
	    : NULL;

	return id != NULL ? g_strstrip(id) : NULL;
}

/* Servers may find more than they were asked for, by words instead of the
 * whole: what counts is what stands in the mail. bracketed is "<ID>". */
static gboolean
found_has(const struct mailbox_mail *found, const char *name,
    const char *bracketed)
{
	g_autofree char *value = found->fields != NULL
	    ? field_value(found->fields, name)
	    : NULL;

	return value != NULL && strstr(value, bracketed) != NULL;
}

/* The mails among uids whose fields name the id, the newest MAILBOX_MAX. */
static GPtrArray *
mailbox_tell(struct imap *imap, const GArray *uids, gboolean with_thread,
    const char *bracketed, GError **err)
{
	guint len = MIN(uids->len, MAILBOX_MAX);
	GPtrArray *all;

	if (len == 0)
		return g_ptr_array_new_with_free_func(mailbox_mail_free);
	all = mailbox_fetch(imap,
	    &g_array_index(uids, guint32, uids->len - len), len,
	    (gsize)len * FOUND_OCTETS, FALSE, err);
	for (guint i = all != NULL ? all->len : 0; i-- > 0;) {
		const struct mailbox_mail *found = all->pdata[i];

		if (!found_has(found, "Message-ID", bracketed) &&
		    (!with_thread ||
		    (!found_has(found, "References", bracketed) &&
		    !found_has(found, "In-Reply-To", bracketed))))
			g_ptr_array_remove_index(all, i);
	}
	return all;
}

GPtrArray *
mailbox_by_id(struct imap *imap, const char *message_id, GError **err)
{
	g_autofree char *bracketed = g_strdup_printf("<%s>", message_id);
	g_autoptr(GArray) uids =
	    mailbox_search(imap, key_header("Message-ID", bracketed), err);

	if (uids == NULL)
		return NULL;
	return mailbox_tell(imap, uids, FALSE, bracketed, err);
}

GPtrArray *
mailbox_by_root(struct imap *imap, const char *root_id, gboolean *is_whole,
    GError **err)
{
	g_autofree char *bracketed = g_strdup_printf("<%s>", root_id);
	g_autoptr(GArray) uids =
	    mailbox_search(imap, key_thread(bracketed), err);

	if (uids == NULL)
		return NULL;
	*is_whole = uids->len <= MAILBOX_MAX;
	return mailbox_tell(imap, uids, TRUE, bracketed, err);
}

gboolean
mailbox_read(struct imap *imap, const struct mailbox_mail *mail,
    GBytes **content, GError **err)
{
	g_autoptr(GPtrArray) got = mailbox_fetch(imap, &mail->uid, 1,
	    mail->size + MAIL_OVERHEAD, TRUE, err);

	*content = NULL;
	for (guint i = 0; got != NULL && i < got->len; i++) {
		struct mailbox_mail *one = got->pdata[i];

		if (one->uid != mail->uid || one->content == NULL ||
		    *content != NULL)
			continue;
		*content = g_bytes_new_take(g_steal_pointer(&one->content),
		    one->content_len);
	}
	return got != NULL;
}

/* --- opening and changing ------------------------------------------- */

#define REFUSED "archive: the server refused the mailbox"

gboolean
mailbox_examine(struct imap *imap, const char *name, GError **err)
{
	int r = mailimap_examine(imap_begin(imap, 0), name);

	return imap_check(imap, r, REFUSED, err);
}

gboolean
mailbox_select(struct imap *imap, const char *name, GError **err)
{
	int r = mailimap_select(imap_begin(imap, 0), name);

	return imap_check(imap, r, REFUSED, err);
}

gboolean
mailbox_open(struct imap *imap, const char *name, GError **err)
{
	int r = mailimap_examine(imap_begin(imap, 0), name);

	if (r != MAILIMAP_ERROR_EXAMINE)
		return imap_check(imap, r, REFUSED, err);
	r = mailimap_create(imap_begin(imap, 0), name);
	return imap_check(imap, r,
	    "archive: the server refused to make the mailbox", err) &&
	    mailbox_examine(imap, name, err);
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

gboolean
mailbox_append(struct imap *imap, const char *name,
    const struct archive_mail *mail, GError **err)
{
	g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(mail->date);
	struct mailimap_flag_list *flags;
	struct mailimap_date_time date;
	gsize len;
	const char *text = g_bytes_get_data(mail->content, &len);
	int r;

	if (at == NULL)
		return error_fail(err, ERROR_PERM,
		    "archive: the mail's date is none");
	/* In an open mailbox news of it may come before the go-ahead for the
	 * mail, which the library does not expect. CLOSE removes nothing
	 * after EXAMINE (RFC 3501 6.4.2). */
	r = mailimap_close(imap_begin(imap, 0));
	if (!imap_check(imap, r,
	    "archive: the server refused to close the mailbox", err))
		return FALSE;
	date = (struct mailimap_date_time){
	    .dt_day = g_date_time_get_day_of_month(at),
	    .dt_month = g_date_time_get_month(at),
	    .dt_year = g_date_time_get_year(at),
	    .dt_hour = g_date_time_get_hour(at),
	    .dt_min = g_date_time_get_minute(at),
	    .dt_sec = g_date_time_get_second(at)};
	flags = flags_new(mail->flags);
	r = mailimap_append(imap_begin(imap, 0), name, flags,
	    &date, text, len);
	mailimap_flag_list_free(flags);
	return imap_check(imap, r, "archive: the server refused a mail", err);
}

gboolean
mailbox_flag(struct imap *imap, guint32 uid, guint flags, GError **err)
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
