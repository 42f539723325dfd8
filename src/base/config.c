#include "base/config.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/addr.h"
#include "base/config_rows.h"
#include "base/error.h"

#include "base/banned.h"

#define QUEUE_PREFIX "queue "
#define FAQ_PREFIX "faq."
#define FILE_MAX (1024 * 1024)
#define DAY 86400

/* Those that stand once; [queue NAME] may stand often. */
static const char *const single_groups[] = {"nymdesk", "lmtp", "post",
    "image", "limits", "vault"};

static gboolean
fail_key(GError **err, const char *group, const struct config_row *row,
    const char *what)
{
	g_set_error(err, ND_ERROR, ERROR_PERM, "[%s] %s: %s. %s", group,
	    row->key, what, row->help);
	return FALSE;
}

/* --- values --------------------------------------------------------- */

static gboolean
time_parse(const char *text, gint64 *out)
{
	static const struct {
		char unit;
		gint64 s;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY}};
	char *end;
	gint64 n = g_ascii_strtoll(text, &end, 10);

	if (end == text || n < 0 || n > G_MAXINT32 || *end == '\0' ||
	    end[1] != '\0')
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
		if (units[i].unit == *end) {
			*out = n * units[i].s;
			return TRUE;
		}
	return FALSE;
}

static gboolean
number_in_range(const char *text, const struct config_row *row, gint64 *out)
{
	return g_ascii_string_to_signed(text, 10, row->min, row->max, out,
	    NULL);
}

static gboolean
choice_is_known(const char *text, const struct config_row *row)
{
	g_autofree char *list =
	    g_strndup(row->help, (gsize)(strchr(row->help, ':') - row->help));
	g_auto(GStrv) choices = g_strsplit(list, "|", -1);

	return g_strv_contains((const char *const *)choices, text);
}

static char **
list_parse(const char *text)
{
	g_auto(GStrv) raw = g_strsplit(text, ";", -1);
	g_autoptr(GStrvBuilder) out = g_strv_builder_new();

	for (char **p = raw; *p != NULL; p++)
		if (*g_strstrip(*p) != '\0')
			g_strv_builder_add(out, *p);
	return g_strv_builder_end(out);
}

static gboolean
list_set(const char *group, const struct config_row *row, const char *text,
    char ***out, GError **err)
{
	guint len;

	*out = list_parse(text);
	len = g_strv_length(*out);
	if (len < row->min || len > row->max)
		return fail_key(err, group, row, "wrong number of addresses");
	for (char **p = *out; *p != NULL; p++) {
		g_autoptr(addr_auto) addr = addr_parse(*p, -1, NULL);

		if (addr == NULL)
			return fail_key(err, group, row,
			    "holds something that is no address");
	}
	return TRUE;
}

static gboolean
value_set(const char *group, const struct config_row *row, const char *text,
    gpointer at, GError **err)
{
	switch (row->type) {
	case VALUE_CHOICE:
		if (!choice_is_known(text, row))
			return fail_key(err, group, row, "unknown choice");
		*(char **)at = g_strdup(text);
		return TRUE;
	case VALUE_TEXT:
		*(char **)at = g_strdup(text);
		return TRUE;
	case VALUE_NUMBER:
		if (!number_in_range(text, row, at))
			return fail_key(err, group, row,
			    "not a number in range");
		return TRUE;
	case VALUE_TIME:
		if (!time_parse(text, at) || *(gint64 *)at < row->min ||
		    *(gint64 *)at > row->max)
			return fail_key(err, group, row,
			    "not a time in range such as 30s, 5m, 1h or 7d");
		return TRUE;
	case VALUE_BOOL:
		*(gboolean *)at = strcmp(text, "true") == 0;
		if (!*(gboolean *)at && strcmp(text, "false") != 0)
			return fail_key(err, group, row,
			    "neither true nor false");
		return TRUE;
	case VALUE_LIST:
		return list_set(group, row, text, at, err);
	}
	g_assert_not_reached();
}

/* --- groups --------------------------------------------------------- */

