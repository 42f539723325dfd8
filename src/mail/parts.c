#include "mail/parts.h"

#include <string.h>

#include "mail/charset.h"
#include "mail/decode.h"
#include "mail/html.h"
#include "mail/kind.h"
#include "mail/report.h"
#include "mail/sniff.h"
#include "mail/text.h"
#include "mail/transfer.h"

#include <gmime/gmime.h>

#include "base/banned.h"

#define BODY_MAX (4 * 1024 * 1024) /* octets of one body that are rendered */
#define SUBJECT_MAX 256

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeMessage, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeParser, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeStream, g_object_unref)

struct walk {
	GPtrArray *files;
	GChecksum *sum;
	struct report_parts *report; /* borrowed */
	guint parts;
	guint bodies;	 /* texts taken so far */
	gsize octets;	 /* kept so far */
	gboolean is_cut; /* something was left out */
	gboolean has_empty; /* a multipart in which no part was found */
	gboolean has_message;
};

/* Where in the tree a part stands. */
struct place {
	guint depth;
	gboolean is_related; /* in multipart/related, not its root */
	gboolean is_signature; /* in multipart/signed, not what is signed */
	gboolean is_enclosed; /* in another mail */
	GString *text;	     /* borrowed: of the caller; NULL: not wanted */
};

static void collect(struct walk *walk, GMimeObject *object,
    struct place place);

static void
file_free(gpointer data)
{
	mail_file_free(data);
}

static void
append_text(GString *out, const char *text)
{
	if (*text == '\0')
		return;
	if (out->len > 0)
		g_string_append(out, TEXT_PART "\n");
	g_string_append(out, text);
}

static GByteArray *
stream_bytes(GMimeStream *stream)
{
	return g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
}

static gboolean
is_type(GMimeObject *object, const char *type, const char *subtype)
{
	GMimeContentType *declared = g_mime_object_get_content_type(object);

	/* No Content-Type is text/plain (RFC 2045 5.2). */
	if (declared == NULL)
		return strcmp(type, "text") == 0 &&
		    (strcmp(subtype, "plain") == 0 ||
			strcmp(subtype, "*") == 0);
	return g_mime_content_type_is_type(declared, type, subtype);
}

static gboolean
param_is(GMimeObject *object, const char *name, const char *value)
{
	const char *found = g_mime_object_get_content_type_parameter(object,
	    name);

	return found != NULL && g_ascii_strcasecmp(found, value) == 0;
}

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

/* The decoded octets in a stream of their own, NULL for an empty part. */
static GMimeStream *
decode_part(GMimePart *part)
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

static char *
part_to_utf8(GMimeObject *object, const char *bytes, gsize len)
{
	const char *label = g_mime_object_get_content_type_parameter(object,
	    "charset");
	g_autofree char *inner = NULL;

	if (label == NULL && is_type(object, "text", "html"))
		inner = html_charset(bytes, len);
	return charset_to_utf8(label != NULL ? label : inner, bytes, len);
}

static char *
render_body(GMimeObject *object, const char *bytes, gsize len)
{
	g_autofree char *decoded = transfer_undeclared(bytes, len, &len);
	g_autofree char *utf8 = part_to_utf8(object,
	    decoded != NULL ? decoded : bytes, len);
	g_autofree char *unflowed = NULL;

	if (is_type(object, "text", "html") || html_begins(utf8))
		return html_to_text(utf8, strlen(utf8));
	if (param_is(object, "format", "flowed"))
		unflowed = text_unflow(utf8, param_is(object, "delsp", "yes"));
	return text_clean(unflowed != NULL ? unflowed : utf8, TEXT_MAX);
}

static void
take_body(struct walk *walk, GMimePart *part, GString *out)
{
	g_autoptr(GMimeStream) stream = NULL;
	g_autofree char *text = NULL;
	GByteArray *bytes;

	walk->bodies++;
	stream = out != NULL ? decode_part(part) : NULL;
	if (stream == NULL)
		return;
	bytes = stream_bytes(stream);
	text = render_body(GMIME_OBJECT(part), (const char *)bytes->data,
	    MIN(bytes->len, BODY_MAX));
	append_text(out, text);
	if (bytes->len > BODY_MAX)
		walk->is_cut = TRUE;
}

/* What text, or octets that say nothing, are by their declaration. Types with
 * a grammar of their own carry names and numbers in fields that redaction does
 * not know, so their content is not kept. */
