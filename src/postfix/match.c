#include "postfix/match.h"

#include <string.h>

#include "postfix/words.h"

#include "base/banned.h"

#define NUMBER_MAX 48 /* "delays=" holds four */
#define DIGITS_MAX 10
#define ID_MIN 6      /* five digits of microseconds and an inode */
#define ID_MAX 32
#define TIME_LEN 15   /* "Nov 22 05:57:02" */
#define HIGHER "BCDFGHJKLMNPQRSTVWXYZ"
#define LOWER "bcdfghjklmnpqrstvwxyz"

struct piece
piece_skip(struct piece text, gsize n)
{
	return (struct piece){text.at + n, text.len - n};
}

static struct piece
piece_first(struct piece text, gsize n)
{
	return (struct piece){text.at, n};
}

gboolean
piece_has_prefix(struct piece text, const char *word)
{
	gsize len = strlen(word);

	return text.len >= len && memcmp(text.at, word, len) == 0;
}

gboolean
char_is_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

gsize
piece_span(struct piece text, const char *set)
{
	gsize n = 0;

	while (n < text.len && char_is_in(text.at[n], set))
		n++;
	return n;
}

/* Where word begins first; text.len if nowhere. */
static gsize
piece_find(struct piece text, const char *word, gsize len)
{
	const char *found = memmem(text.at, text.len, word, len);

	return found != NULL ? (gsize)(found - text.at) : text.len;
}

gsize
match_word(const char *const *words, struct piece text)
{
	gsize best = 0;

	for (; *words != NULL; words++)
		if (strlen(*words) > best && piece_has_prefix(text, *words))
			best = strlen(*words);
	return best;
}

static gboolean
is_word(const char *const *words, struct piece text)
{
	return text.len > 0 && match_word(words, text) == text.len;
}

static void
put(GString *out, struct piece text)
{
	g_string_append_len(out, text.at, (gssize)text.len);
}

/* --- shapes ------------------------------------------------------------ */

gsize
match_queue_id(struct piece text)
{
	gsize n = piece_span(text, "0123456789ABCDEF");
	gsize z;

	if (n >= ID_MIN && n <= ID_MAX &&
	    (n == text.len || char_is_in(text.at[n], ":,) ")))
		return n;
	/* Long ids: base 52 of the time, "z", base 51 of the inode; neither
	 * has a vowel, so no word of a language looks like one. */
	n = piece_span(text, "0123456789" HIGHER LOWER);
	z = piece_find(piece_first(text, n), "z", 1);
	return n >= ID_MIN + ID_MIN && n <= ID_MAX && z >= ID_MIN && z < n ? n
									   : 0;
}

/* "12", "0.5/0.01/0/2", "5.1.1", "3.7.11", "40%"; four numbers with dots
 * between them are an address, "192.0.2" is most of one, and eleven digits
 * may be a telephone number. */
static gboolean
is_number(struct piece text)
{
	gsize digits = 0;
	gsize dots = 0;

	if (text.len > 0 && text.at[text.len - 1] == '%')
		text.len--;
	if (text.len == 0 || text.len > NUMBER_MAX)
		return FALSE;
	for (gsize i = 0; i < text.len; i++) {
		char c = text.at[i];

		digits = g_ascii_isdigit(c) ? digits + 1 : 0;
		dots = c == '.' ? dots + 1 : c == '/' ? 0 : dots;
		if ((digits == 0 && (i == 0 || !char_is_in(c, "./"))) ||
		    digits > DIGITS_MAX ||
		    dots > (i > 0 && text.at[1] == '.' ? 2 : 1))
			return FALSE;
	}
	return digits > 0;
}

static gboolean
is_time(struct piece text)
{
	static const char shape[] = "Nov 90 90:90:90";

	if (text.len != TIME_LEN || match_word(words_months, text) == 0)
		return FALSE;
	for (gsize i = 3; i < TIME_LEN; i++) {
		char c = text.at[i];

		if (shape[i] == '9' ? c != ' ' && !g_ascii_isdigit(c)
			: shape[i] == '0' ? !g_ascii_isdigit(c)
					  : c != shape[i])
			return FALSE;
	}
	return TRUE;
}

/* "550 5.1.1 ", "250-2.0.0 ", "4.7.1 ": the number of octets of the codes
 * without the blank, 0 if text begins with none. */
