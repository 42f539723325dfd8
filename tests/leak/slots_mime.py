"""Slots of row M: the structure of a mail and its kinds of parts."""

import base64

import shapes
from shapes import CRLF, OLD_DATE, attachment
from slots import is_html, slot
from slots_files import png


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
