"""A ticket is steered by mail alone: commands, notes, canned answers, and what
is asked at the control address."""

import unittest

import mails
from mails import PLAYER
from tools import wait_for
from world import ANNA, BEN, TEAM, World

CONTROL = "desk@casino.example"
SENIOR = "sam@agents.example"
SECRET = "Quastenflosser"  # of agents' words that no player may read


class Commands(unittest.TestCase):
    """A new ticket for each test; the mailboxes go on."""

    count = 0

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.postfix.more_transport = "%s\tnymdesk:%s\n" % (
            CONTROL, cls.world.lmtp)
        configure = cls.world.configure
        cls.world.configure = lambda: configure(**{
            "queue support.senior": SENIOR,
            "queue support.control": CONTROL})
        cls.world.start()

    def setUp(self):
        Commands.count += 1
        self.player = PLAYER.replace("@", "%d@" % self.count)
        team = self.world.dovecot.count(TEAM)
        self.world.send(mails.withdrawal(self.player), self.player)
        self.world.wait_mails(self.player, 1)
        self.copy = self.world.wait_mails(TEAM, team + 1)[-1]
        self.number = self.copy["Subject"][1:10]
        self.had = {who: self.world.dovecot.count(who)
                    for who in (TEAM, ANNA, BEN, SENIOR)}
        self.had[self.player] = 1

    def answer(self, text, to_mail=None):
        self.world.submit(mails.reply(to_mail or self.copy, ANNA, text,
                                      mails.AGENT_NAME))

    def new(self, who, count=1):
        """The mails that came since, of which there are so many."""
        had = self.had[who]
        box = self.world.wait_mails(who, had + count)[had:]
        self.had[who] = had + count
        return box

    def ticket(self):
        return self.world.nymdesk("show", self.number)

    def expect_nothing_new(self, *people):
        self.world.wait_idle()
        for who in people:
            self.assertEqual(self.world.dovecot.count(who), self.had[who],
                             who)

    def test_a_refusal_with_its_reason(self):
        self.answer("/close refused %s\n\nDas zahlen wir nicht aus.\n"
                    % SECRET)
        box = self.world.wait_mails(self.player, 3)
        self.assertIn("zahlen wir nicht", "".join(map(mails.text_of, box)))
        for mail in box:
            self.assertEqual(mails.seen(
                mail, [SECRET, "/close"] + mails.AGENT_WORDS), [])
        note, = self.new(TEAM)
        self.assertIn("Refused: " + SECRET, mails.text_of(note))
        self.assertIn("kind=note", note["X-Nymdesk"])
        self.assertEqual(note["Return-Path"], "<>")
        self.assertTrue(mails.references(note)
                        & mails.references(self.copy))
        self.assertEqual(self.ticket()["state"], "closed")
        self.expect_nothing_new(ANNA, SENIOR)

    def test_notes_stay_among_colleagues(self):
        self.answer("/note Er luegt wieder, %s.\n" % SECRET)
        note, = self.new(TEAM)
        self.assertIn(SECRET, mails.text_of(note))
        self.expect_nothing_new(self.player, ANNA, SENIOR)
        # What a colleague answers without thinking goes to nobody.
        self.world.submit(mails.reply(note, BEN, "Glaube ich auch, %s.\n"
                                      % SECRET), BEN)
        told, = self.new(BEN)
        self.assertIn("internal note", mails.text_of(told))
        self.assertEqual(mails.seen(told, [SECRET]), [])
        self.expect_nothing_new(self.player, ANNA, TEAM)
        self.world.submit(mails.reply(note, BEN, "/note Ich auch.\n"), BEN)
        self.assertIn("Ich auch", mails.text_of(self.new(TEAM)[0]))
        self.expect_nothing_new(self.player)

    def test_the_next_level(self):
        self.answer("/escalate %s\n" % SECRET)
        wait_for(lambda: self.ticket()["level"] == 2, what="level 2")
        wait_for(lambda: self.world.dovecot.count(SENIOR)
                 > self.had[SENIOR], what="a mail to the senior")
        self.world.wait_idle()
        texts = "".join(map(mails.text_of, self.world.mailbox(SENIOR)))
        self.assertIn("next level: " + SECRET, texts)
        for mail in self.world.mailbox(self.player):
            self.assertEqual(mails.seen(mail, [SECRET]), [])

    def test_what_is_not_understood_does_nothing(self):
        for text, why in (
                ("/take\n/close refuse\n\n%s\n", "line: 2"),
                ("/queue %s\n", "line: 1"),
                ("/take\n\nBitte senden Sie uns eine Kopie Ihres "
                 "Reisepasses. %s\n", "/kyc REASON")):
            with self.subTest(text):
                self.answer(text % SECRET)
                told, = self.new(ANNA)
                self.assertIn(why, " ".join(mails.text_of(told).split()))
                self.assertEqual(mails.seen(told, [SECRET]), [])
                self.expect_nothing_new(self.player, TEAM)
        self.assertEqual(self.ticket()["state"], "open")
        self.assertEqual(self.ticket().get("agent", ""), "")
        self.assertEqual(self.world.logs().count(SECRET), 0)

    def test_documents_with_a_reason(self):
        self.answer("/kyc %s\n/take\n\nBitte senden Sie uns eine Kopie "
                    "Ihres Reisepasses.\n" % SECRET)
        answer, = self.new(self.player)
        self.assertIn("Reisepasses", mails.text_of(answer))
        self.assertEqual(mails.seen(answer, [SECRET]), [])
        self.assertIn(SECRET, mails.text_of(self.new(TEAM)[0]))
        wait_for(lambda: self.ticket()["agent"] == "anna", what="its agent")

    def test_a_canned_answer(self):
        self.answer("/send withdrawal-limits limit=\"3000 EUR\"\n")
        answer, = self.new(self.player)
        self.assertIn("3000 EUR", mails.text_of(answer))
        self.assertIn("Auszahlungen", mails.text_of(answer))
        self.expect_nothing_new(ANNA, TEAM)

    def test_help(self):
        self.answer("/help\n")
        text = mails.text_of(self.new(ANNA)[0])
        for word in ("/close solved", "support", "withdrawal-limits"):
            self.assertIn(word, text)
        self.expect_nothing_new(self.player, TEAM)

    def test_the_control_address(self):
        mail = mails.message(ANNA, CONTROL, "list", "\n")
        self.world.submit(mail)
        answer, = self.new(ANNA)
        self.assertIn(self.number, mails.text_of(answer))
        self.assertIn(mail["Message-ID"], mails.references(answer))
        self.assertEqual(answer["Return-Path"], "<>")
        self.world.submit(mails.message(
            ANNA, CONTROL, "x", "show %s\nstats\n" % self.number))
        text = mails.text_of(self.new(ANNA)[0])
        self.assertIn(self.number, text)
        self.assertIn("came in", text)
        self.expect_nothing_new(self.player, TEAM, BEN)

    def test_a_stranger_at_the_control_address(self):
        """He cannot tell it from the queue's."""
        stranger = "stranger%d@players.example" % self.count
        self.world.send(mails.message(stranger, CONTROL, "list", "list\n"),
                        stranger)
        notice, = self.world.wait_mails(stranger, 1)
        self.assertEqual(mails.seen(notice, [self.number, CONTROL]), [])
        self.new(TEAM)
        other = mails.message(ANNA, CONTROL, "list", "list\n")
        self.world.forge(self.world.send, other, ANNA, CONTROL)
        # She is told if whoever sent it was not (world.forge()).
        if self.world.judges(self.world.send):
            self.expect_nothing_new(ANNA)
            return
        told, = self.new(ANNA)
        self.assertIn("not proven", mails.text_of(told))
        self.assertEqual(mails.seen(told, [self.number]), [])


if __name__ == "__main__":
    unittest.main()
