"""Drives the ways in on which the sender waits, interleaved, and prints how
long he waits, how many mails are done, and what it costs, as ratios to the
same Postfix without a milter.

  plain     the same Postfix queues the mail and discards it
  opendkim  the same with OpenDKIM's milter, which verifies a signature
  others    nymdesk-milter beside mail that is not for it
  milter    nymdesk-milter takes the mail over
  proxy     nymdesk-smtp takes the mail

Every session is one connection with one mail. A wait is from the last dot to
the reply. A mail is done when Postfix has nothing of it left: for us, when
copy and acknowledgement, which the other ways do not have, are discarded too.
Who is told to come later is counted, and comes as another. At the end what each
role of nymdesk holds is compared with what it held after the first round.
"""

import argparse
import asyncio
import base64
import collections
import hashlib
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "system")]
import world  # noqa: E402
from bench import TICKS, cpu_ticks  # noqa: E402
from tools import (answers, free_ports, read, wait_for,  # noqa: E402
                   write)

WAYS = ("plain", "opendkim", "others", "milter", "proxy")
OURS = ("milter", "proxy")
FRONTS = ("nymdesk-milter", "nymdesk-smtp")
SIZE = 4096
ALLOCATORS = 4096  # KiB
ELSEWHERE = "somebody@elsewhere.example"

LISTENER = """\
127.0.0.1:{port} inet n - n - - smtpd
  -o mynetworks=127.0.0.0/8
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o {{ smtpd_milters = {milters} }}
  -o smtpd_proxy_filter={proxy}
  -o smtpd_proxy_timeout=300s
"""

# What does not verify is refused, so what is counted did verify.
OPENDKIM = """\
Mode v
Socket local:{dir}/opendkim/socket
Background no
Syslog no
UMask 000
UserID postfix
TestDNSData {dir}/opendkim/dns
On-BadSignature reject
On-NoSignature reject
On-KeyNotFound reject
On-Default reject
"""


class Measured(world.World):
    """A world with a listener for each way; nothing is delivered."""

    def __init__(self, workers):
        super().__init__(way="milter", workers=workers)
        self.ports = dict(zip(WAYS, free_ports(len(WAYS))))
        # Not by a second virtual_transport in main.cf: each program would warn
        # of it, postlogd too, which then waits for itself.
        self.postfix.more_transport = "".join(
            "%s.example discard:\n" % domain
            for domain in ("agents", "players", "elsewhere"))
        self.postfix.more_master = self.listeners()
        self.opendkim = None

    def listeners(self):
        ours = re.search(r"(?m)^smtpd_milters = (.*)$",
                         self.postfix.contrib("milter.cf")).group(1)
        milters = {"opendkim": "unix:%s/opendkim/socket" % self.dir,
                   "others": ours, "milter": ours}
        return "".join(LISTENER.format(
            port=self.ports[way], milters=milters.get(way, ""),
            proxy=self.smtp if way == "proxy" else "") for way in WAYS)

    def configure(self, **more):
        super().configure(**{
            "smtp.listen": self.smtp, "limits.repeat": "0s",
            "vault.open_rate": "100000", "vault.open_burst": "1000000",
            "lmtp.recycle": "100000"}, **more)

    def start_servers(self):
        self.key = self.dir + "/opendkim/key"
        write(self.dir + "/opendkim/conf", OPENDKIM.format(dir=self.dir))
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"],
                       check=True, capture_output=True)
        key = subprocess.run(["openssl", "rsa", "-in", self.key, "-pubout"],
                             check=True, capture_output=True).stdout
        write(self.dir + "/opendkim/dns",
              "s._domainkey.players.example v=DKIM1;k=rsa;p=%s\n"
              % b"".join(key.splitlines()[1:-1]).decode())
        os.chmod(self.dir + "/opendkim", 0o777)
        self.opendkim = subprocess.Popen(
            ["opendkim", "-f", "-x", self.dir + "/opendkim/conf"])
        super().start_servers()
        for port in self.ports.values():
            wait_for(lambda: answers(port), what="a listener")

    def stop_servers(self):
        try:
            super().stop_servers()
        finally:
            if self.opendkim:
                self.opendkim.terminate()
                self.opendkim.wait(10)

    def is_idle(self):
        return super().is_idle() and not os.listdir(
            self.postfix.dir + "/spool/incoming")

    def servers(self):
        return [self.postfix.master["pid"], self.daemon.pid,
                self.opendkim.pid]


# --- the mails -----------------------------------------------------------

LINE = b"Where is my bonus of week %03d? I have waited since then.\r\n"
TEXT = b"".join(LINE % count for count in range(SIZE // 60))


def mail(number):
    """A player's mail, each of another player."""
    return (b"From: player%d@players.example\r\nTo: support@casino.example\r\n"
            b"Subject: Bonus %d\r\nMessage-ID: <%d@players.example>\r\n"
            b"Date: Mon, 01 Jun 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
            % (number, number, number) + b"%d\r\n" % number + TEXT)


def signed(octets, key):
    """With a signature (RFC 6376, simple) of its author and text."""
    head, body = octets.split(b"\r\n\r\n", 1)
    author = head.split(b"\r\n", 1)[0]
    field = (b"DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; "
             b"d=players.example; s=s; h=From; bh=%s; b="
             % base64.b64encode(hashlib.sha256(body).digest()))
    sign = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key],
                          input=author + b"\r\n" + field, check=True,
                          capture_output=True).stdout
    return field + base64.b64encode(sign) + b"\r\n" + octets


class Later(Exception):
    """A temporary code: a sender would come again."""


