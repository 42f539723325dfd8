#ifndef ND_MAIL_WRITER_H
#define ND_MAIL_WRITER_H

/*
 * Writes header fields and text bodies of a new mail, octet by octet the same
 * for the same values.
 *
 * Every line ends in CRLF and has at most 78 octets where folding can do it
 * (an address or Message-ID may be longer; 998 is never reached). Values come
 * from anywhere: a control character, CR, LF or NUL in one cannot get out,
 * so no value can make a second header field. Non-ASCII text becomes UTF-8
 * encoded-words (RFC 2047), always the same way, so that the writing of a
 * sender's client does not show through. An address is written as it is, also
 * in UTF-8 (RFC 6532). Functions that return gboolean write nothing and return
 * FALSE if the value is not well formed. Nothing is kept, all results are
 * the caller's.
 */
#include <glib.h>

#define WRITER_VALUE_MAX 600 /* octets of one text value before encoding */
#define WRITER_ID_MAX 250    /* octets of one Message-ID */
#define WRITER_IDS_MAX 20    /* Message-IDs in one References field */

/* One line without control and bidi characters, single spaces, at most max
 * octets, valid UTF-8. NULL counts as "". Caller frees. */
char *writer_clean(const char *value, gsize max);

/* Several lines: valid UTF-8, LF ends, no control characters but TAB, one LF
 * at the end. NULL counts as "". Caller frees. */
char *writer_canonical(const char *text);

/* Unstructured field (RFC 5322 3.6.5). */
void writer_text(GString *out, const char *name, const char *value);
/* display may be "". */
gboolean writer_mailbox(
    GString *out, const char *name, const char *display, const char *addr);
/* Message-IDs in one text, parted by blanks, with or without angle brackets.
 * Ill-formed ones are left out; of more than max the first and the last ones
 * stay (RFC 5322 3.6.4). FALSE and no field if none is left. */
gboolean writer_ids(GString *out, const char *name, const char *ids, guint max);
/* A blank or a fold and a word of printable ASCII, for a field that the
 * caller began with its name and ends with CRLF. */
void writer_word(GString *out, const char *word);
/* Seconds since the epoch, written with +0000. */
void writer_date(GString *out, gint64 date);
/* "2026-11-22T04:30:00Z". Caller frees. */
char *writer_time(gint64 time);

/* Content-Type, Content-Transfer-Encoding, the empty line and the text, for
 * a text in canonical form. disposition is a whole field with its CRLF, or
 * "". */
void writer_part(GString *out, const char *text, const char *disposition);

/* The same for octets, as base64 (RFC 2045 6.8). type is a literal. */
void writer_octets(GString *out, GBytes *octets, const char *type,
    const char *disposition);

#endif
