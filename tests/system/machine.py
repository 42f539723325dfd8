"""Machine mail through the real programs: nothing of it is acknowledged,
reopens a ticket or stops a clock, and a mail of ours that came back finds its
ticket. The names of the rows are those of docs/machine-mail.md."""

import os
import re
import unittest

import mails
from gateway import Gateway, number_of
from tools import ROOT, read
from world import ANNA

# Rows of docs/machine-mail.md, and the tests that hold them.
ROWS = {
    "own": ["test_our_own_mail_comes_back"],
    "challenge": ["test_challenge_response"],
    "dsn-failed": ["test_acknowledgement_failed", "test_answer_failed",
                   "test_a_closed_ticket_opens_again", "test_shapes",
                   "test_report_to_from", "test_reports_open_no_ticket"],
    "dsn-delayed": ["test_delayed_is_only_noted"],
    "dsn-done": ["test_delivered_is_not_told"],
    "dsn-of-copy": ["test_copy_failed_is_an_alarm"],
    "dsn-of-report": ["test_a_bounce_of_a_bounce_ends"],
    "mdn": ["test_receipts_and_complaints_are_only_noted",
            "test_reports_open_no_ticket"],
    "arf": ["test_receipts_and_complaints_are_only_noted",
            "test_reports_open_no_ticket"],
    "replied": ["test_headers", "test_vacation_subjects"],
    "generated": ["test_headers", "test_senders", "test_null_sender",
                  "test_a_report_that_says_nothing"],
    "bulk": ["test_headers"],
    "agent-machine": ["test_a_machine_of_an_agent"],
}

TEXT = "We have got your mail, and look into it.\n"

# Headers of a mail that no person wrote.
HEADERS = {
    "auto-submitted: replied": {"Auto-Submitted": "auto-replied"},
    "auto-submitted: generated": {"Auto-Submitted": "auto-generated"},
    "auto-submitted: notified": {
        "Auto-Submitted": "auto-notified; owner-email=\"a@b.example\""},
    "auto-submitted: case and comments": {
        "Auto-Submitted": "(a (b)) AUTO-Replied (vacation) ; x=y"},
    "auto-submitted: an extension": {"Auto-Submitted": "x-something"},
    "responder header: X-Autoreply": {"X-Autoreply": "yes"},
    "responder header: X-Autorespond": {"X-Autorespond": "Away"},
    "responder header: X-Auto-Reply-From": {
        "X-Autoreply-From": "a@players.example"},
    "precedence: auto_reply": {"Precedence": "auto_reply"},
    "precedence: bulk": {"Precedence": "Bulk"},
    "precedence: list": {"Precedence": "list (of many)"},
    "precedence: junk": {"Precedence": "junk"},
    "list: List-Id": {"List-Id": "News <news.players.example>"},
    "list: List-Unsubscribe": {
        "List-Unsubscribe": "<mailto:leave@players.example>"},
    "list: Feedback-ID": {"Feedback-ID": "1:2:3:players"},
}

SENDERS = {
    "noreply": "noreply", "no-reply": "No-Reply", "donotreply": "donotreply",
    "noreply with a tag": "noreply+4711", "mailer-daemon": "MAILER-DAEMON",
    "postmaster": "postmaster",
}

# One for each of ten languages.
VACATIONS = (
    "Automatic reply: Bonus", "Abwesenheitsnotiz: Bonus",
    "Réponse automatique : Bonus", "Αυτόματη απάντηση: Bonus",
    "Respuesta automática: Bonus", "Risposta automatica: Bonus",
    "Resposta automática: Bonus", "Автоответ: Bonus",
    "Otomatik yanıt: Bonus", "Automatyczna odpowiedź: Bonus",
)

# Headers of people, or near to those of machines.
PEOPLE = {
    "auto-submitted: no": {"Auto-Submitted": "(x) NO ; y=z"},
    "X-Auto-Response-Suppress": {"X-Auto-Response-Suppress": "All"},
    "precedence: first-class": {"Precedence": "first-class"},
    "wants a receipt": {"Disposition-Notification-To": "a@players.example"},
    "X-Priority": {"X-Priority": "1 (Highest)"},
    "a subject on automata": {"subject": "Automatic payout does not work"},
    "a subject on holidays": {"subject": "Bonus for my vacation"},
    "a subject on delivery": {"subject": "Delivery of my prize failed"},
    "a sender named noreplyer": {"who": "noreplyer"},
    "a subject on a receipt": {"subject": "Read the receipt"},
}


