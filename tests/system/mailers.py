"""Mail clients for the tests: mutt and s-nail as Debian has them, and mails
in the shape of clients that Debian has not, built from their public formats.

Each reads a mailbox, sends as one person, and leaves what it sent in the
folder Sent of that mailbox. `write()` begins, `reply()` answers a mail that
stands in the mailbox; to whom, under which subject and with which ids is the
client's own choice.
"""

import base64
import email.policy
import email.utils
import html
import imaplib
import os
import pty
import re
import secrets
import select
import smtplib
import struct
import subprocess
import time
import urllib.parse
import uuid
from email.message import EmailMessage

import mails
from dovecot import PASSWORD
from tools import write

WAIT = 20
SENT = "Sent"
WIRE = email.policy.SMTP
BOTH = ("In-Reply-To", "References")


class Account:
    """A person at a mailbox, which may be that of a team: who he is, where
    he reads and how he sends. Agents log in, players' mail comes from
    outside."""

    def __init__(self, world, addr, name, box=None, is_agent=False):
        self.world, self.addr, self.name = world, addr, name
        self.box = box or addr
        self.is_agent = is_agent

    def imap(self):
        imap = imaplib.IMAP4("127.0.0.1", self.world.dovecot.port,
                             timeout=WAIT)
        imap.login(self.box, PASSWORD)
        return imap

    def make_folders(self, *names):
        with self.imap() as imap:
            for name in names:
                imap.create(name)

    def imap_url(self, folder):
        return "imap://%s:%s@127.0.0.1:%d/%s" % (
            urllib.parse.quote(self.box, safe=""), PASSWORD,
            self.world.dovecot.port, folder)

    def smtp_url(self):
        if not self.is_agent:
            return "smtp://127.0.0.1:%d/" % self.world.postfix.inbound
        return "smtp://%s:%s@127.0.0.1:%d/" % (
            urllib.parse.quote(self.addr, safe=""), PASSWORD,
            self.world.postfix.submit)

    def send(self, mail):
        """As it is, without another library's hand on it."""
        data = mail.as_bytes(policy=WIRE)
        port = self.world.postfix.submit if self.is_agent \
            else self.world.postfix.inbound
        with smtplib.SMTP("127.0.0.1", port, "client.example",
                          timeout=WAIT) as smtp:
            smtp.ehlo()
            if self.is_agent:
                smtp.login(self.addr, PASSWORD)
            _, to = email.utils.parseaddr(str(mail["To"]))
            smtp.sendmail(self.addr, [to], data)
        with self.imap() as imap:
            imap.append(SENT, r"(\Seen)", None, data)


# --- programs --------------------------------------------------------------

def environment(home):
    return {"HOME": home, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
            "TERM": "xterm", "TZ": "UTC", "TMPDIR": home}


def run_on_terminal(args, env):
    """Runs a program that insists on a screen; what it drew if it fails."""
    master, slave = pty.openpty()
    try:
        child = subprocess.Popen(args, stdin=slave, stdout=slave,
                                 stderr=slave, env=env,
                                 start_new_session=True)
        os.close(slave)
        drawn = drain(master, child)
    finally:
        os.close(master)
    if child.returncode != 0:
        screen = drawn[-2000:].decode("utf-8", "replace")
        raise AssertionError("%s: %d\n%s" % (
            args[0], child.returncode, screen))


def drain(master, child):
    drawn, end = b"", time.monotonic() + WAIT
    while child.poll() is None:
        if time.monotonic() > end:
            child.kill()
            child.wait(5)
            break
        if select.select([master], [], [], 0.02)[0]:
            try:
                drawn += os.read(master, 65536)
            except OSError:
                # The other end is closed: the program is about to end.
                child.wait(5)
    return drawn


def regex_of(message_id):
    """No character of it means anything to mutt's patterns or to push."""
    return re.sub(r"[^A-Za-z0-9@]", ".", message_id.strip("<>"))


