"""Looks for words in files, in every form a program might leave them.

    python3 tests/system/leakscan.py --dir DIR [--dir DIR] --tokens FILE

FILE has one token a line. Each file below DIR is searched for each token
plain (any case of letters, composed or decomposed), in UTF-16 of both
orders, base64 at all three phases (also the URL alphabet and over line
breaks), quoted-printable and percent coding, and hexadecimal. Prints each
find and ends with 1 if there was one. A file is read as it lies on the disk:
free pages of a database and its journal are part of it.
"""

import argparse
import base64
import os
import quopri
import random
import re
import stat
import sys
import tempfile
import unicodedata
import unittest

MIN_CODED = 5  # shorter words would be found in random bytes


def spellings(token):
    """Ways to write the same word."""
    forms = {token}
    for form in ("NFC", "NFD", "NFKC"):
        text = unicodedata.normalize(form, token)
        forms |= {text, text.lower(), text.upper(), text.casefold()}
    return forms


def codings(text):
    """Bytes of one spelling in the character sets of mail."""
    found = {text.encode("utf-8")}
    for charset in ("latin-1", "iso8859-7", "koi8-r"):
        try:
            found.add(text.encode(charset))
        except UnicodeEncodeError:
            pass
    return found


def base64_cores(data):
    """The part of the base64 text that depends on data alone, for each
    offset data may have in the coded stream."""
    cores = set()
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + data)
        first = (offset * 8 + 5) // 6
        last = (offset + len(data)) * 8 // 6
        core = text[first:last]
        if len(core) >= 6:
            cores.add(core)
    return cores


class Patterns:
    """All forms of one token."""

    def __init__(self, token):
        self.token = token
        self.plain, self.coded, self.hex = set(), set(), set()
        for text in spellings(token):
            for data in codings(text):
                self.plain.add(data.lower())
                if len(data) >= MIN_CODED:
                    self.coded |= base64_cores(data)
                    self.hex.add(data.hex().encode())
            for charset in ("utf-16-le", "utf-16-be"):
                wide = text.encode(charset)
                self.plain.add(wide.lower())
                if len(text) >= MIN_CODED:
                    self.coded |= base64_cores(wide)
                    self.hex.add(wide.hex().encode())

    def find(self, views):
        for name, pattern, data in (
                ("plain", self.plain, views.plain),
                ("base64", self.coded, views.base64),
                ("hex", self.hex, views.hex),
                ("quoted", self.plain, views.quoted)):
            for form in pattern:
                if form in data:
                    return name
        return None


class Views:
    """One file as different readers would see it."""

    def __init__(self, data):
        self.plain = data.lower()
        joined = re.sub(rb"\r?\n[ \t]*", b"", data)
        self.base64 = joined.translate(bytes.maketrans(b"-_", b"+/"))
        self.hex = re.sub(rb"[\s:]", b"", self.plain)
        soft = re.sub(rb"=[ \t]*\r?\n", b"", data)
        self.quoted = re.sub(
            rb"[=%]([0-9A-Fa-f]{2})",
            lambda found: bytes([int(found.group(1), 16)]), soft).lower()


def files_below(path):
    for base, dirs, names in os.walk(path):
        dirs.sort()
        for name in sorted(names):
            full = os.path.join(base, name)
            if stat.S_ISREG(os.lstat(full).st_mode):
                yield full


def scan(dirs, tokens):
    """Reports (finds, files, bytes); a find is (file, token, form). File
    names are searched too."""
    patterns = [Patterns(token) for token in tokens if token]
    finds, count, size = [], 0, 0
    for path in (file for top in dirs for file in files_below(top)):
        with open(path, "rb") as file:
            data = file.read()
        count += 1
        size += len(data)
        views = Views(os.fsencode(os.path.basename(path)) + b"\n" + data)
        for pattern in patterns:
            form = pattern.find(views)
            if form:
                finds.append((path, pattern.token, form))
    return finds, count, size


# Every form the scanner must know, for the self-test.
FORMS = {
    "plain": lambda t: t.encode(),
    "upper": lambda t: t.upper().encode(),
    "lower": lambda t: t.lower().encode(),
    "decomposed": lambda t: unicodedata.normalize("NFD", t).encode(),
    "latin-1": lambda t: t.encode("latin-1"),
    "utf-16-le": lambda t: t.encode("utf-16-le"),
    "utf-16-be": lambda t: t.encode("utf-16-be"),
    "utf-16 upper": lambda t: t.upper().encode("utf-16-le"),
    "base64 phase 0": lambda t: base64.b64encode(t.encode() + b"  "),
    "base64 phase 1": lambda t: base64.b64encode(b"x" + t.encode() + b" "),
    "base64 phase 2": lambda t: base64.b64encode(b"xy" + t.encode()),
    "base64 url": lambda t: base64.urlsafe_b64encode(t.encode()),
    "base64 lines": lambda t: b"\r\n".join(
        re.findall(rb".{1,5}", base64.b64encode(b"x" + t.encode()))),
    "base64 lower": lambda t: base64.b64encode(t.lower().encode()),
    "base64 utf-16": lambda t: base64.b64encode(t.encode("utf-16-le")),
    "quoted": lambda t: quopri.encodestring(t.encode()),
    "quoted all": lambda t: b"".join(b"=%02X" % c for c in t.encode()),
    "quoted soft": lambda t: t.encode()[:4] + b"=\r\n" + t.encode()[4:],
    "percent": lambda t: b"".join(b"%%%02x" % c for c in t.encode()),
    "hex lower": lambda t: t.encode().hex().encode(),
    "hex upper": lambda t: t.encode().hex().upper().encode(),
    "hex utf-16": lambda t: t.encode("utf-16-be").hex().encode(),
}


class SelfTest(unittest.TestCase):
    def test_finds_every_form_and_nothing_else(self):
        tokens = ["Hölzenbein", "qzxnym7@players.example", "0171 5550199",
                  "<179531.29631@players.example>", "nichts angekommen"]
        noise = random.Random(7).randbytes(100000)
        with tempfile.TemporaryDirectory() as top:
            path = os.path.join(top, "file")
            with open(path, "wb") as file:
                file.write(noise)
            self.assertEqual(scan([top], tokens)[0], [])
            for name, form in FORMS.items():
                for token in tokens:
                    with open(path, "wb") as file:
                        file.write(noise[:70] + form(token) + noise[70:])
                    with self.subTest(form=name, token=token):
                        found = [hit[1] for hit in scan([top], tokens)[0]]
                        self.assertEqual(found, [token])

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
        tokens = file.read().splitlines()
    finds, count, size = scan(args.dir, tokens)
    for path, token, form in finds:
        print("%s: %r (%s)" % (path, token, form))
    print("%d tokens, %d files, %d bytes: %d found" % (
        len(tokens), count, size, len(finds)))
    return 1 if finds or not count else 0


if __name__ == "__main__":
    sys.exit(main())
