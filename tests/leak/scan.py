"""Finds tokens in files and mails, in every form a program might leave them.

find() takes octets as they lie on a disk, find_text() what a reader would
see. Both yield (mail, code, form); mail and code are None for a damaged
token. scan_mail() reads a mail as octets and again through Python's parser,
and names the header field or part a token was found in.

    python3 tests/leak/scan.py      tests this scanner: every form planted in
                                    noise must be found, and noise alone not
"""

import base64
import codecs
import collections
import email
import email.header
import email.policy
import glob
import html
import os
import random
import re
import sys
import unicodedata
import urllib.parse

from paths import ROOT
import leakscan
import tokens
from leakscan import (CHARSETS, TO_BASE64, WIDE, octet_forms, octet_views,
                      unpack)
from tokens import MAGIC, WORD_LEN

PIECE, OVERLAP = 1 << 20, 1 << 14  # octets
Hit = collections.namedtuple("Hit", "mail code form where place path moment")

ACCENTED = MAGIC.translate(tokens.ACCENTS)
FOREIGN = {script: tokens.in_script(MAGIC, script)
           for script in tokens.SCRIPTS}
SPELLED = [MAGIC, ACCENTED, unicodedata.normalize("NFD", ACCENTED),
           *FOREIGN.values()]
# Letters of other scripts that look like ours.
LOOKS = str.maketrans("асеорухісһԛοαуνωъ" "АСЕОРХУΟΧΥΖ",
                      "aceopyxichqoayvwb" "aceopxyoxyz")


PATTERNS = leakscan.patterns(SPELLED)
PATTERNS["lower"].append(("rot13", codecs.encode(MAGIC, "rot13").encode()))
ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|"
                     r"[%=]([0-9A-Fa-f]{2})")
TAG = re.compile(r"<[^<>]{0,500}>")
RUN = {"base64": rb"[A-Za-z0-9+/]", "base32": rb"[A-Z2-7]",
       "hex": rb"[0-9a-f]"}


def from_base64(run):
    """Also if it lost its padding."""
    run = run[:len(run) - (len(run) % 4 == 1)]
    return base64.b64decode(run + b"=" * (-len(run) % 4))


