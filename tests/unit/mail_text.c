/*
 * Texts of a mail without GMime: charsets, text shape, HTML and sniffing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "mail/charset.h"
#include "mail/html.h"
#include "mail/sniff.h"
#include "mail/text.h"
#include "mail_case.h"

#include "base/banned.h"

int mail_text_tests(void);

/* --- charset -------------------------------------------------------- */

struct charset_row {
	const char *label;
	const char *bytes;
	gsize len;
	const char *want;
};
#define B(bytes) (bytes), sizeof(bytes) - 1

static void
charset_converts(void **state)
{
	static const struct charset_row rows[] = {
		{NULL, B("plain"), "plain"},
		{"utf-8", B("gr\xc3\xbc\xc3\x9f"), "grüß"},
		{"utf-8", B("gr\xfc\xdf x"), "gr\xef\xbf\xbd\xef\xbf\xbd x"},
		{"iso-8859-1", B("gr\xfc\xdf =\x00x"), "grüß =x"},
		{"iso-8859-1", B("\x93quoted\x94"), "“quoted”"},
		{"ISO-8859-1", B("gr\xc3\xbc\xc3\x9f"), "grüß"},
		{" \"windows-1253\"", B("\xca\xe1\xeb\xe7\xec\xdd\xf1\xe1"),
		    "Καλημέρα"},
		{"iso-8859-7", B("\xca\xe1\xeb\xe7"), "Καλη"},
		{"koi8-r", B("\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет"},
		{"gb2312", B("\xc4\xe3\xba\xc3"), "你好"},
		{"shift_jis", B("\x82\xb1\x82\xf1"), "こん"},
		{"iso-2022-jp", B("\x1b$B$3$s\x1b(B!"), "こん!"},
		{"utf-16", B("\xff\xfeg\x00\xfc\x00"), "gü"},
		{NULL, B("\xfe\xff\x00g\x00\xfc"), "gü"},
		{"utf-16be", B("\x00g\xd8"), "g\xef\xbf\xbd"},
		{NULL, B("\xef\xbb\xbf" "x"), "x"},
		{"no-such-charset", B("gr\xfc\xdf"), "grüß"},
		{"windows-1252", B("a\x81z"), "a\xef\xbf\xbdz"},
		{"utf-7", B("tok+AEA-example"), "tok@example"},
		{"windows-1258", B("a"), "a"},
		{"windows-1255", B("x\xe9"), "xי"},
		{"gb18030", B("a\x81\x30\x81"),
		    "a\xef\xbf\xbd" "0\xef\xbf\xbd"},
		{"big5-hkscs", B("\x88\x66"), "Ê"},
		/* UTF-8 under a wrong label, with an octet that is none. */
		{"iso-8859-1", B("\xc3\xbc\xc3\xa4\xc3\xb6\xc3\x9f"
		    "\xc3\xa9 \xff"), "üäößé \xef\xbf\xbd"},
		{"iso-8859-1", B("\xc3\xbc \xff"), "Ã¼ ÿ"},
		{"\"\"", B(""), ""},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = charset_to_utf8(rows[i].label,
		    rows[i].bytes, rows[i].len);

		assert_string_equal(got, rows[i].want);
	}
}

static void
charset_takes_any_octets(void **state)
{
	static const char *const labels[] = {NULL, "utf-8", "utf-7", "utf-16",
	    "utf-32", "iso-2022-jp", "iso-2022-kr", "gbk", "big5",
	    "shift_jis", "euc-kr", "windows-1255", "windows-1253"};
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	char bytes[999];

	(void)state;
	for (guint round = 0; round < 200; round++)
		for (gsize i = 0; i < G_N_ELEMENTS(labels); i++) {
			g_autofree char *got = NULL;

			for (gsize k = 0; k < sizeof(bytes); k++)
				bytes[k] = (char)g_rand_int_range(rand, 0,
				    256);
			got = charset_to_utf8(labels[i], bytes,
			    sizeof(bytes));
			assert_true(g_utf8_validate(got, -1, NULL));
		}
}

/* --- text shape ----------------------------------------------------- */

struct pair {
	const char *in;
	const char *want;
};

static void
text_is_cleaned(void **state)
{
	static const struct pair rows[] = {
		{"", ""},
		{"a", "a\n"},
		{"a\r\nb\rc\n", "a\nb\nc\n"},
		{"a  \t\n  b \n", "a\n  b\n"},
		{"a\n\n\n\n\n\nb", "a\n\n\nb\n"},
		{"\n \n\na\n\n", "a\n"},
		{"a\x1b[31mb\x07\x7f", "a[31mb\n"},
		{"a\xc2\x85" "b\xc2\x9b" "c\xe2\x80\xa8" "d", "a\nbc\nd\n"},
		{"a\f\vb\tc", "a\n\nb\tc\n"},
		{"a\n-- \nb", "a\n-- \nb\n"},
		{"-- \nb --\t\n", "-- \nb --\n"},
		{"> > -- \n> a -- \n", "> > -- \n> a --\n"},
	};
	g_autofree char *cut = text_clean("aaaa\nbbbb\n", 6);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = text_clean(rows[i].in, TEXT_MAX);

		assert_string_equal(got, rows[i].want);
	}
	assert_string_equal(cut, "aaaa\nb\n" TEXT_CUT "\n");
}

