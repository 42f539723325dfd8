"""What many senders of much cost nymdesk-smtp, who holds their mails until
they are whole: not more than its header promises, and nobody is kept out."""

import re
import unittest

import wire
from gateway import Gateway
from tools import read

MIB = 1 << 20
MEMORY = 16 * MIB
SIZE = 4 * MIB      # of a mail
WORKERS = 2
SENDERS = 30
PIECE = 65536
LINE = b"A line of a body that says little, and says it often enough.\r\n"
# The loop, sessions and stacks of threads that were touched.
REST = 4 * MIB


class Budget(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = Gateway(workers=WORKERS, more={
            "smtp.memory_max": str(MEMORY), "lmtp.size_max": str(SIZE)})
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.proc, = cls.world.role("smtp")

    def peak(self):
        found = re.search(r"VmHWM:\s+(\d+) kB", read(
            "/proc/%d/status" % self.proc["pid"]))
        return int(found.group(1)) * 1024

    def begin(self, index):
        """A mail up to its header."""
        smtp = wire.client(self.world, "smtp")
        self.addCleanup(smtp.close)
        player = "heavy%d@players.example" % index
        smtp.ehlo()
        self.assertEqual(smtp.docmd("MAIL", "FROM:<%s>" % player)[0], 250)
        self.assertEqual(smtp.docmd(
            "RCPT", "TO:<%s>" % self.world.queue)[0], 250)
        self.assertEqual(smtp.docmd("DATA")[0], 354)
        smtp.send(b"From: %s\r\nSubject: Much %d\r\n\r\n"
                  % (player.encode(), index))
        return smtp

    def test_many_heavy_senders(self):
        before = self.peak()
        body = LINE * (SIZE // len(LINE) - 2)
        socks = [self.begin(i) for i in range(SENDERS)]
        for at in range(0, len(body), PIECE):
            for smtp in socks:
                smtp.send(body[at:at + PIECE])
        for smtp in socks:
            smtp.send(b".\r\n")
        codes = [smtp.getreply()[0] for smtp in socks]
        # Three or four fit in at a time.
        self.assertEqual(set(codes), {250, 452})
        self.assertGreaterEqual(codes.count(250), 3)
        self.assertGreater(SENDERS * SIZE, 7 * MEMORY)
        # Up to twice while texts grow, and copies on their way.
        self.assertLess(self.peak() - before,
                        2 * MEMORY + WORKERS * SIZE + REST)
        # What was told to come again does so, one after the other.
        last = self.begin(SENDERS)
        last.send(body + b".\r\n")
        self.assertEqual(last.getreply()[0], 250)
        self.world.news()
        self.assertEqual(self.world.faults(), [])


if __name__ == "__main__":
    unittest.main()
