#include "mail/html.h"

#include <string.h>

#include "mail/entity.h"
#include "mail/text.h"

#include "base/banned.h"

#define INDENT_MAX 10
#define BREAKS_MAX 3
#define STYLE_MAX 4096
#define URL_MAX 2048
#define TAG_NAME_MAX 32

enum element_kind {
	EL_OTHER = 1 << 0,
	EL_VOID = 1 << 1,
	EL_BLOCK = 1 << 2,	/* a line of its own */
	EL_PARA = 1 << 3,	/* and a blank line around */
	EL_RAW = 1 << 4,	/* no markup inside, nothing visible */
	EL_SKIP = 1 << 5,	/* nothing inside is visible */
	EL_QUOTE = 1 << 6,
	EL_LIST = 1 << 7,
	EL_ITEM = 1 << 8,
	EL_CELL = 1 << 9,
	EL_TABLE = 1 << 10,	/* a part of a table closes through cells */
	EL_PRE = 1 << 11,
	EL_LINK = 1 << 12,
	EL_BR = 1 << 13,
	EL_SAME = 1 << 14,	/* the next of its name closes it */
	EL_HIDDEN = 1 << 15,	/* on the stack: by attribute */
	EL_P = 1 << 16,		/* any block closes it */
};

struct element_row {
	const char *name;
	guint kind;
};

static const struct element_row elements[] = {
	{"a", EL_LINK}, {"address", EL_BLOCK}, {"area", EL_VOID},
	{"article", EL_BLOCK}, {"aside", EL_BLOCK}, {"base", EL_VOID},
	{"blockquote", EL_BLOCK | EL_PARA | EL_QUOTE}, {"body", EL_TABLE},
	{"br", EL_VOID | EL_BR}, {"caption", EL_BLOCK | EL_CELL | EL_TABLE},
	{"center", EL_BLOCK}, {"col", EL_VOID}, {"dd", EL_BLOCK | EL_SAME},
	{"details", EL_BLOCK}, {"div", EL_BLOCK},
	{"dl", EL_BLOCK | EL_PARA}, {"dt", EL_BLOCK | EL_SAME},
	{"embed", EL_VOID}, {"fieldset", EL_BLOCK},
	{"figcaption", EL_BLOCK}, {"figure", EL_BLOCK},
	{"footer", EL_BLOCK}, {"form", EL_BLOCK},
	{"h1", EL_BLOCK | EL_PARA}, {"h2", EL_BLOCK | EL_PARA},
	{"h3", EL_BLOCK | EL_PARA}, {"h4", EL_BLOCK | EL_PARA},
	{"h5", EL_BLOCK | EL_PARA}, {"h6", EL_BLOCK | EL_PARA},
	{"header", EL_BLOCK}, {"hr", EL_VOID | EL_BLOCK | EL_PARA},
	{"html", EL_TABLE}, {"iframe", EL_RAW}, {"img", EL_VOID},
	{"input", EL_VOID}, {"li", EL_BLOCK | EL_ITEM | EL_SAME},
	{"link", EL_VOID}, {"main", EL_BLOCK}, {"meta", EL_VOID},
	{"nav", EL_BLOCK}, {"noembed", EL_RAW}, {"noframes", EL_RAW},
	{"ol", EL_BLOCK | EL_PARA | EL_LIST},
	{"option", EL_BLOCK | EL_SAME}, {"p", EL_BLOCK | EL_PARA | EL_P},
	{"param", EL_VOID}, {"pre", EL_BLOCK | EL_PARA | EL_PRE},
	{"script", EL_RAW}, {"section", EL_BLOCK}, {"source", EL_VOID},
	{"style", EL_RAW}, {"svg", EL_SKIP},
	{"table", EL_BLOCK | EL_TABLE}, {"tbody", EL_BLOCK | EL_TABLE},
	{"td", EL_CELL | EL_SAME | EL_TABLE}, {"template", EL_SKIP},
	{"textarea", EL_BLOCK}, {"tfoot", EL_BLOCK | EL_TABLE},
	{"th", EL_CELL | EL_SAME | EL_TABLE},
	{"thead", EL_BLOCK | EL_TABLE}, {"title", EL_RAW},
	{"tr", EL_BLOCK | EL_SAME | EL_TABLE}, {"track", EL_VOID},
	{"ul", EL_BLOCK | EL_PARA | EL_LIST}, {"wbr", EL_VOID},
	{"xml", EL_SKIP},
};

