#include "mail/endline.h"

#include <string.h>

#include "base/banned.h"

#define CODE_LEN 5	 /* characters of 5 bits */
#define CODE_TEXT_MAX 16 /* characters of a damaged one */
#define LINK_MARK '/'	 /* is counted for nothing else */

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* --- the hash ------------------------------------------------------------ */

static gboolean
is_counted(gunichar c)
{
	if (c < 0x80)
		return g_ascii_isalnum((char)c);
	switch (g_unichar_type(c)) {
	case G_UNICODE_CURRENCY_SYMBOL:
	case G_UNICODE_MATH_SYMBOL:
	case G_UNICODE_OTHER_SYMBOL:
		return TRUE;
	default:
		return g_unichar_isalnum(c);
	}
}

/* Octets of a link at p, or 0. It ends where clients that rewrite it stop. */
static gsize
link_length(const char *p, gboolean is_bracketed)
{
	const char *end = p;

	if (!g_str_has_prefix(p, "http://") &&
	    !g_str_has_prefix(p, "https://") &&
	    !(is_bracketed && g_str_has_prefix(p, "mailto:")))
		return 0;
	while (*end != '\0' && strchr("<>[]\"", *end) == NULL &&
	       !g_unichar_isspace(g_utf8_get_char(end)))
		end = g_utf8_next_char(end);
	return (gsize)(end - p);
}

static char *
line_fold(const char *line, gsize len)
{
	g_autofree char *valid = g_utf8_make_valid(line, (gssize)len);
	g_autofree char *plain = g_utf8_normalize(valid, -1, G_NORMALIZE_NFKC);

	return g_utf8_casefold(plain, -1);
}

static char *
line_counted(const char *line, gsize len)
{
	g_autofree char *folded = line_fold(line, len);
	const char *first = folded + strspn(folded, "> \t");
	GString *out = g_string_new(NULL);

	for (const char *p = first; *p != '\0';) {
		gboolean is_bracketed = p > first && p[-1] == '<';
		gunichar c = g_utf8_get_char(p);
		gsize link = link_length(p, is_bracketed);

		/* "text <target>" is how a client writes one link. */
		if (link > 0 && (!is_bracketed || p == first + 1))
			g_string_append_c(out, LINK_MARK);
		else if (link == 0 && is_counted(c))
			g_string_append_unichar(out, c);
		p = link > 0 ? p + link : g_utf8_next_char(p);
	}
	return g_string_free(out, FALSE);
}

/* FNV-1a, backwards: it has to spread, not to withstand. Who finds two texts
 * of one code can hide his own words only. */
void
endline_sum_add(struct endline_sum *sum, const char *line, gsize len)
{
	g_autofree char *counted = line_counted(line, len);

	for (gsize i = strlen(counted); i-- > 0;) {
		sum->hash ^= (guchar)counted[i];
		sum->hash *= G_GUINT64_CONSTANT(0x100000001b3);
	}
}

static void
sum_code(const struct endline_sum *sum, char code[CODE_LEN + 1])
{
	guint64 bits = sum->hash ^ (sum->hash >> 25) ^ (sum->hash >> 50);

	for (gsize i = 0; i < CODE_LEN; i++, bits >>= 5)
		code[i] = alphabet[bits & 31];
	code[CODE_LEN] = '\0';
}

char *
endline_make(const char *text)
{
	struct endline_sum sum = ENDLINE_SUM_INIT;
	const char *end = text + strlen(text);
	char code[CODE_LEN + 1];

	for (const char *p = end; p >= text; p--) {
		if (p > text && p[-1] != '\n')
			continue;
		endline_sum_add(&sum, p, (gsize)(end - p));
		end = p - (p > text);
	}
	sum_code(&sum, code);
	return g_strdup_printf("[end of mail %s]", code);
}

/* --- the line ------------------------------------------------------------ */

/* Behind blanks, and line ends with quote marks. */
static const char *
skip_blank(const char *p)
{
	for (;;) {
		if (*p == '\n')
			p += 1 + strspn(p + 1, "> \t");
		else if (*p == ' ' || *p == '\t')
			p++;
		else if (g_str_has_prefix(p, "\xc2\xa0")) /* U+00A0 */
			p += 2;
		else
			return p;
	}
}

static const char *
skip_word(const char *p, const char *word)
{
	gsize len = strlen(word);

	if (p == NULL)
		return NULL;
	p = skip_blank(p);
	return g_ascii_strncasecmp(p, word, len) == 0 ? p + len : NULL;
}

/* Behind the end line that begins at p, or NULL; code is what stands there for
 * one. Without its last bracket the end line ends with the line. */
static const char *
match(const char *p, char code[CODE_TEXT_MAX + 1])
{
	const char *word = skip_word(
	    skip_word(skip_word(skip_word(p, "["), "end"), "of"), "mail");
	const char *eol;
	gsize n = 0;
	gsize here = 0; /* of them in the same line */

	if (word == NULL)
		return NULL;
	eol = word + strcspn(word, "\n");
	for (p = skip_blank(word);
	     strchr("[]", *p) == NULL && n < CODE_TEXT_MAX;
	     p = skip_blank(p + 1)) {
		code[n++] = g_ascii_tolower(*p);
		here = p < eol ? n : here;
	}
	code[n] = '\0';
	if (*p == ']')
		return p + 1;
	code[here] = '\0';
	return p >= eol ? eol : NULL;
}

gboolean
endline_is(const char *line, gsize len)
{
	g_autofree char *copy = NULL;
	char code[CODE_TEXT_MAX + 1];
	gsize blanks = 0; /* clients indent what they do not mark */

	while (blanks < len && strchr(" \t", line[blanks]) != NULL)
		blanks++;
	if (blanks == len || line[blanks] != '[')
		return FALSE;
	copy = g_strndup(line, len);
	return match(copy, code) == copy + len;
}

gboolean
endline_fits(const struct endline_sum *sum, const char *line, gsize len)
{
	g_autofree char *copy = g_strndup(line, len);
	char code[CODE_TEXT_MAX + 1];
	char want[CODE_LEN + 1];

	sum_code(sum, want);
	return match(copy, code) != NULL && strcmp(code, want) == 0;
}

/* The quote marks of the line that begins at start. */
static char *
marks_of(const GString *out, gsize start)
{
	const char *line = out->str + start;

	return g_strndup(line, strspn(line, "> \t"));
}

static char *
rewrite(const char *text, gboolean is_kept)
{
	GString *out = g_string_sized_new(strlen(text));
	gsize start = 0; /* of the line in out */

	while (*text != '\0') {
		char code[CODE_TEXT_MAX + 1];
		const char *end = *text == '[' ? match(text, code) : NULL;
		g_autofree char *marks = NULL;

		if (end == NULL) {
			g_string_append_c(out, *text);
			if (*text++ == '\n')
				start = out->len;
			continue;
		}
		text = end;
		if (!is_kept)
			continue;
		marks = marks_of(out, start);
		if (out->len > start + strlen(marks))
			g_string_append_printf(out, "\n%s", marks);
		g_string_append_printf(out, "[end of mail %s]", code);
		if (*text == '\n' || *text == '\0')
			continue;
		g_string_append_c(out, '\n');
		start = out->len;
		g_string_append(out, marks);
	}
	return g_string_free(out, FALSE);
}

char *
endline_part(const char *text)
{
	return rewrite(text, TRUE);
}

char *
endline_drop(const char *text)
{
	return rewrite(text, FALSE);
}
