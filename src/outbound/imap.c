#include "outbound/imap.h"

#include <string.h>

#include "base/error.h"
#include "outbound/stream.h"

#include "base/banned.h"

#define PORT_IMAP 143
#define PORT_IMAPS 993

struct imap {
	mailimap *session;  /* own */
	mailstream *stream; /* own */
	struct wire *wire;  /* own */
	guint timeout_ms;
};

/* --- URL ------------------------------------------------------------ */

/* RFC 3501 5.1.3. The converter is loaded only if there is something to
 * convert, and that at the start, when files can still be opened. */
static char *
mailbox_encode(const char *name)
{
	if (g_str_is_ascii(name) && strchr(name, '&') == NULL)
		return g_strdup(name);
	return g_convert(name, -1, "UTF-7-IMAP", "UTF-8", NULL, NULL, NULL);
}

static gboolean
has_control(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (g_ascii_iscntrl(*p))
			return TRUE;
	return FALSE;
}

static gboolean
place_fill(struct imap_place *place, const char *host, int port,
    const char *path)
{
	gboolean is_ip6 = strchr(host, ':') != NULL;

	if (port <= 0)
		port = place->is_imaps ? PORT_IMAPS : PORT_IMAP;
	place->host = g_strdup(host);
	place->server = g_strdup_printf(is_ip6 ? "inet:[%s]:%d" : "inet:%s:%d",
	    host, port);
	place->mailbox = mailbox_encode(path + 1);
	return place->mailbox != NULL;
}

gboolean
imap_place_parse(const char *url, struct imap_place *place, GError **err)
{
	g_autofree char *scheme = NULL;
	g_autofree char *user = NULL;
	g_autofree char *password = NULL;
	g_autofree char *host = NULL;
	g_autofree char *path = NULL;
	g_autofree char *query = NULL;
	g_autofree char *fragment = NULL;
	struct imap_place got = {0};
	int port = -1;

	if (!g_uri_split_with_user(url, G_URI_FLAGS_HAS_PASSWORD, &scheme,
	    &user, &password, NULL, &host, &port, &path, &query, &fragment,
	    NULL) || password != NULL || query != NULL || fragment != NULL ||
	    (g_strcmp0(scheme, "imap") != 0 &&
	    g_strcmp0(scheme, "imaps") != 0) ||
	    user == NULL || user[0] == '\0' || host == NULL ||
	    host[0] == '\0' || path == NULL || path[0] != '/' ||
	    path[1] == '\0' || has_control(user) || has_control(path))
		return error_fail(err, ERROR_PERM,
		    "archive: imap://USER@HOST/MAILBOX expected, and no "
		    "password");
	got.is_imaps = strcmp(scheme, "imaps") == 0;
	if (!place_fill(&got, host, port, path)) {
		imap_place_clear(&got);
		return error_fail(err, ERROR_PERM,
		    "archive: the mailbox's name cannot be encoded");
	}
	got.user = g_steal_pointer(&user);
	*place = got;
	return TRUE;
}

void
imap_place_clear(struct imap_place *place)
{
	g_free(place->server);
	g_free(place->host);
	g_free(place->user);
	g_free(place->mailbox);
	*place = (struct imap_place){0};
}

/* --- commands ------------------------------------------------------- */

mailimap *
imap_begin(struct imap *imap, gsize octets)
{
	wire_begin_step(imap->wire, imap->timeout_ms);
	wire_allow(imap->wire, octets);
	return imap->session;
}

gboolean
imap_is_refused(const struct imap *imap, int r)
{
	switch (r) {
	case MAILIMAP_NO_ERROR:
	case MAILIMAP_NO_ERROR_AUTHENTICATED:
	case MAILIMAP_NO_ERROR_NON_AUTHENTICATED:
	case MAILIMAP_ERROR_FATAL:
	case MAILIMAP_ERROR_PARSE:
	case MAILIMAP_ERROR_PROTOCOL:
	case MAILIMAP_ERROR_STREAM:
		return FALSE;
	default:
		return !wire_is_late(imap->wire);
	}
}

