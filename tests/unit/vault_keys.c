/*
 * The key directory: files, modes, rotation, destruction, clocks.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "base/epoch.h"
#include "base/error.h"
#include "vault/keys.h"

#include "vault_fixture.h"

#include "base/banned.h"

static const struct keys_policy policy = {WEEK, 35 * DAY};

static struct keys *
open_at(const char *dir, gint64 now)
{
	g_autoptr(GError) err = NULL;
	struct keys *keys = keys_open(dir, &policy, now, &err);

	if (keys == NULL)
		fail_msg("keys_open: %s", err->message);
	return keys;
}

static void
tick(struct keys *keys, gint64 now)
{
	g_autoptr(GError) err = NULL;

	if (!keys_tick(keys, now, &err))
		fail_msg("keys_tick: %s", err->message);
}

static void
refuses(const char *dir, const struct keys_policy *with, gint64 now,
    enum error_kind kind, const char *word)
{
	g_autoptr(GError) err = NULL;

	assert_null(keys_open(dir, with, now, &err));
	if (!error_is(err, kind) || strstr(err->message, word) == NULL)
		fail_msg("unexpected error: %s", err->message);
}

static char *
epoch_path(const char *dir, gint64 epoch)
{
	return g_strdup_printf("%s/epoch-%" G_GINT64_FORMAT, dir, epoch);
}

static gboolean
epoch_exists(const char *dir, gint64 epoch)
{
	g_autofree char *path = epoch_path(dir, epoch);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void
put_file(const char *dir, const char *name, const char *text, mode_t mode)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	assert_true(g_file_set_contents(path, text, -1, NULL));
	assert_int_equal(chmod(path, mode), 0);
}

static char *
get_file(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	char *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	return text;
}

static void
epochs_follow_the_calendar(void **state)
{
	(void)state;
	assert_true(epoch_of_time(0, 7) == 0);
	assert_true(epoch_of_time(6, 7) == 0);
	assert_true(epoch_of_time(7, 7) == 1);
	assert_true(epoch_of_time(-1, 7) == -1);
	assert_true(epoch_of_time(-7, 7) == -1);
	assert_true(epoch_start(3, 7) == 21);
	assert_true(epoch_end(3, 7) == 28);
	assert_true(epoch_death(3, 7, 10) == 38);
	assert_true(epoch_end(G_MAXINT64, 7) == G_MAXINT64);
	assert_true(epoch_start(G_MININT64, 7) == G_MININT64);
	assert_true(
	    epoch_death(G_MAXINT64 / 7 - 1, 7, G_MAXINT64) == G_MAXINT64);
	assert_true(epoch_live_max(WEEK, 35 * DAY) == 6);
	assert_true(epoch_live_max(WEEK, 35 * DAY + 1) == 7);
	assert_true(epoch_live_max(WEEK, 0) == 1);
	assert_true(epoch_live_max(1, G_MAXINT64) == G_MAXINT64);
}

static void
directory_must_be_private(void **state)
{
	const char *dir = *state;
	g_autofree char *missing = g_build_filename(dir, "none", NULL);
	const mode_t open_modes[] = {0750, 0701, 0720, 0704};

	for (gsize i = 0; i < G_N_ELEMENTS(open_modes); i++) {
		assert_int_equal(chmod(dir, open_modes[i]), 0);
		refuses(dir, &policy, START, ERROR_DENIED, "0700");
	}
	assert_int_equal(chmod(dir, 0700), 0);
	refuses(missing, &policy, START, ERROR_TEMP, "open the key dir");
	if (geteuid() == 0) {
		assert_int_equal(chown(dir, 65534, (gid_t)-1), 0);
		refuses(dir, &policy, START, ERROR_DENIED, "another user");
		assert_int_equal(chown(dir, 0, (gid_t)-1), 0);
	}
	keys_free(open_at(dir, START));
}

static void
directory_has_one_user(void **state)
{
	const char *dir = *state;
	struct keys *keys = open_at(dir, START);

	refuses(dir, &policy, START, ERROR_DENIED, "another vault");
	keys_free(keys);
	keys_free(open_at(dir, START));
}

static void
files_are_closed_and_whole(void **state)
{
	const char *dir = *state;
	const char *const names[] = {"epoch-2900", "clock", "policy", "receipt"};
	g_autofree char *clock = NULL;
	g_autofree char *length = NULL;

	keys_free(open_at(dir, START));
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(dir, names[i], NULL);
		struct stat st;

		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0400);
		if (i == 0)
			assert_int_equal(st.st_size, 48);
	}
	clock = get_file(dir, "clock");
	length = get_file(dir, "policy");
	assert_true(g_ascii_strtoll(clock, NULL, 10) == START);
	assert_string_equal(length, "604800\n");
	assert_int_equal(dir_count(dir), 4);
}

static void
policy_has_bounds(void **state)
{
	const struct keys_policy rows[] = {{0, 1}, {-1, 1}, {1, -1}, {1, 64},
	    {DAY, 63 * DAY + 1}, {1, G_MAXINT64}};
	const struct keys_policy most = {DAY, 63 * DAY};
	const char *dir = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		refuses(dir, &rows[i], START, ERROR_PERM, "epoch");
	assert_int_equal(dir_count(dir), 0);
	keys_free(keys_open(dir, &most, START, NULL));
	assert_int_equal(dir_count(dir), 4);
}

static void
rotation_keeps_six(void **state)
{
	const char *dir = *state;
	g_autoptr(keys_auto) keys = open_at(dir, START);

	for (gint64 week = 0; week < 12; week++) {
		guint expected = (guint)MIN(week + 1, 6);
		guint index;

		/* Nothing changes on any day in between. */
		for (gint64 day = 0; day < 7; day++) {
			tick(keys, START + week * WEEK + day * DAY);
			assert_int_equal(keys_live(keys), expected);
		}
		for (guint i = 0; i < expected; i++) {
			assert_true(keys_epoch(keys, i) == FIRST + week - i);
			assert_true(epoch_exists(dir, FIRST + week - i));
			assert_true(keys_find(keys, FIRST + week - i, &index));
			assert_int_equal(index, i);
		}
		assert_false(keys_find(keys, FIRST + week - 6, &index));
		assert_false(keys_find(keys, FIRST + week + 1, &index));
		assert_int_equal(dir_count(dir), expected + 3);
	}
}