struct element {
	char name[TAG_NAME_MAX];
	guint kind;
	char *url;	/* own; of a link */
	gsize text_at;	/* where a link's text begins */
};

struct render {
	GString *out;
	guint breaks;	     /* line ends to write before the next text */
	gboolean space;	     /* a space to write before the next text */
	gboolean is_bullet;  /* the next text begins a list item */
	guint quotes, lists, pres, hidden; /* open elements of each sort */
	struct element stack[HTML_DEPTH_MAX];
	guint depth;
	guint beyond;	     /* open elements that did not fit */
};

/* A start or end tag; slices of the input. */
struct tag {
	char name[TAG_NAME_MAX]; /* lower case, cut */
	gboolean is_end;
	gboolean is_hidden;	 /* has the attribute */
	const char *href, *href_end;
	const char *style, *style_end;
};

static guint
element_kind(const char *name)
{
	gsize low = 0;
	gsize high = G_N_ELEMENTS(elements);

	while (low < high) {
		gsize mid = (low + high) / 2;
		int cmp = strcmp(name, elements[mid].name);

		if (cmp == 0)
			return elements[mid].kind;
		if (cmp < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return EL_OTHER;
}

static void
want_break(struct render *render, guint lines)
{
	render->space = FALSE;
	if (render->out->len > 0)
		render->breaks = MAX(render->breaks, lines);
}

static void
begin_line(struct render *render)
{
	guint indent = MIN(render->lists, INDENT_MAX);

	for (guint i = 0; i < MIN(render->quotes, INDENT_MAX); i++)
		g_string_append(render->out, "> ");
	for (guint i = 1; i < indent; i++)
		g_string_append(render->out, "  ");
	if (render->is_bullet)
		g_string_append(render->out, "- ");
	else if (indent > 0)
		g_string_append(render->out, "  ");
	render->is_bullet = FALSE;
}

static void
put_char(struct render *render, gunichar c)
{
	if (render->breaks > 0 || render->out->len == 0) {
		for (; render->breaks > 0; render->breaks--)
			g_string_append_c(render->out, '\n');
		begin_line(render);
	} else if (render->space) {
		g_string_append_c(render->out, ' ');
	}
	render->space = FALSE;
	g_string_append_unichar(render->out, c);
}

static void
put_text(struct render *render, gunichar c)
{
	if (render->hidden > 0)
		return;
	if (c == '\n' && render->pres > 0) {
		render->breaks = MIN(render->breaks + 1, BREAKS_MAX);
		render->space = FALSE;
	} else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
	    c == '\f') {
		if (render->pres > 0 && c != '\r')
			put_char(render, ' ');
		else
			render->space = render->breaks == 0;
	} else {
		put_char(render, c == 0xa0 ? ' ' : c);
	}
}

/* "https://www.Example.com/" reads like "example.com". */
static void
url_core(const char **p, gsize *len)
{
	static const char *const prefixes[] = {"http://", "https://", "www."};

	for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		gsize n = strlen(prefixes[i]);

		if (*len >= n &&
		    g_ascii_strncasecmp(*p, prefixes[i], n) == 0) {
			*p += n;
			*len -= n;
		}
	}
	while (*len > 0 && (*p)[*len - 1] == '/')
		(*len)--;
}

