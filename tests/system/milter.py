"""What nymdesk-milter says to an MTA: here to a client of ours, and to
miltertest's scripts of tests/milter. How it bears an MTA without manners is
in rude.py.

Each test ends with a milter that serves and has let go of all it had."""

import email.policy
import glob
import grp
import os
import pwd
import re
import signal
import subprocess
import time
import unittest

import mails
import milterwire as mw
import wire
from gateway import Gateway
from tools import ROOT, read, wait_for
from world import ANNA

PLAYER = "idle.rider@players.example"
OTHER = "somebody@else.example"
LINE = b"A line of a body that says little.\r\n"

ALONE = (452, b"4.5.3 Send to this address and to the others in turn")
TOO_MANY = (452, b"4.5.3 Too many recipients")
NO_USER = (550, b"5.1.1 No such address here")
TOO_BIG = (552, b"5.3.4 Message too big")
BARE = (550, b"5.6.0 Bare CR or LF in message")
LONG_HEADER = (554, b"5.6.0 Message header too long")
LONG_LINE = (554, b"5.6.0 Line too long in message")
TAKEN = mw.WORDS[mw.DISCARD]
NO_LOGIN = (550, b"5.7.1 This sender has to log in, send through the "
            b"submission service")
BAD_SHAPE = (554, b"5.6.0 Too many headers or parts, send a plain text")
TOO_OFTEN = (450, b"4.7.1 Too many mails from this address, send the next "
             b"one in an hour")


def octets(mail):
    return mail.as_bytes(policy=email.policy.SMTP)


def status(pid, key):
    found = re.search(r"(?m)^%s:\s*(\d+)" % key, read("/proc/%d/status" % pid))
    return int(found.group(1))


class World(Gateway):
    def __init__(self, **more):
        super().__init__(**more)
        # What is freed is given back at once, as without a sanitizer.
        self.env["ASAN_OPTIONS"] += \
            ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"


class Milter(unittest.TestCase):
    """A world, and what a milter has when nobody talks to it."""

    more = {"lmtp.size_max": "100000", "lmtp.recipients_max": "64"}
    workers = 4

    @classmethod
    def setUpClass(cls):
        cls.world = World(more=cls.more, workers=cls.workers, way="milter")
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.queue = cls.world.queue
        cls.count = 0

    def setUp(self):
        self.proc, = self.world.role("milter")

    def tearDown(self):
        if self.world.role("milter") == [self.proc]:
            wait_for(lambda: self.descriptors() == self.idle_descriptors(), 5,
                     "descriptors to be closed")
        with self.connect() as quiet:
            self.assertEqual(quiet.mail(PLAYER), (mw.CONTINUE, b""))
            self.assertEqual(quiet.rcpt(self.queue), (mw.CONTINUE, b""))
            quiet.quit()
        self.assertEqual(self.world.faults(), [])

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.proc["pid"]))

    def idle_descriptors(self):
        """stdin, stdout, stderr, the log of libmilter if there is one, its
        socket and its pipe: no connection and no worker's."""
        count = 0
        for fd in os.listdir("/proc/%d/fd" % self.proc["pid"]):
            try:
                name = os.readlink("/proc/%d/fd/%s" % (self.proc["pid"], fd))
            except FileNotFoundError:
                continue
            count += not name.startswith(("socket:", "/memfd:"))
        listening = 1
        return count + listening

    def connect(self):
        return mw.Postfix(self.world.milter)

    def mail(self, text="Where is it?\n"):
        """A new one, as octets."""
        type(self).count += 1
        return octets(mails.message(
            PLAYER, self.queue, "Bonus %d" % self.count,
            "Number %d. %s" % (self.count, text)))

    def deliver(self, data, rcpts=None, sender=PLAYER):
        return mw.deliver(self.world.milter, data, sender,
                          rcpts or [self.queue])

    def begin(self, sock, rcpt=None):
        """Up to RCPT."""
        self.assertEqual(sock.mail(PLAYER)[0], mw.CONTINUE)
        self.assertEqual(sock.rcpt(rcpt or self.queue)[0], mw.CONTINUE)


