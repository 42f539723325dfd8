#ifndef ND_RULES_PART_H
#define ND_RULES_PART_H

/*
 * Named parts of patterns, so that rule files say once what many patterns
 * need. "{{town}}" in a pattern stands for the text of the part "town", taken
 * as a group of its own. A part may hold only parts that were added before
 * it, so none can hold itself. Errors quote names and numbers of rule files,
 * which hold no mail.
 */
#include <glib.h>

struct parts;

struct parts *parts_new(void);
void parts_free(struct parts *parts);
typedef struct parts parts_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(parts_auto, parts_free)

/* TRUE if name may name a part: a-z, 0-9 and "-", starting with a letter. */
gboolean part_name_is_valid(const char *name);

/* Keeps a part whose text is expanded. FALSE if there is one of this name. */
gboolean parts_add(struct parts *parts, const char *name, const char *text);

/* The text with all its parts put in. NULL and an error if one of them is
 * unknown, a name is broken, or the result is too long for a pattern. Caller
 * frees. */
char *parts_expand(const struct parts *parts, const char *text, GError **err);

#endif
