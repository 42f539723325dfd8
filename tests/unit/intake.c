/* The entry of test-intake, and the replies. */
#include "intake.h"

#include "base/error.h"
#include "intake/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gio/gio.h>

#include "base/banned.h"

static void
test_reply_from_error(void **state)
{
	static const struct {
		enum error_kind kind;
		guint code;
		const char *status;
	} table[] = {
	    {ERROR_TEMP, 451, "4.3.0"},
	    {ERROR_CONFLICT, 451, "4.3.0"},
	    {ERROR_DENIED, 550, "5.7.1"},
	    {ERROR_PERM, 554, "5.6.0"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		struct smtp_reply reply;

		error_fail(&err, table[i].kind, "operator's text");
		reply = reply_from_error(err);
		assert_int_equal(reply.code, table[i].code);
		assert_string_equal(reply.status, table[i].status);
		assert_null(strstr(reply.text, "operator"));
	}
}

/* What nobody foresaw must keep the mail with the client. */
static void
test_reply_foreign(void **state)
{
	g_autoptr(GError) err =
	    g_error_new_literal(G_IO_ERROR, (gint)ERROR_PERM, "foreign");

	(void)state;
	assert_int_equal(reply_from_error(err).code, 451);
	assert_int_equal(reply_from_error(NULL).code, 451);
	assert_int_equal(reply_accepted().code, 250);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reply_from_error),
	    cmocka_unit_test(test_reply_foreign),
	};
	int failed = cmocka_run_group_tests_name("reply", tests, NULL, NULL);

	failed += test_intake_session();
	failed += test_intake_server();
	return failed;
}
