"""The people of the tests, what they write, and the words nobody else may
ever read."""

import email
import email.policy
import email.utils
from email.message import EmailMessage

from world import QUEUE

TX = "9f2c4e6a8b0d1f3e5a7c9b1d3f5e7a9c0b2d4f6e8a1c3e5b7d9f0a2c4e6b8d1f"
WALLET = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
AMOUNT = "1.250,00 EUR"

PLAYER = "juergen.hoelzenbein@players.example"
PLAYER_NAME = "Jürgen Hölzenbein"
PHONE = "+49 171 5550199"
AGENT_NAME = "Anna Feuerstein"

WITHDRAWAL = """\
Guten Tag,

seit drei Tagen warte ich auf meine Auszahlung über %s. Im Konto steht
sie als erledigt, in meiner Wallet ist aber nichts angekommen. Können Sie
bitte prüfen, wo das Geld geblieben ist?

Transaktion: %s
Wallet: %s

Sie erreichen mich auch telefonisch unter %s.

Mit freundlichen Grüßen
%s

-- 
%s
Birkenauer Talstraße 14, 69469 Weinheim
%s
""" % (AMOUNT, TX, WALLET, PHONE, PLAYER_NAME, PLAYER_NAME, PLAYER)

# What must stand in no copy, mail or file but the player's own mailbox.
PLAYER_WORDS = ["juergen.hoelzenbein", "players.example", "Jürgen",
                "Hölzenbein", "171 5550199", "1715550199", "Talstraße",
                "Weinheim"]
AGENT_WORDS = ["anna@agents", "ben@agents", "team@agents", "agents.example",
               "Feuerstein", "Durchwahl"]
# The player's case itself: the agent needs it.
KEEP = [TX, WALLET, AMOUNT]


def message(sender, to, subject, text, name=None, **headers):
    """A mail as an ordinary client makes it."""
    mail = EmailMessage()
    mail["From"] = email.utils.formataddr((name, sender)) if name else sender
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = email.utils.localtime()
    mail["Message-ID"] = email.utils.make_msgid(
        domain=sender.rsplit("@", 1)[1])
    mail["User-Agent"] = "Mutt/2.2.9 (2022-11-12)"
    for key, value in headers.items():
        mail[key.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def withdrawal(sender=PLAYER, name=PLAYER_NAME):
    return message(sender, QUEUE, "Auszahlung von Jürgen H. fehlt seit "
                   "Dienstag", WITHDRAWAL, name)


def parse(octets):
    """A mail as the independent client sees it."""
    return email.message_from_bytes(octets, policy=email.policy.default)


def quote(mail):
    text = mail.get_body(("plain",)).get_content()
    return "".join("> %s\n" % line for line in text.splitlines())


def reply(to_mail, sender, text, name=None):
    """A reply as an ordinary client makes it: Reply-To first, References
    grow (RFC 5322 3.6.4), all quoted below."""
    subject = to_mail["Subject"]
    if not subject.lower().startswith("re:"):
        subject = "Re: " + subject
    refs = (to_mail["References"] or "").split() + [to_mail["Message-ID"]]
    intro = "\nAm 2. Juni schrieb %s:\n" % to_mail["From"]
    return message(sender, str(to_mail["Reply-To"] or to_mail["From"]),
                   subject, text + intro + quote(to_mail), name,
                   In_Reply_To=to_mail["Message-ID"],
                   References=" ".join(refs))


def references(mail):
    """All ids of In-Reply-To and References."""
    return set(((mail["References"] or "") + " "
                + (mail["In-Reply-To"] or "")).split())


def whole(mail):
    """All a reader could see: every header and every decoded text, as one
    string; a word has no place to hide."""
    parts = ["%s: %s" % item for item in mail.items()]
    parts.append(mail.as_bytes().decode("utf-8", "replace"))
    for part in mail.walk():
        parts += ["%s: %s" % item for item in part.items()]
        if not part.is_multipart():
            data = part.get_payload(decode=True) or b""
            parts.append(data.decode(
                part.get_content_charset() or "utf-8", "replace"))
    return "\n".join(parts)


def seen(mail, words):
    """The words that can be seen in a mail, in any case of letters."""
    text = whole(mail).lower()
    return [word for word in words if word.lower() in text]


def text_of(mail):
    return mail.get_body(("plain",)).get_content()
