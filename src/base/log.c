#include "base/log.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"

#include "base/banned.h"

#define TOKEN_MAX 64

static const char *log_role = "nymdesk";
static volatile int log_level = LOG_LEVEL_INFO;

void
log_init(const char *role, enum log_level level)
{
	log_role = role;
	log_level = (int)level;
}

void
log_raise_level(void)
{
	log_level = (log_level + 1) % (LOG_LEVEL_DEBUG + 1);
}

static gboolean
token_is_plain(const char *token)
{
	gsize len = strlen(token);

	if (len == 0 || len > TOKEN_MAX)
		return FALSE;
	return strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz"
			     "0123456789._:/-") == len;
}

static void
append_error(GString *line, const GError *err)
{
	if (err->domain == ND_ERROR)
		g_string_append_printf(line, "\"%s\"", err->message);
	else
		g_string_append_printf(line, "%s/%d",
		    g_quark_to_string(err->domain), err->code);
}

void
log_fields(enum log_level level, const char *event,
    const struct log_field *fields)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	g_autoptr(GString) line = NULL;
	ssize_t done;

	if ((int)level > log_level)
		return;
	line = g_string_sized_new(128);
	g_string_append_printf(line, "%s: %s %s", log_role, names[level], event);
	for (; fields->key != NULL; fields++) {
		g_string_append_printf(line, " %s=", fields->key);
		if (fields->err != NULL)
			append_error(line, fields->err);
		else if (fields->token == NULL)
			g_string_append_printf(line, "%" G_GINT64_FORMAT,
			    fields->num);
		else if (token_is_plain(fields->token))
			g_string_append(line, fields->token);
		else
			g_string_append_c(line, '?');
	}
	g_string_append_c(line, '\n');
	/* One write a line keeps the lines of all roles whole; a log that
	 * cannot be written is no reason to stop serving mail. */
	done = write(STDERR_FILENO, line->str, line->len);
	(void)done;
}
