"""The played day as a script, and what a report on it must say: reckoned here
once more, in a few lines of Python that share nothing with nymdesk.

Times are minutes of the day, which begins at 0. At each stop the clock is
moved there; first what has run out is noticed, then people do what they do.
"""

import os

from tools import ROOT, read

LANGS = "en de fr el es it pt ru tr pl".split()
CATEGORIES = "mirror withdrawal bonus deposit kyc login vip complaint " \
    "technical".split() + [""]
EACH = 3  # mails of a language and category
# No two stops are as far apart as any promise is long: exactly the length is
# in time, and a retry moves the clock by seconds (office.py).
ARRIVE = (0, 46, 107, 173, 234)
WORK = ((25, 81, 130), (71, 130, 193), (134, 193, 252), (193, 252, 311),
        (252, 311, 366))
TALK, LATER, VIP_WORK, LAST = 422, 477, 502, 1558
STOPS = sorted(set(ARRIVE) | set(sum(WORK, ()))
               | {TALK, LATER, VIP_WORK, LAST})

ACK, FIRST, DECISION, ESCALATE = 60, 120, 1440, 60
VIP_FIRST, VIP_DECISION = 30, 360
COMPLEX = ("withdrawal", "complaint")
QUEUES = {"withdrawal": "money", "deposit": "money"}
# Texts whose language or category is not recognised: short_mails.txt has
# them to be counted, and a day has a report of what was recognised.
DOUBTFUL = ("Seit gestern fliege ich an den Live", "Sadakat programındayım")

CONF = {
    "category withdrawal.queue": "money",
    "category deposit.queue": "money",
    "category withdrawal.complex": "true",
    "category complaint.complex": "true",
    "category complaint.priority": "2",
    "category vip.first_reply": "%dm" % VIP_FIRST,
    "category vip.decision": "%dm" % VIP_DECISION,
    "category vip.priority": "1",
    "queue support.weekly": "false",
    "queue money.weekly": "false",
}


def texts():
    """{(language, category): texts} of the project's own short mails."""
    found = {}
    for line in read(os.path.join(
            ROOT, "tests/unit/short_mails.txt")).splitlines():
        if line and line[0] != "#":
            lang, category, text = line.split(" ", 2)
            if not text.startswith(DOUBTFUL):
                found.setdefault((lang, category.strip("-")), []).append(text)
    return found


class Case:
    """A ticket as the script has it."""

    def __init__(self, index, lang, category, nth):
        self.index, self.lang, self.category = index, lang, category
        self.key = (lang, category, nth)
        self.player = "player-%03d@players.example" % index
        self.wave = (LANGS.index(lang) + CATEGORIES.index(category) + nth) \
            % len(ARRIVE)
        self.opened = ARRIVE[self.wave]
        self.work = WORK[self.wave]
        self.plan = {}  # minute: name of an action
        self.text = None
        self.queue = QUEUES.get(category, "support")
        self.level, self.agent, self.rating = 1, "", 0
        self.answered = self.decided = self.closed = None
        self.is_vip = self.is_returned = False
        self.mails = 1  # to the player; the first acknowledges
        self.paused = None
        self.start(self.opened)

    # --- clocks --------------------------------------------------------

    def is_special(self):
        return self.is_vip or self.category == "vip"

    def start(self, at):
        """Promised at `at`."""
        self.first_due = at + (VIP_FIRST if self.is_special() else FIRST)
        self.decision_due = at + (VIP_DECISION if self.is_special()
                                  else DECISION)
        # When each that runs will be over; a level has its own.
        self.runs = {"first": self.first_due, "decision": self.decision_due}
        if self.category in COMPLEX:
            self.runs["escalate"] = at + ESCALATE

    def notice(self, now):
        """What has run out by now takes the ticket one level up."""
        over = [name for name, end in self.runs.items()
                if now > end and not (name == "decision" and self.paused)]
        if self.closed is not None or now < self.opened or not over:
            return
        for name in over:
            del self.runs[name]
        self.raise_level(now, over)

    def raise_level(self, now, over=()):
        if self.level == 3:
            return
        self.level += 1
        self.mails += 1
        if self.answered is None or (
                self.paused is None and now > self.decision_due):
            self.runs["first"] = now + (
                VIP_FIRST if self.is_special() else FIRST)
        if self.category in COMPLEX:
            self.runs["escalate"] = now + ESCALATE

    # --- what people do ----------------------------------------------------

    def answer(self, now, who):
        if self.answered is None:
            self.answered = now
        self.mails += 1
        self.agent = self.agent or who
        self.runs.pop("first", None)
        self.runs.pop("escalate", None)

    def close(self, now, who):
        self.resume(now)
        self.answered = now if self.answered is None else self.answered
        self.decided = now if self.decided is None else self.decided
        self.closed, self.agent, self.runs = now, who, {}
        self.mails += 1

    def close_duplicate(self, now, who):
        self.close(now, who)
        self.mails -= 1

    def take(self, _now, who):
        self.agent = who
        self.runs.pop("escalate", None)

    def wait(self, now, _who):
        self.paused = now

    def resume(self, now, _who=None):
        if self.paused is None:
            return
        self.decision_due += now - self.paused
        if "decision" in self.runs:
            self.runs["decision"] += now - self.paused
        self.paused = None

    def escalate(self, now, _who=None):
        self.raise_level(now)

    def reopen(self, now, _who=None):
        self.answered = self.decided = self.closed = None
        self.is_returned = True
        self.start(now)

    def to_money(self, now, _who):
        self.queue, self.level = "money", 1
        self.runs["first"] = now + FIRST

    def to_bonus(self, _now, _who):
        self.category = "bonus"

    def to_german(self, _now, _who):
        self.lang = "de"

    def rate(self, _now, _who=None):
        self.rating = 1 + self.index % 5

    def belong(self, vip):
        """It is a later ticket of that player, who belongs to ben then."""
        self.player, self.is_vip, self.agent = vip.player, True, "ben"
        self.opened, self.work = LATER, (VIP_WORK,)
        self.plan = {VIP_WORK: "solve"}
        self.start(self.opened)

    def actor(self):
        """Who has the ticket at its level."""
        if self.level > 1:
            return ("eva", "otto")[self.level - 2]
        if self.is_vip:
            return "ben"
        return "anna" if self.queue == "money" or self.index % 2 else "ben"


