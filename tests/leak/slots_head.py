"""Slots of rows H and S: header fields and the envelope."""

import base64

import shapes
from shapes import CRLF, OLD_DATE
from slots import CLASS, ROW, slot
from tokens import AGENT, BODY, IDENT


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


@slot("H5.helo", kind="base", also=("H5.client",))
def greeting(m):
    """The name that a client gives itself, the one that its address has, and
    the address: our Postfix writes them above the mail, staff.py has where."""
    m.helo = m.tok("H5.helo") + ".test"
    m.peer = "NAME=%s.test ADDR=%s" % (
        m.tok("H5.client"), m.mint.ip(m.serial, "H5.ip"))


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


# --- S: SMTP ---------------------------------------------------------------

@slot("S4.orcpt", also=("S4.envid",))
def dsn_options(m):
    """ORCPT and ENVID (RFC 3461)."""
    m.draft.mail_options += ["RET=HDRS", "ENVID=" + m.tok("S4.envid")]
    m.draft.rcpt_options += [
        "NOTIFY=FAILURE", "ORCPT=rfc822;%s@third.test" % m.tok("S4.orcpt")]


# Planted by flows.py and trouble.py: codes only.
for _code in ("H14.eight", "H16.addr", "H16.tel", "S6.local", "S8.dsn",
              "S8.orig", "S10.arf", "S9.domain",
              "S7.vrfy", "S5.forward", "M19.broken", "G5.cc"):
    CLASS[_code] = IDENT
    ROW[_code] = _code.split(".")[0]
for _code in ("G10.word", "G4.note", "G4.reason", "G4.inner", "G6.away", "G6.sender",
              "G5.text", "G7.mdn", "G9.host"):
    CLASS[_code] = AGENT
    ROW[_code] = _code.split(".")[0]
