#include "cmd/check.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gio/gio.h>

#include "base/config.h"
#include "base/error.h"
#include "base/role.h"
#include "base/sandbox.h"
#include "cmd/check_archive.h"
#include "cmd/check_postfix.h"
#include "proto/ipc.h"

#include "base/banned.h"

#define TIMEOUT_S 5

void
check_row_add(GArray *rows, const char *what, enum check_state state,
    const char *detail)
{
	struct check_row row = {what, state, g_strdup(detail)};

	g_array_append_val(rows, row);
}

const char *
check_state_name(enum check_state state)
{
	static const char *const names[] = {"ok", "warn", "FAIL"};

	return names[state];
}

void
check_free(GArray *rows)
{
	for (guint i = 0; i < rows->len; i++)
		g_free(g_array_index(rows, struct check_row, i).detail);
	g_array_unref(rows);
}

/* --- users and files ---------------------------------------------------- */

static void
users_check(GArray *rows)
{
	static const enum role roles[] = {ROLE_LMTP, ROLE_DESK, ROLE_VAULT,
	    ROLE_POST, ROLE_IMAGE, ROLE_MILTER, ROLE_SMTP, ROLE_SOCKETMAP};
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

	if (geteuid() != 0) {
		check_row_add(rows, "users", CHECK_WARN,
		    "not root: all roles share one user, so that a taken "
		    "over worker could read the keys");
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
		g_autoptr(GError) error = NULL;
		uid_t uid;
		gid_t gid;

		if (!sandbox_role_ids(roles[i], &uid, &gid, &error)) {
			check_row_add(rows, "users", CHECK_FAIL,
			    error->message);
			return;
		}
		g_hash_table_add(seen, GUINT_TO_POINTER(uid));
	}
	if (g_hash_table_size(seen) != G_N_ELEMENTS(roles))
		check_row_add(rows, "users", CHECK_FAIL,
		    "two roles have the same uid; give each its own");
	else
		check_row_add(rows, "users", CHECK_OK, "each role has its own");
}

static void
directory_check(GArray *rows, const char *what, const char *path,
    enum role owner)
{
	struct stat st;
	uid_t uid = geteuid();
	gid_t gid;

	if (stat(path, &st) != 0) {
		check_row_add(rows, what, CHECK_FAIL,
		    "does not exist; nymdeskd makes it when it starts");
		return;
	}
	if ((st.st_mode & 077) != 0)
		check_row_add(rows, what, CHECK_FAIL,
		    "others may read it: chmod 700");
	else if (sandbox_role_ids(owner, &uid, &gid, NULL) &&
	    st.st_uid != uid)
		check_row_add(rows, what, CHECK_FAIL,
		    "belongs to the wrong user: chown it to its role");
	else
		check_row_add(rows, what, CHECK_OK, "private to its role");
}

static void
directories_check(GArray *rows, const struct config *config)
{
	g_autofree char *state =
	    g_canonicalize_filename(config->state_dir, "/");
	g_autofree char *keys = g_canonicalize_filename(config->key_dir, "/");
	g_autofree char *inside = g_strconcat(state, "/", NULL);

	directory_check(rows, "state_dir", state, ROLE_DESK);
	directory_check(rows, "key_dir", keys, ROLE_VAULT);
	if (strcmp(state, keys) == 0 || g_str_has_prefix(keys, inside))
		check_row_add(rows, "keys apart", CHECK_FAIL,
		    "key_dir lies in state_dir: a backup of the database "
		    "would hold its keys");
	else
		check_row_add(rows, "keys apart", CHECK_OK,
		    "keys do not lie beside the database");
}

/* --- sockets ----------------------------------------------------------- */

