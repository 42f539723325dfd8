#include "mail/html.h"

#include <stdlib.h>
#include <string.h>

#include "mail/markup.h"
#include "mail/text.h"

#include <libxml/HTMLparser.h>

#include "base/banned.h"

#define INDENT_MAX 10
#define BREAKS_MAX 3
#define URL_MAX 2048
#define CHARSET_SEARCH 1024

enum element_kind {
	EL_DROP = 1 << 0,	/* no content and no effect on the text */
	EL_EMPTY = 1 << 1,
	EL_BLOCK = 1 << 2,	/* a line of its own */
	EL_PARA = 1 << 3,	/* and a blank line around */
	EL_RAW = 1 << 4,	/* no markup inside, nothing visible */
	EL_HIDDEN = 1 << 5,	/* nothing inside is visible */
	EL_QUOTE = 1 << 6,
	EL_LIST = 1 << 7,
	EL_ITEM = 1 << 8,
	EL_CELL = 1 << 9,
	EL_PRE = 1 << 10,
	EL_LINK = 1 << 11,
	EL_BR = 1 << 12,
};

struct element_row {
	const char *name;
	guint kind;
};

static const struct element_row elements[] = {
	{"a", EL_LINK}, {"address", EL_BLOCK}, {"area", EL_DROP},
	{"article", EL_BLOCK}, {"aside", EL_BLOCK}, {"base", EL_DROP},
	{"blockquote", EL_BLOCK | EL_PARA | EL_QUOTE}, {"body", EL_DROP},
	{"br", EL_EMPTY | EL_BR}, {"caption", EL_BLOCK | EL_CELL},
	{"center", EL_BLOCK}, {"col", EL_DROP}, {"dd", EL_BLOCK},
	{"details", EL_BLOCK}, {"div", EL_BLOCK}, {"dl", EL_BLOCK | EL_PARA},
	{"dt", EL_BLOCK}, {"embed", EL_DROP}, {"fieldset", EL_BLOCK},
	{"figcaption", EL_BLOCK}, {"figure", EL_BLOCK}, {"footer", EL_BLOCK},
	{"form", EL_BLOCK}, {"h1", EL_BLOCK | EL_PARA},
	{"h2", EL_BLOCK | EL_PARA}, {"h3", EL_BLOCK | EL_PARA},
	{"h4", EL_BLOCK | EL_PARA}, {"h5", EL_BLOCK | EL_PARA},
	{"h6", EL_BLOCK | EL_PARA}, {"head", EL_DROP}, {"header", EL_BLOCK},
	{"hr", EL_EMPTY | EL_BLOCK | EL_PARA}, {"html", EL_DROP},
	{"iframe", EL_RAW}, {"img", EL_DROP}, {"input", EL_DROP},
	{"li", EL_BLOCK | EL_ITEM}, {"link", EL_DROP}, {"main", EL_BLOCK},
	{"meta", EL_DROP}, {"nav", EL_BLOCK}, {"noembed", EL_RAW},
	{"noframes", EL_RAW}, {"ol", EL_BLOCK | EL_PARA | EL_LIST},
	{"option", EL_BLOCK}, {"p", EL_BLOCK | EL_PARA}, {"param", EL_DROP},
	{"pre", EL_BLOCK | EL_PARA | EL_PRE}, {"script", EL_RAW},
	{"section", EL_BLOCK}, {"source", EL_DROP}, {"style", EL_RAW},
	{"svg", EL_HIDDEN}, {"table", EL_BLOCK}, {"tbody", EL_BLOCK},
	{"td", EL_CELL}, {"template", EL_HIDDEN}, {"textarea", EL_BLOCK},
	{"tfoot", EL_BLOCK}, {"th", EL_CELL}, {"thead", EL_BLOCK},
	{"title", EL_RAW}, {"tr", EL_BLOCK}, {"track", EL_DROP},
	{"ul", EL_BLOCK | EL_PARA | EL_LIST}, {"wbr", EL_DROP},
	{"xml", EL_HIDDEN},
};

struct element {
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
	GArray *stack;	     /* own struct element: what is open */
	guint beyond;	     /* open elements that did not fit */
};

static int
compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct element_row *)row)->name);
}

static guint
element_kind(const char *name)
{
	const struct element_row *row = bsearch(name, elements,
	    G_N_ELEMENTS(elements), sizeof(*row), compare_name);

	return row != NULL ? row->kind : 0;
}

