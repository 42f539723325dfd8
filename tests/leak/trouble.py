"""The flows in which something breaks or ends: SMTP as no client speaks it,
faults, the end of an epoch."""

import hashlib
import os
import socket

import paths  # noqa: F401
import milterwire
from judge import FILLER
from planted import address_of
from tools import wait_for
from world import QUEUE, TEAM


ANNOUNCED = {"PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES",
             "SIZE"}


class Lmtp:
    """A session with the LMTP server, or with the proxy."""

    def __init__(self, world):
        self.world, self.said = world, []

    def __enter__(self):
        is_smtp = self.world.way == "smtp"
        self.sock = self.world.connect("smtp" if is_smtp else "lmtp")
        self.sock.settimeout(60)
        self.stream = self.sock.makefile("rwb")
        self.answer()
        self.hello = self.say("%s client.test" % (
            "EHLO" if is_smtp else "LHLO"))
        return self

    def __exit__(self, *failure):
        self.stream.close()
        self.sock.close()

    def answer(self):
        answer = b""
        while True:
            line = self.stream.readline()
            answer += line
            if line[3:4] != b"-" or not line:
                self.said.append(answer)
                return answer

    def say(self, line):
        self.stream.write(line.encode() + b"\r\n")
        self.stream.flush()
        return self.answer()

    def send(self, data):
        """A mail, after DATA."""
        self.stream.write(data.replace(b"\r\n.", b"\r\n..") + b"\r\n")
        return self.say(".")


class Milter:
    """What Lmtp does, said to the milter as Postfix would say it."""

    def __init__(self, world):
        self.wire, self.said = milterwire.Postfix(world.milter), []

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.wire.close()

    @property
    def sock(self):
        return self.wire.sock

    def say(self, line):
        """RSET has no answer, and DATA is said with what comes then."""
        path = line[line.find("<") + 1:-1]
        if line.startswith("MAIL"):
            return self.kept(self.wire.mail(path))
        if line.startswith("RCPT"):
            return self.kept(self.wire.rcpt(path))
        if line == "RSET":
            self.wire.send(milterwire.ABORT)
        return b"354"

    def kept(self, packet):
        self.said.append(packet[0] + packet[1])
        return self.said[-1]

    def send(self, data):
        return self.kept(self.wire.give_text(data))


def direct(world):
    return (Milter if world.way == "milter" else Lmtp)(world)


def spoilt(address):
    """The address of a ticket with another key."""
    local, _, domain = address.partition("@")
    return "%s%s@%s" % (local[:-1], "b" if local[-1] != "b" else "c", domain)


