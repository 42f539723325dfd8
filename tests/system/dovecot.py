"""A private Dovecot: mailboxes of agents and players, LMTP in, IMAP out,
and the password check of Postfix's submission listener."""

import email
import email.policy
import glob
import imaplib
import os
import shutil
import subprocess

from tools import answers, descendants, free_ports, stop_all, wait_for, write

PASSWORD = "example"

CONF = """\
instance_name = {name}
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {log}
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
recipient_delimiter = +
mail_location = maildir:{dir}/mail/%Lu
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 100
# Nothing of it outlives the test.
mail_fsync = never
# Whoever gets mail has a mailbox.
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = allow_all_users=yes uid=nobody gid=nogroup home={dir}/mail/%Lu
}}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service imap {{
  process_limit = 100
}}
service lmtp {{
  unix_listener {dir}/lmtp {{
    mode = 0600
    user = postfix
  }}
}}
service auth {{
  unix_listener {dir}/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
"""


def parse(data):
    return email.message_from_bytes(data, policy=email.policy.default)


class Dovecot:
    def __init__(self, scratch):
        self.dir = os.path.join(scratch, "dovecot")
        self.log = os.path.join(scratch, "log", "dovecot.log")
        self.lmtp = self.dir + "/lmtp"
        self.auth = self.dir + "/auth"
        self.port, = free_ports(1)
        self.master = None

    def start(self):
        os.makedirs(self.dir + "/mail", exist_ok=True)
        os.makedirs(os.path.dirname(self.log), exist_ok=True)
        shutil.chown(self.dir + "/mail", "nobody", "nogroup")
        conf = self.dir + "/dovecot.conf"
        write(conf, CONF.format(
            name="nymdesk-%d" % self.port, dir=self.dir, log=self.log,
            port=self.port, password=PASSWORD))
        with open(self.log, "ab") as log:
            self.master = subprocess.Popen(
                ["dovecot", "-F", "-c", conf], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        wait_for(lambda: answers(self.port), what="IMAP")
        wait_for(lambda: os.path.exists(self.lmtp), what="Dovecot's LMTP")

    def stop(self):
        if self.master:
            below = descendants(self.master.pid)
            self.master.terminate()
            try:
                self.master.wait(10)
            except subprocess.TimeoutExpired:
                self.master.kill()
                self.master.wait(10)
            stop_all(below)
            self.master = None

    def mailbox(self, user, folder="INBOX"):
        """All mails of a user's folder by IMAP, oldest first."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as imap:
            imap.login(user, PASSWORD)
            status, count = imap.select(folder, readonly=True)
            if status != "OK" or count[0] == b"0":
                return []
            _, data = imap.fetch("1:*", "(UID BODY.PEEK[])")
            return [parse(item[1]) for item in data
                    if isinstance(item, tuple)]

    def paths(self, user):
        return glob.glob("%s/mail/%s/cur/*" % (self.dir, user.lower())) \
            + glob.glob("%s/mail/%s/new/*" % (self.dir, user.lower()))

    def count(self, user):
        return len(self.paths(user))

    def files(self, user):
        """All mails in no order, from the disk: for hundreds of users."""
        mails = []
        for path in self.paths(user):
            with open(path, "rb") as file:
                mails.append(parse(file.read()))
        return mails
