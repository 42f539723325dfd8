#ifndef ND_FUZZ_REACH_H
#define ND_FUZZ_REACH_H

/*
 * A fuzz target that never gets to its parser finds nothing and looks
 * clean. Each target calls fuzz_run() for every input and fuzz_reached()
 * where its parser did real work; after FUZZ_RUNS_MIN runs without one such
 * call the process aborts at its end.
 */
#include <stdio.h>
#include <stdlib.h>

#define FUZZ_RUNS_MIN 1000

static unsigned long fuzz_runs, fuzz_hits;

static inline void
fuzz_check(void)
{
	fprintf(stderr, "fuzz: parser reached in %lu of %lu runs\n",
	    fuzz_hits, fuzz_runs);
	if (fuzz_runs > FUZZ_RUNS_MIN && fuzz_hits == 0)
		abort();
}

static inline void
fuzz_run(void)
{
	if (fuzz_runs++ == 0 && atexit(fuzz_check) != 0)
		abort();
}

static inline void
fuzz_reached(void)
{
	fuzz_hits++;
}

#endif
