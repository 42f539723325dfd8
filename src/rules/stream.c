#include "rules/stream.h"

#include <string.h>

#include "rules/alike.h"
#include "rules/fold.h"

#include "base/banned.h"

#define GAP_MAX 3	/* characters between neighbours in one line */
#define LINE_GAP_MAX 16 /* octets of a line break with quote marks */
#define SAID_MAX 16	/* octets of a word for a sign */
#define FOREIGN_LEAD 0xcd /* the first octet of U+0340 */

/* Blanks, and all but letters and digits that a local part has without quotes
 * (RFC 5322 3.2.3). */
static const char gap_chars[] = " \t.,@!#$%&'*+-/=?^_`{|}~\\";

static const char *const said_words[] = {"@", "aet", "apestaart", "arobase",
    "arroba", "at", "bindestrich", "chez", "chiocciola", "chiocciolina",
    "dash", "dot", "et", "guion", "hyphen", "kropka", "kuyruklu", "malpa",
    "małpa", "minus", "moins", "nokta", "plus", "point", "ponto", "punkt",
    "punto", "tiret", "tochka", "underscore", "unterstrich", "ät", "παπακι",
    "παπάκι", "τελεια", "τελεία", "собака", "собачка", "точка", NULL};

void
stream_init(struct stream *stream)
{
	*stream = (struct stream){.symbols = g_string_new(NULL),
	    .owners = g_array_new(FALSE, FALSE, sizeof(guint32)),
	    .pieces = g_array_new(FALSE, FALSE, sizeof(struct piece))};
}

void
stream_done(struct stream *stream)
{
	g_string_free(stream->symbols, TRUE);
	g_array_unref(stream->owners);
	g_array_unref(stream->pieces);
}

static gboolean
is_ascii(const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++)
		if ((guchar)text[i] >= 0x80)
			return FALSE;
	return TRUE;
}

void
stream_fold(enum fold_kind kind, const char *text, gsize len, GString *out)
{
	g_autoptr(GString) plain = NULL;

	if (kind == FOLD_PLAIN) {
		word_fold(text, len, FALSE, out);
		return;
	}
	if (kind == FOLD_REDUCED && is_ascii(text, len)) {
		key_reduce_append(text, len, out);
		return;
	}
	plain = g_string_sized_new(len);
	word_fold(text, len, kind == FOLD_REDUCED, plain);
	if (kind == FOLD_REDUCED)
		key_reduce_append(plain->str, plain->len, out);
	else if (kind == FOLD_LOOK)
		alike_look(plain->str, plain->len, out);
	else
		alike_sound(plain->str, plain->len, out);
}

/* Middle dots and bullets are used like full stops. */
static gboolean
is_dot(gunichar c)
{
	return c == 0xb7 || c == 0x2022 || c == 0x2219 || c == 0x22c5;
}

gboolean
stream_gap_is_small(const char *text, gsize from, gsize to)
{
	guint n = 0;

	for (; from < to; from += (gsize)g_utf8_skip[(guchar)text[from]])
		if (++n > GAP_MAX || (strchr(gap_chars, text[from]) == NULL &&
		    !is_dot(g_utf8_get_char(text + from))))
			return FALSE;
	return TRUE;
}

/* One line break, after a hyphen or a sign of an address perhaps, and before
 * the marks of a quote. */
static gboolean
gap_is_line(const char *text, gsize from, gsize to)
{
	gboolean broken = FALSE;

	if (to - from > LINE_GAP_MAX)
		return FALSE;
	for (; from < to; from++) {
		if (text[from] == '\n') {
			if (broken)
				return FALSE;
			broken = TRUE;
		} else if (strchr(broken ? " \t>|.@_-" : " \t\r-=.@_,",
			       text[from]) == NULL) {
			return FALSE;
		}
	}
	return broken;
}

/* An "a" counts after such a word only: "kuyruklu a". */
static gboolean
word_is_said(const char *text, gsize len, gboolean after_said)
{
	if (len == 1)
		return after_said && text[0] == 'a';
	/* Most words are short of being one by their first letter. */
	if (len < 2 || len > SAID_MAX || ((guchar)text[0] < 0x80 &&
	    strchr("acdeghkmnptu", text[0]) == NULL))
		return FALSE;
	for (gsize i = 0; said_words[i] != NULL &&
	     (guchar)said_words[i][0] <= (guchar)text[0]; i++)
		if (said_words[i][0] == text[0] &&
		    said_words[i][1] == text[1] &&
		    strlen(said_words[i]) == len &&
		    memcmp(said_words[i], text, len) == 0)
			return TRUE;
	return FALSE;
}

