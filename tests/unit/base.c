#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "base/addr.h"
#include "base/config.h"
#include "base/error.h"
#include "base/log.h"

#include "base/banned.h"

int base_config_tests(void);

/* --- addresses ---------------------------------------------------------- */

static void
addresses_parse(void **state)
{
	static const struct {
		const char *text;
		const char *wire;   /* NULL: refused */
		const char *normal;
	} rows[] = {
	    {"a@b.test", "a@b.test", "a@b.test"},
	    {"Anna.M@Casino.TEST", "Anna.M@Casino.TEST", "anna.m@casino.test"},
	    {"\"john doe\"@b.test", "\"john doe\"@b.test",
		"john doe@b.test"},
	    {"\"a\\\"b\"@b.test", "\"a\\\"b\"@b.test", "a\"b@b.test"},
	    {"\"plain\"@b.test", "plain@b.test", "plain@b.test"},
	    {"jörg@bücher.test", "jörg@bücher.test",
		"jörg@xn--bcher-kva.test"},
	    {"JO\xcc\x88RG@b.test", "JO\xcc\x88RG@b.test", "jörg@b.test"},
	    {"a@[192.0.2.1]", "a@[192.0.2.1]", "a@[192.0.2.1]"},
	    {"a+tag@b.test", "a+tag@b.test", "a+tag@b.test"},
	    {"", NULL, NULL},
	    {"a", NULL, NULL},
	    {"@b", NULL, NULL},
	    {"a@", NULL, NULL},
	    {"a@b>\r\nRCPT TO:<victim@x.test", NULL, NULL},
	    {"a b@c.test", NULL, NULL},
	    {".a@b.test", NULL, NULL},
	    {"a..b@c.test", NULL, NULL},
	    {"a@b..c", NULL, NULL},
	    {"a@b c", NULL, NULL},
	    {"<a@b.test>", NULL, NULL},
	    {"\xff@b.test", NULL, NULL},
	    {"a@[", NULL, NULL},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(addr_auto) addr = addr_parse(rows[i].text, -1, NULL);
		g_autofree char *wire = NULL;
		g_autofree char *normal = NULL;

		if (rows[i].wire == NULL) {
			assert_null(addr);
			continue;
		}
		assert_non_null(addr);
		wire = addr_to_wire(addr);
		normal = addr_to_normal(addr);
		assert_string_equal(wire, rows[i].wire);
		assert_string_equal(normal, rows[i].normal);
	}
}

static void
addresses_have_a_size(void **state)
{
	g_autofree char *local = g_strnfill(64, 'a');
	g_autofree char *good = g_strconcat(local, "@b.test", NULL);
	g_autofree char *bad = g_strconcat("a", good, NULL);
	g_autoptr(addr_auto) addr = addr_parse(good, -1, NULL);
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_non_null(addr);
	assert_null(addr_parse(bad, -1, &error));
	assert_true(error_is(error, ERROR_PERM));
	/* The error must not hold the address. */
	assert_null(strstr(error->message, "aaa"));
	assert_null(addr_parse("a@b\0c.test", 10, NULL));
}

/* --- configuration -------------------------------------------------------- */

#define QUEUE                                                                  \
	"[queue support]\naddress=support@Casino.test\nrole=Casino\n"          \
	"agents=team@agents.test;ben@agents.test\n"

