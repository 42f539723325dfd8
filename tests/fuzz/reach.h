#ifndef ND_TESTS_FUZZ_REACH_H
#define ND_TESTS_FUZZ_REACH_H

/*
 * Proof that a fuzz target gets to the code it is for: one that only ever
 * fails early finds nothing and looks clean. REACH_INIT() at the start of
 * each input, REACHED() where the input got through; a run of more than
 * 1,000 inputs that never got there aborts at exit.
 */
#include <stdio.h>
#include <stdlib.h>

static const char *reach_name;
static unsigned long reach_runs;
static unsigned long reach_hits;

static void
reach_check(void)
{
	fprintf(stderr, "%s: reached in %lu of %lu runs\n", reach_name,
	    reach_hits, reach_runs);
	if (reach_runs > 1000 && reach_hits == 0)
		abort();
}

#define REACH_INIT(name)                                                       \
	do {                                                                   \
		if (reach_runs++ == 0) {                                       \
			reach_name = (name);                                   \
			atexit(reach_check);                                   \
		}                                                              \
	} while (0)
#define REACHED() (reach_hits++)

#endif
