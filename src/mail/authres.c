#include "mail/authres.h"

#include <string.h>

#include "base/banned.h"

#define TOKEN_MAX 512
#define METHODS_MAX 100 /* in one header */

struct result {
	char method[TOKEN_MAX];
	char value[TOKEN_MAX];
	char header_d[TOKEN_MAX];    /* dkim: signing domain */
	char header_i[TOKEN_MAX];    /* dkim: identity */
	char header_from[TOKEN_MAX]; /* dmarc */
	char mailfrom[TOKEN_MAX];    /* spf */
	char login[TOKEN_MAX];	     /* auth */
};

struct verdict {
	const struct addr *from;
	gboolean is_sole;
	gboolean has_pass;
	gboolean has_fail;
};

/* A token or quoted-string, lower case, behind CFWS. A piece of something
 * longer, such as a quoted local part, must not pass for all of it: "". */
static const char *
read_value(const char *p, char out[TOKEN_MAX])
{
	gsize n = 0;

	p = headers_skip_cfws(p);
	if (*p == '"') {
		for (p++; *p != '\0' && *p != '"'; p++) {
			if (*p == '\\' && p[1] != '\0')
				p++;
			if (n + 1 < TOKEN_MAX)
				out[n++] = g_ascii_tolower(*p);
		}
		p += *p == '"';
	} else {
		for (; *p != '\0' && strchr(" \t;=()\"", *p) == NULL; p++)
			if (n + 1 < TOKEN_MAX)
				out[n++] = g_ascii_tolower(*p);
	}
	if (*p != '\0' && strchr(" \t;=()/", *p) == NULL)
		n = 0;
	out[n] = '\0';
	return p;
}

/* "name = value"; FALSE leaves *p where the name begins. */
static gboolean
read_pair(const char **p, char name[TOKEN_MAX], char value[TOKEN_MAX])
{
	const char *at = read_value(*p, name);

	at = headers_skip_cfws(at);
	if (name[0] == '\0' || *at != '=')
		return FALSE;
	*p = read_value(at + 1, value);
	/* A pvalue may hold "=" (base64 of header.b); none we use does. */
	for (; **p == '='; (*p)++)
		value[0] = '\0';
	return TRUE;
}

static const char *
skip_to_semicolon(const char *p)
{
	for (;;) {
		p = headers_skip_cfws(p);
		if (*p == '\0' || *p == ';')
			return p;
		if (*p == '"') {
			char ignored[TOKEN_MAX];

			p = read_value(p, ignored);
		} else {
			p++;
		}
	}
}

static void
keep_property(struct result *result, const char *name, const char *value)
{
	char *to = strcmp(name, "header.d") == 0 ? result->header_d
	    : strcmp(name, "header.i") == 0	 ? result->header_i
	    : strcmp(name, "header.from") == 0	 ? result->header_from
	    : strcmp(name, "smtp.mailfrom") == 0 ? result->mailfrom
	    : strcmp(name, "smtp.mail") == 0	 ? result->mailfrom
	    : strcmp(name, "smtp.auth") == 0	 ? result->login
						 : NULL;

	if (to != NULL && to[0] == '\0')
		g_strlcpy(to, value, TOKEN_MAX);
}

/* method [ "/" version ] "=" result; NULL if it is none. */
static const char *
read_method(const char *p, struct result *result)
{
	char version[TOKEN_MAX];
	char *slash;

	p = headers_skip_cfws(read_value(p, result->method));
	if (*p == '/')
		p = headers_skip_cfws(read_value(p + 1, version));
	slash = strchr(result->method, '/');
	if (slash != NULL)
		*slash = '\0';
	if (result->method[0] == '\0' || *p != '=')
		return NULL;
	return read_value(p + 1, result->value);
}

/* methodspec [reasonspec] *propspec; p is behind ";". */
static const char *
read_result(const char *p, struct result *result)
{
	char name[TOKEN_MAX];
	char value[TOKEN_MAX];
	const char *after;

	memset(result, 0, sizeof(*result));
	after = read_method(p, result);
	if (after == NULL) {
		result->method[0] = '\0';
		return skip_to_semicolon(p);
	}
	while (read_pair(&after, name, value))
		keep_property(result, name, value);
	return skip_to_semicolon(after);
}

static char *
domain_normal(const char *domain)
{
	g_autofree char *ascii = NULL;
	gsize len = strlen(domain);

	if (len == 0 || !g_utf8_validate(domain, -1, NULL))
		return NULL;
	ascii = g_hostname_to_ascii(domain);
	return ascii != NULL ? g_ascii_strdown(ascii, -1) : NULL;
}