gboolean
imap_check_session(const struct imap *imap, int r, GError **err)
{
	if (wire_is_late(imap->wire))
		return error_fail(err, ERROR_TEMP,
		    "archive: the server did not answer in time");
	switch (r) {
	case MAILIMAP_ERROR_FATAL:
		return error_fail(err, ERROR_TEMP,
		    "archive: the server ended the session");
	case MAILIMAP_ERROR_PARSE:
		return error_fail(err, ERROR_TEMP,
		    "archive: the server's answer is none of IMAP");
	case MAILIMAP_ERROR_PROTOCOL:
		return error_fail(err, ERROR_TEMP,
		    "archive: the server did not understand a command");
	case MAILIMAP_ERROR_STREAM:
		return error_fail(err, ERROR_TEMP,
		    "archive: lost the connection to the server");
	default:
		return TRUE;
	}
}

gboolean
imap_is_quiet(struct imap *imap)
{
	return imap->stream->read_buffer_len == 0 &&
	    wire_is_quiet(imap->wire);
}

gboolean
imap_is_lost(const struct imap *imap)
{
	return wire_is_broken(imap->wire) && !wire_is_late(imap->wire);
}

/* --- opening -------------------------------------------------------- */

static void
imap_attach(struct imap *imap)
{
	imap->stream = stream_new(imap->wire);
	imap->session = mailimap_new(0, NULL);
	if (imap->session == NULL)
		g_error("out of memory");
}

/* The library follows a null pointer if a server answers CAPABILITY without
 * telling any; and what was told in clear does not count under TLS. */
static void
forget_capabilities(struct imap *imap)
{
	struct mailimap_connection_info *info =
	    imap->session->imap_connection_info;

	if (info->imap_capability != NULL)
		mailimap_capability_data_free(info->imap_capability);
	info->imap_capability = mailimap_capability_data_new(clist_new());
	if (info->imap_capability == NULL)
		g_error("out of memory");
}

static gboolean
imap_ask_capabilities(struct imap *imap, GError **err)
{
	struct mailimap_capability_data *data = NULL;
	int r;

	forget_capabilities(imap);
	r = mailimap_capability(imap_begin(imap, 0), &data);
	if (data != NULL)
		mailimap_capability_data_free(data);
	return imap_check(imap, r,
	    "archive: the server refused to tell what it can do", err);
}

static gboolean
imap_secure(struct imap *imap, const struct imap_place *place,
    const struct archive_options *options, const struct wire_trust *trust,
    GError **err)
{
	const char *name = options->tls_name;

	if (name == NULL || name[0] == '\0')
		name = place->host;
	wire_begin_step(imap->wire, imap->timeout_ms);
	if (wire_start_tls(imap->wire, trust, name, err))
		return TRUE;
	error_prefix(err, "archive: ");
	return FALSE;
}

static gboolean
imap_starttls(struct imap *imap, const struct imap_place *place,
    const struct archive_options *options, const struct wire_trust *trust,
    GError **err)
{
	gboolean must = g_strcmp0(options->tls, "require") == 0;
	int r;

	if (place->is_imaps ||
	    (!must && g_strcmp0(options->tls, "may") != 0))
		return TRUE;
	/* A server that has let us in no longer takes STARTTLS. */
	if (imap->session->imap_state != MAILIMAP_STATE_NON_AUTHENTICATED ||
	    !mailimap_has_extension(imap->session, "STARTTLS"))
		return !must || error_fail(err, ERROR_TEMP,
		    "archive: TLS is required, but the server offers none");
	r = mailimap_starttls(imap_begin(imap, 0));
	/* What came in clear behind the answer was put there by somebody who
	 * wants it taken for encrypted. Not every library looks. */
	if (imap->stream->read_buffer_len != 0)
		r = MAILIMAP_ERROR_STARTTLS;
	if (!imap_check(imap, r, "archive: the server refused TLS", err))
		return FALSE;
	return imap_secure(imap, place, options, trust, err) &&
	    imap_ask_capabilities(imap, err);
}

