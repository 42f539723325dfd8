"""Drives four ways with Postfix's smtp-source, interleaved, and prints medians
and ratios.

  a  nymdesk into smtp-sink
  b  nymdesk handing both mails to a private Postfix that discards them
  c  Dovecot LMTP with Pigeonhole doing keep + redirect + vacation over 32
     mailboxes, mail_fsync=always, handing over to the same Postfix
  d  smtp-source into smtp-sink: the harness alone

a and d count mails answered by the LMTP server; b and c count mails whose
two outgoing mails Postfix has finished. CPU is that of all processes of the
way but smtp-source, in seconds per 1,000 mails.
"""

import argparse
import collections
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "system"))
import tempfile  # noqa: E402

from tools import (ROOT, answers, descendants, free_ports,  # noqa: E402
                   process, read, stop_all, wait_for, write)

SIZES = {"4 KiB": 4096, "100 KiB": 102400}
SESSIONS = (1, 8, 32)
TICKS = os.sysconf("SC_CLK_TCK")

MAIN = """\
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {dir}/log/postfix.log
maillog_file_prefixes = {dir}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.casino.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = discard
relay_transport = discard
virtual_transport = discard
message_size_limit = 30000000
smtpd_client_connection_count_limit = 0
default_process_limit = 150
in_flow_delay = 0
recipient_delimiter = +
fast_flush_domains =
local_header_rewrite_clients =
notify_classes =
"""

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
proxymap  unix  -       -       n       -       -       proxymap
retry     unix  -       -       n       -       -       error
error     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
showq     unix  n       -       n       -       -       showq
postlog   unix-dgram n  -       n       -       1       postlogd
"""

DOVECOT = """\
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/log/dovecot.log
protocols = lmtp
listen = 127.0.0.1
ssl = no
mail_fsync = always
mail_location = maildir:~/Maildir
mail_plugins =
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
submission_host = 127.0.0.1:{postfix}
auth_username_format = %Lu
recipient_delimiter = +
hostname = mx.casino.example
postmaster_address = postmaster@casino.example
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={dir}/mail/%2.32Nu allow_all_users=yes
}}
service lmtp {{
  process_min_avail = 2
  client_limit = 1
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
protocol lmtp {{
  mail_plugins = sieve
}}
plugin {{
  sieve = file:{dir}/answer.sieve
  sieve_extensions = +vacation-seconds
  sieve_vacation_min_period = 0
  sieve_vacation_dont_check_recipient = yes
  sieve_vacation_send_from_recipient = yes
  sieve_redirect_duplicate_period = 0
}}
"""

SIEVE = """\
require ["vacation", "vacation-seconds", "copy"];
redirect :copy "team@agents.example";
vacation :seconds 0 :subject "We have received your request"
"Thank you for your mail. A person will answer you within two hours and
decide within a day. Please send us the transaction hash and the wallet
address if you have not done so yet. Never send documents or passwords.";
keep;
"""

NYMDESK = """\
[nymdesk]
run_dir={dir}/run
state_dir={dir}/state
key_dir={dir}/keys
filters={share}/filters
templates={share}/templates
authserv_id=mx.casino.example
log_level={level}
[lmtp]
listen=inet:127.0.0.1:{port}
workers=32
recycle=100000
[post]
server=inet:127.0.0.1:{next}
hand_over={hand_over}
notice={notice}
[limits]
ack_burst=100000
repeat=0s
post_rate=10000000
[vault]
open_rate=100000
open_burst=1000000
[queue support]
address=support@casino.example
role=Casino Support
agents=team@agents.example
"""


def cpu_by_name(pids):
    """Ticks of these processes, their children and those they waited for, by
    the name of the program. Postfix is one name: its processes come and
    go."""
    ticks = collections.Counter()
    todo = set(pids)
    for pid in pids:
        todo |= {proc["pid"] for proc in descendants(pid)}
    for pid in todo:
        try:
            stat = read("/proc/%d/stat" % pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
        name = stat[stat.index("(") + 1:stat.rindex(")")]
        if not name.startswith("nymdesk"):
            name = "others"
        fields = stat.rsplit(")", 1)[1].split()
        ticks[name] += sum(int(n) for n in fields[11:15])
    return ticks


def cpu_ticks(pids):
    return sum(cpu_by_name(pids).values())


def read_if_there(path):
    try:
        return read(path)
    except FileNotFoundError:
        return ""


class Sink:
    """Postfix's smtp-sink."""

    def __init__(self, options=()):
        self.port, = free_ports(1)
        self.child = subprocess.Popen(
            ["smtp-sink", "-u", "postfix", *options, "127.0.0.1:%d" % self.port, "256"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: answers(self.port), what="smtp-sink")

    def pids(self):
        return [self.child.pid]

    def stop(self):
        self.child.kill()
        self.child.wait()


class Postfix:
    """Takes everything and discards it."""

    def __init__(self, scratch):
        self.dir = scratch + "/postfix"
        self.port, = free_ports(1)
        for name in ("spool", "data", "log", "etc"):
            os.makedirs(os.path.join(self.dir, name), exist_ok=True)
        shutil.chown(self.dir + "/data", "postfix")
        write(self.dir + "/etc/main.cf", MAIN.format(dir=self.dir))
        write(self.dir + "/etc/master.cf", MASTER.format(port=self.port))
        subprocess.run(["postfix", "-c", self.dir + "/etc", "start"],
                       check=True, capture_output=True)
        pid = wait_for(lambda: read(
            self.dir + "/spool/pid/master.pid").strip(), what="Postfix")
        self.master = process(int(pid))
        wait_for(lambda: answers(self.port), what="Postfix's listener")
        self.log = open(self.dir + "/log/postfix.log", encoding="utf-8",
                        errors="replace")
        self.finished = 0

    def count(self):
        """Mails finished since the last reset()."""
        self.finished += sum("status=sent" in line for line in self.log)
        return self.finished

    def reset(self):
        self.count()
        self.finished = 0

    def pids(self):
        return [self.master["pid"]]

    def stop(self):
        self.log.close()
        stop_all([self.master] + descendants(self.master["pid"]))


class Dovecot:
    def __init__(self, scratch, postfix):
        self.dir = scratch + "/dovecot"
        self.port, = free_ports(1)
        for name in ("run", "state", "log", "mail"):
            os.makedirs(os.path.join(self.dir, name), exist_ok=True)
        shutil.chown(self.dir + "/mail", "mail", "mail")
        write(self.dir + "/answer.sieve", SIEVE)
        write(self.dir + "/dovecot.conf",
              DOVECOT.format(dir=self.dir, port=self.port, postfix=postfix))
        subprocess.run(["sievec", "-c", self.dir + "/dovecot.conf",
                        self.dir + "/answer.sieve"], check=True)
        subprocess.run(["dovecot", "-c", self.dir + "/dovecot.conf"],
                       check=True)
        pid = wait_for(lambda: read_if_there(
            self.dir + "/run/master.pid").strip(), what="Dovecot")
        self.master = process(int(pid))
        wait_for(lambda: answers(self.port), what="Dovecot's LMTP")

    def pids(self):
        return [self.master["pid"]]

    def stop(self):
        stop_all([self.master] + descendants(self.master["pid"]))


class Nymdesk:
    def __init__(self, scratch, name, next_port, args):
        self.dir = os.path.join(scratch, name)
        self.port, = free_ports(1)
        self.bin = os.environ.get("ND_BUILD") or ROOT + "/build"
        subprocess.run(["sh", ROOT + "/contrib/users.sh"], check=True,
                       capture_output=True)
        bin_dir = scratch + "/bin"
        if not os.path.exists(bin_dir):
            os.makedirs(bin_dir)
            for program in ("nymdeskd", "nymdesk", "nymdesk-lmtp",
                            "nymdesk-desk", "nymdesk-vault",
                            "nymdesk-post", "nymdesk-image"):
                shutil.copy(os.path.join(self.bin, program), bin_dir)
            for share in ("filters", "templates"):
                shutil.copytree(os.path.join(ROOT, share),
                                os.path.join(scratch, "share", share))
        self.conf = self.dir + "/nymdesk.conf"
        os.makedirs(self.dir)
        write(self.conf, NYMDESK.format(
            dir=self.dir, share=scratch + "/share", port=self.port,
            next=next_port, level=args.log_level,
            hand_over=args.hand_over, notice=args.notice))
        self.log = open(self.dir + "/log", "wb")
        self.child = subprocess.Popen(
            [bin_dir + "/nymdeskd", "-c", self.conf, "-b", bin_dir],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True)
        wait_for(self.greets, 30, "nymdesk; see " + self.dir)

    def greets(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                return s.recv(4) == b"220 "
        except OSError:
            return False

    def pids(self):
        return [self.child.pid]

    def stop(self):
        self.child.terminate()
        self.child.wait(60)
        self.log.close()


def source(port, sessions, mails, size, rcpt, options=()):
    """Runs smtp-source over LMTP until all its mails are answered: one for
    each session, since it has one sender and no player writes all mails."""
    children = []
    for number in range(sessions):
        share = mails // sessions + (number < mails % sessions)
        if share:
            children.append(subprocess.Popen(
                ["smtp-source", "-L", "-d", "-s", "1", "-m", str(share),
                 "-l", str(size), "-f", "player%d@players.example" % number,
                 "-t", rcpt, *options, "127.0.0.1:%d" % port],
                stdout=subprocess.DEVNULL))
    codes = [child.wait() for child in children]
    if any(codes):
        raise RuntimeError("smtp-source: %s" % codes)


class Way:
    """One of the four; run() measures one load."""

    def __init__(self, key, target, parts, rcpt, postfix=None, options=()):
        self.key, self.target, self.parts = key, target, parts
        self.rcpt, self.postfix, self.options = rcpt, postfix, options

    def pids(self):
        return [pid for part in self.parts for pid in part.pids()]

    def run(self, sessions, mails, size):
        if self.postfix:
            self.postfix.reset()
        before = cpu_ticks(self.pids())
        began = time.monotonic()
        source(self.target.port, sessions, mails, size, self.rcpt,
               self.options)
        if self.postfix:
            wait_for(lambda: self.postfix.count() >= 2 * mails, 120,
                     "way %s: %d of %d mails finished" % (
                         self.key, self.postfix.count(), 2 * mails))
        took = time.monotonic() - began
        ticks = cpu_ticks(self.pids()) - before
        return mails / took, ticks / TICKS / mails * 1000


def measure(ways, args):
    results = {}
    for name, size in SIZES.items():
        for sessions in SESSIONS:
            for _ in range(args.rounds):
                for way in ways:
                    mails = args.mails if size < 10000 else args.mails // 4
                    if sessions == 1:
                        mails //= 4
                    result = way.run(sessions, max(mails, sessions), size)
                    results.setdefault((name, sessions, way.key),
                                       []).append(result)
    return results


def report(results):
    print("%-8s %8s  %21s %21s %21s %21s  %6s" % (
        "size", "sessions", "a  to sink", "b  to Postfix", "c  Dovecot",
        "d  harness", "b : c"))
    print("%18s" % "" + "  %14s %6s" % ("mails/s", "CPU s") * 4)
    worst = None
    for name in SIZES:
        for sessions in SESSIONS:
            cells, rates = [], {}
            for key in "abcd":
                pairs = results[(name, sessions, key)]
                rates[key] = statistics.median(p[0] for p in pairs)
                cells.append("%14.0f %6.2f" % (
                    rates[key], statistics.median(p[1] for p in pairs)))
            ratio = rates["b"] / rates["c"]
            print("%-8s %8d  %s  %6.2f" % (
                name, sessions, "  ".join(cells), ratio))
            if name == "4 KiB" and sessions > 1:
                worst = ratio if worst is None else min(worst, ratio)
    print("CPU in seconds per 1,000 mails; medians of interleaved rounds")
    print("b : c at 4 KiB and 8 or 32 sessions, the lower: %.2f" % worst)
    return worst


def report_shares(way, mails):
    """Where the time of one way goes."""
    before = cpu_by_name(way.pids())
    way.run(8, mails, SIZES["4 KiB"])
    used = cpu_by_name(way.pids())
    used.subtract(before)
    total = sum(used.values()) or 1
    print("CPU of way %s at 4 KiB and 8 sessions: %s" % (
        way.key, ", ".join("%s %.0f %%" % (
            "Postfix" if name == "others" else name, 100.0 * n / total)
            for name, n in used.most_common() if n)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=1000,
                        help="at 4 KiB; a quarter at 100 KiB or 1 session")
    parser.add_argument("--hand-over", type=int, default=4)
    parser.add_argument("--notice", type=int, default=4)
    parser.add_argument("--log-level", default="warn")
    parser.add_argument("--floor", type=float, default=0,
                        help="fail if b : c is lower at 4 KiB")
    args = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="nymdesk-bench-", dir="/tmp")
    os.chmod(scratch, 0o755)
    parts = []
    try:
        def started(part):
            parts.append(part)
            return part
        postfix = started(Postfix(scratch))
        sink = started(Sink())
        lmtp_sink = started(Sink(["-L"]))
        to_sink = started(Nymdesk(scratch, "sink", sink.port, args))
        to_postfix = started(Nymdesk(scratch, "real", postfix.port, args))
        dovecot = started(Dovecot(scratch, postfix.port))
        support = "support@casino.example"
        ways = [
            Way("a", to_sink, [to_sink, sink], support),
            Way("b", to_postfix, [to_postfix, postfix], support, postfix),
            Way("c", dovecot, [dovecot, postfix], "u@casino.example",
                postfix, ["-N"]),
            Way("d", lmtp_sink, [lmtp_sink], support),
        ]
        for way in ways:
            way.run(2, 20, 4096)
        worst = report(measure(ways, args))
        report_shares(ways[1], args.mails)
    finally:
        for part in reversed(parts):
            part.stop()
        if not os.environ.get("ND_KEEP"):
            shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(1 if worst < args.floor else 0)


if __name__ == "__main__":
    main()
