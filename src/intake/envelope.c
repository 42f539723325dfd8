#include "intake/envelope.h"

#include <string.h>

#include "base/banned.h"

static void
rcpt_free(gpointer data)
{
	struct session_rcpt *rcpt = data;

	g_free(rcpt->wire);
	addr_free(rcpt->addr);
	g_free(rcpt);
}

GPtrArray *
envelope_rcpts_new(void)
{
	return g_ptr_array_new_with_free_func(rcpt_free);
}

void
envelope_rcpts_add(GPtrArray *rcpts, struct addr *take_addr)
{
	struct session_rcpt *rcpt = g_new(struct session_rcpt, 1);

	rcpt->wire = addr_to_wire(take_addr);
	rcpt->addr = take_addr;
	g_ptr_array_add(rcpts, rcpt);
}

gboolean
envelope_addr_fits(const char *addr)
{
	if (strlen(addr) > ADDR_MAX || !g_utf8_validate(addr, -1, NULL))
		return FALSE;
	for (const char *c = addr; *c != '\0'; c++)
		if (g_ascii_iscntrl(*c) || *c == '<' || *c == '>')
			return FALSE;
	return TRUE;
}
