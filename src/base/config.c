#include "base/config.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/addr.h"
#include "base/config_rows.h"
#include "base/error.h"

#include "base/banned.h"

#define FAQ_PREFIX "faq."
#define FILE_MAX (1024 * 1024)

/* Those that stand often: [queue NAME]. */
static const char *const named_groups[] = {"queue", "category"};

/* Those that stand once. */
static const char *const single_groups[] = {"nymdesk", "lmtp", "milter",
    "smtp", "socketmap", "post", "image", "limits", "vault"};

/* --- groups --------------------------------------------------------- */

/* A bare [queue] is no group of ours: each has a name. */
static const char *
group_kind(const char *group)
{
	for (gsize i = 0; i < G_N_ELEMENTS(named_groups); i++) {
		gsize len = strlen(named_groups[i]);

		if (strncmp(group, named_groups[i], len) != 0)
			continue;
		if (group[len] == '\0')
			return "";
		if (group[len] == ' ')
			return named_groups[i];
	}
	return group;
}

static gboolean
group_is_queue(const char *group)
{
	return strcmp(group_kind(group), "queue") == 0;
}

static gboolean
group_is_category(const char *group)
{
	return strcmp(group_kind(group), "category") == 0;
}

/* Frees what group_fill() made. */
static void
group_clear(const char *kind, gpointer base)
{
	for (gsize i = 0; i < config_rows_len; i++)
		if (strcmp(config_rows[i].group, kind) == 0)
			config_value_clear(&config_rows[i],
			    (guint8 *)base + config_rows[i].offset);
}

static gboolean
group_is_known(const char *group)
{
	for (gsize i = 0; i < config_rows_len; i++)
		if (strcmp(config_rows[i].group, group_kind(group)) == 0)
			return TRUE;
	return FALSE;
}

