"""Everything ends while many senders are in the middle of their mails: they
come again, and no mail is lost or doubled.

ND_ENDS_S is for how long fronts and workers are killed. The seed of the moments
is printed if a test fails; ND_ENDS_SEED takes it.
"""

import collections
import os
import random
import signal
import smtplib
import threading
import time
import unittest

import mails
from gateway import Gateway
from tools import wait_for

KILL_S = float(os.environ.get("ND_ENDS_S", "1.5"))
SEED = int(os.environ.get("ND_ENDS_SEED", random.randrange(1 << 30)))
SENDERS = 50
PATIENCE_S = 60


class Senders:
    """Each sends mail after mail, and one that is not taken again and again.
    No mail comes again when it was taken once."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.taken = []     # players whose mail was answered with 250
        self.later = 0
        self.wrong = []     # other answers
        self.is_enough = False
        self.threads = [threading.Thread(target=self.run, args=(i,),
                                         daemon=True) for i in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def code(self, mail, player):
        """Of one attempt; None for a connection that was lost."""
        try:
            (code, _), = self.world.deliver(mail, player, [self.world.queue])
            return code
        except smtplib.SMTPResponseException as error:
            return error.smtp_code
        except (smtplib.SMTPServerDisconnected, OSError):
            return None

    def send(self, player):
        mail = mails.message(player, self.world.queue, "Bonus",
                             "Where is my bonus?\n").as_bytes()
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            code = self.code(mail, player)
            if code == 250:
                self.taken.append(player)
                return
            if code is not None and not 400 <= code < 500:
                self.wrong.append(code)
                return
            self.later += 1
            time.sleep(0.05)
        self.wrong.append("given up")

    def run(self, index):
        count = 0
        while not self.is_enough:
            count += 1
            self.send("idle%d.%s%d@players.example" % (
                index, self.name, count))

    def finish(self):
        """Those that have a mail in hand go on with it."""
        self.is_enough = True
        for thread in self.threads:
            thread.join()


class Ends(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = Gateway(workers=8, more={
            "vault.open_rate": "100000", "vault.open_burst": "1000000"})
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def setUp(self):
        self.before = len(self.world.tickets())
        self.senders = Senders(self.world, self.id().split("_")[1])
        self.addCleanup(self.senders.finish)
        self.flow(SENDERS // 2)

    def flow(self, count):
        """Until so many mails more are taken."""
        count += len(self.senders.taken)
        wait_for(lambda: len(self.senders.taken) >= count
                 or self.senders.wrong, 30, "mails to flow")

    def expect_one_of_each(self):
        """At the end; the messages with which copies came."""
        self.senders.finish()
        players = self.senders.taken
        self.assertEqual(self.senders.wrong, [])
        self.assertEqual(len(set(players)), len(players))
        taken = self.world.news()
        self.assertEqual(len(self.world.tickets()) - self.before,
                         len(players))
        told = collections.Counter(
            item.rcpts[0] for item in taken
            if item.rcpts != [self.world.team])
        self.assertEqual(told, collections.Counter(players))
        copies = [item.mail["Message-ID"] for item in self.world.copies(taken)]
        self.assertEqual(len(set(copies)), len(players))
        self.assertEqual(self.world.faults(), [])
        return copies

    def test_stop(self):
        daemon, begin = self.world.daemon, time.monotonic()
        self.assertTrue(self.world.stop_nymdesk())
        self.assertEqual(daemon.returncode, 0)
        self.assertLess(time.monotonic() - begin, 5)
        self.world.start_nymdesk()
        self.flow(SENDERS)
        copies = self.expect_one_of_each()
        self.assertGreater(self.senders.later, 0)
        # Whoever had begun was let finish.
        self.assertEqual(len(set(copies)), len(copies))

    def test_reload(self):
        daemon = self.world.daemon
        old = {proc["pid"] for proc in self.world.family()}
        daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: not old & {
            proc["pid"] for proc in self.world.family()}, 5, "roles to end")
        wait_for(self.world.has_roles, 10, "the new ones")
        self.flow(SENDERS)
        copies = self.expect_one_of_each()
        self.assertEqual(len(set(copies)), len(copies))
        self.assertIsNone(daemon.poll())

    def test_kill_fronts_and_workers(self):
        moments = random.Random(SEED)
        end, killed = time.monotonic() + KILL_S, 0
        while time.monotonic() < end:
            time.sleep(moments.uniform(0.05, 0.5))
            for role in moments.choice((
                    ("lmtp",), (self.world.way,), ("lmtp", self.world.way))):
                killed += len(self.world.kill(role))
            wait_for(self.world.has_roles, 30, "the roles to come back")
        with self.subTest(seed=SEED):
            self.assertGreater(killed, 0)
            self.flow(SENDERS)
            self.expect_one_of_each()


if __name__ == "__main__":
    unittest.main()
