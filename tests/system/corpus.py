"""Every mail of a corpus of real mails goes in by LMTP: each is answered,
no worker dies, and what people wrote becomes a ticket.

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

from tools import ROOT, read
from world import QUEUE, World

CORPUS = os.environ.get("ND_CORPUS") or os.path.join(
    os.path.dirname(ROOT), "shared", "corpus")
MACHINE = re.compile(r"bounce|DSN|autoreply|vacation|auto-generated|mdn|arf|"
                     r"list mail|loop|newsletter|challenge|feedback")
LINE_MAX = 998


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


def identity(path):
    """What makes a mail this mail: variants of one test mail that differ in
    other headers only are the same mail sent twice."""
    with open(os.path.join(CORPUS, path), "rb") as file:
        mail = email.message_from_bytes(file.read())
    # The first address; releases of parseaddr() differ in what they take.
    author = re.search(r"[^\s<>,]+@[^\s<>,]+", str(mail["From"]))
    return author and author.group().lower(), str(mail["Message-ID"]).strip()


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
        cls.world.start()
        with open(os.path.join(CORPUS, "INDEX.tsv"), encoding="utf-8",
                  newline="") as file:
            cls.index = list(csv.DictReader(file, delimiter="\t",
                                            quoting=csv.QUOTE_NONE))
        cls.workers = {proc["pid"] for proc in cls.world.role("lmtp")}
        cls.deliver_all()

    @staticmethod
    def sender(number):
        return "mensch%03d@players.example" % number

    @classmethod
    def deliver_all(cls):
        cls.silent, cls.lost, cls.refused, cls.slow = [], [], [], []
        seen = set()
        known = len(cls.world.tickets())
        for number, row in enumerate(cls.index):
            is_person = not MACHINE.search(row["kind"])
            begin = time.monotonic()
            answer = cls.deliver(
                row["path"], cls.sender(number) if is_person else "")
            if time.monotonic() - begin > 5:
                cls.slow.append(row["path"])
            if not answer:
                cls.silent.append(row["path"])
            elif is_person and not 200 <= answer < 300:
                cls.refused.append("%s: %d" % (row["path"], answer))
            now = len(cls.world.tickets())
            key = identity(row["path"])
            if is_person and now != known + 1 and key not in seen:
                cls.lost.append("%s: %d new tickets" % (
                    row["path"], now - known))
            seen.add(key)
            known = now
        cls.peak = max(peak_kib(proc["pid"])
                       for proc in cls.world.role("lmtp"))

    @classmethod
    def deliver(cls, path, sender):
        """The code after the final dot, or 0 if there was no answer."""
        with open(os.path.join(CORPUS, path), "rb") as file:
            data = as_delivered(file.read())
        kind, where = cls.world.lmtp.split(":", 1)
        host, port = (where, 0) if kind == "unix" \
            else (where.rsplit(":", 1)[0], int(where.rsplit(":", 1)[1]))
        try:
            with smtplib.LMTP(host, port, "mx", timeout=60) as lmtp:
                lmtp.ehlo_or_helo_if_needed()
                lmtp.mail(sender, ["BODY=8BITMIME", "SMTPUTF8"])
                lmtp.rcpt(QUEUE)
                return lmtp.data(data)[0]
        except smtplib.SMTPDataError as err:
            return err.smtp_code
        except (OSError, smtplib.SMTPException):
            return 0

    def test_every_mail_is_answered(self):
        self.assertEqual(self.silent, [])
        self.assertEqual(self.slow, [])

    def test_mails_of_people_are_taken(self):
        self.assertEqual(self.refused, [])

    def test_mails_of_people_give_a_ticket_each(self):
        self.assertEqual(self.lost, [])

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
