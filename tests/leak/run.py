"""The leak test: tokens in every slot of thousands of mails, every flow,
then a look at all that is left. See run.sh for the options."""

import argparse
import glob
import hashlib
import multiprocessing
import os
import re
import subprocess
import sys
import threading
import time

import paths
import leakscan
import rows
import scan
import slots
from checks import Checks
from flows import Run
from judge import Judge, place_of
from report import Report
from staff import ARCHIVE, LeakWorld
from tools import wait_for
from ways import ALL

FLOWS = ("new", "follow", "agent", "steer", "bounce", "lmtp", "fault",
         "epoch")
WHOLE = 1000  # fewer mails need not use every exception
LOOK_S = 0.02  # how often /proc is looked at


class Proc(threading.Thread):
    """What /proc shows of the roles, all the time."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.seen, self.is_over = world, set(), False
        self.lock = threading.Lock()  # held while this process forks
        self.looks = 0

    def run(self):
        pids = []
        while not self.is_over:
            with self.lock:
                if self.looks % 10 == 0 and self.world.daemon:
                    pids = [proc["pid"] for proc in self.world.family()]
                    pids.append(self.world.daemon.pid)
                for pid in pids:
                    self.look(pid)
                self.looks += 1
            time.sleep(LOOK_S)

    def look(self, pid):
        # A front serves each sender in a thread, which has a name too.
        for path in ["/proc/%d/%s" % (pid, name) for name in (
                "cmdline", "environ")] + glob.glob(
                    "/proc/%d/task/*/comm" % pid):
            try:
                with open(path, "rb") as file:
                    self.seen.add(file.read())
            except OSError:
                continue

    def end(self):
        self.is_over = True
        self.join()


# --- the work of one process -----------------------------------------------

FINDER = None


def read_mail(path):
    """A mail that is being marked or seen gets another name behind the colon, or
    goes from new/ to cur/. One of the spool is gone when the archive has it."""
    for _ in range(100):
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            box, name = os.path.split(path)
            path = (glob.glob(os.path.join(
                os.path.dirname(box), "*",
                glob.escape(name.split(":")[0]) + "*")) or [path])[0]
    if os.path.basename(box) in ("cur", "new"):
        raise FileNotFoundError(path)
    return b""


def scan_one_mail(job):
    place, path = job
    data = read_mail(path)
    return job, list(FINDER.scan_mail(data)), len(data)


def scan_one_file(job):
    place, path, name = job
    try:
        found, size = FINDER.scan_file(path)
    except OSError:
        return job, [], 0
    return job, [(*hit, name) for hit in sorted(found, key=repr)], size


class Test(Checks, Report):
    def __init__(self, args):
        self.args = args
        self.results = []  # (name, ok, text)

    def result(self, name, ok, text=""):
        self.results.append((name, ok, text))
        print("ok   " + name if ok else "FAIL %s: %s" % (name, text),
              flush=True)

    # --- scanning ----------------------------------------------------------

    def scan_files(self, moment):
        """All files of the world; logs that only grow are read once."""
        jobs = []
        for path in leakscan.files_below(self.world.dir):
            found = place_of(path, self.world)
            if found and not path.startswith(self.world.bin) \
                    and (found[0] != "MTA-LOG" or moment == "idle"):
                jobs.append((found[0], path, found[1]))
        mails = [job[:2] for job in jobs if job[0] == "AG"]
        self.scanned(scan_one_mail, mails, moment)
        self.scanned(scan_one_file, [job for job in jobs if job[0] != "AG"],
                     moment)
        return [name for _, _, name in jobs]

    def scan_idle(self):
        names = self.scan_files("idle")
        self.result("database and journal were read", {
            "state/desk.db", "state/desk.db-wal", "state/desk.db-shm"}
            <= set(names), " ".join(n for n in names if "state/" in n))
        queue = self.world.postfix.queue()
        self.result("the queue is empty", not queue, str(queue)[:500])

    def scan_mails(self, moment):
        jobs, others, seen = [], set(), set()
        # The archive has what agents have, octet by octet: once is enough.
        for user, path in sorted(self.run.stored(),
                                 key=lambda item: item[0] == ARCHIVE):
            if user in self.world.staff:
                digest = handed_over(path)
                if user == ARCHIVE and digest in seen:
                    continue
                seen.add(digest)
            place = "AG" if user in self.world.staff else \
                "PL" if user in self.judge.mailbox else "TP"
            if place == "TP":
                others.add(user)
            jobs.append((place, path))
        self.result("row C7 nobody else gets mail", not others,
                    " ".join(sorted(others)[:5]))
        self.scanned(scan_one_mail, jobs, moment)

    def scanned(self, work, jobs, moment):
        global FINDER
        FINDER = self.finder
        with self.proc.lock:
            pool = multiprocessing.Pool(2)
        with pool:
            for job, found, size in pool.imap_unordered(work, jobs, 16):
                self.judge.add(found, job[0], job[1], moment)
                self.judge.files += 1
                self.judge.octets += size

    def scan_rest(self):
        seen = self.proc.seen
        for name, texts in (("PROC", seen), ("REPLY", self.run.replies),
                            ("OPER", self.run.printed)):
            for text in texts:
                self.judge.octets += len(text)
                self.judge.add([(*hit, name.lower()) for hit in
                                self.finder.find(text)], name, name, "run")
        self.result("D10 processes were looked at", len(seen) > 4
                    and self.proc.looks > 10)
        cores = [path for path in leakscan.files_below(self.world.dir)
                 if re.match(r"core(\.\d+)?$", os.path.basename(path))]
        self.result("row D9 no core files", not cores, " ".join(cores))

    def scan_filtered_log(self):
        """Postfix's log as docs/postfix.md has it written."""
        path = self.world.dir + "/log/postfix.log"
        with open(path, "rb") as log:
            done = subprocess.run(
                [self.world.bin + "/nymdesk", "logfilter"], stdin=log,
                capture_output=True, check=False)
        self.judge.octets += len(done.stdout)
        self.judge.add([(*hit, "logfilter") for hit in
                        self.finder.find(done.stdout)], "LOG", path, "idle")
        self.result("P1 the filtered log has lines", done.returncode == 0
                    and done.stdout.count(b"\n") > 100,
                    done.stderr.decode()[:500])

    # --- the run -----------------------------------------------------------

    def go(self):
        begin = time.monotonic()
        passed, failed = scan.self_test()
        self.result("the scanner finds what is planted (%d)" % passed,
                    not failed, "; ".join(failed))
        faults = rows.check()
        self.result("every row is somewhere", not faults, "; ".join(faults))
        self.world = LeakWorld(self.args.seed, self.args.way)
        with_mount(self.world, self.args.mails)
        with self.world:
            self.flow_all()
        self.print_report(begin)
        return all(ok for _, ok, _ in self.results)

    def flow_all(self):
        world, args = self.world, self.args
        self.run = run = Run(world, args.seed, args.mails)
        self.proc = Proc(world)
        self.proc.start()
        self.finder = scan.Finder(run.mint, slots.CONSTANTS)
        self.judge = Judge(run, os.path.join(paths.HERE, "exceptions.conf"))
        run.moment = self.scan_files
        for flow in FLOWS:
            if flow in args.flows:
                begin = time.monotonic()
                self.guard(flow, getattr(run, "flow_" + flow))
                run.times[flow] = time.monotonic() - begin
        self.proc.end()
        begin = time.monotonic()
        self.judge.know_mailboxes()
        wait_for(lambda: not world.spooled(), 240, "an empty spool")
        self.scan_idle()
        self.scan_mails("idle")
        self.scan_filtered_log()
        self.check_arrivals()
        self.check_all_mails()
        faults = world.faults()
        self.result("no fault in the log", not faults, "\n".join(faults[:5]))
        self.result("nymdesk stops", world.stop_nymdesk())
        self.scan_files("stopped")
        self.scan_rest()
        self.report_leaks()
        for name in run.passed:
            self.result(name, True)
        for name, text in run.failures:
            self.result(name, False, text)
        if set(args.flows) == set(FLOWS) and args.mails >= WHOLE:
            self.check_whole()
        run.times["scan"] = time.monotonic() - begin
        self.show()

    def check_whole(self):
        """What only a run of everything can say of itself."""
        stale = self.judge.stale()
        self.result("no exception is stale", not stale, " ".join(stale))
        done = {name for name, _, _ in self.results}
        missing = [name for name in rows.CHECKS.values() if name not in done]
        self.result("every check of a row ran", not missing,
                    "; ".join(missing))

    def guard(self, flow, work):
        """A flow that breaks is a failure, and the scan still happens."""
        try:
            work()
            self.result("flow of %s" % flow, True)
        except (AssertionError, OSError, RuntimeError, KeyError,
                TypeError, ValueError) as error:
            self.result("flow of %s" % flow, False, repr(error)[:500])
            if os.environ.get("ND_TRACE"):
                raise


def handed_over(path):
    """A digest of a mail as nymdesk composed it: hops add fields above."""
    with open(path, "rb") as file:
        data = file.read().replace(b"\r\n", b"\n")
    at = re.search(rb"(?m)^From:", data)
    return hashlib.sha256(data[at.start() if at else 0:]).digest()


def with_mount(world, mails):
    """The state directory on a file system that can be filled: a ticket
    takes about 3 KiB."""
    os.makedirs(world.state_dir, exist_ok=True)
    world.mount_state("%dm" % (64 + mails // 100))


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--mails", type=int, default=2000)
    args.add_argument("--full", action="store_true", help="20,000 mails")
    args.add_argument("--seed", default="1")
    args.add_argument("--flows", default=",".join(FLOWS),
                      type=lambda text: text.split(","))
    args.add_argument("--way", choices=ALL, help="how mails come in",
                      default=os.environ.get("ND_WAY") or "lmtp")
    args.add_argument("--show", type=int, action="append", default=[],
                      help="print this mail and its copy")
    args = args.parse_args()
    if args.full:
        args.mails = 20000
    return 0 if Test(args).go() else 1


if __name__ == "__main__":
    sys.exit(main())
