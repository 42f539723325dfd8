"""What each way in leaves in Postfix's queue directory: while a mail is being
taken, and when it has been.

The queue lies on a file system of its own in a file, so that its blocks can be
read as they are on the disk, those of deleted files too. A machine that lets
nobody mount one skips what is about blocks, and says so.
"""

import contextlib
import email.policy
import os
import re
import secrets
import signal
import smtplib
import subprocess
import threading
import unittest

import mails
from dovecot import PASSWORD
from leakscan import files_below
from tools import descendants, send_signal, wait_for
from world import ANNA, HOST, QUEUE, TEAM, World

IMAGE_SIZE = 96 << 20  # Postfix wants one and a half mails free


class Spooled(World):
    """A world whose queue directory can be read below its files."""

    image = None

    def start_servers(self):
        spool = self.postfix.dir + "/spool"
        os.makedirs(spool)
        image = self.dir + "/spool.img"
        with open(image, "wb") as file:
            file.truncate(IMAGE_SIZE)
        steps = (["mkfs.ext4", "-q", "-F", image],
                 ["mount", "-o", "loop,nosuid,nodev", image, spool])
        if all(subprocess.run(step, capture_output=True,
                              check=False).returncode == 0 for step in steps):
            self.image = image
            self.mounts.append(spool)
        super().start_servers()

    def blocks(self):
        """What the system has written by now, as it does by itself sooner or
        later; None if that cannot be seen."""
        if not self.image:
            return None
        subprocess.run(["sync", "-f", self.postfix.dir + "/spool"],
                       check=True)
        with open(self.image, "rb") as file:
            return file.read()


def letters():
    """A word that nothing else has."""
    return "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(14))


class Mail:
    """A player's mail. Its words are masked or left out in what agents and
    player get, its lines stand in no other mail."""

    def __init__(self):
        self.words = {where: letters() for where in (
            "address", "name", "subject", "text", "client", "message-id",
            "helo")}
        word = self.words
        self.sender = word["address"] + "@players.example"
        mail = mails.message(
            self.sender, QUEUE, "Bonus, %s@other.example" % word["subject"],
            "Where is my bonus? Write to %s@other.example.\n" % word["text"],
            word["name"].title() + " " + word["name"].title(),
            **{"X-Client": word["client"]})
        del mail["Message-ID"]
        mail["Message-ID"] = "<%s@players.example>" % word["message-id"]
        self.octets = mail.as_bytes(policy=email.policy.SMTP)

    def found(self, octets):
        """Where in the mail the words are from that stand there."""
        octets = octets.lower()
        return sorted(where for where, word in self.words.items()
                      if word.encode() in octets)

    def everything(self):
        return sorted(self.words)


@contextlib.contextmanager
def frozen(world):
    """The vault says nothing meanwhile."""
    procs = world.kill("vault", signal.SIGSTOP)
    try:
        yield
    finally:
        for proc in procs:
            send_signal(proc, signal.SIGCONT)


def has_body(world):
    """A worker has a whole mail in its hands."""
    for proc in world.role("lmtp"):
        top = "/proc/%d/fd" % proc["pid"]
        for name in os.listdir(top):
            with contextlib.suppress(FileNotFoundError):
                if os.readlink(top + "/" + name).startswith("/memfd:body"):
                    return True
    return False


class Way:
    """One mail by one way; the tests look at it from all sides."""

    way = None

    @classmethod
    def setUpClass(cls):
        cls.world = Spooled(way=cls.way)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.spool = cls.world.postfix.dir + "/spool"
        cls.mail = Mail()
        cls.before = cls.state()
        with frozen(cls.world):
            cls.begin(cls.mail)
            cls.during = cls.state()
            cls.during["blocks"] = cls.world.blocks()
        cls.sender.join(30)
        cls.copy, = cls.world.wait_mails(TEAM, 1)
        cls.notice, = cls.world.wait_mails(cls.mail.sender, 1)
        cls.after = cls.state()

    @classmethod
    def begin(cls, mail):
        """Sends it, until the gateway has it and can do nothing with it."""
        cls.replies = []
        cls.sender = threading.Thread(target=cls.send, args=(mail,))
        cls.sender.start()
        wait_for(cls.is_waiting, what="the mail in the gateway")

    @classmethod
    def send(cls, mail):
        with smtplib.SMTP("127.0.0.1", cls.world.postfix.inbound,
                          mail.words["helo"] + ".players.example",
                          timeout=60) as smtp:
            cls.replies.append(smtp.sendmail(
                mail.sender, [QUEUE], mail.octets))

    @classmethod
    def is_waiting(cls):
        return has_body(cls.world)

    @classmethod
    def state(cls):
        """What lies there now: files, what postcat shows of them, what
        processes have open, when something was made last."""
        found = {"files": {}, "postcat": b"", "open": [],
                 "made": os.stat(cls.spool + "/incoming").st_mtime_ns}
        for path in files_below(cls.spool):
            with contextlib.suppress(FileNotFoundError), \
                    open(path, "rb") as file:
                found["files"][path] = file.read()
        found["open"] = [
            data for proc in descendants(cls.world.postfix.master["pid"])
            for data in open_files(proc["pid"], cls.spool)]
        queued = [path for path in found["files"] if re.search(
            r"/(incoming|active|deferred|hold)/", path)]
        for path in queued:
            done = subprocess.run(
                ["postcat", "-c", cls.world.postfix.etc, path],
                capture_output=True, check=False)
            found["postcat"] += done.stdout
            # What shows what its blocks keep when it is gone.
            cls.kept = open(path, "rb")
            cls.addClassCleanup(cls.kept.close)
        found["queued"] = queued
        return found

    def raw(self, state):
        return b"".join(state["files"].values()) + b"".join(state["open"])

    def need_blocks(self):
        if not self.world.image:
            self.skipTest("no file system can be mounted here: "
                          "blocks of deleted files were not read")
        return self.world.blocks()

    def passed(self):
        """What went through the queue: how many mails, by sender."""
        log = self.world.postfix.log
        with open(log, encoding="utf-8", errors="replace") as file:
            return [re.sub(r".*from=<([^>]*)>.*", r"\1", line).strip()
                    for line in file if "(queue active)" in line]

    def test_sender_is_told_that_it_is_taken(self):
        self.assertEqual(self.replies, [{}])

    def test_nothing_is_left_in_files(self):
        self.assertEqual(self.after["queued"], [])
        self.assertEqual(self.mail.found(self.raw(self.after)), [])

    def test_reading_blocks_finds_what_went_through(self):
        """Or not finding something would say nothing."""
        self.assertIn(self.copy["Message-ID"].encode(), self.need_blocks())


