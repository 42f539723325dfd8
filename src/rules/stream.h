#ifndef ND_RULES_STREAM_H
#define ND_RULES_STREAM_H

/*
 * A shadow as a run of folded letters and digits without anything between
 * them, in one of several foldings, and what stood between them: where words
 * begin and whether neighbours are close enough to belong together.
 *
 * A piece is a run of letters or a run of digits; a word is one or more
 * pieces without a gap. Pure; linear.
 */
#include <glib.h>

#include "rules/shadow.h"

enum fold_kind {
	FOLD_PLAIN,   /* without marks: Müller = Muller */
	FOLD_REDUCED, /* Müller = Mueller = Muller */
	FOLD_LOOK,    /* letters of other scripts that look alike */
	FOLD_SOUND,   /* letters of other scripts that are written for them */
};
#define FOLD_KINDS 4

struct piece {
	gsize start; /* offsets in the shadow */
	gsize end;
	guint32 at; /* offset of its first symbol in the stream */
	gboolean is_word; /* a word begins here */
	gboolean is_said; /* it is "at", "dot" or the like */
	/* Counts up to and with this piece. */
	guint32 words;
	guint32 singles; /* words of one character */
	guint32 blocked; /* gaps that no literal spans */
	guint32 lines;	 /* gaps at a line break */
	guint32 foreign; /* pieces with letters of Greek or Cyrillic */
	guint32 latin;	 /* pieces with ASCII letters */
};

struct stream {
	GString *symbols; /* own */
	GArray *owners;	  /* own guint32: the piece of each symbol */
	GArray *pieces;	  /* own struct piece */
	gboolean has_foreign;
	gboolean has_said; /* words such as "at" and "dot" were found */
};

void stream_init(struct stream *stream);
void stream_done(struct stream *stream);

/* Finds the pieces of a shadow; the stream is empty until stream_fill(). */
void stream_split(struct stream *stream, const struct shadow *shadow);

/* Makes the symbols of all pieces of the shadow. */
void stream_fill(struct stream *stream, const struct shadow *shadow,
    enum fold_kind kind);

/* Takes the symbols of words for "@", "." and the like away. */
void stream_drop_said(struct stream *stream);

/* Appends one folded run of letters or digits of a shadow. */
void stream_fold(enum fold_kind kind, const char *text, gsize len,
    GString *out);

/* TRUE if what stands at [from, to) of a shadow does not part neighbours
 * that stand in one line. */
gboolean stream_gap_is_small(const char *text, gsize from, gsize to);

#endif
