"""Postfix's log, filtered: nobody is in it, and what became of the mails is."""

import json
import os
import re
import smtplib
import socketserver
import subprocess
import threading
import unittest
from email.message import EmailMessage

import leakscan
from tools import read
from world import PASSWORD, QUEUE, World, build_dir

# In addresses, greetings, Message-IDs and what servers answer.
SUBJECT = "Wunderlich77"  # in a warning of header_checks
TOKENS = ("hoelzenbein", "Grünwaldström", "zaubermaus", "xn--bcher-kva",
          SUBJECT, "spielgeld", "laptop-von-otto", "papierkorb",
          "nachtfalter", "geheimfach")
LINE = re.compile(r"^[A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d - "
                  r"postfix[a-z/-]*\[\d+\]: ")
ID = re.compile(r"\]: ([0-9A-F]{6,}|[0-9B-Zb-z]{12,}): ")
STATUS = re.compile(r" status=(\w+)")


class Grumpy(socketserver.StreamRequestHandler):
    """A server of somebody else: refuses, and quotes what it refuses."""

    def handle(self):
        self.say("220 mx.nachtfalter.example ESMTP")
        for line in self.rfile:
            line = line.strip().decode("utf-8", "replace")
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO"):
                self.say("250 mx.nachtfalter.example")
            elif verb == "RCPT" and "later" in line:
                self.say("450 4.7.1 geheimfach of %s is busy" % line)
            elif verb == "RCPT":
                self.say("550 5.1.1 %s: no geheimfach here" % line)
            elif verb == "QUIT":
                self.say("221 geheimfach")
                return
            else:
                self.say("250 ok")

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")


def mail(sender, to, ident="<1@spielgeld.example>"):
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = SUBJECT
    message["Message-ID"] = ident
    message.set_content("Text\n")
    return message


