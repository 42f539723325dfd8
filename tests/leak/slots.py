"""Every place of a mail an identity may hide in, with its row of the threat
list: H header fields, M MIME, B body, A attachments, S SMTP, G the agent.

A slot is a function that puts its token into a mail (flows.Mail: the draft,
tok(), rng, ...). ROWS is the list of rows; each has a slot here, is a flow
(FLOW_ROWS), or stands in NOT_HERE with the reason. check_rows() says what
was forgotten.
"""

import base64
import io
import struct
import zipfile
import zlib

import shapes
from shapes import CRLF, OLD_DATE, attachment
from tokens import AGENT, BODY, IDENT, KEEP, SAID

ROWS = (["H%d" % n for n in range(1, 21)] + ["M%d" % n for n in range(1, 20)]
        + ["B%d" % n for n in range(1, 18)] + ["A%d" % n for n in range(1, 8)]
        + ["S%d" % n for n in range(1, 14)]
        + ["G%d" % n for n in range(1, 12)])

# Rows that are a way a mail takes or a look at all mails: flows.py, run.py.
FLOW_ROWS = {
    "H19": "the set of header names over all copies",
    "M19": "mutated mails",
    "S1": "the envelope sender of every copy",
    "S3": "what the LMTP server says",
    "S5": "what LHLO announces",
    "S7": "VRFY",
    "S13": "the login name and the network address of every answer",
    "S9": "a player whose mail system refuses",
    "G10": "an answer to an address that is no ticket's",
    "G11": "From of every answer",
}
NOT_HERE = {
    "M18": "the shape of a copy carries no token: the pairs compare it",
    "B15": "style is no token; a limit",
    "B17": "the length of a placeholder: the pairs compare it",
    "S2": "timing is no token; the texts of the replies are compared here",
    "S11": "doubles: tests/system/faults.py counts them",
    "S12": "no TLS in this world; nymdesk's log is read all the same",
}

CLASS = {
    "BODY.subject": BODY, "BODY.text": BODY,
    "KEEP.word": KEEP, "KEEP.file": KEEP,
    "SAID.word": SAID,
    # Codes of the constants below.
    "H5.ip": IDENT, "H9.date": IDENT, "B8.birth": IDENT,
    "G1.addr": AGENT, "G1.ip": AGENT, "G1.zone": AGENT, "G9.html": AGENT,
}
ROW = {code: code.split(".")[0] for code in CLASS}
SLOTS = {}

# (regex, code): what can have no register because it has no room.
CONSTANTS = (
    (r"198\.51\.100\.\d|(?i:2001:db8:(?!b16))", "H5.ip"),
    (r"192\.0\.2\.\d|(?i:2001:db8:b16)", "B16.ip"),
    (r"\+0545|Mar 2009|2009-03-03|03\.03\.2009", "H9.date"),
    (r"(?<![\d.])\d{1,2}([./-])\d{1,2}\1(?:190[1-9]|191[0-6])(?!\d)|"
     r"(?<!\d)(?:190[1-9]|191[0-6])-\d\d-\d\d(?!\d)", "B8.birth"),
    (r"(?i)(?:anna|ben)@agents", "G1.addr"),
    (r"203\.0\.113\.\d", "G1.ip"),
    (r"\+1245", "G1.zone"),
)


class Slot:
    def __init__(self, code, kind, plant, when, alone):
        self.code, self.kind, self.plant = code, kind, plant
        self.when, self.alone = when, alone


def slot(code, cls=IDENT, kind="header", when=None, alone=False, also=()):
    """kind: base (in each mail), header, body, tail, part, mime, machine
    (makes a machine's mail), agent. alone: nothing else of the body is
    asked for then. also: further codes it plants."""
    def add(plant):
        SLOTS[code] = Slot(code, kind, plant, when, alone)
        for name in (code, *also):
            CLASS[name] = cls
            ROW[name] = name.split(".")[0]
        return plant
    return add


def of_kind(*kinds):
    return [slot for slot in SLOTS.values() if slot.kind in kinds]


def is_html(m):
    return m.draft.has_html()


def codes():
    return sorted(CLASS)


def check_rows():
    """Rows that nobody looks at, and names that are no rows."""
    covered = {ROW[code] for code in CLASS} | set(FLOW_ROWS) | set(NOT_HERE)
    covered |= {row for row, _, _ in shapes.TEXT_CODINGS.values() if row}
    covered -= {"BODY", "KEEP", "SAID", ""}
    return sorted(set(ROWS) - covered), sorted(covered - set(ROWS))


# --- H: header fields ------------------------------------------------------

FROM_FORMS = 11
# Without a name in From nobody can know what of the text is the name.
NAMELESS = (8, 9)


@slot("H1.local", kind="base", also=("H1.first", "H1.last"))
def from_field(m):
    """The forms of From; flows.Mail has made address and name."""
    d, name, addr = m.draft, m.name, m.address
    first, last = m.first, m.last
    coded = shapes.HEADER_CODINGS[m.header_coding](name)
    forms = (
        "%s <%s>" % (coded, addr),
        '"%s, %s" <%s>' % (last, first, addr),
        "%s (%s)" % (addr, coded),
        "%s <%s>" % (coded, addr.replace("@players", "@Players")),
        '"%s" <%s>' % (name, addr),
        "%s\r\n <%s>" % (coded, addr),
        '"%s (%s)" <%s>' % (name, addr.replace("@", "(a)"), addr),
        '"%s" (%s) <%s>' % (addr, coded, addr),
        "<%s>" % addr,
        addr,
        "%s %s <%s>" % (shapes.b_word(first), shapes.q_word(" " + last),
                        addr),
    )
    assert len(forms) == FROM_FORMS
    d.add("From", forms[m.variant % FROM_FORMS])