static void
rotation_is_to_the_second(void **state)
{
	const char *dir = *state;
	g_autoptr(keys_auto) keys = open_at(dir, START);
	const gint64 end = (FIRST + 1) * WEEK;
	const gint64 death = end + 35 * DAY;

	tick(keys, end - 1);
	assert_int_equal(keys_live(keys), 1);
	tick(keys, end);
	assert_int_equal(keys_live(keys), 2);
	tick(keys, death - 1);
	assert_true(epoch_exists(dir, FIRST));
	tick(keys, death);
	assert_false(epoch_exists(dir, FIRST));
}

static void
subkeys_differ_and_last(void **state)
{
	const char *dir = *state;
	struct keys *keys = open_at(dir, START);
	guint8 seen[2][KEYS_PURPOSE_END][KEYS_SUBKEY_LEN] = {0};

	tick(keys, START + WEEK);
	for (guint e = 0; e < 2; e++)
		for (guint i = KEYS_CONTACT; i < KEYS_PURPOSE_END; i++)
			memcpy(seen[e][i], keys_subkey(keys, e, i),
			    KEYS_SUBKEY_LEN);
	for (guint a = 0; a < 2 * KEYS_PURPOSE_END; a++)
		for (guint b = 0; b < a; b++)
			assert_true(
			    a == KEYS_PURPOSE_END ||
			    memcmp(((guint8(*)[KEYS_SUBKEY_LEN])seen)[a],
				((guint8(*)[KEYS_SUBKEY_LEN])seen)[b],
				KEYS_SUBKEY_LEN) != 0);
	keys_free(keys);
	keys = open_at(dir, START + WEEK);
	for (guint e = 0; e < 2; e++)
		for (guint i = KEYS_CONTACT; i < KEYS_PURPOSE_END; i++)
			assert_memory_equal(seen[e][i], keys_subkey(keys, e, i),
			    KEYS_SUBKEY_LEN);
	keys_free(keys);
}

