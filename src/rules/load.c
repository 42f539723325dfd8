#include "rules/load.h"

#include <string.h>

#include "base/error.h"
#include "rules/shadow.h"

#include "base/banned.h"

#define FILE_MAX (1024 * 1024)
#define AS_MAX 32
#define RULES_MAX 1000
#define RUN_MAX 1000

/* The heading of a part is this and its name. */
#define PART_HEADING "part "

/* What every message of this file is about. */
struct place {
	const char *file; /* borrowed: base name */
	GKeyFile *keys;	  /* borrowed */
	const char *group;
};

static const char *const action_names[] = {
    [RULE_KEEP] = "keep",
    [RULE_MASK] = "mask",
    [RULE_CATEGORY] = "category",
    [RULE_COMMAND] = "command",
    [RULE_REFUSE] = "refuse",
    [RULE_PART] = "part",
};

void
rule_free(gpointer data)
{
	struct rule *rule = data;

	if (rule == NULL)
		return;
	pattern_free(rule->pattern);
	g_free(rule->as);
	g_free(rule->valid);
	g_free(rule->invalid);
	g_strfreev(rule->words);
	g_strfreev(rule->starts);
	g_free(rule);
}

/* Rule files are the operator's and hold no mail, so messages may quote
 * them. */
static gboolean G_GNUC_PRINTF(3, 4)
place_fail(const struct place *place, GError **err, const char *format, ...)
{
	g_autofree char *what = NULL;
	va_list args;

	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	if (place->group == NULL)
		g_set_error(err, ND_ERROR, ERROR_PERM, "%s: %s", place->file,
		    what);
	else
		g_set_error(err, ND_ERROR, ERROR_PERM, "%s: [%s]: %s",
		    place->file, place->group, what);
	return FALSE;
}

/* The value of a key, or NULL if it is not there or empty. Caller frees. */
static char *
place_value(const struct place *place, const char *key)
{
	char *value = g_key_file_get_value(place->keys, place->group, key,
	    NULL);

	if (value != NULL && value[0] == '\0')
		g_clear_pointer(&value, g_free);
	return value;
}

static gboolean
keys_are_known(const struct place *place, GError **err)
{
	static const char *const known[] = {"action", "as", "check", "digit",
	    "invalid", "pattern", "run", "starts", "valid", "words", NULL};
	g_auto(GStrv) keys = g_key_file_get_keys(place->keys, place->group,
	    NULL, NULL);

	for (gsize i = 0; keys != NULL && keys[i] != NULL; i++) {
		if (!g_strv_contains(known, keys[i]))
			return place_fail(place, err, "unknown key \"%s\"; "
			    "allowed are pattern, check, action, as, valid, "
			    "invalid, words, starts, digit, run", keys[i]);
		for (gsize j = 0; j < i; j++)
			if (strcmp(keys[i], keys[j]) == 0)
				return place_fail(place, err,
				    "key \"%s\" is given twice", keys[i]);
	}
	return TRUE;
}

static gboolean
action_read(const struct place *place, struct rule *rule, GError **err)
{
	g_autofree char *action = place_value(place, "action");

	if (action == NULL)
		return place_fail(place, err, "action is missing; "
		    "allowed are keep, mask, category, command, refuse, "
		    "part");
	for (gsize i = 0; i < G_N_ELEMENTS(action_names); i++) {
		if (strcmp(action, action_names[i]) == 0) {
			rule->action = (enum rule_action)i;
			return TRUE;
		}
	}
	return place_fail(place, err, "unknown action \"%s\"; "
	    "allowed are keep, mask, category, command, refuse, part",
	    action);
}

static gboolean
check_read(const struct place *place, struct rule *rule, GError **err)
{
	g_autofree char *check = place_value(place, "check");

	if (check == NULL)
		return TRUE;
	if (!check_by_name(check, &rule->check))
		return place_fail(place, err, "unknown check \"%s\"; "
		    "allowed are %s", check, check_names());
	if (rule->check != NULL && rule->action >= RULE_CATEGORY)
		return place_fail(place, err,
		    "check has no meaning with action %s",
		    action_names[rule->action]);
	return TRUE;
}

/* It becomes a placeholder, a header value or a template's name. */
static gboolean
as_is_valid(const char *as)
{
	gsize len = strlen(as);

	if (len > AS_MAX || !g_ascii_islower(as[0]))
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_islower(as[i]) && !g_ascii_isdigit(as[i]) &&
		    as[i] != '-')
			return FALSE;
	return TRUE;
}

