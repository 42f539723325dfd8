/* The entry of test-intake, and the replies. */
#include "intake.h"

#include "base/error.h"
#include "intake/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/banned.h"

static void
test_replies(void **state)
{
	(void)state;
	assert_int_equal(reply_of(PROTO_MAIL_TAKEN).code, 250);
	assert_int_equal(reply_of(PROTO_MAIL_DEFERRED).code, 451);
	assert_string_equal(reply_of(PROTO_MAIL_DEFERRED).status, "4.3.0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replies),
	};
	int failed = cmocka_run_group_tests_name("reply", tests, NULL, NULL);

	failed += test_intake_hazard();
	failed += test_intake_image();
	failed += test_intake_message();
	failed += test_intake_milter();
	failed += test_intake_place();
	failed += test_intake_session();
	failed += test_intake_server();
	failed += test_intake_socketmap();
	failed += test_intake_wish();
	return failed;
}