/* A control character before each other one leaves no plain run, and nothing
 * else. */
static void
plain_text_is_cleaned_alike(void **state)
{
	static const char *const pieces[] = {"a", "Bc", " ", "  ", "\t", "\n",
		"\n\n\n", "\r\n", "\r", ".", "\x7f", "ä", "\xc2\x85",
		"\xe2\x80\xa8", "\xe2\x82\xac", "漢", "\xf0\x9f\x99\x82"};
	g_autoptr(GRand) rand = g_rand_new_with_seed(3);

	(void)state;
	for (guint round = 0; round < 2000; round++) {
		g_autoptr(GString) plain = g_string_new(NULL);
		g_autoptr(GString) broken = g_string_new(NULL);
		gsize max = (gsize)g_rand_int_range(rand, 1, 60);
		g_autofree char *fast = NULL;
		g_autofree char *slow = NULL;

		for (gint n = g_rand_int_range(rand, 0, 40); n > 0; n--)
			g_string_append(plain, pieces[g_rand_int_range(rand, 0,
			    G_N_ELEMENTS(pieces))]);
		for (const char *p = plain->str; *p != '\0';
		     p = g_utf8_next_char(p)) {
			if (*p != '\n')
				g_string_append_c(broken, '\x01');
			g_string_append_unichar(broken, g_utf8_get_char(p));
		}
		fast = text_clean(plain->str, max);
		slow = text_clean(broken->str, max);
		assert_string_equal(fast, slow);
	}
}

static void
text_line_is_one_line(void **state)
{
	static const struct pair rows[] = {
		{"", ""},
		{"  a \t b\r\nX-Inj: c \n", "a b X-Inj: c"},
		{"a\x01\x7f\xc2\x9b" "b", "ab"},
		{"\xe2\x80\xa8" "a", "a"},
	};
	g_autofree char *cut = text_line("aaaaaaaaaaaaaaaaaaaa", 10);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = text_line(rows[i].in, 100);

		assert_string_equal(got, rows[i].want);
	}
	assert_true(strlen(cut) <= 10 && cut[0] == 'a');
}