/* "-- <br>" is a signature's delimiter as in a plain text (RFC 3676 4.3),
 * whose blank means something. */
static void
keep_delimiter(struct render *render)
{
	const GString *out = render->out;
	gsize at = out->len;

	if (!render->space || at < 2 || render->breaks > 0 ||
	    memcmp(out->str + at - 2, "--", 2) != 0)
		return;
	for (at -= 2; at > 0 && strchr("> ", out->str[at - 1]) != NULL; at--)
		;
	if (at == 0 || out->str[at - 1] == '\n')
		g_string_append_c(render->out, ' ');
}

static void
want_break(struct render *render, guint lines)
{
	keep_delimiter(render);
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
	if (render->hidden > 0 || render->out->len > HTML_TEXT_MAX)
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
	GArray *stack = render->stack;
	struct element top;

	if (stack->len == 0)
		return;
	top = g_array_index(stack, struct element, stack->len - 1);
	g_array_set_size(stack, stack->len - 1);
	if (top.kind & EL_LINK)
		put_link(render, &top);
	g_free(top.url);
	if (top.kind & EL_ITEM)
		render->is_bullet = FALSE;
	render->quotes -= (top.kind & EL_QUOTE) != 0;
	render->lists -= (top.kind & EL_LIST) != 0;
	render->pres -= (top.kind & EL_PRE) != 0;
	render->hidden -= (top.kind & EL_HIDDEN) != 0;
	if ((top.kind & EL_BLOCK) && render->hidden == 0)
		want_break(render, top.kind & EL_PARA ? 2 : 1);
}

static char *
url_take(const char *value)
{
	g_autofree char *url = g_strstrip(g_strdup(value));

	if (strlen(url) > URL_MAX ||
	    (g_ascii_strncasecmp(url, "http://", 7) != 0 &&
		g_ascii_strncasecmp(url, "https://", 8) != 0))
		return NULL;
	for (const char *p = url; *p != '\0'; p++)
		if ((guchar)*p <= ' ' || *p == 0x7f ||
		    strchr("<>\"", *p) != NULL)
			return NULL;
	return g_steal_pointer(&url);
}

static gboolean
is_zero(const char *value)
{
	while (*value == '0' || *value == '.')
		value++;
	return !g_ascii_isdigit(*value);
}

