#include "postfix/settings.h"

#include <string.h>

#include "postfix/fronts.h"

#include "base/banned.h"

#define DAY_S 86400

enum demand {
	IS_EMPTY,
	IS_NO,
	IS_ZERO,
	IS_A_DAY_AT_MOST,
	IS_A_PIPE,
	HAS_UTC,
	HAS_PLUS,
};

struct rule {
	const char *name;
	enum demand demand;
	enum postfix_severity severity;
	const char *why; /* and what to do */
};

static const struct rule rules[] = {
    {"always_bcc", IS_EMPTY, POSTFIX_REFUSE,
	"keeps a copy of every mail elsewhere; empty it"},
    {"sender_bcc_maps", IS_EMPTY, POSTFIX_REFUSE,
	"keeps copies of mails elsewhere; empty it"},
    {"recipient_bcc_maps", IS_EMPTY, POSTFIX_REFUSE,
	"keeps copies of mails elsewhere; empty it"},
    {"notify_classes", IS_EMPTY, POSTFIX_REFUSE,
	"mails the dialogue of sessions, with addresses, to the postmaster; "
	"set \"notify_classes =\""},
    {"debug_peer_list", IS_EMPTY, POSTFIX_REFUSE,
	"writes whole sessions into the log; empty it"},
    {"content_filter", IS_EMPTY, POSTFIX_WARN,
	"one more program reads the mails; it must keep nothing"},
    {"non_smtpd_milters", IS_EMPTY, POSTFIX_WARN,
	"one more program reads the mails; it must keep no history, log or "
	"temporary files"},
    {"luser_relay", IS_EMPTY, POSTFIX_WARN,
	"mails to unknown addresses go to one mailbox; empty it"},
    {"relayhost", IS_EMPTY, POSTFIX_WARN,
	"another host sees and keeps all mails that go out"},
    {"smtp_fallback_relay", IS_EMPTY, POSTFIX_WARN,
	"another host sees and keeps mails that wait"},
    {"fast_flush_domains", IS_EMPTY, POSTFIX_WARN,
	"the domains of waiting recipients are written to files; set "
	"\"fast_flush_domains =\""},
    {"smtp_tls_session_cache_database", IS_EMPTY, POSTFIX_WARN,
	"names and addresses of peers are written to a file; empty it"},
    {"smtpd_tls_session_cache_database", IS_EMPTY, POSTFIX_WARN,
	"sessions of clients are written to a file; empty it"},
    {"lmtp_tls_session_cache_database", IS_EMPTY, POSTFIX_WARN,
	"names and addresses of peers are written to a file; empty it"},
    {"smtp_tls_loglevel", IS_ZERO, POSTFIX_WARN,
	"names in certificates are logged; set it to 0"},
    {"smtpd_tls_loglevel", IS_ZERO, POSTFIX_WARN,
	"names in certificates are logged; set it to 0"},
    {"lmtp_tls_loglevel", IS_ZERO, POSTFIX_WARN,
	"names in certificates are logged; set it to 0"},
    {"soft_bounce", IS_NO, POSTFIX_WARN,
	"mails that are refused stay in the queue; set it to no"},
    {"smtpd_sasl_authenticated_header", IS_NO, POSTFIX_WARN,
	"logins are written into Received; set it to no"},
    {"maximal_queue_lifetime", IS_A_DAY_AT_MOST, POSTFIX_WARN,
	"mails lie readable in the queue for more than a day; shorten it"},
    {"bounce_queue_lifetime", IS_A_DAY_AT_MOST, POSTFIX_WARN,
	"bounces lie readable in the queue for more than a day; shorten it"},
    {"maillog_file", IS_A_PIPE, POSTFIX_WARN,
	"the log names addresses, hosts and Message-IDs, and does not go to "
	"a pipe; let it pass nymdesk logfilter (docs/postfix.md)"},
    {"recipient_delimiter", HAS_PLUS, POSTFIX_REFUSE,
	"mails to the addresses of tickets, and bounces, are refused as to "
	"unknown users; set \"recipient_delimiter = +-\""},
    {"import_environment", HAS_UTC, POSTFIX_WARN,
	"headers and log show the time zone of the host; add TZ=UTC"},
};

