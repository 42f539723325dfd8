#include "template/template.h"

#include <string.h>

#include "base/error.h"

#include "base/banned.h"

enum piece_kind {
	PIECE_TEXT,
	PIECE_VALUE,
	PIECE_OPEN,
	PIECE_CLOSE,
};

struct piece {
	enum piece_kind kind;
	char *text; /* own; the text itself, or the name */
};

struct header {
	char *name;	/* own */
	char *raw;	/* own; value as written */
	GArray *pieces; /* own */
};

struct template {
	GPtrArray *headers; /* own struct header */
	GArray *pieces;	    /* own */
};

/* What is being read. */
struct reader {
	const char *p;
	const char *end;
	guint line; /* of p, from 1 */
	const char *const *names;
};

static void
piece_clear(gpointer data)
{
	struct piece *piece = data;

	g_free(piece->text);
}

static GArray *
pieces_new(void)
{
	GArray *pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));

	g_array_set_clear_func(pieces, piece_clear);
	return pieces;
}

static void
pieces_add(GArray *pieces, enum piece_kind kind, const char *text, gsize len)
{
	struct piece piece = {.kind = kind, .text = g_strndup(text, len)};

	g_array_append_val(pieces, piece);
}

static void
header_free(gpointer data)
{
	struct header *header = data;

	g_free(header->name);
	g_free(header->raw);
	g_array_unref(header->pieces);
	g_free(header);
}

void
template_free(struct template *template)
{
	if (template == NULL)
		return;
	g_ptr_array_unref(template->headers);
	g_array_unref(template->pieces);
	g_free(template);
}

/* --- parsing -------------------------------------------------------- */

static gboolean
name_is_known(const struct reader *r, const char *name, gsize len)
{
	for (gsize i = 0; r->names[i] != NULL; i++)
		if (strlen(r->names[i]) == len &&
		    memcmp(r->names[i], name, len) == 0)
			return TRUE;
	return FALSE;
}

/* Takes the text in front of the next tag. */
static void
read_text(struct reader *r, GArray *pieces)
{
	const char *tag = g_strstr_len(r->p, r->end - r->p, "{{");
	const char *stop = tag != NULL ? tag : r->end;

	if (stop > r->p)
		pieces_add(pieces, PIECE_TEXT, r->p, (gsize)(stop - r->p));
	for (; r->p < stop; r->p++)
		r->line += *r->p == '\n';
}

/* A section's tag alone on its line leaves no empty line behind. */
static void
skip_line_end(struct reader *r, gboolean at_line_start)
{
	if (at_line_start && r->p < r->end && *r->p == '\n') {
		r->p++;
		r->line++;
	}
}

/* Takes the tag that p is at. *open is the name of the section we are in, or
 * NULL. */
static gboolean
read_tag(struct reader *r, gboolean at_line_start, GArray *pieces,
    const char **open, GError **err)
{
	const char *name = r->p + 2;
	const char *stop = g_strstr_len(name, r->end - name, "}}");
	enum piece_kind kind = PIECE_VALUE;
	gsize len;

	if (stop == NULL || memchr(name, '\n', (gsize)(stop - name)) != NULL)
		return error_fail_num(err, ERROR_PERM,
		    "template: {{ without }}, line", r->line);
	if (*name == '#' || *name == '/')
		kind = *name++ == '#' ? PIECE_OPEN : PIECE_CLOSE;
	len = (gsize)(stop - name);
	if (!name_is_known(r, name, len))
		return error_fail_num(err, ERROR_PERM,
		    "template: unknown name in {{ }}, line", r->line);
	if (kind == PIECE_OPEN && *open != NULL)
		return error_fail_num(err, ERROR_PERM,
		    "template: section inside of a section, line", r->line);
	if (kind == PIECE_CLOSE && (*open == NULL ||
	    strlen(*open) != len || memcmp(*open, name, len) != 0))
		return error_fail_num(err, ERROR_PERM,
		    "template: end of a section that is not open, line",
		    r->line);
	pieces_add(pieces, kind, name, len);
	r->p = stop + 2;
	if (kind == PIECE_VALUE)
		return TRUE;
	*open = kind == PIECE_OPEN
	    ? g_array_index(pieces, struct piece, pieces->len - 1).text
	    : NULL;
	skip_line_end(r, at_line_start);
	return TRUE;
}

/* Everything from p to end. */
static gboolean
read_pieces(struct reader *r, GArray *pieces, GError **err)
{
	const char *begin = r->p;
	const char *open = NULL;
	guint open_line = 0;

	for (;;) {
		gboolean was_open = open != NULL;
		gboolean at_line_start;

		read_text(r, pieces);
		if (r->p == r->end)
			break;
		at_line_start = r->p == begin || r->p[-1] == '\n';
		if (!was_open)
			open_line = r->line;
		if (!read_tag(r, at_line_start, pieces, &open, err))
			return FALSE;
	}
	if (open != NULL)
		return error_fail_num(err, ERROR_PERM,
		    "template: section without an end, line", open_line);
	return TRUE;
}

static const struct header *
find_header(const struct template *template, const char *name)
{
	for (guint i = 0; i < template->headers->len; i++) {
		const struct header *header = template->headers->pdata[i];

		if (g_ascii_strcasecmp(header->name, name) == 0)
			return header;
	}
	return NULL;
}

