#ifndef ND_RULES_SPAN_H
#define ND_RULES_SPAN_H

/*
 * Spans of a text and their arithmetic. A list of spans is a GArray of
 * struct span. Pure.
 */
#include <glib.h>

struct span {
	gsize start;
	gsize end;	/* first octet after the span */
	const char *as; /* borrowed: placeholder; NULL for a kept span */
};

GArray *span_list_new(void);
void span_list_add(GArray *list, gsize start, gsize end, const char *as);

void span_list_sort(GArray *list);

/* TRUE if a span of list (merged) overlaps span. */
gboolean span_list_touches(const GArray *list, const struct span *span);

/* Sorts, and joins spans that overlap; the longer one's placeholder stays. */
void span_list_merge(GArray *list);

/* Removes from list (sorted) each span that lies wholly inside one of keeps
 * (merged). A span that is only touched stays whole: when in doubt, mask. */
void span_list_remove_kept(GArray *list, const GArray *keeps);

#endif
