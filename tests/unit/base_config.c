/*
 * Configuration of levels, archive, control address and categories.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "base/config.h"
#include "base/config_rows.h"

#include "base/banned.h"

int base_config_tests(void);

#define QUEUE                                                                  \
	"[queue support]\naddress=support@casino.test\nrole=Casino\n"          \
	"agents=team@agents.test\n"
#define SECOND                                                                 \
	"[queue vip]\naddress=vip@casino.test\nrole=Casino VIP\n"              \
	"agents=vip@agents.test\n"
#define FULL                                                                   \
	QUEUE "senior=eva@seniors.test; "                                      \
	      "max@seniors.test\nhead=otto@heads.test\n"                       \
	      "control=Control@CASINO.test\nescalate=90m\nweekly=false\n"      \
	      "archive=imap://arc%40hive@imap.test:1143/support\n"             \
	      "archive_tls=may\narchive_password_file=/secret-file\n"          \
	      "faq=https://f.test/\nfaq.bonus=https://f.test/b\n"              \
	      "faq.other=https://f.test/o\n" SECOND                            \
	      "[category withdrawal]\nqueue=vip\npriority=1\ncomplex=true\n"   \
	      "first_reply=30m\ndecision=12h\nfaq=https://f.test/w\n"          \
	      "[category bonus]\nfaq=https://f.test/never\n"                   \
	      "[category other]\npriority=5\n"                                  \
	      "[lmtp]\nsize_max=77777\nrecipients_max=7\n"                     \
	      "[milter]\nlisten=unix:/m/socket\ntransport=ours\n"              \
	      "[smtp]\nlisten=inet:127.0.0.1:10030\nsessions=7\n"              \
	      "[socketmap]\nlisten=unix:/socketmap\n"

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

static struct config *
config_from(const char *text)
{
	g_autofree char *path = file_write(text);
	g_autoptr(GError) error = NULL;
	struct config *config = config_load_file(path, &error);

	if (config == NULL)
		fail_msg("%s", error->message);
	(void)g_unlink(path);
	return config;
}

/* The configuration as a role gets it. */
static struct config *
config_seen_by(enum role role)
{
	g_autofree char *path = file_write(FULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *view = config_for_role(path, role, &error);
	struct config *config;
	int fd;

	assert_non_null(view);
	assert_true(g_file_set_contents(path, view, -1, NULL));
	fd = g_open(path, O_RDONLY);
	config = config_load_fd(fd, &error);
	if (config == NULL)
		fail_msg("%s", error->message);
	close(fd);
	(void)g_unlink(path);
	return config;
}

static void
the_keys_have_defaults(void **state)
{
	g_autoptr(config_auto) config = config_from(QUEUE "[category vip]\n");
	const struct config_queue *queue =
	    config_queue_by_name(config, "support");
	const struct config_category *vip =
	    config_category_by_name(config, "vip");

	(void)state;
	assert_int_equal(queue->escalate_s, 3600);
	assert_int_equal(g_strv_length(queue->senior), 0);
	assert_int_equal(g_strv_length(queue->head), 0);
	assert_string_equal(queue->control, "");
	assert_string_equal(queue->archive, "");
	assert_string_equal(queue->archive_tls, "require");
	assert_string_equal(queue->archive_password_file, "");
	assert_true(queue->weekly);
	assert_non_null(vip);
	assert_string_equal(vip->queue, "");
	assert_int_equal(vip->priority, 3);
	assert_false(vip->complex);
	assert_int_equal(vip->first_reply_s, 0);
	assert_int_equal(vip->decision_s, 0);
	assert_string_equal(vip->faq, "");
	assert_null(config_category_by_name(config, "bonus"));
	assert_null(config_category_by_name(config, ""));
	assert_string_equal(config_faq(config, queue, "vip"), "");
}

static void
the_keys_are_read(void **state)
{
	g_autoptr(config_auto) config = config_from(FULL);
	const struct config_queue *queue =
	    config_queue_by_name(config, "support");
	const struct config_category *own =
	    config_category_by_name(config, "withdrawal");

	(void)state;
	assert_int_equal(queue->escalate_s, 5400);
	assert_string_equal(queue->senior[1], "max@seniors.test");
	assert_string_equal(queue->head[0], "otto@heads.test");
	assert_string_equal(queue->control, "control@casino.test");
	assert_string_equal(
	    queue->archive, "imap://arc%40hive@imap.test:1143/support");
	assert_string_equal(queue->archive_tls, "may");
	assert_false(queue->weekly);
	assert_string_equal(own->queue, "vip");
	assert_int_equal(own->priority, 1);
	assert_true(own->complex);
	assert_int_equal(own->first_reply_s, 1800);
	assert_int_equal(own->decision_s, 43200);
	assert_int_equal(config_category_by_name(config, "")->priority, 5);
	assert_int_equal(config_category_by_name(config, "other")->priority, 5);
}

/* Who gets a ticket may answer it; a list of members is the last word. */
static void
levels_may_answer(void **state)
{
	g_autoptr(config_auto) open = config_from(FULL);
	g_autoptr(config_auto) named = config_from(
	    QUEUE "senior=eva@seniors.test\nmembers=ben@agents.test\n");
	const struct config_queue *queue =
	    config_queue_by_name(open, "support");
	g_autofree char *all = g_strjoinv(" ", queue->members);

	(void)state;
	assert_string_equal(all, "team@agents.test eva@seniors.test "
				 "max@seniors.test otto@heads.test");
	queue = config_queue_by_name(named, "support");
	assert_int_equal(g_strv_length(queue->members), 1);
	assert_string_equal(queue->members[0], "ben@agents.test");
}

static void
a_level_has_its_people(void **state)
{
	static const struct {
		const char *lists;
		const char *first[3]; /* of levels 1 to 3 */
	} rows[] = {
	    {"", {"team@", "team@", "team@"}},
	    {"senior=s@x.test\n", {"team@", "s@", "s@"}},
	    {"head=h@x.test\n", {"team@", "team@", "h@"}},
	    {"senior=s@x.test\nhead=h@x.test\n", {"team@", "s@", "h@"}},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(QUEUE, rows[i].lists, NULL);
		g_autoptr(config_auto) config = config_from(text);
		const struct config_queue *queue =
		    config_queue_by_name(config, "support");

		for (guint level = 1; level <= 3; level++)
			assert_true(g_str_has_prefix(
			    config_queue_level(queue, level)[0],
			    rows[i].first[level - 1]));
	}
}

static void
faq_links_have_an_order(void **state)
{
	g_autoptr(config_auto) config = config_from(FULL);
	const struct config_queue *queue =
	    config_queue_by_name(config, "support");

	(void)state;
	assert_string_equal(
	    config_faq(config, queue, "bonus"), "https://f.test/b");
	assert_string_equal(
	    config_faq(config, queue, "withdrawal"), "https://f.test/w");
	assert_string_equal(
	    config_faq(config, queue, "login"), "https://f.test/");
	assert_string_equal(config_faq(config, queue, ""), "https://f.test/o");
}

static void
the_keys_are_checked(void **state)
{
	static const struct {
		const char *text;
		const char *says; /* NULL: nothing, it is right */
	} rows[] = {
	    {QUEUE "senior=eva\n", "[queue support] senior: holds"},
	    {QUEUE "head=otto@\n", "[queue support] head: holds"},
	    {QUEUE "escalate=0s\n", "[queue support] escalate"},
	    {QUEUE "escalate=366d\n", "[queue support] escalate"},
	    {QUEUE "weekly=yes\n", "[queue support] weekly"},
	    {QUEUE "control=me\n", "[queue support] control: not a plain"},
	    {QUEUE "control=ü@c.test\n", "[queue support] control: not a"},
	    {QUEUE "control=Support@Casino.test\n", "of another kind too"},
	    {QUEUE "control=vip@casino.test\n" SECOND, "of another kind too"},
	    {QUEUE "control=c@casino.test\n" SECOND "control=C@casino.test\n",
		"[queue vip] control: is an address of another kind too"},
	    {QUEUE "control=c@casino.test\n" SECOND "control=d@casino.test\n",
		NULL},
	    {QUEUE "archive=imaps://u@h.test/INBOX\n", NULL},
	    {QUEUE "archive=imap://u@[::1]:143/a/b%20c\n", NULL},
	    {QUEUE "archive=imaps://u:p@h.test/INBOX\n", "archive_password_f"},
	    {QUEUE "archive=imaps://u:@h.test/INBOX\n", "archive_password_f"},
	    {QUEUE "archive=imaps://h.test/INBOX\n", "[queue support] archive"},
	    {QUEUE "archive=imaps://@h.test/INBOX\n", "[queue support] arc"},
	    {QUEUE "archive=imaps://u@h.test/\n", "[queue support] archive"},
	    {QUEUE "archive=imaps://u@h.test\n", "[queue support] archive"},
	    {QUEUE "archive=imaps://u@/INBOX\n", "[queue support] archive"},
	    {QUEUE "archive=imap:/INBOX\n", "[queue support] archive"},
	    {QUEUE "archive=imaps://u@h.test/I?x\n", "[queue support] arc"},
	    {QUEUE "archive=imaps://u@h.test/I#x\n", "[queue support] arc"},
	    {QUEUE "archive=pop3://u@h.test/INBOX\n", "[queue support] arc"},
	    {QUEUE "archive=INBOX\n", "[queue support] archive"},
	    {QUEUE "archive_tls=maybe\n", "[queue support] archive_tls"},
	    {QUEUE "[category]\npriority=1\n", "unknown group"},
	    {QUEUE "[category Bonus]\n", "[category Bonus]: the name"},
	    {QUEUE "[category ]\n", "[category ]: the name"},
	    {QUEUE "[categoryx]\n", "unknown group"},
	    {QUEUE "[category b]\npriority=0\n", "[category b] priority"},
	    {QUEUE "[category b]\npriority=6\n", "[category b] priority"},
	    {QUEUE "[category b]\ncomplex=1\n", "[category b] complex"},
	    {QUEUE "[category b]\ndecision=12\n", "[category b] decision"},
	    {QUEUE "[category b]\nfirst_reply=-1s\n", "[category b] first"},
	    {QUEUE "[category b]\nqueue=vip\n", "[category b] queue: there"},
	    {"[category b]\nqueue=vip\n" QUEUE SECOND, NULL},
	    {QUEUE "[category b]\nfaq.x=y\n", "unknown key"},
	    {QUEUE "[category b]\nack=1h\n", "unknown key"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = file_write(rows[i].text);
		g_autoptr(GError) error = NULL;
		g_autoptr(config_auto) config = config_load_file(path, &error);

		(void)g_unlink(path);
		if (rows[i].says == NULL && config == NULL)
			fail_msg("row %d: %s", (int)i, error->message);
		if (rows[i].says == NULL)
			continue;
		if (config != NULL)
			fail_msg("row %d: is not refused", (int)i);
		if (strstr(error->message, rows[i].says) == NULL)
			fail_msg("row %d: %s", (int)i, error->message);
	}
}

/* A password may stand there by mistake. */
static void
errors_do_not_repeat_the_archive(void **state)
{
	g_autofree char *path =
	    file_write(QUEUE "archive=imaps://u:hunter2@h.test/INBOX\n");
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_null(config_load_file(path, &error));
	assert_null(strstr(error->message, "hunter2"));
	(void)g_unlink(path);
}

#define IN(role) TO(ROLE_##role)

/* Which role's view has a text; those that are not named have it not. */
static void
a_role_sees_its_part(void **state)
{
	static const struct {
		const char *text;
		guint roles;
	} rows[] = {
	    {"@seniors.test", IN(LMTP) | IN(POST)},
	    {"@heads.test", IN(LMTP) | IN(POST)},
	    {"@agents.test", IN(LMTP) | IN(POST)},
	    {"Control@CASINO",
		IN(LMTP) | IN(MILTER) | IN(SMTP) | IN(SOCKETMAP)},
	    {"/m/socket", IN(MILTER)},
	    {"transport=ours", IN(MILTER)},
	    {"127.0.0.1:10030", IN(SMTP)},
	    {"sessions=7", IN(SMTP)},
	    {"/socketmap", IN(SOCKETMAP)},
	    {"size_max=77777", IN(LMTP) | IN(MILTER) | IN(SMTP)},
	    {"recipients_max=7", IN(LMTP) | IN(MILTER) | IN(SMTP)},
	    {"escalate=90m", IN(DESK)},
	    {"weekly=false", IN(DESK)},
	    {"imap.test", IN(POST)},
	    {"archive_tls=may", IN(POST)},
	    {"/secret-file", IN(POST)},
	    {"[category withdrawal]", IN(LMTP) | IN(DESK) | IN(POST)},
	    {"queue=vip", IN(LMTP) | IN(DESK)},
	    {"priority=1", IN(LMTP)},
	    {"complex=true", IN(DESK)},
	    {"first_reply=30m", IN(DESK) | IN(POST)},
	    {"decision=12h", IN(DESK) | IN(POST)},
	    {"faq=https://f.test/w", IN(POST)},
	};
	static const enum role roles[] = {
	    ROLE_LMTP, ROLE_DESK, ROLE_VAULT, ROLE_POST, ROLE_IMAGE,
	    ROLE_MILTER, ROLE_SMTP, ROLE_SOCKETMAP};
	g_autofree char *path = file_write(FULL);

	(void)state;
	for (gsize r = 0; r < G_N_ELEMENTS(roles); r++) {
		g_autofree char *view = config_for_role(path, roles[r], NULL);

		for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
			if ((strstr(view, rows[i].text) != NULL) !=
			    ((rows[i].roles & TO(roles[r])) != 0))
				fail_msg("%s: %s", role_name(roles[r]),
				    rows[i].text);
	}
	(void)g_unlink(path);
}

static void
a_role_reads_its_part(void **state)
{
	static const enum role roles[] = {
	    ROLE_LMTP, ROLE_DESK, ROLE_VAULT, ROLE_POST, ROLE_IMAGE,
	    ROLE_MILTER, ROLE_SMTP, ROLE_SOCKETMAP};

	(void)state;
	for (gsize r = 0; r < G_N_ELEMENTS(roles); r++) {
		g_autoptr(config_auto) config = config_seen_by(roles[r]);
		const struct config_queue *queue =
		    config_queue_by_name(config, "support");

		assert_non_null(queue);
		assert_int_equal(config->categories->len,
		    (roles[r] == ROLE_LMTP || roles[r] == ROLE_DESK ||
			roles[r] == ROLE_POST)
			? 3
			: 0);
		assert_string_equal(config_faq(config, queue, "withdrawal"),
		    roles[r] == ROLE_POST ? "https://f.test/w" : "");
		if (roles[r] == ROLE_POST)
			assert_string_equal(
			    config_queue_level(queue, 3)[0], "otto@heads.test");
		else if (roles[r] == ROLE_LMTP || roles[r] >= ROLE_MILTER)
			assert_string_equal(
			    queue->control, "control@casino.test");
		else
			assert_null(config_queue_level(queue, 3));
	}
}

static void
times_have_one_unit(void **state)
{
	static const struct {
		const char *text;
		gint64 s; /* -1: no time */
	} cases[] = {{"0s", 0}, {"90s", 90}, {"90m", 5400}, {"12h", 43200},
	    {"30d", 2592000}, {"4w", 2419200}, {"", -1}, {"30", -1}, {"d", -1},
	    {"-1d", -1}, {"1 d", -1}, {"1dd", -1}, {"1y", -1},
	    {"99999999999s", -1}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		gint64 s = -1;

		assert_int_equal(
		    config_time_parse(cases[i].text, &s), cases[i].s >= 0);
		assert_int_equal(s, cases[i].s);
	}
}

int
base_config_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_have_one_unit),
	    cmocka_unit_test(the_keys_have_defaults),
	    cmocka_unit_test(the_keys_are_read),
	    cmocka_unit_test(levels_may_answer),
	    cmocka_unit_test(a_level_has_its_people),
	    cmocka_unit_test(faq_links_have_an_order),
	    cmocka_unit_test(the_keys_are_checked),
	    cmocka_unit_test(errors_do_not_repeat_the_archive),
	    cmocka_unit_test(a_role_sees_its_part),
	    cmocka_unit_test(a_role_reads_its_part),
	};

	return cmocka_run_group_tests_name("base config", tests, NULL, NULL);
}
