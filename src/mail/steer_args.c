#include "mail/steer_args.h"

#include <string.h>

#include "base/error.h"
#include "mail/steer_line.h"

#include "base/banned.h"

static const char *const langs[] = {
    "en", "de", "fr", "el", "es", "it", "pt", "ru", "tr", "pl", NULL};

const char *const *
steer_langs(void)
{
	return langs;
}

/* name is folded. */
static const char *
find_name(const char *const *list, const char *name)
{
	for (; *list != NULL; list++) {
		g_autofree char *folded =
		    steer_line_fold(*list, strlen(*list));

		if (strcmp(folded, name) == 0)
			return *list;
	}
	return NULL;
}

static gsize
word_length(const char *text)
{
	return strcspn(text, " ");
}

static gboolean
has_words(const char *text)
{
	for (; *text != '\0'; text = g_utf8_next_char(text))
		if (g_unichar_isalnum(g_utf8_get_char(text)))
			return TRUE;
	return FALSE;
}

/* "refused: x", "refused - x", "*refused* x" */
static const char *
skip_separator(const char *text)
{
	for (; *text != '\0'; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		if (strchr(" :,;.*", (int)MIN(c, 0x7f)) == NULL &&
		    g_unichar_type(c) != G_UNICODE_DASH_PUNCTUATION)
			break;
	}
	return text;
}

static gboolean
take_words(const struct steer_args *args, const char *text,
    struct steer_command *command, GError **err)
{
	text = skip_separator(text);
	if (strlen(text) > STEER_REASON_MAX)
		return error_fail_num(err, ERROR_PERM,
		    "the reason is too long, 500 letters are enough; line",
		    args->line);
	g_free(command->reason);
	command->reason = g_strdup(has_words(text) ? text : "");
	return TRUE;
}

gboolean
steer_args_none(const struct steer_args *args, struct steer_command *command,
    GError **err)
{
	(void)command;
	if (args->rest->len > 0)
		return error_fail_num(err, ERROR_PERM,
		    "/wait, /take, /forget and /help have nothing behind "
		    "them; a text stands below a blank line; line",
		    args->line);
	return TRUE;
}

gboolean
steer_args_note(const struct steer_args *args, struct steer_command *command,
    GError **err)
{
	(void)err;
	g_free(command->reason);
	command->reason = g_strdup(args->rest->str);
	return TRUE;
}

gboolean
steer_args_words(const struct steer_args *args, struct steer_command *command,
    GError **err)
{
	return take_words(args, args->rest->str, command, err);
}

gboolean
steer_args_reason(const struct steer_args *args, struct steer_command *command,
    GError **err)
{
	if (!take_words(args, args->rest->str, command, err))
		return FALSE;
	if (command->reason[0] == '\0')
		return error_fail_num(err, ERROR_PERM,
		    "/kyc needs a reason: /kyc REASON; line", args->line);
	return TRUE;
}

/* --- /close --------------------------------------------------------------- */

/* With the brackets of a subject, or as "#K7F3-9Q2Y". */
static gboolean
read_number(const char *text, struct number *out)
{
	gsize len;

	text += strspn(text, "[#( ");
	len = strlen(text);
	while (len > 0 && strchr("]). ,;:!", text[len - 1]) != NULL)
		len--;
	return number_parse(text, len, out);
}

static gboolean
close_refused(const struct steer_args *args, const char *rest,
    struct steer_command *command, GError **err)
{
	command->close = STEER_REFUSED;
	if (!take_words(args, rest, command, err))
		return FALSE;
	if (command->reason[0] == '\0')
		return error_fail_num(err, ERROR_PERM,
		    "a refusal needs a reason: /close refused REASON; line",
		    args->line);
	return TRUE;
}

static gboolean
close_duplicate(const struct steer_args *args, const char *rest,
    struct steer_command *command, GError **err)
{
	command->close = STEER_DUPLICATE;
	if (!read_number(rest, &command->number))
		return error_fail_num(err, ERROR_PERM,
		    "the number of the other ticket is missing or mistyped: "
		    "/close duplicate K7F3-9Q2Y; line",
		    args->line);
	return TRUE;
}

gboolean
steer_args_close(const struct steer_args *args, struct steer_command *command,
    GError **err)
{
	const char *text =
	    args->rest->str + strspn(args->rest->str, "*_`\"'");
	gsize len = strspn(text, G_CSET_a_2_z G_CSET_A_2_Z);
	g_autofree char *how = g_ascii_strdown(text, (gssize)len);
	const char *rest = text + len;

	if (strcmp(how, "refused") == 0)
		return close_refused(args, rest, command, err);
	if (strcmp(how, "duplicate") == 0)
		return close_duplicate(args, rest, command, err);
	command->close = STEER_SOLVED;
	if (strcmp(how, "solved") != 0 || has_words(rest))
		return error_fail_num(err, ERROR_PERM,
		    "/close is one of: /close solved, /close refused REASON, "
		    "/close duplicate NUMBER; line",
		    args->line);
	return TRUE;
}

/* --- names ---------------------------------------------------------------- */

static const char *
only_name(const struct steer_args *args, const char *const *list)
{
	g_autofree char *name =
	    steer_line_fold(args->rest->str, args->rest->len);

	return find_name(list, name);
}

