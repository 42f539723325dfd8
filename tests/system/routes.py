"""Which ticket: the table of rows by which a mail finds its ticket, through
the real programs, both sides."""

import base64
import email.policy
import os
import re
import unittest

import mails
from gateway import CAPABILITY, Gateway, number_of
from world import ANNA, BEN

FAILED = "spf=fail smtp.mailfrom=%s; dkim=fail header.d=players.example"
VIP = "vip@casino.example"
VIP_TEAM = "vip-team@agents.example"
CARL = "carl@agents.example"
# Replies and forwards of clients in their languages.
PREFIXES = ("Re:", "AW:", "WG:", "RE:", "TR:", "ΑΠ:", "ΠΡΘ:", "SV:", "VS:",
            "Antw:", "Odp:", "Ynt:", "İLT:", "Отв:", "Пересл:", "回复:",
            "回复：", "转发:", "转发：", "Re[2]:", "RE: AW: Re:", "Res:",
            "R:", "I:", "Fwd:", "FW:")
TEXT = "I still wait for it, please look again.\n"


def capability(taken):
    """The address of a ticket's side that a mail of ours gives."""
    return taken.mail["From"].addresses[0].addr_spec


def flags(copy):
    """The flags as the agents see them."""
    value = re.search(r"flags=(\S+)", copy.mail["X-Nymdesk"]).group(1)
    return [] if value == "-" else value.split(",")


def masked(taken):
    """A notice without what differs between any two tickets."""
    head = taken.octets.decode().split("\r\n\r\n", 1)[0]
    text = re.sub(r"nymdesk-receipt: .*", "RECEIPT",
                  head + "\r\n\r\n" + mails.text_of(taken.mail))
    number = number_of(taken.mail)
    for old, new in ((number, "NUMBER"),
                     (number.replace("-", "").lower(), "number")):
        text = text.replace(old, new)
    text = re.sub(r"\b[0-9a-z]{13}\b", "KEYED", text)
    text = re.sub(r"(?m)^(Date|To|In-Reply-To|References):[^\r\n]*"
                  r"(\r\n[ \t][^\r\n]*)*", "", text)
    text = re.sub(r"<[^<>]*@players.example>", "<>", text)
    return re.sub(r"\d\d:\d\d(:\d\d)?", "TIME", text)


def setUpModule():
    """One world; a new player for every test."""
    Table.world = Gateway(workers=8, more={
        "limits.guess_rate": 100000,
        "queue vip.address": VIP, "queue vip.role": "Casino VIP",
        "queue vip.agents": VIP_TEAM, "queue vip.members": CARL,
        "queue vip.first_reply": "365d", "queue vip.decision": "365d",
        "category withdrawal.queue": "vip"})
    unittest.addModuleCleanup(Table.world.stop)
    Table.world.start()


class Table(unittest.TestCase):
    """Parts of the tests below."""

    serial = 0

    def player(self):
        Table.serial += 1
        return "player%d@players.example" % Table.serial

    def begin(self, player=None, **headers):
        """A ticket of a new player."""
        self.who = player or self.player()
        self.first, self.copy, self.ack = self.world.open(
            self.who, **headers)
        self.number = number_of(self.copy.mail)

    def messages(self, number=None):
        return self.world.ticket(number or self.number)["messages"]

    def count(self):
        status = self.world.status()
        return status["tickets_open"] + status["tickets_closed"]

    def mail(self, to=None, subject="Something else", who=None, **headers):
        """No clue is in it but what is asked for."""
        Table.serial += 1
        return mails.message(who or self.who, to or self.world.queue,
                             subject, "%d. %s" % (Table.serial, TEXT),
                             **headers)

    def expect_follow_up(self, mail, to=None, number=None, **more):
        """One copy under the ticket's number, and no second notice."""
        number = number or self.number
        had, tickets = self.messages(number), self.count()
        taken = self.world.ask(mail, to=to, **more)
        self.assertEqual([item.rcpts for item in taken], [[self.world.team]])
        self.assertEqual(number_of(taken[0].mail), number)
        self.assertEqual(self.messages(number), had + 1)
        self.assertEqual(self.count(), tickets)
        return taken[0]

    def expect_new(self, mail, to=None, notices=1, **more):
        """A ticket of its own, and nothing happens to the other one."""
        before = self.world.ticket(self.number)
        tickets = self.count()
        taken = self.world.ask(mail, to=to, **more)
        copy, = self.world.copies(taken)
        self.assertNotEqual(number_of(copy.mail), self.number)
        self.assertEqual(len(taken), 1 + notices)
        self.assertEqual(self.count(), tickets + 1)
        self.assertEqual(self.world.ticket(self.number), before)
        self.assertFalse(any(self.number_in(item) for item in taken
                             if item is not copy))
        return copy, [item for item in taken if item is not copy]

    def number_in(self, taken):
        """Also behind what the sender's own References say, which go back
        to him."""
        mail = mails.parse(taken.octets)
        for name in ("References", "In-Reply-To"):
            del mail[name]
        text = mails.whole(mail).lower()
        return any(shape in text for shape in (
            self.number.lower(), self.number.replace("-", "").lower()))


