#ifndef ND_TESTS_UNIT_RULES_TESTS_H
#define ND_TESTS_UNIT_RULES_TESTS_H

/* Tests of rules_checks.c, run by rules.c. */
void test_vectors(void **state);
void test_one_wrong_character(void **state);
void test_eip55_case(void **state);
void test_long_input(void **state);
void test_check_names(void **state);
void test_keccak(void **state);
void test_shadow(void **state);
void test_shadow_map(void **state);
void test_words(void **state);

#endif