static const char *
opaque_type(GMimeObject *object)
{
	static const char *const types[][3] = {{"text", "html", "text/html"},
	    {"text", "calendar", "text/calendar"},
	    {"application", "ics", "text/calendar"},
	    {"text", "vcard", "text/vcard"}, {"text", "x-vcard", "text/vcard"},
	    {"text", "directory", "text/vcard"},
	    {"text", "xml", "application/xml"},
	    {"application", "xml", "application/xml"},
	    {"text", "rtf", "application/rtf"},
	    {"text", "rfc822-headers", "text/rfc822-headers"},
	    {"message", "partial", "message/partial"},
	    {"message", "external-body", "message/external-body"},
	    {"message", "delivery-status", "message/delivery-status"},
	    {"message", "*", "message/rfc822"},
	    {"application", "ms-tnef", "application/ms-tnef"},
	    {"application", "pgp-encrypted", "application/pgp-encrypted"},
	    {"application", "pkcs7-mime", "application/pkcs7-mime"},
	    {"application", "x-pkcs7-mime", "application/pkcs7-mime"}};

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (is_type(object, types[i][0], types[i][1]))
			return types[i][2];
	return NULL;
}

static void
type_file(struct mail_file *file, GMimeObject *object, const guint8 *data,
    gsize len)
{
	const char *type = sniff_type(data, len);
	const char *opaque = opaque_type(object);
	g_autofree char *utf8 = NULL;
	g_autofree char *text = NULL;
	gboolean is_unknown = strcmp(type, "application/octet-stream") == 0;
	gboolean is_text = strcmp(type, "text/plain") == 0 ||
	    (is_unknown && is_type(object, "text", "*") &&
		sniff_is_text(data, len));

	if (opaque != NULL && (is_unknown || is_text)) {
		file->type = g_strdup(opaque);
		return;
	}
	if (!is_text) {
		file->type = g_strdup(type);
		return;
	}
	utf8 = part_to_utf8(object, (const char *)data, len);
	text = text_clean(utf8, TEXT_MAX);
	/* Another charset can hide a grammar from the first look. */
	type = sniff_type((const guint8 *)text, strlen(text));
	if (text[0] != '\0' && strcmp(type, "text/plain") != 0) {
		file->type = g_strdup(type);
		return;
	}
	file->type = g_strdup(is_type(object, "text", "csv") ? "text/csv"
							     : "text/plain");
	file->text = g_steal_pointer(&text);
}

/* A text counts as it reads, all else octet for octet: a relay may change
 * the transfer encoding of a text and with it its line ends. */
static void
sum_file(GChecksum *sum, const struct mail_file *file, const guint8 *data)
{
	guint64 len = file->text != NULL ? strlen(file->text) : file->size;

	g_checksum_update(sum, (const guchar *)file->type,
	    (gssize)strlen(file->type) + 1);
	g_checksum_update(sum, (const guchar *)&len, sizeof(len));
	if (len > 0)
		g_checksum_update(sum,
		    file->text != NULL ? (const guchar *)file->text : data,
		    (gssize)len);
}

/* Takes the octets out of the stream, which is empty then. */
static GBytes *
stream_steal(GMimeStream *stream)
{
	GByteArray *array = stream_bytes(stream);
	gsize len = array->len;
	guint8 *data;

	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	data = g_byte_array_free(array, FALSE);
	/* The array has grown to a power of two. */
	return g_bytes_new_take(g_realloc(data, len), len);
}

static void
keep_octets(struct walk *walk, struct mail_file *file, GMimeStream *stream)
{
	enum kind_use use = kind_of(file->type)->use;

	if ((use != KIND_IMAGE && use != KIND_FILE) || file->size == 0 ||
	    file->size > PARTS_OCTETS - walk->octets)
		return;
	walk->octets += file->size;
	file->octets = stream_steal(stream);
}

/* By content: whatever else calls itself a signature is a file. */
static gboolean
is_seal(const struct mail_file *file, gboolean is_signature)
{
	return kind_of(file->type)->use == KIND_SEAL ||
	    (is_signature &&
		strcmp(file->type, "application/pkcs7-signature") == 0);
}

/* What a mail says of another one belongs to it alone, and not to a mail
 * that encloses it. */
static void
keep_report(struct walk *walk, GMimeObject *object, const void *data,
    gsize len)
{
	GMimeContentType *declared = g_mime_object_get_content_type(object);
	g_autofree char *type = NULL;

	if (declared == NULL)
		return;
	type = g_mime_content_type_get_mime_type(declared);
	report_parts_add(walk->report, type, data, len);
}

static gboolean
is_inline(GMimePart *part, struct place place)
{
	const char *disposition = g_mime_object_get_disposition(
	    GMIME_OBJECT(part));

	return place.is_related ||
	    (disposition != NULL &&
		g_ascii_strcasecmp(disposition, "inline") == 0);
}

