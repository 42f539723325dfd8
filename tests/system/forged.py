"""Results that nobody of ours found: a stranger writes Authentication-Results
in our name, in every shape that a parser of ours or of Postfix could take for
another than the other does. Through a real Postfix, a mail in a member's name
stays one without a proof, and is refused on the line."""

import smtplib
import unittest

import milterwire
import wire
from gateway import CAPABILITY, Gateway
from world import ANNA, QUEUE, World

PASS = b"mx.casino.example; auth=pass smtp.auth=" + ANNA.encode()
SPF = b"mx.casino.example; spf=pass smtp.mailfrom=" + ANNA.encode()
NAME = b"Authentication-Results"

BURST = 8
VIP, CARL = "vip@casino.example", "carl@agents.example"

# What stands before From.
SHAPES = {
    "as it is": NAME + b": " + PASS,
    "spf": NAME + b": " + SPF,
    "no blank": NAME + b":" + PASS,
    "blank before the colon": NAME + b" : " + PASS,
    "tab before the colon": NAME + b"\t:\t" + PASS,
    "case": NAME.upper() + b": " + PASS.replace(b"mx", b"Mx"),
    "folded": NAME + b":\r\n " + PASS,
    "folded twice": NAME + b":\r\n \r\n\t" + PASS,
    "comment": NAME + b": (a (b) \\) c) " + PASS,
    "comment folded": NAME + b": (a\r\n b) " + PASS,
    "long comment": NAME + b": (" + b"a\r\n " * 2000 + b") " + PASS,
    "octets": NAME + b": (\xff\xfe\x80) " + PASS,
    "quoted": NAME + b': "mx.casino.example"' + PASS[17:],
    "quoted pair": NAME + b': "m\\x.casino.example"' + PASS[17:],
    "quoted pairs": NAME + b': "mx\\.casino\\.example"' + PASS[17:],
    "encoded word": NAME + b": =?utf-8?q?mx=2Ecasino=2Eexample?=" + PASS[17:],
    "dotless": NAME + b": mx.casino.example." + PASS[17:],
    "fullwidth": NAME + b": mx\xef\xbc\x8ecasino.example" + PASS[17:],
    "NUL in the id": NAME + b": mx.ca\0sino.example" + PASS[17:],
    "NUL first": NAME + b": \0" + PASS,
    "NUL in the name": b"Authentication\0-Results: " + PASS,
    "BOM": b"\xef\xbb\xbf" + NAME + b": " + PASS,
    "octet in the name": b"Authentication-Results\x80: " + PASS,
    "two": NAME + b": other.test; none\r\n" + NAME + b": " + PASS,
    "continues a field": b"X-A: b\r\n " + NAME + b": " + PASS,
    "above a Received": NAME + b": " + PASS
        + b"\r\nReceived: from a by b; Mon, 1 Jun 2026 10:00:00 +0000",
    "below a Received": b"Received : x\r\n" + NAME + b": " + PASS,
    "mailbox line": b"From " + ANNA.encode() + b" Mon Jun  1\r\n" + NAME
        + b": " + PASS,
    "mailbox line, quoted": b">From " + ANNA.encode() + b"\r\n" + NAME
        + b": " + PASS,
    "blank first": b" " + NAME + b": " + PASS + b"\r\n" + NAME + b": " + PASS,
    "own proof": b"X-Nymdesk-Proof-CHANGEME: " + PASS,
    "resent": b"Resent-From: " + ANNA.encode() + b"\r\n" + NAME + b": " + PASS,
    "many fields": b"X-A: b\r\n" * 300 + NAME + b": " + PASS,
}


class Forged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(workers=4)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def offer(self, shape, serial):
        """What a stranger is told: the octets go as they are."""
        shape = shape.replace(b"CHANGEME",
                              self.world.postfix.secret.encode())
        data = shape + b"\r\nFrom: %s\r\nTo: %s\r\nSubject: no %d\r\n" \
            b"Message-ID: <forged.%d@agents.example>\r\n\r\n/close\r\n" % (
                ANNA.encode(), QUEUE.encode(), serial, serial)
        with smtplib.SMTP("127.0.0.1", self.world.postfix.inbound,
                          "client.test", timeout=60) as smtp:
            smtp.ehlo()
            smtp.docmd("MAIL", "FROM:<%s>" % ANNA)
            smtp.docmd("RCPT", "TO:<%s>" % QUEUE)
            smtp.docmd("DATA")
            smtp.send(data + b".\r\n")
            return smtp.getreply()

    def test_no_shape_of_results_is_a_proof(self):
        for serial, (name, shape) in enumerate(SHAPES.items()):
            with self.subTest(name):
                code, text = self.offer(shape, serial)
                self.assertEqual((code, text[:6]), (550, b"5.7.1 "))
        self.assertEqual(self.world.faults(), [])