static gboolean
as_read(const struct place *place, struct rule *rule, GError **err)
{
	g_autofree char *as = place_value(place, "as");

	if (rule->action == RULE_KEEP || rule->action == RULE_PART)
		return as == NULL ? TRUE : place_fail(place, err,
		    "as has no meaning with action %s",
		    action_names[rule->action]);
	if (as == NULL)
		return place_fail(place, err, "as is missing; "
		    "actions mask, category, command and refuse need it");
	if (!as_is_valid(as))
		return place_fail(place, err, "as must be at most %d of "
		    "a-z, 0-9 and \"-\", starting with a letter", AS_MAX);
	if (rule->action == RULE_MASK)
		rule->as = g_strdup_printf("[%s]", as);
	else
		rule->as = g_steal_pointer(&as);
	return TRUE;
}

/* It stands in the text that agents read. */
static gboolean
note_is_valid(const char *note)
{
	gsize len = strlen(note);

	if (len > AS_MAX || !g_ascii_islower(note[0]))
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_islower(note[i]) && !g_ascii_isdigit(note[i]) &&
		    note[i] != '-' && note[i] != ' ')
			return FALSE;
	return TRUE;
}

static gboolean
note_read(const struct place *place, const struct rule *rule, const char *key,
    char **note, GError **err)
{
	g_autofree char *text = place_value(place, key);

	if (text == NULL)
		return TRUE;
	if (rule->action != RULE_KEEP || rule->check == NULL)
		return place_fail(place, err, "%s has a meaning only with "
		    "action keep and a check", key);
	if (!note_is_valid(text))
		return place_fail(place, err, "%s must be at most %d of a-z, "
		    "0-9, \"-\" and blanks, starting with a letter", key,
		    AS_MAX);
	*note = g_steal_pointer(&text);
	return TRUE;
}

static gboolean
notes_read(const struct place *place, struct rule *rule, GError **err)
{
	return note_read(place, rule, "valid", &rule->valid, err) &&
	    note_read(place, rule, "invalid", &rule->invalid, err);
}

/* Words as the shadow has them, so that they can be found in it. */
static char **
words_split(const char *text)
{
	g_autoptr(shadow_auto) shadow = shadow_new(text, strlen(text));

	return g_strsplit(shadow->text, " ", -1);
}

/* The keys that say where a rule need not be tried. */
static gboolean
places_read(const struct place *place, struct rule *rule, GError **err)
{
	g_autofree char *words = place_value(place, "words");
	g_autofree char *starts = place_value(place, "starts");
	g_autofree char *digit = place_value(place, "digit");
	g_autofree char *run = place_value(place, "run");
	guint64 n = 0;

	if ((words != NULL || starts != NULL || digit != NULL ||
		run != NULL) &&
	    rule->action != RULE_KEEP && rule->action != RULE_MASK &&
	    rule->action != RULE_REFUSE)
		return place_fail(place, err, "words, starts, digit and run "
		    "have no meaning with action %s",
		    action_names[rule->action]);
	if (digit != NULL && strcmp(digit, "yes") != 0)
		return place_fail(place, err, "digit must be yes");
	if (run != NULL && !g_ascii_string_to_unsigned(run, 10, 1, RUN_MAX, &n,
		NULL))
		return place_fail(place, err, "run must be a number from 1 "
		    "to %d", RUN_MAX);
	rule->words = words != NULL ? words_split(words) : NULL;
	rule->starts = starts != NULL ? words_split(starts) : NULL;
	rule->needs_digit = digit != NULL;
	rule->run = (guint)n;
	return TRUE;
}

/* Commands are looked for in few lines of a mail, and what is refused in the
 * words of agents only; parts are never looked for alone. Each process of the
 * worker has all rules, so these need not be the fastest. */
static enum pattern_speed
speed_of(enum rule_action action)
{
	return action == RULE_COMMAND || action == RULE_REFUSE ||
		action == RULE_PART
	    ? PATTERN_SMALL
	    : PATTERN_FAST;
}

/* Compiles the pattern with its parts put in, which *text is then. */
static gboolean
pattern_read(const struct place *place, const struct parts *parts,
    struct rule *rule, char **text, GError **err)
{
	g_autofree char *written = place_value(place, "pattern");
	g_autoptr(GError) why = NULL;

