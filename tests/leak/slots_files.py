"""Slots of row A: attachments, and the small files they are made of."""

import base64
import io
import struct
import zipfile
import zlib

from shapes import attachment
from slots import CLASS, slot
from tokens import KEEP


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(
        ">I", zlib.crc32(kind + data))


def png(more, trailer=b""):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0\x40\x60\x80\xa0" * 4))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(
        chunk(kind, data) for kind, data in more) + body \
        + chunk(b"IEND", b"") + trailer


def jpeg(segments, trailer=b""):
    """Eight by eight grey pixels: the smallest baseline JPEG."""
    table = bytes([1] + [0] * 15 + [0])
    data = b"\xff\xd8"
    for marker, content in segments:
        data += b"\xff" + bytes([marker]) + struct.pack(
            ">H", len(content) + 2) + content
    data += b"\xff\xdb\0\x43\0" + b"\1" * 64
    data += b"\xff\xc0\0\x0b\x08\0\x08\0\x08\1\1\x11\0"
    data += b"\xff\xc4\0\x14\0" + table + b"\xff\xc4\0\x14\x10" + table
    return data + b"\xff\xda\0\x08\1\1\0\0\x3f\0\x3f\xff\xd9" + trailer


def exif(word):
    """One IFD with ImageDescription, Artist, GPS text behind it."""
    text = word.encode() + b"\0"
    entries = b"".join(struct.pack("<HHII", tag, 2, len(text), 50)
                       for tag in (0x010e, 0x013b, 0x8298))
    return b"Exif\0\0II*\0\x08\0\0\0\3\0" + entries + b"\0\0\0\0" + text * 3


@slot("A1.exif", kind="part", also=("A1.gps",))
def jpeg_tags(m):
    word = m.tok("A1.exif")
    gps = m.mint.degrees(m.serial, "A1.gps")
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><dc:creator>" \
        + word.encode() + b"</dc:creator><exif:GPS>" + gps.encode() \
        + b"</exif:GPS></x:xmpmeta>"
    families = ((0xe1, exif(word)), (0xe1, xmp), (0xfe, word.encode()),
                (0xed, b"Photoshop 3.0\0" + word.encode()),
                (0xe2, b"ICC_PROFILE\0\1\1" + word.encode()),
                (0xe0, b"JFIF\0\1\1\0\0\1\0\1\0\0" ),
                (0xec, b"Ducky" + word.encode()),
                (0xee, b"Adobe\0" + word.encode()))
    m.draft.parts.append(attachment(
        "image/jpeg", jpeg(m.rng.sample(families, 5), word.encode()),
        'filename="%s.jpg"' % word))