class Queued(Way):
    """Postfix makes a file of it, at least for a while."""

    def test_it_lies_readable_while_it_waits(self):
        self.assertEqual(len(self.during["queued"]), 1)
        self.assertEqual(self.mail.found(self.during["postcat"]),
                         self.mail.everything())
        self.assertEqual(self.mail.found(self.raw(self.during)),
                         self.mail.everything())

    def test_its_file_keeps_it_when_it_is_deleted(self):
        self.kept.seek(0)
        self.assertEqual(os.fstat(self.kept.fileno()).st_nlink, 0)
        self.assertEqual(self.mail.found(self.kept.read()),
                         self.mail.everything())

    def test_its_blocks_keep_it(self):
        self.assertEqual(self.mail.found(self.need_blocks()),
                         self.mail.everything())


class Lmtp(Queued, unittest.TestCase):
    """Postfix writes the mail first, and keeps it until nymdesk has it."""

    way = "lmtp"

    @classmethod
    def is_waiting(cls):
        return os.listdir(cls.spool + "/active")

    def test_what_went_through_the_queue(self):
        passed = self.passed()
        self.assertEqual(len(passed), 3)
        self.assertEqual(passed[0], self.mail.sender)


class Milter(Queued, unittest.TestCase):
    """Postfix writes the mail while it comes, and asks then. It is deleted
    when the milter has taken it over; what is on the disk by then stays."""

    way = "milter"

    def test_it_lies_readable_while_it_waits(self):
        self.assertIn("/incoming/", self.during["queued"][0])
        super().test_it_lies_readable_while_it_waits()

    def test_what_went_through_the_queue(self):
        """It was none that Postfix delivers."""
        passed = self.passed()
        self.assertEqual(len(passed), 2)
        self.assertNotIn(self.mail.sender, passed)


class Proxy(Way, unittest.TestCase):
    """Postfix hands the mail on while it comes."""

    way = "smtp"

    def test_nothing_lies_there_while_it_waits(self):
        self.assertEqual(self.during["queued"], [])
        self.assertEqual(self.mail.found(self.raw(self.during)), [])
        self.assertEqual(sorted(self.during["files"]),
                         sorted(self.before["files"]))

    def test_no_file_was_made(self):
        self.assertEqual(self.during["made"], self.before["made"])

    def test_no_block_has_it(self):
        self.need_blocks()
        self.assertEqual(self.mail.found(self.during["blocks"]), [])

    def test_blocks_have_what_the_player_gets(self):
        """His address, and the Message-ID that he is answered to."""
        told = self.mail.found(self.notice.as_bytes())
        self.assertEqual(told, ["address", "message-id"])
        self.assertEqual(self.mail.found(self.need_blocks()), told)

    def test_what_went_through_the_queue(self):
        passed = self.passed()
        self.assertEqual(len(passed), 2)
        self.assertNotIn(self.mail.sender, passed)

    def test_zz_an_agents_answer_that_is_not_queued(self):
        """The proof is above Postfix's own Received. One below, which the
        client wrote, is none; and nothing but what the player gets lies in
        the queue."""
        word = letters()
        answer = mails.reply(self.copy, ANNA, "It is on its way.\n\n-- \n%s\n"
                             % word, mails.AGENT_NAME)
        forged = b"Authentication-Results: %s; auth=pass smtp.auth=%s\r\n" % (
            HOST.encode(), ANNA.encode())
        octets = answer.as_bytes(policy=email.policy.SMTP)
        with self.assertRaises(smtplib.SMTPDataError) as refused, \
                smtplib.SMTP("127.0.0.1", self.world.postfix.inbound) as smtp:
            smtp.sendmail(ANNA, [str(answer["To"])], forged + octets)
        self.assertEqual(refused.exception.smtp_code, 550)
        with smtplib.SMTP("127.0.0.1",
                          self.world.postfix.proxy_submit) as smtp:
            smtp.login(ANNA, PASSWORD)
            smtp.sendmail(ANNA, [str(answer["To"])], octets)
        self.world.wait_mails(self.mail.sender, 2)
        self.assertEqual(len(self.passed()), 3)
        if self.world.image:
            self.assertNotIn(word.encode(), self.world.blocks())


def open_files(pid, below):
    """What is in regular files below a directory that a process has open,
    also in deleted ones."""
    top = "/proc/%d/fd" % pid
    try:
        names = os.listdir(top)
    except FileNotFoundError:
        return
    for name in names:
        with contextlib.suppress(OSError):
            path = top + "/" + name
            if os.readlink(path).startswith(below) and os.path.isfile(path):
                with open(path, "rb") as file:
                    yield file.read()


if __name__ == "__main__":
    unittest.main()
