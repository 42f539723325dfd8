#include "rules/decode_run.h"

#include <string.h>

#include "base/banned.h"

#define ROUNDS_MAX 3
#define DOMAIN_LOOK 64 /* octets looked at for a domain */
#define BREAK_LOOK 20  /* octets before "@" that a line break may be in */
#define TAG_MAX 200    /* octets of a tag inside of a word */

struct decoder {
	const char *text; /* borrowed */
	gsize len;
	GString *out;
	GArray *map; /* guint32: where in text each octet of out comes from */
	gboolean changed;
};

static gboolean
is_word_octet(char c)
{
	return g_ascii_isalnum(c) || (guchar)c >= 0x80;
}

static void
octets_emit(struct decoder *d, const char *text, gsize len, gsize from)
{
	guint n = d->map->len;

	g_string_append_len(d->out, text, (gssize)len);
	g_array_set_size(d->map, n + (guint)len);
	for (guint i = 0; i < len; i++)
		g_array_index(d->map, guint32, n + i) = (guint32)from;
}

/* Appends what stands for itself. */
static void
plain_emit(struct decoder *d, gsize at, gsize len)
{
	guint n = d->map->len;

	g_string_append_len(d->out, d->text + at, (gssize)len);
	g_array_set_size(d->map, n + (guint)len);
	for (guint i = 0; i < len; i++)
		g_array_index(d->map, guint32, n + i) = (guint32)at + i;
}

/* Appends what was decoded. Control characters part words. */
static void
char_emit(struct decoder *d, gunichar c, gsize from)
{
	char text[6];

	if (c < 0x20 || c == 0x7f)
		c = ' ';
	octets_emit(d, text, (gsize)g_unichar_to_utf8(c, text), from);
	d->changed = TRUE;
}

static gboolean
char_is_valid(guint64 c)
{
	return c > 0 && c <= 0x10ffff && g_unichar_validate((gunichar)c);
}

/* Reads digits of base. Returns their number, at most max. */
static gsize
number_read(const char *text, gsize len, guint base, gsize max, guint64 *value)
{
	gsize n = 0;

	*value = 0;
	for (; n < len && n < max; n++) {
		int digit = base == 16 ? g_ascii_xdigit_value(text[n])
				       : g_ascii_digit_value(text[n]);

		if (digit < 0)
			break;
		*value = *value * base + (guint64)digit;
	}
	return n;
}

struct named {
	const char *name;
	gunichar c;
};

static gunichar
name_find(const struct named *table, gsize n, const char *text, gsize len)
{
	for (gsize i = 0; i < n; i++)
		if (strlen(table[i].name) == len &&
		    g_ascii_strncasecmp(table[i].name, text, len) == 0)
			return table[i].c;
	return 0;
}

