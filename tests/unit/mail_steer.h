#ifndef ND_TESTS_UNIT_MAIL_STEER_H
#define ND_TESTS_UNIT_MAIL_STEER_H

#include "mail/steer.h"

extern const struct steer_names steer_test_names;

/* The commands and the text of an agent's new words, or the error. Caller
 * frees. */
char *steer_test_show(const char *text);

int mail_steer_tests(void);
int mail_steer_client_tests(void);

#endif
