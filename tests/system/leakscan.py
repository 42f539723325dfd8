"""Looks for words in files, in every form a program might leave them.

    python3 tests/system/leakscan.py --dir DIR [--dir DIR] --tokens FILE

FILE has one word a line. Each file below DIR is searched for each word plain
(any case of letters, composed or decomposed, several character sets), in
UTF-16 and UTF-32, base64 and base32 at all phases (also over line breaks),
quoted-printable and percent coding, UTF-7, hexadecimal, reversed, and in what
archives and compressed streams hold. Prints each find and ends with 1 if there
was one. A file is read as it lies on the disk: free pages of a database and
its journal are part of it.

tests/leak/scan.py finds its tokens with the same patterns and views.
"""

import argparse
import base64
import collections
import io
import os
import quopri
import random
import re
import stat
import sys
import tempfile
import unicodedata
import unittest
import urllib.parse
import zipfile
import zlib

MIN_CODED = 5  # shorter words would be found in random octets
MIN_CORE = 6   # letters of base64 and base32 that a word alone decides
CHARSETS = ("utf-8", "latin-1", "windows-1251", "koi8-r", "iso8859-7")
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le")


def spellings(word):
    """Ways to write the same word, but for its case."""
    forms = {word, word.casefold()}
    for form in ("NFC", "NFD", "NFKC"):
        forms.add(unicodedata.normalize(form, word))
    return forms


def cased(text):
    return {text, text.upper(), text.title(), text.capitalize()}