static gsize
codes_len(struct piece text)
{
	gsize n = piece_span(text, "0123456789");
	struct piece rest;
	gsize status;

	if (n == 3 && text.at[0] >= '2' && text.at[0] <= '5') {
		if (text.len == 3 || !char_is_in(text.at[3], " -"))
			return text.len == 3 ? 3 : 0;
		rest = piece_skip(text, 4);
	} else {
		rest = text;
		n = 0;
	}
	status = piece_span(rest, "0123456789.");
	if (status < 5 || status > 9 || rest.at[1] != '.' ||
	    !char_is_in(rest.at[0], "245"))
		return n;
	return (gsize)(rest.at - text.at) + status;
}

/* --- what may be kept -------------------------------------------------- */

/* "host[192.0.2.1]:25": with_port keeps ":25". */
static void
put_peer(GString *out, struct piece peer, gboolean with_port)
{
	gsize n = peer.len;

	while (n > 0 && g_ascii_isdigit(peer.at[n - 1]))
		n--;
	g_string_append(out, "<host>");
	if (with_port && n >= 2 && peer.len - n <= 5 && peer.len > n &&
	    peer.at[n - 1] == ':' && peer.at[n - 2] == ']')
		put(out, piece_skip(peer, n - 1));
}

/* Splits at ": ": known reasons stay, runs of other text become one. */
static void
put_reasons(GString *out, struct piece text)
{
	gboolean was_text = FALSE;
	gboolean is_first = TRUE;

	for (;;) {
		gsize n = piece_find(text, ": ", 2);
		gboolean known = is_word(words_reasons, piece_first(text, n));

		if (!is_first && (known || !was_text))
			g_string_append(out, ": ");
		if (known)
			put(out, piece_first(text, n));
		else if (!was_text)
			g_string_append(out, "<text>");
		was_text = !known;
		is_first = FALSE;
		if (n == text.len)
			return;
		text = piece_skip(text, n + 2);
	}
}

static gboolean
put_codes(GString *out, struct piece *text)
{
	gsize n = codes_len(*text);

	if (n == 0)
		return FALSE;
	put(out, piece_first(*text, n));
	*text = piece_skip(*text, n);
	if (text->len > 0)
		*text = piece_skip(*text, 1);
	return TRUE;
}

/* --- attributes -------------------------------------------------------- */

/* The key text begins with, and in *len its octets with the "=". */
static const struct word_key *
key_at(struct piece text, gsize *len)
{
	gsize n = piece_span(text, "abcdefghijklmnopqrstuvwxyz_-");

	if (n == 0 || n >= text.len || text.at[n] != '=')
		return NULL;
	*len = n + 1;
	for (const struct word_key *key = words_keys; key->name != NULL; key++)
		if (strlen(key->name) == n &&
		    memcmp(key->name, text.at, n) == 0)
			return key;
	return NULL;
}

/* "<a \"> b\"@c>": octets up to and with the ">" outside of quotes;
 * all if there is none. */
static gsize
angle_len(struct piece text)
{
	gboolean quoted = FALSE;

	for (gsize i = 1; i < text.len; i++)
		if (text.at[i] == '\\')
			i++;
		else if (text.at[i] == '"')
			quoted = !quoted;
		else if (text.at[i] == '>' && !quoted)
			return i + 1;
	return text.len;
}

/* A value ends where another known key begins, so that whatever is odd in
 * between belongs to it. *gap becomes the octets of the separator. */
static gsize
value_len(struct piece text, gsize *gap)
{
	gsize from = text.len > 0 && text.at[0] == '<' ? angle_len(text) : 0;
	gsize key;

	for (gsize i = from; i < text.len; i++) {
		*gap = piece_has_prefix(piece_skip(text, i), ", ") ? 2
		    : text.at[i] == ' '				   ? 1
								   : 0;
		if (*gap > 0 && key_at(piece_skip(text, i + *gap), &key))
			return i;
	}
	*gap = 0;
	return text.len;
}

static void
put_status(GString *out, struct piece text)
{
	gsize n = match_word(words_delivery, text);

	if (n == 0) {
		g_string_append(out, "<text>");
		return;
	}
	put(out, piece_first(text, n));
	text = piece_skip(text, n);
	if (text.len == 0)
		return;
	if (text.len < 4 || !piece_has_prefix(text, " (")) {
		g_string_append(out, " <text>");
		return;
	}
	text = piece_skip(text, 2);
	if (text.at[text.len - 1] == ')')
		text.len--;
	g_string_append(out, " (");
	if (!match_any(words_statuses, text, out))
		g_string_append(out, "<text>");
	g_string_append_c(out, ')');
}

