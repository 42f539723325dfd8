#include "kpi_fixture.h"

#include "base/banned.h"

#define MIN_S 60
#define ACK_MIN 60
#define FIRST_REPLY_MIN 120
#define DECISION_MIN 1440
#define NO (-1)
#define HUGE_TICKETS 200000

/* Minutes: age before now, the others after the ticket was opened. */
struct line {
	const char *queue;
	const char *category;
	const char *lang;
	const char *agent;
	guint32 level;
	int age;
	int ack;
	int reply;
	int decision;
	int closed;
	gboolean reopened;
	guint32 stars;
};

/* clang-format off */
static const struct line twenty[] = {
/*  1 */ {"support", "deposit", "de", "anna", 1, 28800, 1, 30, 600, 600, 0, 5},
/*  2 */ {"support", "deposit", "en", "anna", 1, 27360, 1, 60, 1440, 1440, 0, 4},
/*  3 */ {"support", "withdrawal", "en", "ben", 1, 25920, 2, 120, 1441, 1441, 0, 2},
/*  4 */ {"support", "withdrawal", "ru", "ben", 2, 24480, 2, 121, 2880, 2880, 0, 1},
/*  5 */ {"support", "login", "tr", "anna", 1, 23040, 1, 15, 45, 45, 1, 0},
/*  6 */ {"support", "login", "de", "ben", 1, 21600, 1, 20, 90, 90, 0, 5},
/*  7 */ {"support", "technical", "en", "anna", 1, 20160, 3, 45, 300, 300, 0, 4},
/*  8 */ {"support", "technical", "pl", "ben", 2, 18720, 1, 100, 1200, 1200, 0, 3},
/*  9 */ {"support", "bonus", "es", "anna", 1, 17280, 61, 90, 400, 400, 0, 4},
/* 10 */ {"support", "bonus", "es", "anna", 1, 15840, 1, 10, 60, 60, 0, 5},
/* 11 */ {"payments", "withdrawal", "de", "cleo", 1, 14400, 1, 25, 1000, 1000, 0, 5},
/* 12 */ {"payments", "withdrawal", "ru", "cleo", 3, 12960, 1, 200, 4000, 4000, 0, 1},
/* 13 */ {"payments", "deposit", "en", "cleo", 1, 11520, 60, 110, 700, 700, 0, 4},
/* 14 */ {"payments", "deposit", "tr", "cleo", 1, 2900, 2, 35, 240, 240, 0, 0},
/* 15 */ {"payments", "kyc", "en", "cleo", 1, 4320, 1, 50, NO, NO, 1, 0},
/* 16 */ {"payments", "withdrawal", "fr", NULL, 1, 2000, 2, NO, NO, NO, 0, 0},
/* 17 */ {"support", "mirror", "pt", "anna", 1, 1000, 1, 40, NO, NO, 0, 0},
/* 18 */ {"support", "other", "en", NULL, 1, 90, 1, NO, NO, NO, 0, 0},
/* 19 */ {"support", "complaint", "it", NULL, 2, 30, NO, NO, NO, NO, 0, 0},
/* 20 */ {"payments", "deposit", "en", "cleo", 1, 60000, 1, 30, 50000, 50000, 0, 2},
};
/* clang-format on */

static gint64
after(gint64 opened, int minutes)
{
	return minutes == NO ? 0 : opened + (gint64)minutes * MIN_S;
}

static struct kpi_ticket
ticket_of(const struct line *line)
{
	gint64 at = FIXTURE_NOW - (gint64)line->age * MIN_S;

	return (struct kpi_ticket){
	    .queue = line->queue,
	    .category = line->category,
	    .lang = line->lang,
	    .agent = line->agent,
	    .level = line->level,
	    .opened = at,
	    .promise = {{after(at, line->ack), after(at, ACK_MIN)},
		{after(at, line->reply), after(at, FIRST_REPLY_MIN)},
		{after(at, line->decision), after(at, DECISION_MIN)}},
	    .closed = after(at, line->closed),
	    .reopened_within_48h = line->reopened,
	    .satisfaction = line->stars,
	};
}

struct kpi_report *
fixture_twenty(void)
{
	struct kpi_report *report = kpi_new(FIXTURE_FROM, FIXTURE_NOW);

	for (guint i = 0; i < G_N_ELEMENTS(twenty); i++) {
		struct kpi_ticket ticket = ticket_of(&twenty[i]);

		kpi_add(report, &ticket);
	}
	kpi_finish(report);
	return report;
}

struct kpi_report *
fixture_empty(void)
{
	struct kpi_report *report = kpi_new(FIXTURE_FROM, FIXTURE_NOW);

	kpi_finish(report);
	return report;
}

static const char *
huge_queue(guint i, char *out, gsize size)
{
	static const char *const odd[] = {
	    "a_queue_whose_name_is_as_long_as_a_name_may_be_and_has_no_space_x",
	    "<b>bold</b> & \"quoted\" <script>alert(1)</script>",
	    "two\nlines\tand \xe2\x80\xae turned", "\xff\xfe no text",
	    "\xd0\xba\xd0\xb0\xd1\x81\xd1\x81\xd0\xb0"};

	if (i < G_N_ELEMENTS(odd))
		return odd[i];
	g_snprintf(out, (gulong)size, "queue-%u", i);
	return out;
}

struct kpi_report *
fixture_huge(void)
{
	static const char *const langs[] = {
	    "en", "de", "fr", "el", "es", "it", "pt", "ru", "tr", "pl"};
	struct kpi_report *report = kpi_new(FIXTURE_FROM, FIXTURE_NOW);
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);

	for (guint i = 0; i < HUGE_TICKETS; i++) {
		char queue[32];
		char agent[32];
		gint32 age = g_rand_int_range(rand, 1, 43000);
		gint32 took = g_rand_int_range(rand, 2, 3000);
		struct line line = {.lang = langs[i % G_N_ELEMENTS(langs)],
		    .category = i % 3 == 0 ? "withdrawal" : "deposit",
		    .level = i % 12 == 0 ? 2 : 1,
		    .age = age,
		    .ack = g_rand_int_range(rand, 0, 61),
		    .reply = took / 10,
		    .decision = took < age ? took : NO,
		    .closed = took < age && i % 40 != 0 ? took : NO,
		    .stars = i % 4 == 0 ? i / 4 % 6 : 0};
		struct kpi_ticket ticket;

		line.queue = huge_queue(i % 40, queue, sizeof(queue));
		g_snprintf(agent, sizeof(agent), "agent-%u", i % 300);
		line.agent = agent;
		ticket = ticket_of(&line);
		kpi_add(report, &ticket);
	}
	kpi_finish(report);
	return report;
}