static void
destruction_overwrites(void **state)
{
	const char *dir = *state;
	static const guint8 zeros[48];
	g_autofree char *path = epoch_path(dir, FIRST);
	guint8 found[64] = {0};
	struct stat st;
	struct keys *keys = open_at(dir, START);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, found, sizeof found), 48);
	assert_memory_not_equal(found, zeros, 48);
	/* Dead while running, and dead when nobody ran. */
	tick(keys, START + 6 * WEEK);
	assert_int_equal(pread(fd, found, sizeof found, 0), 48);
	assert_memory_equal(found, zeros, 48);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	close(fd);
	keys_free(keys);
	g_free(path);
	path = epoch_path(dir, FIRST + 6);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	keys_free(open_at(dir, START + 60 * WEEK));
	assert_int_equal(pread(fd, found, sizeof found, 0), 48);
	assert_memory_equal(found, zeros, 48);
	close(fd);
	assert_int_equal(dir_count(dir), 4);
}

static void
leftovers_go(void **state)
{
	const char *dir = *state;
	g_autofree char *path = g_build_filename(dir, "epoch-2900.tmp", NULL);
	static const char zeros[8];
	char found[8];
	int fd;

	put_file(dir, "epoch-2900.tmp", "torn-off", 0400);
	put_file(dir, "epoch-2899.tmp", "", 0400);
	put_file(dir, "clock.tmp", "12", 0400);
	put_file(dir, "policy.tmp", "1", 0400);
	put_file(dir, "README", "mine", 0600);
	put_file(dir, "epoch-02900", "mine", 0600);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	keys_free(open_at(dir, START));
	assert_int_equal(pread(fd, found, sizeof found, 0), 8);
	assert_memory_equal(found, zeros, 8);
	close(fd);
	assert_int_equal(dir_count(dir), 6);
	/* Also that of a file which is not written again. */
	put_file(dir, "receipt.tmp", "torn", 0400);
	keys_free(open_at(dir, START));
	assert_int_equal(dir_count(dir), 6);
}

static void
unfinished_destruction_is_finished(void **state)
{
	const char *dir = *state;
	g_autofree char *path = epoch_path(dir, FIRST);
	g_autofree char *newest = epoch_path(dir, FIRST + 5);
	const gint64 death = epoch_death(FIRST, WEEK, 35 * DAY);
	static const char zeros[48];
	struct keys *keys = open_at(dir, START);

	tick(keys, death - 30);
	keys_free(keys);
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(g_file_set_contents(path, zeros, 48, NULL));
	assert_int_equal(chmod(path, 0600), 0);
	keys_free(open_at(dir, death - 30));
	assert_false(epoch_exists(dir, FIRST));
	/* A living epoch is not forgotten for being all zeros. */
	assert_true(g_file_set_contents(newest, zeros, 48, NULL));
	assert_int_equal(chmod(newest, 0400), 0);
	refuses(dir, &policy, death - 30, ERROR_PERM, "damaged");
}

static void
damage_is_told(void **state)
{
	const char *dir = *state;
	g_autofree char *path = epoch_path(dir, FIRST);
	g_autofree char *other = epoch_path(dir, FIRST - 1);
	g_autofree char *image = NULL;
	gsize len;

	keys_free(open_at(dir, START));
	assert_true(g_file_get_contents(path, &image, &len, NULL));
	for (gsize i = 0; i < len; i += 5) {
		image[i] ^= 0x10;
		assert_true(
		    g_file_set_contents(path, image, (gssize)len, NULL));
		assert_int_equal(chmod(path, 0400), 0);
		refuses(dir, &policy, START, ERROR_PERM, "damaged");
		image[i] ^= 0x10;
	}
	assert_true(g_file_set_contents(path, image, (gssize)len - 1, NULL));
	assert_int_equal(chmod(path, 0400), 0);
	refuses(dir, &policy, START, ERROR_PERM, "damaged");
	assert_true(g_file_set_contents(path, image, (gssize)len, NULL));
	assert_int_equal(chmod(path, 0440), 0);
	refuses(dir, &policy, START, ERROR_DENIED, "none of ours");
	assert_int_equal(chmod(path, 0400), 0);
	keys_free(open_at(dir, START));
	/* A root under another epoch's name would live longer. */
	assert_int_equal(rename(path, other), 0);
	refuses(dir, &policy, START, ERROR_PERM, "damaged");
	assert_int_equal(rename(other, path), 0);
	put_file(dir, "clock", "soon", 0400);
	refuses(dir, &policy, START, ERROR_PERM, "clock");
}

