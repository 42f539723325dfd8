"""One mail that comes more than once, by whatever ways, is one message of one
ticket: one copy and one acknowledgement."""

import email.policy
import threading
import time
import unittest

import mails
from gateway import number_of
from routes import VIP, Table, capability, flags, setUpModule

__all__ = ["setUpModule", "Once"]
PAUSE_S = 0.02  # of who is told to come again


class Once(Table):
    """One mail is one message of one ticket, however often it comes."""

    def expect_once(self, taken, lists=1):
        """All that was sent for a mail that opened a ticket."""
        copies = [item for item in taken if not item.is_notice()]
        notices = [item for item in taken if item.is_notice()]
        rcpts = [rcpt for item in copies for rcpt in item.rcpts]
        self.assertEqual(sorted(rcpts), sorted(set(rcpts)))
        self.assertLessEqual(len(copies), lists)
        self.assertGreaterEqual(len(copies), 1)
        self.assertEqual([item.rcpts for item in notices], [[self.who]])
        self.assertEqual(len({number_of(item.mail) for item in taken}), 1)
        self.number = number_of(copies[0].mail)
        self.assertEqual(self.messages(), 1)

    def new(self):
        self.who = self.player()
        return self.mail(subject="Bonus")

    def test_two_addresses_in_one_transaction(self):
        tickets = self.count()
        self.expect_once(self.world.ask(
            self.new(), to=[self.world.queue, VIP]), 2)
        self.expect_once(self.world.ask(
            self.new(), to=[self.world.queue, self.world.queue.upper()]))
        self.assertEqual(self.count(), tickets + 2)

    def test_two_addresses_one_after_the_other(self):
        mail = self.new()
        self.expect_once(self.world.ask(mail, to=VIP)
                         + self.world.ask(mail, to=self.world.queue), 2)

    def at_once(self, octets, *ways):
        """Delivers at the same moment, each as long as it is told to come
        again, as a Postfix does."""
        barrier = threading.Barrier(len(ways))
        failed = []

        def run(way, octets):
            barrier.wait()
            for _ in range(50):
                (code, text), = self.world.deliver(octets, self.who, [way])
                if code == 250:
                    return
                if code // 100 != 4:
                    break
                time.sleep(PAUSE_S)
            failed.append((way, code, text))

        threads = [threading.Thread(target=run, args=(way, octets[i]))
                   for i, way in enumerate(ways)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        return self.world.news()

    def test_two_addresses_at_the_same_moment(self):
        tickets = self.count()
        for _ in range(20):
            octets = self.new().as_bytes(policy=email.policy.SMTP)
            self.expect_once(self.at_once(
                2 * [octets], self.world.queue, VIP), 2)
        self.assertEqual(self.count(), tickets + 20)

    def test_one_address_at_the_same_moment(self):
        tickets = self.count()
        for _ in range(20):
            octets = self.new().as_bytes(policy=email.policy.SMTP)
            self.expect_once(self.at_once(
                4 * [octets], *4 * [self.world.queue]))
        self.assertEqual(self.count(), tickets + 20)

    def paths(self, mail):
        """The mail as it comes by other ways, which only add to it."""
        octets = mail.as_bytes(policy=email.policy.SMTP)
        return [b"Received: from b by a; today\r\n" + octets,
                octets.replace(b"Subject: ", b"X-Path: 2\r\nSubject: "),
                b"Return-Path: <x@list.players.example>\r\n" + octets]

    def changes(self, mail):
        """And by ways that change it."""
        octets = mail.as_bytes(policy=email.policy.SMTP)
        return [octets.replace(b"Subject: ", b"Subject: [EXTERN] "),
                octets.rstrip(b"\r\n") + b"\r\n\r\n-- \r\n"
                b"This mail came over the list of the house.\r\n"]

    def test_two_paths(self):
        mail = self.new()
        taken = self.world.ask(mail)
        for octets in self.paths(mail):
            taken += self.world.ask(octets, self.who, self.world.queue)
        self.expect_once(taken)

    def test_two_paths_at_the_same_moment(self):
        for _ in range(5):
            octets = self.paths(self.new())
            self.expect_once(self.at_once(
                octets, *len(octets) * [self.world.queue]))

    def expect_one_ticket(self, taken, tickets):
        """Changed words could be new ones: the agents see them, in the one
        ticket, and the player is not told again."""
        self.assertEqual(self.count(), tickets + 1)
        self.assertEqual([item.rcpts for item in taken if item.is_notice()],
                         [[self.who]])
        self.assertEqual(len({number_of(item.mail) for item in taken}), 1)

    def test_paths_that_change_it(self):
        mail, tickets = self.new(), self.count()
        taken = self.world.ask(mail)
        for octets in self.changes(mail):
            taken += self.world.ask(octets, self.who, self.world.queue)
        self.expect_one_ticket(taken, tickets)

    def test_paths_that_change_it_at_the_same_moment(self):
        for _ in range(10):
            mail, tickets = self.new(), self.count()
            octets = self.paths(mail)[:1] + self.changes(mail)
            self.expect_one_ticket(self.at_once(
                octets, *len(octets) * [self.world.queue]), tickets)

    def test_follow_up_at_the_same_moment(self):
        self.begin()
        for count in range(2, 12):
            mail = mails.reply(self.ack.mail, self.who, "%d\n" % count)
            octets = mail.as_bytes(policy=email.policy.SMTP)
            taken = self.at_once(2 * [octets], self.world.queue,
                                 capability(self.ack))
            self.assertEqual(len(taken), 1)
            self.assertEqual(number_of(taken[0].mail), self.number)
            self.assertEqual(self.messages(), count)

    def test_zz_again_after_an_hour(self):
        mail = self.new()
        taken = self.world.ask(mail)
        for _ in range(3):
            self.world.advance(3600)
            taken += self.world.ask(mail)
        self.world.advance(8 * 86400)
        taken += self.world.ask(mail)
        self.expect_once(taken)

    def test_zz_the_same_words_once_more(self):
        """Sent again by hand: another mail, but the same request."""
        mail = self.new()
        taken = self.world.ask(mail)
        self.expect_once(taken)
        del mail["Message-ID"]
        mail["Message-ID"] = "<again@players.example>"
        copy = self.expect_follow_up(mail)
        self.assertIn("repeat", flags(copy))


if __name__ == "__main__":
    unittest.main()
