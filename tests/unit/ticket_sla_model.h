#ifndef ND_TESTS_TICKET_SLA_MODEL_H
#define ND_TESTS_TICKET_SLA_MODEL_H

/*
 * The clocks of ticket/sla.h against random sequences of events.
 */

/* Time runs: each answer is that of a model that counts second by second. */
void sla_agrees_with_the_model(void **state);

/* Time jumps back and forth: what must hold whatever happens. */
void sla_bears_time_that_jumps(void **state);

#endif
