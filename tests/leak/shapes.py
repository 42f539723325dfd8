"""How mails look: clients, languages, codings. No token is made here.

A Draft is a mail in parts; slots.py puts tokens into it, build() makes
octets of it. A client gives header fields and structure; a language gives
the sentences; a text coding hides a word in a text; a transport coding is
charset and Content-Transfer-Encoding of a part; a header coding writes a
value with other letters.
"""

import base64
import binascii
import html
import quopri
import unicodedata
import urllib.parse

CRLF = "\r\n"
ZONE = "+0545"
OLD_DATE = "Tue, 03 Mar 2009 17:43:21 " + ZONE


# --- languages -------------------------------------------------------------
# subject, hello, case, the person's name, his address, somebody else's
# address, telephone, birth, IBAN, card, passport, street, signature's word,
# attribution with {date} and {who}, "Sent from my"
LANGUAGES = {
    "en": ("Deposit is missing", "Hello,",
           "I sent a deposit two days ago and it has not arrived.",
           "My name is {}.", "You can write to me at {} any time.",
           "Please also ask {} about it.", "Call me: {}.",
           "My date of birth: {}.", "My IBAN is {}.",
           "I paid with the card {}.", "Passport no. {}.",
           "I live at {} 14, 8010 Graz.", "Kind regards,",
           "On {date}, {who} wrote:", "Sent from my iPhone"),
    "de": ("Einzahlung fehlt", "Guten Tag,",
           "ich habe vor zwei Tagen eingezahlt und nichts ist angekommen.",
           "Mein Name ist {}.", "Schreiben Sie mir an {} zurück.",
           "Fragen Sie bitte auch {} danach.", "Telefon: {}.",
           "Geburtsdatum: {}.", "Meine IBAN lautet {}.",
           "Bezahlt habe ich mit der Karte {}.", "Reisepass Nr. {}.",
           "Ich wohne {}straße 14, 8010 Graz.", "Mit freundlichen Grüßen",
           "Am {date} schrieb {who}:", "Von meinem iPhone gesendet"),
    "fr": ("Mon dépôt n'est pas arrivé", "Bonjour,",
           "j'ai fait un dépôt il y a deux jours et rien n'est arrivé.",
           "Je m'appelle {}.", "Écrivez-moi à {} à toute heure.",
           "Demandez aussi à {} s'il vous plaît.", "Téléphone : {}.",
           "Date de naissance : {}.", "Mon IBAN est {}.",
           "J'ai payé avec la carte {}.", "Passeport n° {}.",
           "J'habite 14 rue {}, 8010 Graz.", "Cordialement,",
           "Le {date}, {who} a écrit :", "Envoyé de mon iPhone"),
    "el": ("Η κατάθεσή μου λείπει", "Καλησπέρα,",
           "έκανα μια κατάθεση πριν από δύο ημέρες και δεν έχει φτάσει.",
           "Με λένε {}.", "Γράψτε μου στο {} όποτε θέλετε.",
           "Ρωτήστε και τον {} γι' αυτό.", "Τηλέφωνο: {}.",
           "Ημερομηνία γέννησης: {}.", "Το IBAN μου είναι {}.",
           "Πλήρωσα με την κάρτα {}.", "Αριθμός διαβατηρίου {}.",
           "Μένω στην οδό {} 14, 8010 Graz.", "Με εκτίμηση,",
           "Στις {date}, ο χρήστης {who} έγραψε:",
           "Στάλθηκε από το iPhone μου"),
    "es": ("Mi depósito no ha llegado", "Buenos días,",
           "hice un depósito hace dos días y no ha llegado todavía.",
           "Me llamo {}.", "Escríbame a {} cuando quiera.",
           "Pregunte también a {} por favor.", "Teléfono: {}.",
           "Fecha de nacimiento: {}.", "Mi IBAN es {}.",
           "Pagué con la tarjeta {}.", "Pasaporte n.º {}.",
           "Vivo en la calle {} 14, 8010 Graz.", "Un saludo,",
           "El {date}, {who} escribió:", "Enviado desde mi iPhone"),
    "it": ("Il mio deposito non è arrivato", "Buongiorno,",
           "ho fatto un deposito due giorni fa e non è ancora arrivato.",
           "Mi chiamo {}.", "Mi scriva a {} quando vuole.",
           "Chieda anche a {} per favore.", "Telefono: {}.",
           "Data di nascita: {}.", "Il mio IBAN è {}.",
           "Ho pagato con la carta {}.", "Passaporto n. {}.",
           "Abito in via {} 14, 8010 Graz.", "Cordiali saluti,",
           "Il giorno {date} {who} ha scritto:", "Inviato da iPhone"),
    "pt": ("O meu depósito não chegou", "Bom dia,",
           "fiz um depósito há dois dias e ainda não chegou à conta.",
           "Chamo-me {}.", "Escreva-me para {} quando quiser.",
           "Pergunte também a {} por favor.", "Telefone: {}.",
           "Data de nascimento: {}.", "O meu IBAN é {}.",
           "Paguei com o cartão {}.", "Passaporte n.º {}.",
           "Moro na rua {} 14, 8010 Graz.", "Cumprimentos,",
           "Em {date}, {who} escreveu:", "Enviado do meu iPhone"),
    "ru": ("Мой депозит не пришёл", "Здравствуйте,",
           "я внёс депозит два дня назад, и он до сих пор не пришёл.",
           "Меня зовут {}.", "Пишите мне на {} в любое время.",
           "Спросите также {} об этом.", "Телефон: {}.",
           "Дата рождения: {}.", "Мой IBAN: {}.",
           "Я платил картой {}.", "Паспорт № {}.",
           "Я живу на улице {}, дом 14, 8010 Грац.", "С уважением,",
           "{date} пользователь {who} написал:", "Отправлено с iPhone"),
    "tr": ("Yatırdığım para gelmedi", "Merhaba,",
           "iki gün önce para yatırdım ve hâlâ hesabıma gelmedi.",
           "Benim adım {}.", "Bana {} adresinden yazın.",
           "Lütfen {} adresine de sorun.", "Telefon: {}.",
           "Doğum tarihi: {}.", "IBAN numaram {}.",
           "Kartım {} ile ödedim.", "Pasaport no: {}.",
           "{} Caddesi 14, 8010 Graz adresinde oturuyorum.",
           "Saygılarımla,", "{who}, {date} tarihinde şunu yazdı:",
           "iPhone'umdan gönderildi"),
    "pl": ("Moja wpłata nie dotarła", "Dzień dobry,",
           "dwa dni temu zrobiłem wpłatę i jeszcze nie dotarła na konto.",
           "Nazywam się {}.", "Proszę pisać do mnie na {} zawsze.",
           "Proszę zapytać też {} o to.", "Telefon: {}.",
           "Data urodzenia: {}.", "Mój IBAN to {}.",
           "Płaciłem kartą {}.", "Paszport nr {}.",
           "Mieszkam przy ulicy {} 14, 8010 Graz.", "Pozdrawiam,",
           "W dniu {date} {who} napisał(a):", "Wysłano z iPhone'a"),
}
(SUBJECT, HELLO, CASE, NAME_IS, ADDR_IS, OTHER_IS, PHONE_IS, BORN_IS,
 IBAN_IS, CARD_IS, PASS_IS, STREET_IS, BYE, WROTE, SENT_FROM) = range(15)

