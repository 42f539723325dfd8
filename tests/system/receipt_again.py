"""Receipts, written again from RFC 8032 and RFC 6376 with the Python library
alone: a second reading of src/vault/receipt.h and src/mail/canonical.h.

    python3 tests/system/receipt_again.py

prints the known answers of tests/unit/vault_receipt.c. Slow and not constant
in time: for tests.
"""

import base64
import datetime
import hashlib
import re

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


# --- Ed25519, RFC 8032 5.1 ------------------------------------------------

def recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P:
        raise ValueError("not on the curve")
    return P - x if x % 2 != sign else x


def point(x, y):
    """Extended coordinates, RFC 8032 5.1.4."""
    return x, y, 1, x * y % P


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point(recover_x(BASE_Y, 0), BASE_Y)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, p):
    result = (0, 1, 1, 0)
    while n:
        if n & 1:
            result = add(result, p)
        p = add(p, p)
        n >>= 1
    return result


def pack(p):
    inverse = pow(p[2], P - 2, P)
    return ((p[1] * inverse % P) | (p[0] * inverse % P & 1) << 255).to_bytes(
        32, "little")


def scalar(*parts):
    return int.from_bytes(
        hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def expand(seed):
    hashed = hashlib.sha512(seed).digest()
    low = int.from_bytes(hashed[:32], "little")
    return low & (2 ** 254 - 8) | 2 ** 254, hashed[32:]


def public_key(seed):
    return pack(times(expand(seed)[0], BASE))


def sign(seed, text):
    secret, prefix = expand(seed)
    key = pack(times(secret, BASE))
    r = scalar(prefix, text)
    big_r = pack(times(r, BASE))
    s = (r + scalar(big_r, key, text) * secret) % ORDER
    return big_r + s.to_bytes(32, "little")


# --- the digest and the line ----------------------------------------------

FIELDS = (b"message-id", b"subject", b"content-type",
          b"content-transfer-encoding")


def canonical(mail):
    """The octets that the digest is of."""
    text = re.sub(rb"\r(?!\n)", b" ", mail).replace(b"\r\n", b"\n")
    head, _, body = (b"\n" + text).partition(b"\n\n")
    head = re.sub(rb"\n(?=[ \t])", b"", head[1:])
    out = b""
    for name in FIELDS:
        for line in head.split(b"\n"):
            field, colon, value = line.partition(b":")
            if colon and field.rstrip(b" \t").lower() == name:
                out += name + b":" + b" ".join(
                    w for w in re.split(rb"[ \t]+", value) if w) + b"\r\n"
    lines = [re.sub(rb"[ \t]+", b" ", line).removesuffix(b" ")
             for line in body.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    return out + b"\r\n" + b"".join(line + b"\r\n" for line in lines)


def letters(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def octets(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def show_time(received):
    return datetime.datetime.fromtimestamp(
        received, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def line(seed, number, received, digest):
    signed = "nymdesk-receipt: v1 %s %s %s" % (
        number, show_time(received), letters(digest))
    return signed + " " + letters(sign(seed, signed.encode()))


def key_line(seed):
    return "nymdesk-receipt-key: v1 " + letters(public_key(seed))


# --- known answers ---------------------------------------------------------

SEED = bytes(range(32))
MAIL = (b"Message-ID: <a1b2c3@mail.test>\r\n"
        b"Subject: Withdrawal 500 USDT\r\n"
        b"\r\nHello,\r\n\r\nnothing has come.\r\n")
NUMBER, RECEIVED = "K7F3-9Q2Y", 1795255200


def main():
    print(key_line(SEED))
    print(line(SEED, NUMBER, RECEIVED, hashlib.sha256(
        canonical(MAIL)).digest()))


if __name__ == "__main__":
    main()
