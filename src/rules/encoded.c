#include "rules/encoded.h"

#include <string.h>

#include "base/banned.h"

#define RUN_MIN 8	/* digits */
#define HASH_MIN 32	/* digits */
#define WORD_MAX 16	/* digits that may be small letters only */
#define FRAGMENT_MIN 4	/* octets of readable text */
#define MOST_MIN 10	/* octets that are readable by no chance */
#define BREAK_MAX 16	/* octets of a line break with marks of a quote */

/* The digits of one run. */
struct run {
	const char *text; /* borrowed: all of the text */
	gsize len;
	guint8 *values;	 /* own: of each digit; room for all of the text */
	gsize *offsets;	 /* own: where it stands */
	gsize n;	 /* digits */
	guint bits;	 /* of a digit: 6 or 4 */
	gint8 digits[256]; /* value of each octet, or -1 */
	gsize end;	 /* offset after the run */
};

/* The octets of a run, read from one of its first digits on. */
struct reading {
	const struct run *run;
	guint8 *octets; /* borrowed */
	gsize n;
	guint phase;
};

void
encoded_init(struct encoded *encoded)
{
	encoded->text = g_string_new(NULL);
	encoded->fragments = g_array_new(FALSE, FALSE,
	    sizeof(struct fragment));
}

void
encoded_done(struct encoded *encoded)
{
	g_string_free(encoded->text, TRUE);
	g_array_unref(encoded->fragments);
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static int
digit_value(const struct run *run, char c)
{
	return run->digits[(guchar)c];
}

/* Length of what may part two digits at at, 0 if nothing may. */
static gsize
separator_length(const struct run *run, gsize at)
{
	const char *text = run->text + at;
	gsize left = run->len - at;
	gsize n = 0;

	if (run->bits == 4) {
		while (n < left && n < 3 && strchr(" :-,;\\", text[n]) != NULL)
			n++;
		if (n + 1 < left && text[n] == '0' &&
		    (text[n + 1] == 'x' || text[n + 1] == 'X'))
			return n + 2;
		if (n < left && n > 0 && (text[n] == 'x' || text[n] == 'X'))
			return n + 1;
		if (n > 0)
			return n;
	}
	if (n < left && text[n] == '\r')
		n++;
	if (n == left || text[n] != '\n')
		return 0;
	for (n++; n < left && n < BREAK_MAX &&
	     strchr(" \t>|", text[n]) != NULL;)
		n++;
	return n;
}

/* A digit of base 64 that was percent-encoded. */
static int
percent_value(const struct run *run, gsize at)
{
	int high;
	int low;

	if (run->bits != 6 || at + 2 >= run->len || run->text[at] != '%')
		return -1;
	high = g_ascii_xdigit_value(run->text[at + 1]);
	low = g_ascii_xdigit_value(run->text[at + 2]);
	return high < 0 || low < 0 ? -1
				   : run->digits[high * 16 + low];
}

/* Reads the run that starts at at. */
static void
run_read(struct run *run, gsize at)
{
	run->n = 0;
	while (at < run->len) {
		int value = digit_value(run, run->text[at]);
		gsize size = 1;

		if (value < 0) {
			value = percent_value(run, at);
			size = 3;
		}
		if (value < 0) {
			gsize skip = separator_length(run, at);

			if (skip == 0 || at + skip >= run->len ||
			    digit_value(run, run->text[at + skip]) < 0)
				break;
			at += skip;
			continue;
		}
		run->values[run->n] = (guint8)value;
		run->offsets[run->n++] = at;
		at += size;
	}
	run->end = at;
}

static void
octets_read(struct reading *reading)
{
	const struct run *run = reading->run;
	guint32 bits = 0;
	guint have = 0;

	reading->n = 0;
	for (gsize i = reading->phase; i < run->n; i++) {
		bits = (bits << run->bits) | run->values[i];
		have += run->bits;
		if (have >= 8) {
			have -= 8;
			reading->octets[reading->n++] = (guint8)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
}

/* From the digit of octet first to that of octet last, and on to the ends of
 * the words they stand in. */
static void
fragment_place(const struct reading *reading, gsize first, gsize last,
    struct fragment *fragment)
{
	const struct run *run = reading->run;
	gsize from = reading->phase + first * 8 / run->bits;
	gsize to = reading->phase + (last * 8 + 7) / run->bits;
	gsize start = run->offsets[from];
	gsize end = run->offsets[to] + 1;

	while (start > 0 && digit_value(run, run->text[start - 1]) >= 0)
		start--;
	if (run->bits == 4 && start > 1 && run->text[start - 2] == '0' &&
	    run->text[start - 1] == 'x')
		start -= 2;
	while (end < run->len && (digit_value(run, run->text[end]) >= 0 ||
	    (run->bits == 6 && run->text[end] == '=')))
		end++;
	fragment->start = start;
	fragment->end = end;
}

static gboolean
is_readable(gunichar c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t' || c == '\r' ||
	    (c >= 0xa0 && c <= 0x10ffff && g_unichar_isprint(c));
}

/* Letters that UTF-16 is searched for: Latin, Greek, Cyrillic. */
static gboolean
is_usual(gunichar c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' ||
	    (c >= 0xa1 && c < 0x250) || (c >= 0x370 && c < 0x530);
}

/* The character at i in one of the encodings. Returns its octets, or 0. */
static gsize
char_read(const struct reading *reading, gsize i, guint encoding, gunichar *c)
{
	const guint8 *data = reading->octets + i;
	gsize left = reading->n - i;

	if (encoding > 0) {
		if (left < 2)
			return 0;
		*c = encoding == 1 ? (gunichar)(data[0] | data[1] << 8)
				   : (gunichar)(data[1] | data[0] << 8);
		return is_usual(*c) ? 2 : 0;
	}
	*c = data[0];
	if (data[0] < 0x80)
		return is_readable(*c) ? 1 : 0;
	/* Most octets of chance begin no character. */
	if (data[0] < 0xc2 || left < 2 || (data[1] & 0xc0) != 0x80)
		return 0;
	*c = g_utf8_get_char_validated((const char *)data, (gssize)left);
	if (*c == (gunichar)-1 || *c == (gunichar)-2 || !is_readable(*c))
		return 0;
	return (gsize)g_unichar_to_utf8(*c, NULL);
}

/* Keeps octets [first, end) as a fragment, whose text is long enough. */
static void
fragment_add(struct encoded *encoded, const struct reading *reading,
    guint encoding, gsize first, gsize end)
{
	struct fragment fragment = {.at = encoded->text->len};

	for (gsize i = first; i < end;) {
		gunichar c;

		i += char_read(reading, i, encoding, &c);
		g_string_append_unichar(encoded->text, c);
	}
	fragment_place(reading, first, end - 1, &fragment);
	fragment.is_most = encoded->text->len - fragment.at >= MOST_MIN &&
	    2 * (end - first) >= reading->n;
	g_array_append_val(encoded->fragments, fragment);
	g_string_append(encoded->text, "\n\n\n");
}

/* Adds the stretches of readable text. */
static void
reading_scan(struct encoded *encoded, const struct reading *reading,
    guint encoding)
{
	gsize first = 0;
	gsize size = 0; /* of the text of octets [first, i) */
	gsize step;

	for (gsize i = 0; i <= reading->n; i += step) {
		gunichar c = 0;

		step = i < reading->n ? char_read(reading, i, encoding, &c)
				      : 0;
		if (step > 0) {
			size += encoding == 0
			    ? step
			    : (gsize)g_unichar_to_utf8(c, NULL);
			continue;
		}
		if (size >= FRAGMENT_MIN)
			fragment_add(encoded, reading, encoding, first, i);
		size = 0;
		step = 1;
		first = i + 1;
	}
}

/* TRUE if there are first octets of the letters that UTF-16 is searched for:
 * at least as many as a fragment has. */
static gboolean
has_pairs(const struct reading *reading)
{
	guint n = 0;

	for (gsize i = 0; i < reading->n && n < FRAGMENT_MIN; i++)
		if (reading->octets[i] <= 5)
			n++;
	return n == FRAGMENT_MIN;
}

/* TRUE for digits that are hexadecimal ones, too: what a hash is made of. No
 * readable text of that length has these alone in base 64. */
static gboolean
is_hex(const struct run *run)
{
	if (run->n < HASH_MIN)
		return FALSE;
	for (gsize i = 0; i < run->n; i++) {
		guint8 value = run->values[i];

		if ((value < 26 || value > 31) && (value < 52 || value > 61))
			return FALSE;
	}
	return TRUE;
}

/* TRUE if a short run of base 64 looks like a word. */
static gboolean
is_word(const struct run *run)
{
	if (run->n >= WORD_MAX)
		return FALSE;
	for (gsize i = 1; i < run->n; i++)
		if (run->values[i] < 26 || run->values[i] > 51)
			return FALSE;
	return TRUE;
}

static void
run_decode(struct encoded *encoded, const struct run *run, guint8 *octets)
{
	struct reading reading = {.run = run, .octets = octets};
	guint phases = run->bits == 6 ? 4 : 2;

	if (run->bits == 6 && (is_hex(run) || is_word(run)))
		return;
	for (; reading.phase < phases; reading.phase++) {
		guint encodings = 1;

		octets_read(&reading);
		if (has_pairs(&reading))
			encodings = 3;
		for (guint encoding = 0; encoding < encodings; encoding++)
			reading_scan(encoded, &reading, encoding);
	}
}

/* TRUE if the digits at at are too few for a run, and nothing that a run goes
 * on over follows: so it is with most words. */
static gboolean
is_short(struct run *run, gsize at)
{
	gsize i = at;

	while (i < run->len && i - at < RUN_MIN &&
	    digit_value(run, run->text[i]) >= 0)
		i++;
	if (i - at == RUN_MIN || (i < run->len && (run->text[i] == '%' ||
	    separator_length(run, i) > 0)))
		return FALSE;
	run->end = i;
	return TRUE;
}

static void
base_read(struct encoded *encoded, const char *text, gsize len, guint bits)
{
	struct run run = {.text = text,
	    .len = len,
	    .bits = bits,
	    .values = g_new(guint8, len + 1),
	    .offsets = g_new(gsize, len + 1)};
	g_autofree guint8 *octets = g_new(guint8, len + 1);

	for (guint c = 0; c < 256; c++)
		run.digits[c] = (gint8)(bits == 6
			? base64_value((char)c)
			: g_ascii_xdigit_value((char)c));
	for (gsize at = 0; at < len; at = MAX(run.end, at + 1)) {
		run.end = at;
		if (digit_value(&run, text[at]) < 0 || is_short(&run, at))
			continue;
		run_read(&run, at);
		if (run.n >= RUN_MIN)
			run_decode(encoded, &run, octets);
	}
	g_free(run.values);
	g_free(run.offsets);
}

void
encoded_read(struct encoded *encoded, const char *text, gsize len)
{
	base_read(encoded, text, len, 6);
	base_read(encoded, text, len, 4);
}

const struct fragment *
encoded_at(const struct encoded *encoded, gsize at)
{
	guint low = 0;
	guint high = encoded->fragments->len;

	while (high - low > 1) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(encoded->fragments, struct fragment,
			middle).at <= at)
			low = middle;
		else
			high = middle;
	}
	return &g_array_index(encoded->fragments, struct fragment, low);
}
