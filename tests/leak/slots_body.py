"""Slots of row B: what stands in the text."""

import struct

import shapes
from shapes import attachment
from slots import is_html, slot
from tokens import KEEP


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
    m.codings.append((name if shown != text else "plain", shown))
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


@slot("B18.receipt", kind="tail")
def receipt(m):
    """As it comes back in a quote; the token stands for the digest."""
    digest = (m.tok("B18.receipt") * 4)[:43]
    signature = ("Q1w2_E3r4-" * 9)[:86]
    d = m.draft
    gap = (" ", "\n> ", " \n> ")[m.variant % 3]
    line = gap.join(("nymdesk-receipt: v1 4000-000T 2026-11-21T10:00:00Z",
                     digest, signature))
    d.tail += ["", d.say[shapes.WROTE].format(
        date="03.03.2009 17:43 " + shapes.ZONE, who=m.address)]
    d.tail += ("> " + line).split("\n")


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
    """Octets in the pixels of a real image, of a kind that is not drawn
    anew: they must not come through. What a picture shows is a limit."""
    pixels = m.tok("B14.image").encode() * 6  # 8 by 4 of 3 octets each
    head = struct.pack("<2sIHHI", b"BM", 54 + len(pixels), 0, 0, 54)
    head += struct.pack("<IiiHHIIiiII", 40, 8, 4, 1, 24, 0, len(pixels),
                        2835, 2835, 0, 0)
    m.draft.parts.append(attachment(
        "image/bmp", head + pixels, 'filename="a.bmp"'))


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