	if (written == NULL)
		return place_fail(place, err, "pattern is missing");
	*text = parts_expand(parts, written, &why);
	if (*text != NULL)
		rule->pattern =
		    pattern_new(*text, speed_of(rule->action), &why);
	if (rule->pattern == NULL)
		return place_fail(place, err, "pattern is %s", why->message);
	return TRUE;
}

/* Numbered groups of a part would change the numbers of those around it. */
static gboolean
part_take(const struct place *place, const struct rule *rule,
    struct parts *parts, const char *text, GError **err)
{
	const char *name = place->group + strlen(PART_HEADING);

	if (!g_str_has_prefix(place->group, PART_HEADING) ||
	    !part_name_is_valid(name))
		return place_fail(place, err, "action part needs a heading "
		    "\"[part NAME]\", NAME of a-z, 0-9 and \"-\", starting "
		    "with a letter");
	if (pattern_has_groups(rule->pattern))
		return place_fail(place, err,
		    "a part has no groups with numbers; write \"(?:\"");
	if (!parts_add(parts, name, text))
		return place_fail(place, err, "another file has this part");
	return TRUE;
}

static gboolean
rule_fill(const struct place *place, const struct parts *parts,
    struct rule *rule, char **text, GError **err)
{
	return keys_are_known(place, err) && action_read(place, rule, err) &&
	    check_read(place, rule, err) && as_read(place, rule, err) &&
	    notes_read(place, rule, err) && places_read(place, rule, err) &&
	    pattern_read(place, parts, rule, text, err);
}

static gboolean
rule_read(struct rule_list *into, const struct place *place, GError **err)
{
	g_autofree char *text = NULL;
	g_autoptr(rule_auto) rule = g_new0(struct rule, 1);

	if (!rule_fill(place, into->parts, rule, &text, err))
		return FALSE;
	if (rule->action == RULE_PART)
		return part_take(place, rule, into->parts, text, err);
	if (into->list->len >= RULES_MAX)
		return place_fail(place, err, "more than %d rules", RULES_MAX);
	g_ptr_array_add(into->list, g_steal_pointer(&rule));
	return TRUE;
}

/* GKeyFile silently joins groups of one name and drops translations. As every
 * line is a group, a value or a comment, counting finds both. */
static gboolean
lines_are_all_taken(const struct place *place, const char *text, GError **err)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_auto(GStrv) groups = g_key_file_get_groups(place->keys, NULL);
	gsize headings = 0;
	gsize values = 0;

	for (gsize i = 0; lines[i] != NULL; i++) {
		const char *line = g_strchug(lines[i]);

		if (line[0] == '[')
			headings++;
		else if (line[0] != '\0' && line[0] != '#')
			values++;
	}
	for (gsize i = 0; groups[i] != NULL; i++) {
		gsize n = 0;

		g_strfreev(g_key_file_get_keys(place->keys, groups[i], &n,
		    NULL));
		values -= n;
		headings--;
	}
	if (headings != 0)
		return place_fail(place, err, "a group is given twice");
	if (values != 0)
		return place_fail(place, err,
		    "a key has a language in brackets");
	return TRUE;
}

static gboolean
file_read(struct rule_list *into, struct place *place, const char *text,
    GError **err)
{
	g_auto(GStrv) groups = g_key_file_get_groups(place->keys, NULL);

	if (!lines_are_all_taken(place, text, err))
		return FALSE;
	for (gsize i = 0; groups[i] != NULL; i++) {
		place->group = groups[i];
		if (!rule_read(into, place, err))
			return FALSE;
	}
	return TRUE;
}

gboolean
rules_load_file(struct rule_list *into, const char *path, GError **err)
{
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *text = NULL;
	g_autoptr(GKeyFile) keys = g_key_file_new();
	g_autoptr(GError) why = NULL;
	struct place place = {base, keys, NULL};
	gsize len = 0;

	if (!g_file_get_contents(path, &text, &len, &why))
		return place_fail(&place, err, "%s", why->message);
	if (len > FILE_MAX)
		return place_fail(&place, err, "longer than %d octets",
		    FILE_MAX);
	if (memchr(text, '\0', len) != NULL ||
	    !g_utf8_validate_len(text, len, NULL))
		return place_fail(&place, err, "is not UTF-8 text");
	if (!g_key_file_load_from_data(keys, text, len, G_KEY_FILE_NONE, &why))
		return place_fail(&place, err, "%s", why->message);
	return file_read(into, &place, text, err);
}
