"""The main job through a real Postfix: a withdrawal case in German, from the
player's first mail to his answer to the answer."""

import re
import unittest

import leakscan
import mails
from mails import AGENT_WORDS, KEEP, PLAYER, PLAYER_WORDS, references
from world import ANNA, BEN, TEAM, World

NUMBER = re.compile(r"\[([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})\]")
AGENT_TEXT = """\
Hallo,

die Auszahlung ist am Montag gesendet worden, wir fragen beim Anbieter nach.

-- 
Anna Feuerstein
Casino Support, Durchwahl 4711
anna@agents.example
"""
PLAYER_TEXT = "Danke, dann warte ich noch bis Freitag ab.\n"


def number_of(mail):
    found = NUMBER.search(mail["Subject"])
    return found.group(1) if found else None


class Conversation(unittest.TestCase):
    """One conversation; the tests look at it from all sides."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.talk(cls.world)

    @classmethod
    def talk(cls, world):
        cls.first = mails.withdrawal()
        world.send(cls.first)
        cls.copy, = world.wait_mails(TEAM, 1)
        cls.ack, = world.wait_mails(PLAYER, 1)
        cls.agent_reply = mails.reply(cls.copy, ANNA, AGENT_TEXT,
                                      mails.AGENT_NAME)
        world.submit(cls.agent_reply)
        _, cls.answer = world.wait_mails(PLAYER, 2)
        cls.follow = mails.reply(cls.answer, PLAYER, PLAYER_TEXT,
                                 mails.PLAYER_NAME)
        world.send(cls.follow)
        _, cls.copy2 = world.wait_mails(TEAM, 2)
        # Nothing may come late: no second acknowledgement for the follow-up.
        world.wait_idle()

    def test_player_has_one_acknowledgement_and_one_answer(self):
        box = self.world.mailbox(PLAYER)
        self.assertEqual(len(box), 2)
        self.assertEqual([m["Auto-Submitted"] for m in box],
                         ["auto-replied", None])

    def test_agents_have_one_copy_of_each_mail(self):
        self.assertEqual(len(self.world.mailbox(TEAM)), 2)
        self.assertEqual(self.world.mailbox(ANNA), [])
        self.assertEqual(self.world.mailbox(BEN), [])

    def test_follow_up_is_in_the_same_ticket(self):
        number = number_of(self.copy)
        self.assertIsNotNone(number)
        self.assertEqual(number_of(self.copy2), number)
        self.assertEqual(number_of(self.ack), number)
        self.assertEqual(number_of(self.answer), number)
        tickets = self.world.tickets()
        self.assertEqual([t["number"] for t in tickets], [number])

    def test_threads_in_the_players_mailbox(self):
        mid = self.first["Message-ID"]
        self.assertIn(mid, references(self.ack))
        self.assertEqual(self.ack["In-Reply-To"], mid)
        self.assertIn(mid, references(self.answer))
        shared = references(self.ack) & references(self.answer)
        self.assertTrue(any(ref.endswith(".root@casino.example>")
                            for ref in shared), shared)

    def test_threads_in_the_agents_mailbox(self):
        shared = references(self.copy) & references(self.copy2)
        self.assertTrue(any(ref.endswith(".root@casino.example>")
                            for ref in shared), shared)
        self.assertTrue(self.copy2["In-Reply-To"])

    def test_message_ids_are_all_different(self):
        ids = [m["Message-ID"] for m in (
            self.first, self.ack, self.copy, self.agent_reply, self.answer,
            self.follow, self.copy2)]
        self.assertEqual(len(set(ids)), len(ids))

    def test_copy_names_only_our_ids(self):
        for copy in (self.copy, self.copy2):
            for ref in references(copy) | {copy["Message-ID"]}:
                self.assertTrue(ref.endswith("@casino.example>"), ref)

    def test_agents_see_nothing_of_the_player(self):
        for copy in (self.copy, self.copy2):
            self.assertEqual([], mails.seen(copy, PLAYER_WORDS + [
                self.first["Message-ID"][1:-1],
                self.follow["Message-ID"][1:-1]]))

    def test_agents_see_the_case(self):
        seen = mails.text_of(self.copy)
        for word in KEEP:
            self.assertIn(word, seen)
        self.assertIn("dann warte ich noch bis Freitag",
                      mails.text_of(self.copy2))

    def test_copy_has_exactly_the_headers_of_the_design(self):
        allowed = {"from", "to", "reply-to", "subject", "date", "message-id",
                   "in-reply-to", "references", "mime-version",
                   "content-type", "content-transfer-encoding",
                   "content-disposition", "x-nymdesk",
                   # Dovecot's own at delivery.
                   "return-path", "delivered-to"}
        for copy in (self.copy, self.copy2):
            # Dovecot's LMTP adds its own hop; any other is one too many.
            hops = copy.get_all("Received", [])
            self.assertTrue(all("LMTP" in hop for hop in hops), hops)
            names = {name.lower() for name in copy.keys()} - {"received"}
            self.assertLessEqual(names, allowed)
            self.assertIn("+0000", copy["Date"])

    def test_player_sees_nothing_of_the_agent(self):
        for mail in (self.ack, self.answer):
            self.assertEqual([], mails.seen(mail, AGENT_WORDS + [
                self.agent_reply["Message-ID"][1:-1],
                self.copy["Message-ID"][1:-1]]))

    def test_player_sees_the_role_and_the_answer(self):
        self.assertIn("Casino Support", self.answer["From"])
        self.assertIn("am Montag gesendet worden",
                      mails.text_of(self.answer))
        self.assertNotIn("> ", mails.text_of(self.answer))

    def test_sides_have_addresses_of_their_own(self):
        def addr(mail):
            return str(mail["Reply-To"] or mail["From"])
        self.assertIn("+", addr(self.copy))
        self.assertNotEqual(addr(self.copy), addr(self.answer))
        self.assertEqual([], mails.seen(
            self.answer, [addr(self.copy).split("+")[-1].rstrip(">")]))

    def test_acknowledgement_is_german_and_says_what_follows(self):
        text = mails.text_of(self.ack)
        self.assertIn(number_of(self.copy) or "no number", text)
        self.assertIn("UTC", text)
        self.assertIn("https://casino.example/faq/withdrawal", text)
        self.assertRegex(text, r"\b(Ihre|Sie|Anliegen)\b")
        for word in KEEP + ["Auszahlung über"]:
            self.assertNotIn(word, text)

    def test_disk_holds_nothing_readable(self):
        tokens = PLAYER_WORDS + AGENT_WORDS + KEEP + [
            "fehlt seit Dienstag", "Auszahlung von", "seit drei Tagen",
            "in meiner Wallet", "am Montag gesendet", "bis Freitag ab"]
        tokens += [str(mail["Message-ID"])[1:-1] for mail in (
            self.first, self.agent_reply, self.follow)]
        finds, count, size = leakscan.scan(self.world.own_dirs(), tokens)
        self.assertEqual(finds, [])
        self.assertGreater(count, 2)
        self.assertGreater(size, 4096)


class Proof(unittest.TestCase):
    """Who may speak as an agent (design: promise P5)."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.world.send(mails.withdrawal())
        cls.copy, = cls.world.wait_mails(TEAM, 1)
        cls.world.wait_mails(PLAYER, 1)

    def test_forged_agent_from_outside_reaches_nobody(self):
        forged = mails.reply(self.copy, ANNA, "Senden Sie uns Ihr Passwort.\n")
        forged["Authentication-Results"] = \
            "mx.casino.example; auth=pass smtp.auth=" + ANNA
        forged["X-Nymdesk-Proof-CHANGEME"] = \
            "mx.casino.example; auth=pass smtp.auth=" + ANNA
        self.world.forge(self.world.send, forged)
        self.world.wait_idle()
        self.assertEqual(len(self.world.mailbox(PLAYER)), 1)

    def submit_to_proxy(self, mail):
        with self.world.session("mallory@agents.example",
                                self.world.postfix.proxy_submit) as smtp:
            smtp.send_message(mail, "mallory@agents.example")

    def test_login_proves_only_its_own_address(self):
        """Postfix refuses another's envelope; the header is what counts."""
        forged = mails.reply(self.copy, ANNA, "Ich bin Anna.\n")
        forged["Authentication-Results"] = \
            "mx.casino.example; auth=pass smtp.auth=" + ANNA
        self.world.forge(self.world.submit, forged, "mallory@agents.example")
        if self.world.way == "smtp":
            # And by the submission service that the proxy has.
            self.world.forge(self.submit_to_proxy, forged)
        self.world.wait_idle()
        self.assertEqual(len(self.world.mailbox(PLAYER)), 1)


if __name__ == "__main__":
    unittest.main()
