/* How a worker with a front's connection ends. */
#include "front_wire.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/banned.h"

static void
a_worker_recycles_by_itself(void **state)
{
	const struct temper temper = {.recycle = 2};
	struct office office;
	struct front *front;
	int sock;

	(void)state;
	office_open(&office, &temper);
	front = front_new(office.dir, ROLE_SMTP);
	assert_int_equal(letter_deliver(front, PROTO_WAY_SMTP, "taken"),
	    PROTO_MAIL_TAKEN);
	front_free(front);
	sock = wire_open(&office, "lmtp.milter");
	wire_mail(sock, "taken");
	assert_int_equal(wire_outcome(sock), PROTO_MAIL_TAKEN);
	assert_int_equal(wire_hears(sock), 0);
	close(sock);
	assert_int_equal(waitid(P_PID,
			     (id_t)g_array_index(office.pids, pid_t, 0),
			     &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	office_close(&office, 0);
}

static void
a_stop_ends_a_wait(void **state)
{
	const struct temper temper = {0};
	struct office office;
	int sock;

	(void)state;
	office_open(&office, &temper);
	sock = wire_open(&office, "lmtp.milter");
	wire_ready(sock);
	g_usleep(20000); /* until it waits */
	office_term(&office);
	assert_int_equal(wire_hears(sock), 0);
	close(sock);
	office_close(&office, 0);
}

static void
a_stop_lets_the_mail_in_hand_end(void **state)
{
	const struct temper temper = {.holds = TRUE};
	struct office office;
	int sock;

	(void)state;
	office_open(&office, &temper);
	sock = wire_open(&office, "lmtp.milter");
	wire_mail(sock, "forged");
	assert_delivered(&office, "1  help@desk.example 6");
	office_term(&office);
	office_release(&office, 1);
	assert_int_equal(wire_outcome(sock), PROTO_MAIL_FORGED);
	assert_int_equal(wire_hears(sock), 0);
	close(sock);
	office_close(&office, 0);
}

/* What a worker had not yet read when it saw the stop. */
static void
a_stop_finds_the_mail_in_the_socket(void **state)
{
	const struct temper temper = {0};
	struct office office;
	pid_t pid;
	int sock;

	(void)state;
	office_open(&office, &temper);
	pid = g_array_index(office.pids, pid_t, 0);
	sock = wire_open(&office, "lmtp.milter");
	wire_ready(sock);
	g_usleep(20000); /* until it waits */
	kill(pid, SIGSTOP);
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0},
			     WSTOPPED), 0);
	wire_mail(sock, "taken");
	kill(pid, SIGTERM);
	kill(pid, SIGCONT);
	assert_int_equal(wire_outcome(sock), PROTO_MAIL_TAKEN);
	assert_int_equal(wire_hears(sock), 0);
	close(sock);
	office_close(&office, 0);
}

/* Two fronts have a worker each, and one of the workers goes. */
static void
a_ready_front_survives_its_worker(void **state)
{
	const struct temper temper = {.workers = 2, .wait_ms = 300};
	struct office office;
	struct front *fronts[2];
	pid_t pid;

	(void)state;
	office_open(&office, &temper);
	for (int i = 0; i < 2; i++) {
		fronts[i] = front_new(office.dir, ROLE_MILTER);
		assert_true(front_ready(fronts[i], NULL));
	}
	pid = g_array_index(office.pids, pid_t, 0);
	kill(pid, SIGTERM);
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0},
			     WEXITED | WNOWAIT), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(letter_deliver(fronts[i], PROTO_WAY_MILTER,
				     "taken"), PROTO_MAIL_TAKEN);
		front_free(fronts[i]);
	}
	office_close(&office, 0);
}

int
test_front_stop(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_worker_recycles_by_itself),
	    cmocka_unit_test(a_stop_ends_a_wait),
	    cmocka_unit_test(a_stop_lets_the_mail_in_hand_end),
	    cmocka_unit_test(a_stop_finds_the_mail_in_the_socket),
	    cmocka_unit_test(a_ready_front_survives_its_worker),
	};

	return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
