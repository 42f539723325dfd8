"""The roles as the machine sees them: users, memory, sockets, restarts."""

import os
import pwd
import grp
import re
import signal
import socket
import stat
import time
import unittest

import mails
from tools import read, wait_for
from world import ROLES, World

PUBLIC = "lmtp"  # the one socket strangers may connect to: Postfix's


def uid_of(role):
    return pwd.getpwnam("nymdesk-" + role).pw_uid


def status(pid, key):
    found = re.search(r"(?m)^%s:\s*(.*)$" % key,
                      read("/proc/%d/status" % pid))
    return found.group(1) if found else None


def as_user(uid, gid, call):
    """Runs call() in a child with another identity; its exit code."""
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            code = call()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


REFUSED, DROPPED, ANSWERED, SILENT = 0, 1, 2, 3


def knock(path):
    """Connects, says something and waits for a word."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(3)
    try:
        sock.connect(path)
    except OSError:
        return REFUSED
    try:
        sock.send(b"\1\0\0\0\0\0\0\0")
        return ANSWERED if sock.recv(65536) else DROPPED
    except socket.timeout:
        return SILENT
    except OSError:
        return DROPPED


def cores(places):
    """Files that look like core dumps."""
    return {os.path.join(place, name) for place in places
            for name in os.listdir(place)
            if re.match(r"(core\b|vgcore)", name)}


@unittest.skipIf(os.geteuid() != 0, "needs root: one user for all roles")
class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def sockets(self):
        found = []
        for base, _, names in os.walk(self.world.run_dir):
            found += [os.path.join(base, name) for name in names
                      if stat.S_ISSOCK(os.lstat(
                          os.path.join(base, name)).st_mode)]
        return found

    def test_each_role_has_its_own_user(self):
        for role in ROLES:
            for proc in self.world.role(role):
                with self.subTest(role=role):
                    # A worker is root for a moment, until it has what it
                    # may keep.
                    wait_for(lambda: set(status(proc["pid"], "Uid").split())
                             == {str(uid_of(role))}, 5, "its user")
                    self.assertEqual(
                        set(status(proc["pid"], "Gid").split()),
                        {str(grp.getgrnam("nymdesk").gr_gid)})
        self.assertEqual(len({uid_of(role) for role in ROLES}), len(ROLES))

    def test_no_capabilities_no_new_privileges(self):
        for role in ROLES:
            for proc in self.world.role(role):
                with self.subTest(role=role):
                    self.assertEqual(
                        int(status(proc["pid"], "CapEff"), 16), 0)
                    self.assertEqual(status(proc["pid"], "NoNewPrivs"), "1")

    def test_memory_is_closed_to_others(self):
        """PR_SET_DUMPABLE 0 gives the files of /proc/PID to root."""
        for role in ROLES:
            for proc in self.world.role(role):
                with self.subTest(role=role):
                    fact = os.stat("/proc/%d/environ" % proc["pid"])
                    self.assertEqual(fact.st_uid, 0)

    def test_no_core_dumps(self):
        for role in ROLES + ("nymdeskd",):
            for proc in self.world.role(role):
                with self.subTest(role=role):
                    self.assertRegex(
                        read("/proc/%d/limits" % proc["pid"]),
                        r"Max core file size\s+0\s+0\s")

    def test_a_crash_leaves_no_core(self):
        """In the middle of a mail; a core would be where the role works."""
        pattern = read("/proc/sys/kernel/core_pattern").strip()
        for role in ROLES + ("nymdeskd",):
            with self.subTest(role=role):
                places = {os.readlink("/proc/%d/cwd" % proc["pid"])
                          for proc in self.world.role(role)}
                if "/" in pattern and not pattern.startswith("|"):
                    places.add(os.path.dirname(pattern))
                before = cores(places)
                self.world.send(mails.withdrawal(
                    "crash.%s@players.example" % role))
                wait_for(lambda role=role: self.world.role(role), 5, role)
                self.assertTrue(self.world.kill(role, signal.SIGSEGV))
                if role == "nymdeskd":
                    self.world.start_nymdesk()
                wait_for(self.world.has_roles, 20, "the roles")
                self.world.flush()
                self.world.wait_idle()
                self.assertEqual(cores(places | {self.world.dir}), before)
        self.assertNotIn("core dumped", self.world.logs())

    def test_process_titles_say_nothing(self):
        for proc in self.world.family():
            for word in proc["args"]:
                self.assertNotIn("@", word)

    def test_sockets_are_closed_to_the_world(self):
        sockets = self.sockets()
        self.assertGreater(len(sockets), 3)
        for path in sockets:
            if os.path.basename(path) != PUBLIC:
                with self.subTest(path=path):
                    self.assertEqual(os.lstat(path).st_mode & 0o007, 0)

    def test_sockets_refuse_another_user(self):
        """Group and mode let him in: the peer check must not."""
        gid = grp.getgrnam("nymdesk").gr_gid
        nobody = pwd.getpwnam("nobody").pw_uid
        for path in self.sockets():
            if os.path.basename(path) == PUBLIC:
                continue
            for user, ids in (("nobody", (nobody, 65534)),
                              ("nobody in the group", (nobody, gid))):
                with self.subTest(path=path, user=user):
                    self.assertIn(as_user(*ids, lambda: knock(path)),
                                  (REFUSED, DROPPED))

    def test_files_belong_to_one_role(self):
        for path, role in ((self.world.state_dir, "desk"),
                           (self.world.key_dir, "vault")):
            for base, _, names in os.walk(path):
                for name in [""] + names:
                    fact = os.lstat(os.path.join(base, name))
                    with self.subTest(path=os.path.join(base, name)):
                        self.assertEqual(fact.st_uid, uid_of(role))
                        self.assertEqual(fact.st_mode & 0o007, 0)

    def test_killed_role_comes_back(self):
        for role in ROLES:
            with self.subTest(role=role):
                old = {proc["pid"] for proc in self.world.kill(role)}
                wait_for(lambda: [
                    proc for proc in self.world.role(role)
                    if proc["pid"] not in old], 20, role)
        wait_for(self.world.is_ready, 20, "all to answer")

    def test_restarts_back_off(self):
        """A role that cannot start is not tried in a tight loop."""
        before = len(self.world.logs().splitlines())
        self.world.take_away("vault")
        try:
            end = time.monotonic() + 3
            wait_for(lambda: time.monotonic() > end, 5)
            lines = self.world.logs().splitlines()[before:]
        finally:
            self.world.give_back("vault")
        self.assertTrue(lines)
        self.assertLess(len([line for line in lines if "vault" in line]), 30)
        wait_for(self.world.is_ready, 40, "the vault to come back")


@unittest.skipIf(os.geteuid() != 0, "needs root: one user for all roles")
class Stop(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.stop)
        self.world.start()

    def test_term_stops_all_quickly(self):
        family = self.world.family()
        self.assertGreaterEqual(len(family), len(ROLES))
        daemon = self.world.daemon
        begin = time.monotonic()
        self.assertTrue(self.world.stop_nymdesk())
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(daemon.returncode, 0)
        self.world.start_nymdesk()

    def test_hup_restarts_the_roles(self):
        old = {proc["pid"] for proc in self.world.family()}
        self.world.daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: self.world.has_roles() and not old & {
            proc["pid"] for proc in self.world.family()}, 20, "new roles")
        wait_for(self.world.is_ready, 20, "all to answer")


if __name__ == "__main__":
    unittest.main()
