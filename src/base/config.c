#include "base/config.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/addr.h"
#include "base/error.h"

#include "base/banned.h"

#define QUEUE_PREFIX "queue "
#define FAQ_PREFIX "faq."
#define FILE_MAX (1024 * 1024)
#define DAY 86400

enum value_type {
	VALUE_TEXT,
	VALUE_NUMBER,
	VALUE_TIME, /* "30s", "5m", "1h", "7d"; s */
	VALUE_BOOL,
	VALUE_LIST,
	VALUE_CHOICE, /* help starts with the choices: "none|may: ..." */
};

#define TO(r) (1u << (r))
#define TO_ALL 0xffffffffu
#define TO_INTAKE TO(ROLE_LMTP)
#define TO_POST TO(ROLE_POST)
#define TO_DESK TO(ROLE_DESK)
#define TO_VAULT TO(ROLE_VAULT)
#define TO_IMAGE TO(ROLE_IMAGE)

struct row {
	const char *group; /* "queue" stands for every [queue NAME] */
	const char *key;
	enum value_type type;
	gsize offset; /* in struct config, or config_queue */
	const char *preset; /* NULL: must be given */
	gint64 min;
	gint64 max;
	guint roles; /* which processes are told */
	const char *help;
};

#define C(m) G_STRUCT_OFFSET(struct config, m)
#define Q(m) G_STRUCT_OFFSET(struct config_queue, m)

/* The one list of keys: parser, sample file and per-role view come from it. */
static const struct row rows[] = {
    {"nymdesk", "run_dir", VALUE_TEXT, C(run_dir), ND_RUNDIR, 0, 0, TO_ALL,
	"Directory of the sockets between roles."},
    {"nymdesk", "state_dir", VALUE_TEXT, C(state_dir), ND_STATEDIR, 0, 0,
	TO_DESK, "Directory of the desk's database."},
    {"nymdesk", "key_dir", VALUE_TEXT, C(key_dir), ND_STATEDIR "-vault", 0, 0,
	TO_VAULT,
	"Directory of the epoch keys. Never back it up beside state_dir."},
    {"nymdesk", "filters", VALUE_TEXT, C(filter_dir), ND_DATADIR "/filters", 0,
	0, TO_INTAKE, "Directory of the rule files, nymdesk-rules(5)."},
    {"nymdesk", "templates", VALUE_TEXT, C(template_dir),
	ND_DATADIR "/templates", 0, 0, TO_INTAKE | TO_POST,
	"Directory of the notices, nymdesk-templates(5)."},
    {"nymdesk", "authserv_id", VALUE_TEXT, C(authserv_id), "", 0, 0,
	TO_INTAKE,
	"Our name in Authentication-Results headers (RFC 8601); no other is "
	"believed."},
    {"nymdesk", "log_level", VALUE_CHOICE, C(log_level), "info", 0, 0, TO_ALL,
	"error|warn|info|debug: what is written to standard error."},

    {"lmtp", "listen", VALUE_TEXT, C(lmtp_listen),
	"unix:" ND_RUNDIR "/lmtp", 0, 0, TO_INTAKE,
	"Where Postfix delivers: unix:PATH or inet:ADDRESS:PORT (loopback)."},
    {"lmtp", "workers", VALUE_NUMBER, C(lmtp_workers), "20", 1, 256,
	TO_INTAKE,
	"Processes; each holds one session, so not fewer than Postfix's "
	"concurrency."},
    {"lmtp", "recycle", VALUE_NUMBER, C(lmtp_recycle), "1000", 1, 1000000,
	TO_INTAKE, "Mails after which a worker is replaced."},
    {"lmtp", "idle", VALUE_TIME, C(lmtp_idle_s), "5m", 1, 3600, TO_INTAKE,
	"A session that says nothing for so long is closed."},
    {"lmtp", "size_max", VALUE_NUMBER, C(lmtp_size_max), "26214400", 65536,
	1073741824, TO_INTAKE, "Octets of a mail."},
    {"lmtp", "recipients_max", VALUE_NUMBER, C(lmtp_rcpt_max), "64", 1, 1000,
	TO_INTAKE, "Recipients in one transaction."},

    {"post", "server", VALUE_TEXT, C(post_server), "inet:127.0.0.1:10026", 0,
	0, TO_POST, "Postfix: inet:ADDRESS:PORT or unix:PATH."},
    {"post", "tls", VALUE_CHOICE, C(post_tls), "none", 0, 0, TO_POST,
	"none|may|require: STARTTLS towards Postfix."},
    {"post", "tls_name", VALUE_TEXT, C(post_tls_name), "", 0, 0, TO_POST,
	"Name in the server's certificate, for tls=require."},
    {"post", "user", VALUE_TEXT, C(post_user), "", 0, 0, TO_POST,
	"SMTP AUTH user; empty for none."},
    {"post", "password_file", VALUE_TEXT, C(post_password_file), "", 0, 0,
	TO_POST, "File that holds the password, readable by nymdesk-post."},
    {"post", "hand_over", VALUE_NUMBER, C(post_hand_over), "4", 1, 64,
	TO_POST | TO_DESK, "Processes that hand mails over."},
    {"post", "notice", VALUE_NUMBER, C(post_notice), "4", 1, 64,
	TO_POST | TO_DESK, "Processes that send notices."},
    {"post", "timeout", VALUE_TIME, C(post_timeout_s), "60s", 1, 600,
	TO_POST | TO_INTAKE, "How long Postfix may take for one answer."},

    {"image", "processes", VALUE_NUMBER, C(image_processes), "2", 1, 64,
	TO_IMAGE, "Processes that encode images anew, one at a time each."},
    {"image", "pixels_max", VALUE_NUMBER, C(image_pixels_max), "40000000",
	65536, 100000000, TO_IMAGE,
	"Width by height of an image; a larger one is withheld."},

    {"vault", "epoch", VALUE_TIME, C(epoch_s), "7d", 60, 365 * DAY,
	TO_VAULT | TO_DESK, "Life of one set of keys."},
    {"vault", "retention", VALUE_TIME, C(retention_s), "35d", 0, 3650L * DAY,
	TO_VAULT | TO_DESK,
	"How long keys are kept after their epoch; then nobody can open a "
	"return address."},
    {"vault", "open_rate", VALUE_NUMBER, C(open_rate), "50", 1, 100000,
	TO_VAULT, "Return addresses opened a second, sustained."},
    {"vault", "open_burst", VALUE_NUMBER, C(open_burst), "5000", 1, 1000000,
	TO_VAULT, "Return addresses opened at once."},

    {"queue", "address", VALUE_TEXT, Q(address), NULL, 0, 0, TO_ALL,
	"Where players write."},
    {"queue", "role", VALUE_TEXT, Q(role), NULL, 0, 0, TO_INTAKE | TO_POST,
	"Name shown to players, \"Casino Support\"."},
    {"queue", "agents", VALUE_LIST, Q(agents), NULL, 1, 64, TO_INTAKE,
	"Who gets the agent copies; separated by \";\"."},
    {"queue", "members", VALUE_LIST, Q(members), "", 0, 1000, TO_INTAKE,
	"Addresses that may answer; the agents if empty."},
    {"queue", "language", VALUE_TEXT, Q(language), "en", 0, 0,
	TO_INTAKE | TO_POST, "Language when that of a mail is in doubt."},
    {"queue", "proof", VALUE_BOOL, Q(proof), "true", 0, 0, TO_INTAKE,
	"Agents' mails need a pass in our Authentication-Results."},
    {"queue", "pseudonym_per_ticket", VALUE_BOOL, Q(per_ticket_pseudonym),
	"false", 0, 0, TO_DESK, "A new pseudonym for every ticket."},
    {"queue", "attachments", VALUE_CHOICE, Q(attachments), "withhold", 0, 0,
	TO_INTAKE,
	"withhold|pass: what agents get of files that are neither text nor "
	"image."},
    {"queue", "ack", VALUE_TIME, Q(ack_s), "1h", 1, 365 * DAY, TO_DESK,
	"Promise: acknowledgement."},
    {"queue", "first_reply", VALUE_TIME, Q(first_reply_s), "2h", 1, 365 * DAY,
	TO_DESK | TO_POST, "Promise: first reply by a person."},
    {"queue", "decision", VALUE_TIME, Q(decision_s), "24h", 1, 365 * DAY,
	TO_DESK | TO_POST, "Promise: decision."},
    {"queue", "reopen", VALUE_TIME, Q(reopen_s), "14d", 0, 3650L * DAY,
	TO_DESK, "A closed ticket reopens within this time."},
    {"queue", "faq", VALUE_TEXT, Q(faq), "", 0, 0, TO_POST,
	"FAQ link; faq.CATEGORY=LINK for one category."},
};

