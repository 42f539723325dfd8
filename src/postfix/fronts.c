#include "postfix/fronts.h"

#include <string.h>

#include "postfix/settings.h"

#include "base/banned.h"

/* What a mail may take us (intake/front.h: 240 s), and a little. */
#define PATIENCE_S 250
#define PROTOCOL_MIN 6

#define READS "one more program reads the mails; it must keep nothing"

/* One smtpd, or all that say nothing else in master.cf. */
struct context {
	const struct postfix_fronts *fronts;
	GArray *findings;
	const char *service; /* "smtp/inet"; NULL: what main.cf says */
	gboolean is_chrooted;
	gboolean is_out; /* takes nymdesk's own mails */
};

static const char *
value_own(const struct context *c, const char *name)
{
	g_autofree char *key = NULL;

	if (c->service == NULL)
		return g_hash_table_lookup(c->fronts->main, name);
	key = g_strconcat(c->service, "/", name, NULL);
	return g_hash_table_lookup(c->fronts->overrides, key);
}

/* What holds there; preset is Postfix's default, for a Postfix that does not
 * name it. */
static const char *
value_of(const struct context *c, const char *name, const char *preset)
{
	const char *value = value_own(c, name);

	if (value == NULL)
		value = g_hash_table_lookup(c->fronts->main, name);
	return value != NULL ? value : preset;
}

/* A finding about a service is one only if the service says something about it
 * itself: else it is main.cf's. */
static gboolean
says_any(const struct context *c, const char *const *names)
{
	for (; *names != NULL; names++)
		if (value_own(c, *names) != NULL)
			return TRUE;
	return FALSE;
}

static void
found(const struct context *c, enum postfix_severity severity, const char *what,
    const char *why)
{
	postfix_findings_add(c->findings, severity, what,
	    c->service != NULL
		? g_strdup_printf("master.cf, %s: %s", c->service, why)
		: g_strdup_printf("main.cf: %s", why));
}

/* --- whose socket? ------------------------------------------------------ */

enum whose {
	WHOSE_OTHER,
	WHOSE_OURS,
	WHOSE_OURS_OUT_OF_REACH, /* ours, but this smtpd sees another root */
};

static enum whose
path_whose(const struct context *c, const char *path, const char *ours)
{
	const char *given = value_of(c, "queue_directory", "/");
	const char *queue = given[0] == '/' ? given : "/";
	g_autofree char *mine = g_canonicalize_filename(ours, "/");
	g_autofree char *open = g_canonicalize_filename(path, queue);
	g_autofree char *below = g_build_filename(queue, path, NULL);
	g_autofree char *caged = g_canonicalize_filename(below, "/");

	if (strcmp(c->is_chrooted ? caged : open, mine) == 0)
		return WHOSE_OURS;
	if (strcmp(c->is_chrooted ? open : caged, mine) == 0)
		return WHOSE_OURS_OUT_OF_REACH;
	return WHOSE_OTHER;
}

/* "inet:[127.0.0.1]:25", "localhost:25", "25": "127.0.0.1:25". */
static char *
inet_normal(const char *where)
{
	const char *colon;
	const char *host;
	gsize len;

	if (g_str_has_prefix(where, "inet:"))
		where += 5;
	colon = strrchr(where, ':');
	host = colon != NULL ? where : "";
	len = colon != NULL ? (gsize)(colon - where) : 0;
	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (len == 0 || (len == 9 && strncmp(host, "localhost", len) == 0)) {
		host = "127.0.0.1";
		len = strlen(host);
	}
	return g_strdup_printf(
	    "%.*s:%s", (int)len, host, colon != NULL ? colon + 1 : where);
}

static enum whose
endpoint_whose(const struct context *c, const char *where, const char *ours)
{
	g_autofree char *one = NULL;
	g_autofree char *two = NULL;

	if (ours == NULL || ours[0] == '\0')
		return WHOSE_OTHER;
	if (g_str_has_prefix(ours, "unix:")) {
		const char *path = g_str_has_prefix(where, "unix:") ? where + 5
				   : g_str_has_prefix(where, "local:")
				       ? where + 6
				       : NULL;

		return path != NULL ? path_whose(c, path, ours + 5)
				    : WHOSE_OTHER;
	}
	one = inet_normal(where);
	two = inet_normal(ours);
	return strcmp(one, two) == 0 ? WHOSE_OURS : WHOSE_OTHER;
}

