"""Every module of system tests stands in tests/system/ways.py with the ways
it runs by, and tests/run.sh runs it: one that is only registered would read as
passed. What the table names is there."""

import ast
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SYSTEM, LEAK = (os.path.join(ROOT, "tests", name)
                for name in ("system", "leak"))
sys.path.insert(0, SYSTEM)
import ways  # noqa: E402


def tests_of(path):
    """FILE.Class.test of all test methods; those of a class that others have
    as their base count for each of them."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    name = os.path.splitext(os.path.basename(path))[0]
    classes = {node.name: node for node in tree.body
               if isinstance(node, ast.ClassDef)}

    def methods(node):
        found = {item.name for item in node.body
                 if isinstance(item, ast.FunctionDef)
                 and item.name.startswith("test_")}
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in classes:
                found |= methods(classes[base.id])
        return found
    return {"%s.%s.%s" % (name, node.name, method)
            for node in classes.values() for method in methods(node)}


def known():
    return {test for directory in (SYSTEM, LEAK)
            for entry in os.scandir(directory) if entry.name.endswith(".py")
            for test in tests_of(entry.path)}


def runs():
    """The words of tests/run.sh's calls of system(), by way."""
    with open(os.path.join(ROOT, "tests", "run.sh"), encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    found = {way: set() for way in ways.ALL}
    for line in re.findall(r"(?m)^\s*system (?:gcc|sanitize) \d (.*)$", text):
        words = line.replace("&", " ").split()
        way = words[words.index("--way") + 1] if "--way" in words else "lmtp"
        found[way].update(words)
    return found


def faults(tests, found):
    modules = {test.split(".")[0] for test in tests}
    for name in sorted(modules - ways.MODULES.keys()):
        yield "tests/system/ways.py has no row for " + name
    for name, (by, why, short) in sorted(ways.MODULES.items()):
        if name not in modules:
            yield "no tests in " + name
        if "lmtp" in by and name not in found["lmtp"]:
            yield "tests/run.sh does not run " + name
        if "lmtp" not in by and not short:
            yield "nothing of %s is in the short form" % name
        if (set(by) != set(ways.ALL)) != bool(why):
            yield "%s: a reason if it does not run by all ways" % name
    for way in ways.ALL[1:]:
        if "--short" not in found[way]:
            yield "tests/run.sh runs nothing by " + way
    wholes = modules | {test.rsplit(".", 1)[0] for test in tests} | tests
    for name in set(ways.EXCEPTIONS) | set(ways.DIFFERENCES) | {
            name for way in ways.ALL for name in ways.short(way)}:
        if name not in wholes:
            yield "ways.py names %s, which is not there" % name


def main():
    wrong = list(faults(known(), runs()))
    for line in wrong:
        print(line)
    print("suite: %d modules, %d faults" % (len(ways.MODULES), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