def report(kind, parts, sender, to, subject="Report"):
    """multipart/report of RFC 6522, as octets: its parts are (type, text).
    Without a sender the header names the daemon."""
    lines = ["From: " + (sender or "MAILER-DAEMON@mx.players.example"),
             "To: " + to, "Subject: " + subject,
             "Message-ID: <%x@mx.players.example>" % abs(hash(
                 (kind, str(parts), to, subject))),
             "Date: Sun, 22 Nov 2026 09:00:00 +0000", "MIME-Version: 1.0",
             "Content-Type: multipart/report; report-type=%s;" % kind,
             "\tboundary=\"x y\"", ""]
    for media_type, text in parts:
        lines += ["--x y", "Content-Type: " + media_type, "", text]
    return "\n".join(lines + ["--x y--", ""]).replace(
        "\r", "").replace("\n", "\r\n").encode()


def head(taken):
    """What a report gives back of a mail of ours: its header."""
    return "Return-Path: <%s>\n%s" % (
        taken.sender, taken.octets.decode().split("\r\n\r\n")[0])


def dsn(taken, to=None, action="failed", status="5.1.1", **more):
    """RFC 3464, as Postfix writes it."""
    returned = more.get("returned") or head(taken)
    return report("delivery-status", [
        ("text/plain", "I could not deliver your mail to %s.\n"
         % taken.rcpts[0]),
        ("message/delivery-status",
         "Reporting-MTA: dns; mx.players.example\n"
         "Arrival-Date: Sun, 22 Nov 2026 09:00:00 +0000\n\n"
         "Final-Recipient: rfc822; %s\nAction: %s\nStatus: %s\n"
         "Diagnostic-Code: smtp; 550 %s User unknown\n"
         % (taken.rcpts[0], action, status, status)),
        (more.get("type", "text/rfc822-headers"), returned + "\n")],
        None, to or taken.sender, "Undelivered Mail Returned to Sender"
        + more.get("tag", ""))


def plain(sender, to, subject, text, *headers):
    return "\r\n".join((
        "From: " + sender, "To: " + to, "Subject: " + subject,
        "Message-ID: <%x@mx.players.example>" % abs(hash((text, to))),
        "Date: Sun, 22 Nov 2026 09:00:00 +0000") + headers
        + ("", text.replace("\r", "").replace("\n", "\r\n"))).encode()


def qmail(taken, to=None):
    return plain(
        "MAILER-DAEMON@mx.players.example", to or taken.sender,
        "failure notice",
        "Hi. This is the qmail-send program at mx.players.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following "
        "addresses.\nThis is a permanent error; I've given up. Sorry it "
        "didn't work out.\n\n<%s>:\nSorry, no mailbox here by that name. "
        "(#5.1.1)\n\n--- Below this line is a copy of the message.\n\n%s\n"
        % (taken.rcpts[0], head(taken)))


def exim(taken, to=None):
    return plain(
        "Mail Delivery System <Mailer-Daemon@mx.players.example>",
        to or taken.sender,
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software."
        "\n\nA message that you sent could not be delivered to one or more "
        "of its\nrecipients. This is a permanent error. The following "
        "address(es) failed:\n\n  %s\n    550 5.1.1 unknown\n\n------ This "
        "is a copy of the message, including all the headers. ------\n\n%s\n"
        % (taken.rcpts[0], head(taken)),
        "X-Failed-Recipients: " + taken.rcpts[0],
        "Auto-Submitted: auto-replied")


def mdn(taken, to=None, disposition="manual-action/MDN-sent-manually; "
        "displayed"):
    """RFC 8098."""
    return report("disposition-notification", [
        ("text/plain", "Your message was displayed.\n"),
        ("message/disposition-notification",
         "Reporting-UA: mua.players.example; Mail\n"
         "Final-Recipient: rfc822; %s\nOriginal-Message-ID: %s\n"
         "Disposition: %s\n" % (taken.rcpts[0], taken.mail["Message-ID"],
                                disposition))],
        taken.rcpts[0], to or taken.sender, "Read: your mail")