# Name of an action: the steps above that it is for the report. The words
# are in day.py.
STEPS = {
    "solve": "answer close", "close": "close", "refuse": "answer close",
    "answer": "answer", "take": "take", "escalate": "escalate",
    "canned": "answer", "kyc": "answer wait", "duplicate": "close_duplicate",
    "queue": "to_money", "category": "answer to_bonus close",
    "lang": "answer to_german close",
    # Stopped, or for nobody but colleagues: no step of the ticket.
    "no-reason": "", "asks-for-papers": "", "misspelt": "", "note": "",
    "vacation": "",
    # Of the player and the operator.
    "wants-up": "escalate", "says-up": "escalate", "replies": "resume",
    "comes-back": "reopen", "rates": "rate", "vip": "",
}
BY_OTHERS = ("wants-up", "says-up", "replies", "comes-back", "rates", "vip")

# Plans by first, second and third time at which the team works on a wave; a
# number above 3 is a minute.
USUAL = (
    {1: "solve"}, {1: "solve"}, {2: "solve"}, {1: "solve"},
    {1: "answer", TALK: "close"}, {2: "close"}, {1: "refuse"},
    {3: "solve"}, {1: "solve", TALK: "rates"},
    {1: "answer"}, {2: "solve", LATER: "rates"}, {},
)
SPECIAL = {
    ("en", "technical", 0): {1: "vacation", 2: "solve"},
    ("de", "bonus", 0): {1: "answer", 2: "wants-up", 3: "solve"},
    ("en", "bonus", 1): {2: "says-up", 3: "solve"},
    ("es", "deposit", 0): {1: "no-reason", 2: "refuse"},
    ("en", "login", 0): {1: "asks-for-papers", 2: "solve"},
    ("en", "kyc", 1): {1: "kyc", TALK: "replies", LAST: "close"},
    ("it", "deposit", 0): {1: "solve", TALK: "comes-back", LATER: "solve"},
    ("pt", "deposit", 1): {1: "solve", TALK: "comes-back"},
    ("ru", "login", 1): {2: "duplicate"},
    ("tr", "bonus", 0): {1: "queue", 2: "solve"},
    ("el", "", 0): {1: "category"},
    ("de", "withdrawal", 0): {1: "take", 2: "solve"},
    ("pl", "technical", 0): {1: "escalate", 2: "escalate", 3: "solve"},
    ("fr", "login", 0): {1: "note", 2: "solve"},
    ("fr", "deposit", 0): {1: "canned", 2: "solve"},
    ("en", "", 1): {1: "lang"},
    ("de", "login", 1): {1: "misspelt", 2: "solve"},
    ("en", "vip", 0): {1: "solve", TALK: "vip"},
}
DUPLICATE_OF = ("ru", "login", 0)
VIP, VIP_AGAIN = ("en", "vip", 0), ("en", "login", 2)