@slot("H2.sender", also=("H2.random",))
def sender_fields(m):
    names = ("Sender", "Resent-From", "Resent-Sender", "Resent-To",
             "Resent-Message-ID", "Originator", "X-Sender", "X-Originator",
             "Errors-To", "Apparently-To", "X-Envelope-From", "X-From",
             "X-Apparently-From", "X-Real-From", "X-Authenticated-Sender",
             "X-Authenticated-User", "X-Auth-Id", "X-Sasl-User", "X-User",
             "X-Login", "X-Account", "X-Original-From", "X-Google-Sender",
             "X-Yahoo-Profile", "X-AOL-Sender", "X-EnvelopeFrom", "From-",
             "X-Complaints-To", "X-Report-Abuse-To", "X-Return-Path",
             "Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To",
             "X-Forwarded-To", "X-Forwarded-For", "X-Gm-Message-State",
             "X-Mdaemon-Deliver-To", "X-Rcpt-To", "X-Loop", "X-Nick")
    word = m.tok("H2.sender")
    for name in m.rng.sample(names, 3):
        m.draft.add(name, "%s <%s@players.example>" % (word.title(), word))
    m.draft.add("X-" + "".join(m.rng.choices("abcdefghijk-", k=9)) + "x",
                m.tok("H2.random"))


@slot("H3.reply")
def reply_to(m):
    word = m.tok("H3.reply")
    m.draft.add("Reply-To", ("%s <third.%s@players.example>" % (
        word.title(), word)))


@slot("H4.path")
def return_path(m):
    m.draft.fields.insert(0, ("Return-Path", "<%s@players.example>"
                              % m.tok("H4.path")))


@slot("H5.host", kind="base", also=("H5.for",))
def received(m):
    host = m.tok("H5.host")
    for hop in range(m.variant % 4 + 1):
        m.draft.fields.insert(0, (
            "Received", "from %s (%s.test [%s])\r\n by mx%d.%s.test "
            "(Postfix) with ESMTPSA id %s\r\n for <%s@players.example>; %s"
            % (host, host, m.mint.ip(m.serial, "H5.ip", hop), hop, host,
               m.tok("H5.for")[:20], m.tok("H5.for"), OLD_DATE)))


@slot("H6.origin")
def origin(m):
    word, ip = m.tok("H6.origin"), m.mint.ip(m.serial, "H5.ip", m.variant)
    for name in m.rng.sample((
            "X-Originating-IP", "X-Client-IP", "X-Forwarded-For",
            "X-SenderIP", "X-Real-IP", "X-Source-IP", "X-Remote-Host",
            "X-Originating-Host", "X-Source", "X-Source-Dir", "X-PHP-Script",
            "X-Get-Message-Sender-Via", "X-AntiAbuse"), 3):
        m.draft.add(name, "[%s] %s.test" % (ip, word))


@slot("H7.id", kind="base")
def message_id(m):
    word = m.tok("H7.id")
    form = shapes.CLIENTS[m.draft.client][2]
    m.message_id = "<%s>" % form.format(r=word, h=word + ".test")
    m.draft.add("Message-ID", m.message_id)


@slot("H8.refs")
def references(m):
    word = m.tok("H8.refs")
    m.draft.add("In-Reply-To", "<%s@%s.test>" % (word, word))
    m.draft.add("References", CRLF.join(
        " <%d.%s@%s.test>" % (n, word, word)
        for n in range(m.variant % 20 + 1)).lstrip())


@slot("H9.date", kind="base")
def date(m):
    m.draft.add("Date", OLD_DATE)


@slot("H10.agent", also=("H10.thread",))
def user_agent(m):
    word = m.tok("H10.agent")
    m.draft.add(m.rng.choice(("User-Agent", "X-Mailer", "X-Newsreader",
                              "X-MimeOLE", "X-Mailer-Version",
                              "X-PHP-Originating-Script")),
                "Client/1.0 (%s; de)" % word)
    m.draft.add("Thread-Topic", m.tok("H10.thread"))
    m.draft.add("Thread-Index", base64.b64encode(
        b"\1\xd9" + m.tok("H10.thread").encode()).decode())
    m.draft.add("Content-Language", "ne-NP")


@slot("H11.key")
def autocrypt(m):
    word = m.tok("H11.key")
    data = base64.b64encode(b"\x99\1\r\4" + word.encode() * 3).decode()
    m.draft.add("Autocrypt", "addr=%s@players.example; keydata=\r\n %s"
                % (word, data))
    m.draft.add("OpenPGP", "id=%s; url=https://%s.test/key.asc"
                % (word.encode().hex(), word))
    m.draft.add("X-PGP-Key", "https://%s.test/%s" % (word, word))
    m.draft.add("Face", data)


