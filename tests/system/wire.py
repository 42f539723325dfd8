"""A mail to nymdesk without a Postfix: what a Postfix would say to it, by each
way in. Replies are one (code, text) for each recipient: of RCPT if that
refused it, else of the mail."""

import re
import smtplib
import socket

TRACE = b"Received: from client.test (unknown [192.0.2.1])\r\n" \
    b"\tby mx.test (Postfix) with ESMTP id 4ABCDE0000\r\n" \
    b"\tfor <somebody@mx.test>; Mon, 01 Jun 2026 10:00:00 +0000 (UTC)\r\n"


HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")


class UnixSmtp(smtplib.SMTP):
    """SMTP on a socket of the file system, as smtplib's LMTP knows it."""

    def _get_socket(self, host, port, timeout):
        if not host.startswith("/"):
            return super()._get_socket(host, port, timeout)
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        sock.connect(host)
        return sock


def client(world, way):
    kind, where = getattr(world, way).split(":", 1)
    host, port = (where, 0) if kind == "unix" else where.rsplit(":", 1)
    if way == "lmtp":
        return smtplib.LMTP(host, int(port), "mx.test", timeout=30)
    if kind != "unix":
        return smtplib.SMTP(host, int(port), "mx.test", timeout=30)
    smtp = UnixSmtp(local_hostname="mx.test", timeout=30)
    smtp.connect(host)
    return smtp


def crlf(octets):
    lines = re.sub(rb"\r?\n", b"\r\n", octets)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def as_queued(octets):
    """As smtpd and cleanup give a mail to milters: the line above a mail in a
    mailbox is a field, and the header ends at the first line that is none of
    it."""
    lines = octets.split(b"\r\n")
    if lines[0].lstrip(b">").startswith(b"From "):
        lines[0] = b"Mailbox-Line: " + lines[0]
    for at, line in enumerate(lines):
        if not line:
            break
        if not (HEADER.match(line) or (at and line[:1] in b" \t")):
            lines.insert(at, b"")
            break
    return b"\r\n".join(lines)


def parameters(octets, sender, rcpts):
    """What Postfix says with MAIL (RFC 6152, RFC 6531 3.4)."""
    head = octets.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    plain = head.isascii() and "".join([sender, *rcpts]).isascii()
    return ["BODY=8BITMIME"] * (not octets.isascii()) \
        + ["SMTPUTF8"] * (not plain)


def session(world, way, octets, sender, rcpts):
    """LMTP and SMTP differ in how many replies a mail gets (RFC 2033 4.2)."""
    with client(world, way) as smtp:
        smtp.ehlo()
        smtp.command_encoding = "utf-8"
        smtp.docmd("MAIL", " ".join(["FROM:<%s>" % sender]
                                    + parameters(octets, sender, rcpts)))
        replies = [smtp.docmd("RCPT", "TO:<%s>" % rcpt) for rcpt in rcpts]
        taken = sum(code == 250 for code, _ in replies)
        if taken:
            code, text = smtp.docmd("DATA")
            if code != 354:
                raise smtplib.SMTPDataError(code, text)
            smtp.send(re.sub(rb"(?m)^\.", b"..", crlf(octets)) + b".\r\n")
            answers = [smtp.getreply()
                       for _ in range(taken if way == "lmtp" else 1)]
            answers *= taken // len(answers)
            replies = [answers.pop(0) if code == 250 else (code, text)
                       for code, text in replies]
    return replies


def deliver(world, octets, sender, rcpts):
    if world.way == "milter":
        import milterwire
        return milterwire.deliver(
            world.milter, as_queued(crlf(octets)), sender, rcpts)
    return session(world, world.way, octets, sender, rcpts)
