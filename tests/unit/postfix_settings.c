#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "postfix/machine.h"
#include "postfix/settings.h"
#include "postfix_tests.h"

#include "base/banned.h"

#define GOOD_OUT                                                               \
	"127.0.0.1:10026/inet/cleanup_service_name = nymdesk-out-cleanup\n"    \
	"nymdesk-out-cleanup/unix/header_checks = regexp:/x\n"
#define SMTPD "smtp inet n - n - - smtpd"

/* "what:w,what:R": the findings in their order. */
static char *
findings_show(GArray *findings)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < findings->len; i++) {
		const struct postfix_finding *finding =
		    &g_array_index(findings, struct postfix_finding, i);

		assert_true(strlen(finding->detail) > 10);
		g_string_append_printf(text, "%s%s:%c", i > 0 ? "," : "",
		    finding->what,
		    finding->severity == POSTFIX_REFUSE ? 'R' : 'w');
	}
	return g_string_free(text, FALSE);
}

static char *
judged(const char *main, const char *overrides, const char *services)
{
	const struct postfix_settings settings = {.main = main,
	    .overrides = overrides,
	    .services = services,
	    .out_port = "10026"};
	GArray *findings = postfix_settings_judge(&settings);
	char *shown = findings_show(findings);

	postfix_findings_free(findings);
	return shown;
}

void
each_bad_setting_is_found(void **state)
{
	static const struct {
		const char *setting;
		const char *want;
	} rows[] = {
	    {"always_bcc = archive@casino.example", "always_bcc:R"},
	    {"always_bcc =", ""},
	    {"always_bcc = ", ""},
	    {"sender_bcc_maps = hash:/x", "sender_bcc_maps:R"},
	    {"recipient_bcc_maps = hash:/x", "recipient_bcc_maps:R"},
	    {"notify_classes = resource, software", "notify_classes:R"},
	    {"notify_classes =", ""},
	    {"debug_peer_list = 192.0.2.7", "debug_peer_list:R"},
	    {"content_filter = x:y", "content_filter:w"},
	    {"smtpd_proxy_filter = 127.0.0.1:1", "smtpd_proxy_filter:w"},
	    {"smtpd_milters = unix:x", "smtpd_milters:w"},
	    {"non_smtpd_milters = unix:x", "non_smtpd_milters:w"},
	    {"luser_relay = x", "luser_relay:w"},
	    {"relayhost = [x.example]", "relayhost:w"},
	    {"smtp_fallback_relay = x", "smtp_fallback_relay:w"},
	    {"fast_flush_domains = a.example", "fast_flush_domains:w"},
	    {"smtp_tls_session_cache_database = btree:/x",
		"smtp_tls_session_cache_database:w"},
	    {"smtpd_tls_session_cache_database = btree:/x",
		"smtpd_tls_session_cache_database:w"},
	    {"lmtp_tls_session_cache_database = btree:/x",
		"lmtp_tls_session_cache_database:w"},
	    {"smtp_tls_loglevel = 1", "smtp_tls_loglevel:w"},
	    {"smtpd_tls_loglevel = 2", "smtpd_tls_loglevel:w"},
	    {"lmtp_tls_loglevel = 1", "lmtp_tls_loglevel:w"},
	    {"smtp_tls_loglevel = 0", ""},
	    {"soft_bounce = yes", "soft_bounce:w"},
	    {"soft_bounce = no", ""},
	    {"smtpd_sasl_authenticated_header = yes",
		"smtpd_sasl_authenticated_header:w"},
	    {"maximal_queue_lifetime = 5d", "maximal_queue_lifetime:w"},
	    {"maximal_queue_lifetime = 1d", ""},
	    {"maximal_queue_lifetime = 2", "maximal_queue_lifetime:w"},
	    {"maximal_queue_lifetime = 24h", ""},
	    {"maximal_queue_lifetime = 25h", "maximal_queue_lifetime:w"},
	    {"maximal_queue_lifetime = 99999999999999999999s",
		"maximal_queue_lifetime:w"},
	    {"bounce_queue_lifetime = 1w", "bounce_queue_lifetime:w"},
	    {"bounce_queue_lifetime = 0", ""},
	    {"maillog_file =", "maillog_file:w"},
	    {"maillog_file = /var/log/mail.log", "maillog_file:w"},
	    {"maillog_file = /dev/stdout", ""},
	    {"import_environment = MAIL_CONFIG TZ LANG=C",
		"import_environment:w"},
	    {"import_environment = MAIL_CONFIG TZ=Europe/Malta",
		"import_environment:w"},
	    {"import_environment = MAIL_CONFIG, TZ=UTC LANG=C", ""},
	    {"recipient_delimiter =", "recipient_delimiter:R"},
	    {"recipient_delimiter = -", "recipient_delimiter:R"},
	    {"recipient_delimiter = +-", ""},
	    {"smtpd_recipient_restrictions = reject_unverified_recipient",
		"reject_unverified_:w"},
	    {"smtpd_recipient_restrictions = reject_unverified_recipient\n"
	     "address_verify_map = btree:/x",
		"reject_unverified_:w,address_verify_map:R"},
	    {"address_verify_map = btree:/x", ""},
	    {"smtpd_relay_restrictions = permit_mx_backup",
		"permit_mx_backup:w"},
	    {"smtpd_client_restrictions = reject_rbl_client b.example",
		"reject_rbl_client:w"},
	    {"smtpd_sender_restrictions = reject_rhsbl_sender b.example",
		"reject_rhsbl_:w"},
	    {"postscreen_cache_map = btree:/x", ""},
	    {"myhostname = always_bcc", ""},
	    {"garbage", ""},
	    {"", ""},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got =
		    judged(rows[i].setting, GOOD_OUT, SMTPD);

		assert_string_equal(got, rows[i].want);
	}
}