def cases():
    found, own = [], texts()
    for nth in range(EACH):
        for lang in LANGS:
            for category in CATEGORIES:
                case = Case(len(found), lang, category, nth)
                have = own[lang, category]
                case.text = have[nth % len(have)]
                plan = SPECIAL.get(case.key, USUAL[
                    (case.index * 5 + case.index // 10) % len(USUAL)])
                case.plan = {
                    case.work[when - 1] if when <= 3 else when: what
                    for when, what in plan.items()}
                found.append(case)
    by_key = {case.key: case for case in found}
    by_key[VIP_AGAIN].belong(by_key[VIP])
    return found


# --- the table ---------------------------------------------------------------

def rank(values, percent):
    """The smallest that so many percent of all do not exceed."""
    if not values:
        return None
    values = sorted(values)
    return values[-(-len(values) * percent // 100) - 1]


def share(part, whole):
    return part * 100 // whole if whole else None


def promise(of, now, done_due):
    taken = [60 * (done - case.opened) for case in of
             for done, _ in [done_due(case)] if done is not None]
    ends = [((now if done is None else done) > due, done)
            for done, due in map(done_due, of)]
    late = sum(is_late for is_late, _ in ends)
    in_time = sum(not is_late and done is not None for is_late, done in ends)
    return {"in_time": in_time, "late": late,
            "running": len(of) - late - in_time,
            "percent": share(in_time, in_time + late),
            "median_s": rank(taken, 50), "p90_s": rank(taken, 90)}


def due_of_decision(case, now):
    return case.decision_due + (
        now - case.paused if case.paused is not None else 0)


PROMISES = (
    ("acknowledged", lambda case, now: (case.opened, case.opened + ACK)),
    ("first_reply", lambda case, now: (case.answered, case.first_due)),
    ("decision", lambda case, now: (case.decided,
                                    due_of_decision(case, now))),
)


def row(of, now, name=None):
    closed = [case for case in of if case.closed is not None]
    still = [case for case in of if case.closed is None]
    judged = closed + [case for case in still if case.is_returned]
    first = [case for case in closed
             if case.level == 1 and not case.is_returned]
    ages = [60 * (now - case.opened) for case in still]
    rated = [case.rating for case in closed if case.rating]
    out = {"name": name} if name is not None else {}
    out.update({"opened": len(of), "closed": len(closed),
                "open": len(still)})
    for word, of_case in PROMISES:
        out[word] = promise(of, now, lambda case, f=of_case: f(case, now))
    out["first_level"] = {
        "closed": len(first), "of": len(judged),
        "percent": share(len(first), len(judged)),
        "may_return": len(first)}  # the day is shorter than 48 h
    ends = [4 * 3600, 86400, 3 * 86400, 7 * 86400, None]
    out["open_by_age"] = [
        {"up_to_s": end, "tickets": sum(
            (end is None or age <= end) and
            (i == 0 or age > ends[i - 1]) for age in ages)}
        for i, end in enumerate(ends)]
    out["open_late"] = sum(
        any((now if done is None else done) > due
            for done, due in (f(case, now) for _, f in PROMISES))
        for case in still)
    out["oldest_s"] = max(ages) if ages else None
    out["satisfaction"] = {str(n): rated.count(n) for n in range(1, 6)}
    out["satisfaction"]["mean_tenths"] = \
        sum(rated) * 10 // len(rated) if rated else None
    return out


def table(of, now):
    """As `nymdesk report --json` has it."""
    out = {"all": row(of, now)}
    for name, trait in (("by_queue", "queue"), ("by_level", "level"),
                        ("by_agent", "agent"), ("by_category", "category"),
                        ("by_language", "lang")):
        groups = {}
        for case in of:
            groups.setdefault(str(getattr(case, trait)), []).append(case)
        rows = [row(group, now, key) for key, group in groups.items()]
        rows.sort(key=lambda r: r["name"] if trait == "level"
                  else (r["name"] == "", -r["opened"], r["name"]))
        out[name] = rows
    return out
