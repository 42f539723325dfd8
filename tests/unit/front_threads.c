/*
 * A front for each thread. Threads of libmilter have stacks of 256 KiB.
 * tests/threads.sh shows what they share.
 */
#include "front.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/banned.h"

#define THREADS 32
#define MAILS 50
#define STACK 262144

struct clerk {
	const char *dir; /* borrowed */
	guint index;
	guint wrong;
};

/* What one thread asks differs from what all others ask. */
static gpointer
clerk_run(gpointer data)
{
	struct clerk *clerk = data;
	gboolean is_milter = clerk->index % 2 == 0;
	g_autofree char *sender =
	    g_strdup_printf("%02u@play.example", clerk->index);
	g_autofree char *text =
	    g_strnfill(6 + (gsize)clerk->index * 1000, ' ');
	const char *const rcpts[] = {"help@desk.example", NULL};
	const char *const others[] = {"help@elsewhere.example", NULL};
	enum proto_mail_outcome expected =
	    clerk->index % 3 == 0 ? PROTO_MAIL_FORGED : PROTO_MAIL_TAKEN;
	struct front *front =
	    front_new(clerk->dir, is_milter ? ROLE_MILTER : ROLE_SMTP);
	g_autoptr(GBytes) message = NULL;
	struct session_envelope envelope;
	struct session_envelope ill; /* for which there is an error */

	memcpy(text, expected == PROTO_MAIL_FORGED ? "forged" : "taken ", 6);
	message = g_bytes_new(text, strlen(text));
	letter_init(&envelope,
	    is_milter ? PROTO_WAY_MILTER : PROTO_WAY_SMTP, sender, rcpts);
	letter_init(&ill, envelope.way, sender, others);
	for (guint i = 0; i < MAILS; i++) {
		if (i % 10 == 0 && !front_ready(front, NULL))
			clerk->wrong++;
		if (front_deliver(front, &envelope, message) != expected)
			clerk->wrong++;
		if (front_deliver(front, &ill, message) != PROTO_MAIL_DEFERRED)
			clerk->wrong++;
	}
	letter_clear(&envelope);
	letter_clear(&ill);
	front_free(front);
	return NULL;
}

static void
clerks_start(pthread_t *threads, struct clerk *clerks, const char *dir)
{
	pthread_attr_t small;

	pthread_attr_init(&small);
	assert_int_equal(pthread_attr_setstacksize(&small, STACK), 0);
	for (guint i = 0; i < THREADS; i++) {
		clerks[i] = (struct clerk){.dir = dir, .index = i};
		assert_int_equal(pthread_create(&threads[i], &small,
				     clerk_run, &clerks[i]), 0);
	}
	pthread_attr_destroy(&small);
}

static void
each_thread_has_its_own_answers(void **state)
{
	const struct temper temper = {.workers = 4};
	struct office office;
	pthread_t threads[THREADS];
	struct clerk clerks[THREADS];
	guint delivered[THREADS] = {0};

	(void)state;
	office_open(&office, &temper);
	clerks_start(threads, clerks, office.dir);
	for (guint i = 0; i < THREADS * MAILS; i++) {
		g_autofree char *line = office_line(&office);
		guint64 n = g_ascii_strtoull(line + 2, NULL, 10);
		g_autofree char *expected = g_strdup_printf(
		    "%d %02u@play.example help@desk.example %u",
		    n % 2 == 0 ? PROTO_WAY_MILTER : PROTO_WAY_SMTP, (guint)n,
		    6 + (guint)n * 1000);

		assert_string_equal(line, expected);
		delivered[n]++;
	}
	for (guint i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(clerks[i].wrong, 0);
		assert_int_equal(delivered[i], MAILS);
	}
	office_close(&office, 0);
}

int
test_front_threads(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_thread_has_its_own_answers),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
