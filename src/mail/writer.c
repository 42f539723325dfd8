#include "mail/writer.h"

#include <string.h>

#include "base/addr.h"

#include "base/banned.h"

#define LINE_SHOULD 78 /* RFC 5322 2.1.1 */
#define PLAIN_MAX 70   /* a longer word is encoded, so that it can fold */
#define WORD_FULL                                                              \
	54	   /* an encoded-word of so many octets takes no more          \
		    * than one further character: 68 of the 75 allowed */
#define QP_LINE 75 /* and a soft break: RFC 2045 6.7 (5) allows 76 */
#define TEXT_LINE 76
#define BASE64_LINE 57 /* octets that make a line of 76 */

static gboolean
char_is_bidi(gunichar c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0x200e || c == 0x200f || c == 0x061c;
}

/* Length of the longest start of text that ends between two characters. */
static gsize
cut_length(const char *text, gsize len, gsize max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((guchar)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

char *
writer_clean(const char *value, gsize max)
{
	g_autofree char *valid = g_utf8_make_valid(value ? value : "", -1);
	GString *out = g_string_new(NULL);
	gboolean blank = FALSE;

	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (char_is_bidi(c))
			continue;
		if (g_unichar_iscntrl(c) || g_unichar_isspace(c)) {
			blank = TRUE;
			continue;
		}
		if (blank && out->len > 0)
			g_string_append_c(out, ' ');
		blank = FALSE;
		g_string_append_unichar(out, c);
		if (out->len > max)
			break;
	}
	g_string_truncate(out, cut_length(out->str, out->len, max));
	return g_strchomp(g_string_free(out, FALSE));
}

/* Most of every text, worth copying in one piece. */
static gsize
plain_length(const char *p)
{
	gsize n = 0;

	while ((p[n] >= 0x20 && p[n] < 0x7f) || p[n] == '\n')
		n++;
	return n;
}

char *
writer_canonical(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
	GString *out = g_string_sized_new(strlen(valid) + 1);

	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
		gsize plain = plain_length(p);
		gunichar c;

		g_string_append_len(out, p, (gssize)plain);
		p += plain;
		if (*p == '\0')
			break;
		c = g_utf8_get_char(p);
		if (c == '\r')
			c = p[1] == '\n' ? 0 : '\n';
		else if (c != '\t' && c != '\n' && g_unichar_iscntrl(c))
			c = 0;
		if (c != 0)
			g_string_append_unichar(out, c);
	}
	while (out->len > 0 && out->str[out->len - 1] == '\n')
		g_string_truncate(out, out->len - 1);
	g_string_append_c(out, '\n');
	return g_string_free(out, FALSE);
}

/* "=?" in plain text would be read back as an encoded-word. */
static gboolean
word_needs_encoding(const char *word, gsize len)
{
	if (len > PLAIN_MAX)
		return TRUE;
	for (gsize i = 0; i < len; i++)
		if ((guchar)word[i] >= 0x80 ||
		    (word[i] == '=' && i + 1 < len && word[i + 1] == '?'))
			return TRUE;
	return FALSE;
}

static gsize
column(const GString *out)
{
	const char *nl = g_strrstr_len(out->str, (gssize)out->len, "\n");

	return nl == NULL ? out->len : out->len - (gsize)(nl + 1 - out->str);
}

/* Appends a word of len octets after a blank or, if the line is full, after
 * a fold. The first word of a field never folds: some readers take an empty
 * first line for an empty field. */
static void
append_word(GString *out, const char *word, gsize len, gboolean is_first)
{
	if (!is_first)
		g_string_append(
		    out, column(out) + 1 + len > LINE_SHOULD ? "\r\n " : " ");
	g_string_append_len(out, word, (gssize)len);
}

void
writer_word(GString *out, const char *word)
{
	append_word(out, word, strlen(word), FALSE);
}

/* RFC 2047 4.2 and 5 (3): the letters that are safe in a phrase, too. */
static void
append_q(GString *out, const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		guchar c = (guchar)text[i];

		if (c == ' ')
			g_string_append_c(out, '_');
		else if (g_ascii_isalnum(c) || c == '-')
			g_string_append_c(out, (char)c);
		else
			g_string_append_printf(out, "=%02X", c);
	}
}

/* "Q" and not "B": some readers decode adjacent base64 words as one, and stop
 * at the padding of the first. No word cuts a character in two. */
static void
append_encoded(GString *out, const char *text, gboolean is_first)
{
	while (*text != '\0') {
		g_autoptr(GString) word = g_string_new("=?utf-8?Q?");

		do {
			const char *next = g_utf8_next_char(text);

			append_q(word, text, (gsize)(next - text));
			text = next;
		} while (*text != '\0' && word->len < WORD_FULL);
		g_string_append(word, "?=");
		append_word(out, word->str, word->len, is_first);
		is_first = FALSE;
	}
}