@slot("H12.dkim")
def dkim(m):
    word = m.tok("H12.dkim")
    m.draft.add("DKIM-Signature", "v=1; a=rsa-sha256; d=%s.test; "
                "i=%s@%s.test; s=a; h=from;\r\n b=%s" % (
                    word, word, word, "QUJD" * 20))
    m.draft.add("ARC-Authentication-Results",
                "i=1; %s.test; spf=pass smtp.mailfrom=%s" % (word, word))
    m.draft.add("Authentication-Results",
                "%s.test; dkim=pass header.i=@%s.test" % (word, word))
    m.draft.add("Received-SPF", "pass (%s.test: domain of %s@%s.test) "
                "client-ip=%s" % (word, word, word,
                                  m.mint.ip(m.serial, "H5.ip")))


@slot("H13.list", kind="machine")
def list_fields(m):
    word = m.tok("H13.list")
    m.draft.add("List-Id", "<%s.test>" % word)
    m.draft.add("List-Unsubscribe", "<https://%s.test/u?u=%s>" % (word, word))
    m.draft.add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    m.draft.add("Feedback-ID", "1:%s:news" % word)
    m.draft.add("X-Campaign", word)


@slot("H14.odd")
def odd_fields(m):
    word = m.tok("H14.odd")
    d = m.draft
    d.add("X-Spaced ", word)
    d.add("Comments", "(%s (nested \\(%s))" % (word, word))
    d.add("X-Folded", "a\r\n\t%s\r\n  %s" % (word, word))
    for _ in range(m.variant % 3):
        d.add("To", "%s@third.test" % word)
        d.add("X-Twice", word)
        d.add("FROM", "%s <third.%s@players.example>" % (word, word))


@slot("H15.part")
def part_fields(m):
    word = m.tok("H15.part")
    m.draft.part_fields += [("X-Part", word), ("Content-X", word),
                            ("Content-MD5", word), ("Sender", word)]
    fields, octets = [("Content-Type", "text/plain"), ("X-Deep", word)], \
        b"deep\r\n"
    for depth in range(5):
        fields, octets = shapes.multipart(
            "mixed", "deep%d" % depth, [(fields, octets)])
        fields.append(("X-Deep-%d" % depth, word))
        fields.append(("Received", "from %s" % word))
    m.draft.parts.append((fields, octets))


@slot("BODY.subject", BODY, kind="base")
def subject(m):
    """What it is about, the own name, an address and a number."""
    d = m.draft
    parts = [d.say[shapes.SUBJECT], m.tok("BODY.subject")]
    form = m.variant % 6
    if form in (1, 4):
        parts.append(m.name)
    if form == 2:
        parts.append(m.address)
    if form == 3:
        parts.append(m.tok("H16.addr") + "@other.test")
    if form == 5:
        parts.append(m.mint.phone(m.serial, "H16.tel", m.variant))
    m.subject = " ".join(parts)
    coding = m.header_coding
    if coding == "raw" and not m.subject.isascii() and m.variant % 2:
        coding = "q split"
    d.add("Subject", shapes.HEADER_CODINGS[coding](m.subject))


@slot("H17.cc", also=("H17.to",))
def further(m):
    word, second = m.tok("H17.cc"), m.tok("H17.to")
    m.draft.add("Cc", CRLF.join(
        " %s%d <third.%s.%d@players.example>," % (word.title(), n, word, n)
        for n in range(m.variant % 10 + 1)).strip().rstrip(","))
    m.draft.add(m.rng.choice(("Bcc", "X-To", "Resent-Cc", "X-Cc")),
                "third.%s@players.example" % second)


@slot("H18.receipt")
def receipts(m):
    word = m.tok("H18.receipt")
    for name in ("Disposition-Notification-To", "Return-Receipt-To",
                 "X-Confirm-Reading-To", "X-Pmrqc",
                 "Generate-Delivery-Report", "X-VPOP3-MsgID"):
        m.draft.add(name, "<third.%s@players.example>" % word)


@slot("H20.words")
def further_words(m):
    word = m.tok("H20.words")
    m.draft.add("MIME-Version", "1.0 (%s)" % word)
    for name in ("Organization", "Organisation", "Keywords", "X-Face",
                 "X-URL", "X-Location", "X-Phone", "X-Attribution",
                 "Supersedes", "Expires", "Face", "Priority"):
        m.draft.add(name, word)


# --- M: MIME ---------------------------------------------------------------

@slot("M1.boundary", kind="mime")
def boundary(m):
    m.draft.boundary = m.tok("M1.boundary") + "_B"
    m.draft.params += '; x-host="%s"' % m.tok("M1.boundary")


@slot("M2.file", kind="part")
def file_name(m):
    word = m.tok("M2.file")
    forms = sorted(shapes.FILE_NAMES)
    form = shapes.FILE_NAMES[forms[m.variant % len(forms)]]
    if m.variant % 3 == 0:
        word = word[:1] + "é " + word
    m.draft.parts.append(attachment(
        'application/octet-stream; name="%s.bin"' % word, b"\1\2\3binary",
        form(word + ".dat")))
    m.draft.parts.append(attachment(
        "text/plain", b"a,b\r\n1,2\r\n", form(word + ".csv")))


@slot("M3.dates", kind="part")
def part_dates(m):
    m.draft.parts.append(attachment(
        "text/plain", b"text\r\n", 'filename="a.txt";\r\n creation-date="%s";'
        '\r\n modification-date="%s"; size=4711; x-host=%s' % (
            OLD_DATE, OLD_DATE, m.tok("M3.dates"))))


