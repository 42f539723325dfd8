"""The archive of a queue in a real mailbox: a private Dovecot, beside which
Python's imaplib looks at what libetpan has made there."""

import email.message
import imaplib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import dovecot
from tools import ROOT, write

BUILD = os.path.abspath(os.environ.get("ND_BUILD",
                                       os.path.join(ROOT, "build")))
ROOT_ID = "k7f3-9q2y.ticket@desk.test"
BEGIN = 1790000000


def mail(number, references=(), body="Where is it?\n", message_id=None):
    """A mail as compose makes them, with CRLF."""
    msg = email.message.EmailMessage()
    msg["From"] = "amber-otter-41 <support+k7f3@desk.test>"
    msg["To"] = "support@desk.test"
    msg["Subject"] = "[K7F3-9Q2Y] Mail %d" % number
    msg["Message-ID"] = "<%s>" % (message_id or "mail-%d@desk.test" % number)
    if references:
        msg["In-Reply-To"] = "<%s>" % references[-1]
        msg["References"] = " ".join("<%s>" % name for name in references)
    msg.set_content(body)
    return msg.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class Cutter:
    """Passes IMAP on, and hangs up instead of passing on a line of the
    server that has `word` in it, once."""

    def __init__(self, port, word):
        self.port = port
        self.word = word
        self.server = socket.create_server(("127.0.0.1", 0))
        self.here = self.server.getsockname()[1]
        self.cut = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self.up, args=(client, server),
                             daemon=True).start()
            threading.Thread(target=self.down, args=(client, server),
                             daemon=True).start()

    def up(self, client, server):
        try:
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def down(self, client, server):
        try:
            while data := server.recv(65536):
                if self.word in data and not self.cut:
                    self.cut += 1
                    break
                client.sendall(data)
        except OSError:
            pass
        for sock in (client, server):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.server.close()