class Load:
    """Senders at one way for some time."""

    count = 0  # of all loads: no mail comes twice

    def __init__(self, port, rcpt, fixed=None):
        self.port, self.rcpt, self.fixed = port, rcpt, fixed
        self.waits, self.later = [], 0

    async def expect(self, reader, code, lines=1):
        while lines:
            line = await reader.readline()
            if line.startswith(b"4"):
                raise Later
            if not line.startswith(code):
                raise RuntimeError("%r instead of %r" % (line, code))
            lines -= line[3:4] != b"-"

    async def session(self):
        Load.count += 1
        number = Load.count
        octets = self.fixed or mail(number)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port)
        try:
            await self.expect(reader, b"220")
            writer.write(b"EHLO client.players.example\r\n")
            await self.expect(reader, b"250")
            writer.write(b"MAIL FROM:<player%d@players.example>\r\n"
                         b"RCPT TO:<%s>\r\nDATA\r\n"
                         % (number, self.rcpt.encode()))
            await self.expect(reader, b"250", 2)
            await self.expect(reader, b"354")
            writer.write(octets + b".\r\n")
            began = time.monotonic()
            await self.expect(reader, b"250")
            self.waits.append(time.monotonic() - began)
            writer.write(b"QUIT\r\n")
            await self.expect(reader, b"221")
        finally:
            writer.close()

    async def sender(self, end):
        while time.monotonic() < end:
            try:
                await self.session()
            except Later:
                self.later += 1

    async def all(self, sessions, seconds):
        end = time.monotonic() + seconds
        await asyncio.gather(*(self.sender(end) for _ in range(sessions)))


def measure(place, way, args):
    """(median wait, 95th percentile, mails answered a second, done a second,
    CPU seconds for 1,000, mails, told to come later) of one round."""
    fixed = signed(mail(0), place.key) if way == "opendkim" else None
    load = Load(place.ports[way],
                place.queue if way in OURS else ELSEWHERE, fixed)
    before = cpu_ticks(place.servers())
    began = time.monotonic()
    asyncio.run(load.all(args.sessions, args.seconds / args.rounds))
    answered = time.monotonic() - began
    wait_for(place.is_idle, 240, "all mails to be done")
    took = time.monotonic() - began
    ticks = cpu_ticks(place.servers()) - before
    count = len(load.waits)
    cuts = statistics.quantiles(load.waits, n=20)
    return (cuts[9], cuts[18], count / answered, count / took,
            ticks / TICKS / count * 1000, count, load.later)


# --- what the roles hold --------------------------------------------------

def holds(place):
    """Role: (processes, most descriptors of one, RSS and PSS in KiB of all)"""
    found = collections.defaultdict(lambda: [0, 0, 0, 0])
    for proc in place.family() + place.role("nymdeskd"):
        top = "/proc/%d/" % proc["pid"]
        rollup = dict(re.findall(r"(?m)^(Rss|Pss): +(\d+)",
                                 read(top + "smaps_rollup")))
        sums = found[os.path.basename(proc["args"][0])]
        sums[0] += 1
        sums[1] = max(sums[1], len(os.listdir(top + "fd")))
        sums[2] += int(rollup["Rss"])
        sums[3] += int(rollup["Pss"])
    return dict(found)


def compare(first, last, mails):
    """Prints both; True if no role holds more than it may."""
    print("%-18s %9s  %11s  %17s  %17s" % (
        "held by", "processes", "descriptors", "RSS KiB", "PSS KiB"))
    is_good = True
    # A tenth of the mails that passed, or what allocators keep.
    allowed = max(ALLOCATORS, mails * SIZE // 10 // 1024)
    for role in sorted(first):
        a, b = first[role], last.get(role, [0, 0, 0, 0])
        # A worker connects to desk and vault when it has its first mail.
        clients = 0 if role in FRONTS else sum(row[0] for row in last.values())
        grown = b[1] > a[1] + clients or b[3] > a[3] + allowed
        is_good &= not grown
        print("%-18s %4d %4d  %5d %5d  %8d %8d  %8d %8d%s" % (
            role, a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3],
            "  grown" if grown else ""))
    print("after the first round and after the last, %d mails to us later"
          % mails)
    return is_good


def report(results):
    """Medians of rounds, and how they stand to those of "plain"."""
    rows = {way: [statistics.median(run[i] for run in results[way])
                  for i in range(5)] for way in WAYS}
    print("%-9s %7s %6s  %14s %14s %14s %14s %14s" % (
        "way", "mails", "later", "median wait ms", "95 % wait ms", "answered/s",
        "done/s", "CPU s/1000"))
    for way in WAYS:
        cells = []
        for i, value in enumerate(rows[way]):
            cells.append("%8.*f %4.2fx" % (
                2 if i == 4 else 0, value * (1000 if i < 2 else 1),
                value / rows["plain"][i]))
        print("%-9s %7d %6d  %s" % (
            way, sum(run[5] for run in results[way]),
            sum(run[6] for run in results[way]), "  ".join(cells)))
    print("x: times that of plain; medians of interleaved rounds")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60,
                        help="of each way, over all rounds")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--workers", type=int, default=32)
    args = parser.parse_args()
    # Who ends the program still stops what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    results = collections.defaultdict(list)
    with Measured(args.workers) as place:
        first = None
        for _ in range(args.rounds):
            for way in WAYS:
                results[way].append(measure(place, way, args))
            first = first or holds(place)
        is_good = compare(first, holds(place), sum(
            run[5] for way in OURS for run in results[way][1:]))
        faults = place.faults()
    report(results)
    for line in faults:
        print(line)
    sys.exit(0 if is_good and not faults else 1)


if __name__ == "__main__":
    main()