static char *
file_write(const char *text)
{
	char *path;
	int fd = g_file_open_tmp("nd-conf-XXXXXX", &path, NULL);

	assert_true(fd >= 0);
	close(fd);
	assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static void
config_has_its_defaults(void **state)
{
	g_autofree char *path = file_write(QUEUE
	    "faq=https://f.test/\nfaq.bonus=https://f.test/b\n");
	g_autoptr(GError) error = NULL;
	g_autoptr(config_auto) config = config_load_file(path, &error);
	const struct config_queue *queue;

	(void)state;
	assert_non_null(config);
	assert_int_equal(config->lmtp_workers, 20);
	assert_int_equal(config->epoch_s, 7 * 86400);
	queue = config_queue_by_name(config, "support");
	assert_non_null(queue);
	assert_string_equal(queue->domain, "casino.test");
	assert_int_equal(g_strv_length(queue->members), 2);
	assert_string_equal(g_hash_table_lookup(queue->faqs, "bonus"),
	    "https://f.test/b");
	(void)g_unlink(path);
}

/* The longest that leaves room for a ticket's addresses. */
#define LONG_LOCAL "support-of-the-casino-at-the-far-end-39"

static void
config_takes_long_names(void **state)
{
	g_autofree char *path = file_write("[queue s]\naddress=" LONG_LOCAL
					   "@c.test\nrole=C\n"
					   "agents=a@b.test\n");
	g_autoptr(config_auto) config = config_load_file(path, NULL);

	(void)state;
	assert_int_equal(strlen(LONG_LOCAL), CONFIG_LOCAL_MAX);
	assert_non_null(config);
	assert_string_equal(
	    config_queue_by_name(config, "s")->local, LONG_LOCAL);
	(void)g_unlink(path);
}

static void
config_says_what_is_wrong(void **state)
{
	static const struct {
		const char *text;
		const char *says;
	} rows[] = {
	    {"[nymdesk]\n", "no [queue NAME] group"},
	    {QUEUE "[lmtp]\nworkers=0\n", "[lmtp] workers"},
	    {QUEUE "[lmtp]\nworkers=many\n", "[lmtp] workers"},
	    {QUEUE "[vault]\nepoch=7\n", "[vault] epoch"},
	    {QUEUE "[vault]\nepoch=7y\n", "[vault] epoch"},
	    {QUEUE "[post]\ntls=maybe\n", "[post] tls"},
	    {QUEUE "[nymdesk]\nrundir=/x\n", "unknown key"},
	    {QUEUE "[nymdsk]\nrun_dir=/x\n", "unknown group"},
	    {QUEUE "[nymdsk]\n", "unknown group"},
	    {"[queue]\naddress=support@c.test\n", "unknown group"},
	    {"[queue support]\naddress=support@c.test\nrole=C\n",
		"agents: is missing"},
	    {"[queue support]\naddress=support@c.test\nrole=C\n"
	     "agents=team\n",
		"no address"},
	    {"[queue Support]\naddress=s@c.test\nrole=C\nagents=a@b.test\n",
		"the name must be"},
	    {"[queue s]\naddress=" LONG_LOCAL "0@c.test\nrole=C\n"
	     "agents=a@b.test\n",
		"[queue s]: address has more than 39 octets before the @"},
	    {"rubbish", "not a key-value"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = file_write(rows[i].text);
		g_autoptr(GError) error = NULL;

		assert_null(config_load_file(path, &error));
		assert_true(g_str_has_prefix(error->message, path));
		if (strstr(error->message, rows[i].says) == NULL)
			fail_msg("row %d: %s", (int)i, error->message);
		(void)g_unlink(path);
	}
}

static void
a_role_sees_its_keys_only(void **state)
{
	g_autofree char *path = file_write(
	    "[nymdesk]\nkey_dir=/keys-here\nstate_dir=/state-here\n" QUEUE);
	g_autofree char *lmtp = config_for_role(path, ROLE_LMTP, NULL);
	g_autofree char *desk = config_for_role(path, ROLE_DESK, NULL);
	g_autofree char *vault = config_for_role(path, ROLE_VAULT, NULL);
	g_autofree char *post = config_for_role(path, ROLE_POST, NULL);

	(void)state;
	assert_null(strstr(lmtp, "/keys-here"));
	assert_null(strstr(lmtp, "/state-here"));
	assert_null(strstr(desk, "/keys-here"));
	assert_null(strstr(desk, "agents.test"));
	assert_non_null(strstr(post, "agents.test"));
	assert_non_null(strstr(vault, "/keys-here"));
	assert_non_null(strstr(desk, "/state-here"));
	assert_non_null(strstr(lmtp, "agents.test"));
	(void)g_unlink(path);
}

static void
the_sample_loads(void **state)
{
	g_autoptr(GString) sample = g_string_new(NULL);
	g_autofree char *path = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(config_auto) config = NULL;
	g_auto(GStrv) parts = NULL;
	g_autofree char *filled = NULL;

	(void)state;
	config_print_sample(sample);
	parts = g_strsplit(sample->str, "\naddress=\n", 2);
	filled = g_strjoinv("\naddress=support@c.test\n", parts);
	g_string_assign(sample, filled);
	g_string_replace(sample, "\nrole=\n", "\nrole=Casino\n", 0);
	g_string_replace(sample, "\nagents=\n", "\nagents=a@b.test\n", 0);
	path = file_write(sample->str);
	config = config_load_file(path, &error);
	if (config == NULL)
		fail_msg("%s", error->message);
	(void)g_unlink(path);
}

/* --- log ------------------------------------------------------------------- */

static char *
log_catch(void (*speak)(void))
{
	char buf[4096];
	int pair[2];
	int saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_true(pipe(pair) == 0);
	assert_true(dup2(pair[1], STDERR_FILENO) >= 0);
	speak();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	close(pair[1]);
	n = read(pair[0], buf, sizeof(buf));
	close(pair[0]);
	return g_strndup(buf, n > 0 ? (gsize)n : 0);
}

static void
speak_hostile(void)
{
	g_autoptr(GError) foreign = g_error_new(G_CONVERT_ERROR, 3,
	    "cannot convert hans@player.test");
	/* The configuration refuses such a name; the log does too. */
	struct config_queue odd = {.name = (char[]){"Mein Geld\nfalse line"}};
	struct config_queue queue = {.name = (char[]){"support"}};

	log_info("ticket.open", LOG_WORD("why", "hans@player.test"),
	    LOG_QUEUE(&odd), LOG_QUEUE(&queue), LOG_ROLE(ROLE_VAULT),
	    LOG_NUM("n", -3), LOG_ERR(foreign));
}

static void
the_log_takes_no_text_of_a_mail(void **state)
{
	g_autofree char *line = NULL;

	(void)state;
	log_init(ROLE_CTL, LOG_LEVEL_INFO);
	line = log_catch(speak_hostile);
	assert_string_equal(line,
	    "nymdesk: info ticket.open why=? queue=? queue=support "
	    "role=vault n=-3 error=g_convert_error/3\n");
}

static void
speak_library(void)
{
	g_log("GMime", G_LOG_LEVEL_WARNING, "bad: %s", "hans@player.test");
	g_log("hans@player.test", G_LOG_LEVEL_CRITICAL, "bad");
	g_log_structured("GMime", G_LOG_LEVEL_WARNING, "MESSAGE", "%s",
	    "hans@player.test");
	g_printerr("%s\n", "hans@player.test");
	g_print("%s\n", "hans@player.test");
	g_printerr("**\ntest:ERROR:a.c:1:f: assertion failed (a == b): "
	    "(\"hans@player.test\" == \"\")\n");
}

static void
die_of_error(void)
{
	g_error("cannot read %s", "hans@player.test");
}

static void
die_of_assert(void)
{
	const char *text = "hans@player.test";

	g_assert(text == NULL);
}

static void
die(void (*how)(void))
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		struct rlimit none = {0};

		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGTRAP, SIG_DFL);
		(void)signal(SIGABRT, SIG_DFL);
		how();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void
speak_dying(void)
{
	die(die_of_error);
	die(die_of_assert);
}

static void
libraries_say_no_text(void **state)
{
	g_autofree char *said = NULL;
	g_autofree char *last = NULL;

	(void)state;
	log_init(ROLE_CTL, LOG_LEVEL_INFO);
	said = log_catch(speak_library);
	assert_string_equal(said,
	    "nymdesk: warn library.said domain=GMime flags=16\n"
	    "nymdesk: error library.said domain=- flags=8\n"
	    "nymdesk: warn library.said domain=GMime flags=16\n");
	last = log_catch(speak_dying);
	assert_non_null(strstr(last, "error library.said domain="));
	/* Where it was is worth knowing, and is no text of a mail. */
	assert_non_null(strstr(last, "assertion failed: (text == NULL)"));
	assert_null(strstr(last, "hans"));
}

static void
speak_debug(void)
{
	log_debug("quiet", LOG_NUM("n", 1));
}

static void
the_log_has_levels(void **state)
{
	g_autofree char *quiet = NULL;
	g_autofree char *loud = NULL;

	(void)state;
	log_init(ROLE_CTL, LOG_LEVEL_INFO);
	quiet = log_catch(speak_debug);
	log_raise_level();
	loud = log_catch(speak_debug);
	assert_string_equal(quiet, "");
	assert_string_equal(loud, "nymdesk: debug quiet n=1\n");
	log_init(ROLE_CTL, LOG_LEVEL_INFO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_parse),
	    cmocka_unit_test(addresses_have_a_size),
	    cmocka_unit_test(config_has_its_defaults),
	    cmocka_unit_test(config_takes_long_names),
	    cmocka_unit_test(config_says_what_is_wrong),
	    cmocka_unit_test(a_role_sees_its_keys_only),
	    cmocka_unit_test(the_sample_loads),
	    cmocka_unit_test(the_log_takes_no_text_of_a_mail),
	    cmocka_unit_test(libraries_say_no_text),
	    cmocka_unit_test(the_log_has_levels),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL) +
		base_config_tests() == 0 ? 0 : 1;
}