static void
role_sockets_check(GArray *rows, const struct config *config)
{
	static const enum role pairs[][2] = {{ROLE_VAULT, ROLE_LMTP},
	    {ROLE_VAULT, ROLE_POST}, {ROLE_DESK, ROLE_LMTP},
	    {ROLE_DESK, ROLE_POST}, {ROLE_DESK, ROLE_CTL},
	    {ROLE_POST, ROLE_LMTP}, {ROLE_IMAGE, ROLE_LMTP},
	    {ROLE_LMTP, ROLE_MILTER}, {ROLE_LMTP, ROLE_SMTP}};

	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autofree char *path = g_strdup_printf("%s/%s.%s",
		    config->run_dir, role_name(pairs[i][0]),
		    role_name(pairs[i][1]));
		struct stat st;

		if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
		    (st.st_mode & 077) == 0)
			continue;
		check_row_add(rows, "sockets", CHECK_FAIL,
		    "a socket between roles is missing or open to others; "
		    "is nymdeskd running?");
		return;
	}
	check_row_add(rows, "sockets", CHECK_OK, "each for one role only");
}

static void
desk_check(GArray *rows, const struct config *config)
{
	struct ipc_client *desk = ipc_client_new(config->run_dir, ROLE_DESK,
	    ROLE_CTL, TIMEOUT_S * 1000);
	struct proto_ctl_status_is status = {0};
	g_autoptr(GError) error = NULL;
	char nothing = 0;

	if (!ipc_call(desk, PROTO_CTL_STATUS, &nothing, -1,
		PROTO_CTL_STATUS_IS, &status, &error))
		check_row_add(rows, "desk", CHECK_FAIL, error->message);
	else if (status.promises_late > 0 || status.promises_failed > 0)
		check_row_add(rows, "desk", CHECK_WARN,
		    "promises are late or failed: see nymdesk status");
	else
		check_row_add(rows, "desk", CHECK_OK, "answers");
	ipc_client_free(desk);
}

/* --- speaking to servers ----------------------------------------------- */

static GSocketConnectable *
server_parse(const char *where)
{
	const char *colon = strrchr(where, ':');
	g_autofree char *host = NULL;

	if (g_str_has_prefix(where, "unix:"))
		return G_SOCKET_CONNECTABLE(
		    g_unix_socket_address_new(where + 5));
	if (!g_str_has_prefix(where, "inet:") || colon <= where + 4)
		return NULL;
	host = g_strndup(where + 5, (gsize)(colon - where - 5));
	return G_SOCKET_CONNECTABLE(g_network_address_new(host,
	    (guint16)g_ascii_strtoull(colon + 1, NULL, 10)));
}

/* Sends octets and returns everything the server says until it closes. */
static GString *
dialog_run(const char *where, const char *octets, gsize len, GError **err)
{
	g_autoptr(GSocketConnectable) server = server_parse(where);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) connection = NULL;
	g_autoptr(GString) said = g_string_new(NULL);
	char buf[4096];
	gssize n;

	if (server == NULL) {
		error_fail(err, ERROR_PERM,
		    "neither inet:ADDRESS:PORT nor unix:PATH");
		return NULL;
	}
	g_socket_client_set_timeout(client, TIMEOUT_S);
	connection = g_socket_client_connect(client, server, NULL, err);
	if (connection == NULL ||
	    !g_output_stream_write_all(
		g_io_stream_get_output_stream(G_IO_STREAM(connection)),
		octets, len, NULL, NULL, err))
		return NULL;
	while (said->len < 65536 &&
	    (n = g_input_stream_read(
		 g_io_stream_get_input_stream(G_IO_STREAM(connection)), buf,
		 sizeof(buf), NULL, NULL)) > 0)
		g_string_append_len(said, buf, n);
	return g_steal_pointer(&said);
}

static gboolean
has_greeted(const GString *said)
{
	return g_str_has_prefix(said->str, "220 ") &&
	    strstr(said->str, "\r\n250") != NULL;
}

/* One of our own sockets: what it is told, and how its answer is known. */
struct dialog {
	const char *what;
	const char *where;
	const char *octets;
	gsize len;
	gboolean (*is_right)(const GString *said);
};

