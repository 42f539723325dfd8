"""Postfix asks which addresses exist: nymdesk-socketmap, by postmap and by an
smtpd that refuses what is not ours while the sender is on the line."""

import grp
import os
import pwd
import signal
import smtplib
import unittest

import mails
from tools import read, wait_for
from world import QUEUE, TEAM, World

CONTROL = "lists@casino.example"
NOT_OURS = ("boss@casino.example", "support-de@casino.example",
            "supporter@casino.example")


class Asked(World):
    """Postfix has no other recipient check: it would relay all."""

    def __init__(self, **more):
        super().__init__(**more)
        self.where = self.run_dir + "/map"
        self.postfix.more_main += \
            "relay_recipient_maps = socketmap:unix:%s:recipients\n" \
            "relay_transport = nymdesk:%s\n" % (self.where, self.lmtp)

    def configure(self, **more):
        # The queue's group is the last of the file.
        super().configure(**{"queue support.control": CONTROL,
                             "socketmap.listen": "unix:" + self.where,
                             **more})

    def ask(self, key, name="recipients"):
        """What postmap prints, and how it ends: 0 found, 1 not found."""
        done = self.postfix.run(
            "postmap", "-c", self.postfix.etc, "-q", key,
            "socketmap:unix:%s:%s" % (self.where, name), check=False)
        return done.returncode, done.stdout.strip()

    def rcpt(self, address):
        """What a sender is told, by code and text."""
        with smtplib.SMTP("127.0.0.1", self.postfix.inbound,
                          "client.players.example", timeout=60) as smtp:
            smtp.ehlo()
            smtp.mail("otto@players.example")
            return smtp.rcpt(address)


class Recipients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = Asked(workers=2)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.world.send(mails.message("otto@players.example", QUEUE, "Hello",
                                     "Where is it?\n"))
        copy = cls.world.wait_mails(TEAM, 1)[0]
        cls.capability = copy["From"].addresses[0].addr_spec

    def shapes(self):
        """The capability, and others of its form that do not hold."""
        local, domain = self.capability.split("@")
        for last in "0123456789abcdefghjkmnpqrstvwxyz":
            yield "%s%s@%s" % (local[:-1], last, domain)
        yield "%s@%s" % (local[:-13] + "0" * 13, domain)

    def test_1_postmap(self):
        for address in (QUEUE, QUEUE.upper(), CONTROL, *self.shapes()):
            self.assertEqual(self.world.ask(address), (0, "ours"), address)
        for address in NOT_OURS:
            self.assertEqual(self.world.ask(address), (1, ""), address)
        self.assertEqual(self.world.ask(QUEUE, "access"), (1, ""))

    def test_1_check(self):
        """nymdesk check asks it as Postfix does."""
        rows = self.world.nymdesk("check", "--postfix",
                                  self.world.postfix.etc)
        states = {row["check"]: row["state"] for row in rows}
        self.assertEqual(states["socketmap"], "ok", rows)
        self.assertNotIn("smtp", states)

    def test_2_the_sender_is_told(self):
        for address in (QUEUE, CONTROL, *self.shapes()):
            self.assertEqual(self.world.rcpt(address)[0], 250, address)
        for address in NOT_OURS:
            code, text = self.world.rcpt(address)
            self.assertEqual((code, text[:5]), (550, b"5.1.1"), address)

    def test_3_a_restart_is_not_seen(self):
        for _ in range(3):
            self.world.kill("socketmap")
            self.assertEqual(self.world.rcpt(QUEUE)[0], 250)
            self.assertEqual(self.world.rcpt(NOT_OURS[0])[0], 550)

    def reload(self, line):
        count = self.world.logs().count(line)
        self.world.daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: self.world.logs().count(line) > count, 20, line)

    def test_4_reload(self):
        """A new `listen` is taken; a wrong one changes nothing."""
        old = self.world.where
        for wrong in ("inet:192.0.2.1:9", "unix:/nonexistent/map",
                      self.world.lmtp):
            self.world.configure(**{"socketmap.listen": wrong})
            self.reload("[socketmap] listen: ")
            self.assertEqual(self.world.ask(QUEUE), (0, "ours"), wrong)
        self.world.where = old + "-new"
        self.world.configure()
        self.reload("info reload")
        wait_for(lambda: self.world.ask(QUEUE) == (0, "ours"), 20,
                 "the new socket")
        self.world.configure(**{"socketmap.listen": ""})
        self.reload("info reload")
        wait_for(lambda: not self.world.role("socketmap")
                 and self.world.is_ready(), 20, "no socketmap")
        self.world.where = old
        self.world.configure()
        self.reload("info reload")
        wait_for(lambda: self.world.ask(QUEUE) == (0, "ours"), 20,
                 "the old socket")

    def test_4_the_milters_directory(self):
        """Made for it; never taken from anybody else, nor through a link."""
        world = self.world
        made = world.dir + "/above/milter"
        world.configure(**{"milter.listen": "unix:%s/socket" % made})
        self.reload("info reload")
        wait_for(lambda: os.path.exists(made + "/socket")
                 and world.is_ready(), 20, "the milter's socket")
        if os.geteuid() == 0:
            have = os.stat(made)
            self.assertEqual(
                (pwd.getpwuid(have.st_uid).pw_name,
                 grp.getgrgid(have.st_gid).gr_name, have.st_mode & 0o7777),
                ("nymdesk-milter", "postfix", 0o750))
        os.symlink(made, world.dir + "/link")
        before = os.stat(world.run_dir)
        for wrong in ("unix:%s/socket" % world.run_dir, "unix:/tmp/socket",
                      "unix:%s/link/socket" % world.dir,
                      "inet:127.0.0.1:9", "unix:socket"):
            world.configure(**{"milter.listen": wrong})
            self.reload("[milter] listen: ")
            self.assertEqual(world.ask(QUEUE), (0, "ours"), wrong)
        self.assertEqual(os.stat(world.run_dir).st_uid, before.st_uid)
        world.configure()
        self.reload("info reload")
        wait_for(world.is_ready, 20, "no milter")

    def test_5_without_nymdesk_mails_wait(self):
        self.world.stop_nymdesk()
        self.assertEqual(self.world.rcpt(QUEUE)[0], 451)
        self.assertEqual(self.world.rcpt(NOT_OURS[0])[0], 451)
        log = read(self.world.log)
        self.assertNotIn("@", log)
        self.assertEqual(self.world.faults(), [])