/* partial: the view of one role, where other roles' keys are missing. */
static gboolean
group_fill(GKeyFile *file, const char *group, gpointer base, gboolean partial,
    GError **err)
{
	for (gsize i = 0; i < config_rows_len; i++) {
		const struct config_row *row = &config_rows[i];
		g_autofree char *text = NULL;

		if (strcmp(row->group, group_kind(group)) != 0)
			continue;
		text = g_key_file_get_string(file, group, row->key, NULL);
		if (text == NULL && partial)
			continue;
		if (text == NULL && row->preset == NULL)
			return config_fail_key(err, group, row, "is missing");
		if (text == NULL)
			text = g_strdup(row->preset);
		if (!config_value_set(group, row, g_strstrip(text),
			(guint8 *)base + row->offset, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean
key_is_known(const char *group, const char *key)
{
	if (group_is_queue(group) && g_str_has_prefix(key, FAQ_PREFIX))
		return TRUE;
	for (gsize i = 0; i < config_rows_len; i++)
		if (strcmp(config_rows[i].group, group_kind(group)) == 0 &&
		    strcmp(config_rows[i].key, key) == 0)
			return TRUE;
	return FALSE;
}

static gboolean
keys_check(GKeyFile *file, GError **err)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (char **g = groups; *g != NULL; g++) {
		g_auto(GStrv) keys = g_key_file_get_keys(file, *g, NULL, err);

		if (keys == NULL)
			return FALSE;
		if (!group_is_known(*g)) {
			g_set_error(err, ND_ERROR, ERROR_PERM,
			    "[%s]: unknown group; see nymdesk.conf(5)", *g);
			return FALSE;
		}
		for (char **k = keys; *k != NULL; k++)
			if (!key_is_known(*g, *k)) {
				g_set_error(err, ND_ERROR, ERROR_PERM,
				    "[%s] %s: unknown key; see "
				    "nymdesk.conf(5)",
				    *g, *k);
				return FALSE;
			}
	}
	return TRUE;
}

static void
queue_free(gpointer data)
{
	struct config_queue *queue = data;

	group_clear("queue", queue);
	g_free(queue->name);
	g_free(queue->local);
	g_free(queue->domain);
	g_hash_table_unref(queue->faqs);
	g_free(queue);
}

static void
queue_fill_faqs(GKeyFile *file, const char *group, struct config_queue *queue)
{
	g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

	for (char **k = keys; *k != NULL; k++)
		if (g_str_has_prefix(*k, FAQ_PREFIX))
			g_hash_table_insert(queue->faqs,
			    g_strdup(*k + strlen(FAQ_PREFIX)),
			    g_key_file_get_string(file, group, *k, NULL));
}

static void
category_free(gpointer data)
{
	struct config_category *category = data;

	group_clear("category", category);
	g_free(category->name);
	g_free(category);
}

static gboolean
name_is_plain(const char *name)
{
	gsize len = strlen(name);

	return len > 0 && len <= 32 &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* Whoever gets a ticket may answer it, unless members says who may. */
static void
queue_fill_members(struct config_queue *queue)
{
	char **const lists[] = {queue->agents, queue->senior, queue->head};
	g_autoptr(GStrvBuilder) all = g_strv_builder_new();

	for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
		if (lists[i] != NULL)
			g_strv_builder_addv(all, (const char **)lists[i]);
	g_strfreev(queue->members);
	queue->members = g_strv_builder_end(all);
}

/* "": there is none. NULL: this role is not told. */
static gboolean
queue_finish_control(struct config_queue *queue, GError **err)
{
	g_autoptr(addr_auto) addr = NULL;

	if (queue->control == NULL || queue->control[0] == '\0')
		return TRUE;
	addr = addr_parse(queue->control, -1, NULL);
	if (addr == NULL || !g_str_is_ascii(addr->local)) {
		g_set_error(err, ND_ERROR, ERROR_PERM,
		    "[queue %s] control: not a plain mail address",
		    queue->name);
		return FALSE;
	}
	g_free(queue->control);
	queue->control = addr_to_normal(addr);
	return TRUE;
}

/* A password would be seen by whoever may read the configuration. */
static gboolean
archive_is_plain(const char *url)
{
	g_autofree char *scheme = NULL;
	g_autofree char *user = NULL;
	g_autofree char *password = NULL;
	g_autofree char *host = NULL;
	g_autofree char *path = NULL;
	g_autofree char *query = NULL;
	g_autofree char *fragment = NULL;

	if (!g_uri_split_with_user(url, G_URI_FLAGS_HAS_PASSWORD, &scheme,
		&user, &password, NULL, &host, NULL, &path, &query, &fragment,
		NULL))
		return FALSE;
	return (g_strcmp0(scheme, "imap") == 0 ||
		   g_strcmp0(scheme, "imaps") == 0) &&
	    user != NULL && user[0] != '\0' && password == NULL &&
	    host != NULL && host[0] != '\0' && strlen(path) > 1 &&
	    query == NULL && fragment == NULL;
}

static gboolean
queue_finish_archive(const struct config_queue *queue, GError **err)
{
	if (queue->archive == NULL || queue->archive[0] == '\0' ||
	    archive_is_plain(queue->archive))
		return TRUE;
	g_set_error(err, ND_ERROR, ERROR_PERM,
	    "[queue %s] archive: not of the form "
	    "imaps://USER@HOST[:PORT]/MAILBOX; a password belongs into "
	    "archive_password_file",
	    queue->name);
	return FALSE;
}

static gboolean
queue_finish(struct config_queue *queue, GError **err)
{
	g_autoptr(addr_auto) addr = addr_parse(queue->address, -1, NULL);
	g_autofree char *ascii = NULL;

	if (addr == NULL || !g_str_is_ascii(addr->local) ||
	    !name_is_plain(queue->name)) {
		g_set_error(err, ND_ERROR, ERROR_PERM,
		    "[queue %s]: the name must be of a-z, 0-9 and -, and "
		    "address a plain mail address",
		    queue->name);
		return FALSE;
	}
	if (strlen(addr->local) > CONFIG_LOCAL_MAX) {
		g_set_error(err, ND_ERROR, ERROR_PERM,
		    "[queue %s]: address has more than %d octets before the "
		    "@, so the addresses of its tickets would be too long",
		    queue->name, CONFIG_LOCAL_MAX);
		return FALSE;
	}
	queue->local = g_ascii_strdown(addr->local, -1);
	ascii = g_hostname_to_ascii(addr->domain);
	queue->domain = g_ascii_strdown(ascii, -1);
	if (queue->members != NULL && queue->members[0] == NULL)
		queue_fill_members(queue);
	return queue_finish_control(queue, err) &&
	    queue_finish_archive(queue, err);
}

static gboolean
queues_fill(GKeyFile *file, struct config *config, gboolean partial,
    GError **err)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (char **g = groups; *g != NULL; g++) {
		struct config_queue *queue;

		if (!group_is_queue(*g))
			continue;
		queue = g_new0(struct config_queue, 1);
		queue->faqs = g_hash_table_new_full(g_str_hash, g_str_equal,
		    g_free, g_free);
		queue->name = g_strdup(*g + strlen("queue "));
		g_ptr_array_add(config->queues, queue);
		if (!group_fill(file, *g, queue, partial, err) ||
		    !queue_finish(queue, err))
			return FALSE;
		queue_fill_faqs(file, *g, queue);
	}
	if (config->queues->len == 0)
		return error_fail(err, ERROR_PERM,
		    "no [queue NAME] group: at least one is needed");
	return TRUE;
}

/* A mail to it must not be one to a queue, nor to two queues' controls. */
static gboolean
controls_check(const struct config *config, GError **err)
{
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);

		g_hash_table_add(seen, g_strconcat(queue->local, "@",
					   queue->domain, NULL));
	}
	for (guint i = 0; i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);

		if (queue->control == NULL || queue->control[0] == '\0' ||
		    g_hash_table_add(seen, g_strdup(queue->control)))
			continue;
		g_set_error(err, ND_ERROR, ERROR_PERM,
		    "[queue %s] control: is an address of another kind too",
		    queue->name);
		return FALSE;
	}
	return TRUE;
}

