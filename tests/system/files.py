"""Attachments and encrypted mails: what agents get of them is what the policy
says, and holds nothing of their author."""

import base64
import struct
import unittest
import zlib
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart

import mails
from mails import QUEUE
from tools import wait_for
from world import TEAM, World

# Stands in every name, header, comment and document of these mails.
TOKEN = "zqxwidhalm"
GERMAN = "Meine Einzahlung ist seit Dienstag nicht angekommen"


def png():
    def chunk(name, data):
        return (struct.pack(">I", len(data)) + name + data
                + struct.pack(">I", zlib.crc32(name + data)))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
            + chunk(b"tEXt", b"Author\0" + TOKEN.encode())
            + chunk(b"eXIf", b"II*\0" + TOKEN.encode())
            + chunk(b"IDAT", zlib.compress(b"\0\x80\x40\x20\x10\x08\x04" * 2))
            + chunk(b"IEND", b"") + TOKEN.encode())


def jpeg():
    """Eight by eight grey pixels, by hand (ITU T.81)."""
    def segment(marker, data):
        return bytes([0xff, marker]) + struct.pack(">H", len(data) + 2) + data
    one_code = bytes([1] + [0] * 15 + [0])
    return (b"\xff\xd8"
            + segment(0xe1, b"Exif\0\0II*\0\x08\0\0\0" + TOKEN.encode())
            + segment(0xfe, TOKEN.encode())
            + segment(0xdb, b"\0" + bytes([1] * 64))
            + segment(0xc0, struct.pack(">BHHB", 8, 8, 8, 1) + b"\1\x11\0")
            + segment(0xc4, b"\x00" + one_code)
            + segment(0xc4, b"\x10" + one_code)
            + segment(0xda, b"\1\1\0\0\x3f\0") + b"\x3f\xff\xd9"
            + TOKEN.encode())