def arf(taken, to=None):
    """RFC 5965."""
    return report("feedback-report", [
        ("text/plain", "This is an abuse report.\n"),
        ("message/feedback-report",
         "Feedback-Type: abuse\nUser-Agent: Feedback/1\nVersion: 1\n"
         "Original-Mail-From: <%s>\n" % taken.sender),
        ("message/rfc822", taken.octets.decode())],
        "feedback@players.example", to or taken.sender, "Abuse")


def setUpModule():
    """One world; a new player for every test."""
    World.world = Gateway(workers=4, more={"limits.guess_rate": 100000})
    unittest.addModuleCleanup(World.world.stop)
    World.world.start()


class World(unittest.TestCase):
    """Parts of the tests below."""

    serial = 0

    def player(self, local=None):
        World.serial += 1
        return "%s@p%d.players.example" % (local or "player", World.serial)

    def begin(self):
        self.who = self.player()
        self.first, self.copy, self.ack = self.world.open(self.who)
        self.number = number_of(self.copy.mail)

    def ticket(self):
        return self.world.ticket(self.number)

    def flags(self):
        found = self.ticket()["flags"]
        return re.split(r"[,\s]+", found) if isinstance(found, str) else found

    def count(self):
        status = self.world.status()
        return status["tickets_open"] + status["tickets_closed"]

    def mail(self, to=None, subject="Bonus", who=None, **headers):
        World.serial += 1
        return mails.message(who or self.who, to or self.world.queue, subject,
                             "%d. %s" % (World.serial, TEXT), **headers)

    def expect_nothing(self, octets, sender, to):
        """It is taken, and nobody is told; no ticket comes of it."""
        tickets = self.count()
        self.assertEqual(
            [(t.rcpts, str(t.mail["Subject"]))
             for t in self.world.ask(octets, sender, to)], [])
        self.assertEqual(self.count(), tickets)

    def answer(self, text="It is on its way.\n"):
        World.serial += 1
        return self.world.answer(mails.reply(
            self.copy.mail, ANNA, "%d. %s" % (World.serial, text)))


