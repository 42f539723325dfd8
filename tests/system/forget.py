"""What remains of a player: nothing, once he is forgotten or his time is up."""

import os
import re
import sqlite3
import subprocess
import unittest

import leakscan
import mails
from mails import PLAYER, PLAYER_NAME
from tools import wait_for
from world import ANNA, QUEUE, TEAM, World

DAY = 86400
WEEK = 7 * DAY  # an epoch, as configured by default
LOST = "the player's return address is forgotten"


def epoch_files(world):
    return sorted(name for name in os.listdir(world.key_dir)
                  if name.startswith("epoch-"))


def number_of(mail):
    return re.search(r"\[(\w{4}-\w{4})\]", mail["Subject"]).group(1)


def ticket_of(world, number):
    return next(t for t in world.tickets() if t["number"] == number)


def rows(world, query):
    """What the database answers, read beside the desk."""
    db = sqlite3.connect("file:%s/desk.db?mode=ro" % world.state_dir, uri=True)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def secrets_of(world):
    """All that could tie a row to a player: keyed ids and sealed octets, as
    they are in the database now."""
    return [bytes(row[0]) for row in rows(
        world,
        "SELECT id FROM contact UNION SELECT sealed FROM envelope"
        " UNION SELECT fingerprint FROM message WHERE ticket IS NOT NULL"
        " UNION SELECT key FROM clue"
        " UNION SELECT cast(pseudonym AS BLOB) FROM ticket"
        " WHERE pseudonym <> ''"
        " UNION SELECT cast(copy_id AS BLOB) FROM ticket"
        " WHERE copy_id <> ''")]


def files_with(world, secrets):
    """Files of the state directory, journals included, that have one."""
    found = []
    for name in os.listdir(world.state_dir):
        with open(os.path.join(world.state_dir, name), "rb") as file:
            data = file.read()
        found += [(name, secret[:8]) for secret in secrets
                  if secret[:40] in data]
    return found


def kpi(tickets):
    """What is counted: durations, and how many of what."""
    def seconds(text):
        return text and sum(int(part) * factor for part, factor in zip(
            re.findall(r"\d+", text[11:]), (3600, 60, 1)))

    def since(ticket, key):
        # Both within a day of each other, so the time of day is enough.
        return ticket[key] and (seconds(ticket[key]) - seconds(
            ticket["opened"])) % DAY

    return [[t[key] for key in ("number", "state", "queue", "category", "lang",
                                "level", "messages")]
            + [since(t, key) for key in ("acknowledged", "answered",
                                         "first_reply_due")]
            for t in tickets]


