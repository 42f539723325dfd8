#include "outbound_fake.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/banned.h"

#define PATIENCE_MS 20000

const char FAKE_BODY[] = "(body)";
const char FAKE_LITERAL[] = "(literal)";
const char FAKE_CLOSE[] = "(close)";
const char FAKE_HANG[] = "(hang)";
const char FAKE_NEXT[] = "(next)";
const char FAKE_HUGE[] = "(huge)";
const char FAKE_ENDLESS[] = "(endless)";
const char FAKE_WAIT[] = "(wait)";
const char FAKE_TLS[] = "(tls)";
const char FAKE_SECRET[] = "(secret)";

struct fake {
	const struct fake_step *script;
	GThread *thread;
	char *dir;
	char *server;
	char *cert_file;
	int listener;
	int go[2]; /* pipe */
	int fd;
	gnutls_session_t tls;
	gnutls_certificate_credentials_t cred;
	guint connections;
	GString *in; /* read, not yet looked at */
	gsize literal; /* as the last line announced it */
	char *body;
	char *complaint;
};

static gssize
fake_recv(struct fake *fake, char *buf, gsize len)
{
	struct pollfd p = {.fd = fake->fd, .events = POLLIN};

	if (fake->tls != NULL)
		return gnutls_record_recv(fake->tls, buf, len);
	if (poll(&p, 1, PATIENCE_MS) != 1)
		return -1;
	return recv(fake->fd, buf, len, 0);
}

