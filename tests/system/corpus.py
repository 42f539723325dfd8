"""Every mail of a corpus of real mails goes in by LMTP: each is answered,
no worker dies, what people wrote becomes a ticket that is acknowledged, and
what machines wrote is never acknowledged.

ND_CORPUS names the directory (default: shared/corpus beside the tree) with
an INDEX.tsv whose first column is a path and whose "kind" column says what
the mail is.
"""

import csv
import email
import os
import re
import smtplib
import time
import unittest

import wire
from tools import ROOT, read
from world import QUEUE, World

CORPUS = os.environ.get("ND_CORPUS") or os.path.join(
    os.path.dirname(ROOT), "shared", "corpus")
# The kinds are guesses of a program; EXCEPTIONS says where they are wrong.
MACHINE = re.compile(r"bounce|DSN|autoreply|vacation|auto-generated|mdn|arf|"
                     r"list mail|newsletter|challenge|feedback")
BOUNCE = re.compile(r"bounce|mdn")
# What is acknowledged although its kind is a machine's, or is not although
# its kind is a person's. An entry that is not needed fails.
EXCEPTIONS = {
    "perl-bounceparser/spam-lots-of-bogus-addresses.msg":
        "no bounce: sent by a client to many addresses",
    "roundup-derived/testAutoReplyEmailsAreIgnored.eml":
        "\"Re:\" and no sign: a person's answer to such a reply",
    "chatwoot/notification.eml":
        "a program's: has List-ID and Precedence",
    "flanker/long-links.eml": "the author is postmaster@",
    "nodemailer-mailparser/spam.eml": "the author is noreply@",
    "php-mime-mail-parser/issue212": "\"Automatyczna odpowied\u017a: ...\"",
    "php-mime-mail-parser/m0009": "the author is noreply@",
}
# By the milter, which gets a mail as cleanup divides it.
BY_MILTER = {
    "mimekit/messages/feedback-report.txt":
        "begins with a byte order mark, where Postfix ends the header",
}
LINE_MAX = 998


# Refused on the line, as nothing could be read of them; by LMTP a ticket.
BAD_SHAPES = {"mimekit/messages/stack-overflow.txt"}


def as_delivered(data):
    """What Postfix's LMTP client would make of it: CRLF only, no bare CR,
    long lines folded at 998."""
    lines = []
    for line in re.split(rb"\r\n|\n", data.rstrip(b"\r\n")):
        line = line.replace(b"\r", b" ")
        while len(line) > LINE_MAX:
            lines.append(line[:LINE_MAX])
            line = b" " + line[LINE_MAX:]
        lines.append(line)
    return b"\r\n".join(lines) + b"\r\n"


def parsed(path):
    with open(os.path.join(CORPUS, path), "rb") as file:
        return email.message_from_bytes(file.read())


def address(value):
    """The first address; releases of parseaddr() differ in what they take."""
    found = re.search(r"[^\s<>,\"()]+@[^\s<>,\"()]+", str(value))
    return found.group().lower() if found else None


def identity(mail):
    """What makes a mail this mail: variants of one test mail that differ in
    other headers only are the same mail sent twice."""
    return address(mail["From"]), str(mail["Message-ID"]).strip()


def names(mail):
    """By what a mail and its answers name each other, with the author: an
    answer to a mail of his own is one of the same ticket."""
    ids = {word for key in ("Message-ID", "In-Reply-To", "References")
           for word in re.findall(r"<[^<>]+>", str(mail[key]))}
    if mail["Thread-Index"]:
        ids.add(re.sub(r"\s", "", str(mail["Thread-Index"]))[:28])
    return {(address(mail["From"]), word) for word in ids}


def envelope(mail, kind, number):
    """The sender that the mail had when it was delivered."""
    path = mail["Return-Path"]
    if path is not None and path.strip() == "<>":
        return ""
    if path is None and BOUNCE.search(kind):
        return ""
    sender = address(path) or address(mail["From"])
    if sender is None or not re.fullmatch(r"[\w.+=-]+@[\w.-]+", sender,
                                          re.ASCII):
        return "mensch%03d@players.example" % number
    return sender


def peak_kib(pid):
    found = re.search(r"VmHWM:\s+(\d+)", read("/proc/%d/status" % pid))
    return int(found.group(1)) if found else 0


@unittest.skipUnless(os.path.isfile(os.path.join(CORPUS, "INDEX.tsv")),
                     "no corpus at " + CORPUS)
