"""The ways of the mails: makes them, sends them through a world, and keeps
what it sent, so that run.py can say whose a token was and what must have
arrived.
"""

import collections
import email
import email.policy
import hashlib
import os
import random
import re
import smtplib
import socket
import sys
import threading
import time

# Behind our own directory: both have a shapes.py.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "..", "system"))

import shapes  # noqa: E402
import slots  # noqa: E402
import tokens  # noqa: E402
from dovecot import PASSWORD  # noqa: E402
from shapes import CRLF  # noqa: E402
from tools import wait_for  # noqa: E402
from world import ANNA, QUEUE, TEAM, World  # noqa: E402

SENDERS = 12
SIZE_MAX = 1 << 20
# What part of all mails goes which way.
SHARES = (("new", 50), ("machine", 3), ("malformed", 8), ("alone", 5),
          ("international", 1), ("unreachable", 2), ("oversize", 0.4),
          ("follow", 10), ("answer", 11), ("forward", 1.5), ("all", 1.5),
          ("note", 1), ("away", 2), ("stray", 1), ("bounce", 4),
          ("report", 1.5), ("fault", 4), ("late", 1))
SCRIPT_OF = {"el": "greek", "ru": "cyrillic", "en": "latin"}
DRAWN = ("header", "body", "part", "tail", "mime")


class LeakWorld(World):
    """Fast, and with a size limit that a test can reach."""

    def configure(self, **more):
        more.update({"lmtp.size_max": SIZE_MAX,
                     "vault.open_rate": 100000,
                     "vault.open_burst": 1000000})
        super().configure(**more)


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
        self.message_id = self.subject = self.name = ""
        self.first = self.last = ""
        self.sender = self.address = ""
        self.capability = ""
        self.answered = 0  # an agent's mail: the player's it answers
        self.to_player = ""
        self.rcpt = QUEUE
        self.data = b""
        self.is_sent = False
        self.has_copy = self.has_ack = True
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
        if self.variant % slots.FROM_FORMS not in slots.NAMELESS:
            self.first = self.tok("H1.first", script).title()
            self.last = self.tok("H1.last", script).title()
        self.name = self.first + " " + self.last

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
        self.sender = ANNA
        d.add("To", self.capability)
        d.add("Subject", "Re: " + str(copy["Subject"]))
        d.add("In-Reply-To", str(copy["Message-ID"]))
        d.add("References", str(copy["Message-ID"]))
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


class Stop(Exception):
    """A flow cannot go on."""


