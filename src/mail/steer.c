#include "mail/steer.h"

#include <string.h>

#include "base/error.h"
#include "mail/steer_args.h"
#include "mail/steer_line.h"

#include "base/banned.h"

/* A program that wraps lines by itself does so between these columns: the line
 * is not longer, and the next word would not have fitted. */
#define WRAP_MIN 72
#define WRAP_MAX 80

struct verb {
	const char *name;
	gboolean (*read)(const struct steer_args *args,
	    struct steer_command *command, GError **err);
};

static const struct verb verbs[STEER_END] = {
    [STEER_CLOSE] = {"close", steer_args_close},
    [STEER_WAIT] = {"wait", steer_args_none},
    [STEER_NOTE] = {"note", steer_args_note},
    [STEER_ESCALATE] = {"escalate", steer_args_words},
    [STEER_TAKE] = {"take", steer_args_none},
    [STEER_QUEUE] = {"queue", steer_args_queue},
    [STEER_CATEGORY] = {"category", steer_args_category},
    [STEER_LANG] = {"lang", steer_args_lang},
    [STEER_SEND] = {"send", steer_args_send},
    [STEER_FORGET] = {"forget", steer_args_none},
    [STEER_KYC] = {"kyc", steer_args_reason},
    [STEER_HELP] = {"help", steer_args_none},
};

/* What is left to read. */
struct reader {
	const char *p;
	guint line; /* of p, from 1 */
	const struct steer_names *names;
	struct steer *out;
};

static void
command_clear(gpointer data)
{
	struct steer_command *command = data;

	g_free(command->reason);
	g_clear_pointer(&command->fields, g_array_unref);
}

static void
steer_init(struct steer *steer)
{
	steer->text = NULL;
	steer->commands =
	    g_array_new(FALSE, FALSE, sizeof(struct steer_command));
	g_array_set_clear_func(steer->commands, command_clear);
}

void
steer_clear(struct steer *steer)
{
	g_clear_pointer(&steer->commands, g_array_unref);
	g_clear_pointer(&steer->text, g_free);
}

const struct steer_command *
steer_find(const struct steer *steer, enum steer_verb verb)
{
	for (guint i = 0; i < steer->commands->len; i++) {
		const struct steer_command *command =
		    &g_array_index(steer->commands, struct steer_command, i);

		if (command->verb == verb)
			return command;
	}
	return NULL;
}

/* --- lines ---------------------------------------------------------------- */

static gsize
line_length(const char *p)
{
	return strcspn(p, "\n");
}

static void
next_line(struct reader *r)
{
	gsize len = line_length(r->p);

	r->p += len;
	if (*r->p == '\n') {
		r->p++;
		r->line++;
	}
}

/* Blank lines, and what the agent answers to. */
static void
skip_to_words(struct reader *r)
{
	while (*r->p != '\0' &&
	    (*r->p == '>' || steer_line_is_blank(r->p, line_length(r->p))))
		next_line(r);
}

static void
skip_blank(struct reader *r)
{
	while (*r->p != '\0' && steer_line_is_blank(r->p, line_length(r->p)))
		next_line(r);
}

static enum steer_verb
find_verb(const char *name)
{
	guint i = 0;

	while (i < STEER_END && strcmp(verbs[i].name, name) != 0)
		i++;
	return (enum steer_verb)i;
}

static gboolean
is_command(const char *line, gsize len)
{
	g_auto(steer_line_auto) read = {0};

	return steer_line_read(line, len, &read);
}

/* TRUE if the line at next, no command and not blank, began because its first
 * word had no room in the line before it. */
static gboolean
goes_on(const char *line, gsize len, const char *next)
{
	gsize next_len = line_length(next);
	gsize word = strcspn(next, " \t\n");
	glong columns = g_utf8_strlen(line, (gssize)len);

	return columns <= WRAP_MAX &&
	    columns + 1 + g_utf8_strlen(next, (gssize)word) > WRAP_MIN &&
	    !steer_line_is_blank(next, next_len) &&
	    !is_command(next, next_len);
}

/* --- commands ------------------------------------------------------------- */

/* Takes the lines into which a program wrapped the command. */
static gboolean
take_wrapped(struct reader *r, GString *rest, GError **err)
{
	for (;;) {
		const char *line = r->p;
		gsize len = line_length(line);
		g_autofree char *more = NULL;

		if (rest->len > STEER_LINE_MAX || len > STEER_LINE_MAX)
			return error_fail_num(err, ERROR_PERM,
			    "the command is too long; line", r->line);
		next_line(r);
		if (*r->p == '\0' || !goes_on(line, len, r->p))
			return TRUE;
		more = steer_line_plain(r->p, line_length(r->p));
		g_string_append_c(rest, ' ');
		g_string_append(rest, more);
	}
}