class Told(unittest.TestCase):
    """A world without Postfix: what comes is what a session says."""

    @classmethod
    def setUpClass(cls):
        cls.world = Gateway(workers=4, more={
            "limits.guess_rate": 100000, "limits.mail_burst": BURST,
            "lmtp.size_max": 100000,
            "queue vip.address": VIP, "queue vip.role": "Casino VIP",
            "queue vip.agents": "vip-team@agents.example",
            "queue vip.members": CARL,
            "queue vip.first_reply": "365d", "queue vip.decision": "365d"})
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.serial = 0

    def mail(self, sender, more=b""):
        type(self).serial += 1
        return b"From: %s\r\nTo: %s\r\nSubject: a\r\nMessage-ID: <told.%d@" \
            b"else.example>\r\n%s\r\nNumber %d.\r\n" % (
                sender.encode(), QUEUE.encode(), self.serial, more,
                self.serial)

    def test_no_answer_tells_a_right_address_from_a_wrong_one(self):
        """Whatever the mail is, and whether its ticket's address is the
        player's, the agents', a spoilt one, or none."""
        _, copy, ack = self.world.open("first@players.example")
        right = [CAPABILITY.search(item.octets.decode()).group(0)
                 for item in (ack, copy)]
        spoilt = [cap[:cap.index("@") - 1] + last + cap[cap.index("@"):]
                  for cap in right for last in "01"
                  if cap[cap.index("@") - 1] != last]
        rcpts = right + spoilt + [QUEUE]
        kinds = {
            "a stranger's": lambda i: ("s%d@players.example" % i, b""),
            "a member's": lambda i: (ANNA, b""),
            "one of too many": lambda i: ("often@players.example", b""),
            "of no sender": lambda i: ("", b""),
            "an answer of a machine": lambda i: (
                "m%d@players.example" % i, b"Auto-Submitted: auto-replied"
                b"\r\n"),
            "of a bad shape": lambda i: (
                "b%d@players.example" % i, b"Cc: " + b"a:" * 20000 + b"\r\n"),
            "with bare line ends": lambda i: (
                "c%d@players.example" % i, b"X-A: a\rb\r\n"),
            "too large": lambda i: (
                "d%d@players.example" % i, b"X-A: b\r\n" * 15000),
        }
        for _ in range(BURST):
            self.world.give(self.mail("often@players.example"),
                            sender="often@players.example", to=QUEUE)
        for name, kind in kinds.items():
            told = set()
            for i, rcpt in enumerate(rcpts):
                sender, more = kind(i)
                told.update(self.world.deliver(
                    wire.TRACE * (self.world.way == "smtp") + self.mail(
                        sender or "daemon@players.example", more),
                    sender, [rcpt]))
            with self.subTest(name):
                self.assertEqual(len(told), 1, told)
        self.world.news()

    def talk(self):
        """A session, and give(sender, rcpts, text): the reply to a mail, or
        to the first recipient that is refused. RSET is said before it if it
        is to be given up there."""
        if self.world.way == "milter":
            sock = milterwire.Postfix(self.world.milter)
            return sock, lambda sender, rcpts, text: sock.give(
                text, sender, rcpts)[0]
        smtp = wire.client(self.world, "smtp")
        smtp.ehlo()

        def give(sender, rcpts, text):
            smtp.docmd("RSET")
            smtp.docmd("MAIL", "FROM:<%s>" % sender)
            for rcpt in rcpts:
                reply = smtp.docmd("RCPT", "TO:<%s>" % rcpt)
                if reply[0] != 250:
                    return reply
            smtp.docmd("DATA")
            smtp.send(wire.TRACE + text + b".\r\n")
            return smtp.getreply()
        return smtp, give

    def test_a_mail_has_nothing_of_the_one_before(self):
        """Carl may write to the queue as a stranger, and not to his own
        without a proof: so what he is told says which recipients a mail has.
        """
        texts = {
            "refused by its text": lambda: self.mail(CARL, b"X-A: a\rb\r\n"),
            "refused by a worker": lambda: self.mail(CARL),
            "taken": lambda: self.mail("other@players.example"),
        }
        session, give = self.talk()
        with session:
            for name, text in texts.items():
                with self.subTest(name):
                    give(CARL, [VIP], text())
                    self.assertEqual(
                        give(CARL, [QUEUE], self.mail(CARL))[0], 250)
            self.assertEqual(give(CARL, [VIP], self.mail(CARL))[0], 550)
            # Given up before its text.
            if self.world.way == "milter":
                session.mail(CARL)
                session.rcpt(VIP)
                session.send(milterwire.ABORT)
            else:
                session.docmd("MAIL", "FROM:<%s>" % CARL)
                session.docmd("RCPT", "TO:<%s>" % VIP)
            self.assertEqual(give(CARL, [QUEUE], self.mail(CARL))[0], 250)
        self.world.news()
