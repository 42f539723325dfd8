"""Mails of many shapes and languages, as real clients send them."""

import email
import email.policy
import re
import unittest

import mails
from gateway import Gateway
from mails import QUEUE
from tools import wait_for
from world import TEAM, World

TEXTS = {
    "en": ("My deposit is missing",
           "Hello, I sent a deposit two days ago and it has not arrived in "
           "my account yet. Please have a look at it."),
    "de": ("Meine Einzahlung fehlt",
           "Guten Tag, ich habe vor zwei Tagen eine Einzahlung gemacht und "
           "sie ist noch nicht auf meinem Konto angekommen."),
    "fr": ("Mon dépôt n'est pas arrivé",
           "Bonjour, j'ai fait un dépôt il y a deux jours et il n'est "
           "toujours pas arrivé sur mon compte."),
    "el": ("Η κατάθεσή μου λείπει",
           "Καλησπέρα, έκανα μια κατάθεση πριν από δύο ημέρες και δεν έχει "
           "φτάσει ακόμα στον λογαριασμό μου."),
    "es": ("Falta mi depósito",
           "Hola, hice un depósito hace dos días y todavía no ha llegado a "
           "mi cuenta."),
    "it": ("Manca il mio deposito",
           "Buongiorno, ho fatto un deposito due giorni fa e non è ancora "
           "arrivato sul mio conto."),
    "pt": ("Falta o meu depósito",
           "Olá, fiz um depósito há dois dias e ainda não chegou à minha "
           "conta."),
    "ru": ("Нет моего депозита",
           "Здравствуйте, два дня назад я внёс депозит, и он до сих пор не "
           "пришёл на мой счёт."),
    "tr": ("Yatırımım gelmedi",
           "Merhaba, iki gün önce para yatırdım ve hâlâ hesabıma "
           "geçmedi."),
    "pl": ("Brak mojej wpłaty",
           "Dzień dobry, dwa dni temu zrobiłem wpłatę i nadal nie ma jej na "
           "moim koncie."),
}

# What the acknowledgement calls a deposit.
DEPOSIT = {"en": "Deposit", "de": "Einzahlung", "fr": "Dépôt",
           "el": "Κατάθεση", "es": "Depósito", "it": "Deposito",
           "pt": "Depósito", "ru": "Пополнение счёта",
           "tr": "Para yatırma", "pl": "Wpłata"}


def shape(mail):
    """A mail to a player without what is another in each: his address,
    numbers, ids, times. The mailbox server's fields are not ours."""
    text = "".join("%s: %s\n" % field for field in mail.items()
                   if field[0] not in ("Received", "Delivered-To",
                                       "Return-Path"))
    text += "\n" + mails.text_of(mail)
    for pattern in (r"nymdesk-receipt: .*", r"spieler\d+", r"[0-9A-Z]{4}-[0-9A-Z]{4}",
                    r"support\+[a-z0-9-]+", r"<[^<>@\s]+@[^<>\s]+>",
                    r"\w+, +\d+ \w+ \d{4} \d\d:\d\d:\d\d",
                    r"\d{1,2}\. \w+ \d{4}",
                    r"\d{4}-\d\d-\d\d", r"\d\d:\d\d(:\d\d)?"):
        text = re.sub(pattern, "#", text)
    return text


