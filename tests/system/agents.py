"""What an agent may send, what is stopped, and how he is told."""

import email.utils
import re
import smtplib
import unittest
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import mails
from dovecot import PASSWORD
from mails import AGENT_WORDS, PLAYER
from tools import wait_for
from world import ANNA, QUEUE, TEAM, World

OUTSIDER = "notar.quastenflosser@outside.example"

FORWARD_PREFIXES = ("Fwd", "FW", "WG", "TR", "RV", "I", "ENC", "ΠΡΘ",
                    "Пересл", "İLT", "PD")

FORWARD_BLOCKS = (
    "---------- Forwarded message ---------\nFrom: %s <%s>\nDate: Sun, 22 "
    "Nov 2026 at 05:30\nSubject: intern\nTo: <team@agents.example>\n\n",
    "-------- Weitergeleitete Nachricht --------\nBetreff: intern\nDatum: "
    "22.11.26 05:30\nVon: %s <%s>\nAn: team@agents.example\n\n",
    "Début du message réexpédié :\n\nDe: %s <%s>\nObjet: intern\nDate: 22 "
    "novembre 2026 à 05:30\nÀ: team@agents.example\n\n",
)

# Subject, text, headers.
AUTOMATIC = (
    ("Automatic reply: %s", "Thank you for your mail.", {}),
    ("Abwesenheitsnotiz: %s", "Bin bald zurück.", {}),
    ("Réponse automatique : %s", "Merci.", {}),
    ("Αυτόματη απάντηση: %s", "Ευχαριστώ.", {}),
    ("Respuesta automática: %s", "Gracias.", {}),
    ("Risposta automatica: %s", "Grazie.", {}),
    ("Resposta automática: %s", "Obrigado.", {}),
    ("Автоответ: %s", "Спасибо.", {}),
    ("Otomatik yanıt: %s", "Teşekkürler.", {}),
    ("Automatyczna odpowiedź: %s", "Dziękuję.", {}),
    ("Re: %s", "Hello,\n\nI am currently out of the office until Monday.", {}),
    ("Re: %s", "Ich bin bis Montag nicht im Büro.", {}),
    ("Re: %s", "Ich bin am Montag zurück.",
     {"Auto-Submitted": "auto-replied (vacation)"}),
    ("Re: %s", "Zurück am Montag.", {"Precedence": "bulk"}),
    ("Re: %s", "Zurück am Dienstag.", {"X-Autoreply": "yes"}),
)

# Where a client or a server writes something of its own.
TOKEN_HEADERS = ("Sender", "X-Originating-IP", "X-Mailer", "User-Agent",
                 "Organization", "X-Sender", "Thread-Topic", "Thread-Index",
                 "X-Originating-Client", "Autocrypt", "X-Face", "Keywords",
                 "Comments", "DKIM-Signature", "X-MS-Exchange-CrossTenant-Id",
                 "Disposition-Notification-To", "Return-Receipt-To",
                 "Errors-To", "List-Owner-Name")

SIGNED = (
    "%s\n\n-- \nAnna Feuerstein\nSenior Agent token-1\nTel. +49 30 5550142",
    "%s\n\nMit freundlichen Grüßen\n\nAnna Feuerstein\nToken-1 Dienste "
    "GmbH\nDurchwahl 5550142\nwww.token-1.example",
    "%s\n\nBest regards, Anna\n",
    "%s\n\nAnna Feuerstein\nTeamleitung token-1\n+49 30 5550142",
    "%s\n\nViele Grüße\nAnna\n\nVon meinem iPhone gesendet",
    "%s\n\nLG\nAnni",
    "%s\n\nFeuerstein\n\nThis e-mail is confidential and intended for token-1 "
    "only.\nIf you are not the addressee, delete it.",
)