static void
reach_judge(const struct context *c, enum whose whose, const char *what)
{
	if (whose == WHOSE_OURS_OUT_OF_REACH && c->service != NULL)
		found(c, POSTFIX_WARN, what,
		    "the chroot of this smtpd decides where a path leads, and "
		    "here it does not lead to nymdesk; let the socket lie in "
		    "the queue directory, and name it from there without a "
		    "slash in front (unix:nymdesk/NAME)");
}

/* --- milters ------------------------------------------------------------ */

static const char *const milter_names[] = {"smtpd_milters",
    "milter_default_action", "milter_protocol", "milter_content_timeout", NULL};

/* The next of "unix:/a { unix:/b, protocol=6 }"; its options, if any, still in
 * their commas. FALSE at the end. */
static gboolean
milter_next(const char **at, char **where, char **options)
{
	const char *text = *at + strspn(*at, " ,\t\n");
	gsize len;

	g_clear_pointer(where, g_free);
	g_clear_pointer(options, g_free);
	if (*text == '\0')
		return FALSE;
	if (*text == '{') {
		text += 1 + strspn(text + 1, " \t");
		len = strcspn(text, "}");
		*at = text + len + (text[len] == '}' ? 1 : 0);
		len = strcspn(text, ", \t}");
		*where = g_strndup(text, len);
		text += len;
		*options = g_strndup(text, strcspn(text, "}"));
		return TRUE;
	}
	len = strcspn(text, " ,\t\n");
	*where = g_strndup(text, len);
	*options = g_strdup("");
	*at = text + len;
	return TRUE;
}

/* Of a milter's own options, or the setting for all. Caller frees. */
static char *
milter_value(const struct context *c, const char *options, const char *name,
    const char *preset)
{
	g_auto(GStrv) all = g_strsplit(options, ",", -1);

	for (char **one = all; *one != NULL; one++) {
		char *equals = strchr(*one, '=');

		if (equals == NULL)
			continue;
		*equals = '\0';
		if (strcmp(g_strstrip(*one), name + strlen("milter_")) == 0)
			return g_strdup(g_strstrip(equals + 1));
	}
	return g_strdup(value_of(c, name, preset));
}

static void
milter_judge(const struct context *c, const char *options)
{
	g_autofree char *action =
	    milter_value(c, options, "milter_default_action", "tempfail");
	g_autofree char *protocol =
	    milter_value(c, options, "milter_protocol", "6");
	g_autofree char *patience =
	    milter_value(c, options, "milter_content_timeout", "300s");

	if (g_ascii_strcasecmp(action, "tempfail") != 0)
		found(c, POSTFIX_REFUSE, "milter_default_action",
		    "while nymdesk-milter is away mails pass it by, or are "
		    "refused for good; set it to tempfail");
	if (g_ascii_strtoull(protocol, NULL, 10) < PROTOCOL_MIN)
		found(c, POSTFIX_REFUSE, "milter_protocol",
		    "nymdesk-milter needs protocol 6");
	if (postfix_time_parse(patience, 1) < PATIENCE_S)
		found(c, POSTFIX_WARN, "milter_content_timeout",
		    "Postfix gives up while nymdesk-milter may still be at "
		    "work, and the mail comes twice; set it to 300s");
}

static void
milter_judge_out(const struct context *c)
{
	if (c->is_out)
		found(c, POSTFIX_WARN, "smtpd_milters",
		    "mails of nymdesk pass its own milter; give their "
		    "listener \"-o smtpd_milters=\"");
}

/* TRUE if ours is asked. */
static gboolean
milters_judge(const struct context *c)
{
	const char *at = value_of(c, "smtpd_milters", "");
	gboolean is_asked = FALSE;
	gboolean has_others = FALSE;
	g_autofree char *where = NULL;
	g_autofree char *options = NULL;

	while (milter_next(&at, &where, &options)) {
		enum whose whose = endpoint_whose(c, where, c->fronts->milter);

		has_others |= whose == WHOSE_OTHER;
		if (whose == WHOSE_OTHER)
			continue;
		is_asked = TRUE;
		reach_judge(c, whose, "smtpd_milters");
		milter_judge_out(c);
		if (says_any(c, milter_names))
			milter_judge(c, options);
	}
	if (has_others && value_own(c, "smtpd_milters") != NULL)
		found(c, POSTFIX_WARN, "smtpd_milters",
		    READS ": no history, log or temporary files");
	return is_asked;
}