void
postfix_findings_add(GArray *findings, enum postfix_severity severity,
    const char *what, char *detail)
{
	struct postfix_finding finding = {what, severity, detail};

	g_array_append_val(findings, finding);
}

void
postfix_findings_free(GArray *findings)
{
	for (guint i = 0; i < findings->len; i++)
		g_free(
		    g_array_index(findings, struct postfix_finding, i).detail);
	g_array_unref(findings);
}

/* --- one value --------------------------------------------------------- */

gint64
postfix_time_parse(const char *value, gint64 preset_s)
{
	static const char units[] = "smhdw";
	static const gint64 seconds[] = {1, 60, 3600, DAY_S, 7 * DAY_S};
	char *end = NULL;
	guint64 n = g_ascii_strtoull(value, &end, 10);
	const char *unit = *end != '\0' ? strchr(units, *end) : NULL;

	if (n > G_MAXINT32)
		return G_MAXINT64;
	return (gint64)n * (unit != NULL ? seconds[unit - units] : preset_s);
}

static gboolean
has_token(const char *list, const char *token)
{
	g_auto(GStrv) tokens = g_strsplit_set(list, " ,\t", -1);

	return g_strv_contains((const char *const *)tokens, token);
}

static gboolean
value_is_good(enum demand demand, const char *value)
{
	switch (demand) {
	case IS_EMPTY:
		return value[0] == '\0';
	case IS_NO:
		return g_ascii_strcasecmp(value, "no") == 0;
	case IS_ZERO:
		return strcmp(value, "0") == 0;
	case IS_A_DAY_AT_MOST:
		return postfix_time_parse(value, DAY_S) <= DAY_S;
	case IS_A_PIPE:
		return strcmp(value, "/dev/stdout") == 0;
	case HAS_PLUS:
		return strchr(value, '+') != NULL;
	case HAS_UTC:
		return has_token(value, "TZ=UTC") ||
		    has_token(value, "TZ=UTC0") ||
		    has_token(value, "TZ=Etc/UTC");
	default:
		return TRUE;
	}
}

static void
value_judge(GArray *findings, const char *where, const char *name,
    const char *value)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
		if (strcmp(rules[i].name, name) == 0 &&
		    !value_is_good(rules[i].demand, value))
			postfix_findings_add(findings, rules[i].severity,
			    rules[i].name,
			    g_strdup_printf("%s: %s", where, rules[i].why));
}

/* --- what several settings make together ------------------------------- */

/* What is asked of others about a client or an address. */
static const struct rule words[] = {
    {"reject_unverified_", IS_EMPTY, POSTFIX_WARN,
	"asks other hosts whether an address exists; leave it out"},
    {"permit_mx_backup", IS_EMPTY, POSTFIX_WARN,
	"takes mails of others and keeps them; leave it out"},
    {"reject_rbl_client", IS_EMPTY, POSTFIX_WARN,
	"tells a third party the address of every client"},
    {"reject_rhsbl_", IS_EMPTY, POSTFIX_WARN,
	"tells a third party the domain of every sender or client"},
};

/* The state of one run. */
struct judge {
	GArray *findings;
	GHashTable *main;      /* name to value */
	GHashTable *overrides; /* "service/type/name" to value */
	gboolean verifies;
	gboolean has_postscreen;
};

static const char *
main_value(const struct judge *judge, const char *name)
{
	const char *value = g_hash_table_lookup(judge->main, name);

	return value != NULL ? value : "";
}

static void
restrictions_judge(struct judge *judge, const char *where, const char *name,
    const char *value)
{
	if (!g_str_has_suffix(name, "_restrictions"))
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strstr(value, words[i].name) == NULL)
			continue;
		judge->verifies |= i == 0;
		postfix_findings_add(judge->findings, words[i].severity,
		    words[i].name,
		    g_strdup_printf("%s, %s: %s", where, name, words[i].why));
	}
}