@slot("A2.text", kind="part")
def png_tags(m):
    word = m.tok("A2.text").encode()
    chunks = [(b"tEXt", b"Author\0" + word),
              (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + word),
              (b"zTXt", b"Comment\0\0" + zlib.compress(word)),
              (b"eXIf", exif(word.decode())[6:]),
              (b"tIME", b"\x07\xd9\3\3\x11\x2b\x15"),
              (b"prVt", word)]
    gif = b"GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0\x21\xfe" \
        + bytes([len(word)]) + word + b"\0\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1" \
        b"\0\x3b" + word
    webp = base64.b64decode(
        "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
    webp += b"EXIF" + struct.pack("<I", len(word)) + word
    kind, data = (("png", png(chunks, word)), ("gif", gif),
                  ("webp", webp), ("png", png([], word)))[m.variant % 4]
    m.draft.parts.append(attachment(
        "image/" + kind, data, 'filename="pic.%s"' % kind))


@slot("A3.pdf", kind="part")
def pdf(m):
    word = m.tok("A3.pdf")
    data = ("%%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n"
            "2 0 obj<</Author(%s)/Producer(%s)>>endobj\n<x:xmpmeta>%s"
            "</x:xmpmeta>\ntrailer<</Info 2 0 R>>\n%%%%EOF\n" % (
                word, word, word)).encode()
    kind = ("application/pdf", "text/plain", "image/jpeg")[m.variant % 3]
    m.draft.parts.append(attachment(kind, data, 'filename="a.pdf"'))


def packed(names, method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, text in names:
            archive.writestr(name, text)
    return file.getvalue()


@slot("A4.office", kind="part")
def office(m):
    word = m.tok("A4.office")
    data = packed([("docProps/core.xml", "<dc:creator>%s</dc:creator>"
                    % word), ("word/document.xml", "<w:ins w:author='%s'/>"
                              % word), ("mimetype", "x")],
                  (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[m.variant % 2])
    m.draft.parts.append(attachment(
        ("application/vnd.openxmlformats-officedocument.wordprocessingml."
         "document", "application/octet-stream")[m.variant // 2 % 2], data,
        'filename="letter.docx"'))


@slot("A5.archive", kind="part")
def archive(m):
    word = m.tok("A5.archive")
    inner = packed([(word + ".txt", word)], zipfile.ZIP_STORED)
    data = packed([("%s/inner.zip" % word, inner)], zipfile.ZIP_STORED)
    if m.variant % 3 == 0:
        data = zlib.compress(word.encode() * 9)
        data = b"\x1f\x8b\x08\x08\0\0\0\0\0\3" + word.encode() + b"\0" + data
    m.draft.parts.append(attachment(
        "application/zip", data, 'filename="%s.zip"' % word))


@slot("A6.media", kind="part", also=("A6.gps",))
def media(m):
    word = m.tok("A6.media").encode()
    gps = m.mint.degrees(m.serial, "A6.gps").split(", ")
    gpx = ('<?xml version="1.0"?><gpx creator="%s"><wpt lat="%s" lon="%s">'
           "<name>%s</name></wpt></gpx>" % (word.decode(), *gps,
                                            word.decode())).encode()
    kind, data = (
        ("audio/mpeg", b"ID3\4\0\0\0\0\0\x20TPE1\0\0\0\x12\0\0\3" + word),
        ("application/gpx+xml", gpx), ("text/xml", gpx),
        ("video/mp4", b"\0\0\0\x18ftypmp42\0\0\0\0moovudta" + word),
        ("application/octet-stream",
         b"From: " + word + b"@other.test\r\nX: y\r\n\r\n" + word))[
             m.variant % 5]
    m.draft.parts.append(attachment(kind, data, 'filename="a.bin"'))


@slot("A7.lie", kind="part")
def type_lies(m):
    word = m.tok("A7.lie")
    svg = ('<svg xmlns="http://www.w3.org/2000/svg"><metadata>%s</metadata>'
           "<text>%s@other.test</text></svg>" % (word, word)).encode()
    html = ("<html><!-- %s --><body>a</body></html>" % word).encode()
    forms = (
        ("image/svg+xml", svg), ("text/plain", svg), ("image/png", svg),
        ("text/plain", png([(b"tEXt", b"A\0" + word.encode())])),
        ("text/plain", jpeg([(0xfe, word.encode())])),
        ("text/plain", html), ("text/html", html), ("image/gif", html),
        ("text/csv", ("\ufeff%s@other.test" % word).encode("utf-16-le")),
        ("image/png", jpeg([(0xfe, word.encode())])),
        ("text/plain", b"%PDF-1.4 (" + word.encode() + b")"),
        ("text/plain", b"GIF89a" + word.encode()),
        ("text/plain", b"MZ\x90\0" + word.encode()),
        ("text/plain", packed([(word, word)], zipfile.ZIP_STORED)),
        ("text/rtf", b"{\\rtf1{\\info{\\author " + word.encode() + b"}}a}"),
        ("text/plain", b"{\\rtf1{\\info{\\author " + word.encode()
         + b"}}a}"))
    kind, data = forms[m.variant % len(forms)]
    m.draft.parts.append(attachment(kind, data, 'filename="a.txt"'))


@slot("A6.text", kind="part", also=("KEEP.file",))
def text_file(m):
    """A text passes, without the identities in it."""
    text = "Name,%s\r\nMail,%s\r\nOther,%s@other.test\r\nRef,%s\r\n" % (
        m.name, m.address, m.tok("A6.text"), m.tok("KEEP.file"))
    m.draft.parts.append(attachment(
        "text/csv", text.encode(), 'filename="konto.csv"'))
    m.keep.append(m.tok("KEEP.file"))


CLASS["KEEP.file"] = KEEP