static void
put_link(struct render *render, const struct element *link)
{
	const char *text = render->out->str + link->text_at;
	gsize text_len = render->out->len - link->text_at;
	const char *url = link->url;
	gsize url_len;

	if (url == NULL || render->hidden > 0)
		return;
	while (text_len > 0 && strchr(" \n>-", *text) != NULL) {
		text++;
		text_len--;
	}
	if (text_len == 0)
		return;
	url_len = strlen(url);
	url_core(&url, &url_len);
	url_core(&text, &text_len);
	if (text_len == url_len &&
	    g_ascii_strncasecmp(text, url, url_len) == 0)
		return;
	g_string_append_printf(render->out, " <%s>", link->url);
}

static void
pop(struct render *render)
{
	struct element *top = &render->stack[--render->depth];

	if (top->kind & EL_LINK)
		put_link(render, top);
	g_clear_pointer(&top->url, g_free);
	if (top->kind & EL_BLOCK)
		want_break(render, top->kind & EL_PARA ? 2 : 1);
	if (top->kind & EL_ITEM)
		render->is_bullet = FALSE;
	render->quotes -= (top->kind & EL_QUOTE) != 0;
	render->lists -= (top->kind & EL_LIST) != 0;
	render->pres -= (top->kind & EL_PRE) != 0;
	render->hidden -= (top->kind & (EL_HIDDEN | EL_SKIP)) != 0;
}

/* A stray end tag in a cell must not close what is around the table. */
static void
close_element(struct render *render, const char *name, guint kind)
{
	guint i = render->depth;

	if (render->beyond > 0) {
		render->beyond--;
		return;
	}
	while (i > 0 && strcmp(render->stack[i - 1].name, name) != 0) {
		i--;
		if (i > 0 && (render->stack[i].kind & EL_CELL) &&
		    !(kind & EL_TABLE))
			return;
	}
	if (i == 0)
		return;
	while (render->depth >= i)
		pop(render);
}

/* Start tags that close what stands open (WHATWG 13.1.2.4). */
static void
close_implied(struct render *render, const char *name, guint kind)
{
	const struct element *top;

	if (render->depth == 0 || render->beyond > 0)
		return;
	top = &render->stack[render->depth - 1];
	if ((kind & EL_BLOCK) && (top->kind & EL_P)) {
		pop(render);
		if (render->depth == 0)
			return;
		top = &render->stack[render->depth - 1];
	}
	if ((kind & EL_SAME) && strcmp(top->name, name) == 0)
		pop(render);
	else if ((kind & EL_LINK))
		for (guint i = render->depth; i > 0; i--)
			if (render->stack[i - 1].kind & EL_LINK) {
				close_element(render, name, kind);
				break;
			}
}

static char *
url_take(const char *p, const char *end)
{
	g_autoptr(GString) url = g_string_new(NULL);

	while (p < end && g_ascii_isspace(*p))
		p++;
	while (end > p && g_ascii_isspace(end[-1]))
		end--;
	if (p == end || end - p > URL_MAX)
		return NULL;
	entity_decode(url, p, end);
	if (g_ascii_strncasecmp(url->str, "http://", 7) != 0 &&
	    g_ascii_strncasecmp(url->str, "https://", 8) != 0)
		return NULL;
	for (gsize i = 0; i < url->len; i++)
		if ((guchar)url->str[i] <= ' ' || url->str[i] == 0x7f ||
		    strchr("<>\"", url->str[i]) != NULL)
			return NULL;
	return g_strndup(url->str, url->len);
}

static gboolean
is_zero(const char *value)
{
	while (*value == '0' || *value == '.')
		value++;
	return !g_ascii_isdigit(*value);
}

