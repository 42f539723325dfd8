"""Every place of a mail an identity may hide in. The code of a slot begins
with its row of the list in rows.py.

A slot is a function that puts its token into a mail (planted.Mail: the draft,
tok(), rng, ...); slots_*.py have them, by letter of the row. Importing those
registers them here.
"""

from tokens import AGENT, BODY, IDENT, KEEP, SAID

CLASS = {
    "BODY.subject": BODY, "BODY.text": BODY,
    "KEEP.word": KEEP, "KEEP.file": KEEP,
    "SAID.word": SAID,
    # Codes of the constants below.
    "H5.ip": IDENT, "H9.date": IDENT, "B8.birth": IDENT,
    "G1.addr": AGENT, "G1.ip": AGENT, "G1.zone": AGENT, "G9.html": AGENT,
}
ROW = {code: code.split(".")[0] for code in CLASS}
SLOTS = {}

# (regex, code): what can have no register because it has no room.
CONSTANTS = (
    (r"198\.51\.100\.\d|(?i:2001:db8:(?!b16))", "H5.ip"),
    (r"192\.0\.2\.\d|(?i:2001:db8:b16)", "B16.ip"),
    (r"\+0545|Mar 2009|2009-03-03|03\.03\.2009", "H9.date"),
    (r"(?<![\d.])\d{1,2}([./-])\d{1,2}\1(?:190[1-9]|191[0-6])(?!\d)|"
     r"(?<!\d)(?:190[1-9]|191[0-6])-\d\d-\d\d(?!\d)", "B8.birth"),
    (r"(?i)(?:anna|ben)@agents", "G1.addr"),
    (r"203\.0\.113\.\d", "G1.ip"),
    (r"\+1245", "G1.zone"),
)


class Slot:
    def __init__(self, code, kind, plant, when, alone):
        self.code, self.kind, self.plant = code, kind, plant
        self.when, self.alone = when, alone


def slot(code, cls=IDENT, kind="header", when=None, alone=False, also=()):
    """kind: base (in each mail), header, body, tail, part, mime, machine
    (makes a machine's mail), agent. alone: nothing else of the body is
    asked for then. also: further codes it plants."""
    def add(plant):
        SLOTS[code] = Slot(code, kind, plant, when, alone)
        for name in (code, *also):
            CLASS[name] = cls
            ROW[name] = name.split(".")[0]
        return plant
    return add


def of_kind(*kinds):
    return [slot for slot in SLOTS.values() if slot.kind in kinds]


def is_html(m):
    return m.draft.has_html()


def codes():
    return sorted(CLASS)
