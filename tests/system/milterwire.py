"""The MTA's side of the milter protocol, version 6, octet by octet.

Wire packs and reads packets and leaves the order to its caller, who may
misbehave. Postfix says what a Postfix says for one client's session, and
deliver() is one mail of it.
"""

import re
import socket
import struct

VERSION = 6
# What an MTA offers: all that Postfix 3.7 has.
ACTIONS = 0x1ff
STEPS = 0x1fffff
SETSYMLIST = 0x100

NOCONNECT, NOHELO, NOUNKNOWN = 0x1, 0x2, 0x100
NO_HEADER_REPLY, SKIP, LEADING_SPACE = 0x80, 0x400, 0x100000

ENVRCPT = 3  # the stage of macros at RCPT
CHUNK = 65535

NEGOTIATE, MACRO, CONNECT, HELO, MAIL, RCPT, DATA, HEADER, END_OF_HEADER, \
    BODY, END, ABORT, QUIT, QUIT_REUSE, UNKNOWN = (
        b"O", b"D", b"C", b"H", b"M", b"R", b"T", b"L", b"N", b"B", b"E",
        b"A", b"Q", b"K", b"U")
CONTINUE, ACCEPT, DISCARD, REJECT, TEMPFAIL, REPLY, SKIPPED, PROGRESS = (
    b"c", b"a", b"d", b"r", b"t", b"y", b"s", b"p")

# What Postfix says when a milter does not choose its own words.
WORDS = {REJECT: (550, b"5.7.1 Command rejected"),
         TEMPFAIL: (451, b"4.7.1 Service unavailable - try again later"),
         DISCARD: (250, b"2.0.0 Ok: queued as DISCARDED"),
         ACCEPT: (250, b"2.0.0 Ok: queued")}
LOST = (451, b"4.7.1 Service unavailable - try again later")


class Hangup(OSError):
    """The milter closed the connection."""


def text(*words):
    return b"".join(word if isinstance(word, bytes) else word.encode()
                    for word in words)


def strings(*words):
    return b"".join(text(word) + b"\0" for word in words)


def code_of(packet):
    """(code, text) of what a milter answers at the end, or on refusal."""
    kind, data = packet
    if kind == REPLY:
        words = data.rstrip(b"\0")
        return int(words[:3]), words[4:]
    return WORDS[kind]


class Wire:
    """One connection. where: "unix:/path"."""

    def __init__(self, where, timeout=30):
        kind, path = where.split(":", 1)
        assert kind == "unix"
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        try:
            self.sock.connect(path)
        except OSError:
            self.sock.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()

    def close(self):
        self.sock.close()

    def send_raw(self, octets):
        self.sock.sendall(octets)

    def send(self, command, data=b""):
        self.send_raw(struct.pack("!I", len(data) + 1) + command + data)

    def read(self, count):
        octets = b""
        while len(octets) < count:
            try:
                more = self.sock.recv(count - len(octets))
            except ConnectionResetError:
                more = b""
            if not more:
                raise Hangup("the milter hung up")
            octets += more
        return octets

    def receive(self):
        length, = struct.unpack("!I", self.read(4))
        assert 1 <= length <= 1 << 20
        octets = self.read(length)
        return octets[:1], octets[1:]

    def ask(self, command, data=b""):
        """Sends and waits for the answer: (kind, data)."""
        self.send(command, data)
        while True:
            packet = self.receive()
            if packet[0] != PROGRESS:
                return packet

    def negotiate(self, version=VERSION, actions=ACTIONS, steps=STEPS):
        """(version, actions, steps, macros asked for at each stage)"""
        kind, data = self.ask(
            NEGOTIATE, struct.pack("!III", version, actions, steps))
        assert kind == NEGOTIATE
        stages, rest = {}, data[12:]
        while rest:
            stage, = struct.unpack("!I", rest[:4])
            names, rest = rest[4:].split(b"\0", 1)
            stages[stage] = names.decode().split()
        return struct.unpack("!III", data[:12]) + (stages,)

    def macro(self, command, **values):
        """mailer="nymdesk" stands for {rcpt_mailer} and so on."""
        pairs = [word for name, value in values.items()
                 for word in ("{%s_%s}" % (
                     {MAIL: "mail", RCPT: "rcpt"}[command], name), value)]
        self.send(MACRO, command + strings(*pairs))

    def mail(self, sender, *parameters):
        return self.ask(MAIL, strings("<%s>" % sender, *parameters))

    def rcpt(self, rcpt, mailer="nymdesk"):
        self.macro(RCPT, mailer=mailer, host="host.example", addr=rcpt)
        return self.ask(RCPT, strings("<%s>" % rcpt))

    def header(self, name, value):
        """No reply, as negotiated. value has its leading space."""
        self.send(HEADER, strings(name, value))

    def end_of_header(self):
        return self.ask(END_OF_HEADER)

    def body(self, octets):
        """In chunks; the last answer, which is not CONTINUE if the milter
        has seen enough."""
        packet = CONTINUE, b""
        for at in range(0, len(octets), CHUNK):
            packet = self.ask(BODY, octets[at:at + CHUNK])
            if packet[0] != CONTINUE:
                break
        return packet

    def end(self):
        return self.ask(END)

    def quit(self):
        """Politely: there is no answer to it."""
        self.send(QUIT)
        self.close()


