/* What a worker bears from a front. */
#include "front_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/ipc.h"

#include "base/banned.h"

#define NOTE "1  help@desk.example 5"
#define WAIT_MS 100

static void
another_uid_is_not_heard(void **state)
{
	const struct temper temper = {.uid_more = 1};
	struct office office;
	struct front *front;

	(void)state;
	office_open(&office, &temper);
	front = front_new(office.dir, ROLE_MILTER);
	assert_false(front_ready(front, NULL));
	assert_int_equal(letter_deliver(front, PROTO_WAY_MILTER, "taken"),
	    PROTO_MAIL_DEFERRED);
	assert_quiet(&office);
	front_free(front);
	office_close(&office, 0);
}

/* --- frames --------------------------------------------------------------- */

enum flaw {
	NO_FLAW,
	NO_FRAME,    /* some octets */
	NOT_ALLOWED, /* a frame of another role */
	NO_RECIPIENT,
	NOT_OURS,
	NO_ADDRESS,
	BAD_SENDER,
	WAY_LMTP,
	WAY_SMTP,
	CUT_SHORT,
	NO_BODY,
	LOOSE_BODY,
	LARGE_BODY,
	FLAWS
};

static GBytes *
frame_of(enum flaw flaw)
{
	g_autoptr(GPtrArray) rcpt_addrs = g_ptr_array_new();
	const struct proto_intake_mail mail = {
	    .way = flaw == WAY_LMTP ? PROTO_WAY_LMTP
		: flaw == WAY_SMTP  ? PROTO_WAY_SMTP
				    : PROTO_WAY_MILTER,
	    .sender_addr =
		(char *)(flaw == BAD_SENDER ? "a\r\n@b.example" : ""),
	    .rcpt_addrs = rcpt_addrs};
	const char nothing = 0;
	g_autoptr(GBytes) frame = NULL;

	if (flaw == NO_FRAME)
		return g_bytes_new_static("MAIL FROM:<>\r\n", 14);
	if (flaw == NOT_ALLOWED)
		return proto_encode(PROTO_CTL_STATUS, &nothing, NULL);
	if (flaw != NO_RECIPIENT)
		g_ptr_array_add(rcpt_addrs, (gpointer)"help@desk.example");
	if (flaw == NOT_OURS)
		g_ptr_array_add(rcpt_addrs, (gpointer)"a@elsewhere.example");
	if (flaw == NO_ADDRESS)
		g_ptr_array_add(rcpt_addrs, (gpointer)"desk.example");
	frame = proto_encode(PROTO_INTAKE_MAIL, &mail, NULL);
	return g_bytes_new_from_bytes(frame, 0,
	    g_bytes_get_size(frame) - (flaw == CUT_SHORT ? 3 : 0));
}

static int
body_of(enum flaw flaw)
{
	int fd;

	switch (flaw) {
	case NO_BODY:
		return -1;
	case LARGE_BODY:
		return ipc_body_new("taken taken taken taken", 23, NULL);
	case LOOSE_BODY:
		fd = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		assert_int_equal(write(fd, "taken", 5), 5);
		return fd;
	default:
		return ipc_body_new("taken", 5, NULL);
	}
}

static void
nothing_else_than_a_mail_is_delivered(void **state)
{
	const struct temper temper = {.size_max = 20};
	struct office office;

	(void)state;
	office_open(&office, &temper);
	for (guint flaw = NO_FLAW; flaw < FLAWS; flaw++) {
		g_autoptr(GBytes) frame = frame_of((enum flaw)flaw);
		int sock = wire_open(&office, "lmtp.milter");
		int body = body_of((enum flaw)flaw);

		wire_send(sock, frame, body);
		if (flaw == NO_FLAW) {
			assert_int_equal(wire_hears(sock), PROTO_INTAKE_DONE);
			assert_delivered(&office, NOTE);
		} else {
			assert_int_equal(wire_hears(sock),
			    flaw == NO_FRAME ? 0 : PROTO_ERROR);
			assert_quiet(&office);
		}
		/* Who can still speak is heard. */
		if (flaw != NO_FRAME) {
			wire_mail(sock, "taken");
			assert_int_equal(wire_outcome(sock), PROTO_MAIL_TAKEN);
			assert_delivered(&office, NOTE);
		}
		close(sock);
		if (body >= 0)
			close(body);
	}
	office_close(&office, 0);
}

/* --- silence -------------------------------------------------------------- */

static void
silence_ends_a_connection(void **state)
{
	const struct temper temper = {.wait_ms = WAIT_MS};
	struct office office;

	(void)state;
	office_open(&office, &temper);
	for (int ready = 0; ready < 2; ready++) {
		gint64 begin = g_get_monotonic_time();
		int sock = wire_open(&office, "lmtp.milter");

		if (ready)
			wire_ready(sock);
		assert_int_equal(wire_hears(sock), 0);
		assert_true(
		    g_get_monotonic_time() - begin >= (WAIT_MS - 1) * 1000);
		close(sock);
	}
	office_close(&office, 0);
}

static void
readiness_is_not_prolonged(void **state)
{
	const struct temper temper = {.wait_ms = WAIT_MS};
	const char nothing = 0;
	g_autoptr(GBytes) frame =
	    proto_encode(PROTO_INTAKE_READY, &nothing, NULL);
	gint64 by = g_get_monotonic_time() + PATIENCE_MS * 1000;
	struct office office;
	gsize len;
	gconstpointer data = g_bytes_get_data(frame, &len);
	int sock;

	(void)state;
	office_open(&office, &temper);
	sock = wire_open(&office, "lmtp.milter");
	while (send(sock, data, len, MSG_NOSIGNAL) == (gssize)len &&
	    wire_hears(sock) == PROTO_INTAKE_GO)
		assert_true(g_get_monotonic_time() < by);
	close(sock);
	office_close(&office, 0);
}

