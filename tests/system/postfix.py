"""A private Postfix: own configuration, queue and data, loopback only.

It uses the lines of contrib/postfix as they are shipped; only names, ports
and paths are put in, so that what an administrator copies is what is tested.
"""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess

from tools import (ROOT, answers, descendants, free_ports, process, read,
                   send_signal, stop_all, wait_for, write)

# What the machine of an administrator has already.
BASE_MAIN = """\
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {log}
maillog_file_prefixes = {dir}, {logdir}, /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {host}
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject_unauth_destination
smtpd_banner = $myhostname ESMTP
default_transport = error:5.7.1 nothing leaves this machine
relay_transport = error:5.7.1 no transport
relay_domains = {domain}
virtual_mailbox_domains = {mail_domains}
virtual_mailbox_maps = static:all
virtual_transport = lmtp:unix:{mail_lmtp}
smtpd_sasl_type = dovecot
smtpd_sasl_path = {mail_auth}
message_size_limit = 30000000
smtpd_client_connection_count_limit = 0
default_process_limit = 150
in_flow_delay = 0
local_header_rewrite_clients =
"""

BASE_MASTER = """\
127.0.0.1:{inbound} inet n - n - - smtpd
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
"""

# A test does not wait a minute for the next attempt.
QUICK = {"minimal_backoff_time": "1s", "queue_run_delay": "1s",
         "maximal_backoff_time": "3s", "transport_retry_time": "1s"}


# The shipped lines of each way in; LMTP has those that all have.
WAY_LINES = {"lmtp": (), "milter": ("milter.cf",), "smtp": ("proxy.cf",)}


def last_of_each(text):
    """Lines of main.cf, of each parameter only the last. Postfix warns of the
    others in every program, also in the one that takes the warnings, which then
    waits for itself."""
    entries = re.findall(r"(?m)^[^\s#].*\n(?:[ \t].*\n)*", text)
    return "".join({re.match(r"\w+", entry).group(): entry
                    for entry in entries}.values())