def split(octets):
    """Header fields as (name, value with its leading white space), and the
    body. Folded lines are divided by LF, as Postfix divides them."""
    head, _, body = octets.partition(b"\r\n\r\n")
    if octets.startswith(b"\r\n"):
        head, body = b"", octets[2:]
    elif not body and head.endswith(b"\r\n"):
        head = head[:-2]
    fields = []
    for field in re.split(rb"\r\n(?![ \t])", head) if head else []:
        name, _, value = field.partition(b":")
        fields.append((name, value.replace(b"\r\n", b"\n")))
    return fields, body


class Postfix(Wire):
    """A Postfix that has a client: what it says to its milter."""

    def __init__(self, where, timeout=30):
        super().__init__(where, timeout)
        try:
            asked = self.negotiate()
        except BaseException:
            self.close()
            raise
        assert asked[2] & (NOCONNECT | NOHELO) == NOCONNECT | NOHELO

    def give_text(self, octets):
        """From DATA to the end: the answer that ended it."""
        fields, body = split(octets)
        packet = self.ask(DATA)
        if packet[0] != CONTINUE:
            return packet
        for name, value in fields:
            self.header(name, value)
        packet = self.end_of_header()
        if packet[0] == CONTINUE:
            packet = self.body(body)
        if packet[0] in (CONTINUE, SKIPPED):
            packet = self.end()
        return packet

    def give(self, octets, sender, rcpts, parameters=()):
        """One transaction; (code, text) for each recipient."""
        packet = self.mail(sender, *parameters)
        if packet[0] != CONTINUE:
            return [code_of(packet)] * len(rcpts)
        replies = [self.rcpt(rcpt) for rcpt in rcpts]
        taken = [kind == CONTINUE for kind, _ in replies]
        if not any(taken):
            self.send(ABORT)
            return [code_of(packet) for packet in replies]
        result = code_of(self.give_text(octets))
        return [result if kind == CONTINUE else code_of((kind, data))
                for kind, data in replies]


def parameters_of(octets, sender, rcpts):
    """What a client says to Postfix with MAIL."""
    parameters = ["SIZE=%d" % len(octets)]
    if any(octet > 127 for octet in octets):
        parameters.append("BODY=8BITMIME")
    if not all(addr.isascii() for addr in [sender, *rcpts]):
        parameters.append("SMTPUTF8")
    return parameters


def deliver(where, octets, sender, rcpts):
    """One mail of one client, as a Postfix with default_action=tempfail has
    it: a milter that is not there or hangs up is a 451."""
    try:
        with Postfix(where) as wire:
            replies = wire.give(octets, sender, rcpts,
                                parameters_of(octets, sender, rcpts))
            wire.quit()
            return replies
    except OSError:
        return [LOST] * len(rcpts)
