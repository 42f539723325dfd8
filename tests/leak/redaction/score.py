"""How much of what must vanish vanishes, and of what must stay stays.

    python3 tests/leak/redaction/score.py [-v] [--held-out] [--filters DIR]

Each text of the labelled files becomes a mail, goes through leak-redact
(parse and scrub with the shipped rules; ND_BUILD names its directory), and
every mark is looked for in what comes out. Ends with 1 if a goal is missed or
if the scorer would not notice rules that mask nothing, or everything.

A file of texts: "== NAME", headers (from, name, subject; also, an address of
the player that stands in Reply-To; as: html for a mail in HTML), an empty
line, the text. {{KIND|VALUE}} must vanish, {{keep:KIND|VALUE}} must stay.
"""

import argparse
import collections
import email.message
import email.policy
import html
import os
import re
import subprocess
import sys
import tempfile
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
LANGUAGES = ("de", "en", "fr", "el", "es", "it", "pt", "ru", "tr", "pl")
VANISH = ("own-name", "own-address", "address", "phone", "iban", "card",
          "birth", "id", "street", "handle", "ip", "url-query")
STAY = ("hash", "wallet", "amount", "date", "game", "order", "error", "link",
        "word")
KINDS = VANISH + tuple("keep:" + kind for kind in STAY)
GOALS = {"own-name": 100, "own-address": 100, "address": 99, "card": 99,
         "iban": 99, "phone": 95, "birth": 95}
GOAL_STAY = 99.5
MARK = re.compile(r"\{\{([a-z:-]+)\|(.*?)\}\}", re.S)
PLACEHOLDER = re.compile(r"\[(?:name|address|phone|iban|card|birth-date|id|"
                         r"street|handle|ip|url-query)\]")
TRACE = 4  # letters and digits in a row that give a value away
TRANSFERS = ("quoted-printable", "base64", "8bit")
# Words in names that say nothing: the texts need them.
PARTICLES = {"von", "der", "van", "dos", "del", "frau", "herr", "mme"}

Mark = collections.namedtuple("Mark", "kind value")


class Text:
    """One labelled text."""

    def __init__(self, block):
        head, body = block.split("\n\n", 1)
        lines = head.split("\n")
        self.name = lines[0].strip()
        self.head = dict(line.split(": ", 1) for line in lines[1:])
        self.marks = [Mark(*m) for m in MARK.findall(body)]
        for mark in self.marks:
            if mark.kind not in KINDS:
                sys.exit(f"{self.name}: unknown kind {mark.kind}")
        self.body = MARK.sub(lambda m: m.group(2), body).strip() + "\n"
        if "{{" in self.body or "}}" in self.body:
            sys.exit(f"{self.name}: broken mark")
        # What may be found in the output although a mark has it too.
        self.rest = fold(self.head["subject"] + "\n" + MARK.sub(
            lambda m: m.group(2) if m.group(1).startswith("keep:") else " ¦ ",
            body))

    def mail(self, number, stranger):
        """RFC 5322; a stranger sends it in the tests of the scorer."""
        message = email.message.EmailMessage(
            email.policy.SMTP.clone(cte_type="8bit"))
        sender, name = self.head["from"], self.head["name"]
        if stranger:
            sender, name = "someone@else.example", "Ignaz Quibble"
        display = '"' + name + '"' if name.isascii() else name
        message["From"] = f"{display} <{sender}>"
        message["To"] = "support@casino.example"
        message["Subject"] = self.head["subject"]
        message["Message-ID"] = f"<{number}@mail.example>"
        if "also" in self.head and not stranger:
            message["Reply-To"] = self.head["also"]
        transfer = TRANSFERS[number % len(TRANSFERS)]
        if self.head.get("as") == "html":
            body = "".join(f"<p>{html.escape(line)}</p>\n"
                           for line in self.body.split("\n"))
            message.set_content(f"<html><body>{body}</body></html>",
                                subtype="html", cte=transfer)
        else:
            message.set_content(self.body, cte=transfer)
        return message.as_bytes()


