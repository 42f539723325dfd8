#include "ticket/number.h"

#include <string.h>

#include "base/banned.h"

#define NUMBER_BITS 35
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
	       c == 0x2212; /* minus sign */
}

static gboolean
char_is_filler(gunichar c)
{
	return c == '\t' || g_unichar_type(c) == G_UNICODE_SPACE_SEPARATOR ||
	       char_is_dash(c);
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

static gboolean
find_bracketed(const char *subject, gsize len, struct number *out)
{
	gsize open = len; /* of the innermost bracket; len for none */

	for (gsize i = 0; i < len; i++) {
		if (subject[i] == '[') {
			open = i;
		} else if (subject[i] == ']' && open != len) {
			gsize inner = i - open - 1;

			if (inner <= BRACKET_MAX &&
			    number_parse(subject + open + 1, inner, out))
				return TRUE;
			open = len;
		}
	}
	return FALSE;
}

/* TRUE if text starts with a "K7F3-9Q2Y" that holds, and no word or dash
 * goes on behind it. */
static gboolean
parse_dashed(const char *text, gsize len, struct number *out)
{
	guint8 values[NUMBER_LEN];
	guint n = 0;
	gsize i = 0;
	gsize size;

	for (guint k = 0; k < NUMBER_LEN + 1; k++, i += size) {
		gunichar c;
		int value;

		if (i >= len)
			return FALSE;
		c = char_at(text + i, len - i, &size);
		value = value_of_char(c);
		if (k == GROUP_LEN
			? !char_is_dash(c)
			: value < 0 || !values_add(values, &n, value))
			return FALSE;
	}
	if (i < len) {
		gunichar c = char_at(text + i, len - i, &size);

		if (g_unichar_isalnum(c) || c == '_' || char_is_dash(c))
			return FALSE;
	}
	return number_from_values(values, out);
}

static gboolean
find_dashed(const char *subject, gsize len, struct number *out)
{
	gboolean is_boundary = TRUE;
	gsize size;

	for (gsize i = 0; i < len; i += size) {
		gunichar c = char_at(subject + i, len - i, &size);

		if (is_boundary && parse_dashed(subject + i, len - i, out))
			return TRUE;
		is_boundary =
		    !g_unichar_isalnum(c) && c != '_' && !char_is_dash(c);
	}
	return FALSE;
}

gboolean
number_find(const char *subject, struct number *out)
{
	gsize len = strlen(subject);

	return find_bracketed(subject, len, out) ||
	       find_dashed(subject, len, out);
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
