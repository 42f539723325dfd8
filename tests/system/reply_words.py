"""What the replies of replies.py are made of: what is quoted, what is new, and
what clients put between, in their languages."""

import collections

# Whose answer to whom: the author, whose mail he quotes, to whom that went.
Side = collections.namedtuple("Side", "author name addr to")

MAC = "0123456789abc"
AGENT_ADDR = "support+k7f39q2y-%s@casino.example" % MAC
QUEUE = "support@casino.example"
AGENT = ("Anna Feuerstein", "anna@agents.example")
PLAYER = ("Jürgen Hölzenbein", "juergen.hoelzenbein@players.example")
ROLE = "Casino Support"
SIDES = {
    # An agent answers the copy, or what he sent himself.
    "copy": Side(AGENT, "amber-otter-41", AGENT_ADDR, QUEUE),
    "own": Side(AGENT, *AGENT, "amber-otter-41 <%s>" % AGENT_ADDR),
    # A player answers the agent.
    "player": Side(PLAYER, ROLE, "support+k7f39q2y-zyxwvtsrqpnmk@casino"
                   ".example", "%s <%s>" % PLAYER),
}
SUBJECT = "[K7F3-9Q2Y] Auszahlung seit Dienstag nicht angekommen"
ID = "<k7f39q2y.0123456789abc@casino.example>"

# What the gateway makes a copy of; the copy's last line comes with it.
QUOTED = (
    ("Guten Abend, seit dem Dienstag warte ich auf meine Auszahlung. Im Konto",
     "steht sie als erledigt, in der Wallet ist aber nichts."),
    ("Transaktion: 9f2c4e6a8b0d1f3e5a7c9b1d3f5e7a9c0b2d4f6e8a1c3e5b7d9f0a2c",
     "[attachment-1: a JPEG image, at most 64 KiB:",
     " attached, encoded anew from its pixels]"),
    ("Sie erreichen mich unter [phone].",
     "Gruß, [name]"),
)

# New words: paragraphs of a kind and lines. Whatever looks like a client's
# work here is the agent's.
TEXT, LIST, INDENT = "text", "list", "indent"
STORIES = {
    "word": ((TEXT, ("Ja.",)),),
    "letter": (
        (TEXT, ("Hallo,",)),
        (TEXT, ("From now on the account is open again.",
                "Am 3. Mai schrieb ich Ihnen schon einmal:",
                "bitte nicht mehrmals einzahlen.")),
        (TEXT, ("Was uns noch fehlt:",)),
        (LIST, ("der Vertrag, beide Seiten", "ein Beleg der Bank")),
        (TEXT, ("--------------------",
                "Stand von heute: alles andere liegt vor.")),
        (TEXT, ("Ist sonst noch etwas offen?",)),
    ),
    "amounts": (
        (TEXT, (">100 EUR gehen nur nach einer Prüfung hinaus,",
                "das dauert einen Tag.")),
        (TEXT, ("Das ist die Grenze:",
                ">100 EUR",)),
        (TEXT, ("Von: 100 EUR", "An: 250 EUR", "Datum: morgen")),
    ),
    "amount last": (
        (TEXT, ("So steht es in den Regeln:",)),
        (TEXT, (">100 EUR prüfen wir von Hand.",)),
    ),
    "indented": (
        (TEXT, ("So steht es in den Regeln:",)),
        (INDENT, ("Jede Auszahlung geht an den Weg der Einzahlung.",
                  "Ausnahmen gibt es keine.")),
        (TEXT, ("Daran halten wir uns.",)),
    ),
    "indented last": (
        (TEXT, ("Unser Kollege schrieb Ihnen:",)),
        (INDENT, ("Jede Auszahlung geht an den Weg der Einzahlung.",)),
    ),
    "separators": (
        (TEXT, ("Unsere Antwort steht unter der Linie.",)),
        (TEXT, ("________________________________",)),
        (TEXT, ("Das Geld ist unterwegs, es dauert noch zwei Tage.",)),
        (TEXT, ("---- Nachtrag ----", "Es war die falsche Wallet.")),
        (TEXT, ("On 3 May we wrote to you about this.",
                "Sent from your account were two payments.")),
    ),
    "narrated": (
        (TEXT, ("Guten Tag,",)),
        (TEXT, ("Am 3. Mai schrieb ich Ihnen dazu:",)),
        (TEXT, ("Das gilt noch immer.",)),
    ),
    "nouns last": (
        (TEXT, ("Bitte senden Sie uns",)),
        (TEXT, ("------------------------", "Ausweis", "Kontoauszug")),
    ),
}

