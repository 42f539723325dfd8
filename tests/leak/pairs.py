"""Two players who differ in everything but what they say: all that nymdesk
makes of them must be equal, octet by octet, after the declared random fields
are replaced.

    PYTHONPATH=tests/leak python3 tests/system/run.py pairs

Names and addresses of another length, script and domain, another client with
another shape of mail, and another zone. What agents get, the database, the logs, the counts and the sizes
are compared; and what the players get, apart from their own thread.
"""

import base64
import email
import hashlib
import html
import os
import re
import sqlite3
import unittest
from email.header import Header
from email.message import EmailMessage

import mails
from tools import read
from world import ANNA, QUEUE, TEAM, World


class Person:
    def __init__(self, name, addr, **more):
        self.name = name
        self.addr = addr
        self.client = more["client"]
        self.zone = more["zone"]
        self.phone = more["phone"]
        self.signature = more["signature"]
        self.has_html = more["has_html"]


SHORT = Person(
    "Ann Lee", "al@players.example", client={
        "User-Agent": "Mutt/2.2.9"}, zone="+0000",
    phone="+30 210 5550100", signature="Ann Lee\n", has_html=False)
LONG = Person(
    "Κωνσταντίνος-Αλέξανδρος Παπαδιαμαντόπουλος",
    "konstantinos.alexandros.papadiamantopoulos.1978"
    "@mail.a-very-long-name-of-a-provider.example", client={
        "X-Mailer": "Apple Mail (2.3731.700.6)",
        "X-Originating-IP": "[192.0.2.77]",
        "Organization": "Παπαδιαμαντόπουλος ΑΕ",
        "Thread-Index": "AdA7xyz123456789abcdefghijklmnop=="},
    zone="+0545", phone="+49 (0) 171 / 555 01 99",
    signature="Κωνσταντίνος-Αλέξανδρος Παπαδιαμαντόπουλος\n"
    "Οδός Ερμού 15, 10563 Αθήνα\nhttps://papadiamantopoulos.example/me\n",
    has_html=True)

CASE = """\
Hello,

since Tuesday I have been waiting for my withdrawal of 250.00 EUR. The account
says that it was sent, but nothing has arrived in my wallet so far. Could you
please look where the money is?

Transaction: %s
You can call me: %s
Or write to %s

Kind regards
%s

-- 
%s"""
FOLLOW = "Thank you, then I will wait until Friday evening.\n\n%s\n"
SECOND = """\
Hello again,

I cannot log in since this morning. The page says that my password is wrong,
but I have not changed it. My name is %s, please help me with this problem.
"""
ANSWER = """\
Hello,

the withdrawal was sent on Monday, we ask the provider what became of it.
"""


def encoded(text):
    return Header(text, None if text.isascii() else "utf-8").encode()


def written(person, mail):
    """The mail with names encoded as RFC 2047 wants it: the library's own
    folding of addresses drops blanks between two encoded-words."""
    mail["From"] = "x@invalid.example"
    for name, value in person.client.items():
        mail[name] = value
    if "Thread-Index" in person.client:  # each mail begins a thread
        root = hashlib.sha256(mail["Message-ID"].encode()).digest()[:22]
        mail.replace_header("Thread-Index", base64.b64encode(root).decode())
    lines = mail.as_bytes().decode("ascii").split("\n")
    at = lines.index("From: x@invalid.example")
    lines[at] = "From: %s <%s>" % (encoded(person.name), person.addr)
    return email.message_from_string("\n".join(lines))


def make(person, subject, text, number):
    mail = EmailMessage()
    mail["To"] = QUEUE
    mail["Subject"] = subject
    mail["Date"] = "Mon, 01 Jun 2026 10:0%d:00 %s" % (number, person.zone)
    mail["Message-ID"] = "<%d.%s>" % (number, person.addr)
    mail.set_content(text)
    if person.has_html:
        mail.add_alternative(
            "<html><head><meta name=author content='%s'></head><body>"
            "<!-- %s --><pre>%s</pre></body></html>" % (
                person.name, person.addr, html.escape(text)), subtype="html")
    return mail


