#include "intake/wish.h"

#include <string.h>

#include "proto/messages.h"

#include "base/banned.h"

#define LINE_MAX_LEN 200 /* octets; no command is so long */
#define SALUTATION_MAX 60 /* octets */

static const struct {
	guint32 flag;
	const char *command; /* "as" of its rules; NULL: it is no word */
	const char *remark;  /* NULL: see rating_remark() */
} wishes[] = {
    {PROTO_FLAG_FORGET, "forget",
	"[the player asked to be forgotten: his address is destroyed, answers "
	"can no longer reach him]\n"},
    {PROTO_FLAG_ESCALATE, "escalate",
	"[the player asks for the next level]\n"},
    {PROTO_FLAG_TRANSCRIPT, "transcript",
	"[the player asks for a transcript]\n"},
    {PROTO_FLAG_RATED, NULL, NULL},
};

static guint32
line_flags(const struct rules *rules, const char *line, gsize len)
{
	g_autofree char *copy = NULL;
	const char *command;

	if (len > LINE_MAX_LEN)
		return 0;
	copy = g_strndup(line, len);
	command = rules_command(rules, copy);
	for (gsize i = 0; command != NULL && i < G_N_ELEMENTS(wishes); i++)
		if (g_strcmp0(command, wishes[i].command) == 0)
			return wishes[i].flag;
	return 0;
}

static gboolean
is_salutation(const char *line, gsize len)
{
	while (len > 0 && g_ascii_isspace(line[len - 1]))
		len--;
	return len > 1 && len <= SALUTATION_MAX &&
	    (line[len - 1] == ',' || line[len - 1] == '!');
}

static guint32
text_flags(const struct rules *rules, const char *text)
{
	gsize len;
	guint32 flags;

	text += strspn(text, " \t\r\n");
	len = strcspn(text, "\n");
	flags = line_flags(rules, text, len);
	if (flags != 0 || !is_salutation(text, len))
		return flags;
	text += len + strspn(text + len, " \t\r\n");
	/* What cannot be undone is not done for a word in a letter. */
	return line_flags(rules, text, strcspn(text, "\n")) &
	    ~(guint32)PROTO_FLAG_FORGET;
}

guint32
wish_flags(const struct rules *rules, const char *subject, const char *text)
{
	guint32 flags = text_flags(rules, text);

	if (flags == 0 && subject != NULL)
		flags = line_flags(rules, subject, strlen(subject));
	return flags;
}

char *
wish_remark(guint32 granted_flags, guint rating, char *take_text)
{
	g_autofree char *text = take_text;
	g_autoptr(GString) out = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(wishes); i++) {
		if ((granted_flags & wishes[i].flag) == 0)
			continue;
		if (wishes[i].remark != NULL)
			g_string_append(out, wishes[i].remark);
		else
			g_string_append_printf(
			    out, "[rated %u of 5]\n", rating);
	}
	if (out->len == 0)
		return g_steal_pointer(&text);
	g_string_append_printf(out, "\n%s", text);
	return g_string_free(g_steal_pointer(&out), FALSE);
}
