#ifndef ND_OUTBOUND_STREAM_H
#define ND_OUTBOUND_STREAM_H

/*
 * What SMTP and IMAP share: libetpan's stream over our wire, so that its
 * waits end at the wire's deadline, and the password file.
 */
#include <glib.h>

#include <libetpan/libetpan.h>

#include "outbound/wire.h"

#define STREAM_PASSWORD_SIZE 512

/* Borrows the wire, which must outlive the stream; the caller ends it with
 * mailstream_close(). Never NULL. */
mailstream *stream_new(struct wire *wire);

/* Reads the first line of the file into text, without a NUL; its length, or
 * -1. The caller wipes text in any case. */
gssize stream_read_password(const char *path,
    char text[STREAM_PASSWORD_SIZE]);

#endif
