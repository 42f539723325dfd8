#include "rules/stream.h"

#include <string.h>

#include "rules/alike.h"
#include "rules/fold.h"

#include "base/banned.h"

#define GAP_MAX 3	/* characters between neighbours in one line */
#define LINE_GAP_MAX 16 /* octets of a line break with quote marks */
#define SAID_MAX 16	/* octets of a word for a sign */

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

void
stream_fold(enum fold_kind kind, const char *text, gsize len, GString *out)
{
	g_autoptr(GString) plain = NULL;

	if (kind == FOLD_PLAIN) {
		word_fold(text, len, FALSE, out);
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

static gboolean
word_is_said(const char *text, gsize len)
{
	/* Most words are short of being one by their first letter. */
	if (len < 2 || len > SAID_MAX || ((guchar)text[0] < 0x80 &&
	    strchr("acdeghkmnptu", text[0]) == NULL))
		return FALSE;
	for (gsize i = 0; said_words[i] != NULL; i++)
		if (strlen(said_words[i]) == len &&
		    memcmp(said_words[i], text, len) == 0)
			return TRUE;
	return FALSE;
}

/* The end of the run of letters, or of digits, at from. */
static gsize
piece_end(const char *text, gsize from, gsize to)
{
	gboolean digits = g_ascii_isdigit(text[from]);

	while (from < to && g_ascii_isdigit(text[from]) == digits)
		from++;
	return from;
}

static gboolean
has_foreign(const char *text, gsize from, gsize to)
{
	for (; from < to; from += (gsize)g_utf8_skip[(guchar)text[from]])
		if ((guchar)text[from] >= 0x80 &&
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

static void
piece_add(struct stream *stream, const struct shadow *shadow,
    enum fold_kind kind, const struct piece *piece)
{
	guint32 n = stream->pieces->len;
	gsize before = stream->symbols->len;

	stream_fold(kind, shadow->text + piece->start,
	    piece->end - piece->start, stream->symbols);
	g_array_set_size(stream->owners, (guint)stream->symbols->len);
	for (gsize i = before; i < stream->symbols->len; i++)
		g_array_index(stream->owners, guint32, i) = n;
	g_array_append_val(stream->pieces, *piece);
}

/* Adds the pieces of one word. counts holds those of the piece before. */
static void
word_add(struct stream *stream, const struct shadow *shadow,
    enum fold_kind kind, const struct word *word, struct piece *counts)
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
		counts->at = (guint32)stream->symbols->len;
		if (!shadow->is_ascii && has_foreign(text, at, counts->end)) {
			counts->foreign++;
			stream->has_foreign = TRUE;
		}
		if (has_latin(text, at, counts->end))
			counts->latin++;
		piece_add(stream, shadow, kind, counts);
		counts->is_word = FALSE;
	}
}

void
stream_fill(struct stream *stream, const struct shadow *shadow,
    enum fold_kind kind, gboolean without_said)
{
	struct piece counts = {0};
	struct word word;
	gsize pos = 0;
	gsize last = 0;

	g_string_truncate(stream->symbols, 0);
	g_array_set_size(stream->pieces, 0);
	stream->has_foreign = FALSE;
	stream->has_said = FALSE;
	while (word_next(shadow->text, shadow->len, &pos, &word)) {
		if (stream_gap_is_small(shadow->text, last, word.start))
			;
		else if (gap_is_line(shadow->text, last, word.start))
			counts.lines++;
		else
			counts.blocked++;
		last = word.end;
		if (word_is_said(shadow->text + word.start,
			word.end - word.start)) {
			stream->has_said = TRUE;
			if (without_said)
				continue;
		}
		word_add(stream, shadow, kind, &word, &counts);
	}
}
