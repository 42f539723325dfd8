/* How a front has mails delivered. */
#include "front.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"
#include "intake/envelope.h"

#include "base/banned.h"

#define SENDER "a@play.example"
#define RCPT "help@desk.example"

void
letter_init(struct session_envelope *envelope, enum proto_way way,
    const char *sender, const char *const *rcpts)
{
	*envelope = (struct session_envelope){.way = way,
	    .sender_addr = g_strdup(sender),
	    .rcpts = envelope_rcpts_new()};
	for (; *rcpts != NULL; rcpts++) {
		struct addr *addr = addr_parse(*rcpts, -1, NULL);

		assert_non_null(addr);
		envelope_rcpts_add(envelope->rcpts, addr);
	}
}

void
letter_clear(struct session_envelope *envelope)
{
	g_free(envelope->sender_addr);
	g_ptr_array_unref(envelope->rcpts);
}

enum proto_mail_outcome
letter_deliver(struct front *front, enum proto_way way, const char *words)
{
	const char *const rcpts[] = {RCPT, NULL};
	g_autoptr(GBytes) message = g_bytes_new(words, strlen(words));
	struct session_envelope envelope;
	enum proto_mail_outcome outcome;

	letter_init(&envelope, way, SENDER, rcpts);
	outcome = front_deliver(front, &envelope, message);
	letter_clear(&envelope);
	return outcome;
}

/* --- mails ---------------------------------------------------------------- */

static void
a_mail_is_delivered_by_both_ways(void **state)
{
	const struct temper temper = {0};
	struct office office;
	gint64 begin = g_get_monotonic_time();
	struct front *milter;
	struct front *smtp;

	(void)state;
	office_open(&office, &temper);
	milter = front_new(office.dir, ROLE_MILTER);
	smtp = front_new(office.dir, ROLE_SMTP);
	for (int i = 0; i < 3; i++) {
		/* With one worker, who is ready for one front only. */
		assert_true(front_ready(milter, NULL));
		assert_int_equal(letter_deliver(milter, PROTO_WAY_MILTER,
				     "taken"), PROTO_MAIL_TAKEN);
		assert_delivered(&office, "1 " SENDER " " RCPT " 5");
		assert_int_equal(letter_deliver(smtp, PROTO_WAY_SMTP, "ok"),
		    PROTO_MAIL_TAKEN);
		assert_delivered(&office, "2 " SENDER " " RCPT " 2");
	}
	assert_true(g_get_monotonic_time() - begin < PATIENCE_MS * 1000);
	front_free(milter);
	front_free(smtp);
	office_close(&office, 0);
}

static void
all_recipients_get_one_outcome(void **state)
{
	static const struct {
		const char *words;
		enum proto_mail_outcome outcome;
	} rows[] = {
	    {"taken taken taken", PROTO_MAIL_TAKEN},
	    {"taken taken deferred", PROTO_MAIL_DEFERRED},
	    {"deferred taken taken", PROTO_MAIL_DEFERRED},
	    {"taken many taken", PROTO_MAIL_TOO_MANY},
	    {"many deferred forged", PROTO_MAIL_DEFERRED},
	    {"forged many taken", PROTO_MAIL_TOO_MANY},
	    {"taken forged taken", PROTO_MAIL_FORGED},
	    {"shape", PROTO_MAIL_BAD_SHAPE},
	    {"shape forged", PROTO_MAIL_FORGED},
	};
	const char *const rcpts[] = {RCPT, "vip@desk.example", RCPT, NULL};
	const struct temper temper = {0};
	struct session_envelope envelope;
	struct office office;
	struct front *front;

	(void)state;
	office_open(&office, &temper);
	front = front_new(office.dir, ROLE_SMTP);
	letter_init(&envelope, PROTO_WAY_SMTP, "", rcpts);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GBytes) message =
		    g_bytes_new(rows[i].words, strlen(rows[i].words));
		g_autofree char *line = g_strdup_printf(
		    "2  " RCPT ",vip@desk.example," RCPT " %zu",
		    strlen(rows[i].words));

		assert_int_equal(front_deliver(front, &envelope, message),
		    rows[i].outcome);
		assert_delivered(&office, line);
	}
	letter_clear(&envelope);
	front_free(front);
	office_close(&office, 0);
}

/* --- faults --------------------------------------------------------------- */

static void
a_mail_that_kills_its_worker_stays(void **state)
{
	const struct temper temper = {.workers = 2};
	struct office office;
	struct front *front;

	(void)state;
	office_open(&office, &temper);
	front = front_new(office.dir, ROLE_MILTER);
	assert_true(front_ready(front, NULL));
	assert_int_equal(letter_deliver(front, PROTO_WAY_MILTER, "die"),
	    PROTO_MAIL_DEFERRED);
	assert_int_equal(letter_deliver(front, PROTO_WAY_MILTER, "taken"),
	    PROTO_MAIL_TAKEN);
	front_free(front);
	office_close(&office, 1);
}

static void
without_workers_a_mail_stays(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("nd-front-XXXXXX", NULL);
	struct front *front = front_new(dir, ROLE_MILTER);
	g_autoptr(GError) error = NULL;

	(void)state;
	assert_false(front_ready(front, &error));
	assert_true(error_is(error, ERROR_TEMP));
	assert_int_equal(letter_deliver(front, PROTO_WAY_MILTER, "taken"),
	    PROTO_MAIL_DEFERRED);
	front_free(front);
	(void)g_rmdir(dir);
}

