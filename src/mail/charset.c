#include "mail/charset.h"

#include <errno.h>
#include <string.h>

#include "base/banned.h"

#define MOSTLY 4 /* characters for one octet that is none */
#define REPLACEMENT "\xef\xbf\xbd"
#define CHUNK 4096

struct charset {
	const char *labels; /* space-separated, lower case */
	const char *iconv;
	guint unit;	    /* octets to skip behind an undecodable one */
	gboolean is_opaque; /* may look like UTF-8 and not be it */
};

/* Latin-1 and ASCII mean windows-1252 (WHATWG Encoding 4.2): the C1 range
 * holds quotes and dashes in practice. UTF-7 is decoded, though nobody
 * should send it: undecoded it hides an address from redaction and from
 * nobody else. */
static const struct charset charsets[] = {
	{"windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso_8859-1 latin1 "
	 "latin-1 l1 us-ascii ascii ansi_x3.4-1968 iso646-us 8bit unknown-8bit",
	    "WINDOWS-1252", 1, FALSE},
	{"utf-8 utf8 unicode-1-1-utf-8 x-utf-8", "UTF-8", 1, FALSE},
	{"iso-8859-2 iso8859-2 iso_8859-2 latin2 latin-2", "ISO-8859-2", 1,
	    FALSE},
	{"iso-8859-3 iso8859-3 latin3", "ISO-8859-3", 1, FALSE},
	{"iso-8859-4 iso8859-4 latin4", "ISO-8859-4", 1, FALSE},
	{"iso-8859-5 iso8859-5 cyrillic", "ISO-8859-5", 1, FALSE},
	{"iso-8859-6 iso8859-6 iso-8859-6-i iso-8859-6-e arabic",
	    "ISO-8859-6", 1, FALSE},
	{"iso-8859-7 iso8859-7 iso_8859-7 greek greek8 elot_928",
	    "ISO-8859-7", 1, FALSE},
	{"iso-8859-8 iso8859-8 iso-8859-8-i iso-8859-8-e hebrew",
	    "ISO-8859-8", 1, FALSE},
	{"iso-8859-9 iso8859-9 latin5 latin-5 windows-1254 cp1254",
	    "WINDOWS-1254", 1, FALSE},
	{"iso-8859-10 iso8859-10 latin6", "ISO-8859-10", 1, FALSE},
	{"iso-8859-13 iso8859-13", "ISO-8859-13", 1, FALSE},
	{"iso-8859-14 iso8859-14", "ISO-8859-14", 1, FALSE},
	{"iso-8859-15 iso8859-15 iso_8859-15 latin9 latin-9", "ISO-8859-15",
	    1, FALSE},
	{"iso-8859-16 iso8859-16", "ISO-8859-16", 1, FALSE},
	{"windows-1250 cp1250 cp-1250 x-cp1250", "WINDOWS-1250", 1, FALSE},
	{"windows-1251 cp1251 cp-1251 x-cp1251 win-1251", "WINDOWS-1251", 1,
	    FALSE},
	{"windows-1253 cp1253 x-cp1253", "WINDOWS-1253", 1, FALSE},
	{"windows-1255 cp1255", "WINDOWS-1255", 1, FALSE},
	{"windows-1256 cp1256", "WINDOWS-1256", 1, FALSE},
	{"windows-1257 cp1257", "WINDOWS-1257", 1, FALSE},
	{"windows-1258 cp1258", "WINDOWS-1258", 1, FALSE},
	{"windows-874 cp874 tis-620 iso-8859-11", "WINDOWS-874", 1, FALSE},
	{"koi8-r koi8 koi", "KOI8-R", 1, FALSE},
	{"koi8-u koi8-ru", "KOI8-U", 1, FALSE},
	{"ibm437 cp437", "IBM437", 1, FALSE},
	{"ibm850 cp850", "IBM850", 1, FALSE},
	{"ibm852 cp852", "IBM852", 1, FALSE},
	{"ibm866 cp866", "IBM866", 1, FALSE},
	{"macintosh mac x-mac-roman macroman", "MACINTOSH", 1, FALSE},
	{"gb2312 gbk gb18030 gb_2312-80 x-gbk cp936 ms936 euc-cn", "GB18030",
	    1, FALSE},
	{"big5 big5-hkscs cn-big5 x-x-big5 cp950", "BIG5-HKSCS", 1, FALSE},
	{"shift_jis shift-jis sjis x-sjis ms_kanji cp932 windows-31j",
	    "CP932", 1, FALSE},
	{"euc-jp eucjp x-euc-jp", "EUC-JP", 1, FALSE},
	{"euc-kr ks_c_5601-1987 ks_c_5601 cp949 windows-949 korean", "CP949",
	    1, FALSE},
	{"iso-2022-jp csiso2022jp", "ISO-2022-JP", 1, TRUE},
	{"iso-2022-kr", "ISO-2022-KR", 1, TRUE},
	{"utf-7 unicode-1-1-utf-7 x-unicode-2-0-utf-7", "UTF-7", 1, TRUE},
	{"utf-16 ucs-2 iso-10646-ucs-2", "UTF-16", 2, TRUE},
	{"utf-16le", "UTF-16LE", 2, TRUE},
	{"utf-16be", "UTF-16BE", 2, TRUE},
	{"utf-32", "UTF-32", 4, TRUE},
	{"utf-32le", "UTF-32LE", 4, TRUE},
	{"utf-32be", "UTF-32BE", 4, TRUE},
};
#define CHARSET_DEFAULT (&charsets[0])

/* glibc unloads a converter nobody holds open. */
static GIConv pins[G_N_ELEMENTS(charsets)];