static void
dialog_check(GArray *rows, const struct dialog *dialog)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) said = NULL;

	if (dialog->where[0] == '\0')
		return;
	said = dialog_run(dialog->where, dialog->octets, dialog->len, &error);
	if (said == NULL)
		check_row_add(rows, dialog->what, CHECK_FAIL, error->message);
	else if (!dialog->is_right(said))
		check_row_add(rows, dialog->what, CHECK_FAIL,
		    "does not answer as it should: is it our socket?");
	else
		check_row_add(rows, dialog->what, CHECK_OK, "answers");
}

static gboolean
has_negotiated(const GString *said)
{
	return said->len > 4 && said->str[4] == 'O';
}

static gboolean
has_found(const GString *said)
{
	return g_str_has_prefix(said->str, "7:OK ours,");
}

/* Where Postfix finds us. */
static void
fronts_check(GArray *rows, const struct config *config)
{
	static const char lhlo[] = "LHLO localhost\r\nQUIT\r\n";
	static const char ehlo[] = "EHLO localhost\r\nQUIT\r\n";
	/* Version 6, all actions and steps offered; then the end. */
	static const char negotiation[] =
	    "\0\0\0\15O\0\0\0\6\0\0\1\377\0\37\377\377\0\0\0\1Q";
	const struct config_queue *queue =
	    g_ptr_array_index(config->queues, 0);
	g_autofree char *key = g_strdup_printf(
	    "recipients %s@%s", queue->local, queue->domain);
	/* What is no netstring ends it. */
	g_autofree char *question =
	    g_strdup_printf("%zu:%s,QUIT", strlen(key), key);
	const struct dialog all[] = {
	    {"lmtp", config->lmtp_listen, lhlo, sizeof(lhlo) - 1, has_greeted},
	    {"milter", config->milter_listen, negotiation,
		sizeof(negotiation) - 1, has_negotiated},
	    {"smtp", config->smtp_listen, ehlo, sizeof(ehlo) - 1, has_greeted},
	    {"socketmap", config->socketmap_listen, question,
		strlen(question), has_found},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		dialog_check(rows, &all[i]);
}

static void
postfix_check(GArray *rows, const struct config *config)
{
	g_autoptr(GError) error = NULL;
	static const char ehlo[] = "EHLO localhost\r\nQUIT\r\n";
	g_autoptr(GString) said = dialog_run(
	    config->post_server, ehlo, sizeof(ehlo) - 1, &error);
	static const char *const wanted[] = {"8BITMIME", "SMTPUTF8",
	    "ENHANCEDSTATUSCODES", "PIPELINING"};

	if (said == NULL) {
		check_row_add(rows, "postfix", CHECK_FAIL, error->message);
		return;
	}
	if (!has_greeted(said)) {
		check_row_add(rows, "postfix", CHECK_FAIL,
		    "[post] server does not speak SMTP to us");
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
		if (strstr(said->str, wanted[i]) == NULL) {
			g_autofree char *detail = g_strdup_printf(
			    "does not offer %s: see docs/postfix.md",
			    wanted[i]);

			check_row_add(rows, "postfix", CHECK_WARN, detail);
			return;
		}
	check_row_add(rows, "postfix", CHECK_OK, "takes mail from us");
}

GArray *
check_all(const char *path, const char *postfix_dir)
{
	GArray *rows = g_array_new(FALSE, TRUE, sizeof(struct check_row));
	g_autoptr(GError) error = NULL;
	g_autoptr(config_auto) config = config_load_file(path, &error);

	if (config == NULL) {
		check_row_add(rows, "configuration", CHECK_FAIL,
		    error->message);
		return rows;
	}
	check_row_add(rows, "configuration", CHECK_OK, "every key is known");
	users_check(rows);
	directories_check(rows, config);
	check_archives(rows, config);
	role_sockets_check(rows, config);
	desk_check(rows, config);
	fronts_check(rows, config);
	postfix_check(rows, config);
	check_postfix_settings(rows, config, postfix_dir);
	return rows;
}