# --- clients ---------------------------------------------------------------
# name: (structure, boundary, form of the Message-ID, own header fields,
#        form of the quote above a reply)
CLIENTS = {
    "mutt": ("plain", "{r}", "{r}@{h}", [
        ("User-Agent", "Mutt/2.2.9 (2022-11-12)"),
        ("Content-Disposition", "inline")], "wrote"),
    "thunderbird": ("plain flowed", "------------{r}", "{r}@{h}", [
        ("User-Agent", "Mozilla Thunderbird"),
        ("Content-Language", "de-AT")], "wrote"),
    "outlook": ("alternative", "----=_NextPart_000_{r}", "000001d9${r}@{h}", [
        ("X-Mailer", "Microsoft Outlook 16.0"),
        ("Thread-Index", "AdZr2LfQx7h8r0pVQ8Wd0E0q2w3c4g=="),
        ("Content-Language", "en-gb")], "outlook"),
    "outlook-web": ("html", "_000_{r}", "{r}@{h}", [
        ("X-MS-Has-Attach", ""), ("X-MS-TNEF-Correlator", ""),
        ("x-originating-ip", "[10.0.0.7]"),
        ("Accept-Language", "en-GB, en-US")], "outlook"),
    "apple": ("alternative", "Apple-Mail=_{r}", "{r}@{h}", [
        ("X-Mailer", "Apple Mail (2.3731.700.6)"),
        ("X-Uniform-Type-Identifier", "com.apple.mail-draft")], "wrote"),
    "ios": ("plain", "Apple-Mail-{r}", "{r}@{h}", [
        ("X-Mailer", "iPhone Mail (20G81)")], "wrote sent"),
    "gmail": ("alternative", "000000000000{r}", "CAB{r}@{h}", [], "wrote"),
    "k9": ("plain delsp", "----{r}", "{r}@{h}", [
        ("User-Agent", "K-9 Mail for Android")], "wrote sent"),
    "yahoo": ("alternative", "----=_Part_{r}", "{r}@{h}", [
        ("X-Mailer", "WebService/1.1.21 YMailNorrin")], "wrote"),
    "gmx": ("html", "{r}", "trinity-{r}@{h}", [
        ("X-UI-Message-Type", "mail"), ("Importance", "normal"),
        ("Sensitivity", "Normal")], "headers"),
    "proton": ("mixed", "b1={r}", "{r}@{h}", [
        ("X-Pm-Message-ID", "{r}"), ("Feedback-Id", "1234:user:proton")],
        "wrote"),
    "samsung": ("alternative", "--_com.samsung.android.email_{r}",
                "{r}@{h}", [("Importance", "Normal")], "headers sent"),
    "script": ("plain", "{r}", "{r}@{h}", [
        ("X-PHP-Originating-Script", "33:contact.php"),
        ("X-Mailer", "PHP/8.2.1"), ("X-Priority", "3 (Normal)")], "none"),
}
# These write what makes a mail a machine's; they get no acknowledgement.
MACHINE_CLIENTS = ("proton",)