def fold(text):
    """Lower case without diacritics and without invisible characters."""
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c)
                   and unicodedata.category(c) != "Cf")
    return text.replace("ı", "i")


def count(needle, text):
    """How often needle stands in text, not within a longer word."""
    return len(re.findall(r"(?<!\w)" + re.escape(needle) + r"(?!\w)", text))


def traces(value):
    """Pieces of a value that give it away: rows of whole words with at least
    TRACE letters and digits together."""
    value = re.sub(r"\b(example|test|invalid)\b", "", fold(value))
    words = list(re.finditer(r"\w+", value))
    for i, first in enumerate(words):
        letters = 0
        for last in words[i:]:
            letters += len(last.group())
            if letters >= TRACE or len(words) == 1:
                yield value[first.start():last.end()]
                break


def name_words(name):
    return [word for word in re.findall(r"[^\W\d_]{3,}", fold(name))
            if word not in PARTICLES]


def vanished(text, mark, out):
    """True if nothing of a mark is left in the folded output."""
    out = PLACEHOLDER.sub(" ", out)
    if mark.kind == "own-name":
        words = name_words(mark.value) + name_words(text.head["name"])
        return not any(count(word, out) for word in words)
    if mark.kind == "url-query":
        values = re.findall(r"=([^&#]{3,})", mark.value) or [mark.value]
        return not any(fold(value) in out for value in values)
    if mark.kind == "own-address":
        if fold(text.head["from"]) in out or fold(mark.value) in out:
            return False
    return all(count(trace, out) <= count(trace, text.rest)
               for trace in traces(mark.value))


def stayed(text, mark, out):
    same = sum(1 for other in text.marks if other == mark)
    return out.count(mark.value) >= same


def redact(mails, filters):
    """What leak-redact makes of each mail."""
    build = os.environ.get("ND_BUILD") or os.path.join(ROOT, "build")
    data = b"".join(b"%d\n%s" % (len(mail), mail) for mail in mails)
    done = subprocess.run([os.path.join(build, "leak-redact"), filters],
                          input=data, stdout=subprocess.PIPE, check=True)
    outs = []
    rest = done.stdout
    while rest:
        length, rest = rest.split(b"\n", 1)
        outs.append(rest[:int(length)].decode())
        rest = rest[int(length):]
    if len(outs) != len(mails):
        sys.exit("leak-redact: other number of results than of mails")
    return outs


def texts_read(language, held_out):
    suffix = "-held-out.txt" if held_out else ".txt"
    path = os.path.join(HERE, language + suffix)
    with open(path, encoding="utf-8") as file:
        return [Text(block) for block in
                re.split(r"^== ", file.read(), flags=re.M)[1:]]


def score(sets, filters, stranger=False):
    """Hits and total by (language, kind), and the misses."""
    result = collections.defaultdict(lambda: [0, 0])
    misses = []
    texts = [(language, text) for language in sets for text in sets[language]]
    outs = redact([text.mail(i, stranger) for i, (_, text)
                   in enumerate(texts)], filters)
    for (language, text), out in zip(texts, outs):
        folded = fold(out)
        for mark in text.marks:
            if mark.kind.startswith("keep:"):
                good = stayed(text, mark, out)
            else:
                good = vanished(text, mark, folded)
            cell = result[language, mark.kind]
            cell[0] += good
            cell[1] += 1
            if not good:
                misses.append((text, mark, out))
    return result, misses


def total(result, kinds, languages=LANGUAGES):
    cells = [result[language, kind] for language in languages
             for kind in kinds]
    return sum(c[0] for c in cells), sum(c[1] for c in cells)


def percent(hits, of):
    return 100.0 * hits / of if of else 100.0