class Shapes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.serial = 0

    def tearDown(self):
        # What one test caused must not be counted by the next.
        self.world.wait_idle()

    def send(self, mail, player):
        """Sends it and returns the agents' copy and the acknowledgement."""
        before = self.world.dovecot.count(TEAM)
        self.world.send(mail, player, QUEUE)
        ack, = self.world.wait_mails(player, 1)
        wait_for(lambda: self.world.dovecot.count(TEAM) == before + 1,
                 what="the copy")
        return self.world.mailbox(TEAM)[-1], ack

    def player(self):
        type(self).serial += 1
        return "spieler%d.sonnleithner@players.example" % self.serial

    def test_acknowledgement_in_the_language_of_the_mail(self):
        for lang, (subject, text) in TEXTS.items():
            with self.subTest(lang):
                player = self.player()
                copy, ack = self.send(
                    mails.message(player, QUEUE, subject, text + "\n"),
                    player)
                self.assertIn("lang=%s;" % lang, copy["X-Nymdesk"])
                self.assertIn("category=deposit;", copy["X-Nymdesk"])
                same = mails.text_of(ack)
                self.assertIn(" UTC", same)
                self.assertTrue(any(line.endswith(": " + DEPOSIT[lang])
                                    for line in same.splitlines()), same)
                self.assertEqual(mails.seen(ack, [subject]), [])
                others = [word for name, word in TEXTS.items()
                          if name != lang]
                for other in others:
                    self.assertNotIn(other[0], same)
        self.assertEqual(len({
            mails.text_of(self.world.mailbox(
                "spieler%d.sonnleithner@players.example" % n)[0]
                ).splitlines()[0] for n in range(
                    self.serial - len(TEXTS) + 1, self.serial + 1)}),
            len(TEXTS))

    def test_an_answer_does_not_tell_who_is_known(self):
        """Who writes in a player's name, and who has no ticket yet: both
        get what the player gets. The same words again would be the same
        request."""
        subject, text = TEXTS["de"]
        known, other = self.player(), self.player()
        shapes = []
        for player in (known, known, other):
            before = self.world.dovecot.count(player)
            self.world.send(mails.message(player, QUEUE, subject,
                                          text + "\n" + "!" * len(shapes)))
            acks = self.world.wait_mails(player, before + 1)
            shapes.append(shape(acks[-1]))
        self.assertIn("Subject: ", shapes[0])
        self.assertEqual(shapes[0], shapes[1])
        self.assertEqual(shapes[0], shapes[2])

    def test_html_is_read_as_text(self):
        player = self.player()
        mail = mails.message(player, QUEUE, "Bonus", "x")
        mail.clear_content()
        mail.set_content(
            "<html><head><style>p{color:red}</style><title>geheim</title>"
            "</head><body><p>Wo bleibt mein <b>Bonus</b>?</p><ul><li>eins"
            "<li>zwei</ul><img src='http://tracker.example/%s.gif' "
            "alt='%s'><p>Max Sonnleithner</p></body></html>"
            % (player, player), subtype="html")
        mail.replace_header("From", "Max Sonnleithner <%s>" % player)
        copy, _ = self.send(mail, player)
        text = mails.text_of(copy)
        self.assertIn("Wo bleibt mein Bonus?", text)
        self.assertIn("- eins", text)
        self.assertEqual(mails.seen(copy, [
            "geheim", "color", "tracker", "sonnleithner", "text/html"]), [])

    def test_attachments(self):
        player = self.player()
        mail = mails.message(player, QUEUE, "Beleg", "Siehe Anhang.\n",
                             "Max Sonnleithner")
        mail.add_attachment("Konto von Max Sonnleithner, %s\n"
                            "Transaktion %s\n" % (player, mails.TX),
                            filename="Sonnleithner Konto.txt")
        mail.add_attachment(b"\xff\xd8\xff\xe0\0\x10JFIF Sonnleithner",
                            maintype="image", subtype="jpeg",
                            filename="Sonnleithner.jpg")
        copy, _ = self.send(mail, player)
        self.assertEqual(mails.seen(copy, ["sonnleithner", "players"]), [])
        files = list(copy.iter_attachments())
        self.assertEqual([part.get_filename() for part in files],
                         ["attachment-1.txt"])
        self.assertIn(mails.TX, files[0].get_content())
        text = mails.text_of(copy)
        self.assertIn("[attachment-2: a JPEG image, at most 1 KiB: withheld, "
                      "as it could not be decoded safely",
                      " ".join(text.split()))

    def test_headers_are_ours_only(self):
        player = self.player()
        mail = mails.message(player, QUEUE, "Frage", "Wie geht das?\n")
        for name in ("X-Originating-IP", "X-Mailer", "Organization",
                     "Disposition-Notification-To", "Autocrypt",
                     "Thread-Index", "X-Sender"):
            mail[name] = "marker-sonnleithner"
        copy, ack = self.send(mail, player)
        # What Postfix and Dovecot add on the last hop is not ours.
        around = {"return-path", "delivered-to", "received"}
        self.assertEqual(
            {name.lower() for name in copy.keys()} - around,
            {"from", "to", "reply-to", "subject", "date", "message-id",
             "in-reply-to", "references", "x-nymdesk", "mime-version",
             "content-type", "content-transfer-encoding"})
        self.assertEqual(
            {name.lower() for name in ack.keys()} - around,
            {"from", "to", "subject", "date", "message-id", "in-reply-to",
             "references", "auto-submitted", "mime-version", "content-type",
             "content-transfer-encoding"})
        self.assertEqual(mails.seen(copy, ["marker"]), [])
        for mail in (copy, ack):
            self.assertTrue(mail["Date"].endswith("+0000"), mail["Date"])

    def test_an_international_address(self):
        """Dovecot takes no SMTPUTF8: the acknowledgement bounces, that ends
        at its ticket, and the agents are told."""
        before = len(self.world.tickets())
        copies = self.world.dovecot.count(TEAM)
        mail = email.message_from_bytes((
            "From: Jörg <jörg@players.example>\r\nTo: %s\r\n"
            "Subject: Größe\r\nMessage-ID: <eai.1@players.example>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8"
            "\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße von Jörg\r\n"
            % QUEUE).encode(), policy=email.policy.SMTPUTF8)
        self.world.send(mail, "jörg@players.example", QUEUE)
        wait_for(lambda: "mail.bounce" in self.world.logs(),
                 what="the bounce of the acknowledgement")
        self.world.wait_idle()
        self.assertEqual(len(self.world.tickets()), before + 1)
        copy, word = self.world.mailbox(TEAM)[copies:]
        self.assertEqual(mails.seen(copy, ["jörg"]), [])
        self.assertIn("Grüße von [name]", mails.text_of(copy))
        self.assertIn("The acknowledgement of", mails.text_of(word))
        self.assertEqual(mails.seen(word, ["jörg", "players"]), [])

    def test_machines_get_no_acknowledgement(self):
        before = self.world.dovecot.count(TEAM)
        for count, (name, value) in enumerate((
                ("Auto-Submitted", "auto-replied; x=y"),
                ("Precedence", "Bulk"), ("List-Id", "<l.players.example>"))):
            player = self.player()
            mail = mails.message(player, QUEUE, "Abwesend", "Bin weg.\n")
            mail[name] = value
            self.world.send(mail)
            wait_for(lambda: self.world.dovecot.count(TEAM)
                     == before + count + 1, what="the copy")
            self.world.wait_idle()
            self.assertIn("flags=machine",
                          self.world.mailbox(TEAM)[-1]["X-Nymdesk"])
            self.assertEqual(self.world.dovecot.count(player), 0)

    def test_hostile_shapes_become_tickets(self):
        before = len(self.world.tickets())
        player = self.player()
        head = ("From: %s\r\nTo: %s\r\nMessage-ID: <h%%d@players.example>\r\n"
                "Subject: x\r\n" % (player, QUEUE))
        bombs = (
            "Cc: " + ("a:" * 400 + "\r\n ") * 100 + "a\r\n\r\nText\r\n",
            "Content-Type: text/plain" + (";a=b" * 200 + "\r\n ") * 100
            + ";c=d\r\n\r\nText\r\n",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            + "--b\r\n\r\n\r\n" * 20000 + "--b--\r\n",
            "Content-Type: text/html\r\n\r\n"
            + ("<div>" * 100 + "\r\n") * 1000,
        )
        with self.world.connect_lmtp() as sock:
            sock.settimeout(60)
            stream = sock.makefile("rwb")

            def say(line):
                stream.write(line.encode() + b"\r\n")
                stream.flush()
                while True:
                    answer = stream.readline()
                    if answer[3:4] != b"-":
                        return answer.decode()
            stream.readline()
            say("LHLO client")
            for count, bomb in enumerate(bombs):
                with self.subTest(bomb[:30]):
                    self.assertTrue(say("MAIL FROM:<%s>" % player)
                                    .startswith("250"))
                    self.assertTrue(say("RCPT TO:<%s>" % QUEUE)
                                    .startswith("250"))
                    self.assertTrue(say("DATA").startswith("354"))
                    stream.write((head % count + bomb).encode())
                    self.assertRegex(say("."), "^250 ")
        self.assertEqual(len(self.world.tickets()), before + len(bombs))
        self.assertEqual(self.world.faults(), [])


class Doubt(unittest.TestCase):
    def test_is_answered_in_the_language_of_the_queue(self):
        """Another language in a script of ours, and too few words for any;
        beside them one of which there is no doubt."""
        with Gateway(more={"queue support.language": "pt"}) as gateway:
            for n, (text, lang, first) in enumerate((
                    ("Де мої гроші? Вже їх чекаю цілий тиждень.", "-",
                     "Olá,"),
                    ("ok ok", "-", "Olá,"),
                    ("Where is my money? I have waited for a week.", "en",
                     "Hello,"))):
                with self.subTest(text):
                    _, copy, ack = gateway.open(
                        "spieler%d@players.example" % n, "...", text + "\n")
                    self.assertIn("lang=%s;" % lang, copy.mail["X-Nymdesk"])
                    self.assertEqual(
                        mails.text_of(ack.mail).splitlines()[0], first)


if __name__ == "__main__":
    unittest.main()