static gboolean
fake_send(struct fake *fake, const char *text, gsize len)
{
	while (len > 0) {
		gssize n = fake->tls != NULL
		    ? gnutls_record_send(fake->tls, text, len)
		    : send(fake->fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return FALSE;
		text += n;
		len -= (gsize)n;
	}
	return TRUE;
}

static void
fake_close(struct fake *fake)
{
	if (fake->tls != NULL)
		gnutls_deinit(fake->tls);
	fake->tls = NULL;
	if (fake->fd >= 0)
		(void)close(fake->fd);
	fake->fd = -1;
	g_string_truncate(fake->in, 0);
}

static gboolean
fake_accept(struct fake *fake)
{
	struct pollfd p = {.fd = fake->listener, .events = POLLIN};

	if (poll(&p, 1, PATIENCE_MS) != 1)
		return FALSE;
	fake->fd = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
	fake->connections++;
	return fake->fd >= 0;
}

static gboolean
fake_start_tls(struct fake *fake)
{
	int r;

	(void)gnutls_init(&fake->tls, GNUTLS_SERVER | GNUTLS_NO_SIGNAL);
	(void)gnutls_set_default_priority(fake->tls);
	(void)gnutls_credentials_set(fake->tls, GNUTLS_CRD_CERTIFICATE,
	    fake->cred);
	gnutls_transport_set_int(fake->tls, fake->fd);
	do
		r = gnutls_handshake(fake->tls);
	while (r < 0 && !gnutls_error_is_fatal(r));
	return r == 0;
}

/* Takes everything up to and with the end mark, or NULL at the end. */
static char *
fake_take(struct fake *fake, const char *mark)
{
	char buf[4096];
	gssize n;

	for (;;) {
		char *at = strstr(fake->in->str, mark);

		if (at != NULL) {
			gsize len = (gsize)(at - fake->in->str) +
			    strlen(mark);
			char *got = g_strndup(fake->in->str, len);

			g_string_erase(fake->in, 0, (gssize)len);
			return got;
		}
		n = fake_recv(fake, buf, sizeof buf);
		if (n <= 0)
			return NULL;
		g_string_append_len(fake->in, buf, n);
	}
}

static void
fake_drain(struct fake *fake)
{
	char buf[4096];

	while (fake_recv(fake, buf, sizeof buf) > 0)
		;
}

static void
fake_complain(struct fake *fake, const char *want, const char *got)
{
	fake->complaint = g_strdup_printf("wanted \"%s\", got \"%s\"", want,
	    got != NULL ? got : "(the end)");
}

static gsize
literal_len(const char *line)
{
	const char *brace = line != NULL ? strrchr(line, '{') : NULL;

	return brace != NULL ? g_ascii_strtoull(brace + 1, NULL, 10) : 0;
}

static gboolean
fake_take_literal(struct fake *fake)
{
	char buf[4096];

	while (fake->in->len < fake->literal + 2) {
		gssize n = fake_recv(fake, buf, sizeof buf);

		if (n <= 0) {
			fake_complain(fake, FAKE_LITERAL, NULL);
			return FALSE;
		}
		g_string_append_len(fake->in, buf, n);
	}
	g_free(fake->body);
	fake->body = g_strndup(fake->in->str, fake->literal);
	g_string_erase(fake->in, 0, (gssize)fake->literal + 2);
	return TRUE;
}

static gboolean
fake_want(struct fake *fake, const char *want)
{
	g_autofree char *got = NULL;

	if (want == FAKE_BODY) {
		got = fake_take(fake, "\r\n.\r\n");
		if (got == NULL) {
			fake_complain(fake, want, got);
			return FALSE;
		}
		g_free(fake->body);
		fake->body = g_steal_pointer(&got);
		return TRUE;
	}
	if (want == FAKE_LITERAL)
		return fake_take_literal(fake);
	got = fake_take(fake, "\r\n");
	fake->literal = literal_len(got);
	if (got == NULL || !g_str_has_prefix(got, want)) {
		fake_complain(fake, want, got);
		return FALSE;
	}
	return TRUE;
}

static void
fake_flood(struct fake *fake, gboolean is_one_line)
{
	g_autofree char *text = g_strnfill(4 << 20, 'x');

	if (!is_one_line)
		for (gsize i = 0; i + 8 <= 4 << 20; i += 8)
			memcpy(text + i, "250-xx\r\n", 8);
	else
		memcpy(text, "250 ", 4);
	(void)fake_send(fake, text, 4 << 20);
	fake_drain(fake);
}

static gboolean
fake_wait(struct fake *fake)
{
	struct pollfd p = {.fd = fake->go[0], .events = POLLIN};
	char c;

	return poll(&p, 1, PATIENCE_MS) == 1 && read(fake->go[0], &c, 1) == 1;
}

void
fake_go(struct fake *fake)
{
	assert_int_equal(write(fake->go[1], "", 1), 1);
}

/* FALSE: the script is over. */
static gboolean
fake_say(struct fake *fake, const char *say)
{
	if (say == FAKE_HANG)
		fake_drain(fake);
	if (say == FAKE_HUGE || say == FAKE_ENDLESS)
		fake_flood(fake, say == FAKE_HUGE);
	if (say == FAKE_WAIT)
		return fake_wait(fake);
	if (say == FAKE_TLS || say == FAKE_SECRET)
		return (say == FAKE_SECRET ||
		    fake_send(fake, "220 go\r\n", 8)) && fake_start_tls(fake);
	if (say == FAKE_NEXT || say == FAKE_HANG || say == FAKE_CLOSE ||
	    say == FAKE_HUGE || say == FAKE_ENDLESS) {
		fake_close(fake);
		return say != FAKE_NEXT || fake_accept(fake);
	}
	(void)fake_send(fake, say, strlen(say));
	return TRUE;
}

static gpointer
fake_run(gpointer data)
{
	struct fake *fake = data;
	const struct fake_step *step = fake->script;
	gboolean ok = fake_accept(fake);

	for (; ok && (step->want != NULL || step->say != NULL); step++) {
		if (step->want != NULL)
			ok = fake_want(fake, step->want);
		if (ok && step->say != NULL)
			ok = fake_say(fake, step->say);
	}
	if (fake->fd >= 0)
		fake_drain(fake);
	fake_close(fake);
	return NULL;
}

static void
make_certificate(struct fake *fake)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	gnutls_datum_t pem;

	(void)gnutls_x509_privkey_init(&key);
	(void)gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	(void)gnutls_x509_crt_init(&crt);
	(void)gnutls_x509_crt_set_version(crt, 3);
	(void)gnutls_x509_crt_set_serial(crt, "\1", 1);
	(void)gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60);
	(void)gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
	(void)gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME,
	    0, "mail.test", 9);
	(void)gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
	    "mail.test", 9, GNUTLS_FSAN_SET);
	(void)gnutls_x509_crt_set_key(crt, key);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key,
	    GNUTLS_DIG_SHA256, 0), 0);
	(void)gnutls_certificate_allocate_credentials(&fake->cred);
	assert_int_equal(gnutls_certificate_set_x509_key(fake->cred, &crt, 1,
	    key), 0);
	assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM,
	    &pem), 0);
	assert_true(g_file_set_contents(fake->cert_file,
	    (const char *)pem.data, (gssize)pem.size, NULL));
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static struct fake *
fake_new(const struct fake_step *script, int family)
{
	struct fake *fake = g_new0(struct fake, 1);

	fake->script = script;
	fake->fd = -1;
	fake->in = g_string_new(NULL);
	fake->dir = g_dir_make_tmp("nd-fake-XXXXXX", NULL);
	fake->cert_file = g_build_filename(fake->dir, "cert.pem", NULL);
	fake->server = g_strdup_printf("unix:%s/s", fake->dir);
	for (const struct fake_step *s = script;
	     s->want != NULL || s->say != NULL; s++)
		if ((s->say == FAKE_TLS || s->say == FAKE_SECRET) &&
		    fake->cred == NULL)
			make_certificate(fake);
	fake->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fake;
}

