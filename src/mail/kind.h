#ifndef ND_MAIL_KIND_H
#define ND_MAIL_KIND_H

/*
 * What is done with an attachment of a media type that sniff_type() found:
 * one table, so that a type that is not in it is never passed on. Pure; all
 * texts are literals.
 */
#include <glib.h>

enum kind_use {
	KIND_WITHHELD, /* in any case: it acts by itself, has a grammar of
			* names, or is not known */
	KIND_TEXT,     /* redacted, if its text could be read */
	KIND_IMAGE,    /* encoded anew from its pixels */
	KIND_FILE,     /* as it is, if the queue passes such files */
	KIND_SEAL,     /* a PGP signature or key: nobody misses it */
	KIND_CIPHER,   /* an encrypted mail or file */
};

struct kind {
	const char *type; /* "application/pdf" */
	const char *ext;  /* of the name we give it */
	const char *what; /* "a PDF document" */
	enum kind_use use;
};

/* Never NULL: an unknown type is application/octet-stream, withheld. */
const struct kind *kind_of(const char *type);

#endif
