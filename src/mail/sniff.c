#include "mail/sniff.h"

#include <string.h>

#include "base/banned.h"

struct magic {
	gsize offset;
	gsize len;
	const char *bytes;
	const char *type;
};

#define M(offset, bytes, type) {(offset), sizeof(bytes) - 1, (bytes), (type)}

static const struct magic magics[] = {
	M(0, "\xff\xd8\xff", "image/jpeg"),
	M(0, "\x89PNG\r\n\x1a\n", "image/png"),
	M(0, "GIF87a", "image/gif"),
	M(0, "GIF89a", "image/gif"),
	M(8, "WEBP", "image/webp"), /* at 8: inside of RIFF */
	M(0, "II*\0", "image/tiff"),
	M(0, "MM\0*", "image/tiff"),
	M(4, "ftyphei", "image/heic"),
	M(4, "ftypmif1", "image/heic"),
	M(4, "ftypavif", "image/avif"),
	M(4, "ftypqt", "video/quicktime"),
	M(4, "ftyp", "video/mp4"),
	M(0, "\x1a\x45\xdf\xa3", "video/webm"),
	M(0, "%PDF-", "application/pdf"),
	M(0, "PK\x03\x04", "application/zip"),
	M(0, "PK\x05\x06", "application/zip"),
	M(0, "\x1f\x8b", "application/gzip"),
	M(0, "7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
	M(0, "Rar!\x1a\x07", "application/vnd.rar"),
	M(0, "BZh", "application/x-bzip2"),
	M(0, "\xfd" "7zXZ", "application/x-xz"),
	M(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
	M(0, "L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
	M(0, "{\\rtf", "application/rtf"),
	M(0, "\x78\x9f\x3e\x22", "application/ms-tnef"),
	M(0, "%!PS", "application/postscript"),
	M(0, "\x7f" "ELF", "application/x-executable"),
	M(0, "\xca\xfe\xba\xbe", "application/x-executable"),
	M(0, "\xfe\xed\xfa", "application/x-executable"),
	M(0, "\xce\xfa\xed\xfe", "application/x-executable"),
	M(0, "\xcf\xfa\xed\xfe", "application/x-executable"),
	M(0, "MZ", "application/x-msdownload"),
	M(0, "ID3", "audio/mpeg"),
	M(0, "\xff\xfb", "audio/mpeg"),
	M(0, "\xff\xf3", "audio/mpeg"),
	M(0, "\xff\xf2", "audio/mpeg"),
	M(0, "#!AMR", "audio/amr"),
	M(0, "fLaC", "audio/flac"),
	M(0, "OggS", "audio/ogg"),
	M(8, "WAVE", "audio/wav"),
	M(8, "AVI ", "video/x-msvideo"),
	M(0, "BM", "image/bmp"),
};

/* Types that are text to the eye but have a grammar of their own. */
static const struct magic texts[] = {
	M(0, "-----BEGIN PGP SIGNED MESSAGE", "text/plain"),
	M(0, "-----BEGIN PGP MESSAGE", "application/pgp-encrypted"),
	M(0, "-----BEGIN PGP SIGNATURE", "application/pgp-signature"),
	M(0, "-----BEGIN PGP PUBLIC KEY", "application/pgp-keys"),
	M(0, "-----BEGIN PGP PRIVATE KEY", "application/pgp-keys"),
	M(0, "-----BEGIN ", "application/x-pem-file"),
	M(0, "BEGIN:VCALENDAR", "text/calendar"),
	M(0, "BEGIN:VCARD", "text/vcard"),
	M(0, "<!DOCTYPE HTML", "text/html"),
	M(0, "<HTML", "text/html"),
	M(0, "<SVG", "image/svg+xml"),
	M(0, "<?XML", "application/xml"),
	M(0, "Return-Path:", "message/rfc822"),
	M(0, "Received:", "message/rfc822"),
	M(0, "Delivered-To:", "message/rfc822"),
	M(0, "MIME-Version:", "message/rfc822"),
	M(0, "Message-ID:", "message/rfc822"),
	M(0, "Content-Type:", "message/rfc822"),
	M(0, "Subject:", "message/rfc822"),
	M(0, "From:", "message/rfc822"),
	M(0, "X-Mozilla-Status:", "message/rfc822"),
	M(0, "Reporting-MTA:", "message/delivery-status"),
};

/* Readers look for these behind any start. */
static const struct magic inside[] = {
	M(0, "%PDF-", "application/pdf"),
	M(0, "<!DOCTYPE HTML", "text/html"),
	M(0, "<HTML", "text/html"),
	M(0, "<SCRIPT", "text/html"),
	M(0, "<SVG", "image/svg+xml"),
	M(0, "BEGIN:VCALENDAR", "text/calendar"),
	M(0, "BEGIN:VCARD", "text/vcard"),
};
#define INSIDE_SEARCH 1024 /* octets */

/* CMS content types (RFC 5652, 5083), as they stand behind the outermost
 * SEQUENCE. */
static const struct magic cms_types[] = {
	M(0, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
	    "application/pkcs7-signature"),
	M(0, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07",
	    "application/pkcs7-mime"),
	M(0, "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01",
	    "application/pkcs7-mime"),
};

/* First packets of OpenPGP data (RFC 9580 5) and the versions they begin
 * with. */
static const struct {
	guint tag;
	guint8 version_min;
	guint8 version_max;
	const char *type;
} packets[] = {
	{1, 2, 6, "application/pgp-encrypted"},
	{3, 4, 6, "application/pgp-encrypted"},
	{18, 1, 2, "application/pgp-encrypted"},
	{2, 3, 6, "application/pgp-signature"},
	{5, 3, 6, "application/pgp-keys"},
	{6, 3, 6, "application/pgp-keys"},
};

static gboolean
is_control(guint8 c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' &&
		c != '\f') || c == 0x7f;
}

static gboolean
is_utf16(const guint8 *data, gsize len)
{
	return len >= 2 && ((data[0] == 0xff && data[1] == 0xfe) ||
	    (data[0] == 0xfe && data[1] == 0xff));
}

gboolean
sniff_is_text(const guint8 *data, gsize len)
{
	if (is_utf16(data, len))
		return TRUE;
	for (gsize i = 0; i < len; i++)
		if (is_control(data[i]) && data[i] != 0x1b)
			return FALSE;
	return TRUE;
}

static gboolean
magic_fits(const struct magic *magic, const guint8 *data, gsize len)
{
	return len >= magic->offset + magic->len &&
	    memcmp(data + magic->offset, magic->bytes, magic->len) == 0 &&
	    (magic->offset != 8 || memcmp(data, "RIFF", 4) == 0);
}

static gboolean
text_fits(const struct magic *magic, const char *text, gsize len)
{
	return len >= magic->len &&
	    g_ascii_strncasecmp(text, magic->bytes, magic->len) == 0;
}

static const char *
sniff_inside(const char *text, gsize len)
{
	for (gsize i = 0; i < MIN(len, INSIDE_SEARCH); i++)
		for (gsize k = 0; k < G_N_ELEMENTS(inside); k++)
			if (text_fits(&inside[k], text + i, len - i))
				return inside[k].type;
	return "text/plain";
}

static const char *
sniff_text(const guint8 *data, gsize len)
{
	const char *p = (const char *)data;

	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		p += 3;
		len -= 3;
	}
	while (len > 0 && g_ascii_isspace(*p)) {
		p++;
		len--;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		if (text_fits(&texts[i], p, len))
			return texts[i].type;
	return sniff_inside(p, len);
}

static const char *
sniff_cms(const guint8 *data, gsize len)
{
	gsize at;

	if (len < 2 || data[0] != 0x30)
		return NULL;
	/* Short, indefinite or long form of the length (X.690 8.1.3). */
	at = data[1] <= 0x80 ? 2 : 2 + (gsize)(data[1] & 0x7f);
	for (gsize i = 0; i < G_N_ELEMENTS(cms_types); i++)
		if (at < len && magic_fits(&cms_types[i], data + at, len - at))
			return cms_types[i].type;
	return NULL;
}

/* Where the body of the packet at data begins, and how long it is at least.
 * 0 if there is no packet. */
static gsize
packet_open(const guint8 *data, gsize len, guint *tag, gsize *body)
{
	gsize octets, at = 2;

	if (len < 6 || (data[0] & 0x80) == 0)
		return 0;
	if ((data[0] & 0x40) == 0) {
		*tag = (data[0] >> 2) & 15;
		octets = (gsize)1 << (data[0] & 3);
		if (octets == 8) /* until the end */
			octets = 0;
		at = 1 + octets;
		*body = octets == 0 ? len - 1 : 0;
		for (gsize i = 0; i < octets; i++)
			*body = *body << 8 | data[1 + i];
		return at;
	}
	*tag = data[0] & 63;
	*body = data[1];
	if (data[1] >= 192 && data[1] < 224) {
		*body = ((gsize)(data[1] - 192) << 8) + data[2] + 192;
		at = 3;
	} else if (data[1] == 255) {
		*body = (gsize)data[2] << 24 | (gsize)data[3] << 16 |
		    (gsize)data[4] << 8 | data[5];
		at = 6;
	} else if (data[1] >= 224) { /* the first of several pieces */
		*body = (gsize)1 << (data[1] & 31);
	}
	return at;
}

static const char *
sniff_pgp(const guint8 *data, gsize len)
{
	gsize body = 0;
	guint tag = 0;
	gsize at = packet_open(data, len, &tag, &body);

	if (at == 0 || at >= len || body == 0 || body > len - at ||
	    (at + body < len && (data[at + body] & 0x80) == 0 &&
		data[1] < 224))
		return NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(packets); i++)
		if (packets[i].tag == tag &&
		    data[at] >= packets[i].version_min &&
		    data[at] <= packets[i].version_max)
			return packets[i].type;
	return NULL;
}

static const char *
sniff_binary(const guint8 *data, gsize len)
{
	const char *type = sniff_cms(data, len);

	if (type == NULL)
		type = sniff_pgp(data, len);
	return type != NULL ? type : "application/octet-stream";
}

const char *
sniff_type(const guint8 *data, gsize len)
{
	gboolean is_text = len > 0 && sniff_is_text(data, len) &&
	    (is_utf16(data, len) ||
		g_utf8_validate_len((const char *)data, len, NULL));

	for (gsize i = 0; i < G_N_ELEMENTS(magics); i++) {
		const struct magic *magic = &magics[i];

		/* Short marks made of letters begin texts, too. */
		if (magic_fits(magic, data, len) &&
		    !(is_text && magic->len <= 3 && magic->offset == 0))
			return magic->type;
	}
	return is_text ? sniff_text(data, len) : sniff_binary(data, len);
}