@slot("M4.cid", kind="part")
def content_id(m):
    word = m.tok("M4.cid")
    m.draft.parts.append(attachment(
        "image/png", png([]), 'filename="a.png"', [
            ("Content-ID", "<%s@%s.test>" % (word, word)),
            ("Content-Location", "https://%s.test/a.png" % word),
            ("Content-Description", "of " + word),
            ("X-Attachment-Id", word), ("Content-Base", word)]))
    if m.draft.has_html():
        m.draft.markup.append('<img src="cid:%s@%s.test">' % (word, word))


@slot("M5.around", kind="mime")
def around(m):
    m.draft.preamble = "This is MIME from " + m.tok("M5.around")
    m.draft.epilogue = m.tok("M5.around")


@slot("M6.inner", kind="part", also=("M6.addr",))
def nested(m):
    word = m.tok("M6.inner")
    fields = [("Content-Type", "text/plain; charset=utf-8")]
    octets = ("Inner: %s@other.test\r\n" % m.tok("M6.addr")).encode()
    for depth in range(m.variant % 4 + 1):
        inner = "".join("%s: %s\r\n" % item for item in [
            ("From", "%s <%s@players.example>" % (word, word)),
            ("To", "third.%s@players.example" % word), ("Date", OLD_DATE),
            ("Received", "from %s.test" % word), ("X-Deep", word),
            ("Message-ID", "<%d.%s@x.test>" % (depth, word))] + fields)
        fields = [("Content-Type", 'message/rfc822; name="%s.eml"' % word),
                  ("Content-Disposition", "attachment")]
        octets = inner.encode() + b"\r\n" + octets
    m.draft.parts.append((fields, octets))
    if m.variant % 2:
        m.draft.parts.append((
            [("Content-Type", "text/rfc822-headers")],
            ("From: %s@players.example\r\nX-Host: %s\r\n" % (
                word, word)).encode()))


@slot("M7.part", kind="mime", alone=True)
def partial(m):
    word = m.tok("M7.part")
    text = ("From: %s@players.example\r\nContent-Type: text/plain\r\n\r\n%s"
            "\r\n" % (word, word)).encode()
    if m.variant % 2:
        m.draft.raw_body = [(
            "Content-Type", 'message/partial; id="%s@x.test"; number=%d; '
            "total=2" % (word, m.variant % 2 + 1))], text
    else:
        m.draft.raw_body = [(
            "Content-Type", 'message/external-body; access-type=URL; '
            'URL="https://%s.test/%s"' % (word, word))], text


@slot("M8.card", kind="part", also=("M8.tel",))
def cards(m):
    word = m.tok("M8.card")
    tel = m.mint.phone(m.serial, "M8.tel", 1)
    vcard = CRLF.join((
        "BEGIN:VCARD", "VERSION:3.0", "FN:%s" % word.title(),
        "N:%s;Max;;;" % word.title(), "EMAIL;TYPE=HOME:%s@other.test" % word,
        "TEL;TYPE=CELL:" + tel, "ADR:;;%sgasse 1;Graz;;8010;AT"
        % word.title(), "END:VCARD", ""))
    ical = CRLF.join((
        "BEGIN:VCALENDAR", "BEGIN:VEVENT",
        "ORGANIZER;CN=%s:mailto:%s@other.test" % (word, word),
        "ATTENDEE:mailto:%s@other.test" % word, "UID:%s" % word,
        "DTSTART;TZID=Asia/Kathmandu:20090303T174321", "END:VEVENT",
        "END:VCALENDAR", ""))
    kind, text = (("text/vcard", vcard), ("text/calendar; method=REQUEST",
                                          ical),
                  ("text/directory; profile=vCard", vcard),
                  ("text/x-vcard", vcard))[m.variant % 4]
    m.draft.parts.append(attachment(kind, text.encode(),
                                    'filename="card.vcf"'))


@slot("M9.tnef", kind="part")
def tnef(m):
    word = m.tok("M9.tnef")
    data = b"\x78\x9f\x3e\x22\1\0" + ("C:\\Users\\%s\\%s.pst" % (
        word, word)).encode() + word.encode("utf-16-le")
    m.draft.parts.append(attachment(
        "application/ms-tnef", data, 'filename="winmail.dat"'))


@slot("M10.p7s", kind="part")
def smime_signature(m):
    word = m.tok("M10.p7s").encode()
    data = b"\x30\x82\1\0\6\x09\x2a\x86\x48\x86\xf7\x0d\1\x09\1" \
        + b"\x16" + bytes([len(word) + 11]) + word + b"@other.test" * 4
    m.draft.parts.append(attachment(
        'application/pkcs7-signature; name="smime.p7s"', data,
        'filename="smime.p7s"'))


@slot("M10.sealed", kind="mime", alone=True)
def smime_sealed(m):
    word = m.tok("M10.sealed")
    m.draft.raw_body = (
        [("Content-Type", 'application/pkcs7-mime; smime-type=%s; '
          'name="smime.p7m"' % ("enveloped-data", "signed-data")[
              m.variant % 2]),
         ("Content-Transfer-Encoding", "base64")],
        shapes.transfer(b"\x30\x80\6\x09" + word.encode() * 20, "base64"))


ARMOR = ("-----BEGIN PGP %s-----", "-----END PGP %s-----")


