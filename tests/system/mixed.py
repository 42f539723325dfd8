"""Mails for others, and for others and nymdesk, at a Postfix that asks
nymdesk-milter."""

import smtplib
import unittest

from tools import wait_for
from world import QUEUE, TEAM, World

PLAYER = "otto@players.example"
CARLA, DORA, EMIL = ("%s@agents.example" % name
                     for name in ("carla", "dora", "emil"))

# Nothing of it is as nymdesk would write it.
OCTETS = """\
X-First:  two blanks and\ta tab\t
From: "Otto \\(not a player\\)" <otto@players.example>
To: undisclosed-recipients:;
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
 folded
\t twice
Date: Mon, 1 Jun 2026 10:00:00 +0545 (NPT)
Message-Id: <odd%d@players.example>
Content-Type: text/html; charset=utf-8

<p>gr\u00fc\u00dfe %d <img src="https://tracker.example/x.gif"></p>
.
..two dots
%s
\ttrailing blanks  \t

"""


def mail(number):
    return (OCTETS % (number, number, "x" * 900)).encode()


class Mixed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(way="milter", workers=4)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def give(self, octets, rcpts):
        """Who was refused, with the reply."""
        with smtplib.SMTP("127.0.0.1", self.world.postfix.inbound,
                          "client.players.example", timeout=60) as smtp:
            return smtp.sendmail(
                PLAYER, rcpts, octets.replace(b"\n", b"\r\n"),
                ["BODY=8BITMIME"])

    def assert_untouched(self, user, octets):
        """He has it once. What stands above it is of servers on the way."""
        dovecot = self.world.dovecot
        wait_for(lambda: dovecot.count(user) > 0, what="a mail")
        self.world.wait_idle()
        path, = dovecot.paths(user)
        with open(path, "rb") as file:
            trace, mark, rest = file.read().replace(
                b"\r\n", b"\n").partition(b"X-First:")
        self.assertEqual(mark + rest, octets)
        names = {line.split(b":")[0] for line in trace.splitlines()
                 if line[:1].strip()}
        self.assertLessEqual(
            names, {b"Return-Path", b"Delivered-To", b"Received"})

    def test_for_others_alone(self):
        had = len(self.world.tickets())
        self.assertEqual(self.give(mail(1), [CARLA]), {})
        self.assert_untouched(CARLA, mail(1))
        self.assertEqual(len(self.world.tickets()), had)

    def test_for_us_first_and_for_others(self):
        self.in_turn(mail(2), [QUEUE, DORA], DORA)

    def test_for_others_first_and_for_us(self):
        self.in_turn(mail(3), [EMIL, QUEUE], EMIL)

    def in_turn(self, octets, rcpts, other):
        """Each has it once, the second when its sender comes again."""
        had = self.world.dovecot.count(TEAM)
        later = self.give(octets, rcpts)
        self.assertEqual(list(later), rcpts[1:])
        for code, words in later.values():
            self.assertEqual((code, words[:6]), (452, b"4.5.3 "))
        self.assertEqual(self.give(octets, list(later)), {})
        self.assert_untouched(other, octets)
        self.assertEqual(self.world.dovecot.count(TEAM), had + 1)

    def test_a_sender_to_us_and_to_many_others_comes_through(self):
        """Postfix as a sender names no more than fifty at once."""
        had = self.world.dovecot.count(TEAM)
        others = ["o%d@agents.example" % i for i in range(49)]
        later = self.give(mail(4), [QUEUE] + others)
        self.assertEqual(sorted(later), sorted(others))
        self.assertEqual({code for code, _ in later.values()}, {452})
        self.assertEqual(self.give(mail(4), others), {})
        for other in others:
            self.assert_untouched(other, mail(4))
        self.assertEqual(self.world.dovecot.count(TEAM), had + 1)


if __name__ == "__main__":
    unittest.main()