class Trouble:
    """A part of flows.Run."""

    # --- SMTP itself -------------------------------------------------------

    def flow_lmtp(self):
        """Straight to the LMTP server: what it says, and what it does with
        what Postfix would never pass on."""
        with Lmtp(self.world) as lmtp:
            say, self.replies = lmtp.say, lmtp.said
            mail = self.new_mail("lmtp")
            mail.become_player()
            word = mail.tok("S7.vrfy")
            hello = lmtp.hello.decode()
            announced = {line[4:].split()[0].upper() for line in
                         hello.splitlines()[1:]}
            self.check("row S5 LHLO announces a fixed set",
                       announced == ANNOUNCED, hello)
            asked = {say("%s %s%d" % (verb, word, number))
                     for verb in ("VRFY", "EXPN") for number in range(25)}
            self.check("row S7 the same reply to every VRFY and EXPN",
                       len(asked) == 1, repr(asked))
            for line in ("VRFY " + word, "EXPN " + word,
                         "XFORWARD NAME=%s.test" % mail.tok("S5.forward"),
                         "%s" % word, "MAIL FROM:<%s" % word,
                         "MAIL FROM:<%s> %s=1" % (mail.address, word),
                         "RCPT TO:<%s@casino.example>" % word,
                         "MAIL FROM:<%s>" % mail.address,
                         "RCPT TO:<%s@nowhere.test>" % word,
                         "RCPT TO:<support+%s@casino.example>" % word,
                         "RSET"):
                say(line)
            # Postfix ends the header at a name that is not ASCII.
            mail.draft.add("X-Ünïcode", mail.tok("H14.eight"))
            mail.compose_player(["H4.path", "B1.own"])
            say("MAIL FROM:<%s>" % mail.address)
            say("RCPT TO:<%s>" % QUEUE)
            say("DATA")
            lmtp.send(mail.data)
            mail.is_sent = True
            self.drop_in_data(mail)
        self.settle()

    def same_replies(self):
        """Right, wrong and expired addresses of tickets get the same words,
        a thousand times in one session and after a whole mail (S2)."""
        self.index()
        right = {address_of(copies[0]["Reply-To"])
                 for copies in self.copies.values()}
        right = sorted(right - set(self.expired))
        self.check("S2 there are right addresses and expired ones",
                   bool(right and self.expired))
        rcpts = [rcpt for old in right for rcpt in (old, spoilt(old))]
        with direct(self.world) as lmtp:
            answers = set()
            for number in range(1000):
                lmtp.say("MAIL FROM:<someone@players.example>")
                answers.add(lmtp.say("RCPT TO:<%s>" % rcpts[
                    number % len(rcpts)]))
                lmtp.say("RSET")
            whole = {self.whole_mail(lmtp, rcpt) for rcpt in (
                right[0], spoilt(right[0]), *self.expired[:1])}
        self.replies += answers
        self.check("row S2 the same replies for every capability",
                   len(answers) == 1 and len(whole) == 1,
                   repr(answers | whole))

    def whole_mail(self, lmtp, rcpt):
        """What the server says to one, from MAIL to the end of DATA."""
        mail = self.new_mail("probe")
        mail.become_player()
        mail.compose_player(["B1.own"])
        mail.has_copy = mail.has_ack = False
        mail.is_sent = True
        said = [lmtp.say("MAIL FROM:<%s>" % mail.address),
                lmtp.say("RCPT TO:<%s>" % rcpt), lmtp.say("DATA")]
        if said[-1].startswith(b"354"):
            said.append(lmtp.send(mail.data))
        else:
            lmtp.say("RSET")
        self.replies += said
        return tuple(said)

    def drop_in_data(self, mail):
        """Clients that go away in the middle of DATA (A8, D5)."""
        for part in (1, 3, 7):
            with Lmtp(self.world) as lmtp:
                for line in ("MAIL FROM:<%s>" % mail.address,
                             "RCPT TO:<%s>" % QUEUE, "DATA"):
                    lmtp.say(line)
                lmtp.sock.sendall(mail.data[:len(mail.data) * part // 8])
                if part == 7:
                    # Reset instead of an end.
                    lmtp.sock.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER,
                        b"\1\0\0\0\0\0\0\0")

    # --- faults ------------------------------------------------------------

    def flow_fault(self):
        """Roles killed, the next hop shut, the disk full, in the middle of
        mails."""
        world = self.world
        count = self.share("fault")
        faults = [("kill lmtp", lambda: world.kill("lmtp", count=5)),
                  ("kill desk", lambda: world.kill("desk")),
                  ("kill vault", lambda: world.kill("vault")),
                  ("kill post", lambda: world.kill("post")),
                  ("abort lmtp", lambda: world.kill("lmtp", 6, 3)),
                  ("crash lmtp", lambda: world.kill("lmtp", 11, 3)),
                  ("next hop", None), ("disk full", None)]
        for name, strike in faults:
            mails = []
            for _ in range(max(2, count // len(faults))):
                mail = self.new_mail("fault")
                mail.become_player()
                mail.compose_player(mail.draw(8))
                mails.append(mail)
            before = world.dovecot.count(TEAM)
            if name == "next hop":
                world.postfix.set_reinject(False)
            if name == "disk full":
                if not world.mounts:
                    self.skipped.append("disk full: no mount here")
                    continue
                filler = self.fill()
            threads = self.send_all(mails, slack=True)
            if strike:
                try_for(lambda n=before: world.dovecot.count(TEAM) > n, 2)
                strike()
            for thread in threads:
                thread.join()
            if name == "next hop":
                # Something waits, in nymdesk or in Postfix.
                try_for(world.waiting, 5)
                self.moment("in the fault")
                world.postfix.set_reinject(True)
            if name == "disk full":
                try_for(world.waiting, 5)
                self.moment("in the fault")
                os.unlink(filler)
            wait_for(world.has_roles, 60, "the roles to come back")
            world.flush()
            self.settle()

    def moment(self, name):
        """run.py puts a look at the files here."""

    def fill(self):
        path = os.path.join(self.world.state_dir, FILLER)
        with open(path, "wb", buffering=0) as file:
            for size in (65536, 4096, 512, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue
        return path

    # --- the end of an epoch -----------------------------------------------

    def flow_epoch(self):
        """All keys of these mails die; then a late answer and a late mail."""
        world = self.world
        self.index()
        old_keys = key_files(world)
        self.expired = [address_of(copies[0]["Reply-To"])
                        for copies in self.copies.values()]
        world.advance(50 * 86400)
        # A mail wakes the vault, whatever its own clock does.
        mail = self.new_mail("after")
        mail.become_player()
        mail.compose_player(["B1.own", "B3.name"])
        self.send_all([mail])
        wait_for(lambda: not old_keys & key_files(world), 90,
                 "the keys to be destroyed")
        self.check("row K5 the keys of the ended epochs are gone",
                   bool(old_keys) and not old_keys & key_files(world))
        mails = []
        for old, copy in self.tickets("late", self.share("late")):
            mail = self.new_mail("late")
            mail.compose_agent(copy, ["G3.quote"], said=False)
            mails.append(mail)
        self.send_all(mails, is_agent=True)
        self.settle()
        self.moment("after the epoch")
        self.same_replies()
        self.settle()


def try_for(predicate, timeout):
    """Waits for what most often happens."""
    try:
        wait_for(predicate, timeout)
    except AssertionError:
        pass


def key_files(world):
    """Digests of all files of the key directory that hold a key, but for
    the one that signs receipts: it is nobody's, and stays."""
    found = set()
    for base, _, names in os.walk(world.key_dir):
        for name in names:
            if name == "receipt":
                continue
            try:
                with open(os.path.join(base, name), "rb") as file:
                    data = file.read()
            except FileNotFoundError:
                continue  # it was being destroyed
            if len(data) >= 32:
                found.add(hashlib.sha256(data).hexdigest())
    return found
