"""The ways of the mails: makes them, sends them through a world, and keeps
what it sent, so that run.py can say whose a token was and what must have
arrived.
"""

import collections
import email
import email.policy
import os
import random
import re
import smtplib
import threading
import time

import paths  # noqa: F401
import shapes
import slots
import tokens
from dovecot import PASSWORD
from planted import Mail, address_of, all_text, dsn, feedback, mutate
from staff import ARCHIVE, LISTS, SIZE_MAX
from steering import Steering
from tools import Timeout
from trouble import Trouble
from world import QUEUE

SENDERS = 12
# What part of all mails goes which way.
SHARES = (("new", 50), ("machine", 3), ("malformed", 8), ("alone", 5),
          ("international", 1), ("unreachable", 2), ("oversize", 0.4),
          ("follow", 10), ("answer", 11), ("forward", 1.5), ("all", 1.5),
          ("note", 1), ("away", 2), ("stray", 1), ("bounce", 4),
          ("report", 1.5), ("fault", 4), ("late", 1), ("steer", 3))


class Kept:
    """A mail in a mailbox: where it is, and what an answer needs of it."""

    def __init__(self, path):
        self.path = path
        mail = self.parse()
        self.fields = {name: str(mail[name] or "") for name in (
            "From", "Reply-To", "Subject", "Message-ID")}

    def __getitem__(self, name):
        return self.fields[name]

    def parse(self):
        with open(self.path, "rb") as file:
            return email.message_from_binary_file(
                file, policy=email.policy.default)


class Run(Trouble, Steering):
    """All flows in one world."""

    def __init__(self, world, seed, count):
        self.world, self.seed, self.count = world, seed, count
        self.mint = tokens.Mint(seed, slots.codes())
        self.mails = {}
        self.serial = 0
        self.failures = []  # (check, sentence)
        self.passed = []    # checks
        self.replies = []   # what the LMTP server said
        self.printed = []   # what nymdesk(1) said
        self.work = {}      # kind of work -> (player's mail, copy)
        self.expired = []   # addresses of tickets that are no more
        self.refused = collections.Counter()
        self.lock = threading.Lock()
        self.times = {}
        self.skipped = []
        self.last_refusal = ""
        self.known, self.by_user = set(), {}
        self.copies, self.answers = {}, {}

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
                    if self.world.way != "lmtp":
                        self.keep_one(mail, is_agent)
                        continue
                    if smtp is None:
                        smtp = self.connect(mail.sender if is_agent
                                            else None)
                    self.send_one(smtp, mail)
                except (smtplib.SMTPException, OSError) as error:
                    self.refuse(mail, error)
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

    def refuse(self, mail, error):
        """What is refused on the line as it should be is as good as taken."""
        replies = getattr(error, "recipients", {}).values() or [
            (getattr(error, "smtp_code", 0), b"")]
        if mail.wants and {code for code, _ in replies} == {mail.wants}:
            mail.is_sent = True
            return
        with self.lock:
            self.refused[mail.flow] += 1
            self.last_refusal = "%s %r" % (mail.flow, error)

    def keep_one(self, mail, is_agent):
        """Who sends it keeps it until it is taken."""
        self.world.courier.send(
            lambda: self.connect(mail.sender if is_agent else None),
            lambda smtp, rcpts: self.send_one(smtp, mail), [mail.rcpt])

    def connect(self, agent):
        postfix = self.world.postfix
        smtp = smtplib.SMTP("127.0.0.1", postfix.submit if agent
                            else postfix.inbound, "client.test", timeout=120)
        smtp.ehlo()
        if agent:
            smtp.login(agent, PASSWORD)
        return smtp

    def send_one(self, smtp, mail):
        if mail.peer:
            # The client that our Postfix sees from now on.
            code, text = smtp.docmd("XCLIENT", mail.peer)
            if code != 220:
                raise smtplib.SMTPResponseException(code, text)
            smtp.ehlo(mail.helo)
        options, more = mail.draft.mail_options[:], mail.draft.rcpt_options
        # Not told to the proxy, as docs/postfix.md has it.
        if not smtp.has_extn("dsn"):
            options, more = [], []
        if not mail.data.isascii():
            options.append("BODY=8BITMIME")
        if not mail.sender.isascii():
            options.append("SMTPUTF8")
            smtp.command_encoding = "utf-8"
        try:
            refused = smtp.sendmail(mail.sender, [mail.rcpt], mail.data,
                                    options, more)
        finally:
            smtp.command_encoding = "ascii"
        mail.is_sent = True
        return refused

    def settle(self, timeout=240):
        """Also what a server refused while it came back."""
        end = time.monotonic() + timeout
        while True:
            try:
                return self.world.wait_idle(10)
            except Timeout:
                if time.monotonic() > end:
                    raise
                self.world.flush()

    # --- what came out -----------------------------------------------------

    def stored(self):
        """(user, path) of every mail in a mailbox."""
        top = self.world.dovecot.dir + "/mail"
        for user in sorted(os.listdir(top)):
            for path in self.world.dovecot.paths(user):
                yield user, path
        for path in self.world.archived():
            yield ARCHIVE, path

    def index(self):
        """serial -> the agents' copies, serial -> the player's mails; looks
        at mails that are new since the last time."""
        was_renamed = False
        for user, path in self.stored():
            if path in self.known or (
                    user in self.world.staff and user not in LISTS):
                continue
            try:
                kept = Kept(path)
            except FileNotFoundError:
                was_renamed = True
                continue
            self.known.add(path)
            if user not in LISTS:
                self.by_user.setdefault(user, []).append(kept)
                continue
            for word in set(re.findall(tokens.WORD.pattern.encode(),
                                       all_text(kept.parse()))):
                serial, code = self.mint.read(
                    (tokens.MAGIC.encode() + b"".join(word)).decode())
                if code == "KEEP.word":
                    self.copies.setdefault(serial, []).append(kept)
        if was_renamed:
            self.index()
            return
        self.answers = {
            serial: self.by_user[mail.address.lower()]
            for serial, mail in self.mails.items()
            if mail.address.lower() in self.by_user}

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
        if self.world.judges(self.world.send):
            # 552, and 554 for the parts.
            mail.has_copy = mail.has_ack = False
            mail.wants = (552 if mail.serial % 2 else 554)
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
            # Only what this mail says of its sender can be known of him.
            if mail.is_named():
                mail.first, mail.last, mail.name = \
                    old.first, old.last, old.name
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
        """Mails whose copies agents can answer; each flow has others. count
        None: all of them."""
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
        senders = set()
        for _, path in self.stored():
            with open(path, "rb") as file:
                found = re.search(rb"(?im)^Return-Path: <([^>\s]+)>",
                                  file.read(4096))
            if found and found[1].startswith(b"support+"):
                senders.add(found[1].decode())
        self.check("S1 envelope senders seen", bool(senders),
                   "no bounce address in any mail")
        senders = sorted(senders) or [QUEUE]
        mails = []
        for number in range(self.share("bounce")):
            mail = self.new_mail("bounce")
            mail.rcpt = senders[number % len(senders)]
            mail.data = dsn(mail, mail.rcpt).encode()
            mails.append(mail)
        for number in range(self.share("report")):
            mail = self.new_mail("report")
            mail.rcpt = (QUEUE, senders[number % len(senders)])[number % 2]
            mail.data = feedback(mail, mail.rcpt).encode()
            mails.append(mail)
        for mail in mails:
            mail.has_copy = mail.has_ack = False
        self.send_all(mails)
        self.settle()
