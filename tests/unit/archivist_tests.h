#ifndef ND_TESTS_ARCHIVIST_TESTS_H
#define ND_TESTS_ARCHIVIST_TESTS_H

/*
 * What the files of test-archivist share. *state is a directory of the test's
 * own.
 */
void test_spool_order(void **state);
void test_spool_names(void **state);
void test_spool_held(void **state);
void test_spool_full(void **state);
void test_spool_tidy(void **state);
void test_spool_nowhere(void **state);

void test_archives_rest(void **state);
void test_archivist_without_tls(void **state);
void test_archived_answer(void **state);
void test_archived_copy(void **state);
void test_archived_strangers(void **state);

void test_transcript(void **state);
void test_transcript_cut(void **state);

#endif