class Mutt:
    """mutt(1) on IMAP and SMTP, driven by its own key bindings."""

    name = "mutt"
    links = BOTH
    RC = """\
set from="%(addr)s" realname="%(name)s" hostname="%(domain)s"
set use_from=yes use_envelope_from=yes charset=utf-8 user_agent=yes
set folder="%(folder)s" spoolfile="%(folder)sINBOX" record="%(folder)sSent"
set imap_authenticators="login" smtp_authenticators="plain"
set smtp_url="%(smtp)s" ssl_starttls=no ssl_force_tls=no crypt_use_gpgme=no
set editor="%(home)s/editor" fast_reply=yes include=yes recall=no
set abort_unmodified=no abort_noattach=no postponed="" sleep_time=0
set wait_key=no quit=yes delete=no move=no confirmappend=no confirmcreate=no
set header_cache="" mail_check=0 sort=threads strict_threads=yes
"""
    # The words above what mutt has quoted. A draft that is not older than
    # the moment mutt looked at it makes mutt ask what became of it.
    EDITOR = """\
#!/bin/sh
{ cat '%(home)s/words'; cat "$1"; } >'%(home)s/draft' &&
	cat '%(home)s/draft' >"$1" && touch -d '1 minute ago' "$1"
"""

    def __init__(self, home):
        self.home = home
        self.env = environment(home)
        write(home + "/editor", self.EDITOR % {"home": home}, 0o755)

    def configure(self, account, keys=""):
        write(self.home + "/muttrc", self.RC % {
            "addr": account.addr, "name": account.name,
            "domain": account.addr.rsplit("@", 1)[1],
            "folder": account.imap_url(""), "smtp": account.smtp_url(),
            "home": self.home} + keys)
        return ["mutt", "-n", "-F", self.home + "/muttrc"]

    def write(self, account, to, subject, text):
        subprocess.run(
            self.configure(account) + ["-s", subject, "--", to],
            input=text, text=True, env=self.env, timeout=WAIT, check=True,
            capture_output=True)

    def reply(self, account, mail, text, key="group-reply"):
        """To all: the queue's own address is in the copy's To."""
        write(self.home + "/words", text + "\n")
        self.press(account, "INBOX", "<limit>~i %s<enter><%s><send-message>" % (
            regex_of(mail["Message-ID"]), key))

    def press(self, account, folder, keys):
        args = self.configure(account, 'push "%s<quit>"\n' % keys)
        run_on_terminal(args + ["-f", account.imap_url(folder)], self.env)


class Snail:
    """s-nail(1), known as mailx and mail, on IMAP and SMTP."""

    name = "s-nail"
    links = BOTH

    def __init__(self, home):
        self.env = dict(environment(home), TERM="dumb")

    def run(self, account, script):
        settings = {
            "v15-compat": "yes", "ttycharset": "utf-8",
            "sendcharsets": "utf-8", "imap-auth": "login",
            "smtp-auth": "plain" if account.is_agent else "none",
            "from": email.utils.formataddr((account.name, account.addr)),
            "hostname": account.addr.rsplit("@", 1)[1],
            "mta": account.smtp_url().rstrip("/"),
            "record": account.imap_url(SENT),
            # "ask" by default, and nobody is there.
            "reply-to-honour": "yes", "quote": "yes"}
        args = ["s-nail", "-n", "-#"]
        args += ["-S%s=%s" % item for item in settings.items()]
        done = subprocess.run(
            args + ["-f", account.imap_url("INBOX")], input=script, text=True,
            env=self.env, timeout=WAIT, check=False, capture_output=True)
        if done.returncode != 0 or done.stderr:
            raise AssertionError("s-nail: %d\n%s%s" % (
                done.returncode, done.stdout, done.stderr))

    def write(self, account, to, subject, text):
        self.run(account, "mail %s\n~s %s\n%s~.\nxit\n" % (to, subject, text))

    def reply(self, account, mail, text, key="reply"):
        with account.imap() as imap:
            imap.select("INBOX", readonly=True)
            _, found = imap.search(
                None, "HEADER", "Message-ID", mail["Message-ID"])
        self.run(account, "%s %d\n%s~.\nxit\n" % (key, int(found[0]), text))


