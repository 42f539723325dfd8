#ifndef ND_TESTS_UNIT_INTAKE_H
#define ND_TESTS_UNIT_INTAKE_H

/*
 * The parts of test-intake. Each runs one group of cmocka tests and returns
 * how many failed.
 */
int test_intake_hazard(void);
int test_intake_image(void);
int test_intake_message(void);
int test_intake_milter(void);
int test_intake_place(void);
int test_intake_session(void);
int test_intake_server(void);
int test_intake_socketmap(void);
int test_intake_wish(void);

#endif
