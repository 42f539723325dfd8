#include "intake/wish.h"

#include <string.h>

#include "proto/messages.h"

#include "base/banned.h"

#define LINE_MAX_LEN 200 /* octets; no command is so long */

static gboolean
asks_to_forget(const struct rules *rules, const char *line, gsize len)
{
	g_autofree char *copy = NULL;

	if (len > LINE_MAX_LEN)
		return FALSE;
	copy = g_strndup(line, len);
	return g_strcmp0(rules_command(rules, copy), "forget") == 0;
}

guint32
wish_flags(const struct rules *rules, const char *subject, const char *text)
{
	text += strspn(text, " \t\r\n");
	if (asks_to_forget(rules, text, strcspn(text, "\n")) ||
	    (subject != NULL &&
		asks_to_forget(rules, subject, strlen(subject))))
		return PROTO_FLAG_FORGET;
	return 0;
}

char *
wish_note(guint32 granted_flags, char *take_text)
{
	g_autofree char *text = take_text;

	if ((granted_flags & PROTO_FLAG_FORGET) == 0)
		return g_steal_pointer(&text);
	return g_strconcat("[the player asked to be forgotten: his address is "
			   "destroyed, answers can no longer reach him]\n\n",
	    text, NULL);
}
