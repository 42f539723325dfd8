"""One played day: 300 mails of players in ten languages, and two agents, a
senior and the head, who read by IMAP and answer by SMTP. day_script.py has
what happens when, and reckons what the report on it must say."""

import re
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import day_script as script
import mails
from gateway import number_of
from office import Office
from tools import Timeout, wait_for

STAFF = {"anna": "agents", "ben": "agents", "eva": "senior", "otto": "head"}
CONTROL = "desk@casino.example"
MONEY = {"address": "money@casino.example", "role": "Casino Payments",
         "agents": "anna@agents.example",
         "members": "anna@agents.example;eva@agents.example;"
         "otto@agents.example;ben@agents.example",
         "senior": "eva@agents.example", "head": "otto@agents.example"}
WISH = r"[\w.]+\+%s-[0-9a-z]{8}-[0-9a-z]{13}@casino\.example"

TEXT = "Hello,\n\nthank you for waiting. We have looked into it, and it is " \
    "done.\n"
WORDS = {
    "solve": "/close solved\n\n" + TEXT,
    "close": "/close solved\n",
    "refuse": "/close refused against the terms of the bonus\n\nHello,\n\nwe "
              "are sorry, this is not possible.\n",
    "answer": "Hello,\n\nwe look into it and write again today.\n",
    "take": "/take\n",
    "escalate": "/escalate this needs more rights\n",
    "canned": "/send deposit-missing\n",
    "kyc": "/kyc payout above the threshold\n/wait\n\nHello,\n\nplease send "
           "us a copy of your passport.\n",
    "duplicate": "/close duplicate %(other)s\n",
    "queue": "/queue money\n",
    "category": "/category bonus\n/close solved\n\n" + TEXT,
    "lang": "/lang de\n/close solved\n\n" + TEXT,
    "no-reason": "/close refused\n\nHello,\n\nwe are sorry, no.\n",
    "asks-for-papers": "Hello,\n\nplease send us a copy of your passport.\n",
    "misspelt": "/clsoe solved\n\n" + TEXT,
    "note": "/note the provider looks into it\n",
    "vacation": "I am out of the office until Monday.\n",
}
# What an agent is told whose mail was stopped: a word of it.
STOPPED = {"no-reason": "reason", "asks-for-papers": "/kyc",
           "misspelt": "no such command"}