/* One line "Name: value", from p to end. */
static gboolean
read_header(struct reader *r, struct template *template, GError **err)
{
	struct header *header;
	const char *colon = r->p;

	while (colon < r->end && (g_ascii_isalnum(*colon) || *colon == '-'))
		colon++;
	if (colon == r->p || colon == r->end || *colon != ':')
		return error_fail_num(err, ERROR_PERM,
		    "template: \"Name: value\" or an empty line expected, line",
		    r->line);
	header = g_new0(struct header, 1);
	header->name = g_strndup(r->p, (gsize)(colon - r->p));
	header->raw = g_strstrip(g_strndup(colon + 1,
	    (gsize)(r->end - colon - 1)));
	header->pieces = pieces_new();
	if (find_header(template, header->name) != NULL) {
		header_free(header);
		return error_fail_num(err, ERROR_PERM,
		    "template: header given twice, line", r->line);
	}
	g_ptr_array_add(template->headers, header);
	r->p = header->raw;
	r->end = header->raw + strlen(header->raw);
	return read_pieces(r, header->pieces, err);
}

/* Takes the headers and the empty line behind them. */
static gboolean
read_headers(struct reader *r, struct template *template, GError **err)
{
	while (r->p < r->end) {
		const char *nl = memchr(r->p, '\n', (gsize)(r->end - r->p));
		struct reader line = *r;

		line.end = nl != NULL ? nl : r->end;
		r->p = nl != NULL ? nl + 1 : r->end;
		r->line++;
		if (line.p == line.end)
			return TRUE;
		if (!read_header(&line, template, err))
			return FALSE;
	}
	return error_fail_num(err, ERROR_PERM,
	    "template: no empty line behind the headers, line", r->line);
}

/* The text with LF line ends, or NULL. Caller frees. */
static GString *
clean_text(const char *text, gsize len, GError **err)
{
	GString *clean;

	if (!g_utf8_validate_len(text, len, NULL)) {
		error_fail(err, ERROR_PERM, "template: not UTF-8");
		return NULL;
	}
	clean = g_string_new_len(text, (gssize)len);
	(void)g_string_replace(clean, "\r\n", "\n", 0);
	return clean;
}

struct template *
template_parse(const char *text, gsize len, const char *const *names,
    GError **err)
{
	GString *clean = clean_text(text, len, err);
	struct template *template;
	struct reader r;
	gboolean ok;

	if (clean == NULL)
		return NULL;
	template = g_new(struct template, 1);
	template->headers = g_ptr_array_new_with_free_func(header_free);
	template->pieces = pieces_new();
	r = (struct reader){.p = clean->str, .end = clean->str + clean->len,
	    .line = 1, .names = names};
	ok = read_headers(&r, template, err) &&
	    read_pieces(&r, template->pieces, err);
	g_string_free(clean, TRUE);
	if (ok)
		return template;
	template_free(template);
	return NULL;
}

/* --- expanding ------------------------------------------------------ */

static const struct template_value *
find_value(const struct template_value *values, const char *name)
{
	for (; values->name != NULL; values++)
		if (strcmp(values->name, name) == 0)
			break;
	return values->name != NULL && values->value != NULL &&
	    values->value[0] != '\0' ? values : NULL;
}

static gboolean
breaks_line(gunichar c)
{
	return g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029;
}

static void
append_value(GString *out, const struct template_value *value,
    gboolean one_line)
{
	g_autofree char *valid = g_utf8_make_valid(value->value, -1);
	gboolean is_text = value->is_text && !one_line;

	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (is_text && p[0] == '\r' && p[1] == '\n')
			continue;
		if (breaks_line(c) && !(is_text && (c == '\n' || c == '\t')))
			c = ' ';
		g_string_append_unichar(out, c);
	}
}

/* Two empty lines of which a section that is not shown parted one from the
 * other are one. */
static void
append_text(GString *out, const char *text, gboolean is_behind_hidden)
{
	if (is_behind_hidden && text[0] == '\n' &&
	    g_str_has_suffix(out->str, "\n\n"))
		text++;
	g_string_append(out, text);
}

static char *
expand(const GArray *pieces, const struct template_value *values,
    gboolean one_line)
{
	GString *out = g_string_sized_new(2048);
	gboolean is_shown = TRUE, was_shown = TRUE;

	for (guint i = 0; i < pieces->len; i++) {
		const struct piece *piece = &g_array_index(pieces,
		    struct piece, i);
		const struct template_value *value =
		    piece->kind == PIECE_TEXT
		    ? NULL
		    : find_value(values, piece->text);

		if (piece->kind == PIECE_OPEN)
			is_shown = was_shown = value != NULL;
		else if (piece->kind == PIECE_CLOSE)
			is_shown = TRUE;
		else if (is_shown && piece->kind == PIECE_TEXT)
			append_text(out, piece->text, !was_shown);
		else if (is_shown && value != NULL)
			append_value(out, value, one_line);
	}
	return g_string_free(out, FALSE);
}

const char *
template_header(const struct template *template, const char *name)
{
	const struct header *header = find_header(template, name);

	return header != NULL ? header->raw : NULL;
}

gboolean
template_uses(const struct template *template, const char *name)
{
	for (guint i = 0; i < template->pieces->len; i++) {
		const struct piece *piece = &g_array_index(template->pieces,
		    struct piece, i);

		if (piece->kind != PIECE_TEXT &&
		    strcmp(piece->text, name) == 0)
			return TRUE;
	}
	return FALSE;
}

char *
template_expand(const struct template *template,
    const struct template_value *values)
{
	return expand(template->pieces, values, FALSE);
}

char *
template_expand_header(const struct template *template, const char *name,
    const struct template_value *values)
{
	const struct header *header = find_header(template, name);

	return header != NULL ? expand(header->pieces, values, TRUE) : NULL;
}
