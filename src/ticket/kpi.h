#ifndef ND_TICKET_KPI_H
#define ND_TICKET_KPI_H

/*
 * What a head of support asks: promises kept, tickets closed at first level,
 * the backlog, and what players thought of it.
 *
 * Pure: tickets are added one by one, in any order, and the numbers are there
 * after kpi_finish(). Nothing can fail. Memory grows by 8 bytes for a kept
 * promise in each of six rows. Names are copied and never looked into: they
 * must be safe to show to whom the report is for, so no address.
 *
 * What is counted where, with "now" the end of the time reported on:
 * - opened, promises and times: tickets opened from "from" on;
 * - closed, first level and ratings: tickets closed from "from" on;
 * - open and its ages: every ticket open now, however old.
 * A promise is in time if it was kept not later than it was due, to the
 * second; late if it was kept later or its time is over; else it runs and is
 * counted as neither. What is later than "now" has not happened yet, so that a
 * week ends when it ends, whenever its report is made.
 */
#include <glib.h>

#define KPI_GOAL 90		 /* %: tickets closed at first level */
#define KPI_RETURN_S (48 * 3600) /* who is back within this was not helped */
#define KPI_LEVELS 3
#define KPI_RATINGS 5 /* 1 is the worst, 5 the best */
#define KPI_AGES 5
#define KPI_NONE (-1) /* there is nothing of which it could be said */

enum kpi_promise { KPI_ACK, KPI_FIRST_REPLY, KPI_DECISION, KPI_PROMISES };

enum kpi_by {
	KPI_BY_QUEUE,
	KPI_BY_LEVEL,
	KPI_BY_AGENT,
	KPI_BY_CATEGORY,
	KPI_BY_LANG,
	KPI_BYS
};

struct kpi_ticket {
	const char *queue;    /* borrowed, as the next three; NULL or "" if */
	const char *category; /* there is none */
	const char *lang;
	const char *agent; /* who closed it, or else has it */
	guint32 level;	   /* at which it was closed, or else is; from 1 */
	gint64 opened;
	struct {
		gint64 done; /* 0 if not yet; a person's closing is a reply
			      * and a decision */
		gint64 due;  /* with all pauses; of a clock that stands, what
			      * is left from now; 0 if nothing was promised */
	} promise[KPI_PROMISES];
	gint64 closed;		      /* 0 if it is open */
	gboolean reopened_within_48h; /* after any of its closings */
	guint32 satisfaction;	      /* 1 to KPI_RATINGS, 0 if not said */
};

struct kpi_share {
	guint in_time;
	guint late;
	guint running;
	GArray *taken;	 /* own; gint64, s from opened to done, sorted */
	gint64 median_s; /* nearest rank of taken, KPI_NONE if it is empty */
	gint64 p90_s;
};

struct kpi_row {
	char *name; /* own; "" for tickets that have none, NULL for all; a
		     * level is its digit */
	guint opened;
	guint closed;
	guint open;
	guint open_by_age[KPI_AGES]; /* see kpi_age_end() */
	guint open_late;	     /* of open: a promise of theirs is late */
	gint64 oldest_s;	     /* age of the oldest open one, or 0 */
	struct kpi_share promise[KPI_PROMISES];
	/* Closed, or reopened within 48 h and still open. Of them at first
	 * level: closed at level 1 and not reopened within 48 h. Of these may
	 * return: closed less than 48 h ago. */
	guint judged;
	guint first_level;
	guint may_return;
	guint rated[KPI_RATINGS + 1]; /* how many gave 1, 2, ...; [0] unused */
};

struct kpi_report {
	gint64 from;
	gint64 now;
	struct kpi_row all;
	/* own; struct kpi_row, by tickets opened, then by name; "" last;
	 * levels in their order. Set by kpi_finish(). */
	GPtrArray *by[KPI_BYS];
	GHashTable *rows[KPI_BYS]; /* own; until kpi_finish() */
};

/* s since 1970, from not later than now. */
struct kpi_report *kpi_new(gint64 from, gint64 now);
void kpi_add(struct kpi_report *report, const struct kpi_ticket *ticket);
/* Once, after the last kpi_add() and before anything is read. */
void kpi_finish(struct kpi_report *report);
void kpi_free(struct kpi_report *report);
typedef struct kpi_report kpi_report_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(kpi_report_auto, kpi_free)

/* The smallest value for which at least percent of all are not larger
 * (nearest rank); sorted: gint64, ascending. KPI_NONE if there are none. */
gint64 kpi_rank(const GArray *sorted, guint percent);
/* Rounded down, so that no goal seems reached that is not; KPI_NONE of 0. */
int kpi_percent(guint part, guint whole);
/* How many more at first level, of the same judged, the goal needs; 0 if it
 * is reached. */
guint kpi_goal_lacks(const struct kpi_row *row);
/* The mean rating in tenths, rounded down; KPI_NONE without ratings. */
int kpi_rating_tenths(const struct kpi_row *row);
guint kpi_rating_count(const struct kpi_row *row);
/* Open for at most so many seconds; 0 for the last, which has no end. */
gint64 kpi_age_end(guint age);

#endif
