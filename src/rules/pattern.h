#ifndef ND_RULES_PATTERN_H
#define ND_RULES_PATTERN_H

/*
 * One compiled PCRE2 pattern. Compiled once, with JIT where the process may
 * have executable memory, else interpreted with the same results. A search
 * has limits on steps and memory and says when it reached one.
 *
 * A struct pattern is immutable and may be shared; a struct pattern_scratch
 * belongs to one thread at a time.
 */
#include <glib.h>

#define PATTERN_LEN_MAX 8192 /* octets */

struct pattern;
struct pattern_scratch;

enum pattern_result {
	PATTERN_NONE,
	PATTERN_FOUND,
	PATTERN_LIMIT, /* gave up; nothing is known */
};

struct pattern_hit {
	gsize start;
	gsize end; /* end >= start */
};

enum pattern_speed {
	PATTERN_FAST, /* compiled to machine code, if the process may */
	PATTERN_SMALL, /* interpreted: a tenth of the memory */
};

/* The error says where in the pattern it lies and why. */
struct pattern *pattern_new(const char *text, enum pattern_speed speed,
    GError **err);
void pattern_free(struct pattern *pattern);
typedef struct pattern pattern_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pattern_auto, pattern_free)

/* TRUE if it has groups that are known by number. */
gboolean pattern_has_groups(const struct pattern *pattern);

struct pattern_scratch *pattern_scratch_new(void);
void pattern_scratch_free(struct pattern_scratch *scratch);

struct pattern_subject {
	const char *text; /* borrowed; UTF-8 */
	gsize len;
	gsize from; /* what stands before it is seen by look-behind only */
	gsize to;   /* a match begins before it, but may end behind */
	gboolean is_ascii; /* all of text is; finds the same, faster */
};

enum pattern_result pattern_find(const struct pattern *pattern,
    struct pattern_scratch *scratch, const struct pattern_subject *subject,
    struct pattern_hit *hit);

#endif
