#ifndef ND_POSTFIX_MATCH_H
#define ND_POSTFIX_MATCH_H

/*
 * Formats of Postfix's messages, and what of a message may be kept.
 *
 * A format is text with holes. Text must be there word for word and is
 * written. A hole ends where the next text of its format begins first:
 *
 *	%x  anything: <text>		%a  anything: <addr>
 *	%h  a peer: <host>		%p  a peer: <host>, and its port
 *	%k  attributes, key=value	%v  reasons (words.c), split at ": "
 *	%c  reply of a server: its codes, and nothing else
 *	%r  answer of ours: codes, and reasons as %v
 *
 * and these must have their shape, or the format does not fit:
 *
 *	%n  a number, "3", "0.5/0/1"	%w  a word of SMTP
 *	%q  a queue id			%e  a text of errno
 *	%u  a phase of a session	%t  a time
 *	%s  a version of TLS
 *
 * Nothing here fails, allocates besides out, or looks at anything but the
 * text it was given.
 */
#include <glib.h>

/* A part of a line; borrowed. */
struct piece {
	const char *at;
	gsize len;
};

/* Appends what may be kept and returns TRUE if one of formats (NULL-ended)
 * fits the whole of text; else appends nothing. */
gboolean match_any(const char *const *formats, struct piece text,
    GString *out);

/* The number of octets of a queue id, short or long, at the start of text; 0
 * if there is none. */
gsize match_queue_id(struct piece text);

/* The number of octets of the longest of words (NULL-ended) text begins
 * with, 0 if none. */
gsize match_word(const char *const *words, struct piece text);

/* Whether c is in set; a NUL, which strchr() finds in every text, is not. */
gboolean char_is_in(char c, const char *set);
/* How many octets at the start of text are in set. */
gsize piece_span(struct piece text, const char *set);
/* Whether text begins with word. */
gboolean piece_has_prefix(struct piece text, const char *word);
/* text without its first n octets. */
struct piece piece_skip(struct piece text, gsize n);

#endif