@slot("M11.key", kind="part", also=("M11.armor",))
def pgp_key(m):
    word = m.tok("M11.key")
    body = base64.b64encode(b"\x99\1\x0d\4" + b"\xb4\x20"
                            + word.encode() * 4).decode()
    text = CRLF.join((ARMOR[0] % "PUBLIC KEY BLOCK", "Comment: %s" % word,
                      "", body, "=AbCd", ARMOR[1] % "PUBLIC KEY BLOCK", ""))
    kind, name = (("application/pgp-keys", "publickey.asc"),
                  ("text/plain", "notes.txt"),
                  ("application/octet-stream", "a.bin"),
                  ("application/pgp-signature", "sig.asc"))[m.variant % 4]
    m.draft.parts.append(attachment(kind, text.encode(),
                                    'filename="%s"' % name))
    if m.variant % 2:
        word = m.tok("M11.armor")
        m.draft.tail += [
            ARMOR[0] % "SIGNATURE", "Version: Client (%s)" % word,
            "Comment: " + word, "", base64.b64encode(
                b"\x89\1" + word.encode() * 3).decode(),
            "=AbCd", ARMOR[1] % "SIGNATURE"]


@slot("M11.sealed", kind="mime", alone=True)
def pgp_sealed(m):
    word = m.tok("M11.sealed")
    armor = CRLF.join((ARMOR[0] % "MESSAGE", "Comment: " + word, "",
                       base64.b64encode(word.encode() * 9).decode(),
                       "=AbCd", ARMOR[1] % "MESSAGE", ""))
    if m.variant % 2:
        m.draft.raw_body = shapes.multipart(
            "encrypted", "pgp", [
                ([("Content-Type", "application/pgp-encrypted")],
                 b"Version: 1\r\n"),
                ([("Content-Type", "application/octet-stream")],
                 armor.encode())], "", "",
            '; protocol="application/pgp-encrypted"')
    else:
        m.draft.raw_body = ([("Content-Type", "text/plain")],
                            armor.encode())


@slot("M12.remote", kind="body", when=is_html)
def remote(m):
    word = m.tok("M12.remote")
    url = "https://%s.test/%s.gif" % (word, word)
    vectors = (
        '<img src="%s" width=1 height=1>', '<img srcset="%s 2x">',
        '<link rel="stylesheet" href="%s">', '<iframe src="%s"></iframe>',
        '<table background="%s"><tr><td>x</td></tr></table>',
        '<div style="background:url(%s)">y</div>',
        '<meta http-equiv="refresh" content="9;url=%s">',
        '<video poster="%s"></video>', '<audio src="%s"></audio>',
        '<object data="%s"></object>', '<embed src="%s">',
        '<input type="image" src="%s">', '<svg><image href="%s"/></svg>',
        '<style>@import "%s";</style>', '<script src="%s"></script>',
        '<picture><source srcset="%s"></picture>', '<base href="%s">',
        '<form action="%s"></form>', '<blockquote cite="%s">z</blockquote>')
    for vector in m.rng.sample(vectors, 6):
        m.draft.markup.append(vector % url)


@slot("M13.query", kind="body")
def links(m):
    word = m.tok("M13.query")
    tx = m.mint.tx(m.serial)
    m.draft.lines.append(("https://shop.test/a?u=%s&x=1",
                          "https://shop.test/a#%s",
                          "https://%s:pw@shop.test/a",
                          "http://shop.test/?mail=%s%%40other.test",
                          "https://shop.test/a;jsessionid=%s?b=c")
                         [m.variant % 5] % word)
    m.draft.lines.append("https://explorer.test/tx/%s?from=%s" % (tx, word))




@slot("M14.scheme", kind="body", also=("M14.tel",))
def schemes(m):
    word = m.tok("M14.scheme")
    links = ("mailto:%s@other.test", "xmpp:%s@other.test",
             "sip:%s@other.test", "MAILTO:%s%%40other.test",
             "sips:%s@other.test", "im:%s@other.test",
             "skype:%s?call", "mailto:x@other.test?cc=%s@other.test")
    link = links[m.variant % len(links)] % word
    m.draft.lines.append(link)
    if m.draft.has_html():
        m.draft.markup.append('<a href="%s">?</a>' % link)
        m.draft.markup.append('<a href="tel:%s">?</a>' % m.mint.phone(
            m.serial, "M14.tel", 1))
    else:
        m.draft.lines.append("tel:" + m.mint.phone(m.serial, "M14.tel", 1))


@slot("M15.hidden", kind="body", when=is_html)
def hidden(m):
    word = m.tok("M15.hidden")
    carriers = (
        "<!-- %s -->", "<!--[if mso]>%s<![endif]-->",
        '<span style="display:none">%s</span>',
        '<span style="visibility: hidden">%s</span>',
        '<div style="font-size:0px">%s</div>',
        '<div style="mso-hide:all;display:none !important">%s</div>',
        "<div hidden>%s</div>", '<img alt="%s" src="cid:x">',
        '<a title="%s" href="#">x</a>', '<p data-user="%s">x</p>',
        '<p id="%s" class="%s">x</p>', "<style>.%s{color:red}</style>",
        "<script>var a='%s'</script>",
        '<input value="%s">', "<template>%s</template>",
        '<img src="data:text/plain,%s">',
        "<xml><o:Author>%s</o:Author></xml>", '<div aria-label="%s">x</div>',
        '<font color="%s">x</font>', "<![CDATA[%s]]>", "<?php %s ?>",
        '<table summary="%s"><tr><td>x</td></tr></table>',
        '<option label="%s">')
    for carrier in m.rng.sample(carriers, 8):
        m.draft.markup.append(carrier.replace("%s", word))
    m.draft.head_markup += ['<meta name="author" content="%s">' % word,
                            "<title>%s</title>" % word]