static void
take_file(struct walk *walk, GMimePart *part, struct place place)
{
	g_autoptr(GMimeStream) stream = decode_part(part);
	struct mail_file *file = g_new0(struct mail_file, 1);
	const guint8 *data = (const guint8 *)"";

	if (stream != NULL && stream_bytes(stream)->len > 0) {
		data = stream_bytes(stream)->data;
		file->size = stream_bytes(stream)->len;
	}
	file->is_inline = is_inline(part, place);
	type_file(file, GMIME_OBJECT(part), data, file->size);
	sum_file(walk->sum, file, data);
	if (!place.is_enclosed)
		keep_report(walk, GMIME_OBJECT(part), data, file->size);
	if (is_seal(file, place.is_signature)) {
		mail_file_free(file);
		return;
	}
	keep_octets(walk, file, stream);
	g_ptr_array_add(walk->files, file);
}

/* RFC 1847 2.2: nothing in it is for us. */
static void
take_encrypted(struct walk *walk, GMimeMultipart *multipart)
{
	struct mail_file *file = g_new0(struct mail_file, 1);
	int n = g_mime_multipart_get_count(multipart);

	file->type = g_strdup("application/pgp-encrypted");
	for (int i = 0; i < n && ++walk->parts <= PARTS_MAX; i++) {
		GMimeObject *object = g_mime_multipart_get_part(multipart, i);
		g_autoptr(GMimeStream) stream = GMIME_IS_PART(object)
		    ? decode_part(GMIME_PART(object))
		    : NULL;
		GByteArray *bytes =
		    stream != NULL ? stream_bytes(stream) : NULL;

		if (bytes == NULL || bytes->len == 0)
			continue;
		file->size += bytes->len;
		g_checksum_update(walk->sum, bytes->data,
		    (gssize)bytes->len);
	}
	g_ptr_array_add(walk->files, file);
}

static gboolean
is_body_type(GMimeObject *object)
{
	return is_type(object, "text", "plain") ||
	    is_type(object, "text", "html") ||
	    is_type(object, "text", "enriched") ||
	    is_type(object, "text", "richtext");
}

/* A text with a file name is the body only if no other came before it. */
static gboolean
is_body(const struct walk *walk, GMimeObject *object)
{
	const char *disposition = g_mime_object_get_disposition(object);

	if (!GMIME_IS_PART(object) || !is_body_type(object) ||
	    (disposition != NULL &&
		g_ascii_strcasecmp(disposition, "attachment") == 0))
		return FALSE;
	return walk->bodies == 0 ||
	    g_mime_part_get_filename(GMIME_PART(object)) == NULL;
}

static void
collect_leaf(struct walk *walk, GMimePart *part, struct place place)
{
	if (++walk->parts > PARTS_MAX) {
		walk->is_cut = TRUE;
		return;
	}
	if (is_body(walk, GMIME_OBJECT(part)))
		take_body(walk, part, place.text);
	else
		take_file(walk, part, place);
}

static void
collect_children(struct walk *walk, GMimeMultipart *multipart,
    struct place place)
{
	int n = g_mime_multipart_get_count(multipart);
	gboolean is_related = is_type(GMIME_OBJECT(multipart), "multipart",
	    "related");
	gboolean is_signed = is_type(GMIME_OBJECT(multipart), "multipart",
	    "signed");

	for (int i = 0; i < n && walk->parts <= PARTS_MAX; i++) {
		struct place child = place;

		child.depth++;
		child.is_related |= is_related && i > 0;
		child.is_signature |= is_signed && i > 0;
		collect(walk, g_mime_multipart_get_part(multipart, i), child);
	}
}

/* The first child of the wanted sort that is not blank gives the text; files
 * are taken from all. Returns whether a text was found. */
static gboolean
collect_choice(struct walk *walk, GMimeMultipart *multipart,
    struct place place, gboolean is_plain)
{
	int n = g_mime_multipart_get_count(multipart);
	gboolean is_found = place.text == NULL;

	for (int i = 0; i < n && walk->parts <= PARTS_MAX; i++) {
		GMimeObject *object = g_mime_multipart_get_part(multipart, i);
		g_autoptr(GString) text = g_string_new(NULL);
		struct place child = place;

		if (is_type(object, "text", "plain") != is_plain)
			continue;
		child.depth++;
		child.text = is_found ? NULL : text;
		collect(walk, object, child);
		if (text->len > 0) {
			append_text(place.text, text->str);
			is_found = TRUE;
		}
	}
	return is_found;
}

static void
collect_alternative(struct walk *walk, GMimeMultipart *multipart,
    struct place place)
{
	if (collect_choice(walk, multipart, place, TRUE))
		place.text = NULL;
	(void)collect_choice(walk, multipart, place, FALSE);
}