static struct fake *
fake_run_at(struct fake *fake, const void *addr, socklen_t len)
{
	assert_int_equal(bind(fake->listener, addr, len), 0);
	assert_int_equal(listen(fake->listener, 8), 0);
	assert_int_equal(pipe2(fake->go, O_CLOEXEC), 0);
	fake->thread = g_thread_new("fake", fake_run, fake);
	return fake;
}

struct fake *
fake_start(const struct fake_step *script)
{
	struct fake *fake = fake_new(script, AF_UNIX);
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	(void)g_strlcpy(sun.sun_path, fake->server + 5, sizeof sun.sun_path);
	return fake_run_at(fake, &sun, sizeof sun);
}

struct fake *
fake_start_inet(const struct fake_step *script)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return fake_run_at(fake_new(script, AF_INET), &sin, sizeof sin);
}

guint
fake_port(const struct fake *fake)
{
	struct sockaddr_in sin = {0};
	socklen_t len = sizeof sin;

	assert_int_equal(getsockname(fake->listener, (struct sockaddr *)&sin,
	    &len), 0);
	return ntohs(sin.sin_port);
}

const char *
fake_server(const struct fake *fake)
{
	return fake->server;
}

const char *
fake_cert_file(struct fake *fake)
{
	return fake->cert_file;
}

void
fake_finish(struct fake *fake)
{
	struct pollfd p = {.fd = fake->listener, .events = POLLIN};

	(void)g_thread_join(fake->thread);
	fake->thread = NULL;
	/* Also those that came too late for the script. */
	while (poll(&p, 1, 0) == 1) {
		(void)close(accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC));
		fake->connections++;
	}
	if (fake->complaint != NULL)
		fail_msg("%s", fake->complaint);
}

guint
fake_connections(const struct fake *fake)
{
	return fake->connections;
}

const char *
fake_body(const struct fake *fake)
{
	return fake->body != NULL ? fake->body : "";
}

void
fake_free(struct fake *fake)
{
	(void)close(fake->listener);
	(void)close(fake->go[0]);
	(void)close(fake->go[1]);
	(void)g_unlink(fake->server + 5);
	(void)g_unlink(fake->cert_file);
	(void)g_rmdir(fake->dir);
	if (fake->cred != NULL)
		gnutls_certificate_free_credentials(fake->cred);
	g_string_free(fake->in, TRUE);
	g_free(fake->dir);
	g_free(fake->server);
	g_free(fake->cert_file);
	g_free(fake->body);
	g_free(fake->complaint);
	g_free(fake);
}
