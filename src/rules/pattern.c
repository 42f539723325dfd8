#include "rules/pattern.h"

#include <string.h>

#include "base/error.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/banned.h"

#define PATTERN_LEN_MAX 8192
/* Steps at one start position. The shipped rules need some hundred. */
#define STEPS_MAX 20000
#define HEAP_MAX_KIB 8192

struct pattern {
	pcre2_code *code;	      /* own */
	pcre2_match_context *context; /* own */
};

struct pattern_scratch {
	pcre2_match_data *data; /* own */
};

static pcre2_code *
code_new(const char *text, GError **err)
{
	/* \C would split characters. Invalid UTF-8 matches nothing instead of
	 * ending the search with an error. */
	const guint32 options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
	    PCRE2_UCP | PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_UCHAR why[256];
	PCRE2_SIZE where = 0;
	int code = 0;
	pcre2_code *compiled;

	compiled = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
	    options, &code, &where, NULL);
	if (compiled != NULL)
		return compiled;
	if (pcre2_get_error_message(code, why, sizeof why) < 0)
		why[0] = '\0';
	g_set_error(err, ND_ERROR, ERROR_PERM,
	    "invalid at octet %" G_GSIZE_FORMAT ": %s", (gsize)where,
	    (const char *)why);
	return NULL;
}

struct pattern *
pattern_new(const char *text, GError **err)
{
	struct pattern *pattern;
	pcre2_code *code;

	if (strlen(text) > PATTERN_LEN_MAX) {
		error_fail_num(err, ERROR_PERM,
		    "longer than the allowed number of octets",
		    PATTERN_LEN_MAX);
		return NULL;
	}
	code = code_new(text, err);
	if (code == NULL)
		return NULL;
	/* Without executable memory (MemoryDenyWriteExecute) this fails, and
	 * PCRE2 interprets. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	pattern = g_new0(struct pattern, 1);
	pattern->code = code;
	pattern->context = pcre2_match_context_create(NULL);
	g_assert(pattern->context != NULL);
	(void)pcre2_set_match_limit(pattern->context, STEPS_MAX);
	(void)pcre2_set_depth_limit(pattern->context, STEPS_MAX);
	(void)pcre2_set_heap_limit(pattern->context, HEAP_MAX_KIB);
	return pattern;
}

void
pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_match_context_free(pattern->context);
	pcre2_code_free(pattern->code);
	g_free(pattern);
}

/* Only the whole match is asked for, so one pair does for every pattern. */
struct pattern_scratch *
pattern_scratch_new(void)
{
	struct pattern_scratch *scratch = g_new0(struct pattern_scratch, 1);

	scratch->data = pcre2_match_data_create(1, NULL);
	g_assert(scratch->data != NULL);
	return scratch;
}

void
pattern_scratch_free(struct pattern_scratch *scratch)
{
	if (scratch == NULL)
		return;
	pcre2_match_data_free(scratch->data);
	g_free(scratch);
}

enum pattern_result
pattern_find(const struct pattern *pattern, struct pattern_scratch *scratch,
    const struct pattern_subject *subject, struct pattern_hit *hit)
{
	const PCRE2_SIZE *at;
	int rc;

	rc = pcre2_match(pattern->code, (PCRE2_SPTR)subject->text,
	    subject->len, subject->from, 0, scratch->data, pattern->context);
	/* The stack of JIT code is small; the interpreter uses the heap. */
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(pattern->code, (PCRE2_SPTR)subject->text,
		    subject->len, subject->from, PCRE2_NO_JIT, scratch->data,
		    pattern->context);
	if (rc == PCRE2_ERROR_NOMATCH)
		return PATTERN_NONE;
	if (rc < 0)
		return PATTERN_LIMIT;
	at = pcre2_get_ovector_pointer(scratch->data);
	hit->start = at[0];
	hit->end = MAX(at[0], at[1]);
	return PATTERN_FOUND;
}
