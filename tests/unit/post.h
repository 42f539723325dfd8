#ifndef ND_TESTS_UNIT_POST_H
#define ND_TESTS_UNIT_POST_H

/* The groups of test-post; each returns the number of failed tests. */
int post_quoted_tests(void);

#endif
