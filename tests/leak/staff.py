"""The world of the leak test: a queue with all that it can have, and its
people. One agent's name before the at-sign is a token, as nymdesk calls him
by it."""

import glob
import os
import shutil

import slots
import tokens
from dovecot import PASSWORD
from tools import write
from world import ANNA, BEN, TEAM, World

SENIOR, HEAD = "senior@agents.example", "head@agents.example"
LISTS = (TEAM, SENIOR, HEAD)  # of the levels
ARCHIVE = "archive@agents.example"
CONTROL = "desk@casino.example"
BOX = "kept"
SIZE_MAX = 1 << 20
COMPLEX = "complaint"  # goes a level up if nobody takes it up

# What our Postfix, as one with a policy service does, puts above a mail: what
# its client and its sender said. The results stay only before a proxy.
PREPENDED = (
    ("client", "Received-SPF: none (no record) client-ip=$1"),
    ("helo", "X-Policy-Helo: $1"),
    ("sender", "Authentication-Results: mx.casino.example; spf=none "
     "smtp.mailfrom=$1"),
)


class LeakWorld(World):
    """Fast, and with a size limit that a test can reach."""

    def __init__(self, seed, way=None):
        mint = tokens.Mint(seed, slots.codes())
        self.agent = mint.word(0, "G1.local") + "@agents.example"
        self.members = (ANNA, BEN, self.agent, SENIOR, HEAD)
        self.staff = (*self.members, TEAM, ARCHIVE)
        super().__init__(clock=True, way=way)
        self.spool_dir = self.dir + "/spool"
        self.password = self.dir + "/imap-password"
        self.postfix.more_main += self.prepend()
        self.postfix.more_transport = "%s\tnymdesk:%s\n" % (
            CONTROL, self.lmtp)

    def install(self):
        super().install()
        self.make_dir(self.spool_dir, "nymdesk-post", 0o700)
        write(self.password, PASSWORD + "\n", 0o600)
        if os.geteuid() == 0:
            shutil.chown(self.password, "nymdesk-post", "nymdesk")

    def configure(self, **more):
        queue = {
            "senior": SENIOR, "head": HEAD, "control": CONTROL,
            # What runs out does so where flow_steer() wants it.
            "first_reply": "365d", "decision": "365d", "weekly": "false",
            "archive": "imap://%s@127.0.0.1:%d/%s" % (
                ARCHIVE.replace("@", "%40"), self.dovecot.port, BOX),
            "archive_tls": "none", "archive_password_file": self.password}
        more.update({"queue support." + key: value
                     for key, value in queue.items()})
        more.update({"nymdesk.spool_dir": self.spool_dir,
                     "category %s.complex" % COMPLEX: "true",
                     "lmtp.size_max": SIZE_MAX,
                     "vault.open_rate": 100000,
                     "vault.open_burst": 1000000})
        super().configure(**more)

    def prepend(self):
        lines = "smtpd_authorized_xclient_hosts = 127.0.0.1 198.51.100.0/24\n"
        for name, field in PREPENDED:
            path = "%s/prepend-%s" % (self.dir, name)
            write(path, "/^(.*)$/\tPREPEND %s\n" % field)
            lines += "smtpd_%s_restrictions = check_%s_access regexp:%s\n" \
                % (name, name, path)
        return lines

    def spooled(self):
        """Mails that wait for the archive."""
        return [entry.path for entry in os.scandir(self.spool_dir)
                if entry.is_file()]

    def archived(self):
        """A mail that is marked gets another name: one whose name changes while
        they are listed may not be seen, so they are listed until none does."""
        seen = None
        while True:
            paths = sorted(glob.glob("%s/mail/%s/.%s/*/*,*" % (
                self.dovecot.dir, ARCHIVE, BOX)))
            if paths == seen:
                return paths
            seen = paths
