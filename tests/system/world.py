"""The world around nymdesk for system tests and for contrib/try.sh.

A private Postfix takes mails of players and agents and gives them to nymdesk
by one of three ways: by LMTP when they are in its queue, or before, by the
milter or the SMTP proxy. nymdesk hands its mails back to the same Postfix; a private Dovecot
keeps the mailboxes. All of it lives in one scratch directory, on loopback,
and is stopped again by the processes it started and no others.

Who is who:
    support@casino.example    the queue
    anna@, ben@agents.example agents; team@agents.example their mailbox
    anything@players.example  players, or in the domain that players= names
"""

import atexit
import json
import os
import shutil
import smtplib
import socket
import struct
import subprocess
import tempfile
import time

from courier import Courier, recipients
from dovecot import PASSWORD, Dovecot
from postfix import Postfix
from tools import (ROOT, Timeout, descendants, is_alive, pids, process, read,
                   send_signal, stop_all, wait_for, write)

HOST = "mx.casino.example"
QUEUE = "support@casino.example"
TEAM = "team@agents.example"
ANNA = "anna@agents.example"
BEN = "ben@agents.example"
ROLES = ("lmtp", "desk", "vault", "post", "image")
FRONTS = ("milter", "smtp", "socketmap")  # run if they have a `listen`
PROGRAMS = ("nymdesk", "nymdeskd") + tuple(
    "nymdesk-" + r for r in ROLES + FRONTS)

CONF = """\
[nymdesk]
run_dir={run}
state_dir={state}
key_dir={keys}
filters={share}/filters
templates={share}/templates
authserv_id={host}
log_level=info
[lmtp]
listen={lmtp}
workers={workers}
[post]
server=inet:127.0.0.1:{server}
[limits]
ack_burst=100000
mail_burst=100000
post_rate=1000000
[queue support]
address={queue}
role=Casino Support
agents={team}
members={members}
language=en
faq=https://casino.example/faq
faq.withdrawal=https://casino.example/faq/withdrawal
"""


def build_dir():
    """Where the executables are: ND_BUILD, or build/ of the tree."""
    return os.environ.get("ND_BUILD") or os.path.join(ROOT, "build")


def has_no_privileges(pid):
    """The last thing a role does when it starts (no_new_privs)."""
    try:
        return "NoNewPrivs:\t1" in read("/proc/%d/status" % pid)
    except OSError:
        return False


