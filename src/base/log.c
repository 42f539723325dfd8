#include "base/log.h"

#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"

#include "base/banned.h"

#define WORD_MAX 64

static const char *log_role = "nymdesk";
static volatile int log_level = LOG_LEVEL_INFO;

void
log_raise_level(void)
{
	log_level = (log_level + 1) % (LOG_LEVEL_DEBUG + 1);
}

static gboolean
word_is_plain(const char *word)
{
	gsize len = strlen(word);

	if (len == 0 || len > WORD_MAX)
		return FALSE;
	return strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
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

static void
append_value(GString *line, const struct log_field *field)
{
	const char *word =
	    field->queue != NULL ? field->queue->name : field->word;

	if (field->err != NULL)
		append_error(line, field->err);
	else if (word == NULL)
		g_string_append_printf(line, "%" G_GINT64_FORMAT, field->num);
	else
		g_string_append(line, word_is_plain(word) ? word : "?");
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
	g_string_append_printf(line, "%s: %s %s", log_role, names[level],
	    event);
	for (; fields->key != NULL; fields++) {
		g_string_append_printf(line, " %s=", fields->key);
		append_value(line, fields);
	}
	g_string_append_c(line, '\n');
	/* One write a line keeps the lines of all roles whole; a log that
	 * cannot be written is no reason to stop serving mail. */
	done = write(STDERR_FILENO, line->str, line->len);
	(void)done;
}

/* --- what libraries say ----------------------------------------------- */

/* "GLib-GObject" may pass, a domain that somebody made up may not. */
static const char *
domain_of(const GLogField *fields, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if (strcmp(fields[i].key, "GLIB_DOMAIN") == 0 &&
		    fields[i].length < 0 && fields[i].value != NULL &&
		    word_is_plain(fields[i].value))
			return fields[i].value;
	return "-";
}

static GLogWriterOutput
on_library_log(GLogLevelFlags flags, const GLogField *fields, gsize n,
    gpointer data)
{
	enum log_level level = LOG_LEVEL_DEBUG;

	(void)data;
	if ((flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0)
		level = LOG_LEVEL_ERROR;
	else if ((flags & G_LOG_LEVEL_WARNING) != 0)
		level = LOG_LEVEL_WARN;
	log_fields(level, "library.said",
	    (const struct log_field[]){
		{.key = "domain", .word = domain_of(fields, n)},
		{.key = "flags", .num = (gint64)flags}, {0}});
	return G_LOG_WRITER_HANDLED;
}

/* Only what a failed g_assert() says may pass: file, line and expression.
 * g_assert_cmpstr() and its kin, which print values, have no colon there. */
static void
on_library_print(const char *text)
{
	ssize_t done;

	if (!g_str_has_prefix(text, "**\n") ||
	    strstr(text, ": assertion failed: (") == NULL)
		return;
	done = write(STDERR_FILENO, text, strlen(text));
	(void)done;
}

static void
libraries_catch(void)
{
	static gboolean is_caught;

	if (is_caught)
		return;
	is_caught = TRUE;
	g_log_set_writer_func(on_library_log, NULL, NULL);
	(void)g_set_print_handler(on_library_print);
	(void)g_set_printerr_handler(on_library_print);
}

void
log_init(enum role role, enum log_level level)
{
	log_role = role_program(role);
	log_level = (int)level;
	/* Made before there are threads that could all make it. */
	(void)ND_ERROR;
	libraries_catch();
}