static const struct named entities[] = {{"amp", '&'}, {"lt", '<'},
    {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '},
    {"commat", '@'}, {"period", '.'}, {"lowbar", '_'}, {"hyphen", '-'},
    {"dash", '-'}, {"ndash", '-'}, {"plus", '+'}, {"num", '#'},
    {"percnt", '%'}, {"equals", '='}, {"bsol", '\\'}, {"semi", ';'},
    {"shy", 0xad}, {"zwnj", 0x200c}, {"zwj", 0x200d},
    {"zerowidthspace", 0x200b}, {"nobreak", 0x2060}, {"szlig", 0xdf},
    {"aelig", 0xe6}, {"oelig", 0x153}, {"eth", 0xf0}, {"thorn", 0xfe},
    {"imath", 0x131}, {"inodot", 0x131}, {"newline", ' '}, {"tab", ' '},
    {"alpha", 0x3b1}, {"beta", 0x3b2}, {"gamma", 0x3b3}, {"delta", 0x3b4},
    {"epsilon", 0x3b5}, {"zeta", 0x3b6}, {"eta", 0x3b7}, {"theta", 0x3b8},
    {"iota", 0x3b9}, {"kappa", 0x3ba}, {"lambda", 0x3bb}, {"mu", 0x3bc},
    {"nu", 0x3bd}, {"xi", 0x3be}, {"omicron", 0x3bf}, {"pi", 0x3c0},
    {"rho", 0x3c1}, {"sigma", 0x3c3}, {"sigmaf", 0x3c2}, {"tau", 0x3c4},
    {"upsilon", 0x3c5}, {"phi", 0x3c6}, {"chi", 0x3c7}, {"psi", 0x3c8},
    {"omega", 0x3c9}};

/* After a letter: "&uuml;" is u with this mark. */
static const struct named marks[] = {{"uml", 0x308}, {"acute", 0x301},
    {"grave", 0x300}, {"circ", 0x302}, {"tilde", 0x303}, {"cedil", 0x327},
    {"ring", 0x30a}, {"caron", 0x30c}, {"ogon", 0x328}, {"breve", 0x306},
    {"dot", 0x307}, {"macr", 0x304}, {"dblac", 0x30b}};

/* Letters with a stroke are no letter and mark in Unicode. */
static const struct named strokes[] = {{"oslash", 0xf8}, {"lstrok", 0x142},
    {"dstrok", 0x111}, {"hstrok", 0x127}};

static gsize
entity_numeric(struct decoder *d, gsize at)
{
	const char *text = d->text + at;
	gsize len = d->len - at;
	gboolean hex = len > 3 && (text[2] == 'x' || text[2] == 'X');
	gsize head = hex ? 3 : 2;
	guint64 c;
	gsize n;

	if (len <= head)
		return 0;
	n = number_read(text + head, len - head, hex ? 16 : 10, 10, &c);
	if (n == 0 || !char_is_valid(c))
		return 0;
	char_emit(d, (gunichar)c, at);
	n += head;
	return n + (n < len && text[n] == ';');
}

static gsize
entity_read(struct decoder *d, gsize at)
{
	const char *name = d->text + at + 1;
	gsize max = MIN(d->len - at - 1, 20);
	gsize len = 0;
	gunichar c;

	if (max > 0 && name[0] == '#')
		return entity_numeric(d, at);
	while (len < max && g_ascii_isalpha(name[len]))
		len++;
	if (len < 2 || len == max || name[len] != ';')
		return 0;
	c = name_find(entities, G_N_ELEMENTS(entities), name, len);
	if (c == 0)
		c = name_find(strokes, G_N_ELEMENTS(strokes), name, len);
	if (c != 0) {
		char_emit(d, c, at);
		return len + 2;
	}
	c = name_find(marks, G_N_ELEMENTS(marks), name + 1, len - 1);
	if (c == 0)
		return 0;
	char_emit(d, (guchar)name[0], at);
	char_emit(d, c, at);
	return len + 2;
}

/* Reads "%40", "=40" or "\x40" at at. Returns its length, 0 if it is none. */
static gsize
octet_read(const struct decoder *d, gsize at, guint8 *octet)
{
	const char *text = d->text + at;
	gsize len = d->len - at;
	gsize head = text[0] == '\\' ? 2 : 1;
	guint64 value;

	if (len < head + 2 ||
	    (head == 2 && text[1] != 'x' && text[1] != 'X') ||
	    number_read(text + head, 2, 16, 2, &value) != 2)
		return 0;
	*octet = (guint8)value;
	return head + 2;
}

/* TRUE if a domain with a full stop seems to follow. */
static gboolean
domain_follows(const struct decoder *d, gsize at)
{
	gsize end = MIN(d->len, at + DOMAIN_LOOK);

	for (gsize i = at; i + 1 < end; i++) {
		char c = d->text[i];

		if (c == '.')
			return i > at && (is_word_octet(d->text[i + 1]) ||
			    strchr("=%&\\\n", d->text[i + 1]) != NULL);
		if ((c == '=' || c == '%') && i + 3 < end &&
		    g_ascii_strncasecmp(d->text + i + 1, "2e", 2) == 0)
			return TRUE;
		if (!is_word_octet(c) && strchr("-=%&;#\\\n", c) == NULL)
			return FALSE;
	}
	return FALSE;
}

/* One character of one or more octets, each written in the same way. Octets
 * that are no UTF-8 are taken for Latin-1. */
static gsize
octets_read(struct decoder *d, gsize at)
{
	guint8 octets[4];
	gsize size = octet_read(d, at, &octets[0]);
	gsize all = size;
	gsize n = 1;
	gsize want;
	gunichar c;

	if (size == 0 || octets[0] == 0)
		return 0;
	if (octets[0] == '@' && d->text[at] != '\\' &&
	    !domain_follows(d, at + size))
		return 0;
	if (octets[0] < 0x80) {
		char_emit(d, octets[0], at);
		return size;
	}
	want = octets[0] >= 0xf0 ? 4 : octets[0] >= 0xe0 ? 3 : 2;
	while (n < want && at + all < d->len &&
	    d->text[at + all] == d->text[at]) {
		gsize more = octet_read(d, at + all, &octets[n]);

		if (more == 0)
			break;
		all += more;
		n++;
	}
	c = g_utf8_get_char_validated((const char *)octets, (gssize)n);
	if (n == want && c != (gunichar)-1 && c != (gunichar)-2 && c != 0) {
		char_emit(d, c, at);
		return all;
	}
	if (octets[0] < 0xc0)
		return 0;
	char_emit(d, octets[0], at);
	return size;
}

/* "\u0040", "\u{40}", "\U00000040", and pairs of surrogates. */
static gsize
escape_read(struct decoder *d, gsize at)
{
	const char *text = d->text + at;
	gsize len = d->len - at;
	guint64 c;
	guint64 low;
	gsize n;

	if (len < 4 || (text[1] != 'u' && text[1] != 'U'))
		return octets_read(d, at);
	if (text[2] == '{') {
		n = number_read(text + 3, len - 3, 16, 8, &c);
		if (n == 0 || n + 3 >= len || text[n + 3] != '}' ||
		    !char_is_valid(c))
			return 0;
		char_emit(d, (gunichar)c, at);
		return n + 4;
	}
	n = number_read(text + 2, len - 2, 16, 8, &c);
	if (n == 8 && char_is_valid(c)) {
		char_emit(d, (gunichar)c, at);
		return 10;
	}
	if (number_read(text + 2, len - 2, 16, 4, &c) != 4)
		return 0;
	if (c >= 0xd800 && c < 0xdc00 && len >= 12 && text[6] == '\\' &&
	    (text[7] == 'u' || text[7] == 'U') &&
	    number_read(text + 8, 4, 16, 4, &low) == 4 && low >= 0xdc00 &&
	    low < 0xe000) {
		char_emit(d, (gunichar)(0x10000 + ((c - 0xd800) << 10) +
				 (low - 0xdc00)), at);
		return 12;
	}
	if (!char_is_valid(c))
		return 0;
	char_emit(d, (gunichar)c, at);
	return 6;
}

/* Length of a tag that does not end a word, or 0. */
static gsize
tag_length(const char *text, gsize len)
{
	static const char *const names[] = {"a", "b", "big", "br", "code",
	    "em", "font", "i", "mark", "p", "s", "small", "span", "strong",
	    "sub", "sup", "tt", "u", "wbr", NULL};
	gsize from = len > 1 && text[1] == '/' ? 2 : 1;
	gsize to = from;
	const char *end;
	g_autofree char *name = NULL;

	len = MIN(len, TAG_MAX);
	end = memchr(text, '>', len);
	if (end == NULL)
		return 0;
	if (len > 4 && memcmp(text, "<!--", 4) == 0)
		return (gsize)(end - text) + 1;
	while (to < len && to - from < 8 && g_ascii_isalpha(text[to]))
		to++;
	if (to == from || strchr(" \t\n/>", text[to]) == NULL)
		return 0;
	name = g_ascii_strdown(text + from, (gssize)(to - from));
	return g_strv_contains(names, name) ? (gsize)(end - text) + 1 : 0;
}

/* Length of blanks, a line break and the marks of a quote, or 0. */
static gsize
break_length(const char *text, gsize len)
{
	gsize n = 0;

	while (n < len && n < 4 && strchr(" \t\r", text[n]) != NULL)
		n++;
	if (n == len || text[n] != '\n')
		return 0;
	for (n++; n < len && n < 16 && strchr(" \t>|", text[n]) != NULL;)
		n++;
	return n;
}

/* TRUE if text up to at ends in an address whose domain is one label. */
static gboolean
address_is_open(const char *text, gsize at)
{
	gsize i = at;

	while (i > 0 && at - i < DOMAIN_LOOK &&
	    (is_word_octet(text[i - 1]) || text[i - 1] == '-'))
		i--;
	return i > 0 && i < at && text[i - 1] == '@';
}

/* A line break next to the "@" or full stop of an address: its length with
 * the sign before it, else 0. */
static gsize
broken_read(struct decoder *d, gsize at)
{
	const char *text = d->text + at;
	gsize sign = text[0] == '@' || text[0] == '.';
	gsize len = break_length(text + sign, d->len - at - sign);
	gsize next = at + sign + len;
	gsize before = at;
	gboolean is_at = text[0] == '@' ||
	    (!sign && next < d->len && d->text[next] == '@');

	while (!sign && before > 0 && at - before < 4 &&
	    strchr(" \t\r", d->text[before - 1]) != NULL)
		before--;
	if (len == 0 || before == 0 || !is_word_octet(d->text[before - 1]) ||
	    next + 1 >= d->len)
		return 0;
	if (!sign && d->text[next] != '@' && d->text[next] != '.')
		return 0;
	if (!is_word_octet(d->text[sign ? next : next + 1]) ||
	    (!is_at && !address_is_open(d->text, before)))
		return 0;
	if (sign)
		octets_emit(d, text, 1, at);
	d->changed = TRUE;
	return sign + len;
}

static gsize
special_read(struct decoder *d, gsize at)
{
	const char *text = d->text + at;
	gsize len;

	switch (text[0]) {
	case '&':
		return entity_read(d, at);
	case '%':
		return octets_read(d, at);
	case '=':
		/* A soft line break, RFC 2045 6.7. */
		len = break_length(text + 1, d->len - at - 1);
		if (len == 0)
			return octets_read(d, at);
		d->changed = TRUE;
		return len + 1;
	case '\\':
		return escape_read(d, at);
	case '<':
		len = tag_length(text, d->len - at);
		d->changed = d->changed || len > 0;
		return len;
	default:
		return broken_read(d, at);
	}
}

/* One round. FALSE if it changed nothing. */
static gboolean
round_run(struct decoder *d)
{
	gsize at = 0;

	while (at < d->len) {
		gsize plain = strcspn(d->text + at, "&%=\\<@.\n");
		gsize size;

		plain_emit(d, at, plain);
		at += plain;
		if (at == d->len)
			break;
		size = special_read(d, at);
		if (size == 0) {
			octets_emit(d, d->text + at, 1, at);
			size = 1;
		}
		at += size;
	}
	return d->changed;
}

static void
decoder_init(struct decoder *d, const char *text, gsize len)
{
	*d = (struct decoder){.text = text,
	    .len = len,
	    .out = g_string_sized_new(len),
	    .map = g_array_sized_new(FALSE, FALSE, sizeof(guint32),
		(guint)len + 1)};
}

static void
decoder_done(struct decoder *d)
{
	g_string_free(d->out, TRUE);
	g_array_unref(d->map);
}

/* TRUE if a round could find something. */
static gboolean
has_special(const char *text, gsize len)
{
	const char *at = text;

	if (strpbrk(text, "&%=\\<") != NULL)
		return TRUE;
	while ((at = memchr(at, '@', (gsize)(text + len - at))) != NULL) {
		gsize from = MIN((gsize)(at - text), BREAK_LOOK);
		gsize left = (gsize)(text + len - at);

		if (memchr(at - from, '\n', from + MIN(left, DOMAIN_LOOK)) !=
		    NULL)
			return TRUE;
		at++;
	}
	return FALSE;
}

/* The shadow of what one round makes of shadow, or NULL. */
static struct shadow *
shadow_round(const struct shadow *shadow)
{
	struct decoder d;
	struct shadow *out = NULL;
	guint32 end = (guint32)shadow->len;

	if (!has_special(shadow->text, shadow->len))
		return NULL;
	decoder_init(&d, shadow->text, shadow->len);
	if (round_run(&d)) {
		g_array_append_val(d.map, end);
		out = shadow_new(d.out->str, d.out->len);
		for (gsize i = 0; i <= out->len; i++)
			out->map[i] = shadow->map[g_array_index(d.map, guint32,
			    out->map[i])];
	}
	decoder_done(&d);
	return out;
}

struct shadow *
decode_shadow(const struct shadow *shadow)
{
	struct shadow *now = NULL;

	for (guint i = 0; i < ROUNDS_MAX; i++) {
		struct shadow *next = shadow_round(now != NULL ? now : shadow);

		if (next == NULL)
			break;
		shadow_free(now);
		now = next;
	}
	return now;
}

char *
decode_cased(const char *text)
{
	char *now = g_strdup(text);

	for (guint i = 0; i < ROUNDS_MAX; i++) {
		struct decoder d;

		decoder_init(&d, now, strlen(now));
		if (round_run(&d)) {
			g_free(now);
			now = g_strndup(d.out->str, d.out->len);
			d.text = now;
		}
		decoder_done(&d);
	}
	return now;
}