class World:
    """Use it as a context: whatever happens inside, everything stops.

    With clock=True nymdesk has a time of day of its own: advance(). way is
    how mails come in, else what ND_WAY says."""

    host, queue, team, members = HOST, QUEUE, TEAM, (ANNA, BEN)

    def __init__(self, scratch=None, workers=20, lmtp="unix", clock=False,
                 players="players.example", log_filter=None, way=None):
        self.way = way or os.environ.get("ND_WAY") or "lmtp"
        self.courier = Courier()
        self.is_own_dir = scratch is None
        # Socket paths have 107 characters: keep the directory short.
        self.dir = scratch or tempfile.mkdtemp(
            prefix="nymdesk-", dir=os.environ.get("ND_SCRATCH", "/tmp"))
        os.makedirs(self.dir, exist_ok=True)
        os.chmod(self.dir, 0o755)
        self.run_dir = self.dir + "/run"
        self.state_dir = self.dir + "/state"
        self.key_dir = self.dir + "/keys"
        self.log = self.dir + "/nymdesk-log/nymdesk.log"
        self.conf = self.dir + "/nymdesk.conf"
        self.bin = self.dir + "/bin"
        self.workers = workers
        self.lmtp = "unix:%s/lmtp" % self.run_dir if lmtp == "unix" else lmtp
        self.milter = "unix:%s/milter/listen" % self.run_dir
        self.smtp = "unix:%s/smtp" % self.run_dir
        self.roles = ROLES if self.way == "lmtp" else ROLES + (self.way,)
        self.make_servers(players, log_filter)
        self.daemon = None
        self.mounts = []
        self.shift = 0
        self.frozen = 0
        self.env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        if clock:
            self.make_clock()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *failure):
        self.stop()

    def start(self):
        # Also when the program ends in the middle of a test.
        atexit.register(self.stop)
        self.start_servers()
        self.install()
        self.start_nymdesk()

    def stop(self):
        """Stops all it started; also after a failure half way."""
        atexit.unregister(self.stop)
        self.courier.stop()
        try:
            self.stop_nymdesk()
        finally:
            try:
                self.stop_servers()
            finally:
                for path in reversed(self.mounts):
                    subprocess.run(["umount", path], check=False)
                self.mounts = []
                if self.is_own_dir and not os.environ.get("ND_KEEP"):
                    shutil.rmtree(self.dir, ignore_errors=True)

    # --- what stands around nymdesk --------------------------------------

    def make_servers(self, players, log_filter):
        self.dovecot = Dovecot(self.dir)
        self.postfix = Postfix(self.dir, {
            "host": HOST, "domain": "casino.example",
            "mail_domains": "agents.example " + players,
            "mail_lmtp": self.dovecot.lmtp, "mail_auth": self.dovecot.auth,
            "lmtp": self.lmtp, "milter": self.milter, "smtp": self.smtp},
            log_filter, self.way)

    def start_servers(self):
        self.dovecot.start()
        self.postfix.start()

    def stop_servers(self):
        try:
            self.postfix.stop()
        finally:
            self.dovecot.stop()

    def server_port(self):
        """Where nymdesk hands its mails to."""
        return self.postfix.reinject

    # --- time ----------------------------------------------------------

    def make_clock(self):
        library = self.dir + "/faketime.so"
        subprocess.run(
            [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-Wall",
             "-o", library, ROOT + "/tests/system/faketime.c"], check=True)
        # What is counted by the hour must not meet the end of one.
        self.advance((60 - int(time.time())) % 3600)
        self.env.update(
            LD_PRELOAD=library, ND_CLOCK_SHIFT=self.dir + "/clock-shift",
            ASAN_OPTIONS="detect_leaks=0:verify_asan_link_order=0")

    def advance(self, seconds):
        """Lets so much time pass (or none, or go back) for all of nymdesk.
        Nothing has happened yet when it returns: wait_for() what should."""
        self.shift += seconds
        self.frozen += seconds if self.frozen else 0
        self.write_clock()

    def freeze(self, at):
        """From now on it is second `at` for all of nymdesk, until advance()
        moves it: then all times of a test are known beforehand."""
        self.frozen = at
        self.write_clock()

    def write_clock(self):
        path = self.dir + "/clock-shift"
        # In place: running programs have the file mapped.
        with open(path, "r+b" if os.path.exists(path) else "wb") as file:
            file.write(struct.pack("=qq", self.shift, self.frozen))

    # --- nymdesk -------------------------------------------------------

    def install(self):
        """Copies the programs, so that other users may run them and a test
        may take one away."""
        os.makedirs(self.bin, exist_ok=True)
        for name in PROGRAMS:
            if name[8:] not in FRONTS or \
                    os.path.exists(os.path.join(build_dir(), name)):
                shutil.copy(os.path.join(build_dir(), name), self.bin)
        for name in ("filters", "templates"):
            shutil.copytree(os.path.join(ROOT, name),
                            os.path.join(self.dir, "share", name),
                            dirs_exist_ok=True)
        if os.geteuid() == 0:
            subprocess.run(["sh", ROOT + "/contrib/users.sh"], check=True,
                           capture_output=True)
        self.make_dir(self.run_dir, None, 0o755)
        self.make_dir(self.state_dir, "nymdesk-desk", 0o700)
        self.make_dir(self.key_dir, "nymdesk-vault", 0o700)
        self.configure()

    def make_dir(self, path, owner, mode):
        os.makedirs(path, exist_ok=True)
        if owner and os.geteuid() == 0:
            shutil.chown(path, owner, "nymdesk")
        os.chmod(path, mode)

    def configure(self, **more):
        """Writes nymdesk.conf; more: {"group.key": value} as extra lines."""
        text = CONF.format(
            run=self.run_dir, state=self.state_dir, keys=self.key_dir,
            share=self.dir + "/share", host=self.host, lmtp=self.lmtp,
            workers=self.workers, server=self.server_port(),
            queue=self.queue, team=self.team, members=";".join(self.members))
        if self.way != "lmtp":
            more[self.way + ".listen"] = self.listen()
        for key, value in more.items():
            group, key = key.rsplit(".", 1)
            text += "[%s]\n%s=%s\n" % (group, key, value)
        write(self.conf, text)

    def mount_state(self, size):
        """Puts the state directory on a small file system of its own; False
        if this machine does not let us."""
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=%s,mode=0700" % size,
             "tmpfs", self.state_dir], capture_output=True, check=False)
        if done.returncode != 0:
            return False
        self.mounts.append(self.state_dir)
        self.make_dir(self.state_dir, "nymdesk-desk", 0o700)
        return True

    def start_nymdesk(self):
        os.makedirs(os.path.dirname(self.log), exist_ok=True)
        with open(self.log, "ab") as log:
            child = subprocess.Popen(
                [self.bin + "/nymdeskd", "-c", self.conf, "-b", self.bin],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.env, start_new_session=True)
        self.daemon = child
        wait_for(self.is_ready, 30, "nymdesk to answer; see " + self.log)

    def is_ready(self):
        if self.daemon.poll() is not None:
            raise RuntimeError("nymdeskd ended with %d:\n%s" % (
                self.daemon.returncode, read(self.log)[-3000:]))
        try:
            for way in {"lmtp", self.way}:
                with self.connect(way) as sock:
                    if way != "milter" and sock.recv(4) != b"220 ":
                        return False
            return self.has_roles()
        except OSError:
            return False

    def has_roles(self):
        """One of each role at least, and each in its cage already."""
        family = self.family()
        names = [proc["name"] for proc in family]
        return all(("nymdesk-" + role)[:15] in names for role in self.roles) \
            and all(has_no_privileges(proc["pid"]) for proc in family)

    def listen(self):
        """Where this world's way in begins."""
        return getattr(self, self.way)

    def connect_lmtp(self):
        return self.connect("lmtp")

    def connect(self, way):
        kind, where = getattr(self, way).split(":", 1)
        if kind == "unix":
            sock = socket.socket(socket.AF_UNIX)
            address = where
        else:
            sock = socket.socket()
            host, port = where.rsplit(":", 1)
            address = host, int(port)
        sock.settimeout(10)
        try:
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        return sock

    def stop_nymdesk(self, timeout=15):
        """TERM and wait; says True if all of it went by itself."""
        is_clean = True
        if self.daemon:
            self.daemon.terminate()
            try:
                self.daemon.wait(timeout)
                wait_for(lambda: not self.remains(), 3)
            except (subprocess.TimeoutExpired, Timeout):
                is_clean = False
                self.daemon.kill()
                self.daemon.wait(5)
            self.daemon = None
        stop_all(self.remains())
        return is_clean

    def remains(self):
        """Processes that run a program of this world, whoever is their
        parent by now."""
        return [proc for proc in map(process, pids())
                if proc and proc["args"]
                and proc["args"][0].startswith(self.bin + "/")]

    def family(self):
        """Processes of nymdesk below the supervisor."""
        return descendants(self.daemon.pid) if self.daemon else []

    def role(self, name):
        """The processes of one role; "nymdeskd" is the supervisor."""
        if name == "nymdeskd":
            proc = process(self.daemon.pid)
            return [proc] if proc else []
        name = ("nymdesk-" + name)[:15]
        return [proc for proc in self.family() if proc["name"] == name]

    def kill(self, role, number=9, count=None):
        """Signals a role's processes, or count of them; returns them."""
        procs = self.role(role)[:count]
        for proc in procs:
            send_signal(proc, number)
        if role == "nymdeskd":
            # Its children must end with it, or a second one could not start.
            self.daemon.wait(10)
            self.daemon = None
            try:
                wait_for(lambda: not self.remains(), 10)
            except Timeout:
                left = [proc["name"] for proc in self.remains()]
                stop_all(self.remains())
                raise AssertionError(
                    "outlived their supervisor: " + " ".join(left)) from None
        elif number == 9:
            wait_for(lambda: not any(map(is_alive, procs)), 5)
        return procs

    def take_away(self, role):
        """Kills a role for good: its program is gone until give_back()."""
        path = self.bin + "/nymdesk-" + role
        os.rename(path, path + ".away")
        self.kill(role)

    def give_back(self, role):
        path = self.bin + "/nymdesk-" + role
        if os.path.exists(path + ".away"):
            os.rename(path + ".away", path)

    def nymdesk(self, *args):
        """Runs the command with --json and returns what it says."""
        done = subprocess.run(
            [self.bin + "/nymdesk", "-c", self.conf, *args, "--json"],
            capture_output=True, text=True, timeout=30, check=False,
            env=self.env)
        if done.returncode != 0:
            raise RuntimeError("nymdesk %s: %s%s" % (
                " ".join(args), done.stdout, done.stderr))
        return json.loads(done.stdout)

    def tickets(self):
        """The list of tickets."""
        answer = self.nymdesk("list")
        return answer if isinstance(answer, list) else answer["tickets"]

    # --- mail ----------------------------------------------------------

    def send(self, message, sender=None, to=None):
        """Sends as a player's server, through the listener of the
        Internet."""
        self.hand_in(self.session, message, sender, to)

    def submit(self, message, user=ANNA, to=None):
        """Sends as an agent who has logged in."""
        self.hand_in(lambda: self.session(user), message, user, to)

    def session(self, user=None, port=None):
        """A connection that may send, as a user who has logged in."""
        smtp = smtplib.SMTP(
            "127.0.0.1", port or (self.postfix.submit if user else
                                  self.postfix.inbound), "client.agents.example" if user else
            "client.players.example", timeout=60)
        try:
            smtp.ehlo()
            if user:
                smtp.login(user, PASSWORD)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def hand_in(self, connect, message, sender, to):
        """By LMTP Postfix keeps what we do not take; else its client."""
        if self.way == "lmtp":
            with connect() as smtp:
                smtp.send_message(message, sender, to)
        else:
            self.courier.send(
                connect, lambda smtp, rcpts: smtp.send_message(
                    message, sender, rcpts), recipients(message, to))

    def forge(self, send, *args):
        """send() of a mail in the name of a member without a proof. By LMTP
        it is taken, or its bounce would go to whom it names; else it is
        refused on the line, and nobody is told."""
        try:
            send(*args)
        except smtplib.SMTPDataError as error:
            words = b"%d %s" % (error.smtp_code, error.smtp_error)
            if not words.startswith(b"550 5.7.1 "):
                raise
            is_refused = True
        else:
            is_refused = False
        if is_refused != self.judges(send):
            raise AssertionError("refused: %r" % is_refused)

    def judges(self, send):
        """Is what this sends judged while its sender waits? Agents'
        submission has no proxy."""
        return self.way == "milter" or (
            self.way == "smtp" and send != self.submit)

    def mailbox(self, user):
        return self.dovecot.mailbox(user)

    def wait_mails(self, user, count, timeout=30):
        """Waits for count mails in a mailbox and for an empty queue; more
        than count is a failure, as is less."""
        wait_for(lambda: self.dovecot.count(user) >= count, timeout,
                 "%d mails for %s" % (count, user))
        self.wait_idle(timeout)
        mails = self.mailbox(user)
        if len(mails) != count:
            raise AssertionError("%s has %d mails instead of %d: %s" % (
                user, len(mails), count, [m["subject"] for m in mails]))
        return mails

    def wait_idle(self, timeout=30):
        """Until Postfix's queue is empty and no promise is open."""
        wait_for(self.is_idle, timeout, "an empty queue")

    def waiting(self):
        """Mails that are not with us yet, and those in Postfix's queue, as
        postqueue -j gives them."""
        return self.courier.queue() + self.postfix.queue()

    def flush(self):
        """All that waits is tried again now."""
        self.courier.flush()
        self.postfix.flush()

    def is_idle(self):
        if self.waiting():
            return False
        try:
            return self.nymdesk("status")["promises_open"] == 0
        except RuntimeError:
            return False

    # --- what is left --------------------------------------------------

    def own_dirs(self):
        """The directories nymdesk writes to."""
        return [self.run_dir, self.state_dir, self.key_dir,
                os.path.dirname(self.log)]

    def logs(self):
        return read(self.log)

    def faults(self):
        """Lines of the log that no test may cause."""
        words = ("AddressSanitizer", "ThreadSanitizer", "runtime error:",
                 "Assertion", "assertion failed", "library.said",
                 "stack smashing")
        return [line for line in self.logs().splitlines()
                if any(word in line for word in words)]
