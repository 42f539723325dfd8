"""The nymdesk command: what it says of a working and of a broken desk."""

import json
import os
import re
import subprocess
import unittest

import mails
from tools import read, write
from world import QUEUE, TEAM, World


class Command(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.world.send(mails.withdrawal())
        cls.world.wait_mails(TEAM, 1)
        cls.world.wait_mails(mails.PLAYER, 1)

    def tearDown(self):
        # What one test caused must not be counted by the next.
        self.world.wait_idle()

    def run_it(self, *args, stdin=subprocess.DEVNULL):
        done = subprocess.run(
            [self.world.bin + "/nymdesk", "-c", self.world.conf, *args],
            capture_output=True, text=True, timeout=30, check=False,
            stdin=stdin, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
        said = done.stdout + done.stderr
        for word in mails.PLAYER_WORDS + [QUEUE.split("@")[0] + "+", "@play"]:
            self.assertNotIn(word.lower(), said.lower())
        return done.returncode, done.stdout, done.stderr

    def checks(self):
        code, out, _ = self.run_it("check", "--json", "--postfix",
                                   self.world.postfix.etc)
        return code, {row["check"]: row["state"] for row in json.loads(out)}

    def set_postfix(self, *settings):
        subprocess.run(["postconf", "-c", self.world.postfix.etc, *settings],
                       check=True)

    def test_check_of_a_working_desk(self):
        code, states = self.checks()
        self.assertEqual(code, 0)
        self.assertEqual({name for name, state in states.items()
                          if state == "FAIL"}, set())
        self.assertGreaterEqual(
            set(states), {"configuration", "users", "state_dir", "key_dir",
                          "sockets", "desk", "lmtp", "postfix"})

    def test_check_finds_a_closed_postfix(self):
        self.world.postfix.set_reinject(False)
        try:
            code, states = self.checks()
        finally:
            self.world.postfix.set_reinject(True)
        self.assertEqual((code, states["postfix"]), (1, "FAIL"))
        self.assertEqual(states["lmtp"], "ok")

    def test_check_warns_of_what_this_world_has(self):
        _, states = self.checks()
        # Its log is a file, and nothing else of the shipped lines is wrong.
        self.assertEqual(states.pop("maillog_file"), "warn")
        known = {"configuration", "users", "state_dir", "key_dir",
                 "keys apart", "sockets", "desk", "lmtp", "postfix",
                 self.world.way,
                 # What the machine is like.
                 "queue_directory", "swap", "core", "core_pattern"}
        self.assertEqual(set(states) - known, set())

    def test_check_refuses_copies(self):
        for good, bad in (("always_bcc=", "always_bcc=archive@a.example"),
                          ("notify_classes=", "notify_classes=bounce")):
            with self.subTest(bad):
                self.set_postfix(bad)
                try:
                    code, states = self.checks()
                finally:
                    self.set_postfix(good)
                self.assertEqual(
                    (code, states[good[:-1]]), (1, "FAIL"))

    def test_check_reads_services(self):
        name = "127.0.0.1:%d/inet" % self.world.postfix.inbound
        override = name + "/recipient_bcc_maps"
        self.set_postfix("-P", override + "=static:a@a.example")
        try:
            code, states = self.checks()
        finally:
            self.set_postfix("-PX", override)
        self.assertEqual((code, states["recipient_bcc_maps"]), (1, "FAIL"))
        self.set_postfix("-M", name + "=127.0.0.1:%d inet n - n - - smtpd -v"
                         % self.world.postfix.inbound)
        try:
            code, states = self.checks()
        finally:
            self.set_postfix(
                "-M", name + "=127.0.0.1:%d inet n - n - - smtpd"
                % self.world.postfix.inbound)
        self.assertEqual((code, states["-v"]), (1, "FAIL"))

    def test_check_knows_our_milter(self):
        """Named in nymdesk.conf, and not by an open door in main.cf."""
        where = "unix:%s/milter/listen" % self.world.run_dir
        main = self.world.postfix.etc + "/main.cf"
        before = read(main)
        self.world.configure(**{"milter.listen": where})
        try:
            # Nobody asks there, and nobody listens.
            code, states = self.checks()
            self.assertEqual((code, states["milter"]), (1, "FAIL"))
            self.assertEqual(states["smtpd_milters"], "warn")
            self.set_postfix(
                "smtpd_milters={ %s, default_action=accept }" % where)
            code, states = self.checks()
            self.assertEqual(states["milter_default_action"], "FAIL")
            self.assertNotIn("smtpd_milters", states)
        finally:
            write(main, before)
            self.world.configure()

    def test_check_without_a_postfix(self):
        code, out, _ = self.run_it("check", "--postfix", "/nonexistent")
        self.assertEqual(code, 1)
        self.assertIn("postconf cannot read", out)

    def test_check_finds_a_readable_key_dir(self):
        os.chmod(self.world.key_dir, 0o755)
        try:
            code, states = self.checks()
        finally:
            os.chmod(self.world.key_dir, 0o700)
        self.assertEqual((code, states["key_dir"]), (1, "FAIL"))

    def test_check_explains_a_bad_file(self):
        with open(self.world.conf, encoding="utf-8") as file:
            good = file.read()
        self.world.configure(**{"lmtp.wrkers": "3"})
        try:
            code, out, _ = self.run_it("check")
        finally:
            with open(self.world.conf, "w", encoding="utf-8") as file:
                file.write(good)
        self.assertEqual(code, 1)
        self.assertIn("[lmtp] wrkers: unknown key", out)

    def test_list_and_show(self):
        ticket, = self.world.tickets()
        code, out, _ = self.run_it("list")
        self.assertEqual(code, 0)
        self.assertIn(ticket["number"], out)
        # As a person types it.
        typed = ticket["number"].lower().replace("-", " ")
        code, out, _ = self.run_it("show", typed, "--json")
        self.assertEqual(code, 0)
        shown = json.loads(out)
        self.assertEqual(shown, ticket)
        self.assertEqual(shown["category"], "withdrawal")
        self.assertEqual((shown["level"], shown["agent"]), (1, ""))
        self.assertEqual([shown["waiting"], shown["closed"],
                          shown["rating"]], [None] * 3)
        self.assertEqual(shown["lang"], "de")
        self.assertIsNotNone(shown["acknowledged"])

        code, out, _ = self.run_it("show", typed)
        self.assertEqual(code, 0)
        self.assertRegex(out, r"(?m)^state +new$")
        self.assertRegex(out, r"(?m)^time over +\d+ %$")

    def test_report(self):
        code, out, _ = self.run_it("report", "--json")
        self.assertEqual(code, 0)
        report = json.loads(out)
        self.assertEqual(report["about"], "all queues")
        self.assertEqual([report["all"][name] for name in (
            "opened", "open", "closed")], [1, 1, 0])
        self.assertEqual(report["all"]["acknowledged"]["in_time"], 1)
        self.assertEqual(report["all"]["decision"]["running"], 1)
        self.assertEqual([[row["name"] for row in report["by_" + by]]
                          for by in ("queue", "level", "category",
                                     "language")],
                         [["support"], ["1"], ["withdrawal"], ["de"]])
        code, out, _ = self.run_it("report", "--since", "90m",
                                   "--queue", "support")
        self.assertEqual(code, 0)
        self.assertTrue(out.startswith("Support report: support\n"))
        self.assertIn("1 ticket came in, 0 were closed, 1 is open now.", out)
        self.assertLessEqual(max(map(len, out.splitlines())), 72)

    def test_report_as_a_page(self):
        path = os.path.join(self.world.dir, "report.html")
        for _ in range(2):  # the second takes the place of the first
            code, out, err = self.run_it("report", "--html", path)
            self.assertEqual((code, out, err), (0, "", ""))
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o640)
        with open(path, encoding="utf-8") as file:
            page = file.read()
        code, out, _ = self.run_it("report", "--html", "-")
        self.assertEqual(code, 0)
        # But for the time of day.
        clock = re.compile(r"\d\d:\d\d")
        self.assertEqual(clock.sub("", out), clock.sub("", page))
        self.assertIn("1 ticket came in", page)
        self.assertTrue(page.endswith("</html>\n"))

    def test_report_keeps_what_is_there(self):
        link = os.path.join(self.world.dir, "link.html")
        os.symlink("elsewhere.html", link)
        for path in ("/dev/null", self.world.dir, link,
                     "/nonexistent/report.html"):
            with self.subTest(path):
                code, out, err = self.run_it("report", "--html", path)
                self.assertEqual((code, out), (1, ""))
                self.assertIn("page", err)
        self.assertTrue(os.path.islink(link))
        self.assertEqual([name for name in os.listdir(self.world.dir)
                          if name.startswith("link.html.")], [])

    def test_vip(self):
        ticket, = self.world.tickets()
        code, out, _ = self.run_it("vip", ticket["player"].upper(), "Anna")
        self.assertEqual(code, 0)
        self.assertEqual(out, "%s belongs to anna now; open tickets: 1\n"
                         % ticket["player"])
        code, out, _ = self.run_it("show", ticket["number"], "--json")
        shown = json.loads(out)
        self.assertEqual((shown["agent"], "vip" in shown["flags"]),
                         ("anna", True))
        code, out, _ = self.run_it("vip", ticket["player"], "-", "--json")
        self.assertEqual((code, json.loads(out)), (
            0, {"player": ticket["player"], "agent": "", "tickets": 1}))
        self.assertNotIn("vip", self.world.tickets()[0]["flags"])
        code, out, err = self.run_it("vip", "no-such-name-1", "anna")
        self.assertEqual((code, out, err),
                         (1, "", "nymdesk: no such player\n"))

    def test_status_counts(self):
        code, out, _ = self.run_it("status", "--json")
        self.assertEqual(code, 0)
        status = json.loads(out)
        self.assertEqual(status["tickets_open"], 1)
        self.assertEqual(status["promises_open"], 0)
        self.assertEqual(status["promises_late"], 0)

    def test_no_verb_names_a_player(self):
        """run_it() looks for him in everything a verb prints."""
        ticket, = self.world.tickets()
        verbs = {
            "list": (), "status": (), "show": (ticket["number"],),
            "check": ("--postfix", self.world.postfix.etc),
            "report": (), "vip": (ticket["player"], "anna"),
            "post": ("release",), "forget": ("K7F3-9Q2X",),
            "receipt": ("key",), "logfilter": ()}
        _, _, usage = self.run_it()
        self.assertEqual(set(re.findall(r"[]|] ([a-z]+)\b", usage)),
                         set(verbs))
        for verb, args in verbs.items():
            for form in ((), ("--json",)):
                with self.subTest(verb=verb, form=form):
                    with open(self.world.postfix.log, "rb") as log:
                        code, out, err = self.run_it(
                            verb, *args, *form, stdin=log)
                    self.assertNotIn(code, (64,) * (verb != "forget"))
                    self.assertTrue(out + err)

    def test_wrong_use_is_told(self):
        for args, code in ((("nonsense",), 64), (("show",), 64),
                           (("show", "K7F3-9Q2X"), 64), ((), 64),
                           (("vip", "amber-otter-41"), 64),
                           (("vip", "a@play.example", "anna"), 64),
                           (("vip", "amber-otter-41", "nobody"), 64),
                           (("vip", "amber-otter-41", ""), 64),
                           (("report", "more"), 64),
                           (("report", "--since", "30"), 64),
                           (("report", "--since", "0d"), 64),
                           (("report", "--since", "99999d"), 64),
                           (("report", "--since", "a@b.example"), 64),
                           (("report", "--json", "--html", "-"), 64),
                           (("report", "--queue", "nowhere"), 1)):
            with self.subTest(args):
                got, out, err = self.run_it(*args)
                self.assertEqual((got, out), (code, ""))
                self.assertTrue(err.startswith("nymdesk: "))


if __name__ == "__main__":
    unittest.main()