def decoded_runs(view, at, form):
    """What the coded run around a find says, at each alignment."""
    run = RUN[form]
    begin = max(0, at - 120)
    head = re.search(run + rb"*$", view[begin:at])[0]
    tail = re.match(run + rb"*", view[at:at + 120])[0]
    text = head + tail
    for skip in range(8):
        part = text[skip:]
        try:
            if form == "hex":
                yield bytes.fromhex(part[:len(part) // 2 * 2].decode())
            elif form == "base32":
                yield base64.b32decode(part[:len(part) // 8 * 8])
            else:
                yield from_base64(part)
        except ValueError:
            continue


def words(text):
    """Latin, lower-case forms of all tokens in a text: each begins with
    MAGIC."""
    for magic, script in [(MAGIC, None)] + [
            (magic, script) for script, magic in FOREIGN.items()]:
        at = text.find(magic)
        while at >= 0:
            part = text[at:at + WORD_LEN]
            yield part if script is None else tokens.to_latin(part, script)
            at = text.find(magic, at + 1)


CONTROLS = {c: None for c in [*range(32), 127] if chr(c) not in "\n\t\r"}


def fold(text):
    """NFKC, no case, no marks, nothing that is not seen."""
    if text.isascii():
        return text.lower().translate(CONTROLS)
    text = unicodedata.normalize("NFKC", text).casefold()
    text = unicodedata.normalize("NFKD", text)
    return "".join(c for c in text if unicodedata.category(c)
                   not in ("Mn", "Cf", "Me", "Cc") or c in "\n\t\r")


def unescape(found):
    return chr(int(found[1] or found[2] or found[3], 16))


def decode_text(text):
    """Entities, percent, quoted-printable and escapes, to a fixpoint."""
    for _ in range(3):
        more = ESCAPED.sub(unescape, html.unescape(text))
        if more == text:
            break
        text = more
    return text


def labels(text):
    """What the IDN labels in a text say."""
    found = []
    for label in re.findall(r"xn--([a-z0-9-]{2,60})", text.lower()):
        try:
            found.append(label.encode().decode("punycode"))
        except (UnicodeError, ValueError, OverflowError):
            continue
    return " ".join(found)


def text_views(text):
    decoded = decode_text(text)
    views = [("text", fold(text)), ("decoded", fold(decoded)),
             ("idn", fold(labels(text)) if "xn--" in text.lower() else "")]
    bare = fold(TAG.sub("", decoded))
    squeezed = re.sub(r"[\W_]+", "", bare)
    views += [("squeezed", squeezed),
              ("homoglyph", squeezed.translate(LOOKS)),
              ("reversed", views[0][1][::-1])]
    return views


JOINED_DIGITS = re.compile(r"(?<=\d)[ .()/\u00a0\u2009\u202f-]{1,4}(?=\d)")
CORE = re.compile(tokens.DIGITS + r"\d{4,6}")

def to_digits(text):
    return text if text.isascii() else "".join(
        str(unicodedata.digit(c, c)) if c.isdigit() else c for c in text)


def template_subjects(name):
    """What stands behind the number in the subject of a notice."""
    found = set()
    for path in glob.glob("%s/templates/*/%s.txt" % (ROOT, name)):
        with open(path, encoding="utf-8") as file:
            found.add(file.readline().partition("]")[2].strip())
    return found


TRANSCRIPTS = template_subjects("transcript")


def has_subject(data, subjects):
    subject = re.search(rb"(?im)^subject:(.*(?:\r?\n[ \t].*)*)", data)
    text = header_text(subject[1]) if subject else ""
    return text.partition("]")[2].strip() in subjects


class Finder:
    """Finds the tokens of one Mint."""

    def __init__(self, mint, constants=()):
        """constants: (regex, code): values without a register."""
        self.mint = mint
        self.constants = [(re.compile(regex), code)
                          for regex, code in constants]

    def read(self, form, text):
        for word in words(text):
            yield (*self.mint.read(word), form)

    # --- octets --------------------------------------------------------

    def find(self, data, raw_digests=True):
        """Yields (mail, code, form) for what lies in octets."""
        views = octet_views(data)
        for view, items in PATTERNS.items():
            hay = views[view]
            source = data if view == "lower" else hay
            for form, octets in items:
                at = hay.find(octets)
                while at >= 0:
                    yield from self.reveal(source, at, form)
                    at = hay.find(octets, at + 1)
        for found in CORE.finditer(data.decode("latin-1")):
            owner = self.mint.typed.get(found[0])
            if owner:
                yield (*owner, "digits")
        if raw_digests:
            yield from self.find_raw_digests(data)
        yield from self.find_digests(data)

    def reveal(self, hay, at, form):
        """Whose token it is."""
        part = hay[max(0, at - 4):at + 200]
        texts = []
        if form in RUN:
            texts = list(decoded_runs(hay, at, form))
        elif form == "reversed":
            texts = [hay[max(0, at - 100) + odd:at + 60] for odd in (0, 1)]
        elif form == "rot13":
            texts = [codecs.encode(part.decode("latin-1"),
                                   "rot13").encode("latin-1")]
        else:
            texts = [part]
        for text in texts:
            for charset in CHARSETS + WIDE:
                for shift in (0, 1):
                    read = fold(text[shift:].decode(charset, "ignore"))
                    if form == "reversed":
                        read = read[::-1]
                    for word in words(read):
                        mail, code = self.mint.read(word)
                        if code:
                            yield mail, code, form
                            return
        yield None, None, form

    def find_raw_digests(self, data):
        """Hashes without a key, as octets."""
        secrets = self.mint.secrets
        if not secrets:
            return
        for at in range(len(data) - 11):
            owner = secrets.get(data[at:at + 12])
            if owner:
                yield owner

    def find_digests(self, data):
        """The same in hexadecimal and base64."""
        secrets = self.mint.secrets
        for found in re.finditer(rb"[0-9A-Fa-f]{32,}", data):
            raw = found[0][:len(found[0]) // 2 * 2]
            for shift in (0, 1):
                text = bytes.fromhex(raw[shift:len(raw) - shift].decode())
                for at in range(len(text) - 11):
                    owner = secrets.get(text[at:at + 12])
                    if owner:
                        yield owner[0], owner[1], owner[2] + " hex"
        for found in re.finditer(rb"[A-Za-z0-9+/_-]{22,88}", data):
            run = found[0].translate(TO_BASE64)
            owner = secrets.get(from_base64(run)[:12])
            if owner:
                yield owner[0], owner[1], owner[2] + " base64"

    # --- text ----------------------------------------------------------

    def find_text(self, text):
        """Yields (mail, code, form) for what a reader sees."""
        for form, view in text_views(text):
            yield from self.read(form, view)
        plain = to_digits(unicodedata.normalize("NFKC", decode_text(text)))
        if not plain.isascii():
            plain = "".join(c for c in plain
                            if unicodedata.category(c) != "Cf")
        for found in CORE.finditer(JOINED_DIGITS.sub("", plain)):
            for length in (len(found[0]), len(tokens.DIGITS) + 4):
                owner = self.mint.typed.get(found[0][:length])
                if owner:
                    yield (*owner, "digits")
                    break
        for regex, code in self.constants:
            if regex.search(plain):
                yield None, code, "constant"

    # --- mails ---------------------------------------------------------

    def scan_mail(self, data):
        """Yields (mail, code, form, where); where is a field's name in
        lower case or "body"; "bounce" and "transcript" stand before it in
        mails that return to a player what he wrote."""
        seen = set()
        found_all = list(self.walk(data))
        # A field may be folded inside of a word; its text says the rest.
        whole = {where for where, found in found_all if found[1]
                 and where != "body"}
        is_bounce = b"report-type=delivery-status" in data[:4000]
        is_transcript = has_subject(data, TRANSCRIPTS)
        for where, found in found_all:
            if found[1] is None and where in whole:
                continue
            where = "bounce " * is_bounce + where
            if where == "body" and is_transcript:
                where = "transcript body"
            key = found[0], found[1], where
            if key not in seen:
                seen.add(key)
                yield (*found, where)

    def walk(self, data):
        head, _, body = data.partition(b"\r\n\r\n") if b"\r\n\r\n" in data \
            else data.partition(b"\n\n")
        fields = re.split(rb"\r?\n(?![ \t])", head)
        if not any(self.find(head, False)) and not any(self.find_text(
                "\n".join(map(header_text, fields)))):
            # The usual case of a copy; one by one takes long.
            fields = []
        for field in fields:
            name = field.partition(b":")[0].decode("latin-1").lower()
            for found in self.find(field, False):
                yield name, found
            for found in self.find_text(header_text(field)):
                yield name, found
        for found in self.find(body, False):
            yield "body", found
        mail = email.message_from_bytes(data, policy=email.policy.compat32)
        is_top = True
        for part in mail.walk():
            for name, value in ([] if is_top else part.items()):
                field = ("%s: %s" % (name, value)).encode(
                    "utf-8", "surrogateescape")
                for found in [*self.find(field, False),
                              *self.find_text(header_text(field))]:
                    yield "part " + name.lower(), found
            try:
                filename = part.get_filename() or ""
            except (ValueError, LookupError):
                filename = ""
            for found in self.find_text(filename):
                yield "filename", found
            is_top = False
            if part.is_multipart():
                continue
            payload = part.get_payload(decode=True) or b""
            for found in self.find(payload, False):
                yield "body", found
            for inner in unpack(payload):
                for found in self.find(inner, False):
                    yield "packed", found
            for found in self.find_text(part_text(part, payload)):
                yield "body", found

    def scan_file(self, path):
        """Finds in a file and its name, and how large it is; in pieces, so
        that a large one takes no more memory than a piece."""
        name = os.fsencode(os.path.basename(path)) + b"\n"
        found, size = set(self.find(name)), 0
        with open(path, "rb") as file:
            tail = b""
            while piece := file.read(PIECE):
                size += len(piece)
                data = tail + piece
                found |= set(self.find(data))
                for inner in unpack(data):
                    found |= {(mail, code, form + " packed")
                              for mail, code, form in self.find(inner)}
                tail = data[-OVERLAP:]
        # A word that a piece cuts is whole in the next one.
        whole = {hit for hit in found if hit[1]}
        return whole if size > PIECE and whole else found, size


def header_text(field):
    text = re.sub(rb"\r?\n", b"", field).decode("utf-8", "replace")
    try:
        return "".join(
            part.decode(charset or "latin-1", "replace")
            if isinstance(part, bytes) else part
            for part, charset in email.header.decode_header(text))
    except (LookupError, ValueError, email.errors.HeaderParseError):
        return text


def part_text(part, payload):
    try:
        return payload.decode(part.get_content_charset() or "utf-8",
                              "replace")
    except LookupError:
        return payload.decode("latin-1")


# --- the test of the scanner itself ----------------------------------------

def text_forms():
    """name -> how a word might be shown: str to str."""
    yield "full-width", lambda t: "".join(
        chr(ord(c) + 0xfee0) if "!" <= c <= "~" else c for c in t)
    yield "soft hyphen", lambda t: "\u00ad".join(t)
    yield "zero width", lambda t: "\u200b".join(t)
    yield "bidi", lambda t: "\u202a" + t + "\u202c"
    yield "decimal entities", lambda t: "".join("&#%d;" % ord(c) for c in t)
    yield "hex entities", lambda t: "".join("&#x%x;" % ord(c) for c in t)
    yield "entities twice", lambda t: "".join(
        "&amp;#%d;" % ord(c) for c in t)
    yield "\\u", lambda t: "".join("\\u%04x" % ord(c) for c in t)
    yield "spaces", " ".join
    yield "line breaks", lambda t: t[:5] + "\r\n" + t[5:]
    yield "tags", lambda t: t[:3] + "<b>" + t[3:6] + "</b><wbr>" + t[6:]
    yield "homoglyphs", lambda t: t.translate(str.maketrans("oac", "оас"))
    yield "punycode", lambda t: t.encode("idna").decode() \
        if not t.isascii() else t


SELF_CODES = ("H1.addr", "B3.name")


def self_test():
    """(passed, [what was not found or found wrongly])"""
    mint = tokens.Mint(7, SELF_CODES)
    finder = Finder(mint)
    rng = random.Random(7)
    failed, passed = [], 0

    def expect(name, found, owner):
        nonlocal passed
        if owner in {(mail, code) for mail, code, _ in found} or (
                owner is None and not found):
            passed += 1
        else:
            failed.append("scanner: %s: %s instead of %s" % (
                name, sorted(set(found), key=repr)[:3], owner))

    noise = rng.randbytes(200000)
    expect("noise", list(finder.find(noise)), None)
    for script in ("latin", "accents", "cyrillic", "greek"):
        word = mint.word(4711, "B3.name", script)
        owner = (4711, "B3.name")
        for name, form in octet_forms():
            try:
                data = form(word)
            except UnicodeEncodeError:
                continue
            glue = b" " if "base" not in name else b"\r\n."
            data = noise[:500] + glue + data + glue + noise[:500]
            found = list(finder.find(data))
            if name == "zlib":
                found = [hit for inner in unpack(data)
                         for hit in finder.find(inner)]
            expect("%s, %s" % (name, script), found, owner)
        for name, form in text_forms():
            expect("%s, %s" % (name, script),
                   list(finder.find_text("vorher " + form(word) + " nach")),
                   owner)
    for name, text in (("phone", mint.phone(5, "H1.addr", 0)),
                       ("Arabic digits", mint.phone(5, "H1.addr", 4)),
                       ("IBAN", mint.iban(5, "H1.addr", 0)),
                       ("card", mint.card(5, "H1.addr", 1)),
                       ("passport", mint.paper(5, "H1.addr"))):
        expect(name, list(finder.find_text("Nr. " + text + ".")),
               (5, "H1.addr"))
    mint.remember(6, "H1.addr", "Someone@players.example")
    digest = next(iter(mint.secrets))
    expect("raw digest", list(finder.find(noise[:99] + digest)),
           (6, "H1.addr"))
    expect("hex digest", list(finder.find(
        b"x " + digest.hex().encode() + b"abcdef00")), (6, "H1.addr"))
    expect("base64 digest", list(finder.find(
        b"x " + base64.b64encode(digest + b"1234"))), (6, "H1.addr"))
    mail_test(finder, mint, expect)
    return passed, failed


def mail_test(finder, mint, expect):
    word = mint.word(9, "H1.addr")
    owner = (9, "H1.addr")
    plain = "From: a <b@c.test>\r\nSubject: x\r\n\r\nText\r\n"
    expect("clean mail", [hit[:3] for hit in finder.scan_mail(
        plain.encode())], None)
    coded = base64.b64encode(("zz" + word).encode()).decode()
    halves = " ".join("=?utf-8?b?%s?=" % base64.b64encode(
        half.encode()).decode() for half in (word[:4], word[4:]))
    name = "filename*0*=utf-8'en'%s;\r\n filename*1*=%s" % (
        urllib.parse.quote(word[:5]), word[5:])
    for what, mail in (
            ("header", plain.replace("a <", word + " <")),
            ("encoded words", plain.replace("x\r\n", halves + "\r\n")),
            ("body", plain.replace("Text", coded)),
            ("folded header", plain.replace(
                "x\r\n", word[:5] + "\r\n " + word[5:] + "\r\n")),
            ("continued parameter", plain.replace(
                "\r\n\r\n", "\r\nContent-Disposition: attachment;\r\n %s"
                "\r\n\r\n" % name)),
            ("nested part", plain.replace("\r\n\r\n", (
                "\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                "X-A: %s\r\n\r\n" % word))),
            ("coded part", plain.replace("\r\n\r\n", (
                "\r\nContent-Type: text/plain; charset=utf-16\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\n"
                + base64.b64encode(word.encode("utf-16")).decode()
                + "\r\n")))):
        expect("mail: " + what, [hit[:3] for hit in finder.scan_mail(
            mail.encode())], owner)


def main():
    passed, failed = self_test()
    for line in failed:
        print("FAIL " + line)
    print("scanner: %d passed, %d failed" % (passed, len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