class Run:
    """All flows in one world."""

    def __init__(self, world, seed, count):
        self.world, self.seed, self.count = world, seed, count
        self.mint = tokens.Mint(seed, slots.codes())
        self.mails = {}
        self.serial = 0
        self.failures = []  # (check, sentence)
        self.passed = []    # checks
        self.replies = []   # what the LMTP server said
        self.refused = collections.Counter()
        self.lock = threading.Lock()
        self.times = {}
        self.skipped = []
        self.strangers = set()

    def share(self, flow):
        return max(2, round(self.count * dict(SHARES)[flow] / sum(
            part for _, part in SHARES)))

    def new_mail(self, flow):
        self.serial += 1
        mail = Mail(self, self.serial, flow)
        self.mails[self.serial] = mail
        return mail

    def check(self, name, ok, sentence=""):
        if ok:
            self.passed.append(name)
        else:
            self.failures.append((name, sentence))

    # --- sending -----------------------------------------------------------

    def send_all(self, mails, is_agent=False, slack=False):
        """Several connections; a refusal is counted, not raised."""
        todo = collections.deque(mails)

        def work():
            smtp = None
            while True:
                try:
                    mail = todo.popleft()
                except IndexError:
                    break
                try:
                    if smtp is None:
                        smtp = self.connect(is_agent)
                    self.send_one(smtp, mail)
                except (smtplib.SMTPException, OSError) as error:
                    with self.lock:
                        self.refused[mail.flow] += 1
                        self.last_refusal = "%s %r" % (mail.flow, error)
                    if smtp:
                        smtp.close()
                    smtp = None
            if smtp:
                try:
                    smtp.quit()
                except (smtplib.SMTPException, OSError):
                    pass
        threads = [threading.Thread(target=work, daemon=True)
                   for _ in range(min(SENDERS, len(mails)))]
        for thread in threads:
            thread.start()
        if slack:
            return threads
        for thread in threads:
            thread.join()
        return []

    def connect(self, is_agent):
        postfix = self.world.postfix
        smtp = smtplib.SMTP("127.0.0.1", postfix.submit if is_agent
                            else postfix.inbound, "client.test", timeout=120)
        smtp.ehlo()
        if is_agent:
            smtp.login(ANNA, PASSWORD)
        return smtp

    def send_one(self, smtp, mail):
        options = list(mail.draft.mail_options)
        if not mail.data.isascii():
            options.append("BODY=8BITMIME")
        if not mail.sender.isascii():
            options.append("SMTPUTF8")
            smtp.command_encoding = "utf-8"
        try:
            smtp.sendmail(mail.sender, [mail.rcpt], mail.data, options,
                          mail.draft.rcpt_options)
        finally:
            smtp.command_encoding = "ascii"
        mail.is_sent = True

    def settle(self, timeout=240):
        self.world.wait_idle(timeout)

    # --- what came out -----------------------------------------------------

    def boxes(self):
        """user -> [(path, octets)] of all mailboxes there are."""
        top = self.world.dovecot.dir + "/mail"
        found = {}
        for user in sorted(os.listdir(top)):
            found[user] = []
            for path in self.world.dovecot.paths(user):
                with open(path, "rb") as file:
                    found[user].append((path, file.read()))
        return found

    def index(self):
        """serial -> the agents' copies, serial -> the player's mails."""
        self.copies, self.answers = {}, {}
        boxes = self.boxes()
        for _, data in boxes.get(TEAM, []):
            mail = email.message_from_bytes(data, policy=email.policy.default)
            for word in set(re.findall(
                    tokens.WORD.pattern.encode(), all_text(mail))):
                serial, code = self.mint.read(
                    (tokens.MAGIC.encode() + b"".join(word)).decode())
                if code == "KEEP.word":
                    self.copies.setdefault(serial, []).append(mail)
        for serial, mail in self.mails.items():
            for _, data in boxes.get(mail.address.lower(), []):
                self.answers.setdefault(serial, []).append(
                    email.message_from_bytes(data,
                                             policy=email.policy.default))

    # --- players -----------------------------------------------------------

    def flow_new(self):
        mails = []
        for _ in range(self.share("new")):
            mail = self.new_mail("new")
            mail.become_player()
            mail.compose_player(mail.draw(12 + self.serial % 12))
            mails.append(mail)
        for flow in ("machine", "alone", "international", "unreachable",
                     "oversize", "malformed"):
            for _ in range(self.share(flow)):
                mail = self.new_mail(flow)
                getattr(self, "make_" + flow)(mail)
                mails.append(mail)
        random.Random(self.seed).shuffle(mails)
        self.send_all(mails)
        self.settle()

    def make_machine(self, mail):
        mail.become_player()
        mail.compose_player(["H13.list"] + mail.draw(8))
        mail.has_ack = False

    def make_alone(self, mail):
        alone = [slot.code for slot in slots.SLOTS.values() if slot.alone]
        mail.become_player()
        mail.compose_player([alone[mail.serial % len(alone)]] + [
            slot.code for slot in mail.rng.sample(
                slots.of_kind("header"), 4)])
        mail.keep = []

    def make_international(self, mail):
        mail.become_player()
        mail.address = "%s@players.example" % mail.tok(
            "S6.local", ("cyrillic", "greek", "accents")[mail.serial % 3])
        mail.sender = mail.address
        mail.compose_player(["B1.own", "B3.name", "B5.sign"])
        mail.has_ack = False

    def make_unreachable(self, mail):
        """Nobody takes mail for this domain: acknowledgement and answer
        bounce (S9)."""
        mail.become_player(mail.tok("S9.domain") + ".test")
        mail.compose_player(mail.draw(8))
        mail.has_ack = False

    def make_oversize(self, mail):
        """Too large, or too many parts to be looked into."""
        mail.become_player()
        mail.keep = []
        word = mail.tok("BODY.text")
        if mail.serial % 2:
            mail.draft.raw_body = [("Content-Type", "text/plain")], (
                word.encode() + b" padding\r\n") * (SIZE_MAX // 20)
            mail.has_copy = mail.has_ack = False
        else:
            mail.draft.raw_body = shapes.multipart("mixed", "m", [
                ([("X-Part", mail.tok("H15.part"))], b"a\r\n")] * 9000)
        kept = mail.draft.raw_body
        mail.compose_player([])
        mail.keep = []
        mail.draft.raw_body = kept

    def make_malformed(self, mail):
        mail.become_player()
        mail.draft.transport = mail.rng.choice(
            ("utf-8 8bit", "utf-8 qp", "latin1 8bit"))
        mail.compose_player(mail.draw(10) + ["M2.file"])
        mail.keep = []
        mail.data = mutate(mail.data, mail.rng)

    def flow_follow(self):
        """By capability, by References, by number."""
        self.index()
        mails = []
        for serial in sorted(self.answers)[:self.share("follow")]:
            old, ack = self.mails[serial], self.answers[serial][0]
            if old.flow != "new":
                continue
            mail = self.new_mail("follow")
            mail.become_player()
            mail.address = mail.sender = old.address
            mail.first, mail.last, mail.name = old.first, old.last, old.name
            mail.compose_player(mail.draw(10))
            form = serial % 3
            cap = address_of(ack["Reply-To"] or ack["From"])
            if form == 0:
                mail.rcpt = cap
                mail.draft.replace("To", cap)
            if form == 1:
                mail.draft.replace("In-Reply-To", str(ack["Message-ID"]))
                mail.draft.replace("References", "%s %s" % (
                    old.message_id, ack["Message-ID"]))
            if form == 2:
                mail.draft.replace("Subject", "Re: %s %s" % (
                    ack["Subject"], mail.tok("BODY.subject")))
            mail.data = mail.draft.build()
            mail.has_ack = False
            mails.append(mail)
        self.send_all(mails)
        self.settle()

    # --- agents ------------------------------------------------------------

    def tickets(self, flow, count, flows=("new", "follow")):
        """Mails whose copies agents can answer; each flow has others."""
        serials = [s for s in sorted(self.copies)
                   if self.mails[s].flow in flows]
        rng = random.Random("%s/%s" % (self.seed, flow))
        rng.shuffle(serials)
        return [(self.mails[s], self.copies[s][0]) for s in serials[:count]]

    def flow_agent(self):
        self.index()
        drawn = slots.of_kind("agent")
        mails = []
        for old, copy in self.tickets("answer", self.share("answer")):
            mail = self.new_mail("answer")
            mail.to_player, mail.answered = old.address, old.serial
            chosen = [s.code for s in mail.rng.sample(drawn, 5)
                      if s.code != "G2.sign"]
            if self.serial % 2:
                chosen.append("G2.sign")
            chosen.append("G3.quote")
            mail.compose_agent(copy, chosen)
            mails.append(mail)
        for flow in ("forward", "all", "note", "away", "stray"):
            for old, copy in self.tickets(flow, self.share(flow)):
                mail = self.new_mail(flow)
                mail.has_copy, mail.answered = False, old.serial
                getattr(self, "make_" + flow)(mail, copy)
                mails.append(mail)
        for old, copy in self.tickets("unreachable", 5, ("unreachable",)):
            mail = self.new_mail("unanswerable")
            mail.compose_agent(copy, ["G3.quote"], said=False)
            mails.append(mail)
        self.send_all(mails, is_agent=True)
        self.settle()

    def make_forward(self, mail, copy):
        word = mail.tok("G4.inner")
        if mail.serial % 2:
            inner = "From: %s\r\nSubject: x\r\n\r\n%s\r\n" % (word, word)
            mail.draft.parts.append(([("Content-Type", "message/rfc822")],
                                     inner.encode()))
        else:
            mail.draft.lines += [
                "", "---------- Forwarded message ---------",
                "From: %s <x@agents.example>" % word, "Subject: x", "", word]
        mail.compose_agent(copy, [], said=False)
        mail.draft.replace("Subject", "Fwd: " + word)
        mail.data = mail.draft.build()

    def make_all(self, mail, copy):
        word = mail.tok("G5.text")
        mail.draft.lines.append(word)
        mail.compose_agent(copy, ["G1.fields"], said=False)
        mail.draft.add(("Cc", "Bcc")[mail.serial % 2] if mail.serial % 5
                       else "Cc", "third.%s@players.example"
                       % mail.tok("G5.cc"))
        mail.draft.fields = [(n, v) if n != "Bcc" else ("Cc", v)
                             for n, v in mail.draft.fields]
        mail.data = mail.draft.build()

    def make_note(self, mail, copy):
        mail.compose_agent(copy, [], said=False)
        mail.draft.lines = ["/note " + mail.tok("G4.note"), "",
                            mail.tok("G4.note")]
        mail.data = mail.draft.build()

    def make_away(self, mail, copy):
        """Out of office, in the words and fields of many programs; receipts
        too."""
        mail.compose_agent(copy, ["G1.fields"], said=False)
        d = mail.draft
        d.lines = [mail.tok("G6.away"), "Bin im Urlaub."]
        form = mail.serial % 8
        if form == 7:
            word = mail.tok("G7.mdn")
            d.raw_body = shapes.multipart("report", "r", [
                ([("Content-Type", "text/plain")], b"read\r\n"),
                ([("Content-Type", "message/disposition-notification")],
                 ("Reporting-UA: %s.test\r\nFinal-Recipient: rfc822;%s@"
                  "agents.example\r\nDisposition: manual-action/MDN-sent-"
                  "manually; displayed\r\n" % (word, word)).encode())],
                "", "", '; report-type="disposition-notification"')
        else:
            d.add(*(("Auto-Submitted", "auto-replied (vacation)"),
                    ("Auto-Submitted", "auto-replied; x=y"),
                    ("X-Auto-Response-Suppress", "All"),
                    ("X-Autoreply", "yes"), ("Precedence", "auto_reply"),
                    ("X-Autorespond", "x"),
                    ("Auto-Submitted", "AUTO-GENERATED"))[form])
            d.replace("Subject", "Automatic reply: " + mail.tok("G6.sender"))
        mail.data = d.build()

    def make_stray(self, mail, copy):
        """To an address that looks like a ticket's and is none (G10)."""
        mail.compose_agent(copy, [], said=False)
        mail.draft.lines.append(mail.tok("G10.word"))
        local, _, domain = mail.capability.partition("@")
        last = "b" if local[-1] != "b" else "c"
        mail.rcpt = "%s%s@%s" % (local[:-1], last, domain)
        mail.draft.replace("To", mail.rcpt)
        mail.draft.fields = [item for item in mail.draft.fields if item[0]
                             not in ("In-Reply-To", "References", "Subject")]
        mail.data = mail.draft.build()

    # --- machines ----------------------------------------------------------

    def flow_bounce(self):
        """DSNs to the addresses our mails came from, and reports."""
        boxes = self.boxes()
        paths = set()
        for box in boxes.values():
            for _, data in box:
                found = re.search(rb"(?im)^Return-Path: <([^>\s]+)>", data)
                if found and found[1].startswith(b"support+"):
                    paths.add(found[1].decode())
        self.check("S1 envelope senders seen", bool(paths),
                   "no bounce address in any mail")
        paths = sorted(paths) or [QUEUE]
        mails = []
        for number in range(self.share("bounce")):
            mail = self.new_mail("bounce")
            mail.rcpt = paths[number % len(paths)]
            mail.data = dsn(mail, mail.rcpt).encode()
            mails.append(mail)
        for number in range(self.share("report")):
            mail = self.new_mail("report")
            mail.rcpt = (QUEUE, paths[number % len(paths)])[number % 2]
            mail.data = feedback(mail, mail.rcpt).encode()
            mails.append(mail)
        for mail in mails:
            mail.has_copy = mail.has_ack = False
        self.send_all(mails)
        self.settle()

    # --- SMTP itself -------------------------------------------------------

    def flow_lmtp(self):
        """Straight to the LMTP server: what it says, and what it does with
        what Postfix would never pass on."""
        said = []
        with self.world.connect_lmtp() as sock:
            sock.settimeout(60)
            stream = sock.makefile("rwb")

            def say(line):
                stream.write(line.encode() + b"\r\n")
                stream.flush()
                answer = b""
                while True:
                    one = stream.readline()
                    answer += one
                    if one[3:4] != b"-" or not one:
                        break
                said.append(answer)
                return answer
            said.append(stream.readline())
            mail = self.new_mail("lmtp")
            mail.become_player()
            word = mail.tok("S7.vrfy")
            hello = say("LHLO client.test").decode()
            announced = {line[4:].split()[0].upper() for line in
                         hello.splitlines()[1:]}
            self.check("S5 no XFORWARD, XCLIENT or DSN", not announced & {
                "XFORWARD", "XCLIENT", "DSN"}, hello)
            for line in ("VRFY " + word, "EXPN " + word,
                         "XFORWARD NAME=%s.test" % mail.tok("S5.forward"),
                         "%s" % word, "MAIL FROM:<%s" % word,
                         "MAIL FROM:<%s> %s=1" % (mail.address, word),
                         "RCPT TO:<%s@casino.example>" % word,
                         "MAIL FROM:<%s>" % mail.address,
                         "RCPT TO:<%s@nowhere.test>" % word,
                         "RCPT TO:<support+%s@casino.example>" % word,
                         "RSET"):
                say(line)
            self.same_replies(say)
            # Postfix ends the header at a name that is not ASCII.
            mail.draft.add("X-Ünïcode", mail.tok("H14.eight"))
            mail.compose_player(["H4.path", "B1.own"])
            say("MAIL FROM:<%s>" % mail.address)
            say("RCPT TO:<%s>" % QUEUE)
            say("DATA")
            stream.write(mail.data.replace(b"\r\n.", b"\r\n..") + b"\r\n")
            say(".")
            mail.is_sent = True
            self.drop_in_data(mail)
        self.replies = said
        self.settle()

    def same_replies(self, say):
        """A right and a wrong capability get the same words (S2, S3)."""
        right = next((address_of(copies[0]["Reply-To"]) for copies
                      in self.copies.values()), None)
        if right is None:
            return
        local, _, domain = right.partition("@")
        wrong = local[:-1] + ("b" if local[-1] != "b" else "c")
        answers = set()
        for rcpt in (right, "%s@%s" % (wrong, domain)):
            say("MAIL FROM:<someone@players.example>")
            answers.add(say("RCPT TO:<%s>" % rcpt))
            say("RSET")
        self.check("S2 the same reply for every capability",
                   len(answers) == 1, repr(answers))

    def drop_in_data(self, mail):
        """Clients that go away in the middle of DATA (A8, D5)."""
        for part in (1, 3, 7):
            with self.world.connect_lmtp() as sock:
                sock.settimeout(20)
                for line in ("LHLO x.test", "MAIL FROM:<%s>" % mail.address,
                             "RCPT TO:<%s>" % QUEUE, "DATA"):
                    sock.sendall(line.encode() + b"\r\n")
                    time.sleep(0.01)
                sock.sendall(mail.data[:len(mail.data) * part // 8])
                if part == 7:
                    # Reset instead of an end.
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    b"\1\0\0\0\0\0\0\0")

    # --- faults ------------------------------------------------------------

    def flow_fault(self):
        """Roles killed, the next hop shut, the disk full, in the middle of
        mails."""
        world = self.world
        count = self.share("fault")
        faults = [("kill lmtp", lambda: world.kill("lmtp", count=5)),
                  ("kill desk", lambda: world.kill("desk")),
                  ("kill vault", lambda: world.kill("vault")),
                  ("kill post", lambda: world.kill("post")),
                  ("abort lmtp", lambda: world.kill("lmtp", 6, 3)),
                  ("next hop", None), ("disk full", None)]
        for name, strike in faults:
            mails = []
            for _ in range(max(2, count // len(faults))):
                mail = self.new_mail("fault")
                mail.become_player()
                mail.compose_player(mail.draw(8))
                mails.append(mail)
            before = world.dovecot.count(TEAM)
            if name == "next hop":
                world.postfix.set_reinject(False)
            if name == "disk full":
                if not world.mounts:
                    self.skipped.append("disk full: no mount here")
                    continue
                filler = self.fill()
            threads = self.send_all(mails, slack=True)
            try:
                wait_for(lambda n=before: world.dovecot.count(TEAM) > n, 2)
            except AssertionError:
                pass
            if strike:
                strike()
            for thread in threads:
                thread.join()
            if name == "next hop":
                time.sleep(0.5)
                self.moment("in the fault")
                world.postfix.set_reinject(True)
            if name == "disk full":
                time.sleep(0.5)
                os.unlink(filler)
            wait_for(world.has_roles, 60, "the roles to come back")
            world.postfix.flush()
            self.settle()

    def moment(self, name):
        """run.py puts a look at the files here."""

    def fill(self):
        path = os.path.join(self.world.state_dir, "filler")
        with open(path, "wb", buffering=0) as file:
            for size in (65536, 4096, 512, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue
        return path

    # --- the end of an epoch -----------------------------------------------

    def flow_epoch(self):
        """All keys of these mails die; then a late answer and a late mail."""
        world = self.world
        if not hasattr(world, "advance"):
            self.skipped.append("epoch end: no clock in this world")
            return
        self.index()
        old_keys = key_files(world)
        world.advance(50 * 86400)
        # A mail wakes the vault, whatever its own clock does.
        mail = self.new_mail("after")
        mail.become_player()
        mail.compose_player(["B1.own", "B3.name"])
        self.send_all([mail])
        wait_for(lambda: not old_keys & key_files(world), 90,
                 "the keys to be destroyed")
        self.check("K5 the keys of the ended epochs are gone",
                   bool(old_keys) and not old_keys & key_files(world))
        mails = []
        for old, copy in self.tickets("late", self.share("late")):
            mail = self.new_mail("late")
            mail.compose_agent(copy, ["G3.quote"], said=False)
            mails.append(mail)
        self.send_all(mails, is_agent=True)
        self.settle()


def key_files(world):
    """Digests of all files of the key directory that hold a key."""
    found = set()
    for base, _, names in os.walk(world.key_dir):
        for name in names:
            with open(os.path.join(base, name), "rb") as file:
                data = file.read()
            if len(data) >= 32:
                found.add(hashlib.sha256(data).hexdigest())
    return found


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
