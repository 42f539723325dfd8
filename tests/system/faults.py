"""Nothing is lost and nothing is doubled, whatever breaks (design: P2, P3).

While a part is broken Postfix keeps the mail; after the repair there is
exactly one ticket, one agent copy and one acknowledgement.
"""

import collections
import os
import re
import stat
import threading
import time
import unittest

import leakscan
import mails
from tools import wait_for
from world import QUEUE, ROLES, TEAM, World

KILL_MAILS = int(os.environ.get("ND_KILL_MAILS", "200"))
SENDERS = 16
HELD_S = 3  # a connection that is open so long is held
# A word that no rule takes for a name, a number or an address.
TAG = re.compile(r"\bmarke[a-z]{5}\b")


class Fault(unittest.TestCase):
    """One mail for each test, from a player of its own."""

    count = 0

    def setUp(self):
        Fault.count += 1
        self.player = "spieler%d.krautwurst@players.example" % Fault.count
        self.world.wait_idle()
        self.before = len(self.world.tickets())
        self.copies = self.world.dovecot.count(TEAM)

    def send(self):
        self.mail = mails.withdrawal(self.player)
        self.world.send(self.mail)

    def expect_kept(self):
        """Postfix has tried and still holds the mail; nothing came out."""
        end = time.monotonic() + HELD_S
        wait_for(lambda: self.kept() and (
            self.kept() == "deferred" or time.monotonic() > end), 20,
            "Postfix to keep the mail")
        self.assertEqual(self.world.dovecot.count(TEAM), self.copies)
        self.assertEqual(self.world.dovecot.count(self.player), 0)

    def kept(self):
        """"deferred" after a temporary code, "active" while a connection is
        held, None if Postfix has no mail for us."""
        for mail in self.world.waiting():
            for rcpt in mail["recipients"]:
                if rcpt["address"] == QUEUE:
                    return "deferred" if rcpt.get("delay_reason") \
                        else mail["queue_name"]
        return None

    def expect_one_of_each(self):
        self.world.flush()
        wait_for(lambda: self.world.dovecot.count(self.player), 60,
                 "the acknowledgement")
        self.world.wait_idle(60)
        self.assertEqual(len(self.world.mailbox(self.player)), 1)
        self.assertEqual(len(self.world.tickets()), self.before + 1)
        self.assertEqual(self.world.dovecot.count(TEAM),
                         self.copies + 1)


class Broken(Fault):
    """One part is out of order while a mail comes in."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def test_reinjection_closed(self):
        self.world.postfix.set_reinject(False)
        try:
            self.send()
            self.expect_kept()
        finally:
            self.world.postfix.set_reinject(True)
        self.expect_one_of_each()

    def role_away(self, role):
        self.world.take_away(role)
        try:
            self.send()
            self.expect_kept()
        finally:
            self.world.give_back(role)
        wait_for(self.world.has_roles, 60, role + " to come back")
        self.expect_one_of_each()

    def test_desk_killed(self):
        self.role_away("desk")

    def test_vault_killed(self):
        self.role_away("vault")

    def test_post_killed(self):
        self.role_away("post")

    def test_lmtp_killed(self):
        self.role_away("lmtp")

    def test_front_killed(self):
        """By LMTP there is none but the workers."""
        for role in self.world.roles[len(ROLES):]:
            self.role_away(role)

    def test_database_read_only(self):
        if os.geteuid() != 0:
            self.skipTest("needs root: the desk must have a user of its own")
        paths = [self.world.state_dir] + [
            os.path.join(self.world.state_dir, name)
            for name in os.listdir(self.world.state_dir)]
        facts = [(path, os.stat(path)) for path in paths]
        try:
            for path, fact in facts:
                os.chown(path, 0, fact.st_gid)
                os.chmod(path, stat.S_IMODE(fact.st_mode) & ~0o222 | 0o055)
            self.world.kill("desk")
            self.send()
            self.expect_kept()
        finally:
            for path, fact in facts:
                if os.path.exists(path):
                    os.chown(path, fact.st_uid, fact.st_gid)
                    os.chmod(path, stat.S_IMODE(fact.st_mode))
            self.world.kill("desk")
        wait_for(self.world.has_roles, 60, "the desk to come back")
        self.expect_one_of_each()

    def test_zz_log_holds_nothing_readable(self):
        finds, _, _ = leakscan.scan(self.world.own_dirs(), [
            "krautwurst", "players.example", "fehlt seit Dienstag",
            mails.PHONE, mails.TX, mails.WALLET])
        self.assertEqual(finds, [])
        self.assertEqual(self.world.faults(), [])


class DiskFull(Fault):
    """The file system of the state directory has no block left."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        os.makedirs(cls.world.state_dir)
        if not cls.world.mount_state("2m"):
            raise unittest.SkipTest("this machine does not let us mount")
        cls.world.start()

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

    def test_disk_full(self):
        path = self.fill()
        try:
            self.send()
            self.expect_kept()
        finally:
            os.unlink(path)
        self.expect_one_of_each()


