#ifndef ND_RULES_ENCODED_H
#define ND_RULES_ENCODED_H

/*
 * Runs of base 64 (also of its alphabet for URLs, and over line breaks) and
 * of hexadecimal octets, and the readable text in them: UTF-8 or UTF-16. It
 * is read at every place where it could begin, so it does not matter what
 * the run is part of. Linear; the readable text is at most some six times
 * the run.
 */
#include <glib.h>

/* Readable text, and where it comes from. */
struct fragment {
	gsize at; /* offset of its text in struct encoded */
	gsize start; /* offsets of what stands for it in the text */
	gsize end;
	gboolean is_most; /* too long and too much of its run for chance */
};

struct encoded {
	GString *text;	   /* own; fragments, parted by blank lines */
	GArray *fragments; /* own struct fragment, in the order of text */
};

void encoded_init(struct encoded *encoded);
void encoded_done(struct encoded *encoded);

/* Adds the fragments of a text. */
void encoded_read(struct encoded *encoded, const char *text, gsize len);

/* The fragment that holds offset at of encoded->text. */
const struct fragment *encoded_at(const struct encoded *encoded, gsize at);

#endif