class Corpus(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.world = World(workers=2)
        cls.addClassCleanup(cls.world.stop)
        # Where most of these players live, nobody answers.
        cls.world.postfix.more_main = "default_transport = discard:\n"
        cls.world.start()
        cls.lift_limits()
        with open(os.path.join(CORPUS, "INDEX.tsv"), encoding="utf-8",
                  newline="") as file:
            cls.index = list(csv.DictReader(file, delimiter="\t",
                                            quoting=csv.QUOTE_NONE))
        cls.workers = {proc["pid"] for proc in cls.world.role("lmtp")}
        cls.deliver_all()
        cls.world.wait_idle(60)
        cls.acknowledged = {ticket["number"] for ticket
                            in cls.world.tickets() if ticket["acknowledged"]}

    @classmethod
    def lift_limits(cls):
        """Hundreds of mails of a few authors come within a minute."""
        cls.world.stop_nymdesk()
        cls.world.configure(**{"limits.ack_burst": "100000",
                               "limits.repeat": "0s",
                               "limits.post_rate": "10000000"})
        cls.world.start_nymdesk()

    @classmethod
    def deliver_all(cls):
        cls.silent, cls.lost, cls.refused, cls.slow = [], [], [], []
        cls.opened, cls.known_by, cls.bad_shapes = {}, {}, {}
        seen, named = set(), {}
        known = {ticket["number"] for ticket in cls.world.tickets()}
        for number, row in enumerate(cls.index):
            path, mail = row["path"], parsed(row["path"])
            is_person = cls.is_person(row)
            begin = time.monotonic()
            answer = cls.deliver(path, envelope(mail, row["kind"], number))
            if time.monotonic() - begin > 5:
                cls.slow.append(path)
            if not answer:
                cls.silent.append(path)
            elif path in BAD_SHAPES:
                cls.bad_shapes[path] = answer
            elif is_person and not 200 <= answer < 300:
                cls.refused.append("%s: %d" % (path, answer))
            now = {ticket["number"] for ticket in cls.world.tickets()}
            for word in names(mail):
                if word in named:
                    cls.known_by[path] = named[word]
                named.setdefault(word, path)
            if identity(mail) in seen:
                cls.known_by.setdefault(path, "an earlier one")
            if is_person and len(now - known) != 1 and \
                    path not in cls.known_by:
                cls.lost.append("%s: %d new tickets" % (
                    path, len(now - known)))
            cls.opened[path] = now - known
            seen.add(identity(mail))
            known = now
        cls.peak = max(peak_kib(proc["pid"])
                       for proc in cls.world.role("lmtp"))

    @classmethod
    def is_person(cls, row):
        return not MACHINE.search(row["kind"]) and not (
            row["path"] in BAD_SHAPES and cls.world.way != "lmtp")

    @classmethod
    def deliver(cls, path, sender):
        """The code after the final dot, or 0 if there was no answer."""
        with open(os.path.join(CORPUS, path), "rb") as file:
            data = as_delivered(file.read())
        try:
            (code, _), = wire.deliver(cls.world, data, sender, [QUEUE])
            return code
        except (OSError, smtplib.SMTPException):
            return 0

    def test_every_mail_is_answered(self):
        self.assertEqual(self.silent, [])
        self.assertEqual(self.slow, [])

    def test_mails_of_people_are_taken(self):
        self.assertEqual(self.refused, [])

    def test_bad_shapes_are_refused_on_the_line(self):
        wanted = 250 if self.world.way == "lmtp" else 554
        self.assertEqual(self.bad_shapes,
                         dict.fromkeys(BAD_SHAPES, wanted))

    def test_mails_of_people_give_a_ticket_each(self):
        self.assertEqual(self.lost, [])

    def is_acknowledged(self, path):
        return bool(self.opened[path] & self.acknowledged)

    def wrong(self):
        """What the kind of a mail does not let expect."""
        return {row["path"] for row in self.index
                if self.is_person(row) != self.is_acknowledged(row["path"])
                # Belongs to a ticket that was opened before it.
                and (self.opened[row["path"]]
                     or row["path"] not in self.known_by)}

    def exceptions(self):
        return EXCEPTIONS.keys() | (
            BY_MILTER.keys() if self.world.way == "milter" else set())

    def test_people_are_acknowledged_and_machines_are_not(self):
        self.assertEqual(sorted(self.wrong() - self.exceptions()), [])
        again = [row["path"] for row in self.index
                 if self.is_person(row)
                 and not self.opened[row["path"]]]
        print("     corpus: %d tickets acknowledged, %d mails of people belong"
              " to an earlier one" % (len(self.acknowledged), len(again)),
              flush=True)
        self.assertGreater(len(self.acknowledged), len(self.index) / 2)

    def test_every_exception_is_needed(self):
        self.assertEqual(sorted(self.exceptions() - self.wrong()), [])

    def test_no_worker_died(self):
        self.assertEqual(
            {proc["pid"] for proc in self.world.role("lmtp")}, self.workers)
        self.assertEqual(self.world.faults(), [])

    def test_memory_of_a_worker(self):
        print("     corpus: %d mails, peak RSS of a worker %.1f MiB"
              % (len(self.index), self.peak / 1024), flush=True)
        self.assertLess(self.peak, 256 * 1024)


if __name__ == "__main__":
    unittest.main()
