#include "ticket/number.h"

#include <string.h>

#include "base/banned.h"

#define GROUP_LEN 4
/* A number in brackets, with whatever dashes and spaces a client put in. */
#define BRACKET_MAX 64

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Multiplies by x in GF(2)[x] / (x^5 + x^2 + 1). */
static guint
field_double(guint a)
{
	a <<= 1;
	return (a & 0x20) != 0 ? a ^ 0x25 : a;
}

/* Horner's rule: the sum of values[i] * x^(n - 1 - i). x has order 31, so
 * the eight weights x^7 ... x^0 differ and none is zero; a swap of positions
 * i and j changes the sum by (w[i] - w[j]) * (v[i] - v[j]), never zero for
 * different values. */
static guint
weighted_sum(const guint8 *values, guint n)
{
	guint sum = 0;

	for (guint i = 0; i < n; i++)
		sum = field_double(sum) ^ values[i];
	return sum;
}

static int
value_of_char(gunichar c)
{
	const char *at;

	if (c >= 0x80 || c == 0)
		return -1;
	c = (gunichar)g_ascii_toupper((gchar)c);
	if (c == 'O')
		return 0;
	if (c == 'I' || c == 'L')
		return 1;
	at = strchr(alphabet, (int)c);
	return at == NULL ? -1 : (int)(at - alphabet);
}

static gboolean
char_is_dash(gunichar c)
{
	return g_unichar_type(c) == G_UNICODE_DASH_PUNCTUATION ||
	       c == 0x00ad /* soft hyphen */ || c == 0x2212 /* minus sign */;
}

static gboolean
char_is_space(gunichar c)
{
	return c == '\t' || g_unichar_type(c) == G_UNICODE_SPACE_SEPARATOR;
}

static gboolean
char_is_filler(gunichar c)
{
	return char_is_space(c) || char_is_dash(c);
}

/* The character at text (len > 0) and its octets; octets that are no UTF-8
 * count as one replacement character each. */
static gunichar
char_at(const char *text, gsize len, gsize *size)
{
	gunichar c;

	*size = 1;
	if ((guchar)text[0] < 0x80)
		return (guchar)text[0];
	c = g_utf8_get_char_validated(text, (gssize)len);
	if (c == (gunichar)-1 || c == (gunichar)-2 || c < 0x80)
		return 0xfffd;
	*size = (gsize)(g_utf8_next_char(text) - text);
	return c;
}

struct number
number_from_bits(guint64 bits)
{
	struct number number = {{0}};
	guint8 values[NUMBER_LEN];

	for (guint i = 0; i < NUMBER_LEN - 1; i++)
		values[i] = (bits >> (NUMBER_BITS - 5 * (i + 1))) & 0x1f;
	/* The last weight is 1: the check cancels the sum of the others. */
	values[NUMBER_LEN - 1] =
	    (guint8)field_double(weighted_sum(values, NUMBER_LEN - 1));
	for (guint i = 0; i < NUMBER_LEN; i++)
		number.s[i] = alphabet[values[i]];
	return number;
}

guint64
number_to_bits(const struct number *number)
{
	guint64 bits = 0;

	for (guint i = 0; i < NUMBER_LEN - 1; i++)
		bits = bits << 5 |
		       (guint64)value_of_char((guchar)number->s[i]);
	return bits;
}

/* Takes the value of the next character; FALSE if there is no room. */
static gboolean
values_add(guint8 *values, guint *n, int value)
{
	if (*n == NUMBER_LEN)
		return FALSE;
	values[(*n)++] = (guint8)value;
	return TRUE;
}

static gboolean
number_from_values(const guint8 *values, struct number *out)
{
	if (weighted_sum(values, NUMBER_LEN) != 0)
		return FALSE;
	for (guint i = 0; i < NUMBER_LEN; i++)
		out->s[i] = alphabet[values[i]];
	out->s[NUMBER_LEN] = '\0';
	return TRUE;
}

gboolean
number_parse(const char *text, gsize len, struct number *out)
{
	guint8 values[NUMBER_LEN];
	guint n = 0;
	gsize size;

	for (gsize i = 0; i < len; i += size) {
		gunichar c = char_at(text + i, len - i, &size);
		int value = value_of_char(c);

		if (value < 0 ? !char_is_filler(c)
			      : !values_add(values, &n, value))
			return FALSE;
	}
	return n == NUMBER_LEN && number_from_values(values, out);
}

