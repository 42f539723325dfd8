"""A Gateway whose agents work as people do: a private Postfix and Dovecot keep
their mailboxes, they read by IMAP and answer by SMTP with a login. Players
stay as in a Gateway: by LMTP in, and what they get is taken by the sink."""

import contextlib
import imaplib
import os
import shutil
import smtplib
import sqlite3
import threading
import time

import mails
from courier import is_later
from dovecot import PASSWORD
from gateway import Gateway, Sink, number_of
from tools import wait_for, write
from world import World

STAFF = "agents.example"
ARCHIVE = "archive@" + STAFF


class Relay(Sink):
    """Keeps what is for players, hands the rest to Postfix."""

    def __init__(self, port):
        super().__init__()
        self.next_port = port
        self.own = threading.local()

    def take(self, taken):
        if not all(rcpt.endswith("@" + STAFF) for rcpt in taken.rcpts):
            super().take(taken)
            return
        if not hasattr(self.own, "smtp"):
            self.own.smtp = smtplib.SMTP("127.0.0.1", self.next_port,
                                         "relay.example", timeout=60)
        self.own.smtp.sendmail(taken.sender, taken.rcpts, taken.octets)

    def of(self, player):
        """What a player got, oldest first."""
        with self.lock:
            return [item.mail for item in self.mails
                    if item.rcpts == [player]]


class Person:
    """One of the staff at his mail program."""

    def __init__(self, office, name):
        self.office = office
        self.name = name
        self.addr = "%s@%s" % (name, STAFF)
        self.inbox = []
        self.seen = 0
        self.imap = self.smtp = None

    def close(self):
        for client, end in ((self.imap, "logout"), (self.smtp, "quit")):
            try:
                if client:
                    getattr(client, end)()
            except (OSError, imaplib.IMAP4.error, smtplib.SMTPException):
                pass
        self.imap = self.smtp = None

    def look(self):
        """Fetches what is new; the whole mailbox as it is now."""
        if not self.imap:
            self.imap = imaplib.IMAP4(
                "127.0.0.1", self.office.dovecot.port, timeout=30)
            self.imap.login(self.addr, PASSWORD)
        self.imap.select("INBOX", readonly=True)
        _, data = self.imap.uid("FETCH", "%d:*" % (self.seen + 1),
                                "(UID BODY.PEEK[])")
        for item in data:
            if not isinstance(item, tuple):
                continue
            uid = int(item[0].split(b"UID ")[1].split()[0])
            # "7:*" is the last one, too, if there is no 7.
            if uid > self.seen:
                self.seen = uid
                self.inbox.append(mails.parse(item[1]))
        return self.inbox

    def of(self, number):
        """The mails of a ticket in his mailbox."""
        return [mail for mail in self.look() if number_of(mail) == number]

    def copies(self, number):
        """Those that somebody wrote."""
        return [mail for mail in self.of(number)
                if not mail["Auto-Submitted"]]

    def copy(self, number):
        """What he answers to: the player's newest, else a notice."""
        wait_for(lambda: self.of(number), 30,
                 "[%s] for %s" % (number, self.name))
        found = [mail for mail in self.copies(number)
                 if "kind=" not in str(mail["X-Nymdesk"])]
        return (found or self.of(number))[-1]

    def send(self, mail):
        """A session may be over when it comes to the next mail: libmilter
        ends one that said nothing for five minutes, and such pass at once
        here. Then it is said once more, in a new one."""
        for is_last in (False, True):
            if not self.smtp:
                self.smtp = self.office.session(self.addr)
            try:
                self.smtp.send_message(mail, self.addr)
                return mail
            except smtplib.SMTPResponseException as error:
                if is_last or not is_later(error.smtp_code):
                    raise
                self.smtp.close()
                self.smtp = None

    def reply(self, number, text, **headers):
        mail = mails.reply(self.copy(number), self.addr, text,
                           self.name.capitalize())
        for key, value in headers.items():
            del mail[key]
            mail[key.replace("_", "-")] = value
        return self.send(mail)

    def told(self, about):
        """The mail that says what became of a mail of his."""
        def find():
            return [mail for mail in self.look()
                    if about["Message-ID"] in mails.references(mail)]
        return wait_for(find, 30, "a word to " + self.name)[-1]


