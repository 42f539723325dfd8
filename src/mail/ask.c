#include "mail/ask.h"

#include <string.h>

#include "base/error.h"
#include "mail/steer_line.h"

#include "base/banned.h"

#define REQUEST_MAX 100 /* octets of a line with a request */

static const char *const words[] = {
    [ASK_LIST] = "list",
    [ASK_SHOW] = "show",
    [ASK_STATS] = "stats",
    [ASK_HELP] = "help",
};

/* "show", its number with or without the brackets of a subject. */
static gboolean
read_request(const char *word, const char *rest, struct ask *out)
{
	gsize len;
	guint i = 0;

	while (i < G_N_ELEMENTS(words) && strcmp(words[i], word) != 0)
		i++;
	if (i == G_N_ELEMENTS(words))
		return FALSE;
	*out = (struct ask){.what = (enum ask_what)i};
	rest += strspn(rest, "[#( .,:;!");
	len = strlen(rest);
	while (len > 0 && strchr("]). ,;:!?*", rest[len - 1]) != NULL)
		len--;
	return out->what == ASK_SHOW ? number_parse(rest, len, &out->number)
				     : len == 0;
}

static gboolean
read_line(const char *line, gsize len, struct ask *out)
{
	g_auto(steer_line_auto) command = {0};
	g_autofree char *plain = NULL;
	g_autofree char *word = NULL;
	gsize end;

	if (len > REQUEST_MAX)
		return FALSE;
	if (steer_line_read(line, len, &command))
		return read_request(command.verb, command.rest, out);
	plain = steer_line_plain(line, len);
	end = strcspn(plain, " [#");
	word = steer_line_fold(plain, end);
	return read_request(word, plain + end, out);
}

/* Blank lines and quoted ones. */
static const char *
skip_to_words(const char *text, guint *line)
{
	for (;;) {
		gsize len = strcspn(text, "\n");

		if (text[len] == '\0' ||
		    (*text != '>' && !steer_line_is_blank(text, len)))
			return text;
		text += len + 1;
		++*line;
	}
}

/* FALSE if a line is none; *line is its number. */
static gboolean
read_text(const char *text, GArray *asks, guint *line)
{
	for (text = skip_to_words(text, line); *text != '\0';) {
		gsize len = strcspn(text, "\n");
		struct ask ask;

		if (steer_line_is_blank(text, len))
			return TRUE;
		if (asks->len == ASK_MAX || !read_line(text, len, &ask))
			return asks->len > 0 && steer_line_is_ending(text);
		g_array_append_val(asks, ask);
		text += len + (text[len] == '\n');
		++*line;
	}
	return TRUE;
}

GArray *
ask_parse(const char *subject, const char *text, GError **err)
{
	g_autoptr(GArray) asks = g_array_new(FALSE, FALSE, sizeof(struct ask));
	guint line = 1;
	struct ask ask;

	if (read_text(text, asks, &line) && asks->len > 0)
		return g_steal_pointer(&asks);
	if (asks->len == 0 && read_line(subject, strlen(subject), &ask)) {
		g_array_append_val(asks, ask);
		return g_steal_pointer(&asks);
	}
	error_fail_num(err, ERROR_PERM,
	    "a line, or the subject, has to be one of: list, show K7F3-9Q2Y, "
	    "stats, help; at most eight lines, and a blank line below them; "
	    "line",
	    line);
	return NULL;
}

const char *
ask_help(void)
{
	return "Write one of these as the subject, or on the first lines of "
	       "the text, each\non a line of its own:\n"
	       "\n"
	       "list            the tickets of this queue that are open\n"
	       "show K7F3-9Q2Y  one ticket: its state, clocks and level\n"
	       "stats           numbers of this queue\n"
	       "help            this text\n"
	       "\n"
	       "Nothing of it changes a ticket. To do something with a "
	       "ticket, answer its\nmail and begin with a command; /help "
	       "there tells which.\n";
}
