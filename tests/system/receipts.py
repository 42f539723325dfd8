"""Receipts: the command against an Ed25519 and a digest of its own, and the
public key that a running vault leaves for all to read."""

import base64
import email.policy
import hashlib
import json
import os
import random
import re
import stat
import subprocess
import unittest

import receipt_again as again
from gateway import Gateway
from tools import wait_for
from world import build_dir

SEED = 5119


def run(*args, stdin=b"", program=None):
    done = subprocess.run(
        [program or os.path.join(build_dir(), "nymdesk"), *args], input=stdin,
        capture_output=True, timeout=30, check=False,
        env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def files_below(top):
    return [os.path.join(where, name) for where, _, names in os.walk(top)
            for name in names if not stat.S_ISSOCK(
                os.lstat(os.path.join(where, name)).st_mode)]


def octets_of(path):
    with open(path, "rb") as file:
        return file.read()


class Verify(unittest.TestCase):
    """Without any nymdesk that runs."""

    @classmethod
    def setUpClass(cls):
        cls.random = random.Random(SEED)
        cls.seed = cls.random.randbytes(32)
        cls.key = again.letters(again.public_key(cls.seed))
        cls.line = cls.make(again.MAIL)
        cls.mail = "/tmp/nymdesk-receipt-%d.eml" % os.getpid()
        cls.addClassCleanup(
            lambda: os.path.exists(cls.mail) and os.unlink(cls.mail))

    @classmethod
    def make(cls, mail, number=again.NUMBER, received=again.RECEIVED):
        return again.line(cls.seed, number, received, hashlib.sha256(
            again.canonical(mail)).digest())

    def verify(self, text, *args, mail=None):
        """(exit status, what --json says)"""
        if mail is not None:
            with open(self.mail, "wb") as file:
                file.write(mail)
            args += ("--mail", self.mail)
        code, out, err = run("--json", "receipt", "verify", "-", "--key",
                             self.key, *args, stdin=text.encode())
        return code, json.loads(out) if out else err

    def test_known_answers(self):
        """RFC 8032 7.1, tests 1 to 3; those of the unit test are ours."""
        for seed, key, text, signature in (
                ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031c"
                 "ae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325"
                 "af021a68f707511a", "", "e5564300c360ac729086e2cc806e828a84"
                 "877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
                 "b46bd25bf5f0595bbe24655141438e7a100b"),
                ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4f"
                 "b8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968c"
                 "c0cd55f12af4660c", "72", "92a009a9f0d4cab8720e820b5f642540"
                 "a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
                 "f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
                ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b"
                 "4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac"
                 "5deb911548908025", "af82", "6291d657deec24024827e69c3abe01"
                 "a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
                 "984dc6594a7c15e9716ed28dc027beceea1ec40a")):
            seed, text = bytes.fromhex(seed), bytes.fromhex(text)
            self.assertEqual(again.public_key(seed).hex(), key)
            self.assertEqual(again.sign(seed, text).hex(), signature)
        path = os.path.join(os.path.dirname(os.path.dirname(
            os.path.abspath(__file__))), "unit", "vault_receipt.c")
        with open(path, encoding="utf-8") as file:
            known = re.sub(r'"[\s\\]*"', "", file.read())
        for part in again.line(again.SEED, again.NUMBER, again.RECEIVED,
                               hashlib.sha256(again.canonical(
                                   again.MAIL)).digest()).rsplit(" ", 1):
            self.assertIn('"%s"' % part, known)
        self.assertIn('"%s"' % again.key_line(again.SEED)[24:], known)

    def test_a_good_one(self):
        self.assertLessEqual(len(self.line), 200)
        wanted = {"signed": True, "number": again.NUMBER,
                  "received": "2026-11-21T10:00:00Z", "mail_fits": None}
        self.assertEqual(self.verify(self.line), (0, wanted))
        self.assertEqual(self.verify(self.line, mail=again.MAIL),
                         (0, dict(wanted, mail_fits=True)))
        code, out, err = run("receipt", "verify", "-", "--key", self.key,
                             stdin=self.line.encode())
        self.assertEqual((code, err), (0, ""))
        self.assertIn("good: signed", out)
        self.assertIn("not compared", out)
        # One of several keys, with or without what stands before it.
        other = again.key_line(again.SEED)
        code, _, _ = run("receipt", "verify", "-", "--key", other, "--key",
                         "nymdesk-receipt-key: v1 " + self.key,
                         stdin=self.line.encode())
        self.assertEqual(code, 0)
        code, out, _ = run("receipt", "verify", "-", "--key", other,
                           stdin=self.line.encode())
        self.assertEqual(code, 1)
        self.assertIn("NOT GOOD", out)

    def test_fields_that_were_changed(self):
        mark, version, number, time, digest, signature = self.line.split(" ")
        other = again.letters(hashlib.sha256(b"other").digest())
        rows = {
            "version": [mark, "v2", number, time, digest, signature],
            "check of number": [mark, version, "K7F3-9Q2X", time, digest,
                                signature],
            # Fits in itself: the check is a sum.
            "number": [mark, version, "0000-0000", time, digest, signature],
            "time": [mark, version, number, "2026-11-21T10:00:01Z", digest,
                     signature],
            "no time": [mark, version, number, "2026-13-21T10:00:00Z",
                        digest, signature],
            "digest": [mark, version, number, time, other, signature],
            "signature": [mark, version, number, time, digest,
                          again.letters(hashlib.sha512(b"other").digest())],
            "short": [mark, version, number, time, digest, signature[:-1]],
        }
        for name, fields in rows.items():
            with self.subTest(name):
                code, said = self.verify(" ".join(fields), mail=again.MAIL)
                self.assertEqual(code, 1)
                if isinstance(said, dict):
                    self.assertFalse(said["signed"])
                self.assertEqual(
                    isinstance(said, dict),
                    name in ("number", "time", "digest", "signature"))

    def test_other_mails(self):
        for name, mail in {
                "text": again.MAIL.replace(b"nothing", b"all"),
                "subject": again.MAIL.replace(b"500", b"900"),
                "id": again.MAIL.replace(b"a1b2", b"a1b3"),
                "type": b"Content-Type: text/html\r\n" + again.MAIL,
                "no mail": b"nothing",
                "empty": b""}.items():
            with self.subTest(name):
                code, said = self.verify(self.line, mail=mail)
                self.assertEqual((code, said["signed"], said["mail_fits"]),
                                 (1, True, False))

    def test_digests_of_many_mails(self):
        """Both readings of the digest agree, whatever the octets."""
        parts = [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"a", b"\0",
                 b"\xff", b"Subject", b"subject:", b"\nContent-Type: x/y",
                 b"\r\n\r\n", b"\n\n", b"Message-ID", b"\n ", b"text"]
        for i in range(150):
            mail = b"".join(self.random.choices(
                parts, k=self.random.randrange(40)))
            mail = b"X: y\r\nMessage-ID: <a@b>\r\n" + mail
            code, said = self.verify(self.make(mail), mail=mail)
            self.assertEqual((i, code, said), (i, 0, dict(
                said, signed=True, mail_fits=True)), mail)

    def test_wrong_use(self):
        for args in (["receipt"], ["receipt", "verify"], ["receipt", "keys"],
                     ["receipt", "verify", "-", "--mail", "-"],
                     ["receipt", "verify", "a", "b"]):
            self.assertEqual(run(*args)[0], 64, args)
        code, _, err = run("receipt", "verify", "-", "--key", "short",
                           stdin=self.line.encode())
        self.assertEqual(code, 1)
        self.assertIn("not a key", err)
        code, _, err = run("receipt", "verify", "/nonexistent/receipt")
        self.assertEqual(code, 1)
        self.assertIn("cannot open the file", err)


