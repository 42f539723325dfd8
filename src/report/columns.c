#include "report/columns.h"

#include "base/banned.h"

guint
columns_of(const char *text)
{
	guint n = 0;

	for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		n += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
	}
	return n;
}

static void
put_blanks(GString *out, guint n)
{
	while (n-- > 0)
		g_string_append_c(out, ' ');
}

void
columns_put_left(GString *out, const char *text, guint width)
{
	guint n = columns_of(text);
	guint used = 0;

	if (n <= width) {
		g_string_append(out, text);
		put_blanks(out, width - n);
		return;
	}
	for (const char *p = text;; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		n = g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
		if (used + n >= width)
			break;
		used += n;
		g_string_append_unichar(out, c);
	}
	g_string_append_c(out, '~');
	put_blanks(out, width - used - 1);
}

void
columns_put_right(GString *out, char *text, guint width)
{
	guint n = columns_of(text);

	put_blanks(out, n < width ? width - n : 1);
	g_string_append(out, text);
	g_free(text);
}