static gboolean
command_add(struct reader *r, const struct steer_line *line, GError **err)
{
	struct steer_command command = {
	    .verb = find_verb(line->verb), .line = r->line};
	g_autoptr(GString) rest = g_string_new(line->rest);
	const struct steer_args args = {rest, r->names, r->line};
	gboolean ok = TRUE;

	if (command.verb == STEER_END)
		return error_fail_num(err, ERROR_PERM,
		    "there is no such command; there are /close, /wait, "
		    "/note, /escalate, /take, /queue, /category, /lang, "
		    "/send, /forget, /kyc and /help; line",
		    r->line);
	if (steer_find(r->out, command.verb) != NULL)
		return error_fail_num(err, ERROR_PERM,
		    "each command may stand once; line", r->line);
	command.reason = g_strdup("");
	/* A note may be of any length; its next lines are its text. */
	if (command.verb == STEER_NOTE)
		next_line(r);
	else
		ok = take_wrapped(r, rest, err);
	if (!ok || !verbs[command.verb].read(&args, &command, err)) {
		command_clear(&command);
		return FALSE;
	}
	g_array_append_val(r->out->commands, command);
	return TRUE;
}

/* Paragraphs of HTML have blank lines between them: commands may, too. */
static gboolean
read_commands(struct reader *r, GError **err)
{
	gboolean ok = TRUE;

	while (ok && *r->p != '\0') {
		struct reader next = *r;
		g_auto(steer_line_auto) line = {0};

		skip_blank(&next);
		if (!steer_line_read(next.p, line_length(next.p), &line))
			break;
		*r = next;
		ok = command_add(r, &line, err);
	}
	return ok;
}

static gboolean
check_pairs(const struct steer *steer, GError **err)
{
	static const enum steer_verb pairs[][2] = {
	    {STEER_CLOSE, STEER_WAIT}, {STEER_CLOSE, STEER_ESCALATE},
	    {STEER_FORGET, STEER_WAIT}, {STEER_FORGET, STEER_ESCALATE}};
	const struct steer_command *help = steer_find(steer, STEER_HELP);

	if (help != NULL && steer->commands->len > 1)
		return error_fail_num(err, ERROR_PERM,
		    "/help stands alone; line", help->line);
	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
		const struct steer_command *a = steer_find(steer, pairs[i][0]);
		const struct steer_command *b = steer_find(steer, pairs[i][1]);

		if (a != NULL && b != NULL)
			return error_fail_num(err, ERROR_PERM,
			    "/close and /forget do not go together with "
			    "/escalate or /wait; line",
			    MAX(a->line, b->line));
	}
	return TRUE;
}

/* --- the text below ------------------------------------------------------- */

/* A command that nobody would write as text: for colleagues only. */
static gboolean
check_text(struct reader r, GError **err)
{
	for (; *r.p != '\0'; next_line(&r)) {
		g_auto(steer_line_auto) line = {0};

		if (steer_line_read(r.p, line_length(r.p), &line) &&
		    find_verb(line.verb) != STEER_END)
			return error_fail_num(err, ERROR_PERM,
			    "commands stand above the text, from its first "
			    "line on; line",
			    r.line);
	}
	return TRUE;
}

/* With the commands that say whom the text is for. */
static gboolean
check_words(const struct steer *steer, GError **err)
{
	const struct steer_command *note = steer_find(steer, STEER_NOTE);
	const struct steer_command *send = steer_find(steer, STEER_SEND);

	g_assert(steer->text != NULL); /* read_text() */
	if (send != NULL && note == NULL && steer->text[0] != '\0')
		return error_fail_num(err, ERROR_PERM,
		    "/send sends a whole answer; leave out the text below, or "
		    "make it a note with /note; line",
		    send->line);
	if (note != NULL && note->reason[0] == '\0' && steer->text[0] == '\0')
		return error_fail_num(err, ERROR_PERM,
		    "/note needs words, behind it or below; line",
		    note->line);
	return TRUE;
}

/* Takes what stands below the commands. */
static gboolean
read_text(struct reader *r, GError **err)
{
	gboolean is_parted = *r->p == '\0' ||
	    steer_line_is_blank(r->p, line_length(r->p)) ||
	    steer_find(r->out, STEER_NOTE) != NULL;

	if (steer_line_is_ending(r->p)) {
		r->out->text = g_strdup("");
		return TRUE;
	}
	if (!is_parted)
		return error_fail_num(err, ERROR_PERM,
		    "a blank line has to stand between the commands and the "
		    "text; line",
		    r->line);
	skip_blank(r);
	r->out->text = g_strchomp(g_strdup(r->p));
	return TRUE;
}

gboolean
steer_parse(const char *text, const struct steer_names *names,
    struct steer *out, GError **err)
{
	struct reader r = {text, 1, names, out};
	gboolean ok;

	steer_init(out);
	skip_to_words(&r);
	ok = read_commands(&r, err) && check_pairs(out, err) &&
	    check_text(r, err);
	if (ok && out->commands->len > 0)
		ok = read_text(&r, err) && check_words(out, err);
	else if (ok)
		out->text = g_strdup(text);
	if (ok)
		return TRUE;
	steer_clear(out);
	return FALSE;
}