@slot("M16.charset", kind="part")
def other_charsets(m):
    """A second text in a charset that few write."""
    addr = m.tok("M16.charset") + "@other.test"
    text = "Bitte %s fragen." % addr
    forms = (
        ("utf-7", text.replace("@", "+AEA-").encode()),
        ("utf-7", text.encode("utf-16-be").join((b"", b"")) and b"+"
         + base64.b64encode(text.encode("utf-16-be")).rstrip(b"=") + b"-"),
        ("iso-2022-jp", b"\x1b$B$3\x1b(B " + text.encode()),
        ("utf-16", text.encode("utf-16")),
        ("utf-16be", text.encode("utf-16-be")),
        ("utf-32", text.encode("utf-32")),
        ("utf-8", text.encode().replace(b"@", b"\xc1\x80")),
        ("cp037", text.encode("cp037")),
        ("us-ascii", text.encode("utf-16-le")),
        ("utf-16le", text.encode()),
        ("hz-gb-2312", b"~{VPND~} " + text.encode()),
        ("x-none", text.encode()),
        ("utf-8", shapes.fullwidth(text).encode()))
    charset, data = forms[m.variant % len(forms)]
    m.draft.parts.append((
        [("Content-Type", "text/plain; charset=" + charset),
         ("Content-Transfer-Encoding", "base64")],
        shapes.transfer(data, "base64")))


@slot("M17.twice", kind="mime", alone=True)
def ambiguous(m):
    word = m.tok("M17.twice")
    d = m.draft
    secret = ("X: %s@other.test\r\n" % word).encode()
    coded = base64.b64encode(secret)
    form = m.variant % 6
    if form == 0:
        d.raw_body = [("Content-Type", "text/plain"),
                      ("Content-Transfer-Encoding", "base64"),
                      ("Content-Transfer-Encoding", "7bit")], coded + b"\r\n"
    elif form == 1:
        d.raw_body = [
            ("Content-Type", 'multipart/mixed; boundary="a"; boundary="b"')
            ], (b"--b\r\n\r\n" + secret + b"--b--\r\n--a\r\n\r\ntext\r\n"
                b"--a--\r\n")
    elif form == 2:
        d.raw_body = [("Content-Type", "text/plain")], \
            b"a file\r\n" + shapes.uuencode(secret, word + ".txt")
    elif form == 3:
        d.raw_body = [("Content-Type", "text/plain")], (
            b"=ybegin line=128 size=9 name=" + word.encode() + b"\r\n"
            + bytes((c + 42) % 256 or 1 for c in secret if c not in b"\r\n")
            .replace(b"\r", b"=M").replace(b"\n", b"=J") + b"\r\n=yend\r\n")
    elif form == 4:
        junk = b"!*".join(coded[i:i + 3] for i in range(0, len(coded), 3))
        d.raw_body = [("Content-Type", "text/plain"),
                      ("Content-Transfer-Encoding", "base64")], \
            junk + b"\r\n" + coded + b"=\r\n"
    else:
        d.raw_body = [("Content-Type", "multipart/mixed")], (
            b"--guess\r\nContent-Type: text/plain\r\n\r\n" + secret
            + b"--guess--\r\n")


# --- B: body ---------------------------------------------------------------

@slot("KEEP.word", KEEP, kind="base")
def wanted(m):
    word, tx = m.tok("KEEP.word"), m.mint.tx(m.serial)
    wallet = m.mint.wallet(m.serial, m.variant)
    amount = m.mint.amount(m.serial, m.variant)
    d = m.draft
    d.lines += [d.say[shapes.HELLO], "", d.say[shapes.CASE],
                "Ref: %s" % word, "TX: %s" % tx, "Wallet: %s" % wallet,
                amount, ""]
    m.keep = [word, tx, wallet, amount]


def coded(m, kind, text, is_foreign=False):
    """One of the text codings that fit; notes which for the report."""
    names = [name for name, (row, kinds, _) in shapes.TEXT_CODINGS.items()
             if kind in kinds and not (is_foreign and row == "B1")]
    name = names[m.next() % len(names)]
    shown = shapes.TEXT_CODINGS[name][2](text)
    m.codings.append((name, shown))
    return shown


@slot("B1.own", kind="body")
def own_address(m):
    """The token is H1.local; this code only counts."""
    for _ in range(3):
        m.draft.lines.append(m.draft.say[shapes.ADDR_IS].format(
            coded(m, "a", m.address)))
        m.mint.count("B1.own")


@slot("B2.other", kind="body")
def other_address(m):
    m.draft.lines.append(m.draft.say[shapes.OTHER_IS].format(
        coded(m, "a", m.tok("B2.other") + "@other.test", True)))


@slot("B3.name", kind="body")
def own_name(m):
    """The tokens are H1.first and H1.last; this code only counts."""
    for text in (m.name, m.first, m.last):
        m.draft.lines.append(m.draft.say[shapes.NAME_IS].format(
            coded(m, "n", text)))
        m.mint.count("B3.name")


