#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>

#include "postfix_tests.h"

#include "base/banned.h"

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_keeps_what_postfix_counted),
	    cmocka_unit_test(a_head_is_read_in_every_form),
	    cmocka_unit_test(odd_lines_say_nothing),
	    cmocka_unit_test(every_word_is_from_the_list),
	    cmocka_unit_test(the_stream_ends_well),
	    cmocka_unit_test(the_stream_cuts_long_lines),
	    cmocka_unit_test(the_stream_ends_with_its_reader),
	    cmocka_unit_test(each_bad_setting_is_found),
	    cmocka_unit_test(services_are_judged_too),
	    cmocka_unit_test(our_milter_is_judged),
	    cmocka_unit_test(our_proxy_is_judged),
	    cmocka_unit_test(the_way_to_us_is_judged),
	    cmocka_unit_test(a_port_of_ours_is_known),
	    cmocka_unit_test(the_shipped_settings_are_good),
	    cmocka_unit_test(the_machine_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