void
services_are_judged_too(void **state)
{
	static const struct {
		const char *main;
		const char *overrides;
		const char *services;
		const char *want;
	} rows[] = {
	    {"", GOOD_OUT "smtp/inet/always_bcc = a@b.example", SMTPD,
		"always_bcc:R"},
	    {"", GOOD_OUT "smtp/inet/smtpd_client_restrictions = "
			  "reject_rbl_client b.example",
		SMTPD, "reject_rbl_client:w"},
	    {"", GOOD_OUT, SMTPD " -v", "-v:R"},
	    {"", GOOD_OUT, SMTPD " -o a=b -vv", "-v:R"},
	    {"", GOOD_OUT, SMTPD " -D", "-v:R"},
	    {"", GOOD_OUT, SMTPD " -o a=-v", ""},
	    {"postscreen_cache_map = btree:/x\npostscreen_dnsbl_sites = b",
		GOOD_OUT, "smtp inet n - n - 1 postscreen",
		"postscreen_cache_map:w,postscreen_dnsbl_sites:w"},
	    /* Who handed a mail over must not show. */
	    {"", "", SMTPD, "smtpd_hide_client_session:w"},
	    {"", "127.0.0.1:10026/inet/cleanup_service_name = x", SMTPD,
		"smtpd_hide_client_session:w"},
	    {"", "127.0.0.1:10026/inet/smtpd_hide_client_session = yes",
		SMTPD, ""},
	    {"", "10026/inet/smtpd_hide_client_session = yes", SMTPD, ""},
	    {"", "127.0.0.1:11026/inet/smtpd_hide_client_session = yes",
		SMTPD, "smtpd_hide_client_session:w"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = judged(rows[i].main, rows[i].overrides,
		    rows[i].services);

		assert_string_equal(got, rows[i].want);
	}
}

#define MILTER "unix:/run/n/milter/listen"
#define PROXY "unix:/q/nymdesk/smtp"
#define OUT "127.0.0.1:10026 inet n - n - - smtpd"
#define QUEUE "queue_directory = /q\n"

/* With a milter and a proxy of ours, at MILTER and PROXY. */
static char *
fronts_judged(const char *main, const char *overrides, const char *services)
{
	g_autofree char *all = g_strconcat(QUEUE, main, NULL);
	g_autofree char *out = g_strconcat(GOOD_OUT, overrides, NULL);
	const struct postfix_settings settings = {.main = all,
	    .overrides = out,
	    .services = services,
	    .out_port = "10026",
	    .milter = strstr(main, "milters") != NULL ? MILTER : "",
	    .proxy = strstr(main, "proxy") != NULL ? PROXY : ""};
	GArray *findings = postfix_settings_judge(&settings);
	char *shown = findings_show(findings);

	postfix_findings_free(findings);
	return shown;
}

void
our_milter_is_judged(void **state)
{
#define OURS "smtpd_milters = " MILTER "\n"
#define BRACED(options) "smtpd_milters = { " MILTER options " }\n"
#define ACTION "milter_default_action"
	static const struct {
		const char *main;
		const char *overrides;
		const char *services;
		const char *want;
	} rows[] = {
	    {OURS, "", SMTPD, ""},
	    {OURS ACTION " = tempfail\nmilter_protocol = 6\n"
		  "milter_content_timeout = 300s\n",
		"", SMTPD, ""},
	    {"smtpd_milters = local:/run/n//milter/listen\n", "", SMTPD, ""},
	    {"smtpd_milters = unix:../run/n/milter/listen\n", "", SMTPD, ""},
	    {"smtpd_milters = inet:127.0.0.1:8891 " MILTER "\n", "", SMTPD,
		"smtpd_milters:w"},
	    {"smtpd_milters = { inet:localhost:8891, protocol=2 }, "
	     MILTER "\n",
		"", SMTPD, "smtpd_milters:w"},
	    {"smtpd_milters = unix:/run/n/milter/listen2\n", "", SMTPD,
		"smtpd_milters:w,smtpd_milters:w"},
	    {"smtpd_milters = inet:/run/n/milter/listen\n", "", SMTPD,
		"smtpd_milters:w,smtpd_milters:w"},
	    {"smtpd_milters =\n", "", SMTPD, "smtpd_milters:w"},
	    {"smtpd_milters =\n", "smtp/inet/" OURS, SMTPD, ""},
	    /* What happens while it is away. */
	    {OURS ACTION " = accept\n", "", SMTPD, ACTION ":R"},
	    {OURS ACTION " = reject\n", "", SMTPD, ACTION ":R"},
	    {OURS ACTION " = quarantine\n", "", SMTPD, ACTION ":R"},
	    {BRACED(", default_action=accept") ACTION " = tempfail\n", "",
		SMTPD, ACTION ":R"},
	    {BRACED(", default_action = tempfail") ACTION " = accept\n", "",
		SMTPD, ""},
	    {BRACED(" , protocol=6,default_action=reject,command_timeout=1s"),
		"", SMTPD, ACTION ":R"},
	    {"smtpd_milters = { unix:/x, default_action=tempfail } " MILTER
	     "\n" ACTION " = accept\n",
		"", SMTPD, ACTION ":R,smtpd_milters:w"},
	    {"smtpd_milters = { unix:/x, default_action=accept } " MILTER,
		"", SMTPD, "smtpd_milters:w"},
	    {OURS, "smtp/inet/" ACTION " = accept", SMTPD, ACTION ":R"},
	    {OURS ACTION " = accept\n", "smtp/inet/" ACTION " = tempfail",
		SMTPD, ACTION ":R"},
	    {"smtpd_milters =\n" ACTION " = accept\n",
		"smtp/inet/" OURS "smtp/inet/" ACTION " = tempfail", SMTPD,
		""},
	    /* What it needs. */
	    {OURS "milter_protocol = 4\n", "", SMTPD, "milter_protocol:R"},
	    {BRACED(", protocol=2"), "", SMTPD, "milter_protocol:R"},
	    {OURS "milter_content_timeout = 4m\n", "", SMTPD,
		"milter_content_timeout:w"},
	    {OURS "milter_content_timeout = 250\n", "", SMTPD, ""},
	    {BRACED(", content_timeout=30s"), "", SMTPD,
		"milter_content_timeout:w"},
	    /* A chroot has another /. */
	    {OURS, "", "smtp inet n - y - - smtpd", "smtpd_milters:w"},
	    {"smtpd_milters = unix:run/n/milter/listen\n", "", SMTPD,
		"smtpd_milters:w,smtpd_milters:w"},
	    /* Nymdesk's own mails. */
	    {OURS, "", SMTPD "\n" OUT, "smtpd_milters:w"},
	    {OURS, "127.0.0.1:10026/inet/smtpd_milters =", SMTPD "\n" OUT,
		""},
	    {"smtpd_milters = { " MILTER, "", SMTPD, ""},
	    {"smtpd_milters = {", "", SMTPD,
		"smtpd_milters:w,smtpd_milters:w"},
	    {"smtpd_milters = } , {}", "", SMTPD,
		"smtpd_milters:w,smtpd_milters:w"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = fronts_judged(rows[i].main,
		    rows[i].overrides, rows[i].services);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu: %s", i, got);
	}
}

void
our_proxy_is_judged(void **state)
{
#define THROUGH "smtpd_proxy_filter = unix:nymdesk/smtp\n"
#define PATIENT "smtpd_proxy_timeout = 300s\n"
#define FILTER "smtpd_proxy_filter"
	static const struct {
		const char *main;
		const char *overrides;
		const char *services;
		const char *want;
	} rows[] = {
	    {THROUGH PATIENT, "", SMTPD, ""},
	    {FILTER " = unix:/q/nymdesk/smtp\n" PATIENT, "", SMTPD, ""},
	    {THROUGH PATIENT "smtpd_proxy_options =\n", "", SMTPD, ""},
	    {THROUGH PATIENT, "", "smtp inet n - y - - smtpd", ""},
	    {FILTER " = unix:/q/nymdesk/smtp\n" PATIENT, "",
		"smtp inet n - y - - smtpd", FILTER ":w"},
	    {FILTER " = unix:/nymdesk/smtp\n" PATIENT, "",
		"smtp inet n - y - - smtpd", ""},
	    {FILTER " = 127.0.0.1:25\n" PATIENT, "", SMTPD,
		FILTER ":w," FILTER ":w"},
	    {FILTER " =\n", "", SMTPD, FILTER ":w"},
	    {THROUGH PATIENT "smtpd_proxy_options = speed_adjust\n", "",
		SMTPD, "smtpd_proxy_options:R"},
	    {THROUGH PATIENT, "smtp/inet/smtpd_proxy_options = speed_adjust",
		SMTPD, "smtpd_proxy_options:R"},
	    {THROUGH, "", SMTPD, "smtpd_proxy_timeout:w"},
	    {THROUGH "smtpd_proxy_timeout = 4m\n", "", SMTPD,
		"smtpd_proxy_timeout:w"},
	    {THROUGH "smtpd_proxy_timeout = 250\n", "", SMTPD, ""},
	    {FILTER " =\n" PATIENT, "smtp/inet/" THROUGH, SMTPD, ""},
	    {THROUGH PATIENT, "", SMTPD "\n" OUT, FILTER ":R"},
	    {THROUGH PATIENT, "127.0.0.1:10026/inet/" FILTER " =",
		SMTPD "\n" OUT, ""},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = fronts_judged(rows[i].main,
		    rows[i].overrides, rows[i].services);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("row %zu: %s", i, got);
	}
}

void
a_port_of_ours_is_known(void **state)
{
	static const struct {
		const char *where;
		gboolean is_ours;
	} rows[] = {
	    {"inet:127.0.0.1:10030", TRUE},
	    {"127.0.0.1:10030", TRUE},
	    {"[127.0.0.1]:10030", TRUE},
	    {"localhost:10030", TRUE},
	    {"inet:localhost:10030", TRUE},
	    {"10030", TRUE},
	    {":10030", TRUE},
	    {"127.0.0.1:10031", FALSE},
	    {"127.0.0.2:10030", FALSE},
	    {"unix:10030", FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *main = g_strdup_printf(
		    "smtpd_proxy_filter = %s\n" PATIENT, rows[i].where);
		const struct postfix_settings settings = {.main = main,
		    .services = SMTPD,
		    .proxy = "inet:127.0.0.1:10030"};
		GArray *findings = postfix_settings_judge(&settings);

		if ((findings->len == 0) != rows[i].is_ours)
			fail_msg("%s", rows[i].where);
		postfix_findings_free(findings);
	}
}

/* What postconf -P and -M would print of a master.cf. */
static void
master_read(const char *name, GString *overrides, GString *services)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	g_autofree char *service = NULL;

	assert_true(g_file_get_contents(name, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l != NULL; l++) {
		g_auto(GStrv) option = NULL;

		if (g_ascii_isalnum(**l)) {
			g_auto(GStrv) words = g_strsplit_set(*l, " \t", 2);

			g_free(service);
			service = g_strdup_printf("%s/%s", words[0],
			    strstr(*l, "inet") != NULL ? "inet" : "unix");
			g_string_append_printf(services, "%s\n", *l);
		} else if (g_str_has_prefix(*l, "  -o ")) {
			option = g_strsplit(*l + 5, "=", 2);
			g_string_append_printf(overrides, "%s/%s = %s\n",
			    service, option[0], option[1]);
		}
	}
}

void
the_shipped_settings_are_good(void **state)
{
	g_autofree char *main = NULL;
	g_autofree char *got = NULL;
	g_autoptr(GString) overrides = g_string_new(NULL);
	g_autoptr(GString) services = g_string_new(NULL);

	(void)state;
	assert_true(g_file_get_contents(ND_SRCDIR "/contrib/postfix/main.cf",
	    &main, NULL, NULL));
	master_read(ND_SRCDIR "/contrib/postfix/master.cf", overrides,
	    services);
	/* All that the file must say is there to be judged. */
	for (const char *const *name =
		 (const char *const[]){"\nnotify_classes =", "\nalways_bcc =",
		     "\nsender_bcc_maps =", "\nrecipient_bcc_maps =",
		     "\nimport_environment =", "\nmaximal_queue_lifetime =",
		     "\naddress_verify_map =", "\nfast_flush_domains =",
		     "\nsoft_bounce =", NULL};
	     *name != NULL; name++)
		assert_non_null(strstr(main, *name));
	got = judged(main, overrides->str, services->str);
	assert_string_equal(got, "");
}

static enum volume
swap_fake(const char *path)
{
	return strcmp(path, "/dev/dm-1") == 0 ? VOLUME_ENCRYPTED
	    : strcmp(path, "/dev/zram0") == 0 ? VOLUME_MEMORY
					      : VOLUME_DISK;
}

void
the_machine_is_judged(void **state)
{
#define TITLE "Filename\t\t\t\tType\t\tSize\n"
#define LIMITS "Max stack size 8 8 bytes\nMax core file size        "
	static const struct {
		struct postfix_machine machine;
		const char *want;
	} rows[] = {
	    {{VOLUME_MEMORY, NULL, swap_fake, NULL, NULL}, ""},
	    {{VOLUME_ENCRYPTED, TITLE, swap_fake, "core\n", NULL}, ""},
	    {{VOLUME_DISK, "", swap_fake, "core", NULL},
		"queue_directory:w"},
	    {{VOLUME_UNKNOWN, TITLE, swap_fake, "core", NULL},
		"queue_directory:w"},
	    {{VOLUME_MEMORY,
		 TITLE "/dev/dm-1 partition 1\n/dev/zram0 partition 1\n",
		 swap_fake, NULL, NULL},
		""},
	    {{VOLUME_MEMORY, TITLE "/dev/dm-1 partition\n/swapfile file 1\n",
		 swap_fake, NULL, NULL},
		"swap:w"},
	    {{VOLUME_MEMORY, NULL, swap_fake, "|/usr/lib/x %P", NULL},
		"core_pattern:w"},
	    {{VOLUME_MEMORY, NULL, swap_fake, "core",
		 LIMITS "0                    unlimited  bytes"},
		""},
	    {{VOLUME_MEMORY, NULL, swap_fake, "core",
		 LIMITS "unlimited            unlimited  bytes"},
		"core:w"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		GArray *findings = g_array_new(FALSE, TRUE,
		    sizeof(struct postfix_finding));
		g_autofree char *got = NULL;

		postfix_machine_judge(&rows[i].machine, findings);
		got = findings_show(findings);
		assert_string_equal(got, rows[i].want);
		postfix_findings_free(findings);
	}
	assert_int_equal(volume_of_path("/nonexistent"), VOLUME_UNKNOWN);
	assert_int_equal(volume_of_device("/nonexistent"), VOLUME_UNKNOWN);
}

void
the_way_to_us_is_judged(void **state)
{
#define LIMIT "nymdesk_destination_concurrency_limit = 20\n"
	static const struct {
		const char *main;
		const char *services;
		gint64 workers;
		const char *socketmap;
		const char *want; /* what is found first, or NULL */
	} rows[] = {
	    {LIMIT, SMTPD "\nnymdesk unix - - - - - lmtp", 20, "", NULL},
	    {LIMIT, SMTPD "\nnymdesk unix - - - - - lmtp", 19, "",
		"concurrency_limit"},
	    {LIMIT, SMTPD "\nnymdesk2 unix - - - - - lmtp", 20, "",
		"transport"},
	    {LIMIT, "nymdesk unix - - - - - lmtp", 20, "unix:/run/n/map",
		"relay_recipient_maps"},
	    {LIMIT "relay_recipient_maps = socketmap:unix:run/n/map:r\n",
		"nymdesk unix - - - - - lmtp", 20, "unix:/run/n/map", NULL},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct postfix_settings settings = {
		    .main = rows[i].main,
		    .services = rows[i].services,
		    .transport = "nymdesk",
		    .workers = rows[i].workers,
		    .socketmap = rows[i].socketmap};
		GArray *findings = postfix_settings_judge(&settings);
		const char *got = findings->len > 0
		    ? g_array_index(findings, struct postfix_finding, 0).what
		    : NULL;

		if (g_strcmp0(got, rows[i].want) != 0)
			fail_msg("row %zu: %s", i, got != NULL ? got : "ok");
		postfix_findings_free(findings);
	}
}