static void
clock_does_not_go_back(void **state)
{
	const char *dir = *state;
	g_autoptr(GError) err = NULL;
	const gint64 death = epoch_death(FIRST, WEEK, 35 * DAY);
	struct keys *keys = open_at(dir, START);

	tick(keys, START + WEEK);
	assert_false(keys_tick(keys, START + WEEK - 3601, &err));
	assert_true(error_is(err, ERROR_DENIED));
	assert_non_null(strstr(err->message, "clock went back"));
	tick(keys, START + WEEK - 3600);
	assert_int_equal(keys_live(keys), 2);
	keys_free(keys);
	refuses(dir, &policy, START + WEEK - 3601, ERROR_DENIED, "clock went");
	refuses(dir, &policy, 0, ERROR_DENIED, "clock went");
	keys = open_at(dir, START + WEEK - 3600);
	/* Within the slack time stands still: the dead stay dead, and no
	 * epoch is made twice. */
	tick(keys, death);
	assert_false(epoch_exists(dir, FIRST));
	tick(keys, death - 3600);
	keys_free(keys);
	keys = open_at(dir, death - 3600);
	assert_false(epoch_exists(dir, FIRST));
	assert_true(keys_epoch(keys, 0) == epoch_of_time(death, WEEK));
	keys_free(keys);
}

static void
clock_file_is_written_seldom(void **state)
{
	const char *dir = *state;
	g_autoptr(keys_auto) keys = open_at(dir, START);
	const struct {
		gint64 now;
		gint64 written;
	} rows[] = {{START + 59, START}, {START + 60, START + 60},
	    {START + 119, START + 60}, {START + 4000, START + 4000},
	    {START + 500, START + 4000},
	    {(FIRST + 1) * WEEK, (FIRST + 1) * WEEK}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *clock = NULL;

		tick(keys, rows[i].now);
		clock = get_file(dir, "clock");
		assert_true(
		    g_ascii_strtoll(clock, NULL, 10) == rows[i].written);
	}
}

static void
epoch_files_are_a_clock(void **state)
{
	const char *dir = *state;
	g_autofree char *clock = g_build_filename(dir, "clock", NULL);
	struct keys *keys = open_at(dir, START);

	tick(keys, START + 3 * WEEK);
	keys_free(keys);
	assert_int_equal(g_unlink(clock), 0);
	refuses(dir, &policy, START + WEEK, ERROR_DENIED, "clock went");
	keys_free(open_at(dir, START + 3 * WEEK));
}

static void
epoch_length_is_fixed(void **state)
{
	const char *dir = *state;
	const struct keys_policy shorter = {DAY, 5 * DAY};
	const struct keys_policy kept = {WEEK, 14 * DAY};
	g_autofree char *path = g_build_filename(dir, "policy", NULL);
	struct keys *keys = open_at(dir, START);

	for (gint64 week = 1; week < 6; week++)
		tick(keys, START + week * WEEK);
	keys_free(keys);
	refuses(dir, &shorter, START + 5 * WEEK, ERROR_PERM, "cannot change");
	/* Another retention is no other length. */
	keys = keys_open(dir, &kept, START + 5 * WEEK, NULL);
	assert_int_equal(keys_live(keys), 3);
	keys_free(keys);
	assert_int_equal(dir_count(dir), 6);
	assert_int_equal(g_unlink(path), 0);
	refuses(dir, &kept, START + 5 * WEEK, ERROR_PERM, "policy");
	put_file(dir, "policy", "604800\n", 0400);
	/* When all have died, the length is free again. */
	keys = keys_open(dir, &shorter, START + 20 * WEEK, NULL);
	assert_non_null(keys);
	assert_int_equal(keys_live(keys), 1);
	assert_true(
	    keys_epoch(keys, 0) == epoch_of_time(START + 20 * WEEK, DAY));
	keys_free(keys);
	assert_int_equal(dir_count(dir), 4);
}

int
vault_key_tests(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(epochs_follow_the_calendar),
	    ONE(directory_must_be_private),
	    ONE(directory_has_one_user),
	    ONE(files_are_closed_and_whole),
	    ONE(policy_has_bounds),
	    ONE(rotation_keeps_six),
	    ONE(rotation_is_to_the_second),
	    ONE(subkeys_differ_and_last),
	    ONE(destruction_overwrites),
	    ONE(leftovers_go),
	    ONE(unfinished_destruction_is_finished),
	    ONE(damage_is_told),
	    ONE(clock_does_not_go_back),
	    ONE(clock_file_is_written_seldom),
	    ONE(epoch_files_are_a_clock),
	    ONE(epoch_length_is_fixed),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