static void
collect_message(struct walk *walk, GMimeMessagePart *part, struct place place)
{
	GMimeMessage *message = g_mime_message_part_get_message(part);
	g_autoptr(GString) inner = g_string_new(NULL);
	struct place child = place;
	g_autofree char *header = NULL;
	g_autofree char *subject = NULL;
	g_autofree char *clean = NULL;
	g_autofree char *quoted = NULL;

	/* A report may be about it. */
	header = message != NULL
	    ? g_mime_object_get_headers(GMIME_OBJECT(message), NULL)
	    : NULL;
	if (header != NULL && !place.is_enclosed)
		keep_report(walk, GMIME_OBJECT(part), header, strlen(header));
	if (message == NULL ||
	    g_mime_message_get_mime_part(message) == NULL) {
		walk->is_cut = TRUE;
		return;
	}
	walk->has_message = TRUE;
	child.depth++;
	child.is_enclosed = TRUE;
	child.text = place.text != NULL ? inner : NULL;
	collect(walk, g_mime_message_get_mime_part(message), child);
	if (place.text == NULL)
		return;
	if (g_mime_message_get_subject(message) != NULL) {
		subject = decode_plain(g_mime_message_get_subject(message),
		    SUBJECT_MAX);
		g_string_prepend(inner, inner->len > 0 ? "\n\n" : "\n");
		g_string_prepend(inner, subject);
	}
	clean = text_clean(inner->str, TEXT_MAX);
	quoted = text_quote(clean);
	append_text(place.text, quoted);
}

static void
collect(struct walk *walk, GMimeObject *object, struct place place)
{
	if (object == NULL || place.depth > PARTS_DEPTH ||
	    walk->parts > PARTS_MAX)
		walk->is_cut = TRUE;
	else if (GMIME_IS_MESSAGE_PART(object))
		collect_message(walk, GMIME_MESSAGE_PART(object), place);
	else if (GMIME_IS_MULTIPART(object) &&
	    g_mime_multipart_get_count(GMIME_MULTIPART(object)) <= 0)
		walk->has_empty = TRUE;
	else if (GMIME_IS_MULTIPART(object) &&
	    is_type(object, "multipart", "alternative"))
		collect_alternative(walk, GMIME_MULTIPART(object), place);
	else if (GMIME_IS_MULTIPART(object) &&
	    is_type(object, "multipart", "encrypted"))
		take_encrypted(walk, GMIME_MULTIPART(object));
	else if (GMIME_IS_MULTIPART(object))
		collect_children(walk, GMIME_MULTIPART(object), place);
	else if (GMIME_IS_PART(object))
		collect_leaf(walk, GMIME_PART(object), place);
	else
		walk->is_cut = TRUE;
}

/* Takes the octets as they are: the stream only reads them, and dies before
 * they do. */
static GMimeMessage *
parse(GByteArray *bytes)
{
	g_autoptr(GMimeStream) stream =
	    g_mime_stream_mem_new_with_byte_array(bytes);
	g_autoptr(GMimeParser) parser = NULL;

	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	parser = g_mime_parser_new_with_stream(stream);
	g_mime_parser_set_format(parser, GMIME_FORMAT_MESSAGE);
	return g_mime_parser_construct_message(parser, NULL);
}

/* A multipart whose boundary is not to be found holds its text where no
 * reader shows it (RFC 2046 5.1.1), headers of parts and all. If that is the
 * whole mail, nothing can be made of it. */
static gboolean
walk_message(struct walk *walk, GMimeMessage *message, struct mail *mail)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct place place = {.text = text};
	GMimeObject *root = g_mime_message_get_mime_part(message);

	/* A mail without a body has no root and is no less a mail. */
	if (root != NULL)
		collect(walk, root, place);
	if (walk->has_empty && text->len == 0 && walk->files->len == 0)
		return FALSE;
	if (walk->is_cut || walk->has_empty)
		append_text(text, TEXT_CUT "\n");
	mail->text = text_clean_parts(text->str, TEXT_MAX);
	mail->has_message = walk->has_message;
	mail->files = g_ptr_array_ref(walk->files);
	return TRUE;
}

gboolean
parts_collect(const char *raw, gsize len, struct mail *mail, GChecksum *sum,
    struct report_parts *report)
{
	GByteArray *bytes = g_byte_array_new_take((guint8 *)raw, len);
	GMimeMessage *message = parse(bytes);
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);
	struct walk walk = {.sum = sum, .files = files, .report = report};
	gboolean is_ok = message != NULL && walk_message(&walk, message, mail);

	g_clear_object(&message);
	(void)g_byte_array_steal(bytes, NULL);
	g_byte_array_unref(bytes);
	return is_ok;
}