class Run:
    """One person's day with nymdesk."""

    def __init__(self, person):
        self.person = person
        domain = person.addr.rsplit("@", 1)[1]
        self.world = World(players=domain)
        with self.world as world:
            self.talk(world)
            self.status = world.nymdesk("status")
            self.tickets = world.tickets()
            self.copies = world.mailbox(TEAM)
            self.mails = world.mailbox(person.addr)
            world.stop_nymdesk()
            self.log = world.logs()
            self.sizes = sorted(
                (name, os.path.getsize(os.path.join(world.state_dir, name)))
                for name in os.listdir(world.state_dir))
            self.database = self.dump(world.state_dir)
        self.learn()

    def talk(self, world):
        p = self.person
        self.send(make(p, "Withdrawal is missing, %s" % p.name, CASE % (
            mails.TX, p.phone, p.addr, p.name, p.signature), 1))
        copy, = world.wait_mails(TEAM, 1)
        world.wait_mails(p.addr, 1)
        world.submit(mails.reply(copy, ANNA, ANSWER, mails.AGENT_NAME))
        _, answer = world.wait_mails(p.addr, 2)
        follow = mails.reply(answer, p.addr, FOLLOW % p.name)
        del follow["From"], follow["User-Agent"]
        self.send(follow)
        copy = world.wait_mails(TEAM, 2)[-1]
        self.steer(world, copy)
        second = make(p, "Login", SECOND % p.name, 2)
        second.add_attachment(
            "account,%s\nowner,%s\nbalance,12.50 EUR\n" % (p.addr, p.name),
            subtype="csv", filename=p.name + ".csv")
        self.send(second)
        world.wait_mails(TEAM, 5)
        ack = world.wait_mails(p.addr, 5)[-1]
        # A bounce that is about no mail of ours ends; one of the second
        # ticket's acknowledgement is told.
        for number, to in ((3, QUEUE),
                           (4, str(ack["Return-Path"]).strip("<>"))):
            bounce = make(p, "Undelivered Mail Returned to Sender",
                          "<%s>: 550 5.1.1 unknown user\n" % p.addr, number)
            bounce["Auto-Submitted"] = "auto-replied"
            self.send(bounce, "", to)
        word = world.wait_mails(TEAM, 6)[-1]
        assert word["Subject"].startswith("Undelivered: "), word["Subject"]

    def steer(self, world, copy):
        """The first ticket goes a level up, is closed, and rated."""
        p = self.person
        world.submit(mails.reply(copy, ANNA, "/escalate\n"))
        world.wait_mails(TEAM, 3)
        world.wait_mails(p.addr, 3)
        world.submit(mails.reply(copy, ANNA, "/close solved\n"))
        closed = world.wait_mails(p.addr, 4)[-1]
        rate = re.search(r"support\+4-\S+", mails.text_of(closed))[0]
        rating = mails.message(p.addr, rate, "4", "%s\n" % p.name)
        del rating["User-Agent"], rating["Date"], rating["From"]
        rating["Date"] = "Mon, 01 Jun 2026 10:05:00 " + p.zone
        self.send(rating)
        world.wait_mails(TEAM, 4)

    def send(self, mail, sender=None, to=None):
        self.world.send(written(self.person, mail), sender, to)

    @staticmethod
    def dump(state_dir):
        path, = [os.path.join(state_dir, name)
                 for name in os.listdir(state_dir)
                 if read_head(os.path.join(state_dir, name))]
        with sqlite3.connect(path) as db:
            return list(db.iterdump())

    def learn(self):
        """The random names of this run, in the order they came up."""
        numbers, names = [], []
        for mail in self.copies:
            number = re.search(r"\[(\S{4}-\S{4})\]", mail["Subject"]).group(1)
            if number not in numbers:
                numbers.append(number)
            name = mail["From"].addresses[0].display_name
            if name not in names:
                names.append(name)
        self.words = []
        for i, number in enumerate(numbers):
            for form in {number, number.lower(), number.replace("-", ""),
                         number.replace("-", "").lower()}:
                self.words.append((form, "<number %d>" % i))
        for i, name in enumerate(names):
            self.words.append((name, "<pseudonym %d>" % i))

    # --- the declared random fields ------------------------------------

    def plain(self, text):
        for word, name in self.words:
            text = text.replace(word, name)
        for pattern, name in (
                # Keyed ids and sealed envelopes, by their length.
                (r"(?i)X'([0-9A-F]{64,})'",
                 lambda found: "<blob %d>" % len(found.group(1))),
                # Keyed parts of addresses, Message-IDs and boundaries.
                (r"(?<![0-9a-z])[0-9a-hjkmnp-tv-z]{13}(?![0-9a-z])", "<key>"),
                # Of a word, keyed by the mail that it is about.
                (r"<[0-9a-hjkmnp-tv-z]{8}\.(?=<key>\.<key>@)", "<other>."),
                # Times: of the run, not of the player's mail.
                (r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?( UTC|Z)?",
                 "<time>"),
                (r"\b20\d\d-\d\d-\d\d\b", "<day>"),
                (r"(?m)^Date: .*", "Date: <time>"),
                # A signature, in lines as long as it happens.
                (r"(nymdesk-receipt: )((?:.+\n)+)", lambda found: "%s<%d>\n"
                 % (found.group(1),
                    len(re.sub("=\n|=3D", "", found.group(2))))),
                (r"\b1[78]\d{8}\b", "<time>"),
                (r'(INSERT INTO "?post"? VALUES\(1,)\d+', r"\1<hour>"),
                (r"\bpid=\d+", "pid=<pid>")):
            text = re.sub(pattern, name, text)
        return text

    def plain_mail(self, mail, drop=()):
        """As it was handed over: without what MTA and mailbox add."""
        for name in ("Return-Path", "Delivered-To", "Received",
                     "X-Original-To") + tuple(drop):
            del mail[name]
        text = self.plain(mail.as_bytes().decode("utf-8", "replace"))
        if "<number" in text.partition("\n\n")[2]:
            # Of the text, and so of the number in it.
            text = re.sub(r"\[end of mail \w{5}\]", "<end line>", text)
        return text

    def plain_copies(self):
        return [self.plain_mail(mail) for mail in self.copies]

    def plain_mails(self):
        return [self.plain_mail(mail, ("To", "Subject", "In-Reply-To",
                                       "References")) for mail in self.mails]

    def plain_database(self):
        # Rows lie in the order of their random keys. Which post sent a mail
        # is by chance.
        slot = re.compile(
            r"(INSERT INTO \"promise\" VALUES\([^,]*,\d+,[^,]*,\d+,)\d+")
        return sorted(slot.sub(r"\1<slot>", self.plain(line))
                      for line in self.database)

    def plain_log(self):
        # Several processes write it, so the order is by chance.
        return sorted(self.plain(line) for line in self.log.splitlines()
                      if "info lmtp.ready" not in line)

    def plain_status(self):
        return self.plain(repr(sorted(self.status.items())))

    def plain_tickets(self):
        return sorted(self.plain(repr(sorted(ticket.items())))
                      for ticket in self.tickets)


