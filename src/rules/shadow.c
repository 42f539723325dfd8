#include "rules/shadow.h"

#include <string.h>

#include "base/banned.h"

/* A base character and its marks are normalised together. UAX 15 limits
 * sane text to 30 marks, and GLib's ordering of them is quadratic. */
#define SEGMENT_MAX 32
#define CACHE_SIZE 512
#define CACHE_TEXT_MAX 12
#define REPLACEMENT 0xfffd

struct cached {
	gunichar c; /* 0: empty */
	guint len;
	char text[CACHE_TEXT_MAX];
};

struct builder {
	const char *text; /* borrowed: while building */
	gsize len;
	GString *out;
	GArray *map;
	GString *segment;
	struct cached *cache; /* own; NULL until the first character */
};

/* Default_Ignorable_Code_Point of Unicode 14. */
static gboolean
is_ignorable(gunichar c)
{
	static const struct {
		gunichar first;
		gunichar last;
	} ranges[] = {{0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c},
	    {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
	    {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x206f},
	    {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
	    {0xffa0, 0xffa0}, {0xfff0, 0xfff8}, {0x1bca0, 0x1bca3},
	    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

	for (gsize i = 0; i < G_N_ELEMENTS(ranges); i++)
		if (c <= ranges[i].last)
			return c >= ranges[i].first;
	return FALSE;
}

static gunichar
char_decode(const char *text, gsize len, gsize *size)
{
	gunichar c = g_utf8_get_char_validated(text, (gssize)len);

	if (c == (gunichar)-1 || c == (gunichar)-2 || c == 0) {
		*size = 1;
		return REPLACEMENT;
	}
	*size = (gsize)g_unichar_to_utf8(c, NULL);
	return c;
}

/* Letters that look like other letters but have no mapping in Unicode: small
 * capitals, and white letters in black circles and squares. */
static gunichar
letter_unify(gunichar c)
{
	static const struct {
		gunichar c;
		char letter;
	} small[] = {{0x1d00, 'a'}, {0x299, 'b'}, {0x1d04, 'c'}, {0x1d05, 'd'},
	    {0x1d07, 'e'}, {0xa730, 'f'}, {0x262, 'g'}, {0x29c, 'h'},
	    {0x26a, 'i'}, {0x1d0a, 'j'}, {0x1d0b, 'k'}, {0x29f, 'l'},
	    {0x1d0d, 'm'}, {0x274, 'n'}, {0x1d0f, 'o'}, {0x1d18, 'p'},
	    {0xa7af, 'q'}, {0x280, 'r'}, {0xa731, 's'}, {0x1d1b, 't'},
	    {0x1d1c, 'u'}, {0x1d20, 'v'}, {0x1d21, 'w'}, {0x28f, 'y'},
	    {0x1d22, 'z'}};

	if (c >= 0x1f150 && c <= 0x1f169)
		return 'a' + (c - 0x1f150);
	if (c >= 0x1f170 && c <= 0x1f189)
		return 'a' + (c - 0x1f170);
	for (gsize i = 0; i < G_N_ELEMENTS(small); i++)
		if (small[i].c == c)
			return (gunichar)small[i].letter;
	return c;
}

/* Characters that patterns should not have to list. */
static gunichar
char_unify(gunichar c)
{
	if (g_unichar_isdigit(c))
		return (gunichar)('0' + g_unichar_digit_value(c));
	if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212)
		return '-';
	if (c == 0x2018 || c == 0x2019 || c == 0x2bc)
		return '\'';
	if (c == 0x3002)
		return '.';
	return c < 0x250 ? c : letter_unify(c);
}

/* Normalises and folds. The result is not longer than it may be. */
static char *
segment_fold(const char *segment, gsize len)
{
	g_autofree char *nfkc = g_utf8_normalize(segment, (gssize)len,
	    G_NORMALIZE_ALL_COMPOSE);
	g_autofree char *folded = g_utf8_casefold(nfkc, -1);
	char *out = g_utf8_normalize(folded, -1, G_NORMALIZE_ALL_COMPOSE);

	if (strlen(out) <= 3 * len)
		return out;
	g_free(out);
	return g_strndup(segment, len);
}

static void
shadow_append(struct builder *b, const char *text, gsize len, gsize from)
{
	guint32 at = (guint32)from;

	g_string_append_len(b->out, text, (gssize)len);
	for (gsize i = 0; i < len; i++)
		g_array_append_val(b->map, at);
}

static void
segment_append(struct builder *b, gsize from)
{
	g_autofree char *folded = segment_fold(b->segment->str,
	    b->segment->len);
	shadow_append(b, folded, strlen(folded), from);
}

static void
char_append(struct builder *b, gunichar c, gsize from)
{
	struct cached *slot;
	gsize len;

	if (b->cache == NULL)
		b->cache = g_new0(struct cached, CACHE_SIZE);
	slot = &b->cache[c % CACHE_SIZE];
	if (slot->c == c) {
		shadow_append(b, slot->text, slot->len, from);
		return;
	}
	g_autofree char *folded = segment_fold(b->segment->str,
	    b->segment->len);
	len = strlen(folded);
	if (len <= CACHE_TEXT_MAX) {
		memcpy(slot->text, folded, len);
		slot->len = (guint)len;
		slot->c = c;
	}
	shadow_append(b, folded, len, from);
}

/* Takes one character and the marks and ignorables that follow it. Returns
 * the offset after them. */
static gsize
segment_take(struct builder *b, gsize pos)
{
	gsize from = pos;
	gsize size;
	gunichar first = char_decode(b->text + pos, b->len - pos, &size);
	guint count = 1;

	pos += size;
	if (is_ignorable(first))
		return pos;
	first = char_unify(first);
	g_string_truncate(b->segment, 0);
	g_string_append_unichar(b->segment, first);
	while (pos < b->len && (guchar)b->text[pos] >= 0x80 &&
	    count < SEGMENT_MAX) {
		gunichar c = char_decode(b->text + pos, b->len - pos, &size);

		if (!is_ignorable(c)) {
			if (!g_unichar_ismark(c))
				break;
			g_string_append_unichar(b->segment, c);
			count++;
		}
		pos += size;
	}
	if (count == 1)
		char_append(b, first, from);
	else
		segment_append(b, from);
	return pos;
}

/* Length of the run of ASCII at pos that no mark can join to. */
static gsize
ascii_length(const struct builder *b, gsize pos)
{
	gsize end = pos;

	while (end < b->len && (guchar)(b->text[end] - 1) < 0x7f)
		end++;
	if (end > pos && end < b->len && (guchar)b->text[end] >= 0x80)
		end--;
	return end - pos;
}

/* What segment_take() makes of each character of such a run. */
static void
ascii_append(struct builder *b, gsize pos, gsize len)
{
	const char *text = b->text + pos;
	gsize at = b->out->len;
	guint32 *map;
	char *out;

	g_string_set_size(b->out, at + len);
	g_array_set_size(b->map, (guint)(at + len));
	out = b->out->str + at;
	map = (guint32 *)(void *)b->map->data + at;
	for (gsize i = 0; i < len; i++) {
		char c = text[i];

		out[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		map[i] = (guint32)(pos + i);
	}
}

static void
text_take(struct builder *b)
{
	gsize pos = 0;

	while (pos < b->len) {
		gsize plain = ascii_length(b, pos);

		if (plain > 0)
			ascii_append(b, pos, plain);
		else
			plain = segment_take(b, pos) - pos;
		pos += plain;
	}
}

static gboolean
is_word_octet(char c)
{
	return g_ascii_isalnum(c) || (guchar)c >= 0x80;
}

/* The sign that a word in brackets stands for, or 0. */
static char
bracketed_sign(const char *word, gsize len)
{
	static const struct {
		const char *word;
		char sign;
	} signs[] = {{"@", '@'}, {"a", '@'}, {"at", '@'}, {"ät", '@'},
	    {"arroba", '@'}, {"chez", '@'}, {"παπάκι", '@'}, {".", '.'},
	    {"dot", '.'}, {"punkt", '.'}, {"punto", '.'}, {"point", '.'},
	    {"τελεία", '.'}};

	for (gsize i = 0; i < G_N_ELEMENTS(signs); i++)
		if (strlen(signs[i].word) == len &&
		    memcmp(signs[i].word, word, len) == 0)
			return signs[i].sign;
	return 0;
}

/* Reads "(at)", "[ dot ]" and the like at text; *size is what it takes up
 * with the blanks after it. 0 if nothing of the kind stands there. */
static char
bracket_read(const char *text, gsize len, gsize *size)
{
	static const char open[] = "([{<";
	static const char close[] = ")]}>";
	const char *kind = memchr(open, text[0], 4);
	gsize from = 1;
	gsize to;
	char sign;

	if (kind == NULL)
		return 0;
	while (from < len && text[from] == ' ' && from < 4)
		from++;
	for (to = from; to < len && to - from < 16; to++)
		if (text[to] == ' ' || text[to] == close[kind - open])
			break;
	sign = bracketed_sign(text + from, to - from);
	while (to < len && text[to] == ' ' && to - from < 20)
		to++;
	if (sign == 0 || to == len || text[to] != close[kind - open])
		return 0;
	*size = to + 1;
	/* "(a)" also numbers a list, so it counts only inside of a word. */
	if (to - from == 1 && text[from] == 'a')
		return *size < len && is_word_octet(text[*size]) ? sign : 0;
	while (*size < len && text[*size] == ' ')
		(*size)++;
	return *size < len && is_word_octet(text[*size]) ? sign : 0;
}

/* Puts "@" and "." where people wrote "(at)" and "(dot)". The shadow holds no
 * NUL. */
static void
brackets_resolve(GString *out, guint32 *map)
{
	gsize w = 0;

	for (gsize r = 0; r < out->len;) {
		gsize size = strcspn(out->str + r, "([{<");
		gsize back;
		char sign;

		if (w < r) {
			memmove(out->str + w, out->str + r, size);
			memmove(map + w, map + r, size * sizeof *map);
		}
		w += size;
		r += size;
		if (r == out->len)
			break;
		back = w;
		sign = bracket_read(out->str + r, out->len - r, &size);
		while (sign != 0 && back > 0 && out->str[back - 1] == ' ')
			back--;
		if (sign != 0 && back < w && size == 3 &&
		    out->str[r + 1] == 'a')
			sign = 0;
		if (sign == 0 || back == 0 ||
		    !is_word_octet(out->str[back - 1])) {
			out->str[w] = out->str[r];
			map[w++] = map[r++];
			continue;
		}
		map[back] = back < w ? map[back] : map[r];
		out->str[back] = sign;
		w = back + 1;
		r += size;
	}
	map[w] = map[out->len];
	g_string_truncate(out, w);
}

struct shadow *
shadow_new(const char *text, gsize len)
{
	struct builder *b = g_new0(struct builder, 1);
	struct shadow *shadow = g_new0(struct shadow, 1);
	guint32 end = (guint32)len;

	g_assert(len < G_MAXUINT32);
	b->text = text;
	b->len = len;
	b->out = g_string_sized_new(len + 1);
	b->map = g_array_sized_new(FALSE, FALSE, sizeof(guint32),
	    (guint)len + 1);
	b->segment = g_string_new(NULL);
	text_take(b);
	g_array_append_val(b->map, end);
	brackets_resolve(b->out, (guint32 *)(void *)b->map->data);
	shadow->len = b->out->len;
	shadow->text = g_string_free(b->out, FALSE);
	shadow->is_ascii = g_str_is_ascii(shadow->text);
	shadow->map = (guint32 *)(void *)g_array_free(b->map, FALSE);
	g_string_free(b->segment, TRUE);
	g_free(b->cache);
	g_free(b);
	return shadow;
}

void
shadow_free(struct shadow *shadow)
{
	if (shadow == NULL)
		return;
	g_free(shadow->text);
	g_free(shadow->map);
	g_free(shadow);
}

gsize
shadow_map_start(const struct shadow *shadow, gsize start)
{
	return shadow->map[start];
}

/* One character of the text may have become several octets; the span ends
 * after the last character it touches. */
gsize
shadow_map_end(const struct shadow *shadow, gsize end)
{
	while (end < shadow->len && shadow->map[end] == shadow->map[end - 1])
		end++;
	return shadow->map[end];
}

char *
shadow_cased(const char *text, gsize len)
{
	GString *plain = g_string_sized_new(len);
	gsize size;
	char *out;

	for (gsize pos = 0; pos < len; pos += size) {
		gunichar c = char_decode(text + pos, len - pos, &size);

		if (is_ignorable(c))
			continue;
		g_string_append_unichar(plain,
		    g_unichar_isdigit(c) ? char_unify(c) : c);
	}
	out = g_utf8_normalize(plain->str, -1, G_NORMALIZE_ALL_COMPOSE);
	g_string_free(plain, TRUE);
	return out;
}