/* A front that found its worker gone has another one. */
static void
a_late_mail_finds_a_worker(void **state)
{
	const struct temper temper = {.wait_ms = WAIT_MS};
	struct office office;
	struct front *front;

	(void)state;
	office_open(&office, &temper);
	front = front_new(office.dir, ROLE_MILTER);
	assert_true(front_ready(front, NULL));
	g_usleep(2 * WAIT_MS * 1000);
	assert_int_equal(letter_deliver(front, PROTO_WAY_MILTER, "taken"),
	    PROTO_MAIL_TAKEN);
	front_free(front);
	office_close(&office, 0);
}

static void
who_hangs_up_lets_others_in(void **state)
{
	const struct temper temper = {0};
	struct office office;
	int sock;

	(void)state;
	office_open(&office, &temper);
	sock = wire_open(&office, "lmtp.milter");
	wire_ready(sock);
	close(sock);
	sock = wire_open(&office, "lmtp.milter");
	wire_mail(sock, "taken");
	assert_int_equal(wire_outcome(sock), PROTO_MAIL_TAKEN);
	close(sock);
	office_close(&office, 0);
}

static void
who_gave_up_has_nothing_delivered(void **state)
{
	const struct temper temper = {.holds = TRUE};
	struct office office;
	int first;
	int gone;
	int last;

	(void)state;
	office_open(&office, &temper);
	first = wire_open(&office, "lmtp.milter");
	wire_mail(first, "taken");
	assert_delivered(&office, NOTE);
	gone = wire_open(&office, "lmtp.milter");
	wire_mail(gone, "gone away");
	close(gone);
	last = wire_open(&office, "lmtp.milter");
	wire_mail(last, "taken");
	office_release(&office, 3);
	assert_int_equal(wire_outcome(first), PROTO_MAIL_TAKEN);
	close(first);
	assert_delivered(&office, NOTE);
	assert_int_equal(wire_outcome(last), PROTO_MAIL_TAKEN);
	close(last);
	assert_quiet(&office);
	office_close(&office, 0);
}

/* --- turns ---------------------------------------------------------------- */

#define LMTP_MAIL                                                              \
	"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<help@desk.example>\r\n"            \
	"DATA\r\ntaken\r\n.\r\nQUIT\r\n"

/* Much mail by one way keeps none by another waiting for its end. */
static void
ways_take_turns(void **state)
{
	const struct temper temper = {.holds = TRUE, .wait_ms = WAIT_MS};
	struct office office;
	int lmtp[16];
	int milter[3];
	guint after = 0;

	(void)state;
	office_open(&office, &temper);
	for (gsize i = 0; i < G_N_ELEMENTS(lmtp); i++) {
		lmtp[i] = wire_lmtp(&office);
		assert_int_equal(send(lmtp[i], LMTP_MAIL, strlen(LMTP_MAIL),
				     MSG_NOSIGNAL), strlen(LMTP_MAIL));
	}
	assert_delivered(&office, "0  help@desk.example 7");
	for (gsize i = 0; i < G_N_ELEMENTS(milter); i++) {
		milter[i] = wire_open(&office, "lmtp.milter");
		wire_mail(milter[i], "taken");
	}
	office_release(&office, G_N_ELEMENTS(lmtp) + G_N_ELEMENTS(milter));
	for (guint left = G_N_ELEMENTS(milter); left > 0; after++) {
		g_autofree char *line = office_line(&office);

		left -= line[0] == '1';
	}
	assert_in_range(after, 3, 8);
	for (gsize i = 0; i < G_N_ELEMENTS(lmtp); i++)
		close(lmtp[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(milter); i++)
		close(milter[i]);
	office_close(&office, 0);
}

static gint64
cpu_us(pid_t pid)
{
	clockid_t clock;
	struct timespec used;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &used), 0);
	return (gint64)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static void
who_waits_is_still(void **state)
{
	const struct temper temper = {0};
	struct office office;
	gint64 before;
	pid_t pid;
	int sock;

	(void)state;
	office_open(&office, &temper);
	pid = g_array_index(office.pids, pid_t, 0);
	sock = wire_open(&office, "lmtp.milter");
	for (int connected = 1; connected >= 0; connected--) {
		if (connected)
			wire_ready(sock);
		else
			close(sock);
		g_usleep(20000); /* whatever it has to do first */
		before = cpu_us(pid);
		g_usleep(200000);
		assert_true(cpu_us(pid) - before < 50000);
	}
	office_close(&office, 0);
}

int
test_front_worker(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(another_uid_is_not_heard),
	    cmocka_unit_test(nothing_else_than_a_mail_is_delivered),
	    cmocka_unit_test(silence_ends_a_connection),
	    cmocka_unit_test(readiness_is_not_prolonged),
	    cmocka_unit_test(a_late_mail_finds_a_worker),
	    cmocka_unit_test(who_hangs_up_lets_others_in),
	    cmocka_unit_test(who_gave_up_has_nothing_delivered),
	    cmocka_unit_test(ways_take_turns),
	    cmocka_unit_test(who_waits_is_still),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