def read_head(path):
    with open(path, "rb") as file:
        return file.read(16).startswith(b"SQLite format 3")


class Pairs(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.short = Run(SHORT)
        cls.long = Run(LONG)

    def equal(self, what):
        self.assertEqual(getattr(self.short, what)(),
                         getattr(self.long, what)())

    def test_the_scenario_happened(self):
        for run in (self.short, self.long):
            self.assertEqual(len(run.copies), 6)
            self.assertEqual(len(run.mails), 5)
            self.assertIn("rated 4 of 5", mails.text_of(run.copies[3]))
            first, = [ticket for ticket in run.tickets
                      if ticket["state"] == "closed"]
            self.assertEqual((first["level"], first["agent"]), (2, "anna"))
            self.assertIn(mails.TX, mails.text_of(run.copies[0]))
            self.assertGreater(len(run.database), 10)

    def test_the_two_differ(self):
        """Without replacing anything they do; else nothing was compared."""
        self.assertNotEqual(self.short.database, self.long.database)
        self.assertNotEqual(
            [mail.as_bytes() for mail in self.short.copies],
            [mail.as_bytes() for mail in self.long.copies])

    def test_agent_copies(self):
        for one, other in zip(self.short.plain_copies(),
                              self.long.plain_copies()):
            self.assertEqual(one, other)

    def test_mails_to_the_player(self):
        for one, other in zip(self.short.plain_mails(),
                              self.long.plain_mails()):
            self.assertEqual(one, other)

    def test_database(self):
        self.equal("plain_database")

    def test_sizes_of_files(self):
        self.assertEqual(self.short.sizes, self.long.sizes)

    def test_logs(self):
        self.equal("plain_log")

    def test_status(self):
        self.equal("plain_status")

    def test_tickets(self):
        self.equal("plain_tickets")


if __name__ == "__main__":
    unittest.main()