def gif():
    comment = b"!\xfe" + bytes([len(TOKEN)]) + TOKEN.encode() + b"\0"
    return (b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + comment
            + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;" + TOKEN.encode())


def webp():
    pixels = base64.b64decode(
        "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")[12:]
    exif = b"EXIF" + struct.pack("<I", len(TOKEN)) + TOKEN.encode()
    body = b"WEBP" + pixels + exif
    return b"RIFF" + struct.pack("<I", len(body)) + body


PDF = b"%PDF-1.4\n1 0 obj<</Author(" + TOKEN.encode() + b")>>endobj\n%%EOF\n"
DOCX = b"PK\3\4\x14\0\0\0\0\0docProps/core.xml" + TOKEN.encode()
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 8 + TOKEN.encode()
EXE = b"MZ\x90\0\3\0\0\0" + TOKEN.encode()
TNEF = b"\x78\x9f\x3e\x22\x01\0" + TOKEN.encode()
VCARD = b"BEGIN:VCARD\r\nFN:" + TOKEN.encode() + b"\r\nEND:VCARD\r\n"
ICS = (b"BEGIN:VCALENDAR\r\nORGANIZER:mailto:" + TOKEN.encode()
       + b"@x.example\r\nEND:VCALENDAR\r\n")
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><text>" + TOKEN.encode()
HTML = b"<html><img src='http://x.example/" + TOKEN.encode() + b"'></html>"
KEY = (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\r\nComment: " + TOKEN.encode()
       + b"\r\n\r\nmDME\r\n-----END PGP PUBLIC KEY BLOCK-----\r\n")
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0" + TOKEN.encode()
ARMOR = ("-----BEGIN PGP MESSAGE-----\nComment: %s\n\nhQEMAzqxwidhalm\n"
         "=aBcD\n-----END PGP MESSAGE-----\n" % TOKEN)
ENVELOPED = base64.b64decode("MIAGCSqGSIb3DQEHAwAA") + TOKEN.encode()

# What is sent; its declared type; what the copy says of it; under which name
# and type it is attached if it is, with "withhold" and with "pass".
FILES = (
    (jpeg(), "image/jpeg", "a JPEG image", ("jpg", "image/jpeg"), 0),
    (png(), "image/png", "a PNG image", ("png", "image/png"), 0),
    (gif(), "image/gif", "a GIF image", ("png", "image/png"), 0),
    (webp(), "image/webp", "a WebP image", ("png", "image/png"), 0),
    # Named otherwise than they are.
    (png(), "text/plain", "a PNG image", ("png", "image/png"), 0),
    (EXE, "image/jpeg", "a program", None, None),
    (PDF, "text/csv", "a PDF document", None, ("pdf", "application/pdf")),
    (b"\xff\xd8\xff\xe0" + TOKEN.encode(), "image/jpeg", "a JPEG image",
     None, None),
    (DOCX, "application/vnd.openxmlformats-officedocument."
     "wordprocessingml.document", "a ZIP archive or Office document", None,
     ("zip", "application/zip")),
    (HEIC, "image/heic", "a HEIC image", None, ("heic", "image/heic")),
    (OLE, "application/msword", "an old Office file, saved mail or installer",
     None, None),
    (TNEF, "application/ms-tnef", "an Outlook container (winmail.dat)", None,
     None),
    (VCARD, "text/vcard", "an address card", None, None),
    (ICS, "text/calendar", "a calendar entry", None, None),
    (SVG, "image/svg+xml", "an SVG image", None, None),
    (HTML, "application/octet-stream", "a web page", None, None),
    (bytes(range(256)), "application/x-unheard-of",
     "a file of an unknown kind", None, None),
    (b"Datum;Betrag\r\n2026-06-02;%s %s@players.example\r\n"
     % (mails.AMOUNT.encode(), TOKEN.encode()), "text/csv",
     "a table as text", ("txt", "text/plain"), 0),
    (b"Transaktion %s\r\n" % mails.TX.encode(), "application/octet-stream",
     "a text", ("txt", "text/plain"), 0),
)


def inner(depth):
    """Mails in mails, each with names of its own and the last with a file."""
    mail = mails.message(TOKEN + "@players.example", TOKEN + "@x.example",
                         "Ebene %d" % depth, "Text auf Ebene %d\n" % depth,
                         TOKEN)
    mail["X-Tok"] = TOKEN
    if depth > 1:
        mail.add_attachment(inner(depth - 1))
    else:
        mail.add_attachment(PDF, maintype="application", subtype="pdf",
                            filename=TOKEN + ".pdf")
    return mail


def every_octet(mail):
    """All a mail holds, decoded, as octets."""
    parts = [mail.as_bytes()]
    parts += [part.get_payload(decode=True) or b"" for part in mail.walk()
              if not part.is_multipart()]
    return b"\n".join(parts)


class Case(unittest.TestCase):
    policy = "withhold"

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.install()
        cls.world.configure(**{"queue support.attachments": cls.policy})
        cls.world.install = lambda: None
        cls.world.start()
        cls.serial = 0

    def tearDown(self):
        self.world.wait_idle()

    def player(self):
        type(self).serial += 1
        return "%s%d@players.example" % (TOKEN, self.serial)

    def copy_of(self, mail, player):
        before = self.world.dovecot.count(TEAM)
        self.world.send(mail, player, mail["To"])
        wait_for(lambda: self.world.dovecot.count(TEAM) == before + 1,
                 what="the copy")
        return self.world.mailbox(TEAM)[-1]

    def check_shape(self, copy):
        """Lines, and headers of parts: RFC 5322 2.1.1, RFC 2045 6.8."""
        for line in copy.as_bytes().splitlines():
            self.assertLessEqual(len(line), 998)
        for part in copy.iter_attachments():
            self.assertEqual(
                {name.lower() for name in part.keys()},
                {"content-type", "content-disposition",
                 "content-transfer-encoding"})
            self.assertFalse(part.defects)
            self.assertEqual(part.get_content_disposition(), "attachment")
            self.assertLessEqual(
                max(map(len, part.get_payload().splitlines())), 76)

    def send_files(self, files):
        player = self.player()
        mail = mails.message(player, QUEUE, "Unterlagen",
                             "Im Anhang die Unterlagen.\n", TOKEN)
        for data, declared, *_ in files:
            mail.add_attachment(
                data, *declared.split("/"), filename=TOKEN + " Meier.exe",
                cid="<%s@x.example>" % TOKEN)
            part = list(mail.iter_attachments())[-1]
            part["Content-Description"] = TOKEN
            part["X-Tok"] = TOKEN
            part.set_param("creation-date", TOKEN, "Content-Disposition")
        copy = self.copy_of(mail, player)
        self.check_shape(copy)
        return copy

    def check_files(self, copy, files, is_passed):
        text = mails.text_of(copy)
        self.assertEqual(text.count("[attachment-"), len(files))
        expected = []
        for number, (data, _, what, attached, more) in enumerate(files, 1):
            if is_passed and attached is None:
                attached = more
            line = text.partition("[attachment-%d: " % number)[2]
            self.assertTrue(line.startswith(what + ", at most "),
                            (number, line[:80]))
            self.assertEqual("withheld" in line.partition("]")[0],
                             attached is None, (number, line[:80]))
            if attached:
                expected.append(
                    ("attachment-%d.%s" % (number, attached[0]), attached[1]))
        self.assertEqual([(part.get_filename(), part.get_content_type())
                          for part in copy.iter_attachments()], expected)


class Withheld(Case):
    def test_what_agents_get_of_files(self):
        copy = self.send_files(FILES)
        self.check_files(copy, FILES, False)
        self.assertNotIn(TOKEN.encode(), every_octet(copy))
        whole = mails.whole(copy)
        self.assertIn(mails.AMOUNT, whole)
        self.assertIn(mails.TX, whole)
        for part in copy.iter_attachments():
            data = part.get_payload(decode=True)
            if part.get_content_type() == "image/jpeg":
                self.assertTrue(data.startswith(b"\xff\xd8\xff"))
            elif part.get_content_type() == "image/png":
                self.assertTrue(data.startswith(b"\x89PNG\r\n"))
                self.assertTrue(data.endswith(b"IEND\xaeB`\x82"))
        self.assertEqual(self.world.faults(), [])

    def test_an_image_waits_for_its_role(self):
        """A mail without one does not wait, and nothing is lost."""
        player = self.player()
        mail = mails.message(player, QUEUE, "Bild", "Mit Bild.\n", TOKEN)
        mail.add_attachment(png(), "image", "png", filename="x.png")
        before = self.world.dovecot.count(TEAM)
        self.world.take_away("image")
        try:
            self.world.send(mail, player, QUEUE)
            self.copy_of(mails.message(self.player(), QUEUE, "Text",
                                       "Ohne Bild.\n", TOKEN), player)
        finally:
            self.world.give_back("image")
        wait_for(self.world.has_roles, 60, "image to come back")
        self.world.flush()
        wait_for(lambda: self.world.dovecot.count(TEAM) == before + 2, 90,
                 what="the copy with the image")
        copy = self.world.mailbox(TEAM)[-1]
        self.assertIn("Mit Bild.", mails.text_of(copy))
        self.assertEqual([part.get_filename()
                          for part in copy.iter_attachments()],
                         ["attachment-1.png"])

    def test_enclosed_mails_are_quoted_text(self):
        player = self.player()
        mail = mails.message(player, QUEUE, "Weitergeleitet", "Siehe unten\n",
                             TOKEN)
        mail.add_attachment(inner(4))
        copy = self.copy_of(mail, player)
        self.assertNotIn(TOKEN.encode(), every_octet(copy))
        text = mails.text_of(copy)
        for depth in range(1, 5):
            self.assertIn("Text auf Ebene %d" % depth, text)
        self.assertIn("[attachment-1: a PDF document", text)
        self.assertEqual(list(copy.iter_attachments()), [])

    def test_signatures_and_keys_leave_no_trace(self):
        player = self.player()
        mail = mails.message(player, QUEUE, "Signiert", "Wo ist mein Geld?\n",
                             TOKEN)
        mail.add_attachment(KEY, "application", "pgp-keys",
                            filename="key.asc")
        mail.add_attachment(KEY, "image", "jpeg", filename="me.jpg")
        copy = self.copy_of(mail, player)
        self.assertNotIn(TOKEN.encode(), every_octet(copy))
        self.assertNotIn("attachment", mails.text_of(copy))
        self.assertIn("Wo ist mein Geld?", mails.text_of(copy))


class Passed(Case):
    policy = "pass"

    def test_what_agents_get_of_files(self):
        copy = self.send_files(FILES)
        self.check_files(copy, FILES, True)
        passed = {part.get_filename(): part.get_payload(decode=True)
                  for part in copy.iter_attachments()}
        self.assertEqual(passed["attachment-7.pdf"], PDF)
        self.assertEqual(passed["attachment-9.zip"], DOCX)
        self.assertIn("attached unread", mails.text_of(copy))
        # What is passed holds what it held; nothing else does.
        for part in copy.iter_attachments():
            if part.get_filename().endswith((".pdf", ".zip", ".heic")):
                part.set_payload("")
        self.assertNotIn(TOKEN.encode(), every_octet(copy))


def pgp_mime():
    mail = MIMEMultipart("encrypted", protocol="application/pgp-encrypted")
    mail.attach(MIMEApplication(b"Version: 1\n", "pgp-encrypted"))
    mail.attach(MIMEApplication(ARMOR.encode(), "octet-stream",
                                name="encrypted.asc"))
    return mail


def inline_pgp():
    mail = EmailMessage()
    mail.set_content(ARMOR)
    return mail


def smime():
    mail = EmailMessage()
    mail.set_content(ENVELOPED, "application", "pkcs7-mime",
                     filename="smime.p7m")
    mail.set_param("smime-type", "enveloped-data")
    return mail


class Encrypted(Case):
    def address(self, mail, player, to, subject):
        mail["From"] = "%s <%s>" % (TOKEN, player)
        mail["To"] = to
        mail["Subject"] = subject
        mail["Message-ID"] = "<%s.%d@players.example>" % (TOKEN, id(mail))
        return mail

    def check_copy(self, copy):
        self.assertNotIn(TOKEN.encode(), every_octet(copy))
        self.assertNotIn(b"PGP MESSAGE", every_octet(copy))
        self.assertEqual(list(copy.iter_attachments()), [])
        self.assertIn("flags=encrypted", copy["X-Nymdesk"])
        self.assertIn("is encrypted and was not passed on; he is told",
                      mails.text_of(copy))

    def check_notice(self, notice):
        self.assertIn("unverschlüsselt", notice["Subject"])
        self.assertEqual(notice["Auto-Submitted"], "auto-replied")
        text = mails.text_of(notice)
        self.assertIn("verschlüsselt (PGP oder S/MIME)", text)
        self.assertNotIn("{{", text)
        self.assertNotIn(TOKEN, text)

    def test_player_is_told_each_time(self):
        before = len(self.world.tickets())
        for make in (pgp_mime, inline_pgp, smime):
            with self.subTest(make.__name__):
                player = self.player()
                copy = self.copy_of(
                    self.address(make(), player, QUEUE, GERMAN), player)
                self.check_copy(copy)
                notice, = self.world.wait_mails(player, 1)
                self.check_notice(notice)
                reply = self.address(make(), player, notice["From"],
                                     "Re: " + notice["Subject"])
                reply["In-Reply-To"] = notice["Message-ID"]
                self.check_copy(self.copy_of(reply, player))
                self.check_notice(self.world.wait_mails(player, 2)[1])
                plain = mails.message(
                    player, str(notice["From"]), "Re: " + notice["Subject"],
                    "Also gut, ohne Verschlüsselung.\n")
                self.assertIn("Also gut", mails.text_of(
                    self.copy_of(plain, player)))
                self.world.wait_idle()
                self.assertEqual(self.world.dovecot.count(player), 2)
        self.assertEqual(len(self.world.tickets()), before + 3)
        self.assertEqual(self.world.faults(), [])

    def test_machines_are_not_told(self):
        player = self.player()
        mail = self.address(pgp_mime(), player, QUEUE, GERMAN)
        mail["Auto-Submitted"] = "auto-replied"
        before = len(self.world.tickets())
        copy = self.copy_of(mail, player)
        self.assertIn("flags=machine,encrypted", copy["X-Nymdesk"])
        self.assertIn("Nobody was told", " ".join(
            mails.text_of(copy).split()))
        self.world.wait_idle()
        self.assertEqual(self.world.dovecot.count(player), 0)
        self.assertEqual(len(self.world.tickets()), before + 1)


if __name__ == "__main__":
    unittest.main()