ATTRIBUTIONS = {
    "gmail": {
        "en": "On Sun, Nov 22, 2026 at 5:30\u202fAM N <A> wrote:",
        "de": "Am So., 22. Nov. 2026 um 05:30 Uhr schrieb N <A>:",
        "fr": "Le dim. 22 nov. 2026 à 05:30, N <A> a écrit\u00a0:",
        "el": "Στις Κυρ 22 Νοε 2026 στις 5:30\u202fπ.μ., ο χρήστης N <A> "
              "έγραψε:",
        "es": "El dom, 22 nov 2026 a las 5:30, N (<A>) escribió:",
        "it": "Il giorno dom 22 nov 2026 alle ore 05:30 N <A> ha scritto:",
        "pt": "Em dom., 22 de nov. de 2026 às 05:30, N <A> escreveu:",
        "ru": "вс, 22 нояб. 2026\u202fг. в 05:30, N <A>:",
        "tr": "N <A>, 22 Kas 2026 Paz, 05:30 tarihinde şunu yazdı:",
        "pl": "niedz., 22 lis 2026 o 05:30 N <A> napisał(a):",
    },
    "apple": {
        "en": "On 22 Nov 2026, at 05:30, N <A> wrote:",
        "de": "Am 22.11.2026 um 05:30 schrieb N <A>:",
        "fr": "Le 22 nov. 2026 à 05:30, N <A> a écrit :",
        "el": "Στις 22 Νοε 2026, στις 5:30 π.μ., ο/η N <A> έγραψε:",
        "es": "El 22 nov 2026, a las 5:30, N <A> escribió:",
        "it": "Il giorno 22 nov 2026, alle ore 05:30, N <A> ha scritto:",
        "pt": "Em 22 de nov. de 2026, à(s) 05:30, N <A> escreveu:",
        "ru": "22 нояб. 2026 г., в 05:30, N <A> написал(а):",
        "tr": "N <A> şunları yazdı (22 Kas 2026 05:30):",
        "pl": "Wiadomość napisana przez N <A> w dniu 22 lis 2026, o godz. "
              "05:30:",
    },
    "thunderbird": {
        "en": "On 11/22/26 05:30, N wrote:",
        "de": "Am 22.11.26 um 05:30 schrieb N:",
        "fr": "Le 22/11/2026 à 05:30, N a écrit :",
        "el": "Στις 22/11/2026 5:30 π.μ., ο/η N έγραψε:",
        "es": "El 22/11/26 a las 5:30, N escribió:",
        "it": "Il 22/11/2026 05:30, N ha scritto:",
        "pt": "Em 22/11/2026 05:30, N escreveu:",
        "ru": "22.11.2026 5:30, N пишет:",
        "tr": "22.11.2026 05:30 tarihinde N yazdı:",
        "pl": "W dniu 22.11.2026 o 05:30, N pisze:",
    },
    "k9": {
        "en": "On 22 November 2026 05:30:00 UTC, N <A> wrote:",
        "de": "Am 22. November 2026 05:30:00 MEZ schrieb N <A>:",
        "fr": "Le 22 novembre 2026 05:30:00 GMT+01:00, N <A> a écrit\u00a0:",
        "el": "Στις 22 Νοεμβρίου 2026 5:30:00 π.μ. EET, ο/η N <A> έγραψε:",
        "es": "El 22 de noviembre de 2026 5:30:00 CET, N <A> escribió:",
        "it": "Il 22 novembre 2026 05:30:00 CET, N <A> ha scritto:",
        "pt": "Em 22 de novembro de 2026 05:30:00 BRT, N <A> escreveu:",
        "ru": "22 ноября 2026 г. 5:30:00 GMT+03:00, N <A> пишет:",
        "tr": "22 Kasım 2026 05:30:00 GMT+03:00 tarihinde N <A> yazdı:",
        "pl": "Dnia 22 listopada 2026 05:30:00 CET, N <A> napisał/a:",
    },
    "mutt": {
        "en": "On Sun, Nov 22, 2026 at 05:30:00AM +0000, N wrote:",
        "de": "Am 22.11.2026 um 05:30 schrieb N:",
        "pl": "Dnia 22.11.2026, o 05:30, N napisał(a):",
    },
    "s-nail": {"en": "N <A> wrote:"},
}

# From, sent, to, subject; the line above them; the date.
HEADERS = {
    "en": ("From", "Sent", "To", "Subject", "Original Message",
           "Sunday, November 22, 2026 5:30 AM"),
    "de": ("Von", "Gesendet", "An", "Betreff", "Ursprüngliche Nachricht",
           "Sonntag, 22. November 2026 05:30"),
    "fr": ("De", "Envoyé", "À", "Objet", "Message d'origine",
           "dimanche 22 novembre 2026 05:30"),
    "el": ("Από", "Στάλθηκε", "Προς", "Θέμα", "Αρχικό μήνυμα",
           "Κυριακή, 22 Νοεμβρίου 2026 5:30 πμ"),
    "es": ("De", "Enviado el", "Para", "Asunto", "Mensaje original",
           "domingo, 22 de noviembre de 2026 5:30"),
    "it": ("Da", "Inviato", "A", "Oggetto", "Messaggio originale",
           "domenica 22 novembre 2026 05:30"),
    "pt": ("De", "Enviada em", "Para", "Assunto", "Mensagem original",
           "domingo, 22 de novembro de 2026 05:30"),
    "ru": ("От", "Отправлено", "Кому", "Тема", "Исходное сообщение",
           "воскресенье, 22 ноября 2026 г. 5:30"),
    "tr": ("Kimden", "Gönderildi", "Kime", "Konu", "Özgün İleti",
           "22 Kasım 2026 Pazar 05:30"),
    "pl": ("Od", "Wysłano", "Do", "Temat", "Oryginalna wiadomość",
           "niedziela, 22 listopada 2026 05:30"),
}

IPHONE = {"en": "Sent from my iPhone", "de": "Von meinem iPhone gesendet",
          "fr": "Envoyé de mon iPhone", "el": "Στάλθηκε από το iPhone μου",
          "es": "Enviado desde mi iPhone", "it": "Inviato da iPhone",
          "pt": "Enviado do meu iPhone", "ru": "Отправлено с iPhone",
          "tr": "iPhone'umdan gönderildi", "pl": "Wysłane z iPhone'a"}