class Archive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="nd-archive-")
        os.chmod(cls.dir, 0o755)
        cls.dovecot = dovecot.Dovecot(cls.dir)
        cls.addClassCleanup(shutil.rmtree, cls.dir, True)
        cls.addClassCleanup(cls.dovecot.stop)
        cls.dovecot.start()
        write(cls.dir + "/password", dovecot.PASSWORD + "\n", 0o600)

    def user(self):
        return self._testMethodName.replace("_", "-") + "@desk.test"

    def url(self, folder, port=None):
        return "imap://%s@127.0.0.1:%d/%s" % (
            self.user().replace("@", "%40"), port or self.dovecot.port,
            folder)

    def start(self, url, password=None, timeout_ms=10000):
        process = subprocess.Popen(
            [BUILD + "/archive-try", url, password or self.dir + "/password",
             "none", "", str(timeout_ms)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        process.stdin.close()
        self.assertEqual(process.wait(20), 0)
        process.stdout.close()

    def say(self, process, *words):
        process.stdin.write(" ".join(str(word) for word in words) + "\n")
        return process.stdout.readline().rstrip("\n")

    def append(self, process, data, date, flags=0):
        path = self.dir + "/mail"
        with open(path, "wb") as file:
            file.write(data)
        name = data.split(b"Message-ID: <")[1].split(b">")[0].decode()
        return self.say(process, "append", name, date, flags, path)

    def thread(self, process, root=ROOT_ID):
        """The word, and the mails in their order."""
        where = tempfile.mkdtemp(dir=self.dir)
        answer = self.say(process, "thread", root, where).split(" ")
        mails = []
        for number in range(int(answer[1])):
            with open("%s/%d" % (where, number), "rb") as file:
                mails.append(file.read())
        return answer[0], mails

    def look(self, folder):
        """Flags, dates and octets, by imaplib, in the order of arrival."""
        with imaplib.IMAP4("127.0.0.1", self.dovecot.port) as imap:
            imap.login(self.user(), dovecot.PASSWORD)
            self.assertEqual(imap.select(folder, readonly=True)[0], "OK")
            _, data = imap.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")
            found = []
            for item in data:
                if isinstance(item, tuple):
                    when = imaplib.Internaldate2tuple(item[0])
                    flags = [flag.decode()
                             for flag in imaplib.ParseFlags(item[0])]
                    found.append((sorted(set(flags) - {"\\Recent"}),
                                  int(time.mktime(when)),
                                  item[1]))
            return found

    def test_append_and_thread(self):
        process = self.start(self.url("Queue.Support"))
        mails = [mail(1, [ROOT_ID], "grüße €\n"), mail(2, [ROOT_ID,
                 "mail-1@desk.test"]), mail(3, [ROOT_ID, "mail-2@desk.test"])]
        # Out of order, as after a fault; and others of the mailbox.
        for number, date, flags in ((0, 0, 0), (2, 7200, 3), (1, 3600, 1)):
            self.assertEqual("ok", self.append(
                process, mails[number], BEGIN + date, flags))
        for number, root in ((8, "other.ticket@desk.test"),
                             (9, "x" + ROOT_ID)):
            self.assertEqual("ok", self.append(
                process, mail(number, [root]), BEGIN + 10))
        self.assertEqual(("ok", mails), self.thread(process))
        self.assertEqual("ok", self.say(
            process, "mark", "mail-1@desk.test", 2))
        self.assertEqual(
            [(["\\Answered"], BEGIN, mails[0]),
             (["\\Answered", "\\Seen"], BEGIN + 7200, mails[2]),
             (["\\Seen"], BEGIN + 3600, mails[1])],
            self.look("Queue.Support")[:3])
        self.assertEqual(("ok", []), self.thread(process, "none@desk.test"))

    def test_once(self):
        process = self.start(self.url("INBOX"))
        first = mail(1, [ROOT_ID])
        self.assertEqual("ok", self.append(process, first, BEGIN))
        self.assertEqual("ok", self.append(process, first, BEGIN + 5, 7))
        self.assertEqual("ok", self.say(process, "close"))
        self.assertEqual("ok", self.append(process, first, BEGIN + 5))
        self.assertEqual([([], BEGIN, first)], self.look("INBOX"))

    def test_cut(self):
        """Whatever answer gets lost: after one more try there is one."""
        url = self.url("Cut")
        for number, word in enumerate((b"* OK [CAPABILITY", b"Logged in",
                                       b"Read-only mailbox", b"SEARCH",
                                       b"Close completed", b"+ OK",
                                       b"APPENDUID")):
            cutter = Cutter(self.dovecot.port, word)
            self.addCleanup(cutter.stop)
            process = self.start(self.url("Cut", cutter.here))
            data = mail(100 + number, [ROOT_ID])
            answer = self.append(process, data, BEGIN + number)
            self.assertEqual(1, cutter.cut, word)
            self.assertEqual(
                "temp archive: lost the connection to the server", answer,
                word)
            self.assertEqual("ok", self.append(process, data, BEGIN + number))
        process = self.start(url)
        self.assertEqual(7, len(self.thread(process)[1]))
        self.assertEqual(7, len(self.look("Cut")))

    def test_kept_connection_is_gone(self):
        process = self.start(self.url("INBOX"))
        self.assertEqual("ok", self.append(process, mail(1), BEGIN))
        subprocess.run(["doveadm", "-c", self.dovecot.dir + "/dovecot.conf",
                        "kick", self.user()], check=True,
                       stdout=subprocess.DEVNULL)
        self.assertEqual("ok", self.append(process, mail(2), BEGIN))
        self.assertEqual(2, len(self.look("INBOX")))

    def test_large(self):
        process = self.start(self.url("Large"), timeout_ms=30000)
        mails = [mail(number, [ROOT_ID], ("%d " % number * 36 + "\n") * 90000)
                 for number in (1, 2)]
        for number, data in enumerate(mails):
            self.assertGreater(len(data), 6000000)
            self.assertEqual("ok", self.append(process, data, BEGIN + number))
        self.assertEqual(("ok", mails), self.thread(process))

    def test_names(self):
        """As the URL has them, and as IMAP has them."""
        for folder, name in (("Gr%C3%BC%C3%9Fe", "Gr&APwA3w-e"),
                             ("a%26b", "a&-b"), ("two%20words", "two words")):
            process = self.start(self.url(folder))
            self.assertEqual("ok", self.append(process, mail(1), BEGIN))
            self.assertEqual(1, len(self.look('"%s"' % name)), name)

    def test_wrong_password(self):
        """Last: Dovecot lets everybody wait after that."""
        write(self.dir + "/wrong", 'ex"am\\ple %s\n', 0o600)
        process = self.start(self.url("INBOX"), self.dir + "/wrong")
        self.assertEqual("temp archive: the server refused user or password",
                         self.append(process, mail(1), BEGIN))