static gboolean
style_hides(const char *p, const char *end)
{
	static const char *const words[] = {"display:none",
	    "visibility:hidden", "mso-hide:all"};
	static const char *const zeros[] = {"font-size:0", "max-height:0"};
	g_autoptr(GString) raw = g_string_new(NULL);
	g_autoptr(GString) style = g_string_new(NULL);

	if (p == NULL)
		return FALSE;
	entity_decode(raw, p, MIN(end, p + STYLE_MAX));
	for (gsize i = 0; i < raw->len; i++)
		if (!g_ascii_isspace(raw->str[i]) && raw->str[i] != '\0')
			g_string_append_c(style,
			    g_ascii_tolower(raw->str[i]));
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		if (strstr(style->str, words[i]) != NULL)
			return TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(zeros); i++) {
		const char *at = strstr(style->str, zeros[i]);

		if (at != NULL && is_zero(at + strlen(zeros[i])))
			return TRUE;
	}
	return FALSE;
}

static void
push(struct render *render, const struct tag *tag, guint kind)
{
	struct element *top;

	if (render->depth == HTML_DEPTH_MAX) {
		render->beyond++;
		return;
	}
	if (tag->is_hidden || style_hides(tag->style, tag->style_end))
		kind |= EL_HIDDEN;
	top = &render->stack[render->depth++];
	memcpy(top->name, tag->name, sizeof(top->name));
	top->kind = kind;
	top->url = kind & EL_LINK && tag->href != NULL
	    ? url_take(tag->href, tag->href_end)
	    : NULL;
	top->text_at = render->out->len;
	render->quotes += (kind & EL_QUOTE) != 0;
	render->lists += (kind & EL_LIST) != 0;
	render->pres += (kind & EL_PRE) != 0;
	render->hidden += (kind & (EL_HIDDEN | EL_SKIP)) != 0;
}

static void
open_element(struct render *render, const struct tag *tag, guint kind)
{
	close_implied(render, tag->name, kind);
	if (render->hidden == 0) {
		if (kind & EL_BLOCK)
			want_break(render, kind & EL_PARA ? 2 : 1);
		if ((kind & EL_CELL) && render->breaks == 0)
			render->space = render->out->len > 0;
		if (kind & EL_ITEM)
			render->is_bullet = TRUE;
		if (kind & EL_BR) {
			render->space = FALSE;
			if (render->out->len > 0)
				render->breaks = MIN(render->breaks + 1,
				    BREAKS_MAX);
		}
	}
	if (!(kind & EL_VOID))
		push(render, tag, kind);
}

/* --- tokens ---------------------------------------------------------- */

static gboolean
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static const char *
find_char(const char *p, const char *end, char c)
{
	const char *at = p < end ? memchr(p, c, (gsize)(end - p)) : NULL;

	return at != NULL ? at : end;
}

static gboolean
name_is(const char *p, const char *end, const char *name)
{
	gsize len = strlen(name);

	return (gsize)(end - p) == len &&
	    g_ascii_strncasecmp(p, name, len) == 0;
}

/* One attribute: name, optional value (WHATWG 13.2.5.32 to 13.2.5.38). */
static const char *
read_attribute(struct tag *tag, const char *p, const char *end)
{
	const char *name = p;
	const char *name_end;
	const char *value;
	const char *value_end;

	if (p < end && *p == '=')
		p++;
	while (p < end && !is_space(*p) && *p != '/' && *p != '>' && *p != '=')
		p++;
	name_end = p;
	while (p < end && is_space(*p))
		p++;
	if (p == end || *p != '=') {
		tag->is_hidden |= name_is(name, name_end, "hidden");
		return p;
	}
	p++;
	while (p < end && is_space(*p))
		p++;
	value = p;
	if (p < end && (*p == '"' || *p == '\'')) {
		value++;
		value_end = find_char(value, end, *p);
		p = value_end + (value_end < end);
	} else {
		while (p < end && !is_space(*p) && *p != '>')
			p++;
		value_end = p;
	}
	tag->is_hidden |= name_is(name, name_end, "hidden");
	if (tag->href == NULL && name_is(name, name_end, "href")) {
		tag->href = value;
		tag->href_end = value_end;
	} else if (tag->style == NULL && name_is(name, name_end, "style")) {
		tag->style = value;
		tag->style_end = value_end;
	}
	return p;
}

