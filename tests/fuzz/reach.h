#ifndef ND_FUZZ_REACH_H
#define ND_FUZZ_REACH_H

/*
 * A fuzz target that never gets past the first check of what it tests shows
 * nothing. A target calls reach_run() for each input and reach_hit() where
 * it has reached what it is for; a run of REACH_RUNS inputs without a hit
 * ends the program as a finding.
 */
#include <stdio.h>
#include <stdlib.h>

#define REACH_RUNS 1000

static unsigned long reach_runs;
static unsigned long reach_hits;

static inline void
reach_run(void)
{
	if (++reach_runs > REACH_RUNS && reach_hits == 0) {
		fputs("fuzz target never reached its parser\n", stderr);
		abort();
	}
}

static inline void
reach_hit(void)
{
	reach_hits++;
}

#endif
