#include "outbound/wire.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "base/error.h"

#include "base/banned.h"

/* More than any honest server says in one step; libetpan itself would
 * gather a reply without any limit. */
#define STEP_READ_MAX (256 * 1024)

struct wire_trust {
	gnutls_certificate_credentials_t cred;
	gboolean verify;
	gboolean is_loaded;
};

struct wire {
	int fd;
	gint64 deadline_us;
	gsize read_left;
	gnutls_session_t tls; /* NULL while plain */
	gboolean is_local;
	gboolean is_broken;
	gboolean is_late;
	gboolean is_probe; /* the TLS layer must not wait */
};

struct wire_trust *
wire_trust_new(gboolean verify, const char *ca_file)
{
	struct wire_trust *trust = g_new0(struct wire_trust, 1);
	int n = 0;

	trust->verify = verify;
	if (gnutls_certificate_allocate_credentials(&trust->cred) != 0)
		g_error("out of memory");
	if (verify && ca_file != NULL && ca_file[0] != '\0')
		n = gnutls_certificate_set_x509_trust_file(trust->cred,
		    ca_file, GNUTLS_X509_FMT_PEM);
	else if (verify)
		n = gnutls_certificate_set_x509_system_trust(trust->cred);
	trust->is_loaded = !verify || n > 0;
	return trust;
}

void
wire_trust_free(struct wire_trust *trust)
{
	if (trust == NULL)
		return;
	gnutls_certificate_free_credentials(trust->cred);
	g_free(trust);
}

/* --- waiting -------------------------------------------------------- */

void
wire_begin_step(struct wire *wire, guint timeout_ms)
{
	wire->deadline_us = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	wire->read_left = STEP_READ_MAX;
}

void
wire_allow(struct wire *wire, gsize octets)
{
	wire->read_left += octets;
}

static gboolean
wire_wait(struct wire *wire, short events)
{
	for (;;) {
		struct pollfd p = {.fd = wire->fd, .events = events};
		gint64 left_us = wire->deadline_us - g_get_monotonic_time();
		int n;

		if (left_us <= 0) {
			wire->is_late = TRUE;
			return FALSE;
		}
		n = poll(&p, 1, (int)MIN(left_us / 1000 + 1, 60000));
		if (n > 0)
			return TRUE;
		if (n < 0 && errno != EINTR)
			return FALSE;
	}
}

