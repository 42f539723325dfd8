"""A light world: nymdesk with all its roles, without Postfix and Dovecot.

Mails go in as a Postfix would hand them over, by LMTP, milter or SMTP, and
what nymdesk hands out is taken by a small SMTP server in this process. It has
a clock of its own, may stand for any domain, and several of them may run side
by side.

ND_FRONTS names another build, with --enable-sanitize=thread say: its fronts
stand beside the other roles of ND_BUILD.
"""

import email.policy
import json
import os
import re
import shutil
import socket
import socketserver
import sqlite3
import subprocess
import threading
import time

import mails
import wire
from tools import wait_for
from world import ANNA, World

FRONTS = ("nymdesk-milter", "nymdesk-smtp")

NUMBER = re.compile(r"\[([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})\]")
CAPABILITY = re.compile(r"[\w.]+\+[0-9a-z]{8}-[0-9a-z]{13}@[\w.]+")


def number_of(mail):
    found = NUMBER.search(str(mail["Subject"]))
    return found.group(1) if found else None


class Taken:
    """A mail as the sink took it: its envelope and octets."""

    def __init__(self, sender, rcpts, octets):
        self.sender = sender
        self.rcpts = rcpts
        self.octets = octets
        self.mail = mails.parse(octets)

    def is_notice(self):
        return (self.mail["Auto-Submitted"] or "no") != "no"


class Session(socketserver.StreamRequestHandler):
    """One connection of a post."""

    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.sink.sockets.append(self.connection)
        self.sender, self.rcpts = None, []

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        try:
            self.say("220 sink.example ESMTP")
            while True:
                line = self.rfile.readline(4096)
                if not line or not self.command(
                        line.decode("utf-8", "replace").strip()):
                    return
        except OSError:
            return

    def command(self, line):
        verb = line[:4].upper()
        if verb == "EHLO":
            self.say("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
                     "250 SMTPUTF8")
        elif verb == "MAIL":
            self.sender, self.rcpts = self.path(line), []
            self.say("250 2.1.0 Ok")
        elif verb == "RCPT":
            self.recipient(self.path(line))
        elif verb == "DATA":
            self.data()
        elif verb == "QUIT":
            self.say("221 2.0.0 Bye")
        else:
            self.say("250 2.0.0 Ok")
        return verb != "QUIT"

    def path(self, line):
        return line[line.index("<") + 1:line.rindex(">")]

    def recipient(self, rcpt):
        refusal = self.server.sink.refuse.get(rcpt)
        if refusal is None:
            self.rcpts.append(rcpt)
        self.say(refusal or "250 2.1.5 Ok")

    def data(self):
        if not self.rcpts:
            self.say("554 5.5.1 No valid recipients")
            return
        self.say("354 Go ahead")
        lines = []
        while True:
            line = self.rfile.readline()
            if not line:
                raise ConnectionResetError
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        self.server.sink.take(Taken(self.sender, self.rcpts, b"".join(lines)))
        self.say("250 2.0.0 Ok: queued")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


class Sink:
    """The SMTP server. mails: what it took, in order; refuse: recipients it
    does not take, with the reply they get."""

    def __init__(self):
        self.mails = []
        self.refuse = {}
        self.sockets = []
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), Session)
        self.server.sink = self
        self.port = self.server.server_address[1]
        self.thread = None

    def start(self):
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self):
        if self.thread:
            self.server.shutdown()
            self.thread.join()
            self.thread = None
        self.server.server_close()
        for sock in self.sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sockets = []

    def take(self, taken):
        with self.lock:
            self.mails.append(taken)