static gboolean
style_hides(const char *value)
{
	static const char *const words[] = {"display:none",
	    "visibility:hidden", "mso-hide:all"};
	static const char *const zeros[] = {"font-size:0", "max-height:0"};
	g_autoptr(GString) style = g_string_new(NULL);

	for (; *value != '\0'; value++)
		if (!g_ascii_isspace(*value))
			g_string_append_c(style, g_ascii_tolower(*value));
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
push(struct render *render, guint kind, const char *const *atts)
{
	struct element top = {.text_at = render->out->len};

	for (; atts != NULL && atts[0] != NULL; atts += 2) {
		const char *value = atts[1] != NULL ? atts[1] : "";

		if (strcmp(atts[0], "hidden") == 0 ||
		    (strcmp(atts[0], "style") == 0 && style_hides(value)))
			kind |= EL_HIDDEN;
		else if (strcmp(atts[0], "href") == 0 && (kind & EL_LINK))
			top.url = url_take(value);
	}
	top.kind = kind;
	g_array_append_val(render->stack, top);
	render->quotes += (kind & EL_QUOTE) != 0;
	render->lists += (kind & EL_LIST) != 0;
	render->pres += (kind & EL_PRE) != 0;
	render->hidden += (kind & EL_HIDDEN) != 0;
}

/* --- what libxml2 calls ---------------------------------------------- */

static void
on_start(void *data, const xmlChar *name, const xmlChar **atts)
{
	struct render *render = data;
	guint kind = element_kind((const char *)name);

	if (render->hidden == 0) {
		if (kind & EL_BLOCK)
			want_break(render, kind & EL_PARA ? 2 : 1);
		if ((kind & EL_CELL) && render->breaks == 0)
			render->space = render->out->len > 0;
		if (kind & EL_ITEM)
			render->is_bullet = TRUE;
		if (kind & EL_BR) {
			keep_delimiter(render);
			render->space = FALSE;
			if (render->out->len > 0)
				render->breaks = MIN(render->breaks + 1,
				    BREAKS_MAX);
		}
	}
	push(render, kind, (const char *const *)atts);
}

/* One for each start, even where the input has none. */
static void
on_end(void *data, const xmlChar *name)
{
	(void)name;
	pop(data);
}

static void
on_text(void *data, const xmlChar *text, int len)
{
	const char *p = (const char *)text;
	const char *end = p + len;

	for (; p < end; p = g_utf8_next_char(p))
		put_text(data, g_utf8_get_char(p));
}

static htmlParserCtxtPtr
parser_new(struct render *render)
{
	htmlSAXHandler sax = {.startElement = on_start, .endElement = on_end,
	    .characters = on_text, .ignorableWhitespace = on_text};
	htmlParserCtxtPtr parser = htmlCreatePushParserCtxt(&sax, render,
	    NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);

	g_assert(parser != NULL);
	(void)htmlCtxtUseOptions(parser, HTML_PARSE_IGNORE_ENC |
	    HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
	return parser;
}

/* --- what libxml2 is given ------------------------------------------- */

/* libxml2 looks through all open elements at each end tag and closes them
 * at the end: too many must not open. */
static gboolean
is_beyond(struct render *render, gboolean is_end)
{
	if (is_end)
		return render->beyond > 0 && render->beyond-- > 0;
	render->beyond += render->stack->len >= HTML_DEPTH_MAX;
	return render->beyond > 0;
}

static const char *
read_tag(struct render *render, const char *p, GString *plain)
{
	gsize start = plain->len;
	struct markup_tag tag;
	guint kind;

	p = markup_read_tag(p, plain, &tag);
	if (tag.name[0] == '\0')
		return p;
	kind = element_kind(tag.name);
	if ((kind & EL_RAW) && !tag.is_end)
		p = markup_skip_raw(p, tag.name);
	if ((kind & (EL_RAW | EL_DROP)) ||
	    (!(kind & EL_EMPTY) && is_beyond(render, tag.is_end)))
		g_string_truncate(plain, start);
	return p;
}

/* Each tag is parsed before the next is read, so that the depth is known. */
static void
parse(struct render *render, const char *p)
{
	static const char top[] = "<html><body>";
	htmlParserCtxtPtr parser = parser_new(render);
	g_autoptr(GString) plain = g_string_new(top);

	while (*p != '\0' && render->out->len <= HTML_TEXT_MAX) {
		p = markup_read_text(p, plain);
		if (*p != '\0')
			p = read_tag(render, p, plain);
		(void)htmlParseChunk(parser, plain->str, (int)plain->len, 0);
		g_string_truncate(plain, 0);
	}
	(void)htmlParseChunk(parser, "", 0, 1);
	htmlFreeParserCtxt(parser);
}

void
html_init(void)
{
	xmlInitParser();
}

char *
html_to_text(const char *html, gsize len)
{
	g_autofree char *valid = g_utf8_make_valid(html, (gssize)len);
	struct render render = {.out = g_string_new(NULL),
	    .stack = g_array_new(FALSE, FALSE, sizeof(struct element))};
	char *text;

	parse(&render, valid);
	while (render.stack->len > 0)
		pop(&render);
	text = text_clean(render.out->str, HTML_TEXT_MAX);
	g_array_free(render.stack, TRUE);
	g_string_free(render.out, TRUE);
	return text;
}

char *
html_charset(const char *bytes, gsize len)
{
	static const char key[] = "charset=";
	gsize max = MIN(len, CHARSET_SEARCH);

	for (gsize i = 0; i + sizeof(key) < max; i++) {
		const char *p = bytes + i + sizeof(key) - 1;
		gsize n = 0;

		if (g_ascii_strncasecmp(bytes + i, key, sizeof(key) - 1) != 0)
			continue;
		while (p < bytes + max && (*p == '"' || *p == '\''))
			p++;
		while (p + n < bytes + max &&
		    (g_ascii_isalnum(p[n]) || p[n] == '-' || p[n] == '_'))
			n++;
		return g_strndup(p, n);
	}
	return NULL;
}

gboolean
html_begins(const char *text)
{
	text += strspn(text, " \t\r\n");
	return g_ascii_strncasecmp(text, "<html", 5) == 0 ||
	    g_ascii_strncasecmp(text, "<!doctype html", 14) == 0;
}