class Day(unittest.TestCase):
    """The day is played once; the tests look at it from all sides."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.office = Office(STAFF, script.CONF, {"money": MONEY},
                            ("support",), CONTROL)
        cls.addClassCleanup(cls.office.stop)
        # Tomorrow at 8, and it stays so until the script moves it.
        cls.begin = (int(time.time()) // 86400 + 1) * 86400 + 8 * 3600
        cls.office.freeze(cls.begin)
        cls.office.start()
        cls.cases = script.cases()
        cls.by_key = {case.key: case for case in cls.cases}
        cls.stopped = []
        cls.levels = []
        cls.pool = ThreadPoolExecutor(8)
        cls.addClassCleanup(cls.pool.shutdown)
        cls.now = 0
        for stop in script.STOPS:
            cls.play(stop)
        cls.report = cls.office.nymdesk("report", "--since", "2d")

    # --- the day ---------------------------------------------------------

    @classmethod
    def each(cls, what, items):
        """All at once, as people do; what fails, fails the day."""
        for _ in cls.pool.map(what, items):
            pass

    @classmethod
    def play(cls, stop):
        cls.office.advance(60 * (stop - cls.now))
        cls.now = stop
        for case in cls.cases:
            case.notice(stop)
        cls.catch_up()
        new = [case for case in cls.cases if case.opened == stop]
        cls.each(cls.write_first, new)
        cls.office.wait_idle()
        for case in new:
            case.number = number_of(cls.office.sink.of(case.player)[-1])
        todo = [(case, case.plan[stop]) for case in cls.cases
                if stop in case.plan]
        work = {}
        for case, what in todo:
            if what not in script.BY_OTHERS:
                work.setdefault(case.actor(), []).append((case, what))
        cls.each(cls.do_other, [item for item in todo
                                if item[1] in script.BY_OTHERS])
        cls.each(cls.do_work, work.items())
        cls.office.wait_idle()
        for case, what in todo:
            who = case.actor()
            for step in script.STEPS[what].split():
                getattr(case, step)(stop, who)

    @classmethod
    def catch_up(cls):
        """Until the desk has noticed what ran out, and told it."""
        want = {case.number: case.level for case in cls.cases
                if hasattr(case, "number")}

        def wrong():
            return ["%s is at %s, not %d" % (
                ticket["number"], ticket["level"], want[ticket["number"]])
                for ticket in cls.office.tickets()
                if ticket["level"] != want[ticket["number"]]]
        try:
            wait_for(lambda: not wrong(), 10, "the levels")
        except Timeout:
            # The day goes on; test_levels says what was wrong.
            cls.levels += ["minute %d: %s" % (cls.now, word)
                           for word in wrong()]
        cls.office.wait_idle()

    @classmethod
    def write_first(cls, case):
        cls.office.give(mails.message(
            case.player, cls.office.queue, "...", case.text + "\n"))

    @classmethod
    def write_again(cls, case, text, to=None):
        last = cls.office.sink.of(case.player)[-1]
        mail = mails.reply(last, case.player, text)
        if to:
            mail.replace_header("To", to)
        cls.office.give(mail)

    @classmethod
    def wish(cls, case, sign):
        """An address for a wish, in the newest mail to him that has it."""
        for mail in reversed(cls.office.sink.of(case.player)):
            found = re.search(WISH % sign, mails.text_of(mail))
            if found:
                return found.group(0)
        raise AssertionError("no mail to %s has the address %s" % (
            case.player, sign))

    @classmethod
    def do_other(cls, item):
        case, what = item
        if what == "vip":
            player, = [ticket["player"] for ticket in cls.office.tickets()
                       if ticket["number"] == case.number]
            cls.office.nymdesk("vip", player, "ben")
        elif what == "rates":
            cls.write_again(case, "", cls.wish(case, 1 + case.index % 5))
        elif what == "wants-up":
            cls.write_again(case, "Das reicht mir nicht.\n",
                            cls.wish(case, "e"))
        elif what == "says-up":
            cls.write_again(case, "escalate\n")
        elif what == "replies":
            cls.write_again(case, "The copy is in my account now.\n")
        else:
            cls.write_again(case, "It is not done, please look again.\n")

    @classmethod
    def do_work(cls, work):
        name, items = work
        person = cls.office.staff[name]
        for case, what in items:
            text = WORDS[what]
            if what == "duplicate":
                text %= {"other": cls.by_key[script.DUPLICATE_OF].number}
            had = len(cls.office.sink.of(case.player))
            more = {"Auto_Submitted": "auto-replied (vacation)"} \
                if what == "vacation" else {}
            mail = person.reply(case.number, text, **more)
            if what in STOPPED:
                notice = mails.text_of(person.told(mail))
                cls.stopped.append((
                    case, what, STOPPED[what] in notice,
                    len(cls.office.sink.of(case.player)) - had))

    # --- what it came to ---------------------------------------------------

    def test_report_equals_the_table(self):
        want = script.table(self.cases, self.now)
        for part, rows in want.items():
            with self.subTest(part):
                self.assertEqual(self.report[part], rows)

    def test_the_script_has_it_all(self):
        """Or the table would show less than it says."""
        self.assertEqual(len(self.cases), 300)
        self.assertEqual({case.level for case in self.cases}, {1, 2, 3})
        self.assertEqual({case.agent for case in self.cases},
                         {"", *STAFF})
        self.assertEqual(
            {what for case in self.cases for what in case.plan.values()},
            set(script.STEPS))
        self.assertEqual(len({(case.key[0], case.key[1])
                              for case in self.cases}), 100)

    def test_levels(self):
        self.assertEqual(self.levels, [])

    def test_tickets(self):
        """Each as the script has it, so that no two faults cancel out."""
        got = {ticket["number"]: [ticket[name] for name in (
            "queue", "level", "agent", "category", "lang", "state")]
               for ticket in self.office.tickets()}
        want = {case.number: [
            case.queue, case.level, case.agent, case.category, case.lang,
            "open" if case.closed is None else "closed"]
                for case in self.cases}
        self.assertEqual(got, want)

    def test_stopped_mails_reach_nobody_else(self):
        self.assertEqual({what for _, what, _, _ in self.stopped},
                         set(STOPPED))
        for case, what, is_told, leaked in self.stopped:
            with self.subTest(what, ticket=case.number):
                self.assertTrue(is_told)
                self.assertEqual(leaked, 0)

    def test_players_got_what_they_should(self):
        """Acknowledgement, answers, levels, and the end: once each."""
        want = {}
        for case in self.cases:
            want[case.player] = want.get(case.player, 0) + case.mails
        got = {player: len(self.office.sink.of(player)) for player in want}
        self.assertEqual(got, want)

    def test_a_vip_is_his_agents(self):
        number = self.by_key[script.VIP_AGAIN].number
        self.assertEqual(len(self.office.staff["ben"].copies(number)), 1)
        self.assertEqual(self.office.staff["anna"].copies(number), [])

    def test_the_next_level_got_the_thread(self):
        """Eva has the player's words of a ticket that came up to her."""
        case = self.by_key["de", "bonus", 0]
        texts = [mails.text_of(mail) for mail
                 in self.office.staff["eva"].copies(case.number)]
        for words in (case.text, WORDS["answer"]):
            self.assertTrue(any(words.split()[1] in text for text in texts))

    def test_archive_has_every_ticket_of_its_queue(self):
        here = {case.number for case in self.cases
                if case.queue == "support"}
        kept = {}

        def is_kept():
            kept.clear()
            for mail in self.office.archive_of("support"):
                kept.setdefault(number_of(mail), []).append(mail)
            return here <= set(kept)
        wait_for(is_kept, 20, "the archive")
        solved = self.by_key["en", "", 1].number
        self.assertGreaterEqual(len(kept[solved]), 2)  # copy and answer

    def test_numbers_by_mail(self):
        otto = self.office.staff["otto"]
        mail = otto.send(mails.message(otto.addr, CONTROL, "stats", "\n"))
        opened = sum(case.queue == "support" for case in self.cases)
        self.assertIn(str(opened), mails.text_of(otto.told(mail)))

    def test_no_fault(self):
        self.assertEqual(self.office.faults(), [])


if __name__ == "__main__":
    unittest.main()
