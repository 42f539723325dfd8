"""Mailboxes read by programs that know nothing of nymdesk: notmuch, mutt, and
Dovecot's THREAD=REFS (RFC 5256's REFERENCES without its guess by subject).

A tree is a dict from each Message-ID to that of the mail above it, or None."""

import glob
import json
import mailbox
import os
import shutil
import subprocess

from dovecot import parse
from mailers import SENT, WAIT, environment, regex_of
from tools import write

WHOLE = "Whole"


def bare(message_id):
    return str(message_id).strip("<> \t\r\n")


# --- notmuch ---------------------------------------------------------------

class Notmuch:
    """notmuch(1) on a copy of a mailbox's folders, without some mails."""

    def __init__(self, home, account, folders=("INBOX", SENT), gone=()):
        self.dir = os.path.join(home, "notmuch")
        shutil.rmtree(self.dir, ignore_errors=True)
        maildir = "%s/mail/%s" % (account.world.dovecot.dir, account.box)
        for folder in folders:
            path = maildir + ("" if folder == "INBOX" else "/." + folder)
            for name in ("cur", "new", "tmp"):
                shutil.copytree(path + "/" + name, "%s/mail/%s/%s" % (
                    self.dir, folder, name))
        for path in glob.glob(self.dir + "/mail/*/*/*"):
            with open(path, "rb") as file:
                if bare(parse(file.read())["Message-ID"]) in gone:
                    os.unlink(path)
        write(self.dir + "/config",
              "[database]\npath=%s/mail\n[new]\ntags=\nignore=\n"
              "[maildir]\nsynchronize_flags=false\n" % self.dir)
        self.env = dict(environment(home),
                        NOTMUCH_CONFIG=self.dir + "/config")
        self.run("new", "--quiet")

    def run(self, *args):
        return subprocess.run(
            ["notmuch", *args], env=self.env, text=True, timeout=WAIT,
            check=True, stdout=subprocess.PIPE).stdout

    def trees(self):
        """One tree a thread."""
        shown = json.loads(self.run(
            "show", "--format=json", "--body=false", "--entire-thread=true",
            "*"))
        trees = []
        for thread in shown:
            trees.append({})
            self.walk(thread, None, trees[-1])
        return trees

    def walk(self, nodes, above, tree):
        for message, below in nodes:
            here = message["id"] if message else above
            if message:
                tree[here] = above
            self.walk(below, here, tree)


# --- Dovecot ---------------------------------------------------------------

def gather(account):
    """Puts what came and what was sent into one folder, WHOLE."""
    with account.imap() as imap:
        imap.delete(WHOLE)
        imap.create(WHOLE)
        for folder in ("INBOX", SENT):
            _, count = imap.select(folder, readonly=True)
            if count[0] != b"0":
                imap.copy("1:*", WHOLE)


def parse_threads(text):
    """RFC 5256 BNF "thread-data": nested lists of numbers."""
    stack = [[]]
    for token in text.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(int(token))
    return stack[0]


def hang(thread, above, ids, tree):
    for item in thread:
        if isinstance(item, int):
            tree[ids[item]] = above
            above = ids[item]
        else:
            hang(item, above, ids, tree)


def dovecot_trees(account, folder=WHOLE):
    with account.imap() as imap:
        imap.select(folder, readonly=True)
        _, data = imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (Message-ID)])")
        ids = {int(item[0].split()[0]): bare(item[1].decode().split(":", 1)[1])
               for item in data if isinstance(item, tuple)}
        _, data = imap.thread("REFS", "UTF-8", "ALL")
    trees = []
    for thread in parse_threads(data[0].decode()):
        trees.append({})
        hang(thread, None, ids, trees[-1])
    return trees


# --- mutt ------------------------------------------------------------------

def mutt_threads(mutt, account, ids, folder=WHOLE):
    """For each of these mails, the Message-IDs of its thread."""
    keys = ""
    paths = []
    for serial, message_id in enumerate(ids):
        paths.append("%s/thread-%d" % (mutt.home, serial))
        if os.path.exists(paths[-1]):
            os.unlink(paths[-1])
        keys += ("<tag-pattern>~(~i %s)<enter><tag-prefix><copy-message>%s"
                 "<enter><untag-pattern>~A<enter>" % (
                     regex_of(message_id), paths[-1]))
    mutt.press(account, folder, keys)
    found = []
    for path in paths:
        box = mailbox.mbox(path, create=False)
        found.append({bare(mail["Message-ID"]) for mail in box})
        box.close()
    return found
