#include "mail/markup.h"

#include <string.h>

#include <libxml/HTMLparser.h>

#include "base/banned.h"

#define SPACE " \t\n\r\f"
#define ENTITY_NAME_MAX 12
#define REPLACEMENT 0xfffd

struct entity {
	const char *name;
	gunichar c;
};

/* Names of HTML 5 that HTML 4 did not have and that stand for ASCII or a
 * dash: they could hide an address or a number from redaction. */
static const struct entity extra[] = {
	{"AMP", '&'}, {"GT", '>'}, {"Hat", '^'}, {"LT", '<'},
	{"NewLine", '\n'}, {"QUOT", '"'}, {"Tab", '\t'}, {"UnderBar", '_'},
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

static gboolean
is_space(char c)
{
	return c != '\0' && strchr(SPACE, c) != NULL;
}

static gboolean
is_markup(const char *p)
{
	return *p == '<' &&
	    (g_ascii_isalpha(p[1]) || (p[1] != '\0' && strchr("!?/", p[1])));
}

/* Behind the next c, or the end. */
static const char *
skip_past(const char *p, char c)
{
	const char *at = strchr(p, c);

	return at != NULL ? at + 1 : p + strlen(p);
}

/* The C1 range means windows-1252 (WHATWG 13.2.5.80). */
static gunichar
number_fix(guint64 n)
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
	return (gunichar)n;
}

static gunichar
name_lookup(const char *name)
{
	const htmlEntityDesc *desc;

	for (gsize i = 0; i < G_N_ELEMENTS(extra); i++)
		if (strcmp(extra[i].name, name) == 0)
			return extra[i].c;
	desc = htmlEntityLookup((const xmlChar *)name);
	return desc != NULL ? desc->value : 0;
}

/* "#" and digits. */
static gunichar
read_number(const char *p, const char **end)
{
	gboolean is_hex = p[1] == 'x' || p[1] == 'X';
	const char *first = p + 1 + is_hex;
	char *after;
	guint64 n;

	if (!(is_hex ? g_ascii_isxdigit(*first) : g_ascii_isdigit(*first)))
		return 0;
	n = g_ascii_strtoull(first, &after, is_hex ? 16 : 10);
	*end = after;
	return number_fix(n);
}

static gunichar
read_entity_name(const char *p, const char **end)
{
	char name[ENTITY_NAME_MAX + 1];
	gsize n = 0;

	while (n < ENTITY_NAME_MAX && g_ascii_isalnum(p[n])) {
		name[n] = p[n];
		n++;
	}
	name[n] = '\0';
	*end = p + n;
	return n > 0 ? name_lookup(name) : 0;
}

/* p is "&". One that begins no reference stands for itself, and in a URL
 * a name without ";" is a parameter (WHATWG 13.2.5.73). */
static const char *
read_reference(const char *p, GString *out, gboolean is_value)
{
	gboolean is_number = p[1] == '#';
	const char *end = p;
	gunichar c = is_number ? read_number(p + 1, &end)
			       : read_entity_name(p + 1, &end);

	if (c == 0 || (is_value && !is_number && *end != ';')) {
		c = '&';
		end = p + 1;
	} else if (*end == ';') {
		end++;
	}
	g_string_append_printf(out, "&#%u;", c);
	return end;
}

const char *
markup_read_text(const char *p, GString *out)
{
	while (*p != '\0' && !is_markup(p)) {
		if (*p == '&') {
			p = read_reference(p, out, FALSE);
			continue;
		}
		if (*p == '<')
			g_string_append(out, "&lt;");
		else if (is_space(*p) && *p != '\r' && *p != '\n')
			g_string_append_c(out, ' ');
		else if (!g_ascii_iscntrl(*p) || is_space(*p))
			g_string_append_c(out, *p);
		p++;
	}
	return p;
}

static gboolean
is_kept(const char *name, gsize len)
{
	static const char *const kept[] = {"cite", "class", "hidden", "href",
	    "style", "type"};

	for (gsize i = 0; i < G_N_ELEMENTS(kept); i++)
		if (strlen(kept[i]) == len &&
		    g_ascii_strncasecmp(name, kept[i], len) == 0)
			return TRUE;
	return FALSE;
}

/* WHATWG 13.2.5.32 to 13.2.5.38. */
static const char *
read_attribute(const char *p, GString *out)
{
	const char *name = p;
	gsize name_len = 1 + strcspn(p + 1, SPACE "/>=");
	const char *value;

	p = name + name_len;
	p += strspn(p, SPACE);
	value = p;
	if (*p == '=') {
		value = p + 1 + strspn(p + 1, SPACE);
		if (*value == '"' || *value == '\'')
			p = skip_past(value + 1, *value);
		else
			p = value + strcspn(value, SPACE ">");
	}
	if (!is_kept(name, name_len) || p - value > MARKUP_VALUE_MAX)
		return p;
	g_string_append_c(out, ' ');
	g_string_append_len(out, name, (gssize)name_len);
	if (p > value)
		g_string_append_c(out, '=');
	while (value < p) {
		if (*value == '&')
			value = read_reference(value, out, TRUE);
		else
			g_string_append_c(out, *value++);
	}
	return p;
}

static const char *
read_name(const char *p, struct markup_tag *tag)
{
	gsize len = strcspn(p, SPACE "/>");

	for (gsize i = 0; i < MIN(len, sizeof(tag->name) - 1); i++)
		tag->name[i] = g_ascii_isalnum(p[i]) ? g_ascii_tolower(p[i])
						     : '-';
	return p + len;
}

const char *
markup_read_tag(const char *p, GString *out, struct markup_tag *tag)
{
	gsize start = out->len;
	gsize bare;

	*tag = (struct markup_tag){.is_end = p[1] == '/'};
	if (g_str_has_prefix(p, "<!--")) {
		/* "<!-->" is a whole comment (WHATWG 13.2.5.43). */
		for (p += 2; (p = strchr(p, '-')) != NULL; p++)
			if (g_str_has_prefix(p, "-->") ||
			    g_str_has_prefix(p, "--!>"))
				return skip_past(p, '>');
		return "";
	}
	if (!g_ascii_isalpha(p[1 + tag->is_end]))
		return skip_past(p, '>');
	p = read_name(p + 1 + tag->is_end, tag);
	/* "</br>" is a "<br>" to browsers (WHATWG 13.2.6.4.7). */
	tag->is_end = tag->is_end && strcmp(tag->name, "br") != 0;
	g_string_append_printf(out, "<%s%s", tag->is_end ? "/" : "",
	    tag->name);
	bare = out->len;
	while (*p != '\0' && *p != '>') {
		if (is_space(*p) || *p == '/')
			p++;
		else
			p = read_attribute(p, out);
	}
	if (tag->is_end)
		g_string_truncate(out, bare);
	if (*p == '\0') {
		/* As in a browser, such a tag swallows the rest. */
		g_string_truncate(out, start);
		tag->name[0] = '\0';
		return p;
	}
	g_string_append_c(out, '>');
	return p + 1;
}

const char *
markup_skip_raw(const char *p, const char *name)
{
	gsize n = strlen(name);

	for (; (p = strchr(p, '<')) != NULL; p++)
		if (p[1] == '/' && g_ascii_strncasecmp(p + 2, name, n) == 0 &&
		    !g_ascii_isalnum(p[2 + n]))
			return skip_past(p, '>');
	return "";
}