@slot("B13.tags", kind="body", when=is_html)
def split_by_tags(m):
    """The own address with tags inside; counts only."""
    a = m.address
    m.draft.markup += [
        "<p>1 %s</p>" % a.replace("@", "<wbr>@<span></span>"),
        "<p>2 <b>%s</b>%s</p>" % (a[:8], a[8:]),
        "<p>3 %s</p>" % a.replace("@", "&shy;&#64;&zwj;"),
        "<p>4 %s<!-- x -->%s</p>" % (a[:10], a[10:])]
    m.mint.count("B13.tags")


@slot("B4.quote", kind="tail", also=("B4.date",))
def quoted(m):
    word = m.tok("B4.quote")
    d = m.draft
    who = "%s <%s@other.test>" % (word.title(), word)
    style = shapes.CLIENTS[d.client][4]
    if "outlook" in style or m.variant % 7 == 0:
        labels = (("From", "Sent", "To", "Subject"),
                  ("Von", "Gesendet", "An", "Betreff"),
                  ("De", "Envoyé", "À", "Objet"),
                  ("Από", "Στάλθηκε", "Προς", "Θέμα"),
                  ("De", "Enviado", "Para", "Asunto"),
                  ("Da", "Inviato", "A", "Oggetto"),
                  ("De", "Enviada", "Para", "Assunto"),
                  ("От", "Отправлено", "Кому", "Тема"),
                  ("Kimden", "Gönderildi", "Kime", "Konu"),
                  ("Od", "Wysłano", "Do", "Temat"))[
                      list(shapes.LANGUAGES).index(d.language)]
        d.tail += ["", "_" * 32, "%s: %s" % (labels[0], who),
                   "%s: 03.03.2009 17:43" % labels[1],
                   "%s: %s" % (labels[2], m.name),
                   "%s: %s" % (labels[3], "x"), "", "alt"]
    else:
        d.tail += ["", d.say[shapes.WROTE].format(
            date="03.03.2009 17:43 " + shapes.ZONE, who=who),
            "> " + m.address, "> alt"]


@slot("B5.sign", kind="tail", also=("B5.tel", "B5.sent"))
def signature(m):
    """What stands in a signature is the sender's, whatever it is."""
    word = m.tok("B5.sign")
    d = m.draft
    form = m.variant % 4
    lines = [word.title(), "%s %s" % (m.name, word),
             m.mint.phone(m.serial, "B5.tel", m.variant)]
    if form == 0:
        d.tail += ["", "-- "] + lines
    elif form == 1:
        d.tail += ["", "--"] + lines
    elif form == 2:
        d.tail += ["", d.say[shapes.BYE], m.name]
    else:
        d.tail += ["", "__________"] + lines
    if "sent" in shapes.CLIENTS[d.client][4]:
        d.tail += ["", d.say[shapes.SENT_FROM]]


@slot("B6.phone", kind="body", also=("B6.mobile",))
def phone(m):
    d = m.draft
    d.lines.append(d.say[shapes.PHONE_IS].format(
        m.mint.phone(m.serial, "B6.phone", m.variant)))
    if m.variant % 2:
        d.lines.append(d.say[shapes.PHONE_IS].format(
            m.mint.mobile(m.serial, "B6.mobile")))


@slot("B7.iban", kind="body", also=("B7.card",))
def bank(m):
    d = m.draft
    d.lines += [d.say[shapes.IBAN_IS].format(
        m.mint.iban(m.serial, "B7.iban", m.variant)),
        d.say[shapes.CARD_IS].format(
            m.mint.card(m.serial, "B7.card", m.variant))]


@slot("B8.birth", kind="body", also=("B8.pass", "B8.street"))
def papers(m):
    d = m.draft
    d.lines += [d.say[shapes.BORN_IS].format(
        m.mint.birth(m.serial, "B8.birth", m.variant)),
        d.say[shapes.PASS_IS].format(m.mint.paper(m.serial, "B8.pass")),
        d.say[shapes.STREET_IS].format(m.tok("B8.street").title())]


@slot("B14.image", kind="part")
def image_text(m):
    """The octets of an image must not come through as they are."""
    m.draft.parts.append(attachment(
        "image/bmp", b"BM" + m.tok("B14.image").encode() * 5,
        'filename="a.bmp"'))


@slot("B16.handle", kind="body")
def handles(m):
    word = m.tok("B16.handle")
    m.draft.lines.append((
        "t.me/%s", "https://t.me/%s", "https://wa.me/%s",
        "Telegram: @%s", "skype: %s", "Discord: %s#4711",
        "file:///Users/%s/a.txt", "https://%s:pw@shop.test/",
        "C:\\Users\\%s\\Desktop\\a.txt", "/home/%s/a.txt",
        "https://www.facebook.com/%s", "https://instagram.com/%s",
        "Telegram @%s", "Instagram: %s", "https://x.com/%s")
        [m.variant % 15] % word)


@slot("B16.ip", kind="body")
def address_of_net(m):
    m.draft.lines.append("IP: " + m.mint.ip(m.serial, "B16.ip", m.variant))


# --- A: attachments --------------------------------------------------------

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

# --- S: SMTP ---------------------------------------------------------------


@slot("S4.orcpt", also=("S4.envid",))
def dsn_options(m):
    """ORCPT and ENVID (RFC 3461)."""
    m.draft.mail_options += ["RET=HDRS", "ENVID=" + m.tok("S4.envid")]
    m.draft.rcpt_options += [
        "NOTIFY=FAILURE", "ORCPT=rfc822;%s@third.test" % m.tok("S4.orcpt")]


