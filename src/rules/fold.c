#include "rules/fold.h"

#include <string.h>

#include "base/banned.h"

gboolean
is_ideograph(gunichar c)
{
	return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) ||
	    (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

gboolean
is_word_char(gunichar c)
{
	if (c < 0x80)
		return g_ascii_isalnum((char)c);
	return g_unichar_isalnum(c) || g_unichar_ismark(c);
}

gboolean
word_next(const char *text, gsize len, gsize *pos, struct word *word)
{
	gsize at = *pos;
	gboolean inside = FALSE;

	while (at < len) {
		gboolean ascii = (guchar)text[at] < 0x80;
		gunichar c = ascii ? (gunichar)text[at]
				   : g_utf8_get_char(text + at);
		gsize size = ascii ? 1
				   : (gsize)g_utf8_skip[(guchar)text[at]];
		gboolean alone = !ascii && is_ideograph(c);

		if (inside && (alone || !is_word_char(c)))
			break;
		if (!inside && is_word_char(c)) {
			inside = TRUE;
			word->start = at;
		}
		at += size;
		if (inside && alone)
			break;
	}
	word->end = at;
	*pos = at;
	return inside;
}

/* Letters that Unicode does not take apart but people do. */
static const char *
letter_spell(gunichar c)
{
	switch (c) {
	case 0xe6:
		return "ae";
	case 0x153:
		return "oe";
	case 0xf8:
		return "o";
	case 0x142:
		return "l";
	case 0x111:
	case 0xf0:
		return "d";
	case 0x127:
		return "h";
	case 0x131:
		return "i";
	case 0xfe:
		return "th";
	default:
		return NULL;
	}
}

/* How German and Nordic people write c without the mark, or NULL. */
static const char *
umlaut_spell(gunichar c)
{
	switch (c) {
	case 0xe4:
		return "ae";
	case 0xf6:
	case 0xf8:
		return "oe";
	case 0xfc:
		return "ue";
	case 0xe5:
		return "aa";
	default:
		return NULL;
	}
}

static void
char_fold(gunichar c, gboolean spelled, GString *out)
{
	gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
	const char *text = spelled ? umlaut_spell(c) : NULL;
	gsize n;

	if (text == NULL)
		text = letter_spell(c);
	if (text != NULL) {
		g_string_append(out, text);
		return;
	}
	n = g_unichar_fully_decompose(c, TRUE, parts, G_N_ELEMENTS(parts));
	for (gsize i = 0; i < n; i++)
		if (!g_unichar_ismark(parts[i]))
			g_string_append_unichar(out, parts[i]);
}

void
word_fold(const char *text, gsize len, gboolean spelled, GString *out)
{
	for (gsize i = 0; i < len;) {
		gsize plain = 0;

		while (i + plain < len && (guchar)text[i + plain] < 0x80)
			plain++;
		if (plain > 0) {
			g_string_append_len(out, text + i, (gssize)plain);
			i += plain;
			continue;
		}
		char_fold(g_utf8_get_char(text + i), spelled, out);
		i += (gsize)g_utf8_skip[(guchar)text[i]];
	}
}

/* TRUE for two letters that stand for an umlaut. */
static gboolean
is_spelled(const char *text)
{
	return (text[1] == 'e' &&
		   (text[0] == 'a' || text[0] == 'o' || text[0] == 'u')) ||
	    (text[1] == 'a' && text[0] == 'a');
}

void
key_reduce_append(const char *key, gsize len, GString *out)
{
	for (gsize i = 0; i < len; i++) {
		g_string_append_c(out, key[i]);
		if (i + 1 < len && is_spelled(key + i))
			i++;
	}
}

gboolean
fold_reduces(const char *text, gsize len)
{
	for (gsize i = 0; i + 1 < len; i++)
		if ((guchar)text[i] >= 0x80 || is_spelled(text + i))
			return TRUE;
	return FALSE;
}

guint
letters_count(const char *text, gsize len)
{
	guint n = 0;

	for (gsize i = 0; i < len;
	     i += (gsize)g_utf8_skip[(guchar)text[i]])
		if (g_unichar_isalpha(g_utf8_get_char(text + i)))
			n++;
	return n;
}
