#ifndef ND_TESTS_ARCHIVE_TESTS_H
#define ND_TESTS_ARCHIVE_TESTS_H

/* The tests of test-archive that need no server: archive_arguments.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>

void test_urls(void **state);
void test_arguments(void **state);

#endif