class Gateway(World):
    """Use it as World. more: further lines of nymdesk.conf, as configure()
    takes them; names: domain, team (the queue's agents), members and way."""

    def __init__(self, more=None, workers=4, **names):
        self.domain = names.get("domain", "casino.example")
        self.host = "mx." + self.domain
        self.queue = "support@" + self.domain
        self.team = names.get("team", World.team)
        self.members = names.get("members", World.members)
        self.more = more or {}
        self.seen = 0
        super().__init__(workers=workers, clock=True, way=names.get("way"))

    def make_servers(self, players, log_filter):
        self.sink = Sink()

    def start_servers(self):
        self.sink.start()

    def stop_servers(self):
        self.sink.stop()

    def server_port(self):
        return self.sink.port

    def configure(self, **more):
        # Promises that no test of something else outlives.
        super().configure(**{"queue support.first_reply": "365d",
                             "queue support.decision": "365d",
                             **self.more, **more})

    def status(self):
        """Also while the post is held, which is an alarm."""
        done = self.run("status", "--json")
        return json.loads(done.stdout)

    def run(self, *args):
        """The command as it is, whatever its exit status."""
        return subprocess.run([self.bin + "/nymdesk", "-c", self.conf, *args],
                              capture_output=True, text=True, timeout=30,
                              check=False, env=self.env)

    def is_idle(self):
        return self.status()["promises_open"] == 0

    def install(self):
        super().install()
        for name in FRONTS if "ND_FRONTS" in os.environ else ():
            shutil.copy(os.path.join(os.environ["ND_FRONTS"], name), self.bin)

    # --- mails in --------------------------------------------------------

    def deliver(self, octets, sender, rcpts, above=b""):
        """One transaction; one (code, text) for each recipient. above: what
        our Postfix puts above its own Received."""
        # A proxy gets what smtpd has written; the others what was asked for.
        trace = wire.TRACE if self.way == "smtp" else b""
        return wire.deliver(self, above + trace + octets, sender, rcpts)

    def results(self, text):
        """What our Postfix found, as give() wants it."""
        return b"Authentication-Results: %s; %s\r\n" % (
            self.host.encode(), text.encode())

    def offer(self, mail, sender=None, to=None, auth=None):
        """A mail from outside; what is said of it, as deliver() says it.
        auth: what our Postfix found, as it would stand in its
        Authentication-Results."""
        if isinstance(to, str):
            to = [to]
        octets = mail if isinstance(mail, bytes) else mail.as_bytes(
            policy=email.policy.SMTP)
        above = self.results(auth) if auth else b""
        if sender is None:
            sender = mail["From"].addresses[0].addr_spec
        if to is None:
            to = [addr.addr_spec for name in ("To", "Cc")
                  for field in mail.get_all(name, [])
                  for addr in field.addresses
                  if addr.addr_spec.lower().endswith("@" + self.domain)]
        return self.deliver(octets, sender, to, above)

    def give(self, *args, **more):
        """offer(), and all must be accepted."""
        replies = self.offer(*args, **more)
        if any(code != 250 for code, _ in replies):
            raise AssertionError("not taken: %r" % replies)

    def ask(self, *args, **more):
        """give(), and what nymdesk then sends: list of Taken."""
        self.give(*args, **more)
        return self.news()

    def answer(self, mail, agent=ANNA, **more):
        """As an agent who has logged in."""
        return self.ask(mail, agent, auth="auth=pass smtp.auth=" + agent,
                        **more)

    # --- mails out -------------------------------------------------------

    def news(self):
        """What was sent since the last call, when no promise is open."""
        wait_for(self.is_idle, 20, "promises to be kept")
        with self.sink.lock:
            taken = self.sink.mails[self.seen:]
            self.seen = len(self.sink.mails)
        return taken

    def copies(self, taken):
        """Those for the agents."""
        return [item for item in taken if item.rcpts == [self.team]]

    def open(self, sender, subject="Bonus", text=None, **headers):
        """A player's first mail: it, the copy and the acknowledgement."""
        text = text or "Where is my bonus of week %d?\n" % self.seen
        first = mails.message(sender, self.queue, subject, text, **headers)
        taken = self.ask(first)
        copy, = self.copies(taken)
        notice, = [item for item in taken if item.rcpts == [sender]]
        return first, copy, notice

    def ticket(self, number):
        """A ticket as the command line shows it."""
        return self.nymdesk("show", number)

    def set_state(self, number, state, ago=0):
        """Nothing in a mail closes a ticket yet: as the desk would."""
        self.stop_nymdesk()
        with sqlite3.connect(self.state_dir + "/desk.db") as db:
            done = db.execute(
                "UPDATE ticket SET state = ?, closed = ? WHERE number = ?",
                (state, int(time.time()) + self.shift - ago,
                 number.replace("-", "")))
        db.close()
        if done.rowcount != 1:
            raise AssertionError("no ticket " + number)
        self.start_nymdesk()

    def log_has(self, event):
        return [line for line in self.logs().splitlines() if event in line]