static void
put_number(GString *out, struct piece value)
{
	struct piece note = {"", 0};
	gsize n = piece_find(value, " (queue active)", 15);

	if (n + 15 == value.len) {
		note = piece_skip(value, n);
		value = piece_first(value, n);
	}
	if (is_number(value))
		put(out, value);
	else
		g_string_append(out, "<text>");
	put(out, note);
}

static void
put_value(GString *out, enum word_kind kind, struct piece value)
{
	switch (kind) {
	case WORD_NUMBER:
		put_number(out, value);
		return;
	case WORD_STATUS:
		put_status(out, value);
		return;
	case WORD_RELAY:
		if (is_word(words_relays, value))
			put(out, value);
		else
			put_peer(out, value, TRUE);
		return;
	case WORD_QUEUE_ID:
		if (value.len > 0 && match_queue_id(value) == value.len)
			put(out, value);
		else
			g_string_append(out, "<id>");
		return;
	case WORD_PROTO:
		if (is_word(words_protos, value))
			put(out, value);
		else
			g_string_append(out, "<text>");
		return;
	case WORD_ADDR:
		/* An empty sender is what a bounce looks like. */
		g_string_append(out,
		    value.len == 2 && value.at[0] == '<' && value.at[1] == '>'
			? "<>"
			: "<addr>");
		return;
	case WORD_HOST:
		g_string_append(out, "<host>");
		return;
	case WORD_ID:
		g_string_append(out, "<id>");
		return;
	case WORD_TEXT:
	default:
		g_string_append(out, "<text>");
	}
}

static void
put_attributes(GString *out, struct piece text)
{
	while (text.len > 0) {
		gsize n = 0;
		gsize gap = 0;
		const struct word_key *key = key_at(text, &n);

		if (key != NULL) {
			put(out, piece_first(text, n));
			text = piece_skip(text, n);
		}
		n = key != NULL && key->kind == WORD_STATUS
		    ? text.len
		    : value_len(text, &gap);
		put_value(out, key != NULL ? key->kind : WORD_TEXT,
		    piece_first(text, n));
		put(out, piece_first(piece_skip(text, n), gap));
		text = piece_skip(text, n + gap);
	}
}

/* --- formats ----------------------------------------------------------- */

static gboolean
put_shaped(GString *out, struct piece text, gboolean fits)
{
	if (fits)
		put(out, text);
	return fits;
}

static gboolean
put_hole(GString *out, char hole, struct piece text)
{
	switch (hole) {
	case 'n':
		return put_shaped(out, text, is_number(text));
	case 'w':
		return put_shaped(out, text, is_word(words_smtp, text));
	case 'e':
		return put_shaped(out, text, is_word(words_errno, text));
	case 'u':
		return put_shaped(out, text, is_word(words_phases, text));
	case 's':
		return put_shaped(out, text, is_word(words_tls, text));
	case 't':
		return put_shaped(out, text, is_time(text));
	case 'q':
		return put_shaped(out, text,
		    text.len > 0 && match_queue_id(text) == text.len);
	case 'c':
		return put_codes(out, &text);
	case 'h':
	case 'p':
		put_peer(out, text, hole == 'p');
		return TRUE;
	case 'r':
		if (put_codes(out, &text))
			g_string_append_c(out, ' ');
		put_reasons(out, text);
		return TRUE;
	case 'v':
		put_reasons(out, text);
		return TRUE;
	case 'k':
		put_attributes(out, text);
		return TRUE;
	case 'a':
		g_string_append(out, "<addr>");
		return TRUE;
	default:
		g_string_append(out, "<text>");
		return TRUE;
	}
}

static gboolean
match_one(const char *format, struct piece text, GString *out)
{
	while (*format != '\0') {
		gsize n = strcspn(format, "%");
		char hole;

		if (n > text.len || memcmp(text.at, format, n) != 0)
			return FALSE;
		put(out, piece_first(text, n));
		text = piece_skip(text, n);
		format += n;
		if (*format == '\0')
			break;
		hole = format[1];
		format += 2;
		n = strcspn(format, "%");
		n = n == 0 ? text.len : piece_find(text, format, n);
		if (!put_hole(out, hole, piece_first(text, n)))
			return FALSE;
		text = piece_skip(text, n);
	}
	return text.len == 0;
}

gboolean
match_any(const char *const *formats, struct piece text, GString *out)
{
	gsize len = out->len;

	for (; *formats != NULL; formats++) {
		if (match_one(*formats, text, out))
			return TRUE;
		g_string_truncate(out, len);
	}
	return FALSE;
}