def table(result, languages):
    print(f"{'kind':14}" + "".join(f"{lang:>7}" for lang in languages) +
          f"{'all':>12}{'recall':>9}{'goal':>7}")
    for kind in KINDS:
        row = f"{kind:14}"
        for language in languages:
            hits, of = result[language, kind]
            row += f"{hits:>4}/{of:<2}" if of else f"{'-':>7}"
        hits, of = total(result, [kind], languages)
        goal = GOALS.get(kind, "")
        row += f"{hits:>7}/{of:<4}{percent(hits, of):>8.2f}%{goal:>7}"
        print(row)
    for title, kinds in (("vanish", VANISH),
                         ("stay", [k for k in KINDS if k not in VANISH])):
        row = f"{title:14}"
        for language in languages:
            row += f"{percent(*total(result, kinds, [language])):>6.1f}%"
        hits, of = total(result, kinds, languages)
        goal = GOAL_STAY if title == "stay" else ""
        print(row + f"{hits:>7}/{of:<4}{percent(hits, of):>8.2f}%{goal:>7}")


def goals_missed(result, languages):
    missed = [f"{kind} {percent(*total(result, [kind], languages)):.2f} < {goal}"
              for kind, goal in GOALS.items()
              if percent(*total(result, [kind], languages)) < goal]
    kept = percent(*total(result, KINDS[len(VANISH):], languages))
    if kept < GOAL_STAY:
        missed.append(f"stay {kept:.2f} < {GOAL_STAY}")
    return missed


def self_test(sets, languages):
    """Nothing masked, everything masked: the scores must fall."""
    failed = []
    with tempfile.TemporaryDirectory() as scratch:
        rule = os.path.join(scratch, "rule.conf")
        with open(rule, "w", encoding="utf-8") as file:
            file.write("[none]\npattern = (?!)\naction = keep\n")
        nothing, _ = score(sets, scratch, stranger=True)
        with open(rule, "w", encoding="utf-8") as file:
            file.write("[all]\npattern = \\S+\naction = mask\nas = x\n")
        everything, _ = score(sets, scratch)
    for kind in VANISH:
        blind = percent(*total(nothing, [kind], languages))
        seen = percent(*total(everything, [kind], languages))
        print(f"self-test: {kind:14} {blind:6.2f} % without rules, "
              f"{seen:6.2f} % with a rule that masks all")
        if blind > 10 or seen < 100:
            failed.append(kind)
    for kind in KINDS[len(VANISH):]:
        blind = percent(*total(everything, [kind], languages))
        kept = percent(*total(nothing, [kind], languages))
        print(f"self-test: {kind:14} {kept:6.2f} % without rules, "
              f"{blind:6.2f} % with a rule that masks all")
        if blind > 10 or kept < 99:
            failed.append(kind)
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-v", action="store_true", help="list the misses")
    parser.add_argument("--held-out", action="store_true",
                        help="the texts no rule was written for")
    parser.add_argument("--filters", default=os.path.join(ROOT, "filters"))
    parser.add_argument("--show", help="print what becomes of one text")
    args = parser.parse_args()
    sets = {language: texts_read(language, args.held_out)
            for language in LANGUAGES}
    if args.show:
        texts = [t for texts in sets.values() for t in texts
                 if t.name == args.show]
        print(redact([texts[0].mail(0, False)], args.filters)[0])
        return 0
    result, misses = score(sets, args.filters)
    print(f"{sum(map(len, sets.values()))} texts")
    table(result, LANGUAGES)
    if args.v:
        for text, mark, out in misses:
            print(f"{text.name}: {mark.kind}: {mark.value!r}")
    blind = self_test(sets, LANGUAGES)
    missed = goals_missed(result, LANGUAGES)
    for line in missed:
        print("goal missed:", line)
    for kind in blind:
        print("scorer is blind:", kind)
    return 1 if missed or blind else 0


if __name__ == "__main__":
    sys.exit(main())
