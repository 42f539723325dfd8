#include "rules/pattern.h"

#include <string.h>

#include "base/error.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/banned.h"

/* Steps at one start position. The shipped rules need some hundred. */
#define STEPS_MAX 20000
#define HEAP_MAX_KIB 8192

struct pattern {
	pcre2_code *code;	/* own */
	pcre2_code *ascii_code; /* own */
};

struct pattern_scratch {
	pcre2_match_data *data;	      /* own */
	pcre2_match_context *context; /* own */
};

/* \C would split characters. */
#define CODE_OPTIONS (PCRE2_UTF | PCRE2_CASELESS | \
    PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT)

/* Compiled with further options, and by JIT where that is wanted and the
 * process may have executable memory. Without that (MemoryDenyWriteExecute)
 * JIT fails, and PCRE2 interprets. */
static pcre2_code *
code_new(const char *text, guint32 options, enum pattern_speed speed,
    GError **err)
{
	PCRE2_UCHAR why[256];
	PCRE2_SIZE where = 0;
	int code = 0;
	pcre2_code *compiled;

	compiled = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
	    CODE_OPTIONS | options, &code, &where, NULL);
	if (compiled != NULL && speed == PATTERN_FAST)
		(void)pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
	if (compiled != NULL)
		return compiled;
	if (pcre2_get_error_message(code, why, sizeof why) < 0)
		why[0] = '\0';
	g_set_error(err, ND_ERROR, ERROR_PERM,
	    "invalid at octet %" G_GSIZE_FORMAT ": %s", (gsize)where,
	    (const char *)why);
	return NULL;
}

/* Appends the escape at text. Returns its length. */
static gsize
escape_append(const char *text, gboolean in_class, GString *out)
{
	if (text[1] == 'd') {
		g_string_append(out, in_class ? "0-9" : "[0-9]");
		return 2;
	}
	g_string_append_len(out, text, text[1] != '\0' ? 2 : 1);
	return text[1] != '\0' ? 2 : 1;
}

/* The pattern with digits of ASCII for those of all scripts, which are looked
 * up slowly: a shadow has no others. Quotes of \Q and names in a class it does
 * not understand, and leaves. */
static char *
digits_narrow(const char *text)
{
	GString *out = g_string_sized_new(strlen(text) + 64);
	gboolean in_class = FALSE;
	gsize size;

	if (strstr(text, "\\Q") != NULL || strstr(text, "[:") != NULL) {
		g_string_assign(out, text);
		return g_string_free(out, FALSE);
	}
	for (; text[0] != '\0'; text += size) {
		size = 1;
		if (text[0] == '\\') {
			size = escape_append(text, in_class, out);
			continue;
		}
		if (!in_class && text[0] == '[') {
			in_class = TRUE;
			/* A bracket that comes first is one of the class. */
			size += text[size] == '^' ? 1 : 0;
			size += text[size] == ']' ? 1 : 0;
		} else if (text[0] == ']') {
			in_class = FALSE;
		}
		g_string_append_len(out, text, (gssize)size);
	}
	return g_string_free(out, FALSE);
}

struct pattern *
pattern_new(const char *text, enum pattern_speed speed, GError **err)
{
	g_autoptr(pattern_auto) pattern = g_new0(struct pattern, 1);
	g_autofree char *narrow = NULL;

	if (strlen(text) > PATTERN_LEN_MAX) {
		error_fail_num(err, ERROR_PERM,
		    "longer than the allowed number of octets",
		    PATTERN_LEN_MAX);
		return NULL;
	}
	/* Of ASCII, the properties of Unicode say the same as the tables that
	 * PCRE2 looks up without them, only slower. */
	pattern->ascii_code = code_new(text, 0, speed, err);
	if (pattern->ascii_code == NULL)
		return NULL;
	/* Invalid UTF-8 matches nothing instead of ending the search with an
	 * error. */
	narrow = digits_narrow(text);
	pattern->code = code_new(narrow,
	    PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, speed, err);
	if (pattern->code == NULL)
		return NULL;
	return g_steal_pointer(&pattern);
}

void
pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_code_free(pattern->code);
	pcre2_code_free(pattern->ascii_code);
	g_free(pattern);
}

gboolean
pattern_has_groups(const struct pattern *pattern)
{
	guint32 n = 0;

	return pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT,
		   &n) != 0 || n > 0;
}

/* Only the whole match is asked for, so one pair does for every pattern. */
struct pattern_scratch *
pattern_scratch_new(void)
{
	struct pattern_scratch *scratch = g_new0(struct pattern_scratch, 1);

	scratch->data = pcre2_match_data_create(1, NULL);
	scratch->context = pcre2_match_context_create(NULL);
	g_assert(scratch->data != NULL && scratch->context != NULL);
	(void)pcre2_set_match_limit(scratch->context, STEPS_MAX);
	(void)pcre2_set_depth_limit(scratch->context, STEPS_MAX);
	(void)pcre2_set_heap_limit(scratch->context, HEAP_MAX_KIB);
	return scratch;
}

void
pattern_scratch_free(struct pattern_scratch *scratch)
{
	if (scratch == NULL)
		return;
	pcre2_match_data_free(scratch->data);
	pcre2_match_context_free(scratch->context);
	g_free(scratch);
}

static int
code_match(const struct pattern *pattern, struct pattern_scratch *scratch,
    const struct pattern_subject *subject, guint32 options)
{
	return pcre2_match(
	    subject->is_ascii ? pattern->ascii_code : pattern->code,
	    (PCRE2_SPTR)subject->text, subject->len, subject->from,
	    options | (subject->is_ascii ? PCRE2_NO_UTF_CHECK : 0),
	    scratch->data, scratch->context);
}

enum pattern_result
pattern_find(const struct pattern *pattern, struct pattern_scratch *scratch,
    const struct pattern_subject *subject, struct pattern_hit *hit)
{
	const PCRE2_SIZE *at;
	int rc;

	if (subject->from >= subject->to)
		return PATTERN_NONE;
	(void)pcre2_set_offset_limit(scratch->context, subject->to - 1);
	rc = code_match(pattern, scratch, subject, 0);
	/* The stack of JIT code is small; the interpreter uses the heap. */
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = code_match(pattern, scratch, subject, PCRE2_NO_JIT);
	if (rc == PCRE2_ERROR_NOMATCH)
		return PATTERN_NONE;
	if (rc < 0)
		return PATTERN_LIMIT;
	at = pcre2_get_ovector_pointer(scratch->data);
	hit->start = at[0];
	hit->end = MAX(at[0], at[1]);
	return PATTERN_FOUND;
}