static gboolean
category_finish(const struct config *config,
    const struct config_category *category, GError **err)
{
	if (!name_is_plain(category->name)) {
		g_set_error(err, ND_ERROR, ERROR_PERM,
		    "[category %s]: the name must be of a-z, 0-9 and -",
		    category->name);
		return FALSE;
	}
	if (category->queue == NULL || category->queue[0] == '\0' ||
	    config_queue_by_name(config, category->queue) != NULL)
		return TRUE;
	g_set_error(err, ND_ERROR, ERROR_PERM,
	    "[category %s] queue: there is no such [queue NAME] group",
	    category->name);
	return FALSE;
}

static gboolean
categories_fill(GKeyFile *file, struct config *config, gboolean partial,
    GError **err)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (char **g = groups; *g != NULL; g++) {
		struct config_category *category;

		if (!group_is_category(*g))
			continue;
		category = g_new0(struct config_category, 1);
		category->name = g_strdup(*g + strlen("category "));
		g_ptr_array_add(config->categories, category);
		if (!group_fill(file, *g, category, partial, err) ||
		    !category_finish(config, category, err))
			return FALSE;
	}
	return TRUE;
}

static struct config *
config_from_file(GKeyFile *file, gboolean partial, GError **err)
{
	g_autoptr(config_auto) config = g_new0(struct config, 1);

	config->queues = g_ptr_array_new_with_free_func(queue_free);
	config->categories = g_ptr_array_new_with_free_func(category_free);
	for (gsize i = 0; i < G_N_ELEMENTS(single_groups); i++)
		if (!group_fill(file, single_groups[i], config, partial, err))
			return NULL;
	if (!queues_fill(file, config, partial, err) ||
	    !controls_check(config, err) ||
	    !categories_fill(file, config, partial, err))
		return NULL;
	return g_steal_pointer(&config);
}

