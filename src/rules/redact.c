#include "rules/rules.h"

#include <string.h>

#include "rules/decode_run.h"
#include "rules/encoded.h"
#include "rules/literals.h"
#include "rules/load.h"
#include "rules/shadow.h"
#include "rules/span.h"
#include "rules/words.h"

#include "base/banned.h"

/* A text is taken in blocks, cut between paragraphs or lines where possible.
 * This bounds memory, and the time of patterns that are not linear. */
#define BLOCK_LEN (16 * 1024)

/* Encoded runs inside of encoded runs. */
#define DEPTH_MAX 2

/* What all blocks of a text share. */
struct job {
	const struct rules *rules;		/* borrowed */
	const struct rules_literals *literals;	/* borrowed; may be NULL */
	struct pattern_scratch *scratch;	/* own */
	struct rules_tally tally;
	gboolean is_noted;
};

/* One block under work. */
struct pass {
	struct job *job;  /* borrowed */
	const char *text; /* borrowed: the block */
	gsize len;
	guint depth; /* how often it was decoded */
	/* What rules look at now: the shadow of the block, then what is
	 * decoded of it. */
	const struct shadow *shadow; /* borrowed */
	struct words_places *tried; /* own: where rules are tried in it */
	gboolean is_decoded;
	GArray *keeps; /* own; all spans are offsets in the block */
	GArray *masks; /* own */
	GArray *proven; /* own: notes, shown after their spans */
	GArray *wrong; /* own: the same */
};

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
spans_add(const struct pass *pass, gsize start, gsize end, const char *as,
    GArray *spans)
{
	if (start < end)
		span_list_add(spans, shadow_map_start(pass->shadow, start),
		    shadow_map_end(pass->shadow, end), as);
}

/* Says of a number what its checksum told, where the rule wants that. */
static void
hit_note(const struct pass *pass, const struct rule *rule,
    const struct pattern_hit *hit, const char *cased, gboolean holds)
{
	gsize len = strlen(cased);

	if (!pass->job->is_noted || pass->depth > 0 || pass->is_decoded)
		return;
	if (holds && rule->valid != NULL &&
	    check_proves(rule->check, cased, len))
		spans_add(pass, hit->start, hit->end, rule->valid,
		    pass->proven);
	if (!holds && rule->invalid != NULL &&
	    check_is_plausible(rule->check, cased, len))
		spans_add(pass, hit->start, hit->end, rule->invalid,
		    pass->wrong);
}

/* Checks see the text as it was written: base 58 and EIP-55 live in the case
 * of its letters. */
static gboolean
hit_holds(const struct pass *pass, const struct rule *rule,
    const struct pattern_hit *hit)
{
	g_autofree char *cased = NULL;
	gsize start;
	gboolean holds;

	if (rule->check == NULL)
		return TRUE;
	if (hit->start >= hit->end)
		return FALSE;
	start = shadow_map_start(pass->shadow, hit->start);
	cased = shadow_cased(pass->text + start,
	    shadow_map_end(pass->shadow, hit->end) - start);
	if (pass->is_decoded) {
		g_autofree char *coded = g_steal_pointer(&cased);

		cased = decode_cased(coded);
	}
	holds = rule->check(cased, strlen(cased));
	hit_note(pass, rule, hit, cased, holds);
	return holds;
}

static gsize
char_after(const struct shadow *shadow, gsize at)
{
	return at < shadow->len
	    ? at + (gsize)g_utf8_skip[(guchar)shadow->text[at]]
	    : at + 1;
}

static const struct rule *
rule_at(const struct pass *pass, guint i)
{
	return g_ptr_array_index(pass->job->rules->list, i);
}

/* Adds what the rule finds that begins before subject->to. FALSE if a limit
 * was reached. */
static gboolean
rule_search(const struct pass *pass, const struct rule *rule,
    struct pattern_subject *subject, GArray *spans)
{
	while (subject->from < subject->to) {
		struct pattern_hit hit;
		enum pattern_result result = pattern_find(rule->pattern,
		    pass->job->scratch, subject, &hit);

		if (result != PATTERN_FOUND)
			return result == PATTERN_NONE;
		if (hit_holds(pass, rule, &hit)) {
			spans_add(pass, hit.start, hit.end, rule->as, spans);
			subject->from = MAX(hit.end,
			    char_after(pass->shadow, subject->from));
		} else {
			subject->from = char_after(pass->shadow,
			    MAX(hit.start, subject->from));
		}
	}
	return TRUE;
}