class Classes(World):
    """Each class once as a first mail and once as a follow-up."""

    def expect_machine(self, mail, sender=None):
        """No notice; at most the agents get a copy, which says so."""
        self.who = mail["From"].addresses[0].addr_spec
        taken = self.world.ask(mail, sender)
        self.assertLessEqual(len(taken), 1)
        for item in taken:
            self.assertEqual(item.rcpts, [self.world.team])
            self.assertFalse(item.is_notice())
            self.assertRegex(item.mail["X-Nymdesk"],
                             r"flags=\S*\bmachine\b")
        return taken

    def expect_silent(self, make):
        """make(who, to): once to the queue, once to an open ticket, of
        which no clock stops, and that does not open again."""
        self.expect_machine(*make(self.player(), self.world.queue))
        self.begin()
        to = self.ack.mail["From"].addresses[0].addr_spec
        before = self.ticket()
        taken = self.expect_machine(*make(self.who, to))
        after = self.ticket()
        for name in ("state", "answered", "first_reply_due", "decision_due",
                     "acknowledged", "opened", "level"):
            self.assertEqual(before[name], after[name], name)
        for item in taken:
            self.assertEqual(number_of(item.mail), self.number)

    def test_headers(self):
        for name, headers in HEADERS.items():
            with self.subTest(name):
                self.expect_silent(lambda who, to, h=headers: (
                    self.mail(who=who, to=to, **{
                        key.replace("-", "_"): value
                        for key, value in h.items()}), None))

    def test_senders(self):
        for name, local in SENDERS.items():
            with self.subTest(name):
                self.expect_machine(self.mail(who=self.player(local)))

    def test_vacation_subjects(self):
        for subject in VACATIONS:
            with self.subTest(subject):
                self.expect_silent(lambda who, to, s=subject: (
                    self.mail(who=who, to=to, subject=s), None))

    def test_null_sender(self):
        self.expect_silent(lambda who, to: (self.mail(who=who, to=to), ""))

    def test_challenge_response(self):
        """With no other sign than those of its own."""
        for name, subject, text, headers in (
                ("ASK", "Please confirm (conf#0a1b2c3d)", TEXT, {}),
                ("TMDA", "Please confirm your message", TEXT, {}),
                ("cPanel", "Your email requires verification verify#4a5b",
                 TEXT, {}),
                ("Boxtrapper", "Hello", TEXT, {"X_Boxtrapper": "x"}),
                ("Spam Arrest", "Re: your mail", "Just this once, click the "
                 "link below so I can receive your emails.\n"
                 "https://confirm.players.example/?id=1\n", {})):
            with self.subTest(name):
                self.expect_silent(lambda who, to: (mails.message(
                    who, to, subject, text, **headers), None))

    def test_a_report_that_says_nothing(self):
        """The agents see what is not understood."""
        octets = report("delivery-status", [("text/plain", "Something.\n")],
                        None, self.world.queue, "A word of the server")
        copy, = self.world.ask(octets, "", self.world.queue)
        self.assertEqual(copy.rcpts, [self.world.team])
        self.assertIn("machine", copy.mail["X-Nymdesk"])

    def test_a_machine_of_an_agent(self):
        """Nothing of it for the player; the others are told, but not of
        what came to the queue, which may be the answer to such a word."""
        self.begin()
        cap = self.copy.mail["From"].addresses[0].addr_spec
        notice, = self.world.answer(self.mail(
            to=cap, who=ANNA, Auto_Submitted="auto-replied"))
        self.assertEqual(notice.rcpts, [self.world.team])
        self.assertEqual(notice.sender, "")
        self.assertIn("automatic reply", mails.text_of(notice.mail))
        self.assertEqual(self.world.answer(self.mail(
            who=ANNA, Auto_Submitted="auto-replied")), [])

    def test_every_row_has_a_test(self):
        text = read(os.path.join(ROOT, "docs", "machine-mail.md"))
        rows = re.findall(r"(?m)^\| `([a-z-]+)` \|", text)
        self.assertEqual(sorted(rows), sorted(ROWS))
        for row, names in ROWS.items():
            for name in names:
                self.assertTrue(
                    hasattr(Classes, name) or hasattr(Bounces, name),
                    "%s: no %s" % (row, name))

    def test_people_are_acknowledged(self):
        for name, headers in PEOPLE.items():
            with self.subTest(name):
                headers = dict(headers)
                who = self.player(headers.pop("who", None))
                taken = self.world.ask(self.mail(who=who, **{
                    key.replace("-", "_"): value
                    for key, value in headers.items()}))
                self.assertEqual(
                    [t.rcpts for t in taken if t.is_notice()], [[who]])

    def test_reports_open_no_ticket(self):
        """About mails that are not ours, or with nothing that says so."""
        self.begin()
        for name, octets in (
                ("dsn", dsn(self.ack, self.world.queue,
                            returned="From: a@players.example\n"
                            "Message-ID: <1@players.example>\n")),
                ("mdn", mdn(self.ack, self.world.queue).replace(
                    b"casino.example>", b"other.example>")),
                ("arf", report("feedback-report", [
                    ("message/feedback-report", "Feedback-Type: abuse\n")],
                    "feedback@players.example", self.world.queue))):
            with self.subTest(name):
                before = self.ticket()
                self.expect_nothing(octets, "", self.world.queue)
                self.assertEqual(self.ticket(), before)

    def test_our_own_mail_comes_back(self):
        self.begin()
        answer, = self.answer()
        before = self.ticket()
        for taken in (self.ack, self.copy, answer):
            for to in (self.world.queue, taken.sender,
                       taken.mail["From"].addresses[0].addr_spec):
                for sender in ("", taken.sender, self.who):
                    with self.subTest(to=to, sender=sender):
                        self.expect_nothing(
                            b"Received: from x by y; today\r\n"
                            + taken.octets, sender, to)
        self.assertEqual(self.ticket(), before)
        # Without its Message-ID it is still from our own address.
        octets = re.sub(rb"(?m)^Message-ID: .*\r\n", b"", self.ack.octets)
        taken = self.world.ask(octets, self.who, self.world.queue)
        self.assertFalse(any(item.is_notice() for item in taken))

    def test_receipts_and_complaints_are_only_noted(self):
        self.begin()
        before = self.ticket()
        for name, make in (("mdn displayed", mdn), ("mdn deleted",
                lambda taken: mdn(taken, disposition="automatic-action/"
                                  "MDN-sent-automatically; deleted")),
                ("arf", arf)):
            with self.subTest(name):
                self.expect_nothing(make(self.ack), "", self.ack.sender)
        after = self.ticket()
        for name in ("state", "answered", "first_reply_due", "messages"):
            self.assertEqual(before[name], after[name])
        self.assertNotIn("undeliverable", self.flags())


