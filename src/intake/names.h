#ifndef ND_INTAKE_NAMES_H
#define ND_INTAKE_NAMES_H

/*
 * Which queues, categories, answers and fields there are, for commands of
 * agents: of the configuration, the rules and the canned answers. Immutable.
 */
#include "base/config.h"
#include "mail/steer.h"
#include "rules/rules.h"
#include "template/answer.h"

struct names;

/* answers may be NULL: there are none. All are borrowed for its life. */
struct names *names_new(const struct config *config, const struct rules *rules,
    const struct answers *answers);
void names_free(struct names *names);

/* Borrowed. */
const struct steer_names *names_for_steer(const struct names *names);

#endif