# --- text codings: a word as it may stand in a text ------------------------

def fullwidth(text):
    return "".join(chr(ord(c) + 0xfee0) if "!" <= c <= "~" else c
                   for c in text)


def at_words(at, dot):
    return lambda text: text.replace("@", at).replace(".", dot)


def between(sign):
    return lambda text: text[0] + sign.join(text[1:])


def homoglyphs(text):
    return text.translate(str.maketrans("oacexp", "оасехр"))


def to_base64(text):
    return base64.b64encode(("x: " + text).encode()).decode()


def all_quoted(text):
    return "".join("=%02X" % c for c in text.encode())


def half(text, sign):
    middle = len(text) // 2
    return text[:middle] + sign + text[middle:]


# name -> (row, kinds, function); kinds: a address, n name, A any text
TEXT_CODINGS = {
    "plain": ("", "an", lambda t: t),
    "upper": ("B12", "an", str.upper),
    "title": ("B12", "an", str.title),
    "angle": ("", "a", lambda t: "<%s>" % t),
    "brackets": ("", "an", lambda t: "(%s)" % t),
    "nfd": ("B12", "an", lambda t: unicodedata.normalize("NFD", t)),
    "marks": ("B12", "n", lambda t: t.replace("o", "ö").replace("a", "á")),
    "full-width": ("B10", "an", fullwidth),
    "full-width at": ("B10", "a", lambda t: t.replace("@", "＠")),
    "ideographic dot": ("B10", "a", lambda t: t.replace(".", "。")),
    "zero width": ("B11", "an", between("\u200b")),
    "soft hyphen": ("B11", "an", between("\u00ad")),
    "joiner": ("B11", "an", lambda t: half(t, "\u2060")),
    "bom": ("B11", "an", lambda t: half(t, "\ufeff")),
    "bidi": ("B11", "an", lambda t: "\u202d" + t + "\u202c"),
    "isolate": ("B11", "an", lambda t: half(t, "\u2068\u2069")),
    "variation": ("B11", "an", lambda t: half(t, "\ufe0f")),
    "homoglyphs": ("B11", "an", homoglyphs),
    "entities": ("B9", "an", lambda t: "".join("&#%d;" % ord(c) for c in t)),
    "hex entities": ("B9", "an",
                     lambda t: "".join("&#x%x;" % ord(c) for c in t)),
    "entity at": ("B9", "a", lambda t: t.replace("@", "&#64;")),
    "named at": ("B9", "a", lambda t: t.replace("@", "&commat;")),
    "percent at": ("B9", "a", lambda t: t.replace("@", "%40")),
    "percent": ("B9", "an",
                lambda t: "".join("%%%02X" % c for c in t.encode())),
    "twice": ("B9", "a", lambda t: t.replace("@", "%2540")),
    "quoted at": ("B9", "a", lambda t: t.replace("@", "=40")),
    "quoted": ("B9", "an", all_quoted),
    "escape at": ("B9", "a", lambda t: t.replace("@", "\\u0040")),
    "escape": ("B9", "an", lambda t: "".join("\\u%04x" % ord(c) for c in t)),
    "base64": ("B9", "a", to_base64),
    "at dot": ("B9", "a", at_words(" at ", " dot ")),
    "(at)": ("B9", "a", at_words("(at)", "(dot)")),
    "[at]": ("B9", "a", at_words(" [at] ", " [dot] ")),
    "at punkt": ("B9", "a", at_words(" ät ", " punkt ")),
    "spaces": ("B13", "a", lambda t: t.replace("@", " @ ")),
    "mailto": ("M14", "a", lambda t: "mailto:" + t),
    "tag +": ("B1", "a", lambda t: t.replace("@", "+casino@")),
    "own dots": ("B1", "a", lambda t: t.replace(".", "", 1)),
    "local part": ("B1", "a", lambda t: t.split("@")[0]),
    "possessive": ("B3", "n", lambda t: t + "'s"),
    "hyphen": ("B3", "n", lambda t: "Maria-" + t),
}


