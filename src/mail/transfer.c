#include "mail/transfer.h"

#include <string.h>

#include "base/banned.h"

#define UNDECLARED_MIN 3 /* "=XX" in a text that may be quoted-printable */

/* What the header says if one forgives it a parameter, a comment or another
 * header of the same name: text that is left encoded can be read by whoever
 * wants to, but not by the redaction. */
static GMimeContentEncoding
forgiven_encoding(GMimePart *part)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(
	    GMIME_OBJECT(part));
	int n = g_mime_header_list_get_count(list);

	for (int i = 0; i < n; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
		const char *value = g_mime_header_get_raw_value(header);
		g_autofree char *word = NULL;

		if (value == NULL ||
		    g_ascii_strcasecmp(g_mime_header_get_name(header),
			"Content-Transfer-Encoding") != 0)
			continue;
		value += strspn(value, " \t\r\n\"'");
		word = g_strndup(value, strcspn(value, " \t\r\n;,(\"'"));
		switch (g_mime_content_encoding_from_string(word)) {
		case GMIME_CONTENT_ENCODING_BASE64:
			return GMIME_CONTENT_ENCODING_BASE64;
		case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
			return GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
		default:
			break;
		}
	}
	return GMIME_CONTENT_ENCODING_DEFAULT;
}

static gboolean
is_decoding(GMimeContentEncoding encoding)
{
	return encoding == GMIME_CONTENT_ENCODING_BASE64 ||
	    encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE ||
	    encoding == GMIME_CONTENT_ENCODING_UUENCODE;
}

GMimeStream *
transfer_decode(GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream;

	if (content == NULL)
		return NULL;
	if (!is_decoding(g_mime_data_wrapper_get_encoding(content)))
		g_mime_data_wrapper_set_encoding(content,
		    forgiven_encoding(part));
	stream = g_mime_stream_mem_new();
	(void)g_mime_data_wrapper_write_to_stream(content, stream);
	return stream;
}

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
