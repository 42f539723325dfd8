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
	M(8, "WEBP", "image/webp"),
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
	M(0, "{\\rtf", "application/rtf"),
	M(0, "\x78\x9f\x3e\x22", "application/ms-tnef"),
	M(0, "%!PS", "application/postscript"),
	M(0, "\x7f" "ELF", "application/x-executable"),
	M(0, "MZ", "application/x-msdownload"),
	M(0, "ID3", "audio/mpeg"),
	M(0, "OggS", "audio/ogg"),
	M(8, "WAVE", "audio/wav"),
	M(0, "BM", "image/bmp"),
	M(0, "-----BEGIN PGP ", "application/pgp"),
	M(0, "-----BEGIN ", "application/x-pem-file"),
};

/* Types that are text to the eye but have a grammar of their own. */
static const struct magic texts[] = {
	M(0, "BEGIN:VCALENDAR", "text/calendar"),
	M(0, "BEGIN:VCARD", "text/vcard"),
	M(0, "<!DOCTYPE HTML", "text/html"),
	M(0, "<HTML", "text/html"),
	M(0, "<SVG", "image/svg+xml"),
	M(0, "<?XML", "application/xml"),
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
	    memcmp(data + magic->offset, magic->bytes, magic->len) == 0;
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
		if (len >= texts[i].len &&
		    g_ascii_strncasecmp(p, texts[i].bytes, texts[i].len) == 0)
			return texts[i].type;
	return "text/plain";
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
	return is_text ? sniff_text(data, len) : "application/octet-stream";
}
