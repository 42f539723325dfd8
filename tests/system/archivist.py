"""Queues with an archive: a private Dovecot takes what agents and players
wrote, is away for a while, and gives the thread back."""

import email.policy
import glob
import imaplib
import os
import re
import shutil
import tempfile
import unittest

import dovecot
import mails
from gateway import CAPABILITY, Gateway, number_of
from mails import AGENT_WORDS, PLAYER, PLAYER_WORDS
from routes import capability
from tools import free_ports, wait_for, write
from world import ANNA

KEEPER = "archive@desk.test"
SENIOR = "senior@agents.example"
VIP = "vip@casino.example"
VIP_TEAM = "vip-team@agents.example"


class Archivist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="nd-archivist-", dir="/tmp")
        os.chmod(cls.dir, 0o755)
        cls.addClassCleanup(shutil.rmtree, cls.dir, True)
        cls.dovecot = dovecot.Dovecot(cls.dir)
        cls.addClassCleanup(cls.dovecot.stop)
        cls.dovecot.start()
        write(cls.dir + "/password", dovecot.PASSWORD + "\n", 0o644)
        cls.spool = cls.dir + "/spool"
        cls.world = Gateway(more=cls.settings())
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.serial = 0

    @classmethod
    def settings(cls):
        away, = free_ports(1)
        more = {"nymdesk.spool_dir": cls.spool,
                "queue support.senior": SENIOR,
                "queue support.first_reply": "2h",
                "queue support.decision": "24h",
                "queue vip.address": VIP, "queue vip.role": "Casino VIP",
                "queue vip.agents": VIP_TEAM}
        # The archive of the other queue never answers.
        for queue, port in (("support", cls.dovecot.port), ("vip", away)):
            more.update({
                "queue %s.archive" % queue:
                    "imap://%s@127.0.0.1:%d/Support" % (
                        KEEPER.replace("@", "%40"), port),
                "queue %s.archive_tls" % queue: "none",
                "queue %s.archive_password_file" % queue:
                    cls.dir + "/password"})
        return more

    def imap(self):
        imap = imaplib.IMAP4("127.0.0.1", self.dovecot.port, timeout=20)
        imap.login(KEEPER, dovecot.PASSWORD)
        return imap

    def archived(self, number):
        """(flags, mail) of a ticket, in the order of arrival."""
        with self.imap() as imap:
            if imap.select("Support", readonly=True)[0] != "OK":
                return []
            _, data = imap.fetch("1:*", "(FLAGS BODY.PEEK[])")
            found = [({flag.decode() for flag in imaplib.ParseFlags(item[0])},
                      mails.parse(item[1]))
                     for item in data if isinstance(item, tuple)]
        return [(flags, mail) for flags, mail in found
                if number_of(mail) == number]

    def wait_archived(self, number, count, timeout=20):
        wait_for(lambda: len(self.archived(number)) >= count, timeout,
                 "%d mails in the archive" % count)
        found = self.archived(number)
        self.assertEqual(len(found), count)
        return found

    def files(self):
        return [path for path in glob.glob(self.spool + "/*.support*")]

    def begin(self, **more):
        """A ticket with an answer; the number."""
        type(self).serial += 1
        self.first, self.copy, self.ack = self.world.open(
            "player%d@players.example" % self.serial,
            text="Question %d.\n" % self.serial, **more)
        return number_of(self.copy.mail)

    def reply(self, text="We look after it.\n"):
        return self.world.answer(mails.reply(
            self.copy.mail, ANNA, text))

    def kind(self, mail):
        found = re.search(r"kind=(\w+)", mail["X-Nymdesk"])
        return found.group(1) if found else "copy"

    def test_thread(self):
        """Copies and answers hang together and name nobody."""
        self.first, self.copy, self.ack = self.world.open(
            PLAYER, text=mails.WITHDRAWAL, name=mails.PLAYER_NAME)
        number = number_of(self.copy.mail)
        self.reply("Wir kümmern uns darum.\n")
        self.world.ask(mails.message(PLAYER, capability(self.ack), "Re: x",
                                     "Danke sehr.\n"))
        found = self.wait_archived(number, 3)
        self.assertEqual([self.kind(mail) for _, mail in found],
                         ["copy", "answer", "copy"])
        self.assertEqual(["\\Answered" in flags for flags, _ in found],
                         [True, False, False])
        self.assertEqual(found[0][1].as_bytes(),
                         mails.parse(self.copy.octets).as_bytes())
        answer = found[1][1]
        self.assertIn("Wir kümmern uns darum.", answer.get_content())
        self.assertEqual(answer["From"].addresses[0].addr_spec,
                         self.world.queue)
        self.assertEqual(str(answer["To"].addresses[0].display_name),
                         str(found[0][1]["From"].addresses[0].display_name))
        self.assertEqual(answer["In-Reply-To"], self.copy.mail["Message-ID"])
        self.assertIsNone(CAPABILITY.search(answer.as_string()))
        for word in PLAYER_WORDS + AGENT_WORDS:
            self.assertNotIn(word, answer.as_string())
        with self.imap() as imap:
            imap.select("Support", readonly=True)
            _, data = imap.search(None, "SUBJECT", number)
            of_ticket = set(data[0].split())
            _, data = imap.thread("REFS", "UTF-8", "ALL")
        threads = [set(re.findall(rb"\d+", one)) for one in self.trees(
            data[0])]
        self.assertIn(of_ticket, threads)
        wait_for(lambda: not self.files(), 10, "an empty spool")

    def trees(self, data):
        """The outermost lists of a THREAD answer."""
        depth, begin, found = 0, 0, []
        for at, octet in enumerate(data.decode()):
            if octet == "(":
                depth += 1
                begin = at if depth == 1 else begin
            elif octet == ")":
                depth -= 1
                if depth == 0:
                    found.append(data[begin:at])
        return found

    def test_server_away(self):
        """Nothing waits for it, nothing is lost, nothing is there twice."""
        self.dovecot.stop()
        numbers = []
        try:
            for _ in range(6):
                numbers.append(self.begin())
                self.assertEqual(self.ack.rcpts[0],
                                 "player%d@players.example" % self.serial)
                sent = self.reply()
                self.assertEqual(len(sent), 1)
                if len(numbers) == 3:
                    self.world.kill("post")
            wait_for(lambda: len(self.files()) == 12, 10, "12 files")
            self.world.stop_nymdesk()
            self.world.start_nymdesk()
            self.assertEqual(len(self.files()), 12)
            names = " ".join(map(os.path.basename, self.files()))
            self.assertRegex(names, r"^([0-9a-f]{16}-[0-9a-f]{8}\.support ?"
                             r")+$")
        finally:
            self.dovecot.start()
        for number in numbers:
            found = self.wait_archived(number, 2)
            self.assertEqual([self.kind(mail) for _, mail in found],
                             ["copy", "answer"])
        wait_for(lambda: not self.files(), 10, "an empty spool")

    def test_a_post_that_dies_while_it_sends(self):
        """The answer it held is in the archive when the successor knows that
        it was sent; nobody gets it twice."""
        number = self.begin()
        player, = self.ack.rcpts
        answer = mails.reply(self.copy.mail, ANNA, "We look after it.\n")
        take, killed = self.world.sink.take, []

        def take_and_kill(taken):
            take(taken)
            if taken.rcpts == [player] and not killed:
                killed.append(taken)
                self.world.kill("post")

        self.world.sink.take = take_and_kill
        self.addCleanup(setattr, self.world.sink, "take", take)
        with self.assertRaises(AssertionError):
            self.world.answer(answer)
        self.assertEqual(len(killed), 1)
        found = self.wait_archived(number, 2)
        self.assertEqual([self.kind(mail) for _, mail in found],
                         ["copy", "answer"])
        self.assertEqual(found[1][1]["Message-ID"],
                         killed[0].mail["Message-ID"])
        self.assertEqual([item for item in self.world.answer(answer)
                          if item.rcpts == [player]], killed)
        wait_for(lambda: not self.files(), 10, "an empty spool")

    def test_a_mail_that_no_archive_takes(self):
        path = self.spool + "/0000000000000001-00000001.support"
        write(path, "Subject: nothing to be known by\r\n\r\n", 0o600)
        shutil.chown(path, "nymdesk-post", "nymdesk")
        bad = self.spool + "/bad/" + os.path.basename(path)
        wait_for(lambda: os.path.exists(bad), 10, "the file aside")
        self.assertEqual(len(self.world.log_has("archive.bad-mail")), 1)
        self.wait_archived(self.begin(), 1, 5)

    def test_dead_archive_of_another_queue(self):
        """Its mails stay in the spool, all others go."""
        self.world.ask(mails.message("vip@players.example", VIP, "Bonus",
                                     "Where?\n"))
        wait_for(lambda: self.world.log_has("archive.append"), 10, "a try")
        self.wait_archived(self.begin(), 1, 5)
        self.assertEqual(len(glob.glob(self.spool + "/*.vip")), 1)

    def test_zz_handed_with_thread(self):
        """The next level gets what it did not have, then the word. Last: the
        tickets of the others are late as well then."""
        number = self.begin(subject="A matter of time")
        self.reply()
        more, = self.world.ask(mails.message(
            self.ack.rcpts[0], capability(self.ack), "Re", "More.\n"))
        found = self.wait_archived(number, 3)
        self.world.advance(24 * 3600 + 60)
        wait_for(lambda: len(self.to_senior(number)) >= 4, 30,
                 "the thread for the senior")
        taken = self.to_senior(number)
        self.assertEqual([item.sender for item in taken], [""] * 4)
        self.assertEqual(
            [item.octets for item in taken[:3]],
            [self.copy.octets, found[1][1].as_bytes(
                policy=email.policy.SMTP), more.octets])
        self.assertTrue(taken[3].is_notice())
        # The next copies go there themselves, and no higher level exists.
        self.assertEqual(len(self.archived(number)), 3)

    def to_senior(self, number):
        return [item for item in self.world.sink.mails
                if item.rcpts == [SENIOR] and number_of(item.mail) == number]

    def test_transcript(self):
        number = self.begin()
        self.reply("We look after it.\n")
        self.wait_archived(number, 2)
        player = self.ack.rcpts[0]
        taken = self.world.ask(mails.message(
            player, capability(self.ack), "Re: Bonus", "transcript\n"))
        notice, = [item for item in taken if item.rcpts == [player]]
        text = notice.mail.get_content().replace("\r\n", "\n")
        self.assertRegex(text, r"(?s)UTC:\n\n> Question \d+\.\n.*"
                         r"UTC, Casino Support:\n\nWe look after it\.\n")
        self.assertNotIn("[end of mail", text)
        self.assertNotIn("anna", text.lower())
        self.assertNotIn(capability(self.copy), text)