static gboolean
fail_key(GError **err, const char *group, const struct row *row,
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
number_in_range(const char *text, const struct row *row, gint64 *out)
{
	return g_ascii_string_to_signed(text, 10, row->min, row->max, out,
	    NULL);
}

static gboolean
choice_is_known(const char *text, const struct row *row)
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
list_set(const char *group, const struct row *row, const char *text,
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
value_set(const char *group, const struct row *row, const char *text,
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
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strcmp(rows[i].group, group_kind(group)) == 0)
			return TRUE;
	return FALSE;
}

/* partial: the view of one role, where other roles' keys are missing. */
static gboolean
group_fill(GKeyFile *file, const char *group, gpointer base, gboolean partial,
    GError **err)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
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
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strcmp(rows[i].group, group_kind(group)) == 0 &&
		    strcmp(rows[i].key, key) == 0)
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
	static const char *const groups[] = {"nymdesk", "lmtp", "post",
	    "image", "vault"};

	config->queues = g_ptr_array_new_with_free_func(queue_free);
	for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
		if (!group_fill(file, groups[i], config, partial, err))
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
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strcmp(rows[i].group, "queue") != 0 &&
		    (rows[i].type == VALUE_TEXT ||
			rows[i].type == VALUE_CHOICE))
			g_free(*(char **)(gpointer)((guint8 *)config +
			    rows[i].offset));
	g_ptr_array_unref(config->queues);
	g_free(config);
}

/* --- the view of one role ------------------------------------------- */

static void
group_copy(GKeyFile *from, GKeyFile *to, const char *group, enum role role)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
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
	static const char *const groups[] = {"nymdesk", "lmtp", "post",
	    "image", "vault"};
	g_auto(GStrv) all = NULL;

	if (from == NULL)
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(groups); i++)
		group_copy(from, to, groups[i], role);
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
config_queue_by_addr(const struct config *config, const char *local,
    const char *domain, const char **ext)
{
	g_autofree char *ascii = g_hostname_to_ascii(domain);

	if (ascii == NULL)
		return NULL;
	for (guint i = 0; i < config->queues->len; i++) {
		const struct config_queue *queue =
		    g_ptr_array_index(config->queues, i);

		if (g_ascii_strcasecmp(ascii, queue->domain) == 0 &&
		    addr_split_local(local, queue->local, ext))
			return queue;
	}
	return NULL;
}

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

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];

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
