"""The leak test: tokens in every slot of thousands of mails, every flow,
then a look at all that is left. See run.sh for the options."""

import argparse
import collections
import configparser
import email
import email.policy
import fnmatch
import multiprocessing
import os
import re
import subprocess
import sys
import threading
import time

import flows
import scan
import shapes
import slots
import tokens
from flows import LeakWorld, Run, all_text
from tokens import BODY, IDENT, KEEP, SAID
from world import ANNA, BEN, TEAM

HERE = os.path.dirname(os.path.abspath(__file__))
AGENTS = (TEAM, ANNA, BEN)
FLOWS = ("new", "follow", "agent", "bounce", "lmtp", "fault", "epoch")
WHOLE = 1000  # fewer mails need not use every exception
COPY_FIELDS = {"from", "to", "reply-to", "subject", "date", "message-id",
               "in-reply-to", "references", "x-nymdesk", "mime-version",
               "content-type", "content-transfer-encoding"}
HOP_FIELDS = {"return-path", "delivered-to", "received"}
ANSWER_FIELDS = COPY_FIELDS - {"reply-to", "x-nymdesk"} | {"auto-submitted"}


class Proc(threading.Thread):
    """What /proc shows of the roles, as often as it can look."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.seen, self.is_over = world, set(), False

    def run(self):
        while not self.is_over:
            for proc in self.world.family() if self.world.daemon else []:
                for name in ("cmdline", "environ", "comm"):
                    try:
                        with open("/proc/%d/%s" % (proc["pid"], name),
                                  "rb") as file:
                            self.seen.add(file.read())
                    except OSError:
                        continue
            time.sleep(0.2)


def place_of(path, world):
    """(place, name) of a file of the world; None for what is not ours."""
    name = os.path.relpath(path, world.dir)
    if name.startswith("dovecot/mail/"):
        return None
    for head, place in (("nymdesk-log/", "LOG"), ("log/", "MTA-LOG"),
                        ("postfix/spool/", "SPOOL")):
        if name.startswith(head):
            return place, name
    return "DISK", name


# --- the work of one process -----------------------------------------------

FINDER = None


def scan_one_mail(job):
    place, path = job
    with open(path, "rb") as file:
        data = file.read()
    return job, list(FINDER.scan_mail(data)), len(data)


def scan_one_file(job):
    place, path, name = job
    try:
        found, size = FINDER.scan_file(path)
    except OSError:
        return job, [], 0
    return job, [(*hit, name) for hit in sorted(found, key=repr)], size


class Judge:
    """Collects finds and says which are leaks."""

    def __init__(self, run, exceptions):
        self.run = run
        self.hits = set()
        self.files = self.octets = 0
        self.rules = []
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(exceptions, encoding="utf-8")
        for name in parser.sections():
            rule = dict(parser[name], name=name, used=0)
            missing = {"place", "where", "slot", "owner", "reason"} \
                - set(rule)
            if missing:
                raise SystemExit("%s: [%s] lacks %s" % (
                    exceptions, name, ", ".join(sorted(missing))))
            self.rules.append(rule)
        self.mailbox = {}
        for mail in run.mails.values():
            if mail.address:
                self.mailbox.setdefault(mail.address.lower(), set()).add(
                    mail.serial)

    def add(self, found, place, path, moment):
        for mail, code, form, where in found:
            self.hits.add(scan.Hit(mail, code, form, where, place, path,
                                   moment))

    def owner(self, hit):
        """True if the token is of the player whose mailbox it is in."""
        user = re.search(r"/dovecot/mail/([^/]+)/", hit.path)
        return bool(user) and hit.mail in self.mailbox.get(user[1], ())

    def excused(self, hit):
        for rule in self.rules:
            if rule["place"] == hit.place \
                    and fnmatch.fnmatchcase(hit.where, rule["where"]) \
                    and fnmatch.fnmatchcase(hit.code or "?", rule["slot"]) \
                    and fnmatch.fnmatchcase(hit.moment,
                                            rule.get("moment", "*")) \
                    and (rule["owner"] == "any" or self.owner(hit)):
                rule["used"] += 1
                return True
        return False

    def leaks(self):
        """A damaged token beside a whole one says nothing new."""
        found = list(self.all_leaks())
        whole = {hit.path for hit in found if hit.code}
        return [hit for hit in found if hit.code or hit.path not in whole]

    def all_leaks(self):
        for hit in sorted(self.hits, key=repr):
            kind = slots.CLASS.get(hit.code, IDENT)
            if hit.place == "AG" and kind in (BODY, KEEP, SAID):
                continue
            if hit.place == "PL" and kind == SAID:
                continue
            if not self.excused(hit):
                yield hit

    def stale(self):
        return [rule["name"] for rule in self.rules if not rule["used"]]


class Test:
    def __init__(self, args):
        self.args = args
        self.results = []  # (name, ok, text)

    def result(self, name, ok, text=""):
        self.results.append((name, ok, text))
        if not ok:
            print("FAIL %s: %s" % (name, text), flush=True)

    # --- scanning ----------------------------------------------------------

    def scan_files(self, moment):
        global FINDER
        FINDER = self.finder
        jobs = []
        for path in scan.files_below(self.world.dir):
            found = place_of(path, self.world)
            if found and not path.startswith(self.world.bin):
                jobs.append((found[0], path, found[1]))
        self.scanned(scan_one_file, jobs, moment)
        if moment == "idle":
            queue = self.world.postfix.queue()
            self.result("the queue is empty", not queue, str(queue)[:500])

    def scan_mails(self, moment):
        jobs = []
        for user, mails in self.run.boxes().items():
            place = "AG" if user in AGENTS else \
                "PL" if user in self.judge.mailbox else "TP"
            if place == "TP" and mails:
                self.result("nobody else gets mail", False, user)
            jobs += [(place, path) for path, _ in mails]
        global FINDER
        FINDER = self.finder
        self.scanned(scan_one_mail, jobs, moment)

    def scanned(self, work, jobs, moment):
        with multiprocessing.Pool(2) as pool:
            for job, found, size in pool.imap_unordered(work, jobs, 16):
                self.judge.add(found, job[0], job[1], moment)
                self.judge.files += 1
                self.judge.octets += size

    def scan_rest(self, proc):
        for name, texts in (("PROC", proc.seen),
                            ("REPLY", self.run.replies)):
            for text in texts:
                self.judge.octets += len(text)
                self.judge.add([(*hit, name.lower()) for hit in
                                self.finder.find(text)], name, name, "run")
        self.result("processes were looked at", len(proc.seen) > 4)
        cores = [path for path in scan.files_below(self.world.dir)
                 if re.match(r"core(\.\d+)?$", os.path.basename(path))]
        self.result("no core files", not cores, " ".join(cores))

    def scan_filtered_log(self):
        """Postfix's log as docs/postfix.md has it written."""
        path = self.world.dir + "/log/postfix.log"
        with open(path, "rb") as log:
            done = subprocess.run(
                [self.world.bin + "/nymdesk", "logfilter"], stdin=log,
                capture_output=True, check=False)
        if done.returncode != 0:
            self.run.skipped.append("nymdesk logfilter: not there")
            return
        self.judge.octets += len(done.stdout)
        self.judge.add([(*hit, "logfilter") for hit in
                        self.finder.find(done.stdout)], "LOG", path, "idle")
        self.result("P1 the filtered log has lines",
                    done.stdout.count(b"\n") > 100)

    # --- what must be there ------------------------------------------------

    def check_arrivals(self):
        run = self.run
        run.index()
        missing, hidden, alone = [], [], []
        count = 0
        for serial, mail in run.mails.items():
            if mail.mint is None or not mail.keep or not mail.is_sent \
                    or not mail.has_copy or not mail.address:
                continue
            count += 1
            copies = run.copies.get(serial)
            if not copies:
                missing.append(serial)
                continue
            text = all_text(copies[0]).decode("utf-8", "replace")
            hidden += ["%d %s" % (serial, word) for word in mail.keep
                       if word not in text]
            if mail.has_ack and serial not in run.answers:
                alone.append(serial)
        self.result("KEEP every mail's copy arrived", not missing,
                    "%d of %d, first %s" % (len(missing), count,
                                            missing[:5]))
        self.result("KEEP every wanted token arrived", not hidden,
                    "%d, first %s" % (len(hidden), hidden[:5]))
        self.result("every player has an acknowledgement", not alone,
                    "%d, first %s" % (len(alone), alone[:5]))
        self.kept = count
        self.check_said()
        self.check_sent()

    def check_said(self):
        boxes = self.run.boxes()
        missing, wrong, count = [], [], 0
        said = {}
        for user, mails in boxes.items():
            for _, data in mails:
                mail = email.message_from_bytes(
                    data, policy=email.policy.default)
                for word in re.findall(tokens.WORD.pattern.encode(),
                                       all_text(mail)):
                    serial, code = self.run.mint.read(
                        tokens.MAGIC + b"".join(word).decode())
                    if code == "SAID.word":
                        said.setdefault(serial, set()).add(user)
        for serial, mail in self.run.mails.items():
            if mail.flow != "answer" or not mail.is_sent:
                continue
            count += 1
            users = said.get(serial, set())
            if mail.to_player.lower() not in users:
                missing.append(serial)
            wrong += [serial] if users - {mail.to_player.lower()} else []
        self.result("SAID every answer arrived", count and not missing,
                    "%d of %d, first %s" % (len(missing), count,
                                            missing[:5]))
        self.result("SAID no answer reached another", not wrong,
                    str(wrong[:5]))

    def check_sent(self):
        sent = collections.Counter(
            mail.flow for mail in self.run.mails.values() if mail.is_sent)
        for flow, refused in self.run.refused.items():
            self.result("flow %s was taken" % flow,
                        refused <= sent[flow] // 20,
                        "%d refused, e.g. %s" % (
                            refused, self.run.last_refusal))
        for flow in sorted(sent):
            self.result("flow %s ran" % flow, sent[flow] > 0)
        self.sent = sent

    def check_shapes(self):
        """What all copies and all answers have in common."""
        fields, kinds, hops = set(), set(), set()
        player_fields, senders, player_kinds = set(), set(), set()
        for user, mails in self.run.boxes().items():
            for _, data in mails:
                mail = email.message_from_bytes(data)
                names = {name.lower() for name in mail.keys()} - HOP_FIELDS
                for part in mail.walk():
                    (kinds if user in AGENTS else player_kinds).add(
                        part.get_content_type())
                if user == TEAM and mail["X-Nymdesk"]:
                    fields |= names
                elif user not in AGENTS and "MAILER-DAEMON" not in str(
                        mail["From"]):
                    player_fields |= names
                    senders.add(re.sub(r"support\+[a-z0-9-]+@",
                                       "support+@", str(mail["From"])))
        self.result("H19 a fixed set of fields in copies",
                    fields == COPY_FIELDS, str(fields ^ COPY_FIELDS))
        self.result("G11 one name in all answers", len(senders) == 1,
                    str(sorted(senders)[:5]))
        self.result("G1 a fixed set of fields in answers",
                    player_fields <= ANSWER_FIELDS,
                    str(player_fields - ANSWER_FIELDS))
        self.result("M12 no HTML for agents", "text/html" not in kinds,
                    str(sorted(kinds)))
        self.result("G9 no HTML for players",
                    "text/html" not in player_kinds,
                    str(sorted(player_kinds)))

    def check_capabilities(self):
        """G3: no address of the agents' side in a player's mailbox."""
        run = self.run
        caps = {flows.address_of(copy["Reply-To"]).split("@")[0].lower()
                for copies in run.copies.values() for copy in copies}
        found = []
        for user, mails in run.boxes().items():
            if user in AGENTS:
                continue
            for path, data in mails:
                mail = email.message_from_bytes(data)
                text = scan.decode_text(
                    data.decode("latin-1") + all_text(mail).decode(
                        "utf-8", "replace")).lower()
                found += [path for cap in re.findall(
                    r"support\+[a-z0-9-]+", text) if cap in caps]
                found += [path for cap in re.findall(
                    r"[a-z0-9]{7,8}-[a-z0-9]{13}", text)
                    if "support+" + cap in caps]
        self.result("G3 no capability of the agents' side for players",
                    caps and not found, "%d, first %s" % (
                        len(found), found[:2]))

    # --- the report --------------------------------------------------------

    def attribute(self, hit):
        """Rows of a find of the sender's own name or address in a text: by
        the coding it was written in."""
        mail = self.run.mails.get(hit.mail)
        if mail is None or hit.place != "AG" \
                or hit.where not in ("body", "part"):
            return slots.ROW.get(hit.code, "?"), ""
        with open(hit.path, "rb") as file:
            copy = email.message_from_bytes(file.read())
        text = all_text(copy).decode("utf-8", "replace").replace("\r", "")
        for name, shown in mail.codings:
            if shown.replace("\r", "") in text:
                row = shapes.TEXT_CODINGS[name][0]
                is_name = "n" in shapes.TEXT_CODINGS[name][1] \
                    and "@" not in shown
                return row or ("B3" if is_name else "B1"), name
        return slots.ROW.get(hit.code, "?"), "in other words"

    def report_leaks(self):
        groups = collections.defaultdict(list)
        for hit in self.judge.leaks():
            row = slots.ROW.get(hit.code, "?")
            how = hit.form
            if hit.code in ("H1.local", "H1.first", "H1.last", "S6.local",
                            "S9.domain", "B2.other"):
                row, how = self.attribute(hit)
                how = how or hit.form
            flow = self.run.mails[hit.mail].flow if hit.mail in \
                self.run.mails else "-"
            if flow == "malformed" and row[0] not in "B?":
                row = "M19"
            groups[row, hit.code or "?", hit.place, hit.where, flow,
                   how].append(hit)
        rows = collections.defaultdict(list)
        for key, hits in groups.items():
            rows[key[0]].append((key, hits))
        for row in slots.ROWS + ["?", "BODY", "KEEP", "SAID"]:
            if row in rows:
                self.report_row(row, rows[row])
            elif row not in ("?",):
                self.result("row " + row, True)
        self.leaky = rows

    def report_row(self, row, groups):
        groups.sort(key=lambda item: (-len(item[1]), item[0]))
        lines = []
        for (_, code, place, where, flow, how), hits in groups[:40]:
            mail = min((hit.mail or 0) for hit in hits)
            hint = "--show %d" % mail if mail else "in " + os.path.relpath(
                hits[0].path, self.world.dir)
            lines.append("    %4d x %-10s in %s %s, flow %s, as %s; %s" % (
                len(hits), code, place, where, flow, how, hint))
        self.result("row " + row, False, "%d places\n%s" % (
            sum(len(hits) for _, hits in groups), "\n".join(lines)))

    def show(self):
        """The mail of --show and what became of it."""
        for serial in self.args.show:
            mail = self.run.mails[serial]
            print("=== mail %d (%s), slots %s, codings %s" % (
                serial, mail.flow, " ".join(mail.used),
                [name for name, _ in mail.codings]))
            print(mail.data.decode("utf-8", "replace"))
            for copy in self.run.copies.get(serial, []) + \
                    self.run.answers.get(mail.answered, []):
                print("=== copy\n%s\n=== its text\n%s" % (
                    copy.as_bytes().decode("utf-8", "replace"),
                    all_text(copy).decode("utf-8", "replace")))

    def go(self):
        begin = time.monotonic()
        passed, failed = scan.self_test()
        self.result("the scanner finds what is planted (%d)" % passed,
                    not failed, "; ".join(failed))
        missing, unknown = slots.check_rows()
        self.result("every row has a slot", not missing and not unknown,
                    "%s %s" % (missing, unknown))
        self.world = make_world()
        with_mount(self.world)
        with self.world:
            self.flow_all()
        self.print_report(begin)
        return all(ok for _, ok, _ in self.results)

    def flow_all(self):
        world, args = self.world, self.args
        self.run = run = Run(world, args.seed, args.mails)
        proc = Proc(world)
        proc.start()
        self.finder = scan.Finder(run.mint, slots.CONSTANTS)
        self.judge = None
        run.moment = self.look
        run.index()
        for flow in FLOWS:
            if flow in args.flows:
                begin = time.monotonic()
                self.guard(flow, getattr(run, "flow_" + flow))
                run.times[flow] = time.monotonic() - begin
        proc.is_over = True
        begin = time.monotonic()
        self.judge_now()
        self.scan_files("idle")
        self.scan_mails("idle")
        self.scan_filtered_log()
        self.check_arrivals()
        self.check_shapes()
        self.check_capabilities()
        faults = world.faults()
        self.result("no fault in the log", not faults, "\n".join(faults[:5]))
        self.result("nymdesk stops", world.stop_nymdesk())
        self.scan_files("stopped")
        self.scan_rest(proc)
        proc.join()
        self.report_leaks()
        if set(args.flows) == set(FLOWS) and args.mails >= WHOLE:
            stale = self.judge.stale()
            self.result("no exception is stale", not stale, " ".join(stale))
        for name in run.passed:
            self.result(name, True)
        for name, text in run.failures:
            self.result(name, False, text)
        run.times["scan"] = time.monotonic() - begin
        self.show()

    def judge_now(self):
        old = self.judge
        self.judge = Judge(self.run, os.path.join(HERE, "exceptions.conf"))
        if old:
            self.judge.hits = old.hits
            self.judge.files, self.judge.octets = old.files, old.octets

    def look(self, moment):
        """A look at the files while a fault lasts."""
        if self.judge is None:
            self.judge_now()
        self.scan_files(moment)

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

    def print_report(self, begin):
        run = self.run
        planted = sum(run.mint.planted.values())
        failed = [name for name, ok, _ in self.results if not ok]
        print("seed %s, %d mails, %d tokens in %d slots, %d languages, "
              "%d clients, %d codings" % (
                  self.args.seed, len(run.mails), planted,
                  len(run.mint.planted), len(shapes.LANGUAGES),
                  len(shapes.CLIENTS), sum(map(len, (
                      shapes.TEXT_CODINGS, shapes.TRANSPORTS,
                      shapes.HEADER_CODINGS, shapes.FILE_NAMES)))))
        print("mails taken: " + ", ".join(
            "%s %d" % item for item in sorted(self.sent.items())))
        print("read: %d files and mails, %d octets; %d mails' wanted tokens "
              "looked for" % (self.judge.files, self.judge.octets, self.kept))
        print("rows without a slot: " + ", ".join(
            "%s (%s)" % item for item in slots.NOT_HERE.items()))
        for rule in self.judge.rules:
            print("exception %s: %d finds" % (rule["name"], rule["used"]))
        leaks = sum(len(hits) for groups in self.leaky.values()
                    for _, hits in groups)
        print("%d finds outside the exceptions; 0 of %d would bound the "
              "chance of a find below %.1e (95 %%)" % (
                  leaks, planted, 3 / planted))
        for text in run.skipped:
            print("skip " + text)
        print("times: " + ", ".join("%s %.0fs" % item for item in
                                    run.times.items())
              + ", all %.0fs" % (time.monotonic() - begin))
        print("leak: %d passed, %d failed" % (
            len(self.results) - len(failed), len(failed)))


def make_world():
    try:
        return LeakWorld(clock=True)
    except TypeError:
        return LeakWorld()


def with_mount(world):
    """The state directory on a file system that can be filled."""
    os.makedirs(world.state_dir, exist_ok=True)
    world.mount_state("64m")


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--mails", type=int, default=2000)
    args.add_argument("--full", action="store_true", help="20,000 mails")
    args.add_argument("--seed", default="1")
    args.add_argument("--flows", default=",".join(FLOWS),
                      type=lambda text: text.split(","))
    args.add_argument("--show", type=int, action="append", default=[],
                      help="print this mail and its copy")
    args = args.parse_args()
    if args.full:
        args.mails = 20000
    return 0 if Test(args).go() else 1


if __name__ == "__main__":
    sys.exit(main())