static void
flowed_text_is_joined(void **state)
{
	static const struct {
		const char *in;
		gboolean is_delsp;
		const char *want;
	} rows[] = {
		{"a \nb\nc", FALSE, "a b\nc\n"},
		{"john@exam \r\nple.com\r\n", TRUE, "john@example.com\n"},
		{"a\n-- \nb", FALSE, "a\n-- \nb\n"},
		{"a \n-- \nb", FALSE, "a \n-- \nb\n"},
		{"> a \n> b\n>> c\nd", FALSE, "> a b\n>> c\nd\n"},
		{"> a \nb", FALSE, "> a \nb\n"},
		{" >x\n From y", FALSE, "  >x\nFrom y\n"},
		{"a \n >x\n> b", FALSE, "a >x\n> b\n"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = text_unflow(rows[i].in,
		    rows[i].is_delsp);

		assert_string_equal(got, rows[i].want);
	}
}

/* --- HTML ----------------------------------------------------------- */

static void
html_shows_what_is_visible(void **state)
{
	static const struct pair rows[] = {
		{"", ""},
		{"a<br>b<p>c</p>d", "a\nb\n\nc\n\nd\n"},
		{"<div>a</div><div>b</div>", "a\nb\n"},
		{"<div>a<br></div><div><br></div><div>b</div>", "a\n\nb\n"},
		{"  a \n b  ", "a b\n"},
		{"<pre>a\n  b</pre>", "a\n  b\n"},
		{"<head><title>T</title><style>p{}</style></head>x", "x\n"},
		{"a<script>if (a</b>) {}</script>b", "ab\n"},
		{"a<SCRIPT>x</scripty></script>b", "ab\n"},
		{"a<!-- x --- y -->b<!-->c<!--->d", "abcd\n"},
		{"a<![if !mso]>b<![endif]>c", "abc\n"},
		{"<!--[if mso]>x<![endif]-->y", "y\n"},
		{"a<span style='display:none'>x</span>b", "ab\n"},
		{"a<span style='DISPLAY&#58; none'>x</span>b", "ab\n"},
		{"a<span style=\"font-size: 0px\">x</span>b", "ab\n"},
		{"a<span style=\"font-size:0.9em\">x</span>b", "axb\n"},
		{"a<i hidden>x</i>b<b HIDDEN=\"\">x</b>c", "abc\n"},
		{"a<b style=color:red style=display:none>x", "ax\n"},
		{"<div hidden>x<b>y</div>b", "b\n"},
		{"<p hidden>x<p>y", "y\n"},
		{"<ul><li>a<li>b</ul>c", "- a\n- b\n\nc\n"},
		{"<ol><li>a<ul><li>b</ul></ol>", "- a\n\n  - b\n"},
		{"<blockquote type=cite>a<br>b</blockquote>c",
		    "> a\n> b\n\nc\n"},
		{"<blockquote cite='mid:x'>a</blockquote>", "> a\n"},
		{"<blockquote class='x gmail_quote'>a</blockquote>", "> a\n"},
		{"<blockquote style='MARGIN: 0; BORDER-LEFT: 2px'>a", "> a\n"},
		{"<blockquote type=cite>a<blockquote>b", "> a\n\n> > b\n"},
		{"On 5 Nov 2026 5:30, a@b.example wrote:<blockquote>b",
		    "On 5 Nov 2026 5:30, a@b.example wrote:\n\n> b\n"},
		{"The rule:<blockquote>b</blockquote>", "The rule:\n\nb\n"},
		{"a<blockquote class='webkit-indent-blockquote' "
		 "style='margin: 0 0 0 40px; border-left: medium none'>b",
		    "a\n\nb\n"},
		{"<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>",
		    "a b\nc\n"},
		{"<blockquote type=CITE><table><tr><td></blockquote>a</table>b",
		    "> a\n> b\n"},
		{"<a href='https://e.x/p?q=1&amp;r'>here</a>.",
		    "here <https://e.x/p?q=1&r>.\n"},
		{"<a href='https://www.e.x/'>e.x</a>", "e.x\n"},
		{"<a href=https://e.x/a>https://e.x/a</a>", "https://e.x/a\n"},
		{"<a href='mailto:a@b'>x</a><a href='javascript:1'>y</a>",
		    "xy\n"},
		{"<a href='http://e.x/a b'>x</a><a href='https://e.x/'>"
		 "<img src=x alt=secret></a>", "x\n"},
		{"<img alt='secret' src='cid:1'>x", "x\n"},
		{"a &lt;b&gt; &amp; &nbsp;c &#8364; &#x20AC; &#128;",
		    "a <b> &  c € € €\n"},
		{"john&commat;example&period;com &unknown; &",
		    "john@example.com &unknown; &\n"},
		{"&#0;&#xD800;&#x110000;&#9999999999999;",
		    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n"},
		{"1 < 2 <3> </ x>y", "1 < 2 <3> y\n"},
		{"a<b title='>'c\">d", "ad\n"},
		{"a<b c=d/>e", "ae\n"},
		{"<a\fhref\f=\f'https://e.x/?a=\"1' title=\">\"\">x</a>y",
		    "xy\n"},
		{"<a href=https://e.x/?a=b&copy=1&amp;c&#61;d/>x</a>",
		    "x <https://e.x/?a=b&copy=1&c=d/>\n"},
		{"<a href='https://j&commat;e.x' href='https://f.x'>x</a>",
		    "x <https://j@e.x>\n"},
		{"a<b \"='> ' hidden>b</b>c", "ac\n"},
		{"a</br>b</ a='>'>c<br/>d", "a\nb'>c\nd\n"},
		{"a<div/>b", "a\nb\n"},
		{"<html hidden><head><meta charset=koi8-r></head><body>\xc3\xa9"
		 "</body></html>x", "\xc3\xa9x\n"},
		{"a<!--x--!>b<?x?>c<![CDATA[x]]>d", "abcd\n"},
		{"<title>a<p></title>b<textarea><i>c", "b\nc\n"},
		{"a\x01&#1;b\xef\xbf\xbf" "c&nbsp d&copy e&ampx",
		    "abc  d\xc2\xa9 e&ampx\n"},
		{"<span hidden><p>x<hr></span>b", "b\n"},
		{"a<b", "a\n"},
		{"jo<wbr>hn", "john\n"},
		{"<textarea>a</textarea>", "a\n"},
		{"gr\xfc" "n", "gr\xef\xbf\xbdn\n"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = html_to_text(rows[i].in,
		    strlen(rows[i].in));

		assert_string_equal(got, rows[i].want);
	}
}

/* Nothing of this shape may cost more than its length, nor hide what is
 * behind it. */
static void
html_is_fast(const char *before, const char *unit, const char *after,
    const char *want_end)
{
	g_autoptr(GString) html = g_string_new("<p>start");
	g_autofree char *got = NULL;
	gint64 start = cpu_time();

	g_string_append(html, before);
	while (html->len < 1024 * 1024)
		g_string_append(html, unit);
	g_string_append(html, after);
	got = html_to_text(html->str, html->len);
	assert_true(g_str_has_prefix(got, "start"));
	assert_true(g_str_has_suffix(got, want_end));
	assert_true(strlen(got) <= HTML_TEXT_MAX + 64);
	assert_true(cpu_time() - start < 3 * G_USEC_PER_SEC);
}

static void
html_bombs_are_bounded(void **state)
{
	static const char *const units[] = {"<b>", "</i>", "<b></i>",
	    "<div hidden>", "<table><tr><td>",
	    "<blockquote type=cite>x<br>", "@x:<blockquote></blockquote>",
	    "<ul><li>x", "<!--", "<script>", "<a href='https://x.y/z'>q",
	    "<", "&", "&amp", "<a ", "<p a='", " ", "<p\n", "x\n\n", "</",
	    "<!", "<p style='display:none'>", "<br>x", "<pre>\n", "&#", "&x",
	    "<a href=&&&&&&&&>", "\xef\xbf\xbf"};
	static const char *const shapes[][3] = {
		{"<p title='", "x", "'>"}, {"<p style='", "x", "'>"},
		{"<p ", "class=quote cite type ", ">"},
		{"<p ", "style=x ", ">"}, {"<p", "x", ">"},
		{"<!--", "<p a='", "-->"}, {"<!--", "-", "-->"},
		{"<script>", "</script ", "></script>"},
		{"<title>", "<p>", "</title>"}, {"", "<!---->", ""},
		{"", "<p>", ""}, {"", "<wbr>", ""}, {"", "</p>", ""},
		{"", "<span><b><i></span>", ""},
		{"", "<li><tr>", ""}, {"", "<body></body></html>", ""},
	};
	g_autoptr(GString) deep = g_string_new(NULL);

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
		html_is_fast("", units[i], "", "");
	for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
		g_autofree char *after = g_strconcat(shapes[i][2], "end",
		    NULL);

		html_is_fast(shapes[i][0], shapes[i][1], after, "end\n");
	}
	for (guint i = 0; i < 200000; i++)
		g_string_append(deep, "<b>");
	html_is_fast(deep->str, "</i>", "end", "end\n");
}

static void
html_attributes_are_linear(void **state)
{
	g_autoptr(GString) html = g_string_new("start<p ");
	g_autofree char *got = NULL;
	gint64 start = cpu_time();

	(void)state;
	for (guint i = 0; i < 200000; i++)
		g_string_append_printf(html, "a%x ", i);
	g_string_append(html, "href='https://e.x'>end");
	got = html_to_text(html->str, html->len);
	assert_string_equal(got, "start\n\nend\n");
	assert_true(cpu_time() - start < 3 * G_USEC_PER_SEC);
}

static void
html_depth_loses_no_text(void **state)
{
	g_autoptr(GString) html = g_string_new(NULL);
	g_autofree char *got = NULL;

	(void)state;
	for (guint i = 0; i < 5000; i++)
		g_string_append(html, "<div>");
	for (guint i = 0; i < 500; i++)
		g_string_append(html, "<!--x-->");
	g_string_append(html, "de<br>ep");
	for (guint i = 0; i < 5000; i++)
		g_string_append(html, "</div>");
	g_string_append(html, "<blockquote type=cite>q</blockquote>");
	got = html_to_text(html->str, html->len);
	assert_string_equal(got, "de\nep\n\n> q\n");
}

/* --- sniffing ------------------------------------------------------- */

static void
content_is_sniffed(void **state)
{
	static const struct {
		const char *bytes;
		gsize len;
		const char *want;
	} rows[] = {
		{B("\xff\xd8\xff\xe0\x00\x10JFIF"), "image/jpeg"},
		{B("\x89PNG\r\n\x1a\n\x00"), "image/png"},
		{B("GIF89a\x01\x00"), "image/gif"},
		{B("RIFF\x10\x00\x00\x00WEBPVP8 "), "image/webp"},
		{B("\x00\x00\x00\x18" "ftypheic\x00"), "image/heic"},
		{B("%PDF-1.7\n%\xe2\xe3"), "application/pdf"},
		{B("PK\x03\x04\x14\x00"), "application/zip"},
		{B("\x1f\x8b\x08\x00"), "application/gzip"},
		{B("MZ\x90\x00\x03"), "application/x-msdownload"},
		{B("MZ is a word here"), "text/plain"},
		{B("BMW for sale"), "text/plain"},
		{B("{\\rtf1 x}"), "application/rtf"},
		{B("RIFX\x10\x00\x00\x00WEBPVP8 "),
		    "application/octet-stream"},
		{B("RIFF\x10\x00\x00\x00WAVEfmt "), "audio/wav"},
		{B("\x00\x00\x00\x18" "ftypavif\x00"), "image/avif"},
		{B("\x00\x00\x00\x18" "ftypisom\x00"), "video/mp4"},
		{B("BM\x36\x00\x00\x00"), "image/bmp"},
		{B("II*\x00\x08\x00"), "image/tiff"},
		{B("Rar!\x1a\x07\x01\x00"), "application/vnd.rar"},
		{B("7z\xbc\xaf\x27\x1c\x00"), "application/x-7z-compressed"},
		{B("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00"),
		    "application/x-ole-storage"},
		{B("\x7f" "ELF\x02\x01\x01\x00"), "application/x-executable"},
		{B("\xff\xfb\x90\x64\x00"), "audio/mpeg"},
		{B("ID3\x03\x00\x00"), "audio/mpeg"},
		{B("OggS\x00\x02"), "audio/ogg"},
		{B("\x78\x9f\x3e\x22\x01\x00"), "application/ms-tnef"},
		{B("<?xml version='1.0'?><a/>"), "application/xml"},
		{B("-----BEGIN PGP MESSAGE-----\n"),
		    "application/pgp-encrypted"},
		{B("\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n"),
		    "application/pgp-keys"},
		{B("-----BEGIN PGP SIGNATURE-----\n"),
		    "application/pgp-signature"},
		{B("-----BEGIN PGP SIGNED MESSAGE-----\n"), "text/plain"},
		{B("-----BEGIN CERTIFICATE-----\n"),
		    "application/x-pem-file"},
		/* packets: key, old and new form; signature; encrypted */
		{B("\x98\x06\x04\x00\x00\x00\x00\x16\xb4\x01x"),
		    "application/pgp-keys"},
		{B("\xc6\x06\x04\x00\x00\x00\x00\x16\xcd\x01x"),
		    "application/pgp-keys"},
		{B("\x88\x06\x04\x00\x16\x08\x00\x00"),
		    "application/pgp-signature"},
		{B("\x84\x06\x03\x00\x00\x00\x00\x00\xd2\x01\x01"),
		    "application/pgp-encrypted"},
		{B("\xd2\xe1\x01\x00\x00\x00\x00"),
		    "application/pgp-encrypted"},
		{B("\x98\x06\x09\x00\x00\x00\x00\x16"),
		    "application/octet-stream"},
		{B("\x98\xff\x04\x00\x00\x00\x00\x16"),
		    "application/octet-stream"},
		{B("\x98\x02\x04\x00\x00\x00\x00\x16"),
		    "application/octet-stream"},
		/* CMS: signed, enveloped, authEnveloped */
		{B("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
		    "application/pkcs7-signature"},
		{B("\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
		   "\x07\x03"), "application/pkcs7-mime"},
		{B("\x30\x20\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10"
		   "\x01\x17"), "application/pkcs7-mime"},
		{B("\x30\x82\x01\x00\x02\x01\x00\xff"),
		    "application/octet-stream"},
		{B("\x30\xff"), "application/octet-stream"},
		/* polyglots */
		{B("a line\n%PDF-1.4\n1 0 obj\n"), "application/pdf"},
		{B("a line\n<HTML><script>"), "text/html"},
		{B("note\nBEGIN:VCARD\nFN:x"), "text/vcard"},
		{B("Received: from x\n"), "message/rfc822"},
		{B("Reporting-MTA: dns; x\n"), "message/delivery-status"},
		{B("BEGIN:VCARD\nVERSION:3.0"), "text/vcard"},
		{B("\xef\xbb\xbf" "BEGIN:VCALENDAR"), "text/calendar"},
		{B(" \n<!doctype html><p>"), "text/html"},
		{B("<svg xmlns='x'>"), "image/svg+xml"},
		{B("name;sum\nx;1\n"), "text/plain"},
		{B("\xff\xfe" "a\x00"), "text/plain"},
		{B("gr\xfc" "n"), "application/octet-stream"},
		{B("a\x00z"), "application/octet-stream"},
		{B(""), "application/octet-stream"},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_string_equal(sniff_type((const guint8 *)rows[i].bytes,
		    rows[i].len), rows[i].want);
	assert_true(sniff_is_text((const guint8 *)"gr\xfc\xdf", 4));
	assert_false(sniff_is_text((const guint8 *)"a\x02", 2));
}

int
mail_text_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(charset_converts),
		cmocka_unit_test(charset_takes_any_octets),
		cmocka_unit_test(text_is_cleaned),
		cmocka_unit_test(plain_text_is_cleaned_alike),
		cmocka_unit_test(text_line_is_one_line),
		cmocka_unit_test(flowed_text_is_joined),
		cmocka_unit_test(html_shows_what_is_visible),
		cmocka_unit_test(html_bombs_are_bounded),
		cmocka_unit_test(html_attributes_are_linear),
		cmocka_unit_test(html_depth_loses_no_text),
		cmocka_unit_test(content_is_sniffed),
	};

	return cmocka_run_group_tests_name("mail text", tests, NULL, NULL);
}