class Bounces(World):
    """Mails of ours that come back, by the envelope sender they had."""

    def setUp(self):
        self.begin()

    def expect_told(self, taken, status="5.1.1"):
        """The agents read the status, and never whose address it is."""
        notice, = taken
        self.assertEqual(notice.rcpts, [self.world.team])
        self.assertEqual(notice.sender, "")
        self.assertTrue(notice.is_notice())
        text = mails.text_of(notice.mail)
        if status:
            self.assertIn(status, text)
        self.assertEqual(mails.seen(notice.mail, [
            self.who, self.who.split("@")[1], "players.example"]), [])
        self.assertEqual(number_of(notice.mail), self.number)
        self.assertIn("undeliverable", self.flags())

    def bounce(self, taken, make=dsn, to=None, **more):
        return self.world.ask(make(taken, to, **more), "",
                              to or taken.sender)

    def test_acknowledgement_failed(self):
        tickets, messages = self.count(), self.ticket()["messages"]
        self.expect_told(self.bounce(self.ack))
        self.assertEqual(self.count(), tickets)
        self.assertEqual(self.ticket()["messages"], messages)
        # The same report again, and another one of it, tell nobody.
        self.assertEqual(self.bounce(self.ack), [])

    def test_answer_failed(self):
        answer, = self.answer()
        self.expect_told(self.bounce(answer))
        # Nothing more goes there; the agent is told and knows why.
        notice, = self.answer()
        self.assertEqual(notice.rcpts, [ANNA])
        self.assertEqual(notice.sender, "")
        notice, = self.answer()
        self.assertEqual(notice.rcpts, [ANNA])
        # Machines do not lift it, and nor does somebody else.
        cap = self.ack.mail["From"].addresses[0].addr_spec
        self.world.ask(self.mail(to=cap, Auto_Submitted="auto-replied"))
        self.assertIn("undeliverable", self.flags())
        self.world.ask(self.mail(to=cap, who=self.player()))
        self.assertIn("undeliverable", self.flags())
        # The player's next mail does.
        self.world.ask(self.mail(to=cap))
        self.assertNotIn("undeliverable", self.flags())
        answer, = self.answer()
        self.assertEqual(answer.rcpts, [self.who])

    def encrypted(self):
        """Which the player would be told cannot be read here."""
        text = "-----BEGIN PGP MESSAGE-----\n\nhQEMAw==\n" \
            "-----END PGP MESSAGE-----\n"
        mail = mails.reply(self.ack.mail, self.who, text)
        mail.set_content(text)
        return mail

    def test_a_notice_that_waits_is_not_sent(self):
        taken = self.world.ask(self.encrypted())
        self.assertEqual([t.rcpts for t in taken if t.is_notice()],
                         [[self.who]])
        self.begin()
        self.world.run("post", "hold")
        try:
            self.world.give(self.encrypted())
            self.world.give(dsn(self.ack), "", self.ack.sender)
            self.assertIn("undeliverable", self.flags())
        finally:
            self.world.run("post", "release")
        self.assertFalse(any(self.who in taken.rcpts
                             for taken in self.world.news()))
        self.assertEqual(self.world.status()["promises_open"], 0)

    def test_a_closed_ticket_opens_again(self):
        """Complaint 36: an answer that did not arrive is told."""
        answer, = self.answer()
        self.world.set_state(self.number, 2)
        self.expect_told(self.bounce(answer))
        self.assertEqual(self.ticket()["state"], "open")

    def test_delayed_is_only_noted(self):
        answer, = self.answer()
        before = self.ticket()
        self.assertEqual(self.bounce(
            answer, action="delayed", status="4.4.1"), [])
        self.assertIn("delayed", self.flags())
        self.assertNotIn("undeliverable", self.flags())
        after = self.ticket()
        for name in ("state", "answered", "messages", "first_reply_due"):
            self.assertEqual(before[name], after[name])
        answer, = self.answer()
        self.assertEqual(answer.rcpts, [self.who])

    def test_delivered_is_not_told(self):
        before = self.ticket()
        for action in ("delivered", "relayed", "expanded"):
            with self.subTest(action):
                self.assertEqual(self.bounce(
                    self.ack, action=action, status="2.0.0"), [])
        self.assertEqual(self.ticket(), before)

    def test_shapes(self):
        """Reports of systems that know no RFC 3464."""
        for make in (qmail, exim):
            with self.subTest(make.__name__):
                self.begin()
                self.expect_told(self.bounce(self.ack, make))
        with self.subTest("exchange"):
            self.begin()
            self.expect_told(self.bounce(
                self.ack, status="5.1.10", type="message/rfc822",
                returned=self.ack.octets.decode()), "5.1.10")
        with self.subTest("status in upper case, action with a comment"):
            self.begin()
            self.expect_told(self.bounce(
                self.ack, action="FAILED (final)", status="5.2.2 (full)"),
                "5.2.2")

    def test_a_bounce_of_a_bounce_ends(self):
        before = self.ticket()
        for name, more in (
                ("null sender", {"returned": "Return-Path: <>\n"
                                 + head(self.ack).split("\n", 1)[1]}),
                ("a report", {"type": "message/rfc822",
                              "returned": dsn(self.ack).decode()})):
            with self.subTest(name):
                self.assertEqual(self.bounce(self.ack, **more), [])
        self.assertEqual(self.ticket(), before)

    def test_copy_failed_is_an_alarm(self):
        """To the agents nothing goes: it would come back, too."""
        alarms = len(self.world.log_has("copy.bounced"))
        self.assertEqual(self.bounce(self.copy), [])
        self.assertEqual(len(self.world.log_has("copy.bounced")), alarms + 1)
        self.assertNotIn("undeliverable", self.flags())
        answer, = self.answer()
        self.assertEqual(answer.rcpts, [self.who])

    def test_report_to_from(self):
        """Not to the envelope sender: by the Message-ID that came back."""
        self.expect_told(self.bounce(
            self.ack, to=self.ack.mail["From"].addresses[0].addr_spec))
        self.begin()
        self.expect_told(self.bounce(self.ack, to=self.world.queue))

    def test_forged_reports_change_nothing(self):
        """A number is no right, and nor is an address that does not hold."""
        before = self.ticket()
        local, domain = self.ack.sender.split("@")
        wrong = local[:-1] + ("0" if local[-1] != "0" else "1") + "@" + domain
        nothing = "From: a@players.example\nSubject: [%s] x\n" % self.number
        for name, to in (("number", self.world.queue), ("address", wrong)):
            with self.subTest(name):
                self.assertEqual(self.bounce(
                    self.ack, to=to, returned=nothing,
                    tag=" [%s]" % self.number), [])
        self.assertEqual(self.ticket(), before)

    def test_responder_to_the_envelope_sender(self):
        """What is no report belongs to the ticket, as a machine's word."""
        taken = self.world.ask(
            self.mail(to=self.ack.sender, subject="Away",
                      Auto_Submitted="auto-replied"))
        for item in taken:
            self.assertEqual(number_of(item.mail), self.number)
            self.assertEqual(item.rcpts, [self.world.team])
        self.assertNotIn("undeliverable", self.flags())
        taken = self.world.ask(
            self.mail(to=self.copy.sender, subject="Away", who=ANNA,
                      Auto_Submitted="auto-replied"))
        self.assertFalse(any(self.who in item.rcpts for item in taken))

    def test_refused_at_once(self):
        """Postfix itself does not take an answer."""
        self.world.sink.refuse[self.who] = "550 5.1.1 unknown"
        try:
            notice, = self.answer()
        finally:
            self.world.sink.refuse.clear()
        self.assertEqual(notice.rcpts, [ANNA])
        self.assertNotIn(self.who, notice.octets.decode())


if __name__ == "__main__":
    unittest.main()