# --- shapes ----------------------------------------------------------------

def stamp():
    return email.utils.localtime()


def quoted(mail, mark="> "):
    return "".join((mark + line).rstrip() + "\n"
                   for line in mails.text_of(mail).splitlines())


def paragraphs(text, tag="<div>%s</div>"):
    return "\n".join(tag % (html.escape(line) or "<br>")
                     for line in text.splitlines())


def sender_of(mail):
    return email.utils.parseaddr(str(mail["From"]))


class Shape:
    """What the shaped clients have in common: RFC 5322 3.6.4."""

    prefix = "Re: "
    links = BOTH

    def __init__(self, home):
        pass

    def write(self, account, to, subject, text):
        account.send(self.build(account, to, subject, text, None))

    def reply(self, account, mail, text):
        subject = str(mail["Subject"])
        if not subject.startswith(self.prefix):
            subject = self.prefix + re.sub(r"^(Re|AW): ", "", subject)
        account.send(self.build(
            account, self.answer_to(account, mail), subject, text, mail))

    def answer_to(self, account, mail):
        return str(mail["Reply-To"] or mail["From"])

    def build(self, account, to, subject, text, parent):
        mail = EmailMessage(WIRE)
        mail["From"] = email.utils.formataddr((account.name, account.addr))
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = stamp()
        mail["Message-ID"] = self.message_id(account)
        if parent:
            self.link(mail, parent)
        self.dress(mail, parent)
        self.fill(mail, text, parent)
        return mail

    def message_id(self, account):
        return email.utils.make_msgid(domain=account.addr.rsplit("@", 1)[1])

    def link(self, mail, parent):
        values = (parent["Message-ID"], " ".join(
            str(parent["References"] or "").split() + [parent["Message-ID"]]))
        for name, value in zip(BOTH, values):
            if name in self.links:
                mail[name] = value

    def dress(self, mail, parent):
        """The header fields only this client has."""

    def fill(self, mail, text, parent):
        mail.set_content(text + ("\n" + quoted(parent) if parent else ""))


class Thunderbird(Shape):
    """Plain, flowed, the words below the quote."""

    name = "thunderbird"

    def message_id(self, account):
        return "<%s@%s>" % (uuid.uuid4(), account.addr.rsplit("@", 1)[1])

    def dress(self, mail, parent):
        mail["User-Agent"] = "Mozilla Thunderbird"
        mail["Content-Language"] = "en-US"

    def fill(self, mail, text, parent):
        if parent:
            text = "On 11/22/26 09:06, %s wrote:\n%s\n%s" % (
                sender_of(parent)[0], quoted(parent), text)
        mail.set_content(text, cte="8bit")
        mail.set_param("format", "flowed")


class Outlook(Shape):
    """HTML of Word beside a text, a header block instead of quote marks,
    and a Thread-Index (MS-OXOMSG 2.2.1.3)."""

    name = "outlook"
    prefix = "AW: "
    BLOCK = (("Von", "From"), ("Gesendet", "Date"), ("An", "To"),
             ("Betreff", "Subject"))

    def message_id(self, account):
        return "<%s$%s$%s$@%s>" % (
            secrets.token_hex(6), secrets.token_hex(4), secrets.token_hex(4),
            account.addr.rsplit("@", 1)[1])

    def dress(self, mail, parent):
        ticks = int((time.time() + 11644473600) * 10 ** 7)
        index = struct.pack(">Q", ticks)[:6] + secrets.token_bytes(16)
        if parent:
            index += secrets.token_bytes(5)
        mail["Thread-Topic"] = str(mail["Subject"]).replace(self.prefix, "", 1)
        mail["Thread-Index"] = base64.b64encode(index).decode()
        mail["X-Mailer"] = "Microsoft Outlook 16.0"
        mail["Content-Language"] = "de"

    def fill(self, mail, text, parent):
        block = [(word, str(parent[name])) for word, name in self.BLOCK] \
            if parent else []
        plain, page = text, paragraphs(text, "<p class=MsoNormal>%s</p>")
        if parent:
            plain += "\n" + "".join("%s: %s\n" % pair for pair in block) \
                + "\n" + mails.text_of(parent)
            page += ("<div><div style='border:none;border-top:solid #E1E1E1 "
                     "1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>"
                     + "<br>\n".join("<b>%s:</b> %s" % (
                         word, html.escape(value)) for word, value in block)
                     + "</p></div></div>\n" + paragraphs(
                         mails.text_of(parent), "<p class=MsoNormal>%s</p>"))
        mail.set_content(plain)
        mail.add_alternative(
            '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>'
            '<meta name=Generator content="Microsoft Word 15 (filtered '
            'medium)"></head><body lang=DE><div class=WordSection1>%s</div>'
            "</body></html>\n" % page, subtype="html")
        mail.set_boundary("----=_NextPart_000_%s" % secrets.token_hex(8))


