"""Results that nobody of ours found: a stranger writes Authentication-Results
in our name, in every shape that a parser of ours or of Postfix could take for
another than the other does. Through a real Postfix, a mail in a member's name
stays one without a proof, and is refused on the line."""

import smtplib
import unittest

from world import ANNA, QUEUE, World

PASS = b"mx.casino.example; auth=pass smtp.auth=" + ANNA.encode()
SPF = b"mx.casino.example; spf=pass smtp.mailfrom=" + ANNA.encode()
NAME = b"Authentication-Results"

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
