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
from reply_words import AGENT, MAC, PLAYER, QUEUE, QUOTED, ROLE, SIDES, Side
from tools import ROOT
from world import TEAM, World, build_dir


def scrub(octets, *args, copy=False):
    """What leak-redact makes of mails: of a player's, or with arguments of an
    agent's; or of the texts of copies."""
    done = subprocess.run(
        [os.path.join(build_dir(), "leak-redact"),
         "--copy" if copy else os.path.join(ROOT, "filters"), *args],
        input=b"".join(b"%d\n%s" % (len(one), one) for one in octets),
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


def copy_of(*paras):
    """The copy's paragraphs, as the gateway ends it."""
    text = "\n\n".join("\n".join(para) for para in paras)
    made, = scrub([text.encode()], copy=True)
    return replies.paras_of(mails.text_of(email.message_from_string(
        made, policy=email.policy.SMTP)).replace("\r\n", "\n").rstrip("\n"))


def words(text):
    """Without what a client's way to write lists and quotes adds."""
    lines = [re.sub(r"^(> ?)+(?!100)", "> ", line)
             for line in text.split("\n")]
    return [word for line in lines for word in line.split()
            if word not in ("-", ">")]


class Quotes(unittest.TestCase):
    def expect(self, reply, fate, text):
        self.assertEqual(fate, "sent", text)
        self.assertEqual(words(text), words("\n".join(reply.expect)), text)
        self.assertNotIn("end of mail", text)

    def expect_all(self, all_of):
        made = scrub_agent([reply.mail for reply in all_of])
        self.assertEqual(len(all_of), len(made))
        for reply, (fate, text) in zip(all_of, made):
            with self.subTest(reply.name):
                self.expect(reply, fate, text)
        return made

    def test_new_words_whole_and_nothing_else(self):
        self.expect_all(list(replies.all_replies(copy_of(*QUOTED))))

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
              (replies.Outlook, "it", "alternative", "above"),
              (replies.OutlookMac, "en", "html", "inline"),
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
        cls.paras = replies.paras_of(mails.text_of(cls.copy).replace(
            "\r\n", "\n").rstrip("\n"))

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
                parts = replies.parts_of(place, "letter", self.paras)
                self.world.submit(self.mail(kind, lang, form, parts))
                answer = self.world.wait_mails(mails.PLAYER, count)[-1]
                text, footer = mails.text_of(answer).replace(
                    "\r", "").rstrip().rsplit("\n\n", 1)
                self.assertRegex(footer, r"support\+e-[0-9a-z]{8}-")
                self.assertEqual(
                    words(text),
                    words("\n".join(replies.expected(
                        place, parts, kind.is_marked))))
                self.assertEqual(answer["From"].split(" <")[0], ROLE)
                self.assertEqual(mails.seen(
                    answer, mails.AGENT_WORDS + ["Outlook", "+0100"]), [])
                self.assertIn(self.first["Message-ID"],
                              mails.references(answer))


if __name__ == "__main__":
    unittest.main()