/* Adds what rule number i finds in the shadow from from to to. FALSE if a
 * limit was reached. */
static gboolean
rule_scan(const struct pass *pass, guint i, gsize from, gsize to,
    GArray *spans)
{
	struct pattern_subject subject = {.text = pass->shadow->text,
	    .len = to,
	    .from = from,
	    .is_ascii = pass->shadow->is_ascii};
	struct words_window window = {0};

	while (words_window_next(pass->tried, i, &window)) {
		subject.from = MAX(subject.from, window.from);
		subject.to = MIN(to, window.to);
		if (!rule_search(pass, rule_at(pass, i), &subject, spans))
			return FALSE;
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

/* Applies rule number i. Where it reaches a limit nothing is known about the
 * paragraph, so a mask rule masks all of it and a keep rule keeps none. */
static void
rule_apply(const struct pass *pass, guint i, GArray *spans)
{
	const struct rule *rule = rule_at(pass, i);
	const struct shadow *shadow = pass->shadow;
	guint before = spans->len;
	guint notes[2] = {pass->proven->len, pass->wrong->len};

	if (rule_scan(pass, i, 0, shadow->len, spans))
		return;
	g_array_set_size(spans, before);
	g_array_set_size(pass->proven, notes[0]);
	g_array_set_size(pass->wrong, notes[1]);
	for (gsize from = 0; from < shadow->len;) {
		gsize to = paragraph_end(shadow, from);

		before = spans->len;
		if (!rule_scan(pass, i, from, to, spans)) {
			pass->job->tally.limits++;
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
rules_apply(const struct pass *pass, enum rule_action action, GArray *spans)
{
	for (guint i = 0; i < pass->job->rules->list->len; i++) {
		const struct rule *rule = rule_at(pass, i);

		/* Of what a run was decoded to only addresses count: numbers
		 * stand in any octets. */
		if (rule->action == action &&
		    (pass->depth == 0 || strcmp(rule->as, "[address]") == 0))
			rule_apply(pass, i, spans);
	}
}

static void
literals_apply(const struct pass *pass, GArray *spans)
{
	g_autoptr(GArray) found = span_list_new();

	if (pass->job->literals == NULL)
		return;
	literals_find(pass->job->literals, pass->shadow, found);
	for (guint i = 0; i < found->len; i++) {
		const struct span *span = &g_array_index(found, struct span, i);

		spans_add(pass, span->start, span->end, span->as, spans);
	}
}

static void pass_run(struct pass *pass, GArray *literals);

static void
pass_look(struct pass *pass, const struct shadow *shadow)
{
	struct words_places *tried = words_look(pass->job->rules->words, shadow,
	    pass->shadow);

	words_places_free(pass->tried);
	pass->tried = tried;
	pass->shadow = shadow;
}

static void
pass_init(struct pass *pass, struct job *job, const char *text, gsize len)
{
	*pass = (struct pass){.job = job,
	    .text = text,
	    .len = len,
	    .keeps = span_list_new(),
	    .masks = span_list_new(),
	    .proven = span_list_new(),
	    .wrong = span_list_new()};
}

static void
pass_done(struct pass *pass)
{
	g_array_unref(pass->keeps);
	g_array_unref(pass->masks);
	g_array_unref(pass->proven);
	g_array_unref(pass->wrong);
	words_places_free(pass->tried);
}

static gboolean
is_inside(const struct fragment *fragment, const GArray *spans)
{
	for (guint i = 0; i < spans->len; i++) {
		const struct span *span =
		    &g_array_index(spans, struct span, i);

		if (span->start <= fragment->start &&
		    fragment->end <= span->end)
			return TRUE;
	}
	return FALSE;
}

/* proven: spans whose fragments do not count, or NULL: all count. */
static void
fragments_mask(const struct encoded *encoded, const GArray *hits,
    const GArray *proven, GArray *spans)
{
	for (guint i = 0; i < hits->len; i++) {
		const struct fragment *from = encoded_at(encoded,
		    g_array_index(hits, struct span, i).start);

		if (proven == NULL ||
		    (from->is_most && !is_inside(from, proven)))
			span_list_add(spans, from->start, from->end,
			    "[encoded]");
	}
}

/* Masks the encoded runs that hold what would be masked if it could be read.
 * Chance makes an address of four octets of a hash, so an address of others
 * counts only where most of a run is text, and in no wallet whose checksum
 * holds. What is the sender's own counts everywhere. */
static void
encoded_apply(struct pass *pass, GArray *spans)
{
	struct encoded encoded;

	if (pass->depth == DEPTH_MAX)
		return;
	encoded_init(&encoded);
	encoded_read(&encoded, pass->text, pass->len);
	if (encoded.fragments->len > 0) {
		g_autoptr(GArray) own = span_list_new();
		struct pass inner;

		pass_init(&inner, pass->job, encoded.text->str,
		    encoded.text->len);
		inner.depth = pass->depth + 1;
		pass_run(&inner, own);
		fragments_mask(
		    &encoded, inner.masks, pass->proven, spans);
		fragments_mask(&encoded, own, NULL, spans);
		pass_done(&inner);
	}
	encoded_done(&encoded);
}

/* Finds what to mask in the block: in masks what rules find outside of kept
 * spans, in literals what is the sender's own anywhere. Kept is what is kept
 * as it stands; decoding only adds. */
static void
pass_run(struct pass *pass, GArray *literals)
{
	g_autoptr(shadow_auto) plain = shadow_new(pass->text, pass->len);
	g_autoptr(shadow_auto) decoded = decode_shadow(plain);
	gboolean has_rules = pass->depth == 0 ||
	    strchr(plain->text, '@') != NULL ||
	    (decoded != NULL && strchr(decoded->text, '@') != NULL);

	pass_look(pass, plain);
	if (pass->depth == 0)
		rules_apply(pass, RULE_KEEP, pass->keeps);
	span_list_merge(pass->keeps);
	if (has_rules)
		rules_apply(pass, RULE_MASK, pass->masks);
	literals_apply(pass, literals);
	if (decoded != NULL) {
		pass_look(pass, decoded);
		pass->is_decoded = TRUE;
		if (has_rules)
			rules_apply(pass, RULE_MASK, pass->masks);
		literals_apply(pass, literals);
	}
	span_list_merge(pass->masks);
	span_list_remove_kept(pass->masks, pass->keeps);
	encoded_apply(pass, literals);
}

/* Adds a note after each span of notes that stands where the text is shown;
 * spans of other, if given, have their own. */
static void
notes_choose(const struct pass *pass, GArray *notes, const GArray *other,
    GArray *out)
{
	span_list_merge(notes);
	for (guint i = 0; i < notes->len; i++) {
		const struct span *note = &g_array_index(notes, struct span, i);

		if (!span_list_touches(pass->masks, note) &&
		    (other == NULL || !span_list_touches(other, note)))
			span_list_add(out, note->end, note->end, note->as);
	}
}

static void
pass_emit(const struct pass *pass, GString *out)
{
	g_autoptr(GArray) notes = span_list_new();
	guint n = 0;
	gsize at = 0;

	notes_choose(pass, pass->proven, NULL, notes);
	notes_choose(pass, pass->wrong, pass->keeps, notes);
	span_list_sort(notes);
	for (guint i = 0; i <= pass->masks->len; i++) {
		gboolean is_end = i == pass->masks->len;
		const struct span rest = {pass->len, pass->len, ""};
		const struct span *span = is_end
		    ? &rest
		    : &g_array_index(pass->masks, struct span, i);

		for (; n < notes->len; n++) {
			const struct span *note = &g_array_index(notes,
			    struct span, n);

			if (note->start > span->start)
				break;
			g_string_append_len(out, pass->text + at,
			    (gssize)(note->start - at));
			g_string_append_printf(out, " [%s]", note->as);
			at = note->start;
		}
		g_string_append_len(out, pass->text + at,
		    (gssize)(span->start - at));
		g_string_append(out, span->as);
		at = span->end;
	}
}

static char *
job_run(struct job *job, const char *text)
{
	gsize len = strlen(text);
	GString *out = g_string_sized_new(len + 1);

	job->scratch = pattern_scratch_new();
	for (gsize from = 0; from < len;) {
		gsize to = block_end(text, len, from);
		g_autoptr(GArray) own = span_list_new();
		struct pass pass;

		pass_init(&pass, job, text + from, to - from);
		pass_run(&pass, own);
		g_array_append_vals(pass.masks, own->data, own->len);
		span_list_merge(pass.masks);
		pass_emit(&pass, out);
		job->tally.masked += pass.masks->len;
		pass_done(&pass);
		from = to;
	}
	pattern_scratch_free(job->scratch);
	return g_string_free(out, FALSE);
}

char *
rules_redact(const struct rules *rules, const struct rules_literals *literals,
    const char *text, guint *masked)
{
	struct job job = {.rules = rules, .literals = literals};
	char *out = job_run(&job, text);

	if (masked != NULL)
		*masked += job.tally.masked;
	return out;
}

char *
rules_redact_noted(const struct rules *rules,
    const struct rules_literals *literals, const char *text,
    struct rules_tally *tally)
{
	struct job job = {.rules = rules,
	    .literals = literals,
	    .is_noted = TRUE};
	char *out = job_run(&job, text);

	tally->masked += job.tally.masked;
	tally->limits += job.tally.limits;
	return out;
}

/* The first rule with this action that matches in the shadow, or NULL. */
static const char *
first_find(const struct rules *rules, enum rule_action action,
    const struct shadow *shadow, struct pattern_scratch *scratch)
{
	const struct pattern_subject subject = {.text = shadow->text,
	    .len = shadow->len,
	    .to = shadow->len,
	    .is_ascii = shadow->is_ascii};

	for (guint i = 0; i < rules->list->len; i++) {
		const struct rule *rule = g_ptr_array_index(rules->list, i);
		struct pattern_hit hit;

		if (rule->action == action &&
		    pattern_find(rule->pattern, scratch, &subject, &hit) ==
			PATTERN_FOUND)
			return rule->as;
	}
	return NULL;
}

static const char *
rules_first(
    const struct rules *rules, enum rule_action action, const char *text)
{
	struct pattern_scratch *scratch = pattern_scratch_new();
	/* What a mail wants is said in its beginning. */
	g_autoptr(shadow_auto) shadow = shadow_new(text,
	    block_end(text, strlen(text), 0));
	const char *as = first_find(rules, action, shadow, scratch);

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

/* The first rule that refuses a block. Its pattern sees all of the block, as
 * a list begins lines below the words that ask for what is in it. */
static const char *
block_refuse(const struct rules *rules, const struct shadow *shadow,
    struct pattern_scratch *scratch, const char *const *but)
{
	const struct pattern_subject subject = {.text = shadow->text,
	    .len = shadow->len,
	    .to = shadow->len,
	    .is_ascii = shadow->is_ascii};
	struct words_places *places = words_look(rules->words, shadow, NULL);
	const char *as = NULL;

	for (guint i = 0; i < rules->list->len && as == NULL; i++) {
		const struct rule *rule = g_ptr_array_index(rules->list, i);
		struct words_window window = {0};
		struct pattern_hit hit;

		if (rule->action == RULE_REFUSE &&
		    (but == NULL || !g_strv_contains(but, rule->as)) &&
		    words_window_next(places, i, &window) &&
		    pattern_find(rule->pattern, scratch, &subject, &hit) !=
			PATTERN_NONE)
			as = rule->as;
	}
	words_places_free(places);
	return as;
}

const char *
rules_refuse(const struct rules *rules, const char *text,
    const char *const *but)
{
	struct pattern_scratch *scratch = pattern_scratch_new();
	gsize len = strlen(text);
	const char *as = NULL;

	for (gsize from = 0; from < len && as == NULL;) {
		gsize to = block_end(text, len, from);
		g_autoptr(shadow_auto) shadow = shadow_new(text + from,
		    to - from);

		as = block_refuse(rules, shadow, scratch, but);
		from = to;
	}
	pattern_scratch_free(scratch);
	return as;
}