/* The end of the run of letters, or of digits, at from. */
static gsize
piece_end(const char *text, gsize from, gsize to)
{
	gboolean digits = text[from] <= '9' && text[from] >= '0';

	while (from < to && (text[from] <= '9' && text[from] >= '0') == digits)
		from++;
	return from;
}

static gboolean
has_foreign(const char *text, gsize from, gsize to)
{
	for (; from < to; from += (gsize)g_utf8_skip[(guchar)text[from]])
		if ((guchar)text[from] >= FOREIGN_LEAD &&
		    alike_is_foreign(g_utf8_get_char(text + from)))
			return TRUE;
	return FALSE;
}

static gboolean
has_latin(const char *text, gsize from, gsize to)
{
	for (; from < to; from++)
		if (text[from] >= 'a' && text[from] <= 'z')
			return TRUE;
	return FALSE;
}

/* Adds the pieces of one word. counts holds those of the piece before. */
static void
word_add(struct stream *stream, const struct shadow *shadow,
    const struct word *word, struct piece *counts)
{
	const char *text = shadow->text;
	gsize first = (gsize)g_utf8_skip[(guchar)text[word->start]];

	counts->words++;
	if (word->end - word->start == first)
		counts->singles++;
	counts->is_word = TRUE;
	for (gsize at = word->start; at < word->end; at = counts->end) {
		counts->start = at;
		counts->end = piece_end(text, at, word->end);
		if (!shadow->is_ascii && has_foreign(text, at, counts->end)) {
			counts->foreign++;
			stream->has_foreign = TRUE;
		}
		if (has_latin(text, at, counts->end))
			counts->latin++;
		g_array_append_val(stream->pieces, *counts);
		counts->is_word = FALSE;
	}
}

void
stream_split(struct stream *stream, const struct shadow *shadow)
{
	const char *text = shadow->text;
	struct piece counts = {0};
	struct word word;
	gsize pos = 0;
	gsize last = 0;

	g_array_set_size(stream->pieces, 0);
	stream->has_foreign = FALSE;
	stream->has_said = FALSE;
	while (word_next(text, shadow->len, &pos, &word)) {
		/* Most are one blank. */
		if ((word.start == last + 1 && text[last] == ' ') ||
		    stream_gap_is_small(text, last, word.start))
			;
		else if (gap_is_line(text, last, word.start))
			counts.lines++;
		else
			counts.blocked++;
		last = word.end;
		counts.is_said = word_is_said(text + word.start,
		    word.end - word.start, counts.is_said);
		stream->has_said = stream->has_said || counts.is_said;
		word_add(stream, shadow, &word, &counts);
	}
}

static void
piece_fill(struct stream *stream, const struct shadow *shadow,
    enum fold_kind kind, guint32 i)
{
	struct piece *piece = &g_array_index(stream->pieces, struct piece, i);
	gsize at = stream->symbols->len;
	guint32 *owners;

	piece->at = (guint32)at;
	if (kind == FOLD_PLAIN && shadow->is_ascii)
		g_string_append_len(stream->symbols,
		    shadow->text + piece->start,
		    (gssize)(piece->end - piece->start));
	else
		stream_fold(kind, shadow->text + piece->start,
		    piece->end - piece->start, stream->symbols);
	if (stream->owners->len < stream->symbols->len)
		g_array_set_size(stream->owners,
		    (guint)stream->symbols->len);
	owners = (guint32 *)(void *)stream->owners->data;
	for (; at < stream->symbols->len; at++)
		owners[at] = i;
}

void
stream_fill(struct stream *stream, const struct shadow *shadow,
    enum fold_kind kind)
{
	g_string_truncate(stream->symbols, 0);
	for (guint32 i = 0; i < stream->pieces->len; i++)
		piece_fill(stream, shadow, kind, i);
}

void
stream_drop_said(struct stream *stream)
{
	char *symbols = stream->symbols->str;
	guint32 *owners = (guint32 *)(void *)stream->owners->data;
	guint32 from = 0;
	guint32 to = 0;

	for (guint32 i = 0; i < stream->pieces->len; i++) {
		struct piece *piece = &g_array_index(stream->pieces,
		    struct piece, i);
		gsize next = i + 1 < stream->pieces->len
		    ? (piece + 1)->at
		    : stream->symbols->len;

		piece->at = to;
		for (; from < next; from++) {
			if (piece->is_said)
				continue;
			symbols[to] = symbols[from];
			owners[to++] = i;
		}
	}
	g_string_truncate(stream->symbols, to);
}