/* A bare [queue] is no group of ours: each has a name. */
static const char *
group_kind(const char *group)
{
	if (strcmp(group, "queue") == 0)
		return "";
	return g_str_has_prefix(group, QUEUE_PREFIX) ? "queue" : group;
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
			return fail_key(err, group, row, "is missing");
		if (text == NULL)
			text = g_strdup(row->preset);
		if (!value_set(group, row, g_strstrip(text),
			(guint8 *)base + row->offset, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean
key_is_known(const char *group, const char *key)
{
	if (strcmp(group_kind(group), "queue") == 0 &&
	    g_str_has_prefix(key, FAQ_PREFIX))
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

	g_free(queue->name);
	g_free(queue->address);
	g_free(queue->local);
	g_free(queue->domain);
	g_free(queue->role);
	g_strfreev(queue->agents);
	g_strfreev(queue->members);
	g_free(queue->language);
	g_free(queue->attachments);
	g_free(queue->faq);
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

static gboolean
queue_name_is_plain(const char *name)
{
	gsize len = strlen(name);

	return len > 0 && len <= 32 &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static gboolean
queue_finish(struct config_queue *queue, GError **err)
{
	g_autoptr(addr_auto) addr = addr_parse(queue->address, -1, NULL);
	g_autofree char *ascii = NULL;

	if (addr == NULL || !g_str_is_ascii(addr->local) ||
	    !queue_name_is_plain(queue->name)) {
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
	if (queue->members != NULL && queue->members[0] == NULL) {
		g_strfreev(queue->members);
		queue->members = g_strdupv(queue->agents);
	}
	return TRUE;
}

static gboolean
queues_fill(GKeyFile *file, struct config *config, gboolean partial,
    GError **err)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (char **g = groups; *g != NULL; g++) {
		struct config_queue *queue;

		if (strcmp(group_kind(*g), "queue") != 0)
			continue;
		queue = g_new0(struct config_queue, 1);
		queue->faqs = g_hash_table_new_full(g_str_hash, g_str_equal,
		    g_free, g_free);
		queue->name = g_strdup(*g + strlen(QUEUE_PREFIX));
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

static struct config *
config_from_file(GKeyFile *file, gboolean partial, GError **err)
{
	g_autoptr(config_auto) config = g_new0(struct config, 1);

	config->queues = g_ptr_array_new_with_free_func(queue_free);
	for (gsize i = 0; i < G_N_ELEMENTS(single_groups); i++)
		if (!group_fill(file, single_groups[i], config, partial, err))
			return NULL;
	if (!queues_fill(file, config, partial, err))
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
	for (gsize i = 0; i < config_rows_len; i++)
		if (strcmp(config_rows[i].group, "queue") != 0 &&
		    (config_rows[i].type == VALUE_TEXT ||
			config_rows[i].type == VALUE_CHOICE))
			g_free(*(char **)(gpointer)((guint8 *)config +
			    config_rows[i].offset));
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
		if (strcmp(group_kind(*g), "queue") == 0) {
			group_copy(from, to, *g, role);
			if (role == ROLE_POST)
				faqs_copy(from, to, *g);
		}
	return g_key_file_to_data(to, NULL, NULL);
}

/* --- queues --------------------------------------------------------- */

const struct config_queue *
config_queue_by_name(const struct config *config, const char *name)
{
	for (guint i = 0; i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);

		if (strcmp(queue->name, name) == 0)
			return queue;
	}
	return NULL;
}

/* --- the sample ----------------------------------------------------- */

void
config_print_sample(GString *out)
{
	const char *group = "";

	for (gsize i = 0; i < config_rows_len; i++) {
		const struct config_row *row = &config_rows[i];

		if (strcmp(group, row->group) != 0) {
			group = row->group;
			g_string_append_printf(out,
			    strcmp(group, "queue") == 0 ? "\n[%s support]\n"
							: "\n[%s]\n",
			    group);
		}
		g_string_append_printf(out, "# %s\n%s%s=%s\n", row->help,
		    row->preset == NULL ? "" : "#", row->key,
		    row->preset == NULL ? "" : row->preset);
	}
}
