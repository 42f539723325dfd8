#ifndef ND_TESTS_UNIT_FRONT_H
#define ND_TESTS_UNIT_FRONT_H

/*
 * The parts of test-front, and the workers it speaks to: forked processes that
 * run the real server with a delivery of the test's. Whatever waits, waits
 * PATIENCE_MS at most.
 */
#include <glib.h>

#include "intake/front.h"
#include "intake/worker.h"

#define PATIENCE_MS 10000

/* Each runs one group of cmocka tests and returns how many failed. */
int test_front_proxy(void);
int test_front_stop(void);
int test_front_threads(void);
int test_front_worker(void);

/* --- workers ------------------------------------------------------------ */

struct temper { /* how workers are; 0 of a limit is a usual one */
	gint64 wait_ms;
	gsize size_max;
	guint recycle;
	guint workers;
	int uid_more;	/* by so much they expect another uid */
	gboolean holds; /* a delivery waits for office_release() */
};

struct office {
	char *dir; /* own; the run_dir of fronts */
	int lmtp, milter, smtp;
	int noted;  /* each delivery writes a line */
	int held;   /* and may wait for an octet */
	GArray *pids; /* own pid_t */
};

void office_open(struct office *office, const struct temper *temper);
/* Stops the workers that still run. Each must have ended well, but for those
 * that a mail has killed. */
void office_close(struct office *office, guint killed);
void office_term(struct office *office); /* SIGTERM to all */
void office_release(struct office *office, guint deliveries);

/* The next delivery is this: "WAY SENDER RCPT,RCPT SIZE". */
void assert_delivered(struct office *office, const char *expected);
void assert_quiet(struct office *office); /* none waits to be read */
char *office_line(struct office *office); /* caller frees */

/* --- mails -------------------------------------------------------------- */

/* rcpts ends with NULL. Its caller clears it. */
void letter_init(struct session_envelope *envelope, enum proto_way way,
    const char *sender, const char *const *rcpts);
void letter_clear(struct session_envelope *envelope);

/* Has a mail from a@play.example to help@desk.example delivered. What its
 * words say becomes of its recipients; the last is for all others too:
 * "taken", "deferred", "shape", "forged", "many", "die". */
enum proto_mail_outcome letter_deliver(
    struct front *front, enum proto_way way, const char *words);

#endif
