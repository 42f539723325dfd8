"""Tokens: words and numbers that stand for one slot of one mail.

A word is MAGIC, two letters for the slot, five for the mail and two that
check them; letters only, so that it can be a name, a local part, a host or
a file name. The same word exists in four scripts. Who finds MAGIC in any
coding has found a token, and read() says whose.

A typed token (telephone, IBAN, card, ...) has no room for letters: it has
the digits DIGITS and six (or four) more, which are registered.

All of it follows from the seed: the same seed gives the same tokens.
"""

import hashlib
import hmac
import re
import unicodedata

MAGIC = "qzxoyac"
LETTERS = "abcdefghkmnoprtu"
WORD = re.compile(MAGIC + "([%s]{2})([%s]{5})([%s]{2})" % ((LETTERS,) * 3))
WORD_LEN = len(MAGIC) + 9
DIGITS = "91735"

# One letter for one letter, so that a word of another script can be read
# back. Greek has a letter with a final form.
LATIN = "abcdefghkmnopqrtuxyz"
SCRIPTS = {
    "cyrillic": "абцдефгхкмнопщртужыз",
    "greek": "αβψδεφγχσμνοπωρτυξηζ",
}
ACCENTS = str.maketrans("oac", "öàç")

# What may be where. The names are used in slots.py and exceptions.conf.
IDENT = "IDENT"  # the player: never in AG, DISK, LOG, TP
AGENT = "AGENT"  # the agent: never in PL, DISK, LOG, TP
BODY = "BODY"    # what the player says: in AG only
KEEP = "KEEP"    # the same, and it must arrive
SAID = "SAID"    # what the agent says: in PL, and it must arrive


def letters(number, count):
    text = ""
    for _ in range(count):
        number, low = divmod(number, len(LETTERS))
        text = LETTERS[low] + text
    return text


def number(text):
    value = 0
    for letter in text:
        value = value * len(LETTERS) + LETTERS.index(letter)
    return value


def in_script(word, script):
    """The same word in another script; "accents" is Latin with marks."""
    if script == "latin":
        return word
    if script == "accents":
        return word.translate(ACCENTS)
    table = str.maketrans(LATIN, SCRIPTS[script])
    text = word.translate(table)
    if script == "greek" and text.endswith("σ"):
        text = text[:-1] + "ς"
    return text


def to_latin(text, script):
    table = str.maketrans(SCRIPTS[script], LATIN)
    return text.replace("ς", "σ").translate(table)


