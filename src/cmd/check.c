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
		    "over front end could read the keys");
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

/* Sends lines and returns everything the server says until it closes. */
static char *
dialog_run(const char *where, const char *lines, GError **err)
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
		g_io_stream_get_output_stream(G_IO_STREAM(connection)), lines,
		strlen(lines), NULL, NULL, err))
		return NULL;
	while (said->len < 65536 &&
	    (n = g_input_stream_read(
		 g_io_stream_get_input_stream(G_IO_STREAM(connection)), buf,
		 sizeof(buf), NULL, NULL)) > 0)
		g_string_append_len(said, buf, n);
	return g_string_free(g_steal_pointer(&said), FALSE);
}

static void
lmtp_check(GArray *rows, const struct config *config)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *said = dialog_run(config->lmtp_listen,
	    "LHLO localhost\r\nQUIT\r\n", &error);

	if (said == NULL)
		check_row_add(rows, "lmtp", CHECK_FAIL, error->message);
	else if (!g_str_has_prefix(said, "220 ") ||
	    strstr(said, "\r\n250") == NULL)
		check_row_add(rows, "lmtp", CHECK_FAIL,
		    "does not speak LMTP: is it our socket?");
	else
		check_row_add(rows, "lmtp", CHECK_OK, "answers");
}

static void
postfix_check(GArray *rows, const struct config *config)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *said = dialog_run(config->post_server,
	    "EHLO localhost\r\nQUIT\r\n", &error);
	static const char *const wanted[] = {"8BITMIME", "SMTPUTF8",
	    "ENHANCEDSTATUSCODES", "PIPELINING"};

	if (said == NULL) {
		check_row_add(rows, "postfix", CHECK_FAIL, error->message);
		return;
	}
	if (!g_str_has_prefix(said, "220 ") ||
	    strstr(said, "\r\n250") == NULL) {
		check_row_add(rows, "postfix", CHECK_FAIL,
		    "[post] server does not speak SMTP to us");
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
		if (strstr(said, wanted[i]) == NULL) {
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
	lmtp_check(rows, config);
	postfix_check(rows, config);
	check_postfix_settings(rows, config, postfix_dir);
	return rows;
}