/* postconf -M: "smtp inet n - y - - smtpd -v -o name=value" */
static void
service_judge(struct judge *judge, const char *line)
{
	g_auto(GStrv) words_of = g_strsplit_set(line, " \t", -1);
	guint column = 0;

	for (char **w = words_of; *w != NULL; w++) {
		if (**w == '\0')
			continue;
		column++;
		if (column == 8 && strcmp(*w, "postscreen") == 0)
			judge->has_postscreen = TRUE;
		if (column > 8 && ((*w)[0] == '-') &&
		    strchr("vD", (*w)[1]) != NULL && (*w)[1] != '\0')
			postfix_findings_add(judge->findings, POSTFIX_REFUSE,
			    "-v",
			    g_strdup_printf("master.cf, %s: writes whole "
					    "sessions into the log; leave "
					    "-v and -D out",
				words_of[0]));
	}
}

static void
caches_judge(struct judge *judge)
{
	if (judge->verifies &&
	    main_value(judge, "address_verify_map")[0] != '\0')
		postfix_findings_add(judge->findings, POSTFIX_REFUSE,
		    "address_verify_map",
		    g_strdup("main.cf: addresses that were verified are "
			     "written to a file; set "
			     "\"address_verify_map =\""));
	if (!judge->has_postscreen)
		return;
	if (main_value(judge, "postscreen_cache_map")[0] != '\0')
		postfix_findings_add(judge->findings, POSTFIX_WARN,
		    "postscreen_cache_map",
		    g_strdup("main.cf: addresses of clients are written to a "
			     "file; empty it"));
	if (main_value(judge, "postscreen_dnsbl_sites")[0] != '\0')
		postfix_findings_add(judge->findings, POSTFIX_WARN,
		    "postscreen_dnsbl_sites",
		    g_strdup("main.cf: tells a third party the address of "
			     "every client"));
}

/* The listener for our mails hides who handed them over: by header checks of
 * its own that drop Received, or by Postfix 3.10 itself. */
static void
listener_judge(struct judge *judge, const char *port)
{
	g_autofree char *end = g_strconcat(":", port, "/inet/", NULL);
	const char *cleanup = NULL;
	const char *checks = NULL;
	const char *hides = NULL;
	g_autofree char *key = NULL;
	GHashTableIter all;
	gpointer name;
	gpointer value;

	g_hash_table_iter_init(&all, judge->overrides);
	while (g_hash_table_iter_next(&all, &name, &value)) {
		const char *at = strstr(name, end);

		if (at == NULL && g_str_has_prefix(name, end + 1))
			at = (const char *)name - 1;
		if (at == NULL)
			continue;
		at += strlen(end);
		if (strcmp(at, "cleanup_service_name") == 0)
			cleanup = value;
		else if (strcmp(at, "smtpd_hide_client_session") == 0)
			hides = value;
	}
	key = g_strconcat(cleanup != NULL ? cleanup : "cleanup",
	    "/unix/header_checks", NULL);
	checks = g_hash_table_lookup(judge->overrides, key);
	if ((checks == NULL || checks[0] == '\0') &&
	    (hides == NULL || strcmp(hides, "yes") != 0))
		postfix_findings_add(judge->findings, POSTFIX_WARN,
		    "smtpd_hide_client_session",
		    g_strdup("master.cf: mails of nymdesk go out with a "
			     "Received line that shows when they were handed "
			     "over; see nymdesk-out-cleanup in "
			     "contrib/postfix/master.cf"));
}

/* --- what postconf prints ---------------------------------------------- */

/* "name = value", one a line. */
static GHashTable *
table_parse(const char *text)
{
	GHashTable *table =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

	for (char **l = lines; *l != NULL; l++) {
		char *equals = strstr(*l, " =");

		if (equals == NULL)
			continue;
		*equals = '\0';
		g_hash_table_replace(table, g_strdup(*l),
		    g_strstrip(g_strdup(equals + 2)));
	}
	return table;
}