def cores(data, step, bits, alphabet_encode):
    """The part of a coded text that depends on data alone, for each offset
    data may have; step octets are one group, bits one letter."""
    found = set()
    for offset in range(step):
        text = alphabet_encode(b"\0" * offset + data)
        first = -(-offset * 8 // bits)
        last = (offset + len(data)) * 8 // bits
        found.add(text[first:last])
    return found


def encoded(text):
    """(octets in the character sets of mail, octets in wide ones)"""
    narrow, wide = set(), set()
    for form in cased(text):
        for charset in CHARSETS + WIDE:
            try:
                data = form.encode(charset)
            except UnicodeEncodeError:
                continue
            (wide if charset in WIDE else narrow).add(data)
    return narrow, wide


def patterns(texts):
    """view -> [(form, octets)]: the texts in all forms; views as in
    octet_views()."""
    forms = collections.defaultdict(set)
    for text in texts:
        narrow, wide = encoded(text)
        for data in narrow:
            forms["lower"].add(("plain", data.lower()))
            forms["coded"].add(("quoted", data.lower()))
            forms["utf-7"].add(("utf-7", data.lower()))
        for data in wide:
            forms["lower"].add(("utf-16", data.lower()))
        if len(text) < MIN_CODED:
            continue
        for data in encoded(text[::-1])[0] | encoded(text[::-1])[1]:
            forms["lower"].add(("reversed", data.lower()))
        for data in narrow | wide:
            forms["hex"].add(("hex", data.hex().encode()))
            for core in cores(data, 3, 6, base64.b64encode):
                forms["base64"].add(("base64", core))
            for core in cores(data, 5, 5, base64.b32encode):
                forms["base32"].add(("base32", core))
    return {view: sorted(item for item in items if item[0] not in
                         ("base64", "base32") or len(item[1]) >= MIN_CORE)
            for view, items in forms.items()}


TO_BASE64 = bytes.maketrans(b"-_", b"+/")
CODED = re.compile(rb"[=%]([0-9A-Fa-f]{2})|\\x([0-9A-Fa-f]{2})")
UTF7 = re.compile(rb"\+[A-Za-z0-9+/]{2,200}-?")


def from_utf7(found):
    try:
        return found[0].decode("utf-7").encode("utf-8", "replace")
    except UnicodeDecodeError:
        return found[0]


def octet_views(data):
    joined = re.sub(rb"\r?\n[ \t]*", b"", data) if b"\n" in data else data
    soft = re.sub(rb"=[ \t]*\r?\n", b"", data) if b"=" in data else data
    return {
        "lower": data.lower(),
        "base64": joined.translate(TO_BASE64),
        "base32": joined.upper(),
        "hex": re.sub(rb"[\s:]", b"", data).lower(),
        "utf-7": UTF7.sub(from_utf7, data).lower(),
        "coded": CODED.sub(lambda found: bytes(
            [int(found[1] or found[2], 16)]), soft).lower(),
    }


def unpack(data):
    """What is inside of archives, compressed streams and PNG chunks."""
    if data[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist()[:50]:
                    yield name.encode() + b"\n" + archive.read(name)
        except (zipfile.BadZipFile, OSError, RuntimeError,
                NotImplementedError):
            pass
    starts = [found.start() for found in re.finditer(
        rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", data)][:200]
    for at in starts:
        inflate = zlib.decompressobj(
            31 if data[at:at + 1] == b"\x1f" else 15)
        try:
            text = inflate.decompress(data[at:], 1 << 20)
        except zlib.error:
            continue
        if len(text) > 6:
            yield text


def files_below(path):
    for base, dirs, names in os.walk(path):
        dirs.sort()
        for name in sorted(names):
            full = os.path.join(base, name)
            try:
                if stat.S_ISREG(os.lstat(full).st_mode):
                    yield full
            except FileNotFoundError:
                continue


def find_form(views, items):
    """The form a word has in the views, or None."""
    for view, forms in items.items():
        for form, octets in forms:
            if octets in views[view]:
                return form
    return None


def scan(dirs, words):
    """Reports (finds, files, octets); a find is (file, word, form). File
    names are searched too."""
    known = [(word, patterns(spellings(word))) for word in words if word]
    finds, count, size = [], 0, 0
    for path in (file for top in dirs for file in files_below(top)):
        try:
            with open(path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            continue  # a running program has just taken it away
        count += 1
        size += len(data)
        name = os.fsencode(os.path.basename(path)) + b"\n"
        all_views = [("", octet_views(name + data))] + [
            (" packed", octet_views(inner)) for inner in unpack(data)]
        for word, items in known:
            for packed, views in all_views:
                form = find_form(views, items)
                if form:
                    finds.append((path, word, form + packed))
                    break
    return finds, count, size


# --- every form the scanner must know --------------------------------------

def split_every(data, count, by):
    return by.join(data[i:i + count] for i in range(0, len(data), count))


def octet_forms():
    """name -> how a program might write a word: str to octets."""
    yield "plain", str.encode
    yield "upper", lambda t: t.upper().encode()
    yield "title", lambda t: t.title().encode()
    yield "decomposed", lambda t: unicodedata.normalize("NFD", t).encode()
    for charset in CHARSETS[1:]:
        yield charset, lambda t, c=charset: t.encode(c)
    for charset in ("utf-16-le", "utf-16-be"):
        yield charset, lambda t, c=charset: t.encode(c)
        yield "hex " + charset, lambda t, c=charset: t.encode(c).hex().encode()
        yield "base64 " + charset, \
            lambda t, c=charset: base64.b64encode(t.encode(c))
    yield "utf-7", lambda t: t.encode("utf-7")
    for phase in range(3):
        yield "base64 at %d" % phase, lambda t, p=phase: base64.b64encode(
            b"x" * p + t.encode() + b"yy")
        yield "base64 upper at %d" % phase, \
            lambda t, p=phase: base64.b64encode(b"x" * p + t.upper().encode())
    yield "base64 of the URL alphabet", lambda t: base64.urlsafe_b64encode(
        b"\xff\xfe\xfd" + t.encode())
    yield "base64 in lines", lambda t: split_every(
        base64.b64encode(b"x" + t.encode()), 5, b"\r\n")
    for phase in range(5):
        yield "base32 at %d" % phase, lambda t, p=phase: base64.b32encode(
            b"x" * p + t.encode() + b"yyyyy")
    yield "base32 lower", lambda t: base64.b32encode(
        t.encode() + b"yyyyy").lower()
    yield "hex", lambda t: t.encode().hex().encode()
    yield "hex upper", lambda t: t.encode().hex().upper().encode()
    yield "hex with colons", lambda t: t.encode().hex(":").encode()
    yield "quoted", lambda t: quopri.encodestring(t.encode())
    yield "quoted all", lambda t: b"".join(b"=%02X" % c for c in t.encode())
    yield "quoted soft", lambda t: t.encode()[:4] + b"=\r\n" + t.encode()[4:]
    yield "percent", lambda t: urllib.parse.quote(t).encode()
    yield "percent all", lambda t: b"".join(b"%%%02x" % c for c in t.encode())
    yield "reversed", lambda t: t[::-1].encode()
    yield "zlib", lambda t: zlib.compress(b"abc " + t.encode() * 2)


def encodes(form, word):
    try:
        return form(word)
    except UnicodeEncodeError:
        return None


class SelfTest(unittest.TestCase):
    def test_finds_every_form_and_nothing_else(self):
        words = ["Hölzenbein", "qzxnym7@players.example", "0171 5550199",
                 "<179531.29631@players.example>", "nichts angekommen",
                 "Καζαντζάκης", "Петрович"]
        noise = random.Random(7).randbytes(100000)
        with tempfile.TemporaryDirectory() as top:
            path = os.path.join(top, "file")
            with open(path, "wb") as file:
                file.write(noise)
            self.assertEqual(scan([top], words)[0], [])
            for name, form in octet_forms():
                for word in words:
                    data = encodes(form, word)
                    if data is None:
                        continue
                    glue = b"\n." if "base" in name else b""
                    with open(path, "wb") as file:
                        file.write(noise[:70] + glue + data + glue
                                   + noise[70:2000])
                    with self.subTest(form=name, word=word):
                        found = [hit[1] for hit in scan([top], words)[0]]
                        self.assertEqual(found, [word])

    def test_finds_file_names(self):
        with tempfile.TemporaryDirectory() as top:
            with open(os.path.join(top, "x-hoelzenbein.eml"), "wb"):
                pass
            self.assertTrue(scan([top], ["Hoelzenbein"])[0])


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--dir", action="append", required=True)
    args.add_argument("--tokens", required=True)
    args = args.parse_args()
    with open(args.tokens, encoding="utf-8") as file:
        words = file.read().splitlines()
    finds, count, size = scan(args.dir, words)
    for path, word, form in finds:
        print("%s: %r (%s)" % (path, word, form))
    print("%d words, %d files, %d octets: %d found" % (
        len(words), count, size, len(finds)))
    return 1 if finds or not count else 0


if __name__ == "__main__":
    sys.exit(main())