/* The next mail is not the worse for it. */
static void
what_a_worker_refuses_stays(void **state)
{
	const char *const rcpts[] = {RCPT, "a@elsewhere.example", NULL};
	const struct temper temper = {.size_max = 20};
	g_autoptr(GBytes) message = g_bytes_new_static("taken", 5);
	struct session_envelope envelope;
	struct office office;
	struct front *front;

	(void)state;
	office_open(&office, &temper);
	front = front_new(office.dir, ROLE_MILTER);
	letter_init(&envelope, PROTO_WAY_MILTER, SENDER, rcpts);
	assert_int_equal(front_deliver(front, &envelope, message),
	    PROTO_MAIL_DEFERRED);
	assert_int_equal(letter_deliver(front, PROTO_WAY_MILTER,
			     "taken taken taken taken"), PROTO_MAIL_DEFERRED);
	assert_quiet(&office);
	assert_int_equal(letter_deliver(front, PROTO_WAY_MILTER, ""),
	    PROTO_MAIL_TAKEN);
	assert_delivered(&office, "1 " SENDER " " RCPT " 0");
	letter_clear(&envelope);
	front_free(front);
	office_close(&office, 0);
}

/* --- limits --------------------------------------------------------------- */

/* Of the greatest length, with a domain that ends in ours. */
static char *
rcpt_longest(void)
{
	g_autofree char *local = g_strnfill(ADDR_LOCAL_MAX, 'l');
	g_autofree char *label = g_strnfill(60, 'd');
	g_autofree char *last = g_strnfill(255 - 3 * 61 - 13, 'e');

	return g_strconcat(local, "@", label, ".", label, ".", label, ".",
	    last, ".desk.example", NULL);
}

static void
the_largest_envelope_passes(void **state)
{
	const char *rcpts[FRONT_RCPTS_MAX + 1] = {NULL};
	g_autofree char *rcpt = rcpt_longest();
	g_autoptr(GBytes) message = g_bytes_new_static("taken", 5);
	const struct temper temper = {0};
	struct session_envelope envelope;
	struct office office;
	struct front *front;

	(void)state;
	assert_int_equal(strlen(rcpt), ADDR_MAX);
	for (guint i = 0; i < FRONT_RCPTS_MAX; i++)
		rcpts[i] = rcpt;
	office_open(&office, &temper);
	front = front_new(office.dir, ROLE_MILTER);
	letter_init(&envelope, PROTO_WAY_MILTER, rcpt, rcpts);
	assert_int_equal(front_deliver(front, &envelope, message),
	    PROTO_MAIL_TAKEN);
	envelope_rcpts_add(envelope.rcpts, addr_parse(RCPT, -1, NULL));
	assert_int_equal(front_deliver(front, &envelope, message),
	    PROTO_MAIL_DEFERRED);
	letter_clear(&envelope);
	front_free(front);
	office_close(&office, 0);
}

static void
no_envelope_ends_a_front(void **state)
{
	g_autofree char *longest = g_strnfill(ADDR_MAX + 1, 'a');
	const char *const senders[] = {longest, "a\r\nb@c.example",
	    "a\xff@c.example", "<a@c.example>", "\x7f@c.example"};
	const char *const rcpts[] = {RCPT, NULL};
	g_autoptr(GBytes) message = g_bytes_new_static("taken", 5);
	const struct temper temper = {0};
	struct session_envelope envelope;
	struct office office;
	struct front *front;

	(void)state;
	office_open(&office, &temper);
	front = front_new(office.dir, ROLE_MILTER);
	for (gsize i = 0; i < G_N_ELEMENTS(senders); i++) {
		letter_init(&envelope, PROTO_WAY_MILTER, senders[i], rcpts);
		assert_int_equal(front_deliver(front, &envelope, message),
		    PROTO_MAIL_DEFERRED);
		letter_clear(&envelope);
	}
	letter_init(&envelope, PROTO_WAY_MILTER, SENDER, rcpts + 1);
	assert_int_equal(front_deliver(front, &envelope, message),
	    PROTO_MAIL_DEFERRED);
	letter_clear(&envelope);
	assert_int_equal(letter_deliver(front, PROTO_WAY_LMTP, "taken"),
	    PROTO_MAIL_DEFERRED);
	assert_quiet(&office);
	front_free(front);
	office_close(&office, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_mail_is_delivered_by_both_ways),
	    cmocka_unit_test(all_recipients_get_one_outcome),
	    cmocka_unit_test(a_mail_that_kills_its_worker_stays),
	    cmocka_unit_test(without_workers_a_mail_stays),
	    cmocka_unit_test(what_a_worker_refuses_stays),
	    cmocka_unit_test(the_largest_envelope_passes),
	    cmocka_unit_test(no_envelope_ends_a_front),
	};
	int failed;

	log_init(ROLE_MILTER, LOG_LEVEL_ERROR);
	/* First: what is made once is made by threads then. */
	failed = test_front_threads();
	failed += cmocka_run_group_tests_name("front", tests, NULL, NULL);
	failed += test_front_worker();
	failed += test_front_stop();
	failed += test_front_proxy();
	return failed;
}
