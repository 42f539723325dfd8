#ifndef ND_TESTS_POSTFIX_TESTS_H
#define ND_TESTS_POSTFIX_TESTS_H

/* The log filter. */
void a_line_keeps_what_postfix_counted(void **state);
void a_head_is_read_in_every_form(void **state);
void odd_lines_say_nothing(void **state);
void every_word_is_from_the_list(void **state);
void the_stream_ends_well(void **state);
void the_stream_cuts_long_lines(void **state);
void the_stream_ends_with_its_reader(void **state);

/* The settings. */
void each_bad_setting_is_found(void **state);
void services_are_judged_too(void **state);
void our_milter_is_judged(void **state);
void our_proxy_is_judged(void **state);
void the_way_to_us_is_judged(void **state);
void a_port_of_ours_is_known(void **state);
void the_shipped_settings_are_good(void **state);
void the_machine_is_judged(void **state);

#endif
