#ifndef ND_RULES_SHADOW_H
#define ND_RULES_SHADOW_H

/*
 * The shadow of a text: what rules look at, so that one pattern sees all
 * spellings of a thing. It is NFKC, case-folded (Unicode Default Case
 * Folding), without default-ignorable characters (zero-width, soft hyphen,
 * bidi); digits of every script are ASCII digits, dashes are "-", single
 * quotes are "'", an ideographic full stop is ".", and a bracketed "at" or
 * "dot" between words is "@" or ".". A map leads back to the text.
 *
 * The shadow is always valid UTF-8 and at most three times the text and a
 * little: what would grow more is left as it is. Octets of the text that are
 * no UTF-8 become U+FFFD. Linear in the text; never fails.
 */
#include <glib.h>

struct shadow {
	char *text; /* own; NUL-terminated */
	gsize len;
	guint32 *map; /* own; len + 1 offsets into the text */
	gboolean is_ascii;
};

/* len must be less than G_MAXUINT32. */
struct shadow *shadow_new(const char *text, gsize len);
void shadow_free(struct shadow *shadow);
typedef struct shadow shadow_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(shadow_auto, shadow_free)

/* Offsets in the text of what stands at [start, end) of the shadow, where
 * start < end. Characters that the shadow left out belong to what stands
 * before them. */
gsize shadow_map_start(const struct shadow *shadow, gsize start);
gsize shadow_map_end(const struct shadow *shadow, gsize end);

/* The text in NFKC without ignorable characters, but in its own case and
 * digits: what a checksum is computed over. Caller frees. */
char *shadow_cased(const char *text, gsize len);

#endif
