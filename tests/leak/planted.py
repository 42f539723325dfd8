"""One mail with its tokens: of a player, of an agent, of a machine."""

import random
import re

import paths  # noqa: F401
import shapes
import slots
# Importing them registers their slots.
import slots_agent  # noqa: F401
import slots_body  # noqa: F401
import slots_files  # noqa: F401
import slots_head
import slots_mime  # noqa: F401
import tokens
from shapes import CRLF
from world import ANNA, QUEUE

SCRIPT_OF = {"el": "greek", "ru": "cyrillic", "en": "latin"}
DRAWN = ("header", "body", "part", "tail", "mime")


class Mail:
    """One mail: its tokens, its draft, and what is expected of it."""

    def __init__(self, run, serial, flow):
        self.mint, self.serial, self.flow = run.mint, serial, flow
        self.rng = random.Random("%s/%d" % (run.seed, serial))
        pick = self.rng.choice
        self.variant = serial + self.rng.randrange(97)
        self.counter = self.rng.randrange(1000)
        self.language = pick(sorted(shapes.LANGUAGES))
        self.client = pick(sorted(shapes.CLIENTS))
        self.draft = shapes.Draft(self.client, self.language,
                                  pick(sorted(shapes.TRANSPORTS)))
        self.header_coding = pick(sorted(shapes.HEADER_CODINGS))
        self.keep, self.codings, self.used = [], [], []
        self.helo = self.peer = ""  # of the client that sends it
        self.message_id = self.subject = self.name = ""
        self.first = self.last = ""
        self.sender = self.address = ""
        self.capability = ""
        self.agent = ANNA
        self.commands = []  # of an agent, above his words
        self.answered = 0  # an agent's mail: the player's it answers
        self.to_player = ""
        self.rcpt = QUEUE
        self.data = b""
        self.is_sent = False
        self.has_copy = self.has_ack = True
        self.wants = 0  # the code of the refusal that it is to get
        self.cache = {}

    def tok(self, code, script="latin"):
        key = code, script
        if key not in self.cache:
            self.cache[key] = self.mint.word(self.serial, code, script)
        return self.cache[key]

    def next(self):
        self.counter += 1
        return self.counter

    def plant(self, code):
        slot = slots.SLOTS[code]
        if slot.when and not slot.when(self):
            return
        slot.plant(self)
        self.used.append(code)

    # --- a player ----------------------------------------------------------

    def become_player(self, domain="players.example"):
        self.address = "%s%s@%s" % (
            self.tok("H1.local"), ("", ".max", "_1971")[self.variant % 3],
            domain)
        self.sender = self.address
        script = SCRIPT_OF.get(self.language, "accents")
        if self.variant % 4 == 0:
            script = "latin"
        self.first, self.last = "Max", "Muster"
        if self.is_named():
            self.first = self.tok("H1.first", script).title()
            self.last = self.tok("H1.last", script).title()
        self.name = self.first + " " + self.last

    def is_named(self):
        """Whether its From has a name."""
        return self.variant % slots_head.FROM_FORMS not in slots_head.NAMELESS

    def draw(self, count):
        """Some slots of each kind; the ones that end a text come last."""
        drawn = self.rng.sample(slots.of_kind("header"), count // 2)
        drawn += self.rng.sample(slots.of_kind("body"), count // 3 + 1)
        drawn += self.rng.sample(slots.of_kind("part"), count // 5)
        mime = [s for s in slots.of_kind("mime") if not s.alone]
        drawn += self.rng.sample(mime, self.variant % 2)
        if self.variant % 3:
            drawn += self.rng.sample(slots.of_kind("tail"), 1)
        drawn.sort(key=lambda slot: DRAWN.index(slot.kind))
        return [slot.code for slot in drawn]

    def compose_player(self, chosen):
        self.draft.add("To", QUEUE)
        for slot in slots.of_kind("base"):
            self.plant(slot.code)
        for name, value in shapes.CLIENTS[self.client][3]:
            if name != "Feedback-Id":
                self.draft.add(name, value.format(r="0f3a"))
        for code in chosen:
            self.plant(code)
        self.draft.lines.append("Text: " + self.tok("BODY.text"))
        if self.draft.structure == "html":
            # No second form of the text; what hides is in the markup.
            pass
        for code, value in (("H1.local", self.address),
                            ("H1.first", self.name),
                            ("H7.id", self.message_id.strip("<>")),
                            ("BODY.subject", self.subject)):
            self.mint.remember(self.serial, code, value)
        self.data = self.draft.build()

    # --- an agent ----------------------------------------------------------

    def compose_agent(self, copy, chosen, said=True):
        d = self.draft
        self.capability = address_of(copy["Reply-To"] or copy["From"])
        self.rcpt = self.capability
        self.sender = self.agent
        d.add("To", self.capability)
        d.add("Subject", "Re: " + str(copy["Subject"]))
        d.add("In-Reply-To", str(copy["Message-ID"]))
        d.add("References", str(copy["Message-ID"]))
        d.lines += self.commands
        if said or not self.commands:
            d.lines += [d.say[shapes.HELLO], ""]
        if said:
            d.lines.append("Ref: " + self.tok("SAID.word"))
            self.keep = [self.tok("SAID.word")]
        for slot in slots.of_kind("agent base"):
            self.plant(slot.code)
        for code in chosen:
            self.plant(code)
        self.data = d.build()


def address_of(field):
    return re.search(r"[^<\s]+@[^>\s]+", str(field))[0]


def all_text(mail):
    texts = []
    for part in mail.walk():
        if not part.is_multipart():
            texts.append(part.get_payload(decode=True) or b"")
    return b"\n".join(texts)


# Lines that a mutation may take, double or spoil: no token is in them.
SPOIL = re.compile(rb"(?i)^(content-|--|$|mime-version|--.*--)")


def mutate(data, rng):
    """Spoils the structure, line by line. The header of the mail stays: a
    field that is none any more would be text."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = body.split(b"\r\n")
    places = [i for i, line in enumerate(lines) if SPOIL.match(line)
              and tokens.MAGIC.encode() not in line.lower()]
    for _ in range(rng.randrange(1, 6)):
        if not places:
            break
        at = min(rng.choice(places), len(lines) - 1)
        form = rng.randrange(7)
        line = lines[at]
        if form == 0:
            del lines[at]
        elif form == 1:
            lines.insert(at, line)
        elif form == 2:
            lines[at] = line[:len(line) // 2]
        elif form == 3:
            lines[at] = line.replace(b"base64", b"quoted-printable").replace(
                b"utf-8", b"utf-16").replace(b"boundary=", b"boundary*0=")
        elif form == 4:
            lines[at] = line + b"; x=\"\xff\xfe"
        elif form == 5:
            lines.insert(at, bytes(rng.choices(range(128, 256), k=9)))
        else:
            lines[at] = line.replace(b":", b" :").replace(b"; ", b"")
    if rng.random() < 0.2:
        lines = lines[:max(8, len(lines) * rng.randrange(3, 9) // 10)]
    lines = [line.replace(b"\r", b"").replace(b"\0", b"") for line in lines]
    return head + b"\r\n\r\n" + b"\r\n".join(lines) + b"\r\n"


def dsn(mail, rcpt):
    """A bounce as another MTA writes it, with the original inside (S8)."""
    word, original = mail.tok("S8.dsn"), mail.tok("S8.orig")
    return CRLF.join((
        "From: Mail Delivery System <MAILER-DAEMON@%s.test>" % word,
        "To: " + rcpt, "Subject: Undelivered Mail: %s" % word,
        "Date: " + shapes.OLD_DATE, "Message-ID: <%s@%s.test>" % (word, word),
        "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type="delivery-status";',
        ' boundary="r"', "", "--r", "Content-Type: text/plain", "",
        "<%s@players.example> (expanded from <%s@x.test>): unknown user"
        % (word, word), "", "--r", "Content-Type: message/delivery-status",
        "", "Reporting-MTA: dns; %s.test" % word, "",
        "Original-Recipient: rfc822;%s@players.example" % word,
        "Final-Recipient: rfc822;%s@players.example" % word,
        "Action: " + ("failed", "delayed")[mail.serial % 2],
        "Status: 5.1.1", "Remote-MTA: dns; %s.test" % word,
        "Diagnostic-Code: smtp; 550 5.1.1 <%s@players.example> unknown"
        % word, "", "--r", ("Content-Type: message/rfc822",
                            "Content-Type: text/rfc822-headers")[
                                mail.serial // 2 % 2], "",
        "From: Casino Support <%s>" % rcpt,
        "To: %s@players.example" % original, "Subject: Re: " + original,
        "Message-ID: <%s@casino.example>" % original, "", original,
        "", "--r--", ""))


def feedback(mail, rcpt):
    """ARF (RFC 5965), and a receipt (RFC 8098) of a player (S10, G7)."""
    word = mail.tok("S10.arf")
    kind, inner = (("feedback-report", "Feedback-Type: abuse\r\nUser-Agent: "
                    "%s\r\nOriginal-Rcpt-To: %s@players.example\r\n"
                    "Source-IP: 198.51.100.9\r\n" % (word, word)),
                   ("disposition-notification", "Reporting-UA: %s.test\r\n"
                    "Final-Recipient: rfc822;%s@players.example\r\n"
                    "Disposition: manual-action/MDN-sent-manually; displayed"
                    "\r\n" % (word, word)))[mail.serial % 2]
    return CRLF.join((
        "From: <%s@%s.test>" % (word, word), "To: " + rcpt,
        "Subject: report " + word, "Date: " + shapes.OLD_DATE,
        "Message-ID: <%s@%s.test>" % (word, word), "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=%s; boundary=r" % kind,
        "", "--r", "Content-Type: text/plain", "", "about " + word, "--r",
        "Content-Type: message/" + kind, "", inner, "--r",
        "Content-Type: message/rfc822", "",
        "From: Casino Support <%s>" % QUEUE,
        "To: %s@players.example" % word, "", word, "--r--", ""))