gboolean
steer_args_queue(const struct steer_args *args, struct steer_command *command,
    GError **err)
{
	command->name = only_name(args, args->names->queues);
	if (command->name == NULL)
		return error_fail_num(err, ERROR_PERM,
		    "/queue needs the name of a queue, /help lists them; line",
		    args->line);
	return TRUE;
}

gboolean
steer_args_category(const struct steer_args *args,
    struct steer_command *command, GError **err)
{
	command->name = only_name(args, args->names->categories);
	if (command->name == NULL)
		return error_fail_num(err, ERROR_PERM,
		    "/category needs the name of a category, /help lists "
		    "them; line",
		    args->line);
	return TRUE;
}

gboolean
steer_args_lang(const struct steer_args *args, struct steer_command *command,
    GError **err)
{
	command->name = only_name(args, langs);
	if (command->name == NULL)
		return error_fail_num(err, ERROR_PERM,
		    "/lang needs one of en de fr el es it pt ru tr pl; line",
		    args->line);
	return TRUE;
}

/* --- /send ---------------------------------------------------------------- */

static void
field_clear(gpointer data)
{
	struct steer_field *field = data;

	g_free(field->value);
}

/* Octets of "name=" with blanks around the sign, or 0; *name has its
 * length. */
static gsize
field_at(const char *text, gsize *name)
{
	gsize len = strspn(text, G_CSET_a_2_z G_CSET_A_2_Z "_-");

	*name = len;
	if (len == 0)
		return 0;
	len += text[len] == ' ';
	if (text[len] != '=')
		return 0;
	len++;
	return len + (text[len] == ' ');
}

static gsize
quote_at(const char *text)
{
	static const char *const quotes[] = {
	    "\"", "“", "”", "„", "«", "»", NULL};

	for (const char *const *q = quotes; *q != NULL; q++)
		if (g_str_has_prefix(text, *q))
			return strlen(*q);
	return 0;
}

/* Octets of the value at text; up to the next "name=", or the closing quote.
 * *inner and *inner_len are what it is without quotes. */
static gsize
value_at(const char *text, const char **inner, gsize *inner_len)
{
	gsize open = quote_at(text);
	gsize name;
	gsize i = open;

	*inner = text + open;
	for (; text[i] != '\0'; i++) {
		gsize close = open > 0 ? quote_at(text + i) : 0;

		*inner_len = i - open;
		if (close > 0)
			return i + close;
		if (open == 0 && text[i] == ' ' &&
		    field_at(text + i + 1, &name) > 0)
			return i;
	}
	*inner_len = i - open;
	return i;
}

/* "https://a.example <https://a.example/>" is how a link looks when HTML
 * becomes text: it is meant once. */
static char *
value_without_target(const char *value, gsize len)
{
	g_autofree char *copy = g_strstrip(g_strndup(value, len));
	char *target = strstr(copy, " <http");
	gsize copy_len = strlen(copy);

	if (copy_len > 0 && copy[copy_len - 1] == '>') {
		if (target != NULL) {
			*target = '\0';
			target += 2;
			target[strlen(target) - 1] = '\0';
			return g_strdup(
			    strstr(copy, "://") != NULL ? copy : target);
		}
		if (copy[0] == '<')
			return g_strndup(copy + 1, copy_len - 2);
	}
	return g_steal_pointer(&copy);
}

static gboolean
has_field(const GArray *fields, const char *name)
{
	for (guint i = 0; i < fields->len; i++)
		if (g_array_index(fields, struct steer_field, i).name == name)
			return TRUE;
	return FALSE;
}

/* Takes one "name=value" off *text. */
static gboolean
take_field(const struct steer_args *args, const char **text, GArray *fields,
    GError **err)
{
	gsize name_len;
	gsize start = field_at(*text, &name_len);
	g_autofree char *name = steer_line_fold(*text, name_len);
	struct steer_field field = {0};
	const char *inner;
	gsize len;

	if (start > 0)
		field.name = find_name(args->names->fields, name);
	if (field.name == NULL || has_field(fields, field.name) ||
	    fields->len == STEER_FIELDS_MAX)
		return error_fail_num(err, ERROR_PERM,
		    "behind the answer's name stand only fields, each once: "
		    "/send ANSWER field=value field=\"more words\"; /help "
		    "lists them; line",
		    args->line);
	*text += start;
	*text += value_at(*text, &inner, &len);
	*text += strspn(*text, " ");
	field.value = value_without_target(inner, len);
	g_array_append_val(fields, field);
	if (!has_words(field.value) || strlen(field.value) > STEER_VALUE_MAX)
		return error_fail_num(err, ERROR_PERM,
		    "a field has no value, or one that is too long; line",
		    args->line);
	return TRUE;
}

gboolean
steer_args_send(const struct steer_args *args, struct steer_command *command,
    GError **err)
{
	const char *text = args->rest->str;
	gsize len = word_length(text);
	g_autofree char *name = steer_line_fold(text, len);

	command->name = find_name(args->names->answers, name);
	if (command->name == NULL)
		return error_fail_num(err, ERROR_PERM,
		    "/send needs the name of an answer, /help lists them; "
		    "line",
		    args->line);
	command->fields = g_array_new(FALSE, FALSE, sizeof(struct steer_field));
	g_array_set_clear_func(command->fields, field_clear);
	text += len + strspn(text + len, " ");
	while (*text != '\0')
		if (!take_field(args, &text, command->fields, err))
			return FALSE;
	return TRUE;
}
