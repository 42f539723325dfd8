"""Whoever holds files of nymdesk and guesses addresses: what can he confirm?

    python3 tests/leak/attacker.py --dictionary FILE DIR [DIR ...]

DIRs hold whatever was found: database, its journal, backups, key files, logs,
mails. FILE has one address a line; the true ones are among them. Prints each
address that the files confirm, and why, and ends with 1 if there is one.

Nothing here uses code of nymdesk: the key derivation (BLAKE2b), the keyed
hashes (HMAC-SHA-256) and the sealed envelopes (XChaCha20-Poly1305) are written
again from the Python library alone. So it is also a second reading of what
docs/decisions.md and src/vault say.
"""

import argparse
import base64
import hashlib
import hmac
import os
import struct
import sys

KDF_CONTEXT = b"nymdesk1"
CONTACT, SEAL = 1, 2  # purposes of subkeys
SEALED_LEN = 2088
ROOT_LEN, SUM_LEN = 32, 16
SMALL = 1 << 16  # octets: a file in which every offset is tried as a key


# --- what nymdesk computes, written again -------------------------------

def subkey(root, purpose):
    """crypto_kdf_derive_from_key()."""
    return hashlib.blake2b(
        b"", key=root, digest_size=32,
        salt=struct.pack("<Q", purpose) + bytes(8),
        person=KDF_CONTEXT + bytes(8)).digest()


def keyed(key, *fields):
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for field in fields:
        mac.update(struct.pack("<Q", len(field)) + field)
    return mac.digest()


def normal(address):
    """A-label domain, folded local part; enough for a dictionary."""
    local, domain = address.rsplit("@", 1)
    return (local.casefold() + "@"
            + domain.encode("idna").decode().lower()).encode()


def contact_id(root, address):
    return keyed(subkey(root, CONTACT), b"contact", normal(address))


def rotate(value, bits):
    return ((value << bits) | (value >> (32 - bits))) & 0xffffffff


def chacha_rounds(state):
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14),
                           (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12),
                           (2, 7, 8, 13), (3, 4, 9, 14)):
            for x, y, z, bits in ((a, b, d, 16), (c, d, b, 12),
                                  (a, b, d, 8), (c, d, b, 7)):
                state[x] = (state[x] + state[y]) & 0xffffffff
                state[z] = rotate(state[z] ^ state[x], bits)


SIGMA = struct.unpack("<4I", b"expand 32-byte k")


def chacha_block(key, nonce, counter):
    first = list(SIGMA + struct.unpack("<8I", key) + (counter,)
                 + struct.unpack("<3I", nonce))
    state = list(first)
    chacha_rounds(state)
    return struct.pack("<16I", *((x + y) & 0xffffffff
                                 for x, y in zip(state, first)))


def hchacha(key, nonce):
    state = list(SIGMA + struct.unpack("<8I", key)
                 + struct.unpack("<4I", nonce))
    chacha_rounds(state)
    return struct.pack("<8I", *(state[:4] + state[12:]))


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    s = int.from_bytes(key[16:], "little")
    total = 0
    for at in range(0, len(data), 16):
        block = data[at:at + 16] + b"\1"
        total = (total + int.from_bytes(block, "little")) * r % (2**130 - 5)
    return ((total + s) % 2**128).to_bytes(16, "little")


def padded(data):
    return data + bytes(-len(data) % 16)


def open_envelope(root, sealed, epoch, contact):
    """The content, or None if it was not sealed under this root."""
    key = hchacha(subkey(root, SEAL), sealed[:16])
    nonce = bytes(4) + sealed[16:24]
    text, tag = sealed[24:-16], sealed[-16:]
    ad = struct.pack("<q", epoch) + contact
    once = chacha_block(key, nonce, 0)[:32]
    if not hmac.compare_digest(tag, poly1305(
            once, padded(ad) + padded(text)
            + struct.pack("<QQ", len(ad), len(text)))):
        return None
    stream = b"".join(chacha_block(key, nonce, i + 1)
                      for i in range((len(text) + 63) // 64))
    return bytes(a ^ b for a, b in zip(text, stream))


# --- the attack ---------------------------------------------------------

def files_below(dirs):
    for top in dirs:
        for base, _, names in os.walk(top):
            for name in names:
                path = os.path.join(base, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as file:
                        yield path, file.read()


def spellings(digest):
    """How a digest may be written in a file."""
    return (digest, digest.hex().encode(), digest.hex().upper().encode(),
            base64.b64encode(digest).rstrip(b"="),
            base64.urlsafe_b64encode(digest).rstrip(b"="))


def unkeyed(address):
    """What anybody can compute from an address."""
    forms = {address.encode(), normal(address), address.lower().encode(),
             address.upper().encode()}
    for form in forms:
        yield "in clear", form
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            digest = hashlib.new(name, form).digest()
            for text in spellings(digest):
                yield "unkeyed " + name, text


class Attack:
    def __init__(self, dirs):
        self.files = dict(files_below(dirs))
        self.haystack = b"\n".join(self.files.values())
        self.roots = set(self.find_roots())

    def find_roots(self):
        """Key files by their shape, and every stretch of a small file that
        is random enough to be a key that somebody put elsewhere."""
        for path, data in self.files.items():
            if os.path.basename(path).startswith("epoch-"):
                yield data[:ROOT_LEN]
            if len(data) > SMALL or data.startswith(b"SQLite"):
                continue
            for at in range(0, len(data) - ROOT_LEN + 1):
                piece = data[at:at + ROOT_LEN]
                if len(set(piece)) > 20 and not piece.isascii():
                    yield piece

    def confirm(self, address):
        """Why the files confirm this address, or None."""
        for why, text in unkeyed(address):
            if text in self.haystack:
                return why
        for root in self.roots:
            for text in spellings(contact_id(root, address)):
                if text in self.haystack:
                    return "contact id under a key that was found"
            for text in spellings(keyed(root, b"contact", normal(address))):
                if text in self.haystack:
                    return "contact id under a subkey that was found"
        return None

    def opened(self, envelopes):
        """Contents of (epoch, contact, sealed) that a found key opens."""
        return [text for epoch, contact, sealed in envelopes
                for root in self.roots
                for text in [open_envelope(root, sealed, epoch, contact)]
                if text is not None]


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--dictionary", required=True)
    args.add_argument("dirs", nargs="+")
    args = args.parse_args()
    attack = Attack(args.dirs)
    with open(args.dictionary, encoding="utf-8") as file:
        guesses = file.read().split()
    found = 0
    for guess in guesses:
        why = attack.confirm(guess)
        if why:
            found += 1
            print("%s: %s" % (guess, why))
    print("%d files, %d possible keys, %d guesses: %d confirmed" % (
        len(attack.files), len(attack.roots), len(guesses), found))
    return 1 if found or not attack.files else 0


if __name__ == "__main__":
    sys.exit(main())