static gboolean
is_subdomain(const char *sub, const char *of)
{
	gsize n = strlen(sub);
	gsize m = strlen(of);

	return n > m && sub[n - m - 1] == '.' && strcmp(sub + n - m, of) == 0;
}

/* A domain without a dot, such as "com", aligns with itself only. */
static gboolean
is_aligned(const char *value, const struct addr *from)
{
	const char *at = strrchr(value, '@');
	g_autofree char *a = domain_normal(at != NULL ? at + 1 : value);
	g_autofree char *b = from != NULL ? domain_normal(from->domain) : NULL;

	if (a == NULL || b == NULL)
		return FALSE;
	return strcmp(a, b) == 0 ||
	    (strchr(a, '.') != NULL && is_subdomain(b, a)) ||
	    (strchr(b, '.') != NULL && is_subdomain(a, b));
}

/* One who logged in speaks for himself only. A login without a domain is
 * one of ours, and so is the domain of From then (RFC 8601 2.7.4). */
static gboolean
is_login_of(const char *login, const struct addr *from)
{
	g_autofree char *text = NULL;
	g_autoptr(addr_auto) addr = NULL;
	g_autofree char *a = NULL;
	g_autofree char *b = NULL;

	if (from == NULL || *login == '\0')
		return FALSE;
	text = strchr(login, '@') != NULL
	    ? g_strdup(login)
	    : g_strconcat(login, "@", from->domain, NULL);
	addr = addr_parse(text, -1, NULL);
	if (addr == NULL)
		return FALSE;
	a = addr_to_normal(addr);
	b = addr_to_normal(from);
	return g_strcmp0(a, b) == 0;
}

static void
judge(struct verdict *verdict, const struct result *result)
{
	gboolean is_pass = strcmp(result->value, "pass") == 0;
	gboolean is_fail = strcmp(result->value, "fail") == 0 ||
	    strcmp(result->value, "softfail") == 0;

	if (strcmp(result->method, "auth") == 0)
		verdict->has_pass |= is_pass &&
		    is_login_of(result->login, verdict->from);
	else if (strcmp(result->method, "dkim") == 0)
		verdict->has_pass |= is_pass &&
		    is_aligned(result->header_d[0] != '\0' ? result->header_d
							   : result->header_i,
			verdict->from);
	else if (strcmp(result->method, "spf") == 0)
		verdict->has_pass |= is_pass &&
		    is_aligned(result->mailfrom, verdict->from);
	else if (strcmp(result->method, "dmarc") == 0)
		verdict->has_pass |= is_pass &&
		    (result->header_from[0] != '\0'
			    ? is_aligned(result->header_from, verdict->from)
			    : verdict->is_sole && verdict->from != NULL);
	else
		return;
	if (strcmp(result->method, "auth") != 0)
		verdict->has_fail |= is_fail;
}

/* Our Postfix deletes what others say in our name by the letters of the id, so
 * it counts only as they stand there: quoted, it could be spelt "m\x.example".
 */
static void
read_header(struct verdict *verdict, const char *value, const char *id)
{
	const char *p = headers_skip_cfws(value);
	gsize len = strlen(id);

	if (g_ascii_strncasecmp(p, id, len) != 0 ||
	    (p[len] != '\0' && strchr(" \t;(", p[len]) == NULL))
		return;
	p = skip_to_semicolon(p + len);
	for (guint i = 0; *p == ';' && i < METHODS_MAX; i++) {
		struct result result;

		p = read_result(p + 1, &result);
		judge(verdict, &result);
	}
}

/* How many headers, from the top, are of those who may say so. */
static guint
trusted_count(const struct headers *headers, enum mail_results results)
{
	if (results == MAIL_RESULTS_ALL)
		return headers->list->len;
	for (guint i = 0; i < headers->list->len; i++) {
		const struct header *header = headers->list->pdata[i];

		if (strcmp(header->name, "received") == 0)
			return i;
	}
	return 0;
}

enum mail_auth
authres_evaluate(const struct headers *headers,
    const struct mail_parse_options *options, const struct addr *from,
    gboolean is_sole)
{
	struct verdict verdict = {.from = from, .is_sole = is_sole};
	const char *id = options->authserv_id;
	guint trusted = trusted_count(headers, options->results);

	if (id == NULL || *id == '\0')
		return MAIL_AUTH_NONE;
	for (guint i = 0; i < trusted; i++) {
		const struct header *header = headers->list->pdata[i];

		if (strcmp(header->name, "authentication-results") == 0)
			read_header(&verdict, header->value, id);
	}
	if (verdict.has_pass)
		return MAIL_AUTH_PASS;
	return verdict.has_fail ? MAIL_AUTH_FAIL : MAIL_AUTH_NONE;
}