# --- transport codings -----------------------------------------------------

def encode_flowed(text):
    """format=flowed, soft breaks after 40 letters (RFC 3676)."""
    lines = []
    for line in text.split(CRLF):
        while len(line) > 60 and " " in line[30:60]:
            cut = line.rindex(" ", 30, 60) + 1
            lines.append(line[:cut])
            line = line[cut:]
        lines.append(line)
    return CRLF.join(lines)


def encode_delsp(text):
    """format=flowed; delsp=yes: breaks in the middle of words."""
    lines = []
    for line in text.split(CRLF):
        cuts = [line[i:i + 41] for i in range(0, len(line), 41)] or [""]
        # What begins with a blank gets one more (RFC 3676 4.4).
        cuts = [" " * cut.startswith((" ", ">")) + cut for cut in cuts]
        if line.startswith(">") or line == "-- ":
            cuts = [line]
        lines.append((" " + CRLF).join(cuts))
    return CRLF.join(lines)


def to_charset(text, charset):
    """Falls back to UTF-8 for what a charset has no letter for."""
    try:
        return text.encode(charset), charset
    except UnicodeEncodeError:
        return text.encode("utf-8"), "utf-8"


def in_lines(data, length=76):
    return b"\r\n".join(data[i:i + length]
                        for i in range(0, len(data), length)) + b"\r\n"


def transfer(data, cte):
    if cte == "base64":
        return in_lines(base64.b64encode(data))
    if cte == "base64 narrow":
        return in_lines(base64.b64encode(data), 17)
    if cte == "quoted-printable":
        text = quopri.encodestring(data.replace(b"\r\n", b"\n"))
        return text.replace(b"\n", b"\r\n")
    if cte == "quoted all":
        return b"=\r\n".join(
            b"".join(b"=%02x" % c for c in data[i:i + 24])
            for i in range(0, len(data), 24)) + b"\r\n"
    return data


# name -> (charset to encode with, label, CTE)
TRANSPORTS = {
    "utf-8 8bit": ("utf-8", "utf-8", "8bit"),
    "utf-8 qp": ("utf-8", "UTF-8", "quoted-printable"),
    "utf-8 base64": ("utf-8", "utf-8", "base64"),
    "utf-8 base64 narrow": ("utf-8", "utf-8", "base64 narrow"),
    "utf-8 quoted all": ("utf-8", "utf-8", "quoted all"),
    "latin1 qp": ("latin-1", "iso-8859-1", "quoted-printable"),
    "latin1 8bit": ("latin-1", "iso-8859-1", "8bit"),
    "1252 qp": ("windows-1252", "windows-1252", "quoted-printable"),
    "1251 base64": ("windows-1251", "windows-1251", "base64"),
    "1253 qp": ("windows-1253", "windows-1253", "quoted-printable"),
    "1254 qp": ("windows-1254", "windows-1254", "quoted-printable"),
    "8859-7 8bit": ("iso8859-7", "iso-8859-7", "8bit"),
    "8859-2 qp": ("iso8859-2", "iso-8859-2", "quoted-printable"),
    "8859-9 base64": ("iso8859-9", "iso-8859-9", "base64"),
    "koi8-r 8bit": ("koi8-r", "koi8-r", "8bit"),
    "koi8-r base64": ("koi8-r", "KOI8-R", "base64"),
    "utf-16 base64": ("utf-16", "utf-16", "base64"),
    "utf-16le base64": ("utf-16-le", "utf-16le", "base64"),
    "utf-7": ("utf-7", "utf-7", "7bit"),
    "iso-2022-jp": ("iso2022_jp", "iso-2022-jp", "7bit"),
    "no charset": ("utf-8", "", "8bit"),
    "wrong charset": ("utf-8", "us-ascii", "8bit"),
    "unknown charset": ("utf-8", "x-unknown-8", "base64"),
    "wrong label": ("utf-8", "windows-1253", "quoted-printable"),
}