class Rows(Table):
    """The player's side."""

    def by_address(self, change):
        """Only the envelope's recipient names the ticket."""
        self.begin()
        to = change(capability(self.ack))
        return self.expect_follow_up(self.mail(), to=to)

    def test_row_1_capability(self):
        copy = self.by_address(lambda addr: addr)
        self.assertEqual(flags(copy), [])

    def test_row_1_capability_lowercased(self):
        self.by_address(str.lower)

    def test_row_1_capability_uppercased(self):
        self.by_address(str.upper)

    def test_row_1_capability_mixed_case(self):
        self.by_address(lambda addr: "".join(
            c.upper() if i % 2 else c for i, c in enumerate(addr)))

    def test_row_1_plus_turned_into_minus(self):
        self.by_address(lambda addr: addr.replace("+", "-"))

    def test_row_1_plus_turned_into_equals(self):
        self.by_address(lambda addr: addr.replace("+", "="))

    def test_row_1_plus_percent_encoded(self):
        self.by_address(lambda addr: addr.replace("+", "%2B"))
        self.by_address(lambda addr: addr.replace("+", "%2b"))

    def test_row_1_quoted_local_part(self):
        self.by_address(lambda addr: '"%s"@%s' % tuple(addr.split("@")))

    def test_row_1_capability_with_a_wish(self):
        """Whatever is wished for, it is the ticket's address; agents read
        what was granted."""
        self.begin()
        plain = capability(self.ack)
        wrong = re.sub(r"-[0-9a-z]{13}@", "-%s@" % (13 * "0"), plain)
        for mark in "12345e":
            wish = plain.replace("+", "+%s-" % mark)
            remark = "[rated %s of 5]" % mark if mark != "e" else \
                "[the player asks for the next level]"
            for shape in (wish, wish.upper(), wish.replace("+", "-"),
                          wish.replace("+", "%2B"),
                          '"%s"@%s' % tuple(wish.split("@"))):
                with self.subTest(shape):
                    copy, = [item for item in self.world.ask(
                        self.mail(), to=shape) if item.mail["X-Nymdesk"]]
                    self.assertEqual(number_of(copy.mail), self.number)
                    self.assertTrue(
                        mails.text_of(copy.mail).startswith(remark))
            with self.subTest("wrong " + mark):
                copy, _ = self.expect_new(
                    self.mail(), to=wrong.replace("+", "+%s-" % mark))
                self.assertNotIn(remark, mails.whole(copy.mail))

    def test_words_that_wish(self):
        """Granted to the ticket's player, whatever language he takes."""
        self.begin()
        remarks = {"Eskalation bitte": "[the player asks for the next level]",
                   "Transcript please": "[the player asks for a transcript]",
                   "escalate?": None}
        for words, remark in remarks.items():
            for who in (self.player(), self.who):
                with self.subTest(words + who):
                    mail = mails.reply(self.ack.mail, who, words + "\n")
                    copy, = [item for item in self.world.ask(mail)
                             if item.mail["X-Nymdesk"]]
                    self.assertEqual(number_of(copy.mail), self.number)
                    text = mails.text_of(copy.mail)
                    if remark and who == self.who:
                        self.assertTrue(text.startswith(remark))
                    else:
                        self.assertNotIn("[the player asks", text)

    def test_category_with_a_queue(self):
        """A new ticket goes there, and its player is answered from there;
        what belongs to a ticket stays with it."""
        self.begin()
        text = "I still wait for my withdrawal of week %d.\n"
        mail = self.mail(subject="Withdrawal")
        mail.set_content(text % 1)
        taken = self.world.ask(mail)
        copy, = [item for item in taken if item.rcpts == [VIP_TEAM]]
        notice, = [item for item in taken if item.rcpts == [self.who]]
        self.assertEqual(len(taken), 2)
        self.assertRegex(capability(copy), r"^vip\+")
        self.assertRegex(capability(notice), r"^vip\+")
        self.assertIn("queue=vip;", copy.mail["X-Nymdesk"])
        ticket = self.world.ticket(number_of(copy.mail))
        self.assertEqual((ticket["queue"], ticket["category"]),
                         ("vip", "withdrawal"))
        # The same again is the same, and his answer is a follow-up.
        self.assertEqual(self.world.ask(mail), [])
        again = mails.reply(notice.mail, self.who, text % 2)
        taken, = self.world.ask(again)
        self.assertEqual(taken.rcpts, [VIP_TEAM])
        self.assertEqual(number_of(taken.mail), number_of(copy.mail))
        more = self.mail(subject="Withdrawal")
        more.set_content(text % 3)
        self.expect_follow_up(more, to=capability(self.ack))

    def test_row_1_in_the_header_only(self):
        """Something on the way delivers by the mailbox's own name."""
        self.begin()
        mail = self.mail(to=capability(self.ack))
        self.expect_follow_up(mail, to=self.world.queue)

    def test_row_2_other_address(self):
        self.begin()
        other = self.player()
        copy = self.expect_follow_up(
            self.mail(who=other), to=capability(self.ack))
        self.assertIn("other-address", flags(copy))
        # Answers still go where the ticket came from.
        answer, = self.world.answer(mails.reply(
            copy.mail, ANNA, "It is on its way.\n"))
        self.assertEqual(answer.rcpts, [self.who])
        self.assertNotIn(other, answer.octets.decode())

    def test_row_3_stripped_plus_part_by_references(self):
        self.begin()
        self.expect_follow_up(self.mail(
            References=self.ack.mail["Message-ID"]))
        self.expect_follow_up(self.mail(
            In_Reply_To=self.ack.mail["Message-ID"]))

    def test_row_3_reference_among_many(self):
        self.begin()
        ids = ["<%d.x@players.example>" % i for i in range(40)]
        ids.insert(39, self.ack.mail["Message-ID"])
        self.expect_follow_up(self.mail(References=" ".join(ids)))

    def test_row_4_stripped_plus_part_by_subject(self):
        self.begin()
        self.expect_follow_up(self.mail(
            subject="Re: " + self.ack.mail["Subject"]))

    def test_row_4_prefixes(self):
        self.begin()
        for prefix in PREFIXES:
            with self.subTest(prefix):
                self.expect_follow_up(self.mail(
                    subject="%s [%s] Bonus" % (prefix, self.number)))

    def test_row_4_number_without_brackets_or_in_any_shape(self):
        self.begin()
        plain = self.number.replace("-", "")
        for shape in ("[%s]" % self.number.lower(), "[%s]" % plain,
                      self.number, "(%s)" % self.number,
                      "[%s]" % self.number.replace("-", "\N{EN DASH}"),
                      "[%s]" % self.number.replace("0", "O")
                      .replace("1", "l")):
            with self.subTest(shape):
                self.expect_follow_up(self.mail(subject="Bonus " + shape))

    def test_row_4_number_split_by_encoded_words(self):
        self.begin()
        for cut in range(1, len(self.number)):
            head, tail = self.number[:cut], self.number[cut:]
            with self.subTest(cut):
                mail = self.mail(subject="SUBJECT").as_bytes(
                    policy=email.policy.SMTP)
                words = "=?utf-8?B?%s?=\r\n =?utf-8?Q?%s=5D_B=C3=B6nus?=" % (
                    base64.b64encode(("Aw: [" + head).encode()).decode(),
                    tail)
                self.expect_follow_up(
                    mail.replace(b"SUBJECT", words.encode()),
                    sender=self.who, to=self.world.queue)

    def test_row_4_two_numbers(self):
        self.begin()
        mine, who = self.number, self.who
        self.begin(who)
        mine_too = self.number
        self.begin()
        foreign = self.number
        self.who, self.number = who, mine
        self.expect_follow_up(self.mail(
            subject="[%s] and [%s]" % (foreign, mine)), number=mine)
        self.expect_follow_up(self.mail(
            subject="[%s] and [%s]" % (mine_too, mine)), number=mine_too)
        self.expect_follow_up(self.mail(
            subject="[%s] and [%s]" % (mine, mine_too)), number=mine)

    def test_reply_to_from(self):
        """A client that knows no Reply-To."""
        self.begin()
        mail = mails.reply(self.ack.mail, self.who, TEXT)
        self.assertEqual(mail["To"].addresses[0].addr_spec,
                         capability(self.ack))
        self.expect_follow_up(mail)

    def test_reply_all(self):
        self.begin()
        mail = mails.reply(self.ack.mail, self.who, TEXT)
        mail["Cc"] = "%s, friend@players.example" % self.world.queue
        self.expect_follow_up(mail)

    def test_reply_all_in_two_transactions(self):
        self.begin()
        mail = mails.reply(self.ack.mail, self.who, TEXT)
        mail["Cc"] = self.world.queue
        self.expect_follow_up(mail, to=self.world.queue)
        self.assertEqual(self.world.ask(mail, to=capability(self.ack)), [])
        self.assertEqual(self.messages(), 2)

    def test_reply_before_an_answer(self):
        self.begin()
        self.expect_follow_up(mails.reply(self.ack.mail, self.who, TEXT))
        # And to an answer, by a client that threads by nothing else.
        answer, = self.world.answer(mails.reply(
            self.copy.mail, ANNA, "It is on its way.\n"))
        self.expect_follow_up(self.mail(
            References=answer.mail["Message-ID"]))

    def test_reply_to_own_first_mail(self):
        self.begin()
        for name in ("In_Reply_To", "References"):
            self.expect_follow_up(self.mail(
                subject="Re: Bonus", **{name: self.first["Message-ID"]}))

    def test_reply_to_own_follow_up(self):
        self.begin()
        second = mails.reply(self.ack.mail, self.who, TEXT)
        self.expect_follow_up(second)
        self.expect_follow_up(self.mail(
            subject="Re: Bonus", In_Reply_To=second["Message-ID"]))

    def test_reply_to_is_not_the_player(self):
        """Who writes is who is in From; to him goes the notice, and his is
        the name the agents call him by."""
        self.begin()
        name = self.copy.mail["From"].addresses[0].display_name
        other = self.player()
        self.expect_new(self.mail(who=other, Reply_To=self.who))
        copy, notices = self.expect_new(self.mail(Reply_To=other))
        self.assertEqual(notices[0].rcpts, [self.who])
        self.assertEqual(copy.mail["From"].addresses[0].display_name, name)

    def test_own_message_id_of_another(self):
        """Who knows it, from a list or a Cc, has no right by it."""
        self.begin()
        self.expect_new(self.mail(
            who=self.player(), In_Reply_To=self.first["Message-ID"]))

    def thread_index(self, root, replies=0):
        return base64.b64encode(root + bytes(5 * replies)).decode()

    def test_thread_index_only(self):
        root = os.urandom(22)
        self.begin(Thread_Index=self.thread_index(root))
        self.expect_follow_up(self.mail(
            subject="RE: Bonus", Thread_Index=self.thread_index(root, 1)))
        self.expect_follow_up(self.mail(
            subject="RE: Bonus", Thread_Index=self.thread_index(root, 3)))
        self.expect_new(self.mail(
            Thread_Index=self.thread_index(os.urandom(22), 1)))
        self.expect_new(self.mail(
            who=self.player(), Thread_Index=self.thread_index(root, 1)))

    def test_row_5_hijack_by_number(self):
        self.begin()
        unknown = self.expect_new(self.mail(
            who=self.player(), subject="Re: [0000-0000] Bonus"))
        copy, notices = self.expect_new(self.mail(
            who=self.player(), subject="Re: [%s] Bonus" % self.number))
        self.assertIn("mentions-" + self.number, flags(copy))
        # The answer does not tell whether there is such a ticket.
        self.assertEqual(masked(notices[0]), masked(unknown[1][0]))

    def test_row_5_hijack_by_references(self):
        self.begin()
        unknown = self.expect_new(self.mail(
            who=self.player(), References="<%s.%s.%s@casino.example>" % (
                "00000000", 13 * "0", 13 * "0")))
        copy, notices = self.expect_new(self.mail(
            who=self.player(), References=self.ack.mail["Message-ID"]))
        self.assertIn("mentions-" + self.number, flags(copy))
        self.assertEqual(masked(notices[0]), masked(unknown[1][0]))

    def test_row_5_hijack_by_from(self):
        """The player's address, but shown forged: to Postfix's knowledge
        neither SPF nor DKIM hold."""
        self.begin()
        for name, headers in (
                ("references", {"References": self.ack.mail["Message-ID"]}),
                ("number", {"subject": "Re: [%s]" % self.number}),
                ("own id", {"References": self.first["Message-ID"]})):
            with self.subTest(name):
                mail = self.mail(**headers)
                mail.add_attachment("Take this as mine.\n",
                                    filename="note.txt")
                copy, _ = self.expect_new(mail, notices=0,
                                          auth=FAILED % self.who)
                self.assertIn("unproven", flags(copy))
                if name != "own id":
                    self.assertIn("mentions-" + self.number, flags(copy))
                    self.assertNotIn("Take this as mine",
                                     mails.whole(copy.mail))

    def test_forged_mail_by_capability_is_flagged(self):
        self.begin()
        copy = self.expect_follow_up(
            self.mail(), to=capability(self.ack), auth=FAILED % self.who)
        self.assertIn("unproven", flags(copy))
        self.assertIn("other-address", flags(copy))

    def test_unproven_players_get_a_ticket_and_no_word(self):
        self.begin()
        self.who = self.player()
        copy, _ = self.expect_new(self.mail(), notices=0,
                                  auth=FAILED % self.who)
        self.assertIn("unproven", flags(copy))
        for result in ("spf=fail; dkim=pass header.d=players.example",
                       "spf=pass smtp.mailfrom=players.example; dkim=fail",
                       "spf=none; dkim=none"):
            with self.subTest(result):
                self.who = self.player()
                copy, _ = self.expect_new(self.mail(), auth=result)
                self.assertEqual(flags(copy), [])

    def test_forged_results_of_other_ids_are_ignored(self):
        self.begin()
        self.who = self.player()
        fails = "; spf=fail; dkim=fail header.d=players.example"
        passes = "; spf=pass smtp.mailfrom=players.example; dkim=pass " \
            "header.d=players.example; auth=pass smtp.auth=" + ANNA
        for name in ("mx.evil.example", "casino.example",
                     "mx.casino.example.evil.example", "mx",
                     "x mx.casino.example", "(mx.casino.example) evil"):
            with self.subTest(name):
                self.who = self.player()
                copy, _ = self.expect_new(self.mail(
                    Authentication_Results=name + fails))
                self.assertEqual(flags(copy), [])
                self.who = self.player()
                copy, _ = self.expect_new(
                    self.mail(Authentication_Results=name + passes),
                    notices=0, auth=FAILED % self.who)
                self.assertIn("unproven", flags(copy))

    def test_row_7_else(self):
        self.begin()
        self.expect_new(self.mail())
        self.expect_new(self.mail(who=self.player()))
        number = self.number[:-1] + (
            "0" if self.number[-1] != "0" else "1")
        self.expect_new(self.mail(subject="[%s] Bonus" % number))


