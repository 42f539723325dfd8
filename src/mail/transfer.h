#ifndef ND_MAIL_TRANSFER_H
#define ND_MAIL_TRANSFER_H

/*
 * A transfer encoding (RFC 2045 6) that no header declares: text that is left
 * encoded can be read by whoever wants to, but not by the redaction.
 */
#include <glib.h>

/* A text in quoted-printable that nobody declared, decoded; else NULL. Caller
 * frees. */
char *transfer_undeclared(const char *bytes, gsize len, gsize *out_len);

#endif