class Postfix:
    def __init__(self, scratch, names, log_filter=None, way="lmtp"):
        """names: host, domain, mail_domains, mail_lmtp, mail_auth, and
        nymdesk's lmtp, milter, smtp ("unix:/path" or "inet:..."). log_filter:
        a command the log is piped through, as docs/postfix.md shows it. way:
        how nymdesk gets the mails."""
        self.dir = os.path.join(scratch, "postfix")
        self.etc = os.path.join(self.dir, "etc")
        self.log = os.path.join(scratch, "log", "postfix.log")
        self.filtered = os.path.join(scratch, "filtered", "postfix.log")
        self.log_filter = log_filter
        self.way = way
        self.more_main = ""
        self.more_master = ""
        self.more_transport = ""
        self.names = names
        self.inbound, self.reinject, self.submit, self.proxy_submit = \
            free_ports(4)
        self.secret = secrets.token_hex(8)
        self.master = None
        self.pipeline = []

    def contrib(self, name):
        """A shipped file with the names of this world."""
        text = read(os.path.join(ROOT, "contrib", "postfix", name))
        for old, new in (
                ("/etc/postfix/nymdesk", self.etc + "/nymdesk"),
                ("unix:/run/nymdesk/lmtp", self.names["lmtp"]),
                ("unix:/run/nymdesk/milter/listen", self.names["milter"]),
                ("unix:/run/nymdesk/smtp", self.names["smtp"]),
                ("127.0.0.1:10026", "127.0.0.1:%d" % self.reinject),
                ("submission inet n ",
                 "127.0.0.1:%d inet n " % self.submit),
                ("10587     inet  n ",
                 "127.0.0.1:%d inet n " % self.proxy_submit),
                ("smtpd_tls_security_level=encrypt",
                 "smtpd_tls_security_level=none"),
                ("X-Nymdesk-Proof-CHANGEME",
                 "X-Nymdesk-Proof-" + self.secret)):
            text = text.replace(old, new)
        return text

    def configure(self):
        for path in ("spool", "data", "etc/nymdesk"):
            os.makedirs(os.path.join(self.dir, path), exist_ok=True)
        os.makedirs(os.path.dirname(self.log), exist_ok=True)
        shutil.chown(os.path.join(self.dir, "data"), "postfix")
        base = BASE_MAIN.format(
            dir=self.dir, log="/dev/stdout" if self.log_filter else self.log,
            logdir=os.path.dirname(self.log),
            **self.names)
        lines = self.contrib("main.cf") + "".join(
            map(self.contrib, WAY_LINES[self.way])) + "".join(
            "%s = %s\n" % row for row in QUICK.items())
        write(self.etc + "/main.cf",
              last_of_each(base + lines + self.more_main))
        write(self.etc + "/master.cf", self.master_lines())
        for name in ("transport", "inbound-checks", "outgoing-checks",
                     "submission-checks", "submission-proof", "proxy-proof",
                     "sender-logins"):
            write("%s/nymdesk/%s" % (self.etc, name), self.contrib(name)
                  + (self.more_transport if name == "transport" else ""))

    def master_lines(self):
        files = ("master.cf",) + (
            ("proxy-master.cf",) if self.way == "smtp" else ())
        return BASE_MASTER.format(inbound=self.inbound) \
            + "".join(map(self.contrib, files)) + self.more_master

    def run(self, *args, check=True):
        done = subprocess.run(args, capture_output=True, text=True,
                              env=dict(os.environ, TZ="UTC"), check=False)
        if check and done.returncode != 0:
            raise RuntimeError("%s: %s%s" % (
                " ".join(args), done.stdout, done.stderr))
        return done

    def start(self):
        self.configure()
        # Another zone than the shipped lines ask for.
        env = dict(os.environ, TZ="Asia/Tokyo", ASAN_OPTIONS="detect_leaks=0")
        if self.log_filter:
            self.start_filtered(env)
        else:
            subprocess.run(["postfix", "-c", self.etc, "start"], env=env,
                           check=True, capture_output=True)
        path = self.dir + "/spool/pid/master.pid"
        pid = wait_for(lambda: os.path.exists(path) and read(path).strip(),
                       what="master.pid")
        self.master = process(int(pid))
        for port in (self.inbound, self.reinject, self.submit):
            wait_for(lambda: answers(port), what="a Postfix listener")

    def start_filtered(self, env):
        """The log goes to the filter, and as it is to a file beside."""
        os.makedirs(os.path.dirname(self.filtered), exist_ok=True)
        with open(self.filtered, "wb") as out:
            server = subprocess.Popen(
                ["postfix", "-c", self.etc, "start-fg"], env=env,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL, start_new_session=True)
            tee = subprocess.Popen(["tee", self.log], stdin=server.stdout,
                                   stdout=subprocess.PIPE, env=env)
            last = subprocess.Popen(self.log_filter, stdin=tee.stdout,
                                    stdout=out, env=env)
        server.stdout.close()
        tee.stdout.close()
        self.pipeline = [server, tee, last]

    def stop(self):
        if not self.master and self.pipeline:
            self.master = process(self.pipeline[0].pid)
        if not self.master:
            return
        # What "postfix stop" does, without its pause of a second.
        stop_all([self.master] + descendants(self.master["pid"]))
        self.master = None
        for child in self.pipeline:
            child.wait(10)

    def flush(self):
        self.run("postqueue", "-c", self.etc, "-f")

    def queue(self):
        """The mails in the queue, as postqueue -j gives them. Now and then
        showq stops in the middle, on a machine that is busy."""
        for is_last in (False, False, True):
            done = self.run("postqueue", "-c", self.etc, "-j", check=is_last)
            if done.returncode == 0:
                break
        out = done.stdout
        return [json.loads(line) for line in out.splitlines()]

    def set_reinject(self, is_open):
        """Opens or closes the listener nymdesk hands its mails to."""
        text = self.master_lines()
        if not is_open:
            text = re.sub(r"(?m)^127\.0\.0\.1:%d inet.*\n(?:[ \t].*\n)*"
                          % self.reinject, "", text)
        write(self.etc + "/master.cf", text)
        self.run("postfix", "-c", self.etc, "reload")
        wait_for(lambda: answers(self.reinject) == is_open,
                 what="the listener to change")
        if not is_open:
            name = "127.0.0.1:%d" % self.reinject
            for proc in descendants(self.master["pid"]):
                if proc["name"] == "smtpd" and name in proc["args"]:
                    send_signal(proc, signal.SIGTERM)
