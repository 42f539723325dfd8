#include "rules/span.h"

#include "base/banned.h"

GArray *
span_list_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(struct span));
}

void
span_list_add(GArray *list, gsize start, gsize end, const char *as)
{
	struct span span = {start, end, as};

	g_array_append_val(list, span);
}

static gint
span_compare(gconstpointer a, gconstpointer b)
{
	const struct span *x = a;
	const struct span *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return 0;
}

void
span_list_sort(GArray *list)
{
	g_array_sort(list, span_compare);
}

gboolean
span_list_touches(const GArray *list, const struct span *span)
{
	guint low = 0;
	guint high = list->len;

	/* The first that ends behind the start of span. */
	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(list, struct span, middle).end <=
		    span->start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->len &&
	    g_array_index(list, struct span, low).start < span->end;
}

void
span_list_merge(GArray *list)
{
	guint last = 0;

	if (list->len < 2)
		return;
	/* A stable sort: of equal spans the one added first stays. */
	g_array_sort(list, span_compare);
	for (guint i = 1; i < list->len; i++) {
		struct span *to = &g_array_index(list, struct span, last);
		struct span next = g_array_index(list, struct span, i);

		if (next.start >= to->end) {
			g_array_index(list, struct span, ++last) = next;
			continue;
		}
		if (next.end - next.start > to->end - to->start)
			to->as = next.as;
		to->end = MAX(to->end, next.end);
	}
	g_array_set_size(list, last + 1);
}

void
span_list_remove_kept(GArray *list, const GArray *keeps)
{
	guint out = 0;
	guint k = 0;

	for (guint i = 0; i < list->len; i++) {
		struct span span = g_array_index(list, struct span, i);

		while (k < keeps->len &&
		    g_array_index(keeps, struct span, k).end <= span.start)
			k++;
		if (k < keeps->len &&
		    g_array_index(keeps, struct span, k).start <= span.start &&
		    g_array_index(keeps, struct span, k).end >= span.end)
			continue;
		g_array_index(list, struct span, out++) = span;
	}
	g_array_set_size(list, out);
}
