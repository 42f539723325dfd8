"""Instructions and peak memory of each role for one player's first mail with
its acknowledgement, on the build that ND_BUILD names:

    python3 tests/bench/cost.py [MAILS]

by the way that ND_WAY names, or LMTP. As root, with valgrind. Every role runs
under callgrind, once with five mails and once with so many more; the
difference is what a mail costs, and what a start costs is left out. Memory is
the most that a process of the role ever had, without callgrind. To compare two
versions, run it in each.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "system"))
import gateway  # noqa: E402
import mails  # noqa: E402
import tools  # noqa: E402
import world  # noqa: E402

FEW = 5
WAY = os.environ.get("ND_WAY") or "lmtp"
ROLES = world.ROLES + ((WAY,) if WAY != "lmtp" else ())
SLOWER = 20  # than without callgrind

# A role's cage has no room for callgrind.
UNCAGED = """\
int seccomp_load(void *c) { (void)c; return 0; }
int setrlimit(int w, const void *l) { (void)w; (void)l; return 0; }
int setrlimit64(int w, const void *l) { (void)w; (void)l; return 0; }
"""
TEXT = """\
Hello,

I asked for a withdrawal of 250 EUR three days ago, transaction
0x%064x, and it is still pending.
My phone is +49 171 5550%03d. Please tell me when it arrives.

John Miller
"""


class Gateway(gateway.Gateway):
    """Its roles run under callgrind, if there is a directory for that."""

    def __init__(self, out=None):
        self.out = out
        super().__init__(workers=1, more={"post.hand_over": 1,
                                          "post.notice": 1})

    def install(self):
        super().install()
        if self.out is None:
            return
        source, library = self.out + "/uncaged.c", self.out + "/uncaged.so"
        tools.write(source, UNCAGED)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source],
                       check=True)
        self.env["LD_PRELOAD"] += ":" + library
        os.makedirs(self.bin + "/real")
        for role in ROLES:
            name = "nymdesk-" + role
            os.rename("%s/%s" % (self.bin, name),
                      "%s/real/%s" % (self.bin, name))
            tools.write("%s/%s" % (self.bin, name), "#!/bin/sh\n"
                        "exec valgrind -q --vgdb=no --tool=callgrind "
                        "--callgrind-out-file=%s/%s.%%p %s/real/%s \"$@\"\n"
                        % (self.out, role, self.bin, name), 0o755)

    def has_roles(self):
        if self.out is None:
            return super().has_roles()
        # Made by root, written by whom the role has become.
        found = glob.glob(self.out + "/*.[0-9]*")
        for path in found:
            os.chmod(path, 0o666)
        return {os.path.basename(path).split(".")[0] for path in found} \
            == set(ROLES)

    def play(self, count):
        for n in range(count):
            sender = "player%d@players.example" % n
            mail = mails.message(sender, self.queue, "Withdrawal is pending",
                                 TEXT % (n, n))
            (code, _), = self.deliver(mail.as_bytes(), sender, [self.queue])
            if code != 250:
                raise RuntimeError("a mail was answered with %d" % code)
        wait_for(self.is_idle, 120, "the acknowledgements")


def wait_for(predicate, timeout=20.0, what=""):
    return WAIT_FOR(predicate, timeout * SLOWER, what)


WAIT_FOR = tools.wait_for


def instructions(count):
    """{role: instructions} of a whole life with so many mails."""
    out = tempfile.mkdtemp(prefix="nymdesk-cost-")
    os.chmod(out, 0o777)
    total = dict.fromkeys(ROLES, 0)
    try:
        with Gateway(out) as desk:
            desk.play(count)
        for path in glob.glob(out + "/*.[0-9]*"):
            found = re.search(r"(?m)^(?:summary|totals): (\d+)",
                              tools.read(path))
            if found:
                total[os.path.basename(path).split(".")[0]] += \
                    int(found.group(1))
    finally:
        shutil.rmtree(out)
    return total


def peaks(count):
    """{role: KiB} of its largest process."""
    with Gateway() as desk:
        desk.play(count)
        return {role: max(int(re.search(
            r"VmHWM:\s+(\d+)",
            tools.read("/proc/%d/status" % proc["pid"])).group(1))
            for proc in desk.role(role)) for role in ROLES}


def main():
    more = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    memory = peaks(FEW + more)
    for module in (tools, world, gateway):
        module.wait_for = wait_for
    few, many = instructions(FEW), instructions(FEW + more)
    if not all(few[role] for role in ROLES):
        raise RuntimeError("callgrind has not counted: " + json.dumps(few))
    print("role   instructions a mail   most memory, KiB")
    for role in ROLES:
        print("%-6s %20d %18d" % (role, (many[role] - few[role]) // more,
                                  memory[role]))


if __name__ == "__main__":
    main()
