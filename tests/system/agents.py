"""What an agent may send, what is stopped, and how he is told."""

import unittest

import mails
from mails import AGENT_WORDS, PLAYER
from tools import wait_for
from world import ANNA, QUEUE, TEAM, World


class Agents(unittest.TestCase):
    """One open ticket; every test begins and ends with the player's mailbox
    as it was, unless the test says so."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.world.send(mails.withdrawal())
        cls.copy, = cls.world.wait_mails(TEAM, 1)
        cls.world.wait_mails(PLAYER, 1)

    def setUp(self):
        self.player_had = self.world.dovecot.count(PLAYER)
        self.anna_had = self.world.dovecot.count(ANNA)
        self.tickets = len(self.world.tickets())

    def tearDown(self):
        # What one test caused must not be counted by the next.
        self.world.wait_idle()

    def reply(self, text="Wir kümmern uns darum.\n"):
        return mails.reply(self.copy, ANNA, text, mails.AGENT_NAME)

    def told(self):
        """The one new mail to Anna."""
        wait_for(lambda: self.world.dovecot.count(ANNA) > self.anna_had,
                 what="a word to the agent")
        self.world.wait_idle()
        box = self.world.mailbox(ANNA)
        self.assertEqual(len(box), self.anna_had + 1)
        return box[-1]

    def expect_stopped(self, mail, *words):
        self.world.submit(mail)
        notice = self.told()
        text = mails.text_of(notice)
        for word in words:
            self.assertIn(word, text)
        self.assertEqual(notice["Auto-Submitted"], "auto-generated")
        self.assertEqual(mails.seen(notice, mails.PLAYER_WORDS), [])
        self.assertEqual(self.world.dovecot.count(PLAYER), self.player_had)
        self.assertEqual(len(self.world.tickets()), self.tickets)
        return notice

    def test_further_recipients_stop_the_answer(self):
        mail = self.reply()
        mail["Cc"] = "ben@agents.example"
        notice = self.expect_stopped(mail, "further recipients")
        self.assertIn(mail["Message-ID"], mails.references(notice))

    def test_commands_are_not_sent_as_text(self):
        self.expect_stopped(self.reply("/note the player seems to lie\n"),
                            "command")

    def test_an_empty_answer_is_not_sent(self):
        self.expect_stopped(self.reply(""), "no new text")

    def test_an_agent_does_not_become_a_player(self):
        self.expect_stopped(
            mails.message(ANNA, QUEUE, "Frage", "An wen geht das?\n"),
            "enrolled as an agent")

    def test_attachments_are_not_sent_and_the_agent_knows(self):
        mail = self.reply("Die Quittung liegt bei.\n")
        mail.add_attachment(b"%PDF-1.4 Anna Feuerstein", maintype="application",
                            subtype="pdf", filename="Feuerstein.pdf")
        self.world.submit(mail)
        self.assertIn("attachments", mails.text_of(self.told()))
        answer = self.world.wait_mails(PLAYER, self.player_had + 1)[-1]
        self.assertFalse(answer.is_multipart())
        self.assertIn("Quittung", mails.text_of(answer))
        self.assertEqual(mails.seen(answer, AGENT_WORDS), [])

    def test_out_of_office_reaches_nobody(self):
        mail = self.reply("Ich bin bis Montag nicht im Büro.\n")
        mail["Auto-Submitted"] = "auto-replied (vacation)"
        self.world.submit(mail)
        self.world.wait_idle()
        self.assertEqual(self.world.dovecot.count(PLAYER), self.player_had)
        self.assertEqual(self.world.dovecot.count(ANNA), self.anna_had)

    def test_the_same_answer_twice_is_sent_once(self):
        mail = self.reply("Nur einmal, bitte.\n")
        self.world.submit(mail)
        self.world.wait_mails(PLAYER, self.player_had + 1)
        self.world.submit(mail)
        self.world.wait_idle()
        self.assertEqual(self.world.dovecot.count(PLAYER),
                         self.player_had + 1)

    def test_a_wrong_capability_is_no_way_to_the_player(self):
        mail = self.reply()
        address = str(mail["To"])
        last = "0" if "0@" not in address else "1"
        at = address.index("@")
        mail.replace_header("To", address[:at - 1] + last + address[at:])
        for name in ("In-Reply-To", "References"):
            del mail[name]
        self.expect_stopped(mail, "enrolled as an agent")


if __name__ == "__main__":
    unittest.main()
