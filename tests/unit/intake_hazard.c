#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "intake.h"
#include "intake/hazard.h"
#include "mail/parse.h"

#include "base/banned.h"

/* A worker that dies of this mail, or is done with it. TRUE: it was let to
 * try. */
static gboolean
worker_tries(int page, guint slot, GBytes *message, gboolean dies)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct hazard *hazard = hazard_open(dup(page), slot, NULL);

		if (hazard == NULL || !hazard_enter(hazard, message))
			_exit(1);
		if (dies)
			_exit(0);
		hazard_leave(hazard);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status) == 0;
}

static void
test_killer_is_not_parsed_again(void **state)
{
	g_autoptr(GBytes) killer = g_bytes_new_static("killer", 6);
	g_autoptr(GBytes) other = g_bytes_new_static("other", 5);
	int page = memfd_create("hazard", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(page, 4096), 0);
	assert_true(worker_tries(page, 3, killer, TRUE));
	/* Its successor sees the first death; another worker tries. */
	assert_true(worker_tries(page, 3, other, FALSE));
	assert_true(worker_tries(page, 7, killer, TRUE));
	assert_true(worker_tries(page, 7, other, FALSE));
	for (guint slot = 0; slot < 300; slot++) {
		assert_false(worker_tries(page, slot, killer, TRUE));
		if (slot % 50 == 0)
			assert_true(worker_tries(page, slot, other, FALSE));
	}
	close(page);
}

static void
test_harmless_mails_are_forgotten(void **state)
{
	g_autoptr(GBytes) mail = g_bytes_new_static("harmless", 8);
	int page = memfd_create("hazard", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(page, 4096), 0);
	for (guint i = 0; i < 10; i++)
		assert_true(worker_tries(page, 0, mail, FALSE));
	assert_true(hazard_enter(NULL, mail));
	hazard_leave(NULL);
	close(page);
}

static void
test_unparsed_mail_is_a_placeholder(void **state)
{
	static const char raw[] = "From: a@b.test\r\nSubject: hello\r\n"
				  "Message-ID: <x@b.test>\r\n\r\nText\r\n";
	g_autoptr(GBytes) bytes = g_bytes_new_static(raw, sizeof(raw) - 1);
	const struct mail_parse_options options = {.sender_addr = "a@b.test",
	    .is_unsafe = TRUE};
	g_autoptr(mail_auto) mail = NULL;

	(void)state;
	mail_init();
	mail = mail_parse(bytes, &options);
	assert_true(mail->is_placeholder);
	assert_false(mail->has_bad_shape);
	assert_string_equal(mail->text, "");
	assert_string_equal(mail->message_id, "x@b.test");
	assert_non_null(mail->from_addr);
}

int
test_intake_hazard(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_killer_is_not_parsed_again),
	    cmocka_unit_test(test_harmless_mails_are_forgotten),
	    cmocka_unit_test(test_unparsed_mail_is_a_placeholder),
	};

	return cmocka_run_group_tests_name("hazard", tests, NULL, NULL);
}