class Apple(Shape):
    """Words above; the intro stands inside the quote."""

    name = "apple"

    def message_id(self, account):
        return "<%s@%s>" % (str(uuid.uuid4()).upper(),
                            account.addr.rsplit("@", 1)[1])

    def dress(self, mail, parent):
        mail["X-Mailer"] = "Apple Mail (2.3774.600.62)"

    def fill(self, mail, text, parent):
        plain, page = text, paragraphs(text)
        if parent:
            intro = "On 22. Nov 2026, at 09:06, %s <%s> wrote:" % sender_of(
                parent)
            plain += "\n> %s\n> \n%s" % (intro, quoted(parent))
            page += ('<div><br><blockquote type="cite"><div>%s</div><br '
                     'class="Apple-interchange-newline"><div>%s</div>'
                     "</blockquote></div><br>" % (
                         html.escape(intro),
                         paragraphs(mails.text_of(parent))))
        mail.set_content(plain)
        mail.add_alternative(
            '<html><head><meta http-equiv="content-type" content="text/html; '
            'charset=utf-8"></head><body style="overflow-wrap: break-word; '
            '-webkit-nbsp-mode: space; line-break: after-white-space;">%s'
            "</body></html>\n" % page, subtype="html")
        mail.set_boundary("Apple-Mail=_%s" % str(uuid.uuid4()).upper())


class Gmail(Shape):
    """The intro is broken inside the address."""

    name = "gmail"

    def message_id(self, account):
        return "<CA%s@mail.gmail.example>" % base64.b64encode(
            secrets.token_bytes(36), b"+=").decode()

    def fill(self, mail, text, parent):
        plain, page = text, '<div dir="ltr">%s</div>' % paragraphs(text)
        if parent:
            name, addr = sender_of(parent)
            when = "On Sun, 22 Nov 2026 at 09:06, "
            plain += "\n%s%s <\n%s> wrote:\n\n%s" % (
                when, name, addr, quoted(parent))
            page += (
                '<br><div class="gmail_quote gmail_quote_container"><div '
                'dir="ltr" class="gmail_attr">%s%s &lt;<a href="mailto:%s">'
                '%s</a>&gt; wrote:<br></div><blockquote class="gmail_quote" '
                'style="margin:0px 0px 0px 0.8ex;border-left:1px solid '
                'rgb(204,204,204);padding-left:1ex">%s</blockquote></div>' % (
                    when, name, addr, addr,
                    paragraphs(mails.text_of(parent))))
        mail.set_content(plain)
        mail.add_alternative(page + "\n", subtype="html")
        mail.set_boundary("000000000000%s" % secrets.token_hex(8))


class Parent(Shape):
    """Names the mail it answers and not the rest of the thread."""

    name = "in-reply-to only"
    links = BOTH[:1]


class Forgetful(Shape):
    """Nothing but the number in the subject tells the ticket. An agent needs
    his address of the ticket: he keeps that."""

    name = "number only"
    links = ()

    def answer_to(self, account, mail):
        if account.is_agent:
            return super().answer_to(account, mail)
        _, addr = sender_of(mail)
        return re.sub(r"\+[^@]*@", "@", addr)