class Key(unittest.TestCase):
    """Of a nymdesk that runs."""

    @classmethod
    def setUpClass(cls):
        cls.world = Gateway(workers=1)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()

    def seed(self):
        with open(self.world.key_dir + "/receipt", "rb") as file:
            return file.read()[:32]

    def shown(self):
        done = self.world.run("receipt", "key")
        return done.stdout.strip()

    def test_a_digest_lies_nowhere(self):
        """What says whether two mails are one is sealed, or nobody's."""
        first, copy, _ = self.world.open("digest@players.example")
        digest = hashlib.sha256(again.canonical(
            first.as_bytes(policy=email.policy.SMTP))).digest()
        forms = [digest, digest.hex().encode(), again.letters(digest).encode(),
                 base64.b64encode(digest)[:-1]]
        found = [path for top in self.world.own_dirs()
                 for path in files_below(top)
                 if any(form in octets_of(path) for form in forms)]
        self.assertEqual(found, [])
        self.assertFalse(any(form in text for form in forms for text in (
            self.world.logs().encode(), copy.octets)))

    def test_key_is_published_and_lasts(self):
        path = self.world.run_dir + "/receipt-key"
        key = again.key_line(self.seed())
        wait_for(lambda: self.shown() == key, 10, "the key")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o644)
        line = again.line(self.seed(), again.NUMBER, again.RECEIVED,
                          bytes(32))
        receipt = self.world.dir + "/receipt.txt"
        with open(receipt, "w", encoding="utf-8") as file:
            file.write(line)
        # The command finds the key by itself.
        done = self.world.run("receipt", "verify", receipt)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.world.stop_nymdesk()
        self.world.start_nymdesk()
        wait_for(lambda: self.shown() == key, 10, "the same key")
        # Whoever removes it signs with another one from then on.
        self.world.stop_nymdesk()
        os.unlink(self.world.key_dir + "/receipt")
        self.world.start_nymdesk()
        wait_for(lambda: self.shown() == again.key_line(self.seed()), 10,
                 "another key")
        self.assertNotEqual(self.shown(), key)
        self.assertEqual(
            self.world.run("receipt", "verify", receipt).returncode, 1)
        self.assertEqual(self.world.run(
            "receipt", "verify", receipt, "--key", key).returncode, 0)


if __name__ == "__main__":
    unittest.main()