# Planted by flows.py: codes only.
for _code in ("H14.eight", "H16.addr", "H16.tel", "S6.local", "S8.dsn",
              "S8.orig", "S10.arf", "S9.domain",
              "S7.vrfy", "S5.forward", "M19.broken", "G5.cc"):
    CLASS[_code] = IDENT
    ROW[_code] = _code.split(".")[0]
for _code in ("G10.word", "G4.note", "G4.inner", "G6.away", "G6.sender",
              "G5.text", "G7.mdn", "G9.host"):
    CLASS[_code] = AGENT
    ROW[_code] = _code.split(".")[0]


# --- G: the agent ----------------------------------------------------------

@slot("G1.name", AGENT, kind="agent base", also=("G1.id", "G1.host"))
def agent_from(m):
    word = m.tok("G1.name")
    m.draft.add("From", "%s <anna@agents.example>" % word.title())
    m.draft.add("Message-ID", "<%s@agents.example>" % m.tok("G1.id"))
    m.draft.add("Date", "Tue, 03 Feb 2009 11:12:13 +1245")
    m.draft.add("Received", "from %s.test ([203.0.113.%d]) by x.test; Tue, "
                "03 Feb 2009 11:12:13 +1245" % (
                    m.tok("G1.host"), m.serial % 250 + 1))


@slot("G1.fields", AGENT, kind="agent")
def agent_fields(m):
    word = m.tok("G1.fields")
    for name in m.rng.sample((
            "User-Agent", "X-Mailer", "Organization", "X-Originating-IP",
            "Sender", "Reply-To", "X-Sender", "Autocrypt", "DKIM-Signature",
            "Thread-Topic", "X-Face", "Face", "Keywords", "Comments",
            "Content-Language", "X-Signature"), 6):
        m.draft.add(name, word if name not in ("Sender", "Reply-To") else
                    word + "@agents.example")


@slot("G2.sign", AGENT, kind="agent", also=("G2.tel",))
def agent_signature(m):
    word = m.tok("G2.sign")
    tel = m.mint.phone(m.serial, "G2.tel", m.variant)
    lines = ["%s Feuerstein" % word.title(), "Casino Support", tel,
             word + "@agents.example"]
    form = m.variant % 4
    m.draft.tail += ["", ("-- ", "--", "-- ", "-- ")[form]] + lines


@slot("G2.name", AGENT, kind="agent")
def agent_name(m):
    """Below the greeting: the name of From, no other."""
    m.draft.tail += ["", m.draft.say[shapes.BYE], m.tok("G1.name").title()]
    m.mint.count("G2.name")


@slot("G3.quote", AGENT, kind="agent tail")
def agent_quote(m):
    """The capability of this side in attribution and quoted header."""
    word = m.tok("G3.quote")
    cap, d = m.capability, m.draft
    forms = (
        [d.say[shapes.WROTE].format(
            date="03.02.2009 11:12 +1245", who="%s <%s>" % (word, cap)),
         "> " + word, "> " + cap],
        ["-----Original Message-----", "From: %s <%s>" % (word, cap),
         "Sent: Tuesday, February 3, 2009 11:12", "To: " + cap,
         "Subject: Re: x", "", word],
        ["________________________________", "Von: %s <%s>" % (word, cap),
         "Gesendet: Dienstag, 3. Februar 2009 11:12", "An: " + cap,
         "Betreff: Re: x", "", word],
        [d.say[shapes.WROTE].format(
            date="03.02.2009 11:12 +1245",
            who="%s <mailto:%s>" % (word, cap)), "", "> " + word])
    d.tail += [""] + forms[m.variant % len(forms)]


@slot("G3.cap", AGENT, kind="agent")
def agent_capability(m):
    """The capability in the agent's own words; found by its octets."""
    m.mint.count("G3.cap")
    cap = m.capability
    m.draft.lines.append("PS: " + (
        cap, cap.upper(), "<%s>" % cap, cap.replace("@", " (at) "),
        cap.replace("@", "&#64;"), cap.replace("+", "%2B"),
        "mailto:" + cap)[m.variant % 7])


@slot("G7.ask", AGENT, kind="agent")
def agent_receipt(m):
    word = m.tok("G7.ask")
    for name in ("Disposition-Notification-To", "Return-Receipt-To",
                 "X-Confirm-Reading-To"):
        m.draft.add(name, word + "@agents.example")


@slot("G8.file", AGENT, kind="agent")
def agent_file(m):
    word = m.tok("G8.file")
    kind, data = (("application/pdf", b"%PDF-1.4 (Author)" + word.encode()),
                  ("image/jpeg", jpeg([(0xe1, exif(word))])),
                  ("text/plain", word.encode()),
                  ("image/png", png([(b"tEXt", b"A\0" + word.encode())])))[
                      m.variant % 4]
    m.draft.parts.append(attachment(kind, data, 'filename="%s.dat"' % word))


@slot("G9.logo", AGENT, kind="agent", when=is_html)
def agent_logo(m):
    word = m.tok("G9.logo")
    m.draft.markup += ['<img src="https://%s.test/logo.png" alt="%s">' % (
        word, word), "<!-- %s -->" % word]
    m.draft.head_markup.append('<meta name="author" content="%s">' % word)