def tag(role, index):
    """One word for each mail of each test."""
    letters = "abcdefghijklmnop"
    return "marke" + role[:2] + letters[index // 256] \
        + letters[index // 16 % 16] + letters[index % 16]


class Killed(unittest.TestCase):
    """kill -9 in the middle of many mails at a time."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def setUp(self):
        if not self.world.daemon:
            self.world.start_nymdesk()

    def send_all(self, role, players):
        def work(mine):
            for index, player in mine:
                mail = mails.message(
                    player, QUEUE, "Einzahlung fehlt",
                    "Wo bleibt meine Einzahlung? %s\n" % tag(role, index))
                self.world.send(mail)
        pairs = list(enumerate(players))
        threads = [threading.Thread(target=work, args=(pairs[i::SENDERS],),
                                    daemon=True)
                   for i in range(SENDERS)]
        for thread in threads:
            thread.start()
        return threads

    def kill_in_the_middle(self, role, count=None):
        """Three times, when a part of the mails is through."""
        before = len(self.world.tickets())
        old = self.world.dovecot.count(TEAM)
        players = ["%s.spieler%03d@players.example" % (role, i)
                   for i in range(KILL_MAILS)]
        threads = self.send_all(role, players)
        killed = 0
        for part in (0.1, 0.35, 0.6):
            wait_for(lambda: self.world.dovecot.count(TEAM) - old
                     >= part * KILL_MAILS, 60, "mails to flow")
            killed += len(self.world.kill(role, count=count))
            if role == "nymdeskd":
                self.world.start_nymdesk()
            wait_for(self.world.has_roles, 60, "the roles to come back")
        for thread in threads:
            thread.join()
        self.assertGreater(killed, 2)
        self.world.flush()
        wait_for(lambda: all(map(self.world.dovecot.count, players)),
                 120, "%d acknowledgements" % len(players))
        self.world.wait_idle(60)
        self.check(role, players, before)

    def check(self, role, players, before):
        many = {player: self.world.dovecot.count(player)
                for player in players}
        many = {player: n for player, n in many.items() if n != 1}
        self.assertEqual(many, {}, "acknowledgements")
        self.assertEqual(len(self.world.tickets()) - before, len(players))
        ids = collections.defaultdict(set)
        for copy in self.world.dovecot.files(TEAM):
            for word in TAG.findall(mails.text_of(copy)):
                if word.startswith("marke" + role[:2]):
                    ids[word].add(copy["Message-ID"])
        self.assertEqual(len(ids), len(players), "agent copies")
        self.assertEqual({word: mids for word, mids in ids.items()
                          if len(mids) != 1}, {})

    def test_kill_lmtp_workers(self):
        self.kill_in_the_middle("lmtp", 5)

    def test_kill_front(self):
        """By LMTP there is none but the workers."""
        for role in self.world.roles[len(ROLES):]:
            self.kill_in_the_middle(role)

    def test_kill_post(self):
        self.kill_in_the_middle("post")

    def test_kill_vault(self):
        self.kill_in_the_middle("vault")

    def test_kill_desk(self):
        self.kill_in_the_middle("desk")

    def test_kill_supervisor(self):
        self.kill_in_the_middle("nymdeskd")


if __name__ == "__main__":
    unittest.main()
