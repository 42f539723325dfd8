#include "rules/rules.h"

#include <string.h>

#include "base/error.h"
#include "rules/literals.h"
#include "rules/load.h"
#include "rules/shadow.h"
#include "rules/span.h"

#include "base/banned.h"

/* A text is taken in blocks, cut between paragraphs or lines where possible.
 * This bounds memory, and the time of patterns that are not linear. */
#define BLOCK_LEN (16 * 1024)

struct rules {
	GPtrArray *list; /* own: struct rule */
};

/* One block under work. */
struct pass {
	const char *text; /* borrowed: the block */
	gsize len;
	struct shadow *shadow; /* own */
	gboolean has_digit;
	struct pattern_scratch *scratch; /* borrowed */
	GArray *keeps; /* own; all spans are offsets in the block */
	GArray *masks; /* own */
};

static gint
name_compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The *.conf of dir, sorted. NULL on error. */
static GPtrArray *
names_read(const char *dir, GError **err)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) handle = g_dir_open(dir, 0, &why);
	const char *name;

	if (handle == NULL) {
		g_set_error(err, ND_ERROR, ERROR_PERM, "filters: %s",
		    why->message);
		return NULL;
	}
	while ((name = g_dir_read_name(handle)) != NULL)
		if (name[0] != '.' && g_str_has_suffix(name, ".conf"))
			g_ptr_array_add(names, g_strdup(name));
	/* Without rules every address would go out as it is. */
	if (names->len == 0) {
		g_set_error(err, ND_ERROR, ERROR_PERM,
		    "filters: no *.conf in %s", dir);
		return NULL;
	}
	g_ptr_array_sort(names, name_compare);
	return g_steal_pointer(&names);
}

struct rules *
rules_load(const char *dir, GError **err)
{
	g_autoptr(GPtrArray) names = names_read(dir, err);
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(rule_free);
	struct rules *rules;

	if (names == NULL)
		return NULL;
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_build_filename(dir,
		    g_ptr_array_index(names, i), NULL);

		if (!rules_load_file(list, path, err))
			return NULL;
	}
	rules = g_new0(struct rules, 1);
	rules->list = g_steal_pointer(&list);
	return rules;
}

void
rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	g_ptr_array_unref(rules->list);
	g_free(rules);
}

static gboolean
is_letter(char c)
{
	return g_ascii_isalpha(c) || (guchar)c >= 0x80;
}

/* How good a place i is to cut text before it: numbers, names and addresses
 * must not be torn. */
static guint
cut_quality(const char *text, gsize i)
{
	char before = text[i - 1];

	if (before == '\n')
		return i >= 2 && text[i - 2] == '\n' ? 5 : 4;
	if (before == ' ')
		return i >= 2 && is_letter(text[i - 2]) && is_letter(text[i])
		    ? 3
		    : 2;
	if (g_ascii_isalnum(before) || (guchar)before >= 0x80 ||
	    strchr("@.+-_", before) != NULL)
		return 0;
	return 1;
}

/* Where the block that starts at from ends: the best cut in its second
 * half. */
static gsize
block_end(const char *text, gsize len, gsize from)
{
	gsize best = from + BLOCK_LEN;
	guint quality = 0;

	if (len - from <= BLOCK_LEN)
		return len;
	/* Not in a character: back to its first octet. */
	while (best > from + BLOCK_LEN / 2 &&
	    ((guchar)text[best] & 0xc0) == 0x80)
		best--;
	for (gsize i = best; i > from + BLOCK_LEN / 2 && quality < 5; i--) {
		guint q = cut_quality(text, i);

		if (q > quality && ((guchar)text[i] & 0xc0) != 0x80) {
			quality = q;
			best = i;
		}
	}
	return best;
}

static void
pass_init(struct pass *pass, struct pattern_scratch *scratch, const char *text,
    gsize len)
{
	pass->text = text;
	pass->len = len;
	pass->scratch = scratch;
	pass->shadow = shadow_new(text, len);
	pass->has_digit = strpbrk(pass->shadow->text, "0123456789") != NULL;
	pass->keeps = span_list_new();
	pass->masks = span_list_new();
}

static void
pass_done(struct pass *pass)
{
	shadow_free(pass->shadow);
	g_array_unref(pass->keeps);
	g_array_unref(pass->masks);
}

static void
spans_add(const struct pass *pass, gsize start, gsize end, const char *as,
    GArray *spans)
{
	if (start < end)
		span_list_add(spans, shadow_map_start(pass->shadow, start),
		    shadow_map_end(pass->shadow, end), as);
}

/* Checks see the text as it was written: base 58 and EIP-55 live in the case
 * of its letters. */
static gboolean
hit_holds(const struct pass *pass, const struct rule *rule,
    const struct pattern_hit *hit)
{
	g_autofree char *cased = NULL;
	gsize start;

	if (rule->check == NULL)
		return TRUE;
	if (hit->start >= hit->end)
		return FALSE;
	start = shadow_map_start(pass->shadow, hit->start);
	cased = shadow_cased(pass->text + start,
	    shadow_map_end(pass->shadow, hit->end) - start);
	return rule->check(cased, strlen(cased));
}

static gsize
char_after(const struct shadow *shadow, gsize at)
{
	return at < shadow->len
	    ? at + (gsize)g_utf8_skip[(guchar)shadow->text[at]]
	    : at + 1;
}

/* Adds what the rule finds in the shadow from from to to. FALSE if a limit
 * was reached. */
