"""MTAs that drop, abort, repeat, interleave and lie, many of them at once, and
a milter that is told to stop meanwhile."""

import os
import re
import signal
import struct
import threading
import time
import unittest

import mails
import milterwire as mw
from milter import BARE, LINE, NO_USER, OTHER, PLAYER, TAKEN, TOO_BIG, Milter
from tools import is_alive, wait_for

RETIRED = (451, b"4.3.2 Closing, come again")


class Manners(Milter):
    """One connection at a time, and fifty."""

    def states(self, sock):
        """Goes from state to state, with a pause in each."""
        yield "negotiated"
        sock.mail(PLAYER)
        yield "mail"
        sock.rcpt(self.queue)
        yield "rcpt"
        sock.ask(mw.DATA)
        yield "data"
        sock.header("Subject", " a")
        yield "header"
        sock.end_of_header()
        yield "end of header"
        sock.body(LINE)
        yield "body"
        sock.send(mw.END)
        yield "end, and nobody waits for what became of it"

    def test_it_is_dropped_in_every_state(self):
        for name in [""] + list(self.states(self.connect())):
            with self.subTest(name):
                with self.connect() as sock:
                    for state in self.states(sock):
                        if state == name:
                            break

    def test_it_is_dropped_in_the_middle_of_a_packet(self):
        for raw in (b"", b"\0", b"\0\0\0\5", b"\0\0\0\5B", b"\0\0\0\5Bab"):
            with self.subTest(raw), self.connect() as sock:
                self.begin(sock)
                sock.ask(mw.DATA)
                sock.end_of_header()
                sock.send_raw(raw)

    def test_aborts_and_reuse(self):
        """Twenty mails in one session, an abort in each state between."""
        with self.connect() as sock:
            for name in list(self.states(self.connect()))[:-1]:
                for state in self.states(sock):
                    if state == name:
                        break
                sock.send(mw.ABORT)
                self.assertEqual(
                    sock.give(self.mail(), PLAYER, [self.queue]), [TAKEN])
            # A recipient of the last mail is none of the next one.
            self.begin(sock)
            sock.send(mw.ABORT)
            self.assertEqual(sock.mail(PLAYER, "SIZE=100001")[0], mw.CONTINUE)
            self.assertEqual(mw.code_of(sock.rcpt(self.queue)), TOO_BIG)
            self.assertEqual(mw.code_of(sock.ask(mw.DATA))[0], 451)
            sock.quit()
        self.world.news()

    def test_a_session_may_follow_on_one_connection(self):
        with self.connect() as sock:
            self.begin(sock)
            sock.send(mw.QUIT_REUSE)
            self.assertEqual(sock.give(self.mail(), PLAYER, [self.queue]),
                             [TAKEN])
        self.world.news()

    def test_fifty_at_once(self):
        """Step by step side by side; then more than there are workers wait
        for one, and none waits for the other's body."""
        socks = [self.connect() for _ in range(50)]
        texts = [mw.split(self.mail()) for _ in socks]
        wanted = {"Number %d." % (self.count - i) for i in range(50)}
        answers = [None] * 50
        for step in (lambda sock: sock.mail(PLAYER),
                     lambda sock: sock.rcpt(self.queue),
                     lambda sock: sock.ask(mw.DATA)):
            self.assertEqual({step(sock) for sock in socks},
                             {(mw.CONTINUE, b"")})
        for i in range(max(len(fields) for fields, _ in texts)):
            for sock, (fields, _) in zip(socks, texts):
                if i < len(fields):
                    sock.header(*fields[i])

        def finish(i):
            with socks[i] as sock:
                packet = sock.end_of_header()
                if packet[0] == mw.CONTINUE:
                    sock.body(texts[i][1])
                    packet = sock.end()
                answers[i] = mw.code_of(packet)

        threads = [threading.Thread(target=finish, args=(i,), daemon=True)
                   for i in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(answers, [TAKEN] * 50)
        found = [re.search(r"Number \d+\.", mails.text_of(copy.mail))
                 for copy in self.world.copies(self.world.news())]
        self.assertEqual(sorted(match.group(0) for match in found
                                if match and match.group(0) in wanted),
                         sorted(wanted))

    def test_nonsense(self):
        """Each on a connection of its own, then the end of it."""
        for raw in (b"\0\0\0\0", b"\xff\xff\xff\xffM", b"\0\0\0\1?",
                    b"\0\0\0\1M", b"\0\0\0\2M\0", b"\0\0\0\1R",
                    b"\0\0\0\4Dxyz", b"\0\0\0\2DM", b"\0\0\0\3Lab",
                    b"\0\0\0\1B", b"\0\0\0\1E", b"\0\0\0\1N",
                    b"\0\0\0\5Oabcd", b"\0\0\0\1K\0\0\0\1Q"):
            with self.subTest(raw), self.connect() as sock:
                sock.send_raw(raw)
                sock.sock.settimeout(0.05)
                try:
                    sock.receive()
                except (OSError, struct.error):
                    pass
            with self.subTest(raw, mail=True), self.connect() as sock:
                self.begin(sock)
                sock.ask(mw.DATA)
                sock.send_raw(raw)
                sock.sock.settimeout(0.05)
                try:
                    # Nothing may come of it but that it goes on or ends.
                    self.assertIn(sock.receive()[0], (
                        mw.CONTINUE, mw.TEMPFAIL, mw.NEGOTIATE, mw.REPLY))
                except (OSError, struct.error):
                    pass

    def test_commands_out_of_order_get_no_mail_accepted(self):
        for packets in (((mw.END, b""),), ((mw.BODY, LINE), (mw.END, b"")),
                        ((mw.DATA, b""), (mw.END, b"")),
                        ((mw.END_OF_HEADER, b""), (mw.END, b""))):
            with self.subTest(packets), self.connect() as sock:
                self.assertEqual(sock.mail(PLAYER)[0], mw.CONTINUE)
                sock.sock.settimeout(0.05)
                for packet in packets:
                    sock.send(*packet)
                    try:
                        self.assertNotIn(sock.receive()[0], (
                            mw.ACCEPT, mw.DISCARD))
                    except (TimeoutError, mw.Hangup):
                        break


class Threads(Milter):
    """Nothing of ours is shared but what may be."""

    workers = 8

    def converse(self, mine, replies):
        """One client's session: a mail of each kind."""
        with self.connect() as sock:
            for i, data in enumerate(mine):
                sock.mail(PLAYER)
                sock.rcpt(self.queue if i % 2 else OTHER,
                          "nymdesk" if i % 2 else "smtp")
                sock.ask(mw.DATA)
                sock.send(mw.ABORT)
                if i == 1:
                    data = data.replace(b"Number", b"a\nb")
                replies.append(sock.give(data, PLAYER, [
                    self.queue, "nobody@" + self.world.domain]))

    def test_thirty_two_clients(self):
        replies = []
        threads = [threading.Thread(
            target=self.converse, args=([self.mail() for _ in range(3)],
                                        replies), daemon=True)
            for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertEqual(sorted(replies), sorted(
            [[TAKEN, NO_USER]] * 64 + [[BARE, NO_USER]] * 32))
        self.world.kill("milter", signal.SIGTERM)
        wait_for(lambda: not is_alive(self.proc), 10, "it to end")
        wait_for(lambda: os.path.exists(self.world.milter[5:]), 10,
                 "the next one")
        self.world.news()


class Stop(Milter):
    """SIGTERM: nothing new is begun, what is in hand gets its answer."""

    def test_mails_in_hand_are_answered(self):
        data = mw.split(self.mail())
        with self.connect() as busy, self.connect() as idle:
            self.begin(busy)
            self.begin(idle)
            self.assertEqual(busy.ask(mw.DATA)[0], mw.CONTINUE)
            self.assertEqual(idle.ask(mw.DATA)[0], mw.CONTINUE)
            for field in data[0]:
                busy.header(*field)
            self.assertEqual(busy.end_of_header()[0], mw.CONTINUE)
            self.world.kill("milter", signal.SIGTERM)
            wait_for(lambda: not os.path.exists(self.world.milter[5:]), 2,
                     "the socket to go")
            # Who is not in hand yet is told to come again.
            self.assertEqual(mw.code_of(idle.end_of_header()), RETIRED)
            self.assertTrue(is_alive(self.proc))
            self.assertEqual(busy.body(data[1])[0], mw.CONTINUE)
            self.assertEqual(mw.code_of(busy.end()), TAKEN)
            wait_for(lambda: not is_alive(self.proc), 2, "it to end")
        wait_for(lambda: os.path.exists(self.world.milter[5:]), 10,
                 "the next one")
        self.assertEqual(len(self.world.copies(self.world.news())), 1)

    def test_idle_sessions_keep_nobody(self):
        with self.connect() as idle:
            self.begin(idle)
            begin = time.monotonic()
            self.world.kill("milter", signal.SIGTERM)
            wait_for(lambda: not is_alive(self.proc), 2, "it to end")
            self.assertLess(time.monotonic() - begin, 1.5)
            self.assertRaises(OSError, idle.ask, mw.DATA)
        wait_for(lambda: os.path.exists(self.world.milter[5:]), 10,
                 "the next one")

    def test_a_socket_that_was_left_is_replaced(self):
        self.world.kill("milter", signal.SIGKILL)
        wait_for(lambda: self.world.role("milter"), 10, "the next one")
        wait_for(self.serves, 10, "its socket")

    def serves(self):
        try:
            with self.connect() as sock:
                return sock.mail(PLAYER)[0] == mw.CONTINUE
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
