#include "mail/transfer.h"

#include <gmime/gmime.h>

#include "base/banned.h"

#define UNDECLARED_MIN 3 /* "=XX" in a text that may be quoted-printable */

/* TRUE for quoted-printable that nobody declared: several "=C3" and a line
 * that is broken by a "=" at its end. */
static gboolean
is_undeclared_qp(const char *bytes, gsize len)
{
	guint escapes = 0;
	guint breaks = 0;

	for (gsize i = 0; i + 2 < len; i++) {
		if (bytes[i] != '=')
			continue;
		breaks += bytes[i + 1] == '\n' ||
		    (bytes[i + 1] == '\r' && bytes[i + 2] == '\n');
		escapes += g_ascii_isxdigit(bytes[i + 1]) &&
		    g_ascii_isxdigit(bytes[i + 2]);
	}
	return breaks > 0 && escapes >= UNDECLARED_MIN;
}

char *
transfer_undeclared(const char *bytes, gsize len, gsize *out_len)
{
	GMimeEncoding state;
	char *out;

	if (!is_undeclared_qp(bytes, len))
		return NULL;
	g_mime_encoding_init_decode(&state,
	    GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	out = g_malloc(g_mime_encoding_outlen(&state, len) + 1);
	*out_len = g_mime_encoding_flush(&state, bytes, len, out);
	return out;
}