class Words(Milter):
    """What it says: to negotiations, recipients and mails."""

    @unittest.skipIf(os.geteuid() != 0, "needs root: one user for all roles")
    def test_only_postfix_may_connect(self):
        # The socket is open to all who may enter its directory.
        path = self.world.milter[5:]
        self.assertEqual(os.lstat(path).st_mode, 0o140666)
        fact = os.lstat(os.path.dirname(path))
        self.assertEqual(fact.st_mode, 0o40750)
        self.assertEqual(fact.st_uid, pwd.getpwnam("nymdesk-milter").pw_uid)
        self.assertEqual(fact.st_gid, grp.getgrnam("postfix").gr_gid)

    def test_it_asks_for_what_it_needs_and_no_more(self):
        with mw.Wire(self.world.milter) as sock:
            version, actions, steps, macros = sock.negotiate()
        self.assertEqual(version, 6)
        self.assertEqual(actions, mw.SETSYMLIST)
        self.assertEqual(steps, mw.NOCONNECT | mw.NOHELO | mw.NOUNKNOWN |
                         mw.LEADING_SPACE | mw.NO_HEADER_REPLY | mw.SKIP)
        self.assertEqual(macros, {mw.ENVRCPT: ["{rcpt_mailer}"]})

    def test_an_mta_that_lacks_something_is_refused(self):
        for bit in (mw.NOCONNECT, mw.NOHELO, mw.NOUNKNOWN, mw.LEADING_SPACE):
            with self.subTest(bit=bit), mw.Wire(self.world.milter) as sock:
                self.assertRaises(mw.Hangup, sock.negotiate,
                                  steps=mw.STEPS & ~bit)

    def test_an_mta_that_cannot_be_told_its_macros_or_to_skip_is_served(self):
        with mw.Wire(self.world.milter) as sock:
            _, actions, steps, macros = sock.negotiate(
                actions=0x3f, steps=mw.STEPS & ~mw.SKIP)
            self.assertEqual((actions, steps & mw.SKIP, macros), (0, 0, {}))
            self.begin(sock)
            self.assertEqual(sock.ask(mw.DATA)[0], mw.CONTINUE)
            self.assertEqual(sock.end_of_header()[0], mw.CONTINUE)
            self.assertEqual(sock.body(b"a\nb\r\n")[0], mw.CONTINUE)
            self.assertEqual(mw.code_of(sock.end()), BARE)

    def test_a_mail_is_taken_over(self):
        mail = self.mail()
        self.assertEqual(self.deliver(mail), [TAKEN])
        taken = self.world.news()
        self.assertEqual(sorted(item.rcpts for item in taken),
                         sorted([[self.world.team], [PLAYER]]))
        copy, = self.world.copies(taken)
        self.assertIn("Number %d." % self.count, mails.text_of(copy.mail))
        # What comes again, by this way or by another, is the same mail.
        self.assertEqual(self.deliver(mail), [TAKEN])
        self.assertEqual(wire.session(
            self.world, "lmtp", mail, PLAYER, [self.queue])[0][0], 250)
        self.assertEqual(self.world.news(), [])

    def test_an_agent_answers(self):
        self.assertEqual(self.deliver(self.mail()), [TAKEN])
        copy, = self.world.copies(self.world.news())
        answer = octets(mails.reply(copy.mail, ANNA, "It is on its way.\n"))
        proof = self.world.results("auth=pass smtp.auth=" + ANNA)
        to = mails.parse(answer)["To"].addresses[0].addr_spec
        self.assertEqual(self.deliver(proof + answer, [to], ANNA), [TAKEN])
        self.assertEqual([item.rcpts for item in self.world.news()],
                         [[PLAYER]])

    def test_recipients(self):
        label = self.queue.replace("@", "+k7f39q2y-0123456789abc@")
        unknown = "nobody@" + self.world.domain
        # Who, by Postfix's transport, and what is said.
        for story in (
                [(self.queue, "nymdesk", None), (label, "nymdesk", None)],
                [(self.queue, "nymdesk", None), (OTHER, "smtp", ALONE)],
                [(OTHER, "smtp", None), (self.queue, "nymdesk", ALONE)],
                [(OTHER, "smtp", None), (OTHER, "smtp", None)],
                [(unknown, "nymdesk", NO_USER)],
                [(unknown, "relay", None)],
                [(self.queue, "smtp", None)]):
            with self.subTest(story=story), self.connect() as sock:
                self.assertEqual(sock.mail(PLAYER)[0], mw.CONTINUE)
                for rcpt, mailer, said in story:
                    packet = sock.rcpt(rcpt, mailer)
                    if said:
                        self.assertEqual(mw.code_of(packet), said)
                    else:
                        self.assertEqual(packet, (mw.CONTINUE, b""))

    def test_right_and_wrong_capabilities_are_told_the_same(self):
        self.assertEqual(self.deliver(self.mail()), [TAKEN])
        copy, = self.world.copies(self.world.news())
        right = re.search(rb"support\+[0-9a-z]{8}-[0-9a-z]{13}@[\w.]+",
                          copy.octets).group(0).decode()
        last = right.index("@") - 1
        wrong = right[:last] + ("1" if right[last] == "0" else "0") + \
            right[last + 1:]
        self.assertEqual(len(right), len(wrong))
        self.assertNotEqual(right, wrong)
        with self.connect() as sock:
            self.begin(sock, right)
            self.begin(sock, wrong)

    def test_five_hundred_recipients(self):
        with self.connect() as sock:
            self.assertEqual(sock.mail(PLAYER)[0], mw.CONTINUE)
            replies = [sock.rcpt("%s+n%d@%s" % (
                *self.queue.split("@")[:1], i, self.world.domain))
                for i in range(500)]
            self.assertEqual(replies[:64], [(mw.CONTINUE, b"")] * 64)
            self.assertEqual({mw.code_of(packet) for packet in replies[64:]},
                             {TOO_MANY})
            # Those that were taken get their mail.
            packet = sock.give_text(self.mail())
            self.assertEqual(mw.code_of(packet), TAKEN)
        with self.connect() as sock:
            self.assertEqual(sock.mail(PLAYER)[0], mw.CONTINUE)
            self.assertEqual({sock.rcpt("s%d@else.example" % i, "smtp")
                              for i in range(500)}, {(mw.CONTINUE, b"")})
        self.world.news()

    def test_what_is_for_others_is_not_read(self):
        with self.connect() as sock:
            self.assertEqual(sock.mail(PLAYER, "SIZE=99999999")[0],
                             mw.CONTINUE)
            self.assertEqual(sock.rcpt(OTHER, "smtp")[0], mw.CONTINUE)
            self.assertEqual(sock.ask(mw.DATA), (mw.ACCEPT, b""))
            # The next mail of the same client is ours.
            self.assertEqual(sock.give(self.mail(), PLAYER, [self.queue]),
                             [TAKEN])
        self.world.news()

    def test_parameters_of_mail(self):
        for parameters, said in (
                (["SIZE=100000"], None), (["SIZE=100001"], TOO_BIG),
                (["RET=HDRS", "ENVID=x", "AUTH=<>"], None),
                (["SIZE=x"], (501, b"5.5.4 Syntax error in argument"))):
            with self.subTest(parameters), self.connect() as sock:
                self.assertEqual(sock.mail(PLAYER, *parameters)[0],
                                 mw.CONTINUE)
                packet = sock.rcpt(self.queue)
                if said:
                    self.assertEqual(mw.code_of(packet), said)
                else:
                    self.assertEqual(packet[0], mw.CONTINUE)

    def test_texts_that_are_refused(self):
        head = b"From: %s\r\nSubject: a\r\n" % PLAYER.encode()
        field = b"X-Long: %s\r\n" % (b"x" * 900)
        for name, text, said in (
                ("bare LF", head + b"\r\na\nb\r\n", BARE),
                ("bare CR", head + b"\r\na\rb\r\n", BARE),
                ("CR at the end", head + b"\r\na\r", BARE),
                ("bare CR in a field", head + b"X: a\rb\r\n\r\na\r\n", BARE),
                ("1 MiB of fields", head + field * 1130 + b"\r\na\r\n",
                 None),
                ("1 MiB field", head + b"X: " + b"x" * (1 << 20) +
                 b"\r\n\r\na\r\n", None),
                ("a line", head + b"\r\n" + b"y" * 70000 + b"\r\n",
                 LONG_LINE),
                ("size", head + b"\r\n" + LINE * 4000, TOO_BIG)):
            with self.subTest(name):
                with self.connect() as sock:
                    self.begin(sock)
                    packet = sock.give_text(text)
                # Over both limits, it is the size that is named.
                self.assertEqual(mw.code_of(packet), said or TOO_BIG)
        self.assertEqual(self.world.news(), [])

    def test_what_a_worker_refuses(self):
        forged = octets(mails.message(ANNA, self.queue, "Hello", "Pay him.\n"))
        groups = b"Cc: " + b"a:" * 20000 + b"\r\n" + self.mail()
        parts = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + \
            b"--a\r\n\r\n" * 11000
        for name, text, said in (("forged", forged, NO_LOGIN),
                                 ("groups", groups, BAD_SHAPE),
                                 ("parts", parts, BAD_SHAPE)):
            with self.subTest(name):
                self.assertEqual(self.deliver(text), [said])
        self.assertEqual(self.world.news(), [])

    def test_a_refused_mail_needs_no_worker_and_no_body(self):
        before = self.world.log_has("milter.no-worker")
        self.world.kill("lmtp", signal.SIGSTOP)
        try:
            with self.connect() as sock:
                self.begin(sock)
                self.assertEqual(sock.ask(mw.DATA)[0], mw.CONTINUE)
                sock.header("X", " a\rb")
                self.assertEqual(sock.end_of_header()[0], mw.CONTINUE)
                self.assertEqual(sock.ask(mw.BODY, LINE)[0], mw.SKIPPED)
                self.assertEqual(mw.code_of(sock.end()), BARE)
        finally:
            self.world.kill("lmtp", signal.SIGCONT)
        self.assertEqual(self.world.log_has("milter.no-worker"), before)

    def test_what_a_worker_defers_is_not_taken(self):
        self.world.take_away("desk")
        try:
            self.assertEqual(self.deliver(self.mail())[0][0], 451)
        finally:
            self.world.give_back("desk")
        wait_for(self.world.has_roles, 60, "the desk to come back")
        self.world.news()

    def test_miltertest(self):
        scripts = sorted(glob.glob(ROOT + "/tests/milter/[!_]*.lua"))
        self.assertGreater(len(scripts), 3)
        for script in scripts:
            with self.subTest(os.path.basename(script)):
                done = subprocess.run(
                    ["miltertest", "-s", script,
                     "-D", "socket=" + self.world.milter,
                     "-D", "queue=" + self.queue,
                     "-D", "shared=" + ROOT + "/tests/milter/_shared.lua",
                     "-D", "mark=m%d" % time.monotonic_ns()],
                    capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual((done.returncode, done.stdout), (0, "ok\n"),
                                 done.stderr)
        self.world.news()


class Long(Milter):
    """With the sizes of a real gateway a long header is a fault of its
    own."""

    more = {"lmtp.size_max": "4000000"}

    def test_a_header_of_one_mebibyte(self):
        for text in (b"X: " + b"x" * (1 << 20) + b"\r\n\r\na\r\n",
                     b"X: %s\r\n" % (b"x" * 900) * 1130 + b"\r\na\r\n"):
            with self.connect() as sock:
                self.begin(sock)
                self.assertEqual(mw.code_of(sock.give_text(text)),
                                 LONG_HEADER)

    def test_large_mails_leave_no_memory_behind(self):
        text = self.mail() + LINE * 80000
        self.assertEqual(self.deliver(text), [TAKEN])
        before = status(self.proc["pid"], "VmRSS")
        for i in range(6):
            self.assertEqual(self.deliver(
                b"X-Count: %d\r\n" % i + text), [TAKEN])
        self.assertLess(status(self.proc["pid"], "VmRSS"), before + 8000)
        self.world.news()


    def test_broken_off_mails_leave_no_memory_behind(self):
        def break_off(is_dropped):
            with self.connect() as sock:
                self.begin(sock)
                self.assertEqual(sock.ask(mw.DATA)[0], mw.CONTINUE)
                for _ in range(3):
                    sock.header("X", " " + "x" * 60000)
                sock.send(mw.ABORT)
                self.begin(sock)
                if not is_dropped:
                    sock.quit()

        for i in range(20):
            break_off(i % 2)
        before = status(self.proc["pid"], "VmRSS")
        for i in range(200):
            break_off(i % 2)
        self.assertLess(status(self.proc["pid"], "VmRSS"), before + 8000)


class Often(Milter):
    """A contact who writes too often is put off; what he wrote is not."""

    more = {"limits.mail_burst": "2"}

    def test_it_is_put_off(self):
        first, *rest = [self.mail() for _ in range(3)]
        self.assertEqual([self.deliver(data)[0] for data in (first, *rest)],
                         [TAKEN, TAKEN, TOO_OFTEN])
        self.assertEqual(self.deliver(first), [TAKEN])
        self.assertEqual(len(self.world.copies(self.world.news())), 2)


if __name__ == "__main__":
    unittest.main()