class Office(Gateway):
    """staff: {name: person's rank}; the ranks are agents, senior and head.
    queues: {name: {key: value}} beside support. archive: queues that have
    one. more as in Gateway; control: support's control address."""

    def __init__(self, staff, more=None, queues=None, archive=(),
                 control=None, workers=8):
        self.ranks = staff
        self.archived = archive
        self.control = control
        self.others = queues or {}
        agents = self.rank("agents")
        super().__init__(
            more, workers, team=agents,
            members=tuple("%s@%s" % (name, STAFF) for name in staff))
        self.staff = {name: Person(self, name) for name in staff}

    def rank(self, rank):
        return ";".join("%s@%s" % (name, STAFF)
                        for name, which in self.ranks.items()
                        if which == rank)

    def make_servers(self, players, log_filter):
        World.make_servers(self, players, log_filter)
        self.sink = Relay(self.postfix.reinject)
        addrs = [keys["address"] for keys in self.others.values()]
        addrs += [self.control] if self.control else []
        self.postfix.more_transport = "".join(
            "%s nymdesk:%s\n" % (addr, self.lmtp) for addr in addrs)

    def start_servers(self):
        World.start_servers(self)
        self.sink.start()

    def stop_servers(self):
        for person in self.staff.values():
            person.close()
        self.sink.stop()
        World.stop_servers(self)

    def is_idle(self):
        # Twice: what Postfix brought us may have made a promise, and a mail
        # by it may be with Postfix again.
        return not self.waiting() and Gateway.is_idle(self) \
            and not self.waiting()

    def is_filed(self):
        """The archive has all that it is to get."""
        return not any(entry.is_file() for entry in os.scandir(self.spool_dir))

    def waits_for_time(self):
        """Nothing is left but what failed for now, until a later second. What
        waits for the archive does not get there by that."""
        path = "file:%s/desk.db?mode=ro" % self.state_dir
        with contextlib.closing(sqlite3.connect(path, uri=True)) as db:
            count, ready = db.execute(
                "SELECT count(*), coalesce(sum(state <> 1 OR next_try <= ?),"
                " 0) FROM promise WHERE state IN (1, 2)",
                (self.frozen,)).fetchone()
        return count and not ready and self.is_filed() \
            and not self.waiting()

    def wait_idle(self, timeout=30):
        """Where the clock stands still, it runs for seconds until what is to
        be tried again was; then it is put back."""
        here, end = self.frozen, time.monotonic() + timeout
        while True:
            wait_for(lambda: self.is_idle() or self.waits_for_time(),
                     end - time.monotonic(), "an empty queue")
            if self.is_idle():
                break
            self.freeze(self.frozen + 5)
        if self.frozen != here:
            self.freeze(here)

    def install(self):
        self.spool_dir = self.dir + "/spool"
        self.password = self.dir + "/imap-password"
        super().install()
        write(self.password, PASSWORD + "\n", 0o600)
        self.make_dir(self.spool_dir, "nymdesk-post", 0o700)
        if os.geteuid() == 0:
            shutil.chown(self.password, "nymdesk-post", "nymdesk")

    def configure(self, **more):
        lines = {"nymdesk.spool_dir": self.spool_dir,
                 "queue support.first_reply": "2h",
                 "queue support.decision": "24h"}
        for rank in ("senior", "head"):
            if self.rank(rank):
                lines["queue support." + rank] = self.rank(rank)
        if self.control:
            lines["queue support.control"] = self.control
        for name, keys in self.others.items():
            lines.update({"queue %s.%s" % (name, key): value
                          for key, value in keys.items()})
        for name in self.archived:
            lines["queue %s.archive" % name] = \
                "imap://%s@127.0.0.1:%d/%s" % (
                    ARCHIVE.replace("@", "%40"), self.dovecot.port, name)
            lines["queue %s.archive_tls" % name] = "none"
            lines["queue %s.archive_password_file" % name] = self.password
        super().configure(**{**lines, **more})

    def archive_of(self, queue):
        return self.dovecot.mailbox(ARCHIVE, queue)
