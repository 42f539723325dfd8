#include "mail/steer_line.h"

#include <string.h>

#include "mail/quote_words.h"
#include "mail/sign.h"

#include "base/banned.h"

#define PREFIX_MAX 8 /* characters before the slash */
#define VERB_MAX 32  /* octets */

static gboolean
is_slash(gunichar c)
{
	return c == '/' || c == '\\' || c == 0x2044 || c == 0x2215 ||
	    c == 0x29f8 || c == 0xff0f || c == 0xff3c;
}

static gboolean
is_dash(gunichar c)
{
	return g_unichar_type(c) == G_UNICODE_DASH_PUNCTUATION || c == 0x2212;
}

static gboolean
is_quote(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);

	return c == '"' || c == '\'' || c == 0x201e || c == 0x201a ||
	    type == G_UNICODE_INITIAL_PUNCTUATION ||
	    type == G_UNICODE_FINAL_PUNCTUATION;
}

/* What plain text shows of bold, italic and code. */
static gboolean
is_emphasis(gunichar c)
{
	return c == '*' || c == '_' || c == '`' || is_quote(c);
}

/* Bullets, also those of Outlook's symbol font. */
static gboolean
is_bullet(gunichar c)
{
	static const gunichar bullets[] = {'+', '.', ')', ' ', 0xa7, 0xb7,
	    0x2022, 0x2023, 0x2043, 0x25aa, 0x25ab, 0x25cb, 0x25cf, 0x25e6,
	    0xf0a7, 0xf0b7};

	for (gsize i = 0; i < G_N_ELEMENTS(bullets); i++)
		if (c == bullets[i])
			return TRUE;
	return is_dash(c);
}

static gboolean
is_blank(gunichar c)
{
	return g_unichar_isspace(c) || g_unichar_iscntrl(c);
}

/* Soft hyphens, zero-width blanks, marks of writing direction, byte order
 * marks. */
static gboolean
is_invisible(gunichar c)
{
	return g_unichar_type(c) == G_UNICODE_FORMAT;
}

char *
steer_line_plain(const char *line, gsize len)
{
	GString *out = g_string_sized_new(len);
	gboolean space = FALSE;

	for (const char *p = line; p < line + len; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (is_invisible(c))
			continue;
		if (is_blank(c)) {
			space = out->len > 0;
			continue;
		}
		if (space)
			g_string_append_c(out, ' ');
		space = FALSE;
		g_string_append_unichar(out, c);
	}
	return g_string_free(out, FALSE);
}

gboolean
steer_line_is_blank(const char *line, gsize len)
{
	for (const char *p = line; p < line + len; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (!is_invisible(c) && !is_blank(c))
			return FALSE;
	}
	return TRUE;
}

/* The slash, or NULL. *has_emphasis: some mark before it may stand behind the
 * line, too. A number or an "o" is a bullet only if something parts it from
 * the slash: "24/day" is none. */
static const char *
find_slash(const char *plain, gboolean *has_emphasis)
{
	const char *p = plain;

	*has_emphasis = FALSE;
	if (g_ascii_isalnum(*p)) {
		p += *p == 'o' ? 1 : strspn(p, "0123456789");
		if (*p != ' ' && *p != '.' && *p != ')')
			return NULL;
		if (*p == ' ' && plain[0] != 'o')
			return NULL;
	}
	for (guint i = 0; *p != '\0' && i <= PREFIX_MAX; i++) {
		gunichar c = g_utf8_get_char(p);

		if (is_slash(c))
			return p;
		if (is_emphasis(c))
			*has_emphasis = TRUE;
		else if (!is_bullet(c))
			return NULL;
		p = g_utf8_next_char(p);
	}
	return NULL;
}

static void
drop_emphasis(char *plain)
{
	char *end = plain + strlen(plain);

	while (end > plain) {
		char *last = g_utf8_prev_char(end);

		if (!is_emphasis(g_utf8_get_char(last)))
			break;
		*last = '\0';
		end = last;
	}
}

static const char *
skip_emphasis(const char *p)
{
	while (*p == '*' || *p == '_' || *p == '`')
		p++;
	return p;
}

/* "close: x" is what some people write; "close-x" is no verb of ours and
 * stays together, so that nothing else is understood. */
static gboolean
verb_ends_at(const char *p)
{
	return *p == '\0' || strchr(" .,:;!", *p) != NULL;
}

gboolean
steer_line_read(const char *line, gsize len, struct steer_line *out)
{
	g_autofree char *plain = steer_line_plain(line, len);
	gboolean has_emphasis;
	const char *slash = find_slash(plain, &has_emphasis);
	const char *verb;
	const char *p;

	if (slash == NULL)
		return FALSE;
	if (has_emphasis)
		drop_emphasis(plain);
	verb = g_utf8_next_char(slash);
	p = verb += *verb == ' ';
	while (g_ascii_isalpha(*p))
		p++;
	if (p == verb)
		return FALSE;
	out->rest = skip_emphasis(p);
	/* No verb has so many letters, or ends in anything else. */
	out->verb = verb_ends_at(out->rest) && p - verb <= VERB_MAX
	    ? g_ascii_strdown(verb, p - verb)
	    : g_strdup("");
	out->rest += strspn(out->rest, " .,:;!");
	out->plain = g_steal_pointer(&plain);
	return TRUE;
}

void
steer_line_clear(struct steer_line *line)
{
	g_clear_pointer(&line->plain, g_free);
	g_clear_pointer(&line->verb, g_free);
	line->rest = NULL;
}

char *
steer_line_fold(const char *word, gsize len)
{
	GString *out = g_string_sized_new(len);

	for (const char *p = word; p < word + len; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (is_quote(c) || c == '*' || c == '`')
			continue;
		if (is_dash(c) || c == '_') {
			/* "--" is a longer dash for some programs. */
			if (out->len > 0 && out->str[out->len - 1] != '-')
				g_string_append_c(out, '-');
			continue;
		}
		g_string_append_unichar(out, g_unichar_tolower(c));
	}
	while (out->len > 0 && strchr(".,;:!-", out->str[out->len - 1]) != NULL)
		g_string_truncate(out, out->len - 1);
	return g_string_free(out, FALSE);
}

gboolean
steer_line_is_ending(const char *text)
{
	struct sign_off ending;
	gsize len;
	g_autofree char *folded = NULL;

	for (;;) {
		len = strcspn(text, "\n");
		if (!steer_line_is_blank(text, len))
			break;
		if (text[len] == '\0')
			return TRUE;
		text += len + 1;
	}
	folded = quote_fold(text, len);
	if (g_str_has_prefix(text, "-- \n") || g_strcmp0(folded, "--") == 0 ||
	    g_strcmp0(folded, "—") == 0 || g_strcmp0(folded, "–") == 0)
		return TRUE;
	if (sign_find(text, &ending) && ending.name <= len)
		return TRUE;
	return (quote_is_client_line(folded) || sign_is_closing(text, len)) &&
	    sign_is_block(text + len);
}
