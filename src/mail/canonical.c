#include "mail/canonical.h"

#include <string.h>

#include "base/banned.h"

#define CHUNK 4096

/* Fields that are part of the digest, in its order. The first one must be
 * there. */
static const char *const fields[] = {
    "message-id",
    "subject",
    "content-type",
    "content-transfer-encoding",
};

/* Octets on their way into the sum, and what stands before the next one. */
struct canonical {
	GChecksum *sum; /* own */
	gsize len;
	guint8 chunk[CHUNK];
	gboolean has_text; /* of this field's value, or of the body */
	gboolean has_blank;
	gsize line_ends;
};

struct line {
	const char *text;
	gsize len;  /* without its end */
	gsize next; /* octets up to the line behind it */
};

static void
put(struct canonical *c, char octet)
{
	if (c->len == CHUNK) {
		g_checksum_update(c->sum, c->chunk, CHUNK);
		c->len = 0;
	}
	c->chunk[c->len++] = (guint8)octet;
}

static void
put_text(struct canonical *c, const char *text)
{
	for (; *text != '\0'; text++)
		put(c, *text);
}

static struct line
line_at(const char *raw, gsize len)
{
	const char *end = memchr(raw, '\n', len);
	struct line line = {.text = raw, .len = len, .next = len};

	if (end == NULL)
		return line;
	line.len = (gsize)(end - raw);
	line.next = line.len + 1;
	if (line.len > 0 && raw[line.len - 1] == '\r')
		line.len--;
	return line;
}

static gboolean
is_blank(char octet)
{
	return octet == ' ' || octet == '\t' || octet == '\r';
}

/* --- header ----------------------------------------------------------- */

/* Where the value of the field begins in this line; 0 if it is another one. */
static gsize
value_at(const struct line *line, const char *name)
{
	gsize at = strlen(name);

	if (line->len <= at || g_ascii_strncasecmp(line->text, name, at) != 0)
		return 0;
	while (at < line->len && is_blank(line->text[at]))
		at++;
	return at < line->len && line->text[at] == ':' ? at + 1 : 0;
}

static void
put_value(struct canonical *c, const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		if (is_blank(text[i])) {
			c->has_blank = TRUE;
			continue;
		}
		if (c->has_blank && c->has_text)
			put(c, ' ');
		c->has_blank = FALSE;
		c->has_text = TRUE;
		put(c, text[i]);
	}
	c->has_blank = TRUE; /* a folded line goes on behind one */
}

/* Puts every field of this name; TRUE if one of them has a value. */
static gboolean
put_fields(struct canonical *c, const char *raw, gsize len, const char *name)
{
	gboolean is_inside = FALSE;
	gboolean has_value = FALSE;

	for (gsize at = 0; at < len;) {
		struct line line = line_at(raw + at, len - at);
		gboolean is_folded = line.len > 0 && is_blank(line.text[0]);
		gsize value = is_folded ? 0 : value_at(&line, name);

		if (is_inside && !is_folded)
			put_text(c, "\r\n");
		if (value > 0) {
			put_text(c, name);
			put(c, ':');
			c->has_text = c->has_blank = FALSE;
		}
		is_inside = value > 0 || (is_inside && is_folded);
		if (is_inside)
			put_value(c, line.text + value, line.len - value);
		has_value = has_value || (is_inside && c->has_text);
		at += line.next;
	}
	if (is_inside)
		put_text(c, "\r\n");
	return has_value;
}

/* Octets of the header, and of the empty line behind it. */
static gsize
header_len(const char *raw, gsize len, gsize *gap)
{
	gsize at = 0;

	*gap = 0;
	while (at < len) {
		struct line line = line_at(raw + at, len - at);

		if (line.len == 0) {
			*gap = line.next;
			break;
		}
		at += line.next;
	}
	return at;
}

/* --- body ------------------------------------------------------------- */

static void
put_line(struct canonical *c, const char *text, gsize len)
{
	gboolean has_blank = FALSE;

	for (gsize i = 0; i < len; i++) {
		if (is_blank(text[i])) {
			has_blank = TRUE;
			continue;
		}
		/* Empty lines count once it is known that more follows. */
		for (; c->line_ends > 0; c->line_ends--)
			put_text(c, "\r\n");
		if (has_blank)
			put(c, ' ');
		has_blank = FALSE;
		c->has_text = TRUE;
		put(c, text[i]);
	}
	c->line_ends++;
}

static void
put_body(struct canonical *c, const char *raw, gsize len)
{
	c->has_text = FALSE;
	for (gsize at = 0; at < len;) {
		struct line line = line_at(raw + at, len - at);

		put_line(c, line.text, line.len);
		at += line.next;
	}
	if (c->has_text)
		put_text(c, "\r\n");
}

gboolean
canonical_digest(
    const char *raw, gsize len, guint8 digest[CANONICAL_DIGEST_LEN])
{
	struct canonical c = {.sum = g_checksum_new(G_CHECKSUM_SHA256)};
	gsize digest_len = CANONICAL_DIGEST_LEN;
	gboolean has_id = FALSE;
	gsize gap;
	gsize head;

	if (len == 0)
		raw = "";
	head = header_len(raw, len, &gap);
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		gboolean has_value = put_fields(&c, raw, head, fields[i]);

		has_id = i == 0 ? has_value : has_id;
	}
	put_text(&c, "\r\n");
	put_body(&c, raw + head + gap, len - head - gap);
	g_checksum_update(c.sum, c.chunk, (gssize)c.len);
	g_checksum_get_digest(c.sum, digest, &digest_len);
	g_checksum_free(c.sum);
	if (!has_id)
		memset(digest, 0, CANONICAL_DIGEST_LEN);
	return has_id;
}
