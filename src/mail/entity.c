#include "mail/entity.h"

#include <string.h>

#include <libxml/HTMLparser.h>

#include "base/banned.h"

#define ENTITY_NAME_MAX 12
#define REPLACEMENT 0xfffd

struct entity {
	const char *name;
	gunichar c;
};

/* Names of HTML 5 that HTML 4 did not have and that stand for ASCII or a
 * dash: they could hide an address or a number from redaction. */
static const struct entity extra[] = {
	{"Hat", '^'}, {"NewLine", '\n'}, {"Tab", '\t'}, {"UnderBar", '_'},
	{"apos", '\''}, {"ast", '*'}, {"bsol", '\\'}, {"colon", ':'},
	{"comma", ','}, {"commat", '@'}, {"dash", 0x2010}, {"dollar", '$'},
	{"equals", '='}, {"excl", '!'}, {"grave", '`'}, {"hyphen", 0x2010},
	{"lbrace", '{'}, {"lbrack", '['}, {"lcub", '{'}, {"lowbar", '_'},
	{"lpar", '('}, {"lsqb", '['}, {"midast", '*'}, {"num", '#'},
	{"percnt", '%'}, {"period", '.'}, {"plus", '+'}, {"quest", '?'},
	{"rbrace", '}'}, {"rbrack", ']'}, {"rcub", '}'}, {"rpar", ')'},
	{"rsqb", ']'}, {"semi", ';'}, {"sol", '/'}, {"verbar", '|'},
	{"vert", '|'},
};

static gunichar
name_lookup(const char *name)
{
	const htmlEntityDesc *desc;

	for (gsize i = 0; i < G_N_ELEMENTS(extra); i++)
		if (strcmp(extra[i].name, name) == 0)
			return extra[i].c;
	desc = htmlEntityLookup((const xmlChar *)name);
	if (desc == NULL) {
		g_autofree char *lower = g_ascii_strdown(name, -1);

		/* "&AMP;" and kin. */
		if (strcmp(lower, "amp") == 0 || strcmp(lower, "lt") == 0 ||
		    strcmp(lower, "gt") == 0 || strcmp(lower, "quot") == 0)
			desc = htmlEntityLookup((const xmlChar *)lower);
	}
	return desc != NULL ? desc->value : 0;
}

static gunichar
named_read(const char *p, const char *end, gsize *len)
{
	char name[ENTITY_NAME_MAX + 1];
	gsize n = 0;
	gunichar c;

	while (n < ENTITY_NAME_MAX && p + 1 + n < end &&
	    g_ascii_isalnum(p[1 + n])) {
		name[n] = p[1 + n];
		n++;
	}
	name[n] = '\0';
	c = n > 0 ? name_lookup(name) : 0;
	*len = 1 + n + (p + 1 + n < end && p[1 + n] == ';');
	return c;
}

/* The C1 range means windows-1252 (WHATWG 13.2.5.80). */
static gunichar
number_fix(guint32 n)
{
	static const guint16 c1[32] = {0x20ac, 0x81, 0x201a, 0x0192, 0x201e,
	    0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152,
	    0x8d, 0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,
	    0x017e, 0x0178};

	if (n >= 0x80 && n < 0xa0)
		return c1[n - 0x80];
	if (n == 0 || n > 0x10ffff || (n >= 0xd800 && n < 0xe000))
		return REPLACEMENT;
	return n;
}

static gunichar
number_read(const char *p, const char *end, gsize *len)
{
	const char *q = p + 2;
	gboolean is_hex = q < end && (*q == 'x' || *q == 'X');
	guint32 n = 0;
	const char *first;

	q += is_hex;
	first = q;
	for (; q < end && (is_hex ? g_ascii_isxdigit(*q)
				  : g_ascii_isdigit(*q)); q++)
		if (n <= 0x10ffff)
			n = n * (is_hex ? 16 : 10) +
			    (guint32)g_ascii_xdigit_value(*q);
	if (q == first)
		return 0;
	*len = (gsize)(q - p) + (q < end && *q == ';');
	return number_fix(n);
}

gunichar
entity_read(const char *p, const char *end, gsize *len)
{
	if (p + 1 < end && p[1] == '#')
		return number_read(p, end, len);
	return named_read(p, end, len);
}

void
entity_decode(GString *out, const char *p, const char *end)
{
	while (p < end) {
		gsize len = 1;
		gunichar c = *p == '&' ? entity_read(p, end, &len) : 0;

		if (c != 0) {
			g_string_append_unichar(out, c);
			p += len;
		} else {
			g_string_append_c(out, *p++);
		}
	}
}
