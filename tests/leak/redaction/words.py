"""Do "words", "starts", "digit" and "run" hide what a pattern would find?

    python3 tests/leak/redaction/words.py [RULE...]

Each rule that has one of these keys is run alone with and without them, as a
mask rule without its check: over the labelled texts, and over texts that are
made of its pattern, in which the alternatives take turns. What comes out of
leak-redact (ND_BUILD names its directory) has to be the same. A rule fails as
well if no text that was made of its pattern matches it.
"""

import glob
import itertools
import os
import random
import re
import sys
import tempfile
import warnings

import re._constants as ops
import re._parser

import score

KEYS = ("words", "starts", "digit", "run")
SAMPLES = 400   # texts made of one pattern
BATCH = 20      # of them in one mail
REPEAT = 3      # how much more than the least something is repeated
LETTERS = "abkzéßжяλω"
CLASSES = {"L": "a-zéßжяλω", "M": "\u0301", "N": "0-9", "Greek": "α-ω"}
CATEGORIES = {ops.CATEGORY_DIGIT: "0123456789",
              ops.CATEGORY_WORD: LETTERS + "0123456789_",
              ops.CATEGORY_SPACE: " ",
              ops.CATEGORY_NOT_DIGIT: LETTERS + " -.",
              ops.CATEGORY_NOT_WORD: " .,:-",
              ops.CATEGORY_NOT_SPACE: LETTERS + "0123456789.-"}


def groups(path):
    """The groups of a rule file in their order: name and keys."""
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.strip()
            if line.startswith("["):
                found.append((line[1:-1], {}))
            elif line and not line.startswith("#"):
                key, value = line.split("=", 1)
                found[-1][1][key.strip()] = value.strip()
    return found


def python_pattern(text):
    """A pattern of PCRE2 in the words of Python."""
    def named(match):
        before = text[:match.start()].replace("\\[", "").replace("\\]", "")
        inside = before.rfind("[") > before.rfind("]")
        return CLASSES[match[1]] if inside else "[" + CLASSES[match[1]] + "]"
    text = re.sub(r"\\p\{(\w+)\}", named, text)
    text = re.sub(r"\\x\{(\w+)\}", lambda m: chr(int(m[1], 16)), text)
    return text.replace("\\K", "").replace("\\z", "\\Z")


def asking(pattern):
    """What a rule with action refuse looks for, without what it steps over."""
    return pattern.rsplit("(*SKIP)(*F)|", 1)[-1]


class Maker:
    """Makes texts of a parsed pattern; what looks around is left out."""

    def __init__(self, pattern):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.tree = re._parser.parse(pattern, re.I)
        self.random = random.Random(1)
        self.turns = {}
        self.groups = {}

    def text(self):
        return self.sequence(self.tree)

    def sequence(self, items):
        return "".join(self.one(*item) for item in items)

    def turn(self, items):
        """Each in its turn, so that none is left out."""
        n = self.turns.setdefault(id(items), self.random.randrange(99))
        self.turns[id(items)] = n + 1
        return items[n % len(items)]

    def members(self, items):
        found = ""
        for op, value in items:
            if op is ops.LITERAL:
                found += chr(value)
            elif op is ops.RANGE:
                last = min(value[1], value[0] + 40)
                found += "".join(map(chr, range(value[0], last + 1)))
            elif op is ops.CATEGORY:
                found += CATEGORIES[value]
        if items[0][0] is ops.NEGATE:
            found = "".join(set(LETTERS + "09 -.:/") - set(found))
        return "".join(sorted(found))

    def one(self, op, value):
        if op is ops.LITERAL:
            return chr(value)
        if op is ops.IN:
            return self.random.choice(self.members(value))
        if op is ops.NOT_LITERAL:
            return "a" if value != ord("a") else "b"
        if op is ops.ANY:
            return "a"
        if op is ops.BRANCH:
            return self.sequence(self.turn(value[1]))
        if op is ops.SUBPATTERN:
            text = self.sequence(value[3])
            self.groups[value[0]] = text
            return text
        if op is ops.GROUPREF:
            return self.groups.get(value, "")
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            low, high, inner = value
            high = min(high, low + REPEAT)
            return "".join(self.sequence(inner) for _ in
                           range(self.random.randint(low, high)))
        if op is ops.ATOMIC_GROUP:
            return self.sequence(value)
        if op in (ops.ASSERT, ops.ASSERT_NOT, ops.AT):
            return ""
        raise ValueError(op)


def expand(text, parts):
    return re.sub(r"\{\{([a-z0-9-]+)\}\}",
                  lambda m: "(?:" + parts[m[1]] + ")", text)


def mails_of(texts):
    for i in range(0, len(texts), BATCH):
        yield ("From: nobody@else.example\r\nSubject: x\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n\r\n" +
               "\r\n\r\n".join(texts[i:i + BATCH])).encode()


def outs_of(pattern, keys, mails):
    with tempfile.TemporaryDirectory() as scratch:
        with open(os.path.join(scratch, "one.conf"), "w",
                  encoding="utf-8") as file:
            file.write(f"[one]\npattern = {pattern}\naction = mask\n"
                       "as = found\n")
            file.writelines(f"{key} = {keys[key]}\n" for key in
                            KEYS if key in keys)
        return score.redact(mails, scratch)


def rule_check(name, pattern, keys, labelled):
    """What is wrong with a rule, as lines."""
    # A rule that refuses looks at sentences.
    end = "!" if keys["action"] == "refuse" else ""
    maker = Maker(python_pattern(pattern))
    made = list(mails_of([maker.text() + end for _ in range(SAMPLES)]))
    mails = made + labelled
    free = outs_of(pattern, {}, mails)
    bound = outs_of(pattern, keys, mails)
    if not any("[found]" in out for out in free[:len(made)]):
        yield f"{name}: no text made of its pattern matches it"
    for one, other in zip(free, bound):
        for line, same in itertools.zip_longest(one.split("\n"),
                                                other.split("\n")):
            if line != same:
                yield f"{name}: hidden: {same!r}"


def main():
    parts = {}
    wrong = []
    checked = 0
    labelled = list(mails_of(
        [text.body.replace("\n", "\r\n") for language in score.LANGUAGES
         for held_out in (False, True)
         for text in score.texts_read(language, held_out)]))
    for path in sorted(glob.glob(os.path.join(score.ROOT, "filters",
                                              "*.conf"))):
        for name, keys in groups(path):
            pattern = expand(keys["pattern"], parts)
            if keys["action"] == "part":
                parts[name.split()[1]] = pattern
                continue
            if not set(KEYS) & set(keys) or \
                    (sys.argv[1:] and name not in sys.argv[1:]):
                continue
            if keys["action"] == "refuse":
                # It sees all of a text at once if the keys let it see any.
                wrong += rule_check(name, asking(pattern), keys, [])
            else:
                wrong += rule_check(name, pattern, keys, labelled)
            checked += 1
    print("\n".join(wrong + [f"{checked} rules with such keys, "
                             f"{len(wrong)} complaints"]))
    return 1 if wrong or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