class Filtered(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Grumpy)
        cls.server.daemon_threads = True
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        threading.Thread(target=cls.server.serve_forever,
                         daemon=True).start()
        cls.world = World(log_filter=[build_dir() + "/nymdesk", "logfilter"])
        cls.addClassCleanup(cls.world.stop)
        cls.world.postfix.more_transport = "%s\tsmtp:[127.0.0.1]:%d\n" % (
            "nachtfalter.example", cls.server.server_address[1])
        cls.world.postfix.more_main = "maximal_queue_lifetime = 2s\n" \
            "header_checks = regexp:%s/warn\n" % cls.world.postfix.etc
        spool = cls.world.postfix.dir + "/spool"
        os.makedirs(cls.world.postfix.etc)
        os.makedirs(spool)
        cls.is_mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64m,mode=755,nosuid,nodev",
             "tmpfs", spool], capture_output=True, check=False).returncode == 0
        if cls.is_mounted:
            cls.world.mounts.append(spool)
        with open(cls.world.postfix.etc + "/warn", "w",
                  encoding="utf-8") as file:
            file.write("/^Subject:/ WARN\n")
        cls.world.start()
        cls.send_all()
        cls.world.wait_idle(150)
        # All it said is in the file when it has ended.
        cls.world.postfix.stop()
        cls.raw = read(cls.world.postfix.log)
        cls.kept = read(cls.world.postfix.filtered)

    @classmethod
    def smtp(cls, port=None, name="laptop-von-otto.example"):
        return smtplib.SMTP("127.0.0.1", port or cls.world.postfix.inbound,
                            name, timeout=60)

    @classmethod
    def send_all(cls):
        with cls.smtp() as smtp:
            smtp.send_message(mail("hoelzenbein@players.example", QUEUE))
            smtp.send_message(mail("zaubermaus@xn--bcher-kva.example", QUEUE))
            smtp.send_message(mail("Grünwaldström@players.example", QUEUE),
                              mail_options=["SMTPUTF8"])
            smtp.send_message(mail("x@players.example", QUEUE), "", QUEUE)
            for code, to in ((550, "support2.papierkorb@casino.example"),
                             (554, "papierkorb@elsewhere.example")):
                smtp.mail("hoelzenbein@players.example")
                got, _ = smtp.rcpt(to)
                assert got in (code, 550), got
                smtp.rset()
            smtp.docmd("GET /hoelzenbein HTTP/1.1")
        with cls.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("zaubermaus@players.example")
            # A lost connection names who it was.
        with cls.smtp(cls.world.postfix.submit) as smtp:
            smtp.ehlo()
            try:
                smtp.login("papierkorb@agents.example", "no" + PASSWORD)
            except smtplib.SMTPAuthenticationError:
                pass
        # What goes out is refused, or put off until its time is over.
        with cls.smtp(cls.world.postfix.reinject) as smtp:
            for to in ("hoelzenbein@nachtfalter.example",
                       "later-zaubermaus@nachtfalter.example"):
                smtp.send_message(mail("spielgeld@players.example", to))

    def test_the_log_as_it_is_names_them(self):
        """Or the other tests would show nothing. What goes through the proxy
        meets no header_checks, and its fields are in no log."""
        for token in TOKENS:
            with self.subTest(token):
                self.assertEqual(
                    token.lower() in self.raw.lower(),
                    token != SUBJECT or self.world.way != "smtp")
        self.assertIn("127.0.0.1", self.raw)

    def test_nobody_is_in_the_filtered_log(self):
        finds, count, size = leakscan.scan(
            [os.path.dirname(self.world.postfix.filtered)], TOKENS)
        self.assertEqual(finds, [])
        self.assertEqual(count, 1)
        self.assertGreater(size, 2000)
        for text in ("127.0.0.1", "@", ".example", "hoelzen", "casino"):
            self.assertNotIn(text, self.kept)

    def test_what_became_of_the_mails_is_there(self):
        self.assertEqual(ID.findall(self.kept), ID.findall(self.raw))
        self.assertGreater(len(set(ID.findall(self.kept))), 5)
        statuses = STATUS.findall(self.kept)
        self.assertEqual(statuses, STATUS.findall(self.raw))
        self.assertGreaterEqual(
            set(statuses), {"sent", "bounced", "deferred", "expired"})
        for text in ("(host <host> said: 550 5.1.1 "
                     "(in reply to RCPT TO command))",
                     "said: 450 4.7.1 (in reply",
                     "NOQUEUE: reject: RCPT from <host>: 550 5.7.1 ",
                     "disconnect from <host> ehlo=",
                     "warning: non-SMTP command from <host>: <text>"):
            self.assertIn(text, self.kept)
        self.assertEqual("warning: header <text>; from=<addr>" in self.kept,
                         self.world.way != "smtp")

    def test_every_line_has_its_shape(self):
        lines = self.kept.splitlines()
        self.assertEqual(len(lines), len(self.raw.splitlines()))
        for line in lines:
            self.assertRegex(line, LINE)
        # Few lines of a real run say nothing at all.
        unknown = [raw for raw, line in zip(self.raw.splitlines(), lines)
                   if line.endswith(": <text>")
                   and line.count("<text>") == 1
                   and ": warning: " not in line]
        self.assertEqual(unknown, [])

    def test_check_sees_a_queue_in_memory(self):
        if not self.is_mounted:
            self.skipTest("this machine does not let us mount")
        done = subprocess.run(
            [self.world.bin + "/nymdesk", "-c", self.world.conf, "--json",
             "--postfix", self.world.postfix.etc, "check"],
            capture_output=True, text=True, timeout=30, check=False,
            env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        names = [row["check"] for row in json.loads(done.stdout)]
        self.assertNotIn("queue_directory", names)
        # Nor does it find fault with a log that goes to a pipe.
        self.assertNotIn("maillog_file", names)

    def test_the_zone_of_the_host_does_not_show(self):
        """Postfix was started with another zone than UTC."""
        now = subprocess.run(["date", "-u", "+%s"], capture_output=True,
                             text=True, check=True).stdout
        last = subprocess.run(
            ["date", "-u", "-d", self.kept.splitlines()[-1][:15], "+%s"],
            capture_output=True, text=True, check=True).stdout
        self.assertLess(abs(int(now) - int(last)), 600)


if __name__ == "__main__":
    unittest.main()