def text_part(text, transport, subtype="plain", extra=""):
    """The fields and the octets of one text part."""
    charset, label, cte = TRANSPORTS[transport]
    data, used = to_charset(text, charset)
    if used != charset:
        label = "utf-8"
    kind = "text/" + subtype
    if label:
        kind += "; charset=" + label
    fields = [("Content-Type", kind + extra),
              ("Content-Transfer-Encoding",
               {"base64 narrow": "base64",
                "quoted all": "quoted-printable"}.get(cte, cte))]
    return fields, transfer(data, cte)


# --- header codings --------------------------------------------------------

def b_word(text, charset="utf-8"):
    return "=?%s?B?%s?=" % (
        charset, base64.b64encode(text.encode(charset)).decode())


def q_word(text, charset="utf-8"):
    return "=?%s?Q?%s?=" % (charset, "".join(
        chr(c) if chr(c).isalnum() and c < 128 else "_" if c == 32
        else "=%02X" % c for c in text.encode(charset)))


def split_words(text, coder, count):
    return " ".join(coder(text[i:i + count])
                    for i in range(0, len(text), count))


def in_charset(coder, charset):
    def code(text):
        try:
            return coder(text, charset)
        except UnicodeEncodeError:
            return coder(text)
    return code


HEADER_CODINGS = {
    "raw": lambda t: t,
    "b": b_word,
    "q": q_word,
    "b split": lambda t: split_words(t, b_word, 5),
    "q split": lambda t: split_words(t, q_word, 7),
    "b folded": lambda t: "\r\n ".join(
        b_word(t[i:i + 9]) for i in range(0, len(t), 9)),
    "b latin1": in_charset(b_word, "iso-8859-1"),
    "q 1251": in_charset(q_word, "windows-1251"),
    "b 8859-7": in_charset(b_word, "iso-8859-7"),
    "b koi8-r": in_charset(b_word, "koi8-r"),
    "b utf-16": lambda t: "=?utf-16?B?%s?=" % base64.b64encode(
        t.encode("utf-16")).decode(),
    "q language": lambda t: q_word(t).replace("?Q?", "*en?Q?", 1),
}


def rfc2231(name, text):
    return "%s*=utf-8'en-GB'%s" % (name, urllib.parse.quote(text, safe=""))


def rfc2231_parts(name, text):
    coded = urllib.parse.quote(text, safe="")
    cuts = [coded[i:i + 9] for i in range(0, len(coded), 9)]
    return ";\r\n ".join(
        "%s*%d*=%s%s" % (name, i, "utf-8''" if i == 0 else "", cut)
        for i, cut in enumerate(cuts))


def quoted_parts(name, text):
    text = text if text.isascii() else b_word(text)
    return ";\r\n ".join("%s*%d=\"%s\"" % (name, i, text[at:at + 11])
                         for i, at in enumerate(range(0, len(text), 11)))


FILE_NAMES = {
    "plain": lambda t: 'filename="%s"' % t,
    "bare": lambda t: "filename=%s" % t.replace(" ", "_"),
    "2231": lambda t: rfc2231("filename", t),
    "2231 parts": lambda t: rfc2231_parts("filename", t),
    "quoted parts": lambda t: quoted_parts("filename", t),
    "2047 b": lambda t: 'filename="%s"' % b_word(t),
    "2047 q": lambda t: 'filename="%s"' % q_word(t),
    "2047 bare": lambda t: "filename=%s" % b_word(t),
    "path": lambda t: 'filename="C:\\\\Users\\\\%s\\\\x.dat"' % t,
    "unix path": lambda t: 'filename="/home/%s/x.dat"' % t,
    "semicolon": lambda t: 'filename="a;b %s"' % t,
    "unended": lambda t: 'filename="%s' % t,
}


# --- the draft -------------------------------------------------------------

