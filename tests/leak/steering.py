"""The flow of commands and wishes: what agents do to tickets, what players ask
for, the clock of a complex one, and what an operator reads."""

import os
import re
import signal
import subprocess

import paths  # noqa: F401
from judge import DISK_REPORT
from planted import address_of, all_text
from staff import COMPLEX, CONTROL
from tools import wait_for
from world import TEAM

WISH = rb"[\w.]+\+%s-[0-9a-z]{8}-[0-9a-z]{13}@casino\.example"
AGENT_SLOTS = ["G1.fields", "G2.sign", "G3.quote"]


class Steering:
    """A part of flows.Run. Each kind of work has tickets of its own, so that
    none is closed under another's hands."""

    def flow_steer(self):
        self.index()
        kinds = [name[len("steer_"):] for name in dir(self)
                 if name.startswith("steer_")]
        count = max(1, self.share("steer") // len(kinds))
        self.work = {}
        supply = self.untouched()
        for kind in sorted(kinds):
            self.work[kind] = [item for item, _ in zip(supply, range(count))]
        self.check("steer: every kind of work has a ticket",
                   all(self.work.values()), str(len(self.work)))
        self.agents_steer()
        self.players_wish()
        self.clock_runs()
        self.people_ask()

    def untouched(self):
        """(player's mail, copy), each of another ticket that was answered."""
        seen = set()
        for old, copy in self.tickets("steer", None, ("new",)):
            number = number_of(copy)
            if number not in seen and old.serial in self.answers \
                    and old.has_ack:
                seen.add(number)
                yield old, copy

    # --- agents ------------------------------------------------------------

    def agents_steer(self):
        """While nothing gets from the spool to the archive, so that it can
        be read."""
        mails = []
        for kind, items in self.work.items():
            for old, copy in items:
                mail = self.new_mail("steer")
                mail.agent, mail.answered = self.world.agent, old.serial
                mail.commands = []
                getattr(self, "steer_" + kind)(mail, old)
                mail.compose_agent(copy, AGENT_SLOTS, said=bool(mail.to_player)
                                   and not mail.keep)
                mails.append(mail)
        archivist = self.archivist()
        os.kill(archivist, signal.SIGSTOP)
        try:
            self.send_all(mails, is_agent=True)
            wait_for(lambda: not self.world.waiting(), 60,
                     "an empty queue")
            self.check("steer: mails wait in the spool",
                       len(self.world.spooled()) >= len(self.work))
            self.moment("in the spool")
        finally:
            os.kill(archivist, signal.SIGCONT)
        wait_for(lambda: not self.world.spooled(), 240, "an empty spool")
        # What waited for the archive is tried again.
        self.world.advance(60)
        self.settle()

    def archivist(self):
        process, = [proc for proc in self.world.role("post")
                    if "archive" in proc["args"]]
        return process["pid"]

    def steer_answer(self, mail, old):
        mail.to_player = old.address

    def steer_note(self, mail, _old):
        mail.commands = ["/note " + mail.tok("G4.note"), "",
                         mail.tok("G4.note")]

    def steer_raise(self, mail, old):
        mail.to_player = old.address
        mail.commands = ["/escalate " + mail.tok("G4.reason"), ""]

    def steer_refuse(self, mail, old):
        mail.to_player = old.address
        mail.commands = ["/close refused " + mail.tok("G4.reason"), ""]

    def steer_solve(self, mail, _old):
        mail.commands = ["/close solved"]

    def steer_kyc(self, mail, old):
        mail.to_player = old.address
        mail.commands = ["/kyc " + mail.tok("G4.reason"), "/wait", "",
                         "Please send us a copy of your passport."]

    def steer_canned(self, mail, old):
        mail.to_player = old.address
        mail.keep = [mail.tok("SAID.word")]
        mail.commands = ["/send withdrawal-limits limit=" + mail.keep[0]]

    def steer_complex(self, mail, _old):
        mail.commands = ["/category " + COMPLEX]

    def steer_misspelt(self, mail, _old):
        """Nobody but the agent reads any of it."""
        mail.commands = ["/clsoe refused " + mail.tok("G4.reason"), "",
                         mail.tok("G4.note")]

    # --- players -----------------------------------------------------------

    def players_wish(self):
        self.index()
        kinds = "answer", "note", "raise", "kyc"
        mails = [self.wish(old, "transcript", self.capability(old))
                 for kind in kinds for old, _ in self.work[kind]]
        # Whoever else has the address of a ticket gets nothing by it.
        mails += [self.wish(old, "transcript", self.capability(old), True)
                  for old, _ in self.work["refuse"]]
        for old, _ in self.work["kyc"]:
            mails.append(self.wish(old, "escalate", self.capability(old)))
        for old, _ in self.work["canned"]:
            mails.append(self.wish(old, "", self.address(old, b"e")))
        for kind in ("refuse", "solve"):
            for old, _ in self.work[kind]:
                mails.append(self.wish(old, "", self.address(
                    old, b"%d" % (1 + old.serial % 5))))
        mail = self.new_mail("control")
        mail.become_player()
        mail.compose_player(mail.draw(12))
        mails.append(self.readdressed(mail, CONTROL))
        self.send_all(mails)
        self.settle()
        self.index()
        untold = [old.address for kind in kinds for old, _ in self.work[kind]
                  if not self.has_transcript(old)]
        self.check("steer: transcripts", not untold, str(untold[:5]))

    def has_transcript(self, old):
        word = old.tok("KEEP.word").encode()
        return any(word in all_text(kept.parse())
                   for kept in self.answers[old.serial])

    def wish(self, old, word, rcpt, is_stranger=False):
        """A mail with tokens that begins with a word."""
        mail = self.new_mail("wish")
        mail.become_player()
        if not is_stranger:
            mail.address = mail.sender = old.address
            if mail.is_named():
                mail.first, mail.last, mail.name = \
                    old.first, old.last, old.name
        mail.has_ack = False
        mail.draft.lines = [word, ""] if word else []
        mail.compose_player(["B3.name", "H2.sender"])
        return self.readdressed(mail, rcpt)

    @staticmethod
    def readdressed(mail, rcpt):
        mail.rcpt = rcpt
        mail.draft.replace("To", rcpt)
        mail.data = mail.draft.build()
        return mail

    def capability(self, old):
        ack = self.answers[old.serial][0]
        return address_of(ack["Reply-To"] or ack["From"])

    def address(self, old, sign):
        """For a wish, in the newest mail to him that has it."""
        for kept in reversed(self.answers[old.serial]):
            found = re.search(WISH % sign, all_text(kept.parse()))
            if found:
                return found[0].decode()
        raise AssertionError("no mail to a player has the address " + str(
            sign))

    # --- a clock -----------------------------------------------------------

    def clock_runs(self):
        """The complex ones: 83 % of their hour, then all of it."""
        numbers = [number_of(copy) for _, copy in self.work["complex"]]
        had = self.world.dovecot.count(TEAM)
        self.world.advance(50 * 60)
        wait_for(lambda: self.world.dovecot.count(TEAM)
                 >= had + len(numbers), 30, "a stage of each")
        self.world.advance(20 * 60)
        wait_for(lambda: all(
            ticket["level"] == 2 for ticket in self.world.tickets()
            if ticket["number"] in numbers), 30, "the next level")
        self.settle()
        levels = {ticket["number"]: ticket["level"]
                  for ticket in self.world.tickets()}
        for kind in ("complex", "raise", "kyc", "canned"):
            self.check("steer: %s raised a ticket" % kind, all(
                levels[number_of(copy)] > 1 for _, copy in self.work[kind]))

    # --- who asks for tables -----------------------------------------------

    def people_ask(self):
        old, copy = self.work["answer"][0]
        mail = self.new_mail("ask")
        mail.agent = mail.sender = self.world.agent
        mail.rcpt = CONTROL
        mail.draft.lines = ["list", "show " + number_of(copy), "stats"]
        mail.draft.add("To", CONTROL)
        mail.draft.add("Subject", mail.tok("G10.word"))
        mail.plant("G1.name")
        mail.plant("G2.sign")
        mail.data = mail.draft.build()
        had = self.world.dovecot.count(self.world.agent)
        self.send_all([mail], is_agent=True)
        wait_for(lambda: any(
            b"ticket         " + number_of(copy).encode() in all_text(one)
            for one in self.world.mailbox(self.world.agent)[had:]), 30,
            "tables by mail")
        self.operator_reads(number_of(copy))
        # A copy of somebody who is his agent's now.
        self.send_all([self.wish(old, "", self.capability(old))])
        self.settle()

    def operator_reads(self, number):
        player, = [ticket["player"] for ticket in self.world.tickets()
                   if ticket["number"] == number]
        path = os.path.join(self.world.dir, DISK_REPORT)
        for words in (
                ("vip", player, self.world.agent.split("@")[0]),
                ("list",), ("list", "--json"), ("show", number),
                ("show", number, "--json"), ("status",),
                ("report", "--since", "30d"),
                ("report", "--since", "30d", "--json"),
                ("report", "--since", "30d", "--html", path)):
            done = subprocess.run(
                [self.world.bin + "/nymdesk", "-c", self.world.conf, *words],
                capture_output=True, check=False, env=self.world.env)
            self.printed += [done.stdout, done.stderr]
            self.check("steer: nymdesk %s" % words[0],
                       done.returncode == 0, done.stderr.decode()[:300])



def number_of(kept):
    return re.search(r"\[(\S{4}-\S{4})\]", kept["Subject"])[1]