static gboolean
is_transient(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* What one send() takes; -1 on failure. */
static gssize
plain_write(struct wire *wire, const void *buf, gsize len)
{
	for (;;) {
		gssize n = send(wire->fd, buf, len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			return n;
		if (!is_transient(errno) || !wire_wait(wire, POLLOUT))
			return -1;
	}
}

static gssize
plain_read(struct wire *wire, void *buf, gsize len)
{
	while (wire_wait(wire, POLLIN)) {
		gssize n = recv(wire->fd, buf, len, MSG_DONTWAIT);

		if (n >= 0)
			return n;
		if (!is_transient(errno))
			return -1;
	}
	return -1;
}

/* --- TLS ------------------------------------------------------------ */

static ssize_t
tls_push(gnutls_transport_ptr_t data, const void *buf, size_t len)
{
	struct wire *wire = data;
	gssize n = plain_write(wire, buf, len);

	if (n < 0)
		gnutls_transport_set_errno(wire->tls, EIO);
	return n;
}

static ssize_t
tls_pull(gnutls_transport_ptr_t data, void *buf, size_t len)
{
	struct wire *wire = data;
	gssize n = wire->is_probe
	    ? recv(wire->fd, buf, len, MSG_DONTWAIT)
	    : plain_read(wire, buf, len);

	if (n < 0)
		gnutls_transport_set_errno(wire->tls,
		    wire->is_probe && is_transient(errno) ? EAGAIN : EIO);
	return n;
}

static int
tls_pull_timeout(gnutls_transport_ptr_t data, unsigned int timeout_ms)
{
	struct wire *wire = data;
	struct pollfd p = {.fd = wire->fd, .events = POLLIN};

	return poll(&p, 1, (int)MIN(timeout_ms, 60000));
}

static gboolean
tls_try_again(const struct wire *wire, gssize n)
{
	return (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) &&
	    !wire->is_late;
}

static gssize
tls_read(struct wire *wire, void *buf, gsize len)
{
	gssize n;

	/* A session ticket is no data: the call returns without any. */
	do
		n = gnutls_record_recv(wire->tls, buf, len);
	while (tls_try_again(wire, n));
	return n;
}

static gssize
tls_write(struct wire *wire, const void *buf, gsize len)
{
	gssize n;

	do
		n = gnutls_record_send(wire->tls, buf, len);
	while (tls_try_again(wire, n));
	return n;
}

static gboolean
tls_set_up(struct wire *wire, const struct wire_trust *trust,
    const char *name)
{
	if (gnutls_init(&wire->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) != 0)
		return FALSE;
	gnutls_transport_set_ptr(wire->tls, wire);
	gnutls_transport_set_push_function(wire->tls, tls_push);
	gnutls_transport_set_pull_function(wire->tls, tls_pull);
	gnutls_transport_set_pull_timeout_function(wire->tls,
	    tls_pull_timeout);
	/* RFC 8996: versions before 1.2 are no protection. */
	if (gnutls_set_default_priority_append(wire->tls,
	    "-VERS-TLS1.0:-VERS-TLS1.1", NULL, 0) != 0 ||
	    gnutls_credentials_set(wire->tls, GNUTLS_CRD_CERTIFICATE,
	    trust->cred) != 0)
		return FALSE;
	if (name != NULL && name[0] != '\0' && !g_hostname_is_ip_address(name) &&
	    gnutls_server_name_set(wire->tls, GNUTLS_NAME_DNS, name,
	    strlen(name)) != 0)
		return FALSE;
	if (trust->verify)
		gnutls_session_set_verify_cert(wire->tls, name, 0);
	return TRUE;
}

gboolean
wire_start_tls(struct wire *wire, const struct wire_trust *trust,
    const char *name, GError **err)
{
	int r;

	if (!trust->is_loaded)
		return error_fail(err, ERROR_PERM,
		    "no trusted certificates could be read for TLS");
	/* Without a name GnuTLS would verify the chain alone. */
	if (trust->verify && (name == NULL || name[0] == '\0'))
		return error_fail(err, ERROR_PERM,
		    "TLS is required, but no name to verify is set");
	if (!tls_set_up(wire, trust, name)) {
		wire->is_broken = TRUE;
		return error_fail(err, ERROR_TEMP, "cannot set up TLS");
	}
	do
		r = gnutls_handshake(wire->tls);
	while (r < 0 && !gnutls_error_is_fatal(r) && !wire->is_late);
	if (r == 0)
		return TRUE;
	wire->is_broken = TRUE;
	if (r == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
		return error_fail(err, ERROR_TEMP,
		    "the mail server's certificate does not verify");
	return error_fail_num(err, ERROR_TEMP,
	    "TLS handshake with the mail server failed, GnuTLS error", r);
}

/* --- reading and writing -------------------------------------------- */

gssize
wire_read(struct wire *wire, void *buf, gsize len)
{
	gssize n = -1;

	len = MIN(len, wire->read_left);
	if (!wire->is_broken && len > 0)
		n = wire->tls != NULL ? tls_read(wire, buf, len)
				      : plain_read(wire, buf, len);
	if (n <= 0) {
		wire->is_broken = TRUE;
		return -1;
	}
	wire->read_left -= (gsize)n;
	return n;
}

gssize
wire_write(struct wire *wire, const void *buf, gsize len)
{
	const char *p = buf;

	for (gsize left = len; left > 0;) {
		gssize n = -1;

		if (!wire->is_broken)
			n = wire->tls != NULL ? tls_write(wire, p, left)
					      : plain_write(wire, p, left);
		if (n < 0) {
			wire->is_broken = TRUE;
			return -1;
		}
		p += n;
		left -= (gsize)n;
	}
	return (gssize)len;
}

gboolean
wire_is_quiet(struct wire *wire)
{
	struct pollfd p = {.fd = wire->fd, .events = POLLIN};
	char c;
	gssize n;

	if (wire->is_broken)
		return FALSE;
	if (wire->tls == NULL)
		return poll(&p, 1, 0) == 0;
	/* Readable need not mean data: session tickets come unasked. */
	wire->is_probe = TRUE;
	n = gnutls_record_recv(wire->tls, &c, 1);
	wire->is_probe = FALSE;
	return n == GNUTLS_E_AGAIN;
}

int
wire_fd(const struct wire *wire)
{
	return wire->fd;
}

gboolean
wire_is_tls(const struct wire *wire)
{
	return wire->tls != NULL;
}

gboolean
wire_is_local(const struct wire *wire)
{
	return wire->is_local;
}

gboolean
wire_is_broken(const struct wire *wire)
{
	return wire->is_broken;
}

gboolean
wire_is_late(const struct wire *wire)
{
	return wire->is_late;
}

/* --- connecting ----------------------------------------------------- */

static gboolean
connect_unix(struct wire *wire, const char *path, guint timeout_ms,
    GError **err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = timeout_ms / 1000,
	    .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};

	if (path[0] != '/' || strlen(path) >= sizeof sun.sun_path)
		return error_fail(err, ERROR_PERM,
		    "mail server: not a path a UNIX socket can have");
	(void)g_strlcpy(sun.sun_path, path, sizeof sun.sun_path);
	wire->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Without O_NONBLOCK, which would not wait for a full backlog. */
	if (wire->fd < 0 ||
	    setsockopt(wire->fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
	    sizeof limit) < 0 ||
	    connect(wire->fd, (struct sockaddr *)&sun, sizeof sun) < 0)
		return error_fail_errno(err, ERROR_TEMP,
		    "cannot connect to the mail server");
	wire->is_local = TRUE;
	return TRUE;
}

static gboolean
is_loopback(const struct sockaddr *sa)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;

	if (sa->sa_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return sa->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* Leaves the cause in errno. */
static gboolean
connect_one(struct wire *wire, const struct addrinfo *ai)
{
	int on = 1;
	int error = 0;
	socklen_t len = sizeof error;

	wire->fd = socket(ai->ai_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->fd < 0)
		return FALSE;
	/* Nagle's pause would cost more than the mail. */
	(void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(wire->fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		if (errno != EINPROGRESS && errno != EINTR)
			return FALSE;
		if (!wire_wait(wire, POLLOUT)) {
			errno = ETIMEDOUT;
			return FALSE;
		}
		if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error,
		    &len) < 0)
			return FALSE;
		errno = error;
	}
	wire->is_local = is_loopback(ai->ai_addr);
	return error == 0;
}

static gboolean
connect_any(struct wire *wire, const struct addrinfo *list, GError **err)
{
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		int saved;

		if (connect_one(wire, ai))
			return TRUE;
		saved = errno;
		if (wire->fd >= 0)
			(void)close(wire->fd);
		wire->fd = -1;
		errno = saved;
	}
	return error_fail_errno(err, ERROR_TEMP,
	    "cannot connect to the mail server");
}

static gboolean
connect_inet(struct wire *wire, const char *text, GError **err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	const char *colon = strrchr(text, ':');
	g_autofree char *host = NULL;
	gsize len;
	gboolean ok;
	int r;

	if (colon == NULL || colon == text || colon[1] == '\0')
		return error_fail(err, ERROR_PERM,
		    "mail server: inet:HOST:PORT expected");
	host = g_strndup(text, (gsize)(colon - text));
	len = strlen(host);
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		r = getaddrinfo(host + 1, colon + 1, &hints, &list);
	} else
		r = getaddrinfo(host, colon + 1, &hints, &list);
	if (r != 0)
		return error_fail_num(err, ERROR_TEMP,
		    "cannot look up the mail server, resolver error", r);
	ok = connect_any(wire, list, err);
	freeaddrinfo(list);
	return ok;
}

struct wire *
wire_open(const char *server, guint timeout_ms, GError **err)
{
	struct wire *wire = g_new0(struct wire, 1);
	gboolean ok;

	wire->fd = -1;
	wire_begin_step(wire, timeout_ms);
	if (g_str_has_prefix(server, "unix:"))
		ok = connect_unix(wire, server + strlen("unix:"), timeout_ms,
		    err);
	else if (g_str_has_prefix(server, "inet:"))
		ok = connect_inet(wire, server + strlen("inet:"), err);
	else
		ok = error_fail(err, ERROR_PERM,
		    "mail server: inet:HOST:PORT or unix:/PATH expected");
	if (ok)
		return wire;
	wire_free(wire);
	return NULL;
}

void
wire_free(struct wire *wire)
{
	if (wire == NULL)
		return;
	if (wire->tls != NULL) {
		/* One record of farewell, if it fits without waiting. */
		wire->deadline_us = 0;
		if (!wire->is_broken)
			(void)gnutls_bye(wire->tls, GNUTLS_SHUT_WR);
		gnutls_deinit(wire->tls);
	}
	if (wire->fd >= 0)
		(void)close(wire->fd);
	g_free(wire);
}