class Draft:
    """A mail in parts."""

    def __init__(self, client, language, transport):
        self.client = client
        self.language = language
        self.say = LANGUAGES[language]
        self.transport = transport
        self.fields = []      # (name, value) in order; values as on the wire
        self.lines = []       # of the text
        self.tail = []        # after the text: signature, quotes
        self.markup = []      # HTML that has no text counterpart
        self.head_markup = [] # in <head>
        self.parts = []       # (fields, octets)
        self.part_fields = [] # more fields of the text parts
        self.boundary = "b0"
        self.preamble = self.epilogue = ""
        self.params = ""      # more parameters of the top Content-Type
        self.mail_options = []
        self.rcpt_options = []
        self.raw_body = None  # (fields, octets) instead of all of this
        self.before = ""      # in front of the first field

    @property
    def structure(self):
        return CLIENTS[self.client][0]

    def has_html(self):
        return self.structure in ("html", "alternative")

    def add(self, name, value):
        self.fields.append((name, value))

    def replace(self, name, value):
        for i, (old, _) in enumerate(self.fields):
            if old.lower() == name.lower():
                self.fields[i] = (old, value)
                return
        self.add(name, value)

    def text(self):
        return CRLF.join(self.lines + self.tail) + CRLF

    def html(self):
        lines = [html.escape(line, quote=False) if not line.startswith("\0")
                 else line[1:] for line in self.lines]
        tail = [html.escape(line, quote=False) for line in self.tail]
        # What ends a text ends it here, too.
        return ("<html><head>%s</head><body>\r\n%s%s<br>\r\n%s</body></html>"
                "\r\n" % ("\r\n".join(self.head_markup),
                          "<br>\r\n".join(lines) + "<br>\r\n",
                          "\r\n".join(self.markup),
                          "<br>\r\n".join(tail) + "<br>\r\n"))

    def body(self):
        """(fields, octets) of the whole body."""
        if self.raw_body:
            return self.raw_body
        structure = self.structure
        extra = "; format=flowed" if "flowed" in structure else ""
        text = encode_flowed(self.text()) if extra else self.text()
        if "delsp" in structure:
            extra = "; format=flowed; delsp=yes"
            text = encode_delsp(text)
        plain = text_part(text.replace("\0", ""), self.transport,
                          extra=extra)
        if self.markup or self.head_markup or self.has_html():
            coded = text_part(self.html(), self.transport, "html")
            coded[0].extend(self.part_fields)
            if structure == "html":
                top = coded
            else:
                top = multipart("alternative", self.boundary + "a",
                                [plain, coded])
        else:
            top = plain
        top[0].extend(self.part_fields)
        if self.parts or structure == "mixed" or self.preamble \
                or self.epilogue or self.params:
            top = multipart("mixed", self.boundary, [top] + self.parts,
                            self.preamble, self.epilogue, self.params)
        return top

    def build(self):
        fields, octets = self.body()
        head = self.before + "".join(
            "%s: %s\r\n" % item for item in self.fields)
        head += "MIME-Version: 1.0\r\n" if not any(
            name.lower() == "mime-version" for name, _ in self.fields) else ""
        head += "".join("%s: %s\r\n" % item for item in fields)
        return head.encode("utf-8", "surrogateescape") + b"\r\n" + octets


def multipart(subtype, boundary, parts, preamble="", epilogue="", params=""):
    sign = boundary.encode()
    data = (preamble + CRLF).encode() if preamble else b""
    for fields, octets in parts:
        data += b"--" + sign + b"\r\n" + "".join(
            "%s: %s\r\n" % item for item in fields).encode(
                "utf-8", "surrogateescape") + b"\r\n" + octets
        if not octets.endswith(b"\r\n"):
            data += b"\r\n"
    data += b"--" + sign + b"--\r\n" + epilogue.encode()
    if epilogue:
        data += b"\r\n"
    return [("Content-Type", 'multipart/%s; boundary="%s"%s' % (
        subtype, boundary, params))], data


def attachment(kind, octets, filename, more=()):
    """A part; filename is a whole parameter of FILE_NAMES or ""."""
    fields = [("Content-Type", kind),
              ("Content-Transfer-Encoding", "base64"),
              ("Content-Disposition",
               "attachment" + ("; " + filename if filename else ""))]
    return fields + list(more), transfer(octets, "base64")


def uuencode(octets, name):
    lines = [b"begin 644 " + name.encode()]
    for i in range(0, len(octets), 45):
        lines.append(binascii.b2a_uu(octets[i:i + 45]).rstrip(b"\n"))
    return b"\r\n".join(lines + [b"`", b"end", b""])
