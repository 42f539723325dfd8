/*
 * The key directory when the disk is full, memory cannot be locked, or the
 * process is killed.
 */
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
#include <glib.h>

#include "base/error.h"

#include "vault_fixture.h"

#include "base/banned.h"

static const struct keys_policy policy = {WEEK, 35 * DAY};

static gboolean
epoch_exists(const char *dir, gint64 epoch)
{
	g_autofree char *path =
	    g_strdup_printf("%s/epoch-%" G_GINT64_FORMAT, dir, epoch);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static struct keys *
open_at(const char *dir, gint64 now)
{
	g_autoptr(GError) err = NULL;
	struct keys *keys = keys_open(dir, &policy, now, &err);

	if (keys == NULL)
		fail_msg("keys_open: %s", err->message);
	return keys;
}

/* Runs body in a child; its exit status. */
static int
in_child(void (*body)(const char *dir), const char *dir)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		body(dir);
		_exit(0);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

/* No write succeeds any more, as on a full disk. */
static void
disk_limit(rlim_t octets)
{
	struct rlimit limit = {octets, RLIM_INFINITY};

	(void)setrlimit(RLIMIT_FSIZE, &limit);
}

static void
full_disk_body(const char *dir)
{
	g_autoptr(keys_auto) keys = keys_open(dir, &policy, START, NULL);
	g_autoptr(GError) err = NULL;
	const gint64 later = START + 6 * WEEK;

	(void)signal(SIGXFSZ, SIG_IGN);
	disk_limit(0);
	if (keys_tick(keys, later, &err) || !error_is(err, ERROR_TEMP))
		_exit(1);
	/* The dead key is out of memory although its file is still there. */
	if (keys_live(keys) != 0 || !epoch_exists(dir, FIRST))
		_exit(2);
	disk_limit(RLIM_INFINITY);
	if (!keys_tick(keys, later, NULL) || keys_live(keys) != 1 ||
	    epoch_exists(dir, FIRST) || dir_count(dir) != 4)
		_exit(3);
}

static void
full_disk_is_survived(void **state)
{
	assert_int_equal(in_child(full_disk_body, *state), 0);
}

static void
full_first_disk_body(const char *dir)
{
	g_autoptr(GError) err = NULL;

	(void)signal(SIGXFSZ, SIG_IGN);
	disk_limit(20); /* clock and policy fit, the epoch does not */
	if (keys_open(dir, &policy, START, &err) != NULL ||
	    !error_is(err, ERROR_TEMP) || epoch_exists(dir, FIRST))
		_exit(1);
	if (dir_count(dir) != 2)
		_exit(2);
}

static void
full_disk_at_first_start(void **state)
{
	assert_int_equal(in_child(full_first_disk_body, *state), 0);
	keys_free(open_at(*state, START));
	assert_int_equal(dir_count(*state), 4);
}

#ifndef ND_SANITIZED /* which makes mlock() do nothing */
static void
tick(struct keys *keys, gint64 now)
{
	g_autoptr(GError) err = NULL;

	if (!keys_tick(keys, now, &err))
		fail_msg("keys_tick: %s", err->message);
}

static void
no_lock_body(const char *dir)
{
	const struct rlimit none = {0, 0};
	g_autoptr(GError) err = NULL;

	if (geteuid() == 0 && (chown(dir, 65534, 65534) != 0 ||
				  setgid(65534) != 0 || setuid(65534) != 0))
		_exit(1);
	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
		_exit(2);
	if (keys_open(dir, &policy, START, &err) != NULL)
		_exit(3);
	if (!error_is(err, ERROR_TEMP) ||
	    strstr(err->message, "LimitMEMLOCK") == NULL)
		_exit(4);
	if (dir_count(dir) != 0)
		_exit(5);
}

static void
unlocked_memory_is_refused(void **state)
{
	assert_int_equal(in_child(no_lock_body, *state), 0);
}

/* Mappings that are locked and left out of core dumps, and of these the
 * ones nobody can write. */
static void
count_mappings(guint *locked, guint *read_only)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	*locked = 0;
	*read_only = 0;
	assert_true(g_file_get_contents("/proc/self/smaps", &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++) {
		if (!g_str_has_prefix(*line, "VmFlags:") ||
		    strstr(*line, " lo") == NULL ||
		    strstr(*line, " dd") == NULL)
			continue;
		(*locked)++;
		if (strstr(*line, " wr") == NULL)
			(*read_only)++;
	}
}

static void
memory_is_locked_and_read_only(void **state)
{
	g_autoptr(keys_auto) keys = NULL;
	guint before;
	guint before_read_only;
	guint locked;
	guint read_only;

	count_mappings(&before, &before_read_only);
	keys = open_at(*state, START);
	for (gint64 week = 1; week < 8; week++)
		tick(keys, START + week * WEEK);
	count_mappings(&locked, &read_only);
	/* Six epochs, the room for one file, and the key of receipts. */
	assert_int_equal(locked - before, 8);
	assert_int_equal(read_only - before_read_only, 8);
}
#endif

/* Kills a writer at some moment, again and again: what is left always
 * opens, with one file for each epoch. */
static void
endless_body(const char *dir)
{
	g_autoptr(keys_auto) keys = keys_open(dir, &policy, START, NULL);

	if (keys == NULL)
		_exit(1);
	for (gint64 i = 0;; i++)
		(void)keys_tick(keys, START + i * WEEK, NULL);
}

static void
killed_writers_leave_no_mess(void **state)
{
	const char *dir = *state;

	for (guint i = 0; i < 12; i++) {
		pid_t pid = fork();
		g_autofree char *clock = NULL;
		gint64 high = START;
		struct keys *keys;

		assert_true(pid >= 0);
		if (pid == 0)
			endless_body(dir);
		g_usleep(2000 + i * 3517);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (dir_count(dir) == 0)
			continue;
		clock = dir_read(dir, "clock");
		if (clock != NULL)
			high = g_ascii_strtoll(clock, NULL, 10);
		keys = keys_open(dir, &policy, high + WEEK, NULL);
		assert_non_null(keys);
		assert_int_equal(dir_count(dir), keys_live(keys) + 3);
		assert_true(keys_live(keys) <= 6);
		keys_free(keys);
		dir_empty(dir);
	}
}

int
vault_fault_tests(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
	    ONE(full_disk_is_survived),
	    ONE(full_disk_at_first_start),
#ifndef ND_SANITIZED
	    ONE(unlocked_memory_is_refused),
	    ONE(memory_is_locked_and_read_only),
#endif
	    ONE(killed_writers_leave_no_mess),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
