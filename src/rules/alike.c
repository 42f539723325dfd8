#include "rules/alike.h"

#include <string.h>

#include "base/banned.h"

gboolean
alike_is_foreign(gunichar c)
{
	return (c >= 0x370 && c <= 0x3ff) || (c >= 0x400 && c <= 0x52f);
}

static gsize
char_size(const char *text)
{
	return (gsize)g_utf8_skip[(guchar)*text];
}

/* Lower-case letters whose small or capital form looks like a Latin one,
 * each followed by the letter that stands for its class. */
static const char *const looks[] = {"а\0a", "α\0a",
    "в\0b", "β\0b", "ь\0b", "с\0c", "ϲ\0c", "ԁ\0d", "е\0e", "ε\0e", "є\0e",
    "ɡ\0g", "н\0n", "η\0n", "ν\0n", "һ\0n", "п\0n", "і\0i", "ι\0i", "ӏ\0l",
    "ј\0j", "ϳ\0j", "к\0k", "κ\0k", "м\0m", "μ\0m", "о\0o", "ο\0o", "р\0p",
    "ρ\0p", "ԛ\0q", "г\0r", "ѕ\0s", "т\0t", "τ\0t", "υ\0y", "у\0y", "ү\0y",
    "γ\0y", "ԝ\0w", "ѡ\0w", "ω\0w", "х\0x", "χ\0x", "ζ\0z", "ʋ\0n", "ɩ\0i",
    "ɑ\0a", "ո\0n", "օ\0o", "ս\0y"};

/* H and N meet in Greek and Cyrillic, as do V and N, U and Y. */
static char
latin_look(char c)
{
	if (c == 'h' || c == 'v')
		return 'n';
	return c == 'u' ? 'y' : c;
}

static void
char_look(const char *text, gsize size, GString *out)
{
	for (gsize n = 0; n < G_N_ELEMENTS(looks); n++) {
		/* All of these take two octets. */
		if (size == 2 && memcmp(looks[n], text, 2) == 0) {
			g_string_append_c(out, looks[n][3]);
			return;
		}
	}
	g_string_append_len(out, text, (gssize)size);
}

void
alike_look(const char *word, gsize len, GString *out)
{
	gsize size;

	for (gsize i = 0; i < len; i += size) {
		size = char_size(word + i);
		if (size == 1)
			g_string_append_c(out, latin_look(word[i]));
		else
			char_look(word + i, size, out);
	}
}

struct spelling {
	const char *from;
	const char *to;
};

/* Longest first where one starts another. A final sigma is folded. */
static const struct spelling letters[] = {{"ου", "u"}, {"αυ", "av"},
    {"ευ", "ev"}, {"αι", "ai"}, {"ει", "i"}, {"οι", "i"}, {"υι", "i"},
    {"μπ", "b"}, {"ντ", "d"}, {"γκ", "g"}, {"γγ", "g"}, {"α", "a"},
    {"β", "v"}, {"γ", "g"}, {"δ", "d"}, {"ε", "e"}, {"ζ", "z"}, {"η", "i"},
    {"θ", "t"}, {"ι", "i"}, {"κ", "k"}, {"λ", "l"}, {"μ", "m"}, {"ν", "n"},
    {"ξ", "ks"}, {"ο", "o"}, {"π", "p"}, {"ρ", "r"}, {"σ", "s"},
    {"τ", "t"}, {"υ", "i"}, {"φ", "f"}, {"χ", "h"}, {"ψ", "ps"},
    {"ω", "o"}, {"а", "a"}, {"б", "b"}, {"в", "v"}, {"г", "g"},
    {"ґ", "g"}, {"д", "d"}, {"е", "e"}, {"є", "e"}, {"ж", "zh"},
    {"з", "z"}, {"и", "i"}, {"і", "i"}, {"ї", "i"}, {"ј", "i"},
    {"к", "k"}, {"л", "l"}, {"м", "m"}, {"н", "n"}, {"о", "o"},
    {"п", "p"}, {"р", "r"}, {"с", "s"}, {"т", "t"}, {"у", "u"},
    {"ф", "f"}, {"х", "h"}, {"ц", "ts"}, {"ч", "ch"}, {"ш", "sh"},
    {"щ", "sh"}, {"ъ", ""}, {"ы", "i"}, {"ь", ""}, {"э", "e"},
    {"ю", "iu"}, {"я", "ia"}, {"ў", "v"}, {"љ", "li"}, {"њ", "ni"},
    {"ћ", "ch"}, {"ђ", "d"}, {"џ", "d"}, {"ѓ", "g"}, {"ќ", "k"}};

/* Of Latin letters, after the table above. Longest first. */
static const struct spelling sounds[] = {{"shch", "s"}, {"tsch", "h"},
    {"sch", "s"}, {"tch", "h"}, {"dzh", "d"}, {"sh", "s"}, {"sz", "s"},
    {"zh", "z"}, {"cz", "h"}, {"ch", "h"}, {"kh", "h"}, {"ph", "v"},
    {"th", "t"}, {"dh", "d"}, {"gh", "g"}, {"ts", "k"}, {"tz", "k"},
    {"ck", "k"}, {"mp", "b"}, {"nt", "d"}, {"gk", "g"}, {"gg", "g"},
    {"ng", "g"}, {"ou", "u"}, {"au", "av"}, {"eu", "ev"}, {"yo", "e"},
    {"jo", "e"}, {"io", "e"}, {"ye", "e"}, {"je", "e"}, {"ie", "e"},
    {"ai", "e"}, {"ay", "e"}, {"aj", "e"}, {"ei", "i"}, {"ey", "i"},
    {"ej", "i"}, {"oi", "i"}, {"oy", "i"}, {"oj", "i"}, {"c", "k"},
    {"q", "k"}, {"x", "ks"}, {"y", "i"}, {"j", "i"}, {"w", "v"},
    {"f", "v"}};

/* Appends text, with what stands in the table replaced. */
static void
spellings_apply(const struct spelling *table, gsize n, const char *text,
    GString *out)
{
	gsize len = strlen(text);

	for (gsize i = 0; i < len;) {
		gsize k = 0;

		while (k < n && (table[k].from[0] != text[i] ||
		    strncmp(text + i, table[k].from, strlen(table[k].from)) != 0))
			k++;
		if (k < n) {
			g_string_append(out, table[k].to);
			i += strlen(table[k].from);
		} else {
			gsize size = MIN(char_size(text + i), len - i);

			g_string_append_len(out, text + i, (gssize)size);
			i += size;
		}
	}
}

void
alike_sound(const char *word, gsize len, GString *out)
{
	g_autofree char *text = g_strndup(word, len);
	g_autoptr(GString) latin = g_string_sized_new(len);
	g_autoptr(GString) sound = g_string_sized_new(len);

	spellings_apply(letters, G_N_ELEMENTS(letters), text, latin);
	spellings_apply(sounds, G_N_ELEMENTS(sounds), latin->str, sound);
	/* Doubled letters sound as one. */
	for (gsize i = 0; i < sound->len; i++)
		if (i == 0 || sound->str[i] != sound->str[i - 1] ||
		    (guchar)sound->str[i] >= 0x80)
			g_string_append_c(out, sound->str[i]);
}
