#ifndef ND_TESTS_DESK_SCENARIO_H
#define ND_TESTS_DESK_SCENARIO_H

/*
 * A scenario while it is played, and the commands that desk_scenario.c has
 * from desk_scenario_steps.c. What is not as expected ends the test with file
 * and line.
 */
#include <glib.h>

#include "desk_world.h"

struct told {
	struct world_mail mail;
	struct world_fate fate;
	struct proto_job_name job;  /* its acknowledgement, once claimed */
	struct store_ticket ticket; /* as remembered */
	GBytes *sealed;		    /* own; the same */
};

struct play {
	struct world world;
	const char *file;
	guint line;
	char **words;	  /* of the line */
	guint at;	  /* next word */
	GHashTable *told; /* own name to own struct told */
	GPtrArray *kept;  /* own texts that mails borrow */
	struct told *last;
};

void play_expect(struct play *p, gboolean is_met, const char *why);
G_GNUC_NORETURN void play_stop(struct play *p, const char *why);
const char *play_word(struct play *p);
gboolean play_next_is(struct play *p, const char *expected);
guint32 play_number(struct play *p);
gint64 play_duration(struct play *p);
struct told *play_told(struct play *p); /* the next word names it */

/* desk_scenario_steps.c */
void do_wait(struct play *p);
void do_post(struct play *p);
void do_resume(struct play *p);
void do_answer(struct play *p);
void do_ticket(struct play *p);
void do_remember(struct play *p);
void do_unchanged(struct play *p);
void do_to(struct play *p);
void do_forget(struct play *p);
void do_count(struct play *p);

/* desk_scenario_acts.c */
void do_steer(struct play *p);
void do_owner(struct play *p);
void do_promised(struct play *p);

/* desk_scenario_clocks.c */
void do_said(struct play *p);
void do_clock(struct play *p);
void do_raise(struct play *p);
void do_close(struct play *p);
void do_hold(struct play *p);
void do_taken(struct play *p);
void do_vip(struct play *p);
void do_down(struct play *p);

#endif