class Closed(Table):
    """It stops nymdesk in between."""

    def test_closed_and_reopened(self):
        self.begin()
        self.world.set_state(self.number, 2)
        self.assertEqual(self.world.ticket(self.number)["state"], "closed")
        self.expect_follow_up(mails.reply(self.ack.mail, self.who, TEXT))
        self.assertEqual(self.world.ticket(self.number)["state"], "open")
        self.world.set_state(self.number, 2, ago=15 * 86400)
        copy, _ = self.expect_new(
            mails.reply(self.ack.mail, self.who, "Again. " + TEXT))
        self.assertIn("mentions-" + self.number, flags(copy))


class Agents(Table):
    """The agents' side: capability, enrolment and proof."""

    def setUp(self):
        self.begin()

    def reply(self, agent=ANNA, text="It is on its way.\n"):
        Table.serial += 1
        return mails.reply(self.copy.mail, agent,
                           "%d. %s" % (Table.serial, text))

    def expect_sent(self, taken):
        answer, = taken
        self.assertEqual(answer.rcpts, [self.who])
        self.assertIn("on its way", mails.text_of(answer.mail))

    def expect_stopped(self, taken, words, rcpts=None):
        notice, = taken
        self.assertEqual(notice.rcpts, rcpts or [ANNA])
        self.assertEqual(notice.sender, "")
        self.assertIn(words, mails.text_of(notice.mail))

    def test_agent_capability_in_any_shape(self):
        cap = capability(self.copy)
        for name, addr in (
                ("as it is", cap), ("upper", cap.upper()),
                ("minus", cap.replace("+", "-")),
                ("percent", cap.replace("+", "%2B")),
                ("quoted", '"%s"@%s' % tuple(cap.split("@")))):
            with self.subTest(name):
                mail = self.reply()
                del mail["To"]
                mail["To"] = addr
                self.expect_sent(self.world.answer(mail, to=addr))

    def test_agent_reply_all_is_one_answer(self):
        cap = capability(self.copy)
        mail = self.reply()
        mail["Cc"] = self.world.queue
        self.expect_sent(self.world.answer(
            mail, to=[cap, self.world.queue]))
        mail = self.reply()
        mail["Cc"] = self.world.queue
        taken = self.world.answer(mail, to=self.world.queue)
        taken += self.world.answer(mail, to=cap)
        self.expect_sent(taken)

    def test_agent_needs_the_capability(self):
        mail = self.reply()
        del mail["To"]
        mail["To"] = self.world.queue
        self.expect_stopped(self.world.answer(mail), "enrolled as an agent")
        self.assertEqual(self.messages(), 1)

    def test_agent_needs_enrolment(self):
        mallory = "mallory@players.example"
        taken = self.world.answer(self.reply(mallory), mallory)
        self.expect_stopped(taken, "not enrolled", [self.world.team])

    def expect_unproven(self, mail, **more):
        """By LMTP the agent is told, who may not have written it. On the
        line it is said to who sends it, and no mail comes of it."""
        if self.world.way == "lmtp":
            self.expect_stopped(self.world.ask(mail, **more), "not proven")
            return
        (code, text), = self.world.offer(mail, **more)
        self.assertEqual((code, text[:6]), (550, b"5.7.1 "))
        self.assertEqual(self.world.news(), [])

    def test_agent_needs_proof(self):
        self.expect_unproven(self.reply())
        self.expect_unproven(self.reply(), auth="auth=pass smtp.auth=" + BEN)
        mail = self.reply()
        mail["Authentication-Results"] = \
            "mx.evil.example; auth=pass smtp.auth=" + ANNA
        self.expect_unproven(mail)

    def test_agent_of_another_queue(self):
        self.expect_stopped(self.world.answer(self.reply(CARL), CARL),
                            "not enrolled", [self.world.team])

    def test_agent_number_of_another_ticket(self):
        mail = self.reply()
        number = self.number
        self.begin()
        mail.replace_header("Subject", "Re: [%s] Bonus" % self.number)
        self.assertNotEqual(number, self.number)
        self.expect_stopped(self.world.answer(mail), "another ticket")

    def test_agent_answer_twice_is_one(self):
        mail = self.reply()
        self.expect_sent(self.world.answer(mail))
        self.assertEqual(self.world.answer(mail), [])

    def test_player_cannot_use_the_agents_address(self):
        cap = capability(self.copy)
        taken = self.world.ask(self.mail(to=cap))
        self.expect_stopped(taken, "not enrolled", [self.world.team])
        self.assertEqual(self.messages(), 1)

    def test_sides_are_told_by_the_address(self):
        """An agent who writes to the player's side is no player."""
        mail = self.mail(who=ANNA, to=capability(self.ack))
        self.world.answer(mail)
        sent = [item for item in self.world.sink.mails
                if self.who in item.rcpts]
        self.assertEqual(len(sent), 1)

    def test_nobody_is_added_by_cc(self):
        mail = mails.reply(self.ack.mail, self.who, TEXT)
        mail["Cc"] = "friend@players.example"
        mail["Reply-To"] = "other@players.example"
        self.expect_follow_up(mail)
        self.expect_sent(self.world.answer(self.reply()))

    def test_no_address_of_the_other_side(self):
        answer, = self.world.answer(self.reply())
        self.assertEqual(set(CAPABILITY.findall(answer.octets.decode())),
                         {capability(self.ack)})


if __name__ == "__main__":
    unittest.main()
