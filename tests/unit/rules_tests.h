#ifndef ND_TESTS_UNIT_RULES_TESTS_H
#define ND_TESTS_UNIT_RULES_TESTS_H

#include "rules/rules.h"

#ifdef ND_SANITIZED
#define CPU_SECONDS_MAX 20
#else
#define CPU_SECONDS_MAX 2
#endif

#define MEBI (1024 * 1024)

/* The rules of filters/. */
extern struct rules *shipped;

/* Loads one rule file with this content. */
struct rules *test_rules_from(const char *content, GError **err);

/* Tests of rules_engine.c, run by rules.c. */
void test_outside(void **state);
void test_time(void **state);
void test_blocks(void **state);
void test_block_characters(void **state);
void test_limit_time(void **state);
void test_limit(void **state);
void test_merge(void **state);
void test_load_errors(void **state);
void test_load(void **state);
void test_refuse(void **state);

/* Tests of rules_checks.c, run by rules.c. */
void test_vectors(void **state);
void test_one_wrong_character(void **state);
void test_eip55_case(void **state);
void test_long_input(void **state);
void test_check_names(void **state);
void test_needs_digit(void **state);
void test_keccak(void **state);
void test_shadow(void **state);
void test_shadow_map(void **state);
void test_words(void **state);
void test_shadow_time(void **state);

/* Tests of rules_fast.c, run by rules.c. */
void test_shadow_plain(void **state);
void test_fold_plain(void **state);
void test_ascii(void **state);
void test_places(void **state);

/* Tests of rules_parts.c, run by rules.c. */
void test_parts(void **state);
void test_part_errors(void **state);
void test_part_files(void **state);

/* Tests of rules_forms.c, run by rules.c. */
void test_forms(void **state);
void test_named_things(void **state);
void test_rule_words(void **state);
void test_many_words(void **state);
void test_own_domain(void **state);

/* Tests of rules_own.c, run by rules.c. */
void test_hidden(void **state);
void test_survives(void **state);
void test_domain(void **state);
void test_notes(void **state);
void test_tally(void **state);
void test_literal_time(void **state);

#endif
