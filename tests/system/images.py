"""The image role: what its child may do, what is left when it dies."""

import array
import ctypes
import fcntl
import os
import re
import signal
import socket
import struct
import threading
import time
import unittest
import zlib

import leakscan
from tools import ROOT, descendants, read, wait_for
from world import World

TOKEN = "tok4fPixelcanary"
SEALS = (fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
         | fcntl.F_SEAL_SEAL)
ERROR_PERM = 1
SYS_SETRESUID = 117  # x86-64


def message_type(name):
    """The number of a type of message, as src/proto/messages.h counts."""
    text = read(ROOT + "/src/proto/messages.h")
    types = re.search(r"enum proto_type \{(.*?)\};", text, re.S).group(1)
    types = re.sub(r"/\*.*?\*/", "", types, flags=re.S)
    return 1 + re.findall(r"PROTO_\w+", types).index(name)


# Read now: the user of a worker may not look into everybody's tree.
CLEAN, CLEANED, FAILED = map(message_type, (
    "PROTO_IMAGE_CLEAN", "PROTO_IMAGE_CLEANED", "PROTO_ERROR"))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(
        ">I", zlib.crc32(kind + data))


def png(width, height, rows=None):
    """Gray noise of a kind, with a token before and after the pixels."""
    packer = zlib.compressobj(1)
    row = b"\0" + bytes((x * x >> 3) & 255 for x in range(width))
    data = b"".join(packer.compress(row) for _ in range(rows or height))
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0,
                                         0, 0))
            + chunk(b"tEXt", b"Author\0" + TOKEN.encode())
            + chunk(b"IDAT", data + packer.flush())
            + chunk(b"IEND", b"") + TOKEN.encode())


def set_user(uid):
    """The effective user of this thread alone; os.seteuid() changes all."""
    if ctypes.CDLL(None).syscall(SYS_SETRESUID, -1, uid, -1) != 0:
        raise OSError("setresuid")


def body_of(octets):
    fd = os.memfd_create("image", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, octets)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    return fd


def ask(path, octets, timeout=30):
    """(type of the answer, its octets, content of what is beside it); what
    a worker would see, if we run as its user."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.settimeout(timeout)
        sock.connect(path)
        fd = body_of(octets)
        sock.sendmsg([b"ND\1" + bytes([CLEAN]) + bytes(5)],
                     [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                       array.array("i", [fd]))])
        os.close(fd)
        frame, beside, _, _ = sock.recvmsg(65536, socket.CMSG_SPACE(16))
    content, seals = None, 0
    for _, _, data in beside:
        fd = array.array("i", data)[0]
        seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
        content = os.pread(fd, os.fstat(fd).st_size, 0)
        os.close(fd)
    return frame[3], frame[8:], content, seals


class Images(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.path = cls.world.run_dir + "/image.lmtp"

    def ask(self, octets):
        """As the worker's user, whom the role wants to see."""
        if os.geteuid() != 0:
            return ask(self.path, octets)
        set_user(os.stat(self.path).st_uid)
        try:
            return ask(self.path, octets)
        finally:
            set_user(0)

    def check_works(self):
        kind, answer, content, seals = self.ask(png(30, 20))
        self.assertEqual(kind, CLEANED)
        self.assertIn(b"image/png\0", answer)
        self.assertNotIn(TOKEN.encode(), content)
        self.assertEqual(content[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(content[16:24], struct.pack(">II", 30, 20))
        self.assertEqual(seals, SEALS)

    def check_refused(self, octets):
        kind, answer, content, _ = self.ask(octets)
        self.assertEqual(kind, FAILED)
        self.assertEqual(struct.unpack("<I", answer[:4])[0], ERROR_PERM)
        self.assertIsNone(content)

    def children(self):
        """Children of the role's processes: each has one image."""
        return [child for proc in self.world.role("image")
                for child in descendants(proc["pid"])]

    def during(self, octets, act):
        """Calls act(child) once the child is in its cage and at work."""
        seen = []

        def watch():
            def caged():
                for child in self.children():
                    status = read("/proc/%d/status" % child["pid"])
                    if re.search(r"Seccomp_filters:\s*2", status):
                        seen.append(child)
                        act(child)
                        return True
                return False
            try:
                wait_for(caged, 10, "a child at work")
            except (AssertionError, OSError):
                pass

        thread = threading.Thread(target=watch)
        thread.start()
        return thread, seen

    def test_only_pixels_come_back(self):
        self.check_works()

    def test_what_is_no_image_is_refused(self):
        for octets in (b"GIF89a", b"%PDF-1.7", png(300, 300, 10),
                       png(60000, 1), b"\xff\xd8\xff" + bytes(100)):
            self.check_refused(octets)
        self.check_works()

    def test_a_killed_child_is_a_refusal_and_leaves_no_file(self):
        large = png(6000, 6000)
        thread, seen = self.during(
            large, lambda child: os.kill(child["pid"], signal.SIGKILL))
        self.check_refused(large)
        thread.join()
        self.assertEqual(len(seen), 1)
        self.check_works()
        finds, count, _ = leakscan.scan(
            [self.world.dir, "/var/tmp", "/dev/shm"], [TOKEN])
        self.assertGreater(count, 10)
        self.assertEqual(finds, [])

    def test_a_child_has_no_descriptor(self):
        if os.geteuid() != 0:
            self.skipTest("needs root: the child is closed to others")
        found = {}

        def look(child):
            found["fds"] = os.listdir("/proc/%d/fd" % child["pid"])
            found["limits"] = read("/proc/%d/limits" % child["pid"])

        large = png(6000, 6000)
        thread, seen = self.during(large, look)
        self.assertEqual(self.ask(large)[0], CLEANED)
        thread.join()
        self.assertEqual(len(seen), 1)
        self.assertEqual(found["fds"], [])
        self.assertRegex(found["limits"], r"Max cpu time\s+10\s+10\s")
        self.assertRegex(found["limits"], r"Max core file size\s+0\s+0\s")

    def test_two_images_at_a_time(self):
        """As many as there are processes; a third waits and is served."""
        large = png(4000, 4000)
        answers = []
        most = 0
        threads = [threading.Thread(
            target=lambda: answers.append(self.ask(large)[0]))
            for _ in range(3)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 30
        while any(thread.is_alive() for thread in threads) \
                and time.monotonic() < end:
            most = max(most, len(self.children()))
        for thread in threads:
            thread.join(1)
        self.assertEqual(answers, [CLEANED] * 3)
        self.assertEqual(most, 2)


if __name__ == "__main__":
    unittest.main()
