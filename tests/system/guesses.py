"""Addresses and numbers that somebody tries: none is taken for right, all are
answered alike, and there is an alarm."""

import random
import unittest

import mails
from gateway import Gateway, number_of

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
RATE = 30
SEED = 8601


class Guesses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = Gateway(more={"limits.guess_rate": RATE})
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.random = random.Random(SEED)
        cls.tickets = []
        for name in ("one", "two"):
            _, copy, ack = cls.world.open(name + "@players.example")
            cls.tickets.append((number_of(copy.mail), copy, ack))

    def word(self, length):
        return "".join(self.random.choice(ALPHABET) for _ in range(length))

    def other(self, char):
        return self.random.choice(ALPHABET.replace(char, ""))

    def mutants(self, keyed):
        """Of a keyed part: each character once another one, and neighbours
        that changed places."""
        for at, char in enumerate(keyed):
            yield keyed[:at] + self.other(char) + keyed[at + 1:]
        for at in range(len(keyed) - 1):
            if keyed[at] != keyed[at + 1]:
                yield keyed[:at] + keyed[at + 1] + keyed[at] + keyed[at + 2:]

    def addresses(self):
        """Addresses of the right form that are not right."""
        (_, copy, ack), (_, copy2, ack2) = self.tickets
        caps = [item.mail["From"].addresses[0].username.split("+")[1]
                for item in (copy, ack, copy2, ack2)]
        for cap in caps[:2]:
            number, keyed = cap.split("-")
            for mutant in self.mutants(keyed):
                yield "%s-%s" % (number, mutant)
            # Another ticket's key, and none of the two sides' own.
            for other in caps[2:]:
                yield "%s-%s" % (number, other.split("-")[1])
            for _ in range(60):
                yield "%s-%s" % (number, self.word(13))
        bounce = ack.sender.split("@")[0].split("+b-")[1]
        token, keyed = bounce.split(".")
        for mutant in self.mutants(keyed):
            yield "b-%s.%s" % (token, mutant)
        for mutant in self.mutants(token):
            yield "b-%s.%s" % (mutant, keyed)
        for _ in range(30):
            yield "b-%s.%s" % (self.word(len(token)), self.word(len(keyed)))

    def give(self, address, serial, **headers):
        """What the gateway says to a stranger's mail, word for word."""
        sender = "guesser%d@players.example" % serial
        mail = mails.message(sender, "support@casino.example", "Hello",
                             "What about it? %d\n" % serial, **headers)
        return self.world.deliver(mail.as_bytes(), sender,
                                  ["%s@casino.example" % address])

    def shown(self):
        return [self.world.ticket(number) for number, _, _ in self.tickets]

    def test_1_addresses(self):
        before = self.shown()
        count = 0
        told = set()
        for count, address in enumerate(self.addresses(), 1):
            told.update(self.give("support+" + address, count))
        self.assertGreater(count, 200)
        self.assertEqual(self.shown(), before)
        # One is right, and is answered like the others.
        right = self.tickets[1][2].mail["From"].addresses[0].username
        told.update(self.give(right, 0))
        self.assertEqual(len(told), 1, told)
        self.assertEqual(self.shown()[0], before[0])
        self.assertEqual(self.shown()[1]["messages"],
                         before[1]["messages"] + 1)
        taken = self.world.news()
        # Each was a stranger's first mail, acknowledged under its own number.
        numbers = {number_of(item.mail) for item in taken
                   if item.is_notice()}
        self.assertEqual(len(numbers), count)
        self.assertEqual(len([item for item in taken if item.is_notice()]),
                         count)
        self.assertEqual(numbers & {n for n, _, _ in self.tickets}, set())
        self.assertEqual(len(self.world.log_has("address.guessed")), 1)
        self.assertGreaterEqual(self.world.status()["guesses"], count)

    def test_2_message_ids_and_numbers(self):
        """An hour later; the alarm comes again."""
        self.world.advance(3600)
        before = self.shown()
        number, _, ack = self.tickets[0]
        alarms = len(self.world.log_has("address.guessed"))
        base, token, keyed = str(
            ack.mail["Message-ID"])[1:].split("@")[0].split(".")
        told = set()
        ids = [(token, mutant) for mutant in self.mutants(keyed)]
        ids += [(mutant, keyed) for mutant in self.mutants(token)]
        for serial, (one, two) in enumerate(ids, 1000):
            told.update(self.give("support", serial, References="<%s.%s.%s@"
                                  "casino.example>" % (base, one, two)))
        mail = mails.message("last@players.example", "support@casino.example",
                             "Re: [%s] Hello" % number, "And this?\n")
        told.update(self.world.deliver(
            mail.as_bytes(), "last@players.example",
            ["support@casino.example"]))
        self.assertEqual(len(told), 1, told)
        self.assertEqual(self.shown(), before)
        self.assertEqual(len(self.world.log_has("address.guessed")),
                         alarms + 1)
        self.assertGreater(self.world.status()["guesses"], len(ids))
        # Its own clock may speak meanwhile, to its agents.
        for item in self.world.news():
            if item.rcpts != [self.world.team] or not item.is_notice():
                self.assertNotEqual(number_of(item.mail), number)


if __name__ == "__main__":
    unittest.main()
