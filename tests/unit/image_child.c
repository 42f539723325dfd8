/* The child that decodes: what it may do, and what its death means. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/sandbox.h"
#include "image/child.h"
#include "image_forge.h"

#include "base/banned.h"

static const struct image_child usual = {{20 * 1024 * 1024, 40000000}, 20000,
    10};

static GBytes *
png_bytes(guint32 width, guint32 height)
{
	struct image image;
	GByteArray *png;

	forge_picture(&image, width, height, 3);
	png = forge_png(&image);
	image_clear(&image);
	return g_byte_array_free_to_bytes(png);
}

static void
check_works(void)
{
	g_autoptr(GBytes) png = png_bytes(40, 30);
	struct image_cleaned cleaned;

	assert_true(image_child_run(&usual, png, &cleaned, NULL));
	assert_string_equal(cleaned.type, "image/png");
	assert_int_equal(cleaned.width, 40);
	assert_int_equal(cleaned.height, 30);
	image_cleaned_clear(&cleaned);
}

static guint
descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	guint n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

static void
a_child_renews_and_leaves_nothing(void **state)
{
	guint before = descriptors();
	g_autoptr(GBytes) junk = g_bytes_new_static("\xff\xd8\xff\xe0xx", 6);
	struct image_cleaned cleaned;
	g_autoptr(GError) error = NULL;

	(void)state;
	check_works();
	assert_false(image_child_run(&usual, junk, &cleaned, &error));
	assert_true(error_is(error, ERROR_PERM));
	assert_null(cleaned.octets);
	check_works();
	assert_int_equal(descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* --- a child that is hit ------------------------------------------------ */

/* The child of this process, as soon as it has used some CPU. */
static pid_t
busy_child(void)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/children",
	    getpid(), getpid());

	for (int i = 0; i < 2000; i++) {
		g_autofree char *pids = NULL;
		g_autofree char *stat_path = NULL;
		g_autofree char *stat = NULL;
		g_auto(GStrv) words = NULL;
		pid_t pid;

		g_usleep(2000);
		if (!g_file_get_contents(path, &pids, NULL, NULL))
			return -1;
		pid = (pid_t)g_ascii_strtoll(pids, NULL, 10);
		if (pid <= 0)
			continue;
		stat_path = g_strdup_printf("/proc/%d/stat", pid);
		if (!g_file_get_contents(stat_path, &stat, NULL, NULL))
			continue;
		words = g_strsplit(stat, " ", 20);
		if (g_strv_length(words) > 13 &&
		    g_ascii_strtoll(words[13], NULL, 10) >= 3)
			return pid;
	}
	return -1;
}

static gpointer
hit(gpointer data)
{
	pid_t pid = busy_child();

	if (pid > 0)
		(void)kill(pid, GPOINTER_TO_INT(data));
	return GINT_TO_POINTER(pid);
}

static void
a_child_that_dies_or_hangs_is_a_refusal(void **state)
{
	static const int signals[] = {SIGKILL, SIGSEGV, SIGSTOP};
	g_autoptr(GBytes) large = png_bytes(4000, 3000);
	struct image_child hasty = usual;

	(void)state;
	hasty.wall_ms = 1500;
	for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
		g_autoptr(GError) error = NULL;
		struct image_cleaned cleaned;
		gint64 begin = g_get_monotonic_time();
		GThread *thread = g_thread_new("hit", hit,
		    GINT_TO_POINTER(signals[i]));

		assert_false(image_child_run(
		    signals[i] == SIGSTOP ? &hasty : &usual, large, &cleaned,
		    &error));
		assert_true(GPOINTER_TO_INT(g_thread_join(thread)) > 0);
		assert_true(error_is(error, ERROR_PERM));
		assert_null(cleaned.octets);
		assert_true(g_get_monotonic_time() - begin <
		    5 * G_USEC_PER_SEC);
		check_works();
	}
}

/* --- its cage ------------------------------------------------------------- */

enum deed { DEED_NOTHING, DEED_MEMORY, DEED_OPEN, DEED_SOCKET, DEED_WRITE,
	DEED_READ, DEED_FORK, DEED_EXEC, DEED_KILL, DEED_CODE, DEED_MAKE_CODE,
	DEED_END };

static void
deed_do(enum deed deed, void *page)
{
	char *const argv[] = {(char *)"true", NULL};
	char octet = 0;
	void *map;

	switch (deed) {
	case DEED_MEMORY:
		map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(map, 1, 1 << 20);
		munmap(map, 1 << 20);
		break;
	case DEED_OPEN:
		(void)open("/dev/null", O_RDONLY);
		break;
	case DEED_SOCKET:
		(void)socket(AF_UNIX, SOCK_STREAM, 0);
		break;
	case DEED_WRITE:
		(void)!write(2, &octet, 1);
		break;
	case DEED_READ:
		(void)!read(0, &octet, 1);
		break;
	case DEED_FORK:
		(void)fork();
		break;
	case DEED_EXEC:
		(void)execv("/bin/true", argv);
		break;
	case DEED_KILL:
		(void)kill(1, 0);
		break;
	case DEED_CODE:
		(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		break;
	case DEED_MAKE_CODE:
		(void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
		break;
	case DEED_NOTHING:
	case DEED_END:
		break;
	}
}

static void
a_step_reaches_nothing(void **state)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	for (enum deed deed = DEED_NOTHING; deed < DEED_END; deed++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			if (!sandbox_enter_step(1 << 30, 5))
				_exit(9);
			deed_do(deed, page);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (deed <= DEED_MEMORY)
			assert_int_equal(status, 0);
		else if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("deed %d: status %d", deed, status);
	}
	munmap(page, 4096);
}

static void
a_step_ends_with_its_time(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		volatile guint64 n = 0;

		if (!sandbox_enter_step(1 << 30, 1))
			_exit(9);
		for (;;)
			n++;
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

#ifndef ND_SANITIZED
static void
a_step_ends_with_its_memory(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (!sandbox_enter_step(256 << 20, 5))
			_exit(9);
		_exit(g_try_malloc(300 << 20) == NULL ? 7 : 8);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}
#endif

int
test_image_child(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_child_renews_and_leaves_nothing),
	    cmocka_unit_test(a_child_that_dies_or_hangs_is_a_refusal),
	    cmocka_unit_test(a_step_reaches_nothing),
	    cmocka_unit_test(a_step_ends_with_its_time),
#ifndef ND_SANITIZED
	    cmocka_unit_test(a_step_ends_with_its_memory),
#endif
	};

	return cmocka_run_group_tests_name("image child", tests, NULL, NULL);
}