static void
table_judge(struct judge *judge, GHashTable *table, gboolean is_main)
{
	g_autoptr(GList) names =
	    g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp);

	for (GList *at = names; at != NULL; at = at->next) {
		const char *name = at->data;
		const char *value = g_hash_table_lookup(table, name);
		const char *slash = is_main ? NULL : strrchr(name, '/');
		g_autofree char *where = slash == NULL
		    ? g_strdup("main.cf")
		    : g_strdup_printf("master.cf, %.*s", (int)(slash - name),
			  name);

		name = slash != NULL ? slash + 1 : name;
		value_judge(judge->findings, where, name, value);
		restrictions_judge(judge, where, name, value);
	}
}

static void
fronts_judge(struct judge *judge, const struct postfix_settings *settings)
{
	const struct postfix_fronts fronts = {.main = judge->main,
	    .overrides = judge->overrides,
	    .services = settings->services,
	    .milter = settings->milter,
	    .proxy = settings->proxy,
	    .out_port = settings->out_port};

	postfix_fronts_judge(&fronts, judge->findings);
}

/* Whether a service of this name is in "postconf -M". */
static gboolean
has_service(const struct postfix_settings *settings, const char *name)
{
	g_autofree char *text = g_strconcat("\n",
	    settings->services != NULL ? settings->services : "", NULL);
	g_autofree char *start = g_strconcat("\n", name, " ", NULL);

	return strstr(text, start) != NULL;
}

/* How Postfix reaches us by LMTP, which stays in all three ways. */
static void
way_judge(const struct judge *judge, const struct postfix_settings *settings)
{
	g_autofree char *name = g_strconcat(
	    settings->transport != NULL ? settings->transport : "",
	    "_destination_concurrency_limit", NULL);
	gint64 limit =
	    g_ascii_strtoll(main_value(judge, name), NULL, 10);

	if (settings->transport == NULL)
		return;
	if (!has_service(settings, settings->transport))
		postfix_findings_add(judge->findings, POSTFIX_WARN,
		    "transport",
		    g_strdup_printf("master.cf: there is no service %s to "
				    "reach nymdesk by; add the lines of "
				    "contrib/postfix/master.cf, or name "
				    "yours in transport of [milter]",
			settings->transport));
	if (settings->workers > 0 && limit > settings->workers)
		postfix_findings_add(judge->findings, POSTFIX_WARN,
		    "concurrency_limit",
		    g_strdup_printf("main.cf, %s: more than the workers of "
				    "[lmtp], so mails wait for one; make "
				    "them equal",
			name));
}

static void
socketmap_judge(const struct judge *judge, const char *listen)
{
	static const char *const maps[] = {"relay_recipient_maps",
	    "local_recipient_maps", "virtual_mailbox_maps"};

	if (listen == NULL || listen[0] == '\0')
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(maps); i++)
		if (strstr(main_value(judge, maps[i]), "socketmap:") != NULL)
			return;
	postfix_findings_add(judge->findings, POSTFIX_WARN,
	    "relay_recipient_maps",
	    g_strdup("main.cf: [socketmap] listen is set, but no map of "
		     "recipients asks there; see "
		     "contrib/postfix/socketmap.cf"));
}

GArray *
postfix_settings_judge(const struct postfix_settings *settings)
{
	struct judge judge = {
	    .findings =
		g_array_new(FALSE, TRUE, sizeof(struct postfix_finding)),
	    .main = table_parse(settings->main),
	    .overrides = table_parse(settings->overrides)};
	g_auto(GStrv) services = g_strsplit(
	    settings->services != NULL ? settings->services : "", "\n", -1);

	table_judge(&judge, judge.main, TRUE);
	table_judge(&judge, judge.overrides, FALSE);
	for (char **line = services; *line != NULL; line++)
		service_judge(&judge, *line);
	fronts_judge(&judge, settings);
	way_judge(&judge, settings);
	socketmap_judge(&judge, settings->socketmap);
	caches_judge(&judge);
	if (settings->out_port != NULL)
		listener_judge(&judge, settings->out_port);
	g_hash_table_unref(judge.main);
	g_hash_table_unref(judge.overrides);
	return judge.findings;
}