void
charset_init(void)
{
	static gboolean is_done;

	if (is_done)
		return;
	is_done = TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(charsets); i++)
		pins[i] = g_iconv_open("UTF-8", charsets[i].iconv);
}

static gboolean
labels_contain(const char *labels, const char *label, gsize len)
{
	const char *p = labels;

	for (;;) {
		gsize n = strcspn(p, " ");

		if (n == len && strncmp(p, label, len) == 0)
			return TRUE;
		if (p[n] == '\0')
			return FALSE;
		p += n + 1;
	}
}

static const struct charset *
charset_find(const char *label)
{
	char lower[64];
	gsize n = 0;

	if (label == NULL)
		return CHARSET_DEFAULT;
	for (; *label != '\0' && n < sizeof(lower); label++)
		if (strchr(" \t\"'", *label) == NULL)
			lower[n++] = g_ascii_tolower(*label);
	if (n == 0 || n == sizeof(lower))
		return CHARSET_DEFAULT;
	for (gsize i = 0; i < G_N_ELEMENTS(charsets); i++)
		if (labels_contain(charsets[i].labels, lower, n))
			return &charsets[i];
	return CHARSET_DEFAULT;
}

/* Octets at p that are one ASCII character in more octets than it needs, or
 * 0. No reader may take them for it (RFC 3629 3), but an address that is
 * written so would be none to the redaction, and still be read. */
static gsize
overlong_len(const char *p, gsize len, char *ascii)
{
	const guint8 *u = (const guint8 *)p;
	gsize n;

	if (len >= 2 && (u[0] == 0xc0 || u[0] == 0xc1))
		n = 2;
	else if (len >= 3 && u[0] == 0xe0 && (u[1] == 0x80 || u[1] == 0x81))
		n = 3;
	else if (len >= 4 && u[0] == 0xf0 && u[1] == 0x80 &&
	    (u[2] == 0x80 || u[2] == 0x81))
		n = 4;
	else
		return 0;
	if ((u[n - 1] & 0xc0) != 0x80)
		return 0;
	*ascii = (char)((u[n - 2] & 1) << 6 | (u[n - 1] & 0x3f));
	return g_ascii_isprint(*ascii) ? n : 0;
}

/* UTF-8 without NUL from octets that should be that. */
static char *
repair_utf8(const char *bytes, gsize len)
{
	g_autofree char *copy = g_malloc(len + 1);
	gsize n = 0;

	for (gsize i = 0; i < len;) {
		gsize overlong = (guchar)bytes[i] < 0x80
		    ? 0
		    : overlong_len(bytes + i, len - i, &copy[n]);

		if (overlong > 0)
			n++;
		else if (bytes[i] != '\0')
			copy[n++] = bytes[i];
		i += MAX(overlong, 1);
	}
	copy[n] = '\0';
	if (g_utf8_validate(copy, (gssize)n, NULL))
		return g_steal_pointer(&copy);
	return g_utf8_make_valid(copy, (gssize)n);
}

/* Some converters hold the last character back for a combining one. */
static void
flush_converter(GIConv cd, GString *out)
{
	char chunk[64];
	char *to = chunk;
	gsize room = sizeof(chunk);

	(void)g_iconv(cd, NULL, NULL, &to, &room);
	g_string_append_len(out, chunk, to - chunk);
}

static char *
convert(const struct charset *charset, const char *bytes, gsize len)
{
	GIConv cd = g_iconv_open("UTF-8", charset->iconv);
	g_autoptr(GString) out = g_string_sized_new(len + 16);
	char *in = (char *)bytes;
	gsize left = len;

	if (cd == (GIConv)-1)
		return repair_utf8(bytes, len);
	while (left > 0) {
		char chunk[CHUNK];
		char *to = chunk;
		gsize room = sizeof(chunk);
		gsize rc = g_iconv(cd, &in, &left, &to, &room);
		int why = errno;
		gsize skip = MIN(left, charset->unit);

		g_string_append_len(out, chunk, to - chunk);
		if (rc != (gsize)-1 || (why == E2BIG && to > chunk))
			continue;
		g_string_append(out, REPLACEMENT);
		in += skip;
		left -= skip;
	}
	flush_converter(cd, out);
	(void)g_iconv_close(cd);
	return repair_utf8(out->str, out->len);
}

/* TRUE if it reads as UTF-8 but for a few octets: a wrong label is more usual
 * than a text of other characters that looks so. */
static gboolean
is_mostly_utf8(const char *bytes, gsize len)
{
	gsize good = 0;
	gsize bad = 0;

	for (gsize i = 0; i < len;) {
		gunichar c = (guchar)bytes[i];

		if (c >= 0x80)
			c = g_utf8_get_char_validated(bytes + i,
			    (gssize)(len - i));
		if (c < 0x80) {
			i++;
		} else if (c == (gunichar)-1 || c == (gunichar)-2) {
			bad++;
			i++;
		} else {
			good++;
			i += (gsize)g_utf8_skip[(guchar)bytes[i]];
		}
	}
	return good / MOSTLY >= bad;
}

char *
charset_to_utf8(const char *label, const char *bytes, gsize len)
{
	const struct charset *charset = charset_find(label);

	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		return repair_utf8(bytes + 3, len - 3);
	if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 ||
	    memcmp(bytes, "\xfe\xff", 2) == 0) && charset->unit == 1)
		charset = charset_find("utf-16");
	if (strcmp(charset->iconv, "UTF-8") == 0 ||
	    (!charset->is_opaque && is_mostly_utf8(bytes, len)))
		return repair_utf8(bytes, len);
	return convert(charset, bytes, len);
}