static GKeyFile *
key_file_load(const char *path, GError **err)
{
	g_autoptr(GKeyFile) file = g_key_file_new();

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, err)) {
		g_prefix_error(err, "%s: ", path);
		return NULL;
	}
	if (!keys_check(file, err)) {
		g_prefix_error(err, "%s: ", path);
		return NULL;
	}
	return g_steal_pointer(&file);
}

struct config *
config_load_file(const char *path, GError **err)
{
	g_autoptr(GKeyFile) file = key_file_load(path, err);
	struct config *config;

	if (file == NULL)
		return NULL;
	config = config_from_file(file, FALSE, err);
	if (config == NULL)
		g_prefix_error(err, "%s: ", path);
	return config;
}

struct config *
config_load_fd(int fd, GError **err)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	struct stat st;
	void *at;
	gboolean ok;

	if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > FILE_MAX) {
		error_fail(err, ERROR_PERM, "no configuration was passed");
		return NULL;
	}
	at = mmap(NULL, (gsize)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED) {
		error_fail_errno(err, ERROR_PERM,
		    "cannot read the configuration");
		return NULL;
	}
	ok = g_key_file_load_from_data(file, at, (gsize)st.st_size,
	    G_KEY_FILE_NONE, err);
	munmap(at, (gsize)st.st_size);
	return ok ? config_from_file(file, TRUE, err) : NULL;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(single_groups); i++)
		group_clear(single_groups[i], config);
	g_ptr_array_unref(config->categories);
	g_ptr_array_unref(config->queues);
	g_free(config);
}

/* --- the view of one role ------------------------------------------- */

static void
group_copy(GKeyFile *from, GKeyFile *to, const char *group, enum role role)
{
	for (gsize i = 0; i < config_rows_len; i++) {
		const struct config_row *row = &config_rows[i];
		g_autofree char *text = NULL;

		if (strcmp(row->group, group_kind(group)) != 0 ||
		    (row->roles & TO(role)) == 0)
			continue;
		text = g_key_file_get_string(from, group, row->key, NULL);
		g_key_file_set_string(to, group, row->key,
		    text != NULL ? text : row->preset);
	}
}

static void
faqs_copy(GKeyFile *from, GKeyFile *to, const char *group)
{
	g_auto(GStrv) keys = g_key_file_get_keys(from, group, NULL, NULL);

	for (char **k = keys; k != NULL && *k != NULL; k++)
		if (g_str_has_prefix(*k, FAQ_PREFIX)) {
			g_autofree char *text =
			    g_key_file_get_string(from, group, *k, NULL);

			g_key_file_set_string(to, group, *k, text);
		}
}

char *
config_for_role(const char *path, enum role role, GError **err)
{
	g_autoptr(GKeyFile) from = key_file_load(path, err);
	g_autoptr(GKeyFile) to = g_key_file_new();
	g_auto(GStrv) all = NULL;

	if (from == NULL)
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(single_groups); i++)
		group_copy(from, to, single_groups[i], role);
	all = g_key_file_get_groups(from, NULL);
	for (char **g = all; *g != NULL; g++)
		if (group_is_queue(*g) || group_is_category(*g)) {
			group_copy(from, to, *g, role);
			if (group_is_queue(*g) && role == ROLE_POST)
				faqs_copy(from, to, *g);
		}
	return g_key_file_to_data(to, NULL, NULL);
}

/* --- the sample ----------------------------------------------------- */

static void
group_print(GString *out, const char *group)
{
	const char *name = strcmp(group, "queue") == 0 ? " support"
	    : strcmp(group, "category") == 0	       ? " withdrawal"
						       : "";

	g_string_append_printf(out, "\n[%s%s]\n", group, name);
}

void
config_print_sample(GString *out)
{
	const char *group = "";

	for (gsize i = 0; i < config_rows_len; i++) {
		const struct config_row *row = &config_rows[i];

		if (strcmp(group, row->group) != 0) {
			group = row->group;
			group_print(out, group);
		}
		g_string_append_printf(out, "# %s\n%s%s=%s\n", row->help,
		    row->preset == NULL ? "" : "#", row->key,
		    row->preset == NULL ? "" : row->preset);
	}
}
