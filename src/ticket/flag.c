#include "ticket/flag.h"

#include "base/banned.h"

static const char *const names[] = {"machine", "unproven", "other-address",
    "mentions", "unreadable", "no-return", "encrypted", "forget",
    "undeliverable", "delayed", "burst", "repeat", "escalate", "transcript",
    "vip", "rated"};

char *
ticket_flags_show(guint32 flags)
{
	GString *out = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if ((flags & (1u << i)) != 0)
			g_string_append_printf(out, "%s%s",
			    out->len > 0 ? "," : "", names[i]);
	return g_string_free(out, FALSE);
}