static gboolean
rule_scan(const struct pass *pass, const struct rule *rule, gsize from,
    gsize to, GArray *spans)
{
	struct pattern_subject subject = {pass->shadow->text, to, from,
	    pass->shadow->is_ascii};

	while (subject.from <= to) {
		struct pattern_hit hit;
		enum pattern_result result = pattern_find(rule->pattern,
		    pass->scratch, &subject, &hit);

		if (result != PATTERN_FOUND)
			return result == PATTERN_NONE;
		if (hit_holds(pass, rule, &hit)) {
			spans_add(pass, hit.start, hit.end, rule->as, spans);
			subject.from = MAX(hit.end,
			    char_after(pass->shadow, subject.from));
		} else {
			subject.from = char_after(pass->shadow,
			    MAX(hit.start, subject.from));
		}
	}
	return TRUE;
}

/* Offset after the blank line that ends the paragraph at from. */
static gsize
paragraph_end(const struct shadow *shadow, gsize from)
{
	for (gsize i = from; i < shadow->len; i++) {
		gsize blank = i + 1;

		if (shadow->text[i] != '\n')
			continue;
		while (blank < shadow->len &&
		    strchr(" \t\r", shadow->text[blank]) != NULL)
			blank++;
		if (blank < shadow->len && shadow->text[blank] == '\n')
			return blank + 1;
		i = blank - 1;
	}
	return shadow->len;
}

/* Applies a rule. Where it reaches a limit nothing is known about the
 * paragraph, so a mask rule masks all of it and a keep rule keeps none. */
static void
rule_apply(const struct pass *pass, const struct rule *rule, GArray *spans)
{
	const struct shadow *shadow = pass->shadow;
	guint before = spans->len;

	if (rule_scan(pass, rule, 0, shadow->len, spans))
		return;
	g_array_set_size(spans, before);
	for (gsize from = 0; from < shadow->len;) {
		gsize to = paragraph_end(shadow, from);

		before = spans->len;
		if (!rule_scan(pass, rule, from, to, spans)) {
			g_array_set_size(spans, before);
			while (to > from + 1 && shadow->text[to - 1] == '\n')
				to--;
			if (rule->action == RULE_MASK)
				spans_add(pass, from, to, rule->as, spans);
		}
		from = to;
	}
}

static void
rules_apply(const struct rules *rules, const struct pass *pass,
    enum rule_action action, GArray *spans)
{
	for (guint i = 0; i < rules->list->len; i++) {
		const struct rule *rule = g_ptr_array_index(rules->list, i);

		if (rule->action == action &&
		    (pass->has_digit || !check_needs_digit(rule->check)))
			rule_apply(pass, rule, spans);
	}
}

static void
literals_apply(const struct rules_literals *literals, const struct pass *pass)
{
	g_autoptr(GArray) found = span_list_new();

	literals_find(literals, pass->shadow, found);
	for (guint i = 0; i < found->len; i++) {
		const struct span *span = &g_array_index(found, struct span, i);

		spans_add(pass, span->start, span->end, span->as, pass->masks);
	}
}

/* Finds what to mask in the block: mask rules outside of kept spans, and own
 * literals everywhere. */
static void
pass_run(struct pass *pass, const struct rules *rules,
    const struct rules_literals *literals)
{
	rules_apply(rules, pass, RULE_KEEP, pass->keeps);
	span_list_merge(pass->keeps);
	rules_apply(rules, pass, RULE_MASK, pass->masks);
	span_list_merge(pass->masks);
	span_list_remove_kept(pass->masks, pass->keeps);
	if (literals != NULL)
		literals_apply(literals, pass);
	span_list_merge(pass->masks);
}

static void
pass_emit(const struct pass *pass, GString *out)
{
	gsize at = 0;

	for (guint i = 0; i < pass->masks->len; i++) {
		const struct span *span = &g_array_index(pass->masks,
		    struct span, i);

		g_string_append_len(out, pass->text + at,
		    (gssize)(span->start - at));
		g_string_append(out, span->as);
		at = span->end;
	}
	g_string_append_len(out, pass->text + at, (gssize)(pass->len - at));
}

char *
rules_redact(const struct rules *rules, const struct rules_literals *literals,
    const char *text, guint *masked)
{
	struct pattern_scratch *scratch = pattern_scratch_new();
	gsize len = strlen(text);
	GString *out = g_string_sized_new(len + 1);

	for (gsize from = 0; from < len;) {
		gsize to = block_end(text, len, from);
		struct pass pass;

		pass_init(&pass, scratch, text + from, to - from);
		pass_run(&pass, rules, literals);
		pass_emit(&pass, out);
		if (masked != NULL)
			*masked += pass.masks->len;
		pass_done(&pass);
		from = to;
	}
	pattern_scratch_free(scratch);
	return g_string_free(out, FALSE);
}

/* The "as" of the first rule with this action that matches, or NULL. */
static const char *
rules_first(
    const struct rules *rules, enum rule_action action, const char *text)
{
	struct pattern_scratch *scratch = pattern_scratch_new();
	const char *as = NULL;
	struct pass pass;

	/* What a mail wants is said in its beginning. */
	pass_init(&pass, scratch, text, block_end(text, strlen(text), 0));
	for (guint i = 0; i < rules->list->len && as == NULL; i++) {
		const struct rule *rule = g_ptr_array_index(rules->list, i);
		struct pattern_subject subject = {pass.shadow->text,
		    pass.shadow->len, 0, pass.shadow->is_ascii};
		struct pattern_hit hit;

		if (rule->action == action &&
		    pattern_find(rule->pattern, scratch, &subject, &hit) ==
			PATTERN_FOUND)
			as = rule->as;
	}
	pass_done(&pass);
	pattern_scratch_free(scratch);
	return as;
}

const char *
rules_category(const struct rules *rules, const char *text)
{
	return rules_first(rules, RULE_CATEGORY, text);
}

const char *
rules_command(const struct rules *rules, const char *line)
{
	return rules_first(rules, RULE_COMMAND, line);
}