def luhn(digits):
    """The digit that makes digits a valid card number."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def iban(country, bban):
    """An IBAN with its check digits (ISO 13616)."""
    rest = "".join(str(int(c, 36)) for c in (bban + country + "00").lower())
    return "%s%02d%s" % (country, 98 - int(rest) % 97, bban)


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58check(payload):
    data = payload + hashlib.sha256(
        hashlib.sha256(payload).digest()).digest()[:4]
    value = int.from_bytes(data, "big")
    text = ""
    while value:
        value, low = divmod(value, 58)
        text = BASE58[low] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


class Mint:
    """Makes the tokens of one run and reads them back."""

    def __init__(self, seed, codes):
        """codes: the codes of all slots, in their order."""
        self.seed = seed
        self.codes = list(codes)
        self.place = {code: i for i, code in enumerate(self.codes)}
        self.typed = {}    # digits -> (mail, code)
        self.secrets = {}  # digest -> (mail, code, what, name of the hash)
        self.planted = {}  # code -> number of tokens

    def mix(self, *what):
        text = "/".join(map(str, what)).encode()
        return hmac.new(str(self.seed).encode(), text, "sha256").digest()

    def check(self, head):
        return letters(int.from_bytes(self.mix("check", head)[:1], "big"), 2)

    def count(self, code):
        self.planted[code] = self.planted.get(code, 0) + 1

    def word(self, mail, code, script="latin"):
        head = letters(self.place[code], 2) + letters(mail, 5)
        self.count(code)
        return in_script(MAGIC + head + self.check(head), script)

    def read(self, text):
        """(mail, code) of a Latin, lower-case text that begins with MAGIC;
        code is None if the word is cut or damaged."""
        found = WORD.match(text)
        if not found or self.check(found[1] + found[2]) != found[3]:
            return None, None
        place = number(found[1])
        if place >= len(self.codes):
            return None, None
        return number(found[2]), self.codes[place]

    # --- typed ---------------------------------------------------------

    def digits(self, mail, code, count=6):
        value = int.from_bytes(self.mix("digits", code, mail)[:8], "big")
        while True:
            text = DIGITS + "%0*d" % (count, value % 10 ** count)
            owner = self.typed.setdefault(text, (mail, code))
            if owner == (mail, code) or count < 6:
                self.count(code)
                return text
            value += 1

    def phone(self, mail, code, form):
        core = self.digits(mail, code)
        return ("+43 %s %s %s" % (core[:5], core[5:8], core[8:]),
                "+43%s" % core, "0043 (0) %s/%s" % (core[:5], core[5:]),
                "+43-%s-%s-%s" % (core[:5], core[5:8], core[8:]),
                "".join(chr(0x660 + int(c)) if c.isdigit() else c
                        for c in "+43 %s %s" % (core[:5], core[5:])),
                )[form % 5]

    def mobile(self, mail, code):
        core = self.digits(mail, code, 4)
        return "0155 %s %s" % (core[:5], core[5:])

    def iban(self, mail, code, form):
        core = self.digits(mail, code)
        text = iban("DE", core + "0000001") if form % 2 else \
            iban("AT", core + "00001")
        return " ".join(re.findall(".{1,4}", text)) if form % 4 < 2 else text

    def card(self, mail, code, form):
        head = "4" + self.digits(mail, code) + "010"
        text = head + luhn(head)
        return (" " if form % 2 else "-").join(re.findall(".{4}", text)) \
            if form % 3 else text

    def degrees(self, mail, code):
        return "47.%s, 15.%s" % (self.digits(mail, code),
                                 self.digits(mail, code)[::-1])

    def paper(self, mail, code):
        """The number of a passport or an identity card."""
        return "L" + self.digits(mail, code)

    # No room for a register: any such value is a find.

    def birth(self, mail, code, form):
        self.count(code)
        value = int.from_bytes(self.mix("birth", code, mail)[:4], "big")
        day, month, year = value % 28 + 1, value // 28 % 12 + 1, \
            1901 + value // 336 % 16
        return ("%02d.%02d.%d" % (day, month, year),
                "%d.%d.%d" % (day, month, year),
                "%d-%02d-%02d" % (year, month, day),
                "%02d/%02d/%d" % (day, month, year))[form % 4]

    def ip(self, mail, code, form=0):
        """RFC 5737, RFC 3849."""
        self.count(code)
        low = self.mix("ip", code, mail)
        if code.startswith("B"):
            return ("192.0.2.%d" % (low[0] % 254 + 1),
                    "2001:db8:b16:%x::%x" % (low[1], mail + 1))[form % 2]
        return ("198.51.100.%d" % (low[0] % 254 + 1),
                "2001:db8:%x:%x::%x" % (low[0], low[1], mail + 1))[form % 2]

    # --- what must arrive ----------------------------------------------

    def tx(self, mail):
        return self.mix("tx", mail).hex()

    def wallet(self, mail, form):
        key = self.mix("wallet", mail)
        return base58check(b"\0" + key[:20]) if form % 2 else \
            "0x" + key[:20].hex()

    def amount(self, mail, form):
        value = int.from_bytes(self.mix("amount", mail)[:2], "big")
        high, low = value % 8999 + 1000, value % 89 + 10
        dotted = "%d.%03d" % divmod(high, 1000)
        return ("%s,%02d EUR" % (dotted, low), "%d.%02d USDT" % (high, low),
                "EUR %d,%02d" % (high, low))[form % 3]

    # --- hashes --------------------------------------------------------

    def remember(self, mail, code, value):
        """A value of which no file may hold a hash that has no key."""
        forms = {value, value.lower(), unicodedata.normalize("NFC", value)}
        for form in forms | {"<%s>" % value}:
            for name in ("md5", "sha1", "sha256"):
                digest = hashlib.new(name, form.encode()).digest()
                self.secrets[digest[:12]] = (mail, code, name)