/* p is behind "<" or "</". Returns what follows ">"; a tag that does not end
 * swallows the rest, as in a browser. */
static const char *
read_tag(struct tag *tag, const char *p, const char *end)
{
	gsize n = 0;

	while (p < end && !is_space(*p) && *p != '/' && *p != '>') {
		if (n + 1 < sizeof(tag->name))
			tag->name[n++] = g_ascii_tolower(*p);
		p++;
	}
	while (p < end && *p != '>') {
		if (is_space(*p) || *p == '/')
			p++;
		else
			p = read_attribute(tag, p, end);
	}
	return p + (p < end);
}

static const char *
skip_comment(const char *p, const char *end)
{
	if (p < end && *p == '>')
		return p + 1;
	if (end - p >= 2 && p[0] == '-' && p[1] == '>')
		return p + 2;
	for (; end - p >= 3; p++) {
		p = find_char(p, end, '-');
		if (end - p >= 3 && p[1] == '-' && p[2] == '>')
			return p + 3;
		if (end - p >= 4 && memcmp(p, "--!>", 4) == 0)
			return p + 4;
	}
	return end;
}

/* Behind the end tag of a raw text element, or the end. */
static const char *
skip_raw(const char *p, const char *end, const char *name)
{
	gsize n = strlen(name);

	for (; p < end; p++) {
		p = find_char(p, end, '<');
		if ((gsize)(end - p) > n + 2 && p[1] == '/' &&
		    g_ascii_strncasecmp(p + 2, name, n) == 0 &&
		    !g_ascii_isalnum(p[2 + n])) {
			p = find_char(p, end, '>');
			return p + (p < end);
		}
	}
	return end;
}

static const char *
read_markup(struct render *render, const char *p, const char *end)
{
	struct tag tag = {0};
	guint kind;

	if (end - p >= 4 && memcmp(p, "<!--", 4) == 0)
		return skip_comment(p + 4, end);
	if (p[1] == '!' || p[1] == '?') {
		p = find_char(p, end, '>');
		return p + (p < end);
	}
	tag.is_end = p[1] == '/';
	if (tag.is_end && (end - p < 3 || !g_ascii_isalpha(p[2]))) {
		p = find_char(p, end, '>');
		return p + (p < end);
	}
	p = read_tag(&tag, p + 1 + tag.is_end, end);
	kind = element_kind(tag.name);
	if (tag.is_end) {
		if (kind & EL_BR)
			open_element(render, &tag, kind);
		else if (!(kind & EL_VOID))
			close_element(render, tag.name, kind);
		return p;
	}
	if (kind & EL_RAW)
		return skip_raw(p, end, tag.name);
	open_element(render, &tag, kind);
	return p;
}

static const char *
read_text(struct render *render, const char *p, const char *end)
{
	gsize len = 1;
	gunichar c = *p == '&' ? entity_read(p, end, &len) : 0;

	if (c == 0) {
		c = g_utf8_get_char(p);
		len = (gsize)(g_utf8_next_char(p) - p);
	}
	put_text(render, c);
	return p + len;
}

static gboolean
is_markup(const char *p, const char *end)
{
	return *p == '<' && p + 1 < end &&
	    (g_ascii_isalpha(p[1]) || p[1] == '!' || p[1] == '?' ||
		p[1] == '/');
}

char *
html_to_text(const char *html, gsize len)
{
	g_autofree char *valid = g_utf8_make_valid(html, (gssize)len);
	g_autofree struct render *render = g_new0(struct render, 1);
	const char *p = valid;
	const char *end = valid + strlen(valid);
	char *text;

	render->out = g_string_new(NULL);
	while (p < end && render->out->len <= HTML_TEXT_MAX)
		p = is_markup(p, end) ? read_markup(render, p, end)
				      : read_text(render, p, end);
	while (render->depth > 0)
		pop(render);
	text = text_clean(render->out->str, HTML_TEXT_MAX);
	g_string_free(render->out, TRUE);
	return text;
}