/* Where the numbers of a subject are collected. */
struct finds {
	struct number *out; /* borrowed */
	guint n;
	guint max;
};

static void
finds_add(struct finds *finds, const struct number *number)
{
	for (guint i = 0; i < finds->n; i++)
		if (number_equal(&finds->out[i], number))
			return;
	if (finds->n < finds->max)
		finds->out[finds->n++] = *number;
}

static void
find_bracketed(const char *subject, gsize len, struct finds *finds)
{
	gsize open = len; /* of the innermost bracket; len for none */
	struct number number;

	for (gsize i = 0; i < len; i++) {
		if (subject[i] == '[') {
			open = i;
		} else if (subject[i] == ']' && open != len) {
			gsize inner = i - open - 1;

			if (inner <= BRACKET_MAX &&
			    number_parse(subject + open + 1, inner, &number))
				finds_add(finds, &number);
			open = len;
		}
	}
}

/* What is left to read of a subject. */
struct cursor {
	const char *at;
	gsize len;
};

/* 0 at the end. */
static gunichar
cursor_peek(const struct cursor *c, gsize *size)
{
	*size = 0;
	return c->len == 0 ? 0 : char_at(c->at, c->len, size);
}

static gboolean
take_one(struct cursor *c, gboolean (*fits)(gunichar))
{
	gsize size;

	if (!fits(cursor_peek(c, &size)))
		return FALSE;
	c->at += size;
	c->len -= size;
	return TRUE;
}

static gboolean
take_group(struct cursor *c, guint8 *values, guint *n)
{
	for (guint i = 0; i < GROUP_LEN; i++) {
		gsize size;
		int value = value_of_char(cursor_peek(c, &size));

		if (value < 0 || !values_add(values, n, value))
			return FALSE;
		c->at += size;
		c->len -= size;
	}
	return TRUE;
}

/* A space on one side of the dash only: "1234 - 5678" is what people write
 * between two things. */
static gboolean
take_dash(struct cursor *c)
{
	gboolean has_space = take_one(c, char_is_space);

	if (!take_one(c, char_is_dash))
		return FALSE;
	if (!has_space)
		(void)take_one(c, char_is_space);
	return TRUE;
}

static gboolean
char_is_word(gunichar c)
{
	return g_unichar_isalnum(c) || c == '_' || char_is_dash(c);
}

/* TRUE if text starts with a "K7F3-9Q2Y" that holds, and no word or dash
 * goes on behind it. */
static gboolean
parse_dashed(const char *text, gsize len, struct number *out)
{
	struct cursor c = {text, len};
	guint8 values[NUMBER_LEN];
	guint n = 0;

	return take_group(&c, values, &n) && take_dash(&c) &&
	       take_group(&c, values, &n) && !take_one(&c, char_is_word) &&
	       number_from_values(values, out);
}

static void
find_dashed(const char *subject, gsize len, struct finds *finds)
{
	gboolean is_boundary = TRUE;
	struct number number;
	gsize size;

	for (gsize i = 0; i < len; i += size) {
		gunichar c = char_at(subject + i, len - i, &size);

		if (is_boundary && parse_dashed(subject + i, len - i, &number))
			finds_add(finds, &number);
		is_boundary = !char_is_word(c);
	}
}

guint
number_find_all(const char *subject, struct number *out, guint max)
{
	struct finds finds = {.out = out, .max = max};
	gsize len = strlen(subject);

	find_bracketed(subject, len, &finds);
	find_dashed(subject, len, &finds);
	return finds.n;
}

const char *
number_show(const struct number *number, char out[NUMBER_TEXT_SIZE])
{
	out[0] = '\0';
	if (number_is_set(number))
		g_snprintf(out, NUMBER_TEXT_SIZE, "%.4s-%.4s", number->s,
		    number->s + GROUP_LEN);
	return out;
}

gboolean
number_is_set(const struct number *number)
{
	return number->s[0] != '\0';
}

gboolean
number_equal(const struct number *a, const struct number *b)
{
	return strncmp(a->s, b->s, sizeof a->s) == 0;
}
