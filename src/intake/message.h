#ifndef ND_INTAKE_MESSAGE_H
#define ND_INTAKE_MESSAGE_H

/*
 * Reads the text after DATA up to its end and undoes dot-stuffing (RFC 5321
 * 4.5.2). Pure and linear; the result does not depend on how the input is
 * cut into pieces.
 *
 * Only <CRLF>.<CRLF> ends a message, and CR and LF are legal only as CRLF.
 * Anything else is how a second message is smuggled past a reader with a
 * different idea of a line end: such a message is read to its true end and
 * carries a fault. A message with a fault is counted but not kept, so no
 * input makes the reader hold more than size_max octets. NUL and 8-bit
 * octets pass unchanged.
 *
 * A text that is not stuffed (of a milter: headers and pieces of a body) is
 * read the same way, but a dot is text, and its end is told. Both give the same
 * message for the same mail.
 */
#include <glib.h>

enum message_fault {		 /* bits; all that hold are set */
	MESSAGE_BARE = 1 << 0,	 /* CR or LF on its own */
	MESSAGE_SIZE = 1 << 1,	 /* more than size_max octets */
	MESSAGE_HEADER = 1 << 2, /* header block longer than header_max */
	MESSAGE_LINE = 1 << 3,	 /* a line longer than line_max */
	MESSAGE_MEMORY = 1 << 4, /* the caller has no room for it */
};

/* What mail servers let pass, and more than any person needs. */
#define MESSAGE_HEADER_MAX 262144
#define MESSAGE_LINE_MAX 65536

struct message_limits {
	gsize size_max;	  /* octets of the message without stuffed dots */
	gsize header_max; /* octets before the first empty line */
	gsize line_max;	  /* octets of a line without CRLF */
};

enum message_state {
	MESSAGE_LINE_START,
	MESSAGE_TEXT,
	MESSAGE_CR,	/* a CR that needs its LF */
	MESSAGE_DOT,	/* a dot at the start of a line */
	MESSAGE_DOT_CR, /* that dot and a CR */
	MESSAGE_DONE,
};

struct message_reader {
	struct message_limits limits;
	enum message_state state;
	GByteArray *bytes; /* own; NULL after a fault */
	gsize size;
	gsize line_len;
	gboolean is_stuffed;
	gboolean in_header;
	guint faults; /* enum message_fault */
};

/* Starts a message; the reader must be zeroed or done. */
void message_reader_init(struct message_reader *reader,
    const struct message_limits *limits, gboolean is_stuffed);
void message_reader_done(struct message_reader *reader);

/* Returns how many octets it took: all, unless a stuffed message ended, which
 * sets reader->state to MESSAGE_DONE. */
gsize message_reader_feed(
    struct message_reader *reader, const guint8 *data, gsize len);

/* Ends a message that is not stuffed, once, and so does its last line, as a line
 * after DATA always has an end. A CR that still waits for its LF is bare. */
void message_reader_end(struct message_reader *reader);

/* From now on nothing of the message is kept, and what was is freed. */
void message_reader_fault(
    struct message_reader *reader, enum message_fault fault);

/* Octets of the message that are kept, 0 after a fault. */
gsize message_reader_kept(const struct message_reader *reader);

/* The message, once; NULL if it has a fault. Caller unrefs. No copy. */
GBytes *message_reader_take(struct message_reader *reader);

#endif
