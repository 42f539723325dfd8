"""After the retention period: what can somebody confirm who has every file,
every backup and every key that is left, and guesses the true addresses?

    PYTHONPATH=tests/leak python3 tests/system/run.py after

The same attack before, with the vault, must succeed, or the test is blind.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import unittest

import mails
from attacker import SEALED_LEN, Attack
from tools import wait_for
from world import TEAM, World

DAY = 86400
TRUE = ["juergen.hoelzenbein@players.example", "a@players.example",
        "Maria.Papadopoulou+casino@players.example"]
OTHERS = ["nobody@players.example", "juergen@hoelzenbein.example"]


def copy_files(world, top):
    """What a backup or an intruder takes: all that nymdesk keeps, and the
    agents' mailboxes; not the players', which hold their own address."""
    for path in world.own_dirs():
        shutil.copytree(
            path, os.path.join(top, os.path.basename(path)),
            ignore=lambda base, names: [
                name for name in names
                if not os.path.isfile(os.path.join(base, name))
                and not os.path.isdir(os.path.join(base, name))])
    shutil.copy(world.conf, top)
    shutil.copytree(os.path.join(world.dovecot.dir, "mail", TEAM),
                    os.path.join(top, "agents"))
    return top


def envelopes(top):
    """(epoch, contact, sealed) of every database below."""
    for base, _, names in os.walk(top):
        for name in names:
            path = os.path.join(base, name)
            with open(path, "rb") as file:
                if not file.read(16).startswith(b"SQLite format 3"):
                    continue
            # A copy of its own: opening it may replay its journal.
            with sqlite3.connect(path) as db:
                yield from db.execute(
                    "SELECT epoch, contact, sealed FROM envelope")


class AfterDestruction(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(clock=True)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        world = cls.world
        for i, sender in enumerate(TRUE):
            world.send(mails.withdrawal(sender, "Jürgen Hölzenbein"))
            world.wait_mails(TEAM, i + 1)
        for sender in TRUE:
            world.wait_mails(sender.replace("+casino", ""), 1)
        cls.take("before")
        world.nymdesk("forget", cls.tickets_of(TRUE[1]))
        cls.take("forgotten")
        cls.keys = set(cls.epoch_files())
        world.advance(60 * DAY)
        wait_for(lambda: not cls.keys & set(cls.epoch_files()), 30,
                 "the keys to be destroyed")
        wait_for(lambda: cls.envelope_count() == 0, 90,
                 "the desk to forget")
        world.stop_nymdesk()
        cls.take("after")

    @classmethod
    def tickets_of(cls, sender):
        """The ticket number of a player, from his acknowledgement."""
        ack, = cls.world.mailbox(sender)
        return ack["Subject"].split("[")[1].split("]")[0]

    @classmethod
    def take(cls, moment):
        copy_files(cls.world, os.path.join(cls.world.dir, "loot", moment))

    @classmethod
    def loot(cls, *moments):
        return [os.path.join(cls.world.dir, "loot", m) for m in moments]

    @classmethod
    def epoch_files(cls):
        return [name for name in os.listdir(cls.world.key_dir)
                if name.startswith("epoch-")]

    @classmethod
    def envelope_count(cls):
        top = os.path.join(cls.world.dir, "loot", "look")
        shutil.rmtree(top, ignore_errors=True)
        shutil.copytree(cls.world.state_dir, top)
        return len(list(envelopes(top)))

    def confirmed(self, attack):
        return [who for who in TRUE + OTHERS if attack.confirm(who)]

    def test_1_before_with_the_vault_every_address_is_confirmed(self):
        attack = Attack(self.loot("before"))
        self.assertEqual(self.confirmed(attack), TRUE)

    def test_2_before_with_the_vault_envelopes_open(self):
        top, = self.loot("before")
        sealed = list(envelopes(top))
        self.assertEqual({len(row[2]) for row in sealed}, {SEALED_LEN})
        texts = b"\n".join(Attack([top]).opened(sealed))
        for who in TRUE:
            self.assertIn(who.encode(), texts)

    def test_3_before_without_the_vault_nothing(self):
        top, = self.loot("before")
        parts = [os.path.join(top, name) for name in os.listdir(top)
                 if name != os.path.basename(self.world.key_dir)]
        self.assertEqual(self.confirmed(Attack(parts)), [])

    def test_4_forgotten_cannot_be_confirmed_even_with_the_vault(self):
        attack = Attack(self.loot("forgotten"))
        self.assertEqual(self.confirmed(attack), [TRUE[0], TRUE[2]])

    def test_5_after_destruction_nothing(self):
        """With the database as it is, a backup of it from before, all logs,
        the agents' mailboxes and every key that is left."""
        for moment in ("before", "forgotten"):
            shutil.rmtree(os.path.join(
                self.loot(moment)[0], os.path.basename(self.world.key_dir)))
        attack = Attack(self.loot("before", "forgotten", "after"))
        self.assertGreater(len(attack.files), 10)
        self.assertGreater(len(attack.roots), 0)
        self.assertEqual(self.confirmed(attack), [])
        tops = self.loot("before", "forgotten")
        sealed = [row for top in tops for row in envelopes(top)]
        self.assertGreaterEqual(len(sealed), len(TRUE))
        self.assertEqual(attack.opened(sealed), [])

    def test_6_the_command_says_the_same(self):
        """attacker.py as anybody can run it."""
        path = os.path.join(self.world.dir, "dictionary")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(TRUE + OTHERS))
        done = subprocess.run(
            [sys.executable, os.path.join(os.path.dirname(__file__),
                                          "attacker.py"),
             "--dictionary", path, *self.loot("after")],
            capture_output=True, text=True, check=False)
        self.assertIn("5 guesses: 0 confirmed", done.stdout, done.stderr)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