/* The library's LOGIN quotes what it must; its buffer is wiped behind it. */
static gboolean
imap_login(struct imap *imap, const char *user, const char *password_file,
    GError **err)
{
	char password[STREAM_PASSWORD_SIZE];
	gssize len = password_file != NULL
	    ? stream_read_password(password_file, password)
	    : -1;
	int r;

	if (len <= 0 || memchr(password, '\0', (gsize)len) != NULL) {
		explicit_bzero(password, sizeof password);
		return error_fail(err, ERROR_TEMP,
		    "archive: cannot read the password file");
	}
	password[len] = '\0';
	r = mailimap_login(imap_begin(imap, 0), user, password);
	explicit_bzero(password, sizeof password);
	explicit_bzero(imap->stream->write_buffer,
	    imap->stream->buffer_max_size);
	return imap_check(imap, r,
	    "archive: the server refused user or password", err);
}

static gboolean
imap_authenticate(struct imap *imap, const struct imap_place *place,
    const struct archive_options *options, GError **err)
{
	if (imap->session->imap_state != MAILIMAP_STATE_NON_AUTHENTICATED)
		return TRUE; /* PREAUTH */
	if (!wire_is_tls(imap->wire) && !wire_is_local(imap->wire))
		return error_fail(err, ERROR_PERM,
		    "archive: a password goes over TLS or to this machine "
		    "only");
	if (mailimap_has_extension(imap->session, "LOGINDISABLED"))
		return error_fail(err, ERROR_TEMP,
		    "archive: the server takes no password here");
	return imap_login(imap, place->user, options->password_file, err);
}

/* The library leaks a greeting that is none, so it does not get to see it. */
static gboolean
is_turned_away(struct imap *imap)
{
	static const char bye[] = "* BYE";
	mailstream *stream = imap->stream;

	(void)imap_begin(imap, 0);
	(void)mailstream_feed_read_buffer(stream);
	return stream->read_buffer_len >= strlen(bye) &&
	    g_ascii_strncasecmp(stream->read_buffer, bye, strlen(bye)) == 0;
}

static gboolean
imap_greet(struct imap *imap, GError **err)
{
	int r = is_turned_away(imap)
	    ? MAILIMAP_ERROR_DONT_ACCEPT_CONNECTION
	    : mailimap_connect(imap->session, imap->stream);

	return imap_check(imap, r, "archive: the server refused the connection",
	    err) && imap_ask_capabilities(imap, err);
}

struct imap *
imap_open(const struct imap_place *place,
    const struct archive_options *options, const struct wire_trust *trust,
    GError **err)
{
	struct wire *wire = wire_open(place->server, options->timeout_ms, err);
	struct imap *imap;

	if (wire == NULL) {
		error_prefix(err, "archive: ");
		return NULL;
	}
	imap = g_new0(struct imap, 1);
	imap->wire = wire;
	imap->timeout_ms = options->timeout_ms;
	imap_attach(imap);
	if ((!place->is_imaps ||
	    imap_secure(imap, place, options, trust, err)) &&
	    imap_greet(imap, err) &&
	    imap_starttls(imap, place, options, trust, err) &&
	    imap_authenticate(imap, place, options, err))
		return imap;
	imap_free(imap);
	return NULL;
}

void
imap_free(struct imap *imap)
{
	if (imap == NULL)
		return;
	/* With a stream mailimap_free() would talk to the server. */
	imap->session->imap_stream = NULL;
	mailimap_free(imap->session);
	(void)mailstream_close(imap->stream);
	wire_free(imap->wire);
	g_free(imap);
}

void
imap_quit(struct imap *imap)
{
	static const char bye[] = "LOGOUT LOGOUT\r\n";

	if (imap == NULL)
		return;
	wire_begin_step(imap->wire, imap->timeout_ms);
	(void)wire_write(imap->wire, bye, strlen(bye));
	imap_free(imap);
}