/* --- the proxy ---------------------------------------------------------- */

static const char *const proxy_names[] = {
    "smtpd_proxy_filter", "smtpd_proxy_options", "smtpd_proxy_timeout", NULL};

static void
proxy_judge_ours(const struct context *c)
{
	if (strstr(value_of(c, "smtpd_proxy_options", ""), "speed_adjust") !=
	    NULL)
		found(c, POSTFIX_REFUSE, "smtpd_proxy_options",
		    "speed_adjust writes each mail to a file before "
		    "nymdesk-smtp has it; empty it");
	if (postfix_time_parse(value_of(c, "smtpd_proxy_timeout", "100s"), 1) <
	    PATIENCE_S)
		found(c, POSTFIX_WARN, "smtpd_proxy_timeout",
		    "Postfix gives up while nymdesk-smtp may still be at work, "
		    "and the mail comes twice; set it to 300s");
}

static gboolean
proxy_judge(const struct context *c)
{
	const char *where = value_of(c, "smtpd_proxy_filter", "");
	enum whose whose = endpoint_whose(c, where, c->fronts->proxy);

	if (where[0] == '\0')
		return FALSE;
	if (whose == WHOSE_OTHER) {
		if (value_own(c, "smtpd_proxy_filter") != NULL)
			found(c, POSTFIX_WARN, "smtpd_proxy_filter", READS);
		return FALSE;
	}
	reach_judge(c, whose, "smtpd_proxy_filter");
	if (c->is_out)
		found(c, POSTFIX_REFUSE, "smtpd_proxy_filter",
		    "mails of nymdesk come back to it and go nowhere; give "
		    "their listener \"-o smtpd_proxy_filter=\"");
	if (says_any(c, proxy_names))
		proxy_judge_ours(c);
	return TRUE;
}

/* --- each smtpd --------------------------------------------------------- */

struct asked {
	gboolean milter;
	gboolean proxy;
};

static void
context_judge(const struct context *c, struct asked *asked)
{
	asked->milter |= milters_judge(c);
	asked->proxy |= proxy_judge(c);
}

/* "smtp inet n - y - - smtpd -o name=value" */
static void
service_judge(const struct postfix_fronts *fronts, GArray *findings,
    const char *line, struct asked *asked)
{
	g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);
	const char *columns[8] = {NULL};
	g_autofree char *service = NULL;
	g_autofree char *port = NULL;
	struct context c = {.fronts = fronts, .findings = findings};
	guint n = 0;

	for (char **w = words; *w != NULL && n < G_N_ELEMENTS(columns); w++)
		if (**w != '\0')
			columns[n++] = *w;
	if (n < G_N_ELEMENTS(columns) || strcmp(columns[7], "smtpd") != 0)
		return;
	service = g_strconcat(columns[0], "/", columns[1], NULL);
	port = g_strconcat(":", fronts->out_port, NULL);
	c.service = service;
	c.is_chrooted = strcmp(columns[4], "y") == 0;
	c.is_out = fronts->out_port != NULL &&
		   (strcmp(columns[0], fronts->out_port) == 0 ||
		       g_str_has_suffix(columns[0], port));
	context_judge(&c, asked);
}

void
postfix_fronts_judge(const struct postfix_fronts *fronts, GArray *findings)
{
	const struct context all = {.fronts = fronts, .findings = findings};
	g_auto(GStrv) lines = g_strsplit(
	    fronts->services != NULL ? fronts->services : "", "\n", -1);
	struct asked asked = {0};

	context_judge(&all, &asked);
	for (char **line = lines; *line != NULL; line++)
		service_judge(fronts, findings, *line, &asked);
	if (fronts->milter != NULL && fronts->milter[0] != '\0' &&
	    !asked.milter)
		found(&all, POSTFIX_WARN, "smtpd_milters",
		    "[milter] listen is set, but no smtpd asks there");
	if (fronts->proxy != NULL && fronts->proxy[0] != '\0' && !asked.proxy)
		found(&all, POSTFIX_WARN, "smtpd_proxy_filter",
		    "[smtp] listen is set, but no smtpd sends there");
}
