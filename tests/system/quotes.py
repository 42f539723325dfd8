"""What of an answer reaches the other side, by the shapes of its client."""

import email
import email.policy
import email.utils
import os
import re
import subprocess
import unittest

import mails
import replies
from reply_words import AGENT, MAC, PLAYER, QUEUE, ROLE, SIDES, Side
from tools import ROOT
from world import TEAM, World, build_dir


def scrub(mails, *args):
    """What leak-redact makes of the mails: of a player's, or with arguments
    of an agent's."""
    done = subprocess.run(
        [os.path.join(build_dir(), "leak-redact"),
         os.path.join(ROOT, "filters"), *args],
        input=b"".join(b"%d\n%s" % (len(mail), mail) for mail in mails),
        stdout=subprocess.PIPE, check=True)
    rest, out = done.stdout, []
    while rest:
        size, rest = rest.split(b"\n", 1)
        out.append(rest[:int(size)].decode())
        rest = rest[int(size):]
    return out


def scrub_agent(mails):
    return [text.split("\n", 1) for text in scrub(
        mails, ROLE, "casino.example", MAC, QUEUE, AGENT[1])]


def words(text):
    """Without what a client's way to write lists and quotes adds."""
    lines = [re.sub(r"^(> ?)+(?!100)", "> ", line)
             for line in text.split("\n")]
    return [word for line in lines for word in line.split()
            if word not in ("-", ">")]


class Quotes(unittest.TestCase):
    def expect(self, reply, fate, text):
        if reply.is_told_apart:
            self.assertEqual(fate, "sent", text)
            self.assertEqual(words(text), words("\n".join(reply.expect)),
                             text)
        else:
            # Nobody can say where the words begin: the agent is told.
            self.assertEqual(fate, "kept", text)
            self.assertIn("above the quoted text", text)

    def expect_all(self, all_of):
        made = scrub_agent([reply.mail for reply in all_of])
        self.assertEqual(len(all_of), len(made))
        for reply, (fate, text) in zip(all_of, made):
            with self.subTest(reply.name):
                self.expect(reply, fate, text)
        return made

    def test_new_words_whole_and_nothing_else(self):
        self.expect_all(list(replies.all_replies()))

    def test_an_answer_to_an_own_answer_names_nobody(self):
        for _, text in self.expect_all(list(replies.all_of_side("own"))):
            for word in (*AGENT, MAC, "Feuerstein"):
                self.assertNotIn(word, text)

    def test_a_player_quotes_what_names_him(self):
        all_of = list(replies.all_of_side("player"))
        made = scrub([reply.mail for reply in all_of])
        self.assertEqual(len(all_of), len(made))
        for reply, text in zip(all_of, made):
            with self.subTest(reply.name):
                for word in (*PLAYER, "juergen", "Hölzenbein",
                             SIDES["player"].addr):
                    self.assertNotIn(word, text)
                # The subject stands above, the rest of the quote below.
                want = words("\n".join(reply.expect))
                got = words(text.split("\n\n", 1)[1])
                self.assertEqual(got[:len(want)], want, text)


class Gateway(unittest.TestCase):
    """A few of them the whole way."""

    SHAPES = ((replies.Mutt, "de", "plain", "below"),
              (replies.Thunderbird, "fr", "html", "inline"),
              (replies.OutlookWeb, "es", "html", "below"),
              (replies.IPhone, "el", "alternative", "above"),
              (replies.GmailApp, "tr", "html", "around"),
              (replies.K9, "ru", "plain", "inline"))

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.first = mails.withdrawal()
        cls.world.send(cls.first)
        cls.copy, = cls.world.wait_mails(TEAM, 1)
        cls.world.wait_mails(mails.PLAYER, 1)

    def mail(self, kind, lang, form, parts):
        name, addr = email.utils.parseaddr(self.copy["From"])
        mail = email.message_from_bytes(
            replies.build(kind(lang, Side(AGENT, name, addr, QUEUE)), form,
                          parts), policy=email.policy.SMTP)
        for field, value in (
                ("Subject", "Re: " + self.copy["Subject"]),
                ("Date", email.utils.format_datetime(
                    email.utils.localtime())),
                ("Message-ID", email.utils.make_msgid(domain="agents.example")),
                ("In-Reply-To", self.copy["Message-ID"]),
                ("References", self.copy["Message-ID"])):
            mail.replace_header(field, value)
        return mail

    def test_answers_reach_the_player(self):
        for count, (kind, lang, form, place) in enumerate(self.SHAPES, 2):
            with self.subTest(kind.__name__):
                parts = replies.parts_of(place, "letter")
                self.world.submit(self.mail(kind, lang, form, parts))
                answer = self.world.wait_mails(mails.PLAYER, count)[-1]
                self.assertEqual(
                    words(mails.text_of(answer)),
                    words("\n".join(replies.expected(place, parts))))
                self.assertEqual(answer["From"].split(" <")[0], ROLE)
                self.assertEqual(mails.seen(
                    answer, mails.AGENT_WORDS + ["Outlook", "+0100"]), [])
                self.assertIn(self.first["Message-ID"],
                              mails.references(answer))


if __name__ == "__main__":
    unittest.main()
