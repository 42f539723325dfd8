#ifndef ND_INTAKE_AGENT_NAME_H
#define ND_INTAKE_AGENT_NAME_H

/*
 * What an agent is called in the database, in reports and among colleagues.
 *
 * Never an address: made of its local part alone, in lower case, with "-" for
 * every octet but letters, digits, dot, underscore and dash of ASCII. Pure.
 */
#include "base/addr.h"

#define AGENT_NAME_MAX 32 /* octets */
#define AGENT_NAME_SIZE (AGENT_NAME_MAX + 1)

/* Returns out; "-" if nothing would be left. */
const char *agent_name(const struct addr *addr, char out[AGENT_NAME_SIZE]);

#endif
