#include "intake/agent_name.h"

#include <string.h>

#include "base/banned.h"

const char *
agent_name(const struct addr *addr, char out[AGENT_NAME_SIZE])
{
	gsize n = 0;

	for (const char *p = addr->local; *p != '\0' && n < AGENT_NAME_MAX;
	     p++) {
		char c = g_ascii_tolower(*p);

		out[n++] = g_ascii_isalnum(c) || strchr("._-", c) != NULL
		    ? c
		    : '-';
	}
	if (n == 0)
		out[n++] = '-';
	out[n] = '\0';
	return out;
}
