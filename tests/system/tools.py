"""Small tools of the system tests: waiting, ports, processes, files."""

import os
import random
import re
import signal
import socket
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


class Timeout(AssertionError):
    """Something we waited for did not come."""


def wait_for(predicate, timeout=20.0, what=""):
    """Polls until predicate() is true and returns its value."""
    end = time.monotonic() + timeout
    pause = 0.005
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise Timeout("waited %gs for %s" % (
                timeout, what or getattr(predicate, "__name__", "it")))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


RESERVED = []  # sockets that keep a port for this process


def reserve_port():
    """A port of loopback that nobody has, below those that connections get.
    It stays ours: a server may listen there, which sets SO_REUSEADDR as this
    socket does then; another process that looks for a port may not."""
    with open("/proc/sys/net/ipv4/ip_local_port_range",
              encoding="ascii") as file:
        first = int(file.read().split()[0])
    while True:
        sock = socket.socket()
        try:
            sock.bind(("127.0.0.1", random.SystemRandom().randrange(
                10000, max(first, 20000))))
        except OSError:
            sock.close()
            continue
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        RESERVED.append(sock)
        return sock.getsockname()[1]


def free_ports(count):
    """Ports of loopback that nobody listens on, all different."""
    return [reserve_port() for _ in range(count)]


def answers(port):
    """True if somebody accepts connections on this port of loopback."""
    with socket.socket() as sock:
        sock.settimeout(2)
        return sock.connect_ex(("127.0.0.1", port)) == 0


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def test_exists(name):
    """PATH, or PATH:TEST, below the root of the tree."""
    path, _, test = name.partition(":")
    try:
        text = read(os.path.join(ROOT, path))
    except OSError:
        return False
    form = r"(?m)^\s*def %s\(" if path.endswith(".py") else r"(?m)^%s\("
    return not test or re.search(form % re.escape(test), text) is not None


def process(pid):
    """Facts about a process as a dict; None if it is gone or a zombie."""
    try:
        stat = read("/proc/%d/stat" % pid)
        args = read("/proc/%d/cmdline" % pid).split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return None
    name, rest = re.match(r"\d+ \((.*)\) (.*)", stat, re.S).groups()
    fields = rest.split()
    if fields[0] in "ZX":
        return None
    return {"pid": pid, "name": name, "ppid": int(fields[1]), "args": args,
            "start": int(fields[19])}


def pids():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def descendants(pid):
    """All processes below pid, parents first."""
    table = {}
    for proc in map(process, pids()):
        if proc:
            table.setdefault(proc["ppid"], []).append(proc)
    found, todo = [], [pid]
    while todo:
        below = table.get(todo.pop(0), [])
        found += below
        todo += [proc["pid"] for proc in below]
    return found


def send_signal(proc, number):
    """Signals a process found by process(), and no other that took its id."""
    now = process(proc["pid"])
    if now and now["start"] == proc["start"]:
        try:
            os.kill(proc["pid"], number)
        except ProcessLookupError:
            pass


def is_alive(proc):
    now = process(proc["pid"])
    return bool(now and now["start"] == proc["start"])


def stop_all(procs, timeout=10.0):
    """TERM, then KILL, for what is left of a list of processes."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for proc in procs:
            send_signal(proc, number)
        try:
            wait_for(lambda: not any(is_alive(p) for p in procs), timeout)
            return
        except Timeout:
            continue