void
writer_text(GString *out, const char *name, const char *value)
{
	g_autofree char *clean = writer_clean(value, WRITER_VALUE_MAX);
	const char *p = clean;
	gboolean is_first = TRUE;

	g_string_append_printf(out, "%s: ", name);
	while (*p != '\0') {
		gsize len = strcspn(p, " ");

		if (word_needs_encoding(p, len)) {
			append_encoded(out, p, is_first);
			break;
		}
		append_word(out, p, len, is_first);
		is_first = FALSE;
		p += len;
		if (*p == ' ')
			p++;
	}
	g_string_append(out, "\r\n");
}

/* RFC 5322 3.2.3 atoms and blanks need no quoting. */
static gboolean
phrase_is_plain(const char *phrase)
{
	for (const char *p = phrase; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) &&
		    strchr("!#$%&'*+-/^_`{|}~ ", *p) == NULL)
			return FALSE;
	return strstr(phrase, "=?") == NULL;
}

static void
append_phrase(GString *out, const char *phrase)
{
	if (phrase_is_plain(phrase)) {
		g_string_append(out, phrase);
		return;
	}
	if (!g_str_is_ascii(phrase) || strstr(phrase, "=?") != NULL) {
		append_encoded(out, phrase, TRUE);
		return;
	}
	g_string_append_c(out, '"');
	for (const char *p = phrase; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

gboolean
writer_mailbox(
    GString *out, const char *name, const char *display, const char *addr)
{
	g_autoptr(addr_auto) parsed = addr_parse(addr ? addr : "", -1, NULL);
	g_autofree char *wire = NULL;
	g_autofree char *clean = writer_clean(display, 100);
	g_autofree char *angle = NULL;

	if (parsed == NULL)
		return FALSE;
	wire = addr_to_wire(parsed);
	g_string_append_printf(out, "%s: ", name);
	if (clean[0] == '\0') {
		g_string_append_printf(out, "%s\r\n", wire);
		return TRUE;
	}
	append_phrase(out, clean);
	angle = g_strconcat("<", wire, ">", NULL);
	append_word(out, angle, strlen(angle), FALSE);
	g_string_append(out, "\r\n");
	return TRUE;
}

/* dot-atom or no-fold-literal, without what could open a comment or string. */
static gboolean
id_is_valid(const char *id, gsize len)
{
	const char *at = memchr(id, '@', len);

	if (at == NULL || at == id || at == id + len - 1 || len > WRITER_ID_MAX)
		return FALSE;
	for (gsize i = 0; i < len; i++)
		if (id[i] <= 0x20 || id[i] >= 0x7f ||
		    strchr("<>()\\\",;", id[i]) != NULL)
			return FALSE;
	return TRUE;
}

/* The well-formed ids of a text as "<id>", each once. */
static GPtrArray *
ids_collect(const char *ids)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	const char *p = ids;

	while (*p != '\0') {
		gsize len = strcspn(p, " \t\r\n<>");

		if (id_is_valid(p, len)) {
			char *id = g_strdup_printf("<%.*s>", (int)len, p);

			/* Adding a key again would let go of the first. */
			if (g_hash_table_contains(seen, id)) {
				g_free(id);
			} else {
				g_hash_table_add(seen, id);
				g_ptr_array_add(list, id);
			}
		}
		p += len;
		p += strspn(p, " \t\r\n<>");
	}
	return list;
}

gboolean
writer_ids(GString *out, const char *name, const char *ids, guint max)
{
	g_autoptr(GPtrArray) list = ids_collect(ids ? ids : "");

	if (list->len == 0)
		return FALSE;
	if (list->len > max)
		g_ptr_array_remove_range(
		    list, max > 1 ? 1 : 0, list->len - max);
	g_string_append_printf(out, "%s: ", name);
	for (guint i = 0; i < list->len; i++) {
		const char *id = g_ptr_array_index(list, i);

		append_word(out, id, strlen(id), i == 0);
	}
	g_string_append(out, "\r\n");
	return TRUE;
}

static GDateTime *
time_at(gint64 time)
{
	GDateTime *at = g_date_time_new_from_unix_utc(time);

	return at != NULL ? at : g_date_time_new_from_unix_utc(0);
}

/* Not by a format with names: those follow the locale. */
void
writer_date(GString *out, gint64 date)
{
	static const char days[7][4] = {
	    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	g_autoptr(GDateTime) at = time_at(date);

	g_string_append_printf(out,
	    "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n",
	    days[g_date_time_get_day_of_week(at) - 1],
	    g_date_time_get_day_of_month(at),
	    months[g_date_time_get_month(at) - 1], g_date_time_get_year(at),
	    g_date_time_get_hour(at), g_date_time_get_minute(at),
	    g_date_time_get_second(at));
}

char *
writer_time(gint64 time)
{
	g_autoptr(GDateTime) at = time_at(time);

	return g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
}

/* What some mail software on the way would change in plain text: long lines,
 * blanks at an end, "From " and "." at a start. "--=_" is how our boundaries
 * start; in quoted-printable it cannot occur. */
static gboolean
line_needs_qp(const char *line, gsize len)
{
	if (len > TEXT_LINE)
		return TRUE;
	if (len > 0 &&
	    (line[len - 1] == ' ' || line[len - 1] == '\t' || line[0] == '.'))
		return TRUE;
	if (len >= 5 && memcmp(line, "From ", 5) == 0)
		return TRUE;
	if (len >= 4 && memcmp(line, "--=_", 4) == 0)
		return TRUE;
	for (gsize i = 0; i < len; i++)
		if ((guchar)line[i] >= 0x7f)
			return TRUE;
	return FALSE;
}

static gboolean
text_needs_qp(const char *text)
{
	while (*text != '\0') {
		gsize len = strcspn(text, "\n");

		if (line_needs_qp(text, len))
			return TRUE;
		text += len;
		if (*text == '\n')
			text++;
	}
	return FALSE;
}

static gboolean
qp_is_literal(const char *line, gsize len, gsize i, gboolean is_start)
{
	guchar c = (guchar)line[i];

	if (c == ' ' || c == '\t')
		return i + 1 < len;
	if (is_start &&
	    (c == '.' || (c == 'F' && g_str_has_prefix(line + i, "From "))))
		return FALSE;
	return c > 0x20 && c < 0x7f && c != '=';
}

/* Octets at line[i], behind the start of a line, that stand for themselves in
 * quoted-printable: no blank, which might be the last, and at most max. */
static gsize
qp_literal_length(const char *line, gsize len, gsize i, gsize max)
{
	gsize n = 0;

	while (i + n < len && n < max && line[i + n] > 0x20 &&
	    line[i + n] < 0x7f && line[i + n] != '=')
		n++;
	return n;
}

/* RFC 2045 6.7. */
static void
append_qp_line(GString *out, const char *line, gsize len)
{
	static const char hex[] = "0123456789ABCDEF";
	gsize col = 0;

	for (gsize i = 0; i < len; i++) {
		gboolean literal = qp_is_literal(line, len, i, col == 0);
		gsize plain;

		if (col + (literal ? 1 : 3) > QP_LINE) {
			g_string_append(out, "=\r\n");
			col = 0;
			literal = qp_is_literal(line, len, i, TRUE);
		}
		if (literal) {
			plain = 1 + qp_literal_length(line, len, i + 1,
			    QP_LINE - col - 1);
			g_string_append_len(out, line + i, (gssize)plain);
			col += plain;
			i += plain - 1;
		} else {
			guchar c = (guchar)line[i];
			const char escaped[] = {'=', hex[c >> 4], hex[c & 15]};

			g_string_append_len(out, escaped, sizeof escaped);
			col += 3;
		}
	}
}

void
writer_part(GString *out, const char *text, const char *disposition)
{
	gboolean qp = text_needs_qp(text);

	g_string_append_printf(out,
	    "Content-Type: text/plain; charset=utf-8\r\n%s"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    disposition, qp ? "quoted-printable" : "7bit");
	while (*text != '\0') {
		gsize len = strcspn(text, "\n");

		if (qp)
			append_qp_line(out, text, len);
		else
			g_string_append_len(out, text, (gssize)len);
		g_string_append(out, "\r\n");
		text += len;
		if (*text == '\n')
			text++;
	}
}

void
writer_octets(GString *out, GBytes *octets, const char *type,
    const char *disposition)
{
	gsize len;
	const guint8 *data = g_bytes_get_data(octets, &len);
	gsize room = (len / BASE64_LINE + 1) * (TEXT_LINE + 8);
	gsize at;
	char *p;

	g_string_append_printf(out,
	    "Content-Type: %s\r\n%s"
	    "Content-Transfer-Encoding: base64\r\n\r\n",
	    type, disposition);
	at = out->len;
	g_string_set_size(out, at + room);
	p = out->str + at;
	while (len > 0) {
		gsize n = MIN(len, BASE64_LINE);
		int state = 0, save = 0;

		p += g_base64_encode_step(data, n, FALSE, p, &state, &save);
		p += g_base64_encode_close(FALSE, p, &state, &save);
		*p++ = '\r';
		*p++ = '\n';
		data += n;
		len -= n;
	}
	g_string_set_size(out, (gsize)(p - out->str));
}