class Forget(unittest.TestCase):
    """Each test has players of its own in one world."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def setUp(self):
        self.player = "p%d@players.example" % len(self.world.tickets())
        self.copies = len(self.world.mailbox(TEAM))
        self.told = len(self.world.mailbox(ANNA))

    def tearDown(self):
        self.world.wait_idle()
        self.assertEqual(self.world.faults(), [])

    def new_copies(self, count):
        return self.world.wait_mails(TEAM, self.copies + count)[-count:]

    def new_ticket(self, subject="Frage"):
        """A ticket with its acknowledgement: what the agents and the player
        got."""
        copies = len(self.world.mailbox(TEAM))
        acks = len(self.world.mailbox(self.player))
        self.world.send(mails.message(
            self.player, QUEUE, subject,
            "Wo bleibt meine Auszahlung?\n" + "!" * acks, PLAYER_NAME))
        return (self.world.wait_mails(TEAM, copies + 1)[-1],
                self.world.wait_mails(self.player, acks + 1)[-1])

    def ask(self, ack, text="Vergessen Sie mich.\n", sender=None):
        mail = mails.reply(ack, sender or self.player, text, PLAYER_NAME)
        self.world.send(mail)
        return mail

    def expect_gone(self, secrets):
        self.assertEqual(rows(
            self.world, "SELECT 1 FROM message JOIN ticket ON"
            " message.ticket = number WHERE pseudonym = ''"), [])
        self.assertEqual(rows(
            self.world, "SELECT 1 FROM clue JOIN ticket ON"
            " clue.ticket = number WHERE pseudonym = ''"), [])
        self.assertEqual(files_with(self.world, secrets), [])
        self.assertEqual(leakscan.scan(
            self.world.own_dirs(), [self.player])[0], [])

    def expect_lost(self, copy):
        """An answer does not get through, and the agent is told why."""
        before = len(self.world.mailbox(self.player))
        self.world.submit(mails.reply(copy, ANNA, "Wir melden uns.\n"))
        notice = self.world.wait_mails(ANNA, self.told + 1)[-1]
        self.assertIn(LOST, mails.text_of(notice).replace("\n", " "))
        self.assertEqual(len(self.world.mailbox(self.player)), before)

    def test_by_mail(self):
        copy, ack = self.new_ticket()
        second, _ = self.new_ticket()
        self.world.submit(mails.reply(copy, ANNA, "Morgen.\n"))
        self.world.wait_mails(self.player, 3)
        secrets = secrets_of(self.world)
        self.assertTrue(files_with(self.world, secrets))  # or it is blind
        counted = self.world.nymdesk("status")
        before = kpi(self.world.tickets())
        self.assertIn("vergessen Sie mich", mails.text_of(ack))
        mail = self.ask(ack)
        last = self.new_copies(3)[-1]
        self.assertTrue(last["X-Nymdesk"].endswith("flags=forget"))
        self.assertIn("[the player asked to be forgotten",
                      mails.text_of(last).replace("\n", " "))
        self.expect_gone(secrets)
        for one in (copy, second):
            self.assertEqual(
                ticket_of(self.world, number_of(one))["player"], "")
        # KPI: the mail is one message more, and that is all.
        number = number_of(copy)
        for row in before:
            row[6] += 1 if row[0] == number else 0
        self.assertEqual(kpi(self.world.tickets()), before)
        self.assertEqual(self.world.nymdesk("status"), counted)
        self.assertEqual(len(self.world.mailbox(self.player)), 3)
        # The same mail again is known, and nobody is asked.
        self.world.send(mail)
        self.new_copies(3)
        self.expect_lost(second)

    def test_he_writes_again(self):
        copy, ack = self.new_ticket()
        self.ask(ack)
        self.new_copies(2)
        # To the address he has; nothing of the old mails is in this one.
        self.world.send(mails.message(
            self.player, str(ack["Reply-To"] or ack["From"]), "Noch etwas",
            "Doch noch eine Frage.\n", PLAYER_NAME))
        again = self.new_copies(3)[-1]
        self.assertNotEqual(number_of(again), number_of(copy))
        self.assertNotEqual(again["From"], copy["From"])
        self.assertNotIn(number_of(copy), mails.whole(again))
        self.world.wait_mails(self.player, 2)  # acknowledged
        self.world.submit(mails.reply(again, ANNA, "Gern.\n"))
        answer = self.world.wait_mails(self.player, 3)[-1]
        self.assertIn("Gern.", mails.text_of(answer))

    def test_not_for_everybody(self):
        copy, ack = self.new_ticket()
        number = number_of(copy)
        # Somebody else who has the address of the ticket.
        self.ask(ack, sender="other@players.example")
        self.new_copies(2)
        # The player himself, but to the queue: a number is no proof.
        self.world.send(mails.message(
            self.player, QUEUE, "Re: " + str(ack["Subject"]),
            "Vergessen Sie mich.\n", PLAYER_NAME))
        self.new_copies(3)
        # The words are there, but they are not all of the line.
        self.ask(ack, "Was heißt \"vergessen Sie mich\"?\n")
        self.new_copies(4)
        for mail in self.new_copies(4):
            self.assertNotIn("asked to be forgotten", mails.whole(mail))
        self.assertNotEqual(ticket_of(self.world, number)["player"], "")

    def test_by_command(self):
        copy, _ = self.new_ticket()
        number = number_of(copy)
        secrets = secrets_of(self.world)
        before = kpi(self.world.tickets())
        counted = self.world.nymdesk("status")
        written = number.lower().replace("-", " ")
        self.assertEqual(self.world.nymdesk("forget", written),
                         {"number": number, "tickets_forgotten": 1})
        # At once, not when it is quiet.
        self.expect_gone(secrets)
        self.assertEqual(kpi(self.world.tickets()), before)
        self.assertEqual(self.world.nymdesk("status"), counted)
        self.assertEqual(self.world.nymdesk("forget", number),
                         {"number": number, "tickets_forgotten": 0})
        self.assertIn("(forgotten)", self.say("show", number)[1])
        self.assertIn("forgotten before", self.say("forget", number)[1])
        self.assertEqual(self.say("forget", "AAAA-AAAA")[0], 64)
        self.assertEqual(self.say("forget", self.unused())[0], 1)
        self.expect_lost(copy)

    def test_no_order_remains(self):
        """Neither a row's place nor its times tell one mail from another of
        the same hour."""
        copy, _ = self.new_ticket()
        number = number_of(copy)
        self.world.nymdesk("forget", number)
        tables = dict(rows(self.world, "SELECT name, sql FROM sqlite_master"
                           " WHERE type = 'table'"))
        self.assertIn("ticket", tables)
        self.assertNotIn("sqlite_sequence", tables)
        # Envelopes die with the exact times of their tickets.
        self.assertEqual([name for name, sql in tables.items()
                          if "WITHOUT ROWID" not in sql], ["envelope"])
        (opened, due, done), = rows(
            self.world, "SELECT opened, first_reply_due, acknowledged"
            " FROM ticket WHERE number = '%s'" % number.replace("-", ""))
        self.assertEqual(opened % 3600, 0)
        # All have moved together, so that durations are as they were.
        self.assertEqual(due % 3600, 0)
        self.assertLess(done - opened, 60)
        self.assertEqual([row for row in rows(
            self.world, "SELECT seen FROM contact") if row[0] % 3600], [])

    def say(self, *args):
        done = subprocess.run(
            [self.world.bin + "/nymdesk", "-c", self.world.conf, *args],
            capture_output=True, text=True, timeout=30, check=False,
            env=self.world.env)
        return done.returncode, done.stdout + done.stderr

    def unused(self):
        """A number that is well formed and of no ticket."""
        letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        taken = {t["number"].replace("-", "") for t in self.world.tickets()}
        for last in letters:
            text = "K7F39Q2" + last
            if text not in taken and self.say("show", text)[0] == 1:
                return text
        raise AssertionError("no such number")


class Patient(World):
    """No promise of it ends while weeks pass."""

    def configure(self, **more):
        super().configure(**{"queue support.first_reply": "365d",
                             "queue support.decision": "365d", **more})


class Epochs(unittest.TestCase):
    def test_weeks_pass_without_a_mail(self):
        with Patient(clock=True) as world:
            world.send(mails.withdrawal())
            world.wait_mails(TEAM, 1)
            world.wait_mails(PLAYER, 1)
            first, = epoch_files(world)
            with open(os.path.join(world.key_dir, first), "rb") as file:
                root = file.read()
            secrets = secrets_of(world)
            before = kpi(world.tickets())
            world.advance(WEEK)
            wait_for(lambda: len(epoch_files(world)) == 2, 10,
                     "a second epoch")
            self.assertIn(first, epoch_files(world))
            self.assertTrue(files_with(world, secrets))
            # Six weeks after its start nothing opens it any more.
            world.advance(5 * WEEK)
            wait_for(lambda: first not in epoch_files(world), 10,
                     "the end of the first epoch")
            wait_for(lambda: not files_with(world, secrets), 10,
                     "the end of what it opened")
            for name in os.listdir(world.key_dir):
                with open(os.path.join(world.key_dir, name), "rb") as file:
                    self.assertNotIn(root[:16], file.read())
            ticket, = world.tickets()
            self.assertEqual(ticket["player"], "")
            self.assertEqual(kpi([ticket]), before)
            copy, = world.mailbox(TEAM)
            world.submit(mails.reply(copy, ANNA, "Wir melden uns.\n"))
            world.wait_mails(ANNA, 1)
            world.wait_mails(PLAYER, 1)
            self.assertEqual(world.faults(), [])

    def test_a_clock_that_went_back(self):
        """Revives nothing, and takes nothing in, until it is right again."""
        with World(clock=True) as world:
            first, = epoch_files(world)
            world.advance(7 * WEEK)
            wait_for(lambda: first not in epoch_files(world), 10,
                     "the end of the first epoch")
            alive = wait_for(
                lambda: [name for name in epoch_files(world)
                         if not name.endswith(".tmp")], 10,
                "the epoch of that time")
            world.advance(-7 * WEEK)
            wait_for(lambda: "clock went back" in world.logs(), 10,
                     "the vault to say so")
            world.send(mails.withdrawal())
            wait_for(lambda: "intake.deferred" in world.logs(), 20,
                     "the mail to be deferred")
            self.assertEqual(world.mailbox(TEAM), [])
            self.assertEqual(epoch_files(world), alive)
            world.advance(7 * WEEK)
            world.flush()
            world.wait_mails(TEAM, 1)
            world.wait_mails(PLAYER, 1)


if __name__ == "__main__":
    unittest.main()
