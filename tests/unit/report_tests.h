#ifndef ND_TEST_REPORT_TESTS_H
#define ND_TEST_REPORT_TESTS_H

/* The files of the report's tests. */

/* Each text stands in the page after the one before. */
void in_order(const char *page, const char *const *texts);
/* UTF-8, and no line is longer than a mail's, or ends in a blank. */
void fits_a_mail(const char *text);

int table_tests(void);

#endif