class Agents(unittest.TestCase):
    """One open ticket; every test begins and ends with the player's mailbox
    as it was, unless the test says so."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.world.send(mails.withdrawal())
        cls.copy, = cls.world.wait_mails(TEAM, 1)
        cls.world.wait_mails(PLAYER, 1)

    def setUp(self):
        self.player_had = self.world.dovecot.count(PLAYER)
        self.anna_had = self.world.dovecot.count(ANNA)
        self.tickets = len(self.world.tickets())

    def tearDown(self):
        # What one test caused must not be counted by the next.
        self.world.wait_idle()

    def reply(self, text="Wir kümmern uns darum.\n"):
        return mails.reply(self.copy, ANNA, text, mails.AGENT_NAME)

    def told(self):
        """The one new mail to Anna."""
        wait_for(lambda: self.world.dovecot.count(ANNA) > self.anna_had,
                 what="a word to the agent")
        self.world.wait_idle()
        box = self.world.mailbox(ANNA)
        self.assertEqual(len(box), self.anna_had + 1)
        return box[-1]

    def expect_stopped(self, mail, *words):
        self.world.submit(mail)
        notice = self.told()
        text = mails.text_of(notice)
        for word in words:
            self.assertIn(word, text)
        self.assertEqual(notice["Auto-Submitted"], "auto-generated")
        self.assertEqual(mails.seen(notice, mails.PLAYER_WORDS), [])
        self.assertEqual(self.world.dovecot.count(PLAYER), self.player_had)
        self.assertEqual(len(self.world.tickets()), self.tickets)
        return notice

    def test_further_recipients_stop_the_answer(self):
        mail = self.reply()
        mail["Cc"] = "ben@agents.example"
        notice = self.expect_stopped(mail, "further recipients")
        self.assertIn(mail["Message-ID"], mails.references(notice))

    def test_commands_are_not_sent_as_text(self):
        self.expect_stopped(self.reply("/close the player seems to lie\n"),
                            "/close solved")

    def test_an_empty_answer_is_not_sent(self):
        self.expect_stopped(self.reply(""), "no new text")

    def test_an_agent_does_not_become_a_player(self):
        self.expect_stopped(
            mails.message(ANNA, QUEUE, "Frage", "An wen geht das?\n"),
            "enrolled as an agent")

    def test_attachments_are_not_sent_and_the_agent_knows(self):
        mail = self.reply("Die Quittung liegt bei.\n")
        mail.add_attachment(b"%PDF-1.4 Anna Feuerstein", maintype="application",
                            subtype="pdf", filename="Feuerstein.pdf")
        self.world.submit(mail)
        self.assertIn("attachments", mails.text_of(self.told()))
        answer = self.world.wait_mails(PLAYER, self.player_had + 1)[-1]
        self.assertFalse(answer.is_multipart())
        self.assertIn("Quittung", mails.text_of(answer))
        self.assertEqual(mails.seen(answer, AGENT_WORDS), [])

    def expect_nothing_for(self, *people):
        for who in people:
            self.assertEqual(self.world.dovecot.count(who), 0, who)

    def address(self):
        return str(self.copy["Reply-To"])

    def test_reply_to_all_and_outsiders(self):
        """Neither the player nor, by nymdesk, anybody else gets it."""
        told = 0
        for name, value in (
                ("To", "%s, %s" % (self.address(), OUTSIDER)),
                ("Cc", OUTSIDER), ("Cc", "%s, %s" % (QUEUE, OUTSIDER)),
                ("Resent-To", OUTSIDER)):
            with self.subTest(name + value):
                mail = self.reply("Nur fuer %s.\n" % name)
                if name == "To":
                    mail.replace_header("To", value)
                else:
                    mail[name] = value
                self.send_raw(mail, self.address())
                told += 1
                wait_for(lambda: self.world.dovecot.count(ANNA)
                         >= self.anna_had + told, what="a word")
                self.world.wait_idle()
                self.assertIn("further recipients", mails.text_of(
                    self.world.mailbox(ANNA)[-1]))
        self.assertEqual(self.world.dovecot.count(PLAYER), self.player_had)
        self.expect_nothing_for(OUTSIDER)

    def answered(self):
        """The one new mail to the player, of which nobody else hears."""
        self.player_had += 1
        answer = self.world.wait_mails(PLAYER, self.player_had)[-1]
        self.assertEqual(self.world.dovecot.count(ANNA), self.anna_had)
        self.assertEqual(len(self.world.tickets()), self.tickets)
        return mails.text_of(answer)

    def test_reply_to_all_with_the_queue(self):
        """One answer, whichever copy of the mail comes first, or alone."""
        team = self.world.dovecot.count(TEAM)
        for to, cc, path in (
                ("%s", QUEUE, ["%s", QUEUE]), ("%s", QUEUE, [QUEUE, "%s"]),
                (QUEUE + ", %s", None, [QUEUE]), ("%s", None, ["%s", QUEUE])):
            with self.subTest(to=to, cc=cc, path=path):
                words = "Antwort Nummer %d." % self.player_had
                mail = self.reply(words + "\n")
                mail.replace_header("To", to.replace("%s", self.address()))
                if cc:
                    mail["Cc"] = cc
                for rcpt in path:
                    self.send_raw(mail, rcpt.replace("%s", self.address()))
                self.assertIn(words, self.answered())
        self.assertEqual(self.world.dovecot.count(TEAM), team)

    def test_reply_to_all_at_once(self):
        mail = self.reply("Antwort an alle.\n")
        mail["Cc"] = QUEUE
        self.world.submit(mail)
        self.assertIn("Antwort an alle.", self.answered())

    def test_replies_by_from_or_by_reply_to(self):
        """Some clients know one of them only; some thread by nothing."""
        for name in ("From", "Reply-To"):
            with self.subTest(name):
                address = email.utils.parseaddr(str(self.copy[name]))[1]
                mail = mails.message(ANNA, address, "Antwort",
                                     "Nach %s.\n" % name, mails.AGENT_NAME)
                self.world.submit(mail)
                self.assertIn("Nach %s." % name, self.answered())

    def other_ticket(self, player):
        """Opens another ticket; its copy for the agents."""
        before = self.world.dovecot.count(TEAM)
        self.world.send(mails.message(player, QUEUE, "Bonus", "Wo?\n"),
                        player)
        self.world.wait_mails(player, 1)
        wait_for(lambda: self.world.dovecot.count(TEAM) == before + 1,
                 what="the other ticket's copy")
        self.tickets += 1
        return self.world.mailbox(TEAM)[-1]

    def test_the_address_of_another_ticket(self):
        """One mail to two tickets goes to neither."""
        other = "dritter.querkopf@players.example"
        copy = self.other_ticket(other)
        mail = self.reply()
        mail["Cc"] = str(copy["Reply-To"])
        self.expect_stopped(mail, "another ticket")
        self.assertEqual(self.world.dovecot.count(other), 1)

    def bounce(self, mail, action, status):
        """The player's server says so of a mail that it was given."""
        report = MIMEMultipart("report", report_type="delivery-status")
        report["From"] = "MAILER-DAEMON@mx.players.example"
        report["To"] = str(mail["Return-Path"]).strip("<>")
        report["Subject"] = "Undelivered Mail Returned to Sender"
        report["Message-ID"] = email.utils.make_msgid(domain="mx.example")
        report.attach(MIMEText("Max Querkopf is unknown.\n"))
        status = email.message_from_string(
            "Content-Type: message/delivery-status\n\n"
            "Reporting-MTA: dns; mx.players.example\n\n"
            "Final-Recipient: rfc822; querkopf@players.example\n"
            "Action: %s\nStatus: %s\n" % (action, status))
        report.attach(status)
        report.attach(MIMEText(
            "Message-ID: %s\n" % mail["Message-ID"], "rfc822-headers"))
        with smtplib.SMTP("127.0.0.1", self.world.postfix.inbound,
                          "mx.players.example", timeout=60) as smtp:
            smtp.sendmail("", [report["To"]], report.as_bytes())

    def test_what_comes_back_is_told_and_ends_the_writing(self):
        player = "vierter.querkopf@players.example"
        copy = self.other_ticket(player)
        team = self.world.dovecot.count(TEAM)
        answer = mails.reply(copy, ANNA, "Eine Antwort.\n")
        self.world.submit(answer)
        _, sent = self.world.wait_mails(player, 2)
        self.bounce(sent, "delayed", "4.4.1")
        self.bounce(sent, "failed", "5.1.1")
        wait_for(lambda: self.world.dovecot.count(TEAM) > team,
                 what="a word to the agents")
        self.world.wait_idle()
        box = self.world.mailbox(TEAM)
        self.assertEqual(len(box), team + 1)
        self.assertIn("Undelivered: ", box[-1]["Subject"])
        self.assertIn(copy["Subject"][:11], box[-1]["Subject"])
        self.assertIn("The answer of", mails.text_of(box[-1]))
        self.assertIn("(5.1.1)", mails.text_of(box[-1]))
        self.assertEqual(
            mails.seen(box[-1], ["querkopf", "players", "unknown"]), [])
        self.expect_stopped(mails.reply(copy, ANNA, "Noch eine.\n"),
                            "until the player writes again")
        self.assertEqual(self.world.dovecot.count(player), 2)
        # He is there again.
        self.world.send(mails.reply(sent, player, "Da bin ich.\n"), player)
        copy = self.world.wait_mails(TEAM, team + 2)[-1]
        self.assertNotIn("undeliverable", copy["X-Nymdesk"])
        self.world.submit(mails.reply(copy, ANNA, "Willkommen.\n"))
        self.world.wait_mails(player, 3)

    def test_our_own_mail_coming_back_ends(self):
        """From the agents' mailbox, and from a player's."""
        team = self.world.dovecot.count(TEAM)
        for mail in (self.copy, self.world.mailbox(PLAYER)[0]):
            mail = email.message_from_bytes(mail.as_bytes())
            del mail["Return-Path"]
            self.world.send(mail, "someone@players.example", QUEUE)
        wait_for(lambda: self.world.logs().count("mail.own") >= 2,
                 what="the end of it")
        self.world.wait_idle()
        self.assertEqual(self.world.dovecot.count(TEAM), team)
        self.assertEqual(len(self.world.tickets()), self.tickets)

    def send_raw(self, mail, to):
        """As the agent, but to the given address only."""
        with smtplib.SMTP("127.0.0.1", self.world.postfix.submit,
                          "client.agents.example", timeout=60) as smtp:
            smtp.ehlo()
            smtp.login(ANNA, PASSWORD)
            smtp.sendmail(ANNA, [to], mail.as_bytes())

    def test_a_mail_to_somebody_else_by_bcc(self):
        mail = self.reply("Herr Notar, der Spieler luegt.\n")
        mail.replace_header("To", OUTSIDER)
        self.send_raw(mail, self.address())
        self.assertIn("somebody else", mails.text_of(self.told()))
        self.assertEqual(self.world.dovecot.count(PLAYER), self.player_had)
        self.expect_nothing_for(OUTSIDER)

    def test_forwards_are_not_sent(self):
        told = 0
        cases = [(prefix + ": %s", "Bitte ansehen.\n")
                 for prefix in FORWARD_PREFIXES]
        cases += [("Re: %s", words + block % ("Chef", "chef@agents.example")
                   + "Der Spieler ist uns egal.\n")
                  for block in FORWARD_BLOCKS
                  for words in ("", "Bitte ansehen.\n\n")]
        for subject, text in cases:
            mail = mails.message(ANNA, self.address(),
                                 subject % self.copy["Subject"], text,
                                 mails.AGENT_NAME)
            self.world.submit(mail)
            told += 1
        self.world.submit(self.with_attached_mail())
        told += 1
        wait_for(lambda: self.world.dovecot.count(ANNA)
                 >= self.anna_had + told, what="a word for each")
        self.world.wait_idle()
        box = self.world.mailbox(ANNA)[self.anna_had:]
        self.assertEqual(len(box), told)
        for notice in box:
            self.assertIn("forwarded", mails.text_of(notice))
        self.assertEqual(self.world.dovecot.count(PLAYER), self.player_had)

    def with_attached_mail(self):
        inner = mails.message("chef@agents.example", ANNA, "intern",
                              "Der Spieler ist uns egal.\n")
        mail = EmailMessage()
        for name, value in self.reply().items():
            if not name.lower().startswith(("content-", "mime-")):
                mail[name] = value
        mail.set_content("Siehe Anhang.\n")
        mail.add_attachment(inner)
        return mail

    def test_automatic_replies_reach_no_player_and_are_told(self):
        had = self.world.dovecot.count(TEAM)
        for count, (subject, text, headers) in enumerate(AUTOMATIC, 1):
            with self.subTest(subject + text):
                mail = mails.message(
                    ANNA, self.address(),
                    subject % self.copy["Subject"], text + "\n",
                    mails.AGENT_NAME)
                for name, value in headers.items():
                    mail[name] = value
                self.world.submit(mail)
                wait_for(lambda: self.world.dovecot.count(TEAM)
                         >= had + count, what="a word to the others")
                self.world.wait_idle()
                notice = self.world.mailbox(TEAM)[-1]
                self.assertIn("automatic reply", mails.text_of(notice))
                self.assertIn(self.copy["Subject"][:11], notice["Subject"])
                self.assertEqual(notice["Auto-Submitted"], "auto-generated")
                self.assertEqual(notice["Return-Path"], "<>")
        self.assertEqual(self.world.dovecot.count(TEAM),
                         had + len(AUTOMATIC))
        self.assertEqual(self.world.dovecot.count(PLAYER), self.player_had)
        self.assertEqual(self.world.dovecot.count(ANNA), self.anna_had)

    def test_a_responder_cannot_start_a_loop(self):
        """It answers a notice at the notice's own addresses, and a copy at
        its envelope sender."""
        team = self.world.dovecot.count(TEAM)
        for text, headers in (("Ich bin nicht im Büro.\n", {}), (
                "Zurück am Montag.\n", {"Auto-Submitted": "auto-replied"})):
            mail = mails.message(ANNA, QUEUE, "Re: Not sent: %s"
                                 % self.copy["Subject"][:11], text,
                                 **headers)
            self.world.submit(mail)
        self.world.wait_idle()
        self.assertEqual(self.world.dovecot.count(TEAM), team)
        self.assertEqual(self.world.dovecot.count(ANNA), self.anna_had)
        self.assertEqual(len(self.world.tickets()), self.tickets)
        path = str(self.copy["Return-Path"]).strip("<>")
        self.assertIn("+b-", path)
        mail = mails.message(ANNA, path, "Abwesenheitsnotiz: "
                             + self.copy["Subject"], "Zurück am Montag.\n")
        self.send_raw(mail, path)
        wait_for(lambda: self.world.dovecot.count(TEAM) == team + 1,
                 what="a word to the others")
        self.world.wait_idle()
        self.assertEqual(len(self.world.tickets()), self.tickets)
        self.assertEqual(self.world.dovecot.count(PLAYER), self.player_had)

    def test_internal_notes_stay(self):
        self.expect_stopped(self.reply("\n[internal] er luegt wieder\n"),
                            "internal note")

    def test_a_note_by_its_subject(self):
        mail = self.reply("er luegt wieder\n")
        mail.replace_header("Subject", "[Internal] " + self.copy["Subject"])
        self.expect_stopped(mail, "internal note")

    def test_the_number_of_another_ticket(self):
        other = "zweiter.querkopf@players.example"
        copy = self.other_ticket(other)
        mail = self.reply()
        mail.replace_header(
            "Subject", "Re: " + copy["Subject"])
        self.expect_stopped(mail, "another ticket")
        self.assertEqual(self.world.dovecot.count(other), 1)

    def test_nothing_of_the_agent_reaches_the_player(self):
        words = "Die Auszahlung ist heute %d unterwegs."
        for count, shape in enumerate(SIGNED, 1):
            mail = self.reply(shape % (words % count) + "\n")
            for serial, name in enumerate(TOKEN_HEADERS):
                del mail[name]
                mail[name] = "token-%d@agents.example" % serial
            mail.replace_header("Date", "Sun, 22 Nov 2026 05:30:00 +0545")
            self.world.submit(mail)
            answer = self.world.wait_mails(
                PLAYER, self.player_had + count)[-1]
            text = mails.text_of(answer)
            with self.subTest(shape):
                self.assertIn(words % count, text)
                self.assertEqual(mails.seen(answer, AGENT_WORDS + [
                    "token-", "Anna", "Anni", "5550142", "+0545", "iPhone",
                    "Mutt", "client.agents", "confidential", "sasl",
                    "amber", self.address().split("+")[1].split("@")[0],
                    str(self.copy["Message-ID"])]), [])
                self.assertEqual(
                    {name.lower() for name in answer.keys()}
                    - {"return-path", "delivered-to", "received"},
                    {"from", "to", "subject", "date", "message-id",
                     "in-reply-to", "references", "mime-version",
                     "content-type", "content-transfer-encoding"})
                self.assertEqual(answer.get_content_type(), "text/plain")
                self.assertTrue(answer["Date"].endswith("+0000"))
                self.assertIsNone(re.search("agents|client", " ".join(
                    answer.get_all("Received") or [])))

    def test_the_same_answer_twice_is_sent_once(self):
        mail = self.reply("Nur einmal, bitte.\n")
        self.world.submit(mail)
        self.world.wait_mails(PLAYER, self.player_had + 1)
        self.world.submit(mail)
        self.world.wait_idle()
        self.assertEqual(self.world.dovecot.count(PLAYER),
                         self.player_had + 1)

    def test_a_wrong_capability_is_no_way_to_the_player(self):
        mail = self.reply()
        address = str(mail["To"])
        last = "0" if "0@" not in address else "1"
        at = address.index("@")
        mail.replace_header("To", address[:at - 1] + last + address[at:])
        for name in ("In-Reply-To", "References"):
            del mail[name]
        self.expect_stopped(mail, "enrolled as an agent")


if __name__ == "__main__":
    unittest.main()
