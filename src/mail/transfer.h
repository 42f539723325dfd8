#ifndef ND_MAIL_TRANSFER_H
#define ND_MAIL_TRANSFER_H

/*
 * Transfer encodings (RFC 2045 6) as their authors meant them: text that is
 * left encoded because its header is broken can be read by whoever wants to,
 * but not by the redaction. Private to src/mail; cannot fail.
 */
#include <glib.h>
#include <gmime/gmime.h>

/* The decoded octets in a stream of their own, NULL for an empty part. A
 * Content-Transfer-Encoding with parameters, comments, quotes, or one of
 * several, counts. */
GMimeStream *transfer_decode(GMimePart *part);

/* A text in quoted-printable that nobody declared, decoded; else NULL. Caller
 * frees. */
char *transfer_undeclared(const char *bytes, gsize len, gsize *out_len);

#endif
